/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_locations.h"

#include "markup/markup_locations.h"

static void
said_once(enum http_said *said, const struct markup_element *root, const char *name)
{
	if (*said == HTTP_UNSAID && markup_find(root, name) != NULL) {
		*said = markup_is_true(root, name) ? HTTP_YES : HTTP_NO;
	}
}

static void
text_once(struct bytes *text, const struct markup_element *root, const char *name)
{
	const struct bytes *value = markup_find(root, name);

	if (text->at == NULL && value != NULL) {
		*text = *value;
	}
}

static void
settings_take(struct http_locations *locations, const struct markup_element *root)
{
	text_once(&locations->choose_by, root, "choose_by");
	text_once(&locations->choose_by_old, root, "chooseby");
	text_once(&locations->url_weight, root, "urlWeight");
	text_once(&locations->url_subtype_weight, root, "urlSubtypeWeight");
	said_once(&locations->has_no_legacy, root, "no_legacy");
	said_once(&locations->has_no_namespace, root, "no_nslocs");
	said_once(&locations->has_no_namespace_headers, root, "suppressNsHeaders");
	said_once(&locations->has_no_namespace_headers_beside, root,
		"suppressNsHeadersIfLocalHeaders");
}

enum status
http_locations_more(struct http_locations *locations, struct bytes xml, struct arena *arena,
	struct markup_element **ret_root)
{
	enum status status = markup_read(xml, HTTP_LOCATION_DEPTH_MAX, arena, ret_root, NULL);

	if (status != STATUS_OK) {
		return status;
	}
	if (!markup_is(*ret_root, "locations")) {
		return STATUS_MALFORMED;
	}
	for (const struct markup_element *child = (*ret_root)->first; child != NULL;
		child = child->next) {
		if (!markup_is_location(child)) {
			continue;
		}
		if (locations->count == HTTP_LOCATION_COUNT_MAX) {
			return STATUS_TOO_LARGE;
		}
		locations->items[locations->count++] = (struct http_location){
			.count = child->count,
			.attributes = child->attributes,
			.status = markup_get(*ret_root, "http_sc"),
		};
	}
	settings_take(locations, *ret_root);
	return STATUS_OK;
}

enum status
http_locations_read(struct bytes xml, struct arena *arena, struct http_locations *ret_locations)
{
	struct markup_element *root;

	*ret_locations = (struct http_locations){.count = 0};
	return http_locations_more(ret_locations, xml, arena, &root);
}

enum status
http_locations_add(struct http_locations *locations, struct bytes url, struct bytes weight,
	struct arena *arena)
{
	struct http_location location = {.count = 3};

	if (locations->count == HTTP_LOCATION_COUNT_MAX) {
		return STATUS_TOO_LARGE;
	}
	location.attributes =
		arena_alloc_array(arena, location.count, sizeof(location.attributes[0]));
	if (location.attributes == NULL) {
		return STATUS_NO_MEMORY;
	}
	location.attributes[0] = (struct markup_attribute){TEXT("href"), url};
	location.attributes[1] = (struct markup_attribute){TEXT("weight"), weight};
	location.attributes[2] = (struct markup_attribute){TEXT("mode"), TEXT("legacy")};
	locations->items[locations->count++] = location;
	return STATUS_OK;
}

struct bytes
http_location_find(const struct http_location *location, const char *name)
{
	for (size_t i = 0; i < location->count; i++) {
		if (bytes_equal(location->attributes[i].name, bytes_from_string(name))) {
			return location->attributes[i].value;
		}
	}
	return (struct bytes){NULL, 0};
}

bool
http_location_has(const struct http_location *location, struct bytes name)
{
	for (size_t i = 0; i < location->count; i++) {
		if (bytes_equal(location->attributes[i].name, name)) {
			return true;
		}
	}
	return false;
}

void
http_location_write(
	struct text_writer *writer, const struct http_location *location, struct bytes handle)
{
	struct bytes href = markup_trim(http_location_find(location, "href"));

	if (href.size > 0) {
		text_write(writer, href);
	} else {
		markup_fill(writer, http_location_find(location, "href_template"), handle);
	}
}

unsigned int
http_location_status(const struct http_location *location)
{
	struct bytes text = http_location_find(location, "http_sc");
	uint64_t status = 302;

	text = text.size == 0 ? location->status : text;
	if (text_read_u64(text, 308, &status) != STATUS_OK ||
		(status != 301 && status != 303 && status != 307 && status != 308)) {
		return 302;
	}
	return (unsigned int)status;
}
