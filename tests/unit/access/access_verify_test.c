/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_verify.h"

#include "handle/handle_key.h"
#include "handle/handle_mac.h"
#include "unit/access/scene.h"
#include "vectors/vectors.h"

#include <stdlib.h>

static const char LI[] = "88.1/li";

static int
begin(void **state)
{
	*state = scene_new();
	return 0;
}

static int
end(void **state)
{
	scene_free(*state);
	return 0;
}

static enum status
verify(struct scene *scene, const struct access_proof *proof, uint32_t *ret_index)
{
	struct access_budget budget = access_budget_full();
	struct access_verification *verification = NULL;
	enum status status = access_verification_new(proof, &scene->reach, &budget, &verification);

	if (status == STATUS_OK) {
		/* Nothing of the records is needed any more. */
		scene_clear(scene);
		status = access_verification_run(verification);
		*ret_index = access_verification_index(verification);
	}
	access_verification_free(verification);
	return status;
}

static struct version
version_of(const struct vector *vector)
{
	const char *start = strrchr(vector->name, '-') + 1;
	char *dot = NULL;
	unsigned long major = strtoul(start, &dot, 10);

	return (struct version){(uint8_t)major, (uint8_t)strtoul(dot + 1, NULL, 10)};
}

static struct access_proof
proof_of(const struct vector *vector, const char *kind)
{
	return (struct access_proof){
		.kind = bytes_from_string(kind),
		.identity = {bytes_from_string(LI), 300},
		.response = vector->octets,
		.input = {vector_octets(vector, "nonce"), vector_octets(vector, "requestDigest")},
		.version = version_of(vector),
	};
}

/* SHA-1 from old clients only where it is allowed; MD5 never. */
static void
recorded_answers_are_verified_as_the_policy_says(void **state)
{
	struct vector vector;
	uint32_t index = 0;
	size_t seen = 0;

	for (size_t at = 0; vector_next("challenge", &at, &vector);) {
		bool is_secret = strncmp(vector.name, "seckey-", 7) == 0;
		bool is_public = strncmp(vector.name, "pubkey-", 7) == 0;

		if ((!is_secret && !is_public) || vector_has(&vector, "error")) {
			continue;
		}

		const char *kind = is_secret ? "HS_SECKEY" : "HS_PUBKEY";
		struct bytes key = vector_octets(&vector, is_secret ? "secretKey" : "publicKey");
		struct access_proof proof = proof_of(&vector, kind);
		bool is_md5 = is_secret && vector.octets.size == 16;
		bool is_sha1 = is_secret
			? vector.octets.at[0] == 2
			: !bytes_equal(vector_text(&vector, "hashAlg"), TEXT("SHA-256"));

		for (int allowed = 0; allowed < 2; allowed++) {
			bool counts = !is_md5 && (!is_sha1 || allowed);

			proof.allows_sha1 = allowed;
			scene_value(*state, LI, 300, kind, key);
			index = 0;
			assert_int_equal(verify(*state, &proof, &index),
				counts ? STATUS_OK : STATUS_WRONG_PROOF);
			assert_int_equal(index, counts ? 300 : 0);
		}
		proof.input.nonce = bytes_slice(proof.input.nonce, 1, 15);
		scene_value(*state, LI, 300, kind, key);
		assert_int_equal(verify(*state, &proof, &index), STATUS_WRONG_PROOF);
		seen++;
	}
	assert_int_equal(seen, 13);
}

