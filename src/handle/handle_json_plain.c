/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_json_plain.h"

#include "base/text_writer.h"
#include "handle/handle_admin.h"

enum {
	RIGHT_DIGITS = 12,
	TIME_TEXT_SIZE = sizeof("2023-11-14T22:13:20Z") - 1,
	/* Names of all members, three numbers of 10 digits, 16 rights and a time. */
	FRAME_SIZE = 320,
};

#define EACH_OCTET(octet) (0x0101010101010101ull * (octet))

/* Eight octets at once: not 0 if one of them is a quote, a backslash, a control, DEL or beyond
 * ASCII. Taking 1 from an octet that is 0 sets its top bit, and of no other below 0x80. */
static inline uint64_t
octets_are_special(uint64_t octets)
{
	uint64_t quote = (octets ^ EACH_OCTET('"')) - EACH_OCTET(1);
	uint64_t slash = (octets ^ EACH_OCTET('\\')) - EACH_OCTET(1);
	uint64_t del = (octets ^ EACH_OCTET(0x7f)) - EACH_OCTET(1);
	uint64_t control = octets - EACH_OCTET(0x20);

	return (quote | slash | del | control | octets) & EACH_OCTET(0x80);
}

/* The last eight overlap those before instead of leaving a tail of single octets. */
static bool
is_plain(struct bytes text)
{
	uint64_t special = 0;
	uint64_t octets;

	if (text.size < sizeof(octets)) {
		for (size_t i = 0; i < text.size; i++) {
			special |= octets_are_special(EACH_OCTET(' ') ^ ' ' ^ text.at[i]);
		}
		return special == 0;
	}
	for (size_t i = 0; i < text.size - sizeof(octets); i += sizeof(octets)) {
		memcpy(&octets, text.at + i, sizeof(octets));
		special |= octets_are_special(octets);
	}
	memcpy(&octets, text.at + text.size - sizeof(octets), sizeof(octets));
	return (special | octets_are_special(octets)) == 0;
}

static inline char *
put(char *at, struct bytes text)
{
	if (text.size > 0) {
		memcpy(at, text.at, text.size);
	}
	return at + text.size;
}

static inline char *
put_number(char *at, uint32_t number)
{
	char *end = at + 1;

	for (uint32_t rest = number / 10; rest > 0; rest /= 10) {
		end++;
	}
	at = end;
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return end;
}

static char *
put_time(char *at, uint32_t seconds)
{
	struct text_writer writer = text_writer_over(at, TIME_TEXT_SIZE);

	text_write_time(&writer, seconds);
	return writer.next;
}

static char *
put_admin(char *at, const struct handle_admin *admin)
{
	int digits = RIGHT_DIGITS;

	while (admin->rights >> digits != 0) {
		digits++;
	}
	at = put(at, TEXT("admin\",\"value\":{\"handle\":\""));
	at = put(at, admin->name);
	at = put(at, TEXT("\",\"index\":"));
	at = put_number(at, admin->index);
	at = put(at, TEXT(",\"permissions\":\""));
	while (digits-- > 0) {
		*at++ = (admin->rights >> digits & 1) != 0 ? '1' : '0';
	}
	return put(
		at, admin->has_legacy_tail ? TEXT("\",\"legacyByteLength\":true}") : TEXT("\"}"));
}

static char *
put_value(char *at, const struct handle_value *value, const struct handle_admin *admin)
{
	at = put(at, TEXT("{\"index\":"));
	at = put_number(at, value->index);
	at = put(at, TEXT(",\"type\":\""));
	at = put(at, value->type);
	at = put(at, TEXT("\",\"data\":{\"format\":\""));
	if (admin != NULL) {
		at = put_admin(at, admin);
	} else {
		at = put(at, TEXT("string\",\"value\":\""));
		at = put(at, value->data);
		*at++ = '"';
	}
	at = put(at, TEXT("},\"ttl\":"));
	at = put_number(at, value->ttl);
	if (value->timestamp != 0) {
		at = put(at, TEXT(",\"timestamp\":\""));
		at = put_time(at, value->timestamp);
		*at++ = '"';
	}
	*at++ = '}';
	return at;
}

/* Types of the system have formats of their own, and there are those that are hidden. */
static bool
type_is_reserved(struct bytes type)
{
	return type.size >= 3 && (type.at[0] | 0x20) == 'h' && (type.at[1] | 0x20) == 's' &&
		type.at[2] == '_';
}

bool
handle_json_write_plain(struct json_writer *writer, const struct handle_value *value)
{
	struct handle_admin admin;
	bool is_admin = false;
	char *room;

	if (value->permissions != HANDLE_PERMISSION_DEFAULT ||
		value->ttl_kind != HANDLE_TTL_RELATIVE || value->reference_count > 0) {
		return false;
	}
	if (type_is_reserved(value->type)) {
		is_admin = bytes_equal(value->type, TEXT("HS_ADMIN")) &&
			handle_admin_decode(value->data, &admin) == STATUS_OK &&
			is_plain(admin.name);
		if (!is_admin) {
			return false;
		}
	} else if (!is_plain(value->type) || !is_plain(value->data)) {
		return false;
	}
	room = json_raw_begin(writer, FRAME_SIZE + value->type.size + value->data.size);
	if (room == NULL) {
		return false;
	}
	json_raw_end(writer, (size_t)(put_value(room, value, is_admin ? &admin : NULL) - room));
	return true;
}
