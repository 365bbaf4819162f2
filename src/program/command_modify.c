/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer.h"
#include "program/administer_values.h"
#include "program/commands.h"

static const struct option_row rows[] = {
	ADMINISTER_ROWS,
	VALUES_ROWS,
	{0},
};

const struct command_manual command_modify_manual = {
	.name = "modify",
	.usage = "HANDLE VALUE... --user INDEX:HANDLE --key FILE",
	.about = {"Replaces values of a record at a server, index by index. A VALUE is\n"
		  "INDEX:TYPE=DATA, or JSON as `houji resolve --json` prints it.",
		"按索引替换服务器上记录的值。VALUE 可写作 INDEX:TYPE=DATA，或\n"
		"`houji resolve --json` 所输出的 JSON。"},
	.rows = rows,
	.ending = {"Example:\n  houji modify 88.999/A 1:URL=https://example.net/ --user "
		   "300:0.NA/88.999 --key admin.pem\n\n"
		   "Exit codes: 0 modified; 1 refused or no answer; 2 usage.",
		"示例：\n  houji modify 88.999/A 1:URL=https://example.net/ --user 300:0.NA/88.999 "
		"--key admin.pem\n\n"
		"退出码：0 已修改；1 被拒绝或无应答；2 用法错误。"},
};

int
command_modify(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_modify_manual, argc, argv);
	struct request request = administer_request(OPCODE_MODIFY_VALUE);
	static struct administer administer;
	static struct administer_values values;
	int exit_code;

	administer_begin(&administer, walk.manual);
	if (!administer_values_begin(&values, walk.manual, true)) {
		return command_failure(walk.manual, "%s", status_text(STATUS_NO_MEMORY));
	}
	while (option_next(&walk)) {
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
		exit_code =
			administer_ask(&administer, &request, (struct words){"modified", "已修改"});
	}
	administer_close(&administer);
	administer_values_end(&values);
	return exit_code;
}
