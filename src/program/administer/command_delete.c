/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer.h"
#include "program/commands.h"

static const struct option_row rows[] = {ADMINISTER_ROWS, {0}};

const struct command_manual command_delete_manual = {
	.name = "delete",
	.usage = "HANDLE... --user INDEX:HANDLE --key FILE",
	.about = {"Deletes records at a server. What was deleted stays in the server's history, "
		  "but\n"
		  "it no longer resolves.",
		"删除服务器上的记录。被删除的记录仍留在服务器的历史中，但不再可解析。"},
	.rows = rows,
	.ending = {"Example:\n  houji delete 88.999/A --user 300:0.NA/88.999 --key admin.pem\n\n"
		   "Exit codes: 0 deleted; 1 refused or no answer; 2 wrong use.",
		"示例：\n  houji delete 88.999/A --user 300:0.NA/88.999 --key admin.pem\n\n"
		"退出码：0 已删除；1 被拒绝或无应答；2 用法错误。"},
};

int
command_delete(int argc, char **argv)
{
	return administer_names(&command_delete_manual, argc, argv, OPCODE_DELETE_HANDLE,
		(struct words){"deleted", "已删除"});
}
