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

static uint8_t room[MESSAGE_SIZE_MAX + 64];

static struct response
response_with(uint32_t opcode, uint32_t code)
{
	return (struct response){.message = {.envelope = {.version = VERSION_OURS},
					 .header = {.opcode = opcode, .response_code = code}}};
}

/* Writes and reads it again; what was on the wire is left in `ret_message`. */
static enum status
again(const struct response *response, struct message *ret_message, struct response *ret_response)
{
	struct bytes octets = response_octets(response);

	assert_int_equal(
		message_decode(&response->message.envelope, octets, ret_message), STATUS_OK);
	return response_decode(ret_message, ret_response);
}

static void
every_truncation_of_every_response_is_refused(void **state)
{
	struct vector vector;
	size_t count = 0;

	(void)state;
	for (size_t at = 0; vector_next("message", &at, &vector);) {
		struct frame frame;
		struct message message;
		struct response response;
		struct bytes body;

		assert_int_equal(frame_split(vector.octets, &frame), STATUS_OK);
		assert_int_equal(
			message_decode(&frame.envelope, frame.octets, &message), STATUS_OK);
		body = message.body;
		if (response_decode(&message, &response) != STATUS_OK) {
			continue;
		}
		count++;
		for (size_t size = 0; size < body.size; size++) {
			message.body = heap_copy(bytes_slice(body, 0, size));
			if (response_decode(&message, &response) == STATUS_OK) {
				/* What is left must then be all that was meant. */
				struct bytes octets = response_octets(&response);

				assert_run(bytes_slice(octets, HEADER_SIZE, size), message.body);
			}
			heap_free(message.body);
		}
	}
	assert_int_equal(count, 43);
}

