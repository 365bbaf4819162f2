/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/text_writer.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "json/json_reader.h"

#include <stdio.h>

static struct arena *arena;

static struct json_reader
reader_over(const char *text)
{
	arena_reset(arena);
	return json_reader_over(bytes_from_string(text), arena);
}

static void
assert_bytes(struct bytes run, struct bytes wanted)
{
	assert_true(bytes_equal(run, wanted));
}

static void
a_record_is_read_without_copying_its_strings(void **state)
{
	const char *text = " { \"handle\" : \"88.100.1/x\",\n\"values\":[{\"index\":1,\"ok\":true},"
			   "{\"index\":2,\"ok\":false}],\"rest\":[1,{\"a\":null}]} ";
	struct json_reader reader = reader_over(text);
	struct bytes name;
	struct bytes handle;
	uint64_t sum = 0;
	int truths = 0;

	(void)state;
	json_read_object(&reader);
	assert_true(json_next_member(&reader, &name));
	assert_bytes(name, TEXT("handle"));
	handle = json_read_string(&reader);
	assert_bytes(handle, TEXT("88.100.1/x"));
	assert_ptr_equal(handle.at, strstr(text, "88.100"));
	assert_true(json_next_member(&reader, &name));
	json_read_array(&reader);
	while (json_next_element(&reader)) {
		json_read_object(&reader);
		while (json_next_member(&reader, &name)) {
			if (bytes_equal(name, TEXT("index"))) {
				sum = sum * 10 + json_read_u64(&reader, UINT32_MAX);
			} else {
				truths = truths * 10 + (json_read_bool(&reader) ? 1 : 2);
			}
		}
	}
	assert_int_equal(sum, 12);
	assert_int_equal(truths, 12);
	assert_true(json_next_member(&reader, &name));
	assert_bytes(json_skip(&reader), TEXT("[1,{\"a\":null}]"));
	assert_false(json_next_member(&reader, &name));
	assert_int_equal(json_reader_end(&reader), STATUS_OK);
	assert_int_equal(json_reader_at(&reader), strlen(text));
}

static void
what_comes_next_is_told_without_reading_it(void **state)
{
	static const struct {
		const char *text;
		enum json_kind kind;
	} rows[] = {{" null", JSON_NULL}, {"\tfalse", JSON_FALSE}, {"true", JSON_TRUE},
		{"-1", JSON_NUMBER}, {"0", JSON_NUMBER}, {"9", JSON_NUMBER}, {"\"\"", JSON_STRING},
		{"[]", JSON_ARRAY}, {"{}", JSON_OBJECT}, {"", JSON_NONE}, {"]", JSON_NONE},
		{"+1", JSON_NONE}, {"\x01", JSON_NONE}, {"\xff", JSON_NONE}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_reader reader = reader_over(rows[i].text);

		assert_int_equal(json_peek(&reader), rows[i].kind);
		assert_int_equal(json_peek(&reader), rows[i].kind);
		assert_true(json_reader_ok(&reader));
		json_skip(&reader);
		assert_int_equal(json_peek(&reader), JSON_NONE);
		assert_int_equal(json_reader_end(&reader) == STATUS_OK, rows[i].kind != JSON_NONE);
	}
}

