/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_rules.h"

#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct policy_rules *
rules_of(const char *text)
{
	struct policy_rules *rules;
	struct problem problem = {.text = ""};

	if (policy_rules_parse(bytes_from_string(text), "rules", &rules, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	return rules;
}

static void
expect_refused(const char *text, const char *says)
{
	struct policy_rules *rules;
	struct problem problem = {.text = ""};

	assert_int_not_equal(
		policy_rules_parse(bytes_from_string(text), "rules", &rules, &problem), STATUS_OK);
	if (strstr(problem.text, says) == NULL) {
		fail_msg("'%s' does not say '%s'", problem.text, says);
	}
}

static int
act_for(const struct policy_rules *rules, const char *name)
{
	const struct policy_rule *rule = policy_rules_find(rules, bytes_from_string(name));

	return rule == NULL ? -1 : (int)rule->act;
}

static void
the_narrowest_rule_counts(void **state)
{
	struct policy_rules *rules =
		rules_of("# what is blocked\n"
			 "{\"block\":\"88.6\"}\n"
			 "\n"
			 "\r\n"
			 "{\"pass\":\"88.6.1\"}\r\n"
			 "{\"block\":\"88.6.1/bad\"}\n"
			 "{\"forward\":\"88.6.1.2\",\"to\":[\"192.0.2.1\"]}\n");

	(void)state;
	assert_int_equal(policy_rules_count(rules), 4);
	assert_int_equal(act_for(rules, "88.6/x"), POLICY_BLOCK);
	assert_int_equal(act_for(rules, "88.6.9.9/x"), POLICY_BLOCK);
	assert_int_equal(act_for(rules, "88.6.1/x"), POLICY_PASS);
	assert_int_equal(act_for(rules, "88.6.1/bad"), POLICY_BLOCK);
	assert_int_equal(act_for(rules, "88.6.1.2/bad"), POLICY_FORWARD);
	assert_int_equal(act_for(rules, "88.6.1.20/bad"), POLICY_PASS);
	assert_int_equal(act_for(rules, "88.61/x"), -1);
	assert_int_equal(act_for(rules, "88/x"), -1);
	assert_int_equal(act_for(rules, "9/88.6"), -1);
	assert_int_equal(act_for(NULL, "88.6/x"), -1);
	policy_rules_free(rules);
}

static void
a_prefix_has_its_prefix_handles_with_it(void **state)
{
	struct policy_rules *rules =
		rules_of("{\"block\":\"88.6a\"}\n{\"pass\":\"0.NA/88.6A.1\"}\n");

	(void)state;
	assert_int_equal(act_for(rules, "0.NA/88.6A"), POLICY_BLOCK);
	assert_int_equal(act_for(rules, "0.na/88.6a.2"), POLICY_BLOCK);
	assert_int_equal(act_for(rules, "0.na/88.6a.1"), POLICY_PASS);
	assert_int_equal(act_for(rules, "88.6a.1/x"), POLICY_BLOCK);
	assert_int_equal(act_for(rules, "88.6A"), POLICY_BLOCK); /* Slashless: the prefix handle. */
	assert_int_equal(act_for(rules, "0.NA/88"), -1);
	policy_rules_free(rules);
}

static void
names_are_folded_in_the_prefix_alone(void **state)
{
	struct policy_rules *rules = rules_of("{\"block\":\"10.aBc/Xy\"}\n");

	(void)state;
	assert_int_equal(act_for(rules, "10.ABC/Xy"), POLICY_BLOCK);
	assert_int_equal(act_for(rules, "10.ABC/xy"), -1);
	policy_rules_free(rules);
}

static void
rules_tell_what_they_were_told(void **state)
{
	struct policy_rules *rules = rules_of(
		"{\"block\":\"88.6\",\"why\":\"ordered\"}\n"
		"{\"to\":[\"192.0.2.1:99\",\"2001:db8::1\"],\"forward\":\"88.7\"}\n"
		"{\"answer\":\"88.8/x\",\"values\":[{\"index\":1,\"type\":\"URL\",\"data\":\"u\"},"
		"{\"index\":2,\"type\":\"URL\",\"data\":\"v\"}]}\n"
		"{\"answer\":\"88.8/none\",\"values\":[]}");
	const struct policy_rule *rule;
	struct wire_reader walk;
	struct handle_value value;

	(void)state;
	rule = policy_rules_find(rules, TEXT("88.6/x"));
	assert_true(bytes_equal(rule->why, TEXT("ordered")));
	rule = policy_rules_find(rules, TEXT("88.7/x"));
	assert_int_equal(rule->address_count, 2);
	assert_int_equal(address_port(&rule->addresses[0]), 99);
	assert_int_equal(address_port(&rule->addresses[1]), 2641);
	rule = policy_rules_find(rules, TEXT("88.8/x"));
	assert_int_equal(rule->values.count, 2);
	walk = handle_value_list_walk(&rule->values);
	assert_true(handle_value_next(&walk, &value) && handle_value_next(&walk, &value));
	assert_int_equal(value.index, 2);
	assert_true(bytes_equal(value.data, TEXT("v")));
	assert_int_equal(policy_rules_find(rules, TEXT("88.8/none"))->values.count, 0);
	policy_rules_free(rules);
}

static void
a_line_that_is_no_rule_refuses_the_file_and_is_named(void **state)
{
	(void)state;
	expect_refused("{\"block\":\"88.6\"}\nblock 88.7\n", "rules:2:");
	expect_refused("{\"block\":\"88.6\"", "rules:1:");
	expect_refused("{}", "begins with block, pass, forward or answer");
	expect_refused("{\"blok\":\"88.6\"}", "no rule has a member: 'blok'");
	expect_refused("{\"block\":\"\"}", "no handle and no prefix");
	expect_refused("{\"block\":\"88.6\",\"pass\":\"88.7\"}", "a line is one rule");
	expect_refused("{\"block\":\"88.6\"}\n{\"pass\":\"88.6\"}", "rules:2: there is a rule");
	expect_refused(
		"{\"block\":\"88.6\",\"to\":[\"192.0.2.1\"]}", "only \"forward\" has \"to\"");
	expect_refused("{\"block\":\"88.6\",\"values\":[]}", "only \"answer\" has \"values\"");
	expect_refused("{\"pass\":\"88.6\",\"why\":\"x\"}", "only \"block\" has \"why\"");
	expect_refused("{\"forward\":\"88.6\"}", "\"to\" is missing");
	expect_refused("{\"forward\":\"88.6\",\"to\":[]}", "\"to\" is missing");
	expect_refused("{\"forward\":\"88.6/x\",\"to\":[\"192.0.2.1\"]}", "only a prefix");
	expect_refused("{\"forward\":\"88.6\",\"to\":[\"nowhere\"]}", "'nowhere'");
	expect_refused("{\"answer\":\"88.6\",\"values\":[]}", "only a handle");
	expect_refused("{\"answer\":\"88.6/x\"}", "\"values\" are missing");
	expect_refused("{\"answer\":\"88.6/x\",\"values\":[{\"index\":1}]}", "rules:1:");
	expect_refused(
		"{\"answer\":\"88.6/x\",\"values\":[{\"index\":1,\"type\":\"A\",\"data\":\"\"},"
		"{\"index\":1,\"type\":\"A\",\"data\":\"\"}]}",
		"cannot be one record");
}

static void
forwarders_and_reasons_have_their_limits(void **state)
{
	char text[512];
	char why[258];

	(void)state;
	policy_rules_free(
		rules_of("{\"forward\":\"88\",\"to\":[\"::1\",\"::2\",\"::3\",\"::4\"]}"));
	expect_refused("{\"forward\":\"88\",\"to\":[\"::1\",\"::2\",\"::3\",\"::4\",\"::5\"]}",
		"one address too many: '::5'");
	memset(why, 'y', sizeof(why));
	why[256] = '\0';
	snprintf(text, sizeof(text), "{\"block\":\"88\",\"why\":\"%s\"}", why);
	policy_rules_free(rules_of(text));
	why[256] = 'y';
	why[257] = '\0';
	snprintf(text, sizeof(text), "{\"block\":\"88\",\"why\":\"%s\"}", why);
	expect_refused(text, "256 octets at most");
}

static void
names_and_answers_have_their_limits(void **state)
{
	enum { TEXT_SIZE_MAX = 2 * RECORD_SIZE_MAX };
	char *text = malloc(TEXT_SIZE_MAX);
	char name[HANDLE_NAME_SIZE_MAX + 2];

	(void)state;
	assert_non_null(text);
	memset(name, '8', sizeof(name));
	name[HANDLE_NAME_SIZE_MAX] = '\0';
	for (int i = 0; i < 2; i++) {
		struct policy_rules *rules;

		memcpy(name + 2, i == 0 ? "8" : "/", 1); /* A prefix, and a handle. */
		snprintf(text, TEXT_SIZE_MAX, "{\"block\":\"%s\"}", name);
		rules = rules_of(text);
		assert_int_equal(act_for(rules, name), POLICY_BLOCK);
		name[HANDLE_NAME_SIZE_MAX] = '8';
		name[HANDLE_NAME_SIZE_MAX + 1] = '\0';
		assert_int_equal(act_for(rules, name), -1);
		policy_rules_free(rules);
		snprintf(text, TEXT_SIZE_MAX, "{\"block\":\"%s\"}", name);
		expect_refused(text, "no handle and no prefix");
		name[HANDLE_NAME_SIZE_MAX] = '\0';
	}
	for (int more = 0; more <= 1; more++) {
		struct handle_value value = {.type = TEXT("A")};
		size_t whole = 60000 + handle_value_size(&value);
		size_t last = RECORD_SIZE_MAX - RECORD_SIZE_MAX / whole * whole -
			handle_value_size(&value) + (size_t)more;
		size_t size = (size_t)snprintf(
			text, TEXT_SIZE_MAX, "{\"answer\":\"88.8/x\",\"values\":[");

		for (size_t i = 1; i <= RECORD_SIZE_MAX / whole + 1; i++) {
			size_t data = i <= RECORD_SIZE_MAX / whole ? 60000 : last;

			size += (size_t)snprintf(text + size, TEXT_SIZE_MAX - size,
				"%s{\"index\":%zu,\"type\":\"A\",\"data\":\"", i == 1 ? "" : ",",
				i);
			memset(text + size, 'x', data);
			size += data;
			size += (size_t)snprintf(text + size, TEXT_SIZE_MAX - size, "\"}");
		}
		snprintf(text + size, TEXT_SIZE_MAX - size, "]}");
		if (more == 0) {
			struct policy_rules *rules = rules_of(text);

			assert_int_equal(
				policy_rules_find(rules, TEXT("88.8/x"))->values.octets.size,
				RECORD_SIZE_MAX);
			policy_rules_free(rules);
		} else {
			expect_refused(text, "rules:1:");
		}
	}
	free(text);
}

/* No more than 64 octets of it, and no fewer if it has them. */
static void
what_is_wrong_is_shown_as_far_as_it_goes(void **state)
{
	char text[128], shown[128], word[66];

	(void)state;
	for (int size = 31; size <= 65; size++) {
		memset(word, 'w', sizeof(word));
		word[size] = '\0';
		snprintf(text, sizeof(text), "{\"%s\":1}", word);
		snprintf(shown, sizeof(shown), "a member: '%.64s'", word);
		expect_refused(text, shown);
	}
}

static void
as_many_rules_as_allowed_are_found_each(void **state)
{
	enum { LINE_SIZE_MAX = 32 };
	char *text = malloc((size_t)(POLICY_RULE_COUNT_MAX + 1) * LINE_SIZE_MAX);
	size_t size = 0;
	struct policy_rules *rules;
	char name[32];

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < POLICY_RULE_COUNT_MAX; i++) {
		size += (size_t)snprintf(text + size, LINE_SIZE_MAX, "{\"block\":\"88.%u\"}\n", i);
	}
	rules = rules_of(text);
	assert_int_equal(policy_rules_count(rules), POLICY_RULE_COUNT_MAX);
	for (unsigned i = 0; i < POLICY_RULE_COUNT_MAX; i++) {
		snprintf(name, sizeof(name), "88.%u/x", i);
		assert_int_equal(act_for(rules, name), POLICY_BLOCK);
	}
	assert_int_equal(act_for(rules, "88.65536/x"), -1);
	policy_rules_free(rules);
	snprintf(text + size, LINE_SIZE_MAX, "{\"block\":\"89\"}\n");
	expect_refused(text, "rules:65537: there is no room");
	free(text);
}

static void
a_prefix_of_more_levels_than_are_looked_at_is_not_found_by_those_above(void **state)
{
	struct policy_rules *rules = rules_of("{\"block\":\"8\"}");
	char name[2 * POLICY_PREFIX_DEPTH_MAX + 8] = "8";

	(void)state;
	for (int i = 1; i < POLICY_PREFIX_DEPTH_MAX; i++) {
		memcpy(name + 2 * i - 1, ".1", 3);
	}
	memcpy(name + strlen(name), "/x", 3);
	assert_int_equal(act_for(rules, name), POLICY_BLOCK);
	memcpy(name + strlen(name) - 2, ".1/x", 5);
	assert_int_equal(act_for(rules, name), -1);
	policy_rules_free(rules);
}

/* Comments up to the limit, and a rule as the last line. */
static void
a_file_is_read_up_to_its_limit(void **state)
{
	static const char rule[] = "\n{\"block\":\"88.6\"}";
	char path[] = "/tmp/houji-rules-XXXXXX";
	char *text = malloc(POLICY_RULES_SIZE_MAX + 1);
	int fd = mkstemp(path);

	(void)state;
	assert_true(text != NULL && fd >= 0);
	memset(text, '#', POLICY_RULES_SIZE_MAX + 1);
	for (int more = 0; more <= 1; more++) {
		struct policy_rules *rules;
		struct problem problem;
		size_t size = POLICY_RULES_SIZE_MAX + (size_t)more;

		memset(text, '#', size);
		memcpy(text + size - strlen(rule), rule, strlen(rule));
		assert_int_equal(pwrite(fd, text, size, 0), size);
		assert_int_equal(policy_rules_read(path, &rules, &problem),
			more == 0 ? STATUS_OK : STATUS_TOO_LARGE);
		if (more == 0) {
			assert_int_equal(policy_rules_count(rules), 1);
			policy_rules_free(rules);
		}
	}
	close(fd);
	unlink(path);
	free(text);
}

static void
a_file_that_is_not_there_has_no_rules(void **state)
{
	struct policy_rules *rules;
	struct problem problem;

	(void)state;
	assert_int_equal(policy_rules_read("/nowhere/at/all", &rules, &problem), STATUS_OK);
	assert_int_equal(policy_rules_count(rules), 0);
	assert_int_equal(act_for(rules, "88.1/x"), -1);
	policy_rules_free(rules);
	assert_int_not_equal(policy_rules_read("/tmp", &rules, &problem), STATUS_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_narrowest_rule_counts),
		cmocka_unit_test(a_prefix_has_its_prefix_handles_with_it),
		cmocka_unit_test(names_are_folded_in_the_prefix_alone),
		cmocka_unit_test(rules_tell_what_they_were_told),
		cmocka_unit_test(a_line_that_is_no_rule_refuses_the_file_and_is_named),
		cmocka_unit_test(forwarders_and_reasons_have_their_limits),
		cmocka_unit_test(names_and_answers_have_their_limits),
		cmocka_unit_test(what_is_wrong_is_shown_as_far_as_it_goes),
		cmocka_unit_test(as_many_rules_as_allowed_are_found_each),
		cmocka_unit_test(
			a_prefix_of_more_levels_than_are_looked_at_is_not_found_by_those_above),
		cmocka_unit_test(a_file_is_read_up_to_its_limit),
		cmocka_unit_test(a_file_that_is_not_there_has_no_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
