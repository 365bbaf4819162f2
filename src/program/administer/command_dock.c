/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/text_writer.h"
#include "docking/docking_queue.h"
#include "node/node_identity.h"
#include "program/administer/delegation.h"
#include "program/key/key_save.h"
#include "program/terminal/value_print.h"
#include "json/json_writer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_PARENT = 1, OPTION_PREFIX, OPTION_DERIVED, OPTION_CONTACT, OPTION_ADMIN_KEY };
enum { TEXT_SIZE_MAX = 16384 };

static const struct option_row rows[] = {
	{OPTION_PARENT, "parent", 0, "HOST:PORT", {"send: the node above", "send：上级节点"}},
	{OPTION_PREFIX, "prefix", 'p', "PREFIX",
		{"send: the prefix that shall be delegated to this node",
			"send：请求委派给本节点的前缀"}},
	{OPTION_DERIVED, "derived", 'd', NULL,
		{"send: this node answers for the prefixes below PREFIX, too",
			"send：本节点也负责 PREFIX 之下的前缀"}},
	{OPTION_CONTACT, "contact", 0, "TEXT",
		{"send: whom the operator above may ask", "send：上级管理员可联系的人"}},
	{OPTION_ADMIN_KEY, "admin-key", 0, "FILE",
		{"send: the public key of who shall administer the prefix's record",
			"send：前缀记录管理员的公钥"}},
	ADMINISTER_ROWS,
	{0},
};

const struct command_manual command_dock_manual = {
	.name = "dock",
	.usage = "DIR --parent HOST:PORT --prefix PREFIX [--derived] [--contact TEXT]\n"
		 "list DIR [--json]\n"
		 "accept DIR ID --server HOST:PORT --user INDEX:HANDLE --key FILE\n"
		 "refuse DIR ID",
	.about =
		{"How a child comes below its parent (对接).\n\n"
		 "The child: sends the site record of the node in DIR to the node above, signed "
		 "by\n"
		 "the node's key, and asks to be delegated PREFIX. Prints the fingerprint of that\n"
		 "key: the operator above sees the same one. Nothing is changed there by it.\n\n"
		 "The parent takes such requests if docking.accept is on in its houji.yaml. Its\n"
		 "operator lists those that wait in DIR, compares fingerprints with the child by\n"
		 "telephone or on paper, then accepts, which delegates as `houji prefix delegate`\n"
		 "does, or refuses, which only forgets. A node may be serving DIR meanwhile.",
			"下级节点如何接入上级节点（对接）。\n\n"
			"下级：将 DIR 中节点的站点记录发送给上级节点，以节点密钥签名，请求委派 "
			"PREFIX，并\n"
			"打印该密钥的指纹；上级管理员看到同样的指纹。此举不改变上级的任何内容。\n\n"
			"上级：houji.yaml 中 docking.accept 开启时接受此类申请。管理员列出 DIR "
			"中等待的申请，\n"
			"以电话或书面核对指纹，然后 accept（同 `houji prefix delegate`）或 "
			"refuse（仅删除）。\n"
			"期间节点可继续服务 DIR。"},
	.rows = rows,
	.first_words = "list accept refuse",
	.ending = {"Examples:\n"
		   "  houji dock node --parent 192.0.2.1:2641 --prefix 88.988 --derived \\\n"
		   "      --contact 'Zhang, +86 351 0000000'\n"
		   "  houji dock list top\n"
		   "  houji dock accept top 5e1f0a2b3c4d5e6f --server 192.0.2.1:2641 \\\n"
		   "      --user 300:0.NA/88 --key admpriv.bin\n\n"
		   "Exit codes: 0 done; 1 refused, no answer, or no such request; 2 wrong use.",
		"示例：\n"
		"  houji dock node --parent 192.0.2.1:2641 --prefix 88.988 --derived\n"
		"  houji dock list top\n"
		"  houji dock accept top 5e1f0a2b3c4d5e6f --server 192.0.2.1:2641 \\\n"
		"      --user 300:0.NA/88 --key admpriv.bin\n\n"
		"退出码：0 完成；1 被拒绝、无应答或无此申请；2 用法错误。"},
};

