/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors/vectors.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Read once and kept; so are all octets made from hex (the chain keeps them reachable). */
struct octet_block {
	struct octet_block *before;
	uint8_t *octets;
};

static json_t *vectors_file;
static struct octet_block *octet_blocks;

static json_t *
file_member(const char *name)
{
	json_error_t error;
	json_t *member;

	if (vectors_file == NULL) {
		vectors_file = json_load_file(VECTORS_FILE, 0, &error);
	}
	if (vectors_file == NULL) {
		fail_msg("%s:%d: %s", VECTORS_FILE, error.line, error.text);
	}
	member = json_object_get(vectors_file, name);
	if (member == NULL) {
		fail_msg("%s has no member %s", VECTORS_FILE, name);
	}
	return member;
}

static uint8_t
digit_value(char digit)
{
	if (!isxdigit((unsigned char)digit)) {
		fail_msg("'%c' is no hex digit", digit);
	}
	return (uint8_t)(isdigit((unsigned char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

struct bytes
vector_from_hex(const char *hex)
{
	size_t size = strlen(hex) / 2;
	struct octet_block *block = malloc(sizeof(*block));
	uint8_t *octets = malloc(size > 0 ? size : 1);

	assert_non_null(block);
	assert_non_null(octets);
	assert_int_equal(strlen(hex) % 2, 0);
	for (size_t i = 0; i < size; i++) {
		octets[i] = (uint8_t)(digit_value(hex[2 * i]) << 4 | digit_value(hex[2 * i + 1]));
	}
	*block = (struct octet_block){octet_blocks, octets};
	octet_blocks = block;
	return bytes_over(octets, size);
}

static struct vector
vector_of(json_t *entry)
{
	const char *hex = json_string_value(json_object_get(entry, "hex"));

	return (struct vector){
		.name = json_string_value(json_object_get(entry, "name")),
		.category = json_string_value(json_object_get(entry, "category")),
		.octets = hex == NULL ? (struct bytes){NULL, 0} : vector_from_hex(hex),
		.fields = json_object_get(entry, "fields"),
	};
}

bool
vector_next(const char *category, size_t *at, struct vector *ret_vector)
{
	json_t *entries = file_member("vectors");

	for (; *at < json_array_size(entries); (*at)++) {
		json_t *entry = json_array_get(entries, *at);
		const char *found = json_string_value(json_object_get(entry, "category"));

		if (category == NULL || strcmp(found, category) == 0) {
			(*at)++;
			*ret_vector = vector_of(entry);
			return true;
		}
	}
	return false;
}

size_t
vector_count(const char *category)
{
	struct vector vector;
	size_t count = 0;

	for (size_t at = 0; vector_next(category, &at, &vector);) {
		count++;
	}
	return count;
}

struct vector
vector_named(const char *name)
{
	json_t *entries = file_member("vectors");

	for (size_t i = 0; i < json_array_size(entries); i++) {
		json_t *entry = json_array_get(entries, i);

		if (strcmp(json_string_value(json_object_get(entry, "name")), name) == 0) {
			return vector_of(entry);
		}
	}
	fail_msg("%s has no vector %s", VECTORS_FILE, name);
	return (struct vector){.name = NULL};
}

static json_t *
field_or_null(const struct vector *vector, const char *path)
{
	json_t *field = vector->fields;

	while (field != NULL && *path != '\0') {
		size_t size = strcspn(path, ".");

		field = json_object_getn(field, path, size);
		path += size + (path[size] == '.');
	}
	return field;
}

bool
vector_has(const struct vector *vector, const char *field)
{
	return field_or_null(vector, field) != NULL;
}

json_t *
vector_field(const struct vector *vector, const char *field)
{
	json_t *found = field_or_null(vector, field);

	if (found == NULL) {
		fail_msg("vector %s has no field %s", vector->name, field);
	}
	return found;
}

struct bytes
vector_text(const struct vector *vector, const char *field)
{
	json_t *found = vector_field(vector, field);

	if (!json_is_string(found)) {
		fail_msg("field %s of vector %s is no string", field, vector->name);
	}
	return bytes_over(json_string_value(found), json_string_length(found));
}

int64_t
vector_number(const struct vector *vector, const char *field)
{
	json_t *found = vector_field(vector, field);

	if (!json_is_integer(found)) {
		fail_msg("field %s of vector %s is no whole number", field, vector->name);
	}
	return json_integer_value(found);
}

bool
vector_bool(const struct vector *vector, const char *field)
{
	json_t *found = vector_field(vector, field);

	if (!json_is_boolean(found)) {
		fail_msg("field %s of vector %s is no boolean", field, vector->name);
	}
	return json_is_true(found);
}

struct bytes
vector_octets(const struct vector *vector, const char *field)
{
	return vector_from_hex((const char *)vector_text(vector, field).at);
}

struct bytes
vector_key(const char *name)
{
	json_t *key = json_object_get(file_member("keys"), name);

	if (key == NULL) {
		fail_msg("%s has no key %s", VECTORS_FILE, name);
	}
	return vector_from_hex(json_string_value(key));
}

char *
vector_json(const struct vector *vector, const char *field)
{
	char *text = json_dumps(vector_field(vector, field), JSON_COMPACT);

	assert_non_null(text);
	return text;
}

const char *
vector_judge_json(struct bytes text)
{
	static json_error_t error;
	json_t *parsed =
		json_loadb((const char *)text.at, text.size, JSON_REJECT_DUPLICATES, &error);

	json_decref(parsed);
	return parsed == NULL ? error.text : NULL;
}
