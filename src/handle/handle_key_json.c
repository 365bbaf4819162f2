/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "handle/handle_json.h"
#include "handle/handle_json_parts.h"

enum { ED25519_SIZE = 32, TAIL_SIZE = 4 };

/* What Handle.net writes behind its RSA public keys. */
static const uint8_t rsa_tail[TAIL_SIZE];

/* One row for each kind with a JWK form; `names` in the order in which JSON has them. */
struct jwk_form {
	enum handle_key_kind kind;
	bool is_public;
	const char *type;
	uint8_t part_count;
	struct jwk_part {
		const char *name;
		uint8_t number; /* In handle_key.parts. */
	} parts[HANDLE_KEY_PART_COUNT_MAX];
};

static const struct jwk_form forms[] = {
	{HANDLE_KEY_RSA_PUBLIC, true, "RSA", 2, {{"n", 1}, {"e", 0}}},
	{HANDLE_KEY_RSA_PRIVATE, false, "RSA", 2, {{"n", 0}, {"d", 1}}},
	{HANDLE_KEY_RSA_PRIVATE_CRT, false, "RSA", 8,
		{{"n", 0}, {"e", 1}, {"d", 2}, {"p", 3}, {"q", 4}, {"dp", 5}, {"dq", 6},
			{"qi", 7}}},
	{HANDLE_KEY_DSA_PUBLIC, true, "DSA", 4, {{"y", 3}, {"p", 1}, {"q", 0}, {"g", 2}}},
	{HANDLE_KEY_DSA_PRIVATE, false, "DSA", 4, {{"x", 0}, {"p", 1}, {"q", 2}, {"g", 3}}},
	{HANDLE_KEY_ED25519_PUBLIC, true, "OKP", 1, {{"x", 0}}},
	{HANDLE_KEY_ED25519_PRIVATE, false, "OKP", 1, {{"d", 0}}},
};

static const struct jwk_form *
form_of(enum handle_key_kind kind)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].kind == kind) {
			return &forms[i];
		}
	}
	return NULL;
}

static bool
form_is_numbers(const struct jwk_form *form)
{
	return form->type[0] != 'O';
}

static struct bytes
without_zeros(struct bytes number)
{
	while (number.size > 0 && number.at[0] == 0) {
		number = bytes_slice(number, 1, number.size);
	}
	return number;
}

/* As Java writes a number above zero: a zero in front just when the first bit is set. */
static bool
number_is_exact(struct bytes number)
{
	struct bytes digits = without_zeros(number);

	return digits.size > 0 && number.size == digits.size + (digits.at[0] >> 7);
}

bool
handle_json_key_is_exact(struct bytes octets, struct handle_key *ret_key)
{
	struct bytes tail = {NULL, 0};
	const struct jwk_form *form;
	struct handle_key key;

	if (octets.size > KEY_SIZE_MAX || handle_key_decode(octets, &key) != STATUS_OK) {
		return false;
	}
	form = form_of(key.kind);
	if (form == NULL || !form->is_public || key.flags != 0) {
		return false;
	}
	for (uint8_t i = 0; i < key.part_count; i++) {
		if (form_is_numbers(form) ? !number_is_exact(key.parts[i])
					  : key.parts[i].size != ED25519_SIZE) {
			return false;
		}
	}
	if (key.kind == HANDLE_KEY_RSA_PUBLIC) {
		tail = bytes_over(rsa_tail, TAIL_SIZE);
	}
	if (!bytes_equal(key.tail, tail)) {
		return false;
	}
	*ret_key = key;
	return true;
}

void
handle_json_key_write(struct json_writer *writer, const struct handle_key *key)
{
	const struct jwk_form *form = form_of(key->kind);

	if (form == NULL) {
		json_writer_fail(writer, STATUS_UNSUPPORTED);
		return;
	}
	json_write_object(writer);
	json_write_name(writer, "kty");
	json_write_string(writer, bytes_from_string(form->type));
	if (!form_is_numbers(form)) {
		json_write_name(writer, "crv");
		json_write_string(writer, TEXT("Ed25519"));
	}
	for (uint8_t i = 0; i < form->part_count; i++) {
		struct bytes part = key->parts[form->parts[i].number];

		json_write_name(writer, form->parts[i].name);
		json_write_base64url(writer, form_is_numbers(form) ? without_zeros(part) : part);
	}
	json_write_object_end(writer);
}

void
handle_key_write_json(struct json_writer *writer, const struct handle_key *key)
{
	handle_json_key_write(writer, key);
}

/* The members of a JWK, whichever are there. */
enum { JWK_NUMBER_COUNT = 11 };