struct call {
	struct administer administer;
	const char *directory, *parent, *prefix, *contact, *key_file;
	bool has_derived;
	struct site_data site;
	uint8_t name[HANDLE_NAME_SIZE_MAX + 8];
	uint8_t key[KEY_SIZE_MAX];
	uint8_t values[DOCKING_VALUES_SIZE_MAX];
	struct crypto_key *site_key;
	struct json_writer writer; /* Of a list. */
	size_t listed;
	char text[DOCKING_COUNT_MAX * 1024];
};

static bool
take_option(struct call *call, const struct option_walk *walk)
{
	switch (walk->key) {
	case OPTION_PARENT:
		call->parent = walk->argument;
		return true;
	case OPTION_PREFIX:
		call->prefix = walk->argument;
		return walk->argument[0] != '\0' && strlen(walk->argument) <= HANDLE_NAME_SIZE_MAX;
	case OPTION_DERIVED:
		return call->has_derived = true;
	case OPTION_CONTACT:
		call->contact = walk->argument;
		return strlen(walk->argument) <= DOCKING_CONTACT_SIZE_MAX &&
			bytes_are_utf8(bytes_from_string(walk->argument));
	case OPTION_ADMIN_KEY:
		call->key_file = walk->argument;
		return true;
	default:
		return administer_option(&call->administer, walk);
	}
}

