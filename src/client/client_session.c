/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_session.h"

#include "handle/handle_key.h"
#include "message/credential.h"

#include <string.h>

/* RFC 3526, 3: the safe prime of 2048 bits, generator 2. */
static const uint8_t prime[CLIENT_DH_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9,
	0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x34, 0xc4, 0xc6, 0x62, 0x8b, 0x80, 0xdc, 0x1c, 0xd1,
	0x29, 0x02, 0x4e, 0x08, 0x8a, 0x67, 0xcc, 0x74, 0x02, 0x0b, 0xbe, 0xa6, 0x3b, 0x13, 0x9b,
	0x22, 0x51, 0x4a, 0x08, 0x79, 0x8e, 0x34, 0x04, 0xdd, 0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a,
	0x43, 0x1b, 0x30, 0x2b, 0x0a, 0x6d, 0xf2, 0x5f, 0x14, 0x37, 0x4f, 0xe1, 0x35, 0x6d, 0x6d,
	0x51, 0xc2, 0x45, 0xe4, 0x85, 0xb5, 0x76, 0x62, 0x5e, 0x7e, 0xc6, 0xf4, 0x4c, 0x42, 0xe9,
	0xa6, 0x37, 0xed, 0x6b, 0x0b, 0xff, 0x5c, 0xb6, 0xf4, 0x06, 0xb7, 0xed, 0xee, 0x38, 0x6b,
	0xfb, 0x5a, 0x89, 0x9f, 0xa5, 0xae, 0x9f, 0x24, 0x11, 0x7c, 0x4b, 0x1f, 0xe6, 0x49, 0x28,
	0x66, 0x51, 0xec, 0xe4, 0x5b, 0x3d, 0xc2, 0x00, 0x7c, 0xb8, 0xa1, 0x63, 0xbf, 0x05, 0x98,
	0xda, 0x48, 0x36, 0x1c, 0x55, 0xd3, 0x9a, 0x69, 0x16, 0x3f, 0xa8, 0xfd, 0x24, 0xcf, 0x5f,
	0x83, 0x65, 0x5d, 0x23, 0xdc, 0xa3, 0xad, 0x96, 0x1c, 0x62, 0xf3, 0x56, 0x20, 0x85, 0x52,
	0xbb, 0x9e, 0xd5, 0x29, 0x07, 0x70, 0x96, 0x96, 0x6d, 0x67, 0x0c, 0x35, 0x4e, 0x4a, 0xbc,
	0x98, 0x04, 0xf1, 0x74, 0x6c, 0x08, 0xca, 0x18, 0x21, 0x7c, 0x32, 0x90, 0x5e, 0x46, 0x2e,
	0x36, 0xce, 0x3b, 0xe3, 0x9e, 0x77, 0x2c, 0x18, 0x0e, 0x86, 0x03, 0x9b, 0x27, 0x83, 0xa2,
	0xec, 0x07, 0xa2, 0x8f, 0xb5, 0xc5, 0x5d, 0xf0, 0x6f, 0x4c, 0x52, 0xc9, 0xde, 0x2b, 0xcb,
	0xf6, 0x95, 0x58, 0x17, 0x18, 0x39, 0x95, 0x49, 0x7c, 0xea, 0x95, 0x6a, 0xe5, 0x15, 0xd2,
	0x26, 0x18, 0x98, 0xfa, 0x05, 0x10, 0x15, 0x72, 0x8e, 0x5a, 0x8a, 0xac, 0xaa, 0x68, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

enum { SECRET_SIZE = 48 }; /* Octets of the exponent: more than the group is worth. */

/* Integers as Handle.net writes them: a zero octet in front of a high bit. */
static struct bytes
signed_integer(const uint8_t *octets, size_t size, uint8_t *ret_octets)
{
	bool is_high = (octets[0] & 0x80) != 0;

	ret_octets[0] = 0;
	memcpy(ret_octets + is_high, octets, size);
	return bytes_over(ret_octets, size + is_high);
}

enum status
client_session_ask(struct client_session *session, const struct client_identity *identity,
	uint32_t timeout_s, struct request_session_setup *ret_setup)
{
	static const uint8_t generator[] = {2};
	static const uint8_t zeros[2];
	uint8_t half[CLIENT_DH_SIZE], y[CLIENT_DH_SIZE + 1], p[CLIENT_DH_SIZE + 1];
	struct wire_writer writer = wire_writer_over(session->public_key, KEY_SIZE_MAX);
	struct handle_key key = {.kind = HANDLE_KEY_DH_PUBLIC, .part_count = 3};
	size_t size;
	enum status status;

	client_session_forget(session);
	crypto_random(session->secret, SECRET_SIZE);
	session->secret[0] |= 0x80;
	status = crypto_dh_public(bytes_over(prime, sizeof(prime)),
		bytes_over(session->secret, SECRET_SIZE), bytes_over(generator, 1), half, &size);
	if (status != STATUS_OK) {
		return status;
	}
	key.parts[0] = signed_integer(half, size, y);
	key.parts[1] = signed_integer(prime, sizeof(prime), p);
	key.parts[2] = bytes_over(generator, 1);
	handle_key_write(&writer, &key);
	*ret_setup = (struct request_session_setup){
		.mode = SESSION_MODE_DH,
		.timeout_s = timeout_s,
		.identity_name = identity != NULL ? identity->handle : (struct bytes){NULL, 0},
		.identity_index = identity != NULL ? identity->index : UINT32_MAX,
		.public_key = wire_written(&writer),
		.tail = bytes_over(zeros, sizeof(zeros)),
	};
	return wire_writer_end(&writer);
}

/* The server's number must be one of our group. */
static enum status
peer_number(struct bytes octets, struct bytes *ret_number)
{
	struct handle_key key;
	enum status status = handle_key_decode(octets, &key);

	if (status == STATUS_OK && key.kind != HANDLE_KEY_DH_PUBLIC) {
		status = STATUS_MALFORMED;
	}
	if (status == STATUS_OK) {
		*ret_number = key.parts[0];
	}
	return status;
}

enum status
client_session_open(struct client_session *session, const struct response *response)
{
	struct version version = response->message.envelope.version;
	struct wire_reader reader = wire_reader_over(response->session.data);
	uint32_t cipher = SESSION_CIPHER_DES;
	uint8_t shared[CLIENT_DH_SIZE];
	struct bytes number;
	size_t size;
	enum status status;

	if (response->session.mode != SESSION_MODE_DH ||
		response->message.envelope.session_id == 0) {
		return STATUS_MALFORMED;
	}
	if (version_at_least(version, 2, 4)) {
		cipher = wire_read_u32(&reader);
	}
	status = peer_number(wire_read_rest(&reader), &number);
	if (status == STATUS_OK) {
		status = crypto_dh_shared(bytes_over(prime, sizeof(prime)),
			bytes_over(session->secret, SECRET_SIZE), number, shared, &size);
	}
	if (status == STATUS_OK) {
		status = session_key_derive(cipher, bytes_over(shared, size), &session->key);
	}
	crypto_forget(shared, sizeof(shared));
	crypto_forget(session->secret, sizeof(session->secret));
	if (status == STATUS_OK) {
		session->id = response->message.envelope.session_id;
		session->version = version;
	}
	return status;
}

void
client_session_seal(struct client_session *session, const struct envelope *envelope,
	struct bytes run, struct wire_writer *writer)
{
	struct session_signed what = {envelope, ++session->sent_count, run};
	struct wire_length size = wire_write_length_open(writer);
	struct session_mac mac;

	session_mac_make(&session->key, &what, &mac);
	credential_write(writer,
		&(struct credential){
			.session_counter = session->sent_count,
			.type = TEXT("HS_MAC"),
			.digest_name = mac.digest_name,
			.signature = bytes_over(mac.octets, mac.size),
		});
	wire_write_length_close(writer, size);
}

enum status
client_session_check(struct client_session *session, const struct message *message)
{
	struct session_signed what = {&message->envelope, 0, message->signed_run};
	struct credential credential;

	if (message->envelope.session_id != session->id ||
		credential_decode(message->credential, &credential) != STATUS_OK ||
		!bytes_equal_fold(credential.type, TEXT("HS_MAC")) ||
		credential.session_counter <= session->received_count) {
		return STATUS_DENIED;
	}
	what.session_counter = credential.session_counter;
	if (session_mac_verify(&session->key, &what, credential.digest_name,
		    credential.signature) != STATUS_OK) {
		return STATUS_DENIED;
	}
	session->received_count = credential.session_counter;
	return STATUS_OK;
}

void
client_session_forget(struct client_session *session)
{
	crypto_forget(session, sizeof(*session));
}
