/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "native/native.h"

/*
 * How many connections each source has, over all workers: IPv4 by address, IPv6 by /56.
 * Taken and given back once a connection, so one lock is enough.
 */
/* False if the source has `per_source_max` already or the table is full. */
bool native_census_enter(
	struct native_census *census, const uint8_t source[16], uint32_t per_source_max);
void native_census_leave(struct native_census *census, const uint8_t source[16]);
