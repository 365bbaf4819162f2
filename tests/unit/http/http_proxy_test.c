/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "base/limits.h"
#include "http/http_proxy.h"

#include <stdlib.h>

#define SIGNATURE 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a

/* Reads as a connection does: never more than what is wanted. `ret_taken` is where it ended. */
static enum status
take(struct bytes octets, struct http_proxy *proxy, size_t *ret_taken)
{
	enum status status;
	size_t size = 0;

	for (;;) {
		uint8_t *exact = malloc(size + 1);

		memcpy(exact, octets.at, size);
		exact = realloc(exact, size == 0 ? 1 : size);
		status = http_proxy_read(bytes_over(exact, size), proxy);
		free(exact);
		if (status != STATUS_TRUNCATED) {
			break;
		}
		assert_true(proxy->wanted > 0);
		if (size + proxy->wanted > octets.size) {
			break;
		}
		size += proxy->wanted;
	}
	*ret_taken = size;
	return status;
}

static void
assert_address(struct bytes octets, size_t size, const char *text)
{
	struct http_proxy proxy;
	char address[ADDRESS_TEXT_SIZE_MAX];
	size_t taken;

	assert_int_equal(take(octets, &proxy, &taken), STATUS_OK);
	assert_int_equal(taken, size);
	assert_int_equal(proxy.has_address, text != NULL);
	if (text != NULL) {
		assert_string_equal(address_format(&proxy.address, address), text);
	}
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(take(bytes_slice(octets, 0, i), &proxy, &taken), STATUS_TRUNCATED);
	}
}

static void
lines_of_version_1_are_read_to_their_end_and_no_further(void **state)
{
	(void)state;
	assert_address(TEXT("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\nGET / HTTP"), 45,
		"192.0.2.1:56324");
	assert_address(
		TEXT("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n\x16\x03"), 36, "[2001:db8::1]:1");
	assert_address(TEXT("PROXY UNKNOWN\r\nGET / HTTP"), 15, NULL);
	assert_address(TEXT("PROXY UNKNOWN ffff::1 ffff::1 1 2\r\nGET / HTTP"), 35, NULL);
}

static void
heads_of_version_2_are_read_to_their_end_and_no_further(void **state)
{
	(void)state;
	assert_address(BYTES(SIGNATURE, 0x21, 0x11, 0, 12, 192, 0, 2, 1, 198, 51, 100, 1, 0, 80, 1,
			       187, 'G', 'E'),
		28, "192.0.2.1:80");
	assert_address(BYTES(SIGNATURE, 0x21, 0x21, 0, 38, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0,
			       0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 80,
			       1, 187, 9, 9),
		54, "[2001:db8::1]:80");
	assert_address(BYTES(SIGNATURE, 0x20, 0x00, 0, 0, 'G'), 16, NULL);
	assert_address(BYTES(SIGNATURE, 0x20, 0x11, 0, 2, 1, 2, 'G'), 18, NULL);
	assert_address(BYTES(SIGNATURE, 0x21, 0x31, 0, 1, 7, 'G'), 17, NULL);
}

/* Whoever reads by single octets is told to go on until it is clear that it is none. */
static void
every_beginning_of_one_wants_more(void **state)
{
	const struct bytes both[] = {
		TEXT("PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n"), BYTES(SIGNATURE, 0x20, 0x00, 0, 0)};
	struct http_proxy proxy;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (size_t size = 0; size < both[i].size; size++) {
			uint8_t *other = malloc(size + 1);

			assert_int_equal(http_proxy_read(bytes_slice(both[i], 0, size), &proxy),
				STATUS_TRUNCATED);
			assert_true(proxy.wanted > 0 && size + proxy.wanted <= both[i].size);
			memcpy(other, both[i].at, size);
			other[size] = 'x';
			if (size < 6 || (i == 1 && size < 13)) {
				assert_int_equal(
					http_proxy_read(bytes_over(other, size + 1), &proxy),
					size + 1 == 13 && i == 1 ? STATUS_TRUNCATED
								 : STATUS_MALFORMED);
			}
			free(other);
		}
	}
}

static void
what_is_no_proxy_protocol_is_refused(void **state)
{
	static const char *const lines[] = {"GET / HTTP/1.1\r\n",
		"proxy TCP4 1.1.1.1 1.1.1.1 1 1\r\n", "PROXYTCP4 1.1.1.1 1.1.1.1 1 1\r\n",
		"PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n", "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 1\r\n",
		"PROXY TCP4 ::1 ::1 1 1\r\n", "PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n",
		"PROXY TCP4 1.1.1.1:2 1.1.1.1 1 1\r\n", "PROXY TCP4 1.1.1.1 1.1.1.1 65536 1\r\n",
		"PROXY TCP4 1.1.1.1 1.1.1.1 -1 1\r\n", "PROXY TCP4  1.1.1.1 1.1.1.1 1 1\r\n",
		"PROXY TCP4 1.1.1.1 1.1.1.1 1 1\n", "PROXY UNKNOWNx\r\n",
		"PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n", "PROXY TCP4 1.1.1 1.1.1.1 1 1\r\n",
		"PROXY TCP4 1.1.1.1 1.1.1 1 1\r\n", "PROXY TCP6 [::1] ::1 1 1\r\n",
		"PROXY TCP4 1.1.1.1 1.1.1.1 1 65536\r\n", "PROXY TCP6 ::1 ::1 65536 1\r\n"};
	struct http_proxy proxy;
	size_t taken;
	(void)state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(
			take(bytes_from_string(lines[i]), &proxy, &taken), STATUS_MALFORMED);
	}
	assert_int_equal(
		take(BYTES(SIGNATURE, 0x22, 0x11, 0, 0), &proxy, &taken), STATUS_MALFORMED);
	assert_int_equal(
		take(BYTES(SIGNATURE, 0x11, 0x11, 0, 0), &proxy, &taken), STATUS_MALFORMED);
	assert_int_equal(
		take(BYTES(SIGNATURE, 0x21, 0x11, 0, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), &proxy,
			&taken),
		STATUS_MALFORMED);
}

