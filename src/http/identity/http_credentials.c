/* SPDX-License-Identifier: Apache-2.0 */
#include "http/identity/http_credentials.h"

#include "base/base64.h"
#include "base/text_writer.h"
#include "handle/handle_mac.h"
#include "http/http_target.h"

enum { RESPONSE_SIZE_MAX = 2 * CRYPTO_SIGNATURE_SIZE_MAX, NONCE_SIZE_MAX = 256 };

struct bytes *
http_credentials_place(struct http_credentials *credentials, struct bytes name)
{
	const struct {
		struct bytes name;
		struct bytes *place;
	} places[] = {
		{TEXT("sessionId"), &credentials->session_id},
		{TEXT("id"), &credentials->id},
		{TEXT("type"), &credentials->type},
		{TEXT("cnonce"), &credentials->cnonce},
		{TEXT("alg"), &credentials->alg},
		{TEXT("signature"), &credentials->signature},
		{TEXT("salt"), &credentials->salt},
		{TEXT("iterations"), &credentials->iterations},
		{TEXT("length"), &credentials->length},
		{TEXT("clientCert"), &credentials->client_certificate},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (bytes_equal_fold(name, places[i].name)) {
			return places[i].place;
		}
	}
	return NULL;
}

static struct bytes
blanks_skip(struct bytes text)
{
	while (text.size > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
		text = bytes_slice(text, 1, text.size);
	}
	return text;
}

/* RFC 9110, 5.6.2. */
static bool
octet_is_token(uint8_t octet)
{
	return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
		(octet >= 'a' && octet <= 'z') ||
		(octet != '\0' && strchr("!#$%&'*+-.^_`|~", octet) != NULL);
}

static struct bytes
token_take(struct bytes *text)
{
	size_t size = 0;
	struct bytes token;

	while (size < text->size && octet_is_token(text->at[size])) {
		size++;
	}
	token = bytes_slice(*text, 0, size);
	*text = bytes_slice(*text, size, text->size);
	return token;
}

/* Base64 and handles have octets that no token has: a value without quotes ends at a comma. */
static struct bytes
bare_take(struct bytes *text)
{
	struct bytes value = bytes_slice(*text, 0, bytes_find(*text, ','));

	*text = bytes_slice(*text, value.size, text->size);
	while (value.size > 0 &&
		(value.at[value.size - 1] == ' ' || value.at[value.size - 1] == '\t')) {
		value.size--;
	}
	return value;
}

/* Behind the opening quote; a backslash stands before any octet. */
static enum status
quoted_take(struct bytes *text, struct arena *arena, struct bytes *ret_value)
{
	uint8_t *octets = arena_alloc(arena, text->size + 1);
	size_t size = 0;
	size_t at = 0;

	if (octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	while (at < text->size && text->at[at] != '"') {
		at += text->at[at] == '\\';
		if (at < text->size) {
			octets[size++] = text->at[at++];
		}
	}
	if (at >= text->size) {
		return STATUS_MALFORMED;
	}
	*text = bytes_slice(*text, at + 1, text->size);
	*ret_value = bytes_over(octets, size);
	return STATUS_OK;
}

static enum status
item_take(struct bytes *text, struct arena *arena, struct http_credentials *credentials)
{
	struct bytes name = token_take(text);
	struct bytes *place = http_credentials_place(credentials, name);
	struct bytes value = {NULL, 0};
	enum status status = STATUS_OK;

	*text = blanks_skip(*text);
	if (name.size == 0 || !bytes_start_with(*text, TEXT("="))) {
		return STATUS_MALFORMED;
	}
	*text = blanks_skip(bytes_slice(*text, 1, text->size));
	if (bytes_start_with(*text, TEXT("\""))) {
		*text = bytes_slice(*text, 1, text->size);
		status = quoted_take(text, arena, &value);
	} else {
		value = bare_take(text);
		status = value.size == 0 ? STATUS_MALFORMED : STATUS_OK;
	}
	if (status == STATUS_OK && place != NULL) {
		if (place->at != NULL) {
			return STATUS_MALFORMED;
		}
		*place = value;
	}
	return status;
}

enum status
http_credentials_read(
	struct bytes text, struct arena *arena, struct http_credentials *ret_credentials)
{
	struct http_credentials credentials = {.id = {NULL, 0}};
	enum status status = STATUS_OK;

	text = blanks_skip(text);
	while (status == STATUS_OK && text.size > 0) {
		status = item_take(&text, arena, &credentials);
		text = blanks_skip(text);
		if (status == STATUS_OK && text.size > 0) {
			status = text.at[0] == ',' ? STATUS_OK : STATUS_MALFORMED;
			text = blanks_skip(bytes_slice(text, 1, text.size));
		}
	}
	if (status == STATUS_OK) {
		*ret_credentials = credentials;
	}
	return status;
}

bool
http_identity_read(struct bytes text, struct operation_claim *claim)
{
	size_t at = bytes_find(text, ':');
	uint64_t index = 0;

	if (at < text.size &&
		text_read_u64(bytes_slice(text, 0, at), UINT32_MAX, &index) == STATUS_OK) {
		text = bytes_slice(text, at + 1, text.size);
	}
	claim->index = (uint32_t)index;
	claim->name = text;
	return text.size > 0 && text.size <= HANDLE_NAME_SIZE_MAX && bytes_are_utf8(text);
}

static bool
base64_take(struct bytes text, size_t size_max, struct arena *arena, struct bytes *ret_octets)
{
	uint8_t *octets;
	size_t size = 0;

	if (text.size > size_max * 2) {
		return false;
	}
	octets = arena_alloc(arena, base64_decoded_size_max(text.size) + 1);
	if (octets == NULL || base64_decode(text, BASE64_STANDARD, octets, &size) != STATUS_OK ||
		size > size_max) {
		return false;
	}
	*ret_octets = bytes_over(octets, size);
	return true;
}

/* Salt, rounds and size of the key travel with the MAC; who verifies has limits for them. */
static const char *
derived_write(const struct http_credentials *credentials, struct bytes mac, struct arena *arena,
	struct wire_writer *writer)
{
	uint64_t iterations = 0;
	uint64_t bits = 0;
	struct bytes salt;

	if (!base64_take(credentials->salt, NONCE_SIZE_MAX, arena, &salt) || salt.size == 0) {
		return "salt is no base64";
	}
	if (text_read_u64(credentials->iterations, INT32_MAX, &iterations) != STATUS_OK) {
		return "iterations is no number";
	}
	if (text_read_u64(credentials->length, INT32_MAX, &bits) != STATUS_OK) {
		return "length is no number of bits";
	}
	wire_write_u8(writer, HANDLE_MAC_PBKDF2_HMAC_SHA1);
	wire_write_blob(writer, salt);
	wire_write_u32(writer, (uint32_t)iterations);
	wire_write_u32(writer, (uint32_t)bits);
	wire_write_blob(writer, mac);
	return NULL;
}

/* NULL, or what is wrong. */
static const char *
secret_write(const struct http_credentials *credentials, struct bytes mac, struct arena *arena,
	struct wire_writer *writer)
{
	static const struct {
		const char *name;
		enum handle_mac_code code;
	} macs[] = {
		{"SHA256", HANDLE_MAC_SHA256},
		{"HMACSHA256", HANDLE_MAC_HMAC_SHA256},
		{"SHA1", HANDLE_MAC_SHA1},
		{"HMACSHA1", HANDLE_MAC_HMAC_SHA1},
		{"MD5", HANDLE_MAC_MD5},
	};

	if (handle_digest_name_is(credentials->alg, "PBKDF2WITHHMACSHA1") ||
		handle_digest_name_is(credentials->alg, "PBKDF2HMACSHA1") ||
		handle_digest_name_is(credentials->alg, "PBKDF2")) {
		return derived_write(credentials, mac, arena, writer);
	}
	for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
		if (handle_digest_name_is(credentials->alg, macs[i].name)) {
			wire_write_u8(writer, (uint8_t)macs[i].code);
			wire_write_bytes(writer, mac);
			return NULL;
		}
	}
	return "alg is none that is known";
}

