/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_private.h"
#include "code/code_vaa.h"

/*
 * Unique identification of ISO/IEC 15459: a data identifier (ANSI MH10.8.2), the code of the
 * agency that issued the number of the company, then company and serial. Where the company ends
 * is the agency's own rule, so that the run behind the agency is one part. Several of them may
 * stand in an envelope of ISO/IEC 15434, "[)>" RS "06" GS ... RS EOT; each is a candidate.
 */
enum { RECORD_SEPARATOR = 0x1e, GROUP_SEPARATOR = 0x1d };
/* Agency, company and serial together: ISO/IEC 15459-4, not checked against the text. */
enum { IDENTITY_SIZE_MAX = 50 };

static const struct {
	const char *identifier;
	const char *kind;
	bool is_bare; /* Long enough to be one without an envelope. */
} identifiers[] = {
	{"25S", "item (25S)", true},
	{"25P", "product (25P)", true},
	{"25B", "returnable transport item (25B)", true},
	{"25T", "batch (25T)", true},
	{"25L", "location (25L)", true},
	{"18V", "organisation (18V)", true},
	{"1J", "transport unit (1J)", false},
	{"2J", "transport unit (2J)", false},
	{"3J", "transport unit (3J)", false},
	{"4J", "transport unit (4J)", false},
	{"5J", "transport unit (5J)", false},
	{"6J", "transport unit (6J)", false},
	{"J", "transport unit (J)", false},
};

static const struct {
	const char *code;
	const char *name;
} agencies[] = {
	{"VAA", "VAA: CAICT"},
	{"UN", "UN: Dun & Bradstreet"},
	{"OD", "OD: Odette"},
	{"LE", "LE: EDIFICE"},
	{"MA", "MA: IDcode"},
};

/* By its first character: a digit is GS1; then one, two or three letters (ISO/IEC 15459-2, not
 * checked against the text). */
static struct bytes
agency_of(struct bytes identity)
{
	uint8_t first = identity.size > 0 ? identity.at[0] : 0;
	size_t size = code_is_digit(first) || (first >= 'A' && first <= 'J') ? 1
		: first >= 'L' && first <= 'U'				     ? 2
		: first == 'K' || (first >= 'V' && first <= 'Z')	     ? 3
									     : 0;

	return identity.size > size ? bytes_slice(identity, 0, size) : bytes_slice(identity, 0, 0);
}

static void
tell_agency(struct code_candidate *candidate, struct bytes agency)
{
	if (code_is_digit(agency.at[0])) {
		code_reason(candidate, CODE_REASON_AGENCY, TEXT("0 to 9: GS1"));
		return;
	}
	for (size_t i = 0; i < sizeof(agencies) / sizeof(agencies[0]); i++) {
		if (bytes_equal(agency, bytes_from_string(agencies[i].code))) {
			code_reason(
				candidate, CODE_REASON_AGENCY, bytes_from_string(agencies[i].name));
			return;
		}
	}
	code_reason(candidate, CODE_REASON_AGENCY_UNKNOWN, agency);
}

static bool
identity_is_good(struct bytes identity)
{
	return identity.size <= IDENTITY_SIZE_MAX &&
		code_span(identity,
			"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			"*+-./()!") == identity.size;
}

static void
recognise_field(struct code_result *result, struct bytes field, bool is_bare)
{
	for (size_t i = 0; i < sizeof(identifiers) / sizeof(identifiers[0]); i++) {
		struct bytes identity = field, agency;
		struct code_candidate *candidate;

		if ((is_bare && !identifiers[i].is_bare) ||
			!bytes_start_with(field, bytes_from_string(identifiers[i].identifier)) ||
			!code_take_prefix(&identity, identifiers[i].identifier)) {
			continue;
		}
		agency = agency_of(identity);
		if (is_bare && (agency.size == 0 || !identity_is_good(identity))) {
			return;
		}
		candidate = code_propose(result, CODE_ISO15459, identifiers[i].kind,
			is_bare ? CODE_POSSIBLE : CODE_CERTAIN);
		code_reason(candidate, CODE_REASON_PREFIX,
			bytes_from_string(identifiers[i].identifier));
		if (agency.size == 0) {
			code_against(candidate, CODE_REASON_AGENCY_UNKNOWN, identity);
		} else if (!identity_is_good(identity)) {
			code_against(candidate, CODE_REASON_CHARACTER, identity);
		} else {
			tell_agency(candidate, agency);
			code_part(candidate, "agency", agency);
			code_part(candidate, "company and serial",
				bytes_slice(identity, agency.size, SIZE_MAX));
			candidate->normal = field;
		}
		return;
	}
}

static void
recognise_envelope(struct code_result *result, struct bytes rest)
{
	rest = code_take(&rest, RECORD_SEPARATOR);
	while (rest.size > 0) {
		struct bytes field = code_take(&rest, GROUP_SEPARATOR), vaa = field;

		if (code_take_prefix(&vaa, "15NVAA")) {
			code_vaa_field(result, vaa);
		} else {
			recognise_field(result, field, false);
		}
	}
}

void
code_iso15459_recognise(struct code_result *result)
{
	struct bytes rest = result->code;

	if (bytes_start_with(rest,
		    TEXT("[)>\x1e"
			 "06\x1d"))) {
		recognise_envelope(result, bytes_slice(rest, 7, SIZE_MAX));
	} else {
		recognise_field(result, rest, true);
	}
}
