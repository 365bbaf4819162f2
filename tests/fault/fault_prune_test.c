/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_rig.h"

#include "ledger/ledger_history.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A pruning whose n-th call to the disk or for memory fails, or at which it is killed, for each
 * n until it no longer meets it: the ledger proves itself, its newest records are the same, and
 * the next pruning does what is left.
 */
static const char *scenario, *interposer, *parent;
static char original[FAULT_PATH_SIZE];

enum { SEGMENT_SIZE = 64 << 10, CHANGE_COUNT = 900, NTH_MAX = 4000 };

static void
original_make(void)
{
	struct problem problem;
	struct ledger *ledger;

	snprintf(original, sizeof(original), "%s/fault_prune.XXXXXX", parent);
	assert_non_null(mkdtemp(original));
	if (ledger_create_sized(original, SEGMENT_SIZE, &ledger, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	for (unsigned long i = 0; i < CHANGE_COUNT; i++) {
		uint8_t octets[FAULT_VALUE_SIZE];
		char name[FAULT_NAME_SIZE];
		struct ledger_change change = {
			.kind = JOURNAL_PUT,
			.name = fault_name(i % FAULT_SECOND, name),
			.values = fault_values(i, octets),
		};

		assert_int_equal(ledger_commit(ledger, &change), STATUS_OK);
	}
	assert_int_equal(ledger_close(ledger, NULL), STATUS_OK);
}

static void
command_run(const char *words, const char *one, const char *other)
{
	char command[3 * FAULT_PATH_SIZE];

	snprintf(command, sizeof(command), "%s %s %s", words, one, other);
	assert_int_equal(system(command), 0);
}

/* How many records are gone; the newest are not. */
static uint64_t
expect_sound(const char *directory, const char *what)
{
	struct records_reader *reader;
	struct ledger_report report;
	struct problem problem = {0};
	struct ledger *ledger;

	if (ledger_open(directory, LEDGER_READ, &ledger, &problem) != STATUS_OK ||
		ledger_verify(ledger, NULL, NULL, &report, &problem) != STATUS_OK) {
		fail_msg("%s: %s", what, problem.text);
	}
	assert_int_equal(report.entry_count, CHANGE_COUNT);
	reader = records_reader_new(ledger_records(ledger));
	records_enter(reader);
	for (unsigned long i = CHANGE_COUNT - FAULT_SECOND; i < CHANGE_COUNT; i++) {
		uint8_t octets[FAULT_VALUE_SIZE];
		char name[FAULT_NAME_SIZE];
		struct handle_value_list values = fault_values(i, octets);
		struct record record;

		assert_int_equal(records_get(reader, fault_name(i % FAULT_SECOND, name), &record),
			STATUS_OK);
		assert_true(bytes_equal(record.values.octets, values.octets));
	}
	records_leave(reader);
	records_reader_free(reader);
	assert_int_equal(ledger_close(ledger, NULL), STATUS_OK);
	return report.pruned_count;
}

static void
scenario_run(const char *directory, char *const environment[], struct fault_run *ret_run)
{
	static char word[] = "prune";
	char program[FAULT_PATH_SIZE], path[FAULT_PATH_SIZE];
	char *arguments[] = {program, word, path, NULL};
	pid_t pid;
	int pipe;

	snprintf(program, sizeof(program), "%s", scenario);
	snprintf(path, sizeof(path), "%s", directory);
	ret_run->said_size = 0;
	pipe = fault_start(arguments, environment, &pid);
	fault_wait(pipe, pid, ret_run);
}

/* With the interposer, but without a fault: it takes all that can go. */
static uint64_t
prune_well(const char *directory)
{
	static struct fault_run run;
	char texts[3][FAULT_PATH_SIZE];
	char *environment[] = {texts[0], texts[1], texts[2], NULL};

	snprintf(texts[0], FAULT_PATH_SIZE, "LD_PRELOAD=%s", interposer);
	snprintf(texts[1], FAULT_PATH_SIZE, "FAULT_CALL=write");
	snprintf(texts[2], FAULT_PATH_SIZE, "FAULT_AT=1000000");
	scenario_run(directory, environment, &run);
	assert_int_equal(fault_exit_code(&run, "without a fault"), FAULT_EXIT_WELL);
	return expect_sound(directory, "without a fault");
}

/* One run in a copy. False when the fault was not met any more. */
static bool
run_once(const char *call, unsigned nth, int error, uint64_t all)
{
	static struct fault_run run;
	char directory[FAULT_PATH_SIZE], what[64], texts[5][FAULT_PATH_SIZE];
	char *environment[] = {texts[0], texts[1], texts[2], texts[3], texts[4], NULL};
	bool is_met = true;

	snprintf(directory, sizeof(directory), "%s/fault_prune_copy.XXXXXX", parent);
	assert_non_null(mkdtemp(directory));
	command_run("cp -r --sparse=always", original, directory);
	snprintf(directory + strlen(directory), sizeof(directory) - strlen(directory), "%s",
		strrchr(original, '/'));
	snprintf(what, sizeof(what), "%s %u, error %d", call, nth, error);
	snprintf(texts[0], FAULT_PATH_SIZE, "LD_PRELOAD=%s", interposer);
	snprintf(texts[1], FAULT_PATH_SIZE, "FAULT_CALL=%s", call);
	snprintf(texts[2], FAULT_PATH_SIZE, "FAULT_AT=%u", nth);
	snprintf(texts[3], FAULT_PATH_SIZE, "FAULT_ERRNO=%d", error);
	snprintf(texts[4], FAULT_PATH_SIZE, "ASAN_OPTIONS=verify_asan_link_order=0");
	scenario_run(directory, environment, &run);
	if (!WIFSIGNALED(run.wait_status) || WTERMSIG(run.wait_status) != SIGKILL) {
		int code = fault_exit_code(&run, what);

		assert_true(code == FAULT_EXIT_WELL || code == FAULT_EXIT_UNHARMED ||
			code == FAULT_EXIT_ERROR);
		is_met = code != FAULT_EXIT_WELL;
	}
	assert_true(expect_sound(directory, what) <= all);
	assert_int_equal(prune_well(directory), all);
	*strrchr(directory, '/') = '\0';
	command_run("rm -rf", directory, "");
	return is_met;
}

static void
run_all(const char *call, int error, unsigned least, uint64_t all)
{
	unsigned nth = 1;

	/* Each block of the new file is a write: the first twenty, then some. */
	while (run_once(call, nth, error, all)) {
		nth += nth < 20 ? 1 : 7;
		assert_true(nth < NTH_MAX);
	}
	print_message("# %s, error %d: up to call %u\n", call, error, nth);
	assert_true(nth > least);
}

static uint64_t
all_that_can_go(void)
{
	char directory[FAULT_PATH_SIZE + 8];
	uint64_t count;

	snprintf(directory, sizeof(directory), "%s.all", original);
	command_run("cp -r --sparse=always", original, directory);
	count = prune_well(directory);
	command_run("rm -rf", directory, "");
	assert_true(count > CHANGE_COUNT / 2);
	return count;
}

static void
a_pruning_killed_at_any_call_harms_nothing(void **state)
{
	uint64_t all = all_that_can_go();

	(void)state;
	run_all("write", 0, 10, all);
	run_all("sync", 0, 4, all);
	run_all("map", 0, 2, all);
}

static void
a_pruning_without_disk_or_memory_harms_nothing(void **state)
{
	uint64_t all = all_that_can_go();

	(void)state;
	run_all("write", ENOSPC, 10, all);
	run_all("sync", EIO, 4, all);
	run_all("map", ENOMEM, 2, all);
	run_all("memory", ENOMEM, 3, all);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pruning_killed_at_any_call_harms_nothing),
		cmocka_unit_test(a_pruning_without_disk_or_memory_harms_nothing),
	};
	int failed;

	if (argc < 4) {
		fprintf(stderr, "usage: %s SCENARIO INTERPOSER DIR\n", argv[0]);
		return 2;
	}
	scenario = argv[1];
	interposer = argv[2];
	parent = argv[3];
	original_make();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	command_run("rm -rf", original, "");
	return failed;
}
