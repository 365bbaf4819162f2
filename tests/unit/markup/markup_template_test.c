/* SPDX-License-Identifier: Apache-2.0 */
#include "markup/markup_template.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "markup/markup_namespace.h"
#include "markup/markup_pattern.h"
#include "support/cmocka_all.h"
#include "wire/wire_writer.h"

#include <stdlib.h>

/* Instead of the system's: how fast the machine is decides nothing here. */
static int64_t now_ms, step_ms;

int64_t
clock_monotonic_ms(void)
{
	int64_t now = now_ms;

	now_ms += step_ms;
	return now;
}

int64_t
clock_wall_ms(void)
{
	return now_ms;
}

static struct arena *arena;
static uint8_t octets[8192];
static struct handle_value_list base_values;

static int
world_begin(void **state)
{
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	const struct handle_value values[] = {
		{.index = 1,
			.timestamp = 5,
			.ttl = 60,
			.permissions = HANDLE_PERMISSION_DEFAULT,
			.type = TEXT("URL"),
			.data = TEXT("http://a/b")},
		{.index = 2,
			.timestamp = 9,
			.ttl = 70,
			.permissions = HANDLE_ADMIN_READ,
			.type = TEXT("NOTE"),
			.data = TEXT("<&\"")},
		{.index = 3, .timestamp = 7, .type = TEXT("HS_SECKEY"), .data = TEXT("secret")},
	};

	(void)state;
	arena = arena_new(65536, REQUEST_MEMORY_MAX);
	for (size_t i = 0; i < 3; i++) {
		handle_value_write(&writer, &values[i]);
	}
	base_values = (struct handle_value_list){3, wire_written(&writer)};
	return arena == NULL;
}

static int
world_end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const char *fetched;

static enum status
fetch(void *context, struct bytes handle, uint32_t index, struct bytes *ret_data)
{
	(void)context;
	if (fetched == NULL || index != 1 || !bytes_equal(handle, TEXT("1/t"))) {
		return STATUS_NOT_FOUND;
	}
	*ret_data = bytes_from_string(fetched);
	return STATUS_OK;
}

static enum status
build_with(const char *const *namespaces, size_t count, const char *extension,
	struct handle_value_list *ret_values)
{
	struct markup_template template = {
		.handle = TEXT("1/B@x"),
		.base = TEXT("1/B"),
		.extension = bytes_from_string(extension),
		.values = &base_values,
		.namespace_count = count,
		.fetch = fetch,
	};

	arena_reset(arena);
	for (size_t i = 0; i < count; i++) {
		struct markup_element *root;

		assert_int_equal(markup_read(bytes_from_string(namespaces[i]), MARKUP_DEPTH_MAX,
					 arena, &root, NULL),
			STATUS_OK);
		template.namespaces[i] = root;
	}
	return markup_template_build(&template, arena, ret_values);
}

/* What it makes, as "index type data|..."; or the status. */
static const char *
built(const char *inside, const char *extension)
{
	static char text[4096];
	static char xml[8192];
	struct text_writer writer = text_writer_over(xml, sizeof(xml) - 1);
	struct text_writer out = text_writer_over(text, sizeof(text) - 1);
	const char *namespaces[1] = {xml};
	struct handle_value_list list;
	struct handle_value value;
	struct wire_reader walk;
	enum status status;

	text_write_string(&writer, "<namespace><template delimiter='@'>");
	text_write_string(&writer, inside);
	text_write_string(&writer, "</template></namespace>");
	*writer.next = '\0';
	status = build_with(namespaces, 1, extension, &list);
	if (status != STATUS_OK) {
		return status_name(status);
	}
	walk = handle_value_list_walk(&list);
	while (handle_value_next(&walk, &value)) {
		text_write_u64(&out, value.index);
		text_write_char(&out, ' ');
		text_write(&out, value.type);
		text_write_char(&out, ' ');
		text_write(&out, value.data);
		text_write_char(&out, '|');
	}
	*out.next = '\0';
	return text;
}

static void
values_are_made_of_what_was_asked(void **state)
{
	(void)state;
	assert_string_equal(built("<value type='T' data='${handle} ${base} ${extension}'/>", "x"),
		"1 T 1/B@x 1/B x|");
	assert_string_equal(built("<value index='5' type='${extension}' data='\\$$0\\\\'/>"
				  "<value index='5' type='b' data='${none}${x'/>",
				    "x"),
		"5 x $x\\|6 b ${x|");
	assert_string_equal(built("<value type='T'/><value data='x'/>", "x"), "");
	assert_string_equal(built("<value type='T'>a ${extension} b</value>", "x"), "1 T a x b|");
}

