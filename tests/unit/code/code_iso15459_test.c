/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/code/code_expect.h"

static void
agencies_are_as_long_as_their_first_character_says(void **state)
{
	(void)state;
	assert_true(bytes_equal(
		expect_valid("25S95212345ABC", "item (25S)", "25S95212345ABC")->parts[0].value,
		TEXT("9")));
	assert_true(bytes_equal(
		expect_valid("25SUN043325711X", "item (25S)", "25SUN043325711X")->parts[0].value,
		TEXT("UN")));
	assert_true(bytes_equal(
		expect_valid("25SVAAX1", "item (25S)", "25SVAAX1")->parts[0].value, TEXT("VAA")));
	assert_true(bytes_equal(
		expect_valid("25SD12345", "item (25S)", "25SD12345")->parts[0].value, TEXT("D")));
	assert_true(bytes_equal(
		expect_valid("25SKABX1", "item (25S)", "25SKABX1")->parts[0].value, TEXT("KAB")));
	assert_true(has_reason(
		expect_valid("25SQQ1", "item (25S)", "25SQQ1"), CODE_REASON_AGENCY_UNKNOWN));
	expect_none("25SUN", "item (25S)");
	expect_none("25S", "item (25S)");
}

/* A to J one character, L to U two, K and V to Z three (ISO/IEC 15459-2, not checked against the
 * text). */
static void
each_first_character_has_its_length(void **state)
{
	(void)state;
	for (char first = 'A'; first <= 'Z'; first++) {
		char text[] = "25SxBCDEF";
		size_t size = first <= 'J' ? 1 : first == 'K' || first >= 'V' ? 3 : 2;

		text[3] = first;
		assert_int_equal(expect_valid(text, "item (25S)", text)->parts[0].value.size, size);
	}
	expect_none("25SaBC", "item (25S)");
}

static void
an_identity_is_held_to_fifty_characters(void **state)
{
	(void)state;
	expect_valid("25SUN12345678901234567890123456789012345678901234567", "item (25S)",
		"25SUN12345678901234567890123456789012345678901234567");
	expect_valid("25SUN123456789012345678901234567890123456789012345678", "item (25S)",
		"25SUN123456789012345678901234567890123456789012345678");
	expect_none("25SUN1234567890123456789012345678901234567890123456789", "item (25S)");
}

static void
each_field_of_an_envelope_is_a_candidate(void **state)
{
	(void)state;
	const char *text = "[)>\x1e"
			   "06\x1d"
			   "25SUN1\x1d"
			   "15NVAA08810012345678A\x1d"
			   "JUN2\x1d"
			   "Q5\x1e\x04";
	expect_valid(text, "item (25S)", "25SUN1");
	expect_valid(text, "VAA 15N", "88.100.12345678/A");
	expect_valid(text, "transport unit (J)", "JUN2");
	assert_int_equal(expect_result.count, 3);
}

static void
what_is_wrong_in_an_envelope_is_told(void **state)
{
	(void)state;
	expect_invalid("[)>\x1e"
		       "06\x1d"
		       "25S",
		"item (25S)", CODE_REASON_AGENCY_UNKNOWN);
	expect_invalid("[)>\x1e"
		       "06\x1d"
		       "25SUN_1",
		"item (25S)", CODE_REASON_CHARACTER);
	/* The last field of all, and nothing behind it. */
	expect_invalid("[)>\x1e"
		       "06\x1d"
		       "25SUN1\x1d"
		       "J",
		"transport unit (J)", CODE_REASON_AGENCY_UNKNOWN);
}

static void
agencies_that_are_known_are_named(void **state)
{
	static const char *const names[] = {
		"VAA: CAICT", "UN: Dun & Bradstreet", "OD: Odette", "LE: EDIFICE", "MA: IDcode"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t size = strcspn(names[i], ":");
		char text[16];

		snprintf(text, sizeof(text), "25S%.*s1", (int)size, names[i]);
		assert_true(has_reason_at(
			expect_valid(text, "item (25S)", text), CODE_REASON_AGENCY, names[i]));
	}
	assert_true(has_reason_at(expect_valid("25S9521", "item (25S)", "25S9521"),
		CODE_REASON_AGENCY, "0 to 9: GS1"));
}

static void
long_identifiers_need_no_envelope(void **state)
{
	static const char *const kinds[] = {"item (25S)", "product (25P)",
		"returnable transport item (25B)", "batch (25T)", "location (25L)",
		"organisation (18V)"};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *identifier = strchr(kinds[i], '(') + 1;
		char text[16];

		snprintf(text, sizeof(text), "%.3sUN123", identifier);
		expect_valid(text, kinds[i], text);
	}
}

static void
short_identifiers_need_an_envelope(void **state)
{
	static const char *const identifiers[] = {"J", "1J", "2J", "3J", "4J", "5J", "6J"};

	(void)state;
	for (size_t i = 0; i < sizeof(identifiers) / sizeof(identifiers[0]); i++) {
		char kind[32];
		char text[48];

		snprintf(kind, sizeof(kind), "transport unit (%s)", identifiers[i]);
		snprintf(text, sizeof(text),
			"[)>\x1e"
			"06\x1d"
			"%sUN123",
			identifiers[i]);
		expect_valid(text, kind, text + 7);
		expect_none(text + 7, kind);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agencies_are_as_long_as_their_first_character_says),
		cmocka_unit_test(each_first_character_has_its_length),
		cmocka_unit_test(an_identity_is_held_to_fifty_characters),
		cmocka_unit_test(each_field_of_an_envelope_is_a_candidate),
		cmocka_unit_test(what_is_wrong_in_an_envelope_is_told),
		cmocka_unit_test(agencies_that_are_known_are_named),
		cmocka_unit_test(long_identifiers_need_no_envelope),
		cmocka_unit_test(short_identifiers_need_an_envelope),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
