/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_value.h"
#include "http/redirect/http_destination.h"
#include "json/json_writer.h"

/*
 * What a record leads to, as typed links (RFC 8288): one list for linksets, for headers and for
 * GS1's choice among links.
 *
 *     value                        relation
 *     URL                          describedby: a page about what is identified
 *     URL.gs1:pip                  what stands behind the point, if it has a colon; else describedby
 *     <location> of a 10320/loc    its `rel`, else describedby
 *     HS_ALIAS                     canonical (the owner of the list adds it)
 *
 * Of a location, `hreflang`, `type` (or `ctype`), `media` and `title` say what is there, `country`
 * and `context` for whom it is. One link is the default: that whose relation is gs1:defaultLink, else
 * the first location with a weight, else the first URL, else whatever comes first.
 *
 * Only addresses that anybody may be sent to become links, and only what can stand in a header: all
 * members are printable ASCII but `title`, which is UTF-8 without controls. All lies in the arena.
 */
#define HTTP_RELATION_GS1	    "https://ref.gs1.org/voc/"
#define HTTP_RELATION_DEFAULT	    HTTP_RELATION_GS1 "defaultLink"
#define HTTP_RELATION_DEFAULT_MULTI HTTP_RELATION_GS1 "defaultLinkMulti"
#define HTTP_RELATION_SAME	    "http://www.w3.org/2002/07/owl#sameAs"

struct http_link {
	struct bytes relation; /* A registered name, or a URI. */
	struct bytes target;
	struct bytes title;
	struct bytes type;
	struct bytes media;
	struct bytes languages; /* With commas or blanks between. */
	struct bytes contexts; /* The same. */
	bool keeps_query; /* That of the request goes with it. */
	bool is_stated; /* Its relation was said by whoever wrote the record. */
};

struct http_links {
	size_t count;
	size_t default_number; /* Beyond `count`: there is none. */
	bool is_cut; /* There are more than HTTP_LINK_COUNT_MAX. */
	struct http_link items[HTTP_LINK_COUNT_MAX];
};

/* All links of a record, but for those to hosts beyond `destinations` (NULL: wherever they lead);
 * NO_MEMORY. What cannot be read is passed over. */
enum status http_links_make(struct bytes handle, const struct handle_value_list *values,
	const struct http_destinations *destinations, struct arena *arena,
	struct http_links *ret_links) MUST_CHECK;

/* One more; the target must be made harmless before. */
void http_links_add(struct http_links *links, const struct http_link *link);

/* The relation that a short form stands for: "gs1:pip" is "https://ref.gs1.org/voc/pip", as is each
 * of the addresses that GS1 had for it. Empty: it is none. */
struct bytes http_relation_expand(struct bytes text, struct arena *arena);

/* The next word of `languages` or `contexts`. */
bool http_link_word_next(struct bytes *list, struct bytes *ret_word);

/* What the one who asks would have. */
struct http_link_wish {
	struct bytes relation;
	struct bytes context; /* Empty: any. */
	const char *languages; /* Accept-Language; NULL: any. */
	const char *types; /* Accept; NULL: any. */
};

struct http_link_choice {
	const struct http_link *link; /* NULL: there is none of this relation. */
	bool is_met; /* It was chosen for what it says, and not because nothing fits better. */
	size_t equal_count; /* Of links that say the same as it, with it. */
};
struct http_link_choice http_links_choose(
	const struct http_links *links, const struct http_link_wish *wish);
/* Whether both say the same of themselves, but for where they lead. */
bool http_link_is_like(const struct http_link *one, const struct http_link *other);

/*
 * How links are written (http_links_write.c).
 */

/* One object of a linkset (RFC 9264, 4.2): a member for each relation, in the order in which they
 * first come. `like` (NULL: all) lets only its equals through. */
void http_links_write_json(struct json_writer *writer, struct bytes anchor,
	const struct http_links *links, const struct http_link *like);

/* One link of a header Link (RFC 8288, 3), behind those that are there: all of it or nothing. */
void http_link_write_header(struct text_writer *writer, const struct http_link *link);

/* Where the link leads for a request with this query, which goes with it as it came (GS1-Conformant
 * Resolver 1.2): before the fragment, behind what the target asks for itself. */
void http_link_write_location(
	struct text_writer *writer, const struct http_link *link, struct bytes query);
