/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_verify.h"

#include "handle/handle_key.h"
#include "handle/handle_mac.h"

#include <stdlib.h>

/* One value that may have proven it. */
struct candidate {
	uint32_t index;
	struct bytes data; /* Key or secret. */
};

struct access_verification {
	bool is_secret;
	bool is_held;
	bool allows_sha1;
	struct version version;
	struct challenge_input input;
	struct bytes response;
	uint32_t index; /* Of the candidate that proved it. */
	size_t count;
	struct candidate candidates[SIGNATURE_CHECK_COUNT_MAX];
	size_t size; /* Of all: what is to be forgotten. */
	uint8_t octets[];
};

/* The values of the right type and index, the lowest indexes first, as many as may be tried. */
static size_t
candidates_find(const struct record *record, struct bytes type, uint32_t index,
	struct access_budget *budget, struct candidate ret_candidates[SIGNATURE_CHECK_COUNT_MAX])
{
	struct wire_reader walk = handle_value_list_walk(&record->values);
	struct handle_value value;
	size_t limit = budget->signatures < SIGNATURE_CHECK_COUNT_MAX ? budget->signatures
								      : SIGNATURE_CHECK_COUNT_MAX;
	size_t count = 0;

	while (handle_value_next(&walk, &value)) {
		size_t place = count;

		if (!bytes_equal(value.type, type) || (index != 0 && value.index != index)) {
			continue;
		}
		while (place > 0 && ret_candidates[place - 1].index > value.index) {
			place--;
		}
		budget->is_spent = budget->is_spent || count == limit;
		if (place == limit) {
			continue;
		}
		count += count < limit;
		memmove(ret_candidates + place + 1, ret_candidates + place,
			(count - place - 1) * sizeof(ret_candidates[0]));
		ret_candidates[place] = (struct candidate){value.index, value.data};
	}
	budget->signatures -= (uint32_t)count;
	return count;
}

static struct bytes
keep(struct access_verification *verification, size_t *size, struct bytes run)
{
	uint8_t *at = verification->octets + *size;

	if (run.size > 0) {
		memcpy(at, run.at, run.size);
	}
	*size += run.size;
	return bytes_over(at, run.size);
}

static struct access_verification *
verification_make(const struct access_proof *proof, bool is_secret,
	const struct candidate *candidates, size_t count)
{
	size_t size =
		proof->response.size + proof->input.nonce.size + proof->input.request_digest.size;
	struct access_verification *verification;
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		size += candidates[i].data.size;
	}
	verification = calloc(1, sizeof(*verification) + size);
	if (verification == NULL) {
		return NULL;
	}
	verification->is_secret = is_secret;
	verification->is_held = proof->is_held;
	verification->allows_sha1 = proof->allows_sha1;
	verification->version = proof->version;
	verification->size = sizeof(*verification) + size;
	verification->response = keep(verification, &used, proof->response);
	verification->input.nonce = keep(verification, &used, proof->input.nonce);
	verification->input.request_digest = keep(verification, &used, proof->input.request_digest);
	verification->count = count;
	for (size_t i = 0; i < count; i++) {
		verification->candidates[i] = (struct candidate){
			candidates[i].index, keep(verification, &used, candidates[i].data)};
	}
	return verification;
}

enum status
access_verification_new(const struct access_proof *proof, const struct access_reach *reach,
	struct access_budget *budget, struct access_verification **ret_verification)
{
	bool is_secret = bytes_equal(proof->kind, TEXT("HS_SECKEY"));
	struct candidate candidates[SIGNATURE_CHECK_COUNT_MAX];
	struct access_verification *verification;
	struct record record;
	size_t count = 0;
	enum status status;

