/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_key_file.h"

#include "handle/handle_key.h"
#include "wire/wire_reader.h"

#include <string.h>

enum {
	TYPE_SIZE = 4,
	DES_BLOCK_SIZE = 8,
	DES_KEY_SIZE = 8,
	SALT_SIZE = 16,
	ITERATION_COUNT = 10000,
	DERIVED_SIZE_MAX = DERIVED_KEY_BITS_MAX / 8,
};

/* Types 3 and 4: the same fields, other sizes. */
struct derived_form {
	enum crypto_cipher cipher;
	size_t key_size;
	size_t iv_size;
};

static const struct derived_form form_3des = {CRYPTO_3DES_CBC, 24, 8};
static const struct derived_form form_aes = {CRYPTO_AES128_CBC, 16, 16};

enum status
handle_secret_derive(struct bytes secret, struct bytes salt, uint32_t iterations, size_t key_size,
	uint8_t *ret_key)
{
	uint8_t encoded[2 * SECRET_SIZE_MAX];
	size_t size = 0;

	if (secret.size > SECRET_SIZE_MAX || salt.size > SALT_SIZE_MAX ||
		key_size > DERIVED_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	for (size_t i = 0; i < secret.size; i++) {
		if (secret.at[i] < 0x80) {
			encoded[size++] = secret.at[i];
		} else {
			encoded[size++] = (uint8_t)(0xc0 | secret.at[i] >> 6);
			encoded[size++] = (uint8_t)(0x80 | (secret.at[i] & 0x3f));
		}
	}

	enum status status = crypto_pbkdf2(
		CRYPTO_SHA1, bytes_over(encoded, size), salt, iterations, key_size, ret_key);

	crypto_forget(encoded, size);
	return status;
}

enum status
handle_key_file_type(struct bytes file, enum handle_key_file_type *ret_type)
{
	struct wire_reader reader = wire_reader_over(file);
	uint32_t type = wire_read_u32(&reader);

	if (!wire_reader_ok(&reader)) {
		return STATUS_TRUNCATED;
	}
	if (type > HANDLE_KEY_FILE_AES) {
		return STATUS_UNSUPPORTED;
	}
	*ret_type = (enum handle_key_file_type)type;
	return STATUS_OK;
}

/* Types 0 and 2. */
static enum status
des_open(enum crypto_cipher cipher, struct bytes iv, struct bytes encrypted,
	struct bytes passphrase, uint8_t *ret_octets, size_t *ret_size)
{
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];

	crypto_digest(CRYPTO_MD5, passphrase, digest);

	enum status status = crypto_decrypt(
		cipher, bytes_over(digest, DES_KEY_SIZE), iv, encrypted, ret_octets, ret_size);

	crypto_forget(digest, sizeof(digest));
	return status;
}

/* Types 3 and 4. */
static enum status
derived_open(const struct derived_form *form, struct wire_reader *reader, struct bytes passphrase,
	uint8_t *ret_octets, size_t *ret_size)
{
	struct bytes salt = wire_read_blob(reader, SALT_SIZE_MAX);
	uint32_t iterations = wire_read_u32(reader);
	uint32_t key_bits = wire_read_u32(reader);
	struct bytes iv = wire_read_blob(reader, CRYPTO_BLOCK_SIZE_MAX);
	struct bytes encrypted = wire_read_blob(reader, KEY_FILE_SIZE_MAX);
	enum status status = wire_reader_end(reader);

	if (status != STATUS_OK) {
		return status;
	}
	if (key_bits != form->key_size * 8) {
		return STATUS_UNSUPPORTED;
	}

	uint8_t key[DERIVED_SIZE_MAX];

	status = handle_secret_derive(passphrase, salt, iterations, form->key_size, key);
	if (status == STATUS_OK) {
		status = crypto_decrypt(form->cipher, bytes_over(key, form->key_size), iv,
			encrypted, ret_octets, ret_size);
	}
	crypto_forget(key, sizeof(key));
	return status;
}

/* A wrong passphrase leaves valid padding one time in 256; then what it opened is no key. */
static enum status
passphrase_judge(enum status status, struct bytes opened)
{
	struct handle_key key;

	if (status == STATUS_OK) {
		status = handle_key_decode(opened, &key);
		return status == STATUS_OK && handle_key_is_private(&key) ? STATUS_OK
									  : STATUS_DENIED;
	}
	return status == STATUS_MALFORMED ? STATUS_DENIED : status;
}

static enum status
plain_open(struct bytes key, uint8_t *ret_octets, size_t *ret_size)
{
	if (key.size > 0) {
		memcpy(ret_octets, key.at, key.size);
	}
	*ret_size = key.size;
	return STATUS_OK;
}

