/* SPDX-License-Identifier: Apache-2.0 */
#include "program/terminal/json_print.h"

#include "base/limits.h"

#include <stdlib.h>

enum { SIZE_FIRST = 4096, GROWTH = 8 };

static size_t
larger(size_t capacity)
{
	return capacity > JSON_PRINT_SIZE_MAX / GROWTH ? JSON_PRINT_SIZE_MAX : capacity * GROWTH;
}

enum status
json_print_make(
	json_print_written *write, const void *context, char **ret_room, struct bytes *ret_json)
{
	for (size_t capacity = SIZE_FIRST;; capacity = larger(capacity)) {
		char *room = malloc(capacity);
		struct json_writer writer = json_writer_over(room, room == NULL ? 0 : capacity);
		enum status status;

		if (room == NULL) {
			return STATUS_NO_MEMORY;
		}
		write(&writer, context);
		status = json_writer_end(&writer);
		if (status == STATUS_OK) {
			*ret_room = room;
			*ret_json = json_written(&writer);
			return STATUS_OK;
		}
		free(room);
		if (status != STATUS_NO_SPACE) {
			return status;
		}
		if (capacity == JSON_PRINT_SIZE_MAX) {
			return STATUS_TOO_LARGE;
		}
	}
}

enum status
json_print(FILE *file, json_print_written *write, const void *context)
{
	struct bytes json;
	char *room;
	enum status status = json_print_make(write, context, &room, &json);

	if (status != STATUS_OK) {
		return status;
	}
	if (fwrite(json.at, 1, json.size, file) != json.size || putc('\n', file) == EOF) {
		status = STATUS_SYSTEM;
	}
	free(room);
	return status;
}
