/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_settings.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "code/code_map.h"
#include "handle/handle_name.h"
#include "handle/handle_site.h"
#include "http/http_url.h"
#include "http/redirect/http_destination.h"
#include "ledger/ledger_prune.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

enum settings_kind {
	SETTINGS_ADDRESSES,
	SETTINGS_NETWORKS,
	SETTINGS_IDENTITIES,
	SETTINGS_NUMBER,
	SETTINGS_BOOLEAN,
	SETTINGS_PATH,
	SETTINGS_SPAN,
	SETTINGS_URL,
	SETTINGS_PREFIX,
	SETTINGS_TYPES,
	SETTINGS_DESTINATIONS,
};

struct settings_row {
	const char *path;
	size_t offset;
	enum settings_kind kind;
	uint64_t minimum; /* Of a number, of items in a list, of characters in a path. */
	uint64_t maximum;
	const char *preset;
	const char *expected;
	const char *help;
	const char *help_zh;
};

static const struct settings_row rows[] = {
#define X(path, member, kind, minimum, maximum, preset, expected, help, help_zh)             \
	{path, offsetof(struct settings, member), SETTINGS_##kind, minimum, maximum, preset, \
		expected, help, help_zh},
#include "node/settings.def"
#undef X
};

enum {
	ROW_COUNT = sizeof(rows) / sizeof(rows[0]),
	SETTING_NAME_SIZE_MAX = 64,
	DNS_PORT = 53,
	WRITTEN_ROW_SIZE_MAX = 16384,
	WRITTEN_SIZE_MAX = 131072
};

static void *
member_of(struct settings *settings, const struct settings_row *row)
{
	return (char *)settings + row->offset;
}

struct bytes
settings_identity_name(const struct settings_identities *list, uint32_t number)
{
	const struct settings_identity *item = &list->items[number];

	return bytes_over(list->names + item->name_at, item->name_size);
}

/* Whether YAML gives a text back as it was written: no control, no line break of YAML 1.1, and
 * nothing that its readers refuse. */
static bool
text_is_plain(struct bytes text)
{
	uint32_t character;
	size_t size;

	while ((size = bytes_utf8_first(text, &character)) > 0) {
		if (character < ' ' || (character >= 0x7f && character < 0xa0) ||
			character == 0x2028 || character == 0x2029 || character == 0xfeff ||
			character == 0xfffe || character == 0xffff) {
			return false;
		}
		text = bytes_slice(text, size, SIZE_MAX);
	}
	return text.size == 0;
}

enum status
settings_identity_add(struct settings_identities *list, struct bytes text)
{
	struct bytes name = text;
	uint32_t index = 0;

	/* Without an INDEX in front it is a bare handle: any index of it. */
	if (handle_reference_parse(text, &index, &name) != STATUS_OK) {
		name = text;
	}
	if (bytes_find(name, '/') == name.size || name.size > HANDLE_NAME_SIZE_MAX ||
		!text_is_plain(name)) {
		return STATUS_INVALID;
	}
	if (list->count == SETTINGS_LIST_MAX ||
		name.size > SETTINGS_NAMES_SIZE_MAX - list->names_size) {
		return STATUS_TOO_LARGE;
	}
	memcpy(list->names + list->names_size, name.at, name.size);
	list->items[list->count++] =
		(struct settings_identity){index, list->names_size, (uint32_t)name.size};
	list->names_size += (uint32_t)name.size;
	return STATUS_OK;
}

static bool
span_take(const struct settings_row *row, struct bytes text, struct settings_span *span)
{
	if (text.size < row->minimum || text.size > row->maximum ||
		ledger_span_read(text, &span->ms) != STATUS_OK) {
		return false;
	}
	memcpy(span->text, text.at, text.size);
	span->text[text.size] = '\0';
	return true;
}

/* Of the web, without a query and without a slash at its end: paths are put behind it. */
static bool
url_is_good(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] <= ' ' || text.at[i] >= 0x7f ||
			strchr("\"'<>\\^`{|}?#%", text.at[i]) != NULL) {
			return false;
		}
	}
	return text.size == 0 ||
		(http_url_is_safe(text) && !bytes_start_with_fold(text, TEXT("ftp:")) &&
			text.at[text.size - 1] != '/');
}

