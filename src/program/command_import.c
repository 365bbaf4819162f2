/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"
#include "program/import.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_CHECK = 1, OPTION_PASSPHRASE_FILE, OPTION_JSON };
enum { IMPORT_MEMORY_MAX = 64 * 1048576 };

static const struct option_row rows[] = {
	{OPTION_CHECK, "check", 'n', NULL, {"only report, make nothing", "只报告，不生成任何内容"}},
	{OPTION_PASSPHRASE_FILE, "passphrase-file", 0, "FILE",
		{"passphrase of privkey.bin: the first line of FILE; else\n"
		 "HOUJI_PASSPHRASE, else the terminal",
			"privkey.bin 的口令：取 FILE 的首行；否则取 HOUJI_PASSPHRASE；\n"
			"否则询问终端"}},
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{0},
};

const struct command_manual command_import_manual = {
	.name = "import",
	.usage = "handle-net DIR [TO] [--check] [--passphrase-file FILE] [--json]",
	.about = {"Reads the folder DIR of a Handle.net server (hdl-setup-server's \"svr_1\") and\n"
		  "tells of every file and of every key of config.dct what becomes of it: taken "
		  "as\n"
		  "a setting, not needed and why, not supported yet, unknown. Nothing in DIR is\n"
		  "changed.\n"
		  "\n"
		  "With TO, a node is made there that is the same server: its key, its site "
		  "record,\n"
		  "its administrators, its addresses and homed prefixes. Its records come from "
		  "the\n"
		  "old server over the network, by mirroring; what to do next is printed.\n"
		  "\n"
		  "What would be dangerous - a key that is not the site's, access for everybody - "
		  "is\ntold, and then nothing is made.",
		"读取 Handle.net 服务器目录 DIR（hdl-setup-server 生成的 "
		"svr_1），逐一说明每个文件\n"
		"与 config.dct 每一项的去向：采用为某项配置、不需要及其原因、尚不支持、未知。\n"
		"不改动 DIR 中的任何内容。\n"
		"\n"
		"给出 TO 时，在该处建立与原服务器相同的节点：密钥、站点记录、管理员、地址与托管\n"
		"前缀。记录经网络由原服务器镜像获得；随后打印下一步操作。\n"
		"\n"
		"若有危险之处（密钥与站点不符、任何人可更改一切），予以指出且不生成任何内容。"},
	.rows = rows,
	.first_words = "handle-net",
	.ending = {"Example:\n  houji import handle-net /hs/svr_1 --check\n"
		   "  houji import handle-net /hs/svr_1 node\n\n"
		   "Exit codes: 0 reported and made; 1 dangerous, or not made; 2 usage.",
		"示例：\n  houji import handle-net /hs/svr_1 --check\n"
		"  houji import handle-net /hs/svr_1 node\n\n"
		"退出码：0 已报告并建立；1 存在危险或未能建立；2 用法错误。"},
};

/* Where the old server answers: its first address with TCP, as the site record tells it. */
static void
server_print(const struct import *import)
{
	struct wire_reader walk = wire_reader_over(import->site.servers);
	struct handle_server server;
	struct handle_interface face;

	while (handle_server_next(&walk, &server)) {
		struct wire_reader faces = wire_reader_over(server.interfaces);

		while (handle_interface_next(&faces, &face)) {
			static const uint8_t zeros[12] = {0};
			bool is_v4 = memcmp(server.address.at, zeros, sizeof(zeros)) == 0;
			char text[INET6_ADDRSTRLEN];

			if (face.protocol != HANDLE_PROTOCOL_TCP ||
				inet_ntop(is_v4 ? AF_INET : AF_INET6,
					server.address.at + (is_v4 ? sizeof(zeros) : 0), text,
					sizeof(text)) == NULL) {
				continue;
			}
			printf(is_v4 ? "%s:%u" : "[%s]:%u", text, face.port);
			return;
		}
	}
	printf("HOST:PORT");
}

static void
next_print(const struct import *import)
{
	printf(SAY("made a node in %s: settings, key, site record, %zu homed prefixes\n"
		   "  next: fetch the records with houji mirror (houji mirror --help) from\n       "
		   " ",
		       "已在 %s 建立节点：配置、密钥、站点记录、%zu 个托管前缀\n"
		       "  下一步：用 houji mirror 获取记录（houji mirror --help），来源\n        "),
		import->target, import->prefix_count);
	server_print(import);
	if (import->mirror_identity.size > 0) {
		printf(SAY("\n        the identity of this mirror was %.*s, its key "
			   "%s/replpriv.bin",
			       "\n        此镜像的身份为 %.*s，密钥为 %s/replpriv.bin"),
			(int)import->mirror_identity.size, (const char *)import->mirror_identity.at,
			import->source);
	}
	printf(SAY("\n        then stop the old server, and houji serve %s\n",
		       "\n        然后停止原服务器，再运行 houji serve %s\n"),
		import->target);
}

static int
run(struct import *import)
{
	struct problem problem = {.text = ""};
	enum status status = import_read(import, &problem);
	bool is_prepared = false;

	if (status == STATUS_OK && import->counts[IMPORT_DANGEROUS] == 0 &&
		import->target != NULL) {
		status = import_prepare(import, &problem);
		is_prepared = status == STATUS_OK;
	}
	if (import->lines != NULL) {
		import_print(import, is_prepared);
	}
	if (is_prepared && !import->is_json) {
		next_print(import);
	}
	if (status != STATUS_OK) {
		return command_failure(&command_import_manual, "%s", problem.text);
	}
	if (import->counts[IMPORT_DANGEROUS] > 0) {
		return command_failure(&command_import_manual, "%s",
			import->target == NULL
				? SAY("what is dangerous must be mended before a node can be made",
					  "须先消除危险之处，才能建立节点")
				: SAY("no node was made: what is dangerous must be mended first",
					  "未建立节点：须先消除危险之处"));
	}
	return EXIT_CODE_OK;
}

int
command_import(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_import_manual, argc, argv);
	static struct import import = {
		.passphrase = {.option = "--passphrase-file", .variable = "HOUJI_PASSPHRASE"}};
	bool is_check = false;
	int count, exit_code;

	while (option_next(&walk)) {
		if (walk.key == OPTION_CHECK) {
			is_check = true;
		} else if (walk.key == OPTION_JSON) {
			import.is_json = true;
		} else {
			import.passphrase.file = walk.argument;
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	count = argc - walk.index;
	if (count < 1 || strcmp(argv[walk.index], "handle-net") != 0) {
		return command_usage_error(&command_import_manual, "%s",
			SAY("what is to be imported? handle-net", "请指定导入内容：handle-net"));
	}
	if (count < 2 || count > 3) {
		return command_usage_error(&command_import_manual, "%s",
			SAY("give the server's folder, and the folder of the new node",
				"请给出服务器目录，以及新节点目录"));
	}
	import.source = argv[walk.index + 1];
	import.target = count == 3 && !is_check ? argv[walk.index + 2] : NULL;
	import.lines_end = &import.lines;
	settings_default(&import.settings);
	import.arena = arena_new(1048576, IMPORT_MEMORY_MAX);
	if (import.arena == NULL) {
		return command_failure(&command_import_manual, "%s", status_text(STATUS_NO_MEMORY));
	}
	exit_code = run(&import);
	crypto_key_free(import.key);
	arena_free(import.arena);
	return exit_code;
}
