/* SPDX-License-Identifier: Apache-2.0 */
#include "http/identity/http_identity.h"

#include "base/base64.h"
#include "base/text_writer.h"
#include "handle/handle_mac.h"
#include "http/http_answer.h"
#include "http/http_v1.h"
#include "http/identity/http_certificate.h"

enum {
	NONCE_SIZE = 16,
	MAC_SIZE_MAX = 64,
	AUTHORIZATION_SIZE_MAX = 4 * (HANDLE_NAME_SIZE_MAX + SECRET_SIZE_MAX),
};

bool
http_identity_is_claimed(const struct http_request *request)
{
	return request->is_tls && http_request_header(request, "Authorization") != NULL;
}

/* The answer to a nonce of our own, by the secret. */
static bool
secret_claim(struct arena *arena, struct bytes secret, struct operation_claim *claim)
{
	uint8_t *octets = arena_alloc(arena, NONCE_SIZE + MAC_SIZE_MAX);
	struct wire_writer writer;
	struct handle_mac_input input;

	if (octets == NULL || secret.size == 0 || secret.size > SECRET_SIZE_MAX) {
		return false;
	}
	crypto_random(octets, NONCE_SIZE);
	claim->kind = TEXT("HS_SECKEY");
	claim->nonce = bytes_over(octets, NONCE_SIZE);
	claim->digest = (struct bytes){NULL, 0};
	input = (struct handle_mac_input){secret, &claim->nonce, 1};
	writer = wire_writer_over(octets + NONCE_SIZE, MAC_SIZE_MAX);
	wire_write_u8(&writer, HANDLE_MAC_HMAC_SHA256);
	if (handle_mac_write(&writer, HANDLE_MAC_HMAC_SHA256, &input) != STATUS_OK) {
		return false;
	}
	claim->response = wire_written(&writer);
	return wire_writer_end(&writer) == STATUS_OK;
}

bool
http_basic_read(struct arena *arena, struct bytes text, struct operation_claim *claim)
{
	uint8_t *octets = arena_alloc(arena, base64_decoded_size_max(text.size) + 1);
	struct bytes user;
	uint8_t *name;
	size_t size = 0;
	size_t name_size = 0;
	bool is_good;

	if (octets == NULL || base64_decode(text, BASE64_STANDARD, octets, &size) != STATUS_OK) {
		return false;
	}
	user = bytes_slice(bytes_over(octets, size), 0, bytes_find(bytes_over(octets, size), ':'));
	name = arena_alloc(arena, user.size + 1);
	is_good = name != NULL && user.size < size &&
		http_percent_decode(user, false, name, &name_size) == STATUS_OK &&
		http_identity_read(bytes_over(name, name_size), claim) &&
		secret_claim(
			arena, bytes_over(octets + user.size + 1, size - user.size - 1), claim);
	crypto_forget(octets, size);
	return is_good;
}

void
http_known_make(struct http_known *known)
{
	*known = (struct http_known){.items = {{.until_ms = 0}}};
	crypto_random(known->salt, sizeof(known->salt));
}

static void
known_digest(const struct http_request *request, uint8_t ret_digest[CRYPTO_DIGEST_SIZE_MAX])
{
	const char *header = http_request_header(request, "Authorization");
	struct bytes runs[] = {
		bytes_over(request->http->known->salt, sizeof(request->http->known->salt)),
		bytes_from_string(header),
	};

	crypto_digest_runs(CRYPTO_SHA256, runs, 2, ret_digest);
}

void
http_identity_remember(struct http_request *request, int64_t life_ms)
{
	struct http_known *known = request->http->known;
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];

	if (http_identity_is_claimed(request)) {
		known_digest(request, digest);
		memcpy(known->items[digest[0]].digest, digest, sizeof(known->items[0].digest));
		known->items[digest[0]].until_ms = loop_now_ms(request->http->loop) + life_ms;
	}
}

static bool
identity_is_known(const struct http_request *request)
{
	const struct http_known *known = request->http->known;
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];

	known_digest(request, digest);
	return known->items[digest[0]].until_ms > loop_now_ms(request->http->loop) &&
		memcmp(known->items[digest[0]].digest, digest, sizeof(known->items[0].digest)) == 0;
}

bool
http_identity_session(const struct http_request *request, struct http_session *ret_session)
{
	return request->session_id[0] != '\0' &&
		http_sessions_find(request->http->sessions, request->session_id,
			HTTP_SESSION_ID_SIZE, loop_now_ms(request->http->loop), ret_session);
}

void
http_identity_prove(struct http_request *request, const struct access_identity *identity)
{
	struct http_session session;

	if (http_identity_session(request, &session)) {
		session.index = identity->index;
		session.name_size = identity->name.size;
		memcpy(session.name, identity->name.at, identity->name.size);
		/* A session that ended meanwhile has nobody to know. */
		(void)http_sessions_prove(
			request->http->sessions, &session, loop_now_ms(request->http->loop));
	}
}