/* Texts that may be empty: then there is none. */
static bool
text_take(const struct settings_row *row, struct bytes text, struct settings_path *ret_text)
{
	bool is_good = row->kind == SETTINGS_URL ? url_is_good(text)
						 : text.size == 0 ||
			(code_mapping_prefix_is_good(text) && text_is_plain(text) &&
				bytes_find(text, '"') == text.size &&
				bytes_find(text, '\\') == text.size);

	if (!is_good || text.size > row->maximum) {
		return false;
	}
	memcpy(ret_text->text, text.at, text.size);
	ret_text->text[text.size] = '\0';
	return true;
}

static bool
type_add(const struct settings_row *row, struct bytes text, struct settings_types *types)
{
	bool is_good = text.size > 0 && text.size < SETTINGS_TYPE_TEXT_SIZE_MAX &&
		types->count < row->maximum && text_is_plain(text) &&
		bytes_find(text, '"') == text.size && bytes_find(text, '\\') == text.size;

	for (uint32_t i = 0; i < types->count && is_good; i++) {
		is_good = !bytes_equal(text, bytes_from_string(types->items[i]));
	}
	if (is_good) {
		memcpy(types->items[types->count], text.at, text.size);
		types->items[types->count++][text.size] = '\0';
	}
	return is_good;
}

static bool
destination_add(
	const struct settings_row *row, struct bytes text, struct settings_destinations *list)
{
	struct text_writer writer =
		text_writer_over(list->text + list->size, sizeof(list->text) - list->size);

	if (list->count == row->maximum || !text_is_plain(text) ||
		bytes_find(text, '"') < text.size || bytes_find(text, '\\') < text.size ||
		http_destination_write(&writer, text) != STATUS_OK) {
		return false;
	}
	text_write_char(&writer, '\n');
	list->size += (uint32_t)text_written(&writer).size;
	list->count += writer.status == STATUS_OK;
	return writer.status == STATUS_OK;
}

/* Adds one scalar to a setting: false if it is not what the row expects. */
static bool
row_take(const struct settings_row *row, struct bytes text, struct settings *settings)
{
	void *member = member_of(settings, row);
	bool is_of_dns = strcmp(row->path, "recursion.name_servers") == 0;
	struct settings_addresses *addresses = member;
	struct settings_networks *networks = member;
	struct settings_path *path = member;
	uint64_t number;

	switch (row->kind) {
	case SETTINGS_ADDRESSES:
		return addresses->count < row->maximum &&
			address_parse(text, is_of_dns ? DNS_PORT : HANDLE_PORT,
				&addresses->items[addresses->count]) == STATUS_OK &&
			++addresses->count > 0;
	case SETTINGS_NETWORKS:
		return networks->count < row->maximum &&
			network_parse(text, &networks->items[networks->count]) == STATUS_OK &&
			++networks->count > 0;
	case SETTINGS_IDENTITIES:
		return settings_identity_add(member, text) == STATUS_OK;
	case SETTINGS_NUMBER:
		if (text_read_u64(text, row->maximum, &number) != STATUS_OK ||
			number < row->minimum) {
			return false;
		}
		*(uint32_t *)member = (uint32_t)number;
		return true;
	case SETTINGS_BOOLEAN:
		*(bool *)member = bytes_equal(text, TEXT("true"));
		return *(bool *)member || bytes_equal(text, TEXT("false"));
	case SETTINGS_PATH:
		if (text.size < row->minimum || text.size > row->maximum ||
			bytes_find(text, 0) != text.size) {
			return false;
		}
		memcpy(path->text, text.at, text.size);
		path->text[text.size] = '\0';
		return true;
	case SETTINGS_SPAN:
		return span_take(row, text, member);
	case SETTINGS_URL:
	case SETTINGS_PREFIX:
		return text_take(row, text, path);
	case SETTINGS_TYPES:
		return type_add(row, text, member);
	case SETTINGS_DESTINATIONS:
		return destination_add(row, text, member);
	}
	return false;
}

