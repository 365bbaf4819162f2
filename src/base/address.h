/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * A network address and port, as the kernel wants it; and networks in CIDR form.
 * Text forms: "127.0.0.1:2641", "[::1]:2641", "192.0.2.0/24", "2001:db8::/32".
 */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t size;
};

enum { ADDRESS_TEXT_SIZE_MAX = 64 };

/* MALFORMED, with nothing stored. Without ":port", `port_default` is taken; IPv6 needs its
 * brackets only before a port. A link-local address may carry its scope: "[fe80::1%2]:2641". */
enum status address_parse(
	struct bytes text, uint16_t port_default, struct address *ret_address) MUST_CHECK;

/* Writes the text with a NUL; returns `buffer`. */
const char *address_format(const struct address *address, char buffer[ADDRESS_TEXT_SIZE_MAX]);

/* Any address of this machine, of the family of `like`, and a port that is free: 0.0.0.0:0, [::]:0. */
struct address address_any(const struct address *like);

uint16_t address_port(const struct address *address);
void address_set_port(struct address *address, uint16_t port);

/* Same octets, port and scope; ::ffff:a.b.c.d is a.b.c.d. */
bool address_equal(const struct address *one, const struct address *other);

/* The same but for the port. */
bool address_is_same_host(const struct address *one, const struct address *other);

/* The 16 octets of RFC 4291; IPv4 as ::ffff:a.b.c.d. How tables key an address. */
void address_octets(const struct address *address, uint8_t ret_octets[16]);

struct network {
	uint8_t octets[16];
	uint8_t bits; /* Of 128; IPv4 networks count 96 more. */
};

/* MALFORMED; INVALID if bits beyond the prefix are set, which is mostly a slip of the hand.
 * Without "/bits" the network is that one address. "::/0" holds IPv4 too. */
enum status network_parse(struct bytes text, struct network *ret_network) MUST_CHECK;
bool network_holds(const struct network *network, const uint8_t octets[16]);

/* Writes "192.0.2.0/24" or "2001:db8::/32" with a NUL; returns `buffer`. */
enum { NETWORK_TEXT_SIZE_MAX = ADDRESS_TEXT_SIZE_MAX };
const char *network_format(const struct network *network, char buffer[NETWORK_TEXT_SIZE_MAX]);
