/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/delegation.h"

#include "client/client_run.h"
#include "program/administer/admin_value.h"
#include "json/json_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	INDEX_KEY = 300,
	INDEX_CHILD_ADMIN = 101,
	KEPT_COUNT_MAX = 256, /* Indexes of site values that a record may have. */
};

static const struct words delegated = {"delegated", "已委派"};
static const struct words undelegated = {"no longer delegated", "已取消委派"};

/* What has to be done to a record: the values in each list, in the order that they go out. */
struct plan {
	const struct delegation *delegation;
	bool exists;
	bool has_key, has_child_admin;
	uint32_t taken[KEPT_COUNT_MAX]; /* Indexes of all values. */
	size_t taken_count;
	uint32_t old[KEPT_COUNT_MAX]; /* Those of values that tell sites. */
	size_t old_count, used;
	size_t same_count; /* Of those, how many are as they shall be. */
	bool is_too_large;
	uint8_t *octets; /* Three parts of MESSAGE_SIZE_MAX. */
	struct wire_writer modified, added, removed;
	uint32_t modified_count, added_count, removed_count;
};

static bool
value_tells_site(const struct handle_value *value)
{
	static const char *const types[] = {"HS_SITE", "HS_SITE.6", "HS_SERV", "HS_SITE.PREFIX",
		"HS_SERV.PREFIX", "HS_NA_DELEGATE"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (bytes_equal(value->type, bytes_from_string(types[i]))) {
			return true;
		}
	}
	return false;
}

/* True if the site value number `number` of the record is what it shall become. */
static bool
value_is_as_wanted(
	const struct delegation *delegation, const struct handle_value *value, size_t number)
{
	bool is_derived = number >= delegation->site_count;
	size_t site = is_derived ? number - delegation->site_count : number;

	return site < delegation->site_count && (!is_derived || delegation->has_derived) &&
		bytes_equal(value->type, is_derived ? TEXT("HS_SITE.PREFIX") : TEXT("HS_SITE")) &&
		bytes_equal(value->data, delegation->sites[site]);
}

static void
record_looked_at(void *context, enum status status, const struct client_answer *answer)
{
	struct plan *plan = context;
	struct wire_reader walk;
	struct handle_value value;

	if (status != STATUS_OK ||
		answer->response.message.header.response_code != RESPONSE_SUCCESS) {
		return;
	}
	plan->exists = true;
	walk = handle_value_list_walk(&answer->response.values.list);
	while (handle_value_next(&walk, &value)) {
		plan->has_key = plan->has_key || value.index == INDEX_KEY;
		plan->has_child_admin = plan->has_child_admin || value.index == INDEX_CHILD_ADMIN;
		if (plan->taken_count == KEPT_COUNT_MAX) {
			plan->is_too_large = true;
			return;
		}
		plan->taken[plan->taken_count++] = value.index;
		if (value_tells_site(&value)) {
			plan->same_count +=
				value_is_as_wanted(plan->delegation, &value, plan->old_count);
			plan->old[plan->old_count++] = value.index;
		}
	}
}

static uint32_t
free_index(struct plan *plan)
{
	for (uint32_t index = 1;; index++) {
		size_t i = 0;

		while (i < plan->taken_count && plan->taken[i] != index) {
			i++;
		}
		if (i == plan->taken_count) {
			if (plan->taken_count < KEPT_COUNT_MAX) {
				plan->taken[plan->taken_count++] = index;
			}
			return index;
		}
	}
}

/* Takes the place of a value that told a site, or a place of its own. */
static void
plan_site(struct plan *plan, struct bytes type, struct bytes data)
{
	struct handle_value value = {
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = type,
		.data = data,
	};

	if (plan->used < plan->old_count) {
		value.index = plan->old[plan->used++];
		handle_value_write(&plan->modified, &value);
		plan->modified_count++;
	} else {
		value.index = free_index(plan);
		handle_value_write(&plan->added, &value);
		plan->added_count++;
	}
}

