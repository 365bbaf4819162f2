/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_identity.h"

#include "base/base64.h"
#include "base/text_writer.h"
#include "handle/handle_mac.h"
#include "http/http_answer.h"
#include "http/http_v1.h"

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

/* "301:0.NA/20.500", or a handle alone, whose index is then 0: any of it. */
static bool
identity_read(struct bytes user, struct operation_claim *claim)
{
	size_t at = bytes_find(user, ':');
	uint64_t index = 0;

	if (at < user.size &&
		text_read_u64(bytes_slice(user, 0, at), UINT32_MAX, &index) == STATUS_OK) {
		user = bytes_slice(user, at + 1, user.size);
	}
	claim->index = (uint32_t)index;
	claim->name = user;
	return user.size > 0 && user.size <= HANDLE_NAME_SIZE_MAX && bytes_are_utf8(user);
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
		identity_read(bytes_over(name, name_size), claim) &&
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
http_identity_take(struct http_request *request, const struct operation_claim **ret_claim)
{
	struct arena *arena = request->http->arena;
	struct operation_claim *claim;
	struct bytes text;

	*ret_claim = NULL;
	if (!http_identity_is_claimed(request)) {
		return true;
	}
	if (http_token_is_claimed(request)) {
		return http_token_take(request, ret_claim);
	}
	text = bytes_from_string(http_request_header(request, "Authorization"));
	claim = arena_alloc(arena, sizeof(*claim));
	if (claim != NULL && text.size <= AUTHORIZATION_SIZE_MAX &&
		bytes_start_with_fold(text, TEXT("Basic ")) &&
		http_basic_read(arena, bytes_slice(text, 6, text.size), claim)) {
		claim->is_known = identity_is_known(request);
		if (!claim->is_known) {
			http_identity_remember(request, HTTP_KNOWN_TRIED_MS);
		}
		*ret_claim = claim;
		return true;
	}
	http_answer(request, &(struct http_answer){.status = 401}, (struct bytes){NULL, 0});
	return false;
}
