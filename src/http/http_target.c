/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_target.h"

#include "base/limits.h"

/* 0 to 15, or -1. */
static int
hex_digit(uint8_t octet)
{
	if (octet >= '0' && octet <= '9') {
		return octet - '0';
	}
	octet = ascii_upper(octet);
	return octet >= 'A' && octet <= 'F' ? octet - 'A' + 10 : -1;
}

enum status
http_percent_decode(struct bytes text, bool is_form, uint8_t *ret_octets, size_t *ret_size)
{
	size_t size = 0;

	for (size_t i = 0; i < text.size; i++) {
		uint8_t octet = text.at[i];

		if (octet == '%') {
			int high = text.size - i > 2 ? hex_digit(text.at[i + 1]) : -1;
			int low = text.size - i > 2 ? hex_digit(text.at[i + 2]) : -1;

			if (high < 0 || low < 0) {
				return STATUS_MALFORMED;
			}
			octet = (uint8_t)(high << 4 | low);
			i += 2;
		} else if (octet == '+' && is_form) {
			octet = ' ';
		}
		ret_octets[size++] = octet;
	}
	*ret_size = size;
	return STATUS_OK;
}

static enum status
part_read(struct bytes text, struct arena *arena, struct bytes *ret_part)
{
	uint8_t *octets = arena_alloc(arena, text.size + 1);
	size_t size = 0;
	enum status status;

	if (octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	status = http_percent_decode(text, true, octets, &size);
	*ret_part = bytes_over(octets, size);
	return status;
}

static enum status
parameter_read(struct bytes text, struct arena *arena, struct http_parameter *parameter)
{
	size_t at = bytes_find(text, '=');
	enum status status = part_read(bytes_slice(text, 0, at), arena, &parameter->name);

	return status == STATUS_OK
		? part_read(bytes_slice(text, at + 1, text.size), arena, &parameter->value)
		: status;
}

static size_t
parameters_count(struct bytes query)
{
	size_t count = 1;

	for (size_t i = 0; i < query.size; i++) {
		count += query.at[i] == '&';
	}
	return query.size == 0 ? 0 : count;
}

enum status
http_parameters_read(
	struct bytes query, struct arena *arena, struct http_parameters *ret_parameters)
{
	struct http_parameters parameters = {.count = 0};
	size_t count = parameters_count(query);

	if (count > HTTP_PARAMETER_COUNT_MAX) {
		return STATUS_TOO_LARGE;
	}
	parameters.items = arena_alloc_array(arena, count + 1, sizeof(parameters.items[0]));
	if (parameters.items == NULL) {
		return STATUS_NO_MEMORY;
	}
	while (query.size > 0) {
		size_t end = bytes_find(query, '&');
		struct bytes text = bytes_slice(query, 0, end);

		query = bytes_slice(query, end + 1, query.size);
		if (text.size > 0) {
			enum status status =
				parameter_read(text, arena, &parameters.items[parameters.count++]);

			if (status != STATUS_OK) {
				return status;
			}
		}
	}
	*ret_parameters = parameters;
	return STATUS_OK;
}

bool
http_parameter_next(const struct http_parameters *parameters, struct bytes name, size_t *at,
	struct bytes *ret_value)
{
	while (*at < parameters->count) {
		const struct http_parameter *parameter = &parameters->items[(*at)++];

		if (bytes_equal(parameter->name, name)) {
			*ret_value = parameter->value;
			return true;
		}
	}
	return false;
}

bool
http_parameter_find(
	const struct http_parameters *parameters, struct bytes name, struct bytes *ret_value)
{
	size_t at = 0;

	return http_parameter_next(parameters, name, &at, ret_value);
}

bool
http_parameter_is_true(const struct http_parameters *parameters, struct bytes name)
{
	struct bytes value;

	return http_parameter_find(parameters, name, &value) &&
		(value.size == 0 || bytes_equal_fold(value, TEXT("yes")) ||
			bytes_equal_fold(value, TEXT("true")));
}

static bool
character_is_harmless(uint32_t character, bool is_first)
{
	return character == '_' || character == '$' || (character >= 'A' && character <= 'Z') ||
		(character >= 'a' && character <= 'z') ||
		(!is_first && character >= '0' && character <= '9') ||
		/* Line and paragraph separators end a line of script. */
		(character >= 0xa0 && character != 0x2028 && character != 0x2029);
}

size_t
http_callback_clean(struct bytes name, uint8_t *ret_octets)
{
	size_t size = 0;

	while (name.size > 0) {
		uint32_t character = 0;
		size_t taken = bytes_utf8_first(name, &character);

		if (taken > 0 && character_is_harmless(character, size == 0)) {
			memcpy(ret_octets + size, name.at, taken);
			size += taken;
		} else {
			ret_octets[size++] = '_';
		}
		name = bytes_slice(name, taken == 0 ? 1 : taken, name.size);
	}
	return size;
}
