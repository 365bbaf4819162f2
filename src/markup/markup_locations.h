/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/text_writer.h"
#include "markup/markup_tree.h"

/*
 * Values of type 10320/loc: several places that one identifier leads to, and how to choose among
 * them (http-api, 12).
 *
 *     <locations chooseby="locatt,country,weighted" include="88.100/common">
 *       <location href="https://example.org/en" country="gb" weight="0"/>
 *       <location href_template="https://example.cn/{hdl}" country="cn" weight="1"/>
 *     </locations>
 *
 * What is written must be right (markup_locations_check()); what is read need only be XML, for it
 * may have been written elsewhere.
 */

/* A decimal number as millionths: at most twelve characters; `otherwise` for what is none. */
int64_t markup_decimal(struct bytes text, int64_t otherwise);

/* True for an element that is a place. */
bool markup_is_location(const struct markup_element *element);

/* Fills {hdl} (all but letters, digits and -._~ encoded) and {hdl:path} (slashes stay) in. */
void markup_fill(struct text_writer *writer, struct bytes template, struct bytes handle);

/* The next word of a list with commas or blanks between. */
bool markup_word_next(struct bytes *list, struct bytes *ret_word);

/* OK, or what is wrong and where: weights and scores that are no numbers, statuses that are no
 * redirects, addresses that nobody may be sent to, networks that are none, unusable includes. */
enum status markup_locations_check(
	const struct markup_element *root, struct problem *problem) MUST_CHECK;
