/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include "base/text_writer.h"

#include <arpa/inet.h>
#include <string.h>

enum { IPV4_BITS_AHEAD = 96 }; /* Of the 128, before an IPv4 address begins. */

static const uint8_t ipv4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* inet_pton() wants a NUL behind the text and stops at one within it. */
static bool
text_to_string(struct bytes text, char ret_string[INET6_ADDRSTRLEN])
{
	if (text.size >= INET6_ADDRSTRLEN || bytes_find(text, 0) < text.size) {
		return false;
	}
	if (text.size > 0) {
		memcpy(ret_string, text.at, text.size);
	}
	ret_string[text.size] = 0;
	return true;
}

static bool
ipv4_parse(struct bytes text, struct address *ret_address)
{
	char string[INET6_ADDRSTRLEN];
	struct address address = {.v4 = {.sin_family = AF_INET}, .size = sizeof(address.v4)};

	if (!text_to_string(text, string) ||
		inet_pton(AF_INET, string, &address.v4.sin_addr) != 1) {
		return false;
	}
	*ret_address = address;
	return true;
}

/* With a scope behind "%" only where one has a meaning: link-local addresses. */
static bool
ipv6_parse(struct bytes text, struct address *ret_address)
{
	char string[INET6_ADDRSTRLEN];
	struct address address = {.v6 = {.sin6_family = AF_INET6}, .size = sizeof(address.v6)};
	size_t host_size = bytes_find(text, '%');
	uint64_t scope = 0;

	if (!text_to_string(bytes_slice(text, 0, host_size), string) ||
		inet_pton(AF_INET6, string, &address.v6.sin6_addr) != 1) {
		return false;
	}
	if (host_size < text.size) {
		struct bytes digits = bytes_slice(text, host_size + 1, text.size);

		if (!IN6_IS_ADDR_LINKLOCAL(&address.v6.sin6_addr) ||
			text_read_u64(digits, UINT32_MAX, &scope) != STATUS_OK) {
			return false;
		}
	}
	address.v6.sin6_scope_id = (uint32_t)scope;
	*ret_address = address;
	return true;
}

/* Cuts "host:port", "[host]:port", "host" or "[host]". `ret_port` stays empty without one. */
static bool
host_and_port_split(struct bytes text, struct bytes *ret_host, struct bytes *ret_port)
{
	size_t end;

	*ret_port = (struct bytes){NULL, 0};
	if (text.size > 0 && text.at[0] == '[') {
		end = bytes_find(text, ']');
		*ret_host = bytes_slice(text, 1, end - 1);
		if (end + 1 == text.size) {
			return true;
		}
		if (end == text.size || text.at[end + 1] != ':') {
			return false;
		}
		*ret_port = bytes_slice(text, end + 2, text.size);
		return ret_port->size > 0;
	}
	end = bytes_find(text, ':');
	*ret_host = text;
	if (end == text.size ||
		bytes_find(bytes_slice(text, end + 1, text.size), ':') < text.size - end - 1) {
		return true; /* No colon, or more than one: IPv6 without a port. */
	}
	*ret_host = bytes_slice(text, 0, end);
	*ret_port = bytes_slice(text, end + 1, text.size);
	return ret_port->size > 0;
}

enum status
address_parse(struct bytes text, uint16_t port_default, struct address *ret_address)
{
	struct address address;
	struct bytes host;
	struct bytes port_text;
	uint64_t port = port_default;
	bool is_ipv6;

	if (!host_and_port_split(text, &host, &port_text)) {
		return STATUS_MALFORMED;
	}
	is_ipv6 = text.at != host.at || bytes_find(host, ':') < host.size;
	if (!(is_ipv6 ? ipv6_parse(host, &address) : ipv4_parse(host, &address))) {
		return STATUS_MALFORMED;
	}
	if (port_text.size > 0 && text_read_u64(port_text, UINT16_MAX, &port) != STATUS_OK) {
		return STATUS_MALFORMED;
	}
	address_set_port(&address, (uint16_t)port);
	*ret_address = address;
	return STATUS_OK;
}

static void
ipv6_write(struct text_writer *writer, const struct sockaddr_in6 *v6)
{
	char host[INET6_ADDRSTRLEN] = "";

	inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
	text_write_char(writer, '[');
	text_write_string(writer, host);
	if (v6->sin6_scope_id != 0 && IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) {
		text_write_char(writer, '%');
		text_write_u64(writer, v6->sin6_scope_id);
	}
	text_write_char(writer, ']');
}

const char *
address_format(const struct address *address, char buffer[ADDRESS_TEXT_SIZE_MAX])
{
	struct text_writer writer = text_writer_over(buffer, ADDRESS_TEXT_SIZE_MAX - 1);
	char host[INET_ADDRSTRLEN] = "";

	if (address->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
		text_write_string(&writer, host);
	} else if (address->any.sa_family == AF_INET6) {
		ipv6_write(&writer, &address->v6);
	} else {
		text_write_char(&writer, '?');
	}
	text_write_char(&writer, ':');
	text_write_u64(&writer, address_port(address));
	*writer.next = 0;
	return buffer;
}

