/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger.h"
#include "monitor/monitor.h"
#include "node/node.h"

/*
 * What goes wrong while a node serves is said once, in a line for its operators: that changes are
 * no longer taken, that evidence is no longer signed, that a record cannot be read. Looked at once
 * a second, on one thread; the counts go on growing where they are counted.
 */
struct node_health {
	bool has_ledger_fault;
	bool has_evidence_fault;
	bool has_damage;
};

struct node_health_parts {
	const char *directory;
	struct ledger *ledger;
	const struct monitor *monitor;
	struct monitor_row *row; /* Of the thread that looks: METRIC_EVIDENCE_FAULT. */
	node_news *news; /* NULL: nothing is said. */
	void *context;
};
void node_health_look(struct node_health *health, const struct node_health_parts *parts);
