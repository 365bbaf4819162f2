/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "fake/fake.h"
#include "support/cmocka_all.h"

#include "base/limits.h"
#include "client/client_link.h"
#include "crypto/crypto.h"
#include "handle/handle_key.h"
#include "message/challenge_crypto.h"
#include "message/credential.h"
#include "message/session_crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A link on the fake loop, and a server played by the test: it takes the next request apart
 * with the code of real servers and answers as the test says.
 */
struct scene {
	struct loop *loop;
	struct client_link *link;
	struct address address;
	struct fake_peer *peer;
	bool is_keeping; /* Says that the connection stays. */
	size_t told, told_ok;
	enum status last_status;
	uint32_t last_code;
	char last_text[64];
	size_t part_count;

	/* The request taken last. */
	uint8_t octets[MESSAGE_SIZE_MAX];
	uint8_t plain[MESSAGE_SIZE_MAX];
	struct request request;
	bool was_encrypted;

	/* A session. */
	uint32_t session_id;
	struct session_key key;
	uint32_t sent_count, received_count;
	bool is_mac_broken;

	/* The challenge given last. */
	uint8_t nonce[16];
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];
	size_t digest_size;
};

static struct scene *
scene_begin(void)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct problem problem;

	assert_non_null(scene);
	fake_begin(1);
	scene->loop = loop_new(&problem);
	assert_non_null(scene->loop);
	assert_int_equal(address_parse(TEXT("192.0.2.1:2641"), 2641, &scene->address), STATUS_OK);
	scene->is_keeping = true;
	return scene;
}

static void
scene_link(struct scene *scene, struct client_link_settings settings)
{
	settings.server.address = scene->address;
	scene->link = client_link_new(scene->loop, &settings);
	assert_non_null(scene->link);
}

static void
scene_end(struct scene *scene)
{
	client_link_free(scene->link);
	fake_run();
	assert_int_equal(fake_counts().timer_count, 0);
	loop_free(scene->loop);
	fake_end();
	free(scene);
}

static void
told(void *context, enum status status, const struct client_answer *answer)
{
	struct scene *scene = context;

	scene->last_status = status;
	scene->part_count++;
	if (status == STATUS_OK) {
		scene->last_code = answer->response.message.header.response_code;
		if (response_shape(answer->response.message.header.opcode, scene->last_code) ==
			RESPONSE_MESSAGE) {
			snprintf(scene->last_text, sizeof(scene->last_text), "%.*s",
				(int)answer->response.error.text.size,
				(const char *)answer->response.error.text.at);
		}
		if (!answer->is_last) {
			return;
		}
	}
	scene->told++;
	scene->told_ok += status == STATUS_OK;
}

static void
send_delete(struct scene *scene, const char *name)
{
	struct request request = {
		.message.header = {.opcode = OPCODE_DELETE_HANDLE, .site_serial = UINT16_MAX}};

	request.name.name = bytes_from_string(name);
	assert_int_equal(client_link_send(scene->link, &request, told, scene), STATUS_OK);
}

/* The next message that the link sent; false if there is none. */
static bool
server_take(struct scene *scene)
{
	struct wire_reader reader;
	struct envelope envelope;
	struct message message;
	struct bytes run;
	struct address to;

	fake_run();
	if (scene->peer == NULL || fake_peer_is_closed(scene->peer)) {
		struct fake_peer *peer = fake_accept(&to);

		scene->peer = peer != NULL ? peer : scene->peer;
	}
	if (scene->peer == NULL) {
		return false;
	}
	fake_run();
	reader = wire_reader_over(fake_peer_received(scene->peer));
	envelope_read(&reader, &envelope);
	run = wire_read_bytes(&reader, envelope.message_size);
	if (!wire_reader_ok(&reader)) {
		return false;
	}
	memcpy(scene->octets, run.at, run.size);
	run.at = scene->octets;
	fake_peer_consume(scene->peer, ENVELOPE_SIZE + run.size);
	scene->was_encrypted = envelope.is_encrypted;
	if (envelope.is_encrypted) {
		size_t size;

		assert_int_equal(session_decrypt(&scene->key, (struct version){2, 11}, run,
					 scene->plain, &size),
			STATUS_OK);
		run = bytes_over(scene->plain, size);
		envelope.is_encrypted = false;
	}
	assert_int_equal(message_decode(&envelope, run, &message), STATUS_OK);
	assert_int_equal(request_decode(&message, &scene->request), STATUS_OK);
	return true;
}

/* In a session every message has a counter one higher, and the right HS_MAC. */
static void
assert_sealed(struct scene *scene)
{
	const struct message *message = &scene->request.message;
	struct session_signed what = {&message->envelope, 0, message->signed_run};
	struct credential credential;

	assert_int_equal(message->envelope.session_id, scene->session_id);
	assert_int_equal(credential_decode(message->credential, &credential), STATUS_OK);
	assert_int_equal(credential.session_counter, ++scene->received_count);
	what.session_counter = credential.session_counter;
	assert_int_equal(session_mac_verify(
				 &scene->key, &what, credential.digest_name, credential.signature),
		STATUS_OK);
}

