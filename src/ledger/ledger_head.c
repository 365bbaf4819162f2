/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_head.h"

#include "base/text_writer.h"
#include "handle/handle_key.h"

#include <string.h>

enum { TEXT_SIZE_MAX = 512 };

enum status
ledger_head_key_id(const struct crypto_key *key, uint8_t ret_id[LEDGER_MERKLE_SIZE])
{
	uint8_t octets[KEY_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	enum status status = handle_key_write_public(&writer, key);

	if (status == STATUS_OK) {
		status = wire_writer_end(&writer);
	}
	if (status == STATUS_OK) {
		crypto_digest(CRYPTO_SHA256, wire_written(&writer), ret_id);
	}
	return status;
}

static void
line_write(struct text_writer *writer, const uint8_t hash[LEDGER_MERKLE_SIZE])
{
	text_write_hex(writer, bytes_over(hash, LEDGER_MERKLE_SIZE));
	text_write_char(writer, '\n');
}

/* What is signed. */
static struct bytes
head_text(const struct ledger_head *head, char text[TEXT_SIZE_MAX])
{
	struct text_writer writer = text_writer_over(text, TEXT_SIZE_MAX);

	text_write_string(&writer, "houji tree head 1\n");
	text_write_u64(&writer, head->size);
	text_write_char(&writer, '\n');
	line_write(&writer, head->root.octets);
	line_write(&writer, head->last);
	text_write_i64(&writer, head->time_ms);
	text_write_char(&writer, '\n');
	line_write(&writer, head->key_id);
	return text_written(&writer);
}

enum status
ledger_head_sign(struct ledger_head *head, const struct crypto_key *key)
{
	struct ledger_head own = *head;
	char text[TEXT_SIZE_MAX];
	enum status status = ledger_head_key_id(key, own.key_id);

	if (status == STATUS_OK) {
		struct bytes run = head_text(&own, text);

		status = crypto_sign(
			key, CRYPTO_SHA256, &run, 1, own.signature, &own.signature_size);
	}
	if (status == STATUS_OK) {
		*head = own;
	}
	return status;
}

enum status
ledger_head_verify(const struct ledger_head *head, const struct crypto_key *key)
{
	char text[TEXT_SIZE_MAX];
	struct bytes run = head_text(head, text);
	uint8_t id[LEDGER_MERKLE_SIZE];
	enum status status = ledger_head_key_id(key, id);

	if (status != STATUS_OK) {
		return status;
	}
	return memcmp(id, head->key_id, sizeof(id)) != 0
		? STATUS_DENIED
		: crypto_verify(key, CRYPTO_SHA256, &run, 1,
			  bytes_over(head->signature, head->signature_size));
}

void
ledger_head_write_json(struct json_writer *writer, const struct ledger_head *head)
{
	json_write_object(writer);
	json_write_name(writer, "size");
	json_write_u64(writer, head->size);
	json_write_name(writer, "root");
	json_write_hex(writer, bytes_over(head->root.octets, LEDGER_MERKLE_SIZE));
	json_write_name(writer, "last");
	json_write_hex(writer, bytes_over(head->last, JOURNAL_DIGEST_SIZE));
	json_write_name(writer, "time");
	json_write_i64(writer, head->time_ms);
	json_write_name(writer, "key");
	json_write_hex(writer, bytes_over(head->key_id, LEDGER_MERKLE_SIZE));
	json_write_name(writer, "signature");
	json_write_base64(writer, bytes_over(head->signature, head->signature_size));
	json_write_object_end(writer);
}

void
ledger_head_read_hash(struct json_reader *reader, uint8_t ret_hash[LEDGER_MERKLE_SIZE])
{
	struct bytes run = json_read_hex(reader);

	if (json_reader_ok(reader) && run.size != LEDGER_MERKLE_SIZE) {
		json_reader_fail(reader, STATUS_INVALID);
	}
	if (json_reader_ok(reader)) {
		memcpy(ret_hash, run.at, LEDGER_MERKLE_SIZE);
	}
}

static void
signature_read(struct json_reader *reader, struct ledger_head *head)
{
	struct bytes run = json_read_base64(reader, BASE64_STANDARD);

	if (run.size > sizeof(head->signature)) {
		json_reader_fail(reader, STATUS_TOO_LARGE);
	}
	if (json_reader_ok(reader) && run.size > 0) {
		memcpy(head->signature, run.at, run.size);
		head->signature_size = run.size;
	}
}

void
ledger_head_read_json(struct json_reader *reader, struct ledger_head *ret_head)
{
	static const char *const names[] = {"size", "root", "last", "time", "key", "signature"};
	enum { ALL = (1 << 6) - 1 };
	struct ledger_head head = {0};
	unsigned found = 0;
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		unsigned i = 0;

		while (i < 6 && !bytes_equal(name, bytes_from_string(names[i]))) {
			i++;
		}
		found |= 1U << i;
		switch (i) {
		case 0:
			head.size = json_read_u64(reader, INT64_MAX);
			break;
		case 1:
			ledger_head_read_hash(reader, head.root.octets);
			break;
		case 2:
			ledger_head_read_hash(reader, head.last);
			break;
		case 3:
			head.time_ms = json_read_i64(reader);
			break;
		case 4:
			ledger_head_read_hash(reader, head.key_id);
			break;
		case 5:
			signature_read(reader, &head);
			break;
		default:
			json_skip(reader);
		}
	}
	if (json_reader_ok(reader) && (found & ALL) != ALL) {
		json_reader_fail(reader, STATUS_INVALID);
	}
	if (json_reader_ok(reader)) {
		*ret_head = head;
	}
}
