/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_control.h"

#include "base/clock.h"
#include "node/node_worker.h"
#include "support/cmocka_all.h"
#include "unit/loop/loop_help.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct arena *arena;

static enum status
read_line(const char *line, struct node_control_request *ret_request, struct problem *problem)
{
	arena_reset(arena);
	return node_control_read(bytes_from_string(line), arena, ret_request, problem);
}

static void
expect_refused(const char *line, const char *says)
{
	struct node_control_request request;
	struct problem problem;

	assert_int_not_equal(read_line(line, &request, &problem), STATUS_OK);
	if (strstr(problem.text, says) == NULL) {
		fail_msg("'%s' does not say '%s'", problem.text, says);
	}
}

static void
requests_say_what_is_to_be_done_with_what(void **state)
{
	struct node_control_request request;
	struct problem problem;

	(void)state;
	assert_int_equal(read_line("{\"do\":\"cache-stats\"}", &request, &problem), STATUS_OK);
	assert_int_equal(request.act, NODE_CONTROL_CACHE_STATS);
	assert_int_equal(read_line("{\"handle\":\"88.1/x\",\"do\":\"cache-show\",\"pretty\":true}",
				 &request, &problem),
		STATUS_OK);
	assert_int_equal(request.act, NODE_CONTROL_CACHE_SHOW);
	assert_true(bytes_equal(request.handle, TEXT("88.1/x")));
	assert_true(request.is_pretty && !request.is_all && request.prefix.size == 0);
	assert_int_equal(request.limit, 100);
	assert_int_equal(read_line("{\"do\":\"cache-drop\",\"prefix\":\"88.1\",\"limit\":10000}",
				 &request, &problem),
		STATUS_OK);
	assert_int_equal(request.act, NODE_CONTROL_CACHE_DROP);
	assert_true(bytes_equal(request.prefix, TEXT("88.1")));
	assert_int_equal(request.limit, 10000);
	assert_int_equal(
		read_line("{\"do\":\"cache-drop\",\"all\":true}", &request, &problem), STATUS_OK);
	assert_true(request.is_all);
}

static void
what_is_no_request_is_refused_with_a_sentence(void **state)
{
	(void)state;
	expect_refused("", "octet 1");
	expect_refused("cache stats", "octet 1");
	expect_refused("{}", "\"do\" is missing");
	expect_refused("{\"do\":\"stop\"}", "cache-stats, cache-show or cache-drop");
	expect_refused("{\"do\":7}", "octet");
	expect_refused("{\"do\":\"cache-show\"}", "take one of");
	expect_refused("{\"do\":\"cache-show\",\"handle\":\"\"}", "take one of");
	expect_refused("{\"do\":\"cache-drop\",\"all\":false}", "take one of");
	expect_refused("{\"do\":\"cache-stats\",\"all\":true}", "take one of");
	expect_refused("{\"do\":\"cache-drop\",\"all\":true,\"prefix\":\"88\"}", "take one of");
	expect_refused("{\"do\":\"cache-show\",\"all\":true,\"limit\":10001}", "octet");
	expect_refused("{\"do\":\"cache-stats\",\"why\":1}", "octet");
}

/* ---- the socket ---- */

struct scene {
	char directory[64];
	struct node_worker worker; /* Keeps no cache: each request is answered so. */
	struct node_control *control;
};

static int
scene_begin(void **state)
{
	static struct scene scene;
	const struct node_control_parts parts = {scene.directory, &scene.worker, 1};
	struct problem problem;

	snprintf(scene.directory, sizeof(scene.directory), "/dev/shm/control_test.XXXXXX");
	assert_non_null(mkdtemp(scene.directory));
	scene.worker = (struct node_worker){.loop = loop_new(&problem)};
	assert_int_equal(node_control_open(&parts, &scene.control, &problem), STATUS_OK);
	*state = &scene;
	return 0;
}

static int
scene_end(void **state)
{
	struct scene *scene = *state;

	node_control_close(scene->control);
	run_for_ms(scene->worker.loop, 5);
	loop_free(scene->worker.loop);
	return rmdir(scene->directory); /* The socket is gone. */
}

static int
client_open(const struct scene *scene)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s/control", scene->directory);
	assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

