/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_accept.h"

#include "support/cmocka_all.h"

static unsigned int
type(const char *header, const char *name)
{
	return http_accept_type(header, bytes_from_string(name));
}

static unsigned int
language(const char *header, const char *tag)
{
	return http_accept_language(header, bytes_from_string(tag));
}

static void
the_most_exact_range_counts_wherever_it_stands(void **state)
{
	(void)state;
	assert_int_equal(type("text/*;q=0.3, text/html;q=0.7, */*;q=0.1", "text/html"), 700);
	assert_int_equal(type("*/*;q=0.9, text/*;q=0.3", "text/css"), 300);
	assert_int_equal(type("text/*;q=0.3, */*;q=0.5", "image/png"), 500);
	assert_int_equal(type("text/html", "image/png"), 0);
	assert_int_equal(type("TEXT/HTML", "text/html"), 1000);
	assert_int_equal(type("text/htm, texthtml, text/*x", "text/html"), 0);
	assert_int_equal(type(NULL, "text/html"), 1000);
	assert_int_equal(type("", "text/html"), 0);
}

static void
weights_are_thousandths(void **state)
{
	(void)state;
	assert_int_equal(type("a/b;q=1", "a/b"), 1000);
	assert_int_equal(type("a/b;q=1.000", "a/b"), 1000);
	assert_int_equal(type("a/b;q=0.001", "a/b"), 1);
	assert_int_equal(type("a/b;q=0.0019", "a/b"), 1);
	assert_int_equal(type("a/b;q=.5", "a/b"), 500);
	assert_int_equal(type("a/b ; Q = 0.25 ; x=y", "a/b"), 250);
	assert_int_equal(type("a/b;q=0", "a/b"), 0);
	assert_int_equal(type("a/b;q=7", "a/b"), 1000);
	assert_int_equal(type("a/b;q=99999999999999999999", "a/b"), 1000);
	assert_int_equal(type("a/b;q=x", "a/b"), 0);
	assert_int_equal(type("a/b;q=-1", "a/b"), 0);
	assert_int_equal(type("a/b;q=0.1.2", "a/b"), 0);
}

static void
a_type_with_parameters_is_another_type(void **state)
{
	(void)state;
	assert_int_equal(type("a/b;level=1;q=0.5", "a/b"), 0);
	assert_int_equal(type("a/b;level=1, a/b;q=0.2", "a/b"), 200);
	assert_int_equal(type("a/b;charset=utf-8;q=0.5", "a/b"), 500);
	assert_false(http_accept_names("a/b;profile=x", TEXT("a/b")));
}

static void
only_a_type_that_is_written_out_is_named(void **state)
{
	(void)state;
	assert_true(http_accept_names("x/y, a/b;q=0.1", TEXT("a/b")));
	assert_false(http_accept_names("a/b;q=0", TEXT("a/b")));
	assert_false(http_accept_names("*/*", TEXT("a/b")));
	assert_false(http_accept_names("a/*", TEXT("a/b")));
	assert_false(http_accept_names("", TEXT("a/b")));
	assert_false(http_accept_names(NULL, TEXT("a/b")));
}

static void
a_language_holds_for_its_regions(void **state)
{
	(void)state;
	assert_int_equal(language("zh;q=0.5", "zh-CN"), 500);
	assert_int_equal(language("zh;q=0.5, zh-cn;q=0.8", "zh-CN"), 800);
	assert_int_equal(language("zh-CN;q=0.8, zh;q=0.5", "zh-CN"), 800);
	assert_int_equal(language("zh", "zhx"), 0);
	assert_int_equal(language("de", "en"), 0);
	assert_int_equal(language("*;q=0.1, en;q=0.7", "en"), 700);
	assert_int_equal(language("*;q=0.1, en;q=0.7", "fr"), 100);
	assert_int_equal(language(NULL, "fr"), 1000);
}

static void
a_region_takes_its_language_but_rather_itself(void **state)
{
	(void)state;
	assert_int_equal(language("zh-CN", "zh"), 999);
	assert_int_equal(language("zh-CN, zh;q=0.2", "zh"), 200);
	assert_int_equal(language("zh-CN;q=0.4, *;q=0.9", "zh"), 399);
	assert_int_equal(language("zh-CN", "zh-TW"), 0);
	assert_int_equal(language("zh-CN;q=0.001", "zh"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_exact_range_counts_wherever_it_stands),
		cmocka_unit_test(weights_are_thousandths),
		cmocka_unit_test(a_type_with_parameters_is_another_type),
		cmocka_unit_test(only_a_type_that_is_written_out_is_named),
		cmocka_unit_test(a_language_holds_for_its_regions),
		cmocka_unit_test(a_region_takes_its_language_but_rather_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
