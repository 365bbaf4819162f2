/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer.h"
#include "program/commands.h"

#include "base/text_writer.h"
#include "client/client_ask.h"
#include "client/client_run.h"
#include "client/client_signature.h"
#include "crypto/crypto.h"
#include "handle/handle_key.h"
#include "handle/handle_site.h"
#include "program/resolve/resolve_alias.h"
#include "program/resolve/resolve_at.h"
#include "program/resolve/resolve_walk.h"
#include "program/server/answer_print.h"
#include "program/server/server_name.h"
#include "program/terminal/value_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_SERVER = 1,
	OPTION_TCP,
	OPTION_INDEX,
	OPTION_TYPE,
	OPTION_JSON,
	OPTION_TRACE,
	OPTION_CERTIFY,
	OPTION_ALL,
	OPTION_TIMEOUT,
	OPTION_DIR,
	OPTION_AT,
	OPTION_FOLLOW,
};

enum { FILTER_COUNT_MAX = 64, FILTER_SIZE_MAX = 16384 };

static const struct option_row rows[] = {
	{OPTION_SERVER, "server", 's', "HOST:PORT",
		{"ask this server (default 127.0.0.1:2641), or one at a URL: http, https",
			"查询此服务器（默认 127.0.0.1:2641），或 http、https 网址处的服务器"}},
	WALK_ORIGIN_ROWS({"ask no server to find out: begin at this one of the root; repeatable",
		"不委托服务器：由此根服务器开始自行查找；可多次给出"}),
	{OPTION_FOLLOW, "follow", 'f', NULL,
		{"where the record is an alias (HS_ALIAS), go on to what it stands for",
			"记录为别名（HS_ALIAS）时，继续解析其所指的标识"}},
	{OPTION_TCP, "tcp", 0, NULL, {"ask over TCP at once", "直接使用 TCP"}},
	{OPTION_INDEX, "index", 'i', "N",
		{"only the value with index N; repeatable", "只取索引为 N 的值；可多次给出"}},
	{OPTION_TYPE, "type", 't', "T",
		{"only type T; 'URL.' takes in URL and URL.anything; repeatable",
			"只取类型为 T 的值；'URL.' 含 URL 及其子类型；可多次给出"}},
	{OPTION_JSON, "json", 'j', NULL,
		{"print the answer as one JSON object", "以一个 JSON 对象输出应答"}},
	{OPTION_TRACE, "trace", 0, NULL,
		{"tell on standard error what was asked, where and how long it took",
			"在标准错误上说明询问过程：对象、次数、耗时"}},
	{OPTION_CERTIFY, "certify", 0, NULL,
		{"ask for a signed answer; check it by the site record's key",
			"要求签名应答，并用服务器站点记录中的密钥验证"}},
	{OPTION_ALL, "all", 'a', NULL,
		{"do not ask for public values only: restricted ones need an identity",
			"不限于公开值：受限值需要身份"}},
	ADMINISTER_PROOF_ROWS,
	{OPTION_TIMEOUT, "timeout", 0, "MS",
		{"give up after this long (default 10000)", "超时毫秒数（默认 10000）"}},
	{OPTION_DIR, "dir", 0, "DIR",
		{"read the ledger in DIR; no server is asked",
			"直接读取 DIR 中的账本，不询问服务器"}},
	{OPTION_AT, "at", 0, "WHEN",
		{"with --dir: as it was then; a time, or #N for entry N of the ledger",
			"与 --dir 同用：当时的记录；时间，或 #N 表示账本第 N 个条目"}},
	{0},
};

