/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include "replay/upstream.h"
#include "support/cmocka_all.h"

#include "base/limits.h"
#include "cache/cache.h"
#include "handle/handle_key.h"
#include "handle/handle_site.h"
#include "message/response.h"
#include "resolver/resolver.h"
#include "resolver/resolver_name.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * What one question, and one worker, may cost: each limit at n - 1, n and n + 1. The servers are
 * 203.0.113.1, the root, and whoever else is named.
 */
enum { VALUES_SIZE = 65536, PORT = 2641 };

struct scene {
	struct loop *loop;
	struct loop_pool *pool;
	struct monitor *monitor;
	struct cache *cache; /* NULL: nothing is kept. */
	struct resolver_settings settings;
	struct resolver *resolver;
	struct upstream_world *world;
	struct crypto_key *key;
	uint8_t key_octets[KEY_SIZE_MAX];
	struct bytes public_key; /* Empty: sites have none. */
	uint8_t octets[VALUES_SIZE]; /* Of the record in the making. */
	struct wire_writer writer;
	uint32_t count;
	size_t told_count;
	size_t good_count;
	enum status last;
};

static struct address
address_number(uint32_t number)
{
	struct address address;
	char text[ADDRESS_TEXT_SIZE_MAX];

	snprintf(text, sizeof(text), "203.0.113.%u", number);
	assert_int_equal(address_parse(bytes_from_string(text), PORT, &address), STATUS_OK);
	return address;
}

static void
scene_begin(struct scene *scene)
{
	struct problem problem;
	struct address root = address_number(1);

	*scene = (struct scene){.count = 0};
	fake_begin(1);
	root = address_number(1);
	scene->loop = loop_new(&problem);
	scene->pool = loop_pool_new(1, 64);
	scene->monitor = monitor_new(1);
	scene->world = upstream_world_new();
	scene->settings.root = resolver_root_new(&root, 1, &problem);
	scene->settings.is_certifying_services = true;
	scene->resolver = resolver_new(&(struct resolver_parts){.loop = scene->loop,
		.pool = scene->pool,
		.row = monitor_row(scene->monitor, 0),
		.settings = &scene->settings});
	assert_non_null(scene->resolver);
	scene->writer = wire_writer_over(scene->octets, sizeof(scene->octets));
}

/* What is found is kept from now on. */
static void
scene_cache(struct scene *scene, const struct cache_limits *limits)
{
	scene->cache = cache_new(limits, monitor_row(scene->monitor, 0));
	resolver_free(scene->resolver);
	scene->resolver = resolver_new(&(struct resolver_parts){.loop = scene->loop,
		.pool = scene->pool,
		.row = monitor_row(scene->monitor, 0),
		.cache = scene->cache,
		.settings = &scene->settings});
	assert_non_null(scene->resolver);
}

static void
scene_end(struct scene *scene)
{
	fake_run();
	resolver_free(scene->resolver);
	resolver_root_leave(scene->settings.root);
	fake_run();
	upstream_world_free(scene->world);
	loop_pool_free(scene->pool);
	loop_free(scene->loop);
	cache_free(scene->cache);
	monitor_free(scene->monitor);
	crypto_key_free(scene->key);
	fake_end();
}

static void
record_value(struct scene *scene, const char *type, struct bytes data)
{
	const struct handle_value value = {.index = ++scene->count,
		.ttl = 86400,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = bytes_from_string(type),
		.data = data};

	handle_value_write(&scene->writer, &value);
}

/* One more HS_SITE: a server at this IPv4 address. */
static void
record_site(struct scene *scene, const struct address *address)
{
	uint8_t octets[16] = {0}, faces[16], servers[2048], site_octets[4096];
	struct wire_writer face_writer = wire_writer_over(faces, sizeof(faces));
	struct wire_writer server_writer = wire_writer_over(servers, sizeof(servers));
	struct wire_writer site_writer = wire_writer_over(site_octets, sizeof(site_octets));
	const struct handle_interface face = {HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_UDP, PORT};
	struct handle_server server = {.id = 1,
		.address = bytes_over(octets, sizeof(octets)),
		.public_key = scene->public_key,
		.interface_count = 1};
	struct handle_site site = {.format_version = 1,
		.protocol_major = 2,
		.protocol_minor = 11,
		.serial = 1,
		.primary_mask = HANDLE_SITE_PRIMARY,
		.hash_option = HANDLE_HASH_BY_ALL,
		.server_count = 1};

	memcpy(octets + 12, &address->v4.sin_addr, 4);
	handle_interface_write(&face_writer, &face);
	server.interfaces = wire_written(&face_writer);
	handle_server_write(&server_writer, &server);
	site.servers = wire_written(&server_writer);
	handle_site_write(&site_writer, &site);
	assert_int_equal(wire_writer_end(&site_writer), STATUS_OK);
	record_value(scene, "HS_SITE", wire_written(&site_writer));
}

