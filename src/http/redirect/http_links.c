/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_links.h"

#include "http/http_accept.h"
#include "http/http_url.h"
#include "http/redirect/http_locations.h"

#include <stddef.h>

enum { ATTRIBUTE_SIZE_MAX = 256, TITLE_SIZE_MAX = 512 };

static const char *const gs1_addresses[] = {"gs1:", "https://ref.gs1.org/voc/",
	"https://gs1.org/voc/", "https://www.gs1.org/voc/", "http://gs1.org/voc/"};

static bool
is_printable(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] <= ' ' || text.at[i] >= 0x7f ||
			strchr("\"'<>\\^`{|}", text.at[i]) != NULL) {
			return false;
		}
	}
	return text.size > 0;
}

/* A name of the register of relations: small letters, digits, `.` and `-` (RFC 8288, 3.3). */
static bool
is_registered_name(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		bool is_letter = text.at[i] >= 'a' && text.at[i] <= 'z';

		if (!is_letter &&
			(i == 0 ||
				!((text.at[i] >= '0' && text.at[i] <= '9') || text.at[i] == '.' ||
					text.at[i] == '-'))) {
			return false;
		}
	}
	return text.size > 0;
}

static struct bytes
joined(struct arena *arena, const char *front, struct bytes back)
{
	size_t size = strlen(front) + back.size;
	char *room = arena_alloc(arena, size);
	struct text_writer writer = text_writer_over(room, room == NULL ? 0 : size);

	text_write_string(&writer, front);
	text_write(&writer, back);
	return text_written(&writer);
}

struct bytes
http_relation_expand(struct bytes text, struct arena *arena)
{
	if (text.size > ATTRIBUTE_SIZE_MAX || !is_printable(text)) {
		return (struct bytes){NULL, 0};
	}
	for (size_t i = 0; i < sizeof(gs1_addresses) / sizeof(gs1_addresses[0]); i++) {
		struct bytes start = bytes_from_string(gs1_addresses[i]);

		if (bytes_start_with(text, start)) {
			return joined(
				arena, HTTP_RELATION_GS1, bytes_slice(text, start.size, text.size));
		}
	}
	if (bytes_start_with(text, TEXT("schema:"))) {
		return joined(arena, "https://schema.org/", bytes_slice(text, 7, text.size));
	}
	if (bytes_find(text, ':') < text.size) {
		return text;
	}
	return is_registered_name(text) ? text : (struct bytes){NULL, 0};
}

bool
http_link_word_next(struct bytes *list, struct bytes *ret_word)
{
	size_t size = 0;

	while (list->size > 0 && (list->at[0] == ',' || list->at[0] <= ' ')) {
		*list = bytes_slice(*list, 1, list->size);
	}
	while (size < list->size && list->at[size] != ',' && list->at[size] > ' ') {
		size++;
	}
	*ret_word = bytes_slice(*list, 0, size);
	*list = bytes_slice(*list, size, list->size);
	return size > 0;
}

void
http_links_add(struct http_links *links, const struct http_link *link)
{
	if (links->count == HTTP_LINK_COUNT_MAX) {
		links->is_cut = true;
		return;
	}
	links->items[links->count++] = *link;
}

/* Words of printable ASCII, or nothing. */
static struct bytes
plain_words(struct bytes text)
{
	struct bytes rest = text;
	struct bytes word;

	if (text.size > ATTRIBUTE_SIZE_MAX) {
		return (struct bytes){NULL, 0};
	}
	while (http_link_word_next(&rest, &word)) {
		if (!is_printable(word)) {
			return (struct bytes){NULL, 0};
		}
	}
	return text;
}

static struct bytes
plain_title(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] < ' ' || text.at[i] == 0x7f) {
			return (struct bytes){NULL, 0};
		}
	}
	return text.size <= TITLE_SIZE_MAX && bytes_are_utf8(text) ? text : (struct bytes){NULL, 0};
}

/* A list in the making. */
struct making {
	struct bytes handle;
	struct arena *arena;
	struct http_links *links;
	size_t first_weighted; /* The first location with a weight; SIZE_MAX: none yet. */
	size_t first_url;
	size_t stated_default;
	const struct http_destinations *destinations;
	enum status status;
};

