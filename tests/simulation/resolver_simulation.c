/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include "replay/upstream.h"

#include "base/checksum.h"
#include "cache/cache.h"
#include "handle/handle_site.h"
#include "resolver/resolver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A whole hierarchy in one process - a root, secondary nodes, enterprises with two servers each -
 * under a resolver with a cache, on a clock of its own. From a seed come questions, changes of
 * records, and faults: servers that are silent, slow, or lose what they are sent, and that come
 * back. What must hold of every answer:
 *
 *     it was true   the value is one that the handle had, and no longer ago than its time to live
 *                   and the time that a question takes; a stale one, no longer than is allowed
 *     it heals      after the last fault, and when what was remembered of it has had its time,
 *                   every handle is found as it is
 *     it ends       every question is told, once, within its deadline
 *
 *   resolver_simulation FIRST_SEED COUNT
 */
enum {
	SECONDARY_COUNT = 3,
	ENTERPRISE_PER_SECONDARY = 3,
	ENTERPRISE_COUNT = SECONDARY_COUNT * ENTERPRISE_PER_SECONDARY,
	HANDLE_PER_ENTERPRISE = 2,
	HANDLE_COUNT = ENTERPRISE_COUNT * HANDLE_PER_ENTERPRISE,
	SERVER_PER_SITE = 2,
	STEP_COUNT = 120,
	VERSION_COUNT_MAX = 256,
	TTL_S = 20,
	STALE_MS = 60000,
	QUESTION_MS = 2000,
};

/* A handle, and when it was what. */
struct subject {
	char name[32];
	size_t version_count;
	int64_t since_ms[VERSION_COUNT_MAX];
	size_t enterprise;
};

struct simulation {
	uint64_t seed, drawn;
	struct loop *loop;
	struct loop_pool *pool;
	struct monitor *monitor;
	struct cache *cache;
	struct resolver_settings settings;
	struct resolver *resolver;
	struct upstream_world *world;
	struct address root;
	struct address secondaries[SECONDARY_COUNT][SERVER_PER_SITE];
	struct address enterprises[ENTERPRISE_COUNT][SERVER_PER_SITE];
	struct subject subjects[HANDLE_COUNT];
	struct loop_post wake;
	size_t asked_count, told_count, found_count, stale_count;
	bool must_find; /* Everything is well again. */
};

struct asked {
	struct simulation *simulation;
	struct subject *subject;
	int64_t at_ms;
};

static _Noreturn void __attribute__((format(printf, 2, 3)))
fail(const struct simulation *simulation, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "seed %llu, at %lld ms: ", (unsigned long long)simulation->seed,
		(long long)fake_now_ms());
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

static uint32_t
draw(struct simulation *simulation, uint32_t below)
{
	simulation->drawn++;
	return (uint32_t)(checksum_over(bytes_over(&simulation->drawn, sizeof(simulation->drawn)),
				  simulation->seed) %
		below);
}

static struct address
address_of(uint32_t host)
{
	struct address address = {.size = sizeof(address.v4)};

	address.v4.sin_family = AF_INET;
	address.v4.sin_addr.s_addr = htonl(0xcb007100u + host); /* 203.0.113.0 */
	address_set_port(&address, 2641);
	return address;
}

