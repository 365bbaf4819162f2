/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_service.h"

#include "base/limits.h"
#include "support/cmocka_all.h"

#include <stdio.h>

static void
addresses_that_no_site_can_have_are_known_in_every_form(void **state)
{
	static const struct {
		const char *text;
		bool is_private;
	} rows[] = {
		{"0.0.0.0", true},
		{"0.255.255.255", true},
		{"1.0.0.0", false},
		{"9.255.255.255", false},
		{"10.0.0.0", true},
		{"10.255.255.255", true},
		{"11.0.0.0", false},
		{"100.63.255.255", false},
		{"100.64.0.0", true},
		{"100.127.255.255", true},
		{"100.128.0.0", false},
		{"126.255.255.255", false},
		{"127.0.0.0", true},
		{"127.255.255.255", true},
		{"128.0.0.0", false},
		{"169.253.255.255", false},
		{"169.254.0.0", true},
		{"169.254.255.255", true},
		{"169.255.0.0", false},
		{"172.15.255.255", false},
		{"172.16.0.0", true},
		{"172.31.255.255", true},
		{"172.32.0.0", false},
		{"192.0.0.0", true},
		{"192.0.0.255", true},
		{"192.0.1.0", false},
		{"192.167.255.255", false},
		{"192.168.0.0", true},
		{"192.168.255.255", true},
		{"192.169.0.0", false},
		{"198.17.255.255", false},
		{"198.18.0.0", true},
		{"198.19.255.255", true},
		{"198.20.0.0", false},
		{"223.255.255.255", false},
		{"224.0.0.0", true},
		{"239.255.255.255", true},
		{"240.0.0.0", true},
		{"255.255.255.255", true},
		{"203.0.113.1", false},
		{"8.8.8.8", false},
		{"::", true},
		{"::1", true},
		{"::ffff:127.0.0.1", true},
		{"::ffff:10.0.0.1", true},
		{"::ffff:8.8.8.8", false},
		{"64:ff9b::a00:1", true},
		{"64:ff9b::808:808", false},
		{"2002:a00:1::", true},
		{"2002:808:808::", false},
		{"2001::1", true},
		{"2001:1::1", false},
		{"fbff::1", false},
		{"fc00::", true},
		{"fdff:ffff::1", true},
		{"fe00::1", false},
		{"fe80::1", true},
		{"febf::1", true},
		{"fec0::1", true},
		{"feff::1", true},
		{"ff02::1", true},
		{"100::1", true},
		{"2001:db8::1", false},
		{"2400:3200::1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address address;

		assert_int_equal(
			address_parse(bytes_from_string(rows[i].text), 2641, &address), STATUS_OK);
		if (resolver_address_is_private(&address) != rows[i].is_private) {
			fail_msg("%s", rows[i].text);
		}
	}
}

static void
ports_of_other_services_are_refused(void **state)
{
	(void)state;
	assert_true(resolver_port_is_refused(0));
	assert_true(resolver_port_is_refused(22));
	assert_true(resolver_port_is_refused(79));
	assert_false(resolver_port_is_refused(80));
	assert_true(resolver_port_is_refused(81));
	assert_false(resolver_port_is_refused(443));
	assert_true(resolver_port_is_refused(1023));
	assert_false(resolver_port_is_refused(1024));
	assert_false(resolver_port_is_refused(2641));
}

static void
further_services_are_taken_once_and_up_to_a_limit(void **state)
{
	struct arena *arena = arena_new(4096, 1 << 20);
	struct resolver_service service = {.site_count = 0};
	char name[16];

	(void)state;
	assert_int_equal(resolver_service_add_further(&service, TEXT("0.NA/S"), arena), STATUS_OK);
	assert_int_equal(resolver_service_add_further(&service, TEXT("0.na/s"), arena), STATUS_OK);
	assert_int_equal(
		resolver_service_add_further(&service, (struct bytes){NULL, 0}, arena), STATUS_OK);
	assert_int_equal(service.further_count, 1);
	for (int i = 0; service.further_count < RESOLVER_FURTHER_COUNT_MAX; i++) {
		snprintf(name, sizeof(name), "8%d/s", i);
		assert_false(service.is_cut);
		assert_int_equal(
			resolver_service_add_further(&service, bytes_from_string(name), arena),
			STATUS_OK);
	}
	assert_int_equal(
		resolver_service_add_further(&service, TEXT("one/more"), arena), STATUS_OK);
	assert_int_equal(service.further_count, RESOLVER_FURTHER_COUNT_MAX);
	assert_true(service.is_cut);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_that_no_site_can_have_are_known_in_every_form),
		cmocka_unit_test(ports_of_other_services_are_refused),
		cmocka_unit_test(further_services_are_taken_once_and_up_to_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
