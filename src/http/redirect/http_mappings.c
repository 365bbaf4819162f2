/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_mappings.h"

#include "base/clock.h"
#include "http/http_elsewhere.h"

/* One blob, as a question names the types that it asks for. */
#define TYPE_ASKED BYTES(0, 0, 0, 8, 'C', 'O', 'D', 'E', '_', 'M', 'A', 'P')

enum { NOW_TEXT_SIZE = 24 };

static enum status
tell(const struct http_mapping_search *search, const struct handle_value_list *values,
	http_mapping_found *found, void *context)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	char room[NOW_TEXT_SIZE];
	struct text_writer now = text_writer_over(room, sizeof(room));

	text_write_time(&now, clock_wall_ms() / 1000);
	while (handle_value_next(&walk, &value)) {
		struct code_mapping mapping;
		enum status status = bytes_equal_fold(value.type, TEXT("CODE_MAP"))
			? code_mapping_read(value.data, search->arena, &mapping)
			: STATUS_MALFORMED;
		bool is_active;

		if (status == STATUS_NO_MEMORY) {
			return status;
		}
		if (status != STATUS_OK ||
			!code_mapping_is_of(&mapping, search->scheme, search->name)) {
			continue;
		}
		is_active = code_mapping_is_active(&mapping, text_written(&now));
		if (is_active || code_mapping_is_over(&mapping, text_written(&now))) {
			found(context, &mapping, is_active);
		}
	}
	return STATUS_OK;
}

static enum status
record_name_write(const struct http_mapping_search *search, struct text_writer *writer)
{
	struct bytes prefix = search->request->http->settings->codes_prefix;
	struct code_mapping mapping = {0};

	if (search->scheme == NULL) {
		code_mapping_write_reverse_name(writer, prefix, search->name);
	} else {
		mapping.fields[CODE_FIELD_SCHEME] = bytes_from_string(search->scheme);
		mapping.fields[CODE_FIELD_CODE] = search->name;
		code_mapping_write_name(writer, prefix, &mapping);
	}
	return text_writer_end(writer);
}

enum status
http_mappings_find(
	const struct http_mapping_search *search, http_mapping_found *found, void *context)
{
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
			.header = {.opcode = OPCODE_RESOLUTION,
				.flags = MESSAGE_FLAG_PUBLIC_ONLY | MESSAGE_FLAG_RECURSIVE}},
		.resolution = {.type_count = 1, .types = TYPE_ASKED},
	};
	char room[HANDLE_NAME_SIZE_MAX];
	struct text_writer name = text_writer_over(room, sizeof(room));
	struct http_resolved resolved;

	if (search->request->http->settings->codes_prefix.size == 0) {
		return STATUS_NOT_FOUND;
	}
	if (record_name_write(search, &name) != STATUS_OK) {
		return STATUS_OK; /* No record has such a name. */
	}
	question.resolution.name = text_written(&name);
	http_find(search->request, &question, search->arena, &resolved);
	if (resolved.code == RESPONSE_SUCCESS) {
		return tell(search, &resolved.values, found, context);
	}
	return resolved.is_elsewhere || resolved.code == RESPONSE_HANDLE_NOT_FOUND ||
			resolved.code == RESPONSE_VALUES_NOT_FOUND
		? STATUS_OK
		: STATUS_NOT_FOUND;
}

struct leading {
	struct http_code_target target;
	struct bytes from;
};

static void
lead(void *context, const struct code_mapping *mapping, bool is_active)
{
	struct leading *leading = context;
	struct bytes from = mapping->fields[CODE_FIELD_FROM];

	if (!is_active) {
		leading->target.is_over = true;
	} else if (leading->target.handle.size == 0 || bytes_compare(from, leading->from) > 0) {
		leading->target.handle = mapping->fields[CODE_FIELD_HANDLE];
		leading->from = from;
	}
}

enum status
http_mappings_lead(const struct http_mapping_search *search, struct http_code_target *ret_target)
{
	struct leading leading = {.from = {NULL, 0}};
	enum status status = http_mappings_find(search, lead, &leading);

	*ret_target = leading.target;
	return status;
}
