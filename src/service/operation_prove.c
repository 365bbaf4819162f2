/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service_private.h"

/*
 * From "somebody is needed" to "it is this identity" (Handle.net 9, 13, 14, 18.6).
 *
 * Within a session the HS_MAC tells; if the session has not proven anybody yet, and outside of
 * sessions, a challenge is sent and the operation ends with it. Its answer is an operation of
 * its own, which takes the original request's place: may this identity do that (before its
 * signature is looked at, as Handle.net does), does the signature hold (on a helper thread),
 * then carry it out.
 */
enum status
operation_check(struct operation *operation, struct bytes *ret_text)
{
	enum status status;

	*ret_text = (struct bytes){NULL, 0};
	if (operation->is_checked) {
		return STATUS_OK;
	}
	status = access_session_check(operation->service->access->sessions, &operation->session,
		&operation->request.message, operation_now_ms(operation));
	if (status == STATUS_NO_PROOF) {
		*ret_text = TEXT("Session request missing MAC code.");
	} else if (status == STATUS_WRONG_MAC) {
		*ret_text = TEXT("Session authentication failed.");
	}
	operation->is_checked = status == STATUS_OK;
	return status;
}

static void
challenge_fill(struct operation *operation, const struct access_challenge *challenge)
{
	struct response *response = &operation->response;

	response->message.envelope.session_id = challenge->id;
	response->nonce = bytes_over(challenge->nonce, sizeof(challenge->nonce));
	response->digest_code = challenge->digest_code;
	response->is_digest_2_0 = challenge->digest_code == 0;
	response->digest = bytes_over(challenge->digest, challenge->digest_size);
}

static void
challenge_send(struct operation *operation)
{
	const struct access_challenge_order order = {
		.request = &operation->request, .now_ms = operation_now_ms(operation)};
	struct access_challenge_order with_source = order;
	struct access_challenge *challenge = arena_alloc(operation->arena, sizeof(*challenge));
	enum status status = STATUS_NO_MEMORY;

	memcpy(with_source.source, operation->order.source, sizeof(with_source.source));
	if (challenge != NULL) {
		status = access_challenge_add(
			operation->service->access->challenges, &with_source, challenge);
	}
	if (status != STATUS_OK) {
		operation_refuse(operation, status, TEXT("too many challenges wait for an answer"));
		return;
	}
	monitor_add(operation->service->row, METRIC_CHALLENGES_SENT, 1);
	operation_response(
		operation, STATUS_UNAUTHENTICATED, &(struct service_answer){.text = {NULL, 0}});
	challenge_fill(operation, challenge);
	operation_seal(operation);
}

/* Who asks is known. */
static void
identity_speaks(struct operation *operation)
{
	enum status status;

	operation_reach_begin(operation);
	status = authority_may(operation->service->authority, &operation->request,
		&operation->identity, &operation->face->policy, &operation->budget);
	operation_reach_end(operation);
	if (operation_fetch(operation, status, identity_speaks)) {
		return;
	}
	if (status != STATUS_OK) {
		operation_refuse(operation, status, (struct bytes){NULL, 0});
		return;
	}
	operation_carry_out(operation);
}

void
operation_authenticate(struct operation *operation)
{
	struct bytes text;
	enum status status;

	if (operation->is_identified) {
		identity_speaks(operation);
		return;
	}
	if (operation->order.is_unchallenged) {
		operation_refuse(operation, STATUS_UNAUTHENTICATED, (struct bytes){NULL, 0});
		return;
	}
	if (!operation->has_session) {
		if (operation->face->policy.requires_sessions &&
			opcode_class(operation_opcode(operation)) == OPCODE_CLASS_ADMIN) {
			operation_refuse(operation, STATUS_NO_PROOF,
				TEXT("this server takes changes only within a session"));
			return;
		}
		challenge_send(operation);
		return;
	}
	status = operation_check(operation, &text);
	if (status != STATUS_OK) {
		operation_refuse(operation, status, text);
	} else if (operation->session.is_proven) {
		operation->identity = access_session_identity(&operation->session);
		identity_speaks(operation);
	} else {
		challenge_send(operation);
	}
}

