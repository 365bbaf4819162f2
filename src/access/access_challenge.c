/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_challenge.h"

#include "access/access_queue.h"
#include "access/access_source.h"
#include "base/checksum.h"
#include "message/response.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/*
 * Slots in an array, each in one list: free, waiting (the oldest first), or answered (the one
 * that is given up first, first). An id leads to its slots through a chain of its bucket. How
 * many a source has is counted in a table of its hash: two sources that share a count by
 * chance share a budget, too.
 */
#define NO_SLOT ACCESS_QUEUE_END

enum slot_state {
	SLOT_FREE,
	SLOT_WAITING,
	SLOT_TAKEN, /* Being carried out. */
	SLOT_DONE,
	SLOT_DONE_READ,
};

/* Octets that a slot and those who took it share. */
struct kept {
	_Atomic unsigned references;
	size_t size;
	uint8_t octets[];
};

struct slot {
	enum slot_state state;
	uint32_t generation; /* Of the slot, so that an old ticket opens nothing. */
	uint32_t chain; /* Next slot of the same bucket. */
	int64_t expires_ms;
	struct access_source_key source;
	uint32_t request_id;
	struct access_challenge challenge;
	struct envelope envelope;
	struct kept *message;
	struct kept *identity; /* SLOT_DONE_READ: the name. */
	uint32_t identity_index;
	uint8_t answer[ACCESS_DIGEST_SIZE]; /* Operation 200, header and body. */
	struct access_result result;
};

struct access_challenges {
	pthread_mutex_t lock;
	struct access_challenge_limits limits;
	uint64_t seed;
	struct slot *slots;
	struct access_link *links; /* Of their lists. */
	uint32_t *buckets;
	uint32_t bucket_mask;
	struct access_queue free, waiting, answered;
	struct access_challenge_counts counts;
	uint32_t sources[ACCESS_SOURCE_COUNT];
};

struct taken {
	struct access_taken shown; /* The first member: what callers hold. */
	struct kept *message;
	struct kept *identity;
};

static struct kept *
kept_new(struct bytes octets)
{
	struct kept *kept = malloc(sizeof(*kept) + octets.size);

	if (kept != NULL) {
		atomic_init(&kept->references, 1);
		kept->size = octets.size;
		memcpy(kept->octets, octets.at, octets.size);
	}
	return kept;
}

static struct kept *
kept_ref(struct kept *kept)
{
	if (kept != NULL) {
		atomic_fetch_add(&kept->references, 1);
	}
	return kept;
}

static void
kept_unref(struct kept *kept)
{
	if (kept != NULL && atomic_fetch_sub(&kept->references, 1) == 1) {
		crypto_forget(kept->octets, kept->size); /* It may create a secret key. */
		free(kept);
	}
}

static struct bytes
kept_run(const struct kept *kept)
{
	return kept == NULL ? (struct bytes){NULL, 0} : bytes_over(kept->octets, kept->size);
}

static struct access_queue *
list_of(struct access_challenges *challenges, enum slot_state state)
{
	if (state == SLOT_FREE) {
		return &challenges->free;
	}
	return state == SLOT_WAITING ? &challenges->waiting : &challenges->answered;
}

/* Puts a slot at the end of the list of its new state. */
static void
slot_move(struct access_challenges *challenges, uint32_t number, enum slot_state state)
{
	struct slot *slot = &challenges->slots[number];

	access_queue_remove(list_of(challenges, slot->state), challenges->links, number);
	slot->state = state;
	access_queue_add(list_of(challenges, state), challenges->links, number);
}

struct access_challenges *
access_challenges_new(const struct access_challenge_limits *limits)
{
	struct access_challenges *challenges = calloc(1, sizeof(*challenges));
	uint32_t bucket_count = 16;

	if (challenges == NULL) {
		return NULL;
	}
	while (bucket_count < limits->count) {
		bucket_count *= 2;
	}
	challenges->limits = *limits;
	challenges->slots = calloc(limits->count, sizeof(challenges->slots[0]));
	challenges->links = calloc(limits->count, sizeof(challenges->links[0]));
	challenges->buckets = malloc(bucket_count * sizeof(challenges->buckets[0]));
	challenges->bucket_mask = bucket_count - 1;
	pthread_mutex_init(&challenges->lock, NULL);
	if (challenges->slots == NULL || challenges->links == NULL || challenges->buckets == NULL) {
		access_challenges_free(challenges);
		return NULL;
	}
	crypto_random(&challenges->seed, sizeof(challenges->seed));
	memset(challenges->buckets, 0xff, bucket_count * sizeof(challenges->buckets[0]));
	challenges->free = challenges->waiting = challenges->answered = access_queue_empty();
	for (uint32_t i = 0; i < limits->count; i++) {
		access_queue_add(&challenges->free, challenges->links, i);
	}
	return challenges;
}

