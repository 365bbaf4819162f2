/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/text_writer.h"

/*
 * Addresses that a browser is sent to, which whoever wrote a record chose (T-10, T-11).
 *
 * Only http, https and ftp, with a host that is a name or an address in full: no user in front of it
 * that could pass for the host, no backslash, nothing that a browser would mend into another address
 * (markup_url.h). Hosts beyond ASCII are written as A-labels. What stands behind the host is
 * percent-encoded where it must be, so that the result is printable ASCII without blanks or quotes
 * and may stand in a header. Escapes that are there already stay.
 */
bool http_url_is_safe(struct bytes url);

/* A safe URL, and what a client wants to have appended to it: that can change path, query and
 * fragment, and never the host. */
void http_url_write(struct text_writer *writer, struct bytes url, struct bytes append);

/* One handle as a part of a path: what may stand there stays, and slashes do. */
void http_path_write(struct text_writer *writer, struct bytes name);
/* A query as it came, made harmless: what is encoded stays, what must be is. */
void http_query_write(struct text_writer *writer, struct bytes query);