struct address
address_any(const struct address *like)
{
	struct address any = *like;

	if (any.any.sa_family == AF_INET6) {
		any.v6.sin6_addr = in6addr_any;
		any.v6.sin6_scope_id = 0;
	} else {
		any.v4.sin_addr.s_addr = htonl(INADDR_ANY);
	}
	address_set_port(&any, 0);
	return any;
}

uint16_t
address_port(const struct address *address)
{
	if (address->any.sa_family == AF_INET) {
		return ntohs(address->v4.sin_port);
	}
	return address->any.sa_family == AF_INET6 ? ntohs(address->v6.sin6_port) : 0;
}

void
address_set_port(struct address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET) {
		address->v4.sin_port = htons(port);
	} else if (address->any.sa_family == AF_INET6) {
		address->v6.sin6_port = htons(port);
	}
}

static uint32_t
address_scope(const struct address *address)
{
	return address->any.sa_family == AF_INET6 ? address->v6.sin6_scope_id : 0;
}

bool
address_is_same_host(const struct address *one, const struct address *other)
{
	uint8_t one_octets[16];
	uint8_t other_octets[16];

	address_octets(one, one_octets);
	address_octets(other, other_octets);
	return memcmp(one_octets, other_octets, sizeof(one_octets)) == 0 &&
		address_scope(one) == address_scope(other);
}

bool
address_equal(const struct address *one, const struct address *other)
{
	return address_port(one) == address_port(other) && address_is_same_host(one, other);
}

void
address_octets(const struct address *address, uint8_t ret_octets[16])
{
	if (address->any.sa_family == AF_INET) {
		memcpy(ret_octets, ipv4_mapped, sizeof(ipv4_mapped));
		memcpy(ret_octets + sizeof(ipv4_mapped), &address->v4.sin_addr, 4);
	} else if (address->any.sa_family == AF_INET6) {
		memcpy(ret_octets, &address->v6.sin6_addr, 16);
	} else {
		memset(ret_octets, 0, 16);
	}
}

/* The part of octet `index` that the first `bits` bits cover. */
static uint8_t
network_mask(unsigned bits, unsigned index)
{
	unsigned before = index * 8;

	if (bits >= before + 8) {
		return 0xff;
	}
	return (uint8_t)(bits <= before ? 0 : 0xff << (8 - (bits - before)));
}

enum status
network_parse(struct bytes text, struct network *ret_network)
{
	struct bytes host = bytes_slice(text, 0, bytes_find(text, '/'));
	bool is_ipv6 = bytes_find(host, ':') < host.size;
	uint64_t ahead = is_ipv6 ? 0 : IPV4_BITS_AHEAD;
	uint64_t bits = 128 - ahead;
	struct address address;
	struct network network;

	/* A network belongs to no link, so it has no scope. */
	if (bytes_find(host, '%') < host.size ||
		!(is_ipv6 ? ipv6_parse(host, &address) : ipv4_parse(host, &address))) {
		return STATUS_MALFORMED;
	}
	if (host.size < text.size &&
		text_read_u64(bytes_slice(text, host.size + 1, text.size), bits, &bits) !=
			STATUS_OK) {
		return STATUS_MALFORMED;
	}
	address_octets(&address, network.octets);
	network.bits = (uint8_t)(bits + ahead);
	for (unsigned i = 0; i < 16; i++) {
		if ((network.octets[i] & ~network_mask(network.bits, i)) != 0) {
			return STATUS_INVALID;
		}
	}
	*ret_network = network;
	return STATUS_OK;
}

bool
network_holds(const struct network *network, const uint8_t octets[16])
{
	for (unsigned i = 0; i < 16; i++) {
		if ((network->octets[i] ^ octets[i]) & network_mask(network->bits, i)) {
			return false;
		}
	}
	return true;
}

const char *
network_format(const struct network *network, char buffer[NETWORK_TEXT_SIZE_MAX])
{
	bool is_ipv4 = network->bits >= IPV4_BITS_AHEAD &&
		memcmp(network->octets, ipv4_mapped, sizeof(ipv4_mapped)) == 0;
	struct text_writer writer = text_writer_over(buffer, NETWORK_TEXT_SIZE_MAX - 1);
	char host[INET6_ADDRSTRLEN];

	inet_ntop(is_ipv4 ? AF_INET : AF_INET6,
		network->octets + (is_ipv4 ? sizeof(ipv4_mapped) : 0), host, sizeof(host));
	text_write_string(&writer, host);
	text_write_char(&writer, '/');
	text_write_u64(&writer, network->bits - (is_ipv4 ? IPV4_BITS_AHEAD : 0U));
	buffer[text_written(&writer).size] = '\0';
	return buffer;
}
