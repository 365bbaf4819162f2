/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_internal.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>

struct loop_udp {
	struct loop_udp *next;
	struct loop *loop;
	loop_udp_received *received;
	void *context;
	struct address address;
	struct fake_queue in;
	struct loop_udp_counts counts;
	struct loop_datagram batch[UDP_BATCH_MAX];
	size_t batch_count;
	/* Each reservation is an allocation of its own: one octet too many shows. */
	uint8_t *out_octets[UDP_BATCH_MAX];
	size_t out_sizes[UDP_BATCH_MAX];
	struct address out_peers[UDP_BATCH_MAX];
	struct loop_local out_locals[UDP_BATCH_MAX];
	size_t out_count;
	bool is_closed;
};

void
fake_queue_push(struct fake_queue *queue, const struct fake_datagram *datagram)
{
	struct fake_datagram *copy = fake_alloc(sizeof(*copy));

	*copy = *datagram;
	copy->next = NULL;
	copy->octets = fake_copy(datagram->octets);
	copy->at_ms = fake_now_ms();
	if (queue->last != NULL) {
		queue->last->next = copy;
	} else {
		queue->first = copy;
	}
	queue->last = copy;
	queue->count++;
}

struct fake_datagram *
fake_queue_pop(struct fake_queue *queue)
{
	struct fake_datagram *datagram = queue->first;

	if (datagram != NULL) {
		queue->first = datagram->next;
		queue->last = queue->first == NULL ? NULL : queue->last;
		queue->count--;
	}
	return datagram;
}

void
fake_datagram_free(struct fake_datagram *datagram)
{
	if (datagram != NULL) {
		free((void *)(uintptr_t)datagram->octets.at);
		free(datagram);
	}
}

/* The open socket that gets what is sent to `to`; one bound to just that address first. */
static struct loop_udp *
udp_find(const struct address *to)
{
	struct loop_udp *found = NULL;

	for (struct loop *loop = fake_world.loops; loop != NULL; loop = loop->next) {
		for (struct loop_udp *udp = loop->udps; udp != NULL; udp = udp->next) {
			if (udp->is_closed || !fake_address_takes(&udp->address, to)) {
				continue;
			}
			if (found == NULL || !fake_address_is_wildcard(&udp->address)) {
				found = udp;
			}
		}
	}
	return found;
}

void
fake_datagram(const struct address *from, const struct address *to, struct bytes octets)
{
	struct loop_udp *udp = udp_find(to);
	struct fake_datagram datagram = {.from = *from, .to = *to, .octets = octets};

	if (udp != NULL) {
		fake_queue_push(&udp->in, &datagram);
	}
}

bool
fake_sent_take(struct fake_sent *ret_sent)
{
	struct fake_datagram *datagram = fake_queue_pop(&fake_world.sent);

	if (datagram == NULL) {
		return false;
	}
	fake_datagram_free(fake_world.taken);
	fake_world.taken = datagram;
	*ret_sent = (struct fake_sent){
		.at_ms = datagram->at_ms,
		.from = datagram->from,
		.to = datagram->to,
		.octets = datagram->octets,
	};
	return true;
}

size_t
fake_sent_count(void)
{
	return fake_world.sent.count;
}

void
fake_udp_fill(size_t count)
{
	fake_world.fill_count = count;
}

void
fake_udp_refuse(size_t count)
{
	fake_world.refuse_count = count;
}

static struct loop_local
local_of(const struct address *address)
{
	struct loop_local local = {0};

	if (address->any.sa_family == AF_INET6) {
		memcpy(local.octets, &address->v6.sin6_addr, sizeof(address->v6.sin6_addr));
	} else {
		memcpy(local.octets, &address->v4.sin_addr, sizeof(address->v4.sin_addr));
	}
	return local;
}

/* Where an answer of a socket leaves from: on a wildcard socket the address wanted, or the
 * loopback address when nobody wanted one, as the kernel would choose. */
static struct address
udp_source(const struct loop_udp *udp, const struct loop_local *local)
{
	static const struct loop_local unknown;
	struct address from = udp->address;
	bool is_known = memcmp(local->octets, unknown.octets, sizeof(unknown.octets)) != 0;

	if (!fake_address_is_wildcard(&udp->address)) {
		return from;
	}
	if (from.any.sa_family == AF_INET6) {
		from.v6.sin6_addr = in6addr_loopback;
		if (is_known) {
			memcpy(&from.v6.sin6_addr, local->octets, sizeof(from.v6.sin6_addr));
		}
	} else {
		from.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		if (is_known) {
			memcpy(&from.v4.sin_addr, local->octets, sizeof(from.v4.sin_addr));
		}
	}
	return from;
}

static void
udp_send(struct loop_udp *udp, size_t number)
{
	struct fake_datagram datagram = {
		.from = udp_source(udp, &udp->out_locals[number]),
		.to = udp->out_peers[number],
		.octets = bytes_over(udp->out_octets[number], udp->out_sizes[number]),
	};
	struct loop_udp *other = udp_find(&datagram.to);

	if (fake_world.refuse_count > 0) {
		fake_world.refuse_count--;
		udp->counts.not_sent++;
		return;
	}
	udp->counts.sent++;
	fake_queue_push(other != NULL ? &other->in : &fake_world.sent, &datagram);
}

static void
udp_clear(struct loop_udp *udp)
{
	for (size_t i = 0; i < UDP_BATCH_MAX; i++) {
		free(udp->out_octets[i]);
		udp->out_octets[i] = NULL;
	}
	udp->out_count = 0;
}

static void
udp_flush(struct loop_udp *udp)
{
	if (udp->out_count > 0 && fake_world.fill_count > 0) {
		fake_world.fill_count--;
		udp->counts.not_sent += udp->out_count;
	} else {
		for (size_t i = 0; i < udp->out_count; i++) {
			udp_send(udp, i);
		}
	}
	udp_clear(udp);
}

