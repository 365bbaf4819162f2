/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

/*
 * Whole small files: settings, site records. Read at once with a limit, or made anew and
 * durable. They are never overwritten in place: who reads sees the old file or the new one.
 */

/* At most `size_max` octets into `ret_octets`, which holds size_max + 1. TOO_LARGE, SYSTEM. */
enum status file_read(const char *path, size_t size_max, uint8_t *ret_octets, size_t *ret_size,
	struct problem *problem) MUST_CHECK;

/* EXISTS when there is one already. On any other failure what was begun is removed. */
enum status file_write_new(
	const char *path, unsigned mode, struct bytes octets, struct problem *problem) MUST_CHECK;

/* In place of a file that may be there: made beside it as PATH.new, then renamed. On any failure
 * but that of the last sync the old file is still there. */
enum status file_replace(
	const char *path, unsigned mode, struct bytes octets, struct problem *problem) MUST_CHECK;

/* A file, or a folder and all below it; links are removed, not followed. OK if there is nothing. */
enum status file_remove_all(const char *path, struct problem *problem) MUST_CHECK;

/* Puts a run at `offset` of an open file, however often the kernel takes only a part of it.
 * False: errno says why, and a part may be there. */
bool file_write_at(int fd, struct bytes run, uint64_t offset) MUST_CHECK;

/* All of an open file anew: blocks of 4 KiB that hold nothing but zeros become holes where the
 * file system can have them. False: errno says why, and the file is in parts. */
enum { FILE_BLOCK_SIZE = 4096 };
bool file_write_sparse(int fd, struct bytes octets) MUST_CHECK;

/* How much of the disk that takes: blocks that are not empty, in octets. */
uint64_t file_sparse_size(struct bytes octets);
