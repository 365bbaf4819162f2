/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "base/limits.h"
#include "handle/handle_name.h"
#include "journal_rig.h"

#include "journal/journal_private.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
a_new_journal_is_empty_and_opens_again(void **state)
{
	(void)state;
	struct rig *rig = rig_new();

	assert_int_equal(rig_open(rig, false, 0), STATUS_NOT_FOUND);
	rig_make(rig);
	rig_assert_holds(rig, 0);
	assert_int_equal(journal_end(rig->journal), journal_first(rig->journal));
	rig_close(rig);
	for (int is_writable = 0; is_writable <= 1; is_writable++) {
		assert_int_equal(rig_open(rig, is_writable, 0), STATUS_OK);
		rig_assert_holds(rig, 0);
		rig_close(rig);
	}
	rig_free(rig);
}

static void
entries_are_there_after_the_flush_and_not_before(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	struct bytes key, record;
	enum journal_kind kind;

	rig_make(rig);
	assert_int_equal(rig_add(rig, 100), STATUS_OK);
	assert_int_equal(rig->journal->batch_size, journal_entry_size(1, 100, 0));
	assert_int_equal(journal_peek(rig->journal, rig->entries[0].place, &key, &record, &kind),
		STATUS_CORRUPT);
	assert_int_equal(journal_end(rig->journal), journal_first(rig->journal));
	rig_flush(rig);
	assert_int_equal(rig->journal->batch_size, 0);
	rig_assert_holds(rig, 1);
	rig_flush(rig); /* Nothing to do is fine. */
	rig_assert_holds(rig, 1);
	rig_close(rig);
	assert_int_equal(rig_open(rig, false, 0), STATUS_OK);
	rig_assert_holds(rig, 1);
	rig_free(rig);
}

static void
what_was_not_flushed_is_not_there_later(void **state)
{
	(void)state;
	struct rig *rig = rig_new();

	rig_make(rig);
	assert_int_equal(rig_add(rig, 10), STATUS_OK);
	rig_flush(rig);
	assert_int_equal(rig_add(rig, 10), STATUS_OK);
	rig_close(rig);
	assert_int_equal(rig_open(rig, true, 0), STATUS_OK);
	rig_assert_holds(rig, 1);
	assert_int_equal(journal_cut_size(rig->journal), 0);
	rig_free(rig);
}

static void
entries_of_every_size_cross_many_segments(void **state)
{
	(void)state;
	struct rig *rig = rig_new();

	rig_make(rig);
	for (size_t i = 0; i < RIG_ENTRY_COUNT_MAX; i++) {
		assert_int_equal(rig_add(rig, i * 7 % 1700), STATUS_OK);
		if (i % 11 == 0) {
			rig_flush(rig);
		}
	}
	rig_flush(rig);
	assert_true(rig_segment_count(rig) > 20);
	rig_assert_holds(rig, RIG_ENTRY_COUNT_MAX);
	rig_close(rig);
	for (size_t i = 0; i < RIG_ENTRY_COUNT_MAX; i += 13) {
		/* Whatever is known already, the whole journal is there. */
		assert_int_equal(rig_open(rig, i % 2, rig->entries[i].batch_end), STATUS_OK);
		rig_assert_holds(rig, RIG_ENTRY_COUNT_MAX);
		rig_close(rig);
	}
	rig_free(rig);
}

/* Leaves exactly `left` octets in the first segment, then adds one entry more. */
static void
meet_segment_end(size_t left)
{
	struct rig *rig = rig_new();
	struct journal_entry entry;

	rig_make(rig);
	for (size_t used = JOURNAL_HEADER_SIZE;;) {
		size_t key_size = 1 + rig->added_count % 23;
		size_t actor_size = rig->added_count % 5 * 3;
		size_t room = RIG_SEGMENT_SIZE - left - used;
		size_t record_size = 600;

		if (room < 1200) {
			record_size = 0;
			while (journal_entry_size(key_size, record_size, actor_size) < room) {
				record_size++;
			}
		}
		used += journal_entry_size(key_size, record_size, actor_size);
		assert_int_equal(rig_add(rig, record_size), STATUS_OK);
		if (used == RIG_SEGMENT_SIZE - left) {
			break;
		}
	}
	rig_flush(rig);
	assert_int_equal(journal_end(rig->journal), RIG_SEGMENT_SIZE - left);
	rig_close(rig);
	assert_int_equal(rig_open(rig, true, journal_first(rig->journal)), STATUS_OK);
	rig_assert_holds(rig, rig->entry_count);
	rig_close(rig);
	assert_int_equal(rig_open(rig, true, RIG_SEGMENT_SIZE - left), STATUS_OK);
	assert_int_equal(rig_add(rig, 0), STATUS_OK);
	rig_flush(rig);
	rig_assert_holds(rig, rig->entry_count);
	assert_int_equal(journal_read(rig->journal, RIG_SEGMENT_SIZE - left, &entry), STATUS_OK);
	assert_int_equal(entry.sequence, rig->entry_count);
	rig_close(rig);
	assert_int_equal(rig_open(rig, false, RIG_SEGMENT_SIZE - left), STATUS_OK);
	rig_assert_holds(rig, rig->entry_count);
	rig_free(rig);
}

