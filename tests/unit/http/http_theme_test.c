/* SPDX-License-Identifier: Apache-2.0 */
#include "http/page/http_theme.h"

#include "base/limits.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

static struct problem problem;

/* What a page writes with these variables, or what is wrong with it. */
static bool
page_find(void *context, struct bytes name, struct bytes *ret_text)
{
	if (!bytes_equal(name, TEXT("part.html"))) {
		return false;
	}
	*ret_text = *(const struct bytes *)context;
	return true;
}

static void
part_write(void *context, enum http_variable variable, struct text_writer *writer)
{
	(void)context;
	text_write_string(writer, variable == HTTP_VARIABLE_VALUES ? "<dl>" : "<img>");
}

static const char *
written(const char *page, const char *part)
{
	static char room[4096];
	struct text_writer writer = text_writer_over(room, sizeof(room) - 1);
	struct bytes other = bytes_from_string(part);
	const struct http_template_source source = {.name = TEXT("page.html"),
		.text = bytes_from_string(page),
		.find = page_find,
		.context = &other};
	struct http_template_values values = {.part = part_write};
	struct http_template *template;

	values.texts[HTTP_VARIABLE_HANDLE] = TEXT("<&\"'>");
	values.texts[HTTP_VARIABLE_CHINESE] = TEXT("1");
	if (http_template_new(&source, &template, &problem) != STATUS_OK) {
		return problem.text;
	}
	http_template_write(&writer, template, &values);
	http_template_free(template);
	*writer.next = '\0';
	return room;
}

static void
what_a_variable_holds_is_escaped(void **state)
{
	(void)state;
	assert_string_equal(written("<h1>{{HANDLE}}</h1>{{ HANDLE }}{{NAME}}.", ""),
		"<h1>&lt;&amp;&quot;&#39;&gt;</h1>&lt;&amp;&quot;&#39;&gt;.");
	assert_string_equal(written("{{VALUES}}{{PICTURE}}", ""), "<dl><img>");
	assert_string_equal(written("{ {HANDLE} } }}", ""), "{ {HANDLE} } }}");
}

static void
conditions_choose_and_may_lie_in_each_other(void **state)
{
	(void)state;
	assert_string_equal(written("{{if CHINESE}}zh{{else}}en{{end}}.", ""), "zh.");
	assert_string_equal(written("{{if NAME}}a{{else}}b{{end}}{{if NAME}}c{{end}}.", ""), "b.");
	assert_string_equal(written("{{if NAME}}a{{if CHINESE}}b{{end}}{{else}}"
				    "{{if CHINESE}}c{{else}}d{{end}}e{{end}}",
				    ""),
		"ce");
}

static void
pages_hold_other_pages(void **state)
{
	(void)state;
	assert_string_equal(written("a{{page part.html}}c", "{{if CHINESE}}b{{end}}"), "abc");
	assert_string_equal(
		written("{{if NAME}}{{page part.html}}{{else}}c{{end}}", "{{HANDLE}}"), "c");
}

static void
what_is_wrong_is_told_with_file_and_line(void **state)
{
	(void)state;
	assert_string_equal(
		written("a\nb{{HANDEL}}", ""), "page.html, line 2: {{HANDEL}} is no variable");
	assert_string_equal(written("{{if HANDEL}}{{end}}", ""),
		"page.html, line 1: {{HANDEL}} is no variable");
	assert_string_equal(written("{{CHINESE}}", ""),
		"page.html, line 1: {{CHINESE}} can only be asked for: {{if ...}}");
	assert_string_equal(written("{{if NAME}}", ""),
		"page.html, line 1: {{if}} has no {{end}} in this file");
	assert_string_equal(written("{{end}}", ""),
		"page.html, line 1: {{end}} has no {{if}} before it in this file");
	assert_string_equal(written("{{if NAME}}{{else}}{{else}}{{end}}", ""),
		"page.html, line 1: {{else}} comes twice");
	assert_string_equal(
		written("{{page other.html}}", ""), "page.html, line 1: {{other.html}} is no page");
	assert_string_equal(written("\n{{NAME", ""), "page.html, line 2: {{NAME}} does not end");
	assert_string_equal(written("{{if NAME}}{{page part.html}}", "\n{{end}}"),
		"part.html, line 2: {{end}} has no {{if}} before it in this file");
	assert_string_equal(written("{{page part.html}}", "{{page part.html}}"),
		"part.html, line 1: {{part.html}} is a page in too many pages");
}

static void
pages_and_conditions_have_limits(void **state)
{
	(void)state;
	for (size_t more = 0; more <= 1; more++) {
		char text[8192];
		struct text_writer writer = text_writer_over(text, sizeof(text) - 1);

		for (size_t i = 0; i < HTTP_TEMPLATE_PIECE_COUNT_MAX + more; i++) {
			text_write_string(&writer, "{{NAME}}");
		}
		*writer.next = '\0';
		assert_int_equal(strlen(written(text, "")) > 0, more == 1);
		writer = text_writer_over(text, sizeof(text) - 1);
		for (size_t i = 0; i < HTTP_TEMPLATE_DEPTH_MAX + more; i++) {
			text_write_string(&writer, "{{if NAME}}");
		}
		for (size_t i = 0; i < HTTP_TEMPLATE_DEPTH_MAX + more; i++) {
			text_write_string(&writer, "{{end}}");
		}
		*writer.next = '\0';
		assert_int_equal(strlen(written(text, "")) > 0, more == 1);
	}
}

