/* SPDX-License-Identifier: Apache-2.0 */
#include "qr/qr.h"

#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

static struct qr code;
static char room[1 << 20];
static uint8_t octets[1 << 20];

/* A corner (ISO/IEC 18004, 6.3.3): a dark ring with a dark square in it. */
static void
assert_finder(size_t row, size_t column)
{
	for (size_t i = 0; i < 7; i++) {
		for (size_t j = 0; j < 7; j++) {
			bool is_ring = i == 0 || j == 0 || i == 6 || j == 6;
			bool is_square = i >= 2 && i <= 4 && j >= 2 && j <= 4;

			assert_int_equal(code.modules[(row + i) * code.width + column + j],
				is_ring || is_square);
		}
	}
}

static void
a_code_has_its_three_corners(void **state)
{
	(void)state;
	assert_int_equal(
		qr_encode(TEXT("https://id.example.org/88.1/x"), QR_LEVEL_M, &code), STATUS_OK);
	assert_int_equal(code.width, 29);
	assert_finder(0, 0);
	assert_finder(0, code.width - 7);
	assert_finder(code.width - 7, 0);
}

static void
more_safety_takes_more_room(void **state)
{
	size_t width = 0;

	(void)state;
	for (int level = QR_LEVEL_L; level <= QR_LEVEL_H; level++) {
		assert_int_equal(qr_encode(TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
						"aaaaaaaaaaaaaaaaaaaa"),
					 (enum qr_level)level, &code),
			STATUS_OK);
		assert_true(code.width > width);
		width = code.width;
	}
	/* Capitals and digits take less of it. */
	assert_int_equal(qr_encode(TEXT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
					"AAAAAAAAAAAA"),
				 QR_LEVEL_H, &code),
		STATUS_OK);
	assert_true(code.width < width);
}

static void
levels_have_letters(void **state)
{
	enum qr_level level = QR_LEVEL_L;

	(void)state;
	assert_true(qr_level_read(TEXT("q"), &level));
	assert_int_equal(level, QR_LEVEL_Q);
	assert_true(qr_level_read(TEXT("H"), &level));
	assert_int_equal(level, QR_LEVEL_H);
	assert_false(qr_level_read(TEXT(""), &level));
	assert_false(qr_level_read(TEXT("X"), &level));
	assert_false(qr_level_read(TEXT("LM"), &level));
	assert_false(qr_level_read(BYTES(0), &level));
	assert_int_equal(level, QR_LEVEL_H);
}

