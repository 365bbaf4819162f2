/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text_writer.h"

#include <string.h>

enum {
	SECONDS_A_DAY = 86400,
	DAYS_AN_ERA = 146097, /* 400 years of the Gregorian calendar. */
	DAYS_BEFORE_1970 = 719468 /* Since 0000-03-01. */
};

static const int64_t time_end = 253402300800; /* 10000-01-01T00:00:00Z */

void
text_writer_fail(struct text_writer *writer, enum status status)
{
	if (writer->status == STATUS_OK) {
		writer->status = status;
	}
}

void
text_write_u64(struct text_writer *writer, uint64_t number)
{
	char digits[20]; /* UINT64_MAX has 20. */
	char *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	text_write(writer, bytes_over(at, (size_t)(digits + sizeof(digits) - at)));
}

void
text_write_i64(struct text_writer *writer, int64_t number)
{
	char digits[20];
	struct text_writer whole = text_writer_over(digits, sizeof(digits));

	if (number >= 0) {
		text_write_u64(writer, (uint64_t)number);
		return;
	}
	/* Sign and digits go together, so that a full buffer never ends in a lone "-". */
	text_write_char(&whole, '-');
	text_write_u64(&whole, 0 - (uint64_t)number);
	text_write(writer, text_written(&whole));
}

void
text_write_hex(struct text_writer *writer, struct bytes run)
{
	static const char digits[] = "0123456789abcdef";
	/* Twice a size that memory holds may still wrap; SIZE_MAX never fits. */
	char *at = text_writer_take(writer, run.size > SIZE_MAX / 2 ? SIZE_MAX : run.size * 2);

	if (at == NULL) {
		return;
	}
	for (size_t i = 0; i < run.size; i++) {
		at[2 * i] = digits[run.at[i] >> 4];
		at[2 * i + 1] = digits[run.at[i] & 0x0f];
	}
}

void
text_write_percent(struct text_writer *writer, struct bytes run, const char *plain)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < run.size; i++) {
		uint8_t octet = run.at[i];
		bool stays = (octet >= '0' && octet <= '9') ||
			(ascii_upper(octet) >= 'A' && ascii_upper(octet) <= 'Z') ||
			(octet != '\0' && strchr(plain, octet) != NULL);

		if (stays) {
			text_write_char(writer, (char)octet);
		} else {
			text_write_char(writer, '%');
			text_write_char(writer, digits[octet >> 4]);
			text_write_char(writer, digits[octet & 0x0f]);
		}
	}
}

static inline char *
two_digits_put(char *at, uint32_t number)
{
	at[0] = (char)('0' + number / 10);
	at[1] = (char)('0' + number % 10);
	return at + 2;
}

static inline char *
year_put(char *at, uint32_t year)
{
	return two_digits_put(two_digits_put(at, year / 100), year % 100);
}

/* "22:13:20" */
static char *
clock_put(char *at, uint32_t second)
{
	at = two_digits_put(at, second / 3600);
	*at++ = ':';
	at = two_digits_put(at, second / 60 % 60);
	*at++ = ':';
	return two_digits_put(at, second % 60);
}

struct date {
	uint32_t year;
	uint32_t month; /* 1 to 12. */
	uint32_t day;
};

/* Years that begin in March put the leap day last: then month lengths follow a rule. */
static struct date
date_of(int64_t seconds)
{
	uint32_t day = (uint32_t)(seconds / SECONDS_A_DAY) + DAYS_BEFORE_1970;
	uint32_t era = day / DAYS_AN_ERA;
	uint32_t year, month;

	day %= DAYS_AN_ERA;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	return (struct date){
		.year = year + era * 400 + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = day + 1,
	};
}

static bool
time_is_out(struct text_writer *writer, int64_t seconds)
{
	if (seconds < 0 || seconds >= time_end) {
		text_writer_fail(writer, STATUS_INVALID);
		return true;
	}
	return false;
}

void
text_write_time(struct text_writer *writer, int64_t seconds)
{
	struct date date;
	char *at;

	if (time_is_out(writer, seconds)) {
		return;
	}
	at = text_writer_take(writer, sizeof("2023-11-14T22:13:20Z") - 1);
	if (at == NULL) {
		return;
	}
	date = date_of(seconds);
	at = year_put(at, date.year);
	*at++ = '-';
	at = two_digits_put(at, date.month);
	*at++ = '-';
	at = two_digits_put(at, date.day);
	*at++ = 'T';
	at = clock_put(at, (uint32_t)(seconds % SECONDS_A_DAY));
	*at = 'Z';
}

void
text_write_http_time(struct text_writer *writer, int64_t seconds)
{
	/* The first of 1970 was a Thursday. */
	static const char days[] = "Thu, Fri, Sat, Sun, Mon, Tue, Wed, ";
	static const char months[] = " Jan  Feb  Mar  Apr  May  Jun  Jul  Aug  Sep  Oct  Nov  Dec ";
	struct date date;
	char *at;

	if (time_is_out(writer, seconds)) {
		return;
	}
	at = text_writer_take(writer, sizeof("Tue, 14 Nov 2023 22:13:20 GMT") - 1);
	if (at == NULL) {
		return;
	}
	date = date_of(seconds);
	memcpy(at, days + 5 * (seconds / SECONDS_A_DAY % 7), 5);
	at = two_digits_put(at + 5, date.day);
	memcpy(at, months + 5 * (date.month - 1), 5);
	at = year_put(at + 5, date.year);
	*at++ = ' ';
	at = clock_put(at, (uint32_t)(seconds % SECONDS_A_DAY));
	memcpy(at, " GMT", 4);
}

