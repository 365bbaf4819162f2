/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_choose.h"

/*
 * What the headers of a request wish for (http-api, 12): programs that ask for other types than
 * browsers do are led to what has them.
 */
enum { ENTRY_COUNT_MAX = 32, QUALITY_MAX = 1000 };

struct entry {
	struct bytes value; /* In small letters. */
	unsigned int quality; /* Thousandths. */
};

struct entries {
	size_t count;
	struct entry items[ENTRY_COUNT_MAX];
};

void
http_wish_add(struct http_wish *wish, struct bytes want)
{
	size_t colon = bytes_find(want, ':');

	if (wish->count < HTTP_WANT_COUNT_MAX) {
		wish->wants[wish->count++] = (struct http_want){
			.name = markup_trim(bytes_slice(want, 0, colon)),
			.value = bytes_slice(want, colon + 1, want.size),
			.has_value = colon < want.size,
		};
	}
}

static void
http_wish_add_pair(struct http_wish *wish, const char *name, struct bytes value)
{
	if (wish->count < HTTP_WANT_COUNT_MAX) {
		wish->wants[wish->count++] = (struct http_want){
			.name = bytes_from_string(name), .value = value, .has_value = true};
	}
}

/* The thousandths of ";q=0.5"; anything else counts as 1. */
static unsigned int
quality_of(struct bytes parameters)
{
	while (parameters.size > 0) {
		size_t end = bytes_find(parameters, ';');
		struct bytes one = markup_trim(bytes_slice(parameters, 0, end));
		unsigned int quality = 0;
		unsigned int weight = QUALITY_MAX;

		parameters = bytes_slice(parameters, end + 1, parameters.size);
		if (!bytes_start_with_fold(one, TEXT("q="))) {
			continue;
		}
		for (size_t i = 2; i < one.size && weight > 0; i++) {
			if (one.at[i] >= '0' && one.at[i] <= '9') {
				quality += (unsigned int)(one.at[i] - '0') * weight;
				weight /= 10;
			} else if (one.at[i] != '.') {
				return QUALITY_MAX;
			}
		}
		return quality < QUALITY_MAX ? quality : QUALITY_MAX;
	}
	return QUALITY_MAX;
}

/* Those of one header, in small letters. */
static void
entries_read(const char *header, struct arena *arena, struct entries *ret_entries)
{
	struct bytes text = header == NULL ? (struct bytes){NULL, 0}
					   : arena_copy(arena, bytes_from_string(header));
	uint8_t *octets = (uint8_t *)(uintptr_t)text.at;

	ret_entries->count = 0;
	if (octets == NULL) {
		return;
	}
	for (size_t i = 0; i < text.size; i++) {
		octets[i] = octets[i] >= 'A' && octets[i] <= 'Z' ? (uint8_t)(octets[i] + 32)
								 : octets[i];
	}
	while (text.size > 0 && ret_entries->count < ENTRY_COUNT_MAX) {
		size_t end = bytes_find(text, ',');
		struct bytes one = bytes_slice(text, 0, end);
		size_t value_end = bytes_find(one, ';');
		struct bytes value = markup_trim(bytes_slice(one, 0, value_end));

		text = bytes_slice(text, end + 1, text.size);
		if (value.size > 0) {
			ret_entries->items[ret_entries->count++] = (struct entry){
				value, quality_of(bytes_slice(one, value_end + 1, one.size))};
		}
	}
}

/* The best first; of two that are wanted alike, the first. */
static void
entries_sort(struct entries *entries)
{
	for (size_t i = 1; i < entries->count; i++) {
		struct entry one = entries->items[i];
		size_t at = i;

		for (; at > 0 && entries->items[at - 1].quality < one.quality; at--) {
			entries->items[at] = entries->items[at - 1];
		}
		entries->items[at] = one;
	}
}

static bool
has_star(struct bytes type)
{
	return bytes_find(type, '*') < type.size;
}

/* What browsers ask for by themselves. */
static bool
is_for_browsers(struct bytes type)
{
	static const char *const types[] = {"text/html", "text/xhtml", "application/xhtml+xml",
		"application/pdf", "application/vnd.wap.xhtml+xml", "text/vnd.wap.wml"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (bytes_equal(type, bytes_from_string(types[i]))) {
			return true;
		}
	}
	return has_star(type) || bytes_start_with(type, TEXT("image/")) ||
		bytes_start_with(type, TEXT("audio/")) || bytes_start_with(type, TEXT("video/"));
}

static void
role_add(struct http_wish *wish, const struct http_wish_headers *headers, struct bytes role)
{
	if (!headers->is_metadata) {
		http_wish_add_pair(wish, "http_role", role);
	}
}

static void
type_add(struct http_wish *wish, struct bytes type)
{
	http_wish_add_pair(wish, "ctype", type);
	http_wish_add_pair(wish, "media-type", type);
}

static bool
is_browser(const char *agent)
{
	struct bytes name =
		agent == NULL ? (struct bytes){NULL, 0} : markup_trim(bytes_from_string(agent));

	return bytes_start_with_fold(name, TEXT("mozilla/")) ||
		bytes_start_with_fold(name, TEXT("opera/"));
}

static bool
takes_anything(const struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (!bytes_equal(entries->items[i].value, TEXT("*/*"))) {
			return false;
		}
	}
	return true;
}

static bool
takes_html(const struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		struct bytes type = entries->items[i].value;

		if (bytes_equal(type, TEXT("text/html")) || bytes_equal(type, TEXT("text/*")) ||
			bytes_equal(type, TEXT("*/*"))) {
			return true;
		}
	}
	return false;
}

/* True if the best quality is that of something that browsers do not ask for. */
static bool
negotiates(const struct entries *entries)
{
	unsigned int best = 0;
	unsigned int best_of_browsers = 0;

	for (size_t i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->items[i];

		best = entry->quality > best ? entry->quality : best;
		if (is_for_browsers(entry->value) && entry->quality > best_of_browsers) {
			best_of_browsers = entry->quality;
		}
	}
	return best_of_browsers < best;
}

static void
accept_add(struct http_wish *wish, const struct http_wish_headers *headers, struct entries *entries)
{
	if (takes_anything(entries)) {
		bool browses = is_browser(headers->user_agent);

		role_add(wish, headers, browses ? TEXT("browser") : TEXT("no_conneg"));
		if (browses) {
			type_add(wish, TEXT("text/html"));
		}
	} else if (negotiates(entries)) {
		entries_sort(entries);
		for (size_t i = 0; i < entries->count && !has_star(entries->items[i].value); i++) {
			type_add(wish, entries->items[i].value);
		}
		role_add(wish, headers, TEXT("conneg"));
	} else {
		role_add(wish, headers, TEXT("browser"));
		if (takes_html(entries)) {
			type_add(wish, TEXT("text/html"));
		}
	}
}

void
http_wish_add_headers(
	struct http_wish *wish, const struct http_wish_headers *headers, struct arena *arena)
{
	struct entries entries;

	if (headers->is_metadata) {
		http_wish_add_pair(wish, "role", TEXT("metadata"));
	}
	entries_read(headers->accept, arena, &entries);
	accept_add(wish, headers, &entries);
	entries_read(headers->accept_language, arena, &entries);
	entries_sort(&entries);
	for (size_t i = 0; i < entries.count; i++) {
		http_wish_add_pair(wish, "language", entries.items[i].value);
	}
}