static void
udp_serve(struct loop_udp *udp)
{
	struct fake_datagram *taken[UDP_BATCH_MAX];
	size_t taken_count = 0;

	udp->batch_count = 0;
	while (taken_count < UDP_BATCH_MAX && udp->in.first != NULL) {
		struct fake_datagram *datagram = fake_queue_pop(&udp->in);

		taken[taken_count++] = datagram;
		if (datagram->octets.size > DATAGRAM_IN_SIZE_MAX) {
			udp->counts.too_large++;
			continue;
		}
		udp->batch[udp->batch_count++] = (struct loop_datagram){
			.peer = datagram->from,
			.octets = datagram->octets,
		};
		if (fake_address_is_wildcard(&udp->address)) {
			udp->batch[udp->batch_count - 1].local = local_of(&datagram->to);
		}
	}
	if (udp->batch_count > 0) {
		udp->counts.received += udp->batch_count;
		udp->received(udp->context, udp, udp->batch, udp->batch_count);
		udp->batch_count = 0;
	}
	for (size_t i = 0; i < taken_count; i++) {
		fake_datagram_free(taken[i]);
	}
	if (!udp->is_closed) {
		udp_flush(udp);
	}
}

bool
fake_udps_are_ready(const struct loop *loop)
{
	for (const struct loop_udp *udp = loop->udps; udp != NULL; udp = udp->next) {
		if (udp->is_closed || udp->in.first != NULL || udp->out_count > 0) {
			return true;
		}
	}
	return false;
}

void
fake_udps_serve(struct loop *loop)
{
	for (struct loop_udp *udp = loop->udps; udp != NULL; udp = udp->next) {
		for (size_t round = 0; round < UDP_ROUND_COUNT_MAX; round++) {
			if (!udp->is_closed && udp->in.first != NULL) {
				udp_serve(udp);
			}
		}
	}
}

void
fake_udps_flush(struct loop *loop)
{
	for (struct loop_udp *udp = loop->udps; udp != NULL; udp = udp->next) {
		if (!udp->is_closed) {
			udp_flush(udp);
		}
	}
}

void
fake_udps_bury(struct loop *loop)
{
	struct loop_udp **at = &loop->udps;

	while (*at != NULL) {
		struct loop_udp *udp = *at;
		struct fake_datagram *datagram;

		if (!udp->is_closed) {
			at = &udp->next;
			continue;
		}
		*at = udp->next;
		udp_clear(udp);
		while ((datagram = fake_queue_pop(&udp->in)) != NULL) {
			fake_datagram_free(datagram);
		}
		free(udp);
	}
}

size_t
fake_udp_count(const struct loop *loop)
{
	size_t count = 0;

	for (const struct loop_udp *udp = loop->udps; udp != NULL; udp = udp->next) {
		count += udp->is_closed ? 0 : 1;
	}
	return count;
}

enum status
loop_address_check(const struct address *address, struct problem *problem)
{
	return udp_find(address) == NULL && fake_listener_find(address) == NULL
		? STATUS_OK
		: problem_set(problem, STATUS_IN_USE, "another loop has the address");
}

enum status
loop_address_choose(struct address *address, struct problem *problem)
{
	(void)problem;
	*address = fake_address_bind(address);
	return STATUS_OK;
}

struct loop_udp *
loop_udp_open(struct loop *loop, const struct address *address, loop_udp_received *received,
	void *context, struct problem *problem)
{
	struct loop_udp *udp = fake_alloc(sizeof(*udp));

	(void)problem;
	udp->loop = loop;
	udp->received = received;
	udp->context = context;
	udp->address = fake_address_bind(address);
	udp->next = loop->udps;
	loop->udps = udp;
	return udp;
}

struct loop_udp *
loop_udp_open_asking(struct loop *loop, const struct address *peer, loop_udp_received *received,
	void *context, struct problem *problem)
{
	struct address any = address_any(peer);

	return loop_udp_open(loop, &any, received, context, problem);
}

void
loop_udp_close(struct loop_udp *udp)
{
	udp->is_closed = true;
}

void
loop_udp_address(const struct loop_udp *udp, struct address *ret_address)
{
	*ret_address = udp->address;
}

struct loop_udp_counts
loop_udp_counts(const struct loop_udp *udp)
{
	return udp->counts;
}

uint8_t *
loop_udp_reserve_from(
	struct loop_udp *udp, const struct address *peer, const struct loop_local *local)
{
	if (udp->out_count == UDP_BATCH_MAX) {
		udp_flush(udp);
	}
	free(udp->out_octets[udp->out_count]);
	udp->out_octets[udp->out_count] = fake_alloc(DATAGRAM_SIZE_MAX);
	udp->out_peers[udp->out_count] = *peer;
	udp->out_locals[udp->out_count] = *local;
	return udp->out_octets[udp->out_count];
}

uint8_t *
loop_udp_reserve(struct loop_udp *udp, const struct address *peer)
{
	static const struct loop_local unknown;
	const struct loop_local *local = &unknown;

	for (size_t i = 0; i < udp->batch_count; i++) {
		if (peer == &udp->batch[i].peer) {
			local = &udp->batch[i].local;
		}
	}
	return loop_udp_reserve_from(udp, peer, local);
}

void
loop_udp_commit(struct loop_udp *udp, size_t size)
{
	assert(size <= DATAGRAM_SIZE_MAX);
	assert(udp->out_count < UDP_BATCH_MAX);
	if (size > 0 && !udp->is_closed) {
		udp->out_sizes[udp->out_count] = size;
		udp->out_count++;
	}
}
