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

static uint8_t room[MESSAGE_SIZE_MAX];

static struct message
message_with(uint32_t opcode, struct bytes body)
{
	return (struct message){
		.envelope = {.version = VERSION_OURS}, .header = {.opcode = opcode}, .body = body};
}

static enum status
decoded(uint32_t opcode, struct bytes body, struct request *ret_request)
{
	struct message message = message_with(opcode, body);

	return request_decode(&message, ret_request);
}

static struct bytes
body_of(const struct request *request)
{
	struct wire_writer writer = wire_writer_over(room, sizeof(room));

	request_body_write(&writer, request);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return wire_written(&writer);
}

static void
every_truncation_of_every_request_is_refused(void **state)
{
	struct vector vector;
	size_t count = 0;

	(void)state;
	for (size_t at = 0; vector_next("message", &at, &vector);) {
		struct frame frame;
		struct message message;
		struct request request;
		struct bytes body;

		assert_int_equal(frame_split(vector.octets, &frame), STATUS_OK);
		assert_int_equal(
			message_decode(&frame.envelope, frame.octets, &message), STATUS_OK);
		body = message.body;
		if (request_decode(&message, &request) != STATUS_OK) {
			continue;
		}
		count++;
		for (size_t size = 0; size < body.size; size++) {
			enum request_shape shape = request_shape(message.header.opcode);
			enum status status;

			/* Where the last part may be absent, its absence is no truncation. */
			bool is_whole = (shape == REQUEST_MAYBE_NAME && size == 0) ||
				(shape == REQUEST_DUMP && size == 9) ||
				(shape == REQUEST_SESSION_SETUP && size + 2 >= body.size);

			message.body = heap_copy(bytes_slice(body, 0, size));
			status = request_decode(&message, &request);
			if (is_whole) {
				assert_int_equal(status, STATUS_OK);
			} else {
				assert_true(
					status == STATUS_TRUNCATED || status == STATUS_MALFORMED);
			}
			heap_free(message.body);
		}
	}
	assert_int_equal(count, 40);
}

static void
octets_behind_a_request_are_malformed(void **state)
{
	struct vector vector;

	(void)state;
	for (size_t at = 0; vector_next("message", &at, &vector);) {
		struct frame frame;
		struct message message;
		struct request request;

		assert_int_equal(frame_split(vector.octets, &frame), STATUS_OK);
		assert_int_equal(
			message_decode(&frame.envelope, frame.octets, &message), STATUS_OK);
		if (message.header.response_code != 0 ||
			request_shape(message.header.opcode) == REQUEST_SESSION_SETUP) {
			continue;
		}
		memcpy(room, message.body.at, message.body.size);
		room[message.body.size] = 0;
		message.body = bytes_over(room, message.body.size + 1);
		assert_int_not_equal(request_decode(&message, &request), STATUS_OK);
	}
}

static void
what_is_no_request_is_told_apart(void **state)
{
	struct message message = message_with(OPCODE_DELETE_HANDLE, BYTES(0, 0, 0, 1, '/'));
	struct request request;

	(void)state;
	assert_int_equal(request_decode(&message, &request), STATUS_OK);
	message.header.response_code = RESPONSE_SUCCESS;
	assert_int_equal(request_decode(&message, &request), STATUS_INVALID);
	/* The refusal is built from the message, whatever became of the body. */
	assert_int_equal(request.message.header.opcode, OPCODE_DELETE_HANDLE);
	message.header.response_code = 0xffffffff;
	assert_int_equal(request_decode(&message, &request), STATUS_INVALID);
	message.header.response_code = 0;
	message.header.opcode = OPCODE_RESERVED;
	assert_int_equal(request_decode(&message, &request), STATUS_MALFORMED);
	message.header.opcode = 107;
	assert_int_equal(request_decode(&message, &request), STATUS_UNSUPPORTED);
	assert_int_equal(request.message.header.opcode, 107);
}

