/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_group.h"

#include "base/checksum.h"
#include "handle/handle_admin.h"
#include "handle/handle_name.h"
#include "handle/handle_value.h"

enum { SLOT_COUNT = 2 * GROUP_REFERENCE_COUNT_MAX };

/* References in the order in which they were met: followed up to `next`, waiting behind it. */
struct walk {
	const struct access_identity *identity;
	const struct access_reach *reach;
	struct access_budget *budget;
	uint32_t next;
	uint32_t count;
	struct access_identity met[GROUP_REFERENCE_COUNT_MAX];
	uint8_t depths[GROUP_REFERENCE_COUNT_MAX];
	uint16_t slots[SLOT_COUNT]; /* Number in `met`, plus 1, by hash of the reference. */
};

/* The same for all spellings of a reference that are equal. */
static uint32_t
reference_hash(const struct access_identity *reference)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));
	size_t size = handle_name_key(reference->name, key);

	return (uint32_t)checksum_over(bytes_over(key, size), reference->index);
}

/* Keeps a reference to be followed, unless it was met before or names no value. */
static void
walk_meet(struct walk *walk, const struct access_identity *reference, uint8_t depth)
{
	uint32_t slot;

	if (reference->index == 0) {
		return;
	}
	if (walk->count == GROUP_REFERENCE_COUNT_MAX || depth > GROUP_DEPTH_MAX) {
		walk->budget->is_spent = true;
		return;
	}
	slot = reference_hash(reference) % SLOT_COUNT;
	for (; walk->slots[slot] != 0; slot = (slot + 1) % SLOT_COUNT) {
		const struct access_identity *other = &walk->met[walk->slots[slot] - 1];

		if (other->index == reference->index &&
			handle_name_equal(other->name, reference->name)) {
			return;
		}
	}
	walk->met[walk->count] = *reference;
	walk->depths[walk->count] = depth;
	walk->slots[slot] = (uint16_t)++walk->count;
}

static bool
budget_pay(struct access_budget *budget, size_t size)
{
	if (budget->scan_size < size) {
		budget->is_spent = true;
		return false;
	}
	budget->scan_size -= size;
	return true;
}

/* The members of the list in value `index`; none if there is no such value, it is no list, or
 * the budget ends before it is found. */
static struct bytes
record_members(const struct record *record, uint32_t index, struct access_budget *budget)
{
	struct wire_reader values = handle_value_list_walk(&record->values);
	struct handle_value value;
	struct handle_vlist list;

	while (budget_pay(budget, HANDLE_VALUE_SIZE_MIN) && handle_value_next(&values, &value)) {
		if (value.index != index) {
			continue;
		}
		if (bytes_equal_fold(value.type, TEXT("HS_VLIST")) &&
			budget_pay(budget, value.data.size) &&
			handle_vlist_decode(value.data, &list) == STATUS_OK) {
			return list.references;
		}
		break;
	}
	return (struct bytes){NULL, 0};
}

/* Compares all members, and keeps them to be followed. */
static bool
walk_compare(struct walk *walk, struct bytes members, uint8_t depth)
{
	struct wire_reader reader = wire_reader_over(members);
	struct handle_reference member;

	while (handle_reference_next(&reader, &member)) {
		struct access_identity reference = {member.name, member.index};

		if (access_reference_matches(&reference, walk->identity)) {
			return true;
		}
		walk_meet(walk, &reference, depth + 1);
	}
	return false;
}

/* OK when the next reference is a list that has the identity. */
static enum status
walk_follow(struct walk *walk)
{
	const struct access_identity *reference = &walk->met[walk->next];
	uint8_t depth = walk->depths[walk->next++];
	struct record record;
	enum status status;

	if (walk->budget->references == 0) {
		walk->budget->is_spent = true;
		return STATUS_NOT_ADMIN;
	}
	walk->budget->references--;
	status = access_look_up(walk->reach, reference->name, walk->budget, &record);
	if (status == STATUS_BUSY || status == STATUS_CORRUPT) {
		return status;
	}
	if (status == STATUS_OK &&
		walk_compare(
			walk, record_members(&record, reference->index, walk->budget), depth)) {
		return STATUS_OK;
	}
	return STATUS_NOT_ADMIN;
}

enum status
access_group_holds(const struct access_list *groups, const struct access_identity *identity,
	const struct access_reach *reach, struct access_budget *budget)
{
	struct walk walk __attribute__((uninitialized));
	enum status status = STATUS_NOT_ADMIN;

	walk.identity = identity;
	walk.reach = reach;
	walk.budget = budget;
	walk.next = 0;
	walk.count = 0;
	memset(walk.slots, 0, sizeof(walk.slots));
	for (size_t i = 0; i < groups->count; i++) {
		walk_meet(&walk, &groups->items[i], 1);
	}
	while (status == STATUS_NOT_ADMIN && walk.next < walk.count) {
		status = walk_follow(&walk);
	}
	return status;
}
