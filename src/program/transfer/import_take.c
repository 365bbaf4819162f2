/* SPDX-License-Identifier: Apache-2.0 */
#include "program/transfer/import.h"

#include "base/text_writer.h"

#include <stdio.h>
#include <string.h>

/* How the value of a key becomes a setting: the `how` of import_keys.def. */
enum import_how {
	HOW_NOTHING,
	HOW_SECRET,
	HOW_SERVER_TYPE,
	HOW_INTERFACES,
	HOW_ADDRESS,
	HOW_PORT,
	HOW_MILLISECONDS,
	HOW_SERVER_ID,
	HOW_CASE,
	HOW_CHALLENGE,
	HOW_SESSION,
	HOW_FLAG,
	HOW_CIPHER,
	HOW_ADMINISTRATORS,
	HOW_FULL_ACCESS,
	HOW_REFUSED,
	HOW_IF_ON,
	HOW_PREFIXES,
	HOW_MIRROR,
	HOW_MIRROR_IDENTITY,
};

struct import_row {
	const char *pattern;
	enum import_fate fate;
	enum import_how how;
	const char *setting;
	struct words words;
};

static const struct import_row rows[] = {
#define X(pattern, fate, how, setting, english, chinese) \
	{pattern, IMPORT_##fate, HOW_##how, setting, {english, chinese}},
#include "program/transfer/import_keys.def"
#undef X
};

enum { PATH_SIZE_MAX = 1024, SHOWN_SIZE_MAX = 1024 };

/* One key on its way. */
struct taking {
	struct import *import;
	const struct handle_table *item;
	const struct import_row *row;
	struct import_line *line;
};

static void
refuse(struct taking *taking, const char *text)
{
	import_change(taking->import, taking->line, IMPORT_INVALID, text);
}

static bool
text_is_on(struct bytes text)
{
	return text.size > 0 &&
		(ascii_upper(text.at[0]) == 'Y' || ascii_upper(text.at[0]) == 'T' ||
			bytes_equal(text, TEXT("1")));
}

/* Off is what is clearly off; anything else would have been taken for off by Handle.net, too,
 * but is worth a word. */
static bool
text_is_switch(struct bytes text)
{
	return text_is_on(text) || bytes_equal(text, TEXT("0")) ||
		(text.size > 0 &&
			(ascii_upper(text.at[0]) == 'N' || ascii_upper(text.at[0]) == 'F'));
}

static bool
take_switch(struct taking *taking, bool *ret_is_on)
{
	if (!text_is_switch(taking->item->text)) {
		refuse(taking, SAY("expected yes or no", "应为 yes 或 no"));
		return false;
	}
	*ret_is_on = text_is_on(taking->item->text);
	return true;
}

static void
take_flag(struct taking *taking)
{
	struct settings *settings = &taking->import->settings;
	bool is_on;

	if (take_switch(taking, &is_on) &&
		settings_put(settings, taking->row->setting,
			is_on ? TEXT("true") : TEXT("false")) != STATUS_OK) {
		refuse(taking, SAY("could not be set", "无法设置"));
	}
	if (taking->row->how == HOW_FULL_ACCESS && settings->server_admin_full_access) {
		taking->line->is_warning = true;
	}
}

/* Something that must not be, or that has no meaning here unless it is on. */
static void
take_if_on(struct taking *taking)
{
	bool is_on;

	if (take_switch(taking, &is_on) && !is_on) {
		import_change(taking->import, taking->line, IMPORT_UNNEEDED,
			SAY("is off, as it always is here", "已关闭，与本节点一致"));
	}
}

static void
take_number(struct taking *taking, uint64_t number)
{
	char text[24];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_u64(&writer, number);
	if (settings_put(&taking->import->settings, taking->row->setting, text_written(&writer)) !=
		STATUS_OK) {
		refuse(taking,
			SAY("is beyond what the setting takes; the default is kept",
				"超出设置范围；保留默认值"));
	}
}

static bool
number_of(struct taking *taking, uint64_t *ret_number)
{
	if (text_read_u64(taking->item->text, UINT32_MAX, ret_number) != STATUS_OK) {
		refuse(taking, SAY("expected a number", "应为数字"));
		return false;
	}
	return true;
}

static void
take_time(struct taking *taking)
{
	uint64_t number;

	if (!number_of(taking, &number)) {
		return;
	}
	if (taking->row->how == HOW_CHALLENGE && number < 1000) {
		number *= 1000; /* The manual says seconds; the programs write milliseconds. */
	} else if (taking->row->how == HOW_SESSION) {
		number = number < 60000 ? 60 : number / 1000; /* A minute is its minimum. */
	}
	take_number(taking, number);
}

static void
take_administrators(struct taking *taking)
{
	const struct handle_table *item = taking->item;
	bool has_fault = false;

	if (item->kind == HANDLE_TABLE_LIST) {
		item = item->first;
	}
	for (; item != NULL; item = item == taking->item ? NULL : item->next) {
		if (item->kind != HANDLE_TABLE_TEXT ||
			settings_put(&taking->import->settings, taking->row->setting, item->text) !=
				STATUS_OK) {
			has_fault = true;
		}
	}
	if (has_fault) {
		refuse(taking,
			SAY("an entry is no INDEX:HANDLE, or there are too many; the others are "
			    "taken",
				"有条目不是 INDEX:HANDLE 或数量过多；其余已采用"));
	}
}

static void
take_prefixes(struct taking *taking)
{
	struct import *import = taking->import;
	const struct handle_table *item = taking->item;
	bool has_fault = false;

	if (item->kind == HANDLE_TABLE_LIST) {
		item = item->first;
	}
	for (; item != NULL; item = item == taking->item ? NULL : item->next) {
		if (item->kind == HANDLE_TABLE_TEXT && item->text.size > 0 &&
			bytes_are_utf8(item->text) && item->text.size <= HANDLE_NAME_SIZE_MAX - 5 &&
			import->prefix_count < IMPORT_PREFIX_COUNT_MAX) {
			import->prefixes[import->prefix_count++] = item->text;
		} else {
			has_fault = true;
		}
	}
	if (has_fault) {
		refuse(taking,
			SAY("an entry is no prefix, or there are too many; the others are taken",
				"有条目不是前缀或数量过多；其余已采用"));
	}
}

/* The interface that an object `NAME_config` or an entry of `interfaces` speaks of. */
static struct import_interface *
interface_of(struct import *import, struct bytes name)
{
	for (size_t i = 0; i < import->interface_count; i++) {
		if (bytes_equal(import->interfaces[i].name, name)) {
			return &import->interfaces[i];
		}
	}
	if (import->interface_count == IMPORT_INTERFACE_COUNT_MAX) {
		return NULL;
	}
	import->interfaces[import->interface_count] = (struct import_interface){.name = name};
	return &import->interfaces[import->interface_count++];
}

static void
take_interfaces(struct taking *taking)
{
	const struct handle_table *item = taking->item->first;
	const char *fault = NULL;

	if (taking->item->kind != HANDLE_TABLE_LIST) {
		refuse(taking, SAY("expected a list", "应为列表"));
		return;
	}
	taking->import->has_interface_list = true;
	for (; item != NULL; item = item->next) {
		struct import_interface *face = interface_of(taking->import, item->text);

		if (face == NULL) {
			fault = SAY("has too many entries", "条目过多");
		} else if (bytes_start_with(item->text, TEXT("hdl_"))) {
			face->is_open = true;
		} else {
			fault = SAY("one that is no Handle interface is left out; the others are "
				    "taken",
				"其中非 Handle 的接口被略去；其余已采用");
		}
	}
	if (fault != NULL) {
		refuse(taking, fault);
	}
}

static void
take_endpoint(struct taking *taking)
{
	struct bytes object = taking->item->parent->name;
	struct import_interface *face = interface_of(
		taking->import, bytes_slice(object, 0, object.size - strlen("_config")));
	struct bytes text = taking->item->text;
	struct address address;
	uint64_t port;

	if (face == NULL) {
		refuse(taking, SAY("there are too many interfaces", "接口过多"));
	} else if (taking->row->how == HOW_PORT) {
		if (text_read_u64(text, UINT16_MAX, &port) != STATUS_OK || port == 0) {
			refuse(taking, SAY("is no port", "不是端口号"));
			return;
		}
		face->port = text;
	} else if (address_parse(text, 1, &address) != STATUS_OK) {
		refuse(taking, SAY("is no IP address", "不是 IP 地址"));
	} else {
		face->address = text;
	}
}

static void
take_server_type(struct taking *taking)
{
	if (!bytes_equal(taking->item->text, TEXT("server"))) {
		import_change(taking->import, taking->line, IMPORT_DANGEROUS,
			SAY("only a server can be taken; a cache has nothing that a node could "
			    "hold",
				"只能导入 server 类型；cache 没有可由节点持有的内容"));
	}
}

static void
take_cipher(struct taking *taking)
{
	if (bytes_equal_fold(taking->item->text, TEXT("aes"))) {
		import_change(taking->import, taking->line, IMPORT_UNNEEDED,
			words_say(taking->row->words));
	}
}

static void
take_rest(struct taking *taking)
{
	struct import *import = taking->import;

	if (taking->row->how == HOW_SERVER_ID) {
		import->has_server_id = number_of(taking, &import->server_id);
	} else if (taking->row->how == HOW_MIRROR) {
		(void)take_switch(taking, &import->is_mirror);
	} else {
		import->mirror_identity = taking->item->text;
	}
}

static void
take(struct taking *taking)
{
	static void (*const takers[])(struct taking *) = {
		[HOW_NOTHING] = NULL,
		[HOW_SECRET] = NULL,
		[HOW_SERVER_TYPE] = take_server_type,
		[HOW_INTERFACES] = take_interfaces,
		[HOW_ADDRESS] = take_endpoint,
		[HOW_PORT] = take_endpoint,
		[HOW_MILLISECONDS] = take_time,
		[HOW_SERVER_ID] = take_rest,
		[HOW_CASE] = take_if_on,
		[HOW_CHALLENGE] = take_time,
		[HOW_SESSION] = take_time,
		[HOW_FLAG] = take_flag,
		[HOW_CIPHER] = take_cipher,
		[HOW_ADMINISTRATORS] = take_administrators,
		[HOW_FULL_ACCESS] = take_flag,
		[HOW_REFUSED] = take_if_on,
		[HOW_IF_ON] = take_if_on,
		[HOW_PREFIXES] = take_prefixes,
		[HOW_MIRROR] = take_rest,
		[HOW_MIRROR_IDENTITY] = take_rest,
	};
	bool takes_list = taking->row->how == HOW_INTERFACES || taking->row->how == HOW_PREFIXES ||
		taking->row->how == HOW_ADMINISTRATORS;

	if (takers[taking->row->how] == NULL) {
		return;
	}
	if (taking->item->kind != HANDLE_TABLE_TEXT &&
		(!takes_list || taking->item->kind == HANDLE_TABLE_OBJECT)) {
		refuse(taking, SAY("expected a single text", "应为单个文本"));
		return;
	}
	takers[taking->row->how](taking);
}

/* "server_config.this_server_id", in the arena. Empty when it is too long to be known. */
static struct bytes
path_of(struct import *import, const struct handle_table *item)
{
	const struct handle_table *chain[HANDLE_TABLE_DEPTH_MAX + 1];
	size_t count = 0;
	char *text = arena_alloc(import->arena, PATH_SIZE_MAX);
	struct text_writer writer = text_writer_over(text, text == NULL ? 0 : PATH_SIZE_MAX);

	for (; item->parent != NULL; item = item->parent) {
		chain[count++] = item;
	}
	while (count > 0) {
		count--;
		text_write(&writer, chain[count]->name);
		text_write_string(&writer, count > 0 ? "." : "");
	}
	return text_written(&writer);
}

/* What a value looks like in the report: texts, and lists of texts. */
static struct bytes
value_of(struct import *import, const struct handle_table *item)
{
	char *text;
	struct text_writer writer;

	if (item->kind == HANDLE_TABLE_TEXT) {
		return bytes_slice(item->text, 0, SHOWN_SIZE_MAX);
	}
	text = arena_alloc(import->arena, SHOWN_SIZE_MAX);
	writer = text_writer_over(text, text == NULL ? 0 : SHOWN_SIZE_MAX);
	for (item = item->first; item != NULL; item = item->next) {
		text_write(&writer, item->kind == HANDLE_TABLE_TEXT ? item->text : TEXT("..."));
		text_write_string(&writer, item->next != NULL ? " " : "");
	}
	return text_written(&writer);
}

static const struct import_row *
row_find(struct bytes path)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (import_pattern_fits(rows[i].pattern, path)) {
			return &rows[i];
		}
	}
	return NULL;
}

