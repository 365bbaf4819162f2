/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/client_identity.h"
#include "crypto/crypto_tls.h"
#include "ledger/ledger.h"
#include "replication/replication_position.h"

/*
 * A mirror: takes everything a primary has into the own ledger, then follows it.
 *
 *     follower = replication_follower_new(loop, ledger, &settings, &problem);
 *     replication_follower_start(follower);
 *     ... loop_run(loop): `told` at every step ...
 *     replication_follower_stop(follower);  what is under way becomes durable; then `told`
 *     replication_follower_free(follower);
 *
 * It asks 1001 from where it stands; told to dump it asks 1002, goes on behind the last record
 * after an interruption, and deletes at the end what the primary has not. Then it follows: a
 * Houji keeps the stream open (replication.h), of others it asks again every `poll_ms`. Any
 * fault ends the connection, and the next one goes on from the last durable position, after
 * a pause that grows to REPLICATION_RETRY_MS_MAX.
 *
 * Nothing is taken that the primary's key does not vouch for: TLS by that key, or a signature
 * of each block. Numbers of transactions must grow. Records are kept as the primary has them,
 * timestamps and names included.
 *
 * Everything runs on the loop's thread; the ledger must be written by nobody else.
 */
struct replication_follower;

enum {
	REPLICATION_RETRY_MS_MIN = 250,
	REPLICATION_RETRY_MS_MAX = 30000,
	REPLICATION_SILENCE_MS = 35000, /* No octet for so long: three beats of a Houji. */
};

enum replication_phase {
	REPLICATION_CONNECTING,
	REPLICATION_DUMPING,
	REPLICATION_CLEANING, /* After a dump: what the primary has not is deleted. */
	REPLICATION_CATCHING_UP,
	REPLICATION_CURRENT, /* Everything that the primary had is here. */
	REPLICATION_WAITING, /* For the next try, or the next poll. */
	REPLICATION_STOPPED,
};

struct replication_report {
	enum replication_phase phase;
	bool is_current; /* The last stream was taken to its end. */
	uint64_t last_id;
	uint64_t last_date; /* The primary's clock, ms, when we last were current. */
	uint64_t transaction_count; /* Taken since the start. */
	uint64_t record_count; /* Of dumps, since the start. */
	uint64_t connection_count;
	uint64_t fault_count;
	bool is_kept; /* The primary keeps the stream open. */
	struct problem fault; /* The last one; empty text: none. */
};

typedef void replication_told(void *context, const struct replication_report *report);

/* What the pointers lead to stays the caller's and outlives the follower. */
struct replication_follower_settings {
	struct address server;
	const char *server_text; /* For people, and noted in the ledger as who made changes. */
	const struct client_identity *identity;
	const struct crypto_key *server_key;
	const char *position_path; /* DIR/mirror.json */
	uint8_t hash_option; /* The share of this server in its own site. */
	uint32_t server_count;
	uint32_t server_number;
	uint32_t poll_ms; /* For primaries that do not keep the stream open. */
	uint32_t retry_ms; /* The first pause after a fault; 0: REPLICATION_RETRY_MS_MIN. */
	bool is_signed_allowed; /* Streams of signed blocks, which TLS would have kept whole. */
	replication_told *told;
	void *context;
};

enum status replication_follower_new(struct loop *loop, struct ledger *ledger,
	const struct replication_follower_settings *settings,
	struct replication_follower **ret_follower, struct problem *problem) MUST_CHECK;
void replication_follower_start(struct replication_follower *follower);
void replication_follower_stop(struct replication_follower *follower);
struct replication_report replication_follower_report(const struct replication_follower *follower);
/* After `told` said REPLICATION_STOPPED, and never from inside it. NULL is fine. */
void replication_follower_free(struct replication_follower *follower);

const char *replication_phase_name(enum replication_phase phase);
