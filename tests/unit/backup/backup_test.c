/* SPDX-License-Identifier: Apache-2.0 */
#include "backup_scene.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

static void
a_restored_backup_has_every_entry_and_record(void **state)
{
	struct scene *scene = *state;
	struct backup_report report;
	uint64_t count;

	change_much(scene->ledger, 0, 200);
	report = back_up(scene->node, scene->to);
	assert_int_equal(report.end.sequence, journal_last_sequence(ledger_journal(scene->ledger)));
	assert_false(report.is_incremental);
	assert_int_equal(check_well(scene->to).end.place, report.end.place);
	report = restore_well(scene->to, scene->restored, &all_of_it);
	assert_int_equal(report.from_ledger_count, 0);
	expect_same_history(scene->node, scene->restored, report.end.sequence);
	expect_same_records(scene->ledger, scene->restored, &count);
	assert_int_equal(count, 160);
}

static void
an_empty_ledger_can_be_backed_up_and_later_grow(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(back_up(scene->node, scene->to).end.sequence, 0);
	assert_int_equal(check_well(scene->to).end.sequence, 0);
	restore_well(scene->to, scene->restored, &all_of_it);
	expect_same_history(scene->node, scene->restored, 0);
	remove_all(scene->restored);
	change_much(scene->ledger, 0, 50);
	assert_true(back_up(scene->node, scene->to).is_incremental);
	expect_same_history(scene->node, scene->restored,
		restore_well(scene->to, scene->restored, &all_of_it).end.sequence);
}

static void
a_later_backup_copies_only_what_is_new(void **state)
{
	struct scene *scene = *state;
	struct backup_report first, again, later;

	change_much(scene->ledger, 0, 200);
	first = back_up(scene->node, scene->to);
	again = back_up(scene->node, scene->to);
	assert_int_equal(again.copied_size, 0);
	assert_int_equal(again.end.sequence, first.end.sequence);
	put(scene->ledger, 1, 1000);
	later = back_up(scene->node, scene->to);
	assert_int_equal(later.end.sequence, first.end.sequence + 1);
	assert_true(later.copied_size > 0 && later.copied_size < 2 * SCENE_SEGMENT_SIZE);
	assert_true(later.is_incremental);
	check_well(scene->to);
	expect_same_history(scene->node, scene->restored,
		restore_well(scene->to, scene->restored, &all_of_it).end.sequence);
}

/* After each of many small steps, so that backups end everywhere in a segment. */
static void
backups_after_every_change_stay_whole(void **state)
{
	struct scene *scene = *state;

	for (unsigned i = 0; i < 150; i++) {
		put(scene->ledger, i % 40, i * 7);
		assert_int_equal(back_up(scene->node, scene->to).end.sequence, i + 1);
		assert_int_equal(check_well(scene->to).end.sequence, i + 1);
	}
	restore_well(scene->to, scene->restored, &all_of_it);
	expect_same_history(scene->node, scene->restored, 150);
}

struct writer {
	struct ledger *ledger;
	_Atomic unsigned count; /* Acknowledged. */
	atomic_bool is_stopped;
};

static void *
write_on(void *context)
{
	struct writer *writer = context;

	while (!atomic_load(&writer->is_stopped)) {
		unsigned count = atomic_load(&writer->count);

		put(writer->ledger, count % 300, count);
		atomic_store(&writer->count, count + 1);
		usleep(500); /* Each segment is a mapping, and those are limited. */
	}
	return NULL;
}

