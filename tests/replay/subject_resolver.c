/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include "replay/replay.h"
#include "replay/replay_access.h"
#include "replay/replay_site.h"
#include "replay/upstream.h"

#include "base/clock.h"
#include "cache/cache.h"
#include "handle/handle_json.h"
#include "resolver/resolver.h"

#include <stdlib.h>

/*
 * A resolver among servers that the script invents; README.md has the commands.
 */
enum { ASKED_COUNT_MAX = 64, VALUES_SIZE = 262144 };

/* A question, and what came of it. */
struct asked {
	uint8_t name[16];
	size_t name_size;
	struct resolver_wait *wait;
	int64_t begun_ms;
	int64_t told_ms;
	size_t told_count;
	struct resolver_answer answer;
	uint8_t *octets; /* Of text and values. */
};

struct subject_resolver {
	struct loop *loop;
	struct loop_pool *pool;
	struct monitor *monitor;
	struct cache *cache;
	struct cache_limits limits;
	struct resolver_settings settings;
	struct resolver *resolver;
	struct upstream_world *world;
	struct loop_post wake;
	size_t asked_count;
	struct asked asked[ASKED_COUNT_MAX];
};

static const struct cache_limits default_limits = {
	.size = CACHE_SIZE_MIN,
	.ttl_max_ms = 86400000,
	.negative_ms = 60000,
	.failure_ms = 5000,
	.stale_ms = 86400000,
};

static bool
resolver_is_idle(void *context)
{
	const struct subject_resolver *subject = context;

	return resolver_busy_count(subject->resolver) == 0;
}

static void
resolver_close(void *instance)
{
	struct subject_resolver *subject = instance;

	for (size_t i = 0; i < subject->asked_count; i++) {
		if (subject->asked[i].told_count == 0) {
			resolver_cancel(subject->asked[i].wait);
		}
		free(subject->asked[i].octets);
	}
	fake_jobs_hold(false);
	fake_run();
	resolver_free(subject->resolver);
	resolver_root_leave(subject->settings.root);
	fake_run(); /* The servers see that connections were closed. */
	upstream_world_free(subject->world);
	cache_free(subject->cache);
	loop_pool_free(subject->pool);
	monitor_free(subject->monitor);
	free(subject);
}

/* The loop knows the time only when it is awake. */
static void
resolver_woken(void *context)
{
	(void)context;
}

static void
subject_wake(struct subject_resolver *subject)
{
	subject->wake.posted = resolver_woken;
	loop_post(subject->loop, &subject->wake);
	fake_run();
}

static void *
resolver_open(struct loop *loop, const struct address *address, const struct bytes *options,
	size_t option_count, struct problem *problem)
{
	struct subject_resolver *subject = calloc(1, sizeof(*subject));
	struct address roots[16];
	size_t count = 0;

	(void)address;
	for (; count < option_count && count < 16; count++) {
		if (address_parse(options[count], 2641, &roots[count]) != STATUS_OK) {
			problem_set(
				problem, STATUS_INVALID, "resolver takes addresses of the root");
			free(subject);
			return NULL;
		}
	}
	subject->loop = loop;
	subject->pool = loop_pool_new(1, 64);
	subject->monitor = monitor_new(1);
	subject->limits = default_limits;
	subject->cache = cache_new(&subject->limits, monitor_row(subject->monitor, 0));
	subject->world = upstream_world_new();
	subject->settings.root = resolver_root_new(roots, count, problem);
	subject->settings.is_certifying_services = true;
	subject->resolver = resolver_new(&(struct resolver_parts){.loop = loop,
		.pool = subject->pool,
		.row = monitor_row(subject->monitor, 0),
		.cache = subject->cache,
		.settings = &subject->settings});
	return subject;
}

/* Values of rules. */

