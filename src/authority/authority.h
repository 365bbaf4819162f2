/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access.h"
#include "access/access_remote.h"
#include "base/arena.h"
#include "markup/markup_tree.h"
#include "message/request.h"
#include "records/records.h"

/*
 * Answers for prefixes held here: which values of a record, for whom, and to whom else to
 * turn. It reads records and knows no socket, no signature and no clock.
 *
 *     authority_query_begin(authority, name, &query);        fold and hash the name
 *     authority_look_ahead(authority, queries, count);       bring slots and records near
 *     status = authority_resolve(authority, &question, &query, arena, &answer);
 *
 * The three steps let a batch of questions overlap their cache misses; one question alone
 * takes them in a row.
 */
struct authority; /* Belongs to one worker. */

struct authority *authority_new(struct records *records); /* NULL if memory is short. */
void authority_free(struct authority *authority);
void authority_enter(struct authority *authority); /* Once a wake-up, before the first question. */
void authority_leave(struct authority *authority); /* Before the worker sleeps. */

/* Which part of a site with several servers this node is (handle_name_hash() by `option`,
 * modulo `count`, must be `number`). Count 1: all of it. */
struct authority_share {
	enum handle_hash_option option;
	uint32_t count;
	uint32_t number;
};
void authority_set_share(struct authority *authority, const struct authority_share *share);

/* What the record of a prefix says of all identifiers of it: its HS_NAMESPACE that everybody may
 * read. `handle` is a 0.NA handle; it counts as it is stored, wherever it may be homed. */
bool authority_namespace(
	struct authority *authority, struct bytes handle, struct handle_value *ret_value);

/* What a node is configured to compute handles with that nobody registered (handle-protocol, 18.4),
 * beside the HS_NAMESPACE of their prefixes. It stays the caller's. */
struct authority_templates {
	const struct markup_element *namespace; /* NULL: none. */
	bool overrides; /* It counts before what prefixes say. */
};
void authority_set_templates(
	struct authority *authority, const struct authority_templates *templates);

struct authority_query {
	struct records_lookup lookup;
	enum status status;
};

void authority_query_begin(
	struct authority *authority, struct bytes name, struct authority_query *ret_query);
/* At most UDP_BATCH_MAX at once. */
void authority_look_ahead(
	struct authority *authority, struct authority_query *const *queries, size_t count);

/* After the look ahead: false if there is surely no record of that name. */
static inline bool
authority_query_may_be_held(const struct authority_query *query)
{
	return query->status != STATUS_OK || query->lookup.place != 0;
}

/* True if this node answers for `name`: its prefix is homed here, or `name` is a derived prefix and
 * one above it is. Between authority_enter() and authority_leave(). */
bool authority_holds(struct authority *authority, struct bytes name);

struct authority_question {
	const struct request_resolution *resolution;
	bool is_public_only; /* PUBL: leave out what not everybody may read, without complaint. */
	bool is_not_to_refer; /* DNRF. */
	bool is_in_session; /* Then an identity is needed unless PUBL is set. */
	/* Proven; NULL or without a name: nobody. It reads what the record's HS_ADMIN let it read. */
	const struct access_identity *identity;
	const struct access_policy *policy; /* NULL without an identity. */
};

struct authority_answer {
	struct bytes text; /* For people, when the status is not OK; may be empty. */
	struct handle_value_list values;
	uint64_t
		place; /* Of the record's entry, also when nothing of it is told; 0: there is none. */
	bool is_computed; /* By a template, from the record of its base: there is no entry. */
};

/*
 * Values point into the view (valid until authority_leave) or into `arena`.
 *
 *   OK               the values asked for
 *   REFERRED         values of the prefix above that say who answers (HS_SITE.PREFIX ...)
 *   NOT_FOUND        no such handle             VALUE_NOT_FOUND  nothing matches or is public
 *   NOT_RESPONSIBLE  prefix is not homed here   DENIED           nobody may read it
 *   UNAUTHENTICATED  only an identity may read  CORRUPT          stored data fails its check
 *   TIMED_OUT        a template takes more work than it may
 *   NO_MEMORY        arena limit                NOT_ADMIN        this identity may not read it
 *
 * Values of type HS_SECKEY are never in an answer, whatever their permissions say.
 */
enum status authority_resolve(struct authority *authority,
	const struct authority_question *question, struct authority_query *query,
	struct arena *arena, struct authority_answer *ret_answer) MUST_CHECK;

/* Of values that everybody may read, from anywhere, those that are asked for; the list itself if
 * that is all of them. VALUE_NOT_FOUND if there are none, NO_MEMORY. */
enum status authority_select(const struct handle_value_list *values,
	const struct request_resolution *asked, struct arena *arena,
	struct handle_value_list *ret_list) MUST_CHECK;

/* Records as the worker sees them, for decisions; between authority_enter() and
 * authority_leave(). What is stored counts, wherever it may be homed; what is neither stored
 * nor homed is NOT_RESPONSIBLE. */
struct access_reach authority_reach(struct authority *authority);
/* What is known of records elsewhere, for the decisions until this is called again; what they
 * miss is noted there. NULL: nothing is. */
void authority_set_remote(struct authority *authority, struct access_remote *remote);
