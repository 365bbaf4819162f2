/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "records/records.h"

/*
 * The ordered table: every handle in key order, and every prefix ever homed. The ledger's
 * applier thread brings it up behind the journal, in batches sorted by key, so that a page
 * is written once for all the keys in it.
 *
 * A table key is the folded handle; one longer than LMDB's keys is its first octets and the
 * SHA-256 of the whole. A value is the place of the key's newest entry (8 octets, as the
 * machine has them); a deleted handle has none. A prefix that is homed has the lowest bit of
 * its place set, one that was given up has not.
 *
 * The meta table holds the layout's version and the journal place up to which the other two
 * are complete. The place moves with the last transaction of a batch; what a batch had
 * already written before a crash is simply written again.
 */
enum { RECORDS_LAYOUT_VERSION = 1, RECORDS_ORDER_BATCH_COUNT_MAX = 1 << 18 };

/* Journal place up to which the ordered table is complete; 0 when it is new. */
uint64_t records_order_position(const struct records *records);

/* The same before there are records: how far the journal need not be checked again. */
enum status records_order_position_read(
	struct store *store, uint64_t *ret_position, struct problem *problem) MUST_CHECK;

/* Applies up to RECORDS_ORDER_BATCH_COUNT_MAX changes, in journal order; `position` is the
 * place behind the last. */
enum status records_order_apply(struct records *records, const struct records_change *changes,
	size_t count, uint64_t position, struct problem *problem) MUST_CHECK;

/* All handles from `from` (folded, as far as it goes) on, as the table knew them when the
 * cursor was opened. */
struct records_cursor;
enum status records_cursor_open(
	struct records *records, struct bytes from, struct records_cursor **ret_cursor) MUST_CHECK;
/* The same from the handle behind `key` on, which is whole and folded and need not exist. Lists
 * that go on later begin here: no snapshot need be kept between two pages. */
enum status records_cursor_open_behind(
	struct records *records, struct bytes key, struct records_cursor **ret_cursor) MUST_CHECK;
/* Homed prefixes behind `key`; all for an empty one. */
enum status records_cursor_open_prefixes(
	struct records *records, struct bytes key, struct records_cursor **ret_cursor) MUST_CHECK;
bool records_cursor_next_prefix(struct records_cursor *cursor, struct bytes *ret_prefix_handle);

/* False at the end and at a fault: ask records_cursor_status(). The runs live as long as the
 * records do. */
bool records_cursor_next(
	struct records_cursor *cursor, struct bytes *ret_key, struct record *ret_record);
enum status records_cursor_status(const struct records_cursor *cursor) MUST_CHECK;
void records_cursor_close(struct records_cursor *cursor);

/* Place of the entry that the ordered table has for a prefix; 0 if none. For proofs. */
enum status records_order_prefix(struct store_snapshot *snapshot, struct bytes prefix_handle,
	uint64_t *ret_place, bool *ret_is_homed) MUST_CHECK;

/* The table key of a folded handle, in `ret_octets` if it had to be shortened. */
struct bytes records_order_key(struct bytes key, uint8_t ret_octets[STORE_KEY_SIZE_MAX]);
