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

static inline bool
set_has(const struct octet_set *set, uint8_t octet)
{
	uint64_t half = (octet & 64) != 0 ? set->high : set->low;

	return octet < 128 && (half >> (octet & 63) & 1) != 0;
}

/* Where the first octet stands that is none of the set, from `at` on. */
static inline size_t
set_end(const struct octet_set *set, struct bytes text, size_t at)
{
	const struct octet_set here = *set;

	while (at < text.size && set_has(&here, text.at[at])) {
		at++;
	}
	return at;
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
	size_t at = 0;

	while ((at = set_end(&of_addresses, text, at)) < text.size) {
		if (!is_escape(text, at)) {
			text_write(writer, bytes_slice(text, from, at - from));
			escape_write(writer, text.at[at]);
			from = at + 1;
		}
		at++;
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
	/* Two slashes in front would be another host. */
	bool begins_with_slash = name.size > 0 && name.at[0] == '/';
	size_t from = 0; /* What is not written yet stays as it is. */
	size_t at = begins_with_slash ? 0 : set_end(&of_paths, name, 0);

	while (at < name.size) {
		text_write(writer, bytes_slice(name, from, at - from));
		escape_write(writer, name.at[at]);
		from = at + 1;
		at = set_end(&of_paths, name, from);
	}
	text_write(writer, bytes_slice(name, from, name.size));
}

void
http_query_write(struct text_writer *writer, struct bytes query)
{
	encoded_write(writer, query);
}
