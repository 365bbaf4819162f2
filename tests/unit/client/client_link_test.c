/* SPDX-License-Identifier: Apache-2.0 */
#include "client_link_scene.h"
#include "support/free_watch.h"

static struct client_identity
secret_identity(void)
{
	return (struct client_identity){
		.handle = TEXT("0.NA/88.100"), .index = 301, .secret = TEXT("open sesame")};
}

static void
requests_are_pipelined_once_the_server_keeps_connections(void **state)
{
	struct scene *scene = scene_begin();
	(void)state;

	scene_link(scene, (struct client_link_settings){.depth = 3});
	for (int i = 0; i < 5; i++) {
		send_delete(scene, "88.100/A");
	}
	assert_true(server_take(scene));
	assert_false(server_take(scene));
	server_answer(scene, RESPONSE_SUCCESS);
	assert_int_equal(scene->told, 1);
	/* Three at once from now on. */
	assert_true(server_take(scene));
	assert_true(server_take(scene));
	assert_true(server_take(scene));
	assert_false(server_take(scene));
	server_answer(scene, RESPONSE_SUCCESS);
	assert_int_equal(client_link_facts(scene->link).connections, 1);
	scene_end(scene);
}

static void
a_server_that_closes_behind_each_answer_gets_a_connection_each(void **state)
{
	struct scene *scene = scene_begin();
	(void)state;

	scene->is_keeping = false;
	scene_link(scene, (struct client_link_settings){.depth = 3});
	send_delete(scene, "88.100/A");
	send_delete(scene, "88.100/B");
	assert_true(server_take(scene));
	server_answer(scene, RESPONSE_SUCCESS);
	assert_true(server_take(scene));
	server_answer(scene, RESPONSE_HANDLE_NOT_FOUND);
	assert_int_equal(scene->told_ok, 2);
	assert_int_equal(scene->last_code, RESPONSE_HANDLE_NOT_FOUND);
	assert_int_equal(client_link_facts(scene->link).connections, 2);
	scene_end(scene);
}

static void
answer_with_a_secret(bool is_keeping)
{
	struct scene *scene = scene_begin();
	struct client_identity identity = secret_identity();
	const struct request_challenge_response *proof = &scene->request.challenge_response;
	struct challenge_input input;

	scene->is_keeping = is_keeping;
	scene_link(scene, (struct client_link_settings){.identity = &identity});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	server_challenge(scene, 4711);
	assert_true(server_take(scene));
	assert_int_equal(scene->request.message.header.opcode, OPCODE_CHALLENGE_RESPONSE);
	assert_int_equal(scene->request.message.envelope.session_id, 4711);
	assert_true(bytes_equal(proof->authentication_type, TEXT("HS_SECKEY")));
	assert_true(bytes_equal(proof->name, identity.handle));
	assert_int_equal(proof->index, 301);
	input = server_input(scene);
	assert_int_equal(
		challenge_verify_mac(identity.secret, &input, proof->response, false), STATUS_OK);
	scene->request.message.header.opcode = OPCODE_DELETE_HANDLE;
	server_answer(scene, RESPONSE_SUCCESS);
	assert_int_equal(scene->told_ok, 1);
	assert_int_equal(scene->last_code, RESPONSE_SUCCESS);
	scene_end(scene);
}

static void
a_challenge_is_answered_with_a_secret(void **state)
{
	(void)state;
	answer_with_a_secret(true);
	answer_with_a_secret(false);
}