static bool
is_heard(void *context)
{
	struct pollfd poll_fd = {.fd = *(int *)context, .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

/* What the node says, until it closes. */
static const char *
client_hear(struct scene *scene, int fd)
{
	static char text[4096];
	size_t size = 0;
	ssize_t got = 1;

	while (got > 0) {
		run_until(scene->worker.loop, is_heard, &fd);
		got = read(fd, text + size, sizeof(text) - 1 - size);
		size += got > 0 ? (size_t)got : 0;
	}
	text[size] = '\0';
	close(fd);
	return text;
}

static void
client_say(int fd, const char *octets, size_t size)
{
	assert_int_equal(send(fd, octets, size, MSG_NOSIGNAL), size);
}

static void
a_request_is_as_long_as_a_line_may_be(void **state)
{
	static char line[CONTROL_LINE_SIZE_MAX + 2];
	struct scene *scene = *state;

	for (size_t size = CONTROL_LINE_SIZE_MAX - 1; size <= CONTROL_LINE_SIZE_MAX + 1; size++) {
		int fd = client_open(scene);
		const char *said;

		memset(line, ' ', sizeof(line));
		memcpy(line, "{\"do\":\"cache-stats\"}", 20);
		line[size] = '\n';
		client_say(fd, line, size + 1);
		said = client_hear(scene, fd);
		if (size <= CONTROL_LINE_SIZE_MAX) {
			assert_string_equal(said,
				"{\"error\":\"this node keeps no cache: recursion.allow names "
				"no network\"}\n");
		} else {
			assert_string_equal(said, "");
		}
	}
}

static void
a_line_without_an_end_is_given_up(void **state)
{
	static char line[CONTROL_LINE_SIZE_MAX + 1];
	struct scene *scene = *state;
	int silent = client_open(scene);
	int fd = client_open(scene);

	memset(line, ' ', sizeof(line));
	client_say(fd, line, sizeof(line) - 1);
	run_for_ms(scene->worker.loop, 20);
	assert_false(is_heard(&fd)); /* The end may still come. */
	client_say(fd, line, 1);
	assert_string_equal(client_hear(scene, fd), "");
	/* At once, and not because its time was over: that of the other would be, too. */
	assert_false(is_heard(&silent));
	close(silent);
}

static void
so_many_are_served_at_once(void **state)
{
	static const char request[] = "{\"do\":\"cache-stats\"}\n";
	struct scene *scene = *state;
	int clients[CONTROL_CONNECTION_COUNT_MAX];

	for (size_t i = 0; i < CONTROL_CONNECTION_COUNT_MAX; i++) {
		clients[i] = client_open(scene);
		client_say(clients[i], request, 5);
	}
	assert_string_equal(client_hear(scene, client_open(scene)), "");
	for (size_t i = 0; i < CONTROL_CONNECTION_COUNT_MAX; i++) {
		assert_false(is_heard(&clients[i]));
	}
	/* Each of the others is answered, and its place is another's then. */
	for (size_t i = 0; i < CONTROL_CONNECTION_COUNT_MAX; i++) {
		client_say(clients[i], request + 5, sizeof(request) - 1 - 5);
		assert_non_null(strstr(client_hear(scene, clients[i]), "no cache"));
	}
	clients[0] = client_open(scene);
	client_say(clients[0], request, sizeof(request) - 1);
	assert_non_null(strstr(client_hear(scene, clients[0]), "no cache"));
}

static void
who_says_nothing_is_sent_away(void **state)
{
	struct scene *scene = *state;
	int64_t begun_ms = clock_monotonic_ms();
	int fd = client_open(scene);

	assert_string_equal(client_hear(scene, fd), "");
	assert_true(clock_monotonic_ms() - begun_ms >= CONTROL_DEADLINE_MS - 100);
}

int
main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_say_what_is_to_be_done_with_what),
		cmocka_unit_test(what_is_no_request_is_refused_with_a_sentence),
		SCENE(a_request_is_as_long_as_a_line_may_be),
		SCENE(a_line_without_an_end_is_given_up),
		SCENE(so_many_are_served_at_once),
		SCENE(who_says_nothing_is_sent_away),
	};
	int failed;

	arena = arena_new(4096, 1 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
