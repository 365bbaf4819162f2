/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "handle/handle_value.h"

/*
 * The HS_ADMIN value that a new record gets when its maker names none: without one, nobody could
 * change the record any more.
 */
/* Whether a record with these values could be changed by `index`:`handle`, as far as they tell: an
 * administrator that is another handle may be a group that it belongs to. */
enum admin_value_verdict { ADMIN_VALUE_NOBODY, ADMIN_VALUE_OTHERS, ADMIN_VALUE_OWN };
enum admin_value_verdict admin_value_judge(
	const struct handle_value_list *values, struct bytes handle, uint32_t index);

/* An HS_ADMIN value with the usual rights; its data is written to `room`. */
enum { ADMIN_VALUE_SIZE_MAX = HANDLE_NAME_SIZE_MAX + 16, ADMIN_VALUE_INDEX = 100 };
struct handle_value admin_value_make(
	struct bytes handle, uint32_t index, uint8_t room[ADMIN_VALUE_SIZE_MAX]);
