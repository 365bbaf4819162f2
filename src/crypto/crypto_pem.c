/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_openssl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a PEM that is encrypted is opened with, and whether it was. OpenSSL's own way would be
 * to ask on the terminal, and a server that waits for an answer there waits for ever. */
struct passphrase_give {
	struct bytes passphrase; /* Empty: there is none. */
	bool is_asked;
	bool is_too_long;
};

static int
passphrase_asked(char *buffer, int size, int is_writing, void *context)
{
	struct passphrase_give *give = context;

	(void)is_writing;
	give->is_asked = true;
	if (give->passphrase.size == 0) {
		return -1;
	}
	if (size < 0 || give->passphrase.size > (size_t)size) {
		give->is_too_long = true;
		return -1;
	}
	memcpy(buffer, give->passphrase.at, give->passphrase.size);
	return (int)give->passphrase.size;
}

static bool
key_kind_find(const EVP_PKEY *key, enum crypto_key_kind *ret_kind)
{
	static const struct {
		const char *name;
		enum crypto_key_kind kind;
	} rows[] = {
		{"RSA", CRYPTO_KEY_RSA},
		{"DSA", CRYPTO_KEY_DSA},
		{"ED25519", CRYPTO_KEY_ED25519},
		{"SM2", CRYPTO_KEY_SM2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (EVP_PKEY_is_a(key, rows[i].name) == 1) {
			*ret_kind = rows[i].kind;
			return true;
		}
	}
	return false;
}

/* Makes the key again from its numbers, so that a PEM meets the checks that all keys meet. */
enum { NAME_COUNT = 8 };

static enum status
key_rebuild(const struct crypto_key *from, struct crypto_key **ret_key)
{
	static const char *const names[][NAME_COUNT] = {
		[CRYPTO_KEY_RSA] = {"n", "e", "d", "p", "q", "dp", "dq", "qi"},
		[CRYPTO_KEY_DSA] = {"p", "q", "g", "y", "x"},
		[CRYPTO_KEY_ED25519] = {"public", "private"},
		[CRYPTO_KEY_SM2] = {"public", "private"},
	};
	uint8_t octets[NAME_COUNT][CRYPTO_NUMBER_SIZE_MAX];
	struct bytes runs[NAME_COUNT] = {0};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < NAME_COUNT && names[from->kind][i] != NULL; i++) {
		size_t size = 0;

		status = crypto_key_number(
			from, names[from->kind][i], octets[i], sizeof(octets[i]), &size);
		if (status == STATUS_NOT_FOUND) {
			status = STATUS_OK;
		}
		if (status != STATUS_OK) {
			status = status == STATUS_NO_SPACE ? STATUS_TOO_LARGE : status;
			goto done;
		}
		runs[i] = bytes_over(octets[i], size);
	}
	switch (from->kind) {
	case CRYPTO_KEY_RSA:
		status = crypto_key_from_rsa(&(struct crypto_rsa){runs[0], runs[1], runs[2],
						     runs[3], runs[4], runs[5], runs[6], runs[7]},
			ret_key);
		break;
	case CRYPTO_KEY_DSA:
		status = crypto_key_from_dsa(
			&(struct crypto_dsa){runs[0], runs[1], runs[2], runs[3], runs[4]}, ret_key);
		break;
	case CRYPTO_KEY_ED25519:
		status = crypto_key_from_ed25519(runs[0], runs[1], ret_key);
		break;
	case CRYPTO_KEY_SM2:
		status = crypto_key_from_sm2(runs[0], runs[1], ret_key);
		break;
	}

done:
	crypto_forget(octets, sizeof(octets));
	return status;
}

enum status
crypto_key_rebuild(EVP_PKEY *key, bool is_private, struct crypto_key **ret_key)
{
	struct crypto_key read = {.key = key, .is_private = is_private};

	return crypto_refuse(
		key_kind_find(key, &read.kind) ? key_rebuild(&read, ret_key) : STATUS_UNSUPPORTED);
}

