/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code.h"
#include "program/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_JSON = 1 };

/* JSON of one result: every text in it is of the code, a few times over. */
enum { TEXT_SIZE_MAX = 1 << 20 };

static const struct option_row rows[] = {
	{OPTION_JSON, "json", 'j', NULL,
		{"write one JSON object for each code", "每个编码输出一个 JSON 对象"}},
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
		  "With - it reads codes from stdin, one a line. FNC1 is written as ^ in front, "
		  "or\n"
		  "is the octet GS that scanners send.",
		"判断一个编码可能是什么：Handle 标识、GS1 编码（GTIN、SSCC、GLN 等）、条码数据\n"
		"或 Digital Link、EPC、OID、Ecode、DID、VAA 或其他 ISO/IEC 15459 标识、统一社会\n"
		"信用代码。每个候选都附有理由、置信度（0 至 100）与规范形式，最可能者居首。绝不\n"
		"擅自修正：校验位有误时，说明应为何值。\n"
		"\n"
		"给出 - 时从标准输入逐行读取。FNC1 可在开头写作 ^，或用扫码器发送的 GS 字节。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji identify 6901234567892\n"
		   "  houji identify '(01)09521234543213(10)ABC' urn:oid:1.2.156.10197\n"
		   "  houji identify --json - < codes.txt\n"
		   "Exit code: 0 every code has a valid candidate, 1 not every one, 2 usage.",
		"示例：\n"
		"  houji identify 6901234567892\n"
		"  houji identify '(01)09521234543213(10)ABC' urn:oid:1.2.156.10197\n"
		"  houji identify --json - < codes.txt\n"
		"退出码：0 每个编码都有有效候选；1 并非每个；2 用法错误。"},
};

struct identify {
	bool is_json;
	bool is_all_found;
	char json[TEXT_SIZE_MAX];
	struct code_result result;
};

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

static void
print_result(const struct code_result *result)
{
	print_text("", result->code);
	for (size_t i = 0; i < result->count; i++) {
		print_candidate(&result->candidates[i]);
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

static void
print_json(struct identify *identify)
{
	struct json_writer writer = json_writer_over(identify->json, sizeof(identify->json));

	code_identify_json(&identify->result, &writer);
	if (json_writer_end(&writer) == STATUS_OK) {
		printf("%.*s\n", (int)json_written(&writer).size, identify->json);
	}
}

/* `line` is 0 for a code of the command line. */
static void
identify_one(struct identify *identify, struct bytes code, unsigned long line)
{
	enum status status = code_identify(code, &identify->result);
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
	identify->is_all_found &= code_best(&identify->result) != NULL;
	if (identify->is_json) {
		print_json(identify);
	} else {
		print_result(&identify->result);
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

int
command_identify(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_identify_manual, argc, argv);
	struct identify *identify;
	bool is_json = false;
	int exit_code;

	while (option_next(&walk)) {
		is_json |= walk.key == OPTION_JSON;
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (walk.index == argc) {
		return command_usage_error(&command_identify_manual, "%s",
			SAY("give a code, or - for stdin", "请给出编码，或以 - 读取标准输入"));
	}
	identify = malloc(sizeof(*identify));
	if (identify == NULL) {
		return command_failure(
			&command_identify_manual, "%s", status_text(STATUS_NO_MEMORY));
	}
	identify->is_json = is_json;
	identify->is_all_found = true;
	if (argc - walk.index == 1 && strcmp(argv[walk.index], "-") == 0) {
		identify_lines(identify);
	} else {
		for (int i = walk.index; i < argc; i++) {
			identify_one(identify, bytes_from_string(argv[i]), 0);
		}
	}
	exit_code = identify->is_all_found ? EXIT_CODE_OK : EXIT_CODE_FAILED;
	free(identify);
	return exit_code;
}
