/* SPDX-License-Identifier: Apache-2.0 */
#include "http/page/http_page.h"

#include "http/http_answer.h"
#include "http/http_route.h"
#include "http/http_url.h"
#include "http/page/http_page_values.h"
#include "http/page/http_theme.h"
#include "markup/markup_namespace.h"

enum { REFERER_SIZE_MAX = 512, NUMBER_SIZE_MAX = 32, STATIC_AGE_S = 3600 };

/* What stays as it is: ASCII but what has a meaning in HTML, and controls. */
static size_t
plain_size(struct bytes text)
{
	/* One bit for each octet below 128: all from the blank on but "&'<> and DEL, and line ends. */
	static const uint64_t low = 0xafffff3b00000400, high = 0x7fffffffffffffff;
	size_t size = 0;

	while (size < text.size && text.at[size] < 128 &&
		((((text.at[size] & 64) != 0 ? high : low) >> (text.at[size] & 63)) & 1) != 0) {
		size++;
	}
	return size;
}

void
http_html_write(struct text_writer *writer, struct bytes text)
{
	while (text.size > 0 && writer->status == STATUS_OK) {
		uint32_t character = 0;
		size_t size = plain_size(text);

		if (size > 0) {
			text_write(writer, bytes_slice(text, 0, size));
			text = bytes_slice(text, size, text.size);
			continue;
		}
		size = bytes_utf8_first(text, &character);
		if (size == 0 || (character < 0xa0 && !text_write_entity(writer, character))) {
			text_write_string(writer, "\xef\xbf\xbd");
		} else if (character >= 0xa0) {
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

/*
 * Pages
 */
struct page {
	struct http_request *request;
	const struct handle_value_list *values; /* NULL: there are none. */
	struct bytes picture;
	bool is_chinese;
	struct http_template_values fill;
};

static const char *
say(const struct page *page, const char *english, const char *chinese)
{
	return page->is_chinese ? chinese : english;
}

static void
set(struct page *page, enum http_variable variable, struct bytes text)
{
	page->fill.texts[variable] = text;
}

static void
set_flag(struct page *page, enum http_variable variable, bool is_set)
{
	set(page, variable, is_set ? TEXT("1") : (struct bytes){NULL, 0});
}

static void
picture_write(const struct page *page, struct text_writer *writer)
{
	if (page->picture.size == 0) {
		return;
	}
	text_write_string(
		writer, "<figure class=\"picture\"><img referrerpolicy=\"no-referrer\" alt=\"");
	text_write_string(writer, say(page, "Picture of what is identified", "标识对象的图片"));
	text_write_string(writer, "\" src=\"");
	http_html_write(writer, page->picture);
	text_write_string(writer, "\"></figure>");
}

static void
part_write(void *context, enum http_variable variable, struct text_writer *writer)
{
	struct page *page = context;

	if (variable == HTTP_VARIABLE_PICTURE) {
		picture_write(page, writer);
	} else if (variable == HTTP_VARIABLE_VALUES && page->values != NULL) {
		http_page_values_write(
			writer, page->values, page->is_chinese, page->request->http->arena);
	}
}

static struct page *
page_begin(struct http_request *request, struct bytes title)
{
	struct page *page = arena_alloc(request->http->arena, sizeof(*page));
	const char *referer = http_request_header(request, "Referer");

	if (page == NULL) {
		http_answer_code(request, 503, RESPONSE_SERVER_TOO_BUSY,
			TEXT("The record takes too much memory"), (struct bytes){NULL, 0});
		return NULL;
	}
	page->request = request;
	page->is_chinese =
		http_language_is_chinese(http_request_header(request, "Accept-Language"));
	page->fill.part = part_write;
	page->fill.context = page;
	set(page, HTTP_VARIABLE_LANG, page->is_chinese ? TEXT("zh-CN") : TEXT("en"));
	set_flag(page, HTTP_VARIABLE_CHINESE, page->is_chinese);
	set(page, HTTP_VARIABLE_TITLE, title);
	if (referer != NULL) {
		set(page, HTTP_VARIABLE_REFERER,
			bytes_slice(bytes_from_string(referer), 0, REFERER_SIZE_MAX));
	}
	return page;
}

static void
page_answer(struct page *page, enum http_page_kind kind, unsigned int status)
{
	struct http_request *request = page->request;
	struct text_writer writer = text_writer_over(request->http->out, HTTP_ANSWER_SIZE_MAX);
	const char *host = http_request_header(request, "Host");

	http_template_write(&writer, http_themes_page(request->http->settings->themes, host, kind),
		&page->fill);
	if (text_writer_end(&writer) != STATUS_OK) {
		http_answer_code(request, 500, RESPONSE_ERROR,
			TEXT("The page is too large: ask for the record as JSON"),
			(struct bytes){NULL, 0});
		return;
	}
	http_answer(request,
		&(struct http_answer){.status = status,
			.type = "text/html;charset=utf-8",
			.is_page = true,
			.picture = page->picture},
		text_written(&writer));
}

/* An address of this node about the handle; it lives as long as the request. */
static struct bytes
address_of(const struct page *page, const char *front, struct bytes name, const char *behind)
{
	size_t size = strlen(front) + 3 * name.size + strlen(behind);
	char *room = arena_alloc(page->request->http->arena, size + 1);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : size);

	text_write_string(&writer, front);
	http_path_write(&writer, name);
	text_write_string(&writer, behind);
	return text_written(&writer);
}

static struct bytes
number_of(const struct page *page, uint64_t number)
{
	char *room = arena_alloc(page->request->http->arena, NUMBER_SIZE_MAX);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : NUMBER_SIZE_MAX);

	text_write_u64(&writer, number);
	return text_written(&writer);
}

static struct bytes
time_of(const struct page *page, int64_t seconds)
{
	char *room = arena_alloc(page->request->http->arena, NUMBER_SIZE_MAX);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : NUMBER_SIZE_MAX);

	http_page_time_write(&writer, seconds);
	return text_written(&writer);
}

