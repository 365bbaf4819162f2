/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What making, checking and restoring share: folders by descriptor, whole reads and writes.
 * Names never leave their folder, links are not followed.
 */

/* Opens a folder; makes it (0700) first when `makes`. */
enum status backup_folder_open(int parent_fd, const char *name, bool makes, int *ret_fd,
	struct problem *problem) MUST_CHECK;

/* Up to `size` octets from `offset` of a regular file. NOT_FOUND when it is not there. */
struct backup_room {
	uint8_t *octets;
	uint64_t size;
	uint64_t offset;
};
enum status backup_file_read(int folder_fd, const char *name, const struct backup_room *room,
	uint64_t *ret_size, struct problem *problem) MUST_CHECK;

/* Writes octets at `offset`, cuts what lies behind them, gives the file `room` octets in all
 * (0: as many as it has), and makes it durable. */
struct backup_run {
	const uint8_t *octets;
	uint64_t size;
	uint64_t offset;
	uint64_t room;
	bool is_sparse; /* All of the file: its empty blocks become holes. */
};
enum status backup_file_write(int folder_fd, const char *name, const struct backup_run *run,
	struct problem *problem) MUST_CHECK;

/* Makes a file's octets durable, whoever wrote them. */
enum status backup_file_sync(int folder_fd, const char *name, struct problem *problem) MUST_CHECK;

/* Removes a folder's files; they and it may be missing. */
void backup_folder_remove(int parent_fd, const char *name);

void backup_close(int fd); /* Negative is fine. */

/* Each name in the folder but those that begin with a dot, until `visit` refuses. */
typedef enum status backup_visit(void *context, const char *name);
enum status backup_folder_visit(
	int folder_fd, backup_visit *visit, void *context, struct problem *problem);
