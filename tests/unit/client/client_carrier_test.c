/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include "support/cmocka_all.h"

#include "client/client_ask.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * A carrier on the fake loop, with a server played by the test. Messages are four octets each
 * here: a carrier does not look into them.
 */
struct scene {
	struct loop *loop;
	struct client_carrier *carrier;
	struct fake_peer *peer;
	char got[64];
	size_t got_size;
	const char *next; /* Written from within `received`, once. */
	bool is_leaving; /* Closes from within `received`. */
	size_t closed_count;
	enum status closed;
};

static size_t
received(void *context, struct bytes octets)
{
	struct scene *scene = context;
	size_t taken = 0;

	while (octets.size - taken >= 4) {
		assert_true(scene->got_size + 4 < sizeof(scene->got));
		memcpy(scene->got + scene->got_size, octets.at + taken, 4);
		scene->got_size += 4;
		taken += 4;
		if (scene->is_leaving) {
			client_carrier_close(scene->carrier);
			scene->carrier = NULL;
			return taken;
		}
		if (scene->next != NULL) {
			assert_int_equal(client_carrier_write(
						 scene->carrier, bytes_from_string(scene->next)),
				STATUS_OK);
			scene->next = NULL;
		}
	}
	return taken;
}

static void
closed(void *context, enum status status)
{
	struct scene *scene = context;

	scene->closed_count++;
	scene->closed = status;
	client_carrier_close(scene->carrier);
	scene->carrier = NULL;
}

static const struct client_carrier_calls calls = {received, closed};

static struct scene *
scene_begin_by(enum client_transport transport, const char *host, const char *path)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct client_place place = {.transport = transport, .host = host, .path = path};
	struct problem problem = {.text = ""};

	fake_begin(1);
	scene->loop = loop_new(&problem);
	assert_int_equal(address_parse(TEXT("192.0.2.1:8000"), 0, &place.address), STATUS_OK);
	scene->carrier = client_carrier_open(scene->loop, &place, &calls, scene, &problem);
	assert_non_null(scene->carrier);
	return scene;
}

static struct scene *
scene_begin(const char *host, const char *path)
{
	return scene_begin_by(CLIENT_TRANSPORT_HTTP, host, path);
}

static void
scene_end(struct scene *scene)
{
	client_carrier_close(scene->carrier);
	fake_run();
	assert_int_equal(fake_counts().stream_count, 0);
	loop_free(scene->loop);
	fake_end();
	free(scene);
}

static void
write_message(struct scene *scene, const char *message)
{
	assert_int_equal(
		client_carrier_write(scene->carrier, bytes_from_string(message)), STATUS_OK);
}

/* The request that came, on a connection that may be new. */
static void
expect_request(struct scene *scene, const char *host, const char *path, const char *message)
{
	struct address to;
	struct fake_peer *peer;
	struct bytes got;
	char text[512];

	fake_run();
	peer = fake_accept(&to);
	scene->peer = peer != NULL ? peer : scene->peer;
	assert_non_null(scene->peer);
	fake_run();
	got = fake_peer_received(scene->peer);
	snprintf(text, sizeof(text),
		"POST %s HTTP/1.1\r\nHost: %s\r\nAccept: application/x-hdl-message\r\n"
		"Content-Type: application/x-hdl-message\r\nContent-Length: %zu\r\n\r\n%s",
		path, host, strlen(message), message);
	assert_int_equal(got.size, strlen(text));
	assert_memory_equal(got.at, text, got.size);
	fake_peer_consume(scene->peer, got.size);
}

static void
answer(struct scene *scene, const char *fields, const char *body)
{
	char text[512];

	snprintf(text, sizeof(text),
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-hdl-message\r\n%s\r\n%s", fields,
		body);
	fake_peer_send(scene->peer, bytes_from_string(text));
	fake_run();
}

static void
messages_are_posted_one_after_the_other_on_one_connection(void **state)
{
	struct scene *scene = scene_begin("example.org:8000", "/hdl");
	struct fake_peer *first;
	(void)state;

	write_message(scene, "ask1");
	expect_request(scene, "example.org:8000", "/hdl", "ask1");
	first = scene->peer;
	scene->next = "ask2";
	answer(scene, "Content-Length: 4\r\n", "say1");
	expect_request(scene, "example.org:8000", "/hdl", "ask2");
	assert_ptr_equal(scene->peer, first);
	answer(scene, "Content-Length: 8\r\n", "say2say3");
	assert_string_equal(scene->got, "say1say2say3");
	assert_int_equal(scene->closed_count, 0);
	scene_end(scene);
}

