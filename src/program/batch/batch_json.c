/* SPDX-License-Identifier: Apache-2.0 */
#include "program/batch/batch.h"

#include "message/change_line.h"
#include "program/administer/admin_value.h"

/* Behind the values; at ADMIN_VALUE_INDEX or the first free index above. */
static void
admin_add(const struct batch_source *source, struct wire_writer *writer, struct batch_item *item)
{
	uint8_t room[ADMIN_VALUE_SIZE_MAX];
	struct handle_value admin = admin_value_make(source->admin_name, source->admin_index, room);
	struct wire_reader walk = handle_value_list_walk(&item->values);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (handle_type_is(value.type, TEXT("HS_ADMIN"))) {
			return;
		}
		if (value.index == admin.index) {
			admin.index++;
			walk = handle_value_list_walk(&item->values);
		}
	}
	handle_value_write(writer, &admin);
	item->values.octets.size = wire_writer_size(writer);
	item->values.count++;
}

enum status
batch_json_next(struct batch_source *source, struct batch_item *ret_item, struct problem *problem)
{
	struct wire_writer writer = wire_writer_over(source->octets, MESSAGE_SIZE_MAX);
	struct change_line change;
	struct bytes line;
	enum status status;

	do {
		status = batch_line_next(&source->lines, &line);
	} while (status == STATUS_OK && line.size == 0);
	ret_item->line = source->lines.number;
	if (status == STATUS_OK) {
		status = change_line_read(line, source->arena, &writer, &change, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	ret_item->opcode = change.opcode;
	ret_item->is_overwriting = change.is_overwriting;
	ret_item->is_minting = change.is_minting;
	ret_item->handle = change.handle;
	ret_item->values = change.values;
	ret_item->index_count = change.index_count;
	ret_item->indexes = change.indexes;
	if (source->admin_name.size > 0 && ret_item->values.count > 0 &&
		ret_item->opcode == OPCODE_CREATE_HANDLE && ret_item->index_count == 0) {
		admin_add(source, &writer, ret_item);
	}
	return wire_writer_end(&writer) == STATUS_OK ? STATUS_OK : STATUS_TOO_LARGE;
}
