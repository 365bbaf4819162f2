/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

#include <stdbool.h>

/* What `houji wire` reads: a whole file or standard input, in one of three forms. */
enum wire_form {
	WIRE_FORM_UNKNOWN,
	WIRE_FORM_HEX, /* Text; see wire_input_hex(). */
	WIRE_FORM_RAW, /* Messages one behind the other. */
	WIRE_FORM_CAPTURE, /* pcap or pcapng. */
};

/* Reads all of `path` ("-": standard input), at most WIRE_INPUT_SIZE_MAX octets, into memory
 * that the caller frees. */
enum status wire_input_load(const char *path, uint8_t **ret_octets, size_t *ret_size,
	struct problem *problem) MUST_CHECK;

/* By its first octets: a capture's magic number, only hex digits and what may stand between
 * them, or anything else. */
enum wire_form wire_input_form(struct bytes input);

/*
 * Hex text in place: digits of either case, blanks, ":" and "0x" between them, "#" to the end
 * of the line is a comment. Lines belong together until a blank line or a line of only a
 * comment; wire_input_next() returns one such part after the other, as octets.
 */
struct wire_hex {
	uint8_t *at; /* Overwritten. */
	size_t size;
	size_t next;
	size_t line; /* From 1; of what was read last. */
};

/* False at the end, or when `problem` says which line and column are wrong. */
bool wire_hex_next(struct wire_hex *hex, struct bytes *ret_octets, struct problem *problem);
