/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_private.h"
#include "unit/authority/change_rig.h"

/* Writes a record of one value, whatever rights that would need. */
static void
write_one(struct rig *rig, const char *name, uint32_t index, const char *type, const char *data,
	uint8_t permissions)
{
	struct ledger_change change = {.kind = JOURNAL_PUT, .name = bytes_from_string(name)};

	values_begin(rig);
	value_add(rig, index, type, permissions, bytes_from_string(data));
	change.values = (struct handle_value_list){rig->value_count, wire_written(&rig->writer)};
	assert_int_equal(ledger_commit(rig->ledger, &change), STATUS_OK);
}

static void
write_namespace(struct rig *rig, const char *name, const char *inside)
{
	char xml[1024];

	assert_true(
		snprintf(xml, sizeof(xml), "<namespace>%s</namespace>", inside) < (int)sizeof(xml));
	write_one(rig, name, 1, "HS_NAMESPACE", xml, HANDLE_PERMISSION_DEFAULT);
}

static enum status
ask(struct rig *rig, const char *name, const struct request_resolution *filter,
	struct authority_answer *ret_answer)
{
	struct request_resolution resolution = *filter;
	struct authority_question question = {.resolution = &resolution, .is_public_only = true};
	struct authority_query query;
	struct authority_query *queries[] = {&query};

	resolution.name = bytes_from_string(name);
	authority_query_begin(rig->authority, resolution.name, &query);
	authority_look_ahead(rig->authority, queries, 1);
	return authority_resolve(rig->authority, &question, &query, rig->arena, ret_answer);
}

/* "index=data ..." of a resolution, or the name of its status. */
static const char *
resolved_with(struct rig *rig, const char *name, const struct request_resolution *filter)
{
	static char text[1024];
	struct authority_answer answer;
	struct handle_value value;
	struct wire_reader walk;
	enum status status;
	int size = 0;

	arena_reset(rig->arena);
	authority_enter(rig->authority);
	status = ask(rig, name, filter, &answer);
	snprintf(text, sizeof(text), "%s", status_name(status));
	walk = handle_value_list_walk(&answer.values);
	while (status == STATUS_OK && handle_value_next(&walk, &value)) {
		size += snprintf(text + size, sizeof(text) - (size_t)size, "%s%u=%.*s",
			size == 0 ? "" : " ", value.index, (int)value.data.size,
			(const char *)value.data.at);
	}
	authority_leave(rig->authority);
	return text;
}

static const char *
resolved(struct rig *rig, const char *name)
{
	static const struct request_resolution all = {.index_count = 0};

	return resolved_with(rig, name, &all);
}

static const char pages[] =
	"<template delimiter='@'><foreach><if value='type' test='equals' expression='URL'>"
	"<value data='${data}/${extension}'/></if></foreach></template>";

static void
handles_are_computed_from_their_base(void **state)
{
	struct rig *rig = *state;

	write_one(rig, "88.1/b", 1, "URL", "http://a", HANDLE_PERMISSION_DEFAULT);
	assert_string_equal(resolved(rig, "88.1/b@x"), "NOT_FOUND");
	write_namespace(rig, "0.NA/88.1", pages);
	assert_string_equal(resolved(rig, "88.1/b@x"), "1=http://a/x");
	/* The base is found as any handle is, the extension stays as it was asked for. */
	assert_string_equal(resolved(rig, "88.1/B@X@y"), "1=http://a/X@y");
	assert_string_equal(resolved(rig, "88.1/b"), "1=http://a");
	assert_string_equal(resolved(rig, "88.1/c@x"), "NOT_FOUND");
	assert_string_equal(resolved(rig, "88.1/b#x"), "NOT_FOUND");
	/* What is registered is not computed. */
	write_one(rig, "88.1/b@own", 3, "URL", "http://own", HANDLE_PERMISSION_DEFAULT);
	assert_string_equal(resolved(rig, "88.1/b@own"), "3=http://own");
}

static void
a_changed_template_is_seen_at_once(void **state)
{
	struct rig *rig = *state;

	write_one(rig, "88.1/b", 1, "URL", "http://a", HANDLE_PERMISSION_DEFAULT);
	write_namespace(rig, "0.NA/88.1", pages);
	assert_string_equal(resolved(rig, "88.1/b@x"), "1=http://a/x");
	write_namespace(rig, "0.NA/88.1",
		"<template delimiter='#'><value type='T' data='${extension}'/></template>");
	assert_string_equal(resolved(rig, "88.1/b@x"), "NOT_FOUND");
	assert_string_equal(resolved(rig, "88.1/b#x"), "1=x");
	write_one(rig, "0.NA/88.1", 1, "HS_NAMESPACE", "<not xml", HANDLE_PERMISSION_DEFAULT);
	assert_string_equal(resolved(rig, "88.1/b#x"), "NOT_FOUND");
	write_one(rig, "88.1/b", 1, "URL", "http://new", HANDLE_PERMISSION_DEFAULT);
	write_namespace(rig, "0.NA/88.1", pages);
	assert_string_equal(resolved(rig, "88.1/b@x"), "1=http://new/x");
}