static void
an_answer_may_come_in_pieces_cut_anywhere(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-hdl-message\r\n"
		"Content-Length: 8\r\n\r\nsay1say2",
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-hdl-message\r\n"
		"Transfer-Encoding: chunked\r\n\r\n3\r\nsay\r\n5\r\n1say2\r\n0\r\n\r\n",
	};
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		for (size_t cut = 1; cut < strlen(answers[i]); cut++) {
			struct scene *scene = scene_begin(NULL, NULL);

			write_message(scene, "ask1");
			expect_request(scene, "192.0.2.1:8000", "/", "ask1");
			fake_peer_send(scene->peer, bytes_over(answers[i], cut));
			fake_run();
			fake_peer_send(scene->peer, bytes_from_string(answers[i] + cut));
			fake_run();
			assert_string_equal(scene->got, "say1say2");
			assert_int_equal(scene->closed_count, 0);
			write_message(scene, "ask2"); /* It is over, and the connection is well. */
			expect_request(scene, "192.0.2.1:8000", "/", "ask2");
			scene_end(scene);
		}
	}
}

static void
what_is_asked_while_an_answer_comes_waits_for_its_end(void **state)
{
	struct scene *scene = scene_begin(NULL, NULL);
	(void)state;

	write_message(scene, "ask1");
	expect_request(scene, "192.0.2.1:8000", "/", "ask1");
	scene->next = "ask2";
	answer(scene, "Transfer-Encoding: chunked\r\n", "4\r\nsay1\r\n");
	assert_int_equal(fake_peer_received(scene->peer).size, 0);
	assert_int_equal(client_carrier_write(scene->carrier, TEXT("ask3")), STATUS_BUSY);
	fake_peer_send(scene->peer, TEXT("0\r\n\r\n"));
	expect_request(scene, "192.0.2.1:8000", "/", "ask2");
	scene_end(scene);
}

static void
a_server_that_closes_gets_another_connection(void **state)
{
	static const char *const fields[] = {"Connection: close\r\nContent-Length: 4\r\n", ""};
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct scene *scene = scene_begin(NULL, NULL);
		struct fake_peer *first;

		write_message(scene, "ask1");
		expect_request(scene, "192.0.2.1:8000", "/", "ask1");
		first = scene->peer;
		scene->next = "ask2";
		answer(scene, fields[i], "say1");
		expect_request(scene, "192.0.2.1:8000", "/", "ask2");
		assert_ptr_not_equal(scene->peer, first);
		assert_true(fake_peer_is_closed(first) || fake_peer_has_ended(first));
		scene_end(scene);
	}
}

/* What begins a connection with TLS: the name of the host stands in it as it is. */
static void
over_tls_a_name_is_said_and_an_address_is_not(void **state)
{
	static const struct {
		const char *host, *said; /* NULL: nothing. */
	} rows[] = {
		{"id.example.org:8443", "id.example.org"},
		{"id.example.org", "id.example.org"},
		{"192.0.2.1:8443", NULL},
		{"192.0.2.1", NULL},
		{"[2001:db8::1]:8443", NULL},
		{"[2001:db8::1]", NULL},
		{NULL, NULL},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_begin_by(CLIENT_TRANSPORT_HTTPS, rows[i].host, "/");
		/* RFC 6066, 3: a type, 0 for a list of one name, which is a host's. */
		uint8_t extension[64];
		struct wire_writer writer = wire_writer_over(extension, sizeof(extension));
		struct bytes name = bytes_from_string(rows[i].said == NULL ? "" : rows[i].said);
		struct address to;
		struct bytes hello;

		wire_write_u16(&writer, 0);
		wire_write_u16(&writer, (uint16_t)(name.size + 5));
		wire_write_u16(&writer, (uint16_t)(name.size + 3));
		wire_write_u8(&writer, 0);
		wire_write_u16(&writer, (uint16_t)name.size);
		wire_write_bytes(&writer, name);
		fake_run();
		scene->peer = fake_accept(&to);
		assert_non_null(scene->peer);
		fake_run();
		hello = fake_peer_received(scene->peer);
		assert_true(hello.size > 100);
		assert_int_equal(hello.at[0], 22); /* A handshake. */
		assert_int_equal(
			memmem(hello.at, hello.size, extension, wire_writer_size(&writer)) != NULL,
			rows[i].said != NULL);
		assert_null(memmem(hello.at, hello.size, "192.0.2.1", 9));
		assert_null(memmem(hello.at, hello.size, "2001:db8", 8));
		scene_end(scene);
	}
}

