/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "base/problem.h"
#include "crypto/crypto.h"
#include "handle/handle_name.h"

/*
 * Where a mirror stands with its primary, in DIR/mirror.json:
 *
 *     {"server_key":"6f...","phase":"follow","last_id":15,"last_date":1795463617063,
 *      "ledger_sequence":14}
 *
 * The file is replaced as a whole, and only after what it says was taken is durable in the
 * ledger. So it may lag behind the ledger, never run ahead of it: what is sent again is
 * recognised and not written again. `ledger_sequence` is how long the ledger was then: a
 * ledger that is shorter was restored from an older copy, and the mirror dumps again.
 */
struct replication_position {
	char server_key[2 * CRYPTO_DIGEST_SIZE_MAX +
		1]; /* SHA-256 of the key in Handle encoding. */
	bool is_dumping;
	uint64_t last_id;
	uint64_t last_date; /* ms since 1970, by the primary's clock. */
	uint64_t ledger_sequence;
	/* While dumping: */
	bool has_dump_position; /* last_id and last_date are where to follow from afterwards. */
	uint64_t dump_sequence; /* Of the ledger when the dump began. */
	size_t dump_name_size; /* The last record taken. */
	uint8_t dump_name[HANDLE_NAME_SIZE_MAX];
};

/* NOT_FOUND when there is none; MALFORMED names the file. */
enum status replication_position_read(const char *path, struct replication_position *ret_position,
	struct problem *problem) MUST_CHECK;
enum status replication_position_write(const char *path,
	const struct replication_position *position, struct problem *problem) MUST_CHECK;

void replication_key_digest(
	const struct crypto_key *key, char ret_text[2 * CRYPTO_DIGEST_SIZE_MAX + 1]);
