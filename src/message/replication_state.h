/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

/*
 * Where a mirror of many servers stands, as it says in a request 1001 of kind 1 (Handle.net
 * 9.x, protocol 2.9):
 *
 *     {"replicationServerStates":{"0:300:0.NA/X":{"lastTxnId":42,"lastTimestamp":17000}},
 *      "ownName":"300:0.NA/M"}
 *
 * A source is named by the number of the server in its site, and the site. Members that are
 * not known are passed over.
 */
struct replication_source_state {
	bool is_known; /* The state names this source. */
	uint64_t last_id; /* 0 for numbers below 0: nothing was taken yet. */
	uint64_t last_date; /* ms since 1970. */
};

/* What the text says of `source`; of the first source it names if `source` is empty. */
enum status replication_state_find(struct bytes text, struct bytes source, struct arena *arena,
	struct replication_source_state *ret_state) MUST_CHECK;
