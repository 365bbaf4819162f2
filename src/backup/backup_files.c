/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup_files.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
backup_close(int fd)
{
	if (fd >= 0) {
		close(fd);
	}
}

enum status
backup_folder_open(
	int parent_fd, const char *name, bool makes, int *ret_fd, struct problem *problem)
{
	int fd;

	if (makes && mkdirat(parent_fd, name, 0700) != 0 && errno != EEXIST) {
		return problem_system(problem, "cannot make %s", name);
	}
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		enum status status = problem_system(problem, "cannot open %s", name);

		return errno == ENOENT ? STATUS_NOT_FOUND : status;
	}
	*ret_fd = fd;
	return STATUS_OK;
}

/* Not a link, a pipe or a device, which a backup of somebody else's might hold. */
static enum status
regular_open(int folder_fd, const char *name, int *ret_fd, struct problem *problem)
{
	int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat file;

	if (fd < 0) {
		enum status status = problem_system(problem, "cannot open %s", name);

		return errno == ENOENT ? STATUS_NOT_FOUND : status;
	}
	if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
		close(fd);
		return problem_set(problem, STATUS_CORRUPT, "%s is not a file", name);
	}
	*ret_fd = fd;
	return STATUS_OK;
}

enum status
backup_file_read(int folder_fd, const char *name, const struct backup_room *room,
	uint64_t *ret_size, struct problem *problem)
{
	enum status status;
	uint64_t filled = 0;
	ssize_t got = 1;
	int fd;

	status = regular_open(folder_fd, name, &fd, problem);
	while (status == STATUS_OK && filled < room->size && got != 0) {
		got = pread(fd, room->octets + filled, room->size - filled,
			(off_t)(room->offset + filled));
		if (got < 0 && errno != EINTR) {
			status = problem_system(problem, "cannot read %s", name);
		}
		filled += got > 0 ? (uint64_t)got : 0;
	}
	if (status == STATUS_OK || got < 0) {
		close(fd);
	}
	if (status == STATUS_OK) {
		*ret_size = filled;
	}
	return status;
}

static bool
run_write(int fd, const struct backup_run *run)
{
	struct bytes octets = bytes_over(run->octets, run->size);

	return run->is_sparse ? file_write_sparse(fd, octets)
			      : file_write_at(fd, octets, run->offset);
}

enum status
backup_file_write(
	int folder_fd, const char *name, const struct backup_run *run, struct problem *problem)
{
	uint64_t end = run->offset + run->size;
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum status status = STATUS_OK;
	int failed;

	if (fd < 0) {
		return problem_system(problem, "cannot make %s", name);
	}
	if (!run_write(fd, run) || ftruncate(fd, (off_t)end) != 0) {
		status = problem_system(problem, "cannot write %s", name);
	}
	if (status == STATUS_OK && run->room > end) {
		failed = posix_fallocate(fd, 0, (off_t)run->room);
		errno = failed;
		if (failed != 0) {
			status = problem_system(problem, "no room for %s", name);
		}
	}
	if (status == STATUS_OK && fsync(fd) != 0) {
		status = problem_system(problem, "cannot write %s", name);
	}
	close(fd);
	return status;
}

enum status
backup_file_sync(int folder_fd, const char *name, struct problem *problem)
{
	int fd;
	enum status status = regular_open(folder_fd, name, &fd, problem);

	if (status == STATUS_OK) {
		if (fdatasync(fd) != 0) {
			status = problem_system(problem, "cannot make %s durable", name);
		}
		close(fd);
	}
	return status;
}

enum status
backup_folder_visit(int folder_fd, backup_visit *visit, void *context, struct problem *problem)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	enum status status = STATUS_OK;
	struct dirent *file;

	if (list == NULL) {
		status = problem_system(problem, "cannot list a folder");
		backup_close(fd);
		return status;
	}
	while (status == STATUS_OK && (file = readdir(list)) != NULL) {
		if (file->d_name[0] != '.') {
			status = visit(context, file->d_name);
		}
	}
	closedir(list);
	return status;
}

static enum status
visit_remove(void *context, const char *name)
{
	(void)unlinkat(*(const int *)context, name, 0);
	return STATUS_OK;
}

void
backup_folder_remove(int parent_fd, const char *name)
{
	int fd;

	if (backup_folder_open(parent_fd, name, false, &fd, NULL) == STATUS_OK) {
		(void)backup_folder_visit(fd, visit_remove, &fd, NULL);
		close(fd);
		(void)unlinkat(parent_fd, name, AT_REMOVEDIR);
	}
}
