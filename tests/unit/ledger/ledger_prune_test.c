/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_prune.h"

#include "base/clock.h"
#include "base/file.h"
#include "crypto/crypto.h"
#include "journal/journal_format.h"
#include "journal/journal_prune.h"
#include "ledger/ledger_evidence.h"
#include "ledger/ledger_history.h"
#include "ledger_scene.h"

#include <fcntl.h>

/* Retention: what goes, what stays, and that all that was proven before still is. */

enum { SEGMENT_SIZE = 64 << 10, HANDLE_COUNT = 20, ROUND_COUNT = 60, LASTING_COUNT = 60 };

static struct ledger *
small_ledger(const struct ledger_scene *scene)
{
	struct ledger *ledger = NULL;
	struct problem problem = {0};

	if (ledger_create_sized(scene->directory, SEGMENT_SIZE, &ledger, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	return ledger;
}

/* Handles that change in turn, with one that never does, one that goes, and a prefix that
 * comes and goes; the texts say which change it was. */
static void
write_rounds(struct ledger *ledger, unsigned from, unsigned to)
{
	char name[32], text[300];

	for (unsigned round = from; round < to; round++) {
		for (unsigned i = 0; i < HANDLE_COUNT; i++) {
			snprintf(name, sizeof(name), "88.100/H-%u", i);
			snprintf(text, sizeof(text), "round %u of %u %0200u", round, i, round);
			assert_int_equal(put_text(ledger, name, text), STATUS_OK);
		}
		if (round == 1) {
			assert_int_equal(put_text(ledger, "88.100/STILL", "for ever"), STATUS_OK);
			assert_int_equal(put_text(ledger, "88.100/GONE", "once"), STATUS_OK);
			assert_int_equal(
				change_text(ledger, JOURNAL_DELETE, "88.100/GONE"), STATUS_OK);
		}
		assert_int_equal(change_text(ledger, round % 2 == 0 ? JOURNAL_HOME : JOURNAL_UNHOME,
					 "0.NA/88.100"),
			STATUS_OK);
	}
}

static struct ledger_pruned
prune(const struct ledger_scene *scene, int64_t before_ms, bool is_dry_run)
{
	struct ledger_prune_order order = {.before_ms = before_ms, .is_dry_run = is_dry_run};
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_LOOK);
	struct ledger_pruned pruned;
	struct problem problem = {0};

	if (ledger_prune(ledger, &order, &pruned, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	ledger_scene_close(ledger);
	return pruned;
}

static int64_t
disk_used(const struct ledger_scene *scene)
{
	char command[128], text[32] = "";
	FILE *pipe;

	snprintf(command, sizeof(command), "du -sk %s/ledger", scene->directory);
	pipe = popen(command, "r"); /* NOLINT: a fixed command. */
	assert_non_null(pipe);
	assert_non_null(fgets(text, sizeof(text), pipe));
	pclose(pipe);
	return strtoll(text, NULL, 10) * 1024;
}

static void
verify_open(const struct ledger_scene *scene, enum ledger_open_mode mode,
	struct ledger_report *ret_report)
{
	struct ledger *ledger = ledger_scene_open(scene, mode);

	verify_well(ledger, ret_report);
	ledger_scene_close(ledger);
}

/* The newest state of each handle is there, and each older one is told or said to be gone. */
static uint64_t
assert_states(const struct ledger_scene *scene, unsigned rounds)
{
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_LOOK);
	struct ledger_history history;
	struct journal_entry entry;
	struct problem problem = {0};
	struct record record;
	uint64_t removed = 0;
	char name[32], text[300];

	for (unsigned i = 0; i < HANDLE_COUNT; i++) {
		unsigned round = rounds;

		snprintf(name, sizeof(name), "88.100/H-%u", i);
		assert_int_equal(
			ledger_history_begin(ledger, bytes_from_string(name), &history, &problem),
			STATUS_OK);
		while (ledger_history_next(&history, &entry) == STATUS_OK) {
			round--;
			assert_string_equal("300:0.NA/88.100",
				strndupa((const char *)entry.actor.at, entry.actor.size));
			if (entry.is_pruned) {
				assert_true(round + 1 < rounds);
				assert_int_equal(
					ledger_entry_record(&entry, &record), STATUS_NOT_FOUND);
				assert_int_equal(ledger_entry_removed(ledger, &entry, &problem),
					STATUS_NOT_FOUND);
				assert_non_null(strstr(problem.text, "removed by retention"));
				removed++;
				continue;
			}
			assert_int_equal(ledger_entry_record(&entry, &record), STATUS_OK);
			snprintf(text, sizeof(text), "round %u of %u ", round, i);
			assert_true(memmem(entry.record.at, entry.record.size, text,
					    strlen(text)) != NULL);
		}
		assert_int_equal(round, 0);
	}
	ledger_scene_close(ledger);
	return removed;
}

static void
old_states_go_and_everything_else_stays(void **state)
{
	struct ledger_report before, after;
	struct ledger *ledger = small_ledger(*state);
	struct ledger_pruned dry, pruned;
	struct record record;
	struct records_reader *reader;
	int64_t used;

	write_rounds(ledger, 0, ROUND_COUNT);
	verify_well(ledger, &before);
	ledger_scene_close(ledger);
	used = disk_used(*state);
	assert_int_equal(assert_states(*state, ROUND_COUNT), 0);

	dry = prune(*state, clock_wall_ms(), true);
	assert_int_equal(disk_used(*state), used);
	assert_int_equal(assert_states(*state, ROUND_COUNT), 0);
	pruned = prune(*state, clock_wall_ms(), false);
	assert_memory_equal(&dry, &pruned, sizeof(dry));
	assert_true(pruned.segment_count >= 4);
	assert_true(pruned.freed_size > (uint64_t)used / 4);
	assert_int_equal(used - disk_used(*state), pruned.freed_size);

	verify_open(*state, LEDGER_READ, &after);
	assert_int_equal(after.pruned_count, pruned.removed_count);
	assert_true(after.pruned_before_ms > 0);
	assert_int_equal(after.entry_count, before.entry_count);
	assert_memory_equal(after.root, before.root, sizeof(before.root));
	assert_memory_equal(after.head, before.head, sizeof(before.head));
	/* All but what shares a segment with the end; one more is GONE's. */
	assert_true(pruned.removed_count - assert_states(*state, ROUND_COUNT) <= 1);

	ledger = ledger_scene_open(*state, LEDGER_WRITE);
	reader = records_reader_new(ledger_records(ledger));
	records_enter(reader);
	assert_int_equal(records_get(reader, TEXT("88.100/STILL"), &record), STATUS_OK);
	assert_int_equal(records_get(reader, TEXT("88.100/GONE"), &record), STATUS_NOT_FOUND);
	assert_int_equal(records_get(reader, TEXT("88.100/H-7"), &record), STATUS_OK);
	records_leave(reader);
	records_reader_free(reader);
	ledger_scene_close(ledger);
}

/* What the journal is proven by does not change, nor does how it is opened, made again and
 * written to. */
static void
a_pruned_ledger_goes_on_and_can_be_pruned_again(void **state)
{
	const struct ledger_scene *scene = *state;
	struct ledger *ledger = small_ledger(scene);
	struct ledger_pruned once, twice;
	struct ledger_report report;
	struct problem problem = {0};

	write_rounds(ledger, 0, ROUND_COUNT);
	ledger_scene_close(ledger);
	once = prune(scene, clock_wall_ms(), false);
	assert_true(once.removed_count > 0);
	twice = prune(scene, clock_wall_ms(), false);
	assert_int_equal(twice.removed_count, 0);

	ledger = ledger_scene_open(scene, LEDGER_WRITE);
	write_rounds(ledger, ROUND_COUNT, 2 * ROUND_COUNT);
	verify_well(ledger, &report);
	/* Beside the writer. */
	twice = prune(scene, clock_wall_ms(), false);
	assert_true(twice.removed_count > 0);
	write_rounds(ledger, 2 * ROUND_COUNT, 2 * ROUND_COUNT + 2);
	verify_well(ledger, &report);
	assert_int_equal(report.pruned_count, once.removed_count);
	ledger_scene_close(ledger);
	verify_open(scene, LEDGER_READ, &report);
	assert_int_equal(report.pruned_count, once.removed_count + twice.removed_count);
	assert_states(scene, 2 * ROUND_COUNT + 2);

	if (ledger_rebuild(scene->directory, NULL, NULL, &ledger, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	verify_well(ledger, &report);
	ledger_scene_close(ledger);
	verify_open(scene, LEDGER_READ, &report);
}

static void
sleep_ms(unsigned ms)
{
	int64_t until = clock_wall_ms() + ms;

	while (clock_wall_ms() < until) {
		usleep(500);
	}
}

/* A state that lasted into the span stays, and so does one replaced a millisecond later. */
static void
what_lasted_into_the_span_stays(void **state)
{
	struct ledger *ledger = small_ledger(*state);
	struct ledger_report report;
	struct ledger_pruned pruned;
	struct ledger_moment moment = {.is_time = true};
	struct journal_entry entry;
	struct problem problem = {0};
	int64_t cutoff;

	write_rounds(ledger, 0, ROUND_COUNT);
	sleep_ms(3);
	cutoff = clock_wall_ms();
	sleep_ms(3);
	/* Of the first segment, and as it was until now. */
	assert_int_equal(put_text(ledger, "88.100/STILL", "no longer"), STATUS_OK);
	write_rounds(ledger, ROUND_COUNT, 2 * ROUND_COUNT);
	ledger_scene_close(ledger);

	pruned = prune(*state, 0, false);
	assert_int_equal(pruned.removed_count, 0);
	pruned = prune(*state, cutoff, false);
	assert_true(pruned.removed_count > 0);
	verify_open(*state, LEDGER_READ, &report);
	assert_int_equal(report.pruned_before_ms, cutoff);

	ledger = ledger_scene_open(*state, LEDGER_LOOK);
	/* Every moment from the cutoff on can still be told. */
	moment.time_ms = cutoff;
	for (unsigned i = 0; i < HANDLE_COUNT; i++) {
		char name[32], text[64];

		snprintf(name, sizeof(name), "88.100/H-%u", i);
		snprintf(text, sizeof(text), "round %u of %u ", ROUND_COUNT - 1, i);
		assert_int_equal(ledger_record_at(ledger, bytes_from_string(name), &moment, &entry,
					 &problem),
			STATUS_OK);
		assert_false(entry.is_pruned);
		assert_non_null(memmem(entry.record.at, entry.record.size, text, strlen(text)));
	}
	assert_int_equal(ledger_record_at(ledger, TEXT("88.100/STILL"), &moment, &entry, &problem),
		STATUS_OK);
	assert_false(entry.is_pruned);
	assert_non_null(memmem(entry.record.at, entry.record.size, "for ever", 8));
	moment = (struct ledger_moment){.sequence = 5};
	assert_int_equal(
		ledger_record_at(ledger, TEXT("88.100/H-4"), &moment, &entry, &problem), STATUS_OK);
	assert_true(entry.is_pruned);
	ledger_scene_close(ledger);
}

static bool
is_removed(const struct ledger_scene *scene, const char *name, uint64_t sequence)
{
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_LOOK);
	struct ledger_moment moment = {.sequence = sequence};
	struct problem problem = {0};
	struct journal_entry entry;
	bool is_pruned;

	assert_int_equal(
		ledger_record_at(ledger, bytes_from_string(name), &moment, &entry, &problem),
		STATUS_OK);
	assert_int_equal(entry.sequence, sequence);
	/* All but the record can be told, husk or not. */
	assert_string_equal(
		"300:0.NA/88.100", strndupa((const char *)entry.actor.at, entry.actor.size));
	is_pruned = entry.is_pruned;
	ledger_scene_close(ledger);
	return is_pruned;
}

/* One after the other, so that what they take is blocks. */
static void
write_lasting(struct ledger *ledger, const char *when)
{
	char name[32], text[300];

	for (unsigned i = 0; i < LASTING_COUNT; i++) {
		snprintf(name, sizeof(name), "88.100/L-%u", i);
		snprintf(text, sizeof(text), "%s %0200u", when, i);
		assert_int_equal(put_text(ledger, name, text), STATUS_OK);
	}
}

/* What a segment says of itself, for who looks at the file alone. */
static struct journal_header
segment_header(const struct ledger_scene *scene)
{
	uint8_t octets[JOURNAL_HEADER_SIZE];
	struct journal_header header;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/ledger/0000000000000000.seg", scene->directory);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, octets, sizeof(octets), 0), sizeof(octets));
	close(fd);
	assert_int_equal(journal_header_decode(octets, path, &header, NULL), STATUS_OK);
	return header;
}

/* What the first pruning left of a segment stays what it is when the second takes more of it. */
static void
a_segment_can_lose_more_the_second_time(void **state)
{
	const struct ledger_scene *scene = *state;
	struct ledger *ledger = small_ledger(scene);
	struct ledger_report before, after;
	struct ledger_pruned once, twice;
	uint64_t first_count;
	int64_t cutoff;

	write_lasting(ledger, "before");
	write_rounds(ledger, 0, ROUND_COUNT);
	sleep_ms(3);
	cutoff = clock_wall_ms();
	sleep_ms(3);
	write_lasting(ledger, "after");
	write_rounds(ledger, ROUND_COUNT, 2 * ROUND_COUNT);
	verify_well(ledger, &before);
	ledger_scene_close(ledger);

	once = prune(scene, cutoff, false);
	first_count = segment_header(scene).removed_count;
	assert_in_range(first_count, 1, once.removed_count);
	assert_true(is_removed(scene, "88.100/H-4", LASTING_COUNT + 5));
	assert_false(is_removed(scene, "88.100/L-4", 5));
	verify_open(scene, LEDGER_READ, &after);
	assert_int_equal(after.pruned_count, once.removed_count);

	twice = prune(scene, clock_wall_ms(), false);
	assert_true(twice.removed_count > LASTING_COUNT);
	assert_true(segment_header(scene).removed_count >= first_count + LASTING_COUNT);
	assert_true(is_removed(scene, "88.100/H-4", LASTING_COUNT + 5));
	assert_true(is_removed(scene, "88.100/L-4", 5));
	verify_open(scene, LEDGER_READ, &after);
	assert_int_equal(after.pruned_count, once.removed_count + twice.removed_count);
	assert_true(after.pruned_before_ms > cutoff);
	assert_int_equal(after.entry_count, before.entry_count);
	assert_memory_equal(after.root, before.root, sizeof(before.root));
	assert_memory_equal(after.head, before.head, sizeof(before.head));
	(void)assert_states(scene, 2 * ROUND_COUNT);
	assert_int_equal(prune(scene, clock_wall_ms(), false).removed_count, 0);
}

/* A state that was replaced at the cutoff itself was replaced by then. */
static void
the_cutoff_is_exact(void **state)
{
	const struct ledger_scene *scene = *state;
	struct ledger *ledger = small_ledger(scene);
	struct ledger_moment moment = {.sequence = UINT64_MAX};
	struct journal_entry entry;
	struct problem problem = {0};
	int64_t replaced_ms;

	write_lasting(ledger, "before");
	write_rounds(ledger, 0, ROUND_COUNT);
	sleep_ms(3);
	assert_int_equal(put_text(ledger, "88.100/L-4", "after"), STATUS_OK);
	assert_int_equal(
		ledger_record_at(ledger, TEXT("88.100/L-4"), &moment, &entry, &problem), STATUS_OK);
	replaced_ms = entry.time_ms;
	sleep_ms(3);
	write_rounds(ledger, ROUND_COUNT, 2 * ROUND_COUNT);
	ledger_scene_close(ledger);
	assert_int_equal(prune(scene, replaced_ms, true).removed_count,
		prune(scene, replaced_ms - 1, true).removed_count + 1);
}

/* Part of a segment is younger than the cutoff: all of it stays, until it is older as a whole. */
static void
a_segment_with_something_younger_is_left_alone(void **state)
{
	const struct ledger_scene *scene = *state;
	struct ledger *ledger = small_ledger(scene);
	int64_t cutoff;

	write_rounds(ledger, 0, 5);
	sleep_ms(3);
	cutoff = clock_wall_ms();
	sleep_ms(3);
	write_rounds(ledger, 5, ROUND_COUNT);
	ledger_scene_close(ledger);
	assert_int_equal(prune(scene, cutoff, false).removed_count, 0);
	assert_int_equal(segment_header(scene).pruned_ms, 0);
	assert_true(prune(scene, clock_wall_ms(), false).removed_count > 0);
	assert_true(segment_header(scene).pruned_ms > 0);
}

/* A segment that would not be a block smaller is not written again; a file system may have given
 * it more blocks than it asked for, and then it is. */
static void
a_segment_that_frees_nothing_is_left_alone(void **state)
{
	const struct ledger_scene *scene = *state;
	struct ledger *ledger = small_ledger(scene);
	struct ledger_pruned pruned;
	char name[32], text[300];

	for (unsigned i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "88.100/ONCE-%u", i);
		snprintf(text, sizeof(text), "%0250u", i);
		assert_int_equal(put_text(ledger, name, text), STATUS_OK);
	}
	assert_int_equal(put_text(ledger, "88.100/ONCE-7", "again"), STATUS_OK);
	ledger_scene_close(ledger);
	pruned = prune(scene, clock_wall_ms(), false);
	assert_int_equal(segment_header(scene).pruned_ms != 0, pruned.removed_count == 1);
	assert_int_equal(is_removed(scene, "88.100/ONCE-7", 8), pruned.removed_count == 1);
	assert_true(pruned.removed_count == 0 ||
		(pruned.freed_size >= FILE_BLOCK_SIZE && pruned.freed_size <= SEGMENT_SIZE));
}

/* Signed heads stay true, and an entry whose record is gone can still be proven. */
static void
heads_and_proofs_outlive_the_records(void **state)
{
	const struct ledger_scene *scene = *state;
	struct crypto_key *key = NULL;
	struct ledger *ledger = small_ledger(scene);
	struct ledger_report report;
	struct ledger_proof proof;
	struct ledger_head head;
	struct problem problem = {0};

	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &key), STATUS_OK);
	write_rounds(ledger, 0, ROUND_COUNT / 2);
	assert_int_equal(ledger_evidence_checkpoint(ledger, key, &head, &problem), STATUS_OK);
	write_rounds(ledger, ROUND_COUNT / 2, ROUND_COUNT);
	assert_int_equal(ledger_evidence_checkpoint(ledger, key, &head, &problem), STATUS_OK);
	ledger_scene_close(ledger);
	assert_true(prune(scene, clock_wall_ms(), false).removed_count > 0);

	ledger = ledger_scene_open(scene, LEDGER_READ);
	ledger_evidence_sign(ledger, key, 0);
	verify_well(ledger, &report);
	assert_int_equal(report.signed_count, 2);
	assert_int_equal(
		ledger_evidence_entry(ledger, TEXT("88.100/H-4"), 5, &proof, &problem), STATUS_OK);
	assert_false(proof.has_record);
	assert_int_equal(ledger_proof_verify(&proof, key, NULL, &problem), STATUS_OK);
	assert_int_equal(ledger_evidence_entry(ledger, TEXT("88.100/STILL"), 0, &proof, &problem),
		STATUS_OK);
	assert_true(proof.has_record);
	assert_int_equal(ledger_proof_verify(&proof, key, NULL, &problem), STATUS_OK);
	ledger_scene_close(ledger);
	crypto_key_free(key);
}

