/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "support/heap.h"
#include "vectors/vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct envelope plain = {.version = {2, 11}, .suggested = {2, 11}};

static uint8_t large[MESSAGE_SIZE_MAX + 64];

static int
sign(int number)
{
	return (number > 0) - (number < 0);
}

static void
versions_are_ordered_and_5_is_lowest(void **state)
{
	static const struct version ascending[] = {
		{5, 0}, {1, 9}, {2, 0}, {2, 1}, {2, 9}, {2, 11}, {3, 0}, {6, 0}, {31, 255}};
	const int count = sizeof(ascending) / sizeof(ascending[0]);

	(void)state;
	for (int i = 0; i < count; i++) {
		for (int k = 0; k < count; k++) {
			assert_int_equal(
				sign(version_compare(ascending[i], ascending[k])), sign(i - k));
		}
	}
	assert_int_equal(version_compare((struct version){5, 0}, (struct version){5, 3}), 0);
	assert_true(version_at_least((struct version){2, 11}, 2, 9));
	assert_false(version_at_least((struct version){2, 8}, 2, 9));
	assert_false(version_at_least((struct version){5, 0}, 2, 0));
}

static void
answers_speak_the_lower_of_ours_and_the_suggested_version(void **state)
{
	static const struct {
		struct version version, suggested, answer;
	} rows[] = {
		{{2, 11}, {2, 11}, {2, 11}},
		{{2, 3}, {2, 11}, {2, 11}},
		{{2, 3}, {2, 6}, {2, 6}},
		{{3, 0}, {3, 0}, {2, 11}},
		{{2, 1}, {0, 0}, {2, 1}}, /* RFC 3652: the octets are flags, all zero. */
		{{2, 1}, {0, 11}, {2, 1}},
		{{5, 0}, {0, 0}, {5, 0}},
		{{2, 11}, {5, 0}, {5, 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct envelope envelope = {
			.version = rows[i].version, .suggested = rows[i].suggested};
		struct version answer = version_to_answer(&envelope);

		assert_int_equal(answer.major, rows[i].answer.major);
		assert_int_equal(answer.minor, rows[i].answer.minor);
	}
}

static void
envelopes_keep_every_bit(void **state)
{
	static const uint8_t octets[ENVELOPE_SIZE] = {
		3, 1, 0xff, 4, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xfe, 9, 8, 7, 6, 0, 4, 0, 0};
	struct wire_reader reader = wire_reader_over(bytes_over(octets, sizeof(octets)));
	struct envelope envelope;

	(void)state;
	envelope_read(&reader, &envelope);
	assert_int_equal(wire_reader_end(&reader), STATUS_OK);
	assert_int_equal(envelope.suggested.major, 31);
	assert_int_equal(envelope.session_id, 0x01020304);
	assert_int_equal(envelope.request_id, 0xfffffffe);
	assert_int_equal(envelope.sequence, 0x09080706);
	assert_int_equal(envelope.message_size, MESSAGE_SIZE_MAX);
	assert_true(envelope.is_compressed && envelope.is_encrypted && envelope.is_truncated);
	assert_run(
		frame_join(&envelope, (struct bytes){NULL, 0}), bytes_over(octets, sizeof(octets)));
}

static void
envelopes_announce_at_most_the_largest_message(void **state)
{
	(void)state;
	for (uint32_t size = MESSAGE_SIZE_MAX - 1; size <= MESSAGE_SIZE_MAX + 1; size++) {
		struct envelope envelope = {.message_size = size};
		struct bytes octets = frame_join(&envelope, (struct bytes){NULL, 0});
		struct wire_reader reader = wire_reader_over(octets);

		envelope_read(&reader, &envelope);
		assert_int_equal(wire_reader_end(&reader),
			size <= MESSAGE_SIZE_MAX ? STATUS_OK : STATUS_TOO_LARGE);
	}
}

static void
every_truncation_of_a_frame_is_truncated(void **state)
{
	static const char *const names[] = {"req-create", "hs-mac-2.11"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes whole = vector_named(names[i]).octets;
		struct bytes octets = bytes_slice(whole, ENVELOPE_SIZE, whole.size);
		struct message message;
		size_t behind_body;

		assert_int_equal(message_decode(&plain, octets, &message), STATUS_OK);
		behind_body = message.signed_run.size;
		for (size_t size = 0; size < whole.size; size++) {
			struct bytes cut = heap_copy(bytes_slice(whole, 0, size));
			struct wire_reader reader = wire_reader_over(cut);
			struct envelope envelope;

			envelope_read(&reader, &envelope);
			assert_int_equal(wire_reader_ok(&reader), size >= ENVELOPE_SIZE);
			heap_free(cut);
		}
		for (size_t size = 0; size < octets.size; size++) {
			struct bytes cut = heap_copy(bytes_slice(octets, 0, size));

			/* A message may end behind its body: old senders say no more. */
			assert_int_equal(message_decode(&plain, cut, &message),
				size == behind_body ? STATUS_OK : STATUS_TRUNCATED);
			heap_free(cut);
		}
	}
}

static void
octets_behind_the_credential_are_malformed(void **state)
{
	struct bytes octets = vector_named("req-create").octets;
	struct message message;

	(void)state;
	memcpy(large, octets.at + ENVELOPE_SIZE, octets.size - ENVELOPE_SIZE);
	large[octets.size - ENVELOPE_SIZE] = 0;
	assert_int_equal(message_decode(&plain, bytes_over(large, octets.size - ENVELOPE_SIZE + 1),
				 &message),
		STATUS_MALFORMED);
}

static void
sizes_that_lie_are_refused(void **state)
{
	static const uint32_t lies[] = {1, 100, 0x7fffffff, 0x80000000, 0xffffffff};
	struct message message = {.has_credential_size = true};
	struct bytes octets = message_octets(&message);

	(void)state;
	assert_int_equal(octets.size, HEADER_SIZE + 4);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		for (size_t at = HEADER_SIZE - 4; at <= HEADER_SIZE; at += 4) {
			struct wire_writer writer = wire_writer_over(large + at, 4);
			struct bytes copy;
			enum status status;

			memcpy(large, octets.at, octets.size);
			wire_write_u32(&writer, lies[i]);
			copy = heap_copy(bytes_over(large, octets.size));
			status = message_decode(&plain, copy, &message);
			assert_true(status == STATUS_TRUNCATED || status == STATUS_TOO_LARGE);
			heap_free(copy);
		}
	}
}

static void
encrypted_messages_are_left_to_who_can_read_them(void **state)
{
	struct envelope envelope = {.is_encrypted = true};
	struct message message = {.header = {.opcode = 77}};
	struct bytes octets = vector_named("req-delete").octets;

	(void)state;
	octets = bytes_slice(octets, ENVELOPE_SIZE, octets.size);
	assert_int_equal(message_decode(&envelope, octets, &message), STATUS_UNSUPPORTED);
	assert_int_equal(message.header.opcode, 77);
	envelope = (struct envelope){.is_compressed = true};
	assert_int_equal(message_decode(&envelope, octets, &message), STATUS_OK);
}

static void
messages_are_read_and_written_up_to_their_limit(void **state)
{
	static uint8_t room[MESSAGE_SIZE_MAX + 64];

	(void)state;
	for (size_t size = MESSAGE_SIZE_MAX - 1; size <= MESSAGE_SIZE_MAX + 1; size++) {
		enum status expected = size <= MESSAGE_SIZE_MAX ? STATUS_OK : STATUS_TOO_LARGE;
		struct wire_writer writer = wire_writer_over(room, sizeof(room));
		struct header header = {.opcode = OPCODE_RESOLUTION};
		struct wire_length body = message_begin(&writer, &header);
		struct message message;

		wire_write_bytes(&writer, bytes_over(large, size - HEADER_SIZE - 4));
		message_end(&writer, body, (struct bytes){NULL, 0});
		assert_int_equal(wire_writer_end(&writer), expected);
		assert_int_equal(
			message_decode(&plain, bytes_over(room, size), &message), expected);
		if (expected == STATUS_OK) {
			assert_int_equal(message.body.size, size - HEADER_SIZE - 4);
			assert_int_equal(message.header.body_size, message.body.size);
		}
	}
}

static void
a_body_in_place_needs_room_for_all_of_it(void **state)
{
	struct header header = {.opcode = OPCODE_RESOLUTION, .body_size = 99};
	struct message message;
	uint8_t room[64];

	(void)state;
	for (size_t capacity = 0; capacity <= HEADER_SIZE + 3 + 4 + 2; capacity++) {
		struct wire_writer writer = wire_writer_over(room, capacity);
		struct wire_length body = message_begin(&writer, &header);

		wire_write_bytes(&writer, TEXT("abc"));
		message_end(&writer, body, TEXT("de"));
		assert_int_equal(wire_writer_end(&writer),
			capacity < HEADER_SIZE + 3 + 4 + 2 ? STATUS_NO_SPACE : STATUS_OK);
	}
	assert_int_equal(
		message_decode(&plain, bytes_over(room, HEADER_SIZE + 9), &message), STATUS_OK);
	assert_run(message.body, TEXT("abc"));
	assert_run(message.credential, TEXT("de"));
	assert_run(message.signed_run, bytes_over(room, HEADER_SIZE + 3));
}

static void
fragments_cover_a_message_once(void **state)
{
	static const struct {
		size_t size;
		size_t count;
	} rows[] = {{0, 1}, {1, 1}, {491, 1}, {492, 1}, {493, 2}, {984, 2}, {985, 3},
		{MESSAGE_SIZE_MAX, 533}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes message = bytes_over(large, rows[i].size);
		size_t covered = 0;

		assert_int_equal(message_fragment_count(rows[i].size), rows[i].count);
		for (size_t number = 0; number < rows[i].count; number++) {
			struct bytes data = message_fragment_data(message, number);

			assert_true(data.size == 0 || data.at == large + covered);
			assert_true(
				data.size == FRAGMENT_DATA_SIZE_MAX || number + 1 == rows[i].count);
			assert_true(ENVELOPE_SIZE + data.size <= DATAGRAM_SIZE_MAX);
			covered += data.size;
		}
		assert_int_equal(covered, rows[i].size);
		assert_int_equal(message_fragment_data(message, rows[i].count).size, 0);
		assert_int_equal(message_fragment_data(message, UINT32_MAX).size, 0);
	}
}

static void
names_of_numbers_are_those_of_the_tables(void **state)
{
	(void)state;
	assert_string_equal(opcode_name(1), "RESOLUTION");
	assert_string_equal(opcode_name(2001), "LOGIN_ID_SYSTEM");
	assert_null(opcode_name(107));
	assert_null(opcode_name(UINT32_MAX));
	assert_string_equal(opcode_text(107), "unknown operation");
	assert_string_equal(response_code_name(505), "SESSION_MESSAGE_REJECTED");
	assert_null(response_code_name(506));
	assert_string_equal(response_code_text(100), "handle not found");
	assert_string_equal(response_code_text(506), "unknown response code");
	assert_string_equal(message_flag_name(0x80000000u), "AUTHORITATIVE");
	assert_string_equal(message_flag_name(0x00100000u), "DO_NOT_REFER");
	assert_string_equal(message_flag_name(0x00000002u), "VERIFY");
	assert_string_equal(message_flag_name(0x00000001u), "VERIFIED");
	assert_null(message_flag_name(0x00080000u));
	assert_null(message_flag_name(0x00000004u));
	assert_null(message_flag_name(0xc0000000u));
	assert_int_equal(opcode_class(1), OPCODE_CLASS_QUERY);
	assert_int_equal(opcode_class(100), OPCODE_CLASS_ADMIN);
	assert_int_equal(opcode_class(400), OPCODE_CLASS_EITHER);
	assert_int_equal(opcode_class(0), OPCODE_CLASS_UNKNOWN);
	assert_int_equal(opcode_class(107), OPCODE_CLASS_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_ordered_and_5_is_lowest),
		cmocka_unit_test(answers_speak_the_lower_of_ours_and_the_suggested_version),
		cmocka_unit_test(envelopes_keep_every_bit),
		cmocka_unit_test(envelopes_announce_at_most_the_largest_message),
		cmocka_unit_test(every_truncation_of_a_frame_is_truncated),
		cmocka_unit_test(octets_behind_the_credential_are_malformed),
		cmocka_unit_test(sizes_that_lie_are_refused),
		cmocka_unit_test(encrypted_messages_are_left_to_who_can_read_them),
		cmocka_unit_test(messages_are_read_and_written_up_to_their_limit),
		cmocka_unit_test(a_body_in_place_needs_room_for_all_of_it),
		cmocka_unit_test(fragments_cover_a_message_once),
		cmocka_unit_test(names_of_numbers_are_those_of_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