static void
sizes_have_a_limit(void **state)
{
	uint8_t head[HTTP_PROXY_SIZE_MAX + 1] = {SIGNATURE, 0x20, 0};
	char line[200];
	struct http_proxy proxy;
	size_t taken;
	(void)state;

	for (int more = -1; more <= 1; more++) {
		size_t size = (size_t)(HTTP_PROXY_SIZE_MAX + more - 16);

		head[14] = (uint8_t)(size >> 8);
		head[15] = (uint8_t)size;
		assert_int_equal(take(bytes_over(head, 16 + size), &proxy, &taken),
			more <= 0 ? STATUS_OK : STATUS_TOO_LARGE);
	}
	for (int more = -1; more <= 1; more++) {
		size_t size = (size_t)(107 + more);

		memset(line, 'x', sizeof(line));
		memcpy(line, "PROXY UNKNOWN ", 14);
		memcpy(line + size - 2, "\r\n", 2);
		assert_int_equal(take(bytes_over(line, size), &proxy, &taken),
			more <= 0 ? STATUS_OK : STATUS_TOO_LARGE);
	}
}

static void
assert_forwarded(const char *header, bool is_list, const char *text, bool is_tls)
{
	struct network network;
	struct http_networks trusted = {&network, 1};
	struct http_forwarded found;
	char address[ADDRESS_TEXT_SIZE_MAX];

	assert_int_equal(network_parse(TEXT("10.0.0.0/8"), &network), STATUS_OK);
	http_forwarded_read(bytes_from_string(header), is_list, &trusted, &found);
	assert_int_equal(found.has_address, text != NULL);
	if (text != NULL) {
		assert_string_equal(address_format(&found.address, address), text);
		assert_int_equal(found.is_tls, is_tls);
	}
}

static void
the_last_address_that_is_none_of_ours_asks(void **state)
{
	(void)state;
	assert_forwarded("192.0.2.1", true, "192.0.2.1:0", false);
	assert_forwarded("203.0.113.9, 192.0.2.1", true, "192.0.2.1:0", false);
	assert_forwarded("203.0.113.9, 192.0.2.1 ,10.1.1.1,10.2.2.2", true, "192.0.2.1:0", false);
	assert_forwarded("10.1.1.1", true, "10.1.1.1:0", false);
	assert_forwarded("203.0.113.9,\t192.0.2.1\t , 10.1.1.1 \t", true, "192.0.2.1:0", false);
	assert_forwarded("2001:db8::1", true, "[2001:db8::1]:0", false);
	assert_forwarded("192.0.2.1:4711", true, "192.0.2.1:4711", false);
	assert_forwarded("unknown", true, NULL, false);
	assert_forwarded("", true, NULL, false);
	/* What cannot be read hides all before it. */
	assert_forwarded("192.0.2.1, unknown", true, NULL, false);
	assert_forwarded("192.0.2.1, unknown, 10.1.1.1", true, "10.1.1.1:0", false);
}

static void
elements_of_forwarded_are_read_with_their_scheme(void **state)
{
	(void)state;
	assert_forwarded("for=192.0.2.60;proto=https;by=203.0.113.43", false, "192.0.2.60:0", true);
	assert_forwarded("For=\"[2001:db8::1]:4711\"", false, "[2001:db8::1]:4711", false);
	assert_forwarded(
		"for=1.1.1.1;proto=https, for=192.0.2.1;proto=http", false, "192.0.2.1:0", false);
	assert_forwarded(
		"for=192.0.2.1;proto=https, for=10.1.1.1;proto=http", false, "192.0.2.1:0", true);
	assert_forwarded("for=\"192.0.2.1, for=1.1.1.1\"", false, NULL, false);
	assert_forwarded("for=_hidden", false, NULL, false);
	assert_forwarded("by=192.0.2.1", false, NULL, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_version_1_are_read_to_their_end_and_no_further),
		cmocka_unit_test(heads_of_version_2_are_read_to_their_end_and_no_further),
		cmocka_unit_test(every_beginning_of_one_wants_more),
		cmocka_unit_test(what_is_no_proxy_protocol_is_refused),
		cmocka_unit_test(sizes_have_a_limit),
		cmocka_unit_test(the_last_address_that_is_none_of_ours_asks),
		cmocka_unit_test(elements_of_forwarded_are_read_with_their_scheme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
