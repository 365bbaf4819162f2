/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_redirect.h"

#include "base/address.h"
#include "crypto/crypto.h"
#include "http/http_answer.h"
#include "http/http_elsewhere.h"
#include "http/http_route.h"
#include "http/http_url.h"
#include "http/page/http_page.h"
#include "http/redirect/http_choose.h"
#include "http/redirect/http_gather.h"
#include "http/redirect/http_gs1.h"
#include "http/redirect/http_leave.h"
#include "http/redirect/http_linkset.h"
#include "http/redirect/http_suffix.h"
#include "markup/markup_headers.h"
#include "markup/markup_url.h"

/*
 * GET and POST /HANDLE (http-api, 12): where a person or a program lands that follows an
 * identifier. A place of the record, the record an alias leads to, or the values as a page.
 */
enum { LOCATION_SIZE_MAX = 3 * 8192, HEADER_COUNT_MAX = MARKUP_LINE_COUNT_MAX };

/* A value under its type. */
struct choice {
	struct handle_value value;
	bool is_found;
};

struct choices {
	struct choice url; /* The first URL, else the first URL.SOMETHING. */
	struct choice alias;
};

enum action {
	ACTION_REDIRECT,
	ACTION_VALUES,
	ACTION_URLS,
	ACTION_API,
	ACTION_RAW,
};

/* One request on its way. */
struct following {
	struct http_request *request;
	const struct http_resolved *resolved;
	struct http_prefix prefix;
	struct http_gathering *gathering; /* NULL while nothing was gathered. */
	uint32_t ttl_s;
};

/* Old ways to write a handle as an address; of those with `urn:` the next colon is the slash. */
static struct bytes
handle_without_scheme(struct bytes name, uint8_t *octets)
{
	static const char *const schemes[] = {"hdl:", "doi:", "info:hdl/", "info:doi/"};
	static const char *const urns[] = {"urn:hdl:", "urn:doi:", "urn:eidr:"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct bytes scheme = bytes_from_string(schemes[i]);

		if (bytes_start_with_fold(name, scheme)) {
			return bytes_slice(name, scheme.size, name.size);
		}
	}
	for (size_t i = 0; i < sizeof(urns) / sizeof(urns[0]); i++) {
		struct bytes scheme = bytes_from_string(urns[i]);

		if (bytes_start_with_fold(name, scheme)) {
			size_t colon;

			name = bytes_slice(name, scheme.size, name.size);
			colon = bytes_find(name, ':');
			if (bytes_find(name, '/') == name.size && colon < name.size) {
				memcpy(octets, name.at, name.size);
				octets[colon] = '/';
				name = bytes_over(octets, name.size);
			}
			return name;
		}
	}
	return name;
}

static void
choose(struct choice *choice, const struct handle_value *value)
{
	if (!choice->is_found) {
		*choice = (struct choice){*value, true};
	}
}

static struct choices
choices_of(const struct http_request *request, const struct http_resolved *resolved)
{
	struct wire_reader walk = handle_value_list_walk(&resolved->values);
	struct choice exact = {.is_found = false};
	struct choices choices = {.url = {.is_found = false}};
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		struct choice *choice = bytes_equal_fold(value.type, TEXT("URL")) ? &exact
			: bytes_start_with_fold(value.type, TEXT("URL."))	  ? &choices.url
										  : NULL;

		if (choice != NULL && !choice->is_found &&
			http_leads_to(request, resolved->name, value.data)) {
			choose(choice, &value);
		} else if (bytes_equal_fold(value.type, TEXT("HS_ALIAS"))) {
			choose(&choices.alias, &value);
		}
	}
	if (exact.is_found) {
		choices.url = exact;
	}
	return choices;
}

/*
 * What a record adds to the answer (10320/headers)
 */
struct lines {
	struct text_writer writer; /* Names and values of headers, each with a NUL. */
	size_t count;
	struct http_line items[HEADER_COUNT_MAX];
};

/* A copy with a NUL; NULL when there is no room. */
static const char *
lines_keep(struct lines *lines, struct bytes text)
{
	const char *start = lines->writer.next;

	text_write(&lines->writer, text);
	text_write_char(&lines->writer, '\0');
	return lines->writer.status == STATUS_OK ? start : NULL;
}

