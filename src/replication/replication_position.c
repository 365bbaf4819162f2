/* SPDX-License-Identifier: Apache-2.0 */
#include "replication/replication_position.h"

#include "base/file.h"
#include "base/text_writer.h"
#include "handle/handle_key.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { POSITION_SIZE_MAX = 16384, POSITION_MEMORY_MAX = 1 << 20 };

void
replication_key_digest(const struct crypto_key *key, char ret_text[2 * CRYPTO_DIGEST_SIZE_MAX + 1])
{
	uint8_t octets[KEY_SIZE_MAX];
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct text_writer text = text_writer_over(ret_text, 2 * CRYPTO_DIGEST_SIZE_MAX + 1);

	(void)!handle_key_write_public(&writer, key);
	crypto_digest(CRYPTO_SHA256, wire_written(&writer), digest);
	text_write_hex(&text, bytes_over(digest, sizeof(digest)));
	text_write_char(&text, '\0');
}

static void
key_text_read(struct json_reader *reader, struct replication_position *position)
{
	struct bytes text = json_read_string(reader);

	if (text.size >= sizeof(position->server_key)) {
		json_reader_fail(reader, STATUS_TOO_LARGE);
		return;
	}
	memcpy(position->server_key, text.at, text.size);
}

static void
dump_name_read(struct json_reader *reader, struct replication_position *position)
{
	struct bytes name = json_read_hex(reader);

	if (name.size > sizeof(position->dump_name)) {
		json_reader_fail(reader, STATUS_TOO_LARGE);
		return;
	}
	position->dump_name_size = name.size;
	memcpy(position->dump_name, name.at, name.size);
}

static void
member_read(struct json_reader *reader, struct bytes name, struct replication_position *position)
{
	if (bytes_equal(name, TEXT("server_key"))) {
		key_text_read(reader, position);
	} else if (bytes_equal(name, TEXT("phase"))) {
		position->is_dumping = bytes_equal(json_read_string(reader), TEXT("dump"));
	} else if (bytes_equal(name, TEXT("last_id"))) {
		position->last_id = json_read_u64(reader, INT64_MAX);
	} else if (bytes_equal(name, TEXT("last_date"))) {
		position->last_date = json_read_u64(reader, INT64_MAX);
	} else if (bytes_equal(name, TEXT("ledger_sequence"))) {
		position->ledger_sequence = json_read_u64(reader, INT64_MAX);
	} else if (bytes_equal(name, TEXT("has_dump_position"))) {
		position->has_dump_position = json_read_bool(reader);
	} else if (bytes_equal(name, TEXT("dump_sequence"))) {
		position->dump_sequence = json_read_u64(reader, INT64_MAX);
	} else if (bytes_equal(name, TEXT("dump_name_hex"))) {
		dump_name_read(reader, position);
	} else {
		json_reader_fail(reader, STATUS_INVALID);
	}
}

enum status
replication_position_read(
	const char *path, struct replication_position *ret_position, struct problem *problem)
{
	uint8_t text[POSITION_SIZE_MAX + 1];
	struct replication_position position = {.last_id = 0};
	struct json_reader reader;
	struct arena *arena;
	struct bytes name;
	enum status status;
	size_t size;

	if (access(path, F_OK) != 0 && errno == ENOENT) {
		return problem_set(problem, STATUS_NOT_FOUND, "%s: there is none", path);
	}
	status = file_read(path, POSITION_SIZE_MAX, text, &size, problem);
	if (status != STATUS_OK) {
		return status;
	}
	arena = arena_new(4096, POSITION_MEMORY_MAX);
	if (arena == NULL) {
		return problem_system(problem, "cannot read %s", path);
	}
	reader = json_reader_over(bytes_over(text, size), arena);
	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		member_read(&reader, name, &position);
	}
	status = json_reader_end(&reader);
	arena_free(arena);
	if (status != STATUS_OK) {
		return problem_set(problem, STATUS_MALFORMED,
			"%s: not the position of a mirror, near octet %zu; remove it and the "
			"mirror fetches everything again",
			path, json_reader_at(&reader));
	}
	*ret_position = position;
	return STATUS_OK;
}

static void
position_json(struct json_writer *writer, const struct replication_position *position)
{
	json_write_object(writer);
	json_write_name(writer, "server_key");
	json_write_string(writer, bytes_from_string(position->server_key));
	json_write_name(writer, "phase");
	json_write_string(writer, position->is_dumping ? TEXT("dump") : TEXT("follow"));
	json_write_name(writer, "last_id");
	json_write_u64(writer, position->last_id);
	json_write_name(writer, "last_date");
	json_write_u64(writer, position->last_date);
	json_write_name(writer, "ledger_sequence");
	json_write_u64(writer, position->ledger_sequence);
	if (position->is_dumping) {
		json_write_name(writer, "has_dump_position");
		json_write_bool(writer, position->has_dump_position);
		json_write_name(writer, "dump_sequence");
		json_write_u64(writer, position->dump_sequence);
		json_write_name(writer, "dump_name_hex");
		json_write_hex(writer, bytes_over(position->dump_name, position->dump_name_size));
	}
	json_write_object_end(writer);
}

enum status
replication_position_write(
	const char *path, const struct replication_position *position, struct problem *problem)
{
	char text[POSITION_SIZE_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	enum status status;

	position_json(&writer, position);
	status = json_writer_end(&writer);
	return status == STATUS_OK ? file_replace(path, 0644, json_written(&writer), problem)
				   : problem_set(problem, status, "%s: cannot be written", path);
}