/* A client that could do better does not get through with less. */
static void
todays_clients_may_not_use_sha1_even_where_it_is_allowed(void **state)
{
	static const struct {
		const char *name;
		const char *kind;
		const char *key;
		struct version version;
		enum status status;
	} rows[] = {
		{"pubkey-response-admin_rsa2048-2.1", "HS_PUBKEY", "publicKey", {2, 6}, STATUS_OK},
		{"pubkey-response-admin_rsa2048-2.1", "HS_PUBKEY", "publicKey", {2, 7},
			STATUS_WRONG_PROOF},
		{"pubkey-response-admin_dsa1024-2.7", "HS_PUBKEY", "publicKey", {2, 10}, STATUS_OK},
		{"pubkey-response-admin_dsa1024-2.7", "HS_PUBKEY", "publicKey", {2, 11},
			STATUS_WRONG_PROOF},
		{"seckey-response-2.6", "HS_SECKEY", "secretKey", {2, 6}, STATUS_OK},
		{"seckey-response-2.6", "HS_SECKEY", "secretKey", {2, 7}, STATUS_WRONG_PROOF},
		{"seckey-response-2.11", "HS_SECKEY", "secretKey", {2, 11}, STATUS_OK},
	};
	uint32_t index;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vector vector = vector_named(rows[i].name);
		struct access_proof proof = proof_of(&vector, rows[i].kind);

		proof.version = rows[i].version;
		proof.allows_sha1 = true;
		scene_value(*state, LI, 300, rows[i].kind, vector_octets(&vector, rows[i].key));
		assert_int_equal(verify(*state, &proof, &index), rows[i].status);
	}
}

/* Every form of a secret's MAC. */
static void
all_codes_of_secrets_but_md5_count(void **state)
{
	static const struct {
		uint8_t code;
		bool is_sha1;
		bool is_md5;
	} rows[] = {{0x00, false, true}, {0x01, false, true}, {0x02, true, false},
		{0x03, false, false}, {0x12, true, false}, {0x13, false, false},
		{0x22, false, false}};
	const struct challenge_input input = {TEXT("0123456789abcdef"), TEXT("digest")};
	const struct bytes runs[] = {input.nonce, input.request_digest};
	const struct handle_mac_input what = {TEXT("secret"), runs, 2};
	uint8_t octets[256];
	uint32_t index;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct access_proof proof = {.kind = TEXT("HS_SECKEY"),
			.identity = {bytes_from_string(LI), 301},
			.input = input,
			.version = {2, 6}};

		wire_write_u8(&writer, rows[i].code);
		assert_int_equal(handle_mac_write(&writer, rows[i].code, &what), STATUS_OK);
		proof.response = wire_written(&writer);
		for (int allowed = 0; allowed < 2; allowed++) {
			proof.allows_sha1 = allowed;
			scene_value(*state, LI, 301, "HS_SECKEY", TEXT("secret"));
			assert_int_equal(verify(*state, &proof, &index),
				rows[i].is_md5 || (rows[i].is_sha1 && !allowed) ? STATUS_WRONG_PROOF
										: STATUS_OK);
		}
	}
}

static void
work_that_a_client_orders_is_bounded(void **state)
{
	static const struct {
		uint32_t iterations;
		uint32_t bits;
		size_t salt_size;
	} rows[] = {{PBKDF2_ITERATION_COUNT_MAX + 1, 160, 16}, {UINT32_MAX, 160, 16},
		{1000, DERIVED_KEY_BITS_MAX + 8, 16}, {1000, 160, SALT_SIZE_MAX + 1}, {0, 160, 16}};
	uint8_t octets[256];
	uint32_t index;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const uint8_t zeros[SALT_SIZE_MAX + 1];
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct access_proof proof = {.kind = TEXT("HS_SECKEY"),
			.identity = {bytes_from_string(LI), 301},
			.input = {TEXT("nonce"), TEXT("digest")},
			.version = {2, 11}};

		wire_write_u8(&writer, 0x22);
		wire_write_blob(&writer, bytes_over(zeros, rows[i].salt_size));
		wire_write_u32(&writer, rows[i].iterations);
		wire_write_u32(&writer, rows[i].bits);
		wire_write_blob(&writer, bytes_over(zeros, 20));
		proof.response = wire_written(&writer);
		scene_value(*state, LI, 301, "HS_SECKEY", TEXT("secret"));
		assert_int_equal(verify(*state, &proof, &index), STATUS_WRONG_PROOF);
	}
}

