/* SPDX-License-Identifier: Apache-2.0 */
#include "program/server/server_name.h"

#include "base/text_writer.h"
#include "handle/handle_site.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_WEB = 8000, PORT_HTTP = 80, PORT_HTTPS = 443 };

/* getaddrinfo() would take 65537 for 1. */
static bool
port_is_one(const char *text)
{
	size_t size = strspn(text, "0123456789");

	return size > 0 && size <= 5 && text[size] == '\0' &&
		strtoul(text, NULL, 10) - 1 < UINT16_MAX;
}

/* HOST or HOST:PORT, looked up. */
static bool
host_find(const char *name, uint16_t port_default, struct address *ret_address)
{
	const char *colon = strrchr(name, ':');
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *found = NULL;
	char host[256];
	char port[8];

	if (address_parse(bytes_from_string(name), port_default, ret_address) == STATUS_OK) {
		return address_port(ret_address) != 0;
	}
	if (colon != NULL && !port_is_one(colon + 1)) {
		return false;
	}
	snprintf(host, sizeof(host), "%.*s",
		colon == NULL ? (int)strlen(name) : (int)(colon - name), name);
	snprintf(port, sizeof(port), "%u", port_default);
	if (getaddrinfo(host, colon == NULL ? port : colon + 1, &hints, &found) != 0) {
		return false;
	}
	ret_address->size = found->ai_addrlen;
	memcpy(&ret_address->any, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return true;
}

bool
server_name_find(const char *name, struct address *ret_address)
{
	return host_find(name, HANDLE_PORT, ret_address);
}

/* What may stand in a request line and the header Host: printable ASCII without blanks. */
static bool
part_keep(struct bytes part, char *room, size_t capacity)
{
	struct text_writer writer = text_writer_over(room, capacity - 1);

	for (size_t i = 0; i < part.size; i++) {
		if (part.at[i] <= ' ' || part.at[i] >= 0x7f) {
			return false;
		}
	}
	text_write(&writer, part);
	room[text_written(&writer).size] = '\0';
	return part.size > 0 && text_writer_end(&writer) == STATUS_OK;
}

static bool
port_is_said(const char *name)
{
	const char *bracket = strrchr(name, ']');
	const char *colon = strrchr(name, ':');
	bool is_bare_v6 = bracket == NULL && colon != NULL && strchr(name, ':') != colon;

	return colon != NULL && !is_bare_v6 && (bracket == NULL || colon > bracket);
}

static bool
url_read(struct bytes rest, bool is_tls, struct server_name *ret_server)
{
	size_t slash = bytes_find(rest, '/');
	struct bytes path = slash == rest.size ? TEXT("/") : bytes_slice(rest, slash, rest.size);

	if (!part_keep(bytes_slice(rest, 0, slash), ret_server->host, SERVER_HOST_SIZE_MAX) ||
		!part_keep(path, ret_server->path, SERVER_PATH_SIZE_MAX) ||
		!host_find(ret_server->host, is_tls ? PORT_HTTPS : PORT_HTTP,
			&ret_server->place.address)) {
		return false;
	}
	ret_server->place.transport = is_tls ? CLIENT_TRANSPORT_HTTPS : CLIENT_TRANSPORT_HTTP;
	ret_server->place.host = ret_server->host;
	ret_server->place.path = ret_server->path;
	return true;
}

bool
server_name_read(const char *name, struct server_name *ret_server)
{
	struct bytes text = bytes_from_string(name);

	*ret_server = (struct server_name){.has_port = port_is_said(name)};
	if (bytes_start_with_fold(text, TEXT("http://"))) {
		return url_read(bytes_slice(text, 7, text.size), false, ret_server);
	}
	if (bytes_start_with_fold(text, TEXT("https://"))) {
		return url_read(bytes_slice(text, 8, text.size), true, ret_server);
	}
	ret_server->place.transport = CLIENT_TRANSPORT_TCP;
	return server_name_find(name, &ret_server->place.address);
}

void
server_name_ask(struct server_name *server, struct client_question *question)
{
	question->server = server->place.address;
	server->web = server->place;
	if (server->place.transport == CLIENT_TRANSPORT_TCP) {
		server->web.transport = CLIENT_TRANSPORT_HTTP;
		address_set_port(&server->web.address, PORT_WEB);
		question->web = server->has_port ? NULL : &server->web;
	} else {
		question->web = &server->web;
		question->is_web_only = true;
	}
}
