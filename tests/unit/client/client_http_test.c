/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_http.h"

#include "support/cmocka_all.h"
#include "support/heap.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/x-hdl-message\r\n"

struct taken {
	enum status status; /* Why it ended. */
	char body[256];
	size_t size;
	size_t left; /* Octets not taken. */
	bool is_last;
};

/* Reads `text` as it comes in pieces of `step` octets, each in an allocation of its own. */
static struct taken
take(const char *text, size_t step)
{
	struct client_http http;
	struct taken taken = {.status = STATUS_OK};
	size_t size = strlen(text);
	size_t at = 0;

	client_http_begin(&http);
	for (size_t end = step < size ? step : size;; end = end + step < size ? end + step : size) {
		do {
			struct bytes octets = heap_copy(bytes_over(text + at, end - at));
			struct bytes body;
			size_t count;

			taken.status = client_http_take(&http, octets, &count, &body);
			if (taken.status == STATUS_OK) {
				assert_true(count <= end - at && body.size <= count);
				assert_true(taken.size + body.size < sizeof(taken.body));
				if (body.size > 0) {
					memcpy(taken.body + taken.size, body.at, body.size);
				}
				taken.size += body.size;
				at += count;
			}
			heap_free(octets);
		} while (taken.status == STATUS_OK);
		if (taken.status != STATUS_TRUNCATED || end == size) {
			break;
		}
	}
	taken.left = size - at;
	taken.is_last = http.is_last;
	return taken;
}

static void
assert_body(const char *text, const char *body, bool is_last)
{
	for (size_t step = 1; step < 8; step++) {
		struct taken taken = take(text, step);

		assert_int_equal(taken.status, STATUS_CLOSED);
		assert_string_equal(taken.body, body);
		assert_int_equal(taken.is_last, is_last);
	}
}

static void
a_body_ends_where_its_length_says(void **state)
{
	(void)state;
	assert_body(HEAD "Content-Length: 5\r\n\r\nhello", "hello", false);
	assert_body(HEAD "content-LENGTH:5 \r\n\r\nhello", "hello", false);
	assert_body(HEAD "Content-Length: 0\r\n\r\n", "", false);
	assert_int_equal(take(HEAD "Content-Length: 5\r\n\r\nhelloHTTP/1.1", 999).left, 8);
	assert_int_equal(take(HEAD "Content-Length: 6\r\n\r\nhello", 3).status, STATUS_TRUNCATED);
}

static void
chunks_are_joined(void **state)
{
	(void)state;
	assert_body(HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0002;x=y\r\nlo\r\n0\r\n"
			 "Trailer: x\r\n\r\n",
		"hello", false);
	assert_body(HEAD "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
		"0123456789", false);
	assert_body(HEAD "Transfer-Encoding: chunked\r\n\r\nF\r\n0123456789abcde\r\n00f\r\n"
			 "0123456789abcde\r\n00000000\r\n\r\n",
		"0123456789abcde0123456789abcde", false);
	assert_body(HEAD "Transfer-Encoding: chunked\r\n\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n"
			 "0\r\n\r\n",
		"abcdefghijklmnopqrstuvwxyz", false);
}

static void
a_connection_that_ends_behind_the_answer_is_known(void **state)
{
	struct taken taken;
	(void)state;

	assert_body(HEAD "Connection: close\r\nContent-Length: 1\r\n\r\nx", "x", true);
	assert_body("HTTP/1.0 200 OK\r\nContent-Type: application/x-hdl-message; x=y\r\n"
		    "Content-Length: 1\r\n\r\nx",
		"x", true);
	assert_body("HTTP/1.0 200 OK\r\nContent-Type: application/x-hdl-message\r\n"
		    "Connection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
		"x", false);
	taken = take(HEAD "\r\nall there is", 4);
	assert_int_equal(taken.status, STATUS_TRUNCATED);
	assert_string_equal(taken.body, "all there is");
	assert_true(taken.is_last);
}

static void
interim_answers_are_passed_over(void **state)
{
	(void)state;
	assert_body("HTTP/1.1 100 Continue\r\n\r\n" HEAD "Content-Length: 1\r\n\r\nx", "x", false);
	assert_body("HTTP/1.1 199\r\nX: y\r\n\r\nHTTP/1.1 100 \r\n\r\n" HEAD
		    "Content-Length: 1\r\n\r\nx",
		"x", false);
}

