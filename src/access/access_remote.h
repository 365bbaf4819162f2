/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access.h"

/*
 * Records of handles that live elsewhere, as far as they were fetched for one request: whoever asks
 * for one that is not there is told NOT_RESPONSIBLE, its name is noted, and the decision can be
 * taken again when it has come.
 *
 *     remote.missing = empty; status = decide();
 *     if (access_remote_is_wanted(&remote)) ... fetch it, access_remote_add(), decide again ...
 *
 * The octets stay the caller's. What was proven to come from whoever answers for the handle is
 * added with its values; what could not be had is added without, so that nobody asks twice.
 */
struct access_remote_record {
	struct bytes name;
	bool is_known;
	struct handle_value_list values;
};

struct access_remote {
	size_t count;
	struct access_remote_record records[GROUP_REMOTE_COUNT_MAX];
	struct bytes missing; /* The first that was asked for in vain; empty: none. */
};

/* True if something is missing and may still be added. */
bool access_remote_is_wanted(const struct access_remote *remote);
void access_remote_add(struct access_remote *remote, const struct access_remote_record *record);

/* As access_lookup has it: OK, or NOT_RESPONSIBLE for what was not fetched or could not be had:
 * nothing is known of it, not even that it does not exist. The second form notes what was not
 * fetched yet. */
enum status access_remote_find(const struct access_remote *remote, struct bytes name,
	struct record *ret_record) MUST_CHECK;
enum status access_remote_want(
	struct access_remote *remote, struct bytes name, struct record *ret_record) MUST_CHECK;