static void
a_request_may_be_decoded_in_its_place(void **state)
{
	struct request request = {
		.message = message_with(OPCODE_DELETE_HANDLE, BYTES(0, 0, 0, 2, 'a', 'b'))};

	(void)state;
	assert_int_equal(request_decode(&request.message, &request), STATUS_OK);
	assert_run(request.name.name, TEXT("ab"));
	assert_run(request_handle(&request), TEXT("ab"));
}

static void
names_are_read_up_to_their_limit(void **state)
{
	static const uint32_t opcodes[] = {OPCODE_RESOLUTION, OPCODE_GET_SITE_INFO,
		OPCODE_CREATE_HANDLE, OPCODE_DELETE_HANDLE, OPCODE_REMOVE_VALUE,
		OPCODE_LOGIN_ID_SYSTEM};
	static uint8_t name[HANDLE_NAME_SIZE_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
		for (size_t size = HANDLE_NAME_SIZE_MAX - 1; size <= HANDLE_NAME_SIZE_MAX + 1;
			size++) {
			struct request request = {.message = {.header = {.opcode = opcodes[i]}}};

			request.name.name = bytes_over(name, size); /* First in every shape. */
			assert_int_equal(decoded(opcodes[i], body_of(&request), &request),
				size <= HANDLE_NAME_SIZE_MAX ? STATUS_OK : STATUS_TOO_LARGE);
		}
	}
}

static void
filters_are_read_up_to_their_limits(void **state)
{
	static uint8_t filters[4 * (QUERY_FILTER_COUNT_MAX + 1)]; /* Also as empty types. */

	(void)state;
	for (uint32_t count = QUERY_FILTER_COUNT_MAX - 1; count <= QUERY_FILTER_COUNT_MAX + 1;
		count++) {
		enum status expected =
			count <= QUERY_FILTER_COUNT_MAX ? STATUS_OK : STATUS_TOO_LARGE;
		struct bytes items = bytes_over(filters, 4 * (size_t)count);
		struct request request = {
			.message = {.header = {.opcode = OPCODE_RESOLUTION}},
			.resolution = {.name = TEXT("a/b"), .index_count = count, .indexes = items},
		};

		assert_int_equal(decoded(OPCODE_RESOLUTION, body_of(&request), &request), expected);
		request = (struct request){
			.message = {.header = {.opcode = OPCODE_RESOLUTION}},
			.resolution = {.name = TEXT("a/b"), .type_count = count, .types = items},
		};
		assert_int_equal(decoded(OPCODE_RESOLUTION, body_of(&request), &request), expected);
		request = (struct request){
			.message = {.header = {.opcode = OPCODE_REMOVE_VALUE}},
			.indexes = {.name = TEXT("a/b"), .index_count = count, .indexes = items},
		};
		assert_int_equal(
			decoded(OPCODE_REMOVE_VALUE, body_of(&request), &request), expected);
	}
}

static void
types_are_read_up_to_their_limit(void **state)
{
	static uint8_t type[4 + HANDLE_TYPE_SIZE_MAX + 1];

	(void)state;
	for (size_t size = HANDLE_TYPE_SIZE_MAX - 1; size <= HANDLE_TYPE_SIZE_MAX + 1; size++) {
		struct wire_writer writer = wire_writer_over(type, 4);
		struct request request = {
			.message = {.header = {.opcode = OPCODE_RESOLUTION}},
			.resolution = {.type_count = 1, .types = bytes_over(type, 4 + size)},
		};

		wire_write_u32(&writer, (uint32_t)size);
		assert_int_equal(decoded(OPCODE_RESOLUTION, body_of(&request), &request),
			size <= HANDLE_TYPE_SIZE_MAX ? STATUS_OK : STATUS_TOO_LARGE);
	}
}

