/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access_challenge.h"
#include "access/access_guess.h"
#include "access/access_scope.h"
#include "access/access_session.h"
#include "audit/audit.h"
#include "authority/authority.h"
#include "ledger/ledger.h"
#include "message/request.h"
#include "message/response.h"
#include "monitor/monitor.h"
#include "policy/policy.h"
#include "replication/replication.h"
#include "resolver/resolver.h"
#include "service/signer.h"

#include <stdatomic.h>

/*
 * One request in, one answer out, whatever front it came through: checks what every
 * request must obey, then turns to the authority, or refuses.
 *
 * Handles that live elsewhere are looked for there, if the node has the recursive role and the
 * request allows it (RC flag): what the resolver remembers is answered at once, the rest waits.
 *
 * Two ways lead through it. A look-up that anybody may make is answered at once, in three
 * steps that a batch of requests takes together (below): nothing is allocated or locked for it.
 * Everything else - whatever needs a signature, an identity, a session or the ledger - becomes
 * an operation (operation.h), which is answered later.
 *
 * A service belongs to one worker. What it tells about the node (site record, key, who may do
 * what) is one face that all workers share and that a reload replaces as a whole.
 *
 * Order of checks (Handle.net 9, 18.1): session, operation, then the handle's own.
 */
struct service_site {
	struct bytes octets; /* HS_SITE data, answered to GET_SITE_INFO. */
	uint16_t serial;
	bool is_primary;
	struct authority_share share;
};

struct service_face {
	struct service_site site;
	struct signer *signer; /* NULL: requests for signed answers are refused. */
	bool is_sha1_allowed; /* Signatures for clients older than protocol 2.7. */
	/* Proves streams to mirrors, and names them. */
	struct replication_identity *stream_identity;
	struct access_policy policy;
	struct authority_templates templates;
	bool has_status_handle; /* 0.SITE/status is answered. */
	/* The node's folder, where requests to dock are kept; NULL: none are taken. */
	const char *docking_directory;
	uint32_t query_log_one_in; /* Of so many answers one is noted; 0: none. */
	/* What lives elsewhere is found for those who ask; NULL: it is not. */
	const struct resolver_settings *recursion;
	const struct policy_settings *recursion_policy; /* For whom; not NULL if that is not. */
	/* Its owner, and each operation that began under it. The last to leave calls `unused`
	 * (NULL: nothing is to be done), on whatever thread that is. */
	atomic_size_t user_count;
	void (*unused)(struct service_face *face);
};

void service_face_enter(struct service_face *face);
void service_face_leave(struct service_face *face);

/* What is known of those who ask: shared by all workers, kept over reloads. */
struct service_access {
	struct access_challenges *challenges;
	struct access_sessions *sessions;
	struct access_guesses *guesses;
};

/* NO_MEMORY leaves nothing behind. */
enum status service_access_make(const struct access_challenge_limits *challenges,
	const struct access_session_limits *sessions, struct service_access *ret_access) MUST_CHECK;
void service_access_free(struct service_access *access); /* Of zeros: nothing. */
/* Drops what has expired; once a second. */
void service_access_sweep(struct service_access *access, int64_t now_ms);

struct service;

/* All of it stays the caller's and outlives the service. */
struct service_parts {
	struct loop *loop;
	struct ledger *ledger;
	struct loop_pool *pool;
	const struct monitor *monitor;
	struct monitor_row *row;
	struct audit *audit; /* NULL: refusals are only counted. */
	struct service_access *access;
	struct token_table *tokens; /* NULL: there are none. */
	struct result_files *results; /* NULL: none can be kept. */
	struct replication_source *mirrors; /* NULL: mirrors are not served. */
	struct resolver *resolver; /* NULL: nothing is found elsewhere. */
	struct policy *policy; /* Of those who ask for that; with the resolver. */
	struct audit *query_log; /* NULL: none is kept. */
	struct service_face *face; /* Until service_use() names another. */
};

struct service *service_new(const struct service_parts *parts); /* NULL if memory is short. */
void service_free(struct service *service); /* After its last operation. NULL is fine. */
void service_use(struct service *service, struct service_face *face);
const struct service_site *service_site(const struct service *service);
struct ledger *service_ledger(const struct service *service);
struct token_table *service_tokens(const struct service *service);
struct result_files *service_results(const struct service *service);
/* Streams of changes that the ledger still has something of, also of those who went away. */
size_t service_stream_count(const struct service *service);

