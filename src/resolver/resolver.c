/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver.h"

#include "base/checksum.h"
#include "base/limits.h"
#include "client/client_kept.h"
#include "crypto/crypto.h"
#include "resolver/resolver_private.h"

#include <assert.h>
#include <stdlib.h>

/* A walk is told a little earlier than whoever asked, so that it can say what went wrong. */
enum { TELLING_MS = 50 };

struct resolver *
resolver_new(const struct resolver_parts *parts)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (resolver == NULL) {
		return NULL;
	}
	resolver->loop = parts->loop;
	resolver->pool = parts->pool;
	resolver->row = parts->row;
	resolver->cache = parts->cache;
	resolver->settings = *parts->settings;
	resolver->hosts = resolver_hosts_new();
	resolver->kept = client_kept_new(resolver->loop);
	if (resolver->hosts == NULL || resolver->kept == NULL) {
		client_kept_free(resolver->kept);
		resolver_hosts_free(resolver->hosts);
		free(resolver);
		return NULL;
	}
	crypto_random(&resolver->seed, sizeof(resolver->seed));
	resolver_renewal_begin(resolver);
	return resolver;
}

static void
walk_free(struct walk *walk)
{
	struct walk **at = &walk->resolver->walks[walk->hash % WALK_BUCKET_COUNT];

	while (*at != walk) {
		at = &(*at)->next_in_bucket;
	}
	*at = walk->next_in_bucket;
	resolver_exchange_cancel(walk->exchange);
	resolver_walk_names_end(walk);
	walk->resolver->walk_count--;
	monitor_subtract(walk->resolver->row, METRIC_RESOLVER_WALKS, 1);
	resolver_budget_leave(walk->budget);
	free(walk);
}

void
resolver_free(struct resolver *resolver)
{
	if (resolver == NULL) {
		return;
	}
	while (resolver->waits != NULL) {
		resolver_cancel(resolver->waits);
	}
	for (size_t i = 0; i < WALK_BUCKET_COUNT; i++) {
		while (resolver->walks[i] != NULL) {
			walk_free(resolver->walks[i]);
		}
	}
	assert(resolver->job_count == 0);
	loop_timer_clear(resolver->loop, &resolver->ready);
	resolver_renewal_end(resolver);
	client_kept_free(resolver->kept);
	resolver_names_free(resolver->names);
	resolver_hosts_free(resolver->hosts);
	free(resolver);
}

void
resolver_use(struct resolver *resolver, const struct resolver_settings *settings)
{
	struct resolver_names *names = resolver->names;

	resolver->settings = *settings;
	/* Whoever waits for a name asks again, those who are now to be asked. */
	resolver->names = NULL;
	resolver_names_free(names);
	resolver_renewal_use(resolver);
}

size_t
resolver_busy_count(const struct resolver *resolver)
{
	return resolver->walk_count + resolver->job_count;
}

static void
ready_run(void *context)
{
	struct resolver *resolver = context;

	while (resolver->first_ready != NULL) {
		struct walk *walk = resolver->first_ready;

		resolver->first_ready = walk->next_ready;
		if (resolver->first_ready == NULL) {
			resolver->last_ready = NULL;
		}
		walk->is_ready = false;
		walk->step(walk);
	}
}

void
resolver_walk_ready(struct walk *walk)
{
	struct resolver *resolver = walk->resolver;

	assert(!walk->is_ready);
	walk->is_ready = true;
	walk->next_ready = NULL;
	*(resolver->last_ready == NULL ? &resolver->first_ready
				       : &resolver->last_ready->next_ready) = walk;
	resolver->last_ready = walk;
	if (!resolver->ready.is_set) {
		loop_timer_set_soon(resolver->loop, &resolver->ready, ready_run, resolver);
	}
}

