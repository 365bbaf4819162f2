/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "message/message.h"

/*
 * Requests that came in several datagrams, until they are whole.
 *
 * One table of fixed size for each worker: UDP_REASSEMBLY_SLOT_COUNT messages of at most
 * UDP_REASSEMBLY_SIZE_MAX octets, UDP_REASSEMBLY_PER_SOURCE_MAX for one source, each for at
 * most UDP_REASSEMBLY_LIFE_MS. A message is known by address, port, session and request id;
 * its fragments may come in any order, and a repeated one changes nothing, also not between
 * WHOLE and reassembly_release(): the first of each counts.
 */
struct reassembly;

struct reassembly *reassembly_new(void); /* NULL if memory is short. */
void reassembly_free(struct reassembly *reassembly);

enum reassembly_verdict {
	REASSEMBLY_WHOLE, /* `ret_octets` is the message, valid until reassembly_release(). */
	REASSEMBLY_WAITING, /* More fragments are needed, or this one was there already. */
	REASSEMBLY_REFUSED, /* Not a possible fragment, or no room: dropped. */
};

struct reassembly_slot;

struct reassembly_fragment {
	const struct address *peer;
	const struct envelope *envelope;
	struct bytes octets;
	int64_t now_ms;
};
enum reassembly_verdict reassembly_add(struct reassembly *reassembly,
	const struct reassembly_fragment *fragment, struct reassembly_slot **ret_slot,
	struct bytes *ret_octets);
void reassembly_release(struct reassembly *reassembly, struct reassembly_slot *slot);

/* Forgets messages past their life; returns how many. */
size_t reassembly_expire(struct reassembly *reassembly, int64_t now_ms);
/* When the next call of that will find something; INT64_MAX if nothing waits. */
int64_t reassembly_due_ms(const struct reassembly *reassembly);
size_t reassembly_count(const struct reassembly *reassembly);
