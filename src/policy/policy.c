/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include "crypto/crypto.h"
#include "handle/handle_name.h"

#include <stdlib.h>

enum {
	CLIENT_COUNT = 16384, /* 256 KiB: clients of one worker that are told apart. */
	PREFIX_COUNT = 16384,
	PREFIX_SIZE_MAX = 255, /* Longer ones count by their beginning. */
};

struct policy {
	const struct policy_settings *settings;
	struct monitor_row *row;
	struct rate_table *clients;
	struct rate_table *prefixes;
};

struct policy *
policy_new(const struct policy_settings *settings, struct monitor_row *row)
{
	struct policy *policy = calloc(1, sizeof(*policy));
	uint64_t seeds[2];

	if (policy == NULL) {
		return NULL;
	}
	crypto_random(seeds, sizeof(seeds));
	policy->settings = settings;
	policy->row = row;
	policy->clients = rate_table_new(CLIENT_COUNT, seeds[0]);
	policy->prefixes = rate_table_new(PREFIX_COUNT, seeds[1]);
	if (policy->clients == NULL || policy->prefixes == NULL) {
		policy_free(policy);
		return NULL;
	}
	return policy;
}

void
policy_free(struct policy *policy)
{
	if (policy != NULL) {
		rate_table_free(policy->clients);
		rate_table_free(policy->prefixes);
		free(policy);
	}
}

void
policy_use(struct policy *policy, const struct policy_settings *settings)
{
	policy->settings = settings;
}

static bool
is_among(const struct network *networks, uint32_t count, const uint8_t source[16])
{
	for (uint32_t i = 0; i < count; i++) {
		if (network_holds(&networks[i], source)) {
			return true;
		}
	}
	return false;
}

static bool
take_one(struct rate_table *table, struct bytes whom, int64_t now_ms, struct rate_budget budget)
{
	uint32_t *left = rate_table_left(table, rate_table_hash(table, whom), now_ms, budget);

	if (*left == 0) {
		return false;
	}
	--*left;
	return true;
}

static bool
client_may_ask(struct policy *policy, const uint8_t source[16], int64_t now_ms)
{
	const struct policy_settings *settings = policy->settings;
	uint8_t octets[17];

	return settings->client.rate == 0 ||
		is_among(settings->exempt, settings->exempt_count, source) ||
		take_one(policy->clients, rate_network(source, 32, 56, octets), now_ms,
			settings->client);
}

enum policy_verdict
policy_judge(struct policy *policy, const struct policy_question *question,
	const struct policy_rule **ret_rule)
{
	const struct policy_settings *settings = policy->settings;

	*ret_rule = NULL;
	if (!is_among(settings->allow, settings->allow_count, question->source)) {
		monitor_add(policy->row, METRIC_RECURSION_NOT_ALLOWED, 1);
		return POLICY_NOT_ALLOWED;
	}
	if (!question->is_counted && !client_may_ask(policy, question->source, question->now_ms)) {
		monitor_add(policy->row, METRIC_RECURSION_TOO_OFTEN, 1);
		return POLICY_TOO_OFTEN;
	}
	*ret_rule = policy_rules_find(settings->rules, question->name);
	if (*ret_rule != NULL && (*ret_rule)->act == POLICY_BLOCK) {
		monitor_add(policy->row, METRIC_RECURSION_BLOCKED, 1);
		return POLICY_IS_BLOCKED;
	}
	if (*ret_rule != NULL && (*ret_rule)->act == POLICY_ANSWER) {
		monitor_add(policy->row, METRIC_RECURSION_FORCED, 1);
		return POLICY_MUST_ANSWER;
	}
	return POLICY_MAY_ASK;
}

bool
policy_may_walk(struct policy *policy, struct bytes name, int64_t now_ms)
{
	const struct policy_settings *settings = policy->settings;
	uint8_t octets[PREFIX_SIZE_MAX] __attribute__((uninitialized));
	struct bytes prefix = bytes_slice(handle_name_prefix(name), 0, sizeof(octets));

	if (settings->prefix.rate == 0) {
		return true;
	}
	for (size_t i = 0; i < prefix.size; i++) {
		octets[i] = ascii_upper(prefix.at[i]);
	}
	if (take_one(policy->prefixes, bytes_over(octets, prefix.size), now_ms, settings->prefix)) {
		return true;
	}
	monitor_add(policy->row, METRIC_RECURSION_PREFIX_TOO_OFTEN, 1);
	return false;
}
