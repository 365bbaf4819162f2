/* SPDX-License-Identifier: Apache-2.0 */
#include "program/transfer/import.h"

#include "base/file.h"
#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "ledger/ledger.h"
#include "node/node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SITE_TEXT_SIZE_MAX = 1048576 };

static bool
face_is(const struct import_interface *face, const char *start)
{
	return bytes_start_with(face->name, bytes_from_string(start));
}

/* Adds ADDRESS:PORT to a list of settings, once. */
static enum status
endpoint_put(struct import *import, const char *setting, struct settings_addresses *list,
	struct bytes address, struct bytes port)
{
	char text[ADDRESS_TEXT_SIZE_MAX + 16];
	char one[ADDRESS_TEXT_SIZE_MAX], other[ADDRESS_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));
	bool is_v6 = bytes_find(address, ':') < address.size;
	enum status status;

	text_write_string(&writer, is_v6 ? "[" : "");
	text_write(&writer, address);
	text_write_string(&writer, is_v6 ? "]:" : ":");
	text_write(&writer, port);
	status = settings_put(&import->settings, setting, text_written(&writer));
	for (uint32_t i = 0; status == STATUS_OK && i + 1 < list->count; i++) {
		address_format(&list->items[i], one);
		address_format(&list->items[list->count - 1], other);
		if (strcmp(one, other) == 0) {
			list->count--;
		}
	}
	return status;
}

static enum status
face_put(struct import *import, const struct import_interface *face)
{
	bool is_http = face_is(face, "hdl_http");
	const char *setting = is_http ? "http" : "listen";
	struct settings_addresses *list =
		is_http ? &import->settings.http : &import->settings.listen;
	struct bytes port = face->port.size > 0 ? face->port
		: is_http			? TEXT("8000")
						: TEXT("2641");
	enum status status;

	if (face->address.size > 0) {
		return endpoint_put(import, setting, list, face->address, port);
	}
	status = endpoint_put(import, setting, list, TEXT("0.0.0.0"), port);
	return status == STATUS_OK ? endpoint_put(import, setting, list, TEXT("::"), port) : status;
}

/* Addresses from the interfaces that are open; the defaults where there is none. */
static enum status
interfaces_settle(struct import *import, struct problem *problem)
{
	bool is_listening = false;

	for (size_t i = 0; i < import->interface_count; i++) {
		struct import_interface *face = &import->interfaces[i];

		face->is_open = face->is_open || !import->has_interface_list;
		if (!face->is_open || !face_is(face, "hdl_")) {
			continue;
		}
		if (!is_listening && !face_is(face, "hdl_http")) {
			settings_clear(&import->settings, "listen");
			is_listening = true;
		}
		if (face_put(import, face) != STATUS_OK) {
			return problem_set(problem, STATUS_INVALID,
				"the address and port of %.*s cannot be set", (int)face->name.size,
				(const char *)face->name.at);
		}
	}
	return STATUS_OK;
}

static enum status
site_write(const struct import *import, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	char *text = malloc(SITE_TEXT_SIZE_MAX);
	struct json_writer writer = json_writer_over(text, text == NULL ? 0 : SITE_TEXT_SIZE_MAX);
	enum status status = node_path(import->target, import->settings.site.text, path, problem);

	writer.is_pretty = true;
	handle_site_write_json(&writer, &import->site);
	if (status == STATUS_OK && json_writer_end(&writer) != STATUS_OK) {
		status = problem_set(
			problem, STATUS_TOO_LARGE, "%s: the site record is too large", path);
	}
	if (status == STATUS_OK) {
		status = file_write_new(path, 0644, json_written(&writer), problem);
	}
	free(text);
	return status;
}

static enum status
key_write(const struct import *import, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_path(import->target, "keys", path, problem);

	if (status == STATUS_OK && mkdir(path, 0700) != 0) {
		return problem_system(problem, "cannot make %s", path);
	}
	if (status == STATUS_OK) {
		status = node_path(import->target, import->settings.key.text, path, problem);
	}
	return status == STATUS_OK ? crypto_key_write_pem(path, import->key, problem) : status;
}

static enum status
prefix_home(struct ledger *ledger, struct bytes prefix, struct problem *problem)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	char name[HANDLE_NAME_SIZE_MAX];
	struct text_writer writer = text_writer_over(name, sizeof(name));
	struct ledger_change change = {.kind = JOURNAL_HOME, .actor = TEXT("import")};
	enum status status;

	text_write_string(&writer, handle_name_is_prefix_handle(prefix) ? "" : "0.NA/");
	text_write(&writer, prefix);
	change.name = bytes_over(key, handle_name_key(text_written(&writer), key));
	status = ledger_commit(ledger, &change);
	if (status != STATUS_OK && status != STATUS_EXISTS) {
		return problem_set(problem, status, "cannot home the prefix %.*s: %s",
			(int)prefix.size, (const char *)prefix.at, status_text(status));
	}
	return STATUS_OK;
}

static enum status
ledger_make(const struct import *import, struct problem *problem)
{
	struct ledger *ledger = NULL;
	struct problem later;
	enum status status = ledger_open(import->target, LEDGER_CREATE, &ledger, problem);

	for (size_t i = 0; i < import->prefix_count && status == STATUS_OK; i++) {
		status = prefix_home(ledger, import->prefixes[i], problem);
	}
	if (ledger != NULL && ledger_close(ledger, &later) != STATUS_OK && status == STATUS_OK) {
		*problem = later;
		status = later.status;
	}
	return status;
}

enum status
import_prepare(struct import *import, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = interfaces_settle(import, problem);

	if (status == STATUS_OK && mkdir(import->target, 0700) != 0 && errno != EEXIST) {
		return problem_system(problem, "cannot make %s", import->target);
	}
	if (status == STATUS_OK) {
		status = node_path(import->target, "houji.yaml", path, problem);
	}
	if (status == STATUS_OK) {
		/* Made first and never overwritten: a folder that has one is a node already. */
		status = settings_write(path, &import->settings, language_is_chinese(), problem);
	}
	if (status == STATUS_OK) {
		status = key_write(import, problem);
	}
	if (status == STATUS_OK) {
		status = site_write(import, problem);
	}
	if (status == STATUS_OK) {
		status = ledger_make(import, problem);
	}
	return status == STATUS_OK ? node_check(import->target, problem) : status;
}
