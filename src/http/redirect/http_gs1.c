/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_gs1.h"

#include "code/code.h"
#include "http/http_answer.h"
#include "http/http_elsewhere.h"
#include "http/http_route.h"
#include "http/page/http_page.h"
#include "http/redirect/http_leave.h"
#include "http/redirect/http_linkset.h"
#include "http/redirect/http_mappings.h"

/* A code at one of its levels, and what is known of it there. */
struct gs1_level {
	struct bytes normal;
	struct http_code_target target;
	struct http_resolved resolved; /* Of the identifier, if there is one. */
	bool has_record;
};

struct gs1 {
	struct http_request *request;
	size_t count;
	struct gs1_level levels[HTTP_GS1_LEVEL_COUNT_MAX]; /* The most exact first. */
};

bool
http_gs1_is_path(struct bytes path)
{
	struct bytes name;

	if (!bytes_start_with(path, TEXT("/"))) {
		return false;
	}
	path = bytes_slice(path, 1, path.size);
	name = bytes_slice(path, 0, bytes_find(path, '/'));
	/* Of two to four digits: the question comes with every redirect. */
	return name.size < path.size && name.size <= 4 && code_gs1_is_key(name);
}

/* Whether all of the path belongs to the candidate, and not only its end: src/code takes any path
 * in front of a key. */
static bool
is_whole(const struct code_candidate *candidate, struct bytes path)
{
	size_t slashes = 0;

	for (size_t i = 0; i < path.size; i++) {
		slashes += path.at[i] == '/';
	}
	return slashes == 2 * candidate->part_count;
}

const struct code_candidate *
http_gs1_read(struct bytes path, char room[CODE_SIZE_MAX], struct code_result *ret_result)
{
	struct text_writer writer = text_writer_over(room, CODE_SIZE_MAX);

	/* One slash too many at its end does no harm. */
	path.size -= path.size > 1 && path.at[path.size - 1] == '/';
	text_write_string(&writer, "https://x");
	text_write(&writer, path);
	if (text_writer_end(&writer) != STATUS_OK ||
		code_identify(text_written(&writer), ret_result) != STATUS_OK) {
		return NULL;
	}
	for (size_t i = 0; i < ret_result->count; i++) {
		const struct code_candidate *candidate = &ret_result->candidates[i];

		if (candidate->system == CODE_GS1 &&
			(!candidate->is_valid || is_whole(candidate, path))) {
			return candidate;
		}
	}
	return NULL;
}

/* Every reason why it is none: a client that mends the first would only meet the next. */
void
http_gs1_refuse(struct http_request *request, const struct code_candidate *candidate)
{
	char text[1024];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_string(&writer, "is no GS1 Digital Link");
	for (size_t i = 0; candidate != NULL && i < candidate->reason_count; i++) {
		struct text_writer before = writer;

		if (candidate->reasons[i].kind == CODE_REASON_PATTERN ||
			candidate->reasons[i].kind == CODE_REASON_PADDED) {
			continue;
		}
		text_write_string(&writer, writer.next > text + 22 ? ", " : ": ");
		code_reason_write(&writer, &candidate->reasons[i], false);
		if (writer.status != STATUS_OK || text_written(&writer).size == sizeof(text)) {
			writer = before;
			break;
		}
	}
	if (candidate == NULL) {
		text_write_string(&writer,
			": a key, its qualifiers in their order, each with a value, and nothing "
			"else");
	}
	*writer.next = '\0';
	http_answer_wrong(request, "The path", request->path, text);
}

size_t
http_gs1_split(struct bytes normal, struct bytes ret_levels[HTTP_GS1_LEVEL_COUNT_MAX])
{
	size_t count = 0;

	while (normal.size > 0 && count < HTTP_GS1_LEVEL_COUNT_MAX) {
		size_t slashes = 0;

		ret_levels[count++] = normal;
		while (normal.size > 0 && slashes < 2) {
			normal.size--;
			slashes += normal.at[normal.size] == '/';
		}
	}
	return count;
}

static void
levels_make(struct gs1 *gs1, struct bytes normal)
{
	struct bytes levels[HTTP_GS1_LEVEL_COUNT_MAX];

	gs1->count = http_gs1_split(normal, levels);
	for (size_t i = 0; i < gs1->count; i++) {
		gs1->levels[i].normal = levels[i];
	}
}

static enum status
level_look_up(struct gs1 *gs1, struct gs1_level *level)
{
	struct http *http = gs1->request->http;
	const struct http_mapping_search search = {
		.request = gs1->request,
		.arena = http->arena,
		.scheme = code_system_name(CODE_GS1),
		.name = level->normal,
	};
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
			.header = {.opcode = OPCODE_RESOLUTION,
				.flags = MESSAGE_FLAG_PUBLIC_ONLY | MESSAGE_FLAG_RECURSIVE}},
	};
	enum status status = http_mappings_lead(&search, &level->target);

	if (status == STATUS_OK && level->target.handle.size > 0) {
		question.resolution.name = level->target.handle;
		http_find(gs1->request, &question, http->arena, &level->resolved);
		level->has_record = level->resolved.code == RESPONSE_SUCCESS;
	}
	return status;
}

