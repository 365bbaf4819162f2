/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "message/message.h"

/*
 * The credential behind a body: who signed the message and how (RFC 3652, 2.2.4; fields and
 * signed octets as Handle.net 9 has them since 2.7).
 */
struct credential {
	uint8_t version;
	uint8_t reserved;
	uint16_t flags;
	struct bytes signer; /* Empty from Handle.net. */
	uint32_t session_counter; /* 0 outside sessions. */
	struct bytes type; /* HS_SIGNED, HS_MAC, HS_DSAPUBKEY */
	struct bytes digest_name; /* "SHA-256", "HMAC-SHA256", one octet 1, 2, 3 ... */
	struct bytes signature;
};

enum status credential_decode(struct bytes octets, struct credential *ret_credential) MUST_CHECK;
void credential_write(struct wire_writer *writer, const struct credential *credential);

/* Octets that stand before header and body in what is signed; the rules changed with the
 * protocol version (16 octets from 2.8, 14 in 2.6 and 2.7, none up to 2.5). Returns how many. */
enum { SIGNED_FRONT_SIZE_MAX = 16 };
size_t credential_signed_front(const struct envelope *envelope, uint32_t session_counter,
	uint8_t ret_octets[SIGNED_FRONT_SIZE_MAX]);