static void
a_backup_beside_a_writer_has_all_that_was_acknowledged(void **state)
{
	struct scene *scene = *state;
	struct writer writer = {.ledger = scene->ledger};
	struct backup_report report;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, write_on, &writer), 0);
	for (unsigned i = 0; i < 36; i++) {
		unsigned before = atomic_load(&writer.count);

		/* Into one folder again and again, and into a new one each fifth time. */
		if (i % 5 == 4) {
			remove_all(scene->to);
		}
		report = back_up(scene->node, scene->to);
		assert_true(report.end.sequence >= before);
		assert_int_equal(check_well(scene->to).end.sequence, report.end.sequence);
		if (i % 12 == 11) {
			restore_well(scene->to, scene->restored, &all_of_it);
			expect_same_history(scene->node, scene->restored, report.end.sequence);
			remove_all(scene->restored);
		}
	}
	atomic_store(&writer.is_stopped, true);
	pthread_join(thread, NULL);
	print_message("# %u changes were made meanwhile\n", atomic_load(&writer.count));
	assert_true(atomic_load(&writer.count) > 100);
}

static void
every_point_in_time_can_be_restored(void **state)
{
	struct scene *scene = *state;
	uint64_t last;

	change_much(scene->ledger, 0, 70);
	last = back_up(scene->node, scene->to).end.sequence;
	for (uint64_t sequence = 1; sequence <= last; sequence++) {
		struct backup_restore_options options = {
			.has_sequence = true, .sequence = sequence};
		struct backup_report report = restore_well(scene->to, scene->restored, &options);

		assert_int_equal(report.end.sequence, sequence);
		expect_same_history(scene->node, scene->restored, sequence);
		remove_all(scene->restored);
	}
	print_message("# %llu points\n", (unsigned long long)last);
}

static void
what_was_restored_can_be_written_on(void **state)
{
	struct scene *scene = *state;
	struct backup_restore_options options = {.has_sequence = true};
	struct ledger_report report;
	struct ledger *ledger;
	struct problem problem;

	change_much(scene->ledger, 0, 60);
	back_up(scene->node, scene->to);
	/* At several points, also near a segment's end. */
	for (options.sequence = 20; options.sequence < 60; options.sequence++) {
		restore_well(scene->to, scene->restored, &options);
		assert_int_equal(
			ledger_open(scene->restored, LEDGER_WRITE, &ledger, &problem), STATUS_OK);
		change_much(ledger, 1000, 20);
		if (ledger_verify(ledger, NULL, NULL, &report, &problem) != STATUS_OK) {
			fail_msg("%s", problem.text);
		}
		assert_true(report.entry_count > options.sequence + 20);
		assert_int_equal(ledger_close(ledger, NULL), STATUS_OK);
		remove_all(scene->restored);
	}
}

static void
times_end_before_the_first_later_entry(void **state)
{
	struct scene *scene = *state;
	struct backup_restore_options options = {.has_time = true};
	struct backup_report report;
	struct problem problem = {0};
	struct journal_entry entry;
	struct journal *journal;
	uint64_t place, expected = 0;

	change_much(scene->ledger, 0, 30);
	options.time_ms = clock_wall_ms();
	while (clock_wall_ms() == options.time_ms) {
	}
	change_much(scene->ledger, 30, 30);
	back_up(scene->node, scene->to);
	journal = journal_look(scene->node);
	for (place = journal_first(journal); journal_read(journal, place, &entry) == STATUS_OK;
		place = entry.next) {
		expected += entry.time_ms <= options.time_ms;
	}
	journal_close(journal);
	assert_true(expected >= 30);
	assert_int_equal(restore_well(scene->to, scene->restored, &options).end.sequence, expected);
	remove_all(scene->restored);
	/* Before the first of them there is nothing to restore. */
	options.time_ms = 0;
	assert_int_not_equal(
		backup_restore(scene->to, scene->restored, &options, &report, &problem), STATUS_OK);
	assert_non_null(strstr(problem.text, "nothing was there yet"));
}

