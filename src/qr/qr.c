/* SPDX-License-Identifier: Apache-2.0 */
#include "qr/qr.h"

#include <errno.h>
#include <qrencode.h>

bool
qr_level_read(struct bytes text, enum qr_level *ret_level)
{
	static const char names[] = "LMQH";
	const char *place;

	if (text.size != 1 || text.at[0] == '\0') {
		return false;
	}
	place = strchr(names, ascii_upper(text.at[0]));
	if (place == NULL) {
		return false;
	}
	*ret_level = (enum qr_level)(place - names);
	return true;
}

enum status
qr_encode(struct bytes text, enum qr_level level, struct qr *ret_qr)
{
	static const QRecLevel levels[] = {QR_ECLEVEL_L, QR_ECLEVEL_M, QR_ECLEVEL_Q, QR_ECLEVEL_H};
	char room[QR_TEXT_SIZE_MAX + 1];
	QRcode *code;

	if (text.size == 0 || bytes_find(text, '\0') < text.size) {
		return STATUS_INVALID;
	}
	if (text.size > QR_TEXT_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	memcpy(room, text.at, text.size);
	room[text.size] = '\0';
	/* It divides the text: digits and capitals take less room than octets. */
	code = QRcode_encodeString(room, 0, levels[level], QR_MODE_8, 1);
	if (code == NULL) {
		return errno == ENOMEM ? STATUS_NO_MEMORY : STATUS_TOO_LARGE;
	}
	ret_qr->width = (size_t)code->width;
	for (size_t i = 0; i < ret_qr->width * ret_qr->width; i++) {
		ret_qr->modules[i] = code->data[i] & 1;
	}
	QRcode_free(code);
	return STATUS_OK;
}

static size_t
width_with_margin(const struct qr *qr, const struct qr_look *look)
{
	return qr->width + 2 * look->margin;
}

size_t
qr_scale(const struct qr *qr, const struct qr_look *look)
{
	return look->size == 0 ? QR_SCALE_DEFAULT : look->size / width_with_margin(qr, look);
}

/* Dark modules from `from` on, and where they begin. */
static size_t
run_find(const struct qr *qr, size_t row, size_t *from)
{
	const uint8_t *modules = &qr->modules[row * qr->width];
	size_t size = 0;

	while (*from < qr->width && modules[*from] == 0) {
		++*from;
	}
	while (*from + size < qr->width && modules[*from + size] != 0) {
		size++;
	}
	return size;
}

/* Each run of dark modules is one rectangle of one path. */
void
qr_write_svg(struct text_writer *writer, const struct qr *qr, const struct qr_look *look)
{
	size_t side = width_with_margin(qr, look);

	text_write_string(writer, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
	text_write_u64(writer, side * qr_scale(qr, look));
	text_write_string(writer, "\" height=\"");
	text_write_u64(writer, side * qr_scale(qr, look));
	text_write_string(writer, "\" viewBox=\"0 0 ");
	text_write_u64(writer, side);
	text_write_char(writer, ' ');
	text_write_u64(writer, side);
	text_write_string(
		writer, "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h");
	text_write_u64(writer, side);
	text_write_char(writer, 'v');
	text_write_u64(writer, side);
	text_write_string(writer, "H0z\"/><path d=\"");
	for (size_t row = 0; row < qr->width; row++) {
		size_t from = 0;
		size_t size;

		while ((size = run_find(qr, row, &from)) > 0) {
			text_write_char(writer, 'M');
			text_write_u64(writer, from + look->margin);
			text_write_char(writer, ' ');
			text_write_u64(writer, row + look->margin);
			text_write_char(writer, 'h');
			text_write_u64(writer, size);
			text_write_string(writer, "v1h-");
			text_write_u64(writer, size);
			text_write_char(writer, 'z');
			from += size;
		}
	}
	text_write_string(writer, "\"/></svg>\n");
}

static bool
is_dark(const struct qr *qr, size_t margin, size_t row, size_t column)
{
	return row >= margin && column >= margin && row < margin + qr->width &&
		column < margin + qr->width &&
		qr->modules[(row - margin) * qr->width + column - margin] != 0;
}

/* Black on white, whatever the colours of the terminal are. */
void
qr_write_terminal(struct text_writer *writer, const struct qr *qr, size_t margin)
{
	static const char *const halves[] = {
		" ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88"}; /* none, lower, upper, both */
	size_t side = qr->width + 2 * margin;

	for (size_t row = 0; row < side; row += 2) {
		text_write_string(writer, "\x1b[30;47m");
		for (size_t column = 0; column < side; column++) {
			text_write_string(writer,
				halves[2 * is_dark(qr, margin, row, column) +
					is_dark(qr, margin, row + 1, column)]);
		}
		text_write_string(writer, "\x1b[0m\n");
	}
}
