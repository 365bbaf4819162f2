/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text_writer.h"

#include <stdbool.h>

/*
 * QR codes (ISO/IEC 18004, model 2) of short texts, and how they are shown: as SVG, as PNG, as
 * characters of a terminal.
 *
 *     struct qr qr;
 *     if (qr_encode(text, QR_LEVEL_M, &qr) == STATUS_OK) {
 *             qr_write_svg(&writer, &qr, &look);
 *     }
 *
 * libqrencode chooses version, modes and mask: the smallest code that holds the text. A pixel is
 * always a whole part of a module, so that nothing is blurred.
 */
enum qr_level {
	QR_LEVEL_L, /* 7 % of the code may be lost, */
	QR_LEVEL_M, /* 15 %, */
	QR_LEVEL_Q, /* 25 %, what IEC 61406 recommends for identification links, */
	QR_LEVEL_H, /* 30 %. */
};
/* "L", "m", ...; false: no such level. */
bool qr_level_read(struct bytes text, enum qr_level *ret_level);

enum { QR_WIDTH_MAX = 177, QR_MARGIN_DEFAULT = 4, QR_MARGIN_MAX = 32, QR_SCALE_DEFAULT = 8 };

/* About 31 KiB. */
struct qr {
	size_t width; /* Modules on a side, 21 to 177. */
	uint8_t modules[QR_WIDTH_MAX * QR_WIDTH_MAX]; /* Row by row; 1 is dark. */
};

struct qr_look {
	size_t margin; /* Light modules on each side: 4, says the standard. */
	size_t size; /* Pixels on a side at the most; 0: QR_SCALE_DEFAULT for a module. */
};

/* TOO_LARGE beyond QR_TEXT_SIZE_MAX or what the level leaves room for; INVALID for an empty text or
 * one with a NUL; NO_MEMORY. */
enum status qr_encode(struct bytes text, enum qr_level level, struct qr *ret_qr) MUST_CHECK;

/* Pixels that a module takes on a side; 0: the code is wider than the size it should have. */
size_t qr_scale(const struct qr *qr, const struct qr_look *look);

void qr_write_svg(struct text_writer *writer, const struct qr *qr, const struct qr_look *look);

/* One bit a pixel (ISO/IEC 15948). NO_SPACE if `capacity` is too small; NO_MEMORY. */
enum status qr_write_png(const struct qr *qr, const struct qr_look *look, uint8_t *ret_octets,
	size_t capacity, size_t *ret_size) MUST_CHECK;

/* Two modules in a character, light on dark: for terminals of dark and of light colour. */
void qr_write_terminal(struct text_writer *writer, const struct qr *qr, size_t margin);