const struct command_manual command_resolve_manual = {
	.name = "resolve",
	.usage = "HANDLE [--server HOST:PORT] [--tcp] [--trace] [--follow] [OPTION]...\n"
		 "HANDLE --root HOST:PORT | --bootstrap FILE [OPTION]...\n"
		 "HANDLE --dir DIR [--at WHEN] [OPTION]...",
	.about = {"Asks a server for the values of HANDLE and prints them: index, type, time to\n"
		  "live in seconds, permissions (admin read, admin write, public read, public\n"
		  "write), data. Asks over UDP, again after 0.5, 1 and 1.5 s, then over TCP; with\n"
		  "--user over TCP, for the values that this identity may read. A server that "
		  "says\n"
		  "that it is busy is asked again after a pause, until --timeout.\n\n"
		  "With --root or --bootstrap this command finds out for itself, as a recursive "
		  "node\ndoes; `houji trace` shows each step of that.",
		"向服务器查询 HANDLE 的值并打印：索引、类型、存活秒数、权限（管理员读、管理员写、\n"
		"公开读、公开写）与数据。先用 UDP，0.5、1、1.5 秒后重试，再改用 TCP；使用 --user\n"
		"时经 TCP 查询该身份可读的值。服务器答复繁忙时，稍候再问，直至 --timeout。\n\n"
		"使用 --root 或 --bootstrap 时，本命令如递归节点自行逐级查找；houji trace "
		"显示每一步。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji resolve 88.999.1/IC.07\n"
		   "  houji resolve 10.17487/RFC3652 --type URL --json\n"
		   "  houji resolve 88.980.1/pump-7 --root 127.88.0.1:2641\n\n"
		   "Exit codes: 0 found; 1 not found, refused, or no answer; 2 wrong use.",
		"示例：\n"
		"  houji resolve 88.999.1/IC.07\n"
		"  houji resolve 10.17487/RFC3652 --type URL --json\n"
		"  houji resolve 88.980.1/pump-7 --root 127.88.0.1:2641\n\n"
		"退出码：0 找到；1 未找到、被拒绝或无应答；2 用法错误。"},
};

struct inquiry {
	struct bytes handle;
	const char *server; /* NULL: not named. */
	const char *directory, *when; /* A ledger to be read, and as of when. */
	bool is_tcp_only;
	bool is_json;
	bool is_traced;
	bool is_certified;
	bool is_all;
	bool is_following;
	struct resolve_aliases aliases; /* Followed so far. */
	unsigned long timeout_ms;
	uint8_t indexes[FILTER_COUNT_MAX * 4];
	uint8_t types[FILTER_SIZE_MAX];
	struct wire_writer index_writer;
	struct wire_writer type_writer;
	uint32_t index_count;
	uint32_t type_count;

	struct resolve_walk walk; /* When nobody is asked to find out. */
	struct administer administer; /* Who asks, for values that not everybody may read. */
	struct loop *loop;
	struct server_name place;
	struct crypto_key *key;
	int exit_code;
};

/* What to ask the server. */
static struct request
request_for(const struct inquiry *inquiry, uint32_t opcode)
{
	struct request request = {
		.message.header = {
			.opcode = opcode,
			.flags = MESSAGE_FLAG_RECURSIVE | MESSAGE_FLAG_CACHE_CERTIFY,
			.site_serial = UINT16_MAX,
		}};

	request.message.envelope.version = VERSION_OURS;
	request.message.envelope.suggested = VERSION_OURS;
	if (opcode == OPCODE_GET_SITE_INFO) {
		request.name.name = TEXT("/");
		return request;
	}
	if (!inquiry->is_all) {
		request.message.header.flags |= MESSAGE_FLAG_PUBLIC_ONLY;
	}
	if (inquiry->is_certified) {
		request.message.header.flags |= MESSAGE_FLAG_CERTIFY | MESSAGE_FLAG_REQUEST_DIGEST;
	}
	request.resolution = (struct request_resolution){
		.name = inquiry->handle,
		.index_count = inquiry->index_count,
		.indexes = wire_written(&inquiry->index_writer),
		.type_count = inquiry->type_count,
		.types = wire_written(&inquiry->type_writer),
	};
	return request;
}

