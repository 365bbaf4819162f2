/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay_script.h"

#include "base/limits.h"
#include "base/text_writer.h"

#include <stdarg.h>
#include <stdio.h>

enum { ENVELOPE_ROOM = 20 };

bool
words_ok(const struct words *words)
{
	return words->problem.status == STATUS_OK;
}

void
words_fail(struct words *words, const char *format, ...)
{
	va_list arguments;

	if (!words_ok(words)) {
		return;
	}
	words->problem.status = STATUS_INVALID;
	va_start(arguments, format);
	vsnprintf(words->problem.text, sizeof(words->problem.text), format, arguments);
	va_end(arguments);
}

/* Reads what stands between quotes, whose first is at `from`; returns the place behind the
 * last, or 0. The octets move to the front of where they stood. */
static size_t
word_unquote(uint8_t *line, size_t size, size_t from, size_t *ret_size)
{
	uint8_t *start = line + from + 1;
	size_t written = 0;

	for (size_t i = from + 1; i < size; i++) {
		if (line[i] == '"') {
			*ret_size = written;
			return i + 1;
		}
		if (line[i] != '\\') {
			start[written++] = line[i];
		} else if (i + 1 < size && (line[i + 1] == '"' || line[i + 1] == '\\')) {
			start[written++] = line[++i];
		} else if (i + 3 < size && line[i + 1] == 'x' &&
			text_read_hex(bytes_over(line + i + 2, 2), start + written) == STATUS_OK) {
			written++;
			i += 3;
		} else {
			return 0;
		}
	}
	return 0;
}

static bool
is_blank(uint8_t octet)
{
	return octet == ' ' || octet == '\t';
}

void
words_split(struct words *words, uint8_t *line, size_t size)
{
	size_t at = 0;

	*words = (struct words){0};
	while (at < size && words_ok(words)) {
		size_t start = at;
		size_t word_size = 0;

		if (is_blank(line[at])) {
			at++;
			continue;
		}
		if (line[at] == '#') {
			return;
		}
		if (words->count == WORD_COUNT_MAX) {
			words_fail(words, "more than %d words", WORD_COUNT_MAX);
			return;
		}
		if (line[at] == '"') {
			at = word_unquote(line, size, at, &word_size);
			start++;
			if (at == 0) {
				words_fail(words,
					"a quoted word does not end, or has an escape "
					"other than \\\" \\\\ \\xNN");
				return;
			}
			words->is_quoted[words->count] = true;
		} else {
			while (at < size && !is_blank(line[at])) {
				at++;
			}
			word_size = at - start;
		}
		words->all[words->count++] = bytes_over(line + start, word_size);
	}
}

bool
words_are_left(const struct words *words)
{
	return words_ok(words) && words->next < words->count;
}

bool
words_take(struct words *words, const char *word)
{
	if (!words_are_left(words) || words->is_quoted[words->next] ||
		!bytes_equal(words->all[words->next], bytes_from_string(word))) {
		return false;
	}
	words->next++;
	return true;
}

struct bytes
words_next(struct words *words, const char *wanted)
{
	if (!words_are_left(words)) {
		words_fail(words, "the line ends where %s is wanted", wanted);
		return (struct bytes){0};
	}
	return words->all[words->next++];
}

uint64_t
words_next_number(struct words *words, uint64_t max, const char *wanted)
{
	struct bytes word = words_next(words, wanted);
	uint64_t number = 0;

	if (words_ok(words) && text_read_u64(word, max, &number) != STATUS_OK) {
		words_fail(words, "%s is wanted, not \"%.*s\"", wanted, (int)word.size,
			(const char *)word.at);
	}
	return number;
}

int64_t
words_next_ms(struct words *words)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	struct bytes word = words_next(words, "a time");
	size_t digits = 0;
	uint64_t number = 0;

	while (digits < word.size && word.at[digits] >= '0' && word.at[digits] <= '9') {
		digits++;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (bytes_equal(bytes_slice(word, digits, word.size),
			    bytes_from_string(units[i].unit)) &&
			text_read_u64(bytes_slice(word, 0, digits), 1000000, &number) ==
				STATUS_OK) {
			return (int64_t)number * units[i].ms;
		}
	}
	words_fail(words, "a time such as 250ms, 5s, 2m or 1h is wanted, not \"%.*s\"",
		(int)word.size, (const char *)word.at);
	return 0;
}

struct address
words_next_address(struct words *words)
{
	struct bytes word = words_next(words, "an address");
	struct address address = {0};

	if (words_ok(words) &&
		(address_parse(word, 0, &address) != STATUS_OK || address_port(&address) == 0)) {
		words_fail(words, "an address such as 198.51.100.7:40000 is wanted, not \"%.*s\"",
			(int)word.size, (const char *)word.at);
	}
	return address;
}

static bool
word_is_hex(struct bytes word)
{
	for (size_t i = 0; i < word.size; i++) {
		uint8_t upper = ascii_upper(word.at[i]);

		if (!((upper >= '0' && upper <= '9') || (upper >= 'A' && upper <= 'F'))) {
			return false;
		}
	}
	return word.size > 0 && word.size % 2 == 0;
}

bool
words_next_is_hex(const struct words *words)
{
	return words_are_left(words) && !words->is_quoted[words->next] &&
		word_is_hex(words->all[words->next]);
}

struct bytes
words_rest_hex(struct words *words)
{
	static uint8_t octets[MESSAGE_SIZE_MAX + ENVELOPE_ROOM];
	size_t size = 0;

	while (words_are_left(words)) {
		struct bytes word = words_next(words, "hex digits");

		if (!word_is_hex(word) || word.size / 2 > sizeof(octets) - size ||
			text_read_hex(word, octets + size) != STATUS_OK) {
			words_fail(words, "an even number of hex digits is wanted, not \"%.*s\"",
				(int)word.size, (const char *)word.at);
			break;
		}
		size += word.size / 2;
	}
	return bytes_over(octets, size);
}
