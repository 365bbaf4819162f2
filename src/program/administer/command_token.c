/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer.h"
#include "program/commands.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text_writer.h"
#include "ledger/ledger_prune.h"
#include "program/terminal/value_print.h"
#include "service/token.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
	OPTION_USER = 1,
	OPTION_SCOPE,
	OPTION_PREFIX,
	OPTION_FOR,
	OPTION_JSON,
	ARENA_BLOCK_SIZE = 65536,
	DAY_S = 86400,
	LIFE_DAYS = 90,
	LINE_SIZE_MAX = 65536,
};

static const struct option_row rows[] = {
	{OPTION_USER, "user", 'u', "INDEX:HANDLE",
		{"create: whose rights it has", "create：令牌所代表的身份"}},
	{OPTION_SCOPE, "scope", 0, "SCOPES",
		{"create: read, write, or read,write (default)",
			"create：read、write 或 read,write（默认）"}},
	{OPTION_PREFIX, "prefix", 'p', "PREFIX",
		{"create: only handles of this prefix and of those derived from it;\n"
		 "repeatable",
			"create：仅限该前缀及其派生前缀的标识；可重复"}},
	{OPTION_FOR, "for", 0, "SPAN",
		{"create: how long, like 12h or 90d (default)",
			"create：有效期，如 12h 或 90d（默认）"}},
	{OPTION_JSON, "json", 'j', NULL,
		{"write JSON, one object a line", "每行输出一个 JSON 对象"}},
	{0},
};

const struct command_manual command_token_manual = {
	.name = "token",
	.usage = "create --user INDEX:HANDLE [OPTION]... DIR NAME\n"
		 "list [--json] DIR\n"
		 "revoke DIR NAME",
	.about = {"Tokens let programs in over HTTPS (Authorization: Bearer TOKEN) in place of a\n"
		  "secret key: each has the rights of an identity, as far as its scope goes, and\n"
		  "expires. create prints the token: it is kept nowhere, DIR has only what it is\n"
		  "verified by. revoke takes it back at once.\n"
		  "\n"
		  "A node that serves DIR follows within a second. History and the audit log\n"
		  "name the token beside the identity.",
		"令牌供程序经 HTTPS 使用（Authorization: Bearer TOKEN），以代替私密密钥：\n"
		"其权限不超过所代表的身份与授权范围，并会过期。create "
		"打印令牌，令牌本身不予保存，\n"
		"DIR 中只有校验值。revoke 立即吊销。\n"
		"\n"
		"正在服务 DIR 的节点在一秒内生效。历史与审计日志会在身份旁注明令牌。"},
	.rows = rows,
	.first_words = "create list revoke",
	.ending = {"Examples:\n"
		   "  houji token create --user 301:0.NA/88.995 --scope read node reader\n"
		   "  houji token list node\n"
		   "  houji token revoke node reader\n\n"
		   "Exit codes: 0 done; 1 it could not be, or no such token; 2 wrong use.",
		"示例：\n"
		"  houji token create --user 301:0.NA/88.995 --scope read node reader\n"
		"  houji token list node\n"
		"  houji token revoke node reader\n\n"
		"退出码：0 完成；1 失败，或无此令牌；2 用法错误。"},
};

struct work {
	const char *directory;
	const char *name;
	bool is_json;
	struct token token; /* To be created. */
	struct bytes prefixes[TOKEN_PREFIX_COUNT_MAX];
	char path[PATH_MAX];
	struct arena *arena;
	struct token_list list;
	int lock_fd;
	struct problem problem;
};

static bool
path_make(const char *directory, const char *name, char ret_path[PATH_MAX])
{
	int size = snprintf(ret_path, PATH_MAX, "%s/%s", directory, name);

	return size > 0 && size < PATH_MAX;
}

/* One at a time changes the file. */
static enum status
list_open(struct work *work)
{
	char path[PATH_MAX];
	enum status status;

	if (!path_make(work->directory, "houji.yaml", path) || access(path, R_OK) != 0) {
		return problem_set(&work->problem, STATUS_NOT_FOUND,
			SAY("%s is no node: there is no houji.yaml",
				"%s 不是节点：没有 houji.yaml"),
			work->directory);
	}
	if (!path_make(work->directory, "tokens.lock", path) ||
		!path_make(work->directory, "tokens.ndjson", work->path)) {
		return problem_set(&work->problem, STATUS_TOO_LARGE, "%s",
			SAY("the path is too long", "路径过长"));
	}
	work->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (work->lock_fd < 0 || flock(work->lock_fd, LOCK_EX) != 0) {
		return problem_system(&work->problem, "cannot open %s", path);
	}
	work->arena = arena_new(ARENA_BLOCK_SIZE, (size_t)16 * TOKEN_FILE_SIZE_MAX);
	if (work->arena == NULL) {
		return problem_set(&work->problem, STATUS_NO_MEMORY, "no memory for tokens");
	}
	status = token_file_read(work->path, work->arena, &work->list, &work->problem);
	if (status == STATUS_NOT_FOUND) {
		work->list.items = arena_alloc(work->arena, sizeof(work->list.items[0]));
		status = work->list.items == NULL ? STATUS_NO_MEMORY : STATUS_OK;
	}
	return status;
}

