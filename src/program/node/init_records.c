/* SPDX-License-Identifier: Apache-2.0 */
#include "program/node/init.h"

#include "base/base64.h"
#include "base/clock.h"
#include "crypto/crypto.h"
#include "handle/handle_admin.h"
#include "handle/handle_json.h"
#include "program/key/key_load.h"
#include "program/key/key_save.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RIGHTS_ALL = 0x0fff, /* Every right that Handle.net knows. */
	SECRET_OCTET_COUNT = 24, /* INIT_SECRET_SIZE characters of base64url. */
	INDEX_SITE = 1,
	INDEX_ADMIN_BY_KEY = 100,
	INDEX_ADMIN_BY_SECRET = 101,
	INDEX_KEY = 300,
	INDEX_SECRET = 301,
	PERMISSIONS_SECRET = HANDLE_ADMIN_READ | HANDLE_ADMIN_WRITE,
	VALUES_SIZE_MAX = 65536,
};

static const char root_name[] = "0.NA/0.NA";
static const char trust_name[] = "0.0/0.0";

static uint32_t
now_s(void)
{
	return (uint32_t)(clock_wall_ms() / 1000);
}

/* Somebody's key, of which the node needs the public half only. */
static enum status
administrator_known(const struct init_plan *plan, struct init_administrator *ret_administrator,
	struct problem *problem)
{
	*ret_administrator = (struct init_administrator){.made_s = now_s()};
	return key_load_public("init", plan->administrator_key, &ret_administrator->key, problem);
}

enum status
init_administrator_make(const struct init_plan *plan, struct init_administrator *ret_administrator,
	struct problem *problem)
{
	struct init_administrator administrator = {.made_s = now_s()};
	uint8_t octets[SECRET_OCTET_COUNT];
	enum status status;

	if (plan->administrator_key != NULL) {
		return administrator_known(plan, ret_administrator, problem);
	}
	status = crypto_key_new(CRYPTO_KEY_RSA, &administrator.key);

	if (status != STATUS_OK) {
		return problem_set(problem, status, "cannot make the administrator's key");
	}
	crypto_random(octets, sizeof(octets));
	base64_encode(bytes_over(octets, sizeof(octets)), BASE64_URL, administrator.secret);
	administrator.secret[INIT_SECRET_SIZE] = '\0';
	crypto_forget(octets, sizeof(octets));
	*ret_administrator = administrator;
	crypto_forget(&administrator, sizeof(administrator));
	return STATUS_OK;
}

void
init_administrator_free(struct init_administrator *administrator)
{
	crypto_key_free(administrator->key);
	crypto_forget(administrator, sizeof(*administrator));
}

bool
init_prefix_handle(const char *prefix, char ret_name[INIT_NAME_SIZE_MAX])
{
	bool is_whole = handle_name_is_prefix_handle(bytes_from_string(prefix));
	int size = snprintf(ret_name, INIT_NAME_SIZE_MAX, "%s%s", is_whole ? "" : "0.NA/", prefix);

	return size > 0 && size <= HANDLE_NAME_SIZE_MAX;
}

/* The handle under which the administrator of the node is known: of the first prefix that was
 * asked for, or the root's own. */
static bool
administrator_name(const struct init_plan *plan, char ret_name[INIT_NAME_SIZE_MAX])
{
	if (plan->prefix_count == 0) {
		snprintf(ret_name, INIT_NAME_SIZE_MAX, "%s", root_name);
		return plan->is_root;
	}
	return init_prefix_handle(plan->prefixes[0], ret_name);
}

enum status
init_settings_name(struct init_plan *plan, struct problem *problem)
{
	static const int indexes[] = {INDEX_KEY, INDEX_SECRET};
	char name[INIT_NAME_SIZE_MAX];
	char reference[INIT_NAME_SIZE_MAX + 16];

	if (!administrator_name(plan, name)) {
		return STATUS_OK; /* No prefix: there is no handle that could be one. */
	}
	for (size_t i = 0; i < (plan->administrator_key == NULL ? 2 : 1); i++) {
		struct bytes text;
		enum status status;

		snprintf(reference, sizeof(reference), "%d:%s", indexes[i], name);
		text = bytes_from_string(reference);
		status = settings_identity_add(&plan->settings.server_admins, text);
		if (status == STATUS_OK) {
			status = settings_identity_add(&plan->settings.replication_admins, text);
		}
		if (status != STATUS_OK) {
			return problem_set(problem, status, "%s cannot be an administrator: it %s",
				reference, status_text(status));
		}
	}
	return STATUS_OK;
}

/* One record in the making. */
struct making {
	struct wire_writer writer;
	uint32_t count;
	uint32_t timestamp;
};

static void
value_add(struct making *making, uint32_t index, struct bytes type, struct bytes data,
	uint8_t permissions)
{
	struct handle_value value = {
		.index = index,
		.timestamp = making->timestamp,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = permissions,
		.type = type,
		.data = data,
	};

	handle_value_write(&making->writer, &value);
	making->count++;
}

