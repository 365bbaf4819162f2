/* SPDX-License-Identifier: Apache-2.0 */
#include "qr/qr.h"

#include "support/cmocka_all.h"

#include <stdlib.h>

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
		cmocka_unit_test(a_png_fits_or_says_so),
		cmocka_unit_test(an_image_has_no_more_pixels_than_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