static void
a_segment_ends_well_with_any_number_of_octets_left(void **state)
{
	(void)state;
	for (size_t left = 0; left <= 256; left += JOURNAL_ALIGNMENT) {
		meet_segment_end(left);
	}
}

static enum status
add_sized(struct rig *rig, size_t key_size, size_t record_size, size_t actor_size)
{
	static const uint8_t octets[MESSAGE_SIZE_MAX + 1];
	uint64_t place;
	struct journal_change change = {
		.kind = JOURNAL_PUT,
		.key = bytes_over(octets, key_size),
		.record = bytes_over(octets, record_size),
		.actor = bytes_over(octets, actor_size),
	};

	return journal_add(rig->journal, &change, &place);
}

static void
sizes_are_taken_up_to_their_limits(void **state)
{
	(void)state;
	struct rig *rig = rig_new();

	assert_int_equal(
		journal_open_as(rig->directory,
			&(struct journal_opening){
				.is_writable = true, .known_place = 0, .segment_size = 1 << 20},
			&rig->journal, NULL),
		STATUS_OK);
	assert_int_equal(add_sized(rig, HANDLE_KEY_SIZE_MAX, 0, 0), STATUS_OK);
	assert_int_equal(add_sized(rig, HANDLE_KEY_SIZE_MAX + 1, 0, 0), STATUS_TOO_LARGE);
	assert_int_equal(add_sized(rig, 0, MESSAGE_SIZE_MAX - 1, 0), STATUS_OK);
	assert_int_equal(add_sized(rig, 0, MESSAGE_SIZE_MAX, 0), STATUS_OK);
	assert_int_equal(add_sized(rig, 0, MESSAGE_SIZE_MAX + 1, 0), STATUS_TOO_LARGE);
	assert_int_equal(add_sized(rig, 0, 0, LEDGER_ACTOR_SIZE_MAX), STATUS_OK);
	assert_int_equal(add_sized(rig, 0, 0, LEDGER_ACTOR_SIZE_MAX + 1), STATUS_TOO_LARGE);
	assert_int_equal(journal_flush(rig->journal, NULL), STATUS_OK);
	assert_int_equal(journal_last_sequence(rig->journal), 4);
	rig_free(rig);
}

static void
an_entry_that_no_segment_could_hold_is_refused(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	size_t room = RIG_SEGMENT_SIZE - JOURNAL_HEADER_SIZE - JOURNAL_ENTRY_SIZE_MIN;

	rig_make(rig);
	assert_int_equal(add_sized(rig, 0, room + 1, 0), STATUS_TOO_LARGE);
	assert_int_equal(add_sized(rig, 0, room, 0), STATUS_OK);
	assert_int_equal(journal_flush(rig->journal, NULL), STATUS_OK);
	assert_int_equal(journal_end(rig->journal), RIG_SEGMENT_SIZE);
	rig_free(rig);
}

static void
a_full_batch_says_busy_and_loses_nothing(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	uint64_t count = 0;

	assert_int_equal(
		journal_open_as(rig->directory,
			&(struct journal_opening){
				.is_writable = true, .known_place = 0, .segment_size = 1 << 20},
			&rig->journal, NULL),
		STATUS_OK);
	while (add_sized(rig, 3, 50000, 7) == STATUS_OK) {
		count++;
		assert_true(rig->journal->batch_size <= LEDGER_BATCH_SIZE_MAX);
	}
	assert_true(count * 50000 > LEDGER_BATCH_SIZE_MAX / 2);
	assert_int_equal(add_sized(rig, 3, 50000, 7), STATUS_BUSY);
	assert_int_equal(journal_flush(rig->journal, NULL), STATUS_OK);
	assert_int_equal(add_sized(rig, 3, 50000, 7), STATUS_OK);
	assert_int_equal(journal_flush(rig->journal, NULL), STATUS_OK);
	assert_int_equal(journal_last_sequence(rig->journal), count + 1);
	rig_free(rig);
}