static void
an_idle_connection_may_end(void **state)
{
	struct scene *scene = scene_begin(NULL, NULL);
	(void)state;

	write_message(scene, "ask1");
	expect_request(scene, "192.0.2.1:8000", "/", "ask1");
	answer(scene, "Content-Length: 4\r\n", "say1");
	fake_peer_close(scene->peer);
	fake_run();
	assert_int_equal(scene->closed_count, 0);
	write_message(scene, "ask2");
	expect_request(scene, "192.0.2.1:8000", "/", "ask2");
	scene_end(scene);
}

static void
a_carrier_may_be_closed_by_who_is_shown_a_message(void **state)
{
	struct scene *scene = scene_begin(NULL, NULL);
	(void)state;

	write_message(scene, "ask1");
	expect_request(scene, "192.0.2.1:8000", "/", "ask1");
	scene->is_leaving = true;
	answer(scene, "Content-Length: 8\r\n", "say1say2");
	assert_string_equal(scene->got, "say1");
	assert_int_equal(scene->closed_count, 0);
	scene_end(scene);
}

static void
what_is_no_answer_ends_the_carrier(void **state)
{
	static const struct {
		const char *text;
		enum status status;
	} cases[] = {
		{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", STATUS_UNSUPPORTED},
		{"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", STATUS_BUSY},
		{"HTTP/1.1 200 OK\r\nContent-Type: application/x-hdl-message\r\n"
		 "Content-Length: 3\r\n\r\nsay",
			STATUS_MALFORMED},
		{"HTTP/1.1 200 OK\r\nContent-Type: application/x-hdl-message\r\n"
		 "Content-Length: 0\r\n\r\n",
			STATUS_MALFORMED},
		{"hello\r\n", STATUS_MALFORMED},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene *scene = scene_begin(NULL, NULL);

		write_message(scene, "ask1");
		expect_request(scene, "192.0.2.1:8000", "/", "ask1");
		fake_peer_send(scene->peer, bytes_from_string(cases[i].text));
		fake_run();
		assert_int_equal(scene->closed_count, 1);
		assert_int_equal(scene->closed, cases[i].status);
		scene_end(scene);
	}
}

static void
octets_that_nobody_asked_for_end_the_carrier(void **state)
{
	struct scene *scene = scene_begin(NULL, NULL);
	(void)state;

	write_message(scene, "ask1");
	expect_request(scene, "192.0.2.1:8000", "/", "ask1");
	answer(scene, "Content-Length: 4\r\n", "say1say2");
	assert_int_equal(scene->closed_count, 1);
	assert_string_equal(scene->got, "say1");
	scene_end(scene);
}

static void
a_server_that_goes_before_it_answers_is_told(void **state)
{
	struct scene *scene = scene_begin(NULL, NULL);
	(void)state;

	write_message(scene, "ask1");
	expect_request(scene, "192.0.2.1:8000", "/", "ask1");
	fake_peer_reset(scene->peer);
	fake_run();
	assert_int_equal(scene->closed_count, 1);
	scene_end(scene);
}

struct asked {
	size_t count;
	enum status status;
	enum client_transport transport;
};

static void
asked_answered(void *context, enum status status, const struct client_reply *reply)
{
	struct asked *asked = context;

	asked->count++;
	asked->status = status;
	asked->transport = reply == NULL ? CLIENT_TRANSPORT_UDP : reply->transport;
}

/* The answer to a question over HTTP: its own request, as a response. */
static void
answer_question(struct fake_peer *peer)
{
	struct bytes got = fake_peer_received(peer);
	struct wire_reader reader;
	struct envelope envelope;
	struct message message;
	struct request request;
	struct response response;
	static uint8_t octets[4096];
	struct wire_writer writer = wire_writer_over(octets + ENVELOPE_SIZE, 2048);
	struct wire_writer front = wire_writer_over(octets, ENVELOPE_SIZE);
	const char *body = strstr((const char *)got.at, "\r\n\r\n") + 4;
	char head[256];

	reader = wire_reader_over(
		bytes_over(body, (size_t)((const char *)got.at + got.size - body)));
	envelope_read(&reader, &envelope);
	assert_int_equal(message_decode(&envelope, wire_read_rest(&reader), &message), STATUS_OK);
	assert_int_equal(request_decode(&message, &request), STATUS_OK);
	response_begin(&request, RESPONSE_HANDLE_NOT_FOUND, 1, true, 0, &response);
	response_write(&writer, &response);
	response.message.envelope.message_size = (uint32_t)wire_writer_size(&writer);
	envelope_write(&front, &response.message.envelope);
	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-hdl-message\r\n"
		"Content-Length: %zu\r\n\r\n",
		ENVELOPE_SIZE + wire_writer_size(&writer));
	fake_peer_send(peer, bytes_from_string(head));
	fake_peer_send(peer, bytes_over(octets, ENVELOPE_SIZE + wire_writer_size(&writer)));
	fake_run();
}

