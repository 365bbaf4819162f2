/* SPDX-License-Identifier: Apache-2.0 */
#include "program/key/key_save.h"

#include "base/file.h"
#include "base/text_writer.h"
#include "handle/handle_key.h"

#include <stdlib.h>
#include <string.h>

enum { PRIVATE_MODE = 0600, PUBLIC_MODE = 0644 };

enum handle_key_form
key_form_of_name(const char *path)
{
	size_t size = strlen(path);

	return size >= 4 && strcmp(path + size - 4, ".bin") == 0 ? HANDLE_KEY_FORM_BIN
								 : HANDLE_KEY_FORM_PEM;
}

enum status
key_public_octets(const struct crypto_key *key, uint8_t *ret_octets, struct bytes *ret_run)
{
	struct wire_writer writer = wire_writer_over(ret_octets, KEY_SIZE_MAX);
	enum status status = handle_key_write_public(&writer, key);

	if (status == STATUS_OK) {
		*ret_run = wire_written(&writer);
	}
	return status;
}

enum status
key_public_half(const struct crypto_key *key, struct crypto_key **ret_public)
{
	uint8_t octets[KEY_SIZE_MAX];
	struct bytes run;
	struct handle_key parts;
	enum status status = key_public_octets(key, octets, &run);

	if (status == STATUS_OK) {
		status = handle_key_decode(run, &parts);
	}
	return status == STATUS_OK ? handle_key_to_crypto(&parts, ret_public) : status;
}

static enum status
private_file_write(struct wire_writer *writer, const struct crypto_key *key,
	enum key_encryption encryption, struct bytes passphrase)
{
	static const enum handle_key_file_type types[] = {
		[KEY_ENCRYPTION_NONE] = HANDLE_KEY_FILE_PLAIN,
		[KEY_ENCRYPTION_AES] = HANDLE_KEY_FILE_AES,
		[KEY_ENCRYPTION_3DES] = HANDLE_KEY_FILE_3DES,
	};
	uint8_t octets[KEY_SIZE_MAX];
	struct wire_writer plain = wire_writer_over(octets, sizeof(octets));
	enum status status = handle_key_write_private(&plain, key);

	if (status == STATUS_OK) {
		status = handle_key_file_write(
			writer, types[encryption], passphrase, wire_written(&plain));
	}
	crypto_forget(octets, sizeof(octets));
	return status;
}

static enum status
key_compose(const struct crypto_key *key, const struct key_shape *shape, struct bytes passphrase,
	uint8_t *octets, size_t capacity, size_t *ret_size)
{
	const struct bytes none = {0};
	struct wire_writer writer = wire_writer_over(octets, capacity);
	enum status status;

	if (shape->encryption != KEY_ENCRYPTION_NONE &&
		(!crypto_key_is_private(key) || passphrase.size == 0)) {
		return STATUS_INVALID;
	}
	if (shape->form == HANDLE_KEY_FORM_PEM) {
		if (shape->encryption == KEY_ENCRYPTION_3DES) {
			return STATUS_INVALID;
		}
		return crypto_key_format_pem(key,
			shape->encryption == KEY_ENCRYPTION_NONE ? none : passphrase, octets,
			capacity, ret_size);
	}
	status = crypto_key_is_private(key)
		? private_file_write(&writer, key, shape->encryption, passphrase)
		: handle_key_write_public(&writer, key);
	if (status == STATUS_OK) {
		*ret_size = wire_written(&writer).size;
	}
	return status;
}

enum status
key_save(const char *path, const struct crypto_key *key, const struct key_shape *shape,
	struct bytes passphrase, struct problem *problem)
{
	uint8_t octets[KEY_PEM_SIZE_MAX];
	size_t size = 0;
	enum status status = key_compose(key, shape, passphrase, octets, sizeof(octets), &size);

	if (status != STATUS_OK) {
		return problem_set(problem, status,
			"%s: cannot be written in this form with this encryption: it %s", path,
			status_text(status));
	}
	status = file_write_new(path, crypto_key_is_private(key) ? PRIVATE_MODE : PUBLIC_MODE,
		bytes_over(octets, size), problem);
	crypto_forget(octets, sizeof(octets));
	if (status == STATUS_EXISTS) {
		return problem_set(problem, status, "%s exists; a key is never overwritten", path);
	}
	return status;
}

const char *
key_kind_name(const struct crypto_key *key)
{
	static const char *const names[] = {
		[CRYPTO_KEY_RSA] = "rsa",
		[CRYPTO_KEY_DSA] = "dsa",
		[CRYPTO_KEY_ED25519] = "ed25519",
		[CRYPTO_KEY_SM2] = "sm2",
	};

	return names[crypto_key_kind(key)];
}

enum status
key_fingerprint(const struct crypto_key *key, char ret_text[KEY_FINGERPRINT_SIZE_MAX])
{
	uint8_t octets[KEY_SIZE_MAX];
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];
	struct text_writer writer = text_writer_over(ret_text, KEY_FINGERPRINT_SIZE_MAX);
	struct bytes run;
	enum status status = key_public_octets(key, octets, &run);

	if (status != STATUS_OK) {
		return status;
	}
	crypto_digest(CRYPTO_SHA256, run, digest);
	text_write_hex(&writer, bytes_over(digest, crypto_digest_size(CRYPTO_SHA256)));
	text_write_char(&writer, '\0');
	return STATUS_OK;
}
