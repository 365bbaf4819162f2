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
 *     status = result_file_begin(files, key, &file);      key: 32 octets, or NULL
 *     result_file_write(file, octets);                    any number of times
 *     result_file_finish(file, digest);                   digest: of the request that it answers
 *     ... result_file_size() octets from RESULT_FILE_OFFSET on of result_file_descriptor() ...
 *     result_file_end(file);
 *
 * Without a key the file has no name and is gone when it is closed. With a key it is kept for a day
 * under that name, also over a restart of the node, so that who sends the same request again
 * is told the same and nothing is done twice. Only finished ones are kept: after a crash a request
 * that was under way is a new one. Nothing is synced: a power failure may lose results, never
 * changes.
 *
 * DIR/results holds RESULT_FILES_SIZE_MAX octets of kept results at the most; the oldest go first.
 * Any thread; a file belongs to one at a time.
 */
struct result_files;
struct result_file;

enum { RESULT_KEY_SIZE = 32, RESULT_FILE_OFFSET = 64 };

/* Makes the folder if it is not there, and removes what a crash left. NULL: see the problem. */
struct result_files *result_files_open(const char *path, struct problem *problem);
void result_files_close(struct result_files *files); /* NULL is fine. */

/* OK: a new one. EXISTS: there are results under the key, to be read; `ret_digest` says of what
 * request. BUSY: somebody is writing them. SYSTEM. */
enum status result_file_begin(struct result_files *files, const uint8_t *key,
	struct result_file **ret_file, uint8_t ret_digest[RESULT_KEY_SIZE]) MUST_CHECK;
/* A failure is told by result_file_finish(). */
void result_file_write(struct result_file *file, struct bytes octets);
/* SYSTEM and NO_SPACE, also of an earlier write: nothing is kept. */
enum status result_file_finish(
	struct result_file *file, const uint8_t digest[RESULT_KEY_SIZE]) MUST_CHECK;
uint64_t result_file_size(const struct result_file *file);
int result_file_descriptor(struct result_file *file); /* The caller's from now on. */
void result_file_end(struct result_file *file); /* NULL is fine. */
