/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_name.h"
#include "wire/wire_reader.h"
#include "wire/wire_writer.h"

/*
 * Data of HS_SITE: where the servers of a site are and how handles spread over them
 * (RFC 3651, 3.2.2; octets as Handle.net 9 writes them).
 *
 * Like a value, a decoded site is a view: attributes, servers and interfaces stay
 * encoded, are checked once by handle_site_decode() and walked afterwards.
 */
enum handle_interface_type {
	HANDLE_INTERFACE_OFF = 0,
	HANDLE_INTERFACE_ADMIN = 1,
	HANDLE_INTERFACE_QUERY = 2,
	HANDLE_INTERFACE_BOTH = 3,
};

enum handle_interface_protocol {
	HANDLE_PROTOCOL_UDP = 0,
	HANDLE_PROTOCOL_TCP = 1,
	HANDLE_PROTOCOL_HTTP = 2,
	HANDLE_PROTOCOL_HTTPS = 3,
};

enum { HANDLE_SITE_PRIMARY = 0x80, HANDLE_SITE_MULTI_PRIMARY = 0x40 };

enum { HANDLE_ADDRESS_SIZE = 16 };

enum { HANDLE_PORT = 2641 }; /* UDP and TCP, where nothing says otherwise (IANA: hdl-srv). */

struct handle_site {
	uint16_t format_version; /* 1. */
	uint8_t protocol_major;
	uint8_t protocol_minor;
	uint16_t serial;
	uint8_t primary_mask;
	uint8_t hash_option; /* enum handle_hash_option. */
	struct bytes hash_filter;
	uint32_t attribute_count;
	struct bytes attributes; /* n x (blob name, blob value). */
	uint32_t server_count;
	struct bytes servers;
};

struct handle_server {
	uint32_t id;
	struct bytes address; /* 16 octets; IPv4 behind 12 zero octets. */
	struct bytes public_key;
	uint32_t interface_count;
	struct bytes interfaces;
};

struct handle_interface {
	uint8_t type;
	uint8_t protocol;
	uint32_t port;
};

struct handle_attribute {
	struct bytes name;
	struct bytes value;
};

/* Fields are kept as found, also a version, option or type that is not listed here. */
enum status handle_site_decode(struct bytes data, struct handle_site *ret_site) MUST_CHECK;
void handle_site_write(struct wire_writer *writer, const struct handle_site *site);

/* Walks start at wire_reader_over(site->attributes), (site->servers), (server->interfaces). */
bool handle_attribute_next(struct wire_reader *walk, struct handle_attribute *ret_attribute);
bool handle_server_next(struct wire_reader *walk, struct handle_server *ret_server);
bool handle_interface_next(struct wire_reader *walk, struct handle_interface *ret_interface);
void handle_attribute_write(struct wire_writer *writer, const struct handle_attribute *attribute);
void handle_server_write(struct wire_writer *writer, const struct handle_server *server);
void handle_interface_write(struct wire_writer *writer, const struct handle_interface *face);
