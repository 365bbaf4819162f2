/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_service.h"

#include "base/limits.h"
#include "handle/handle_name.h"
#include "resolver/resolver_face.h"

#include <netinet/in.h>

/* What a value is for whoever looks for servers. */
enum value_role {
	VALUE_OTHER,
	VALUE_SITE,
	VALUE_SITE_6,
	VALUE_FURTHER,
};

/* Types are compared exactly, with their case, as Handle.net's clients do (7). */
static enum value_role
value_role(struct bytes type, enum resolver_serves serves)
{
	if (serves == RESOLVER_SERVES_HANDLES) {
		if (bytes_equal(type, TEXT("HS_SITE"))) {
			return VALUE_SITE;
		}
		if (bytes_equal(type, TEXT("HS_SITE.6"))) {
			return VALUE_SITE_6;
		}
		return bytes_equal(type, TEXT("HS_SERV")) ? VALUE_FURTHER : VALUE_OTHER;
	}
	if (bytes_equal(type, TEXT("HS_SITE.PREFIX")) ||
		bytes_equal(type, TEXT("HS_NA_DELEGATE"))) {
		return VALUE_SITE;
	}
	return bytes_equal(type, TEXT("HS_SERV.PREFIX")) ? VALUE_FURTHER : VALUE_OTHER;
}

enum status
resolver_service_add_site(struct resolver_service *service, struct bytes octets, bool is_trusted)
{
	struct resolver_site *site = &service->sites[service->site_count];
	enum status status;

	if (service->site_count == RESOLVER_SITE_COUNT_MAX) {
		service->is_cut = true;
		return STATUS_OK;
	}
	*site = (struct resolver_site){.is_trusted = is_trusted};
	status = handle_site_decode(octets, &site->site);
	if (status == STATUS_OK) {
		service->site_count++;
	}
	return status;
}

enum status
resolver_service_add_further(
	struct resolver_service *service, struct bytes name, struct arena *arena)
{
	struct bytes copy;

	for (size_t i = 0; i < service->further_count; i++) {
		if (handle_name_equal(service->further[i], name)) {
			return STATUS_OK;
		}
	}
	if (name.size == 0 || name.size > HANDLE_NAME_SIZE_MAX) {
		return STATUS_OK;
	}
	if (service->further_count == RESOLVER_FURTHER_COUNT_MAX) {
		service->is_cut = true;
		return STATUS_OK;
	}
	copy = arena_copy(arena, name);
	if (copy.at == NULL) {
		return STATUS_NO_MEMORY;
	}
	service->further[service->further_count++] = copy;
	return STATUS_OK;
}

static enum status
service_add_value(struct resolver_service *service, const struct handle_value *value,
	enum value_role role, struct arena *arena)
{
	size_t before = service->site_count;
	struct bytes octets;

	if (role == VALUE_FURTHER) {
		return resolver_service_add_further(service, value->data, arena);
	}
	octets = arena_copy(arena, value->data);
	if (octets.at == NULL) {
		return STATUS_NO_MEMORY;
	}
	/* A site that does not decode is as good as none. */
	if (resolver_service_add_site(service, octets, false) == STATUS_OK &&
		service->site_count > before) {
		service->sites[before].index = value->index;
		service->sites[before].is_preferred_v6 = role == VALUE_SITE_6;
	}
	return STATUS_OK;
}

enum status
resolver_service_add(struct resolver_service *service, const struct handle_value_list *values,
	enum resolver_serves serves, struct arena *arena)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && handle_value_next(&walk, &value)) {
		enum value_role role = value_role(value.type, serves);

		if (role != VALUE_OTHER && (value.permissions & HANDLE_PUBLIC_READ) != 0) {
			status = service_add_value(service, &value, role, arena);
		}
	}
	return status;
}

