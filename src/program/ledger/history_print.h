/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger_history.h"
#include "json/json_writer.h"

/* Entries of a handle's history, for people and as members of an open JSON object. */

/* "#12 2026-11-27T08:00:00Z 300:0.NA/88.100": number, time, who. */
void history_print_entry(const struct journal_entry *entry);

/* "sequence", "time", "timeMs", "actor". */
void history_write_entry(struct json_writer *writer, const struct journal_entry *entry);
void history_write_values(
	struct json_writer *writer, const char *name, const struct handle_value_list *list);

/* "create", "modify", "delete"; `before` NULL when there was no record. */
const char *history_action(const struct journal_entry *entry, const struct record *before);
