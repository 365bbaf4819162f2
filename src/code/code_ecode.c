/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_private.h"

/*
 * Ecode: version, numbering system (NSI), main code (MD). Sizes by version as GB/T 31866-2015 is
 * said to have them (not checked against the text); the table of the edition of 2023 is not public.
 * The frame carries no check and the registry of numbering systems is not here, so that without
 * "ecode:" in front it is never more than a weak candidate: most numbers have the form.
 */
struct version {
	char digit;
	size_t system_size;
	size_t code_size_max;
	bool are_letters_allowed;
};

static const struct version versions[] = {
	{'1', 4, 20, false},
	{'2', 4, 28, false},
	{'3', 5, 39, true},
};

static bool
main_code_is_good(struct bytes code, const struct version *version)
{
	if (code.size == 0 || code.size > version->code_size_max) {
		return false;
	}
	for (size_t i = 0; i < code.size; i++) {
		if (!code_is_digit(code.at[i]) &&
			!(version->are_letters_allowed && code_is_alphanumeric(code.at[i]))) {
			return false;
		}
	}
	return true;
}

static const struct version *
find_version(struct bytes code)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct version *version = &versions[i];

		if (code.size > 0 && code.at[0] == (uint8_t)version->digit &&
			code_are_digits(bytes_slice(code, 1, version->system_size)) &&
			main_code_is_good(
				bytes_slice(code, 1 + version->system_size, SIZE_MAX), version)) {
			return version;
		}
	}
	return NULL;
}

void
code_ecode_recognise(struct code_result *result)
{
	struct bytes code = result->code, system;
	bool has_prefix = code_take_prefix(&code, "ecode:");
	const struct version *version = find_version(code);
	struct code_candidate *candidate;

	if (version == NULL && !has_prefix) {
		return;
	}
	candidate = code_propose(result, CODE_ECODE, "Ecode", has_prefix ? CODE_STRONG : CODE_WEAK);
	code_reason(candidate, has_prefix ? CODE_REASON_PREFIX : CODE_REASON_PATTERN,
		has_prefix ? TEXT("ecode:") : TEXT("version, NSI and main code"));
	if (version == NULL) {
		code_against(candidate, CODE_REASON_SIZE, code);
		return;
	}
	system = bytes_slice(code, 1, version->system_size);
	code_reason(candidate, CODE_REASON_NO_CHECK, TEXT(""));
	code_reason(candidate, CODE_REASON_NO_TABLE, system);
	code_part(candidate, "V", bytes_slice(code, 0, 1));
	code_part(candidate, "NSI", system);
	code_part(candidate, "MD", bytes_slice(code, 1 + version->system_size, SIZE_MAX));
	candidate->normal = code;
}
