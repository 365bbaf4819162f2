/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_settings.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static enum status
parse(const char *text, struct settings *settings, struct problem *problem)
{
	problem->text[0] = '\0';
	return settings_parse(bytes_from_string(text), "houji.yaml", settings, problem);
}

static void
an_empty_file_gives_the_defaults(void **state)
{
	struct settings settings;
	struct problem problem;

	(void)state;
	assert_int_equal(parse("", &settings, &problem), STATUS_OK);
	assert_int_equal(settings.listen.count, 2);
	assert_int_equal(address_port(&settings.listen.items[0]), 2641);
	assert_int_equal(settings.udp_byte_rate, 16384);
	assert_string_equal(settings.history_keep.text, "forever");
	assert_true(settings.history_keep.ms == INT64_MAX);
	assert_int_equal(settings.exempt.count, 2);
	assert_string_equal(settings.key.text, "keys/server.pem");
	assert_false(settings.signer_sha1);
}

static void
what_is_set_is_taken(void **state)
{
	struct settings settings;
	struct problem problem;

	(void)state;
	assert_int_equal(parse("listen: [\"127.0.0.1:9\", \"[::1]:10\"]\n"
			       "udp:\n"
			       "  byte_rate: 2000\n"
			       "signer:\n"
			       "  sha1: true\n"
			       "tcp:\n"
			       "  # everything here is commented out\n"
			       "limits:\n"
			       "  exempt: []\n"
			       "web:\n"
			       "  base_url: https://id.example.org:8000/a\n"
			       "  destinations: [\"88.995  *.Example.org\", \"* b.example\"]\n"
			       "codes:\n"
			       "  prefix: 88.998.1\n",
				 &settings, &problem),
		STATUS_OK);
	assert_int_equal(settings.listen.count, 2);
	assert_int_equal(address_port(&settings.listen.items[1]), 10);
	assert_int_equal(settings.udp_byte_rate, 2000);
	assert_int_equal(settings.udp_byte_burst, 65536);
	assert_true(settings.signer_sha1);
	assert_int_equal(settings.exempt.count, 0);
	assert_string_equal(settings.web_base_url.text, "https://id.example.org:8000/a");
	assert_string_equal(settings.codes_prefix.text, "88.998.1");
	assert_int_equal(settings.web_destinations.count, 2);
	assert_true(bytes_equal(
		bytes_over(settings.web_destinations.text, settings.web_destinations.size),
		TEXT("88.995 *.Example.org\n* b.example\n")));
}

