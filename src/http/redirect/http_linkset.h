/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_handles.h"
#include "http/redirect/http_links.h"

/*
 * Linksets (RFC 9264): all that an identifier leads to, for programs; and the choice of one link by
 * its relation (linkType), language, kind and context, as GS1-conformant resolvers make it.
 *
 * An identifier may have levels: this item, its lot, its kind of item. Each has its own links, and
 * what the first level does not have is looked for in the next.
 */
struct http_level {
	struct bytes anchor; /* What is identified: its address here, ready to be a link. */
	const struct http_links *links;
	struct bytes handle; /* Whose links they are. */
};

struct http_levels {
	size_t count;
	const struct http_level *items; /* The most exact first. */
	uint32_t age_s; /* How long an answer from them may be kept. */
};

/* The address of a path at this node, whose octets are encoded already. Empty: memory is short. */
struct bytes http_address_write(
	struct http_request *request, const char *front, struct bytes encoded_path);
/* The same for a handle. */
struct bytes http_handle_address(struct http_request *request, struct bytes handle);

/* What answers in front of a redirect do: a linkset if one was asked for, a link of the `linkType`
 * that was asked for. False: neither was, and nothing is answered. */
bool http_levels_take(struct http_request *request, const struct http_levels *levels);
/* Leads to the default link; false: there is none. */
bool http_levels_lead(struct http_request *request, const struct http_levels *levels);

/* The header Link of all answers about the first level: where its linkset is, its record as JSON
 * (empty: none), and those of its links whose relation the record says. What does not fit into
 * HTTP_LINK_HEADER_SIZE_MAX is left out, whole links only. */
void http_linkset_announce(
	struct http_request *request, const struct http_level *level, struct bytes json_address);

/* The same for a record: true if it was answered. Records that were withdrawn (a value TOMBSTONE)
 * are Gone, `info` shows the values. */
bool http_linkset_take(struct http_request *request, const struct http_resolved *resolved);

/* A value of type TOMBSTONE: what was here is withdrawn for good; its data says why. */
bool http_tombstone_find(const struct handle_value_list *values, struct bytes *ret_reason);
