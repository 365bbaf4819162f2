/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "http/http_answer.h"
#include "http/http_gs1.h"
#include "http/http_linkset.h"
#include "http/http_locations.h"
#include "http/http_page.h"
#include "http/http_route.h"
#include "http/http_suffix.h"
#include "http/http_url.h"

/*
 * GET /HANDLE (http-api, 12): where a person or a program lands that follows an identifier. The
 * first URL of the record, the record an alias leads to, or the values as a page.
 */
enum { LOCATION_SIZE_MAX = 3 * 8192 };

/* A value under its type, and what follows from it. */
struct choice {
	struct handle_value value;
	bool is_found;
};

struct choices {
	struct choice url; /* The first URL, else the first URL.SOMETHING. */
	struct choice alias;
	struct choice locations;
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
choices_of(const struct handle_value_list *list)
{
	struct wire_reader walk = handle_value_list_walk(list);
	struct choice exact = {.is_found = false};
	struct choices choices = {.url = {.is_found = false}};
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		bool is_safe = http_url_is_safe(value.data);

		if (bytes_equal_fold(value.type, TEXT("URL")) && is_safe) {
			choose(&exact, &value);
		} else if (bytes_start_with_fold(value.type, TEXT("URL.")) && is_safe) {
			choose(&choices.url, &value);
		} else if (bytes_equal_fold(value.type, TEXT("HS_ALIAS"))) {
			choose(&choices.alias, &value);
		} else if (bytes_equal_fold(value.type, TEXT("10320/loc"))) {
			choose(&choices.locations, &value);
		}
	}
	if (exact.is_found) {
		choices.url = exact;
	}
	return choices;
}

/* `location` is printable ASCII: encoded before. */
static void
redirect(struct http_request *request, unsigned int status, const char *location, uint32_t age_s)
{
	struct text_writer writer = text_writer_over(request->http->out, HTTP_ANSWER_SIZE_MAX);
	struct bytes text = bytes_from_string(location);

	text_write_string(&writer,
		"<html><head><title>Handle Redirect</title></head>\n"
		"<body><a href=\"");
	http_html_write(&writer, text);
	text_write_string(&writer, "\">");
	http_html_write(&writer, text);
	text_write_string(&writer, "</a></body></html>");
	http_answer(request,
		&(struct http_answer){.status = status,
			.type = "text/html;charset=utf-8",
			.is_page = true,
			.is_shared = !request->is_chosen,
			.max_age_s = age_s,
			.location = location},
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

static void
url_follow(struct http_request *request, const struct http_resolved *resolved, struct bytes url,
	unsigned int status)
{
	char *room = arena_alloc(request->http->arena, LOCATION_SIZE_MAX + 1);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : LOCATION_SIZE_MAX);
	struct bytes append = {NULL, 0};
	const char *location;

	if (!http_parameter_find(&request->parameters, TEXT("urlappend"), &append)) {
		append = (struct bytes){NULL, 0};
	}
	http_url_write(&writer, url, append);
	location = location_end(request, &writer, room);
	if (location != NULL) {
		redirect(request,
			http_parameter_is_true(&request->parameters, TEXT("redirectionHeaders"))
				? 200
				: status,
			location, http_values_ttl(&resolved->values));
	}
}

/* URL values stand beside the locations, mostly without weight. */
static enum status
locations_of(struct http_request *request, const struct http_resolved *resolved,
	const struct handle_value *value, struct http_locations *locations)
{
	struct arena *arena = request->http->arena;
	struct wire_reader walk = handle_value_list_walk(&resolved->values);
	struct handle_value other;
	enum status status = http_locations_read(value->data, arena, locations);

	while (status == STATUS_OK && !locations->has_no_legacy &&
		handle_value_next(&walk, &other)) {
		if (bytes_equal_fold(other.type, TEXT("URL"))) {
			status = http_locations_add(locations, other.data, arena);
		}
	}
	return status;
}

/* False: there is none to follow. What one of several leads to is nobody's to keep. */
static bool
location_follow(struct http_request *request, const struct http_resolved *resolved,
	const struct handle_value *value)
{
	struct arena *arena = request->http->arena;
	struct http_locations *locations = arena_alloc(arena, sizeof(*locations));
	struct http_wish wish = {.parameters = &request->parameters};
	const struct http_location *location;
	char *room = arena_alloc(arena, LOCATION_SIZE_MAX);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : LOCATION_SIZE_MAX);

	if (locations == NULL || room == NULL ||
		locations_of(request, resolved, value, locations) != STATUS_OK) {
		return false;
	}
	address_octets(&request->connection->peer, wish.source);
	crypto_random(&wish.random, sizeof(wish.random));
	location = http_locations_choose(locations, &wish);
	if (location == NULL) {
		return false;
	}
	http_location_write(&writer, location, resolved->name);
	if (text_writer_end(&writer) != STATUS_OK || !http_url_is_safe(text_written(&writer))) {
		return false;
	}
	request->is_chosen = true;
	url_follow(request, resolved, text_written(&writer), http_location_status(location));
	return true;
}

/* To the same place with another name: whoever asks resolves it there, and an alias of an alias
 * costs a request each, never a loop here. */
static void
alias_follow(
	struct http_request *request, const struct http_resolved *resolved, struct bytes target)
{
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
		/* Clients of HTTP/1.0 may take "for ever" for longer than was meant. */
		redirect(request, request->is_old ? 302 : 301, location,
			http_values_ttl(&resolved->values));
	}
}

static bool
shows_values(const struct http_request *request)
{
	struct bytes action;

	return http_parameter_is_true(&request->parameters, TEXT("noredirect")) ||
		(http_parameter_find(&request->parameters, TEXT("action"), &action) &&
			bytes_equal_fold(action, TEXT("showvalues")));
}

static void
resolved_follow(struct http_request *request, const struct http_resolved *resolved)
{
	struct choices choices = choices_of(&resolved->values);
	bool ignores_aliases = http_parameter_is_true(&request->parameters, TEXT("ignore_aliases"));

	if (http_linkset_take(request, resolved)) {
		return;
	}
	if (shows_values(request) || (choices.alias.is_found && ignores_aliases)) {
		http_page_values(request, resolved);
	} else if (choices.alias.is_found &&
		!bytes_equal_fold(choices.alias.value.data, resolved->name)) {
		alias_follow(request, resolved, choices.alias.value.data);
	} else if (choices.locations.is_found &&
		location_follow(request, resolved, &choices.locations.value)) {
		return;
	} else if (choices.url.is_found) {
		url_follow(request, resolved, choices.url.value.data, 302);
	} else {
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

void
http_redirect_get(struct http_request *request)
{
	struct http_resolved resolved;
	struct request question;
	uint8_t *octets;

	if (http_gs1_is_path(request->path) && http_gs1_take(request)) {
		return;
	}
	request->rest = bytes_slice(request->path, 1, request->path.size);
	if (!http_resolution_take(request, &question)) {
		return;
	}
	octets = arena_alloc(request->http->arena, question.resolution.name.size + 1);
	if (octets != NULL) {
		question.resolution.name = handle_without_scheme(question.resolution.name, octets);
	}
	question.message.header.flags |= MESSAGE_FLAG_PUBLIC_ONLY;
	http_resolve(request, &question, &resolved);
	if (resolved.code == RESPONSE_SUCCESS) {
		resolved_follow(request, &resolved);
	} else if (resolved.code != RESPONSE_HANDLE_NOT_FOUND ||
		!http_suffix_take(request, resolved.name)) {
		http_page_refusal(request, refusal_status(resolved.code, request->is_tls),
			resolved.name, resolved.code);
	}
}
