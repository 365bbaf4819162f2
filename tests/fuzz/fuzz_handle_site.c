/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "handle/handle_json.h"

enum { ROOM = 1 << 21, ARENA_LIMIT = 1 << 23 };

static char text[ROOM];
static uint8_t written[ROOM];

static void
check_servers(const struct handle_site *site)
{
	struct wire_reader walk = wire_reader_over(site->servers);
	struct handle_server server;
	uint32_t count = 0;

	for (; handle_server_next(&walk, &server); count++) {
		struct wire_reader faces = wire_reader_over(server.interfaces);
		struct handle_interface face;
		uint32_t face_count = 0;

		while (handle_interface_next(&faces, &face)) {
			face_count++;
		}
		FUZZ_CHECK(face_count == server.interface_count);
		FUZZ_CHECK(face_count <= SITE_INTERFACE_COUNT_MAX);
		FUZZ_CHECK(server.address.size == HANDLE_ADDRESS_SIZE);
	}
	FUZZ_CHECK(count == site->server_count && count <= SITE_SERVER_COUNT_MAX);
}

static void
check_attributes(const struct handle_site *site)
{
	struct wire_reader walk = wire_reader_over(site->attributes);
	struct handle_attribute attribute;
	uint32_t count = 0;

	while (handle_attribute_next(&walk, &attribute)) {
		count++;
	}
	FUZZ_CHECK(count == site->attribute_count && count <= SITE_ATTRIBUTE_COUNT_MAX);
}

/* Alone, a site is written for people and may lose octets; but it is a site that is read. */
static void
check_json(const struct handle_site *site)
{
	struct arena *arena = arena_new(1 << 16, ARENA_LIMIT);
	struct json_writer writer = json_writer_over(text, JSON_TEXT_SIZE_MAX);
	struct wire_writer octets = wire_writer_over(written, sizeof(written));
	struct json_reader reader;
	struct handle_site again;
	enum status status;

	handle_site_write_json(&writer, site);
	if (json_writer_ok(&writer)) {
		reader = json_reader_over(json_written(&writer), arena);
		status = handle_site_read_json(&reader, &again, NULL);
		/* A NUL in a filter or an attribute is not read back. */
		FUZZ_CHECK(status == STATUS_OK || status == STATUS_MALFORMED);
		if (status == STATUS_OK) {
			handle_site_write(&octets, &again);
			/* U+FFFD for a bad octet may be too much for a large filter. */
			status = handle_site_decode(wire_written(&octets), &again);
			FUZZ_CHECK(status == STATUS_OK || status == STATUS_TOO_LARGE);
			FUZZ_CHECK(again.server_count == site->server_count);
		}
	}
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct wire_writer writer = wire_writer_over(written, sizeof(written));
	struct handle_site site;

	if (handle_site_decode(bytes_over(octets, size), &site) == STATUS_OK) {
		check_servers(&site);
		check_attributes(&site);
		handle_site_write(&writer, &site);
		FUZZ_CHECK(bytes_equal(wire_written(&writer), bytes_over(octets, size)));
		check_json(&site);
	}
	return 0;
}
