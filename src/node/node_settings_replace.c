/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_settings.h"

#include "base/text_writer.h"

#include <stdio.h>
#include <unistd.h>

enum status
settings_replace(
	const char *path, const struct settings *settings, bool is_chinese, struct problem *problem)
{
	char fresh[SETTINGS_PATH_SIZE_MAX * 2];
	struct text_writer writer = text_writer_over(fresh, sizeof(fresh));
	enum status status;

	text_write_string(&writer, path);
	text_write_string(&writer, ".new");
	text_write_char(&writer, '\0');
	status = text_writer_end(&writer);
	if (status != STATUS_OK) {
		return problem_set(problem, status, "%s: the path is too long", path);
	}
	unlink(fresh);
	status = settings_write(fresh, settings, is_chinese, problem);
	if (status == STATUS_OK && rename(fresh, path) != 0) {
		status = problem_system(problem, "cannot replace %s", path);
	}
	return status;
}
