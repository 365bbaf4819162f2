/* SPDX-License-Identifier: Apache-2.0 */
#include "service/result_files.h"

#include "base/limits.h"
#include "support/cmocka_all.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/houji-results-XXXXXX";
static char path[64];
static const uint8_t key[RESULT_KEY_SIZE] = {1, 2, 3};
static const uint8_t other_key[RESULT_KEY_SIZE] = {9};
static const struct result_progress whole = {{4, 5, 6}, 7, 5, 2};

static struct result_files *
files_open(void)
{
	struct problem problem;
	struct result_files *files = result_files_open(path, &problem);

	assert_non_null(files);
	return files;
}

static size_t
file_count(void)
{
	DIR *opened = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	while ((entry = readdir(opened)) != NULL) {
		if (entry->d_name[0] != '.') {
			count++;
		}
	}
	closedir(opened);
	return count;
}

static void
keep(struct result_files *files, const uint8_t *of, const char *text)
{
	struct result_progress found;
	struct result_file *file;

	assert_int_equal(result_file_begin(files, of, &file, &found), STATUS_OK);
	result_file_write(file, bytes_from_string(text));
	assert_int_equal(result_file_finish(file, &whole), STATUS_OK);
	assert_int_equal(result_file_size(file), strlen(text));
	result_file_end(file);
}

static void
is_kept(struct result_files *files, const uint8_t *of, const char *text)
{
	struct result_progress found;
	struct result_file *file;
	char read[64];
	int fd;

	assert_int_equal(result_file_begin(files, of, &file, &found), STATUS_EXISTS);
	assert_memory_equal(&found, &whole, sizeof(whole));
	assert_int_equal(result_file_size(file), strlen(text));
	fd = result_file_descriptor(file);
	assert_int_equal(pread(fd, read, sizeof(read), RESULT_FILE_OFFSET), strlen(text));
	assert_memory_equal(read, text, strlen(text));
	close(fd);
	result_file_end(file);
}

static void
finished_results_are_kept_over_a_restart(void **state)
{
	struct result_files *files = files_open();

	(void)state;
	keep(files, key, "one\n");
	is_kept(files, key, "one\n");
	result_files_close(files);
	files = files_open();
	is_kept(files, key, "one\n");
	result_files_close(files);
}

static void
results_without_a_key_leave_nothing(void **state)
{
	struct result_files *files = files_open();
	size_t before = file_count();

	(void)state;
	keep(files, NULL, "nobody's\n");
	assert_int_equal(file_count(), before);
	result_files_close(files);
}

static void
one_at_a_time_writes_under_a_key(void **state)
{
	struct result_files *files = files_open();
	struct result_progress found;
	struct result_file *first, *second;

	(void)state;
	assert_int_equal(result_file_begin(files, other_key, &first, &found), STATUS_OK);
	assert_int_equal(result_file_begin(files, other_key, &second, &found), STATUS_BUSY);
	/* Given up: the next begins anew, and nothing of the first is left. */
	result_file_write(first, TEXT("half"));
	result_file_end(first);
	keep(files, other_key, "whole\n");
	is_kept(files, other_key, "whole\n");
	result_files_close(files);
}

static void
what_a_crash_left_is_removed(void **state)
{
	struct result_files *files = files_open();
	struct result_progress found;
	const uint8_t third[RESULT_KEY_SIZE] = {7};
	struct result_file *file;
	size_t before = file_count();

	(void)state;
	assert_int_equal(result_file_begin(files, third, &file, &found), STATUS_OK);
	assert_int_equal(file_count(), before + 1);
	result_files_close(files_open());
	assert_int_equal(file_count(), before);
	result_file_end(file);
	result_files_close(files);
}

