/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/admin_value.h"
#include "program/administer/administer.h"
#include "program/administer/administer_values.h"
#include "program/commands.h"

#include <stdio.h>

enum { OPTION_MINT = 1, OPTION_OVERWRITE, OPTION_NO_ADMIN };

static const struct option_row rows[] = {
	ADMINISTER_ROWS,
	VALUES_ROWS,
	{VALUES_ADMIN, "admin", 0, "INDEX:HANDLE",
		{"who may change the record: an HS_ADMIN value (default: --user)",
			"谁可以修改该记录：写入 HS_ADMIN 值（默认同 --user）"}},
	{OPTION_NO_ADMIN, "no-admin", 0, NULL, {"write no HS_ADMIN value", "不写入 HS_ADMIN 值"}},
	{OPTION_MINT, "mint", 0, NULL,
		{"HANDLE is only the beginning: the server completes it",
			"HANDLE 仅为开头，由服务器补全"}},
	{OPTION_OVERWRITE, "overwrite", 0, NULL,
		{"replace the record if there is one", "已有同名记录时予以替换"}},
	{0},
};

const struct command_manual command_create_manual = {
	.name = "create",
	.usage = "HANDLE [VALUE]... --user INDEX:HANDLE --key FILE",
	.about = {"Makes a record at a server. A VALUE is TYPE=DATA, INDEX:TYPE=DATA, or JSON as\n"
		  "`houji resolve --json` prints it.",
		"在服务器上建立一条记录。VALUE 可写作 TYPE=DATA、INDEX:TYPE=DATA，或\n"
		"`houji resolve --json` 所输出的 JSON。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji create 88.999/A URL=https://example.org/ \\\n"
		   "    --user 300:0.NA/88.999 --key admin.pem\n"
		   "  houji create 88.999/ --mint --file values.json --user ... --key ...\n\n"
		   "Exit codes: 0 made; 1 refused or no answer; 2 wrong use.",
		"示例：\n"
		"  houji create 88.999/A URL=https://example.org/ \\\n"
		"    --user 300:0.NA/88.999 --key admin.pem\n"
		"  houji create 88.999/ --mint --file values.json --user ... --key ...\n\n"
		"退出码：0 已建立；1 被拒绝或无应答；2 用法错误。"},
};

struct create {
	struct administer administer;
	struct administer_values values;
	bool is_minting, is_overwriting, is_without_admin;
};

static bool
take_option(struct create *create, const struct option_walk *walk)
{
	switch (walk->key) {
	case OPTION_MINT:
		return create->is_minting = true;
	case OPTION_OVERWRITE:
		return create->is_overwriting = true;
	case OPTION_NO_ADMIN:
		return create->is_without_admin = true;
	default:
		return administer_values_option(&create->values, walk) ||
			administer_option(&create->administer, walk);
	}
}

static int
run(struct create *create, struct bytes handle)
{
	struct administer *administer = &create->administer;
	struct request request = administer_request(OPCODE_CREATE_HANDLE);
	int exit_code = administer_open(administer);

	if (exit_code != EXIT_CODE_OK) {
		return exit_code;
	}
	if (!create->values.has_admin && !create->is_without_admin && administer->user != NULL &&
		administer_values_add_admin(&create->values, administer->identity.handle,
			administer->identity.index) != STATUS_OK) {
		return command_failure(
			administer->manual, "%s", text_say(status_text(STATUS_TOO_LARGE)));
	}
	request.values.values = administer_values_list(&create->values);
	if (administer->user != NULL && create->values.admin == NULL && !create->is_without_admin &&
		!administer->is_quiet &&
		admin_value_judge(&request.values.values, administer->identity.handle,
			administer->identity.index) != ADMIN_VALUE_OWN) {
		fprintf(stderr,
			SAY("houji create: warning: no HS_ADMIN value names %s, which cannot "
			    "change the record afterwards\n",
				"houji create: 警告：HS_ADMIN 值未包含 "
				"%s，建立后其将无法修改该记录\n"),
			administer->user);
	}
	request.message.header.flags |= create->is_minting ? MESSAGE_FLAG_MINT : 0;
	request.message.header.flags |= create->is_overwriting ? MESSAGE_FLAG_OVERWRITE : 0;
	request.values.name = handle;
	return administer_ask(administer, &request, (struct words){"created", "已建立"});
}

int
command_create(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_create_manual, argc, argv);
	static struct create create;
	struct bytes handle;
	int exit_code;

	administer_begin(&create.administer, &command_create_manual);
	if (!administer_values_begin(&create.values, &command_create_manual, false)) {
		return command_no_memory(&command_create_manual);
	}
	while (option_next(&walk)) {
		if (!take_option(&create, &walk)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (!administer_take_handle(&walk, argc, argv, &handle)) {
		return EXIT_CODE_USAGE;
	}
	exit_code = administer_values_take(
		&create.values, argv + walk.index + 1, (size_t)(argc - walk.index - 1));
	if (exit_code == EXIT_CODE_OK) {
		exit_code = run(&create, handle);
	}
	administer_close(&create.administer);
	administer_values_end(&create.values);
	return exit_code;
}
