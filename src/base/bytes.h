/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A run of octets that somebody else owns.
 *
 * Handles, types, values and whole messages travel through the node as such views
 * into the datagram, the connection's buffer or the mapped ledger; none of them ends
 * with a NUL. An empty run may have any `at`, also NULL.
 */
struct bytes {
	const uint8_t *at;
	size_t size;
};

/* A literal run, for tables and tests: BYTES(0x02, 0x0b). */
#define BYTES(...) \
	((struct bytes){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

/* A string literal without its NUL: TEXT("HS_ADMIN"). */
#define TEXT(literal) ((struct bytes){(const uint8_t *)("" literal), sizeof(literal) - 1})

static inline struct bytes
bytes_over(const void *at, size_t size)
{
	return (struct bytes){(const uint8_t *)at, size};
}

/* Over a C string, without its NUL. */
static inline struct bytes
bytes_from_string(const char *string)
{
	return bytes_over(string, strlen(string));
}

static inline bool
bytes_equal(struct bytes one, struct bytes other)
{
	return one.size == other.size && (one.size == 0 || memcmp(one.at, other.at, one.size) == 0);
}

/* Order of memcmp; a run comes before its extensions. */
int bytes_compare(struct bytes one, struct bytes other);

static inline uint8_t
ascii_upper(uint8_t octet)
{
	return octet >= 'a' && octet <= 'z' ? (uint8_t)(octet - ('a' - 'A')) : octet;
}

/* ASCII letters a-z are equal to A-Z, every other octet only to itself: the case rule of
 * handles and types (RFC 3651, 2.1; UTF-8 beyond ASCII is never folded). */
bool octets_equal_fold(const uint8_t *one, const uint8_t *other, size_t size);

/* Mostly the first octet tells two words apart. */
static inline bool
bytes_start_with_fold(struct bytes whole, struct bytes start)
{
	return whole.size >= start.size &&
		(start.size == 0 ||
			(ascii_upper(whole.at[0]) == ascii_upper(start.at[0]) &&
				octets_equal_fold(whole.at, start.at, start.size)));
}

static inline bool
bytes_equal_fold(struct bytes one, struct bytes other)
{
	return one.size == other.size && bytes_start_with_fold(one, other);
}

/* Here, as bytes_slice(): a call would cost more than they do. */
static inline bool
bytes_start_with(struct bytes whole, struct bytes start)
{
	return whole.size >= start.size &&
		(start.size == 0 || memcmp(whole.at, start.at, start.size) == 0);
}

/* What editors of other systems put in front of a text, U+FEFF, is none of it. */
static inline struct bytes
bytes_behind_mark(struct bytes text)
{
	bool has_mark = text.size >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0;

	return has_mark ? (struct bytes){text.at + 3, text.size - 3} : text;
}

/* Place of the first `octet`, or `whole.size`. */
size_t bytes_find(struct bytes whole, uint8_t octet);

/* The part from `from` on, `size` octets at the most; empty past the end. */
static inline struct bytes
bytes_slice(struct bytes whole, size_t from, size_t size)
{
	if (from >= whole.size) {
		return (struct bytes){NULL, 0};
	}
	return (struct bytes){whole.at + from, size > whole.size - from ? whole.size - from : size};
}

/* Without the spaces and tabs at both ends. */
struct bytes bytes_trim(struct bytes whole);

/* Octets of UTF-8 as RFC 3629 has it (no overlong form, no surrogate, <= U+10FFFF) that the
 * run begins with: its size, or the place of the first character that is broken or cut. */
size_t bytes_utf8_size(struct bytes run);

/* True if the whole run is UTF-8. */
bool bytes_are_utf8(struct bytes run);

/* The first character of the run and its octets, 1 to 4; 0, with nothing stored, if the run
 * is empty or does not begin with a whole character. */
size_t bytes_utf8_first(struct bytes run, uint32_t *ret_character);
