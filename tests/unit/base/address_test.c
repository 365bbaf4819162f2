/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"
#include "support/cmocka_all.h"
#include "support/heap.h"

static struct address
address_of(const char *text)
{
	struct address address;

	memset(&address, 0xa5, sizeof(address));
	assert_int_equal(address_parse(bytes_from_string(text), 2641, &address), STATUS_OK);
	return address;
}

static void
addresses_are_read_with_and_without_a_port(void **state)
{
	static const char *const rows[][2] = {
		{"127.0.0.1:80", "127.0.0.1:80"},
		{"127.0.0.1", "127.0.0.1:2641"},
		{"255.255.255.255:65535", "255.255.255.255:65535"},
		{"0.0.0.0:0", "0.0.0.0:0"},
		{"[::1]:80", "[::1]:80"},
		{"[::1]", "[::1]:2641"},
		{"::1", "[::1]:2641"},
		{"::", "[::]:2641"},
		{"2001:DB8::A", "[2001:db8::a]:2641"},
		{"[1111:2222:3333:4444:5555:6666:7777:8888]:65535",
			"[1111:2222:3333:4444:5555:6666:7777:8888]:65535"},
		{"[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.1]:1"},
		{"[fe80::1%2]:2641", "[fe80::1%2]:2641"},
		{"fe80::1%4294967295", "[fe80::1%4294967295]:2641"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address address = address_of(rows[i][0]);
		char text[ADDRESS_TEXT_SIZE_MAX];
		struct address again;

		assert_string_equal(address_format(&address, text), rows[i][1]);
		again = address_of(text);
		assert_true(address_equal(&address, &again));
		assert_int_equal(address.size,
			address.any.sa_family == AF_INET ? sizeof(struct sockaddr_in)
							 : sizeof(struct sockaddr_in6));
	}
}

static void
other_texts_are_refused_and_nothing_is_stored(void **state)
{
	static const char *const bad[] = {"", ":", ":80", "[", "]", "[]", "[]:80", "[::1", "[::1]x",
		"[::1]:", "[::1]:65536", "[::1]:-1", "[::1]:080", "[::1]80", "::1]:80",
		"[127.0.0.1]:80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "127.0.0.1: 80",
		"127.0.0.1:+80", "127.0.0.1:99999999999999999999", "127.0.0", "127.0.0.1.1",
		"127.0.0.256", "127.1", "127.0.0.01", " 127.0.0.1", "127.0.0.1 ", "0x7f.0.0.1",
		"localhost", "::1::", "1:2:3:4:5:6:7:8:9", "12345::", "fe80::1%eth0", "fe80::1%",
		"fe80::1%4294967296", "2001:db8::1%2", "127.0.0.1%2", "192.0.2.0/24",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee]:1"};
	struct address address;
	struct address before;

	(void)state;
	memset(&address, 0xa5, sizeof(address));
	before = address;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bytes text = heap_copy(bytes_from_string(bad[i]));

		if (address_parse(text, 2641, &address) != STATUS_MALFORMED) {
			fail_msg("\"%s\" was taken", bad[i]);
		}
		assert_memory_equal(&address, &before, sizeof(address));
		heap_free(text);
	}
	assert_int_equal(address_parse(TEXT("127.0.0.1\0:80"), 1, &address), STATUS_MALFORMED);
	assert_int_equal(address_parse(TEXT("127.0.0.1\0"), 1, &address), STATUS_MALFORMED);
	assert_int_equal(address_parse((struct bytes){NULL, 0}, 1, &address), STATUS_MALFORMED);
}