static bool
has_namespace(struct rig *rig, const char *name)
{
	struct handle_value value;
	bool has;

	authority_enter(rig->authority);
	has = authority_namespace(rig->authority, bytes_from_string(name), &value);
	authority_leave(rig->authority);
	return has;
}

/* Twice each: what is remembered of a record must not outlive it. */
static void
that_a_prefix_says_nothing_is_remembered_as_long_as_its_record_stands(void **state)
{
	struct rig *rig = *state;
	struct ledger_change delete = {.kind = JOURNAL_DELETE, .name = TEXT("0.NA/88.1")};

	write_one(rig, "0.NA/88.1", 1, "DESC", "nothing", HANDLE_PERMISSION_DEFAULT);
	assert_false(has_namespace(rig, "0.NA/88.1"));
	assert_false(has_namespace(rig, "0.na/88.1"));
	write_namespace(rig, "0.NA/88.1", "");
	assert_true(has_namespace(rig, "0.NA/88.1"));
	assert_true(has_namespace(rig, "0.NA/88.1"));
	write_one(rig, "0.NA/88.1", 1, "HS_NAMESPACE", "<namespace/>", HANDLE_ADMIN_READ);
	assert_false(has_namespace(rig, "0.NA/88.1"));
	assert_false(has_namespace(rig, "0.NA/88.1"));
	write_namespace(rig, "0.NA/88.1", "");
	assert_true(has_namespace(rig, "0.NA/88.1"));
	assert_int_equal(ledger_commit(rig->ledger, &delete), STATUS_OK);
	assert_false(has_namespace(rig, "0.NA/88.1"));
	write_namespace(rig, "0.NA/88.1", "");
	assert_true(has_namespace(rig, "0.NA/88.1"));
}

/* More prefixes than are remembered, of names short and long, every third with a namespace. */
static void
prefixes_without_a_namespace_are_not_taken_for_each_other(void **state)
{
	enum { PREFIX_COUNT = 3 * AUTHORITY_PLAIN_COUNT };
	struct rig *rig = *state;
	char name[96];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < PREFIX_COUNT; i++) {
			snprintf(name, sizeof(name), "0.NA/88.1.%0*d", i % 2 == 0 ? 3 : 60, i);
			if (round == 0 && i % 3 == 0) {
				write_namespace(rig, name, "");
			} else if (round == 0) {
				write_one(rig, name, 1, "D", "d", HANDLE_PERMISSION_DEFAULT);
			}
			assert_int_equal(has_namespace(rig, name), i % 3 == 0);
			assert_int_equal(has_namespace(rig, name), i % 3 == 0);
		}
	}
}

static void
a_delimiter_alone_leads_to_the_base(void **state)
{
	struct rig *rig = *state;

	write_one(rig, "88.1/b", 1, "URL", "http://a", HANDLE_PERMISSION_DEFAULT);
	write_namespace(rig, "0.NA/88.1", "<template delimiter='@'/>");
	assert_string_equal(resolved(rig, "88.1/b@x"), "1=http://a");
	/* A template of the base itself counts, but not its delimiter. */
	write_namespace(rig, "88.1/t",
		"<template delimiter='#'><value type='T' data='${base}'/></template>");
	assert_string_equal(resolved(rig, "88.1/t@x"), "1=88.1/t");
	assert_string_equal(resolved(rig, "88.1/t#x"), "NOT_FOUND");
}

static void
prefixes_above_and_the_configuration_count_behind(void **state)
{
	struct rig *rig = *state;
	struct authority_templates templates = {.namespace = NULL};
	struct arena *arena = arena_new(4096, 65536);
	struct markup_element *root;

	assert_int_equal(markup_read(TEXT("<namespace><template delimiter='@'><value type='T' "
					  "data='configured'/></template></namespace>"),
				 8, arena, &root, NULL),
		STATUS_OK);
	write_one(rig, "88.1/b", 1, "URL", "http://a", HANDLE_PERMISSION_DEFAULT);
	templates.namespace = root;
	authority_set_templates(rig->authority, &templates);
	assert_string_equal(resolved(rig, "88.1/b@x"), "1=configured");
	write_namespace(rig, "0.NA/88",
		"<template delimiter='@'><value type='T' data='above'/>"
		"</template>");
	assert_string_equal(resolved(rig, "88.1/b@x"), "1=above");
	write_namespace(rig, "0.NA/88.1", pages);
	assert_string_equal(resolved(rig, "88.1/b@x"), "1=http://a/x");
	templates.overrides = true;
	authority_set_templates(rig->authority, &templates);
	assert_string_equal(resolved(rig, "88.1/b@x"), "1=configured");
	arena_free(arena);
}

