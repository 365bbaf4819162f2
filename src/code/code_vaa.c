/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_vaa.h"

#include "code/code_handle.h"

/*
 * VAA identifiers of CAICT in a carrier (MH10.8.2, data identifier 15N):
 *
 *     15N VAA TTC(3 digits) STC(3) CIN(8) SN(1 to 33 characters)
 *
 * They are the handles 88.STC.CIN/SN. The carrier has fixed sizes, so that a code assigned as 42
 * and one assigned as 00000042 look alike: both are candidates, the one as written first. In
 * text the same thing is written VAA88.100.42/SN.
 */
enum { TTC_SIZE = 3, STC_SIZE = 3, CIN_SIZE = 8, SN_SIZE_MAX = 33 };

static const char ALPHABET[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			       "*+-./()!";

static struct bytes
zeros_cut(struct bytes digits)
{
	while (digits.size > 1 && digits.at[0] == '0') {
		digits = bytes_slice(digits, 1, SIZE_MAX);
	}
	return digits;
}

struct fields {
	struct bytes root, secondary, enterprise, serial;
};

static void
propose(struct code_result *result, const struct fields *fields, enum code_reason_kind reason,
	uint8_t confidence)
{
	struct code_candidate *candidate = code_propose(result, CODE_VAA, "VAA 15N", confidence);
	size_t begin = code_text_begin(result);

	code_reason(candidate, CODE_REASON_PREFIX, TEXT("15NVAA"));
	code_reason(candidate, reason, TEXT(""));
	text_write(&result->text, fields->root);
	text_write_char(&result->text, '.');
	text_write(&result->text, fields->secondary);
	text_write_char(&result->text, '.');
	text_write(&result->text, fields->enterprise);
	text_write_char(&result->text, '/');
	text_write(&result->text, fields->serial);
	code_handle_put(candidate, code_text_end(result, begin));
}

void
code_vaa_field(struct code_result *result, struct bytes field)
{
	struct bytes numbers = bytes_slice(field, 0, TTC_SIZE + STC_SIZE + CIN_SIZE);
	struct bytes serial = bytes_slice(field, numbers.size, SIZE_MAX), enterprise;
	struct fields fields = {
		.root = zeros_cut(bytes_slice(numbers, 0, TTC_SIZE)),
		.secondary = bytes_slice(numbers, TTC_SIZE, STC_SIZE),
		.enterprise = bytes_slice(numbers, TTC_SIZE + STC_SIZE, CIN_SIZE),
		.serial = serial,
	};

	if (numbers.size != TTC_SIZE + STC_SIZE + CIN_SIZE || !code_are_digits(numbers) ||
		serial.size == 0 || serial.size > SN_SIZE_MAX ||
		code_span(serial, ALPHABET) != serial.size) {
		struct code_candidate *candidate =
			code_propose(result, CODE_VAA, "VAA 15N", CODE_CERTAIN);

		code_reason(candidate, CODE_REASON_PREFIX, TEXT("15NVAA"));
		if (!code_are_digits(numbers) || code_span(serial, ALPHABET) != serial.size) {
			code_against(candidate, CODE_REASON_CHARACTER, field);
		} else {
			code_against(candidate, CODE_REASON_SIZE, field);
		}
		return;
	}
	propose(result, &fields, CODE_REASON_ZEROS_KEPT, CODE_CERTAIN);
	enterprise = zeros_cut(fields.enterprise);
	if (enterprise.size < fields.enterprise.size) {
		fields.enterprise = enterprise;
		propose(result, &fields, CODE_REASON_ZEROS_CUT, CODE_LIKELY);
	}
}

void
code_vaa_recognise(struct code_result *result)
{
	struct bytes rest = result->code;

	if (code_take_prefix(&rest, "15NVAA")) {
		code_vaa_field(result, rest);
	} else if (code_take_prefix(&rest, "VAA") && bytes_start_with(rest, TEXT("88."))) {
		struct code_candidate *candidate =
			code_propose(result, CODE_VAA, "VAA", CODE_CERTAIN);

		code_reason(candidate, CODE_REASON_PREFIX, TEXT("VAA"));
		code_handle_put(candidate, rest);
	}
}
