/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_rig.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The n-th call fails, for each n until the scenario no longer meets it; then everything that
 * was acknowledged is there, and the ledger proves itself.
 */
static const char *scenario, *interposer, *parent;

enum { NTH_MAX = 4000 };

static bool
record_is(struct records_reader *reader, unsigned long handle, unsigned long number)
{
	uint8_t octets[FAULT_VALUE_SIZE];
	char name[FAULT_NAME_SIZE];
	struct handle_value_list values = fault_values(number, octets);
	struct record record;

	return records_get(reader, fault_name(handle, name), &record) == STATUS_OK &&
		bytes_equal(record.values.octets, values.octets);
}

/* A change that was not acknowledged may have been made or not. */
static void
expect_change(struct records_reader *reader, const bool *is_acknowledged, unsigned long number)
{
	unsigned long again = number + FAULT_SECOND;
	char name[FAULT_NAME_SIZE];

	if (fault_kind(number) == JOURNAL_HOME) {
		assert_true(records_prefix_is_homed(reader, fault_name(number, name)));
	} else if (number >= FAULT_SECOND) {
		assert_true(record_is(reader, number - FAULT_SECOND, number));
	} else if (again >= FAULT_CHANGE_COUNT || !is_acknowledged[again]) {
		assert_true(record_is(reader, number, number) ||
			(again < FAULT_CHANGE_COUNT && record_is(reader, number, again)));
	}
}

static void
expect_acknowledged(const char *directory, const struct fault_run *run, const char *what)
{
	bool is_acknowledged[FAULT_CHANGE_COUNT] = {false};
	struct records_reader *reader;
	struct ledger_report report;
	struct problem problem;
	struct ledger *ledger;

	for (const char *at = run->said; (at = strstr(at, "ok ")) != NULL; at++) {
		unsigned long number = strtoul(at + 3, NULL, 10);

		assert_true(number < FAULT_CHANGE_COUNT);
		is_acknowledged[number] = true;
	}
	if (ledger_open(directory, LEDGER_WRITE, &ledger, &problem) != STATUS_OK ||
		ledger_verify(ledger, NULL, NULL, &report, &problem) != STATUS_OK) {
		fail_msg("%s: %s", what, problem.text);
	}
	reader = records_reader_new(ledger_records(ledger));
	records_enter(reader);
	for (unsigned long i = 0; i < FAULT_CHANGE_COUNT; i++) {
		if (is_acknowledged[i]) {
			expect_change(reader, is_acknowledged, i);
		}
	}
	records_leave(reader);
	records_reader_free(reader);
	assert_int_equal(ledger_close(ledger, NULL), STATUS_OK);
}

static char *
variable(char *text, size_t size, const char *name, const char *value)
{
	snprintf(text, size, "%s=%s", name, value);
	return text;
}

/* One run in a new directory. Returns its exit code. */
static int
run_once(const char *call, unsigned nth, int error, bool stays)
{
	static struct fault_run run;
	char directory[FAULT_PATH_SIZE], what[64];
	char texts[6][FAULT_PATH_SIZE], number[16], code[16];
	char *arguments[] = {NULL, texts[5], directory, NULL};
	char *environment[7] = {NULL};
	pid_t pid;
	int pipe;

	fault_directory_make(parent, directory);
	snprintf(number, sizeof(number), "%u", nth);
	snprintf(code, sizeof(code), "%d", error);
	snprintf(what, sizeof(what), "%s %u, error %d%s", call, nth, error, stays ? " on" : "");
	snprintf(texts[5], sizeof(texts[5]), "run");
	arguments[0] = strdup(scenario);
	environment[0] = variable(texts[0], FAULT_PATH_SIZE, "LD_PRELOAD", interposer);
	environment[1] = variable(texts[1], FAULT_PATH_SIZE, "FAULT_CALL", call);
	environment[2] = variable(texts[2], FAULT_PATH_SIZE, "FAULT_AT", number);
	environment[3] = variable(texts[3], FAULT_PATH_SIZE, "FAULT_ERRNO", code);
	environment[4] = variable(texts[4], FAULT_PATH_SIZE, "ASAN_OPTIONS",
		"verify_asan_link_order=0:allocator_may_return_null=1:detect_leaks=0:exitcode=99");
	environment[5] = stays ? (char[]){"FAULT_STAYS=1"} : NULL;
	run.said_size = 0;
	pipe = fault_start(arguments, environment, &pid);
	fault_wait(pipe, pid, &run);
	free(arguments[0]);
	if (error == 0 && WIFSIGNALED(run.wait_status) && WTERMSIG(run.wait_status) == SIGKILL) {
		expect_acknowledged(directory, &run, what);
		fault_directory_remove(directory);
		return FAULT_EXIT_ERROR;
	}
	switch (fault_exit_code(&run, what)) {
	case FAULT_EXIT_WELL:
	case FAULT_EXIT_UNHARMED:
	case FAULT_EXIT_ERROR:
		break;
	default:
		fail_msg("%s: exit code %d", what, fault_exit_code(&run, what));
	}
	expect_acknowledged(directory, &run, what);
	fault_directory_remove(directory);
	return fault_exit_code(&run, what);
}

