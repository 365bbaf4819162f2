/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/text_writer.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "support/json_rewrite.h"
#include "unit/json/jansson_judge.h"
#include "unit/json/json_corpus.h"

/*
 * The same texts before our reader and before jansson, which shares no line with it. Both
 * must agree on every one, and on what the good ones say.
 */
static const struct bytes good[] = {
#define X(text) {(const uint8_t *)text, sizeof(text) - 1},
	JSON_GOOD_TEXTS(X)
#undef X
};

static const struct bytes bad[] = {
#define X(text) {(const uint8_t *)text, sizeof(text) - 1},
	JSON_BAD_TEXTS(X)
#undef X
};

enum {
	GOOD_COUNT = sizeof(good) / sizeof(good[0]),
	BAD_COUNT = sizeof(bad) / sizeof(bad[0]),
	ROOM = 4096,
};

static struct arena *arena;

static enum status
skip_all(struct bytes text)
{
	struct json_reader reader;

	arena_reset(arena);
	reader = json_reader_over(text, arena);
	(void)json_skip(&reader);
	return json_reader_end(&reader);
}

static void
assert_judged_alike(struct bytes given)
{
	struct bytes text = heap_copy(given);
	enum jansson_verdict verdict = jansson_judge(text);
	char room[ROOM];
	struct json_writer writer = json_writer_over(room, sizeof(room));
	enum status skipped = skip_all(text);
	enum status rewritten;

	arena_reset(arena);
	rewritten = json_rewrite(text, arena, &writer);
	if (rewritten != skipped || (verdict == JANSSON_TAKES && skipped != STATUS_OK) ||
		(verdict == JANSSON_REFUSES && skipped == STATUS_OK)) {
		fail_msg("%.*s: skipped %s, rewritten %s, jansson %s", (int)text.size,
			(const char *)text.at, status_name(skipped), status_name(rewritten),
			verdict == JANSSON_TAKES ? "took it" : "refused it");
	}
	if (verdict == JANSSON_TAKES) {
		assert_int_equal(json_writer_end(&writer), STATUS_OK);
		if (!jansson_equal(text, json_written(&writer))) {
			fail_msg("%.*s: became %.*s", (int)text.size, (const char *)text.at,
				(int)json_written(&writer).size, room);
		}
	}
	heap_free(text);
}

static void
good_texts_are_taken_by_both_and_say_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < GOOD_COUNT; i++) {
		if (skip_all(good[i]) != STATUS_OK) {
			fail_msg("%s", (const char *)good[i].at);
		}
		assert_judged_alike(good[i]);
	}
}

static void
bad_texts_are_refused_by_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < BAD_COUNT; i++) {
		enum status status = skip_all(bad[i]);

		if (status != STATUS_MALFORMED && status != STATUS_TRUNCATED) {
			fail_msg("%s: %s", (const char *)bad[i].at, status_name(status));
		}
		assert_judged_alike(bad[i]);
	}
}

/* A container is not whole before its last octet; "12" is, within "123". */
static void
every_beginning_of_a_container_is_truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < GOOD_COUNT; i++) {
		struct bytes text = good[i];

		if (text.size == 0 || (text.at[0] != '{' && text.at[0] != '[')) {
			continue;
		}
		while (text.at[text.size - 1] == '\n') {
			text.size--;
		}
		for (size_t size = 0; size < text.size; size++) {
			struct bytes cut = heap_copy(bytes_slice(text, 0, size));

			if (skip_all(cut) != STATUS_TRUNCATED) {
				fail_msg("%.*s", (int)size, (const char *)text.at);
			}
			heap_free(cut);
		}
	}
}

static void
texts_with_one_octet_left_out_doubled_or_changed_are_judged_alike(void **state)
{
	static const char changes[] = "{}[],:\"\\/ \n0159-+.eEutfnadx\x01\x7f\x80\xc3\xff";

	(void)state;
	for (size_t i = 0; i < GOOD_COUNT; i++) {
		struct bytes text = good[i];
		uint8_t octets[512];

		assert_true(text.size < sizeof(octets));
		for (size_t at = 0; at < text.size; at++) {
			memcpy(octets, text.at, at);
			memcpy(octets + at, text.at + at + 1, text.size - at - 1);
			assert_judged_alike(bytes_over(octets, text.size - 1));
			memcpy(octets + at, text.at + at, text.size - at);
			memcpy(octets + at + 1, text.at + at, text.size - at);
			assert_judged_alike(bytes_over(octets, text.size + 1));
			memcpy(octets, text.at, text.size);
			for (size_t change = 0; change < sizeof(changes); change++) {
				octets[at] = (uint8_t)changes[change];
				assert_judged_alike(bytes_over(octets, text.size));
			}
		}
	}
}

static void
pairs_of_good_texts_are_good_only_in_a_container(void **state)
{
	(void)state;
	for (size_t i = 0; i < GOOD_COUNT; i++) {
		for (size_t other = i % 7; other < GOOD_COUNT; other += 7) {
			char octets[1024];
			struct text_writer text = text_writer_over(octets, sizeof(octets));
			struct bytes whole;

			text_write_char(&text, '[');
			text_write(&text, good[i]);
			text_write_char(&text, ',');
			text_write(&text, good[other]);
			text_write_char(&text, ']');
			whole = text_written(&text);
			assert_int_equal(skip_all(whole), STATUS_OK);
			assert_judged_alike(whole);
			assert_judged_alike(bytes_slice(whole, 1, whole.size - 2));
		}
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
		cmocka_unit_test(good_texts_are_taken_by_both_and_say_the_same),
		cmocka_unit_test(bad_texts_are_refused_by_both),
		cmocka_unit_test(every_beginning_of_a_container_is_truncated),
		cmocka_unit_test(texts_with_one_octet_left_out_doubled_or_changed_are_judged_alike),
		cmocka_unit_test(pairs_of_good_texts_are_good_only_in_a_container),
	};

	return cmocka_run_group_tests(tests, arena_open, arena_close);
}
