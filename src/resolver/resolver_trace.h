/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "base/arena.h"
#include "base/status.h"
#include "client/client_carrier.h"

/*
 * What was done for one question, for those who want to see it: each attempt at a server with
 * what was asked, how long it took and what came of it, in the order in which they ended.
 */
enum resolver_step_kind {
	RESOLVER_STEP_EXCHANGE, /* A server answered, or did not. */
	RESOLVER_STEP_NOTE, /* What was made of it: `text`. */
};

struct resolver_step {
	enum resolver_step_kind kind;
	uint32_t at_ms; /* Since the question. */
	uint32_t elapsed_ms;
	struct address server;
	enum client_transport transport;
	uint32_t tries;
	struct bytes name; /* What was asked for. */
	enum status status; /* OK: an answer, with its code. */
	uint32_t response_code;
	uint32_t value_count;
	bool is_certified;
	struct bytes text; /* For people; may be empty. */
};

enum { RESOLVER_STEP_COUNT_MAX = 256 };

struct resolver_trace {
	int64_t begun_ms;
	size_t count;
	size_t dropped_count; /* Steps beyond RESOLVER_STEP_COUNT_MAX. */
	struct resolver_step steps[RESOLVER_STEP_COUNT_MAX];
};

/* Runs of the step are copied into the arena. `trace` may be NULL: nothing is done. */
void resolver_trace_add(
	struct resolver_trace *trace, struct arena *arena, const struct resolver_step *step);
