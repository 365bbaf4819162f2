/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "base/arena.h"
#include "client/client_carrier.h"
#include "handle/handle_site.h"
#include "handle/handle_value.h"
#include "loop/loop_name.h"
#include "message/message.h"

/*
 * A service: the sites that answer for the same handles, made from the values of a record
 * (Handle.net 9, 20, step 4), and for one handle the servers of them that may be asked.
 *
 *     resolver_service_add(&service, &values, RESOLVER_SERVES_HANDLES, arena);
 *     for (i < service.further_count) ... HS_SERV: the record of that handle has more ...
 *     count = resolver_service_servers(&service, &selection, servers);
 *
 * A record may name any number of anything: RESOLVER_SITE_COUNT_MAX sites and
 * RESOLVER_FURTHER_COUNT_MAX further services are taken, the rest is left out.
 */

/* Which values of a record are meant. */
enum resolver_serves {
	RESOLVER_SERVES_HANDLES, /* HS_SITE, HS_SITE.6, HS_SERV */
	RESOLVER_SERVES_PREFIXES, /* HS_SITE.PREFIX, HS_NA_DELEGATE, HS_SERV.PREFIX */
};

struct resolver_site {
	struct handle_site site; /* Points into octets that the arena holds. */
	uint32_t index; /* Of the value; with the record's name the site is known by it. */
	bool is_trusted; /* Configured: its addresses are not questioned. */
	bool is_of_root;
	bool is_preferred_v6; /* HS_SITE.6 */
};

struct resolver_service {
	size_t site_count;
	struct resolver_site sites[RESOLVER_SITE_COUNT_MAX];
	size_t further_count; /* Handles of services, each once. */
	struct bytes further[RESOLVER_FURTHER_COUNT_MAX];
	bool is_cut; /* Something was left out. */
};

/* Copies what it keeps. Values that do not decode, or that not everybody may read, are passed
 * over. NO_MEMORY. */
enum status resolver_service_add(struct resolver_service *service,
	const struct handle_value_list *values, enum resolver_serves serves,
	struct arena *arena) MUST_CHECK;
/* One more site, of configured octets. */
enum status resolver_service_add_site(
	struct resolver_service *service, struct bytes octets, bool is_trusted) MUST_CHECK;
/* One more handle of a service, unless it was met before. */
enum status resolver_service_add_further(
	struct resolver_service *service, struct bytes name, struct arena *arena) MUST_CHECK;

/* One server that answers for the handle asked for. */
struct resolver_server {
	struct address address; /* With the port of UDP; without UDP of TCP; else of HTTP. */
	bool has_udp;
	bool has_tcp;
	uint16_t tcp_port;
	bool has_web;
	struct client_place web; /* HTTP, or HTTPS if it has only that. */
	struct bytes key; /* In Handle encoding; may be empty. */
	struct version version;
	bool is_primary;
	bool is_of_root;
	uint8_t site; /* Number of its site in the service. */
	uint16_t serial;
};

/* Addresses of a server that has only a name, as far as they are known now. */
typedef size_t resolver_host_addresses(void *context, struct bytes host,
	struct address ret_addresses[LOOP_NAME_ADDRESS_COUNT_MAX]);

struct resolver_selection {
	struct bytes name; /* The handle that is asked for: which server of a site has it. */
	bool is_primary_only;
	bool is_private_allowed;
	resolver_host_addresses *addresses; /* NULL: servers without an address are left out. */
	void *addresses_context;
	struct arena *arena; /* For what `web` points to. NULL: nothing; its hosts are addresses. */
};

/* At most RESOLVER_SERVER_COUNT_MAX. `ret_refused`, unless NULL, counts addresses that were
 * struck out, with those that lost all their ports. */
size_t resolver_service_servers(const struct resolver_service *service,
	const struct resolver_selection *selection,
	struct resolver_server ret_servers[RESOLVER_SERVER_COUNT_MAX], size_t *ret_refused);

/* True if a site record of `found` has a lower serial number than the same one of `known`: an old
 * one, brought again by somebody who gains from it. Serials go round after 65535. */
bool resolver_sites_go_back(
	const struct handle_value_list *known, const struct handle_value_list *found);

/* True for addresses that no site on the net can have: private, loopback, link-local, multicast,
 * unspecified and those for documentation; and for ports of other services (below 1024 all but
 * 80 and 443). */
bool resolver_address_is_private(const struct address *address);
bool resolver_port_is_refused(uint16_t port);
