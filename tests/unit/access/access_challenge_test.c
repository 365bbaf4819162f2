/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_challenge.h"

#include "support/free_watch.h"
#include "unit/access/asked.h"

#include <pthread.h>
#include <stdio.h>

static const uint8_t here[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
static const uint8_t there[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 2};

static struct asked asked, answer;

enum { LIFE_MS = 60000, COUNT = 8, PER_SOURCE = 8, OCTETS = 4096 };

static int
begin(void **state)
{
	const struct access_challenge_limits limits = {COUNT, PER_SOURCE, OCTETS, LIFE_MS};

	*state = access_challenges_new(&limits);
	assert_non_null(*state);
	return 0;
}

static int
end(void **state)
{
	access_challenges_free(*state);
	return 0;
}

static enum status
add(struct access_challenges *challenges, const char *name, uint32_t request_id,
	const uint8_t source[16], int64_t now_ms, struct access_challenge *ret_challenge)
{
	struct access_challenge_order order = {.request = &asked.request, .now_ms = now_ms};

	memcpy(order.source, source, sizeof(order.source));
	asked_delete(&asked, name, 0, request_id);
	return access_challenge_add(challenges, &order, ret_challenge);
}

static uint32_t
added(struct access_challenges *challenges, const char *name, int64_t now_ms)
{
	struct access_challenge challenge;

	assert_int_equal(add(challenges, name, 1, here, now_ms, &challenge), STATUS_OK);
	return challenge.id;
}

static enum status
take(struct access_challenges *challenges, uint32_t id, const char *response, int64_t now_ms,
	struct access_taken **ret_taken, struct access_result *ret_result)
{
	asked_answer(&answer, response, id, 77);
	return access_challenge_take(
		challenges, &answer.request, here, now_ms, ret_taken, ret_result);
}

static enum status
take_and_drop(
	struct access_challenges *challenges, uint32_t id, const char *response, int64_t now_ms)
{
	struct access_taken *taken = NULL;
	struct access_result result;
	enum status status = take(challenges, id, response, now_ms, &taken, &result);

	access_taken_free(taken);
	return status;
}

static struct access_challenge_counts
counted(struct access_challenges *challenges)
{
	struct access_challenge_counts counts;

	access_challenges_count(challenges, &counts);
	return counts;
}

static void
an_answer_brings_the_request_back_once(void **state)
{
	struct access_challenge challenge;
	struct access_taken *taken = NULL;
	struct access_result result;
	struct message message;
	struct request request;
	uint8_t digest[32];

	assert_int_equal(add(*state, "88.1/x", 5, here, 0, &challenge), STATUS_OK);
	assert_int_equal(challenge.id & 1, 1);
	assert_true(challenge.id <= INT32_MAX);
	assert_int_equal(challenge.digest_code, 3);
	assert_int_equal(challenge.digest_size, 32);
	crypto_digest(CRYPTO_SHA256, asked.request.message.signed_run, digest);
	assert_memory_equal(challenge.digest, digest, sizeof(digest));

	assert_int_equal(take(*state, challenge.id, "right", 1, &taken, &result), STATUS_OK);
	assert_false(taken->is_proven);
	assert_memory_equal(taken->challenge.nonce, challenge.nonce, ACCESS_NONCE_SIZE);
	assert_int_equal(taken->envelope.request_id, 5);
	assert_int_equal(version_compare(access_taken_version(taken), (struct version){2, 11}), 0);
	assert_int_equal(message_decode(&taken->envelope, taken->message, &message), STATUS_OK);
	assert_int_equal(request_decode(&message, &request), STATUS_OK);
	assert_int_equal(request.message.header.opcode, OPCODE_DELETE_HANDLE);
	assert_true(bytes_equal(request.name.name, TEXT("88.1/x")));
	access_taken_free(taken);
	/* Another answer to it, and one to nothing. */
	assert_int_equal(take_and_drop(*state, challenge.id, "again", 2), STATUS_CHALLENGE_GONE);
	assert_int_equal(
		take_and_drop(*state, challenge.id ^ 2, "right", 2), STATUS_CHALLENGE_GONE);
	assert_int_equal(take_and_drop(*state, 0, "right", 2), STATUS_CHALLENGE_GONE);
}

/* A request that is kept may create a secret key. */
static void
requests_are_not_left_in_memory_that_is_given_back(void **state)
{
	const struct access_challenge_limits limits = {COUNT, PER_SOURCE, OCTETS, LIFE_MS};
	struct access_challenges *challenges = access_challenges_new(&limits);
	struct access_taken *taken = NULL;
	struct access_result result;
	uint32_t id;

	(void)state;
	assert_non_null(challenges);
	id = added(challenges, "88.1/open sesame", 0);
	assert_int_equal(take(challenges, id, "right", 1, &taken, &result), STATUS_OK);
	(void)added(challenges, "88.1/open sesame", 0);
	free_watch_begin(TEXT("88.1/open sesame"));
	access_challenges_sweep(challenges, 2 * LIFE_MS);
	(void)added(challenges, "88.1/open sesame", 2 * LIFE_MS);
	access_challenges_free(challenges);
	assert_non_null(memmem(taken->message.at, taken->message.size, "open sesame", 11));
	access_taken_free(taken);
	assert_int_equal(free_watch_end(), 0);
}

static void
ids_and_nonces_do_not_repeat(void **state)
{
	struct access_challenge first, second;

	assert_int_equal(add(*state, "88.1/x", 1, here, 0, &first), STATUS_OK);
	assert_int_equal(add(*state, "88.1/x", 1, here, 0, &second), STATUS_OK);
	assert_int_not_equal(first.id, second.id);
	assert_memory_not_equal(first.nonce, second.nonce, ACCESS_NONCE_SIZE);
}

static void
answers_from_elsewhere_find_nothing_and_spoil_nothing(void **state)
{
	struct access_taken *taken = NULL;
	struct access_result result;
	uint32_t id = added(*state, "88.1/x", 0);

	asked_answer(&answer, "right", id, 77);
	assert_int_equal(access_challenge_take(*state, &answer.request, there, 1, &taken, &result),
		STATUS_CHALLENGE_GONE);
	assert_int_equal(take_and_drop(*state, id, "right", 1), STATUS_OK);
}

static void
neighbours_of_one_house_are_one_source(void **state)
{
	uint8_t one[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 7, 1};
	uint8_t other[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 7, 2};
	uint8_t next[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 8, 1};
	struct access_challenge challenge;
	struct access_taken *taken = NULL;
	struct access_result result;

	assert_int_equal(add(*state, "88.1/x", 1, one, 0, &challenge), STATUS_OK);
	asked_answer(&answer, "right", challenge.id, 77);
	assert_int_equal(access_challenge_take(*state, &answer.request, next, 1, &taken, &result),
		STATUS_CHALLENGE_GONE);
	assert_int_equal(access_challenge_take(*state, &answer.request, other, 1, &taken, &result),
		STATUS_OK);
	access_taken_free(taken);
}

static void
challenges_live_as_long_as_they_should(void **state)
{
	uint32_t id = added(*state, "88.1/x", 1000);

	assert_int_equal(take_and_drop(*state, id, "right", 1000 + LIFE_MS), STATUS_CHALLENGE_GONE);
	assert_int_equal(take_and_drop(*state, id, "right", 1000 + LIFE_MS - 1), STATUS_OK);
	(void)added(*state, "88.1/y", 2000);
	access_challenges_sweep(*state, 2000 + LIFE_MS - 1);
	assert_int_equal(counted(*state).waiting, 1);
	access_challenges_sweep(*state, 2000 + LIFE_MS);
	assert_int_equal(counted(*state).waiting, 0);
	assert_int_equal(counted(*state).expired, 1);
	/* The one that was taken is given up, too, in the end. */
	assert_int_equal(counted(*state).results, 1);
	access_challenges_sweep(*state, 1000 + LIFE_MS - 1 + CHALLENGE_RESULT_LIFE_MS);
	assert_int_equal(counted(*state).results, 0);
	assert_int_equal(counted(*state).octets, 0);
}

/* The client did not get the answer and sends the same message again. */
static void
a_lost_answer_is_told_again_and_nothing_happens_twice(void **state)
{
	const struct access_result done = {
		.status = STATUS_OK, .has_overwritten = true, .mint = "0123456789abcdef"};
	struct access_result result = {.status = STATUS_BUSY};
	struct access_taken *taken = NULL;
	uint32_t id = added(*state, "88.1/x", 0);

	assert_int_equal(take(*state, id, "right", 10, &taken, &result), STATUS_OK);
	assert_int_equal(take_and_drop(*state, id, "right", 20), STATUS_BUSY);
	assert_int_equal(take_and_drop(*state, id, "wrong", 20), STATUS_CHALLENGE_GONE);
	access_challenge_settle(*state, taken->ticket, &done, 100);
	access_taken_free(taken);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(take(*state, id, "right", 110, &taken, &result), STATUS_EXISTS);
		/* The answer to it is written from the request. */
		assert_true(taken->message.size > 24);
		access_taken_free(taken);
		assert_int_equal(result.status, STATUS_OK);
		assert_true(result.has_overwritten);
		assert_memory_equal(result.mint, done.mint, sizeof(done.mint));
	}
	assert_int_equal(take_and_drop(*state, id, "wrong", 120), STATUS_CHALLENGE_GONE);
	assert_int_equal(
		take_and_drop(*state, id, "right", 99 + CHALLENGE_RESULT_LIFE_MS), STATUS_EXISTS);
	assert_int_equal(take_and_drop(*state, id, "right", 100 + CHALLENGE_RESULT_LIFE_MS),
		STATUS_CHALLENGE_GONE);
	assert_int_equal(counted(*state).answered, 1);
	access_challenges_sweep(*state, 100 + CHALLENGE_RESULT_LIFE_MS);
	assert_int_equal(counted(*state).octets, 0);
}

