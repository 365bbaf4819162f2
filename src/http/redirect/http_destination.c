/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_destination.h"

#include "code/code_map.h"
#include "handle/handle_name.h"
#include "markup/markup_url.h"

#define ANY   "*"
#define BELOW "*."

enum { URL_SIZE_MAX = 8 + 1020 }; /* Of a host of 255 characters. */

/* The host without what stands for names below it, as an address of the web would have it. */
static enum status
host_write(struct text_writer *writer, struct bytes host)
{
	char url[URL_SIZE_MAX];
	char room[MARKUP_HOST_SIZE_MAX];
	struct text_writer whole = text_writer_over(url, sizeof(url));
	struct bytes written;

	text_write_string(&whole, "http://");
	text_write(&whole, host);
	if (text_writer_end(&whole) != STATUS_OK || !markup_url_is_safe(text_written(&whole))) {
		return STATUS_INVALID;
	}
	written = markup_url_host_written(text_written(&whole), room);
	/* A port, a path or a point at the end says more than a host. */
	if (markup_url_host(text_written(&whole)).size != host.size ||
		markup_url_name(written).size != written.size) {
		return STATUS_INVALID;
	}
	text_write(writer, written);
	return text_writer_end(writer);
}

enum status
http_destination_write(struct text_writer *writer, struct bytes line)
{
	size_t blank = bytes_find(line, ' ');
	struct bytes prefix = bytes_slice(line, 0, blank);
	struct bytes host = bytes_trim(bytes_slice(line, blank, line.size));

	if (!bytes_equal(prefix, TEXT(ANY)) && !code_mapping_prefix_is_good(prefix)) {
		return STATUS_INVALID;
	}
	text_write(writer, prefix);
	text_write_char(writer, ' ');
	if (bytes_start_with(host, TEXT(BELOW))) {
		text_write_string(writer, BELOW);
		host = bytes_slice(host, strlen(BELOW), host.size);
	}
	return host_write(writer, host);
}

struct http_destination
http_destination_over(struct bytes line)
{
	size_t blank = bytes_find(line, ' ');

	return (struct http_destination){
		bytes_slice(line, 0, blank), bytes_slice(line, blank + 1, line.size)};
}

/* 88.995 is that of 88.995 and of 88.995.1, and not of 88.9951. */
static bool
prefix_fits(struct bytes wanted, struct bytes prefix)
{
	return bytes_equal(wanted, TEXT(ANY)) || bytes_equal_fold(wanted, prefix) ||
		(bytes_start_with_fold(prefix, wanted) && prefix.at[wanted.size] == '.');
}

static bool
host_fits(struct bytes wanted, struct bytes name)
{
	struct bytes end;

	if (!bytes_start_with(wanted, TEXT(BELOW))) {
		return bytes_equal_fold(wanted, name);
	}
	end = bytes_slice(wanted, 1, wanted.size);
	return name.size > end.size &&
		bytes_equal_fold(bytes_slice(name, name.size - end.size, end.size), end);
}

/* Octets of the longest prefix that fits; `*` has none, and stands behind all others. */
static size_t
prefix_weight(struct bytes wanted)
{
	return bytes_equal(wanted, TEXT(ANY)) ? 0 : wanted.size;
}

bool
http_destinations_allow(
	const struct http_destinations *destinations, struct bytes handle, struct bytes url)
{
	char room[MARKUP_HOST_SIZE_MAX];
	struct bytes name = {NULL, 0};
	struct bytes prefix = handle_name_is_prefix_handle(handle) ? handle_name_suffix(handle)
								   : handle_name_prefix(handle);
	size_t longest = 0;
	bool is_allowed = true;

	for (size_t i = 0; i < destinations->count; i++) {
		const struct http_destination *item = &destinations->items[i];
		size_t weight = prefix_weight(item->prefix);
		bool fits;

		if (!prefix_fits(item->prefix, prefix)) {
			continue;
		}
		if (name.size == 0) {
			name = markup_url_name(markup_url_host_written(url, room));
			is_allowed = false;
		}
		fits = weight >= longest && host_fits(item->host, name);
		is_allowed = weight > longest ? fits : is_allowed || fits;
		longest = weight > longest ? weight : longest;
	}
	return is_allowed;
}
