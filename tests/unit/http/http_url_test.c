/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_url.h"

#include "base/limits.h"
#include "http/http_target.h"

#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const safe[] = {
	"http://a", "https://example.org/demo?a=1#b", "HTTPS://EXAMPLE.ORG",
	"ftp://ftp.example.org/file", "http://[2001:db8::1]:8080/x", "http://127.0.0.1:80",
	"http://a_b-c.example/\xe4\xb8\xad", "https://example.org?x", "https://example.org#x",
	"https://example.org/@evil",
	"https://\xe4\xbe\x8b\xe5\xad\x90.\xe4\xb8\xad\xe5\x9b\xbd/", /* 例子.中国 */
	"https://m\xc3\xbcnchen.example:8443?x",
	"https://\xd1\x81\xd0\xbe\xd0\xbc.example", /* Cyrillic: what it is shows in its A-label. */
};

static const char *const unsafe[] = {
	"",
	"http:",
	"http:/a",
	"http:a",
	"http://",
	"http:///a",
	"http://?a",
	"//evil.example",
	"/a",
	"javascript:alert(1)",
	"javascript://example.org/%0aalert(1)",
	"data:text/html,x",
	"file:///etc/passwd",
	"vbscript:x",
	"mailto:a@b",
	" http://a",
	"\thttp://a",
	"http://a b",
	"http://a\tb",
	"http://a\nb",
	"http://good.example@evil.example",
	"http://user:secret@evil.example",
	"http://good.example\\@evil.example",
	"http://good.example\\.evil.example",
	"http:\\\\evil.example",
	"http://%65vil.example",
	"http://.evil.example",
	"http://-evil.example",
	"http://e\xcc\x81vil.example",
	"http://evil\xe3\x80\x82.example",
	"http://a\x7f",
	"http://a\"b",
	"http://a<b",
	"ht\ntp://a",
	/* Numbers that browsers mend into addresses, and what is no port or address. */
	"http://127.1",
	"http://0x7F.1",
	"http://2130706433",
	"http://a.0x",
	"http://127.0.0.1.",
	"http://127.0.0.01",
	"http://a:65536",
	"http://a:80:80",
	"http://[2001:db8::1",
	"http://[2001:db8::1]x",
	"http://[a]",
	"http://2001:db8::1",
	/* Names that would first be mapped into others, or are none. */
	"http://M\xc3\x9cNCHEN.example",
	"http://a\xef\xbc\x8f"
	"b.example", /* A wide slash. */
	"http://\xef\xbc\x91.example", /* A wide digit. */
	"http://ex\xc2\xad"
	"ample.example", /* A hyphen that does not show. */
	"http://\xe2\x80\xae\xc3\xa9.example", /* Right to left. */
	"http://\xe2\x98\x83.example", /* A snowman. */
	"http://\xc3\xa9..example",
	"http://.\xc3\xa9.example",
	"http://\xc3\xa9.example@evil.example",
	"http://evil.example@\xc3\xa9.example",
	"http://\xc3\xa9.example:80:80",
	"http://\xc3\xa9.example:123456",
	"http://\xc3\xa9.example\\.evil.example",
	"http://\xc3\xa9%2eevil.example",
	"http://\xc3.example",
	"http://\xc0\xae.example", /* An overlong point. */
	"http://[\xc3\xa9]",
	"http://:80\xc3\xa9",
};

static void
addresses_of_the_web_are_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++) {
		if (!http_url_is_safe(bytes_from_string(safe[i]))) {
			fail_msg("refused: %s", safe[i]);
		}
	}
}

static void
whatever_a_browser_could_take_for_something_else_is_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
		if (http_url_is_safe(bytes_from_string(unsafe[i]))) {
			fail_msg("taken: %s", unsafe[i]);
		}
	}
	assert_false(http_url_is_safe(BYTES('h', 't', 't', 'p', ':', '/', '/', 'a', 0, 'b')));
}