/* HS_SITE values, one for each server: sites of one server. */
static void
sites_set(struct simulation *simulation, struct upstream *server, const char *name,
	const char *type, const struct address *addresses)
{
	static uint8_t octets[4096], data[512], faces[64], servers[256];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct upstream_rule rule = {.name = bytes_from_string(name), .code = RESPONSE_SUCCESS};

	(void)simulation;
	for (uint32_t i = 0; i < SERVER_PER_SITE; i++) {
		struct wire_writer face_writer = wire_writer_over(faces, sizeof(faces));
		struct wire_writer server_writer = wire_writer_over(servers, sizeof(servers));
		struct wire_writer data_writer = wire_writer_over(data, sizeof(data));
		uint8_t place[16] = {0};
		struct handle_interface face = {HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_UDP, 2641};
		struct handle_server one = {
			.id = 1, .address = bytes_over(place, 16), .interface_count = 2};
		struct handle_site site = {.format_version = 1,
			.protocol_major = 2,
			.protocol_minor = 11,
			.serial = 1,
			.primary_mask = HANDLE_SITE_PRIMARY,
			.hash_option = 2,
			.server_count = 1};
		struct handle_value value = {.index = i + 1,
			.ttl = TTL_S,
			.permissions = HANDLE_PERMISSION_DEFAULT,
			.type = bytes_from_string(type)};

		memcpy(place + 12, &addresses[i].v4.sin_addr, 4);
		handle_interface_write(&face_writer, &face);
		face.protocol = HANDLE_PROTOCOL_TCP;
		handle_interface_write(&face_writer, &face);
		one.interfaces = wire_written(&face_writer);
		handle_server_write(&server_writer, &one);
		site.servers = wire_written(&server_writer);
		handle_site_write(&data_writer, &site);
		value.data = wire_written(&data_writer);
		handle_value_write(&writer, &value);
		rule.values.count++;
	}
	rule.values.octets = wire_written(&writer);
	upstream_set(server, &rule);
}

/* A new version of a handle, at both servers of its enterprise. */
static void
subject_change(struct simulation *simulation, struct subject *subject)
{
	uint8_t octets[256];
	char text[32];

	if (subject->version_count == VERSION_COUNT_MAX) {
		return;
	}
	subject->since_ms[subject->version_count] = fake_now_ms();
	snprintf(text, sizeof(text), "%zu", subject->version_count++);
	for (size_t i = 0; i < SERVER_PER_SITE; i++) {
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		const struct handle_value value = {.index = 1,
			.ttl = TTL_S,
			.permissions = HANDLE_PERMISSION_DEFAULT,
			.type = TEXT("VERSION"),
			.data = bytes_from_string(text)};
		struct upstream_rule rule = {
			.name = bytes_from_string(subject->name), .code = RESPONSE_SUCCESS};

		handle_value_write(&writer, &value);
		rule.values = (struct handle_value_list){1, wire_written(&writer)};
		upstream_set(upstream_get(simulation->world,
				     &simulation->enterprises[subject->enterprise][i]),
			&rule);
	}
}

static void
hierarchy_make(struct simulation *simulation)
{
	struct upstream *root;
	uint32_t host = 1;
	char name[32];

	simulation->root = address_of(host++);
	root = upstream_get(simulation->world, &simulation->root);
	for (size_t i = 0; i < SECONDARY_COUNT; i++) {
		for (size_t j = 0; j < SERVER_PER_SITE; j++) {
			simulation->secondaries[i][j] = address_of(host++);
		}
		snprintf(name, sizeof(name), "0.NA/88.%zu", i);
		sites_set(simulation, root, name, "HS_SITE", simulation->secondaries[i]);
	}
	for (size_t i = 0; i < ENTERPRISE_COUNT; i++) {
		size_t secondary = i / ENTERPRISE_PER_SECONDARY;

		for (size_t j = 0; j < SERVER_PER_SITE; j++) {
			simulation->enterprises[i][j] = address_of(host++);
		}
		snprintf(name, sizeof(name), "0.NA/88.%zu.%zu", secondary, i);
		for (size_t j = 0; j < SERVER_PER_SITE; j++) {
			sites_set(simulation,
				upstream_get(
					simulation->world, &simulation->secondaries[secondary][j]),
				name, "HS_SITE", simulation->enterprises[i]);
		}
		for (size_t j = 0; j < HANDLE_PER_ENTERPRISE; j++) {
			struct subject *subject =
				&simulation->subjects[i * HANDLE_PER_ENTERPRISE + j];

			subject->enterprise = i;
			snprintf(subject->name, sizeof(subject->name), "88.%zu.%zu/h%zu", secondary,
				i, j);
			subject_change(simulation, subject);
		}
	}
}

static struct upstream_manner *
server_draw(struct simulation *simulation)
{
	uint32_t which = draw(simulation, 1 + 2 * (SECONDARY_COUNT + ENTERPRISE_COUNT));
	struct address address = address_of(which + 1);

	return upstream_manner(upstream_get(simulation->world, &address));
}

