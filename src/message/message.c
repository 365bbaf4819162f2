/* SPDX-License-Identifier: Apache-2.0 */
#include "message/message.h"

/* The octet that the flags of the envelope share with the suggested major version. */
enum {
	ENVELOPE_COMPRESSED = 0x80,
	ENVELOPE_ENCRYPTED = 0x40,
	ENVELOPE_TRUNCATED = 0x20,
	ENVELOPE_MAJOR_MASK = 0x1f
};

/* Major 5 is how the first implementation wrote 2.0 by mistake; it ranks below everything. */
static int
version_rank(struct version version)
{
	return version.major == 5 ? 0 : version.major << 8 | version.minor;
}

int
version_compare(struct version one, struct version other)
{
	return version_rank(one) - version_rank(other);
}

struct version
version_to_answer(const struct envelope *envelope)
{
	struct version asked = version_suggested(envelope);

	return version_compare(asked, VERSION_OURS) < 0 ? asked : VERSION_OURS;
}

void
envelope_read(struct wire_reader *reader, struct envelope *ret_envelope)
{
	uint8_t flags;

	ret_envelope->version.major = wire_read_u8(reader);
	ret_envelope->version.minor = wire_read_u8(reader);
	flags = wire_read_u8(reader);
	ret_envelope->suggested.major = flags & ENVELOPE_MAJOR_MASK;
	ret_envelope->suggested.minor = wire_read_u8(reader);
	ret_envelope->is_compressed = (flags & ENVELOPE_COMPRESSED) != 0;
	ret_envelope->is_encrypted = (flags & ENVELOPE_ENCRYPTED) != 0;
	ret_envelope->is_truncated = (flags & ENVELOPE_TRUNCATED) != 0;
	ret_envelope->session_id = wire_read_u32(reader);
	ret_envelope->request_id = wire_read_u32(reader);
	ret_envelope->sequence = wire_read_u32(reader);
	ret_envelope->message_size = wire_read_u32(reader);
	if (ret_envelope->message_size > MESSAGE_SIZE_MAX) {
		wire_reader_fail(reader, STATUS_TOO_LARGE);
	}
}

void
envelope_write(struct wire_writer *writer, const struct envelope *envelope)
{
	wire_write_u8(writer, envelope->version.major);
	wire_write_u8(writer, envelope->version.minor);
	wire_write_u8(writer,
		(uint8_t)((envelope->suggested.major & ENVELOPE_MAJOR_MASK) |
			(envelope->is_compressed ? ENVELOPE_COMPRESSED : 0) |
			(envelope->is_encrypted ? ENVELOPE_ENCRYPTED : 0) |
			(envelope->is_truncated ? ENVELOPE_TRUNCATED : 0)));
	wire_write_u8(writer, envelope->suggested.minor);
	wire_write_u32(writer, envelope->session_id);
	wire_write_u32(writer, envelope->request_id);
	wire_write_u32(writer, envelope->sequence);
	wire_write_u32(writer, envelope->message_size);
}

void
header_read(struct wire_reader *reader, struct header *ret_header)
{
	ret_header->opcode = wire_read_u32(reader);
	ret_header->response_code = wire_read_u32(reader);
	ret_header->flags = wire_read_u32(reader);
	ret_header->site_serial = wire_read_u16(reader);
	ret_header->recursion_count = wire_read_u8(reader);
	ret_header->reserved = wire_read_u8(reader);
	ret_header->expiration = wire_read_u32(reader);
	ret_header->body_size = wire_read_u32(reader);
}

void
header_write(struct wire_writer *writer, const struct header *header)
{
	wire_write_u32(writer, header->opcode);
	wire_write_u32(writer, header->response_code);
	wire_write_u32(writer, header->flags);
	wire_write_u16(writer, header->site_serial);
	wire_write_u8(writer, header->recursion_count);
	wire_write_u8(writer, header->reserved);
	wire_write_u32(writer, header->expiration);
	wire_write_u32(writer, header->body_size);
}

enum status
message_decode(const struct envelope *envelope, struct bytes octets, struct message *ret_message)
{
	struct wire_reader reader = wire_reader_over(octets);
	struct message message = {.envelope = *envelope};
	enum status status;

	if (envelope->is_encrypted) {
		return STATUS_UNSUPPORTED;
	}
	if (octets.size > MESSAGE_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	header_read(&reader, &message.header);
	message.body = wire_read_bytes(&reader, message.header.body_size);
	message.signed_run = wire_read_since(&reader, octets.at);
	if (wire_reader_left(&reader) > 0) {
		message.has_credential_size = true;
		message.credential = wire_read_blob(&reader, MESSAGE_SIZE_MAX);
	}
	status = wire_reader_end(&reader);
	if (status == STATUS_OK) {
		*ret_message = message;
	}
	return status;
}

/* The part behind the body: u32 size and credential, or nothing (has_credential_size). */
static void
message_credential_write(struct wire_writer *writer, const struct message *message)
{
	if (message->has_credential_size || message->credential.size > 0) {
		wire_write_blob(writer, message->credential);
	}
}

void
message_write(struct wire_writer *writer, const struct message *message)
{
	struct header header = message->header;

	if (message->body.size > MESSAGE_SIZE_MAX) {
		wire_writer_fail(writer, STATUS_TOO_LARGE);
		return;
	}
	header.body_size = (uint32_t)message->body.size;
	header_write(writer, &header);
	wire_write_bytes(writer, message->body);
	message_credential_write(writer, message);
}

/* The size of the body is the last field of the header, so it is a length like any other. */
struct wire_length
message_begin(struct wire_writer *writer, const struct header *header)
{
	header_write(writer, header);
	return (struct wire_length){wire_writer_end(writer) == STATUS_OK ? writer->next - 4 : NULL};
}

void
message_end(struct wire_writer *writer, struct wire_length body, struct bytes credential)
{
	wire_write_length_close(writer, body);
	wire_write_blob(writer, credential);
	if (wire_writer_end(writer) == STATUS_OK &&
		(size_t)(writer->next - (body.at - (HEADER_SIZE - 4))) > MESSAGE_SIZE_MAX) {
		wire_writer_fail(writer, STATUS_TOO_LARGE);
	}
}

size_t
message_fragment_count(size_t message_size)
{
	return message_size == 0
		? 1
		: (message_size + FRAGMENT_DATA_SIZE_MAX - 1) / FRAGMENT_DATA_SIZE_MAX;
}

struct bytes
message_fragment_data(struct bytes message, size_t number)
{
	return bytes_slice(message, number * FRAGMENT_DATA_SIZE_MAX, FRAGMENT_DATA_SIZE_MAX);
}