enum status
crypto_key_parse_pem(struct bytes text, struct bytes passphrase, struct crypto_key **ret_key)
{
	struct passphrase_give give = {.passphrase = passphrase};
	BIO *memory = text.size > INT_MAX ? NULL : BIO_new_mem_buf(text.at, (int)text.size);
	bool is_private = true;
	EVP_PKEY *key;
	enum status status;

	if (memory == NULL) {
		return crypto_refuse(STATUS_NO_MEMORY);
	}
	key = PEM_read_bio_PrivateKey(memory, NULL, passphrase_asked, &give);
	if (key == NULL && !give.is_asked) {
		is_private = false;
		(void)BIO_reset(memory);
		key = PEM_read_bio_PUBKEY(memory, NULL, passphrase_asked, &give);
	}
	BIO_free(memory);
	ERR_clear_error();
	if (key == NULL && give.is_asked) {
		return passphrase.size == 0 ? STATUS_UNAUTHENTICATED
			: give.is_too_long  ? STATUS_TOO_LARGE
					    : STATUS_DENIED;
	}
	if (key == NULL) {
		return STATUS_MALFORMED;
	}
	status = crypto_key_rebuild(key, is_private, ret_key);
	EVP_PKEY_free(key);
	return status;
}

/* Why a file of the node holds no key that it can use. */
static enum status
parse_explain(enum status status, const char *path, struct problem *problem)
{
	if (status == STATUS_OK || status == STATUS_NO_MEMORY) {
		return problem_set(problem, status, "no memory to read %s", path);
	}
	if (status == STATUS_UNAUTHENTICATED) {
		return problem_set(problem, STATUS_UNSUPPORTED,
			"%s: the key is encrypted; write it without a passphrase (houji key "
			"convert KEY PLAIN_KEY --encrypt none) and keep it readable by the node "
			"only",
			path);
	}
	if (status == STATUS_MALFORMED) {
		return problem_set(problem, status,
			"%s: holds no key; expected PEM that begins with -----BEGIN PRIVATE "
			"KEY----- or -----BEGIN PUBLIC KEY-----",
			path);
	}
	return problem_set(problem, status,
		"%s: the key %s; expected RSA of %d to %d bits, DSA of %d to %d bits, "
		"Ed25519 or SM2",
		path, status_text(status), RSA_BITS_MIN, RSA_BITS_MAX, DSA_BITS_MIN, DSA_BITS_MAX);
}

/* Reads at most `capacity` octets; a file with more is TOO_LARGE. */
static enum status
file_read(const char *path, uint8_t *octets, size_t capacity, size_t *ret_size,
	struct problem *problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t size = 0;
	enum status status = STATUS_OK;

	if (fd < 0) {
		return problem_system(problem, "cannot open %s", path);
	}
	for (;;) {
		ssize_t got = read(fd, octets + size, capacity - size);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			status = problem_system(problem, "cannot read %s", path);
			break;
		}
		if (got == 0) {
			*ret_size = size;
			break;
		}
		size += (size_t)got;
		if (size == capacity) {
			status = problem_set(problem, STATUS_TOO_LARGE,
				"%s: is larger than %d octets and so no key", path,
				KEY_FILE_SIZE_MAX);
			break;
		}
	}
	close(fd);
	return status;
}

enum status
crypto_key_read_pem(const char *path, struct crypto_key **ret_key, struct problem *problem)
{
	const struct bytes no_passphrase = {0};
	size_t capacity = KEY_FILE_SIZE_MAX + 1;
	size_t size = 0;
	uint8_t *octets = malloc(capacity);

	if (octets == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory to read %s", path);
	}

	enum status status = file_read(path, octets, capacity, &size, problem);

	if (status == STATUS_OK) {
		status = crypto_key_parse_pem(bytes_over(octets, size), no_passphrase, ret_key);
		if (status != STATUS_OK) {
			status = parse_explain(status, path, problem);
		}
	}
	crypto_forget(octets, capacity);
	free(octets);
	return status;
}

