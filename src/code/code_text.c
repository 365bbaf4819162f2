/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_private.h"

#include <string.h>

bool
code_is_digit(uint8_t octet)
{
	return octet >= '0' && octet <= '9';
}

bool
code_is_alphanumeric(uint8_t octet)
{
	uint8_t upper = ascii_upper(octet);

	return code_is_digit(octet) || (upper >= 'A' && upper <= 'Z');
}

bool
code_are_digits(struct bytes run)
{
	return run.size > 0 && code_span(run, "0123456789") == run.size;
}

bool
code_has_control(struct bytes run)
{
	for (size_t i = 0; i < run.size; i++) {
		if (run.at[i] < 0x20 || run.at[i] == 0x7f) {
			return true;
		}
	}
	return false;
}

size_t
code_span(struct bytes run, const char *alphabet)
{
	size_t size = 0;

	while (size < run.size && run.at[size] != '\0' && strchr(alphabet, run.at[size]) != NULL) {
		size++;
	}
	return size;
}

struct bytes
code_take(struct bytes *run, uint8_t separator)
{
	size_t size = bytes_find(*run, separator);
	struct bytes taken = bytes_slice(*run, 0, size);

	*run = bytes_slice(*run, size + 1, SIZE_MAX);
	return taken;
}

bool
code_take_prefix(struct bytes *run, const char *prefix)
{
	struct bytes start = bytes_from_string(prefix);

	if (!bytes_start_with_fold(*run, start)) {
		return false;
	}
	*run = bytes_slice(*run, start.size, SIZE_MAX);
	return true;
}

bool
code_percent_decode(struct code_result *result, struct bytes run, struct bytes *ret_text)
{
	struct text_writer before = result->text;
	size_t begin = code_text_begin(result);
	struct bytes text;

	for (size_t i = 0; i < run.size; i++) {
		uint8_t octet = run.at[i];

		if (octet == '%') {
			if (text_read_hex(bytes_slice(run, i + 1, 2), &octet) != STATUS_OK ||
				run.size - i < 3) {
				result->text = before;
				return false;
			}
			i += 2;
		}
		text_write_char(&result->text, (char)octet);
	}
	text = code_text_end(result, begin);
	if (!bytes_are_utf8(text) || code_has_control(text)) {
		result->text = before;
		return false;
	}
	*ret_text = text;
	return true;
}

bool
code_url_split(struct bytes text, struct code_url *ret_url)
{
	struct bytes whole;
	size_t authority_size;

	if (!code_take_prefix(&text, "https://") && !code_take_prefix(&text, "http://")) {
		return false;
	}
	text = bytes_slice(text, 0, bytes_find(text, '#'));
	whole = bytes_slice(text, 0, bytes_find(text, '?'));
	authority_size = bytes_find(whole, '/');
	ret_url->host = bytes_slice(whole, 0, authority_size);
	ret_url->host = bytes_slice(ret_url->host, 0, bytes_find(ret_url->host, ':'));
	ret_url->path = bytes_slice(whole, authority_size, SIZE_MAX);
	ret_url->query = bytes_slice(text, whole.size + 1, SIZE_MAX);
	return ret_url->host.size > 0;
}
