/* SPDX-License-Identifier: Apache-2.0 */
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

bool
markup_url_is_safe(struct bytes url)
{
	struct bytes host = markup_url_host(url);

	if (authority_at(url) == 0 || host.size == 0 ||
		(!octet_is_letter_or_digit(host.at[0]) && host.at[0] != '[')) {
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