static struct bytes
public_octets(const struct crypto_key *key, uint8_t octets[KEY_SIZE_MAX])
{
	struct wire_writer writer = wire_writer_over(octets, KEY_SIZE_MAX);

	assert_int_equal(handle_key_write_public(&writer, key), STATUS_OK);
	return wire_written(&writer);
}

static const struct challenge_input INPUT = {
	{(const uint8_t *)"0123456789abcdef", 16}, {(const uint8_t *)"digest", 6}};

static struct bytes
signed_by(const struct crypto_key *key, uint8_t octets[2048])
{
	struct wire_writer writer = wire_writer_over(octets, 2048);

	assert_int_equal(challenge_sign(&writer, key, VERSION_OURS, &INPUT), STATUS_OK);
	return wire_written(&writer);
}

static struct access_proof
proof_by(struct bytes response, uint32_t index)
{
	return (struct access_proof){.kind = TEXT("HS_PUBKEY"),
		.identity = {bytes_from_string(LI), index},
		.response = response,
		.input = INPUT,
		.version = VERSION_OURS};
}

static void
our_own_kinds_of_key_prove_identities(void **state)
{
	static const enum crypto_key_kind kinds[] = {
		CRYPTO_KEY_ED25519, CRYPTO_KEY_SM2, CRYPTO_KEY_RSA};
	uint8_t octets[KEY_SIZE_MAX];
	uint8_t answer[2048];
	uint32_t index = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct crypto_key *key = NULL;

		assert_int_equal(crypto_key_new(kinds[i], &key), STATUS_OK);

		struct access_proof proof = proof_by(signed_by(key, answer), 300);
		struct bytes data = public_octets(key, octets);

		scene_value(*state, LI, 300, "HS_PUBKEY", data);
		assert_int_equal(verify(*state, &proof, &index), STATUS_OK);
		assert_int_equal(index, 300);
		answer[proof.response.size - 1] ^= 1;
		scene_value(*state, LI, 300, "HS_PUBKEY", data);
		assert_int_equal(verify(*state, &proof, &index), STATUS_WRONG_PROOF);
		crypto_key_free(key);
	}
}

static void
sm2_answers_name_sm3(void **state)
{
	struct crypto_key *key = NULL;
	uint8_t octets[KEY_SIZE_MAX];
	uint8_t answer[2048];
	uint8_t renamed[2048];
	struct wire_writer writer = wire_writer_over(renamed, sizeof(renamed));
	struct wire_reader reader;
	uint32_t index = 0;

	assert_int_equal(crypto_key_new(CRYPTO_KEY_SM2, &key), STATUS_OK);
	reader = wire_reader_over(signed_by(key, answer));
	assert_true(bytes_equal(wire_read_blob(&reader, 16), TEXT("SM3")));
	wire_write_blob(&writer, TEXT("SHA-256"));
	wire_write_blob(&writer, wire_read_blob(&reader, 1024));

	struct access_proof proof = proof_by(wire_written(&writer), 300);

	scene_value(*state, LI, 300, "HS_PUBKEY", public_octets(key, octets));
	assert_int_equal(verify(*state, &proof, &index), STATUS_WRONG_PROOF);
	crypto_key_free(key);
}

