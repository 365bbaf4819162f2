/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_map.h"
#include "support/cmocka_all.h"

static struct code_result result;

static struct code_mapping
mapping_of(const char *scheme, const char *code)
{
	struct code_mapping mapping = {0};

	mapping.fields[CODE_FIELD_SCHEME] = bytes_from_string(scheme);
	mapping.fields[CODE_FIELD_CODE] = bytes_from_string(code);
	mapping.fields[CODE_FIELD_HANDLE] = TEXT("88.100.1/x");
	return mapping;
}

static void
assert_normal(const char *scheme, const char *code, const char *system, const char *normal)
{
	struct code_mapping mapping = mapping_of(scheme, code);

	assert_int_equal(code_mapping_normalize(&mapping, &result), STATUS_OK);
	assert_true(bytes_equal(mapping.fields[CODE_FIELD_SCHEME], bytes_from_string(system)));
	assert_true(bytes_equal(mapping.fields[CODE_FIELD_CODE], bytes_from_string(normal)));
}

static void
assert_refused(const char *scheme, const char *code, enum status status)
{
	struct code_mapping mapping = mapping_of(scheme, code);

	assert_int_equal(code_mapping_normalize(&mapping, &result), status);
}

static void
assert_check(enum code_field field, const char *text, bool is_good)
{
	struct code_mapping mapping = mapping_of("gs1", "96385074");
	enum code_field fault = CODE_FIELD_COUNT;

	mapping.fields[field] = bytes_from_string(text);
	assert_int_equal(
		code_mapping_check(&mapping, &fault), is_good ? STATUS_OK : STATUS_INVALID);
	assert_true(is_good || fault == field);
}

static void
codes_are_brought_to_their_normal_form(void **state)
{
	(void)state;
	assert_normal("gs1", "(01)09521234543213", "gs1", "01/09521234543213");
	assert_normal("GTIN-13", "9521234543213", "gs1", "01/09521234543213");
	assert_normal("gln", "9521234543213", "gs1", "414/9521234543213");
	assert_normal(
		"gs1", "urn:epc:id:sgtin:0614141.812345.6789", "gs1", "01/80614141123458/21/6789");
	assert_normal("oid", "urn:oid:2.999", "oid", "2.999");
}

static void
what_may_be_two_is_refused_until_its_kind_is_said(void **state)
{
	(void)state;
	assert_refused("gs1", "9521234543213", STATUS_CONFLICT);
	assert_refused("gs1", "9521234543217", STATUS_NOT_FOUND);
	assert_refused("oid", "9521234543213", STATUS_NOT_FOUND);
	assert_refused("handle", "88.100.1/x", STATUS_NOT_FOUND);
	assert_refused("gs1", "", STATUS_NOT_FOUND);
}

static void
normal_forms_are_their_own(void **state)
{
	(void)state;
	assert_normal("gs1", "01/09521234543213/21/a%2Fb", "gs1", "01/09521234543213/21/a%2Fb");
	assert_normal("oid", "2.999", "oid", "2.999");
	assert_normal("ecode", "100011", "ecode", "100011");
	assert_normal("iso15459", "JUN2", "iso15459", "JUN2");
	assert_normal("uscc", "91350100M000100Y43", "uscc", "91350100M000100Y43");
	assert_refused("gs1", "01/9521234543213", STATUS_NOT_FOUND);
	assert_refused("gs1", "a/01/09521234543213", STATUS_NOT_FOUND);
	assert_refused("oid", "2.0999", STATUS_NOT_FOUND);
}

static void
fields_are_checked_and_the_wrong_one_named(void **state)
{
	(void)state;
	assert_check(CODE_FIELD_HANDLE, "88.100.1/y", true);
	assert_check(CODE_FIELD_HANDLE, "8/y", true);
	assert_check(CODE_FIELD_HANDLE, "88.100.1", false);
	assert_check(CODE_FIELD_HANDLE, "/x", false);
	assert_check(CODE_FIELD_HANDLE, "88.1/", false);
	assert_check(CODE_FIELD_HANDLE, "88.1/a\nb", false);
	assert_check(CODE_FIELD_FROM, "2026-11-27", true);
	assert_check(CODE_FIELD_FROM, "2026-11-27T08:00:00Z", true);
	assert_check(CODE_FIELD_FROM, "2026-13-27", false);
	assert_check(CODE_FIELD_TO, "yesterday", false);
	assert_check(CODE_FIELD_STATUS, "review", true);
	assert_check(CODE_FIELD_STATUS, "Active", false);
	assert_check(CODE_FIELD_SOURCE, "\xff", false);
}