/* What was written since is what this server says of that handle. */
static void
record_say(struct scene *scene, uint32_t server, const char *name, uint32_t code)
{
	const struct address address = address_number(server);
	const struct upstream_rule rule = {.name = bytes_from_string(name),
		.code = code,
		.values = {scene->count, wire_written(&scene->writer)}};

	assert_int_equal(wire_writer_end(&scene->writer), STATUS_OK);
	upstream_set(upstream_get(scene->world, &address), &rule);
	scene->writer = wire_writer_over(scene->octets, sizeof(scene->octets));
	scene->count = 0;
}

static void
record_say_url(struct scene *scene, uint32_t server, const char *name)
{
	record_value(scene, "URL", TEXT("u"));
	record_say(scene, server, name, RESPONSE_SUCCESS);
}

static void
record_say_site(struct scene *scene, uint32_t server, const char *name, uint32_t at)
{
	const struct address address = address_number(at);

	record_site(scene, &address);
	record_say(scene, server, name, RESPONSE_SUCCESS);
}

static void
answered(void *context, const struct resolver_answer *answer)
{
	struct scene *scene = context;

	scene->told_count++;
	scene->good_count += answer->status == STATUS_OK;
	scene->last = answer->status;
}

static void
ask(struct scene *scene, const char *name)
{
	const struct resolver_question question = {.name = bytes_from_string(name)};

	assert_non_null(resolver_ask(scene->resolver, &question, answered, scene));
}

/* What becomes of 88.1/x. */
static enum status
found(struct scene *scene)
{
	ask(scene, "88.1/x");
	fake_advance(3000);
	assert_int_equal(scene->told_count, 1);
	return scene->last;
}

static uint64_t
metric(const struct scene *scene, enum metric which)
{
	return monitor_read(scene->monitor, which);
}

/* The prefix has services that nobody knows, each two walks, and `short_count` that cost one; the
 * last one of all leads on. */
static enum status
with_services(size_t long_count, size_t short_count)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	enum status status;
	char text[32];

	scene_begin(scene);
	for (size_t i = 0; i < long_count + short_count; i++) {
		bool is_last = i + 1 == long_count + short_count;

		snprintf(text, sizeof(text), i < long_count ? "P%zu/s" : "0.NA/S%zu", i);
		record_value(scene, "HS_SERV", bytes_from_string(text));
		assert_true(!is_last || scene->writer.status == STATUS_OK);
	}
	record_say(scene, 1, "0.NA/88.1", RESPONSE_SUCCESS);
	if (short_count == 0) {
		snprintf(text, sizeof(text), "0.NA/P%zu", long_count - 1);
		record_say_site(scene, 1, text, 2);
		snprintf(text, sizeof(text), "P%zu/s", long_count - 1);
		record_say_site(scene, 2, text, 2);
	} else {
		snprintf(text, sizeof(text), "0.NA/S%zu", long_count + short_count - 1);
		record_say_site(scene, 1, text, 2);
	}
	record_say_url(scene, 2, "88.1/x");
	status = found(scene);
	assert_int_equal(metric(scene, METRIC_RESOLVER_WALKS), 0);
	scene_end(scene);
	free(scene);
	return status;
}

static void
walks_of_one_question_are_counted(void **state)
{
	enum { OTHERS = 2, LONG = (RESOLVER_WALK_PER_QUESTION_MAX - OTHERS) / 2 };

	(void)state;
	assert_int_equal(with_services(LONG - 1, 1), STATUS_OK); /* n - 1 */
	assert_int_equal(with_services(LONG, 0), STATUS_OK); /* n */
	assert_true(with_services(LONG, 1) != STATUS_OK); /* n + 1 */
}

/* The handle's first server refers (302) to the next, and so on; the last one has it. `before`
 * services are asked for in vain, one exchange each. */
static enum status
with_referrals(size_t before, size_t hop_count, uint64_t *ret_exchanges)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	enum status status;
	char text[32];

	scene_begin(scene);
	for (size_t i = 0; i < before; i++) {
		snprintf(text, sizeof(text), "0.NA/S%zu", i);
		record_value(scene, "HS_SERV", bytes_from_string(text));
	}
	record_say_site(scene, 1, "0.NA/88.1", 2);
	for (uint32_t i = 0; i < hop_count; i++) {
		const struct address next = address_number(3 + i);

		record_site(scene, &next);
		record_say(scene, 2 + i, "88.1/x", RESPONSE_SERVICE_REFERRAL);
	}
	record_say_url(scene, 2 + (uint32_t)hop_count, "88.1/x");
	status = found(scene);
	*ret_exchanges = metric(scene, METRIC_RESOLVER_EXCHANGES);
	scene_end(scene);
	free(scene);
	return status;
}

