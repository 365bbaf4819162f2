/* SPDX-License-Identifier: Apache-2.0 */
#include "program/key/key_ask.h"

#include "client/client_ask.h"
#include "handle/handle_name.h"
#include "program/server/server_name.h"
#include "program/terminal/language.h"

#include <stdio.h>

/* One question, until its answer is there. */
struct asking {
	struct loop *loop;
	const char *server;
	key_found *found;
	void *context;
	uint32_t index; /* 0: any. */
	enum status status;
	struct problem *problem;
};

static void
values_give(struct asking *asking, const struct handle_value_list *list)
{
	struct wire_reader walk = handle_value_list_walk(list);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if ((asking->index == 0 || value.index == asking->index) &&
			bytes_equal(value.type, TEXT("HS_PUBKEY"))) {
			asking->found(asking->context, &value);
		}
	}
}

static void
keys_answered(void *context, enum status status, const struct client_reply *reply)
{
	struct asking *asking = context;
	uint32_t code;

	asking->status = status;
	if (reply == NULL) {
		problem_set(asking->problem, status, "%s: no answer: %s", asking->server,
			status_text(status));
		loop_stop(asking->loop);
		return;
	}
	code = reply->response.message.header.response_code;
	if (response_shape(reply->response.message.header.opcode, code) == RESPONSE_VALUES) {
		values_give(asking, &reply->response.values.list);
	} else {
		asking->status = problem_set(asking->problem, STATUS_NOT_FOUND, "%s answers %u: %s",
			asking->server, code, text_say(response_code_text(code)));
	}
	loop_stop(asking->loop);
}

static enum status
ask_run(struct asking *asking, struct server_name *server, struct bytes name)
{
	uint8_t types[64];
	struct wire_writer writer = wire_writer_over(types, sizeof(types));
	struct request request = {.message.header = {
					  .opcode = OPCODE_RESOLUTION,
					  .flags = MESSAGE_FLAG_PUBLIC_ONLY,
					  .site_serial = UINT16_MAX,
				  }};
	struct client_question question = {.request = &request};
	enum status status;

	wire_write_blob(&writer, TEXT("HS_PUBKEY"));
	request.message.envelope.version = VERSION_OURS;
	request.message.envelope.suggested = VERSION_OURS;
	request.resolution = (struct request_resolution){
		.name = name, .type_count = 1, .types = wire_written(&writer)};
	server_name_ask(server, &question);
	asking->status = STATUS_TIMED_OUT;
	if (client_ask(asking->loop, &question, keys_answered, asking, asking->problem) == NULL) {
		return STATUS_SYSTEM;
	}
	status = loop_run(asking->loop);
	return status == STATUS_OK ? asking->status : status;
}

enum status
key_ask(const char *server, const char *reference, key_found *found, void *context,
	struct problem *problem)
{
	struct asking asking = {
		.server = server, .found = found, .context = context, .problem = problem};
	struct bytes name = bytes_from_string(reference);
	struct server_name place;
	enum status status;

	if (handle_reference_parse(bytes_from_string(reference), &asking.index, &name) !=
		STATUS_OK) {
		asking.index = 0;
	}
	if (name.size == 0 || name.size > HANDLE_NAME_SIZE_MAX) {
		return problem_set(problem, STATUS_INVALID, "%.100s is no INDEX:HANDLE", reference);
	}
	if (!server_name_read(server, &place)) {
		return problem_set(problem, STATUS_INVALID, "no such server: %s", server);
	}
	asking.loop = loop_new(problem);
	if (asking.loop == NULL) {
		return STATUS_SYSTEM;
	}
	status = ask_run(&asking, &place, name);
	loop_free(asking.loop);
	return status;
}
