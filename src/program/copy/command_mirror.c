/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"
#include "program/copy/mirror.h"

#include "node/node.h"
#include "node/node_site.h"
#include "json/json_writer.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_FROM = 1, OPTION_ONCE, OPTION_DEMOTE, OPTION_POLL, POLL_S_MAX = 86400 };

static const struct option_row rows[] = {
	{OPTION_FROM, "from", 0, "HOST:PORT", {"the primary to follow", "所跟随的主节点"}},
	MIRROR_ROWS,
	{OPTION_ONCE, "once", 0, NULL, {"take all that it has, then end", "取得其全部内容后结束"}},
	{OPTION_DEMOTE, "demote", 0, NULL,
		{"make a mirror of a primary: its own changes are lost where the other\n"
		 "one has none of them",
			"把主节点变为镜像：对方没有的更改将丢失"}},
	{OPTION_POLL, "poll", 0, "SECONDS",
		{"ask again so often when the primary is no Houji (default 60)",
			"主节点并非后稷时的轮询间隔（默认 60 秒）"}},
	{ADMINISTER_JSON, "json", 'j', NULL,
		{"at the end, print what was done as one JSON object",
			"结束时以一个 JSON 对象输出结果"}},
	{ADMINISTER_QUIET, "quiet", 'q', NULL, {"say only what went wrong", "仅报告错误"}},
	{0},
};

const struct command_manual command_mirror_manual = {
	.name = "mirror",
	.usage = "DIR --from HOST:PORT --user INDEX:HANDLE --key FILE [OPTION]...",
	.about = {"Makes DIR a mirror of a primary, Houji or Handle.net: takes all records and\n"
		  "prefixes into its ledger, then every change in its order. It goes on where it\n"
		  "stood after any interruption, and may be stopped at any time. Nothing is taken\n"
		  "that the primary's key does not vouch for.\n"
		  "\n"
		  "Where there is no ledger in DIR, one is made; without houji init before, that\n"
		  "is all, and nothing can serve it. Nothing may be serving DIR meanwhile;\n"
		  "`houji compare` proves that both have the same, `houji promote` makes the\n"
		  "mirror a primary. See docs/mirroring.md.",
		"使 DIR 成为主节点（后稷或 Handle.net）的镜像：把全部记录与前缀取入其账本，\n"
		"随后依次取得每项更改。中断后从原处继续，可随时停止。未经主节点密钥证明的\n"
		"内容一概不取。\n"
		"\n"
		"DIR 中没有账本时即新建；若事先未执行 houji init，则只有账本，不能提供服务。\n"
		"期间不得有节点正在使用 DIR；`houji compare` 证明两者一致，`houji promote`\n"
		"使镜像成为主节点。参见 docs/mirroring.md。"},
	.rows = rows,
	.ending = {"Example:\n"
		   "  houji mirror /srv/mirror --from 192.0.2.1:2641 --user 300:0.NA/88.999 \\\n"
		   "      --key mirror.pem --once\n\n"
		   "Exit codes: 0 all was taken (--once); 1 it could not be; 2 wrong use.",
		"示例：\n"
		"  houji mirror /srv/mirror --from 192.0.2.1:2641 --user 300:0.NA/88.999 \\\n"
		"      --key mirror.pem --once\n\n"
		"退出码：0 已全部取得（--once）；1 失败；2 用法错误。"},
};

struct options {
	const char *directory;
	bool is_once;
	bool is_demoted;
	bool is_quiet;
};

/* A node that calls itself a primary does not follow another. */
static enum status
site_prepare(const struct options *options, bool is_new, struct problem *problem)
{
	bool is_primary;
	enum status status = node_site_is_primary(options->directory, &is_primary, problem);

	if (status == STATUS_NOT_FOUND) {
		/* A ledger alone. Who meant a node, or mistyped its name, is to know before all is
		 * fetched. */
		if (is_new && !options->is_quiet) {
			fprintf(stderr,
				SAY("houji mirror: there is no node in %s: it gets a ledger alone, "
				    "for houji compare, export and backup; for a mirror that "
				    "serves, begin with houji init\n",
					"houji mirror：%s 中没有节点：其中只会建立账本，供 houji "
					"compare、"
					"export 与 backup 使用；若要提供服务，请先执行 houji "
					"init\n"),
				options->directory);
		}
		return STATUS_OK;
	}
	if (status != STATUS_OK || !is_primary) {
		return status;
	}
	if (!options->is_demoted) {
		return problem_set(problem, STATUS_CONFLICT,
			"%s: its site record says that it is a primary; --demote makes it a mirror",
			options->directory);
	}
	return node_site_set_primary(options->directory, false, problem);
}

