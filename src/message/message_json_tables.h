/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "message/message.h"
#include "message/message_json_fields.h"

/*
 * The tables that message_json.h is made of. A body's table belongs to struct request or
 * struct response; NULL for a request nobody has defined.
 */
struct message_json_envelope {
	struct envelope envelope;
	bool has_message_size;
};

extern const struct json_field message_json_envelope_fields[]; /* ... of the struct above */
extern const struct json_field message_json_header_fields[]; /* struct header */
extern const struct json_field message_json_credential_fields[]; /* struct credential */

const struct json_field *message_json_request_fields(uint32_t opcode);
const struct json_field *message_json_response_fields(uint32_t opcode, uint32_t code_meant);
