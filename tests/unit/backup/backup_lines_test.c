/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup_lines.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE_MAX_HERE = 100, FILE_SIZE = 1 << 20 };

/* A file in memory with these octets, at its start. */
static int
file_with(struct bytes octets)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, octets.at, octets.size, 0), octets.size);
	return fd;
}

static struct bytes
sealed(const char *const *lines, size_t count, uint8_t *ret_octets)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);
	struct backup_writer writer;
	ssize_t size;

	assert_int_equal(backup_writer_begin(&writer, fd), STATUS_OK);
	for (size_t i = 0; i < count; i++) {
		backup_write_line(&writer, bytes_from_string(lines[i]));
	}
	assert_int_equal(backup_writer_end(&writer), STATUS_OK);
	size = pread(fd, ret_octets, FILE_SIZE, 0);
	assert_true(size > 0);
	close(fd);
	return bytes_over(ret_octets, (size_t)size);
}

/* Reads all; how many lines came before the verdict. */
static enum status
read_all(struct bytes octets, size_t *ret_count, struct problem *problem)
{
	int fd = file_with(octets);
	struct backup_reader reader;
	struct bytes line;
	enum status status;

	*ret_count = 0;
	assert_int_equal(backup_reader_begin(&reader, fd, LINE_MAX_HERE, problem), STATUS_OK);
	while (backup_read_line(&reader, &line)) {
		*ret_count += 1;
	}
	status = backup_reader_end(&reader);
	close(fd);
	return status;
}

static const char *const three[] = {"{\"houji\":\"test\"}", "", "{\"a\":1}"};

static void
lines_come_back_as_they_were_written(void **state)
{
	static uint8_t octets[FILE_SIZE];
	struct bytes file = sealed(three, 3, octets);
	int fd = file_with(file);
	struct backup_reader reader;
	struct problem problem;
	struct bytes line;

	(void)state;
	assert_int_equal(backup_reader_begin(&reader, fd, LINE_MAX_HERE, &problem), STATUS_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_true(backup_read_line(&reader, &line));
		assert_true(bytes_equal(line, bytes_from_string(three[i])));
	}
	assert_false(backup_read_line(&reader, &line));
	assert_false(backup_read_line(&reader, &line));
	assert_int_equal(backup_reader_end(&reader), STATUS_OK);
	close(fd);
}

static void
the_seal_is_what_sha256sum_says(void **state)
{
	static uint8_t octets[FILE_SIZE];
	/* printf 'a\nb\n' | sha256sum */
	static const char expected[] =
		"a\nb\n{\"lines\":2,\"sha256\":"
		"\"911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2\"}\n";
	static const char *const lines[] = {"a", "b"};
	struct bytes file = sealed(lines, 2, octets);

	(void)state;
	assert_int_equal(file.size, sizeof(expected) - 1);
	assert_memory_equal(file.at, expected, file.size);
}

static void
a_file_cut_anywhere_is_refused(void **state)
{
	static uint8_t octets[FILE_SIZE];
	struct bytes file = sealed(three, 3, octets);
	struct problem problem;
	size_t count;

	(void)state;
	assert_int_equal(read_all(file, &count, &problem), STATUS_OK);
	assert_int_equal(count, 3);
	for (size_t size = 0; size < file.size; size++) {
		assert_int_not_equal(
			read_all(bytes_slice(file, 0, size), &count, &problem), STATUS_OK);
	}
}

static void
a_file_changed_anywhere_is_refused(void **state)
{
	static uint8_t octets[FILE_SIZE];
	struct bytes file = sealed(three, 3, octets);
	struct problem problem;
	size_t count;

	(void)state;
	for (size_t i = 0; i < file.size; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			octets[i] ^= (uint8_t)(1u << bit);
			assert_int_not_equal(read_all(file, &count, &problem), STATUS_OK);
			octets[i] ^= (uint8_t)(1u << bit);
		}
	}
}

static void
nothing_may_follow_the_seal(void **state)
{
	static uint8_t octets[FILE_SIZE];
	struct bytes file = sealed(three, 3, octets);
	struct problem problem;
	size_t count;

	(void)state;
	octets[file.size] = '\n';
	file.size++;
	assert_int_equal(read_all(file, &count, &problem), STATUS_CORRUPT);
}

static void
lines_are_bounded(void **state)
{
	static uint8_t octets[FILE_SIZE];
	static char long_line[LINE_MAX_HERE + 2];
	const char *const lines[] = {long_line};
	struct problem problem;
	size_t count;

	(void)state;
	for (size_t size = LINE_MAX_HERE - 1; size <= LINE_MAX_HERE + 1; size++) {
		memset(long_line, 'x', sizeof(long_line));
		long_line[size] = '\0';
		assert_int_equal(read_all(sealed(lines, 1, octets), &count, &problem),
			size > LINE_MAX_HERE ? STATUS_TOO_LARGE : STATUS_OK);
	}
}

static void
a_disk_that_is_full_is_told(void **state)
{
	struct backup_writer writer;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(backup_writer_begin(&writer, fileno(full)), STATUS_OK);
	for (unsigned i = 0; i < 10000; i++) {
		backup_write_line(&writer, TEXT("a line"));
	}
	assert_int_equal(backup_writer_end(&writer), STATUS_SYSTEM);
	fclose(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_back_as_they_were_written),
		cmocka_unit_test(the_seal_is_what_sha256sum_says),
		cmocka_unit_test(a_file_cut_anywhere_is_refused),
		cmocka_unit_test(a_file_changed_anywhere_is_refused),
		cmocka_unit_test(nothing_may_follow_the_seal),
		cmocka_unit_test(lines_are_bounded),
		cmocka_unit_test(a_disk_that_is_full_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
