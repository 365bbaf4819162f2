/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "records/records.h"

/*
 * An index of values: which handles of a prefix have a value of a type, in the order of the values.
 * Only types that the settings name are in it, and of these only values that everybody may read.
 *
 *     view/search.mdb     prefix, type, value, handle -> place of the record's entry
 *
 * It is made from the journal alone and follows it by itself, some entries at a time, behind the
 * ordered table. So it can be thrown away; with other types it is made anew. It only says where to
 * look: whether the record still is that one, and has that value, the record is asked. What a
 * value's record was before retention took it may leave a row that leads nowhere; it is passed over.
 *
 * A row's key is the folded prefix, the number of the type, the first octets of the value and a
 * digest of the handle. Prefixes that are too long for that are a digest themselves.
 */
struct records_search;

enum {
	SEARCH_TYPE_COUNT_MAX = 16,
	SEARCH_TYPE_SIZE_MAX = 64,
	SEARCH_KEY_SIZE_MAX = 480,
};

struct records_search_types {
	size_t count;
	struct bytes items[SEARCH_TYPE_COUNT_MAX];
};

/* Opens the index at `path`, or makes it: also anew when it is damaged or has other types. The
 * journal outlives it. */
enum status records_search_open(const char *path, struct journal *journal,
	const struct records_search_types *types, struct records_search **ret_search,
	struct problem *problem) MUST_CHECK;
void records_search_close(struct records_search *search); /* NULL is fine. */

/* Follows the journal by `count_max` entries at the most. One thread. */
enum status records_search_step(struct records_search *search, uint64_t count_max,
	bool *ret_is_complete, struct problem *problem) MUST_CHECK;
/* The last entry that the index knows. */
uint64_t records_search_sequence(const struct records_search *search);

struct records_search_question {
	struct bytes prefix; /* Without 0.NA/. */
	struct bytes type;
	struct bytes value;
	bool has_value; /* Otherwise all of the type. */
	bool is_beginning; /* The value begins so. */
	struct bytes behind; /* A key that an earlier answer gave; empty: from the first. */
	size_t look_max; /* Rows that are looked at. */
};

/* Called for each record that is found; false ends the search before it. Its runs live as long as
 * the reader is entered. */
typedef bool records_search_found(void *context, const struct record *record,
	const struct handle_value *value, struct bytes key);

/* NOT_FOUND: the type is not in the index. `ret_key` is where to go on, empty at the end. Any
 * thread, with a reader of its own that is entered. */
struct records_search_key {
	size_t size;
	uint8_t octets[SEARCH_KEY_SIZE_MAX];
};
enum status records_search_find(struct records_search *search, struct records_reader *reader,
	const struct records_search_question *question, records_search_found *found, void *context,
	struct records_search_key *ret_key) MUST_CHECK;
