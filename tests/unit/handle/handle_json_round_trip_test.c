/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "handle/handle_json.h"
#include "support/cmocka_all.h"
#include "vectors/vector.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * Random values and records, good and damaged: whatever is written in JSON is read back to the
 * same octets. jansson looks on now and then, to see that it is JSON.
 *
 * The seed is printed; HOUJI_SEED in the environment repeats a run.
 */
enum {
	VALUE_ROUNDS = 120000,
	RECORD_ROUNDS = 5000,
	JANSSON_EVERY = 16,
	ROOM = 1 << 20,
	ARENA_BLOCK_SIZE = 1 << 16,
	ARENA_LIMIT = 1 << 24,
};

static uint64_t seed;
static uint64_t random_state;

static uint32_t
random_u32(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1dull) >> 32);
}

static uint32_t
random_below(uint32_t limit)
{
	return random_u32() % limit;
}

static bool
chance(uint32_t of)
{
	return random_below(of) == 0;
}

/* Numbers where mistakes are made: 0, 1, all ones, the sign bit, any. */
static uint32_t
random_number(void)
{
	static const uint32_t edges[] = {0, 1, 2, 127, 128, 255, 256, 65535, 65536, 86400,
		INT32_MAX, 0x80000000u, UINT32_MAX};

	return chance(3) ? edges[random_below(sizeof(edges) / sizeof(edges[0]))] : random_u32();
}

/* Whatever is made goes here, one behind the other. */
static uint8_t made[ROOM];
static size_t made_size;

static struct wire_writer
make_begin(void)
{
	return wire_writer_over(made + made_size, sizeof(made) - made_size);
}

static struct bytes
make_end(const struct wire_writer *writer)
{
	assert_int_equal(wire_writer_end(writer), STATUS_OK);
	made_size += wire_writer_size(writer);
	return wire_written(writer);
}

static struct bytes
make_octets(size_t size)
{
	struct wire_writer writer = make_begin();

	for (size_t i = 0; i < size; i++) {
		wire_write_u8(&writer, (uint8_t)(chance(8) ? 0 : random_u32()));
	}
	return make_end(&writer);
}

static struct bytes
make_text(size_t pieces)
{
	static const char *const texts[] = {"a", "B", "7", "/", ".", " ", "\"", "\\", "\n", "\t",
		"\x0b", "\x0e", "\x13", "\xc2\x80", "\xe8\xb0\xb7", "\xe2\x80\xa8",
		"\xf0\x9f\x8c\xbe", "\xef\xbf\xbd", "0.NA/", "https://", "<b>&", "\x7f", "\x01"};
	struct wire_writer writer = make_begin();

	for (size_t i = 0; i < pieces; i++) {
		wire_write_bytes(&writer,
			bytes_from_string(texts[random_below(sizeof(texts) / sizeof(texts[0]))]));
	}
	return make_end(&writer);
}

static struct bytes
make_run(size_t size)
{
	return chance(8) ? make_octets(random_below((uint32_t)size))
			 : make_text(random_below((uint32_t)size));
}

static struct bytes
make_references(uint32_t count)
{
	struct handle_reference references[8];
	struct wire_writer writer;

	for (uint32_t i = 0; i < count; i++) {
		references[i] = (struct handle_reference){make_run(12), random_number()};
	}
	writer = make_begin();
	for (uint32_t i = 0; i < count; i++) {
		handle_reference_write(&writer, &references[i]);
	}
	return make_end(&writer);
}

static struct bytes
make_admin(void)
{
	struct handle_admin admin = {
		.rights = (uint16_t)(chance(2) ? random_u32() & 0x0fff : random_number()),
		.name = make_run(12),
		.index = random_number(),
		.has_legacy_tail = chance(3),
	};
	struct wire_writer writer = make_begin();

	handle_admin_write(&writer, &admin);
	return make_end(&writer);
}

static struct bytes
make_vlist(void)
{
	uint32_t count = random_below(5);
	struct handle_vlist list = {count, make_references(count)};
	struct wire_writer writer = make_begin();

	handle_vlist_write(&writer, &list);
	return make_end(&writer);
}

/* A number as Java writes it, or nearly. */
static struct bytes
make_integer(void)
{
	uint8_t octets[40];
	uint32_t size = 1 + random_below(sizeof(octets) - 1);

	for (uint32_t i = 0; i < size; i++) {
		octets[i] = (uint8_t)random_u32();
	}
	octets[0] = chance(4) ? 0 : (uint8_t)(octets[0] & 0x7f);
	if (octets[0] == 0 && size > 1 && !chance(4)) {
		octets[1] |= 0x80;
	}
	if (chance(16)) {
		octets[0] |= 0x80;
	}
	struct wire_writer writer = make_begin();

	wire_write_bytes(&writer, bytes_over(octets, chance(32) ? 0 : size));
	return make_end(&writer);
}

