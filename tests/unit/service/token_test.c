/* SPDX-License-Identifier: Apache-2.0 */
#include "service/token.h"

#include "base/limits.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERIFIER "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char good[] =
	"{\"name\":\"ci\",\"verifier\":\"" VERIFIER "\",\"identity\":\"301:0.NA/88.995\","
	"\"scopes\":[\"read\",\"write\"],\"prefixes\":[\"88.995\",\"88.1\"],"
	"\"created\":\"2026-11-27T22:13:20Z\",\"expires\":\"2027-02-25T22:13:20Z\"}";

static struct arena *arena;

static enum status
read_line(const char *line, struct token *token)
{
	struct problem problem = {.text = ""};
	enum status status = token_line_read(bytes_from_string(line), arena, token, &problem);

	assert_true((status == STATUS_OK) == (problem.text[0] == '\0'));
	return status;
}

static void
a_token_comes_back_as_it_was_written(void **state)
{
	char text[1024];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	struct token token;

	(void)state;
	assert_int_equal(read_line(good, &token), STATUS_OK);
	assert_true(token.scope.may_read && token.scope.may_write);
	assert_int_equal(token.scope.prefix_count, 2);
	assert_int_equal(token.identity.index, 301);
	assert_int_equal(token.expires_s - token.created_s, 90 * 86400);
	token_line_write(&writer, &token);
	assert_int_equal(json_writer_end(&writer), STATUS_OK);
	assert_true(bytes_equal(json_written(&writer), bytes_from_string(good)));
}

static void
every_truncation_is_refused(void **state)
{
	struct token token;

	(void)state;
	for (size_t size = 0; size < sizeof(good) - 1; size++) {
		char *part = strndup(good, size);

		assert_int_not_equal(read_line(part, &token), STATUS_OK);
		free(part);
		arena_reset(arena);
	}
}

static void
what_is_missing_or_unknown_is_refused(void **state)
{
	static const char *const bad[] = {
		"{\"name\":\"ci\",\"identity\":\"1:a/b\",\"expires\":\"2027-02-25T22:13:20Z\"}",
		"{\"name\":\"ci\",\"verifier\":\"" VERIFIER "\",\"identity\":\"1:a/b\"}",
		"{\"name\":\"ci\",\"verifier\":\"" VERIFIER
		"\",\"expires\":\"2027-02-25T22:13:20Z\"}",
		"{\"verifier\":\"" VERIFIER
		"\",\"identity\":\"1:a/b\",\"expires\":\"2027-02-25T22:13:20Z\"}",
		"{\"name\":\"ci\",\"verifier\":\"00\",\"identity\":\"1:a/b\","
		"\"expires\":\"2027-02-25T22:13:20Z\"}",
		"{\"name\":\"ci\",\"verifier\":\"" VERIFIER
		"\",\"identity\":\"a/b\",\"expires\":\"2027-02-25T22:13:20Z\"}",
		"{\"name\":\"ci\",\"verifier\":\"" VERIFIER "\",\"identity\":\"1:a/"
		"b\",\"scopes\":[\"all\"],\"expires\":\"2027-02-25T22:13:20Z\"}",
		"{\"name\":\"ci\",\"verifier\":\"" VERIFIER
		"\",\"identity\":\"1:a/b\",\"scope\":[],\"expires\":\"2027-02-25T22:13:20Z\"}",
		"{\"name\":\"ci\",\"verifier\":\"" VERIFIER "\",\"identity\":\"1:a/"
		"b\",\"prefixes\":[\"\"],\"expires\":\"2027-02-25T22:13:20Z\"}",
	};
	struct token token;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_not_equal(read_line(bad[i], &token), STATUS_OK);
	}
	/* Without scopes it may do nothing. */
	assert_int_equal(
		read_line("{\"name\":\"ci\",\"verifier\":\"" VERIFIER
			  "\",\"identity\":\"1:a/b\",\"expires\":\"2027-02-25T22:13:20Z\"}",
			&token),
		STATUS_OK);
	assert_false(token.scope.may_read || token.scope.may_write);
}

static void
prefixes_and_names_are_limited(void **state)
{
	char line[2048], name[TOKEN_NAME_SIZE_MAX + 2];
	struct token token;

	(void)state;
	for (int count = TOKEN_PREFIX_COUNT_MAX - 1; count <= TOKEN_PREFIX_COUNT_MAX + 1; count++) {
		int size = snprintf(line, sizeof(line),
			"{\"name\":\"ci\",\"verifier\":\"" VERIFIER "\",\"identity\":\"1:a/"
			"b\",\"expires\":\"2027-02-25T22:13:20Z\",\"prefixes\":[");

		for (int i = 0; i < count; i++) {
			size += snprintf(line + size, sizeof(line) - (size_t)size, "%s\"1.%d\"",
				i > 0 ? "," : "", i);
		}
		snprintf(line + size, sizeof(line) - (size_t)size, "]}");
		assert_int_equal(
			read_line(line, &token) == STATUS_OK, count <= TOKEN_PREFIX_COUNT_MAX);
	}
	memset(name, 'n', sizeof(name));
	assert_true(token_name_is_good(bytes_over(name, TOKEN_NAME_SIZE_MAX)));
	assert_false(token_name_is_good(bytes_over(name, TOKEN_NAME_SIZE_MAX + 1)));
	assert_false(token_name_is_good(TEXT("")));
	assert_false(token_name_is_good(TEXT("a b")));
	assert_false(token_name_is_good(TEXT("a\"b")));
}

