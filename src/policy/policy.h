/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/rate_table.h"
#include "monitor/monitor.h"
#include "policy/policy_rules.h"

/*
 * For whom a recursive node finds out what, and how often.
 *
 *     verdict = policy_judge(policy, &question, &rule);        every question that is not ours
 *     ... POLICY_MAY_ASK and nothing in the cache ...
 *     if (policy_may_walk(policy, name, now_ms)) ... ask upstream ...
 *
 * Settings are shared by the workers and replaced as a whole by a reload; what a client or a
 * prefix has left is each worker's own, in tables of fixed size, and stays over a reload. Rates are
 * divided by the workers: the kernel spreads clients over them.
 */
enum { POLICY_NETWORK_COUNT_MAX = 64 };

struct policy_settings {
	uint32_t allow_count; /* None: nobody may ask. */
	struct network allow[POLICY_NETWORK_COUNT_MAX];
	uint32_t exempt_count; /* No rates for these. */
	struct network exempt[POLICY_NETWORK_COUNT_MAX];
	struct rate_budget client; /* Questions of one address (IPv6: /56); rate 0: no limit. */
	struct rate_budget prefix; /* Walks below one prefix, whoever asks; rate 0: no limit. */
	const struct policy_rules *rules; /* NULL: none. */
};

struct policy;

/* NULL if memory is short. The settings outlive the next policy_use(). */
struct policy *policy_new(const struct policy_settings *settings, struct monitor_row *row);
void policy_free(struct policy *policy); /* NULL is fine. */
void policy_use(struct policy *policy, const struct policy_settings *settings);

enum policy_verdict {
	POLICY_MAY_ASK, /* The rule, if there is one, says to forward. */
	POLICY_MUST_ANSWER, /* With the rule's values. */
	POLICY_IS_BLOCKED, /* The rule says why. */
	POLICY_NOT_ALLOWED, /* Of no network that may ask. */
	POLICY_TOO_OFTEN,
};

struct policy_question {
	struct bytes name;
	const uint8_t *source; /* 16 octets: address_octets(). */
	int64_t now_ms;
	bool is_counted; /* It was judged before. */
};

/* Counts the question against its client. `ret_rule` is set in every case; NULL: none. */
enum policy_verdict policy_judge(struct policy *policy, const struct policy_question *question,
	const struct policy_rule **ret_rule);

/* Counts a walk against the prefix: false if it had too many. */
bool policy_may_walk(struct policy *policy, struct bytes name, int64_t now_ms);
