/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "fake/fake_internal.h"

/* Neither clock begins at zero: nobody may take a time of 0 for "never" by luck. */
static const int64_t monotonic_start_ms = 1000000;
static const int64_t wall_start_ms = 1700000000000; /* 2023-11-14T22:13:20Z */

int64_t
clock_monotonic_ms(void)
{
	return monotonic_start_ms + fake_world.now_ms;
}

int64_t
clock_wall_ms(void)
{
	return wall_start_ms + fake_world.now_ms + fake_world.wall_shift_ms;
}
