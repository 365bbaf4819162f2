/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_tls.h"

#include "crypto/crypto_certificate.h"
#include "crypto/crypto_openssl.h"

#include <openssl/ssl.h>
#include <stdlib.h>

/* Level 1 takes RSA of 1024 bits, which old servers still have; the ciphers are strong. */
#define SUITES "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL:!eNULL:@SECLEVEL=1"

struct crypto_tls_role {
	SSL_CTX *context;
	EVP_PKEY *pinned; /* A client's; NULL: any key will do. */
	bool is_server;
};

struct crypto_tls {
	SSL *ssl;
	bool is_denied;
};

/* Said of a peer that showed another key, so that the reason survives OpenSSL's own. */
static int
key_is_pinned(X509_STORE_CTX *chain, void *argument)
{
	const struct crypto_tls_role *role = argument;
	X509 *certificate = X509_STORE_CTX_get0_cert(chain);
	EVP_PKEY *key = certificate != NULL ? X509_get0_pubkey(certificate) : NULL;
	SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct crypto_tls *tls = ssl != NULL ? SSL_get_app_data(ssl) : NULL;

	if (key != NULL && (role->pinned == NULL || EVP_PKEY_eq(key, role->pinned) == 1)) {
		return 1;
	}
	if (tls != NULL) {
		tls->is_denied = true;
	}
	X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_UNTRUSTED);
	return 0;
}

static enum status
role_new(bool is_server, struct crypto_tls_role **ret_role)
{
	struct crypto_tls_role *role = calloc(1, sizeof(*role));
	SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());

	if (role == NULL || context == NULL ||
		SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
		SSL_CTX_set_cipher_list(context, SUITES) != 1 ||
		SSL_CTX_set_num_tickets(context, 0) != 1) {
		SSL_CTX_free(context);
		free(role);
		return crypto_refuse(STATUS_NO_MEMORY);
	}
	SSL_CTX_set_dh_auto(context, 1);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(context,
		SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
			SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	*role = (struct crypto_tls_role){.context = context, .is_server = is_server};
	*ret_role = role;
	return STATUS_OK;
}

static bool
kind_is_supported(enum crypto_key_kind kind)
{
	return kind == CRYPTO_KEY_RSA || kind == CRYPTO_KEY_ED25519;
}

enum status
crypto_tls_server(const struct crypto_key *key, struct crypto_tls_role **ret_role)
{
	struct crypto_tls_role *role;
	X509 *certificate;
	enum status status;

	if (!kind_is_supported(key->kind)) {
		return STATUS_UNSUPPORTED;
	}
	if (!key->is_private) {
		return STATUS_INVALID;
	}
	status = role_new(true, &role);
	if (status != STATUS_OK) {
		return status;
	}
	certificate = crypto_certificate_new(key);
	if (certificate == NULL || SSL_CTX_use_certificate(role->context, certificate) != 1 ||
		SSL_CTX_use_PrivateKey(role->context, key->key) != 1) {
		X509_free(certificate);
		crypto_tls_role_free(role);
		return crypto_refuse(STATUS_UNSUPPORTED);
	}
	X509_free(certificate);
	*ret_role = role;
	return STATUS_OK;
}