static void
each_value_of_the_base_is_seen_but_no_secret(void **state)
{
	(void)state;
	assert_string_equal(
		built("<foreach><value/></foreach>", "x"), "1 URL http://a/b|2 NOTE <&\"|");
	assert_string_equal(
		built("<foreach><value type='${index}' data='${type}-${data}'/></foreach>", "x"),
		"1 1 URL-http://a/b|2 2 NOTE-<&\"|");
	/* No loop in a loop. */
	assert_string_equal(built("<foreach><foreach><value/></foreach></foreach>", "x"), "");
}

static void
what_a_value_does_not_say_is_that_of_the_base(void **state)
{
	const char *xml = "<namespace><template><foreach><value data='z'/></foreach>"
			  "<value type='new' data='y'/></template></namespace>";
	struct handle_value_list list;
	struct handle_value value;
	struct wire_reader walk;

	(void)state;
	assert_int_equal(build_with(&xml, 1, "x", &list), STATUS_OK);
	walk = handle_value_list_walk(&list);
	assert_true(handle_value_next(&walk, &value));
	assert_int_equal(value.ttl, 60);
	assert_int_equal(value.timestamp, 5);
	assert_true(handle_value_next(&walk, &value));
	assert_int_equal(value.permissions, HANDLE_ADMIN_READ);
	assert_true(handle_value_next(&walk, &value));
	assert_int_equal(value.index, 3);
	assert_int_equal(value.timestamp, 9);
	assert_int_equal(value.ttl, HANDLE_TTL_DEFAULT);
	assert_int_equal(value.permissions, HANDLE_PERMISSION_DEFAULT);
}

static void
tests_decide_and_else_is_the_other_case(void **state)
{
	static const char both[] =
		"<if test='equals' expression='x'><value type='T' data='yes'/></if>"
		"<else><value type='T' data='no'/></else>";
	static const char negated[] =
		"<if test='equals' expression='x' negate='true'><value type='T' data='yes'/></if>"
		"<else><value type='T' data='no'/></else>";

	(void)state;
	assert_string_equal(built(both, "x"), "1 T yes|");
	assert_string_equal(built(both, "X"), "1 T no|");
	assert_string_equal(built(negated, "x"), "1 T no|");
	assert_string_equal(built(negated, "y"), "1 T yes|");
	assert_string_equal(built("<foreach><if value='type' test='equals' expression='URL'>"
				  "<value data='${data}#${extension}'/></if></foreach>",
				    "x"),
		"1 URL http://a/b#x|");
	assert_string_equal(built("<if><value type='T' data='d'/></if>"
				  "<else><value type='T' data='e'/></else>",
				    "x"),
		"1 T d|");
	assert_string_equal(built("<else><value type='T' data='e'/></else>", "x"), "");
}

static void
matches_are_of_the_whole_and_their_groups_are_variables(void **state)
{
	static const char pages[] =
		"<if test='matches' expression='page(\\d+)(-(\\d+))?' parameter='p'>"
		"<value type='T' data='${p}:${p[1]}:${p[3]}:${p[9]}:${extension}'/></if>"
		"<else><value type='T' data='none'/></else>";

	(void)state;
	assert_string_equal(built(pages, "page12"), "1 T page12:12:::page12|");
	assert_string_equal(built(pages, "PAGE1-2"), "1 T PAGE1-2:1:2::PAGE1-2|");
	assert_string_equal(built(pages, "page12x"), "1 T none|");
	assert_string_equal(built(pages, ""), "1 T none|");
	assert_string_equal(built("<if test='matches' expression='(.)(.*)'>"
				  "<value type='T' data='$2$1'/></if>",
				    "abc"),
		"1 T bca|");
	assert_string_equal(built("<if value='base' test='matches' expression='1/(.)'>"
				  "<value type='T' data='${base[1]}'/></if>",
				    "x"),
		"1 T B|");
}

/* Each is compiled once and kept; none is taken for another. */
static void
several_expressions_are_told_apart(void **state)
{
	static const char several[] =
		"<if test='matches' expression='a.*'><value type='A' data='a'/></if>"
		"<if test='matches' expression='.*b'><value type='B' data='b'/></if>"
		"<foreach><if value='type' test='matches' expression='U.*'>"
		"<value type='U' data='${data}'/></if></foreach>";

	(void)state;
	assert_string_equal(built(several, "ab"), "1 A a|2 B b|3 U http://a/b|");
	assert_string_equal(built(several, "xb"), "1 B b|2 U http://a/b|");
	assert_string_equal(built(several, "ax"), "1 A a|2 U http://a/b|");
	assert_string_equal(built(several, "x"), "1 U http://a/b|");
}