static enum status
ledger_prepare(const struct options *options, struct ledger **ret_ledger, struct problem *problem)
{
	enum status status = ledger_open(options->directory, LEDGER_WRITE, ret_ledger, problem);
	bool is_new = status == STATUS_NOT_FOUND;

	if (is_new) {
		status = ledger_open(options->directory, LEDGER_CREATE, ret_ledger, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = site_prepare(options, is_new, problem);
	if (status != STATUS_OK) {
		(void)ledger_close(*ret_ledger, NULL);
	}
	return status;
}

/* A key that nobody vouches for but the server itself must stay the one it was. */
static enum status
key_check(const struct mirror *mirror, const char *position_path, struct problem *problem)
{
	struct replication_position position;

	if (mirror->server_key_file != NULL ||
		replication_position_read(position_path, &position, NULL) != STATUS_OK ||
		strcmp(position.server_key, mirror->server_key_digest) == 0) {
		return STATUS_OK;
	}
	return problem_set(problem, STATUS_DENIED,
		"%s has another key than before (%s); if that is right, give it with "
		"--server-key FILE",
		mirror->administer.server, position.server_key);
}

static void
print_report(const struct mirror *mirror, const struct replication_report *report)
{
	char text[1024];
	struct json_writer writer = json_writer_over(text, sizeof(text));

	json_write_object(&writer);
	json_write_name(&writer, "current");
	json_write_bool(&writer, report->is_current);
	json_write_name(&writer, "last_id");
	json_write_u64(&writer, report->last_id);
	json_write_name(&writer, "records");
	json_write_u64(&writer, report->record_count);
	json_write_name(&writer, "transactions");
	json_write_u64(&writer, report->transaction_count);
	json_write_name(&writer, "connections");
	json_write_u64(&writer, report->connection_count);
	json_write_name(&writer, "faults");
	json_write_u64(&writer, report->fault_count);
	json_write_object_end(&writer);
	if (mirror->administer.is_json && json_writer_end(&writer) == STATUS_OK) {
		printf("%.*s\n", (int)json_written(&writer).size, text);
	}
}

static int
follow(struct mirror *mirror, const struct options *options)
{
	const struct command_manual *manual = mirror->administer.manual;
	struct replication_report report = {.is_current = false};
	struct problem problem = {.text = ""};
	char path[NODE_PATH_SIZE_MAX];
	struct ledger *ledger;
	int exit_code;

	if (node_path(options->directory, "mirror.json", path, &problem) != STATUS_OK ||
		key_check(mirror, path, &problem) != STATUS_OK ||
		ledger_prepare(options, &ledger, &problem) != STATUS_OK) {
		return command_problem(manual, &problem);
	}
	exit_code = mirror_follow(mirror, ledger, path, options->is_once, &report);
	if (ledger_close(ledger, &problem) != STATUS_OK) {
		exit_code = command_problem(manual, &problem);
	}
	if (exit_code == EXIT_CODE_OK) {
		print_report(mirror, &report);
	}
	return exit_code;
}

int
command_mirror(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_mirror_manual, argc, argv);
	struct options options = {.directory = NULL};
	struct mirror mirror;
	bool has_server = false;
	int exit_code;

	mirror_begin(&mirror, &command_mirror_manual);
	while (option_next(&walk)) {
		if (walk.key == OPTION_FROM) {
			mirror.administer.server = walk.argument;
			has_server = true;
		} else if (walk.key == OPTION_ONCE) {
			options.is_once = true;
		} else if (walk.key == OPTION_DEMOTE) {
			options.is_demoted = true;
		} else if (walk.key == OPTION_POLL
				? !option_number(walk.argument, POLL_S_MAX, &mirror.poll_s) ||
					mirror.poll_s == 0
				: !mirror_option(&mirror, &walk)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 1 || !has_server) {
		return command_usage_error(&command_mirror_manual, "%s",
			SAY("give one DIR and --from HOST:PORT",
				"请给出一个 DIR 与 --from HOST:PORT"));
	}
	options.directory = argv[walk.index];
	options.is_quiet = mirror.administer.is_quiet;
	exit_code = mirror_open(&mirror);
	if (exit_code == EXIT_CODE_OK) {
		exit_code = follow(&mirror, &options);
	}
	mirror_close(&mirror);
	return exit_code;
}