static void
print_trace(const struct inquiry *inquiry, enum status status, const struct client_reply *reply)
{
	char address[ADDRESS_TEXT_SIZE_MAX];

	if (!inquiry->is_traced) {
		return;
	}
	address_format(&inquiry->place.place.address, address);
	if (reply == NULL) {
		fprintf(stderr, SAY("; %s: no answer: %s\n", "; %s：无应答：%s\n"), address,
			text_say(status_text(status)));
		return;
	}
	fprintf(stderr,
		SAY("; %s over %s: %s, answer code %u after %u ms, %u %s, %zu octets, protocol "
		    "%u.%u\n",
			"; %s 经 %s：%s，应答码 %u，%u 毫秒，%u %s，%zu 字节，协议 %u.%u\n"),
		address, client_transport_name(reply->transport),
		opcode_name(reply->response.message.header.opcode) == NULL
			? "?"
			: opcode_name(reply->response.message.header.opcode),
		reply->response.message.header.response_code, reply->elapsed_ms, reply->tries,
		reply->tries == 1 ? SAY("try", "次") : SAY("tries", "次"), reply->octets.size,
		reply->envelope.version.major, reply->envelope.version.minor);
	if (reply->pauses > 0) {
		fprintf(stderr,
			SAY("; the server was busy %u times before, and was asked again\n",
				"; 服务器此前 %u 次繁忙，已再次询问\n"),
			reply->pauses);
	}
}

static bool
print_reply(const struct inquiry *inquiry, const struct client_reply *reply)
{
	const struct response *response = &reply->response;
	uint32_t code = response->message.header.response_code;
	enum response_shape shape = response_shape(response->message.header.opcode, code);
	char address[ADDRESS_TEXT_SIZE_MAX];

	printf("; ");
	value_print_escaped(inquiry->handle);
	printf(" @%s %s: %u %s\n", address_format(&inquiry->place.place.address, address),
		client_transport_name(reply->transport), code, text_say(response_code_text(code)));
	if (shape == RESPONSE_VALUES) {
		value_print_list(&response->values.list);
	} else if (shape == RESPONSE_REFERRAL && response->referral.has_values) {
		value_print_list(&response->referral.list);
	} else if (shape == RESPONSE_MESSAGE && response->error.text.size > 0) {
		printf("; ");
		value_print_escaped(response->error.text);
		putchar('\n');
	}
	return true;
}

static bool
print_json(const struct inquiry *inquiry, const struct client_reply *reply)
{
	struct answer_shown shown = answer_shown_of(&reply->response, inquiry->handle);
	enum status status = answer_print_json(stdout, &shown);

	if (status != STATUS_OK) {
		command_failure(&command_resolve_manual,
			SAY("the answer cannot be printed: %s", "无法输出应答：%s"),
			status_text(status));
	}
	return status == STATUS_OK;
}

/* Certified answers: false ends the inquiry with a failure. */
static bool
signature_is_good(struct inquiry *inquiry, const struct client_reply *reply)
{
	enum status status;

	if (!inquiry->is_certified) {
		return true;
	}
	status = client_signature_verify(&reply->envelope, &reply->response.message, inquiry->key);
	if (inquiry->is_traced || status != STATUS_OK) {
		fprintf(stderr, SAY("; signature: %s\n", "; 签名：%s\n"),
			status == STATUS_OK ? SAY("good, by the key of the site record",
						      "有效，与站点记录中的密钥一致")
				: status == STATUS_NOT_FOUND ? SAY("missing", "缺失")
				: status == STATUS_DENIED    ? SAY("FALSE", "伪造")
							     : status_text(status));
	}
	return status == STATUS_OK;
}

/* Why there is no answer. */
static const char *
failure_text(enum status status)
{
	if (status == STATUS_UNSUPPORTED) {
		return administer_failure_text(status);
	}
	return status == STATUS_CLOSED || status == STATUS_SYSTEM
		? SAY("no answer: nothing listens there, or the other side closed",
			  "没有应答：没有服务在监听，或对方已关闭连接")
		: text_say(status_text(status));
}

static bool ask(struct inquiry *inquiry, uint32_t opcode, client_answered *answered);
static void resolution_answered(
	void *context, enum status status, const struct client_reply *reply);

