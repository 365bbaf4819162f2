/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "message_text.h"
#include "vectors/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Returns the JSON as jansson sees it, for those who want to look into it. */
static json_t *
assert_comes_back(const char *name, struct bytes octets)
{
	struct bytes json = json_of(octets);
	struct problem problem;
	struct bytes again;
	json_t *tree = json_loadb((const char *)json.at, json.size, 0, NULL);
	enum status status = octets_of(json, &again, &problem);

	if (status != STATUS_OK) {
		fail_msg("%s: %s\n%.*s", name, problem.text, (int)json.size, json.at);
	}
	assert_non_null(tree);
	assert_run(again, octets);
	return tree;
}

static void
assert_messages_come_back(const char *name, struct bytes octets)
{
	struct frame frame;

	while (octets.size > 0) {
		size_t size = octets.size;

		if (frame_split(octets, &frame) == STATUS_OK) {
			size -= frame.rest.size;
		}
		json_decref(assert_comes_back(name, bytes_slice(octets, 0, size)));
		octets = bytes_slice(octets, size, octets.size);
	}
}

static void
every_recorded_message_comes_back_from_json(void **state)
{
	static const char *const categories[] = {
		"envelope", "message", "credential", "capture", "udp"};
	static const char *const lists[] = {"packets", "requestPackets", "responsePackets"};
	struct vector vector;

	(void)state;
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
		for (size_t at = 0; vector_next(categories[i], &at, &vector);) {
			assert_messages_come_back(vector.name, vector.octets);
			if (vector_has(&vector, "responseHex")) {
				assert_messages_come_back(
					vector.name, vector_octets(&vector, "responseHex"));
			}
			for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
				const json_t *packets = vector_has(&vector, lists[k])
					? vector_field(&vector, lists[k])
					: NULL;

				for (size_t n = 0; n < json_array_size(packets); n++) {
					assert_messages_come_back(vector.name,
						vector_from_hex(json_string_value(
							json_array_get(packets, n))));
				}
			}
		}
	}
}

static void
every_truncation_of_a_message_comes_back_from_json(void **state)
{
	static const char *const names[] = {"req-resolution-both-utf8", "req-create",
		"req-verify-challenge", "resp-resolution-digest-2.11", "resp-get-site-info",
		"hs-mac-2.11"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct vector vector = vector_named(names[i]);

		for (size_t size = 0; size <= vector.octets.size; size++) {
			json_decref(
				assert_comes_back(names[i], bytes_slice(vector.octets, 0, size)));
		}
	}
}

/* The same with sizes that fit what is there, so that bodies and credentials are cut. */
static void
every_truncation_of_a_body_comes_back_from_json(void **state)
{
	struct vector vector;

	(void)state;
	for (size_t at = 0; vector_next("message", &at, &vector);) {
		struct frame frame;
		struct message message;

		assert_int_equal(frame_split(vector.octets, &frame), STATUS_OK);
		if (message_decode(&frame.envelope, frame.octets, &message) != STATUS_OK ||
			message.body.size > 300) {
			continue;
		}
		while (message.body.size > 0) {
			struct bytes octets;

			message.body.size--;
			octets = message_octets(&message);
			frame.envelope.message_size = (uint32_t)octets.size;
			json_decref(assert_comes_back(
				vector.name, frame_join(&frame.envelope, octets)));
		}
	}
}

static void
every_octet_changed_comes_back_from_json(void **state)
{
	static const char *const names[] = {"req-resolution-both-utf8", "req-create",
		"resp-prefix-referral-values", "hs-mac-2.11", "resp-get-site-info"};
	static uint8_t copy[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct vector vector = vector_named(names[i]);

		assert_true(vector.octets.size <= sizeof(copy));
		memcpy(copy, vector.octets.at, vector.octets.size);
		for (size_t at = 0; at < vector.octets.size; at++) {
			static const uint8_t changes[] = {0x01, 0x80, 0xff};

			for (size_t k = 0; k < sizeof(changes); k++) {
				copy[at] ^= changes[k];
				json_decref(assert_comes_back(
					names[i], bytes_over(copy, vector.octets.size)));
				copy[at] ^= changes[k];
			}
		}
	}
}

static void
messages_without_a_credential_size_come_back_from_json(void **state)
{
	struct vector vector = vector_named("req-delete");
	struct frame frame;
	json_t *tree;

	(void)state;
	assert_int_equal(frame_split(vector.octets, &frame), STATUS_OK);
	frame.envelope.message_size -= 4;
	frame.octets.size -= 4;
	tree = assert_comes_back(vector.name, frame_join(&frame.envelope, frame.octets));
	assert_null(json_object_get(tree, "undecoded"));
	assert_string_equal(json_string_value(json_object_get(tree, "credential")), "none");
	json_decref(tree);
}

