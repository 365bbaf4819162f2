/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_url.h"

#include "markup/markup_url.h"

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

bool
http_url_is_safe(struct bytes url)
{
	return markup_url_is_safe(url);
}

static void
escape_write(struct text_writer *writer, uint8_t octet)
{
	static const char digits[] = "0123456789ABCDEF";

	text_write_char(writer, '%');
	text_write_char(writer, digits[octet >> 4]);
	text_write_char(writer, digits[octet & 0x0f]);
}

static bool
octet_is_hex(uint8_t octet)
{
	octet = ascii_upper(octet);
	return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'F');
}

static bool
is_escape(struct bytes text, size_t at)
{
	return text.at[at] == '%' && text.size - at > 2 && octet_is_hex(text.at[at + 1]) &&
		octet_is_hex(text.at[at + 2]);
}

/* RFC 3986, 2.2 and 2.3: what stays, but for the apostrophe, which could end an attribute. */
static void
encoded_write(struct text_writer *writer, struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t octet = text.at[i];

		if (octet_is_letter_or_digit(octet) ||
			octet_is_of_set(octet, "-._~:/?#[]@!$&()*+,;=") || is_escape(text, i)) {
			text_write_char(writer, (char)octet);
		} else {
			escape_write(writer, octet);
		}
	}
}

void
http_url_write(struct text_writer *writer, struct bytes url, struct bytes append)
{
	struct bytes host = markup_url_host(url);
	bool ends_in_host = host.at + host.size == url.at + url.size;

	encoded_write(writer, url);
	if (append.size > 0 && ends_in_host && !octet_is_of_set(append.at[0], "/?#")) {
		text_write_char(writer, '/');
	}
	encoded_write(writer, append);
}

void
http_path_write(struct text_writer *writer, struct bytes name)
{
	for (size_t i = 0; i < name.size; i++) {
		uint8_t octet = name.at[i];
		bool stays = octet_is_letter_or_digit(octet) ||
			octet_is_of_set(octet, "-._~/:@!$&()*+,=");

		/* Two slashes in front would be another host. */
		if (stays && (i > 0 || octet != '/')) {
			text_write_char(writer, (char)octet);
		} else {
			escape_write(writer, octet);
		}
	}
}

void
http_query_write(struct text_writer *writer, struct bytes query)
{
	encoded_write(writer, query);
}