static void
counts_that_lie_are_refused(void **state)
{
	struct request request;

	(void)state;
	/* 1,000 indexes, and then as many types, in a body that ends there. */
	assert_int_equal(
		decoded(OPCODE_RESOLUTION, BYTES(0, 0, 0, 0, 0, 0, 3, 0xe8, 0, 0, 0, 0), &request),
		STATUS_MALFORMED);
	assert_int_equal(
		decoded(OPCODE_RESOLUTION, BYTES(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0xe8), &request),
		STATUS_MALFORMED);
	assert_int_equal(decoded(OPCODE_RESOLUTION,
				 BYTES(0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0), &request),
		STATUS_MALFORMED);
	assert_int_equal(decoded(OPCODE_CREATE_HANDLE, BYTES(0, 0, 0, 0, 0x80, 0, 0, 0), &request),
		STATUS_MALFORMED);
	/* A name that claims more than there is, and more than there may be. */
	assert_int_equal(
		decoded(OPCODE_DELETE_HANDLE, BYTES(0, 0, 0, 9, 'a'), &request), STATUS_TRUNCATED);
	assert_int_equal(
		decoded(OPCODE_DELETE_HANDLE, BYTES(0xff, 0xff, 0xff, 0xff, 'a'), &request),
		STATUS_TOO_LARGE);
}

