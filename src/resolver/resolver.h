/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "handle/handle_value.h"
#include "loop/loop.h"
#include "loop/loop_name.h"
#include "loop/loop_pool.h"
#include "message/request.h"
#include "monitor/monitor.h"
#include "policy/policy_rules.h"
#include "resolver/resolver_root.h"
#include "resolver/resolver_trace.h"

/*
 * Finds what lives elsewhere: walks from the root to whoever answers for a handle (Handle.net 9,
 * 20), and never believes anybody about what is not theirs.
 *
 *     resolver = resolver_new(&parts);
 *     wait = resolver_ask(resolver, &question, answered, context);
 *     ... loop ... answered(context, &answer) ...
 *
 * One resolver belongs to one worker and runs on its loop: no locks, no threads but those that
 * verify signatures.
 *
 * A question, step by step. Somebody asks for 88.980.1/pump-7, and nothing is known yet.
 *
 *  1. resolver_ask() makes a question with a budget of its own: how many exchanges, referrals,
 *     signatures, octets and milliseconds it may cost. Whatever is done for it is paid from there.
 *  2. The question needs the record of a handle. One walk looks for one record, whoever asked:
 *     if one for this handle is on its way, the question waits beside the others. Else a walk
 *     begins (resolver_walk.c). A walk is a row of small steps; each ends in a wait for exactly
 *     one thing: an answer, another walk, a signature.
 *  3. Who answers for 88.980.1/pump-7? The service that the record 0.NA/88.980.1 names. So a
 *     second walk begins, for the prefix, and the first waits for it.
 *  4. Prefixes are asked for at the root: the service that the node was configured with. The
 *     walk has its servers sorted by measured time, dead ones last (resolver_server.c), and asks
 *     the best. No answer in time: the next is asked, too, and the first to answer counts
 *     (resolver_exchange.c).
 *  5. The root does not hold 0.NA/88.980.1, but knows who has the prefixes below 88.980, and
 *     refers (303) there. The referral is believed about the prefix that was asked for and
 *     nothing else. A root that does not refer is asked for 0.NA/88.980, and the site of that
 *     prefix for those below it.
 *  6. The second service answers with HS_SITE values of 0.NA/88.980.1; HS_SERV values would be
 *     followed by further walks (resolver_service.c). Addresses of private networks are struck
 *     out unless the settings allow them.
 *  7. The prefix's walk is over. Its values go to the cache, for no longer than what led there
 *     may be believed, and to the first walk, which now asks the enterprise's own server.
 *  8. Its answer goes to the cache and to everybody who waits.
 *
 * What can go wrong ends the same way: with a status, a sentence that says whose fault it was, and
 * a failure in the cache so that the next thousand who ask cost nothing.
 *
 * Only values that everybody may read are asked for and kept.
 */
struct resolver;
struct cache;

struct resolver_settings {
	struct resolver_root *root; /* Never NULL. */
	bool is_private_allowed; /* Addresses of private networks in site records. */
	bool is_certifying_services; /* Who answers for a prefix must be signed if a key is known. */
	bool is_certifying; /* So must everything else. */
	bool is_teleinfo; /* Prefixes are asked for as 88.980, not as 0.NA/88.980. */
	bool is_renewing_root; /* Its record is fetched again, where a key can prove it. */
	/* DNS servers, for servers of sites that have only a name; none: those of the system. */
	size_t name_server_count;
	struct address name_servers[LOOP_NAME_SERVER_COUNT_MAX];
	const struct policy_rules *rules; /* Who is asked instead of the root; NULL: nobody. */
};

/* All of it stays the caller's and outlives the resolver. */
struct resolver_parts {
	struct loop *loop;
	struct loop_pool *pool;
	struct monitor_row *row;
	struct cache *cache; /* NULL: nothing is kept. */
	const struct resolver_settings *settings; /* Until resolver_use() names others. */
};

struct resolver *resolver_new(const struct resolver_parts *parts); /* NULL if memory is short. */
/* What is on its way is given up; no question waits any more. NULL is fine. */
void resolver_free(struct resolver *resolver);
/* Walks under way go on with those that they began with as far as they read them. */
void resolver_use(struct resolver *resolver, const struct resolver_settings *settings);

struct resolver_question {
	struct bytes name; /* Copied. */
	bool is_authoritative; /* Primaries only, no cache. */
	bool is_certified; /* The answer must be signed by its server. */
	uint8_t recursion_count; /* Of the request: how many others have passed it on. */
	uint32_t deadline_ms; /* 0: RESOLVER_DEADLINE_MS. */
	bool is_traced; /* The answer tells each step; nothing is shared with others. */
	/* Whoever answers for `name` is asked whether this answer to a challenge is right (Handle.net
	 * 9, 13: only the home of a secret has it). Copied; never shared or kept. NULL: for values. */
	const struct request_verify_challenge *proof;
};

/* Views: gone when the callback returns.
 *
 *   OK               all values that everybody may read
 *   NOT_FOUND        no such handle, or no such prefix: the text says which
 *   VALUE_NOT_FOUND  the handle has nothing that everybody may read
 *   TOO_DEEP         passed on too often
 *   TIMED_OUT        nobody answered in time      CLOSED     whoever answered would not serve
 *   BUSY             too many questions           NO_MEMORY
 */
struct resolver_answer {
	enum status status;
	struct bytes text; /* For people; empty for OK. */
	struct handle_value_list values;
	bool is_certified; /* Each answer on the way was signed by a key that was known before. */
	bool is_stale; /* Out of its time, because nobody could be asked. */
	bool is_proven; /* OK, of a question with a proof: it is right, they say, and about this one. */
	const struct resolver_trace *trace; /* NULL unless asked for. */
};

typedef void resolver_answered(void *context, const struct resolver_answer *answer);

/* `answered` is called once, from the loop, never before this returns - unless the wait was
 * cancelled. NULL if memory is short: then it is not called. */
struct resolver_wait;
struct resolver_wait *resolver_ask(struct resolver *resolver,
	const struct resolver_question *question, resolver_answered *answered, void *context);
void resolver_cancel(struct resolver_wait *wait);

/* Brings near what resolver_recall() of each of these names will read; at most UDP_BATCH_MAX. */
void resolver_look_ahead(struct resolver *resolver, const struct bytes *names, size_t count);

/* What is known already, for the answering path: nothing is allocated, nobody is asked. False:
 * resolver_ask() must find out. `ret_answer` may also be a failure that is still remembered; its
 * views hold until anything is asked, or the loop goes on. */
bool resolver_recall(struct resolver *resolver, struct bytes name, bool is_certified,
	struct resolver_answer *ret_answer);

/* Walks and signatures under way: a resolver may be freed when helper threads hold nothing of it,
 * that is, when this is 0. */
size_t resolver_busy_count(const struct resolver *resolver);