static bool
octets_are_private_v4(const uint8_t octets[4])
{
	uint32_t number = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
		(uint32_t)octets[2] << 8 | octets[3];
	static const struct {
		uint32_t network;
		uint8_t bits;
	} networks[] = {
		{0x00000000, 8}, /* This network. */
		{0x0a000000, 8}, {0xac100000, 12}, {0xc0a80000, 16}, /* RFC 1918. */
		{0x64400000, 10}, /* Behind carriers' translators. */
		{0x7f000000, 8}, /* Loopback. */
		{0xa9fe0000, 16}, /* Link-local. */
		{0xc0000000, 24}, /* Protocol assignments. */
		{0xc6120000, 15}, /* Benchmarks. */
		{0xe0000000, 3}, /* Multicast, reserved, broadcast. */
	};

	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		if ((number ^ networks[i].network) >> (32 - networks[i].bits) == 0) {
			return true;
		}
	}
	return false;
}

static bool
octets_are_private_v6(const uint8_t octets[16])
{
	static const uint8_t translated[12] = {0, 0x64, 0xff, 0x9b};
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t zeros[12] = {0};

	if (memcmp(octets, translated, 12) == 0 || memcmp(octets, mapped, 12) == 0 ||
		memcmp(octets, zeros, 12) == 0) {
		return octets_are_private_v4(octets + 12); /* ::1 and :: are in 0.0.0.0/8. */
	}
	if (octets[0] == 0x20 && octets[1] == 0x02) {
		return octets_are_private_v4(octets + 2); /* 6to4. */
	}
	/* Unique local, multicast; link-local and site-local; discard and Teredo. */
	return (octets[0] & 0xfe) == 0xfc || octets[0] == 0xff ||
		(octets[0] == 0xfe && octets[1] >= 0x80) || (octets[0] == 0x01 && octets[1] == 0) ||
		(octets[0] == 0x20 && octets[1] == 0x01 && octets[2] == 0 && octets[3] == 0);
}

bool
resolver_address_is_private(const struct address *address)
{
	uint8_t octets[16];

	address_octets(address, octets);
	return octets_are_private_v6(octets);
}

bool
resolver_port_is_refused(uint16_t port)
{
	return port < 1024 && port != 80 && port != 443;
}

/* The 16 octets of a site record: IPv4 behind 12 zeros. False for none at all. */
static bool
address_from_site(struct bytes octets, struct address *ret_address)
{
	static const uint8_t zeros[16] = {0};
	struct address address = {.size = 0};

	if (octets.size != 16 || memcmp(octets.at, zeros, 16) == 0) {
		return false;
	}
	if (memcmp(octets.at, zeros, 12) == 0) {
		address.v4.sin_family = AF_INET;
		memcpy(&address.v4.sin_addr, octets.at + 12, 4);
		address.size = sizeof(address.v4);
	} else {
		address.v6.sin6_family = AF_INET6;
		memcpy(&address.v6.sin6_addr, octets.at, 16);
		address.size = sizeof(address.v6);
	}
	*ret_address = address;
	return true;
}

static bool
site_find_server(const struct handle_site *site, struct bytes name,
	struct handle_server *ret_server, uint32_t *ret_number)
{
	struct wire_reader walk = wire_reader_over(site->servers);
	uint32_t number = site->server_count == 0
		? 0
		: handle_name_hash(name, (enum handle_hash_option)site->hash_option) %
			site->server_count;

	for (uint32_t i = 0; handle_server_next(&walk, ret_server); i++) {
		if (i == number) {
			*ret_number = number;
			return true;
		}
	}
	return false;
}

/* Servers found so far, and how many were struck out. */
struct finding {
	const struct resolver_selection *selection;
	struct resolver_server *servers;
	size_t count;
	size_t refused_count;
};

/* One address of a server, with the ports that may be asked there. */
static void
finding_add(
	struct finding *finding, const struct resolver_face *face, struct resolver_server *server)
{
	bool is_refused = face->is_guarded && resolver_address_is_private(&server->address);

