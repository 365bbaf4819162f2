/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code.h"
#include "program/code/mapping.h"
#include "program/commands.h"
#include "program/server/server_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_JSON = 1, OPTION_DIR, OPTION_SERVER, OPTION_PREFIX };

/* JSON of one result: every text in it is of the code, a few times over. */
enum { TEXT_SIZE_MAX = 4 << 20, ARENA_SIZE_MAX = 64 << 20 };

static const struct option_row rows[] = {
	{OPTION_JSON, "json", 'j', NULL,
		{"write one JSON object for each code", "每个编码输出一个 JSON 对象"}},
	{OPTION_DIR, "dir", 'd', "DIR",
		{"look mappings up in the ledger in DIR, also while it is served",
			"在 DIR 的账本中查找映射，服务期间亦可"}},
	{OPTION_SERVER, "server", 's', "HOST:PORT",
		{"look mappings up at this server", "向此服务器查询映射"}},
	{OPTION_PREFIX, "prefix", 'p', "PREFIX",
		{"prefix of the records that hold mappings (houji code)",
			"存放映射记录的前缀（见 houji code）"}},
	{0},
};

const struct command_manual command_identify_manual = {
	.name = "identify",
	.usage = "[OPTION]... CODE...|-",
	.about = {"Tells what a code may be: a handle, a GS1 key (GTIN, SSCC, GLN, ...), bar code\n"
		  "or Digital Link, an EPC, an OID, an Ecode, a DID, a VAA or other identifier of\n"
		  "ISO/IEC 15459, a unified social credit code. Each candidate comes with the\n"
		  "reasons for and against it, its confidence (0 to 100) and its normal form; the\n"
		  "best comes first. Nothing is mended: of a wrong check digit it is told which\n"
		  "one should be there.\n"
		  "\n"
		  "With --dir or --server it also tells what each candidate is mapped to: the\n"
		  "handle of a code, the codes of a handle (houji code imports mappings).\n"
		  "\n"
		  "With - it reads codes from stdin, one a line. FNC1 is written as ^ in front, "
		  "or\n"
		  "is the octet GS that scanners send.",
		"判断一个编码可能是什么：Handle 标识、GS1 编码（GTIN、SSCC、GLN 等）、条码数据\n"
		"或 Digital Link、EPC、OID、Ecode、DID、VAA 或其他 ISO/IEC 15459 标识、统一社会\n"
		"信用代码。每个候选都附有理由、置信度（0 至 100）与规范形式，最可能者居首。绝不\n"
		"擅自修正：校验位有误时，说明应为何值。\n"
		"\n"
		"使用 --dir 或 --server 时还给出映射：编码对应的标识，或标识对应的各编码\n"
		"（映射由 houji code 导入）。\n"
		"\n"
		"给出 - 时从标准输入逐行读取。FNC1 可在开头写作 ^，或用扫码器发送的 GS 字节。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji identify 6901234567892\n"
		   "  houji identify '(01)09521234543213(10)ABC' urn:oid:1.2.156.10197\n"
		   "  houji identify --json - < codes.txt\n"
		   "  houji identify --dir node --prefix 88.998.1 9521234543213\n"
		   "Exit codes: 0 every code has a valid candidate; 1 not every one; 2 wrong use.",
		"示例：\n"
		"  houji identify 6901234567892\n"
		"  houji identify '(01)09521234543213(10)ABC' urn:oid:1.2.156.10197\n"
		"  houji identify --json - < codes.txt\n"
		"  houji identify --dir node --prefix 88.998.1 9521234543213\n"
		"退出码：0 每个编码都有有效候选；1 并非每个；2 用法错误。"},
};

struct identify {
	bool is_json;
	bool is_all_found;
	const char *directory; /* Where mappings are; NULL, as the server, if nobody asked. */
	const char *server;
	struct mapping_finder finder;
	struct json_writer writer;
	char *json;
	struct code_result *result;
};

static bool
has_finder(const struct identify *identify)
{
	return identify->directory != NULL || identify->server != NULL;
}

static void
print_text(const char *before, struct bytes text)
{
	char room[4 * CODE_ROOM_SIZE];
	struct text_writer writer = text_writer_over(room, sizeof(room));

	text_write_escaped(&writer, text);
	printf("%s%.*s\n", before, (int)text_written(&writer).size, room);
}

