/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include "replay/upstream.h"

#include "base/checksum.h"
#include "message/response.h"
#include "resolver/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Somebody who does not see the questions answers them: datagrams with the address of the server
 * that is asked, a well-formed answer and a request id by chance, to the port that the question
 * came from (they know it, which is more than they can) and to others. They are there before
 * the true answer. None of them may ever be believed.
 *
 *   resolver_forgery COUNT      datagrams in all
 */
enum { PER_QUESTION = 10000, KNOWN_EVERY = 50, SLOW_MS = 20, PORT_FIRST = 1024 };

struct forgery {
	struct loop *loop;
	struct resolver *resolver;
	struct upstream_world *world;
	struct address server;
	struct loop_post wake;
	uint64_t drawn;
	uint8_t octets[DATAGRAM_SIZE_MAX];
	size_t size;
	size_t told_count, forged_count, failed_count;
};

static uint32_t
draw(struct forgery *forgery)
{
	forgery->drawn++;
	return (uint32_t)checksum_over(bytes_over(&forgery->drawn, sizeof(forgery->drawn)), 0x5eed);
}

static struct handle_value_list
values_of(const char *text, uint8_t *octets, size_t capacity)
{
	struct wire_writer writer = wire_writer_over(octets, capacity);
	const struct handle_value value = {.index = 1,
		.ttl = 86400,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("URL"),
		.data = bytes_from_string(text)};

	handle_value_write(&writer, &value);
	return (struct handle_value_list){1, wire_written(&writer)};
}

/* A whole datagram, but for its request id. */
static void
forgery_write(struct forgery *forgery, const char *name)
{
	struct wire_writer writer = wire_writer_over(forgery->octets, sizeof(forgery->octets));
	struct request request = {
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
			.header = {.opcode = OPCODE_RESOLUTION}}};
	uint8_t values[128];
	struct response response;
	struct wire_writer front;

	response_begin(&request, RESPONSE_SUCCESS, 1, true, 0, &response);
	response.values.name = bytes_from_string(name);
	response.values.list = values_of("forged", values, sizeof(values));
	wire_writer_take(&writer, ENVELOPE_SIZE);
	response_write(&writer, &response);
	forgery->size = wire_writer_size(&writer);
	response.message.envelope.message_size = (uint32_t)(forgery->size - ENVELOPE_SIZE);
	front = wire_writer_over(forgery->octets, ENVELOPE_SIZE);
	envelope_write(&front, &response.message.envelope);
}

static void
flood(struct forgery *forgery, const struct address *asker)
{
	for (uint32_t i = 0; i < PER_QUESTION; i++) {
		struct wire_writer writer = wire_writer_over(forgery->octets + 8, 4);
		struct address to = *asker;

		wire_write_u32(&writer, draw(forgery) & INT32_MAX);
		if (i % KNOWN_EVERY != 0) {
			address_set_port(
				&to, (uint16_t)(PORT_FIRST + draw(forgery) % (65536 - PORT_FIRST)));
		}
		fake_datagram(&forgery->server, &to, bytes_over(forgery->octets, forgery->size));
		if (i % 500 == 499) {
			fake_run();
		}
	}
}

static void
answered(void *context, const struct resolver_answer *answer)
{
	struct forgery *forgery = context;
	struct wire_reader walk = handle_value_list_walk(&answer->values);
	struct handle_value value;

	forgery->told_count++;
	if (answer->status != STATUS_OK || !handle_value_next(&walk, &value)) {
		forgery->failed_count++;
	} else if (!bytes_equal(value.data, TEXT("true"))) {
		forgery->forged_count++;
	}
}

static void
woken(void *context)
{
	(void)context;
}

/* Prefixes are asked for at the root, so each question is one exchange with one server. */
static void
ask(struct forgery *forgery, size_t number)
{
	struct upstream *server = upstream_get(forgery->world, &forgery->server);
	struct resolver_question question;
	struct upstream_rule rule = {.code = RESPONSE_SUCCESS};
	uint8_t values[128];
	char name[32];

	snprintf(name, sizeof(name), "0.NA/88.%zu", number);
	rule.name = bytes_from_string(name);
	rule.values = values_of("true", values, sizeof(values));
	upstream_set(server, &rule);
	forgery_write(forgery, name);
	forgery->wake.posted = woken;
	loop_post(forgery->loop, &forgery->wake);
	fake_run();
	question = (struct resolver_question){.name = rule.name};
	if (resolver_ask(forgery->resolver, &question, answered, forgery) == NULL) {
		abort();
	}
	fake_run();
	flood(forgery, &upstream_seen(server)->peer);
	fake_advance(2000);
	upstream_forget(server, rule.name);
}

int
main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : PER_QUESTION;
	size_t questions = (count + PER_QUESTION - 1) / PER_QUESTION;
	struct forgery *forgery = calloc(1, sizeof(*forgery));
	struct problem problem;
	struct monitor *monitor = monitor_new(1);
	struct resolver_settings settings = {.is_certifying = false};

	fake_begin(7);
	forgery->loop = loop_new(&problem);
	forgery->world = upstream_world_new();
	if (address_parse(TEXT("203.0.113.1:2641"), 0, &forgery->server) != STATUS_OK) {
		return 1;
	}
	settings.root = resolver_root_new(&forgery->server, 1, &problem);
	forgery->resolver = resolver_new(&(struct resolver_parts){
		.loop = forgery->loop, .row = monitor_row(monitor, 0), .settings = &settings});
	upstream_manner(upstream_get(forgery->world, &forgery->server))->slow_ms = SLOW_MS;
	for (size_t i = 0; i < questions; i++) {
		ask(forgery, i);
	}
	printf("%zu forged answers to %zu questions: %zu believed, %zu questions in vain\n",
		questions * PER_QUESTION, questions, forgery->forged_count, forgery->failed_count);
	/* They did come in: each question left UDP for TCP because of them. */
	if (upstream_seen(upstream_get(forgery->world, &forgery->server))->tcp_count != questions) {
		printf("not every question was disturbed\n");
		forgery->failed_count++;
	}
	count = forgery->told_count;
	resolver_free(forgery->resolver);
	resolver_root_leave(settings.root);
	upstream_world_free(forgery->world);
	monitor_free(monitor);
	loop_free(forgery->loop);
	fake_end();
	count = count != questions || forgery->forged_count + forgery->failed_count > 0;
	free(forgery);
	return (int)count;
}
