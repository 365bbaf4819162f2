/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service_private.h"

/*
 * May somebody? For what the protocol has no operation for - to see what a handle was, to watch
 * changes, to send many of them - a front orders the operation of the protocol that needs the same
 * rights, does the thing itself, and is told here whether it may.
 */
static void
ask_answer(struct operation *operation)
{
	operation->outcome = STATUS_OK;
	operation_fall_silent(operation);
}

static void
ask_work(struct operation *operation)
{
	operation->order.work(operation->order.context);
}

static enum status
ask_decide(struct operation *operation)
{
	struct service *service = operation->service;
	const struct access_policy *policy = &operation->face->policy;

	switch (operation_opcode(operation)) {
	case OPCODE_RESOLUTION:
		return authority_may_look_back(service->authority,
			operation->request.resolution.name, &operation->identity, policy,
			&operation->budget);
	case OPCODE_GET_SITE_INFO:
		return STATUS_OK; /* Whoever it is. */
	default:
		return authority_may(service->authority, &operation->request, &operation->identity,
			policy, &operation->budget);
	}
}

/* What would be refused whoever asks. */
static enum status
ask_precheck(struct operation *operation, struct bytes *ret_text)
{
	uint32_t opcode = operation_opcode(operation);
	struct authority_answer found;
	enum status status;

	*ret_text = (struct bytes){NULL, 0};
	if (opcode == OPCODE_RESOLUTION || opcode == OPCODE_GET_SITE_INFO) {
		return STATUS_UNAUTHENTICATED;
	}
	status = authority_precheck(operation->service->authority, &operation->request,
		&operation->face->policy, operation->arena, &found);
	*ret_text = found.text;
	return status;
}

void
operation_ask(struct operation *operation)
{
	struct bytes text;
	enum status status = ask_precheck(operation, &text);

	if (status == STATUS_UNAUTHENTICATED && operation->is_identified) {
		status = ask_decide(operation);
	}
	if (status == STATUS_OK && operation->order.work != NULL) {
		status = operation_run(operation, ask_work, ask_answer);
		if (status == STATUS_OK) {
			return;
		}
	}
	if (status == STATUS_OK) {
		ask_answer(operation);
	} else {
		operation_refuse(operation, status, text);
	}
}
