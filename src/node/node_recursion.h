/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "node/node_settings.h"
#include "policy/policy.h"
#include "resolver/resolver.h"

/*
 * The recursive role, as the settings have it: whether there is one, and where its walks begin.
 */
struct node_recursion {
	bool is_on;
	struct resolver_settings resolver; /* Its root is the struct's. */
	struct policy_settings policy;
	struct policy_rules *rules; /* What both point to. */
};

/* Off leaves nothing to be freed. A problem names what is missing and what to do. */
enum status node_recursion_read(const char *directory, const struct settings *settings,
	size_t worker_count, struct node_recursion *ret_recursion,
	struct problem *problem) MUST_CHECK;
void node_recursion_free(struct node_recursion *recursion); /* Of zeros: nothing. */
