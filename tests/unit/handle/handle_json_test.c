/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "handle/handle_json.h"
#include "handle/handle_json_parts.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vector.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 1 << 21, ARENA_BLOCK_SIZE = 1 << 16, ARENA_LIMIT = 1 << 24 };

static char text_room[ROOM];
static uint8_t octet_room[ROOM];
static struct arena *arena;

static int
arena_open(void **state)
{
	(void)state;
	arena = arena_new(ARENA_BLOCK_SIZE, ARENA_LIMIT);
	return arena == NULL;
}

static int
arena_close(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
assert_run(struct bytes found, struct bytes expected)
{
	if (!bytes_equal(found, expected)) {
		fail_msg("found %.*s\nexpected %.*s", (int)found.size, (const char *)found.at,
			(int)expected.size, (const char *)expected.at);
	}
}

/* Octets differ where text would not show it. */
static void
assert_octets(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	if (found.size > 0) {
		assert_memory_equal(found.at, expected.at, expected.size);
	}
}

static struct handle_value
value_decoded(struct bytes octets)
{
	struct wire_reader reader = wire_reader_over(octets);
	struct handle_value value;

	handle_value_read(&reader, &value);
	assert_int_equal(wire_reader_end(&reader), STATUS_OK);
	return value;
}

static struct bytes
value_encoded(const struct handle_value *value)
{
	struct wire_writer writer = wire_writer_over(octet_room, sizeof(octet_room));

	handle_value_write(&writer, value);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return wire_written(&writer);
}

static struct bytes
value_text(const struct handle_value *value)
{
	struct json_writer writer = json_writer_over(text_room, sizeof(text_room));

	handle_value_write_json(&writer, value);
	assert_int_equal(json_writer_end(&writer), STATUS_OK);
	return json_written(&writer);
}

static enum status
value_read(struct bytes text, struct handle_value *ret_value, struct problem *problem)
{
	struct json_reader reader = json_reader_over(text, arena);
	enum status status = handle_value_read_json(&reader, ret_value, problem);

	return status == STATUS_OK ? json_reader_end(&reader) : status;
}

/* The octets of the value that `text` stands for. */
static struct bytes
value_octets(struct bytes text)
{
	struct handle_value value;
	struct problem problem = {.text = ""};

	if (value_read(text, &value, &problem) != STATUS_OK) {
		fail_msg("%.*s: %s", (int)text.size, (const char *)text.at, problem.text);
	}
	return value_encoded(&value);
}

static void
assert_field(struct bytes found, const struct vector *vector, const char *field)
{
	char *text = vector_json(vector, field);

	assert_run(found, bytes_from_string(text));
	free(text);
}

static void
vectors_of_values_are_written_and_read_to_the_octet(void **state)
{
	struct vector vector;
	(void)state;

	for (size_t at = 0; vector_next("handle-value", &at, &vector);) {
		struct handle_value value = value_decoded(vector.octets);
		struct bytes text = value_text(&value);

		assert_field(text, &vector, "json");
		assert_octets(value_octets(text), vector.octets);
	}
}

/* What Handle.net makes of four digits: it cannot clear the first bit. We can, so the bits
 * are taken from the text itself. (Twelve digits are the rights of an administrator.) */
static uint8_t
permissions_meant(struct bytes text)
{
	static const char member[] = "\"permissions\":\"";
	const char *found = memmem(text.at, text.size, member, sizeof(member) - 1);
	const char *digits = found == NULL ? "" : found + sizeof(member) - 1;

	return strspn(digits, "01") == 4 ? (uint8_t)strtoul(digits, NULL, 2)
					 : HANDLE_PERMISSION_DEFAULT;
}

static void
vectors_of_json_input_are_read_and_written(void **state)
{
	struct vector vector;
	(void)state;

	assert_int_equal(vector_count("json-value"), 6);
	for (size_t at = 0; vector_next("json-value", &at, &vector);) {
		struct bytes octets = value_octets(vector_text(&vector, "jsonIn"));
		struct handle_value value = value_decoded(octets);
		struct handle_value expected = value_decoded(vector.octets);

		assert_int_equal(
			value.permissions, permissions_meant(vector_text(&vector, "jsonIn")));
		assert_int_equal(value.permissions & 7, expected.permissions & 7);
		value.permissions = expected.permissions;
		assert_octets(value_encoded(&value), vector.octets);
		assert_field(value_text(&expected), &vector, "jsonOut");
	}
}

/* Data of a type is written as `expected` in its format, and comes back. */
static void
assert_data(const char *type, struct bytes data, const char *format, const char *expected)
{
	struct handle_value value = {.index = 1,
		.type = bytes_from_string(type),
		.data = data,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.ttl = HANDLE_TTL_DEFAULT};
	struct bytes octets = heap_copy(value_encoded(&value));
	char *whole = NULL;

	assert_true(asprintf(&whole,
			    "{\"index\":1,\"type\":\"%s\",\"data\":{\"format\":\"%s\","
			    "\"value\":%s},\"ttl\":86400}",
			    type, format, expected) > 0);
	assert_run(value_text(&value), bytes_from_string(whole));
	assert_octets(value_octets(value_text(&value)), octets);
	free(whole);
	heap_free(octets);
}

static void
assert_data_of(const char *type, const struct vector *vector, const char *format)
{
	char *expected = vector_json(vector, "json");

	assert_data(type, vector->octets, format, expected);
	free(expected);
}

static void
vectors_of_administrators_are_written_and_read_to_the_octet(void **state)
{
	struct vector vector;
	(void)state;

	for (size_t at = 0; vector_next("hs-admin", &at, &vector);) {
		assert_data_of("HS_ADMIN", &vector, "admin");
	}
}

static void
vectors_of_groups_are_written_and_read_to_the_octet(void **state)
{
	(void)state;
	assert_int_equal(vector_count("hs-vlist"), 2);
	assert_data("HS_VLIST", vector_named("vlist-two").octets, "vlist",
		"[{\"handle\":\"10.A/B\",\"index\":300},"
		"{\"handle\":\"10.\xe4\xb8\xad/\xe6\x96\x87\",\"index\":1}]");
	assert_data("HS_VLIST", vector_named("vlist-empty").octets, "vlist", "[]");
}

static void
vectors_of_sites_are_written_and_read_to_the_octet(void **state)
{
	static const char *const types[] = {"HS_SITE", "HS_SITE.PREFIX", "HS_NA_DELEGATE"};
	struct vector vector;
	(void)state;

	for (size_t at = 0; vector_next("hs-site", &at, &vector);) {
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			assert_data_of(types[i], &vector, "site");
		}
	}
}

