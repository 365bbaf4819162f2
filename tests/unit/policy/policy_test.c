/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include "support/cmocka_all.h"

#include <stdlib.h>

struct rig {
	struct policy_settings settings;
	struct policy_rules *rules;
	struct monitor *monitor;
	struct policy *policy;
};

static int
rig_open(void **state)
{
	static const char text[] = "{\"block\":\"88.6\",\"why\":\"no\"}\n"
				   "{\"answer\":\"88.7/x\",\"values\":[]}\n"
				   "{\"forward\":\"88.8\",\"to\":[\"192.0.2.9\"]}\n";
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	assert_int_equal(
		policy_rules_parse(bytes_over(text, sizeof(text) - 1), "rules", &rig->rules, NULL),
		STATUS_OK);
	rig->settings = (struct policy_settings){.allow_count = 2,
		.exempt_count = 1,
		.client = {2, 4},
		.prefix = {1, 3},
		.rules = rig->rules};
	assert_int_equal(network_parse(TEXT("192.0.2.0/24"), &rig->settings.allow[0]), STATUS_OK);
	assert_int_equal(network_parse(TEXT("2001:db8::/32"), &rig->settings.allow[1]), STATUS_OK);
	assert_int_equal(
		network_parse(TEXT("192.0.2.128/25"), &rig->settings.exempt[0]), STATUS_OK);
	rig->monitor = monitor_new(1);
	rig->policy = policy_new(&rig->settings, monitor_row(rig->monitor, 0));
	assert_non_null(rig->policy);
	*state = rig;
	return 0;
}

static int
rig_close(void **state)
{
	struct rig *rig = *state;

	policy_free(rig->policy);
	policy_rules_free(rig->rules);
	monitor_free(rig->monitor);
	free(rig);
	return 0;
}

static enum policy_verdict
judge_as(struct rig *rig, const char *source, const char *name, int64_t now_ms, bool is_counted)
{
	const struct policy_rule *rule;
	struct address address;
	uint8_t octets[16];
	struct policy_question question = {bytes_from_string(name), octets, now_ms, is_counted};

	assert_int_equal(address_parse(bytes_from_string(source), 1, &address), STATUS_OK);
	address_octets(&address, octets);
	return policy_judge(rig->policy, &question, &rule);
}

static enum policy_verdict
judge(struct rig *rig, const char *source, const char *name, int64_t now_ms)
{
	return judge_as(rig, source, name, now_ms, false);
}

static void
only_networks_that_are_named_may_ask(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(judge(rig, "192.0.2.1", "88.1/x", 0), POLICY_MAY_ASK);
	assert_int_equal(judge(rig, "2001:db8::1", "88.1/x", 0), POLICY_MAY_ASK);
	assert_int_equal(judge(rig, "192.0.3.1", "88.1/x", 0), POLICY_NOT_ALLOWED);
	assert_int_equal(judge(rig, "2001:db9::1", "88.6/x", 0), POLICY_NOT_ALLOWED);
	assert_int_equal(monitor_read(rig->monitor, METRIC_RECURSION_NOT_ALLOWED), 2);
	rig->settings.allow_count = 0;
	assert_int_equal(judge(rig, "192.0.2.1", "88.1/x", 0), POLICY_NOT_ALLOWED);
}

static void
rules_decide_what_is_done(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(judge(rig, "192.0.2.200", "88.6/x", 0), POLICY_IS_BLOCKED);
	assert_int_equal(judge(rig, "192.0.2.200", "88.7/x", 0), POLICY_MUST_ANSWER);
	assert_int_equal(judge(rig, "192.0.2.200", "88.7/y", 0), POLICY_MAY_ASK);
	assert_int_equal(judge(rig, "192.0.2.200", "88.8/x", 0), POLICY_MAY_ASK);
	assert_int_equal(monitor_read(rig->monitor, METRIC_RECURSION_BLOCKED), 1);
	assert_int_equal(monitor_read(rig->monitor, METRIC_RECURSION_FORCED), 1);
}

static void
a_client_that_asks_too_often_must_wait_and_others_need_not(void **state)
{
	struct rig *rig = *state;

	for (int i = 0; i < 4; i++) {
		assert_int_equal(judge(rig, "192.0.2.1", "88.1/x", 0), POLICY_MAY_ASK);
	}
	assert_int_equal(judge(rig, "192.0.2.1", "88.6/x", 0), POLICY_TOO_OFTEN);
	assert_int_equal(judge(rig, "192.0.2.2", "88.1/x", 0), POLICY_MAY_ASK);
	assert_int_equal(judge(rig, "192.0.2.1", "88.1/x", 499), POLICY_TOO_OFTEN);
	assert_int_equal(judge(rig, "192.0.2.1", "88.1/x", 500), POLICY_MAY_ASK);
	assert_int_equal(monitor_read(rig->monitor, METRIC_RECURSION_TOO_OFTEN), 2);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(judge(rig, "192.0.2.200", "88.1/x", 0), POLICY_MAY_ASK);
	}
	rig->settings.client.rate = 0;
	assert_int_equal(judge(rig, "192.0.2.1", "88.1/x", 500), POLICY_MAY_ASK);
	assert_int_equal(judge(rig, "192.0.2.1", "88.1/x", 500), POLICY_MAY_ASK);
}

