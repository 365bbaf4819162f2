/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_route.h"

#include "base/base64.h"
#include "base/text_writer.h"
#include "http/http_answer.h"
#include "http/http_handles.h"
#include "http/http_operation.h"
#include "http/identity/http_credentials.h"

/*
 * /api/verifications/INDEX:HANDLE (http-api, 9): whether an answer to a challenge is by the secret
 * key that this value holds. It is operation 201 of the Handle protocol, with its limits for those
 * who guess.
 */
static bool
base64_take(
	struct http_request *request, struct bytes name, size_t size_max, struct bytes *ret_octets)
{
	struct bytes text = {NULL, 0};
	uint8_t *octets;
	size_t size = 0;

	if (!http_parameter_find(&request->parameters, name, &text) || text.size == 0) {
		http_answer_wrong(request, "The parameter", name, "is missing");
		return false;
	}
	octets = arena_alloc(request->http->arena, base64_decoded_size_max(text.size) + 1);
	if (octets == NULL || text.size > 2 * size_max ||
		base64_decode(text, BASE64_STANDARD, octets, &size) != STATUS_OK ||
		size > size_max) {
		http_answer_wrong(request, "The parameter", name, "is no base64, or too long");
		return false;
	}
	*ret_octets = bytes_over(octets, size);
	return true;
}

/* The index stands in front of the handle or is a parameter, and not both. */
static bool
reference_take(struct http_request *request, struct request_verify_challenge *question)
{
	struct operation_claim claim = {.index = 0};
	struct bytes name;
	struct bytes text;
	uint64_t index;

	if (!http_handle_take(request, &name)) {
		return false;
	}
	if (!http_identity_read(name, &claim)) {
		http_answer_wrong(request, "The path", name, "is no INDEX:HANDLE");
		return false;
	}
	question->name = claim.name;
	question->index = claim.index;
	if (!http_parameter_find(&request->parameters, TEXT("index"), &text)) {
		return true;
	}
	if (claim.name.size != name.size) {
		http_answer_wrong(request, "index", text, "is said in the path, too");
		return false;
	}
	if (text_read_u64(text, UINT32_MAX, &index) != STATUS_OK) {
		http_answer_wrong(request, "index", text, "is no number of a value");
		return false;
	}
	question->index = (uint32_t)index;
	return true;
}

static bool
response_take(struct http_request *request, struct bytes nonce, struct bytes *ret_response)
{
	struct http_credentials credentials = {.type = TEXT("HS_SECKEY"), .id = TEXT("0:0/0")};
	struct operation_claim claim = {.index = 0};
	const char *fault;

	for (size_t i = 0; i < request->parameters.count; i++) {
		const struct http_parameter *one = &request->parameters.items[i];
		struct bytes *place = http_credentials_place(&credentials, one->name);

		if (place != NULL && place != &credentials.type && place != &credentials.id &&
			place->at == NULL) {
			*place = one->value;
		}
	}
	if (credentials.alg.size == 0) {
		http_answer_wrong(request, "The parameter", TEXT("alg"), "is missing");
		return false;
	}
	if (!http_credentials_prove(&credentials, nonce, request->http->arena, &claim, &fault)) {
		http_answer_code(request, 400, RESPONSE_PROTOCOL_ERROR, bytes_from_string(fault),
			(struct bytes){NULL, 0});
		return false;
	}
	*ret_response = claim.response;
	return true;
}

static void
verification_answered(struct http_request *request, const struct response *response, bool is_last)
{
	enum response_code code = http_response_code(response);
	struct request_verify_challenge question;
	struct http_json json;
	struct json_writer *writer;

	(void)is_last;
	if (!reference_take(request, &question)) {
		return;
	}
	if (code != RESPONSE_SUCCESS) {
		http_answer_code(request, http_status_of(code, HTTP_OUTCOME_DONE, request->is_tls),
			code, http_response_text(response), question.name);
		return;
	}
	writer = http_json_begin(request, &json);
	json_write_object(writer);
	json_write_name(writer, "responseCode");
	json_write_u64(writer, code);
	json_write_name(writer, "isValid");
	json_write_bool(writer, (response->verdict & 1) != 0);
	json_write_name(writer, "handle");
	json_write_string(writer, question.name);
	json_write_object_end(writer);
	http_json_answer(request, &json, &(struct http_answer){.status = 200});
}

void
http_verification_get(struct http_request *request)
{
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
			.header = {.opcode = OPCODE_VERIFY_CHALLENGE}}};
	struct request_verify_challenge *verify = &question.verify_challenge;
	struct bytes unused;

	if (reference_take(request, verify) &&
		base64_take(request, TEXT("nonce"), HTTP_CNONCE_SIZE_MAX, &verify->nonce) &&
		base64_take(request, TEXT("cnonce"), REQUEST_DIGEST_SIZE_MAX,
			&verify->request_digest) &&
		base64_take(request, TEXT("signature"), CRYPTO_SIGNATURE_SIZE_MAX, &unused) &&
		response_take(request, verify->nonce, &verify->response)) {
		http_operation_start(request, &question, NULL, verification_answered);
	}
}
