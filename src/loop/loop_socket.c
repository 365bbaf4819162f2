/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where half of all ports are taken, all tries fail once in 2^64. */
enum { CHOICE_COUNT_MAX = 64 };

static bool
socket_set(int fd, int level, int name, int number)
{
	return setsockopt(fd, level, name, &number, sizeof(number)) == 0;
}

static bool
socket_share(int fd)
{
	return socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
		socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

/* A UDP port of the kernel's choice is shared only afterwards: sockets that are ready to share
 * when they are bound may be given the port of another one, and its datagrams. */
static bool
socket_prepare(int fd, int kind, const struct address *address)
{
	bool is_chosen = kind == SOCK_DGRAM && address_port(address) == 0;

	if (address->any.sa_family == AF_INET6 && !socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
		return false;
	}
	if (!is_chosen && !socket_share(fd)) {
		return false;
	}
	if (bind(fd, &address->any, address->size) != 0) {
		return false;
	}
	return !is_chosen || socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

static int
socket_refused(int fd, int kind, const struct address *address, struct problem *problem)
{
	char text[ADDRESS_TEXT_SIZE_MAX];
	int number = errno;

	if (fd >= 0) {
		close(fd);
	}
	address_format(address, text);
	errno = number;
	problem_system(
		problem, "cannot listen on %s (%s)", text, kind == SOCK_DGRAM ? "UDP" : "TCP");
	return -1;
}

int
loop_socket_open(int kind, const struct address *address, struct problem *problem)
{
	int fd = socket(address->any.sa_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd >= 0 && socket_prepare(fd, kind, address)
		? fd
		: socket_refused(fd, kind, address, problem);
}

int
loop_socket_open_alone(const struct address *address, struct problem *problem)
{
	int fd = socket(address->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool is_v6 = address->any.sa_family == AF_INET6;

	return fd >= 0 && (!is_v6 || socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
			bind(fd, &address->any, address->size) == 0
		? fd
		: socket_refused(fd, SOCK_DGRAM, address, problem);
}

/* Bound without SO_REUSEPORT: refused where anybody has the address. A connection of an earlier
 * process that still lingers is no hindrance to a listener (SO_REUSEADDR). The errno of the
 * refusal, 0 if there is none. */
static int
address_refusal(const struct address *address, int kind)
{
	int fd = socket(address->any.sa_family, kind | SOCK_CLOEXEC, 0);
	int number = 0;

	if (fd < 0) {
		return 0; /* Opening it in earnest will say why. */
	}
	if ((kind == SOCK_DGRAM || socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1)) &&
		(address->any.sa_family != AF_INET6 ||
			socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
		bind(fd, &address->any, address->size) != 0) {
		number = errno;
	}
	close(fd);
	return number;
}

enum status
loop_address_check(const struct address *address, struct problem *problem)
{
	int refusal = address_refusal(address, SOCK_DGRAM);
	bool is_udp = refusal != 0;
	char text[ADDRESS_TEXT_SIZE_MAX];

	if (!is_udp) {
		refusal = address_refusal(address, SOCK_STREAM);
	}
	if (refusal == 0) {
		return STATUS_OK;
	}
	address_format(address, text);
	if (refusal == EADDRINUSE) {
		return problem_set(problem, STATUS_IN_USE,
			"cannot listen on %s (%s): another process has the address; "
			"`ss -lnp` names it",
			text, is_udp ? "UDP" : "TCP");
	}
	errno = refusal;
	return problem_system(problem, "cannot listen on %s (%s)%s", text, is_udp ? "UDP" : "TCP",
		refusal == EADDRNOTAVAIL ? problem_reason(": no address of this machine") : "");
}

enum status
loop_address_choose(struct address *address, struct problem *problem)
{
	enum status status = address_port(address) == 0 ? STATUS_IN_USE : STATUS_OK;
	struct address chosen;

	for (int i = 0; i < CHOICE_COUNT_MAX && status == STATUS_IN_USE; i++) {
		int fd = loop_socket_open(SOCK_DGRAM, address, problem);

		if (fd < 0) {
			return STATUS_SYSTEM;
		}
		loop_socket_address(fd, &chosen);
		if (address_refusal(&chosen, SOCK_STREAM) == 0) {
			*address = chosen;
			status = STATUS_OK;
		}
		close(fd);
	}
	return status == STATUS_OK
		? status
		: problem_set(problem, status,
			  "no port is free for both UDP and TCP: %d were tried", CHOICE_COUNT_MAX);
}

void
loop_socket_address(int fd, struct address *ret_address)
{
	struct address address = {.size = sizeof(address.v6)};

	/* Of an open socket; cannot fail. */
	if (getsockname(fd, &address.any, &address.size) == 0) {
		*ret_address = address;
	}
}
