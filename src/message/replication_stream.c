/* SPDX-License-Identifier: Apache-2.0 */
#include "message/replication_stream.h"

enum transaction_octet {
	TRANSACTION_END = 0,
	TRANSACTION_HANDLE = 1,
	TRANSACTION_QUEUE = 2,
	TRANSACTION_QUEUE_END = 3,
};

enum dump_octet {
	DUMP_POSITION = 0,
	DUMP_HANDLE = 1,
	DUMP_PREFIX = 2,
	DUMP_HANDLE_DATE = 3,
	DUMP_PREFIX_DATE = 4,
	DUMP_SOURCES = 5,
	DUMP_END = 0xff,
};

static bool
replication_action_has_values(enum replication_action action)
{
	return action == REPLICATION_CREATE || action == REPLICATION_UPDATE;
}

bool
replication_value_next(struct wire_reader *walk, struct bytes *ret_value)
{
	struct bytes value;

	if (!wire_reader_ok(walk) || wire_reader_left(walk) == 0) {
		return false;
	}
	value = wire_read_blob(walk, RECORD_SIZE_MAX);
	if (!wire_reader_ok(walk)) {
		return false;
	}
	*ret_value = value;
	return true;
}

struct handle_value_list
replication_values_list(const struct replication_values *values, struct wire_writer *writer)
{
	struct wire_reader walk = wire_reader_over(values->octets);
	const uint8_t *start = writer->next;
	struct bytes value;

	while (replication_value_next(&walk, &value)) {
		wire_write_bytes(writer, value);
	}
	return (struct handle_value_list){
		values->count, bytes_over(start, (size_t)(writer->next - start))};
}

/* Each value is read here, so that whoever walks them later need not doubt. */
static struct replication_values
values_read(struct wire_reader *reader)
{
	uint32_t count = wire_read_u32(reader);
	const uint8_t *start = reader->next;

	if (count > HANDLE_VALUE_COUNT_MAX) {
		wire_reader_fail(reader, STATUS_TOO_LARGE);
	}
	for (uint32_t i = 0; i < count && wire_reader_ok(reader); i++) {
		struct bytes run = wire_read_blob(reader, RECORD_SIZE_MAX);
		struct wire_reader inner = wire_reader_over(run);
		struct handle_value value;
		enum status status;

		if (!wire_reader_ok(reader)) {
			break;
		}
		handle_value_read(&inner, &value);
		status = wire_reader_end(&inner);
		if (status != STATUS_OK) {
			/* The value is whole by its length: more octets would not mend it. */
			wire_reader_fail(
				reader, status == STATUS_TRUNCATED ? STATUS_MALFORMED : status);
		}
	}
	return (struct replication_values){
		wire_reader_ok(reader) ? count : 0, wire_read_since(reader, start)};
}

static void
transaction_read(struct wire_reader *reader, struct replication_block *block)
{
	uint8_t action;

	block->kind = REPLICATION_BLOCK_TRANSACTION;
	block->id = wire_read_u64(reader);
	block->name = wire_read_blob(reader, HANDLE_NAME_SIZE_MAX);
	action = wire_read_u8(reader);
	if (action > REPLICATION_DELETE_ALL) {
		wire_reader_fail(reader, STATUS_UNSUPPORTED);
	}
	block->action = (enum replication_action)action;
	block->date = wire_read_u64(reader);
	if (replication_action_has_values(block->action)) {
		block->values = values_read(reader);
	}
}

static void
transactions_record_read(
	struct wire_reader *reader, uint32_t format, struct replication_block *block)
{
	switch (wire_read_u8(reader)) {
	case TRANSACTION_END:
		block->kind = REPLICATION_BLOCK_END;
		block->date = format == REPLICATION_FORMAT_ONE_SOURCE ? wire_read_u64(reader) : 0;
		return;
	case TRANSACTION_HANDLE:
		transaction_read(reader, block);
		return;
	case TRANSACTION_QUEUE:
		block->kind = REPLICATION_BLOCK_QUEUE;
		block->name = wire_read_blob(reader, REPLICATION_TEXT_SIZE_MAX);
		return;
	case TRANSACTION_QUEUE_END:
		block->kind = REPLICATION_BLOCK_QUEUE_END;
		block->date = wire_read_u64(reader);
		return;
	}
	wire_reader_fail(reader, STATUS_MALFORMED);
}

static void
dump_date_read(struct wire_reader *reader, struct replication_block *block)
{
	block->name = wire_read_blob(reader, HANDLE_NAME_SIZE_MAX);
	block->date = wire_read_u64(reader);
	block->priority = wire_read_u32(reader);
}

