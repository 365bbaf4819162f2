/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"
#include "program/key/key.h"

#include "json/json_writer.h"

#include <stdio.h>
#include <string.h>

enum { RESULT_SIZE_MAX = 32768 };

static const char *const encryption_names[] = {
	[KEY_ENCRYPTION_NONE] = "none",
	[KEY_ENCRYPTION_AES] = "aes",
	[KEY_ENCRYPTION_3DES] = "3des",
};

/* What was written, for a person or a program. */
static int
result_print(const struct key_options *options, const char *path, const struct crypto_key *key,
	const struct key_shape *shape)
{
	char text[RESULT_SIZE_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	const char *form = shape->form == HANDLE_KEY_FORM_PEM ? "pem" : "bin";

	if (!options->is_json) {
		printf(SAY("wrote %s: %s %s key of %u bits, %s, encryption: %s\n",
			       "已写入 %s：%s %s，%u 位，%s，加密：%s\n"),
			path, key_kind_name(key),
			crypto_key_is_private(key) ? SAY("private", "私钥") : SAY("public", "公钥"),
			crypto_key_bits(key), form, encryption_names[shape->encryption]);
		return EXIT_CODE_OK;
	}
	json_write_object(&writer);
	json_write_name(&writer, "file");
	json_write_string(&writer, bytes_from_string(path));
	json_write_name(&writer, "kind");
	json_write_string(&writer, bytes_from_string(key_kind_name(key)));
	json_write_name(&writer, "bits");
	json_write_u64(&writer, crypto_key_bits(key));
	json_write_name(&writer, "private");
	json_write_bool(&writer, crypto_key_is_private(key));
	json_write_name(&writer, "form");
	json_write_string(&writer, bytes_from_string(form));
	json_write_name(&writer, "encryption");
	json_write_string(&writer, bytes_from_string(encryption_names[shape->encryption]));
	json_write_object_end(&writer);
	if (json_writer_end(&writer) != STATUS_OK) {
		return command_failure(
			&command_key_manual, "%s: %s", path, status_text(STATUS_TOO_LARGE));
	}
	printf("%.*s\n", (int)json_written(&writer).size, text);
	return EXIT_CODE_OK;
}

/* How a file will look: as asked, else by its name; encrypted if a passphrase was offered or
 * if what it comes from was encrypted. */
static struct key_shape
shape_of(const struct key_options *options, const char *path, bool is_encrypted)
{
	struct key_shape shape = options->shape;

	if (!options->has_form) {
		shape.form = key_form_of_name(path);
	}
	if (!options->has_encryption) {
		shape.encryption = is_encrypted ? KEY_ENCRYPTION_AES : KEY_ENCRYPTION_NONE;
	}
	return shape;
}

static int
write_key(const struct key_options *options, const char *path, const struct crypto_key *key,
	const struct key_shape *shape, const struct passphrase_source *source)
{
	struct passphrase passphrase = {.size = 0};
	struct problem problem = {.text = ""};
	enum status status = STATUS_OK;

	if (shape->form == HANDLE_KEY_FORM_PEM && shape->encryption == KEY_ENCRYPTION_3DES) {
		return command_usage_error(&command_key_manual, "%s",
			SAY("3des is for .bin files; PEM takes aes",
				"3des 仅用于 .bin；PEM 使用 aes"));
	}
	if (shape->encryption != KEY_ENCRYPTION_NONE) {
		status = passphrase_get(source, path, &passphrase, &problem);
	}
	if (status == STATUS_OK) {
		status = key_save(path, key, shape, passphrase_bytes(&passphrase), &problem);
	}
	passphrase_forget(&passphrase);
	if (status != STATUS_OK) {
		return command_problem(&command_key_manual, &problem);
	}
	return result_print(options, path, key, shape);
}

/* The public half beside it. */
static int
write_public(const struct key_options *options, const char *path, const struct crypto_key *key)
{
	struct key_shape shape = shape_of(options, path, false);
	struct crypto_key *half = NULL;
	int exit_code;

	shape.encryption = KEY_ENCRYPTION_NONE;
	if (key_public_half(key, &half) != STATUS_OK) {
		return command_failure(&command_key_manual,
			SAY("%s: the public half cannot be made", "%s：无法导出公钥"), path);
	}
	exit_code = write_key(options, path, half, &shape, NULL);
	crypto_key_free(half);
	return exit_code;
}

int
key_new(const struct key_options *options)
{
	struct passphrase_source source = options->passphrase;
	struct crypto_key *key = NULL;
	unsigned bits = (unsigned)options->bits;
	enum status status;
	int exit_code;

	if (options->argument_count < 1 || options->argument_count > 2) {
		return command_usage_error(&command_key_manual, "%s",
			SAY("new: give the file to make, and maybe one for the public half",
				"new：请给出要生成的文件，以及可选的公钥文件"));
	}
	if (options->kind == CRYPTO_KEY_RSA && bits == 0) {
		bits = RSA_BITS_NEW_MIN;
	}
	status = crypto_key_new_sized(options->kind, bits, &key);
	if (status == STATUS_INVALID) {
		return command_usage_error(&command_key_manual,
			SAY("--bits is for rsa, from %d to %d", "--bits 仅用于 rsa，取值 %d 到 %d"),
			RSA_BITS_NEW_MIN, RSA_BITS_NEW_MAX);
	}
	if (status == STATUS_UNSUPPORTED) {
		return command_usage_error(&command_key_manual, "%s",
			SAY("new keys are rsa, ed25519 or sm2; DSA is kept for those who have it",
				"新密钥类型为 rsa、ed25519 或 sm2；DSA 仅为已有者保留"));
	}
	if (status != STATUS_OK) {
		return command_failure(&command_key_manual, "%s", text_say(status_text(status)));
	}

	struct key_shape shape =
		shape_of(options, options->arguments[0], passphrase_is_given(&source));

	source.is_new = true;
	exit_code = write_key(options, options->arguments[0], key, &shape, &source);
	if (exit_code == EXIT_CODE_OK && options->argument_count == 2) {
		exit_code = write_public(options, options->arguments[1], key);
	}
	crypto_key_free(key);
	return exit_code;
}

int
key_convert(const struct key_options *options)
{
	struct passphrase_source source = options->new_passphrase;
	struct key_loaded loaded = {.key = NULL};
	struct problem problem = {.text = ""};
	int exit_code;

	if (options->argument_count != 2) {
		return command_usage_error(&command_key_manual, "%s",
			SAY("convert: give the file to read and the file to make",
				"convert：请给出源文件与目标文件"));
	}
	if (key_load("key", options->arguments[0], &options->passphrase, &loaded, &problem) !=
		STATUS_OK) {
		return command_problem(&command_key_manual, &problem);
	}
	if (options->is_public || !loaded.about.is_private) {
		exit_code = write_public(options, options->arguments[1], loaded.key);
	} else {
		struct key_shape shape = shape_of(options, options->arguments[1],
			loaded.about.is_encrypted || passphrase_is_given(&source));

		if (!passphrase_is_given(&source)) {
			source.file = options->passphrase.file; /* The same as before. */
		}
		source.is_new = true;
		exit_code = write_key(options, options->arguments[1], loaded.key, &shape, &source);
	}
	crypto_key_free(loaded.key);
	return exit_code;
}
