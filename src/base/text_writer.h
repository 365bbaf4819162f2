/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Writes text into a buffer the caller owns: the one place where numbers, hex and
 * times become characters. Like the wire writer it is sticky: what does not fit sets
 * NO_SPACE once, and nothing is written from then on. There is no NUL at the end.
 *
 *     struct text_writer writer = text_writer_over(buffer, sizeof(buffer));
 *     text_write_string(&writer, "port ");
 *     text_write_u64(&writer, port);
 *     struct bytes text = text_written(&writer);
 */
struct text_writer {
	char *start;
	char *next;
	char *end;
	enum status status;
};

static inline struct text_writer
text_writer_over(char *characters, size_t capacity)
{
	return (struct text_writer){characters, characters, characters + capacity, STATUS_OK};
}

void text_writer_fail(struct text_writer *writer, enum status status);

/* Room for `size` characters, or NULL and NO_SPACE. */
static inline char *
text_writer_take(struct text_writer *writer, size_t size)
{
	char *at = writer->next;

	if (writer->status != STATUS_OK || (size_t)(writer->end - writer->next) < size) {
		text_writer_fail(writer, STATUS_NO_SPACE);
		return NULL;
	}
	writer->next += size;
	return at;
}

static inline void
text_write(struct text_writer *writer, struct bytes run)
{
	char *at = text_writer_take(writer, run.size);

	if (at != NULL && run.size > 0) {
		memcpy(at, run.at, run.size);
	}
}

static inline void
text_write_string(struct text_writer *writer, const char *string)
{
	text_write(writer, bytes_from_string(string));
}

static inline void
text_write_char(struct text_writer *writer, char character)
{
	char *at = text_writer_take(writer, 1);

	if (at != NULL) {
		*at = character;
	}
}

void text_write_u64(struct text_writer *writer, uint64_t number);
void text_write_i64(struct text_writer *writer, int64_t number);
void text_write_hex(struct text_writer *writer, struct bytes run); /* Lower case. */

/* Letters, digits and the characters of `plain` stay; every other octet becomes %XX (RFC 3986, 2.1). */
void text_write_percent(struct text_writer *writer, struct bytes run, const char *plain);

/* "2023-11-14T22:13:20Z" for seconds since 1970; years 1970 to 9999, INVALID beyond. */
void text_write_time(struct text_writer *writer, int64_t seconds);
/* The same as "Tue, 14 Nov 2023 22:13:20 GMT" (RFC 9110, 5.6.7). */
void text_write_http_time(struct text_writer *writer, int64_t seconds);

/* For one line on a terminal or in a log: controls, DEL, C1 controls, bidi marks and
 * invalid UTF-8 become \xNN; a backslash is doubled. */
void text_write_escaped(struct text_writer *writer, struct bytes run);

/* What means something within texts and attributes of XML and HTML: < > & " ' as entities. False,
 * and nothing is written: `character` is none of them. */
bool text_write_entity(struct text_writer *writer, uint32_t character);

static inline struct bytes
text_written(const struct text_writer *writer)
{
	return bytes_over(writer->start, (size_t)(writer->next - writer->start));
}

enum status text_writer_end(const struct text_writer *writer) MUST_CHECK;

/* The inverses; each reads the whole run or fails with MALFORMED (TOO_LARGE beyond `max`),
 * and takes only what its writer would have written: no sign, space or leading zero. */
enum status text_read_u64(struct bytes text, uint64_t max, uint64_t *ret_number) MUST_CHECK;
enum status text_read_time(struct bytes text, int64_t *ret_seconds) MUST_CHECK;

/* Even number of hex digits of either case; `ret_octets` holds text.size / 2. */
enum status text_read_hex(struct bytes text, uint8_t *ret_octets) MUST_CHECK;
