/* SPDX-License-Identifier: Apache-2.0 */
#include "service/operation.h"

#include "ledger/ledger.h"
#include "service/service_private.h"

#include <stddef.h>
#include <stdlib.h>

/* Small: most operations need little, and a large message is copied into a block of its own. */
enum { ARENA_BLOCK_SIZE = 4096 };

int64_t
operation_now_ms(const struct operation *operation)
{
	return loop_now_ms(operation->service->loop);
}

uint32_t
operation_opcode(const struct operation *operation)
{
	return operation->request.message.header.opcode;
}

/* False if memory is short. */
static bool
claim_copy(struct operation *operation, const struct operation_claim *claim)
{
	struct operation_claim *copy;

	if (claim == NULL) {
		return true;
	}
	copy = arena_alloc(operation->arena, sizeof(*copy));
	if (copy == NULL) {
		return false;
	}
	*copy = (struct operation_claim){
		.kind = arena_copy(operation->arena, claim->kind),
		.name = arena_copy(operation->arena, claim->name),
		.index = claim->index,
		.response = arena_copy(operation->arena, claim->response),
		.nonce = arena_copy(operation->arena, claim->nonce),
		.digest = arena_copy(operation->arena, claim->digest),
		.is_known = claim->is_known,
		.is_held = claim->is_held,
		.is_proven = claim->is_proven,
		.scope = claim->scope == NULL ? NULL
					      : access_scope_copy(operation->arena, claim->scope),
	};
	operation->order.claim = copy;
	return copy->kind.at != NULL && copy->name.at != NULL && copy->response.at != NULL &&
		copy->nonce.at != NULL && copy->digest.at != NULL &&
		(claim->scope == NULL || copy->scope != NULL);
}

/* False if memory is short. */
static bool
condition_copy(struct operation *operation, const struct ledger_condition *condition)
{
	struct ledger_condition *copy;

	if (condition == NULL) {
		return true;
	}
	copy = arena_alloc(operation->arena, sizeof(*copy));
	if (copy != NULL) {
		*copy = *condition;
	}
	operation->order.condition = copy;
	return copy != NULL;
}

static enum status
operation_make(
	struct operation *operation, struct service *service, const struct operation_order *order)
{
	operation->arena = arena_new(ARENA_BLOCK_SIZE, REQUEST_MEMORY_MAX);
	if (operation->arena == NULL) {
		return STATUS_NO_MEMORY;
	}
	operation->order = *order;
	operation->order.message = arena_copy(operation->arena, order->message);
	if (operation->order.message.at == NULL || !claim_copy(operation, order->claim) ||
		!condition_copy(operation, order->condition)) {
		arena_forget(operation->arena, crypto_forget);
		arena_free(operation->arena);
		return STATUS_NO_MEMORY;
	}
	operation->service = service;
	operation->face = service->face;
	operation->budget = access_budget_full();
	return STATUS_OK;
}

static void
session_find(struct operation *operation)
{
	uint32_t id = operation->order.envelope.session_id;

	operation->has_session = id != 0 &&
		access_session_find(operation->service->access->sessions, id,
			operation_now_ms(operation), &operation->session) == STATUS_OK;
}

/* Decodes the message that lies in the clear. */
static enum status
request_read(struct operation *operation, struct bytes octets)
{
	struct message *message = &operation->request.message;
	struct envelope envelope = operation->order.envelope;
	enum status status;

	envelope.is_encrypted = false;
	status = message_decode(&envelope, octets, message);
	return status == STATUS_OK ? request_decode(message, &operation->request) : status;
}

/* Whatever is wrong with an encrypted message - padding, format, HS_MAC - is told in the same
 * words, or the difference would decrypt it octet by octet. So it must carry its HS_MAC even
 * where nobody needs to be known. */
static enum status
request_decrypt(struct operation *operation)
{
	struct bytes encrypted = operation->order.message;
	uint8_t *plain = arena_alloc(operation->arena, encrypted.size + 1);
	struct bytes text;
	size_t size = 0;
	enum status status;

	if (plain == NULL) {
		return STATUS_NO_MEMORY;
	}
	status = session_decrypt(
		&operation->session.key, operation->session.version, encrypted, plain, &size);
	if (status == STATUS_OK) {
		status = request_read(operation, bytes_over(plain, size));
	}
	if (status == STATUS_OK) {
		status = operation_check(operation, &text);
	}
	return status == STATUS_OK || status == STATUS_REPLAYED ? status : STATUS_WRONG_MAC;
}

