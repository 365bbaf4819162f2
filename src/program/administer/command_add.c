/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer.h"
#include "program/administer/administer_values.h"
#include "program/commands.h"

static const struct option_row rows[] = {
	ADMINISTER_ROWS,
	VALUES_ROWS,
	{VALUES_OVERWRITE, "overwrite", 0, NULL,
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
		   "Exit codes: 0 added; 1 refused or no answer; 2 wrong use.",
		"示例：\n  houji add 88.999/A 2:EMAIL=info@example.org --user 300:0.NA/88.999 "
		"--key admin.pem\n\n"
		"退出码：0 已添加；1 被拒绝或无应答；2 用法错误。"},
};

int
command_add(int argc, char **argv)
{
	return administer_values_change(&command_add_manual, argc, argv, OPCODE_ADD_VALUE,
		(struct words){"added to", "已添加至"});
}