/* A segment pruned with a judge of our own, which takes what retention may not take. */
static bool
goes_whatever_it_is(void *context, const struct journal_entry *entry)
{
	return entry->sequence >= *(const uint64_t *)context &&
		entry->sequence < *(const uint64_t *)context + 100;
}

static void
assert_verify_finds(void **state, uint64_t from, int64_t cutoff_ms, const char *expected)
{
	struct journal_prune_order order = {
		.may_go = goes_whatever_it_is, .context = &from, .cutoff_ms = cutoff_ms};
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_LOOK);
	struct journal_pruned pruned;
	struct ledger_report report;
	struct problem problem = {0};

	assert_int_equal(
		journal_prune_segment(ledger_journal(ledger), 0, &order, &pruned, &problem),
		STATUS_OK);
	assert_true(pruned.removed_count > 0);
	ledger_scene_close(ledger);
	ledger = ledger_scene_open(*state, LEDGER_READ);
	assert_int_equal(ledger_verify(ledger, NULL, NULL, &report, &problem), STATUS_CORRUPT);
	if (strstr(problem.text, expected) == NULL) {
		fail_msg("%s", problem.text);
	}
	ledger_scene_close(ledger);
}

static void
verify_finds_a_newest_state_that_was_removed(void **state)
{
	struct ledger *ledger = small_ledger(*state);
	char name[32], text[300];

	for (unsigned i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "88.100/ONCE-%u", i);
		snprintf(text, sizeof(text), "%0250u", i);
		assert_int_equal(put_text(ledger, name, text), STATUS_OK);
	}
	ledger_scene_close(ledger);
	assert_verify_finds(state, 2, clock_wall_ms(), "the newest record");
}

