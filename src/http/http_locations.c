/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_locations.h"

#include "base/address.h"

#include <expat.h>

/*
 * Reading
 */
struct reading {
	XML_Parser parser;
	struct arena *arena;
	struct http_locations *locations;
	unsigned int depth;
	enum status status;
};

static void
reading_fail(struct reading *reading, enum status status)
{
	if (reading->status == STATUS_OK) {
		reading->status = status;
		XML_StopParser(reading->parser, XML_FALSE);
	}
}

static struct bytes
text_keep(struct reading *reading, const char *text)
{
	struct bytes kept = arena_copy(reading->arena, bytes_from_string(text));

	if (kept.at == NULL) {
		reading_fail(reading, STATUS_NO_MEMORY);
	}
	return kept;
}

static void
location_begin(struct reading *reading, const char **attributes)
{
	struct http_locations *locations = reading->locations;
	struct http_location location = {.count = 0};

	while (attributes[2 * location.count] != NULL) {
		location.count++;
	}
	if (locations->count == HTTP_LOCATION_COUNT_MAX) {
		reading_fail(reading, STATUS_TOO_LARGE);
		return;
	}
	location.attributes = arena_alloc_array(
		reading->arena, location.count + 1, sizeof(location.attributes[0]));
	if (location.attributes == NULL) {
		reading_fail(reading, STATUS_NO_MEMORY);
		return;
	}
	for (size_t i = 0; i < location.count && reading->status == STATUS_OK; i++) {
		location.attributes[i].name = text_keep(reading, attributes[2 * i]);
		location.attributes[i].value = text_keep(reading, attributes[2 * i + 1]);
	}
	locations->items[locations->count++] = location;
}

static void
locations_begin(struct reading *reading, const char **attributes)
{
	struct http_locations *locations = reading->locations;

	for (; attributes[0] != NULL; attributes += 2) {
		struct bytes value = text_keep(reading, attributes[1]);

		if (strcmp(attributes[0], "choose_by") == 0 ||
			(strcmp(attributes[0], "chooseby") == 0 &&
				locations->choose_by.size == 0)) {
			locations->choose_by = value;
		} else if (strcmp(attributes[0], "no_legacy") == 0) {
			locations->has_no_legacy = !bytes_equal_fold(value, TEXT("false"));
		} else if (strcmp(attributes[0], "urlWeight") == 0) {
			locations->url_weight = value;
		}
	}
}

static void
element_begin(void *context, const char *name, const char **attributes)
{
	struct reading *reading = context;

	reading->depth++;
	if (reading->depth > HTTP_LOCATION_DEPTH_MAX) {
		reading_fail(reading, STATUS_TOO_LARGE);
	} else if (reading->depth == 1 && strcmp(name, "locations") == 0) {
		locations_begin(reading, attributes);
	} else if (reading->depth == 1) {
		reading_fail(reading, STATUS_MALFORMED);
	} else if (reading->depth == 2 && strcmp(name, "location") == 0) {
		location_begin(reading, attributes);
	}
}

static void
element_end(void *context, const char *name)
{
	struct reading *reading = context;

	(void)name;
	reading->depth--;
}

static void
doctype_begin(void *context, const char *name, const char *system_id, const char *public_id,
	int has_subset)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)has_subset;
	reading_fail(context, STATUS_MALFORMED);
}

