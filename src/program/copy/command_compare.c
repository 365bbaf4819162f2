/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"
#include "program/copy/compare.h"
#include "program/copy/mirror.h"
#include "program/ledger/ledger_tool.h"

#include "base/file.h"
#include "base/text_writer.h"
#include "node/node.h"
#include "json/json_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option_row rows[] = {
	MIRROR_ROWS,
	{ADMINISTER_JSON, "json", 'j', NULL,
		{"print each difference, and at the end the result, as a JSON object a line",
			"逐行以 JSON 对象输出每处差异与最终结果"}},
	{ADMINISTER_QUIET, "quiet", 'q', NULL,
		{"no progress, no differences: the result only", "仅输出结果"}},
	{0},
};

const struct command_manual command_compare_manual = {
	.name = "compare",
	.usage = "SITE SITE [--user INDEX:HANDLE --key FILE]",
	.about = {"Proves that two sites have the same records, octet by octet, and home the same\n"
		  "prefixes, or names what differs. A SITE is a folder (DIR) or a server\n"
		  "(HOST:PORT), Houji or Handle.net. Each has a digest over all its records in\n"
		  "order; equal digests are equal records.\n"
		  "\n"
		  "A server is asked for a dump, as a mirror does, and everything it has is kept\n"
		  "in $TMPDIR until the comparison is done. What changes at it meanwhile may show\n"
		  "as a difference: compare again. Nothing may be serving a DIR.",
		"证明两个站点的记录逐字节一致且托管相同前缀，否则指出差异。SITE 是目录（DIR）或\n"
		"服务器（HOST:PORT），后稷或 Handle.net 均可。每一方按序对全部记录计算一个摘要；\n"
		"摘要相同即记录相同。\n"
		"\n"
		"对服务器如镜像般请求全量，其内容在比较期间存于 $TMPDIR。期间的更改可能显示为\n"
		"差异：请再次比较。DIR 不得正被使用。"},
	.rows = rows,
	.ending =
		{"Example:\n"
		 "  houji compare /srv/mirror 192.0.2.1:2641 --user 300:0.NA/88.999 --key k.pem\n\n"
		 "Exit codes: 0 equal; 1 not equal, or it cannot be told; 2 wrong use.",
			"示例：\n"
			"  houji compare /srv/mirror 192.0.2.1:2641 --user 300:0.NA/88.999 --key "
			"k.pem\n\n"
			"退出码：0 一致；1 不一致或无法判断；2 用法错误。"},
};

struct site {
	const char *name;
	struct ledger *ledger;
	char scratch[NODE_PATH_SIZE_MAX]; /* A folder of ours to be removed; empty: none. */
};

static bool
name_is_folder(const char *name)
{
	struct stat about;

	return stat(name, &about) == 0 && S_ISDIR(about.st_mode);
}

static void
site_close(struct site *site)
{
	if (site->ledger != NULL) {
		(void)ledger_close(site->ledger, NULL);
	}
	if (site->scratch[0] != '\0') {
		(void)!file_remove_all(site->scratch, NULL);
	}
}

static enum status
scratch_make(struct site *site, struct problem *problem)
{
	const char *folder = getenv("TMPDIR");
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_path(folder != NULL && folder[0] != '\0' ? folder : "/tmp",
		"houji-compare-XXXXXX", path, problem);

	if (status == STATUS_OK && mkdtemp(path) == NULL) {
		status = problem_system(problem, "cannot make %s", path);
	}
	if (status == STATUS_OK) {
		memcpy(site->scratch, path, strlen(path) + 1);
	}
	return status;
}

/* Everything a server has, in a ledger of ours. */
static int
server_take(struct mirror *mirror, struct site *site)
{
	struct replication_report report;
	struct problem problem = {.text = ""};
	char position[NODE_PATH_SIZE_MAX];
	int exit_code;

	mirror->administer.server = site->name;
	exit_code = mirror_open(mirror);
	if (exit_code != EXIT_CODE_OK) {
		mirror_close(mirror);
		return exit_code;
	}
	if (scratch_make(site, &problem) != STATUS_OK ||
		ledger_open(site->scratch, LEDGER_CREATE, &site->ledger, &problem) != STATUS_OK ||
		node_path(site->scratch, "mirror.json", position, &problem) != STATUS_OK) {
		mirror_close(mirror);
		return command_problem(&command_compare_manual, &problem);
	}
	exit_code = mirror_follow(mirror, site->ledger, position, true, &report);
	if (exit_code == EXIT_CODE_OK && ledger_settle(site->ledger, &problem) != STATUS_OK) {
		exit_code = command_problem(&command_compare_manual, &problem);
	}
	mirror_close(mirror);
	return exit_code;
}

static int
site_open(struct mirror *mirror, struct site *site)
{
	struct problem problem = {.text = ""};

	if (!name_is_folder(site->name)) {
		if (strchr(site->name, '/') != NULL || access(site->name, F_OK) == 0) {
			return command_failure(&command_compare_manual,
				SAY("%s: no such folder", "%s：没有这个目录"), site->name);
		}
		return server_take(mirror, site);
	}
	if (ledger_tool_open(site->name, &site->ledger, &problem) != STATUS_OK) {
		site->ledger = NULL;
		return command_problem(&command_compare_manual, &problem);
	}
	return EXIT_CODE_OK;
}

