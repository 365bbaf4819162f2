/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access_remote.h"
#include "access/access_verify.h"
#include "audit/audit.h"
#include "authority/authority_change.h"
#include "authority/authority_list.h"
#include "docking/docking_queue.h"
#include "message/credential.h"
#include "service/operation.h"

/*
 * What the files of this folder share. Private.
 */
struct service {
	struct loop *loop;
	struct ledger *ledger;
	struct loop_pool *pool;
	struct monitor_row *row;
	struct audit *audit;
	const struct monitor *monitor;
	struct service_access *access;
	struct token_table *tokens;
	struct result_files *results;
	struct replication_source *mirrors;
	struct resolver *resolver;
	struct policy *policy;
	struct audit *query_log;
	uint32_t query_log_count; /* Answers since the last one that was noted. */
	struct service_face *face;
	struct authority *authority;
	int64_t now_s; /* Wall clock, read once a wake-up. */
	size_t operation_count;
	size_t stream_count; /* Of changes: change_stream.h. */
	size_t operation_octets; /* Of their messages. */
	uint8_t *out; /* SERVICE_OUT_SIZE: answers are written here first. */
};

enum { SERVICE_OUT_SIZE = MESSAGE_SIZE_MAX + ENVELOPE_SIZE };

/* What may run beside what. */
enum operation_kind {
	OPERATION_ALONE,
	OPERATION_LOOKS_UP,
	OPERATION_CHANGES, /* One handle that is no prefix. */
	OPERATION_PROVES,
};

/* What an operation waits for is told by whom it gave itself to; it is in one place at a time:
 * on its loop, on a helper thread, or in the ledger. */
struct operation {
	struct signer_job signing;
	struct service *service;
	struct service_face *face; /* As it was when the operation began. */
	struct arena *arena;
	struct operation_order order; /* Its message is the arena's copy. */
	struct request request; /* What is to be done. */
	enum status read_status; /* Of reading the message. */
	enum operation_kind kind;
	struct bytes key; /* CHANGES: the folded handle; empty for one to be minted. */

	/* Who asks. */
	bool has_session;
	bool is_checked; /* The message's HS_MAC and counter were. */
	struct access_session session;
	struct access_taken *taken; /* The request is one whose challenge was answered. */
	struct request_challenge_response proof; /* That answer. */
	struct access_verification *verification;
	struct docking docking; /* DOCK: what was read of it. */
	struct access_guess guess; /* Counted while `has_guess`. */
	bool has_guess;
	struct access_identity identity; /* Claimed, then proven; an empty name: nobody. */
	struct access_budget budget;
	struct access_remote remote; /* Records that were fetched from elsewhere. */
	struct access_budget budget_before; /* The decision that wants one more. */
	struct bytes fetched; /* Its name, in the arena. */
	bool is_identified; /* The claim of its order was proven: `identity` holds. */
	bool is_settled; /* The result was kept for a repeated message. */

	/* What is done. */
	struct service_query query;
	struct access_session_offer *offer;
	struct authority_change *change;
	struct authority_list *list;
	struct authority_page page;
	struct arena *page_arena;
	struct replication_order *feed; /* In the arena; NULL: no stream follows the answer. */
	struct loop_job job;
	struct loop_post post;
	enum status status; /* Of what was done on another thread. */
	void (*run)(struct operation *operation); /* On a helper thread. */
	void (*then)(struct operation *operation); /* On the loop. */

	/* The answer. */
	enum status outcome;
	uint64_t version; /* Of the record as read, or as changed. */
	struct response response;
	uint8_t request_digest[REQUEST_DIGEST_SIZE_MAX];
	struct bytes signature_digest_name;
	bool is_mac_due; /* The session speaks for the answer, when its turn comes. */
	uint32_t counter; /* Of the session, for the answer; 0: the next one. */
	uint8_t signed_front[SIGNED_FRONT_SIZE_MAX];
	uint8_t *out; /* Envelope, header, body, and room for what seals it. */
	size_t out_size;
	size_t out_capacity;
};

/* service_status.c: what 0.SITE/status says. */
enum status service_status_values(struct service *service, struct arena *arena,
	struct handle_value_list *ret_values) MUST_CHECK;

/* service_recursion.c: what lives elsewhere. */