static void
message_read(struct operation *operation)
{
	operation->request.message.envelope = operation->order.envelope;
	if (!operation->order.envelope.is_encrypted) {
		operation->read_status = request_read(operation, operation->order.message);
		return;
	}
	session_find(operation);
	operation->read_status =
		operation->has_session ? request_decrypt(operation) : STATUS_NO_SESSION;
	operation->order.is_kept_alive = operation->order.is_kept_alive &&
		(operation->request.message.header.flags & MESSAGE_FLAG_KEEP_ALIVE) != 0;
}

static enum operation_kind
kind_of(struct operation *operation)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	uint32_t opcode = operation_opcode(operation);
	size_t size;

	if (operation->read_status != STATUS_OK) {
		return OPERATION_ALONE;
	}
	if (opcode == OPCODE_RESOLUTION || opcode == OPCODE_GET_SITE_INFO) {
		return OPERATION_LOOKS_UP;
	}
	if (opcode == OPCODE_CHALLENGE_RESPONSE) {
		return OPERATION_PROVES;
	}
	if (!opcode_is_change(opcode) || opcode == OPCODE_HOME_PREFIX ||
		opcode == OPCODE_UNHOME_PREFIX) {
		return OPERATION_ALONE;
	}
	if ((operation->request.message.header.flags & MESSAGE_FLAG_MINT) != 0) {
		return OPERATION_CHANGES; /* Of a handle that nobody can know yet. */
	}
	size = handle_name_key(request_handle(&operation->request), key);
	operation->key = arena_copy(operation->arena, bytes_over(key, size));
	/* A prefix's record says who may change others. */
	return size == 0 || operation->key.at == NULL ||
			bytes_start_with(operation->key, TEXT("0."))
		? OPERATION_ALONE
		: OPERATION_CHANGES;
}

bool
operation_may_run_beside(const struct operation *operation, const struct operation *before)
{
	bool is_same = operation->key.size > 0 && bytes_equal(operation->key, before->key);

	return operation->kind == before->kind && operation->kind != OPERATION_ALONE && !is_same;
}

enum status
operation_new(struct service *service, const struct operation_order *order,
	struct operation **ret_operation)
{
	struct operation *operation;
	enum status status;

	if (service->operation_count >= OPERATION_COUNT_MAX ||
		service->operation_octets + order->message.size > OPERATION_SIZE_MAX) {
		monitor_add(service->row, METRIC_OPERATIONS_BUSY, 1);
		return STATUS_BUSY;
	}
	operation = calloc(1, sizeof(*operation));
	if (operation == NULL) {
		return STATUS_NO_MEMORY;
	}
	status = operation_make(operation, service, order);
	if (status != STATUS_OK) {
		free(operation);
		return status;
	}
	service_face_enter(operation->face);
	service->operation_count++;
	service->operation_octets += order->message.size;
	monitor_add(service->row, METRIC_OPERATIONS_BEGUN, 1);
	message_read(operation);
	operation->kind = kind_of(operation);
	*ret_operation = operation;
	return STATUS_OK;
}

static void
out_free(struct operation *operation)
{
	if (operation->out != NULL) {
		crypto_forget(operation->out, operation->out_capacity);
		free(operation->out);
	}
}

void
operation_free(struct operation *operation)
{
	if (operation == NULL) {
		return;
	}
	if (operation->budget.is_spent) {
		monitor_add(operation->service->row, METRIC_BUDGETS_SPENT, 1);
	}
	operation->service->operation_count--;
	operation->service->operation_octets -= operation->order.message.size;
	service_face_leave(operation->face);
	access_taken_free(operation->taken);
	access_verification_free(operation->verification);
	access_session_offer_free(operation->offer);
	access_session_forget(&operation->session);
	authority_list_free(operation->list);
	arena_free(operation->page_arena);
	/* The message, maybe decrypted, and the answer: secret keys are created and modified. */
	arena_forget(operation->arena, crypto_forget);
	arena_free(operation->arena);
	out_free(operation);
	free(operation);
}

static struct operation *
operation_of_job(struct loop_job *job)
{
	return (struct operation *)((char *)job - offsetof(struct operation, job));
}

static void
operation_job_run(struct loop_job *job)
{
	struct operation *operation = operation_of_job(job);

	operation->run(operation);
}

static void
operation_job_done(struct loop_job *job)
{
	struct operation *operation = operation_of_job(job);

	operation->then(operation);
}

enum status
operation_run(struct operation *operation, void (*run)(struct operation *operation),
	void (*then)(struct operation *operation))
{
	operation->run = run;
	operation->then = then;
	operation->job = (struct loop_job){.loop = operation->service->loop,
		.run = operation_job_run,
		.done = operation_job_done};
	return loop_pool_submit(operation->service->pool, &operation->job);
}

void
operation_tell(struct operation *operation)
{
	bool is_last = operation->out_size == 0 ||
		(operation->response.message.header.flags & MESSAGE_FLAG_CONTINUOUS) == 0;

	operation->order.answered(operation->order.context, is_last);
}

