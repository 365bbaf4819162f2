/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/*
 * The limit to measure the web face against: libmicrohttpd with the flags of the node, run by an
 * epoll of its own as in the node, which answers every request with the same body of the given size
 * and looks at nothing.
 *
 * The library clears a connection's memory for each request, so how much there is of it counts: as
 * much as the library gives it, or what is said.
 *
 *     bench_hello PORT BODY-SIZE [CONNECTION-MEMORY]
 */
static struct MHD_Response *response;

static enum MHD_Result
hello(void *context, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **place)
{
	static int seen;

	(void)context;
	(void)url;
	(void)method;
	(void)version;
	(void)upload;
	(void)upload_size;
	if (*place == NULL) {
		*place = &seen;
		return MHD_YES;
	}
	return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

static volatile sig_atomic_t is_over;

static void
end(int number)
{
	(void)number;
	is_over = 1;
}

/* One epoll waits for the daemon's, which tells its sockets apart. */
static void
serve(struct MHD_Daemon *server)
{
	int outer = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN};

	if (outer < 0 ||
		epoll_ctl(outer, EPOLL_CTL_ADD,
			MHD_get_daemon_info(server, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
			&event) != 0) {
		return;
	}
	while (!is_over) {
		MHD_UNSIGNED_LONG_LONG left_ms = 1000;

		if (MHD_run(server) != MHD_YES) {
			return;
		}
		if (MHD_get_timeout(server, &left_ms) == MHD_YES && left_ms == 0) {
			continue;
		}
		if (epoll_wait(outer, &event, 1, 1000) < 0 && errno != EINTR) {
			return;
		}
	}
	close(outer);
}

int
main(int argc, char **argv)
{
	size_t size = argc >= 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct MHD_OptionItem memory[] = {
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, argc > 3 ? strtol(argv[3], NULL, 10) : 0,
			NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	char *body = malloc(size + 1);
	struct MHD_Daemon *server;

	if (size == 0 || body == NULL) {
		fprintf(stderr, "usage: bench_hello PORT BODY-SIZE [CONNECTION-MEMORY]\n");
		return 2;
	}
	memset(body, 'x', size);
	response = MHD_create_response_from_buffer(size, body, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(response, "Content-Type", "application/json;charset=utf-8");
	server = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO,
		(uint16_t)strtoul(argv[1], NULL, 10), NULL, NULL, hello, NULL,
		MHD_OPTION_CONNECTION_LIMIT, 4096U, MHD_OPTION_ARRAY,
		argc > 3 ? memory : memory + 1, MHD_OPTION_END);
	if (server == NULL) {
		fprintf(stderr, "bench_hello: cannot listen on %s\n", argv[1]);
		return 1;
	}
	signal(SIGTERM, end);
	serve(server);
	MHD_stop_daemon(server);
	MHD_destroy_response(response);
	free(body);
	return 0;
}
