/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"
#include "program/key/key.h"

#include "base/file.h"
#include "handle/handle_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_SIZE_MAX = 65536 };

/* What is known of a file; the key is NULL while it is not opened. */
struct shown {
	const char *path;
	struct handle_key_about about;
	struct crypto_key *key;
	uint8_t octets[KEY_SIZE_MAX];
	struct bytes run; /* The data of HS_PUBKEY, in `octets`. */
	char fingerprint[KEY_FINGERPRINT_SIZE_MAX];
};

static const char *
form_name(const struct shown *shown)
{
	return shown->about.form == HANDLE_KEY_FORM_PEM ? "pem" : "bin";
}

/* The value in one form. UNSUPPORTED where there is no JWK of that kind. */
static enum status
value_write(struct json_writer *writer, const struct shown *shown, enum key_value_form form)
{
	struct handle_key parts;

	switch (form) {
	case KEY_VALUE_HEX:
		json_write_hex(writer, shown->run);
		break;
	case KEY_VALUE_BASE64:
		json_write_base64(writer, shown->run);
		break;
	case KEY_VALUE_JWK:
	case KEY_VALUE_ALL:
		if (handle_key_decode(shown->run, &parts) == STATUS_OK) {
			handle_key_write_json(writer, &parts);
		} else {
			json_writer_fail(writer, STATUS_MALFORMED);
		}
		break;
	}
	return json_writer_ok(writer) ? STATUS_OK : writer->status;
}

static void
values_write(struct json_writer *writer, const struct shown *shown)
{
	char jwk[SHOWN_SIZE_MAX / 2];
	struct json_writer apart = json_writer_over(jwk, sizeof(jwk));

	json_write_name(writer, "hs_pubkey");
	json_write_object(writer);
	json_write_name(writer, "hex");
	json_write_hex(writer, shown->run);
	json_write_name(writer, "base64");
	json_write_base64(writer, shown->run);
	if (value_write(&apart, shown, KEY_VALUE_JWK) == STATUS_OK) {
		json_write_name(writer, "jwk");
		json_write_raw(writer, json_written(&apart));
	}
	json_write_object_end(writer);
}

static void
all_write(struct json_writer *writer, const struct shown *shown)
{
	json_write_object(writer);
	json_write_name(writer, "file");
	json_write_string(writer, bytes_from_string(shown->path));
	json_write_name(writer, "form");
	json_write_string(writer, bytes_from_string(form_name(shown)));
	json_write_name(writer, "private");
	json_write_bool(writer, shown->about.is_private);
	json_write_name(writer, "encryption");
	json_write_string(writer, bytes_from_string(handle_key_encryption_name(&shown->about)));
	if (shown->key != NULL) {
		json_write_name(writer, "kind");
		json_write_string(writer, bytes_from_string(key_kind_name(shown->key)));
		json_write_name(writer, "bits");
		json_write_u64(writer, crypto_key_bits(shown->key));
		json_write_name(writer, "fingerprint");
		json_write_string(writer, bytes_from_string(shown->fingerprint));
		values_write(writer, shown);
	}
	json_write_object_end(writer);
}

static void
all_print(const struct shown *shown)
{
	printf(SAY("file         %s\nform         %s, %s\nencryption   %s\n",
		       "文件         %s\n格式         %s，%s\n加密         %s\n"),
		shown->path, form_name(shown),
		shown->about.is_private ? SAY("private key", "私钥") : SAY("public key", "公钥"),
		handle_key_encryption_name(&shown->about));
	if (shown->key == NULL) {
		printf("%s\n",
			SAY("The rest needs the passphrase: --passphrase-file FILE.",
				"其余信息需要密码短语：--passphrase-file FILE。"));
		return;
	}
	printf(SAY("kind         %s, %u bits\nfingerprint  %s\n",
		       "类型         %s，%u 位\n指纹         %s\n"),
		key_kind_name(shown->key), crypto_key_bits(shown->key), shown->fingerprint);
}

/* One line: the value alone, as a hex or base64 data member or a JWK takes it. */
static int
value_print(const struct shown *shown, enum key_value_form form)
{
	char text[SHOWN_SIZE_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	enum status status = value_write(&writer, shown, form);
	struct bytes written;

	if (status != STATUS_OK) {
		return command_failure(&command_key_manual,
			SAY("%s: there is no JWK for a key of kind %s; hex and base64 serve for "
			    "all",
				"%s：%s 类型的密钥没有 JWK 形式；hex 与 base64 适用于所有类型"),
			shown->path, key_kind_name(shown->key));
	}
	written = json_written(&writer);
	if (form != KEY_VALUE_JWK) {
		written = bytes_slice(written, 1, written.size - 2); /* Without its quotes. */
	}
	printf("%.*s\n", (int)written.size, (const char *)written.at);
	return EXIT_CODE_OK;
}

static int
shown_print(const struct shown *shown, const struct key_options *options)
{
	char text[SHOWN_SIZE_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text));

	if (options->value != KEY_VALUE_ALL) {
		return value_print(shown, options->value);
	}
	if (!options->is_json) {
		all_print(shown);
		return EXIT_CODE_OK;
	}
	all_write(&writer, shown);
	if (json_writer_end(&writer) != STATUS_OK) {
		return command_failure(
			&command_key_manual, "%s: %s", shown->path, status_text(writer.status));
	}
	printf("%.*s\n", (int)json_written(&writer).size, text);
	return EXIT_CODE_OK;
}

/* Opens the file. Without a passphrase the little that shows from outside is an answer, too,
 * unless it is the value that was asked for. */
static enum status
shown_open(struct shown *shown, const struct key_options *options, struct problem *problem)
{
	struct key_loaded loaded = {.key = NULL};
	enum status status = key_load("key", shown->path, &options->passphrase, &loaded, problem);

	if (status == STATUS_UNAUTHENTICATED && options->value == KEY_VALUE_ALL) {
		uint8_t *octets = malloc(KEY_FILE_SIZE_MAX + 1);
		size_t size = 0;

		if (octets == NULL) {
			return problem_system(problem, "cannot read %s", shown->path);
		}
		status = file_read(shown->path, KEY_FILE_SIZE_MAX, octets, &size, problem);
		if (status == STATUS_OK) {
			status = handle_key_look(
				bytes_over(octets, size), shown->path, &shown->about, problem);
		}
		free(octets);
		return status;
	}
	if (status == STATUS_OK) {
		shown->key = loaded.key;
		shown->about = loaded.about;
		status = key_public_octets(loaded.key, shown->octets, &shown->run);
	}
	if (status == STATUS_OK && shown->key != NULL) {
		status = key_fingerprint(shown->key, shown->fingerprint);
	}
	return status;
}

int
key_show(const struct key_options *options)
{
	struct shown shown = {.key = NULL};
	struct problem problem = {.text = ""};
	int exit_code;

	if (options->argument_count != 1) {
		return command_usage_error(&command_key_manual, "%s",
			SAY("show: give one file", "show：请给出一个文件"));
	}
	shown.path = options->arguments[0];
	exit_code = shown_open(&shown, options, &problem) == STATUS_OK
		? shown_print(&shown, options)
		: command_problem(&command_key_manual, &problem);
	crypto_key_free(shown.key);
	return exit_code;
}