static const char *const jwk_numbers[JWK_NUMBER_COUNT] = {
	"n", "e", "d", "p", "q", "dp", "dq", "qi", "x", "y", "g"};

struct jwk {
	struct bytes type;
	struct bytes curve;
	struct bytes numbers[JWK_NUMBER_COUNT]; /* Empty: absent. */
};

static struct bytes *
jwk_number(struct jwk *jwk, struct bytes name)
{
	for (size_t i = 0; i < JWK_NUMBER_COUNT; i++) {
		if (bytes_equal(name, bytes_from_string(jwk_numbers[i]))) {
			return &jwk->numbers[i];
		}
	}
	return NULL;
}

static void
jwk_read(struct json_reader *reader, struct jwk *ret_jwk, struct handle_json_fault *fault)
{
	struct jwk jwk = {.type = {NULL, 0}};
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		struct bytes *number = jwk_number(&jwk, name);

		if (bytes_equal(name, TEXT("kty"))) {
			fault->member = "kty";
			jwk.type = json_read_string(reader);
		} else if (bytes_equal(name, TEXT("crv"))) {
			fault->member = "crv";
			jwk.curve = json_read_string(reader);
		} else if (number != NULL) {
			fault->member = jwk_numbers[number - jwk.numbers];
			*number = handle_json_read_plain(reader, HANDLE_JSON_BASE64, fault);
		} else {
			json_skip(reader);
		}
	}
	*ret_jwk = jwk;
}

/* The last form whose numbers are all there: rows further down ask for more, and a key with
 * its secret is a private one whatever else it brings. */
static const struct jwk_form *
jwk_form(struct jwk *jwk)
{
	const struct jwk_form *best = NULL;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct jwk_form *form = &forms[i];
		bool is_whole = bytes_equal(jwk->type, bytes_from_string(form->type));

		for (uint8_t k = 0; k < form->part_count; k++) {
			struct bytes name = bytes_from_string(form->parts[k].name);

			is_whole = is_whole && jwk_number(jwk, name)->size > 0;
		}
		if (is_whole) {
			best = form;
		}
	}
	return best;
}

/* A number as Java writes it. Any zeros in front are shed first. */
static struct bytes
number_from(struct json_reader *reader, struct bytes octets)
{
	struct bytes digits = without_zeros(octets);
	uint8_t *number = arena_alloc(reader->arena, digits.size + 1);
	bool needs_zero = digits.size == 0 || digits.at[0] >> 7 == 1;

	if (number == NULL) {
		json_reader_fail(reader, STATUS_NO_MEMORY);
		return (struct bytes){NULL, 0};
	}
	if (digits.size > 0) {
		memcpy(number + 1, digits.at, digits.size);
	}
	return bytes_over(number + !needs_zero, digits.size + needs_zero);
}

void
handle_json_key_read(
	struct json_reader *reader, struct handle_key *ret_key, struct handle_json_fault *fault)
{
	const char *member = fault->member;
	struct handle_key key = {.flags = 0};
	const struct jwk_form *form;
	struct jwk jwk;

	jwk_read(reader, &jwk, fault);
	if (!json_reader_ok(reader)) {
		return;
	}
	form = jwk_form(&jwk);
	if (form == NULL) {
		handle_json_refuse(reader, fault, member, STATUS_UNSUPPORTED,
			"is no RSA, DSA or Ed25519 key with all its numbers");
		return;
	}
	key.kind = form->kind;
	key.part_count = form->part_count;
	for (uint8_t i = 0; i < form->part_count; i++) {
		struct bytes octets = *jwk_number(&jwk, bytes_from_string(form->parts[i].name));

		if (form_is_numbers(form)) {
			octets = number_from(reader, octets);
		} else if (octets.size != ED25519_SIZE ||
			!bytes_equal(jwk.curve, TEXT("Ed25519"))) {
			handle_json_refuse(reader, fault, member, STATUS_UNSUPPORTED,
				"is no Ed25519 key of 32 octets");
		}
		key.parts[form->parts[i].number] = octets;
	}
	if (key.kind == HANDLE_KEY_RSA_PUBLIC) {
		key.tail = bytes_over(rsa_tail, TAIL_SIZE);
	}
	if (json_reader_ok(reader)) {
		*ret_key = key;
	}
}

enum status
handle_key_read_json(
	struct json_reader *reader, struct handle_key *ret_key, struct problem *problem)
{
	struct handle_json_fault fault = {.member = "key"};

	handle_json_key_read(reader, ret_key, &fault);
	return handle_json_verdict(reader, &fault, problem);
}
