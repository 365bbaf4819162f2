/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access_queue.h"
#include "access/access_session.h"
#include "access/access_source.h"

#include <pthread.h>

/*
 * The table behind access_session.h: slots in an array, each free or in one of two lists of open
 * sessions, the longest silent first. An id leads to its slot through a chain of its bucket. The
 * lock guards all of it.
 */
#define SESSION_NO_SLOT ACCESS_QUEUE_END

/* The highest counters seen, in ascending order. */
struct session_window {
	uint32_t count;
	uint32_t counters[SESSION_WINDOW_COUNT];
};

struct session_result {
	uint32_t request_id;
	enum { SESSION_RESULT_NONE, SESSION_RESULT_UNDER_WAY, SESSION_RESULT_KNOWN } state;
	uint8_t digest[ACCESS_DIGEST_SIZE];
	struct access_result result;
};

struct session_results {
	uint32_t next;
	struct session_result items[SESSION_RESULT_COUNT];
};

struct session_slot {
	uint32_t id; /* 0: free. */
	uint64_t instance; /* Which session of all that ever were. */
	uint32_t chain; /* Next slot of the same bucket. */
	struct access_source_key source;
	struct version version;
	struct session_key key;
	bool is_proven;
	struct access_identity setup; /* Its name is the slot's own. */
	uint32_t index;
	uint32_t counter; /* Of our last answer. */
	int64_t idle_ms;
	int64_t seen_ms;
	int64_t ends_ms;
	struct session_window window;
	struct session_results *results; /* NULL until something was changed. */
};

struct access_sessions {
	pthread_mutex_t lock;
	struct access_session_limits limits;
	uint64_t seed;
	uint64_t instance;
	struct session_slot *slots;
	struct access_link *links; /* Of their lists. */
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint32_t swept; /* Where the next sweep begins. */
	struct access_queue free, unproven, proven;
	struct access_session_counts counts;
	uint32_t sources[ACCESS_SOURCE_COUNT];
};

/* All with the lock held. NULL if there is no such session, or if it has expired. */
struct session_slot *session_find(struct access_sessions *sessions, uint32_t id, int64_t now_ms);
struct session_slot *session_find_any(struct access_sessions *sessions, uint32_t id);
/* The end of its list: heard of just now. */
void session_touch(struct access_sessions *sessions, struct session_slot *slot, int64_t now_ms);
void session_set_proven(struct access_sessions *sessions, struct session_slot *slot);
void session_end(struct access_sessions *sessions, struct session_slot *slot);

/* A slot with an id, in the list of sessions that have not proven anything; NULL when there
 * is no room. */
struct session_slot *session_begin(
	struct access_sessions *sessions, const struct access_source_key *source, int64_t now_ms);

/* True, and remembered, if the counter was not seen and is not too old. */
bool session_window_takes(struct session_window *window, uint32_t counter);

/* What an offer agreed on (access_session_offer.c). */
struct session_agreed {
	struct access_source_key source;
	struct version version;
	struct session_key key;
	struct access_identity setup;
	uint32_t timeout_s;
};
const struct session_agreed *access_session_offer_agreed(const struct access_session_offer *offer);
