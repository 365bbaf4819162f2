/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

/*
 * Whole small files: settings, site records. Read at once with a limit, or made anew and
 * durable. Nothing is ever overwritten in place: who reads sees the old file or the new one.
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
