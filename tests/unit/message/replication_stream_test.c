/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_key.h"
#include "message/replication_state.h"
#include "message/replication_stream.h"
#include "message/request.h"
#include "vectors/vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t room[1 << 20];

static void
assert_run(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	assert_memory_equal(found.at, expected.at, expected.size);
}

/* What stands behind the answer of a capture. */
static struct bytes
captured_stream(const char *name)
{
	struct vector vector = vector_named(name);
	struct bytes octets = vector_octets(&vector, "responseHex");
	struct wire_reader reader = wire_reader_over(octets);
	struct envelope envelope;

	envelope_read(&reader, &envelope);
	assert_true(wire_reader_ok(&reader));
	return bytes_slice(octets, ENVELOPE_SIZE + envelope.message_size, SIZE_MAX);
}

static struct crypto_key *
server_key(void)
{
	struct handle_key handle_key;
	struct crypto_key *key;

	assert_int_equal(
		handle_key_decode(vector_key("server_rsa2048.pub.bin"), &handle_key), STATUS_OK);
	assert_int_equal(handle_key_to_crypto(&handle_key, &key), STATUS_OK);
	return key;
}

struct census {
	size_t kinds[REPLICATION_BLOCK_DUMP_END + 1];
	size_t actions[REPLICATION_DELETE_ALL + 1];
	size_t values;
	uint64_t last_id;
	struct replication_block last;
};

static void
count_block(struct census *census, const struct replication_block *block)
{
	struct wire_reader walk = wire_reader_over(block->values.octets);
	struct bytes value;

	census->kinds[block->kind]++;
	while (replication_value_next(&walk, &value)) {
		census->values++;
	}
	if (block->kind == REPLICATION_BLOCK_TRANSACTION) {
		census->actions[block->action]++;
		assert_true(block->id > census->last_id);
		census->last_id = block->id;
	}
	census->last = *block;
}

/* Block by block: verified with the server's key, written back, cut at each octet. */
static void
walk_stream(enum replication_stream stream, struct bytes octets, struct census *census)
{
	struct replication_decoder decoder = replication_decoder_new(stream);
	struct crypto_key *key = server_key();
	struct replication_block block;

	memset(census, 0, sizeof(*census));
	while (!decoder.is_ended) {
		struct wire_writer writer = wire_writer_over(room, sizeof(room));
		struct replication_decoder again = decoder;
		struct bytes first = octets;

		assert_int_equal(replication_decode(&decoder, octets, &block), STATUS_OK);
		for (size_t size = 0; size < block.size; size += 1 + size / 8) {
			struct replication_block none;

			assert_int_equal(
				replication_decode(&again, bytes_slice(octets, 0, size), &none),
				STATUS_TRUNCATED);
		}
		replication_block_write(&writer, stream, &block, NULL);
		assert_int_equal(wire_writer_end(&writer), STATUS_OK);
		assert_run(wire_written(&writer), block.octets);
		assert_run(bytes_slice(first, 0, block.octets.size), block.octets);
		if (block.signature.size > 0) {
			assert_int_equal(
				crypto_verify(key, CRYPTO_SHA1, &block.octets, 1, block.signature),
				STATUS_OK);
		}
		count_block(census, &block);
		octets = bytes_slice(octets, block.size, SIZE_MAX);
	}
	assert_int_equal(octets.size, 0);
	crypto_key_free(key);
}

static void
transactions_of_a_capture_are_read_verified_and_written_back(void **state)
{
	struct census census;

	(void)state;
	walk_stream(REPLICATION_TRANSACTIONS,
		captured_stream("repl-retrieve-txn-2.7-from-0-2-answer"), &census);
	assert_int_equal(census.kinds[REPLICATION_BLOCK_PROTECTION], 1);
	assert_int_equal(census.kinds[REPLICATION_BLOCK_HEAD], 1);
	assert_int_equal(census.kinds[REPLICATION_BLOCK_TRANSACTION], 14);
	assert_int_equal(census.kinds[REPLICATION_BLOCK_END], 1);
	assert_int_equal(census.actions[REPLICATION_CREATE], 5);
	assert_int_equal(census.actions[REPLICATION_UPDATE], 6);
	assert_int_equal(census.actions[REPLICATION_DELETE], 1);
	assert_int_equal(census.actions[REPLICATION_HOME], 1);
	assert_int_equal(census.actions[REPLICATION_UNHOME], 1);
	assert_int_equal(census.values, 22);
	assert_int_equal(census.last_id, 15);
	assert_int_equal(census.last.date, 1795463617063);
}

