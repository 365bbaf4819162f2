/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * handle-vectors.json: messages, values and keys computed by Handle.net 9.2 or captured
 * from it. jansson reads them, so that our own reader never judges itself.
 *
 *     struct vector vector;
 *
 *     for (size_t at = 0; vector_next("hs-admin", &at, &vector);) {
 *             assert_int_equal(handle_admin_decode(vector.octets, &admin), STATUS_OK);
 *             assert_int_equal(admin.index, vector_number(&vector, "adminIndex"));
 *     }
 *
 * Whatever is missing or has another kind fails the test that runs. Octets stand in
 * heap blocks of exactly their size, where AddressSanitizer sees the first octet too far,
 * and live as long as the program.
 *
 * jansson.h and json/json_reader.h both have a JSON_OBJECT: a test of ours includes this
 * header, one that walks fields with jansson includes vectors.h.
 */
struct json_t;

struct vector {
	const char *name;
	const char *category;
	struct bytes octets; /* Member "hex"; empty where a vector has none. */
	struct json_t *fields;
};

/* The next vector of a category (NULL: of all) at or behind `*at`, which it moves on. */
bool vector_next(const char *category, size_t *at, struct vector *ret_vector);
size_t vector_count(const char *category);
struct vector vector_named(const char *name);

/* Members of "fields". A name may be a path: "json.data.format". */
bool vector_has(const struct vector *vector, const char *field);
struct json_t *vector_field(const struct vector *vector, const char *field);
struct bytes vector_text(const struct vector *vector, const char *field);
int64_t vector_number(const struct vector *vector, const char *field);
bool vector_bool(const struct vector *vector, const char *field);
struct bytes vector_octets(const struct vector *vector, const char *field); /* Hex. */

/* A field as compact JSON, members in their order. The caller frees it. */
char *vector_json(const struct vector *vector, const char *field);

/* NULL if jansson takes the text for JSON, or what it says against it. */
const char *vector_judge_json(struct bytes text);

/* The test-only keys of the file in Handle encoding: "server_rsa2048.pub.bin". */
struct bytes vector_key(const char *name);

/* Hex of either case as octets in a block of their own. */
struct bytes vector_from_hex(const char *hex);
