/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

/*
 * Runs through a string eight octets at a time: reader and writer both spend most of their
 * time on octets that need nothing done.
 *
 * Returns the first quote, backslash or ASCII control character from `at` on, or `end`.
 * Bit 7 is added to `*high` if any octet passed over was beyond ASCII.
 */
static inline const uint8_t *
json_scan_plain(const uint8_t *at, const uint8_t *end, uint8_t *high)
{
	static const uint64_t ones = 0x0101010101010101U;
	uint64_t highs = 0;

	/* A zero octet z of a word is where (z - 1) & ~z has bit 7 set. Octets above a find may
	 * be taken for one too, so only the lowest counts; hence little-endian order. */
	while ((size_t)(end - at) >= sizeof(uint64_t)) {
		uint64_t word;
		uint64_t quote;
		uint64_t slash;
		uint64_t found;

		memcpy(&word, at, sizeof(word));
		word = le64toh(word);
		quote = word ^ ones * '"';
		slash = word ^ ones * '\\';
		found = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
			((word - ones * 0x20) & ~word);
		found &= ones * 0x80;
		if (found != 0) {
			unsigned passed = (unsigned)__builtin_ctzll(found) / 8;

			highs |= passed == 0 ? 0 : word << (64 - 8 * passed);
			at += passed;
			goto done;
		}
		highs |= word;
		at += sizeof(word);
	}
	for (; at < end && *at >= 0x20 && *at != '"' && *at != '\\'; at++) {
		highs |= *at;
	}
done:
	*high = (uint8_t)(*high | ((highs & ones * 0x80) != 0 ? 0x80 : 0));
	return at;
}
