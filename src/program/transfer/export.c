/* SPDX-License-Identifier: Apache-2.0 */
#include "program/transfer/export.h"

bool
export_is_secret(const struct handle_value *value)
{
	return bytes_equal_fold(value->type, TEXT("HS_SECKEY"));
}

uint32_t
export_leave_out_secrets(struct handle_value_list *list, uint8_t *octets)
{
	struct wire_reader walk = handle_value_list_walk(list);
	struct wire_writer writer = wire_writer_over(octets, list->octets.size);
	struct handle_value value;
	uint32_t count = 0;

	while (handle_value_next(&walk, &value)) {
		if (!export_is_secret(&value)) {
			handle_value_write(&writer, &value);
			count++;
		}
	}
	if (count < list->count) {
		uint32_t left_out = list->count - count;

		*list = (struct handle_value_list){count, wire_written(&writer)};
		return left_out;
	}
	return 0;
}
