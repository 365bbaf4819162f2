/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_private.h"

#include "base/text_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <unistd.h>

enum { HOLDER_SIZE_MAX = 256, COMMAND_SIZE_MAX = 128 };

/* "1234 houji serve DIR": what a second process tells its user. */
static void
holder_write(int fd)
{
	char text[HOLDER_SIZE_MAX];
	uint8_t command[COMMAND_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));
	int source = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t size = source < 0 ? 0 : read(source, command, sizeof(command));

	if (source >= 0) {
		close(source);
	}
	text_write_u64(&writer, (uint64_t)getpid());
	for (ssize_t i = 0; i < size; i++) {
		char character = command[i] < ' ' || command[i] > '~' ? ' ' : (char)command[i];

		if (i == 0) {
			text_write_char(&writer, ' ');
		}
		text_write_char(&writer, character);
	}
	/* Only for people: the lock itself is the kernel's. */
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, text_written(&writer).size, 0) < 0) {
		return;
	}
}

static enum status
lock_refused(const struct ledger *ledger, struct problem *problem)
{
	char text[HOLDER_SIZE_MAX + 1];
	ssize_t size;

	if (errno != EWOULDBLOCK) {
		return problem_system(problem, "cannot lock %s", ledger->directory);
	}
	size = pread(ledger->lock_fd, text, HOLDER_SIZE_MAX, 0);
	while (size > 0 && text[size - 1] == ' ') {
		size--;
	}
	if (size <= 0) {
		return problem_set(problem, STATUS_IN_USE, "%s is in use by another process",
			ledger->directory);
	}
	text[size] = '\0';
	return problem_set(
		problem, STATUS_IN_USE, "%s is in use by process %s", ledger->directory, text);
}

enum status
ledger_lock(struct ledger *ledger, struct problem *problem)
{
	char path[PATH_MAX];
	struct text_writer writer = text_writer_over(path, sizeof(path));
	int flags = ledger->is_writable ? O_RDWR | O_CREAT : O_RDONLY;

	text_write_string(&writer, ledger->directory);
	text_write_string(&writer, "/lock");
	text_write_char(&writer, '\0');
	if (text_writer_end(&writer) != STATUS_OK) {
		return problem_set(
			problem, STATUS_TOO_LARGE, "%s: the path is too long", ledger->directory);
	}
	ledger->lock_fd = open(path, flags | O_CLOEXEC, 0600);
	if (ledger->lock_fd < 0) {
		if (!ledger->is_writable && errno == ENOENT) {
			return STATUS_OK; /* Nobody ever wrote here. */
		}
		return problem_system(problem, "cannot open %s", path);
	}
	if (flock(ledger->lock_fd, LOCK_NB | (ledger->is_writable ? LOCK_EX : LOCK_SH)) != 0) {
		return lock_refused(ledger, problem);
	}
	if (ledger->is_writable) {
		holder_write(ledger->lock_fd);
	}
	return STATUS_OK;
}
