/* SPDX-License-Identifier: Apache-2.0 */
#include "program/terminal/language.h"
#include "program/transfer/load.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum status
load_source_open(struct load *load, struct problem *problem)
{
	bool is_stdin = strcmp(load->options->path, "-") == 0;
	if (load->options->is_import) {
		load->fd = fcntl(load->options->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	} else {
		load->fd =
			is_stdin ? STDIN_FILENO : open(load->options->path, O_RDONLY | O_CLOEXEC);
	}
	if (load->fd < 0) {
		return problem_system(problem, "cannot open %s", load->options->path);
	}
	if (fstat(load->fd, &load->file) != 0) {
		return problem_system(problem, "cannot examine %s", load->options->path);
	}
	if (S_ISDIR(load->file.st_mode)) {
		return problem_set(
			problem, STATUS_INVALID, "%s is a directory", load->options->path);
	}
	load->is_resumable = !is_stdin && S_ISREG(load->file.st_mode) && !load->options->is_dry_run;
	load_state_find(load);
	if (load->offset < load->options->from) {
		load->offset = load->options->from;
		load->line = load->options->from_line;
	}
	load->left = load->options->to > 0 ? load->options->to - load->offset : UINT64_MAX;
	if ((load->offset > 0 || load->options->is_import) &&
		lseek(load->fd, (off_t)load->offset, SEEK_SET) < 0) {
		return problem_system(problem, "cannot go on in %s", load->options->path);
	}
	return STATUS_OK;
}

void
load_source_close(struct load *load)
{
	if (load->fd > STDIN_FILENO) {
		close(load->fd);
	}
	load->fd = -1;
}

/* Reads until the chunk is full or the file ends. */
static enum status
fill(struct load *load, struct load_chunk *chunk, struct problem *problem)
{
	while (chunk->filled < LOAD_CHUNK_TEXT_SIZE && !load->is_at_end) {
		size_t room = LOAD_CHUNK_TEXT_SIZE - chunk->filled;
		ssize_t size = read(load->fd, chunk->text + chunk->filled,
			room < load->left ? room : (size_t)load->left);
		if (size < 0 && errno != EINTR) {
			return problem_system(problem, "cannot read %s", load->options->path);
		}
		if (size < 0 && load_is_stopped) {
			return STATUS_OK;
		}
		load->is_at_end = size == 0;
		chunk->filled += size > 0 ? (size_t)size : 0;
		load->left -= size > 0 ? (uint64_t)size : 0;
	}
	return STATUS_OK;
}

/* How much of the chunk is whole lines; the file's last line may lack its end. */
static void
cut_lines(struct load *load, struct load_chunk *chunk)
{
	const uint8_t *at = chunk->text, *end = chunk->text + chunk->filled;

	while (at < end && chunk->line_count < LOAD_CHUNK_LINE_COUNT_MAX) {
		const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL && !load->is_at_end) {
			break;
		}
		at = stop == NULL ? end : stop + 1;
		chunk->line_count++;
	}
	chunk->size = (size_t)(at - chunk->text);
}

/* A line that fills a whole chunk and does not end: its start is dropped, and the rest is when
 * it comes. */
static void
drop_long_line(struct load *load, struct load_chunk *chunk)
{
	if (!load->is_skipping) {
		load_complain(chunk, load->line + 1,
			SAY("the line is longer than %d octets", "该行超过 %d 字节"),
			LOAD_CHUNK_TEXT_SIZE);
	}
	load->is_skipping = true;
	load->offset += chunk->filled;
	chunk->filled = 0;
}

static void
skip_long_line(struct load *load, struct load_chunk *chunk)
{
	const uint8_t *stop = memchr(chunk->text, '\n', chunk->filled);
	size_t dropped = stop == NULL ? chunk->filled : (size_t)(stop + 1 - chunk->text);

	memmove(chunk->text, chunk->text + dropped, chunk->filled - dropped);
	chunk->filled -= dropped;
	load->offset += dropped;
	if (stop != NULL || load->is_at_end) {
		load->is_skipping = false;
		load->line++;
	}
}

static void
chunk_clear(struct load_chunk *chunk)
{
	arena_reset(chunk->arena);
	chunk->size = 0;
	chunk->filled = 0;
	chunk->line_count = 0;
	chunk->change_count = 0;
	chunk->home_count = 0;
	chunk->complaints = NULL;
	chunk->complaints_end = &chunk->complaints;
	chunk->answered = 0;
	chunk->created = 0;
	chunk->replaced = 0;
	chunk->unchanged = 0;
	chunk->home_ok = 0;
	chunk->fault = STATUS_OK;
}

enum status
load_chunk_read(struct load *load, struct load_chunk *chunk, struct problem *problem)
{
	enum status status;

	chunk_clear(chunk);
	memcpy(chunk->text, load->rest, load->rest_size);
	chunk->filled = load->rest_size;
	load->rest_size = 0;
	do {
		status = fill(load, chunk, problem);
		if (status != STATUS_OK) {
			return status;
		}
		if (load->is_skipping) {
			skip_long_line(load, chunk);
			continue;
		}
		cut_lines(load, chunk);
		if (chunk->size == 0 && chunk->filled == LOAD_CHUNK_TEXT_SIZE) {
			drop_long_line(load, chunk);
		}
	} while (chunk->size == 0 && !load->is_at_end && !load_is_stopped);
	if (load->is_at_end && chunk->size == 0) {
		cut_lines(load, chunk);
	}
	chunk->first_line = load->line + 1;
	load->line += chunk->line_count;
	load->offset += chunk->size;
	chunk->end_offset = load->offset;
	load->rest = chunk->text + chunk->size;
	load->rest_size = chunk->filled - chunk->size;
	return STATUS_OK;
}
