/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"
#include "program/lab/lab.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OPTION_TOPOLOGY = 1, OPTION_RECORDS, OPTION_DIR, OPTION_JSON, OPTION_QUIET };

static const struct option_row rows[] = {
	{OPTION_TOPOLOGY, "topology", 't', "FILE",
		{"up: make the lab that this file describes, if DIR holds none yet",
			"up：若 DIR 中尚无实验网，按此文件建立"}},
	{OPTION_RECORDS, "records", 'r', "FILE",
		{"up: records for the new nodes, one JSON object a line: each goes to the\n"
		 "node that answers for its prefix; repeatable",
			"up：新节点的记录，每行一个 JSON 对象，各归其前缀所在节点；可多次给出"}},
	{OPTION_DIR, "dir", 'd', "DIR",
		{"where the lab is (default: lab)", "实验网所在目录（默认 lab）"}},
	{OPTION_JSON, "json", 'j', NULL, {"status: write JSON", "status：输出 JSON"}},
	{OPTION_QUIET, "quiet", 'q', NULL, {"no progress", "不显示进度"}},
	{0},
};

const struct command_manual command_lab_manual = {
	.name = "lab",
	.usage = "up [DIR] [--topology FILE] [--records FILE]...\n"
		 "down|status [DIR]\n"
		 "start|stop|kill NODE... [--dir DIR]\n"
		 "cut NODE NODE [--dir DIR]\n"
		 "slow NODE MILLISECONDS [--dir DIR]\n"
		 "heal [NODE...] [--dir DIR]",
	.about = {"A whole hierarchy on one machine: a top node, secondary, enterprise and\n"
		  "recursive nodes, mirrors; each a real node, a process with a folder below DIR,\n"
		  "on an address of loopback with the standard port. For trying, teaching and\n"
		  "rehearsing faults.\n\n"
		  "up makes the lab if there is none (--topology, --records), then starts every\n"
		  "node that does not run. status shows what runs, how much memory it takes,\n"
		  "whether the node above says where it is, and what faults are rehearsed. down\n"
		  "stops all. The nodes stay up when the command has ended.\n\n"
		  "stop and kill (SIGKILL) end single nodes, start starts them again. cut takes\n"
		  "away the link between two nodes, slow lets everything that reaches a node come\n"
		  "so many milliseconds later, heal undoes both. Everything is administered with\n"
		  "one key, DIR/TOP/client/admpriv.bin, by the ordinary commands.",
		"在一台机器上运行完整体系：国家顶级节点、二级节点、企业节点、递归节点与镜像；\n"
		"每个都是真实节点，一个进程、DIR 下一个目录、一个环回地址与标准端口。\n"
		"用于试用、教学与故障演练。\n\n"
		"up 在尚无实验网时建立之（--topology、--records），随后启动未运行的节点。status\n"
		"显示运行情况、内存占用、上级节点是否指明其位置，以及正在演练的故障。down 停止\n"
		"全部。命令结束后节点继续运行。\n\n"
		"stop 与 kill（SIGKILL）结束单个节点，start 重新启动。cut 切断两个节点间的链路，\n"
		"slow 使到达节点的一切延迟若干毫秒，heal 恢复。所有节点由同一密钥\n"
		"DIR/TOP/client/admpriv.bin 以普通命令管理。"},
	.rows = rows,
	.first_words = "up down status start stop kill cut slow heal",
	.ending = {"Examples:\n"
		   "  houji lab up --topology examples/lab/shanxi.yaml --records records.ndjson\n"
		   "  houji resolve 88.999.1/IC.07 --server 127.88.0.53\n"
		   "  houji lab kill top && houji lab status; houji lab down\n\n"
		   "Exit codes: 0 done, or status: every node runs; 1 not; 2 wrong use.",
		"示例：\n"
		"  houji lab up --topology examples/lab/shanxi.yaml --records records.ndjson\n"
		"  houji resolve 88.999.1/IC.07 --server 127.88.0.53\n"
		"  houji lab kill top && houji lab status; houji lab down\n\n"
		"退出码：0 完成，或 status：全部节点运行；1 否；2 用法错误。"},
};

enum word {
	WORD_UP,
	WORD_DOWN,
	WORD_STATUS,
	WORD_START,
	WORD_STOP,
	WORD_KILL,
	WORD_CUT,
	WORD_SLOW,
	WORD_HEAL
};

static void
want_all(const struct lab *lab, bool *ret_wanted, bool is_wanted)
{
	for (size_t i = 0; i < lab->topology->node_count; i++) {
		ret_wanted[i] = is_wanted;
	}
}