static void
a_bad_file_is_refused_with_line_key_and_what_was_expected(void **state)
{
	static const struct {
		const char *text;
		const char *told;
	} cases[] = {
		{"workers: many\n",
			"houji.yaml:1: workers: expected a number of threads from 0 to "
			"64, found \"many\""},
		{"\nworkers: 65\n", "houji.yaml:2: workers: expected"},
		{"udp:\n  byte_rate: 1023\n", "houji.yaml:2: udp.byte_rate: expected octets"},
		{"udp:\n  byte_rat: 2000\n", "houji.yaml:2: udp.byte_rat: no such setting"},
		{"wrkers: 1\n", "houji.yaml:1: wrkers: no such setting"},
		{"workers: 1\nworkers: 2\n", "houji.yaml:2: workers: is set a second time"},
		{"listen: [\"nowhere\"]\n",
			"houji.yaml:1: listen: expected a list of ADDRESS:PORT"},
		{"listen: []\n", "houji.yaml:1: listen: the list is empty"},
		{"listen: [[\"127.0.0.1:1\"]]\n", "houji.yaml:1: listen: expected a list"},
		{"workers: [1]\n", "houji.yaml:1: workers: expected a number"},
		{"workers: {a: 1}\n", "houji.yaml:1: workers: expected a number"},
		{"udp: 5\n", "houji.yaml:1: udp: expected indented"},
		{"udp:\n  udp:\n    byte_rate: 1\n", "houji.yaml:2: udp.udp: no such setting"},
		{"- a\n", "houji.yaml:1: list: none is expected here"},
		{"hello\n", "houji.yaml:1: text: expected `key: value` lines"},
		{"a: *b\n", "houji.yaml:1:"},
		{"workers: \"\n", "houji.yaml:2:"},
		{"signer:\n  sha1: yes\n", "houji.yaml:2: signer.sha1: expected true or false"},
		{"key: \"\"\n", "houji.yaml:1: key: expected a path"},
		{"web:\n  base_url: \"id.example.org\"\n",
			"houji.yaml:2: web.base_url: expected an"},
		{"web:\n  base_url: \"https://id.example.org/\"\n",
			"houji.yaml:2: web.base_url: expected"},
		{"web:\n  base_url: \"https://id.example.org?a\"\n",
			"houji.yaml:2: web.base_url: expected"},
		{"web:\n  base_url: \"https://id.example.org/a%20\"\n",
			"houji.yaml:2: web.base_url: expected"},
		{"web:\n  base_url: \"https://a@id.example.org\"\n",
			"houji.yaml:2: web.base_url: expected"},
		{"web:\n  base_url: \"ftp://id.example.org\"\n",
			"houji.yaml:2: web.base_url: expected"},
		{"web:\n  destinations: [\"88.995 a.example:80\"]\n",
			"houji.yaml:2: web.destinations: expected a list of \"PREFIX HOST\""},
		{"web:\n  destinations: [\"example.org\"]\n",
			"houji.yaml:2: web.destinations: expected"},
		{"web:\n  destinations: ['8\"8 example.org']\n",
			"houji.yaml:2: web.destinations: expected"},
		{"codes:\n  prefix: \"88.998/1\"\n",
			"houji.yaml:2: codes.prefix: expected a prefix"},
		{"codes:\n  prefix: \"88 998\"\n", "houji.yaml:2: codes.prefix: expected a prefix"},
		{"codes:\n  prefix: '88\"998'\n", "houji.yaml:2: codes.prefix: expected a prefix"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings settings = {.workers = 77};
		struct problem problem;

		assert_int_equal(parse(cases[i].text, &settings, &problem), STATUS_INVALID);
		if (strncmp(problem.text, cases[i].told, strlen(cases[i].told)) != 0) {
			fail_msg("%s\n  told: %s", cases[i].text, problem.text);
		}
		assert_int_equal(settings.workers, 77); /* Untouched. */
	}
}

static void
hosts_of_prefixes_are_bounded_in_count_and_octets(void **state)
{
	static struct settings settings;
	char line[300];
	int size = snprintf(line, sizeof(line), "88.995 ");

	(void)state;
	settings_default(&settings);
	for (int i = 0; i < HTTP_DESTINATION_COUNT_MAX; i++) {
		assert_int_equal(
			settings_put(&settings, "web.destinations", TEXT("88.995 a.example")),
			STATUS_OK);
	}
	assert_int_equal(settings_put(&settings, "web.destinations", TEXT("88.995 a.example")),
		STATUS_INVALID);
	settings_clear(&settings, "web.destinations");
	for (int i = 0; i < 3; i++) {
		size += snprintf(line + size, sizeof(line) - (size_t)size, "%063d.", 0);
	}
	size += snprintf(line + size, sizeof(line) - (size_t)size, "example");
	for (uint32_t i = 0; i < SETTINGS_DESTINATIONS_SIZE_MAX / (uint32_t)(size + 1); i++) {
		assert_int_equal(
			settings_put(&settings, "web.destinations", bytes_from_string(line)),
			STATUS_OK);
		assert_int_equal(settings.web_destinations.count, i + 1);
	}
	assert_int_equal(settings_put(&settings, "web.destinations", bytes_from_string(line)),
		STATUS_INVALID);
	settings_clear(&settings, "web.destinations");
	assert_int_equal(
		settings_put(&settings, "web.destinations", bytes_from_string(line)), STATUS_OK);
	assert_int_equal(settings.web_destinations.size, size + 1);
}

static void
administrators_are_references_or_bare_handles(void **state)
{
	struct settings settings;
	struct problem problem;
	const struct settings_identities *admins = &settings.server_admins;

	(void)state;
	assert_int_equal(
		parse("server_admins: [\"300:0.NA/88.999\", 88.999/group, \"0:0.NA/标识\"]\n"
		      "status_admins: [\"7:a/\\\"b\\\\c\"]\n"
		      "server_admin_full_access: true\n",
			&settings, &problem),
		STATUS_OK);
	assert_int_equal(admins->count, 3);
	assert_int_equal(admins->items[0].index, 300);
	assert_true(bytes_equal(settings_identity_name(admins, 0), TEXT("0.NA/88.999")));
	assert_int_equal(admins->items[1].index, 0);
	assert_true(bytes_equal(settings_identity_name(admins, 1), TEXT("88.999/group")));
	assert_int_equal(admins->items[2].index, 0);
	assert_true(bytes_equal(settings_identity_name(admins, 2), TEXT("0.NA/标识")));
	assert_true(
		bytes_equal(settings_identity_name(&settings.status_admins, 0), TEXT("a/\"b\\c")));
	assert_int_equal(settings.home_only_admins.count, 0);
	assert_true(settings.server_admin_full_access);
	assert_true(settings.prefix_admins_may_create);
	assert_false(settings.keep_last_admin);
	assert_int_equal(settings.challenge_lifetime_ms, 60000);
}

static void
an_administrator_that_is_no_handle_is_refused(void **state)
{
	static const char *const cases[] = {"300", "\"300:\"", "admin", "\"\"", "\"300:0.NA\"",
		"\"300:0.NA/a\\x01\"", "\"300:0.NA/a\\Lb\"", "\"300:0.NA/a\\u0085b\""};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[128];
		struct settings settings;
		struct problem problem;

		snprintf(text, sizeof(text), "server_admins: [%s]\n", cases[i]);
		assert_int_equal(parse(text, &settings, &problem), STATUS_INVALID);
		assert_non_null(strstr(problem.text,
			"houji.yaml:1: server_admins: expected a list "
			"of INDEX:HANDLE"));
	}
}

