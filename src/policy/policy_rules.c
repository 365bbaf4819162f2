/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_rules.h"

#include "base/arena.h"
#include "base/checksum.h"
#include "base/file.h"
#include "crypto/crypto.h"
#include "handle/handle_json.h"
#include "handle/handle_name.h"
#include "handle/handle_site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RULES_BLOCK_SIZE = 65536,
	LINE_BLOCK_SIZE = 16384,
	LINE_MEMORY_MAX = 4 << 20,
	WHY_SIZE_MAX = 256,
	PREFIX_HANDLE_SIZE = 5, /* "0.NA/" */
	TEXT_SHOWN_MAX = 64,
};

struct policy_rules {
	struct arena *arena; /* Names, texts and values. */
	uint64_t seed;
	size_t count;
	size_t capacity;
	struct policy_rule *rules;
	size_t slot_count; /* A power of two, more than twice the rules. */
	uint32_t *slots; /* Number of a rule and one; 0: free. */
};

void
policy_rules_free(struct policy_rules *rules)
{
	if (rules != NULL) {
		arena_free(rules->arena);
		free(rules->rules);
		free(rules->slots);
		free(rules);
	}
}

size_t
policy_rules_count(const struct policy_rules *rules)
{
	return rules == NULL ? 0 : rules->count;
}

/* Names of handles have a slash, those of prefixes have none: they cannot be mistaken. */
static uint32_t *
slot_of(const struct policy_rules *rules, struct bytes name)
{
	size_t at = checksum_over(name, rules->seed) & (rules->slot_count - 1);

	while (rules->slots[at] != 0 &&
		!bytes_equal(rules->rules[rules->slots[at] - 1].name, name)) {
		at = (at + 1) & (rules->slot_count - 1);
	}
	return &rules->slots[at];
}

static const struct policy_rule *
rule_named(const struct policy_rules *rules, struct bytes name)
{
	uint32_t number = *slot_of(rules, name);

	return number == 0 ? NULL : &rules->rules[number - 1];
}

/* Without case in the prefix; names of the global service as a whole, slashless ones as they are. */
static struct bytes
name_fold(struct bytes name, uint8_t *octets)
{
	size_t fold = bytes_start_with(name, TEXT("0.")) ? name.size : bytes_find(name, '/');

	for (size_t i = 0; i < name.size; i++) {
		octets[i] = i < fold ? ascii_upper(name.at[i]) : name.at[i];
	}
	return bytes_over(octets, name.size);
}

static struct bytes
prefix_above(struct bytes prefix)
{
	size_t size = prefix.size;

	while (size > 0 && prefix.at[size - 1] != '.') {
		size--;
	}
	return bytes_slice(prefix, 0, size == 0 ? 0 : size - 1);
}

const struct policy_rule *
policy_rules_find(const struct policy_rules *rules, struct bytes name)
{
	uint8_t octets[HANDLE_NAME_SIZE_MAX] __attribute__((uninitialized));
	const struct policy_rule *rule;
	struct bytes prefix;

	if (rules == NULL || rules->count == 0 || name.size == 0 || name.size > sizeof(octets)) {
		return NULL;
	}
	name = name_fold(name, octets);
	rule = rule_named(rules, name);
	prefix = handle_name_is_prefix_handle(name)
		? bytes_slice(name, PREFIX_HANDLE_SIZE, SIZE_MAX)
		: handle_name_prefix(name);
	for (size_t i = 0; rule == NULL && prefix.size > 0 && i < POLICY_PREFIX_DEPTH_MAX; i++) {
		rule = rule_named(rules, prefix);
		prefix = prefix_above(prefix);
	}
	return rule;
}

/* Reading. */
struct rule_reading {
	struct policy_rules *rules;
	struct arena *line; /* What reading one line takes. */
	struct json_reader reader;
	struct policy_rule rule;
	bool has_act;
	bool has_values;
	struct problem what; /* Is wrong with the line. */
};

static void
reading_refuse(struct rule_reading *reading, const char *what, struct bytes text)
{
	int size = (int)(text.size < TEXT_SHOWN_MAX ? text.size : TEXT_SHOWN_MAX);
	const char *shown = text.at == NULL ? "" : (const char *)text.at;

	if (json_reader_ok(&reading->reader)) {
		(void)problem_set(&reading->what, STATUS_INVALID, "%s: '%.*s'", what, size, shown);
		json_reader_fail(&reading->reader, STATUS_INVALID);
	}
}

/* A copy that lives as long as the rules. */
static struct bytes
keep(struct rule_reading *reading, struct bytes run)
{
	uint8_t *copy = arena_alloc(reading->rules->arena, run.size + 1);

	if (copy == NULL) {
		json_reader_fail(&reading->reader, STATUS_NO_MEMORY);
		return (struct bytes){NULL, 0};
	}
	if (run.size > 0) {
		memcpy(copy, run.at, run.size);
	}
	return bytes_over(copy, run.size);
}

