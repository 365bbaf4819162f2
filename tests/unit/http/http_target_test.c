/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_target.h"

#include "base/limits.h"

#include "support/cmocka_all.h"

#include <stdlib.h>

static struct arena *arena;

static int
arena_begin(void **state)
{
	(void)state;
	arena = arena_new(4096, 1048576);
	return arena == NULL;
}

static int
arena_end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
assert_decodes(const char *text, bool is_form, struct bytes expected)
{
	uint8_t octets[64];
	size_t size = 99;

	assert_int_equal(
		http_percent_decode(bytes_from_string(text), is_form, octets, &size), STATUS_OK);
	assert_true(bytes_equal(bytes_over(octets, size), expected));
}

static void
octets_are_decoded_once(void **state)
{
	(void)state;
	assert_decodes("", false, TEXT(""));
	assert_decodes("20.500/A%2FB%2fC", false, TEXT("20.500/A/B/C"));
	assert_decodes("%2541", false, TEXT("%41"));
	assert_decodes("a%00b", false, BYTES('a', 0, 'b'));
	assert_decodes("%E5%90%8e", false, TEXT("\xe5\x90\x8e"));
}

static void
a_plus_is_a_blank_in_parameters_only(void **state)
{
	(void)state;
	assert_decodes("a+b%2B", false, TEXT("a+b+"));
	assert_decodes("a+b%2B", true, TEXT("a b+"));
}

static void
a_broken_escape_is_refused_wherever_it_is(void **state)
{
	static const char *const broken[] = {"%", "%4", "a%", "a%4", "%g0", "%0g", "%%41", "%-1"};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct bytes text = bytes_from_string(broken[i]);
		uint8_t *octets = malloc(text.size);
		uint8_t *copy = malloc(text.size);
		size_t size = 99;

		/* In an allocation of its own size: one octet too far would be seen. */
		memcpy(copy, text.at, text.size);
		assert_int_equal(
			http_percent_decode(bytes_over(copy, text.size), false, octets, &size),
			STATUS_MALFORMED);
		assert_int_equal(size, 99);
		free(octets);
		free(copy);
	}
}

static struct http_parameters
parameters_of(const char *query)
{
	struct http_parameters parameters = {.count = 99};

	assert_int_equal(
		http_parameters_read(bytes_from_string(query), arena, &parameters), STATUS_OK);
	return parameters;
}

static void
parameters_keep_their_order_and_may_repeat(void **state)
{
	struct http_parameters parameters =
		parameters_of("index=1&type=URL&index=2&&a%3Db=c%26d&e");
	struct bytes value;
	size_t at = 0;

	(void)state;
	assert_int_equal(parameters.count, 5);
	assert_true(http_parameter_next(&parameters, TEXT("index"), &at, &value));
	assert_true(bytes_equal(value, TEXT("1")));
	assert_true(http_parameter_next(&parameters, TEXT("index"), &at, &value));
	assert_true(bytes_equal(value, TEXT("2")));
	assert_false(http_parameter_next(&parameters, TEXT("index"), &at, &value));
	assert_true(http_parameter_find(&parameters, TEXT("a=b"), &value));
	assert_true(bytes_equal(value, TEXT("c&d")));
	assert_true(http_parameter_find(&parameters, TEXT("e"), &value));
	assert_int_equal(value.size, 0);
	assert_false(http_parameter_find(&parameters, TEXT("Index"), &value));
}

static void
no_query_has_no_parameters(void **state)
{
	(void)state;
	assert_int_equal(parameters_of("").count, 0);
	assert_int_equal(parameters_of("&&&").count, 0);
	assert_int_equal(parameters_of("=").count, 1);
}

static void
a_parameter_is_true_when_empty_yes_or_true(void **state)
{
	struct http_parameters parameters =
		parameters_of("a&b=&c=yes&d=TRUE&e=1&f=no&g=false&h=trues");

	(void)state;
	assert_true(http_parameter_is_true(&parameters, TEXT("a")));
	assert_true(http_parameter_is_true(&parameters, TEXT("b")));
	assert_true(http_parameter_is_true(&parameters, TEXT("c")));
	assert_true(http_parameter_is_true(&parameters, TEXT("d")));
	assert_false(http_parameter_is_true(&parameters, TEXT("e")));
	assert_false(http_parameter_is_true(&parameters, TEXT("f")));
	assert_false(http_parameter_is_true(&parameters, TEXT("g")));
	assert_false(http_parameter_is_true(&parameters, TEXT("h")));
	assert_false(http_parameter_is_true(&parameters, TEXT("i")));
}

/* `count` parameters without name and value, but for the first. */
static enum status
read_many(size_t count)
{
	struct http_parameters parameters;
	char text[HTTP_PARAMETER_COUNT_MAX + 8];

	memset(text, '&', sizeof(text));
	text[0] = 'a';
	return http_parameters_read(bytes_over(text, count), arena, &parameters);
}

static void
more_parameters_than_the_limit_are_refused(void **state)
{
	(void)state;
	assert_int_equal(read_many(HTTP_PARAMETER_COUNT_MAX - 1), STATUS_OK);
	assert_int_equal(read_many(HTTP_PARAMETER_COUNT_MAX), STATUS_OK);
	assert_int_equal(read_many(HTTP_PARAMETER_COUNT_MAX + 1), STATUS_TOO_LARGE);
}

static void
parameters_beyond_the_memory_of_a_request_are_refused(void **state)
{
	struct arena *small = arena_new(64, 128);
	struct http_parameters parameters;
	char text[512];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(http_parameters_read(bytes_over(text, sizeof(text)), small, &parameters),
		STATUS_NO_MEMORY);
	arena_free(small);
}

static void
assert_cleaned(struct bytes name, const char *expected)
{
	uint8_t octets[64];
	size_t size = http_callback_clean(name, octets);

	assert_true(bytes_equal(bytes_over(octets, size), bytes_from_string(expected)));
}

static void
the_name_of_a_function_becomes_harmless(void **state)
{
	(void)state;
	assert_cleaned(TEXT("a-b.c"), "a_b_c");
	assert_cleaned(TEXT("$_aZ09"), "$_aZ09");
	assert_cleaned(TEXT("1a"), "_a");
	assert_cleaned(TEXT("alert(1)//"), "alert_1___");
	assert_cleaned(TEXT("\xe5\x90\x8e"), "\xe5\x90\x8e");
	assert_cleaned(TEXT("a\xff\xc3"), "a__");
	assert_cleaned(TEXT("a\xe2\x80\xa8z"), "a_z"); /* U+2028 ends a line of script. */
	assert_cleaned(TEXT("a\xc2\x9fz\xc2\xa0"), "a_z\xc2\xa0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_are_decoded_once),
		cmocka_unit_test(a_plus_is_a_blank_in_parameters_only),
		cmocka_unit_test(a_broken_escape_is_refused_wherever_it_is),
		cmocka_unit_test(parameters_keep_their_order_and_may_repeat),
		cmocka_unit_test(no_query_has_no_parameters),
		cmocka_unit_test(a_parameter_is_true_when_empty_yes_or_true),
		cmocka_unit_test(more_parameters_than_the_limit_are_refused),
		cmocka_unit_test(parameters_beyond_the_memory_of_a_request_are_refused),
		cmocka_unit_test(the_name_of_a_function_becomes_harmless),
	};

	return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