static void
lines_add(struct lines *lines, struct bytes line, struct bytes handle)
{
	char room[MARKUP_LINE_SIZE_MAX];
	struct text_writer writer = text_writer_over(room, sizeof(room));
	struct bytes name, value;

	if (lines->count < HEADER_COUNT_MAX &&
		markup_header_write(&writer, line, handle, &name, &value) == STATUS_OK) {
		struct http_line *item = &lines->items[lines->count];

		item->name = lines_keep(lines, name);
		item->value = item->name == NULL ? NULL : lines_keep(lines, value);
		lines->count += item->value != NULL;
	}
}

/* Lines of one kind, for headers or for the head of the page. */
static void
lines_take(const struct following *following, enum markup_line_kind wanted, struct lines *lines,
	struct text_writer *head)
{
	const struct http_gathering *gathering = following->gathering;

	for (size_t i = 0; gathering != NULL && i < gathering->line_count; i++) {
		struct bytes rest = gathering->lines[i];
		enum markup_line_kind kind;
		struct bytes line;
		size_t count = 0;

		while (count++ < MARKUP_LINE_COUNT_MAX && markup_line_next(&rest, &line)) {
			if (markup_line_check(line, &kind, NULL) != STATUS_OK || kind != wanted) {
				continue;
			}
			if (kind == MARKUP_LINE_HEADER) {
				lines_add(lines, line, following->resolved->name);
			} else {
				markup_head_write(head, line, following->resolved->name);
			}
		}
	}
}

static bool
has_lines(const struct following *following)
{
	return following->gathering != NULL && following->gathering->line_count > 0;
}

/*
 * Redirects
 */

/* `location` is printable ASCII: encoded before. */
static void
redirect(const struct following *following, unsigned int status, const char *location)
{
	struct http_request *request = following->request;
	struct text_writer writer = text_writer_over(request->http->out, HTTP_ANSWER_SIZE_MAX);
	struct bytes text = bytes_from_string(location);
	struct bytes written;
	struct lines lines __attribute__((uninitialized)); /* Read as far as they are counted. */

	lines.count = 0;
	text_write_string(&writer, "<html><head><title>Handle Redirect</title>");
	if (has_lines(following)) {
		char *room = arena_alloc(request->http->arena, HTTP_HEADERS_SIZE_MAX);

		lines.writer = text_writer_over(room, room == NULL ? 0 : HTTP_HEADERS_SIZE_MAX);
		text_write_char(&writer, '\n');
		lines_take(following, MARKUP_LINE_HEAD, NULL, &writer);
		lines_take(following, MARKUP_LINE_HEADER, &lines, NULL);
	}
	text_write_string(&writer, "</head>\n<body><a href=\"");
	written.at = (const uint8_t *)writer.next;
	http_html_write(&writer, text);
	written.size = (size_t)(writer.next - (const char *)written.at);
	text_write_string(&writer, "\">");
	text_write(&writer, written);
	text_write_string(&writer, "</a></body></html>");
	http_answer(request,
		&(struct http_answer){.status = status,
			.type = "text/html;charset=utf-8",
			.is_page = true,
			.is_shared = !request->is_chosen,
			.max_age_s = following->ttl_s,
			.location = location,
			.is_chosen_by_accept = following->gathering != NULL &&
				http_locations_vary(&following->gathering->locations),
			.lines = lines.items,
			.line_count = lines.count},
		text_written(&writer));
}

static char *
location_end(struct http_request *request, struct text_writer *writer, char *room)
{
	if (room == NULL || text_writer_end(writer) != STATUS_OK) {
		http_answer_wrong(request, "The address", (struct bytes){NULL, 0},
			"that this leads to is too long");
		return NULL;
	}
	*writer->next = '\0';
	return room;
}

/* Clients of HTTP/1.0 know 301 and 302; and take "for ever" for longer than was meant, where it was
 * not the record that said it. */
static unsigned int
status_for(const struct http_request *request, unsigned int status)
{
	struct bytes ignored;

	if (http_parameter_find(&request->parameters, TEXT("redirectionHeaders"), &ignored)) {
		return 200;
	}
	return request->is_old && status != 301 ? 302 : status;
}

