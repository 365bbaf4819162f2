/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_gzip.h"

#include "base/limits.h"

#include <stdlib.h>
#include <zlib.h>

enum { LEVEL = 1, WINDOW_BITS_OF_GZIP = 15 + 16, MEMORY_LEVEL = 8 };

struct http_gzip {
	z_stream stream;
	uint8_t room[HTTP_GZIP_SIZE_MAX];
};

struct http_gzip *
http_gzip_new(void)
{
	struct http_gzip *gzip = calloc(1, sizeof(*gzip));

	if (gzip != NULL &&
		deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, WINDOW_BITS_OF_GZIP, MEMORY_LEVEL,
			Z_DEFAULT_STRATEGY) != Z_OK) {
		free(gzip);
		return NULL;
	}
	return gzip;
}

void
http_gzip_free(struct http_gzip *gzip)
{
	if (gzip != NULL) {
		(void)deflateEnd(&gzip->stream);
		free(gzip);
	}
}

/* "q=0", "q=0.0": what is not wanted (RFC 9110, 12.4.2). */
static bool
quality_is_zero(struct bytes parameter)
{
	struct bytes text = bytes_trim(parameter);

	if (!bytes_start_with_fold(text, TEXT("q="))) {
		return false;
	}
	for (size_t i = 2; i < text.size; i++) {
		if (text.at[i] != '0' && text.at[i] != '.') {
			return false;
		}
	}
	return text.size > 2;
}

bool
http_gzip_is_accepted(const char *header)
{
	struct bytes rest = header == NULL ? (struct bytes){NULL, 0} : bytes_from_string(header);
	bool any = false;

	while (rest.size > 0) {
		struct bytes item = bytes_slice(rest, 0, bytes_find(rest, ','));
		size_t at = bytes_find(item, ';');
		struct bytes name = bytes_trim(bytes_slice(item, 0, at));
		bool is_wanted = !quality_is_zero(bytes_slice(item, at + 1, item.size));

		rest = bytes_slice(rest, item.size + 1, rest.size);
		if (bytes_equal_fold(name, TEXT("gzip")) ||
			bytes_equal_fold(name, TEXT("x-gzip"))) {
			return is_wanted;
		}
		any = any || (bytes_equal(name, TEXT("*")) && is_wanted);
	}
	return any;
}

enum status
http_gzip_compress(struct http_gzip *gzip, struct bytes body, struct bytes *ret_body)
{
	z_stream *stream = &gzip->stream;

	if (body.size < HTTP_GZIP_SIZE_MIN || body.size > HTTP_GZIP_SIZE_MAX ||
		deflateReset(stream) != Z_OK) {
		return STATUS_NO_SPACE;
	}
	stream->next_in = (uint8_t *)(uintptr_t)body.at;
	stream->avail_in = (uInt)body.size;
	stream->next_out = gzip->room;
	stream->avail_out = (uInt)body.size - 1;
	if (deflate(stream, Z_FINISH) != Z_STREAM_END) {
		return STATUS_NO_SPACE;
	}
	*ret_body = bytes_over(gzip->room, body.size - 1 - stream->avail_out);
	return STATUS_OK;
}
