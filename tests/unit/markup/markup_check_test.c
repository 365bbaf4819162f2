/* SPDX-License-Identifier: Apache-2.0 */
#include "markup/markup_check.h"

#include "base/limits.h"
#include "markup/markup_headers.h"
#include "markup/markup_locations.h"
#include "markup/markup_namespace.h"
#include "support/cmocka_all.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena *arena;
static struct problem problem;

static int
world_begin(void **state)
{
	(void)state;
	arena = arena_new(65536, REQUEST_MEMORY_MAX);
	return arena == NULL;
}

static int
world_end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static enum status
check(const char *type, const char *data)
{
	struct handle_value value = {
		.index = 7, .type = bytes_from_string(type), .data = bytes_from_string(data)};

	arena_reset(arena);
	problem.text[0] = '\0';
	return markup_value_check(&value, arena, &problem);
}

static void
refused(const char *type, const char *data, const char *why)
{
	assert_int_equal(check(type, data), STATUS_INVALID_VALUE);
	if (strstr(problem.text, why) == NULL) {
		fail_msg("%s: \"%s\" does not say \"%s\"", data, problem.text, why);
	}
}

static void
values_of_other_types_may_hold_anything(void **state)
{
	(void)state;
	assert_int_equal(check("URL", "javascript:x"), STATUS_OK);
	assert_int_equal(check("10320/locs", "<"), STATUS_OK);
	assert_int_equal(check("HS_NAMESPACES", "<"), STATUS_OK);
}

static void
good_places_pass(void **state)
{
	(void)state;
	assert_int_equal(
		check("10320/loc",
			"<?xml version='1.0'?><locations chooseby='locatt, weighted' "
			"include='1/a' urlWeight='0.5' http_sc='303'>\n<include>1/b</include>"
			"<location id='0' href=' https://example.org/\xe4\xb8\xad ' weight='-1' "
			"score='12.25' addresses='10.0.0.0/8, 2001:db8::/32' http_sc='308'/>"
			"<location href_template='http://{hdl}.example.org/{hdl:path}'/>"
			"<other/></locations>"),
		STATUS_OK);
	assert_int_equal(check("10320/LOC.x", "<locations/>"), STATUS_OK);
}

