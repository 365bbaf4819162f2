/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "node/node_settings.h"

/*
 * Settings that a node takes up when it starts and not when it reads its file again: sockets,
 * threads, tables of a fixed size, whom a mirror follows. Their help in settings.def says so.
 *
 * Writes the names of those in which `read` differs from `started`, with commas between, and
 * returns their number.
 */
size_t node_restart_names(const struct settings *started, const struct settings *read,
	char *ret_text, size_t capacity);