static void
only_changes_can_be_added(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	struct journal_change change = {.kind = JOURNAL_PAD};
	uint64_t place;

	rig_make(rig);
	assert_int_equal(journal_add(rig->journal, &change, &place), STATUS_INVALID);
	change.kind = (enum journal_kind)(JOURNAL_UNHOME + 1);
	assert_int_equal(journal_add(rig->journal, &change, &place), STATUS_INVALID);
	rig_close(rig);
	assert_int_equal(rig_open(rig, false, 0), STATUS_OK);
	change.kind = JOURNAL_PUT;
	assert_int_equal(journal_add(rig->journal, &change, &place), STATUS_READ_ONLY);
	assert_int_equal(journal_flush(rig->journal, &rig->problem), STATUS_READ_ONLY);
	rig_free(rig);
}

static void
any_place_at_all_can_be_asked_for(void **state)
{
	(void)state;
	static const uint64_t places[] = {0, 1, 7, 8, 4088, 4095, 4097, UINT64_MAX, UINT64_MAX - 7,
		UINT64_C(1) << 39, UINT64_C(1) << 63, RIG_SEGMENT_SIZE, RIG_SEGMENT_SIZE + 8,
		2 * RIG_SEGMENT_SIZE - 8};
	struct rig *rig = rig_new();
	struct journal_entry entry;
	struct bytes key, record;
	enum journal_kind kind;
	size_t found = 0;

	rig_make(rig);
	for (int i = 0; i < 30; i++) {
		assert_int_equal(rig_add(rig, 300), STATUS_OK);
	}
	rig_flush(rig);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		journal_prefetch(rig->journal, places[i]);
		assert_int_equal(journal_peek(rig->journal, places[i], &key, &record, &kind),
			STATUS_CORRUPT);
		/* A read steps over a segment's end, and over nothing else. */
		assert_int_equal(journal_read(rig->journal, places[i], &entry) == STATUS_OK,
			places[i] == RIG_SEGMENT_SIZE || places[i] == 2 * RIG_SEGMENT_SIZE - 8);
	}
	for (uint64_t place = 0; place < journal_end(rig->journal) + 64; place += 8) {
		if (journal_peek(rig->journal, place, &key, &record, &kind) == STATUS_OK) {
			assert_int_equal(place, rig->entries[found].place);
			found++;
		}
	}
	assert_int_equal(found, rig->entry_count);
	rig_free(rig);
}

/* Writes a head at `place` whose sizes are a lie, with a checksum that fits if it can. */
static void
poke_head(struct rig *rig, uint64_t place, uint16_t key_size, uint32_t record_size)
{
	static uint8_t octets[RIG_SEGMENT_SIZE];
	struct journal_head head = {
		.size = 1000,
		.kind = JOURNAL_PUT,
		.key_size = key_size,
		.record_size = record_size,
		.sequence = 1,
	};
	uint64_t size = sizeof(head) + (uint64_t)key_size + record_size;

	if (size <= RIG_SEGMENT_SIZE - place % RIG_SEGMENT_SIZE) {
		rig_peek_file(rig, place, octets, size);
		memcpy(octets, &head, sizeof(head));
		head.record_checksum = checksum_over(bytes_over(octets + 16, size - 16), 0);
	}
	rig_poke_file(rig, place, &head, sizeof(head));
}

static enum status
peek_at(struct rig *rig, uint64_t place)
{
	struct bytes key, record;
	enum journal_kind kind;

	return journal_peek(rig->journal, place, &key, &record, &kind);
}

