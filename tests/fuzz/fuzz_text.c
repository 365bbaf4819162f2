/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/base64.h"
#include "base/text_writer.h"
#include "fuzz/fuzz.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

/* Whatever is read from text must be written as that text again. */
static void
check_numbers(struct bytes text)
{
	char room[32];
	struct text_writer writer = text_writer_over(room, sizeof(room));
	uint64_t number;
	int64_t seconds;

	if (text_read_u64(text, UINT64_MAX, &number) == STATUS_OK) {
		text_write_u64(&writer, number);
		FUZZ_CHECK(bytes_equal(text_written(&writer), text));
		if (number > 0) {
			FUZZ_CHECK(text_read_u64(text, number - 1, &number) == STATUS_TOO_LARGE);
		}
	}
	if (text_read_time(text, &seconds) == STATUS_OK) {
		writer = text_writer_over(room, sizeof(room));
		text_write_time(&writer, seconds);
		FUZZ_CHECK(bytes_equal(text_written(&writer), text));
	}
}

static void
check_codes(struct bytes text)
{
	uint8_t *octets = malloc(base64_decoded_size_max(text.size) + 1);
	char *again = malloc(2 * text.size + 4);
	size_t size;

	for (unsigned form = 0; form < 2; form++) {
		enum base64_alphabet alphabet = (enum base64_alphabet)form;

		if (base64_decode(text, alphabet, octets, &size) == STATUS_OK) {
			FUZZ_CHECK(size <= base64_decoded_size_max(text.size));
			base64_encode(bytes_over(octets, size), alphabet, again);
			size = base64_encoded_size(size, alphabet);
			size = size < text.size ? size : text.size; /* Padding is free. */
			FUZZ_CHECK(memcmp(again, text.at, size) == 0);
		}
	}
	if (text_read_hex(text, octets) == STATUS_OK) {
		struct text_writer writer = text_writer_over(again, text.size);

		text_write_hex(&writer, bytes_over(octets, text.size / 2));
		FUZZ_CHECK(bytes_equal_fold(text_written(&writer), text));
	}
	free(again);
	free(octets);
}

/* Escaped text has no control in it; a JSON string reads as what was written. */
static void
check_strings(struct bytes text)
{
	size_t capacity = 6 * text.size + 2;
	char *room = malloc(capacity);
	struct text_writer writer = text_writer_over(room, capacity);
	struct json_writer json = json_writer_over(room, capacity);
	struct arena *arena = arena_new(4096, 1 << 20);
	struct json_reader reader;
	struct bytes back;

	text_write_escaped(&writer, text);
	FUZZ_CHECK(text_writer_end(&writer) == STATUS_OK);
	FUZZ_CHECK(bytes_are_utf8(text_written(&writer)));
	for (const char *at = room; at < writer.next; at++) {
		FUZZ_CHECK((uint8_t)*at >= 0x20 && *at != 0x7f);
	}
	json_write_string(&json, text);
	FUZZ_CHECK(json_writer_end(&json) == STATUS_OK);
	reader = json_reader_over(json_written(&json), arena);
	back = json_read_string(&reader);
	if (bytes_find(text, 0) == text.size && json_written(&json).size <= 1 << 20) {
		FUZZ_CHECK(json_reader_end(&reader) == STATUS_OK);
		FUZZ_CHECK(bytes_are_utf8(back));
		FUZZ_CHECK(bytes_equal(back, text) == bytes_are_utf8(text));
	}
	arena_free(arena);
	free(room);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes text = bytes_over(octets, size);

	check_numbers(text);
	check_codes(text);
	check_strings(text);
	return 0;
}
