/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Octets as base64 (RFC 4648) and back, strictly: no spaces, no foreign characters, no bits
 * left over behind the last octet. So one run of octets has one text (two with "=").
 */
enum base64_alphabet {
	BASE64_STANDARD, /* RFC 4648, 4: "+" and "/", written with "=". */
	BASE64_URL /* RFC 4648, 5: "-" and "_", written without. */
};

/* Characters that encoding gives; SIZE_MAX if no memory could hold them. */
size_t base64_encoded_size(size_t size, enum base64_alphabet alphabet);

/* Writes exactly base64_encoded_size() characters, without a NUL. */
void base64_encode(struct bytes run, enum base64_alphabet alphabet, char *ret_text);

/* The most octets that `text_size` characters can stand for. */
static inline size_t
base64_decoded_size_max(size_t text_size)
{
	return text_size / 4 * 3 + text_size % 4;
}

/* Takes complete padding or none. MALFORMED otherwise; `ret_octets`, with room for
 * base64_decoded_size_max(), may then hold a part. */
enum status base64_decode(struct bytes text, enum base64_alphabet alphabet, uint8_t *ret_octets,
	size_t *ret_size) MUST_CHECK;
