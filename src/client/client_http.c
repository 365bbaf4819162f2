/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_http.h"

#include "base/text_writer.h"

enum {
	LINE_SIZE_MAX = 1024, /* Of the head of a chunk, and of a trailer. */
	STATUS_OF_SUCCESS = 200,
	STATUS_OF_TOO_BUSY = 503,
};

#define MESSAGE_TYPE "application/x-hdl-message"

/* What the lines of a head say. */
struct head {
	unsigned int status;
	bool is_old; /* HTTP/1.0. */
	bool is_closing;
	bool is_kept; /* HTTP/1.0 that says so. */
	bool is_chunked;
	bool has_size;
	const char *type; /* Wanted. */
	bool has_type;
	uint64_t size;
};

void
client_http_begin(struct client_http *http)
{
	*http = (struct client_http){.step = CLIENT_HTTP_HEAD};
}

void
client_http_begin_type(struct client_http *http, const char *type)
{
	*http = (struct client_http){.step = CLIENT_HTTP_HEAD, .type = type};
}

/* The line up to its CR LF, which `ret_taken` and `limit` count too. TRUNCATED without one. */
static enum status
line_cut(struct bytes octets, size_t limit, struct bytes *ret_line, size_t *ret_taken)
{
	size_t at = bytes_find(octets, '\n');

	if (at >= limit) {
		return STATUS_TOO_LARGE;
	}
	if (at == octets.size) {
		return STATUS_TRUNCATED;
	}
	if (at == 0 || octets.at[at - 1] != '\r') {
		return STATUS_MALFORMED;
	}
	*ret_line = bytes_slice(octets, 0, at - 1);
	*ret_taken = at + 1;
	return STATUS_OK;
}

/* "HTTP/1.1 200 OK". */
static enum status
status_line_read(struct bytes line, struct head *head)
{
	uint64_t number = 0;

	if (!bytes_start_with(line, TEXT("HTTP/1.")) || line.size < 12 || line.at[8] != ' ' ||
		(line.size > 12 && line.at[12] != ' ') ||
		text_read_u64(bytes_slice(line, 9, 3), 999, &number) != STATUS_OK || number < 100) {
		return STATUS_MALFORMED;
	}
	head->is_old = line.at[7] == '0';
	head->status = (unsigned int)number;
	return STATUS_OK;
}

static enum status
size_read(struct bytes value, struct head *head)
{
	uint64_t size = 0;

	/* Twice is one time too many: somebody in between may have believed the other one. */
	if (head->has_size || text_read_u64(value, INT64_MAX, &size) != STATUS_OK) {
		return STATUS_MALFORMED;
	}
	head->has_size = true;
	head->size = size;
	return STATUS_OK;
}

static enum status
field_read(struct bytes line, struct head *head)
{
	size_t colon = bytes_find(line, ':');
	struct bytes name = bytes_slice(line, 0, colon);
	struct bytes value = bytes_trim(bytes_slice(line, colon + 1, line.size));

	if (colon == 0 || colon == line.size) {
		return STATUS_MALFORMED;
	}
	if (bytes_equal_fold(name, TEXT("Content-Length"))) {
		return size_read(value, head);
	}
	if (bytes_equal_fold(name, TEXT("Transfer-Encoding"))) {
		head->is_chunked = bytes_equal_fold(value, TEXT("chunked"));
		return head->is_chunked ? STATUS_OK : STATUS_UNSUPPORTED;
	}
	if (bytes_equal_fold(name, TEXT("Connection"))) {
		head->is_closing = head->is_closing || bytes_equal_fold(value, TEXT("close"));
		head->is_kept = head->is_kept || bytes_equal_fold(value, TEXT("keep-alive"));
	} else if (bytes_equal_fold(name, TEXT("Content-Type"))) {
		value = bytes_trim(bytes_slice(value, 0, bytes_find(value, ';')));
		head->has_type = bytes_equal_fold(value, bytes_from_string(head->type));
	}
	return STATUS_OK;
}

static enum status
head_judge(struct client_http *http, const struct head *head)
{
	if (head->status < STATUS_OF_SUCCESS) {
		return STATUS_OK; /* An interim answer: the true one follows. */
	}
	if (head->is_chunked && head->has_size) {
		return STATUS_MALFORMED;
	}
	if (head->status != STATUS_OF_SUCCESS || !head->has_type) {
		return head->status == STATUS_OF_TOO_BUSY ? STATUS_BUSY : STATUS_UNSUPPORTED;
	}
	http->is_last = head->is_closing || (head->is_old && !head->is_kept);
	if (head->is_chunked) {
		http->step = CLIENT_HTTP_CHUNK_HEAD;
	} else if (head->has_size) {
		http->step = head->size == 0 ? CLIENT_HTTP_OVER : CLIENT_HTTP_SIZED;
		http->left = head->size;
	} else {
		http->step = CLIENT_HTTP_OPEN;
		http->is_last = true;
	}
	return STATUS_OK;
}