/* Where a list counts its items; NULL for what is no list. */
static uint32_t *
row_count(const struct settings_row *row, struct settings *settings)
{
	void *member = member_of(settings, row);

	switch (row->kind) {
	case SETTINGS_ADDRESSES:
		return &((struct settings_addresses *)member)->count;
	case SETTINGS_NETWORKS:
		return &((struct settings_networks *)member)->count;
	case SETTINGS_IDENTITIES:
		return &((struct settings_identities *)member)->count;
	case SETTINGS_TYPES:
		return &((struct settings_types *)member)->count;
	case SETTINGS_DESTINATIONS:
		return &((struct settings_destinations *)member)->count;
	case SETTINGS_NUMBER:
	case SETTINGS_BOOLEAN:
	case SETTINGS_PATH:
	case SETTINGS_SPAN:
	case SETTINGS_URL:
	case SETTINGS_PREFIX:
		break;
	}
	return NULL;
}

static void
row_clear(const struct settings_row *row, struct settings *settings)
{
	uint32_t *count = row_count(row, settings);

	if (count != NULL) {
		*count = 0;
	}
	if (row->kind == SETTINGS_IDENTITIES) {
		((struct settings_identities *)member_of(settings, row))->names_size = 0;
	}
	if (row->kind == SETTINGS_DESTINATIONS) {
		((struct settings_destinations *)member_of(settings, row))->size = 0;
	}
}

static void
row_preset(const struct settings_row *row, struct settings *settings)
{
	struct bytes rest = bytes_from_string(row->preset);

	row_clear(row, settings);
	while (rest.size > 0) {
		size_t size = bytes_find(rest, ' ');
		bool is_taken = row_take(row, bytes_slice(rest, 0, size), settings);

		if (!is_taken) {
			abort(); /* settings.def contradicts itself. */
		}
		rest = bytes_slice(rest, size + 1, SIZE_MAX);
	}
}

void
settings_default(struct settings *ret_settings)
{
	memset(ret_settings, 0, sizeof(*ret_settings));
	for (size_t i = 0; i < ROW_COUNT; i++) {
		row_preset(&rows[i], ret_settings);
	}
}

bool
settings_serve_web(const struct settings *settings)
{
	return settings->http.count > 0 || settings->http_client_certificates.count > 0;
}

/* Reading: two levels of mappings, lists of scalars. Where the parser stands: */
struct reading {
	yaml_parser_t parser;
	const char *name;
	struct settings *settings;
	struct problem *problem;
	bool is_seen[ROW_COUNT];
	char section[SETTING_NAME_SIZE_MAX]; /* "udp", or empty at the top. */
	const struct settings_row *row; /* Its key was read, its value is due. */
	bool is_in_list;
	size_t depth; /* Open mappings. */
};

static enum status
reading_fail(struct reading *reading, const yaml_event_t *event, const char *what, const char *why)
{
	return problem_set(reading->problem, STATUS_INVALID, "%s:%zu: %s: %s", reading->name,
		event->start_mark.line + 1, what, problem_reason(why));
}

static enum status
row_fail(struct reading *reading, const yaml_event_t *event, const struct settings_row *row,
	const char *found)
{
	return problem_set(reading->problem, STATUS_INVALID, "%s:%zu: %s: expected %s, found %s",
		reading->name, event->start_mark.line + 1, row->path, row->expected,
		problem_reason(found));
}

static const struct settings_row *
row_of(const char *path)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (strcmp(rows[i].path, path) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

enum status
settings_put(struct settings *settings, const char *path, struct bytes text)
{
	const struct settings_row *row = row_of(path);

	if (row == NULL) {
		return STATUS_NOT_FOUND;
	}
	return row_take(row, text, settings) ? STATUS_OK : STATUS_INVALID;
}

void
settings_clear(struct settings *settings, const char *path)
{
	const struct settings_row *row = row_of(path);

	if (row != NULL) {
		row_clear(row, settings);
	}
}

static bool
section_exists(const char *key)
{
	size_t size = strlen(key);

	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (strncmp(rows[i].path, key, size) == 0 && rows[i].path[size] == '.') {
			return true;
		}
	}
	return false;
}

