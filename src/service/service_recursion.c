/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service_private.h"

#include "authority/authority.h"

/*
 * Handles that live elsewhere. Whoever asks is given the values that everybody may read: this node
 * cannot prove anybody's identity to another one. Requests for primaries (AT) are passed on as
 * such, and nothing that is remembered counts.
 *
 * Who wants to know whether the values were proven (VERIFY, bit DT of the national dialect) is given
 * what is found with signatures, where keys are known, and told whether all of it was (VERIFIED, TR).
 */
bool
service_recurses(const struct service *service, const struct request *request)
{
	const struct header *header = &request->message.header;

	return service->resolver != NULL && service->face->recursion != NULL &&
		header->opcode == OPCODE_RESOLUTION &&
		(header->flags & MESSAGE_FLAG_RECURSIVE) != 0;
}

static bool
request_wants_proof(const struct request *request)
{
	return (request->message.header.flags & (MESSAGE_FLAG_CERTIFY | MESSAGE_FLAG_VERIFY)) != 0;
}

/* The values asked for, of those that are there. */
static enum status
answer_take(const struct resolver_answer *found, const struct request *request, struct arena *arena,
	struct service_answer *answer)
{
	answer->name = request->resolution.name;
	answer->text = found->text;
	answer->is_verified = found->is_certified && !found->is_stale;
	answer->values = (struct handle_value_list){0, {NULL, 0}};
	if (found->status != STATUS_OK) {
		return found->status;
	}
	return authority_select(&found->values, &request->resolution, arena, &answer->values);
}

static enum status
recall(struct service *service, const struct request *request, const struct service_query *query,
	struct arena *arena, struct service_answer *answer)
{
	const struct header *header = &request->message.header;
	struct resolver_answer known;

	if ((header->flags & MESSAGE_FLAG_AUTHORITATIVE) != 0 ||
		!resolver_recall(service->resolver, request->resolution.name,
			request_wants_proof(request), &known)) {
		if (query->is_counted ||
			policy_may_walk(service->policy, request->resolution.name,
				loop_now_ms(service->loop))) {
			return STATUS_ELSEWHERE;
		}
		answer->text = TEXT("too much is asked about this prefix");
		return STATUS_BUSY;
	}
	return answer_take(&known, request, arena, answer);
}

enum status
service_recall(struct service *service, const struct request *request,
	const struct service_query *query, struct arena *arena, struct service_answer *answer)
{
	const struct policy_question question = {.name = request->resolution.name,
		.source = query->source,
		.now_ms = loop_now_ms(service->loop),
		.is_counted = query->is_counted};
	const struct policy_rule *rule;

	if (query->source == NULL) {
		return STATUS_NOT_RESPONSIBLE;
	}
	switch (policy_judge(service->policy, &question, &rule)) {
	case POLICY_MAY_ASK:
		return recall(service, request, query, arena, answer);
	case POLICY_MUST_ANSWER:
		return authority_select(
			&rule->values, &request->resolution, arena, &answer->values);
	case POLICY_IS_BLOCKED:
		answer->text = rule->why.size > 0 ? rule->why : TEXT("is blocked at this node");
		return STATUS_DENIED;
	case POLICY_NOT_ALLOWED:
		answer->text = TEXT("is not held here, and nothing is looked for on your behalf");
		return STATUS_NOT_RESPONSIBLE;
	case POLICY_TOO_OFTEN:
		answer->text = TEXT("you ask too often");
		return STATUS_BUSY;
	}
	return STATUS_NOT_RESPONSIBLE;
}

/* What was found is copied: the answer is made of it later than it lasts. */
static void
recursion_answered(void *context, const struct resolver_answer *found)
{
	struct operation *operation = context;
	struct service_answer answer = {.text = {NULL, 0}};
	struct resolver_answer copy = *found;
	enum status status;

	copy.text = arena_copy(operation->arena, found->text);
	copy.values.octets = arena_copy(operation->arena, found->values.octets);
	if (copy.values.octets.at == NULL || copy.text.at == NULL) {
		operation_refuse(operation, STATUS_NO_MEMORY, (struct bytes){NULL, 0});
		return;
	}
	status = answer_take(&copy, &operation->request, operation->arena, &answer);
	operation_respond(operation, status, &answer);
}

void
operation_recurse(struct operation *operation)
{
	const struct header *header = &operation->request.message.header;
	const struct resolver_question question = {
		.name = operation->request.resolution.name,
		.is_authoritative = (header->flags & MESSAGE_FLAG_AUTHORITATIVE) != 0,
		.is_certified = request_wants_proof(&operation->request),
		.recursion_count = header->recursion_count,
		.deadline_ms = operation->order.deadline_ms,
	};

	if (resolver_ask(operation->service->resolver, &question, recursion_answered, operation) ==
		NULL) {
		operation_refuse(operation, STATUS_NO_MEMORY, (struct bytes){NULL, 0});
	}
}
