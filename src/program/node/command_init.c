/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include "base/limits.h"
#include "handle/handle_name.h"
#include "node/node.h"
#include "node/node_identity.h"
#include "program/node/init.h"
#include "json/json_writer.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	OPTION_PREFIX = 1,
	OPTION_LISTEN,
	OPTION_HTTP,
	OPTION_ADDRESS,
	OPTION_KEY,
	OPTION_ADMIN_KEY,
	OPTION_SEGMENT_SIZE,
	OPTION_SET,
	OPTION_ROOT,
	OPTION_JSON,
};

enum { SETTING_PATH_SIZE_MAX = 64 };

static const struct option_row rows[] = {
	{OPTION_PREFIX, "prefix", 'p', "PREFIX",
		{"home PREFIX here; repeatable", "在此托管前缀 PREFIX；可多次给出"}},
	{OPTION_LISTEN, "listen", 'l', "ADDR:PORT",
		{"serve Handle clients there; port 0: any free one; repeatable",
			"在此地址提供 Handle 协议服务；端口 0 表示自动选取；可多次给出"}},
	{OPTION_HTTP, "http", 0, "ADDR:PORT",
		{"serve web clients there, HTTP and HTTPS; repeatable",
			"在此地址提供 HTTP 与 HTTPS 服务；可多次给出"}},
	{OPTION_ADDRESS, "address", 0, "IP",
		{"address that the site record tells the world", "写入站点记录的公网地址"}},
	{OPTION_KEY, "key", 0, "KIND",
		{"kind of the node's key: rsa (default) or ed25519",
			"节点密钥类型：rsa（默认）或 ed25519"}},
	{OPTION_ADMIN_KEY, "admin-key", 0, "FILE",
		{"the administrator has this public key (PEM or .bin): none is made, and\n"
		 "there is no secret",
			"管理员已有此公钥（PEM 或 .bin）：不再生成密钥与口令"}},
	{OPTION_SEGMENT_SIZE, "segment-size", 0, "SIZE",
		{"size of the ledger's files: 1M to 64M (default), a power of two; a node of\n"
		 "a few thousand records needs no more than 1M",
			"账本文件大小：1M 至 64M（默认），须为 2 的幂；数千条记录的节点 1M 即可"}},
	{OPTION_SET, "set", 0, "SETTING=VALUE",
		{"a setting of houji.yaml, like workers=1 or tcp.idle_ms=5000; of a list it\n"
		 "adds one item; repeatable",
			"houji.yaml 中的配置，例如 workers=1 或 "
			"tcp.idle_ms=5000；列表则添加一项；\n"
			"可多次给出"}},
	{OPTION_ROOT, "root", 0, NULL,
		{"be a root of its own: 0.NA/0.NA and 0.0/0.0 live here, and client/\n"
		 "brings Handle.net's clients to it",
			"自为根节点：0.NA/0.NA 与 0.0/0.0 在此，client/ 使 Handle.net 客户端可用"}},
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{0},
};

const struct command_manual command_init_manual = {
	.name = "init",
	.usage = "DIR [--root] [--prefix PREFIX]... [--listen ADDR:PORT]... [--http ADDR:PORT]",
	.about = {"Makes a node in the new or empty folder DIR: a key, a site record, a commented\n"
		  "houji.yaml and an empty ledger. Asks nothing. Then `houji load DIR FILE` puts\n"
		  "records in and `houji serve DIR` answers for them.\n\n"
		  "Handles are answered for only if their prefix is homed; --prefix 88.999 homes\n"
		  "every handle 88.999/... and makes its record 0.NA/88.999 with an "
		  "administrator:\n"
		  "300:0.NA/88.999 by key, 301:0.NA/88.999 by secret. Both are new, lie in\n"
		  "DIR/client and may do everything: put them where only the administrator is.\n"
		  "\n"
		  "With --root the node needs no other: it is the root of a handle system of its\n"
		  "own, and DIR/client/README says how unmodified Handle.net tools use it.\n"
		  "\n"
		  "Without --listen the node serves all addresses of the machine on port 2641.",
		"在新的或空的目录 DIR 中建立节点：密钥、站点记录、带注释的 houji.yaml 与空账本，\n"
		"不提任何问题。随后用 `houji load DIR FILE` 载入记录，用 `houji serve DIR` "
		"提供解析。\n\n"
		"只有前缀被托管的标识才会得到应答；--prefix 88.999 托管所有 88.999/... 标识，\n"
		"并建立记录 0.NA/88.999 及其管理员：300:0.NA/88.999（密钥）与\n"
		"301:0.NA/88.999（口令）。二者均为新生成，位于 DIR/client，拥有全部权限：\n"
		"请移至只有管理员可及之处。\n\n"
		"--root 使节点自成一个标识系统的根，无需其他节点；DIR/client/README 说明未经\n"
		"修改的 Handle.net 工具如何使用它。\n\n"
		"不给 --listen 时，在本机所有地址的 2641 端口提供服务。"},
	.rows = rows,
	.ending = {"Examples:\n  houji init node --prefix 88.999 --listen 127.0.0.1:2641\n"
		   "  houji init own --root --prefix 88.999 --prefix 20.500 --address 192.0.2.1\n\n"
		   "Exit codes: 0 made; 1 not made, and nothing half-made is served; 2 wrong use.",
		"示例：\n  houji init node --prefix 88.999 --listen 127.0.0.1:2641\n"
		"  houji init own --root --prefix 88.999 --prefix 20.500 --address 192.0.2.1\n\n"
		"退出码：0 成功；1 失败；2 用法错误。"},
};

