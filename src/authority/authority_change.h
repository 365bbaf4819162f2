/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access.h"
#include "access/access_result.h"
#include "authority/authority.h"
#include "ledger/ledger.h"

/*
 * Changes asked for over the wire - create, delete, add, remove, modify, home, unhome - with the
 * checks, rights, codes and texts of Handle.net 9 (18.1 to 18.6).
 *
 *     status = authority_precheck(authority, &request, policy, arena, &answer);
 *         OK               needs nobody: go on at once, with no identity
 *         UNAUTHENTICATED  challenge the client, or look at its session
 *         anything else    refused, before anybody had to prove anything
 *     status = authority_may(authority, &request, &identity, policy, &budget);
 *         with the identity that an answer claims, before its signature is verified
 *     status = authority_change_new(arena, &order, &change);
 *     authority_change_entry(change)->committed = ...; ledger_submit(...)
 *         the decision: within the commit, on the state that the change changes
 *     status = authority_change_outcome(change, status, &outcome);
 *
 * The first two look at the worker's snapshot and only spare work: what they let through is
 * decided again, and what they refuse is what Handle.net refuses at that point.
 *
 * The values after the change are made in the commit, too: changed values get the server's time,
 * values that an overwriting change leaves as they were keep theirs; added values stand in the
 * order of indexes, created ones in the order of the request. A record over its limits is
 * INVALID_VALUE. MINT draws its UUID in authority_change_new(), so that what is committed does
 * not depend on how often it was tried.
 */

/* Also for 105, 106 and 302, whose listing authority_list.h does. `ret_answer` is set in every
 * case: text for people, values of a referral. */
enum status authority_precheck(struct authority *authority, const struct request *request,
	const struct access_policy *policy, struct arena *arena,
	struct authority_answer *ret_answer) MUST_CHECK;

/* Would this identity be allowed to, as things stand now? All outcomes of access_decide(), for
 * all operations of access_demand_make(). A change that cannot be made, whoever asks, is OK here:
 * the commit will say so. */
enum status authority_may(struct authority *authority, const struct request *request,
	const struct access_identity *identity, const struct access_policy *policy,
	struct access_budget *budget) MUST_CHECK;

/* May this identity see what the handle was? What is past is no less private than what is: who may
 * read all of the record may, and, when it is gone, who could make it again (ledger_history.h). All
 * outcomes of access_decide(); NOT_RESPONSIBLE when the prefix is not homed here. */
enum status authority_may_look_back(struct authority *authority, struct bytes name,
	const struct access_identity *identity, const struct access_policy *policy,
	struct access_budget *budget) MUST_CHECK;

/* Where changed records are written that go to the ledger one after the other: one room for all of
 * them, since each is copied before the next is judged. It is in the order's arena and grows. */
struct authority_room {
	uint8_t *octets;
	size_t size;
};

struct authority_order {
	const struct request *request; /* It and its octets stay until the outcome was asked. */
	struct access_identity identity; /* Proven. Empty name: nobody. */
	struct bytes token; /* By which the identity was shown; may be empty. */
	const struct access_policy *policy;
	struct authority_share share;
	const struct access_remote *remote; /* Fetched for the decision; NULL: nothing. */
	struct authority_room *room; /* NULL: the change has one of its own. */
	uint32_t now_s; /* Seconds since 1970: the time stamp of values that change. */
};

struct authority_change;

/* Everything it needs is in `arena`, which belongs to the change until the outcome was used.
 * UNSUPPORTED for other operations, INVALID for a name that no handle can have, NOT_RESPONSIBLE
 * for one of another server of the site, INVALID_VALUE and VALUE_EXISTS, NO_MEMORY. */
enum status authority_change_new(struct arena *arena, const struct authority_order *order,
	struct authority_change **ret_change) MUST_CHECK;

/* What to hand to ledger_submit(), after setting `committed` and `context`; `expected` too, if
 * the record's version matters. It is a part of the change, and its judge finds the change around
 * it: so it is submitted itself, and not by ledger_commit(), which submits a copy. */
struct ledger_change *authority_change_entry(struct authority_change *change);

struct authority_outcome {
	struct bytes text; /* For people; may be empty. */
	struct bytes name; /* CREATE_HANDLE: the handle created. */
	struct access_result result; /* To be settled; its status is what was returned. */
	bool is_budget_spent; /* The decision took all the work that one may. */
};

/* `status` is the ledger's. Homing what is homed and unhoming what is not are successes, as in
 * Handle.net. */
enum status authority_change_outcome(struct authority_change *change, enum status status,
	struct authority_outcome *ret_outcome) MUST_CHECK;

/* The same outcome again, from a result that was kept; the handle created is put together
 * again, a text was not kept. */
void authority_change_repeat(const struct request *request, const struct access_result *result,
	struct arena *arena, struct authority_outcome *ret_outcome);
