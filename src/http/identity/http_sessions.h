/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Sessions of web clients (http-api, 10): a nonce to be answered, and who answered it. They belong
 * to the node and all its workers; a client names its session in a header, never in a cookie, so
 * that no page can act in the name of who reads it.
 *
 * Every refusal for want of an identity begins one, so strangers may begin as many as they like.
 * The table has a fixed size: sets of HTTP_SESSION_SET_SIZE sessions, by network (IPv4 /24, IPv6
 * /56); in a full set the one unused for the longest gives way, those without an identity first.
 * A stranger displaces his neighbours at the worst.
 *
 * An id is the place in the table and 128 random bits, which are compared in constant time. Times
 * are those of a loop. All calls may come from any thread.
 */
struct http_sessions;

enum {
	HTTP_SESSION_ID_SIZE = 4 + 32, /* Hex digits. */
	HTTP_SESSION_NONCE_SIZE = 16,
	HTTP_SESSION_SET_SIZE = 64,
};

/* A copy. */
struct http_session {
	char id[HTTP_SESSION_ID_SIZE + 1];
	uint8_t nonce[HTTP_SESSION_NONCE_SIZE];
	bool is_proven;
	uint32_t index; /* Of the key that was proven. */
	size_t name_size;
	uint8_t name[HANDLE_NAME_SIZE_MAX];
};

struct http_sessions *http_sessions_new(void); /* NULL if memory is short. */
void http_sessions_free(struct http_sessions *sessions); /* NULL is fine. */

void http_sessions_begin(struct http_sessions *sessions, const uint8_t source[16], int64_t now_ms,
	struct http_session *ret_session);
/* By what a stranger calls its id; it is used now. False: there is none, or its time is over. */
bool http_sessions_find(struct http_sessions *sessions, const void *id, size_t id_size,
	int64_t now_ms, struct http_session *ret_session);
/* Its client proved an identity; the name and index of `session` are kept. False: it has ended,
 * or memory is short. */
bool http_sessions_prove(
	struct http_sessions *sessions, const struct http_session *session, int64_t now_ms);
void http_sessions_end(struct http_sessions *sessions, const struct http_session *session);