static void
a_challenge_is_answered_with_each_kind_of_key(void **state)
{
	const enum crypto_key_kind kinds[] = {CRYPTO_KEY_RSA, CRYPTO_KEY_ED25519, CRYPTO_KEY_SM2};
	(void)state;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct scene *scene = scene_begin();
		struct client_identity identity = {.handle = TEXT("0.NA/88.100"), .index = 300};
		struct crypto_key *key;
		struct challenge_input input;

		assert_int_equal(crypto_key_new(kinds[i], &key), STATUS_OK);
		identity.key = key;
		scene_link(scene, (struct client_link_settings){.identity = &identity});
		send_delete(scene, "88.100/A");
		assert_true(server_take(scene));
		server_challenge(scene, 4711);
		assert_true(server_take(scene));
		assert_true(bytes_equal(
			scene->request.challenge_response.authentication_type, TEXT("HS_PUBKEY")));
		input = server_input(scene);
		assert_int_equal(challenge_verify_signature(
					 key, &input, scene->request.challenge_response.response),
			STATUS_OK);
		scene_end(scene);
		crypto_key_free(key);
	}
}

static void
a_challenge_about_something_else_is_never_signed(void **state)
{
	struct scene *scene = scene_begin();
	struct client_identity identity = secret_identity();
	uint8_t other[] = "what the server would like to have signed";
	(void)state;

	scene_link(scene, (struct client_link_settings){.identity = &identity});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	scene->request.message.signed_run = bytes_over(other, sizeof(other));
	server_challenge(scene, 4711);
	assert_int_equal(scene->told, 1);
	assert_int_equal(scene->last_status, STATUS_UNAUTHENTICATED);
	assert_false(server_take(scene));
	scene_end(scene);
}

static void
two_challenges_in_a_row_are_answered_and_no_third(void **state)
{
	struct scene *scene = scene_begin();
	struct client_identity identity = secret_identity();
	struct message asked;
	(void)state;

	scene_link(scene, (struct client_link_settings){.identity = &identity});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	asked = scene->request.message;
	for (uint32_t i = 0; i < 3; i++) {
		static uint8_t run[256];

		assert_true(asked.signed_run.size <= sizeof(run));
		if (i == 0) {
			memcpy(run, asked.signed_run.at, asked.signed_run.size);
		}
		scene->request.message.signed_run = bytes_over(run, asked.signed_run.size);
		scene->request.message.header.opcode = OPCODE_DELETE_HANDLE;
		server_challenge(scene, 4711 + i);
		assert_int_equal(server_take(scene), i < 2);
	}
	assert_int_equal(scene->last_status, STATUS_UNAUTHENTICATED);
	scene_end(scene);
}

static void
without_an_identity_a_challenge_is_handed_on(void **state)
{
	struct scene *scene = scene_begin();
	(void)state;

	scene_link(scene, (struct client_link_settings){.depth = 1});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	server_challenge(scene, 4711);
	assert_int_equal(scene->told_ok, 1);
	assert_int_equal(scene->last_code, RESPONSE_AUTHENTICATION_NEEDED);
	scene_end(scene);
}

/* A session with its identity proven, nothing under way. */
static void
scene_log_in(struct scene *scene, const struct client_identity *identity)
{
	struct challenge_input input;

	scene_link(scene, (struct client_link_settings){.identity = identity, .is_session = true});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	assert_int_equal(scene->request.message.header.opcode, OPCODE_SESSION_SETUP);
	assert_int_equal(scene->request.session_setup.identity_index, identity->index);
	server_open_session(scene, 99);
	assert_true(server_take(scene));
	assert_int_equal(scene->request.message.header.opcode, OPCODE_DELETE_HANDLE);
	assert_sealed(scene);
	server_challenge(scene, 99);
	assert_true(server_take(scene));
	assert_sealed(scene);
	input = server_input(scene);
	assert_int_equal(challenge_verify_mac(identity->secret, &input,
				 scene->request.challenge_response.response, false),
		STATUS_OK);
	scene->request.message.header.opcode = OPCODE_DELETE_HANDLE;
	server_answer(scene, RESPONSE_SUCCESS);
	assert_int_equal(scene->told_ok, 1);
	assert_true(client_link_facts(scene->link).is_authenticated);
}