void
access_challenges_free(struct access_challenges *challenges)
{
	if (challenges == NULL) {
		return;
	}
	for (uint32_t i = 0; challenges->slots != NULL && i < challenges->limits.count; i++) {
		kept_unref(challenges->slots[i].message);
		kept_unref(challenges->slots[i].identity);
	}
	pthread_mutex_destroy(&challenges->lock);
	free(challenges->buckets);
	free(challenges->links);
	free(challenges->slots);
	free(challenges);
}

static uint32_t *
source_count(struct access_challenges *challenges, const struct access_source_key *source)
{
	uint64_t hash =
		checksum_over(bytes_over(source->octets, sizeof(source->octets)), challenges->seed);

	return &challenges->sources[hash % ACCESS_SOURCE_COUNT];
}

static uint32_t *
bucket_of(struct access_challenges *challenges, uint32_t id)
{
	return &challenges->buckets[(id >> 1) & challenges->bucket_mask];
}

static size_t
slot_octets(const struct slot *slot)
{
	return kept_run(slot->message).size + kept_run(slot->identity).size;
}

static void
slot_forget_octets(struct access_challenges *challenges, struct slot *slot)
{
	challenges->counts.octets -= slot_octets(slot);
	kept_unref(slot->message);
	kept_unref(slot->identity);
	slot->message = NULL;
	slot->identity = NULL;
}

static void
slot_free(struct access_challenges *challenges, uint32_t number)
{
	struct slot *slot = &challenges->slots[number];
	uint32_t *link = bucket_of(challenges, slot->challenge.id);

	while (*link != number) {
		link = &challenges->slots[*link].chain;
	}
	*link = slot->chain;
	if (slot->state == SLOT_WAITING) {
		--*source_count(challenges, &slot->source);
	}
	slot_forget_octets(challenges, slot);
	slot->generation++;
	slot_move(challenges, number, SLOT_FREE);
}

/* What has expired stands at the front of its list. */
static void
expire(struct access_challenges *challenges, struct access_queue *list, int64_t now_ms)
{
	while (list->first != NO_SLOT && challenges->slots[list->first].expires_ms <= now_ms) {
		challenges->counts.expired += challenges->slots[list->first].state == SLOT_WAITING;
		slot_free(challenges, list->first);
	}
}

/* Makes room for one more of `size` octets: results go first, then the oldest challenges. */
static bool
make_room(struct access_challenges *challenges, size_t size)
{
	while (challenges->free.count == 0 ||
		challenges->counts.octets + size > challenges->limits.octets) {
		uint32_t number = challenges->answered.first != NO_SLOT ? challenges->answered.first
									: challenges->waiting.first;

		if (number == NO_SLOT) {
			return false;
		}
		challenges->counts.displaced++;
		slot_free(challenges, number);
	}
	return true;
}

static uint32_t
find_id(struct access_challenges *challenges, uint32_t id)
{
	uint32_t number = *bucket_of(challenges, id);

	while (number != NO_SLOT && challenges->slots[number].challenge.id != id) {
		number = challenges->slots[number].chain;
	}
	return number;
}

/* Odd: even ones are those of sessions. */
static uint32_t
draw_id(struct access_challenges *challenges)
{
	uint32_t id;

	do {
		crypto_random(&id, sizeof(id));
		id = (id & INT32_MAX) | 1;
	} while (find_id(challenges, id) != NO_SLOT);
	return id;
}

/* Of this session: the same request asked again is given the same challenge, any other takes
 * the place of what there was. */
static bool
add_again(struct access_challenges *challenges, const struct request *request,
	struct access_challenge *challenge)
{
	uint32_t number = find_id(challenges, request->message.envelope.session_id);
	const struct slot *slot = &challenges->slots[number];

	if (number == NO_SLOT) {
		return false;
	}
	if (slot->state == SLOT_WAITING &&
		slot->request_id == request->message.envelope.request_id &&
		bytes_equal(kept_run(slot->message), request->message.signed_run)) {
		*challenge = slot->challenge;
		return true;
	}
	slot_free(challenges, number);
	return false;
}

