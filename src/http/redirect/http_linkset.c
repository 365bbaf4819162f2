/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_linkset.h"

#include "http/http_accept.h"
#include "http/http_answer.h"
#include "http/http_elsewhere.h"
#include "http/http_url.h"
#include "http/page/http_page.h"
#include "http/redirect/http_leave.h"
#include "http/redirect/http_mappings.h"

#define LINKSET_TYPE "application/linkset+json"

enum { HEADER_LINK_SIZE_MAX = 64 }; /* But for its target: relation, kind, brackets. */

/* With its links, this says what each name of a linkset means (GS1-Conformant Resolver 1.2). */
static const char context_header[] =
	"<https://ref.gs1.org/standards/resolver/linkset-context>; "
	"rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\"";

struct bytes
http_address_write(struct http_request *request, const char *front, struct bytes encoded_path)
{
	struct bytes base = request->http->settings->base_url;
	size_t size = base.size + strlen(front) + encoded_path.size;
	char *room = arena_alloc(request->http->arena, size);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : size);

	text_write(&writer, base);
	text_write_string(&writer, front);
	text_write(&writer, encoded_path);
	return text_writer_end(&writer) == STATUS_OK ? text_written(&writer)
						     : (struct bytes){NULL, 0};
}

/* As a part of a path; empty: memory is short. */
static struct bytes
path_of(struct http_request *request, struct bytes handle)
{
	char *room = arena_alloc(request->http->arena, 3 * handle.size);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : 3 * handle.size);

	http_path_write(&writer, handle);
	return text_written(&writer);
}

struct bytes
http_handle_address(struct http_request *request, struct bytes handle)
{
	struct bytes path = path_of(request, handle);

	return path.size == 0 ? path : http_address_write(request, "/", path);
}

/*
 * Linksets
 */
/* What has no name for linksets gets them as what it does know: a browser shows JSON, and would
 * only offer to keep the other. */
static const char *
linkset_type(const struct http_request *request)
{
	const char *accepted = http_request_header(request, "Accept");

	return http_accept_names(accepted, TEXT(LINKSET_TYPE)) ||
			(!http_accept_names(accepted, TEXT("text/html")) &&
				!http_accept_names(accepted, TEXT("application/json")))
		? LINKSET_TYPE
		: "application/json";
}

static void
linkset_answer(struct http_request *request, unsigned int status, const struct http_levels *levels,
	const struct http_link *like)
{
	struct http_json json;
	struct json_writer *writer = http_json_begin(request, &json);

	json_write_object(writer);
	json_write_name(writer, "linkset");
	json_write_array(writer);
	for (size_t i = 0; i < levels->count; i++) {
		http_links_write_json(
			writer, levels->items[i].anchor, levels->items[i].links, like);
	}
	json_write_array_end(writer);
	json_write_object_end(writer);
	request->link = context_header;
	http_json_answer(request, &json,
		&(struct http_answer){.status = status,
			.type = linkset_type(request),
			.is_shared = true,
			.max_age_s = levels->age_s});
}

/* Asked for by name, or by a header that would rather have it than a page. */
static bool
linkset_is_wanted(const struct http_request *request)
{
	const char *accepted = http_request_header(request, "Accept");
	struct bytes type;

	if (http_parameter_find(&request->parameters, TEXT("linkType"), &type)) {
		return bytes_equal_fold(type, TEXT("linkset")) ||
			bytes_equal_fold(type, TEXT("all"));
	}
	return http_accept_names(accepted, TEXT(LINKSET_TYPE)) &&
		http_accept_type(accepted, TEXT(LINKSET_TYPE)) >=
		http_accept_type(accepted, TEXT("text/html"));
}

/*
 * One link
 */

static const char *
location_of(struct http_request *request, const struct http_link *link)
{
	size_t capacity = HTTP_LINK_TARGET_SIZE_MAX;
	char *room = arena_alloc(request->http->arena, capacity + 1);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : capacity);

	http_link_write_location(&writer, link, request->query);
	if (text_writer_end(&writer) != STATUS_OK) {
		return NULL;
	}
	*writer.next = '\0';
	return room;
}

static void
follow(struct http_request *request, const struct http_link *link, const struct http_level *level,
	uint32_t age_s)
{
	const char *location = location_of(request, link);

	if (location == NULL) {
		http_answer_wrong(request, "The address", (struct bytes){NULL, 0},
			"that this leads to is too long");
		return;
	}
	if (http_leave_take(request, level->handle, location)) {
		return;
	}
	http_answer(request,
		&(struct http_answer){.status = 307,
			.type = "text/plain;charset=utf-8",
			.is_shared = true,
			.max_age_s = age_s,
			.location = location},
		bytes_from_string(location));
}

/* A header that takes everything says nothing. */
static const char *
wish_of(const struct http_request *request, const char *name, const char *everything)
{
	const char *header = http_request_header(request, name);

	return header == NULL || strcmp(header, everything) == 0 ? NULL : header;
}