static void
write_part(struct result_files *files, const uint8_t *of, const char *text,
	const struct result_progress *expected, const struct result_progress *progress)
{
	struct result_progress found;
	struct result_file *file;

	assert_int_equal(result_file_begin(files, of, &file, &found), STATUS_OK);
	assert_memory_equal(&found, expected, sizeof(found));
	result_file_write(file, bytes_from_string(text));
	result_file_suspend(file, progress);
	result_file_end(file);
}

static void
what_broke_off_goes_on_where_it_was_also_over_a_restart(void **state)
{
	static const uint8_t sixth[RESULT_KEY_SIZE] = {6};
	static const struct result_progress none = {.lines = 0}, some = {{1}, 2, 1, 1},
					    more = {{2}, 4, 3, 1};
	struct result_files *files = files_open();
	struct result_progress found;
	struct result_file *file;

	(void)state;
	write_part(files, sixth, "one\n", &none, &some);
	result_files_close(files);
	files = files_open();
	write_part(files, sixth, "two\n", &some, &more);
	assert_int_equal(result_file_begin(files, sixth, &file, &found), STATUS_OK);
	assert_memory_equal(&found, &more, sizeof(found));
	result_file_write(file, TEXT("three\n"));
	assert_int_equal(result_file_finish(file, &whole), STATUS_OK);
	result_file_end(file);
	is_kept(files, sixth, "one\ntwo\nthree\n");
	/* Under another key nothing is known. */
	write_part(files, (const uint8_t[RESULT_KEY_SIZE]){60}, "x\n", &none, &some);
	result_files_close(files);
}

static void
a_file_of_another_layout_is_none(void **state)
{
	static const uint8_t tenth[RESULT_KEY_SIZE] = {0x10};
	static const struct result_progress none = {.lines = 0};
	struct result_files *files = files_open();
	const char *const endings[] = {"", ".part"};
	char name[256];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		FILE *file;

		snprintf(name, sizeof(name), "%s/10%062d%s", path, 0, endings[i]);
		file = fopen(name, "w");
		assert_non_null(file);
		fprintf(file, "%0200d", 0);
		fclose(file);
		write_part(files, tenth, "x\n", &none, &none);
		assert_int_equal(unlink(name), 0);
	}
	result_files_close(files);
}

/* A file that is almost full, with a hole in it. */
static void
results_past_the_limit_are_refused_and_not_kept(void **state)
{
	static const uint8_t ninth[RESULT_KEY_SIZE] = {0x19};
	static const struct result_progress none = {.lines = 0};
	struct result_files *files = files_open();
	size_t before = file_count();
	struct result_progress found;
	struct result_file *file;
	char name[256];

	(void)state;
	for (size_t size = 1; size <= 3; size++) {
		write_part(files, ninth, "", &none, &whole);
		snprintf(name, sizeof(name), "%s/19%062d.part", path, 0);
		assert_int_equal(
			truncate(name, RESULT_FILE_OFFSET + (off_t)RESULT_FILES_SIZE_MAX - 2), 0);
		assert_int_equal(result_file_begin(files, ninth, &file, &found), STATUS_OK);
		result_file_write(file, bytes_over("123", size));
		assert_int_equal(result_file_status(file), STATUS_OK);
		assert_int_equal(
			result_file_finish(file, &whole), size <= 2 ? STATUS_OK : STATUS_NO_SPACE);
		assert_int_equal(result_file_status(file), size <= 2 ? STATUS_OK : STATUS_NO_SPACE);
		result_file_end(file);
		assert_int_equal(file_count(), before + (size <= 2));
		*strstr(name, ".part") = '\0';
		assert_int_equal(unlink(name), size <= 2 ? 0 : -1);
	}
	result_files_close(files);
}

