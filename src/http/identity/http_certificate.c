/* SPDX-License-Identifier: Apache-2.0 */
#include "http/identity/http_certificate.h"

#include "base/clock.h"
#include "crypto/crypto_subject.h"
#include "handle/handle_key.h"
#include "http/identity/http_credentials.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>

struct http_certificate {
	const char *fault; /* NULL: it names an identity and has a key. */
	int64_t from_s;
	int64_t until_s;
	struct operation_claim claim; /* Its runs are below. */
	uint8_t name[CRYPTO_SUBJECT_NAME_SIZE_MAX];
	uint8_t key[KEY_SIZE_MAX];
};

static gnutls_session_t
session_of(struct MHD_Connection *transport)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(transport, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info == NULL ? NULL : info->tls_session;
}

/* The first of the chain is the client's own. */
static struct bytes
leaf_of(gnutls_session_t session)
{
	unsigned int count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);

	return chain == NULL || count == 0 ? (struct bytes){NULL, 0}
					   : bytes_over(chain[0].data, chain[0].size);
}

/* Between the certificate and the signature by its key: a key may cost as much to verify with as
 * its owner likes, so one that is none of ours ends the handshake before that (T-19). */
static int
signature_comes(gnutls_session_t session, unsigned int kind, unsigned int when,
	unsigned int is_incoming, const gnutls_datum_t *message)
{
	struct crypto_subject subject;
	enum status status;

	(void)kind;
	(void)when;
	(void)message;
	if (is_incoming == 0) {
		return GNUTLS_E_SUCCESS;
	}
	status = crypto_subject_read(leaf_of(session), &subject);
	crypto_subject_clear(&subject);
	return status == STATUS_OK ? GNUTLS_E_SUCCESS : GNUTLS_E_UNSUPPORTED_CERTIFICATE_TYPE;
}

void
http_certificate_ask(struct MHD_Connection *transport)
{
	gnutls_session_t session = session_of(transport);

	if (session != NULL) {
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
		gnutls_handshake_set_max_packet_length(session, HTTP_CERTIFICATE_SIZE_MAX);
		gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY,
			GNUTLS_HOOK_PRE, signature_comes);
	}
}

/* NULL, or why it names nobody. */
static const char *
certificate_fill(struct http_certificate *certificate, const struct crypto_subject *subject)
{
	struct operation_claim *claim = &certificate->claim;
	struct wire_writer writer = wire_writer_over(certificate->key, sizeof(certificate->key));

	certificate->from_s = subject->from_s;
	certificate->until_s = subject->until_s;
	memcpy(certificate->name, subject->name, subject->name_size);
	claim->kind = TEXT("HS_PUBKEY");
	claim->is_held = true;
	if (!http_identity_read(bytes_over(certificate->name, subject->name_size), claim)) {
		return "The client certificate names no INDEX:HANDLE as UID or CN";
	}
	if (handle_key_write_public(&writer, subject->key) != STATUS_OK ||
		wire_writer_end(&writer) != STATUS_OK) {
		return "The key of the client certificate cannot be one of a handle";
	}
	claim->response = wire_written(&writer);
	return NULL;
}

/* NULL: memory is short. */
static struct http_certificate *
certificate_read(struct bytes leaf)
{
	struct http_certificate *certificate = calloc(1, sizeof(*certificate));
	struct crypto_subject subject;

	if (certificate == NULL) {
		return NULL;
	}
	if (leaf.size == 0) {
		certificate->fault = "No client certificate was shown";
		return certificate;
	}
	certificate->fault = "The client certificate cannot be used";
	if (crypto_subject_read(leaf, &subject) == STATUS_OK) {
		certificate->fault = certificate_fill(certificate, &subject);
	}
	crypto_subject_clear(&subject);
	return certificate;
}

void
http_certificate_free(struct http_certificate *certificate)
{
	free(certificate);
}

/* NULL: it holds now. */
static const char *
fault_of(const struct http_certificate *certificate)
{
	int64_t now_s = clock_wall_ms() / 1000;

	if (certificate->fault != NULL) {
		return certificate->fault;
	}
	if (now_s < certificate->from_s) {
		return "The client certificate is not valid yet";
	}
	return now_s > certificate->until_s ? "The client certificate has expired" : NULL;
}

bool
http_certificate_claim(struct http_request *request, struct operation_claim *claim)
{
	struct http_connection *connection = request->connection;

	if (!connection->asks_certificate || !connection->face->is_tls) {
		request->fault = "No client certificate is asked for at this address";
		return false;
	}
	if (connection->certificate == NULL) {
		connection->certificate = certificate_read(leaf_of(session_of(request->transport)));
	}
	request->fault = connection->certificate == NULL ? "Memory is short"
							 : fault_of(connection->certificate);
	if (request->fault == NULL) {
		*claim = connection->certificate->claim;
	}
	return request->fault == NULL;
}
