/* SPDX-License-Identifier: Apache-2.0 */
#include "markup/markup_check.h"

#include "base/limits.h"
#include "markup/markup_headers.h"
#include "markup/markup_locations.h"
#include "markup/markup_namespace.h"

enum { CHECK_BLOCK_SIZE = 65536 };

static bool
is_xml(const struct handle_value *value)
{
	return handle_type_is(value->type, TEXT("10320/loc")) ||
		handle_type_is(value->type, TEXT("HS_NAMESPACE"));
}

static bool
is_checked(const struct handle_value *value)
{
	return is_xml(value) || handle_type_is(value->type, TEXT("10320/headers"));
}

static enum status
check(const struct handle_value *value, struct arena *arena, struct problem *problem)
{
	bool is_location = handle_type_is(value->type, TEXT("10320/loc"));
	struct markup_element *root;
	enum status status;

	if (!is_xml(value)) {
		return markup_headers_check(value->data, problem);
	}
	status = markup_read(value->data, is_location ? HTTP_LOCATION_DEPTH_MAX : MARKUP_DEPTH_MAX,
		arena, &root, problem);
	if (status != STATUS_OK) {
		return status == STATUS_NO_MEMORY ? status : STATUS_INVALID_VALUE;
	}
	return is_location ? markup_locations_check(root, problem)
			   : markup_namespace_check(root, arena, problem);
}

enum status
markup_value_check(const struct handle_value *value, struct arena *arena, struct problem *problem)
{
	struct problem why = {.status = STATUS_OK};
	enum status status;

	if (!is_checked(value)) {
		return STATUS_OK;
	}
	status = check(value, arena, &why);
	if (status == STATUS_OK || status == STATUS_NO_MEMORY) {
		return status;
	}
	return problem_set(problem, status, "value %u (%.*s), %s", value->index,
		(int)value->type.size, (const char *)value->type.at, why.text);
}

enum status
markup_values_check(const struct handle_value_list *values, struct problem *problem)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct arena *arena = NULL;
	struct handle_value value;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && handle_value_next(&walk, &value)) {
		if (!is_checked(&value)) {
			continue;
		}
		if (arena == NULL) {
			arena = arena_new(CHECK_BLOCK_SIZE, REQUEST_MEMORY_MAX);
		}
		status = arena == NULL ? STATUS_NO_MEMORY
				       : markup_value_check(&value, arena, problem);
		if (arena != NULL) {
			arena_reset(arena);
		}
	}
	arena_free(arena);
	return status;
}