void
operation_settle(struct operation *operation, const struct access_result *result)
{
	struct service_access *access = operation->service->access;

	if (operation->is_settled) {
		return;
	}
	operation->is_settled = true;
	if (operation->taken != NULL && operation_opcode(operation) == OPCODE_RESOLUTION &&
		result->status == STATUS_OK) {
		access_challenge_settle_read(access->challenges, operation->taken,
			&operation->identity, operation_now_ms(operation));
	} else if (operation->taken != NULL) {
		access_challenge_settle(access->challenges, operation->taken->ticket, result,
			operation_now_ms(operation));
	} else if (operation->has_session && opcode_is_change(operation_opcode(operation))) {
		access_session_settle(access->sessions, operation->session.id,
			&operation->request.message, result);
	}
}

/* A proof that is no proof: kept as the result, so that the same message is told the same. */
static void
proof_fails(struct operation *operation, enum status status, struct bytes text)
{
	struct access_result result = {.status = status};

	operation_settle(operation, &result);
	operation_refuse(operation, status, text);
}

static void
proof_verify(struct operation *operation)
{
	operation->status = access_verification_run(operation->verification);
}

static void
proof_verified(struct operation *operation)
{
	struct service *service = operation->service;
	uint32_t index;

	if (operation->status != STATUS_OK) {
		monitor_add(service->row, METRIC_PROOFS_WRONG, 1);
		proof_fails(operation, operation->status,
			operation->status == STATUS_UNPROVABLE
				? TEXT("the identity's secret does not live here, and nothing "
				       "proven "
				       "can be had of whoever has it")
				: (struct bytes){NULL, 0});
		return;
	}
	monitor_add(service->row, METRIC_PROOFS_RIGHT, 1);
	if (operation->has_guess) {
		access_guess_right(service->access->guesses, &operation->guess);
	}
	index = operation->verification == NULL
		? operation->identity.index /* Its home says so. */
		: access_verification_index(operation->verification);
	if (operation->has_session) {
		(void)access_session_prove(service->access->sessions, operation->session.id,
			&operation->identity, index);
	}
	operation->identity.index = index;
	if (operation->taken == NULL) {
		operation->is_identified = true;
		operation_admit(operation);
		return;
	}
	operation_carry_out(operation);
}

/* Secrets can be guessed, signatures cannot: many connections may log in with a key at once.
 * False: too many wrong answers. */
static bool
guess_begin(struct operation *operation)
{
	bool is_known = operation->order.claim != NULL && operation->order.claim->is_known;

	operation->has_guess =
		!is_known && !bytes_equal(operation->proof.authentication_type, TEXT("HS_PUBKEY"));
	if (!operation->has_guess) {
		return true;
	}
	operation->guess = (struct access_guess){.kind = ACCESS_GUESS_ANSWER,
		.name = operation->identity.name,
		.now_ms = operation_now_ms(operation)};
	memcpy(operation->guess.source, operation->order.source, sizeof(operation->guess.source));
	return access_guess_begin(operation->service->access->guesses, &operation->guess);
}

/* What was to be answered: our challenge, or what the claim says. */
static struct challenge_input
proof_input(const struct operation *operation)
{
	const struct access_taken *taken = operation->taken;

	if (taken == NULL) {
		return (struct challenge_input){
			operation->order.claim->nonce, operation->order.claim->digest};
	}
	return (struct challenge_input){
		bytes_over(taken->challenge.nonce, sizeof(taken->challenge.nonce)),
		bytes_over(taken->challenge.digest, taken->challenge.digest_size)};
}

static void
proof_look(struct operation *operation)
{
	bool is_secret = bytes_equal(operation->proof.authentication_type, TEXT("HS_SECKEY"));
	struct access_reach reach;
	struct access_proof proof = {
		.kind = operation->proof.authentication_type,
		.identity = operation->identity,
		.response = operation->proof.response,
		.is_held = operation->taken == NULL && operation->order.claim->is_held,
		.input = proof_input(operation),
		.version = operation->taken == NULL ? VERSION_OURS
						    : access_taken_version(operation->taken),
		.allows_sha1 = operation->face->policy.allows_sha1,
	};
	enum status status;

	/* A secret is nowhere but at its home, whatever was fetched of that record. */
	if (!is_secret) {
		operation_reach_begin(operation);
	}
	reach = authority_reach(operation->service->authority);
	status = access_verification_new(
		&proof, &reach, &operation->budget, &operation->verification);
	operation_reach_end(operation);
	if (is_secret && status == STATUS_UNPROVABLE &&
		operation_ask_home(operation, &proof, proof_verified)) {
		return;
	}
	if (!is_secret && operation_fetch(operation, status, proof_look)) {
		return;
	}
	if (status == STATUS_OK) {
		status = operation_run(operation, proof_verify, proof_verified);
	}
	if (status != STATUS_OK) {
		proof_fails(operation, status,
			status != STATUS_UNPROVABLE ? (struct bytes){NULL, 0}
				: operation->remote.count == 0
				? TEXT("the identity's handle does not live here")
				: TEXT("the identity's handle does not live here, and nothing "
				       "proven can be had of it"));
	}
}

