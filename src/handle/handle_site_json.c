/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "handle/handle_json_parts.h"

#include <arpa/inet.h>

enum {
	IPV4_FRONT_SIZE = 12, /* Zero octets before the four of IPv4. */
	ADDRESS_TEXT_MAX = INET6_ADDRSTRLEN,
	PROTOCOL_TEXT_MAX = 8, /* "255.255" */
	SERVER_FIXED_SIZE = 28,
	INTERFACE_SIZE = 6,
	INTERFACE_OCTETS_MAX = SITE_INTERFACE_COUNT_MAX * INTERFACE_SIZE,
};

static const char *const protocol_names[] = {
	[HANDLE_PROTOCOL_UDP] = "UDP",
	[HANDLE_PROTOCOL_TCP] = "TCP",
	[HANDLE_PROTOCOL_HTTP] = "HTTP",
	[HANDLE_PROTOCOL_HTTPS] = "HTTPS",
};
enum { PROTOCOL_COUNT = sizeof(protocol_names) / sizeof(protocol_names[0]) };

static const char *const hash_option_names[] = {
	[HANDLE_HASH_BY_PREFIX] = "prefix",
	[HANDLE_HASH_BY_SUFFIX] = "suffix",
	[HANDLE_HASH_BY_ALL] = "all",
};
enum { HASH_OPTION_COUNT = sizeof(hash_option_names) / sizeof(hash_option_names[0]) };

/* A number that is a name in these tables, without case; `count` if none is. */
static uint8_t
number_named(struct bytes name, const char *const *names, uint8_t count)
{
	uint8_t i = 0;

	while (i < count && !bytes_equal_fold(name, bytes_from_string(names[i]))) {
		i++;
	}
	return i;
}

static bool
servers_are_exact(struct bytes servers)
{
	struct wire_reader walk = wire_reader_over(servers);
	struct handle_server server;
	struct handle_interface face;

	while (handle_server_next(&walk, &server)) {
		struct wire_reader faces = wire_reader_over(server.interfaces);

		while (handle_interface_next(&faces, &face)) {
			if (face.type > HANDLE_INTERFACE_BOTH) {
				return false;
			}
		}
	}
	return true;
}

static bool
attributes_are_text(struct bytes attributes)
{
	struct wire_reader walk = wire_reader_over(attributes);
	struct handle_attribute attribute;

	while (handle_attribute_next(&walk, &attribute)) {
		if (!handle_json_is_text(attribute.name) || !handle_json_is_text(attribute.value)) {
			return false;
		}
	}
	return true;
}

bool
handle_json_site_is_exact(struct bytes octets, struct handle_site *ret_site)
{
	struct handle_site site;

	if (handle_site_decode(octets, &site) != STATUS_OK ||
		(site.primary_mask & ~(HANDLE_SITE_PRIMARY | HANDLE_SITE_MULTI_PRIMARY)) != 0 ||
		!handle_json_is_text(site.hash_filter) || !attributes_are_text(site.attributes) ||
		!servers_are_exact(site.servers)) {
		return false;
	}
	*ret_site = site;
	return true;
}

/*
 * Writing
 */

static void
address_write(struct json_writer *writer, struct bytes address)
{
	static const uint8_t ipv4_front[IPV4_FRONT_SIZE];
	bool is_ipv4 = memcmp(address.at, ipv4_front, IPV4_FRONT_SIZE) == 0;
	char text[ADDRESS_TEXT_MAX];
	const char *found = is_ipv4
		? inet_ntop(AF_INET, address.at + IPV4_FRONT_SIZE, text, sizeof(text))
		: inet_ntop(AF_INET6, address.at, text, sizeof(text));

	json_write_string(writer, bytes_from_string(found == NULL ? "" : found));
}

