/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>
#include <string.h>

/*
 * Where a request comes from, as tables count it: the address, of IPv6 the network of a house
 * (/56), in which one machine has as many addresses as it likes.
 */
struct access_source_key {
	uint8_t octets[16];
};

static inline struct access_source_key
access_source_key(const uint8_t source[16])
{
	static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	struct access_source_key key = {{0}};

	memcpy(key.octets, source, memcmp(source, v4_mapped, sizeof(v4_mapped)) == 0 ? 16 : 7);
	return key;
}
