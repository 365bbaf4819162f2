/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_help.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

/*
 * Sockets that ask: many at once, which share the loop's room for datagrams. Whoever answers is a
 * socket of the same loop.
 */
enum { ASKER_COUNT = 40, QUESTION_COUNT = 3 };

struct asker {
	struct loop_udp *udp;
	uint32_t number;
	size_t heard_count;
	bool has_asked_on;
	bool is_wrong; /* Something came that is not its own. */
};

static struct loop *loop;
static struct loop_udp *answering;
static struct asker askers[ASKER_COUNT];
static size_t answered_count;

static int
begin(void **state)
{
	(void)state;
	loop = loop_new(NULL);
	assert_non_null(loop);
	memset(askers, 0, sizeof(askers));
	answered_count = 0;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void
echo(void *context, struct loop_udp *from, const struct loop_datagram *batch, size_t count)
{
	(void)context;
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = loop_udp_reserve(from, &batch[i].peer);

		memcpy(at, batch[i].octets.at, batch[i].octets.size);
		loop_udp_commit(from, batch[i].octets.size);
	}
}

/* What is asked: two numbers, the asker's and the question's, over and over. */
static void
question_write(const struct asker *asker, uint32_t question, uint32_t at[DATAGRAM_SIZE_MAX / 4])
{
	for (size_t i = 0; i < DATAGRAM_SIZE_MAX / 4; i += 2) {
		at[i] = asker->number;
		at[i + 1] = question;
	}
}

static void
ask(struct asker *asker, const struct address *peer, uint32_t question)
{
	uint32_t octets[DATAGRAM_SIZE_MAX / 4];

	question_write(asker, question, octets);
	memcpy(loop_udp_reserve(asker->udp, peer), octets, sizeof(octets));
	loop_udp_commit(asker->udp, sizeof(octets));
}

static void
heard(void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count)
{
	struct asker *asker = context;
	uint32_t expected[DATAGRAM_SIZE_MAX / 4];

	for (size_t i = 0; i < count; i++) {
		question_write(asker, (uint32_t)asker->heard_count, expected);
		asker->is_wrong = asker->is_wrong || udp != asker->udp ||
			batch[i].octets.size != sizeof(expected) ||
			memcmp(batch[i].octets.at, expected, sizeof(expected)) != 0;
		asker->heard_count++;
		answered_count++;
	}
	/* A question from inside, of the next one: its room is the one whose batch is shown. */
	if (!asker->has_asked_on && asker->number + 1 < ASKER_COUNT) {
		struct address peer = batch[0].peer;

		asker->has_asked_on = true;
		ask(asker + 1, &peer, QUESTION_COUNT);
	}
}

static bool
all_are_answered(void *context)
{
	return answered_count >= *(size_t *)context;
}

static void
askers_open(struct address *peer)
{
	struct problem problem = {.text = ""};

	answering = loop_udp_open(loop, peer, echo, NULL, &problem);
	assert_string_equal(problem.text, "");
	loop_udp_address(answering, peer);
	for (size_t i = 0; i < ASKER_COUNT; i++) {
		askers[i].number = (uint32_t)i;
		askers[i].udp = loop_udp_open_asking(loop, peer, heard, &askers[i], &problem);
		assert_non_null(askers[i].udp);
	}
}

static void
each_hears_its_own_answers(struct address peer)
{
	size_t expected = ASKER_COUNT * QUESTION_COUNT + ASKER_COUNT - 1;

	askers_open(&peer);
	/* One question of each after the other, so that each reserves in the room anew. */
	for (uint32_t question = 0; question < QUESTION_COUNT; question++) {
		for (size_t i = 0; i < ASKER_COUNT; i++) {
			ask(&askers[i], &peer, question);
		}
	}
	run_until(loop, all_are_answered, &expected);
	for (size_t i = 0; i < ASKER_COUNT; i++) {
		assert_false(askers[i].is_wrong);
		assert_int_equal(askers[i].heard_count, QUESTION_COUNT + (i > 0));
		loop_udp_close(askers[i].udp);
	}
	loop_udp_close(answering);
}

static void
many_ask_at_once_and_each_hears_its_own_answers(void **state)
{
	(void)state;
	each_hears_its_own_answers(loopback_v4(0));
}

static void
many_ask_at_once_over_ipv6(void **state)
{
	(void)state;
	each_hears_its_own_answers(loopback_v6(0));
}

/* The one whose datagram lies in the room goes before it leaves. */
static void
a_question_of_a_socket_that_closes_is_not_sent_and_others_are(void **state)
{
	struct address peer = loopback_v4(0);
	size_t expected = 2;

	(void)state;
	askers_open(&peer);
	for (size_t i = ASKER_COUNT - 3; i < ASKER_COUNT; i++) {
		askers[i].number = ASKER_COUNT; /* Asks nothing more from inside. */
	}
	ask(&askers[ASKER_COUNT - 3], &peer, 0);
	ask(&askers[ASKER_COUNT - 2], &peer, 0);
	loop_udp_close(askers[ASKER_COUNT - 2].udp);
	ask(&askers[ASKER_COUNT - 1], &peer, 0);
	run_until(loop, all_are_answered, &expected);
	run_for_ms(loop, 20);
	assert_int_equal(answered_count, 2);
	assert_int_equal(askers[ASKER_COUNT - 3].heard_count, 1);
	assert_int_equal(askers[ASKER_COUNT - 1].heard_count, 1);
	for (size_t i = 0; i < ASKER_COUNT; i++) {
		if (i != ASKER_COUNT - 2) {
			loop_udp_close(askers[i].udp);
		}
	}
	loop_udp_close(answering);
}

/* Not even by those who are ready to share: answers are for nobody else. */
static void
the_port_of_a_socket_that_asks_is_opened_by_nobody_else(void **state)
{
	struct address peer = loopback_v4(9);
	struct address own;
	struct problem problem;
	struct loop_udp *one;

	(void)state;
	one = loop_udp_open_asking(loop, &peer, heard, NULL, &problem);
	assert_non_null(one);
	loop_udp_address(one, &own);
	assert_int_not_equal(address_port(&own), 0);
	assert_null(loop_udp_open(loop, &own, heard, NULL, &problem));
	loop_udp_close(one);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(many_ask_at_once_and_each_hears_its_own_answers),
		LOOP_TEST(many_ask_at_once_over_ipv6),
		LOOP_TEST(a_question_of_a_socket_that_closes_is_not_sent_and_others_are),
		LOOP_TEST(the_port_of_a_socket_that_asks_is_opened_by_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
