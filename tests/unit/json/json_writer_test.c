/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_writer.h"

#include "base/limits.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "support/json_rewrite.h"
#include "unit/json/json_corpus.h"

static char room[1 << 16];

static void
assert_written(const struct json_writer *writer, const char *wanted)
{
	assert_int_equal(json_writer_end(writer), STATUS_OK);
	if (!bytes_equal(json_written(writer), bytes_from_string(wanted))) {
		fail_msg("%.*s", (int)json_written(writer).size,
			(const char *)json_written(writer).at);
	}
}

/* Some of everything. */
static void
everything_write(struct json_writer *writer)
{
	json_write_object(writer);
	json_write_name(writer, "handle");
	json_write_string(writer, TEXT("88.100.1/\"x\"\n\u4e2d"));
	json_write_name_bytes(writer, TEXT("values"));
	json_write_array(writer);
	json_write_u64(writer, UINT64_MAX);
	json_write_i64(writer, INT64_MIN);
	json_write_bool(writer, true);
	json_write_bool(writer, false);
	json_write_null(writer);
	json_write_object(writer);
	json_write_object_end(writer);
	json_write_array(writer);
	json_write_array_end(writer);
	json_write_base64(writer, BYTES(0xfb, 0xff, 1, 2));
	json_write_base64url(writer, BYTES(0xfb, 0xff, 1, 2));
	json_write_hex(writer, BYTES(0, 0xab));
	json_write_raw(writer, TEXT("[1.5]"));
	json_write_array_end(writer);
	json_write_name(writer, "last");
	json_write_object(writer);
	json_write_name(writer, "a");
	json_write_u64(writer, 0);
	json_write_object_end(writer);
	json_write_object_end(writer);
}

static const char compact[] = "{\"handle\":\"88.100.1/\\\"x\\\"\\n\u4e2d\",\"values\":["
			      "18446744073709551615,-9223372036854775808,true,false,null,{},[],"
			      "\"+/8BAg==\",\"-_8BAg\",\"00ab\",[1.5]],\"last\":{\"a\":0}}";

static const char pretty[] = "{\n  \"handle\": \"88.100.1/\\\"x\\\"\\n\u4e2d\",\n  \"values\": [\n"
			     "    18446744073709551615,\n    -9223372036854775808,\n    true,\n"
			     "    false,\n    null,\n    {},\n    [],\n    \"+/8BAg==\",\n"
			     "    \"-_8BAg\",\n    \"00ab\",\n    [1.5]\n  ],\n  \"last\": {\n"
			     "    \"a\": 0\n  }\n}";

static void
commas_and_colons_come_by_themselves(void **state)
{
	struct json_writer writer = json_writer_over(room, sizeof(room));

	(void)state;
	everything_write(&writer);
	assert_written(&writer, compact);
}

static void
pretty_text_is_indented_by_two(void **state)
{
	struct json_writer writer = json_writer_over(room, sizeof(room));

	(void)state;
	writer.is_pretty = true;
	everything_write(&writer);
	assert_written(&writer, pretty);
}

static void
every_smaller_buffer_holds_a_beginning_and_is_not_overrun(void **state)
{
	(void)state;
	for (int is_pretty = 0; is_pretty < 2; is_pretty++) {
		struct bytes whole = bytes_from_string(is_pretty ? pretty : compact);

		for (size_t capacity = 0; capacity <= whole.size; capacity++) {
			char *exact = malloc(capacity);
			struct json_writer writer = json_writer_over(exact, capacity);

			writer.is_pretty = is_pretty;
			everything_write(&writer);
			assert_int_equal(json_writer_end(&writer),
				capacity == whole.size ? STATUS_OK : STATUS_NO_SPACE);
			assert_true(bytes_start_with(whole, json_written(&writer)));
			free(exact);
		}
	}
}

static void
a_scalar_may_stand_alone(void **state)
{
	struct json_writer writer = json_writer_over(room, sizeof(room));

	(void)state;
	json_write_string(&writer, (struct bytes){NULL, 0});
	assert_written(&writer, "\"\"");
}

static void
every_octet_is_written_so_that_it_is_read_back(void **state)
{
	struct arena *arena = arena_new(4096, REQUEST_MEMORY_MAX);

	(void)state;
	/* In front of, within and behind a run that is written eight octets at a time. */
	for (unsigned octet = 1; octet < 128; octet++) {
		for (size_t at = 0; at < 20; at++) {
			uint8_t octets[20];
			struct bytes text = bytes_over(octets, sizeof(octets));
			struct json_writer writer = json_writer_over(room, sizeof(room));
			struct json_reader reader;

			memset(octets, 'a', sizeof(octets));
			octets[at] = (uint8_t)octet;
			json_write_string(&writer, text);
			assert_int_equal(json_writer_end(&writer), STATUS_OK);
			arena_reset(arena);
			reader = json_reader_over(json_written(&writer), arena);
			assert_true(bytes_equal(json_read_string(&reader), text));
			assert_int_equal(json_reader_end(&reader), STATUS_OK);
		}
	}
	arena_free(arena);
}

