/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_private.h"
#include "unit/code/code_expect.h"

static void
all_spellings_lead_to_one_name(void **state)
{
	(void)state;
	expect_valid("10.1000/182", "DOI", "10.1000/182");
	expect_valid("doi:10.1000/182", "DOI", "10.1000/182");
	expect_valid("DOI:10.1000/182", "DOI", "10.1000/182");
	expect_valid("info:doi/10.1000/182", "DOI", "10.1000/182");
	expect_valid("https://hdl.handle.net/10.1000/182?noredirect", "DOI", "10.1000/182");
	expect_valid("http://dx.doi.org/10.1000/a%2Fb%23c", "DOI", "10.1000/a/b#c");
}

static void
links_of_a_node_of_ones_own_are_likely(void **state)
{
	(void)state;
	const struct code_candidate *candidate =
		expect_valid("https://id.example.cn/88.998.20001/14010000100000000123", "handle",
			"88.998.20001/14010000100000000123");
	assert_int_equal(candidate->confidence, CODE_LIKELY);
	expect_none("https://example.cn/1.2/3", "handle");
	expect_none("https://example.cn/88.998", "handle");
}

static void
zeros_in_front_of_a_label_are_kept(void **state)
{
	(void)state;
	expect_valid("88.101.0042/x", "handle", "88.101.0042/x");
	expect_valid("88.101.0042", "prefix", "88.101.0042");
}

static void
labels_of_86_and_88_are_digits(void **state)
{
	(void)state;
	expect_invalid("hdl:88.100a/x", "handle", CODE_REASON_LABEL);
	expect_invalid("88.100./x", "handle", CODE_REASON_LABEL);
	expect_invalid("88..100/x", "handle", CODE_REASON_LABEL);
	expect_invalid("hdl:88.a100/x", "handle", CODE_REASON_LABEL);
	expect_invalid("hdl:88.a/x", "handle", CODE_REASON_LABEL);
	expect_invalid("hdl:20._500/x", "handle", CODE_REASON_LABEL);
	expect_valid("hdl:20.500.ABC-1/x", "handle", "20.500.ABC-1/x");
	expect_invalid("hdl:20.500_1/x", "handle", CODE_REASON_LABEL);
	expect_invalid("hdl:", "prefix", CODE_REASON_LABEL);
}

static void
labels_and_prefixes_are_held_to_their_sizes(void **state)
{
	(void)state;
	expect_valid("88.100.1234567890123456/x", "handle", "88.100.1234567890123456/x");
	expect_invalid("88.100.12345678901234567/x", "handle", CODE_REASON_LABEL);
	expect_valid("88.1234567890.1234567890.1234567890.1234567890.1234567890.123456/x", "handle",
		"88.1234567890.1234567890.1234567890.1234567890.1234567890.123456/x");
	expect_invalid("88.1234567890.1234567890.1234567890.1234567890.1234567890.1234567/x",
		"handle", CODE_REASON_SIZE);
}

static void
roots_that_are_not_known_are_told(void **state)
{
	(void)state;
	assert_true(
		has_reason(expect_valid("99.1/x", "handle", "99.1/x"), CODE_REASON_ROOT_UNKNOWN));
	expect_none("99.1", "prefix");
}

static void
a_blank_for_the_slash_is_offered_never_mended(void **state)
{
	(void)state;
	const struct code_candidate *candidate =
		expect_invalid("86.122.2 SX-1", "handle", CODE_REASON_BLANK);
	assert_true(bytes_equal(candidate->reasons[0].at, TEXT("86.122.2/SX-1")));
	assert_int_equal(candidate->normal.size, 0);
	expect_none("10.1 x", "handle");
}

static void
suffixes_are_there_and_without_controls(void **state)
{
	(void)state;
	expect_invalid("88.100/", "handle", CODE_REASON_SIZE);
	expect_invalid("88.100/a\nb", "handle", CODE_REASON_CHARACTER);
	expect_valid("88.100/中文 a/b:c", "handle", "88.100/中文 a/b:c");
}

static void
labels_of_other_roots_have_up_to_32_characters(void **state)
{
	(void)state;
	expect_valid("hdl:20.12345678901234567890123456789012/x", "handle",
		"20.12345678901234567890123456789012/x");
	expect_invalid("hdl:20.123456789012345678901234567890123/x", "handle", CODE_REASON_LABEL);
}

static void
a_known_root_makes_a_name_stronger(void **state)
{
	(void)state;
	assert_true(find_kind("20.500/x", "handle")->confidence >
		find_kind("99.500/x", "handle")->confidence);
	expect_none(".5/x", "handle");
	expect_none("x/y", "handle");
}

static void
whatever_stands_behind_a_proxy_is_a_handle(void **state)
{
	static const char *const proxies[] = {
		"hdl.handle.net", "doi.org", "dx.doi.org", "www.doi.org"};

	(void)state;
	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "https://%s/abc/def", proxies[i]);
		expect_valid(text, find_kind(text, "DOI") == NULL ? "handle" : "DOI", "abc/def");
	}
	expect_none("https://example.org/abc/def", "handle");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_spellings_lead_to_one_name),
		cmocka_unit_test(links_of_a_node_of_ones_own_are_likely),
		cmocka_unit_test(zeros_in_front_of_a_label_are_kept),
		cmocka_unit_test(labels_of_86_and_88_are_digits),
		cmocka_unit_test(labels_and_prefixes_are_held_to_their_sizes),
		cmocka_unit_test(roots_that_are_not_known_are_told),
		cmocka_unit_test(a_blank_for_the_slash_is_offered_never_mended),
		cmocka_unit_test(suffixes_are_there_and_without_controls),
		cmocka_unit_test(labels_of_other_roots_have_up_to_32_characters),
		cmocka_unit_test(a_known_root_makes_a_name_stronger),
		cmocka_unit_test(whatever_stands_behind_a_proxy_is_a_handle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
