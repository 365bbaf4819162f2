/* SPDX-License-Identifier: Apache-2.0 */
#include "docking/docking_queue.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/text_writer.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "houjdock", u64 time, 16 octets source, blob handle, u32 count, values. */
enum {
	MARK_SIZE = 8,
	SOURCE_SIZE = 16,
	FILE_SIZE_MAX = DOCKING_VALUES_SIZE_MAX + HANDLE_NAME_SIZE_MAX + 64,
	FILE_MODE = 0600,
};

static const uint8_t mark[MARK_SIZE] = {'h', 'o', 'u', 'j', 'd', 'o', 'c', 'k'};
static const char ending[] = ".dock";

static bool
id_is_good(const char *id)
{
	return strlen(id) == DOCKING_ID_SIZE && strspn(id, "0123456789abcdef") == DOCKING_ID_SIZE;
}

static enum status
path_make(const char *directory, const char *id, char ret_path[PATH_MAX], struct problem *problem)
{
	struct text_writer writer = text_writer_over(ret_path, PATH_MAX);

	text_write_string(&writer, directory);
	text_write_string(&writer, "/docking");
	if (id[0] != '\0') {
		text_write_char(&writer, '/');
		text_write_string(&writer, id);
		text_write_string(&writer, ending);
	}
	text_write_char(&writer, '\0');
	return text_writer_end(&writer) == STATUS_OK
		? STATUS_OK
		: problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long", directory);
}

/* Half of the digest of handle and key: the same for the same, and nobody's choice. */
static enum status
id_make(const struct docking *docking, char ret_id[DOCKING_ID_SIZE + 1])
{
	char fingerprint[DOCKING_FINGERPRINT_SIZE + 1];
	uint8_t digest[32];
	struct text_writer writer = text_writer_over(ret_id, DOCKING_ID_SIZE);
	enum status status = docking_fingerprint(docking->site, fingerprint);
	const struct bytes runs[] = {
		bytes_from_string(status == STATUS_OK ? fingerprint : ""), docking->prefix};

	crypto_digest_runs(CRYPTO_SHA256, runs, 2, digest);
	text_write_hex(&writer, bytes_over(digest, DOCKING_ID_SIZE / 2));
	ret_id[DOCKING_ID_SIZE] = '\0';
	return status;
}

static size_t
entry_count(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *file;
	size_t count = 0;

	while (folder != NULL && (file = readdir(folder)) != NULL) {
		count += file->d_name[0] != '.';
	}
	if (folder != NULL) {
		closedir(folder);
	}
	return count;
}

static enum status
entry_write(const char *path, const struct docking *docking, const uint8_t source[16],
	int64_t now_ms, struct problem *problem)
{
	uint8_t *octets = malloc(FILE_SIZE_MAX);
	struct wire_writer writer = wire_writer_over(octets, octets == NULL ? 0 : FILE_SIZE_MAX);
	enum status status;

	wire_write_bytes(&writer, bytes_over(mark, MARK_SIZE));
	wire_write_u64(&writer, (uint64_t)now_ms);
	wire_write_bytes(&writer, bytes_over(source, SOURCE_SIZE));
	wire_write_blob(&writer, docking->prefix);
	handle_value_list_write(&writer, &docking->values);
	status = wire_writer_end(&writer);
	status = status == STATUS_OK
		? file_replace(path, FILE_MODE, wire_written(&writer), problem)
		: problem_set(problem, status, "cannot keep a request to dock");
	free(octets);
	return status;
}

