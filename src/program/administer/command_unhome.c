/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer.h"
#include "program/commands.h"

static const struct option_row rows[] = {ADMINISTER_ROWS, {0}};

const struct command_manual command_unhome_manual = {
	.name = "unhome",
	.usage = "PREFIX... --user INDEX:HANDLE --key FILE",
	.about = {"Makes a server stop answering for PREFIX. Its records stay in the ledger, and\n"
		  "are answered for again when the prefix is homed again.",
		"使服务器不再托管 PREFIX。其记录仍留在账本中，前缀重新托管后恢复解析。"},
	.rows = rows,
	.ending = {"Example:\n  houji unhome 88.999 --user 300:0.NA/88.999 --key admin.pem\n\n"
		   "Exit codes: 0 given up; 1 refused or no answer; 2 wrong use.",
		"示例：\n  houji unhome 88.999 --user 300:0.NA/88.999 --key admin.pem\n\n"
		"退出码：0 已撤销；1 被拒绝或无应答；2 用法错误。"},
};

int
command_unhome(int argc, char **argv)
{
	return administer_names(&command_unhome_manual, argc, argv, OPCODE_UNHOME_PREFIX,
		(struct words){"given up", "已取消托管"});
}
