/* SPDX-License-Identifier: Apache-2.0 */
#include "program/bench/bench.h"
#include "program/terminal/language.h"

#include "base/arena.h"
#include "base/limits.h"
#include "json/json_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_BLOCK_SIZE = 65536, ARENA_SIZE_MAX = 4 * JSON_TEXT_SIZE_MAX };

static bool
handles_grow(struct bench_handles *handles, size_t more)
{
	if (handles->capacity - handles->size < more) {
		size_t capacity = 2 * handles->capacity + more + 4096;
		uint8_t *octets = realloc(handles->octets, capacity);

		if (octets == NULL) {
			return false;
		}
		handles->octets = octets;
		handles->capacity = capacity;
	}
	if (handles->count == handles->ends_capacity) {
		size_t capacity = 2 * handles->ends_capacity + 256;
		uint32_t *ends = realloc(handles->ends, capacity * sizeof(*ends));

		if (ends == NULL) {
			return false;
		}
		handles->ends = ends;
		handles->ends_capacity = capacity;
	}
	return true;
}

enum status
bench_handles_add(struct bench_handles *handles, struct bytes name)
{
	if (name.size == 0) {
		return STATUS_OK;
	}
	if (name.size > handles->name_size_max || handles->count == BENCH_HANDLE_COUNT_MAX ||
		handles->size + name.size > BENCH_HANDLES_SIZE_MAX) {
		handles->left_out++;
		return STATUS_OK;
	}
	if (!handles_grow(handles, name.size)) {
		return STATUS_NO_MEMORY;
	}
	memcpy(handles->octets + handles->size, name.at, name.size);
	handles->size += name.size;
	handles->ends[handles->count++] = (uint32_t)handles->size;
	return STATUS_OK;
}

struct bytes
bench_handle_at(const struct bench_handles *handles, size_t index)
{
	size_t from = index == 0 ? 0 : handles->ends[index - 1];

	return bytes_over(handles->octets + from, handles->ends[index] - from);
}

void
bench_handles_free(struct bench_handles *handles)
{
	free(handles->octets);
	free(handles->ends);
}

/* The member "handle" of one JSON object. */
static enum status
read_object(struct bytes line, struct arena *arena, struct bytes *ret_name)
{
	struct json_reader reader = json_reader_over(line, arena);
	struct bytes member, name = {NULL, 0};

	json_read_object(&reader);
	while (json_next_member(&reader, &member)) {
		if (bytes_equal(member, TEXT("handle"))) {
			name = json_read_string(&reader);
		} else {
			(void)json_skip(&reader);
		}
	}
	if (json_reader_end(&reader) != STATUS_OK) {
		return json_reader_end(&reader);
	}
	*ret_name = name;
	return name.size > 0 ? STATUS_OK : STATUS_INVALID;
}

static enum status
read_lines(struct bench_handles *handles, FILE *file, const char *word, struct problem *problem)
{
	struct arena *arena = arena_new(ARENA_BLOCK_SIZE, ARENA_SIZE_MAX);
	char *line = malloc(JSON_TEXT_SIZE_MAX + 2);
	enum status status = STATUS_OK;

	if (arena == NULL || line == NULL) {
		status = problem_set(problem, STATUS_NO_MEMORY, "no memory for a line");
	}
	for (uint64_t number = 1;
		status == STATUS_OK && fgets(line, JSON_TEXT_SIZE_MAX + 2, file) != NULL;
		number++) {
		size_t size = strcspn(line, "\r\n");
		struct bytes name = bytes_over(line, size);

		if (line[size] == '\0' && feof(file) == 0) {
			status = STATUS_TOO_LARGE;
		} else if (line[0] == '{') {
			arena_reset(arena);
			status = read_object(name, arena, &name);
		}
		if (status == STATUS_OK) {
			status = bench_handles_add(handles, name);
		}
		if (status != STATUS_OK) {
			(void)problem_set(problem, status, "%s:%llu: %s", word,
				(unsigned long long)number, status_text(status));
		}
	}
	if (status == STATUS_OK && ferror(file) != 0) {
		status = problem_system(problem, "%s", word);
	}
	free(line);
	arena_free(arena);
	return status;
}

enum status
bench_handles_take(struct bench_handles *handles, const char *word, struct problem *problem)
{
	struct stat about;
	enum status status;
	FILE *file;

	if (strcmp(word, "-") == 0) {
		return read_lines(handles, stdin, "stdin", problem);
	}
	if (stat(word, &about) != 0 || S_ISDIR(about.st_mode)) {
		status = bench_handles_add(handles, bytes_from_string(word));
		return status == STATUS_OK
			? status
			: problem_set(problem, status, "%s", text_say(status_text(status)));
	}
	file = fopen(word, "re");
	if (file == NULL) {
		return problem_system(problem, "cannot read %s", word);
	}
	status = read_lines(handles, file, word, problem);
	fclose(file);
	return status;
}
