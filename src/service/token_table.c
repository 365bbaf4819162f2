/* SPDX-License-Identifier: Apache-2.0 */
#include "service/token.h"

#include "base/file.h"
#include "base/limits.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { ARENA_BLOCK_SIZE = 65536, ARENA_LIMIT = 16 * TOKEN_FILE_SIZE_MAX };

struct token_table {
	char path[PATH_MAX];
	pthread_mutex_t lock; /* Guards what follows. */
	struct arena *arena;
	struct token_list list;
	struct stat state; /* Of the file when it was read. */
	bool is_read;
};

/* That may hold a token: never more than are allowed and one, which is refused. */
static size_t
line_count(struct bytes text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.size && count <= TOKEN_COUNT_MAX; i++) {
		count += text.at[i] == '\n';
	}
	return count;
}

enum status
token_file_read(
	const char *path, struct arena *arena, struct token_list *ret_list, struct problem *problem)
{
	struct token_list list = {0, NULL};
	struct problem inner;
	struct stat state;
	uint8_t *octets;
	size_t size = 0, number = 0;
	enum status status;

	*ret_list = list;
	if (stat(path, &state) != 0 && errno == ENOENT) {
		return problem_set(problem, STATUS_NOT_FOUND, "there are no tokens");
	}
	octets = arena_alloc(arena, TOKEN_FILE_SIZE_MAX + 1);
	if (octets == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for %s", path);
	}
	status = file_read(path, TOKEN_FILE_SIZE_MAX, octets, &size, problem);
	list.items = arena_alloc_array(
		arena, line_count(bytes_over(octets, size)), sizeof(list.items[0]));
	if (status == STATUS_OK && list.items == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for %s", path);
	}
	for (struct bytes left = bytes_over(octets, size); status == STATUS_OK && left.size > 0;) {
		size_t end = bytes_find(left, '\n');
		struct bytes line = bytes_slice(left, 0, end);

		left = bytes_slice(left, end + 1, left.size);
		number++;
		if (line.size == 0) {
			continue;
		}
		if (list.count == TOKEN_COUNT_MAX) {
			return problem_set(problem, STATUS_TOO_LARGE, "%s has more than %d tokens",
				path, TOKEN_COUNT_MAX);
		}
		status = token_line_read(line, arena, &list.items[list.count], &inner);
		if (status != STATUS_OK) {
			return problem_set(problem, status, "%s:%zu: %s", path, number, inner.text);
		}
		list.count++;
	}
	if (status == STATUS_OK) {
		*ret_list = list;
	}
	return status;
}

struct token_table *
token_table_new(const char *path)
{
	struct token_table *table = calloc(1, sizeof(*table));
	size_t size = strlen(path);

	if (table == NULL || size >= sizeof(table->path)) {
		free(table);
		return NULL;
	}
	memcpy(table->path, path, size + 1);
	pthread_mutex_init(&table->lock, NULL);
	return table;
}

void
token_table_free(struct token_table *table)
{
	if (table != NULL) {
		pthread_mutex_destroy(&table->lock);
		arena_free(table->arena);
		free(table);
	}
}

/* The file is always another one when it was written: base/file.h. */
static bool
file_is_same(const struct token_table *table, const struct stat *state)
{
	return table->is_read && table->state.st_ino == state->st_ino &&
		table->state.st_size == state->st_size &&
		table->state.st_mtim.tv_sec == state->st_mtim.tv_sec &&
		table->state.st_mtim.tv_nsec == state->st_mtim.tv_nsec;
}

enum status
token_table_refresh(struct token_table *table, struct problem *problem)
{
	struct stat state = {.st_size = 0};
	struct arena *arena;
	struct token_list list = {0, NULL};
	enum status status;

	(void)stat(table->path, &state);
	if (file_is_same(table, &state)) {
		return STATUS_OK;
	}
	arena = arena_new(ARENA_BLOCK_SIZE, ARENA_LIMIT);
	status = arena == NULL ? problem_set(problem, STATUS_NO_MEMORY, "no memory for tokens")
			       : token_file_read(table->path, arena, &list, problem);
	pthread_mutex_lock(&table->lock);
	arena_free(table->arena);
	table->arena = arena;
	table->list = list;
	table->state = state;
	table->is_read = true;
	pthread_mutex_unlock(&table->lock);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
token_copy(const struct token *token, struct arena *arena, struct token *ret_token)
{
	struct access_scope *scope = access_scope_copy(arena, &token->scope);

	if (scope == NULL) {
		return STATUS_NO_MEMORY;
	}
	*ret_token = *token;
	ret_token->name = scope->token;
	ret_token->identity.name = arena_copy(arena, token->identity.name);
	ret_token->scope = *scope;
	return ret_token->identity.name.at == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

enum status
token_table_find(struct token_table *table, struct bytes text, int64_t now_s, struct arena *arena,
	struct token *ret_token)
{
	uint8_t verifier[TOKEN_VERIFIER_SIZE];
	enum status status = STATUS_NOT_FOUND;

	if (!token_verifier(text, verifier)) {
		return STATUS_NOT_FOUND;
	}
	pthread_mutex_lock(&table->lock);
	for (size_t i = 0; i < table->list.count && status == STATUS_NOT_FOUND; i++) {
		const struct token *token = &table->list.items[i];

		if (memcmp(token->verifier, verifier, sizeof(verifier)) == 0 &&
			now_s < token->expires_s) {
			status = token_copy(token, arena, ret_token);
		}
	}
	pthread_mutex_unlock(&table->lock);
	return status;
}
