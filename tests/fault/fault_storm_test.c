/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_rig.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A process that changes a ledger as fast as it can is killed at any moment, a hundred times;
 * and a disk that is really full. What was acknowledged is there each time, and the ledger
 * proves itself, by the program `houji verify` too.
 *
 * HOUJI_FAULT_SEED repeats a storm; the seed is printed.
 */
static const char *scenario, *parent, *houji;

enum {
	ROUND_COUNT = 110,
	ROUNDS_IN_A_DIRECTORY = 10,
	LIFE_MS_MAX = 90,
	STORM_MS_MAX = 60000, /* On a very busy machine fewer rounds must do. */
	TMPFS_SIZE_KIB = 2048,
};

static unsigned
random_below(unsigned *state, unsigned bound)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % bound;
}

/* The highest number said: all below it were said before. */
static unsigned long
last_acknowledged(const struct fault_run *run)
{
	const char *last = NULL;

	for (const char *at = run->said; (at = strstr(at, "ok ")) != NULL; at++) {
		if (strchr(at, '\n') != NULL) {
			last = at;
		}
	}
	return last == NULL ? 0 : strtoul(last + 3, NULL, 10);
}

static void
expect_round(struct records_reader *reader, unsigned round, unsigned long last)
{
	uint8_t octets[FAULT_VALUE_SIZE];
	char name[FAULT_NAME_SIZE];
	struct record record;

	for (unsigned long number = FAULT_CHANGE_COUNT; number <= last; number++) {
		struct handle_value_list values = fault_values(number, octets);

		if (records_get(reader, fault_storm_name(round, number, name), &record) !=
				STATUS_OK ||
			!bytes_equal(record.values.octets, values.octets)) {
			fail_msg("round %u: acknowledged change %lu is missing", round, number);
		}
	}
}

static void
expect_all(const char *directory, unsigned first, const unsigned long *last, unsigned count)
{
	struct records_reader *reader;
	struct ledger_report report;
	struct problem problem;
	struct ledger *ledger;

	if (ledger_open(directory, LEDGER_WRITE, &ledger, &problem) != STATUS_OK ||
		ledger_verify(ledger, NULL, NULL, &report, &problem) != STATUS_OK) {
		fail_msg("round %u: %s", first + count - 1, problem.text);
	}
	reader = records_reader_new(ledger_records(ledger));
	records_enter(reader);
	for (unsigned i = 0; i < count; i++) {
		expect_round(reader, first + i, last[i]);
	}
	records_leave(reader);
	records_reader_free(reader);
	assert_int_equal(ledger_close(ledger, NULL), STATUS_OK);
}

static void
expect_houji_verifies(const char *directory)
{
	char command[2 * FAULT_PATH_SIZE];

	snprintf(command, sizeof(command), "%s verify -q %s >/dev/null", houji, directory);
	assert_int_equal(system(command), 0);
}

static unsigned long
kill_one(const char *directory, unsigned round, unsigned life_ms)
{
	static struct fault_run run;
	static char word[] = "storm";
	char number[16], path[FAULT_PATH_SIZE], program[FAULT_PATH_SIZE];
	char *arguments[] = {program, word, path, number, NULL};
	char *environment[] = {NULL};
	int64_t end;
	pid_t pid;
	int pipe;

	snprintf(program, sizeof(program), "%s", scenario);
	snprintf(path, sizeof(path), "%s", directory);
	snprintf(number, sizeof(number), "%u", round);
	run.said_size = 0;
	pipe = fault_start(arguments, environment, &pid);
	for (end = clock_monotonic_ms() + life_ms; clock_monotonic_ms() < end; usleep(500)) {
		fault_read(pipe, &run);
	}
	kill(pid, SIGKILL);
	fault_wait(pipe, pid, &run);
	if (!WIFSIGNALED(run.wait_status)) {
		fail_msg("round %u: ended by itself with %d", round, run.wait_status);
	}
	return last_acknowledged(&run);
}

