/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"
#include "program/terminal/value_print.h"
#include "program/transfer/export.h"
#include "program/transfer/import.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_CHECK = 1,
	OPTION_PASSPHRASE_FILE,
	OPTION_JSON,
	OPTION_RESTART,
	OPTION_MAX_ERRORS,
	OPTION_QUIET,
};
enum { IMPORT_MEMORY_MAX = 64 * 1048576 };

static const struct option_row rows[] = {
	{OPTION_CHECK, "check", 'n', NULL, {"only report, make nothing", "只报告，不生成任何内容"}},
	{OPTION_PASSPHRASE_FILE, "passphrase-file", 0, "FILE",
		{"passphrase of privkey.bin: the first line of FILE; else\n"
		 "HOUJI_PASSPHRASE, else the terminal",
			"privkey.bin 的密码短语：取 FILE 的首行；否则取 HOUJI_PASSPHRASE；\n"
			"否则询问终端"}},
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{OPTION_CHECK, "dry-run", 0, NULL, {"the same as --check", "同 --check"}},
	{OPTION_RESTART, "restart", 0, NULL,
		{"begin anew, even if FILE was imported in part", "从头开始，忽略上次的进度"}},
	{OPTION_MAX_ERRORS, "max-errors", 0, "N",
		{"stop after N lines that fail (default: never)", "N 行失败后停止（默认不停）"}},
	{OPTION_QUIET, "quiet", 'q', NULL, {"no progress", "不显示进度"}},
	{0},
};

