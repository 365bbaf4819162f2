/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_site.h"

#include "base/file.h"
#include "handle/handle_json.h"
#include "node/node.h"

#include <errno.h>
#include <unistd.h>

enum { SITE_MEMORY_MAX = 16 * SITE_FILE_SIZE_MAX };

struct site_file {
	char path[NODE_PATH_SIZE_MAX];
	struct arena *arena;
	struct handle_site site; /* Views into the arena. */
};

static enum status
path_find(const char *directory, struct site_file *file, struct problem *problem)
{
	struct settings settings;
	enum status status = node_path(directory, "houji.yaml", file->path, problem);

	if (status == STATUS_OK && access(file->path, F_OK) != 0 && errno == ENOENT) {
		status = problem_set(problem, STATUS_NOT_FOUND, "%s: there is none", file->path);
	}
	if (status == STATUS_OK) {
		status = settings_read(file->path, &settings, problem);
	}
	return status == STATUS_OK ? node_path(directory, settings.site.text, file->path, problem)
				   : status;
}

static enum status
site_parse(struct site_file *file, struct problem *problem)
{
	uint8_t *text = arena_alloc(file->arena, SITE_FILE_SIZE_MAX + 1);
	struct json_reader reader;
	size_t size;
	enum status status = text == NULL
		? problem_set(problem, STATUS_NO_MEMORY, "cannot read %s", file->path)
		: file_read(file->path, SITE_FILE_SIZE_MAX, text, &size, problem);

	if (status != STATUS_OK) {
		return status;
	}
	reader = json_reader_over(bytes_over(text, size), file->arena);
	status = handle_site_read_json(&reader, &file->site, problem);
	if (status == STATUS_OK) {
		status = json_reader_end(&reader);
	}
	return status == STATUS_OK
		? status
		: problem_set(problem, STATUS_MALFORMED, "%s: not a site record", file->path);
}

/* The arena is the caller's to free in every case. */
static enum status
site_open(const char *directory, struct site_file *ret_file, struct problem *problem)
{
	enum status status;

	ret_file->arena = arena_new(2 * SITE_FILE_SIZE_MAX, SITE_MEMORY_MAX);
	if (ret_file->arena == NULL) {
		return problem_system(problem, "cannot read the site record");
	}
	status = path_find(directory, ret_file, problem);
	return status == STATUS_OK ? site_parse(ret_file, problem) : status;
}

enum status
node_site_is_primary(const char *directory, bool *ret_is_primary, struct problem *problem)
{
	struct site_file file;
	enum status status = site_open(directory, &file, problem);

	if (status == STATUS_OK) {
		*ret_is_primary = (file.site.primary_mask & HANDLE_SITE_PRIMARY) != 0;
	}
	arena_free(file.arena);
	return status;
}

enum status
node_site_serial(const char *directory, uint16_t *ret_serial, struct problem *problem)
{
	struct site_file file;
	enum status status = site_open(directory, &file, problem);

	if (status == STATUS_OK) {
		*ret_serial = file.site.serial;
	}
	arena_free(file.arena);
	return status;
}

enum status
node_site_set_primary(const char *directory, bool is_primary, struct problem *problem)
{
	char text[SITE_FILE_SIZE_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	struct site_file file;
	enum status status = site_open(directory, &file, problem);

	if (status == STATUS_OK) {
		uint8_t rest = file.site.primary_mask & (uint8_t)~HANDLE_SITE_PRIMARY;

		file.site.primary_mask = is_primary ? rest | HANDLE_SITE_PRIMARY : rest;
		file.site.serial =
			file.site.serial == UINT16_MAX ? 1 : (uint16_t)(file.site.serial + 1);
		writer.is_pretty = true;
		handle_site_write_json(&writer, &file.site);
		status = json_writer_end(&writer);
		status = status == STATUS_OK
			? file_replace(file.path, 0644, json_written(&writer), problem)
			: problem_set(problem, status, "%s: cannot be written", file.path);
	}
	arena_free(file.arena);
	return status;
}