static void
controls_have_their_short_escape_or_four_digits(void **state)
{
	struct json_writer writer = json_writer_over(room, sizeof(room));

	(void)state;
	json_write_string(&writer, TEXT("\0\x01\a\b\t\n\v\f\r\x0e\x1f\x7f\"\\/"));
	assert_written(&writer,
		"\"\\u0000\\u0001\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f\x7f\\\"\\\\/\"");
}

static void
octets_that_are_not_utf8_become_a_replacement_each(void **state)
{
	struct json_writer writer = json_writer_over(room, sizeof(room));

	(void)state;
	json_write_string(&writer, TEXT("a\xff\xc3(\xe4\xb8\"\xed\xa0\x80\u4e2d"));
	assert_written(&writer, "\"a\ufffd\ufffd(\ufffd\ufffd\\\"\ufffd\ufffd\ufffd\u4e2d\"");
}

static void
rewinding_takes_back_a_whole_member(void **state)
{
	char small[32];
	struct json_writer writer = json_writer_over(small, sizeof(small));
	struct json_writer before;

	(void)state;
	json_write_object(&writer);
	json_write_name(&writer, "a");
	json_write_array(&writer);
	before = writer;
	json_write_u64(&writer, 1);
	json_write_object(&writer);
	json_write_name(&writer, "long");
	json_write_string(&writer, TEXT("does not fit into what is left"));
	json_write_object_end(&writer);
	assert_false(json_writer_ok(&writer));
	json_writer_rewind(&writer, &before);
	assert_true(json_writer_ok(&writer));
	json_write_u64(&writer, 2);
	json_write_u64(&writer, 3);
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	assert_written(&writer, "{\"a\":[2,3]}");
}

static void
rewinding_forgives_no_fault_but_lack_of_space(void **state)
{
	struct json_writer writer = json_writer_over(room, sizeof(room));
	struct json_writer before = writer;

	(void)state;
	json_writer_fail(&writer, STATUS_INVALID);
	json_writer_fail(&writer, STATUS_NO_SPACE);
	json_writer_rewind(&writer, &before);
	assert_int_equal(json_writer_end(&writer), STATUS_INVALID);
}

static void
nesting_ends_exactly_at_its_limit(void **state)
{
	(void)state;
	for (uint32_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		struct json_writer writer = json_writer_over(room, sizeof(room));

		for (uint32_t i = 0; i < depth; i++) {
			json_write_array(&writer);
		}
		for (uint32_t i = 0; i < depth; i++) {
			json_write_array_end(&writer);
		}
		assert_int_equal(json_writer_end(&writer),
			depth > JSON_DEPTH_MAX ? STATUS_TOO_LARGE : STATUS_OK);
	}
}

/* What is written compact or pretty from any good text reads as the same text again. */
static void
rewriting_is_settled_after_the_first_time(void **state)
{
	static const char *const texts[] = {
#define X(text) text,
		JSON_GOOD_TEXTS(X)
#undef X
	};
	static char rooms[3][4096];
	struct arena *arena = arena_new(4096, REQUEST_MEMORY_MAX);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct json_writer writers[3];
		struct bytes text = bytes_from_string(texts[i]);

		for (size_t round = 0; round < 3; round++) {
			arena_reset(arena);
			writers[round] = json_writer_over(rooms[round], sizeof(rooms[round]));
			writers[round].is_pretty = round == 1;
			assert_int_equal(json_rewrite(text, arena, &writers[round]), STATUS_OK);
			assert_int_equal(json_writer_end(&writers[round]), STATUS_OK);
			text = json_written(&writers[round]);
		}
		assert_true(bytes_equal(text, json_written(&writers[0])));
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_and_colons_come_by_themselves),
		cmocka_unit_test(pretty_text_is_indented_by_two),
		cmocka_unit_test(every_smaller_buffer_holds_a_beginning_and_is_not_overrun),
		cmocka_unit_test(a_scalar_may_stand_alone),
		cmocka_unit_test(every_octet_is_written_so_that_it_is_read_back),
		cmocka_unit_test(controls_have_their_short_escape_or_four_digits),
		cmocka_unit_test(octets_that_are_not_utf8_become_a_replacement_each),
		cmocka_unit_test(rewinding_takes_back_a_whole_member),
		cmocka_unit_test(rewinding_forgives_no_fault_but_lack_of_space),
		cmocka_unit_test(nesting_ends_exactly_at_its_limit),
		cmocka_unit_test(rewriting_is_settled_after_the_first_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
