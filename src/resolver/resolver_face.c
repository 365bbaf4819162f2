/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_face.h"

#include "base/text_writer.h"
#include "resolver/resolver_name.h"

enum {
	PORT_HTTP = 80,
	PORT_HTTPS = 443,
	PATH_SIZE_MAX = 255,
	PORT_TEXT_SIZE = 8,
	ATTRIBUTE_NAME_SIZE_MAX = 32,
};

/* "alt_addr.3" */
static bool
name_is_numbered(struct bytes name, const char *what, uint32_t number)
{
	char text[ATTRIBUTE_NAME_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_string(&writer, what);
	text_write_char(&writer, '.');
	text_write_u64(&writer, number);
	return bytes_equal(name, text_written(&writer));
}

/* The attribute with this number; or, with `is_common`, the one without. Empty: none. */
static struct bytes
attribute_find(const struct handle_site *site, const char *what, uint32_t number, bool is_common)
{
	struct wire_reader walk = wire_reader_over(site->attributes);
	struct handle_attribute attribute;
	struct bytes common = {NULL, 0};

	while (handle_attribute_next(&walk, &attribute)) {
		if (name_is_numbered(attribute.name, what, number)) {
			return attribute.value;
		}
		if (is_common && common.size == 0 &&
			bytes_equal(attribute.name, bytes_from_string(what))) {
			common = attribute.value;
		}
	}
	return common;
}

bool
resolver_face_other_address(const struct resolver_face *face, struct address *ret_address)
{
	struct bytes text = attribute_find(
		face->site, "alt_addr", face->server->id, face->site->server_count == 1);

	return text.size > 0 && address_parse(text, 1, ret_address) == STATUS_OK;
}

static bool
octet_is_of_host(uint8_t octet)
{
	return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
		(octet >= '0' && octet <= '9') || octet == '.' || octet == '-';
}

static bool
text_is_host(struct bytes text)
{
	if (text.size == 0 || text.size > RESOLVER_HOST_NAME_SIZE_MAX || text.at[0] == '.' ||
		text.at[0] == '-') {
		return false;
	}
	for (size_t i = 0; i < text.size; i++) {
		if (!octet_is_of_host(text.at[i])) {
			return false;
		}
	}
	return true;
}

static bool
text_is_path(struct bytes text)
{
	if (text.size == 0 || text.size > PATH_SIZE_MAX) {
		return false;
	}
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] <= ' ' || text.at[i] >= 0x7f) {
			return false;
		}
	}
	return true;
}

struct bytes
resolver_face_host(const struct resolver_face *face)
{
	struct bytes domain = attribute_find(face->site, "domain", face->number, true);

	return text_is_host(domain) ? domain : (struct bytes){NULL, 0};
}

/* What the head of a request says; NULL: the server's address. */
static const char *
host_make(const struct resolver_face *face, const struct client_place *place, struct arena *arena)
{
	struct bytes domain = resolver_face_host(face);
	uint16_t port = address_port(&place->address);
	uint16_t usual = place->transport == CLIENT_TRANSPORT_HTTPS ? PORT_HTTPS : PORT_HTTP;
	char *host = domain.size > 0 ? arena_alloc(arena, domain.size + PORT_TEXT_SIZE) : NULL;
	struct text_writer writer =
		text_writer_over(host, host == NULL ? 0 : domain.size + PORT_TEXT_SIZE - 1);

	if (host == NULL) {
		return NULL;
	}
	text_write(&writer, domain);
	if (port != usual) {
		text_write_char(&writer, ':');
		text_write_u64(&writer, port);
	}
	return text_writer_end(&writer) == STATUS_OK ? host : NULL;
}

/* NULL: "/". */
static const char *
path_make(const struct resolver_face *face, struct arena *arena)
{
	struct bytes text = attribute_find(face->site, "path", face->number, true);
	char *path = text_is_path(text) ? arena_alloc(arena, text.size + 2) : NULL;
	size_t at = 0;

	if (path != NULL) {
		if (text.at[0] != '/') {
			path[at++] = '/';
		}
		memcpy(path + at, text.at, text.size);
	}
	return path;
}

static bool
interface_is_for_questions(const struct handle_interface *interface)
{
	return (interface->type & HANDLE_INTERFACE_QUERY) != 0 && interface->port > 0 &&
		interface->port <= UINT16_MAX;
}

/* HTTP is taken before HTTPS, wherever it stands: the messages prove themselves. */
static void
interface_take(const struct handle_interface *interface, uint16_t *udp_port, uint16_t *web_port,
	struct resolver_server *server)
{
	uint16_t port = (uint16_t)interface->port;

	switch (interface->protocol) {
	case HANDLE_PROTOCOL_UDP:
		*udp_port = *udp_port == 0 ? port : *udp_port;
		break;
	case HANDLE_PROTOCOL_TCP:
		server->tcp_port = server->tcp_port == 0 ? port : server->tcp_port;
		break;
	case HANDLE_PROTOCOL_HTTP:
	case HANDLE_PROTOCOL_HTTPS:
		if (*web_port == 0 ||
			(interface->protocol == HANDLE_PROTOCOL_HTTP &&
				server->web.transport == CLIENT_TRANSPORT_HTTPS)) {
			*web_port = port;
			server->web.transport = interface->protocol == HANDLE_PROTOCOL_HTTP
				? CLIENT_TRANSPORT_HTTP
				: CLIENT_TRANSPORT_HTTPS;
		}
		break;
	default:
		break;
	}
}

enum resolver_face_found
resolver_face_read(
	const struct resolver_face *face, struct arena *arena, struct resolver_server *server)
{
	struct wire_reader walk = wire_reader_over(face->server->interfaces);
	struct handle_interface interface;
	uint16_t udp_port = 0, web_port = 0;
	bool is_refused = false;

	server->tcp_port = 0;
	while (handle_interface_next(&walk, &interface)) {
		if (!interface_is_for_questions(&interface)) {
			continue;
		}
		if (face->is_guarded && resolver_port_is_refused((uint16_t)interface.port)) {
			is_refused = true;
			continue;
		}
		interface_take(&interface, &udp_port, &web_port, server);
	}
	server->has_udp = udp_port > 0;
	server->has_tcp = server->tcp_port > 0;
	server->has_web = web_port > 0;
	server->web.address = server->address;
	address_set_port(&server->web.address, web_port);
	server->web.host = server->web.path = NULL;
	if (server->has_web && arena != NULL) {
		server->web.host = host_make(face, &server->web, arena);
		server->web.path = path_make(face, arena);
	}
	address_set_port(&server->address,
		server->has_udp		  ? udp_port
			: server->has_tcp ? server->tcp_port
					  : web_port);
	if (server->has_udp || server->has_tcp || server->has_web) {
		return RESOLVER_FACE_FOUND;
	}
	return is_refused ? RESOLVER_FACE_REFUSED : RESOLVER_FACE_NONE;
}
