/* SPDX-License-Identifier: Apache-2.0 */
#include "program/batch/batch.h"

#include "crypto/crypto.h"
#include "message/change_line.h"

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ARENA_SIZE = 65536,
	ARENA_LIMIT = 8 * JSON_TEXT_SIZE_MAX,
};

enum status
batch_source_open(struct batch_source *source, const char *path, struct problem *problem)
{
	struct stat file;

	memset(source, 0, sizeof(*source));
	source->lines.fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (source->lines.fd < 0) {
		return problem_system(problem, "cannot read %s", path);
	}
	if (fstat(source->lines.fd, &file) == 0 && S_ISDIR(file.st_mode)) {
		batch_source_close(source);
		return problem_set(problem, STATUS_SYSTEM, "%s is a folder, not a file", path);
	}
	source->lines.octets = malloc(BATCH_LINES_SIZE);
	source->octets = malloc(MESSAGE_SIZE_MAX);
	source->arena = arena_new(ARENA_SIZE, ARENA_LIMIT);
	if (source->lines.octets == NULL || source->octets == NULL || source->arena == NULL) {
		batch_source_close(source);
		return problem_set(problem, STATUS_NO_MEMORY, "no memory to read %s", path);
	}
	return STATUS_OK;
}

void
batch_source_close(struct batch_source *source)
{
	if (source->lines.fd > STDIN_FILENO) {
		close(source->lines.fd);
	}
	if (source->lines.octets != NULL) {
		crypto_forget(
			source->lines.octets, BATCH_LINES_SIZE); /* Secrets may stand there. */
	}
	free(source->lines.octets);
	free(source->octets);
	arena_free(source->arena);
	*source = (struct batch_source){.lines.fd = -1};
}

uint64_t
batch_source_size(const struct batch_source *source)
{
	struct stat file;

	return fstat(source->lines.fd, &file) == 0 && S_ISREG(file.st_mode) ? (uint64_t)file.st_size
									    : 0;
}

bool
batch_would_wait(const struct batch_source *source)
{
	const struct batch_lines *lines = &source->lines;
	struct pollfd descriptor = {.fd = lines->fd, .events = POLLIN};

	return !lines->is_back && !lines->is_at_end &&
		memchr(lines->octets + lines->begin, '\n', lines->end - lines->begin) == NULL &&
		poll(&descriptor, 1, 0) == 0;
}

static bool
line_is_blank(struct bytes line)
{
	for (size_t i = 0; i < line.size; i++) {
		if (!isspace(line.at[i])) {
			return false;
		}
	}
	return true;
}

/* The first line that says something tells the form. */
static enum status
source_look(struct batch_source *source, struct problem *problem)
{
	struct bytes line;
	enum status status;

	do {
		status = batch_line_next(&source->lines, &line);
	} while (status == STATUS_OK && line_is_blank(line));
	if (status == STATUS_OK) {
		size_t at = 0;

		while (isspace(line.at[at])) {
			at++;
		}
		source->is_json = line.at[at] == '{';
		source->is_known = true;
		batch_line_back(&source->lines);
	} else if (status != STATUS_NOT_FOUND) {
		(void)problem_set(problem, status, "%lu: %s", (unsigned long)source->lines.number,
			status_text(status));
	}
	return status;
}

enum status
batch_next(struct batch_source *source, struct batch_item *ret_item, struct problem *problem)
{
	struct problem inner = {.text = ""};
	enum status status = source->is_known ? STATUS_OK : source_look(source, problem);

	if (status != STATUS_OK) {
		return status;
	}
	arena_reset(source->arena);
	memset(ret_item, 0, sizeof(*ret_item));
	status = source->is_json ? batch_json_next(source, ret_item, &inner)
				 : batch_generic_next(source, ret_item, &inner);
	if (status == STATUS_OK && ret_item->kind == BATCH_OPERATION) {
		status = batch_item_check(ret_item, &inner);
	}
	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		(void)problem_set(problem, status, "%lu: %s",
			(unsigned long)(ret_item->line == 0 ? source->lines.number
							    : ret_item->line),
			inner.text[0] == '\0' ? status_text(status) : inner.text);
	}
	return status;
}

const char *
batch_operation_name(uint32_t opcode)
{
	return change_line_operation(opcode);
}

enum status
batch_item_check(const struct batch_item *item, struct problem *problem)
{
	const struct change_line line = {
		.opcode = item->opcode,
		.handle = item->handle,
		.values = item->values,
		.index_count = item->index_count,
	};

	return change_line_check(&line, problem);
}