static void
results_go_after_a_day(void **state)
{
	struct result_files *files = files_open();
	struct result_progress found;
	const uint8_t fifth[RESULT_KEY_SIZE] = {5};
	struct result_file *file;
	char name[256];
	struct timespec times[2] = {{.tv_sec = time(NULL) - 86400 - 60}, {0}};
	static const struct result_progress none = {.lines = 0};

	(void)state;
	times[1] = times[0];
	keep(files, fifth, "old\n");
	snprintf(name, sizeof(name), "%s/05%062d", path, 0);
	assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
	write_part(files, (const uint8_t[RESULT_KEY_SIZE]){0x15}, "old\n", &none, &whole);
	snprintf(name, sizeof(name), "%s/15%062d.part", path, 0);
	assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
	result_files_close(files);
	files = files_open();
	assert_int_equal(result_file_begin(files, fifth, &file, &found), STATUS_OK);
	result_file_end(file);
	assert_int_equal(access(name, F_OK), -1);
	result_files_close(files);
}

static void
what_is_finished_stays_as_it_is(void **state)
{
	static const uint8_t eleventh[RESULT_KEY_SIZE] = {0x11};
	static const struct result_progress none = {.lines = 0};
	struct result_files *files = files_open();
	struct result_progress found;
	struct result_file *file;

	(void)state;
	keep(files, eleventh, "done\n");
	/* Whoever comes with other lines reads it and gives it up. */
	assert_int_equal(result_file_begin(files, eleventh, &file, &found), STATUS_EXISTS);
	result_file_suspend(file, &none);
	result_file_end(file);
	is_kept(files, eleventh, "done\n");
	result_files_close(files);
}

/* Results of that age and size, with a hole in them. */
static void
keep_sized(uint8_t first, time_t age_s, uint64_t size)
{
	const uint8_t named[RESULT_KEY_SIZE] = {first};
	const struct timespec then = {.tv_sec = time(NULL) - age_s};
	struct result_files *files = files_open();
	char name[256];

	keep(files, named, "");
	result_files_close(files);
	snprintf(name, sizeof(name), "%s/%02x%062d", path, first, 0);
	assert_int_equal(truncate(name, (off_t)size), 0);
	assert_int_equal(utimensat(AT_FDCWD, name, (const struct timespec[2]){then, then}, 0), 0);
}

static bool
are_there(uint8_t first)
{
	char name[256];

	snprintf(name, sizeof(name), "%s/%02x%062d", path, first, 0);
	return access(name, F_OK) == 0;
}

/* Whoever begins with a key has the folder swept. */
static void
sweep(void)
{
	static const uint8_t another[RESULT_KEY_SIZE] = {0xff};
	struct result_files *files = files_open();
	struct result_progress found;
	struct result_file *file;

	assert_int_equal(result_file_begin(files, another, &file, &found), STATUS_OK);
	result_file_end(file);
	result_files_close(files);
}

static void
the_oldest_results_go_when_there_is_too_much_of_them(void **state)
{
	const uint64_t third = RESULT_FILES_SIZE_MAX / 3;
	char before[sizeof(path)];

	(void)state;
	memcpy(before, path, sizeof(path));
	snprintf(path, sizeof(path), "%s/few", folder);
	keep_sized(0x21, 200, third);
	keep_sized(0x22, 86400 - 60, third); /* Not yet a day. */
	keep_sized(0x23, 100, RESULT_FILES_SIZE_MAX - 2 * third);
	sweep();
	assert_true(are_there(0x21) && are_there(0x22) && are_there(0x23));
	keep_sized(
		0x24, 300, RESULT_FILE_OFFSET); /* By that too much: the oldest goes, no other. */
	sweep();
	assert_true(are_there(0x21) && !are_there(0x22) && are_there(0x23) && are_there(0x24));
	memcpy(path, before, sizeof(path));
}

