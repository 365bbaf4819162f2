/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "records/records.h"
#include "records/records_homed.h"
#include "records/records_order.h"

#include <stdatomic.h>

struct records {
	struct journal *journal;
	struct places *places;
	struct store *store;
	struct records_homed *homed;
	_Atomic uint64_t order_position;
	struct records_sort *sort; /* The applier's room for one batch. */
};

struct records_reader {
	struct records *records;
	struct places_reader *places;
};

/* Reads what the ordered table says of itself and of the prefixes. */
enum status records_order_load(struct records *records, struct problem *problem) MUST_CHECK;
