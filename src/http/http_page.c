/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_page.h"

#include "handle/handle_json.h"
#include "http/http_answer.h"
#include "http/http_route.h"
#include "http/http_url.h"

enum { VALUE_TEXT_SIZE_MAX = 4 * HANDLE_VALUE_DATA_SIZE_MAX };

void
http_html_write(struct text_writer *writer, struct bytes text)
{
	while (text.size > 0 && writer->status == STATUS_OK) {
		uint32_t character = 0;
		size_t size = bytes_utf8_first(text, &character);

		if (character == '<') {
			text_write_string(writer, "&lt;");
		} else if (character == '>') {
			text_write_string(writer, "&gt;");
		} else if (character == '&') {
			text_write_string(writer, "&amp;");
		} else if (character == '"') {
			text_write_string(writer, "&quot;");
		} else if (character == '\'') {
			text_write_string(writer, "&#39;");
		} else if (size == 0 || (character < 0x20 && character != '\n') ||
			(character >= 0x7f && character < 0xa0)) {
			text_write_string(writer, "\xef\xbf\xbd");
		} else {
			text_write(writer, bytes_slice(text, 0, size));
		}
		text = bytes_slice(text, size == 0 ? 1 : size, text.size);
	}
}

/* Thousandths of the quality of one item: 1000 without ";q=". */
static unsigned int
quality_of(struct bytes item)
{
	size_t at = bytes_find(item, '=');
	unsigned int quality = 0;
	unsigned int weight = 1000;

	if (at >= item.size) {
		return 1000;
	}
	for (at++; at < item.size && weight > 0; at++) {
		if (item.at[at] >= '0' && item.at[at] <= '9') {
			quality += (unsigned int)(item.at[at] - '0') * weight;
			weight /= 10;
		} else if (item.at[at] != '.') {
			break;
		}
	}
	return quality < 1000 ? quality : 1000;
}

bool
http_language_is_chinese(const char *accepted)
{
	struct bytes text =
		accepted == NULL ? (struct bytes){NULL, 0} : bytes_from_string(accepted);
	unsigned int chinese = 0;
	unsigned int english = 0;
	unsigned int place = 1000;

	while (text.size > 0 && place > 0) {
		size_t end = bytes_find(text, ',');
		struct bytes item = bytes_slice(text, 0, end);
		unsigned int rank;

		text = bytes_slice(text, end + 1, text.size);
		while (item.size > 0 && item.at[0] == ' ') {
			item = bytes_slice(item, 1, item.size);
		}
		/* Of two that are wanted alike, the first. */
		rank = quality_of(item) * 1000 + place--;
		if (bytes_start_with_fold(item, TEXT("zh")) && rank > chinese) {
			chinese = rank;
		} else if (bytes_start_with_fold(item, TEXT("en")) && rank > english) {
			english = rank;
		}
	}
	return chinese > english && chinese > 1000; /* More than "not at all". */
}

/* A page in the making. */
struct page {
	struct http_request *request;
	struct text_writer writer;
	bool is_chinese;
};

static const char *
say(const struct page *page, const char *english, const char *chinese)
{
	return page->is_chinese ? chinese : english;
}

static struct page
page_begin(struct http_request *request, struct bytes title)
{
	struct page page = {
		.request = request,
		.writer = text_writer_over(request->http->out, HTTP_ANSWER_SIZE_MAX),
		.is_chinese =
			http_language_is_chinese(http_request_header(request, "Accept-Language")),
	};
	struct text_writer *writer = &page.writer;

	text_write_string(writer, "<!DOCTYPE html>\n<html lang=\"");
	text_write_string(writer, say(&page, "en", "zh-CN"));
	text_write_string(writer,
		"\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n"
		"<link rel=\"stylesheet\" href=\"/static/houji.css\">\n<title>");
	http_html_write(writer, title);
	text_write_string(writer, "</title>\n</head>\n<body>\n<main>\n<h1>");
	http_html_write(writer, title);
	text_write_string(writer, "</h1>\n");
	return page;
}

