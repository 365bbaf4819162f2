/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_private.h"

#include "base/text_writer.h"

struct bytes
resolver_text(struct resolver_budget *budget, const struct bytes *parts, size_t count)
{
	char text[WALK_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));
	struct bytes copy;

	for (size_t i = 0; i < count; i++) {
		text_write_escaped(&writer, parts[i]);
	}
	copy = arena_copy(budget->arena, text_written(&writer));
	return copy.at == NULL ? (struct bytes){NULL, 0} : copy;
}
