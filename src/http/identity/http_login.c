/* SPDX-License-Identifier: Apache-2.0 */
#include "http/identity/http_login.h"

#include "base/base64.h"
#include "base/text_writer.h"
#include "http/http_answer.h"
#include "http/http_operation.h"
#include "http/http_route.h"
#include "http/identity/http_identity.h"
#include "http/identity/http_sessions.h"

#include <stdlib.h>

/*
 * /api/sessions (http-api, 10): a nonce for the client, maybe the node's signature over it and a
 * nonce of the client, and who proves to be somebody. A proof is verified as that of any request
 * is: with an operation that changes nothing and tells nothing, GET_SITE_INFO.
 *
 * The signature comes first, on a helper thread, then the proof, then the answer.
 */
struct http_login {
	struct http_request *request;
	struct signer_job job;
	uint8_t nonce[HTTP_SESSION_NONCE_SIZE];
	uint8_t cnonce[HTTP_CNONCE_SIZE_MAX];
	bool is_signed;
};

void
http_login_free(struct http_login *login)
{
	free(login);
}

static void
empty_answer(struct http_request *request, unsigned int status)
{
	http_answer(request, &(struct http_answer){.status = status}, (struct bytes){NULL, 0});
}

static void
base64_write(struct json_writer *writer, const char *name, struct bytes octets, struct arena *arena)
{
	size_t size = base64_encoded_size(octets.size, BASE64_STANDARD);
	char *text = arena_alloc(arena, size + 1);

	if (text != NULL) {
		base64_encode(octets, BASE64_STANDARD, text);
		json_write_name(writer, name);
		json_write_string(writer, bytes_over(text, size));
	}
}

static const char *
algorithm_name(const struct http_request *request)
{
	switch (service_signer_kind(request->http->service)) {
	case CRYPTO_KEY_ED25519:
		return "Ed25519";
	case CRYPTO_KEY_SM2:
		return "SM3";
	case CRYPTO_KEY_RSA:
	case CRYPTO_KEY_DSA:
		break;
	}
	return "SHA-256";
}

static void
identity_write(struct json_writer *writer, const struct http_session *session, struct arena *arena)
{
	size_t capacity = session->name_size + 16;
	char *room = arena_alloc(arena, capacity);
	struct text_writer text = text_writer_over(room, room == NULL ? 0 : capacity);

	text_write_u64(&text, session->index);
	text_write_char(&text, ':');
	text_write(&text, bytes_over(session->name, session->name_size));
	json_write_name(writer, "id");
	json_write_string(writer, text_written(&text));
}

static void
session_answer(struct http_request *request, unsigned int status, const char *fault)
{
	struct arena *arena = request->http->arena;
	struct http_login *login = request->login;
	struct http_session session;
	struct http_json json;
	struct json_writer *writer;

	if (!http_identity_session(request, &session)) {
		empty_answer(request, 403); /* It ended meanwhile. */
		return;
	}
	writer = http_json_begin(request, &json);
	json_write_object(writer);
	json_write_name(writer, "sessionId");
	json_write_string(writer, bytes_from_string(session.id));
	base64_write(writer, "nonce", bytes_over(session.nonce, sizeof(session.nonce)), arena);
	if (login != NULL && login->is_signed) {
		json_write_name(writer, "serverAlg");
		json_write_string(writer, bytes_from_string(algorithm_name(request)));
		base64_write(writer, "serverSignature",
			bytes_over(login->job.signature, login->job.signature_size), arena);
	}
	if (session.is_proven) {
		json_write_name(writer, "authenticated");
		json_write_bool(writer, true);
		identity_write(writer, &session, arena);
	} else if (request->method != HTTP_POST || fault != NULL) {
		json_write_name(writer, "authenticated");
		json_write_bool(writer, false);
	}
	if (fault != NULL) {
		json_write_name(writer, "error");
		json_write_string(writer, bytes_from_string(fault));
	}
	json_write_object_end(writer);
	http_json_answer(request, &json,
		&(struct http_answer){
			.status = status, .location = status == 201 ? "/api/sessions/this" : NULL});
}

static unsigned int
status_of_success(const struct http_request *request)
{
	return request->is_new_session ? 201 : 200;
}

/* The proof was verified, or nobody could be asked. */
static void
proof_answered(struct http_request *request, const struct response *response, bool is_last)
{
	enum response_code code = http_response_code(response);

	(void)is_last;
	if (operation_is_identified(request->operation)) {
		session_answer(request, status_of_success(request), NULL);
	} else if (code == RESPONSE_SERVER_TOO_BUSY) {
		http_answer_code(
			request, 503, code, http_response_text(response), (struct bytes){NULL, 0});
	} else {
		session_answer(request, 401, "Identity not verified");
	}
}

