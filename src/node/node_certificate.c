/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_certificate.h"

#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static enum status
text_read(const char *directory, const char *name, char ret_text[CRYPTO_PEM_SIZE_MAX],
	struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	size_t size = 0;
	enum status status = node_path(directory, name, path, problem);

	if (status == STATUS_OK) {
		status = file_read(
			path, CRYPTO_PEM_SIZE_MAX - 1, (uint8_t *)ret_text, &size, problem);
	}
	if (status == STATUS_OK) {
		ret_text[size] = '\0';
	}
	return status;
}

static enum status
files_read(const char *directory, const struct settings *settings,
	struct node_certificate *certificate, struct problem *problem)
{
	const char *fault = NULL;
	enum status status = node_key_check(directory, settings->http_key.text, problem);

	if (status == STATUS_OK) {
		status = text_read(directory, settings->http_certificate.text,
			certificate->certificate, problem);
	}
	if (status == STATUS_OK) {
		status = text_read(directory, settings->http_key.text, certificate->key, problem);
	}
	if (status == STATUS_OK) {
		status = crypto_certificate_check(
			certificate->certificate, certificate->key, &fault);
		if (status != STATUS_OK) {
			problem_set(problem, status, "%s/%s and %s cannot serve HTTPS: %s",
				directory, settings->http_certificate.text, settings->http_key.text,
				fault);
		}
	}
	return status;
}

static bool
is_there(const char *directory, const char *name)
{
	char path[NODE_PATH_SIZE_MAX];
	struct stat about;

	return node_path(directory, name, path, NULL) == STATUS_OK &&
		(stat(path, &about) == 0 || errno != ENOENT);
}

enum status
node_certificate_read(const char *directory, const struct settings *settings,
	const struct crypto_key *key, struct node_certificate **ret_certificate,
	struct problem *problem)
{
	struct node_certificate *certificate = calloc(1, sizeof(*certificate));
	enum status status;

	if (certificate == NULL) {
		return problem_system(problem, "cannot hold a certificate");
	}
	if (is_there(directory, settings->http_certificate.text)) {
		status = files_read(directory, settings, certificate, problem);
	} else {
		status = crypto_certificate_pem(key, certificate->certificate, certificate->key);
		if (status != STATUS_OK) {
			problem_set(problem, status,
				"the node's key cannot sign a certificate for HTTPS: put one into "
				"%s/%s, and its key into %s",
				directory, settings->http_certificate.text,
				settings->http_key.text);
		}
	}
	if (status != STATUS_OK) {
		node_certificate_free(certificate);
		return status;
	}
	*ret_certificate = certificate;
	return STATUS_OK;
}

void
node_certificate_free(struct node_certificate *certificate)
{
	if (certificate != NULL) {
		crypto_forget(certificate, sizeof(*certificate));
		free(certificate);
	}
}
