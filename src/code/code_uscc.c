/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_private.h"

#include <string.h>

/*
 * Unified social credit code (GB 32100-2015; clauses not checked against the text): registering
 * department, kind of organisation, region, subject, check character modulo 31. The subject,
 * positions 9 to 17, is an organisation code with a check character of its own modulo 11 (GB
 * 11714). The first finds every wrong character and every two neighbours that changed places, the
 * second most of them.
 */
enum { CODE_SIZE = 18, SUBJECT_AT = 8, SUBJECT_SIZE = 9 };

static const char ALPHABET[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static char
check_of_code(const char *code)
{
	static const unsigned weights[] = {
		1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
	unsigned sum = 0;

	for (size_t i = 0; i < CODE_SIZE - 1; i++) {
		sum += (unsigned)(strchr(ALPHABET, code[i]) - ALPHABET) * weights[i];
	}
	return ALPHABET[(31 - sum % 31) % 31];
}

static char
check_of_subject(const char *subject)
{
	static const unsigned weights[] = {3, 7, 9, 10, 5, 8, 4, 2};
	unsigned sum = 0, check;

	for (size_t i = 0; i < SUBJECT_SIZE - 1; i++) {
		unsigned value = subject[i] <= '9' ? (unsigned)(subject[i] - '0')
						   : (unsigned)(subject[i] - 'A') + 10;

		sum += value * weights[i];
	}
	check = 11 - sum % 11;
	return check == 10 ? 'X' : check == 11 ? '0' : (char)('0' + check);
}

void
code_uscc_recognise(struct code_result *result)
{
	struct bytes code = result->code;
	struct code_candidate *candidate;
	size_t begin = code_text_begin(result);
	char upper[CODE_SIZE];
	bool is_lower = false;

	if (code.size != CODE_SIZE) {
		return;
	}
	for (size_t i = 0; i < CODE_SIZE; i++) {
		upper[i] = (char)ascii_upper(code.at[i]);
		is_lower |= upper[i] != (char)code.at[i];
	}
	if (code_span(bytes_over(upper, CODE_SIZE), ALPHABET) != CODE_SIZE ||
		!code_are_digits(bytes_over(upper + 2, 6))) {
		return;
	}
	candidate = code_propose(result, CODE_USCC, "USCC", CODE_STRONG);
	code_reason(candidate, CODE_REASON_PATTERN, TEXT("GB 32100"));
	code_check(candidate, CODE_REASON_CHECK_RIGHT, CODE_REASON_CHECK_WRONG,
		upper[CODE_SIZE - 1], check_of_code(upper));
	code_check(candidate, CODE_REASON_SUBJECT_RIGHT, CODE_REASON_SUBJECT_WRONG,
		upper[SUBJECT_AT + SUBJECT_SIZE - 1], check_of_subject(upper + SUBJECT_AT));
	if (is_lower) {
		code_reason(candidate, CODE_REASON_CAPITALS, TEXT(""));
	}
	text_write(&result->text, bytes_over(upper, CODE_SIZE));
	candidate->normal = code_text_end(result, begin);
	code_part(candidate, "department", bytes_slice(candidate->normal, 0, 1));
	code_part(candidate, "kind", bytes_slice(candidate->normal, 1, 1));
	code_part(candidate, "region", bytes_slice(candidate->normal, 2, 6));
	code_part(candidate, "subject", bytes_slice(candidate->normal, 8, 9));
}
