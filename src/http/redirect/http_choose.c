/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_choose.h"

#include "base/address.h"
#include "markup/markup_locations.h"

static const int64_t weight_max = 1000000000000000; /* Millionths: a thousand millions. */

/*
 * A step keeps some of the candidates, or all of them when it would keep none.
 */
struct choosing {
	const struct http_locations *locations;
	const struct http_wish *wish;
	size_t count;
	uint16_t left[HTTP_LOCATION_COUNT_MAX];
};

typedef bool choosing_fits(
	const struct choosing *choosing, const struct http_location *location, const void *what);

static void
keep_if(struct choosing *choosing, choosing_fits *fits, const void *what)
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

static bool
fits_want(const struct choosing *choosing, const struct http_location *location, const void *what)
{
	const struct http_want *want = what;

	(void)choosing;
	for (size_t i = 0; i < location->count; i++) {
		if (bytes_equal(location->attributes[i].name, want->name)) {
			return !want->has_value ||
				bytes_equal(location->attributes[i].value, want->value);
		}
	}
	return false;
}

static bool
fits_country(
	const struct choosing *choosing, const struct http_location *location, const void *what)
{
	struct bytes country = markup_trim(http_location_find(location, "country"));

	(void)choosing;
	return country.size > 0 && bytes_equal_fold(country, *(const struct bytes *)what);
}

static bool
fits_address(
	const struct choosing *choosing, const struct http_location *location, const void *what)
{
	struct bytes list = http_location_find(location, "addresses");
	struct bytes word;

	(void)what;
	while (markup_word_next(&list, &word)) {
		struct network network;

		if (network_parse(word, &network) == STATUS_OK &&
			network_holds(&network, choosing->wish->source)) {
			return true;
		}
	}
	return false;
}

static int64_t
score_of(const struct http_location *location)
{
	return markup_decimal(http_location_find(location, "score"), 0);
}

/* The highest. None below 0 wins over one that says nothing; of those that are all below it, all
 * stay. */
static bool
fits_score(const struct choosing *choosing, const struct http_location *location, const void *what)
{
	int64_t highest = *(const int64_t *)what;

	(void)choosing;
	return score_of(location) == highest;
}

static void
keep_score(struct choosing *choosing)
{
	int64_t highest = 0;

	for (size_t i = 0; i < choosing->count; i++) {
		int64_t score = score_of(&choosing->locations->items[choosing->left[i]]);

		highest = score > highest ? score : highest;
	}
	keep_if(choosing, fits_score, &highest);
}

static uint64_t
weight_of(const struct http_location *location)
{
	int64_t weight = markup_decimal(http_location_find(location, "weight"), 1000000);

	/* So that no sum of them is too large for its number. */
	return weight < 0 ? 0 : weight > weight_max ? (uint64_t)weight_max : (uint64_t)weight;
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

/* Nobody looks for a country that no candidate has. */
static void
keep_country(struct choosing *choosing)
{
	struct bytes country = choosing->wish->country;
	bool is_said = false;

	for (size_t i = 0; i < choosing->count; i++) {
		is_said = is_said ||
			http_location_has(
				&choosing->locations->items[choosing->left[i]], TEXT("country"));
	}
	if (is_said && country.size == 0 && choosing->wish->countries != NULL) {
		country = http_countries_find(choosing->wish->countries, choosing->wish->place);
	}
	if (country.size > 0) {
		keep_if(choosing, fits_country, &country);
	}
}

static void
step_take(struct choosing *choosing, struct bytes step)
{
	if (bytes_equal_fold(step, TEXT("locatt"))) {
		for (size_t i = 0; i < choosing->wish->count; i++) {
			keep_if(choosing, fits_want, &choosing->wish->wants[i]);
		}
	} else if (bytes_equal_fold(step, TEXT("address"))) {
		keep_if(choosing, fits_address, NULL);
	} else if (bytes_equal_fold(step, TEXT("country"))) {
		keep_country(choosing);
	} else if (bytes_equal_fold(step, TEXT("score"))) {
		keep_score(choosing);
	} else if (bytes_equal_fold(step, TEXT("weighted"))) {
		keep_weighted(choosing);
	}
}

const struct http_location *
http_locations_choose(const struct http_locations *locations, const struct http_wish *wish)
{
	struct choosing choosing = {
		.locations = locations, .wish = wish, .count = locations->count};
	struct bytes steps =
		locations->choose_by.at != NULL ? locations->choose_by : locations->choose_by_old;
	struct bytes step;

	if (steps.size == 0) {
		steps = TEXT("locatt,address,country,score,weighted");
	}
	for (size_t i = 0; i < choosing.count; i++) {
		choosing.left[i] = (uint16_t)i;
	}
	while (choosing.count > 1 && markup_word_next(&steps, &step)) {
		step_take(&choosing, step);
	}
	if (choosing.count > 1) {
		keep_weighted(&choosing);
	}
	return choosing.count == 0 ? NULL : &locations->items[choosing.left[0]];
}

bool
http_locations_vary(const struct http_locations *locations)
{
	for (size_t i = 0; i < locations->count; i++) {
		struct bytes role = http_location_find(&locations->items[i], "http_role");

		for (size_t k = 0; k < role.size; k++) {
			if (bytes_start_with(bytes_slice(role, k, role.size), TEXT("conneg"))) {
				return true;
			}
		}
	}
	return false;
}