	if (!is_refused) {
		switch (resolver_face_read(face, finding->selection->arena, server)) {
		case RESOLVER_FACE_NONE:
			return;
		case RESOLVER_FACE_REFUSED:
			is_refused = true;
			break;
		case RESOLVER_FACE_FOUND:
			break;
		}
	}
	if (is_refused) {
		finding->refused_count++;
		return;
	}
	for (size_t i = 0; i < finding->count; i++) {
		if (address_equal(&finding->servers[i].address, &server->address)) {
			return;
		}
	}
	if (finding->count < RESOLVER_SERVER_COUNT_MAX) {
		finding->servers[finding->count++] = *server;
	}
}

/* A server that has only a name is asked where that leads, and nowhere that no site may lead. */
static void
finding_add_named(
	struct finding *finding, const struct resolver_face *face, struct resolver_server *server)
{
	const struct resolver_selection *selection = finding->selection;
	struct address addresses[LOOP_NAME_ADDRESS_COUNT_MAX];
	struct bytes host = resolver_face_host(face);
	size_t count = 0;

	if (host.size > 0 && selection->addresses != NULL) {
		count = selection->addresses(selection->addresses_context, host, addresses);
	}
	for (size_t i = 0; i < count; i++) {
		server->address = addresses[i];
		finding_add(finding, face, server);
	}
}

static void
finding_add_site(struct finding *finding, const struct resolver_site *site, size_t number)
{
	struct resolver_server server = {
		.version = {site->site.protocol_major, site->site.protocol_minor},
		.is_primary =
			(site->site.primary_mask & HANDLE_SITE_PRIMARY) != 0 || site->is_trusted,
		.is_of_root = site->is_of_root,
		.site = (uint8_t)number,
		.serial = site->site.serial,
	};
	struct resolver_face face = {.site = &site->site,
		.is_guarded = !site->is_trusted && !finding->selection->is_private_allowed};
	struct handle_server found;
	bool is_addressed;

	if ((finding->selection->is_primary_only && !server.is_primary) ||
		!site_find_server(&site->site, finding->selection->name, &found, &face.number)) {
		return;
	}
	server.key = found.public_key;
	face.server = &found;
	/* Without an address of its own a server may have one among the attributes. */
	is_addressed = address_from_site(found.address, &server.address);
	if (is_addressed) {
		finding_add(finding, &face, &server);
	}
	if (resolver_face_other_address(&face, &server.address)) {
		finding_add(finding, &face, &server);
	} else if (!is_addressed) {
		finding_add_named(finding, &face, &server);
	}
}

size_t
resolver_service_servers(const struct resolver_service *service,
	const struct resolver_selection *selection,
	struct resolver_server ret_servers[RESOLVER_SERVER_COUNT_MAX], size_t *ret_refused)
{
	struct finding finding = {.selection = selection, .servers = ret_servers};

	for (size_t i = 0; i < service->site_count; i++) {
		finding_add_site(&finding, &service->sites[i], i);
	}
	if (ret_refused != NULL) {
		*ret_refused = finding.refused_count;
	}
	return finding.count;
}

/* The site record in the value of that type and index. */
static bool
site_find(const struct handle_value_list *list, const struct handle_value *like,
	struct handle_site *ret_site)
{
	struct wire_reader reader = handle_value_list_walk(list);
	struct handle_value value;

	while (handle_value_next(&reader, &value)) {
		if (value.index == like->index && bytes_equal(value.type, like->type)) {
			return handle_site_decode(value.data, ret_site) == STATUS_OK;
		}
	}
	return false;
}

bool
resolver_sites_go_back(const struct handle_value_list *known, const struct handle_value_list *found)
{
	struct wire_reader reader = handle_value_list_walk(known);
	struct handle_value value;
	struct handle_site before, after;

	while (handle_value_next(&reader, &value)) {
		if (bytes_start_with(value.type, TEXT("HS_SITE")) &&
			handle_site_decode(value.data, &before) == STATUS_OK &&
			site_find(found, &value, &after) &&
			(uint16_t)(after.serial - before.serial) > INT16_MAX) {
			return true;
		}
	}
	return false;
}