/* Index 0: the lowest indexes first, and no more than may be tried. The right key is the last. */
static void
index_0_tries_keys_in_their_order_within_the_budget(void **state)
{
	struct crypto_key *right = NULL;
	struct crypto_key *wrong = NULL;
	uint8_t right_octets[KEY_SIZE_MAX];
	uint8_t wrong_octets[KEY_SIZE_MAX];
	uint8_t answer[2048];
	uint32_t index = 0;

	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &right), STATUS_OK);
	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &wrong), STATUS_OK);

	struct bytes right_data = public_octets(right, right_octets);
	struct bytes wrong_data = public_octets(wrong, wrong_octets);
	struct access_proof proof = proof_by(signed_by(right, answer), 0);

	for (uint32_t before = SIGNATURE_CHECK_COUNT_MAX - 2; before <= SIGNATURE_CHECK_COUNT_MAX;
		before++) {
		/* In the record the right one stands first: the order is that of the indexes. */
		scene_value(*state, LI, 900, "HS_PUBKEY", right_data);
		for (uint32_t i = before; i > 0; i--) {
			scene_value(*state, LI, 300 + i, "HS_PUBKEY", wrong_data);
			scene_value(*state, LI, i, "HS_SECKEY", right_data);
			scene_value(*state, LI, 100 + i, "HS_PUBKEY.X", right_data);
		}
		index = 0;
		assert_int_equal(verify(*state, &proof, &index),
			before < SIGNATURE_CHECK_COUNT_MAX ? STATUS_OK : STATUS_WRONG_PROOF);
		assert_int_equal(index, before < SIGNATURE_CHECK_COUNT_MAX ? 900 : 0);
	}
	/* The lowest of two that fit. */
	scene_value(*state, LI, 301, "HS_PUBKEY", right_data);
	scene_value(*state, LI, 300, "HS_PUBKEY", right_data);
	assert_int_equal(verify(*state, &proof, &index), STATUS_OK);
	assert_int_equal(index, 300);
	crypto_key_free(right);
	crypto_key_free(wrong);
}

static void
signatures_of_one_request_come_from_one_budget(void **state)
{
	struct scene *scene = *state;
	struct access_budget budget = access_budget_full();
	struct access_verification *verification = NULL;
	struct access_proof proof = proof_by(TEXT("x"), 0);

	for (uint32_t i = 1; i <= SIGNATURE_CHECK_COUNT_MAX; i++) {
		scene_value(scene, LI, i, "HS_PUBKEY", TEXT("key"));
	}
	budget.signatures = 3;
	assert_int_equal(
		access_verification_new(&proof, &scene->reach, &budget, &verification), STATUS_OK);
	assert_int_equal(budget.signatures, 0);
	assert_true(budget.is_spent);
	access_verification_free(verification);
	assert_int_equal(
		access_verification_new(&proof, &scene->reach, &budget, &verification), STATUS_OK);
	assert_int_equal(access_verification_run(verification), STATUS_WRONG_PROOF);
	access_verification_free(verification);
}

static void
what_is_not_there_is_told_like_what_is_wrong(void **state)
{
	struct scene *scene = *state;
	struct access_proof proof = proof_by(TEXT("x"), 300);
	uint32_t index;

	assert_int_equal(verify(scene, &proof, &index), STATUS_WRONG_PROOF); /* No such handle. */
	scene_value(scene, LI, 301, "HS_PUBKEY", TEXT("key"));
	assert_int_equal(verify(scene, &proof, &index), STATUS_WRONG_PROOF); /* Nor such value. */
	scene_value(scene, LI, 300, "HS_PUBKEY", TEXT("no key"));
	assert_int_equal(verify(scene, &proof, &index), STATUS_WRONG_PROOF);
	scene_value(scene, LI, 300, "hs_pubkey", TEXT("key"));
	assert_int_equal(verify(scene, &proof, &index), STATUS_WRONG_PROOF);
	proof.kind = TEXT("HS_SECKEY");
	scene_value(scene, LI, 300, "HS_SECKEY", (struct bytes){NULL, 0});
	assert_int_equal(verify(scene, &proof, &index), STATUS_WRONG_PROOF); /* An empty secret. */
	proof.response = (struct bytes){NULL, 0};
	scene_value(scene, LI, 300, "HS_SECKEY", TEXT("secret"));
	assert_int_equal(verify(scene, &proof, &index), STATUS_WRONG_PROOF);
}

static void
what_cannot_be_verified_is_told_apart(void **state)
{
	static const struct {
		enum status answer;
		enum status told;
	} rows[] = {{STATUS_NOT_RESPONSIBLE, STATUS_UNPROVABLE}, {STATUS_BUSY, STATUS_BUSY},
		{STATUS_CORRUPT, STATUS_CORRUPT}, {STATUS_INVALID, STATUS_WRONG_PROOF}};
	struct scene *scene = *state;
	struct access_proof proof = proof_by(TEXT("x"), 300);
	uint32_t index;

	scene->absent = LI;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scene->answer = rows[i].answer;
		assert_int_equal(verify(scene, &proof, &index), rows[i].told);
	}
	proof.kind = TEXT("HS_PASSWORD");
	assert_int_equal(verify(scene, &proof, &index), STATUS_NO_PROOF);
	proof.kind = TEXT("hs_seckey");
	assert_int_equal(verify(scene, &proof, &index), STATUS_NO_PROOF);
}

