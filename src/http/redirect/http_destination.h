/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "base/text_writer.h"

/*
 * Which hosts the identifiers of a prefix may lead to, as the operator says (T-10). Whoever may
 * write one record of a prefix could otherwise lend its good name to any address of the web.
 *
 *     88.995 example.org       of 88.995, and of prefixes derived from it (88.995.1)
 *     88.995 *.example.cn      every name below example.cn, and not that itself
 *     * example.com            of all prefixes that have no line
 *
 * Of a handle those lines count whose prefix is the longest that fits. Without any, it may lead
 * anywhere. A host is a name or an address, and its port does not matter.
 */
struct http_destination {
	struct bytes prefix;
	struct bytes host; /* As it is written into addresses. */
};

struct http_destinations {
	size_t count;
	struct http_destination items[HTTP_DESTINATION_COUNT_MAX];
};

/* Writes such a line as it is kept: one blank, and the host as its A-labels. INVALID for what is
 * none; NO_SPACE. */
enum status http_destination_write(struct text_writer *writer, struct bytes line) MUST_CHECK;

/* What was written so. */
struct http_destination http_destination_over(struct bytes line);

/* `url` is safe (http_url.h). */
bool http_destinations_allow(
	const struct http_destinations *destinations, struct bytes handle, struct bytes url);