/* INDEX TYPE DATA [ttl N | until N] [permissions N], DATA as words or `site ...`. */
static void
value_write(struct words *words, struct wire_writer *writer)
{
	static uint8_t octets[131072];
	struct wire_writer data = wire_writer_over(octets, sizeof(octets));
	struct handle_value value = {
		.ttl = HANDLE_TTL_DEFAULT, .permissions = HANDLE_PERMISSION_DEFAULT};

	value.index = (uint32_t)words_next_number(words, INT32_MAX, "an index");
	value.type = words_next(words, "a type");
	if (words_take(words, "site")) {
		replay_site_write(words, &data);
		value.data = wire_written(&data);
	} else if (words_take(words, "octets")) {
		memset(octets, 'x', sizeof(octets));
		value.data = bytes_over(
			octets, (size_t)words_next_number(words, sizeof(octets), "a size"));
	} else if (!access_data_read(words, &value.data)) {
		value.data = words_next(words, "data");
	}
	if (words_take(words, "ttl")) {
		value.ttl = (uint32_t)words_next_number(words, UINT32_MAX, "seconds");
	} else if (words_take(words, "until")) {
		value.ttl_kind = HANDLE_TTL_ABSOLUTE;
		value.ttl = (uint32_t)(clock_wall_ms() / 1000) +
			(uint32_t)words_next_number(words, UINT32_MAX, "seconds from now");
	}
	if (words_take(words, "permissions")) {
		value.permissions = (uint8_t)words_next_number(words, 255, "permissions");
	}
	handle_value_write(writer, &value);
}

/* SERVER ADDRESS HANDLE [code N] [to HANDLE] [as HANDLE] [value ...]... */
static void
rule_read(struct words *words, struct upstream *server)
{
	static uint8_t octets[VALUES_SIZE];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct upstream_rule rule = {.code = RESPONSE_SUCCESS};

	rule.name = words_next(words, "a handle");
	if (words_take(words, "gone")) {
		upstream_forget(server, rule.name);
		return;
	}
	if (words_take(words, "code")) {
		rule.code = (uint32_t)words_next_number(words, 9999, "a code");
	}
	if (words_take(words, "to")) {
		rule.referred = words_next(words, "a handle");
	}
	if (words_take(words, "as")) {
		rule.told = words_next(words, "a handle");
	}
	while (words_take(words, "value")) {
		value_write(words, &writer);
		rule.values.count++;
	}
	rule.values.octets = wire_written(&writer);
	if (words_ok(words) && wire_writer_end(&writer) != STATUS_OK) {
		words_fail(words, "these values are too large");
	}
	if (words_ok(words)) {
		upstream_set(server, &rule);
	}
}

/* The key of that name, private. */
static struct crypto_key *
key_take(struct words *words)
{
	return access_key_find(words_next(words, "the name of a key"));
}

/* SERVER ADDRESS is MANNER */
static void
manner_read(struct words *words, struct upstream *server)
{
	struct upstream_manner *manner = upstream_manner(server);

	if (words_take(words, "silent")) {
		manner->is_deaf_udp = !words_take(words, "tcp");
		manner->is_deaf_tcp = !words_take(words, "udp");
	} else if (words_take(words, "page")) {
		manner->is_page = true;
	} else if (words_take(words, "verifying")) {
		manner->is_verifier = true;
		manner->is_digestless = words_take(words, "undigested");
		manner->is_elsewhere = words_take(words, "elsewhere");
	} else if (words_take(words, "closing")) {
		manner->is_closing_tcp = true;
	} else if (words_take(words, "keeping")) {
		manner->is_keeping = true;
	} else if (words_take(words, "talking")) {
		manner->is_keeping = manner->is_talking = true;
	} else if (words_take(words, "hanging")) {
		manner->hang_count = (uint32_t)words_next_number(words, 1000, "a count");
	} else if (words_take(words, "well")) {
		manner->is_deaf_udp = manner->is_deaf_tcp = manner->is_closing_tcp =
			manner->is_page = false;
		manner->slow_ms = manner->lose_count = 0;
	} else if (words_take(words, "serial")) {
		manner->serial = (uint16_t)words_next_number(words, UINT16_MAX, "a serial");
	} else if (words_take(words, "slow")) {
		manner->slow_ms = (uint32_t)words_next_ms(words);
	} else if (words_take(words, "losing")) {
		manner->lose_count = (uint32_t)words_next_number(words, 1000, "a count");
	} else if (words_take(words, "guessed")) {
		manner->forge_count = (uint32_t)words_next_number(words, 1000, "a count");
	} else if (words_take(words, "twice")) {
		manner->is_twice = true;
	} else if (words_take(words, "unsigned")) {
		manner->is_unsigned = true;
	} else if (words_take(words, "forging")) {
		manner->is_forger = true;
	} else if (words_take(words, "signing")) {
		manner->key = key_take(words);
	} else {
		words_fail(words, "a server cannot be that");
	}
}

