/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/admin_value.h"

#include "handle/handle_admin.h"
#include "handle/handle_name.h"

enum {
	/* All but what an administrator of single records never needs: derived prefixes and
	 * lists (Handle.net's tools write the same). */
	RIGHTS_USUAL = HANDLE_RIGHT_ADD_HANDLE | HANDLE_RIGHT_DELETE_HANDLE |
		HANDLE_RIGHT_MODIFY_VALUE | HANDLE_RIGHT_REMOVE_VALUE | HANDLE_RIGHT_ADD_VALUE |
		HANDLE_RIGHT_MODIFY_ADMIN | HANDLE_RIGHT_REMOVE_ADMIN | HANDLE_RIGHT_ADD_ADMIN |
		HANDLE_RIGHT_READ_VALUE,
};

struct handle_value
admin_value_make(struct bytes handle, uint32_t index, uint8_t room[ADMIN_VALUE_SIZE_MAX])
{
	struct wire_writer writer = wire_writer_over(room, ADMIN_VALUE_SIZE_MAX);
	struct handle_admin admin = {.rights = RIGHTS_USUAL, .name = handle, .index = index};
	struct handle_value value = {
		.index = ADMIN_VALUE_INDEX,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("HS_ADMIN"),
	};

	handle_admin_write(&writer, &admin);
	value.data = wire_written(&writer);
	return value;
}

enum admin_value_verdict
admin_value_judge(const struct handle_value_list *values, struct bytes handle, uint32_t index)
{
	struct wire_reader walk = handle_value_list_walk(values);
	enum admin_value_verdict verdict = ADMIN_VALUE_NOBODY;
	struct handle_admin admin;
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (!handle_type_is(value.type, TEXT("HS_ADMIN")) ||
			handle_admin_decode(value.data, &admin) != STATUS_OK) {
			continue;
		}
		if (handle_name_equal(admin.name, handle) &&
			(admin.index == index || admin.index == 0 || index == 0)) {
			return ADMIN_VALUE_OWN;
		}
		verdict = ADMIN_VALUE_OTHERS;
	}
	return verdict;
}
