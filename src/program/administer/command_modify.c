/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer.h"
#include "program/administer/administer_values.h"
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
		   "Exit codes: 0 modified; 1 refused or no answer; 2 wrong use.",
		"示例：\n  houji modify 88.999/A 1:URL=https://example.net/ --user 300:0.NA/88.999 "
		"--key admin.pem\n\n"
		"退出码：0 已修改；1 被拒绝或无应答；2 用法错误。"},
};

int
command_modify(int argc, char **argv)
{
	return administer_values_change(&command_modify_manual, argc, argv, OPCODE_MODIFY_VALUE,
		(struct words){"modified", "已修改"});
}
