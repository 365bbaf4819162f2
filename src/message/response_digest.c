/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "message/response.h"

void
response_digest(const struct request *request, bool is_forced,
	uint8_t ret_octets[REQUEST_DIGEST_SIZE_MAX], struct response *response)
{
	struct version version = response->message.envelope.version;
	enum crypto_digest kind = CRYPTO_MD5;

	if (!is_forced && (request->message.header.flags & MESSAGE_FLAG_REQUEST_DIGEST) == 0) {
		return;
	}
	if (version_at_least(version, 2, 7)) {
		kind = CRYPTO_SHA256;
		response->digest_code = 3;
	} else if (version_at_least(version, 2, 1)) {
		kind = CRYPTO_SHA1;
		response->digest_code = 2;
	} else if (is_forced) {
		response->is_digest_2_0 = true;
	} else {
		return;
	}
	crypto_digest(kind, request->message.signed_run, ret_octets);
	response->digest = bytes_over(ret_octets, crypto_digest_size(kind));
}