enum status
http_locations_read(struct bytes xml, struct arena *arena, struct http_locations *ret_locations)
{
	struct reading reading = {.arena = arena, .locations = ret_locations};

	ret_locations->count = 0;
	ret_locations->choose_by = ret_locations->url_weight = (struct bytes){NULL, 0};
	ret_locations->has_no_legacy = false;
	if (xml.size > HTTP_LOCATIONS_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	reading.parser = XML_ParserCreate("UTF-8");
	if (reading.parser == NULL) {
		return STATUS_NO_MEMORY;
	}
	XML_SetUserData(reading.parser, &reading);
	XML_SetElementHandler(reading.parser, element_begin, element_end);
	XML_SetStartDoctypeDeclHandler(reading.parser, doctype_begin);
	if (XML_Parse(reading.parser, (const char *)xml.at, (int)xml.size, XML_TRUE) !=
		XML_STATUS_OK) {
		reading_fail(&reading, STATUS_MALFORMED);
	}
	XML_ParserFree(reading.parser);
	return reading.status;
}

enum status
http_locations_add(struct http_locations *locations, struct bytes url, struct arena *arena)
{
	struct http_location location = {.count = 2};

	if (locations->count == HTTP_LOCATION_COUNT_MAX) {
		return STATUS_TOO_LARGE;
	}
	location.attributes = arena_alloc_array(arena, 2, sizeof(location.attributes[0]));
	if (location.attributes == NULL) {
		return STATUS_NO_MEMORY;
	}
	location.attributes[0] = (struct http_attribute){TEXT("href"), url};
	location.attributes[1] = (struct http_attribute){TEXT("weight"),
		locations->url_weight.size == 0 ? TEXT("0") : locations->url_weight};
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

static bool
location_has(const struct http_location *location, struct bytes name)
{
	for (size_t i = 0; i < location->count; i++) {
		if (bytes_equal(location->attributes[i].name, name)) {
			return true;
		}
	}
	return false;
}

/*
 * Choosing: a step keeps some of the candidates, or all of them when it would keep none.
 */
struct choosing {
	const struct http_locations *locations;
	const struct http_wish *wish;
	size_t count;
	uint16_t left[HTTP_LOCATION_COUNT_MAX];
};

typedef bool choosing_fits(
	const struct choosing *choosing, const struct http_location *location, struct bytes what);

static void
keep_if(struct choosing *choosing, choosing_fits *fits, struct bytes what)
{
	uint16_t kept[HTTP_LOCATION_COUNT_MAX];
	size_t count = 0;

	for (size_t i = 0; i < choosing->count; i++) {
		if (fits(choosing, &choosing->locations->items[choosing->left[i]], what)) {
			kept[count++] = choosing->left[i];
		}
	}
	if (count > 0) {
		memcpy(choosing->left, kept, count * sizeof(kept[0]));
		choosing->count = count;
	}
}

/* "name:value", or a name alone, which need only be there. */
static bool
fits_attribute(
	const struct choosing *choosing, const struct http_location *location, struct bytes what)
{
	size_t colon = bytes_find(what, ':');
	struct bytes name = bytes_slice(what, 0, colon);

	(void)choosing;
	for (size_t i = 0; i < location->count && colon < what.size; i++) {
		if (bytes_equal(location->attributes[i].name, name)) {
			return bytes_equal(location->attributes[i].value,
				bytes_slice(what, colon + 1, what.size));
		}
	}
	return colon == what.size && location_has(location, name);
}

static bool
fits_country(
	const struct choosing *choosing, const struct http_location *location, struct bytes what)
{
	struct bytes country = http_location_find(location, "country");

	(void)choosing;
	return country.size > 0 && bytes_equal_fold(country, what);
}

/* The next word of a list with commas or blanks between. */
static bool
word_next(struct bytes *list, struct bytes *ret_word)
{
	size_t end = 0;

	while (list->size > 0 && (list->at[0] == ',' || list->at[0] <= ' ')) {
		*list = bytes_slice(*list, 1, list->size);
	}
	while (end < list->size && list->at[end] != ',' && list->at[end] > ' ') {
		end++;
	}
	*ret_word = bytes_slice(*list, 0, end);
	*list = bytes_slice(*list, end, list->size);
	return end > 0;
}

static bool
fits_address(
	const struct choosing *choosing, const struct http_location *location, struct bytes what)
{
	struct bytes list = http_location_find(location, "addresses");
	struct bytes word;

	(void)what;
	while (word_next(&list, &word)) {
		struct network network;

		if (network_parse(word, &network) == STATUS_OK &&
			network_holds(&network, choosing->wish->source)) {
			return true;
		}
	}
	return false;
}

/* Millionths of a decimal number; what is none is `otherwise`. */
static int64_t
decimal_of(struct bytes text, int64_t otherwise)
{
	bool is_negative = bytes_start_with(text, TEXT("-"));
	int64_t number = 0;
	int64_t place = 0;

	text = bytes_slice(text, is_negative, text.size);
	if (text.size == 0 || text.size > 12) {
		return otherwise;
	}
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] == '.' && place == 0) {
			place = 1;
		} else if (text.at[i] < '0' || text.at[i] > '9') {
			return otherwise;
		} else if (place < 1000000) {
			number = number * 10 + (text.at[i] - '0');
			place *= 10;
		}
	}
	for (place = place == 0 ? 1 : place; place < 1000000; place *= 10) {
		number *= 10;
	}
	return is_negative ? -number : number;
}

static int64_t
score_of(const struct http_location *location)
{
	return decimal_of(http_location_find(location, "score"), 0);
}

static bool
fits_score(const struct choosing *choosing, const struct http_location *location, struct bytes what)
{
	(void)what;
	for (size_t i = 0; i < choosing->count; i++) {
		if (score_of(&choosing->locations->items[choosing->left[i]]) > score_of(location)) {
			return false;
		}
	}
	return true;
}

