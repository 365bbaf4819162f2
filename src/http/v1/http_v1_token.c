/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_answer.h"
#include "http/http_v1.h"
#include "http/identity/http_identity.h"

#include "base/clock.h"
#include "service/token.h"

/*
 * Authorization: Bearer (RFC 6750): the token of a program. Over TLS only, as all that proves who
 * asks: on plain HTTP it is as if nothing had been said.
 */
bool
http_token_is_claimed(const struct http_request *request)
{
	return http_identity_is_claimed(request) &&
		bytes_start_with_fold(
			bytes_from_string(http_request_header(request, "Authorization")),
			TEXT("Bearer "));
}

static bool
token_refuse(struct http_request *request, enum status status)
{
	if (status != STATUS_NOT_FOUND) {
		http_answer_code(request, 503, RESPONSE_SERVER_TOO_BUSY, (struct bytes){NULL, 0},
			(struct bytes){NULL, 0});
	} else if (http_is_v1(request)) {
		http_problem(request,
			&(struct http_problem){.status = 401,
				.code = RESPONSE_AUTHENTICATION_FAILED,
				.detail = TEXT("There is no such token, or it has expired")});
	} else {
		http_answer(request, &(struct http_answer){.status = 401}, (struct bytes){NULL, 0});
	}
	return false;
}

bool
http_token_take(struct http_request *request, const struct operation_claim **ret_claim)
{
	struct http *http = request->http;
	struct token_table *tokens = service_tokens(http->service);
	struct bytes text = bytes_from_string(http_request_header(request, "Authorization"));
	struct token *token = arena_alloc(http->arena, sizeof(*token));
	struct operation_claim *claim = arena_alloc(http->arena, sizeof(*claim));
	enum status status = STATUS_NOT_FOUND;

	if (token == NULL || claim == NULL) {
		status = STATUS_NO_MEMORY;
	} else if (tokens != NULL) {
		status = token_table_find(tokens, bytes_slice(text, 7, text.size),
			clock_wall_ms() / 1000, http->arena, token);
	}
	if (status != STATUS_OK) {
		return token_refuse(request, status);
	}
	claim->name = token->identity.name;
	claim->index = token->identity.index;
	claim->is_proven = true;
	claim->scope = &token->scope;
	*ret_claim = claim;
	return true;
}