static void
print_candidate(const struct code_candidate *candidate)
{
	printf("  %3u  %s  %s\n", candidate->confidence,
		candidate->is_valid ? SAY("valid  ", "有效") : SAY("INVALID", "无效"),
		candidate->kind);
	if (candidate->normal.size > 0) {
		printf("       %s ", code_system_name(candidate->scheme));
		print_text("", candidate->normal);
	}
	if (candidate->link.size > 0) {
		print_text("       ", candidate->link);
	}
	for (size_t i = 0; i < candidate->reason_count; i++) {
		char room[4 * CODE_SIZE_MAX + 256];
		struct text_writer writer = text_writer_over(room, sizeof(room));

		code_reason_write(&writer, &candidate->reasons[i], language_is_chinese());
		printf("       - %.*s\n", (int)text_written(&writer).size, room);
	}
}

/* The mappings of one candidate, as they are found. */
static void
look_up(struct identify *identify, const struct code_candidate *candidate, mapping_found *found)
{
	struct problem problem = {.text = ""};
	bool is_handle = candidate->scheme == CODE_HANDLE;

	if (has_finder(identify) && candidate->is_valid &&
		mapping_find(&identify->finder,
			is_handle ? NULL : code_system_name(candidate->scheme), candidate->normal,
			found, identify, &problem) != STATUS_OK) {
		(void)command_failure(
			&command_identify_manual, SAY("mappings: %s", "映射：%s"), problem.text);
		identify->is_all_found = false;
	}
}

static void
print_mapping(void *context, const struct code_mapping *mapping)
{
	(void)context;
	printf("       = %.*s ", (int)mapping->fields[CODE_FIELD_SCHEME].size,
		(const char *)mapping->fields[CODE_FIELD_SCHEME].at);
	print_text("", mapping->fields[CODE_FIELD_CODE]);
	print_text("       = handle ", mapping->fields[CODE_FIELD_HANDLE]);
}

static void
write_mapping(void *context, const struct code_mapping *mapping)
{
	struct identify *identify = context;

	code_mapping_write(&identify->writer, mapping);
}

static void
print_result(struct identify *identify)
{
	const struct code_result *result = identify->result;

	print_text("", result->code);
	for (size_t i = 0; i < result->count; i++) {
		print_candidate(&result->candidates[i]);
		look_up(identify, &result->candidates[i], print_mapping);
	}
	if (result->count > 0) {
		return;
	}
	printf("%s", SAY("  nothing known; tried:", "  无法识别；已尝试："));
	for (size_t i = 0; i < CODE_SYSTEM_COUNT; i++) {
		printf(" %s", code_system_name((enum code_system)i));
	}
	putchar('\n');
}

/* As code_identify_json(), with the mappings of each candidate. */
static void
write_with_mappings(struct identify *identify)
{
	struct json_writer *writer = &identify->writer;

	code_result_json(identify->result, writer);
	for (size_t i = 0; i < identify->result->count; i++) {
		code_candidate_json(&identify->result->candidates[i], writer);
		json_write_name(writer, "mappings");
		json_write_array(writer);
		look_up(identify, &identify->result->candidates[i], write_mapping);
		json_write_array_end(writer);
		json_write_object_end(writer);
	}
	code_result_json_end(writer);
}

static void
print_json(struct identify *identify)
{
	identify->writer = json_writer_over(identify->json, TEXT_SIZE_MAX);
	if (has_finder(identify)) {
		write_with_mappings(identify);
	} else {
		code_identify_json(identify->result, &identify->writer);
	}
	if (json_writer_end(&identify->writer) == STATUS_OK) {
		printf("%.*s\n", (int)json_written(&identify->writer).size, identify->json);
	}
}

/* `line` is 0 for a code of the command line. */
static void
identify_one(struct identify *identify, struct bytes code, unsigned long line)
{
	enum status status = code_identify(code, identify->result);
	char where[32] = "";

	if (status != STATUS_OK) {
		if (line > 0) {
			snprintf(where, sizeof(where), "-:%lu: ", line);
		}
		(void)command_failure(&command_identify_manual,
			SAY("%sa code is 1 to %d octets of UTF-8: this one %s",
				"%s编码须为 1 至 %d 字节的 UTF-8：%s"),
			where, CODE_SIZE_MAX, status_text(status));
		identify->is_all_found = false;
		return;
	}
	identify->is_all_found &= code_best(identify->result) != NULL;
	if (identify->is_json) {
		print_json(identify);
	} else {
		print_result(identify);
	}
}