/* The node's site and key; what is sent, signed. */
static enum status
request_make(struct call *call, struct request *request, struct problem *problem)
{
	static struct settings settings;
	char path[NODE_PATH_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(call->values, sizeof(call->values));
	struct docking docking = {.prefix = request->values.name,
		.contact = call->contact == NULL ? (struct bytes){NULL, 0}
						 : bytes_from_string(call->contact),
		.has_derived = call->has_derived,
		.time_s = (uint32_t)(clock_wall_ms() / 1000)};
	enum status status = node_path(call->directory, "houji.yaml", path, problem);

	if (status == STATUS_OK) {
		status = settings_read(path, &settings, problem);
	}
	if (status == STATUS_OK) {
		status = node_identity_key(call->directory, &settings, &call->site_key, problem);
	}
	if (status == STATUS_OK) {
		status = site_find(call->directory, &call->site, problem);
	}
	if (status == STATUS_OK && call->key_file != NULL) {
		status = key_load_public_octets(
			"dock", call->key_file, call->key, &docking.key, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	docking.site = site_octets(&call->site);
	status = docking_sign(&docking, call->site_key, &writer, &request->values.values);
	return status == STATUS_OK
		? STATUS_OK
		: problem_set(problem, status, "cannot sign the request: %s", status_text(status));
}

static int
run_send(struct call *call, struct option_walk *walk)
{
	struct request request = administer_request(OPCODE_DOCK);
	struct wire_writer writer = wire_writer_over(call->name, sizeof(call->name));
	struct problem problem = {.text = ""};
	char fingerprint[DOCKING_FINGERPRINT_SIZE + 1] = "";
	int exit_code;

	if (walk->index != walk->argc - 1 || call->parent == NULL || call->prefix == NULL) {
		return command_usage_error(&command_dock_manual, "%s",
			SAY("give the folder of the node, --parent and --prefix; or say list, "
			    "accept "
			    "or refuse",
				"请给出节点目录、--parent 与 --prefix；或 list、accept、refuse"));
	}
	call->directory = walk->argv[walk->index];
	if (strchr(call->prefix, '/') == NULL) {
		wire_write_bytes(&writer, TEXT("0.NA/"));
	}
	wire_write_bytes(&writer, bytes_from_string(call->prefix));
	request.values.name = wire_written(&writer);
	if (request_make(call, &request, &problem) != STATUS_OK ||
		docking_fingerprint(site_octets(&call->site), fingerprint) != STATUS_OK) {
		return command_failure(&command_dock_manual, "%s", problem.text);
	}
	call->administer.server = call->parent;
	exit_code = administer_open(&call->administer);
	if (exit_code == EXIT_CODE_OK) {
		exit_code = administer_ask(
			&call->administer, &request, (struct words){"asked for", "已申请"});
	}
	administer_close(&call->administer);
	if (exit_code == EXIT_CODE_OK && !call->administer.is_quiet && !call->administer.is_json) {
		printf(SAY("fingerprint of the site's key: %s\n"
			   "tell it to the operator of %s, who accepts the request with `houji "
			   "dock`\n",
			       "站点密钥指纹：%s\n请告知 %s 的管理员，由其以 `houji dock` "
			       "接受申请\n"),
			fingerprint, call->parent);
	}
	return exit_code;
}

static void
entry_json(struct json_writer *writer, const struct docking_entry *entry, const char *fingerprint,
	struct bytes source)
{
	const struct docking *docking = &entry->docking;

	json_write_object(writer);
	json_write_name(writer, "id");
	json_write_string(writer, bytes_from_string(entry->id));
	json_write_name(writer, "prefix");
	json_write_string(writer, docking->prefix);
	json_write_name(writer, "derived");
	json_write_bool(writer, docking->has_derived);
	json_write_name(writer, "fingerprint");
	json_write_string(writer, bytes_from_string(fingerprint));
	json_write_name(writer, "received");
	json_write_i64(writer, entry->received_ms / 1000);
	json_write_name(writer, "source");
	json_write_string(writer, source);
	json_write_name(writer, "contact");
	json_write_string(writer, docking->contact);
	json_write_name(writer, "adminKey");
	json_write_bool(writer, docking->key.size > 0);
	json_write_object_end(writer);
}

static struct bytes
source_text(const uint8_t source[16], char text[ADDRESS_TEXT_SIZE_MAX])
{
	struct network network = {.bits = 128};

	memcpy(network.octets, source, sizeof(network.octets));
	network_format(&network, text);
	/* One host is meant: without the bits of the network. */
	if (strchr(text, '/') != NULL) {
		*strchr(text, '/') = '\0';
	}
	return bytes_from_string(text);
}

static void
entry_listed(void *context, const struct docking_entry *entry)
{
	struct call *call = context;
	char fingerprint[DOCKING_FINGERPRINT_SIZE + 1] = "", source[ADDRESS_TEXT_SIZE_MAX];
	char time[32];
	struct text_writer writer = text_writer_over(time, sizeof(time) - 1);
	struct bytes from = source_text(entry->source, source);

	if (docking_fingerprint(entry->docking.site, fingerprint) != STATUS_OK) {
		return;
	}
	call->listed++;
	if (call->administer.is_json) {
		entry_json(&call->writer, entry, fingerprint, from);
		return;
	}
	text_write_time(&writer, entry->received_ms / 1000);
	time[text_written(&writer).size] = '\0';
	printf("%s  ", entry->id);
	value_print_escaped(entry->docking.prefix);
	printf(SAY("%s  received %s from %s\n", "%s  收到于 %s，来自 %s\n"),
		entry->docking.has_derived ? SAY(" and those below", " 及其下级") : "", time,
		source);
	printf(SAY("  key of the site: %s\n", "  站点密钥：%s\n"), fingerprint);
	if (entry->docking.contact.size > 0) {
		printf(SAY("  contact: ", "  联系人："));
		value_print_escaped(entry->docking.contact);
		putchar('\n');
	}
}

/* A folder that is none has no requests either: that is not what was asked. */
static bool
node_is_there(const struct call *call)
{
	char path[PATH_MAX];
	int size = snprintf(path, sizeof(path), "%s/houji.yaml", call->directory);

	if (size > 0 && size < PATH_MAX && access(path, F_OK) == 0) {
		return true;
	}
	(void)command_failure(&command_dock_manual,
		SAY("%s is no node: there is no houji.yaml", "%s 不是节点：没有 houji.yaml"),
		call->directory);
	return false;
}

static int
run_list(struct call *call)
{
	struct problem problem = {.text = ""};
	enum status status;

	if (!node_is_there(call)) {
		return EXIT_CODE_FAILED;
	}
	call->writer = json_writer_over(call->text, sizeof(call->text));
	json_write_array(&call->writer);
	status = docking_queue_walk(call->directory, entry_listed, call, &problem);
	json_write_array_end(&call->writer);
	if (status != STATUS_OK) {
		return command_failure(&command_dock_manual, "%s", problem.text);
	}
	if (!call->administer.is_json) {
		if (call->listed == 0) {
			printf(SAY("no requests wait in %s\n", "%s 中没有等待的申请\n"),
				call->directory);
		}
		return EXIT_CODE_OK;
	}
	if (json_writer_end(&call->writer) != STATUS_OK) {
		return command_failure(&command_dock_manual, "%s", status_text(STATUS_TOO_LARGE));
	}
	printf("%.*s\n", (int)json_written(&call->writer).size, call->text);
	return EXIT_CODE_OK;
}

static int
run_accept(struct call *call, const struct docking_entry *entry)
{
	const struct delegation delegation = {.prefix = entry->docking.prefix,
		.sites = {entry->docking.site},
		.site_count = 1,
		.has_derived = entry->docking.has_derived,
		.key = entry->docking.key};
	struct problem problem = {.text = ""};
	int exit_code;

	if (call->administer.user == NULL) {
		return command_usage_error(&command_dock_manual, "%s",
			SAY("accept: who delegates? Give --user INDEX:HANDLE and --key FILE",
				"accept：请以 --user INDEX:HANDLE 与 --key FILE 说明操作者"));
	}
	exit_code = administer_open(&call->administer);
	if (exit_code == EXIT_CODE_OK) {
		exit_code = delegation_carry_out(&call->administer, &delegation);
	}
	administer_close(&call->administer);
	if (exit_code == EXIT_CODE_OK &&
		docking_queue_remove(call->directory, entry->id, &problem) != STATUS_OK) {
		return command_failure(&command_dock_manual, "%s", problem.text);
	}
	return exit_code;
}

static int
run_answer(struct call *call, const char *id, bool is_accepting)
{
	struct problem problem = {.text = ""};
	struct docking_entry entry = {.octets = NULL};
	int exit_code;

	if (!is_accepting) {
		if (docking_queue_remove(call->directory, id, &problem) != STATUS_OK) {
			return command_failure(&command_dock_manual, "%s", problem.text);
		}
		printf(SAY("refused %s\n", "已拒绝 %s\n"), id);
		return EXIT_CODE_OK;
	}
	if (docking_queue_read(call->directory, id, &entry, &problem) != STATUS_OK) {
		return command_failure(&command_dock_manual, "%s", problem.text);
	}
	exit_code = run_accept(call, &entry);
	docking_entry_free(&entry);
	return exit_code;
}

static int
run(struct call *call, struct option_walk *walk)
{
	enum { LIST, ACCEPT, REFUSE };
	size_t word;

	if (!option_take_word(walk, &word)) {
		return run_send(call, walk);
	}
	if (walk->argc - walk->index != (word == LIST ? 1 : 2)) {
		return command_usage_error(&command_dock_manual, "%s",
			word == LIST
				? SAY("list: give the folder of the node", "list：请给出节点目录")
				: SAY("give the folder of the node and the id of the request",
					  "请给出节点目录与申请编号"));
	}
	call->directory = walk->argv[walk->index];
	return word == LIST ? run_list(call)
			    : run_answer(call, walk->argv[walk->index + 1], word == ACCEPT);
}

int
command_dock(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_dock_manual, argc, argv);
	struct call *call = calloc(1, sizeof(*call));
	int exit_code;

	if (call == NULL) {
		return command_no_memory(&command_dock_manual);
	}
	administer_begin(&call->administer, &command_dock_manual);
	while (option_next(&walk)) {
		if (!take_option(call, &walk)) {
			free(call);
			return option_argument_error(&walk);
		}
	}
	exit_code = walk.is_done ? walk.exit_code : run(call, &walk);
	crypto_key_free(call->site_key);
	free(call);
	return exit_code;
}
