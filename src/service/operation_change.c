/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger.h"
#include "service/service_private.h"

/*
 * Changes of records and prefixes: create, delete, add, remove, modify, home, unhome. What an
 * identity needs is decided by the authority inside the commit; here a change only waits its
 * turn: changes of one connection are in the ledger side by side.
 */
bool
opcode_is_change(uint32_t opcode)
{
	switch ((enum opcode)opcode) {
	case OPCODE_CREATE_HANDLE:
	case OPCODE_DELETE_HANDLE:
	case OPCODE_ADD_VALUE:
	case OPCODE_REMOVE_VALUE:
	case OPCODE_MODIFY_VALUE:
	case OPCODE_HOME_PREFIX:
	case OPCODE_UNHOME_PREFIX:
		return true;
	case OPCODE_RESERVED:
	case OPCODE_RESOLUTION:
	case OPCODE_GET_SITE_INFO:
	case OPCODE_LIST_HANDLES:
	case OPCODE_LIST_DERIVED_PREFIXES:
	case OPCODE_CHALLENGE_RESPONSE:
	case OPCODE_VERIFY_CHALLENGE:
	case OPCODE_LIST_HOMED_PREFIXES:
	case OPCODE_SESSION_SETUP:
	case OPCODE_SESSION_TERMINATE:
	case OPCODE_SESSION_EXCHANGE_KEY:
	case OPCODE_GET_NEXT_TRANSACTION_ID:
	case OPCODE_RETRIEVE_TRANSACTION_LOG:
	case OPCODE_DUMP_HANDLES:
	case OPCODE_BACKUP_SERVER:
	case OPCODE_LOGIN:
	case OPCODE_LOGIN_ID_SYSTEM:
	case OPCODE_DOCK:
		return false;
	}
	return false;
}

static void
created_fill(struct operation *operation, const struct authority_outcome *outcome)
{
	struct response *response = &operation->response;

	if (outcome->result.has_overwritten) {
		response->message.header.flags |= MESSAGE_FLAG_OVERWRITE;
	}
	if (operation_opcode(operation) == OPCODE_CREATE_HANDLE) {
		response->created.name = outcome->name;
		response->created.is_absent = false;
	}
}

static void
change_respond(
	struct operation *operation, enum status status, const struct authority_outcome *outcome)
{
	if (status != STATUS_OK) {
		operation_refuse(operation, status, outcome->text);
		return;
	}
	monitor_add(operation->service->row, METRIC_CHANGES_MADE, 1);
	operation_response(operation, status, &(struct service_answer){.text = {NULL, 0}});
	created_fill(operation, outcome);
	operation_seal(operation);
}

static void
change_done(void *context)
{
	struct operation *operation = context;
	struct authority_outcome outcome;
	enum status status =
		authority_change_outcome(operation->change, operation->status, &outcome);

	/* What was changed shows to whoever is answered after this: the next request on the same
	 * connection may be about it, and be looked up in this same wake-up. Nothing of the view
	 * is held while posts run. */
	authority_leave(operation->service->authority);
	authority_enter(operation->service->authority);
	operation->budget.is_spent = operation->budget.is_spent || outcome.is_budget_spent;
	operation_settle(operation, &outcome.result);
	change_respond(operation, status, &outcome);
}

/* On the committer's thread. */
static void
change_committed(void *context, struct ledger_change *entry, enum status status, uint64_t sequence)
{
	struct operation *operation = context;

	(void)entry;
	operation->status = status;
	operation->version = sequence;
	operation->post.posted = change_done;
	operation->post.context = operation;
	loop_post(operation->service->loop, &operation->post);
}

/* Within a session the same change, sent again because its answer was lost, is not made twice.
 * True if this one came before, and was answered so; otherwise it is under way from now on. */
static bool
change_came_before(struct operation *operation)
{
	struct access_result result;
	enum status status = STATUS_OK;

	if (operation->has_session && operation->taken == NULL && operation->session.is_proven) {
		status = access_session_recall(operation->service->access->sessions,
			operation->session.id, &operation->request.message, &result);
	}
	if (status == STATUS_OK) {
		return false;
	}
	operation->is_settled = true;
	if (status == STATUS_EXISTS) {
		operation_change_again(operation, &result);
	} else {
		operation_refuse(operation, status, TEXT("this change is being made"));
	}
	return true;
}

void
operation_change(struct operation *operation)
{
	struct service *service = operation->service;
	const struct authority_order order = {
		.request = &operation->request,
		.identity = operation->identity,
		.token = operation_token(operation),
		.policy = &operation->face->policy,
		.remote = &operation->remote,
		.share = operation->face->site.share,
		.now_s = (uint32_t)service->now_s,
	};
	struct ledger_change *entry;
	enum status status;

	if (change_came_before(operation)) {
		return;
	}
	status = authority_change_new(operation->arena, &order, &operation->change);
	if (status == STATUS_OK) {
		entry = authority_change_entry(operation->change);
		entry->committed = change_committed;
		entry->context = operation;
		entry->condition = operation->order.condition;
		status = ledger_submit(service->ledger, entry);
	}
	if (status != STATUS_OK) {
		struct access_result result = {.status = status};

		operation_settle(operation, &result);
		operation_refuse(operation, status, (struct bytes){NULL, 0});
	}
}

void
operation_change_again(struct operation *operation, const struct access_result *result)
{
	struct authority_outcome outcome = {.result = *result};

	authority_change_repeat(&operation->request, result, operation->arena, &outcome);
	monitor_add(operation->service->row, METRIC_CHANGES_REPEATED, 1);
	change_respond(operation, result->status, &outcome);
}

/* A change that is refused early may be refused because it was made already, or is just being
 * made: its session tells. True if it was answered so. */
static bool
change_was_made(struct operation *operation)
{
	struct bytes text;

	return operation->has_session && operation->session.is_proven &&
		opcode_is_change(operation_opcode(operation)) &&
		operation_check(operation, &text) == STATUS_OK && change_came_before(operation);
}

/* Refused early, challenged, or - where everybody may - carried out. */
void
operation_admin(struct operation *operation)
{
	struct authority_answer found;
	struct access_result result;
	enum status status = authority_precheck(operation->service->authority, &operation->request,
		&operation->face->policy, operation->arena, &found);

	if (status == STATUS_UNAUTHENTICATED) {
		operation_authenticate(operation);
	} else if (status == STATUS_OK) {
		operation_carry_out(operation);
	} else if (!change_was_made(operation)) {
		result = (struct access_result){.status = status};
		operation_settle(operation, &result);
		operation_respond(operation, status,
			&(struct service_answer){.text = found.text, .values = found.values});
	}
}
