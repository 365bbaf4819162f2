/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_gather.h"

#include "handle/handle_name.h"
#include "http/http_elsewhere.h"

/* The types of one question, as a request has them: blobs. */
static const uint8_t place_types[] = "\0\0\0\x0a"
				     "10320/loc."
				     "\0\0\0\x0e"
				     "10320/headers.";

static const uint8_t namespace_types[] = "\0\0\0\x0c"
					 "HS_NAMESPACE";

enum { ROOT_COUNT_MAX = 2 * HTTP_INCLUDE_COUNT_MAX };

/* A 10320/loc that was read, and how deep it lies in others. */
struct root {
	const struct markup_element *element;
	size_t depth;
};

struct gatherer {
	struct http_request *request;
	struct arena *arena;
	struct http_gathering *gathering;
	size_t lookup_count;
	size_t root_count;
	struct root roots[ROOT_COUNT_MAX];
	size_t line_count_own; /* Of lines that no prefix added. */
};

/* What everybody may see of one record, wherever it lives; nothing if there is none. */
static struct handle_value_list
look_up(struct http_request *request, const struct request_resolution *resolution,
	bool *ret_is_unknown)
{
	struct http_resolved resolved;
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
			.header = {.opcode = OPCODE_RESOLUTION,
				.flags = MESSAGE_FLAG_PUBLIC_ONLY | MESSAGE_FLAG_DO_NOT_REFER |
					MESSAGE_FLAG_RECURSIVE}},
		.resolution = *resolution,
	};

	http_find(request, &question, request->http->arena, &resolved);
	*ret_is_unknown = http_resolved_is_unknown(&resolved);
	return resolved.code == RESPONSE_SUCCESS ? resolved.values
						 : (struct handle_value_list){0, {NULL, 0}};
}

static void
ttl_lower(uint32_t *ttl_s, const struct handle_value_list *values)
{
	uint32_t ttl = http_values_ttl(values);

	*ttl_s = values->count > 0 && ttl < *ttl_s ? ttl : *ttl_s;
}

/*
 * The prefix
 */
static bool
namespace_find(struct http_request *request, struct bytes handle, struct http_prefix *prefix,
	struct handle_value *ret_value)
{
	const struct request_resolution resolution = {.name = handle,
		.types = bytes_over(namespace_types, sizeof(namespace_types) - 1),
		.type_count = 1};
	struct handle_value_list values;
	bool is_unknown;

	values = look_up(request, &resolution, &is_unknown);
	prefix->is_unknown = prefix->is_unknown || is_unknown;
	return markup_namespace_find(&values, ret_value);
}

static void
namespace_read(struct http_request *request, struct bytes handle, bool is_elsewhere,
	struct http_prefix *prefix)
{
	struct markup_element *root;
	struct handle_value value;

	if ((service_namespace(request->http->service, handle, &value) ||
		    (is_elsewhere && namespace_find(request, handle, prefix, &value))) &&
		markup_read(value.data, MARKUP_DEPTH_MAX, request->http->arena, &root, NULL) ==
			STATUS_OK) {
		prefix->roots[prefix->count++] = root;
	}
}

static void
configured_add(const struct http_request *request, bool overrides, struct http_prefix *prefix)
{
	const struct authority_templates *templates = service_templates(request->http->service);

	if (templates->namespace != NULL && templates->overrides == overrides &&
		prefix->count < MARKUP_NAMESPACE_COUNT_MAX) {
		prefix->roots[prefix->count++] = templates->namespace;
	}
}

void
http_prefix_read(struct http_request *request, const struct http_resolved *resolved,
	struct http_prefix *ret_prefix)
{
	uint8_t octets[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));
	struct bytes handle = bytes_over(octets, handle_name_prefix_handle(resolved->name, octets));
	bool is_elsewhere = resolved->code == RESPONSE_SUCCESS && resolved->sequence == 0 &&
		!resolved->is_computed;

	ret_prefix->count = 0;
	ret_prefix->is_unknown = false;
	configured_add(request, true, ret_prefix);
	for (size_t i = 0; i + 2 < MARKUP_NAMESPACE_COUNT_MAX && handle.size > 0;
		i++, handle = handle_name_parent_prefix(handle)) {
		namespace_read(request, handle, is_elsewhere, ret_prefix);
	}
	configured_add(request, false, ret_prefix);
}

