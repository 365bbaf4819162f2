/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"

/*
 * Prints a JSON text, written with two-space indent by json_writer, as an outline for people:
 * names and values without quotes, braces and commas, safe for a terminal. `arena` is reset.
 */
void outline_print(struct bytes pretty, struct arena *arena);
