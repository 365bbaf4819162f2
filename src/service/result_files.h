/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Results of long requests, on disk: what is told only when a request was read to its end would
 * otherwise grow in memory with the request.
 *
 *     status = result_file_begin(files, key, &file, &progress);      key: 32 octets, or NULL
 *     result_file_write(file, octets);                    any number of times
 *     result_file_finish(file, &progress);                what request it answers
 *     ... result_file_size() octets from RESULT_FILE_OFFSET on of result_file_descriptor() ...
 *     result_file_end(file);
 *
 * Without a key the file has no name and is gone when it is closed. With a key it is kept for a day
 * under that name, also over a restart of the node, so that who sends the same request again
 * is told the same and nothing is done twice. A request that broke off may be kept too, as far as it
 * was answered (result_file_suspend()); who begins with its key goes on behind that. What neither
 * finished nor was suspended, because the process died, is a new request the next time. Nothing is
 * synced: a power failure may lose results, never changes.
 *
 * One file has RESULT_FILES_SIZE_MAX octets at the most, and DIR/results holds as many of kept
 * results; the oldest go first. Any thread; a file belongs to one at a time.
 */
struct result_files;
struct result_file;

enum { RESULT_KEY_SIZE = 32, RESULT_FILE_OFFSET = 128 };

/* Of the request that is answered, as far as it is. */
struct result_progress {
	uint8_t digest[RESULT_KEY_SIZE]; /* Of its lines. */
	uint64_t lines;
	uint64_t done;
	uint64_t refused;
};

/* Makes the folder if it is not there, and removes what a crash left. NULL: see the problem. */
struct result_files *result_files_open(const char *path, struct problem *problem);
void result_files_close(struct result_files *files); /* NULL is fine. */

/* OK: to be written. `ret_progress` is of zeros, or tells how far the results are that are in it
 * already. EXISTS: there are finished results under the key, to be read. BUSY: somebody is writing
 * them. SYSTEM. */
enum status result_file_begin(struct result_files *files, const uint8_t *key,
	struct result_file **ret_file, struct result_progress *ret_progress) MUST_CHECK;
void result_file_write(struct result_file *file, struct bytes octets);
/* OK, or why what was written is not in the file: SYSTEM, or NO_SPACE, also past its limit. */
enum status result_file_status(const struct result_file *file);
/* As result_file_status(): then nothing is kept. */
enum status result_file_finish(
	struct result_file *file, const struct result_progress *progress) MUST_CHECK;
/* The request broke off. Without a key nothing is kept, nor if anything could not be written. */
void result_file_suspend(struct result_file *file, const struct result_progress *progress);
uint64_t result_file_size(const struct result_file *file);
int result_file_descriptor(struct result_file *file); /* The caller's from now on. */
void result_file_end(struct result_file *file); /* NULL is fine. */
