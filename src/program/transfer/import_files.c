/* SPDX-License-Identifier: Apache-2.0 */
#include "program/transfer/import.h"

#include "base/file.h"
#include "handle/handle_json.h"
#include "handle/handle_key.h"
#include "node/node.h"
#include "program/key/key_load.h"
#include "program/key/key_save.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SITE_TEXT_SIZE_MAX = 1048576, FILE_COUNT_MAX = 4096 };

static const struct {
	const char *pattern;
	enum import_fate fate;
	struct words words;
} rows[] = {
#define X(pattern, fate, english, chinese) {pattern, IMPORT_##fate, {english, chinese}},
#include "program/transfer/import_files.def"
#undef X
};

static const char *
text_keep(struct import *import, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = arena_alloc(import->arena, size);

	if (copy == NULL) {
		return "";
	}
	memcpy(copy, text, size);
	return copy;
}

static struct import_line *
line_of(struct import *import, const char *name)
{
	for (struct import_line *line = import->lines; line != NULL; line = line->next) {
		if (line->line == 0 && bytes_equal(line->key, bytes_from_string(name))) {
			return line;
		}
	}
	return NULL;
}

/* The name matches a pattern in which "*" may stand for dots, too. */
static bool
file_fits(const char *pattern, const char *name)
{
	size_t size = strcspn(pattern, "*");

	return pattern[size] == '*' ? strncmp(pattern, name, size) == 0
				    : strcmp(pattern, name) == 0;
}

static void
file_tell(struct import *import, const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (file_fits(rows[i].pattern, name)) {
			import_add(import, rows[i].fate, bytes_from_string(text_keep(import, name)),
				words_say(rows[i].words));
			return;
		}
	}
}

static int
names_compare(const void *one, const void *other)
{
	const char *const *left = one;
	const char *const *right = other;

	return strcmp(*left, *right);
}

static enum status
folder_read(struct import *import, struct problem *problem)
{
	const char **names = arena_alloc_array(import->arena, FILE_COUNT_MAX, sizeof(*names));
	DIR *folder = opendir(import->source);
	const struct dirent *entry;
	size_t count = 0;

	if (folder == NULL || names == NULL) {
		enum status status = problem_system(problem, "cannot read %s", import->source);

		if (folder != NULL) {
			closedir(folder);
		}
		return status;
	}
	while (count < FILE_COUNT_MAX && (entry = readdir(folder)) != NULL) {
		names[count++] = text_keep(import, entry->d_name);
	}
	closedir(folder);
	qsort(names, count, sizeof(*names), names_compare);
	for (size_t i = 0; i < count; i++) {
		file_tell(import, names[i]);
	}
	return STATUS_OK;
}

/* A file that must be there and sound: else nothing can be made, and its line says why. */
static void
file_refuse(struct import *import, const char *name, const char *why)
{
	struct import_line *line = line_of(import, name);

	if (line == NULL) {
		import_add(import, IMPORT_DANGEROUS, bytes_from_string(text_keep(import, name)),
			text_keep(import, why));
	} else {
		import_change(import, line, IMPORT_DANGEROUS, text_keep(import, why));
	}
}

/* The whole of DIR/NAME in the arena. */
static enum status
file_take(struct import *import, const char *name, size_t size_max, struct bytes *ret_octets,
	struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	uint8_t *octets = arena_alloc(import->arena, size_max + 1);
	size_t size = 0;
	enum status status = node_path(import->source, name, path, problem);

	if (status == STATUS_OK && octets == NULL) {
		status = problem_set(problem, STATUS_NO_MEMORY, "no memory to read %s", path);
	}
	if (status == STATUS_OK) {
		status = file_read(path, size_max, octets, &size, problem);
	}
	if (status == STATUS_OK) {
		*ret_octets = bytes_over(octets, size);
	}
	return status;
}

static void
configuration_read(struct import *import)
{
	struct problem problem = {.text = ""};
	const struct handle_table *table;
	struct bytes text;
	enum status status =
		file_take(import, "config.dct", CONFIGURATION_SIZE_MAX, &text, &problem);

	if (status == STATUS_OK) {
		status = handle_table_decode(text, "config.dct", import->arena, &table, &problem);
	}
	if (status != STATUS_OK) {
		file_refuse(import, "config.dct", problem.text);
		return;
	}
	import_take(import, table);
}

static void
site_read(struct import *import)
{
	bool is_json = line_of(import, "siteinfo.json") != NULL;
	const char *name = is_json ? "siteinfo.json" : "siteinfo.bin";
	struct problem problem = {.text = ""};
	struct bytes octets;
	enum status status = file_take(import, name, SITE_TEXT_SIZE_MAX, &octets, &problem);

	if (status == STATUS_OK && is_json) {
		struct json_reader reader = json_reader_over(octets, import->arena);

		status = handle_site_read_json(&reader, &import->site, &problem);
		if (status == STATUS_OK && json_reader_end(&reader) != STATUS_OK) {
			status = problem_set(
				&problem, STATUS_MALFORMED, "text follows the site record");
		}
	} else if (status == STATUS_OK) {
		status = handle_site_decode(octets, &import->site);
		if (status != STATUS_OK) {
			problem_set(&problem, status, "it is no site record: it %s",
				status_text(status));
		}
	}
	if (status != STATUS_OK) {
		file_refuse(import, name, problem.text);
		return;
	}
	import->has_site = true;
}

