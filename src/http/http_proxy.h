/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"

/*
 * Who asks, when a server of the operator stands in between: a load balancer for connections says
 * so in front of the first octet (PROXY protocol, version 1 and 2), one for requests in headers
 * (Forwarded, RFC 7239; X-Forwarded-For). Only what comes from a network that the settings trust
 * is believed; anybody else could name anybody.
 */

/* PROXY protocol. More octets are read only as far as they belong to it: behind it stands what the
 * client sent. */
struct http_proxy {
	bool has_address; /* False: the proxy asks for itself, or does not know. */
	struct address address; /* Of the client. */
	size_t wanted; /* TRUNCATED: how many octets more may be read. */
};

/* OK: `octets` are the whole of it. TRUNCATED; MALFORMED; TOO_LARGE past HTTP_PROXY_SIZE_MAX. */
enum status http_proxy_read(struct bytes octets, struct http_proxy *ret_proxy) MUST_CHECK;

struct http_networks {
	const struct network *items;
	uint32_t count;
};
bool http_networks_hold(const struct http_networks *networks, const struct address *address);

/* What the last servers on the way have added. */
struct http_forwarded {
	struct address address; /* The last that is none of ours. */
	bool has_address; /* False: they hide it, or say something else. */
	bool is_tls; /* The client spoke HTTPS with the server that says so. */
};
/* `is_list`: the header is X-Forwarded-For, addresses alone; else Forwarded. */
void http_forwarded_read(struct bytes header, bool is_list, const struct http_networks *trusted,
	struct http_forwarded *ret_forwarded);
