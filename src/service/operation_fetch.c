/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service_private.h"

/*
 * Identities and groups that live elsewhere. Who asks may have its key at another node, and be
 * named by groups of others: such records are looked for as any handle is, but only what was signed
 * all the way - by the root and by each server after it, with keys that were known before - says
 * anything about who may do what here. So this needs a root whose key is known: a bootstrap file.
 *
 * A decision that wanted such a record is taken again when it is there, at most
 * GROUP_REMOTE_COUNT_MAX times.
 */
void
operation_reach_begin(struct operation *operation)
{
	const struct service *service = operation->service;
	bool is_open = service->resolver != NULL && operation->face->recursion != NULL;

	operation->remote.missing = (struct bytes){NULL, 0};
	operation->budget_before = operation->budget;
	authority_set_remote(service->authority, is_open ? &operation->remote : NULL);
}

void
operation_reach_end(struct operation *operation)
{
	authority_set_remote(operation->service->authority, NULL);
}

static void
fetch_answered(void *context, const struct resolver_answer *answer)
{
	struct operation *operation = context;
	struct access_remote_record record = {.name = operation->fetched,
		.is_known = answer->status == STATUS_OK && answer->is_certified};

	if (record.is_known) {
		record.values = answer->values;
		record.values.octets = arena_copy(operation->arena, answer->values.octets);
		record.is_known = record.values.octets.at != NULL;
	}
	access_remote_add(&operation->remote, &record);
	monitor_add(operation->service->row,
		record.is_known ? METRIC_REMOTE_RECORDS_FETCHED : METRIC_REMOTE_RECORDS_MISSED, 1);
	operation->then(operation);
}

bool
operation_fetch(
	struct operation *operation, enum status status, void (*again)(struct operation *operation))
{
	struct resolver_question question = {.is_certified = true};

	if ((status != STATUS_UNPROVABLE && status != STATUS_NOT_ADMIN) ||
		!access_remote_is_wanted(&operation->remote)) {
		return false;
	}
	operation->fetched = arena_copy(operation->arena, operation->remote.missing);
	if (operation->fetched.at == NULL) {
		return false;
	}
	question.name = operation->fetched;
	operation->budget = operation->budget_before; /* The decision was not taken. */
	operation->then = again;
	return resolver_ask(operation->service->resolver, &question, fetch_answered, operation) !=
		NULL;
}
