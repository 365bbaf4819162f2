/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_private.h"

/*
 * MA identifiers (IDcode): "MA." and a dotted tree that begins with the country, 156 for China.
 * Their grammar below that is not public, so only the frame is checked.
 */
void
code_ma_recognise(struct code_result *result)
{
	struct bytes rest = result->code, country;
	struct code_candidate *candidate;

	if (!code_take_prefix(&rest, "MA.")) {
		return;
	}
	candidate = code_propose(result, CODE_MA, "MA", CODE_STRONG);
	code_reason(candidate, CODE_REASON_PREFIX, TEXT("MA."));
	country = code_take(&rest, '.');
	if (!code_are_digits(country) || country.size != 3) {
		code_against(candidate, CODE_REASON_SIZE, country);
	} else if (rest.size == 0 || code_has_control(rest) || rest.at[0] == '.') {
		code_against(candidate, CODE_REASON_SIZE, rest);
	} else {
		candidate->normal = result->code;
		code_part(candidate, "country", country);
	}
	code_reason(candidate, CODE_REASON_NO_CHECK, TEXT(""));
}