static struct upstream *
server_next(struct subject_resolver *subject, struct words *words)
{
	struct address address = words_next_address(words);
	struct upstream *server = words_ok(words) ? upstream_get(subject->world, &address) : NULL;

	if (server == NULL) {
		words_fail(words, "too many servers");
	}
	return server;
}

static void
do_server(struct subject_resolver *subject, struct words *words)
{
	struct upstream *server = server_next(subject, words);

	if (server == NULL) {
		return;
	}
	if (words_take(words, "is")) {
		manner_read(words, server);
	} else {
		rule_read(words, server);
	}
}

/* Questions. */

static void
subject_answered(void *context, const struct resolver_answer *answer)
{
	struct asked *asked = context;

	asked->told_count++;
	asked->told_ms = fake_now_ms();
	asked->answer = *answer;
	free(asked->octets);
	asked->octets = malloc(answer->text.size + answer->values.octets.size + 1);
	if (answer->text.size > 0) {
		memcpy(asked->octets, answer->text.at, answer->text.size);
	}
	asked->answer.text = bytes_over(asked->octets, answer->text.size);
	if (answer->values.octets.size > 0) {
		memcpy(asked->octets + answer->text.size, answer->values.octets.at,
			answer->values.octets.size);
	}
	asked->answer.values.octets =
		bytes_over(asked->octets + answer->text.size, answer->values.octets.size);
}

/* ASK NAME HANDLE [certified] [authoritative] [recursion N] [deadline TIME] [proof ANSWER] */
static void
do_ask(struct subject_resolver *subject, struct words *words)
{
	struct asked *asked = &subject->asked[subject->asked_count];
	struct bytes name = words_next(words, "a name");
	struct resolver_question question = {.name = words_next(words, "a handle")};
	struct request_verify_challenge proof = {.name = question.name,
		.index = 300,
		.nonce = TEXT("a nonce of sixteen octets"),
		.request_digest = TEXT("a digest")};

	question.is_certified = words_take(words, "certified");
	question.is_authoritative = words_take(words, "authoritative");
	if (words_take(words, "recursion")) {
		question.recursion_count = (uint8_t)words_next_number(words, 255, "a count");
	}
	if (words_take(words, "deadline")) {
		question.deadline_ms = (uint32_t)words_next_ms(words);
	}
	if (words_take(words, "proof")) {
		proof.response = words_next(words, "an answer to a challenge");
		question.proof = &proof;
	}
	if (subject->asked_count == ASKED_COUNT_MAX || name.size > sizeof(asked->name)) {
		words_fail(words, "too many questions, or too long a name");
	}
	if (!words_ok(words)) {
		return;
	}
	subject_wake(subject);
	subject->asked_count++;
	memcpy(asked->name, name.at, name.size);
	asked->name_size = name.size;
	asked->begun_ms = fake_now_ms();
	asked->wait = resolver_ask(subject->resolver, &question, subject_answered, asked);
	if (asked->told_count > 0) {
		words_fail(words, "told before resolver_ask() returned");
	}
}

/* The last question of that name. */
static struct asked *
asked_next(struct subject_resolver *subject, struct words *words)
{
	struct bytes name = words_next(words, "the name of a question");

	for (size_t i = subject->asked_count; i-- > 0;) {
		struct asked *asked = &subject->asked[i];

		if (bytes_equal(bytes_over(asked->name, asked->name_size), name)) {
			return asked;
		}
	}
	words_fail(words, "no question has that name");
	return NULL;
}

static void
expect_count(struct words *words, const char *what, uint64_t found)
{
	uint64_t wanted = words_next_number(words, UINT64_MAX, what);

	if (words_ok(words) && wanted != found) {
		words_fail(words, "%s is %llu", what, (unsigned long long)found);
	}
}

static void
expect_value(struct words *words, const struct resolver_answer *answer)
{
	uint32_t index = (uint32_t)words_next_number(words, UINT32_MAX, "an index");
	struct bytes type = words_next(words, "a type");
	struct bytes data = words_next(words, "data");
	struct handle_value value;

	for (struct wire_reader walk = handle_value_list_walk(&answer->values);
		handle_value_next(&walk, &value);) {
		if (value.index == index && bytes_equal(value.type, type) &&
			bytes_equal(value.data, data)) {
			return;
		}
	}
	words_fail(words, "no value %u with these data was found", index);
}

