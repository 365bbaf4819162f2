/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * The two clocks. Intervals, deadlines and rates use the monotonic one; only stamps
 * that leave the node use the wall clock. tests/fake/clock_fake.c is the twin whose
 * hands a test moves.
 */
int64_t clock_monotonic_ms(void);
int64_t clock_wall_ms(void); /* Since 1970-01-01T00:00:00Z. */