/* As they are read within a value. */
static enum status
key_read(struct json_reader *reader, struct handle_key *ret_key, struct problem *problem)
{
	struct handle_json_fault fault = {.member = "key"};

	handle_json_key_read(reader, ret_key, &fault);
	return handle_json_verdict(reader, &fault, problem);
}

static struct bytes
key_octets(struct bytes text)
{
	struct json_reader reader = json_reader_over(text, arena);
	struct wire_writer writer = wire_writer_over(octet_room, sizeof(octet_room));
	struct handle_key key;

	assert_int_equal(key_read(&reader, &key, NULL), STATUS_OK);
	assert_int_equal(json_reader_end(&reader), STATUS_OK);
	handle_key_write(&writer, &key);
	return wire_written(&writer);
}

static void
vectors_of_keys_are_written_and_read_to_the_octet(void **state)
{
	struct vector vector;
	size_t count = 0;
	(void)state;

	for (size_t at = 0; vector_next("key", &at, &vector);) {
		struct json_writer writer = json_writer_over(text_room, sizeof(text_room));
		struct handle_key key;

		assert_int_equal(handle_key_decode(vector.octets, &key), STATUS_OK);
		if (!vector_has(&vector, "json")) {
			continue;
		}
		count++;
		handle_key_write_json(&writer, &key);
		assert_field(json_written(&writer), &vector, "json");
		assert_octets(key_octets(json_written(&writer)), vector.octets);
		if (bytes_start_with(bytes_from_string(vector.name), TEXT("pubkey"))) {
			assert_data_of("HS_PUBKEY", &vector, "key");
		}
	}
	assert_int_equal(count, 10);
}

