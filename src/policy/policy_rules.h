/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "base/limits.h"
#include "base/problem.h"
#include "handle/handle_value.h"

/*
 * What the operator of a recursive node says about single handles and whole prefixes, one JSON
 * object a line, in a file of the node:
 *
 *     {"block":"88.666","why":"ordered by the top node"}
 *     {"pass":"88.666.1"}
 *     {"forward":"88.980","to":["192.0.2.1:2641","192.0.2.2:2641"]}
 *     {"answer":"88.100/x","values":[{"index":1,"type":"URL","data":"https://..."}]}
 *
 * A name with a slash is one handle, without case in its prefix; without a slash it is a prefix:
 * all its handles, all prefixes below it, and their prefix handles (0.NA/...). The narrowest rule
 * counts: of the handle, of its prefix, of the prefix above. There is one rule for one name.
 *
 * Empty lines and lines that begin with # are passed over. Anything else that is no rule refuses
 * the file, with the number of its line: half a list of blocked prefixes is worse than none.
 *
 * Rules do not change; they are read by any thread until they are freed.
 */
struct policy_rules;

enum policy_act {
	POLICY_PASS, /* As if there were no rule. */
	POLICY_BLOCK,
	POLICY_FORWARD,
	POLICY_ANSWER,
};

struct policy_rule {
	enum policy_act act;
	bool is_prefix;
	struct bytes name; /* Folded. */
	struct bytes why; /* Block: for those who ask; may be empty. */
	struct handle_value_list values; /* Answer. */
	uint32_t address_count; /* Forward: who is asked instead of the root. */
	struct address addresses[POLICY_FORWARDER_COUNT_MAX];
};

/* `name` stands for the file in messages. */
enum status policy_rules_parse(struct bytes text, const char *name, struct policy_rules **ret_rules,
	struct problem *problem) MUST_CHECK;
/* A file that is not there has no rules. */
enum status policy_rules_read(
	const char *path, struct policy_rules **ret_rules, struct problem *problem) MUST_CHECK;
void policy_rules_free(struct policy_rules *rules); /* NULL is fine. */

/* The rule that counts for a handle; NULL if none does. `rules` may be NULL. */
const struct policy_rule *policy_rules_find(const struct policy_rules *rules, struct bytes name);
size_t policy_rules_count(const struct policy_rules *rules);
