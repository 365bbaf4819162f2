/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto.h"

/*
 * What the certificate of a client says: who it means to be, and with which key, from when until
 * when. A stranger wrote it, and nobody need have signed it: it proves nothing by itself. TLS proves
 * that the client has the private key; whether that key is the named one's, records tell.
 *
 *     status = crypto_subject_read(der, &subject);
 *     ... subject.name, subject.key ...
 *     crypto_subject_clear(&subject);
 *
 * The name is the UID of the subject (RFC 4519, 2.39) or, without one, its CN, in UTF-8.
 */
enum { CRYPTO_SUBJECT_NAME_SIZE_MAX = HANDLE_NAME_SIZE_MAX + 16 };

struct crypto_subject {
	struct crypto_key *key;
	int64_t from_s; /* Seconds since 1970; both are within. */
	int64_t until_s;
	size_t name_size; /* 0: it has neither. */
	uint8_t name[CRYPTO_SUBJECT_NAME_SIZE_MAX];
};

/* One certificate in DER, and nothing behind it. MALFORMED; INVALID if the name comes twice or its
 * times are none; UNSUPPORTED for a key of another kind or one too weak, TOO_LARGE for a key or a
 * name that is. */
enum status crypto_subject_read(struct bytes der, struct crypto_subject *ret_subject) MUST_CHECK;
void crypto_subject_clear(struct crypto_subject *subject);
