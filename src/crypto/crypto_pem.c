/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_openssl.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Called when a PEM is encrypted. OpenSSL's own would ask on the terminal, and a server that
 * waits for an answer there waits for ever. */
static int
password_refuse(char *buffer, int size, int is_writing, void *context)
{
	bool *is_encrypted = context;

	(void)buffer;
	(void)size;
	(void)is_writing;
	*is_encrypted = true;
	return -1;
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

static enum status
key_parse(const char *path, BIO *memory, struct crypto_key **ret_key, struct problem *problem)
{
	bool is_encrypted = false;
	bool is_private = true;
	EVP_PKEY *key = PEM_read_bio_PrivateKey(memory, NULL, password_refuse, &is_encrypted);

	if (key == NULL && !is_encrypted) {
		is_private = false;
		(void)BIO_reset(memory);
		key = PEM_read_bio_PUBKEY(memory, NULL, password_refuse, &is_encrypted);
	}
	ERR_clear_error();
	if (is_encrypted) {
		return problem_set(problem, STATUS_UNSUPPORTED,
			"%s: the key is encrypted; write it without a passphrase (openssl pkey -in "
			"KEY -out PLAIN_KEY) and keep it readable by the node only",
			path);
	}
	if (key == NULL) {
		return problem_set(problem, STATUS_MALFORMED,
			"%s: holds no key; expected PEM that begins with -----BEGIN PRIVATE "
			"KEY----- or -----BEGIN PUBLIC KEY-----",
			path);
	}

	struct crypto_key read = {.key = key, .is_private = is_private};
	enum status status = STATUS_UNSUPPORTED;

	if (key_kind_find(key, &read.kind)) {
		status = key_rebuild(&read, ret_key);
	}
	if (status != STATUS_OK) {
		problem_set(problem, status,
			"%s: the key %s; expected RSA of %d to %d bits, DSA of %d to %d bits, "
			"Ed25519 or SM2",
			path, status_text(status), RSA_BITS_MIN, RSA_BITS_MAX, DSA_BITS_MIN,
			DSA_BITS_MAX);
	}
	EVP_PKEY_free(key);
	return status;
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
	size_t capacity = KEY_FILE_SIZE_MAX + 1;
	size_t size = 0;
	uint8_t *octets = malloc(capacity);
	BIO *memory = NULL;

	if (octets == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory to read %s", path);
	}

	enum status status = file_read(path, octets, capacity, &size, problem);

	if (status != STATUS_OK) {
		goto done;
	}
	memory = BIO_new_mem_buf(octets, (int)size);
	if (memory == NULL) {
		status = problem_set(
			problem, crypto_refuse(STATUS_NO_MEMORY), "no memory to read %s", path);
		goto done;
	}
	status = key_parse(path, memory, ret_key, problem);

done:
	BIO_free(memory);
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

enum status
crypto_key_write_pem(const char *path, const struct crypto_key *key, struct problem *problem)
{
	BIO *memory = BIO_new(BIO_s_secmem());
	char *text = NULL;
	int ok = 0;

	if (memory != NULL) {
		ok = key->is_private
			? PEM_write_bio_PKCS8PrivateKey(memory, key->key, NULL, NULL, 0, NULL, NULL)
			: PEM_write_bio_PUBKEY(memory, key->key);
	}

	long size = ok == 1 ? BIO_get_mem_data(memory, &text) : 0;
	enum status status = STATUS_NO_MEMORY;

	if (size > 0) {
		status = file_write(path, bytes_over(text, (size_t)size), problem);
		crypto_forget(text, (size_t)size);
	} else {
		problem_set(problem, crypto_refuse(status), "no memory to write %s", path);
	}
	BIO_free(memory);
	return status == STATUS_OK ? directory_sync(path, problem) : status;
}
