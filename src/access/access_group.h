/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access.h"

/*
 * Groups: values of type HS_VLIST whose members are identities or further groups (RFC 3651,
 * 3.2.5). The walk goes breadth-first, so that near members are found before far ones, and
 * meets each reference once, so that loops and diamonds end.
 *
 * What it costs is bounded whatever the records say. Comparing members is cheap: all members
 * of a list that was read are compared, 10,000 of them in one value or in several, until
 * GROUP_SCAN_SIZE_MAX octets were. Reading a list costs a look-up: at most
 * GROUP_REFERENCE_COUNT_MAX references are followed, none deeper than GROUP_DEPTH_MAX, in the
 * order in which they were met. Members beyond are not followed any more, only compared: large
 * lists of people work, thousands of lists do not. What is not found within the budget is not
 * a member.
 *
 * A reference with index 0 cannot be followed: it names no value.
 */

/* Looks for `identity` below `groups`, whose own names were compared before. OK if it is
 * there, NOT_ADMIN if not; BUSY and CORRUPT from the look-up. Values that are no list, broken
 * lists and lists that live elsewhere hold nobody. */
enum status access_group_holds(const struct access_list *groups,
	const struct access_identity *identity, const struct access_reach *reach,
	struct access_budget *budget) MUST_CHECK;