/* Spellings that are equal have the same. */
static uint64_t
goal_hash(const struct resolver *resolver, const struct walk_goal *goal)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	size_t size = handle_name_key(goal->name, key);

	return checksum_over(bytes_over(key, size), resolver->seed);
}

static struct walk *
walk_find(struct resolver *resolver, const struct walk_goal *goal, uint64_t hash)
{
	struct walk *walk = resolver->walks[hash % WALK_BUCKET_COUNT];

	for (; walk != NULL; walk = walk->next_in_bucket) {
		if (walk->hash == hash && !walk->is_over &&
			walk->goal.is_authoritative == goal->is_authoritative &&
			walk->goal.is_certified == goal->is_certified &&
			walk->goal.is_sites == goal->is_sites && walk->goal.owner == goal->owner &&
			walk->goal.proof == goal->proof &&
			handle_name_equal(walk->goal.name, goal->name)) {
			return walk;
		}
	}
	return NULL;
}

/* NULL if memory is short. */
static struct walk *
walk_new(struct resolver *resolver, struct resolver_budget *budget, const struct walk_goal *goal,
	uint64_t hash)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	struct bytes name = arena_copy(budget->arena, goal->name);

	if (walk == NULL || name.at == NULL) {
		free(walk);
		return NULL;
	}
	walk->resolver = resolver;
	walk->budget = budget;
	resolver_budget_enter(budget);
	walk->goal = *goal;
	walk->goal.name = name;
	walk->hash = hash;
	walk->is_certified = true;
	walk->expires_ms = INT64_MAX;
	walk->next_in_bucket = resolver->walks[hash % WALK_BUCKET_COUNT];
	resolver->walks[hash % WALK_BUCKET_COUNT] = walk;
	resolver->walk_count++;
	monitor_add(resolver->row, METRIC_RESOLVER_WALKS, 1);
	walk->step = resolver_walk_begin;
	resolver_walk_ready(walk);
	return walk;
}

/* BUSY, NO_MEMORY. */
static enum status
walk_for(struct resolver *resolver, struct resolver_budget *budget, const struct walk_goal *goal,
	struct walk **ret_walk)
{
	uint64_t hash = goal_hash(resolver, goal);
	struct walk *walk = walk_find(resolver, goal, hash);

	if (walk == NULL) {
		if (resolver->walk_count >= RESOLVER_WALK_COUNT_MAX ||
			!resolver_budget_take(budget, &budget->walks)) {
			monitor_add(resolver->row, METRIC_RESOLVER_BUSY, 1);
			return STATUS_BUSY;
		}
		walk = walk_new(resolver, budget, goal, hash);
		if (walk == NULL) {
			return STATUS_NO_MEMORY;
		}
	} else {
		monitor_add(resolver->row, METRIC_RESOLVER_SHARED, 1);
	}
	*ret_walk = walk;
	return STATUS_OK;
}

enum status
resolver_walk_await(
	struct walk *walk, const struct walk_goal *goal, void (*step)(struct walk *walk))
{
	struct walk *child = NULL;
	enum status status = walk_for(walk->resolver, walk->budget, goal, &child);

	if (status != STATUS_OK) {
		return status;
	}
	for (struct walk *at = child; at != NULL; at = at->child) {
		if (at == walk) {
			return STATUS_CONFLICT;
		}
	}
	if (child->recursion_count < walk->recursion_count) {
		child->recursion_count = walk->recursion_count;
	}
	walk->child = child;
	walk->step = step;
	walk->next_parent = child->parents;
	child->parents = walk;
	return STATUS_OK;
}

static void
wait_unlink(struct resolver_wait *wait)
{
	struct resolver *resolver = wait->resolver;

	loop_timer_clear(resolver->loop, &wait->deadline);
	if (wait->previous == NULL) {
		resolver->waits = wait->next;
	} else {
		wait->previous->next = wait->next;
	}
	if (wait->next != NULL) {
		wait->next->previous = wait->previous;
	}
	for (struct resolver_wait **at = wait->walk == NULL ? NULL : &wait->walk->waits;
		at != NULL && *at != NULL; at = &(*at)->sibling) {
		if (*at == wait) {
			*at = wait->sibling;
			break;
		}
	}
}

