/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_url.h"

#include "markup/markup_url.h"

/* Octets below 128, one bit each: every redirect asks for each octet of its address. */
struct octet_set {
	uint64_t low, high;
};

/* RFC 3986, 2.2 and 2.3: letters, digits and -._~:/?#[]@!$&()*+,;= - all that stays in an address,
 * but for the apostrophe, which could end an attribute. */
static const struct octet_set of_addresses = {0xafffff5a00000000, 0x47fffffeafffffff};
/* Letters, digits and -._~/:@!$&()*+,= */
static const struct octet_set of_paths = {0x27ffff5200000000, 0x47fffffe87ffffff};

static bool
set_has(const struct octet_set *set, uint8_t octet)
{
	if (octet >= 128) {
		return false;
	}
	return (octet < 64 ? set->low >> octet & 1 : set->high >> (octet - 64) & 1) != 0;
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

static void
encoded_write(struct text_writer *writer, struct bytes text)
{
	size_t from = 0; /* What is not written yet stays as it is. */

	for (size_t i = 0; i < text.size; i++) {
		if (!set_has(&of_addresses, text.at[i]) && !is_escape(text, i)) {
			text_write(writer, bytes_slice(text, from, i - from));
			escape_write(writer, text.at[i]);
			from = i + 1;
		}
	}
	text_write(writer, bytes_slice(text, from, text.size));
}

void
http_url_write(struct text_writer *writer, struct bytes url, struct bytes append)
{
	char room[MARKUP_HOST_SIZE_MAX];
	struct bytes host = markup_url_host(url);
	struct bytes written = markup_url_host_written(url, room);
	bool ends_in_host = host.at + host.size == url.at + url.size;

	if (written.at == host.at) {
		encoded_write(writer, url);
	} else {
		size_t at = (size_t)(host.at - url.at);

		encoded_write(writer, bytes_slice(url, 0, at));
		text_write(writer, written);
		encoded_write(writer, bytes_slice(url, at + host.size, url.size));
	}
	if (append.size > 0 && ends_in_host && append.at[0] != '/' && append.at[0] != '?' &&
		append.at[0] != '#') {
		text_write_char(writer, '/');
	}
	encoded_write(writer, append);
}

void
http_path_write(struct text_writer *writer, struct bytes name)
{
	size_t from = 0; /* What is not written yet stays as it is. */

	for (size_t i = 0; i < name.size; i++) {
		/* Two slashes in front would be another host. */
		if (!set_has(&of_paths, name.at[i]) || (i == 0 && name.at[i] == '/')) {
			text_write(writer, bytes_slice(name, from, i - from));
			escape_write(writer, name.at[i]);
			from = i + 1;
		}
	}
	text_write(writer, bytes_slice(name, from, name.size));
}

void
http_query_write(struct text_writer *writer, struct bytes query)
{
	encoded_write(writer, query);
}