static void
each_fault_of_a_place_is_named_with_its_line(void **state)
{
	static const struct {
		const char *xml, *why;
	} bad[] = {
		{"<locations>\n<location href='a'/></locations>", "line 2: href=\"a\""},
		{"<locations><location href='javascript:alert(1)'/></locations>", "no address"},
		{"<locations><location href='https://a@b/'/></locations>", "no address"},
		{"<locations><location href='http://a\\@b/'/></locations>", "no address"},
		{"<locations><location href='//a/'/></locations>", "no address"},
		{"<locations><location href_template='{hdl}'/></locations>", "makes no address"},
		{"<locations><location href='http://a' href_template='data:x'/></locations>",
			"makes no address"},
		{"<locations><location weight='1'/></locations>", "neither href nor"},
		{"<locations><location href='http://a' weight='heavy'/></locations>",
			"weight=\"heavy\" is no decimal"},
		{"<locations><location href='http://a' weight=''/></locations>", "no decimal"},
		{"<locations><location href='http://a' weight='1e3'/></locations>", "no decimal"},
		{"<locations><location href='http://a' weight='NaN'/></locations>", "no decimal"},
		{"<locations><location href='http://a' weight='1234567890123'/></locations>",
			"no decimal"},
		{"<locations><location href='http://a' score='.'/></locations>", "score=\".\""},
		{"<locations><location href='http://a' http_sc='200'/></locations>", "http_sc"},
		{"<locations http_sc='30'/>", "http_sc"},
		{"<locations urlWeight='x'/>", "urlWeight"},
		{"<locations urlSubtypeWeight='x'/>", "urlSubtypeWeight"},
		{"<locations include=' '/>", "include=\"\" is no handle"},
		{"<locations><include/></locations>", "is no handle"},
		{"<locations><includeNamespace> </includeNamespace></locations>", "is no handle"},
		{"<locations><location href='http://a' addresses='10.0.0.1/8'/></locations>",
			"no network"},
		{"<location href='http://a'/>", "must be <locations>"},
		{"<locations>", "line 1: "},
		{"<locations>&other;</locations>", "line 1: "},
		{"<!DOCTYPE locations><locations/>", "DOCTYPE"},
		{"<!DOCTYPE l [<!ENTITY a 'aaaa'>]><locations>&a;&a;</locations>", "DOCTYPE"},
		{"<!DOCTYPE l SYSTEM 'file:///etc/passwd'><locations/>", "DOCTYPE"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		refused("10320/loc", bad[i].xml, bad[i].why);
		assert_non_null(strstr(problem.text, "value 7 (10320/loc), "));
	}
}

static void
good_namespaces_pass(void **state)
{
	(void)state;
	assert_int_equal(check("HS_NAMESPACE",
				 "<NAMESPACE><contact>a</contact><locs>1/a</locs><future/>"
				 "<template delimiter='@' ref='1:1/t'/><template><foreach>"
				 "<if value='extension' test='matches' expression='(a+)b'>"
				 "<value><anything/></value></if><else><notfound/></else>"
				 "<if><def parameter='x'><value data='1' type='t'/></def></if>"
				 "</foreach></template></NAMESPACE>"),
		STATUS_OK);
}

static void
each_fault_of_a_namespace_is_named(void **state)
{
	static const struct {
		const char *inside, *why;
	} bad[] = {
		{"<locs> </locs>", "is no handle"},
		{"<locs/>", "is no handle"},
		{"<template><if><value/></if><loop/></template>", "\"loop\" is no element"},
		{"<template><if><else><value/></else></if><value/><loop/></template>",
			"\"loop\" is no element"},
		{"<template/><template><loop/></template>", "\"loop\" is no element"},
		{"<template delimiter=''/>", "is no delimiter"},
		{"<template ref='1/t'/>", "is no reference"},
		{"<template><loop/></template>", "\"loop\" is no element"},
		{"<template><foreach><if test='like' expression='x'/></foreach></template>",
			"\"like\" is no test"},
		{"<template><if test='equals'/></template>", "needs an expression"},
		{"<template><def/></template>", "needs a parameter"},
		{"<template><if test='matches' expression='(a'/></template>",
			"wrong at character 2"},
		{"<template><if><else><if test='matches' expression='[b'/></else></if></template>",
			"wrong at"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char xml[512];
		struct text_writer writer = text_writer_over(xml, sizeof(xml) - 1);

		text_write_string(&writer, "<namespace>\n");
		text_write_string(&writer, bad[i].inside);
		text_write_string(&writer, "</namespace>");
		*writer.next = '\0';
		refused("HS_NAMESPACE", xml, bad[i].why);
		assert_non_null(strstr(problem.text, "line 2: "));
	}
	refused("HS_NAMESPACE", "<names/>", "must be <namespace>");
	for (size_t size = HANDLE_NAME_SIZE_MAX - 1; size <= HANDLE_NAME_SIZE_MAX + 1; size++) {
		char handle[HANDLE_NAME_SIZE_MAX + 2] = "", xml[HANDLE_NAME_SIZE_MAX + 64];

		memset(handle, 'a', size);
		snprintf(xml, sizeof(xml), "<namespace><locs> %s\n</locs></namespace>", handle);
		assert_int_equal(check("HS_NAMESPACE", xml),
			size > HANDLE_NAME_SIZE_MAX ? STATUS_INVALID_VALUE : STATUS_OK);
	}
	for (size_t size = 63; size <= 65; size++) {
		char delimiter[66] = "", xml[256];

		memset(delimiter, '@', size);
		snprintf(xml, sizeof(xml), "<namespace><template delimiter='%s'/></namespace>",
			delimiter);
		assert_int_equal(
			check("HS_NAMESPACE", xml), size > 64 ? STATUS_INVALID_VALUE : STATUS_OK);
	}
}

static void
only_harmless_headers_may_be_added(void **state)
{
	static const char *const bad[] = {"Location: http://a/", "Set-Cookie: a=b",
		"Content-Security-Policy: x", "Access-Control-Allow-Origin: *", "X-Other: x",
		"Link", ": x", "Link: a\x01!b", "Link: a\rSet-Cookie: b", "Link : \x7f",
		"<script>alert(1)</script>",
		"<meta http-equiv='refresh' content='0;url=http://a'/>",
		"<link rel='stylesheet' href='http://a/'/>", "<link href='http://a/'/>",
		"<link rel='alternate' onload='x' href='http://a/'/>", "<meta name='a'>",
		"<meta name='a'/><script/>", "<base href='http://a/'/>", "<meta><b/></meta>"};
	static const char *const good[] = {"", "\n\n", "Link: <http://a/{hdl}>; rel=\"item\"",
		"link: x\r\nX-Robots-Tag: noindex\n", "  Content-Language : zh",
		"<meta name='citation_doi' content='{hdl}'/>",
		"<link rel='alternate describedby' type='text/turtle' href='http://a/'/>"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		refused("10320/headers", bad[i], "");
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(check("10320/headers", good[i]), STATUS_OK);
	}
}

/* No octet of a name of a handle ends a header or an element. */
static void
no_handle_can_break_out_of_a_line(void **state)
{
	(void)state;
	for (unsigned int octet = 0; octet < 256; octet++) {
		uint8_t handle[] = {'1', '/', (uint8_t)octet, '"', '>'};
		char room[512];
		struct text_writer writer = text_writer_over(room, sizeof(room));
		struct bytes name, value;

		assert_int_equal(
			markup_header_write(&writer, TEXT("Link: <http://a/{hdl}{hdl:path}>"),
				bytes_over(handle, sizeof(handle)), &name, &value),
			STATUS_OK);
		assert_true(bytes_equal(name, TEXT("Link")));
		for (size_t i = 0; i < value.size; i++) {
			assert_true(value.at[i] >= 0x20 && value.at[i] < 0x7f);
		}
		writer = text_writer_over(room, sizeof(room));
		markup_head_write(&writer, TEXT("<meta name='a' content='&quot;&lt;{hdl}'/>"),
			bytes_over(handle, sizeof(handle)));
		assert_true(bytes_start_with(
			text_written(&writer), TEXT("<meta name=\"a\" content=\"&quot;&lt;1%2F")));
		assert_int_equal(
			bytes_find(text_written(&writer), '>'), text_written(&writer).size - 2);
	}
}

static void
a_line_at_fault_is_shown_without_its_controls(void **state)
{
	char line[64] = {0}, shown[4 * 48 + 4];
	struct text_writer writer = text_writer_over(shown, sizeof(shown) - 1);

	(void)state;
	memset(line, 0x01, sizeof(line) - 1);
	line[0] = line[sizeof(line) - 2] = 'a';
	text_write_string(&writer, "\"a");
	for (size_t i = 1; i < 48; i++) {
		text_write_string(&writer, "\\x01");
	}
	text_write_char(&writer, '"');
	*writer.next = '\0';
	refused("10320/headers", line, shown);
}

static void
a_header_that_does_not_fit_or_has_controls_is_none(void **state)
{
	const struct bytes line = TEXT("Link: <http://a/>");
	struct bytes name, value;
	char room[16];
	struct text_writer writer = text_writer_over(room, 11);

	(void)state;
	assert_int_equal(markup_header_write(&writer, line, TEXT("1/a"), &name, &value), STATUS_OK);
	assert_true(bytes_equal(value, TEXT("<http://a/>")));
	writer = text_writer_over(room, 10);
	assert_int_equal(markup_header_write(&writer, line, TEXT("1/a"), &name, &value),
		STATUS_INVALID_VALUE);
	for (unsigned int octet = 0; octet < 256; octet++) {
		uint8_t bad[] = "Link: a?b";
		bool is_control = (octet < 0x20 && octet != '\t') || octet == 0x7f;

		bad[7] = (uint8_t)octet;
		writer = text_writer_over(room, sizeof(room));
		assert_int_equal(markup_header_write(
					 &writer, bytes_over(bad, 9), TEXT("1/a"), &name, &value),
			is_control ? STATUS_INVALID_VALUE : STATUS_OK);
	}
}

static enum status
repeated(const char *type, const char *front, const char *middle, size_t count)
{
	const char *behind = bytes_start_with(bytes_from_string(front), TEXT("<l")) ? "</locations>"
		: bytes_start_with(bytes_from_string(front), TEXT("<n"))	    ? "</namespace>"
										    : "";
	size_t size = strlen(front) + count * strlen(middle) + strlen(behind) + 1;
	char *text = malloc(size);
	struct text_writer writer = text_writer_over(text, size - 1);
	enum status status;

	text_write_string(&writer, front);
	for (size_t i = 0; i < count; i++) {
		text_write_string(&writer, middle);
	}
	text_write_string(&writer, behind);
	*writer.next = '\0';
	status = check(type, text);
	free(text);
	return status;
}

static void
counts_and_sizes_have_limits(void **state)
{
	(void)state;
	for (int more = -1; more <= 1; more++) {
		enum status expected = more == 1 ? STATUS_INVALID_VALUE : STATUS_OK;

		assert_int_equal(repeated("10320/loc", "<locations>", "<location href='http://a'/>",
					 (size_t)(HTTP_LOCATION_COUNT_MAX + more)),
			expected);
		assert_int_equal(repeated("HS_NAMESPACE", "<namespace>", "<a/>",
					 (size_t)(MARKUP_ELEMENT_COUNT_MAX - 1 + more)),
			expected);
		assert_int_equal(repeated("HS_NAMESPACE", "<namespace>", " ",
					 (size_t)(MARKUP_SIZE_MAX -
						 (int)strlen("<namespace></namespace>") + more)),
			expected);
		assert_int_equal(repeated("10320/headers", "", "Link: a\n",
					 (size_t)(MARKUP_LINE_COUNT_MAX + more)),
			expected);
		assert_int_equal(repeated("10320/headers", "Link: ", "a",
					 (size_t)(MARKUP_LINE_SIZE_MAX - 6 + more)),
			expected);
	}
}

static void
the_depth_of_places_has_a_limit(void **state)
{
	(void)state;
	for (size_t depth = HTTP_LOCATION_DEPTH_MAX - 1; depth <= HTTP_LOCATION_DEPTH_MAX + 1;
		depth++) {
		char xml[1024];
		struct text_writer writer = text_writer_over(xml, sizeof(xml) - 1);

		text_write_string(&writer, "<locations>");
		for (size_t i = 1; i < depth; i++) {
			text_write_string(&writer, "<other>");
		}
		for (size_t i = 1; i < depth; i++) {
			text_write_string(&writer, "</other>");
		}
		text_write_string(&writer, "</locations>");
		*writer.next = '\0';
		assert_int_equal(check("10320/loc", xml),
			depth > HTTP_LOCATION_DEPTH_MAX ? STATUS_INVALID_VALUE : STATUS_OK);
	}
}

/*
 * Bombs and what would fetch something: entities that grow, that lie elsewhere, and documents that
 * are only large. Each is refused, by who writes and by who reads, with little memory, and without a
 * call to the kernel that opens or connects anything.
 */
static const struct {
	const char *front, *middle;
	size_t count;
	const char *end;
} bombs[] = {
	{"<!DOCTYPE locations [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
	 "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><locations>",
		"&c;", 1000, "</locations>"},
	{"<!DOCTYPE locations [<!ENTITY a '", "a", 50000,
		"'>]><locations>&a;&a;&a;&a;</locations>"},
	{"<!DOCTYPE locations [<!ENTITY a '&b;'><!ENTITY b '&a;'>]><locations>&a;</locations>", "",
		0, ""},
	{"<!DOCTYPE locations [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><locations>&a;</locations>",
		"", 0, ""},
	{"<!DOCTYPE locations [<!ENTITY a SYSTEM 'http://127.0.0.1:8000/x'>]><locations>&a;"
	 "</locations>",
		"", 0, ""},
	{"<!DOCTYPE locations [<!ENTITY % a SYSTEM 'file:///dev/random'>%a;]><locations/>", "", 0,
		""},
	{"<!DOCTYPE locations [<!ENTITY % a '<!ENTITY b \"x\">'>%a;]><locations>&b;</locations>",
		"", 0, ""},
	{"<!DOCTYPE locations SYSTEM 'file:///etc/passwd'><locations/>", "", 0, ""},
	{"<!DOCTYPE locations PUBLIC '-//W3C//DTD XHTML 1.0//EN' 'http://127.0.0.1/x.dtd'>"
	 "<locations/>",
		"", 0, ""},
	{"<!DOCTYPE locations [<!ATTLIST location href CDATA '", "a", 50000,
		"'>]><locations><location/></locations>"},
	{"<!DOCTYPE locations [", "<!ENTITY a 'a'>", 4000, "]><locations/>"},
	{"<!DOCTYPE locations [<!NOTATION n SYSTEM 'file:///bin/sh'><!ENTITY a SYSTEM 'x' NDATA "
	 "n>]>"
	 "<locations/>",
		"", 0, ""},
	{"<locations>&#0;</locations>", "", 0, ""},
	{"<locations>", "&#x1000000000;", 1000, "</locations>"},
	{"<locations>", "&lt;&undefined;", 1, "</locations>"},
	{"<locations>", "<a>", 20000, ""},
	{"<locations>", "<location href='http://a'/>", 2300, "</locations>"},
	{"<locations>", "<a/>", 16000, "</locations>"},
	{"<locations", " a='b'", 8000, "/>"},
	{"<locations><location href='http://a/", "&#65;", 13000, "'/></locations> x"},
	{"<locations><![CDATA[", "]]", 30000, ""},
	{"<locations><!--", "- ", 30000, ""},
	{"<locations><?x ", "?", 60000, ""},
	{"<locations>", "\n", 70000, "</locations>"},
	{"<locations xmlns:", "a", 60000, "='b'>"},
};
enum { BOMB_COUNT = sizeof(bombs) / sizeof(bombs[0]), BOMB_SIZE_MAX = 80000 };

static struct bytes
bomb_make(size_t number, char *room)
{
	struct text_writer writer = text_writer_over(room, BOMB_SIZE_MAX);

	text_write_string(&writer, bombs[number].front);
	for (size_t i = 0; i < bombs[number].count; i++) {
		text_write_string(&writer, bombs[number].middle);
	}
	text_write_string(&writer, bombs[number].end);
	assert_int_equal(text_writer_end(&writer), STATUS_OK);
	return text_written(&writer);
}

/* As places and as a namespace. */
static bool
bomb_is_refused(struct bytes xml)
{
	struct handle_value value = {.index = 1, .type = TEXT("10320/loc"), .data = xml};
	bool is_refused;

	arena_reset(arena);
	is_refused = markup_value_check(&value, arena, &problem) == STATUS_INVALID_VALUE;
	value.type = TEXT("HS_NAMESPACE");
	is_refused =
		is_refused && markup_value_check(&value, arena, &problem) == STATUS_INVALID_VALUE;
	return is_refused;
}

static void
bombs_are_refused_within_the_memory_of_a_request(void **state)
{
	static char room[BOMB_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < BOMB_COUNT; i++) {
		struct bytes xml = bomb_make(i, room);
		struct handle_value value = {.index = 1, .type = TEXT("10320/loc"), .data = xml};

		arena_reset(arena);
		if (markup_value_check(&value, arena, &problem) != STATUS_INVALID_VALUE) {
			fail_msg("taken: %zu, %s", i, bombs[i].front);
		}
		assert_in_range(arena_used(arena), 0, 8 * MARKUP_SIZE_MAX);
	}
}

/* From here on this process is killed when it opens or connects anything. */
static bool
opening_forbid(void)
{
	static const int calls[] = {SYS_openat, SYS_openat2, SYS_socket, SYS_connect, SYS_execve
#ifdef SYS_open
		,
		SYS_open
#endif
	};
	struct sock_filter filter[2 * sizeof(calls) / sizeof(calls[0]) + 2];
	unsigned short count = 0;

	filter[count++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		filter[count++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], 0, 1);
		filter[count++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	}
	filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &(struct sock_fprog){count, filter}) ==
		0;
}

/* How a process ended that did this: 0, a number of its own, or a signal. */
static int
process_end(bool opens)
{
	static char room[BOMB_SIZE_MAX];
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		if (!opening_forbid()) {
			_exit(77);
		}
		if (opens) {
			_exit(fopen("/dev/null", "r") == NULL ? 1 : 2);
		}
		for (size_t i = 0; i < BOMB_COUNT; i++) {
			if (!bomb_is_refused(bomb_make(i, room))) {
				_exit(3);
			}
		}
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void
nothing_is_opened_for_what_a_bomb_names(void **state)
{
	(void)state;
	if (process_end(true) == 77) {
		skip(); /* The kernel has no seccomp. */
	}
	assert_int_equal(process_end(true), SIGSYS);
	assert_int_equal(process_end(false), 0);
}

static void
of_a_record_every_value_is_checked_and_the_first_fault_told(void **state)
{
	static const struct {
		const char *type, *data;
	} values[] = {{"URL", "<"}, {"10320/loc", "<locations/>"}, {"HS_NAMESPACE", "<namespace/>"},
		{"10320/headers", "Link: a"}, {"10320/loc", "<location/>"}, {"HS_NAMESPACE", "<"}};
	uint8_t octets[1024];

	(void)state;
	for (uint32_t count = 0; count <= sizeof(values) / sizeof(values[0]); count++) {
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct handle_value_list list = {.count = count};

		for (uint32_t i = 0; i < count; i++) {
			handle_value_write(&writer,
				&(struct handle_value){.index = i + 1,
					.type = bytes_from_string(values[i].type),
					.data = bytes_from_string(values[i].data)});
		}
		list.octets = wire_written(&writer);
		problem.text[0] = '\0';
		assert_int_equal(markup_values_check(&list, &problem),
			count > 4 ? STATUS_INVALID_VALUE : STATUS_OK);
		assert_true(count <= 4 || strstr(problem.text, "value 5 (10320/loc), ") != NULL);
	}
}

static void
the_depth_of_a_namespace_has_a_limit(void **state)
{
	(void)state;
	for (size_t depth = MARKUP_DEPTH_MAX - 1; depth <= MARKUP_DEPTH_MAX + 1; depth++) {
		char xml[1024];
		struct text_writer writer = text_writer_over(xml, sizeof(xml) - 1);

		text_write_string(&writer, "<namespace><template>");
		for (size_t i = 2; i < depth; i++) {
			text_write_string(&writer, "<if>");
		}
		for (size_t i = 2; i < depth; i++) {
			text_write_string(&writer, "</if>");
		}
		text_write_string(&writer, "</template></namespace>");
		*writer.next = '\0';
		assert_int_equal(check("HS_NAMESPACE", xml),
			depth > MARKUP_DEPTH_MAX ? STATUS_INVALID_VALUE : STATUS_OK);
	}
}

static void
text_and_children_are_told_apart(void **state)
{
	struct markup_element *root;
	struct bytes xml = TEXT("<a>x &amp; y<b k='1'>z<c/></b> tail<d/></a>");

	(void)state;
	assert_int_equal(markup_read(xml, 3, arena, &root, NULL), STATUS_OK);
	assert_true(bytes_equal(root->text, TEXT("x & y")));
	assert_true(bytes_equal(root->inside, TEXT("<b k='1'>z<c/></b> tail<d/>")));
	assert_true(bytes_equal(markup_child(root, "b")->text, TEXT("z")));
	assert_true(bytes_equal(markup_child(root, "b")->inside, TEXT("<c/>")));
	assert_int_equal(markup_child(root, "d")->inside.size, 0);
	assert_null(markup_child(root, "c"));
	assert_int_equal(markup_read(xml, 2, arena, &root, NULL), STATUS_TOO_LARGE);
}

static void
words_for_yes_are_known_and_blanks_are_none(void **state)
{
	static const char *const yes[] = {"true", "TRUE", "yes", "Y", "y", "1"};
	static const char *const no[] = {"", "no", "false", "0", "11", "yess", "tru", " y"};
	struct markup_element *root;
	char xml[64];

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		snprintf(xml, sizeof(xml), "<a b='%s'/>", yes[i]);
		assert_int_equal(
			markup_read(bytes_from_string(xml), 1, arena, &root, NULL), STATUS_OK);
		assert_true(markup_is_true(root, "b"));
		assert_false(markup_is_true(root, "c"));
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		snprintf(xml, sizeof(xml), "<a b='%s'/>", no[i]);
		assert_int_equal(
			markup_read(bytes_from_string(xml), 1, arena, &root, NULL), STATUS_OK);
		assert_false(markup_is_true(root, "b"));
	}
	assert_true(bytes_equal(markup_trim(TEXT(" \t\r\na b\n ")), TEXT("a b")));
	assert_int_equal(markup_trim(TEXT(" ")).size, 0);
	assert_int_equal(markup_trim(TEXT("\n \n")).size, 0);
	assert_int_equal(markup_trim(TEXT("")).size, 0);
}

static void
a_namespace_without_a_status_is_active(void **state)
{
	static const struct {
		const char *xml;
		bool is_active;
	} rows[] = {{"<namespace/>", true}, {"<namespace><status/></namespace>", true},
		{"<namespace><status> Active </status></namespace>", true},
		{"<namespace><status>inactive</status></namespace>", false},
		{"<namespace><status>x</status></namespace>", false}};
	struct markup_element *root;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(markup_read(bytes_from_string(rows[i].xml), 3, arena, &root, NULL),
			STATUS_OK);
		assert_int_equal(markup_namespace_is_active(root), rows[i].is_active);
	}
	assert_true(bytes_equal(markup_namespace_text(root, "status"), TEXT("x")));
	assert_int_equal(markup_namespace_text(root, "contact").size, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_other_types_may_hold_anything),
		cmocka_unit_test(good_places_pass),
		cmocka_unit_test(each_fault_of_a_place_is_named_with_its_line),
		cmocka_unit_test(good_namespaces_pass),
		cmocka_unit_test(each_fault_of_a_namespace_is_named),
		cmocka_unit_test(only_harmless_headers_may_be_added),
		cmocka_unit_test(no_handle_can_break_out_of_a_line),
		cmocka_unit_test(a_line_at_fault_is_shown_without_its_controls),
		cmocka_unit_test(a_header_that_does_not_fit_or_has_controls_is_none),
		cmocka_unit_test(counts_and_sizes_have_limits),
		cmocka_unit_test(the_depth_of_places_has_a_limit),
		cmocka_unit_test(bombs_are_refused_within_the_memory_of_a_request),
		cmocka_unit_test(nothing_is_opened_for_what_a_bomb_names),
		cmocka_unit_test(of_a_record_every_value_is_checked_and_the_first_fault_told),
		cmocka_unit_test(the_depth_of_a_namespace_has_a_limit),
		cmocka_unit_test(text_and_children_are_told_apart),
		cmocka_unit_test(words_for_yes_are_known_and_blanks_are_none),
		cmocka_unit_test(a_namespace_without_a_status_is_active),
	};

	return cmocka_run_group_tests(tests, world_begin, world_end);
}
