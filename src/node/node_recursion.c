/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_recursion.h"

#include "node/node.h"

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

enum status
node_recursion_read(const char *directory, const struct settings *settings,
	struct node_recursion *ret_recursion, struct problem *problem)
{
	struct node_recursion recursion = {
		.is_on = settings->recursion_allow.count > 0,
		.resolver = {.is_private_allowed = settings->recursion_allow_private,
			.is_certifying_services = settings->recursion_certify,
			.is_certifying = settings->recursion_certify_all,
			.is_teleinfo = settings->recursion_teleinfo},
	};
	enum status status = recursion.is_on
		? root_read(directory, settings, &recursion.resolver.root, problem)
		: STATUS_OK;

	if (status == STATUS_OK) {
		*ret_recursion = recursion;
	}
	return status;
}

void
node_recursion_free(struct node_recursion *recursion)
{
	resolver_root_leave(recursion->resolver.root);
	*recursion = (struct node_recursion){.is_on = false};
}
