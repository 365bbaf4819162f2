/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_certificate.h"

#include <openssl/pem.h>

/* Serial numbers must differ between keys and may be anything else (RFC 5280, 4.1.2.2). */
static bool
certificate_number(X509 *certificate, EVP_PKEY *key)
{
	unsigned char *octets = NULL;
	int size = i2d_PUBKEY(key, &octets);
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];
	uint64_t number = 0;

	if (size <= 0) {
		return false;
	}
	crypto_digest(CRYPTO_SHA256, bytes_over(octets, (size_t)size), digest);
	OPENSSL_free(octets);
	for (size_t i = 0; i < sizeof(number); i++) {
		number = number << 8 | digest[i];
	}
	return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1 | 1) == 1;
}

X509 *
crypto_certificate_new(const struct crypto_key *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name = certificate != NULL ? X509_get_subject_name(certificate) : NULL;

	if (name == NULL || X509_set_version(certificate, 2) != 1 ||
		!certificate_number(certificate, key->key) ||
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
			(const unsigned char *)"handle server", -1, -1, 0) != 1 ||
		X509_set_issuer_name(certificate, name) != 1 ||
		ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "20000101000000Z") !=
			1 ||
		ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "99991231235959Z") !=
			1 ||
		X509_set_pubkey(certificate, key->key) != 1 ||
		X509_sign(certificate, key->key,
			key->kind == CRYPTO_KEY_RSA ? EVP_sha256() : NULL) == 0) {
		X509_free(certificate);
		return NULL;
	}
	return certificate;
}

/* What was written into `memory`, with a NUL behind it. */
static enum status
text_take(BIO *memory, char *ret_text, size_t capacity)
{
	char *at = NULL;
	long size = BIO_get_mem_data(memory, &at);

	if (size <= 0 || (size_t)size >= capacity) {
		return crypto_refuse(STATUS_NO_SPACE);
	}
	memcpy(ret_text, at, (size_t)size);
	ret_text[size] = '\0';
	crypto_forget(at, (size_t)size);
	return STATUS_OK;
}

static enum status
certificate_write(const struct crypto_key *key, BIO *memory)
{
	X509 *certificate = crypto_certificate_new(key);
	bool is_written = certificate != NULL && PEM_write_bio_X509(memory, certificate) == 1;

	X509_free(certificate);
	return is_written ? STATUS_OK : crypto_refuse(STATUS_UNSUPPORTED);
}

enum status
crypto_certificate_pem(const struct crypto_key *key, char ret_certificate[CRYPTO_PEM_SIZE_MAX],
	char ret_key[CRYPTO_PEM_SIZE_MAX])
{
	BIO *memory = BIO_new(BIO_s_mem());
	BIO *secret = BIO_new(BIO_s_mem());
	enum status status = STATUS_NO_MEMORY;

	if (memory != NULL && secret != NULL) {
		status = key->is_private ? certificate_write(key, memory) : STATUS_INVALID;
	}
	if (status == STATUS_OK &&
		PEM_write_bio_PKCS8PrivateKey(secret, key->key, NULL, NULL, 0, NULL, NULL) != 1) {
		status = crypto_refuse(STATUS_UNSUPPORTED);
	}
	if (status == STATUS_OK) {
		status = text_take(memory, ret_certificate, CRYPTO_PEM_SIZE_MAX);
	}
	if (status == STATUS_OK) {
		status = text_take(secret, ret_key, CRYPTO_PEM_SIZE_MAX);
	}
	BIO_free(memory);
	BIO_free(secret);
	return status;
}

static int
no_passphrase(char *room, int capacity, int is_writing, void *context)
{
	(void)room;
	(void)capacity;
	(void)is_writing;
	(void)context;
	return -1;
}

static const char *
chain_fault(X509 *certificate, EVP_PKEY *key)
{
	if (certificate == NULL) {
		return "there is no certificate in it (PEM)";
	}
	if (key == NULL) {
		return "its private key cannot be read: PEM without a passphrase is needed";
	}
	return X509_check_private_key(certificate, key) == 1
		? NULL
		: "certificate and private key do not belong together";
}

enum status
crypto_certificate_check(const char *chain, const char *key, const char **ret_fault)
{
	BIO *chain_text = BIO_new_mem_buf(chain, -1);
	BIO *key_text = BIO_new_mem_buf(key, -1);
	X509 *certificate = NULL;
	EVP_PKEY *private_key = NULL;

	if (chain_text != NULL && key_text != NULL) {
		certificate = PEM_read_bio_X509(chain_text, NULL, no_passphrase, NULL);
		private_key = PEM_read_bio_PrivateKey(key_text, NULL, no_passphrase, NULL);
	}
	*ret_fault = chain_fault(certificate, private_key);
	X509_free(certificate);
	EVP_PKEY_free(private_key);
	BIO_free(chain_text);
	BIO_free(key_text);
	return crypto_refuse(*ret_fault == NULL ? STATUS_OK : STATUS_INVALID);
}