static bool
take_address(const char *text, uint16_t port, struct settings_addresses *list, bool *is_first)
{
	if (*is_first) {
		list->count = 0;
		*is_first = false;
	}
	return list->count < SETTINGS_LIST_MAX &&
		address_parse(bytes_from_string(text), port, &list->items[list->count]) ==
		STATUS_OK &&
		++list->count > 0;
}

/* With or without "0.NA/", in whatever case: a prefix that was named before is not two. */
static bool
prefix_is_named(const char *text, const struct init_plan *plan)
{
	char wanted[INIT_NAME_SIZE_MAX], name[INIT_NAME_SIZE_MAX];
	bool is_named = false;

	if (!init_prefix_handle(text, wanted)) {
		return false; /* Too long: told when its record is made. */
	}
	for (size_t i = 0; i < plan->prefix_count && !is_named; i++) {
		is_named = init_prefix_handle(plan->prefixes[i], name) &&
			handle_name_equal(bytes_from_string(name), bytes_from_string(wanted));
	}
	return is_named;
}

static bool
take_prefix(const char *text, struct init_plan *plan)
{
	struct bytes prefix = bytes_from_string(text);

	if (prefix.size == 0 || prefix.size > HANDLE_NAME_SIZE_MAX ||
		plan->prefix_count == INIT_PREFIX_COUNT_MAX || !bytes_are_utf8(prefix) ||
		(bytes_find(prefix, '/') < prefix.size && !handle_name_is_prefix_handle(prefix))) {
		return false;
	}
	if (!prefix_is_named(text, plan)) {
		plan->prefixes[plan->prefix_count++] = text;
	}
	return true;
}

static bool
setting_split(const char *text, char ret_path[SETTING_PATH_SIZE_MAX], const char **ret_value)
{
	const char *sign = strchr(text, '=');

	if (sign == NULL || (size_t)(sign - text) >= SETTING_PATH_SIZE_MAX) {
		return false;
	}
	memcpy(ret_path, text, (size_t)(sign - text));
	ret_path[sign - text] = '\0';
	*ret_value = sign + 1;
	return true;
}

static bool
take_setting(const char *text, struct settings *settings)
{
	char path[SETTING_PATH_SIZE_MAX];
	const char *value;

	return setting_split(text, path, &value) &&
		settings_put(settings, path, bytes_from_string(value)) == STATUS_OK;
}

/* Which half of SETTING=VALUE is wrong. */
static int
setting_error(const struct option_walk *walk)
{
	static struct settings settings;
	char path[SETTING_PATH_SIZE_MAX];
	const char *value;

	if (!setting_split(walk->argument, path, &value)) {
		return option_argument_error(walk);
	}
	settings_default(&settings);
	if (settings_put(&settings, path, bytes_from_string(value)) == STATUS_NOT_FOUND) {
		return command_usage_error(walk->manual,
			SAY("--set: there is no setting '%s'", "--set：没有配置 '%s'"), path);
	}
	return command_usage_error(walk->manual,
		SAY("--set: '%s' cannot be '%s'; houji.yaml says what it takes",
			"--set：'%s' 不能是 '%s'；其取值见 houji.yaml 的说明"),
		path, value);
}

