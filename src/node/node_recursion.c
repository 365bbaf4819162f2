/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_recursion.h"

#include "node/node.h"

#include <string.h>
#include <unistd.h>

/* The bootstrap file if it is there, else the addresses. */
static enum status
root_read(const char *directory, const struct settings *settings, struct resolver_root **ret_root,
	struct problem *problem)
{
	const struct settings_addresses *addresses = &settings->recursion_root;
	char path[NODE_PATH_SIZE_MAX];
	enum status status =
		node_path(directory, settings->recursion_bootstrap.text, path, problem);

	if (status != STATUS_OK) {
		return status;
	}
	if (addresses->count == 0 && access(path, F_OK) == 0) {
		return resolver_root_read(path, ret_root, problem);
	}
	if (addresses->count == 0) {
		return problem_set(problem, STATUS_INVALID,
			"recursion.allow lets others ask, but nobody says where the root is: "
			"set recursion.root, or put a bootstrap file at %.300s",
			path);
	}
	*ret_root = resolver_root_new(addresses->items, addresses->count, problem);
	return *ret_root == NULL ? STATUS_INVALID : STATUS_OK;
}

/* What one worker may give to one client or prefix: a share, and twice as much at once. */
static struct rate_budget
rate_share(uint32_t rate, size_t worker_count)
{
	uint32_t share = (rate + (uint32_t)worker_count - 1) / (uint32_t)worker_count;

	return (struct rate_budget){share, share * 2};
}

static struct policy_settings
policy_from(const struct settings *settings, size_t worker_count)
{
	struct policy_settings policy = {.allow_count = settings->recursion_allow.count,
		.exempt_count = settings->exempt.count,
		.client = rate_share(settings->recursion_client_rate, worker_count),
		.prefix = rate_share(settings->recursion_prefix_rate, worker_count)};

	memcpy(policy.allow, settings->recursion_allow.items,
		policy.allow_count * sizeof(policy.allow[0]));
	memcpy(policy.exempt, settings->exempt.items,
		policy.exempt_count * sizeof(policy.exempt[0]));
	return policy;
}

static enum status
rules_read(const char *directory, const struct settings *settings, struct policy_rules **ret_rules,
	struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_path(directory, settings->recursion_rules.text, path, problem);

	return status == STATUS_OK ? policy_rules_read(path, ret_rules, problem) : status;
}

enum status
node_recursion_read(const char *directory, const struct settings *settings, size_t worker_count,
	struct node_recursion *ret_recursion, struct problem *problem)
{
	struct node_recursion recursion = {
		.is_on = settings->recursion_allow.count > 0,
		.resolver = {.is_private_allowed = settings->recursion_allow_private,
			.is_certifying_services = settings->recursion_certify,
			.is_certifying = settings->recursion_certify_all,
			.is_teleinfo = settings->recursion_teleinfo,
			.is_renewing_root = settings->recursion_renew_root},
	};
	const struct settings_addresses *names = &settings->recursion_name_servers;
	enum status status = recursion.is_on
		? root_read(directory, settings, &recursion.resolver.root, problem)
		: STATUS_OK;

	for (size_t i = 0; i < names->count; i++) {
		recursion.resolver.name_servers[i] = names->items[i];
	}
	recursion.resolver.name_server_count = names->count;
	if (status == STATUS_OK && recursion.is_on) {
		recursion.policy = policy_from(settings, worker_count);
		status = rules_read(directory, settings, &recursion.rules, problem);
	}
	if (status != STATUS_OK) {
		node_recursion_free(&recursion);
		return status;
	}
	recursion.policy.rules = recursion.resolver.rules = recursion.rules;
	*ret_recursion = recursion;
	return STATUS_OK;
}

void
node_recursion_free(struct node_recursion *recursion)
{
	resolver_root_leave(recursion->resolver.root);
	policy_rules_free(recursion->rules);
	*recursion = (struct node_recursion){.is_on = false};
}
