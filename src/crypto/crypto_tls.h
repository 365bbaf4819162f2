/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto.h"

/*
 * TLS as an engine over memory: octets of the peer go in, octets for the peer come out, and
 * whoever holds the socket moves them. Nothing here waits, and nothing of OpenSSL shows.
 *
 *     crypto_tls_give(tls, octets_from_the_peer);
 *     while (crypto_tls_read(tls, room, sizeof(room), &size) == STATUS_OK && size > 0) ...
 *     crypto_tls_write(tls, octets);
 *     while ((size = crypto_tls_take(tls, room, sizeof(room))) > 0) ... send them ...
 *
 * TLS 1.2 (RFC 5246) or 1.3 (RFC 8446) with AEAD ciphers and forward secrecy only; no
 * tickets, no resumption, no renegotiation, no compression.
 *
 * Keys are known before a connection is made - an HS_SITE says which key a server has - so a
 * server shows a certificate that it signed itself, valid for ever, and a client looks at the
 * key in it and at nothing else.
 */
struct crypto_tls_role;

/* A server with this private key: RSA or Ed25519; UNSUPPORTED for the others, INVALID without
 * the private half. The key must outlive nothing: it is copied. */
enum status crypto_tls_server(
	const struct crypto_key *key, struct crypto_tls_role **ret_role) MUST_CHECK;

/* The same certificate and the private key as PEM texts, for a library that does TLS itself.
 * INVALID, UNSUPPORTED as above, NO_SPACE. The key's text is the caller's to forget. */
enum { CRYPTO_PEM_SIZE_MAX = 16384 };
enum status crypto_certificate_pem(const struct crypto_key *key,
	char ret_certificate[CRYPTO_PEM_SIZE_MAX], char ret_key[CRYPTO_PEM_SIZE_MAX]) MUST_CHECK;

/* Whether PEM texts of a chain and a private key can serve together: INVALID, and `ret_fault` says
 * why, for people. */
enum status crypto_certificate_check(
	const char *chain, const char *key, const char **ret_fault) MUST_CHECK;

/* A client that goes on only when the server proves to have this key. NULL: with any server,
 * which keeps out who listens, but not who stands in between. */
enum status crypto_tls_client(
	const struct crypto_key *pinned, struct crypto_tls_role **ret_role) MUST_CHECK;

/* A role is shared by threads and connections, and freed after the last of them. NULL is fine. */
void crypto_tls_role_free(struct crypto_tls_role *role);

/* One connection; NULL if memory is short. */
struct crypto_tls;
struct crypto_tls *crypto_tls_new(struct crypto_tls_role *role);
void crypto_tls_free(struct crypto_tls *tls);
/* A client says which of a server's names it means (RFC 6066, 3); before the handshake. A name
 * that cannot be one is not said. */
void crypto_tls_set_host(struct crypto_tls *tls, struct bytes host);

/* Octets from the peer, all of them: NO_MEMORY. */
enum status crypto_tls_give(struct crypto_tls *tls, struct bytes octets) MUST_CHECK;

/* What the peer has written. OK with size 0: nothing more for now, or the handshake goes on.
 * CLOSED behind the peer's last octet, DENIED when its key is not the one pinned, MALFORMED for
 * anything that is not TLS as we want it. To be called once, with room, to begin. */
enum status crypto_tls_read(
	struct crypto_tls *tls, uint8_t *ret_octets, size_t capacity, size_t *ret_size) MUST_CHECK;

bool crypto_tls_is_ready(const struct crypto_tls *tls); /* The handshake is over. */

/* BUSY while the handshake goes on; else all octets are taken: NO_MEMORY, MALFORMED. */
enum status crypto_tls_write(struct crypto_tls *tls, struct bytes octets) MUST_CHECK;

/* Says that nothing more will be written. */
void crypto_tls_end(struct crypto_tls *tls);

/* Octets for the peer, as many as there is room for; 0 when none wait. */
size_t crypto_tls_take(struct crypto_tls *tls, uint8_t *ret_octets, size_t capacity);