static enum status
level_links(struct gs1 *gs1, const struct gs1_level *level, struct http_level *ret_level)
{
	struct http_request *request = gs1->request;
	struct arena *arena = request->http->arena;
	struct http_links *links = arena_alloc(arena, sizeof(*links));
	struct bytes same = {NULL, 0};
	char *room = arena_alloc(arena, level->normal.size + 20);
	struct text_writer writer =
		text_writer_over(room, room == NULL ? 0 : level->normal.size + 20);

	text_write_string(&writer, "https://id.gs1.org/");
	text_write(&writer, level->normal);
	same = text_written(&writer);
	*ret_level = (struct http_level){
		http_address_write(request, "/", level->normal), links, level->resolved.name};
	if (links == NULL || room == NULL || ret_level->anchor.size == 0 ||
		http_links_make(level->resolved.name, &level->resolved.values,
			http_destinations_of(request), arena, links) != STATUS_OK) {
		return STATUS_NO_MEMORY;
	}
	http_links_add(links,
		&(struct http_link){.relation = TEXT(HTTP_RELATION_SAME),
			.target = same,
			.title = level->normal});
	http_links_add(links,
		&(struct http_link){.relation = TEXT(HTTP_RELATION_SAME),
			.target = http_handle_address(request, level->resolved.name),
			.title = level->resolved.name});
	return STATUS_OK;
}

/* The first level with a record says what to do; those behind it lend their links. */
static void
record_answer(struct gs1 *gs1, size_t first)
{
	struct http_request *request = gs1->request;
	const struct gs1_level *own = &gs1->levels[first];
	struct http_level items[HTTP_GS1_LEVEL_COUNT_MAX];
	struct http_levels levels = {0, items, UINT32_MAX};
	/* A head names the linkset, and leaves the links to it (GS1-Conformant Resolver 1.0). */
	static const struct http_links none = {.default_number = SIZE_MAX};
	struct http_level bare = {.links = &none};

	for (size_t i = first; i < gs1->count; i++) {
		uint32_t age_s;

		if (!gs1->levels[i].has_record) {
			continue;
		}
		if (level_links(gs1, &gs1->levels[i], &items[levels.count++]) != STATUS_OK) {
			http_answer_code(request, 503, RESPONSE_SERVER_TOO_BUSY,
				TEXT("Memory is short"), (struct bytes){NULL, 0});
			return;
		}
		age_s = http_values_ttl(&gs1->levels[i].resolved.values);
		levels.age_s = age_s < levels.age_s ? age_s : levels.age_s;
	}
	bare.anchor = items[0].anchor;
	http_linkset_announce(request, &bare, (struct bytes){NULL, 0});
	if (!http_levels_take(request, &levels) && !http_levels_lead(request, &levels)) {
		http_page_values(request, &own->resolved);
	}
}

static bool
wants_values(const struct http_request *request)
{
	return http_parameter_is_true(&request->parameters, TEXT("info")) ||
		http_parameter_is_true(&request->parameters, TEXT("noredirect"));
}

/* Where the record is cannot be asked: whether the code leads there is not known. */
static void
unknown_refuse(struct http_request *request, const struct http_resolved *resolved)
{
	http_page_refusal(request,
		http_status_of(resolved->code, HTTP_OUTCOME_RESOLVED, request->is_tls),
		resolved->name, resolved->code, NULL);
}

/* A code that is known, at this level or above it; false: it is not. */
static bool
level_answer(struct gs1 *gs1, size_t number)
{
	struct http_request *request = gs1->request;
	const struct gs1_level *level = &gs1->levels[number];
	struct bytes reason = {NULL, 0};

	if (level->target.handle.size == 0) {
		if (level->target.is_over) {
			http_page_tombstone(request, level->normal, reason);
		}
		return level->target.is_over;
	}
	if (!level->has_record) {
		if (http_resolved_is_unknown(&level->resolved)) {
			unknown_refuse(request, &level->resolved);
			return true;
		}
		return false;
	}
	if (wants_values(request)) {
		http_page_values(request, &level->resolved);
	} else if (http_tombstone_find(&level->resolved.values, &reason)) {
		http_page_tombstone(request, level->resolved.name, reason);
	} else {
		record_answer(gs1, number);
	}
	return true;
}

