/* SPDX-License-Identifier: Apache-2.0 */
#include "http/page/http_page_values.h"

#include "handle/handle_json.h"
#include "http/http_url.h"
#include "http/page/http_page.h"
#include "markup/markup_url.h"

/*
 * The values of a record as sections of a page: what it says, where it leads, who governs it.
 */
enum { VALUE_TEXT_SIZE_MAX = 4 * HANDLE_VALUE_DATA_SIZE_MAX };

enum group {
	GROUP_ATTRIBUTES,
	GROUP_LINKS,
	GROUP_ADMINISTRATION,
	GROUP_COUNT,
};

static const struct {
	const char *id;
	const char *english, *chinese;
} groups[GROUP_COUNT] = {
	{"attributes", "Attributes", "属性"},
	{"links", "Links", "链接"},
	{"administration", "Administration", "管理信息"},
};

/* Types that have a name in people's words. */
static const struct {
	const char *type;
	enum group group;
	const char *english, *chinese;
} known[] = {
	{"URL", GROUP_LINKS, "Address", "网址"},
	{"EMAIL", GROUP_LINKS, "E-mail", "邮箱"},
	{"HS_ALIAS", GROUP_LINKS, "Another name of", "别名指向"},
	{"10320/loc", GROUP_LINKS, "Places", "多处地址"},
	{"10320/headers", GROUP_LINKS, "Headers", "附加报头"},
	{"DESC", GROUP_ATTRIBUTES, "Description", "描述"},
	{"NAME", GROUP_ATTRIBUTES, "Name", "名称"},
	{"TITLE", GROUP_ATTRIBUTES, "Title", "标题"},
	{"name_zh", GROUP_ATTRIBUTES, "Name (Chinese)", "中文名称"},
	{"name_en", GROUP_ATTRIBUTES, "Name (English)", "英文名称"},
	{"IMAGE", GROUP_ATTRIBUTES, "Picture", "图片"},
	{"HS_ADMIN", GROUP_ADMINISTRATION, "Administrator", "管理员"},
	{"HS_VLIST", GROUP_ADMINISTRATION, "Group", "成员组"},
	{"HS_PUBKEY", GROUP_ADMINISTRATION, "Public key", "公钥"},
	{"HS_SITE", GROUP_ADMINISTRATION, "Site", "站点"},
	{"HS_SERV", GROUP_ADMINISTRATION, "Service", "服务"},
	{"HS_NAMESPACE", GROUP_ADMINISTRATION, "Prefix", "前缀说明"},
	{"HS_SIGNATURE", GROUP_ADMINISTRATION, "Signature", "签名"},
	{"HS_CERT", GROUP_ADMINISTRATION, "Certificate", "证书"},
};

/* Writing the sections of one page. */
struct sections {
	struct text_writer *writer;
	struct arena *arena;
	bool is_chinese;
	int64_t changed; /* When the newest value was: only what is older says so itself. */
};

static const char *
say(const struct sections *sections, const char *english, const char *chinese)
{
	return sections->is_chinese ? chinese : english;
}

/* Its row of the table, or the size of it. */
static size_t
known_find(struct bytes type)
{
	size_t i = 0;

	while (i < sizeof(known) / sizeof(known[0]) &&
		!handle_type_is(type, bytes_from_string(known[i].type))) {
		i++;
	}
	return i;
}

static enum group
group_of(struct bytes type)
{
	size_t i = known_find(type);

	if (i < sizeof(known) / sizeof(known[0])) {
		return known[i].group;
	}
	return bytes_start_with_fold(type, TEXT("HS_")) ? GROUP_ADMINISTRATION : GROUP_ATTRIBUTES;
}

/* Data of a known form as the JSON interface shows it. */
static void
data_write_json(const struct sections *sections, const struct handle_value *value)
{
	char *room = arena_alloc(sections->arena, VALUE_TEXT_SIZE_MAX);
	struct json_writer json = json_writer_over(room, room == NULL ? 0 : VALUE_TEXT_SIZE_MAX);

	json.is_pretty = true;
	json.hides_secrets = true;
	handle_value_write_json(&json, value);
	if (json_writer_end(&json) != STATUS_OK) {
		text_write_u64(sections->writer, value->data.size);
		text_write_string(sections->writer, say(sections, " octets", " 字节"));
		return;
	}
	text_write_string(sections->writer, "<pre>");
	http_html_write(sections->writer, json_written(&json));
	text_write_string(sections->writer, "</pre>");
}

