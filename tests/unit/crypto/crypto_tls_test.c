/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A server and a client, and the octets that each holds for the other. */
struct pair {
	struct crypto_key *key;
	struct crypto_tls_role *server_role;
	struct crypto_tls_role *client_role;
	struct crypto_tls *server;
	struct crypto_tls *client;
};

static struct crypto_key *
key_of(enum crypto_key_kind kind)
{
	struct crypto_key *key;

	assert_int_equal(crypto_key_new(kind, &key), STATUS_OK);
	return key;
}

static struct pair
pair_make(enum crypto_key_kind kind, const struct crypto_key *pinned)
{
	struct pair pair = {.key = key_of(kind)};

	assert_int_equal(crypto_tls_server(pair.key, &pair.server_role), STATUS_OK);
	assert_int_equal(crypto_tls_client(pinned != NULL ? pinned : pair.key, &pair.client_role),
		STATUS_OK);
	pair.server = crypto_tls_new(pair.server_role);
	pair.client = crypto_tls_new(pair.client_role);
	assert_non_null(pair.server);
	assert_non_null(pair.client);
	return pair;
}

static void
pair_free(struct pair *pair)
{
	crypto_tls_free(pair->server);
	crypto_tls_free(pair->client);
	crypto_tls_role_free(pair->server_role);
	crypto_tls_role_free(pair->client_role);
	crypto_key_free(pair->key);
}

/* Moves what waits in `step` octets at a time; returns how many there were. */
static size_t
carry(struct crypto_tls *from, struct crypto_tls *to, size_t step)
{
	uint8_t octets[4096];
	size_t total = 0;
	size_t size;

	while ((size = crypto_tls_take(from, octets, step)) > 0) {
		assert_int_equal(crypto_tls_give(to, bytes_over(octets, size)), STATUS_OK);
		total += size;
	}
	return total;
}

struct verdicts {
	enum status server;
	enum status client;
};

/* Until nobody has anything to say, or somebody gives up. */
static struct verdicts
shake_hands(struct pair *pair, size_t step)
{
	struct verdicts verdicts = {STATUS_OK, STATUS_OK};
	uint8_t octets[16];
	size_t moved = 1;
	size_t size;

	while (moved > 0) {
		if (verdicts.client == STATUS_OK) {
			verdicts.client =
				crypto_tls_read(pair->client, octets, sizeof(octets), &size);
		}
		moved = carry(pair->client, pair->server, step);
		if (verdicts.server == STATUS_OK) {
			verdicts.server =
				crypto_tls_read(pair->server, octets, sizeof(octets), &size);
		}
		moved += carry(pair->server, pair->client, step);
	}
	return verdicts;
}

static void
expect_text(struct crypto_tls *tls, struct bytes expected)
{
	uint8_t octets[64];
	size_t size;

	assert_int_equal(crypto_tls_read(tls, octets, sizeof(octets), &size), STATUS_OK);
	assert_int_equal(size, expected.size);
	assert_memory_equal(octets, expected.at, expected.size);
}

static void
talk_and_end(struct pair *pair)
{
	uint8_t octets[64];
	size_t size;

	assert_true(crypto_tls_is_ready(pair->client));
	assert_true(crypto_tls_is_ready(pair->server));
	assert_int_equal(crypto_tls_write(pair->client, TEXT("question")), STATUS_OK);
	carry(pair->client, pair->server, 4096);
	expect_text(pair->server, TEXT("question"));
	assert_int_equal(crypto_tls_write(pair->server, TEXT("answer")), STATUS_OK);
	crypto_tls_end(pair->server);
	carry(pair->server, pair->client, 4096);
	expect_text(pair->client, TEXT("answer"));
	assert_int_equal(
		crypto_tls_read(pair->client, octets, sizeof(octets), &size), STATUS_CLOSED);
}

static void
both_kinds_of_keys_serve(void **state)
{
	static const enum crypto_key_kind kinds[] = {CRYPTO_KEY_RSA, CRYPTO_KEY_ED25519};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct pair pair = pair_make(kinds[i], NULL);
		struct verdicts verdicts = shake_hands(&pair, 4096);

		assert_int_equal(verdicts.client, STATUS_OK);
		assert_int_equal(verdicts.server, STATUS_OK);
		talk_and_end(&pair);
		pair_free(&pair);
	}
}

static void
a_handshake_octet_by_octet_is_the_same(void **state)
{
	struct pair pair = pair_make(CRYPTO_KEY_ED25519, NULL);
	struct verdicts verdicts = shake_hands(&pair, 1);

	(void)state;
	assert_int_equal(verdicts.client, STATUS_OK);
	assert_int_equal(verdicts.server, STATUS_OK);
	talk_and_end(&pair);
	pair_free(&pair);
}