void
operation_fall_silent(struct operation *operation)
{
	operation->out_size = 0;
	operation_tell(operation);
}

/* A refusal gives the sender of a datagram no more octets than it brought: its text is left
 * out if it would not fit. */
static void
refusal_trim(struct operation *operation)
{
	struct response *response = &operation->response;
	const struct header *header = &response->message.header;

	if (operation->order.is_datagram &&
		response_shape(header->opcode, header->response_code) == RESPONSE_MESSAGE &&
		ENVELOPE_SIZE + HEADER_SIZE + 8 + response->digest.size +
				response->error.text.size >
			operation->order.request_size) {
		response->error.text = (struct bytes){NULL, 0};
	}
}

/* A change that is refused is noted; to be asked who one is is no refusal. */
static void
refusal_note(struct operation *operation, struct bytes text)
{
	struct service *service = operation->service;
	const struct audit_refusal refusal = {
		.now_s = service->now_s,
		.source = operation->order.source,
		.identity_name = operation->identity.name,
		.identity_index = operation->identity.index,
		.token = operation_token(operation),
		.operation = opcode_name(operation_opcode(operation)),
		.handle = request_handle(&operation->request),
		.code = operation->response.message.header.response_code,
		.why = text,
	};

	monitor_add(service->row, METRIC_CHANGES_REFUSED, 1);
	if (service->audit != NULL && !audit_note(service->audit, &refusal)) {
		monitor_add(service->row, METRIC_AUDIT_DROPPED, 1);
	}
}

void
operation_response(
	struct operation *operation, enum status status, const struct service_answer *answer)
{
	operation->outcome = status;
	service_respond(operation->service, &operation->request, status, answer,
		operation->request_digest, &operation->response);
	if (status != STATUS_OK && status != STATUS_UNAUTHENTICATED &&
		opcode_is_change(operation_opcode(operation))) {
		refusal_note(operation, answer->text);
	}
	service_note_query(operation->service, operation->order.source, &operation->request,
		operation->response.message.header.response_code);
	refusal_trim(operation);
	if (operation->order.is_kept_alive) {
		operation->response.message.header.flags |= MESSAGE_FLAG_KEEP_ALIVE;
	}
}

void
operation_respond(
	struct operation *operation, enum status status, const struct service_answer *answer)
{
	operation_response(operation, status, answer);
	operation_seal(operation);
}

void
operation_refuse(struct operation *operation, enum status status, struct bytes text)
{
	struct service_answer answer = {.text = text};

	operation_respond(operation, status, &answer);
}

void
operation_carry_out(struct operation *operation)
{
	uint32_t opcode = operation_opcode(operation);

	if (opcode_is_change(opcode)) {
		operation_change(operation);
	} else if (opcode == OPCODE_RESOLUTION) {
		operation_read_as(operation);
	} else if (opcode_is_feed(opcode)) {
		operation_feed(operation);
	} else {
		operation_list(operation);
	}
}

/* Handle.net 9 answers these as if it had not read the request. */
void
operation_refuse_datagram(struct operation *operation)
{
	struct bytes text = TEXT("Received admin request on non-admin interface");
	struct response *response = &operation->response;
	uint8_t octets[ENVELOPE_SIZE];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));

	envelope_write(&writer, &operation->order.envelope);
	response_begin_unread(wire_written(&writer), RESPONSE_PROTOCOL_ERROR,
		service_expiration(operation->service), response);
	response->message.header.opcode = operation_opcode(operation);
	response->error.text = text;
	if (opcode_is_change(operation_opcode(operation))) {
		refusal_note(operation, text);
	}
	refusal_trim(operation);
	operation_seal(operation);
}