/* The same request id with another signature is another message. */
static void
a_read_is_done_again_with_the_identity_that_was_proven(void **state)
{
	const struct access_identity li = {TEXT("88.1/li"), 300};
	struct access_taken *taken = NULL;
	struct access_result result;
	uint32_t id = added(*state, "88.1/x", 0);

	assert_int_equal(take(*state, id, "right", 10, &taken, &result), STATUS_OK);
	access_challenge_settle_read(*state, taken, &li, 20);
	access_taken_free(taken);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(take(*state, id, "right", 30, &taken, &result), STATUS_OK);
		assert_true(taken->is_proven);
		assert_int_equal(taken->identity.index, 300);
		assert_true(bytes_equal(taken->identity.name, li.name));
		assert_true(taken->message.size > 24);
		/* It outlives the table's own. */
		access_challenges_sweep(*state, 20 + CHALLENGE_RESULT_LIFE_MS - 1);
		access_taken_free(taken);
	}
	assert_int_equal(take_and_drop(*state, id, "wrong", 30), STATUS_CHALLENGE_GONE);
	access_challenges_sweep(*state, 20 + CHALLENGE_RESULT_LIFE_MS);
	assert_int_equal(take_and_drop(*state, id, "right", 30), STATUS_CHALLENGE_GONE);
	assert_int_equal(counted(*state).octets, 0);
}