static void
a_storm_of_kills_loses_nothing_acknowledged(void **state)
{
	const char *given = getenv("HOUJI_FAULT_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10)
				      : (unsigned)(clock_wall_ms() & 0xffffff);
	unsigned long last[ROUNDS_IN_A_DIRECTORY], total = 0;
	char directory[FAULT_PATH_SIZE];
	int64_t end = clock_monotonic_ms() + STORM_MS_MAX;
	unsigned round = 0;

	(void)state;
	print_message("# seed %u\n", seed);
	while (round < ROUND_COUNT && clock_monotonic_ms() < end) {
		unsigned count = 0, first = round;

		fault_directory_make(parent, directory);
		for (; count < ROUNDS_IN_A_DIRECTORY; count++, round++) {
			last[count] =
				kill_one(directory, round, 1 + random_below(&seed, LIFE_MS_MAX));
			total += last[count] == 0 ? 0 : last[count] - FAULT_CHANGE_COUNT + 1;
			if (count % 5 == 4) {
				expect_houji_verifies(directory);
			}
			expect_all(directory, first, last, count + 1);
		}
		fault_directory_remove(directory);
	}
	print_message("# %u kills, %lu changes acknowledged\n", round, total);
	assert_true(total > 1000);
}

/* Runs until the disk is full; the process must say so and end by itself. */
static unsigned long
fill_disk(const char *directory, struct rlimit *limit)
{
	static struct fault_run run;
	static char word[] = "storm", zero[] = "0";
	char path[FAULT_PATH_SIZE], program[FAULT_PATH_SIZE];
	char *arguments[] = {program, word, path, zero, NULL};
	char *environment[] = {NULL};
	struct rlimit before;
	pid_t pid;
	int pipe;

	snprintf(program, sizeof(program), "%s", scenario);
	snprintf(path, sizeof(path), "%s", directory);
	run.said_size = 0;
	getrlimit(RLIMIT_FSIZE, &before);
	if (limit != NULL) {
		limit->rlim_max = before.rlim_max;
		setrlimit(RLIMIT_FSIZE, limit);
	}
	pipe = fault_start(arguments, environment, &pid);
	setrlimit(RLIMIT_FSIZE, &before);
	fault_wait(pipe, pid, &run);
	assert_int_equal(fault_exit_code(&run, "full disk"), FAULT_EXIT_ERROR);
	return last_acknowledged(&run);
}

static void
a_full_disk_stops_writing_and_loses_nothing(void **state)
{
	char mount_point[FAULT_PATH_SIZE], directory[FAULT_PATH_SIZE], options[32];
	char ballast[2 * FAULT_PATH_SIZE];
	unsigned long last;
	FILE *file;

	(void)state;
	snprintf(mount_point, sizeof(mount_point), "%s/houji-full.XXXXXX", parent);
	assert_non_null(mkdtemp(mount_point));
	snprintf(options, sizeof(options), "size=%dk", TMPFS_SIZE_KIB);
	if (mount("houji-fault", mount_point, "tmpfs", 0, options) != 0) {
		print_message("# skipped: a file system may not be mounted here\n");
		rmdir(mount_point);
		skip();
	}
	snprintf(ballast, sizeof(ballast), "%s/ballast", mount_point);
	file = fopen(ballast, "w");
	assert_non_null(file);
	for (unsigned i = 0; i < TMPFS_SIZE_KIB / 4; i++) {
		fputs("ballast, to be thrown overboard ", file);
		fseek(file, 1024, SEEK_CUR);
	}
	fclose(file);
	fault_directory_make(mount_point, directory);
	last = fill_disk(directory, NULL);
	assert_true(last > FAULT_CHANGE_COUNT);
	/* With room again all goes on where it stopped, without a repair. */
	assert_int_equal(unlink(ballast), 0);
	expect_all(directory, 0, &last, 1);
	expect_houji_verifies(directory);
	assert_int_equal(umount(mount_point), 0);
	rmdir(mount_point);
}

static void
a_limit_of_file_size_stops_writing_and_loses_nothing(void **state)
{
	struct rlimit limit = {.rlim_cur = 1 << 19};
	char directory[FAULT_PATH_SIZE];
	unsigned long last;

	(void)state;
	fault_directory_make(parent, directory);
	last = fill_disk(directory, &limit);
	assert_true(last > FAULT_CHANGE_COUNT);
	expect_all(directory, 0, &last, 1);
	fault_directory_remove(directory);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_stops_writing_and_loses_nothing),
		cmocka_unit_test(a_limit_of_file_size_stops_writing_and_loses_nothing),
		cmocka_unit_test(a_storm_of_kills_loses_nothing_acknowledged),
	};

	if (argc != 5) {
		fprintf(stderr, "usage: %s SCENARIO INTERPOSER DIR HOUJI\n", argv[0]);
		return 2;
	}
	scenario = argv[1];
	parent = argv[3];
	houji = argv[4];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
