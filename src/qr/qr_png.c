/* SPDX-License-Identifier: Apache-2.0 */
#include "qr/qr.h"
#include "wire/wire_writer.h"

#include <zlib.h>

/*
 * A PNG of one bit a pixel, 1 is white: signature, header, one run of deflated rows, end (ISO/IEC
 * 15948, 5 and 11).
 */
enum {
	ROW_SIZE_MAX = QR_SIZE_MAX / 8 + 2,
	BIT_DEPTH = 1,
	GRAYSCALE = 0,
};

/* Its size is filled in when it ends. */
static uint8_t *
chunk_begin(struct wire_writer *writer, const char *name)
{
	uint8_t *begin = writer->next;

	wire_write_u32(writer, 0);
	wire_write_bytes(writer, bytes_over(name, 4));
	return begin;
}

static void
chunk_end(struct wire_writer *writer, uint8_t *begin)
{
	if (writer->status == STATUS_OK) {
		struct wire_writer size = wire_writer_over(begin, 4);
		uLong sum = crc32(0, begin + 4, (uInt)(writer->next - begin - 4));

		wire_write_u32(&size, (uint32_t)(writer->next - begin - 8));
		wire_write_u32(writer, (uint32_t)sum);
	}
}

/* The filter "none", then the pixels; what is behind the last one is white, too. */
static void
row_make(const struct qr *qr, const struct qr_look *look, size_t row, uint8_t octets[ROW_SIZE_MAX])
{
	size_t scale = qr_scale(qr, look);

	memset(octets, 0xff, ROW_SIZE_MAX);
	octets[0] = 0;
	if (row < look->margin || row >= look->margin + qr->width) {
		return;
	}
	for (size_t i = 0; i < qr->width * scale; i++) {
		size_t at = look->margin * scale + i;

		if (qr->modules[(row - look->margin) * qr->width + i / scale] != 0) {
			octets[1 + at / 8] &= (uint8_t) ~(0x80 >> at % 8);
		}
	}
}

/* All rows, each as often as a module is high. */
static enum status
rows_deflate(const struct qr *qr, const struct qr_look *look, z_stream *stream)
{
	size_t side = qr->width + 2 * look->margin;
	size_t scale = qr_scale(qr, look);
	uint8_t octets[ROW_SIZE_MAX];

	for (size_t row = 0; row < side; row++) {
		row_make(qr, look, row, octets);
		for (size_t i = 0; i < scale; i++) {
			stream->next_in = octets;
			stream->avail_in = (uInt)(1 + (side * scale + 7) / 8);
			if (deflate(stream, Z_NO_FLUSH) != Z_OK || stream->avail_in > 0) {
				return STATUS_NO_SPACE;
			}
		}
	}
	return deflate(stream, Z_FINISH) == Z_STREAM_END ? STATUS_OK : STATUS_NO_SPACE;
}

static void
header_write(struct wire_writer *writer, size_t pixels)
{
	uint8_t *begin;

	wire_write_bytes(writer, BYTES(0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'));
	begin = chunk_begin(writer, "IHDR");
	wire_write_u32(writer, (uint32_t)pixels);
	wire_write_u32(writer, (uint32_t)pixels);
	wire_write_bytes(writer, BYTES(BIT_DEPTH, GRAYSCALE, 0, 0, 0));
	chunk_end(writer, begin);
}

static enum status
pixels_write(struct wire_writer *writer, const struct qr *qr, const struct qr_look *look)
{
	z_stream stream = {.zalloc = Z_NULL};
	enum status status;

	if (deflateInit(&stream, Z_DEFAULT_COMPRESSION) != Z_OK) {
		return STATUS_NO_MEMORY;
	}
	stream.next_out = writer->next;
	stream.avail_out = (uInt)(writer->end - writer->next);
	status = rows_deflate(qr, look, &stream);
	writer->next += stream.total_out;
	deflateEnd(&stream);
	return status;
}

enum status
qr_write_png(const struct qr *qr, const struct qr_look *look, uint8_t *ret_octets, size_t capacity,
	size_t *ret_size)
{
	struct wire_writer writer = wire_writer_over(ret_octets, capacity);
	size_t pixels = (qr->width + 2 * look->margin) * qr_scale(qr, look);
	enum status status;
	uint8_t *begin;

	if (pixels > QR_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	header_write(&writer, pixels);
	begin = chunk_begin(&writer, "IDAT");
	if (writer.status != STATUS_OK) {
		return writer.status;
	}
	status = pixels_write(&writer, qr, look);
	if (status != STATUS_OK) {
		return status;
	}
	chunk_end(&writer, begin);
	chunk_end(&writer, chunk_begin(&writer, "IEND"));
	*ret_size = wire_written(&writer).size;
	return wire_writer_end(&writer);
}
