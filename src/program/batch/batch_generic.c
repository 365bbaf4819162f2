/* SPDX-License-Identifier: Apache-2.0 */
#include "program/batch/batch.h"

#include "base/file.h"
#include "handle/handle_admin.h"

#include <stdlib.h>
#include <string.h>

/*
 * GenericBatch of Handle.net (its Technical Manual, version 9, chapter 5): blocks that end
 * with an empty line or the next operation.
 *
 *     AUTHENTICATE PUBKEY:300:0.NA/88.999          AUTHENTICATE SECKEY:301:0.NA/88.999
 *     /path/admpriv.bin|passphrase                 the secret
 *
 *     SESSIONSETUP
 *     USESESSION:1
 *
 *     CREATE 88.999/A                              also ADD, MODIFY
 *     100 HS_ADMIN 86400 1110 ADMIN 300:111111111111:0.NA/88.999
 *     1 URL 86400 1110 UTF8 https://example.org/
 *     2 DATA 86400 1110 FILE /path/picture
 *     3 HS_VLIST 86400 1110 LIST 300:0.NA/88.998;300:0.NA/88.999;
 *
 *     DELETE 88.999/A                              REMOVE 1,2:88.999/A
 *
 *     HOME 127.0.0.1:2641:TCP                      also UNHOME; one prefix a line
 *     0.NA/88.999
 */
enum { ADMIN_DIGIT_COUNT_MAX = 16 };

static const struct {
	struct bytes word;
	uint32_t opcode; /* OPCODE_RESERVED: not an operation. */
} commands[] = {
	{{(const uint8_t *)"CREATE", 6}, OPCODE_CREATE_HANDLE},
	{{(const uint8_t *)"ADD", 3}, OPCODE_ADD_VALUE},
	{{(const uint8_t *)"MODIFY", 6}, OPCODE_MODIFY_VALUE},
	{{(const uint8_t *)"REMOVE", 6}, OPCODE_REMOVE_VALUE},
	{{(const uint8_t *)"DELETE", 6}, OPCODE_DELETE_HANDLE},
	{{(const uint8_t *)"HOME", 4}, OPCODE_HOME_PREFIX},
	{{(const uint8_t *)"UNHOME", 6}, OPCODE_UNHOME_PREFIX},
	{{(const uint8_t *)"AUTHENTICATE", 12}, OPCODE_RESERVED},
	{{(const uint8_t *)"SESSIONSETUP", 12}, OPCODE_RESERVED},
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };
enum { COMMAND_AUTHENTICATE = COMMAND_COUNT - 2, COMMAND_SESSION };

static bool
octet_is_blank(uint8_t octet)
{
	return octet == ' ' || octet == '\t';
}

/* Cuts the first word off. */
static struct bytes
word_take(struct bytes *line)
{
	size_t size = 0;
	struct bytes word;

	*line = bytes_trim(*line);
	while (size < line->size && !octet_is_blank(line->at[size])) {
		size++;
	}
	word = bytes_slice(*line, 0, size);
	*line = bytes_slice(*line, size, line->size);
	while (line->size > 0 && octet_is_blank(line->at[0])) {
		*line = bytes_slice(*line, 1, line->size);
	}
	return word;
}

static bool
number_parse(struct bytes digits, uint32_t max, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (digits.size == 0 || digits.size > 10) {
		return false;
	}
	for (size_t i = 0; i < digits.size; i++) {
		if (digits.at[i] < '0' || digits.at[i] > '9') {
			return false;
		}
		number = number * 10 + (digits.at[i] - '0');
	}
	*ret_number = (uint32_t)number;
	return number <= max;
}

/* Ones and zeros, the highest bit first. */
static bool
bits_parse(struct bytes digits, size_t count_min, size_t count_max, uint32_t *ret_bits)
{
	uint32_t bits = 0;

	if (digits.size < count_min || digits.size > count_max) {
		return false;
	}
	for (size_t i = 0; i < digits.size; i++) {
		if (digits.at[i] != '0' && digits.at[i] != '1') {
			return false;
		}
		bits = bits << 1 | (digits.at[i] == '1');
	}
	*ret_bits = bits;
	return true;
}

static size_t
command_of(struct bytes line)
{
	struct bytes word = word_take(&line);

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (bytes_equal_fold(word, commands[i].word)) {
			return i;
		}
	}
	return COMMAND_COUNT;
}