static void
plan_child(struct plan *plan, const struct delegation *delegation)
{
	uint8_t room[ADMIN_VALUE_SIZE_MAX];
	struct handle_value key = {
		.index = INDEX_KEY,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("HS_PUBKEY"),
		.data = delegation->key,
	};
	struct handle_value admin = admin_value_make(delegation->prefix, INDEX_KEY, room);

	admin.index = INDEX_CHILD_ADMIN;
	if (delegation->key.size == 0) {
		return;
	}
	if (plan->has_key) {
		handle_value_write(&plan->modified, &key);
		plan->modified_count++;
	} else {
		handle_value_write(&plan->added, &key);
		plan->added_count++;
	}
	if (!plan->has_child_admin) {
		handle_value_write(&plan->added, &admin);
		plan->added_count++;
	}
}

static void
plan_make(struct plan *plan, const struct delegation *delegation)
{
	for (size_t i = 0; i < delegation->site_count; i++) {
		plan_site(plan, TEXT("HS_SITE"), delegation->sites[i]);
	}
	for (size_t i = 0; i < delegation->site_count && delegation->has_derived; i++) {
		plan_site(plan, TEXT("HS_SITE.PREFIX"), delegation->sites[i]);
	}
	plan_child(plan, delegation);
	for (; plan->used < plan->old_count; plan->used++) {
		wire_write_u32(&plan->removed, plan->old[plan->used]);
		plan->removed_count++;
	}
}

/* The record as the server has it: not there is no failure. */
static int
plan_look(struct administer *administer, const struct delegation *delegation, struct plan *plan)
{
	struct request request = administer_request(OPCODE_RESOLUTION);
	enum status status;

	request.message.header.flags |= MESSAGE_FLAG_PUBLIC_ONLY | MESSAGE_FLAG_DO_NOT_REFER;
	request.resolution = (struct request_resolution){.name = delegation->prefix};
	status = client_run(administer->loop, administer->link, &request, record_looked_at, plan);
	if (status != STATUS_OK) {
		return command_failure(administer->manual, SAY("%s: %s", "%s：%s"),
			administer->server, administer_failure_text(status));
	}
	if (plan->is_too_large) {
		return command_failure(administer->manual,
			SAY("the record of the prefix has more than %d values; change it by hand",
				"前缀记录的值超过 %d 个，请手动修改"),
			KEPT_COUNT_MAX);
	}
	return EXIT_CODE_OK;
}

static int
plan_create(struct administer *administer, const struct delegation *delegation, struct plan *plan,
	struct words done)
{
	struct request request = administer_request(OPCODE_CREATE_HANDLE);
	uint8_t room[ADMIN_VALUE_SIZE_MAX];
	struct handle_value admin =
		admin_value_make(administer->identity.handle, administer->identity.index, room);

	handle_value_write(&plan->added, &admin);
	plan->added_count++;
	if (wire_writer_end(&plan->added) != STATUS_OK) {
		return command_failure(administer->manual, "%s", status_text(STATUS_TOO_LARGE));
	}
	request.values.name = delegation->prefix;
	request.values.values =
		(struct handle_value_list){plan->added_count, wire_written(&plan->added)};
	return administer_ask(administer, &request, done);
}

static void
step_answered(void *context, enum status status, const struct client_answer *answer)
{
	(void)context;
	(void)status;
	(void)answer;
}

/* One request; the last one tells what was done. */
static int
plan_step(struct administer *administer, struct request *request, bool is_last, struct words done)
{
	return is_last ? administer_ask(administer, request, done)
		       : administer_ask_parts(administer, request, step_answered, NULL);
}

static int
plan_change(struct administer *administer, const struct delegation *delegation, struct plan *plan,
	struct words done)
{
	uint32_t left = (uint32_t)((plan->modified_count > 0) + (plan->added_count > 0) +
		(plan->removed_count > 0));
	int exit_code = EXIT_CODE_OK;

