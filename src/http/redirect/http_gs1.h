/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "code/code.h"
#include "http/http_worker.h"

/*
 * GS1 Digital Links: /01/{gtin}/10/{lot}/21/{serial} and the like, as a GS1-conformant resolver
 * answers them (GS1-Conformant Resolver 1.2).
 *
 * A code is what src/code says it is; the mappings below `codes.prefix` say which identifier it
 * means, and the record of that says where it leads. What is not known of an item is looked for at
 * its lot, then at its kind of item. A node without that prefix has no such paths.
 */

/* Whether a path, as it came, begins with the application identifier of a key. */
bool http_gs1_is_path(struct bytes path);

/* True: answered. False: this is no resolver of GS1, or an identifier of ours has that name. */
bool http_gs1_take(struct http_request *request);

/* A key and its qualifiers: /01/../22/../10/../21/.. */
enum { HTTP_GS1_LEVEL_COUNT_MAX = 4 };

/* The code that a path is; NULL: none at all. It may be one that is not valid, and says why. `room`
 * and `ret_result` are kept for as long as it is used. */
const struct code_candidate *http_gs1_read(
	struct bytes path, char room[CODE_SIZE_MAX], struct code_result *ret_result);

/* Answers with what is wrong with it. */
void http_gs1_refuse(struct http_request *request, const struct code_candidate *candidate);

/* The levels of a normal form, from all of it to the key alone. */
size_t http_gs1_split(struct bytes normal, struct bytes ret_levels[HTTP_GS1_LEVEL_COUNT_MAX]);