/* INDEX:HANDLE */
static bool
reference_parse(struct bytes text, struct handle_reference *ret_reference)
{
	size_t colon = bytes_find(text, ':');

	ret_reference->name = bytes_slice(text, colon + 1, text.size);
	return colon < text.size &&
		number_parse(bytes_slice(text, 0, colon), INT32_MAX, &ret_reference->index) &&
		ret_reference->name.size > 0;
}

static enum status
data_admin(struct bytes text, struct wire_writer *writer, struct problem *problem)
{
	struct handle_admin admin = {0};
	struct handle_reference reference;
	size_t first = bytes_find(text, ':');
	struct bytes rest = bytes_slice(text, first + 1, text.size);
	size_t second = bytes_find(rest, ':');
	uint32_t rights;

	if (second == rest.size ||
		!number_parse(bytes_slice(text, 0, first), INT32_MAX, &reference.index) ||
		!bits_parse(bytes_slice(rest, 0, second), 12, ADMIN_DIGIT_COUNT_MAX, &rights)) {
		return problem_set(problem, STATUS_INVALID,
			"ADMIN takes INDEX:RIGHTS:HANDLE, RIGHTS being 12 ones and zeros");
	}
	admin.rights = (uint16_t)rights;
	admin.index = reference.index;
	admin.name = bytes_slice(rest, second + 1, rest.size);
	handle_admin_write(writer, &admin);
	return wire_writer_end(writer);
}

static enum status
data_list(struct bytes text, struct wire_writer *writer, struct problem *problem)
{
	struct wire_writer count_writer = wire_writer_over(wire_writer_take(writer, 4), 4);
	struct handle_reference reference;
	uint32_t count = 0;

	while (text.size > 0) {
		size_t end = bytes_find(text, ';');
		struct bytes one = bytes_trim(bytes_slice(text, 0, end));

		if (one.size > 0) {
			if (!reference_parse(one, &reference)) {
				return problem_set(problem, STATUS_INVALID,
					"LIST takes INDEX:HANDLE;INDEX:HANDLE;...");
			}
			handle_reference_write(writer, &reference);
			count++;
		}
		text = bytes_slice(text, end + 1, text.size);
	}
	wire_write_u32(&count_writer, count);
	return wire_writer_end(writer);
}