/* All but the one called `left_out`, then `added`. */
static enum status
list_write(struct work *work, struct bytes left_out, const struct token *added)
{
	char *text = malloc(TOKEN_FILE_SIZE_MAX);
	size_t size = 0;
	enum status status = text == NULL ? STATUS_NO_MEMORY : STATUS_OK;

	for (size_t i = 0; i <= work->list.count && status == STATUS_OK; i++) {
		const struct token *token = i < work->list.count ? &work->list.items[i] : added;
		struct json_writer writer;

		if (token == NULL || (token != added && bytes_equal(token->name, left_out))) {
			continue;
		}
		writer = json_writer_over(text + size, TOKEN_FILE_SIZE_MAX - size - 1);
		token_line_write(&writer, token);
		status = json_writer_end(&writer);
		size += json_written(&writer).size;
		text[size++] = '\n';
	}
	status = status == STATUS_OK
		? file_replace(work->path, 0600, bytes_over(text, size), &work->problem)
		: problem_set(&work->problem, status, "%s", status_text(status));
	free(text);
	return status;
}

static const struct token *
list_find(const struct work *work)
{
	for (size_t i = 0; i < work->list.count; i++) {
		if (bytes_equal(work->list.items[i].name, bytes_from_string(work->name))) {
			return &work->list.items[i];
		}
	}
	return NULL;
}

static enum status
token_create(struct work *work)
{
	char text[TOKEN_TEXT_SIZE];
	enum status status;

	work->token.name = bytes_from_string(work->name);
	if (!token_name_is_good(work->token.name)) {
		return problem_set(&work->problem, STATUS_INVALID, "%s",
			SAY("a name has 1 to 64 letters, digits and . _ -",
				"名称为 1 到 64 个字母、数字或 . _ -"));
	}
	if (list_find(work) != NULL) {
		return problem_set(&work->problem, STATUS_EXISTS,
			SAY("there is a token %s already: revoke it, or take another name",
				"令牌 %s 已存在：请先吊销或另取名称"),
			work->name);
	}
	if (work->list.count >= TOKEN_COUNT_MAX) {
		return problem_set(&work->problem, STATUS_TOO_LARGE,
			SAY("there are %d tokens already: revoke those that are not needed",
				"已有 %d 个令牌：请吊销不再需要的"),
			TOKEN_COUNT_MAX);
	}
	token_make(text, work->token.verifier);
	status = list_write(work, (struct bytes){NULL, 0}, &work->token);
	if (status == STATUS_OK && work->is_json) {
		printf("{\"name\":\"%s\",\"token\":\"%.*s\"}\n", work->name, TOKEN_TEXT_SIZE, text);
	} else if (status == STATUS_OK) {
		printf("%.*s\n", TOKEN_TEXT_SIZE, text);
	}
	explicit_bzero(text, sizeof(text));
	return status;
}

static enum status
token_revoke(struct work *work)
{
	return list_find(work) == NULL
		? problem_set(&work->problem, STATUS_NOT_FOUND,
			  SAY("there is no token %s", "没有令牌 %s"), work->name)
		: list_write(work, bytes_from_string(work->name), NULL);
}

static void
print_token(const struct token *token)
{
	char text[32];
	struct text_writer time = text_writer_over(text, sizeof(text));
	bool is_over = token->expires_s <= clock_wall_ms() / 1000;

	text_write_time(&time, token->expires_s);
	printf("%-24.*s %u:", (int)token->name.size, (const char *)token->name.at,
		token->identity.index);
	value_print_escaped(token->identity.name);
	printf("  %s%s%s  ", token->scope.may_read ? "read" : "",
		token->scope.may_read && token->scope.may_write ? "," : "",
		token->scope.may_write ? "write" : "");
	for (size_t i = 0; i < token->scope.prefix_count; i++) {
		value_print_escaped(token->scope.prefixes[i]);
		putchar(' ');
	}
	printf(is_over ? SAY(" expired %.*s\n", " 已于 %.*s 过期\n")
		       : SAY(" until %.*s\n", " 有效至 %.*s\n"),
		(int)text_written(&time).size, text);
}

static enum status
token_list_print(struct work *work)
{
	char line[LINE_SIZE_MAX];

	for (size_t i = 0; i < work->list.count; i++) {
		struct json_writer writer = json_writer_over(line, sizeof(line));

		if (!work->is_json) {
			print_token(&work->list.items[i]);
			continue;
		}
		token_line_write(&writer, &work->list.items[i]);
		if (json_writer_end(&writer) == STATUS_OK) {
			printf("%.*s\n", (int)json_written(&writer).size, line);
		}
	}
	return STATUS_OK;
}