void service_enter(struct service *service); /* Once a wake-up. */
void service_leave(struct service *service);
int64_t service_now_s(const struct service *service); /* When it was entered, by the wall clock. */

/* The request on its way; three steps, so that a batch overlaps its cache misses. */
struct service_query {
	struct authority_query resolution;
	struct bytes recalled; /* The name, if others may be asked about it; else empty. */
	/* Who asks, as address_octets(); NULL: for nobody known is anything found elsewhere. Set
	 * before service_answer(), and valid until it returned. */
	const uint8_t *source;
	bool is_counted; /* Against what the source may ask. */
};

struct service_answer {
	struct bytes text; /* For people; may be empty. */
	struct bytes name; /* Resolution: the handle as asked. */
	struct handle_value_list values; /* Resolution and referral. */
	struct bytes site; /* GET_SITE_INFO. */
	uint64_t place; /* Of the record in the journal; 0: none. */
	uint64_t version; /* Resolution: of the record, also when nothing of it is told; 0: none. */
	bool is_computed; /* By a template. */
	bool is_verified; /* Held here, or proven by each server on the way to it. */
};

/* True if the request must become an operation; the steps below are for the others. */
static inline bool
service_needs_operation(const struct request *request)
{
	const struct header *header = &request->message.header;
	bool is_plain =
		header->opcode == OPCODE_RESOLUTION || header->opcode == OPCODE_GET_SITE_INFO;

	return !is_plain || (header->flags & MESSAGE_FLAG_CERTIFY) != 0 ||
		request->message.envelope.session_id != 0;
}

/* True if the request needs a look-up, and may be part of the next service_look_ahead(). */
bool service_begin(
	struct service *service, const struct request *request, struct service_query *ret_query);
/* At most UDP_BATCH_MAX at once. */
void service_look_ahead(
	struct service *service, struct service_query *const *queries, size_t count);

/* What a prefix says of its identifiers (authority_namespace()). */
bool service_namespace(
	struct service *service, struct bytes handle, struct handle_value *ret_value);
const struct authority_templates *service_templates(const struct service *service);

/* How many entries of the ledger the newest signed head covers. */
uint64_t service_signed_size(const struct service *service);

/* For whom. */
struct service_reader {
	const struct access_identity *identity; /* Proven; NULL: nobody. */
	struct access_budget *budget; /* NULL without an identity. */
	bool is_in_session;
};

/* The outcome means that the request must become an operation after all. */
static inline bool
service_must_wait(enum status status)
{
	return status == STATUS_UNAUTHENTICATED || status == STATUS_ELSEWHERE;
}

/* All outcomes of authority_resolve(), and ELSEWHERE: others must be asked.
 * `ret_answer` is set in every case: its text belongs to refusals. */
enum status service_answer(struct service *service, const struct request *request,
	struct service_query *query, struct arena *arena,
	struct service_answer *ret_answer) MUST_CHECK;
enum status service_answer_to(struct service *service, const struct request *request,
	struct service_query *query, const struct service_reader *reader, struct arena *arena,
	struct service_answer *ret_answer) MUST_CHECK;

/* When the record of a resolution was changed last, whatever of it is told; 0: not known, or the
 * answer depends on more than the record. */
int64_t service_changed_ms(const struct service *service, const struct service_answer *answer);

/* The one translation from what happened to a Handle response code. */
enum response_code service_response_code(enum status status);

/* Header and body of the answer; `digest` keeps the digest of the request, if it asked for one. */
void service_respond(struct service *service, const struct request *request, enum status status,
	const struct service_answer *answer, uint8_t digest[REQUEST_DIGEST_SIZE_MAX],
	struct response *ret_response);

uint32_t service_expiration(const struct service *service); /* Of an answer made now. */

/* Writes envelope and message; the envelope's message_size is filled in. */
void service_write(struct wire_writer *writer, struct response *response);

/* Why the ledger takes no more changes; OK: it does. */
enum status service_ledger_fault(const struct service *service, struct problem *problem) MUST_CHECK;

/* Signs for a front, on a helper thread; `job` says what, and where it is told. */
enum status service_sign(struct service *service, struct signer_job *job) MUST_CHECK;
enum crypto_key_kind service_signer_kind(const struct service *service);
/* An answer is given to `source` (address_octets()): one of many is noted in the query log. */
void service_note_query(struct service *service, const uint8_t *source,
	const struct request *request, uint32_t code);

/* An answer has left: counted by its code. */
void service_count_answer(struct service *service, const struct response *response);