static void
assert_written(const char *url, const char *append, const char *expected)
{
	char room[256];
	struct text_writer writer = text_writer_over(room, sizeof(room));

	http_url_write(&writer, bytes_from_string(url), bytes_from_string(append));
	assert_int_equal(text_writer_end(&writer), STATUS_OK);
	assert_true(bytes_equal(text_written(&writer), bytes_from_string(expected)));
}

static void
what_cannot_stand_in_a_header_is_escaped_once(void **state)
{
	(void)state;
	assert_written("http://a/\xe4\xb8\xad", "", "http://a/%E4%B8%AD");
	assert_written("http://a/b c%20d%", "", "http://a/b%20c%20d%25");
	assert_written("http://a/%zz%4", "", "http://a/%25zz%254");
	assert_written("http://a/\r\nX: y", "", "http://a/%0D%0AX:%20y");
	assert_written("http://a/\"'<>\\^`{|}", "", "http://a/%22%27%3C%3E%5C%5E%60%7B%7C%7D");
	assert_written("http://a/b?c=d&e#f", "", "http://a/b?c=d&e#f");
}

static void
hosts_beyond_ascii_are_written_as_what_they_are(void **state)
{
	(void)state;
	assert_written("https://\xe4\xbe\x8b\xe5\xad\x90.\xe4\xb8\xad\xe5\x9b\xbd/\xe4\xb8\xad", "",
		"https://xn--fsqu00a.xn--fiqs8s/%E4%B8%AD");
	assert_written("http://b\xc3\xbc"
		       "cher.example:8080?a",
		"&b", "http://xn--bcher-kva.example:8080?a&b");
	assert_written("http://\xd1\x81\xd0\xbe\xd0\xbc.example", ".evil",
		"http://xn--l1adi.example/.evil");
}

static void
a_name_of_a_host_has_a_limit(void **state)
{
	char url[512];

	(void)state;
	/* 63 octets a label; "xn--9ca" and a point in front. */
	for (int more = -1; more <= 1; more++) {
		int size = snprintf(url, sizeof(url), "http://\xc3\xa9.");

		for (int i = 0; i < 3; i++) {
			size += snprintf(url + size, sizeof(url) - (size_t)size, "%060d.", 0);
		}
		snprintf(url + size, sizeof(url) - (size_t)size, "%0*da", 252 - 8 - 3 * 61 + more,
			0);
		assert_int_equal(http_url_is_safe(bytes_from_string(url)), more <= 0);
	}
}

/* Of octets beyond ASCII, and far longer than any: it must not be copied into too small a room. */
static void
a_host_of_any_size_is_looked_at(void **state)
{
	char url[4096];

	(void)state;
	for (size_t count = 330; count <= 1360; count++) {
		size_t size = (size_t)snprintf(url, sizeof(url), "http://");

		for (size_t i = 0; i < count; i++) {
			memcpy(url + size, i % 20 == 19 ? ".a\xc3\xa9" : "\xe4\xb8\xad", 4);
			size += i % 20 == 19 ? 4 : 3;
		}
		url[size] = '\0';
		assert_false(http_url_is_safe(bytes_from_string(url)));
		count += count > 345 ? 97 : 0; /* Each around 1020 octets. */
	}
}

static void
what_is_appended_never_changes_the_host(void **state)
{
	(void)state;
	assert_written("https://a", ".evil", "https://a/.evil");
	assert_written("https://a", "@evil", "https://a/@evil");
	assert_written("https://a", ":80", "https://a/:80");
	assert_written("https://a", "?x=1", "https://a?x=1");
	assert_written("https://a", "/x", "https://a/x");
	assert_written("https://a", "#x", "https://a#x");
	assert_written("https://a/b", ".c", "https://a/b.c");
	assert_written("https://a", "", "https://a");
	assert_written("https://a", "\\evil", "https://a/%5Cevil");
}

static void
assert_path(const char *name, const char *expected)
{
	char room[256];
	struct text_writer writer = text_writer_over(room, sizeof(room));

	http_path_write(&writer, bytes_from_string(name));
	assert_true(bytes_equal(text_written(&writer), bytes_from_string(expected)));
}