static void
a_capture_that_asks_for_a_dump_is_understood(void **state)
{
	struct census census;

	(void)state;
	walk_stream(REPLICATION_TRANSACTIONS,
		captured_stream("repl-retrieve-txn-2.7-recent-2-answer"), &census);
	assert_int_equal(census.kinds[REPLICATION_BLOCK_TRANSACTION], 0);
	assert_int_equal(census.last.kind, REPLICATION_BLOCK_END);
	assert_int_equal(census.last.date, 1795463616077);
}

static void
a_captured_dump_is_read_verified_and_written_back(void **state)
{
	struct census census;

	(void)state;
	walk_stream(REPLICATION_DUMP,
		captured_stream("repl-dump-handles-2.7-slice-7-of-40-2-answer"), &census);
	assert_int_equal(census.kinds[REPLICATION_BLOCK_POSITION], 1);
	assert_int_equal(
		census.kinds[REPLICATION_BLOCK_RECORD] + census.kinds[REPLICATION_BLOCK_PREFIX],
		64);
	assert_true(census.kinds[REPLICATION_BLOCK_PREFIX] >= 2);
	assert_int_equal(census.kinds[REPLICATION_BLOCK_DUMP_END], 1);
}

static void
tls_begins_behind_its_marker(void **state)
{
	struct bytes octets =
		captured_stream("repl-retrieve-txn-2.11-2-answer-before-tls-handshake");
	struct replication_decoder decoder = replication_decoder_new(REPLICATION_TRANSACTIONS);
	struct replication_block block;

	(void)state;
	assert_int_equal(replication_decode(&decoder, octets, &block), STATUS_OK);
	assert_int_equal(block.protection, REPLICATION_TLS);
	assert_int_equal(block.size, octets.size);
	assert_false(decoder.is_signed);
	assert_int_equal(
		replication_decode(&decoder, BYTES(0, 0, 0, 2, 0, 0, 0, 2), &block), STATUS_OK);
	assert_int_equal(block.format, REPLICATION_FORMAT_ALL_SOURCES);
	assert_int_equal(block.status, REPLICATION_SENDING);
}

/* A decoder that has already read `protection` plain and the head. */
static struct replication_decoder
decoder_at_records(enum replication_stream stream, uint32_t format)
{
	struct replication_decoder decoder = replication_decoder_new(stream);

	decoder.step = REPLICATION_AT_RECORDS;
	decoder.format = format;
	return decoder;
}

static const struct replication_block every_block[] = {
	{.kind = REPLICATION_BLOCK_HANDLE_DATE,
		.name = {(const uint8_t *)"1/a", 3},
		.date = 7,
		.priority = 9},
	{.kind = REPLICATION_BLOCK_PREFIX_DATE, .name = {(const uint8_t *)"0.NA/1", 6}, .date = 8},
	{.kind = REPLICATION_BLOCK_SOURCES, .name = {(const uint8_t *)"<x>", 3}},
	{.kind = REPLICATION_BLOCK_POSITION, .date = 1, .id = 2},
	{.kind = REPLICATION_BLOCK_RECORD, .name = {(const uint8_t *)"1/b", 3}},
	{.kind = REPLICATION_BLOCK_PREFIX, .name = {(const uint8_t *)"0.NA/1", 6}},
	{.kind = REPLICATION_BLOCK_DUMP_END},
};

static void
every_kind_of_block_of_a_dump_comes_back(void **state)
{
	struct replication_decoder decoder =
		decoder_at_records(REPLICATION_DUMP, REPLICATION_FORMAT_DUMP);

	(void)state;
	for (size_t i = 0; i < sizeof(every_block) / sizeof(every_block[0]); i++) {
		struct wire_writer writer = wire_writer_over(room, sizeof(room));
		struct replication_block block;

		replication_block_write(&writer, REPLICATION_DUMP, &every_block[i], NULL);
		assert_int_equal(
			replication_decode(&decoder, wire_written(&writer), &block), STATUS_OK);
		assert_int_equal(block.kind, every_block[i].kind);
		assert_run(block.name, every_block[i].name);
		assert_int_equal(block.date, every_block[i].date);
		assert_int_equal(block.id, every_block[i].id);
		assert_int_equal(block.priority, every_block[i].priority);
		assert_int_equal(decoder.is_ended, block.kind == REPLICATION_BLOCK_DUMP_END);
	}
}

