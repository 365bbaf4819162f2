/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_internal.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * The hot path of the node. All headers, addresses and buffers are laid out when the socket
 * is opened, and recvmmsg writes each peer's address straight into the batch that the
 * callback sees; a round is one recvmmsg, the callback, one sendmmsg, and nothing else.
 *
 * That takes 150 KiB of room. Sockets that only ask share one room in each loop: callbacks are not
 * nested, so what came lies there while its owner is shown it; and what is queued by one socket
 * leaves before another one queues anything.
 *
 * The strides of the buffers are odd numbers of cache lines, so that the first lines of all
 * buffers spread over the whole cache instead of fighting for a few sets.
 */
enum {
	IN_STRIDE = DATAGRAM_IN_SIZE_MAX, /* 23 lines of 64. */
	OUT_STRIDE = DATAGRAM_SIZE_MAX + 64, /* 9 lines. */
	SOCKET_BUFFER_SIZE = 4194304, /* About 8000 small datagrams: 10 ms of flood. */
};

/* Room for the one control message we ask for and give: the local address. */
enum { CONTROL_SIZE = CMSG_SPACE(sizeof(struct in6_pktinfo)) };

struct udp_room {
	struct loop_udp *sender; /* Whose datagrams wait. */
	struct loop_datagram batch[UDP_BATCH_MAX];
	struct address out_peers[UDP_BATCH_MAX];
	struct mmsghdr in_headers[UDP_BATCH_MAX];
	struct mmsghdr out_headers[UDP_BATCH_MAX];
	struct iovec in_runs[UDP_BATCH_MAX];
	struct iovec out_runs[UDP_BATCH_MAX];
	_Alignas(8) uint8_t in_controls[UDP_BATCH_MAX][CONTROL_SIZE];
	_Alignas(8) uint8_t out_controls[UDP_BATCH_MAX][CONTROL_SIZE];
	_Alignas(64) uint8_t in_octets[UDP_BATCH_MAX][IN_STRIDE];
	_Alignas(64) uint8_t out_octets[UDP_BATCH_MAX][OUT_STRIDE];
};

struct loop_udp {
	struct loop_source source;
	struct udp_room *room;
	loop_udp_received *received;
	void *context;
	bool is_wildcard; /* The local address of what comes is known. */
	bool is_v6;
	bool is_asking; /* The room is the loop's. */
	bool is_queued; /* On the loop's list of sockets to be flushed. */
	bool is_serving; /* The callback runs; its answers leave when it returns. */
	size_t batch_count; /* Of the running callback. */
	size_t out_count;
	struct loop_udp *next_queued;
	struct loop_udp_counts counts;
};

static void
udp_read_local(struct msghdr *header, struct loop_local *ret_local)
{
	struct loop_local local = {0};

	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control != NULL;
		control = CMSG_NXTHDR(header, control)) {
		if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(control), sizeof(info));
			/* Where a broadcast came to is no address to answer from; this is. */
			memcpy(local.octets, &info.ipi_spec_dst, sizeof(info.ipi_spec_dst));
		}
		if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(control), sizeof(info));
			if (!IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) {
				memcpy(local.octets, &info.ipi6_addr, sizeof(info.ipi6_addr));
			}
			if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) {
				local.interface = (uint32_t)info.ipi6_ifindex;
			}
		}
	}
	*ret_local = local;
}

static void
udp_write_local(struct loop_udp *udp, size_t number, const struct loop_local *local)
{
	uint8_t *at = udp->room->out_controls[number] + CMSG_LEN(0);

	if (udp->is_v6) {
		struct in6_pktinfo info = {.ipi6_ifindex = local->interface};

		memcpy(&info.ipi6_addr, local->octets, sizeof(info.ipi6_addr));
		memcpy(at, &info, sizeof(info));
	} else {
		struct in_pktinfo info = {0};

		memcpy(&info.ipi_spec_dst, local->octets, sizeof(info.ipi_spec_dst));
		memcpy(at, &info, sizeof(info));
	}
}