static void
bodies_may_be_empty_where_no_handle_is_meant(void **state)
{
	static const struct {
		uint32_t opcode;
		enum status status;
	} rows[] = {
		{OPCODE_GET_SITE_INFO, STATUS_OK},
		{OPCODE_LIST_HOMED_PREFIXES, STATUS_OK},
		{OPCODE_SESSION_TERMINATE, STATUS_OK},
		{OPCODE_GET_NEXT_TRANSACTION_ID, STATUS_OK},
		{OPCODE_BACKUP_SERVER, STATUS_OK},
		{OPCODE_DELETE_HANDLE, STATUS_TRUNCATED},
		{OPCODE_LIST_HANDLES, STATUS_TRUNCATED},
		{OPCODE_HOME_PREFIX, STATUS_TRUNCATED},
		{OPCODE_RESOLUTION, STATUS_TRUNCATED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request request;

		assert_int_equal(
			decoded(rows[i].opcode, (struct bytes){NULL, 0}, &request), rows[i].status);
		if (rows[i].status == STATUS_OK) {
			assert_true(request.name.is_absent);
			assert_int_equal(body_of(&request).size, 0);
			assert_int_equal(request_handle(&request).size, 0);
		}
	}
}

static void
digests_of_verifications_come_in_two_forms(void **state)
{
	static const uint8_t digest[33] = {7};

	(void)state;
	for (unsigned code = 0; code <= 4; code++) {
		size_t size = code == 0 ? 32 : request_digest_size((uint8_t)code);
		struct request request = {
			.message = {.header = {.opcode = OPCODE_VERIFY_CHALLENGE}},
			.verify_challenge = {.name = TEXT("a/b"),
				.index = 5,
				.nonce = TEXT("nonce"),
				.request_digest = bytes_over(digest, size),
				.digest_code = (uint8_t)code,
				.response = TEXT("answer")},
		};
		struct request again;

		if (code == 4) {
			assert_int_equal(
				decoded(OPCODE_VERIFY_CHALLENGE, body_of(&request), &again),
				STATUS_MALFORMED);
			continue;
		}
		assert_int_equal(
			decoded(OPCODE_VERIFY_CHALLENGE, body_of(&request), &again), STATUS_OK);
		assert_int_equal(again.verify_challenge.digest_code, code);
		assert_run(again.verify_challenge.request_digest, bytes_over(digest, size));
		assert_run(again.verify_challenge.response, TEXT("answer"));
		assert_run(request_handle(&again), TEXT("a/b"));
	}
	assert_int_equal(request_digest_size(0), 0);
	assert_int_equal(request_digest_size(255), 0);
}

static void
transaction_requests_follow_the_version_of_the_envelope(void **state)
{
	struct request request = {
		.message = {.envelope = {.version = {2, 8}},
			.header = {.opcode = OPCODE_RETRIEVE_TRANSACTION_LOG}},
		.transactions = {.last_id = 7, .last_date = 8, .hash_kind = 2, .server_count = 1},
	};
	struct bytes old = body_of(&request);
	struct wire_writer writer;
	struct request again;
	struct message message;

	(void)state;
	assert_int_equal(old.size, 25);
	message = message_with(OPCODE_RETRIEVE_TRANSACTION_LOG, old);
	message.envelope.version = (struct version){2, 8};
	assert_int_equal(request_decode(&message, &again), STATUS_OK);
	assert_int_equal(again.transactions.last_id, 7);
	assert_int_equal(again.transactions.last_date, 8);
	message.envelope.version = (struct version){2, 9};
	assert_int_not_equal(request_decode(&message, &again), STATUS_OK);
	request.message.envelope.version = (struct version){2, 9};
	assert_int_equal(body_of(&request).size, 26);
	request.transactions.kind = 1;
	request.message.envelope.version = (struct version){2, 8};
	writer = wire_writer_over(room, sizeof(room));
	request_body_write(&writer, &request);
	assert_int_equal(wire_writer_end(&writer), STATUS_UNSUPPORTED);
	assert_int_equal(
		decoded(OPCODE_RETRIEVE_TRANSACTION_LOG, BYTES(2), &again), STATUS_UNSUPPORTED);
}

static void
session_modes_decide_what_follows(void **state)
{
	(void)state;
	for (uint16_t mode = 0; mode <= 5; mode++) {
		struct request request = {
			.message = {.header = {.opcode = OPCODE_SESSION_SETUP}},
			.session_setup = {.mode = mode,
				.timeout_s = 60,
				.identity_name = TEXT("0.NA/K"),
				.identity_index = UINT32_MAX,
				.tail = TEXT("\0\0")},
		};
		struct request again;

		if (mode == SESSION_MODE_CLIENT || mode == SESSION_MODE_DH) {
			request.session_setup.public_key = TEXT("key");
		} else if (mode == SESSION_MODE_HANDLE) {
			request.session_setup.key_name = TEXT("0.NA/R");
			request.session_setup.key_index = 9;
		}
		assert_int_equal(
			decoded(OPCODE_SESSION_SETUP, body_of(&request), &again), STATUS_OK);
		assert_int_equal(again.session_setup.mode, mode);
		assert_int_equal(again.session_setup.identity_index, UINT32_MAX);
		assert_run(again.session_setup.public_key, request.session_setup.public_key);
		assert_run(again.session_setup.key_name, request.session_setup.key_name);
		assert_int_equal(again.session_setup.key_index, request.session_setup.key_index);
		assert_run(again.session_setup.tail, request.session_setup.tail);
		assert_int_equal(request_handle(&again).size, 0);
	}
}

static void
requests_nobody_knows_cannot_be_written(void **state)
{
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct request request = {.message = {.header = {.opcode = 77}}};

	(void)state;
	request_write(&writer, &request);
	assert_int_equal(wire_writer_end(&writer), STATUS_UNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_truncation_of_every_request_is_refused),
		cmocka_unit_test(octets_behind_a_request_are_malformed),
		cmocka_unit_test(what_is_no_request_is_told_apart),
		cmocka_unit_test(a_request_may_be_decoded_in_its_place),
		cmocka_unit_test(names_are_read_up_to_their_limit),
		cmocka_unit_test(filters_are_read_up_to_their_limits),
		cmocka_unit_test(types_are_read_up_to_their_limit),
		cmocka_unit_test(counts_that_lie_are_refused),
		cmocka_unit_test(bodies_may_be_empty_where_no_handle_is_meant),
		cmocka_unit_test(digests_of_verifications_come_in_two_forms),
		cmocka_unit_test(transaction_requests_follow_the_version_of_the_envelope),
		cmocka_unit_test(session_modes_decide_what_follows),
		cmocka_unit_test(requests_nobody_knows_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
