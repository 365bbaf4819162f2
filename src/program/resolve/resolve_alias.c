/* SPDX-License-Identifier: Apache-2.0 */
#include "program/resolve/resolve_alias.h"

#include "program/terminal/language.h"
#include "program/terminal/value_print.h"

#include <stdio.h>
#include <string.h>

void
resolve_alias_begin(struct resolve_aliases *aliases, struct bytes handle)
{
	aliases->count = 1;
	aliases->sizes[0] = handle.size;
	memcpy(aliases->names[0], handle.at, handle.size);
}

/* Of several the one with the lowest index. */
static bool
alias_find(const struct handle_value_list *values, struct bytes *ret_data)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	uint32_t lowest = 0;
	bool is_found = false;

	while (handle_value_next(&walk, &value)) {
		if (bytes_equal(value.type, TEXT("HS_ALIAS")) &&
			(!is_found || value.index < lowest)) {
			lowest = value.index;
			*ret_data = value.data;
			is_found = true;
		}
	}
	return is_found;
}

enum status
resolve_alias_next(struct resolve_aliases *aliases, const struct handle_value_list *values,
	struct bytes *ret_handle)
{
	struct bytes name;

	if (!alias_find(values, &name)) {
		return STATUS_NOT_FOUND;
	}
	if (name.size == 0 || name.size > HANDLE_NAME_SIZE_MAX) {
		return STATUS_MALFORMED;
	}
	for (size_t i = 0; i < aliases->count; i++) {
		if (handle_name_equal(bytes_over(aliases->names[i], aliases->sizes[i]), name)) {
			return STATUS_CONFLICT;
		}
	}
	if (aliases->count > RESOLVE_ALIAS_COUNT_MAX) {
		return STATUS_TOO_DEEP;
	}
	memcpy(aliases->names[aliases->count], name.at, name.size);
	aliases->sizes[aliases->count] = name.size;
	*ret_handle = bytes_over(aliases->names[aliases->count++], name.size);
	return STATUS_OK;
}

void
resolve_alias_print(struct bytes alias, struct bytes handle)
{
	fputs("; ", stderr);
	value_print_escaped_to(stderr, alias);
	fputs(SAY(" is an alias of ", " 是别名，指向 "), stderr);
	value_print_escaped_to(stderr, handle);
	fputc('\n', stderr);
}

const char *
resolve_alias_refusal(enum status status)
{
	if (status == STATUS_TOO_DEEP) {
		return SAY("aliases of aliases: too many, one after the other", "别名层数过多");
	}
	return status == STATUS_CONFLICT
		? SAY("the alias leads back to a name that led to it", "别名循环")
		: SAY("the alias names nothing that can be a handle", "别名未指向有效的标识");
}
