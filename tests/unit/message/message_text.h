/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

/*
 * message_json.h for tests: jansson, their judge, and our reader have names in common, so no
 * file can include both.
 */
struct bytes json_of(struct bytes octets); /* In a buffer that the next call reuses. */

/* NO_SPACE when it does not fit into `capacity` octets; `ret_json` in the same buffer. */
enum status json_in_space(struct bytes octets, size_t capacity, struct bytes *ret_json);

enum status octets_of(struct bytes json, struct bytes *ret_octets, struct problem *problem);
