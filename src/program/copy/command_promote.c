/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include "ledger/ledger.h"
#include "node/node.h"
#include "node/node_settings.h"
#include "node/node_site.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { OPTION_JSON = 1 };

static const struct option_row rows[] = {
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{0},
};

const struct command_manual command_promote_manual = {
	.name = "promote",
	.usage = "DIR [--json]",
	.about = {"Makes a mirror the primary: its site record says so from now on, with a serial\n"
		  "one higher, and it follows nobody any more: mirror.from in houji.yaml is "
		  "emptied.\n"
		  "Where it stood with its primary is kept as mirror.json.old, the settings "
		  "before\n"
		  "as houji.yaml.old.\n"
		  "\n"
		  "Stop serving and following DIR first. The old primary must not take changes "
		  "any\n"
		  "more: what it takes afterwards is not here. Afterwards put the new site record\n"
		  "into the prefix's 0.NA handles, so that clients find the new primary.",
		"使镜像成为主节点：其站点记录自此如此声明，序号加一，且不再跟随他人：\n"
		"houji.yaml 中的 mirror.from 被清空。原先的跟随位置保存为 mirror.json.old，原先的\n"
		"配置保存为 houji.yaml.old。\n"
		"\n"
		"请先停止对 DIR 的服务与跟随。原主节点不得再接受更改：此后的更改不在此处。\n"
		"之后请把新的站点记录写入前缀的 0.NA 标识，使客户端找到新的主节点。"},
	.rows = rows,
	.ending = {"Exit codes: 0 it is the primary; 1 it is not; 2 wrong use.",
		"退出码：0 已成为主节点；1 未成功；2 用法错误。"},
};

static enum status
position_put_away(const char *directory, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	char old[NODE_PATH_SIZE_MAX];
	enum status status = node_path(directory, "mirror.json", path, problem);

	if (status == STATUS_OK) {
		status = node_path(directory, "mirror.json.old", old, problem);
	}
	if (status == STATUS_OK && rename(path, old) != 0 && errno != ENOENT) {
		status = problem_system(problem, "cannot rename %s", path);
	}
	return status;
}

/* A primary that names whom to follow does not start. */
static enum status
follow_nobody(const char *directory, struct problem *problem)
{
	static struct settings settings;
	char path[NODE_PATH_SIZE_MAX];
	char old[NODE_PATH_SIZE_MAX];
	enum status status = node_path(directory, "houji.yaml", path, problem);

	if (status == STATUS_OK) {
		status = node_path(directory, "houji.yaml.old", old, problem);
	}
	if (status == STATUS_OK) {
		status = settings_read(path, &settings, problem);
	}
	if (status != STATUS_OK || settings.mirror_from.count == 0) {
		return status;
	}
	settings_clear(&settings, "mirror.from");
	if ((unlink(old) != 0 && errno != ENOENT) || link(path, old) != 0) {
		return problem_system(problem, "cannot keep %s", old);
	}
	return settings_replace(path, &settings, language_is_chinese(), problem);
}

static bool
has_position(const char *directory)
{
	char path[NODE_PATH_SIZE_MAX];

	return node_path(directory, "mirror.json", path, NULL) == STATUS_OK &&
		access(path, F_OK) == 0;
}

/* What the new primary does not have is gone for those who ask it. */
static void
warn(const char *directory, uint64_t sequence, bool is_fresh)
{
	if (sequence > 0 && !is_fresh) {
		return;
	}
	fprintf(stderr,
		sequence == 0
			? SAY("houji promote: warning: %s is empty: the primary that it is now "
			      "has no record\n",
				  "houji promote: 警告：%s 为空：其作为主节点没有任何记录\n")
			: SAY("houji promote: warning: %s has followed no primary "
			      "(no mirror.json): compare it with what others have\n",
				  "houji promote: 警告：%s 未曾跟随主节点（无 mirror.json）："
				  "请与其他站点比对\n"),
		directory);
}

/* Who holds the ledger open for writing is alone with it. */
static enum status
promote(const char *directory, uint16_t *ret_serial, uint64_t *ret_sequence, bool *ret_is_fresh,
	struct problem *problem)
{
	struct problem later;
	struct ledger *ledger;
	bool is_primary;
	enum status status = ledger_open(directory, LEDGER_WRITE, &ledger, problem);

	if (status != STATUS_OK) {
		return status;
	}
	*ret_sequence = journal_last_sequence(ledger_journal(ledger));
	status = node_site_is_primary(directory, &is_primary, problem);
	if (status == STATUS_OK && is_primary) {
		status = problem_set(problem, STATUS_EXISTS, "%s: is a primary already", directory);
	}
	/* It never had all that its primary has, or never followed one. */
	*ret_is_fresh = !has_position(directory);
	if (status == STATUS_OK) {
		status = follow_nobody(directory, problem);
	}
	if (status == STATUS_OK) {
		status = node_site_set_primary(directory, true, problem);
	}
	if (status == STATUS_OK) {
		status = position_put_away(directory, problem);
	}
	if (status == STATUS_OK) {
		status = node_site_serial(directory, ret_serial, problem);
	}
	if (ledger_close(ledger, &later) != STATUS_OK && status == STATUS_OK) {
		*problem = later;
		status = later.status;
	}
	return status;
}

int
command_promote(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_promote_manual, argc, argv);
	struct problem problem = {.text = ""};
	uint64_t sequence = 0;
	uint16_t serial = 0;
	bool is_json = false, is_fresh = false;

	while (option_next(&walk)) {
		is_json = true;
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 1) {
		return command_directory_error(&command_promote_manual);
	}
	if (promote(argv[walk.index], &serial, &sequence, &is_fresh, &problem) != STATUS_OK) {
		return command_problem(&command_promote_manual, &problem);
	}
	warn(argv[walk.index], sequence, is_fresh);
	if (is_json) {
		printf("{\"primary\":true,\"serial\":%u,\"entries\":%llu,\"followed\":%s}\n",
			serial, (unsigned long long)sequence, is_fresh ? "false" : "true");
	} else {
		printf(SAY("%s is the primary now: site serial %u, %s in the ledger\n",
			       "%s 现为主节点：站点序号 %u，账本 %s\n"),
			argv[walk.index], serial, COUNT_ENTRIES(sequence));
	}
	return EXIT_CODE_OK;
}