enum status
handle_key_file_open(struct bytes file, struct bytes passphrase, uint8_t *ret_octets,
	size_t capacity, size_t *ret_size)
{
	enum handle_key_file_type type;
	enum status status = handle_key_file_type(file, &type);
	const struct bytes no_iv = {0};
	size_t size = 0;

	if (status != STATUS_OK) {
		return status;
	}
	if (file.size > KEY_FILE_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	if (capacity < file.size) {
		return STATUS_NO_SPACE;
	}

	struct wire_reader reader = wire_reader_over(bytes_slice(file, TYPE_SIZE, file.size));

	switch (type) {
	case HANDLE_KEY_FILE_PLAIN:
		return plain_open(wire_read_rest(&reader), ret_octets, ret_size);
	case HANDLE_KEY_FILE_OLD_DES:
		status = des_open(CRYPTO_DES_ECB, no_iv, wire_read_rest(&reader), passphrase,
			ret_octets, &size);
		break;
	case HANDLE_KEY_FILE_DES: {
		struct bytes iv = wire_read_bytes(&reader, DES_BLOCK_SIZE);

		if (!wire_reader_ok(&reader)) {
			return STATUS_TRUNCATED;
		}
		status = des_open(
			CRYPTO_DES_CBC, iv, wire_read_rest(&reader), passphrase, ret_octets, &size);
		break;
	}
	case HANDLE_KEY_FILE_3DES:
		status = derived_open(&form_3des, &reader, passphrase, ret_octets, &size);
		break;
	case HANDLE_KEY_FILE_AES:
		status = derived_open(&form_aes, &reader, passphrase, ret_octets, &size);
		break;
	}
	status = passphrase_judge(status, bytes_over(ret_octets, size));
	if (status == STATUS_OK) {
		*ret_size = size;
	} else {
		crypto_forget(ret_octets, size);
	}
	return status;
}

static void
des_write(struct wire_writer *writer, struct bytes passphrase, struct bytes key, uint8_t *scratch)
{
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];
	uint8_t iv[DES_BLOCK_SIZE];
	size_t size = 0;

	crypto_digest(CRYPTO_MD5, passphrase, digest);
	crypto_random(iv, sizeof(iv));

	enum status status = crypto_encrypt(CRYPTO_DES_CBC, bytes_over(digest, DES_KEY_SIZE),
		bytes_over(iv, sizeof(iv)), key, scratch, &size);

	crypto_forget(digest, sizeof(digest));
	if (status != STATUS_OK) {
		wire_writer_fail(writer, status);
		return;
	}
	wire_write_bytes(writer, bytes_over(iv, sizeof(iv)));
	wire_write_bytes(writer, bytes_over(scratch, size));
}

static void
derived_write(struct wire_writer *writer, const struct derived_form *form, struct bytes passphrase,
	struct bytes key, uint8_t *scratch)
{
	uint8_t derived[DERIVED_SIZE_MAX];
	uint8_t salt_octets[SALT_SIZE];
	uint8_t iv_octets[CRYPTO_BLOCK_SIZE_MAX];
	size_t size = 0;

	crypto_random(salt_octets, sizeof(salt_octets));
	crypto_random(iv_octets, form->iv_size);

	struct bytes salt = bytes_over(salt_octets, sizeof(salt_octets));
	struct bytes iv = bytes_over(iv_octets, form->iv_size);
	enum status status =
		handle_secret_derive(passphrase, salt, ITERATION_COUNT, form->key_size, derived);

	if (status == STATUS_OK) {
		status = crypto_encrypt(
			form->cipher, bytes_over(derived, form->key_size), iv, key, scratch, &size);
	}
	crypto_forget(derived, sizeof(derived));
	if (status != STATUS_OK) {
		wire_writer_fail(writer, status);
		return;
	}
	wire_write_blob(writer, salt);
	wire_write_u32(writer, ITERATION_COUNT);
	wire_write_u32(writer, (uint32_t)(form->key_size * 8));
	wire_write_blob(writer, iv);
	wire_write_blob(writer, bytes_over(scratch, size));
}

enum status
handle_key_file_write(struct wire_writer *writer, enum handle_key_file_type type,
	struct bytes passphrase, struct bytes key)
{
	uint8_t scratch[KEY_SIZE_MAX + CRYPTO_BLOCK_SIZE_MAX];

	if (type == HANDLE_KEY_FILE_OLD_DES) {
		return STATUS_UNSUPPORTED;
	}
	if (key.size > KEY_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	if (type != HANDLE_KEY_FILE_PLAIN && passphrase.size == 0) {
		return STATUS_INVALID;
	}
	wire_write_u32(writer, type);
	switch (type) {
	case HANDLE_KEY_FILE_PLAIN:
		wire_write_bytes(writer, key);
		break;
	case HANDLE_KEY_FILE_DES:
		des_write(writer, passphrase, key, scratch);
		break;
	case HANDLE_KEY_FILE_3DES:
		derived_write(writer, &form_3des, passphrase, key, scratch);
		break;
	case HANDLE_KEY_FILE_AES:
		derived_write(writer, &form_aes, passphrase, key, scratch);
		break;
	case HANDLE_KEY_FILE_OLD_DES:
		break;
	}
	return wire_writer_end(writer);
}
