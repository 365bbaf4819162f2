/* SPDX-License-Identifier: Apache-2.0 */
#include "records/record.h"

#include "base/limits.h"

size_t
record_size(struct bytes name, const struct handle_value_list *values)
{
	return RECORD_HEAD_SIZE + name.size + sizeof(uint32_t) + values->octets.size;
}

/* A secret key is for nobody, whatever its permissions say. */
static bool
values_are_all_public(const struct handle_value_list *values)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if ((value.permissions & HANDLE_PUBLIC_READ) == 0 ||
			handle_type_is(value.type, TEXT("HS_SECKEY"))) {
			return false;
		}
	}
	return true;
}

void
record_write(struct wire_writer *writer, struct bytes name, const struct handle_value_list *values)
{
	wire_write_u8(writer, RECORD_FORM);
	wire_write_u8(writer, values_are_all_public(values) ? RECORD_ALL_PUBLIC : 0);
	wire_write_u16(writer, (uint16_t)name.size);
	wire_write_bytes(writer, name);
	wire_write_u32(writer, values->count);
	wire_write_bytes(writer, values->octets);
}

enum status
record_read(struct bytes run, struct record *ret_record)
{
	struct wire_reader reader = wire_reader_over(run);
	uint8_t form = wire_read_u8(&reader);
	uint8_t flags = wire_read_u8(&reader);
	struct bytes name = wire_read_bytes(&reader, wire_read_u16(&reader));
	uint32_t count = wire_read_u32(&reader);
	struct bytes values = wire_read_rest(&reader);

	if (wire_reader_end(&reader) != STATUS_OK || form != RECORD_FORM ||
		(flags & ~RECORD_ALL_PUBLIC) != 0) {
		return STATUS_CORRUPT;
	}
	ret_record->name = name;
	ret_record->is_all_public = (flags & RECORD_ALL_PUBLIC) != 0;
	ret_record->values = (struct handle_value_list){count, values};
	return STATUS_OK;
}

enum status
record_check(struct bytes run)
{
	struct record record;
	struct wire_reader walk;
	struct handle_value value;
	enum status status = record_read(run, &record);
	uint32_t count = 0;

	if (status != STATUS_OK) {
		return status;
	}
	walk = handle_value_list_walk(&record.values);
	while (handle_value_next(&walk, &value)) {
		count++;
	}
	if (count != record.values.count || wire_reader_left(&walk) != 0 ||
		walk.status != STATUS_OK || record.name.size > HANDLE_NAME_SIZE_MAX ||
		record.is_all_public != values_are_all_public(&record.values)) {
		return STATUS_CORRUPT;
	}
	return STATUS_OK;
}
