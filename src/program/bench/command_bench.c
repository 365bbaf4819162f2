/* SPDX-License-Identifier: Apache-2.0 */
#include "program/bench/bench.h"

#include "base/limits.h"
#include "program/server/server_name.h"

#include <stdlib.h>
#include <string.h>

enum {
	OPTION_SERVER = 1,
	OPTION_TCP,
	OPTION_CONNECTIONS,
	OPTION_DEPTH,
	OPTION_SECONDS,
	OPTION_RATE,
	OPTION_SCRATCH,
	OPTION_JSON,
};

enum { RATE_MAX = 10000000 };

static const struct option_row rows[] = {
	{OPTION_SERVER, "server", 's', "HOST:PORT",
		{"resolve: the server to ask (default 127.0.0.1:2641)",
			"resolve：要询问的服务器（默认 127.0.0.1:2641）"}},
	{OPTION_TCP, "tcp", 0, NULL, {"resolve: over TCP", "resolve：使用 TCP"}},
	{OPTION_CONNECTIONS, "connections", 'c', "N",
		{"resolve: sockets or connections (default 8)",
			"resolve：套接字或连接数（默认 8）"}},
	{OPTION_DEPTH, "depth", 'd', "N",
		{"resolve: questions under way in each at most (default 16)",
			"resolve：每个连接最多同时在途的询问数（默认 16）"}},
	{OPTION_RATE, "rate", 'r', "R",
		{"resolve: R questions a second, answered or not; else the next leaves\n"
		 "when an answer has come",
			"resolve：每秒 R 个询问，不论有无应答；不给出时收到应答后才发下一个"}},
	{OPTION_SECONDS, "seconds", 't', "S",
		{"how long, fractions allowed (default: resolve and commit 5, lookup 6)",
			"持续秒数，可为小数（默认：resolve 与 commit 5，lookup 6）"}},
	{OPTION_SCRATCH, "scratch", 0, NULL,
		{"commit: in a new folder within the current one",
			"commit：在当前目录下新建的目录中进行"}},
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{0},
};

const struct command_manual command_bench_manual = {
	.name = "bench",
	.usage = "resolve [OPTION]... FILE|HANDLE...\nlookup [OPTION]... DIR\n"
		 "commit [OPTION]... DIR|--scratch",
	.about = {"Measures a server, a store, a disk. Figures of one run can be compared with "
		  "each\nother; figures of two runs only if nothing else kept the machine busy.\n"
		  "\n"
		  "resolve asks any Handle server for handles drawn at random from those given: "
		  "as\n"
		  "words, or one a line in FILE (\"-\": standard input), plain or as JSON objects\n"
		  "with a member \"handle\". Every answer is checked against its question and\n"
		  "counted by its code; what has no answer after a second is lost.\n"
		  "\n"
		  "lookup opens DIR, which nothing may be serving, draws handles that exist, and\n"
		  "looks them up: one at a time, in batches that look ahead as the server does, "
		  "and\n"
		  "through the ordered table. Nothing in DIR is changed.\n"
		  "\n"
		  "commit makes changes durable in a scratch ledger, in DIR (empty or not there "
		  "yet)\nor with --scratch, one at a time and in groups; beside it the same number "
		  "of\n"
		  "octets by a bare pwrite and fdatasync, and the same records in a bare LMDB\n"
		  "transaction. All of it is removed at the end.",
		"测量服务器、存储与磁盘。同一次运行中的数字可以相互比较；不同次运行的数字只有在\n"
		"机器没有其他负载时才可比较。\n"
		"\n"
		"resolve 向任意 Handle 服务器查询随机抽取的标识：以参数给出，或取自 FILE（\"-\"：\n"
		"标准输入），每行一个，纯文本或含 \"handle\" 成员的 JSON 对象。每个应答都与询问\n"
		"核对，并按应答码计数；一秒内无应答记为丢失。\n"
		"\n"
		"lookup 打开 DIR（不得有节点正在使用），随机抽取已有标识并查找：逐个、按服务器的\n"
		"方式成批预读、以及经由有序表。不改动 DIR 中的内容。\n"
		"\n"
		"commit 在 DIR（空目录或尚不存在）或 --scratch 的临时账本中逐个、成组地使更改落\n"
		"盘，并与同样字节数的 pwrite 加 fdatasync、同样记录的 LMDB 事务对照。结束时全部\n"
		"删除。"},
	.rows = rows,
	.first_words = "resolve lookup commit",
	.ending = {"Examples:\n"
		   "  houji bench resolve 88.999.1/IC.07 --seconds 2\n"
		   "  houji bench resolve --tcp -c 64 -d 1 records.ndjson --json\n"
		   "  houji bench lookup node\n"
		   "  houji bench commit --scratch\n\n"
		   "Exit codes: 0 measured; 1 no answer, a wrong answer, or it could not be "
		   "done;\n2 wrong use.",
		"示例：\n"
		"  houji bench resolve 88.999.1/IC.07 --seconds 2\n"
		"  houji bench resolve --tcp -c 64 -d 1 records.ndjson --json\n"
		"  houji bench lookup node\n"
		"  houji bench commit --scratch\n\n"
		"退出码：0 已测量；1 无应答、应答有误或无法进行；2 用法错误。"},
};

static bool
take_seconds(const char *text, double *ret_seconds)
{
	char *end;
	double seconds;

	if (text[0] < '0' || text[0] > '9') {
		return false;
	}
	seconds = strtod(text, &end);
	if (*end != '\0' || !(seconds > 0) || seconds > BENCH_SECONDS_MAX) {
		return false;
	}
	*ret_seconds = seconds;
	return true;
}

static bool
take_count(const char *text, unsigned long max, unsigned long *ret_number)
{
	return option_number(text, max, ret_number) && *ret_number > 0;
}

static bool
take_option(const struct option_walk *walk, struct bench_options *options)
{
	switch (walk->key) {
	case OPTION_SERVER:
		options->server = walk->argument;
		return true;
	case OPTION_TCP:
		return options->is_tcp = true;
	case OPTION_SCRATCH:
		return options->is_scratch = true;
	case OPTION_JSON:
		return options->is_json = true;
	case OPTION_CONNECTIONS:
		return take_count(
			walk->argument, BENCH_CONNECTION_COUNT_MAX, &options->connections);
	case OPTION_DEPTH:
		return take_count(walk->argument, BENCH_DEPTH_MAX, &options->depth);
	case OPTION_RATE:
		return take_count(walk->argument, RATE_MAX, &options->rate);
	default:
		return take_seconds(walk->argument, &options->seconds);
	}
}

int
command_bench(int argc, char **argv)
{
	/* In the order of first_words. */
	static int (*const runs[])(const struct bench_options *options) = {
		bench_resolve, bench_lookup, bench_commit};
	struct option_walk walk = option_walk_over(&command_bench_manual, argc, argv);
	struct bench_options options = {
		.server = SERVER_NAME_DEFAULT, .connections = 8, .depth = 16};
	size_t number;

	while (option_next(&walk)) {
		if (!take_option(&walk, &options)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (!option_take_word(&walk, &number)) {
		return option_word_error(&walk);
	}
	options.argument_count = argc - walk.index;
	options.arguments = argv + walk.index;
	return runs[number](&options);
}