static void
proof_begin(struct operation *operation)
{
	if (!guess_begin(operation)) {
		monitor_add(operation->service->row, METRIC_GUESSES_REFUSED, 1);
		proof_fails(operation, STATUS_BUSY, TEXT("too many wrong answers to challenges"));
		return;
	}
	proof_look(operation);
}

void
operation_claim_prove(struct operation *operation)
{
	const struct operation_claim *claim = operation->order.claim;

	operation->proof = (struct request_challenge_response){
		.authentication_type = claim->kind,
		.name = claim->name,
		.index = claim->index,
		.response = claim->response,
	};
	operation->identity = (struct access_identity){claim->name, claim->index};
	if (claim->is_proven) {
		operation->is_identified = true;
		operation_admit(operation);
		return;
	}
	proof_begin(operation);
}

/* The answer's original request takes the place of the answer; the answer to it all carries
 * the answer's request id. */
static enum status
request_restore(struct operation *operation)
{
	struct request *request = &operation->request;
	struct envelope envelope = operation->taken->envelope;
	enum status status;

	operation->proof = request->challenge_response;
	envelope.request_id = operation->order.envelope.request_id;
	envelope.is_encrypted = false;
	status = message_decode(&envelope, operation->taken->message, &request->message);
	if (status == STATUS_OK) {
		status = request_decode(&request->message, request);
	}
	return status;
}

/* May whoever claims to be there do it? Asked before its proof is looked at. */
static void
proof_weigh(struct operation *operation)
{
	enum status status;

	operation_reach_begin(operation);
	status = authority_may(operation->service->authority, &operation->request,
		&operation->identity, &operation->face->policy, &operation->budget);
	operation_reach_end(operation);
	if (operation_fetch(operation, status, proof_weigh)) {
		return;
	}
	if (status != STATUS_OK) {
		proof_fails(operation, status, (struct bytes){NULL, 0});
		return;
	}
	proof_begin(operation);
}

static void
proof_taken(struct operation *operation)
{
	enum status status = request_restore(operation);

	if (status != STATUS_OK) {
		proof_fails(operation, STATUS_MALFORMED, TEXT("Invalid message"));
		return;
	}
	if (operation->order.is_datagram &&
		opcode_class(operation_opcode(operation)) == OPCODE_CLASS_ADMIN) {
		operation_refuse_datagram(operation);
		return;
	}
	if (operation->taken->is_proven) {
		operation->identity = operation->taken->identity;
		operation_carry_out(operation);
		return;
	}
	operation->identity =
		(struct access_identity){operation->proof.name, operation->proof.index};
	proof_weigh(operation);
}

void
operation_prove(struct operation *operation)
{
	struct access_result result;
	enum status status = access_challenge_take(operation->service->access->challenges,
		&operation->request, operation->order.source, operation_now_ms(operation),
		&operation->taken, &result);

	if (status == STATUS_OK) {
		proof_taken(operation);
	} else if (status == STATUS_EXISTS) {
		operation->is_settled = true;
		if (request_restore(operation) != STATUS_OK) {
			operation_refuse(operation, STATUS_MALFORMED, TEXT("Invalid message"));
			return;
		}
		operation_change_again(operation, &result);
	} else if (status == STATUS_BUSY && operation->order.is_datagram) {
		/* The same message came before; its answer is on the way. */
		operation_fall_silent(operation);
	} else {
		operation_refuse(operation, status, (struct bytes){NULL, 0});
	}
}
