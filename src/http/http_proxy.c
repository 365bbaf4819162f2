/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_proxy.h"

#include "base/limits.h"
#include "base/text_writer.h"

enum {
	SIGNATURE_SIZE = 12,
	HEAD_SIZE = 16, /* Of version 2, with the signature. */
	LINE_SIZE_MIN = 15, /* Of version 1: "PROXY UNKNOWN" and its line end. */
	LINE_SIZE_MAX = 107,
	COMMAND_LOCAL = 0x20,
	COMMAND_PROXY = 0x21,
	FAMILY_V4 = 1,
	FAMILY_V6 = 2,
	PORT_SIZE = 2,
};

static const uint8_t signature[SIGNATURE_SIZE] = {
	0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

static uint16_t
number_of(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* Source and destination address, source and destination port. */
static enum status
addresses_read(struct bytes block, uint8_t family, struct http_proxy *proxy)
{
	struct address *address = &proxy->address;
	size_t size = family == FAMILY_V4 ? 4 : 16;

	if (block.size < 2 * size + 2 * PORT_SIZE) {
		return STATUS_MALFORMED;
	}
	*address = (struct address){.size = sizeof(address->v6)};
	if (family == FAMILY_V4) {
		address->size = sizeof(address->v4);
		address->v4.sin_family = AF_INET;
		memcpy(&address->v4.sin_addr, block.at, size);
	} else {
		address->v6.sin6_family = AF_INET6;
		memcpy(&address->v6.sin6_addr, block.at, size);
	}
	address_set_port(address, number_of(block.at + 2 * size));
	proxy->has_address = true;
	return STATUS_OK;
}

static enum status
binary_read(struct bytes octets, struct http_proxy *proxy)
{
	size_t size;
	uint8_t family;

	if (octets.size < HEAD_SIZE) {
		proxy->wanted = HEAD_SIZE - octets.size;
		return STATUS_TRUNCATED;
	}
	size = HEAD_SIZE + (size_t)number_of(octets.at + SIGNATURE_SIZE + 2);
	if (size > HTTP_PROXY_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	if (octets.at[SIGNATURE_SIZE] != COMMAND_LOCAL &&
		octets.at[SIGNATURE_SIZE] != COMMAND_PROXY) {
		return STATUS_MALFORMED;
	}
	if (octets.size < size) {
		proxy->wanted = size - octets.size;
		return STATUS_TRUNCATED;
	}
	family = octets.at[SIGNATURE_SIZE + 1] >> 4;
	if (octets.size > size) {
		return STATUS_MALFORMED;
	}
	if (octets.at[SIGNATURE_SIZE] == COMMAND_LOCAL ||
		(family != FAMILY_V4 && family != FAMILY_V6)) {
		return STATUS_OK;
	}
	return addresses_read(bytes_slice(octets, HEAD_SIZE, size), family, proxy);
}

/* The next word of the line; words have one blank between them. */
static struct bytes
word_take(struct bytes *line)
{
	struct bytes word = bytes_slice(*line, 0, bytes_find(*line, ' '));

	*line = bytes_slice(*line, word.size + 1, line->size);
	return word;
}

/* "TCP4 192.0.2.1 198.51.100.1 56324 443". */
static enum status
words_read(struct bytes line, struct http_proxy *proxy)
{
	struct bytes kind = word_take(&line);
	struct bytes source = word_take(&line);
	struct bytes target = word_take(&line);
	struct bytes source_port = word_take(&line);
	bool is_v4 = bytes_equal(kind, TEXT("TCP4"));
	struct address other;
	uint64_t port = 0;
	uint64_t target_port = 0;

	if ((!is_v4 && !bytes_equal(kind, TEXT("TCP6"))) ||
		bytes_find(source, is_v4 ? ':' : '.') < source.size ||
		bytes_find(source, '[') < source.size ||
		address_parse(source, 0, &proxy->address) != STATUS_OK ||
		address_parse(target, 0, &other) != STATUS_OK ||
		(proxy->address.any.sa_family == AF_INET) != is_v4 ||
		text_read_u64(source_port, UINT16_MAX, &port) != STATUS_OK ||
		text_read_u64(line, UINT16_MAX, &target_port) != STATUS_OK) {
		return STATUS_MALFORMED;
	}
	address_set_port(&proxy->address, (uint16_t)port);
	proxy->has_address = true;
	return STATUS_OK;
}

static enum status
line_read(struct bytes octets, struct http_proxy *proxy)
{
	struct bytes line = bytes_slice(octets, 6, octets.size);

	if (octets.size < LINE_SIZE_MIN) {
		proxy->wanted = LINE_SIZE_MIN - octets.size;
		return STATUS_TRUNCATED;
	}
	if (octets.at[octets.size - 1] != '\n') {
		proxy->wanted = 1;
		return octets.size < LINE_SIZE_MAX ? STATUS_TRUNCATED : STATUS_TOO_LARGE;
	}
	if (octets.at[octets.size - 2] != '\r') {
		return STATUS_MALFORMED;
	}
	line.size -= 2;
	if (bytes_equal(line, TEXT("UNKNOWN")) || bytes_start_with(line, TEXT("UNKNOWN "))) {
		return STATUS_OK;
	}
	return words_read(line, proxy);
}

enum status
http_proxy_read(struct bytes octets, struct http_proxy *ret_proxy)
{
	size_t size = octets.size < SIGNATURE_SIZE ? octets.size : SIGNATURE_SIZE;
	struct bytes front = bytes_slice(octets, 0, size);
	struct bytes word = TEXT("PROXY ");
	bool is_binary = bytes_equal(front, bytes_over(signature, size));
	bool is_line = size <= word.size ? bytes_equal(front, bytes_slice(word, 0, size))
					 : bytes_start_with(front, word);

	*ret_proxy = (struct http_proxy){.wanted = 0};
	if (!is_binary && !is_line) {
		return STATUS_MALFORMED;
	}
	if (size < SIGNATURE_SIZE) {
		ret_proxy->wanted = SIGNATURE_SIZE - size;
		return STATUS_TRUNCATED;
	}
	return is_binary ? binary_read(octets, ret_proxy) : line_read(octets, ret_proxy);
}

bool
http_networks_hold(const struct http_networks *networks, const struct address *address)
{
	uint8_t octets[16];

	address_octets(address, octets);
	for (uint32_t i = 0; i < networks->count; i++) {
		if (network_holds(&networks->items[i], octets)) {
			return true;
		}
	}
	return false;
}

/* The part behind the last `octet` that stands outside of quotes; what is before it stays. */
static struct bytes
last_take(struct bytes *text, uint8_t octet)
{
	size_t at = text->size;
	bool is_quoted = false;
	struct bytes part;

	for (size_t i = 0; i < text->size; i++) {
		if (text->at[i] == '"') {
			is_quoted = !is_quoted;
		} else if (text->at[i] == octet && !is_quoted) {
			at = i;
		}
	}
	part = at == text->size ? *text : bytes_slice(*text, at + 1, text->size);
	text->size = at == text->size ? 0 : at;
	return bytes_trim(part);
}

static struct bytes
unquoted(struct bytes text)
{
	return text.size >= 2 && text.at[0] == '"' && text.at[text.size - 1] == '"'
		? bytes_slice(text, 1, text.size - 2)
		: text;
}

/* "for=192.0.2.60;proto=https;by=203.0.113.43" */
static struct bytes
element_read(struct bytes element, bool *ret_is_tls)
{
	struct bytes found = {NULL, 0};

	*ret_is_tls = false;
	while (element.size > 0) {
		struct bytes pair = last_take(&element, ';');
		size_t at = bytes_find(pair, '=');
		struct bytes name = bytes_slice(pair, 0, at);
		struct bytes value = unquoted(bytes_slice(pair, at + 1, pair.size));

		if (bytes_equal_fold(name, TEXT("for"))) {
			found = value;
		} else if (bytes_equal_fold(name, TEXT("proto"))) {
			*ret_is_tls = bytes_equal_fold(value, TEXT("https"));
		}
	}
	return found;
}

void
http_forwarded_read(struct bytes header, bool is_list, const struct http_networks *trusted,
	struct http_forwarded *ret_forwarded)
{
	struct http_forwarded found = {.has_address = false};

	*ret_forwarded = found;
	while (header.size > 0) {
		struct bytes text = last_take(&header, ',');

		if (!is_list) {
			text = element_read(text, &found.is_tls);
		}
		if (address_parse(text, 0, &found.address) != STATUS_OK) {
			return; /* Nothing before it can be believed. */
		}
		found.has_address = true;
		*ret_forwarded = found;
		if (!http_networks_hold(trusted, &found.address)) {
			return;
		}
	}
}