/* Characters that move the cursor, reorder the line or fake its end. */
static bool
character_is_unsafe(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character <= 0x9f) ||
		character == 0x061c || (character >= 0x200e && character <= 0x200f) ||
		(character >= 0x2028 && character <= 0x202e) ||
		(character >= 0x2066 && character <= 0x2069) || character == 0xfeff;
}

/* \xNN for each octet, all of them or none. */
static void
text_write_octets_escaped(struct text_writer *writer, struct bytes run)
{
	char text[4 * 4];
	struct text_writer whole = text_writer_over(text, sizeof(text));

	for (size_t i = 0; i < run.size; i++) {
		text_write_string(&whole, "\\x");
		text_write_hex(&whole, bytes_slice(run, i, 1));
	}
	text_write(writer, text_written(&whole));
}

void
text_write_escaped(struct text_writer *writer, struct bytes run)
{
	for (size_t i = 0; i < run.size && writer->status == STATUS_OK;) {
		uint32_t character = 0;
		size_t size = bytes_utf8_first(bytes_slice(run, i, run.size), &character);

		if (size == 0) {
			text_write_octets_escaped(writer, bytes_slice(run, i, 1));
			i++;
			continue;
		}
		if (character == '\\') {
			text_write_string(writer, "\\\\");
		} else if (character_is_unsafe(character)) {
			text_write_octets_escaped(writer, bytes_slice(run, i, size));
		} else {
			text_write(writer, bytes_slice(run, i, size));
		}
		i += size;
	}
}

bool
text_write_entity(struct text_writer *writer, uint32_t character)
{
	switch (character) {
	case '<':
		text_write_string(writer, "&lt;");
		return true;
	case '>':
		text_write_string(writer, "&gt;");
		return true;
	case '&':
		text_write_string(writer, "&amp;");
		return true;
	case '"':
		text_write_string(writer, "&quot;");
		return true;
	case '\'':
		text_write_string(writer, "&#39;");
		return true;
	default:
		return false;
	}
}

enum status
text_writer_end(const struct text_writer *writer)
{
	return writer->status;
}

enum status
text_read_u64(struct bytes text, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;
	bool is_too_large = false;

	if (text.size == 0 || (text.size > 1 && text.at[0] == '0')) {
		return STATUS_MALFORMED;
	}
	for (size_t i = 0; i < text.size; i++) {
		uint8_t digit = (uint8_t)(text.at[i] - '0');

		if (digit > 9) {
			return STATUS_MALFORMED;
		}
		is_too_large = is_too_large || __builtin_mul_overflow(number, 10U, &number) ||
			__builtin_add_overflow(number, digit, &number);
	}
	if (is_too_large || number > max) {
		return STATUS_TOO_LARGE;
	}
	*ret_number = number;
	return STATUS_OK;
}

/* Exactly `count` digits from `from` on; false if one of them is none. */
static bool
digits_get(struct bytes text, size_t from, size_t count, uint32_t *ret_number)
{
	uint32_t number = 0;

	for (size_t i = from; i < from + count; i++) {
		uint8_t digit = (uint8_t)(text.at[i] - '0');

		if (digit > 9) {
			return false;
		}
		number = number * 10 + digit;
	}
	*ret_number = number;
	return true;
}

static uint32_t
month_days(uint32_t year, uint32_t month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap ? 1U : 0U);
}

enum status
text_read_time(struct bytes text, int64_t *ret_seconds)
{
	static const char shape[] = "0000-00-00T00:00:00Z";
	uint32_t year, month, day, hour, minute, second, era, day_of_era;

	if (text.size != sizeof(shape) - 1) {
		return STATUS_MALFORMED;
	}
	for (size_t i = 0; i < text.size; i++) {
		if (shape[i] != '0' && text.at[i] != (uint8_t)shape[i]) {
			return STATUS_MALFORMED;
		}
	}
	if (!digits_get(text, 0, 4, &year) || !digits_get(text, 5, 2, &month) ||
		!digits_get(text, 8, 2, &day) || !digits_get(text, 11, 2, &hour) ||
		!digits_get(text, 14, 2, &minute) || !digits_get(text, 17, 2, &second)) {
		return STATUS_MALFORMED;
	}
	/* A leap second has no number of its own in seconds since 1970. */
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month) ||
		hour > 23 || minute > 59 || second > 59) {
		return STATUS_MALFORMED;
	}
	/* The inverse of text_write_time(): years begin in March. */
	year -= month <= 2;
	era = year / 400;
	year %= 400;
	day_of_era = 365 * year + year / 4 - year / 100 +
		(153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	*ret_seconds =
		((int64_t)era * DAYS_AN_ERA + day_of_era - DAYS_BEFORE_1970) * SECONDS_A_DAY +
		(int64_t)hour * 3600 + (int64_t)minute * 60 + second;
	return STATUS_OK;
}

/* 0 to 15, or 16 for what is not a hex digit. */
static uint8_t
hex_digit(uint8_t character)
{
	uint8_t letter = (uint8_t)((character | 0x20) - 'a');

	if (character >= '0' && character <= '9') {
		return (uint8_t)(character - '0');
	}
	return letter < 6 ? (uint8_t)(letter + 10) : 16;
}

enum status
text_read_hex(struct bytes text, uint8_t *ret_octets)
{
	if (text.size % 2 != 0) {
		return STATUS_MALFORMED;
	}
	/* Checked before anything is stored: outputs stay as they were on failure. */
	for (size_t i = 0; i < text.size; i++) {
		if (hex_digit(text.at[i]) > 15) {
			return STATUS_MALFORMED;
		}
	}
	for (size_t i = 0; i < text.size; i += 2) {
		ret_octets[i / 2] =
			(uint8_t)(hex_digit(text.at[i]) << 4 | hex_digit(text.at[i + 1]));
	}
	return STATUS_OK;
}
