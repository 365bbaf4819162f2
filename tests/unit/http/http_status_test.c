/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_answer.h"

#include "support/cmocka_all.h"

/* Handle.net 9: response code, status of a look-up, of a change, of a change on plain HTTP. */
static const struct row {
	enum response_code code;
	unsigned int resolved, done, plain;
} rows[] = {
	{RESPONSE_SUCCESS, 200, 200, 200},
	{RESPONSE_ERROR, 500, 500, 500},
	{RESPONSE_SERVER_TOO_BUSY, 503, 503, 503},
	{RESPONSE_PROTOCOL_ERROR, 400, 400, 400},
	{RESPONSE_OPERATION_NOT_SUPPORTED, 501, 501, 501},
	{RESPONSE_RECURSION_COUNT_TOO_HIGH, 500, 500, 500},
	{RESPONSE_SERVER_BACKUP, 503, 503, 503},
	{RESPONSE_HANDLE_NOT_FOUND, 404, 404, 404},
	{RESPONSE_HANDLE_ALREADY_EXISTS, 409, 409, 409},
	{RESPONSE_INVALID_HANDLE, 400, 400, 400},
	{RESPONSE_VALUES_NOT_FOUND, 200, 400, 400},
	{RESPONSE_VALUE_ALREADY_EXISTS, 409, 409, 409},
	{RESPONSE_INVALID_VALUE, 400, 400, 400},
	{RESPONSE_SERVER_NOT_RESPONSIBLE, 400, 400, 400},
	{RESPONSE_SERVICE_REFERRAL, 300, 300, 300},
	{RESPONSE_PREFIX_REFERRAL, 300, 300, 300},
	{RESPONSE_INVALID_ADMIN, 403, 403, 403},
	{RESPONSE_INSUFFICIENT_PERMISSIONS, 403, 403, 403},
	{RESPONSE_AUTHENTICATION_NEEDED, 401, 401, 403},
	{RESPONSE_AUTHENTICATION_FAILED, 403, 403, 403},
	{RESPONSE_INVALID_CREDENTIAL, 403, 403, 403},
	{RESPONSE_AUTHENTICATION_TIMEOUT, 500, 500, 500},
	{RESPONSE_AUTHENTICATION_ERROR, 500, 500, 500},
	{RESPONSE_SESSION_TIMEOUT, 500, 500, 500},
	{RESPONSE_SESSION_MESSAGE_REJECTED, 500, 500, 500},
};

static void
every_code_has_the_status_of_handle_net(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		assert_int_equal(
			http_status_of(row->code, HTTP_OUTCOME_RESOLVED, true), row->resolved);
		assert_int_equal(http_status_of(row->code, HTTP_OUTCOME_DONE, true), row->done);
		assert_int_equal(http_status_of(row->code, HTTP_OUTCOME_DONE, false), row->plain);
	}
}

static void
only_what_was_made_anew_is_201(void **state)
{
	(void)state;
	assert_int_equal(http_status_of(RESPONSE_SUCCESS, HTTP_OUTCOME_CREATED, true), 201);
	assert_int_equal(
		http_status_of(RESPONSE_HANDLE_ALREADY_EXISTS, HTTP_OUTCOME_CREATED, true), 409);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_the_status_of_handle_net),
		cmocka_unit_test(only_what_was_made_anew_is_201),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
