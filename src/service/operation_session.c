/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service_private.h"

/*
 * Sessions are set up and ended (Handle.net 9, 14), and answers to challenges of others are
 * verified (operation 201, 13).
 */
static void
setup_run(struct operation *operation)
{
	operation->status = access_session_offer_run(operation->offer);
}

static void
setup_done(struct operation *operation)
{
	struct response *response = &operation->response;
	enum status status = operation->status;
	uint32_t id = 0;

	if (status == STATUS_OK) {
		status = access_session_open(operation->service->access->sessions, operation->offer,
			operation_now_ms(operation), &id);
	}
	if (status != STATUS_OK) {
		operation_refuse(operation, status,
			status == STATUS_BUSY ? TEXT("too many sessions")
					      : (struct bytes){NULL, 0});
		return;
	}
	monitor_add(operation->service->row, METRIC_SESSIONS_OPENED, 1);
	operation_response(operation, status, &(struct service_answer){.text = {NULL, 0}});
	response->message.envelope.session_id = id;
	response->session.mode = operation->request.session_setup.mode;
	response->session.data = access_session_offer_data(operation->offer);
	/* Two octets that Handle.net counts but never fills. */
	response->session.tail = TEXT("\0\0");
	operation_seal(operation);
}

void
operation_session_setup(struct operation *operation)
{
	struct bytes text = {NULL, 0};
	enum status status = access_session_offer_new(&operation->request, &operation->face->policy,
		operation->order.source, &operation->offer, &text);

	if (status == STATUS_OK) {
		status = operation_run(operation, setup_run, setup_done);
	}
	if (status != STATUS_OK) {
		operation_refuse(operation, status, text);
	}
}

void
operation_session_terminate(struct operation *operation)
{
	struct access_sessions *sessions = operation->service->access->sessions;
	struct bytes text;
	enum status status;

	if (!operation->has_session) {
		operation_refuse(operation, STATUS_NO_SESSION, TEXT("Can not get session info."));
		return;
	}
	status = operation_check(operation, &text);
	if (status != STATUS_OK) {
		/* Whatever is wrong with the MAC, also its absence. */
		operation_refuse(
			operation, status == STATUS_NO_PROOF ? STATUS_WRONG_MAC : status, text);
		return;
	}
	/* The answer is still one of the session. */
	operation->counter = access_session_next_counter(sessions, operation->session.id);
	access_session_end(sessions, operation->session.id);
	operation_respond(operation, STATUS_OK, &(struct service_answer){.text = {NULL, 0}});
}

static void
verify_run(struct operation *operation)
{
	operation->status = access_verification_run(operation->verification);
}

static void
verify_done(struct operation *operation)
{
	bool is_right = operation->status == STATUS_OK;

	if (is_right) {
		access_guess_right(operation->service->access->guesses, &operation->guess);
	}
	operation_response(operation, STATUS_OK, &(struct service_answer){.text = {NULL, 0}});
	operation->response.verdict = is_right;
	operation_seal(operation);
}

void
operation_verify(struct operation *operation)
{
	struct service *service = operation->service;
	const struct request_verify_challenge *asked = &operation->request.verify_challenge;
	struct access_reach reach = authority_reach(service->authority);
	/* The message does not say which kind: only secrets need their home to verify them. */
	struct access_proof proof = {
		.kind = TEXT("HS_SECKEY"),
		.identity = {asked->name, asked->index},
		.response = asked->response,
		.input = {asked->nonce, asked->request_digest},
		.version = operation->request.message.envelope.version,
		.allows_sha1 = operation->face->policy.allows_sha1,
	};
	enum status status;

	operation->guess = (struct access_guess){.kind = ACCESS_GUESS_VERIFY,
		.name = asked->name,
		.now_ms = operation_now_ms(operation)};
	memcpy(operation->guess.source, operation->order.source, sizeof(operation->guess.source));
	if (!access_guess_begin(service->access->guesses, &operation->guess)) {
		monitor_add(service->row, METRIC_GUESSES_REFUSED, 1);
		operation_refuse(operation, STATUS_BUSY, TEXT("too many answers to verify"));
		return;
	}
	status = access_verification_new(
		&proof, &reach, &operation->budget, &operation->verification);
	if (status == STATUS_OK) {
		status = operation_run(operation, verify_run, verify_done);
	}
	if (status != STATUS_OK) {
		operation_refuse(operation,
			status == STATUS_UNPROVABLE ? STATUS_NOT_RESPONSIBLE : status,
			status == STATUS_UNPROVABLE ? TEXT("That prefix doesn't live here")
						    : (struct bytes){NULL, 0});
	}
}