static void
old_peers_are_told_7_and_202_in_their_words(void **state)
{
	static const struct {
		uint8_t minor;
		uint32_t code;
		uint32_t on_the_wire;
		uint32_t read;
	} rows[] = {
		{4, RESPONSE_SERVER_BACKUP, 303, RESPONSE_SERVER_BACKUP},
		{4, RESPONSE_INVALID_VALUE, 201, RESPONSE_VALUE_ALREADY_EXISTS},
		{4, RESPONSE_HANDLE_NOT_FOUND, 100, RESPONSE_HANDLE_NOT_FOUND},
		{5, RESPONSE_SERVER_BACKUP, 7, RESPONSE_SERVER_BACKUP},
		{5, RESPONSE_INVALID_VALUE, 202, RESPONSE_INVALID_VALUE},
		{5, RESPONSE_PREFIX_REFERRAL, 303, RESPONSE_PREFIX_REFERRAL},
		{11, RESPONSE_SERVER_BACKUP, 7, RESPONSE_SERVER_BACKUP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct response response = response_with(OPCODE_RESOLUTION, rows[i].code);
		struct response found;
		struct message message;

		response.message.envelope.version.minor = rows[i].minor;
		response.error.text = TEXT("why");
		assert_int_equal(again(&response, &message, &found), STATUS_OK);
		assert_int_equal(message.header.response_code, rows[i].on_the_wire);
		assert_int_equal(found.message.header.response_code, rows[i].read);
		assert_run(found.error.text, TEXT("why"));
	}
}

static void
what_is_no_response_is_told_apart(void **state)
{
	static const uint32_t codes[] = {RESPONSE_SERVER_BACKUP, RESPONSE_INVALID_VALUE};
	struct message message = {.envelope = {.version = {2, 4}}, .body = BYTES(0, 0, 0, 0)};
	struct response response;

	(void)state;
	assert_int_equal(response_decode(&message, &response), STATUS_INVALID);
	for (size_t i = 0; i < 2; i++) {
		message.header.response_code = codes[i];
		message.envelope.version.minor = 4;
		assert_int_equal(response_decode(&message, &response), STATUS_INVALID);
		message.envelope.version.minor = 5;
		assert_int_equal(response_decode(&message, &response), STATUS_OK);
	}
}

static void
the_digest_flag_says_whether_a_digest_is_there(void **state)
{
	struct response response = response_with(OPCODE_DELETE_HANDLE, RESPONSE_SUCCESS);
	struct response found;
	struct message message;

	(void)state;
	response.message.header.flags = MESSAGE_FLAG_REQUEST_DIGEST | MESSAGE_FLAG_RECURSIVE;
	assert_int_equal(again(&response, &message, &found), STATUS_OK);
	assert_int_equal(message.header.flags, MESSAGE_FLAG_RECURSIVE);
	assert_int_equal(found.digest_code, 0);
	for (uint8_t code = 1; code <= 4; code++) {
		response.digest_code = code;
		response.digest = bytes_over(room, request_digest_size(code));
		if (code == 4) {
			assert_int_equal(again(&response, &message, &found), STATUS_MALFORMED);
			break;
		}
		assert_int_equal(again(&response, &message, &found), STATUS_OK);
		assert_true((message.header.flags & MESSAGE_FLAG_REQUEST_DIGEST) != 0);
		assert_int_equal(found.digest_code, code);
		assert_int_equal(found.digest.size, response.digest.size);
	}
}

static void
errors_may_carry_indexes_or_anything(void **state)
{
	static const uint8_t indexes[] = {0, 0, 0, 7, 0, 0, 0, 8};
	struct response response = response_with(OPCODE_ADD_VALUE, RESPONSE_VALUE_ALREADY_EXISTS);
	struct response found;
	struct message message;

	(void)state;
	response.error.text = TEXT("clash");
	response.error.has_indexes = true;
	response.error.index_count = 2;
	response.error.indexes = bytes_over(indexes, sizeof(indexes));
	assert_int_equal(again(&response, &message, &found), STATUS_OK);
	assert_true(found.error.has_indexes);
	assert_int_equal(found.error.index_count, 2);
	assert_run(found.error.indexes, response.error.indexes);
	assert_int_equal(found.error.tail.size, 0);
	response.error.index_count = 3; /* One more than there are: no list, but kept. */
	assert_int_equal(again(&response, &message, &found), STATUS_OK);
	assert_false(found.error.has_indexes);
	assert_int_equal(found.error.tail.size, 12);
	assert_run(response_octets(&found), message_octets(&message));
}

static void
referrals_have_a_handle_or_values(void **state)
{
	struct response response = response_with(OPCODE_RESOLUTION, RESPONSE_PREFIX_REFERRAL);
	struct response found;
	struct message message;

	(void)state;
	response.referral.name = TEXT("0.NA/A");
	assert_int_equal(again(&response, &message, &found), STATUS_OK);
	assert_false(found.referral.has_values);
	assert_run(found.referral.name, TEXT("0.NA/A"));
	response.referral.name = (struct bytes){NULL, 0};
	response.referral.has_values = true;
	assert_int_equal(again(&response, &message, &found), STATUS_OK);
	assert_true(found.referral.has_values);
	assert_int_equal(found.referral.list.count, 0);
}

static void
names_of_created_handles_may_be_absent(void **state)
{
	struct response response = response_with(OPCODE_CREATE_HANDLE, RESPONSE_SUCCESS);
	struct response found;
	struct message message;

	(void)state;
	response.created.is_absent = true;
	assert_int_equal(again(&response, &message, &found), STATUS_OK);
	assert_int_equal(message.body.size, 0);
	assert_true(found.created.is_absent);
	response.created.is_absent = false;
	assert_int_equal(again(&response, &message, &found), STATUS_OK);
	assert_int_equal(message.body.size, 4);
	assert_false(found.created.is_absent);
}

static void
counts_of_names_that_lie_are_refused(void **state)
{
	struct message message = {
		.envelope = {.version = VERSION_OURS},
		.header = {.opcode = OPCODE_LIST_HANDLES, .response_code = RESPONSE_SUCCESS},
		.body = BYTES(0x10, 0, 0, 0, 0, 0, 0, 1, 'a'),
	};
	struct response response;

	(void)state;
	assert_int_equal(response_decode(&message, &response), STATUS_MALFORMED);
	message.body = BYTES(0, 0, 0, 1, 0, 0, 0, 1, 'a');
	assert_int_equal(response_decode(&message, &response), STATUS_OK);
	message.body = BYTES(0, 0, 0, 1, 0, 0, 0, 1, 'a', 'b');
	assert_int_equal(response_decode(&message, &response), STATUS_MALFORMED);
}

static void
responses_are_written_up_to_their_limit(void **state)
{
	static uint8_t site[MESSAGE_SIZE_MAX];

	(void)state;
	for (size_t size = MESSAGE_SIZE_MAX - 1; size <= MESSAGE_SIZE_MAX + 1; size++) {
		struct response response = response_with(OPCODE_GET_SITE_INFO, RESPONSE_SUCCESS);
		struct wire_writer writer = wire_writer_over(room, sizeof(room));

		response.site = bytes_over(site, size - HEADER_SIZE - 4);
		response_write(&writer, &response);
		assert_int_equal(wire_writer_end(&writer),
			size <= MESSAGE_SIZE_MAX ? STATUS_OK : STATUS_TOO_LARGE);
	}
}

static struct request
asked_with(uint32_t flags)
{
	return (struct request){.message = {
					.envelope = {.version = {2, 3},
						.suggested = {2, 6},
						.is_truncated = true,
						.session_id = 5,
						.request_id = 6,
						.sequence = 7},
					.header = {.opcode = OPCODE_RESOLUTION,
						.flags = flags,
						.site_serial = 1,
						.recursion_count = 3,
						.expiration = 1},
				}};
}

static void
answers_begin_as_handle_net_has_them(void **state)
{
	struct request request = asked_with(0xfff00000);
	struct response response;

	(void)state;
	memset(&response, 0xaa, sizeof(response));
	response_begin(&request, RESPONSE_HANDLE_NOT_FOUND, 9, false, 1000, &response);
	assert_int_equal(
		version_compare(response.message.envelope.version, (struct version){2, 6}), 0);
	assert_int_equal(version_compare(response.message.envelope.suggested, VERSION_OURS), 0);
	assert_false(response.message.envelope.is_truncated);
	assert_int_equal(response.message.envelope.session_id, 5);
	assert_int_equal(response.message.envelope.request_id, 6);
	assert_int_equal(response.message.envelope.sequence, 0);
	assert_int_equal(response.message.header.opcode, OPCODE_RESOLUTION);
	assert_int_equal(response.message.header.response_code, RESPONSE_HANDLE_NOT_FOUND);
	assert_int_equal(response.message.header.site_serial, 9);
	assert_int_equal(response.message.header.recursion_count, 3);
	assert_int_equal(response.message.header.expiration, 1000);
	/* All but CONTINUOUS, KEEP_ALIVE, REQUEST_DIGEST and OVERWRITE. */
	assert_int_equal(response.message.header.flags, 0xf9300000);
	assert_int_equal(response.digest_code, 0);
	assert_int_equal(response.message.credential.size, 0);
	assert_int_equal(response.error.text.size, 0);
	request = asked_with(0);
	response_begin(&request, RESPONSE_SUCCESS, 9, false, 1000, &response);
	assert_int_equal(response.message.header.flags, MESSAGE_FLAG_RECURSIVE);
	response_begin(&request, RESPONSE_SUCCESS, 9, true, 1000, &response);
	assert_int_equal(
		response.message.header.flags, MESSAGE_FLAG_RECURSIVE | MESSAGE_FLAG_AUTHORITATIVE);
}

/* Requests of Handle.net's client and what its server, a primary, answered to each flag. */
static void
flags_of_answers_are_those_recorded(void **state)
{
	struct vector vector;
	size_t count = 0;

	(void)state;
	for (size_t at = 0; vector_next("capture", &at, &vector);) {
		struct frame asked_frame;
		struct frame frame;
		struct request request;
		struct message message;
		struct response response;

		if (!vector_has(&vector, "responseHex") ||
			frame_split(vector.octets, &asked_frame) != STATUS_OK ||
			message_decode(&asked_frame.envelope, asked_frame.octets,
				&request.message) != STATUS_OK ||
			request.message.header.opcode != OPCODE_RESOLUTION ||
			frame_split(vector_octets(&vector, "responseHex"), &frame) != STATUS_OK ||
			message_decode(&frame.envelope, frame.octets, &message) != STATUS_OK) {
			continue;
		}
		response_begin(&request, message.header.response_code, message.header.site_serial,
			true, message.header.expiration, &response);
		count++;
		assert_int_equal(response.message.header.flags,
			message.header.flags & ~MESSAGE_FLAG_REQUEST_DIGEST);
		assert_int_equal(
			version_compare(response.message.envelope.version, frame.envelope.version),
			0);
		assert_int_equal(
			response.message.header.recursion_count, message.header.recursion_count);
	}
	assert_int_equal(count, 14);
}

static void
answers_to_no_message_copy_the_request_id_if_they_can(void **state)
{
	static const uint8_t octets[] = {2, 11, 2, 11, 0, 0, 0, 9, 1, 2, 3, 4, 0};
	struct response response;

	(void)state;
	for (size_t size = 0; size <= sizeof(octets); size++) {
		struct bytes received = heap_copy(bytes_over(octets, size));

		response_begin_unread(received, RESPONSE_PROTOCOL_ERROR, 1000, &response);
		assert_int_equal(
			response.message.envelope.request_id, size < 12 ? 0xffffffff : 0x01020304);
		heap_free(received);
	}
	assert_int_equal(response.message.envelope.session_id, 0);
	assert_int_equal(
		version_compare(response.message.envelope.version, (struct version){2, 3}), 0);
	assert_int_equal(response.message.header.opcode, 0);
	assert_int_equal(response.message.header.flags, 0x19000000);
	assert_int_equal(response.message.header.site_serial, 0xffff);
	assert_int_equal(response.message.header.response_code, RESPONSE_PROTOCOL_ERROR);
}

/* Apart from the request id, which Handle.net loses. */
static void
answers_to_no_message_are_those_recorded(void **state)
{
	struct vector vector = vector_named("tcp-message-shorter-than-header");
	struct frame frame;
	struct response response;

	(void)state;
	assert_int_equal(frame_split(vector_octets(&vector, "responseHex"), &frame), STATUS_OK);
	response_begin_unread(vector.octets, RESPONSE_PROTOCOL_ERROR, 0x6b054280, &response);
	response.error.text = TEXT("Invalid message length");
	assert_run(response_octets(&response), frame.octets);
	assert_int_equal(response.message.envelope.request_id, 0x0002005b);
}

static void
digests_are_made_for_who_asks_and_as_the_version_has_them(void **state)
{
	static const struct {
		uint8_t minor;
		bool is_asked;
		bool is_forced;
		uint8_t code;
		size_t size;
		bool is_2_0;
	} rows[] = {
		{11, true, false, 3, 32, false},
		{7, true, false, 3, 32, false},
		{6, true, false, 2, 20, false},
		{1, true, false, 2, 20, false},
		{0, true, false, 0, 0, false},
		{0, true, true, 0, 16, true},
		{11, false, false, 0, 0, false},
		{11, false, true, 3, 32, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request request =
			asked_with(rows[i].is_asked ? MESSAGE_FLAG_REQUEST_DIGEST : 0);
		uint8_t octets[REQUEST_DIGEST_SIZE_MAX];
		struct response response;

		request.message.envelope.suggested = (struct version){2, rows[i].minor};
		request.message.signed_run = TEXT("header and body");
		response_begin(&request, RESPONSE_AUTHENTICATION_NEEDED, 1, true, 1, &response);
		response_digest(&request, rows[i].is_forced, octets, &response);
		assert_int_equal(response.digest_code, rows[i].code);
		assert_int_equal(response.digest.size, rows[i].size);
		assert_int_equal(response.is_digest_2_0, rows[i].is_2_0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_truncation_of_every_response_is_refused),
		cmocka_unit_test(old_peers_are_told_7_and_202_in_their_words),
		cmocka_unit_test(what_is_no_response_is_told_apart),
		cmocka_unit_test(the_digest_flag_says_whether_a_digest_is_there),
		cmocka_unit_test(errors_may_carry_indexes_or_anything),
		cmocka_unit_test(referrals_have_a_handle_or_values),
		cmocka_unit_test(names_of_created_handles_may_be_absent),
		cmocka_unit_test(counts_of_names_that_lie_are_refused),
		cmocka_unit_test(responses_are_written_up_to_their_limit),
		cmocka_unit_test(answers_begin_as_handle_net_has_them),
		cmocka_unit_test(flags_of_answers_are_those_recorded),
		cmocka_unit_test(answers_to_no_message_copy_the_request_id_if_they_can),
		cmocka_unit_test(answers_to_no_message_are_those_recorded),
		cmocka_unit_test(digests_are_made_for_who_asks_and_as_the_version_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
