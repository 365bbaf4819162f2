/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_name.h"

#include "base/text_writer.h"

#include <string.h>

/* The prefix of prefix handles: what a slashless name lacks. */
#define NA_PREFIX      TEXT("0.NA/")
#define NA_PREFIX_SIZE 5

#define EACH_OCTET(octet) (0x0101010101010101ull * (octet))

/* Eight octets at once. Adding to the low seven bits of each octet carries into its top
 * bit exactly when the octet is >= 'a' (or > 'z'); octets beyond ASCII are masked out. */
static inline uint64_t
upper_eight(uint64_t octets)
{
	uint64_t low_bits = octets & EACH_OCTET(0x7f);
	uint64_t is_from_a = low_bits + EACH_OCTET(0x80 - 'a');
	uint64_t is_past_z = low_bits + EACH_OCTET(0x7f - 'z');
	uint64_t is_lower = (is_from_a ^ is_past_z) & ~octets & EACH_OCTET(0x80);

	return octets ^ (is_lower >> 2);
}

/* The last word overlaps the one before instead of leaving a tail of single octets. */
static void
upper_copy(uint8_t *to, const uint8_t *from, size_t size)
{
	uint64_t octets;

	if (size < sizeof(octets)) {
		for (size_t i = 0; i < size; i++) {
			to[i] = ascii_upper(from[i]);
		}
		return;
	}
	for (size_t i = 0; i < size - sizeof(octets); i += sizeof(octets)) {
		memcpy(&octets, from + i, sizeof(octets));
		octets = upper_eight(octets);
		memcpy(to + i, &octets, sizeof(octets));
	}
	memcpy(&octets, from + size - sizeof(octets), sizeof(octets));
	octets = upper_eight(octets);
	memcpy(to + size - sizeof(octets), &octets, sizeof(octets));
}

static bool
name_is_slashless(struct bytes name)
{
	return bytes_find(name, '/') == name.size;
}

struct bytes
handle_name_prefix(struct bytes name)
{
	return bytes_slice(name, 0, bytes_find(name, '/'));
}

struct bytes
handle_name_suffix(struct bytes name)
{
	size_t slash = bytes_find(name, '/');

	return slash == name.size ? (struct bytes){NULL, 0}
				  : bytes_slice(name, slash + 1, name.size);
}

size_t
handle_name_key(struct bytes name, uint8_t ret_key[HANDLE_KEY_SIZE_MAX])
{
	uint8_t *at = ret_key;

	if (name.size == 0 || name.size > HANDLE_NAME_SIZE_MAX) {
		return 0;
	}
	if (name_is_slashless(name)) {
		memcpy(at, NA_PREFIX.at, NA_PREFIX_SIZE);
		at += NA_PREFIX_SIZE;
	}
	upper_copy(at, name.at, name.size);
	return (size_t)(at - ret_key) + name.size;
}

bool
handle_name_equal(struct bytes one, struct bytes other)
{
	size_t fold;

	if (one.size != other.size) {
		return false;
	}
	fold = bytes_start_with(one, TEXT("0.")) ? one.size : bytes_find(one, '/');
	return bytes_equal_fold(bytes_slice(one, 0, fold), bytes_slice(other, 0, fold)) &&
		bytes_equal(bytes_slice(one, fold, one.size), bytes_slice(other, fold, other.size));
}

size_t
handle_name_prefix_handle(struct bytes name, uint8_t ret_key[HANDLE_KEY_SIZE_MAX])
{
	struct bytes prefix = name_is_slashless(name) ? TEXT("0.NA") : handle_name_prefix(name);

	if (name.size == 0 || name.size > HANDLE_NAME_SIZE_MAX) {
		return 0;
	}
	memcpy(ret_key, NA_PREFIX.at, NA_PREFIX_SIZE);
	upper_copy(ret_key + NA_PREFIX_SIZE, prefix.at, prefix.size);
	return NA_PREFIX_SIZE + prefix.size;
}

bool
handle_name_is_prefix_handle(struct bytes name)
{
	return bytes_start_with_fold(name, NA_PREFIX);
}

bool
handle_name_is_derived_prefix(struct bytes name)
{
	struct bytes prefix = bytes_slice(name, NA_PREFIX_SIZE, name.size);

	return handle_name_is_prefix_handle(name) && bytes_find(prefix, '.') < prefix.size;
}

struct bytes
handle_name_parent_prefix(struct bytes name)
{
	size_t size = handle_name_is_prefix_handle(name) ? name.size : 0;

	while (size > NA_PREFIX_SIZE && name.at[size - 1] != '.') {
		size--;
	}
	/* What stands before the dot; a dot right behind "0.NA/" leaves no prefix at all. */
	return size > NA_PREFIX_SIZE + 1 ? bytes_slice(name, 0, size - 1) : (struct bytes){NULL, 0};
}

bool
handle_name_is_global(struct bytes name)
{
	return bytes_start_with(name, TEXT("0.")) || bytes_start_with(name, TEXT("0/")) ||
		name_is_slashless(name);
}

enum status
handle_reference_parse(struct bytes text, uint32_t *ret_index, struct bytes *ret_name)
{
	size_t colon = bytes_find(text, ':');
	struct bytes name = bytes_slice(text, colon + 1, text.size);
	uint64_t index;

	if (text_read_u64(bytes_slice(text, 0, colon), UINT32_MAX, &index) != STATUS_OK ||
		name.size == 0 || name.size > HANDLE_NAME_SIZE_MAX) {
		return STATUS_MALFORMED;
	}
	*ret_index = (uint32_t)index;
	*ret_name = name;
	return STATUS_OK;
}