static void
wait_tell(struct resolver_wait *wait, const struct resolver_answer *answer)
{
	resolver_answered *answered = wait->answered;
	void *context = wait->context;

	wait_unlink(wait);
	free(wait);
	answered(context, answer);
}

/* A parent hears what its child found; what lies in another budget's arena is copied. */
static void
parent_tell(struct walk *parent, const struct walk *child)
{
	parent->child = NULL;
	parent->heard = child->status;
	parent->heard_values = child->values;
	parent->heard_text = child->text;
	parent->heard_certified = child->is_certified;
	parent->heard_expires_ms = child->expires_ms;
	if (parent->budget != child->budget) {
		parent->heard_values.octets =
			arena_copy(parent->budget->arena, child->values.octets);
		parent->heard_text = arena_copy(parent->budget->arena, child->text);
		if (parent->heard_values.octets.at == NULL || parent->heard_text.at == NULL) {
			parent->budget->is_spent = true;
			parent->heard = STATUS_NO_MEMORY;
			parent->heard_values = (struct handle_value_list){0, {NULL, 0}};
			parent->heard_text = (struct bytes){NULL, 0};
		}
	}
	resolver_walk_ready(parent);
}

void
resolver_walk_over(struct walk *walk)
{
	struct resolver_answer answer = {
		.status = walk->status,
		.text = walk->text,
		.values = walk->values,
		.is_certified = walk->is_certified,
		.is_stale = walk->is_stale,
		.is_proven = walk->is_proven,
		.trace = walk->budget->trace,
	};

	walk->is_over = true;
	if (walk->budget->is_spent) {
		monitor_add(walk->resolver->row, METRIC_RESOLVER_BUDGETS_SPENT, 1);
	}
	while (walk->parents != NULL) {
		struct walk *parent = walk->parents;

		walk->parents = parent->next_parent;
		parent_tell(parent, walk);
	}
	/* Whoever is told may ask the next question, or cancel another one. */
	while (walk->waits != NULL) {
		wait_tell(walk->waits, &answer);
	}
	walk_free(walk);
}

static void
wait_due(void *context)
{
	struct resolver_wait *wait = context;
	struct resolver_answer answer = {
		.status = STATUS_TIMED_OUT, .text = TEXT("no answer was found in time")};

	if (wait->refusal != STATUS_OK) {
		answer.status = wait->refusal;
		answer.text = wait->refusal == STATUS_BUSY
			? TEXT("too many questions are under way")
			: (struct bytes){NULL, 0};
	}
	wait_tell(wait, &answer);
}

static void
wait_link(struct resolver_wait *wait)
{
	wait->next = wait->resolver->waits;
	if (wait->next != NULL) {
		wait->next->previous = wait;
	}
	wait->resolver->waits = wait;
}

/* "88.980" is asked for as 0.NA/88.980. False for a name that no handle can have. */
static bool
name_expand(struct bytes name, uint8_t octets[HANDLE_KEY_SIZE_MAX], struct bytes *ret_name)
{
	if (name.size == 0 || name.size > HANDLE_NAME_SIZE_MAX) {
		return false;
	}
	*ret_name = name;
	if (bytes_find(name, '/') == name.size) {
		*ret_name = bytes_over(octets, handle_name_key(name, octets));
	}
	return true;
}

/* NULL if memory is short. */
static const struct request_verify_challenge *
proof_copy(const struct request_verify_challenge *proof, struct arena *arena)
{
	struct request_verify_challenge *copy = arena_alloc(arena, sizeof(*copy));

	if (copy == NULL) {
		return NULL;
	}
	*copy = *proof;
	copy->name = arena_copy(arena, proof->name);
	copy->nonce = arena_copy(arena, proof->nonce);
	copy->request_digest = arena_copy(arena, proof->request_digest);
	copy->response = arena_copy(arena, proof->response);
	return copy->name.at == NULL || copy->nonce.at == NULL || copy->request_digest.at == NULL ||
			copy->response.at == NULL
		? NULL
		: copy;
}

