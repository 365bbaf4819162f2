/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "handle/handle_name.h"

#include <assert.h>

enum { MD5_SIZE = 16 };

/* A slashless name has the prefix "0.NA", but is never expanded: as suffix and as a whole
 * it is itself (Handle.net 9 hashes it so). */
static struct bytes
hashed_part(struct bytes name, enum handle_hash_option option)
{
	bool is_slashless = bytes_find(name, '/') == name.size;

	switch (option) {
	case HANDLE_HASH_BY_PREFIX:
		return is_slashless ? TEXT("0.NA") : handle_name_prefix(name);
	case HANDLE_HASH_BY_SUFFIX:
		return is_slashless ? name : handle_name_suffix(name);
	case HANDLE_HASH_BY_ALL:
		break;
	}
	return name;
}

uint32_t
handle_name_hash(struct bytes name, enum handle_hash_option option)
{
	struct bytes part = hashed_part(name, option);
	uint8_t upper[HANDLE_NAME_SIZE_MAX];
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];
	const uint8_t *last = digest + MD5_SIZE - 4;
	uint32_t hash;

	assert(part.size <= sizeof(upper));
	for (size_t i = 0; i < part.size; i++) {
		upper[i] = ascii_upper(part.at[i]);
	}
	crypto_digest(CRYPTO_MD5, bytes_over(upper, part.size), digest);
	hash = (uint32_t)last[0] << 24 | (uint32_t)last[1] << 16 | (uint32_t)last[2] << 8 | last[3];
	/* The absolute value of the number as signed; -2^31 has none and stays itself. */
	return hash > INT32_MAX ? 0 - hash : hash;
}