static enum status
read_key(struct reading *reading, const yaml_event_t *event)
{
	const char *key = (const char *)event->data.scalar.value;
	char path[SETTING_NAME_SIZE_MAX * 2];
	struct text_writer writer = text_writer_over(path, sizeof(path) - 1);
	const struct settings_row *row;

	if (event->data.scalar.length >= SETTING_NAME_SIZE_MAX ||
		strlen(key) != event->data.scalar.length) {
		return reading_fail(reading, event, "key", "is too long or holds a NUL");
	}
	if (reading->section[0] == '\0' && section_exists(key)) {
		memcpy(reading->section, key, event->data.scalar.length + 1);
		return STATUS_OK;
	}
	text_write_string(&writer, reading->section);
	text_write_string(&writer, reading->section[0] == '\0' ? "" : ".");
	text_write_string(&writer, key);
	path[text_written(&writer).size] = '\0';
	row = row_of(path);
	if (strcmp(path, "anonymous_admin_full_access") == 0) {
		return reading_fail(reading, event, path,
			"is refused: anybody could change everything; name administrators in "
			"server_admins");
	}
	if (row == NULL) {
		return reading_fail(reading, event, path,
			"no such setting; the houji.yaml that `houji init` writes lists them all");
	}
	if (reading->is_seen[row - rows]) {
		return reading_fail(reading, event, path, "is set a second time");
	}
	reading->is_seen[row - rows] = true;
	reading->row = row;
	row_clear(row, reading->settings);
	return STATUS_OK;
}

static enum status
read_scalar(struct reading *reading, const yaml_event_t *event)
{
	const struct settings_row *row = reading->row;
	struct bytes text = bytes_over(event->data.scalar.value, event->data.scalar.length);
	char found[80];
	struct text_writer writer = text_writer_over(found, sizeof(found) - 1);

	if (row == NULL && reading->section[0] != '\0' && reading->depth == 1) {
		if (text.size > 0) {
			return reading_fail(reading, event, reading->section,
				"expected indented `key: value` lines below it");
		}
		reading->section[0] = '\0'; /* Every line below it is commented out. */
		return STATUS_OK;
	}
	if (row == NULL) {
		return read_key(reading, event);
	}
	text_write_char(&writer, '"');
	text_write_escaped(&writer, bytes_slice(text, 0, 40));
	text_write_char(&writer, '"');
	found[text_written(&writer).size] = '\0';
	if (!row_take(row, text, reading->settings)) {
		return row_fail(reading, event, row, found);
	}
	if (!reading->is_in_list) {
		reading->row = NULL;
	}
	return STATUS_OK;
}

static enum status
read_mapping(struct reading *reading, const yaml_event_t *event, bool is_start)
{
	if (!is_start) {
		reading->depth--;
		reading->section[0] = '\0';
		return STATUS_OK;
	}
	if (reading->row != NULL) {
		return row_fail(reading, event, reading->row, "several settings");
	}
	if (reading->depth != (reading->section[0] == '\0' ? 0U : 1U)) {
		return reading_fail(reading, event, "mapping", "is nested where none is expected");
	}
	reading->depth++;
	return STATUS_OK;
}

static enum status
read_list(struct reading *reading, const yaml_event_t *event, bool is_start)
{
	const struct settings_row *row = reading->row;

	if (is_start) {
		if (row == NULL) {
			return reading_fail(reading, event, "list", "none is expected here");
		}
		if (row_count(row, reading->settings) == NULL || reading->is_in_list) {
			return row_fail(reading, event, row, "a list");
		}
		reading->is_in_list = true;
		return STATUS_OK;
	}
	if (*row_count(row, reading->settings) < row->minimum) {
		return reading_fail(reading, event, row->path, "the list is empty");
	}
	reading->is_in_list = false;
	reading->row = NULL;
	return STATUS_OK;
}

static enum status
read_event(struct reading *reading, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		if (reading->depth == 0 && event->data.scalar.length > 0) {
			return reading_fail(reading, event, "text", "expected `key: value` lines");
		}
		return reading->depth == 0 ? STATUS_OK : read_scalar(reading, event);
	case YAML_MAPPING_START_EVENT:
		return read_mapping(reading, event, true);
	case YAML_MAPPING_END_EVENT:
		return read_mapping(reading, event, false);
	case YAML_SEQUENCE_START_EVENT:
		return read_list(reading, event, true);
	case YAML_SEQUENCE_END_EVENT:
		return read_list(reading, event, false);
	case YAML_ALIAS_EVENT:
		return reading_fail(reading, event, "alias", "is not taken here; write it out");
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return STATUS_OK;
	}
	return STATUS_OK;
}