static void
server_begin(struct scene *scene, uint32_t code, struct response *ret_response)
{
	response_begin(&scene->request, code, 1, true, 0, ret_response);
	if (scene->is_keeping) {
		ret_response->message.header.flags |= MESSAGE_FLAG_KEEP_ALIVE;
	}
}

static void
server_send(struct scene *scene, struct response *response)
{
	static uint8_t octets[ENVELOPE_SIZE + MESSAGE_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct envelope *envelope = &response->message.envelope;
	struct bytes run;

	(void)wire_writer_take(&writer, ENVELOPE_SIZE);
	response_write(&writer, response);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	if (scene->session_id != 0 && response->message.header.opcode != OPCODE_SESSION_SETUP) {
		struct session_mac mac;
		struct session_signed what = {envelope, ++scene->sent_count,
			bytes_over(octets + ENVELOPE_SIZE, wire_writer_size(&writer) - 24)};
		struct wire_length size;

		/* Without the empty credential that response_write() ends with. */
		what.run.size = wire_writer_size(&writer) - ENVELOPE_SIZE - sizeof(uint32_t);
		wire_writer_rewind(&writer, wire_writer_size(&writer) - sizeof(uint32_t));
		session_mac_make(&scene->key, &what, &mac);
		mac.octets[0] ^= scene->is_mac_broken;
		size = wire_write_length_open(&writer);
		credential_write(&writer,
			&(struct credential){
				.session_counter = scene->sent_count,
				.type = TEXT("HS_MAC"),
				.digest_name = mac.digest_name,
				.signature = bytes_over(mac.octets, mac.size),
			});
		wire_write_length_close(&writer, size);
	}
	run = wire_written(&writer);
	envelope->message_size = (uint32_t)(run.size - ENVELOPE_SIZE);
	writer = wire_writer_over(octets, ENVELOPE_SIZE);
	envelope_write(&writer, envelope);
	fake_peer_send(scene->peer, run);
	if (!scene->is_keeping) {
		fake_peer_end(scene->peer);
	}
	fake_run();
}

static void
server_answer(struct scene *scene, uint32_t code)
{
	struct response response;

	server_begin(scene, code, &response);
	server_send(scene, &response);
}

/* Asks for proof of the request taken last. */
static void
server_challenge(struct scene *scene, uint32_t challenge_id)
{
	struct response response;

	server_begin(scene, RESPONSE_AUTHENTICATION_NEEDED, &response);
	memset(scene->nonce, 7, sizeof(scene->nonce));
	response.nonce = bytes_over(scene->nonce, sizeof(scene->nonce));
	response_digest(&scene->request, true, scene->digest, &response);
	scene->digest_size = response.digest.size;
	response.message.envelope.session_id = challenge_id;
	server_send(scene, &response);
}

static inline struct challenge_input
server_input(const struct scene *scene)
{
	return (struct challenge_input){bytes_over(scene->nonce, sizeof(scene->nonce)),
		bytes_over(scene->digest, scene->digest_size)};
}

/* The server's half of Diffie-Hellman, in the group that the client chose. */
static inline void
server_open_session(struct scene *scene, uint32_t id)
{
	static const uint8_t secret[] = {0x75, 0x13, 0x99, 0x21, 0x42};
	struct bytes x = bytes_over(secret, sizeof(secret));
	uint8_t half[512], shared[512], data[2048];
	struct wire_writer writer = wire_writer_over(data, sizeof(data));
	struct handle_key theirs, ours;
	struct response response;
	size_t size;

	assert_int_equal(scene->request.session_setup.mode, SESSION_MODE_DH);
	assert_int_equal(
		handle_key_decode(scene->request.session_setup.public_key, &theirs), STATUS_OK);
	ours = theirs;
	assert_int_equal(
		crypto_dh_public(theirs.parts[1], x, theirs.parts[2], half, &size), STATUS_OK);
	ours.parts[0] = bytes_over(half, size);
	wire_write_u32(&writer, SESSION_CIPHER_AES);
	handle_key_write(&writer, &ours);
	assert_int_equal(
		crypto_dh_shared(theirs.parts[1], x, theirs.parts[0], shared, &size), STATUS_OK);
	assert_int_equal(
		session_key_derive(SESSION_CIPHER_AES, bytes_over(shared, size), &scene->key),
		STATUS_OK);
	scene->session_id = id;
	scene->sent_count = 0;
	scene->received_count = 0;
	server_begin(scene, RESPONSE_SUCCESS, &response);
	response.message.envelope.session_id = id;
	response.session.mode = SESSION_MODE_DH;
	response.session.data = wire_written(&writer);
	response.session.tail = bytes_over((const uint8_t *)"\0\0", 2);
	server_send(scene, &response);
}