static void
a_point_behind_the_end_is_refused(void **state)
{
	struct scene *scene = *state;
	struct backup_restore_options options = {.has_sequence = true};
	struct backup_report report;
	struct problem problem;

	change_much(scene->ledger, 0, 10);
	options.sequence = back_up(scene->node, scene->to).end.sequence + 1;
	assert_int_equal(backup_restore(scene->to, scene->restored, &options, &report, &problem),
		STATUS_NOT_FOUND);
	/* Nothing is in the way of another try. */
	options.sequence--;
	restore_well(scene->to, scene->restored, &options);
}

static void
the_ledger_goes_on_where_the_backup_ends(void **state)
{
	struct scene *scene = *state;
	struct backup_restore_options options = {.ledger = scene->node};
	struct backup_report first, report;
	uint64_t last, count;

	for (unsigned round = 0; round < 12; round++) {
		change_much(scene->ledger, 11 * round, 11);
		first = back_up(scene->node, scene->to);
		change_much(scene->ledger, 1000 + 20 * round, 20);
		last = journal_last_sequence(ledger_journal(scene->ledger));
		report = restore_well(scene->to, scene->restored, &options);
		assert_int_equal(report.end.sequence, last);
		assert_int_equal(report.from_ledger_count, last - first.end.sequence);
		assert_int_equal(report.stopped_at, 0);
		expect_same_history(scene->node, scene->restored, last);
		expect_same_records(scene->ledger, scene->restored, &count);
		remove_all(scene->restored);
	}
	/* And up to each point behind the backup. */
	options.has_sequence = true;
	for (options.sequence = first.end.sequence - 2; options.sequence <= last;
		options.sequence++) {
		report = restore_well(scene->to, scene->restored, &options);
		assert_int_equal(report.end.sequence, options.sequence);
		expect_same_history(scene->node, scene->restored, options.sequence);
		remove_all(scene->restored);
	}
}

/* The node's earlier segments are lost, and its last batch is half of one. */
static void
a_damaged_ledger_gives_what_is_sound(void **state)
{
	struct scene *scene = *state;
	struct backup_restore_options options = {.ledger = scene->node};
	struct backup_report report;
	char path[2 * SCENE_PATH_SIZE];
	uint64_t last, end;
	int fd;

	change_much(scene->ledger, 0, 100);
	back_up(scene->node, scene->to);
	change_much(scene->ledger, 100, 50);
	last = journal_last_sequence(ledger_journal(scene->ledger));
	end = journal_end(ledger_journal(scene->ledger));
	snprintf(path, sizeof(path), "%s/ledger/%016x.seg", scene->node, 0);
	assert_int_equal(rename(path, scene->restored), 0);
	assert_int_equal(unlink(scene->restored), 0);
	snprintf(path, sizeof(path), "%s/ledger/%016llx.seg", scene->node,
		(unsigned long long)(end & ~(uint64_t)(SCENE_SEGMENT_SIZE - 1)));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "torn", 4, (off_t)(end % SCENE_SEGMENT_SIZE)), 4);
	close(fd);
	report = restore_well(scene->to, scene->restored, &options);
	assert_int_equal(report.end.sequence, last);
	assert_int_equal(report.stopped_at, end);
}

static void
nothing_is_overwritten(void **state)
{
	struct scene *scene = *state;
	struct backup_report report;
	struct problem problem;

	change_much(scene->ledger, 0, 10);
	back_up(scene->node, scene->to);
	assert_int_equal(backup_restore(scene->to, scene->node, &all_of_it, &report, &problem),
		STATUS_EXISTS);
	assert_int_equal(mkdir(scene->restored, 0700), 0);
	write_file(scene->restored, "something", TEXT("x"));
	assert_int_equal(backup_restore(scene->to, scene->restored, &all_of_it, &report, &problem),
		STATUS_EXISTS);
	/* Nor is a folder taken for a backup's that holds something else. */
	assert_int_equal(backup_make(scene->node, scene->restored, &no_options, &report, &problem),
		STATUS_EXISTS);
	assert_int_equal(backup_make(scene->node, scene->node, &no_options, &report, &problem),
		STATUS_EXISTS);
}