static void
the_longest_text_fits_its_buffer(void **state)
{
	struct address address =
		address_of("[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
	char text[ADDRESS_TEXT_SIZE_MAX];

	(void)state;
	assert_string_equal(address_format(&address, text),
		"[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
}

static void
ports_are_read_and_set_in_both_families(void **state)
{
	struct address v4 = address_of("127.0.0.1:1");
	struct address v6 = address_of("[::1]:2");

	(void)state;
	assert_int_equal(address_port(&v4), 1);
	assert_int_equal(address_port(&v6), 2);
	address_set_port(&v4, 65535);
	address_set_port(&v6, 0x1234);
	assert_int_equal(address_port(&v4), 65535);
	assert_int_equal(ntohs(v6.v6.sin6_port), 0x1234);
}

static void
any_address_is_of_the_same_family(void **state)
{
	struct address address;
	char text[ADDRESS_TEXT_SIZE_MAX];

	(void)state;
	assert_int_equal(address_parse(TEXT("192.0.2.7:2641"), 1, &address), STATUS_OK);
	address = address_any(&address);
	assert_string_equal(address_format(&address, text), "0.0.0.0:0");
	assert_int_equal(address_parse(TEXT("[fe80::1%2]:2641"), 1, &address), STATUS_OK);
	address = address_any(&address);
	assert_string_equal(address_format(&address, text), "[::]:0");
	assert_int_equal(address.v6.sin6_scope_id, 0);
}

static void
an_address_of_no_family_is_harmless(void **state)
{
	struct address none = {.size = 0};
	char text[ADDRESS_TEXT_SIZE_MAX];

	(void)state;
	none.any.sa_family = AF_UNSPEC;
	address_set_port(&none, 80);
	assert_int_equal(address_port(&none), 0);
	assert_string_equal(address_format(&none, text), "?:0");
}

static void
equal_means_same_octets_port_and_scope(void **state)
{
	struct address one = address_of("192.0.2.1:80");
	struct address mapped = address_of("[::ffff:192.0.2.1]:80");
	struct address port = address_of("192.0.2.1:81");
	struct address host = address_of("192.0.2.2:80");
	struct address link = address_of("[fe80::1%1]:80");
	struct address other_link = address_of("[fe80::1%2]:80");

	(void)state;
	assert_true(address_equal(&one, &mapped));
	assert_false(address_equal(&one, &port));
	assert_false(address_equal(&one, &host));
	assert_true(address_equal(&link, &link));
	assert_false(address_equal(&link, &other_link));
}

static void
ipv4_octets_stand_behind_ffff(void **state)
{
	struct address address = address_of("192.0.2.1:80");
	uint8_t octets[16];

	(void)state;
	address_octets(&address, octets);
	assert_memory_equal(
		octets, BYTES(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1).at, 16);
}

static bool
network_text_holds(const char *network_text, const char *address_text)
{
	struct address address = address_of(address_text);
	struct network network;
	uint8_t octets[16];

	assert_int_equal(network_parse(bytes_from_string(network_text), &network), STATUS_OK);
	address_octets(&address, octets);
	return network_holds(&network, octets);
}

static void
networks_hold_what_their_bits_say(void **state)
{
	static const struct {
		const char *network;
		const char *address;
		bool is_held;
	} rows[] = {
		{"192.0.2.0/24", "192.0.2.0", true},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/24", "192.0.1.255", false},
		{"192.0.2.0/24", "::ffff:192.0.2.9", true},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"192.0.2.0/23", "192.0.3.1", true},
		{"192.0.2.7", "192.0.2.7", true},
		{"192.0.2.7/32", "192.0.2.6", false},
		{"0.0.0.0/0", "255.1.2.3", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "192.0.2.1", true},
		{"2001:db8::/32", "2001:db8:ffff::", true},
		{"2001:db8::/32", "2001:db9::", false},
		{"2001:db8::1", "2001:db8::1", true},
		{"2001:db8::1/128", "2001:db8::2", false},
		{"2001:db8::/127", "2001:db8::1", true},
		{"8000::/1", "ffff::", true},
		{"8000::/1", "7fff::", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (network_text_holds(rows[i].network, rows[i].address) != rows[i].is_held) {
			fail_msg("%s and %s", rows[i].network, rows[i].address);
		}
	}
}

static void
networks_of_another_form_are_refused(void **state)
{
	static const char *const bad[] = {"", "/", "/24", "192.0.2.0/", "192.0.2.0/33",
		"192.0.2.0/-1", "192.0.2.0/024", "192.0.2.0/24/24", "192.0.2.0/24 ", "192.0.2/24",
		"2001:db8::/129", "2001:db8::/", "[2001:db8::]/32", "fe80::%1/64", "fe80::%1",
		"192.0.2.0:80/24"};
	static const char *const slips[] = {"192.0.2.1/24", "192.0.2.129/25", "0.0.0.1/0",
		"2001:db8::1/32", "2001:db8::1/127", "::1/0"};
	struct network network = {.bits = 77};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bytes text = heap_copy(bytes_from_string(bad[i]));

		if (network_parse(text, &network) != STATUS_MALFORMED) {
			fail_msg("\"%s\" was taken", bad[i]);
		}
		heap_free(text);
	}
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		assert_int_equal(
			network_parse(bytes_from_string(slips[i]), &network), STATUS_INVALID);
	}
	assert_int_equal(network.bits, 77);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_with_and_without_a_port),
		cmocka_unit_test(other_texts_are_refused_and_nothing_is_stored),
		cmocka_unit_test(the_longest_text_fits_its_buffer),
		cmocka_unit_test(ports_are_read_and_set_in_both_families),
		cmocka_unit_test(any_address_is_of_the_same_family),
		cmocka_unit_test(an_address_of_no_family_is_harmless),
		cmocka_unit_test(equal_means_same_octets_port_and_scope),
		cmocka_unit_test(ipv4_octets_stand_behind_ffff),
		cmocka_unit_test(networks_hold_what_their_bits_say),
		cmocka_unit_test(networks_of_another_form_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
