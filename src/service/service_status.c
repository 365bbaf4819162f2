/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service_private.h"
#include "json/json_writer.h"

/*
 * What 0.SITE/status says to administrators: one value of the type that Handle.net uses, with
 * JSON of our own: the version, the ledger, who is known, and everything that is counted.
 */
enum { STATUS_TEXT_SIZE_MAX = 16384, STATUS_INDEX = 1 };

static void
number_write(struct json_writer *json, const char *name, uint64_t number)
{
	json_write_name(json, name);
	json_write_u64(json, number);
}

static void
ledger_write_status(struct json_writer *json, struct ledger *ledger)
{
	struct problem problem = {.text = ""};
	bool has_fault = ledger_fault(ledger, &problem) != STATUS_OK;

	json_write_name(json, "ledger");
	json_write_object(json);
	number_write(json, "sequence", journal_last_sequence(ledger_journal(ledger)));
	number_write(json, "prefixes", records_prefix_count(ledger_records(ledger)));
	json_write_name(json, "writable");
	json_write_bool(json, !has_fault);
	if (has_fault) {
		json_write_name(json, "fault");
		json_write_string(json, bytes_from_string(problem.text));
	}
	json_write_object_end(json);
}

static void
access_write_status(struct json_writer *json, struct service_access *access)
{
	struct access_challenge_counts challenges;
	struct access_session_counts sessions;

	access_challenges_count(access->challenges, &challenges);
	access_sessions_count(access->sessions, &sessions);
	json_write_name(json, "access");
	json_write_object(json);
	number_write(json, "challenges_waiting", challenges.waiting);
	number_write(json, "challenges_expired", challenges.expired);
	number_write(json, "challenges_displaced", challenges.displaced);
	number_write(json, "sessions_open", sessions.open);
	number_write(json, "sessions_proven", sessions.proven);
	number_write(json, "sessions_displaced", sessions.displaced);
	number_write(json, "messages_replayed", sessions.replayed);
	number_write(json, "messages_forged", sessions.forged);
	json_write_object_end(json);
}

static void
metrics_write(struct json_writer *json, const struct monitor *monitor)
{
	json_write_name(json, "metrics");
	json_write_object(json);
	for (int metric = 0; metric < METRIC_COUNT; metric++) {
		number_write(json, monitor_metric_name((enum metric)metric),
			monitor_read(monitor, (enum metric)metric));
	}
	json_write_object_end(json);
}

static enum status
status_write(struct service *service, char *text, struct bytes *ret_text)
{
	struct json_writer json = json_writer_over(text, STATUS_TEXT_SIZE_MAX);
	enum status status;

	json_write_object(&json);
	json_write_name(&json, "version");
	json_write_string(&json, TEXT(HOUJI_VERSION));
	number_write(&json, "time", (uint64_t)service->now_s);
	ledger_write_status(&json, service->ledger);
	access_write_status(&json, service->access);
	metrics_write(&json, service->monitor);
	json_write_object_end(&json);
	status = json_writer_end(&json);
	if (status == STATUS_OK) {
		*ret_text = json_written(&json);
	}
	return status;
}

enum status
service_status_values(
	struct service *service, struct arena *arena, struct handle_value_list *ret_values)
{
	char *text = arena_alloc(arena, STATUS_TEXT_SIZE_MAX);
	uint8_t *octets = arena_alloc(arena, 2 * STATUS_TEXT_SIZE_MAX);
	struct handle_value value = {.index = STATUS_INDEX,
		.timestamp = (uint32_t)service->now_s,
		.permissions = HANDLE_ADMIN_READ,
		.type = TEXT("CNRI.SERVER_STATUS")};
	struct wire_writer writer = wire_writer_over(octets, 2 * STATUS_TEXT_SIZE_MAX);
	enum status status;

	if (text == NULL || octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	status = status_write(service, text, &value.data);
	if (status != STATUS_OK) {
		return status;
	}
	handle_value_write(&writer, &value);
	*ret_values = (struct handle_value_list){1, wire_written(&writer)};
	return wire_writer_end(&writer);
}