static void
url_follow(const struct following *following, struct bytes url, unsigned int status)
{
	struct http_request *request = following->request;
	struct bytes append = {NULL, 0};
	struct text_writer writer;
	const char *location;
	size_t size;
	char *room;

	if (!http_parameter_find(&request->parameters, TEXT("urlappend"), &append)) {
		append = (struct bytes){NULL, 0};
	}
	/* Each octet may become an escape, a host its A-labels, and a slash may come between. */
	size = 3 * (url.size + append.size) + MARKUP_HOST_SIZE_MAX;
	size = size < LOCATION_SIZE_MAX ? size : LOCATION_SIZE_MAX;
	room = arena_alloc(request->http->arena, size + 1);
	writer = text_writer_over(room, room == NULL ? 0 : size);
	http_url_write(&writer, url, append);
	location = location_end(request, &writer, room);
	if (location != NULL && !http_leave_take(request, following->resolved->name, location)) {
		redirect(following, status_for(request, status), location);
	}
}

static bool
action_is(const struct http_request *request, struct bytes action)
{
	struct bytes found;

	return http_parameter_find(&request->parameters, TEXT("action"), &found) &&
		bytes_equal_fold(found, action);
}

/* The address whose country counts. */
static void
wish_place(struct http_wish *wish, const struct http_request *request)
{
	struct address address;
	struct bytes text;

	memcpy(wish->place, wish->source, sizeof(wish->place));
	if (http_parameter_find(&request->parameters, TEXT("ip"), &text) &&
		address_parse(text, 0, &address) == STATUS_OK) {
		address_octets(&address, wish->place);
	}
}

static void
wish_fill(struct http_wish *wish, const struct http_request *request)
{
	const struct http_wish_headers headers = {
		.accept = http_request_header(request, "Accept"),
		.accept_language = http_request_header(request, "Accept-Language"),
		.user_agent = http_request_header(request, "User-Agent"),
		.is_metadata = action_is(request, TEXT("metadata")),
	};
	struct bytes want;
	size_t at = 0;

	while (http_parameter_next(&request->parameters, TEXT("locatt"), &at, &want)) {
		http_wish_add(wish, want);
	}
	http_wish_add_headers(wish, &headers, request->http->arena);
	if (!http_parameter_find(&request->parameters, TEXT("country"), &wish->country)) {
		wish->country = (struct bytes){NULL, 0};
	}
	address_octets(request->asker, wish->source);
	wish_place(wish, request);
	wish->countries = request->http->settings->countries;
	crypto_random(&wish->random, sizeof(wish->random));
}

/* Without those that nobody is led to: the others are chosen from. */
static void
places_keep(struct following *following, char *room)
{
	struct http_locations *locations = &following->gathering->locations;
	size_t count = 0;

	for (size_t i = 0; i < locations->count; i++) {
		struct text_writer writer = text_writer_over(room, LOCATION_SIZE_MAX);

		http_location_write(&writer, &locations->items[i], following->resolved->name);
		if (http_leads_to(
			    following->request, following->resolved->name, text_written(&writer))) {
			locations->items[count++] = locations->items[i];
		}
	}
	locations->count = count;
}

/* False: there is none to follow. What one of several leads to is nobody's to keep. */
static bool
place_follow(struct following *following)
{
	struct http_request *request = following->request;
	struct arena *arena = request->http->arena;
	const struct http_locations *locations = &following->gathering->locations;
	struct http_wish *wish = arena_alloc(arena, sizeof(*wish));
	char *room = arena_alloc(arena, LOCATION_SIZE_MAX);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : LOCATION_SIZE_MAX);
	const struct http_location *location;

	if (wish == NULL || room == NULL) {
		return false;
	}
	wish_fill(wish, request);
	if (http_destinations_of(request) != NULL) {
		places_keep(following, room);
	}
	location = http_locations_choose(locations, wish);
	if (location == NULL) {
		return false;
	}
	http_location_write(&writer, location, following->resolved->name);
	if (text_writer_end(&writer) != STATUS_OK ||
		!http_leads_to(request, following->resolved->name, text_written(&writer))) {
		return false;
	}
	request->is_chosen = locations->count > 1;
	url_follow(following, text_written(&writer), http_location_status(location));
	return true;
}

/* To the same place with another name: whoever asks resolves it there, and an alias of an alias
 * costs a request each, never a loop here. */
static void
alias_follow(const struct following *following, struct bytes target)
{
	struct http_request *request = following->request;
	char *room = arena_alloc(request->http->arena, LOCATION_SIZE_MAX + 1);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : LOCATION_SIZE_MAX);
	const char *location;

	text_write_char(&writer, '/');
	http_path_write(&writer, target);
	if (request->query.size > 0) {
		text_write_char(&writer, '?');
		http_query_write(&writer, request->query);
	}
	location = location_end(request, &writer, room);
	if (location != NULL) {
		redirect(following, request->is_old ? 302 : 301, location);
	}
}

