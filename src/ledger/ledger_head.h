/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "crypto/crypto.h"
#include "journal/journal.h"
#include "ledger/ledger_merkle.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

/*
 * Signed tree heads: what the node says its journal was, and when, signed with the node's key.
 * Who keeps a head can prove later that the journal still begins with what it covers, and
 * that an entry was in it at that time.
 *
 * Signed are the octets of this text, each line ended by a newline, hashes as lower-case hex:
 *
 *     houji tree head 1
 *     SIZE            entries covered
 *     ROOT            of the Merkle tree over them (ledger_tree.h)
 *     LAST            hash of the last of them, the head of the hash chain
 *     TIME            when it was signed, in ms since 1970
 *     KEY             SHA-256 of the public key, encoded as HS_PUBKEY has it
 *
 * with SHA-256 for RSA (PKCS#1 v1.5) and DSA, as it is for Ed25519, with SM3 for SM2.
 *
 * DIR/heads.ndjson holds one a line, the oldest first, and is only ever appended to:
 *
 *     {"size":7,"root":HEX,"last":HEX,"time":1700000000000,"key":HEX,"signature":BASE64}
 */
struct ledger_head {
	uint64_t size;
	int64_t time_ms;
	struct ledger_merkle_hash root;
	uint8_t last[JOURNAL_DIGEST_SIZE];
	uint8_t key_id[LEDGER_MERKLE_SIZE];
	size_t signature_size;
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
};

enum { LEDGER_HEAD_LINE_SIZE_MAX = 2048 };

/* Fills key and signature. */
enum status ledger_head_sign(struct ledger_head *head, const struct crypto_key *key) MUST_CHECK;

/* DENIED when the head is not signed by this key, public or private. */
enum status ledger_head_verify(
	const struct ledger_head *head, const struct crypto_key *key) MUST_CHECK;
enum status ledger_head_key_id(
	const struct crypto_key *key, uint8_t ret_id[LEDGER_MERKLE_SIZE]) MUST_CHECK;

void ledger_head_write_json(struct json_writer *writer, const struct ledger_head *head);
/* Sticky like its reader; members that it does not know are passed over. */
void ledger_head_read_json(struct json_reader *reader, struct ledger_head *ret_head);

/* "root", "last" and their like: exactly 32 octets in hex, or the reader fails with INVALID. */
void ledger_head_read_hash(struct json_reader *reader, uint8_t ret_hash[LEDGER_MERKLE_SIZE]);

/* Durable when it returned OK. A line that a crash left unfinished is taken away first. */
enum status ledger_heads_append(
	const char *directory, const struct ledger_head *head, struct problem *problem) MUST_CHECK;

/* All heads of DIR as they were when read; no file is no heads. TOO_LARGE past
 * LEDGER_HEADS_SIZE_MAX. */
struct ledger_heads {
	uint8_t *octets;
	size_t size;
	size_t next;
	uint64_t line; /* Of the last one told, from 1. */
};
enum status ledger_heads_read(
	const char *directory, struct ledger_heads *ret_heads, struct problem *problem) MUST_CHECK;
/* NOT_FOUND behind the last; an unfinished last line is none. CORRUPT names the line. */
enum status ledger_heads_next(struct ledger_heads *heads, struct ledger_head *ret_head,
	struct problem *problem) MUST_CHECK;
void ledger_heads_free(struct ledger_heads *heads);

/* For a journal that was restored as it was when it had `size` entries: heads that cover more
 * leave DIR/heads.ndjson; the whole file is kept as DIR/heads.before-restore.ndjson. */
enum status ledger_heads_cut(
	const char *directory, uint64_t size, struct problem *problem) MUST_CHECK;

/* The newest head. NOT_FOUND when there is none. */
enum status ledger_heads_last(
	const char *directory, struct ledger_head *ret_head, struct problem *problem) MUST_CHECK;
