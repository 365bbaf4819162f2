/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay_site.h"

#include "base/address.h"
#include "handle/handle_site.h"
#include "replay/replay_access.h"

static uint8_t
primary_mask_next(struct words *words)
{
	return words_take(words, "mirror") ? 0 : HANDLE_SITE_PRIMARY;
}

static void
ports_read(struct words *words, uint16_t ports[HANDLE_PROTOCOL_HTTPS + 1])
{
	memset(ports, 0, (HANDLE_PROTOCOL_HTTPS + 1) * sizeof(*ports));
	if (words_take(words, "tcp_port")) {
		ports[HANDLE_PROTOCOL_TCP] =
			(uint16_t)words_next_number(words, UINT16_MAX, "a port");
	}
	if (words_take(words, "http")) {
		ports[HANDLE_PROTOCOL_HTTP] =
			(uint16_t)words_next_number(words, UINT16_MAX, "a port");
	}
	if (words_take(words, "https")) {
		ports[HANDLE_PROTOCOL_HTTPS] =
			(uint16_t)words_next_number(words, UINT16_MAX, "a port");
	}
}

static uint32_t
attributes_read(struct words *words, struct wire_writer *writer)
{
	uint32_t count = 0;

	for (bool is_more = true; is_more && words_ok(words);) {
		struct handle_attribute attribute = {.name = TEXT("alt_addr")};

		is_more = words_take(words, "other");
		if (!is_more && words_take(words, "attribute")) {
			attribute.name = words_next(words, "a name");
			is_more = true;
		}
		if (is_more) {
			attribute.value = words_next(words, "a value");
			handle_attribute_write(writer, &attribute);
			count++;
		}
	}
	return count;
}

void
replay_site_write(struct words *words, struct wire_writer *writer)
{
	static uint8_t servers[65536], faces[64], attributes[1024];
	struct wire_writer list = wire_writer_over(servers, sizeof(servers));
	struct wire_writer more = wire_writer_over(attributes, sizeof(attributes));
	struct bytes addresses = words_next(words, "addresses"), key = {NULL, 0};
	struct handle_site site = {.format_version = 1,
		.protocol_major = 2,
		.protocol_minor = 11,
		.serial = 1,
		.hash_option = HANDLE_HASH_BY_ALL};
	bool has_udp = true, has_tcp = true;
	uint16_t ports[HANDLE_PROTOCOL_HTTPS + 1], tcp_port;

	if (words_take(words, "serial")) {
		site.serial = (uint16_t)words_next_number(words, UINT16_MAX, "a serial");
	}
	if (words_take(words, "version")) {
		site.protocol_minor = (uint8_t)words_next_number(words, UINT8_MAX, "a version");
	}
	if (words_take(words, "hash")) {
		site.hash_option = words_take(words, "prefix") ? HANDLE_HASH_BY_PREFIX
			: words_take(words, "suffix")	       ? HANDLE_HASH_BY_SUFFIX
							       : HANDLE_HASH_BY_ALL;
		(void)words_take(words, "all");
	}
	if (!access_data_read(words, &key)) {
		key = (struct bytes){NULL, 0};
	}
	if (words_take(words, "udp")) {
		has_tcp = false;
	} else if (words_take(words, "tcp")) {
		has_udp = false;
	} else if (words_take(words, "web")) {
		has_udp = has_tcp = false;
	}
	ports_read(words, ports);
	tcp_port = ports[HANDLE_PROTOCOL_TCP];
	site.primary_mask = primary_mask_next(words);
	site.attribute_count = attributes_read(words, &more);
	site.attributes = wire_written(&more);
	while (words_ok(words) && addresses.size > 0) {
		size_t end = bytes_find(addresses, ',');
		struct wire_writer face_list = wire_writer_over(faces, sizeof(faces));
		struct address address;
		uint8_t octets[16] = {0};
		struct handle_server server = {.id = ++site.server_count,
			.address = bytes_over(octets, 16),
			.public_key = key};

		if (address_parse(bytes_slice(addresses, 0, end), 2641, &address) != STATUS_OK) {
			words_fail(words, "this is no address");
			return;
		}
		if (address.any.sa_family == AF_INET) {
			memcpy(octets + 12, &address.v4.sin_addr, 4);
		} else {
			memcpy(octets, &address.v6.sin6_addr, 16);
		}
		ports[HANDLE_PROTOCOL_UDP] = has_udp ? address_port(&address) : 0;
		ports[HANDLE_PROTOCOL_TCP] = !has_tcp ? 0
			: tcp_port > 0		      ? tcp_port
						      : address_port(&address);
		for (uint8_t protocol = HANDLE_PROTOCOL_UDP; protocol <= HANDLE_PROTOCOL_HTTPS;
			protocol++) {
			struct handle_interface face = {
				HANDLE_INTERFACE_BOTH, protocol, ports[protocol]};

			if (face.port > 0) {
				handle_interface_write(&face_list, &face);
				server.interface_count++;
			}
		}
		server.interfaces = wire_written(&face_list);
		handle_server_write(&list, &server);
		addresses = bytes_slice(addresses, end + 1, addresses.size);
	}
	site.servers = wire_written(&list);
	handle_site_write(writer, &site);
}
