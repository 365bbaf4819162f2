/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "support/cmocka_all.h"

#include <string.h>

static void
runs_in_any_pieces_give_the_digest_of_the_whole(void **state)
{
	static const enum crypto_digest kinds[] = {
		CRYPTO_MD5, CRYPTO_SHA1, CRYPTO_SHA256, CRYPTO_SM3};
	uint8_t octets[200], whole[CRYPTO_DIGEST_SIZE_MAX], pieces[CRYPTO_DIGEST_SIZE_MAX];

	(void)state;
	memset(octets, 'h', sizeof(octets));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (size_t cut = 0; cut <= sizeof(octets); cut += 7) {
			struct crypto_stream *stream = crypto_stream_new(kinds[i]);

			assert_non_null(stream);
			crypto_stream_add(stream, bytes_over(octets, cut));
			crypto_stream_digest(stream, pieces);
			crypto_digest(kinds[i], bytes_over(octets, cut), whole);
			assert_memory_equal(pieces, whole, crypto_digest_size(kinds[i]));
			/* Asking for it changes nothing. */
			crypto_stream_add(stream, bytes_over(octets + cut, sizeof(octets) - cut));
			crypto_stream_digest(stream, pieces);
			crypto_digest(kinds[i], bytes_over(octets, sizeof(octets)), whole);
			assert_memory_equal(pieces, whole, crypto_digest_size(kinds[i]));
			crypto_stream_free(stream);
		}
	}
	crypto_stream_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_in_any_pieces_give_the_digest_of_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