static void
referrals_of_one_question_are_counted(void **state)
{
	uint64_t exchanges;

	(void)state;
	assert_int_equal(with_referrals(0, RESOLVER_REFERRAL_COUNT_MAX - 1, &exchanges), STATUS_OK);
	assert_int_equal(with_referrals(0, RESOLVER_REFERRAL_COUNT_MAX, &exchanges), STATUS_OK);
	assert_int_equal(
		with_referrals(0, RESOLVER_REFERRAL_COUNT_MAX + 1, &exchanges), STATUS_CLOSED);
	assert_int_equal(exchanges, RESOLVER_REFERRAL_COUNT_MAX + 2);
}

static void
exchanges_of_one_question_are_counted(void **state)
{
	/* The prefix, the handle's first server, and as many referrals. */
	enum { HOPS = 10, BEFORE = RESOLVER_EXCHANGE_COUNT_MAX - HOPS - 2 };
	uint64_t exchanges;

	(void)state;
	assert_int_equal(with_referrals(BEFORE - 1, HOPS, &exchanges), STATUS_OK);
	assert_int_equal(exchanges, RESOLVER_EXCHANGE_COUNT_MAX - 1);
	assert_int_equal(with_referrals(BEFORE, HOPS, &exchanges), STATUS_OK);
	assert_int_equal(exchanges, RESOLVER_EXCHANGE_COUNT_MAX);
	assert_true(with_referrals(BEFORE + 1, HOPS, &exchanges) != STATUS_OK);
	assert_int_equal(exchanges, RESOLVER_EXCHANGE_COUNT_MAX);
}

/* Each server on the way signs, and its key is known. */
static enum status
with_signatures(size_t count)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct wire_writer writer;
	struct address last;
	enum status status;

	scene_begin(scene);
	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &scene->key), STATUS_OK);
	writer = wire_writer_over(scene->key_octets, sizeof(scene->key_octets));
	assert_int_equal(handle_key_write_public(&writer, scene->key), STATUS_OK);
	scene->public_key = wire_written(&writer);
	scene->settings.is_certifying = true;
	resolver_use(scene->resolver, &scene->settings);
	record_say_site(scene, 1, "0.NA/88.1", 2);
	for (uint32_t i = 0; i + 1 < count; i++) {
		const struct address at = address_number(2 + i), next = address_number(3 + i);

		record_site(scene, &next);
		record_say(scene, 2 + i, "88.1/x", RESPONSE_SERVICE_REFERRAL);
		upstream_manner(upstream_get(scene->world, &at))->key = scene->key;
	}
	record_say_url(scene, 1 + (uint32_t)count, "88.1/x");
	last = address_number(1 + (uint32_t)count);
	upstream_manner(upstream_get(scene->world, &last))->key = scene->key;
	status = found(scene);
	scene_end(scene);
	free(scene);
	return status;
}

static void
signatures_of_one_question_are_counted(void **state)
{
	(void)state;
	assert_int_equal(with_signatures(SIGNATURE_CHECK_COUNT_MAX - 1), STATUS_OK);
	assert_int_equal(with_signatures(SIGNATURE_CHECK_COUNT_MAX), STATUS_OK);
	assert_int_equal(with_signatures(SIGNATURE_CHECK_COUNT_MAX + 1), STATUS_CLOSED);
}

/* A service of servers that are all in error. */
static uint64_t
with_bad_servers(size_t count)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	uint64_t exchanges;

	scene_begin(scene);
	for (uint32_t i = 0; i < count; i++) {
		const struct address address = address_number(2 + i);

		record_site(scene, &address);
	}
	record_say(scene, 1, "0.NA/88.1", RESPONSE_SUCCESS);
	for (uint32_t i = 0; i < count; i++) {
		record_say(scene, 2 + i, "*", RESPONSE_ERROR);
	}
	assert_int_equal(found(scene), STATUS_CLOSED);
	exchanges = metric(scene, METRIC_RESOLVER_EXCHANGES);
	scene_end(scene);
	free(scene);
	return exchanges;
}

