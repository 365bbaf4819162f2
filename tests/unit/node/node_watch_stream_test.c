/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include "node/node.h"
#include "node/node_watch.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A watch on the fake loop, with the watched node played by the test: what it asks, what it makes
 * the cache forget, and when it asks again.
 */
#define HEAD                                                                          \
	"HTTP/1.1 200 OK\r\nContent-Type: " NODE_WATCH_TYPE "\r\nTransfer-Encoding: " \
	"chunked\r\n\r\n"

struct scene {
	struct loop *loop;
	struct monitor *monitor;
	struct node_cache *cache;
	struct node_watch *watch;
	struct fake_peer *peer;
	struct settings settings;
	struct node_cache_parts parts;
	char folder[32];
};

/* Instead of the node's own, which would bring fronts along that no fake loop has. */
enum status
node_path(const char *directory, const char *name, char ret_path[NODE_PATH_SIZE_MAX],
	struct problem *problem)
{
	(void)problem;
	snprintf(ret_path, NODE_PATH_SIZE_MAX, "%s/%s", directory, name);
	return STATUS_OK;
}

static void
cache_open(struct scene *scene)
{
	struct problem problem;

	assert_int_equal(node_cache_open(&scene->parts, &scene->cache, &problem), STATUS_OK);
}

static void
watch_open(struct scene *scene)
{
	struct node_watch_parts parts = {
		.loop = scene->loop, .cache = scene->cache, .row = monitor_row(scene->monitor, 0)};

	assert_int_equal(address_parse(TEXT("192.0.2.1:8000"), 0, &parts.address), STATUS_OK);
	scene->watch = node_watch_open(&parts);
	assert_non_null(scene->watch);
}

static struct scene *
scene_begin(uint32_t snapshot_s)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct problem problem;

	fake_begin(1);
	assert_non_null(scene);
	scene->loop = loop_new(&problem);
	scene->monitor = monitor_new(1);
	memcpy(scene->folder, "/tmp/houji-watch-XXXXXX", sizeof("/tmp/houji-watch-XXXXXX"));
	assert_non_null(mkdtemp(scene->folder));
	settings_default(&scene->settings);
	scene->settings.cache_size_mib = 4;
	scene->settings.cache_snapshot_s = snapshot_s;
	scene->parts = (struct node_cache_parts){.directory = scene->folder,
		.loop = scene->loop,
		.row = monitor_row(scene->monitor, 0),
		.worker_count = 1,
		.settings = &scene->settings};
	cache_open(scene);
	return scene;
}

static struct scene *
scene_watching(void)
{
	struct scene *scene = scene_begin(0);

	watch_open(scene);
	return scene;
}

static void
scene_close(struct scene *scene)
{
	node_watch_close(scene->watch);
	fake_run();
	node_cache_close(scene->cache);
	assert_int_equal(fake_counts().stream_count, 0);
	assert_int_equal(fake_counts().timer_count, 0);
}

static void
scene_end(struct scene *scene)
{
	char path[64];

	scene_close(scene);
	loop_free(scene->loop);
	fake_end();
	monitor_free(scene->monitor);
	snprintf(path, sizeof(path), "%s/cache.0", scene->folder);
	unlink(path);
	assert_int_equal(rmdir(scene->folder), 0);
	free(scene);
}

static void
learn(struct scene *scene, const char *name)
{
	struct cache_answer answer = {.kind = CACHE_NEGATIVE};
	struct cache_key key;

	assert_true(cache_key_over(&key, bytes_from_string(name), CACHE_NORMAL));
	cache_put(node_cache_get(scene->cache), &key, &answer, loop_now_ms(scene->loop), 0);
}

static bool
knows(struct scene *scene, const char *name)
{
	struct cache_entry entry;
	struct cache_key key;

	assert_true(cache_key_over(&key, bytes_from_string(name), CACHE_NORMAL));
	return cache_look(node_cache_get(scene->cache), &key, loop_now_ms(scene->loop), &entry);
}

