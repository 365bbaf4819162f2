/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_remote.h"

#include "handle/handle_name.h"

bool
access_remote_is_wanted(const struct access_remote *remote)
{
	return remote->missing.size > 0 && remote->count < GROUP_REMOTE_COUNT_MAX;
}

void
access_remote_add(struct access_remote *remote, const struct access_remote_record *record)
{
	if (remote->count < GROUP_REMOTE_COUNT_MAX) {
		remote->records[remote->count++] = *record;
	}
}

enum status
access_remote_find(const struct access_remote *remote, struct bytes name, struct record *ret_record)
{
	for (size_t i = 0; i < remote->count; i++) {
		const struct access_remote_record *record = &remote->records[i];

		if (!handle_name_equal(record->name, name)) {
			continue;
		}
		if (!record->is_known) {
			return STATUS_NOT_FOUND;
		}
		*ret_record = (struct record){.name = record->name, .values = record->values};
		return STATUS_OK;
	}
	return STATUS_NOT_RESPONSIBLE;
}

enum status
access_remote_want(struct access_remote *remote, struct bytes name, struct record *ret_record)
{
	enum status status = access_remote_find(remote, name, ret_record);

	if (status == STATUS_NOT_RESPONSIBLE && remote->missing.size == 0) {
		remote->missing = name;
	}
	return status;
}