static void
sizes_that_lie_never_lead_out_of_the_journal(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	struct journal_entry entry;
	uint64_t place;

	rig_make(rig);
	assert_int_equal(rig_add(rig, 1500), STATUS_OK);
	assert_int_equal(rig_add(rig, 1500), STATUS_OK);
	rig_flush(rig);
	/* Within the segment, but behind the end: a checksum that fits does not help. */
	place = journal_end(rig->journal) - 64;
	poke_head(rig, place, 8, 16);
	assert_int_equal(peek_at(rig, place), STATUS_OK);
	poke_head(rig, place, 8, 17);
	assert_int_equal(peek_at(rig, place), STATUS_CORRUPT);
	rig_close(rig);
	rig_free(rig);

	/* Behind the last segment, where nothing is mapped. */
	rig = rig_new();
	rig_make(rig);
	assert_int_equal(
		add_sized(
			rig, 0, RIG_SEGMENT_SIZE - JOURNAL_HEADER_SIZE - JOURNAL_ENTRY_SIZE_MIN, 0),
		STATUS_OK);
	assert_int_equal(journal_flush(rig->journal, NULL), STATUS_OK);
	assert_int_equal(journal_end(rig->journal), RIG_SEGMENT_SIZE);
	for (place = RIG_SEGMENT_SIZE - 8; place > RIG_SEGMENT_SIZE - 256; place -= 8) {
		if (RIG_SEGMENT_SIZE - place >= sizeof(struct journal_head)) {
			poke_head(rig, place, UINT16_MAX, UINT32_MAX);
			assert_int_equal(peek_at(rig, place), STATUS_CORRUPT);
			poke_head(rig, place, 2000, 200000);
		}
		assert_int_equal(peek_at(rig, place), STATUS_CORRUPT);
		assert_int_not_equal(journal_read(rig->journal, place, &entry), STATUS_OK);
	}
	rig_free(rig);
}

static void
opening_read_only_changes_no_octet(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	struct rig_files *before, *after;
	char path[RIG_PATH_SIZE];
	struct stat was, is;

	rig_make(rig);
	for (int i = 0; i < 9; i++) {
		assert_int_equal(rig_add(rig, 500), STATUS_OK);
	}
	rig_flush(rig);
	rig_close(rig);
	rig_flip(rig, rig->entries[8].place + 60, 1); /* A torn tail, not to be cut. */
	rig_path(rig, 0, path);
	before = rig_save(rig);
	assert_int_equal(stat(path, &was), 0);
	assert_int_equal(rig_open(rig, false, 0), STATUS_OK);
	rig_assert_holds(rig, 8);
	assert_true(journal_cut_size(rig->journal) > 0);
	rig_close(rig);
	after = rig_save(rig);
	assert_int_equal(stat(path, &is), 0);
	assert_true(rig_files_are_equal(before, after));
	assert_true(was.st_mtim.tv_sec == is.st_mtim.tv_sec &&
		was.st_mtim.tv_nsec == is.st_mtim.tv_nsec);
	rig_files_free(before);
	rig_files_free(after);
	rig_free(rig);
}

struct reading {
	struct rig *rig;
	_Atomic bool is_over;
};

/* Walks whatever is durable, over and over, while another thread appends. */
static void *
read_along(void *context)
{
	struct reading *reading = context;
	struct journal *journal = reading->rig->journal;
	bool is_over;

	do {
		struct journal_entry entry;
		struct bytes key, record;
		enum journal_kind kind;
		uint64_t sequence = 0;

		is_over = atomic_load(&reading->is_over);
		for (uint64_t place = journal_first(journal);
			journal_read(journal, place, &entry) == STATUS_OK; place = entry.next) {
			assert_int_equal(entry.sequence, ++sequence);
			assert_int_equal(journal_peek(journal, entry.place, &key, &record, &kind),
				STATUS_OK);
		}
		assert_true(sequence >= 1);
	} while (!is_over);
	return NULL;
}

static void
threads_read_while_one_appends(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	struct reading reading = {.rig = rig};
	pthread_t threads[2];

	rig_make(rig);
	assert_int_equal(rig_add(rig, 700), STATUS_OK);
	rig_flush(rig);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, read_along, &reading), 0);
	}
	while (rig->entry_count < RIG_ENTRY_COUNT_MAX) {
		assert_int_equal(rig_add(rig, rig->entry_count * 5), STATUS_OK);
		rig_flush(rig);
	}
	atomic_store(&reading.is_over, true);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	rig_free(rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_journal_is_empty_and_opens_again),
		cmocka_unit_test(entries_are_there_after_the_flush_and_not_before),
		cmocka_unit_test(what_was_not_flushed_is_not_there_later),
		cmocka_unit_test(entries_of_every_size_cross_many_segments),
		cmocka_unit_test(a_segment_ends_well_with_any_number_of_octets_left),
		cmocka_unit_test(sizes_are_taken_up_to_their_limits),
		cmocka_unit_test(an_entry_that_no_segment_could_hold_is_refused),
		cmocka_unit_test(a_full_batch_says_busy_and_loses_nothing),
		cmocka_unit_test(only_changes_can_be_added),
		cmocka_unit_test(any_place_at_all_can_be_asked_for),
		cmocka_unit_test(sizes_that_lie_never_lead_out_of_the_journal),
		cmocka_unit_test(opening_read_only_changes_no_octet),
		cmocka_unit_test(threads_read_while_one_appends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
