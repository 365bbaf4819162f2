/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_destination.h"

#include "support/cmocka_all.h"

#include <stdio.h>

static enum status
write_line(const char *line, char *ret_text)
{
	struct text_writer writer = text_writer_over(ret_text, 511);
	enum status status = http_destination_write(&writer, bytes_from_string(line));

	*writer.next = '\0';
	return status;
}

static void
a_line_is_kept_as_hosts_are_written(void **state)
{
	static const char *const lines[][2] = {
		{"88.995 example.org", "88.995 example.org"},
		{"88.995   example.org ", "88.995 example.org"},
		{"* EXAMPLE.org", "* EXAMPLE.org"},
		{"88.995 *.example.org", "88.995 *.example.org"},
		{"88.995 \xe4\xbe\x8b\xe5\xad\x90.\xe4\xb8\xad\xe5\x9b\xbd",
			"88.995 xn--fsqu00a.xn--fiqs8s"},
		{"88.995 *.b\xc3\xbc"
		 "cher.example",
			"88.995 *.xn--bcher-kva.example"},
		{"88.995 192.0.2.1", "88.995 192.0.2.1"},
		{"88.995 [2001:db8::1]", "88.995 [2001:db8::1]"},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(write_line(lines[i][0], text), STATUS_OK);
		assert_string_equal(text, lines[i][1]);
	}
}

static void
what_is_no_line_is_refused(void **state)
{
	static const char *const lines[] = {"", "88.995", "88.995 ", " example.org", "example.org",
		"88/995 example.org", "88.995 example.org:443", "88.995 example.org/a",
		"88.995 example.org.", "88.995 https://example.org", "88.995 a b", "88.995 *",
		"88.995 *example.org", "88.995 *.*.example.org", "88.995 *.",
		"88.995 user@example.org", "88.995 example.org?a", "88.995 example.org#a",
		"88.995 127.1", "88.995 M\xc3\x9cNCHEN.example", "88.995 example..org"};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (write_line(lines[i], text) != STATUS_INVALID) {
			fail_msg("taken: %s", lines[i]);
		}
	}
}

static void
room_and_names_have_a_limit(void **state)
{
	char line[2048];
	char room[16];
	char text[512];

	(void)state;
	for (size_t size = 0; size < sizeof(room); size++) {
		struct text_writer writer = text_writer_over(room, size);

		assert_int_equal(http_destination_write(&writer, TEXT("1 good.example")),
			size < 14 ? STATUS_NO_SPACE : STATUS_OK);
	}
	snprintf(line, sizeof(line), "1 %01500d", 0);
	assert_int_equal(write_line(line, text), STATUS_INVALID);
}

static bool
allow(const struct http_destinations *destinations, const char *handle, const char *url)
{
	return http_destinations_allow(
		destinations, bytes_from_string(handle), bytes_from_string(url));
}

static void
lines_of_the_longest_prefix_count_and_no_others(void **state)
{
	/* In an order that helps nobody. */
	static const char *const lines[] = {"88.1.2 b.example", "* a.example", "88.1 c.example",
		"88.1.2 d.example", "* e.example", "88.1 f.example"};
	struct http_destinations destinations = {.count = 0};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		destinations.items[destinations.count++] =
			http_destination_over(bytes_from_string(lines[i]));
	}
	assert_true(allow(&destinations, "88.9/x", "http://a.example"));
	assert_true(allow(&destinations, "88.9/x", "http://e.example"));
	assert_false(allow(&destinations, "88.9/x", "http://c.example"));
	assert_true(allow(&destinations, "88.1/x", "http://c.example"));
	assert_true(allow(&destinations, "88.1.3/x", "http://f.example"));
	assert_false(allow(&destinations, "88.1/x", "http://a.example"));
	assert_true(allow(&destinations, "88.1.2/x", "http://b.example"));
	assert_true(allow(&destinations, "88.1.2.9/x", "http://d.example"));
	assert_false(allow(&destinations, "88.1.2/x", "http://c.example"));
	assert_false(allow(&destinations, "88.1.2/x", "http://e.example"));
	/* A name is no part of another, and a prefix handle is of the prefix that it names. */
	assert_true(allow(&destinations, "88.11/x", "http://a.example"));
	assert_true(allow(&destinations, "88.1.22/x", "http://c.example"));
	assert_true(allow(&destinations, "0.NA/88.1", "http://c.example"));
	assert_false(allow(&destinations, "0.NA/88.1", "http://a.example"));
}

static void
without_a_line_for_it_a_prefix_leads_anywhere(void **state)
{
	struct http_destinations destinations = {.count = 0};

	(void)state;
	assert_true(allow(&destinations, "88.1/x", "http://a.example"));
	destinations.items[destinations.count++] = http_destination_over(TEXT("88.1 b.example"));
	assert_true(allow(&destinations, "88.2/x", "http://a.example"));
	assert_false(allow(&destinations, "88.1/x", "http://a.example"));
}

static void
hosts_are_compared_as_browsers_do(void **state)
{
	struct http_destinations destinations = {.count = 3,
		.items = {http_destination_over(TEXT("88.x Good.example")),
			http_destination_over(TEXT("88.x *.Names.example")),
			http_destination_over(TEXT("88.x xn--fsqu00a.xn--fiqs8s"))}};

	(void)state;
	assert_true(allow(&destinations, "88.X/x", "http://gOOD.example"));
	assert_true(allow(&destinations, "88.x/x", "ftp://good.example.:21?a"));
	assert_false(allow(&destinations, "88.x/x", "http://good.example.evil.example"));
	assert_false(allow(&destinations, "88.x/x", "http://a.good.example"));
	assert_false(allow(&destinations, "88.x/x", "http://agood.example"));
	assert_true(allow(&destinations, "88.x/x", "http://a.names.example"));
	assert_true(allow(&destinations, "88.x/x", "http://a.b.names.example.:1/"));
	assert_false(allow(&destinations, "88.x/x", "http://names.example"));
	assert_false(allow(&destinations, "88.x/x", "http://evilnames.example"));
	assert_true(allow(&destinations, "88.x/x",
		"http://\xe4\xbe\x8b\xe5\xad\x90.\xe4\xb8\xad\xe5\x9b\xbd/"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_kept_as_hosts_are_written),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(room_and_names_have_a_limit),
		cmocka_unit_test(lines_of_the_longest_prefix_count_and_no_others),
		cmocka_unit_test(without_a_line_for_it_a_prefix_leads_anywhere),
		cmocka_unit_test(hosts_are_compared_as_browsers_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