static void
a_session_proves_the_identity_once_and_seals_every_message(void **state)
{
	struct scene *scene = scene_begin();
	struct client_identity identity = secret_identity();
	(void)state;

	scene_log_in(scene, &identity);
	for (int i = 0; i < 3; i++) {
		send_delete(scene, "88.100/A");
	}
	for (int i = 0; i < 3; i++) {
		assert_true(server_take(scene));
		assert_sealed(scene);
		assert_false(scene->was_encrypted);
		server_answer(scene, RESPONSE_SUCCESS);
	}
	assert_int_equal(scene->told_ok, 4);
	assert_int_equal(client_link_facts(scene->link).challenges, 1);
	scene_end(scene);
}

static void
send_create_with_secret(struct scene *scene, struct bytes secret)
{
	uint8_t octets[128];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_value value = {.index = 1, .type = TEXT("HS_SECKEY"), .data = secret};
	struct request request = {.message.header = {.opcode = OPCODE_CREATE_HANDLE}};

	value.permissions = HANDLE_ADMIN_READ | HANDLE_ADMIN_WRITE;
	handle_value_write(&writer, &value);
	request.values.name = TEXT("88.100/B");
	request.values.values = (struct handle_value_list){1, wire_written(&writer)};
	assert_int_equal(client_link_send(scene->link, &request, told, scene), STATUS_OK);
}

static void
values_that_not_everybody_may_read_are_encrypted(void **state)
{
	struct scene *scene = scene_begin();
	struct client_identity identity = secret_identity();
	(void)state;

	scene_log_in(scene, &identity);
	send_create_with_secret(scene, TEXT("s"));
	assert_true(server_take(scene));
	assert_true(scene->was_encrypted);
	assert_sealed(scene);
	assert_true(bytes_equal(scene->request.values.name, TEXT("88.100/B")));
	scene_end(scene);
}

/* Whatever became of the request: answered, cut off, under way or waiting at the end. */
static void
a_secret_is_not_left_in_memory_that_is_given_back(void **state)
{
	enum { ANSWERED, CUT, UNDER_WAY, WAITING, STATE_COUNT };
	struct bytes secret = TEXT("the seed of 88.100");
	struct client_identity identity = secret_identity();
	(void)state;

	for (int end = ANSWERED; end < STATE_COUNT; end++) {
		struct scene *scene = scene_begin();

		scene_log_in(scene, &identity);
		free_watch_begin(secret);
		if (end == WAITING) {
			send_delete(scene, "88.100/A");
			assert_true(server_take(scene));
			server_answer(scene, RESPONSE_SERVER_TOO_BUSY);
		}
		send_create_with_secret(scene, secret);
		assert_int_equal(server_take(scene), end != WAITING);
		if (end == ANSWERED) {
			server_answer(scene, RESPONSE_SUCCESS);
		} else if (end == CUT) {
			fake_peer_reset(scene->peer);
			fake_run();
		}
		assert_int_equal(scene->told, end == ANSWERED || end == CUT ? 2 : 1);
		client_link_free(scene->link);
		scene->link = NULL;
		assert_int_equal(free_watch_end(), 0);
		scene_end(scene);
	}
}

/* Else the test above would prove nothing. */
static void
a_secret_that_is_left_is_seen(void **state)
{
	struct bytes secret = TEXT("the seed of 88.100");
	uint8_t *copy = malloc(100);
	(void)state;

	assert_non_null(copy);
	memset(copy, 1, 100);
	memcpy(copy + 50, secret.at, secret.size);
	free_watch_begin(secret);
	free(copy);
	assert_int_equal(free_watch_end(), 1);
}

static void
an_answer_that_is_not_the_session_s_ends_the_connection(void **state)
{
	struct client_identity identity = secret_identity();
	(void)state;

	for (int kind = 0; kind < 2; kind++) {
		struct scene *scene = scene_begin();

		scene_log_in(scene, &identity);
		send_delete(scene, "88.100/A");
		assert_true(server_take(scene));
		/* A wrong HS_MAC, or a counter that was there before. */
		scene->is_mac_broken = kind == 0;
		scene->sent_count -= kind == 1;
		server_answer(scene, RESPONSE_SUCCESS);
		assert_int_equal(scene->last_status, STATUS_DENIED);
		scene_end(scene);
	}
}