static void
page_answer(struct page *page, unsigned int status)
{
	text_write_string(&page->writer, "</main>\n</body>\n</html>\n");
	if (text_writer_end(&page->writer) != STATUS_OK) {
		http_answer_code(page->request, 500, RESPONSE_ERROR,
			TEXT("The page is too large: ask for the record as JSON"),
			(struct bytes){NULL, 0});
		return;
	}
	http_answer(page->request,
		&(struct http_answer){
			.status = status, .type = "text/html;charset=utf-8", .is_page = true},
		text_written(&page->writer));
}

static void
cell_begin(struct page *page, const char *label)
{
	text_write_string(&page->writer, "<td data-label=\"");
	text_write_string(&page->writer, label);
	text_write_string(&page->writer, "\">");
}

/* Data of a known form as the JSON interface shows it. */
static void
data_write_json(struct page *page, const struct handle_value *value)
{
	char *room = arena_alloc(page->request->http->arena, VALUE_TEXT_SIZE_MAX);
	struct json_writer json = json_writer_over(room, room == NULL ? 0 : VALUE_TEXT_SIZE_MAX);

	json.is_pretty = true;
	json.hides_secrets = true;
	handle_value_write_json(&json, value);
	if (json_writer_end(&json) != STATUS_OK) {
		text_write_u64(&page->writer, value->data.size);
		text_write_string(&page->writer, say(page, " octets", " 字节"));
		return;
	}
	text_write_string(&page->writer, "<pre>");
	http_html_write(&page->writer, json_written(&json));
	text_write_string(&page->writer, "</pre>");
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
	return !bytes_start_with(value->type, TEXT("HS_")) && bytes_are_utf8(value->data);
}

static void
data_write(struct page *page, const struct handle_value *value)
{
	struct text_writer *writer = &page->writer;

	if (!data_is_plain(value)) {
		data_write_json(page, value);
	} else if (bytes_start_with(value->type, TEXT("URL")) && http_url_is_safe(value->data)) {
		text_write_string(writer, "<a rel=\"noreferrer\" href=\"");
		/* Encoded, nothing is left in it that a page could take for its own. */
		char *room = arena_alloc(page->request->http->arena, 3 * value->data.size + 1);
		struct text_writer url =
			text_writer_over(room, room == NULL ? 0 : 3 * value->data.size + 1);

		http_url_write(&url, value->data, (struct bytes){NULL, 0});
		http_html_write(writer, text_written(&url));
		text_write_string(writer, "\">");
		http_html_write(writer, value->data);
		text_write_string(writer, "</a>");
	} else {
		http_html_write(writer, value->data);
	}
}

static void
row_write(struct page *page, const struct handle_value *value)
{
	struct text_writer *writer = &page->writer;

	text_write_string(writer, "<tr>");
	cell_begin(page, say(page, "Index", "索引"));
	text_write_u64(writer, value->index);
	text_write_string(writer, "</td>");
	cell_begin(page, say(page, "Type", "类型"));
	http_html_write(writer, value->type);
	text_write_string(writer, "</td>");
	cell_begin(page, say(page, "Data", "数据"));
	data_write(page, value);
	text_write_string(writer, "</td>");
	cell_begin(page, say(page, "Changed", "更新时间"));
	text_write_time(writer, value->timestamp);
	text_write_string(writer, "</td></tr>\n");
}

static void
json_link_write(struct page *page, struct bytes name)
{
	struct text_writer *writer = &page->writer;
	char path[3 * HANDLE_NAME_SIZE_MAX];
	struct text_writer encoded = text_writer_over(path, sizeof(path));

	http_path_write(&encoded, name);
	text_write_string(writer, "<p><a href=\"/api/handles/");
	http_html_write(writer, text_written(&encoded));
	text_write_string(writer, "?pretty\">JSON</a></p>\n");
}