static void
escapes_are_undone(void **state)
{
	static const struct {
		const char *text;
		struct bytes string;
	} rows[] = {
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", {(const uint8_t *)"\"\\/\b\f\n\r\t", 8}},
		{"\"\\u0001\\u007f\"", {(const uint8_t *)"\x01\x7f", 2}},
		{"\"\\u0080\\u07FF\"", {(const uint8_t *)"\xc2\x80\xdf\xbf", 4}},
		{"\"\\u0800\\uffff\"", {(const uint8_t *)"\xe0\xa0\x80\xef\xbf\xbf", 6}},
		{"\"\\uD800\\uDC00\\udbff\\udfff\"",
			{(const uint8_t *)"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8}},
		{"\"a\\u4e2d\xe6\x96\x87z\"", {(const uint8_t *)"a\xe4\xb8\xad\xe6\x96\x87z", 8}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_reader reader = reader_over(rows[i].text);

		assert_bytes(json_read_string(&reader), rows[i].string);
		assert_int_equal(json_reader_end(&reader), STATUS_OK);
	}
}

/* The eight-octet steps must see everything at every place. */
static void
quotes_escapes_and_controls_are_seen_at_every_offset(void **state)
{
	(void)state;
	for (size_t size = 0; size < 40; size++) {
		for (size_t at = 0; at <= size; at++) {
			char text[64];
			struct json_reader reader;
			struct bytes run;

			memset(text, 'a', sizeof(text));
			text[0] = '"';
			text[size + 1] = '"';
			text[1 + at] = at == size ? '"' : '\x1f';
			run = heap_copy(bytes_over(text, size + 2));
			arena_reset(arena);
			reader = json_reader_over(run, arena);
			assert_int_equal(json_read_string(&reader).size, at == size ? size : 0);
			assert_int_equal(json_reader_end(&reader),
				at == size ? STATUS_OK : STATUS_MALFORMED);
			assert_int_equal(json_reader_at(&reader), at == size ? size + 2 : at + 1);
			heap_free(run);
		}
	}
}

static void
octets_beyond_ascii_hide_no_quote_and_no_fault(void **state)
{
	(void)state;
	for (size_t before = 0; before < 20; before++) {
		char text[64];
		struct text_writer writer = text_writer_over(text, sizeof(text));
		struct json_reader reader;
		struct bytes name;

		text_write_string(&writer, "{\"");
		for (size_t i = 0; i < before; i++) {
			text_write_char(&writer, 'a');
		}
		text_write_string(&writer, "\xe4\xb8\xad\":\"");
		for (size_t i = 0; i < before; i++) {
			text_write_char(&writer, 'a');
		}
		text_write_string(&writer, "\xe4\xb8\"}");
		arena_reset(arena);
		reader = json_reader_over(text_written(&writer), arena);
		json_read_object(&reader);
		assert_true(json_next_member(&reader, &name));
		assert_int_equal(name.size, before + 3);
		assert_int_equal(json_read_string(&reader).size, 0);
		assert_int_equal(reader.status, STATUS_MALFORMED);
		assert_int_equal(json_reader_at(&reader), 2 * before + 8);
	}
}

static void
numbers_are_whole_and_in_range_or_refused(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		enum status status;
		uint64_t number;
	} rows[] = {
		{"0", 0, STATUS_OK, 0},
		{"255", 255, STATUS_OK, 255},
		{"256", 255, STATUS_TOO_LARGE, 0},
		{"18446744073709551615", UINT64_MAX, STATUS_OK, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, STATUS_TOO_LARGE, 0},
		{"99999999999999999999999999", UINT64_MAX, STATUS_TOO_LARGE, 0},
		{"-1", UINT64_MAX, STATUS_INVALID, 0},
		{"-0", UINT64_MAX, STATUS_INVALID, 0},
		{"1.0", UINT64_MAX, STATUS_INVALID, 0},
		{"1e2", UINT64_MAX, STATUS_INVALID, 0},
		{"\"1\"", UINT64_MAX, STATUS_INVALID, 0},
		{"null", UINT64_MAX, STATUS_INVALID, 0},
		{"[1]", UINT64_MAX, STATUS_INVALID, 0},
		{"01", UINT64_MAX, STATUS_MALFORMED, 0},
		{"-a", UINT64_MAX, STATUS_MALFORMED, 0},
		{"1.", UINT64_MAX, STATUS_TRUNCATED, 0},
		{"-", UINT64_MAX, STATUS_TRUNCATED, 0},
		{"", UINT64_MAX, STATUS_TRUNCATED, 0},
		{"x", UINT64_MAX, STATUS_MALFORMED, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_reader reader = reader_over(rows[i].text);
		uint64_t number = json_read_u64(&reader, rows[i].max);

		assert_int_equal(json_reader_end(&reader), rows[i].status);
		assert_true(number == rows[i].number || rows[i].status == STATUS_MALFORMED);
	}
}

static void
signed_numbers_reach_both_ends_of_their_type(void **state)
{
	static const struct {
		const char *text;
		enum status status;
		int64_t number;
	} rows[] = {
		{"-0", STATUS_OK, 0},
		{"-1", STATUS_OK, -1},
		{"9223372036854775807", STATUS_OK, INT64_MAX},
		{"9223372036854775808", STATUS_TOO_LARGE, 0},
		{"-9223372036854775807", STATUS_OK, -INT64_MAX},
		{"-9223372036854775808", STATUS_OK, INT64_MIN},
		{"-9223372036854775809", STATUS_TOO_LARGE, 0},
		{"-1.5", STATUS_INVALID, 0},
		{"true", STATUS_INVALID, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_reader reader = reader_over(rows[i].text);

		assert_true(json_read_i64(&reader) == rows[i].number);
		assert_int_equal(json_reader_end(&reader), rows[i].status);
	}
}

static void
good_json_of_another_kind_is_invalid_at_its_first_octet(void **state)
{
	static const char *const texts[] = {"null", "false", "true", "1", "\"s\"", "[]", "{}"};
	/* For each question, the texts that answer it. */
	static const char *const answers[] = {"3", "3", "12", "4", "5", "6", "4", "4"};

	(void)state;
	for (size_t question = 0; question < 8; question++) {
		for (size_t i = 0; i < 7; i++) {
			struct json_reader reader = reader_over(texts[i]);
			bool is_answer = strchr(answers[question], (char)('0' + i)) != NULL;

			switch (question) {
			case 0:
				json_read_u64(&reader, 9);
				break;
			case 1:
				json_read_i64(&reader);
				break;
			case 2:
				json_read_bool(&reader);
				break;
			case 3:
				json_read_string(&reader);
				break;
			case 4:
				json_read_array(&reader);
				break;
			case 5:
				json_read_object(&reader);
				break;
			case 6:
				is_answer = false; /* "s" is neither base64 nor hex. */
				json_read_base64(&reader, BASE64_STANDARD);
				break;
			default:
				is_answer = false;
				json_read_hex(&reader);
				break;
			}
			assert_int_equal(reader.status, is_answer ? STATUS_OK : STATUS_INVALID);
			assert_true(is_answer || json_reader_at(&reader) == 0);
		}
	}
}

static void
coded_strings_are_decoded_into_the_arena(void **state)
{
	struct json_reader reader = reader_over("[\"AQL/\",\"AQ==\",\"\",\"-_8\",\"0aFF\",\"\","
						"\"\\u0041Q==\",\"A Q\"]");

	(void)state;
	json_read_array(&reader);
	assert_true(json_next_element(&reader));
	assert_bytes(json_read_base64(&reader, BASE64_STANDARD), BYTES(1, 2, 0xff));
	assert_true(json_next_element(&reader));
	assert_bytes(json_read_base64(&reader, BASE64_STANDARD), BYTES(1));
	assert_true(json_next_element(&reader));
	assert_bytes(json_read_base64(&reader, BASE64_STANDARD), TEXT(""));
	assert_true(json_next_element(&reader));
	assert_bytes(json_read_base64(&reader, BASE64_URL), BYTES(0xfb, 0xff));
	assert_true(json_next_element(&reader));
	assert_bytes(json_read_hex(&reader), BYTES(0x0a, 0xff));
	assert_true(json_next_element(&reader));
	assert_bytes(json_read_hex(&reader), TEXT(""));
	assert_true(json_next_element(&reader));
	assert_bytes(json_read_base64(&reader, BASE64_STANDARD), BYTES(1));
	assert_true(json_next_element(&reader));
	assert_bytes(json_read_base64(&reader, BASE64_STANDARD), TEXT(""));
	assert_int_equal(json_reader_end(&reader), STATUS_INVALID);
}

static void
the_first_fault_stays_with_its_place_whatever_is_asked(void **state)
{
	struct json_reader reader = reader_over("{\"a\":1,\"b\":x   ,\"c\":2}");
	struct bytes name;

	(void)state;
	json_read_object(&reader);
	assert_true(json_next_member(&reader, &name));
	assert_int_equal(json_read_u64(&reader, 9), 1);
	assert_true(json_next_member(&reader, &name));
	assert_int_equal(json_read_u64(&reader, 9), 0);
	assert_int_equal(json_read_i64(&reader), 0);
	assert_false(json_read_bool(&reader));
	assert_int_equal(json_read_string(&reader).size, 0);
	assert_int_equal(json_read_base64(&reader, BASE64_URL).size, 0);
	assert_int_equal(json_read_hex(&reader).size, 0);
	assert_int_equal(json_skip(&reader).size, 0);
	assert_int_equal(json_peek(&reader), JSON_NONE);
	json_read_object(&reader);
	json_read_array(&reader);
	assert_false(json_next_member(&reader, &name));
	assert_false(json_next_element(&reader));
	json_reader_fail(&reader, STATUS_BUSY);
	assert_int_equal(json_reader_end(&reader), STATUS_MALFORMED);
	assert_int_equal(json_reader_at(&reader), 11);
}

static void
faults_are_placed_at_the_octet_name_or_value_at_fault(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} rows[] = {{"[1,]", 3}, {"[1 2]", 3}, {"{\"a\":1,}", 7}, {"{\"a\" 1}", 5},
		{"{\"a\":1 \"b\"", 7}, {"{\"a\":1, \"a\":2}", 8}, {"nulx", 3}, {"[\"\\x\"]", 2},
		{"[\"\\u12g4\"]", 6}, {"[\"\\ud800\\u0041\"]", 8}, {"[\"\\udc00\"]", 2}, {"1 2", 2},
		{"[-x]", 2}, {"[1.x]", 3}, {"[\"\xff\"]", 2}, {"[1", 2}, {"\"abc", 4},
		{"{1:2}", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_reader reader = reader_over(rows[i].text);

		json_skip(&reader);
		assert_int_not_equal(json_reader_end(&reader), STATUS_OK);
		if (json_reader_at(&reader) != rows[i].at) {
			fail_msg("%s: at %zu", rows[i].text, json_reader_at(&reader));
		}
	}
}

static void
a_callers_own_refusal_counts(void **state)
{
	struct json_reader reader = reader_over("1");

	(void)state;
	json_read_u64(&reader, 9);
	json_reader_fail(&reader, STATUS_EXISTS);
	json_reader_fail(&reader, STATUS_INVALID);
	assert_int_equal(json_reader_end(&reader), STATUS_EXISTS);
}

static void
a_text_left_half_read_is_not_whole(void **state)
{
	struct json_reader empty = reader_over(" ");
	struct json_reader unread;
	struct json_reader opened;

	(void)state;
	assert_int_equal(json_reader_end(&empty), STATUS_TRUNCATED);
	unread = reader_over("1");
	assert_int_equal(json_reader_end(&unread), STATUS_MALFORMED);
	opened = reader_over("[1]");
	json_read_array(&opened);
	assert_int_equal(json_reader_end(&opened), STATUS_MALFORMED);
}

/* `depth` arrays or objects, one within the other, around nothing. */
static enum status
depth_status(size_t depth, bool is_object)
{
	char text[512];
	struct text_writer writer = text_writer_over(text, sizeof(text));
	struct json_reader reader;

	for (size_t i = 0; i < depth; i++) {
		text_write_string(&writer, is_object ? i + 1 < depth ? "{\"a\":" : "{" : "[");
	}
	for (size_t i = 0; i < depth; i++) {
		text_write_char(&writer, is_object ? '}' : ']');
	}
	assert_int_equal(text_writer_end(&writer), STATUS_OK);
	arena_reset(arena);
	reader = json_reader_over(text_written(&writer), arena);
	json_skip(&reader);
	return json_reader_end(&reader);
}

static void
nesting_ends_exactly_at_its_limit(void **state)
{
	(void)state;
	for (int is_object = 0; is_object < 2; is_object++) {
		assert_int_equal(depth_status(JSON_DEPTH_MAX - 1, is_object), STATUS_OK);
		assert_int_equal(depth_status(JSON_DEPTH_MAX, is_object), STATUS_OK);
		assert_int_equal(depth_status(JSON_DEPTH_MAX + 1, is_object), STATUS_TOO_LARGE);
	}
}

static void
a_million_brackets_cost_no_stack_and_little_time(void **state)
{
	uint8_t *octets = malloc(JSON_TEXT_SIZE_MAX);
	struct json_reader reader;

	(void)state;
	memset(octets, '[', JSON_TEXT_SIZE_MAX);
	arena_reset(arena);
	reader = json_reader_over(bytes_over(octets, JSON_TEXT_SIZE_MAX), arena);
	json_skip(&reader);
	assert_int_equal(json_reader_end(&reader), STATUS_TOO_LARGE);
	assert_int_equal(json_reader_at(&reader), JSON_DEPTH_MAX);
	assert_true(arena_used(arena) < 4096);
	free(octets);
}

static void
a_text_ends_exactly_at_its_limit(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t size = JSON_TEXT_SIZE_MAX + more;
		uint8_t *octets = malloc(size);
		struct json_reader reader;

		memset(octets, 'a', size);
		octets[0] = '"';
		octets[size - 1] = '"';
		arena_reset(arena);
		reader = json_reader_over(bytes_over(octets, size), arena);
		assert_int_equal(json_read_string(&reader).size, more == 0 ? size - 2 : 0);
		assert_int_equal(
			json_reader_end(&reader), more == 0 ? STATUS_OK : STATUS_TOO_LARGE);
		free(octets);
	}
}

/* An object of `count` members "m0" to "mN", the last of which has the name `last` if given. */
static struct bytes
members_write(char *room, size_t capacity, size_t count, const char *last)
{
	struct text_writer writer = text_writer_over(room, capacity);

	text_write_char(&writer, '{');
	for (size_t i = 0; i < count; i++) {
		text_write_string(&writer, i == 0 ? "\"" : ",\"");
		if (i + 1 == count && last != NULL) {
			text_write_string(&writer, last);
		} else {
			text_write_char(&writer, 'm');
			text_write_u64(&writer, i);
		}
		text_write_string(&writer, "\":0");
	}
	text_write_char(&writer, '}');
	assert_int_equal(text_writer_end(&writer), STATUS_OK);
	return text_written(&writer);
}

static enum status
skip_status(struct bytes text)
{
	struct json_reader reader;

	arena_reset(arena);
	reader = json_reader_over(text, arena);
	json_skip(&reader);
	return json_reader_end(&reader);
}

static char room[1 << 20];

static void
members_end_exactly_at_their_limit(void **state)
{
	(void)state;
	for (size_t count = JSON_MEMBER_COUNT_MAX - 1; count <= JSON_MEMBER_COUNT_MAX + 1;
		count++) {
		assert_int_equal(skip_status(members_write(room, sizeof(room), count, NULL)),
			count > JSON_MEMBER_COUNT_MAX ? STATUS_TOO_LARGE : STATUS_OK);
	}
}

static void
a_duplicate_is_found_in_objects_of_every_size(void **state)
{
	static const size_t counts[] = {
		2, 3, 8, 15, 16, 17, 18, 19, 31, 32, 33, 34, 64, 65, 100, 4096};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		size_t count = counts[i];

		for (size_t same = 0; same + 1 < count; same += 1 + count / 50) {
			char name[16];

			snprintf(name, sizeof(name), "m%zu", same);
			assert_int_equal(
				skip_status(members_write(room, sizeof(room), count, name)),
				STATUS_MALFORMED);
			snprintf(name, sizeof(name), "m%zux", same);
			assert_int_equal(
				skip_status(members_write(room, sizeof(room), count, name)),
				STATUS_OK);
		}
		assert_int_equal(
			skip_status(members_write(room, sizeof(room), count, "")), STATUS_OK);
	}
}