static void
admin_add(struct making *making, uint32_t index, const char *name, uint32_t identity)
{
	uint8_t octets[INIT_NAME_SIZE_MAX + 16];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_admin admin = {
		.rights = RIGHTS_ALL, .name = bytes_from_string(name), .index = identity};

	handle_admin_write(&writer, &admin);
	if (wire_writer_end(&writer) != STATUS_OK) {
		wire_writer_fail(&making->writer, STATUS_TOO_LARGE);
	}
	value_add(
		making, index, TEXT("HS_ADMIN"), wire_written(&writer), HANDLE_PERMISSION_DEFAULT);
}

/* The record `name`, administered by itself; 0.0/0.0, which is no place, by the root. */
static enum status
record_make(struct making *making, const char *name, const struct init_administrator *administrator,
	struct bytes site, bool has_secret)
{
	bool is_trust = strcmp(name, trust_name) == 0;
	const char *identity = is_trust ? root_name : name;
	uint8_t octets[KEY_SIZE_MAX];
	struct bytes key;
	enum status status = key_public_octets(administrator->key, octets, &key);

	if (status != STATUS_OK) {
		return status;
	}
	making->timestamp = administrator->made_s;
	if (!is_trust) {
		value_add(making, INDEX_SITE, TEXT("HS_SITE"), site, HANDLE_PERMISSION_DEFAULT);
	}
	admin_add(making, INDEX_ADMIN_BY_KEY, identity, INDEX_KEY);
	if (administrator->secret[0] != '\0') {
		admin_add(making, INDEX_ADMIN_BY_SECRET, identity, INDEX_SECRET);
	}
	value_add(making, INDEX_KEY, TEXT("HS_PUBKEY"), key, HANDLE_PERMISSION_DEFAULT);
	if (has_secret && !is_trust && administrator->secret[0] != '\0') {
		value_add(making, INDEX_SECRET, TEXT("HS_SECKEY"),
			bytes_from_string(administrator->secret), PERMISSIONS_SECRET);
	}
	return wire_writer_end(&making->writer);
}

void
init_record_write_json(struct json_writer *writer, const char *name,
	const struct init_administrator *administrator, struct bytes site)
{
	uint8_t *octets = malloc(VALUES_SIZE_MAX);
	struct making making = {
		.writer = wire_writer_over(octets, octets == NULL ? 0 : VALUES_SIZE_MAX)};
	enum status status = record_make(&making, name, administrator, site, false);
	struct handle_value_list list = {making.count, wire_written(&making.writer)};

	if (status == STATUS_OK) {
		handle_record_write_json(writer, bytes_from_string(name), &list);
	} else {
		json_writer_fail(writer, status);
	}
	free(octets);
}

static enum status
prefix_home(struct ledger *ledger, const char *name, struct problem *problem)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	size_t size = handle_name_key(bytes_from_string(name), key);
	struct ledger_change change = {
		.kind = JOURNAL_HOME, .name = bytes_over(key, size), .actor = TEXT("init")};
	enum status status = ledger_commit(ledger, &change);

	/* Twice in the command line, or once there and once as the root's own. */
	if (status == STATUS_OK || status == STATUS_EXISTS) {
		return STATUS_OK;
	}
	return problem_set(
		problem, status, "cannot home the prefix %s: %s", name, status_text(status));
}

static enum status
record_commit(struct ledger *ledger, const char *name,
	const struct init_administrator *administrator, struct bytes site, struct problem *problem)
{
	uint8_t *octets = malloc(VALUES_SIZE_MAX);
	struct making making = {
		.writer = wire_writer_over(octets, octets == NULL ? 0 : VALUES_SIZE_MAX)};
	struct ledger_change change = {
		.kind = JOURNAL_PUT, .name = bytes_from_string(name), .actor = TEXT("init")};
	enum status status = record_make(&making, name, administrator, site, true);

	if (status == STATUS_OK) {
		change.values =
			(struct handle_value_list){making.count, wire_written(&making.writer)};
		status = ledger_commit(ledger, &change);
	}
	if (octets != NULL) {
		crypto_forget(octets, VALUES_SIZE_MAX);
	}
	free(octets);
	if (status != STATUS_OK) {
		return problem_set(problem, status, "cannot make the record of %s: %s", name,
			status_text(status));
	}
	return STATUS_OK;
}

enum status
init_records_commit(struct ledger *ledger, const struct init_plan *plan,
	const struct init_administrator *administrator, struct bytes site, struct problem *problem)
{
	char name[INIT_NAME_SIZE_MAX];
	enum status status = STATUS_OK;

	if (plan->is_root) {
		status = prefix_home(ledger, "0.NA/0.0", problem);
		if (status == STATUS_OK) {
			status = prefix_home(ledger, root_name, problem);
		}
		if (status == STATUS_OK) {
			status = record_commit(ledger, trust_name, administrator, site, problem);
		}
		if (status == STATUS_OK) {
			status = record_commit(ledger, root_name, administrator, site, problem);
		}
	}
	for (size_t i = 0; i < plan->prefix_count && status == STATUS_OK; i++) {
		if (!init_prefix_handle(plan->prefixes[i], name)) {
			return problem_set(problem, STATUS_TOO_LARGE,
				"the prefix %.100s... is too long", plan->prefixes[i]);
		}
		status = prefix_home(ledger, name, problem);
		if (status == STATUS_OK) {
			status = record_commit(ledger, name, administrator, site, problem);
		}
	}
	return status;
}