static void
keys_without_a_jwk_are_base64_in_values_and_unsupported_alone(void **state)
{
	struct vector vector = vector_named("pubkey-dh1024");
	struct json_writer writer = json_writer_over(text_room, sizeof(text_room));
	struct handle_value value = {.index = 1, .type = TEXT("HS_PUBKEY"), .data = vector.octets};
	struct handle_key key;
	struct bytes octets = heap_copy(value_encoded(&value));
	(void)state;

	assert_int_equal(handle_key_decode(vector.octets, &key), STATUS_OK);
	handle_key_write_json(&writer, &key);
	assert_int_equal(json_writer_end(&writer), STATUS_UNSUPPORTED);
	assert_non_null(strstr((const char *)value_text(&value).at, "\"format\":\"base64\""));
	assert_octets(value_octets(value_text(&value)), octets);
	heap_free(octets);
}

/* What Handle.net could not read in the form of its type has the form that anybody reads. */
static void
data_that_their_format_cannot_show_are_base64(void **state)
{
	static const uint8_t group[] = {0, 0, 0, 1, 0, 0, 0, 2, 'a', 0xff, 0, 0, 0, 1};
	struct {
		const char *type;
		struct bytes data;
	} cases[] = {
		{"HS_VLIST", {group, sizeof(group)}},
		{"HS_PUBKEY", vector_key("rsa1024.prv.bin")},
		{"HS_ADMIN", vector_key("rsa1024.pub.bin")},
		{"HS_SITE", vector_named("vlist-two").octets},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct handle_value value = {.index = 1,
			.type = bytes_from_string(cases[i].type),
			.data = cases[i].data};
		struct bytes text = value_text(&value);

		assert_non_null(memmem(text.at, text.size, "{\"format\":\"base64\",", 19));
	}
}

static void
ed25519_keys_are_okp(void **state)
{
	static const struct {
		enum handle_key_kind kind;
		const char *text;
	} cases[] = {
		{HANDLE_KEY_ED25519_PUBLIC,
			"{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
			"\"x\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}"},
		{HANDLE_KEY_ED25519_PRIVATE,
			"{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
			"\"d\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}"},
	};
	uint8_t octets[32];
	(void)state;

	for (uint8_t i = 0; i < sizeof(octets); i++) {
		octets[i] = i;
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_writer writer = json_writer_over(text_room, sizeof(text_room));
		struct handle_key key = {.kind = cases[i].kind,
			.part_count = 1,
			.parts = {{octets, sizeof(octets)}}};
		struct json_reader reader;

		handle_key_write_json(&writer, &key);
		assert_run(json_written(&writer), bytes_from_string(cases[i].text));
		reader = json_reader_over(json_written(&writer), arena);
		assert_int_equal(key_read(&reader, &key, NULL), STATUS_OK);
		assert_int_equal(key.kind, cases[i].kind);
		assert_octets(key.parts[0], bytes_over(octets, sizeof(octets)));
	}
}