static void
groups_are_kept_up_to_their_limit(void **state)
{
	char inside[1024];

	(void)state;
	for (int more = -1; more <= 1; more++) {
		struct text_writer writer = text_writer_over(inside, sizeof(inside) - 1);

		/* The whole match is the first of them. */
		text_write_string(&writer, "<if test='matches' expression='");
		for (int i = 1; i < MARKUP_GROUP_COUNT_MAX + more; i++) {
			text_write_string(&writer, "(.)");
		}
		text_write_string(&writer,
			".*'><value type='T' data='${extension[1]}${extension[30]}${extension[31]}"
			"${extension[32]}'/></if>");
		*writer.next = '\0';
		assert_string_equal(built(inside, "0123456789abcdefghijklmnopqrstuvwxyz"),
			more == -1 ? "1 T 0t|" : "1 T 0tu|");
	}
}

static void
of_several_namespaces_that_of_the_lowest_index_counts(void **state)
{
	static uint8_t room[512];
	static const uint32_t indexes[] = {7, 3, 5};
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct handle_value_list list = {.count = 0};
	struct handle_value found = {.index = 0};

	(void)state;
	handle_value_write(&writer, &(struct handle_value){.index = 1, .type = TEXT("URL")});
	list = (struct handle_value_list){1, wire_written(&writer)};
	assert_false(markup_namespace_find(&list, &found));
	assert_int_equal(found.index, 0);
	for (size_t i = 0; i < 3; i++) {
		handle_value_write(&writer,
			&(struct handle_value){.index = indexes[i], .type = TEXT("HS_NAMESPACE")});
	}
	list = (struct handle_value_list){4, wire_written(&writer)};
	assert_true(markup_namespace_find(&list, &found));
	assert_int_equal(found.index, 3);
}

static void
definitions_hold_until_their_element_ends(void **state)
{
	(void)state;
	assert_string_equal(
		built("<def parameter='d'><value type='x' data='&lt;${extension}&gt;'/></def>"
		      "<value type='T' data='${d}'/>",
			"x"),
		"1 T <x>|");
	assert_string_equal(built("<if><def parameter='d'><value type='x' data='1'/></def></if>"
				  "<value type='T' data='[${d}]'/>",
				    "x"),
		"1 T []|");
}

static void
variables_at_once_have_a_number(void **state)
{
	/* What the template itself knows before it begins. */
	enum { OWN_COUNT = 3 };
	static char inside[16384];

	(void)state;
	for (int count = MARKUP_BINDING_COUNT_MAX - OWN_COUNT - 1;
		count <= MARKUP_BINDING_COUNT_MAX - OWN_COUNT + 1; count++) {
		struct text_writer writer = text_writer_over(inside, sizeof(inside) - 1);
		const char *got;

		for (int i = 0; i < count; i++) {
			text_write_string(&writer,
				"<def parameter='d'>"
				"<value type='x' data='1'/></def>");
		}
		text_write_string(&writer, "<value type='T' data='${d}'/>");
		*writer.next = '\0';
		got = built(inside, "x");
		assert_string_equal(got,
			count <= MARKUP_BINDING_COUNT_MAX - OWN_COUNT ? "1 T 1|" : "TOO_LARGE");
	}
}

static void
what_is_carried_out_has_a_number(void **state)
{
	/* For each value of the base, an <if> is a step to begin and one to end. */
	enum { IF_COUNT = 1000, VALUE_COUNT = MARKUP_STEP_COUNT_MAX / (2 * IF_COUNT) };
	struct handle_value_list before = base_values;
	static char xml[16384];
	struct text_writer writer = text_writer_over(xml, sizeof(xml) - 1);
	const char *namespaces[1] = {xml};
	uint8_t room[1024];

	(void)state;
	text_write_string(&writer, "<namespace><template><foreach>");
	for (int i = 0; i < IF_COUNT; i++) {
		text_write_string(&writer, "<if/>");
	}
	text_write_string(&writer, "</foreach></template></namespace>");
	*writer.next = '\0';
	for (uint32_t count = VALUE_COUNT; count <= VALUE_COUNT + 1; count++) {
		struct wire_writer values = wire_writer_over(room, sizeof(room));
		struct handle_value_list list;

		for (uint32_t i = 1; i <= count; i++) {
			handle_value_write(
				&values, &(struct handle_value){.index = i, .type = TEXT("T")});
		}
		base_values = (struct handle_value_list){count, wire_written(&values)};
		assert_int_equal(build_with(namespaces, 1, "x", &list),
			count == VALUE_COUNT ? STATUS_OK : STATUS_TOO_LARGE);
	}
	base_values = before;
}

