/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "ledger/ledger_proof.h"

/* A proof that is read is written and read again to the same text, and can be asked about. */

enum { TEXT_SIZE = 1 << 20, MEMORY = 4 << 20 };

static char text[2][TEXT_SIZE];

static struct crypto_key *
key_make(void)
{
	static const uint8_t seed[32] = {7};
	struct crypto_key *key = NULL;

	FUZZ_CHECK(crypto_key_from_ed25519((struct bytes){NULL, 0}, bytes_over(seed, 32), &key) ==
		STATUS_OK);
	return key;
}

static struct bytes
written(const struct ledger_proof *proof, char *room)
{
	struct json_writer writer = json_writer_over(room, TEXT_SIZE);

	ledger_proof_write_json(&writer, proof);
	FUZZ_CHECK(json_writer_end(&writer) == STATUS_OK);
	return json_written(&writer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct arena *arena = arena_new(65536, MEMORY);
	struct json_reader reader = json_reader_over(bytes_over(octets, size), arena);
	struct ledger_proof proof, again;
	struct crypto_key *key = key_make();
	struct problem problem = {.text = ""};
	struct bytes first;
	enum status status;

	if (ledger_proof_read_json(&reader, &proof) == STATUS_OK &&
		json_reader_end(&reader) == STATUS_OK) {
		first = written(&proof, text[0]);
		reader = json_reader_over(first, arena);
		FUZZ_CHECK(ledger_proof_read_json(&reader, &again) == STATUS_OK);
		FUZZ_CHECK(json_reader_end(&reader) == STATUS_OK);
		FUZZ_CHECK(bytes_equal(first, written(&again, text[1])));
		status = ledger_proof_verify(&proof, key, NULL, &problem);
		FUZZ_CHECK(status == STATUS_OK || problem.text[0] != '\0');
	}
	crypto_key_free(key);
	arena_free(arena);
	return 0;
}