/*
 * What is asked for
 */
static enum action
action_of(const struct http_request *request)
{
	if (http_parameter_is_true(&request->parameters, TEXT("noredirect")) ||
		action_is(request, TEXT("showvalues"))) {
		return ACTION_VALUES;
	}
	if (action_is(request, TEXT("showurls"))) {
		return ACTION_URLS;
	}
	if (action_is(request, TEXT("raw"))) {
		return ACTION_RAW;
	}
	return action_is(request, TEXT("api")) ? ACTION_API : ACTION_REDIRECT;
}

/* Mostly a record has nothing but its URL, and its prefix says nothing of places. */
static bool
needs_gathering(const struct following *following)
{
	struct wire_reader walk = handle_value_list_walk(&following->resolved->values);
	struct handle_value value;

	if (following->prefix.count > 0) {
		return true;
	}
	while (handle_value_next(&walk, &value)) {
		if (bytes_start_with(value.type, TEXT("10320/"))) {
			return true;
		}
	}
	return false;
}

/* The places that count, or the first URL; false when the record leads nowhere. */
static bool
places_follow(struct following *following, const struct choices *choices)
{
	if (following->gathering != NULL && following->gathering->has_places &&
		place_follow(following)) {
		return true;
	}
	if (choices->url.is_found) {
		url_follow(following, choices->url.value.data, 302);
		return true;
	}
	return false;
}

static bool
gather(struct following *following)
{
	following->gathering =
		http_gather(following->request, following->resolved, &following->prefix);
	if (following->gathering != NULL && following->gathering->ttl_s < following->ttl_s) {
		following->ttl_s = following->gathering->ttl_s;
	}
	return following->gathering != NULL;
}

static void
record_follow(struct following *following, enum action action)
{
	struct http_request *request = following->request;
	const struct http_resolved *resolved = following->resolved;
	struct choices choices = choices_of(request, resolved);
	bool ignores_aliases = http_parameter_is_true(&request->parameters, TEXT("ignore_aliases"));

	if (http_linkset_take(request, resolved)) {
		return;
	}
	if (action == ACTION_RAW) {
		http_raw_show(request, resolved);
		return;
	}
	if (action == ACTION_VALUES || (choices.alias.is_found && ignores_aliases)) {
		http_page_values(request, resolved);
		return;
	}
	if (choices.alias.is_found && !bytes_equal_fold(choices.alias.value.data, resolved->name)) {
		alias_follow(following, choices.alias.value.data);
		return;
	}
	if ((action == ACTION_URLS || needs_gathering(following)) && !gather(following)) {
		http_page_refusal(request, 503, resolved->name, RESPONSE_SERVER_TOO_BUSY, NULL);
	} else if (http_elsewhere_fetch(request)) {
		return;
	} else if (action == ACTION_URLS) {
		http_urls_show(request, resolved, following->gathering);
	} else if (!places_follow(following, &choices)) {
		http_page_values(request, resolved);
	}
}

/* An address that leads nowhere is "not found" for a person, whoever's fault it is. */
static unsigned int
refusal_status(enum response_code code, bool is_tls)
{
	unsigned int status = http_status_of(code, HTTP_OUTCOME_RESOLVED, is_tls);

	return code == RESPONSE_SERVER_NOT_RESPONSIBLE || status == 300 ? 404 : status;
}

static void
resolved_follow(struct http_request *request, const struct http_resolved *resolved)
{
	struct following following = {.request = request, .resolved = resolved};
	enum action action = action_of(request);

	if (action == ACTION_API) {
		http_resolution_answer(request, resolved, true);
		return;
	}
	http_prefix_read(request, resolved, &following.prefix);
	if (http_elsewhere_fetch(request)) {
		return; /* What its prefix says comes first. */
	}
	following.ttl_s = http_values_ttl(&resolved->values);
	if (following.prefix.count > 0 && !markup_namespace_is_active(following.prefix.roots[0])) {
		http_page_inactive(request, resolved->name, following.prefix.roots[0]);
	} else if (resolved->code == RESPONSE_SUCCESS) {
		record_follow(&following, action);
	} else if (resolved->code != RESPONSE_HANDLE_NOT_FOUND ||
		!http_suffix_take(request, resolved->name)) {
		http_page_refusal(request, refusal_status(resolved->code, request->is_tls),
			resolved->name, resolved->code,
			following.prefix.count > 0 ? following.prefix.roots[0] : NULL);
	}
}

