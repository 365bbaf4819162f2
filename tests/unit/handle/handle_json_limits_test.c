/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "support/cmocka_all.h"

#include <stdlib.h>

/* Every limit of a record, in its JSON form, at n - 1, n and n + 1. */
enum { ROOM = 1 << 21, ARENA_BLOCK_SIZE = 1 << 16, ARENA_LIMIT = 1 << 24 };

static char room[ROOM];

/* `part` `count` times between `before` and `after`; commas between unless it is one letter. */
static struct bytes
repeated(const char *before, const char *part, size_t count, const char *after)
{
	struct text_writer writer = text_writer_over(room, sizeof(room));

	text_write_string(&writer, before);
	for (size_t i = 0; i < count; i++) {
		text_write_string(&writer, i > 0 && part[1] != 0 ? "," : "");
		text_write_string(&writer, part);
	}
	text_write_string(&writer, after);
	assert_int_equal(text_writer_end(&writer), STATUS_OK);
	return text_written(&writer);
}

static enum status
record_read(struct bytes text)
{
	struct arena *arena = arena_new(ARENA_BLOCK_SIZE, ARENA_LIMIT);
	struct json_reader reader = json_reader_over(text, arena);
	struct handle_value_list list;
	struct bytes name;
	enum status status = handle_record_read_json(&reader, &name, &list, NULL);

	if (status == STATUS_OK) {
		struct wire_reader walk = handle_value_list_walk(&list);
		struct handle_value value;

		/* What JSON lets in, the decoders of its octets must let in too. */
		while (handle_value_next(&walk, &value)) {
			struct handle_site site;

			if (bytes_equal(value.type, TEXT("HS_SITE"))) {
				assert_int_equal(handle_site_decode(value.data, &site), STATUS_OK);
			}
		}
		assert_int_equal(wire_reader_end(&walk), STATUS_OK);
		assert_true(list.octets.size <= RECORD_SIZE_MAX);
	}
	arena_free(arena);
	return status;
}

static void
assert_limit(size_t limit, const char *before, const char *part, const char *after)
{
	assert_int_equal(record_read(repeated(before, part, limit - 1, after)), STATUS_OK);
	assert_int_equal(record_read(repeated(before, part, limit, after)), STATUS_OK);
	assert_int_equal(record_read(repeated(before, part, limit + 1, after)), STATUS_TOO_LARGE);
}

#define RECORD	"{\"handle\":\"a/b\",\"values\":["
#define VALUE	"{\"index\":1,\"type\":\"T\",\"data\":\"\"}"
#define SITE	RECORD "{\"index\":1,\"type\":\"HS_SITE\",\"data\":{\"format\":\"site\",\"value\":{"
#define SERVER	"{\"address\":\"::1\"}"
#define ALL_END "}}}]}"

static void
handles_keep_their_limit(void **state)
{
	(void)state;
	assert_limit(HANDLE_NAME_SIZE_MAX, "{\"handle\":\"", "h", "\",\"values\":[]}");
}

static void
types_and_data_keep_their_limits(void **state)
{
	(void)state;
	assert_limit(HANDLE_TYPE_SIZE_MAX, RECORD "{\"index\":1,\"type\":\"", "t",
		"\",\"data\":\"\"}]}");
	assert_limit(HANDLE_VALUE_DATA_SIZE_MAX, RECORD "{\"index\":1,\"type\":\"T\",\"data\":\"",
		"d", "\"}]}");
}

static void
counts_of_values_and_references_keep_their_limits(void **state)
{
	(void)state;
	assert_limit(HANDLE_VALUE_COUNT_MAX, RECORD, VALUE, "]}");
	assert_limit(HANDLE_REFERENCE_COUNT_MAX,
		RECORD "{\"index\":1,\"type\":\"T\",\"data\":\"\",\"references\":[",
		"{\"handle\":\"a\",\"index\":1}", "]}]}");
	assert_limit(GROUP_MEMBER_COUNT_MAX,
		RECORD
		"{\"index\":1,\"type\":\"HS_VLIST\",\"data\":{\"format\":\"vlist\",\"value\":[",
		"{\"handle\":\"\",\"index\":1}", "]}}]}");
	assert_limit(HANDLE_NAME_SIZE_MAX,
		RECORD "{\"index\":1,\"type\":\"T\",\"data\":\"\",\"references\":[{\"index\":1,"
		       "\"handle\":\"",
		"h", "\"}]}]}");
}

static void
sites_keep_their_limits(void **state)
{
	(void)state;
	assert_limit(SITE_SERVER_COUNT_MAX, SITE "\"servers\":[", SERVER, "]" ALL_END);
	assert_limit(SITE_INTERFACE_COUNT_MAX,
		SITE "\"servers\":[{\"address\":\"::1\",\"interfaces\":[",
		"{\"protocol\":\"TCP\",\"port\":1}", "]}]" ALL_END);
	assert_limit(SITE_ATTRIBUTE_COUNT_MAX, SITE "\"attributes\":[",
		"{\"name\":\"n\",\"value\":\"v\"}", "]" ALL_END);
	assert_limit(KEY_SIZE_MAX,
		SITE "\"servers\":[{\"address\":\"::1\",\"publicKey\":{\"format\":\"string\","
		     "\"value\":\"",
		"k", "\"}}]" ALL_END);
}

static void
keys_keep_their_limit(void **state)
{
	/* 27 octets besides n: the name, flags, lengths, e and the tail, and n has no zero in
	 * front. Four digits of base64 are three octets. */
	const size_t besides = 4 + 11 + 2 + 4 + 1 + 4 + 4;
	const char *before =
		RECORD "{\"index\":1,\"type\":\"T\",\"data\":{\"format\":\"key\",\"value\":{"
		       "\"kty\":\"RSA\",\"e\":\"AQ\",\"n\":\"";
	size_t digits = (KEY_SIZE_MAX - besides) / 3 * 4;
	(void)state;

	assert_int_equal(record_read(repeated(before, "B", digits, "\"}}}]}")), STATUS_OK);
	assert_int_equal(
		record_read(repeated(before, "B", digits + 4, "\"}}}]}")), STATUS_TOO_LARGE);
}

static void
records_keep_their_limit(void **state)
{
	/* Two values of 26 octets and a letter of type each; the first data fill their limit. */
	size_t rest =
		RECORD_SIZE_MAX - HANDLE_VALUE_DATA_SIZE_MAX - 2 * (HANDLE_VALUE_SIZE_MIN + 1);
	struct bytes text = repeated(RECORD "{\"index\":1,\"type\":\"T\",\"data\":\"", "d",
		HANDLE_VALUE_DATA_SIZE_MAX, "\"},{\"index\":2,\"type\":\"T\",\"data\":\"");
	char *before = strndup((const char *)text.at, text.size);
	(void)state;

	assert_limit(rest, before, "d", "\"}]}");
	free(before);
}

static void
a_text_that_grows_when_encoded_finds_its_room(void **state)
{
	/* 17 characters for 28 octets: the room guessed from the text is too small. */
	(void)state;
	assert_int_equal(
		record_read(repeated(SITE "\"servers\":[", SERVER, 200, "]" ALL_END)), STATUS_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handles_keep_their_limit),
		cmocka_unit_test(types_and_data_keep_their_limits),
		cmocka_unit_test(counts_of_values_and_references_keep_their_limits),
		cmocka_unit_test(sites_keep_their_limits),
		cmocka_unit_test(keys_keep_their_limit),
		cmocka_unit_test(records_keep_their_limit),
		cmocka_unit_test(a_text_that_grows_when_encoded_finds_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