static void
a_result_that_comes_too_late_is_nobodys(void **state)
{
	const struct access_result done = {.status = STATUS_OK};
	const struct access_identity li = {TEXT("88.1/li"), 300};
	struct access_taken *taken = NULL;
	struct access_result result;
	uint32_t id = added(*state, "88.1/x", 0);

	assert_int_equal(take(*state, id, "right", 0, &taken, &result), STATUS_OK);
	access_challenges_sweep(*state, CHALLENGE_RESULT_LIFE_MS);
	/* The slot belongs to another by now. */
	for (int i = 0; i < COUNT; i++) {
		(void)added(*state, "88.1/y", CHALLENGE_RESULT_LIFE_MS);
	}
	access_challenge_settle(*state, taken->ticket, &done, CHALLENGE_RESULT_LIFE_MS);
	access_challenge_settle_read(*state, taken, &li, CHALLENGE_RESULT_LIFE_MS);
	access_taken_free(taken);
	assert_int_equal(counted(*state).waiting, COUNT);
	assert_int_equal(counted(*state).results, 0);
}

/* All slots are being carried out again by the time the first result comes. */
static void
a_late_result_is_not_taken_for_that_of_another(void **state)
{
	const struct access_result done = {.status = STATUS_OK};
	const struct access_identity li = {TEXT("88.1/li"), 300};
	struct access_taken *late = NULL;
	struct access_result result;
	uint32_t ids[COUNT];

	assert_int_equal(
		take(*state, added(*state, "88.1/x", 0), "right", 0, &late, &result), STATUS_OK);
	access_challenges_sweep(*state, CHALLENGE_RESULT_LIFE_MS);
	for (int i = 0; i < COUNT; i++) {
		ids[i] = added(*state, "88.1/y", CHALLENGE_RESULT_LIFE_MS);
		assert_int_equal(take_and_drop(*state, ids[i], "right", CHALLENGE_RESULT_LIFE_MS),
			STATUS_OK);
	}
	access_challenge_settle(*state, late->ticket, &done, CHALLENGE_RESULT_LIFE_MS);
	access_challenge_settle_read(*state, late, &li, CHALLENGE_RESULT_LIFE_MS);
	access_taken_free(late);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(take_and_drop(*state, ids[i], "right", CHALLENGE_RESULT_LIFE_MS),
			STATUS_BUSY);
	}
}

