/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_subject.h"

#include "crypto/crypto_openssl.h"

#include <limits.h>
#include <openssl/x509.h>
#include <time.h>

static enum status
text_take(const X509_NAME_ENTRY *entry, struct crypto_subject *subject)
{
	unsigned char *text = NULL;
	int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
	enum status status = STATUS_INVALID;

	if (size > (int)sizeof(subject->name)) {
		status = STATUS_TOO_LARGE;
	} else if (size > 0) {
		memcpy(subject->name, text, (size_t)size);
		subject->name_size = (size_t)size;
		status = STATUS_OK;
	}
	OPENSSL_free(text);
	return status;
}

/* NOT_FOUND: it has none of this kind. Which of two would be meant nobody can tell. */
static enum status
entry_take(const X509_NAME *name, int kind, struct crypto_subject *subject)
{
	int place = X509_NAME_get_index_by_NID(name, kind, -1);

	if (place < 0) {
		return STATUS_NOT_FOUND;
	}
	if (X509_NAME_get_index_by_NID(name, kind, place) >= 0) {
		return STATUS_INVALID;
	}
	return text_take(X509_NAME_get_entry(name, place), subject);
}

static enum status
name_read(const X509 *certificate, struct crypto_subject *subject)
{
	const X509_NAME *name = X509_get_subject_name(certificate);
	enum status status = entry_take(name, NID_userId, subject);

	if (status == STATUS_NOT_FOUND) {
		status = entry_take(name, NID_commonName, subject);
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static bool
time_read(const ASN1_TIME *from, int64_t *ret_s)
{
	struct tm parts;

	if (from == NULL || ASN1_TIME_to_tm(from, &parts) != 1) {
		return false;
	}
	*ret_s = timegm(&parts);
	return true;
}

static enum status
certificate_read(X509 *certificate, struct crypto_subject *subject)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	enum status status = name_read(certificate, subject);

	if (status != STATUS_OK) {
		return status;
	}
	if (!time_read(X509_get0_notBefore(certificate), &subject->from_s) ||
		!time_read(X509_get0_notAfter(certificate), &subject->until_s)) {
		return STATUS_INVALID;
	}
	return key == NULL ? STATUS_UNSUPPORTED : crypto_key_rebuild(key, false, &subject->key);
}

enum status
crypto_subject_read(struct bytes der, struct crypto_subject *ret_subject)
{
	const unsigned char *at = der.at;
	X509 *certificate =
		der.size == 0 || der.size > LONG_MAX ? NULL : d2i_X509(NULL, &at, (long)der.size);
	enum status status = STATUS_MALFORMED;

	*ret_subject = (struct crypto_subject){.key = NULL};
	if (certificate != NULL && at == der.at + der.size) {
		status = certificate_read(certificate, ret_subject);
	}
	X509_free(certificate);
	return crypto_refuse(status);
}

void
crypto_subject_clear(struct crypto_subject *subject)
{
	crypto_key_free(subject->key);
	*subject = (struct crypto_subject){.key = NULL};
}