static void
verify_finds_a_state_that_was_removed_too_early(void **state)
{
	struct ledger *ledger = small_ledger(*state);
	int64_t cutoff;

	write_rounds(ledger, 0, 7); /* All of the first segment. */
	sleep_ms(2);
	cutoff = clock_wall_ms();
	sleep_ms(2);
	write_rounds(ledger, 7, 20);
	ledger_scene_close(ledger);
	assert_verify_finds(state, 50, cutoff, "younger than");
}

/* Octets of a husk or of the directory that are not what they were. */
static void
verify_finds_a_husk_that_was_changed(void **state)
{
	const struct ledger_scene *scene = *state;
	struct ledger *ledger = small_ledger(scene);
	char path[128];

	write_rounds(ledger, 0, 20);
	ledger_scene_close(ledger);
	assert_true(prune(scene, clock_wall_ms(), false).removed_count > 0);
	snprintf(path, sizeof(path), "%s/ledger/0000000000000000.seg", scene->directory);
	for (off_t offset = 0; offset < 3000; offset += 211) {
		int fd = open(path, O_RDWR);
		struct ledger_report report;
		struct problem problem = {0};
		uint8_t octet, other;

		assert_true(fd >= 0);
		assert_int_equal(pread(fd, &octet, 1, SEGMENT_SIZE + offset), 1);
		other = octet ^ 0x40;
		assert_int_equal(pwrite(fd, &other, 1, SEGMENT_SIZE + offset), 1);
		ledger = ledger_scene_open(scene, LEDGER_READ);
		assert_int_equal(
			ledger_verify(ledger, NULL, NULL, &report, &problem), STATUS_CORRUPT);
		ledger_scene_close(ledger);
		assert_int_equal(pwrite(fd, &octet, 1, SEGMENT_SIZE + offset), 1);
		close(fd);
	}
}

