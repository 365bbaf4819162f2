/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "base/text_writer.h"

/*
 * Comma-separated values (RFC 4180), octet by octet, in memory of a fixed size:
 *
 *     struct code_csv csv = code_csv_begin();
 *     do {
 *             octet = getc(file);
 *             step = code_csv_feed(&csv, octet);
 *             if (step == CODE_CSV_ROW) ... csv.count fields: code_csv_field(&csv, i) ...
 *     } while (step != CODE_CSV_END && step != CODE_CSV_FAULT);
 *
 * Lines end in CR LF or LF; a byte order mark is skipped. Strict about quotes: what cannot be
 * read is a fault with line and column, and nothing behind it is read - a lost quote would put
 * the wrong text into every field.
 */
enum code_csv_step {
	CODE_CSV_MORE,
	CODE_CSV_ROW, /* Fields are there until the next octet is fed. */
	CODE_CSV_END,
	CODE_CSV_FAULT,
};

enum code_csv_state {
	CODE_CSV_BEGINS, /* A field begins. */
	CODE_CSV_PLAIN,
	CODE_CSV_QUOTED,
	CODE_CSV_QUOTE_SEEN, /* Its end, or the first of two. */
	CODE_CSV_CR_SEEN,
	CODE_CSV_DONE, /* The row was handed over. */
};

enum { CODE_CSV_OCTET_END = -1 };

struct code_csv {
	enum code_csv_state state;
	uint64_t line; /* Of the octet fed last, from 1. */
	uint64_t column; /* In octets, from 1. */
	uint64_t row_line; /* Where the row begins. */
	const char *fault; /* English; NULL before a fault. */
	const char *fault_chinese;
	size_t count;
	size_t size;
	size_t starts[CODE_COLUMN_COUNT_MAX + 1];
	uint8_t octets[CODE_ROW_SIZE_MAX];
};

struct code_csv code_csv_begin(void);
/* An octet, or CODE_CSV_OCTET_END, which has to be fed until END or FAULT comes. */
enum code_csv_step code_csv_feed(struct code_csv *csv, int octet);
struct bytes code_csv_field(const struct code_csv *csv, size_t number);

/* With quotes where they are needed; separators are the caller's. */
void code_csv_write(struct text_writer *writer, struct bytes field);
