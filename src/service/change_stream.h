/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "service/service.h"

/*
 * Many changes, one after the other, by one identity that was proven once.
 *
 * They are what the same changes would be if each came alone: the authority judges each within the
 * commit, by the rights the identity has then. What is spared is the rest: proving who asks, a
 * message, an operation and an answer for each.
 *
 *     change_stream_new(&order, &stream);
 *     while (change_stream_has_room(stream)) {
 *             ... change_stream_add(stream, &line, number) or change_stream_refuse(...) ...
 *     }
 *     change_stream_send(stream);              what was added since goes to the ledger
 *     ... progressed(context) ...              on the loop: results can be taken, there is room
 *     while (change_stream_next(stream, &result)) { ... }
 *     change_stream_close(stream);
 *
 * Changes are carried out in their order, and results come in the same. They travel in groups, each
 * with an arena; CHANGE_STREAM_GROUP_COUNT_MAX of them may be under way, and then there is no
 * room until one is done and its results were taken: so memory does not grow with the stream.
 */
struct change_stream;
struct change_line;

enum {
	CHANGE_STREAM_GROUP_COUNT_MAX = 16,
	CHANGE_STREAM_GROUP_SIZE = 256, /* Changes of a group. */
	CHANGE_STREAM_OCTETS_MAX = 1 << 20, /* What ends a group earlier. */
};

struct change_stream_order {
	struct service *service;
	struct access_identity identity; /* Proven. Copied. */
	const struct access_scope *scope; /* Of the token that was shown; NULL: none. Copied. */
	uint8_t source[16]; /* For the audit log. */
	void (*progressed)(void *context);
	void *context;
};

enum status change_stream_new(
	const struct change_stream_order *order, struct change_stream **ret_stream) MUST_CHECK;
/* What is under way is carried out, and nobody is told. */
void change_stream_close(struct change_stream *stream); /* NULL is fine. */

bool change_stream_has_room(const struct change_stream *stream);
/* Copied. Only while there is room. */
void change_stream_add(
	struct change_stream *stream, const struct change_line *line, uint64_t number);
/* A line that is no change: its refusal has its place among the results. */
void change_stream_refuse(
	struct change_stream *stream, uint64_t number, enum status status, struct bytes text);
void change_stream_send(struct change_stream *stream);
/* Nothing was added whose result was not taken. */
bool change_stream_is_done(const struct change_stream *stream);

struct change_stream_result {
	uint64_t number;
	uint32_t opcode; /* 0: the line was no change. */
	enum status status;
	enum response_code code;
	struct bytes handle;
	struct bytes text; /* Why not; may be empty. */
	uint64_t version; /* What the ledger numbered it; 0 unless it was made. */
};
/* Its runs live until the next call. */
bool change_stream_next(struct change_stream *stream, struct change_stream_result *ret_result);