static void
a_handle_in_a_path_cannot_become_a_host_a_query_or_an_escape(void **state)
{
	(void)state;
	assert_path("20.500/A", "20.500/A");
	assert_path("/evil.example", "%2Fevil.example");
	assert_path("a?b#c%41", "a%3Fb%23c%2541");
	assert_path("a\\b;c", "a%5Cb%3Bc");
	assert_path("\xe4\xb8\xad/+", "%E4%B8%AD/+");
}

static void
each_octet_stays_or_is_escaped(void **state)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	(void)state;
	for (unsigned int octet = 1; octet < 256; octet++) {
		uint8_t url[] = {'h', 't', 't', 'p', ':', '/', '/', 'a', '/', (uint8_t)octet};
		uint8_t path[] = {'1', '/', (uint8_t)octet};
		bool is_letter = strchr(letters, (int)octet) != NULL;
		char room[64];
		struct text_writer writer = text_writer_over(room, sizeof(room));

		http_url_write(&writer, bytes_over(url, sizeof(url)), (struct bytes){NULL, 0});
		assert_int_equal(text_written(&writer).size,
			is_letter || strchr("-._~:/?#[]@!$&()*+,;=", (int)octet) != NULL ? 10 : 12);
		writer = text_writer_over(room, sizeof(room));
		http_path_write(&writer, bytes_over(path, sizeof(path)));
		assert_int_equal(text_written(&writer).size,
			is_letter || strchr("-._~/:@!$&()*+,=", (int)octet) != NULL ? 3 : 5);
	}
}

/* xorshift64*: the same names each time. */
static uint64_t
draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

/* HOUJI_NAME_COUNT sets how many names. */
static void
a_handle_that_was_written_into_a_path_is_read_from_it(void **state)
{
	const char *wanted = getenv("HOUJI_NAME_COUNT");
	unsigned long count = wanted == NULL ? 100000 : strtoul(wanted, NULL, 10);
	uint64_t seed = 88;

	(void)state;
	for (unsigned long i = 0; i < count; i++) {
		uint8_t name[64];
		uint8_t octets[64 * 3];
		char room[64 * 3];
		struct text_writer writer = text_writer_over(room, sizeof(room));
		size_t size = 1 + draw(&seed) % sizeof(name);
		size_t read = 0;

		for (size_t k = 0; k < size; k++) {
			uint64_t drawn = draw(&seed);

			/* Half of them what has a meaning somewhere. */
			name[k] = (drawn & 1) != 0
				? (uint8_t)(drawn >> 8)
				: (uint8_t) "/%?#+;&=.\\@:\0\r\n "[(drawn >> 8) % 16];
		}
		http_path_write(&writer, bytes_over(name, size));
		assert_int_equal(text_writer_end(&writer), STATUS_OK);
		assert_int_equal(http_percent_decode(text_written(&writer), false, octets, &read),
			STATUS_OK);
		assert_int_equal(read, size);
		assert_memory_equal(octets, name, size);
		for (size_t k = 0; k < text_written(&writer).size; k++) {
			assert_true(room[k] > ' ' && room[k] < 0x7f &&
				strchr("?#\"'\\<>", room[k]) == NULL);
		}
		assert_true(room[0] != '/');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_octet_stays_or_is_escaped),
		cmocka_unit_test(a_handle_that_was_written_into_a_path_is_read_from_it),
		cmocka_unit_test(addresses_of_the_web_are_safe),
		cmocka_unit_test(whatever_a_browser_could_take_for_something_else_is_not),
		cmocka_unit_test(what_cannot_stand_in_a_header_is_escaped_once),
		cmocka_unit_test(hosts_beyond_ascii_are_written_as_what_they_are),
		cmocka_unit_test(a_name_of_a_host_has_a_limit),
		cmocka_unit_test(a_host_of_any_size_is_looked_at),
		cmocka_unit_test(what_is_appended_never_changes_the_host),
		cmocka_unit_test(a_handle_in_a_path_cannot_become_a_host_a_query_or_an_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