static void
servers_of_one_service_are_tried_up_to_a_limit(void **state)
{
	(void)state;
	assert_int_equal(with_bad_servers(RESOLVER_TRY_COUNT_MAX - 1), RESOLVER_TRY_COUNT_MAX);
	assert_int_equal(with_bad_servers(RESOLVER_TRY_COUNT_MAX), RESOLVER_TRY_COUNT_MAX + 1);
	assert_int_equal(with_bad_servers(RESOLVER_TRY_COUNT_MAX + 1), RESOLVER_TRY_COUNT_MAX + 1);
}

/* The last of so many sites is the only one that may be asked. */
static enum status
with_sites(size_t count)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct address inner, good;
	enum status status;

	scene_begin(scene);
	assert_int_equal(address_parse(TEXT("10.0.0.1"), PORT, &inner), STATUS_OK);
	for (size_t i = 0; i + 1 < count; i++) {
		record_site(scene, &inner);
	}
	good = address_number(2);
	record_site(scene, &good);
	record_say(scene, 1, "0.NA/88.1", RESPONSE_SUCCESS);
	record_say_url(scene, 2, "88.1/x");
	status = found(scene);
	scene_end(scene);
	free(scene);
	return status;
}

static void
sites_of_one_service_are_taken_up_to_a_limit(void **state)
{
	(void)state;
	assert_int_equal(with_sites(RESOLVER_SITE_COUNT_MAX - 1), STATUS_OK);
	assert_int_equal(with_sites(RESOLVER_SITE_COUNT_MAX), STATUS_OK);
	assert_int_equal(with_sites(RESOLVER_SITE_COUNT_MAX + 1), STATUS_CLOSED);
}

/* So many questions about different prefixes, at a root that takes its time. */
static void
ask_many(struct scene *scene, size_t count)
{
	struct address root = address_number(1);
	char text[32];

	upstream_manner(upstream_get(scene->world, &root))->slow_ms = 20;
	record_say_url(scene, 1, "*");
	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "0.NA/Q%zu", i);
		ask(scene, text);
	}
	fake_run();
}

static void
questions_to_one_server_wait_in_line(void **state)
{
	struct address root;

	(void)state;
	for (size_t count = RESOLVER_PER_HOST_MAX - 1; count <= RESOLVER_PER_HOST_MAX + 1;
		count++) {
		struct scene *scene = calloc(1, sizeof(*scene));
		struct upstream_seen *seen;

		scene_begin(scene);
		root = address_number(1);
		ask_many(scene, count);
		seen = upstream_seen(upstream_get(scene->world, &root));
		assert_int_equal(
			seen->count, count < RESOLVER_PER_HOST_MAX ? count : RESOLVER_PER_HOST_MAX);
		assert_int_equal(scene->told_count, 0);
		fake_advance(20);
		assert_int_equal(seen->count, count);
		fake_advance(20);
		assert_int_equal(scene->good_count, count);
		scene_end(scene);
		free(scene);
	}
}

static void
walks_of_one_worker_are_counted(void **state)
{
	(void)state;
	for (size_t count = RESOLVER_WALK_COUNT_MAX - 1; count <= RESOLVER_WALK_COUNT_MAX + 1;
		count++) {
		struct scene *scene = calloc(1, sizeof(*scene));
		size_t refused = count > RESOLVER_WALK_COUNT_MAX ? 1 : 0;

		scene_begin(scene);
		ask_many(scene, count);
		assert_int_equal(metric(scene, METRIC_RESOLVER_WALKS), count - refused);
		assert_int_equal(scene->told_count, refused);
		assert_true(refused == 0 || scene->last == STATUS_BUSY);
		fake_advance(2500);
		assert_int_equal(scene->told_count, count);
		assert_int_equal(metric(scene, METRIC_RESOLVER_WALKS), 0);
		scene_end(scene);
		free(scene);
	}
}