static void
an_identifier_is_as_long_as_a_code_may_be(void **state)
{
	static char handle[CODE_SIZE_MAX + 2];

	(void)state;
	memset(handle, 'x', CODE_SIZE_MAX);
	memcpy(handle, "88.100.1/", 9);
	assert_check(CODE_FIELD_HANDLE, handle, true);
	handle[CODE_SIZE_MAX] = 'x';
	assert_check(CODE_FIELD_HANDLE, handle, false);
}

static void
an_end_is_behind_its_begin(void **state)
{
	(void)state;
	struct code_mapping mapping = mapping_of("gs1", "96385074");
	enum code_field field;
	mapping.fields[CODE_FIELD_FROM] = TEXT("2026-11-27");
	mapping.fields[CODE_FIELD_TO] = TEXT("2026-11-28");
	assert_int_equal(code_mapping_check(&mapping, &field), STATUS_OK);
	mapping.fields[CODE_FIELD_TO] = TEXT("2026-11-27");
	assert_int_equal(code_mapping_check(&mapping, &field), STATUS_INVALID);
	assert_int_equal(field, CODE_FIELD_TO);
}

static void
a_mapping_comes_back_from_json(void **state)
{
	(void)state;
	char text[512];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	struct arena *arena = arena_new(4096, 65536);
	struct code_mapping mapping = mapping_of("gs1", "01/09521234543213"), again;
	mapping.fields[CODE_FIELD_SOURCE] = TEXT("ERP \"7\"");
	code_mapping_write(&writer, &mapping);
	assert_int_equal(json_writer_end(&writer), STATUS_OK);
	assert_true(bytes_equal(json_written(&writer),
		TEXT("{\"scheme\":\"gs1\",\"code\":\"01/09521234543213\",\"identifier\":\"88.100.1/"
		     "x\",\"source\":\"ERP \\\"7\\\"\"}")));
	assert_int_equal(code_mapping_read(json_written(&writer), arena, &again), STATUS_OK);
	for (size_t i = 0; i < CODE_FIELD_COUNT; i++) {
		assert_true(bytes_equal(mapping.fields[i], again.fields[i]));
	}
	assert_int_equal(code_mapping_read(TEXT("{\"scheme\":1}"), arena, &again), STATUS_INVALID);
	assert_int_equal(code_mapping_read(TEXT("{\"x\":[1]}"), arena, &again), STATUS_OK);
	arena_free(arena);
}

static void
a_mapping_is_active_from_its_begin_until_its_end(void **state)
{
	(void)state;
	struct code_mapping mapping = mapping_of("gs1", "x");
	mapping.fields[CODE_FIELD_STATUS] = TEXT("active");
	assert_true(code_mapping_is_active(&mapping, TEXT("2026-11-27T00:00:00Z")));
	mapping.fields[CODE_FIELD_FROM] = TEXT("2026-11-27");
	mapping.fields[CODE_FIELD_TO] = TEXT("2026-11-28");
	assert_false(code_mapping_is_active(&mapping, TEXT("2026-11-26T23:59:59Z")));
	assert_true(code_mapping_is_active(&mapping, TEXT("2026-11-27T00:00:00Z")));
	assert_true(code_mapping_is_active(&mapping, TEXT("2026-11-27T23:59:59Z")));
	assert_false(code_mapping_is_active(&mapping, TEXT("2026-11-28T00:00:00Z")));
	/* To the second: the first one counts, the last one does not. */
	mapping.fields[CODE_FIELD_FROM] = TEXT("2026-11-27T08:00:00Z");
	mapping.fields[CODE_FIELD_TO] = TEXT("2026-11-27T09:00:00Z");
	assert_false(code_mapping_is_active(&mapping, TEXT("2026-11-27T07:59:59Z")));
	assert_true(code_mapping_is_active(&mapping, TEXT("2026-11-27T08:00:00Z")));
	assert_true(code_mapping_is_active(&mapping, TEXT("2026-11-27T08:59:59Z")));
	assert_false(code_mapping_is_active(&mapping, TEXT("2026-11-27T09:00:00Z")));
	mapping.fields[CODE_FIELD_STATUS] = TEXT("withdrawn");
	assert_false(code_mapping_is_active(&mapping, TEXT("2026-11-27T08:00:00Z")));
}