/* True if the record stands for another one, which is asked for, or cannot be had and that was told. */
static bool
alias_follow(struct inquiry *inquiry, const struct response *response)
{
	const struct header *header = &response->message.header;
	struct bytes before = inquiry->handle;
	enum status status = STATUS_NOT_FOUND;

	if (inquiry->is_following &&
		response_shape(header->opcode, header->response_code) == RESPONSE_VALUES) {
		status = resolve_alias_next(
			&inquiry->aliases, &response->values.list, &inquiry->handle);
	}
	if (status == STATUS_NOT_FOUND) {
		return false;
	}
	if (status != STATUS_OK) {
		command_failure(&command_resolve_manual, "%s", resolve_alias_refusal(status));
		loop_stop(inquiry->loop);
		return true;
	}
	resolve_alias_print(before, inquiry->handle);
	(void)ask(inquiry, OPCODE_RESOLUTION, resolution_answered);
	return true;
}

static void
resolution_answered(void *context, enum status status, const struct client_reply *reply)
{
	struct inquiry *inquiry = context;

	print_trace(inquiry, status, reply);
	inquiry->exit_code = EXIT_CODE_FAILED;
	if (reply == NULL) {
		command_failure(&command_resolve_manual, SAY("%s: %s", "%s：%s"), inquiry->server,
			failure_text(status));
	} else if (signature_is_good(inquiry, reply)) {
		if (alias_follow(inquiry, &reply->response)) {
			return;
		}
		if ((inquiry->is_json ? print_json : print_reply)(inquiry, reply) &&
			reply->response.message.header.response_code == RESPONSE_SUCCESS) {
			inquiry->exit_code = EXIT_CODE_OK;
		}
	}
	loop_stop(inquiry->loop);
}

static bool
ask(struct inquiry *inquiry, uint32_t opcode, client_answered *answered)
{
	struct request request = request_for(inquiry, opcode);
	struct client_question question = {
		.request = &request,
		.is_tcp_only = inquiry->is_tcp_only,
		.deadline_ms = (uint32_t)inquiry->timeout_ms,
	};
	struct problem problem = {.text = ""};

	server_name_ask(&inquiry->place, &question);

	if (client_ask(inquiry->loop, &question, answered, inquiry, &problem) == NULL) {
		inquiry->exit_code = command_problem(&command_resolve_manual, &problem);
		loop_stop(inquiry->loop);
		return false;
	}
	return true;
}

/* The key of the first server in the site record. */
static enum status
take_site_key(struct inquiry *inquiry, const struct client_reply *reply)
{
	struct handle_site site;
	struct handle_server server;
	struct wire_reader walk;
	struct handle_key key;
	enum status status = STATUS_MALFORMED;

	if (reply->response.message.header.response_code == RESPONSE_SUCCESS) {
		status = handle_site_decode(reply->response.site, &site);
	}
	if (status != STATUS_OK) {
		return status;
	}
	walk = wire_reader_over(site.servers);
	if (!handle_server_next(&walk, &server)) {
		return STATUS_NOT_FOUND;
	}
	status = handle_key_decode(server.public_key, &key);
	return status == STATUS_OK ? handle_key_to_crypto(&key, &inquiry->key) : status;
}

static void
site_answered(void *context, enum status status, const struct client_reply *reply)
{
	struct inquiry *inquiry = context;

	print_trace(inquiry, status, reply);
	if (reply != NULL) {
		status = take_site_key(inquiry, reply);
	}
	if (status != STATUS_OK) {
		inquiry->exit_code = command_failure(&command_resolve_manual,
			SAY("%s: its key: %s", "%s：取其密钥：%s"), inquiry->server,
			reply == NULL ? failure_text(status) : status_text(status));
		loop_stop(inquiry->loop);
		return;
	}
	(void)ask(inquiry, OPCODE_RESOLUTION, resolution_answered);
}