static enum status
add_new(struct access_challenges *challenges, const struct access_challenge_order *order,
	struct kept *message, struct access_challenge *challenge)
{
	struct access_source_key source = access_source_key(order->source);
	const struct envelope *envelope = &order->request->message.envelope;
	uint32_t *count = source_count(challenges, &source);
	uint32_t number;
	uint32_t *bucket;

	if (*count >= challenges->limits.count_per_source ||
		!make_room(challenges, message->size)) {
		return STATUS_BUSY;
	}
	challenge->id = envelope->session_id != 0 ? envelope->session_id : draw_id(challenges);
	number = challenges->free.first;
	slot_move(challenges, number, SLOT_WAITING);
	bucket = bucket_of(challenges, challenge->id);

	struct slot *slot = &challenges->slots[number];

	slot->chain = *bucket;
	*bucket = number;
	slot->expires_ms = order->now_ms + challenges->limits.life_ms;
	slot->source = source;
	slot->request_id = envelope->request_id;
	slot->challenge = *challenge;
	slot->envelope = *envelope;
	slot->message = message;
	challenges->counts.octets += message->size;
	challenges->counts.made++;
	++*count;
	return STATUS_OK;
}

/* Nonce and digest, as the answer 402 carries them. */
static void
challenge_make(const struct request *request, struct access_challenge *ret_challenge)
{
	struct response response;

	crypto_random(ret_challenge->nonce, sizeof(ret_challenge->nonce));
	response_begin(request, RESPONSE_AUTHENTICATION_NEEDED, 0, false, 0, &response);
	response_digest(request, true, ret_challenge->digest, &response);
	ret_challenge->digest_code = response.digest_code;
	ret_challenge->digest_size = (uint8_t)response.digest.size;
}

enum status
access_challenge_add(struct access_challenges *challenges,
	const struct access_challenge_order *order, struct access_challenge *ret_challenge)
{
	const struct message *asked = &order->request->message;
	struct kept *message = kept_new(asked->signed_run);
	struct access_challenge challenge = {.id = 0};
	enum status status = STATUS_OK;
	bool is_known;

	if (message == NULL) {
		return STATUS_NO_MEMORY;
	}
	challenge_make(order->request, &challenge);
	pthread_mutex_lock(&challenges->lock);
	expire(challenges, &challenges->waiting, order->now_ms);
	expire(challenges, &challenges->answered, order->now_ms);
	is_known = asked->envelope.session_id != 0 &&
		add_again(challenges, order->request, &challenge);
	if (!is_known) {
		status = add_new(challenges, order, message, &challenge);
	}
	pthread_mutex_unlock(&challenges->lock);
	if (is_known || status != STATUS_OK) {
		kept_unref(message);
	}
	if (status == STATUS_OK) {
		*ret_challenge = challenge;
	}
	return status;
}

struct version
access_taken_version(const struct access_taken *taken)
{
	return version_to_answer(&taken->envelope);
}

void
access_taken_free(struct access_taken *shown)
{
	struct taken *taken = (struct taken *)shown;

	if (taken != NULL) {
		kept_unref(taken->message);
		kept_unref(taken->identity);
		free(taken);
	}
}

static void
taken_fill(struct taken *taken, const struct slot *slot, uint32_t number)
{
	taken->message = kept_ref(slot->message);
	taken->identity = kept_ref(slot->identity);
	taken->shown = (struct access_taken){
		.challenge = slot->challenge,
		.envelope = slot->envelope,
		.message = kept_run(taken->message),
		.is_proven = slot->state == SLOT_DONE_READ,
		.identity = {kept_run(taken->identity), slot->identity_index},
		.ticket = (uint64_t)slot->generation << 32 | number,
	};
}

/* The verdict about an answer with this digest, and what follows from it. */
static enum status
take(struct access_challenges *challenges, uint32_t number, const uint8_t *answer, int64_t now_ms,
	struct access_result *ret_result)
{
	struct slot *slot = &challenges->slots[number];
	bool is_repeated = memcmp(slot->answer, answer, ACCESS_DIGEST_SIZE) == 0;

