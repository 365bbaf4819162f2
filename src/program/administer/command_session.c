/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer.h"
#include "program/commands.h"

#include "client/client_run.h"
#include "json/json_writer.h"

#include <stdio.h>

static const struct option_row rows[] = {
	ADMINISTER_IDENTITY_ROWS,
	{ADMINISTER_JSON, "json", 'j', NULL,
		{"print the facts as one JSON object", "以一个 JSON 对象输出"}},
	{0},
};

const struct command_manual command_session_manual = {
	.name = "session",
	.usage = "--user INDEX:HANDLE --key FILE",
	.about = {"Opens a session with a server, proves who asks by listing the prefixes homed\n"
		  "there, ends it, and tells what was agreed on: to find out why an\n"
		  "administrator is refused.",
		"与服务器建立会话，以列出其前缀来证明身份，随后结束会话并说明协商结果：\n"
		"用于查明管理员为何被拒绝。"},
	.rows = rows,
	.ending = {"Exit codes: 0 the session works; 1 it does not; 2 wrong use.",
		"退出码：0 会话可用；1 不可用；2 用法错误。"},
};

struct facts {
	uint32_t code;
	uint32_t count;
};

static void
answered(void *context, enum status status, const struct client_answer *answer)
{
	struct facts *facts = context;

	(void)status;
	facts->code = answer->response.message.header.response_code;
	if (facts->code == RESPONSE_SUCCESS) {
		facts->count += answer->response.names.count;
	}
}

static void
ended(void *context, enum status status, const struct client_answer *answer)
{
	(void)context;
	(void)status;
	(void)answer;
}

static void
print_facts(
	const struct administer *administer, const struct client_link_facts *link, uint32_t code)
{
	char text[1024];
	struct json_writer writer = json_writer_over(text, sizeof(text));

	if (!administer->is_json) {
		printf(SAY("session %u, protocol %u.%u, HS_MAC on every message%s\n"
			   "identity %s\nconnection %s\nthe test, listing prefixes: %u %s\n",
			       "会话 %u，协议 %u.%u，每条报文带 HS_MAC%s\n身份%s\n连接%s\n"
			       "试验（列出前缀）：%u %s\n"),
			link->session_id, link->version.major, link->version.minor,
			administer->is_encrypted ? SAY(", encrypted", "，已加密") : "",
			link->is_authenticated ? SAY("proven", "已证明")
					       : SAY("not proven", "未证明"),
			link->is_kept ? SAY("kept", "保持")
				      : SAY("one for each request", "逐次建立"),
			code, text_say(response_code_text(code)));
		return;
	}
	json_write_object(&writer);
	json_write_name(&writer, "session");
	json_write_u64(&writer, link->session_id);
	json_write_name(&writer, "authenticated");
	json_write_bool(&writer, link->is_authenticated);
	json_write_name(&writer, "encrypted");
	json_write_bool(&writer, administer->is_encrypted);
	json_write_name(&writer, "kept");
	json_write_bool(&writer, link->is_kept);
	json_write_name(&writer, "responseCode");
	json_write_u64(&writer, code);
	json_write_object_end(&writer);
	printf("%.*s\n", (int)json_written(&writer).size, text);
}

static int
run(struct administer *administer)
{
	struct request list = administer_request(OPCODE_LIST_HOMED_PREFIXES);
	struct request end = administer_request(OPCODE_SESSION_TERMINATE);
	struct client_link_facts link;
	struct facts facts = {0};
	enum status status;

	list.name.name = end.name.name = TEXT("/");
	status = client_run(administer->loop, administer->link, &list, answered, &facts);
	link = client_link_facts(administer->link);
	if (status != STATUS_OK || link.session_id == 0) {
		return command_failure(administer->manual,
			SAY("%s: no session: %s", "%s：无会话：%s"), administer->server,
			status != STATUS_OK ? status_text(status)
					    : text_say(response_code_text(facts.code)));
	}
	print_facts(administer, &link, facts.code);
	status = client_run(administer->loop, administer->link, &end, ended, NULL);
	return status == STATUS_OK && link.is_authenticated ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int
command_session(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_session_manual, argc, argv);
	static struct administer administer;
	int exit_code;

	administer_begin(&administer, walk.manual);
	administer.is_session = true;
	while (option_next(&walk)) {
		if (!administer_option(&administer, &walk)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (walk.index != argc || administer.user == NULL) {
		return command_usage_error(walk.manual, "%s",
			SAY("give --user INDEX:HANDLE, and no argument",
				"请给出 --user INDEX:HANDLE，不带其他参数"));
	}
	exit_code = administer_open(&administer);
	if (exit_code == EXIT_CODE_OK) {
		exit_code = run(&administer);
	}
	administer_close(&administer);
	return exit_code;
}
