/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "handle/handle_site.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCRATCH_SIZE = 1 << 21 };

static uint8_t scratch[SCRATCH_SIZE];
static const uint8_t zeros[HANDLE_VALUE_DATA_SIZE_MAX + 1];

static void
assert_run(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	if (expected.size > 0) {
		assert_memory_equal(found.at, expected.at, expected.size);
	}
}

static void
assert_text(struct bytes found, json_t *expected)
{
	assert_run(found, bytes_from_string(json_string_value(expected)));
}

static void
assert_attributes(const struct handle_site *site, json_t *expected)
{
	struct wire_reader walk = wire_reader_over(site->attributes);
	struct handle_attribute attribute;
	size_t count = 0;

	for (; handle_attribute_next(&walk, &attribute); count++) {
		json_t *entry = json_array_get(expected, count);

		assert_text(attribute.name, json_object_get(entry, "name"));
		assert_text(attribute.value, json_object_get(entry, "value"));
	}
	assert_int_equal(count, json_array_size(expected));
	assert_int_equal(site->attribute_count, count);
}

static void
assert_interfaces(const struct handle_server *server, json_t *expected)
{
	static const char *const protocols[] = {"UDP", "TCP", "HTTP", "HTTPS"};
	struct wire_reader walk = wire_reader_over(server->interfaces);
	struct handle_interface face;
	size_t count = 0;

	for (; handle_interface_next(&walk, &face); count++) {
		json_t *entry = json_array_get(expected, count);
		bool is_query = (face.type & HANDLE_INTERFACE_QUERY) != 0;
		bool is_admin = (face.type & HANDLE_INTERFACE_ADMIN) != 0;

		assert_int_equal(is_query, json_is_true(json_object_get(entry, "query")));
		assert_int_equal(is_admin, json_is_true(json_object_get(entry, "admin")));
		assert_true(face.protocol <= HANDLE_PROTOCOL_HTTPS);
		assert_string_equal(protocols[face.protocol],
			json_string_value(json_object_get(entry, "protocol")));
		assert_int_equal(face.port, json_integer_value(json_object_get(entry, "port")));
	}
	assert_int_equal(count, json_array_size(expected));
	assert_int_equal(server->interface_count, count);
}

static void
assert_address(struct bytes octets, json_t *expected)
{
	static const uint8_t ipv4_front[12];
	bool is_ipv4 = memcmp(octets.at, ipv4_front, sizeof(ipv4_front)) == 0;
	char text[INET6_ADDRSTRLEN];

	assert_int_equal(octets.size, HANDLE_ADDRESS_SIZE);
	inet_ntop(is_ipv4 ? AF_INET : AF_INET6, octets.at + (is_ipv4 ? 12 : 0), text, sizeof(text));
	assert_string_equal(text, json_string_value(expected));
}

static void
assert_servers(const struct handle_site *site, json_t *expected)
{
	struct wire_reader walk = wire_reader_over(site->servers);
	struct handle_server server;
	size_t count = 0;

	for (; handle_server_next(&walk, &server); count++) {
		json_t *entry = json_array_get(expected, count);

		assert_int_equal(server.id, json_integer_value(json_object_get(entry, "serverId")));
		assert_address(server.address, json_object_get(entry, "address"));
		assert_run(server.public_key, vector_key("server_dsa1024.pub.bin"));
		assert_interfaces(&server, json_object_get(entry, "interfaces"));
	}
	assert_int_equal(count, json_array_size(expected));
	assert_int_equal(site->server_count, count);
}

static void
assert_head(const struct handle_site *site, const struct vector *vector)
{
	struct bytes version = vector_text(vector, "json.protocolVersion");
	unsigned int major, minor;

	assert_int_equal(sscanf((const char *)version.at, "%u.%u", &major, &minor), 2);
	assert_int_equal(site->format_version, vector_number(vector, "json.version"));
	assert_int_equal(site->protocol_major, major);
	assert_int_equal(site->protocol_minor, minor);
	assert_int_equal(site->serial, vector_number(vector, "json.serialNumber"));
	assert_int_equal(site->primary_mask & HANDLE_SITE_PRIMARY,
		vector_bool(vector, "json.primarySite") ? HANDLE_SITE_PRIMARY : 0);
	assert_int_equal(site->primary_mask & HANDLE_SITE_MULTI_PRIMARY,
		vector_bool(vector, "json.multiPrimary") ? HANDLE_SITE_MULTI_PRIMARY : 0);
	assert_int_equal(site->hash_option,
		vector_has(vector, "json.hashOption") ? vector_number(vector, "json.hashOption")
						      : HANDLE_HASH_BY_ALL);
	assert_run(site->hash_filter,
		vector_has(vector, "json.hashFilter") ? vector_text(vector, "json.hashFilter")
						      : TEXT(""));
}

