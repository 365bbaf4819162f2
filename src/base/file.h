/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

/*
 * Whole small files: settings, site records. Read at once with a limit, or made anew and
 * durable; nothing is ever overwritten.
 */

/* At most `size_max` octets into `ret_octets`, which holds size_max + 1. TOO_LARGE, SYSTEM. */
enum status file_read(const char *path, size_t size_max, uint8_t *ret_octets, size_t *ret_size,
	struct problem *problem) MUST_CHECK;

/* EXISTS when there is one already. On any other failure what was begun is removed. */
enum status file_write_new(
	const char *path, unsigned mode, struct bytes octets, struct problem *problem) MUST_CHECK;