/* Empty for an address that nobody may be sent to, or that is too long. */
static struct bytes
target_of(struct making *making, struct bytes url)
{
	char room[HTTP_LINK_TARGET_SIZE_MAX];
	struct text_writer writer = text_writer_over(room, sizeof(room));
	struct bytes target;

	if (!http_url_is_safe(url) ||
		(making->destinations != NULL &&
			!http_destinations_allow(making->destinations, making->handle, url))) {
		return (struct bytes){NULL, 0};
	}
	http_url_write(&writer, url, (struct bytes){NULL, 0});
	if (text_writer_end(&writer) != STATUS_OK) {
		return (struct bytes){NULL, 0};
	}
	target = arena_copy(making->arena, text_written(&writer));
	if (target.at == NULL) {
		making->status = STATUS_NO_MEMORY;
		target.size = 0;
	}
	return target;
}

/* One link for each relation of a list with blanks between. */
static void
links_add_relations(struct making *making, struct http_link *link, struct bytes relations)
{
	struct bytes word;
	bool has_one = false;

	while (http_link_word_next(&relations, &word)) {
		struct bytes relation = http_relation_expand(word, making->arena);

		if (relation.size == 0) {
			continue;
		}
		has_one = true;
		if (bytes_equal(relation, TEXT(HTTP_RELATION_DEFAULT)) &&
			making->stated_default == SIZE_MAX) {
			making->stated_default = making->links->count;
		}
		link->relation = relation;
		link->is_stated = true;
		http_links_add(making->links, link);
	}
	if (!has_one) {
		link->relation = TEXT("describedby");
		link->is_stated = false;
		http_links_add(making->links, link);
	}
}

static bool
has_weight(const struct http_location *location)
{
	struct bytes weight = http_location_find(location, "weight");

	for (size_t i = 0; i < weight.size; i++) {
		if (weight.at[i] >= '1' && weight.at[i] <= '9') {
			return weight.at[0] != '-';
		}
	}
	return weight.size == 0;
}

static bool
says_no(struct bytes text)
{
	return bytes_equal(text, TEXT("0")) || bytes_equal_fold(text, TEXT("no")) ||
		bytes_equal_fold(text, TEXT("false"));
}

static void
location_add(struct making *making, const struct http_location *location)
{
	char room[HTTP_LINK_TARGET_SIZE_MAX];
	struct text_writer writer = text_writer_over(room, sizeof(room));
	struct bytes type = http_location_find(location, "type");
	struct bytes context = http_location_find(location, "context");
	struct http_link link = {
		.title = plain_title(http_location_find(location, "title")),
		.type = plain_words(type.size > 0 ? type : http_location_find(location, "ctype")),
		.media = plain_title(http_location_find(location, "media")),
		.languages = plain_words(http_location_find(location, "hreflang")),
		.contexts = plain_words(
			context.size > 0 ? context : http_location_find(location, "country")),
		.keeps_query = !says_no(http_location_find(location, "fwqs")),
	};

	http_location_write(&writer, location, making->handle);
	if (text_writer_end(&writer) == STATUS_OK) {
		link.target = target_of(making, text_written(&writer));
	}
	if (link.target.size == 0) {
		return;
	}
	if (has_weight(location) && making->first_weighted == SIZE_MAX) {
		making->first_weighted = making->links->count;
	}
	links_add_relations(making, &link, http_location_find(location, "rel"));
}

static void
locations_add(struct making *making, struct bytes xml)
{
	struct http_locations *locations = arena_alloc(making->arena, sizeof(*locations));
	enum status status = locations == NULL ? STATUS_NO_MEMORY
					       : http_locations_read(xml, making->arena, locations);

	if (status == STATUS_NO_MEMORY) {
		making->status = status;
	}
	if (status != STATUS_OK) {
		return;
	}
	for (size_t i = 0; i < locations->count && making->status == STATUS_OK; i++) {
		location_add(making, &locations->items[i]);
	}
}