/* Octets and name are on disk on return; a file that could not be written whole is gone. */
static enum status
file_write(const char *path, struct bytes run, struct problem *problem)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t done = 0;
	enum status status = STATUS_OK;

	if (fd < 0 && errno == EEXIST) {
		return problem_set(
			problem, STATUS_EXISTS, "%s exists; a key is never overwritten", path);
	}
	if (fd < 0) {
		return problem_system(problem, "cannot make %s", path);
	}
	while (done < run.size) {
		ssize_t wrote = write(fd, run.at + done, run.size - done);

		if (wrote > 0) {
			done += (size_t)wrote;
		} else if (wrote == 0 || errno != EINTR) {
			break;
		}
	}
	if (done < run.size || fsync(fd) != 0) {
		status = problem_system(problem, "cannot write %s", path);
		unlink(path);
	}
	close(fd);
	return status;
}

static enum status
directory_sync(const char *path, struct problem *problem)
{
	const char *slash = strrchr(path, '/');
	size_t size = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	char *directory = slash == NULL ? strdup(".") : strndup(path, size);
	int fd = directory == NULL ? -1 : open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum status status = STATUS_OK;

	if (fd < 0 || fsync(fd) != 0) {
		status = problem_system(problem, "cannot make the name %s durable", path);
	}
	if (fd >= 0) {
		close(fd);
	}
	free(directory);
	return status;
}

/* PKCS#8 with PBES2 (RFC 8018). OpenSSL's own writer stays at 2048 rounds. */
static bool
encrypted_write(BIO *memory, const struct crypto_key *key, struct bytes passphrase)
{
	PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key->key);
	X509_SIG *sealed = NULL;
	bool is_written = false;

	if (plain != NULL) {
		sealed = PKCS8_encrypt(-1, EVP_aes_256_cbc(), (const char *)passphrase.at,
			(int)passphrase.size, NULL, 0, PEM_ITERATION_COUNT, plain);
	}
	if (sealed != NULL) {
		is_written = PEM_write_bio_PKCS8(memory, sealed) == 1;
	}
	X509_SIG_free(sealed);
	PKCS8_PRIV_KEY_INFO_free(plain);
	return is_written;
}

enum status
crypto_key_format_pem(const struct crypto_key *key, struct bytes passphrase, uint8_t *ret_text,
	size_t capacity, size_t *ret_size)
{
	BIO *memory;
	char *text = NULL;
	bool is_written;

	if (passphrase.size > SECRET_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	if (passphrase.size > 0 && !key->is_private) {
		return STATUS_INVALID;
	}
	memory = BIO_new(BIO_s_secmem());
	if (memory == NULL) {
		return crypto_refuse(STATUS_NO_MEMORY);
	}
	if (passphrase.size > 0) {
		is_written = encrypted_write(memory, key, passphrase);
	} else if (key->is_private) {
		is_written = PEM_write_bio_PKCS8PrivateKey(
				     memory, key->key, NULL, NULL, 0, NULL, NULL) == 1;
	} else {
		is_written = PEM_write_bio_PUBKEY(memory, key->key) == 1;
	}

	long size = is_written ? BIO_get_mem_data(memory, &text) : 0;
	enum status status = size > 0 ? STATUS_OK : crypto_refuse(STATUS_NO_MEMORY);

	if (status == STATUS_OK && (size_t)size > capacity) {
		status = STATUS_NO_SPACE;
	}
	if (status == STATUS_OK) {
		memcpy(ret_text, text, (size_t)size);
		*ret_size = (size_t)size;
	}
	BIO_free(memory); /* Secure memory is overwritten when it is freed. */
	return status;
}

enum status
crypto_key_write_pem(const char *path, const struct crypto_key *key, struct problem *problem)
{
	const struct bytes no_passphrase = {0};
	uint8_t text[KEY_PEM_SIZE_MAX];
	size_t size = 0;
	enum status status = crypto_key_format_pem(key, no_passphrase, text, sizeof(text), &size);

	if (status != STATUS_OK) {
		return problem_set(problem, status, "no memory to write %s", path);
	}
	status = file_write(path, bytes_over(text, size), problem);
	crypto_forget(text, size);
	return status == STATUS_OK ? directory_sync(path, problem) : status;
}
