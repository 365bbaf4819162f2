/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_writer.h"

#include <assert.h>
#include <string.h>

void
wire_writer_fail(struct wire_writer *writer, enum status status)
{
	if (writer->status == STATUS_OK) {
		writer->status = status;
	}
}

void
wire_write_bytes(struct wire_writer *writer, struct bytes run)
{
	uint8_t *at = wire_writer_take(writer, run.size);

	if (at != NULL && run.size > 0) {
		memcpy(at, run.at, run.size);
	}
}

void
wire_write_blob(struct wire_writer *writer, struct bytes run)
{
	if (run.size > UINT32_MAX) {
		wire_writer_fail(writer, STATUS_TOO_LARGE);
	}
	wire_write_u32(writer, (uint32_t)run.size);
	wire_write_bytes(writer, run);
}

struct wire_length
wire_write_length_open(struct wire_writer *writer)
{
	return (struct wire_length){wire_writer_take(writer, 4)};
}

void
wire_write_length_close(struct wire_writer *writer, struct wire_length length)
{
	struct wire_writer field;

	if (writer->status != STATUS_OK) {
		return;
	}
	field = wire_writer_over(length.at, 4);
	wire_write_u32(&field, (uint32_t)(writer->next - (length.at + 4)));
}

void
wire_writer_rewind(struct wire_writer *writer, size_t size)
{
	assert(size <= wire_writer_size(writer));
	writer->next = writer->start + size;
	if (writer->status == STATUS_NO_SPACE) {
		writer->status = STATUS_OK;
	}
}

struct bytes
wire_written(const struct wire_writer *writer)
{
	return bytes_over(writer->start, wire_writer_size(writer));
}

enum status
wire_writer_end(const struct wire_writer *writer)
{
	return writer->status;
}
