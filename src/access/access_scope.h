/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What somebody may do at the most who does not come as themselves but with a token: the rights of
 * the identity that the token stands for, and of these only what the scope lets through.
 */
struct access_scope {
	struct bytes token; /* Its name. */
	bool may_read; /* What not everybody may read; lists, history, changes. */
	bool may_write;
	/* Only handles under these, and under what is derived from them; none: all. */
	size_t prefix_count;
	const struct bytes *prefixes;
};

/* `handle` is what the operation is about; empty when it is about none. */
bool access_scope_allows(const struct access_scope *scope, uint32_t opcode, struct bytes handle);

/* NULL without memory. */
struct access_scope *access_scope_copy(struct arena *arena, const struct access_scope *scope);
