/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access_rights.h"
#include "authority/authority.h"

/*
 * What the files of the authority share: the worker's view of the records, and the difference
 * that a change makes, computed alike before anybody proved anything and within the commit.
 */
/*
 * A record without HS_NAMESPACE, as prefixes mostly have: every redirect asks for those of its
 * prefix and of all above. An entry of the journal never changes, so what was read at a place holds
 * as long as the name leads there, and that is looked up each time.
 */
enum { AUTHORITY_PLAIN_COUNT = 64, AUTHORITY_PLAIN_KEY_SIZE_MAX = 46 };
struct authority_plain {
	uint64_t place; /* 0: nothing is remembered. */
	uint16_t key_size;
	uint8_t key[AUTHORITY_PLAIN_KEY_SIZE_MAX]; /* Longer ones are read each time. */
};

struct authority {
	struct records_reader *reader;
	struct authority_share share;
	struct authority_templates templates;
	struct access_remote *remote; /* NULL: nothing is known of records elsewhere. */
	uint8_t prefix[HANDLE_KEY_SIZE_MAX]; /* Of the name being asked for. */
	struct authority_plain plain[AUTHORITY_PLAIN_COUNT];
};

/* True if this server of the site is the one for `name`. */
bool authority_share_holds(const struct authority_share *share, struct bytes name);

/* REFERRED with values of a prefix above `key` that say who answers; NOT_FOUND if none does. */
enum status authority_refer(struct authority *authority, struct bytes key, struct arena *arena,
	struct authority_answer *ret_answer) MUST_CHECK;

/* The record that a template makes for a handle that is not there. `key` is its folded name.
 * NOT_FOUND: there is no template for it, or it says so; TIMED_OUT: it takes more work than it may;
 * NO_MEMORY, CORRUPT. */
enum status authority_compute(struct authority *authority, struct bytes name, struct bytes key,
	struct arena *arena, struct record *ret_record) MUST_CHECK;

/* A change of one record: what is asked, and what is there. */
struct authority_difference {
	const struct request *request;
	const struct record *before; /* NULL: there is none. */
	uint32_t now_s;
};

enum { AUTHORITY_TEXT_SIZE_MAX = 64 };

struct authority_verdict {
	uint32_t effects; /* enum access_effect */
	bool replaces; /* CREATE_HANDLE of a record that exists. */
	struct bytes text; /* When refused: static, or in `octets`. */
	char octets[AUTHORITY_TEXT_SIZE_MAX];
};

/* What the change does, or why it cannot be: NOT_FOUND, EXISTS, VALUE_NOT_FOUND, VALUE_EXISTS,
 * DENIED (a value that may not be written), in the order of Handle.net 9 (18.5). */
enum status authority_difference_judge(const struct authority_difference *difference,
	struct authority_verdict *ret_verdict) MUST_CHECK;

/* Writes the values after a change that was judged OK; the writer has room for those before
 * and those of the request. INVALID_VALUE when they are too many or too large. */
enum status authority_difference_write(const struct authority_difference *difference,
	struct wire_writer *writer, struct handle_value_list *ret_values) MUST_CHECK;

/* Indexes unique and positive, record within its limits: INVALID_VALUE, VALUE_EXISTS. */
enum status authority_values_check(
	const struct handle_value_list *values, struct authority_verdict *ret_verdict) MUST_CHECK;

/* The flags of a request. */
static inline bool
authority_is_asked(const struct request *request, uint32_t flag)
{
	return (request->message.header.flags & flag) != 0;
}