static void
fault_strike(struct simulation *simulation, struct upstream_manner *manner, uint32_t kind)
{
	switch (kind) {
	case 0:
		manner->is_deaf_udp = manner->is_deaf_tcp = true;
		break;
	case 1:
		manner->is_deaf_udp = true;
		break;
	case 2:
		manner->slow_ms = draw(simulation, 3000);
		break;
	case 3:
		manner->lose_count = draw(simulation, 5);
		break;
	case 4:
		manner->is_closing_tcp = true;
		break;
	default:
		manner->is_twice = true;
		break;
	}
}

/* One server, or many at once; silence is what happens most. */
static void
fault_begin(struct simulation *simulation)
{
	uint32_t kind = draw(simulation, 2) == 0 ? 0 : draw(simulation, 6);
	uint32_t count = 1 + draw(simulation, 2) * draw(simulation, 24);

	for (uint32_t i = 0; i < count; i++) {
		fault_strike(simulation, server_draw(simulation), kind);
	}
}

static void
faults_end(struct simulation *simulation, bool is_all)
{
	for (uint32_t i = 0; i < 1 + 2 * (SECONDARY_COUNT + ENTERPRISE_COUNT); i++) {
		struct address address = address_of(i + 1);

		if (is_all || draw(simulation, 3) == 0) {
			*upstream_manner(upstream_get(simulation->world, &address)) =
				(struct upstream_manner){.is_twice = false};
		}
	}
}

static void
answer_check(struct asked *asked, const struct resolver_answer *answer)
{
	struct simulation *simulation = asked->simulation;
	const struct subject *subject = asked->subject;
	struct wire_reader walk = handle_value_list_walk(&answer->values);
	int64_t oldest_ms =
		fake_now_ms() - QUESTION_MS - TTL_S * 1000 - (answer->is_stale ? STALE_MS : 0);
	struct handle_value value;
	size_t version;
	char text[32] = "";

	if (answer->status != STATUS_OK) {
		if (answer->status == STATUS_NOT_FOUND) {
			fail(simulation, "%s is said not to exist: %.*s", subject->name,
				(int)answer->text.size, (const char *)answer->text.at);
		}
		if (simulation->must_find) {
			fail(simulation, "%s is not found: %s: %.*s", subject->name,
				status_name(answer->status), (int)answer->text.size,
				(const char *)answer->text.at);
		}
		return;
	}
	simulation->found_count++;
	simulation->stale_count += answer->is_stale;
	if (answer->values.count != 1 || !handle_value_next(&walk, &value) ||
		!bytes_equal(value.type, TEXT("VERSION")) || value.data.size > 8) {
		fail(simulation, "%s has other values", subject->name);
	}
	memcpy(text, value.data.at, value.data.size);
	version = (size_t)strtoul(text, NULL, 10);
	if (version >= subject->version_count) {
		fail(simulation, "%s never was %zu", subject->name, version);
	}
	if (version + 1 < subject->version_count && subject->since_ms[version + 1] < oldest_ms) {
		fail(simulation, "%s was %zu until %lld, which is too long ago", subject->name,
			version, (long long)subject->since_ms[version + 1]);
	}
	if (simulation->must_find && (answer->is_stale || version + 1 != subject->version_count)) {
		fail(simulation, "%s is still %zu", subject->name, version);
	}
}

static void
answered(void *context, const struct resolver_answer *answer)
{
	struct asked *asked = context;

	asked->simulation->told_count++;
	if (fake_now_ms() - asked->at_ms > QUESTION_MS) {
		fail(asked->simulation, "%s took %lld ms", asked->subject->name,
			(long long)(fake_now_ms() - asked->at_ms));
	}
	answer_check(asked, answer);
	free(asked);
}

static void
woken(void *context)
{
	(void)context;
}

static void
ask(struct simulation *simulation, struct subject *subject)
{
	const struct resolver_question question = {.name = bytes_from_string(subject->name)};
	struct asked *asked = malloc(sizeof(*asked));
	struct resolver_answer known;

	simulation->wake.posted = woken;
	loop_post(simulation->loop, &simulation->wake);
	fake_run();
	*asked = (struct asked){simulation, subject, fake_now_ms()};
	simulation->asked_count++;
	if (resolver_recall(simulation->resolver, question.name, false, &known)) {
		answered(asked, &known);
	} else if (resolver_ask(simulation->resolver, &question, answered, asked) == NULL) {
		fail(simulation, "no memory");
	}
}