static struct http_link_wish
wish_make(const struct http_request *request, struct bytes relation)
{
	struct http_link_wish wish = {
		.relation = relation,
		.languages = wish_of(request, "Accept-Language", "*"),
		.types = wish_of(request, "Accept", "*/*"),
	};

	if (!http_parameter_find(&request->parameters, TEXT("context"), &wish.context)) {
		wish.context = (struct bytes){NULL, 0};
	}
	return wish;
}

/* The first level that has a link of this relation; false: none has. */
static bool
relation_follow(
	struct http_request *request, const struct http_levels *levels, struct bytes relation)
{
	struct http_link_wish wish = wish_make(request, relation);

	for (size_t i = 0; i < levels->count; i++) {
		struct http_link_choice choice = http_links_choose(levels->items[i].links, &wish);
		struct http_levels one = {1, &levels->items[i], levels->age_s};

		if (choice.link != NULL && choice.equal_count > 1) {
			linkset_answer(request, 300, &one, choice.link);
		} else if (choice.link != NULL) {
			follow(request, choice.link, &levels->items[i], levels->age_s);
		}
		if (choice.link != NULL) {
			return true;
		}
	}
	return false;
}

bool
http_levels_lead(struct http_request *request, const struct http_levels *levels)
{
	struct http_link_wish wish = wish_make(request, TEXT(HTTP_RELATION_DEFAULT_MULTI));

	for (size_t i = 0; i < levels->count; i++) {
		const struct http_links *links = levels->items[i].links;
		struct http_link_choice choice = http_links_choose(links, &wish);

		if (choice.link != NULL && choice.is_met) {
			follow(request, choice.link, &levels->items[i], levels->age_s);
			return true;
		}
		if (links->default_number < links->count) {
			follow(request, &links->items[links->default_number], &levels->items[i],
				levels->age_s);
			return true;
		}
	}
	return false;
}

static bool
is_default(struct bytes relation)
{
	return bytes_equal(relation, TEXT(HTTP_RELATION_DEFAULT));
}

bool
http_levels_take(struct http_request *request, const struct http_levels *levels)
{
	struct bytes type;
	struct bytes relation;

	if (linkset_is_wanted(request)) {
		linkset_answer(request, 200, levels, NULL);
		return true;
	}
	if (!http_parameter_find(&request->parameters, TEXT("linkType"), &type)) {
		return false;
	}
	relation = http_relation_expand(type, request->http->arena);
	if (relation.size == 0) {
		http_answer_wrong(request, "linkType", type,
			"is no relation: neither a name like describedby nor one like gs1:pip");
	} else if (is_default(relation) ? !http_levels_lead(request, levels)
					: !relation_follow(request, levels, relation)) {
		http_answer_code(request, 404, RESPONSE_VALUES_NOT_FOUND,
			TEXT("linkType: there is no link of this type"), (struct bytes){NULL, 0});
	}
	return true;
}

/*
 * Headers
 */
/* An arena clears what it gives, so that most answers, which have two links, ask for no more. */
static size_t
header_size(const struct http_level *level, struct bytes json_address)
{
	size_t size = level->anchor.size + json_address.size + 4 * HEADER_LINK_SIZE_MAX;

	return level->links->count > 0 || size > HTTP_LINK_HEADER_SIZE_MAX
		? HTTP_LINK_HEADER_SIZE_MAX
		: size;
}

void
http_linkset_announce(
	struct http_request *request, const struct http_level *level, struct bytes json_address)
{
	struct arena *arena = request->http->arena;
	size_t size = header_size(level, json_address);
	char *room = arena_alloc(arena, size + 1);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : size);
	char *address = arena_alloc(arena, level->anchor.size + 20);
	struct text_writer linkset =
		text_writer_over(address, address == NULL ? 0 : level->anchor.size + 20);

	if (room == NULL || address == NULL) {
		return;
	}
	text_write(&linkset, level->anchor);
	text_write_string(&linkset, "?linkType=linkset");
	http_link_write_header(&writer,
		&(struct http_link){.relation = TEXT("linkset"),
			.target = text_written(&linkset),
			.type = TEXT(LINKSET_TYPE)});
	if (json_address.size > 0) {
		http_link_write_header(&writer,
			&(struct http_link){.relation = TEXT("alternate"),
				.target = json_address,
				.type = TEXT("application/json")});
	}
	for (size_t i = 0; i < level->links->count; i++) {
		if (level->links->items[i].is_stated) {
			http_link_write_header(&writer, &level->links->items[i]);
		}
	}
	*writer.next = '\0';
	request->link = room;
}

/*
 * Records
 */
bool
http_tombstone_find(const struct handle_value_list *values, struct bytes *ret_reason)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (bytes_equal_fold(value.type, TEXT("TOMBSTONE"))) {
			*ret_reason = value.data;
			return true;
		}
	}
	return false;
}

/* Codes that mean this record, by their own addresses where they have one. */
struct codes {
	struct http_request *request;
	struct http_links *links;
};

