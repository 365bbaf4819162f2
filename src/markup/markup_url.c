/* SPDX-License-Identifier: Apache-2.0 */
#include "markup/markup_url.h"

#include <arpa/inet.h>
#include <idn2.h>

enum {
	NAME_SIZE_MAX = 1020, /* 255 characters of UTF-8. */
	ASCII_NAME_SIZE_MAX = 253, /* RFC 1035, 2.3.4, without the octets of its lengths. */
	PORT_SIZE_MAX = 5,
	ADDRESS_SIZE_MAX = 45, /* INET6_ADDRSTRLEN without its NUL. */
};

static bool
octet_is_letter_or_digit(uint8_t octet)
{
	return (octet >= '0' && octet <= '9') ||
		(ascii_upper(octet) >= 'A' && ascii_upper(octet) <= 'Z');
}

static bool
octet_is_hex(uint8_t octet)
{
	return (octet >= '0' && octet <= '9') ||
		(ascii_upper(octet) >= 'A' && ascii_upper(octet) <= 'F');
}

static bool
octet_is_of_set(uint8_t octet, const char *set)
{
	for (; *set != '\0'; set++) {
		if (octet == (uint8_t)*set) {
			return true;
		}
	}
	return false;
}

/* Where the authority begins, or 0: no scheme that is allowed. */
static size_t
authority_at(struct bytes url)
{
	static const char *const schemes[] = {"http://", "https://", "ftp://"};

	if (bytes_start_with(url, TEXT("https://"))) {
		return sizeof("https://") - 1; /* Mostly. */
	}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct bytes scheme = bytes_from_string(schemes[i]);

		if (bytes_start_with_fold(url, scheme)) {
			return scheme.size;
		}
	}
	return 0;
}

struct bytes
markup_url_host(struct bytes url)
{
	size_t at = authority_at(url);
	size_t end = at;

	while (end < url.size && url.at[end] != '/' && url.at[end] != '?' && url.at[end] != '#') {
		end++;
	}
	return bytes_slice(url, at, end - at);
}

/* What stands in front of the port; brackets belong to it. */
static struct bytes
name_of(struct bytes host)
{
	size_t end = host.size > 0 && host.at[0] == '[' ? bytes_find(host, ']') + 1
							: bytes_find(host, ':');

	return bytes_slice(host, 0, end);
}

/* Letters, digits and hyphens with single points between; one at the end does no harm. */
static bool
name_has_labels(struct bytes name)
{
	uint8_t before = '.';

	for (size_t i = 0; i < name.size; i++) {
		if (!octet_is_letter_or_digit(name.at[i]) && !octet_is_of_set(name.at[i], "-_.")) {
			return false;
		}
		if (before == '.' && !octet_is_letter_or_digit(name.at[i])) {
			return false;
		}
		before = name.at[i];
	}
	return name.size > 0;
}

/* A name that ends in a number is an address to a browser, which reads 2130706433, 0x7f.1 and
 * 127.1 as 127.0.0.1 (WHATWG URL, 3.5). */
static bool
name_ends_in_number(struct bytes name)
{
	size_t end = name.size - (name.at[name.size - 1] == '.');
	size_t at = end;
	bool is_decimal = true;

	while (at > 0 && name.at[at - 1] != '.') {
		at--;
		is_decimal = is_decimal && name.at[at] >= '0' && name.at[at] <= '9';
	}
	name = bytes_slice(name, at, end - at);
	if (is_decimal || !bytes_start_with_fold(name, TEXT("0x"))) {
		return is_decimal;
	}
	for (size_t i = 2; i < name.size; i++) {
		if (!octet_is_hex(name.at[i])) {
			return false;
		}
	}
	return true;
}

static bool
is_address(struct bytes text, int family)
{
	char room[ADDRESS_SIZE_MAX + 1];
	struct in6_addr address;

	if (text.size > ADDRESS_SIZE_MAX || text.size == 0) {
		return false;
	}
	memcpy(room, text.at, text.size);
	room[text.size] = '\0';
	return inet_pton(family, room, &address) == 1;
}

static bool
name_is_plain(struct bytes name)
{
	if (name.size > 2 && name.at[0] == '[' && name.at[name.size - 1] == ']') {
		return is_address(bytes_slice(name, 1, name.size - 2), AF_INET6);
	}
	return name_has_labels(name) && (!name_ends_in_number(name) || is_address(name, AF_INET));
}

static bool
port_is_number(struct bytes port)
{
	uint32_t number = 0;

	for (size_t i = 0; i < port.size; i++) {
		if (port.at[i] < '0' || port.at[i] > '9') {
			return false;
		}
		number = number * 10 + (uint32_t)(port.at[i] - '0');
	}
	return port.size <= PORT_SIZE_MAX && number <= UINT16_MAX;
}

/* A name or an address of plain ASCII, and a port at the most. */
static bool
host_is_plain(struct bytes host)
{
	struct bytes name = name_of(host);
	struct bytes port = bytes_slice(host, name.size, host.size);

	return name_is_plain(name) &&
		(port.size == 0 ||
			(port.at[0] == ':' && port_is_number(bytes_slice(port, 1, port.size))));
}

/* The name, without its port; empty: it is none of IDNA. */
static struct bytes
name_to_ascii(struct bytes name, char room[MARKUP_HOST_SIZE_MAX])
{
	uint8_t text[NAME_SIZE_MAX + 1];
	uint8_t *found = NULL;
	struct bytes ascii;

	if (name.size == 0 || name.size > NAME_SIZE_MAX || memchr(name.at, 0, name.size) != NULL) {
		return (struct bytes){NULL, 0};
	}
	memcpy(text, name.at, name.size);
	text[name.size] = 0;
	if (idn2_lookup_u8(text, &found, IDN2_NO_TR46) != IDN2_OK) {
		return (struct bytes){NULL, 0};
	}
	ascii = bytes_from_string((const char *)found);
	if (ascii.size > ASCII_NAME_SIZE_MAX || !name_has_labels(ascii) ||
		name_ends_in_number(ascii)) {
		ascii.size = 0;
	}
	memcpy(room, ascii.at, ascii.size);
	idn2_free(found);
	return bytes_over(room, ascii.size);
}

struct bytes
markup_url_host_written(struct bytes url, char room[MARKUP_HOST_SIZE_MAX])
{
	struct bytes host = markup_url_host(url);
	struct bytes name = name_of(host);
	struct bytes port = bytes_slice(host, name.size, host.size);
	bool is_ascii = true;

	for (size_t i = 0; i < host.size && is_ascii; i++) {
		is_ascii = host.at[i] < 0x80;
	}
	if (is_ascii) {
		return host;
	}
	name = port_is_number(bytes_slice(port, 1, port.size)) ? name_to_ascii(name, room)
							       : (struct bytes){NULL, 0};
	if (name.size == 0) {
		return name;
	}
	if (port.size > 0) {
		memcpy(room + name.size, port.at, port.size);
	}
	return bytes_over(room, name.size + port.size);
}

struct bytes
markup_url_name(struct bytes host)
{
	struct bytes name = name_of(host);

	name.size -= name.size > 0 && name.at[name.size - 1] == '.';
	return name;
}

bool
markup_url_is_plain(struct bytes url)
{
	return authority_at(url) != 0 && host_is_plain(markup_url_host(url));
}

bool
markup_url_is_safe(struct bytes url)
{
	char room[MARKUP_HOST_SIZE_MAX];

	return authority_at(url) != 0 && host_is_plain(markup_url_host_written(url, room));
}
