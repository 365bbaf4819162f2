/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access.h"
#include "access/access_scope.h"
#include "base/problem.h"
#include "json/json_writer.h"

/*
 * Tokens for programs (RFC 6750): a text that stands for an identity, within a scope, until it
 * expires. `houji token` makes and revokes them; DIR/tokens.ndjson has one a line, the newest last:
 *
 *     {"name":"ci","verifier":HEX,"identity":"301:0.NA/88.995","scopes":["read","write"],
 *      "prefixes":["88.995"],"created":"2026-11-27T22:13:20Z","expires":"2027-02-25T22:13:20Z"}
 *
 * The token itself is 32 random octets, told once and kept nowhere. The file has its verifier, a
 * SHA-256 with a label before it: what cannot be guessed needs neither salt nor rounds. Who reads
 * the file has no token; who writes it may let anybody in, so it is the node's own, mode 0600.
 */
enum {
	TOKEN_NAME_SIZE_MAX = 64,
	TOKEN_VERIFIER_SIZE = 32,
	TOKEN_TEXT_SIZE = 6 + 43, /* "houji_" and base64url. */
};

struct token {
	struct bytes name; /* Letters, digits and . _ - */
	uint8_t verifier[TOKEN_VERIFIER_SIZE];
	struct access_identity identity;
	struct access_scope scope;
	int64_t created_s, expires_s;
};

bool token_name_is_good(struct bytes name);
void token_make(char ret_text[TOKEN_TEXT_SIZE], uint8_t ret_verifier[TOKEN_VERIFIER_SIZE]);
/* False unless it is written like a token. */
bool token_verifier(struct bytes text, uint8_t ret_verifier[TOKEN_VERIFIER_SIZE]);

/* Views into the line and `arena`. MALFORMED, INVALID and what JSON can be; `problem` says why. */
enum status token_line_read(struct bytes line, struct arena *arena, struct token *ret_token,
	struct problem *problem) MUST_CHECK;
void token_line_write(struct json_writer *writer, const struct token *token);

/* The whole file. */
struct token_list {
	size_t count;
	struct token *items;
};
/* NOT_FOUND when there is none: no tokens. Everything is in `arena`. */
enum status token_file_read(const char *path, struct arena *arena, struct token_list *ret_list,
	struct problem *problem) MUST_CHECK;

/* What a node has of the file; it follows within a second. Any thread. */
struct token_table;
struct token_table *token_table_new(const char *path); /* NULL if memory is short. */
void token_table_free(struct token_table *table); /* NULL is fine. */
/* Reads the file if it has changed. A failure leaves nobody in: tokens that may have been revoked
 * are not taken. */
enum status token_table_refresh(struct token_table *table, struct problem *problem) MUST_CHECK;
/* The token of this text, all of it in `arena`. NOT_FOUND, also when it has expired. */
enum status token_table_find(struct token_table *table, struct bytes text, int64_t now_s,
	struct arena *arena, struct token *ret_token) MUST_CHECK;
