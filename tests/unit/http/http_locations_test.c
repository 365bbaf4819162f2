/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_choose.h"

#include "base/address.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena *arena;
static struct http_locations locations;

static int
world_begin(void **state)
{
	(void)state;
	arena = arena_new(65536, 1048576);
	return arena == NULL;
}

static int
world_end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
read_good(const char *xml)
{
	assert_int_equal(http_locations_read(bytes_from_string(xml), arena, &locations), STATUS_OK);
}

/* Where somebody from `peer` lands who asks with this query, at this draw; "" for nowhere. */
static const char *
chosen_with(const char *query, const char *peer, uint64_t random,
	const struct http_wish_headers *headers)
{
	static char room[256];
	struct text_writer writer = text_writer_over(room, sizeof(room) - 1);
	struct http_parameters parameters = {.count = 0};
	struct http_wish wish = {.random = random};
	const struct http_location *location;
	struct address address;
	struct bytes want;
	size_t at = 0;

	assert_int_equal(address_parse(bytes_from_string(peer), 1, &address), STATUS_OK);
	address_octets(&address, wish.source);
	assert_int_equal(
		http_parameters_read(bytes_from_string(query), arena, &parameters), STATUS_OK);
	while (http_parameter_next(&parameters, TEXT("locatt"), &at, &want)) {
		http_wish_add(&wish, want);
	}
	if (headers != NULL) {
		http_wish_add_headers(&wish, headers, arena);
	}
	if (!http_parameter_find(&parameters, TEXT("country"), &wish.country)) {
		wish.country = (struct bytes){NULL, 0};
	}
	location = http_locations_choose(&locations, &wish);
	if (location != NULL) {
		http_location_write(&writer, location, TEXT("1/A b/\xe4\xb8\xad"));
	}
	room[text_written(&writer).size] = '\0';
	return room;
}

static const char *
chosen(const char *query, const char *peer, uint64_t random)
{
	return chosen_with(query, peer, random, NULL);
}

static const char *
asked(const char *accept, const char *language, const char *agent)
{
	return chosen_with("", "192.0.2.1", 0,
		&(struct http_wish_headers){
			.accept = accept, .accept_language = language, .user_agent = agent});
}

static void
attributes_are_asked_for_one_after_the_other(void **state)
{
	(void)state;
	read_good("<locations><location href='a' lang='en' role='x'/><location href='b' lang='zh'/>"
		  "<location href='c' lang='zh' role='y' weight='0'/></locations>");
	assert_string_equal(chosen("locatt=lang:en", "192.0.2.1", 0), "a");
	assert_string_equal(chosen("locatt=lang:zh&locatt=role:y", "192.0.2.1", 0), "c");
	assert_string_equal(chosen("locatt=lang:zh&locatt=role", "192.0.2.1", 0), "c");
	/* What fits none is passed over. */
	assert_string_equal(chosen("locatt=lang:fr&locatt=lang:en", "192.0.2.1", 0), "a");
	assert_string_equal(chosen("locatt=lang:z", "192.0.2.1", 999999), "a");
}

static void
programs_are_led_to_what_they_ask_for(void **state)
{
	static const char chromium[] = "Mozilla/5.0 (X11; Linux)";

	(void)state;
	read_good("<locations><location href='page' http_role='browser'/>"
		  "<location href='json' http_role='conneg' media-type='application/json'/>"
		  "<location href='rdf' http_role='conneg' ctype='application/rdf+xml'/>"
		  "<location href='any' http_role='no_conneg'/></locations>");
	assert_true(http_locations_vary(&locations));
	assert_string_equal(asked(NULL, NULL, NULL), "any");
	assert_string_equal(asked("*/*", NULL, "curl/8"), "any");
	assert_string_equal(asked("*/*", NULL, chromium), "page");
	assert_string_equal(asked("text/html,*/*;q=0.8", NULL, chromium), "page");
	assert_string_equal(asked("application/json", NULL, "curl/8"), "json");
	assert_string_equal(
		asked("application/rdf+xml;q=0.5, application/JSON", NULL, NULL), "json");
	assert_string_equal(
		asked("application/json;q=0.4, application/rdf+xml", NULL, NULL), "rdf");
	/* As good as what browsers ask for: a browser's way of asking. */
	assert_string_equal(asked("application/json, text/html", NULL, NULL), "page");
}

static void
the_language_of_the_reader_decides(void **state)
{
	(void)state;
	read_good(
		"<locations><location href='en' language='en'/><location href='zh' language='zh'/>"
		"</locations>");
	assert_string_equal(asked(NULL, "zh,en;q=0.5", NULL), "zh");
	assert_string_equal(asked(NULL, "ZH;q=0.4, EN;q=0.5", NULL), "en");
	assert_false(http_locations_vary(&locations));
}

static void
what_leads_to_metadata_can_be_asked_for(void **state)
{
	const struct http_wish_headers metadata = {.accept = "*/*", .is_metadata = true};

	(void)state;
	read_good("<locations><location href='page' http_role='no_conneg'/>"
		  "<location href='data' role='metadata'/></locations>");
	assert_string_equal(chosen("", "192.0.2.1", 0), "page");
	assert_string_equal(chosen_with("", "192.0.2.1", 0, &metadata), "data");
}