/* STATUS [values N] [value INDEX TYPE DATA]... [certified N] [proven N] [stale N] [text TEXT] */
static void
expect_answer(struct words *words, const struct resolver_answer *answer)
{
	struct bytes status = words_next(words, "a status");
	const char *found = status_name(answer->status);

	if (words_ok(words) && !bytes_equal(status, bytes_from_string(found))) {
		words_fail(words, "the answer is %s: %.*s", found, (int)answer->text.size,
			(const char *)answer->text.at);
	}
	while (words_ok(words) && words_are_left(words)) {
		if (words_take(words, "values")) {
			expect_count(words, "values", answer->values.count);
		} else if (words_take(words, "value")) {
			expect_value(words, answer);
		} else if (words_take(words, "certified")) {
			expect_count(words, "certified", answer->is_certified);
		} else if (words_take(words, "proven")) {
			expect_count(words, "proven", answer->is_proven);
		} else if (words_take(words, "stale")) {
			expect_count(words, "stale", answer->is_stale);
		} else if (words_take(words, "text")) {
			struct bytes text = words_next(words, "a text");

			if (words_ok(words) && !bytes_equal(text, answer->text)) {
				words_fail(words, "the text is \"%.*s\"", (int)answer->text.size,
					(const char *)answer->text.at);
			}
		} else {
			words_fail(words, "no property of an answer");
		}
	}
}

/* RESULT NAME none · RESULT NAME [elapsed TIME] STATUS ... */
static void
do_result(struct subject_resolver *subject, struct words *words)
{
	struct asked *asked = asked_next(subject, words);
	size_t wanted = words_take(words, "none") ? 0 : 1;

	if (asked == NULL) {
		return;
	}
	if (asked->told_count != wanted) {
		words_fail(words, "told %zu times", asked->told_count);
		return;
	}
	if (wanted == 0) {
		return;
	}
	if (words_take(words, "elapsed")) {
		int64_t elapsed_ms = words_next_ms(words);

		if (words_ok(words) && elapsed_ms != asked->told_ms - asked->begun_ms) {
			words_fail(words, "it took %lld ms",
				(long long)(asked->told_ms - asked->begun_ms));
		}
	}
	expect_answer(words, &asked->answer);
}

/* RECALL HANDLE [certified] nothing|STATUS ...: what is remembered. */
static void
do_recall(struct subject_resolver *subject, struct words *words)
{
	struct bytes name = words_next(words, "a handle");
	bool is_certified = words_take(words, "certified");
	struct resolver_answer answer;
	bool is_known;

	subject_wake(subject);
	is_known = resolver_recall(subject->resolver, name, is_certified, &answer);
	if (words_take(words, "nothing")) {
		if (is_known) {
			words_fail(words, "it is known: %s", status_name(answer.status));
		}
	} else if (!is_known) {
		words_fail(words, "nothing is known of it");
	} else {
		expect_answer(words, &answer);
	}
}

/* A line of the head of an HTTP request. */
static void
expect_line(struct words *words, struct bytes head)
{
	struct bytes line = words_next(words, "a line");

	while (words_ok(words) && head.size > 0) {
		size_t end = bytes_find(head, '\r');

		if (bytes_equal(bytes_slice(head, 0, end), line)) {
			return;
		}
		head = bytes_slice(head, end + 2, head.size);
	}
	words_fail(words, "no such line was sent");
}

/* ASKED ADDRESS N [tcp N] [web N] [connections N] [head LINE] [name HANDLE] [flag NAME] [unset NAME]
 * [recursion N] [types N] */