static void
udp_flush(struct loop_udp *udp)
{
	size_t sent = 0;

	while (sent < udp->out_count) {
		int count = sendmmsg(udp->source.fd, udp->room->out_headers + sent,
			(unsigned)(udp->out_count - sent), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (count > 0) {
			udp->counts.sent += (uint64_t)count;
			sent += (size_t)count;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			/* Full is full; whoever asked will ask again. */
			udp->counts.not_sent += udp->out_count - sent;
			break;
		} else {
			/* Only the first datagram is to blame: no route, a filter, port 0. */
			udp->counts.not_sent++;
			sent++;
		}
	}
	udp->out_count = 0;
}

static size_t
udp_receive(struct loop_udp *udp)
{
	struct udp_room *room = udp->room;
	int received =
		recvmmsg(udp->source.fd, room->in_headers, UDP_BATCH_MAX, MSG_DONTWAIT, NULL);
	size_t count = 0;

	for (int i = 0; i < received; i++) {
		struct mmsghdr *header = &room->in_headers[i];
		struct loop_datagram *datagram = &room->batch[count];

		if (udp->is_wildcard) {
			udp_read_local(&header->msg_hdr, &datagram->local);
			header->msg_hdr.msg_controllen = CONTROL_SIZE;
		}
		if ((header->msg_hdr.msg_flags & MSG_TRUNC) != 0) {
			udp->counts.too_large++;
			continue;
		}
		if (count != (size_t)i) {
			datagram->peer = room->batch[i].peer;
		}
		datagram->octets = bytes_over(room->in_octets[i], header->msg_len);
		count++;
	}
	udp->batch_count = count;
	udp->counts.received += count;
	return received < 0 ? 0 : (size_t)received;
}

static void
udp_ready(struct loop_source *source, uint32_t events)
{
	struct loop_udp *udp = (struct loop_udp *)source;

	(void)events;
	for (size_t round = 0; round < UDP_ROUND_COUNT_MAX; round++) {
		size_t received = udp_receive(udp);

		if (udp->batch_count > 0) {
			udp->is_serving = true;
			udp->received(udp->context, udp, udp->room->batch, udp->batch_count);
			udp->is_serving = false;
			udp->batch_count = 0;
			if (source->fd < 0) {
				return;
			}
			if (udp->out_count > 0) {
				udp_flush(udp);
			}
		}
		/* A batch that was not full emptied the socket; epoll tells when more comes. */
		if (received < UDP_BATCH_MAX) {
			return;
		}
	}
}

static void
udp_dead(struct loop_source *source)
{
	struct loop_udp *udp = (struct loop_udp *)source;

	if (!udp->is_asking) {
		free(udp->room);
	}
	free(udp);
}

/* NULL if memory is short. */
static struct udp_room *
room_new(bool is_v6, bool is_wildcard)
{
	struct udp_room *room = aligned_alloc(_Alignof(struct udp_room), sizeof(*room));
	socklen_t peer_size = is_v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (room == NULL) {
		return NULL;
	}
	memset(room, 0, sizeof(*room));
	for (size_t i = 0; i < UDP_BATCH_MAX; i++) {
		struct msghdr *in = &room->in_headers[i].msg_hdr;
		struct msghdr *out = &room->out_headers[i].msg_hdr;

		room->in_runs[i] = (struct iovec){room->in_octets[i], DATAGRAM_IN_SIZE_MAX};
		room->out_runs[i] = (struct iovec){room->out_octets[i], 0};
		/* The kernel writes back the size of the peer's address: that of the family. */
		room->batch[i].peer.size = peer_size;
		*in = (struct msghdr){.msg_name = &room->batch[i].peer.any,
			.msg_namelen = peer_size,
			.msg_iov = &room->in_runs[i],
			.msg_iovlen = 1};
		*out = (struct msghdr){.msg_name = &room->out_peers[i].any,
			.msg_namelen = peer_size,
			.msg_iov = &room->out_runs[i],
			.msg_iovlen = 1};
		if (is_wildcard) {
			size_t size =
				is_v6 ? sizeof(struct in6_pktinfo) : sizeof(struct in_pktinfo);
			struct cmsghdr control = {.cmsg_len = CMSG_LEN(size),
				.cmsg_level = is_v6 ? IPPROTO_IPV6 : IPPROTO_IP,
				.cmsg_type = is_v6 ? IPV6_PKTINFO : IP_PKTINFO};

			memcpy(room->out_controls[i], &control, sizeof(control));
			in->msg_control = room->in_controls[i];
			in->msg_controllen = CONTROL_SIZE;
			out->msg_control = room->out_controls[i];
			out->msg_controllen = CMSG_SPACE(size);
		}
	}
	return room;
}

void
loop_udp_rooms_free(struct loop *loop)
{
	free(loop->asking_rooms[0]);
	free(loop->asking_rooms[1]);
}

/* All best effort: smaller buffers only lose more, under a flood or of an answer in hundreds of
 * datagrams. Root may exceed the limits of the system. */
static void
udp_set_buffer(const struct loop_udp *udp, int forced, int plain)
{
	int size = SOCKET_BUFFER_SIZE;

	if (setsockopt(udp->source.fd, SOL_SOCKET, forced, &size, sizeof(size)) != 0) {
		(void)setsockopt(udp->source.fd, SOL_SOCKET, plain, &size, sizeof(size));
	}
}

static void
udp_set_options(const struct loop_udp *udp)
{
	int fd = udp->source.fd;
	int on = 1;

	udp_set_buffer(udp, SO_RCVBUFFORCE, SO_RCVBUF);
	udp_set_buffer(udp, SO_SNDBUFFORCE, SO_SNDBUF);
	/* Without the local address the kernel chooses. */
	if (udp->is_wildcard && udp->is_v6) {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	} else if (udp->is_wildcard) {
		(void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	}
}

static bool
address_is_wildcard(const struct address *address)
{
	return address->any.sa_family == AF_INET6
		? IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr)
		: address->v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

/* NULL if memory is short; takes the room over. */
static struct loop_udp *
udp_new(struct udp_room *room, loop_udp_received *received, void *context)
{
	struct loop_udp *udp = room == NULL ? NULL : calloc(1, sizeof(*udp));

	if (udp != NULL) {
		udp->source.ready = udp_ready;
		udp->source.dead = udp_dead;
		udp->source.fd = -1;
		udp->room = room;
		udp->received = received;
		udp->context = context;
	}
	return udp;
}

/* Its socket is open, or was refused. NULL: all of it is gone. */
static struct loop_udp *
udp_watch(struct loop *loop, struct loop_udp *udp, struct problem *problem)
{
	if (udp->source.fd >= 0) {
		if (loop_source_open(loop, &udp->source, EPOLLIN)) {
			return udp;
		}
		problem_system(problem, "cannot watch a UDP socket");
		close(udp->source.fd);
	}
	udp_dead(&udp->source);
	return NULL;
}

struct loop_udp *
loop_udp_open(struct loop *loop, const struct address *address, loop_udp_received *received,
	void *context, struct problem *problem)
{
	bool is_v6 = address->any.sa_family == AF_INET6;
	bool is_wildcard = address_is_wildcard(address);
	struct udp_room *room = room_new(is_v6, is_wildcard);
	struct loop_udp *udp = udp_new(room, received, context);

	if (udp == NULL) {
		problem_system(problem, "cannot make a UDP socket");
		free(room);
		return NULL;
	}
	udp->is_v6 = is_v6;
	udp->is_wildcard = is_wildcard;
	udp->source.fd = loop_socket_open(SOCK_DGRAM, address, problem);
	if (udp->source.fd >= 0) {
		udp_set_options(udp);
	}
	return udp_watch(loop, udp, problem);
}

struct loop_udp *
loop_udp_open_asking(struct loop *loop, const struct address *peer, loop_udp_received *received,
	void *context, struct problem *problem)
{
	bool is_v6 = peer->any.sa_family == AF_INET6;
	struct address any = address_any(peer);
	struct udp_room **room = &loop->asking_rooms[is_v6];
	struct loop_udp *udp;

	if (*room == NULL) {
		*room = room_new(is_v6, false);
	}
	udp = udp_new(*room, received, context);
	if (udp == NULL) {
		problem_system(problem, "cannot make a UDP socket");
		return NULL;
	}
	udp->is_v6 = is_v6;
	udp->is_asking = true;
	udp->source.fd = loop_socket_open_alone(&any, problem);
	if (udp->source.fd >= 0) {
		udp_set_buffer(udp, SO_RCVBUFFORCE, SO_RCVBUF);
	}
	return udp_watch(loop, udp, problem);
}

void
loop_udp_close(struct loop_udp *udp)
{
	if (udp->is_queued) {
		struct loop_udp **at = &udp->source.loop->queued;

		while (*at != udp) {
			at = &(*at)->next_queued;
		}
		*at = udp->next_queued;
		udp->is_queued = false;
	}
	udp->out_count = 0;
	if (udp->room->sender == udp) {
		udp->room->sender = NULL;
	}
	loop_source_close(&udp->source);
}

void
loop_udp_address(const struct loop_udp *udp, struct address *ret_address)
{
	loop_socket_address(udp->source.fd, ret_address);
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
	struct udp_room *room = udp->room;

	if (udp->is_asking && room->sender != udp) {
		if (room->sender != NULL) {
			udp_flush(room->sender);
		}
		room->sender = udp;
	}
	if (udp->out_count == UDP_BATCH_MAX) {
		udp_flush(udp);
	}
	room->out_peers[udp->out_count] = *peer;
	if (udp->is_wildcard) {
		udp_write_local(udp, udp->out_count, local);
	}
	return room->out_octets[udp->out_count];
}

uint8_t *
loop_udp_reserve(struct loop_udp *udp, const struct address *peer)
{
	static const struct loop_local unknown;
	const struct loop_local *local = &unknown;

	if (udp->is_wildcard) {
		/* A peer inside the batch is the first member of its datagram. */
		uintptr_t start = (uintptr_t)udp->room->batch;
		uintptr_t end = (uintptr_t)(udp->room->batch + udp->batch_count);

		if ((uintptr_t)peer >= start && (uintptr_t)peer < end) {
			local = &((const struct loop_datagram *)peer)->local;
		}
	}
	return loop_udp_reserve_from(udp, peer, local);
}

void
loop_udp_commit(struct loop_udp *udp, size_t size)
{
	assert(size <= DATAGRAM_SIZE_MAX);
	assert(udp->out_count < UDP_BATCH_MAX);
	if (size == 0 || udp->source.fd < 0) {
		return;
	}
	if (udp->source.loop->impairment != NULL &&
		loop_impairment_cuts(
			udp->source.loop->impairment, &udp->room->out_peers[udp->out_count])) {
		return;
	}
	udp->room->out_runs[udp->out_count].iov_len = size;
	udp->out_count++;
	if (!udp->is_serving && !udp->is_queued) {
		udp->is_queued = true;
		udp->next_queued = udp->source.loop->queued;
		udp->source.loop->queued = udp;
	}
}

void
loop_udp_flush_all(struct loop *loop)
{
	while (loop->queued != NULL) {
		struct loop_udp *udp = loop->queued;

		loop->queued = udp->next_queued;
		udp->is_queued = false;
		udp_flush(udp);
	}
}