static void
identify_lines(struct identify *identify)
{
	char line[CODE_SIZE_MAX + 3]; /* One octet too many, CR and LF. */
	unsigned long number = 0;
	size_t size = 0;
	int octet;

	do {
		octet = getchar();
		if (octet != '\n' && octet != EOF) {
			/* Of a line that is too long its size alone is wanted. */
			line[size < sizeof(line) ? size++ : size - 1] = (char)octet;
			continue;
		}
		if (octet == EOF && size == 0) {
			return;
		}
		number++;
		if (size > 0 && size < sizeof(line) && line[size - 1] == '\r') {
			size--;
		}
		identify_one(identify, bytes_over(line, size), number);
		size = 0;
	} while (octet != EOF);
}

static int
finder_open(struct identify *identify)
{
	struct mapping_finder *finder = &identify->finder;
	struct problem problem = {.text = ""};

	finder->arena = arena_new(1 << 16, ARENA_SIZE_MAX);
	if (finder->arena == NULL) {
		return command_no_memory(&command_identify_manual);
	}
	if (identify->directory != NULL) {
		return ledger_open(identify->directory, LEDGER_LOOK, &finder->ledger, &problem) ==
				STATUS_OK
			? EXIT_CODE_OK
			: command_problem(&command_identify_manual, &problem);
	}
	return server_name_read(identify->server, &finder->server)
		? EXIT_CODE_OK
		: command_failure(&command_identify_manual,
			  SAY("no such server: %s", "没有这个服务器：%s"), identify->server);
}

static void
finder_close(struct mapping_finder *finder)
{
	if (finder->ledger != NULL) {
		(void)ledger_close(finder->ledger, NULL);
	}
	arena_free(finder->arena);
}

static int
run(struct identify *identify, int argc, char **argv)
{
	int exit_code = has_finder(identify) ? finder_open(identify) : EXIT_CODE_OK;

	identify->is_all_found = true;
	identify->json = malloc(TEXT_SIZE_MAX);
	identify->result = malloc(sizeof(*identify->result));
	if (identify->json == NULL || identify->result == NULL) {
		exit_code = command_no_memory(&command_identify_manual);
	}
	if (exit_code == EXIT_CODE_OK && argc == 1 && strcmp(argv[0], "-") == 0) {
		identify_lines(identify);
	} else {
		for (int i = 0; exit_code == EXIT_CODE_OK && i < argc; i++) {
			identify_one(identify, bytes_from_string(argv[i]), 0);
		}
	}
	finder_close(&identify->finder);
	free(identify->json);
	free(identify->result);
	return exit_code != EXIT_CODE_OK ? exit_code
		: identify->is_all_found ? EXIT_CODE_OK
					 : EXIT_CODE_FAILED;
}

int
command_identify(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_identify_manual, argc, argv);
	struct identify identify = {0};

	while (option_next(&walk)) {
		switch (walk.key) {
		case OPTION_DIR:
			identify.directory = walk.argument;
			break;
		case OPTION_SERVER:
			identify.server = walk.argument;
			break;
		case OPTION_PREFIX:
			identify.finder.prefix = bytes_from_string(walk.argument);
			break;
		default:
			identify.is_json = true;
			break;
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (walk.index == argc) {
		return command_usage_error(&command_identify_manual, "%s",
			SAY("give a code, or - for stdin", "请给出编码，或以 - 读取标准输入"));
	}
	if ((identify.directory != NULL && identify.server != NULL) ||
		has_finder(&identify) != code_mapping_prefix_is_good(identify.finder.prefix)) {
		return command_usage_error(&command_identify_manual, "%s",
			SAY("mappings take one of --dir and --server, and --prefix",
				"查找映射须给出 --dir 或 --server 之一，以及 --prefix"));
	}
	return run(&identify, argc - walk.index, argv + walk.index);
}