static bool
scope_take(struct work *work, const char *text)
{
	struct access_scope *scope = &work->token.scope;

	scope->may_read = strcmp(text, "read") == 0 || strcmp(text, "read,write") == 0;
	scope->may_write = strcmp(text, "write") == 0 || strcmp(text, "read,write") == 0;
	return scope->may_read || scope->may_write;
}

static bool
prefix_take(struct work *work, const char *text)
{
	struct access_scope *scope = &work->token.scope;
	struct bytes prefix = bytes_from_string(text);

	if (bytes_start_with_fold(prefix, TEXT("0.NA/"))) {
		prefix = bytes_slice(prefix, 5, prefix.size);
	}
	if (prefix.size == 0 || prefix.size > HANDLE_NAME_SIZE_MAX - 5 ||
		bytes_find(prefix, '/') < prefix.size || !bytes_are_utf8(prefix) ||
		scope->prefix_count == TOKEN_PREFIX_COUNT_MAX) {
		return false;
	}
	work->prefixes[scope->prefix_count++] = prefix;
	return true;
}

static bool
user_take(struct work *work, const char *text)
{
	struct client_identity identity;

	if (!administer_identity_parse(text, &identity)) {
		return false;
	}
	work->token.identity = (struct access_identity){identity.handle, identity.index};
	return true;
}

static bool
span_take(struct work *work, const char *text)
{
	int64_t span_ms = 0;

	if (ledger_span_read(bytes_from_string(text), &span_ms) != STATUS_OK || span_ms < 1000 ||
		span_ms / 1000 > TOKEN_LIFE_S_MAX) {
		return false;
	}
	work->token.expires_s = work->token.created_s + span_ms / 1000;
	return true;
}

/* NULL, or what is wrong. */
static const char *
option_take(struct work *work, const struct option_walk *walk)
{
	switch (walk->key) {
	case OPTION_USER:
		return user_take(work, walk->argument)
			? NULL
			: SAY("--user is INDEX:HANDLE", "--user 应为 INDEX:HANDLE");
	case OPTION_SCOPE:
		return scope_take(work, walk->argument)
			? NULL
			: SAY("--scope is read, write or read,write",
				  "--scope 应为 read、write 或 read,write");
	case OPTION_PREFIX:
		return prefix_take(work, walk->argument)
			? NULL
			: SAY("--prefix is a prefix, sixteen at the most",
				  "--prefix 应为前缀，至多十六个");
	case OPTION_FOR:
		return span_take(work, walk->argument)
			? NULL
			: SAY("--for is a span like 12h or 90d, ten years at the most",
				  "--for 应为时长，如 12h 或 90d，至多十年");
	default:
		work->is_json = true;
		return NULL;
	}
}

/* In the order of first_words. */
enum action { ACTION_CREATE, ACTION_LIST, ACTION_REVOKE };

static int
token_run(struct work *work, enum action action)
{
	enum status status = list_open(work);

	if (status == STATUS_OK) {
		status = action == ACTION_CREATE ? token_create(work)
			: action == ACTION_LIST	 ? token_list_print(work)
						 : token_revoke(work);
	}
	arena_free(work->arena);
	if (work->lock_fd >= 0) {
		close(work->lock_fd);
	}
	return status == STATUS_OK
		? EXIT_CODE_OK
		: command_failure(&command_token_manual, "%s", work->problem.text);
}

int
command_token(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_token_manual, argc, argv);
	struct work work = {.lock_fd = -1};
	const char *wrong = NULL;
	size_t action;

	work.token.created_s = clock_wall_ms() / 1000;
	work.token.expires_s = work.token.created_s + (int64_t)LIFE_DAYS * DAY_S;
	work.token.scope = (struct access_scope){
		.may_read = true, .may_write = true, .prefixes = work.prefixes};
	while (wrong == NULL && option_next(&walk)) {
		wrong = option_take(&work, &walk);
	}
	if (wrong != NULL) {
		return command_usage_error(&command_token_manual, "%s", wrong);
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (!option_take_word(&walk, &action)) {
		return option_word_error(&walk);
	}
	if (argc - walk.index != (action == ACTION_LIST ? 1 : 2)) {
		return action == ACTION_LIST
			? command_directory_error(&command_token_manual)
			: command_usage_error(&command_token_manual, "%s",
				  SAY("DIR and NAME are wanted", "需要给出 DIR 与 NAME"));
	}
	if (action == ACTION_CREATE && work.token.identity.name.size == 0) {
		return command_usage_error(&command_token_manual, "%s",
			SAY("--user says whose rights the token has",
				"请以 --user 给出令牌所代表的身份"));
	}
	work.directory = argv[walk.index];
	work.name = action == ACTION_LIST ? "" : argv[walk.index + 1];
	return token_run(&work, (enum action)action);
}
