/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "policy/policy_rules.h"

/*
 * The input is a file of rules. It is refused with a sentence, or its rules are found by the names
 * they were given, hold what they must, and nothing is found for a name that none covers.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct policy_rules *rules = NULL;
	struct problem problem = {.text = ""};
	const struct policy_rule *rule;
	struct handle_value value;

	if (policy_rules_parse(bytes_over(octets, size), "rules", &rules, &problem) != STATUS_OK) {
		FUZZ_CHECK(rules == NULL && problem.text[0] != '\0');
		return 0;
	}
	rule = policy_rules_find(rules, TEXT("88.6.1/x"));
	if (rule != NULL) {
		struct wire_reader walk = handle_value_list_walk(&rule->values);
		uint32_t count = 0;

		FUZZ_CHECK(policy_rules_find(
				   rules, rule->is_prefix ? TEXT("88.6.1/x") : rule->name) == rule);
		FUZZ_CHECK((rule->act == POLICY_FORWARD) == (rule->address_count > 0));
		while (handle_value_next(&walk, &value)) {
			count++;
		}
		FUZZ_CHECK(count == rule->values.count);
		FUZZ_CHECK(policy_rules_count(rules) > 0);
	}
	(void)policy_rules_find(rules, bytes_slice(bytes_over(octets, size), 0, 64));
	policy_rules_free(rules);
	return 0;
}