static void
act_read(struct rule_reading *reading, enum policy_act act)
{
	struct bytes name = json_read_string(&reading->reader);
	uint8_t octets[HANDLE_NAME_SIZE_MAX];

	if (reading->has_act) {
		reading_refuse(reading, "a line is one rule, this one begins another", name);
	}
	if (name.size == 0 || name.size > sizeof(octets)) {
		reading_refuse(reading, "this can be no handle and no prefix", name);
		return;
	}
	reading->has_act = true;
	reading->rule.act = act;
	reading->rule.is_prefix = bytes_find(name, '/') == name.size;
	reading->rule.name = keep(reading, name_fold(name, octets));
	if (act == POLICY_ANSWER && reading->rule.is_prefix) {
		reading_refuse(reading, "only a handle has an answer, this is a prefix", name);
	}
	if (act == POLICY_FORWARD && !reading->rule.is_prefix) {
		reading_refuse(reading, "only a prefix is forwarded, this is a handle", name);
	}
}

static void
addresses_read(struct rule_reading *reading)
{
	struct policy_rule *rule = &reading->rule;

	json_read_array(&reading->reader);
	while (json_next_element(&reading->reader)) {
		struct bytes text = json_read_string(&reading->reader);

		if (rule->address_count == POLICY_FORWARDER_COUNT_MAX) {
			reading_refuse(reading, "one address too many", text);
		} else if (address_parse(text, HANDLE_PORT,
				   &rule->addresses[rule->address_count]) != STATUS_OK) {
			reading_refuse(reading, "this is no ADDRESS or ADDRESS:PORT", text);
		} else {
			rule->address_count++;
		}
	}
}

static void
values_read(struct rule_reading *reading)
{
	uint8_t *room = arena_alloc(reading->line, RECORD_SIZE_MAX);
	struct wire_writer writer = wire_writer_over(room, room == NULL ? 0 : RECORD_SIZE_MAX);
	struct handle_value_list *list = &reading->rule.values;
	struct handle_value value;
	uint32_t index;

	json_read_array(&reading->reader);
	while (json_next_element(&reading->reader)) {
		if (handle_value_read_json(&reading->reader, &value, &reading->what) == STATUS_OK) {
			handle_value_write(&writer, &value);
			list->count++;
		}
	}
	if (wire_writer_end(&writer) != STATUS_OK) {
		json_reader_fail(&reading->reader, STATUS_TOO_LARGE);
		return;
	}
	list->octets = wire_written(&writer);
	if (json_reader_ok(&reading->reader) &&
		handle_value_list_check(list, &index) != STATUS_OK) {
		reading_refuse(
			reading, "these values cannot be one record", (struct bytes){NULL, 0});
	}
	list->octets = keep(reading, list->octets);
	reading->has_values = true;
}

static void
member_read(struct rule_reading *reading, struct bytes member)
{
	if (bytes_equal(member, TEXT("block"))) {
		act_read(reading, POLICY_BLOCK);
	} else if (bytes_equal(member, TEXT("pass"))) {
		act_read(reading, POLICY_PASS);
	} else if (bytes_equal(member, TEXT("forward"))) {
		act_read(reading, POLICY_FORWARD);
	} else if (bytes_equal(member, TEXT("answer"))) {
		act_read(reading, POLICY_ANSWER);
	} else if (bytes_equal(member, TEXT("to"))) {
		addresses_read(reading);
	} else if (bytes_equal(member, TEXT("values"))) {
		values_read(reading);
	} else if (bytes_equal(member, TEXT("why"))) {
		struct bytes why = json_read_string(&reading->reader);

		if (why.size > WHY_SIZE_MAX) {
			reading_refuse(reading, "a reason has 256 octets at most", why);
		}
		reading->rule.why = keep(reading, why);
	} else {
		reading_refuse(reading, "no rule has a member", member);
	}
}

/* Members that belong to another kind of rule, or that are missing. */
static const char *
rule_fault(const struct rule_reading *reading)
{
	const struct policy_rule *rule = &reading->rule;

	if (!reading->has_act) {
		return "a rule begins with block, pass, forward or answer";
	}
	if ((rule->act == POLICY_FORWARD) != (rule->address_count > 0)) {
		return rule->act == POLICY_FORWARD ? "\"to\" is missing: who is asked"
						   : "only \"forward\" has \"to\"";
	}
	if ((rule->act == POLICY_ANSWER) != reading->has_values) {
		return rule->act == POLICY_ANSWER ? "\"values\" are missing"
						  : "only \"answer\" has \"values\"";
	}
	if (rule->act != POLICY_BLOCK && rule->why.size > 0) {
		return "only \"block\" has \"why\"";
	}
	return rule_named(reading->rules, rule->name) == NULL
		? NULL
		: "there is a rule for this name already";
}

