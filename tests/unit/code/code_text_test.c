/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_private.h"
#include "unit/code/code_expect.h"

static void
percent_decoding_refuses_what_is_no_text(void **state)
{
	(void)state;
	struct bytes text;
	assert_non_null(find_kind("9521234543213", "GLN"));
	assert_true(code_percent_decode(&expect_result, TEXT("a%2Fb%E4%B8%AD"), &text));
	assert_true(bytes_equal(text, TEXT("a/b中")));
	struct text_writer before = expect_result.text;
	assert_false(code_percent_decode(&expect_result, TEXT("a%2"), &text));
	assert_false(code_percent_decode(&expect_result, TEXT("a%"), &text));
	assert_false(code_percent_decode(&expect_result, TEXT("%zz"), &text));
	assert_false(code_percent_decode(&expect_result, TEXT("%ff"), &text));
	assert_false(code_percent_decode(&expect_result, TEXT("%00"), &text));
	assert_false(code_percent_decode(&expect_result, TEXT("%0a"), &text));
	/* Nor does it cost the result any room. */
	assert_ptr_equal(expect_result.text.next, before.next);
}

static void
urls_are_split_and_others_refused(void **state)
{
	(void)state;
	struct code_url url;
	assert_true(code_url_split(TEXT("HTTPS://a.example:8000/b/c?d=e?f#g?h"), &url));
	assert_true(bytes_equal(url.host, TEXT("a.example")));
	assert_true(bytes_equal(url.path, TEXT("/b/c")));
	assert_true(bytes_equal(url.query, TEXT("d=e?f")));
	assert_true(code_url_split(TEXT("http://a"), &url));
	assert_int_equal(url.path.size + url.query.size, 0);
	assert_true(code_url_split(TEXT("http://a?/01/x"), &url));
	assert_int_equal(url.path.size, 0);
	assert_false(code_url_split(TEXT("http:///a"), &url));
	assert_false(code_url_split(TEXT("ftp://a/b"), &url));
}

static void
runs_are_taken_apart(void **state)
{
	(void)state;
	struct bytes run = TEXT("a.b");
	assert_true(bytes_equal(code_take(&run, '.'), TEXT("a")));
	assert_true(bytes_equal(code_take(&run, '.'), TEXT("b")));
	assert_int_equal(run.size, 0);
	assert_int_equal(code_span(TEXT("12a"), "0123456789"), 2);
	assert_int_equal(code_span(BYTES('1', 0), "1"), 1);
	assert_false(code_are_digits(TEXT("")));
	assert_true(code_are_digits(TEXT("0")));
	assert_true(code_has_control(BYTES('a', 0x7f)));
	assert_false(code_has_control(TEXT("a b")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percent_decoding_refuses_what_is_no_text),
		cmocka_unit_test(urls_are_split_and_others_refused),
		cmocka_unit_test(runs_are_taken_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