/* A whole head, or nothing of it. */
static enum status
head_take(struct client_http *http, struct bytes octets, size_t *ret_taken)
{
	struct head head = {.type = http->type == NULL ? MESSAGE_TYPE : http->type};
	size_t taken = 0;
	size_t size = 0;
	struct bytes line;
	enum status status = line_cut(octets, CLIENT_HTTP_HEAD_SIZE_MAX, &line, &size);

	if (status == STATUS_OK) {
		status = status_line_read(line, &head);
	}
	while (status == STATUS_OK && line.size > 0) {
		taken += size;
		status = line_cut(bytes_slice(octets, taken, octets.size),
			CLIENT_HTTP_HEAD_SIZE_MAX - taken, &line, &size);
		if (status == STATUS_OK && line.size > 0) {
			status = field_read(line, &head);
		}
	}
	if (status == STATUS_OK) {
		*ret_taken = taken + size;
		status = head_judge(http, &head);
	}
	return status;
}

/* "1a2b;extension". */
static enum status
chunk_head_take(struct client_http *http, struct bytes octets, size_t *ret_taken)
{
	struct bytes line;
	uint64_t size = 0;
	size_t taken = 0;
	enum status status = line_cut(octets, LINE_SIZE_MAX, &line, &taken);

	if (status != STATUS_OK) {
		return status;
	}
	line = bytes_trim(bytes_slice(line, 0, bytes_find(line, ';')));
	if (line.size == 0 || line.size > 8) {
		return STATUS_MALFORMED;
	}
	for (size_t i = 0; i < line.size; i++) {
		static const char digits[] = "0123456789abcdef";
		uint8_t octet = line.at[i];
		const char *place;

		octet = octet >= 'A' && octet <= 'F' ? (uint8_t)(octet + 32) : octet;
		place = octet == '\0' ? NULL : strchr(digits, octet);
		if (place == NULL) {
			return STATUS_MALFORMED;
		}
		size = size * 16 + (uint64_t)(place - digits);
	}
	http->left = size;
	http->step = size == 0 ? CLIENT_HTTP_TRAILER : CLIENT_HTTP_CHUNK;
	*ret_taken = taken;
	return STATUS_OK;
}

static enum status
line_take(struct client_http *http, struct bytes octets, size_t *ret_taken)
{
	struct bytes line;
	enum status status = line_cut(octets, LINE_SIZE_MAX, &line, ret_taken);

	if (status == STATUS_OK && http->step == CLIENT_HTTP_CHUNK_END) {
		status = line.size == 0 ? STATUS_OK : STATUS_MALFORMED;
		http->step = CLIENT_HTTP_CHUNK_HEAD;
	} else if (status == STATUS_OK && line.size == 0) {
		http->step = CLIENT_HTTP_OVER;
	}
	return status;
}

static enum status
body_take(struct client_http *http, struct bytes octets, size_t *ret_taken, struct bytes *ret_body)
{
	if (octets.size == 0) {
		return STATUS_TRUNCATED;
	}
	*ret_body = http->step == CLIENT_HTTP_OPEN
		? octets
		: bytes_slice(
			  octets, 0, http->left < octets.size ? (size_t)http->left : octets.size);
	*ret_taken = ret_body->size;
	if (http->step != CLIENT_HTTP_OPEN) {
		http->left -= ret_body->size;
		if (http->left == 0) {
			http->step = http->step == CLIENT_HTTP_SIZED ? CLIENT_HTTP_OVER
								     : CLIENT_HTTP_CHUNK_END;
		}
	}
	return STATUS_OK;
}

enum status
client_http_take(
	struct client_http *http, struct bytes octets, size_t *ret_taken, struct bytes *ret_body)
{
	*ret_taken = 0;
	*ret_body = (struct bytes){NULL, 0};
	switch (http->step) {
	case CLIENT_HTTP_HEAD:
		return head_take(http, octets, ret_taken);
	case CLIENT_HTTP_CHUNK_HEAD:
		return chunk_head_take(http, octets, ret_taken);
	case CLIENT_HTTP_CHUNK_END:
	case CLIENT_HTTP_TRAILER:
		return line_take(http, octets, ret_taken);
	case CLIENT_HTTP_SIZED:
	case CLIENT_HTTP_CHUNK:
	case CLIENT_HTTP_OPEN:
		return body_take(http, octets, ret_taken, ret_body);
	case CLIENT_HTTP_OVER:
		break;
	}
	return STATUS_CLOSED;
}
