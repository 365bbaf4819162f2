/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include "handle/handle_key.h"
#include "program/administer/delegation.h"
#include "program/key/key_load.h"

#include <stdlib.h>

enum { OPTION_TO = 1, OPTION_DERIVED, OPTION_ADMIN_KEY };

static const struct option_row rows[] = {
	{OPTION_TO, "to", 't', "SITE",
		{"delegate: to this site: a file, the folder of a node, or HOST:PORT of a\n"
		 "server that tells its own; repeatable",
			"delegate：委派至此站点：文件、节点目录，\n"
			"或可告知其站点的 HOST:PORT；可多次给出"}},
	{OPTION_DERIVED, "derived", 'd', NULL,
		{"delegate: the site answers for the prefixes below PREFIX, too",
			"delegate：该站点也负责 PREFIX 之下的前缀"}},
	{OPTION_ADMIN_KEY, "admin-key", 0, "FILE",
		{"delegate: the child's administrator has this public key, as\n"
		 "300:0.NA/PREFIX, and may change the record of its prefix itself",
			"delegate：下级管理员持此公钥（300:0.NA/PREFIX），可自行更改其前缀记录"}},
	ADMINISTER_ROWS,
	{0},
};

const struct command_manual command_prefix_manual = {
	.name = "prefix",
	.usage =
		"delegate PREFIX --to SITE... [--derived] [--admin-key FILE] --user ... --key ...\n"
		"undelegate PREFIX --user INDEX:HANDLE --key FILE",
	.about = {"At the node above: says which site answers for PREFIX, or that none does.\n\n"
		  "delegate writes HS_SITE values into the record 0.NA/PREFIX, and makes the "
		  "record\n"
		  "if there is none. What it said of sites before is replaced; everything else\n"
		  "stays. With --derived the site also gets HS_SITE.PREFIX: whoever asks for a\n"
		  "prefix below, like PREFIX.7, is referred to it. undelegate takes these values\n"
		  "out again; the record, and who may administer it, stay.\n\n"
		  "The server is the one that holds 0.NA/PREFIX: of 88.980 the one that answers\n"
		  "for 88, of 88.980.7 the one that answers for 88.980.",
		"在上级节点说明由哪个站点负责 PREFIX，或不再由任何站点负责。\n\n"
		"delegate 在记录 0.NA/PREFIX 中写入 HS_SITE 值；无此记录则建立。原有的站点信息被\n"
		"替换，其余不变。--derived 还写入 HS_SITE.PREFIX：查询其下级前缀（如 PREFIX.7）者\n"
		"被引导至该站点。undelegate 移除这些值；记录及其管理员保留。\n\n"
		"所询问的服务器是存放 0.NA/PREFIX 者：88.980 由负责 88 的节点存放，88.980.7 由\n"
		"负责 88.980 的节点存放。"},
	.rows = rows,
	.first_words = "delegate undelegate",
	.ending = {"Examples:\n"
		   "  houji prefix delegate 88.980 --to 192.0.2.80:2641 --derived \\\n"
		   "      --server 192.0.2.1:2641 --user 300:0.NA/88 --key top/client/admpriv.bin\n"
		   "  houji prefix undelegate 88.980 --server ... --user ... --key ...\n\n"
		   "Exit codes: 0 done; 1 refused, no answer, or nothing to take back; 2 wrong "
		   "use.",
		"示例：\n"
		"  houji prefix delegate 88.980 --to 192.0.2.80:2641 --derived \\\n"
		"      --server 192.0.2.1:2641 --user 300:0.NA/88 --key top/client/admpriv.bin\n"
		"  houji prefix undelegate 88.980 --server ... --user ... --key ...\n\n"
		"退出码：0 完成；1 被拒绝、无应答或无可取消；2 用法错误。"},
};

struct call {
	struct administer administer;
	struct delegation delegation;
	struct site_data sites[DELEGATION_SITE_COUNT_MAX];
	const char *places[DELEGATION_SITE_COUNT_MAX];
	const char *key_file;
	uint8_t prefix[HANDLE_NAME_SIZE_MAX + 8];
	uint8_t key[KEY_SIZE_MAX];
};

static bool
take_option(struct call *call, const struct option_walk *walk)
{
	switch (walk->key) {
	case OPTION_TO:
		if (call->delegation.site_count == DELEGATION_SITE_COUNT_MAX) {
			return false;
		}
		call->places[call->delegation.site_count++] = walk->argument;
		return true;
	case OPTION_DERIVED:
		return call->delegation.has_derived = true;
	case OPTION_ADMIN_KEY:
		call->key_file = walk->argument;
		return true;
	default:
		return administer_option(&call->administer, walk);
	}
}

/* What the arguments name: sites and key. */
static int
take_material(struct call *call)
{
	struct problem problem = {.text = ""};

	for (size_t i = 0; i < call->delegation.site_count; i++) {
		if (site_find(call->places[i], &call->sites[i], &problem) != STATUS_OK) {
			return command_failure(&command_prefix_manual, "%s", problem.text);
		}
		call->delegation.sites[i] = site_octets(&call->sites[i]);
	}
	if (call->key_file != NULL &&
		key_load_public_octets("prefix", call->key_file, call->key, &call->delegation.key,
			&problem) != STATUS_OK) {
		return command_failure(&command_prefix_manual, "%s", problem.text);
	}
	return EXIT_CODE_OK;
}

static int
call_check(struct call *call, struct option_walk *walk, bool is_delegating)
{
	if (!administer_take_prefix(
		    walk, walk->argc, walk->argv, call->prefix, &call->delegation.prefix)) {
		return EXIT_CODE_USAGE;
	}
	if (walk->index != walk->argc - 1) {
		return command_usage_error(
			&command_prefix_manual, "%s", SAY("give one prefix", "请给出一个前缀"));
	}
	if (is_delegating != (call->delegation.site_count > 0)) {
		return command_usage_error(&command_prefix_manual, "%s",
			is_delegating ? SAY("delegate: --to says to which site",
						"delegate：请以 --to 指定站点")
				      : SAY("undelegate takes no --to: every site is taken out",
						"undelegate 不接受 --to：所有站点均被移除"));
	}
	if (call->administer.user == NULL) {
		return command_usage_error(&command_prefix_manual, "%s",
			SAY("who asks? Give --user INDEX:HANDLE and --key FILE",
				"请以 --user INDEX:HANDLE 与 --key FILE 说明操作者"));
	}
	return take_material(call);
}

int
command_prefix(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_prefix_manual, argc, argv);
	struct call *call = calloc(1, sizeof(*call));
	size_t word;
	int exit_code;

	if (call == NULL) {
		return command_no_memory(&command_prefix_manual);
	}
	administer_begin(&call->administer, &command_prefix_manual);
	while (option_next(&walk)) {
		if (!take_option(call, &walk)) {
			free(call);
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		free(call);
		return walk.exit_code;
	}
	if (!option_take_word(&walk, &word)) {
		free(call);
		return option_word_error(&walk);
	}
	exit_code = call_check(call, &walk, word == 0);
	if (exit_code == EXIT_CODE_OK) {
		exit_code = administer_open(&call->administer);
		if (exit_code == EXIT_CODE_OK) {
			exit_code = delegation_carry_out(&call->administer, &call->delegation);
		}
		administer_close(&call->administer);
	}
	free(call);
	return exit_code;
}
