/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_identity.h"

#include "message/challenge_crypto.h"

bool
client_challenge_is_about(const struct response *challenge, struct bytes signed_run)
{
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];
	enum crypto_digest kind;

	switch (challenge->digest_code) {
	case 0: /* Of protocol 2.0, without a code. */
	case 1:
		kind = CRYPTO_MD5;
		break;
	case 2:
		kind = CRYPTO_SHA1;
		break;
	case 3:
		kind = CRYPTO_SHA256;
		break;
	default:
		return false;
	}
	crypto_digest(kind, signed_run, digest);
	return bytes_equal(challenge->digest, bytes_over(digest, crypto_digest_size(kind)));
}

/* A MAC is written for the older of the two versions that the challenge names. */
static struct version
mac_version(const struct envelope *envelope)
{
	struct version suggested = version_suggested(envelope);

	return version_compare(suggested, envelope->version) < 0 ? suggested : envelope->version;
}

enum status
client_identity_prove(const struct client_identity *identity, const struct response *challenge,
	uint8_t ret_proof[CLIENT_PROOF_SIZE_MAX], struct request_challenge_response *ret_answer)
{
	const struct envelope *envelope = &challenge->message.envelope;
	struct challenge_input input = {challenge->nonce, challenge->digest};
	struct wire_writer writer = wire_writer_over(ret_proof, CLIENT_PROOF_SIZE_MAX);
	enum status status = identity->key != NULL
		? challenge_sign(&writer, identity->key, envelope->version, &input)
		: challenge_mac_write(&writer, identity->secret, mac_version(envelope), &input);

	if (status == STATUS_OK) {
		status = wire_writer_end(&writer);
	}
	if (status == STATUS_OK) {
		*ret_answer = (struct request_challenge_response){
			.authentication_type =
				identity->key != NULL ? TEXT("HS_PUBKEY") : TEXT("HS_SECKEY"),
			.name = identity->handle,
			.index = identity->index,
			.response = wire_written(&writer),
		};
	}
	return status;
}
