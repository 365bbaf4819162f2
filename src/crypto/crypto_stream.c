/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_openssl.h"

#include <assert.h>
#include <stdlib.h>

struct crypto_stream {
	EVP_MD_CTX *context;
};

struct crypto_stream *
crypto_stream_new(enum crypto_digest kind)
{
	const EVP_MD *algorithm = crypto_digest_algorithm(kind);
	struct crypto_stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL) {
		return NULL;
	}
	stream->context = EVP_MD_CTX_new();
	if (stream->context == NULL || EVP_DigestInit_ex2(stream->context, algorithm, NULL) != 1) {
		crypto_stream_free(stream);
		return NULL;
	}
	return stream;
}

void
crypto_stream_add(struct crypto_stream *stream, struct bytes run)
{
	int ok = EVP_DigestUpdate(stream->context, run.at, run.size);

	assert(ok == 1);
}

void
crypto_stream_digest(const struct crypto_stream *stream, uint8_t *ret_digest)
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	int ok = copy != NULL && EVP_MD_CTX_copy_ex(copy, stream->context) == 1 &&
		EVP_DigestFinal_ex(copy, ret_digest, NULL) == 1;

	assert(ok == 1);
	EVP_MD_CTX_free(copy);
}

void
crypto_stream_free(struct crypto_stream *stream)
{
	if (stream != NULL) {
		EVP_MD_CTX_free(stream->context);
		free(stream);
	}
}
