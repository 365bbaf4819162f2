/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_signature.h"

#include "message/credential.h"

/* Which digest a credential names, by text or by one octet (Handle.net 9, 12). */
static enum status
digest_of(struct bytes name, enum crypto_digest *ret_digest)
{
	static const struct {
		struct bytes name;
		enum crypto_digest digest;
	} names[] = {
		{{(const uint8_t *)"SHA-256", 7}, CRYPTO_SHA256},
		{{(const uint8_t *)"SHA256", 6}, CRYPTO_SHA256},
		{{(const uint8_t *)"\x03", 1}, CRYPTO_SHA256},
		{{(const uint8_t *)"ED25519", 7}, CRYPTO_SHA256},
		{{(const uint8_t *)"SHA1", 4}, CRYPTO_SHA1},
		{{(const uint8_t *)"SHA-1", 5}, CRYPTO_SHA1},
		{{(const uint8_t *)"\x02", 1}, CRYPTO_SHA1},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bytes_equal_fold(name, names[i].name)) {
			*ret_digest = names[i].digest;
			return STATUS_OK;
		}
	}
	return STATUS_UNSUPPORTED;
}

enum status
client_signature_verify(const struct envelope *envelope, const struct message *message,
	const struct crypto_key *key)
{
	struct credential credential;
	enum crypto_digest digest;
	uint8_t front[SIGNED_FRONT_SIZE_MAX];
	struct bytes runs[2];
	enum status status;

	if (message->credential.size == 0) {
		return STATUS_NOT_FOUND;
	}
	status = credential_decode(message->credential, &credential);
	if (status == STATUS_OK && !bytes_equal_fold(credential.type, TEXT("HS_SIGNED")) &&
		!bytes_equal_fold(credential.type, TEXT("HS_DSAPUBKEY"))) {
		status = STATUS_UNSUPPORTED;
	}
	if (status == STATUS_OK) {
		status = digest_of(credential.digest_name, &digest);
	}
	if (status != STATUS_OK) {
		return status;
	}
	runs[0] = bytes_over(
		front, credential_signed_front(envelope, credential.session_counter, front));
	runs[1] = message->signed_run;
	return crypto_verify(key, digest, runs, 2, credential.signature);
}
