/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_head.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/text_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* DIR/heads.ndjson. A line counts when its newline is there. */

enum { ARENA_SIZE = 16384 };

static const char HEADS[] = "/heads.ndjson";
static const char HEADS_NEW[] = "/heads.ndjson.new";
static const char HEADS_BEFORE[] = "/heads.before-restore.ndjson";

static enum status
path_make(const char *directory, const char *name, char ret_path[PATH_MAX], struct problem *problem)
{
	struct text_writer writer = text_writer_over(ret_path, PATH_MAX);

	text_write_string(&writer, directory);
	text_write_string(&writer, name);
	text_write_char(&writer, '\0');
	return text_writer_end(&writer) == STATUS_OK
		? STATUS_OK
		: problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long", directory);
}

/* Where the last whole line ends. */
static bool
lines_end(int fd, off_t size, off_t *ret_end)
{
	char tail[LEDGER_HEAD_LINE_SIZE_MAX];
	off_t from = size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0;
	ssize_t count = pread(fd, tail, (size_t)(size - from), from);

	if (count != (ssize_t)(size - from)) {
		return false;
	}
	while (count > 0 && tail[count - 1] != '\n') {
		count--;
	}
	*ret_end = from + count;
	/* A tail without any newline is none of ours. */
	return count > 0 || from == 0;
}

static bool
line_append(int fd, struct bytes line)
{
	struct stat file;
	off_t end;

	/* A node and `houji checkpoint` may both come. */
	if (flock(fd, LOCK_EX) != 0 || fstat(fd, &file) != 0) {
		return false;
	}
	if (!lines_end(fd, file.st_size, &end)) {
		errno = EIO;
		return false;
	}
	if (end != file.st_size && ftruncate(fd, end) != 0) {
		return false;
	}
	return file_write_at(fd, line, (uint64_t)end) && fsync(fd) == 0;
}

/* The name of a file is durable when its folder is. */
static bool
directory_sync(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_synced = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0) {
		close(fd);
	}
	return is_synced;
}

enum status
ledger_heads_append(const char *directory, const struct ledger_head *head, struct problem *problem)
{
	char text[LEDGER_HEAD_LINE_SIZE_MAX], path[PATH_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text) - 1);
	enum status status = path_make(directory, HEADS, path, problem);
	size_t size;
	int fd;

	ledger_head_write_json(&writer, head);
	if (status != STATUS_OK || json_writer_end(&writer) != STATUS_OK) {
		return status != STATUS_OK
			? status
			: problem_set(problem, STATUS_TOO_LARGE, "a head has no form in JSON");
	}
	size = json_written(&writer).size;
	text[size] = '\n';
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0) {
		return problem_system(problem, "cannot open %s", path);
	}
	if (!line_append(fd, bytes_over(text, size + 1)) || !directory_sync(directory)) {
		status = problem_system(problem, "cannot write %s", path);
	}
	close(fd);
	return status;
}

static enum status
all_read(int fd, const char *path, struct ledger_heads *heads, struct problem *problem)
{
	struct stat file;
	size_t done = 0;

	if (fstat(fd, &file) != 0) {
		return problem_system(problem, "cannot read %s", path);
	}
	if ((uint64_t)file.st_size > LEDGER_HEADS_SIZE_MAX) {
		return problem_set(problem, STATUS_TOO_LARGE, "%s: more than %d octets", path,
			LEDGER_HEADS_SIZE_MAX);
	}
	heads->octets = malloc((size_t)file.st_size + 1);
	if (heads->octets == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for %s", path);
	}
	while (done < (size_t)file.st_size) {
		ssize_t count = read(fd, heads->octets + done, (size_t)file.st_size - done);

		if (count < 0) {
			return problem_system(problem, "cannot read %s", path);
		}
		if (count == 0) {
			break;
		}
		done += (size_t)count;
	}
	heads->size = done;
	return STATUS_OK;
}

enum status
ledger_heads_read(const char *directory, struct ledger_heads *ret_heads, struct problem *problem)
{
	struct ledger_heads heads = {0};
	char path[PATH_MAX];
	enum status status = path_make(directory, HEADS, path, problem);
	int fd;

	if (status != STATUS_OK) {
		return status;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT) {
		return problem_system(problem, "cannot open %s", path);
	}
	if (fd >= 0) {
		status = all_read(fd, path, &heads, problem);
		close(fd);
	}
	if (status != STATUS_OK) {
		ledger_heads_free(&heads);
		return status;
	}
	*ret_heads = heads;
	return STATUS_OK;
}