static void
the_oldest_gives_way_and_results_before_challenges(void **state)
{
	const struct access_result done = {.status = STATUS_OK};
	struct access_taken *taken = NULL;
	struct access_result result;
	uint32_t ids[COUNT + 1];
	uint8_t source[16];

	memcpy(source, here, sizeof(source));
	for (int i = 0; i < COUNT; i++) {
		ids[i] = added(*state, "88.1/x", i);
	}
	assert_int_equal(take(*state, ids[COUNT - 1], "right", 10, &taken, &result), STATUS_OK);
	access_challenge_settle(*state, taken->ticket, &done, 10);
	access_taken_free(taken);
	assert_int_equal(counted(*state).displaced, 0);
	/* The source has room for one more; the table makes it of the result. */
	ids[COUNT] = added(*state, "88.1/x", 11);
	assert_int_equal(counted(*state).displaced, 1);
	assert_int_equal(counted(*state).results, 0);
	assert_int_equal(counted(*state).waiting, COUNT);
	/* Another source displaces the oldest challenge. */
	source[15] = 9;

	struct access_challenge challenge;

	assert_int_equal(add(*state, "88.1/x", 1, source, 12, &challenge), STATUS_OK);
	assert_int_equal(take_and_drop(*state, ids[0], "right", 13), STATUS_CHALLENGE_GONE);
	assert_int_equal(take_and_drop(*state, ids[1], "right", 13), STATUS_OK);
}

