/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_scope.h"

#include "message/message.h"

static bool
opcode_writes(uint32_t opcode)
{
	return opcode_class(opcode) == OPCODE_CLASS_ADMIN && opcode != OPCODE_LIST_HANDLES &&
		opcode != OPCODE_LIST_DERIVED_PREFIXES && opcode != OPCODE_LIST_HOMED_PREFIXES &&
		opcode != OPCODE_RETRIEVE_TRANSACTION_LOG && opcode != OPCODE_DUMP_HANDLES;
}

/* "88.995" of 88.995/HELLO and of 0.NA/88.995. */
static struct bytes
prefix_of(struct bytes handle)
{
	if (bytes_start_with_fold(handle, TEXT("0.NA/"))) {
		return bytes_slice(handle, 5, handle.size);
	}
	return bytes_slice(handle, 0, bytes_find(handle, '/'));
}

static bool
prefix_is_under(struct bytes prefix, struct bytes above)
{
	return bytes_start_with_fold(prefix, above) &&
		(prefix.size == above.size || prefix.at[above.size] == '.');
}

bool
access_scope_allows(const struct access_scope *scope, uint32_t opcode, struct bytes handle)
{
	struct bytes prefix = prefix_of(handle);

	if (opcode == OPCODE_GET_SITE_INFO) {
		return true; /* Everybody may. */
	}
	if (opcode_writes(opcode) ? !scope->may_write : !scope->may_read) {
		return false;
	}
	for (size_t i = 0; i < scope->prefix_count; i++) {
		if (prefix_is_under(prefix, scope->prefixes[i])) {
			return true;
		}
	}
	return scope->prefix_count == 0;
}

struct access_scope *
access_scope_copy(struct arena *arena, const struct access_scope *scope)
{
	struct access_scope *copy = arena_alloc(arena, sizeof(*copy));
	struct bytes *prefixes =
		arena_alloc_array(arena, scope->prefix_count + 1, sizeof(prefixes[0]));

	if (copy == NULL || prefixes == NULL) {
		return NULL;
	}
	*copy = *scope;
	copy->token = arena_copy(arena, scope->token);
	copy->prefixes = prefixes;
	for (size_t i = 0; i < scope->prefix_count; i++) {
		prefixes[i] = arena_copy(arena, scope->prefixes[i]);
		if (prefixes[i].at == NULL) {
			return NULL;
		}
	}
	return copy->token.at == NULL ? NULL : copy;
}