static void
item_take(struct import *import, const struct handle_table *item)
{
	struct taking taking = {.import = import, .item = item};
	struct bytes path = path_of(import, item);
	const struct import_row *row = row_find(path);

	taking.row = row;
	taking.line = import_add(import, row == NULL ? IMPORT_UNKNOWN : row->fate, path,
		row == NULL ? SAY("ignored: Handle.net 9 has no such key",
				      "已忽略：Handle.net 9 没有此项")
			    : words_say(row->words));
	taking.line->line = item->line;
	if (row == NULL) {
		return; /* Its value may be a secret. */
	}
	if (row->how != HOW_SECRET) {
		taking.line->value = value_of(import, item);
	}
	taking.line->setting = row->setting;
	if (item->name.size > 0) {
		for (const struct handle_table *other = item->next; other != NULL;
			other = other->next) {
			if (bytes_equal(other->name, item->name)) {
				refuse(&taking,
					SAY("comes again further down; the last one counts",
						"下文重复出现；以最后一次为准"));
				return;
			}
		}
	}
	take(&taking);
}

void
import_take(struct import *import, const struct handle_table *table)
{
	const struct handle_table *item = table->first;

	while (item != NULL) {
		if (item->kind == HANDLE_TABLE_OBJECT && item->first != NULL) {
			item = item->first;
			continue;
		}
		item_take(import, item);
		while (item != NULL && item->next == NULL) {
			item = item->parent;
		}
		item = item == NULL ? NULL : item->next;
	}
}