/* A connection was made, and this asked on it. */
static void
expect_request(struct scene *scene, const char *query)
{
	struct address to;
	struct bytes got;
	char text[256];

	fake_run();
	scene->peer = fake_accept(&to);
	assert_non_null(scene->peer);
	fake_run();
	got = fake_peer_received(scene->peer);
	snprintf(text, sizeof(text),
		"GET /v1/changes?%s HTTP/1.1\r\nHost: 192.0.2.1:8000\r\nAccept: " NODE_WATCH_TYPE
		"\r\n\r\n",
		query);
	assert_int_equal(got.size, strlen(text));
	assert_memory_equal(got.at, text, got.size);
	fake_peer_consume(scene->peer, got.size);
}

static void
expect_nothing(void)
{
	struct address to;

	fake_run();
	assert_null(fake_accept(&to));
}

static void
say(struct scene *scene, const char *text)
{
	fake_peer_send(scene->peer, bytes_from_string(text));
	fake_run();
}

/* As a chunk of its own. */
static void
tell(struct scene *scene, const char *line)
{
	char front[32];

	snprintf(front, sizeof(front), "%zx\r\n", strlen(line));
	say(scene, front);
	say(scene, line);
	say(scene, "\r\n");
}

static void
what_changed_is_forgotten_and_nothing_else(void **state)
{
	struct scene *scene = scene_watching();

	(void)state;
	expect_request(scene, "follow");
	learn(scene, "88.1/a");
	learn(scene, "88.1/b");
	say(scene, HEAD);
	assert_true(knows(scene, "88.1/a")); /* A first connection is no reason. */
	tell(scene, "{\"version\":8,\"action\":\"modify\",\"handle\":\"88.1/");
	assert_true(knows(scene, "88.1/a"));
	tell(scene, "a\"}\n{\"version\":9,\"action\":\"delete\",\"handle\":\"88.1/c\"}\n{\"vers");
	assert_false(knows(scene, "88.1/a"));
	assert_true(knows(scene, "88.1/b"));
	assert_int_equal(monitor_read(scene->monitor, METRIC_CACHE_WATCH_CHANGES), 2);
	tell(scene, "ion\":10,\"handle\":\"88.1/b\"}\n");
	assert_false(knows(scene, "88.1/b"));
	assert_int_equal(monitor_read(scene->monitor, METRIC_CACHE_WATCH_CHANGES), 3);
	assert_int_equal(monitor_read(scene->monitor, METRIC_CACHE_WATCH_BREAKS), 0);
	scene_end(scene);
}

/* An answer that was under way may be older than the change. */
static void
a_name_is_forgotten_once_more_when_no_older_answer_can_be_left(void **state)
{
	struct scene *scene = scene_watching();

	(void)state;
	expect_request(scene, "follow");
	say(scene, HEAD);
	tell(scene, "{\"version\":8,\"handle\":\"88.1/a\"}\n");
	learn(scene, "88.1/a");
	fake_advance(1000);
	tell(scene, "{\"version\":9,\"handle\":\"88.1/b\"}\n");
	learn(scene, "88.1/b");
	fake_advance(RESOLVER_DEADLINE_MS - 1001);
	assert_true(knows(scene, "88.1/a"));
	fake_advance(1);
	assert_false(knows(scene, "88.1/a"));
	assert_true(knows(scene, "88.1/b"));
	fake_advance(999);
	assert_true(knows(scene, "88.1/b"));
	fake_advance(1);
	assert_false(knows(scene, "88.1/b"));
	learn(scene, "88.1/a"); /* And then no more. */
	fake_advance(RESOLVER_DEADLINE_MS);
	assert_true(knows(scene, "88.1/a"));
	scene_end(scene);
}

