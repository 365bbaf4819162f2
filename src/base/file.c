/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
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
