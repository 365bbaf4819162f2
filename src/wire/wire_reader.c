/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_reader.h"

void
wire_reader_fail(struct wire_reader *reader, enum status status)
{
	if (reader->status == STATUS_OK) {
		reader->status = status;
	}
}

struct bytes
wire_read_bytes(struct wire_reader *reader, size_t size)
{
	const uint8_t *at = wire_reader_take(reader, size);

	return at == NULL ? (struct bytes){NULL, 0} : (struct bytes){at, size};
}

struct bytes
wire_read_blob(struct wire_reader *reader, size_t limit)
{
	uint32_t size = wire_read_u32(reader);

	if (size > limit) {
		wire_reader_fail(reader, STATUS_TOO_LARGE);
	}
	return wire_read_bytes(reader, size);
}

uint32_t
wire_read_count(struct wire_reader *reader, size_t item_size_min)
{
	uint32_t count = wire_read_u32(reader);

	if (count > wire_reader_left(reader) / item_size_min) {
		wire_reader_fail(reader, STATUS_MALFORMED);
		return 0;
	}
	return count;
}

struct wire_reader
wire_read_section(struct wire_reader *reader, size_t size)
{
	struct bytes section = wire_read_bytes(reader, size);
	struct wire_reader inner = wire_reader_over(section);

	inner.status = reader->status;
	return inner;
}

struct bytes
wire_read_rest(struct wire_reader *reader)
{
	return wire_read_bytes(reader, wire_reader_left(reader));
}

struct bytes
wire_read_since(const struct wire_reader *reader, const uint8_t *start)
{
	if (!wire_reader_ok(reader)) {
		return (struct bytes){NULL, 0};
	}
	return bytes_over(start, (size_t)(reader->next - start));
}

enum status
wire_reader_end(const struct wire_reader *reader)
{
	if (reader->status != STATUS_OK) {
		return reader->status;
	}
	return reader->next == reader->end ? STATUS_OK : STATUS_MALFORMED;
}