/* T-17: services that lead back to each other, and a thousand questions a second about them. */
static void
a_cycle_costs_others_nothing_however_many_ask(void **state)
{
	enum { SECONDS = 60, EACH_MS = 1000, CYCLE_COUNT = 3 };
	static const size_t sizes[CYCLE_COUNT] = {2, 3, 10};
	const struct cache_limits limits = {.size = CACHE_SIZE_MIN,
		.ttl_max_ms = 86400000,
		.negative_ms = 60000,
		.failure_ms = 5000};
	char name[32], service[32];

	(void)state;
	for (size_t cycle = 0; cycle < CYCLE_COUNT; cycle++) {
		struct scene *scene = calloc(1, sizeof(*scene));

		scene_begin(scene);
		scene_cache(scene, &limits);
		for (size_t i = 0; i < sizes[cycle]; i++) {
			snprintf(name, sizeof(name), "0.NA/C%zu", i);
			snprintf(service, sizeof(service), "C%zu/s", (i + 1) % sizes[cycle]);
			record_value(scene, "HS_SERV", bytes_from_string(service));
			record_say(scene, 1, name, RESPONSE_SUCCESS);
		}
		for (size_t i = 0; i < SECONDS * EACH_MS; i++) {
			snprintf(name, sizeof(name), "C%zu/%zu", i % sizes[cycle], i);
			ask(scene, name);
			fake_advance(1);
		}
		fake_advance(3000);
		assert_int_equal(scene->told_count, SECONDS * EACH_MS);
		assert_int_equal(scene->good_count, 0);
		assert_true(metric(scene, METRIC_RESOLVER_EXCHANGES) <= SECONDS);
		scene_end(scene);
		free(scene);
	}
}

/* Names that are looked up keep their places; what finds none is told, and nothing is forgotten. */
static void
names_under_way_are_counted(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	const struct loop_name silent = {.status = STATUS_TIMED_OUT};
	struct resolver_names *names;
	size_t taken = 0;
	char text[32];

	(void)state;
	scene_begin(scene);
	names = resolver_names_new(&(struct resolver_names_parts){
		.loop = scene->loop, .row = monitor_row(scene->monitor, 0)});
	for (int i = 0; i < 16 * RESOLVER_NAME_COUNT_MAX; i++) {
		struct resolver_name *name;

		snprintf(text, sizeof(text), "n%d.example.org", i);
		fake_name_set(text, &silent, 5000);
		name = resolver_names_get(names, bytes_from_string(text));
		if (name != NULL) {
			assert_int_equal(name->state, RESOLVER_NAME_UNKNOWN);
			resolver_name_look_up(name);
			assert_int_equal(name->state, RESOLVER_NAME_AWAITED);
			taken++;
		}
	}
	assert_int_equal(taken, RESOLVER_NAME_COUNT_MAX);
	assert_int_equal(fake_name_asked_count(), RESOLVER_NAME_COUNT_MAX);
	/* Given up after a second, but its place is needed until the answer is there. */
	fake_advance(RESOLVER_NAME_MS);
	assert_int_equal(metric(scene, METRIC_RESOLVER_NAMES_MISSED), RESOLVER_NAME_COUNT_MAX);
	assert_null(resolver_names_get(names, TEXT("one.more.example.org")));
	fake_advance(5000 - RESOLVER_NAME_MS);
	assert_non_null(resolver_names_get(names, TEXT("one.more.example.org")));
	resolver_names_free(names);
	scene_end(scene);
	free(scene);
}

static void
host_names_have_a_size(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct resolver_names *names;
	uint8_t octets[RESOLVER_HOST_NAME_SIZE_MAX + 1];

	(void)state;
	scene_begin(scene);
	names = resolver_names_new(&(struct resolver_names_parts){
		.loop = scene->loop, .row = monitor_row(scene->monitor, 0)});
	memset(octets, 'x', sizeof(octets));
	assert_null(resolver_names_get(names, (struct bytes){NULL, 0}));
	assert_non_null(
		resolver_names_get(names, bytes_over(octets, RESOLVER_HOST_NAME_SIZE_MAX - 1)));
	assert_non_null(resolver_names_get(names, bytes_over(octets, RESOLVER_HOST_NAME_SIZE_MAX)));
	assert_null(resolver_names_get(names, bytes_over(octets, RESOLVER_HOST_NAME_SIZE_MAX + 1)));
	octets[3] = 0;
	assert_null(resolver_names_get(names, bytes_over(octets, 8)));
	assert_ptr_equal(resolver_names_get(names, TEXT("A.example")),
		resolver_names_get(names, TEXT("a.EXAMPLE")));
	resolver_names_free(names);
	scene_end(scene);
	free(scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_of_one_question_are_counted),
		cmocka_unit_test(referrals_of_one_question_are_counted),
		cmocka_unit_test(exchanges_of_one_question_are_counted),
		cmocka_unit_test(signatures_of_one_question_are_counted),
		cmocka_unit_test(servers_of_one_service_are_tried_up_to_a_limit),
		cmocka_unit_test(sites_of_one_service_are_taken_up_to_a_limit),
		cmocka_unit_test(questions_to_one_server_wait_in_line),
		cmocka_unit_test(walks_of_one_worker_are_counted),
		cmocka_unit_test(a_cycle_costs_others_nothing_however_many_ask),
		cmocka_unit_test(names_under_way_are_counted),
		cmocka_unit_test(host_names_have_a_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