static void
the_same_name_may_come_in_each_object_of_a_text(void **state)
{
	struct text_writer writer = text_writer_over(room, sizeof(room));

	(void)state;
	/* Names of an object that was closed are forgotten, those of the outer one are not. */
	text_write_string(&writer, "{\"list\":[");
	for (int i = 0; i < 100; i++) {
		char *at;

		text_write_string(&writer, i == 0 ? "" : ",");
		at = writer.next;
		writer.next += members_write(at, (size_t)(writer.end - at), 40, "list").size;
	}
	text_write_string(&writer, "],\"m1\":{\"m1\":1}");
	assert_int_equal(skip_status(text_written(&writer)), STATUS_TRUNCATED);
	text_write_string(&writer, "}");
	assert_int_equal(skip_status(text_written(&writer)), STATUS_OK);
	writer.next--;
	text_write_string(&writer, ",\"list\":2}");
	assert_int_equal(skip_status(text_written(&writer)), STATUS_MALFORMED);
}

/* Names chosen to make a hash collide or a tree deep cannot make reading slow: each walk is at
 * most as long as the name. Counted in names that are prefixes of each other, the worst case. */
static void
names_that_begin_alike_are_told_apart(void **state)
{
	struct text_writer writer = text_writer_over(room, sizeof(room));

	(void)state;
	text_write_char(&writer, '{');
	for (int size = 0; size < 1200; size++) {
		text_write_string(&writer, size == 0 ? "\"" : ",\"");
		for (int i = 0; i < size; i++) {
			text_write_char(&writer, 'a');
		}
		text_write_string(&writer, "\":0");
	}
	text_write_char(&writer, '}');
	assert_int_equal(text_writer_end(&writer), STATUS_OK);
	assert_int_equal(skip_status(text_written(&writer)), STATUS_OK);
	writer.next--;
	text_write_string(&writer, ",\"aaaaaaa\":1}");
	assert_int_equal(skip_status(text_written(&writer)), STATUS_MALFORMED);
}