static void
lists_of_administrators_are_bounded_in_count_and_octets(void **state)
{
	static struct settings_identities list;
	static uint8_t name[HANDLE_NAME_SIZE_MAX + 1];

	(void)state;
	for (int i = 0; i < SETTINGS_LIST_MAX; i++) {
		assert_int_equal(settings_identity_add(&list, TEXT("300:0.NA/1")), STATUS_OK);
	}
	assert_int_equal(settings_identity_add(&list, TEXT("300:0.NA/1")), STATUS_TOO_LARGE);
	assert_int_equal(list.count, SETTINGS_LIST_MAX);

	memset(&list, 0, sizeof(list));
	memset(name, 'a', sizeof(name));
	name[1] = '/';
	assert_int_equal(settings_identity_add(&list, bytes_over(name, HANDLE_NAME_SIZE_MAX + 1)),
		STATUS_INVALID);
	assert_int_equal(
		settings_identity_add(&list, bytes_over(name, HANDLE_NAME_SIZE_MAX)), STATUS_OK);
	assert_int_equal(settings_identity_add(&list, bytes_over(name, HANDLE_NAME_SIZE_MAX - 3)),
		STATUS_OK);
	assert_int_equal(settings_identity_add(&list, bytes_over(name, 4)), STATUS_TOO_LARGE);
	assert_int_equal(settings_identity_add(&list, bytes_over(name, 3)), STATUS_OK);
	assert_int_equal(list.names_size, SETTINGS_NAMES_SIZE_MAX);
}

static void
access_for_everybody_is_refused_with_its_reason(void **state)
{
	struct settings settings;
	struct problem problem;

	(void)state;
	assert_int_equal(
		parse("anonymous_admin_full_access: true\n", &settings, &problem), STATUS_INVALID);
	assert_non_null(
		strstr(problem.text, "houji.yaml:1: anonymous_admin_full_access: is refused"));
}

static void
settings_can_be_put_one_by_one(void **state)
{
	struct settings settings;

	(void)state;
	settings_default(&settings);
	assert_int_equal(settings_put(&settings, "tcp.idle_ms", TEXT("300000")), STATUS_OK);
	assert_int_equal(settings.tcp_idle_ms, 300000);
	assert_int_equal(settings_put(&settings, "tcp.idle_ms", TEXT("9")), STATUS_INVALID);
	assert_int_equal(settings.tcp_idle_ms, 300000);
	assert_int_equal(settings_put(&settings, "tcp.idle", TEXT("9")), STATUS_NOT_FOUND);
	assert_int_equal(settings_put(&settings, "listen", TEXT("192.0.2.1:1")), STATUS_OK);
	assert_int_equal(settings.listen.count, 3);
	settings_clear(&settings, "listen");
	assert_int_equal(settings.listen.count, 0);
	assert_int_equal(settings_put(&settings, "server_admins", TEXT("300:a/b")), STATUS_OK);
	settings_clear(&settings, "server_admins");
	assert_int_equal(settings.server_admins.count, 0);
	assert_int_equal(settings.server_admins.names_size, 0);
}