static void
a_source_has_its_share(void **state)
{
	const struct access_challenge_limits limits = {100, 3, 100000, LIFE_MS};
	struct access_challenges *challenges = access_challenges_new(&limits);
	struct access_challenge challenge;
	uint32_t id = 0;
	(void)state;

	assert_non_null(challenges);
	for (uint32_t i = 1; i <= 4; i++) {
		assert_int_equal(add(challenges, "88.1/x", i, here, 0, &challenge),
			i <= limits.count_per_source ? STATUS_OK : STATUS_BUSY);
		id = challenge.id;
	}
	assert_int_equal(add(challenges, "88.1/x", 1, there, 0, &challenge), STATUS_OK);
	/* An answer, and time, give it back. */
	assert_int_equal(take_and_drop(challenges, id, "right", 1), STATUS_OK);
	assert_int_equal(add(challenges, "88.1/x", 1, here, 1, &challenge), STATUS_OK);
	assert_int_equal(add(challenges, "88.1/x", 1, here, 1, &challenge), STATUS_BUSY);
	assert_int_equal(add(challenges, "88.1/x", 1, here, LIFE_MS, &challenge), STATUS_OK);
	access_challenges_free(challenges);
}

static void
octets_are_bounded(void **state)
{
	struct access_challenge challenge;
	size_t size;

	asked_delete(&asked, "88.1/x", 0, 1);
	size = asked.request.message.signed_run.size;
	for (size_t room = 2 * size - 1; room <= 2 * size + 1; room++) {
		const struct access_challenge_limits limits = {100, 100, room, LIFE_MS};
		struct access_challenges *challenges = access_challenges_new(&limits);

		assert_non_null(challenges);
		assert_int_equal(add(challenges, "88.1/x", 1, here, 0, &challenge), STATUS_OK);
		assert_int_equal(add(challenges, "88.1/x", 2, here, 0, &challenge), STATUS_OK);
		assert_int_equal(counted(challenges).waiting, room < 2 * size ? 1 : 2);
		assert_true(counted(challenges).octets <= room);
		access_challenges_free(challenges);
	}

	const struct access_challenge_limits small = {100, 100, size - 1, LIFE_MS};
	struct access_challenges *challenges = access_challenges_new(&small);

	assert_int_equal(add(challenges, "88.1/x", 1, here, 0, &challenge), STATUS_BUSY);
	access_challenges_free(challenges);
	(void)state;
}

static void
a_session_has_one_challenge_at_a_time(void **state)
{
	struct access_challenge_order order = {.request = &asked.request, .now_ms = 0};
	struct access_challenge first, again, other;
	struct access_taken *taken = NULL;
	struct access_result result;

	memcpy(order.source, here, sizeof(order.source));
	asked_delete(&asked, "88.1/x", 4242, 1);
	assert_int_equal(access_challenge_add(*state, &order, &first), STATUS_OK);
	assert_int_equal(first.id, 4242);
	/* Lost and sent again: the same challenge. */
	assert_int_equal(access_challenge_add(*state, &order, &again), STATUS_OK);
	assert_memory_equal(&first, &again, sizeof(first));
	assert_int_equal(counted(*state).waiting, 1);
	/* The same id with another request, and another id, are others. */
	asked_delete(&asked, "88.1/y", 4242, 1);
	assert_int_equal(access_challenge_add(*state, &order, &other), STATUS_OK);
	assert_memory_not_equal(first.nonce, other.nonce, ACCESS_NONCE_SIZE);
	asked_delete(&asked, "88.1/y", 4242, 2);
	assert_int_equal(access_challenge_add(*state, &order, &again), STATUS_OK);
	assert_memory_not_equal(again.nonce, other.nonce, ACCESS_NONCE_SIZE);
	assert_int_equal(counted(*state).waiting, 1);
	assert_int_equal(take(*state, 4242, "right", 1, &taken, &result), STATUS_OK);
	assert_int_equal(taken->envelope.request_id, 2);
	access_taken_free(taken);
	/* The next request of the session forgets what was before. */
	asked_delete(&asked, "88.1/z", 4242, 3);
	assert_int_equal(access_challenge_add(*state, &order, &again), STATUS_OK);
	assert_int_equal(take_and_drop(*state, 4242, "right", 1), STATUS_OK);
}

