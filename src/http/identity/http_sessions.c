/* SPDX-License-Identifier: Apache-2.0 */
#include "http/identity/http_sessions.h"

#include "base/checksum.h"
#include "crypto/crypto.h"

#include <pthread.h>
#include <stdlib.h>

enum { SET_COUNT = 256, SECRET_SIZE = 16, NETWORK_V6_SIZE = 7 };

_Static_assert(SET_COUNT *HTTP_SESSION_SET_SIZE <= 0x10000, "a place has four hex digits");

struct slot {
	uint8_t secret[SECRET_SIZE];
	uint8_t nonce[HTTP_SESSION_NONCE_SIZE];
	int64_t used_ms;
	uint8_t *name; /* NULL: nobody has proven anything. */
	size_t name_size;
	uint32_t index;
	bool is_used;
};

struct http_sessions {
	pthread_mutex_t lock;
	uint8_t salt[16]; /* Nobody can tell beforehand whose neighbour he is. */
	struct slot slots[SET_COUNT][HTTP_SESSION_SET_SIZE];
};

struct http_sessions *
http_sessions_new(void)
{
	struct http_sessions *sessions = calloc(1, sizeof(*sessions));

	if (sessions != NULL) {
		pthread_mutex_init(&sessions->lock, NULL);
		crypto_random(sessions->salt, sizeof(sessions->salt));
	}
	return sessions;
}

static void
slot_clear(struct slot *slot)
{
	free(slot->name);
	crypto_forget(slot, sizeof(*slot));
}

void
http_sessions_free(struct http_sessions *sessions)
{
	if (sessions == NULL) {
		return;
	}
	for (size_t i = 0; i < (size_t)SET_COUNT * HTTP_SESSION_SET_SIZE; i++) {
		slot_clear(&sessions->slots[0][0] + i);
	}
	pthread_mutex_destroy(&sessions->lock);
	free(sessions);
}

static size_t
set_of(const struct http_sessions *sessions, const uint8_t source[16])
{
	static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff};
	uint8_t key[32];

	memcpy(key, sessions->salt, 16);
	memcpy(key + 16, source, 16);
	if (memcmp(source, v4, sizeof(v4)) == 0) {
		key[31] = 0;
	} else {
		memset(key + 16 + NETWORK_V6_SIZE, 0, 16 - NETWORK_V6_SIZE);
	}
	return checksum_over(bytes_over(key, sizeof(key)), 0) % SET_COUNT;
}

static bool
slot_is_over(const struct slot *slot, int64_t now_ms)
{
	return !slot->is_used || now_ms - slot->used_ms > (int64_t)HTTP_SESSION_IDLE_S * 1000;
}

/* Whether `one` gives way before `other`. */
static bool
slot_goes_before(const struct slot *one, const struct slot *other, int64_t now_ms)
{
	bool is_over = slot_is_over(one, now_ms);

	if (is_over != slot_is_over(other, now_ms)) {
		return is_over;
	}
	if ((one->name == NULL) != (other->name == NULL)) {
		return one->name == NULL;
	}
	return one->used_ms < other->used_ms;
}