static void
public_key_write(struct json_writer *writer, struct bytes octets)
{
	struct handle_key key;

	if (octets.size == 0) {
		return;
	}
	json_write_name(writer, "publicKey");
	if (!handle_json_key_is_exact(octets, &key)) {
		handle_json_write_format(writer, HANDLE_JSON_BASE64, octets);
		return;
	}
	json_write_object(writer);
	json_write_name(writer, "format");
	json_write_string(writer, TEXT("key"));
	json_write_name(writer, "value");
	handle_json_key_write(writer, &key);
	json_write_object_end(writer);
}

static void
interface_write(struct json_writer *writer, const struct handle_interface *face)
{
	json_write_object(writer);
	json_write_name(writer, "query");
	json_write_bool(writer, (face->type & HANDLE_INTERFACE_QUERY) != 0);
	json_write_name(writer, "admin");
	json_write_bool(writer, (face->type & HANDLE_INTERFACE_ADMIN) != 0);
	json_write_name(writer, "protocol");
	if (face->protocol < PROTOCOL_COUNT) {
		json_write_string(writer, bytes_from_string(protocol_names[face->protocol]));
	} else {
		json_write_u64(writer, face->protocol);
	}
	json_write_name(writer, "port");
	json_write_u64(writer, face->port);
	json_write_object_end(writer);
}

static void
server_write(struct json_writer *writer, const struct handle_server *server)
{
	struct wire_reader walk = wire_reader_over(server->interfaces);
	struct handle_interface face;

	json_write_object(writer);
	json_write_name(writer, "serverId");
	json_write_u64(writer, server->id);
	json_write_name(writer, "address");
	address_write(writer, server->address);
	public_key_write(writer, server->public_key);
	json_write_name(writer, "interfaces");
	json_write_array(writer);
	while (handle_interface_next(&walk, &face)) {
		interface_write(writer, &face);
	}
	json_write_array_end(writer);
	json_write_object_end(writer);
}