/* Opens privkey.bin. Only looking, a passphrase is used if there is one, but not asked for. */
static void
key_read(struct import *import)
{
	char path[NODE_PATH_SIZE_MAX];
	struct problem problem = {.text = ""};
	struct key_loaded loaded = {.key = NULL};
	struct handle_key_about about;
	struct bytes octets;
	enum status status = file_take(import, "privkey.bin", KEY_FILE_SIZE_MAX, &octets, &problem);

	if (status == STATUS_OK) {
		status = handle_key_look(octets, "privkey.bin", &about, &problem);
	}
	if (status == STATUS_OK) {
		status = node_path(import->source, "privkey.bin", path, &problem);
	}
	if (status == STATUS_OK && about.is_encrypted && import->target == NULL &&
		!passphrase_is_given(&import->passphrase)) {
		struct import_line *line = line_of(import, "privkey.bin");

		if (line != NULL) {
			line->is_warning = true;
			line->text = SAY(
				"is encrypted and was not opened: it could not be compared "
				"with the site record (--passphrase-file FILE)",
				"已加密且未打开：无法与站点记录比对（--passphrase-file FILE）");
		}
		return;
	}
	if (status == STATUS_OK) {
		status = key_load("import", path, &import->passphrase, &loaded, &problem);
	}
	if (status == STATUS_OK && !loaded.about.is_private) {
		crypto_key_free(loaded.key);
		status = problem_set(&problem, STATUS_INVALID, "it is a public key");
	}
	if (status != STATUS_OK) {
		file_refuse(import, "privkey.bin", problem.text);
		return;
	}
	import->key = loaded.key;
}

/* Whether these octets are the public half of the server's key. */
static bool
is_own_key(const struct import *import, struct bytes public_octets)
{
	uint8_t own[KEY_SIZE_MAX], other[KEY_SIZE_MAX];
	struct crypto_key *key = NULL;
	struct handle_key parts;
	struct bytes own_run, other_run;
	bool is_same = false;

	if (handle_key_decode(public_octets, &parts) == STATUS_OK &&
		handle_key_to_crypto(&parts, &key) == STATUS_OK &&
		key_public_octets(key, other, &other_run) == STATUS_OK &&
		key_public_octets(import->key, own, &own_run) == STATUS_OK) {
		is_same = bytes_equal(own_run, other_run);
	}
	crypto_key_free(key);
	return is_same;
}

/* One of the site's servers must have the key; the configuration must not say another. */
static void
site_compare(struct import *import)
{
	struct wire_reader walk = wire_reader_over(import->site.servers);
	struct handle_server server;
	bool is_found = false;

	while (handle_server_next(&walk, &server)) {
		if (!is_own_key(import, server.public_key)) {
			continue;
		}
		is_found = true;
		if (import->has_server_id && server.id == import->server_id) {
			return;
		}
	}
	if (!is_found) {
		file_refuse(import, "privkey.bin",
			SAY("no server of the site record has its public half",
				"站点记录中没有与其匹配的服务器公钥"));
	} else if (import->has_server_id) {
		for (struct import_line *line = import->lines; line != NULL; line = line->next) {
			if (bytes_equal(line->key, TEXT("server_config.this_server_id"))) {
				import_change(import, line, IMPORT_INVALID,
					SAY("the site record gives this key to another server; the "
					    "key decides",
						"站点记录中该密钥属于另一服务器；以密钥为准"));
			}
		}
	}
}

static void
public_key_compare(struct import *import)
{
	struct import_line *line = line_of(import, "pubkey.bin");
	struct problem problem;
	struct bytes octets;

	if (line == NULL) {
		return;
	}
	if (file_take(import, "pubkey.bin", KEY_FILE_SIZE_MAX, &octets, &problem) != STATUS_OK ||
		!is_own_key(import, octets)) {
		import_change(import, line, IMPORT_INVALID,
			SAY("is not the public half of privkey.bin", "与 privkey.bin 不匹配"));
	}
}

enum status
import_read(struct import *import, struct problem *problem)
{
	enum status status = folder_read(import, problem);

	if (status != STATUS_OK) {
		return status;
	}
	configuration_read(import);
	site_read(import);
	key_read(import);
	if (import->key != NULL && import->has_site) {
		site_compare(import);
	}
	if (import->key != NULL) {
		public_key_compare(import);
	}
	if (import->is_short_of_memory) {
		return problem_set(problem, STATUS_NO_MEMORY, "%s: no memory for so much of it",
			import->source);
	}
	return STATUS_OK;
}