static void
a_mapping_is_over_once_withdrawn_or_past_its_end(void **state)
{
	struct code_mapping mapping = mapping_of("gs1", "01/09521234543213");

	(void)state;
	mapping.fields[CODE_FIELD_STATUS] = TEXT("active");
	assert_false(code_mapping_is_over(&mapping, TEXT("2026-06-01")));
	mapping.fields[CODE_FIELD_TO] = TEXT("2026-12-31");
	assert_false(code_mapping_is_over(&mapping, TEXT("2026-12-30")));
	assert_true(code_mapping_is_over(&mapping, TEXT("2026-12-31")));
	assert_true(code_mapping_is_over(&mapping, TEXT("2027-01-01")));
	mapping.fields[CODE_FIELD_STATUS] = TEXT("review");
	assert_false(code_mapping_is_over(&mapping, TEXT("2027-01-01")));
	mapping.fields[CODE_FIELD_STATUS] = TEXT("withdrawn");
	assert_true(code_mapping_is_over(&mapping, TEXT("2026-06-01")));
}

static void
a_mapping_is_of_its_code_to_the_letter_and_of_its_handle_in_any_case(void **state)
{
	struct code_mapping mapping = mapping_of("gs1", "01/09521234543213/10/Ab");

	(void)state;
	assert_true(code_mapping_is_of(&mapping, "gs1", TEXT("01/09521234543213/10/Ab")));
	assert_false(code_mapping_is_of(&mapping, "gs1", TEXT("01/09521234543213/10/AB")));
	assert_false(code_mapping_is_of(&mapping, "oid", TEXT("01/09521234543213/10/Ab")));
	assert_true(code_mapping_is_of(&mapping, NULL, TEXT("88.100.1/X")));
	assert_false(code_mapping_is_of(&mapping, NULL, TEXT("88.100.1/y")));
}

static void
a_prefix_is_labels_without_a_slash(void **state)
{
	char text[65];

	(void)state;
	memset(text, '8', sizeof(text));
	assert_true(code_mapping_prefix_is_good(TEXT("88.998.1")));
	assert_true(code_mapping_prefix_is_good(TEXT("标识")));
	assert_true(code_mapping_prefix_is_good(bytes_over(text, 64)));
	assert_false(code_mapping_prefix_is_good(bytes_over(text, 65)));
	assert_false(code_mapping_prefix_is_good(TEXT("")));
	assert_false(code_mapping_prefix_is_good(TEXT("88 998")));
	assert_false(code_mapping_prefix_is_good(TEXT("88.998/1")));
	assert_false(code_mapping_prefix_is_good(TEXT("88\x7f")));
	assert_false(code_mapping_prefix_is_good(TEXT("88\n")));
	assert_false(code_mapping_prefix_is_good(TEXT("88\xff")));
}

static void
every_field_is_text(void **state)
{
	(void)state;
	for (int field = 0; field < CODE_FIELD_COUNT; field++) {
		assert_check((enum code_field)field, "88.1/\xff", false);
	}
}

static void
names_of_records_lead_both_ways(void **state)
{
	(void)state;
	char room[128];
	struct text_writer writer = text_writer_over(room, sizeof(room));
	struct code_mapping mapping = mapping_of("gs1", "01/09521234543213");
	code_mapping_write_name(&writer, TEXT("88.9"), &mapping);
	assert_true(bytes_equal(text_written(&writer), TEXT("88.9/gs1/01/09521234543213")));
	writer = text_writer_over(room, sizeof(room));
	code_mapping_write_reverse_name(&writer, TEXT("88.9"), TEXT("88.100.1/x"));
	assert_true(bytes_equal(text_written(&writer), TEXT("88.9/identifier/88.100.1/x")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_brought_to_their_normal_form),
		cmocka_unit_test(what_may_be_two_is_refused_until_its_kind_is_said),
		cmocka_unit_test(normal_forms_are_their_own),
		cmocka_unit_test(fields_are_checked_and_the_wrong_one_named),
		cmocka_unit_test(an_identifier_is_as_long_as_a_code_may_be),
		cmocka_unit_test(an_end_is_behind_its_begin),
		cmocka_unit_test(a_mapping_comes_back_from_json),
		cmocka_unit_test(a_mapping_is_active_from_its_begin_until_its_end),
		cmocka_unit_test(a_mapping_is_over_once_withdrawn_or_past_its_end),
		cmocka_unit_test(
			a_mapping_is_of_its_code_to_the_letter_and_of_its_handle_in_any_case),
		cmocka_unit_test(a_prefix_is_labels_without_a_slash),
		cmocka_unit_test(every_field_is_text),
		cmocka_unit_test(names_of_records_lead_both_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