static void
attributes_write(struct json_writer *writer, struct bytes attributes)
{
	struct wire_reader walk = wire_reader_over(attributes);
	struct handle_attribute attribute;

	json_write_name(writer, "attributes");
	json_write_array(writer);
	while (handle_attribute_next(&walk, &attribute)) {
		json_write_object(writer);
		json_write_name(writer, "name");
		json_write_string(writer, attribute.name);
		json_write_name(writer, "value");
		json_write_string(writer, attribute.value);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

static void
protocol_version_write(struct json_writer *writer, const struct handle_site *site)
{
	char text[PROTOCOL_TEXT_MAX];
	struct text_writer version = text_writer_over(text, sizeof(text));

	text_write_u64(&version, site->protocol_major);
	text_write_char(&version, '.');
	text_write_u64(&version, site->protocol_minor);
	json_write_name(writer, "protocolVersion");
	json_write_string(writer, text_written(&version));
}

void
handle_site_write_json(struct json_writer *writer, const struct handle_site *site)
{
	struct wire_reader walk = wire_reader_over(site->servers);
	struct handle_server server;

	json_write_object(writer);
	json_write_name(writer, "version");
	json_write_u64(writer, site->format_version);
	protocol_version_write(writer, site);
	json_write_name(writer, "serialNumber");
	json_write_u64(writer, site->serial);
	json_write_name(writer, "primarySite");
	json_write_bool(writer, (site->primary_mask & HANDLE_SITE_PRIMARY) != 0);
	json_write_name(writer, "multiPrimary");
	json_write_bool(writer, (site->primary_mask & HANDLE_SITE_MULTI_PRIMARY) != 0);
	if (site->hash_option != HANDLE_HASH_BY_ALL) {
		json_write_name(writer, "hashOption");
		json_write_u64(writer, site->hash_option);
	}
	if (site->hash_filter.size > 0) {
		json_write_name(writer, "hashFilter");
		json_write_string(writer, site->hash_filter);
	}
	if (site->attribute_count > 0) {
		attributes_write(writer, site->attributes);
	}
	json_write_name(writer, "servers");
	json_write_array(writer);
	while (handle_server_next(&walk, &server)) {
		server_write(writer, &server);
	}
	json_write_array_end(writer);
	json_write_object_end(writer);
}

/*
 * Reading. Names of members are taken without case: old files have "ServerList", "Address".
 */

/* What is being read: where it goes to and what to say when it fails. */
struct site_reading {
	struct json_reader *reader;
	struct handle_json_fault *fault;
	struct handle_site site;
	struct handle_json_octets attributes;
	struct handle_json_octets servers;
};

/* The member begins: true if it has one of these names, which is then the one at fault. */
static bool
member_is(struct handle_json_fault *fault, struct bytes found, const char *name)
{
	if (!bytes_equal_fold(found, bytes_from_string(name))) {
		return false;
	}
	fault->member = name;
	return true;
}

static void
interface_read_member(struct json_reader *reader, struct bytes name, struct handle_interface *face,
	struct handle_json_fault *fault)
{
	if (member_is(fault, name, "query")) {
		face->type |= json_read_bool(reader) ? HANDLE_INTERFACE_QUERY : 0;
	} else if (member_is(fault, name, "admin")) {
		face->type |= json_read_bool(reader) ? HANDLE_INTERFACE_ADMIN : 0;
	} else if (member_is(fault, name, "port")) {
		face->port = (uint32_t)json_read_u64(reader, UINT32_MAX);
	} else if (!member_is(fault, name, "protocol")) {
		json_skip(reader);
	} else if (json_peek(reader) == JSON_NUMBER) {
		face->protocol = (uint8_t)json_read_u64(reader, UINT8_MAX);
	} else {
		face->protocol =
			number_named(json_read_string(reader), protocol_names, PROTOCOL_COUNT);
		if (face->protocol == PROTOCOL_COUNT) {
			handle_json_refuse(reader, fault, "protocol", STATUS_INVALID,
				"is no UDP, TCP, HTTP or HTTPS");
		}
	}
}

static void
interfaces_read(struct json_reader *reader, struct handle_server *server,
	struct wire_writer *ret_octets, struct handle_json_fault *fault)
{
	json_read_array(reader);
	for (; json_next_element(reader); server->interface_count++) {
		struct handle_interface face = {HANDLE_INTERFACE_OFF, HANDLE_PROTOCOL_TCP, 0};
		struct bytes name;
		bool has_protocol = false;
		bool has_port = false;

		if (server->interface_count == SITE_INTERFACE_COUNT_MAX) {
			json_reader_fail(reader, STATUS_TOO_LARGE);
			return;
		}
		json_read_object(reader);
		while (json_next_member(reader, &name)) {
			has_protocol = has_protocol || bytes_equal_fold(name, TEXT("protocol"));
			has_port = has_port || bytes_equal_fold(name, TEXT("port"));
			interface_read_member(reader, name, &face, fault);
		}
		if (!has_protocol || !has_port) {
			handle_json_refuse(reader, fault, "interfaces", STATUS_INVALID,
				"needs a \"protocol\" and a \"port\" in each");
		}
		handle_interface_write(ret_octets, &face);
	}
}

static void
address_read(struct json_reader *reader, uint8_t ret_octets[HANDLE_ADDRESS_SIZE],
	struct handle_json_fault *fault)
{
	struct bytes found = json_read_string(reader);
	uint8_t octets[HANDLE_ADDRESS_SIZE] = {0};
	char text[ADDRESS_TEXT_MAX] = "";

	if (!json_reader_ok(reader)) {
		return;
	}
	if (found.size > 0 && found.size < sizeof(text)) {
		memcpy(text, found.at, found.size);
	}
	if (inet_pton(AF_INET, text, octets + IPV4_FRONT_SIZE) != 1 &&
		inet_pton(AF_INET6, text, octets) != 1) {
		handle_json_refuse(
			reader, fault, "address", STATUS_INVALID, "is no IPv4 or IPv6 address");
		return;
	}
	memcpy(ret_octets, octets, sizeof(octets));
}

static void
server_read(struct site_reading *reading)
{
	struct json_reader *reader = reading->reader;
	struct handle_json_fault *fault = reading->fault;
	uint8_t address[HANDLE_ADDRESS_SIZE] = {0};
	uint8_t faces[INTERFACE_OCTETS_MAX];
	struct wire_writer face_writer = wire_writer_over(faces, sizeof(faces));
	struct handle_server server = {.address = {address, sizeof(address)}};
	bool has_address = false;
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		if (member_is(fault, name, "serverId")) {
			server.id = (uint32_t)json_read_u64(reader, UINT32_MAX);
		} else if (member_is(fault, name, "address")) {
			address_read(reader, address, fault);
			has_address = true;
		} else if (member_is(fault, name, "publicKey")) {
			server.public_key = handle_json_read_formatted(
				reader, HANDLE_JSON_HEX, handle_json_read_plain, fault);
		} else if (member_is(fault, name, "interfaces") ||
			member_is(fault, name, "interfaceList")) {
			server.interface_count = 0;
			wire_writer_rewind(&face_writer, 0);
			interfaces_read(reader, &server, &face_writer, fault);
		} else {
			json_skip(reader);
		}
	}
	if (!has_address) {
		handle_json_refuse(
			reader, fault, "servers", STATUS_INVALID, "needs an \"address\" in each");
	}
	if (server.public_key.size > KEY_SIZE_MAX) {
		handle_json_refuse(reader, fault, "publicKey", STATUS_TOO_LARGE, NULL);
	}
	server.interfaces = wire_written(&face_writer);
	if (json_reader_ok(reader) &&
		handle_json_reserve(reader, &reading->servers,
			SERVER_FIXED_SIZE + server.public_key.size + server.interfaces.size)) {
		handle_server_write(&reading->servers.writer, &server);
		reading->site.server_count++;
	}
}

static void
servers_read(struct site_reading *reading)
{
	json_read_array(reading->reader);
	while (json_next_element(reading->reader)) {
		if (reading->site.server_count == SITE_SERVER_COUNT_MAX) {
			json_reader_fail(reading->reader, STATUS_TOO_LARGE);
			return;
		}
		server_read(reading);
	}
}

static void
attribute_append(struct site_reading *reading, const struct handle_attribute *attribute)
{
	size_t size = 8 + attribute->name.size + attribute->value.size;

	if (reading->site.attribute_count == SITE_ATTRIBUTE_COUNT_MAX) {
		json_reader_fail(reading->reader, STATUS_TOO_LARGE);
	}
	if (json_reader_ok(reading->reader) &&
		handle_json_reserve(reading->reader, &reading->attributes, size)) {
		handle_attribute_write(&reading->attributes.writer, attribute);
		reading->site.attribute_count++;
	}
}

/* [{"name": "desc", "value": ...}], or {"desc": ...}. */
static void
attributes_read(struct site_reading *reading)
{
	struct json_reader *reader = reading->reader;
	struct handle_attribute attribute;
	struct bytes name;

	if (json_peek(reader) == JSON_OBJECT) {
		json_read_object(reader);
		while (json_next_member(reader, &attribute.name)) {
			attribute.value = json_read_string(reader);
			attribute_append(reading, &attribute);
		}
		return;
	}
	json_read_array(reader);
	while (json_next_element(reader)) {
		attribute = (struct handle_attribute){{NULL, 0}, {NULL, 0}};
		json_read_object(reader);
		while (json_next_member(reader, &name)) {
			if (bytes_equal_fold(name, TEXT("name"))) {
				attribute.name = json_read_string(reader);
			} else if (bytes_equal_fold(name, TEXT("value"))) {
				attribute.value = json_read_string(reader);
			} else {
				json_skip(reader);
			}
		}
		attribute_append(reading, &attribute);
	}
}

static void
hash_option_read(struct site_reading *reading)
{
	struct json_reader *reader = reading->reader;

	if (json_peek(reader) == JSON_NUMBER) {
		reading->site.hash_option = (uint8_t)json_read_u64(reader, UINT8_MAX);
		return;
	}
	reading->site.hash_option =
		number_named(json_read_string(reader), hash_option_names, HASH_OPTION_COUNT);
	if (reading->site.hash_option == HASH_OPTION_COUNT) {
		handle_json_refuse(reader, reading->fault, "hashOption", STATUS_INVALID,
			"is no prefix, suffix or all");
	}
}

static void
protocol_version_read(struct site_reading *reading)
{
	struct bytes text = json_read_string(reading->reader);
	size_t dot = bytes_find(text, '.');
	uint64_t major, minor;

	if (!json_reader_ok(reading->reader)) {
		return;
	}
	if (text_read_u64(bytes_slice(text, 0, dot), UINT8_MAX, &major) != STATUS_OK ||
		text_read_u64(bytes_slice(text, dot + 1, text.size), UINT8_MAX, &minor) !=
			STATUS_OK) {
		handle_json_refuse(reading->reader, reading->fault, "protocolVersion",
			STATUS_INVALID, "is no version such as \"2.11\"");
		return;
	}
	reading->site.protocol_major = (uint8_t)major;
	reading->site.protocol_minor = (uint8_t)minor;
}

static void
mask_read(struct site_reading *reading, uint8_t bit)
{
	reading->site.primary_mask |= json_read_bool(reading->reader) ? bit : 0;
}

static void
site_read_member(struct site_reading *reading, struct bytes name)
{
	struct json_reader *reader = reading->reader;
	struct handle_json_fault *fault = reading->fault;

	if (member_is(fault, name, "version")) {
		reading->site.format_version = (uint16_t)json_read_u64(reader, UINT16_MAX);
	} else if (member_is(fault, name, "protocolVersion")) {
		protocol_version_read(reading);
	} else if (member_is(fault, name, "serialNumber")) {
		reading->site.serial = (uint16_t)json_read_u64(reader, UINT16_MAX);
	} else if (member_is(fault, name, "primarySite")) {
		mask_read(reading, HANDLE_SITE_PRIMARY);
	} else if (member_is(fault, name, "multiPrimary")) {
		mask_read(reading, HANDLE_SITE_MULTI_PRIMARY);
	} else if (member_is(fault, name, "hashOption")) {
		hash_option_read(reading);
	} else if (member_is(fault, name, "hashFilter")) {
		reading->site.hash_filter = json_read_string(reader);
	} else if (member_is(fault, name, "attributes")) {
		attributes_read(reading);
	} else if (member_is(fault, name, "servers") || member_is(fault, name, "serverList")) {
		servers_read(reading);
	} else {
		json_skip(reader);
	}
}

void
handle_json_site_read(
	struct json_reader *reader, struct handle_site *ret_site, struct handle_json_fault *fault)
{
	struct site_reading reading = {
		.reader = reader,
		.fault = fault,
		.site =
			{
				.format_version = 1,
				.protocol_major = 2,
				.protocol_minor = 11,
				.serial = 1,
				.hash_option = HANDLE_HASH_BY_ALL,
			},
		.attributes = {.arena = reader->arena},
		.servers = {.arena = reader->arena},
	};
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		site_read_member(&reading, name);
	}
	reading.site.attributes = wire_written(&reading.attributes.writer);
	reading.site.servers = wire_written(&reading.servers.writer);
	if (json_reader_ok(reader)) {
		*ret_site = reading.site;
	}
}

enum status
handle_site_read_json(
	struct json_reader *reader, struct handle_site *ret_site, struct problem *problem)
{
	struct handle_json_fault fault = {"site", NULL, 0};

	handle_json_site_read(reader, ret_site, &fault);
	return handle_json_verdict(reader, &fault, problem);
}