/* Megabytes, so that the largest entry finds room in any segment. */
static bool
take_segment_size(const char *text, uint64_t *ret_size)
{
	unsigned long megabytes = strtoul(text, NULL, 10);
	char expected[8];

	snprintf(expected, sizeof(expected), "%luM", megabytes);
	if (strcmp(text, expected) != 0 || megabytes == 0 ||
		megabytes > JOURNAL_SEGMENT_SIZE >> 20 || (megabytes & (megabytes - 1)) != 0) {
		return false;
	}
	*ret_size = (uint64_t)megabytes << 20;
	return true;
}

static bool
take_option(const struct option_walk *walk, struct init_plan *plan, bool is_first[2])
{
	struct address address;

	switch (walk->key) {
	case OPTION_PREFIX:
		return take_prefix(walk->argument, plan);
	case OPTION_LISTEN:
		return take_address(
			walk->argument, HANDLE_PORT, &plan->settings.listen, &is_first[0]);
	case OPTION_HTTP:
		return take_address(walk->argument, 8000, &plan->settings.http, &is_first[1]);
	case OPTION_ADDRESS:
		if (address_parse(bytes_from_string(walk->argument), 1, &address) != STATUS_OK) {
			return false;
		}
		address_octets(&address, plan->address);
		plan->has_address = true;
		return true;
	case OPTION_ROOT:
		return plan->is_root = true;
	case OPTION_ADMIN_KEY:
		plan->administrator_key = walk->argument;
		return true;
	case OPTION_SET:
		return take_setting(walk->argument, &plan->settings);
	case OPTION_SEGMENT_SIZE:
		return take_segment_size(walk->argument, &plan->segment_size);
	case OPTION_JSON:
		return plan->is_json = true;
	default:
		plan->key = strcmp(walk->argument, "ed25519") == 0 ? CRYPTO_KEY_ED25519
								   : CRYPTO_KEY_RSA;
		return plan->key == CRYPTO_KEY_ED25519 || strcmp(walk->argument, "rsa") == 0;
	}
}

/* A port that is free for UDP and TCP alike, found by opening it and letting it go. */
static enum status
pick_port(struct address *address, struct problem *problem)
{
	struct loop *loop = loop_new(problem);
	enum status status = STATUS_SYSTEM;

	for (int tries = 0; loop != NULL && tries < 32 && status != STATUS_OK; tries++) {
		struct loop_udp *udp = loop_udp_open(loop, address, NULL, NULL, problem);
		struct loop_listener *listener;
		struct address bound;

		if (udp == NULL) {
			break;
		}
		loop_udp_address(udp, &bound);
		listener = loop_listen(loop, &bound, NULL, NULL, problem);
		loop_udp_close(udp);
		if (listener != NULL) {
			loop_listener_close(listener);
			*address = bound;
			status = STATUS_OK;
		}
	}
	loop_free(loop);
	return status;
}

/* Where others would find a node that listens on every address: the first that is not the
 * machine's own loopback. */
static void
guess_address(struct init_plan *plan)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) != 0) {
		return;
	}
	for (struct ifaddrs *one = all; one != NULL && !plan->has_address; one = one->ifa_next) {
		struct address address = {.size = sizeof(address.v4)};

		if (one->ifa_addr == NULL || one->ifa_addr->sa_family != AF_INET ||
			(one->ifa_flags & IFF_LOOPBACK) != 0) {
			continue;
		}
		memcpy(&address.v4, one->ifa_addr, sizeof(address.v4));
		address_octets(&address, plan->address);
		plan->has_address = true;
	}
	freeifaddrs(all);
	if (!plan->has_address) {
		static const uint8_t loopback[16] = {
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};

		memcpy(plan->address, loopback, sizeof(loopback));
		plan->has_address = true;
	}
}

/* The ledger with its first entries, and the files for who administers it. */
static enum status
make_records(const struct init_plan *plan, struct bytes site, struct problem *problem)
{
	struct init_administrator administrator = {.key = NULL};
	bool has_administrator = plan->is_root || plan->prefix_count > 0;
	struct ledger *ledger = NULL;
	struct problem later;
	enum status status = STATUS_OK;

	if (has_administrator) {
		status = init_administrator_make(plan, &administrator, problem);
	}
	if (status == STATUS_OK && has_administrator) {
		status = init_client_write(plan, &administrator, site, problem);
	}
	if (status == STATUS_OK) {
		status = ledger_create_sized(plan->directory, plan->segment_size, &ledger, problem);
	}
	if (status == STATUS_OK && has_administrator) {
		status = init_records_commit(ledger, plan, &administrator, site, problem);
	}
	if (ledger != NULL && ledger_close(ledger, &later) != STATUS_OK && status == STATUS_OK) {
		*problem = later;
		status = later.status;
	}
	init_administrator_free(&administrator);
	return status;
}

