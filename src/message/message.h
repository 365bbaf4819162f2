/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "wire/wire_reader.h"
#include "wire/wire_writer.h"

#include <stdint.h>

/*
 * The frame of every message: envelope (20 octets), header (24), body, credential.
 *
 *     datagram or stream --envelope_read--> envelope, then message_size octets
 *     those octets       --message_decode-> struct message: header, body, credential
 *     body               --request_decode / response_decode (message/request.h, response.h)
 *
 * Everything decoded is a view into the octets received; nothing allocates.
 * Numbers of operations, answers and flags: opcodes.def, responses.def, flags.def.
 */
enum opcode {
#define X(name, number, text, class) OPCODE_##name = number,
#include "message/opcodes.def"
#undef X
};

enum response_code {
#define X(name, number, text) RESPONSE_##name = number,
#include "message/responses.def"
#undef X
};

/* Constants of uint32_t and no enum: the highest bit is in use. */
#define X(name, bit, text) static const uint32_t MESSAGE_FLAG_##name = bit;
#include "message/flags.def"
#undef X

enum opcode_class {
	OPCODE_CLASS_UNKNOWN,
	OPCODE_CLASS_QUERY,
	OPCODE_CLASS_ADMIN,
	OPCODE_CLASS_EITHER,
};

enum opcode_class opcode_class(uint32_t opcode);
const char *opcode_name(uint32_t opcode); /* "RESOLUTION"; NULL if unknown. */
const char *opcode_text(uint32_t opcode); /* A clause: for people. */
const char *response_code_name(uint32_t code); /* "HANDLE_NOT_FOUND"; NULL if unknown. */
const char *response_code_text(uint32_t code); /* A clause: for people. */
const char *message_flag_name(uint32_t flag); /* "CERTIFY"; NULL unless one known bit. */

/* Protocol versions; major 5 is an old way to write 2.0 and lower than everything. */
struct version {
	uint8_t major;
	uint8_t minor;
};

#define VERSION_OURS ((struct version){2, 11})
int version_compare(struct version one, struct version other);
static inline bool
version_at_least(struct version version, uint8_t major, uint8_t minor)
{
	return version_compare(version, (struct version){major, minor}) >= 0;
}

/* Handle.net 9, 2 (RFC 3652, 2.2.1): in front of every message and of every fragment. */
enum { ENVELOPE_SIZE = 20, HEADER_SIZE = 24, FRAGMENT_DATA_SIZE_MAX = DATAGRAM_SIZE_MAX - 20 };

struct envelope {
	struct version version;
	struct version suggested; /* As on the wire: 0.0 from clients of RFC 3652. */
	bool is_compressed;
	bool is_encrypted;
	bool is_truncated; /* A fragment of a message in several datagrams. */
	uint32_t session_id;
	uint32_t request_id;
	uint32_t sequence; /* Number of this fragment, from 0. */
	uint32_t message_size; /* Of the whole message, without envelopes. */
};

/* TOO_LARGE when message_size exceeds MESSAGE_SIZE_MAX. Five bits of the
 * suggested major version are read, as DO-IRP has it; Handle.net reads two. */
void envelope_read(struct wire_reader *reader, struct envelope *ret_envelope);
void envelope_write(struct wire_writer *writer, const struct envelope *envelope);

/* The version that the sender would like to be answered in: `suggested`, or `version` from
 * clients of RFC 3652, who leave the octet zero. */
static inline struct version
version_suggested(const struct envelope *envelope)
{
	return envelope->suggested.major == 0 ? envelope->version : envelope->suggested;
}

/* What an answer speaks: min(ours, suggested). */
struct version version_to_answer(const struct envelope *envelope);

/* RFC 3652, 2.2.2. */
struct header {
	uint32_t opcode;
	uint32_t response_code;
	uint32_t flags;
	uint16_t site_serial; /* 0xffff: not known. */
	uint8_t recursion_count;
	uint8_t reserved;
	uint32_t expiration; /* Seconds since 1970. */
	uint32_t body_size;
};

void header_read(struct wire_reader *reader, struct header *ret_header);
void header_write(struct wire_writer *writer, const struct header *header);

struct message {
	struct envelope envelope;
	struct header header;
	struct bytes body;
	struct bytes credential; /* Without its length; empty when not signed. */
	struct bytes signed_run; /* Header and body as received: what is digested and signed. */
	bool has_credential_size; /* The u32 behind the body was there (old senders leave it out). */
};

/* `octets` is the whole message without envelope: the caller has checked their number against
 * message_size, as only the transport knows whether more will come. An encrypted message is
 * UNSUPPORTED: who holds its session decrypts it and passes an envelope that says so. The
 * compressed flag means nothing (Handle.net neither sets nor obeys it). */
enum status message_decode(const struct envelope *envelope, struct bytes octets,
	struct message *ret_message) MUST_CHECK;

/* Writes header, body and credential as in `message`; header.body_size is taken from the body. */
void message_write(struct wire_writer *writer, const struct message *message);

/* The same when the body is written in place: header, then whatever the caller writes, then
 * body_size is stored and the credential (its u32 size always) appended. TOO_LARGE in the
 * writer when the whole exceeds MESSAGE_SIZE_MAX. */
struct wire_length message_begin(struct wire_writer *writer, const struct header *header);
void message_end(struct wire_writer *writer, struct wire_length body, struct bytes credential);

/* Fragment `number` of a message cut for datagrams (492 octets each, TC as in `envelope`). */
size_t message_fragment_count(size_t message_size);
struct bytes message_fragment_data(struct bytes message, size_t number);
