/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text_writer.h"
#include "loop/loop_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * Sockets in the file system. Their addresses hold 107 octets, folders of nodes may be deeper: so
 * the folder is opened, and the socket is named through the descriptor.
 */
static bool
local_address(int folder, const char *name, struct sockaddr_un *ret_address)
{
	struct text_writer writer =
		text_writer_over(ret_address->sun_path, sizeof(ret_address->sun_path) - 1);

	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	text_write_string(&writer, "/proc/self/fd/");
	text_write_u64(&writer, (uint64_t)folder);
	text_write_char(&writer, '/');
	text_write_string(&writer, name);
	return text_writer_end(&writer) == STATUS_OK;
}

/* -1: errno says why. */
static int
local_socket(
	const char *directory, const char *name, struct sockaddr_un *ret_address, int *ret_folder)
{
	int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = -1;

	if (folder >= 0) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	}
	if (fd >= 0 && !local_address(folder, name, ret_address)) {
		close(fd);
		errno = ENAMETOOLONG;
		fd = -1;
	}
	*ret_folder = folder;
	return fd;
}

static void
fd_close(int fd)
{
	int number = errno;

	if (fd >= 0) {
		close(fd);
	}
	errno = number;
}

struct loop_listener *
loop_listen_local(struct loop *loop, const struct loop_local_name *name, loop_accepted *accepted,
	void *context, struct problem *problem)
{
	struct sockaddr_un address;
	struct loop_listener *listener = NULL;
	int folder;
	int fd = local_socket(name->directory, name->name, &address, &folder);
	bool is_bound = false;

	if (fd >= 0) {
		/* What an earlier process left behind would be in the way. The mode is that of the
		 * descriptor's file: nobody else may connect in between. */
		(void)unlinkat(folder, name->name, 0);
		is_bound = fchmod(fd, 0600) == 0 &&
			bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
			fchmodat(folder, name->name, 0600, 0) == 0;
	}
	if (is_bound) {
		listener = loop_listen_over(loop, fd, accepted, context);
	}
	if (listener == NULL) {
		fd_close(fd);
		problem_system(problem, "cannot listen at %s/%s", name->directory, name->name);
	}
	fd_close(folder);
	return listener;
}

struct loop_stream *
loop_connect_local(struct loop *loop, const struct loop_local_name *name,
	const struct loop_stream_calls *calls, void *context, struct problem *problem)
{
	struct sockaddr_un address;
	struct loop_stream *stream = NULL;
	int folder;
	int fd = local_socket(name->directory, name->name, &address, &folder);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		stream = loop_stream_new(loop, fd, EPOLLIN);
	}
	if (stream == NULL) {
		fd_close(fd);
		problem_system(problem, "cannot connect to %s/%s", name->directory, name->name);
	} else {
		loop_stream_own(stream, calls, context);
	}
	fd_close(folder);
	return stream;
}
