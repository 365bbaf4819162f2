/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "http/redirect/http_choose.h"

/* A copy with a NUL behind it. */
static const char *
text_end(struct arena *arena, struct bytes text)
{
	char *copy = arena_alloc(arena, text.size + 1);

	if (copy != NULL && text.size > 0) {
		memcpy(copy, text.at, text.size);
	}
	return copy;
}

/* The first line is a query, the rest a value of type 10320/loc. Whatever they say: a choice is one
 * of the candidates, and there is one when there are any. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_over(data, size);
	size_t line = bytes_find(text, '\n');
	struct arena *arena = arena_new(65536, REQUEST_MEMORY_MAX);
	struct http_locations *locations = calloc(1, sizeof(*locations));
	struct http_parameters parameters = {.count = 0};
	struct http_wish *wish = calloc(1, sizeof(*wish));
	struct bytes want;
	size_t at = 0;

	if (http_parameters_read(bytes_slice(text, 0, line), arena, &parameters) != STATUS_OK) {
		parameters.count = 0;
	}
	wish->random = size * 2654435761U;
	while (http_parameter_next(&parameters, TEXT("locatt"), &at, &want)) {
		http_wish_add(wish, want);
	}
	if (parameters.count > 0) {
		struct bytes accept = parameters.items[0].value;
		const struct http_wish_headers headers = {.accept = text_end(arena, accept),
			.accept_language = text_end(arena, accept)};

		http_wish_add_headers(wish, &headers, arena);
	}
	if (http_locations_read(bytes_slice(text, line + 1, size), arena, locations) == STATUS_OK) {
		const struct http_location *location = http_locations_choose(locations, wish);

		FUZZ_CHECK(locations->count <= HTTP_LOCATION_COUNT_MAX);
		FUZZ_CHECK((location == NULL) == (locations->count == 0));
		if (location != NULL) {
			unsigned int status = http_location_status(location);
			char room[1024];
			struct text_writer writer = text_writer_over(room, sizeof(room));

			FUZZ_CHECK(location >= locations->items &&
				location < locations->items + locations->count);
			FUZZ_CHECK(status >= 301 && status <= 308);
			http_location_write(&writer, location, TEXT("1/a"));
		}
	}
	free(locations);
	free(wish);
	arena_free(arena);
	return 0;
}
