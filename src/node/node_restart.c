/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_restart.h"

#include "base/text_writer.h"

#include <stddef.h>
#include <string.h>

struct restart_row {
	const char *path;
	size_t offset;
	size_t size;
};

static const struct restart_row rows[] = {
#define X(path, member, ...) \
	{path, offsetof(struct settings, member), sizeof(((struct settings *)NULL)->member)},
#include "node/settings.def"
#undef X
};

/* A name, or all that begin with it when it ends in a dot. */
static const char *const taken_at_start[] = {"listen", "http", "http_client_certificates",
	"workers", "signer.threads", "challenge.", "session.", "mirror.", "cache.watch"};

static bool
is_taken_at_start(const char *path)
{
	for (size_t i = 0; i < sizeof(taken_at_start) / sizeof(taken_at_start[0]); i++) {
		size_t size = strlen(taken_at_start[i]);
		bool is_group = taken_at_start[i][size - 1] == '.';

		if (strncmp(path, taken_at_start[i], is_group ? size : size + 1) == 0) {
			return true;
		}
	}
	return false;
}

size_t
node_restart_names(const struct settings *started, const struct settings *read, char *ret_text,
	size_t capacity)
{
	struct text_writer writer = text_writer_over(ret_text, capacity - 1);
	size_t count = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* Both were read from a file over the same defaults: equal text, equal octets. */
		if (!is_taken_at_start(rows[i].path) ||
			memcmp((const char *)started + rows[i].offset,
				(const char *)read + rows[i].offset, rows[i].size) == 0) {
			continue;
		}
		text_write_string(&writer, count > 0 ? ", " : "");
		text_write_string(&writer, rows[i].path);
		count++;
	}
	ret_text[text_written(&writer).size] = '\0';
	return count;
}
