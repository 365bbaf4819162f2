/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_theme.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "node/node.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is being read, and where. */
struct reading {
	struct http_themes *themes;
	struct problem *problem;
	uint8_t *octets; /* Of one file. */
	const char *host;
	char path[NODE_PATH_SIZE_MAX];
};

typedef enum status entry_found(struct reading *reading, const char *name);

/* Each entry of the folder at `path` but hidden ones. A folder that is not there has none. */
static enum status
folder_walk(struct reading *reading, entry_found *found)
{
	size_t size = strlen(reading->path);
	enum status status = STATUS_OK;
	struct dirent *entry;
	DIR *directory = opendir(reading->path);

	if (directory == NULL) {
		return errno == ENOENT
			? STATUS_OK
			: problem_system(reading->problem, "cannot read %s", reading->path);
	}
	while (status == STATUS_OK && (entry = readdir(directory)) != NULL) {
		struct text_writer writer =
			text_writer_over(reading->path + size, sizeof(reading->path) - size);

		text_write_char(&writer, '/');
		text_write_string(&writer, entry->d_name);
		text_write_char(&writer, '\0');
		if (entry->d_name[0] == '.') {
			continue;
		}
		if (text_writer_end(&writer) != STATUS_OK) {
			status = problem_set(reading->problem, STATUS_TOO_LARGE,
				"the path of %s is too long", entry->d_name);
		} else {
			status = found(reading, entry->d_name);
		}
	}
	reading->path[size] = '\0';
	closedir(directory);
	return status;
}

static enum status
file_take(struct reading *reading, const char *name)
{
	size_t size = 0;
	enum status status = file_read(
		reading->path, HTTP_THEME_FILE_SIZE_MAX, reading->octets, &size, reading->problem);

	return status != STATUS_OK
		? status
		: http_themes_add(reading->themes, bytes_from_string(reading->host),
			  bytes_from_string(name), bytes_over(reading->octets, size),
			  reading->problem);
}

static enum status
host_take(struct reading *reading, const char *name)
{
	char host[256];
	struct text_writer writer = text_writer_over(host, sizeof(host));

	text_write_string(&writer, name);
	text_write_char(&writer, '\0');
	if (text_writer_end(&writer) != STATUS_OK) {
		return problem_set(
			reading->problem, STATUS_TOO_LARGE, "%s is no name of a host", name);
	}
	reading->host = host;
	return folder_walk(reading, file_take);
}

enum status
node_theme_read(const char *directory, struct http_themes **ret_themes, struct problem *problem)
{
	struct reading reading = {.themes = http_themes_new(),
		.problem = problem,
		.octets = malloc(HTTP_THEME_FILE_SIZE_MAX + 1)};
	enum status status;

	if (reading.themes == NULL || reading.octets == NULL) {
		status = problem_system(problem, "cannot hold the pages");
	} else {
		status = node_path(directory, "theme", reading.path, problem);
	}
	if (status == STATUS_OK) {
		status = folder_walk(&reading, host_take);
	}
	if (status == STATUS_OK) {
		status = http_themes_end(reading.themes, problem);
	}
	free(reading.octets);
	if (status != STATUS_OK) {
		http_themes_free(reading.themes);
		return status;
	}
	*ret_themes = reading.themes;
	return STATUS_OK;
}