static void
code_add(void *context, const struct code_mapping *mapping, bool is_active)
{
	struct codes *codes = context;
	struct bytes scheme = mapping->fields[CODE_FIELD_SCHEME];
	struct bytes code = mapping->fields[CODE_FIELD_CODE];
	const char *front = bytes_equal(scheme, TEXT("gs1")) ? "https://id.gs1.org/"
		: bytes_equal(scheme, TEXT("oid"))	     ? "urn:oid:"
		: bytes_equal(scheme, TEXT("did"))	     ? ""
							     : NULL;
	size_t capacity = 3 * code.size + 20;
	char *room;
	struct text_writer writer;

	if (!is_active || front == NULL || code.size > CODE_SIZE_MAX) {
		return;
	}
	room = arena_alloc(codes->request->http->arena, capacity);
	writer = text_writer_over(room, room == NULL ? 0 : capacity);
	text_write_string(&writer, front);
	http_query_write(&writer, code);
	if (text_writer_end(&writer) == STATUS_OK) {
		http_links_add(codes->links,
			&(struct http_link){.relation = TEXT(HTTP_RELATION_SAME),
				.target = text_written(&writer),
				.title = code});
	}
}

/* What only this node knows of the record: its codes, its alias, its other forms. */
static enum status
links_complete(struct http_request *request, const struct http_resolved *resolved,
	struct http_links *links, struct bytes json_address)
{
	struct codes codes = {request, links};
	const struct http_mapping_search search = {
		.request = request,
		.arena = request->http->arena,
		.name = resolved->name,
	};
	struct wire_reader walk = handle_value_list_walk(&resolved->values);
	struct handle_value value;
	enum status status = http_mappings_find(&search, code_add, &codes);

	while (handle_value_next(&walk, &value)) {
		if (bytes_equal_fold(value.type, TEXT("HS_ALIAS")) && bytes_are_utf8(value.data) &&
			value.data.size <= HANDLE_NAME_SIZE_MAX) {
			http_links_add(links,
				&(struct http_link){.relation = TEXT("canonical"),
					.target = http_handle_address(request, value.data),
					.title = value.data});
		}
	}
	http_links_add(links,
		&(struct http_link){.relation = TEXT("alternate"),
			.target = json_address,
			.title = TEXT("JSON"),
			.type = TEXT("application/json")});
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static bool
wants_links(const struct http_request *request)
{
	struct bytes type;

	return linkset_is_wanted(request) ||
		http_parameter_find(&request->parameters, TEXT("linkType"), &type);
}

/* Most records say of themselves no more than where they lead; then there is nothing to read. */
static bool
states_links(const struct handle_value_list *values)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (bytes_equal_fold(value.type, TEXT("10320/loc"))
				? memmem(value.data.at, value.data.size, "rel", 3) != NULL
				: bytes_start_with_fold(value.type, TEXT("URL.")) &&
					bytes_find(value.type, ':') < value.type.size) {
			return true;
		}
	}
	return false;
}

/* True: answered that there are too many, if they were asked for. */
static bool
too_much(struct http_request *request, bool is_wanted)
{
	if (is_wanted) {
		http_answer_code(request, 500, RESPONSE_ERROR,
			TEXT("The links are too large: ask for the record as JSON"),
			(struct bytes){NULL, 0});
	}
	return is_wanted;
}

static bool
record_links_take(struct http_request *request, const struct http_resolved *resolved)
{
	static const struct http_links none = {.default_number = SIZE_MAX};
	struct arena *arena = request->http->arena;
	struct bytes path = path_of(request, resolved->name);
	struct bytes json_address = http_address_write(request, "/api/handles/", path);
	struct http_level level = {http_address_write(request, "/", path), &none, resolved->name};
	bool is_wanted = wants_links(request);
	struct http_links *links = NULL;
	struct http_levels levels;

	if (path.size == 0 || level.anchor.size == 0 || json_address.size == 0) {
		return too_much(request, is_wanted);
	}
	if (is_wanted || states_links(&resolved->values)) {
		links = arena_alloc(arena, sizeof(*links));
		if (links == NULL ||
			http_links_make(resolved->name, &resolved->values,
				http_destinations_of(request), arena, links) != STATUS_OK) {
			return too_much(request, is_wanted);
		}
		level.links = links;
	}
	http_linkset_announce(request, &level, json_address);
	if (!is_wanted) {
		return false;
	}
	levels = (struct http_levels){1, &level, http_values_ttl(&resolved->values)};
	if (links_complete(request, resolved, links, json_address) != STATUS_OK) {
		return too_much(request, true);
	}
	return http_elsewhere_fetch(request) || http_levels_take(request, &levels);
}

bool
http_linkset_take(struct http_request *request, const struct http_resolved *resolved)
{
	struct bytes reason;

	if (http_parameter_is_true(&request->parameters, TEXT("info"))) {
		http_page_values(request, resolved);
		return true;
	}
	if (http_tombstone_find(&resolved->values, &reason) &&
		!http_parameter_is_true(&request->parameters, TEXT("noredirect"))) {
		http_page_tombstone(request, resolved->name, reason);
		return true;
	}
	return record_links_take(request, resolved);
}
