/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/code/code_expect.h"

static void
arcs_are_held_to_the_rules_of_their_root(void **state)
{
	(void)state;
	expect_valid("0.39.1", "OID", "0.39.1");
	expect_valid("2.40.1", "OID", "2.40.1");
	expect_none("1.40.1", "OID");
	expect_none("3.1.1", "OID");
	expect_invalid("urn:oid:3.1", "OID", CODE_REASON_ARC);
	expect_invalid("urn:oid:1.2.", "OID", CODE_REASON_ARC);
	expect_invalid("urn:oid:", "OID", CODE_REASON_ARC);
	expect_invalid("urn:oid:1..2", "OID", CODE_REASON_ARC);
	expect_invalid("urn:oid:1.2.00", "OID", CODE_REASON_ARC);
	expect_invalid("urn:oid:1.2.x", "OID", CODE_REASON_ARC);
}

static void
bare_digits_need_three_arcs(void **state)
{
	(void)state;
	expect_none("1.2", "OID");
	expect_valid("1.2.3", "OID", "1.2.3");
	expect_valid("urn:oid:1.2", "OID", "1.2");
}

static void
a_prefix_is_no_oid_and_an_oid_no_prefix(void **state)
{
	(void)state;
	expect_none("88.100.1", "OID");
	expect_none("1.2.156.3001", "prefix");
}

static void
its_resolution_name_is_reversed(void **state)
{
	(void)state;
	assert_true(bytes_equal(expect_valid("1.2.156.10197", "OID", "1.2.156.10197")->link,
		TEXT("10197.156.2.1.oid-res.org")));
}

static const char *
arcs(size_t count)
{
	static char text[CODE_SIZE_MAX];
	size_t size = (size_t)snprintf(text, sizeof(text), "urn:oid:1");

	for (size_t i = 1; i < count; i++) {
		size += (size_t)snprintf(text + size, sizeof(text) - size, ".3");
	}
	return text;
}

static const char *
long_arc(int digits)
{
	static char text[CODE_SIZE_MAX];

	snprintf(text, sizeof(text), "urn:oid:2.25.%0*d", digits, 0);
	text[13] = '1';
	return text;
}

static void
arcs_are_held_at_their_limits(void **state)
{
	(void)state;
	assert_true(find_kind(arcs(CODE_OID_ARC_COUNT_MAX - 1), "OID")->is_valid);
	assert_true(find_kind(arcs(CODE_OID_ARC_COUNT_MAX), "OID")->is_valid);
	expect_invalid(arcs(CODE_OID_ARC_COUNT_MAX + 1), "OID", CODE_REASON_ARC);
	assert_true(find_kind(long_arc(CODE_OID_ARC_SIZE_MAX - 1), "OID")->is_valid);
	assert_true(find_kind(long_arc(CODE_OID_ARC_SIZE_MAX), "OID")->is_valid);
	expect_invalid(long_arc(CODE_OID_ARC_SIZE_MAX + 1), "OID", CODE_REASON_ARC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arcs_are_held_to_the_rules_of_their_root),
		cmocka_unit_test(bare_digits_need_three_arcs),
		cmocka_unit_test(a_prefix_is_no_oid_and_an_oid_no_prefix),
		cmocka_unit_test(its_resolution_name_is_reversed),
		cmocka_unit_test(arcs_are_held_at_their_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
