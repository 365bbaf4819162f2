/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_condition.h"

#include "support/cmocka_all.h"
#include "support/heap.h"

enum { NOW_S = 1795904000 }; /* In 2026. */

static void
the_three_forms_of_dates_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t at_s;
	} rows[] = {
		{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
		{"Sun Nov  6 08:49:37 1994", 784111777}, {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
		{"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, /* A leap second. */
		{"Wednesday, 01-Jan-76 00:00:00 GMT", 3345062400}, /* 50 years ahead. */
		{"Saturday, 01-Jan-77 00:00:00 GMT", 220924800}, /* 51 would be. */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t at_s = -1;

		assert_int_equal(
			http_date_read(bytes_from_string(rows[i].text), NOW_S, &at_s), STATUS_OK);
		assert_int_equal(at_s, rows[i].at_s);
	}
}

static void
what_is_no_date_is_refused(void **state)
{
	static const char *const rows[] = {"", "now", "Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT GMT",
		"Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov 1994 1x:49:37 GMT", "Sun, 06 Nov 1994 08:4/:37 GMT",
		"Sun, 06 Nov 19:4 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 19940 08:49:37 GMT", "1 2 3 4 5 6 7 8 9 10"};
	int64_t at_s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			http_date_read(bytes_from_string(rows[i]), NOW_S, &at_s), STATUS_INVALID);
	}
}

/* Each in an allocation of its own. */
static void
dates_and_lists_cut_anywhere_are_read_to_their_end_only(void **state)
{
	static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
	static const char list[] = "W/\"a\", \"b,c\" ,x, \"d";

	(void)state;
	for (size_t size = 0; size < sizeof(date) - 1; size++) {
		struct bytes copy = heap_copy(bytes_over(date, size));
		int64_t at_s;

		assert_int_equal(http_date_read(copy, NOW_S, &at_s), STATUS_INVALID);
		heap_free(copy);
	}
	for (size_t size = 0; size < sizeof(list) - 1; size++) {
		struct bytes copy = heap_copy(bytes_over(list, size));
		struct bytes left = copy;
		struct http_tag tag;
		size_t count = 0;

		while (http_tag_next(&left, &tag)) {
			count++;
		}
		assert_int_equal(count, (size >= 5) + (size >= 12));
		heap_free(copy);
	}
}

static void
tags_are_taken_whole_and_what_is_none_is_passed_over(void **state)
{
	struct bytes list = TEXT(" ,\"a\",W/\"b\"\t, c, w/\"d\", \"e,f\" \"\", W/, \"g");
	static const struct {
		const char *text;
		bool is_weak;
	} rows[] = {{"\"a\"", false}, {"\"b\"", true}, {"\"e,f\"", false}, {"\"\"", false}};
	struct http_tag tag;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(http_tag_next(&list, &tag));
		assert_true(bytes_equal(tag.text, bytes_from_string(rows[i].text)));
		assert_int_equal(tag.is_weak, rows[i].is_weak);
	}
	assert_false(http_tag_next(&list, &tag));
	assert_true(http_tags_are_star(TEXT(" *\t")));
	assert_false(http_tags_are_star(TEXT("\"*\"")));
	assert_false(http_tags_are_star(TEXT("**")));
	assert_false(http_tags_are_star(TEXT("")));
}

/* In place of libmicrohttpd's: what the head of the request under test says. */
struct line {
	const char *name;
	const char *value;
};

static const struct line *head;

int
MHD_get_connection_values(struct MHD_Connection *connection, enum MHD_ValueKind kind,
	MHD_KeyValueIterator iterator, void *context)
{
	int count = 0;

	assert_null(connection);
	assert_int_equal(kind, MHD_HEADER_KIND);
	while (head[count].name != NULL &&
		iterator(context, kind, head[count].name, head[count].value) == MHD_YES) {
		count++;
	}
	return count;
}

#define BEFORE	   "Sun, 06 Nov 1994 08:49:36 GMT"
#define THEN	   "Sun, 06 Nov 1994 08:49:37 GMT"
#define MATCH	   "If-Match"
#define NONE_MATCH "If-None-Match"
#define MODIFIED   "If-Modified-Since"
#define UNMODIFIED "If-Unmodified-Since"

