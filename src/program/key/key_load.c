/* SPDX-License-Identifier: Apache-2.0 */
#include "program/key/key_load.h"

#include "base/file.h"
#include "program/key/key_save.h"
#include "program/terminal/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void
mode_warn(const char *command, const char *path)
{
	struct stat about;

	if (stat(path, &about) == 0 && S_ISREG(about.st_mode) &&
		(about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		fprintf(stderr,
			SAY("houji %s: warning: others than its owner may read the private key "
			    "%s; make it mode 0600\n",
				"houji %s：警告：他人可读取私钥 %s；请将权限改为 0600\n"),
			command, path);
	}
}

static void
cipher_warn(const char *command, const char *path, const struct handle_key_about *about)
{
	if (about->is_encrypted && about->form == HANDLE_KEY_FORM_BIN &&
		(about->type == HANDLE_KEY_FILE_OLD_DES || about->type == HANDLE_KEY_FILE_DES)) {
		fprintf(stderr,
			SAY("houji %s: warning: %s is encrypted with single DES and an MD5 of the "
			    "passphrase, which protects nothing; houji key convert writes it "
			    "anew\n",
				"houji %s：警告：%s 使用单 DES 与密码短语的 MD5 "
				"加密，起不到保护作用；可用 houji key convert 重新写出\n"),
			command, path);
	}
}

/* What a file of a key is, without opening it: `ret_octets` holds KEY_FILE_SIZE_MAX + 1. */
static enum status
key_look(const char *command, const char *path, uint8_t *ret_octets, size_t *ret_size,
	struct handle_key_about *ret_about, struct problem *problem)
{
	enum status status = file_read(path, KEY_FILE_SIZE_MAX, ret_octets, ret_size, problem);

	if (status == STATUS_OK) {
		status = handle_key_look(
			bytes_over(ret_octets, *ret_size), path, ret_about, problem);
	}
	if (status == STATUS_OK && ret_about->is_private) {
		mode_warn(command, path);
		cipher_warn(command, path, ret_about);
	}
	return status;
}

/* `source` is asked if the file needs it; without one, `passphrase` must do. */
static enum status
file_load(const char *command, const char *path, const struct passphrase_source *source,
	struct passphrase *passphrase, struct key_loaded *ret_loaded, struct problem *problem)
{
	uint8_t *octets = malloc(KEY_FILE_SIZE_MAX + 1);
	struct key_loaded loaded = {.key = NULL};
	size_t size = 0;
	enum status status;

	if (octets == NULL) {
		return problem_system(problem, "cannot read %s", path);
	}
	status = key_look(command, path, octets, &size, &loaded.about, problem);
	if (status == STATUS_OK && loaded.about.is_encrypted && source != NULL) {
		status = passphrase_get(source, path, passphrase, problem);
	}
	if (status == STATUS_OK) {
		status = handle_key_read(bytes_over(octets, size), passphrase_bytes(passphrase),
			path, &loaded.key, problem);
	}
	crypto_forget(octets, KEY_FILE_SIZE_MAX + 1);
	free(octets);
	if (status == STATUS_OK) {
		*ret_loaded = loaded;
	}
	return status;
}

enum status
key_load(const char *command, const char *path, const struct passphrase_source *source,
	struct key_loaded *ret_loaded, struct problem *problem)
{
	struct passphrase passphrase = {.size = 0};
	enum status status = file_load(command, path, source, &passphrase, ret_loaded, problem);

	passphrase_forget(&passphrase);
	return status;
}

enum status
key_load_with(const char *command, const char *path, struct passphrase *passphrase,
	struct key_loaded *ret_loaded, struct problem *problem)
{
	return file_load(command, path, NULL, passphrase, ret_loaded, problem);
}

static enum status
unusable(enum status status, const char *path, struct problem *problem)
{
	return status == STATUS_OK ? STATUS_OK
				   : problem_set(problem, status, "cannot use the key in %s", path);
}

enum status
key_load_public(const char *command, const char *path, struct crypto_key **ret_public,
	struct problem *problem)
{
	static const struct passphrase_source no_source;
	struct key_loaded loaded;
	enum status status = key_load(command, path, &no_source, &loaded, problem);

	if (status != STATUS_OK) {
		return status;
	}
	status = key_public_half(loaded.key, ret_public);
	crypto_key_free(loaded.key);
	return unusable(status, path, problem);
}

enum status
key_load_public_octets(const char *command, const char *path, uint8_t *ret_octets,
	struct bytes *ret_run, struct problem *problem)
{
	struct crypto_key *half = NULL;
	enum status status = key_load_public(command, path, &half, problem);

	if (status != STATUS_OK) {
		return status;
	}
	status = key_public_octets(half, ret_octets, ret_run);
	crypto_key_free(half);
	return unusable(status, path, problem);
}
