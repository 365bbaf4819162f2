/* SPDX-License-Identifier: Apache-2.0 */
#include "program/server/answer_print.h"

#include "handle/handle_json.h"
#include "program/terminal/json_print.h"

struct answer_shown
answer_shown_of(const struct response *response, struct bytes handle)
{
	struct answer_shown shown = {
		.code = response->message.header.response_code, .handle = handle};

	switch (response_shape(response->message.header.opcode, shown.code)) {
	case RESPONSE_MESSAGE:
		shown.message = response->error.text;
		break;
	case RESPONSE_CREATED:
		if (response->created.name.size > 0) {
			shown.handle = response->created.name;
		}
		break;
	case RESPONSE_VALUES:
		shown.values = &response->values.list;
		break;
	case RESPONSE_REFERRAL:
		if (response->referral.has_values) {
			shown.values = &response->referral.list;
		}
		break;
	case RESPONSE_EMPTY:
	case RESPONSE_SITE:
	case RESPONSE_NAMES:
	case RESPONSE_VERDICT:
	case RESPONSE_SESSION:
	case RESPONSE_NUMBER:
	case RESPONSE_STREAM:
	case RESPONSE_CHALLENGE:
		break;
	}
	return shown;
}

static void
shown_write(struct json_writer *writer, const void *context)
{
	const struct answer_shown *shown = context;

	writer->hides_secrets = true; /* No server should tell one; if it does, not here. */
	json_write_object(writer);
	if (shown->line != 0) {
		json_write_name(writer, "line");
		json_write_u64(writer, shown->line);
	}
	if (shown->operation != NULL) {
		json_write_name(writer, "op");
		json_write_string(writer, bytes_from_string(shown->operation));
	}
	json_write_name(writer, "responseCode");
	json_write_u64(writer, shown->code);
	if (shown->message.size > 0) {
		json_write_name(writer, "message");
		json_write_string(writer, shown->message);
	}
	json_write_name(writer, "handle");
	json_write_string(writer, shown->handle);
	if (shown->values != NULL) {
		json_write_name(writer, "values");
		handle_value_list_write_json(writer, shown->values);
	}
	if (shown->refusal != NULL) {
		json_write_name(writer, "error");
		json_write_object(writer);
		json_write_name(writer, "code");
		json_write_string(writer, TEXT("REFUSED"));
		json_write_name(writer, "message");
		json_write_string(writer, bytes_from_string(shown->refusal));
		json_write_object_end(writer);
	}
	json_write_object_end(writer);
}

enum status
answer_print_json(FILE *file, const struct answer_shown *shown)
{
	return json_print(file, shown_write, shown);
}