enum status
crypto_tls_client(const struct crypto_key *pinned, struct crypto_tls_role **ret_role)
{
	struct crypto_tls_role *role;
	enum status status;

	if (pinned != NULL && !kind_is_supported(pinned->kind)) {
		return STATUS_UNSUPPORTED;
	}
	status = role_new(false, &role);
	if (status != STATUS_OK) {
		return status;
	}
	if (pinned != NULL) {
		EVP_PKEY_up_ref(pinned->key);
		role->pinned = pinned->key;
	}
	SSL_CTX_set_verify(role->context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(role->context, key_is_pinned, role);
	*ret_role = role;
	return STATUS_OK;
}

void
crypto_tls_role_free(struct crypto_tls_role *role)
{
	if (role == NULL) {
		return;
	}
	SSL_CTX_free(role->context);
	EVP_PKEY_free(role->pinned);
	free(role);
}

struct crypto_tls *
crypto_tls_new(struct crypto_tls_role *role)
{
	struct crypto_tls *tls = calloc(1, sizeof(*tls));
	SSL *ssl = SSL_new(role->context);
	BIO *in = BIO_new(BIO_s_mem());
	BIO *out = BIO_new(BIO_s_mem());

	if (tls == NULL || ssl == NULL || in == NULL || out == NULL) {
		BIO_free(in);
		BIO_free(out);
		SSL_free(ssl);
		free(tls);
		crypto_refuse(STATUS_NO_MEMORY);
		return NULL;
	}
	BIO_set_mem_eof_return(in, -1);
	SSL_set_bio(ssl, in, out);
	if (role->is_server) {
		SSL_set_accept_state(ssl);
	} else {
		SSL_set_connect_state(ssl);
	}
	tls->ssl = ssl;
	SSL_set_app_data(ssl, tls);
	return tls;
}

void
crypto_tls_free(struct crypto_tls *tls)
{
	if (tls != NULL) {
		SSL_free(tls->ssl);
		free(tls);
	}
}

void
crypto_tls_set_host(struct crypto_tls *tls, struct bytes host)
{
	char name[TLSEXT_MAXLEN_host_name + 1];

	if (host.size > 0 && host.size < sizeof(name) && bytes_find(host, '\0') == host.size) {
		memcpy(name, host.at, host.size);
		name[host.size] = '\0';
		(void)SSL_set_tlsext_host_name(tls->ssl, name);
	}
	ERR_clear_error();
}

enum status
crypto_tls_give(struct crypto_tls *tls, struct bytes octets)
{
	size_t taken = 0;

	if (octets.size == 0) {
		return STATUS_OK;
	}
	if (BIO_write_ex(SSL_get_rbio(tls->ssl), octets.at, octets.size, &taken) != 1 ||
		taken != octets.size) {
		return crypto_refuse(STATUS_NO_MEMORY);
	}
	return STATUS_OK;
}

static enum status
status_of(struct crypto_tls *tls, int result)
{
	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return crypto_refuse(STATUS_OK);
	case SSL_ERROR_ZERO_RETURN:
		return crypto_refuse(STATUS_CLOSED);
	}
	return crypto_refuse(tls->is_denied ? STATUS_DENIED : STATUS_MALFORMED);
}

enum status
crypto_tls_read(struct crypto_tls *tls, uint8_t *ret_octets, size_t capacity, size_t *ret_size)
{
	size_t size = 0;
	enum status status = STATUS_OK;
	int result;

	ERR_clear_error();
	result = SSL_read_ex(tls->ssl, ret_octets, capacity, &size);
	if (result != 1) {
		size = 0;
		status = status_of(tls, result);
	}
	if (status == STATUS_OK) {
		*ret_size = size;
	}
	return status;
}

bool
crypto_tls_is_ready(const struct crypto_tls *tls)
{
	return SSL_is_init_finished(tls->ssl) == 1;
}

enum status
crypto_tls_write(struct crypto_tls *tls, struct bytes octets)
{
	size_t taken = 0;

	if (!crypto_tls_is_ready(tls)) {
		return STATUS_BUSY;
	}
	if (octets.size == 0) {
		return STATUS_OK;
	}
	ERR_clear_error();
	if (SSL_write_ex(tls->ssl, octets.at, octets.size, &taken) != 1 || taken != octets.size) {
		return crypto_refuse(STATUS_MALFORMED);
	}
	return STATUS_OK;
}

void
crypto_tls_end(struct crypto_tls *tls)
{
	ERR_clear_error();
	if (crypto_tls_is_ready(tls)) {
		(void)SSL_shutdown(tls->ssl);
	}
	ERR_clear_error();
}

size_t
crypto_tls_take(struct crypto_tls *tls, uint8_t *ret_octets, size_t capacity)
{
	size_t size = 0;

	if (BIO_read_ex(SSL_get_wbio(tls->ssl), ret_octets, capacity, &size) != 1) {
		size = 0;
	}
	ERR_clear_error();
	return size;
}
