/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/text_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum status
file_read(const char *path, size_t size_max, uint8_t *ret_octets, size_t *ret_size,
	struct problem *problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum status status = STATUS_OK;
	size_t size = 0;
	ssize_t got = 1;

	if (fd < 0) {
		return problem_system(problem, "cannot read %s", path);
	}
	while (got != 0 && size <= size_max) {
		got = read(fd, ret_octets + size, size_max + 1 - size);
		if (got < 0 && errno != EINTR) {
			status = problem_system(problem, "cannot read %s", path);
			break;
		}
		size += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (status == STATUS_OK && size > size_max) {
		status = problem_set(
			problem, STATUS_TOO_LARGE, "%s: is larger than %zu octets", path, size_max);
	}
	if (status == STATUS_OK) {
		*ret_size = size;
	}
	return status;
}

enum status
file_write_new(const char *path, unsigned mode, struct bytes octets, struct problem *problem)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	enum status status = STATUS_OK;

	if (fd < 0) {
		status = problem_system(problem, "cannot make %s", path);
		return errno == EEXIST ? STATUS_EXISTS : status;
	}
	while (octets.size > 0 && status == STATUS_OK) {
		ssize_t written = write(fd, octets.at, octets.size);

		if (written >= 0) {
			octets = bytes_slice(octets, (size_t)written, octets.size);
		} else if (errno != EINTR) {
			status = problem_system(problem, "cannot write %s", path);
		}
	}
	if (status == STATUS_OK && fsync(fd) != 0) {
		status = problem_system(problem, "cannot write %s", path);
	}
	if (close(fd) != 0 && status == STATUS_OK) {
		status = problem_system(problem, "cannot write %s", path);
	}
	if (status != STATUS_OK) {
		unlink(path);
	}
	return status;
}

/* The folder that a path stands in; `beside` is the path of a file next to it. */
struct file_paths {
	char folder[PATH_MAX];
	char beside[PATH_MAX];
};

static bool
paths_make(const char *path, struct file_paths *ret_paths)
{
	struct text_writer folder = text_writer_over(ret_paths->folder, PATH_MAX);
	struct text_writer beside = text_writer_over(ret_paths->beside, PATH_MAX);
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		text_write_char(&folder, '.');
	} else {
		text_write(&folder, bytes_over(path, (size_t)(slash - path) + 1));
	}
	text_write_char(&folder, '\0');
	text_write_string(&beside, path);
	text_write_string(&beside, ".new");
	text_write_char(&beside, '\0');
	return text_writer_end(&folder) == STATUS_OK && text_writer_end(&beside) == STATUS_OK;
}

/* A rename is durable when the folder is. */
static bool
folder_sync(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_synced = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0) {
		close(fd);
	}
	return is_synced;
}

enum status
file_replace(const char *path, unsigned mode, struct bytes octets, struct problem *problem)
{
	struct file_paths paths;
	enum status status;

	if (!paths_make(path, &paths)) {
		return problem_set(
			problem, STATUS_TOO_LARGE, "the path %.100s... is too long", path);
	}
	(void)unlink(paths.beside);
	status = file_write_new(paths.beside, mode, octets, problem);
	if (status != STATUS_OK) {
		return status;
	}
	if (rename(paths.beside, path) != 0) {
		status = problem_system(problem, "cannot replace %s", path);
		unlink(paths.beside);
		return status;
	}
	return folder_sync(paths.folder) ? STATUS_OK
					 : problem_system(problem, "cannot sync %s", paths.folder);
}

static int
remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
	(void)about;
	(void)kind;
	(void)walk;
	return remove(path);
}

enum status
file_remove_all(const char *path, struct problem *problem)
{
	enum { DESCRIPTOR_COUNT = 16 };

	if (nftw(path, remove_one, DESCRIPTOR_COUNT, FTW_DEPTH | FTW_PHYS) != 0 &&
		errno != ENOENT) {
		return problem_system(problem, "cannot remove %s", path);
	}
	return STATUS_OK;
}

bool
file_write_at(int fd, struct bytes run, uint64_t offset)
{
	while (run.size > 0) {
		ssize_t done = pwrite(fd, run.at, run.size, (off_t)offset);

		if (done < 0 && errno == EINTR) {
			continue;
		}
		if (done <= 0) {
			errno = done == 0 ? EIO : errno;
			return false;
		}
		run = bytes_slice(run, (size_t)done, SIZE_MAX);
		offset += (uint64_t)done;
	}
	return true;
}

static bool
block_is_empty(struct bytes block)
{
	return block.at[0] == 0 && memcmp(block.at, block.at + 1, block.size - 1) == 0;
}

uint64_t
file_sparse_size(struct bytes octets)
{
	uint64_t size = 0;

	for (size_t at = 0; at < octets.size; at += FILE_BLOCK_SIZE) {
		if (!block_is_empty(bytes_slice(octets, at, FILE_BLOCK_SIZE))) {
			size += FILE_BLOCK_SIZE;
		}
	}
	return size;
}

bool
file_write_sparse(int fd, struct bytes octets)
{
	if (ftruncate(fd, 0) != 0 || ftruncate(fd, (off_t)octets.size) != 0) {
		return false;
	}
	for (size_t at = 0; at < octets.size; at += FILE_BLOCK_SIZE) {
		struct bytes block = bytes_slice(octets, at, FILE_BLOCK_SIZE);

		if (!block_is_empty(block) && !file_write_at(fd, block, at)) {
			return false;
		}
	}
	return true;
}