static const char *
text_at(const json_t *tree, const char *object, const char *member)
{
	return json_string_value(json_object_get(json_object_get(tree, object), member));
}

static void
fields_have_their_names(void **state)
{
	struct vector vector = vector_named("req-resolution-both-utf8");
	json_t *tree = assert_comes_back(vector.name, vector.octets);
	json_t *expected = json_loads(
		"{\"envelope\":{\"version\":\"2.11\",\"suggested\":\"2.11\","
		"\"is_compressed\":false,\"is_encrypted\":false,\"is_truncated\":false,"
		"\"session_id\":0,\"request_id\":4100,\"sequence\":0,\"message_size\":76},"
		"\"header\":{\"opcode\":1,\"operation\":\"RESOLUTION\",\"response_code\":0,"
		"\"response\":\"RESERVED\",\"flags\":[\"RECURSIVE\",\"CACHE_CERTIFY\","
		"\"PUBLIC_ONLY\"],\"site_serial\":1,\"recursion_count\":0,\"reserved\":0,"
		"\"expiration\":1900000000,\"body_size\":48},"
		"\"body\":{\"handle\":\"86.1000/山西/谷子-001\",\"indexes\":[100],"
		"\"types\":[\"URL\"]},\"credential\":null}",
		0, NULL);

	(void)state;
	assert_non_null(expected);
	assert_true(json_equal(tree, expected));
	json_decref(tree);
	json_decref(expected);
}

static void
what_does_not_decode_says_why(void **state)
{
	struct vector vector = vector_named("session-6-remove-value-encrypted");
	json_t *tree = assert_comes_back(vector.name, vector.octets);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(tree, "undecoded")), "UNSUPPORTED");
	assert_non_null(json_object_get(tree, "payload_hex"));
	assert_null(json_object_get(tree, "header"));
	json_decref(tree);
	tree = assert_comes_back("short", BYTES(2, 11, 2));
	assert_string_equal(json_string_value(json_object_get(tree, "undecoded")), "TRUNCATED");
	assert_string_equal(json_string_value(json_object_get(tree, "octets_hex")), "020b02");
	json_decref(tree);
	vector = vector_named("hs-mac-2.5");
	tree = assert_comes_back(vector.name, vector.octets);
	assert_string_equal(text_at(tree, "credential", "type"), "HS_MAC");
	assert_string_equal(text_at(tree, "credential", "digest_name_hex"), "02");
	json_decref(tree);
}

static void
people_may_leave_out_what_is_usual(void **state)
{
	struct bytes octets;
	struct frame frame;
	struct message message;
	struct request request;

	(void)state;
	assert_int_equal(octets_of(TEXT("{\"body\":{\"types\":[\"URL\"],\"handle\":\"20.500/x\"},"
					"\"header\":{\"opcode\":\"RESOLUTION\",\"body_size\":7},"
					"\"about\":{\"said\":\"by people\"},"
					"\"envelope\":{\"request_id\":9}}"),
				 &octets, NULL),
		STATUS_OK);
	assert_int_equal(frame_split(octets, &frame), STATUS_OK);
	assert_int_equal(frame.rest.size, 0);
	assert_int_equal(version_compare(frame.envelope.version, VERSION_OURS), 0);
	assert_int_equal(frame.envelope.request_id, 9);
	assert_int_equal(message_decode(&frame.envelope, frame.octets, &message), STATUS_OK);
	assert_int_equal(message.header.flags, 0x19000000);
	assert_int_equal(message.header.site_serial, 0xffff);
	assert_true(message.has_credential_size);
	assert_int_equal(request_decode(&message, &request), STATUS_OK);
	assert_run(request.resolution.name, TEXT("20.500/x"));
	assert_int_equal(request.resolution.type_count, 1);
	assert_int_equal(request.resolution.index_count, 0);
}

