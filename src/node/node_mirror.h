/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger.h"
#include "loop/loop_impair.h"
#include "node/node.h"
#include "replication/replication_follower.h"
#include "service/service.h"

/*
 * A node that is a mirror: follows the primary that the settings name, on a thread and a loop
 * of its own, into the ledger that the workers answer from.
 *
 * `news` gets one line when it becomes current, and when a fault comes that is another than the
 * one before; it is called on that thread.
 */
struct node_mirror;

/* What the pointers lead to outlives the mirror; `settings` only the call. */
struct node_mirror_parts {
	const char *directory;
	const struct settings *settings;
	struct ledger *ledger;
	const struct service_site *site;
	const struct loop_impairment *impairment;
	struct monitor_row *row; /* The mirror's thread's. */
	node_news *news; /* May be NULL. */
	void *context;
};

/* The same refusals, and nothing is begun. */
enum status node_mirror_check(const char *directory, const struct settings *settings,
	const struct service_site *site, struct problem *problem) MUST_CHECK;

/* `ret_mirror` is NULL when no primary is named. CONFLICT when the site record says that the node
 * is a primary itself; a key that is missing or wrong is named. */
enum status node_mirror_start(const struct node_mirror_parts *parts,
	struct node_mirror **ret_mirror, struct problem *problem) MUST_CHECK;

/* For rehearsing faults; when it returns, what was named before is the caller's alone again. NULL is
 * no mirror. */
void node_mirror_impair(struct node_mirror *mirror, const struct loop_impairment *impairment);

/* What is under way becomes durable, then the thread ends. NULL is fine. */
void node_mirror_stop(struct node_mirror *mirror);
