/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_key_read.h"

#include "handle/handle_key.h"

#include <stdlib.h>

enum { DES_BLOCK_SIZE = 8 };

static bool
octets_hold(struct bytes octets, struct bytes sought)
{
	while (octets.size >= sought.size) {
		size_t at = bytes_find(octets, sought.at[0]);

		octets = bytes_slice(octets, at, SIZE_MAX);
		if (bytes_start_with(octets, sought)) {
			return true;
		}
		octets = bytes_slice(octets, 1, SIZE_MAX);
	}
	return false;
}

/* What people hand over instead of a key, by what it holds. */
struct stranger {
	bool is_at_start;
	struct bytes mark;
	const char *told;
};

#define STRANGER(is_at_start, text, told)                                      \
	{                                                                      \
		is_at_start, {(const uint8_t *)(text), sizeof(text) - 1}, told \
	}

static const struct stranger strangers[] = {
	STRANGER(false, "-----BEGIN CERTIFICATE-----",
		"is a certificate; give the file of its private or public key (openssl x509 "
		"-pubkey "
		"-noout writes the latter)"),
	STRANGER(false, "-----BEGIN OPENSSH PRIVATE KEY-----",
		"is a key of ssh; write it as PEM first (ssh-keygen -p -m PKCS8 -f FILE)"),
	STRANGER(false, "-----BEGIN ",
		"is PEM, but of something else than a key; expected BEGIN PRIVATE KEY, BEGIN "
		"ENCRYPTED PRIVATE KEY or BEGIN PUBLIC KEY"),
	STRANGER(true, "ssh-",
		"is a public key of ssh; write it as PEM first (ssh-keygen -e -m PKCS8)"),
	STRANGER(true, "\xfe\xed\xfe\xed",
		"is a Java keystore; export the key from it (keytool, "
		"openssl pkcs12)"),
	STRANGER(true, "PK\x03\x04", "is a zip archive; the keys of a sitebndl.zip lie beside it"),
	STRANGER(true, "\x30\x82",
		"looks like DER; write it as PEM first (openssl pkey -inform DER)"),
	STRANGER(true, "{", "is JSON or a configuration, no key"),
};

static enum status
stranger_tell(struct bytes octets, const char *name, struct problem *problem)
{
	if (octets.size == 0) {
		return problem_set(problem, STATUS_MALFORMED, "%s: is empty", name);
	}
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		if (strangers[i].is_at_start ? bytes_start_with(octets, strangers[i].mark)
					     : octets_hold(octets, strangers[i].mark)) {
			return problem_set(
				problem, STATUS_MALFORMED, "%s: %s", name, strangers[i].told);
		}
	}
	return problem_set(problem, STATUS_MALFORMED,
		"%s: holds no key; expected PEM (-----BEGIN PRIVATE KEY-----) or a key file of "
		"Handle.net (admpriv.bin, pubkey.bin)",
		name);
}

static bool
pem_look(struct bytes octets, struct handle_key_about *ret_about)
{
	bool is_private = octets_hold(octets, TEXT(" PRIVATE KEY-----")) &&
		!octets_hold(octets, TEXT("-----BEGIN OPENSSH "));
	bool is_public = octets_hold(octets, TEXT("-----BEGIN PUBLIC KEY-----"));

	*ret_about = (struct handle_key_about){.form = HANDLE_KEY_FORM_PEM,
		.is_private = is_private,
		.is_encrypted = octets_hold(octets, TEXT("-----BEGIN ENCRYPTED PRIVATE KEY")) ||
			octets_hold(octets, TEXT("\nProc-Type: 4,ENCRYPTED"))};
	return (is_private || is_public) && octets_hold(octets, TEXT("-----BEGIN "));
}

static bool
private_file_look(struct bytes octets, struct handle_key_about *ret_about)
{
	enum handle_key_file_type type;
	struct handle_key key;

	if (handle_key_file_type(octets, &type) != STATUS_OK) {
		return false;
	}
	*ret_about = (struct handle_key_about){.form = HANDLE_KEY_FORM_BIN,
		.is_private = true,
		.is_encrypted = type != HANDLE_KEY_FILE_PLAIN,
		.type = type};
	switch (type) {
	case HANDLE_KEY_FILE_PLAIN:
		return handle_key_decode(bytes_slice(octets, 4, SIZE_MAX), &key) == STATUS_OK &&
			handle_key_is_private(&key);
	case HANDLE_KEY_FILE_OLD_DES:
		/* Many a file begins with zeros; at least it must be whole blocks. */
		return octets.size > 4 && (octets.size - 4) % DES_BLOCK_SIZE == 0;
	case HANDLE_KEY_FILE_DES:
		return octets.size > 4 + DES_BLOCK_SIZE && (octets.size - 4) % DES_BLOCK_SIZE == 0;
	case HANDLE_KEY_FILE_3DES:
	case HANDLE_KEY_FILE_AES:
		return true;
	}
	return false;
}

