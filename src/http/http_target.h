/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>

/*
 * What a request asks for: path and parameters of its target (RFC 9112, 3.2), which a stranger
 * wrote.
 *
 *     /api/handles/20.500.99999/A%2FB?type=URL&index=1&pretty
 *
 * Octets are decoded once and never again: what a handle is, its octets say, and no name of a
 * file is ever made of them. In a path `+` stands for itself; in parameters it is a blank.
 */

/* Decodes %XX into `ret_octets`, which holds text.size. MALFORMED for a % without two hex
 * digits. */
enum status http_percent_decode(
	struct bytes text, bool is_form, uint8_t *ret_octets, size_t *ret_size) MUST_CHECK;

struct http_parameter {
	struct bytes name;
	struct bytes value;
};

/* In the order of the request. */
struct http_parameters {
	size_t count;
	struct http_parameter *items;
};

/* Separated by `&`; empty ones are passed over. Everything goes to `arena`. TOO_LARGE past
 * HTTP_PARAMETER_COUNT_MAX, MALFORMED as above, NO_MEMORY. */
enum status http_parameters_read(
	struct bytes query, struct arena *arena, struct http_parameters *ret_parameters) MUST_CHECK;

/* The next value of `name`, from place `*at` on; start with 0. */
bool http_parameter_next(const struct http_parameters *parameters, struct bytes name, size_t *at,
	struct bytes *ret_value);
/* The first value. */
bool http_parameter_find(
	const struct http_parameters *parameters, struct bytes name, struct bytes *ret_value);
/* True when present and empty, `yes` or `true`. */
bool http_parameter_is_true(const struct http_parameters *parameters, struct bytes name);

/* The name of a function for JSONP, made harmless: letters, `_`, `$`, digits behind the first
 * character and characters from U+00A0 on stay; every other character becomes `_`. Writes
 * name.size octets at the most. */
size_t http_callback_clean(struct bytes name, uint8_t *ret_octets);
