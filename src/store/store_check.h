/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "store/store.h"

/*
 * The layout of an LMDB 0.9 data file (data version 1), as far as the check reads it.
 *
 * Pages 0 and 1 are meta pages, written in turn; the one with the higher transaction
 * number rules. Each other page starts with a head of 16 octets: its own number (8), pad
 * (2), flags (2), then either the bounds of its free middle (2 + 2) or, on the first page
 * of an overflow run, the count of pages (4). Branch and leaf pages go on with an array of
 * 2-octet node offsets; nodes fill the page from its end without a gap:
 *
 *     u16 low, u16 high, u16 flags, u16 key size, key, data (padded to an even size)
 *
 * In a leaf low and high are the data's size; in a branch low, high and flags are the
 * child's page number. All numbers are the machine's own (little-endian here).
 */
enum {
	STORE_PAGE_SIZE_MIN = 4096,
	STORE_PAGE_SIZE_MAX = 32768,
	STORE_PAGE_HEAD_SIZE = 16,
	STORE_NODE_HEAD_SIZE = 8,
	STORE_TREE_SIZE = 48,
	STORE_TREE_DEPTH_MAX = 24,
	/* A transaction that drops pages it has just taken from the file's end leaves them
	 * unwritten: the file may be shorter than its last page number says, but not by more
	 * than one transaction can take. */
	STORE_UNWRITTEN_PAGE_COUNT_MAX = 1 << 20
};
