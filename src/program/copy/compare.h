/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger.h"

/*
 * Two ledgers walked side by side in key order: every record, name and values, and every prefix
 * that is homed. What differs is told one by one; what is there has one digest for each side,
 * which is equal if and only if nothing differs:
 *
 *     digest of n + 1 records = SHA-256 of (digest of n, SHA-256 of record n + 1)
 *
 * A record goes in as a mirror is sent it; a prefix as its 0.NA handle.
 */
enum compare_difference {
	COMPARE_ONLY_IN_FIRST,
	COMPARE_ONLY_IN_SECOND,
	COMPARE_OTHER_NAME, /* Another case of letters. */
	COMPARE_OTHER_VALUES,
};

typedef void compare_found(
	void *context, enum compare_difference difference, bool is_prefix, struct bytes name);

struct compare_side {
	uint64_t record_count;
	uint64_t prefix_count;
	uint8_t digest[JOURNAL_DIGEST_SIZE];
};

struct compare_result {
	struct compare_side sides[2];
	uint64_t difference_count;
};

/* CORRUPT names the side. Nothing may be written meanwhile. */
enum status compare_ledgers(struct ledger *const ledgers[2], compare_found *found, void *context,
	struct compare_result *ret_result, struct problem *problem) MUST_CHECK;

const char *compare_difference_name(enum compare_difference difference);
