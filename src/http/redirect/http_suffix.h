/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_handles.h"

/*
 * Parts of what is registered (as ARK resolvers pass suffixes on): if 88.1/book is registered and
 * has a value of type PASS_SUFFIX, then 88.1/book/c3/s5.pdf leads to the URL of 88.1/book with
 * "/c3/s5.pdf" behind it. Parts begin with a slash or a point; the longest registered name counts,
 * and whoever wrote its record decides, for others have the right to be told that a name is wrong.
 */

/* For a name that is not registered. True: answered. */
bool http_suffix_take(struct http_request *request, struct bytes name);
