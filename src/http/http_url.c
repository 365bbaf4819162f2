/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_url.h"

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

static size_t
authority_end(struct bytes url, size_t at)
{
	while (at < url.size && !octet_is_of_set(url.at[at], "/?#")) {
		at++;
	}
	return at;
}

bool
http_url_is_safe(struct bytes url)
{
	size_t at = authority_at(url);
	size_t end = authority_end(url, at);

	if (at == 0 || end == at || (!octet_is_letter_or_digit(url.at[at]) && url.at[at] != '[')) {
		return false;
	}
	for (size_t i = at; i < end; i++) {
		if (!octet_is_letter_or_digit(url.at[i]) && !octet_is_of_set(url.at[i], ".-_:[]")) {
			return false;
		}
	}
	return true;
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
	size_t end = authority_end(url, authority_at(url));

	encoded_write(writer, url);
	if (append.size > 0 && end == url.size && !octet_is_of_set(append.at[0], "/?#")) {
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