static void
of_many_names_at_once_the_oldest_are_forgotten_early(void **state)
{
	enum { AT_ONCE = 64, COUNT = 150 };
	struct scene *scene = scene_watching();
	char line[64], name[16];

	(void)state;
	expect_request(scene, "follow");
	say(scene, HEAD);
	for (int i = 0; i < COUNT; i++) {
		snprintf(line, sizeof(line), "{\"version\":%d,\"handle\":\"88.1/%d\"}\n", i, i);
		tell(scene, line);
		snprintf(name, sizeof(name), "88.1/%d", i);
		learn(scene, name);
	}
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "88.1/%d", i);
		assert_int_equal(knows(scene, name), i >= COUNT - AT_ONCE);
	}
	fake_advance(RESOLVER_DEADLINE_MS);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "88.1/%d", i);
		assert_false(knows(scene, name));
	}
	scene_end(scene);
}

static void
a_prefix_that_moves_takes_all_below_it(void **state)
{
	struct scene *scene = scene_watching();

	(void)state;
	expect_request(scene, "follow");
	say(scene, HEAD);
	learn(scene, "88.1/a");
	learn(scene, "88.1.2/a");
	learn(scene, "88.2/a");
	fake_advance(1);
	tell(scene, "{\"version\":8,\"action\":\"modify\",\"handle\":\"0.NA/88.1\"}\n");
	assert_true(knows(scene, "88.1/a"));
	tell(scene, "{\"version\":9,\"action\":\"home\",\"handle\":\"0.NA/88.1\"}\n");
	assert_false(knows(scene, "88.1/a"));
	assert_false(knows(scene, "88.1.2/a"));
	assert_true(knows(scene, "88.2/a"));
	scene_end(scene);
}

static void
after_a_break_it_goes_on_where_it_was(void **state)
{
	struct scene *scene = scene_watching();

	(void)state;
	expect_request(scene, "follow");
	say(scene, HEAD);
	tell(scene, "{\"version\":8,\"handle\":\"88.1/x\"}\n");
	tell(scene, "{\"heartbeat\":12}\n{\"version\":99"); /* Half a line counts for nothing. */
	learn(scene, "88.1/a");
	fake_peer_reset(scene->peer);
	fake_run();
	assert_int_equal(monitor_read(scene->monitor, METRIC_CACHE_WATCH_BREAKS), 1);
	fake_advance(NODE_WATCH_PAUSE_MIN_MS - 1);
	expect_nothing();
	fake_advance(1);
	expect_request(scene, "follow&after=12");
	say(scene, HEAD);
	assert_true(knows(scene, "88.1/a")); /* Nothing was missed. */
	tell(scene, "{\"version\":13,\"handle\":\"88.1/a\"}\n");
	assert_false(knows(scene, "88.1/a"));
	assert_int_equal(monitor_read(scene->monitor, METRIC_CACHE_WATCH_BREAKS), 1);
	scene_end(scene);
}

static void
pauses_double_up_to_the_longest_and_begin_anew_with_a_stream(void **state)
{
	struct scene *scene = scene_watching();
	uint32_t pause_ms = NODE_WATCH_PAUSE_MIN_MS;

	(void)state;
	for (int i = 0; i < 10; i++) {
		expect_request(scene, "follow");
		fake_peer_reset(scene->peer);
		fake_run();
		fake_advance(pause_ms - 1);
		expect_nothing();
		fake_advance(1);
		pause_ms = 2 * pause_ms < NODE_WATCH_PAUSE_MAX_MS ? 2 * pause_ms
								  : NODE_WATCH_PAUSE_MAX_MS;
	}
	assert_int_equal(pause_ms, NODE_WATCH_PAUSE_MAX_MS);
	expect_request(scene, "follow");
	say(scene, HEAD);
	fake_peer_close(scene->peer);
	fake_run();
	fake_advance(NODE_WATCH_PAUSE_MIN_MS);
	expect_request(scene, "follow");
	scene_end(scene);
}