static enum status
data_file(struct bytes text, struct arena *arena, struct bytes *ret_data, struct problem *problem)
{
	char *path = arena_alloc(arena, text.size + 1);
	uint8_t *octets = arena_alloc(arena, HANDLE_VALUE_DATA_SIZE_MAX + 1);
	size_t size = 0;
	enum status status;

	if (path == NULL || octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	memcpy(path, text.at, text.size);
	status = file_read(path, HANDLE_VALUE_DATA_SIZE_MAX, octets, &size, problem);
	*ret_data = bytes_over(octets, size);
	/* The item is wrong; what comes behind it can still be read. */
	return status == STATUS_SYSTEM ? STATUS_INVALID : status;
}

/* ADMIN, UTF8, FILE or LIST, and what follows. */
static enum status
data_parse(struct bytes line, struct arena *arena, struct bytes *ret_data, struct problem *problem)
{
	struct bytes form = word_take(&line);
	uint8_t *octets;
	struct wire_writer writer;
	enum status status;

	if (bytes_equal_fold(form, TEXT("UTF8"))) {
		*ret_data = line;
		return STATUS_OK;
	}
	if (bytes_equal_fold(form, TEXT("FILE"))) {
		return data_file(line, arena, ret_data, problem);
	}
	octets = arena_alloc(arena, HANDLE_VALUE_DATA_SIZE_MAX);
	if (octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	writer = wire_writer_over(octets, HANDLE_VALUE_DATA_SIZE_MAX);
	if (bytes_equal_fold(form, TEXT("ADMIN"))) {
		status = data_admin(line, &writer, problem);
	} else if (bytes_equal_fold(form, TEXT("LIST"))) {
		status = data_list(line, &writer, problem);
	} else {
		return problem_set(problem, STATUS_INVALID,
			"data begins with ADMIN, UTF8, FILE or LIST, not '%.*s'",
			(int)(form.size < 32 ? form.size : 32), (const char *)form.at);
	}
	*ret_data = wire_written(&writer);
	return status;
}

/* INDEX TYPE TTL PERMISSIONS and the data. */
static enum status
value_parse(struct bytes line, struct arena *arena, struct handle_value *ret_value,
	struct problem *problem)
{
	uint32_t permissions = 0;
	struct bytes index = word_take(&line);

	*ret_value = (struct handle_value){.type = word_take(&line)};
	if (!number_parse(index, INT32_MAX, &ret_value->index) || ret_value->index == 0 ||
		!number_parse(word_take(&line), INT32_MAX, &ret_value->ttl) ||
		!bits_parse(word_take(&line), 4, 4, &permissions)) {
		return problem_set(problem, STATUS_INVALID,
			"a value is INDEX TYPE TTL PERMISSIONS FORM DATA, like "
			"`1 URL 86400 1110 UTF8 https://example.org/`");
	}
	ret_value->permissions = (uint8_t)permissions;
	return data_parse(line, arena, &ret_value->data, problem);
}

/* The lines of a CREATE, ADD or MODIFY. A wrong one makes the block wrong, to its end. */
static enum status
values_take(struct batch_source *source, struct batch_item *item, struct problem *problem)
{
	struct wire_writer writer = wire_writer_over(source->octets, MESSAGE_SIZE_MAX);
	enum status status = STATUS_OK, line_status;
	struct handle_value value;
	struct bytes line;

	while ((line_status = batch_line_next(&source->lines, &line)) == STATUS_OK) {
		line = bytes_trim(line);
		if (line.size == 0) {
			break;
		}
		if (command_of(line) < COMMAND_COUNT) {
			batch_line_back(&source->lines);
			break;
		}
		if (status != STATUS_OK) {
			continue;
		}
		status = value_parse(line, source->arena, &value, problem);
		if (status == STATUS_OK) {
			handle_value_write(&writer, &value);
			item->values.count++;
		} else {
			item->line = source->lines.number;
		}
	}
	item->values.octets = wire_written(&writer);
	if (status == STATUS_OK && line_status != STATUS_NOT_FOUND) {
		status = line_status;
	}
	return status == STATUS_OK ? wire_writer_end(&writer) : status;
}

/* 1,2:HANDLE */
static enum status
remove_take(struct batch_source *source, struct bytes rest, struct batch_item *item,
	struct problem *problem)
{
	struct wire_writer writer = wire_writer_over(source->octets, MESSAGE_SIZE_MAX);
	size_t colon = bytes_find(rest, ':');
	struct bytes list = bytes_slice(rest, 0, colon);

	item->handle = bytes_slice(rest, colon + 1, rest.size);
	while (list.size > 0) {
		size_t comma = bytes_find(list, ',');
		uint32_t index;

		if (!number_parse(bytes_trim(bytes_slice(list, 0, comma)), INT32_MAX, &index)) {
			return problem_set(
				problem, STATUS_INVALID, "REMOVE takes INDEX,INDEX,...:HANDLE");
		}
		wire_write_u32(&writer, index);
		item->index_count++;
		list = bytes_slice(list, comma + 1, list.size);
	}
	item->indexes = wire_written(&writer);
	return wire_writer_end(&writer);
}

/* IP:PORT:PROTOCOL of a HOME block becomes HOST:PORT; without one it is the batch's server. */
static enum status
block_open(struct batch_source *source, struct bytes rest, uint32_t opcode, struct problem *problem)
{
	size_t size = rest.size;

	source->block_opcode = opcode;
	source->block_line = source->lines.number;
	source->block_server = NULL;
	while (size > 0 && rest.at[size - 1] != ':') {
		size--; /* The protocol: the node is asked over TCP in any case. */
	}
	if (size > 0 && (rest.at[size] < '0' || rest.at[size] > '9')) {
		rest.size = size - 1;
	}
	if (rest.size >= sizeof(source->block_octets)) {
		return problem_set(problem, STATUS_INVALID, "HOME takes IP:PORT:PROTOCOL");
	}
	if (rest.size > 0) {
		memcpy(source->block_octets, rest.at, rest.size);
		source->block_octets[rest.size] = '\0';
		source->block_server = source->block_octets;
	}
	return STATUS_OK;
}

static char *
string_keep(struct arena *arena, struct bytes run)
{
	char *string = arena_alloc(arena, run.size + 1);

	if (string != NULL && run.size > 0) {
		memcpy(string, run.at, run.size);
	}
	return string;
}

/* PUBKEY:INDEX:HANDLE and a line with the key's file, or SECKEY:... and the secret. */
static enum status
authenticate_take(struct batch_source *source, struct bytes rest, struct batch_item *item,
	struct problem *problem)
{
	size_t colon = bytes_find(rest, ':');
	struct bytes form = bytes_slice(rest, 0, colon), line, passphrase;
	bool is_secret = bytes_equal_fold(form, TEXT("SECKEY"));
	size_t bar;

	item->kind = BATCH_AUTHENTICATE;
	item->user = string_keep(source->arena, bytes_slice(rest, colon + 1, rest.size));
	if (colon == rest.size || (!is_secret && !bytes_equal_fold(form, TEXT("PUBKEY"))) ||
		item->user == NULL) {
		return problem_set(problem, STATUS_INVALID,
			"AUTHENTICATE takes PUBKEY:INDEX:HANDLE or SECKEY:INDEX:HANDLE");
	}
	if (batch_line_next(&source->lines, &line) != STATUS_OK || bytes_trim(line).size == 0) {
		return problem_set(problem, STATUS_INVALID,
			"AUTHENTICATE is followed by a line with %s",
			is_secret ? "the secret" : "the key's file");
	}
	bar = is_secret ? line.size : bytes_find(line, '|');
	passphrase = is_secret ? line : bytes_slice(line, bar + 1, line.size);
	item->secret = arena_copy(source->arena, passphrase);
	item->key_file = is_secret
		? NULL
		: string_keep(source->arena, bytes_trim(bytes_slice(line, 0, bar)));
	return STATUS_OK;
}

/* Sessions here are always Diffie-Hellman: the keys that the old ways name are not needed. */
static enum status
session_take(struct batch_source *source, struct batch_item *item)
{
	struct bytes line;
	enum status status;

	item->kind = BATCH_SESSION;
	item->is_session = true;
	while ((status = batch_line_next(&source->lines, &line)) == STATUS_OK) {
		line = bytes_trim(line);
		if (line.size == 0) {
			return STATUS_OK;
		}
		if (command_of(line) < COMMAND_COUNT) {
			batch_line_back(&source->lines);
			return STATUS_OK;
		}
		if (bytes_equal_fold(line, TEXT("USESESSION:0"))) {
			item->is_session = false;
		}
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* To the end of a block whose first line makes no sense. */
static void
block_pass_over(struct batch_source *source)
{
	struct bytes line;

	while (batch_line_next(&source->lines, &line) == STATUS_OK) {
		if (bytes_trim(line).size == 0) {
			return;
		}
		if (command_of(line) < COMMAND_COUNT) {
			batch_line_back(&source->lines);
			return;
		}
	}
}

static enum status
command_take(struct batch_source *source, struct bytes line, struct batch_item *item,
	struct problem *problem)
{
	size_t number = command_of(line);
	struct bytes rest;

	if (number == COMMAND_COUNT) {
		size_t size = line.size < 40 ? line.size : 40;

		(void)problem_set(problem, STATUS_INVALID, "'%.*s' begins no operation", (int)size,
			(const char *)line.at);
		block_pass_over(source);
		return STATUS_INVALID;
	}
	(void)word_take(&line);
	rest = arena_copy(source->arena, bytes_trim(line));
	if (line.size > 0 && rest.at == NULL) {
		return STATUS_NO_MEMORY;
	}
	item->opcode = commands[number].opcode;
	item->handle = rest;
	switch (item->opcode) {
	case OPCODE_CREATE_HANDLE:
	case OPCODE_ADD_VALUE:
	case OPCODE_MODIFY_VALUE:
		return values_take(source, item, problem);
	case OPCODE_REMOVE_VALUE:
		return remove_take(source, rest, item, problem);
	case OPCODE_HOME_PREFIX:
	case OPCODE_UNHOME_PREFIX:
		return block_open(source, rest, item->opcode, problem);
	case OPCODE_DELETE_HANDLE:
		return STATUS_OK;
	default:
		return number == COMMAND_AUTHENTICATE
			? authenticate_take(source, rest, item, problem)
			: session_take(source, item);
	}
}

/* The next prefix of an open HOME block; false when the block is over. */
static bool
block_next(struct batch_source *source, struct bytes line, struct batch_item *item)
{
	if (line.size == 0 || command_of(line) < COMMAND_COUNT) {
		source->block_line = 0;
		return false;
	}
	item->opcode = source->block_opcode;
	item->server = source->block_server;
	item->handle = line;
	return true;
}

enum status
batch_generic_next(
	struct batch_source *source, struct batch_item *ret_item, struct problem *problem)
{
	struct bytes line;
	enum status status;

	while ((status = batch_line_next(&source->lines, &line)) == STATUS_OK) {
		line = bytes_trim(line);
		ret_item->line = source->lines.number;
		if (source->block_line != 0 && block_next(source, line, ret_item)) {
			return STATUS_OK;
		}
		if (line.size == 0) {
			continue;
		}
		status = command_take(source, line, ret_item, problem);
		if (status != STATUS_OK || source->block_line == 0) {
			return status;
		}
		*ret_item = (struct batch_item){.line = ret_item->line};
	}
	return status;
}