static void
each_version_has_its_digest(void **state)
{
	static const struct {
		struct version suggested;
		uint8_t code;
		uint8_t size;
	} rows[] = {{{2, 11}, 3, 32}, {{2, 7}, 3, 32}, {{2, 6}, 2, 20}, {{2, 1}, 2, 20}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct access_challenge_order order = {.request = &asked.request};
		struct access_challenge challenge;

		memcpy(order.source, here, sizeof(order.source));
		asked_delete(&asked, "88.1/x", 0, 1);
		asked.request.message.envelope.suggested = rows[i].suggested;
		assert_int_equal(access_challenge_add(*state, &order, &challenge), STATUS_OK);
		assert_int_equal(challenge.digest_code, rows[i].code);
		assert_int_equal(challenge.digest_size, rows[i].size);
	}
}

/* Threads take the same answer: it counts for one of them. */
enum { THREAD_COUNT = 4, ROUND_COUNT = 200 };

struct race {
	struct access_challenges *challenges;
	pthread_barrier_t barrier;
	struct asked answer;
	_Atomic unsigned winners;
};

static void *
race_take(void *context)
{
	struct race *race = context;

	for (int i = 0; i < ROUND_COUNT; i++) {
		struct access_taken *taken = NULL;
		struct access_result result;

		pthread_barrier_wait(&race->barrier);
		race->winners += access_challenge_take(race->challenges, &race->answer.request,
					 here, 1, &taken, &result) == STATUS_OK;
		access_taken_free(taken);
		pthread_barrier_wait(&race->barrier);
	}
	return NULL;
}

static void
of_many_threads_one_gets_the_challenge(void **state)
{
	static struct race race;
	pthread_t threads[THREAD_COUNT];

	race.challenges = *state;
	pthread_barrier_init(&race.barrier, NULL, THREAD_COUNT + 1);
	for (int i = 0; i < THREAD_COUNT; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, race_take, &race), 0);
	}
	for (unsigned i = 0; i < ROUND_COUNT; i++) {
		asked_answer(&race.answer, "right", added(*state, "88.1/x", 0), 77);
		pthread_barrier_wait(&race.barrier);
		pthread_barrier_wait(&race.barrier);
		assert_int_equal(race.winners, i + 1);
	}
	for (int i = 0; i < THREAD_COUNT; i++) {
		pthread_join(threads[i], NULL);
	}
	pthread_barrier_destroy(&race.barrier);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_answer_brings_the_request_back_once, begin, end),
		cmocka_unit_test(requests_are_not_left_in_memory_that_is_given_back),
		cmocka_unit_test_setup_teardown(ids_and_nonces_do_not_repeat, begin, end),
		cmocka_unit_test_setup_teardown(
			answers_from_elsewhere_find_nothing_and_spoil_nothing, begin, end),
		cmocka_unit_test_setup_teardown(neighbours_of_one_house_are_one_source, begin, end),
		cmocka_unit_test_setup_teardown(challenges_live_as_long_as_they_should, begin, end),
		cmocka_unit_test_setup_teardown(
			a_lost_answer_is_told_again_and_nothing_happens_twice, begin, end),
		cmocka_unit_test_setup_teardown(
			a_read_is_done_again_with_the_identity_that_was_proven, begin, end),
		cmocka_unit_test_setup_teardown(
			a_result_that_comes_too_late_is_nobodys, begin, end),
		cmocka_unit_test_setup_teardown(
			a_late_result_is_not_taken_for_that_of_another, begin, end),
		cmocka_unit_test_setup_teardown(
			the_oldest_gives_way_and_results_before_challenges, begin, end),
		cmocka_unit_test_setup_teardown(a_source_has_its_share, begin, end),
		cmocka_unit_test_setup_teardown(octets_are_bounded, begin, end),
		cmocka_unit_test_setup_teardown(a_session_has_one_challenge_at_a_time, begin, end),
		cmocka_unit_test_setup_teardown(each_version_has_its_digest, begin, end),
		cmocka_unit_test_setup_teardown(of_many_threads_one_gets_the_challenge, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