static void
link_answer(struct gs1 *gs1, struct bytes normal)
{
	struct http_request *request = gs1->request;

	levels_make(gs1, normal);
	for (size_t i = 0; i < gs1->count; i++) {
		enum status status = level_look_up(gs1, &gs1->levels[i]);

		if (status != STATUS_OK) {
			http_answer_code(request, 503, RESPONSE_SERVER_TOO_BUSY,
				status == STATUS_NOT_FOUND
					? TEXT("The records of codes.prefix cannot be had")
					: TEXT("Memory is short"),
				(struct bytes){NULL, 0});
			return;
		}
	}
	if (http_elsewhere_fetch(request)) {
		return;
	}
	for (size_t i = 0; i < gs1->count; i++) {
		if (level_answer(gs1, i)) {
			const struct http_resolved *resolved = &gs1->levels[i].resolved;

			http_code_count(request->http,
				http_resolved_is_unknown(resolved) ? resolved->code
								   : RESPONSE_SUCCESS);
			return;
		}
	}
	http_code_count(request->http, RESPONSE_HANDLE_NOT_FOUND);
	http_page_refusal(request, 404, normal, RESPONSE_HANDLE_NOT_FOUND, NULL);
}

/* Handles came first: one that is here and looks like a code stays what it is. */
static bool
is_handle_of_ours(struct http_request *request)
{
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
			.header = {.opcode = OPCODE_RESOLUTION, .flags = MESSAGE_FLAG_PUBLIC_ONLY}},
	};
	struct bytes path = bytes_slice(request->path, 1, request->path.size);
	uint8_t *octets = arena_alloc(request->http->arena, path.size + 1);
	struct http_resolved resolved;
	size_t size = 0;

	if (octets == NULL || http_percent_decode(path, false, octets, &size) != STATUS_OK ||
		size > HANDLE_NAME_SIZE_MAX || !bytes_are_utf8(bytes_over(octets, size))) {
		return false;
	}
	question.resolution.name = bytes_over(octets, size);
	http_look_up(request->http, &question, request->http->arena, &resolved);
	return resolved.code == RESPONSE_SUCCESS || resolved.code == RESPONSE_VALUES_NOT_FOUND;
}

bool
http_gs1_take(struct http_request *request)
{
	struct gs1 *gs1 = arena_alloc(request->http->arena, sizeof(*gs1));
	struct code_result *result = arena_alloc(request->http->arena, sizeof(*result));
	char *room = arena_alloc(request->http->arena, CODE_SIZE_MAX);
	const struct code_candidate *candidate;

	if (request->http->settings->codes_prefix.size == 0 || is_handle_of_ours(request)) {
		return false;
	}
	if (gs1 == NULL || result == NULL || room == NULL) {
		http_answer_code(request, 503, RESPONSE_SERVER_TOO_BUSY, TEXT("Memory is short"),
			(struct bytes){NULL, 0});
		return true;
	}
	gs1->request = request;
	candidate = http_gs1_read(request->path, room, result);
	if (candidate == NULL || !candidate->is_valid) {
		http_gs1_refuse(request, candidate);
	} else {
		link_answer(gs1, candidate->normal);
	}
	return true;
}

static void
namespace_write(struct json_writer *writer, const char *address, const char *prefix)
{
	json_write_object(writer);
	json_write_name(writer, "namespace");
	json_write_string(writer, bytes_from_string(address));
	json_write_name(writer, "prefix");
	json_write_string(writer, bytes_from_string(prefix));
	json_write_object_end(writer);
}

/* What a client may expect of this resolver (GS1-Conformant Resolver 1.2, description file). */
void
http_gs1_describe(struct http_request *request)
{
	const struct http_settings *settings = request->http->settings;
	struct http_json json;
	struct json_writer *writer;
	struct bytes key;

	if (settings->codes_prefix.size == 0 || settings->base_url.size == 0) {
		http_answer_code(request, 404, RESPONSE_PROTOCOL_ERROR,
			TEXT("This node is no resolver of GS1 Digital Links: codes.prefix and "
			     "web.base_url are not set"),
			(struct bytes){NULL, 0});
		return;
	}
	writer = http_json_begin(request, &json);
	json_write_object(writer);
	json_write_name(writer, "name");
	json_write_string(writer, TEXT("Houji"));
	json_write_name(writer, "resolverRoot");
	json_write_string(writer, settings->base_url);
	json_write_name(writer, "supportedLinkType");
	json_write_array(writer);
	namespace_write(writer, HTTP_RELATION_GS1, "gs1:");
	namespace_write(writer, "https://schema.org/", "schema:");
	json_write_array_end(writer);
	json_write_name(writer, "supportedPrimaryKeys");
	json_write_array(writer);
	for (size_t i = 0; code_gs1_key(i, &key); i++) {
		json_write_string(writer, key);
	}
	json_write_array_end(writer);
	json_write_name(writer, "linkTypeDefaultCanBeLinkset");
	json_write_bool(writer, false);
	json_write_name(writer, "validatesAIcombinations");
	json_write_bool(writer, false);
	json_write_name(writer, "supportsLanguageVariants");
	json_write_bool(writer, true);
	json_write_object_end(writer);
	http_json_answer(request, &json,
		&(struct http_answer){.status = 200, .is_shared = true, .max_age_s = 3600});
}