/* Text that is read, and what is written for it. */
static void
liberal_input_is_understood(void **state)
{
	static const char *const cases[][2] = {
		{"{\"data\":\"x\",\"type\":\"T\",\"index\":4294967295}",
			"{\"index\":4294967295,\"type\":\"T\",\"data\":{\"format\":\"string\","
			"\"value\":\"x\"},\"ttl\":86400}"},
		{" { \"more\" : [ { } , 1 ] , \"index\" : 1 , \"type\" : \"T\" , \"data\" : "
		 "{ \"value\" : \"00FFa0\" , \"other\" : null , \"format\" : \"HEX\" } } ",
			"{\"index\":1,\"type\":\"T\",\"data\":{\"format\":\"base64\","
			"\"value\":\"AP+g\"},\"ttl\":86400}"},
		{"{\"index\":1,\"type\":\"T\",\"data\":{\"format\":\"Base64\",\"value\":\"AP-g\"}}",
			"{\"index\":1,\"type\":\"T\",\"data\":{\"format\":\"base64\","
			"\"value\":\"AP+g\"},\"ttl\":86400}"},
		{"{\"index\":1,\"type\":\"T\",\"data\":{\"format\":\"base64\",\"value\":\"YQ\"},"
		 "\"permissions\":\"1110\",\"timestamp\":\"1970-01-01T00:00:00Z\","
		 "\"references\":[]}",
			"{\"index\":1,\"type\":\"T\",\"data\":{\"format\":\"string\","
			"\"value\":\"a\"},\"ttl\":86400}"},
		{"{\"index\":1,\"type\":\"T\",\"data\":\"\\u4e2d\\n\",\"permissions\":\"0001\","
		 "\"ttl\":\"2106-02-07T06:28:15Z\",\"timestamp\":\"2106-02-07T06:28:15Z\","
		 "\"references\":[\"300:0.NA/88\",{\"index\":1,\"handle\":\"a/b\"}]}",
			"{\"index\":1,\"type\":\"T\",\"data\":{\"format\":\"string\","
			"\"value\":\"\xe4\xb8\xad\\n\"},\"permissions\":\"0001\","
			"\"ttl\":\"2106-02-07T06:28:15Z\",\"timestamp\":\"2106-02-07T06:28:15Z\","
			"\"references\":[{\"handle\":\"0.NA/88\",\"index\":300},"
			"{\"handle\":\"a/b\",\"index\":1}]}"},
		{"{\"index\":1,\"type\":\"HS_VLIST\",\"data\":{\"format\":\"VList\","
		 "\"value\":[\"300:0.NA/88\"]}}",
			"{\"index\":1,\"type\":\"HS_VLIST\",\"data\":{\"format\":\"vlist\","
			"\"value\":[{\"handle\":\"0.NA/88\",\"index\":300}]},\"ttl\":86400}"},
		/* A site as old files have it. */
		{"{\"index\":1,\"type\":\"HS_SITE\",\"data\":{\"value\":{\"Version\":1,"
		 "\"ProtocolVersion\":\"2.1\",\"SerialNumber\":3,\"PrimarySite\":true,"
		 "\"HashOption\":\"Prefix\",\"Attributes\":{\"desc\":\"x\"},"
		 "\"ServerList\":[{\"ServerId\":9,\"Address\":\"::ffff:1.2.3.4\","
		 "\"PublicKey\":\"00ff\",\"InterfaceList\":[{\"Query\":true,\"Protocol\":\"udp\","
		 "\"Port\":2641},{\"admin\":true,\"protocol\":9,\"port\":4294967295}]}]},"
		 "\"format\":\"site\"}}",
			"{\"index\":1,\"type\":\"HS_SITE\",\"data\":{\"format\":\"site\","
			"\"value\":{\"version\":1,\"protocolVersion\":\"2.1\",\"serialNumber\":3,"
			"\"primarySite\":true,\"multiPrimary\":false,\"hashOption\":0,"
			"\"attributes\":[{\"name\":\"desc\",\"value\":\"x\"}],"
			"\"servers\":[{\"serverId\":9,\"address\":\"::ffff:1.2.3.4\","
			"\"publicKey\":{\"format\":\"base64\",\"value\":\"AP8=\"},"
			"\"interfaces\":[{\"query\":true,\"admin\":false,\"protocol\":\"UDP\","
			"\"port\":2641},{\"query\":false,\"admin\":true,\"protocol\":9,"
			"\"port\":4294967295}]}]}},\"ttl\":86400}"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct handle_value value =
			value_decoded(value_octets(bytes_from_string(cases[i][0])));

		assert_run(value_text(&value), bytes_from_string(cases[i][1]));
	}
}

static void
rights_are_understood_in_every_form(void **state)
{
	static const struct {
		const char *text;
		uint16_t rights;
	} cases[] = {
		{"\"011111110011\"", 0x07f3},
		{"\"1011111110011\"", 0x17f3},
		{"\"1111111111111111\"", 0xffff},
		{"\"1\"", 0x0001},
		{"\"*\"", 0x0fff},
		{"true", 0x0fff},
		{"false", 0x0000},
		{"11111110011", 0x07f3},
		{"0", 0x0000},
		{"[]", 0x0000},
		{"[true,false,1,0,true]", 0x0015},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];
		struct handle_admin admin;
		struct handle_value value;

		snprintf(text, sizeof(text),
			"{\"index\":1,\"type\":\"HS_ADMIN\",\"data\":{\"format\":\"admin\","
			"\"value\":{\"handle\":\"a/b\",\"permissions\":%s,\"index\":2}}}",
			cases[i].text);
		value = value_decoded(value_octets(bytes_from_string(text)));
		assert_int_equal(handle_admin_decode(value.data, &admin), STATUS_OK);
		assert_int_equal(admin.rights, cases[i].rights);
		assert_int_equal(admin.index, 2);
		assert_false(admin.has_legacy_tail);
	}
}

