/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

int
bytes_compare(struct bytes one, struct bytes other)
{
	size_t common = one.size < other.size ? one.size : other.size;
	int order = common == 0 ? 0 : memcmp(one.at, other.at, common);

	if (order != 0) {
		return order;
	}
	return one.size < other.size ? -1 : one.size > other.size;
}

bool
octets_equal_fold(const uint8_t *one, const uint8_t *other, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (one[i] != other[i] && ascii_upper(one[i]) != ascii_upper(other[i])) {
			return false;
		}
	}
	return true;
}

size_t
bytes_find(struct bytes whole, uint8_t octet)
{
	const uint8_t *at = whole.size == 0 ? NULL : memchr(whole.at, octet, whole.size);

	return at == NULL ? whole.size : (size_t)(at - whole.at);
}

static bool
octet_is_blank(uint8_t octet)
{
	return octet == ' ' || octet == '\t';
}

struct bytes
bytes_trim(struct bytes whole)
{
	while (whole.size > 0 && octet_is_blank(whole.at[0])) {
		whole = bytes_slice(whole, 1, whole.size);
	}
	while (whole.size > 0 && octet_is_blank(whole.at[whole.size - 1])) {
		whole.size--;
	}
	return whole;
}

/* How many octets follow a lead octet, and the range the first of them must lie in
 * (RFC 3629, 4: the narrower ranges shut out overlong forms and surrogates). */
static int
utf8_tail(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
	*ret_low = 0x80;
	*ret_high = 0xbf;
	if (lead >= 0xc2 && lead <= 0xdf) {
		return 1;
	}
	if (lead >= 0xe0 && lead <= 0xef) {
		*ret_low = lead == 0xe0 ? 0xa0 : 0x80;
		*ret_high = lead == 0xed ? 0x9f : 0xbf;
		return 2;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		*ret_low = lead == 0xf0 ? 0x90 : 0x80;
		*ret_high = lead == 0xf4 ? 0x8f : 0xbf;
		return 3;
	}
	return -1;
}

size_t
bytes_utf8_first(struct bytes run, uint32_t *ret_character)
{
	uint8_t low;
	uint8_t high;
	uint32_t character;
	int tail;

	if (run.size == 0) {
		return 0;
	}
	if (run.at[0] < 0x80) {
		*ret_character = run.at[0];
		return 1;
	}
	tail = utf8_tail(run.at[0], &low, &high);
	if (tail < 0 || run.size <= (size_t)tail) {
		return 0;
	}
	character = run.at[0] & (0x3fU >> tail);
	for (int i = 1; i <= tail; i++) {
		if (run.at[i] < low || run.at[i] > high) {
			return 0;
		}
		character = character << 6 | (run.at[i] & 0x3fU);
		low = 0x80;
		high = 0xbf;
	}
	*ret_character = character;
	return (size_t)tail + 1;
}

size_t
bytes_utf8_size(struct bytes run)
{
	size_t i = 0;

	while (i < run.size) {
		uint64_t eight;
		uint32_t character;
		size_t size;

		/* Most text is ASCII: eight octets a step as long as no high bit is set. */
		while (run.size - i >= sizeof(eight)) {
			memcpy(&eight, run.at + i, sizeof(eight));
			if ((eight & 0x8080808080808080U) != 0) {
				break;
			}
			i += sizeof(eight);
		}
		while (i < run.size && run.at[i] < 0x80) {
			i++;
		}
		if (i == run.size) {
			break;
		}
		size = bytes_utf8_first(bytes_over(run.at + i, run.size - i), &character);
		if (size == 0) {
			break;
		}
		i += size;
	}
	return i;
}

bool
bytes_are_utf8(struct bytes run)
{
	return bytes_utf8_size(run) == run.size;
}