static void
a_question_that_was_counted_is_not_counted_again(void **state)
{
	struct rig *rig = *state;

	for (int i = 0; i < 4; i++) {
		assert_int_equal(judge(rig, "192.0.2.1", "88.1/x", 0), POLICY_MAY_ASK);
		assert_int_equal(judge_as(rig, "192.0.2.1", "88.1/x", 0, true), POLICY_MAY_ASK);
	}
	assert_int_equal(judge_as(rig, "192.0.2.1", "88.1/x", 0, true), POLICY_MAY_ASK);
	assert_int_equal(judge_as(rig, "192.0.2.1", "88.6/x", 0, true), POLICY_IS_BLOCKED);
	assert_int_equal(judge(rig, "192.0.2.1", "88.1/x", 0), POLICY_TOO_OFTEN);
}

static void
addresses_of_one_ipv6_network_are_one_client(void **state)
{
	struct rig *rig = *state;

	for (int i = 0; i < 4; i++) {
		assert_int_equal(judge(rig, "2001:db8::1", "88.1/x", 0), POLICY_MAY_ASK);
	}
	assert_int_equal(judge(rig, "2001:db8::2:1", "88.1/x", 0), POLICY_TOO_OFTEN);
	/* The last bit of the network, and the first behind it. */
	assert_int_equal(judge(rig, "2001:db8:0:ff::1", "88.1/x", 0), POLICY_TOO_OFTEN);
	assert_int_equal(judge(rig, "2001:db8:0:100::1", "88.1/x", 0), POLICY_MAY_ASK);
}

static void
a_prefix_is_walked_to_so_often_and_no_oftener(void **state)
{
	struct rig *rig = *state;
	char name[300];

	for (int i = 0; i < 3; i++) {
		assert_true(policy_may_walk(rig->policy, TEXT("88.a/x"), 0));
	}
	assert_false(policy_may_walk(rig->policy, TEXT("88.A/y"), 0));
	assert_true(policy_may_walk(rig->policy, TEXT("88.b/y"), 0));
	/* As far as a prefix is told apart: 255 octets. */
	memset(name, '8', sizeof(name));
	for (int i = 0; i < 3; i++) {
		name[254] = '8';
		assert_true(policy_may_walk(rig->policy, bytes_over(name, sizeof(name)), 0));
		name[254] = '9';
		assert_true(policy_may_walk(rig->policy, bytes_over(name, sizeof(name)), 0));
		name[255] = (char)('0' + i);
	}
	assert_false(policy_may_walk(rig->policy, bytes_over(name, sizeof(name)), 0));
	assert_false(policy_may_walk(rig->policy, TEXT("88.a/y"), 999));
	assert_true(policy_may_walk(rig->policy, TEXT("88.a/y"), 1000));
	assert_int_equal(monitor_read(rig->monitor, METRIC_RECURSION_PREFIX_TOO_OFTEN), 3);
	rig->settings.prefix.rate = 0;
	assert_true(policy_may_walk(rig->policy, TEXT("88.a/y"), 1000));
}

static void
other_settings_count_at_once(void **state)
{
	struct rig *rig = *state;
	struct policy_settings other = {.allow_count = 0};

	assert_int_equal(judge(rig, "192.0.2.1", "88.1/x", 0), POLICY_MAY_ASK);
	policy_use(rig->policy, &other);
	assert_int_equal(judge(rig, "192.0.2.1", "88.1/x", 0), POLICY_NOT_ALLOWED);
	policy_use(rig->policy, &rig->settings);
	assert_int_equal(judge(rig, "192.0.2.1", "88.6/x", 0), POLICY_IS_BLOCKED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_open, rig_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_networks_that_are_named_may_ask),
		TEST(rules_decide_what_is_done),
		TEST(a_client_that_asks_too_often_must_wait_and_others_need_not),
		TEST(a_question_that_was_counted_is_not_counted_again),
		TEST(addresses_of_one_ipv6_network_are_one_client),
		TEST(a_prefix_is_walked_to_so_often_and_no_oftener),
		TEST(other_settings_count_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