static void
wrong_members_are_named_with_their_place(void **state)
{
	static const struct {
		const char *json;
		enum status status;
		const char *said;
	} rows[] = {
		{"{\"envelop\":{}}", STATUS_INVALID, "message"},
		{"{\"header\":{\"opcode\":1,\"opcodes\":2}}", STATUS_INVALID,
			"header.opcodes is no field"},
		{"{\"header\":{\"opcode\":\"RESOLVE\"}}", STATUS_INVALID, "header.opcode"},
		{"{\"header\":{\"opcode\":4294967296}}", STATUS_TOO_LARGE, "header.opcode"},
		{"{\"header\":{\"flags\":[\"WHITE\"]}}", STATUS_INVALID, "header.flags"},
		{"{\"header\":{\"flags\":[\"0x1000000000\"]}}", STATUS_INVALID, "header.flags"},
		{"{\"header\":{\"opcode\":77},\"body\":{}}", STATUS_UNSUPPORTED, "operation 77"},
		{"{\"envelope\":{\"version\":\"2\"}}", STATUS_INVALID, "envelope.version"},
		{"{\"envelope\":{\"version\":\"2.256\"}}", STATUS_TOO_LARGE, "envelope.version"},
		{"{\"envelope\":{\"version\":\".1\"}}", STATUS_INVALID, "envelope.version"},
		{"{\"header\":{\"opcode\":1},\"body\":{\"handle\":3}}", STATUS_INVALID,
			"body.handle"},
		{"{\"header\":{\"opcode\":1},\"body\":{\"handle_hex\":\"0\"}}", STATUS_INVALID,
			"body.handle_hex"},
		{"{\"header\":{\"opcode\":1},\"body\":{\"indexes\":[-1]}}", STATUS_INVALID,
			"body.indexes"},
		{"{\"header\":{\"opcode\":1},\"body\":{\"types\":[{\"hax\":\"\"}]}}",
			STATUS_INVALID, "body.types"},
		{"{\"header\":{\"opcode\":102},\"body\":{\"values\":[{\"index\":\"x\"}]}}",
			STATUS_INVALID, "index"},
		{"{\"body_hex\":\"zz\"}", STATUS_INVALID, "body_hex"},
		{"{\"payload_hex\":7}", STATUS_INVALID, "payload_hex"},
		{"{\"header\":{\"opcode\":1}", STATUS_TRUNCATED, "message"},
		{"[]", STATUS_INVALID, "message"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct problem problem = {0};
		struct bytes octets;
		enum status status = octets_of(bytes_from_string(rows[i].json), &octets, &problem);

		if (status != rows[i].status || strstr(problem.text, rows[i].said) == NULL) {
			fail_msg("%s: %s, %s", rows[i].json, status_name(status), problem.text);
		}
	}
}

static void
problems_count_octets_from_the_start_of_the_text(void **state)
{
	const char *json = "{\"envelope\":{},\"header\":{\"opcode\":1,\"expiration\":true}}";
	size_t at = (size_t)(strstr(json, "true") - json);
	char expected[32];
	struct problem problem;
	struct bytes octets;

	(void)state;
	snprintf(expected, sizeof(expected), "octet %zu:", at);
	assert_int_equal(octets_of(bytes_from_string(json), &octets, &problem), STATUS_INVALID);
	assert_ptr_equal(strstr(problem.text, expected), problem.text);
}

/* Where the named fields do not fit, hex may: it is denser for large indexes. */
static void
bodies_too_long_in_json_are_kept_as_hex(void **state)
{
	static uint8_t indexes[4000];
	struct response response = {
		.message = {.envelope = {.version = VERSION_OURS}},
		.error = {.has_indexes = true,
			.index_count = sizeof(indexes) / 4,
			.indexes = bytes_over(indexes, sizeof(indexes))},
	};
	size_t hex_count = 0;
	size_t named_count = 0;
	struct bytes octets;
	struct bytes again;
	struct bytes json;

	(void)state;
	memset(indexes, 0xff, sizeof(indexes));
	response.message.header.response_code = RESPONSE_VALUES_NOT_FOUND;
	octets = response_octets(&response);
	response.message.envelope.message_size = (uint32_t)octets.size;
	octets = frame_join(&response.message.envelope, octets);
	for (size_t size = 8000; size < 12000; size += 10) {
		if (json_in_space(octets, size, &json) == STATUS_OK) {
			bool is_hex = memmem(json.at, json.size, "body_hex", 8) != NULL;

			hex_count += is_hex;
			named_count += !is_hex;
			assert_int_equal(octets_of(json, &again, NULL), STATUS_OK);
			assert_run(again, octets);
		}
	}
	assert_int_not_equal(hex_count, 0);
	assert_int_not_equal(named_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_message_comes_back_from_json),
		cmocka_unit_test(every_truncation_of_a_message_comes_back_from_json),
		cmocka_unit_test(every_truncation_of_a_body_comes_back_from_json),
		cmocka_unit_test(every_octet_changed_comes_back_from_json),
		cmocka_unit_test(messages_without_a_credential_size_come_back_from_json),
		cmocka_unit_test(fields_have_their_names),
		cmocka_unit_test(what_does_not_decode_says_why),
		cmocka_unit_test(people_may_leave_out_what_is_usual),
		cmocka_unit_test(wrong_members_are_named_with_their_place),
		cmocka_unit_test(problems_count_octets_from_the_start_of_the_text),
		cmocka_unit_test(bodies_too_long_in_json_are_kept_as_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
