/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_key.h"

static enum status
key_make(const struct handle_key *key, struct crypto_key **ret_key)
{
	const struct bytes *parts = key->parts;
	const struct bytes none = {0};

	switch (key->kind) {
	case HANDLE_KEY_RSA_PUBLIC:
		return crypto_key_from_rsa(
			&(struct crypto_rsa){.e = parts[0], .n = parts[1]}, ret_key);
	case HANDLE_KEY_RSA_PRIVATE:
		return crypto_key_from_rsa(
			&(struct crypto_rsa){.n = parts[0], .d = parts[1]}, ret_key);
	case HANDLE_KEY_RSA_PRIVATE_CRT:
		return crypto_key_from_rsa(
			&(struct crypto_rsa){parts[0], parts[1], parts[2], parts[3], parts[4],
				parts[5], parts[6], parts[7]},
			ret_key);
	case HANDLE_KEY_DSA_PUBLIC:
		return crypto_key_from_dsa(
			&(struct crypto_dsa){
				.q = parts[0], .p = parts[1], .g = parts[2], .y = parts[3]},
			ret_key);
	case HANDLE_KEY_DSA_PRIVATE:
		return crypto_key_from_dsa(
			&(struct crypto_dsa){
				.x = parts[0], .p = parts[1], .q = parts[2], .g = parts[3]},
			ret_key);
	case HANDLE_KEY_ED25519_PUBLIC:
		return crypto_key_from_ed25519(parts[0], none, ret_key);
	case HANDLE_KEY_ED25519_PRIVATE:
		return crypto_key_from_ed25519(none, parts[0], ret_key);
	case HANDLE_KEY_SM2_PUBLIC:
		return crypto_key_from_sm2(parts[0], none, ret_key);
	case HANDLE_KEY_SM2_PRIVATE:
		return crypto_key_from_sm2(none, parts[0], ret_key);
	case HANDLE_KEY_DH_PUBLIC:
		break;
	}
	return STATUS_UNSUPPORTED;
}

enum status
handle_key_to_crypto(const struct handle_key *key, struct crypto_key **ret_key)
{
	struct crypto_key *made = NULL;
	enum status status = key_make(key, &made);

	/* An RSA private key with nothing but n and e in it would do as a public one. */
	if (status == STATUS_OK && crypto_key_is_private(made) != handle_key_is_private(key)) {
		crypto_key_free(made);
		status = STATUS_INVALID;
	}
	if (status == STATUS_OK) {
		*ret_key = made;
	}
	return status;
}

/* How one kind of Handle key is written: which numbers, by the letters of crypto_key_number(),
 * in the order of handle_key.h. Integers follow Java's BigInteger; the octets of the curves
 * stand as they are. */
struct key_layout {
	enum handle_key_kind kind;
	bool has_integers;
	const char *names[HANDLE_KEY_PART_COUNT_MAX];
};

static const struct key_layout public_layouts[] = {
	[CRYPTO_KEY_RSA] = {HANDLE_KEY_RSA_PUBLIC, true, {"e", "n"}},
	[CRYPTO_KEY_DSA] = {HANDLE_KEY_DSA_PUBLIC, true, {"q", "p", "g", "y"}},
	[CRYPTO_KEY_ED25519] = {HANDLE_KEY_ED25519_PUBLIC, false, {"public"}},
	[CRYPTO_KEY_SM2] = {HANDLE_KEY_SM2_PUBLIC, false, {"public"}},
};

static const struct key_layout private_layouts[] = {
	[CRYPTO_KEY_RSA] = {HANDLE_KEY_RSA_PRIVATE_CRT, true,
		{"n", "e", "d", "p", "q", "dp", "dq", "qi"}},
	[CRYPTO_KEY_DSA] = {HANDLE_KEY_DSA_PRIVATE, true, {"x", "p", "q", "g"}},
	[CRYPTO_KEY_ED25519] = {HANDLE_KEY_ED25519_PRIVATE, false, {"private"}},
	[CRYPTO_KEY_SM2] = {HANDLE_KEY_SM2_PRIVATE, false, {"private"}},
};

/* What an RSA key without its primes is written as. */
static const struct key_layout rsa_private_layout = {HANDLE_KEY_RSA_PRIVATE, true, {"n", "d"}};

static enum status
key_write(struct wire_writer *writer, const struct crypto_key *key, const struct key_layout *layout)
{
	/* One octet in front of the number, for the zero before a high bit. */
	uint8_t octets[1 + CRYPTO_NUMBER_SIZE_MAX] = {0};
	enum status status = STATUS_OK;
	struct handle_key head = {.kind = layout->kind};

	handle_key_write(writer, &head);
	for (size_t i = 0; i < HANDLE_KEY_PART_COUNT_MAX && layout->names[i] != NULL; i++) {
		size_t size = 0;

		status = crypto_key_number(
			key, layout->names[i], octets + 1, CRYPTO_NUMBER_SIZE_MAX, &size);
		if (status != STATUS_OK) {
			break;
		}

		bool needs_zero = layout->has_integers && size > 0 && (octets[1] & 0x80) != 0;

		wire_write_blob(writer,
			needs_zero ? bytes_over(octets, size + 1) : bytes_over(octets + 1, size));
	}
	crypto_forget(octets, sizeof(octets));
	return status == STATUS_OK ? wire_writer_end(writer) : status;
}

enum status
handle_key_write_public(struct wire_writer *writer, const struct crypto_key *key)
{
	enum status status = key_write(writer, key, &public_layouts[crypto_key_kind(key)]);

	if (status == STATUS_OK && crypto_key_kind(key) == CRYPTO_KEY_RSA) {
		/* Handle.net reserves one length too many, and keys are compared as octets. */
		wire_write_u32(writer, 0);
		status = wire_writer_end(writer);
	}
	return status;
}

static bool
rsa_has_primes(const struct crypto_key *key)
{
	uint8_t octets[CRYPTO_NUMBER_SIZE_MAX];
	size_t size = 0;
	bool has_primes = crypto_key_number(key, "p", octets, sizeof(octets), &size) == STATUS_OK;

	crypto_forget(octets, sizeof(octets));
	return has_primes;
}

enum status
handle_key_write_private(struct wire_writer *writer, const struct crypto_key *key)
{
	const struct key_layout *layout = &private_layouts[crypto_key_kind(key)];

	if (!crypto_key_is_private(key)) {
		return STATUS_INVALID;
	}
	if (crypto_key_kind(key) == CRYPTO_KEY_RSA && !rsa_has_primes(key)) {
		layout = &rsa_private_layout;
	}
	return key_write(writer, key, layout);
}
