/* SPDX-License-Identifier: Apache-2.0 */
#include "message/message_json.h"

#include "message/credential.h"
#include "message/message_json_tables.h"
#include "message/request.h"
#include "message/response.h"

/* Takes back what was written of an object that did not fit, closing nothing. */
static bool
object_write(struct json_writer *writer, const char *name, const struct json_field *fields,
	const void *object)
{
	struct json_writer before = *writer;

	json_write_name(writer, name);
	json_write_object(writer);
	json_fields_write(writer, fields, object);
	json_write_object_end(writer);
	if (!json_writer_ok(writer)) {
		json_writer_rewind(writer, &before);
		return false;
	}
	return true;
}

static void
hex_write(struct json_writer *writer, const char *name, struct bytes octets)
{
	json_write_name(writer, name);
	json_write_hex(writer, octets);
}

static void
undecoded_write(struct json_writer *writer, enum status status)
{
	json_write_name(writer, "undecoded");
	json_write_string(writer, bytes_from_string(status_name(status)));
}

static enum status
body_write(struct json_writer *writer, const struct message *message)
{
	bool is_request = message->header.response_code == RESPONSE_RESERVED;
	struct request request;
	struct response response;
	enum status status = is_request ? request_decode(message, &request)
					: response_decode(message, &response);
	const struct header *header = is_request ? &message->header : &response.message.header;

	if (status == STATUS_OK &&
		object_write(writer, "body",
			is_request ? message_json_request_fields(header->opcode)
				   : message_json_response_fields(
					     header->opcode, header->response_code),
			is_request ? (const void *)&request : (const void *)&response)) {
		return STATUS_OK;
	}
	status = status != STATUS_OK ? status : STATUS_TOO_LARGE;
	undecoded_write(writer, status);
	hex_write(writer, "body_hex", message->body);
	return status;
}

static void
credential_write_json(struct json_writer *writer, const struct message *message)
{
	struct credential credential;

	if (!message->has_credential_size) {
		json_write_name(writer, "credential");
		json_write_string(writer, TEXT("none"));
	} else if (message->credential.size == 0) {
		json_write_name(writer, "credential");
		json_write_null(writer);
	} else if (credential_decode(message->credential, &credential) != STATUS_OK ||
		!object_write(writer, "credential", message_json_credential_fields, &credential)) {
		hex_write(writer, "credential_hex", message->credential);
	}
}

enum status
message_write_json(struct json_writer *writer, struct bytes octets)
{
	struct wire_reader reader = wire_reader_over(octets);
	struct envelope envelope;
	struct message message;
	struct bytes payload;
	enum status status;

	envelope_read(&reader, &envelope);
	if (octets.size < ENVELOPE_SIZE) {
		undecoded_write(writer, STATUS_TRUNCATED);
		hex_write(writer, "octets_hex", octets);
		return STATUS_TRUNCATED;
	}
	payload = bytes_slice(octets, ENVELOPE_SIZE, octets.size);
	object_write(writer, "envelope", message_json_envelope_fields,
		&(struct message_json_envelope){envelope, true});
	if (!wire_reader_ok(&reader)) {
		status = reader.status;
	} else if (payload.size != envelope.message_size) {
		status = payload.size < envelope.message_size ? STATUS_TRUNCATED : STATUS_MALFORMED;
	} else {
		status = message_decode(&envelope, payload, &message);
	}
	if (status != STATUS_OK) {
		undecoded_write(writer, status);
		hex_write(writer, "payload_hex", payload);
		return status;
	}
	object_write(writer, "header", message_json_header_fields, &message.header);
	status = body_write(writer, &message);
	credential_write_json(writer, &message);
	return status;
}
