/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_map.h"

#include "json/json_reader.h"

#include <string.h>

static const char *const names[CODE_FIELD_COUNT] = {
#define X(NAME, name) name,
	CODE_FIELD_TABLE(X)
#undef X
};

const char *
code_field_name(enum code_field field)
{
	return names[field];
}

bool
code_field_find(struct bytes name, enum code_field *ret_field)
{
	for (size_t i = 0; i < CODE_FIELD_COUNT; i++) {
		if (bytes_equal_fold(name, bytes_from_string(names[i]))) {
			*ret_field = (enum code_field)i;
			return true;
		}
	}
	return false;
}

static bool
time_is_good(struct bytes text)
{
	char room[32];
	struct text_writer writer = text_writer_over(room, sizeof(room));
	int64_t seconds;

	text_write(&writer, text);
	if (text.size == 10) {
		text_write_string(&writer, "T00:00:00Z");
	}
	return text.size == 0 || text_read_time(text_written(&writer), &seconds) == STATUS_OK;
}

static bool
handle_is_good(struct bytes handle)
{
	size_t prefix_size = bytes_find(handle, '/');

	for (size_t i = 0; i < handle.size; i++) {
		if (handle.at[i] < 0x20 || handle.at[i] == 0x7f) {
			return false;
		}
	}
	return prefix_size > 0 && prefix_size + 1 < handle.size && handle.size <= CODE_SIZE_MAX;
}

static bool
status_is_good(struct bytes status)
{
	return bytes_equal(status, TEXT("active")) || bytes_equal(status, TEXT("review")) ||
		bytes_equal(status, TEXT("withdrawn"));
}

enum status
code_mapping_check(struct code_mapping *mapping, enum code_field *ret_field)
{
	struct bytes *fields = mapping->fields;

	if (fields[CODE_FIELD_STATUS].size == 0) {
		fields[CODE_FIELD_STATUS] = TEXT("active");
	}
	for (size_t i = 0; i < CODE_FIELD_COUNT; i++) {
		*ret_field = (enum code_field)i;
		if (!bytes_are_utf8(fields[i])) {
			return STATUS_INVALID;
		}
	}
	*ret_field = CODE_FIELD_HANDLE;
	if (!handle_is_good(fields[CODE_FIELD_HANDLE])) {
		return STATUS_INVALID;
	}
	*ret_field = CODE_FIELD_FROM;
	if (!time_is_good(fields[CODE_FIELD_FROM])) {
		return STATUS_INVALID;
	}
	*ret_field = CODE_FIELD_TO;
	if (!time_is_good(fields[CODE_FIELD_TO]) ||
		(fields[CODE_FIELD_TO].size > 0 &&
			bytes_compare(fields[CODE_FIELD_TO], fields[CODE_FIELD_FROM]) <= 0)) {
		return STATUS_INVALID;
	}
	*ret_field = CODE_FIELD_STATUS;
	return status_is_good(fields[CODE_FIELD_STATUS]) ? STATUS_OK : STATUS_INVALID;
}

/* What has to stand in front of a normal form for it to be read as one. */
static const char *
spelling_of(enum code_system system)
{
	switch (system) {
	case CODE_GS1:
		return "https://id.gs1.org/";
	case CODE_OID:
		return "urn:oid:";
	case CODE_ECODE:
		return "ecode:";
	case CODE_ISO15459:
		return "[)>\x1e"
		       "06\x1d";
	case CODE_HANDLE:
	case CODE_VAA:
	case CODE_DID:
	case CODE_EPC:
	case CODE_USCC:
	case CODE_MA:
	case CODE_SYSTEM_COUNT:
		break;
	}
	return NULL;
}

/* Normal forms, too, are a writing: exports have them. */
static bool
is_normal(enum code_system system, struct bytes code, struct code_result *result)
{
	char text[CODE_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));
	const struct code_candidate *best;

	if (spelling_of(system) == NULL) {
		return false;
	}
	text_write_string(&writer, spelling_of(system));
	text_write(&writer, code);
	if (text_writer_end(&writer) != STATUS_OK ||
		code_identify(text_written(&writer), result) != STATUS_OK) {
		return false;
	}
	best = code_best(result);
	return best != NULL && best->scheme == system && bytes_equal(best->normal, code);
}

