/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_links.h"

#include "support/cmocka_all.h"

static struct arena *arena;
static struct http_links links;

static int
arena_is_made(void **state)
{
	(void)state;
	arena = arena_new(1 << 16, 1 << 22);
	return arena == NULL;
}

static int
arena_is_freed(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* The links of a record with these values: type, data, type, data, NULL. */
static enum status
make(const char *const *values)
{
	static uint8_t octets[1 << 18];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_value_list list = {.count = 0};

	for (; values[0] != NULL; values += 2) {
		struct handle_value value = {
			.index = ++list.count,
			.type = bytes_from_string(values[0]),
			.data = bytes_from_string(values[1]),
		};

		handle_value_write(&writer, &value);
	}
	list.octets = wire_written(&writer);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return http_links_make(TEXT("88.1/a b"), &list, NULL, arena, &links);
}

#define MAKE(...) assert_int_equal(make((const char *const[]){__VA_ARGS__, NULL}), STATUS_OK)

static void
assert_text(struct bytes text, const char *expected)
{
	if (!bytes_equal(text, bytes_from_string(expected))) {
		fail_msg("\"%.*s\" is not \"%s\"", (int)text.size, (const char *)text.at, expected);
	}
}

static void
assert_default(const char *target)
{
	assert_true(links.default_number < links.count);
	assert_text(links.items[links.default_number].target, target);
}

static void
the_default_is_what_the_record_says_it_is(void **state)
{
	(void)state;
	MAKE("URL", "http://u/", "10320/loc",
		"<locations><location href='http://a/'/><location href='http://b/' "
		"rel='gs1:defaultLink'/></locations>");
	assert_default("http://b/");
}

static void
else_the_first_place_with_a_weight(void **state)
{
	(void)state;
	MAKE("URL", "http://u/", "10320/loc",
		"<locations><location href='http://a/' weight='0'/><location href='http://b/' "
		"weight='-1'/><location href='http://c/' weight='0.5'/><location "
		"href='http://d/'/></locations>");
	assert_default("http://c/");
	MAKE("URL", "http://u/", "10320/loc",
		"<locations><location href='http://a/' weight='0.0'/></locations>");
	assert_default("http://u/");
	MAKE("URL.x", "http://x/", "URL", "http://u/");
	assert_default("http://u/");
	MAKE("URL.x", "http://x/");
	assert_default("http://x/");
	MAKE("DESC", "http://x/");
	assert_int_equal(links.count, 0);
	assert_true(links.default_number >= links.count);
}

static void
what_nobody_may_be_sent_to_is_no_link(void **state)
{
	(void)state;
	MAKE("URL", "javascript:x", "URL", "http://a@b/", "URL", " http://a/", "URL.gs1:pip", "/a",
		"10320/loc", "<locations><location href='data:x'/><location/></locations>",
		"10320/loc", "<!DOCTYPE x><locations><location href='http://a/'/></locations>",
		"10320/loc", "<locations><location href='http://a/'/>");
	assert_int_equal(links.count, 0);
	MAKE("URL", "http://\xe4\xb8\xad\xff/", "URL", "http://a/\xe4\xb8\xad \"<>");
	assert_int_equal(links.count, 1);
	assert_text(links.items[0].target, "http://a/%E4%B8%AD%20%22%3C%3E");
	MAKE("URL", "http://\xe4\xb8\xad/");
	assert_int_equal(links.count, 1);
	assert_text(links.items[0].target, "http://xn--fiq/");
}

static void
a_target_has_its_limit_and_so_has_the_list(void **state)
{
	static char url[HTTP_LINK_TARGET_SIZE_MAX + 2];
	static const char *values[2 * (HTTP_LINK_COUNT_MAX + 1) + 1];

	(void)state;
	memset(url, 'a', sizeof(url) - 1);
	memcpy(url, "http://", 7);
	MAKE("URL", url);
	assert_int_equal(links.count, 0);
	url[HTTP_LINK_TARGET_SIZE_MAX] = '\0';
	MAKE("URL", url);
	assert_int_equal(links.count, 1);
	for (size_t i = 0; i < 2 * (HTTP_LINK_COUNT_MAX + 1); i += 2) {
		values[i] = "URL";
		values[i + 1] = "http://a/";
	}
	values[2 * HTTP_LINK_COUNT_MAX] = NULL;
	assert_int_equal(make(values), STATUS_OK);
	assert_int_equal(links.count, HTTP_LINK_COUNT_MAX);
	assert_false(links.is_cut);
	values[2 * HTTP_LINK_COUNT_MAX] = "URL";
	assert_int_equal(make(values), STATUS_OK);
	assert_int_equal(links.count, HTTP_LINK_COUNT_MAX);
	assert_true(links.is_cut);
}

static void
short_relations_are_written_out(void **state)
{
	static const char *const cases[][2] = {
		{"gs1:pip", "https://ref.gs1.org/voc/pip"},
		{"https://gs1.org/voc/pip", "https://ref.gs1.org/voc/pip"},
		{"https://www.gs1.org/voc/pip", "https://ref.gs1.org/voc/pip"},
		{"http://gs1.org/voc/pip", "https://ref.gs1.org/voc/pip"},
		{"schema:about", "https://schema.org/about"},
		{"https://example.org/rel#x", "https://example.org/rel#x"},
		{"item", "item"},
		{"next.1-a", "next.1-a"},
		{"", ""},
		{"Item", ""},
		{"1a", ""},
		{"a_b", ""},
		{"a b", ""},
		{"x:\"", ""},
		{"x:\xe4", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_text(
			http_relation_expand(bytes_from_string(cases[i][0]), arena), cases[i][1]);
	}
}

static void
one_place_may_have_several_relations(void **state)
{
	(void)state;
	MAKE("10320/loc",
		"<locations><location href='http://a/' rel='gs1:pip  item Bad'/><location "
		"href='http://b/' rel='Bad'/></locations>");
	assert_int_equal(links.count, 3);
	assert_text(links.items[0].relation, "https://ref.gs1.org/voc/pip");
	assert_text(links.items[1].relation, "item");
	assert_true(links.items[1].is_stated);
	assert_text(links.items[2].relation, "describedby");
	assert_false(links.items[2].is_stated);
}

static void
assert_location(const char *target, bool keeps_query, const char *query, const char *expected)
{
	const struct http_link link = {
		.target = bytes_from_string(target), .keeps_query = keeps_query};
	char room[256];
	struct text_writer writer = text_writer_over(room, sizeof(room));

	http_link_write_location(&writer, &link, bytes_from_string(query));
	assert_text(text_written(&writer), expected);
}

static void
a_query_goes_before_the_fragment_and_behind_another(void **state)
{
	(void)state;
	assert_location("http://a/", true, "", "http://a/");
	assert_location("http://a/", true, "x=1&y=%20", "http://a/?x=1&y=%20");
	assert_location("http://a/?z", true, "x=1", "http://a/?z&x=1");
	assert_location("http://a/#f?g", true, "x=1", "http://a/?x=1#f?g");
	assert_location("http://a/?z#f", true, "x#y", "http://a/?z&x%23y#f");
	assert_location("http://a/", true, "#", "http://a/?%23");
	assert_location("http://a/", true, "a b\"\r\n", "http://a/?a%20b%22%0D%0A");
	assert_location("http://a/", false, "x=1", "http://a/");
}

static void
assert_header(const struct http_link *link, size_t capacity, const char *expected)
{
	char room[256] = "<x>";
	struct text_writer writer = text_writer_over(room, capacity);

	writer.next += 3;
	http_link_write_header(&writer, link);
	assert_int_equal(writer.status, STATUS_OK);
	assert_text(text_written(&writer), expected);
}

static void
a_header_has_a_link_or_nothing_of_it(void **state)
{
	const struct http_link link = {
		.relation = TEXT("item"),
		.target = TEXT("http://a/"),
		.title = TEXT("a \"b\" \\"),
		.languages = TEXT("en,de"),
	};
	const char *whole = "<x>, <http://a/>; rel=\"item\"; hreflang=\"en\"; hreflang=\"de\"; "
			    "title=\"a \\\"b\\\" \\\\\"";
	const struct http_link other = {
		.relation = TEXT("item"), .target = TEXT("http://a/"), .title = TEXT("\xc3\xa4-")};

	(void)state;
	assert_header(&link, strlen(whole), whole);
	for (size_t capacity = 3; capacity < strlen(whole); capacity++) {
		assert_header(&link, capacity, "<x>");
	}
	assert_header(&other, 200, "<x>, <http://a/>; rel=\"item\"; title*=UTF-8''%C3%A4%2D");
	assert_header(&(const struct http_link){.relation = TEXT("item"),
			      .target = TEXT("http://a/"),
			      .media = TEXT("print")},
		200, "<x>, <http://a/>; rel=\"item\"; media=\"print\"");
	assert_header(&(const struct http_link){.relation = TEXT("item"),
			      .target = TEXT("http://a/"),
			      .media = TEXT("\xc3\xa4")},
		200, "<x>, <http://a/>; rel=\"item\"");
}

static void
the_first_link_of_a_header_stands_alone(void **state)
{
	const struct http_link link = {
		.relation = TEXT("item"), .target = TEXT("http://a/"), .title = TEXT("1\xc3\xa4z")};
	char room[128];
	struct text_writer writer = text_writer_over(room, sizeof(room));

	(void)state;
	http_link_write_header(&writer, &link);
	assert_text(text_written(&writer), "<http://a/>; rel=\"item\"; title*=UTF-8''1%C3%A4z");
}

static void
assert_json(const struct http_link *like, const char *expected)
{
	static char room[4096];
	struct json_writer writer = json_writer_over(room, sizeof(room));

	http_links_write_json(&writer, TEXT("/a"), &links, like);
	assert_int_equal(json_writer_end(&writer), STATUS_OK);
	assert_text(json_written(&writer), expected);
}

static void
a_linkset_has_a_member_for_each_relation(void **state)
{
	(void)state;
	MAKE("10320/loc",
		"<locations><location href='http://a/' rel='item' hreflang='en,de' "
		"type='text/html' title='A'/><location href='http://b/' rel='next' media='print'/>"
		"<location href='http://c/' rel='item' country='cn'/></locations>");
	assert_json(NULL,
		"{\"anchor\":\"/a\",\"https://ref.gs1.org/voc/defaultLink\":[{\"href\":\"http://a/"
		"\","
		"\"title\":\"A\"}],\"item\":[{\"href\":\"http://a/\",\"title\":\"A\",\"type\":"
		"\"text/html\",\"hreflang\":[\"en\",\"de\"]},{\"href\":\"http://c/\",\"title\":\"/"
		"a\","
		"\"context\":[\"cn\"]}],\"next\":[{\"href\":\"http://b/\",\"title\":\"/"
		"a\",\"media\":"
		"\"print\"}]}");
	assert_json(&links.items[2],
		"{\"anchor\":\"/a\",\"item\":[{\"href\":\"http://c/\",\"title\":\"/"
		"a\",\"context\":["
		"\"cn\"]}]}");
	MAKE("DESC", "x");
	assert_json(NULL, "{\"anchor\":\"/a\"}");
}

static void
what_cannot_stand_in_a_header_is_left_out(void **state)
{
	(void)state;
	MAKE("10320/loc",
		"<locations><location href='http://a/' title='&#9;x' type='a/b&quot;' "
		"hreflang='e&lt;n' country='&#233;'/><location href='http://b/' title='x&#127;' "
		"hreflang='de en' media='&#10;'/></locations>");
	assert_int_equal(links.items[0].title.size, 0);
	assert_int_equal(links.items[0].type.size, 0);
	assert_int_equal(links.items[0].languages.size, 0);
	assert_int_equal(links.items[0].contexts.size, 0);
	assert_int_equal(links.items[1].title.size, 0);
	assert_int_equal(links.items[1].media.size, 0);
	assert_text(links.items[1].languages, "de en");
}

static void
a_kind_that_is_wanted_is_chosen(void **state)
{
	struct http_link_wish wish = {.relation = TEXT("item"), .types = "application/json"};

	(void)state;
	MAKE("10320/loc",
		"<locations><location href='http://a/' rel='item' type='text/html'/><location "
		"href='http://b/' rel='item' type='application/json'/></locations>");
	assert_text(http_links_choose(&links, &wish).link->target, "http://b/");
	assert_true(http_links_choose(&links, &wish).is_met);
	wish.types = "image/png";
	assert_text(http_links_choose(&links, &wish).link->target, "http://a/");
	MAKE("10320/loc",
		"<locations><location href='http://a/' rel='item' type='text/html'/><location "
		"href='http://b/' rel='item'/></locations>");
	assert_text(http_links_choose(&links, &wish).link->target, "http://b/");
}

static void
of_links_that_fit_alike_the_first_counts(void **state)
{
	struct http_link_wish wish = {.relation = TEXT("item")};
	struct http_link_choice choice;

	(void)state;
	MAKE("10320/loc",
		"<locations><location href='http://a/' rel='item' hreflang='en'/><location "
		"href='http://b/' rel='item' hreflang='de'/><location href='http://c/' rel='item' "
		"hreflang='de'/></locations>");
	choice = http_links_choose(&links, &wish);
	assert_text(choice.link->target, "http://a/");
	assert_int_equal(choice.equal_count, 1);
	assert_false(choice.is_met);
	wish.languages = "de";
	choice = http_links_choose(&links, &wish);
	assert_text(choice.link->target, "http://b/");
	assert_int_equal(choice.equal_count, 2);
	assert_true(choice.is_met);
	wish.languages = "fr";
	assert_false(http_links_choose(&links, &wish).is_met);
	wish.relation = TEXT("next");
	choice = http_links_choose(&links, &wish);
	assert_null(choice.link);
	assert_int_equal(choice.equal_count, 0);
}

static void
context_counts_more_than_language_and_language_more_than_kind(void **state)
{
	struct http_link_wish wish = {.relation = TEXT("item"),
		.context = TEXT("cn"),
		.languages = "en, de;q=0.1",
		.types = "text/html, application/json;q=0.1"};

	(void)state;
	MAKE("10320/loc",
		"<locations><location href='http://a/' rel='item' hreflang='en' type='text/html'/>"
		"<location href='http://b/' rel='item' hreflang='fr' country='CN'/></locations>");
	assert_text(http_links_choose(&links, &wish).link->target, "http://b/");
	MAKE("10320/loc",
		"<locations><location href='http://a/' rel='item' hreflang='de' type='text/html'/>"
		"<location href='http://b/' rel='item' hreflang='en' type='application/json'/>"
		"</locations>");
	assert_text(http_links_choose(&links, &wish).link->target, "http://b/");
	MAKE("10320/loc",
		"<locations><location href='http://a/' rel='item' country='us'/>"
		"<location href='http://b/' rel='item'/></locations>");
	assert_text(http_links_choose(&links, &wish).link->target, "http://b/");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_is_what_the_record_says_it_is),
		cmocka_unit_test(else_the_first_place_with_a_weight),
		cmocka_unit_test(what_nobody_may_be_sent_to_is_no_link),
		cmocka_unit_test(a_target_has_its_limit_and_so_has_the_list),
		cmocka_unit_test(short_relations_are_written_out),
		cmocka_unit_test(one_place_may_have_several_relations),
		cmocka_unit_test(a_query_goes_before_the_fragment_and_behind_another),
		cmocka_unit_test(a_header_has_a_link_or_nothing_of_it),
		cmocka_unit_test(the_first_link_of_a_header_stands_alone),
		cmocka_unit_test(a_linkset_has_a_member_for_each_relation),
		cmocka_unit_test(what_cannot_stand_in_a_header_is_left_out),
		cmocka_unit_test(a_kind_that_is_wanted_is_chosen),
		cmocka_unit_test(of_links_that_fit_alike_the_first_counts),
		cmocka_unit_test(context_counts_more_than_language_and_language_more_than_kind),
	};

	return cmocka_run_group_tests(tests, arena_is_made, arena_is_freed);
}
