/* SPDX-License-Identifier: Apache-2.0 */
#include "markup/markup_url.h"

#include <idn2.h>

enum {
	NAME_SIZE_MAX = 1020, /* 255 characters of UTF-8. */
	ASCII_NAME_SIZE_MAX = 253, /* RFC 1035, 2.3.4, without the octets of its lengths. */
	PORT_SIZE_MAX = 5,
};

static bool
octet_is_letter_or_digit(uint8_t octet)
{
	return (octet >= '0' && octet <= '9') ||
		(ascii_upper(octet) >= 'A' && ascii_upper(octet) <= 'Z');
}

static bool
octet_is_of_set(uint8_t octet, const char *set)
{
	return octet != '\0' && strchr(set, octet) != NULL;
}

/* Where the authority begins, or 0: no scheme that is allowed. */
static size_t
authority_at(struct bytes url)
{
	static const char *const schemes[] = {"http://", "https://", "ftp://"};

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

/* Of plain ASCII. */
static bool
host_is_plain(struct bytes host)
{
	if (host.size == 0 || (!octet_is_letter_or_digit(host.at[0]) && host.at[0] != '[')) {
		return false;
	}
	for (size_t i = 0; i < host.size; i++) {
		if (!octet_is_letter_or_digit(host.at[i]) &&
			!octet_is_of_set(host.at[i], ".-_:[]")) {
			return false;
		}
	}
	return true;
}

static bool
port_is_number(struct bytes port)
{
	for (size_t i = 0; i < port.size; i++) {
		if (port.at[i] < '0' || port.at[i] > '9') {
			return false;
		}
	}
	return port.size <= PORT_SIZE_MAX;
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
	if (ascii.size > ASCII_NAME_SIZE_MAX || !host_is_plain(ascii) ||
		memmem(ascii.at, ascii.size, "..", 2) != NULL ||
		memchr(ascii.at, ':', ascii.size) != NULL) {
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
	size_t size = bytes_find(host, ':');
	struct bytes port = bytes_slice(host, size, host.size);
	struct bytes name;
	bool is_ascii = true;

	for (size_t i = 0; i < host.size && is_ascii; i++) {
		is_ascii = host.at[i] < 0x80;
	}
	if (is_ascii) {
		return host;
	}
	name = port_is_number(bytes_slice(port, 1, port.size))
		? name_to_ascii(bytes_slice(host, 0, size), room)
		: (struct bytes){NULL, 0};
	if (name.size == 0) {
		return name;
	}
	if (port.size > 0) {
		memcpy(room + name.size, port.at, port.size);
	}
	return bytes_over(room, name.size + port.size);
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