enum status
code_mapping_normalize(struct code_mapping *mapping, struct code_result *result)
{
	struct bytes scheme = mapping->fields[CODE_FIELD_SCHEME];
	const struct code_candidate *chosen = NULL;
	enum code_system asked;
	enum status status;

	if (code_system_find(scheme, &asked) &&
		is_normal(asked, mapping->fields[CODE_FIELD_CODE], result)) {
		mapping->fields[CODE_FIELD_SCHEME] = bytes_from_string(code_system_name(asked));
		return STATUS_OK;
	}
	result->count = 0;
	status = code_identify(mapping->fields[CODE_FIELD_CODE], result);
	for (size_t i = 0; status == STATUS_OK && i < result->count; i++) {
		const struct code_candidate *candidate = &result->candidates[i];
		const char *system = code_system_name(candidate->scheme);

		if (!candidate->is_valid || candidate->scheme == CODE_HANDLE ||
			(!bytes_equal_fold(scheme, bytes_from_string(system)) &&
				!bytes_equal_fold(scheme, bytes_from_string(candidate->kind)))) {
			continue;
		}
		if (chosen != NULL && !bytes_equal(chosen->normal, candidate->normal)) {
			return STATUS_CONFLICT;
		}
		chosen = candidate;
	}
	if (chosen == NULL) {
		return STATUS_NOT_FOUND;
	}
	mapping->fields[CODE_FIELD_SCHEME] = bytes_from_string(code_system_name(chosen->scheme));
	mapping->fields[CODE_FIELD_CODE] = chosen->normal;
	return STATUS_OK;
}

bool
code_mapping_prefix_is_good(struct bytes prefix)
{
	for (size_t i = 0; i < prefix.size; i++) {
		if (prefix.at[i] <= 0x20 || prefix.at[i] == 0x7f || prefix.at[i] == '/') {
			return false;
		}
	}
	return prefix.size > 0 && prefix.size <= 64 && bytes_are_utf8(prefix);
}

void
code_mapping_write_name(
	struct text_writer *writer, struct bytes prefix, const struct code_mapping *mapping)
{
	text_write(writer, prefix);
	text_write_char(writer, '/');
	text_write(writer, mapping->fields[CODE_FIELD_SCHEME]);
	text_write_char(writer, '/');
	text_write(writer, mapping->fields[CODE_FIELD_CODE]);
}

void
code_mapping_write_reverse_name(
	struct text_writer *writer, struct bytes prefix, struct bytes handle)
{
	text_write(writer, prefix);
	text_write_string(writer, "/identifier/");
	text_write(writer, handle);
}

void
code_mapping_write(struct json_writer *writer, const struct code_mapping *mapping)
{
	json_write_object(writer);
	for (size_t i = 0; i < CODE_FIELD_COUNT; i++) {
		if (mapping->fields[i].size > 0) {
			json_write_name(writer, names[i]);
			json_write_string(writer, mapping->fields[i]);
		}
	}
	json_write_object_end(writer);
}

enum status
code_mapping_read(struct bytes data, struct arena *arena, struct code_mapping *ret_mapping)
{
	struct json_reader reader = json_reader_over(data, arena);
	struct code_mapping mapping = {0};
	struct bytes name;
	enum status status;

	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		enum code_field field;

		if (code_field_find(name, &field)) {
			mapping.fields[field] = json_read_string(&reader);
		} else {
			json_skip(&reader);
		}
	}
	status = json_reader_end(&reader);
	if (status == STATUS_OK) {
		*ret_mapping = mapping;
	}
	return status;
}

/* Records are found without regard to case; only of handles that is the whole truth. */
bool
code_mapping_is_of(const struct code_mapping *mapping, const char *scheme, struct bytes name)
{
	const struct bytes *fields = mapping->fields;

	return scheme == NULL ? bytes_equal_fold(fields[CODE_FIELD_HANDLE], name)
			      : bytes_equal(fields[CODE_FIELD_SCHEME], bytes_from_string(scheme)) &&
			bytes_equal(fields[CODE_FIELD_CODE], name);
}

bool
code_mapping_is_active(const struct code_mapping *mapping, struct bytes now)
{
	const struct bytes *fields = mapping->fields;

	return bytes_equal(fields[CODE_FIELD_STATUS], TEXT("active")) &&
		bytes_compare(fields[CODE_FIELD_FROM], now) <= 0 &&
		(fields[CODE_FIELD_TO].size == 0 || bytes_compare(now, fields[CODE_FIELD_TO]) < 0);
}

bool
code_mapping_is_over(const struct code_mapping *mapping, struct bytes now)
{
	const struct bytes *fields = mapping->fields;

	return bytes_equal(fields[CODE_FIELD_STATUS], TEXT("withdrawn")) ||
		(bytes_equal(fields[CODE_FIELD_STATUS], TEXT("active")) &&
			fields[CODE_FIELD_TO].size > 0 &&
			bytes_compare(fields[CODE_FIELD_TO], now) <= 0);
}