static void
what_the_form_of_handle_net_cannot_say_is_said(void **state)
{
	struct handle_value value = {.index = 1,
		.type = BYTES('T', 0, 0xff),
		.ttl_kind = 2,
		.ttl = 7,
		.permissions = 0x8e};
	(void)state;

	assert_run(value_text(&value),
		TEXT("{\"index\":1,\"type\":{\"format\":\"base64\",\"value\":\"VAD/\"},"
		     "\"data\":{\"format\":\"string\",\"value\":\"\"},\"permissions\":\"10001110\","
		     "\"ttl\":7,\"ttlType\":2}"));
	value = value_decoded(value_octets(value_text(&value)));
	assert_octets(value.type, BYTES('T', 0, 0xff));
	assert_int_equal(value.ttl_kind, 2);
	assert_int_equal(value.permissions, 0x8e);
}

static void
octets_0x09_to_0x13_count_as_text(void **state)
{
	(void)state;
	for (unsigned int octet = 0; octet < 0x100; octet++) {
		uint8_t data[] = {'a', (uint8_t)octet};
		struct handle_value value = {
			.index = 1, .type = TEXT("T"), .data = {data, sizeof(data)}};
		bool is_text = (octet >= 0x09 && octet <= 0x13) || (octet >= 0x20 && octet < 0x7f);
		struct bytes text = value_text(&value);
		const char *format = memmem(text.at, text.size, "\"format\":\"", 10);

		assert_non_null(format);
		assert_int_equal(format[10], is_text ? 's' : 'b');
		assert_null(vector_judge_json(text));
	}
}

#define VALUE(data) "{\"index\":1,\"type\":\"T\",\"data\":" data "}"
#define SITE(site)  VALUE("{\"format\":\"site\",\"value\":" site "}")
#define ADMIN(more) VALUE("{\"format\":\"admin\",\"value\":{\"handle\":\"a/b\"," more "}}")

/* Text of a value, how it is refused and which member the problem names. */
struct refusal {
	const char *text;
	enum status status;
	const char *member;
};

static void
assert_refused(const struct refusal *refusal)
{
	struct handle_value value = {.index = 4711};
	struct problem problem = {.text = ""};
	char member[64];
	enum status status = value_read(bytes_from_string(refusal->text), &value, &problem);

	snprintf(member, sizeof(member), "member \"%s\"", refusal->member);
	if (status != refusal->status || strstr(problem.text, member) == NULL) {
		fail_msg("%s: %s, %s", refusal->text, status_name(status), problem.text);
	}
	assert_int_equal(value.index, 4711);
	arena_reset(arena);
}