static void
vectors_of_sites_are_read_and_written_back(void **state)
{
	struct handle_site site;
	struct vector vector;
	(void)state;

	assert_int_equal(vector_count("hs-site"), 4);
	for (size_t at = 0; vector_next("hs-site", &at, &vector);) {
		struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));

		assert_int_equal(handle_site_decode(vector.octets, &site), STATUS_OK);
		assert_head(&site, &vector);
		assert_attributes(&site,
			vector_has(&vector, "json.attributes")
				? vector_field(&vector, "json.attributes")
				: NULL);
		assert_servers(&site, vector_field(&vector, "json.servers"));
		handle_site_write(&writer, &site);
		assert_run(wire_written(&writer), vector.octets);
	}
}

static void
sites_are_built_from_their_parts(void **state)
{
	struct vector vector = vector_named("site-mirror-noservers-filter");
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	struct handle_interface face = {HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_HTTPS, 8443};
	struct handle_attribute attribute = {TEXT("desc"), TEXT("x")};
	struct handle_server server = {.id = 1, .address = bytes_over(zeros, HANDLE_ADDRESS_SIZE)};
	struct handle_site site;
	uint8_t parts[256];
	struct wire_writer part = wire_writer_over(parts, sizeof(parts));
	(void)state;

	assert_int_equal(handle_site_decode(vector.octets, &site), STATUS_OK);
	handle_interface_write(&part, &face);
	server.interface_count = 1;
	server.interfaces = wire_written(&part);
	handle_server_write(&part, &server);
	site.server_count = 1;
	site.servers = bytes_slice(wire_written(&part), server.interfaces.size, sizeof(parts));
	part = wire_writer_over(part.next, (size_t)(part.end - part.next));
	handle_attribute_write(&part, &attribute);
	site.attribute_count = 1;
	site.attributes = wire_written(&part);
	handle_site_write(&writer, &site);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);

	assert_int_equal(handle_site_decode(wire_written(&writer), &site), STATUS_OK);
	assert_int_equal(site.attribute_count, 1);
	assert_int_equal(site.server_count, 1);
}

static void
sites_cut_short_or_followed_by_more_are_refused(void **state)
{
	struct vector vector;
	uint8_t *longer;
	struct bytes block;
	(void)state;

	for (size_t at = 0; vector_next("hs-site", &at, &vector);) {
		struct handle_site site = {.serial = 4242};

		for (size_t size = 0; size < vector.octets.size; size++) {
			enum status status;

			block = heap_copy(bytes_slice(vector.octets, 0, size));
			status = handle_site_decode(block, &site);
			assert_true(status == STATUS_TRUNCATED || status == STATUS_MALFORMED);
			heap_free(block);
		}
		longer = calloc(1, vector.octets.size + 1);
		memcpy(longer, vector.octets.at, vector.octets.size);
		assert_int_equal(
			handle_site_decode(bytes_over(longer, vector.octets.size + 1), &site),
			STATUS_MALFORMED);
		assert_int_equal(site.serial, 4242);
		free(longer);
	}
}

/* How many of each there are, and how many the counts say (0: the truth). */
struct site_shape {
	uint32_t attributes, attributes_claimed;
	uint32_t servers, servers_claimed;
	uint32_t interfaces, interfaces_claimed;
	size_t key_size;
	size_t filter_size;
};

static uint32_t
claim(uint32_t claimed, uint32_t count)
{
	return claimed > 0 ? claimed : count;
}