static void
provenance_fill(struct page *page, const struct http_resolved *resolved)
{
	int64_t changed_s = http_page_changed(&resolved->values);

	/* Values that were loaded from a file may not say when they were made; the ledger does. */
	changed_s = changed_s > 0 ? changed_s : resolved->changed_s;
	if (changed_s > 0) {
		set(page, HTTP_VARIABLE_CHANGED, time_of(page, changed_s));
	}
	set_flag(page, HTTP_VARIABLE_COMPUTED, resolved->is_computed);
	if (resolved->sequence > 0) {
		set(page, HTTP_VARIABLE_SEQUENCE, number_of(page, resolved->sequence));
		set_flag(page, HTTP_VARIABLE_SIGNED,
			resolved->sequence <= service_signed_size(page->request->http->service));
	}
}

void
http_page_values(struct http_request *request, const struct http_resolved *resolved)
{
	struct page *page = page_begin(request, resolved->name);
	struct bytes text;

	if (page == NULL) {
		return;
	}
	page->values = &resolved->values;
	set(page, HTTP_VARIABLE_HANDLE, resolved->name);
	if (http_page_name_find(&resolved->values, page->is_chinese, &text)) {
		set(page, HTTP_VARIABLE_NAME, text);
	}
	if (http_page_picture_find(&resolved->values, &text)) {
		page->picture = text;
	}
	provenance_fill(page, resolved);
	if (http_page_leads(&resolved->values)) {
		set(page, HTTP_VARIABLE_LEADS, address_of(page, "/", resolved->name, ""));
	}
	set(page, HTTP_VARIABLE_JSON_URL,
		address_of(page, "/api/handles/", resolved->name, "?pretty"));
	set(page, HTTP_VARIABLE_RAW_URL, address_of(page, "/", resolved->name, "?action=raw"));
	set(page, HTTP_VARIABLE_PLACES_URL,
		address_of(page, "/", resolved->name, "?action=showurls"));
	/* A code holds an address that others reach. */
	if (request->http->settings->base_url.size > 0) {
		set(page, HTTP_VARIABLE_QR_URL, address_of(page, "/qr/", resolved->name, ""));
	}
	page_answer(page, HTTP_PAGE_RECORD, 200);
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

/* What is common to all that went wrong. */
static struct page *
error_begin(struct http_request *request, unsigned int status, struct bytes name)
{
	struct page *page = page_begin(request, name.size == 0 ? TEXT("?") : name);
	size_t slash = bytes_find(name, '/');

	if (page == NULL) {
		return NULL;
	}
	set(page, HTTP_VARIABLE_HANDLE, name.size == 0 ? TEXT("?") : name);
	set(page, HTTP_VARIABLE_STATUS, number_of(page, status));
	set_flag(page, HTTP_VARIABLE_SERVER_ERROR, status >= 500);
	set_flag(page, HTTP_VARIABLE_PREFIX_ONLY, name.size > 0 && slash + 1 >= name.size);
	if (slash + 1 < name.size && name.at[name.size - 1] == '/') {
		set_flag(page, HTTP_VARIABLE_TRAILING_SLASH, true);
		set(page, HTTP_VARIABLE_NOSLASH_HANDLE_URL,
			address_of(page, "/", bytes_slice(name, 0, name.size - 1), ""));
	}
	return page;
}

static void
namespace_fill(struct page *page, const struct markup_element *namespace)
{
	struct bytes contact = markup_namespace_text(namespace, "contact");
	struct bytes message = markup_namespace_text(namespace, "statusmsg");

	set(page, HTTP_VARIABLE_NS_CONTACT, contact);
	set_flag(page, HTTP_VARIABLE_HAS_NS_CONTACT, contact.size > 0);
	set(page, HTTP_VARIABLE_NS_STATUS, markup_namespace_text(namespace, "status"));
	set(page, HTTP_VARIABLE_NS_STATUS_MSG, message);
	set_flag(page, HTTP_VARIABLE_HAS_NS_STATUS_MSG, message.size > 0);
}

void
http_page_inactive(
	struct http_request *request, struct bytes name, const struct markup_element *namespace)
{
	struct page *page = error_begin(request, 404, name);

	if (page != NULL) {
		namespace_fill(page, namespace);
		set(page, HTTP_VARIABLE_ERROR,
			bytes_from_string(say(page, "Identifiers of this prefix are not resolved.",
				"该前缀的标识已停止解析。")));
		page_answer(page, HTTP_PAGE_ERROR, 404);
	}
}

void
http_page_refusal(struct http_request *request, unsigned int status, struct bytes name,
	enum response_code code, const struct markup_element *namespace)
{
	struct page *page = error_begin(request, status, name);

	if (page != NULL) {
		if (namespace != NULL) {
			namespace_fill(page, namespace);
		}
		set(page, HTTP_VARIABLE_ERROR, bytes_from_string(refusal_text(page, code)));
		page_answer(page, HTTP_PAGE_ERROR, status);
	}
}

void
http_page_tombstone(struct http_request *request, struct bytes name, struct bytes reason)
{
	struct page *page = error_begin(request, 410, name);

	if (page != NULL) {
		set(page, HTTP_VARIABLE_ERROR,
			bytes_from_string(
				say(page, "This identifier was withdrawn.", "该标识已停用。")));
		if (bytes_are_utf8(reason)) {
			set(page, HTTP_VARIABLE_REASON, reason);
		}
		set(page, HTTP_VARIABLE_JSON_URL,
			address_of(page, "/api/handles/", name, "?pretty"));
		page_answer(page, HTTP_PAGE_ERROR, 410);
	}
}

void
http_page_leave(
	struct http_request *request, struct bytes name, struct bytes url, struct bytes host)
{
	struct page *page = page_begin(request, name);

	if (page != NULL) {
		set(page, HTTP_VARIABLE_HANDLE, name);
		set(page, HTTP_VARIABLE_DESTINATION, url);
		set(page, HTTP_VARIABLE_DESTINATION_HOST, host);
		set(page, HTTP_VARIABLE_VALUES_URL, address_of(page, "/", name, "?noredirect"));
		page_answer(page, HTTP_PAGE_LEAVE, 200);
	}
}

void
http_page_start(struct http_request *request)
{
	struct page *page = page_begin(request, TEXT("Houji 后稷"));

	if (page != NULL) {
		page_answer(page, HTTP_PAGE_START, 200);
	}
}

/* /static/NAME: a file of the theme. */
void
http_static_get(struct http_request *request)
{
	struct bytes name = bytes_slice(request->path, strlen("/static/"), request->path.size);
	struct bytes octets;
	const char *type;

	/* Its name for everybody who kept it. */
	name = bytes_equal(name, TEXT("houji.css")) ? TEXT("style.css") : name;
	if (!http_themes_file(request->http->settings->themes, http_request_header(request, "Host"),
		    name, &octets, &type)) {
		http_unknown_get(request);
		return;
	}
	http_answer(request,
		&(struct http_answer){.status = 200,
			.type = type,
			.is_static = true,
			.is_shared = true,
			.max_age_s = STATIC_AGE_S},
		octets);
}