static uint64_t
weight_of(const struct http_location *location)
{
	int64_t weight = decimal_of(http_location_find(location, "weight"), 1000000);

	return weight < 0 ? 0 : (uint64_t)weight;
}

/* One of them, by their weights; by none, if they have none. */
static void
keep_weighted(struct choosing *choosing)
{
	uint64_t sum = 0;
	uint64_t drawn;
	size_t at = 0;

	for (size_t i = 0; i < choosing->count; i++) {
		sum += weight_of(&choosing->locations->items[choosing->left[i]]);
	}
	if (sum == 0) {
		at = choosing->wish->random % choosing->count;
	} else {
		drawn = choosing->wish->random % sum;
		while (drawn >= weight_of(&choosing->locations->items[choosing->left[at]])) {
			drawn -= weight_of(&choosing->locations->items[choosing->left[at]]);
			at++;
		}
	}
	choosing->left[0] = choosing->left[at];
	choosing->count = 1;
}

static void
step_take(struct choosing *choosing, struct bytes step)
{
	const struct http_parameters *parameters = choosing->wish->parameters;
	struct bytes value;
	size_t at = 0;

	if (bytes_equal(step, TEXT("locatt"))) {
		while (http_parameter_next(parameters, TEXT("locatt"), &at, &value)) {
			keep_if(choosing, fits_attribute, value);
		}
	} else if (bytes_equal(step, TEXT("address"))) {
		keep_if(choosing, fits_address, step);
	} else if (bytes_equal(step, TEXT("country"))) {
		if (http_parameter_find(parameters, TEXT("country"), &value)) {
			keep_if(choosing, fits_country, value);
		}
	} else if (bytes_equal(step, TEXT("score"))) {
		keep_if(choosing, fits_score, step);
	} else if (bytes_equal(step, TEXT("weighted"))) {
		keep_weighted(choosing);
	}
}

const struct http_location *
http_locations_choose(const struct http_locations *locations, const struct http_wish *wish)
{
	struct choosing choosing = {
		.locations = locations, .wish = wish, .count = locations->count};
	struct bytes steps = locations->choose_by.size > 0
		? locations->choose_by
		: TEXT("locatt,address,country,score,weighted");
	struct bytes step;

	for (size_t i = 0; i < choosing.count; i++) {
		choosing.left[i] = (uint16_t)i;
	}
	while (choosing.count > 1 && word_next(&steps, &step)) {
		step_take(&choosing, step);
	}
	return choosing.count == 0 ? NULL : &locations->items[choosing.left[0]];
}

/* All but letters, digits and -._~ is encoded. */
static void
component_write(struct text_writer *writer, struct bytes text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.size; i++) {
		uint8_t octet = text.at[i];
		bool stays = (octet >= '0' && octet <= '9') ||
			(ascii_upper(octet) >= 'A' && ascii_upper(octet) <= 'Z') ||
			(octet != '\0' && strchr("-._~", octet) != NULL);

		if (stays) {
			text_write_char(writer, (char)octet);
		} else {
			text_write_char(writer, '%');
			text_write_char(writer, digits[octet >> 4]);
			text_write_char(writer, digits[octet & 0x0f]);
		}
	}
}

/* As in a path: slashes stay slashes. */
static void
path_write(struct text_writer *writer, struct bytes handle)
{
	while (handle.size > 0) {
		size_t end = bytes_find(handle, '/');

		component_write(writer, bytes_slice(handle, 0, end));
		if (end < handle.size) {
			text_write_char(writer, '/');
		}
		handle = bytes_slice(handle, end + 1, handle.size);
	}
}

void
http_location_write(
	struct text_writer *writer, const struct http_location *location, struct bytes handle)
{
	struct bytes template = http_location_find(location, "href_template");

	if (template.size == 0) {
		text_write(writer, http_location_find(location, "href"));
		return;
	}
	while (template.size > 0) {
		if (bytes_start_with(template, TEXT("{hdl}"))) {
			component_write(writer, handle);
			template = bytes_slice(template, 5, template.size);
		} else if (bytes_start_with(template, TEXT("{hdl:path}"))) {
			path_write(writer, handle);
			template = bytes_slice(template, 10, template.size);
		} else {
			text_write_char(writer, (char)template.at[0]);
			template = bytes_slice(template, 1, template.size);
		}
	}
}

unsigned int
http_location_status(const struct http_location *location)
{
	struct bytes text = http_location_find(location, "http_sc");
	uint64_t status = 302;

	if (text_read_u64(text, 308, &status) != STATUS_OK ||
		(status != 301 && status != 303 && status != 307 && status != 308)) {
		return 302;
	}
	return (unsigned int)status;
}
