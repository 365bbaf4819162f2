/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The set of prefixes homed here, asked at each resolution of a name that is not found.
 *
 * One thread changes it, any number read it without a lock. A prefix once met keeps its node
 * until the set is freed, whether it is homed or not; a slot is one atomic pointer and goes
 * from empty to its node once. When the table gets full a larger one takes its place, and
 * the old one is kept too: all old ones together are smaller than the new one, which is
 * cheaper than knowing when the last reader has left.
 */
struct records_homed;

struct records_homed *records_homed_new(void); /* NULL if memory is short. */
void records_homed_free(struct records_homed *homed);

/* Notes the place of the newest entry about a prefix. TOO_LARGE past
 * HOMED_PREFIX_COUNT_MAX prefixes ever met, NO_MEMORY. */
enum status records_homed_put(struct records_homed *homed, struct bytes prefix_handle,
	uint64_t place, bool is_homed) MUST_CHECK;

/* 0 if the prefix was never met. */
uint64_t records_homed_find(
	const struct records_homed *homed, struct bytes prefix_handle, bool *ret_is_homed);
uint64_t records_homed_count(const struct records_homed *homed); /* Homed now. */