enum status
docking_queue_put(const char *directory, const struct docking *docking, const uint8_t source[16],
	int64_t now_ms, struct problem *problem)
{
	char id[DOCKING_ID_SIZE + 1];
	char folder[PATH_MAX], path[PATH_MAX];
	enum status status = id_make(docking, id);

	if (status != STATUS_OK) {
		return problem_set(problem, status, "a request to dock without a site's key");
	}
	status = path_make(directory, "", folder, problem);
	if (status == STATUS_OK) {
		status = path_make(directory, id, path, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		return problem_system(problem, "cannot make %s", folder);
	}
	if (access(path, F_OK) != 0 && entry_count(folder) >= DOCKING_COUNT_MAX) {
		return problem_set(problem, STATUS_BUSY, "%d requests to dock wait already",
			DOCKING_COUNT_MAX);
	}
	return entry_write(path, docking, source, now_ms, problem);
}

enum status
docking_entry_decode(struct bytes octets, struct docking_entry *ret_entry)
{
	struct wire_reader reader = wire_reader_over(octets);
	struct bytes found = wire_read_bytes(&reader, MARK_SIZE);
	struct docking_entry entry = {.received_ms = (int64_t)wire_read_u64(&reader)};
	struct bytes source = wire_read_bytes(&reader, SOURCE_SIZE);
	struct bytes prefix = wire_read_blob(&reader, HANDLE_NAME_SIZE_MAX);
	struct handle_value_list values = handle_value_list_read(&reader);
	enum status status = wire_reader_end(&reader);

	if (status != STATUS_OK || !bytes_equal(found, bytes_over(mark, MARK_SIZE))) {
		return STATUS_CORRUPT;
	}
	memcpy(entry.source, source.at, SOURCE_SIZE);
	status = docking_read(prefix, &values, &entry.docking);
	if (status == STATUS_OK) {
		status = id_make(&entry.docking, entry.id);
	}
	if (status != STATUS_OK) {
		return STATUS_CORRUPT;
	}
	*ret_entry = entry;
	return STATUS_OK;
}

enum status
docking_queue_read(const char *directory, const char *id, struct docking_entry *ret_entry,
	struct problem *problem)
{
	char path[PATH_MAX];
	uint8_t *octets;
	size_t size = 0;
	enum status status;

	if (!id_is_good(id)) {
		return problem_set(problem, STATUS_NOT_FOUND,
			"'%.40s' is no request: they are called by 16 hex digits", id);
	}
	status = path_make(directory, id, path, problem);
	if (status != STATUS_OK) {
		return status;
	}
	if (access(path, F_OK) != 0) {
		return problem_set(problem, STATUS_NOT_FOUND, "no request %s waits", id);
	}
	octets = malloc(FILE_SIZE_MAX + 1);
	status = octets == NULL
		? problem_set(problem, STATUS_NO_MEMORY, "no memory to read %s", path)
		: file_read(path, FILE_SIZE_MAX, octets, &size, problem);
	if (status == STATUS_OK &&
		docking_entry_decode(bytes_over(octets, size), ret_entry) != STATUS_OK) {
		status = problem_set(problem, STATUS_CORRUPT,
			"%s: not a request to dock any more; remove it", path);
	}
	if (status != STATUS_OK) {
		free(octets);
		return status;
	}
	ret_entry->octets = octets;
	return STATUS_OK;
}

void
docking_entry_free(struct docking_entry *entry)
{
	free(entry->octets);
	entry->octets = NULL;
}

static int
compare_ids(const void *one, const void *other)
{
	return strcmp(one, other);
}

/* The ids of what is there, in their order. */
static enum status
ids_read(const char *directory, char (**ret_ids)[DOCKING_ID_SIZE + 1], size_t *ret_count,
	struct problem *problem)
{
	char path[PATH_MAX];
	char(*ids)[DOCKING_ID_SIZE + 1] = calloc(DOCKING_COUNT_MAX, sizeof(*ids));
	enum status status = path_make(directory, "", path, problem);
	DIR *folder = status == STATUS_OK && ids != NULL ? opendir(path) : NULL;
	struct dirent *file;
	size_t count = 0;

	while (folder != NULL && count < DOCKING_COUNT_MAX && (file = readdir(folder)) != NULL) {
		if (strlen(file->d_name) == DOCKING_ID_SIZE + sizeof(ending) - 1 &&
			strcmp(file->d_name + DOCKING_ID_SIZE, ending) == 0) {
			memcpy(ids[count++], file->d_name, DOCKING_ID_SIZE);
		}
	}
	if (folder != NULL) {
		closedir(folder);
	}
	if (status != STATUS_OK || ids == NULL) {
		free(ids);
		return status != STATUS_OK
			? status
			: problem_set(problem, STATUS_NO_MEMORY, "no memory to read %s", path);
	}
	qsort(ids, count, sizeof(*ids), compare_ids);
	*ret_ids = ids;
	*ret_count = count;
	return STATUS_OK;
}

enum status
docking_queue_walk(
	const char *directory, docking_taken *taken, void *context, struct problem *problem)
{
	char(*ids)[DOCKING_ID_SIZE + 1] = NULL;
	size_t count = 0;
	enum status status = ids_read(directory, &ids, &count, problem);

	for (size_t i = 0; i < count; i++) {
		struct docking_entry entry;

		if (docking_queue_read(directory, ids[i], &entry, NULL) == STATUS_OK) {
			taken(context, &entry);
			docking_entry_free(&entry);
		}
	}
	free(ids);
	return status;
}

enum status
docking_queue_remove(const char *directory, const char *id, struct problem *problem)
{
	char path[PATH_MAX];
	enum status status = id_is_good(id)
		? path_make(directory, id, path, problem)
		: problem_set(problem, STATUS_NOT_FOUND, "'%.40s' is no request", id);

	if (status == STATUS_OK && unlink(path) != 0) {
		status = errno == ENOENT
			? problem_set(problem, STATUS_NOT_FOUND, "no request %s waits", id)
			: problem_system(problem, "cannot remove %s", path);
	}
	return status;
}
