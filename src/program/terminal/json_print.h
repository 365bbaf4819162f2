/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "json/json_writer.h"

#include <stdio.h>

/*
 * One JSON text, however long it gets: `write` writes it into a buffer; if that was too small,
 * once more into a larger one, up to JSON_PRINT_SIZE_MAX. So `write` may be called several
 * times with the same `context` and must write the same each time.
 */
typedef void json_print_written(struct json_writer *writer, const void *context);

/* As a line of its own. TOO_LARGE past the limit, NO_MEMORY, SYSTEM when the file does not take
 * it, or what `write` made of the writer: nothing or half a line was printed, and the caller
 * says so. */
enum status json_print(FILE *file, json_print_written *write, const void *context) MUST_CHECK;

/* For those who want to have it: `ret_json` lies in `ret_room`, which the caller frees. */
enum status json_print_make(json_print_written *write, const void *context, char **ret_room,
	struct bytes *ret_json) MUST_CHECK;
