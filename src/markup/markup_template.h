/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "handle/handle_value.h"
#include "markup/markup_namespace.h"

/*
 * Template handles (handle-protocol, 18.4): identifiers that are not registered one by one. What is
 * behind the delimiter is the extension, what is before it a registered handle, and a template of
 * the prefix computes the values from both.
 *
 *     <template delimiter="@">
 *       <foreach>
 *         <if value="type" test="equals" expression="URL">
 *           <if value="extension" test="matches" expression="page(\d+)" parameter="p">
 *             <value data="${data}?page=${p[1]}"/>
 *           </if>
 *           <else><notfound/></else>
 *         </if>
 *         <else><value/></else>
 *       </foreach>
 *     </template>
 *
 *     value     a value: index, type, data (or what stands in it); within <foreach> what it does not
 *               say is that of the value at hand
 *     foreach   what is in it, for each value of the base
 *     if, else  test="equals" or "matches" of value="extension" (handle, base, index, type, data, a
 *               parameter) with expression; negate="true"; parameter names what matched
 *     def       parameter is the data of the first value in it
 *     notfound  there is no such handle
 *
 * ${name} is a variable, ${name[2]} the second group of what it matched, $2 that of the extension;
 * a backslash takes the next character as it is. Where the data is XML, what is filled in is
 * escaped.
 *
 * Values that only some may read keep their permissions. Secrets (HS_SECKEY) take no part.
 *
 * The template was written by whoever has the prefix and the extension by whoever asks: steps,
 * matches, results and time are limited, and nothing here calls itself.
 */

/* The data of the value that ref="INDEX:HANDLE" names; NOT_FOUND. */
typedef enum status markup_template_fetch(
	void *context, struct bytes handle, uint32_t index, struct bytes *ret_data);

struct markup_template {
	struct bytes handle, base, extension;
	const struct handle_value_list *values; /* Of the base. */
	/* Nearest first: the first that has a template counts. */
	const struct markup_element *namespaces[MARKUP_NAMESPACE_COUNT_MAX];
	size_t namespace_count;
	markup_template_fetch *fetch;
	void *context;
};

/* Values of the handle, in the order of their indexes, in `arena`. Without a template those of the
 * base. NOT_FOUND: the template says so; TOO_LARGE: it takes more work, or makes a larger record,
 * than it may; INVALID_VALUE: an expression of it cannot be; NO_MEMORY. */
enum status markup_template_build(const struct markup_template *template, struct arena *arena,
	struct handle_value_list *ret_values) MUST_CHECK;

/* The first `delimiter` behind the first slash: what is before and behind it. */
bool markup_template_split(struct bytes handle, struct bytes delimiter, struct bytes *ret_base,
	struct bytes *ret_extension);
