/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"
#include "program/key/key.h"

#include "handle/handle_key.h"
#include "program/key/key_ask.h"
#include "program/server/site_file.h"
#include "json/json_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHERE_SIZE_MAX = 512 };

/* Does a private key belong to a public one that lies somewhere else? */
struct check {
	const char *path; /* Of the private key. */
	uint8_t octets[KEY_SIZE_MAX];
	struct bytes own; /* Its public half, as HS_PUBKEY has it. */
	size_t compared; /* Public keys that were there to be compared. */
	bool is_match;
	char where[WHERE_SIZE_MAX];
};

/* Two keys are the same when their numbers are, whatever zeros stand around them. */
static bool
octets_match(const struct check *check, struct bytes public_octets)
{
	uint8_t octets[KEY_SIZE_MAX];
	struct crypto_key *key = NULL;
	struct handle_key parts;
	struct bytes run;
	bool is_same = false;

	if (handle_key_decode(public_octets, &parts) == STATUS_OK &&
		handle_key_to_crypto(&parts, &key) == STATUS_OK &&
		key_public_octets(key, octets, &run) == STATUS_OK) {
		is_same = bytes_equal(run, check->own);
	}
	crypto_key_free(key);
	return is_same;
}

static void
site_compare(struct check *check, const struct handle_site *site, const char *path)
{
	struct wire_reader walk = wire_reader_over(site->servers);
	struct handle_server server;

	while (!check->is_match && handle_server_next(&walk, &server)) {
		check->compared++;
		if (octets_match(check, server.public_key)) {
			check->is_match = true;
			snprintf(check->where, sizeof(check->where),
				SAY("server %u of %s", "服务器 %u（%s）"), server.id, path);
		}
	}
}

static enum status
site_check(struct check *check, const char *path, struct problem *problem)
{
	static struct site_data data;
	struct handle_site site;
	enum status status = site_file_read(path, &data, problem);

	if (status == STATUS_OK) {
		status = handle_site_decode(site_octets(&data), &site);
	}
	if (status == STATUS_OK) {
		site_compare(check, &site, path);
	}
	return status;
}

static enum status
file_check(struct check *check, const char *path, const struct key_options *options,
	struct problem *problem)
{
	struct key_loaded loaded = {.key = NULL};
	uint8_t octets[KEY_SIZE_MAX];
	struct bytes run;
	enum status status = key_load("key", path, &options->new_passphrase, &loaded, problem);

	if (status == STATUS_OK) {
		status = key_public_octets(loaded.key, octets, &run);
	}
	if (status == STATUS_OK) {
		check->compared++;
		check->is_match = bytes_equal(run, check->own);
		snprintf(check->where, sizeof(check->where), "%s", path);
	}
	crypto_key_free(loaded.key);
	return status;
}

static void
value_compare(void *context, const struct handle_value *value)
{
	struct check *check = context;

	check->compared++;
	if (!check->is_match && octets_match(check, value->data)) {
		check->is_match = true;
		snprintf(check->where, sizeof(check->where),
			SAY("value %u of that handle", "该标识的值 %u"), value->index);
	}
}

/* What stderr says of keys that do not belong together. */
static void
refusal_format(const struct check *check, const char *other, char *ret_text, size_t capacity)
{
	if (check->compared == 0) {
		snprintf(ret_text, capacity,
			SAY("%s holds no public key to compare with", "%s 中没有可供比对的公钥"),
			other);
	} else {
		snprintf(ret_text, capacity,
			SAY("%s is not the private half of the key in %s",
				"%s 与 %s 中的公钥不匹配"),
			check->path, other);
	}
}

static int
verdict_print(const struct check *check, const char *other, const struct key_options *options)
{
	char refusal[2 * WHERE_SIZE_MAX], text[16 * WHERE_SIZE_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text));

	refusal_format(check, other, refusal, sizeof(refusal));
	if (options->is_json) {
		json_write_object(&writer);
		json_write_name(&writer, "match");
		json_write_bool(&writer, check->is_match);
		json_write_name(&writer, "compared");
		json_write_u64(&writer, check->compared);
		if (!check->is_match) {
			command_error_write(&writer,
				check->compared == 0 ? "NOT_FOUND" : "WRONG_PROOF",
				bytes_from_string(refusal));
		}
		json_write_object_end(&writer);
		printf("%.*s\n", (int)json_written(&writer).size, text);
	} else if (check->is_match) {
		printf(SAY("%s belongs to %s\n", "%s 与 %s 匹配\n"), check->path, check->where);
	}
	return check->is_match ? EXIT_CODE_OK : command_refusal(&command_key_manual, "%s", refusal);
}

int
key_check(const struct key_options *options)
{
	struct check check = {.path = NULL};
	struct key_loaded loaded = {.key = NULL};
	struct problem problem = {.text = ""};
	const char *other = options->site != NULL ? options->site : options->identity;
	enum status status;

	if (options->argument_count != (other == NULL ? 2 : 1) ||
		(options->site != NULL && options->identity != NULL)) {
		return command_usage_error(&command_key_manual, "%s",
			SAY("check: give the private key, and the public one, --site FILE or "
			    "--user INDEX:HANDLE",
				"check：请给出私钥，以及公钥文件、--site FILE 或 --user "
				"INDEX:HANDLE"));
	}
	check.path = options->arguments[0];
	other = other != NULL ? other : options->arguments[1];
	status = key_load("key", check.path, &options->passphrase, &loaded, &problem);
	if (status == STATUS_OK && !loaded.about.is_private) {
		status = problem_set(&problem, STATUS_INVALID,
			"%s: is a public key; the private one is to be checked", check.path);
	}
	if (status == STATUS_OK) {
		status = key_public_octets(loaded.key, check.octets, &check.own);
	}
	if (status == STATUS_OK && options->site != NULL) {
		status = site_check(&check, options->site, &problem);
	} else if (status == STATUS_OK && options->identity != NULL) {
		status = key_ask(
			options->server, options->identity, value_compare, &check, &problem);
	} else if (status == STATUS_OK) {
		status = file_check(&check, options->arguments[1], options, &problem);
	}
	crypto_key_free(loaded.key);
	if (status != STATUS_OK) {
		return command_problem(&command_key_manual, &problem);
	}
	return verdict_print(&check, other, options);
}