static struct bytes
make_key(void)
{
	static const uint8_t part_counts[] = {
		[HANDLE_KEY_RSA_PUBLIC] = 2,
		[HANDLE_KEY_RSA_PRIVATE] = 2,
		[HANDLE_KEY_RSA_PRIVATE_CRT] = 8,
		[HANDLE_KEY_DSA_PUBLIC] = 4,
		[HANDLE_KEY_DSA_PRIVATE] = 4,
		[HANDLE_KEY_DH_PUBLIC] = 3,
		[HANDLE_KEY_ED25519_PUBLIC] = 1,
		[HANDLE_KEY_ED25519_PRIVATE] = 1,
		[HANDLE_KEY_SM2_PUBLIC] = 1,
		[HANDLE_KEY_SM2_PRIVATE] = 1,
	};
	struct handle_key key = {
		.kind = (enum handle_key_kind)random_below(sizeof(part_counts)),
		.flags = (uint16_t)(chance(8) ? random_u32() : 0),
	};
	struct wire_writer writer;

	if (chance(3)) {
		key.kind = HANDLE_KEY_RSA_PUBLIC;
	}
	key.part_count = part_counts[key.kind];
	for (uint8_t i = 0; i < key.part_count; i++) {
		key.parts[i] = make_integer();
	}
	if (key.kind == HANDLE_KEY_ED25519_PUBLIC && !chance(4)) {
		key.parts[0] = make_octets(32);
	}
	if (key.kind == HANDLE_KEY_RSA_PUBLIC ? !chance(4) : chance(8)) {
		static const uint8_t zeros[4];

		key.tail = chance(8) ? make_octets(random_below(8)) : bytes_over(zeros, 4);
	}
	writer = make_begin();
	handle_key_write(&writer, &key);
	return make_end(&writer);
}

static struct handle_server
make_server(void)
{
	struct handle_server server = {
		.id = random_number(),
		.address = make_octets(HANDLE_ADDRESS_SIZE),
		.public_key = chance(2) ? make_key() : make_octets(random_below(12)),
		.interface_count = random_below(5),
	};
	struct wire_writer writer;

	if (chance(2)) {
		uint8_t *address = made + (server.address.at - made);

		memset(address, 0, chance(8) ? 16 : 12);
		if (chance(4)) {
			memset(address + 10, 0xff, 2);
		}
	}
	writer = make_begin();
	for (uint32_t i = 0; i < server.interface_count; i++) {
		struct handle_interface face = {
			.type = (uint8_t)random_below(chance(16) ? 256 : 4),
			.protocol = (uint8_t)random_below(chance(8) ? 256 : 4),
			.port = random_number(),
		};

		handle_interface_write(&writer, &face);
	}
	server.interfaces = make_end(&writer);
	return server;
}

static struct bytes
make_servers(uint32_t count)
{
	struct handle_server servers[4];
	struct wire_writer writer;

	for (uint32_t i = 0; i < count; i++) {
		servers[i] = make_server();
	}
	writer = make_begin();
	for (uint32_t i = 0; i < count; i++) {
		handle_server_write(&writer, &servers[i]);
	}
	return make_end(&writer);
}

static struct bytes
make_attributes(uint32_t count)
{
	struct handle_attribute attributes[4];
	struct wire_writer writer;

	for (uint32_t i = 0; i < count; i++) {
		attributes[i] = (struct handle_attribute){make_run(4), make_run(8)};
	}
	writer = make_begin();
	for (uint32_t i = 0; i < count; i++) {
		handle_attribute_write(&writer, &attributes[i]);
	}
	return make_end(&writer);
}

static struct bytes
make_site(void)
{
	struct handle_site site = {
		.format_version = (uint16_t)random_number(),
		.protocol_major = (uint8_t)random_number(),
		.protocol_minor = (uint8_t)random_number(),
		.serial = (uint16_t)random_number(),
		.primary_mask = (uint8_t)(chance(8) ? random_u32() : random_u32() & 0xc0),
		.hash_option = (uint8_t)random_below(chance(8) ? 256 : 3),
		.hash_filter = chance(3) ? make_run(6) : (struct bytes){NULL, 0},
		.attribute_count = random_below(4),
		.server_count = random_below(4),
	};
	struct wire_writer writer;

	site.attributes = make_attributes(site.attribute_count);
	site.servers = make_servers(site.server_count);
	writer = make_begin();
	handle_site_write(&writer, &site);
	return make_end(&writer);
}

