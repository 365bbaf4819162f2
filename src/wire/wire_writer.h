/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdint.h>

/*
 * Writes a message into a buffer the caller owns, never past its end. The first
 * field that does not fit sets NO_SPACE and every later write does nothing, so the
 * answer is checked once, before it is sent:
 *
 *     struct wire_writer writer = wire_writer_over(buffer, sizeof(buffer));
 *     wire_write_u32(&writer, value->index);
 *     wire_write_blob(&writer, value->data);
 *     return wire_writer_end(&writer);
 *
 * Integers are in network order (RFC 3652, 2.1).
 */
struct wire_writer {
	uint8_t *start;
	uint8_t *next;
	uint8_t *end;
	enum status status;
};

/* A length field written before its content is known. */
struct wire_length {
	uint8_t *at;
};

static inline struct wire_writer
wire_writer_over(uint8_t *octets, size_t capacity)
{
	return (struct wire_writer){octets, octets, octets + capacity, STATUS_OK};
}

static inline size_t
wire_writer_size(const struct wire_writer *writer)
{
	return (size_t)(writer->next - writer->start);
}

void wire_writer_fail(struct wire_writer *writer, enum status status);

/* Room for `size` octets that the caller fills, or NULL and NO_SPACE. */
static inline uint8_t *
wire_writer_take(struct wire_writer *writer, size_t size)
{
	uint8_t *at = writer->next;

	if (writer->status != STATUS_OK || (size_t)(writer->end - writer->next) < size) {
		wire_writer_fail(writer, STATUS_NO_SPACE);
		return NULL;
	}
	writer->next += size;
	return at;
}

static inline void
wire_write_u8(struct wire_writer *writer, uint8_t number)
{
	uint8_t *at = wire_writer_take(writer, 1);

	if (at != NULL) {
		at[0] = number;
	}
}

static inline void
wire_write_u16(struct wire_writer *writer, uint16_t number)
{
	uint8_t *at = wire_writer_take(writer, 2);

	if (at != NULL) {
		at[0] = (uint8_t)(number >> 8);
		at[1] = (uint8_t)number;
	}
}

static inline void
wire_write_u32(struct wire_writer *writer, uint32_t number)
{
	uint8_t *at = wire_writer_take(writer, 4);

	if (at != NULL) {
		at[0] = (uint8_t)(number >> 24);
		at[1] = (uint8_t)(number >> 16);
		at[2] = (uint8_t)(number >> 8);
		at[3] = (uint8_t)number;
	}
}

static inline void
wire_write_u64(struct wire_writer *writer, uint64_t number)
{
	wire_write_u32(writer, (uint32_t)(number >> 32));
	wire_write_u32(writer, (uint32_t)number);
}

void wire_write_bytes(struct wire_writer *writer, struct bytes run);

/* A 4-octet length, then the run. */
void wire_write_blob(struct wire_writer *writer, struct bytes run);

/* Opens a 4-octet length; closing it stores how much was written since. */
struct wire_length wire_write_length_open(struct wire_writer *writer);
void wire_write_length_close(struct wire_writer *writer, struct wire_length length);

/* Takes back everything after `size`: how a truncated answer keeps whole values. */
void wire_writer_rewind(struct wire_writer *writer, size_t size);

struct bytes wire_written(const struct wire_writer *writer);
enum status wire_writer_end(const struct wire_writer *writer) MUST_CHECK;
