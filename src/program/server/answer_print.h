/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "message/response.h"

#include <stdio.h>

/*
 * What a server answered, as one line of JSON: the members that the web face has
 * (docs/http.md), and in front of them where in a file it was asked, if it was.
 *
 *     struct answer_shown shown = answer_shown_of(&response, handle);
 *     status = answer_print_json(stdout, &shown);
 *
 * An answer as large as a message can be is printed whole. Secret keys are left out: no
 * server should tell one; if it does, not here.
 */
struct answer_shown {
	uint64_t line; /* 0: not told. */
	const char *operation; /* NULL: not told. */
	uint32_t code;
	struct bytes handle;
	struct bytes message; /* Empty: none. */
	const struct handle_value_list *values; /* NULL: none. */
	const char *refusal; /* NULL: none. What stderr says, as the member "error" (failure.h). */
};

/* Points into `response` and `handle`; of a handle that was made, the name is the answer's. */
struct answer_shown answer_shown_of(const struct response *response, struct bytes handle);

/* TOO_LARGE, NO_MEMORY, SYSTEM: as json_print(). */
enum status answer_print_json(FILE *file, const struct answer_shown *shown) MUST_CHECK;