/* Flips, cuts or lengthens what was just made. */
static struct bytes
damaged(struct bytes run)
{
	uint8_t *at = made + (run.at - made);

	if (run.size > 0 && chance(2)) {
		at[random_below((uint32_t)run.size)] ^= (uint8_t)(1u << random_below(8));
	} else if (run.size > 0 && chance(2)) {
		run.size -= 1 + random_below((uint32_t)run.size);
	} else {
		made[made_size++] = (uint8_t)(chance(2) ? 0 : random_u32());
		run.size++;
	}
	return run;
}

static struct bytes
make_data(struct bytes *ret_type)
{
	static const char *const types[] = {"HS_ADMIN", "HS_VLIST", "HS_SITE", "HS_SITE.PREFIX",
		"HS_NA_DELEGATE", "HS_PUBKEY", "HS_SECKEY", "HS_ADMIN.X", "URL", ""};
	uint32_t choice = random_below(sizeof(types) / sizeof(types[0]) + 1);
	struct bytes data;

	*ret_type = choice < sizeof(types) / sizeof(types[0]) ? bytes_from_string(types[choice])
							      : make_run(8);
	switch (chance(16) ? random_below(8) : choice) {
	case 0:
		data = make_admin();
		break;
	case 1:
		data = make_vlist();
		break;
	case 2:
	case 3:
	case 4:
		data = make_site();
		break;
	case 5:
		data = make_key();
		break;
	default:
		data = make_run(40);
		break;
	}
	return chance(6) && data.at + data.size == made + made_size ? damaged(data) : data;
}

static struct handle_value
make_value(void)
{
	struct handle_value value = {
		.index = random_number(),
		.timestamp = random_number(),
		.ttl_kind = (uint8_t)(chance(16) ? random_u32() : random_below(2)),
		.ttl = random_number(),
		.permissions = (uint8_t)(chance(16) ? random_u32() : random_below(16)),
	};

	value.data = make_data(&value.type);
	value.reference_count = chance(4) ? random_below(5) : 0;
	value.references = make_references(value.reference_count);
	return value;
}

static char text_room[ROOM];
static uint8_t octet_rooms[2][ROOM];

static struct bytes
encoded(const struct handle_value *value, uint8_t *room)
{
	struct wire_writer writer = wire_writer_over(room, ROOM);

	handle_value_write(&writer, value);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return wire_written(&writer);
}

static void
fail_round(uint32_t round, struct bytes text, const char *why)
{
	fail_msg("HOUJI_SEED=%llu, round %u: %s\n%.*s", (unsigned long long)seed, round, why,
		(int)text.size, (const char *)text.at);
}

static void
values_come_back_to_the_octet(void **state)
{
	struct arena *arena = arena_new(ARENA_BLOCK_SIZE, ARENA_LIMIT);
	uint32_t typed_count = 0;
	(void)state;

	for (uint32_t round = 0; round < VALUE_ROUNDS; round++) {
		struct json_writer writer = json_writer_over(text_room, sizeof(text_room));
		struct problem problem = {.text = ""};
		struct handle_value value;
		struct handle_value again;
		struct json_reader reader;
		struct bytes text;

		made_size = 0;
		value = make_value();
		handle_value_write_json(&writer, &value);
		assert_int_equal(json_writer_end(&writer), STATUS_OK);
		text = json_written(&writer);
		typed_count += memmem(text.at, text.size, "\"value\":{", 9) != NULL;
		if (round % JANSSON_EVERY == 0 && vector_judge_json(text) != NULL) {
			fail_round(round, text, vector_judge_json(text));
		}
		reader = json_reader_over(text, arena);
		if (handle_value_read_json(&reader, &again, &problem) != STATUS_OK) {
			fail_round(round, text, problem.text);
		}
		if (json_reader_end(&reader) != STATUS_OK ||
			!bytes_equal(
				encoded(&again, octet_rooms[0]), encoded(&value, octet_rooms[1]))) {
			fail_round(round, text, "came back as other octets");
		}
		arena_reset(arena);
	}
	/* Not all of them fell back to base64. */
	assert_in_range(typed_count, VALUE_ROUNDS / 8, VALUE_ROUNDS);
	arena_free(arena);
}

