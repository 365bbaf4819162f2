/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include "base/arena.h"
#include "base/file.h"
#include "handle/handle_json.h"
#include "program/server/site_file.h"
#include "program/terminal/outline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_FORM = 1, OPTION_JSON, TEXT_SIZE_MAX = 1048576, FILE_MODE = 0644 };

static const struct option_row rows[] = {
	{OPTION_FORM, "form", 'f', "FORM",
		{"export: json or bin; else the name of the file says it",
			"export：json 或 bin；缺省由文件名决定"}},
	{OPTION_JSON, "json", 'j', NULL, {"show: write JSON", "show：输出 JSON"}},
	{0},
};

const struct command_manual command_site_manual = {
	.name = "site",
	.usage = "show SITE [--json]\nexport SITE FILE [--form json|bin]",
	.about =
		{"Shows a site record, or writes it to a new file: where the servers of a site\n"
		 "are, how handles spread over them, and their public keys. SITE is the folder of\n"
		 "a node, a file (JSON, or the octets of HS_SITE), or HOST:PORT of a server that\n"
		 "is asked for its own.\n\n"
		 "The file is what the node above needs: `houji prefix delegate PREFIX --to "
		 "FILE`.\n"
		 "siteinfo.json and siteinfo.bin are the names under which Handle.net has it.",
			"显示站点记录，或将其写入新文件：站点有哪些服务器、标识如何分布及其公钥。\n"
			"SITE 可以是节点目录、文件（JSON 或 HS_SITE 字节），或可告知其站点的 "
			"HOST:PORT。\n\n"
			"该文件供上级节点使用：`houji prefix delegate PREFIX --to FILE`。\n"
			"Handle.net 以 siteinfo.json 与 siteinfo.bin 为名。"},
	.rows = rows,
	.first_words = "show export",
	.ending = {"Examples:\n  houji site show 192.0.2.80:2641\n"
		   "  houji site export node siteinfo.json\n\n"
		   "Exit codes: 0 done; 1 no site record there, or not written; 2 wrong use.",
		"示例：\n  houji site show 192.0.2.80:2641\n"
		"  houji site export node siteinfo.json\n\n"
		"退出码：0 完成；1 该处没有站点记录，或未能写入；2 用法错误。"},
};

struct call {
	struct site_data site;
	char text[TEXT_SIZE_MAX];
};

static enum status
site_json(struct call *call, struct bytes *ret_json, struct problem *problem)
{
	struct json_writer writer = json_writer_over(call->text, sizeof(call->text));
	struct handle_site site;
	enum status status = handle_site_decode(site_octets(&call->site), &site);

	writer.is_pretty = true;
	if (status == STATUS_OK) {
		handle_site_write_json(&writer, &site);
		status = json_writer_end(&writer);
	}
	*ret_json = json_written(&writer);
	return status == STATUS_OK
		? STATUS_OK
		: problem_set(problem, status, "the site record cannot be shown: %s",
			  status_text(status));
}

static enum status
site_show(struct call *call, bool is_json, struct problem *problem)
{
	struct arena *arena = arena_new(TEXT_SIZE_MAX, 16 * TEXT_SIZE_MAX);
	struct bytes json;
	enum status status = arena == NULL
		? problem_set(problem, STATUS_NO_MEMORY, "no memory to show the site record")
		: site_json(call, &json, problem);

	if (status == STATUS_OK && is_json) {
		printf("%.*s\n", (int)json.size, (const char *)json.at);
	} else if (status == STATUS_OK) {
		outline_print(json, arena);
	}
	arena_free(arena);
	return status;
}

static enum status
site_export(struct call *call, const char *path, bool is_binary, struct problem *problem)
{
	struct bytes octets = site_octets(&call->site);
	enum status status = is_binary ? STATUS_OK : site_json(call, &octets, problem);

	return status == STATUS_OK ? file_write_new(path, FILE_MODE, octets, problem) : status;
}

/* bin only for a file that is called so, or when it is asked for. */
static bool
form_is_binary(const char *form, const char *path)
{
	size_t size = strlen(path);

	if (form != NULL) {
		return strcmp(form, "bin") == 0;
	}
	return size > 4 && strcmp(path + size - 4, ".bin") == 0;
}

static int
call_run(struct call *call, const struct option_walk *walk, bool is_showing, bool is_json,
	const char *form)
{
	struct problem problem = {.text = ""};
	const char *place = walk->argv[walk->index];
	enum status status = site_find(place, &call->site, &problem);

	if (status == STATUS_OK && is_showing) {
		status = site_show(call, is_json, &problem);
	} else if (status == STATUS_OK) {
		const char *path = walk->argv[walk->index + 1];

		status = site_export(call, path, form_is_binary(form, path), &problem);
	}
	return status == STATUS_OK ? EXIT_CODE_OK
				   : command_failure(&command_site_manual, "%s", problem.text);
}

int
command_site(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_site_manual, argc, argv);
	struct call *call;
	const char *form = NULL;
	bool is_json = false;
	size_t word;
	int exit_code;

	while (option_next(&walk)) {
		if (walk.key == OPTION_JSON) {
			is_json = true;
		} else if (strcmp(walk.argument, "json") == 0 ||
			strcmp(walk.argument, "bin") == 0) {
			form = walk.argument;
		} else {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (!option_take_word(&walk, &word)) {
		return option_word_error(&walk);
	}
	if (walk.index + (word == 0 ? 1 : 2) != argc) {
		return command_usage_error(&command_site_manual, "%s",
			word == 0
				? SAY("show: give one SITE", "show：请给出一个 SITE")
				: SAY("export: give SITE and FILE", "export：请给出 SITE 与 FILE"));
	}
	call = malloc(sizeof(*call));
	if (call == NULL) {
		return command_no_memory(&command_site_manual);
	}
	exit_code = call_run(call, &walk, word == 0, is_json, form);
	free(call);
	return exit_code;
}
