/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include "support/cmocka_all.h"

#include "client/client_kept.h"

/* Connections on the fake loop, to servers played by the test. */
enum { MORE_COUNT = CLIENT_KEPT_COUNT_MAX + 1 };

static struct loop *loop;
static struct client_kept *kept;
static struct client_carrier *carriers[MORE_COUNT];
static struct fake_peer *peers[MORE_COUNT];
static size_t closed_count;

static size_t
received(void *context, struct bytes octets)
{
	(void)context;
	return octets.size;
}

static void
closed(void *context, enum status status)
{
	struct client_carrier **carrier = context;

	(void)status;
	closed_count++;
	client_carrier_close(*carrier);
	*carrier = NULL;
}

static const struct client_carrier_calls calls = {received, closed};

static struct address
address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(bytes_from_string(text), 0, &address), STATUS_OK);
	return address;
}

static void
connection_open(size_t number, const char *text)
{
	struct client_place place = {
		.address = address_of(text), .transport = CLIENT_TRANSPORT_TCP};
	struct address to;

	carriers[number] = client_carrier_open(loop, &place, &calls, &carriers[number], NULL);
	assert_non_null(carriers[number]);
	fake_run();
	peers[number] = fake_accept(&to);
	assert_non_null(peers[number]);
	fake_run();
}

struct gift {
	size_t number;
	struct address address;
};

static void
gift_due(void *context)
{
	const struct gift *gift = context;

	client_kept_give(kept, &gift->address, carriers[gift->number]);
}

/* From the loop, which knows the time only while it is awake. */
static void
give(size_t number, const char *text)
{
	struct gift gift = {number, address_of(text)};
	struct loop_timer timer = {0};

	loop_timer_set_soon(loop, &timer, gift_due, &gift);
	fake_run();
	assert_false(timer.is_set);
}

static struct client_carrier *
take(const char *text)
{
	struct address address = address_of(text);

	return client_kept_take(kept, &address);
}

static int
begin(void **state)
{
	(void)state;
	fake_begin(1);
	loop = loop_new(NULL);
	kept = client_kept_new(loop);
	closed_count = 0;
	return loop == NULL || kept == NULL;
}

static int
end(void **state)
{
	(void)state;
	client_kept_free(kept);
	fake_run();
	loop_free(loop);
	fake_end();
	return 0;
}

static void
what_was_given_for_an_address_is_taken_for_it_once(void **state)
{
	(void)state;
	connection_open(0, "192.0.2.1:2641");
	give(0, "192.0.2.1:2641");
	assert_null(take("192.0.2.2:2641"));
	assert_null(take("192.0.2.1:2642"));
	assert_ptr_equal(take("192.0.2.1:2641"), carriers[0]);
	assert_null(take("192.0.2.1:2641"));
	client_carrier_own(carriers[0], &calls, &carriers[0]);
	fake_peer_close(peers[0]);
	fake_run();
	assert_int_equal(closed_count, 1); /* It is the taker who hears of it. */
}

static void
one_more_than_may_be_kept_takes_the_place_of_the_oldest(void **state)
{
	(void)state;
	for (size_t i = 0; i < MORE_COUNT; i++) {
		connection_open(i, "192.0.2.1:2641");
		fake_advance(1);
	}
	for (size_t i = 0; i < MORE_COUNT; i++) {
		give(MORE_COUNT - 1 - i, "192.0.2.1:2641");
		fake_advance(1);
		assert_int_equal(
			fake_peer_is_closed(peers[MORE_COUNT - 1]), i == CLIENT_KEPT_COUNT_MAX);
	}
	for (size_t i = 0; i < MORE_COUNT - 1; i++) {
		assert_false(fake_peer_is_closed(peers[i]));
	}
}

static void
a_connection_waits_for_its_time_and_no_longer(void **state)
{
	(void)state;
	connection_open(0, "192.0.2.1:2641");
	connection_open(1, "192.0.2.2:2641");
	give(0, "192.0.2.1:2641");
	fake_advance(1000);
	give(1, "192.0.2.2:2641");
	fake_advance(CLIENT_KEPT_MS - 1001);
	assert_false(fake_peer_is_closed(peers[0]));
	fake_advance(1);
	assert_true(fake_peer_is_closed(peers[0]));
	fake_advance(999);
	assert_false(fake_peer_is_closed(peers[1]));
	fake_advance(1);
	assert_true(fake_peer_is_closed(peers[1]));
	assert_null(take("192.0.2.2:2641"));
	assert_int_equal(closed_count, 0);
}

static void
one_that_its_server_ends_or_that_talks_unasked_is_gone(void **state)
{
	(void)state;
	connection_open(0, "192.0.2.1:2641");
	connection_open(1, "192.0.2.2:2641");
	give(0, "192.0.2.1:2641");
	give(1, "192.0.2.2:2641");
	fake_peer_close(peers[0]);
	fake_peer_send(peers[1], TEXT("?"));
	fake_run();
	assert_null(take("192.0.2.1:2641"));
	assert_null(take("192.0.2.2:2641"));
	assert_true(fake_peer_is_closed(peers[1]));
}

#define KEPT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		KEPT_TEST(what_was_given_for_an_address_is_taken_for_it_once),
		KEPT_TEST(one_more_than_may_be_kept_takes_the_place_of_the_oldest),
		KEPT_TEST(a_connection_waits_for_its_time_and_no_longer),
		KEPT_TEST(one_that_its_server_ends_or_that_talks_unasked_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
