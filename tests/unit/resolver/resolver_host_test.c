/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_host.h"

#include "base/limits.h"
#include "support/cmocka_all.h"

static struct address
address_of(uint32_t number)
{
	struct address address = {.size = sizeof(address.v4)};

	address.v4.sin_family = AF_INET;
	address.v4.sin_addr.s_addr = number;
	address_set_port(&address, 2641);
	return address;
}

static void
a_server_is_found_again_with_what_is_known_of_it(void **state)
{
	struct resolver_hosts *hosts = resolver_hosts_new();
	struct address one = address_of(1), other = address_of(1);
	struct resolver_host *host;

	(void)state;
	address_set_port(&other, 2642);
	host = resolver_hosts_get(hosts, &one, 0);
	resolver_host_answered(host, 8000);
	assert_int_equal(resolver_hosts_get(hosts, &one, 5)->time_us, 8001);
	assert_int_equal(resolver_hosts_get(hosts, &other, 5)->time_us, 0);
	resolver_hosts_free(hosts);
}

static void
times_settle_at_what_is_measured(void **state)
{
	struct resolver_hosts *hosts = resolver_hosts_new();
	struct address address = address_of(1);
	struct resolver_host *host = resolver_hosts_get(hosts, &address, 0);

	(void)state;
	assert_int_equal(resolver_host_patience_ms(host), 300);
	for (int i = 0; i < 100; i++) {
		resolver_host_answered(host, 100000);
	}
	assert_in_range(host->time_us, 99000, 101000);
	assert_in_range(resolver_host_patience_ms(host), 99, 120);
	for (int i = 0; i < 200; i++) {
		resolver_host_answered(host, 1000);
	}
	assert_in_range(host->time_us, 900, 1100);
	assert_int_equal(resolver_host_patience_ms(host), 50);
	for (int i = 0; i < 200; i++) {
		resolver_host_answered(host, 5000000);
	}
	assert_int_equal(resolver_host_patience_ms(host), 600);
	resolver_hosts_free(hosts);
}

static void
an_unknown_server_is_dearer_than_a_quick_one_and_cheaper_than_a_slow_one(void **state)
{
	struct resolver_hosts *hosts = resolver_hosts_new();
	struct address quick = address_of(1), slow = address_of(2), unknown = address_of(3);

	(void)state;
	resolver_host_answered(resolver_hosts_get(hosts, &quick, 0), 1000);
	resolver_host_answered(resolver_hosts_get(hosts, &slow, 0), 200000);
	assert_true(resolver_host_cost_us(resolver_hosts_get(hosts, &quick, 0)) <
		resolver_host_cost_us(resolver_hosts_get(hosts, &unknown, 0)));
	assert_true(resolver_host_cost_us(resolver_hosts_get(hosts, &unknown, 0)) <
		resolver_host_cost_us(resolver_hosts_get(hosts, &slow, 0)));
	resolver_hosts_free(hosts);
}

static void
silence_holds_down_longer_each_time_and_an_answer_ends_it(void **state)
{
	struct resolver_hosts *hosts = resolver_hosts_new();
	struct address address = address_of(1);
	struct resolver_host *host = resolver_hosts_get(hosts, &address, 0);

	(void)state;
	for (uint32_t i = 1; i < RESOLVER_SILENCE_COUNT_MAX; i++) {
		resolver_host_silent(host, 0);
		assert_false(resolver_host_is_held(host, 0));
	}
	resolver_host_silent(host, 0);
	assert_true(resolver_host_is_held(host, RESOLVER_HOLD_MIN_MS - 1));
	assert_false(resolver_host_is_held(host, RESOLVER_HOLD_MIN_MS));
	resolver_host_silent(host, 1000);
	assert_true(resolver_host_is_held(host, 1000 + 2 * RESOLVER_HOLD_MIN_MS - 1));
	for (int i = 0; i < 100; i++) {
		resolver_host_silent(host, 2000);
	}
	assert_true(resolver_host_is_held(host, 2000 + RESOLVER_HOLD_MAX_MS - 1));
	assert_false(resolver_host_is_held(host, 2000 + RESOLVER_HOLD_MAX_MS));
	resolver_host_answered(host, 1000);
	assert_false(resolver_host_is_held(host, 2000));
	resolver_hosts_free(hosts);
}

static void
the_table_is_fixed_and_those_in_use_keep_their_places(void **state)
{
	struct resolver_hosts *hosts = resolver_hosts_new();
	struct address first = address_of(1);
	struct resolver_host *kept = resolver_hosts_get(hosts, &first, 0);
	size_t refused = 0;

	(void)state;
	kept->busy_count = 1;
	resolver_host_answered(kept, 7000);
	for (uint32_t i = 2; i < 4 * RESOLVER_HOST_COUNT_MAX; i++) {
		struct address address = address_of(i);

		assert_non_null(resolver_hosts_get(hosts, &address, i));
	}
	assert_ptr_equal(resolver_hosts_get(hosts, &first, 0), kept);
	assert_int_equal(kept->time_us, 7001);
	/* Everything busy: the next one is told that there is no place. */
	for (uint32_t i = 0; i < 64 * RESOLVER_HOST_COUNT_MAX; i++) {
		struct address address = address_of(i);
		struct resolver_host *host = resolver_hosts_get(hosts, &address, i);

		if (host == NULL) {
			refused++;
		} else {
			host->busy_count = 1;
		}
	}
	assert_int_equal(refused, 64 * RESOLVER_HOST_COUNT_MAX - RESOLVER_HOST_COUNT_MAX);
	resolver_hosts_free(hosts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_found_again_with_what_is_known_of_it),
		cmocka_unit_test(times_settle_at_what_is_measured),
		cmocka_unit_test(
			an_unknown_server_is_dearer_than_a_quick_one_and_cheaper_than_a_slow_one),
		cmocka_unit_test(silence_holds_down_longer_each_time_and_an_answer_ends_it),
		cmocka_unit_test(the_table_is_fixed_and_those_in_use_keep_their_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