/* Without its operation an answer's body would be taken for another's; in a session it would
 * need no HS_MAC, too. */
static void
a_success_without_its_operation_is_no_answer(void **state)
{
	struct client_identity identity = secret_identity();
	struct response response;
	(void)state;

	for (int kind = 0; kind < 3; kind++) {
		struct scene *scene = scene_begin();

		if (kind == 1) {
			scene_log_in(scene, &identity);
		} else {
			/* A session, half open, or none. */
			scene_link(scene, (struct client_link_settings){.is_session = kind == 2});
		}
		send_delete(scene, "88.100/A");
		assert_true(server_take(scene));
		scene->session_id = 0;
		server_begin(scene, RESPONSE_SUCCESS, &response);
		response.message.header.opcode = OPCODE_RESERVED;
		server_send(scene, &response);
		assert_int_equal(scene->last_status, STATUS_MALFORMED);
		scene_end(scene);
	}
}

static void
a_refusal_without_its_operation_is_an_answer(void **state)
{
	struct scene *scene = scene_begin();
	struct response response;
	(void)state;

	scene_link(scene, (struct client_link_settings){.depth = 1});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	server_begin(scene, RESPONSE_PROTOCOL_ERROR, &response);
	response.message.header.opcode = OPCODE_RESERVED;
	response.error.text = TEXT("what was that?");
	server_send(scene, &response);
	assert_int_equal(scene->told_ok, 1);
	assert_string_equal(scene->last_text, "what was that?");
	scene_end(scene);
}

static void
a_session_that_the_server_forgot_is_opened_again_once(void **state)
{
	struct scene *scene = scene_begin();
	struct client_identity identity = secret_identity();
	(void)state;

	scene_log_in(scene, &identity);
	send_delete(scene, "88.100/B");
	assert_true(server_take(scene));
	scene->session_id = 0;
	server_answer(scene, RESPONSE_SESSION_TIMEOUT);
	assert_int_equal(scene->told, 1);
	assert_true(server_take(scene));
	assert_int_equal(scene->request.message.header.opcode, OPCODE_SESSION_SETUP);
	server_open_session(scene, 100);
	assert_true(server_take(scene));
	assert_sealed(scene);
	assert_true(bytes_equal(scene->request.name.name, TEXT("88.100/B")));
	scene->session_id = 0;
	server_answer(scene, RESPONSE_SESSION_TIMEOUT);
	assert_int_equal(scene->told, 2);
	assert_int_equal(scene->last_code, RESPONSE_SESSION_TIMEOUT);
	scene_end(scene);
}

static void
who_waits_for_a_session_hears_why_there_is_none(void **state)
{
	struct scene *scene = scene_begin();
	struct client_identity identity = secret_identity();
	struct response response;
	(void)state;

	scene_link(scene, (struct client_link_settings){.identity = &identity, .is_session = true});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	server_begin(scene, RESPONSE_SESSION_FAILED, &response);
	response.error.text = TEXT("no sessions today");
	server_send(scene, &response);
	assert_int_equal(scene->told_ok, 1);
	assert_int_equal(scene->last_code, RESPONSE_SESSION_FAILED);
	assert_string_equal(scene->last_text, "no sessions today");
	scene_end(scene);
}

static void
a_list_comes_in_parts(void **state)
{
	struct scene *scene = scene_begin();
	struct response response;
	(void)state;

	scene_link(scene, (struct client_link_settings){.depth = 1});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	for (int i = 0; i < 3; i++) {
		server_begin(scene, RESPONSE_SUCCESS, &response);
		response.message.header.flags |= i < 2 ? MESSAGE_FLAG_CONTINUOUS : 0;
		server_send(scene, &response);
		assert_int_equal(scene->part_count, i + 1);
		assert_int_equal(scene->told, i < 2 ? 0 : 1);
	}
	scene_end(scene);
}

