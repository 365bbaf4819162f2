/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * How long a server that was too busy (3) is left alone before it is asked again: pauses that
 * double from CLIENT_PAUSE_MIN_MS to CLIENT_PAUSE_MAX_MS. Half of each is certain, so that the
 * server gets the time it needs; the other half is left to chance, so that many clients do
 * not come back at once.
 *
 * `busy_count` is how often the server was busy for this request, this time included: 1 or more.
 */
uint32_t client_pause_ms(uint32_t busy_count);
