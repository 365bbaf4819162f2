/* SPDX-License-Identifier: Apache-2.0 */
#include "message/message_json.h"

#include "message/credential.h"
#include "message/message_json_tables.h"
#include "message/request.h"
#include "message/response.h"

/*
 * Members come in any order, but the body needs the header to be understood and the envelope
 * needs the size of all: so their texts are noted first and read in the order that helps.
 */
enum section {
	SECTION_ENVELOPE,
	SECTION_HEADER,
	SECTION_BODY,
	SECTION_BODY_HEX,
	SECTION_CREDENTIAL,
	SECTION_CREDENTIAL_HEX,
	SECTION_PAYLOAD_HEX,
	SECTION_OCTETS_HEX,
	SECTION_COUNT,
};

static const char *const section_names[SECTION_COUNT] = {"envelope", "header", "body", "body_hex",
	"credential", "credential_hex", "payload_hex", "octets_hex"};

struct reading {
	struct json_fields_input input;
	struct bytes sections[SECTION_COUNT]; /* Empty where there is none. */
	const uint8_t *start; /* Of the whole text: problems count octets from here. */
};

static bool
has_section(const struct reading *reading, enum section section)
{
	return reading->sections[section].size > 0;
}

static struct json_reader
section_reader(const struct reading *reading, enum section section)
{
	struct json_reader reader =
		json_reader_over(reading->sections[section], reading->input.arena);

	reader.start = reading->start;
	return reader;
}

static enum status
section_read_fields(struct reading *reading, enum section section, const struct json_field *fields,
	void *object)
{
	struct json_reader reader = section_reader(reading, section);

	if (!has_section(reading, section)) {
		return STATUS_OK;
	}
	reading->input.object = section_names[section];
	return json_fields_read(&reader, fields, &reading->input, object);
}

static enum status
section_read_hex(struct reading *reading, enum section section, struct bytes *ret_octets)
{
	struct json_reader reader = section_reader(reading, section);
	struct bytes octets = json_read_hex(&reader);
	enum status status = json_reader_end(&reader);

	if (status != STATUS_OK) {
		return problem_set(reading->input.problem, status, "octet %zu: %s %s",
			json_reader_at(&reader), section_names[section], status_text(status));
	}
	*ret_octets = octets;
	return STATUS_OK;
}

/* Room in the arena for what `text_size` characters say: "0," becomes four octets, and
 * nothing becomes more; fixed fields that were left out take SCRATCH_SIZE_MIN. */
enum { SCRATCH_SIZE_MIN = 512 };

static enum status
scratch_new(struct reading *reading, size_t text_size, struct wire_writer *ret_writer)
{
	size_t size = text_size < (MESSAGE_SIZE_MAX - SCRATCH_SIZE_MIN) / 4
		? text_size * 4 + SCRATCH_SIZE_MIN
		: MESSAGE_SIZE_MAX;
	uint8_t *octets = arena_alloc(reading->input.arena, size);

	if (octets == NULL) {
		return problem_set(reading->input.problem, STATUS_NO_MEMORY, "%s",
			status_text(STATUS_NO_MEMORY));
	}
	*ret_writer = wire_writer_over(octets, size);
	return STATUS_OK;
}

static enum status
scratch_end(struct reading *reading, struct wire_writer *writer, struct bytes *ret_octets)
{
	if (wire_writer_end(writer) != STATUS_OK) {
		return problem_set(reading->input.problem, STATUS_TOO_LARGE,
			"%s does not fit into one message", reading->input.object);
	}
	*ret_octets = wire_written(writer);
	return STATUS_OK;
}

static enum status
body_read(struct reading *reading, const struct message *message, struct bytes *ret_body)
{
	uint32_t meant =
		response_code_meant(message->envelope.version, message->header.response_code);
	bool is_request = meant == RESPONSE_RESERVED;
	struct request request = {.message = *message};
	struct response response = {.message = *message};
	const struct json_field *fields = is_request
		? message_json_request_fields(message->header.opcode)
		: message_json_response_fields(message->header.opcode, meant);
	struct wire_writer writer;
	enum status status = scratch_new(reading, reading->sections[SECTION_BODY].size, &writer);

	if (status != STATUS_OK) {
		return status;
	}
	if (fields == NULL) {
		return problem_set(reading->input.problem, STATUS_UNSUPPORTED,
			"operation %u has no body that is known; give body_hex",
			message->header.opcode);
	}
	request.name.is_absent = request_shape(message->header.opcode) == REQUEST_MAYBE_NAME;
	response.message.header.response_code = meant;
	if (response_shape(message->header.opcode, meant) == RESPONSE_CREATED) {
		response.created.is_absent = true;
	}
	status = section_read_fields(
		reading, SECTION_BODY, fields, is_request ? (void *)&request : (void *)&response);
	if (status != STATUS_OK) {
		return status;
	}
	reading->input.object = section_names[SECTION_BODY];
	if (is_request) {
		request_body_write(&writer, &request);
	} else {
		response_body_write(&writer, &response);
	}
	return scratch_end(reading, &writer, ret_body);
}