static void
a_silent_server_is_given_up_and_the_next_request_tries_again(void **state)
{
	struct scene *scene = scene_begin();
	(void)state;

	scene_link(scene, (struct client_link_settings){.deadline_ms = 1000});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	fake_advance(999);
	assert_int_equal(scene->told, 0);
	fake_advance(1);
	assert_int_equal(scene->last_status, STATUS_TIMED_OUT);
	scene->peer = NULL;
	send_delete(scene, "88.100/B");
	assert_true(server_take(scene));
	server_answer(scene, RESPONSE_SUCCESS);
	assert_int_equal(scene->told_ok, 1);
	scene_end(scene);
}

static void
a_busy_server_is_asked_again_after_a_pause(void **state)
{
	struct scene *scene = scene_begin();
	uint32_t most_ms = CLIENT_PAUSE_MIN_MS;
	(void)state;

	scene_link(scene, (struct client_link_settings){.depth = 1});
	send_delete(scene, "88.100/A");
	for (int i = 0; i < 7; i++) {
		assert_true(server_take(scene));
		server_answer(scene, RESPONSE_SERVER_TOO_BUSY);
		assert_int_equal(scene->told, 0);
		/* At least half of the pause is certain, and the whole of it enough. */
		fake_advance(most_ms / 2 - 1);
		assert_false(server_take(scene));
		fake_advance(most_ms / 2 + 1);
		most_ms = most_ms * 2 > CLIENT_PAUSE_MAX_MS ? CLIENT_PAUSE_MAX_MS : most_ms * 2;
	}
	assert_true(server_take(scene));
	assert_true(bytes_equal(scene->request.name.name, TEXT("88.100/A")));
	server_answer(scene, RESPONSE_SUCCESS);
	assert_int_equal(scene->told_ok, 1);
	assert_int_equal(scene->last_code, RESPONSE_SUCCESS);
	assert_int_equal(client_link_facts(scene->link).pauses, 7);
	scene_end(scene);
}

/* Several that were refused come back one at a time, whatever the depth is else. */
static void
what_was_refused_is_sent_alone(void **state)
{
	struct scene *scene = scene_begin();
	(void)state;

	scene_link(scene, (struct client_link_settings){.depth = 3});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	server_answer(scene, RESPONSE_SUCCESS);
	send_delete(scene, "88.100/B");
	send_delete(scene, "88.100/C");
	for (int i = 0; i < 2; i++) {
		assert_true(server_take(scene));
		server_answer(scene, RESPONSE_SERVER_TOO_BUSY);
	}
	fake_advance(CLIENT_PAUSE_MIN_MS);
	assert_true(server_take(scene));
	assert_true(bytes_equal(scene->request.name.name, TEXT("88.100/B")));
	assert_false(server_take(scene));
	server_answer(scene, RESPONSE_SUCCESS);
	assert_true(server_take(scene));
	assert_true(bytes_equal(scene->request.name.name, TEXT("88.100/C")));
	server_answer(scene, RESPONSE_SUCCESS);
	assert_int_equal(scene->told_ok, 3);
	scene_end(scene);
}

/* No two requests in a row come back after the same pause. */
static void
the_pause_is_not_the_same_each_time(void **state)
{
	struct scene *scene = scene_begin();
	int64_t first_ms = 0;
	bool differs = false;
	(void)state;

	scene_link(scene, (struct client_link_settings){.depth = 1});
	for (int i = 0; i < 20; i++) {
		int64_t paused_ms = 0;

		send_delete(scene, "88.100/A");
		assert_true(server_take(scene));
		server_answer(scene, RESPONSE_SERVER_TOO_BUSY);
		for (; !server_take(scene); paused_ms++) {
			assert_true(paused_ms <= CLIENT_PAUSE_MIN_MS);
			fake_advance(1);
		}
		server_answer(scene, RESPONSE_SUCCESS);
		first_ms = i == 0 ? paused_ms : first_ms;
		differs = differs || paused_ms != first_ms;
	}
	assert_true(differs);
	scene_end(scene);
}