static bool
take_option(struct option_walk *walk, struct inquiry *inquiry)
{
	unsigned long number;

	switch (walk->key) {
	case OPTION_SERVER:
		inquiry->server = walk->argument;
		return true;
	case OPTION_TCP:
		return inquiry->is_tcp_only = true;
	case OPTION_INDEX:
		if (!option_number(walk->argument, UINT32_MAX, &number)) {
			return false;
		}
		wire_write_u32(&inquiry->index_writer, (uint32_t)number);
		inquiry->index_count++;
		return wire_writer_end(&inquiry->index_writer) == STATUS_OK;
	case OPTION_TYPE:
		wire_write_blob(&inquiry->type_writer, bytes_from_string(walk->argument));
		inquiry->type_count++;
		return wire_writer_end(&inquiry->type_writer) == STATUS_OK;
	case OPTION_JSON:
		return inquiry->is_json = true;
	case OPTION_TRACE:
		return inquiry->is_traced = true;
	case OPTION_CERTIFY:
		return inquiry->is_certified = true;
	case OPTION_ALL:
		return inquiry->is_all = true;
	case OPTION_TIMEOUT:
		return option_number(walk->argument, 3600000, &inquiry->timeout_ms);
	case OPTION_DIR:
		inquiry->directory = walk->argument;
		return true;
	case OPTION_AT:
		inquiry->when = walk->argument;
		return true;
	case OPTION_FOLLOW:
		return inquiry->is_following = true;
	default:
		return walk_origin_option(&inquiry->walk.origin, walk) ||
			administer_option(&inquiry->administer, walk);
	}
}

static void
private_answered(void *context, enum status status, const struct client_answer *answer)
{
	struct inquiry *inquiry = context;
	struct client_reply reply = {
		.transport = inquiry->place.place.transport,
		.tries = 1,
		.envelope = answer->response.message.envelope,
		.response = answer->response,
	};

	inquiry->loop = inquiry->administer.loop;
	resolution_answered(inquiry, status, &reply);
}

/* With an identity: over a link that proves it when asked. */
static int
run_as(struct inquiry *inquiry)
{
	struct administer *administer = &inquiry->administer;
	struct request request;
	int exit_code;
	enum status status;

	inquiry->is_all = true;
	administer->server = inquiry->server;
	if (inquiry->timeout_ms != 0) {
		administer->timeout_ms = inquiry->timeout_ms;
	}
	exit_code = administer_open(administer);
	if (exit_code == EXIT_CODE_OK) {
		request = request_for(inquiry, OPCODE_RESOLUTION);
		status = client_run(
			administer->loop, administer->link, &request, private_answered, inquiry);
		exit_code = status == STATUS_OK
			? inquiry->exit_code
			: command_failure(&command_resolve_manual, SAY("%s: %s", "%s：%s"),
				  inquiry->server, administer_failure_text(status));
	}
	administer_close(administer);
	return exit_code;
}

static int
run(struct inquiry *inquiry)
{
	struct problem problem = {.text = ""};

	inquiry->loop = loop_new(&problem);
	if (inquiry->loop == NULL) {
		return command_problem(&command_resolve_manual, &problem);
	}
	if (inquiry->is_certified ? ask(inquiry, OPCODE_GET_SITE_INFO, site_answered)
				  : ask(inquiry, OPCODE_RESOLUTION, resolution_answered)) {
		if (loop_run(inquiry->loop) != STATUS_OK) {
			inquiry->exit_code = EXIT_CODE_FAILED;
		}
	}
	loop_free(inquiry->loop);
	crypto_key_free(inquiry->key);
	return inquiry->exit_code;
}

static bool
inquiry_has_filters(const struct inquiry *inquiry)
{
	return inquiry->index_count > 0 || inquiry->type_count > 0 ||
		inquiry->administer.user != NULL;
}

/* Without a server that finds out: what only a server can do is refused. */
static int
run_walk(struct inquiry *inquiry)
{
	struct resolve_walk *walk = &inquiry->walk;

	if (walk_origin_count(&walk->origin) != 1) {
		return command_usage_error(&command_resolve_manual, "%s",
			walk->origin.root_count == 0
				? SAY("--teleinfo needs --root or --bootstrap",
					  "--teleinfo 须与 --root 或 --bootstrap 同用")
				: SAY("--root and --bootstrap exclude each other",
					  "--root 与 --bootstrap 不能同时使用"));
	}
	if (inquiry->server != NULL || inquiry->is_tcp_only || inquiry->is_all ||
		inquiry->is_traced || inquiry->administer.user != NULL) {
		return command_usage_error(&command_resolve_manual, "%s",
			SAY("with --root or --bootstrap no single server is asked: no --server, "
			    "--tcp, --all, --user, --trace (houji trace shows the steps)",
				"使用 --root 或 --bootstrap 时不询问单一服务器：不可与 --server、"
				"--tcp、--all、--user、--trace 同用（houji trace 显示各步）"));
	}
	walk->asked = request_for(inquiry, OPCODE_RESOLUTION).resolution;
	walk->is_certified = inquiry->is_certified;
	walk->is_json = inquiry->is_json;
	walk->aliases = inquiry->is_following ? &inquiry->aliases : NULL;
	walk->timeout_ms = (uint32_t)inquiry->timeout_ms;
	return resolve_walk(walk);
}

