/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_site.h"

#include "base/limits.h"

#include <assert.h>

enum {
	ATTRIBUTE_SIZE_MIN = 8,
	SERVER_SIZE_MIN = 28,
	INTERFACE_SIZE = 6,
};

/* A count within what is left, and within its limit. */
static uint32_t
count_read(struct wire_reader *reader, size_t item_size_min, uint32_t limit)
{
	uint32_t count = wire_read_count(reader, item_size_min);

	if (count > limit) {
		wire_reader_fail(reader, STATUS_TOO_LARGE);
	}
	return count;
}

static void
attribute_read(struct wire_reader *reader, struct handle_attribute *ret_attribute)
{
	ret_attribute->name = wire_read_blob(reader, HANDLE_VALUE_DATA_SIZE_MAX);
	ret_attribute->value = wire_read_blob(reader, HANDLE_VALUE_DATA_SIZE_MAX);
}

static void
interface_read(struct wire_reader *reader, struct handle_interface *ret_interface)
{
	ret_interface->type = wire_read_u8(reader);
	ret_interface->protocol = wire_read_u8(reader);
	ret_interface->port = wire_read_u32(reader);
}

static void
server_read(struct wire_reader *reader, struct handle_server *ret_server)
{
	ret_server->id = wire_read_u32(reader);
	ret_server->address = wire_read_bytes(reader, HANDLE_ADDRESS_SIZE);
	ret_server->public_key = wire_read_blob(reader, KEY_SIZE_MAX);
	ret_server->interface_count = count_read(reader, INTERFACE_SIZE, SITE_INTERFACE_COUNT_MAX);
	/* Interfaces have one size and no field that could be wrong. */
	ret_server->interfaces =
		wire_read_bytes(reader, (size_t)ret_server->interface_count * INTERFACE_SIZE);
}

enum status
handle_site_decode(struct bytes data, struct handle_site *ret_site)
{
	struct wire_reader reader = wire_reader_over(data);
	struct handle_site site;
	struct handle_attribute attribute;
	struct handle_server server;
	const uint8_t *start;
	enum status status;

	site.format_version = wire_read_u16(&reader);
	site.protocol_major = wire_read_u8(&reader);
	site.protocol_minor = wire_read_u8(&reader);
	site.serial = wire_read_u16(&reader);
	site.primary_mask = wire_read_u8(&reader);
	site.hash_option = wire_read_u8(&reader);
	site.hash_filter = wire_read_blob(&reader, HANDLE_VALUE_DATA_SIZE_MAX);

	site.attribute_count = count_read(&reader, ATTRIBUTE_SIZE_MIN, SITE_ATTRIBUTE_COUNT_MAX);
	start = reader.next;
	for (uint32_t i = 0; i < site.attribute_count && wire_reader_ok(&reader); i++) {
		attribute_read(&reader, &attribute);
	}
	site.attributes = wire_read_since(&reader, start);

	site.server_count = count_read(&reader, SERVER_SIZE_MIN, SITE_SERVER_COUNT_MAX);
	start = reader.next;
	for (uint32_t i = 0; i < site.server_count && wire_reader_ok(&reader); i++) {
		server_read(&reader, &server);
	}
	site.servers = wire_read_since(&reader, start);

	status = wire_reader_end(&reader);
	if (status == STATUS_OK) {
		*ret_site = site;
	}
	return status;
}

void
handle_site_write(struct wire_writer *writer, const struct handle_site *site)
{
	wire_write_u16(writer, site->format_version);
	wire_write_u8(writer, site->protocol_major);
	wire_write_u8(writer, site->protocol_minor);
	wire_write_u16(writer, site->serial);
	wire_write_u8(writer, site->primary_mask);
	wire_write_u8(writer, site->hash_option);
	wire_write_blob(writer, site->hash_filter);
	wire_write_u32(writer, site->attribute_count);
	wire_write_bytes(writer, site->attributes);
	wire_write_u32(writer, site->server_count);
	wire_write_bytes(writer, site->servers);
}

bool
handle_attribute_next(struct wire_reader *walk, struct handle_attribute *ret_attribute)
{
	struct handle_attribute attribute;

	if (wire_reader_left(walk) == 0) {
		return false;
	}
	attribute_read(walk, &attribute);
	if (wire_reader_ok(walk)) {
		*ret_attribute = attribute;
	}
	return wire_reader_ok(walk);
}

bool
handle_server_next(struct wire_reader *walk, struct handle_server *ret_server)
{
	struct handle_server server;

	if (wire_reader_left(walk) == 0) {
		return false;
	}
	server_read(walk, &server);
	if (wire_reader_ok(walk)) {
		*ret_server = server;
	}
	return wire_reader_ok(walk);
}

bool
handle_interface_next(struct wire_reader *walk, struct handle_interface *ret_interface)
{
	struct handle_interface face;

	if (wire_reader_left(walk) == 0) {
		return false;
	}
	interface_read(walk, &face);
	if (wire_reader_ok(walk)) {
		*ret_interface = face;
	}
	return wire_reader_ok(walk);
}

void
handle_attribute_write(struct wire_writer *writer, const struct handle_attribute *attribute)
{
	wire_write_blob(writer, attribute->name);
	wire_write_blob(writer, attribute->value);
}

void
handle_server_write(struct wire_writer *writer, const struct handle_server *server)
{
	assert(server->address.size == HANDLE_ADDRESS_SIZE);
	wire_write_u32(writer, server->id);
	wire_write_bytes(writer, server->address);
	wire_write_blob(writer, server->public_key);
	wire_write_u32(writer, server->interface_count);
	wire_write_bytes(writer, server->interfaces);
}

void
handle_interface_write(struct wire_writer *writer, const struct handle_interface *face)
{
	wire_write_u8(writer, face->type);
	wire_write_u8(writer, face->protocol);
	wire_write_u32(writer, face->port);
}
