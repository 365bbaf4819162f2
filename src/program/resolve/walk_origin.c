/* SPDX-License-Identifier: Apache-2.0 */
#include "program/resolve/walk_origin.h"

#include "node/node.h"
#include "program/server/server_name.h"

bool
walk_origin_option(struct walk_origin *origin, const struct option_walk *walk)
{
	switch (walk->key) {
	case WALK_ORIGIN_ROOT:
		return origin->root_count < WALK_ROOT_COUNT_MAX &&
			server_name_find(walk->argument, &origin->roots[origin->root_count++]);
	case WALK_ORIGIN_BOOTSTRAP:
		origin->bootstrap = walk->argument;
		return true;
	case WALK_ORIGIN_TELEINFO:
		return origin->is_teleinfo = true;
	default:
		return false;
	}
}

size_t
walk_origin_count(const struct walk_origin *origin)
{
	return (size_t)(origin->root_count > 0) + (origin->bootstrap != NULL) +
		(origin->directory != NULL);
}

static enum status
directory_open(struct walk_origin *origin, struct problem *problem)
{
	struct settings settings;
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_path(origin->directory, "houji.yaml", path, problem);

	if (status == STATUS_OK) {
		status = settings_read(path, &settings, problem);
	}
	if (status == STATUS_OK) {
		status = node_recursion_read(
			origin->directory, &settings, 1, &origin->recursion, problem);
	}
	if (status == STATUS_OK && !origin->recursion.is_on) {
		status = problem_set(problem, STATUS_INVALID,
			"%s is no recursive node: its recursion.allow is empty", origin->directory);
	}
	return status;
}

static enum status
root_open(struct walk_origin *origin, struct problem *problem)
{
	struct resolver_settings *settings = &origin->recursion.resolver;
	enum status status = STATUS_OK;

	settings->is_certifying_services = true;
	if (origin->bootstrap != NULL) {
		status = resolver_root_read(origin->bootstrap, &settings->root, problem);
	} else {
		if (origin->root_count == 0 && server_name_find("127.0.0.1", &origin->roots[0])) {
			origin->root_count = 1;
		}
		settings->root = resolver_root_new(origin->roots, origin->root_count, problem);
		status = settings->root == NULL ? problem->status : STATUS_OK;
	}
	if (status == STATUS_OK) {
		settings->is_private_allowed = resolver_root_is_private(settings->root);
	}
	return status;
}

enum status
walk_origin_open(struct walk_origin *origin, struct problem *problem)
{
	struct resolver_settings *settings = &origin->recursion.resolver;
	enum status status = origin->directory != NULL ? directory_open(origin, problem)
						       : root_open(origin, problem);

	settings->is_teleinfo = settings->is_teleinfo || origin->is_teleinfo;
	settings->is_renewing_root = false; /* The command is over before that helps. */
	return status;
}

void
walk_origin_close(struct walk_origin *origin)
{
	node_recursion_free(&origin->recursion);
}