static enum status
decode_shape(struct site_shape shape)
{
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	struct handle_site site;
	struct bytes block;
	enum status status;

	wire_write_bytes(&writer, bytes_over(zeros, 8));
	wire_write_blob(&writer, bytes_over(zeros, shape.filter_size));
	wire_write_u32(&writer, claim(shape.attributes_claimed, shape.attributes));
	for (uint32_t i = 0; i < shape.attributes; i++) {
		wire_write_bytes(&writer, bytes_over(zeros, 8));
	}
	wire_write_u32(&writer, claim(shape.servers_claimed, shape.servers));
	for (uint32_t i = 0; i < shape.servers; i++) {
		wire_write_bytes(&writer, bytes_over(zeros, 4 + HANDLE_ADDRESS_SIZE));
		wire_write_blob(&writer, bytes_over(zeros, shape.key_size));
		wire_write_u32(&writer, claim(shape.interfaces_claimed, shape.interfaces));
		for (uint32_t k = 0; k < shape.interfaces; k++) {
			wire_write_bytes(&writer, bytes_over(zeros, 6));
		}
	}
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	block = heap_copy(wire_written(&writer));
	status = handle_site_decode(block, &site);
	heap_free(block);
	return status;
}

#define DECODE(...) decode_shape((struct site_shape){__VA_ARGS__})

static void
sites_are_read_up_to_their_limits(void **state)
{
	const uint32_t attributes = SITE_ATTRIBUTE_COUNT_MAX;
	const uint32_t servers = SITE_SERVER_COUNT_MAX;
	const uint32_t interfaces = SITE_INTERFACE_COUNT_MAX;
	(void)state;

	assert_int_equal(DECODE(.attributes = attributes - 1), STATUS_OK);
	assert_int_equal(DECODE(.attributes = attributes), STATUS_OK);
	assert_int_equal(DECODE(.attributes = attributes + 1), STATUS_TOO_LARGE);
	assert_int_equal(DECODE(.servers = servers - 1), STATUS_OK);
	assert_int_equal(DECODE(.servers = servers), STATUS_OK);
	assert_int_equal(DECODE(.servers = servers + 1), STATUS_TOO_LARGE);
	assert_int_equal(DECODE(.servers = 1, .interfaces = interfaces - 1), STATUS_OK);
	assert_int_equal(DECODE(.servers = 1, .interfaces = interfaces), STATUS_OK);
	assert_int_equal(DECODE(.servers = 1, .interfaces = interfaces + 1), STATUS_TOO_LARGE);
	assert_int_equal(DECODE(.servers = 1, .key_size = KEY_SIZE_MAX - 1), STATUS_OK);
	assert_int_equal(DECODE(.servers = 1, .key_size = KEY_SIZE_MAX), STATUS_OK);
	assert_int_equal(DECODE(.servers = 1, .key_size = KEY_SIZE_MAX + 1), STATUS_TOO_LARGE);
	assert_int_equal(DECODE(.filter_size = HANDLE_VALUE_DATA_SIZE_MAX), STATUS_OK);
	assert_int_equal(DECODE(.filter_size = HANDLE_VALUE_DATA_SIZE_MAX + 1), STATUS_TOO_LARGE);
}

static void
counts_that_lie_are_refused(void **state)
{
	(void)state;
	assert_int_equal(DECODE(.attributes = 1, .attributes_claimed = 3), STATUS_MALFORMED);
	assert_int_equal(DECODE(.attributes_claimed = UINT32_MAX), STATUS_MALFORMED);
	assert_int_equal(DECODE(.servers = 1, .servers_claimed = 2), STATUS_MALFORMED);
	assert_int_equal(DECODE(.servers = 2, .servers_claimed = 1), STATUS_MALFORMED);
	assert_int_equal(DECODE(.servers_claimed = UINT32_MAX), STATUS_MALFORMED);
	assert_int_equal(
		DECODE(.servers = 1, .interfaces = 1, .interfaces_claimed = 2), STATUS_MALFORMED);
	assert_int_equal(DECODE(.servers = 1, .interfaces_claimed = UINT32_MAX), STATUS_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_sites_are_read_and_written_back),
		cmocka_unit_test(sites_are_built_from_their_parts),
		cmocka_unit_test(sites_cut_short_or_followed_by_more_are_refused),
		cmocka_unit_test(sites_are_read_up_to_their_limits),
		cmocka_unit_test(counts_that_lie_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