static void
what_is_no_text_or_too_long_is_refused(void **state)
{
	char text[QR_TEXT_SIZE_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(qr_encode(TEXT(""), QR_LEVEL_L, &code), STATUS_INVALID);
	assert_int_equal(qr_encode(BYTES('a', 0, 'b'), QR_LEVEL_L, &code), STATUS_INVALID);
	assert_int_equal(
		qr_encode(bytes_over(text, QR_TEXT_SIZE_MAX - 1), QR_LEVEL_H, &code), STATUS_OK);
	assert_int_equal(
		qr_encode(bytes_over(text, QR_TEXT_SIZE_MAX), QR_LEVEL_H, &code), STATUS_OK);
	assert_true(code.width <= QR_WIDTH_MAX);
	assert_int_equal(qr_encode(bytes_over(text, QR_TEXT_SIZE_MAX + 1), QR_LEVEL_L, &code),
		STATUS_TOO_LARGE);
}

static void
a_module_is_a_whole_number_of_pixels(void **state)
{
	struct qr_look look = {.margin = 4};

	(void)state;
	code.width = 21;
	assert_int_equal(qr_scale(&code, &look), QR_SCALE_DEFAULT);
	look.size = 28;
	assert_int_equal(qr_scale(&code, &look), 0);
	look.size = 29;
	assert_int_equal(qr_scale(&code, &look), 1);
	look.size = 57;
	assert_int_equal(qr_scale(&code, &look), 1);
	look.size = 58;
	assert_int_equal(qr_scale(&code, &look), 2);
}

/* The modules that the paths of an SVG draw: what stands behind each "h" that is followed by a
 * height of one. */
static size_t
svg_dark_count(const char *svg)
{
	size_t count = 0;

	for (const char *at = strchr(svg, 'h'); at != NULL; at = strchr(at + 1, 'h')) {
		char *end;
		size_t size = strtoul(at + 1, &end, 10);

		count += strncmp(end, "v1h-", 4) == 0 ? size : 0;
	}
	return count;
}

static void
an_svg_draws_every_dark_module_once(void **state)
{
	struct text_writer writer = text_writer_over(room, sizeof(room) - 1);
	const struct qr_look look = {.margin = 2, .size = 100};
	size_t dark = 0;

	(void)state;
	assert_int_equal(qr_encode(TEXT("abc"), QR_LEVEL_L, &code), STATUS_OK);
	for (size_t i = 0; i < code.width * code.width; i++) {
		dark += code.modules[i];
	}
	qr_write_svg(&writer, &code, &look);
	assert_int_equal(text_writer_end(&writer), STATUS_OK);
	*writer.next = '\0';
	assert_non_null(strstr(room, "width=\"100\" height=\"100\" viewBox=\"0 0 25 25\""));
	assert_int_equal(svg_dark_count(room), dark);
}

/* Whether a pixel is dark, by the code and the look alone. */
static bool
is_dark(const struct qr_look *look, size_t row, size_t column)
{
	size_t scale = qr_scale(&code, look);
	size_t i = row / scale, j = column / scale;

	return i >= look->margin && j >= look->margin && i < look->margin + code.width &&
		j < look->margin + code.width &&
		code.modules[(i - look->margin) * code.width + j - look->margin] == 1;
}

/* An SVG as a viewer reads it: M and h move, v1h-Nz closes a rectangle; each is painted. */
static void
an_svg_paints_each_dark_module_where_it_is(void **state)
{
	static uint8_t painted[(QR_WIDTH_MAX + 8) * (QR_WIDTH_MAX + 8)];
	struct text_writer writer = text_writer_over(room, sizeof(room) - 1);
	const struct qr_look look = {.margin = 3, .size = 27};
	char *at;

	(void)state;
	assert_int_equal(qr_encode(TEXT("abc"), QR_LEVEL_L, &code), STATUS_OK);
	assert_int_equal(qr_scale(&code, &look), 1);
	qr_write_svg(&writer, &code, &look);
	assert_int_equal(text_writer_end(&writer), STATUS_OK);
	*writer.next = '\0';
	assert_non_null(strstr(room, "<path fill=\"#fff\" d=\"M0 0h27v27H0z\"/>"));
	memset(painted, 0, sizeof(painted));
	at = strstr(room, "<path d=\"");
	assert_non_null(at);
	for (at += 9; *at == 'M';) {
		size_t column = strtoul(at + 1, &at, 10);
		size_t row = strtoul(at + 1, &at, 10);
		size_t size;
		char closing[32];

		assert_int_equal(*at, 'h');
		size = strtoul(at + 1, &at, 10);
		snprintf(closing, sizeof(closing), "v1h-%zuz", size);
		assert_int_equal(strncmp(at, closing, strlen(closing)), 0);
		at += strlen(closing);
		assert_true(row < 27 && column + size <= 27);
		for (size_t i = 0; i < size; i++) {
			painted[row * 27 + column + i]++;
		}
	}
	assert_string_equal(at, "\"/></svg>\n");
	for (size_t i = 0; i < 27 * 27; i++) {
		assert_int_equal(painted[i], is_dark(&look, i / 27, i % 27));
	}
}

static uint32_t
number_at(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The chunk at `*at`, its checksum held against it; its data. */
static struct bytes
chunk_take(size_t *at, size_t size, const char *name)
{
	uint32_t length = number_at(octets + *at);
	struct bytes data = bytes_over(octets + *at + 8, length);

	assert_true(*at + 12 + length <= size);
	assert_memory_equal(octets + *at + 4, name, 4);
	assert_int_equal(
		number_at(data.at + length), crc32(0, octets + *at + 4, (uInt)(length + 4)));
	*at += 12 + length;
	return data;
}

/* A PNG as a viewer reads it: filter 0, then a bit for each pixel, 1 is white. */
static void
assert_png_shows_the_code(const struct qr_look *look)
{
	size_t pixels = (code.width + 2 * look->margin) * qr_scale(&code, look);
	size_t row_size = 1 + (pixels + 7) / 8;
	size_t size, at = 8;
	uint8_t *rows = malloc(pixels * row_size + 1);
	uLongf rows_size = pixels * row_size + 1;
	struct bytes header, data;

	assert_non_null(rows);
	assert_int_equal(qr_write_png(&code, look, octets, sizeof(octets), &size), STATUS_OK);
	header = chunk_take(&at, size, "IHDR");
	assert_int_equal(header.size, 13);
	assert_int_equal(number_at(header.at), pixels);
	assert_int_equal(number_at(header.at + 4), pixels);
	data = chunk_take(&at, size, "IDAT");
	assert_int_equal(chunk_take(&at, size, "IEND").size, 0);
	assert_int_equal(at, size);
	assert_int_equal(uncompress(rows, &rows_size, data.at, (uLong)data.size), Z_OK);
	assert_int_equal(rows_size, pixels * row_size);
	for (size_t i = 0; i < pixels; i++) {
		const uint8_t *row = rows + i * row_size;

		assert_int_equal(row[0], 0);
		for (size_t j = 0; j < 8 * (row_size - 1); j++) {
			bool is_white = (row[1 + j / 8] & 0x80 >> j % 8) != 0;

			assert_int_equal(is_white, j >= pixels || !is_dark(look, i, j));
		}
	}
	free(rows);
}

static void
a_png_paints_each_dark_module_where_it_is(void **state)
{
	const struct qr_look looks[] = {{.margin = 4}, {.margin = 0}, {.margin = 0, .size = 21},
		{.margin = 1, .size = 23}, {.margin = QR_MARGIN_MAX, .size = QR_SIZE_MAX}};

	(void)state;
	assert_int_equal(qr_encode(TEXT("abc"), QR_LEVEL_L, &code), STATUS_OK);
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		assert_png_shows_the_code(&looks[i]);
	}
}

/* A terminal shows two rows in each line: nothing, the lower, the upper half, or both. */
static void
a_terminal_shows_two_rows_in_a_line(void **state)
{
	static const char *const halves[] = {" ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88"};

	(void)state;
	assert_int_equal(qr_encode(TEXT("abc"), QR_LEVEL_L, &code), STATUS_OK);
	for (size_t margin = 0; margin <= 5; margin++) {
		const size_t side = 21 + 2 * margin;
		const struct qr_look look = {.margin = margin, .size = side};
		struct text_writer writer = text_writer_over(room, sizeof(room) - 1);
		const char *at = room;

		qr_write_terminal(&writer, &code, margin);
		assert_int_equal(text_writer_end(&writer), STATUS_OK);
		*writer.next = '\0';
		for (size_t row = 0; row < side; row += 2) {
			assert_int_equal(strncmp(at, "\x1b[30;47m", 8), 0);
			at += 8;
			for (size_t column = 0; column < side; column++) {
				const char *half = halves[2 * is_dark(&look, row, column) +
					is_dark(&look, row + 1, column)];

				assert_int_equal(strncmp(at, half, strlen(half)), 0);
				at += strlen(half);
			}
			assert_int_equal(strncmp(at, "\x1b[0m\n", 5), 0);
			at += 5;
		}
		assert_int_equal(*at, '\0');
	}
}

static void
a_png_fits_or_says_so(void **state)
{
	const struct qr_look look = {.margin = 4, .size = 300};
	size_t size = 0;

	(void)state;
	assert_int_equal(qr_encode(TEXT("abc"), QR_LEVEL_L, &code), STATUS_OK);
	assert_int_equal(qr_write_png(&code, &look, octets, sizeof(octets), &size), STATUS_OK);
	assert_memory_equal(
		octets, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\x22\0\0\1\x22\1\0\0\0\0", 29);
	assert_memory_equal(octets + size - 12, "\0\0\0\0IEND\xae\x42\x60\x82", 12);
	for (size_t capacity = 0; capacity < size; capacity++) {
		uint8_t *exact = malloc(capacity + 1);
		size_t ignored;

		assert_int_equal(
			qr_write_png(&code, &look, exact, capacity, &ignored), STATUS_NO_SPACE);
		free(exact);
	}
}

static void
an_image_has_no_more_pixels_than_its_limit(void **state)
{
	struct qr_look look = {.margin = 0, .size = QR_SIZE_MAX};
	size_t size = 0;

	(void)state;
	code.width = 32;
	memset(code.modules, 1, sizeof(code.modules));
	assert_int_equal(qr_scale(&code, &look), QR_SIZE_MAX / 32);
	assert_int_equal(qr_write_png(&code, &look, octets, sizeof(octets), &size), STATUS_OK);
	look.size = QR_SIZE_MAX + 32;
	assert_int_equal(
		qr_write_png(&code, &look, octets, sizeof(octets), &size), STATUS_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_has_its_three_corners),
		cmocka_unit_test(more_safety_takes_more_room),
		cmocka_unit_test(levels_have_letters),
		cmocka_unit_test(what_is_no_text_or_too_long_is_refused),
		cmocka_unit_test(a_module_is_a_whole_number_of_pixels),
		cmocka_unit_test(an_svg_draws_every_dark_module_once),
		cmocka_unit_test(an_svg_paints_each_dark_module_where_it_is),
		cmocka_unit_test(a_png_paints_each_dark_module_where_it_is),
		cmocka_unit_test(a_terminal_shows_two_rows_in_a_line),
		cmocka_unit_test(a_png_fits_or_says_so),
		cmocka_unit_test(an_image_has_no_more_pixels_than_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