static void
an_address_or_a_country_decides(void **state)
{
	(void)state;
	read_good(
		"<locations><location href='in' addresses='10.0.0.0/8, 2001:db8::/32' weight='0'/>"
		"<location href='out' country='gb'/><location href='cn' "
		"country='CN'/></locations>");
	assert_string_equal(chosen("", "10.1.2.3", 0), "in");
	assert_string_equal(chosen("", "[2001:db8::7]", 0), "in");
	assert_string_equal(chosen("country=cn", "192.0.2.1", 0), "cn");
	assert_string_equal(chosen("country=fr", "192.0.2.1", 0), "out");
}

static void
the_highest_score_wins_and_then_the_weights_draw(void **state)
{
	(void)state;
	read_good("<locations><location href='a' score='1'/><location href='b' score='2.5' "
		  "weight='1'/><location href='c' score='2.5' weight='0.5'/>"
		  "<location href='d' score='-7'/></locations>");
	assert_string_equal(chosen("", "192.0.2.1", 0), "b");
	assert_string_equal(chosen("", "192.0.2.1", 999999), "b");
	assert_string_equal(chosen("", "192.0.2.1", 1000000), "c");
	assert_string_equal(chosen("", "192.0.2.1", 1499999), "c");
	assert_string_equal(chosen("", "192.0.2.1", 1500000), "b");
}

static void
without_any_weight_all_are_alike(void **state)
{
	(void)state;
	read_good("<locations><location href='a' weight='0'/><location href='b' weight='-3'/>"
		  "</locations>");
	assert_string_equal(chosen("", "192.0.2.1", 0), "a");
	assert_string_equal(chosen("", "192.0.2.1", 1), "b");
}

static void
the_record_says_what_decides(void **state)
{
	(void)state;
	read_good("<locations chooseby='country, unknown,weighted'><location href='a' lang='en'/>"
		  "<location href='b' country='cn' weight='0'/></locations>");
	assert_string_equal(chosen("locatt=lang:x&country=cn", "192.0.2.1", 0), "b");
	assert_string_equal(chosen("locatt=country:cn", "192.0.2.1", 0), "a");
	read_good("<locations choose_by='country' chooseby='locatt'><location href='a' k='1'/>"
		  "<location href='b' k='2'/></locations>");
	assert_string_equal(chosen("locatt=k:2", "192.0.2.1", 0), "a");
}

static void
url_values_stand_behind_without_weight(void **state)
{
	(void)state;
	read_good("<locations><location href='a'/></locations>");
	assert_int_equal(http_locations_add(&locations, TEXT("u"), TEXT("0"), arena), STATUS_OK);
	assert_string_equal(chosen("", "192.0.2.1", 999999), "a");
	assert_int_equal(locations.has_no_legacy, HTTP_UNSAID);
	assert_null(locations.url_weight.at);
	read_good("<locations no_legacy='true' urlWeight='2'><location href='a'/></locations>");
	assert_int_equal(locations.has_no_legacy, HTTP_YES);
	assert_int_equal(
		http_locations_add(&locations, TEXT("u"), locations.url_weight, arena), STATUS_OK);
	assert_string_equal(chosen("", "192.0.2.1", 2999999), "u");
	read_good("<locations/>");
	assert_string_equal(chosen("", "192.0.2.1", 0), "");
}

static void
what_is_said_first_counts(void **state)
{
	struct markup_element *root;

	(void)state;
	read_good("<locations no_nslocs='no' urlWeight='3' http_sc='307'><location "
		  "href='a'/></locations>");
	assert_int_equal(
		http_locations_more(&locations,
			TEXT("<locations no_nslocs='yes' urlWeight='4' urlSubtypeWeight='5' "
			     "suppressNsHeaders='1'><location href='b'/></locations>"),
			arena, &root),
		STATUS_OK);
	assert_int_equal(locations.count, 2);
	assert_int_equal(locations.has_no_namespace, HTTP_NO);
	assert_int_equal(locations.has_no_namespace_headers, HTTP_YES);
	assert_true(bytes_equal(locations.url_weight, TEXT("3")));
	assert_true(bytes_equal(locations.url_subtype_weight, TEXT("5")));
	assert_int_equal(http_location_status(&locations.items[0]), 307);
	assert_int_equal(http_location_status(&locations.items[1]), 302);
}

static void
weights_of_any_size_have_a_sum(void **state)
{
	(void)state;
	read_good("<locations><location href='a' weight='999999999999'/>"
		  "<location href='b' weight='999999999999'/></locations>");
	assert_string_equal(chosen("", "192.0.2.1", 0), "a");
	assert_string_equal(chosen("", "192.0.2.1", 1000000000000000), "b");
	assert_string_equal(chosen("", "192.0.2.1", 2000000000000000), "a");
}

