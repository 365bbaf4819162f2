/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "resolver/resolver_service.h"

/*
 * How one server of a site is spoken to: its interfaces, and the attributes of the site that are
 * about it (Handle.net 9, 10).
 *
 *     face = {.site = &site, .server = &server, .number = 0};
 *     server.address = ...;
 *     if (resolver_face_read(&face, arena, &server) == RESOLVER_FACE_FOUND) ... may be asked ...
 *
 * Attributes: `alt_addr.ID` is a second address of the server with that id, `domain.N` and `path.N`
 * how the server at position N, counted from 0, is called over HTTP and where it takes messages;
 * without a number they mean the server of a site that has only one, or, for `domain` and `path`,
 * all of them. Whatever is no host name, or no path, is passed over: it would stand in the head of
 * an HTTP request.
 */
struct resolver_face {
	const struct handle_site *site;
	const struct handle_server *server;
	uint32_t number; /* Its position in the site. */
	bool is_guarded; /* Ports of other services are not asked, whoever names them. */
};

enum resolver_face_found {
	RESOLVER_FACE_FOUND,
	RESOLVER_FACE_NONE, /* No interface takes questions. */
	RESOLVER_FACE_REFUSED, /* None that may be asked. */
};

/* The first interface of each kind that takes questions: `server->address`, which has the host
 * already, gets a port. Without an arena the server has no host name and no path. */
enum resolver_face_found resolver_face_read(
	const struct resolver_face *face, struct arena *arena, struct resolver_server *server);

/* How the server is called: of `domain` a host name; empty: it says none. */
struct bytes resolver_face_host(const struct resolver_face *face);

/* A second address of the same server; its port means nothing. False: it has none. */
bool resolver_face_other_address(const struct resolver_face *face, struct address *ret_address);
