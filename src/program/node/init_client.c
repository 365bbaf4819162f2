/* SPDX-License-Identifier: Apache-2.0 */
#include "program/node/init.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text_writer.h"
#include "crypto/crypto.h"
#include "node/node.h"
#include "program/key/key_save.h"
#include "program/terminal/language.h"
#include "json/json_writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_SIZE_MAX = 262144, SECRET_MODE = 0600, TEXT_MODE = 0644 };

/* DIR/client/NAME. */
static enum status
client_path(const struct init_plan *plan, const char *name, char ret_path[NODE_PATH_SIZE_MAX],
	struct problem *problem)
{
	char below[128];

	snprintf(below, sizeof(below), "client/%s", name);
	return node_path(plan->directory, below, ret_path, problem);
}

static enum status
text_write_file(const struct init_plan *plan, const char *name, unsigned mode, const char *text,
	struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = client_path(plan, name, path, problem);

	return status == STATUS_OK ? file_write_new(path, mode, bytes_from_string(text), problem)
				   : status;
}

static enum status
key_write_files(const struct init_plan *plan, const struct init_administrator *administrator,
	struct problem *problem)
{
	const struct key_shape shape = {HANDLE_KEY_FORM_BIN, KEY_ENCRYPTION_NONE};
	const struct bytes no_passphrase = {0};
	char path[NODE_PATH_SIZE_MAX];
	struct crypto_key *half = NULL;
	enum status status = client_path(plan, "admpriv.bin", path, problem);

	if (status == STATUS_OK) {
		status = key_save(path, administrator->key, &shape, no_passphrase, problem);
	}
	if (status == STATUS_OK) {
		status = client_path(plan, "admpub.bin", path, problem);
	}
	if (status == STATUS_OK && key_public_half(administrator->key, &half) != STATUS_OK) {
		status = problem_set(problem, STATUS_INVALID, "cannot write %s", path);
	}
	if (status == STATUS_OK) {
		status = key_save(path, half, &shape, no_passphrase, problem);
	}
	crypto_key_free(half);
	return status;
}

/* What a Handle.net client is born with in place of the records of the global root: handles by
 * name, and when they were true, in milliseconds. */
static enum status
bootstrap_write(const struct init_plan *plan, const struct init_administrator *administrator,
	struct bytes site, struct problem *problem)
{
	static const char *const names[] = {"0.0/0.0", "0.NA/0.NA"};
	char path[NODE_PATH_SIZE_MAX];
	char *text = malloc(FILE_SIZE_MAX);
	struct json_writer writer = json_writer_over(text, text == NULL ? 0 : FILE_SIZE_MAX);
	enum status status;

	json_write_object(&writer);
	json_write_name(&writer, "lastUpdate");
	json_write_i64(&writer, clock_wall_ms());
	json_write_name(&writer, "handles");
	json_write_object(&writer);
	for (size_t i = 0; i < 2; i++) {
		json_write_name(&writer, names[i]);
		init_record_write_json(&writer, names[i], administrator, site);
	}
	json_write_object_end(&writer);
	json_write_object_end(&writer);
	status = json_writer_end(&writer);
	if (status != STATUS_OK) {
		problem_set(problem, status, "cannot compose bootstrap_handles");
	} else {
		status = client_path(plan, "bootstrap_handles", path, problem);
	}
	if (status == STATUS_OK) {
		status = file_write_new(path, TEXT_MODE, json_written(&writer), problem);
	}
	free(text);
	return status;
}

static const char configuration[] = "{\n"
				    "  \"auto_update_root_info\" = \"no\"\n"
				    "  \"tcp_timeout\" = \"60000\"\n"
				    "}\n";

static const char readme_root[] =
	"Handle.net's own tools and libraries talk to this node after\n"
	"  mkdir -p ~/.handle && cp bootstrap_handles config.dct ~/.handle/\n"
	"bootstrap_handles tells them where the root is; config.dct keeps them from asking the\n"
	"global root for a newer one. For the global root again, remove both.\n\n"
	"让未经修改的 Handle.net 客户端使用本节点作为根：\n"
	"  mkdir -p ~/.handle && cp bootstrap_handles config.dct ~/.handle/\n"
	"删除这两个文件即恢复使用全球根。\n\n";

static const char readme_keys[] =
	"Administrators of the node and of its prefixes 节点及前缀管理员:\n"
	"  300:%s   by key 密钥       admpriv.bin (not encrypted; admpub.bin is its public half)\n"
	"  301:%s   by secret 口令    admin.secret\n\n"
	"With houji 使用 houji 命令:\n"
	"  houji list --server HOST:PORT --user 300:%s --key admpriv.bin %s\n\n"
	"Whoever reads admpriv.bin or admin.secret may change everything here: move them to the\n"
	"administrator's machine, and encrypt the key there\n"
	"  houji key convert --encrypt aes admpriv.bin admin-encrypted.bin\n"
	"能读取 admpriv.bin 或 admin.secret 者可更改此节点的一切：请移至管理员的机器并加密。\n";

static enum status
readme_write(const struct init_plan *plan, struct problem *problem)
{
	char *text = malloc(FILE_SIZE_MAX);
	char name[INIT_NAME_SIZE_MAX] = "0.NA/0.NA";
	enum status status;
	int size;

	if (text == NULL) {
		return problem_system(problem, "cannot write the client's README");
	}
	if (plan->prefix_count > 0 && !init_prefix_handle(plan->prefixes[0], name)) {
		free(text);
		return problem_set(problem, STATUS_TOO_LARGE, "the prefix is too long");
	}
	size = snprintf(text, FILE_SIZE_MAX, "%s", plan->is_root ? readme_root : "");
	if (plan->administrator_key == NULL) {
		snprintf(text + size, (size_t)(FILE_SIZE_MAX - size), readme_keys, name, name, name,
			name + strlen("0.NA/"));
	}
	status = text_write_file(plan, "README", TEXT_MODE, text, problem);
	free(text);
	return status;
}

static enum status
secret_write(const struct init_plan *plan, const struct init_administrator *administrator,
	struct problem *problem)
{
	char text[INIT_SECRET_SIZE + 2];
	enum status status;

	snprintf(text, sizeof(text), "%s\n", administrator->secret);
	status = text_write_file(plan, "admin.secret", SECRET_MODE, text, problem);
	crypto_forget(text, sizeof(text));
	return status;
}

enum status
init_client_write(const struct init_plan *plan, const struct init_administrator *administrator,
	struct bytes site, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_path(plan->directory, "client", path, problem);

	if (plan->administrator_key != NULL && !plan->is_root) {
		return status; /* There is nothing that its owner does not have. */
	}
	if (status == STATUS_OK && mkdir(path, 0700) != 0) {
		return problem_system(problem, "cannot make %s", path);
	}
	if (status == STATUS_OK && plan->administrator_key == NULL) {
		status = key_write_files(plan, administrator, problem);
	}
	if (status == STATUS_OK && plan->administrator_key == NULL) {
		status = secret_write(plan, administrator, problem);
	}
	if (status == STATUS_OK && plan->is_root) {
		status = bootstrap_write(plan, administrator, site, problem);
	}
	if (status == STATUS_OK && plan->is_root) {
		status = text_write_file(plan, "config.dct", TEXT_MODE, configuration, problem);
	}
	return status == STATUS_OK ? readme_write(plan, problem) : status;
}