/* Makes the folder, or refuses one that has something in it: of what lies there already nothing is
 * overwritten, and nothing is mistaken for a part of the node. */
static enum status
take_folder(const char *directory, struct problem *problem)
{
	DIR *folder;
	struct dirent *entry;
	enum status status = STATUS_OK;

	if (mkdir(directory, 0700) == 0) {
		return STATUS_OK;
	}
	folder = errno == EEXIST ? opendir(directory) : NULL;
	if (folder == NULL) {
		return problem_system(problem, "cannot make %s", directory);
	}
	while (status == STATUS_OK && (entry = readdir(folder)) != NULL) {
		/* What every new file system has at its top is no file of anybody's. */
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			strcmp(entry->d_name, "lost+found") != 0) {
			status = problem_set(problem, STATUS_EXISTS,
				"%s is not empty (it has %s): choose a new or empty folder",
				directory, entry->d_name);
		}
	}
	closedir(folder);
	return status;
}

static enum status
make_node(struct init_plan *plan, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	struct node_identity identity;
	enum status status;

	status = node_path(plan->directory, "houji.yaml", path, problem);
	if (status == STATUS_OK && access(path, F_OK) == 0) {
		return problem_set(problem, STATUS_EXISTS,
			"%s has a houji.yaml and is a node already; start it with `houji serve`, "
			"or choose another folder",
			plan->directory);
	}
	if (status == STATUS_OK) {
		status = take_folder(plan->directory, problem);
	}
	if (status == STATUS_OK) {
		status = init_settings_name(plan, problem);
	}
	if (status == STATUS_OK) {
		status = settings_write(path, &plan->settings, language_is_chinese(), problem);
	}
	if (status == STATUS_OK) {
		status = node_identity_make(plan->directory, &plan->settings, plan->key,
			plan->has_address ? plan->address : NULL, problem);
	}
	if (status == STATUS_OK) {
		status = node_identity_read(plan->directory, &plan->settings, &identity, problem);
	}
	if (status == STATUS_OK) {
		status = make_records(plan, identity.site.octets, problem);
		node_identity_free(&identity);
	}
	return status;
}

static void
print_administrators(const struct init_plan *plan)
{
	char name[INIT_NAME_SIZE_MAX] = "0.NA/0.NA";

	if (plan->prefix_count > 0 && !init_prefix_handle(plan->prefixes[0], name)) {
		return;
	}
	if (plan->administrator_key != NULL) {
		printf(SAY("  administrator: 300:%s by the key in %s\n",
			       "  管理员：300:%s（密钥 %s）\n"),
			name, plan->administrator_key);
		return;
	}
	printf(SAY("  administrators: 300:%s by key     %s/client/admpriv.bin\n"
		   "                  301:%s by secret  %s/client/admin.secret\n",
		       "  管理员：300:%s（密钥）%s/client/admpriv.bin\n"
		       "          301:%s（口令）%s/client/admin.secret\n"),
		name, plan->directory, name, plan->directory);
	if (plan->is_root) {
		printf(SAY("  clients:  %s/client/README says how Handle.net's own tools use this "
			   "root\n",
			       "  客户端：%s/client/README 说明 Handle.net 工具如何使用此根\n"),
			plan->directory);
	}
}