static bool
rules_grow(struct policy_rules *rules)
{
	size_t capacity = rules->capacity == 0 ? 16 : rules->capacity * 2;
	struct policy_rule *grown = realloc(rules->rules, capacity * sizeof(*grown));
	uint32_t *slots = calloc(capacity * 4, sizeof(*slots));

	if (grown != NULL) {
		rules->rules = grown;
	}
	if (grown == NULL || slots == NULL) {
		free(slots);
		return false;
	}
	free(rules->slots);
	rules->slots = slots;
	rules->slot_count = capacity * 4;
	rules->capacity = capacity;
	for (size_t i = 0; i < rules->count; i++) {
		*slot_of(rules, rules->rules[i].name) = (uint32_t)i + 1;
	}
	return true;
}

static enum status
rule_add(struct policy_rules *rules, const struct policy_rule *rule)
{
	if (rules->count == POLICY_RULE_COUNT_MAX) {
		return STATUS_TOO_LARGE;
	}
	if (rules->count == rules->capacity && !rules_grow(rules)) {
		return STATUS_NO_MEMORY;
	}
	*slot_of(rules, rule->name) = (uint32_t)rules->count + 1;
	rules->rules[rules->count++] = *rule;
	return STATUS_OK;
}

static enum status
line_read(struct rule_reading *reading, struct bytes line)
{
	struct bytes member;
	enum status status;
	const char *fault;

	arena_reset(reading->line);
	reading->reader = json_reader_over(line, reading->line);
	reading->rule = (struct policy_rule){.act = POLICY_PASS};
	reading->has_act = reading->has_values = false;
	reading->what.text[0] = '\0';
	json_read_object(&reading->reader);
	while (json_next_member(&reading->reader, &member)) {
		member_read(reading, member);
	}
	status = json_reader_end(&reading->reader);
	if (status != STATUS_OK) {
		return reading->what.text[0] != '\0'
			? status
			: problem_set(&reading->what, status, "octet %zu: %s",
				  json_reader_at(&reading->reader) + 1, status_text(status));
	}
	fault = rule_fault(reading);
	if (fault != NULL) {
		return problem_set(&reading->what, STATUS_INVALID, "%s", fault);
	}
	status = rule_add(reading->rules, &reading->rule);
	return status == STATUS_OK
		? STATUS_OK
		: problem_set(&reading->what, status, "there is no room for another rule");
}

static enum status
lines_read(
	struct rule_reading *reading, struct bytes text, const char *name, struct problem *problem)
{
	enum status status = STATUS_OK;

	for (size_t number = 1; text.size > 0 && status == STATUS_OK; number++) {
		struct bytes line = bytes_slice(text, 0, bytes_find(text, '\n'));

		text = bytes_slice(text, line.size + 1, text.size);
		if (line.size > 0 && line.at[line.size - 1] == '\r') {
			line.size--;
		}
		if (line.size == 0 || line.at[0] == '#') {
			continue;
		}
		status = line_read(reading, line);
		if (status != STATUS_OK) {
			return problem_set(
				problem, status, "%s:%zu: %s", name, number, reading->what.text);
		}
	}
	return status;
}

enum status
policy_rules_parse(struct bytes text, const char *name, struct policy_rules **ret_rules,
	struct problem *problem)
{
	struct policy_rules *rules = calloc(1, sizeof(*rules));
	struct rule_reading *reading = calloc(1, sizeof(*reading));
	enum status status = STATUS_NO_MEMORY;

	if (rules != NULL && reading != NULL) {
		crypto_random(&rules->seed, sizeof(rules->seed));
		rules->arena = arena_new(RULES_BLOCK_SIZE, POLICY_RULES_SIZE_MAX * 2);
		reading->line = arena_new(LINE_BLOCK_SIZE, LINE_MEMORY_MAX);
		reading->rules = rules;
		if (rules->arena != NULL && reading->line != NULL && rules_grow(rules)) {
			status = lines_read(reading, text, name, problem);
		}
	}
	if (status == STATUS_NO_MEMORY) {
		(void)problem_set(problem, status, "%s: no memory for the rules", name);
	}
	if (reading != NULL) {
		arena_free(reading->line);
	}
	free(reading);
	if (status != STATUS_OK) {
		policy_rules_free(rules);
		return status;
	}
	*ret_rules = rules;
	return STATUS_OK;
}

enum status
policy_rules_read(const char *path, struct policy_rules **ret_rules, struct problem *problem)
{
	uint8_t *octets;
	size_t size = 0;
	enum status status;

	if (access(path, F_OK) != 0 && errno == ENOENT) {
		return policy_rules_parse((struct bytes){NULL, 0}, path, ret_rules, problem);
	}
	octets = malloc(POLICY_RULES_SIZE_MAX + 1);
	if (octets == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory to read %s", path);
	}
	status = file_read(path, POLICY_RULES_SIZE_MAX, octets, &size, problem);
	if (status == STATUS_OK) {
		status = policy_rules_parse(bytes_over(octets, size), path, ret_rules, problem);
	}
	free(octets);
	return status;
}