static bool
data_is_plain(const struct handle_value *value)
{
	for (size_t i = 0; i < value->data.size; i++) {
		if (value->data.at[i] < 0x20 && value->data.at[i] != '\n' &&
			value->data.at[i] != '\r' && value->data.at[i] != '\t') {
			return false;
		}
	}
	return (!bytes_start_with(value->type, TEXT("HS_")) ||
		       bytes_equal_fold(value->type, TEXT("HS_ALIAS")) ||
		       bytes_equal_fold(value->type, TEXT("HS_NAMESPACE"))) &&
		bytes_are_utf8(value->data);
}

static void
link_write(const struct sections *sections, struct bytes url)
{
	struct text_writer *writer = sections->writer;
	size_t size = 3 * url.size + MARKUP_HOST_SIZE_MAX;
	char *room = arena_alloc(sections->arena, size);
	struct text_writer encoded = text_writer_over(room, room == NULL ? 0 : size);

	/* Encoded, nothing is left in it that a page could take for its own. */
	http_url_write(&encoded, url, (struct bytes){NULL, 0});
	text_write_string(writer, "<a rel=\"noreferrer\" href=\"");
	http_html_write(writer, text_written(&encoded));
	text_write_string(writer, "\">");
	/* Of a name beyond ASCII what it is, not what it looks like. */
	http_html_write(writer, markup_url_is_plain(url) ? url : text_written(&encoded));
	text_write_string(writer, "</a>");
}

static void
handle_link_write(const struct sections *sections, struct bytes handle)
{
	char path[3 * HANDLE_NAME_SIZE_MAX];
	struct text_writer encoded = text_writer_over(path, sizeof(path));

	http_path_write(&encoded, bytes_slice(handle, 0, HANDLE_NAME_SIZE_MAX));
	text_write_string(sections->writer, "<a href=\"/");
	http_html_write(sections->writer, text_written(&encoded));
	text_write_string(sections->writer, "?noredirect\">");
	http_html_write(sections->writer, handle);
	text_write_string(sections->writer, "</a>");
}

static void
data_write(const struct sections *sections, const struct handle_value *value)
{
	struct text_writer *writer = sections->writer;

	if (!data_is_plain(value)) {
		data_write_json(sections, value);
	} else if (http_url_is_safe(value->data)) {
		link_write(sections, value->data);
	} else if (bytes_equal_fold(value->type, TEXT("HS_ALIAS"))) {
		handle_link_write(sections, value->data);
	} else if (handle_type_is(value->type, TEXT("10320/loc")) ||
		handle_type_is(value->type, TEXT("10320/headers")) ||
		handle_type_is(value->type, TEXT("HS_NAMESPACE"))) {
		text_write_string(writer, "<pre>");
		http_html_write(writer, value->data);
		text_write_string(writer, "</pre>");
	} else {
		http_html_write(writer, value->data);
	}
}

/* The name in people's words, and the type behind it. */
static void
label_write(const struct sections *sections, const struct handle_value *value)
{
	struct text_writer *writer = sections->writer;
	size_t i = known_find(value->type);
	bool is_known = i < sizeof(known) / sizeof(known[0]);

	text_write_string(writer, "<dt>");
	if (is_known) {
		text_write_string(writer, say(sections, known[i].english, known[i].chinese));
	} else {
		http_html_write(writer, value->type);
	}
	text_write_string(writer, "<small>");
	if (is_known) {
		http_html_write(writer, value->type);
		text_write_string(writer, " · ");
	}
	text_write_string(writer, say(sections, "index ", "索引 "));
	text_write_u64(writer, value->index);
	text_write_string(writer, "</small></dt>");
}

static void
row_write(const struct sections *sections, const struct handle_value *value)
{
	struct text_writer *writer = sections->writer;

	text_write_string(writer, "<div>");
	label_write(sections, value);
	text_write_string(writer, "<dd>");
	data_write(sections, value);
	if (value->timestamp != sections->changed && value->timestamp > 0) {
		text_write_string(writer, "<small>");
		text_write_string(writer, say(sections, "changed ", "更新于 "));
		http_page_time_write(writer, value->timestamp);
		text_write_string(writer, "</small>");
	}
	text_write_string(writer, "</dd></div>\n");
}