/*
 * The request
 */

/* A form that was sent stands behind the parameters of the address. */
static bool
form_take(struct http_request *request)
{
	const char *type = http_request_header(request, "Content-Type");
	struct bytes form = TEXT("application/x-www-form-urlencoded");
	struct http_parameters more;
	struct http_parameters *parameters = &request->parameters;
	struct http_parameter *items;

	if (request->body.size == 0 || type == NULL ||
		!bytes_start_with_fold(bytes_from_string(type), form)) {
		return true;
	}
	if (http_parameters_read(request->body, request->http->arena, &more) != STATUS_OK) {
		http_answer_wrong(request, "The form", (struct bytes){NULL, 0},
			"has more than 256 fields, or a % without two hex digits behind it");
		return false;
	}
	items = arena_alloc_array(
		request->http->arena, parameters->count + more.count + 1, sizeof(items[0]));
	if (items == NULL) {
		return false;
	}
	if (parameters->count > 0) {
		memcpy(items, parameters->items, parameters->count * sizeof(items[0]));
	}
	if (more.count > 0) {
		memcpy(items + parameters->count, more.items, more.count * sizeof(items[0]));
	}
	parameters->items = items;
	parameters->count += more.count;
	return true;
}

/* Here `;` parts parameters as `&` does. */
static bool
parameters_take(struct http_request *request)
{
	struct bytes query = request->query;
	struct bytes copy = query;

	if (bytes_find(query, ';') < query.size) {
		copy = arena_copy(request->http->arena, query);
		for (size_t i = 0; i < copy.size && copy.at != NULL; i++) {
			uint8_t *octet = (uint8_t *)(uintptr_t)copy.at + i;

			*octet = *octet == ';' ? '&' : *octet;
		}
		request->query = copy.at == NULL ? query : copy;
		if (!http_parameters_take(request)) {
			return false;
		}
		request->query = query;
	}
	return form_take(request);
}

/* The question that the handle of the path or of the form stands for. */
static void
question_complete(struct http_request *request, struct request *question)
{
	struct bytes ignored;
	uint8_t *octets = arena_alloc(request->http->arena, question->resolution.name.size + 1);

	if (octets != NULL) {
		question->resolution.name =
			handle_without_scheme(question->resolution.name, octets);
	}
	question->message.header.flags |= MESSAGE_FLAG_PUBLIC_ONLY;
	if (http_parameter_find(&request->parameters, TEXT("auth"), &ignored) ||
		http_parameter_find(&request->parameters, TEXT("cert"), &ignored)) {
		question->message.header.flags |= MESSAGE_FLAG_AUTHORITATIVE;
	}
}

/* The handle that the form of the first page asks for; empty: none. */
static struct bytes
handle_asked(const struct http_request *request)
{
	struct bytes handle;

	return http_parameter_find(&request->parameters, TEXT("hdl"), &handle)
		? markup_trim(handle)
		: (struct bytes){NULL, 0};
}

static void
handle_follow(struct http_request *request, struct request *question)
{
	struct http_resolved resolved;

	question_complete(request, question);
	http_find_asked(request, question, &resolved);
	if (!http_elsewhere_fetch(request)) {
		resolved_follow(request, &resolved);
	}
}

void
http_redirect_get(struct http_request *request)
{
	struct request question;

	if (http_gs1_is_path(request->path) && http_gs1_take(request)) {
		return;
	}
	request->rest = bytes_slice(request->path, 1, request->path.size);
	if (parameters_take(request) && http_resolution_take(request, &question)) {
		handle_follow(request, &question);
	}
}

/* True if a parameter or a form asks for a handle, `hdl`, and it was answered. */
static bool
asked_follow(struct http_request *request)
{
	struct request question;
	struct bytes handle;

	if (!parameters_take(request)) {
		return true;
	}
	if (!http_parameter_find(&request->parameters, TEXT("hdl"), &handle) || handle.size == 0) {
		return false;
	}
	handle = handle_asked(request);
	if (handle.size > HANDLE_NAME_SIZE_MAX || !bytes_are_utf8(handle)) {
		http_answer_wrong(request, "hdl", handle, "is no handle");
	} else if (http_filter_take(request, &question)) {
		question.resolution.name = handle;
		handle_follow(request, &question);
	}
	return true;
}

void
http_start_get(struct http_request *request)
{
	if (!asked_follow(request)) {
		http_page_start(request);
	}
}