static void
tokens_differ_and_only_their_own_text_verifies(void **state)
{
	char one[TOKEN_TEXT_SIZE], other[TOKEN_TEXT_SIZE];
	uint8_t first[TOKEN_VERIFIER_SIZE], second[TOKEN_VERIFIER_SIZE], again[TOKEN_VERIFIER_SIZE];

	(void)state;
	token_make(one, first);
	token_make(other, second);
	assert_memory_not_equal(one, other, sizeof(one));
	assert_memory_not_equal(first, second, sizeof(first));
	assert_true(token_verifier(bytes_over(one, sizeof(one)), again));
	assert_memory_equal(first, again, sizeof(first));
	assert_false(token_verifier(bytes_over(one, sizeof(one) - 1), again));
	one[0] = 'H';
	assert_false(token_verifier(bytes_over(one, sizeof(one)), again));
}

static void
the_table_follows_its_file_and_time(void **state)
{
	char path[] = "/tmp/houji-tokens-XXXXXX", text[TOKEN_TEXT_SIZE], line[1024];
	int fd = mkstemp(path);
	struct token_table *table = token_table_new(path);
	struct json_writer writer = json_writer_over(line, sizeof(line) - 1);
	struct token token, found;
	struct problem problem;
	struct bytes shown = bytes_over(text, sizeof(text));

	(void)state;
	assert_int_equal(read_line(good, &token), STATUS_OK);
	token_make(text, token.verifier);
	token_line_write(&writer, &token);
	assert_int_equal(token_table_refresh(table, &problem), STATUS_OK);
	assert_int_equal(
		token_table_find(table, shown, token.created_s, arena, &found), STATUS_NOT_FOUND);
	assert_int_equal(write(fd, line, json_written(&writer).size), json_written(&writer).size);
	assert_int_equal(token_table_refresh(table, &problem), STATUS_OK);
	assert_int_equal(
		token_table_find(table, shown, token.expires_s - 1, arena, &found), STATUS_OK);
	assert_true(bytes_equal(found.name, TEXT("ci")));
	assert_int_equal(found.scope.prefix_count, 2);
	assert_int_equal(
		token_table_find(table, shown, token.expires_s, arena, &found), STATUS_NOT_FOUND);
	/* What cannot be read lets nobody in. */
	assert_int_equal(write(fd, "\n{", 2), 2);
	assert_int_not_equal(token_table_refresh(table, &problem), STATUS_OK);
	assert_int_equal(
		token_table_find(table, shown, token.created_s, arena, &found), STATUS_NOT_FOUND);
	close(fd);
	unlink(path);
	assert_int_equal(token_table_refresh(table, &problem), STATUS_OK);
	token_table_free(table);
}

/* One line more than a node may have tokens, and one octet more than their file may have. */
static void
a_node_has_so_many_tokens_in_a_file_of_that_size(void **state)
{
	char path[] = "/tmp/houji-tokens-XXXXXX";
	size_t size = sizeof(good) - 1;
	char *text = malloc(TOKEN_FILE_SIZE_MAX + 1);
	int fd = mkstemp(path);
	struct token_list list;
	struct problem problem;

	(void)state;
	assert_true(text != NULL && fd >= 0);
	for (size_t count = TOKEN_COUNT_MAX - 1; count <= TOKEN_COUNT_MAX + 1; count++) {
		for (size_t i = 0; i < count; i++) {
			memcpy(text + i * (size + 1), good, size);
			text[i * (size + 1) + size] = '\n';
		}
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, text, count * (size + 1), 0), count * (size + 1));
		assert_int_equal(token_file_read(path, arena, &list, &problem),
			count <= TOKEN_COUNT_MAX ? STATUS_OK : STATUS_TOO_LARGE);
		assert_int_equal(list.count, count <= TOKEN_COUNT_MAX ? count : 0);
		arena_reset(arena);
	}
	memset(text, '\n', TOKEN_FILE_SIZE_MAX + 1);
	memcpy(text, good, size);
	for (size_t more = 0; more <= 1; more++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, text, TOKEN_FILE_SIZE_MAX + more, 0),
			TOKEN_FILE_SIZE_MAX + more);
		assert_int_equal(token_file_read(path, arena, &list, &problem),
			more == 0 ? STATUS_OK : STATUS_TOO_LARGE);
		assert_int_equal(list.count, more == 0 ? 1 : 0);
		arena_reset(arena);
	}
	close(fd);
	unlink(path);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_comes_back_as_it_was_written),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(what_is_missing_or_unknown_is_refused),
		cmocka_unit_test(prefixes_and_names_are_limited),
		cmocka_unit_test(tokens_differ_and_only_their_own_text_verifies),
		cmocka_unit_test(the_table_follows_its_file_and_time),
		cmocka_unit_test(a_node_has_so_many_tokens_in_a_file_of_that_size),
	};
	int failed;

	arena = arena_new(65536, (size_t)64 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
