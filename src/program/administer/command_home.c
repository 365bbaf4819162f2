/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer.h"
#include "program/commands.h"

static const struct option_row rows[] = {ADMINISTER_ROWS, {0}};

const struct command_manual command_home_manual = {
	.name = "home",
	.usage = "PREFIX... --user INDEX:HANDLE --key FILE",
	.about = {"Makes a server answer for PREFIX: records under it may be made there. A prefix\n"
		  "is written 88.999 or 0.NA/88.999; who asks must be an administrator of the "
		  "server.",
		"使服务器托管 PREFIX：此后可在其下建立记录。前缀写作 88.999 或 0.NA/88.999；\n"
		"操作者须为服务器管理员。"},
	.rows = rows,
	.ending = {"Example:\n  houji home 88.999 --user 300:0.NA/88.999 --key admin.pem\n\n"
		   "Exit codes: 0 homed; 1 refused or no answer; 2 wrong use.",
		"示例：\n  houji home 88.999 --user 300:0.NA/88.999 --key admin.pem\n\n"
		"退出码：0 已托管；1 被拒绝或无应答；2 用法错误。"},
};

int
command_home(int argc, char **argv)
{
	return administer_names(&command_home_manual, argc, argv, OPCODE_HOME_PREFIX,
		(struct words){"homed", "已托管"});
}
