/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger_tree.h"
#include "records/records_order.h"
#include "replication/replication.h"

#include <stdatomic.h>

/*
 * What the files of a serving node share. A feed goes through these states, each of which
 * fills chunks until it has nothing more to say.
 */
enum {
	SIGNED_BLOCK_COUNT_MAX = 32, /* In one job of a helper thread. */
	WALK_COUNT_MAX = 2048, /* Entries looked at for one chunk. */
	CHUNK_CAPACITY = REPLICATION_CHUNK_SIZE + REPLICATION_BLOCK_SIZE_MAX,
	SIGNED_CAPACITY =
		CHUNK_CAPACITY + SIGNED_BLOCK_COUNT_MAX * (4 + REPLICATION_SIGNATURE_SIZE_MAX),
};

struct replication_identity {
	atomic_size_t user_count;
	struct crypto_key *key;
	struct crypto_tls_role *tls; /* NULL: TLS cannot use such a key. */
	bool is_sha1_allowed;
	size_t name_size;
	uint8_t name[REPLICATION_NAME_SIZE_MAX];
};

struct replication_source {
	struct replication_parts parts;
	struct records_reader *reader;
	struct ledger_watch watch;
	struct replication_feed *feeds;
	size_t feed_count;
};

enum feed_state {
	FEED_PROTECTION,
	FEED_HANDSHAKE,
	FEED_HEAD,
	FEED_TRANSACTIONS,
	FEED_WAITING, /* For the ledger to grow. */
	FEED_HANDLES,
	FEED_PREFIXES,
	FEED_DONE,
};

struct replication_feed {
	struct replication_source *source;
	struct replication_feed *next;
	struct replication_identity *identity;
	struct replication_order order;
	struct loop_channel *channel; /* NULL: gone, but a signature is under way. */
	struct loop_timer timer; /* Stall, beat, or the next step. */
	enum feed_state state;
	bool is_sending; /* The kernel has not taken the last chunk. */
	bool is_signing;
	bool has_chunk; /* Made, and waiting for the helper threads. */
	uint64_t place; /* In the journal: the next entry. */
	uint64_t begun_ms; /* Wall clock: what the next question may begin at. */
	size_t key_size; /* Dump: of the last key sent. */
	uint8_t key[HANDLE_KEY_SIZE_MAX];

	struct wire_writer chunk;
	size_t block_count;
	bool is_last_unsigned; /* The last block of the chunk goes without a signature. */
	size_t block_ends[SIGNED_BLOCK_COUNT_MAX];
	struct loop_job job;
	struct wire_writer signed_chunk;
	enum status sign_status;
	uint8_t chunk_octets[CHUNK_CAPACITY];
	uint8_t *signed_octets; /* SIGNED_CAPACITY; NULL inside TLS. */
};

static inline struct bytes
identity_name(const struct replication_identity *identity)
{
	return bytes_over(identity->name, identity->name_size);
}

static inline bool
feed_has_room(const struct replication_feed *feed)
{
	return wire_writer_size(&feed->chunk) < REPLICATION_CHUNK_SIZE &&
		(feed->order.is_tls || feed->block_count < SIGNED_BLOCK_COUNT_MAX);
}

/* Puts a block behind the others of the chunk, which has room for it. */
void feed_put(struct replication_feed *feed, const struct replication_block *block,
	const struct handle_value_list *list);

/* replication_fill.c: fills the chunk from the feed's state on, which it moves. CORRUPT: what is
 * stored cannot be read. */
enum status feed_fill(struct replication_feed *feed) MUST_CHECK;
