/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"
#include "ledger/ledger.h"

/*
 * What the records of mappings would be if an import were carried out: those that it would have
 * changed so far are kept here, the others are read from the ledger. So a trial finds what stands
 * against what is there and what rows of one file have against each other.
 *
 * All in memory: NO_MEMORY beyond MAPPING_TRIAL_SIZE_MAX.
 */
struct mapping_trial;

struct mapping_trial *mapping_trial_new(struct ledger *ledger); /* NULL if memory is short. */
void mapping_trial_free(struct mapping_trial *trial); /* NULL is fine. */

/* The values that the record has by now; false: there is no such record. They stay until the trial
 * is told of that record, or ends. */
bool mapping_trial_find(
	struct mapping_trial *trial, struct bytes name, struct handle_value_list *ret_values);
enum status mapping_trial_keep(struct mapping_trial *trial, struct bytes name,
	const struct handle_value_list *values) MUST_CHECK;
