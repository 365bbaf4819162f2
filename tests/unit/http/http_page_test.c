/* SPDX-License-Identifier: Apache-2.0 */
#include "http/page/http_page.h"

#include "support/cmocka_all.h"

static void
assert_escaped(struct bytes text, const char *expected)
{
	char room[256];
	struct text_writer writer = text_writer_over(room, sizeof(room));

	http_html_write(&writer, text);
	assert_int_equal(text_writer_end(&writer), STATUS_OK);
	assert_true(bytes_equal(text_written(&writer), bytes_from_string(expected)));
}

static void
nothing_in_a_text_is_markup(void **state)
{
	(void)state;
	assert_escaped(TEXT("<script>alert('x')</script>"),
		"&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
	assert_escaped(TEXT("a\" onload=\"b&amp;"), "a&quot; onload=&quot;b&amp;amp;");
	assert_escaped(TEXT("\xe6\xa0\x87\xe8\xaf\x86\n"), "\xe6\xa0\x87\xe8\xaf\x86\n");
}

static void
what_is_no_text_shows_as_such(void **state)
{
	(void)state;
	assert_escaped(BYTES('a', 0, 'b'),
		"a\xef\xbf\xbd"
		"b");
	assert_escaped(BYTES('a', 0xff, 0xc3), "a\xef\xbf\xbd\xef\xbf\xbd");
	assert_escaped(BYTES(0x1b, 0x7f, 0xc2, 0x85), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void
the_language_is_the_one_that_is_wanted_most(void **state)
{
	(void)state;
	assert_true(http_language_is_chinese("zh"));
	assert_true(http_language_is_chinese("zh-CN,zh;q=0.9,en;q=0.8"));
	assert_true(http_language_is_chinese("en;q=0.5, zh;q=0.6"));
	assert_true(http_language_is_chinese("fr, zh;q=0.1"));
	assert_false(http_language_is_chinese("en-GB,zh-CN"));
	assert_false(http_language_is_chinese("zh;q=0.3,en;q=0.8"));
	assert_false(http_language_is_chinese("zh;q=0"));
	assert_false(http_language_is_chinese("fr,de"));
	assert_false(http_language_is_chinese(""));
	assert_false(http_language_is_chinese(NULL));
	assert_false(http_language_is_chinese(",,;q=,=;"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_a_text_is_markup),
		cmocka_unit_test(what_is_no_text_shows_as_such),
		cmocka_unit_test(the_language_is_the_one_that_is_wanted_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
