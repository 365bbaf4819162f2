/* SPDX-License-Identifier: Apache-2.0 */
#include "service/token.h"

#include "base/base64.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "crypto/crypto.h"
#include "json/json_reader.h"

static const char front[] = "houji_";

bool
token_name_is_good(struct bytes name)
{
	for (size_t i = 0; i < name.size; i++) {
		uint8_t octet = name.at[i];
		bool is_good = (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
			(octet >= 'a' && octet <= 'z') || octet == '.' || octet == '_' ||
			octet == '-';

		if (!is_good) {
			return false;
		}
	}
	return name.size > 0 && name.size <= TOKEN_NAME_SIZE_MAX;
}

void
token_make(char ret_text[TOKEN_TEXT_SIZE], uint8_t ret_verifier[TOKEN_VERIFIER_SIZE])
{
	uint8_t octets[TOKEN_VERIFIER_SIZE];

	crypto_random(octets, sizeof(octets));
	memcpy(ret_text, front, sizeof(front) - 1);
	base64_encode(bytes_over(octets, sizeof(octets)), BASE64_URL, ret_text + sizeof(front) - 1);
	crypto_forget(octets, sizeof(octets));
	(void)token_verifier(bytes_over(ret_text, TOKEN_TEXT_SIZE), ret_verifier);
}

bool
token_verifier(struct bytes text, uint8_t ret_verifier[TOKEN_VERIFIER_SIZE])
{
	struct bytes runs[] = {TEXT("houji token 1\n"), text};
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];

	if (text.size != TOKEN_TEXT_SIZE || !bytes_start_with(text, TEXT("houji_"))) {
		return false;
	}
	crypto_digest_runs(CRYPTO_SHA256, runs, 2, digest);
	memcpy(ret_verifier, digest, TOKEN_VERIFIER_SIZE);
	return true;
}

static void
verifier_read(struct json_reader *reader, struct token *token)
{
	struct bytes octets = json_read_hex(reader);

	if (json_reader_ok(reader) && octets.size != TOKEN_VERIFIER_SIZE) {
		json_reader_fail(reader, STATUS_INVALID);
	} else if (json_reader_ok(reader)) {
		memcpy(token->verifier, octets.at, TOKEN_VERIFIER_SIZE);
	}
}

static void
identity_read(struct json_reader *reader, struct token *token)
{
	struct bytes text = json_read_string(reader);
	size_t at = bytes_find(text, ':');
	uint64_t index = 0;

	token->identity.name = bytes_slice(text, at + 1, text.size);
	if (json_reader_ok(reader) &&
		(text_read_u64(bytes_slice(text, 0, at), UINT32_MAX, &index) != STATUS_OK ||
			token->identity.name.size == 0 ||
			token->identity.name.size > HANDLE_NAME_SIZE_MAX)) {
		json_reader_fail(reader, STATUS_INVALID);
	}
	token->identity.index = (uint32_t)index;
}

static void
scopes_read(struct json_reader *reader, struct token *token)
{
	json_read_array(reader);
	while (json_next_element(reader)) {
		struct bytes scope = json_read_string(reader);

		if (bytes_equal(scope, TEXT("read"))) {
			token->scope.may_read = true;
		} else if (bytes_equal(scope, TEXT("write"))) {
			token->scope.may_write = true;
		} else {
			json_reader_fail(reader, STATUS_INVALID);
		}
	}
}

static void
prefixes_read(struct json_reader *reader, struct arena *arena, struct token *token)
{
	struct bytes *prefixes =
		arena_alloc_array(arena, TOKEN_PREFIX_COUNT_MAX, sizeof(*prefixes));
	size_t count = 0;

	json_read_array(reader);
	while (json_next_element(reader)) {
		struct bytes prefix = json_read_string(reader);

		if (prefixes == NULL || count == TOKEN_PREFIX_COUNT_MAX || prefix.size == 0) {
			json_reader_fail(
				reader, prefixes == NULL ? STATUS_NO_MEMORY : STATUS_INVALID);
		} else {
			prefixes[count++] = prefix;
		}
	}
	token->scope.prefixes = prefixes;
	token->scope.prefix_count = count;
}