static void
operation_dispatch(struct operation *operation)
{
	switch ((enum opcode)operation_opcode(operation)) {
	case OPCODE_RESOLUTION:
	case OPCODE_GET_SITE_INFO:
		operation_read(operation);
		return;
	case OPCODE_CREATE_HANDLE:
	case OPCODE_DELETE_HANDLE:
	case OPCODE_ADD_VALUE:
	case OPCODE_REMOVE_VALUE:
	case OPCODE_MODIFY_VALUE:
	case OPCODE_LIST_HANDLES:
	case OPCODE_LIST_DERIVED_PREFIXES:
	case OPCODE_HOME_PREFIX:
	case OPCODE_UNHOME_PREFIX:
	case OPCODE_LIST_HOMED_PREFIXES:
	case OPCODE_RETRIEVE_TRANSACTION_LOG:
	case OPCODE_DUMP_HANDLES:
		operation_admin(operation);
		return;
	case OPCODE_CHALLENGE_RESPONSE:
		operation_prove(operation);
		return;
	case OPCODE_VERIFY_CHALLENGE:
		operation_verify(operation);
		return;
	case OPCODE_SESSION_SETUP:
		operation_session_setup(operation);
		return;
	case OPCODE_SESSION_TERMINATE:
		operation_session_terminate(operation);
		return;
	case OPCODE_DOCK:
		operation_dock(operation);
		return;
	case OPCODE_SESSION_EXCHANGE_KEY:
		operation_refuse(operation, STATUS_SESSION_FAILED,
			TEXT("sessions are set up by Diffie-Hellman only"));
		return;
	case OPCODE_RESERVED:
	case OPCODE_GET_NEXT_TRANSACTION_ID:
	case OPCODE_BACKUP_SERVER:
	case OPCODE_LOGIN:
	case OPCODE_LOGIN_ID_SYSTEM:
		break;
	}
	operation_refuse(operation, STATUS_UNSUPPORTED, TEXT("operation not supported"));
}

/* Of the token that was shown, if one was. */
const struct access_scope *
operation_scope(const struct operation *operation)
{
	return operation->order.claim == NULL ? NULL : operation->order.claim->scope;
}

static bool
operation_is_in_scope(const struct operation *operation)
{
	const struct access_scope *scope = operation_scope(operation);

	return scope == NULL ||
		access_scope_allows(
			scope, operation_opcode(operation), request_handle(&operation->request));
}

struct bytes
operation_token(const struct operation *operation)
{
	const struct access_scope *scope = operation_scope(operation);

	return scope == NULL ? (struct bytes){NULL, 0} : scope->token;
}

/* What every request must obey, in the order of 18.1. */
void
operation_admit(struct operation *operation)
{
	uint32_t opcode = operation_opcode(operation);
	bool is_admin = opcode_class(opcode) == OPCODE_CLASS_ADMIN;
	bool is_lost = operation->order.envelope.session_id != 0 && !operation->has_session;

	if (operation->order.is_datagram && is_admin) {
		operation_refuse_datagram(operation);
	} else if (is_lost && opcode != OPCODE_CHALLENGE_RESPONSE &&
		opcode != OPCODE_SESSION_TERMINATE) {
		operation_refuse(operation, STATUS_NO_SESSION,
			TEXT("Invalid session id or session time out. Please try again."));
	} else if (is_admin && !operation->face->site.is_primary && !opcode_is_feed(opcode)) {
		/* A mirror has a ledger of its own, which others may follow. */
		operation_refuse(operation, STATUS_NOT_RESPONSIBLE, TEXT("Not a primary server"));
	} else if (!operation_is_in_scope(operation)) {
		operation_refuse(operation, STATUS_DENIED, TEXT("The token may not do this"));
	} else if (operation->order.is_asking) {
		operation_ask(operation);
	} else {
		operation_dispatch(operation);
	}
}

/* An encrypted message that could not be read: nothing of it is believed, nor shown. */
static void
refuse_unread(struct operation *operation)
{
	enum status status = operation->read_status;

	operation->order.is_kept_alive = false;
	operation->has_session = false;
	operation->request.message.header = (struct header){0};
	if (status == STATUS_NO_SESSION && operation->order.is_datagram) {
		/* Maybe no request at all. */
		monitor_add(operation->service->row, METRIC_UDP_DROPPED_MALFORMED, 1);
		operation_fall_silent(operation);
	} else if (status == STATUS_NO_SESSION) {
		operation_refuse(operation, status, TEXT("no session for this encrypted message"));
	} else {
		operation_refuse(operation, status, (struct bytes){NULL, 0});
	}
}

void
operation_start(struct operation *operation)
{
	if (operation->read_status == STATUS_OK) {
		/* What came before may have proven its identity, or ended it. */
		session_find(operation);
		if (operation->order.claim != NULL) {
			operation_claim_prove(operation);
		} else {
			operation_admit(operation);
		}
	} else if (operation->order.envelope.is_encrypted) {
		refuse_unread(operation);
	} else {
		operation_refuse(operation, STATUS_MALFORMED, TEXT("Invalid message"));
	}
}

bool
operation_is_kept_alive(const struct operation *operation)
{
	return operation->order.is_kept_alive;
}

bool
operation_is_identified(const struct operation *operation)
{
	return operation->is_identified;
}

struct access_identity
operation_identity(const struct operation *operation)
{
	return operation->identity;
}

enum status
operation_outcome(const struct operation *operation)
{
	return operation->outcome;
}

uint64_t
operation_version(const struct operation *operation)
{
	return operation->version;
}

void
operation_go_on(struct operation *operation)
{
	operation_list_go_on(operation);
}