static void
url_add(struct making *making, const struct handle_value *value)
{
	struct bytes kind = bytes_slice(value->type, 4, value->type.size);
	struct http_link link = {.target = target_of(making, value->data), .keeps_query = true};

	if (link.target.size == 0) {
		return;
	}
	if (kind.size == 0 && making->first_url == SIZE_MAX) {
		making->first_url = making->links->count;
	}
	if (bytes_find(kind, ':') == kind.size) {
		link.title = plain_title(kind);
		kind.size = 0;
	}
	links_add_relations(making, &link, kind);
}

static size_t
default_of(const struct making *making)
{
	return making->stated_default != SIZE_MAX    ? making->stated_default
		: making->first_weighted != SIZE_MAX ? making->first_weighted
		: making->first_url != SIZE_MAX	     ? making->first_url
						     : 0;
}

enum status
http_links_make(struct bytes handle, const struct handle_value_list *values,
	const struct http_destinations *destinations, struct arena *arena,
	struct http_links *ret_links)
{
	struct making making = {
		.handle = handle,
		.arena = arena,
		.links = ret_links,
		.first_weighted = SIZE_MAX,
		.first_url = SIZE_MAX,
		.stated_default = SIZE_MAX,
		.destinations = destinations,
	};
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	size_t number;

	ret_links->count = 0;
	ret_links->is_cut = false;
	while (making.status == STATUS_OK && handle_value_next(&walk, &value)) {
		if (bytes_equal_fold(value.type, TEXT("10320/loc"))) {
			locations_add(&making, value.data);
		} else if (bytes_equal_fold(value.type, TEXT("URL")) ||
			bytes_start_with_fold(value.type, TEXT("URL."))) {
			url_add(&making, &value);
		}
	}
	number = default_of(&making);
	ret_links->default_number = number < ret_links->count ? number : SIZE_MAX;
	return making.status;
}

bool
http_link_is_like(const struct http_link *one, const struct http_link *other)
{
	return bytes_equal(one->relation, other->relation) && bytes_equal(one->type, other->type) &&
		bytes_equal(one->languages, other->languages) &&
		bytes_equal(one->contexts, other->contexts);
}

static bool
words_have(struct bytes list, struct bytes wanted)
{
	struct bytes word;

	while (http_link_word_next(&list, &word)) {
		if (bytes_equal_fold(word, wanted)) {
			return true;
		}
	}
	return false;
}

static unsigned int
language_weight(const struct http_link *link, const struct http_link_wish *wish)
{
	struct bytes list = link->languages;
	unsigned int best = 0;
	struct bytes word;

	while (http_link_word_next(&list, &word)) {
		unsigned int weight = http_accept_language(wish->languages, word);

		best = weight > best ? weight : best;
	}
	return best;
}

/* What a link says of itself, weighed: context before language before type. What it does not say
 * is worth one, less than what is wanted and more than what is not. */
static uint32_t
weight_of(const struct http_link *link, const struct http_link_wish *wish)
{
	unsigned int context = link->contexts.size == 0 || wish->context.size == 0 ? 1
		: words_have(link->contexts, wish->context)			   ? 2
										   : 0;
	unsigned int language = link->languages.size == 0 || wish->languages == NULL
		? 1
		: language_weight(link, wish);
	unsigned int type = link->type.size == 0 || wish->types == NULL
		? 1
		: http_accept_type(wish->types, link->type);

	return context << 24 | language << 12 | type;
}

struct http_link_choice
http_links_choose(const struct http_links *links, const struct http_link_wish *wish)
{
	const struct http_link nothing_said = {.relation = wish->relation};
	struct http_link_choice choice = {.link = NULL};
	uint32_t best = 0;

	for (size_t i = 0; i < links->count; i++) {
		const struct http_link *link = &links->items[i];
		uint32_t weight = weight_of(link, wish);

		if (!bytes_equal(link->relation, wish->relation)) {
			continue;
		}
		if (choice.link == NULL || weight > best) {
			choice.link = link;
			best = weight;
		}
	}
	for (size_t i = 0; choice.link != NULL && i < links->count; i++) {
		choice.equal_count += http_link_is_like(&links->items[i], choice.link);
	}
	choice.is_met = choice.link != NULL && best > weight_of(&nothing_said, wish);
	return choice;
}