static bool
public_file_look(struct bytes octets, struct handle_key_about *ret_about)
{
	struct handle_key key;

	*ret_about = (struct handle_key_about){.form = HANDLE_KEY_FORM_BIN};
	return handle_key_decode(octets, &key) == STATUS_OK && !handle_key_is_private(&key);
}

enum status
handle_key_look(struct bytes octets, const char *name, struct handle_key_about *ret_about,
	struct problem *problem)
{
	struct handle_key_about about;

	if (octets.size > KEY_FILE_SIZE_MAX) {
		return problem_set(problem, STATUS_TOO_LARGE,
			"%s: is larger than %d octets and so no key", name, KEY_FILE_SIZE_MAX);
	}
	if (!pem_look(octets, &about) && !public_file_look(octets, &about) &&
		!private_file_look(octets, &about)) {
		return stranger_tell(octets, name, problem);
	}
	*ret_about = about;
	return STATUS_OK;
}

const char *
handle_key_encryption_name(const struct handle_key_about *about)
{
	static const char *const names[] = {
		[HANDLE_KEY_FILE_OLD_DES] = "old-des",
		[HANDLE_KEY_FILE_PLAIN] = "none",
		[HANDLE_KEY_FILE_DES] = "des",
		[HANDLE_KEY_FILE_3DES] = "3des",
		[HANDLE_KEY_FILE_AES] = "aes",
	};

	if (!about->is_encrypted) {
		return "none";
	}
	return about->form == HANDLE_KEY_FORM_PEM ? "pem" : names[about->type];
}

static enum status
octets_to_key(struct bytes octets, struct crypto_key **ret_key)
{
	struct handle_key parts;
	enum status status = handle_key_decode(octets, &parts);

	return status == STATUS_OK ? handle_key_to_crypto(&parts, ret_key) : status;
}

static enum status
private_file_read(struct bytes octets, struct bytes passphrase, struct crypto_key **ret_key)
{
	uint8_t *opened = malloc(octets.size);
	size_t size = 0;
	enum status status;

	if (opened == NULL) {
		return STATUS_NO_MEMORY;
	}
	status = handle_key_file_open(octets, passphrase, opened, octets.size, &size);
	if (status == STATUS_OK) {
		status = octets_to_key(bytes_over(opened, size), ret_key);
	}
	crypto_forget(opened, octets.size);
	free(opened);
	return status;
}

static enum status
fault_tell(enum status status, const char *name, struct problem *problem)
{
	if (status == STATUS_UNAUTHENTICATED) {
		return problem_set(
			problem, status, "%s: is encrypted; its passphrase is needed", name);
	}
	if (status == STATUS_DENIED) {
		return problem_set(problem, status,
			"%s: the passphrase does not open it (or the file was altered)", name);
	}
	if (status == STATUS_NO_MEMORY) {
		return problem_set(problem, status, "no memory to read %s", name);
	}
	return problem_set(problem, status,
		"%s: the key %s; expected RSA of %d to %d bits, DSA of %d to %d bits, Ed25519 or "
		"SM2",
		name, status_text(status), RSA_BITS_MIN, RSA_BITS_MAX, DSA_BITS_MIN, DSA_BITS_MAX);
}

enum status
handle_key_read(struct bytes octets, struct bytes passphrase, const char *name,
	struct crypto_key **ret_key, struct problem *problem)
{
	struct handle_key_about about;
	enum status status = handle_key_look(octets, name, &about, problem);

	if (status != STATUS_OK) {
		return status;
	}
	if (about.is_encrypted && passphrase.size == 0) {
		status = STATUS_UNAUTHENTICATED;
	} else if (about.form == HANDLE_KEY_FORM_PEM) {
		status = crypto_key_parse_pem(octets, passphrase, ret_key);
	} else if (about.is_private) {
		status = private_file_read(octets, passphrase, ret_key);
	} else {
		status = octets_to_key(octets, ret_key);
	}
	return status == STATUS_OK ? status : fault_tell(status, name, problem);
}
