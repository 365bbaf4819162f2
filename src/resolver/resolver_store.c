/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_private.h"

#include "base/clock.h"
#include "cache/cache.h"
#include "message/message.h"

/*
 * What the resolver keeps in the worker's cache, and how it reads it: the record as a whole, all
 * values that everybody may read, under its handle. What must be signed all along the way
 * is asked for and kept apart.
 *
 * Of what could not be found, the cache keeps the sentence that says why, in place of values.
 */
static enum status
status_of(const struct cache_entry *entry)
{
	switch (entry->response_code) {
	case RESPONSE_SUCCESS:
		return STATUS_OK;
	case RESPONSE_HANDLE_NOT_FOUND:
		return STATUS_NOT_FOUND;
	case RESPONSE_VALUES_NOT_FOUND:
		return STATUS_VALUE_NOT_FOUND;
	default:
		return STATUS_CLOSED;
	}
}

static enum response_code
code_of(enum status status)
{
	if (status == STATUS_OK) {
		return RESPONSE_SUCCESS;
	}
	if (status == STATUS_NOT_FOUND) {
		return RESPONSE_HANDLE_NOT_FOUND;
	}
	return status == STATUS_VALUE_NOT_FOUND ? RESPONSE_VALUES_NOT_FOUND : RESPONSE_ERROR;
}

static enum cache_kind
kind_of(enum status status)
{
	if (status == STATUS_OK) {
		return CACHE_VALUES;
	}
	return status == STATUS_NOT_FOUND || status == STATUS_VALUE_NOT_FOUND ? CACHE_NEGATIVE
									      : CACHE_FAILURE;
}

static enum cache_question
question_of(const struct walk_goal *goal)
{
	if (goal->is_sites) {
		return goal->is_certified ? CACHE_SITES_CERTIFIED : CACHE_SITES;
	}
	return goal->is_certified ? CACHE_CERTIFIED : CACHE_NORMAL;
}

enum resolver_known
resolver_store_find(
	struct resolver *resolver, const struct walk_goal *goal, struct resolver_record *ret_record)
{
	int64_t now_ms = loop_now_ms(resolver->loop);
	struct cache_entry entry;
	struct cache_key key __attribute__((uninitialized));

	if (resolver->cache == NULL || goal->proof != NULL ||
		!cache_key_over(&key, goal->name, question_of(goal)) ||
		!cache_find(resolver->cache, &key, now_ms, &entry)) {
		return RESOLVER_KNOWN_NOTHING;
	}
	ret_record->status = status_of(&entry);
	ret_record->values = entry.values;
	ret_record->is_certified = entry.is_certified;
	ret_record->expires_ms = entry.expires_ms;
	ret_record->is_held = entry.is_held;
	ret_record->is_prefetch_due = entry.is_prefetch_due;
	return entry.is_stale ? RESOLVER_KNOWN_STALE : RESOLVER_KNOWN_FRESH;
}

/* Failures of our own - too much asked at once, too little memory - say nothing about the handle. */
static bool
status_is_kept(enum status status)
{
	return status == STATUS_OK || status == STATUS_NOT_FOUND ||
		status == STATUS_VALUE_NOT_FOUND || status == STATUS_TIMED_OUT ||
		status == STATUS_CLOSED;
}

void
resolver_store_put(struct resolver *resolver, const struct walk *walk)
{
	int64_t now_ms = loop_now_ms(resolver->loop);
	struct cache_answer answer = {
		.kind = kind_of(walk->status),
		.response_code = (uint16_t)code_of(walk->status),
		.values = walk->status == STATUS_OK ? walk->values
						    : (struct handle_value_list){0, walk->text},
		.is_certified = walk->is_certified,
	};
	struct cache_key key __attribute__((uninitialized));

	if (resolver->cache == NULL || walk->goal.proof != NULL || !status_is_kept(walk->status)) {
		return;
	}
	if (answer.kind != CACHE_FAILURE && walk->expires_ms != INT64_MAX) {
		answer.lifetime_ms = walk->expires_ms - now_ms;
		if (answer.lifetime_ms <= 0) {
			return;
		}
	}
	if (cache_key_over(&key, walk->goal.name, question_of(&walk->goal))) {
		cache_put(resolver->cache, &key, &answer, now_ms, clock_wall_ms());
	}
}

void
resolver_look_ahead(struct resolver *resolver, const struct bytes *names, size_t count)
{
	if (resolver->cache != NULL) {
		cache_look_ahead(resolver->cache, names, count);
	}
}

bool
resolver_recall(struct resolver *resolver, struct bytes name, bool is_certified,
	struct resolver_answer *ret_answer)
{
	struct walk_goal goal = {.name = name, .is_certified = is_certified};
	struct resolver_record record;
	enum resolver_known known = resolver_store_find(resolver, &goal, &record);

	if (known == RESOLVER_KNOWN_NOTHING || (known == RESOLVER_KNOWN_STALE && !record.is_held)) {
		return false;
	}
	*ret_answer = (struct resolver_answer){
		.status = record.status,
		.is_certified = record.is_certified,
		.is_stale = known == RESOLVER_KNOWN_STALE,
	};
	if (record.status == STATUS_OK) {
		ret_answer->values = record.values;
	} else {
		ret_answer->text = record.values.octets;
	}
	if (record.is_prefetch_due) {
		resolver_refresh(resolver, &goal);
	}
	return true;
}