static void
records_come_back_to_the_octet(void **state)
{
	struct arena *arena = arena_new(ARENA_BLOCK_SIZE, ARENA_LIMIT);
	(void)state;

	for (uint32_t round = 0; round < RECORD_ROUNDS; round++) {
		struct json_writer writer = json_writer_over(text_room, sizeof(text_room));
		struct wire_writer octets = wire_writer_over(octet_rooms[0], ROOM);
		struct handle_value_list list = {.count = random_below(12)};
		struct handle_value_list again;
		struct problem problem = {.text = ""};
		struct json_reader reader;
		struct bytes name;
		struct bytes found;

		made_size = 0;
		name = chance(4) ? make_octets(1 + random_below(20))
				 : make_text(1 + random_below(20));
		for (uint32_t i = 0; i < list.count; i++) {
			struct handle_value value = make_value();

			handle_value_write(&octets, &value);
		}
		list.octets = wire_written(&octets);
		handle_record_write_json(&writer, name, &list);
		assert_int_equal(json_writer_end(&writer), STATUS_OK);
		reader = json_reader_over(json_written(&writer), arena);
		if (handle_record_read_json(&reader, &found, &again, &problem) != STATUS_OK) {
			fail_round(round, json_written(&writer), problem.text);
		}
		if (!bytes_equal(found, name) || again.count != list.count ||
			!bytes_equal(again.octets, list.octets)) {
			fail_round(round, json_written(&writer), "came back as other octets");
		}
		arena_reset(arena);
	}
	arena_free(arena);
}

/* Without the line breaks and blanks that only a pretty text has. */
static struct bytes
compacted(struct bytes pretty, char *room)
{
	size_t size = 0;

	for (size_t i = 0; i < pretty.size; i++) {
		if (pretty.at[i] == '\n') {
			while (i + 1 < pretty.size && pretty.at[i + 1] == ' ') {
				i++;
			}
			continue;
		}
		room[size++] = (char)pretty.at[i];
		if (size > 1 && room[size - 1] == ':' && room[size - 2] == '"') {
			i++;
		}
	}
	return bytes_over(room, size);
}

/* The plain ones are written in one go, and only if the text is not to be pretty: both ways have
 * to know the same of what is plain, and to fill a buffer to its last octet. */
static void
plain_values_are_written_like_all_others(void **state)
{
	static const struct handle_value plain = {.index = 4294967295,
		.type = {(const uint8_t *)"URL", 3},
		.data = {(const uint8_t *)"https://example.org/", 20},
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.ttl = 4294967295};
	struct handle_value values[16];
	size_t count = 0;
	static char first[4096], second[4096], third[4096];

	(void)state;
	for (; count < 16; count++) {
		values[count] = plain;
	}
	values[1].timestamp = 4294967295;
	values[2].data = (struct bytes){NULL, 0};
	values[3].data = TEXT("del \x7f");
	values[4].data = TEXT("quote \" slash \\");
	values[5].data = TEXT("\xe4\xb8\xad\xe6\x96\x87");
	values[6].data = TEXT("no \xff text");
	values[7].type = TEXT("a\"b");
	values[8].type = TEXT("hs_seckey");
	values[9].type = TEXT("HS_SECKEY");
	values[10].permissions = 0;
	values[11].ttl_kind = HANDLE_TTL_ABSOLUTE;
	values[12].ttl_kind = 7;
	values[13].type = TEXT("HS_ADMIN");
	values[14].type = TEXT("\xff");
	values[15].data = TEXT("one\ttwo");
	for (size_t i = 0; i < count; i++) {
		struct json_writer compact = json_writer_over(first, sizeof(first));
		struct json_writer pretty = json_writer_over(second, sizeof(second));
		struct bytes whole;

		pretty.is_pretty = true;
		pretty.hides_secrets = compact.hides_secrets = true;
		handle_value_write_json(&compact, &values[i]);
		handle_value_write_json(&pretty, &values[i]);
		assert_int_equal(json_writer_end(&compact), STATUS_OK);
		whole = json_written(&compact);
		if (!bytes_equal(compacted(json_written(&pretty), third), whole)) {
			fail_msg("value %zu: %.*s", i, (int)whole.size, first);
		}
		for (size_t room = 0; room <= whole.size; room++) {
			compact = json_writer_over(second, room);
			compact.hides_secrets = true;
			handle_value_write_json(&compact, &values[i]);
			assert_int_equal(
				compact.status, room < whole.size ? STATUS_NO_SPACE : STATUS_OK);
		}
		assert_memory_equal(first, second, whole.size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back_to_the_octet),
		cmocka_unit_test(records_come_back_to_the_octet),
		cmocka_unit_test(plain_values_are_written_like_all_others),
	};
	const char *given = getenv("HOUJI_SEED");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)(now.tv_sec ^ now.tv_nsec);
	fprintf(stderr, "HOUJI_SEED=%llu\n", (unsigned long long)seed);
	random_state = seed * 2 + 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
