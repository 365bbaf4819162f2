/* SPDX-License-Identifier: Apache-2.0 */
#include "message/response.h"

#include <string.h>

/* Everything but the body: no digest, no credential. The body is set empty where a caller
 * may well leave it so. */
static void
response_clear(struct response *response)
{
	memset(response, 0, sizeof(*response));
	response->message.has_credential_size = true;
}

void
response_begin(const struct request *request, uint32_t code, uint16_t site_serial, bool is_primary,
	uint32_t expiration, struct response *ret_response)
{
	const struct message *asked = &request->message;
	const uint32_t copied = MESSAGE_FLAG_AUTHORITATIVE | MESSAGE_FLAG_CERTIFY |
		MESSAGE_FLAG_ENCRYPT | MESSAGE_FLAG_CACHE_CERTIFY | MESSAGE_FLAG_PUBLIC_ONLY |
		MESSAGE_FLAG_MINT | MESSAGE_FLAG_DO_NOT_REFER;

	response_clear(ret_response);
	ret_response->message.envelope = (struct envelope){
		.version = version_to_answer(&asked->envelope),
		.suggested = VERSION_OURS,
		.session_id = asked->envelope.session_id,
		.request_id = asked->envelope.request_id,
	};
	ret_response->message.header = (struct header){
		.opcode = asked->header.opcode,
		.response_code = code,
		.flags = (asked->header.flags & copied) | MESSAGE_FLAG_RECURSIVE |
			(is_primary ? MESSAGE_FLAG_AUTHORITATIVE : 0),
		.site_serial = site_serial,
		.recursion_count = asked->header.recursion_count,
		.expiration = expiration,
	};
}

void
response_begin_unread(
	struct bytes received, uint32_t code, uint32_t expiration, struct response *ret_response)
{
	struct wire_reader reader = wire_reader_over(bytes_slice(received, 8, 4));
	uint32_t request_id = wire_read_u32(&reader);

	response_clear(ret_response);
	ret_response->message.envelope = (struct envelope){
		.version = {2, 3},
		.suggested = VERSION_OURS,
		.request_id = wire_reader_ok(&reader) ? request_id : UINT32_MAX,
	};
	ret_response->message.header = (struct header){
		.response_code = code,
		.flags = MESSAGE_FLAG_RECURSIVE | MESSAGE_FLAG_CACHE_CERTIFY |
			MESSAGE_FLAG_PUBLIC_ONLY,
		.site_serial = UINT16_MAX,
		.expiration = expiration,
	};
}
