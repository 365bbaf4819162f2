/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_channel.h"

#include "loop/loop_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * Both ends are channels of one loop: the client asks in the clear, the server answers "TLS"
 * and turns, as a server of mirrors does; then a large run of octets comes from the server.
 */
enum { RUN_SIZE = 3 << 20, CHUNK_SIZE = 40000 };

struct side {
	struct loop_channel *channel;
	size_t received;
	size_t secured_count;
	size_t ended_count;
	size_t closed_count;
	enum status status;
	bool is_slow; /* Pauses after each piece. */
	struct loop_timer timer;
};

static struct loop *loop;
static struct side server, client;
static struct crypto_key *key;
static struct crypto_tls_role *server_role, *client_role;
static size_t sent;
static size_t waiting_max;
static bool is_cut; /* The server closes without saying so. */

static uint8_t
octet_at(size_t place)
{
	return (uint8_t)(place * 7 + (place >> 8));
}

static void
server_send(struct side *side)
{
	uint8_t octets[CHUNK_SIZE];

	while (sent < RUN_SIZE) {
		size_t size = RUN_SIZE - sent < CHUNK_SIZE ? RUN_SIZE - sent : CHUNK_SIZE;
		enum status status;

		for (size_t i = 0; i < size; i++) {
			octets[i] = octet_at(sent + i);
		}
		status = loop_channel_write(side->channel, bytes_over(octets, size));
		if (status == STATUS_BUSY) {
			return;
		}
		assert_int_equal(status, STATUS_OK);
		sent += size;
		if (loop_channel_waiting(side->channel) > waiting_max) {
			waiting_max = loop_channel_waiting(side->channel);
		}
	}
	if (is_cut) {
		loop_channel_close(side->channel, STATUS_OK);
	} else {
		loop_channel_finish(side->channel);
	}
}

static size_t
server_received(void *context, struct loop_channel *channel, struct bytes octets)
{
	struct side *side = context;

	if (loop_channel_is_secure(channel)) {
		return octets.size;
	}
	if (octets.size < 3) {
		return 0;
	}
	assert_int_equal(loop_channel_write(channel, TEXT("TLS")), STATUS_OK);
	assert_int_equal(loop_channel_secure(channel, crypto_tls_new(server_role)), STATUS_OK);
	assert_int_equal(loop_channel_write(channel, TEXT("x")), STATUS_BUSY);
	side->received += 3;
	return 3;
}

static void
side_secured(void *context, struct loop_channel *channel)
{
	struct side *side = context;

	side->secured_count++;
	assert_true(loop_channel_is_secure(channel));
	if (side == &server) {
		server_send(side);
	}
}

static void
side_drained(void *context, struct loop_channel *channel)
{
	struct side *side = context;

	if (side == &server && loop_channel_is_secure(channel)) {
		server_send(side);
	}
}

static void
client_go_on(void *context)
{
	struct side *side = context;

	if (side->channel != NULL) {
		loop_channel_pause(side->channel, false);
	}
}

static size_t
client_received(void *context, struct loop_channel *channel, struct bytes octets)
{
	struct side *side = context;
	size_t taken = octets.size;

	if (side->secured_count == 0) {
		if (octets.size < 3) {
			return 0;
		}
		assert_memory_equal(octets.at, "TLS", 3);
		assert_int_equal(
			loop_channel_secure(channel, crypto_tls_new(client_role)), STATUS_OK);
		return 3;
	}
	/* Some are left, to be shown again with those behind them. */
	if (side->is_slow && taken > 1000) {
		taken = 1000 + taken / 2;
		taken = taken > octets.size ? octets.size : taken;
		loop_channel_pause(channel, true);
		loop_timer_set(loop, &side->timer, loop_now_ms(loop) + 1, client_go_on, side);
	}
	for (size_t i = 0; i < taken; i++) {
		assert_int_equal(octets.at[i], octet_at(side->received + i));
	}
	side->received += taken;
	return taken;
}

static void
side_ended(void *context, struct loop_channel *channel)
{
	struct side *side = context;

	side->ended_count++;
	loop_channel_finish(channel);
}

static void
side_closed(void *context, enum status status)
{
	struct side *side = context;

	side->channel = NULL;
	side->closed_count++;
	side->status = status;
	loop_timer_clear(loop, &side->timer);
}