static const char *
signature_write(const struct http_credentials *credentials, struct bytes signature,
	struct wire_writer *writer)
{
	enum crypto_digest digest;

	if (handle_digest_named(credentials->alg, &digest) != STATUS_OK) {
		return "alg is none that is known";
	}
	wire_write_blob(writer, handle_digest_name(digest));
	wire_write_blob(writer, signature);
	return NULL;
}

static const char *
proof_write(const struct http_credentials *credentials, struct arena *arena,
	struct operation_claim *claim, struct wire_writer *writer)
{
	struct bytes signature;

	if (!base64_take(credentials->signature, CRYPTO_SIGNATURE_SIZE_MAX, arena, &signature) ||
		signature.size == 0) {
		return "signature is no base64";
	}
	if (bytes_equal_fold(credentials->type, TEXT("HS_SECKEY"))) {
		claim->kind = TEXT("HS_SECKEY");
		return secret_write(credentials, signature, arena, writer);
	}
	if (bytes_equal_fold(credentials->type, TEXT("HS_PUBKEY"))) {
		claim->kind = TEXT("HS_PUBKEY");
		return signature_write(credentials, signature, writer);
	}
	return "type is neither HS_SECKEY nor HS_PUBKEY";
}

bool
http_credentials_prove(const struct http_credentials *credentials, struct bytes nonce,
	struct arena *arena, struct operation_claim *claim, const char **ret_fault)
{
	uint8_t *name = arena_alloc(arena, credentials->id.size + 1);
	uint8_t *octets = arena_alloc(arena, RESPONSE_SIZE_MAX);
	struct wire_writer writer =
		wire_writer_over(octets, octets == NULL ? 0 : RESPONSE_SIZE_MAX);
	size_t size = 0;

	*ret_fault = NULL;
	claim->nonce = nonce;
	if (name == NULL || http_percent_decode(credentials->id, false, name, &size) != STATUS_OK ||
		!http_identity_read(bytes_over(name, size), claim)) {
		*ret_fault = "id is no INDEX:HANDLE";
	} else if (!base64_take(credentials->cnonce, NONCE_SIZE_MAX, arena, &claim->digest)) {
		*ret_fault = "cnonce is no base64";
	} else {
		*ret_fault = proof_write(credentials, arena, claim, &writer);
	}
	claim->response = wire_written(&writer);
	if (*ret_fault == NULL && wire_writer_end(&writer) != STATUS_OK) {
		*ret_fault = "the proof is too large";
	}
	return *ret_fault == NULL;
}