/* The record that a <locs> names; parents are asked unless one says otherwise. */
static bool
locs_next(const struct http_prefix *prefix, size_t *number, const struct markup_element **at,
	struct bytes *ret_handle)
{
	while (*number < prefix->count) {
		const struct markup_element *root = prefix->roots[*number];
		bool is_last = false;

		for (*at = *at == NULL ? root->first : (*at)->next; *at != NULL;
			*at = (*at)->next) {
			if (markup_is(*at, "locs")) {
				*ret_handle = markup_trim((*at)->text);
				return true;
			}
		}
		for (const struct markup_element *child = root->first; child != NULL;
			child = child->next) {
			is_last = is_last ||
				(markup_is(child, "locs") && markup_is_true(child, "no_nslocs"));
		}
		*number = is_last ? prefix->count : *number + 1;
	}
	return false;
}

/*
 * Places
 */
static void
root_add(struct gatherer *gatherer, struct bytes xml, size_t depth)
{
	struct markup_element *element;

	if (gatherer->root_count < ROOT_COUNT_MAX &&
		http_locations_more(&gatherer->gathering->locations, xml, gatherer->arena,
			&element) == STATUS_OK) {
		gatherer->gathering->has_places = true;
		gatherer->roots[gatherer->root_count++] = (struct root){element, depth};
	}
}

static void
values_add(struct gatherer *gatherer, const struct handle_value_list *values, size_t depth)
{
	struct http_gathering *gathering = gatherer->gathering;
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (handle_type_is(value.type, TEXT("10320/loc"))) {
			root_add(gatherer, value.data, depth);
		} else if (handle_type_is(value.type, TEXT("10320/headers")) &&
			gathering->line_count < HTTP_INCLUDE_COUNT_MAX) {
			gathering->has_places = true;
			gathering->lines[gathering->line_count++] = value.data;
		}
	}
}

static void
record_add(struct gatherer *gatherer, struct bytes handle, size_t depth)
{
	struct request_resolution resolution = {
		.types = bytes_over(place_types, sizeof(place_types) - 1), .type_count = 2};
	struct handle_value_list values;
	bool is_unknown;

	handle = markup_trim(handle);
	if (handle.size == 0 || handle.size > HANDLE_NAME_SIZE_MAX ||
		depth > HTTP_INCLUDE_DEPTH_MAX ||
		++gatherer->lookup_count > HTTP_INCLUDE_COUNT_MAX) {
		return;
	}
	resolution.name = handle;
	values = look_up(gatherer->request, &resolution, &is_unknown);
	if (is_unknown) {
		gatherer->gathering->ttl_s = 0; /* It may be had later. */
	}
	ttl_lower(&gatherer->gathering->ttl_s, &values);
	values_add(gatherer, &values, depth);
}

/* What the prefix handle `handle` names as its places. */
static void
namespace_add(struct gatherer *gatherer, struct bytes handle, size_t depth)
{
	struct http_prefix prefix = {.count = 0};
	const struct markup_element *at = NULL;
	size_t number = 0;
	struct bytes name;

	handle = markup_trim(handle);
	if (handle.size == 0 || handle.size > HANDLE_NAME_SIZE_MAX ||
		++gatherer->lookup_count > HTTP_INCLUDE_COUNT_MAX) {
		return;
	}
	namespace_read(gatherer->request, handle, true, &prefix);
	if (prefix.is_unknown) {
		gatherer->gathering->ttl_s = 0;
	}
	while (locs_next(&prefix, &number, &at, &name)) {
		record_add(gatherer, name, depth);
	}
}

typedef void include_add(struct gatherer *gatherer, struct bytes handle, size_t depth);

static void
includes_add(struct gatherer *gatherer, const struct root *root, const char *name, include_add *add)
{
	const struct markup_element *element = root->element;
	size_t depth = root->depth + 1;

	if (markup_find(element, name) != NULL) {
		add(gatherer, markup_get(element, name), depth);
	}
	for (const struct markup_element *child = element->first; child != NULL;
		child = child->next) {
		if (markup_is(child, name)) {
			add(gatherer, child->text, depth);
		}
	}
}

/* Of all that were read from `number` on: what they include stands behind, level by level. */
static void
roots_follow(struct gatherer *gatherer, size_t number)
{
	for (; number < gatherer->root_count; number++) {
		struct root root = gatherer->roots[number];

		includes_add(gatherer, &root, "includeNamespace", namespace_add);
		includes_add(gatherer, &root, "include", record_add);
	}
}

