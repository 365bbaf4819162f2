/* SPDX-License-Identifier: Apache-2.0 */
#include "message/credential.h"

#include <string.h>

enum status
credential_decode(struct bytes octets, struct credential *ret_credential)
{
	struct wire_reader reader = wire_reader_over(octets);
	struct wire_reader section;
	struct credential credential;
	enum status status;

	credential.version = wire_read_u8(&reader);
	credential.reserved = wire_read_u8(&reader);
	credential.flags = wire_read_u16(&reader);
	credential.signer = wire_read_blob(&reader, HANDLE_NAME_SIZE_MAX);
	credential.session_counter = wire_read_u32(&reader);
	credential.type = wire_read_blob(&reader, HANDLE_TYPE_SIZE_MAX);
	section = wire_read_section(&reader, wire_read_u32(&reader));
	status = wire_reader_end(&reader);
	if (status != STATUS_OK) {
		return status;
	}
	credential.digest_name = wire_read_blob(&section, HANDLE_TYPE_SIZE_MAX);
	credential.signature = wire_read_blob(&section, KEY_SIZE_MAX);
	/* What the section lacks, no further octet can mend: it says its own size. */
	status = wire_reader_end(&section);
	if (status != STATUS_OK) {
		return status == STATUS_TRUNCATED ? STATUS_MALFORMED : status;
	}
	*ret_credential = credential;
	return STATUS_OK;
}

void
credential_write(struct wire_writer *writer, const struct credential *credential)
{
	struct wire_length section;

	wire_write_u8(writer, credential->version);
	wire_write_u8(writer, credential->reserved);
	wire_write_u16(writer, credential->flags);
	wire_write_blob(writer, credential->signer);
	wire_write_u32(writer, credential->session_counter);
	wire_write_blob(writer, credential->type);
	section = wire_write_length_open(writer);
	wire_write_blob(writer, credential->digest_name);
	wire_write_blob(writer, credential->signature);
	wire_write_length_close(writer, section);
}

/*
 * 2.6 meant to write what 2.7 does, but every field went to a wrong place: two octets of the
 * session id, the counter, and zeros to the end. Old peers sign and verify just that.
 */
size_t
credential_signed_front(const struct envelope *envelope, uint32_t session_counter,
	uint8_t ret_octets[SIGNED_FRONT_SIZE_MAX])
{
	struct wire_writer writer = wire_writer_over(ret_octets, SIGNED_FRONT_SIZE_MAX);
	struct version suggested = version_suggested(envelope);

	if (!version_at_least(envelope->version, 2, 6)) {
		return 0;
	}
	wire_write_u8(&writer, envelope->version.major);
	wire_write_u8(&writer, envelope->version.minor);
	if (!version_at_least(envelope->version, 2, 7)) {
		wire_write_u16(&writer, (uint16_t)(envelope->session_id >> 16));
		wire_write_u32(&writer, session_counter);
		wire_write_u32(&writer, 0);
		wire_write_u16(&writer, 0);
		return wire_writer_size(&writer);
	}
	if (version_at_least(envelope->version, 2, 8)) {
		wire_write_u8(&writer, suggested.major);
		wire_write_u8(&writer, suggested.minor);
	}
	wire_write_u32(&writer, envelope->session_id);
	wire_write_u32(&writer, envelope->request_id);
	wire_write_u32(&writer, session_counter);
	return wire_writer_size(&writer);
}