static enum status
read_all(struct reading *reading)
{
	enum status status = STATUS_OK;
	bool is_end = false;

	while (status == STATUS_OK && !is_end) {
		yaml_event_t event;

		if (!yaml_parser_parse(&reading->parser, &event)) {
			return problem_set(reading->problem, STATUS_INVALID, "%s:%zu: %s",
				reading->name, reading->parser.problem_mark.line + 1,
				reading->parser.problem == NULL ? problem_reason("not YAML")
								: reading->parser.problem);
		}
		is_end = event.type == YAML_STREAM_END_EVENT;
		status = read_event(reading, &event);
		yaml_event_delete(&event);
	}
	return status;
}

enum status
settings_parse(
	struct bytes text, const char *name, struct settings *ret_settings, struct problem *problem)
{
	struct settings settings;
	struct reading reading = {.name = name, .settings = &settings, .problem = problem};
	enum status status;

	settings_default(&settings);
	if (!yaml_parser_initialize(&reading.parser)) {
		return problem_set(problem, STATUS_NO_MEMORY, "%s: no memory to read it", name);
	}
	yaml_parser_set_input_string(&reading.parser, text.at, text.size);
	status = read_all(&reading);
	yaml_parser_delete(&reading.parser);
	if (status == STATUS_OK) {
		*ret_settings = settings;
	}
	return status;
}

enum status
settings_read(const char *path, struct settings *ret_settings, struct problem *problem)
{
	uint8_t *text = malloc(CONFIGURATION_SIZE_MAX + 1);
	size_t size;
	enum status status;

	if (text == NULL) {
		return problem_system(problem, "cannot read %s", path);
	}
	status = file_read(path, CONFIGURATION_SIZE_MAX, text, &size, problem);
	if (status == STATUS_SYSTEM && access(path, F_OK) != 0 && errno == ENOENT) {
		status = problem_set(problem, STATUS_NOT_FOUND,
			"there is no %s: make a node with houji init; a folder restored from a "
			"backup without keys needs its houji.yaml, site.json and keys/ put in",
			path);
	}
	if (status == STATUS_OK) {
		status = settings_parse(bytes_over(text, size), path, ret_settings, problem);
	}
	free(text);
	return status;
}

/* Writing. */
static void
write_identity(struct text_writer *writer, const struct settings_identities *list, uint32_t number)
{
	struct bytes name = settings_identity_name(list, number);

	if (list->items[number].index > 0) {
		text_write_u64(writer, list->items[number].index);
		text_write_char(writer, ':');
	}
	for (size_t i = 0; i < name.size; i++) {
		if (name.at[i] == '"' || name.at[i] == '\\') {
			text_write_char(writer, '\\');
		}
		text_write_char(writer, (char)name.at[i]);
	}
}

static void
write_line(struct text_writer *writer, const struct settings_destinations *list, uint32_t number)
{
	struct bytes rest = bytes_over(list->text, list->size);
	struct bytes line;

	do {
		line = bytes_slice(rest, 0, bytes_find(rest, '\n'));
		rest = bytes_slice(rest, line.size + 1, SIZE_MAX);
	} while (number-- > 0);
	text_write(writer, line);
}

static void
write_list(struct text_writer *writer, const struct settings_row *row, struct settings *settings)
{
	const void *member = member_of(settings, row);
	const struct settings_addresses *addresses = member;
	const struct settings_networks *networks = member;
	char text[NETWORK_TEXT_SIZE_MAX];

	text_write_char(writer, '[');
	for (uint32_t i = 0; i < *row_count(row, settings); i++) {
		text_write_string(writer, i > 0 ? ", \"" : "\"");
		if (row->kind == SETTINGS_ADDRESSES) {
			text_write_string(writer, address_format(&addresses->items[i], text));
		} else if (row->kind == SETTINGS_NETWORKS) {
			text_write_string(writer, network_format(&networks->items[i], text));
		} else if (row->kind == SETTINGS_TYPES) {
			text_write_string(
				writer, ((const struct settings_types *)member)->items[i]);
		} else if (row->kind == SETTINGS_DESTINATIONS) {
			write_line(writer, member, i);
		} else {
			write_identity(writer, member, i);
		}
		text_write_char(writer, '"');
	}
	text_write_char(writer, ']');
}

