/* SPDX-License-Identifier: Apache-2.0 */
#include "message/challenge_crypto.h"

#include "handle/handle_mac.h"

enum { INPUT_RUN_COUNT = 2, MD5_SIZE = 16 };

enum crypto_digest
signature_digest(enum crypto_key_kind kind, struct version version)
{
	if (kind == CRYPTO_KEY_SM2) {
		return CRYPTO_SM3;
	}

	uint8_t minor = kind == CRYPTO_KEY_DSA ? 11 : 7;

	return version_at_least(version, 2, minor) ? CRYPTO_SHA256 : CRYPTO_SHA1;
}

enum status
challenge_sign(struct wire_writer *writer, const struct crypto_key *key, struct version version,
	const struct challenge_input *input)
{
	const struct bytes runs[INPUT_RUN_COUNT] = {input->nonce, input->request_digest};
	enum crypto_digest digest = signature_digest(crypto_key_kind(key), version);
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
	size_t size = 0;
	enum status status = crypto_sign(key, digest, runs, INPUT_RUN_COUNT, signature, &size);

	if (status != STATUS_OK) {
		return status;
	}
	wire_write_blob(writer, handle_digest_name(digest));
	wire_write_blob(writer, bytes_over(signature, size));
	return wire_writer_end(writer);
}

enum status
challenge_verify_signature(
	const struct crypto_key *key, const struct challenge_input *input, struct bytes answer)
{
	const struct bytes runs[INPUT_RUN_COUNT] = {input->nonce, input->request_digest};
	struct wire_reader reader = wire_reader_over(answer);
	struct bytes name = wire_read_blob(&reader, HANDLE_TYPE_SIZE_MAX);
	struct bytes signature = wire_read_blob(&reader, CRYPTO_SIGNATURE_SIZE_MAX);
	enum crypto_digest digest;

	if (wire_reader_end(&reader) != STATUS_OK ||
		handle_digest_named(name, &digest) != STATUS_OK || digest == CRYPTO_MD5) {
		return STATUS_DENIED;
	}

	enum status status = crypto_verify(key, digest, runs, INPUT_RUN_COUNT, signature);

	return status == STATUS_UNSUPPORTED ? STATUS_DENIED : status;
}

enum status
challenge_mac_write(struct wire_writer *writer, struct bytes secret, struct version version,
	const struct challenge_input *input)
{
	const struct bytes runs[INPUT_RUN_COUNT] = {input->nonce, input->request_digest};
	const struct handle_mac_input what = {secret, runs, INPUT_RUN_COUNT};
	enum handle_mac_code code = HANDLE_MAC_MD5_OLD;

	if (secret.size == 0) {
		return STATUS_INVALID;
	}
	if (version_at_least(version, 2, 7)) {
		code = HANDLE_MAC_PBKDF2_HMAC_SHA1;
	} else if (version_at_least(version, 2, 1)) {
		code = HANDLE_MAC_SHA1;
	}
	if (code != HANDLE_MAC_MD5_OLD) {
		wire_write_u8(writer, (uint8_t)code);
	}
	return handle_mac_write(writer, code, &what);
}

enum status
challenge_verify_mac(struct bytes secret, const struct challenge_input *input, struct bytes answer,
	bool is_md5_allowed)
{
	const struct bytes runs[INPUT_RUN_COUNT] = {input->nonce, input->request_digest};
	const struct handle_mac_input what = {secret, runs, INPUT_RUN_COUNT};

	/* No MAC with its code in front has 16 octets, so the oldest form cannot be mistaken. */
	if (answer.size == MD5_SIZE) {
		return handle_mac_verify(HANDLE_MAC_MD5_OLD, answer, &what, is_md5_allowed);
	}
	if (answer.size == 0) {
		return STATUS_DENIED;
	}
	return handle_mac_verify(
		answer.at[0], bytes_slice(answer, 1, answer.size), &what, is_md5_allowed);
}