static bool
scheme_take(const struct http_request *request, struct bytes scheme, struct bytes *ret_rest)
{
	const char *header = http_request_header(request, "Authorization");
	struct bytes text = header == NULL ? (struct bytes){NULL, 0} : bytes_from_string(header);

	*ret_rest = bytes_slice(text, scheme.size, text.size);
	return text.size <= AUTHORIZATION_SIZE_MAX && bytes_start_with_fold(text, scheme);
}

bool
http_identity_credentials(struct http_request *request, struct http_credentials *ret_credentials)
{
	const struct http_parameters *parameters = &request->parameters;
	struct bytes text;

	*ret_credentials = (struct http_credentials){.id = {NULL, 0}};
	if (scheme_take(request, TEXT("Handle "), &text) &&
		http_credentials_read(text, request->http->arena, ret_credentials) != STATUS_OK) {
		http_answer_wrong(request, "Authorization", (struct bytes){NULL, 0},
			"is no list of NAME=\"TEXT\", each once");
		return false;
	}
	for (size_t i = 0; i < parameters->count && request->takes_fields; i++) {
		struct bytes *place =
			http_credentials_place(ret_credentials, parameters->items[i].name);

		if (place != NULL && place->at == NULL) {
			*place = parameters->items[i].value;
		}
	}
	return true;
}

/* Whether they are of somebody, and do not only name a session. */
static bool
credentials_claim(const struct http_credentials *credentials)
{
	return credentials->id.size > 0 || credentials->signature.size > 0;
}

/* Fills `claim`, or clears `*ret_is_claim`; false: request->fault says why not. */
static bool
handle_claim(struct http_request *request, struct operation_claim *claim, bool *ret_is_claim)
{
	struct arena *arena = request->http->arena;
	struct http_credentials credentials;
	struct http_session session = {.name_size = 0};
	struct bytes named;
	struct bytes nonce;

	if (!http_identity_credentials(request, &credentials)) {
		return false;
	}
	named = credentials.session_id;
	if (named.size > 0) {
		if (!http_sessions_find(request->http->sessions, named.at, named.size,
			    loop_now_ms(request->http->loop), &session)) {
			request->fault = "Unknown session";
			return false;
		}
		memcpy(request->session_id, session.id, sizeof(session.id));
	} else if (http_identity_session(request, &session)) {
		named = bytes_from_string(request->session_id);
	}
	if (credentials_claim(&credentials)) {
		nonce = arena_copy(arena, bytes_over(session.nonce, sizeof(session.nonce)));
		request->fault = named.size == 0 ? "sessionId is missing" : NULL;
		return named.size > 0 &&
			http_credentials_prove(&credentials, nonce, arena, claim, &request->fault);
	}
	if (!session.is_proven && bytes_equal_fold(credentials.client_certificate, TEXT("true"))) {
		return http_certificate_claim(request, claim);
	}
	*ret_is_claim = session.is_proven;
	if (session.is_proven) {
		claim->is_proven = true;
		claim->name = arena_copy(arena, bytes_over(session.name, session.name_size));
		claim->index = session.index;
	}
	return true;
}

/* The secret key in the clear, as far as TLS is that. */
static bool
basic_claim(struct http_request *request, struct bytes text, struct operation_claim *claim)
{
	if (!http_basic_read(request->http->arena, text, claim)) {
		request->fault = "Basic takes INDEX%3AHANDLE and a secret key";
		return false;
	}
	return true;
}

static bool
claim_take(struct http_request *request, struct operation_claim *claim, bool *ret_is_claim)
{
	struct bytes text;

	*ret_is_claim = true;
	if (scheme_take(request, TEXT("Basic "), &text)) {
		return basic_claim(request, text, claim);
	}
	if (scheme_take(request, TEXT("Handle "), &text) || request->takes_proof) {
		return handle_claim(request, claim, ret_is_claim);
	}
	*ret_is_claim = false;
	request->fault = "This way to prove an identity is not known";
	return !http_identity_is_claimed(request);
}

bool
http_identity_take(struct http_request *request, const struct operation_claim **ret_claim)
{
	struct operation_claim *claim = arena_alloc(request->http->arena, sizeof(*claim));
	bool is_claim = false;

	*ret_claim = NULL;
	if (!request->is_tls || claim == NULL) {
		return true;
	}
	if (http_token_is_claimed(request)) {
		return http_token_take(request, ret_claim);
	}
	if (!claim_take(request, claim, &is_claim)) {
		if (request->response == NULL) {
			http_answer(request, &(struct http_answer){.status = 401},
				(struct bytes){NULL, 0});
		}
		return false;
	}
	request->fault = NULL;
	if (is_claim) {
		*ret_claim = claim;
		if (!claim->is_proven && http_identity_is_claimed(request)) {
			claim->is_known = identity_is_known(request);
			if (!claim->is_known) {
				http_identity_remember(request, HTTP_KNOWN_TRIED_MS);
			}
		}
	}
	return true;
}