/* Those that `overridePrefix` names, else of the prefix, else of `nshdl`. */
static void
prefix_add(struct gatherer *gatherer, const struct http_prefix *prefix)
{
	const struct markup_element *at = NULL;
	size_t own_count = gatherer->root_count;
	size_t number = 0;
	struct bytes name;
	bool is_said = false;

	for (size_t i = 0; i < own_count; i++) {
		struct bytes over = markup_get(gatherer->roots[i].element, "overridePrefix");

		is_said = is_said || over.size > 0;
		namespace_add(gatherer, over, 1);
	}
	while (!is_said && locs_next(prefix, &number, &at, &name)) {
		is_said = true;
		record_add(gatherer, name, 1);
	}
	for (size_t i = 0; i < own_count && !is_said; i++) {
		record_add(gatherer, markup_get(gatherer->roots[i].element, "nshdl"), 1);
	}
	roots_follow(gatherer, own_count);
}

/*
 * URL values
 */
static bool
type_is_url(struct bytes type)
{
	return bytes_equal_fold(type, TEXT("URL"));
}

static void
urls_add(struct gatherer *gatherer, const struct handle_value_list *values, bool has_own)
{
	struct http_locations *locations = &gatherer->gathering->locations;
	struct wire_reader walk = handle_value_list_walk(values);
	struct bytes weight = has_own ? TEXT("0") : TEXT("1");
	struct bytes subtype_weight = TEXT("0");
	bool has_plain = false;
	struct handle_value value;

	weight = locations->url_weight.at == NULL ? weight : locations->url_weight;
	subtype_weight = locations->url_subtype_weight.at == NULL ? subtype_weight
								  : locations->url_subtype_weight;
	while (handle_value_next(&walk, &value)) {
		has_plain = has_plain || type_is_url(value.type);
	}
	walk = handle_value_list_walk(values);
	while (handle_value_next(&walk, &value)) {
		bool is_plain = type_is_url(value.type);

		if (handle_type_is(value.type, TEXT("URL")) &&
			http_locations_add(locations, value.data,
				is_plain || !has_plain ? weight : subtype_weight,
				gatherer->arena) != STATUS_OK) {
			return;
		}
	}
}

/* Places of the prefix stand behind URL values: they are moved there. */
static void
urls_move(struct http_locations *locations, size_t from, size_t urls_at)
{
	struct http_location moved[HTTP_LOCATION_COUNT_MAX];
	size_t count = urls_at - from;

	memcpy(moved, locations->items + from, count * sizeof(moved[0]));
	memmove(locations->items + from, locations->items + urls_at,
		(locations->count - urls_at) * sizeof(moved[0]));
	memcpy(locations->items + locations->count - count, moved, count * sizeof(moved[0]));
}

static void
headers_settle(struct gatherer *gatherer)
{
	struct http_gathering *gathering = gatherer->gathering;
	const struct http_locations *locations = &gathering->locations;

	if (locations->has_no_namespace_headers == HTTP_YES ||
		(locations->has_no_namespace_headers_beside == HTTP_YES &&
			gatherer->line_count_own > 0)) {
		gathering->line_count = gatherer->line_count_own;
	}
}

struct http_gathering *
http_gather(struct http_request *request, const struct http_resolved *resolved,
	const struct http_prefix *prefix)
{
	struct arena *arena = request->http->arena;
	struct gatherer *gatherer = arena_alloc(arena, sizeof(*gatherer));
	struct http_gathering *gathering = arena_alloc(arena, sizeof(*gathering));
	bool has_own;
	size_t own_count;
	size_t urls_at;

	if (gatherer == NULL || gathering == NULL) {
		return NULL;
	}
	gatherer->request = request;
	gatherer->arena = arena;
	gatherer->gathering = gathering;
	gathering->ttl_s = UINT32_MAX;
	ttl_lower(&gathering->ttl_s, &resolved->values);
	gathering->ttl_s = prefix->is_unknown ? 0 : gathering->ttl_s;
	values_add(gatherer, &resolved->values, 0);
	has_own = gatherer->root_count > 0;
	roots_follow(gatherer, 0);
	gatherer->line_count_own = gathering->line_count;
	own_count = gathering->locations.count;
	if (gathering->locations.has_no_namespace != HTTP_YES) {
		prefix_add(gatherer, prefix);
	}
	headers_settle(gatherer);
	urls_at = gathering->locations.count;
	if (gathering->has_places && gathering->locations.has_no_legacy != HTTP_YES) {
		urls_add(gatherer, &resolved->values, has_own);
		urls_move(&gathering->locations, own_count, urls_at);
	}
	return gathering;
}
