/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/client_ask.h"

/*
 * What a person calls a server:
 *
 *     HOST, HOST:PORT, ADDR, ADDR:PORT or [ADDR]:PORT     the Handle protocol; 2641 without a port
 *     http://HOST, https://HOST, with :PORT and /PATH     the same messages over HTTP or HTTPS
 */
#define SERVER_NAME_DEFAULT "127.0.0.1:2641" /* Who is asked when nobody is named. */

enum { SERVER_HOST_SIZE_MAX = 264, SERVER_PATH_SIZE_MAX = 256 };

struct server_name {
	struct client_place place; /* Points into what follows: not to be copied. */
	char host[SERVER_HOST_SIZE_MAX];
	char path[SERVER_PATH_SIZE_MAX];
	bool has_port;
	struct client_place web; /* server_name_ask() */
};

/* False if there is no such server. */
bool server_name_read(const char *name, struct server_name *ret_server);
/* The same for the Handle protocol alone. */
bool server_name_find(const char *name, struct address *ret_address);
/* Where a question goes: over UDP and TCP and, when no port was named, at last over HTTP at port
 * 8000; or to a URL alone. It points into `server`. */
void server_name_ask(struct server_name *server, struct client_question *question);