static const struct loop_channel_calls server_calls = {
	server_received, side_drained, side_secured, side_ended, side_closed};
static const struct loop_channel_calls client_calls = {
	client_received, side_drained, side_secured, side_ended, side_closed};

static void
accepted(void *context, struct loop_stream *stream, const struct address *peer)
{
	(void)context;
	(void)peer;
	server.channel = loop_channel_new(loop, stream, &server_calls, &server);
	assert_non_null(server.channel);
}

static bool
both_are_closed(void *context)
{
	(void)context;
	return server.closed_count > 0 && client.closed_count > 0;
}

static const struct loop_stream_calls no_calls = {0};

static struct loop_listener *
begin(const struct crypto_key *pinned)
{
	struct problem problem;
	struct address address = loopback_v4(0);
	struct loop_listener *listener;
	struct loop_stream *stream;

	loop = loop_new(&problem);
	assert_non_null(loop);
	sent = 0;
	waiting_max = 0;
	is_cut = false;
	server = (struct side){0};
	client = (struct side){0};
	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &key), STATUS_OK);
	assert_int_equal(crypto_tls_server(key, &server_role), STATUS_OK);
	assert_int_equal(crypto_tls_client(pinned != NULL ? pinned : key, &client_role), STATUS_OK);
	listener = loop_listen(loop, &address, accepted, NULL, &problem);
	assert_non_null(listener);
	loop_listener_address(listener, &address);
	stream = loop_connect(loop, &address, &no_calls, NULL, &problem);
	assert_non_null(stream);
	client.channel = loop_channel_new(loop, stream, &client_calls, &client);
	assert_non_null(client.channel);
	assert_int_equal(loop_channel_write(client.channel, TEXT("ask")), STATUS_OK);
	return listener;
}

static void
end(struct loop_listener *listener)
{
	assert_int_equal(server.closed_count, 1);
	assert_int_equal(client.closed_count, 1);
	loop_listener_close(listener);
	loop_free(loop);
	crypto_tls_role_free(server_role);
	crypto_tls_role_free(client_role);
	crypto_key_free(key);
}

static void
a_connection_turns_to_tls_and_carries_all_octets(void **state)
{
	struct loop_listener *listener = begin(NULL);

	(void)state;
	run_until(loop, both_are_closed, NULL);
	assert_int_equal(client.received, RUN_SIZE);
	assert_int_equal(client.secured_count, 1);
	assert_int_equal(server.secured_count, 1);
	assert_int_equal(client.ended_count, 1);
	assert_int_equal(client.status, STATUS_OK);
	assert_int_equal(server.status, STATUS_OK);
	end(listener);
}

static void
a_slow_reader_gets_all_octets_and_holds_no_memory(void **state)
{
	struct loop_listener *listener = begin(NULL);

	(void)state;
	client.is_slow = true;
	run_until(loop, both_are_closed, NULL);
	assert_int_equal(client.received, RUN_SIZE);
	assert_int_equal(client.status, STATUS_OK);
	assert_true(waiting_max > 0);
	assert_true(waiting_max <= TCP_OUT_SIZE_MAX);
	end(listener);
}

static void
a_server_with_another_key_is_denied(void **state)
{
	struct crypto_key *other;
	struct loop_listener *listener;

	(void)state;
	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &other), STATUS_OK);
	listener = begin(other);
	run_until(loop, both_are_closed, NULL);
	assert_int_equal(client.status, STATUS_DENIED);
	assert_int_equal(client.received, 0);
	assert_int_equal(client.secured_count, 0);
	end(listener);
	crypto_key_free(other);
}

static void
a_stream_cut_by_others_does_not_pass_for_a_whole_one(void **state)
{
	struct loop_listener *listener = begin(NULL);

	(void)state;
	is_cut = true;
	run_until(loop, both_are_closed, NULL);
	assert_int_equal(client.ended_count, 0);
	assert_int_equal(client.status, STATUS_CLOSED);
	end(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_turns_to_tls_and_carries_all_octets),
		cmocka_unit_test(a_slow_reader_gets_all_octets_and_holds_no_memory),
		cmocka_unit_test(a_server_with_another_key_is_denied),
		cmocka_unit_test(a_stream_cut_by_others_does_not_pass_for_a_whole_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
