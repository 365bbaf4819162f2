/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto_tls.h"
#include "ledger/ledger.h"
#include "loop/loop_channel.h"
#include "loop/loop_pool.h"
#include "message/replication_stream.h"
#include "message/request.h"

/*
 * Serving mirrors: what follows the answer to 1001 (the transaction log) and 1002 (a dump) on
 * the same connection (Handle.net 9, 19).
 *
 *     status = replication_order_read(source, &request, &order);    is it ours to serve?
 *     ... answer success, its body replication_order_flags(&order) ...
 *     replication_feed_start(source, stream, &order);               takes the stream over
 *
 * A transaction is an entry of the ledger and its number is the entry's sequence; what is sent
 * of a handle is its record as it is now. Changes of handles that are gone meanwhile and
 * deletions of handles that are back are left out: the mirror meets what came later.
 *
 * A dump begins with the position that the ordered table had, then sends the table as it
 * is met: whatever changed since stands behind that position in the log, which the mirror asks
 * for next. No snapshot is held while a mirror is slow.
 *
 * Who asks 1001 (kind 0) with the flag KEEP_ALIVE is answered with REPLICATION_FLAG_KEPT and
 * gets a stream that stays open: behind each END the next transactions follow as soon as they
 * are durable, and an END every REPLICATION_BEAT_MS. Handle.net neither asks nor answers so.
 *
 * Everything is bounded: a feed holds one chunk of at most REPLICATION_CHUNK_SIZE and a block,
 * makes the next when the kernel has taken it, and never waits. Signatures are made on helper
 * threads; there are none inside TLS.
 */
enum {
	REPLICATION_FLAG_KEPT = 0x01,
	REPLICATION_BEAT_MS = 10000,
	REPLICATION_STALL_MS = 60000, /* A mirror that does not read, or shake hands. */
	REPLICATION_CHUNK_SIZE = 65536,
	REPLICATION_NAME_SIZE_MAX = 2 * HANDLE_NAME_SIZE_MAX,
};

/* Who serves: the key that proves streams, and the name by which mirrors of many know us. Shared by
 * the workers; goes with its last user. */
struct replication_identity;

/* The key is shared, not taken; the name, "serverNumber:index:siteHandle", is copied. It may be
 * empty: a mirror of many is then answered about the first source it names. NULL if memory is
 * short. */
struct replication_identity *replication_identity_new(
	const struct crypto_key *key, struct bytes name, bool is_sha1_allowed);
void replication_identity_unref(struct replication_identity *identity); /* NULL is fine. */

/* One worker's. All of it stays the caller's and outlives the source. */
struct replication_source;
struct replication_parts {
	struct loop *loop;
	struct loop_pool *pool;
	struct ledger *ledger;
	struct replication_identity *identity;
};

struct replication_source *replication_source_new(const struct replication_parts *parts);
/* Streams that begin from now on. */
void replication_source_use(
	struct replication_source *source, struct replication_identity *identity);
size_t replication_feed_count(const struct replication_source *source);
/* Closes all streams; they go at the end of the wake-up. */
void replication_source_stop(struct replication_source *source);
/* After its loop has ended and replication_feed_count() is 0. NULL is fine. */
void replication_source_free(struct replication_source *source);

/* A request as far as a feed needs it: holds no view into the request. */
struct replication_order {
	enum replication_stream stream;
	bool is_tls;
	enum crypto_digest digest; /* Else. */
	bool is_kept; /* The stream stays open. */
	uint32_t format;
	uint64_t last_id;
	uint64_t last_date;
	enum handle_hash_option hash_option;
	uint32_t server_count;
	uint32_t server_number;
	bool is_after_handles; /* Dump: prefixes only. */
	size_t start_size; /* Dump: handles behind this key. */
	uint8_t start[HANDLE_KEY_SIZE_MAX];
};

/* `version` is that of the answer. INVALID for a share that cannot be, MALFORMED for a state
 * that is no JSON, UNSUPPORTED when the stream could only be signed in a way that is not
 * allowed, BUSY when REPLICATION_FEED_COUNT_MAX mirrors are served already. */
enum status replication_order_read(struct replication_source *source, const struct request *request,
	struct version version, struct replication_order *ret_order) MUST_CHECK;
uint8_t replication_order_flags(const struct replication_order *order);

/* Takes the stream over, whatever the outcome; what was written to it before leaves first.
 * NO_MEMORY: the stream is closed. */
enum status replication_feed_start(struct replication_source *source, struct loop_stream *stream,
	const struct replication_order *order) MUST_CHECK;

/* The rule by which a server tells a mirror to ask for a dump (Handle.net 9, 19). */
struct replication_log_facts {
	uint64_t first_id; /* Of the log that is kept; 0: no entry. */
	uint64_t first_date;
	uint64_t last_id;
	uint64_t now_ms;
};
bool replication_must_dump(
	const struct replication_log_facts *log, uint64_t client_id, uint64_t client_date);