static void
write_path(struct json_writer *writer, const char *name, const char *directory, const char *file)
{
	char path[NODE_PATH_SIZE_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	json_write_name(writer, name);
	json_write_string(writer, bytes_from_string(path));
}

static void
write_administrator(struct json_writer *writer, const struct init_plan *plan, bool is_by_key,
	const char *handle)
{
	char identity[INIT_NAME_SIZE_MAX + 8];

	snprintf(identity, sizeof(identity), "%d:%s", is_by_key ? 300 : 301, handle);
	json_write_object(writer);
	json_write_name(writer, "identity");
	json_write_string(writer, bytes_from_string(identity));
	if (plan->administrator_key != NULL) {
		json_write_name(writer, "key");
		json_write_string(writer, bytes_from_string(plan->administrator_key));
	} else {
		write_path(writer, is_by_key ? "key" : "secret", plan->directory,
			is_by_key ? "client/admpriv.bin" : "client/admin.secret");
	}
	json_write_object_end(writer);
}

static void
print_json(const struct init_plan *plan)
{
	static char text[JSON_TEXT_SIZE_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	char name[INIT_NAME_SIZE_MAX] = "0.NA/0.NA", address[ADDRESS_TEXT_SIZE_MAX];

	json_write_object(&writer);
	json_write_name(&writer, "directory");
	json_write_string(&writer, bytes_from_string(plan->directory));
	write_path(&writer, "settings", plan->directory, "houji.yaml");
	json_write_name(&writer, "root");
	json_write_bool(&writer, plan->is_root);
	json_write_name(&writer, "listen");
	json_write_array(&writer);
	for (uint32_t i = 0; i < plan->settings.listen.count; i++) {
		address_format(&plan->settings.listen.items[i], address);
		json_write_string(&writer, bytes_from_string(address));
	}
	json_write_array_end(&writer);
	json_write_name(&writer, "prefixes");
	json_write_array(&writer);
	for (size_t i = 0; i < plan->prefix_count; i++) {
		json_write_string(&writer, bytes_from_string(plan->prefixes[i]));
	}
	json_write_array_end(&writer);
	json_write_name(&writer, "administrators");
	json_write_array(&writer);
	if (plan->prefix_count > 0 ? init_prefix_handle(plan->prefixes[0], name) : plan->is_root) {
		write_administrator(&writer, plan, true, name);
		if (plan->administrator_key == NULL) {
			write_administrator(&writer, plan, false, name);
		}
	}
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	printf("%.*s\n", (int)json_written(&writer).size, text);
}

static void
print_next(const struct init_plan *plan)
{
	const struct settings_addresses *web = &plan->settings.http;
	char address[ADDRESS_TEXT_SIZE_MAX], web_address[ADDRESS_TEXT_SIZE_MAX] = "";

	address_format(&plan->settings.listen.items[0], address);
	if (web->count > 0) {
		address_format(&web->items[0], web_address);
	}
	printf(SAY("made a node in %s: key, site record, settings, %s%s\n"
		   "  settings: %s/houji.yaml\n",
		       "已在 %s 建立节点：密钥、站点记录、配置、%s%s\n"
		       "  配置：%s/houji.yaml\n"),
		plan->directory,
		count_say(plan->prefix_count, "homed prefix", "homed prefixes", "个托管前缀").text,
		plan->is_root ? SAY(", a root of its own", "，自为根节点") : "", plan->directory);
	if (plan->prefix_count > 0 || plan->is_root) {
		print_administrators(plan);
	}
	printf(SAY("  next:     houji load %s FILE.ndjson\n"
		   "            houji serve %s          (listens on %s%s%s)\n",
		       "  下一步：houji load %s FILE.ndjson\n"
		       "          houji serve %s          （监听 %s%s%s）\n"),
		plan->directory, plan->directory, address,
		web->count > 0 ? SAY(", for the web on ", "，Web 监听 ") : "", web_address);
}

int
command_init(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_init_manual, argc, argv);
	static struct init_plan plan = {
		.key = CRYPTO_KEY_RSA, .segment_size = JOURNAL_SEGMENT_SIZE};
	struct problem problem = {.text = ""};
	bool is_first[2] = {true, true};

	settings_default(&plan.settings);
	while (option_next(&walk)) {
		if (!take_option(&walk, &plan, is_first)) {
			return walk.key == OPTION_SET ? setting_error(&walk)
						      : option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (walk.index != argc - 1) {
		return command_usage_error(
			&command_init_manual, SAY("give one folder", "请给出一个目录"));
	}
	plan.directory = argv[walk.index];
	for (uint32_t i = 0; i < plan.settings.listen.count; i++) {
		if (address_port(&plan.settings.listen.items[i]) == 0 &&
			pick_port(&plan.settings.listen.items[i], &problem) != STATUS_OK) {
			return command_problem(&command_init_manual, &problem);
		}
	}
	if (!plan.has_address) {
		guess_address(&plan);
	}
	if (make_node(&plan, &problem) != STATUS_OK) {
		return command_problem(&command_init_manual, &problem);
	}
	(plan.is_json ? print_json : print_next)(&plan);
	return EXIT_CODE_OK;
}