static void
prove(struct http_request *request)
{
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
			.header = {.opcode = OPCODE_GET_SITE_INFO}}};
	const struct operation_claim *claim;

	if (!http_identity_take(request, &claim)) {
		return;
	}
	if (claim == NULL || claim->is_proven) {
		session_answer(request, status_of_success(request), NULL);
	} else {
		http_operation_start(request, &question, claim, proof_answered);
	}
}

static void
login_signed(struct signer_job *job)
{
	struct http_login *login =
		(struct http_login *)((char *)job - offsetof(struct http_login, job));
	struct http_request *request = login->request;

	login->is_signed = job->status == STATUS_OK;
	if (http_parameters_take(request)) {
		prove(request);
	}
	arena_reset(request->http->arena);
	if (request->response != NULL) {
		http_operation_answered_now(request);
	}
}

/* False: answered, or nothing is to be signed. */
static bool
login_sign(struct http_request *request, struct bytes cnonce)
{
	struct http_login *login = request->login;
	struct signer_job *job = &login->job;
	struct http_session session;

	if (!http_identity_session(request, &session)) {
		return false;
	}
	memcpy(login->nonce, session.nonce, sizeof(session.nonce));
	memcpy(login->cnonce, cnonce.at, cnonce.size);
	job->job.loop = request->http->loop;
	job->runs[0] = bytes_over(login->nonce, sizeof(login->nonce));
	job->runs[1] = bytes_over(login->cnonce, cnonce.size);
	job->run_count = 2;
	job->digest = CRYPTO_SHA256;
	job->told = login_signed;
	return service_sign(request->http->service, job) == STATUS_OK;
}

/* The client's nonce asks for a signature over both (http-api, 10). */
static void
login_begin(struct http_request *request)
{
	struct http_credentials credentials;
	struct bytes cnonce = {NULL, 0};
	uint8_t *octets;
	size_t size = 0;

	if (!http_identity_credentials(request, &credentials)) {
		return;
	}
	octets = arena_alloc(
		request->http->arena, base64_decoded_size_max(credentials.cnonce.size) + 1);
	if (octets == NULL || credentials.cnonce.size > 2 * HTTP_CNONCE_SIZE_MAX ||
		base64_decode(credentials.cnonce, BASE64_STANDARD, octets, &size) != STATUS_OK ||
		size > HTTP_CNONCE_SIZE_MAX) {
		http_answer_wrong(
			request, "cnonce", credentials.cnonce, "is no base64 of 64 octets at most");
		return;
	}
	cnonce = bytes_over(octets, size);
	request->login = size == 0 ? NULL : calloc(1, sizeof(*request->login));
	if (request->login != NULL) {
		request->login->request = request;
		if (login_sign(request, cnonce)) {
			http_operation_wait(request);
			return;
		}
	}
	prove(request);
}

void
http_sessions_post(struct http_request *request)
{
	struct http_session session;

	if (!request->is_tls) {
		empty_answer(request, 403);
		return;
	}
	if (request->session_id[0] == '\0') {
		uint8_t source[16];

		address_octets(request->asker, source);
		http_sessions_begin(request->http->sessions, source,
			loop_now_ms(request->http->loop), &session);
		memcpy(request->session_id, session.id, sizeof(session.id));
		request->is_new_session = true;
	}
	login_begin(request);
}

/* The session that the request names; false: answered. */
static bool
session_take(struct http_request *request, bool *ret_is_named)
{
	struct http_credentials credentials;
	struct http_session session;

	*ret_is_named = false;
	if (!request->is_tls) {
		empty_answer(request, 403);
		return false;
	}
	if (!http_identity_credentials(request, &credentials)) {
		return false;
	}
	if (credentials.session_id.size == 0) {
		return true;
	}
	*ret_is_named = http_sessions_find(request->http->sessions, credentials.session_id.at,
		credentials.session_id.size, loop_now_ms(request->http->loop), &session);
	if (!*ret_is_named) {
		empty_answer(request, 403);
		return false;
	}
	memcpy(request->session_id, session.id, sizeof(session.id));
	return true;
}

void
http_session_get(struct http_request *request)
{
	static const char none[] = "{\"authenticated\":false}";
	bool is_named;

	if (!session_take(request, &is_named)) {
		return;
	}
	if (is_named) {
		session_answer(request, 200, NULL);
	} else {
		http_answer(request, &(struct http_answer){.status = 200}, bytes_from_string(none));
	}
}

void
http_session_put(struct http_request *request)
{
	bool is_named;

	if (!session_take(request, &is_named)) {
		return;
	}
	if (!is_named) {
		empty_answer(request, 403);
		return;
	}
	request->takes_proof = true;
	request->tells_proof = true;
	login_begin(request);
}

void
http_session_delete(struct http_request *request)
{
	struct http_session session;
	bool is_named;

	if (!session_take(request, &is_named)) {
		return;
	}
	if (is_named && http_identity_session(request, &session)) {
		http_sessions_end(request->http->sessions, &session);
	}
	request->session_id[0] = '\0';
	empty_answer(request, 204);
}