static void
an_expression_has_a_size(void **state)
{
	static char inside[2 * MARKUP_PATTERN_SIZE_MAX];

	(void)state;
	for (int size = MARKUP_PATTERN_SIZE_MAX - 1; size <= MARKUP_PATTERN_SIZE_MAX + 1; size++) {
		struct text_writer writer = text_writer_over(inside, sizeof(inside));
		struct problem problem;

		for (int i = 0; i < size; i++) {
			text_write_char(&writer, 'a');
		}
		arena_reset(arena);
		assert_int_equal(markup_pattern_check(arena, text_written(&writer), &problem),
			size <= MARKUP_PATTERN_SIZE_MAX ? STATUS_OK : STATUS_INVALID_VALUE);
	}
}

static void
a_template_may_say_that_there_is_nothing(void **state)
{
	(void)state;
	assert_string_equal(built("<value type='T' data='x'/><notfound/>", "x"), "NOT_FOUND");
	assert_string_equal(built("<if test='equals' expression='y'><notfound/></if>", "x"), "");
}

/* What an extension says cannot end the attribute that it stands in. */
static void
what_is_filled_into_xml_is_escaped(void **state)
{
	(void)state;
	assert_string_equal(built("<value type='10320/loc'><locations><location href="
				  "\"http://a/${extension}\"/></locations></value>",
				    "\"/><&'"),
		"1 10320/loc <locations><location href=\"http://a/&quot;/&gt;&lt;&amp;&#39;\"/>"
		"</locations>|");
}

static void
the_nearest_template_counts_and_none_is_the_base(void **state)
{
	const char *own = "<namespace><contact>x</contact></namespace>";
	const char *two[] = {own,
		"<namespace><template><value type='T' data='p'/></template>"
		"<template><value type='T' data='q'/></template></namespace>"};
	struct handle_value_list list;

	(void)state;
	assert_int_equal(build_with(two, 2, "x", &list), STATUS_OK);
	assert_int_equal(list.count, 2);
	assert_int_equal(build_with(&own, 1, "x", &list), STATUS_OK);
	assert_int_equal(list.count, 3);
}

static void
references_are_followed_and_end(void **state)
{
	const char *xml = "<namespace><template ref='1:1/t'/></namespace>";
	struct handle_value_list list;

	(void)state;
	fetched = "<namespace><template><value type='T' data='far'/></template></namespace>";
	assert_int_equal(build_with(&xml, 1, "x", &list), STATUS_OK);
	assert_int_equal(list.count, 1);
	fetched = "<template><value type='T' data='far'/></template>";
	assert_int_equal(build_with(&xml, 1, "x", &list), STATUS_OK);
	fetched = xml; /* To itself. */
	assert_int_equal(build_with(&xml, 1, "x", &list), STATUS_TOO_LARGE);
	fetched = NULL;
	assert_int_equal(build_with(&xml, 1, "x", &list), STATUS_NOT_FOUND);
	fetched = "<";
	assert_int_equal(build_with(&xml, 1, "x", &list), STATUS_OK);
	assert_int_equal(list.count, 3); /* No template: the base. */
}