	if (slot->expires_ms <= now_ms) {
		return STATUS_CHALLENGE_GONE;
	}
	if (slot->state == SLOT_WAITING) {
		--*source_count(challenges, &slot->source);
		memcpy(slot->answer, answer, ACCESS_DIGEST_SIZE);
		slot_move(challenges, number, SLOT_TAKEN);
		slot->expires_ms = now_ms + CHALLENGE_RESULT_LIFE_MS;
		challenges->counts.answered++;
		return STATUS_OK;
	}
	if (!is_repeated) {
		return STATUS_CHALLENGE_GONE;
	}
	challenges->counts.repeated++;
	if (slot->state == SLOT_TAKEN) {
		return STATUS_BUSY;
	}
	if (slot->state == SLOT_DONE_READ) {
		return STATUS_OK;
	}
	*ret_result = slot->result;
	return STATUS_EXISTS;
}

enum status
access_challenge_take(struct access_challenges *challenges, const struct request *answer,
	const uint8_t source[16], int64_t now_ms, struct access_taken **ret_taken,
	struct access_result *ret_result)
{
	struct access_source_key key = access_source_key(source);
	struct taken *taken = calloc(1, sizeof(*taken));
	enum status status = STATUS_CHALLENGE_GONE;
	uint8_t digest[ACCESS_DIGEST_SIZE];
	uint32_t number;

	if (taken == NULL) {
		return STATUS_NO_MEMORY;
	}
	crypto_digest(CRYPTO_SHA256, answer->message.signed_run, digest);
	pthread_mutex_lock(&challenges->lock);
	number = find_id(challenges, answer->message.envelope.session_id);
	if (number != NO_SLOT &&
		memcmp(&challenges->slots[number].source, &key, sizeof(key)) == 0) {
		status = take(challenges, number, digest, now_ms, ret_result);
	}
	if (status == STATUS_OK || status == STATUS_EXISTS) {
		taken_fill(taken, &challenges->slots[number], number);
	}
	pthread_mutex_unlock(&challenges->lock);
	if (status != STATUS_OK && status != STATUS_EXISTS) {
		free(taken);
		return status;
	}
	*ret_taken = &taken->shown;
	return status;
}

/* The slot of a ticket, still being carried out; NULL if it was given up meanwhile. */
static struct slot *
slot_of(struct access_challenges *challenges, uint64_t ticket, enum slot_state state,
	int64_t now_ms)
{
	uint32_t number = (uint32_t)ticket;
	struct slot *slot = &challenges->slots[number];

	assert(number < challenges->limits.count);
	if (slot->generation != ticket >> 32 || slot->state != SLOT_TAKEN) {
		return NULL;
	}
	slot_move(challenges, number, state);
	slot->expires_ms = now_ms + CHALLENGE_RESULT_LIFE_MS;
	return slot;
}

void
access_challenge_settle(struct access_challenges *challenges, uint64_t ticket,
	const struct access_result *result, int64_t now_ms)
{
	struct slot *slot;

	pthread_mutex_lock(&challenges->lock);
	slot = slot_of(challenges, ticket, SLOT_DONE, now_ms);
	if (slot != NULL) {
		slot->result = *result;
	}
	pthread_mutex_unlock(&challenges->lock);
}

void
access_challenge_settle_read(struct access_challenges *challenges, const struct access_taken *taken,
	const struct access_identity *identity, int64_t now_ms)
{
	/* Without memory for the name a repeated answer finds nothing: the client starts anew. */
	struct kept *name = kept_new(identity->name);
	struct slot *slot = NULL;

	if (name == NULL) {
		return;
	}
	pthread_mutex_lock(&challenges->lock);
	slot = slot_of(challenges, taken->ticket, SLOT_DONE_READ, now_ms);
	if (slot != NULL) {
		slot->identity = name;
		slot->identity_index = identity->index;
		challenges->counts.octets += name->size;
	}
	pthread_mutex_unlock(&challenges->lock);
	if (slot == NULL) {
		kept_unref(name);
	}
}

void
access_challenges_sweep(struct access_challenges *challenges, int64_t now_ms)
{
	pthread_mutex_lock(&challenges->lock);
	expire(challenges, &challenges->waiting, now_ms);
	expire(challenges, &challenges->answered, now_ms);
	pthread_mutex_unlock(&challenges->lock);
}

void
access_challenges_count(
	struct access_challenges *challenges, struct access_challenge_counts *ret_counts)
{
	pthread_mutex_lock(&challenges->lock);
	*ret_counts = challenges->counts;
	ret_counts->waiting = challenges->waiting.count;
	ret_counts->results = challenges->answered.count;
	pthread_mutex_unlock(&challenges->lock);
}