static void
hex_write(const uint8_t *octets, size_t size, char *text)
{
	for (size_t i = 0; i < size; i++) {
		text[2 * i] = "0123456789abcdef"[octets[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[octets[i] & 0x0f];
	}
}

static void
session_copy(const struct http_sessions *sessions, const struct slot *slot,
	struct http_session *ret_session)
{
	size_t place = (size_t)(slot - &sessions->slots[0][0]);
	uint8_t octets[2] = {(uint8_t)(place >> 8), (uint8_t)place};

	*ret_session = (struct http_session){.is_proven = slot->name != NULL,
		.index = slot->index,
		.name_size = slot->name_size};
	hex_write(octets, sizeof(octets), ret_session->id);
	hex_write(slot->secret, SECRET_SIZE, ret_session->id + 4);
	memcpy(ret_session->nonce, slot->nonce, sizeof(slot->nonce));
	if (slot->name != NULL) {
		memcpy(ret_session->name, slot->name, slot->name_size);
	}
}

void
http_sessions_begin(struct http_sessions *sessions, const uint8_t source[16], int64_t now_ms,
	struct http_session *ret_session)
{
	struct slot *set = sessions->slots[set_of(sessions, source)];
	struct slot *slot = &set[0];

	pthread_mutex_lock(&sessions->lock);
	for (size_t i = 1; i < HTTP_SESSION_SET_SIZE; i++) {
		if (slot_goes_before(&set[i], slot, now_ms)) {
			slot = &set[i];
		}
	}
	slot_clear(slot);
	slot->is_used = true;
	slot->used_ms = now_ms;
	crypto_random(slot->secret, SECRET_SIZE);
	crypto_random(slot->nonce, sizeof(slot->nonce));
	session_copy(sessions, slot, ret_session);
	pthread_mutex_unlock(&sessions->lock);
}

/* -1: no hex digit. */
static int
digit_of(uint8_t octet)
{
	if (octet >= '0' && octet <= '9') {
		return octet - '0';
	}
	return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

static struct slot *
slot_find(struct http_sessions *sessions, const uint8_t *id, size_t size, int64_t now_ms)
{
	uint8_t octets[HTTP_SESSION_ID_SIZE / 2];
	struct slot *slot;
	size_t place;

	if (size != HTTP_SESSION_ID_SIZE) {
		return NULL;
	}
	for (size_t i = 0; i < sizeof(octets); i++) {
		int high = digit_of(id[2 * i]);
		int low = digit_of(id[2 * i + 1]);

		if (high < 0 || low < 0) {
			return NULL;
		}
		octets[i] = (uint8_t)(high << 4 | low);
	}
	place = (size_t)octets[0] << 8 | octets[1];
	if (place >= (size_t)SET_COUNT * HTTP_SESSION_SET_SIZE) {
		return NULL;
	}
	slot = &sessions->slots[0][0] + place;
	return !slot_is_over(slot, now_ms) &&
			crypto_equal(bytes_over(octets + 2, SECRET_SIZE),
				bytes_over(slot->secret, SECRET_SIZE))
		? slot
		: NULL;
}

bool
http_sessions_find(struct http_sessions *sessions, const void *id, size_t id_size, int64_t now_ms,
	struct http_session *ret_session)
{
	struct slot *slot;

	pthread_mutex_lock(&sessions->lock);
	slot = slot_find(sessions, id, id_size, now_ms);
	if (slot != NULL) {
		slot->used_ms = now_ms;
		session_copy(sessions, slot, ret_session);
	}
	pthread_mutex_unlock(&sessions->lock);
	return slot != NULL;
}

bool
http_sessions_prove(
	struct http_sessions *sessions, const struct http_session *session, int64_t now_ms)
{
	uint8_t *name = malloc(session->name_size);
	struct slot *slot;

	if (name == NULL || session->name_size == 0) {
		free(name);
		return false;
	}
	memcpy(name, session->name, session->name_size);
	pthread_mutex_lock(&sessions->lock);
	slot = slot_find(sessions, (const uint8_t *)session->id, HTTP_SESSION_ID_SIZE, now_ms);
	if (slot != NULL) {
		uint8_t *before = slot->name;

		slot->name = name;
		slot->name_size = session->name_size;
		slot->index = session->index;
		slot->used_ms = now_ms;
		name = before;
	}
	pthread_mutex_unlock(&sessions->lock);
	free(name);
	return slot != NULL;
}

void
http_sessions_end(struct http_sessions *sessions, const struct http_session *session)
{
	struct slot *slot;

	pthread_mutex_lock(&sessions->lock);
	slot = slot_find(
		sessions, (const uint8_t *)session->id, HTTP_SESSION_ID_SIZE, INT64_MIN / 2);
	if (slot != NULL) {
		slot_clear(slot);
	}
	pthread_mutex_unlock(&sessions->lock);
}