static void
dump_record_read(struct wire_reader *reader, struct replication_block *block)
{
	switch (wire_read_u8(reader)) {
	case DUMP_POSITION:
		block->kind = REPLICATION_BLOCK_POSITION;
		block->date = wire_read_u64(reader);
		block->id = wire_read_u64(reader);
		return;
	case DUMP_HANDLE:
		block->kind = REPLICATION_BLOCK_RECORD;
		block->name = wire_read_blob(reader, HANDLE_NAME_SIZE_MAX);
		block->values = values_read(reader);
		return;
	case DUMP_PREFIX:
		block->kind = REPLICATION_BLOCK_PREFIX;
		block->name = wire_read_blob(reader, HANDLE_NAME_SIZE_MAX);
		return;
	case DUMP_HANDLE_DATE:
		block->kind = REPLICATION_BLOCK_HANDLE_DATE;
		dump_date_read(reader, block);
		return;
	case DUMP_PREFIX_DATE:
		block->kind = REPLICATION_BLOCK_PREFIX_DATE;
		dump_date_read(reader, block);
		return;
	case DUMP_SOURCES:
		block->kind = REPLICATION_BLOCK_SOURCES;
		block->name = wire_read_blob(reader, REPLICATION_TEXT_SIZE_MAX);
		return;
	case DUMP_END:
		block->kind = REPLICATION_BLOCK_DUMP_END;
		return;
	}
	wire_reader_fail(reader, STATUS_MALFORMED);
}

static void
protection_read(struct wire_reader *reader, struct replication_block *block)
{
	uint32_t protection = wire_read_u32(reader);

	block->kind = REPLICATION_BLOCK_PROTECTION;
	if (protection == UINT32_MAX) {
		block->protection = REPLICATION_PLAIN;
	} else if (protection == REPLICATION_TLS) {
		block->protection = REPLICATION_TLS;
	} else if (protection == REPLICATION_SIGNED) {
		block->protection = REPLICATION_SIGNED;
		block->name = wire_read_blob(reader, HANDLE_TYPE_SIZE_MAX);
	} else {
		wire_reader_fail(reader, STATUS_UNSUPPORTED);
	}
}

static void
head_read(
	struct wire_reader *reader, enum replication_stream stream, struct replication_block *block)
{
	block->kind = REPLICATION_BLOCK_HEAD;
	block->format = wire_read_u32(reader);
	if (stream == REPLICATION_TRANSACTIONS) {
		block->status = wire_read_u32(reader);
	}
	if (wire_reader_ok(reader) &&
		(block->format < 1 || block->format > 2 ||
			(stream == REPLICATION_TRANSACTIONS &&
				block->status != REPLICATION_MUST_DUMP &&
				block->status != REPLICATION_SENDING))) {
		wire_reader_fail(reader, STATUS_UNSUPPORTED);
	}
}

static void
block_read(const struct replication_decoder *decoder, struct wire_reader *reader,
	struct replication_block *block)
{
	switch (decoder->step) {
	case REPLICATION_AT_PROTECTION:
		protection_read(reader, block);
		return;
	case REPLICATION_AT_HEAD:
		head_read(reader, decoder->stream, block);
		return;
	case REPLICATION_AT_RECORDS:
		if (decoder->stream == REPLICATION_DUMP) {
			dump_record_read(reader, block);
		} else {
			transactions_record_read(reader, decoder->format, block);
		}
		return;
	}
}

static void
decoder_advance(struct replication_decoder *decoder, const struct replication_block *block)
{
	switch (decoder->step) {
	case REPLICATION_AT_PROTECTION:
		decoder->is_signed = block->protection == REPLICATION_SIGNED;
		decoder->step = REPLICATION_AT_HEAD;
		return;
	case REPLICATION_AT_HEAD:
		decoder->format = block->format;
		decoder->step = REPLICATION_AT_RECORDS;
		return;
	case REPLICATION_AT_RECORDS:
		decoder->is_ended = block->kind == REPLICATION_BLOCK_END ||
			block->kind == REPLICATION_BLOCK_DUMP_END ||
			(block->kind == REPLICATION_BLOCK_POSITION &&
				decoder->format == REPLICATION_FORMAT_DUMP_OLD);
		return;
	}
}

enum status
replication_decode(struct replication_decoder *decoder, struct bytes octets,
	struct replication_block *ret_block)
{
	struct wire_reader reader = wire_reader_over(octets);
	struct replication_block block = {0};

