/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "message/request.h"
#include "records/records.h"

/*
 * Lists, page by page: handles of a prefix (105), derived prefixes (106, or 105 of
 * 0.NA/0.NA/X, as Handle.net has it), prefixes homed here (302).
 *
 *     authority_list_new(records, request, &list);
 *     do {
 *             status = authority_list_next(list, arena, &page);
 *             ... send page.count handles, with CONTINUOUS unless page.is_last
 *     } while (status == STATUS_OK && !page.is_last);
 *     authority_list_free(list);
 *
 * Each page looks the next LIST_HANDLE_COUNT_MAX up and lets go of everything but the last
 * name, so a list of ten million handles holds neither a worker nor memory nor a snapshot: the
 * front pulls a page when the last one has left. A list is no snapshot either: handles come in
 * the order of their keys, each that was there all the time exactly once.
 *
 * Pages read the ordered table, which follows the journal by up to a second, and touch the
 * journal: call authority_list_next() on a pool thread, and ledger_settle() before the first.
 * Rights are decided before (authority_may).
 */
struct authority_list;

/* INVALID when the request names no prefix handle, NO_MEMORY. Any thread. */
enum status authority_list_new(struct records *records, const struct request *request,
	struct authority_list **ret_list) MUST_CHECK;
void authority_list_free(struct authority_list *list); /* NULL is fine. */

struct authority_page {
	uint32_t count;
	struct bytes blobs; /* count x blob: response.names. In `arena`. */
	bool is_last;
};

/* CORRUPT, NO_MEMORY, SYSTEM from the table. */
enum status authority_list_next(struct authority_list *list, struct arena *arena,
	struct authority_page *ret_page) MUST_CHECK;