static void
step(struct simulation *simulation)
{
	uint32_t what = draw(simulation, 10);

	if (what < 5) {
		ask(simulation, &simulation->subjects[draw(simulation, HANDLE_COUNT)]);
	} else if (what < 6) {
		subject_change(simulation, &simulation->subjects[draw(simulation, HANDLE_COUNT)]);
	} else if (what < 8) {
		fault_begin(simulation);
	} else if (what < 9 && draw(simulation, 2) == 0) {
		faults_end(simulation, false);
	}
	fake_advance(draw(simulation, 4) == 0 ? draw(simulation, 30000) : draw(simulation, 500));
}

/* What the seeds together came to: a simulation that asks nothing proves nothing. */
static struct {
	size_t asked, found, stale, exchanges, silent;
} totals;

static void
totals_add(const struct simulation *simulation)
{
	totals.asked += simulation->asked_count;
	totals.found += simulation->found_count;
	totals.stale += simulation->stale_count;
	totals.exchanges += monitor_read(simulation->monitor, METRIC_RESOLVER_EXCHANGES);
	totals.silent += monitor_read(simulation->monitor, METRIC_RESOLVER_SILENT);
}

static void
simulate(uint64_t seed)
{
	static const struct cache_limits limits = {.size = CACHE_SIZE_MIN,
		.ttl_max_ms = 3600000,
		.negative_ms = 5000,
		.failure_ms = 3000,
		.stale_ms = STALE_MS,
		.prefetch_percent = 10};
	struct simulation *simulation = calloc(1, sizeof(*simulation));
	struct problem problem;

	simulation->seed = seed;
	fake_begin(seed);
	simulation->loop = loop_new(&problem);
	simulation->pool = loop_pool_new(1, 64);
	simulation->monitor = monitor_new(1);
	simulation->world = upstream_world_new();
	simulation->cache = cache_new(&limits, monitor_row(simulation->monitor, 0));
	hierarchy_make(simulation);
	simulation->settings.root = resolver_root_new(&simulation->root, 1, &problem);
	simulation->resolver = resolver_new(&(struct resolver_parts){.loop = simulation->loop,
		.pool = simulation->pool,
		.row = monitor_row(simulation->monitor, 0),
		.cache = simulation->cache,
		.settings = &simulation->settings});
	for (size_t i = 0; i < STEP_COUNT; i++) {
		step(simulation);
	}
	faults_end(simulation, true);
	fake_advance(STALE_MS + TTL_S * 1000 + 10000);
	if (simulation->told_count != simulation->asked_count ||
		resolver_busy_count(simulation->resolver) != 0) {
		fail(simulation, "%zu of %zu questions were told", simulation->told_count,
			simulation->asked_count);
	}
	simulation->must_find = true;
	for (size_t i = 0; i < HANDLE_COUNT; i++) {
		ask(simulation, &simulation->subjects[i]);
	}
	fake_advance(QUESTION_MS);
	if (simulation->told_count != simulation->asked_count) {
		fail(simulation, "not everything was told in the end");
	}
	totals_add(simulation);
	resolver_free(simulation->resolver);
	resolver_root_leave(simulation->settings.root);
	upstream_world_free(simulation->world);
	cache_free(simulation->cache);
	loop_pool_free(simulation->pool);
	monitor_free(simulation->monitor);
	loop_free(simulation->loop);
	fake_end();
	free(simulation);
}

int
main(int argc, char **argv)
{
	unsigned long first = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;

	for (unsigned long i = 0; i < count; i++) {
		simulate(first + i);
	}
	printf("%lu seeds from %lu: %zu questions, %zu answers, %zu of them stale; %zu exchanges, "
	       "%zu in vain\n",
		count, first, totals.asked, totals.found, totals.stale, totals.exchanges,
		totals.silent);
	/* With many seeds, each kind of thing has happened. */
	return count < 50 || (totals.stale > 0 && totals.silent > 0 && totals.found < totals.asked)
		? 0
		: 1;
}