/* Returns how many runs met the fault. */
static unsigned
run_all(const char *call, int error, bool stays, unsigned step)
{
	unsigned nth = 1, count = 0, failed = 0;
	int code;

	do {
		code = run_once(call, nth, error, stays);
		failed += code == FAULT_EXIT_ERROR;
		count++;
		nth += step;
		assert_true(nth < NTH_MAX);
	} while (code != FAULT_EXIT_WELL);
	print_message(
		"# %s, error %d: %u runs, %u ended with an error\n", call, error, count, failed);
	return failed;
}

static void
a_write_that_fails_loses_nothing_acknowledged(void **state)
{
	(void)state;
	assert_true(run_all("write", EIO, false, 1) > 4);
	assert_true(run_all("write", ENOSPC, true, 1) > 4);
}

static void
a_sync_that_fails_loses_nothing_acknowledged(void **state)
{
	(void)state;
	assert_true(run_all("sync", EIO, false, 1) > 4);
	assert_true(run_all("sync", EIO, true, 1) > 4);
}

/* Each step of a commit, of a checkpoint, of the table behind it: they all go to the disk. */
static void
a_kill_at_any_call_to_the_disk_loses_nothing_acknowledged(void **state)
{
	(void)state;
	assert_true(run_all("write", 0, false, 1) > 4);
	assert_true(run_all("sync", 0, false, 1) > 4);
	assert_true(run_all("room", 0, false, 1) > 0);
	assert_true(run_all("map", 0, false, 1) > 0);
}

static void
a_disk_without_room_loses_nothing_acknowledged(void **state)
{
	(void)state;
	assert_true(run_all("room", ENOSPC, false, 1) > 0);
	assert_true(run_all("room", ENOSPC, true, 1) > 0);
}

static void
a_map_that_fails_loses_nothing_acknowledged(void **state)
{
	(void)state;
	assert_true(run_all("map", ENOMEM, true, 1) > 0);
}

static void
memory_that_fails_loses_nothing_acknowledged(void **state)
{
	(void)state;
	assert_true(run_all("memory", ENOMEM, false, 1) > 4);
	assert_true(run_all("memory", ENOMEM, true, 7) > 4);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_that_fails_loses_nothing_acknowledged),
		cmocka_unit_test(a_sync_that_fails_loses_nothing_acknowledged),
		cmocka_unit_test(a_kill_at_any_call_to_the_disk_loses_nothing_acknowledged),
		cmocka_unit_test(a_disk_without_room_loses_nothing_acknowledged),
		cmocka_unit_test(a_map_that_fails_loses_nothing_acknowledged),
		cmocka_unit_test(memory_that_fails_loses_nothing_acknowledged),
	};

	if (argc < 4) {
		fprintf(stderr, "usage: %s SCENARIO INTERPOSER DIR HOUJI\n", argv[0]);
		return 2;
	}
	scenario = argv[1];
	interposer = argv[2];
	parent = argv[3];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
