/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service_private.h"

/*
 * Look-ups that could not be answered at once: the answer is to be signed or goes through a
 * session, or values are asked for that not everybody may read (Handle.net 9, 18.3).
 */
static enum status
look_up(struct operation *operation, const struct access_identity *identity,
	struct service_answer *ret_answer)
{
	struct service *service = operation->service;
	struct service_query *query = &operation->query;
	struct service_reader reader = {
		.identity = identity,
		.budget = &operation->budget,
		.is_in_session = operation->has_session,
	};

	enum status status;

	query->source = operation->order.source;
	/* Whatever could have been answered at once was tried before. */
	query->is_counted =
		operation->order.claim == NULL && !service_needs_operation(&operation->request);
	if (service_begin(service, &operation->request, query)) {
		service_look_ahead(service, &query, 1);
	}
	status = service_answer_to(
		service, &operation->request, query, &reader, operation->arena, ret_answer);

	operation->version = ret_answer->version;
	return status;
}

void
operation_read(struct operation *operation)
{
	struct service_answer answer;
	enum status status = look_up(operation, NULL, &answer);

	if (status == STATUS_UNAUTHENTICATED) {
		operation_authenticate(operation);
		return;
	}
	if (status == STATUS_ELSEWHERE) {
		operation_recurse(operation);
		return;
	}
	operation_respond(operation, status, &answer);
}

void
operation_read_as(struct operation *operation)
{
	struct access_result result = {.status = STATUS_OK};
	struct service_answer answer;
	enum status status = look_up(operation, &operation->identity, &answer);

	result.status = status;
	operation_settle(operation, &result);
	if (status == STATUS_UNAUTHENTICATED) {
		/* Whoever was proven is nobody: an empty name. */
		operation_refuse(operation, STATUS_NOT_ADMIN, (struct bytes){NULL, 0});
		return;
	}
	if (status == STATUS_ELSEWHERE) {
		operation_recurse(operation);
		return;
	}
	operation_respond(operation, status, &answer);
}