/* A new lab: mirrors start when there is something to hold, and who is followed knows of them. */
static enum status
lab_begin(struct lab *lab, struct problem *problem)
{
	bool wanted[LAB_NODE_COUNT_MAX];
	enum status status = lab_make(lab, problem);

	for (size_t i = 0; i < lab->topology->node_count; i++) {
		wanted[i] = lab->topology->nodes[i].role != LAB_MIRROR;
	}
	if (status == STATUS_OK) {
		status = lab_processes_start(lab, wanted, problem);
	}
	if (status == STATUS_OK) {
		status = lab_connect_all(lab, problem);
	}
	if (status == STATUS_OK) {
		status = lab_mirrors_fill(lab, problem);
	}
	return status == STATUS_OK ? lab_make_end(lab, problem) : status;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
run_up(struct lab *lab, struct problem *problem)
{
	bool wanted[LAB_NODE_COUNT_MAX];
	int64_t begun_ms = now_ms();
	bool is_new = !lab_is_made(lab);
	enum status status = is_new ? lab_begin(lab, problem) : STATUS_OK;

	want_all(lab, wanted, true);
	if (!is_new && (lab->topology_path != NULL || lab->record_file_count > 0)) {
		fprintf(stderr,
			SAY("houji lab: %s holds a lab already: --topology and --records were not "
			    "read\n",
				"houji lab：%s 中已有实验网：--topology 与 --records 未读取\n"),
			lab->directory);
	}
	if (status == STATUS_OK) {
		status = lab_processes_start(lab, wanted, problem);
	}
	if (status != STATUS_OK) {
		struct problem later;

		if (is_new && lab_processes_stop(lab, wanted, SIGTERM, &later) != STATUS_OK) {
			(void)command_failure(lab->manual, "%s", later.text);
		}
		return command_failure(lab->manual, "%s", problem->text);
	}
	printf(SAY("%s: %zu nodes run, %s in %.1f s\n", "%s：%zu 个节点运行，%s，用时 %.1f 秒\n"),
		lab->directory, lab->topology->node_count,
		is_new ? SAY("made and started", "已建立并启动") : SAY("started", "已启动"),
		(double)(now_ms() - begun_ms) / 1000);
	return EXIT_CODE_OK;
}

static int
run_nodes(struct lab *lab, const struct option_walk *walk, enum word word, struct problem *problem)
{
	bool wanted[LAB_NODE_COUNT_MAX];
	enum status status;

	want_all(lab, wanted, word == WORD_DOWN);
	for (int i = walk->index; i < walk->argc; i++) {
		int number = lab_topology_find(lab->topology, walk->argv[i]);

		if (number == LAB_NONE) {
			return command_failure(lab->manual,
				SAY("no node '%s': `houji lab status` names them",
					"没有节点 '%s'：`houji lab status` 列出全部"),
				walk->argv[i]);
		}
		wanted[number] = true;
	}
	status = word == WORD_START
		? lab_processes_start(lab, wanted, problem)
		: lab_processes_stop(lab, wanted, word == WORD_KILL ? SIGKILL : SIGTERM, problem);
	return status == STATUS_OK ? EXIT_CODE_OK
				   : command_failure(lab->manual, "%s", problem->text);
}

static const struct lab_node *
take_node(const struct lab *lab, const char *name)
{
	int number = lab_topology_find(lab->topology, name);

	if (number == LAB_NONE) {
		(void)command_failure(lab->manual,
			SAY("no node '%s': `houji lab status` names them",
				"没有节点 '%s'：`houji lab status` 列出全部"),
			name);
		return NULL;
	}
	return &lab->topology->nodes[number];
}

/* 100 or 100ms. */
static bool
take_delay(const char *text, unsigned long *ret_delay_ms)
{
	char digits[8] = "";
	size_t size = strspn(text, "0123456789");

	if (size >= sizeof(digits) || (text[size] != '\0' && strcmp(text + size, "ms") != 0)) {
		return false;
	}
	memcpy(digits, text, size);
	return option_number(digits, 10000, ret_delay_ms);
}

static int
run_fault(struct lab *lab, const struct option_walk *walk, enum word word)
{
	const struct lab_node *one = NULL, *other = NULL;
	unsigned long delay_ms = 0;
	int exit_code = EXIT_CODE_OK;

	if (word != WORD_HEAL && walk->argc - walk->index != 2) {
		return command_usage_error(lab->manual, "%s",
			word == WORD_CUT ? SAY("cut: give two nodes", "cut：请给出两个节点")
					 : SAY("slow: give a node and milliseconds",
						   "slow：请给出节点与毫秒数"));
	}
	if (word != WORD_HEAL) {
		one = take_node(lab, walk->argv[walk->index]);
		other = word == WORD_CUT && one != NULL
			? take_node(lab, walk->argv[walk->index + 1])
			: one;
		if (other == NULL) {
			return EXIT_CODE_FAILED;
		}
	}
	if (word == WORD_CUT && one == other) {
		return command_usage_error(
			lab->manual, "%s", SAY("cut: give two nodes", "cut：请给出两个节点"));
	}
	if (word == WORD_CUT) {
		return lab_cut(lab, one, other);
	}
	if (word == WORD_SLOW) {
		return take_delay(walk->argv[walk->index + 1], &delay_ms)
			? lab_slow(lab, one, delay_ms)
			: command_usage_error(lab->manual, "%s",
				  SAY("slow: milliseconds from 0 to 10000",
					  "slow：毫秒数须为 0 至 10000"));
	}
	for (size_t i = 0; walk->index == walk->argc && i < lab->topology->node_count &&
		exit_code == EXIT_CODE_OK;
		i++) {
		exit_code = lab_heal(lab, &lab->topology->nodes[i]);
	}
	for (int i = walk->index; i < walk->argc && exit_code == EXIT_CODE_OK; i++) {
		one = take_node(lab, walk->argv[i]);
		exit_code = one == NULL ? EXIT_CODE_FAILED : lab_heal(lab, one);
	}
	return exit_code;
}

static int
run(struct lab *lab, const struct option_walk *walk, enum word word)
{
	struct problem problem = {.text = ""};
	char path[LAB_PATH_SIZE_MAX];
	const char *topology = lab->topology_path;

	if (lab_is_made(lab) || topology == NULL) {
		lab_path(lab, NULL, "lab.yaml", path);
		topology = path;
	}
	if (lab->topology_path == NULL && access(topology, F_OK) != 0) {
		return command_failure(lab->manual,
			SAY("%s holds no lab: make one with up --topology FILE",
				"%s 中没有实验网：请用 up --topology FILE 建立"),
			lab->directory);
	}
	if (lab_topology_read(topology, &lab->topology, &problem) != STATUS_OK) {
		return command_failure(lab->manual, "%s", problem.text);
	}
	switch (word) {
	case WORD_UP:
		return run_up(lab, &problem);
	case WORD_STATUS:
		return lab_status_print(lab);
	case WORD_CUT:
	case WORD_SLOW:
	case WORD_HEAL:
		return run_fault(lab, walk, word);
	case WORD_DOWN:
	case WORD_START:
	case WORD_STOP:
	case WORD_KILL:
		break;
	}
	return run_nodes(lab, walk, word, &problem);
}

static bool
take_directory(struct lab *lab, const char *directory)
{
	lab->directory = directory;
	return directory[0] != '\0' && strlen(directory) < LAB_PATH_SIZE_MAX / 2;
}

static bool
take_option(struct lab *lab, const struct option_walk *walk)
{
	switch (walk->key) {
	case OPTION_TOPOLOGY:
		lab->topology_path = walk->argument;
		return true;
	case OPTION_RECORDS:
		if (lab->record_file_count == LAB_RECORD_FILE_COUNT_MAX) {
			return false;
		}
		lab->records[lab->record_file_count++] = walk->argument;
		return true;
	case OPTION_DIR:
		return take_directory(lab, walk->argument);
	case OPTION_JSON:
		return lab->is_json = true;
	default:
		return lab->is_quiet = true;
	}
}

int
command_lab(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_lab_manual, argc, argv);
	struct lab lab = {.manual = &command_lab_manual, .directory = "lab"};
	size_t word;
	int exit_code;

	while (option_next(&walk)) {
		if (!take_option(&lab, &walk)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (!option_take_word(&walk, &word)) {
		return option_word_error(&walk);
	}
	if (word <= WORD_STATUS && walk.index < argc) {
		if (argc - walk.index > 1 || !take_directory(&lab, argv[walk.index++])) {
			return command_usage_error(lab.manual, "%s",
				SAY("it takes one folder and no names",
					"只接受一个目录，不接受节点名"));
		}
	} else if (word >= WORD_START && word <= WORD_KILL && walk.index == argc) {
		return command_usage_error(lab.manual, "%s", SAY("name the nodes", "请给出节点名"));
	}
	exit_code = run(&lab, &walk, (enum word)word);
	lab_topology_free(lab.topology);
	return exit_code;
}