static void
queues_are_named_and_ended_in_the_format_of_all_sources(void **state)
{
	struct replication_decoder decoder =
		decoder_at_records(REPLICATION_TRANSACTIONS, REPLICATION_FORMAT_ALL_SOURCES);
	struct replication_block block;

	(void)state;
	assert_int_equal(
		replication_decode(&decoder, BYTES(2, 0, 0, 0, 2, 'q', '1'), &block), STATUS_OK);
	assert_int_equal(block.kind, REPLICATION_BLOCK_QUEUE);
	assert_run(block.name, TEXT("q1"));
	assert_int_equal(
		replication_decode(&decoder, BYTES(3, 0, 0, 0, 0, 0, 0, 0, 5), &block), STATUS_OK);
	assert_int_equal(block.kind, REPLICATION_BLOCK_QUEUE_END);
	assert_int_equal(block.date, 5);
	assert_false(decoder.is_ended);
	assert_int_equal(replication_decode(&decoder, BYTES(0), &block), STATUS_OK);
	assert_int_equal(block.kind, REPLICATION_BLOCK_END);
	assert_int_equal(block.size, 1);
	assert_true(decoder.is_ended);
}

static void
a_dump_of_the_old_format_ends_with_the_position(void **state)
{
	struct replication_decoder decoder =
		decoder_at_records(REPLICATION_DUMP, REPLICATION_FORMAT_DUMP_OLD);
	struct replication_block block;
	uint8_t octets[17] = {0};

	(void)state;
	assert_int_equal(replication_decode(&decoder, bytes_over(octets, sizeof(octets)), &block),
		STATUS_OK);
	assert_int_equal(block.kind, REPLICATION_BLOCK_POSITION);
	assert_true(decoder.is_ended);
}

