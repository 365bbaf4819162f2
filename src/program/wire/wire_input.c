/* SPDX-License-Identifier: Apache-2.0 */
#include "program/wire/wire_input.h"

#include "base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOAD_STEP = 65536 };

static enum status
stream_load(FILE *stream, const char *path, uint8_t **ret_octets, size_t *ret_size,
	struct problem *problem)
{
	uint8_t *octets = NULL;
	size_t capacity = 0;
	size_t size = 0;

	while (size <= WIRE_INPUT_SIZE_MAX && !feof(stream) && !ferror(stream)) {
		if (capacity - size < LOAD_STEP) {
			size_t larger = capacity + capacity / 2 + LOAD_STEP;
			uint8_t *moved = realloc(octets, larger);

			if (moved == NULL) {
				free(octets);
				return problem_set(problem, STATUS_NO_MEMORY, "%s: %s", path,
					status_text(STATUS_NO_MEMORY));
			}
			octets = moved;
			capacity = larger;
		}
		size += fread(octets + size, 1, LOAD_STEP, stream);
	}
	if (ferror(stream)) {
		free(octets);
		return problem_system(problem, "cannot read %s", path);
	}
	if (size > WIRE_INPUT_SIZE_MAX) {
		free(octets);
		return problem_set(problem, STATUS_TOO_LARGE, "%s holds more than %d octets", path,
			WIRE_INPUT_SIZE_MAX);
	}
	*ret_octets = octets;
	*ret_size = size;
	return STATUS_OK;
}

enum status
wire_input_load(const char *path, uint8_t **ret_octets, size_t *ret_size, struct problem *problem)
{
	enum status status;
	FILE *stream;

	if (strcmp(path, "-") == 0) {
		return stream_load(stdin, "standard input", ret_octets, ret_size, problem);
	}
	stream = fopen(path, "re");
	if (stream == NULL) {
		return problem_system(problem, "cannot open %s", path);
	}
	status = stream_load(stream, path, ret_octets, ret_size, problem);
	fclose(stream);
	return status;
}

static bool
is_hex_digit(uint8_t letter)
{
	letter = ascii_upper(letter);
	return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'F');
}

static bool
is_between(uint8_t letter)
{
	return letter == ' ' || letter == '\t' || letter == '\r' || letter == ':';
}

static bool
is_hex_text(struct bytes input)
{
	for (size_t i = 0; i < input.size; i++) {
		uint8_t letter = input.at[i];

		if (letter == '#') {
			i += bytes_find(bytes_slice(input, i, input.size), '\n');
		} else if (!is_hex_digit(letter) && !is_between(letter) && letter != '\n' &&
			letter != 'x') {
			return false;
		}
	}
	return true;
}

enum wire_form
wire_input_form(struct bytes input)
{
	static const uint8_t magics[][4] = {{0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1},
		{0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1}, {0x0a, 0x0d, 0x0d, 0x0a}};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if (bytes_start_with(input, bytes_over(magics[i], 4))) {
			return WIRE_FORM_CAPTURE;
		}
	}
	return is_hex_text(input) ? WIRE_FORM_HEX : WIRE_FORM_RAW;
}

static uint8_t
digit_number(uint8_t letter)
{
	letter = ascii_upper(letter);
	return (uint8_t)(letter <= '9' ? letter - '0' : letter - 'A' + 10);
}

/* The octets of one line behind those that `ret_octets` holds; false after a wrong letter. */
static bool
line_decode(struct wire_hex *hex, struct bytes line, size_t *size, struct problem *problem)
{
	bool is_half = false;

	for (size_t i = 0; i < line.size && line.at[i] != '#'; i++) {
		uint8_t letter = line.at[i];
		bool is_prefix = !is_half && letter == '0' && i + 1 < line.size &&
			(line.at[i + 1] == 'x' || line.at[i + 1] == 'X');

		if (is_prefix) {
			i++;
			continue;
		}
		if (is_between(letter) && !is_half) {
			continue;
		}
		if (!is_hex_digit(letter)) {
			problem_set(problem, STATUS_MALFORMED,
				"line %zu, column %zu: not a hex digit", hex->line, i + 1);
			return false;
		}
		if (is_half) {
			hex->at[*size] = (uint8_t)(hex->at[*size] << 4 | digit_number(letter));
			(*size)++;
		} else {
			hex->at[*size] = digit_number(letter);
		}
		is_half = !is_half;
	}
	if (is_half) {
		problem_set(problem, STATUS_TRUNCATED, "line %zu ends within an octet", hex->line);
	}
	return !is_half;
}

bool
wire_hex_next(struct wire_hex *hex, struct bytes *ret_octets, struct problem *problem)
{
	size_t start = hex->next;
	size_t size = start;

	/* Two digits become one octet, so what is written never passes what is read. */
	while (hex->next < hex->size) {
		struct bytes rest = bytes_over(hex->at + hex->next, hex->size - hex->next);
		struct bytes line = bytes_slice(rest, 0, bytes_find(rest, '\n'));
		size_t before = size;

		hex->line++;
		hex->next += line.size < rest.size ? line.size + 1 : line.size;
		if (!line_decode(hex, line, &size, problem)) {
			return false;
		}
		if (size == before && size > start) {
			break;
		}
	}
	*ret_octets = bytes_over(hex->at + start, size - start);
	return size > start;
}