	block_read(decoder, &reader, &block);
	block.octets = wire_read_since(&reader, octets.at);
	if (decoder->step != REPLICATION_AT_PROTECTION && decoder->is_signed &&
		block.kind != REPLICATION_BLOCK_DUMP_END) {
		block.signature = wire_read_blob(&reader, REPLICATION_SIGNATURE_SIZE_MAX);
	}
	if (!wire_reader_ok(&reader)) {
		return reader.status;
	}
	block.size = octets.size - wire_reader_left(&reader);
	decoder_advance(decoder, &block);
	*ret_block = block;
	return STATUS_OK;
}

static void
values_write(struct wire_writer *writer, const struct replication_values *values,
	const struct handle_value_list *list)
{
	struct wire_reader walk;
	struct handle_value value;

	if (list == NULL) {
		wire_write_u32(writer, values->count);
		wire_write_bytes(writer, values->octets);
		return;
	}
	wire_write_u32(writer, list->count);
	walk = handle_value_list_walk(list);
	for (const uint8_t *start = walk.next; handle_value_next(&walk, &value);
		start = walk.next) {
		wire_write_blob(writer, bytes_over(start, (size_t)(walk.next - start)));
	}
}

static void
dated_write(
	struct wire_writer *writer, enum dump_octet octet, const struct replication_block *block)
{
	wire_write_u8(writer, (uint8_t)octet);
	wire_write_blob(writer, block->name);
	wire_write_u64(writer, block->date);
	wire_write_u32(writer, block->priority);
}

static void
named_write(struct wire_writer *writer, unsigned octet, struct bytes name)
{
	wire_write_u8(writer, (uint8_t)octet);
	wire_write_blob(writer, name);
}

static void
start_write(struct wire_writer *writer, enum replication_stream stream,
	const struct replication_block *block)
{
	if (block->kind == REPLICATION_BLOCK_HEAD) {
		wire_write_u32(writer, block->format);
		if (stream == REPLICATION_TRANSACTIONS) {
			wire_write_u32(writer, block->status);
		}
		return;
	}
	wire_write_u32(writer, (uint32_t)block->protection);
	if (block->protection == REPLICATION_SIGNED) {
		wire_write_blob(writer, block->name);
	}
}

static void
transaction_write(struct wire_writer *writer, const struct replication_block *block,
	const struct handle_value_list *list)
{
	wire_write_u8(writer, TRANSACTION_HANDLE);
	wire_write_u64(writer, block->id);
	wire_write_blob(writer, block->name);
	wire_write_u8(writer, (uint8_t)block->action);
	wire_write_u64(writer, block->date);
	if (replication_action_has_values(block->action)) {
		values_write(writer, &block->values, list);
	}
}

/* END has a date in format 1 only; a block that is written says so by its `format`. */
static void
end_write(struct wire_writer *writer, const struct replication_block *block)
{
	wire_write_u8(writer, TRANSACTION_END);
	if (block->format != REPLICATION_FORMAT_ALL_SOURCES) {
		wire_write_u64(writer, block->date);
	}
}

void
replication_block_write(struct wire_writer *writer, enum replication_stream stream,
	const struct replication_block *block, const struct handle_value_list *list)
{
	switch (block->kind) {
	case REPLICATION_BLOCK_PROTECTION:
	case REPLICATION_BLOCK_HEAD:
		start_write(writer, stream, block);
		return;
	case REPLICATION_BLOCK_END:
		end_write(writer, block);
		return;
	case REPLICATION_BLOCK_TRANSACTION:
		transaction_write(writer, block, list);
		return;
	case REPLICATION_BLOCK_QUEUE:
		named_write(writer, TRANSACTION_QUEUE, block->name);
		return;
	case REPLICATION_BLOCK_QUEUE_END:
		wire_write_u8(writer, TRANSACTION_QUEUE_END);
		wire_write_u64(writer, block->date);
		return;
	case REPLICATION_BLOCK_POSITION:
		wire_write_u8(writer, DUMP_POSITION);
		wire_write_u64(writer, block->date);
		wire_write_u64(writer, block->id);
		return;
	case REPLICATION_BLOCK_RECORD:
		named_write(writer, DUMP_HANDLE, block->name);
		values_write(writer, &block->values, list);
		return;
	case REPLICATION_BLOCK_PREFIX:
		named_write(writer, DUMP_PREFIX, block->name);
		return;
	case REPLICATION_BLOCK_HANDLE_DATE:
		dated_write(writer, DUMP_HANDLE_DATE, block);
		return;
	case REPLICATION_BLOCK_PREFIX_DATE:
		dated_write(writer, DUMP_PREFIX_DATE, block);
		return;
	case REPLICATION_BLOCK_SOURCES:
		named_write(writer, DUMP_SOURCES, block->name);
		return;
	case REPLICATION_BLOCK_DUMP_END:
		wire_write_u8(writer, DUMP_END);
		return;
	}
}