static void
only_one_pruning_runs_at_a_time(void **state)
{
	struct ledger *ledger = small_ledger(*state), *one, *other;
	struct ledger_prune_order order = {.before_ms = 1};
	struct ledger_pruned pruned;
	struct problem problem = {0};

	write_rounds(ledger, 0, 2);
	one = ledger_scene_open(*state, LEDGER_LOOK);
	other = ledger_scene_open(*state, LEDGER_LOOK);
	assert_int_equal(ledger_prune(one, &order, &pruned, &problem), STATUS_OK);
	assert_int_equal(ledger_prune(other, &order, &pruned, &problem), STATUS_IN_USE);
	ledger_scene_close(one);
	assert_int_equal(ledger_prune(other, &order, &pruned, &problem), STATUS_OK);
	ledger_scene_close(other);
	ledger_scene_close(ledger);
}

static void
prefixes_tell_when_they_were_homed(void **state)
{
	struct ledger *ledger = small_ledger(*state);
	struct ledger_history history;
	struct journal_entry entry;
	struct problem problem = {0};
	unsigned count = 0;

	write_rounds(ledger, 0, 30);
	ledger_scene_close(ledger);
	(void)prune(*state, clock_wall_ms(), false);
	ledger = ledger_scene_open(*state, LEDGER_LOOK);
	assert_int_equal(
		ledger_history_begin_homed(ledger, TEXT("0.NA/88.100"), &history, &problem),
		STATUS_OK);
	while (ledger_history_next(&history, &entry) == STATUS_OK) {
		assert_int_equal(entry.kind, count % 2 == 0 ? JOURNAL_UNHOME : JOURNAL_HOME);
		assert_false(entry.is_pruned);
		count++;
	}
	assert_int_equal(count, 30);
	assert_int_equal(
		ledger_history_begin_homed(ledger, TEXT("0.NA/88.101"), &history, &problem),
		STATUS_NOT_FOUND);
	assert_int_equal(
		ledger_history_begin_homed(ledger, TEXT(""), &history, &problem), STATUS_INVALID);
	ledger_scene_close(ledger);
}

