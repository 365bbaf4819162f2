/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static bool
socket_set(int fd, int level, int name, int number)
{
	return setsockopt(fd, level, name, &number, sizeof(number)) == 0;
}

static bool
socket_prepare(int fd, const struct address *address)
{
	if (!socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
		!socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) {
		return false;
	}
	if (address->any.sa_family == AF_INET6 && !socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
		return false;
	}
	return bind(fd, &address->any, address->size) == 0;
}

int
loop_socket_open(int kind, const struct address *address, struct problem *problem)
{
	char text[ADDRESS_TEXT_SIZE_MAX];
	int fd = socket(address->any.sa_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || !socket_prepare(fd, address)) {
		int number = errno;

		if (fd >= 0) {
			close(fd);
		}
		address_format(address, text);
		errno = number;
		problem_system(problem, "cannot listen on %s (%s)", text,
			kind == SOCK_DGRAM ? "UDP" : "TCP");
		return -1;
	}
	return fd;
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