static void
do_asked(struct subject_resolver *subject, struct words *words)
{
	struct upstream *server = server_next(subject, words);
	struct upstream_seen *seen = server == NULL ? NULL : upstream_seen(server);

	if (seen == NULL) {
		return;
	}
	expect_count(words, "asked", seen->count);
	while (words_ok(words) && words_are_left(words)) {
		if (words_take(words, "tcp")) {
			expect_count(words, "tcp", seen->tcp_count);
		} else if (words_take(words, "web")) {
			expect_count(words, "web", seen->web_count);
		} else if (words_take(words, "connections")) {
			expect_count(words, "connections", seen->connection_count);
		} else if (words_take(words, "head")) {
			expect_line(words, bytes_over(seen->head, seen->head_size));
		} else if (words_take(words, "recursion")) {
			expect_count(words, "recursion", seen->header.recursion_count);
		} else if (words_take(words, "types")) {
			expect_count(words, "types", seen->type_count);
		} else if (words_take(words, "serial")) {
			expect_count(words, "serial", seen->header.site_serial);
		} else if (words_take(words, "version")) {
			expect_count(words, "version", seen->version.minor);
		} else if (words_take(words, "flag")) {
			message_flag_expect(words, seen->header.flags, true);
		} else if (words_take(words, "unset")) {
			message_flag_expect(words, seen->header.flags, false);
		} else if (words_take(words, "name")) {
			struct bytes name = words_next(words, "a handle");

			if (words_ok(words) &&
				!bytes_equal(
					name, bytes_over(seen->name_octets, seen->name_size))) {
				words_fail(words, "it was asked for %.*s", (int)seen->name_size,
					(const char *)seen->name_octets);
			}
		} else {
			words_fail(words, "no property of a request");
		}
	}
	seen->count = seen->tcp_count = seen->web_count = seen->connection_count = 0;
}

/* SETTING NAME 0|1, CACHE NAME TIME */
static void
do_setting(struct subject_resolver *subject, struct words *words)
{
	struct resolver_settings *settings = &subject->settings;
	const struct {
		const char *name;
		bool *truth;
	} rows[] = {
		{"private", &settings->is_private_allowed},
		{"certify", &settings->is_certifying_services},
		{"certify_all", &settings->is_certifying},
		{"teleinfo", &settings->is_teleinfo},
		{"renew", &settings->is_renewing_root},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (words_take(words, rows[i].name)) {
			*rows[i].truth = words_next_number(words, 1, "0 or 1") == 1;
			resolver_use(subject->resolver, settings);
			return;
		}
	}
	words_fail(words, "a resolver has no such setting");
}

static void
do_cache(struct subject_resolver *subject, struct words *words)
{
	struct cache_limits *limits = &subject->limits;
	const struct {
		const char *name;
		int64_t *ms;
	} rows[] = {
		{"ttl_min", &limits->ttl_min_ms},
		{"ttl_max", &limits->ttl_max_ms},
		{"negative", &limits->negative_ms},
		{"failure", &limits->failure_ms},
		{"stale", &limits->stale_ms},
	};

	if (words_take(words, "drop")) {
		(void)cache_drop(subject->cache, words_next(words, "a handle"));
		return;
	}
	if (words_take(words, "prefetch")) {
		limits->prefetch_percent = (uint32_t)words_next_number(words, 50, "percent");
		cache_use(subject->cache, limits);
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (words_take(words, rows[i].name)) {
			*rows[i].ms = words_next_ms(words);
			cache_use(subject->cache, limits);
			return;
		}
	}
	words_fail(words, "a cache has no such limit");
}

/* The rest of the line as the record of the root, in the form of a bootstrap file. */
static struct resolver_root *
root_of_record(struct words *words)
{
	static uint8_t octets[VALUES_SIZE];
	static char text[2 * VALUES_SIZE];
	struct json_writer json = json_writer_over(text, sizeof(text));
	struct resolver_root *root = NULL;
	struct problem problem;

	json_write_object(&json);
	json_write_name(&json, "handle");
	json_write_string(&json, TEXT("0.NA/0.NA"));
	json_write_name(&json, "values");
	json_write_array(&json);
	while (words_take(words, "value")) {
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct handle_value_list list = {.count = 1};
		struct wire_reader walk;
		struct handle_value value;

		value_write(words, &writer);
		list.octets = wire_written(&writer);
		walk = handle_value_list_walk(&list);
		if (handle_value_next(&walk, &value)) {
			handle_value_write_json(&json, &value);
		}
	}
	json_write_array_end(&json);
	json_write_object_end(&json);
	if (words_ok(words) &&
		(json_writer_end(&json) != STATUS_OK ||
			resolver_root_parse(json_written(&json), "ROOT", &root, &problem) !=
				STATUS_OK)) {
		words_fail(words, "%s", problem.text);
	}
	return root;
}