static enum status
wait_begin(struct resolver_wait *wait, const struct resolver_question *question, int64_t end_ms)
{
	struct resolver *resolver = wait->resolver;
	uint8_t octets[HANDLE_KEY_SIZE_MAX];
	struct walk_goal goal = {.is_authoritative = question->is_authoritative,
		.is_certified = question->is_certified};
	int64_t now_ms = loop_now_ms(resolver->loop);
	int64_t walk_end_ms = end_ms - now_ms > 4 * TELLING_MS ? end_ms - TELLING_MS : end_ms;
	struct resolver_budget *budget;
	enum status status;

	if (!name_expand(question->name, octets, &goal.name)) {
		return STATUS_INVALID;
	}
	if (question->recursion_count >= RESOLVER_RECURSION_COUNT_MAX) {
		return STATUS_TOO_DEEP;
	}
	budget = resolver_budget_new(resolver, walk_end_ms, question->is_traced);
	if (budget == NULL) {
		return STATUS_NO_MEMORY;
	}
	goal.owner = question->is_traced || question->proof != NULL ? budget : NULL;
	if (question->proof != NULL) {
		goal.proof = proof_copy(question->proof, budget->arena);
	}
	status = question->proof != NULL && goal.proof == NULL
		? STATUS_NO_MEMORY
		: walk_for(resolver, budget, &goal, &wait->walk);
	if (status == STATUS_OK) {
		if (wait->walk->recursion_count < question->recursion_count) {
			wait->walk->recursion_count = question->recursion_count;
		}
		wait->sibling = wait->walk->waits;
		wait->walk->waits = wait;
	}
	resolver_budget_leave(budget);
	return status;
}

void
resolver_refresh(struct resolver *resolver, const struct walk_goal *goal)
{
	int64_t now_ms = loop_now_ms(resolver->loop);
	uint8_t octets[HANDLE_KEY_SIZE_MAX];
	struct walk_goal expanded = *goal;
	struct resolver_budget *budget =
		resolver_budget_new(resolver, now_ms + RESOLVER_DEADLINE_MS, false);
	struct walk *walk;

	if (budget == NULL) {
		return;
	}
	if (name_expand(goal->name, octets, &expanded.name) &&
		walk_for(resolver, budget, &expanded, &walk) == STATUS_OK &&
		walk->budget == budget) {
		walk->is_refresh = true;
	}
	resolver_budget_leave(budget);
}

struct resolver_wait *
resolver_ask(struct resolver *resolver, const struct resolver_question *question,
	resolver_answered *answered, void *context)
{
	struct resolver_wait *wait = calloc(1, sizeof(*wait));
	int64_t now_ms = loop_now_ms(resolver->loop);
	uint32_t deadline_ms =
		question->deadline_ms == 0 ? RESOLVER_DEADLINE_MS : question->deadline_ms;

	if (wait == NULL) {
		return NULL;
	}
	resolver_renewal_check(resolver);
	monitor_add(resolver->row, METRIC_RESOLVER_QUESTIONS, 1);
	wait->resolver = resolver;
	wait->answered = answered;
	wait->context = context;
	wait_link(wait);
	wait->refusal = wait_begin(wait, question, now_ms + deadline_ms);
	loop_timer_set(resolver->loop, &wait->deadline,
		wait->refusal == STATUS_OK ? now_ms + deadline_ms : now_ms, wait_due, wait);
	return wait;
}

void
resolver_cancel(struct resolver_wait *wait)
{
	if (wait != NULL) {
		wait_unlink(wait);
		free(wait);
	}
}
