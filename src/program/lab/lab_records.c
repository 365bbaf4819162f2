/* SPDX-License-Identifier: Apache-2.0 */
#include "program/lab/lab.h"

#include "base/arena.h"
#include "base/file.h"
#include "json/json_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_SIZE = 65536, ARENA_SIZE_MAX = 4 * 1048576 };

struct split {
	const struct lab *lab;
	FILE *files[LAB_NODE_COUNT_MAX]; /* Opened when the first record comes. */
	struct arena *arena;
	uint64_t left_out; /* Records of prefixes that no node has. */
};

/* Of 0.NA/88.980 the one above it, 88; of anything else its prefix. Empty: there is none. */
static struct bytes
home_of(struct bytes handle)
{
	size_t slash = bytes_find(handle, '/');
	struct bytes prefix = bytes_over(handle.at, slash);

	if (slash == 4 && memcmp(handle.at, "0.NA", 4) == 0) {
		prefix = bytes_over(handle.at + 5, handle.size - 5);
		while (prefix.size > 0 && prefix.at[prefix.size - 1] != '.') {
			prefix.size--;
		}
		prefix.size -= prefix.size > 0;
	}
	return prefix;
}

static enum status
record_put(struct split *split, int number, struct bytes line, struct problem *problem)
{
	const struct lab_node *node = &split->lab->topology->nodes[number];
	char path[LAB_PATH_SIZE_MAX];

	lab_path(split->lab, node, ".ndjson", path);
	if (split->files[number] == NULL) {
		split->files[number] = fopen(path, "we");
	}
	if (split->files[number] == NULL ||
		fwrite(line.at, 1, line.size, split->files[number]) != line.size) {
		return problem_system(problem, "cannot write %s", path);
	}
	return STATUS_OK;
}

static enum status
line_take(struct split *split, struct bytes line, const char *path, uint64_t number,
	struct problem *problem)
{
	struct json_reader reader = json_reader_over(line, split->arena);
	struct bytes handle = {0}, name, home;
	int node;

	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		if (bytes_equal(name, TEXT("handle"))) {
			handle = json_read_string(&reader);
		} else {
			(void)json_skip(&reader);
		}
	}
	if (json_reader_end(&reader) != STATUS_OK || bytes_find(handle, '/') == handle.size) {
		return problem_set(problem, STATUS_INVALID,
			"%s:%llu: no record: one JSON object a line is wanted, with a handle", path,
			(unsigned long long)number);
	}
	home = home_of(handle);
	node = lab_topology_holder(split->lab->topology, (const char *)home.at, home.size);
	if (node == LAB_NONE) {
		split->left_out++;
		return STATUS_OK;
	}
	return record_put(split, node, line, problem);
}

static enum status
file_split(struct split *split, const char *path, struct problem *problem)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;
	uint64_t number = 0;
	struct bytes text;
	ssize_t size;
	enum status status = STATUS_OK;

	if (file == NULL) {
		return problem_system(problem, "cannot read %s", path);
	}
	while (status == STATUS_OK && (size = getline(&line, &capacity, file)) > 0) {
		arena_reset(split->arena);
		text = bytes_over((const uint8_t *)line, (size_t)size);
		text = ++number == 1 ? bytes_behind_mark(text) : text;
		status = line_take(split, text, path, number, problem);
	}
	if (status == STATUS_OK && ferror(file)) {
		status = problem_system(problem, "cannot read %s", path);
	}
	free(line);
	fclose(file);
	return status;
}

enum status
lab_records_split(const struct lab *lab, struct problem *problem)
{
	struct split *split = calloc(1, sizeof(*split));
	enum status status = STATUS_OK;

	if (split != NULL) {
		*split = (struct split){.lab = lab, .arena = arena_new(ARENA_SIZE, ARENA_SIZE_MAX)};
	}
	if (split == NULL || split->arena == NULL) {
		free(split);
		return problem_set(problem, STATUS_NO_MEMORY, "no memory to sort the records");
	}
	for (size_t i = 0; i < lab->record_file_count && status == STATUS_OK; i++) {
		status = file_split(split, lab->records[i], problem);
	}
	for (size_t i = 0; i < lab->topology->node_count; i++) {
		if (split->files[i] != NULL && fclose(split->files[i]) != 0 &&
			status == STATUS_OK) {
			status = problem_system(problem, "cannot write the records of %s",
				lab->topology->nodes[i].name);
		}
	}
	if (split->left_out > 0 && status == STATUS_OK) {
		fprintf(stderr,
			SAY("houji lab: %llu records belong to prefixes of no node: left out\n",
				"houji lab：%llu 条记录的前缀不属于任何节点，已略去\n"),
			(unsigned long long)split->left_out);
	}
	arena_free(split->arena);
	free(split);
	return status;
}
