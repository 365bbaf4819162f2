/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "http/identity/http_sessions.h"

#include <string.h>

static const uint8_t here[16] = {
	[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 1};
static const uint8_t there[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

static bool
is_there(struct http_sessions *sessions, const struct http_session *session, int64_t now_ms,
	struct http_session *ret_session)
{
	return http_sessions_find(sessions, session->id, HTTP_SESSION_ID_SIZE, now_ms, ret_session);
}

static void
prove(struct http_sessions *sessions, struct http_session *session, const char *name,
	int64_t now_ms)
{
	session->index = 301;
	session->name_size = strlen(name);
	memcpy(session->name, name, strlen(name));
	assert_true(http_sessions_prove(sessions, session, now_ms));
}

static void
a_session_keeps_its_nonce_and_who_proved_to_be_somebody(void **state)
{
	struct http_sessions *sessions = http_sessions_new();
	struct http_session one;
	struct http_session other;
	struct http_session found;
	(void)state;

	http_sessions_begin(sessions, here, 1, &one);
	http_sessions_begin(sessions, here, 1, &other);
	assert_int_equal(strlen(one.id), HTTP_SESSION_ID_SIZE);
	assert_string_not_equal(one.id, other.id);
	assert_memory_not_equal(one.nonce, other.nonce, sizeof(one.nonce));
	assert_true(is_there(sessions, &one, 2, &found));
	assert_memory_equal(found.nonce, one.nonce, sizeof(one.nonce));
	assert_false(found.is_proven);
	prove(sessions, &one, "0.NA/88.1", 3);
	assert_true(is_there(sessions, &one, 4, &found));
	assert_true(found.is_proven);
	assert_int_equal(found.index, 301);
	assert_int_equal(found.name_size, 9);
	assert_memory_equal(found.name, "0.NA/88.1", 9);
	assert_true(is_there(sessions, &other, 4, &found));
	assert_false(found.is_proven);
	prove(sessions, &one, "0.NA/88.22", 5);
	assert_true(is_there(sessions, &one, 6, &found));
	assert_int_equal(found.name_size, 10);
	http_sessions_free(sessions);
}

static void
nobody_finds_a_session_by_an_id_that_is_not_its_own(void **state)
{
	struct http_sessions *sessions = http_sessions_new();
	struct http_session one;
	struct http_session found;
	(void)state;

	http_sessions_begin(sessions, here, 1, &one);
	for (size_t i = 0; i < HTTP_SESSION_ID_SIZE; i++) {
		char before = one.id[i];
		static const char wrong[] = {'x', 'A', '\0', ' '};

		for (size_t j = 0; j < sizeof(wrong); j++) {
			one.id[i] = wrong[j];
			assert_false(is_there(sessions, &one, 1, &found));
		}
		one.id[i] = before == '0' ? '1' : '0';
		assert_false(is_there(sessions, &one, 1, &found));
		one.id[i] = before;
	}
	assert_false(http_sessions_find(sessions, one.id, HTTP_SESSION_ID_SIZE - 1, 1, &found));
	assert_false(http_sessions_find(sessions, "", 0, 1, &found));
	assert_true(is_there(sessions, &one, 1, &found));
	http_sessions_free(sessions);
}

static void
a_session_ends_by_itself_or_when_it_is_told(void **state)
{
	const int64_t idle_ms = (int64_t)HTTP_SESSION_IDLE_S * 1000;
	struct http_sessions *sessions = http_sessions_new();
	struct http_session one;
	struct http_session found;
	(void)state;

	http_sessions_begin(sessions, here, 1, &one);
	assert_true(is_there(sessions, &one, 1 + idle_ms, &found)); /* And is used anew. */
	assert_true(is_there(sessions, &one, 1 + 2 * idle_ms, &found));
	assert_false(is_there(sessions, &one, 2 + 3 * idle_ms, &found));
	http_sessions_begin(sessions, here, 1, &one);
	prove(sessions, &one, "0.NA/88.1", 1);
	http_sessions_end(sessions, &one);
	assert_false(is_there(sessions, &one, 1, &found));
	assert_false(http_sessions_prove(sessions, &one, 1));
	http_sessions_free(sessions);
}

static void
a_flood_displaces_those_without_an_identity_first_and_no_other_network(void **state)
{
	struct http_sessions *sessions = http_sessions_new();
	struct http_session proven;
	struct http_session early;
	struct http_session elsewhere;
	struct http_session found;
	bool is_apart = false;
	(void)state;

	/* Two networks may share a set, by chance one in 256: another try is another salt. */
	for (int i = 0; i < 8 && !is_apart; i++) {
		http_sessions_free(sessions);
		sessions = http_sessions_new();
		http_sessions_begin(sessions, there, 1, &elsewhere);
		http_sessions_begin(sessions, here, 1, &proven);
		is_apart = strncmp(elsewhere.id, proven.id, 2) != 0;
	}
	assert_true(is_apart);
	prove(sessions, &proven, "0.NA/88.1", 1);
	http_sessions_begin(sessions, here, 2, &early);
	for (int64_t i = 0; i < HTTP_SESSION_SET_SIZE - 2; i++) {
		struct http_session one;

		http_sessions_begin(sessions, here, 3 + i, &one);
	}
	assert_true(http_sessions_find(sessions, proven.id, HTTP_SESSION_ID_SIZE, 1, &found));
	http_sessions_begin(sessions, here, 1000, &found);
	assert_false(is_there(sessions, &early, 1000, &found));
	for (int64_t i = 0; i < 1000; i++) {
		http_sessions_begin(sessions, here, 1001 + i, &found);
	}
	assert_true(is_there(sessions, &proven, 2001, &found));
	assert_true(is_there(sessions, &elsewhere, 2001, &found));
	http_sessions_free(sessions);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_keeps_its_nonce_and_who_proved_to_be_somebody),
		cmocka_unit_test(nobody_finds_a_session_by_an_id_that_is_not_its_own),
		cmocka_unit_test(a_session_ends_by_itself_or_when_it_is_told),
		cmocka_unit_test(
			a_flood_displaces_those_without_an_identity_first_and_no_other_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