static void
a_server_that_stays_busy_is_believed_before_the_deadline(void **state)
{
	struct scene *scene = scene_begin();
	int64_t began_ms = fake_now_ms();
	size_t asked = 0;
	(void)state;

	scene_link(scene, (struct client_link_settings){.deadline_ms = 2000});
	send_delete(scene, "88.100/A");
	while (scene->told == 0) {
		if (server_take(scene)) {
			asked++;
			server_answer(scene, RESPONSE_SERVER_TOO_BUSY);
		} else {
			fake_advance(10);
		}
		assert_true(fake_now_ms() - began_ms < 2000);
	}
	assert_int_equal(scene->told_ok, 1);
	assert_int_equal(scene->last_code, RESPONSE_SERVER_TOO_BUSY);
	assert_in_range(asked, 3, 6);
	scene_end(scene);
}

/* A request that is tried again has no more time than one that is not. */
static void
a_busy_server_that_falls_silent_is_given_up_at_the_first_deadline(void **state)
{
	struct scene *scene = scene_begin();
	int64_t began_ms = fake_now_ms();
	(void)state;

	scene_link(scene, (struct client_link_settings){.deadline_ms = 1000});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	server_answer(scene, RESPONSE_SERVER_TOO_BUSY);
	fake_advance(CLIENT_PAUSE_MIN_MS);
	assert_true(server_take(scene));
	fake_advance(began_ms + 999 - fake_now_ms());
	assert_int_equal(scene->told, 0);
	fake_advance(1);
	assert_int_equal(scene->last_status, STATUS_TIMED_OUT);
	scene_end(scene);
}

/* What was handed in later may build on what the server was too busy for. */
static void
requests_keep_their_order_around_a_busy_server(void **state)
{
	static const char *const names[] = {"88.100/B", "88.100/C", "88.100/D"};
	struct scene *scene = scene_begin();
	(void)state;

	scene_link(scene, (struct client_link_settings){.depth = 2});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	server_answer(scene, RESPONSE_SUCCESS);
	for (size_t i = 0; i < 3; i++) {
		send_delete(scene, names[i]);
	}
	/* B and C are on their way; both are refused. */
	assert_true(server_take(scene));
	server_answer(scene, RESPONSE_SERVER_TOO_BUSY);
	assert_true(server_take(scene));
	server_answer(scene, RESPONSE_SERVER_TOO_BUSY);
	assert_false(server_take(scene));
	fake_advance(CLIENT_PAUSE_MIN_MS);
	for (size_t i = 0; i < 3; i++) {
		assert_true(server_take(scene));
		assert_true(bytes_equal(scene->request.name.name, bytes_from_string(names[i])));
		server_answer(scene, RESPONSE_SUCCESS);
	}
	assert_int_equal(scene->told_ok, 4);
	assert_int_equal(client_link_facts(scene->link).pauses, 1);
	scene_end(scene);
}

/* A guess too many: the whole conversation comes again, with another challenge. */
static void
a_proof_that_came_too_often_is_given_again(void **state)
{
	struct scene *scene = scene_begin();
	struct client_identity identity = secret_identity();
	(void)state;

	scene_link(scene, (struct client_link_settings){.identity = &identity});
	send_delete(scene, "88.100/A");
	for (uint32_t i = 0; i < 4; i++) {
		assert_true(server_take(scene));
		assert_int_equal(scene->request.message.header.opcode, OPCODE_DELETE_HANDLE);
		server_challenge(scene, 4711 + i);
		assert_true(server_take(scene));
		assert_int_equal(scene->request.message.envelope.session_id, 4711 + i);
		scene->request.message.header.opcode = OPCODE_DELETE_HANDLE;
		server_answer(scene, i < 3 ? RESPONSE_SERVER_TOO_BUSY : RESPONSE_SUCCESS);
		fake_advance(CLIENT_PAUSE_MAX_MS);
	}
	assert_int_equal(scene->told_ok, 1);
	assert_int_equal(scene->last_code, RESPONSE_SUCCESS);
	scene_end(scene);
}

