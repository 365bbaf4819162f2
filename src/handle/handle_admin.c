/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_admin.h"

#include "base/limits.h"

enum { REFERENCE_SIZE_MIN = 8 };

enum status
handle_admin_decode(struct bytes data, struct handle_admin *ret_admin)
{
	struct wire_reader reader = wire_reader_over(data);
	struct handle_admin admin;
	enum status status;

	admin.rights = wire_read_u16(&reader);
	admin.name = wire_read_blob(&reader, HANDLE_NAME_SIZE_MAX);
	admin.index = wire_read_u32(&reader);
	admin.has_legacy_tail = wire_reader_left(&reader) == 2;
	if (admin.has_legacy_tail && wire_read_u16(&reader) != 0) {
		wire_reader_fail(&reader, STATUS_MALFORMED);
	}
	status = wire_reader_end(&reader);
	if (status == STATUS_OK) {
		*ret_admin = admin;
	}
	return status;
}

void
handle_admin_write(struct wire_writer *writer, const struct handle_admin *admin)
{
	wire_write_u16(writer, admin->rights);
	wire_write_blob(writer, admin->name);
	wire_write_u32(writer, admin->index);
	if (admin->has_legacy_tail) {
		wire_write_u16(writer, 0);
	}
}

enum status
handle_vlist_decode(struct bytes data, struct handle_vlist *ret_list)
{
	struct wire_reader reader = wire_reader_over(data);
	struct handle_vlist list = {.count = wire_read_count(&reader, REFERENCE_SIZE_MIN)};
	const uint8_t *start = reader.next;
	enum status status;

	if (list.count > GROUP_MEMBER_COUNT_MAX) {
		wire_reader_fail(&reader, STATUS_TOO_LARGE);
	}
	for (uint32_t i = 0; i < list.count && wire_reader_ok(&reader); i++) {
		(void)wire_read_blob(&reader, HANDLE_NAME_SIZE_MAX);
		(void)wire_read_u32(&reader);
	}
	list.references = wire_read_since(&reader, start);
	status = wire_reader_end(&reader);
	if (status == STATUS_OK) {
		*ret_list = list;
	}
	return status;
}

void
handle_vlist_write(struct wire_writer *writer, const struct handle_vlist *list)
{
	wire_write_u32(writer, list->count);
	wire_write_bytes(writer, list->references);
}