static void
another_key_of_the_same_kind_is_denied(void **state)
{
	struct crypto_key *other = key_of(CRYPTO_KEY_ED25519);
	struct pair pair = pair_make(CRYPTO_KEY_ED25519, other);

	(void)state;
	assert_int_equal(shake_hands(&pair, 4096).client, STATUS_DENIED);
	assert_false(crypto_tls_is_ready(pair.client));
	assert_int_equal(crypto_tls_write(pair.client, TEXT("secret")), STATUS_BUSY);
	pair_free(&pair);
	crypto_key_free(other);
}

static void
another_kind_of_key_is_denied(void **state)
{
	struct crypto_key *other = key_of(CRYPTO_KEY_RSA);
	struct pair pair = pair_make(CRYPTO_KEY_ED25519, other);

	(void)state;
	assert_int_equal(shake_hands(&pair, 4096).client, STATUS_DENIED);
	pair_free(&pair);
	crypto_key_free(other);
}

static void
nothing_is_written_before_the_handshake_is_over(void **state)
{
	struct pair pair = pair_make(CRYPTO_KEY_ED25519, NULL);

	(void)state;
	assert_int_equal(crypto_tls_write(pair.server, TEXT("x")), STATUS_BUSY);
	assert_int_equal(crypto_tls_write(pair.client, TEXT("x")), STATUS_BUSY);
	pair_free(&pair);
}

static void
octets_that_are_not_tls_are_malformed(void **state)
{
	struct pair pair = pair_make(CRYPTO_KEY_ED25519, NULL);
	uint8_t octets[16];
	size_t size;

	(void)state;
	assert_int_equal(crypto_tls_give(pair.server, TEXT("GET / HTTP/1.1\r\n\r\n")), STATUS_OK);
	assert_int_equal(
		crypto_tls_read(pair.server, octets, sizeof(octets), &size), STATUS_MALFORMED);
	pair_free(&pair);
}

/* One octet of a record is turned over on its way. */
static void
an_altered_record_is_malformed(void **state)
{
	struct pair pair = pair_make(CRYPTO_KEY_ED25519, NULL);
	uint8_t octets[256];
	size_t size;

	(void)state;
	shake_hands(&pair, 4096);
	assert_int_equal(crypto_tls_write(pair.server, TEXT("answer")), STATUS_OK);
	size = crypto_tls_take(pair.server, octets, sizeof(octets));
	octets[size - 1] ^= 1;
	assert_int_equal(crypto_tls_give(pair.client, bytes_over(octets, size)), STATUS_OK);
	assert_int_equal(
		crypto_tls_read(pair.client, octets, sizeof(octets), &size), STATUS_MALFORMED);
	pair_free(&pair);
}

static void
keys_that_tls_cannot_use_are_refused(void **state)
{
	struct crypto_key *sm2 = key_of(CRYPTO_KEY_SM2);
	struct crypto_key *key = key_of(CRYPTO_KEY_ED25519);
	struct crypto_key *half;
	struct crypto_tls_role *role;
	uint8_t octets[32];
	size_t size;

	(void)state;
	assert_int_equal(crypto_tls_server(sm2, &role), STATUS_UNSUPPORTED);
	assert_int_equal(crypto_tls_client(sm2, &role), STATUS_UNSUPPORTED);
	assert_int_equal(
		crypto_key_number(key, "public", octets, sizeof(octets), &size), STATUS_OK);
	assert_int_equal(
		crypto_key_from_ed25519(bytes_over(octets, size), (struct bytes){NULL, 0}, &half),
		STATUS_OK);
	assert_int_equal(crypto_tls_server(half, &role), STATUS_INVALID);
	assert_int_equal(crypto_tls_client(half, &role), STATUS_OK);
	crypto_tls_role_free(role);
	crypto_tls_role_free(NULL);
	crypto_tls_free(NULL);
	crypto_key_free(half);
	crypto_key_free(key);
	crypto_key_free(sm2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_kinds_of_keys_serve),
		cmocka_unit_test(a_handshake_octet_by_octet_is_the_same),
		cmocka_unit_test(another_key_of_the_same_kind_is_denied),
		cmocka_unit_test(another_kind_of_key_is_denied),
		cmocka_unit_test(nothing_is_written_before_the_handshake_is_over),
		cmocka_unit_test(octets_that_are_not_tls_are_malformed),
		cmocka_unit_test(an_altered_record_is_malformed),
		cmocka_unit_test(keys_that_tls_cannot_use_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
