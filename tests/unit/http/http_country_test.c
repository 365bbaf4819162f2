/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_choose.h"

#include "base/address.h"
#include "base/file.h"
#include "support/cmocka_all.h"
#include "wire/wire_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A database in MaxMind's format, made here: a tree over the bits of addresses, whose leaves lead
 * to {"country": {"iso_code": "CN"}}.
 */
enum { NODE_COUNT_MAX = 512, EMPTY = 0, LEAF = 1000000 };

struct tree {
	size_t count;
	uint32_t nodes[NODE_COUNT_MAX][2];
};

static void
tree_add(struct tree *tree, const char *network, uint32_t leaf)
{
	struct network parsed;
	size_t node = 0;

	assert_int_equal(network_parse(bytes_from_string(network), &parsed), STATUS_OK);
	/* IPv4 lies at ::/96 there. */
	if (strchr(network, '.') != NULL) {
		parsed.octets[10] = parsed.octets[11] = 0;
	}
	for (unsigned int bit = 0; bit < parsed.bits; bit++) {
		unsigned int side = parsed.octets[bit / 8] >> (7 - bit % 8) & 1;

		if (bit + 1 == parsed.bits) {
			tree->nodes[node][side] = LEAF + leaf;
		} else if (tree->nodes[node][side] == EMPTY) {
			tree->nodes[node][side] = (uint32_t)tree->count;
			node = tree->count++;
			assert_true(tree->count < NODE_COUNT_MAX);
		} else {
			node = tree->nodes[node][side];
		}
	}
}

static void
text_write_key(struct wire_writer *writer, const char *text)
{
	wire_write_u8(writer, (uint8_t)(0x40 | strlen(text)));
	wire_write_bytes(writer, bytes_from_string(text));
}

static void
number_write(struct wire_writer *writer, const char *name, uint16_t number)
{
	text_write_key(writer, name);
	wire_write_u8(writer, 0xa2);
	wire_write_u16(writer, number);
}

static void
tree_write(struct wire_writer *writer, const struct tree *tree, const uint32_t *offsets)
{
	for (size_t i = 0; i < tree->count; i++) {
		for (size_t side = 0; side < 2; side++) {
			uint32_t next = tree->nodes[i][side];
			uint32_t record = next == EMPTY ? (uint32_t)tree->count
				: next >= LEAF ? (uint32_t)tree->count + 16 + offsets[next - LEAF]
					       : next;

			wire_write_u8(writer, (uint8_t)(record >> 16));
			wire_write_u16(writer, (uint16_t)record);
		}
	}
}

static void
metadata_write(struct wire_writer *writer, const struct tree *tree)
{
	wire_write_bytes(writer, TEXT("\xab\xcd\xefMaxMind.com"));
	wire_write_u8(writer, 0xe9);
	number_write(writer, "binary_format_major_version", 2);
	number_write(writer, "binary_format_minor_version", 0);
	number_write(writer, "ip_version", 6);
	number_write(writer, "record_size", 24);
	text_write_key(writer, "node_count");
	wire_write_u8(writer, 0xc4);
	wire_write_u32(writer, (uint32_t)tree->count);
	text_write_key(writer, "build_epoch");
	wire_write_bytes(writer, BYTES(0x01, 0x02, 0x01));
	text_write_key(writer, "database_type");
	text_write_key(writer, "Test");
	text_write_key(writer, "languages");
	wire_write_bytes(writer, BYTES(0x00, 0x04));
	text_write_key(writer, "description");
	wire_write_u8(writer, 0xe0);
}

static char path[] = "/tmp/houji-countries-XXXXXX";