void
http_page_values(struct http_request *request, const struct http_resolved *resolved)
{
	struct page page = page_begin(request, resolved->name);
	struct text_writer *writer = &page.writer;
	struct wire_reader walk = handle_value_list_walk(&resolved->values);
	struct handle_value value;

	text_write_string(writer, "<table>\n<thead><tr><th scope=\"col\">");
	text_write_string(writer, say(&page, "Index", "索引"));
	text_write_string(writer, "</th><th scope=\"col\">");
	text_write_string(writer, say(&page, "Type", "类型"));
	text_write_string(writer, "</th><th scope=\"col\">");
	text_write_string(writer, say(&page, "Data", "数据"));
	text_write_string(writer, "</th><th scope=\"col\">");
	text_write_string(writer, say(&page, "Changed", "更新时间"));
	text_write_string(writer, "</th></tr></thead>\n<tbody>\n");
	while (handle_value_next(&walk, &value)) {
		row_write(&page, &value);
	}
	text_write_string(writer, "</tbody>\n</table>\n");
	json_link_write(&page, resolved->name);
	page_answer(&page, 200);
}

/* What to say of it, English first. */
static const char *
refusal_text(const struct page *page, enum response_code code)
{
	if (code == RESPONSE_HANDLE_NOT_FOUND) {
		return say(page, "This identifier is not registered.", "该标识未注册。");
	}
	if (code == RESPONSE_VALUES_NOT_FOUND) {
		return say(page,
			"This identifier has nothing of the kind asked for that everybody "
			"may see.",
			"该标识没有所请求的公开数据。");
	}
	if (code == RESPONSE_SERVER_NOT_RESPONSIBLE || code == RESPONSE_PREFIX_REFERRAL ||
		code == RESPONSE_SERVICE_REFERRAL) {
		return say(page, "Another node answers for this identifier.",
			"该标识由其他节点提供解析。");
	}
	if (code == RESPONSE_INVALID_HANDLE) {
		return say(page, "This is no identifier.", "这不是有效的标识。");
	}
	return say(page, "The identifier cannot be resolved now.", "目前无法解析该标识。");
}

void
http_page_refusal(struct http_request *request, unsigned int status, struct bytes name,
	enum response_code code)
{
	struct page page = page_begin(request, name.size == 0 ? TEXT("?") : name);

	text_write_string(&page.writer, "<p>");
	text_write_string(&page.writer, refusal_text(&page, code));
	text_write_string(&page.writer, "</p>\n");
	page_answer(&page, status);
}

void
http_page_tombstone(struct http_request *request, struct bytes name, struct bytes reason)
{
	struct page page = page_begin(request, name);

	text_write_string(&page.writer, "<p>");
	text_write_string(
		&page.writer, say(&page, "This identifier was withdrawn.", "该标识已停用。"));
	text_write_string(&page.writer, "</p>\n<p>");
	http_html_write(&page.writer, bytes_are_utf8(reason) ? reason : TEXT(""));
	text_write_string(&page.writer, "</p>\n");
	json_link_write(&page, name);
	page_answer(&page, 410);
}

void
http_start_get(struct http_request *request)
{
	struct page page = page_begin(request, TEXT("Houji 后稷"));

	text_write_string(&page.writer, "<p>");
	text_write_string(&page.writer,
		say(&page, "Put an identifier behind the slash of this address to resolve it.",
			"将标识写在本站地址的斜杠之后即可解析。"));
	text_write_string(&page.writer, "</p>\n");
	page_answer(&page, 200);
}

/* Readable on a phone: there, each cell is a line of its own with its label in front. */
void
http_style_get(struct http_request *request)
{
	static const char style[] =
		":root{color-scheme:light dark}\n"
		"body{font:1rem/1.5 system-ui,sans-serif;margin:0}\n"
		"main{max-width:60rem;margin:auto;padding:1rem}\n"
		"h1{font-size:1.4rem;overflow-wrap:anywhere}\n"
		"table{border-collapse:collapse;width:100%}\n"
		"th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;"
		"border-bottom:1px solid #8888}\n"
		"td{overflow-wrap:anywhere;white-space:pre-line}\n"
		"pre{margin:0;white-space:pre-wrap}\n"
		"@media(max-width:40rem){thead{display:none}tr{display:block;padding:.5rem 0}"
		"td{display:block;border:0;padding:.1rem 0}"
		"td::before{content:attr(data-label) \": \";font-weight:600}}\n";

	http_answer(request,
		&(struct http_answer){.status = 200,
			.type = "text/css;charset=utf-8",
			.is_shared = true,
			.max_age_s = 3600},
		bytes_from_string(style));
}
