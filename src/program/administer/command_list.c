/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer.h"
#include "program/commands.h"

#include "base/text_writer.h"
#include "json/json_writer.h"

#include <stdio.h>

enum { OPTION_HOMED = 1, LINE_SIZE_MAX = 8 * HANDLE_NAME_SIZE_MAX };

static const struct option_row rows[] = {
	ADMINISTER_IDENTITY_ROWS,
	{OPTION_HOMED, "homed", 0, NULL,
		{"list the prefixes that the server answers for", "列出服务器所负责的前缀"}},
	{ADMINISTER_JSON, "json", 'j', NULL,
		{"print one JSON object a line", "每行输出一个 JSON 对象"}},
	{0},
};

const struct command_manual command_list_manual = {
	.name = "list",
	.usage = "PREFIX --user INDEX:HANDLE --key FILE\n--homed --user INDEX:HANDLE --key FILE",
	.about = {"Lists the handles under PREFIX at a server, or with --homed its prefixes, one\n"
		  "a line, as they come. A prefix is written 88.999 or 0.NA/88.999.",
		"逐行列出服务器上 PREFIX 之下的标识；使用 --homed 时列出其前缀。前缀写作 88.999\n"
		"或 0.NA/88.999。"},
	.rows = rows,
	.ending = {"Example:\n"
		   "  houji list 88.999 --user 300:0.NA/88.999 --key admin.pem\n\n"
		   "Exit codes: 0 listed; 1 refused or no answer; 2 wrong use.",
		"示例：\n"
		"  houji list 88.999 --user 300:0.NA/88.999 --key admin.pem\n\n"
		"退出码：0 已列出；1 被拒绝或无应答；2 用法错误。"},
};

static void
print_name(struct bytes name, bool is_json)
{
	char text[LINE_SIZE_MAX];

	if (is_json) {
		struct json_writer writer = json_writer_over(text, sizeof(text));

		json_write_object(&writer);
		json_write_name(&writer, "handle");
		json_write_string(&writer, name);
		json_write_object_end(&writer);
		printf("%.*s\n", (int)json_written(&writer).size, text);
	} else {
		struct text_writer writer = text_writer_over(text, sizeof(text));

		text_write_escaped(&writer, name);
		printf("%.*s\n", (int)text_written(&writer).size, text);
	}
}

static void
names_answered(void *context, enum status status, const struct client_answer *answer)
{
	const struct administer *administer = context;
	struct wire_reader reader = wire_reader_over(answer->response.names.blobs);

	(void)status;
	for (uint32_t i = 0; i < answer->response.names.count && wire_reader_ok(&reader); i++) {
		print_name(wire_read_blob(&reader, HANDLE_NAME_SIZE_MAX), administer->is_json);
	}
}

int
command_list(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_list_manual, argc, argv);
	struct request request = administer_request(OPCODE_LIST_HANDLES);
	static struct administer administer;
	uint8_t octets[HANDLE_NAME_SIZE_MAX + 8];
	int exit_code;

	administer_begin(&administer, walk.manual);
	while (option_next(&walk)) {
		if (walk.key == OPTION_HOMED) {
			request.message.header.opcode = OPCODE_LIST_HOMED_PREFIXES;
		} else if (!administer_option(&administer, &walk)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (request.message.header.opcode == OPCODE_LIST_HOMED_PREFIXES && walk.index == argc) {
		request.name.name = TEXT("/");
	} else if (walk.index == argc) {
		return command_usage_error(&command_list_manual, "%s",
			SAY("give a prefix, or --homed for the prefixes of the server",
				"请给出前缀，或以 --homed 列出服务器的前缀"));
	} else if (!administer_take_prefix(&walk, argc, argv, octets, &request.name.name)) {
		return EXIT_CODE_USAGE;
	}
	exit_code = administer_open(&administer);
	if (exit_code == EXIT_CODE_OK) {
		exit_code =
			administer_ask_parts(&administer, &request, names_answered, &administer);
	}
	administer_close(&administer);
	return exit_code;
}