/* ROOT ADDRESS... · ROOT RECORD value ... */
static void
do_root(struct subject_resolver *subject, struct words *words)
{
	struct resolver_root *old = subject->settings.root;
	struct address addresses[16];
	struct problem problem;
	size_t count = 0;

	if (words_take(words, "RECORD")) {
		struct resolver_root *root = root_of_record(words);

		if (root != NULL) {
			subject->settings.root = root;
			resolver_use(subject->resolver, &subject->settings);
			resolver_root_leave(old);
		}
		return;
	}
	while (words_are_left(words) && count < 16) {
		addresses[count++] = words_next_address(words);
	}
	if (words_ok(words)) {
		subject->settings.root = resolver_root_new(addresses, count, &problem);
		resolver_use(subject->resolver, &subject->settings);
		resolver_root_leave(old);
	}
}

/* DNS HOST none|silent|ADDRESS... [ttl N] [after TIME] · DNS asked N */
static void
do_dns(struct words *words)
{
	struct loop_name name = {.status = STATUS_OK, .ttl_s = 300};
	int64_t delay_ms = 0;
	struct bytes host = words_next(words, "a host name");
	char text[256] = "";

	if (bytes_equal(host, TEXT("asked"))) {
		expect_count(words, "asked", fake_name_asked_count());
		return;
	}
	if (host.size >= sizeof(text)) {
		words_fail(words, "too long a name");
		return;
	}
	memcpy(text, host.at, host.size);
	if (words_take(words, "none")) {
		name.status = STATUS_NOT_FOUND;
	} else if (words_take(words, "silent")) {
		name.status = STATUS_TIMED_OUT;
		delay_ms = 5000;
	}
	while (words_ok(words) && words_are_left(words)) {
		if (words_take(words, "ttl")) {
			name.ttl_s = (uint32_t)words_next_number(words, UINT32_MAX, "seconds");
		} else if (words_take(words, "after")) {
			delay_ms = words_next_ms(words);
		} else if (name.count < LOOP_NAME_ADDRESS_COUNT_MAX) {
			struct bytes address = words_next(words, "an address");

			if (words_ok(words) &&
				address_parse(address, 0, &name.addresses[name.count++]) !=
					STATUS_OK) {
				words_fail(words, "this is no address");
			}
		} else {
			words_fail(words, "too many addresses");
		}
	}
	fake_name_set(text, &name, delay_ms);
}

static void
do_metric(struct subject_resolver *subject, struct words *words)
{
	struct bytes name = words_next(words, "a metric");

	for (int metric = 0; metric < METRIC_COUNT && words_ok(words); metric++) {
		const char *text = monitor_metric_name((enum metric)metric);

		if (bytes_equal(name, bytes_from_string(text))) {
			expect_count(
				words, text, monitor_read(subject->monitor, (enum metric)metric));
			return;
		}
	}
	words_fail(words, "no such metric");
}

static void
do_cancel(struct subject_resolver *subject, struct words *words)
{
	struct asked *asked = asked_next(subject, words);

	if (asked != NULL && asked->told_count == 0) {
		resolver_cancel(asked->wait);
		asked->told_count = SIZE_MAX;
	}
}

static bool
resolver_line(void *instance, struct words *words)
{
	struct subject_resolver *subject = instance;
	static const struct {
		const char *word;
		void (*run)(struct subject_resolver *subject, struct words *words);
	} commands[] = {
		{"SERVER", do_server},
		{"ASK", do_ask},
		{"RESULT", do_result},
		{"RECALL", do_recall},
		{"ASKED", do_asked},
		{"SETTING", do_setting},
		{"CACHE", do_cache},
		{"ROOT", do_root},
		{"METRIC", do_metric},
		{"CANCEL", do_cancel},
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (words_take(words, commands[i].word)) {
			commands[i].run(subject, words);
			return true;
		}
	}
	if (words_take(words, "DNS")) {
		do_dns(words);
		return true;
	}
	if (words_take(words, "IDLE")) {
		if (!fake_await(resolver_is_idle, subject)) {
			words_fail(words, "walks are under way");
		}
		return true;
	}
	return false;
}

const struct replay_subject subject_resolver = {
	.name = "resolver", .open = resolver_open, .close = resolver_close, .line = resolver_line};