static struct client_ask *
ask_begin(struct loop *loop, bool has_web, struct asked *asked)
{
	static struct client_place web = {.transport = CLIENT_TRANSPORT_HTTP};
	struct request request = {.message.header = {.opcode = OPCODE_RESOLUTION},
		.message.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
		.resolution.name = TEXT("88.100/A")};
	struct client_question question = {.request = &request, .web = has_web ? &web : NULL};
	struct problem problem = {.text = ""};

	assert_int_equal(address_parse(TEXT("192.0.2.1:8000"), 0, &web.address), STATUS_OK);
	assert_int_equal(address_parse(TEXT("192.0.2.1:2641"), 0, &question.server), STATUS_OK);
	return client_ask(loop, &question, asked_answered, asked, &problem);
}

static void
http_is_asked_when_udp_and_tcp_are_silent(void **state)
{
	struct problem problem = {.text = ""};
	struct asked asked = {.count = 0};
	struct fake_peer *tcp;
	struct fake_peer *web;
	struct address to;
	struct loop *loop;
	(void)state;

	fake_begin(1);
	loop = loop_new(&problem);
	assert_non_null(ask_begin(loop, true, &asked));
	fake_advance(3000);
	tcp = fake_accept(&to);
	assert_non_null(tcp);
	assert_int_equal(address_port(&to), 2641);
	fake_advance(CLIENT_TCP_PATIENCE_MS - 1);
	assert_null(fake_accept(&to));
	fake_advance(1);
	web = fake_accept(&to);
	assert_non_null(web);
	assert_int_equal(address_port(&to), 8000);
	fake_run();
	answer_question(web);
	fake_run();
	assert_int_equal(asked.count, 1);
	assert_int_equal(asked.status, STATUS_OK);
	assert_int_equal(asked.transport, CLIENT_TRANSPORT_HTTP);
	loop_free(loop);
	fake_end();
}

static void
http_is_asked_at_once_when_tcp_is_refused(void **state)
{
	(void)state;
	for (int has_web = 0; has_web < 2; has_web++) {
		struct problem problem = {.text = ""};
		struct asked asked = {.count = 0};
		struct fake_peer *peer;
		struct address to;
		struct loop *loop;

		fake_begin(1);
		loop = loop_new(&problem);
		assert_non_null(ask_begin(loop, has_web == 1, &asked));
		fake_advance(3000);
		peer = fake_accept(&to);
		fake_peer_reset(peer);
		fake_run();
		peer = fake_accept(&to);
		assert_int_equal(peer != NULL, has_web);
		if (peer != NULL) {
			fake_run();
			answer_question(peer);
		}
		fake_run();
		assert_int_equal(asked.count, 1);
		assert_int_equal(asked.status, has_web == 1 ? STATUS_OK : STATUS_CLOSED);
		loop_free(loop);
		fake_end();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_posted_one_after_the_other_on_one_connection),
		cmocka_unit_test(an_answer_may_come_in_pieces_cut_anywhere),
		cmocka_unit_test(what_is_asked_while_an_answer_comes_waits_for_its_end),
		cmocka_unit_test(a_server_that_closes_gets_another_connection),
		cmocka_unit_test(over_tls_a_name_is_said_and_an_address_is_not),
		cmocka_unit_test(an_idle_connection_may_end),
		cmocka_unit_test(a_carrier_may_be_closed_by_who_is_shown_a_message),
		cmocka_unit_test(what_is_no_answer_ends_the_carrier),
		cmocka_unit_test(octets_that_nobody_asked_for_end_the_carrier),
		cmocka_unit_test(a_server_that_goes_before_it_answers_is_told),
		cmocka_unit_test(http_is_asked_when_udp_and_tcp_are_silent),
		cmocka_unit_test(http_is_asked_at_once_when_tcp_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