static void
conditions_are_judged_in_their_order(void **state)
{
	enum { THEN_S = 784111777 };
	static const struct {
		struct line head[5];
		enum http_verdict verdict;
	} rows[] = {
		{{{"Host", "x"}, {"If-Range", "\"a\""}, {"I", "x"}, {"If", NULL}}, HTTP_PROCEED},
		{{{MATCH, "\"a\""}}, HTTP_PROCEED},
		{{{"if-mAtch", "\"b\", \"a\""}}, HTTP_PROCEED},
		{{{MATCH, "*"}}, HTTP_PROCEED},
		{{{MATCH, "\"b\""}}, HTTP_CONDITION_FAILED},
		{{{"IF-MATCH", "\"b\""}}, HTTP_CONDITION_FAILED},
		{{{MATCH, ""}}, HTTP_CONDITION_FAILED},
		{{{MATCH, "W/\"a\""}}, HTTP_CONDITION_FAILED}, /* A strong one is wanted. */
		{{{MATCH, "W/\"a\", \"a\""}}, HTTP_PROCEED},
		{{{MATCH, "\"b\""}, {MATCH, "\"a\""}}, HTTP_PROCEED}, /* One list in two lines. */
		{{{MATCH, "\"a\""}, {MATCH, "\"b\""}}, HTTP_PROCEED},
		{{{NONE_MATCH, "\"a\""}}, HTTP_NOT_MODIFIED},
		{{{"iF-none-match", "W/\"a\""}}, HTTP_NOT_MODIFIED}, /* A weak one is enough. */
		{{{NONE_MATCH, "*"}}, HTTP_NOT_MODIFIED},
		{{{NONE_MATCH, "\"b\", W/\"c\""}}, HTTP_PROCEED},
		{{{NONE_MATCH, "\"a\""}, {NONE_MATCH, "\"b\""}}, HTTP_NOT_MODIFIED},
		{{{NONE_MATCH, "\"b\""}, {NONE_MATCH, "\"a\""}}, HTTP_NOT_MODIFIED},
		{{{MODIFIED, THEN}}, HTTP_NOT_MODIFIED},
		{{{MODIFIED, BEFORE}}, HTTP_PROCEED},
		{{{MODIFIED, "never"}}, HTTP_PROCEED},
		{{{MODIFIED, THEN}, {MODIFIED, THEN}}, HTTP_PROCEED}, /* Twice is not at all. */
		{{{UNMODIFIED, THEN}}, HTTP_PROCEED},
		{{{UNMODIFIED, BEFORE}}, HTTP_CONDITION_FAILED},
		{{{UNMODIFIED, "never"}}, HTTP_PROCEED},
		{{{UNMODIFIED, BEFORE}, {UNMODIFIED, BEFORE}}, HTTP_PROCEED},
		/* Dates count only without tags. */
		{{{MATCH, "\"a\""}, {UNMODIFIED, BEFORE}}, HTTP_PROCEED},
		{{{MATCH, "\"b\""}, {UNMODIFIED, THEN}}, HTTP_CONDITION_FAILED},
		{{{NONE_MATCH, "\"b\""}, {MODIFIED, THEN}}, HTTP_PROCEED},
		{{{NONE_MATCH, "\"a\""}, {MODIFIED, BEFORE}}, HTTP_NOT_MODIFIED},
		/* And of both kinds that which fails is told first. */
		{{{MATCH, "\"b\""}, {NONE_MATCH, "\"a\""}}, HTTP_CONDITION_FAILED},
		{{{MATCH, "\"a\""}, {NONE_MATCH, "\"a\""}}, HTTP_NOT_MODIFIED},
		{{{MATCH, "\"a\""}, {NONE_MATCH, "\"b\""}}, HTTP_PROCEED},
		{{{NONE_MATCH, "\"a\""}, {UNMODIFIED, BEFORE}}, HTTP_CONDITION_FAILED},
		{{{MATCH, "\"a\""}, {MODIFIED, THEN}}, HTTP_NOT_MODIFIED},
	};
	const struct http_request request = {.transport = NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum http_verdict verdict;

		head = rows[i].head;
		verdict = http_condition_judge(&request, "\"a\"", THEN_S);
		if (verdict != rows[i].verdict) {
			fail_msg("row %zu: %d, wanted %d", i, verdict, rows[i].verdict);
		}
	}
}

static void
without_a_time_of_change_dates_count_for_nothing(void **state)
{
	static const struct line modified[] = {{MODIFIED, THEN}, {NULL, NULL}};
	static const struct line unmodified[] = {
		{UNMODIFIED, "Thu, 01 Jan 1970 00:00:00 GMT"}, {NULL, NULL}};
	const struct http_request request = {.transport = NULL};

	(void)state;
	head = modified;
	assert_int_equal(http_condition_judge(&request, "\"a\"", 0), HTTP_PROCEED);
	head = unmodified;
	assert_int_equal(http_condition_judge(&request, "\"a\"", 0), HTTP_PROCEED);
	assert_int_equal(http_condition_judge(&request, "\"a\"", 1), HTTP_CONDITION_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_three_forms_of_dates_are_read),
		cmocka_unit_test(what_is_no_date_is_refused),
		cmocka_unit_test(dates_and_lists_cut_anywhere_are_read_to_their_end_only),
		cmocka_unit_test(tags_are_taken_whole_and_what_is_none_is_passed_over),
		cmocka_unit_test(conditions_are_judged_in_their_order),
		cmocka_unit_test(without_a_time_of_change_dates_count_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