/* The alias is asked for beside what is wanted. */
static bool
may_follow(struct inquiry *inquiry)
{
	if (inquiry->directory != NULL || inquiry->administer.user != NULL ||
		inquiry->index_count > 0) {
		return false;
	}
	if (inquiry->type_count > 0) {
		wire_write_blob(&inquiry->type_writer, TEXT("HS_ALIAS"));
		inquiry->type_count++;
	}
	return wire_writer_end(&inquiry->type_writer) == STATUS_OK;
}

int
command_resolve(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_resolve_manual, argc, argv);
	static struct inquiry inquiry;

	administer_begin(&inquiry.administer, &command_resolve_manual);
	inquiry.index_writer = wire_writer_over(inquiry.indexes, sizeof(inquiry.indexes));
	inquiry.type_writer = wire_writer_over(inquiry.types, sizeof(inquiry.types));
	while (option_next(&walk)) {
		if (!take_option(&walk, &inquiry)) {
			return command_usage_error(&command_resolve_manual,
				SAY("--%s does not take '%s', or was given too often",
					"--%s 不接受 '%s'，或给出过多"),
				option_name(&walk), walk.argument);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (walk.index != argc - 1 || argv[walk.index][0] == '\0' ||
		strlen(argv[walk.index]) > HANDLE_NAME_SIZE_MAX) {
		return command_usage_error(&command_resolve_manual,
			SAY("give one handle of at most %d octets",
				"请给出一个不超过 %d 字节的标识"),
			HANDLE_NAME_SIZE_MAX);
	}
	if (inquiry.administer.user != NULL && inquiry.is_certified) {
		return command_usage_error(&command_resolve_manual, "%s",
			SAY("--certify is for everybody's answers; with --user, --session seals "
			    "them",
				"--certify 用于公开应答；使用 --user 时请以 --session 校验应答"));
	}
	if (inquiry.directory == NULL && inquiry.when != NULL) {
		return command_usage_error(&command_resolve_manual, "%s",
			SAY("--at needs --dir: servers tell how it is now",
				"--at 须与 --dir 同用：服务器只提供当前记录"));
	}
	inquiry.handle = bytes_from_string(argv[walk.index]);
	resolve_alias_begin(&inquiry.aliases, inquiry.handle);
	if (inquiry.is_following && !may_follow(&inquiry)) {
		return command_usage_error(&command_resolve_manual, "%s",
			SAY("--follow is for everybody's whole records: no --dir, --user, --index",
				"--follow 用于公开的完整记录：不可与 --dir、--user、--index 同用"));
	}
	if (inquiry.directory != NULL) {
		return inquiry_has_filters(&inquiry)
			? command_usage_error(&command_resolve_manual, "%s",
				  SAY("--dir shows the whole record: no --index, --type, --user",
					  "--dir 显示整个记录：不可与 --index、--type、--user "
					  "同用"))
			: resolve_at(
				  inquiry.directory, inquiry.handle, inquiry.when, inquiry.is_json);
	}
	if (walk_origin_count(&inquiry.walk.origin) > 0 || inquiry.walk.origin.is_teleinfo) {
		return run_walk(&inquiry);
	}
	inquiry.server = inquiry.server == NULL ? SERVER_NAME_DEFAULT : inquiry.server;
	if (!server_name_read(inquiry.server, &inquiry.place)) {
		return command_failure(&command_resolve_manual,
			SAY("no such server: %s", "没有这个服务器：%s"), inquiry.server);
	}
	return inquiry.administer.user != NULL ? run_as(&inquiry) : run(&inquiry);
}
