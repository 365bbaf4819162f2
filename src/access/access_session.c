/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_session.h"

#include "access/access_session_table.h"

#include <stdlib.h>

static int64_t
idle_ms(const struct access_sessions *sessions, uint32_t timeout_s)
{
	uint32_t idle_s = sessions->limits.idle_s;

	if (timeout_s != 0 && timeout_s < idle_s) {
		idle_s = timeout_s < SESSION_IDLE_S_MIN ? SESSION_IDLE_S_MIN : timeout_s;
	}
	return (int64_t)idle_s * 1000;
}

enum status
access_session_open(struct access_sessions *sessions, const struct access_session_offer *offer,
	int64_t now_ms, uint32_t *ret_id)
{
	const struct session_agreed *agreed = access_session_offer_agreed(offer);
	struct session_slot *slot;
	uint8_t *name = malloc(agreed->setup.name.size + 1);

	if (name == NULL) {
		return STATUS_NO_MEMORY;
	}
	memcpy(name, agreed->setup.name.at, agreed->setup.name.size);
	pthread_mutex_lock(&sessions->lock);
	slot = session_begin(sessions, &agreed->source, now_ms);
	if (slot != NULL) {
		slot->version = agreed->version;
		slot->key = agreed->key;
		slot->setup = (struct access_identity){
			bytes_over(name, agreed->setup.name.size), agreed->setup.index};
		slot->idle_ms = idle_ms(sessions, agreed->timeout_s);
		slot->ends_ms = now_ms + (int64_t)sessions->limits.life_s * 1000;
		*ret_id = slot->id;
	}
	pthread_mutex_unlock(&sessions->lock);
	if (slot == NULL) {
		free(name);
		return STATUS_BUSY;
	}
	return STATUS_OK;
}

enum status
access_session_find(struct access_sessions *sessions, uint32_t id, int64_t now_ms,
	struct access_session *ret_session)
{
	const struct session_slot *slot;

	pthread_mutex_lock(&sessions->lock);
	slot = session_find(sessions, id, now_ms);
	if (slot != NULL) {
		ret_session->id = id;
		ret_session->instance = slot->instance;
		ret_session->version = slot->version;
		ret_session->key = slot->key;
		ret_session->is_proven = slot->is_proven;
		ret_session->index = slot->index;
		ret_session->name_size = (uint16_t)slot->setup.name.size;
		memcpy(ret_session->name, slot->setup.name.at, slot->setup.name.size);
	}
	pthread_mutex_unlock(&sessions->lock);
	return slot == NULL ? STATUS_NO_SESSION : STATUS_OK;
}

void
access_session_forget(struct access_session *session)
{
	crypto_forget(&session->key, sizeof(session->key));
}

/* The MAC alone; `ret_counter` is what it vouches for. */
static enum status
check_mac(
	const struct access_session *session, const struct message *message, uint32_t *ret_counter)
{
	struct credential credential;
	struct session_signed what = {.envelope = &message->envelope, .run = message->signed_run};

	if (message->credential.size == 0) {
		return STATUS_NO_PROOF;
	}
	if (credential_decode(message->credential, &credential) != STATUS_OK ||
		!bytes_equal(credential.type, TEXT("HS_MAC"))) {
		return STATUS_NO_PROOF;
	}
	/* The MACs of old versions are weaker: a session of today takes none of them. */
	if (version_at_least(session->version, 2, 7) &&
		!version_at_least(message->envelope.version, 2, 7)) {
		return STATUS_WRONG_MAC;
	}
	what.session_counter = credential.session_counter;
	if (session_mac_verify(&session->key, &what, credential.digest_name,
		    credential.signature) != STATUS_OK) {
		return STATUS_WRONG_MAC;
	}
	*ret_counter = credential.session_counter;
	return STATUS_OK;
}

/* With the lock held. Before 2.5 there were no counters: the field was another, and zero. */
static enum status
check_counter(struct access_sessions *sessions, struct session_slot *slot,
	const struct message *message, uint32_t counter)
{
	if (!version_at_least(message->envelope.version, 2, 5)) {
		return STATUS_OK;
	}
	if (counter == 0 || !session_window_takes(&slot->window, counter)) {
		sessions->counts.replayed++;
		return STATUS_REPLAYED;
	}
	return STATUS_OK;
}

enum status
access_session_check(struct access_sessions *sessions, const struct access_session *session,
	const struct message *message, int64_t now_ms)
{
	uint32_t counter = 0;
	enum status status = check_mac(session, message, &counter);
	struct session_slot *slot;

	pthread_mutex_lock(&sessions->lock);
	slot = session_find(sessions, session->id, now_ms);
	if (slot == NULL || slot->instance != session->instance) {
		status = STATUS_NO_SESSION;
	}
	if (status == STATUS_OK) {
		status = check_counter(sessions, slot, message, counter);
	}
	if (status == STATUS_OK) {
		session_touch(sessions, slot, now_ms);
	}
	sessions->counts.forged += status == STATUS_WRONG_MAC;
	pthread_mutex_unlock(&sessions->lock);
	return status;
}