static void
a_backup_of_another_history_is_left_alone(void **state)
{
	struct scene *scene = *state;
	struct backup_restore_options early = {.has_sequence = true, .sequence = 20};
	struct backup_report report;
	struct problem problem;
	struct ledger *ledger;

	change_much(scene->ledger, 0, 30);
	back_up(scene->node, scene->to);
	/* The node is set back and goes on: a fork. */
	restore_well(scene->to, scene->restored, &early);
	assert_int_equal(ledger_open(scene->restored, LEDGER_WRITE, &ledger, &problem), STATUS_OK);
	assert_int_not_equal(
		backup_make(scene->restored, scene->to, &no_options, &report, &problem), STATUS_OK);
	change_much(ledger, 500, 100);
	assert_int_not_equal(
		backup_make(scene->restored, scene->to, &no_options, &report, &problem), STATUS_OK);
	assert_int_equal(ledger_close(ledger, NULL), STATUS_OK);
	check_well(scene->to);
}

static void
keys_come_along_when_asked_and_nobody_else_may_read_them(void **state)
{
	struct scene *scene = *state;
	struct backup_options options = {.with_keys = true};
	struct backup_report report;
	struct problem problem;
	struct stat file;
	char path[2 * SCENE_PATH_SIZE];
	uint8_t octets[64];

	write_file(scene->node, "houji.yaml", TEXT("old"));
	snprintf(path, sizeof(path), "%s/keys", scene->node);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(scene->node, "keys/server.pem", TEXT("secret"));
	change_much(scene->ledger, 0, 10);
	assert_int_equal(back_up(scene->node, scene->to).node_file_count, 0);
	assert_int_equal(
		backup_make(scene->node, scene->to, &options, &report, &problem), STATUS_OK);
	assert_int_equal(report.node_file_count, 2);
	write_file(scene->node, "houji.yaml", TEXT("newer"));
	assert_int_equal(
		backup_make(scene->node, scene->to, &options, &report, &problem), STATUS_OK);
	assert_int_equal(check_well(scene->to).node_file_count, 2);
	assert_int_equal(restore_well(scene->to, scene->restored, &all_of_it).node_file_count, 2);
	assert_true(bytes_equal(
		read_file(scene->restored, "houji.yaml", octets, sizeof(octets)), TEXT("newer")));
	assert_true(
		bytes_equal(read_file(scene->restored, "keys/server.pem", octets, sizeof(octets)),
			TEXT("secret")));
	snprintf(path, sizeof(path), "%s/keys/server.pem", scene->restored);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	assert_int_equal(stat(scene->restored, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0700);
}

static void
what_a_node_makes_again_stays_where_it_is(void **state)
{
	static const char *const names[] = {
		"mirror.json", "load.state", "query.log", "query.log.1", "cache.0", "cache.12.new"};
	struct scene *scene = *state;
	struct backup_options options = {.with_keys = true};
	struct backup_report report;
	struct problem problem;
	char path[2 * SCENE_PATH_SIZE];

	write_file(scene->node, "houji.yaml", TEXT("settings"));
	write_file(scene->node, "mirror.json.old", TEXT("an operator's own"));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		write_file(scene->node, names[i], TEXT("x"));
	}
	/* A cache may be larger than what a backup takes of a node's file. */
	snprintf(path, sizeof(path), "%s/cache.0", scene->node);
	assert_int_equal(truncate(path, (off_t)BACKUP_NODE_FILE_SIZE_MAX + 1), 0);
	change_much(scene->ledger, 0, 10);
	assert_int_equal(
		backup_make(scene->node, scene->to, &options, &report, &problem), STATUS_OK);
	assert_int_equal(report.node_file_count, 2);
	restore_well(scene->to, scene->restored, &all_of_it);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", scene->restored, names[i]);
		assert_int_not_equal(access(path, F_OK), 0);
	}
}