static void
what_no_octets_can_mend_is_refused(void **state)
{
	static const struct {
		enum replication_stream stream;
		enum replication_step step;
		struct bytes octets;
		enum status status;
	} cases[] = {
		{REPLICATION_DUMP, REPLICATION_AT_PROTECTION, {(const uint8_t *)"\0\0\0\1", 4},
			STATUS_UNSUPPORTED},
		{REPLICATION_DUMP, REPLICATION_AT_HEAD, {(const uint8_t *)"\0\0\0\3", 4},
			STATUS_UNSUPPORTED},
		{REPLICATION_TRANSACTIONS, REPLICATION_AT_HEAD,
			{(const uint8_t *)"\0\0\0\1\0\0\0\3", 8}, STATUS_UNSUPPORTED},
		{REPLICATION_DUMP, REPLICATION_AT_RECORDS, {(const uint8_t *)"\6", 1},
			STATUS_MALFORMED},
		{REPLICATION_TRANSACTIONS, REPLICATION_AT_RECORDS, {(const uint8_t *)"\4", 1},
			STATUS_MALFORMED},
		{REPLICATION_TRANSACTIONS, REPLICATION_AT_RECORDS,
			{(const uint8_t *)"\1\0\0\0\0\0\0\0\1\0\0\0\1x\7", 15}, STATUS_UNSUPPORTED},
		{REPLICATION_DUMP, REPLICATION_AT_RECORDS,
			{(const uint8_t *)"\1\0\0\0\1x\0\0\x08\1", 10}, STATUS_TOO_LARGE},
		{REPLICATION_DUMP, REPLICATION_AT_RECORDS,
			{(const uint8_t *)"\1\0\0\0\1x\0\0\0\1\0\0\0\1?", 15}, STATUS_MALFORMED},
		{REPLICATION_DUMP, REPLICATION_AT_RECORDS, {(const uint8_t *)"\1\0\0\x08\1", 5},
			STATUS_TOO_LARGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct replication_decoder decoder = decoder_at_records(cases[i].stream, 1);
		struct replication_block block;

		decoder.step = cases[i].step;
		assert_int_equal(
			replication_decode(&decoder, cases[i].octets, &block), cases[i].status);
	}
}

/* A block of a dump with a name or a signature of so many octets. */
static enum status
decode_sized(enum replication_block_kind kind, size_t name_size, size_t signature_size)
{
	static const uint8_t octets[REPLICATION_TEXT_SIZE_MAX + 1];
	struct replication_decoder decoder = decoder_at_records(REPLICATION_DUMP, 2);
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct replication_block block = {.kind = kind, .name = bytes_over(octets, name_size)};

	decoder.is_signed = signature_size > 0;
	replication_block_write(&writer, REPLICATION_DUMP, &block, NULL);
	if (decoder.is_signed) {
		wire_write_blob(&writer, bytes_over(octets, signature_size));
	}
	return replication_decode(&decoder, wire_written(&writer), &block);
}

static void
texts_names_and_signatures_end_at_their_limits(void **state)
{
	static const struct {
		enum replication_block_kind kind;
		size_t name_size_max;
	} rows[] = {
		{REPLICATION_BLOCK_SOURCES, REPLICATION_TEXT_SIZE_MAX},
		{REPLICATION_BLOCK_RECORD, HANDLE_NAME_SIZE_MAX},
		{REPLICATION_BLOCK_PREFIX, HANDLE_NAME_SIZE_MAX},
		{REPLICATION_BLOCK_HANDLE_DATE, HANDLE_NAME_SIZE_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t most = rows[i].name_size_max;

		assert_int_equal(decode_sized(rows[i].kind, most - 1, 0), STATUS_OK);
		assert_int_equal(decode_sized(rows[i].kind, most, 0), STATUS_OK);
		assert_int_equal(decode_sized(rows[i].kind, most + 1, 0), STATUS_TOO_LARGE);
	}
	for (size_t size = REPLICATION_SIGNATURE_SIZE_MAX - 1;
		size <= REPLICATION_SIGNATURE_SIZE_MAX + 1; size++) {
		assert_int_equal(decode_sized(REPLICATION_BLOCK_PREFIX, 1, size),
			size <= REPLICATION_SIGNATURE_SIZE_MAX ? STATUS_OK : STATUS_TOO_LARGE);
	}
}

static void
values_of_a_record_are_the_same_behind_a_stream(void **state)
{
	struct handle_value one = {.index = 1,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("URL"),
		.data = TEXT("https://example.org/")};
	struct handle_value two = {.index = 2, .type = TEXT("X")};
	struct replication_decoder decoder =
		decoder_at_records(REPLICATION_DUMP, REPLICATION_FORMAT_DUMP);
	struct replication_block block = {.kind = REPLICATION_BLOCK_RECORD, .name = TEXT("1/a")};
	struct wire_writer writer;
	struct handle_value_list list;
	struct handle_value_list again;
	uint8_t octets[256];

	(void)state;
	writer = wire_writer_over(octets, sizeof(octets));
	handle_value_write(&writer, &one);
	handle_value_write(&writer, &two);
	list = (struct handle_value_list){2, wire_written(&writer)};
	writer = wire_writer_over(room, sizeof(room) / 2);
	replication_block_write(&writer, REPLICATION_DUMP, &block, &list);
	assert_int_equal(replication_decode(&decoder, wire_written(&writer), &block), STATUS_OK);
	writer = wire_writer_over(room + sizeof(room) / 2, sizeof(room) / 2);
	again = replication_values_list(&block.values, &writer);
	assert_int_equal(again.count, 2);
	assert_run(again.octets, list.octets);
}

static void
the_state_of_a_mirror_of_many_is_read(void **state)
{
	struct vector vector = vector_named("req-retrieve-txn-2.11-all-sources");
	struct wire_reader reader = wire_reader_over(vector_octets(&vector, "body"));
	struct arena *arena = arena_new(4096, 1 << 16);
	struct replication_source_state found;
	struct bytes text;

	(void)state;
	wire_read_u8(&reader);
	text = wire_read_blob(&reader, MESSAGE_SIZE_MAX);
	assert_int_equal(
		replication_state_find(text, TEXT("0:300:0.na/p"), arena, &found), STATUS_OK);
	assert_true(found.is_known);
	assert_int_equal(found.last_id, 42);
	assert_int_equal(found.last_date, 1700000000000);
	assert_int_equal(replication_state_find(text, TEXT("1:x"), arena, &found), STATUS_OK);
	assert_false(found.is_known);
	assert_int_equal(replication_state_find(
				 TEXT("{\"replicationServerStates\":[]}"), TEXT(""), arena, &found),
		STATUS_INVALID);
	assert_int_equal(replication_state_find(TEXT("{\"replicationServerStates\":{\"a\":"
						     "{\"lastTxnId\":-1}},\"new\":[]}"),
				 TEXT(""), arena, &found),
		STATUS_OK);
	assert_true(found.is_known);
	assert_int_equal(found.last_id, 0);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transactions_of_a_capture_are_read_verified_and_written_back),
		cmocka_unit_test(a_capture_that_asks_for_a_dump_is_understood),
		cmocka_unit_test(a_captured_dump_is_read_verified_and_written_back),
		cmocka_unit_test(tls_begins_behind_its_marker),
		cmocka_unit_test(every_kind_of_block_of_a_dump_comes_back),
		cmocka_unit_test(queues_are_named_and_ended_in_the_format_of_all_sources),
		cmocka_unit_test(a_dump_of_the_old_format_ends_with_the_position),
		cmocka_unit_test(what_no_octets_can_mend_is_refused),
		cmocka_unit_test(texts_names_and_signatures_end_at_their_limits),
		cmocka_unit_test(values_of_a_record_are_the_same_behind_a_stream),
		cmocka_unit_test(the_state_of_a_mirror_of_many_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
