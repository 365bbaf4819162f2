/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"
#include "service/operation.h"

/*
 * Certificates of clients (http-api, 10), on the addresses that ask for one.
 *
 * Handle.net asks in the middle of a connection, by renegotiation. TLS 1.3 has none; what it has
 * instead, authentication behind the handshake (RFC 8446, 4.6.2), is off in what clients use, and
 * renegotiation is refused here for what it costs. So there are addresses that ask in each handshake
 * (RFC 8446, 4.3.2), and a client comes there for it.
 *
 * A certificate is anybody's, signed by anybody. It names an identity, and TLS proves that the client
 * has its private key; if that is an HS_PUBKEY of the identity, the client is the identity. It counts
 * only for a request that says so, `Authorization: Handle clientCert="true"`: a browser shows its
 * certificate by itself, whatever page made the request, but sets that header for nobody else's.
 */

/* Of one connection, made when it is looked at first. */
struct http_certificate;
void http_certificate_free(struct http_certificate *certificate); /* NULL is fine. */

/* Before the handshake of a connection. */
void http_certificate_ask(struct MHD_Connection *transport);

/* The certificate of the request's connection as a claim; false: request->fault says why not. What
 * the claim holds lives as long as the connection. */
bool http_certificate_claim(struct http_request *request, struct operation_claim *claim);
