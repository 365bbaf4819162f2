/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

enum { P_SIZE = 128, P_SIZE_MAX = DH_BITS_MAX / 8 };

static struct bytes p;

static int
group_is_that_of_the_vectors(void **state)
{
	struct vector vector = vector_named("dh-session-key-alg3");
	(void)state;

	p = vector_octets(&vector, "p");
	return 0;
}

static enum status
share(struct bytes group, struct bytes x, struct bytes peer)
{
	uint8_t *shared = malloc(group.size + 1);
	size_t size = 99;
	enum status status = crypto_dh_shared(group, x, peer, shared, &size);

	assert_int_equal(size == 99, status != STATUS_OK);
	free(shared);
	return status;
}

static void
both_sides_reach_the_secret_of_the_vectors(void **state)
{
	struct vector vector = vector_named("dh-session-key-alg3");
	struct bytes expected = vector_octets(&vector, "sharedSecret");
	struct bytes client_x = vector_octets(&vector, "clientX");
	struct bytes server_x = vector_octets(&vector, "serverX");
	uint8_t client_y[P_SIZE];
	uint8_t server_y[P_SIZE];
	uint8_t shared[P_SIZE];
	size_t size = 0;
	(void)state;

	assert_int_equal(crypto_dh_public(p, client_x, BYTES(2), client_y, &size), STATUS_OK);
	assert_int_equal(crypto_dh_public(p, server_x, BYTES(0, 0, 2), server_y, &size), STATUS_OK);
	assert_int_equal(crypto_dh_shared(p, client_x, bytes_over(server_y, P_SIZE), shared, &size),
		STATUS_OK);
	assert_int_equal(size, P_SIZE);
	assert_memory_equal(shared, expected.at, P_SIZE);
	assert_int_equal(crypto_dh_shared(p, server_x, bytes_over(client_y, P_SIZE), shared, &size),
		STATUS_OK);
	assert_memory_equal(shared, expected.at, P_SIZE);
}

static void
secrets_have_the_length_of_the_group(void **state)
{
	/* 2^1 is one octet, and p has a zero in front as Java writes it. */
	uint8_t group[P_SIZE + 1] = {0};
	uint8_t shared[P_SIZE + 1];
	size_t size = 0;
	(void)state;

	memcpy(group + 1, p.at, P_SIZE);
	assert_int_equal(crypto_dh_shared(bytes_over(group, sizeof(group)), BYTES(1), BYTES(2),
				 shared, &size),
		STATUS_OK);
	assert_int_equal(size, P_SIZE);
	assert_int_equal(shared[0], 0);
	assert_int_equal(shared[P_SIZE - 1], 2);
}

static void
peers_whose_number_gives_the_secret_away_are_refused(void **state)
{
	uint8_t peer[P_SIZE];
	(void)state;

	assert_int_equal(share(p, BYTES(5), BYTES(0)), STATUS_INVALID);
	assert_int_equal(share(p, BYTES(5), BYTES(1)), STATUS_INVALID);
	assert_int_equal(share(p, BYTES(5), BYTES(2)), STATUS_OK);
	memcpy(peer, p.at, P_SIZE);
	assert_int_equal(share(p, BYTES(5), bytes_over(peer, P_SIZE)), STATUS_INVALID);
	peer[P_SIZE - 1]--;
	assert_int_equal(share(p, BYTES(5), bytes_over(peer, P_SIZE)), STATUS_INVALID);
	peer[P_SIZE - 1]--;
	assert_int_equal(share(p, BYTES(5), bytes_over(peer, P_SIZE)), STATUS_OK);
	assert_int_equal(share(p, BYTES(0), BYTES(2)), STATUS_INVALID);
	assert_int_equal(share(p, (struct bytes){NULL, 0}, BYTES(2)), STATUS_INVALID);
	assert_int_equal(share((struct bytes){NULL, 0}, BYTES(1), BYTES(2)), STATUS_INVALID);
}

static void
groups_outside_the_limits_are_refused(void **state)
{
	uint8_t group[P_SIZE_MAX + 1];
	(void)state;

	memset(group, 0xff, sizeof(group));
	assert_int_equal(share(bytes_over(group, P_SIZE), BYTES(3), BYTES(2)), STATUS_OK);
	group[0] = 0x7f;
	assert_int_equal(share(bytes_over(group, P_SIZE), BYTES(3), BYTES(2)), STATUS_UNSUPPORTED);
	group[0] = 0xff;
	assert_int_equal(share(bytes_over(group, P_SIZE_MAX), BYTES(3), BYTES(2)), STATUS_OK);
	group[0] = 1;
	assert_int_equal(
		share(bytes_over(group, P_SIZE_MAX + 1), BYTES(3), BYTES(2)), STATUS_TOO_LARGE);
	group[0] = 0xff;
	group[P_SIZE - 1] = 0xfe;
	assert_int_equal(share(bytes_over(group, P_SIZE), BYTES(3), BYTES(2)), STATUS_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_reach_the_secret_of_the_vectors),
		cmocka_unit_test(secrets_have_the_length_of_the_group),
		cmocka_unit_test(peers_whose_number_gives_the_secret_away_are_refused),
		cmocka_unit_test(groups_outside_the_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, group_is_that_of_the_vectors, NULL);
}