static void
database_make(void)
{
	static uint8_t octets[16384];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	static struct tree tree = {.count = 1};
	const char *const countries[] = {"CN", "GB", "?"};
	uint32_t offsets[3];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	tree_add(&tree, "192.0.2.0/24", 0);
	tree_add(&tree, "2001:db8::/32", 1);
	tree_add(&tree, "198.51.100.7/32", 2);
	for (uint32_t i = 0, at = 0; i < 3; i++) {
		offsets[i] = at;
		at += (uint32_t)(1 + 8 + 1 + 9 + 1 + strlen(countries[i]));
	}
	tree_write(&writer, &tree, offsets);
	wire_write_bytes(&writer, BYTES(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	for (size_t i = 0; i < 3; i++) {
		wire_write_u8(&writer, 0xe1);
		text_write_key(&writer, "country");
		wire_write_u8(&writer, 0xe1);
		text_write_key(&writer, "iso_code");
		text_write_key(&writer, countries[i]);
	}
	metadata_write(&writer, &tree);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	assert_int_equal(file_replace(path, 0600, wire_written(&writer), NULL), STATUS_OK);
}

static struct http_countries *countries;

static int
world_begin(void **state)
{
	(void)state;
	database_make();
	return http_countries_open(path, &countries, NULL) == STATUS_OK ? 0 : 1;
}

static int
world_end(void **state)
{
	(void)state;
	http_countries_close(countries);
	unlink(path);
	return 0;
}

static struct bytes
country_of(const char *text)
{
	struct address address;
	uint8_t octets[16];

	assert_int_equal(address_parse(bytes_from_string(text), 1, &address), STATUS_OK);
	address_octets(&address, octets);
	return http_countries_find(countries, octets);
}

static void
addresses_have_the_country_of_their_network(void **state)
{
	(void)state;
	assert_true(bytes_equal(country_of("192.0.2.1"), TEXT("CN")));
	assert_true(bytes_equal(country_of("192.0.2.255"), TEXT("CN")));
	assert_true(bytes_equal(country_of("[2001:db8:1::7]"), TEXT("GB")));
	assert_int_equal(country_of("192.0.3.1").size, 0);
	assert_int_equal(country_of("[2001:db9::1]").size, 0);
}

static void
what_is_no_code_of_a_country_is_none(void **state)
{
	(void)state;
	assert_int_equal(country_of("198.51.100.7").size, 0);
}

static void
what_is_no_database_is_told(void **state)
{
	struct http_countries *none = NULL;
	struct problem problem;
	char bad[] = "/tmp/houji-countries-XXXXXX";
	int fd = mkstemp(bad);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "nothing", 7), 7);
	close(fd);
	assert_int_equal(http_countries_open(bad, &none, &problem), STATUS_INVALID);
	assert_non_null(strstr(problem.text, "is no database of countries"));
	unlink(bad);
	assert_int_equal(http_countries_open(bad, &none, &problem), STATUS_NOT_FOUND);
	assert_null(none);
	http_countries_close(none);
}

static const char *
led(const char *place, const char *country)
{
	static char room[64];
	struct text_writer writer = text_writer_over(room, sizeof(room) - 1);
	static struct http_locations locations;
	struct arena *arena = arena_new(4096, 65536);
	struct http_wish wish = {.countries = countries, .country = bytes_from_string(country)};
	struct address address;

	assert_int_equal(
		http_locations_read(TEXT("<locations><location href='rest'/>"
					 "<location href='china' country=' cn '/>"
					 "<location href='britain' country='GB' weight='0'/>"
					 "</locations>"),
			arena, &locations),
		STATUS_OK);
	assert_int_equal(address_parse(bytes_from_string(place), 1, &address), STATUS_OK);
	address_octets(&address, wish.place);
	http_location_write(&writer, http_locations_choose(&locations, &wish), TEXT("1/a"));
	*writer.next = '\0';
	arena_free(arena);
	return room;
}

static void
a_place_for_the_country_of_the_asker_is_chosen(void **state)
{
	(void)state;
	assert_string_equal(led("192.0.2.9", ""), "china");
	assert_string_equal(led("[2001:db8::1]", ""), "britain");
	assert_string_equal(led("203.0.113.1", ""), "rest");
	/* What is asked for counts before where somebody is. */
	assert_string_equal(led("192.0.2.9", "gb"), "britain");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_the_country_of_their_network),
		cmocka_unit_test(what_is_no_code_of_a_country_is_none),
		cmocka_unit_test(what_is_no_database_is_told),
		cmocka_unit_test(a_place_for_the_country_of_the_asker_is_chosen),
	};

	return cmocka_run_group_tests(tests, world_begin, world_end);
}