static enum status
credential_read(struct reading *reading, struct message *message)
{
	struct credential credential = {0};
	struct wire_writer writer;
	enum status status;

	message->has_credential_size =
		!bytes_equal(reading->sections[SECTION_CREDENTIAL], TEXT("\"none\""));
	if (has_section(reading, SECTION_CREDENTIAL_HEX)) {
		return section_read_hex(reading, SECTION_CREDENTIAL_HEX, &message->credential);
	}
	if (!message->has_credential_size || !has_section(reading, SECTION_CREDENTIAL) ||
		bytes_equal(reading->sections[SECTION_CREDENTIAL], TEXT("null"))) {
		return STATUS_OK;
	}
	status = section_read_fields(
		reading, SECTION_CREDENTIAL, message_json_credential_fields, &credential);
	if (status == STATUS_OK) {
		status = scratch_new(reading, reading->sections[SECTION_CREDENTIAL].size, &writer);
	}
	if (status != STATUS_OK) {
		return status;
	}
	credential_write(&writer, &credential);
	return scratch_end(reading, &writer, &message->credential);
}

/* Everything behind the envelope. */
static enum status
payload_read(struct reading *reading, const struct envelope *envelope, struct bytes *ret_payload)
{
	struct message message = {.envelope = *envelope};
	struct wire_writer writer;
	enum status status;

	if (has_section(reading, SECTION_PAYLOAD_HEX)) {
		return section_read_hex(reading, SECTION_PAYLOAD_HEX, ret_payload);
	}
	message.header = (struct header){
		.flags = MESSAGE_FLAG_RECURSIVE | MESSAGE_FLAG_CACHE_CERTIFY |
			MESSAGE_FLAG_PUBLIC_ONLY,
		.site_serial = UINT16_MAX,
	};
	status = section_read_fields(
		reading, SECTION_HEADER, message_json_header_fields, &message.header);
	if (status == STATUS_OK) {
		status = has_section(reading, SECTION_BODY_HEX)
			? section_read_hex(reading, SECTION_BODY_HEX, &message.body)
			: body_read(reading, &message, &message.body);
	}
	if (status == STATUS_OK) {
		status = credential_read(reading, &message);
	}
	if (status == STATUS_OK) {
		status = scratch_new(reading, message.body.size + message.credential.size, &writer);
	}
	if (status != STATUS_OK) {
		return status;
	}
	reading->input.object = "message";
	message_write(&writer, &message);
	return scratch_end(reading, &writer, ret_payload);
}

static enum status
message_write_read(struct reading *reading, struct wire_writer *writer)
{
	struct message_json_envelope front = {
		.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
	};
	struct bytes octets = {NULL, 0};
	enum status status;

	if (has_section(reading, SECTION_OCTETS_HEX)) {
		status = section_read_hex(reading, SECTION_OCTETS_HEX, &octets);
		wire_write_bytes(writer, octets);
		return status;
	}
	status = section_read_fields(
		reading, SECTION_ENVELOPE, message_json_envelope_fields, &front);
	if (status == STATUS_OK) {
		status = payload_read(reading, &front.envelope, &octets);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (!has_section(reading, SECTION_PAYLOAD_HEX) || !front.has_message_size) {
		front.envelope.message_size = (uint32_t)octets.size;
	}
	envelope_write(writer, &front.envelope);
	wire_write_bytes(writer, octets);
	return STATUS_OK;
}

static enum status
sections_note(struct json_reader *reader, struct reading *reading)
{
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		enum section section = 0;

		while (section < SECTION_COUNT &&
			!bytes_equal(name, bytes_from_string(section_names[section]))) {
			section++;
		}
		if (section < SECTION_COUNT) {
			reading->sections[section] = json_skip(reader);
		} else if (bytes_equal(name, TEXT("undecoded")) ||
			bytes_equal(name, TEXT("about"))) {
			json_skip(reader);
		} else {
			json_reader_fail(reader, STATUS_INVALID);
		}
	}
	if (!json_reader_ok(reader)) {
		return problem_set(reading->input.problem, reader->status, "octet %zu: message %s",
			json_reader_at(reader), status_text(reader->status));
	}
	return STATUS_OK;
}

enum status
message_read_json(struct json_reader *reader, struct arena *arena, struct wire_writer *writer,
	struct problem *problem)
{
	struct reading reading = {
		.input = {.arena = arena, .problem = problem}, .start = reader->start};
	struct wire_writer lists;
	enum status status = sections_note(reader, &reading);

	if (status == STATUS_OK) {
		status = scratch_new(&reading, reading.sections[SECTION_BODY].size, &lists);
	}
	if (status == STATUS_OK) {
		reading.input.lists = &lists;
		status = message_write_read(&reading, writer);
	}
	if (status == STATUS_OK && wire_writer_end(writer) != STATUS_OK) {
		return problem_set(problem, wire_writer_end(writer), "message %s",
			status_text(wire_writer_end(writer)));
	}
	return status;
}