bool
access_session_prove(struct access_sessions *sessions, uint32_t id,
	const struct access_identity *claimed, uint32_t index)
{
	struct session_slot *slot;
	bool is_setup = false;

	pthread_mutex_lock(&sessions->lock);
	slot = session_find_any(sessions, id);
	if (slot != NULL && slot->setup.name.size > 0) {
		is_setup = bytes_equal(slot->setup.name, claimed->name) &&
			(slot->setup.index == 0 || slot->setup.index == claimed->index ||
				slot->setup.index == index);
	}
	if (is_setup) {
		slot->index = index;
		session_set_proven(sessions, slot);
	}
	pthread_mutex_unlock(&sessions->lock);
	return is_setup;
}

uint32_t
access_session_next_counter(struct access_sessions *sessions, uint32_t id)
{
	struct session_slot *slot;
	uint32_t counter = 0;

	pthread_mutex_lock(&sessions->lock);
	slot = session_find_any(sessions, id);
	if (slot != NULL) {
		counter = ++slot->counter;
	}
	pthread_mutex_unlock(&sessions->lock);
	return counter;
}

void
access_session_sign(const struct access_session *session, const struct session_signed *what,
	struct session_mac *ret_mac)
{
	session_mac_make(&session->key, what, ret_mac);
}

/* The result under this request id and digest; NULL if there is none. */
static struct session_result *
result_find(struct session_slot *slot, uint32_t request_id, const uint8_t *digest)
{
	for (size_t i = 0; slot->results != NULL && i < SESSION_RESULT_COUNT; i++) {
		struct session_result *result = &slot->results->items[i];

		if (result->state != SESSION_RESULT_NONE && result->request_id == request_id &&
			memcmp(result->digest, digest, ACCESS_DIGEST_SIZE) == 0) {
			return result;
		}
	}
	return NULL;
}

/* A place for one more: the oldest of those that are known gives way. */
static enum status
result_begin(struct session_slot *slot, uint32_t request_id, const uint8_t *digest)
{
	struct session_results *results = slot->results;
	struct session_result *result;

	if (results == NULL) {
		results = slot->results = calloc(1, sizeof(*results));
		if (results == NULL) {
			return STATUS_NO_MEMORY;
		}
	}
	result = &results->items[results->next];
	for (size_t i = 0; i < SESSION_RESULT_COUNT && result->state == SESSION_RESULT_UNDER_WAY;
		i++) {
		results->next = (results->next + 1) % SESSION_RESULT_COUNT;
		result = &results->items[results->next];
	}
	if (result->state == SESSION_RESULT_UNDER_WAY) {
		return STATUS_BUSY;
	}
	result->request_id = request_id;
	result->state = SESSION_RESULT_UNDER_WAY;
	memcpy(result->digest, digest, ACCESS_DIGEST_SIZE);
	results->next = (results->next + 1) % SESSION_RESULT_COUNT;
	return STATUS_OK;
}

enum status
access_session_recall(struct access_sessions *sessions, uint32_t id, const struct message *message,
	struct access_result *ret_result)
{
	uint8_t digest[ACCESS_DIGEST_SIZE];
	uint32_t request_id = message->envelope.request_id;
	const struct session_result *result;
	struct session_slot *slot;
	enum status status = STATUS_NO_SESSION;

	crypto_digest(CRYPTO_SHA256, message->signed_run, digest);
	pthread_mutex_lock(&sessions->lock);
	slot = session_find_any(sessions, id);
	result = slot == NULL ? NULL : result_find(slot, request_id, digest);
	if (result != NULL && result->state == SESSION_RESULT_KNOWN) {
		*ret_result = result->result;
		status = STATUS_EXISTS;
	} else if (result != NULL) {
		status = STATUS_BUSY;
	} else if (slot != NULL) {
		status = result_begin(slot, request_id, digest);
	}
	pthread_mutex_unlock(&sessions->lock);
	return status;
}

void
access_session_settle(struct access_sessions *sessions, uint32_t id, const struct message *message,
	const struct access_result *result)
{
	uint8_t digest[ACCESS_DIGEST_SIZE];
	struct session_slot *slot;
	struct session_result *place;

	crypto_digest(CRYPTO_SHA256, message->signed_run, digest);
	pthread_mutex_lock(&sessions->lock);
	slot = session_find_any(sessions, id);
	place = slot == NULL ? NULL : result_find(slot, message->envelope.request_id, digest);
	if (place != NULL) {
		place->result = *result;
		place->state = SESSION_RESULT_KNOWN;
	}
	pthread_mutex_unlock(&sessions->lock);
}

void
access_session_end(struct access_sessions *sessions, uint32_t id)
{
	struct session_slot *slot;

	pthread_mutex_lock(&sessions->lock);
	slot = session_find_any(sessions, id);
	if (slot != NULL) {
		session_end(sessions, slot);
	}
	pthread_mutex_unlock(&sessions->lock);
}