void
ledger_heads_free(struct ledger_heads *heads)
{
	free(heads->octets);
	*heads = (struct ledger_heads){0};
}

enum status
ledger_heads_next(struct ledger_heads *heads, struct ledger_head *ret_head, struct problem *problem)
{
	struct bytes rest = bytes_over(heads->octets, heads->size);
	struct arena *arena;
	struct json_reader reader;
	struct ledger_head head;
	bool is_head;
	size_t size;

	rest = bytes_slice(rest, heads->next, rest.size);
	size = bytes_find(rest, '\n');
	if (size == rest.size) {
		return problem_set(problem, STATUS_NOT_FOUND, "no signed head");
	}
	arena = arena_new(ARENA_SIZE, ARENA_SIZE);
	if (arena == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for a head");
	}
	heads->line++;
	heads->next += size + 1;
	reader = json_reader_over(bytes_slice(rest, 0, size), arena);
	ledger_head_read_json(&reader, &head);
	is_head = json_reader_end(&reader) == STATUS_OK;
	arena_free(arena);
	if (is_head) {
		*ret_head = head;
	}
	return is_head
		? STATUS_OK
		: problem_set(problem, STATUS_CORRUPT,
			  "heads.ndjson: line %llu is no tree head; restore the file from a copy",
			  (unsigned long long)heads->line);
}

enum status
ledger_heads_last(const char *directory, struct ledger_head *ret_head, struct problem *problem)
{
	struct ledger_heads heads;
	struct ledger_head head;
	enum status status = ledger_heads_read(directory, &heads, problem);

	if (status != STATUS_OK) {
		return status;
	}
	while ((status = ledger_heads_next(&heads, &head, problem)) == STATUS_OK) {
		*ret_head = head;
	}
	status = status == STATUS_NOT_FOUND && heads.line > 0 ? STATUS_OK : status;
	ledger_heads_free(&heads);
	return status;
}

/* Moves the lines of heads that cover `size` entries at the most to the front. */
static enum status
lines_keep(struct ledger_heads *heads, uint64_t size, size_t *ret_kept, struct problem *problem)
{
	struct ledger_head head;
	size_t kept = 0, from = 0;
	enum status status;

	while ((status = ledger_heads_next(heads, &head, problem)) == STATUS_OK) {
		if (head.size <= size) {
			memmove(heads->octets + kept, heads->octets + from, heads->next - from);
			kept += heads->next - from;
		}
		from = heads->next;
	}
	if (status == STATUS_NOT_FOUND) {
		*ret_kept = kept;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The new file is whole before the old one leaves its name. */
static enum status
heads_replace(const char *directory, struct bytes kept, struct problem *problem)
{
	char path[PATH_MAX], path_new[PATH_MAX], path_before[PATH_MAX];
	enum status status = path_make(directory, HEADS, path, problem);

	if (status == STATUS_OK) {
		status = path_make(directory, HEADS_NEW, path_new, problem);
	}
	if (status == STATUS_OK) {
		status = path_make(directory, HEADS_BEFORE, path_before, problem);
	}
	if (status == STATUS_OK) {
		(void)unlink(path_new);
		status = file_write_new(path_new, 0644, kept, problem);
	}
	if (status == STATUS_OK &&
		(rename(path, path_before) != 0 || rename(path_new, path) != 0 ||
			!directory_sync(directory))) {
		status = problem_system(problem, "cannot replace %s", path);
	}
	return status;
}

enum status
ledger_heads_cut(const char *directory, uint64_t size, struct problem *problem)
{
	struct ledger_heads heads;
	size_t kept = 0;
	enum status status = ledger_heads_read(directory, &heads, problem);

	if (status != STATUS_OK) {
		return status;
	}
	status = lines_keep(&heads, size, &kept, problem);
	if (status == STATUS_OK && kept < heads.next) {
		status = heads_replace(directory, bytes_over(heads.octets, kept), problem);
	}
	ledger_heads_free(&heads);
	return status;
}
