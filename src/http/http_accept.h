/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

/*
 * What a client would rather have (RFC 9110, 12.5): its headers Accept and Accept-Language,
 * weighed for one thing that could be sent. Weights are thousandths, 0 to 1000; a header that is
 * not there (NULL) takes everything alike.
 */

/* For a media type like "text/html": the most exact of the ranges that hold counts. */
unsigned int http_accept_type(const char *header, struct bytes type);

/* True if the header names this very type, and with a weight. */
bool http_accept_names(const char *header, struct bytes type);

/* For a language like "zh-CN": a range holds for all that begins with it, and one that is more
 * exact than the language counts, too, though less (RFC 4647, 3.3.1 and 3.4). */
unsigned int http_accept_language(const char *header, struct bytes tag);
