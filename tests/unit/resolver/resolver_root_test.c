/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_root.h"

#include "support/cmocka_all.h"

#include <stdlib.h>

#define SITE(address)                                                                          \
	"{\"index\":1,\"type\":\"HS_SITE\",\"data\":{\"format\":\"site\",\"value\":{"          \
	"\"version\":1,\"protocolVersion\":\"2.11\",\"serialNumber\":3,\"primarySite\":true,"  \
	"\"multiPrimary\":false,\"servers\":[{\"serverId\":1,\"address\":\"" address "\","     \
	"\"interfaces\":[{\"query\":true,\"admin\":false,\"protocol\":\"UDP\",\"port\":2641}," \
	"{\"query\":true,\"admin\":true,\"protocol\":\"TCP\",\"port\":2642}]}]}}}"

/* Everything that leads nowhere is refused, and says so. */
static void
refused(const char *text, enum status status, const char *why)
{
	struct resolver_root *root = NULL;
	struct problem problem = {.text = ""};
	size_t size = strlen(text);
	uint8_t *copy = malloc(size + 1);

	memcpy(copy, text, size);
	assert_int_equal(
		resolver_root_parse(bytes_over(copy, size), "FILE", &root, &problem), status);
	assert_null(root);
	assert_non_null(strstr(problem.text, why));
	assert_memory_equal(problem.text, "FILE: ", 6);
	free(copy);
}

static size_t
servers_of(const struct resolver_root *root, struct resolver_server *servers)
{
	const struct resolver_selection selection = {.name = TEXT("0.NA/88.1")};

	return resolver_service_servers(resolver_root_service(root), &selection, servers, NULL);
}

static void
taken(const char *text, const char *address)
{
	struct resolver_server servers[RESOLVER_SERVER_COUNT_MAX];
	struct resolver_root *root = NULL;
	struct problem problem = {.text = ""};
	char found[ADDRESS_TEXT_SIZE_MAX];

	assert_int_equal(
		resolver_root_parse(bytes_from_string(text), "FILE", &root, &problem), STATUS_OK);
	assert_int_equal(servers_of(root, servers), 1);
	assert_string_equal(address_format(&servers[0].address, found), address);
	assert_int_equal(servers[0].tcp_port, 2642);
	resolver_root_leave(root);
}

static void
a_bootstrap_file_is_taken_in_each_of_its_forms(void **state)
{
	(void)state;
	taken("{\"handle\":\"0.NA/0.NA\",\"values\":[" SITE("192.0.2.1") "]}", "192.0.2.1:2641");
	taken("{\"responseCode\":1,\"handle\":\"0.NA/0.NA\",\"values\":[" SITE("10.0.0.1") "]}",
		"10.0.0.1:2641");
	taken("{\"lastUpdate\":1,\"handles\":{\"0.0/0.0\":{\"handle\":\"0.0/0.0\",\"values\":[]},"
	      "\"0.NA/0.NA\":{\"handle\":\"0.NA/0.NA\",\"values\":[" SITE("192.0.2.2") "]}}}",
		"192.0.2.2:2641");
	taken("{\"handles\":{\"0.na/0.na\":[" SITE("192.0.2.3") "]}}", "192.0.2.3:2641");
	taken("{\"handles\":{\"0.NA/0.NA\":[{\"index\":2,\"type\":\"HS_SERV\",\"data\":\"0.NA/"
	      "S\"}],"
	      "\"0.NA/S\":[" SITE("192.0.2.4") "]}}",
		"192.0.2.4:2641");
}

static void
a_file_that_leads_nowhere_is_refused_and_says_why(void **state)
{
	(void)state;
	refused("", STATUS_TRUNCATED, "octet 0");
	refused("{", STATUS_TRUNCATED, "octet");
	refused("[]", STATUS_INVALID, "not what should stand here");
	refused("{}", STATUS_INVALID, "no record 0.NA/0.NA");
	refused("{\"handles\":{\"0.NA/10\":[" SITE("192.0.2.1") "]}}", STATUS_INVALID,
		"no record 0.NA/0.NA");
	refused("{\"handles\":{\"0.NA/0.NA\":[]}}", STATUS_INVALID, "no HS_SITE value");
	refused("{\"handles\":{\"0.NA/0.NA\":[{\"index\":1,\"type\":\"HS_SITE\",\"data\":\"x\"}]}}",
		STATUS_INVALID, "no HS_SITE value");
	refused("{\"handles\":{\"0.NA/0.NA\":[{\"index\":1}]}}", STATUS_INVALID, "");
	refused("{\"handles\":[]}", STATUS_INVALID, "");
}

static void
each_truncation_of_a_good_file_is_refused(void **state)
{
	static const char text[] =
		"{\"handles\":{\"0.NA/0.NA\":[" SITE("192.0.2.3") "]},\"lastUpdate\":12}";

	(void)state;
	for (size_t size = 0; size < sizeof(text) - 1; size++) {
		uint8_t *copy = malloc(size == 0 ? 1 : size);
		struct resolver_root *root = NULL;
		struct problem problem = {.text = ""};

		memcpy(copy, text, size);
		assert_int_not_equal(
			resolver_root_parse(bytes_over(copy, size), "FILE", &root, &problem),
			STATUS_OK);
		assert_null(root);
		free(copy);
	}
}

static void
addresses_make_a_root_without_a_key(void **state)
{
	struct resolver_server servers[RESOLVER_SERVER_COUNT_MAX];
	struct address addresses[2];
	struct resolver_root *root;
	struct problem problem;

	(void)state;
	assert_int_equal(address_parse(TEXT("127.0.0.1:2641"), 0, &addresses[0]), STATUS_OK);
	assert_int_equal(address_parse(TEXT("[fd00::1]:99"), 0, &addresses[1]), STATUS_OK);
	root = resolver_root_new(addresses, 2, &problem);
	/* Configured: neither private addresses nor ports are questioned. */
	assert_int_equal(servers_of(root, servers), 2);
	assert_true(address_equal(&servers[0].address, &addresses[0]));
	assert_true(address_equal(&servers[1].address, &addresses[1]));
	assert_int_equal(servers[1].key.size, 0);
	assert_true(servers[0].is_primary);
	assert_true(resolver_root_is_private(root));
	resolver_root_leave(root);
}

static void
an_address_that_would_be_another_one_in_a_site_record_is_refused(void **state)
{
	struct address address;
	struct problem problem = {.text = ""};

	(void)state;
	assert_int_equal(address_parse(TEXT("[::1]:2641"), 0, &address), STATUS_OK);
	assert_null(resolver_root_new(&address, 1, &problem));
	assert_non_null(strstr(problem.text, "[::1]:2641"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bootstrap_file_is_taken_in_each_of_its_forms),
		cmocka_unit_test(a_file_that_leads_nowhere_is_refused_and_says_why),
		cmocka_unit_test(each_truncation_of_a_good_file_is_refused),
		cmocka_unit_test(addresses_make_a_root_without_a_key),
		cmocka_unit_test(an_address_that_would_be_another_one_in_a_site_record_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