	if ((!is_secret && !bytes_equal(proof->kind, TEXT("HS_PUBKEY"))) ||
		(is_secret && proof->is_held)) {
		return STATUS_NO_PROOF;
	}
	status = access_look_up(reach, proof->identity.name, budget, &record);
	if (status == STATUS_NOT_RESPONSIBLE) {
		return STATUS_UNPROVABLE;
	}
	if (status == STATUS_BUSY || status == STATUS_CORRUPT) {
		return status;
	}
	if (status == STATUS_OK) {
		count = candidates_find(
			&record, proof->kind, proof->identity.index, budget, candidates);
	}
	verification = verification_make(proof, is_secret, candidates, count);
	if (verification == NULL) {
		return STATUS_NO_MEMORY;
	}
	*ret_verification = verification;
	return STATUS_OK;
}

/* Codes of MACs that a SHA-1 of our own day would have to stand for. */
static bool
mac_is_allowed(const struct access_verification *verification)
{
	bool is_old = verification->allows_sha1 && !version_at_least(verification->version, 2, 7);
	uint8_t code = verification->response.size == 0 ? 0 : verification->response.at[0];

	return (code != HANDLE_MAC_SHA1 && code != HANDLE_MAC_HMAC_SHA1) || is_old;
}

static enum status
verify_secret(const struct access_verification *verification, struct bytes secret)
{
	if (!mac_is_allowed(verification)) {
		return STATUS_DENIED;
	}
	return challenge_verify_mac(secret, &verification->input, verification->response, false);
}

/* Each kind of key has the digest of its version; an older one only where that is SHA-1, and
 * allowed; a newer one always. Ed25519 needs none, whatever was named. */
static bool
digest_is_allowed(const struct access_verification *verification, enum crypto_key_kind kind)
{
	struct wire_reader reader = wire_reader_over(verification->response);
	struct bytes name = wire_read_blob(&reader, HANDLE_TYPE_SIZE_MAX);
	enum crypto_digest of_version = signature_digest(kind, verification->version);
	enum crypto_digest digest;

	if (handle_digest_named(name, &digest) != STATUS_OK) {
		return false;
	}
	if (kind == CRYPTO_KEY_SM2) {
		return digest == CRYPTO_SM3;
	}
	if (digest == CRYPTO_SHA1) {
		return of_version == CRYPTO_SHA1 && verification->allows_sha1;
	}
	return digest == CRYPTO_SHA256;
}

static enum status
verify_signature(const struct access_verification *verification, struct bytes octets)
{
	struct crypto_key *key = NULL;
	struct handle_key parts;
	enum status status = handle_key_decode(octets, &parts);

	if (status == STATUS_OK) {
		status = handle_key_to_crypto(&parts, &key);
	}
	if (status != STATUS_OK) {
		return STATUS_DENIED;
	}
	status = digest_is_allowed(verification, crypto_key_kind(key))
		? challenge_verify_signature(key, &verification->input, verification->response)
		: STATUS_DENIED;
	crypto_key_free(key);
	return status;
}

/* Zero octets in front of a number make no other key. */
static enum status
verify_held(const struct access_verification *verification, struct bytes octets)
{
	struct handle_key held, wanted;

	return handle_key_decode(verification->response, &held) == STATUS_OK &&
			handle_key_decode(octets, &wanted) == STATUS_OK &&
			!handle_key_is_private(&held) && handle_key_is_same(&held, &wanted)
		? STATUS_OK
		: STATUS_DENIED;
}

static enum status
candidate_verify(const struct access_verification *verification, struct bytes data)
{
	if (verification->is_held) {
		return verify_held(verification, data);
	}
	return verification->is_secret ? verify_secret(verification, data)
				       : verify_signature(verification, data);
}

enum status
access_verification_run(struct access_verification *verification)
{
	for (size_t i = 0; i < verification->count; i++) {
		const struct candidate *candidate = &verification->candidates[i];
		enum status status = candidate_verify(verification, candidate->data);

		if (status == STATUS_OK) {
			verification->index = candidate->index;
			return STATUS_OK;
		}
	}
	return STATUS_WRONG_PROOF;
}

uint32_t
access_verification_index(const struct access_verification *verification)
{
	return verification->index;
}

void
access_verification_free(struct access_verification *verification)
{
	if (verification != NULL) {
		crypto_forget(verification, verification->size);
		free(verification);
	}
}