static enum status
added(struct http_themes *themes, const char *host, const char *name, const char *text)
{
	return http_themes_add(themes, bytes_from_string(host), bytes_from_string(name),
		bytes_from_string(text), &problem);
}

static void
files_are_of_a_host_or_of_all_or_of_the_node(void **state)
{
	struct http_themes *themes = http_themes_new();
	struct bytes octets;
	const char *type;

	(void)state;
	assert_int_equal(added(themes, "default", "a.svg", "all"), STATUS_OK);
	assert_int_equal(added(themes, "id.example", "a.svg", "own"), STATUS_OK);
	assert_int_equal(http_themes_end(themes, &problem), STATUS_OK);
	assert_true(http_themes_file(themes, NULL, TEXT("a.svg"), &octets, &type));
	assert_true(bytes_equal(octets, TEXT("all")));
	assert_string_equal(type, "image/svg+xml");
	assert_true(http_themes_file(themes, "ID.example:8000", TEXT("a.svg"), &octets, &type));
	assert_true(bytes_equal(octets, TEXT("own")));
	assert_true(http_themes_file(themes, "id.example", TEXT("style.css"), &octets, &type));
	assert_false(http_themes_file(themes, NULL, TEXT("record.html"), &octets, &type));
	assert_false(http_themes_file(themes, NULL, TEXT("b.svg"), &octets, &type));
	assert_ptr_not_equal(http_themes_page(themes, "id.example", HTTP_PAGE_RECORD),
		http_themes_page(themes, "other", HTTP_PAGE_RECORD));
	assert_ptr_equal(http_themes_page(themes, "default", HTTP_PAGE_ERROR),
		http_themes_page(themes, NULL, HTTP_PAGE_ERROR));
	http_themes_free(themes);
}

static void
only_plain_names_of_known_kinds_are_files(void **state)
{
	static const char *const bad[] = {"", ".svg", "a", "a.js", "a.htm", "../a.svg", "a/b.svg",
		"a b.svg", ".a.svg", "a.svg\n", "\xe4\xb8\xad.svg"};
	struct http_themes *themes = http_themes_new();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(added(themes, "default", bad[i], "x"), STATUS_INVALID);
	}
	assert_int_equal(added(themes, "default", "error.html", "\n{{x}}"), STATUS_OK);
	assert_int_equal(http_themes_end(themes, &problem), STATUS_INVALID);
	assert_string_equal(problem.text, "theme/default/error.html, line 2: {{x}} is no variable");
	http_themes_free(themes);
}

static void
themes_have_limits(void **state)
{
	struct http_themes *themes = http_themes_new();
	uint8_t *large = calloc(1, HTTP_THEME_FILE_SIZE_MAX + 1);
	char name[32];

	(void)state;
	for (int more = -1; more <= 1; more++) {
		assert_int_equal(
			http_themes_add(themes, TEXT("default"), TEXT("a.png"),
				bytes_over(large, (size_t)(HTTP_THEME_FILE_SIZE_MAX + more)),
				&problem),
			more == 1 ? STATUS_TOO_LARGE : STATUS_OK);
	}
	for (size_t i = 2; i <= HTTP_THEME_FILE_COUNT_MAX; i++) {
		snprintf(name, sizeof(name), "%zu.svg", i);
		assert_int_equal(added(themes, "default", name, "x"),
			i == HTTP_THEME_FILE_COUNT_MAX ? STATUS_TOO_LARGE : STATUS_OK);
	}
	for (size_t i = 1; i <= HTTP_THEME_COUNT_MAX; i++) {
		snprintf(name, sizeof(name), "h%zu", i);
		assert_int_equal(added(themes, name, "a.svg", "x"),
			i == HTTP_THEME_COUNT_MAX ? STATUS_TOO_LARGE : STATUS_OK);
	}
	for (size_t i = 2; i <= 14; i++) {
		assert_int_equal(http_themes_add(themes, TEXT("h1"), TEXT("a.png"),
					 bytes_over(large, HTTP_THEME_FILE_SIZE_MAX), &problem),
			i <= 14 ? STATUS_OK : STATUS_TOO_LARGE);
	}
	assert_int_equal(http_themes_add(themes, TEXT("h1"), TEXT("b.png"),
				 bytes_over(large, HTTP_THEME_FILE_SIZE_MAX), &problem),
		STATUS_TOO_LARGE);
	free(large);
	http_themes_free(themes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_variable_holds_is_escaped),
		cmocka_unit_test(conditions_choose_and_may_lie_in_each_other),
		cmocka_unit_test(pages_hold_other_pages),
		cmocka_unit_test(what_is_wrong_is_told_with_file_and_line),
		cmocka_unit_test(pages_and_conditions_have_limits),
		cmocka_unit_test(files_are_of_a_host_or_of_all_or_of_the_node),
		cmocka_unit_test(only_plain_names_of_known_kinds_are_files),
		cmocka_unit_test(themes_have_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
