/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The limit to measure against: does what any server must do with the kernel, and nothing
 * else. bench_echo udp PORT ANSWER-SIZE | bench_echo tcp PORT REQUEST-SIZE ANSWER-SIZE
 *
 * UDP: recvmmsg of up to 64, an answer of the given size to each, one sendmmsg. TCP: epoll,
 * for each REQUEST-SIZE octets read an answer, one write for all that one read brought.
 */
enum { BATCH = 64, DATAGRAM = 1472, BUFFER = 262144, EVENTS = 256 };

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int
listen_on(int type, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	int one = 1;
	int size = 4 << 20;

	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		die("bind");
	}
	return fd;
}

static void
echo_udp(int fd, size_t answer_size)
{
	static uint8_t in[BATCH][DATAGRAM];
	static uint8_t out[BATCH][DATAGRAM];
	static struct sockaddr_storage peers[BATCH];
	static struct iovec in_runs[BATCH], out_runs[BATCH];
	static struct mmsghdr received[BATCH], sent[BATCH];

	for (int i = 0; i < BATCH; i++) {
		in_runs[i] = (struct iovec){in[i], DATAGRAM};
		out_runs[i] = (struct iovec){out[i], answer_size};
	}
	for (;;) {
		int count;

		for (int i = 0; i < BATCH; i++) {
			received[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
				.msg_namelen = sizeof(peers[i]),
				.msg_iov = &in_runs[i],
				.msg_iovlen = 1};
		}
		count = recvmmsg(fd, received, BATCH, MSG_WAITFORONE, NULL);
		if (count < 0) {
			die("recvmmsg");
		}
		for (int i = 0; i < count; i++) {
			/* The request id, so that a loader can match the answer. */
			memcpy(out[i], in[i], 20);
			sent[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
				.msg_namelen = received[i].msg_hdr.msg_namelen,
				.msg_iov = &out_runs[i],
				.msg_iovlen = 1};
		}
		if (sendmmsg(fd, sent, (unsigned)count, 0) < 0 && errno != EAGAIN) {
			die("sendmmsg");
		}
	}
}

struct peer {
	int fd;
	size_t left; /* Octets of a request begun. */
};

static void
peer_accept(int poll, int listener, struct peer *peers)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int one = 1;

	if (fd >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		peers[fd] = (struct peer){fd, 0};
		epoll_ctl(poll, EPOLL_CTL_ADD, fd,
			&(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
	}
}

static void
peer_answer(struct peer *peer, size_t request_size, size_t answer_size)
{
	static uint8_t in[BUFFER];
	static uint8_t out[4 * BUFFER];
	ssize_t size = read(peer->fd, in, sizeof(in));
	size_t answers;

	if (size <= 0) {
		close(peer->fd);
		return;
	}
	peer->left += (size_t)size;
	answers = peer->left / request_size;
	peer->left %= request_size;
	if (answers * answer_size > sizeof(out)) {
		answers = sizeof(out) / answer_size;
	}
	if (answers > 0 && write(peer->fd, out, answers * answer_size) < 0) {
		close(peer->fd);
	}
}

static void
echo_tcp(int fd, size_t request_size, size_t answer_size)
{
	static struct peer peers[65536];
	struct epoll_event events[EVENTS];
	int poll = epoll_create1(EPOLL_CLOEXEC);

	if (listen(fd, 1024) != 0) {
		die("listen");
	}
	epoll_ctl(poll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
	for (;;) {
		int count = epoll_wait(poll, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == fd) {
				peer_accept(poll, fd, peers);
			} else {
				peer_answer(&peers[events[i].data.fd], request_size, answer_size);
			}
		}
	}
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "udp") == 0) {
		echo_udp(listen_on(SOCK_DGRAM, (uint16_t)strtoul(argv[2], NULL, 10)),
			(size_t)strtoul(argv[3], NULL, 10));
	} else if (argc == 5 && strcmp(argv[1], "tcp") == 0) {
		echo_tcp(listen_on(SOCK_STREAM, (uint16_t)strtoul(argv[2], NULL, 10)),
			(size_t)strtoul(argv[3], NULL, 10), (size_t)strtoul(argv[4], NULL, 10));
	}
	fprintf(stderr, "usage: bench_echo udp PORT ANSWER | tcp PORT REQUEST ANSWER\n");
	return 2;
}