	if (left == 0) {
		return command_failure(administer->manual, "%s",
			SAY("the prefix is not delegated: its record names no site",
				"前缀未被委派：其记录没有站点"));
	}
	if (plan->modified_count > 0) {
		struct request request = administer_request(OPCODE_MODIFY_VALUE);

		request.values = (struct request_values){
			delegation->prefix, {plan->modified_count, wire_written(&plan->modified)}};
		exit_code = plan_step(administer, &request, --left == 0, done);
	}
	if (exit_code == EXIT_CODE_OK && plan->added_count > 0) {
		struct request request = administer_request(OPCODE_ADD_VALUE);

		request.values = (struct request_values){
			delegation->prefix, {plan->added_count, wire_written(&plan->added)}};
		exit_code = plan_step(administer, &request, --left == 0, done);
	}
	if (exit_code == EXIT_CODE_OK && plan->removed_count > 0) {
		struct request request = administer_request(OPCODE_REMOVE_VALUE);

		request.indexes = (struct request_indexes){
			delegation->prefix, plan->removed_count, wire_written(&plan->removed)};
		exit_code = plan_step(administer, &request, --left == 0, done);
	}
	return exit_code;
}

/* Nothing has to change. */
static bool
plan_is_done(const struct plan *plan)
{
	const struct delegation *delegation = plan->delegation;
	size_t wanted = delegation->site_count * (delegation->has_derived ? 2 : 1);

	return wanted > 0 && delegation->key.size == 0 && plan->same_count == wanted &&
		plan->old_count == wanted;
}

static int
plan_tell_done(const struct administer *administer, const struct plan *plan)
{
	struct bytes prefix = plan->delegation->prefix;

	if (administer->is_json) {
		char text[8 * HANDLE_NAME_SIZE_MAX];
		struct json_writer writer = json_writer_over(text, sizeof(text));

		json_write_object(&writer);
		json_write_name(&writer, "responseCode");
		json_write_u64(&writer, RESPONSE_SUCCESS);
		json_write_name(&writer, "handle");
		json_write_string(&writer, prefix);
		json_write_name(&writer, "unchanged");
		json_write_bool(&writer, true);
		json_write_object_end(&writer);
		printf("%.*s\n", (int)json_written(&writer).size, text);
	} else if (!administer->is_quiet) {
		printf(SAY("delegated %.*s, as it was\n", "已委派 %.*s，与此前相同\n"),
			(int)prefix.size, (const char *)prefix.at);
	}
	return EXIT_CODE_OK;
}

int
delegation_carry_out(struct administer *administer, const struct delegation *delegation)
{
	struct words done = delegation->site_count > 0 ? delegated : undelegated;
	uint8_t *octets = malloc(3 * MESSAGE_SIZE_MAX);
	struct plan plan = {
		.delegation = delegation,
		.modified = wire_writer_over(octets, MESSAGE_SIZE_MAX),
		.added = wire_writer_over(octets + MESSAGE_SIZE_MAX, MESSAGE_SIZE_MAX),
		.removed = wire_writer_over(octets + 2 * MESSAGE_SIZE_MAX, MESSAGE_SIZE_MAX),
	};
	int exit_code;

	if (octets == NULL) {
		return command_no_memory(administer->manual);
	}
	exit_code = plan_look(administer, delegation, &plan);
	if (exit_code == EXIT_CODE_OK && plan_is_done(&plan)) {
		exit_code = plan_tell_done(administer, &plan);
	} else if (exit_code == EXIT_CODE_OK) {
		plan_make(&plan, delegation);
		exit_code = !plan.exists && delegation->site_count > 0
			? plan_create(administer, delegation, &plan, done)
			: plan_change(administer, delegation, &plan, done);
	}
	free(octets);
	return exit_code;
}
