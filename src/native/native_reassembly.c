/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_reassembly.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	FRAGMENT_COUNT_MAX =
		(UDP_REASSEMBLY_SIZE_MAX + FRAGMENT_DATA_SIZE_MAX - 1) / FRAGMENT_DATA_SIZE_MAX,
};

_Static_assert(FRAGMENT_COUNT_MAX <= 64, "one bit of a word for each fragment");

struct reassembly_slot {
	bool is_used;
	bool is_whole; /* Being answered: its octets may not change any more. */
	struct address peer;
	uint32_t session_id;
	uint32_t request_id;
	uint32_t message_size;
	uint64_t received; /* One bit a fragment. */
	int64_t begun_ms;
};

struct reassembly {
	size_t used;
	struct reassembly_slot slots[UDP_REASSEMBLY_SLOT_COUNT];
	uint8_t *octets; /* UDP_REASSEMBLY_SIZE_MAX a slot; untouched pages cost nothing. */
};

enum { OCTETS_SIZE = UDP_REASSEMBLY_SLOT_COUNT * UDP_REASSEMBLY_SIZE_MAX };

struct reassembly *
reassembly_new(void)
{
	struct reassembly *reassembly = calloc(1, sizeof(*reassembly));
	void *octets;

	if (reassembly == NULL) {
		return NULL;
	}
	octets =
		mmap(NULL, OCTETS_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (octets == MAP_FAILED) {
		free(reassembly);
		return NULL;
	}
	reassembly->octets = octets;
	return reassembly;
}

void
reassembly_free(struct reassembly *reassembly)
{
	if (reassembly != NULL) {
		munmap(reassembly->octets, OCTETS_SIZE);
		free(reassembly);
	}
}

/* The slot of this message, or a free one if its source may begin another; else NULL. */
static struct reassembly_slot *
slot_find(
	struct reassembly *reassembly, const struct address *peer, const struct envelope *envelope)
{
	struct reassembly_slot *free_slot = NULL;
	uint8_t source[16];
	uint8_t other[16];
	size_t of_source = 0;

	address_octets(peer, source);
	for (size_t i = 0; i < UDP_REASSEMBLY_SLOT_COUNT; i++) {
		struct reassembly_slot *slot = &reassembly->slots[i];

		if (!slot->is_used) {
			free_slot = free_slot == NULL ? slot : free_slot;
			continue;
		}
		if (slot->request_id == envelope->request_id &&
			slot->session_id == envelope->session_id &&
			address_equal(&slot->peer, peer)) {
			return slot;
		}
		address_octets(&slot->peer, other);
		of_source += memcmp(source, other, sizeof(source)) == 0;
	}
	return of_source < UDP_REASSEMBLY_PER_SOURCE_MAX ? free_slot : NULL;
}

static bool
fragment_is_possible(const struct envelope *envelope, struct bytes fragment)
{
	size_t offset;

	if (envelope->message_size == 0 || envelope->message_size > UDP_REASSEMBLY_SIZE_MAX ||
		envelope->sequence >= message_fragment_count(envelope->message_size)) {
		return false;
	}
	offset = (size_t)envelope->sequence * FRAGMENT_DATA_SIZE_MAX;
	return fragment.size == FRAGMENT_DATA_SIZE_MAX
		? offset + fragment.size <= envelope->message_size
		: offset + fragment.size == envelope->message_size;
}

enum reassembly_verdict
reassembly_add(struct reassembly *reassembly, const struct reassembly_fragment *fragment,
	struct reassembly_slot **ret_slot, struct bytes *ret_octets)
{
	const struct envelope *envelope = fragment->envelope;
	struct reassembly_slot *slot;
	uint8_t *octets;

	if (!fragment_is_possible(envelope, fragment->octets)) {
		return REASSEMBLY_REFUSED;
	}
	slot = slot_find(reassembly, fragment->peer, envelope);
	if (slot == NULL) {
		return REASSEMBLY_REFUSED;
	}
	if (!slot->is_used) {
		*slot = (struct reassembly_slot){.is_used = true,
			.peer = *fragment->peer,
			.session_id = envelope->session_id,
			.request_id = envelope->request_id,
			.message_size = envelope->message_size,
			.begun_ms = fragment->now_ms};
		reassembly->used++;
	}
	if (slot->message_size != envelope->message_size) {
		return REASSEMBLY_REFUSED;
	}
	if (slot->is_whole || (slot->received >> envelope->sequence & 1) != 0) {
		return REASSEMBLY_WAITING;
	}
	octets = reassembly->octets + (size_t)(slot - reassembly->slots) * UDP_REASSEMBLY_SIZE_MAX;
	memcpy(octets + (size_t)envelope->sequence * FRAGMENT_DATA_SIZE_MAX, fragment->octets.at,
		fragment->octets.size);
	slot->received |= (uint64_t)1 << envelope->sequence;
	if ((size_t)__builtin_popcountll(slot->received) <
		message_fragment_count(slot->message_size)) {
		return REASSEMBLY_WAITING;
	}
	slot->is_whole = true;
	*ret_slot = slot;
	*ret_octets = bytes_over(octets, slot->message_size);
	return REASSEMBLY_WHOLE;
}

void
reassembly_release(struct reassembly *reassembly, struct reassembly_slot *slot)
{
	slot->is_used = false;
	reassembly->used--;
}

size_t
reassembly_expire(struct reassembly *reassembly, int64_t now_ms)
{
	size_t expired = 0;

	for (size_t i = 0; i < UDP_REASSEMBLY_SLOT_COUNT && reassembly->used > 0; i++) {
		struct reassembly_slot *slot = &reassembly->slots[i];

		if (slot->is_used && now_ms - slot->begun_ms >= UDP_REASSEMBLY_LIFE_MS) {
			reassembly_release(reassembly, slot);
			expired++;
		}
	}
	return expired;
}

int64_t
reassembly_due_ms(const struct reassembly *reassembly)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < UDP_REASSEMBLY_SLOT_COUNT && reassembly->used > 0; i++) {
		const struct reassembly_slot *slot = &reassembly->slots[i];

		if (slot->is_used && slot->begun_ms + UDP_REASSEMBLY_LIFE_MS < due_ms) {
			due_ms = slot->begun_ms + UDP_REASSEMBLY_LIFE_MS;
		}
	}
	return due_ms;
}

size_t
reassembly_count(const struct reassembly *reassembly)
{
	return reassembly->used;
}
