/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service_private.h"

/*
 * Secrets of identities that live elsewhere (Handle.net 9, 13): whoever has the secret is asked
 * whether an answer to our challenge is right (operation 201). What it says counts only when it was
 * signed, as each answer on the way to it, with keys that were known before, and when it carries the
 * digest of this question: a "yes" to any other question, or to that of another day, is nothing.
 *
 * The index must be named: who it was is not told, and index 0 would be all of them.
 */
static void
home_answered(void *context, const struct resolver_answer *answer)
{
	struct operation *operation = context;

	if (answer->status != STATUS_OK || !answer->is_certified) {
		operation->status = STATUS_UNPROVABLE;
	} else {
		operation->status = answer->is_proven ? STATUS_OK : STATUS_WRONG_PROOF;
	}
	monitor_add(operation->service->row,
		operation->status == STATUS_OK ? METRIC_REMOTE_PROOFS_RIGHT
					       : METRIC_REMOTE_PROOFS_WRONG,
		1);
	operation->then(operation);
}

bool
operation_ask_home(struct operation *operation, const struct access_proof *proof,
	void (*then)(struct operation *operation))
{
	const struct service *service = operation->service;
	const struct request_verify_challenge asked = {
		.name = proof->identity.name,
		.index = proof->identity.index,
		.nonce = proof->input.nonce,
		.request_digest = proof->input.request_digest,
		.response = proof->response,
	};
	const struct resolver_question question = {
		.name = proof->identity.name, .is_certified = true, .proof = &asked};

	if (service->resolver == NULL || operation->face->recursion == NULL ||
		proof->identity.index == 0 || proof->is_held) {
		return false;
	}
	operation->then = then;
	return resolver_ask(service->resolver, &question, home_answered, operation) != NULL;
}
