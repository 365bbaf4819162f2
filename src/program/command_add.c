/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer.h"
#include "program/administer_values.h"
#include "program/commands.h"

enum { OPTION_OVERWRITE = 1 };

static const struct option_row rows[] = {
	ADMINISTER_ROWS,
	VALUES_ROWS,
	{OPTION_OVERWRITE, "overwrite", 0, NULL,
		{"replace values whose index is taken", "索引已被占用时予以替换"}},
	{0},
};

const struct command_manual command_add_manual = {
	.name = "add",
	.usage = "HANDLE VALUE... --user INDEX:HANDLE --key FILE",
	.about = {"Adds values to a record at a server. A VALUE is INDEX:TYPE=DATA, or JSON as\n"
		  "`houji resolve --json` prints it; an index that is taken is refused.",
		"向服务器上的记录添加值。VALUE 可写作 INDEX:TYPE=DATA，或 `houji resolve --json`\n"
		"所输出的 JSON；索引已被占用时拒绝。"},
	.rows = rows,
	.ending = {"Example:\n  houji add 88.999/A 2:EMAIL=info@example.org --user 300:0.NA/88.999 "
		   "--key admin.pem\n\n"
		   "Exit codes: 0 added; 1 refused or no answer; 2 usage.",
		"示例：\n  houji add 88.999/A 2:EMAIL=info@example.org --user 300:0.NA/88.999 "
		"--key admin.pem\n\n"
		"退出码：0 已添加；1 被拒绝或无应答；2 用法错误。"},
};

int
command_add(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_add_manual, argc, argv);
	struct request request = administer_request(OPCODE_ADD_VALUE);
	static struct administer administer;
	static struct administer_values values;
	int exit_code;

	administer_begin(&administer, walk.manual);
	if (!administer_values_begin(&values, walk.manual, true)) {
		return command_failure(walk.manual, "%s", status_text(STATUS_NO_MEMORY));
	}
	while (option_next(&walk)) {
		if (walk.key == OPTION_OVERWRITE) {
			request.message.header.flags |= MESSAGE_FLAG_OVERWRITE;
			continue;
		}
		if (!administer_values_option(&values, &walk) &&
			!administer_option(&administer, &walk)) {
			return administer_option_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (!administer_take_handle(&walk, argc, argv, &request.values.name)) {
		return EXIT_CODE_USAGE;
	}
	exit_code = administer_values_take(
		&values, argv + walk.index + 1, (size_t)(argc - walk.index - 1));
	request.values.values = administer_values_list(&values);
	if (exit_code == EXIT_CODE_OK) {
		exit_code = administer_open(&administer);
	}
	if (exit_code == EXIT_CODE_OK) {
		exit_code = administer_ask(
			&administer, &request, (struct words){"added to", "已添加至"});
	}
	administer_close(&administer);
	administer_values_end(&values);
	return exit_code;
}