/* True if this request may be answered by asking others. */
bool service_recurses(const struct service *service, const struct request *request);
/* What the operator's rules say, or what is remembered: ELSEWHERE if that is not enough.
 * NOT_RESPONSIBLE, BUSY, DENIED: not for whoever asks, not now, not this. */
enum status service_recall(struct service *service, const struct request *request,
	const struct service_query *query, struct arena *arena,
	struct service_answer *answer) MUST_CHECK;

/* operation.c */

/* The name of the token that was shown; may be empty. */
struct bytes operation_token(const struct operation *operation);

/* Admin operations are not taken over UDP: answered as by a query-only interface. */
void operation_refuse_datagram(struct operation *operation);

/* Makes operation->response. */
void operation_response(
	struct operation *operation, enum status status, const struct service_answer *answer);
/* The end of every way: the answer is made, sealed and handed to the owner. */
void operation_respond(
	struct operation *operation, enum status status, const struct service_answer *answer);
void operation_refuse(struct operation *operation, enum status status, struct bytes text);
/* Tells the owner; what there is in `out` is the answer. */
void operation_tell(struct operation *operation);
/* There can be no answer. */
void operation_fall_silent(struct operation *operation);

/* Runs `run` on a helper thread, then `then` on the loop. BUSY. */
enum status operation_run(struct operation *operation, void (*run)(struct operation *operation),
	void (*then)(struct operation *operation)) MUST_CHECK;

int64_t operation_now_ms(const struct operation *operation);
uint32_t operation_opcode(const struct operation *operation);

/* True for operations that change records or prefixes. */
bool opcode_is_change(uint32_t opcode);
/* True for those that a mirror asks for. */
bool opcode_is_feed(uint32_t opcode);

/* What every request must obey, then what was asked for. */
void operation_admit(struct operation *operation);

/* operation_dock.c: keeps a request of a child for the operator. */
void operation_dock(struct operation *operation);

/* operation_seal.c: encodes operation->response, proves and encrypts it as the request asks,
 * hands it over. */
void operation_seal(struct operation *operation);

/* operation_home.c: whether the answer to a challenge by a secret is right says the node where that
 * secret lives. True: `then` is called when it has, with OK, WRONG_PROOF or UNPROVABLE in `status`. */
bool operation_ask_home(struct operation *operation, const struct access_proof *proof,
	void (*then)(struct operation *operation));

/* operation_fetch.c: around each decision about who may do what. */
void operation_reach_begin(struct operation *operation);
void operation_reach_end(struct operation *operation);
/* True if the decision failed for want of a record from elsewhere, which is being looked for;
 * `again` is called when it has come or cannot be had. */
bool operation_fetch(struct operation *operation, enum status status,
	void (*again)(struct operation *operation));

/* operation_prove.c */

/* Needs somebody: takes the identity of the session, or sends a challenge. */
void operation_authenticate(struct operation *operation);
/* Verifies the claim of the order, then goes on with operation_admit(). */
void operation_claim_prove(struct operation *operation);
/* Operation 200. */
void operation_prove(struct operation *operation);
/* HS_MAC and counter, once for each message. */
enum status operation_check(struct operation *operation, struct bytes *ret_text) MUST_CHECK;
/* Keeps the result of what a message asked for, in case it comes again. */
void operation_settle(struct operation *operation, const struct access_result *result);

/* Carries out what was asked for; operation->identity may do it as far as is known. */
void operation_carry_out(struct operation *operation);

/* One file for each kind of operation. */
void operation_ask(struct operation *operation); /* Those that only ask whether they may. */
void operation_read(struct operation *operation); /* 1 2 */
void operation_recurse(struct operation *operation); /* 1, of what lives elsewhere. */
void operation_read_as(struct operation *operation); /* 1, by operation->identity */
void operation_admin(struct operation *operation); /* 100-106 300-302 */
void operation_change(struct operation *operation);
void operation_change_again(struct operation *operation, const struct access_result *result);
void operation_list(struct operation *operation); /* 105 106 302 */
void operation_list_go_on(struct operation *operation);
void operation_feed(struct operation *operation); /* 1001 1002 */
void operation_session_setup(struct operation *operation); /* 400 */
void operation_session_terminate(struct operation *operation); /* 401 */
void operation_verify(struct operation *operation); /* 201 */