static void
what_is_asked_for_and_who_may_read_it_counts_for_computed_values(void **state)
{
	struct rig *rig = *state;
	const struct request_resolution one = {.indexes = BYTES(0, 0, 0, 2), .index_count = 1};

	write_one(rig, "88.1/b", 1, "NOTE", "private", HANDLE_ADMIN_READ);
	write_namespace(rig, "0.NA/88.1",
		"<template delimiter='@'><foreach><value/></foreach>"
		"<value index='2' type='T' data='public'/></template>");
	assert_string_equal(resolved(rig, "88.1/b@x"), "2=public");
	assert_string_equal(resolved_with(rig, "88.1/b@x", &one), "2=public");
	write_namespace(
		rig, "0.NA/88.1", "<template delimiter='@'><foreach><value/></foreach></template>");
	assert_string_equal(resolved(rig, "88.1/b@x"), "VALUE_NOT_FOUND");
	write_one(rig, "88.1/s", 1, "HS_SECKEY", "secret", HANDLE_PERMISSION_DEFAULT);
	write_namespace(rig, "0.NA/88.1",
		"<template delimiter='@'><foreach><value type='URL'/></foreach></template>");
	assert_string_equal(resolved(rig, "88.1/s@x"), "VALUE_NOT_FOUND");
}

static void
a_template_that_is_not_for_everybody_is_none(void **state)
{
	struct rig *rig = *state;

	write_one(rig, "88.1/b", 1, "URL", "http://a", HANDLE_PERMISSION_DEFAULT);
	write_one(rig, "0.NA/88.1", 1, "HS_NAMESPACE",
		"<namespace><template delimiter='@'/></namespace>", HANDLE_ADMIN_READ);
	assert_string_equal(resolved(rig, "88.1/b@x"), "NOT_FOUND");
}

static void
references_lead_to_values_stored_here(void **state)
{
	struct rig *rig = *state;

	write_one(rig, "88.1/b", 1, "URL", "http://a", HANDLE_PERMISSION_DEFAULT);
	write_namespace(rig, "0.NA/88.1", "<template delimiter='@' ref='1:88.1/t'/>");
	assert_string_equal(resolved(rig, "88.1/b@x"), "NOT_FOUND");
	write_one(rig, "88.1/t", 1, "TEMPLATE",
		"<template><value type='T' data='${extension}'/></template>",
		HANDLE_PERMISSION_DEFAULT);
	assert_string_equal(resolved(rig, "88.1/b@x"), "1=x");
}

static void
what_takes_too_long_is_no_answer(void **state)
{
	struct rig *rig = *state;

	write_one(rig, "88.1/b", 1, "URL", "http://a", HANDLE_PERMISSION_DEFAULT);
	write_namespace(rig, "0.NA/88.1",
		"<template delimiter='@'><if test='matches' expression='(a+)+(b|c)'/></template>");
	assert_string_equal(
		resolved(rig, "88.1/b@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "TIMED_OUT");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			handles_are_computed_from_their_base, rig_begin, rig_end),
		cmocka_unit_test_setup_teardown(
			a_changed_template_is_seen_at_once, rig_begin, rig_end),
		cmocka_unit_test_setup_teardown(
			that_a_prefix_says_nothing_is_remembered_as_long_as_its_record_stands,
			rig_begin, rig_end),
		cmocka_unit_test_setup_teardown(
			prefixes_without_a_namespace_are_not_taken_for_each_other, rig_begin,
			rig_end),
		cmocka_unit_test_setup_teardown(
			a_delimiter_alone_leads_to_the_base, rig_begin, rig_end),
		cmocka_unit_test_setup_teardown(
			prefixes_above_and_the_configuration_count_behind, rig_begin, rig_end),
		cmocka_unit_test_setup_teardown(
			what_is_asked_for_and_who_may_read_it_counts_for_computed_values, rig_begin,
			rig_end),
		cmocka_unit_test_setup_teardown(
			a_template_that_is_not_for_everybody_is_none, rig_begin, rig_end),
		cmocka_unit_test_setup_teardown(
			references_lead_to_values_stored_here, rig_begin, rig_end),
		cmocka_unit_test_setup_teardown(
			what_takes_too_long_is_no_answer, rig_begin, rig_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