/* Its private half was seen elsewhere, by TLS: only who has which key is asked. */
static void
a_key_that_is_held_proves_whose_key_it_is(void **state)
{
	static const enum crypto_key_kind kinds[] = {
		CRYPTO_KEY_RSA, CRYPTO_KEY_ED25519, CRYPTO_KEY_SM2};
	uint8_t room[KEY_SIZE_MAX], other_room[KEY_SIZE_MAX];
	uint32_t index = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct crypto_key *key = NULL, *other = NULL;
		struct access_proof proof = {.kind = TEXT("HS_PUBKEY"),
			.identity = {bytes_from_string(LI), 0},
			.is_held = true,
			.version = {2, 11}};
		struct bytes another;

		assert_int_equal(crypto_key_new(kinds[i], &key), STATUS_OK);
		assert_int_equal(crypto_key_new(kinds[i], &other), STATUS_OK);
		proof.response = public_octets(key, room);
		another = public_octets(other, other_room);
		scene_value(*state, LI, 300, "HS_PUBKEY", another);
		scene_value(*state, LI, 302, "HS_PUBKEY", proof.response);
		assert_int_equal(verify(*state, &proof, &index), STATUS_OK);
		assert_int_equal(index, 302);
		/* The index that is named has another key. */
		proof.identity.index = 300;
		scene_value(*state, LI, 300, "HS_PUBKEY", another);
		scene_value(*state, LI, 302, "HS_PUBKEY", proof.response);
		assert_int_equal(verify(*state, &proof, &index), STATUS_WRONG_PROOF);
		/* A value of another type is no key. */
		scene_value(*state, LI, 300, "HS_SECKEY", proof.response);
		assert_int_equal(verify(*state, &proof, &index), STATUS_WRONG_PROOF);
		proof.kind = TEXT("HS_SECKEY");
		scene_value(*state, LI, 300, "HS_SECKEY", proof.response);
		assert_int_equal(verify(*state, &proof, &index), STATUS_NO_PROOF);
		/* Octets that are no key. */
		proof.kind = TEXT("HS_PUBKEY");
		proof.response = TEXT("no key");
		scene_value(*state, LI, 300, "HS_PUBKEY", proof.response);
		assert_int_equal(verify(*state, &proof, &index), STATUS_WRONG_PROOF);
		crypto_key_free(key);
		crypto_key_free(other);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			recorded_answers_are_verified_as_the_policy_says, begin, end),
		cmocka_unit_test_setup_teardown(
			todays_clients_may_not_use_sha1_even_where_it_is_allowed, begin, end),
		cmocka_unit_test_setup_teardown(all_codes_of_secrets_but_md5_count, begin, end),
		cmocka_unit_test_setup_teardown(work_that_a_client_orders_is_bounded, begin, end),
		cmocka_unit_test_setup_teardown(our_own_kinds_of_key_prove_identities, begin, end),
		cmocka_unit_test_setup_teardown(
			a_key_that_is_held_proves_whose_key_it_is, begin, end),
		cmocka_unit_test_setup_teardown(sm2_answers_name_sm3, begin, end),
		cmocka_unit_test_setup_teardown(
			index_0_tries_keys_in_their_order_within_the_budget, begin, end),
		cmocka_unit_test_setup_teardown(
			signatures_of_one_request_come_from_one_budget, begin, end),
		cmocka_unit_test_setup_teardown(
			what_is_not_there_is_told_like_what_is_wrong, begin, end),
		cmocka_unit_test_setup_teardown(what_cannot_be_verified_is_told_apart, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
