/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "message/request.h"
#include "support/cmocka_all.h"

/*
 * A request as it comes off the wire: encoded, then decoded, so that its runs are what a worker
 * has. It lives until the next use of the same room.
 */
struct asked {
	struct request request;
	size_t size;
	uint8_t octets[8192];
};

void asked_make(struct asked *asked, const struct request *request);

/* DELETE_HANDLE of a handle, in this session and under this request id. */
void asked_delete(struct asked *asked, const char *name, uint32_t session_id, uint32_t request_id);

/* CHALLENGE_RESPONSE with some text for a signature. */
void asked_answer(
	struct asked *asked, const char *response, uint32_t challenge_id, uint32_t request_id);