static void
who_says_nothing_for_too_long_is_connected_to_again(void **state)
{
	struct scene *scene = scene_watching();
	struct fake_peer *first;

	(void)state;
	expect_request(scene, "follow");
	first = scene->peer;
	fake_advance(NODE_WATCH_SILENCE_MS - 1);
	assert_false(fake_peer_is_closed(first));
	say(scene, HEAD);
	fake_advance(NODE_WATCH_SILENCE_MS - 1);
	tell(scene, "{\"heartbeat\":3}\n");
	fake_advance(NODE_WATCH_SILENCE_MS - 1);
	assert_false(fake_peer_is_closed(first));
	fake_advance(1);
	assert_true(fake_peer_is_closed(first));
	fake_advance(NODE_WATCH_PAUSE_MIN_MS);
	expect_request(scene, "follow&after=3");
	scene_end(scene);
}

/* What was missed is not known: nothing that is remembered is sure. */
static void
a_break_before_the_first_line_makes_it_forget_everything(void **state)
{
	(void)state;
	for (int has_head = 0; has_head < 2; has_head++) {
		struct scene *scene = scene_watching();

		expect_request(scene, "follow");
		if (has_head == 1) {
			say(scene, HEAD);
		}
		learn(scene, "88.1/a");
		fake_peer_reset(scene->peer);
		fake_run();
		fake_advance(NODE_WATCH_PAUSE_MIN_MS);
		expect_request(scene, "follow");
		assert_true(knows(scene, "88.1/a")); /* Not before the stream begins. */
		say(scene, HEAD);
		assert_false(knows(scene, "88.1/a"));
		learn(scene, "88.1/a");
		tell(scene, "{\"version\":1,\"handle\":\"88.1/x\"}\n");
		fake_peer_reset(scene->peer);
		fake_run();
		fake_advance(NODE_WATCH_PAUSE_MIN_MS);
		expect_request(scene, "follow&after=1");
		say(scene, HEAD);
		assert_true(knows(scene, "88.1/a")); /* Once is enough. */
		scene_end(scene);
	}
}

