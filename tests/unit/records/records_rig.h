/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "records/records.h"
#include "records/records_order.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Records over a journal, a table of places and a store of their own, without a ledger: in a
 * folder that records_rig_end() removes. Between close and open the folder is what a stop leaves.
 */
struct records_rig {
	char directory[64];
	struct journal *journal;
	struct places *places;
	struct store *store;
	struct records *records;
};

static inline void
records_rig_open(struct records_rig *rig)
{
	struct problem problem;
	char path[96];
	bool is_new;
	uint64_t position;

	snprintf(path, sizeof(path), "%s/places", rig->directory);
	assert_int_equal(places_open(path, true, &rig->places, &is_new, &problem), STATUS_OK);
	snprintf(path, sizeof(path), "%s/ordered.mdb", rig->directory);
	assert_int_equal(store_open(path, true, &rig->store, &problem), STATUS_OK);
	assert_int_equal(records_order_position_read(rig->store, &position, &problem), STATUS_OK);
	assert_int_equal(journal_open_as(rig->directory,
				 &(struct journal_opening){.is_writable = true,
					 .known_place = position,
					 .segment_size = 1 << 20},
				 &rig->journal, &problem),
		STATUS_OK);
	if (records_open(rig->journal, rig->places, rig->store, &rig->records, &problem) !=
		STATUS_OK) {
		fail_msg("%s", problem.text);
	}
}

static inline void
records_rig_close(struct records_rig *rig)
{
	records_close(rig->records);
	store_close(rig->store);
	places_close(rig->places);
	journal_close(rig->journal);
}

static inline void
records_rig_begin(struct records_rig *rig)
{
	snprintf(rig->directory, sizeof(rig->directory), "/dev/shm/records_test.XXXXXX");
	assert_non_null(mkdtemp(rig->directory));
	records_rig_open(rig);
}

static inline void
records_rig_end(struct records_rig *rig)
{
	char command[96];

	records_rig_close(rig);
	snprintf(command, sizeof(command), "rm -rf %s", rig->directory);
	assert_int_equal(system(command), 0);
}
