/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "handle/handle_name.h"
#include "handle/handle_value.h"

/*
 * houji resolve HANDLE --follow: where a record says that it is another name for a handle
 * (HS_ALIAS), that one is asked for in its place, RESOLVE_ALIAS_COUNT_MAX times at the most and
 * never the same twice.
 *
 *     resolve_alias_begin(&aliases, handle);
 *     ... of each record ... status = resolve_alias_next(&aliases, &values, &handle);
 *
 * Nobody else follows aliases: they are told like any other value.
 */
struct resolve_aliases {
	size_t count; /* Of names, the first with them. */
	size_t sizes[RESOLVE_ALIAS_COUNT_MAX + 1];
	uint8_t names[RESOLVE_ALIAS_COUNT_MAX + 1][HANDLE_NAME_SIZE_MAX];
};

void resolve_alias_begin(struct resolve_aliases *aliases, struct bytes handle);

/*   OK           what to ask for next; a view into `aliases`
 *   NOT_FOUND    the record is no alias
 *   TOO_DEEP     one too many
 *   CONFLICT     it leads back to a name that was met before
 *   MALFORMED    it names nothing that can be a handle */
enum status resolve_alias_next(struct resolve_aliases *aliases,
	const struct handle_value_list *values, struct bytes *ret_handle) MUST_CHECK;

/* Tells a person, on standard error, that `handle` stands in for `alias`. */
void resolve_alias_print(struct bytes alias, struct bytes handle);
/* What a person is told of the last three. */
const char *resolve_alias_refusal(enum status status);
