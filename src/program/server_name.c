/* SPDX-License-Identifier: Apache-2.0 */
#include "program/server_name.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

bool
server_name_find(const char *name, struct address *ret_address)
{
	const char *colon = strrchr(name, ':');
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *found = NULL;
	char host[256];

	if (address_parse(bytes_from_string(name), 2641, ret_address) == STATUS_OK) {
		return true;
	}
	snprintf(host, sizeof(host), "%.*s",
		colon == NULL ? (int)strlen(name) : (int)(colon - name), name);
	if (getaddrinfo(host, colon == NULL ? "2641" : colon + 1, &hints, &found) != 0) {
		return false;
	}
	ret_address->size = found->ai_addrlen;
	memcpy(&ret_address->any, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return true;
}