static void
every_number_has_its_boundaries(void **state)
{
	static const struct {
		const char *section;
		const char *key;
		long long minimum, maximum;
	} numbers[] = {{"udp", "byte_burst", 1024, 1000000000}, {"udp", "fragments", 1, 533},
		{"signer", "threads", 1, 16}, {"tcp", "idle_ms", 10, 3600000},
		{"challenge", "lifetime_ms", 1000, 300000}, {"challenge", "count", 1, 1000000},
		{"challenge", "memory", 1048576, 1073741824}, {"session", "idle_s", 60, 604800},
		{"session", "lifetime_s", 60, 2592000}};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const long long tries[] = {numbers[i].minimum - 1, numbers[i].minimum,
			numbers[i].maximum, numbers[i].maximum + 1};

		for (size_t j = 0; j < 4; j++) {
			char text[128];
			struct settings settings;
			struct problem problem;

			snprintf(text, sizeof(text), "%s:\n  %s: %lld\n", numbers[i].section,
				numbers[i].key, tries[j]);
			assert_int_equal(parse(text, &settings, &problem),
				j == 1 || j == 2 ? STATUS_OK : STATUS_INVALID);
		}
	}
}

static void
a_written_file_reads_back_the_same(void **state)
{
	char path[] = "settings_test_XXXXXX";
	struct settings settings;
	struct settings again;
	struct problem problem;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (int is_chinese = 0; is_chinese <= 1; is_chinese++) {
		unlink(path);
		settings_default(&settings);
		settings.workers = 3;
		settings.udp_fragments = 7;
		settings.listen.count = 1;
		assert_int_equal(settings_identity_add(
					 &settings.server_admins, TEXT("300:0.NA/\"quoted\\标识")),
			STATUS_OK);
		assert_int_equal(
			settings_identity_add(&settings.server_admins, TEXT("a/b")), STATUS_OK);
		assert_int_equal(
			settings_write(path, &settings, is_chinese != 0, &problem), STATUS_OK);
		assert_int_equal(settings_read(path, &again, &problem), STATUS_OK);
		assert_int_equal(again.workers, 3);
		assert_int_equal(again.udp_fragments, 7);
		assert_int_equal(again.listen.count, 1);
		assert_int_equal(again.server_admins.count, 2);
		assert_int_equal(again.server_admins.items[0].index, 300);
		assert_true(bytes_equal(settings_identity_name(&again.server_admins, 0),
			TEXT("0.NA/\"quoted\\标识")));
		assert_int_equal(again.server_admins.items[1].index, 0);
		assert_int_equal(again.tcp_idle_ms, settings.tcp_idle_ms);
		assert_int_not_equal(
			settings_write(path, &settings, false, &problem), STATUS_OK); /* Exists. */
	}
	unlink(path);
}

static void
a_file_past_its_limit_is_refused(void **state)
{
	char path[] = "settings_test_XXXXXX";
	struct settings settings;
	struct problem problem;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (int size = CONFIGURATION_SIZE_MAX - 1; size <= CONFIGURATION_SIZE_MAX + 1; size++) {
		char *text = malloc((size_t)size);

		memset(text, '\n', (size_t)size);
		assert_int_equal(pwrite(fd, text, (size_t)size, 0), size);
		free(text);
		assert_int_equal(settings_read(path, &settings, &problem),
			size <= CONFIGURATION_SIZE_MAX ? STATUS_OK : STATUS_TOO_LARGE);
	}
	close(fd);
	unlink(path);
	assert_int_equal(settings_read(path, &settings, &problem), STATUS_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_gives_the_defaults),
		cmocka_unit_test(what_is_set_is_taken),
		cmocka_unit_test(a_bad_file_is_refused_with_line_key_and_what_was_expected),
		cmocka_unit_test(hosts_of_prefixes_are_bounded_in_count_and_octets),
		cmocka_unit_test(administrators_are_references_or_bare_handles),
		cmocka_unit_test(an_administrator_that_is_no_handle_is_refused),
		cmocka_unit_test(lists_of_administrators_are_bounded_in_count_and_octets),
		cmocka_unit_test(access_for_everybody_is_refused_with_its_reason),
		cmocka_unit_test(settings_can_be_put_one_by_one),
		cmocka_unit_test(every_number_has_its_boundaries),
		cmocka_unit_test(a_written_file_reads_back_the_same),
		cmocka_unit_test(a_file_past_its_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
