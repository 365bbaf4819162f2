/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/limits.h"
#include "client/client_ask.h"
#include "ledger/ledger_history.h"
#include "program/code/mapping.h"
#include "program/terminal/language.h"

/* One lookup under way. */
struct finding {
	struct mapping_finder *finder;
	const char *scheme;
	struct bytes name;
	mapping_found *found;
	void *context;
	struct problem *problem;
	struct loop *loop;
	enum status status;
};

static void
tell(struct finding *finding, const struct handle_value_list *values)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	char now[32];
	struct text_writer writer = text_writer_over(now, sizeof(now));

	text_write_time(&writer, clock_wall_ms() / 1000);
	while (handle_value_next(&walk, &value)) {
		struct code_mapping mapping;

		if (bytes_equal_fold(value.type, TEXT("CODE_MAP")) &&
			code_mapping_read(value.data, finding->finder->arena, &mapping) ==
				STATUS_OK &&
			code_mapping_is_of(&mapping, finding->scheme, finding->name) &&
			code_mapping_is_active(&mapping, text_written(&writer))) {
			finding->found(finding->context, &mapping);
		}
	}
	arena_reset(finding->finder->arena);
}

static void
find_in_ledger(struct finding *finding, struct bytes record_name)
{
	struct ledger_moment moment = {.sequence = UINT64_MAX};
	struct journal_entry entry;
	struct record record;

	finding->status = ledger_record_at(
		finding->finder->ledger, record_name, &moment, &entry, finding->problem);
	if (finding->status == STATUS_NOT_FOUND ||
		(finding->status == STATUS_OK && entry.kind != JOURNAL_PUT)) {
		finding->status = STATUS_OK;
		return;
	}
	if (finding->status == STATUS_OK) {
		finding->status = ledger_entry_record(&entry, &record);
	}
	if (finding->status == STATUS_OK) {
		tell(finding, &record.values);
	}
}

/* No such record is an answer; anything else that brings no values is a failure. */
static void
answered(void *context, enum status status, const struct client_reply *reply)
{
	struct finding *finding = context;

	finding->status = status;
	if (reply != NULL) {
		const struct response *response = &reply->response;
		uint32_t code = response->message.header.response_code;

		if (response_shape(response->message.header.opcode, code) == RESPONSE_VALUES) {
			tell(finding, &response->values.list);
		} else if (code != RESPONSE_HANDLE_NOT_FOUND) {
			finding->status = STATUS_NOT_RESPONSIBLE;
			problem_set(finding->problem, STATUS_NOT_RESPONSIBLE, "%s",
				text_say(response_code_text(code)));
		}
	} else {
		problem_set(finding->problem, status, "%s", text_say(status_text(status)));
	}
	loop_stop(finding->loop);
}

static void
find_at_server(struct finding *finding, struct bytes record_name)
{
	struct request request = {
		.message.header =
			{
				.opcode = OPCODE_RESOLUTION,
				.flags = MESSAGE_FLAG_RECURSIVE | MESSAGE_FLAG_PUBLIC_ONLY,
				.site_serial = UINT16_MAX,
			},
		.resolution.name = record_name,
	};
	struct client_question question = {.request = &request};

	server_name_ask(&finding->finder->server, &question);
	request.message.envelope.version = VERSION_OURS;
	request.message.envelope.suggested = VERSION_OURS;
	finding->loop = loop_new(finding->problem);
	finding->status = STATUS_SYSTEM;
	if (finding->loop == NULL) {
		return;
	}
	if (client_ask(finding->loop, &question, answered, finding, finding->problem) != NULL &&
		loop_run(finding->loop) != STATUS_OK) {
		finding->status = STATUS_SYSTEM;
	}
	loop_free(finding->loop);
}

enum status
mapping_find(struct mapping_finder *finder, const char *scheme, struct bytes name,
	mapping_found *found, void *context, struct problem *problem)
{
	struct finding finding = {
		.finder = finder,
		.scheme = scheme,
		.name = name,
		.found = found,
		.context = context,
		.problem = problem,
	};
	struct code_mapping mapping = {0};
	char room[HANDLE_NAME_SIZE_MAX];
	struct text_writer writer = text_writer_over(room, sizeof(room));

	if (scheme == NULL) {
		code_mapping_write_reverse_name(&writer, finder->prefix, name);
	} else {
		mapping.fields[CODE_FIELD_SCHEME] = bytes_from_string(scheme);
		mapping.fields[CODE_FIELD_CODE] = name;
		code_mapping_write_name(&writer, finder->prefix, &mapping);
	}
	if (text_writer_end(&writer) != STATUS_OK) {
		return STATUS_OK; /* No record has such a name. */
	}
	if (finder->ledger != NULL) {
		find_in_ledger(&finding, text_written(&writer));
	} else {
		find_at_server(&finding, text_written(&writer));
	}
	return finding.status;
}