/* A text of at most 1 MiB: front, as often as fits a middle, end. */
static struct bytes
repeated(const char *front, const char *middle, size_t count, const char *end)
{
	struct text_writer writer = text_writer_over(room, sizeof(room) - strlen(end));

	text_write_string(&writer, front);
	for (size_t i = 0; i < count && writer.status == STATUS_OK; i++) {
		struct text_writer before = writer;

		text_write_string(&writer, middle);
		if (writer.status != STATUS_OK) {
			writer = before;
			break;
		}
	}
	writer.end += strlen(end);
	text_write_string(&writer, end);
	return text_written(&writer);
}

struct bomb {
	const char *front, *middle;
	size_t count;
	const char *end;
	enum status status;
	size_t read_max; /* Octets looked at before it is refused: what it may cost in time. */
	size_t memory_max;
};

/* What is refused is refused where the fault is, and nothing takes more memory than its names. */
static void
bombs_cost_no_more_than_what_is_read_of_them(void **state)
{
	enum { ALL = 1 << 20, LITTLE = 2048 };
	static const struct bomb bombs[] = {
		{"", "[", ALL, "", STATUS_TOO_LARGE, 33, LITTLE},
		{"", "{\"a\":", ALL, "", STATUS_TOO_LARGE, 33 * 5, LITTLE},
		{"", "[{\"\":", ALL, "", STATUS_TOO_LARGE, 17 * 5, LITTLE},
		{"", " [\n", ALL, "", STATUS_TOO_LARGE, 34 * 3, LITTLE},
		{"[", "[],", ALL, "0]", STATUS_OK, ALL, LITTLE},
		{"[", "{},", ALL, "0]", STATUS_OK, ALL, LITTLE},
		{"[", "{\"a\":0},", ALL, "0]", STATUS_OK, ALL, LITTLE},
		{"[", "0,", ALL, "0]", STATUS_OK, ALL, LITTLE},
		{"[", "[0,", ALL, "", STATUS_TOO_LARGE, 33 * 3 + 1, LITTLE},
		{"", "9", ALL, "", STATUS_OK, ALL, 0},
		{"-0.", "0", ALL, "e-99999999999", STATUS_OK, ALL, 0},
		{"1e", "9", ALL, "", STATUS_OK, ALL, 0},
		{"\"", "a", ALL, "\"", STATUS_OK, ALL, 0},
		{"\"", "\\u0041", ALL, "\"", STATUS_OK, ALL, 0},
		{"\"", "\\ud83d\\ude00", ALL, "\"", STATUS_OK, ALL, 0},
		{"\"", "\\ud800", ALL, "\"", STATUS_MALFORMED, 16, 0},
		{"\"", "\\\"", ALL, "", STATUS_TRUNCATED, ALL, 0},
		{"\"", "\xf0\x9f\x98\x80", ALL, "\"", STATUS_OK, ALL, 0},
		{"\"", "\xff", ALL, "\"", STATUS_MALFORMED, 16, 0},
		{"", " ", ALL, "", STATUS_TRUNCATED, ALL, 0},
		{"", " ", ALL - 1, "1", STATUS_OK, ALL, 0},
		{"{\"a\":0", ",\"a\":0", ALL, "}", STATUS_MALFORMED, 16, LITTLE},
		{"{\"a\":{", "\"a\":{", ALL, "", STATUS_TOO_LARGE, 34 * 5, LITTLE},
		{"{\"", "n", ALL, "\":0}", STATUS_OK, ALL, LITTLE},
		{"{\"", "\\u006e", ALL, "\":0}", STATUS_NO_MEMORY, ALL, LITTLE},
		{"", "]", ALL, "", STATUS_MALFORMED, 1, 0},
		{"", ",", ALL, "", STATUS_MALFORMED, 1, 0},
		{"[", "-", ALL, "", STATUS_MALFORMED, 3, LITTLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
		const struct bomb *bomb = &bombs[i];
		struct bytes text = repeated(bomb->front, bomb->middle, bomb->count, bomb->end);
		struct json_reader reader;
		enum status status;

		arena_reset(arena);
		reader = json_reader_over(text, arena);
		json_skip(&reader);
		status = json_reader_end(&reader);
		if (status != bomb->status || json_reader_at(&reader) > bomb->read_max ||
			arena_used(arena) > bomb->memory_max) {
			fail_msg("bomb %zu of %zu octets: %s at %zu, %zu octets of memory", i,
				text.size, status_name(status), json_reader_at(&reader),
				arena_used(arena));
		}
	}
}

/* 30 objects in each other, each with so many members: 24 octets of memory for each, up to four times
 * that where the room for them has just doubled, and never more than a request has. */
static void
names_of_open_objects_take_what_they_are_counted(void **state)
{
	enum { OBJECT_COUNT = 30, MEMBER_MEMORY = 96, LITTLE = 4096 };

	(void)state;
	for (size_t count = 500; count <= 2000; count += 1500) {
		struct text_writer writer = text_writer_over(room, sizeof(room));
		struct json_reader reader;

		for (int i = 0; i < OBJECT_COUNT; i++) {
			writer.next += members_write(writer.next,
					       (size_t)(writer.end - writer.next), count, "deep")
					       .size -
				1;
			text_write_string(&writer, ",\"deeper\":");
		}
		text_write_char(&writer, '0');
		for (int i = 0; i < OBJECT_COUNT; i++) {
			text_write_char(&writer, '}');
		}
		assert_int_equal(text_writer_end(&writer), STATUS_OK);
		arena_reset(arena);
		reader = json_reader_over(text_written(&writer), arena);
		json_skip(&reader);
		assert_int_equal(
			json_reader_end(&reader), count == 500 ? STATUS_OK : STATUS_NO_MEMORY);
		assert_in_range(arena_used(arena), 0, REQUEST_MEMORY_MAX);
		assert_true(count > 500 ||
			arena_used(arena) < OBJECT_COUNT * (count + 2) * MEMBER_MEMORY + LITTLE);
	}
}

static void
a_full_arena_is_no_memory_for_every_limit_below_what_is_needed(void **state)
{
	const char *text = "{\"a\\n\":[\"\\u0041bc\"],\"b\":{\"c\":\"AQID\"}}";
	bool is_enough = false;

	(void)state;
	for (size_t limit = 16; !is_enough; limit += 16) {
		struct arena *small = arena_new(64, limit);
		struct json_reader reader = json_reader_over(bytes_from_string(text), small);
		struct bytes name;
		enum status status;

		json_read_object(&reader);
		if (json_next_member(&reader, &name)) {
			json_read_array(&reader);
			while (json_next_element(&reader)) {
				json_read_string(&reader);
			}
		}
		if (json_next_member(&reader, &name)) {
			json_read_object(&reader);
			while (json_next_member(&reader, &name)) {
				json_read_base64(&reader, BASE64_STANDARD);
			}
			assert_false(json_next_member(&reader, &name));
		}
		status = json_reader_end(&reader);
		is_enough = status == STATUS_OK;
		assert_true(is_enough || status == STATUS_NO_MEMORY);
		assert_true(limit < 8192);
		arena_free(small);
	}
}

static int
arena_open(void **state)
{
	(void)state;
	arena = arena_new(16384, REQUEST_MEMORY_MAX);
	return arena == NULL;
}

static int
arena_close(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_read_without_copying_its_strings),
		cmocka_unit_test(what_comes_next_is_told_without_reading_it),
		cmocka_unit_test(escapes_are_undone),
		cmocka_unit_test(quotes_escapes_and_controls_are_seen_at_every_offset),
		cmocka_unit_test(octets_beyond_ascii_hide_no_quote_and_no_fault),
		cmocka_unit_test(numbers_are_whole_and_in_range_or_refused),
		cmocka_unit_test(signed_numbers_reach_both_ends_of_their_type),
		cmocka_unit_test(good_json_of_another_kind_is_invalid_at_its_first_octet),
		cmocka_unit_test(coded_strings_are_decoded_into_the_arena),
		cmocka_unit_test(the_first_fault_stays_with_its_place_whatever_is_asked),
		cmocka_unit_test(faults_are_placed_at_the_octet_name_or_value_at_fault),
		cmocka_unit_test(a_callers_own_refusal_counts),
		cmocka_unit_test(a_text_left_half_read_is_not_whole),
		cmocka_unit_test(nesting_ends_exactly_at_its_limit),
		cmocka_unit_test(a_million_brackets_cost_no_stack_and_little_time),
		cmocka_unit_test(a_text_ends_exactly_at_its_limit),
		cmocka_unit_test(members_end_exactly_at_their_limit),
		cmocka_unit_test(a_duplicate_is_found_in_objects_of_every_size),
		cmocka_unit_test(the_same_name_may_come_in_each_object_of_a_text),
		cmocka_unit_test(names_that_begin_alike_are_told_apart),
		cmocka_unit_test(bombs_cost_no_more_than_what_is_read_of_them),
		cmocka_unit_test(names_of_open_objects_take_what_they_are_counted),
		cmocka_unit_test(a_full_arena_is_no_memory_for_every_limit_below_what_is_needed),
	};

	return cmocka_run_group_tests(tests, arena_open, arena_close);
}
