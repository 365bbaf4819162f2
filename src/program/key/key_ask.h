/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "handle/handle_value.h"

/*
 * The public keys of an identity, as a server tells them: the HS_PUBKEY values of a handle.
 *
 * `reference` is INDEX:HANDLE, or a bare handle (or index 0) for every key of it. `found` is
 * called for each value; what it gets lives during the call. NOT_FOUND, DENIED and others as
 * the server answers; TIMED_OUT, CLOSED when it does not; INVALID for no server of that name.
 */
typedef void key_found(void *context, const struct handle_value *value);
enum status key_ask(const char *server, const char *reference, key_found *found, void *context,
	struct problem *problem) MUST_CHECK;