static void
spans_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{"forever", LEDGER_SPAN_FOREVER},
		{"400d", INT64_C(400) * 86400000},
		{"366000d", INT64_C(366000) * 86400000},
		{"12h", 43200000},
		{"90m", 5400000},
		{"5s", 5000},
		{"0s", 0},
	};
	static const char *const bad[] = {
		"", "d", "400", "400 d", "-1d", "1.5d", "4w", "forever ", "366001d", "dd", "1dd"};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(ledger_span_read(bytes_from_string(good[i].text), &ms), STATUS_OK);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ledger_span_read(bytes_from_string(bad[i]), &ms), STATUS_INVALID);
	}
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, ledger_scene_begin, ledger_scene_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(old_states_go_and_everything_else_stays),
		SCENE(a_pruned_ledger_goes_on_and_can_be_pruned_again),
		SCENE(what_lasted_into_the_span_stays),
		SCENE(a_segment_can_lose_more_the_second_time),
		SCENE(the_cutoff_is_exact),
		SCENE(a_segment_with_something_younger_is_left_alone),
		SCENE(a_segment_that_frees_nothing_is_left_alone),
		SCENE(heads_and_proofs_outlive_the_records),
		SCENE(verify_finds_a_newest_state_that_was_removed),
		SCENE(verify_finds_a_state_that_was_removed_too_early),
		SCENE(verify_finds_a_husk_that_was_changed),
		SCENE(only_one_pruning_runs_at_a_time),
		SCENE(prefixes_tell_when_they_were_homed),
		cmocka_unit_test(spans_are_read_as_people_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