static void
who_cannot_go_on_from_there_makes_it_forget_everything(void **state)
{
	struct scene *scene = scene_watching();

	(void)state;
	expect_request(scene, "follow");
	say(scene, HEAD);
	tell(scene, "{\"version\":7,\"handle\":\"88.1/x\"}\n");
	learn(scene, "88.1/a");
	fake_peer_reset(scene->peer);
	fake_run();
	fake_advance(NODE_WATCH_PAUSE_MIN_MS);
	expect_request(scene, "follow&after=7");
	say(scene, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
	assert_true(fake_peer_is_closed(scene->peer));
	fake_advance(2 * NODE_WATCH_PAUSE_MIN_MS);
	expect_request(scene, "follow&after=7"); /* Busy: that is no reason. */
	say(scene, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n");
	assert_true(fake_peer_is_closed(scene->peer));
	assert_true(knows(scene, "88.1/a"));
	fake_advance(4 * NODE_WATCH_PAUSE_MIN_MS);
	expect_request(scene, "follow");
	say(scene, HEAD);
	assert_false(knows(scene, "88.1/a"));
	scene_end(scene);
}

static void
what_is_no_stream_of_changes_is_given_up(void **state)
{
	static const char *const texts[] = {
		"SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
		HEAD "6\r\nhello\n\r\n", HEAD "1\r\n\n\r\n", HEAD "0\r\n\r\n", /* It ends. */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct scene *scene = scene_watching();

		expect_request(scene, "follow");
		learn(scene, "88.1/a");
		say(scene, texts[i]);
		assert_true(fake_peer_is_closed(scene->peer));
		assert_true(knows(scene, "88.1/a"));
		fake_advance(NODE_WATCH_PAUSE_MIN_MS);
		expect_request(scene, "follow");
		say(scene, HEAD); /* Nothing of what came before is in the way. */
		tell(scene, "{\"version\":7}\n");
		assert_false(fake_peer_is_closed(scene->peer));
		scene_end(scene);
	}
}

static void
lines_end_at_their_limit(void **state)
{
	enum { LINE_SIZE_MAX = 16384 };
	char *line = malloc(LINE_SIZE_MAX + 3);

	(void)state;
	assert_non_null(line);
	for (size_t size = LINE_SIZE_MAX - 1; size <= LINE_SIZE_MAX + 1; size++) {
		struct scene *scene = scene_watching();

		expect_request(scene, "follow");
		say(scene, HEAD);
		memset(line, ' ', size);
		memcpy(line, "{\"version\":7}", 13);
		memcpy(line + size, "\n", 2);
		tell(scene, line);
		assert_int_equal(fake_peer_is_closed(scene->peer), size > LINE_SIZE_MAX);
		scene_end(scene);
	}
	free(line);
}

static void
the_longest_name_is_forgotten_however_it_is_written(void **state)
{
	struct scene *scene = scene_watching();
	char name[HANDLE_NAME_SIZE_MAX + 1] = "88.1/", line[8 * HANDLE_NAME_SIZE_MAX];
	int size = snprintf(line, sizeof(line), "{\"version\":7,\"handle\":\"88.1/");

	(void)state;
	expect_request(scene, "follow");
	say(scene, HEAD);
	memset(name + 5, 'a', HANDLE_NAME_SIZE_MAX - 5);
	name[HANDLE_NAME_SIZE_MAX] = '\0';
	for (size_t i = 5; i < HANDLE_NAME_SIZE_MAX; i++) {
		size += snprintf(line + size, sizeof(line) - (size_t)size, "\\u0061");
	}
	snprintf(line + size, sizeof(line) - (size_t)size, "\"}\n");
	learn(scene, name);
	assert_true(knows(scene, name));
	tell(scene, line);
	assert_false(knows(scene, name));
	learn(scene, name);
	fake_advance(RESOLVER_DEADLINE_MS);
	assert_false(knows(scene, name));
	scene_end(scene);
}

/* What changed while the node was not there is not known either. */
static void
what_a_file_brought_is_forgotten_when_the_stream_begins(void **state)
{
	struct scene *scene = scene_begin(3600);

	(void)state;
	learn(scene, "88.1/a");
	scene_close(scene);
	scene->watch = NULL;
	cache_open(scene);
	watch_open(scene);
	expect_request(scene, "follow");
	assert_true(knows(scene, "88.1/a"));
	say(scene, HEAD);
	assert_false(knows(scene, "88.1/a"));
	learn(scene, "88.1/b");
	tell(scene, "{\"version\":7}\n");
	assert_true(knows(scene, "88.1/b"));
	scene_end(scene);
}

static void
it_can_be_closed_at_any_time(void **state)
{
	struct scene *scene = scene_watching();

	(void)state;
	scene_end(scene);
	scene = scene_watching();
	expect_request(scene, "follow");
	scene_end(scene);
	scene = scene_watching();
	expect_request(scene, "follow");
	say(scene, HEAD);
	tell(scene, "{\"version\":7,\"handle\":\"88.1/x\"}\n");
	scene_end(scene);
	scene = scene_watching();
	expect_request(scene, "follow");
	fake_peer_reset(scene->peer);
	fake_run();
	scene_end(scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_changed_is_forgotten_and_nothing_else),
		cmocka_unit_test(a_name_is_forgotten_once_more_when_no_older_answer_can_be_left),
		cmocka_unit_test(of_many_names_at_once_the_oldest_are_forgotten_early),
		cmocka_unit_test(a_prefix_that_moves_takes_all_below_it),
		cmocka_unit_test(after_a_break_it_goes_on_where_it_was),
		cmocka_unit_test(pauses_double_up_to_the_longest_and_begin_anew_with_a_stream),
		cmocka_unit_test(who_says_nothing_for_too_long_is_connected_to_again),
		cmocka_unit_test(a_break_before_the_first_line_makes_it_forget_everything),
		cmocka_unit_test(who_cannot_go_on_from_there_makes_it_forget_everything),
		cmocka_unit_test(what_is_no_stream_of_changes_is_given_up),
		cmocka_unit_test(lines_end_at_their_limit),
		cmocka_unit_test(the_longest_name_is_forgotten_however_it_is_written),
		cmocka_unit_test(what_a_file_brought_is_forgotten_when_the_stream_begins),
		cmocka_unit_test(it_can_be_closed_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
