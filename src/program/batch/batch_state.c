/* SPDX-License-Identifier: Apache-2.0 */
#include "program/batch/batch_state.h"

#include "base/text_writer.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	STATE_VERSION = 1,
	STATE_HEADER_SIZE = 64,
	STATE_STEP = 1 << 20, /* Octets: eight million items. */
};
#define STATE_MAGIC    "HOUJIBAT"
#define STATE_SIZE_MAX ((uint64_t)1 << 36)

struct state_header {
	char magic[8];
	uint32_t version;
	uint32_t unused;
	uint64_t file_size;
	int64_t changed_s, changed_ns;
};

struct batch_state {
	char path[PATH_MAX];
	int fd;
	uint8_t *octets; /* Header and bits. */
	uint64_t size;
};

static enum status
state_grow(struct batch_state *state, uint64_t size)
{
	void *octets;

	/* Allocated, not only named: a mapped page that finds no room would be a signal. */
	if (size > STATE_SIZE_MAX || posix_fallocate(state->fd, 0, (off_t)size) != 0) {
		return STATUS_NO_SPACE;
	}
	octets = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, state->fd, 0);
	if (octets == MAP_FAILED) {
		return STATUS_NO_MEMORY;
	}
	if (state->octets != NULL) {
		munmap(state->octets, state->size);
	}
	state->octets = octets;
	state->size = size;
	return STATUS_OK;
}

static void
header_make(const struct stat *file, struct state_header *ret_header)
{
	memset(ret_header, 0, sizeof(*ret_header));
	memcpy(ret_header->magic, STATE_MAGIC, sizeof(ret_header->magic));
	ret_header->version = STATE_VERSION;
	ret_header->file_size = (uint64_t)file->st_size;
	ret_header->changed_s = file->st_mtim.tv_sec;
	ret_header->changed_ns = file->st_mtim.tv_nsec;
}

static enum status
state_take(struct batch_state *state, const struct state_header *header, const char *path,
	struct problem *problem)
{
	struct stat own;
	enum status status;

	if (fstat(state->fd, &own) != 0 || own.st_size < STATE_HEADER_SIZE ||
		(uint64_t)own.st_size > STATE_SIZE_MAX) {
		return problem_set(problem, STATUS_CORRUPT,
			"%s is no note of a batch; without --resume it begins anew", state->path);
	}
	status = state_grow(state, (uint64_t)own.st_size);
	if (status != STATUS_OK) {
		return problem_set(problem, status, "%s: %s", state->path, status_text(status));
	}
	if (memcmp(state->octets, header, sizeof(*header)) != 0) {
		return problem_set(problem, STATUS_CONFLICT,
			"%s has changed since the batch began; without --resume it begins anew",
			path);
	}
	return STATUS_OK;
}

/* True if the notes are those of an unfinished run of this very file. */
static bool
state_is_begun(const char *path, const struct state_header *header)
{
	struct state_header found;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_begun = fd >= 0 && read(fd, &found, sizeof(found)) == (ssize_t)sizeof(found) &&
		memcmp(&found, header, sizeof(found)) == 0;

	if (fd >= 0) {
		close(fd);
	}
	return is_begun;
}

enum status
batch_state_open(
	const char *path, bool is_resuming, struct batch_state **ret_state, struct problem *problem)
{
	struct batch_state *state = calloc(1, sizeof(*state));
	struct text_writer writer;
	struct state_header header;
	struct stat file;
	enum status status = STATUS_OK;

	if (state == NULL || stat(path, &file) != 0) {
		free(state);
		return problem_system(problem, "cannot read %s", path);
	}
	header_make(&file, &header);
	writer = text_writer_over(state->path, sizeof(state->path));
	text_write_string(&writer, path);
	text_write_string(&writer, ".batch");
	text_write_char(&writer, '\0');
	state->fd = -1;
	if (!is_resuming && text_writer_end(&writer) == STATUS_OK &&
		state_is_begun(state->path, &header)) {
		status = problem_set(problem, STATUS_EXISTS,
			"%s tells of an earlier run that was not finished: --resume goes on from "
			"there; "
			"remove it to begin anew",
			state->path);
		batch_state_close(state, false);
		return status;
	}
	state->fd = open(state->path,
		is_resuming ? O_RDWR | O_CLOEXEC : O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (text_writer_end(&writer) != STATUS_OK || state->fd < 0) {
		status = problem_system(problem,
			is_resuming ? "there is nothing to resume: cannot read %s"
				    : "cannot note what was done in %s",
			state->path);
	} else if (is_resuming) {
		status = state_take(state, &header, path, problem);
	} else {
		status = state_grow(state, STATE_STEP);
		if (status == STATUS_OK) {
			memcpy(state->octets, &header, sizeof(header));
		} else {
			(void)problem_set(
				problem, status, "%s: %s", state->path, status_text(status));
		}
	}
	if (status != STATUS_OK) {
		batch_state_close(state, false);
		return status;
	}
	*ret_state = state;
	return STATUS_OK;
}

bool
batch_state_has(const struct batch_state *state, uint64_t number)
{
	uint64_t at = STATE_HEADER_SIZE + number / 8;

	return at < state->size && (state->octets[at] >> (number % 8) & 1) != 0;
}

enum status
batch_state_note(struct batch_state *state, uint64_t number)
{
	uint64_t at = STATE_HEADER_SIZE + number / 8;
	enum status status = STATUS_OK;

	if (at >= state->size) {
		status = state_grow(state, (at / STATE_STEP + 1) * STATE_STEP);
	}
	if (status == STATUS_OK) {
		state->octets[at] |= (uint8_t)(1U << (number % 8));
	}
	return status;
}

void
batch_state_close(struct batch_state *state, bool is_done)
{
	if (state == NULL) {
		return;
	}
	if (state->octets != NULL) {
		munmap(state->octets, state->size);
	}
	if (state->fd >= 0) {
		close(state->fd);
	}
	if (is_done) {
		unlink(state->path);
	}
	free(state);
}
