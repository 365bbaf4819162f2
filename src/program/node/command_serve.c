/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include "node/node.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

enum { OPTION_CHECK = 1, OPTION_JSON };

static const struct option_row rows[] = {
	{OPTION_CHECK, "check", 0, NULL,
		{"say whether the node would start: settings, keys, site record, ledger,\n"
		 "addresses, mirror; then exit. Also beside a node that runs",
			"检查节点能否启动：配置、密钥、站点记录、账本、地址、镜像设置；\n"
			"然后退出。节点运行时亦可"}},
	{OPTION_JSON, "json", 'j', NULL,
		{"with --check: write one JSON object", "与 --check 合用：输出一个 JSON 对象"}},
	{0},
};

const struct command_manual command_serve_manual = {
	.name = "serve",
	.usage = "DIR [--check [--json]]",
	.about = {"Answers Handle clients over UDP and TCP for the prefixes homed in DIR. Prints\n"
		  "one line with where it listens, then stays in the foreground.\n\n"
		  "SIGHUP reads houji.yaml, key and site record again; a file with a fault\n"
		  "changes nothing, and settings that wait for a restart are named. SIGTERM and\n"
		  "SIGINT stop: what is under way is answered first. Under systemd it tells when\n"
		  "it is ready (Type=notify).\n\n"
		  "Settings are described in DIR/houji.yaml itself.",
		"为 DIR 中托管的前缀通过 UDP 与 TCP 应答 Handle "
		"客户端。打印一行监听信息后在前台运行。\n\n"
		"SIGHUP 重新读取 houji.yaml、密钥与站点记录；有错的文件不改变任何事，\n"
		"需重启才生效的配置会被列出。SIGTERM 与 SIGINT 停止：先应答进行中的请求。\n"
		"在 systemd 下报告就绪（Type=notify）。\n\n"
		"各项配置的说明见 DIR/houji.yaml。"},
	.rows = rows,
	.ending =
		{"Exit codes: 0 stopped by a signal, or --check found no fault; 1 could not start\n"
		 "or had to stop; 2 wrong use.",
			"退出码：0 正常停止或检查无误；1 无法启动或被迫停止；2 用法错误。"},
};

/* The node's threads leave signals to this one. */
static void
block_signals(sigset_t *ret_set)
{
	sigemptyset(ret_set);
	sigaddset(ret_set, SIGHUP);
	sigaddset(ret_set, SIGINT);
	sigaddset(ret_set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, ret_set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* As many descriptors as the system lets us have; no core file that could hold keys. */
static void
prepare_process(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	prctl(PR_SET_DUMPABLE, 0);
}

/* What an operator should not forget to have switched on. */
static void
print_dangers(const struct node *node)
{
	if (node_settings(node)->server_admin_full_access) {
		fprintf(stderr, "%s\n",
			SAY("houji: server_admin_full_access is on: server administrators may "
			    "change every record",
				"后稷：server_admin_full_access 已开启：节点管理员可修改任何记录"));
	}
}

/* Faults that are rehearsed look like any others to who does not know. */
static void
print_rehearsal(const struct settings *settings)
{
	if (settings->rehearsal_cut.count > 0 || settings->rehearsal_delay_ms > 0) {
		fprintf(stderr,
			SAY("houji: a fault is rehearsed: %u hosts cut off, everything %u ms late "
			    "(rehearsal in houji.yaml)\n",
				"后稷：正在演练故障：切断 %u 个主机，一切延迟 %u 毫秒（houji.yaml "
				"的 "
				"rehearsal）\n"),
			settings->rehearsal_cut.count, settings->rehearsal_delay_ms);
	}
}

static void
print_listening(const struct node *node, const char *addresses)
{
	struct node_counts counts = node_counts(node);

	printf(SAY("houji: listening on %s, %s, %s, %s in the ledger\n",
		       "后稷：正在监听 %s，%s，%s，账本中有%s\n"),
		addresses, count_say(counts.workers, "worker", "workers", "个工作线程").text,
		COUNT_PREFIXES(counts.prefixes), COUNT_ENTRIES(counts.entries));
}

static void
reload(struct node *node)
{
	struct problem problem = {.text = ""};

	sd_notify(0, "RELOADING=1");
	if (node_reload(node, &problem) == STATUS_OK) {
		fprintf(stderr, SAY("houji: settings read again\n", "后稷：已重新读取配置\n"));
		print_dangers(node);
		print_rehearsal(node_settings(node));
	} else {
		fprintf(stderr, SAY("houji: settings not changed: %s\n", "后稷：配置未改变：%s\n"),
			problem.text);
	}
	sd_notify(0, "READY=1");
}

static void
wait_for_end(struct node *node, const sigset_t *set)
{
	for (;;) {
		int number;

		if (sigwait(set, &number) != 0) {
			continue;
		}
		if (number != SIGHUP) {
			return;
		}
		reload(node);
	}
}

/* What the system's journal takes the lines of as warnings (sd-daemon(3)). */
static void
print_news(void *context, const char *line)
{
	(void)context;
	fprintf(stderr, SAY("%shouji: %s\n", "%s后稷：%s\n"),
		getenv("JOURNAL_STREAM") != NULL ? "<4>" : "", line);
}

static int
serve(const char *directory)
{
	struct problem problem = {.text = ""};
	struct node *node = NULL;
	char text[NODE_TEXT_SIZE_MAX];
	sigset_t set;
	enum status status;

	block_signals(&set);
	prepare_process();
	if (node_open(directory, &node, &problem) != STATUS_OK) {
		return command_problem(&command_serve_manual, &problem);
	}
	/* From here on some of what is told goes to clients, who have a language of their own. */
	problem_speak(NULL);
	node_on_news(node, print_news, NULL);
	status = node_start(node, &problem);
	if (status == STATUS_OK) {
		node_describe(node, text, sizeof(text));
		print_listening(node, text);
		print_dangers(node);
		print_rehearsal(node_settings(node));
		fflush(stdout);
		sd_notifyf(0, "READY=1\nSTATUS=listening on %s", text);
		wait_for_end(node, &set);
		sd_notify(0, "STOPPING=1");
	}
	node_stop(node);
	if (status != STATUS_OK) {
		command_problem(&command_serve_manual, &problem);
	}
	if (node_close(node, &problem) != STATUS_OK) {
		status = STATUS_SYSTEM;
		command_problem(&command_serve_manual, &problem);
	}
	return status == STATUS_OK ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int
command_serve(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_serve_manual, argc, argv);
	struct problem problem = {.text = ""};
	bool is_check = false, is_json = false;

	while (option_next(&walk)) {
		is_check |= walk.key == OPTION_CHECK;
		is_json |= walk.key == OPTION_JSON;
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (walk.index != argc - 1) {
		return command_usage_error(
			&command_serve_manual, SAY("give one folder", "请给出一个目录"));
	}
	if (is_json && !is_check) {
		return command_usage_error(&command_serve_manual, "%s",
			SAY("--json goes with --check", "--json 须与 --check 合用"));
	}
	if (!is_check) {
		return serve(argv[walk.index]);
	}
	if (node_check(argv[walk.index], &problem) != STATUS_OK) {
		return command_problem(&command_serve_manual, &problem);
	}
	if (is_json) {
		puts("{\"sound\":true}");
		return EXIT_CODE_OK;
	}
	printf(SAY("%s: would start: settings, keys, site record, ledger and addresses are sound\n",
		       "%s：可以启动：配置、密钥、站点记录、账本与地址均无误\n"),
		argv[walk.index]);
	return EXIT_CODE_OK;
}