/* Ends the process at the n-th word of progress. */
static bool
end_at(void *context, uint64_t done, uint64_t total)
{
	unsigned *left = context;

	(void)done;
	(void)total;
	*left -= 1;
	if (*left == 0) {
		kill(getpid(), SIGKILL);
	}
	return true;
}

/* In a child that is killed at the n-th step. True if it was. */
static bool
killed_at(const struct scene *scene, unsigned nth, bool is_restore)
{
	struct backup_options options = {.progress = end_at, .context = &nth};
	struct backup_restore_options back = {.progress = end_at, .context = &nth};
	struct backup_report report;
	int wait_status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		enum status status = is_restore
			? backup_restore(scene->to, scene->restored, &back, &report, NULL)
			: backup_make(scene->node, scene->to, &options, &report, NULL);

		_exit(status == STATUS_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_true(WIFSIGNALED(wait_status) || WEXITSTATUS(wait_status) == 0);
	return WIFSIGNALED(wait_status);
}

static void
a_backup_killed_at_any_step_leaves_the_earlier_one(void **state)
{
	struct scene *scene = *state;
	unsigned steps = 0;
	uint64_t first;

	change_much(scene->ledger, 0, 100);
	first = back_up(scene->node, scene->to).end.sequence;
	change_much(scene->ledger, 100, 100);
	while (killed_at(scene, steps + 1, false)) {
		assert_int_equal(check_well(scene->to).end.sequence, first);
		steps++;
	}
	assert_true(steps > 3);
	assert_int_equal(check_well(scene->to).end.sequence,
		journal_last_sequence(ledger_journal(scene->ledger)));
	remove_all(scene->to);
	/* And the very first one leaves nothing that would be taken for a backup. */
	for (unsigned step = 1; killed_at(scene, step, false); step++) {
		struct backup_report report;

		assert_int_equal(
			backup_check(scene->to, &no_options, &report, NULL), STATUS_NOT_FOUND);
	}
	check_well(scene->to);
}

static void __attribute__((unused)) a_restore_killed_at_any_step_can_be_made_again(void **state)
{
	struct scene *scene = *state;
	unsigned steps = 0;
	uint64_t count;

	write_file(scene->node, "houji.yaml", TEXT("settings"));
	change_much(scene->ledger, 0, 150);
	back_up(scene->node, scene->to);
	while (killed_at(scene, steps + 1, true)) {
		struct ledger *ledger;

		assert_int_equal(
			ledger_open(scene->restored, LEDGER_READ, &ledger, NULL), STATUS_NOT_FOUND);
		steps++;
	}
	assert_true(steps > 3);
	expect_same_records(scene->ledger, scene->restored, &count);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		CASE(a_restored_backup_has_every_entry_and_record),
		CASE(an_empty_ledger_can_be_backed_up_and_later_grow),
		CASE(a_later_backup_copies_only_what_is_new),
		CASE(backups_after_every_change_stay_whole),
		CASE(a_backup_beside_a_writer_has_all_that_was_acknowledged),
		CASE(every_point_in_time_can_be_restored),
		CASE(what_was_restored_can_be_written_on),
		CASE(times_end_before_the_first_later_entry),
		CASE(a_point_behind_the_end_is_refused),
		CASE(the_ledger_goes_on_where_the_backup_ends),
		CASE(a_damaged_ledger_gives_what_is_sound),
		CASE(nothing_is_overwritten),
		CASE(a_backup_of_another_history_is_left_alone),
		CASE(keys_come_along_when_asked_and_nobody_else_may_read_them),
		CASE(what_a_node_makes_again_stays_where_it_is),
		CASE(a_backup_killed_at_any_step_leaves_the_earlier_one),
#if !defined(__SANITIZE_THREAD__) /* Which does not follow a child that starts threads. */
		CASE(a_restore_killed_at_any_step_can_be_made_again),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