static int64_t
time_read(struct json_reader *reader)
{
	struct bytes text = json_read_string(reader);
	int64_t seconds = 0;

	if (json_reader_ok(reader) && text_read_time(text, &seconds) != STATUS_OK) {
		json_reader_fail(reader, STATUS_INVALID);
	}
	return seconds;
}

enum status
token_line_read(
	struct bytes line, struct arena *arena, struct token *ret_token, struct problem *problem)
{
	struct json_reader reader = json_reader_over(line, arena);
	struct token token = {.expires_s = 0};
	bool has_verifier = false;
	struct bytes name;
	enum status status;

	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		if (bytes_equal(name, TEXT("name"))) {
			token.name = json_read_string(&reader);
		} else if (bytes_equal(name, TEXT("verifier"))) {
			verifier_read(&reader, &token);
			has_verifier = true;
		} else if (bytes_equal(name, TEXT("identity"))) {
			identity_read(&reader, &token);
		} else if (bytes_equal(name, TEXT("scopes"))) {
			scopes_read(&reader, &token);
		} else if (bytes_equal(name, TEXT("prefixes"))) {
			prefixes_read(&reader, arena, &token);
		} else if (bytes_equal(name, TEXT("created"))) {
			token.created_s = time_read(&reader);
		} else if (bytes_equal(name, TEXT("expires"))) {
			token.expires_s = time_read(&reader);
		} else {
			json_reader_fail(&reader, STATUS_INVALID);
		}
	}
	status = json_reader_end(&reader);
	if (status != STATUS_OK) {
		return problem_set(problem, status, "octet %zu: %s", json_reader_at(&reader),
			status_text(status));
	}
	/* A scope that could not be read would be all of it. */
	if (!token_name_is_good(token.name) || !has_verifier || token.identity.name.size == 0 ||
		token.expires_s == 0) {
		return problem_set(problem, STATUS_INVALID,
			"a token has name, verifier, identity, scopes and expires");
	}
	token.scope.token = token.name;
	*ret_token = token;
	return STATUS_OK;
}

static void
time_write(struct json_writer *writer, const char *name, int64_t seconds)
{
	char text[32];
	struct text_writer time = text_writer_over(text, sizeof(text));

	text_write_time(&time, seconds);
	json_write_name(writer, name);
	json_write_string(writer, text_written(&time));
}

void
token_line_write(struct json_writer *writer, const struct token *token)
{
	char text[HANDLE_NAME_SIZE_MAX + 16];
	struct text_writer identity = text_writer_over(text, sizeof(text));

	text_write_u64(&identity, token->identity.index);
	text_write_char(&identity, ':');
	text_write(&identity, token->identity.name);
	json_write_object(writer);
	json_write_name(writer, "name");
	json_write_string(writer, token->name);
	json_write_name(writer, "verifier");
	json_write_hex(writer, bytes_over(token->verifier, TOKEN_VERIFIER_SIZE));
	json_write_name(writer, "identity");
	json_write_string(writer, text_written(&identity));
	json_write_name(writer, "scopes");
	json_write_array(writer);
	if (token->scope.may_read) {
		json_write_string(writer, TEXT("read"));
	}
	if (token->scope.may_write) {
		json_write_string(writer, TEXT("write"));
	}
	json_write_array_end(writer);
	json_write_name(writer, "prefixes");
	json_write_array(writer);
	for (size_t i = 0; i < token->scope.prefix_count; i++) {
		json_write_string(writer, token->scope.prefixes[i]);
	}
	json_write_array_end(writer);
	time_write(writer, "created", token->created_s);
	time_write(writer, "expires", token->expires_s);
	json_write_object_end(writer);
}