const struct command_manual command_import_manual = {
	.name = "import",
	.usage = "[OPTION]... DIR FILE|-\n"
		 "handle-net DIR [TO] [--check] [--passphrase-file FILE] [--json]",
	.about = {"Reads the records and prefixes that houji export wrote to FILE into the node\n"
		  "in DIR. First the seal is proven over the whole FILE; from stdin or a pipe it\n"
		  "is kept in DIR (a file without a name) until its seal has come. So nothing of\n"
		  "a file that was cut or changed is ever imported. Then it goes as with houji\n"
		  "load: wrong lines are told and left out, an import that was interrupted goes\n"
		  "on where it stopped. Secret keys that the export left out stay as they are in\n"
		  "DIR. Nothing may be serving DIR.\n"
		  "\n"
		  "With the word handle-net: reads the folder DIR of a Handle.net server\n"
		  "(hdl-setup-server's \"svr_1\") and tells of every file and of every key of\n"
		  "config.dct what becomes of it: taken as a setting, not needed and why, not\n"
		  "supported yet, unknown. Nothing in DIR is changed.\n"
		  "\n"
		  "With TO, a node is made there that is the same server: its key, its site\n"
		  "record, its administrators, its addresses and homed prefixes. Its records come\n"
		  "from the old server over the network, by mirroring; what to do next is\n"
		  "printed. What would be dangerous - a key that is not the site's, access for\n"
		  "everybody - is told, and then nothing is made.",
		"将 houji export 写入 FILE 的记录与前缀读入 DIR 中的节点。先对整个 FILE\n"
		"核验封印；来自标准输入或管道时，先存于 DIR 内的无名文件，直至封印到达。因此\n"
		"被截断或篡改的文件不会有任何内容被导入。其后与 houji load 相同：错误的行予以\n"
		"报告并略过，中断后可继续。导出时略去的口令值在 DIR 中保持不变。期间不得有\n"
		"节点正在使用 DIR。\n"
		"\n"
		"使用 handle-net 时：读取 Handle.net 服务器目录 DIR（hdl-setup-server 生成的\n"
		"svr_1），逐一说明每个文件与 config.dct 每一项的去向：采用为某项配置、不需要\n"
		"及其原因、尚不支持、未知。不改动 DIR 中的任何内容。\n"
		"\n"
		"给出 TO 时，在该处建立与原服务器相同的节点：密钥、站点记录、管理员、地址与\n"
		"托管前缀。记录经网络由原服务器镜像获得；随后打印下一步操作。若有危险之处\n"
		"（密钥与站点不符、任何人可更改一切），予以指出且不生成任何内容。"},
	.rows = rows,
	.first_words = "handle-net",
	.ending = {"Examples:\n  houji import node export.ndjson\n"
		   "  houji import handle-net /hs/svr_1 --check\n"
		   "  houji import handle-net /hs/svr_1 node\n\n"
		   "Exit codes: 0 imported, or reported and made; 1 not all of it, dangerous, or\n"
		   "not made; 2 wrong use.",
		"示例：\n  houji import node export.ndjson\n"
		"  houji import handle-net /hs/svr_1 --check\n"
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

/* INDEX:HANDLE of who may fetch the records: as a mirror says itself, else the first whom the
 * old server lets do it. */
static void
identity_print(const struct import *import)
{
	const struct settings *settings = &import->settings;
	const struct settings_identities *list = settings->replication_admins.count > 0
		? &settings->replication_admins
		: &settings->server_admins;
	struct bytes told = import->mirror_identity;

	if (told.size > 0) {
		/* "privatekey:300:0.NA/88.999" or "secretkey:...". */
		told = bytes_slice(told, bytes_find(told, ':') + 1, SIZE_MAX);
		value_print_escaped(told);
	} else if (list->count > 0) {
		struct bytes name = settings_identity_name(list, 0);

		printf("%u:", list->items[0].index);
		value_print_escaped(name);
	} else {
		printf("INDEX:HANDLE");
	}
}

/* The commands that are left, in their order. A primary is mirrored and then takes over; a
 * mirror goes on following its own primary, which only its operator knows. */
static void
next_print(const struct import *import)
{
	bool is_primary = (import->site.primary_mask & HANDLE_SITE_PRIMARY) != 0;
	bool is_follower = import->is_mirror || import->mirror_identity.size > 0 || !is_primary;

	printf(SAY("made a node in %s: settings, key, site record, %zu homed prefixes\n"
		   "  next, its records: houji mirror %s%s --once --from ",
		       "已在 %s 建立节点：配置、密钥、站点记录、%zu 个托管前缀\n"
		       "  下一步，获取记录：houji mirror %s%s --once --from "),
		import->target, import->prefix_count, import->target,
		is_primary ? " --demote" : "");
	if (is_follower) {
		printf("HOST:PORT");
	} else {
		server_print(import);
	}
	printf(" --user ");
	identity_print(import);
	printf(" --key %s/%s\n", import->source, is_follower ? "replpriv.bin" : "admpriv.bin");
	if (is_follower) {
		printf(SAY("  then stop the old server: houji serve %s\n",
			       "  然后停止原服务器：houji serve %s\n"),
			import->target);
	} else {
		printf(SAY("  then stop the old server: houji promote %s && houji serve %s\n",
			       "  然后停止原服务器：houji promote %s && houji serve %s\n"),
			import->target, import->target);
	}
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
	if (status != STATUS_OK && import->lines == NULL) {
		return command_problem(&command_import_manual, &problem);
	}
	if (status != STATUS_OK) {
		return command_problem_told(&command_import_manual, &problem);
	}
	if (import->counts[IMPORT_DANGEROUS] > 0) {
		return command_refusal(&command_import_manual, "%s",
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
	struct import_records_call records = {0};
	bool is_check = false;
	int count, exit_code;
	while (option_next(&walk)) {
		if (walk.key == OPTION_CHECK) {
			is_check = true;
		} else if (walk.key == OPTION_JSON) {
			import.is_json = true;
		} else if (walk.key == OPTION_PASSPHRASE_FILE) {
			import.passphrase.file = walk.argument;
		}
		records.is_restarting |= walk.key == OPTION_RESTART;
		records.is_quiet |= walk.key == OPTION_QUIET;
		if (walk.key == OPTION_MAX_ERRORS &&
			!option_number(walk.argument, LONG_MAX, &records.errors_max)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	count = argc - walk.index;
	if (count < 1 || strcmp(argv[walk.index], "handle-net") != 0) {
		if (count != 2) {
			return command_usage_error(&command_import_manual, "%s",
				SAY("DIR and FILE are wanted, or the word handle-net",
					"需要给出 DIR 与 FILE，或 handle-net"));
		}
		records.directory = argv[walk.index];
		records.path = argv[walk.index + 1];
		records.is_dry_run = is_check;
		records.is_json = import.is_json;
		return import_records(&records);
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
		return command_no_memory(&command_import_manual);
	}
	exit_code = run(&import);
	crypto_key_free(import.key);
	arena_free(import.arena);
	return exit_code;
}