static void
bad_values_are_refused_with_the_member_at_fault(void **state)
{
	static const struct refusal refusals[] = {
		{"[]", STATUS_INVALID, "value"},
		{"{}", STATUS_INVALID, "index"},
		{"{\"index\":1,\"data\":\"x\"}", STATUS_INVALID, "type"},
		{"{\"index\":1,\"type\":\"T\"}", STATUS_INVALID, "data"},
		{"{\"index\":1,\"index\":2}", STATUS_MALFORMED, "index"},
		{"{\"index\":-1}", STATUS_INVALID, "index"},
		{"{\"index\":1.0}", STATUS_INVALID, "index"},
		{"{\"index\":\"1\"}", STATUS_INVALID, "index"},
		{"{\"index\":4294967296}", STATUS_TOO_LARGE, "index"},
		{"{\"type\":1}", STATUS_INVALID, "type"},
		{"{\"type\":null}", STATUS_INVALID, "type"},
		{"{\"ttl\":-1}", STATUS_INVALID, "ttl"},
		{"{\"ttl\":4294967296}", STATUS_TOO_LARGE, "ttl"},
		{"{\"ttl\":\"tomorrow\"}", STATUS_INVALID, "ttl"},
		{"{\"ttl\":\"2106-02-07T06:28:16Z\"}", STATUS_INVALID, "ttl"},
		{"{\"ttlType\":256}", STATUS_TOO_LARGE, "ttlType"},
		{"{\"timestamp\":1700000000}", STATUS_INVALID, "timestamp"},
		{"{\"timestamp\":\"2023-11-14\"}", STATUS_INVALID, "timestamp"},
		{"{\"permissions\":\"\"}", STATUS_INVALID, "permissions"},
		{"{\"permissions\":\"111\"}", STATUS_INVALID, "permissions"},
		{"{\"permissions\":\"11100\"}", STATUS_INVALID, "permissions"},
		{"{\"permissions\":\"1112\"}", STATUS_INVALID, "permissions"},
		{"{\"permissions\":1110}", STATUS_INVALID, "permissions"},
		{"{\"references\":{}}", STATUS_INVALID, "references"},
		{"{\"references\":[{\"handle\":\"a/b\"}]}", STATUS_INVALID, "references"},
		{"{\"references\":[{\"index\":1}]}", STATUS_INVALID, "references"},
		{"{\"references\":[\"a/b\"]}", STATUS_INVALID, "references"},
		{"{\"references\":[{\"handle\":\"a\",\"index\":1},]}", STATUS_MALFORMED,
			"references"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		assert_refused(&refusals[i]);
	}
}

static void
bad_data_are_refused_with_the_member_at_fault(void **state)
{
	static const struct refusal refusals[] = {
		{VALUE("1"), STATUS_INVALID, "data"},
		{VALUE("{}"), STATUS_INVALID, "data"},
		{VALUE("{\"format\":\"string\"}"), STATUS_INVALID, "data"},
		{VALUE("{\"value\":\"x\"}"), STATUS_INVALID, "data"},
		{VALUE("{\"format\":\"text\",\"value\":\"x\"}"), STATUS_INVALID, "format"},
		{VALUE("{\"format\":\"hex\",\"value\":\"0\"}"), STATUS_INVALID, "data"},
		{VALUE("{\"format\":\"hex\",\"value\":\"0g\"}"), STATUS_INVALID, "data"},
		{VALUE("{\"format\":\"base64\",\"value\":\"A\"}"), STATUS_INVALID, "data"},
		{VALUE("{\"value\":\"A\",\"format\":\"base64\"}"), STATUS_INVALID, "data"},
		{VALUE("{\"value\":[],\"format\":\"string\"}"), STATUS_INVALID, "data"},
		{VALUE("\"\\u0000\""), STATUS_MALFORMED, "data"},
		{"{\"type\":{\"format\":\"admin\",\"value\":{}}}", STATUS_INVALID, "format"},
		{VALUE("{\"format\":\"admin\",\"value\":{\"index\":1}}"), STATUS_INVALID, "data"},
		{ADMIN("\"permissions\":\"\""), STATUS_INVALID, "permissions"},
		{ADMIN("\"permissions\":\"2\""), STATUS_INVALID, "permissions"},
		{ADMIN("\"permissions\":\"01111111111111111\""), STATUS_INVALID, "permissions"},
		{ADMIN("\"permissions\":12"), STATUS_INVALID, "permissions"},
		{ADMIN("\"permissions\":-1"), STATUS_INVALID, "permissions"},
		{ADMIN("\"permissions\":[2]"), STATUS_TOO_LARGE, "permissions"},
		{ADMIN("\"permissions\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), STATUS_TOO_LARGE,
			"permissions"},
		{ADMIN("\"permissions\":null"), STATUS_INVALID, "permissions"},
		{ADMIN("\"index\":\"1\""), STATUS_INVALID, "index"},
		{ADMIN("\"legacyByteLength\":1"), STATUS_INVALID, "legacyByteLength"},
		{VALUE("{\"format\":\"vlist\",\"value\":{}}"), STATUS_INVALID, "data"},
		{VALUE("{\"format\":\"key\",\"value\":{\"kty\":\"EC\"}}"), STATUS_UNSUPPORTED,
			"data"},
		{VALUE("{\"format\":\"key\",\"value\":{\"kty\":\"RSA\",\"n\":\"AQAB\"}}"),
			STATUS_UNSUPPORTED, "data"},
		{VALUE("{\"format\":\"key\",\"value\":{\"kty\":\"RSA\",\"n\":\"?\"}}"),
			STATUS_INVALID, "n"},
		{VALUE("{\"format\":\"key\",\"value\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
		       "\"x\":\"AQAB\"}}"),
			STATUS_UNSUPPORTED, "data"},
		{VALUE("{\"format\":\"key\",\"value\":{\"kty\":\"OKP\",\"crv\":\"X25519\","
		       "\"x\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}}"),
			STATUS_UNSUPPORTED, "data"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		assert_refused(&refusals[i]);
	}
}

static void
bad_sites_are_refused_with_the_member_at_fault(void **state)
{
	static const struct refusal refusals[] = {
		{SITE("[]"), STATUS_INVALID, "data"},
		{SITE("{\"version\":65536}"), STATUS_TOO_LARGE, "version"},
		{SITE("{\"protocolVersion\":2.11}"), STATUS_INVALID, "protocolVersion"},
		{SITE("{\"protocolVersion\":\"2\"}"), STATUS_INVALID, "protocolVersion"},
		{SITE("{\"protocolVersion\":\"2.256\"}"), STATUS_INVALID, "protocolVersion"},
		{SITE("{\"serialNumber\":65536}"), STATUS_TOO_LARGE, "serialNumber"},
		{SITE("{\"primarySite\":1}"), STATUS_INVALID, "primarySite"},
		{SITE("{\"hashOption\":\"some\"}"), STATUS_INVALID, "hashOption"},
		{SITE("{\"hashOption\":256}"), STATUS_TOO_LARGE, "hashOption"},
		{SITE("{\"servers\":[null]}"), STATUS_INVALID, "servers"},
		{SITE("{\"servers\":[{}]}"), STATUS_INVALID, "servers"},
		{SITE("{\"servers\":[{\"address\":\"1.2.3\"}]}"), STATUS_INVALID, "address"},
		{SITE("{\"servers\":[{\"address\":\"\"}]}"), STATUS_INVALID, "address"},
		{SITE("{\"servers\":[{\"address\":\"1.2.3.4:80\"}]}"), STATUS_INVALID, "address"},
		{SITE("{\"servers\":[{\"publicKey\":\"0\"}]}"), STATUS_INVALID, "publicKey"},
		{SITE("{\"servers\":[{\"interfaces\":[{\"port\":1}]}]}"), STATUS_INVALID,
			"interfaces"},
		{SITE("{\"servers\":[{\"interfaces\":[{\"protocol\":\"TCP\"}]}]}"), STATUS_INVALID,
			"interfaces"},
		{SITE("{\"servers\":[{\"interfaces\":[{\"protocol\":\"FTP\"}]}]}"), STATUS_INVALID,
			"protocol"},
		{SITE("{\"servers\":[{\"interfaces\":[{\"protocol\":256}]}]}"), STATUS_TOO_LARGE,
			"protocol"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		assert_refused(&refusals[i]);
	}
}

static enum status
record_read(struct bytes text, struct bytes *ret_name, struct handle_value_list *ret_list,
	struct problem *problem)
{
	struct json_reader reader = json_reader_over(text, arena);
	enum status status = handle_record_read_json(&reader, ret_name, ret_list, problem);

	return status == STATUS_OK ? json_reader_end(&reader) : status;
}

static const char record_text[] =
	"{\"values\":[{\"index\":1,\"type\":\"URL\",\"data\":\"https://example.org/\\u8c37\"},"
	"{\"index\":100,\"type\":\"HS_ADMIN\",\"data\":{\"format\":\"admin\",\"value\":"
	"{\"handle\":\"0.NA/88.166\",\"index\":300,\"permissions\":\"*\"}},\"permissions\":"
	"\"0010\",\"timestamp\":\"2023-11-14T22:13:20Z\"},"
	"{\"index\":2,\"type\":\"HS_SITE\",\"data\":{\"value\":{\"servers\":[{\"address\":"
	"\"192.0.2.1\",\"publicKey\":{\"format\":\"hex\",\"value\":\"00ff\"},\"interfaces\":"
	"[{\"protocol\":\"TCP\",\"port\":2641}]}]},\"format\":\"site\"},\"references\":"
	"[{\"handle\":\"a/b\",\"index\":1}]}],\"handle\":\"88.166/\\u8c37\"}";

static void
records_are_read_whole_and_written_on_one_line(void **state)
{
	struct json_writer writer = json_writer_over(text_room, sizeof(text_room));
	struct handle_value_list list;
	struct handle_value value;
	struct wire_reader walk;
	struct bytes name;
	struct bytes line;
	uint32_t index;
	(void)state;

	assert_int_equal(
		record_read(bytes_from_string(record_text), &name, &list, NULL), STATUS_OK);
	assert_run(name, TEXT("88.166/\xe8\xb0\xb7"));
	assert_int_equal(list.count, 3);
	assert_int_equal(handle_value_list_check(&list, &index), STATUS_OK);
	walk = handle_value_list_walk(&list);
	assert_true(handle_value_next(&walk, &value));
	assert_run(value.data, TEXT("https://example.org/\xe8\xb0\xb7"));
	handle_record_write_json(&writer, name, &list);
	assert_int_equal(json_writer_end(&writer), STATUS_OK);
	line = json_written(&writer);
	assert_int_equal(bytes_find(line, '\n'), line.size);
	assert_true(bytes_start_with(
		line, TEXT("{\"handle\":\"88.166/\xe8\xb0\xb7\",\"values\":[{\"index\":1,")));
	{
		struct handle_value_list again;

		assert_int_equal(record_read(line, &name, &again, NULL), STATUS_OK);
		assert_int_equal(again.count, list.count);
		assert_octets(again.octets, list.octets);
	}
}

static void
records_cut_short_are_refused(void **state)
{
	struct bytes whole = bytes_from_string(record_text);
	struct handle_value_list list = {.count = 99};
	struct bytes name;
	(void)state;

	for (size_t size = 0; size < whole.size; size++) {
		struct bytes block = heap_copy(bytes_slice(whole, 0, size));

		assert_int_not_equal(record_read(block, &name, &list, NULL), STATUS_OK);
		assert_int_equal(list.count, 99);
		heap_free(block);
		arena_reset(arena);
	}
}

static void
bad_records_are_refused_with_the_member_at_fault(void **state)
{
	static const char *const cases[][2] = {
		{"{}", "handle"},
		{"{\"handle\":\"\",\"values\":[]}", "handle"},
		{"{\"handle\":\"a/b\"}", "values"},
		{"{\"handle\":1}", "handle"},
		{"{\"handle\":\"a/b\",\"values\":{}}", "values"},
		{"{\"handle\":\"a/b\",\"values\":[1]}", "values"},
		{"{\"handle\":\"a/b\",\"values\":[{\"index\":1,\"type\":\"T\"}]}", "data"},
	};
	struct handle_value_list list;
	struct bytes name;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct problem problem = {.text = ""};
		char member[64];

		snprintf(member, sizeof(member), "member \"%s\"", cases[i][1]);
		assert_int_equal(
			record_read(bytes_from_string(cases[i][0]), &name, &list, &problem),
			STATUS_INVALID);
		if (strstr(problem.text, member) == NULL) {
			fail_msg("%s: %s", cases[i][0], problem.text);
		}
	}
}

static void
a_full_arena_is_told(void **state)
{
	struct bytes text = bytes_from_string(record_text);
	struct handle_value_list list;
	enum status status = STATUS_NO_MEMORY;
	struct bytes name;
	size_t limit;
	(void)state;

	for (limit = 0; status == STATUS_NO_MEMORY; limit += 16) {
		struct arena *small = arena_new(64, limit);
		struct json_reader reader = json_reader_over(text, small);

		assert_true(limit < 1 << 16);
		status = handle_record_read_json(&reader, &name, &list, NULL);
		arena_free(small);
	}
	assert_int_equal(status, STATUS_OK);
	assert_true(limit > 1024);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_values_are_written_and_read_to_the_octet),
		cmocka_unit_test(vectors_of_json_input_are_read_and_written),
		cmocka_unit_test(vectors_of_administrators_are_written_and_read_to_the_octet),
		cmocka_unit_test(vectors_of_groups_are_written_and_read_to_the_octet),
		cmocka_unit_test(vectors_of_sites_are_written_and_read_to_the_octet),
		cmocka_unit_test(vectors_of_keys_are_written_and_read_to_the_octet),
		cmocka_unit_test(keys_without_a_jwk_are_base64_in_values_and_unsupported_alone),
		cmocka_unit_test(data_that_their_format_cannot_show_are_base64),
		cmocka_unit_test(ed25519_keys_are_okp),
		cmocka_unit_test(liberal_input_is_understood),
		cmocka_unit_test(rights_are_understood_in_every_form),
		cmocka_unit_test(what_the_form_of_handle_net_cannot_say_is_said),
		cmocka_unit_test(octets_0x09_to_0x13_count_as_text),
		cmocka_unit_test(bad_values_are_refused_with_the_member_at_fault),
		cmocka_unit_test(bad_data_are_refused_with_the_member_at_fault),
		cmocka_unit_test(bad_sites_are_refused_with_the_member_at_fault),
		cmocka_unit_test(records_are_read_whole_and_written_on_one_line),
		cmocka_unit_test(records_cut_short_are_refused),
		cmocka_unit_test(bad_records_are_refused_with_the_member_at_fault),
		cmocka_unit_test(a_full_arena_is_told),
	};

	return cmocka_run_group_tests(tests, arena_open, arena_close);
}
