/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_list.h"

#include "handle/handle_name.h"
#include "message/message.h"
#include "records/records_order.h"

#include <stdlib.h>

enum {
	/* Entries looked at for one page: long names share what the table knows of their keys, so
	 * some may have to be stepped over. */
	SCAN_COUNT_MAX = 4096,
	/* The table knows so many octets of a long key for certain. */
	SHARED_SIZE_MAX = 256,
};

struct authority_list {
	struct records *records;
	bool is_of_prefixes;
	struct bytes start; /* What keys listed begin with. */
	size_t last_size; /* 0: nothing was listed yet. */
	uint8_t last[HANDLE_KEY_SIZE_MAX];
	uint8_t octets[HANDLE_KEY_SIZE_MAX + 1];
};

/* "0.NA/X" lists what begins with "X/"; "0.NA/0.NA/X", and 106 of "0.NA/X", "0.NA/X.". */
static enum status
list_start(struct authority_list *list, struct bytes name, bool is_of_derived)
{
	uint8_t *octets = list->octets;
	size_t size = handle_name_key(name, octets);
	struct bytes key = bytes_over(octets, size);

	if (!handle_name_is_prefix_handle(key)) {
		return STATUS_INVALID;
	}
	if (is_of_derived) {
		octets[size++] = '.';
		list->start = bytes_over(octets, size);
		return STATUS_OK;
	}
	key = handle_name_suffix(key);
	octets[size++] = bytes_start_with(key, TEXT("0.NA/")) ? '.' : '/';
	list->start = bytes_over(key.at, key.size + 1);
	return STATUS_OK;
}

enum status
authority_list_new(
	struct records *records, const struct request *request, struct authority_list **ret_list)
{
	uint32_t opcode = request->message.header.opcode;
	struct authority_list *list = calloc(1, sizeof(*list));
	enum status status = STATUS_OK;

	if (list == NULL) {
		return STATUS_NO_MEMORY;
	}
	list->records = records;
	list->is_of_prefixes = opcode == OPCODE_LIST_HOMED_PREFIXES;
	if (!list->is_of_prefixes) {
		status = list_start(
			list, request_handle(request), opcode == OPCODE_LIST_DERIVED_PREFIXES);
	}
	if (status != STATUS_OK) {
		free(list);
		return status;
	}
	*ret_list = list;
	return STATUS_OK;
}

void
authority_list_free(struct authority_list *list)
{
	free(list);
}

static enum status
list_open(struct authority_list *list, struct records_cursor **ret_cursor)
{
	struct bytes last = bytes_over(list->last, list->last_size);

	if (list->is_of_prefixes) {
		return records_cursor_open_prefixes(list->records, last, ret_cursor);
	}
	return last.size == 0 ? records_cursor_open(list->records, list->start, ret_cursor)
			      : records_cursor_open_behind(list->records, last, ret_cursor);
}

/* The next entry: its key, and its name if it is one to be listed, else an empty one. False
 * behind the last that could be listed. */
static bool
list_step(const struct authority_list *list, struct records_cursor *cursor, struct bytes *ret_key,
	struct bytes *ret_name)
{
	struct bytes shared = bytes_slice(list->start, 0, SHARED_SIZE_MAX);
	struct record record;

	if (list->is_of_prefixes) {
		if (!records_cursor_next_prefix(cursor, ret_key)) {
			return false;
		}
		*ret_name = *ret_key;
		return true;
	}
	if (!records_cursor_next(cursor, ret_key, &record) || !bytes_start_with(*ret_key, shared)) {
		return false;
	}
	*ret_name = bytes_start_with(*ret_key, list->start) ? record.name : (struct bytes){NULL, 0};
	return true;
}

/* Fills a page; false when nothing is left behind it. */
static bool
list_fill(struct authority_list *list, struct records_cursor *cursor, struct wire_writer *writer,
	uint32_t *count)
{
	struct bytes key, name;

	for (uint32_t seen = 0; seen < SCAN_COUNT_MAX; seen++) {
		if (*count == LIST_HANDLE_COUNT_MAX) {
			return list_step(list, cursor, &key, &name);
		}
		if (!list_step(list, cursor, &key, &name)) {
			return false;
		}
		if (name.size > 0) {
			wire_write_blob(writer, name);
			++*count;
		}
		memcpy(list->last, key.at, key.size);
		list->last_size = key.size;
	}
	return true;
}

enum status
authority_list_next(
	struct authority_list *list, struct arena *arena, struct authority_page *ret_page)
{
	size_t size = LIST_HANDLE_COUNT_MAX * (HANDLE_KEY_SIZE_MAX + 4);
	uint8_t *octets = arena_alloc(arena, size);
	struct wire_writer writer = wire_writer_over(octets, size);
	struct records_cursor *cursor = NULL;
	uint32_t count = 0;
	bool is_more;
	enum status status;

	if (octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	status = list_open(list, &cursor);
	if (status != STATUS_OK) {
		return status;
	}
	is_more = list_fill(list, cursor, &writer, &count);
	status = records_cursor_status(cursor);
	records_cursor_close(cursor);
	if (status == STATUS_OK) {
		*ret_page = (struct authority_page){count, wire_written(&writer), !is_more};
	}
	return status;
}
