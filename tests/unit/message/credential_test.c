/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "message/credential.h"
#include "support/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct credential sample = {
	.version = 1,
	.reserved = 2,
	.flags = 0x0304,
	.signer = {(const uint8_t *)"0.NA/K", 6},
	.session_counter = 0x05060708,
	.type = {(const uint8_t *)"HS_MAC", 6},
	.digest_name = {(const uint8_t *)"HMAC-SHA256", 11},
	.signature = {(const uint8_t *)"\1\2\3\4", 4},
};

static uint8_t room[2 * KEY_SIZE_MAX];

static struct bytes
written(const struct credential *credential)
{
	struct wire_writer writer = wire_writer_over(room, sizeof(room));

	credential_write(&writer, credential);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return wire_written(&writer);
}

static void
every_field_comes_back(void **state)
{
	struct credential found;

	(void)state;
	assert_int_equal(credential_decode(written(&sample), &found), STATUS_OK);
	assert_int_equal(found.version, sample.version);
	assert_int_equal(found.reserved, sample.reserved);
	assert_int_equal(found.flags, sample.flags);
	assert_run(found.signer, sample.signer);
	assert_int_equal(found.session_counter, sample.session_counter);
	assert_run(found.type, sample.type);
	assert_run(found.digest_name, sample.digest_name);
	assert_run(found.signature, sample.signature);
}

static void
every_truncation_is_refused_and_stores_nothing(void **state)
{
	struct bytes whole = written(&sample);

	(void)state;
	for (size_t size = 0; size < whole.size; size++) {
		struct bytes cut = heap_copy(bytes_slice(whole, 0, size));
		struct credential found = {.flags = 0x7777};

		assert_int_equal(credential_decode(cut, &found), STATUS_TRUNCATED);
		assert_int_equal(found.flags, 0x7777);
		heap_free(cut);
	}
	room[whole.size] = 0;
	assert_int_equal(
		credential_decode(bytes_over(room, whole.size + 1), &(struct credential){0}),
		STATUS_MALFORMED);
}

/* The section says its own size: one octet more or less in it can be mended by nothing. */
static void
sections_whose_size_lies_are_malformed(void **state)
{
	struct bytes whole = written(&sample);
	size_t at = 4 + 4 + sample.signer.size + 4 + 4 + sample.type.size;
	struct credential found;

	(void)state;
	assert_int_equal(room[at + 3], whole.size - at - 4);
	room[at + 3]--;
	assert_int_equal(
		credential_decode(bytes_over(room, whole.size - 1), &found), STATUS_MALFORMED);
	room[at + 3] += 2;
	room[whole.size] = 9;
	assert_int_equal(
		credential_decode(bytes_over(room, whole.size + 1), &found), STATUS_MALFORMED);
}

static void
signatures_are_read_up_to_their_limit(void **state)
{
	static uint8_t signature[KEY_SIZE_MAX + 1];

	(void)state;
	for (size_t size = KEY_SIZE_MAX - 1; size <= KEY_SIZE_MAX + 1; size++) {
		struct credential credential = sample;

		credential.signature = bytes_over(signature, size);
		assert_int_equal(credential_decode(written(&credential), &credential),
			size <= KEY_SIZE_MAX ? STATUS_OK : STATUS_TOO_LARGE);
	}
}

static void
what_stands_before_the_signed_octets_follows_the_version(void **state)
{
	static const struct {
		struct version version;
		struct version suggested;
		struct bytes front;
	} rows[] = {
		{{2, 11}, {2, 11},
			{(const uint8_t *)"\2\13\2\13\1\2\3\4\5\6\7\10\21\22\23\24", 16}},
		{{2, 8}, {2, 11}, {(const uint8_t *)"\2\10\2\13\1\2\3\4\5\6\7\10\21\22\23\24", 16}},
		{{2, 8}, {0, 0}, {(const uint8_t *)"\2\10\2\10\1\2\3\4\5\6\7\10\21\22\23\24", 16}},
		{{2, 7}, {2, 11}, {(const uint8_t *)"\2\7\1\2\3\4\5\6\7\10\21\22\23\24", 14}},
		{{2, 6}, {2, 11}, {(const uint8_t *)"\2\6\1\2\21\22\23\24\0\0\0\0\0\0", 14}},
		{{2, 5}, {2, 11}, {(const uint8_t *)"", 0}},
		{{2, 1}, {2, 11}, {(const uint8_t *)"", 0}},
		{{5, 0}, {2, 11}, {(const uint8_t *)"", 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct envelope envelope = {.version = rows[i].version,
			.suggested = rows[i].suggested,
			.session_id = 0x01020304,
			.request_id = 0x05060708};
		uint8_t front[SIGNED_FRONT_SIZE_MAX];
		size_t size = credential_signed_front(&envelope, 0x11121314, front);

		assert_run(bytes_over(front, size), rows[i].front);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_comes_back),
		cmocka_unit_test(every_truncation_is_refused_and_stores_nothing),
		cmocka_unit_test(sections_whose_size_lies_are_malformed),
		cmocka_unit_test(signatures_are_read_up_to_their_limit),
		cmocka_unit_test(what_stands_before_the_signed_octets_follows_the_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
