/* SPDX-License-Identifier: Apache-2.0 */
#include "program/code/mapping.h"
#include "program/commands.h"

#include <string.h>

enum { OPTION_PREFIX = 1, OPTION_HOME, OPTION_DRY_RUN, OPTION_JSON, OPTION_QUIET };

static const struct option_row rows[] = {
	{OPTION_PREFIX, "prefix", 'p', "PREFIX",
		{"prefix of the records that hold mappings", "存放映射记录的前缀"}},
	{OPTION_HOME, "home", 0, NULL,
		{"import: home that prefix if it is not homed in DIR",
			"import：该前缀未在 DIR 托管时予以托管"}},
	{OPTION_DRY_RUN, "dry-run", 'n', NULL,
		{"import: read and check everything, change nothing",
			"import：只读取并检查，不作更改"}},
	{OPTION_JSON, "json", 'j', NULL,
		{"write the summary as one JSON object", "以一个 JSON 对象输出汇总"}},
	{OPTION_QUIET, "quiet", 'q', NULL, {"no progress", "不显示进度"}},
	{0},
};

const struct command_manual command_code_manual = {
	.name = "code",
	.usage = "import --prefix PREFIX [OPTION]... DIR FILE|-\n"
		 "export --prefix PREFIX [OPTION]... DIR FILE|-",
	.about = {"Maps foreign codes to handles: reads mappings from CSV (RFC 4180) into the\n"
		  "ledger in DIR, or writes those that are there. The first row names the "
		  "columns:\n"
		  "\n"
		  "  scheme      gs1, oid, ecode, ... or a kind as houji identify tells it:\n"
		  "              GTIN-13, GLN, SSCC\n"
		  "  code        in any writing of that scheme; its check digit has to be right\n"
		  "  identifier  the handle\n"
		  "  from, to    times, 2026-11-27 or 2026-11-27T08:00:00Z; may be empty\n"
		  "  source, evidence   who says it, and where it is proven; may be empty\n"
		  "  status      active (if empty), review or withdrawn\n"
		  "\n"
		  "A row that is wrong is told as FILE:LINE: REASON, and the rest is read. A code\n"
		  "that is another handle's from the same time on is refused. The same import "
		  "once\n"
		  "more changes nothing. Nothing may be serving DIR meanwhile.",
		"将外部编码映射到标识：把 CSV（RFC 4180）中的映射读入 DIR 的账本，或将其写出。\n"
		"首行为列名：\n"
		"\n"
		"  scheme      gs1、oid、ecode 等，或 houji identify 给出的种类：GTIN-13、GLN、\n"
		"              SSCC\n"
		"  code        该体系的任一写法；校验位必须正确\n"
		"  identifier  标识\n"
		"  from, to    时间，如 2026-11-27 或 2026-11-27T08:00:00Z；可为空\n"
		"  source, evidence   来源与证据；可为空\n"
		"  status      active（空即为此）、review 或 withdrawn\n"
		"\n"
		"出错的行以 FILE:行号: 原因 报出，其余照常读入。同一编码自同一时间起已属其他标识\n"
		"的，予以拒绝。重复导入不产生更改。期间不得有节点正在使用 DIR。"},
	.rows = rows,
	.first_words = "import export",
	.ending = {"Examples:\n"
		   "  houji code import --home --prefix 88.998.1 node codes.csv\n"
		   "  houji code export --prefix 88.998.1 node -\n"
		   "  houji identify --dir node --prefix 88.998.1 6901234567892\n"
		   "Exit codes: 0 every row was taken; 1 not every row; 2 wrong use.",
		"示例：\n"
		"  houji code import --home --prefix 88.998.1 node codes.csv\n"
		"  houji code export --prefix 88.998.1 node -\n"
		"  houji identify --dir node --prefix 88.998.1 6901234567892\n"
		"退出码：0 全部读入；1 有行未读入；2 用法错误。"},
};

int
command_code(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_code_manual, argc, argv);
	struct mapping_import order = {.manual = &command_code_manual};
	bool is_import;
	size_t word;

	while (option_next(&walk)) {
		if (walk.key == OPTION_PREFIX) {
			order.prefix = bytes_from_string(walk.argument);
		}
		order.is_homing |= walk.key == OPTION_HOME;
		order.is_dry_run |= walk.key == OPTION_DRY_RUN;
		order.is_json |= walk.key == OPTION_JSON;
		order.is_quiet |= walk.key == OPTION_QUIET;
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (!option_take_word(&walk, &word)) {
		return option_word_error(&walk);
	}
	is_import = word == 0;
	if (!code_mapping_prefix_is_good(order.prefix)) {
		return command_usage_error(&command_code_manual, "%s",
			SAY("--prefix names the prefix of the mappings",
				"请以 --prefix 给出映射所用前缀"));
	}
	if (order.is_dry_run && !is_import) {
		return command_usage_error(&command_code_manual, "%s",
			SAY("--dry-run is for import", "--dry-run 仅用于 import"));
	}
	if (walk.argc - walk.index != 2) {
		return command_usage_error(&command_code_manual, "%s",
			SAY("DIR and FILE are wanted", "需要给出 DIR 与 FILE"));
	}
	order.directory = walk.argv[walk.index];
	order.path = walk.argv[walk.index + 1];
	return is_import ? mapping_import(&order) : mapping_export(&order);
}