/* (a+)+ against a long run without an end is what brings others to their knees. */
static void
an_expression_costs_no_more_than_it_may(void **state)
{
	static const char *const bad[] = {"(a+)+b", "(a|aa)+b", "(a|b|ab)*c", "(?:a?){30}a{30}b",
		"((a)|(?1)b)+c", "(x+x+)+y|(a*)*b"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[256];
		struct text_writer writer = text_writer_over(text, sizeof(text) - 1);
		const char *result;

		text_write_string(&writer, "<if test='matches' expression='");
		text_write_string(&writer, bad[i]);
		text_write_string(&writer, "'><notfound/></if>");
		*writer.next = '\0';
		result = built(
			text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		assert_true(strcmp(result, "TOO_LARGE") == 0 || strcmp(result, "") == 0);
	}
	assert_string_equal(built("<if test='matches' expression='(a+)+(b|c)'/>",
				    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		"TOO_LARGE");
}

/* As many matches as that, in a world where each is begun `step_ms` after the last. */
static enum status
match_often(int count, int64_t step)
{
	char *text = malloc(65536);
	struct text_writer writer = text_writer_over(text, 65535);
	const char *namespaces[1] = {text};
	struct handle_value_list list;
	enum status status;

	text_write_string(&writer, "<namespace><template>");
	for (int i = 0; i < count; i++) {
		text_write_string(&writer, "<if test='matches' expression='a'/>");
	}
	text_write_string(&writer, "</template></namespace>");
	*writer.next = '\0';
	step_ms = step;
	status = build_with(namespaces, 1, "b", &list);
	step_ms = 0;
	free(text);
	return status;
}

static void
matches_have_a_number_and_an_end(void **state)
{
	(void)state;
	assert_int_equal(match_often(MARKUP_MATCH_COUNT_MAX, 0), STATUS_OK);
	assert_int_equal(match_often(MARKUP_MATCH_COUNT_MAX + 1, 0), STATUS_TOO_LARGE);
	assert_int_equal(match_often(MARKUP_MATCH_DEADLINE_MS, 1), STATUS_OK);
	assert_int_equal(match_often(MARKUP_MATCH_DEADLINE_MS + 1, 1), STATUS_TOO_LARGE);
}

/* Compiling one must not cost more stack than there is. */
static void
groups_are_nested_up_to_their_limit(void **state)
{
	enum { NESTED_MAX = 32 };
	char text[256];
	struct problem problem;

	(void)state;
	for (int depth = NESTED_MAX - 1; depth <= NESTED_MAX + 1; depth++) {
		memset(text, '(', (size_t)depth);
		text[depth] = 'a';
		memset(text + depth + 1, ')', (size_t)depth);
		arena_reset(arena);
		assert_int_equal(markup_pattern_check(
					 arena, bytes_over(text, 2 * (size_t)depth + 1), &problem),
			depth <= NESTED_MAX ? STATUS_OK : STATUS_INVALID_VALUE);
	}
}

static void
results_have_a_size(void **state)
{
	static char extension[2000];
	char text[8000];
	struct text_writer writer = text_writer_over(text, sizeof(text) - 1);

	(void)state;
	memset(extension, 'x', sizeof(extension) - 1);
	for (int i = 0; i < 34; i++) {
		text_write_string(&writer, "<value type='T' data='${extension}${extension}'/>");
	}
	*writer.next = '\0';
	assert_string_equal(built(text, extension), "TOO_LARGE");
}

static void
a_handle_is_parted_at_the_first_delimiter_of_its_suffix(void **state)
{
	struct bytes base, extension;

	(void)state;
	assert_true(markup_template_split(TEXT("1@/a@b@c"), TEXT("@"), &base, &extension));
	assert_true(bytes_equal(base, TEXT("1@/a")));
	assert_true(bytes_equal(extension, TEXT("b@c")));
	assert_true(markup_template_split(TEXT("1/a::"), TEXT("::"), &base, &extension));
	assert_int_equal(extension.size, 0);
	assert_false(markup_template_split(TEXT("1@2/a"), TEXT("@"), &base, &extension));
	assert_false(markup_template_split(TEXT("1@2"), TEXT("@"), &base, &extension));
	assert_false(markup_template_split(TEXT("1/a"), TEXT(""), &base, &extension));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_made_of_what_was_asked),
		cmocka_unit_test(each_value_of_the_base_is_seen_but_no_secret),
		cmocka_unit_test(what_a_value_does_not_say_is_that_of_the_base),
		cmocka_unit_test(tests_decide_and_else_is_the_other_case),
		cmocka_unit_test(matches_are_of_the_whole_and_their_groups_are_variables),
		cmocka_unit_test(several_expressions_are_told_apart),
		cmocka_unit_test(groups_are_kept_up_to_their_limit),
		cmocka_unit_test(of_several_namespaces_that_of_the_lowest_index_counts),
		cmocka_unit_test(definitions_hold_until_their_element_ends),
		cmocka_unit_test(variables_at_once_have_a_number),
		cmocka_unit_test(what_is_carried_out_has_a_number),
		cmocka_unit_test(an_expression_has_a_size),
		cmocka_unit_test(a_template_may_say_that_there_is_nothing),
		cmocka_unit_test(what_is_filled_into_xml_is_escaped),
		cmocka_unit_test(the_nearest_template_counts_and_none_is_the_base),
		cmocka_unit_test(references_are_followed_and_end),
		cmocka_unit_test(an_expression_costs_no_more_than_it_may),
		cmocka_unit_test(matches_have_a_number_and_an_end),
		cmocka_unit_test(groups_are_nested_up_to_their_limit),
		cmocka_unit_test(results_have_a_size),
		cmocka_unit_test(a_handle_is_parted_at_the_first_delimiter_of_its_suffix),
	};

	return cmocka_run_group_tests(tests, world_begin, world_end);
}