static void
group_begin(const struct sections *sections, enum group group)
{
	struct text_writer *writer = sections->writer;
	bool is_folded = group == GROUP_ADMINISTRATION;

	if (is_folded) {
		text_write_string(writer, "<details class=\"group\"><summary><h2>");
	} else {
		text_write_string(writer, "<section class=\"group\" aria-labelledby=\"");
		text_write_string(writer, groups[group].id);
		text_write_string(writer, "\"><h2 id=\"");
		text_write_string(writer, groups[group].id);
		text_write_string(writer, "\">");
	}
	text_write_string(writer, say(sections, groups[group].english, groups[group].chinese));
	text_write_string(writer, is_folded ? "</h2></summary>\n<dl>\n" : "</h2>\n<dl>\n");
}

static void
group_write(
	const struct sections *sections, const struct handle_value_list *values, enum group group)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	bool is_begun = false;

	while (handle_value_next(&walk, &value)) {
		if (group_of(value.type) != group) {
			continue;
		}
		if (!is_begun) {
			group_begin(sections, group);
			is_begun = true;
		}
		row_write(sections, &value);
	}
	if (is_begun) {
		text_write_string(sections->writer,
			group == GROUP_ADMINISTRATION ? "</dl></details>\n" : "</dl></section>\n");
	}
}

void
http_page_values_write(struct text_writer *writer, const struct handle_value_list *values,
	bool is_chinese, struct arena *arena)
{
	const struct sections sections = {writer, arena, is_chinese, http_page_changed(values)};

	for (int group = 0; group < GROUP_COUNT; group++) {
		group_write(&sections, values, (enum group)group);
	}
}

/* As people write it, and still without doubt: 2026-11-28 03:44:23 UTC. */
void
http_page_time_write(struct text_writer *writer, int64_t seconds)
{
	char room[32];
	struct text_writer time = text_writer_over(room, sizeof(room));
	struct bytes text;

	text_write_time(&time, seconds);
	text = text_written(&time);
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] == 'Z') {
			text_write_string(writer, " UTC");
		} else {
			text_write_char(writer, text.at[i] == 'T' ? ' ' : (char)text.at[i]);
		}
	}
}

static bool
type_is_of(struct bytes type, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (handle_type_is(type, bytes_from_string(names[i]))) {
			return true;
		}
	}
	return false;
}

/* How much the type says what a reader of this language calls the thing; 0: it is no name. */
static unsigned int
name_rank(struct bytes type, bool is_chinese)
{
	static const char *const names[] = {
		"NAME", "TITLE", "LABEL", "productName", "名称", "标题", "产品名称"};
	bool is_zh = handle_type_is(type, TEXT("name_zh"));

	if (is_zh || handle_type_is(type, TEXT("name_en"))) {
		return is_zh == is_chinese ? 3 : 1;
	}
	return type_is_of(type, names, sizeof(names) / sizeof(names[0])) ? 2 : 0;
}

bool
http_page_name_find(const struct handle_value_list *values, bool is_chinese, struct bytes *ret_name)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	unsigned int best = 0;

	while (handle_value_next(&walk, &value)) {
		unsigned int rank = name_rank(value.type, is_chinese);

		if (rank > best && value.data.size > 0 &&
			value.data.size <= HTTP_PAGE_NAME_SIZE_MAX && bytes_are_utf8(value.data)) {
			*ret_name = value.data;
			best = rank;
		}
	}
	return best > 0;
}

/* Pictures are fetched by the reader's browser: of the web only, and not by ftp. */
bool
http_page_picture_find(const struct handle_value_list *values, struct bytes *ret_url)
{
	static const char *const names[] = {"IMAGE", "PICTURE", "PHOTO", "LOGO", "图片", "照片"};
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (type_is_of(value.type, names, sizeof(names) / sizeof(names[0])) &&
			value.data.size <= HTTP_PICTURE_URL_SIZE_MAX &&
			bytes_start_with_fold(value.data, TEXT("http")) &&
			http_url_is_safe(value.data)) {
			*ret_url = value.data;
			return true;
		}
	}
	return false;
}

bool
http_page_leads(const struct handle_value_list *values)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (handle_type_is(value.type, TEXT("10320/loc")) ||
			(handle_type_is(value.type, TEXT("URL")) && http_url_is_safe(value.data)) ||
			bytes_equal_fold(value.type, TEXT("HS_ALIAS"))) {
			return true;
		}
	}
	return false;
}

int64_t
http_page_changed(const struct handle_value_list *values)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	int64_t newest = 0;

	while (handle_value_next(&walk, &value)) {
		newest = value.timestamp > newest ? value.timestamp : newest;
	}
	return newest;
}