static void
a_template_takes_the_handle_encoded(void **state)
{
	(void)state;
	read_good("<locations><location href_template='http://a/{hdl}?h={hdl:path}&amp;{x}' "
		  "http_sc='303'/></locations>");
	assert_string_equal(chosen("", "192.0.2.1", 0),
		"http://a/1%2FA%20b%2F%E4%B8%AD?h=1/A%20b/%E4%B8%AD&{x}");
	assert_int_equal(http_location_status(&locations.items[0]), 303);
}

static void
a_location_has_the_attributes_it_has(void **state)
{
	(void)state;
	read_good("<locations><location href='http://a/' country='cn'/></locations>");
	assert_true(http_location_has(&locations.items[0], TEXT("country")));
	assert_true(http_location_has(&locations.items[0], TEXT("href")));
	assert_false(http_location_has(&locations.items[0], TEXT("view")));
	assert_false(http_location_has(&locations.items[0], TEXT("countr")));
}

static void
only_redirects_may_be_said(void **state)
{
	static const char *const words[] = {"", "200", "304", "302 ", "30x", "999", "-1"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char xml[128];

		snprintf(xml, sizeof(xml),
			"<locations><location href='a' http_sc='%s'/></locations>", words[i]);
		read_good(xml);
		assert_int_equal(http_location_status(&locations.items[0]), 302);
	}
	for (unsigned int status = 301; status <= 308; status++) {
		bool is_redirect = status == 301 || status == 303 || status == 307 || status == 308;
		char xml[128];

		snprintf(xml, sizeof(xml),
			"<locations http_sc='%u'><location href='a'/></locations>", status);
		read_good(xml);
		assert_int_equal(
			http_location_status(&locations.items[0]), is_redirect ? status : 302);
	}
}

static void
bombs_and_what_is_no_xml_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"<",
		"text",
		"<locations>",
		"<other/>",
		"<locations><location href='a'></locations>",
		"<locations><location href='a' href='b'/></locations>",
		"<locations>&unknown;</locations>",
		"<!DOCTYPE locations><locations/>",
		"<!DOCTYPE l [<!ENTITY a 'aaaa'>]><locations>&a;&a;</locations>",
		"<!DOCTYPE l SYSTEM 'file:///etc/passwd'><locations/>",
		"<locations/>x",
		"<locations><location href='\x01'/></locations>",
		"<locations><location href='\xff'/></locations>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(http_locations_read(bytes_from_string(bad[i]), arena, &locations),
			STATUS_MALFORMED);
	}
}

static enum status
read_repeated(const char *front, const char *middle, size_t count, const char *behind)
{
	size_t size = strlen(front) + count * strlen(middle) + strlen(behind);
	char *text = malloc(size + 1);
	char *at = text + strlen(front);
	struct arena *own = arena_new(65536, 1048576);
	enum status status;

	memcpy(text, front, strlen(front));
	for (size_t i = 0; i < count; i++, at += strlen(middle)) {
		memcpy(at, middle, strlen(middle));
	}
	memcpy(at, behind, strlen(behind));
	status = http_locations_read(bytes_over(text, size), own, &locations);
	arena_free(own);
	free(text);
	return status;
}

static void
count_depth_and_size_have_limits(void **state)
{
	size_t size = MARKUP_SIZE_MAX - strlen("<locations></locations>");

	(void)state;
	for (int more = -1; more <= 1; more++) {
		enum status expected = more == 1 ? STATUS_TOO_LARGE : STATUS_OK;

		assert_int_equal(read_repeated("<locations>", "<location href='a'/>",
					 (size_t)(HTTP_LOCATION_COUNT_MAX + more), "</locations>"),
			expected);
		assert_int_equal(
			read_repeated("<locations>", " ", size + (size_t)more, "</locations>"),
			expected);
	}
	assert_int_equal(read_repeated("<locations><a><a><a><a><a><a>", "", 0,
				 "<b/></a></a></a></a></a></a></locations>"),
		STATUS_OK);
	assert_int_equal(read_repeated("<locations><a><a><a><a><a><a><a>", "", 0,
				 "<b/></a></a></a></a></a></a></a></locations>"),
		STATUS_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_are_asked_for_one_after_the_other),
		cmocka_unit_test(programs_are_led_to_what_they_ask_for),
		cmocka_unit_test(the_language_of_the_reader_decides),
		cmocka_unit_test(what_leads_to_metadata_can_be_asked_for),
		cmocka_unit_test(an_address_or_a_country_decides),
		cmocka_unit_test(the_highest_score_wins_and_then_the_weights_draw),
		cmocka_unit_test(without_any_weight_all_are_alike),
		cmocka_unit_test(the_record_says_what_decides),
		cmocka_unit_test(url_values_stand_behind_without_weight),
		cmocka_unit_test(what_is_said_first_counts),
		cmocka_unit_test(weights_of_any_size_have_a_sum),
		cmocka_unit_test(a_template_takes_the_handle_encoded),
		cmocka_unit_test(a_location_has_the_attributes_it_has),
		cmocka_unit_test(only_redirects_may_be_said),
		cmocka_unit_test(bombs_and_what_is_no_xml_are_refused),
		cmocka_unit_test(count_depth_and_size_have_limits),
	};

	return cmocka_run_group_tests(tests, world_begin, world_end);
}