static void
what_carries_no_messages_says_so(void **state)
{
	(void)state;
	assert_int_equal(
		take("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n", 9).status,
		STATUS_UNSUPPORTED);
	assert_int_equal(take("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", 9).status,
		STATUS_UNSUPPORTED);
	assert_int_equal(take("HTTP/1.1 200 OK\r\n\r\n", 9).status, STATUS_UNSUPPORTED);
	assert_int_equal(
		take("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 9).status, STATUS_BUSY);
	assert_int_equal(
		take(HEAD "Transfer-Encoding: gzip\r\n\r\n", 9).status, STATUS_UNSUPPORTED);
}

static void
what_is_no_http_is_refused(void **state)
{
	static const char *const texts[] = {
		"SSH-2.0-x\r\n\r\n",
		"HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/1.1 099 OK\r\n\r\n",
		"HTTP/1.1 200\tOK\r\n\r\n",
		"HTTP/1.1 200 OK\n\n",
		HEAD "no colon\r\n\r\n",
		HEAD ": no name\r\n\r\n",
		HEAD "Content-Length: -1\r\n\r\n",
		HEAD "Content-Length: 1x\r\n\r\n",
		HEAD "Content-Length: 99999999999999999999\r\n\r\n",
		HEAD "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
		HEAD "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		HEAD "Transfer-Encoding: chunked\r\n\r\nx\r\n",
		HEAD "Transfer-Encoding: chunked\r\n\r\n\r\n",
		HEAD "Transfer-Encoding: chunked\r\n\r\n123456789\r\n",
		HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n",
	};
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(take(texts[i], 999).status, STATUS_MALFORMED);
	}
}

/* A head of that size, whose body is all that follows; "x" does. */
static enum status
take_head(size_t size, const char *front, char filling, size_t step)
{
	char *text = malloc(size + 2);
	struct taken taken;

	memset(text, filling, size);
	memcpy(text, front, strlen(front));
	memcpy(text + size - 4, "\r\n\r\nx", 6);
	taken = take(text, step);
	if (taken.status == STATUS_TRUNCATED) {
		assert_string_equal(taken.body, "x");
	}
	free(text);
	return taken.status;
}

static void
a_head_has_a_limit(void **state)
{
	static const size_t steps[] = {1000, 5000, 99999};
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		for (size_t size = CLIENT_HTTP_HEAD_SIZE_MAX - 3;
			size <= CLIENT_HTTP_HEAD_SIZE_MAX + 3; size++) {
			assert_int_equal(take_head(size, HEAD "X: ", 'x', steps[i]),
				size <= CLIENT_HTTP_HEAD_SIZE_MAX ? STATUS_TRUNCATED
								  : STATUS_TOO_LARGE);
		}
		assert_int_equal(
			take_head(2 * CLIENT_HTTP_HEAD_SIZE_MAX, "HTTP/1.1 200 ", 'x', steps[i]),
			STATUS_TOO_LARGE);
	}
}

static void
heads_of_chunks_and_trailers_have_a_limit(void **state)
{
	enum { LINE_SIZE_MAX = 1024 };
	char text[2 * LINE_SIZE_MAX + 256], filling[LINE_SIZE_MAX + 2];
	(void)state;

	memset(filling, 'x', sizeof(filling));
	for (int size = LINE_SIZE_MAX - 1; size <= LINE_SIZE_MAX + 1; size++) {
		enum status wanted = size <= LINE_SIZE_MAX ? STATUS_CLOSED : STATUS_TOO_LARGE;

		snprintf(text, sizeof(text),
			HEAD "Transfer-Encoding: chunked\r\n\r\n1;%.*s\r\nx\r\n0\r\n\r\n", size - 4,
			filling);
		assert_int_equal(take(text, 100).status, wanted);
		assert_int_equal(take(text, 9999).status, wanted);
		snprintf(text, sizeof(text),
			HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA:%.*s\r\n\r\n",
			size - 4, filling);
		assert_int_equal(take(text, 100).status, wanted);
		assert_int_equal(take(text, 9999).status, wanted);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_ends_where_its_length_says),
		cmocka_unit_test(chunks_are_joined),
		cmocka_unit_test(a_connection_that_ends_behind_the_answer_is_known),
		cmocka_unit_test(interim_answers_are_passed_over),
		cmocka_unit_test(what_carries_no_messages_says_so),
		cmocka_unit_test(what_is_no_http_is_refused),
		cmocka_unit_test(a_head_has_a_limit),
		cmocka_unit_test(heads_of_chunks_and_trailers_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