static void
write_row_value(
	struct text_writer *writer, const struct settings_row *row, struct settings *settings)
{
	const void *member = member_of(settings, row);

	switch (row->kind) {
	case SETTINGS_ADDRESSES:
	case SETTINGS_NETWORKS:
	case SETTINGS_IDENTITIES:
	case SETTINGS_TYPES:
	case SETTINGS_DESTINATIONS:
		write_list(writer, row, settings);
		break;
	case SETTINGS_NUMBER:
		text_write_u64(writer, *(const uint32_t *)member);
		break;
	case SETTINGS_BOOLEAN:
		text_write_string(writer, *(const bool *)member ? "true" : "false");
		break;
	case SETTINGS_PATH:
	case SETTINGS_URL:
	case SETTINGS_PREFIX:
		text_write_char(writer, '"');
		text_write_string(writer, ((const struct settings_path *)member)->text);
		text_write_char(writer, '"');
		break;
	case SETTINGS_SPAN:
		text_write_string(writer, ((const struct settings_span *)member)->text);
		break;
	}
	text_write_char(writer, '\n');
}

static bool
row_has_preset(const struct settings_row *row, struct settings *settings)
{
	char own[WRITTEN_ROW_SIZE_MAX];
	char other[WRITTEN_ROW_SIZE_MAX];
	struct text_writer own_writer = text_writer_over(own, sizeof(own));
	struct text_writer other_writer = text_writer_over(other, sizeof(other));
	struct settings preset;

	settings_default(&preset);
	write_row_value(&own_writer, row, settings);
	write_row_value(&other_writer, row, &preset);
	return bytes_equal(text_written(&own_writer), text_written(&other_writer));
}

/* A comment of one line or several. */
static void
write_comment(struct text_writer *writer, const char *indent, const char *comment)
{
	struct bytes rest = bytes_from_string(comment);

	while (rest.size > 0) {
		struct bytes line = bytes_slice(rest, 0, bytes_find(rest, '\n'));

		text_write_string(writer, indent);
		text_write_string(writer, "# ");
		text_write(writer, line);
		text_write_char(writer, '\n');
		rest = bytes_slice(rest, line.size + 1, SIZE_MAX);
	}
}

static void
write_row(struct text_writer *writer, const struct settings_row *row, struct settings *settings,
	bool is_chinese)
{
	const char *dot = strchr(row->path, '.');
	const char *indent = dot == NULL ? "" : "  ";

	text_write_string(writer, dot == NULL ? "\n" : "");
	write_comment(writer, indent, is_chinese ? row->help_zh : row->help);
	text_write_string(writer, indent);
	text_write_string(writer, row_has_preset(row, settings) ? "# " : "");
	text_write_string(writer, dot == NULL ? row->path : dot + 1);
	text_write_string(writer, ": ");
	write_row_value(writer, row, settings);
}

static void
write_rows(struct text_writer *writer, struct settings *settings, bool is_chinese)
{
	struct bytes section = {NULL, 0};

	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct bytes path = bytes_from_string(rows[i].path);
		size_t dot = bytes_find(path, '.');
		struct bytes own = bytes_slice(path, 0, dot == path.size ? 0 : dot);

		if (own.size > 0 && !bytes_equal(own, section)) {
			text_write_char(writer, '\n');
			text_write(writer, own);
			text_write_string(writer, ":\n");
		}
		section = own;
		write_row(writer, &rows[i], settings, is_chinese);
	}
}

enum status
settings_write(
	const char *path, const struct settings *settings, bool is_chinese, struct problem *problem)
{
	struct settings copy = *settings;
	char text[WRITTEN_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));
	enum status status;

	text_write_string(&writer,
		is_chinese ? "# 后稷节点配置。注释掉的行为默认值。用 `houji serve DIR --check` "
			     "检查。\n"
			   : "# Settings of a Houji node. Lines commented out are the defaults.\n"
			     "# Check them with `houji serve DIR --check`; SIGHUP reads them "
			     "again.\n");
	write_rows(&writer, &copy, is_chinese);
	status = text_writer_end(&writer);
	if (status != STATUS_OK) {
		return problem_set(problem, status, "%s: the settings are too long to write", path);
	}
	return file_write_new(path, 0644, text_written(&writer), problem);
}