struct telling {
	bool is_json;
	bool is_quiet;
};

static void
tell_difference(
	void *context, enum compare_difference difference, bool is_prefix, struct bytes name)
{
	const struct telling *telling = context;
	char text[8 * HANDLE_NAME_SIZE_MAX];
	struct json_writer json = json_writer_over(text, sizeof(text));
	struct text_writer plain = text_writer_over(text, sizeof(text));

	if (telling->is_quiet) {
		return;
	}
	if (telling->is_json) {
		json_write_object(&json);
		json_write_name(&json, is_prefix ? "prefix" : "handle");
		json_write_string(&json, name);
		json_write_name(&json, "difference");
		json_write_string(&json, bytes_from_string(compare_difference_name(difference)));
		json_write_object_end(&json);
		printf("%.*s\n", (int)json_written(&json).size, text);
		return;
	}
	text_write_escaped(&plain, name);
	printf("%s%.*s: %s\n", is_prefix ? SAY("prefix ", "前缀 ") : "",
		(int)text_written(&plain).size, text, compare_difference_name(difference));
}

static void
side_print(const char *name, const struct compare_side *side)
{
	char digest[2 * JOURNAL_DIGEST_SIZE + 1];
	struct text_writer writer = text_writer_over(digest, sizeof(digest));

	text_write_hex(&writer, bytes_over(side->digest, JOURNAL_DIGEST_SIZE));
	text_write_char(&writer, '\0');
	printf(SAY("%s: %s, %s, %s\n", "%s：%s，%s，%s\n"), name, COUNT_RECORDS(side->record_count),
		COUNT_PREFIXES(side->prefix_count), digest);
}

static void
side_write_json(struct json_writer *writer, const char *name, const struct compare_side *side)
{
	json_write_object(writer);
	json_write_name(writer, "name");
	json_write_string(writer, bytes_from_string(name));
	json_write_name(writer, "records");
	json_write_u64(writer, side->record_count);
	json_write_name(writer, "prefixes");
	json_write_u64(writer, side->prefix_count);
	json_write_name(writer, "digest");
	json_write_hex(writer, bytes_over(side->digest, JOURNAL_DIGEST_SIZE));
	json_write_object_end(writer);
}

static void
result_print(const struct site sites[2], const struct compare_result *result, bool is_json)
{
	char text[2 * NODE_PATH_SIZE_MAX + 1024];
	struct json_writer writer = json_writer_over(text, sizeof(text));

	if (!is_json) {
		side_print(sites[0].name, &result->sides[0]);
		side_print(sites[1].name, &result->sides[1]);
		if (result->difference_count == 0) {
			printf("%s\n", SAY("equal", "一致"));
		} else {
			printf(SAY("%" PRIu64 " differences\n", "%" PRIu64 " 处差异\n"),
				result->difference_count);
		}
		return;
	}
	json_write_object(&writer);
	json_write_name(&writer, "equal");
	json_write_bool(&writer, result->difference_count == 0);
	json_write_name(&writer, "differences");
	json_write_u64(&writer, result->difference_count);
	json_write_name(&writer, "sites");
	json_write_array(&writer);
	side_write_json(&writer, sites[0].name, &result->sides[0]);
	side_write_json(&writer, sites[1].name, &result->sides[1]);
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	printf("%.*s\n", (int)json_written(&writer).size, text);
}

static int
compare(const struct mirror *mirror, const struct site sites[2])
{
	struct telling telling = {mirror->administer.is_json, mirror->administer.is_quiet};
	struct ledger *const ledgers[2] = {sites[0].ledger, sites[1].ledger};
	struct compare_result result;
	struct problem problem = {.text = ""};

	if (compare_ledgers(ledgers, tell_difference, &telling, &result, &problem) != STATUS_OK) {
		return command_problem(&command_compare_manual, &problem);
	}
	result_print(sites, &result, telling.is_json);
	return result.difference_count == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int
command_compare(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_compare_manual, argc, argv);
	struct site sites[2] = {{.name = NULL}, {.name = NULL}};
	struct mirror mirror;
	int exit_code;

	mirror_begin(&mirror, &command_compare_manual);
	while (option_next(&walk)) {
		if (!mirror_option(&mirror, &walk)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 2) {
		return command_usage_error(
			&command_compare_manual, "%s", SAY("give two sites", "请给出两个站点"));
	}
	sites[0].name = argv[walk.index];
	sites[1].name = argv[walk.index + 1];
	exit_code = site_open(&mirror, &sites[0]);
	if (exit_code == EXIT_CODE_OK) {
		exit_code = site_open(&mirror, &sites[1]);
	}
	if (exit_code == EXIT_CODE_OK) {
		exit_code = compare(&mirror, sites);
	}
	site_close(&sites[0]);
	site_close(&sites[1]);
	return exit_code;
}
