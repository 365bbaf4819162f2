/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"
#include "program/node/control.h"

#include "base/limits.h"

#include <string.h>

enum { OPTION_PREFIX = 1, OPTION_ALL, OPTION_LIMIT, OPTION_DIRECTORY, OPTION_JSON };
enum { WORD_SHOW, WORD_DROP, WORD_STATS };

static const struct option_row rows[] = {
	{OPTION_PREFIX, "prefix", 0, "PREFIX",
		{"all handles of PREFIX and of prefixes below it", "前缀及其下级前缀的全部标识"}},
	{OPTION_ALL, "all", 0, NULL, {"everything", "全部"}},
	{OPTION_LIMIT, "limit", 0, "N",
		{"list N entries at the most (100)", "最多列出 N 条（默认 100）"}},
	{OPTION_DIRECTORY, "dir", 'd', "DIR",
		{"the node's folder (the one you are in)", "节点目录（默认当前目录）"}},
	{OPTION_JSON, "json", 'j', NULL, {"one JSON object", "输出一个 JSON 对象"}},
	{0},
};

const struct command_manual command_cache_manual = {
	.name = "cache",
	.usage = "show HANDLE|--prefix PREFIX|--all\n"
		 "drop HANDLE|--prefix PREFIX|--all\n"
		 "stats",
	.about = {"Shows what a running node keeps of the answers of others, and makes it forget.\n"
		  "Each worker has a cache of its own: an entry may be there several times.\n"
		  "A handle is shown with its values; of a prefix the names are listed.",
		"查看运行中的节点缓存了其他节点的哪些应答，或令其忘记。每个工作线程各有缓存，\n"
		"同一条目可能出现多次。单个标识连同其值显示；前缀仅列出名称。"},
	.rows = rows,
	.first_words = "show drop stats",
	.ending = {"Example:\n  houji cache drop --prefix 88.980 --dir node\n\n"
		   "Exit codes: 0 done; 1 nothing found, or the node does not run; 2 wrong use.",
		"示例：\n  houji cache drop --prefix 88.980 --dir node\n\n"
		"退出码：0 完成；1 未找到，或节点未运行；2 用法错误。"},
};

struct asking {
	size_t word;
	const char *handle, *prefix, *directory;
	unsigned long limit;
	bool is_all, is_json;
};

static void
request_write(struct json_writer *json, const struct asking *asking)
{
	static const char *const words[] = {"cache-show", "cache-drop", "cache-stats"};

	json_write_object(json);
	json_write_name(json, "do");
	json_write_string(json, bytes_from_string(words[asking->word]));
	if (asking->handle != NULL) {
		json_write_name(json, "handle");
		json_write_string(json, bytes_from_string(asking->handle));
	}
	if (asking->prefix != NULL) {
		json_write_name(json, "prefix");
		json_write_string(json, bytes_from_string(asking->prefix));
	}
	if (asking->is_all) {
		json_write_name(json, "all");
		json_write_bool(json, true);
	}
	json_write_name(json, "limit");
	json_write_u64(json, asking->limit);
	json_write_name(json, "pretty");
	json_write_bool(json, !asking->is_json);
	json_write_object_end(json);
}

static int
run(const struct asking *asking)
{
	char line[CONTROL_LINE_SIZE_MAX];
	struct json_writer json = json_writer_over(line, sizeof(line));
	struct problem problem;
	enum status status;

	request_write(&json, asking);
	if (json_writer_end(&json) != STATUS_OK) {
		return command_failure(
			&command_cache_manual, "%s", SAY("the name is too long", "名称过长"));
	}
	status = control_ask(asking->directory, json_written(&json), !asking->is_json, &problem);
	if (status != STATUS_OK) {
		return command_failure(&command_cache_manual, "%s", problem.text);
	}
	return EXIT_CODE_OK;
}

static bool
names_fit(const struct asking *asking)
{
	int named = (asking->handle != NULL) + (asking->prefix != NULL) + asking->is_all;

	return asking->word == WORD_STATS ? named == 0 : named == 1;
}

int
command_cache(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_cache_manual, argc, argv);
	struct asking asking = {.directory = ".", .limit = 100};

	while (option_next(&walk)) {
		if (walk.key == OPTION_PREFIX) {
			asking.prefix = walk.argument;
		} else if (walk.key == OPTION_ALL) {
			asking.is_all = true;
		} else if (walk.key == OPTION_LIMIT) {
			if (!option_number(walk.argument, 10000, &asking.limit)) {
				return option_argument_error(&walk);
			}
		} else if (walk.key == OPTION_DIRECTORY) {
			asking.directory = walk.argument;
		} else {
			asking.is_json = true;
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (!option_take_word(&walk, &asking.word)) {
		return option_word_error(&walk);
	}
	if (walk.index < argc) {
		asking.handle = argv[walk.index++];
	}
	if (walk.index < argc || !names_fit(&asking)) {
		return command_usage_error(&command_cache_manual, "%s",
			SAY("show and drop take one of HANDLE, --prefix and --all; stats takes "
			    "none",
				"show 与 drop 需要 HANDLE、--prefix、--all 之一；stats 均不需要"));
	}
	return run(&asking);
}
