/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_session.h"
#include "access/access_verify.h"
#include "fuzz/fuzz.h"
#include "message/request.h"

/*
 * What strangers send to be believed: the body of a session set-up, an answer to a challenge with
 * the key it claims, and a message with a credential of a session. None of it is by anybody, so
 * none of it may be taken for it.
 */
static const struct access_policy policy = {.allows_old_ciphers = true, .allows_sha1 = true};

/* The record with the key: one value, of the kind that is claimed. */
struct claim {
	struct bytes kind;
	struct bytes key;
	uint8_t octets[1 << 16];
};

static enum status
claim_lookup(void *context, struct bytes name, struct record *ret_record)
{
	struct claim *claim = context;
	struct wire_writer writer = wire_writer_over(claim->octets, sizeof(claim->octets));
	struct handle_value value = {.index = 300, .type = claim->kind, .data = claim->key};

	(void)name;
	handle_value_write(&writer, &value);
	if (wire_writer_end(&writer) != STATUS_OK) {
		return STATUS_NOT_FOUND;
	}
	*ret_record = (struct record){.values = {1, wire_written(&writer)}};
	return STATUS_OK;
}

/* A signature over what nobody could have seen: 32 octets of SHA-256 of the input itself. */
static void
check_proof(struct bytes input)
{
	static struct claim claim;
	struct wire_reader reader = wire_reader_over(input);
	uint8_t nonce[32];
	struct access_budget budget = access_budget_full();
	const struct access_reach reach = {claim_lookup, NULL, &claim};
	struct access_verification *verification = NULL;
	struct access_proof proof = {
		.identity = {TEXT("88.1/li"), 300},
		.version = {2, wire_read_u8(&reader)},
		.allows_sha1 = true,
	};

	claim.kind = (proof.version.minor & 0x80) != 0 ? TEXT("HS_SECKEY") : TEXT("HS_PUBKEY");
	proof.version.minor &= 0x0f;
	proof.kind = claim.kind;
	claim.key = wire_read_blob(&reader, KEY_SIZE_MAX);
	proof.response = wire_read_bytes(&reader, wire_reader_left(&reader));
	crypto_digest(CRYPTO_SHA256, input, nonce);
	proof.input = (struct challenge_input){bytes_over(nonce, 16), bytes_over(nonce + 16, 16)};
	if (!wire_reader_ok(&reader) ||
		access_verification_new(&proof, &reach, &budget, &verification) != STATUS_OK) {
		return;
	}
	FUZZ_CHECK(access_verification_run(verification) == STATUS_WRONG_PROOF);
	access_verification_free(verification);
}

static void
check_offer(struct bytes input)
{
	static const uint8_t source[16];
	struct access_session_offer *offer = NULL;
	struct message message = {.envelope = {.version = {2, fuzz_take_octet(&input) & 15}},
		.header = {.opcode = OPCODE_SESSION_SETUP}};
	struct request request;
	struct bytes text = {NULL, 0};
	enum status status;

	message.body = input;
	if (request_decode(&message, &request) != STATUS_OK) {
		return;
	}
	status = access_session_offer_new(&request, &policy, source, &offer, &text);
	FUZZ_CHECK(status == STATUS_OK || (status == STATUS_SESSION_FAILED && text.size > 0));
	if (status == STATUS_OK && access_session_offer_run(offer) == STATUS_OK) {
		FUZZ_CHECK(access_session_offer_data(offer).size > 0);
	}
	access_session_offer_free(offer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes input = bytes_over(octets, size);

	if ((fuzz_take_octet(&input) & 1) != 0) {
		check_proof(input);
	} else {
		check_offer(input);
	}
	return 0;
}
