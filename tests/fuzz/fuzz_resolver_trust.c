/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "resolver/resolver_trust.h"

#include <stdlib.h>

/* Whatever stands in HS_SIGNATURE and HS_CERT, nobody is trusted whom the root's key has not signed:
 * it is a fresh one. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	static struct crypto_key *key;
	struct resolver_trust_root root = {.name = TEXT("0.0/0.0"), .index = 300};
	struct arena *arena = arena_new(4096, 1 << 20);
	struct resolver_trust_case trust = {
		.name = TEXT("88.1/x"), .now_s = 1700000000, .root = &root, .arena = arena};
	struct handle_value value = {.index = 401,
		.type = TEXT("HS_SIGNATURE"),
		.data = bytes_slice(bytes_over(octets, size), 0, size / 2)};
	uint8_t *room = malloc(2 * size + 256);
	struct wire_writer writer = wire_writer_over(room, 2 * size + 256);
	struct handle_value_list certificate;
	size_t fetched = 0;

	if (key == NULL) {
		FUZZ_CHECK(crypto_key_new(CRYPTO_KEY_ED25519, &key) == STATUS_OK);
	}
	root.key = key;
	handle_value_write(&writer, &value);
	trust.values = (struct handle_value_list){1, wire_written(&writer)};
	value.type = TEXT("HS_CERT");
	value.data = bytes_slice(bytes_over(octets, size), size / 2, size);
	certificate.count = 1;
	certificate.octets.at = writer.next;
	handle_value_write(&writer, &value);
	certificate.octets.size = (size_t)(writer.next - certificate.octets.at);
	while (resolver_trust_judge(&trust) == RESOLVER_TRUST_UNKNOWN && trust.missing.size > 0 &&
		resolver_trust_add(&trust, trust.missing, &certificate)) {
		FUZZ_CHECK(++fetched <= SIGNATURE_CHECK_COUNT_MAX);
	}
	FUZZ_CHECK(resolver_trust_judge(&trust) != RESOLVER_TRUST_YES);
	FUZZ_CHECK(trust.reason != NULL);
	arena_free(arena);
	free(room);
	return 0;
}
