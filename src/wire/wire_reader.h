/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdint.h>

/*
 * Reads a received message, never past its end.
 *
 * The first field that does not fit sets `status`; from then on every read yields
 * zero or an empty run and moves nothing. So a decoder is a straight list of reads
 * with one check at the end, and no value it got is ever uninitialised:
 *
 *     struct wire_reader reader = wire_reader_over(datagram);
 *     value->index = wire_read_u32(&reader);
 *     value->data  = wire_read_blob(&reader, HANDLE_VALUE_DATA_SIZE_MAX);
 *     return wire_reader_end(&reader);
 *
 * Only before a loop or an allocation driven by the message must a decoder ask
 * wire_reader_ok() or use wire_read_count(), which refuses impossible counts.
 *
 * TRUNCATED means that more octets could mend the message, MALFORMED that none can:
 * a stream waits on the first and closes on the second.
 *
 * Integers are in network order (RFC 3652, 2.1). Runs returned point into the
 * message: they live as long as it does.
 */
struct wire_reader {
	const uint8_t *next;
	const uint8_t *end;
	enum status status;
};

static inline struct wire_reader
wire_reader_over(struct bytes message)
{
	return (struct wire_reader){message.at, message.at + message.size, STATUS_OK};
}

static inline bool
wire_reader_ok(const struct wire_reader *reader)
{
	return reader->status == STATUS_OK;
}

static inline size_t
wire_reader_left(const struct wire_reader *reader)
{
	return (size_t)(reader->end - reader->next);
}

/* Marks the message as bad for a reason only the caller can see. The first wins. */
void wire_reader_fail(struct wire_reader *reader, enum status status);

/* Steps over `size` octets and returns where they begin, or NULL and TRUNCATED. */
static inline const uint8_t *
wire_reader_take(struct wire_reader *reader, size_t size)
{
	const uint8_t *at = reader->next;

	if (reader->status != STATUS_OK || wire_reader_left(reader) < size) {
		wire_reader_fail(reader, STATUS_TRUNCATED);
		return NULL;
	}
	reader->next += size;
	return at;
}

static inline uint8_t
wire_read_u8(struct wire_reader *reader)
{
	const uint8_t *at = wire_reader_take(reader, 1);

	return at == NULL ? 0 : at[0];
}

static inline uint16_t
wire_read_u16(struct wire_reader *reader)
{
	const uint8_t *at = wire_reader_take(reader, 2);

	return (uint16_t)(at == NULL ? 0U : (unsigned)at[0] << 8 | at[1]);
}

static inline uint32_t
wire_read_u32(struct wire_reader *reader)
{
	const uint8_t *at = wire_reader_take(reader, 4);

	return at == NULL
		? 0
		: (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t
wire_read_u64(struct wire_reader *reader)
{
	uint64_t high = wire_read_u32(reader);

	return high << 32 | wire_read_u32(reader);
}

/* Exactly `size` octets. TRUNCATED if fewer remain. */
struct bytes wire_read_bytes(struct wire_reader *reader, size_t size);

/* A 4-octet length, then that many octets. TOO_LARGE past `limit`. */
struct bytes wire_read_blob(struct wire_reader *reader, size_t limit);

/* A 4-octet count of items, none smaller than `item_size_min` (>= 1) on the wire.
 * MALFORMED if that many cannot possibly remain: nobody allocates for a lie. */
uint32_t wire_read_count(struct wire_reader *reader, size_t item_size_min);

/* The next `size` octets as a reader of their own. The inner reader cannot leave
 * them; the outer one continues after them, whatever the inner one met. */
struct wire_reader wire_read_section(struct wire_reader *reader, size_t size);

/* Everything that is left. */
struct bytes wire_read_rest(struct wire_reader *reader);

/* The octets between an earlier `reader->next` and now; empty once the reader failed. */
struct bytes wire_read_since(const struct wire_reader *reader, const uint8_t *start);

/* The verdict: OK only if every read fitted and nothing is left over (MALFORMED). */
enum status wire_reader_end(const struct wire_reader *reader) MUST_CHECK;
