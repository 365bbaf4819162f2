/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "loop/loop_channel.h"
#include "message/replication_stream.h"
#include "message/response.h"
#include "replication/replication_batch.h"
#include "replication/replication_follower.h"

/*
 * What the files of a follower share.
 *
 *   replication_follower.c   when to connect, to try again, to stop
 *   replication_talk.c       question, challenge, answer
 *   replication_take.c       the stream: blocks become changes, changes positions
 *   replication_clean.c      after a dump
 */
enum {
	FOLLOWER_IN_SIZE = REPLICATION_BLOCK_SIZE_MAX + STREAM_IN_SIZE_MAX,
	QUESTION_SIZE_MAX = 8192,
	FOLLOWER_ACTOR_SIZE = 256,
};

enum talk_state {
	TALK_NONE,
	TALK_ASKED, /* The question is on its way. */
	TALK_PROVING, /* The server closes behind its challenge: the proof comes next. */
	TALK_PROVED,
	TALK_STREAM,
};

struct replication_follower {
	struct loop *loop;
	struct ledger *ledger;
	struct replication_follower_settings settings;
	struct crypto_tls_role *tls; /* NULL: the key cannot do TLS. */
	char actor[FOLLOWER_ACTOR_SIZE];
	struct replication_position position; /* Durable in the ledger. */
	struct replication_position next; /* When the batch under way is. */
	int64_t saved_ms;
	struct replication_report report;
	struct problem fault; /* On its way to the report. */
	bool is_stopping;
	bool is_over; /* We ended the connection. */
	bool is_cut; /* The connection ended before its stream. */
	bool is_rejected; /* The connection is of no use any more; nothing more is taken from it. */
	uint32_t retry_ms;
	struct loop_timer timer; /* The next try. */
	struct loop_timer silence;

	struct loop_channel *channel;
	enum talk_state talk;
	bool is_dump; /* What was asked. */
	uint32_t request_id;
	uint8_t question[QUESTION_SIZE_MAX]; /* With its envelope. */
	size_t question_size;
	uint8_t proof[QUESTION_SIZE_MAX];
	size_t proof_size;

	struct replication_decoder decoder;
	enum crypto_digest digest; /* Of signed blocks. */
	bool must_dump;
	bool is_kept;
	uint8_t *in; /* FOLLOWER_IN_SIZE */
	size_t in_size;
	struct replication_batch *batch;
	uint64_t gathered_transaction_count; /* In the batch. */
	uint64_t gathered_record_count;

	/* After a dump: which prefixes came with it, and how far deleting went. */
	uint64_t *prefixes;
	size_t prefix_count;
	size_t prefix_capacity;
	bool is_cleaning;
	bool has_cleaned_handles;
	size_t clean_key_size;
	uint8_t clean_key[HANDLE_KEY_SIZE_MAX];
};

/* Ends the connection for a reason, which has been put into `fault`; the next try comes by
 * itself. The first reason of a connection counts. */
void follower_fail(struct replication_follower *follower, enum status status);
void follower_tell(struct replication_follower *follower, enum replication_phase phase);
/* Nothing more is wanted from this connection, or it is gone: closes it, waits for the batch
 * under way, then decides what comes next. May be called again and again. */
void follower_stream_ended(struct replication_follower *follower);

/* Makes the position durable; what it says must be durable in the ledger. */
void follower_save(struct replication_follower *follower);

/* replication_talk.c */
/* False after follower_fail(). */
bool follower_ask(struct replication_follower *follower);
/* Octets before the stream: how many were taken. */
size_t follower_talk_received(struct replication_follower *follower, struct bytes octets);

/* replication_take.c */
void follower_stream_begin(struct replication_follower *follower);
size_t follower_stream_received(struct replication_follower *follower, struct bytes octets);
void follower_batch_done(void *context, enum status status);

/* replication_clean.c */
bool follower_note_prefix(struct replication_follower *follower, struct bytes name);
void follower_clean_begin(struct replication_follower *follower);
/* The next deletions, or the end of them. */
void follower_clean_step(struct replication_follower *follower);
