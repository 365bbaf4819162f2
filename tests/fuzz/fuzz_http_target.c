/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "http/http_target.h"

static const char hex[] = "0123456789ABCDEF";

/* Whatever was decoded and is encoded whole comes back as the same octets. */
static void
check_path(struct bytes text)
{
	uint8_t *octets = malloc(text.size + 1);
	uint8_t *encoded = malloc(3 * text.size + 1);
	uint8_t *again = malloc(3 * text.size + 1);
	size_t size = 0;
	size_t again_size = 0;

	if (http_percent_decode(text, false, octets, &size) == STATUS_OK) {
		FUZZ_CHECK(size <= text.size);
		for (size_t i = 0; i < size; i++) {
			encoded[3 * i] = '%';
			encoded[3 * i + 1] = (uint8_t)hex[octets[i] >> 4];
			encoded[3 * i + 2] = (uint8_t)hex[octets[i] & 15];
		}
		FUZZ_CHECK(http_percent_decode(bytes_over(encoded, 3 * size), true, again,
				   &again_size) == STATUS_OK);
		FUZZ_CHECK(bytes_equal(bytes_over(again, again_size), bytes_over(octets, size)));
	}
	free(octets);
	free(encoded);
	free(again);
}

static void
check_query(struct bytes text)
{
	struct arena *arena = arena_new(4096, REQUEST_MEMORY_MAX);
	struct http_parameters parameters;

	if (http_parameters_read(text, arena, &parameters) == STATUS_OK) {
		FUZZ_CHECK(parameters.count <= HTTP_PARAMETER_COUNT_MAX);
		for (size_t i = 0; i < parameters.count; i++) {
			struct bytes value;
			size_t at = i;

			FUZZ_CHECK(http_parameter_next(
				&parameters, parameters.items[i].name, &at, &value));
			FUZZ_CHECK(at == i + 1 && value.at == parameters.items[i].value.at);
		}
	}
	arena_free(arena);
}

/* Nothing that ends a call, a string or a line of script. */
static void
check_callback(struct bytes text)
{
	uint8_t *octets = malloc(text.size + 1);
	size_t size = http_callback_clean(text, octets);

	FUZZ_CHECK(size <= text.size && bytes_are_utf8(bytes_over(octets, size)));
	for (size_t i = 0; i < size; i++) {
		FUZZ_CHECK(octets[i] >= 0x80 || octets[i] == '_' || octets[i] == '$' ||
			(octets[i] >= '0' && octets[i] <= '9') ||
			(ascii_upper(octets[i]) >= 'A' && ascii_upper(octets[i]) <= 'Z'));
	}
	free(octets);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_over(data, size);

	check_path(text);
	check_query(text);
	check_callback(text);
	return 0;
}
