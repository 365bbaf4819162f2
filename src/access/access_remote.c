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

static const struct access_remote_record *
remote_record(const struct access_remote *remote, struct bytes name)
{
	for (size_t i = 0; i < remote->count; i++) {
		if (handle_name_equal(remote->records[i].name, name)) {
			return &remote->records[i];
		}
	}
	return NULL;
}

enum status
access_remote_find(const struct access_remote *remote, struct bytes name, struct record *ret_record)
{
	const struct access_remote_record *record = remote_record(remote, name);

	if (record == NULL || !record->is_known) {
		return STATUS_NOT_RESPONSIBLE;
	}
	*ret_record = (struct record){.name = record->name, .values = record->values};
	return STATUS_OK;
}

enum status
access_remote_want(struct access_remote *remote, struct bytes name, struct record *ret_record)
{
	if (remote->missing.size == 0 && remote_record(remote, name) == NULL) {
		remote->missing = name;
	}
	return access_remote_find(remote, name, ret_record);
}
