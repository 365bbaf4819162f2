/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "support/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char path[128];

static int
begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/dev/shm/file_test.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/thing", folder);
	return 0;
}

static int
end(void **state)
{
	char command[80];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void
expect_content(const char *expected)
{
	uint8_t octets[64];
	size_t size;

	assert_int_equal(file_read(path, sizeof(octets) - 1, octets, &size, NULL), STATUS_OK);
	assert_int_equal(size, strlen(expected));
	assert_memory_equal(octets, expected, size);
}

static void
a_file_is_replaced_as_a_whole(void **state)
{
	char beside[136];
	struct stat about;

	(void)state;
	snprintf(beside, sizeof(beside), "%s.new", path);
	assert_int_equal(file_replace(path, 0640, TEXT("one"), NULL), STATUS_OK);
	expect_content("one");
	/* What an interrupted try left is in nobody's way. */
	assert_int_equal(file_write_new(beside, 0644, TEXT("half"), NULL), STATUS_OK);
	assert_int_equal(file_replace(path, 0640, TEXT("another"), NULL), STATUS_OK);
	expect_content("another");
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0640);
}

static void
what_cannot_be_replaced_stays(void **state)
{
	char under[160];
	struct problem problem;

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(under, sizeof(under), "%s/inside", path);
	assert_int_equal(file_write_new(under, 0644, TEXT("kept"), NULL), STATUS_OK);
	assert_int_equal(file_replace(path, 0644, TEXT("x"), &problem), STATUS_SYSTEM);
	assert_non_null(strstr(problem.text, path));
	assert_int_equal(access(under, F_OK), 0);
	snprintf(under, sizeof(under), "%s.new", path);
	assert_int_equal(access(under, F_OK), -1);
}

static void
a_run_is_put_where_it_belongs(void **state)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	assert_true(file_write_at(fd, TEXT("grain of rye"), 0));
	assert_true(file_write_at(fd, TEXT("millet"), 9));
	assert_true(file_write_at(fd, TEXT(""), 2));
	expect_content("grain of millet");
	close(fd);
	errno = 0;
	assert_false(file_write_at(fd, TEXT("x"), 0));
	assert_int_equal(errno, EBADF);
}

/* Sizes about the border of a block; what was there before shows nowhere. */
static void
empty_blocks_become_holes(void **state)
{
	static const size_t sizes[] = {1, 4095, 4096, 4097, 5 * 4096, 5 * 4096 + 1};
	static uint8_t octets[6 * 4096], back[6 * 4096 + 1];
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	memset(back, 'x', sizeof(back));
	assert_true(file_write_at(fd, bytes_over(back, sizeof(back)), 0));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bytes run = bytes_over(octets, sizes[i]);
		struct stat file;

		memset(octets, 0, sizeof(octets));
		assert_int_equal(file_sparse_size(run), 0);
		octets[sizes[i] - 1] = 7;
		octets[sizes[i] / 2] = 9;
		assert_int_equal(file_sparse_size(run),
			(sizes[i] - 1) / 4096 == sizes[i] / 2 / 4096 ? 4096 : 2 * 4096);
		assert_true(file_write_sparse(fd, run));
		assert_int_equal(fstat(fd, &file), 0);
		assert_int_equal(file.st_size, sizes[i]);
		assert_true((uint64_t)file.st_blocks * 512 <= file_sparse_size(run));
		assert_int_equal(pread(fd, back, sizeof(back), 0), sizes[i]);
		assert_memory_equal(back, octets, sizes[i]);
	}
	close(fd);
	assert_false(file_write_sparse(fd, TEXT("x")));
}

static void
a_path_that_is_too_long_is_refused(void **state)
{
	char *longest = malloc(5000);
	struct problem problem;

	(void)state;
	memset(longest, 'a', 4999);
	longest[4999] = '\0';
	assert_int_equal(file_replace(longest, 0644, TEXT("x"), &problem), STATUS_TOO_LARGE);
	free(longest);
}

static void
a_folder_goes_with_all_below_it_and_links_go_alone(void **state)
{
	char inner[160], link[160], target[160];

	(void)state;
	snprintf(target, sizeof(target), "%s/kept", folder);
	snprintf(inner, sizeof(inner), "%s/inner", path);
	snprintf(link, sizeof(link), "%s/link", path);
	assert_int_equal(file_write_new(target, 0600, TEXT("kept"), NULL), STATUS_OK);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(mkdir(inner, 0700), 0);
	assert_int_equal(symlink("..", link), 0);
	assert_int_equal(file_remove_all(path, NULL), STATUS_OK);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(target, F_OK), 0);
	/* Nothing is there: nothing is to be done. */
	assert_int_equal(file_remove_all(path, NULL), STATUS_OK);
	assert_int_equal(file_remove_all(target, NULL), STATUS_OK);
	assert_int_equal(access(target, F_OK), -1);
}

static void
what_cannot_be_removed_is_named(void **state)
{
	struct problem problem = {.text = ""};

	(void)state;
	assert_int_equal(file_remove_all("/proc/self/status", &problem), STATUS_SYSTEM);
	assert_non_null(strstr(problem.text, "/proc/self/status"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_replaced_as_a_whole, begin, end),
		cmocka_unit_test_setup_teardown(what_cannot_be_replaced_stays, begin, end),
		cmocka_unit_test_setup_teardown(a_run_is_put_where_it_belongs, begin, end),
		cmocka_unit_test_setup_teardown(empty_blocks_become_holes, begin, end),
		cmocka_unit_test(a_path_that_is_too_long_is_refused),
		cmocka_unit_test_setup_teardown(
			a_folder_goes_with_all_below_it_and_links_go_alone, begin, end),
		cmocka_unit_test(what_cannot_be_removed_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