/* A disk that takes no more: a limit of the process stands for it. */
static void
what_does_not_fit_on_disk_is_told_and_not_kept(void **state)
{
	static const struct {
		rlim_t room;
		size_t size;
	} rows[] = {{RESULT_FILE_OFFSET / 2, 0}, {4096, 70000}, {4096, 5000}};
	static const uint8_t twelfth[RESULT_KEY_SIZE] = {0x12};
	static uint8_t octets[70000];
	struct result_files *files = files_open();
	struct result_progress found;
	struct result_file *file;
	struct rlimit before, limit;
	size_t count = file_count();

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum status status, finished;

		assert_int_equal(result_file_begin(files, twelfth, &file, &found), STATUS_OK);
		limit = (struct rlimit){rows[i].room, before.rlim_max};
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		result_file_write(file, bytes_over(octets, rows[i].size));
		status = result_file_status(file);
		finished = result_file_finish(file, &whole);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(status, rows[i].size > 65536 ? STATUS_SYSTEM : STATUS_OK);
		assert_int_equal(finished, STATUS_SYSTEM);
		result_file_end(file);
		assert_int_equal(file_count(), count);
	}
	result_files_close(files);
}

static void
results_are_the_nodes_alone(void **state)
{
	static const uint8_t thirteenth[RESULT_KEY_SIZE] = {0x13};
	struct result_files *files = files_open();
	struct stat about;
	char name[256];

	(void)state;
	keep(files, thirteenth, "mine\n");
	snprintf(name, sizeof(name), "%s/13%062d", path, 0);
	assert_int_equal(stat(name, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0700);
	result_files_close(files);
}

static void
a_folder_that_cannot_be_made_is_told(void **state)
{
	struct problem problem = {.text = ""};
	char name[128];

	(void)state;
	snprintf(name, sizeof(name), "%s/none/results", folder);
	assert_null(result_files_open(name, &problem));
	assert_non_null(strstr(problem.text, "none/results"));
	snprintf(name, sizeof(name), "%s/file", folder);
	fclose(fopen(name, "w"));
	problem.text[0] = '\0';
	assert_null(result_files_open(name, &problem));
	assert_non_null(strstr(problem.text, "cannot open the folder"));
}

static void
large_results_are_whole(void **state)
{
	struct result_files *files = files_open();
	struct result_progress found;
	const uint8_t fourth[RESULT_KEY_SIZE] = {8};
	struct result_file *file;
	char line[1001];

	(void)state;
	memset(line, 'x', sizeof(line));
	assert_int_equal(result_file_begin(files, fourth, &file, &found), STATUS_OK);
	for (int i = 0; i < 1000; i++) {
		result_file_write(file, bytes_over(line, sizeof(line)));
	}
	assert_int_equal(result_file_finish(file, &whole), STATUS_OK);
	assert_int_equal(result_file_size(file), 1000 * sizeof(line));
	result_file_end(file);
	assert_int_equal(result_file_begin(files, fourth, &file, &found), STATUS_EXISTS);
	assert_int_equal(result_file_size(file), 1000 * sizeof(line));
	result_file_end(file);
	result_files_close(files);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finished_results_are_kept_over_a_restart),
		cmocka_unit_test(results_without_a_key_leave_nothing),
		cmocka_unit_test(one_at_a_time_writes_under_a_key),
		cmocka_unit_test(what_a_crash_left_is_removed),
		cmocka_unit_test(large_results_are_whole),
		cmocka_unit_test(what_broke_off_goes_on_where_it_was_also_over_a_restart),
		cmocka_unit_test(a_file_of_another_layout_is_none),
		cmocka_unit_test(results_past_the_limit_are_refused_and_not_kept),
		cmocka_unit_test(results_go_after_a_day),
		cmocka_unit_test(what_does_not_fit_on_disk_is_told_and_not_kept),
		cmocka_unit_test(results_are_the_nodes_alone),
		cmocka_unit_test(a_folder_that_cannot_be_made_is_told),
		cmocka_unit_test(what_is_finished_stays_as_it_is),
		cmocka_unit_test(the_oldest_results_go_when_there_is_too_much_of_them),
	};
	char command[256];
	int failed;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/results", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command) == 0 ? failed : 1;
}
