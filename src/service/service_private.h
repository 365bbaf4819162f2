/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "service/operation.h"

/*
 * What the files of this folder share. Private.
 */
struct service {
	struct loop *loop;
	struct monitor_row *row;
	struct service_face *face;
	struct authority *authority;
	int64_t now_s; /* Wall clock, read once a wake-up. */
	size_t operation_count;
	uint8_t *out; /* SERVICE_OUT_SIZE: answers are written here first. */
};

enum { SERVICE_OUT_SIZE = MESSAGE_SIZE_MAX + ENVELOPE_SIZE };

/* What an operation waits for is told by whom it gave itself to; it is in one place at a time:
 * here, on a helper thread, or in the ledger. */
struct operation {
	struct signer_job signing;
	struct service *service;
	struct service_face *face; /* As it was when the operation began. */
	struct arena *arena;
	struct operation_order order; /* Its message is the arena's copy. */
	struct request request;
	struct service_query query;

	struct response response;
	uint8_t request_digest[REQUEST_DIGEST_SIZE_MAX];
	struct bytes signature_digest_name;
	uint8_t signed_front[16];
	uint8_t *out; /* The answer: envelope, header, body, and room for what seals it. */
	size_t out_size;
	size_t out_capacity;
};

/* operation.c */

/* Makes operation->response. */
void operation_response(
	struct operation *operation, enum status status, const struct service_answer *answer);

/* The end of every way: the answer is made, sealed and handed to the owner. */
void operation_respond(
	struct operation *operation, enum status status, const struct service_answer *answer);
void operation_refuse(struct operation *operation, enum status status, struct bytes text);

/* Hands the octets over; none if there can be no answer. */
void operation_answer(struct operation *operation, struct bytes octets);

/* operation_seal.c: encodes operation->response, signs it if it must be, hands it over. */
void operation_seal(struct operation *operation);