static void
a_session_that_there_is_no_room_for_is_asked_for_again(void **state)
{
	struct scene *scene = scene_begin();
	(void)state;

	scene_link(scene, (struct client_link_settings){.is_session = true});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	server_answer(scene, RESPONSE_SERVER_TOO_BUSY);
	assert_int_equal(scene->told, 0);
	assert_false(server_take(scene));
	fake_advance(CLIENT_PAUSE_MIN_MS);
	assert_true(server_take(scene));
	assert_int_equal(scene->request.message.header.opcode, OPCODE_SESSION_SETUP);
	server_open_session(scene, 7);
	assert_true(server_take(scene));
	assert_sealed(scene);
	server_answer(scene, RESPONSE_SUCCESS);
	assert_int_equal(scene->told_ok, 1);
	scene_end(scene);
}

static void
what_was_sent_when_the_connection_broke_is_told_so(void **state)
{
	struct scene *scene = scene_begin();
	(void)state;

	scene_link(scene, (struct client_link_settings){.depth = 2});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	fake_peer_reset(scene->peer);
	fake_run();
	assert_int_equal(scene->told, 1);
	assert_int_equal(scene->last_status, STATUS_CLOSED);
	scene_end(scene);
}

static void
an_answer_to_nobody_ends_the_connection(void **state)
{
	struct scene *scene = scene_begin();
	(void)state;

	scene_link(scene, (struct client_link_settings){.depth = 2});
	send_delete(scene, "88.100/A");
	assert_true(server_take(scene));
	scene->request.message.envelope.request_id ^= 1;
	server_answer(scene, RESPONSE_SUCCESS);
	assert_int_equal(scene->last_status, STATUS_MALFORMED);
	scene_end(scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_pipelined_once_the_server_keeps_connections),
		cmocka_unit_test(a_server_that_closes_behind_each_answer_gets_a_connection_each),
		cmocka_unit_test(a_challenge_is_answered_with_a_secret),
		cmocka_unit_test(a_challenge_is_answered_with_each_kind_of_key),
		cmocka_unit_test(a_challenge_about_something_else_is_never_signed),
		cmocka_unit_test(two_challenges_in_a_row_are_answered_and_no_third),
		cmocka_unit_test(without_an_identity_a_challenge_is_handed_on),
		cmocka_unit_test(a_session_proves_the_identity_once_and_seals_every_message),
		cmocka_unit_test(values_that_not_everybody_may_read_are_encrypted),
		cmocka_unit_test(a_secret_is_not_left_in_memory_that_is_given_back),
		cmocka_unit_test(a_secret_that_is_left_is_seen),
		cmocka_unit_test(an_answer_that_is_not_the_session_s_ends_the_connection),
		cmocka_unit_test(a_success_without_its_operation_is_no_answer),
		cmocka_unit_test(a_refusal_without_its_operation_is_an_answer),
		cmocka_unit_test(a_session_that_the_server_forgot_is_opened_again_once),
		cmocka_unit_test(who_waits_for_a_session_hears_why_there_is_none),
		cmocka_unit_test(a_list_comes_in_parts),
		cmocka_unit_test(a_silent_server_is_given_up_and_the_next_request_tries_again),
		cmocka_unit_test(a_busy_server_is_asked_again_after_a_pause),
		cmocka_unit_test(what_was_refused_is_sent_alone),
		cmocka_unit_test(the_pause_is_not_the_same_each_time),
		cmocka_unit_test(a_server_that_stays_busy_is_believed_before_the_deadline),
		cmocka_unit_test(a_busy_server_that_falls_silent_is_given_up_at_the_first_deadline),
		cmocka_unit_test(requests_keep_their_order_around_a_busy_server),
		cmocka_unit_test(a_proof_that_came_too_often_is_given_again),
		cmocka_unit_test(a_session_that_there_is_no_room_for_is_asked_for_again),
		cmocka_unit_test(what_was_sent_when_the_connection_broke_is_told_so),
		cmocka_unit_test(an_answer_to_nobody_ends_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
