/* SPDX-License-Identifier: Apache-2.0 */
#include "records/records_homed.h"

#include "base/limits.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_COUNT_FIRST = 64, IS_HOMED = 1 };

struct node {
	_Atomic uint64_t place; /* Places are multiples of 8; the lowest bit says IS_HOMED. */
	uint32_t hash;
	uint16_t size;
	uint8_t octets[];
};

struct table {
	struct table *older;
	uint32_t mask;
	struct node *_Atomic slots[];
};

struct records_homed {
	struct table *_Atomic table;
	uint32_t node_count;
	_Atomic uint64_t homed_count;
};

static struct table *
table_new(uint32_t slot_count)
{
	struct table *table = calloc(1, sizeof(*table) + slot_count * sizeof(table->slots[0]));

	if (table != NULL) {
		table->mask = slot_count - 1;
	}
	return table;
}

struct records_homed *
records_homed_new(void)
{
	struct records_homed *homed = calloc(1, sizeof(*homed));
	struct table *table = table_new(SLOT_COUNT_FIRST);

	if (homed == NULL || table == NULL) {
		free(homed);
		free(table);
		return NULL;
	}
	atomic_init(&homed->table, table);
	return homed;
}

void
records_homed_free(struct records_homed *homed)
{
	struct table *table;

	if (homed == NULL) {
		return;
	}
	table = atomic_load(&homed->table);
	for (uint32_t i = 0; i <= table->mask; i++) {
		free(atomic_load(&table->slots[i]));
	}
	while (table != NULL) {
		struct table *older = table->older;

		free(table);
		table = older;
	}
	free(homed);
}

/* FNV-1a: prefixes are short, and only administrators choose them. */
static uint32_t
hash_of(struct bytes run)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < run.size; i++) {
		hash = (hash ^ run.at[i]) * 16777619u;
	}
	return hash;
}

/* The node, or NULL and the free slot where it belongs. */
static struct node *
table_find(struct table *table, struct bytes prefix, uint32_t hash, uint32_t *ret_slot)
{
	for (uint32_t slot = hash & table->mask;; slot = (slot + 1) & table->mask) {
		struct node *node = atomic_load_explicit(&table->slots[slot], memory_order_acquire);

		if (node == NULL ||
			(node->hash == hash && node->size == prefix.size &&
				memcmp(node->octets, prefix.at, prefix.size) == 0)) {
			*ret_slot = slot;
			return node;
		}
	}
}

static enum status
table_grow(struct records_homed *homed)
{
	struct table *older = atomic_load(&homed->table);
	struct table *table = table_new(2 * (older->mask + 1));

	if (table == NULL) {
		return STATUS_NO_MEMORY;
	}
	for (uint32_t i = 0; i <= older->mask; i++) {
		struct node *node = atomic_load(&older->slots[i]);
		uint32_t slot = node == NULL ? 0 : node->hash & table->mask;

		while (node != NULL && atomic_load(&table->slots[slot]) != NULL) {
			slot = (slot + 1) & table->mask;
		}
		if (node != NULL) {
			atomic_store(&table->slots[slot], node);
		}
	}
	table->older = older;
	atomic_store_explicit(&homed->table, table, memory_order_release);
	return STATUS_OK;
}

static enum status
node_add(struct records_homed *homed, struct bytes prefix, uint64_t value, uint32_t hash)
{
	struct table *table = atomic_load(&homed->table);
	enum status status = STATUS_OK;
	struct node *node;
	uint32_t slot;

	if (homed->node_count >= HOMED_PREFIX_COUNT_MAX || prefix.size > UINT16_MAX) {
		return STATUS_TOO_LARGE;
	}
	if (2 * (homed->node_count + 1) > table->mask) {
		status = table_grow(homed);
		table = atomic_load(&homed->table);
	}
	node = status == STATUS_OK ? malloc(sizeof(*node) + prefix.size) : NULL;
	if (node == NULL) {
		return STATUS_NO_MEMORY;
	}
	atomic_init(&node->place, value);
	node->hash = hash;
	node->size = (uint16_t)prefix.size;
	memcpy(node->octets, prefix.at, prefix.size);
	(void)table_find(table, prefix, hash, &slot);
	atomic_store_explicit(&table->slots[slot], node, memory_order_release);
	homed->node_count++;
	return STATUS_OK;
}

enum status
records_homed_put(
	struct records_homed *homed, struct bytes prefix_handle, uint64_t place, bool is_homed)
{
	uint32_t hash = hash_of(prefix_handle), slot;
	uint64_t value = place | (is_homed ? IS_HOMED : 0), before = 0;
	struct node *node = table_find(atomic_load(&homed->table), prefix_handle, hash, &slot);
	enum status status;

	if (node == NULL) {
		status = node_add(homed, prefix_handle, value, hash);
		if (status != STATUS_OK) {
			return status;
		}
	} else {
		before = atomic_exchange_explicit(&node->place, value, memory_order_release);
	}
	atomic_fetch_add(&homed->homed_count, (value & IS_HOMED) - (before & IS_HOMED));
	return STATUS_OK;
}

uint64_t
records_homed_find(
	const struct records_homed *homed, struct bytes prefix_handle, bool *ret_is_homed)
{
	struct table *table = atomic_load_explicit(&homed->table, memory_order_acquire);
	uint32_t slot;
	struct node *node = table_find(table, prefix_handle, hash_of(prefix_handle), &slot);
	uint64_t value =
		node == NULL ? 0 : atomic_load_explicit(&node->place, memory_order_acquire);

	*ret_is_homed = (value & IS_HOMED) != 0;
	return value & ~(uint64_t)IS_HOMED;
}

uint64_t
records_homed_count(const struct records_homed *homed)
{
	return atomic_load(&homed->homed_count);
}
