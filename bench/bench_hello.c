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
 * The library's tutorial makes the answer at each request, and so must whoever has more than one to
 * give; making it once is the least that it can cost. With headers given it is made at each request,
 * with a body of its own and these headers; without any it is made once.
 *
 *     bench_hello PORT BODY-SIZE [CONNECTION-MEMORY [NAME VALUE]...]
 */
static struct {
	size_t size;
	char *body;
	struct MHD_Response *once; /* NULL: made at each request. */
	const char *const *headers; /* NAME and VALUE in turn, up to NULL. */
} answer;

static struct MHD_Response *
answer_make(const char *const *headers, enum MHD_ResponseMemoryMode body)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(answer.size, answer.body, body);

	for (size_t i = 0; response != NULL && headers[i] != NULL; i += 2) {
		MHD_add_response_header(response, headers[i], headers[i + 1]);
	}
	return response;
}

static enum MHD_Result
hello(void *context, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **place)
{
	static int seen;
	struct MHD_Response *response = answer.once;
	enum MHD_Result result;

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
	if (response == NULL) {
		response = answer_make(answer.headers, MHD_RESPMEM_MUST_COPY);
	}
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	if (answer.once == NULL) {
		MHD_destroy_response(response);
	}
	return result;
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
	static const char *const plain[] = {"Content-Type", "application/json;charset=utf-8", NULL};
	struct MHD_OptionItem memory[] = {
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, argc > 3 ? strtol(argv[3], NULL, 10) : 0,
			NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_Daemon *server;

	answer.size = argc >= 3 ? strtoul(argv[2], NULL, 10) : 0;
	answer.body = malloc(answer.size + 1);
	if (answer.size == 0 || answer.body == NULL || (argc > 4 && argc % 2 != 0)) {
		fprintf(stderr,
			"usage: bench_hello PORT BODY-SIZE [CONNECTION-MEMORY [NAME VALUE]...]\n");
		return 2;
	}
	memset(answer.body, 'x', answer.size);
	if (argc > 4) {
		answer.headers = (const char *const *)(argv + 4);
	} else {
		answer.once = answer_make(plain, MHD_RESPMEM_PERSISTENT);
	}
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
	if (answer.once != NULL) {
		MHD_destroy_response(answer.once);
	}
	free(answer.body);
	return 0;
}
