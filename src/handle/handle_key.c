/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_key.h"

#include <assert.h>

/* Names on the wire and how many integers follow; the rows are in the order of the kinds. */
static const struct {
	const char *name;
	uint8_t part_count;
	bool is_private;
} kinds[] = {
	[HANDLE_KEY_RSA_PUBLIC] = {"RSA_PUB_KEY", 2, false},
	[HANDLE_KEY_RSA_PRIVATE] = {"RSA_PRIV_KEY", 2, true},
	[HANDLE_KEY_RSA_PRIVATE_CRT] = {"RSA_PRIVCRT_KEY", 8, true},
	[HANDLE_KEY_DSA_PUBLIC] = {"DSA_PUB_KEY", 4, false},
	[HANDLE_KEY_DSA_PRIVATE] = {"DSA_PRIV_KEY", 4, true},
	[HANDLE_KEY_DH_PUBLIC] = {"DH_PUB_KEY", 3, false},
	[HANDLE_KEY_ED25519_PUBLIC] = {"ED25519_PUB_KEY", 1, false},
	[HANDLE_KEY_ED25519_PRIVATE] = {"ED25519_PRIV_KEY", 1, true},
	[HANDLE_KEY_SM2_PUBLIC] = {"SM2_PUB_KEY", 1, false},
	[HANDLE_KEY_SM2_PRIVATE] = {"SM2_PRIV_KEY", 1, true},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static const char *
handle_key_kind_name(enum handle_key_kind kind)
{
	assert((size_t)kind < KIND_COUNT);
	return kinds[kind].name;
}

bool
handle_key_is_private(const struct handle_key *key)
{
	return kinds[key->kind].is_private;
}

static bool
key_kind_find(struct bytes name, enum handle_key_kind *ret_kind)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (bytes_equal(name, bytes_from_string(kinds[i].name))) {
			*ret_kind = (enum handle_key_kind)i;
			return true;
		}
	}
	return false;
}

enum status
handle_key_decode(struct bytes octets, struct handle_key *ret_key)
{
	if (octets.size > KEY_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}

	struct wire_reader reader = wire_reader_over(octets);
	struct bytes name = wire_read_blob(&reader, KEY_SIZE_MAX);
	struct handle_key key = {0};

	if (wire_reader_ok(&reader) && !key_kind_find(name, &key.kind)) {
		return STATUS_UNSUPPORTED;
	}
	if (!kinds[key.kind].is_private) {
		key.flags = wire_read_u16(&reader);
	}
	key.part_count = kinds[key.kind].part_count;
	for (uint8_t i = 0; i < key.part_count; i++) {
		key.parts[i] = wire_read_blob(&reader, KEY_SIZE_MAX);
	}
	key.tail = wire_read_rest(&reader);

	enum status status = wire_reader_end(&reader);

	if (status == STATUS_OK) {
		*ret_key = key;
	}
	return status;
}

static struct bytes
number_of(struct bytes part)
{
	while (part.size > 0 && part.at[0] == 0) {
		part = bytes_slice(part, 1, part.size);
	}
	return part;
}

bool
handle_key_is_same(const struct handle_key *one, const struct handle_key *other)
{
	bool is_same = one->kind == other->kind && one->part_count == other->part_count;

	for (uint8_t i = 0; is_same && i < one->part_count; i++) {
		is_same = bytes_equal(number_of(one->parts[i]), number_of(other->parts[i]));
	}
	return is_same;
}

void
handle_key_write(struct wire_writer *writer, const struct handle_key *key)
{
	wire_write_blob(writer, bytes_from_string(handle_key_kind_name(key->kind)));
	if (!kinds[key->kind].is_private) {
		wire_write_u16(writer, key->flags);
	}
	for (uint8_t i = 0; i < key->part_count; i++) {
		wire_write_blob(writer, key->parts[i]);
	}
	wire_write_bytes(writer, key->tail);
}
