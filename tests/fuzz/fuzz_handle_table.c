/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "handle/handle_table.h"

#include <string.h>

/* A table is decoded whole or refused with its line; the tree that comes out can be walked by
 * its links alone, and holds no more than its limits. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct arena *arena = arena_new(4096, 4 * 1048576);
	const struct handle_table *table = NULL;
	struct problem problem = {.text = ""};
	enum status status;

	FUZZ_CHECK(arena != NULL);
	status = handle_table_decode(
		bytes_over(octets, size), "config.dct", arena, &table, &problem);
	if (status == STATUS_OK) {
		const struct handle_table *item = table;
		size_t count = 0, depth = 1;

		FUZZ_CHECK(table->kind == HANDLE_TABLE_OBJECT);
		while (item != NULL) {
			FUZZ_CHECK(++count <= HANDLE_TABLE_ITEM_COUNT_MAX + 1);
			FUZZ_CHECK(item->line >= 1 && item->text.size <= size);
			if (item->first != NULL) {
				FUZZ_CHECK(item->kind != HANDLE_TABLE_TEXT);
				item = item->first;
				FUZZ_CHECK(++depth <= HANDLE_TABLE_DEPTH_MAX + 1);
				continue;
			}
			while (item != NULL && item->next == NULL) {
				item = item->parent;
				depth--;
			}
			item = item == NULL ? NULL : item->next;
		}
	} else {
		FUZZ_CHECK(table == NULL);
		FUZZ_CHECK(strncmp(problem.text, "config.dct:", 11) == 0);
	}
	arena_free(arena);
	return 0;
}
