/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup_manifest.h"

#include "backup/backup_lines.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NEW_NAME BACKUP_MANIFEST_NAME ".new"

enum { ARENA_BLOCK_SIZE = 4096, ARENA_LIMIT = 65536, GROW_COUNT = 64 };

bool
backup_name_is_plain(struct bytes name)
{
	if (name.size == 0 || name.size > BACKUP_NAME_SIZE_MAX || name.at[0] == '.') {
		return false;
	}
	for (size_t i = 0; i < name.size; i++) {
		uint8_t upper = ascii_upper(name.at[i]);
		bool is_word = (upper >= 'A' && upper <= 'Z') || (upper >= '0' && upper <= '9');

		if (!is_word && upper != '.' && upper != '_' && upper != '-') {
			return false;
		}
	}
	return true;
}

bool
backup_name_parts(
	const char *stored, char ret_folder[BACKUP_NAME_SIZE_MAX + 1], const char **ret_name)
{
	struct bytes text = bytes_from_string(stored), folder;
	uint8_t hash[BACKUP_NODE_HASH_SIZE];

	if (text.size <= BACKUP_NODE_PREFIX_SIZE || text.at[BACKUP_NODE_PREFIX_SIZE - 1] != '-' ||
		text_read_hex(bytes_slice(text, 0, BACKUP_NODE_PREFIX_SIZE - 1), hash) !=
			STATUS_OK) {
		return false;
	}
	text = bytes_slice(text, BACKUP_NODE_PREFIX_SIZE, text.size);
	folder = bytes_slice(text, 0, bytes_find(text, '+'));
	ret_folder[0] = '\0';
	if (folder.size < text.size) {
		if (!backup_name_is_plain(folder)) {
			return false;
		}
		memcpy(ret_folder, folder.at, folder.size);
		ret_folder[folder.size] = '\0';
		text = bytes_slice(text, folder.size + 1, text.size);
	}
	*ret_name = (const char *)text.at;
	return backup_name_is_plain(text);
}

static bool
stored_name_is_fit(struct bytes stored)
{
	char text[BACKUP_NAME_SIZE_MAX + 1], folder[BACKUP_NAME_SIZE_MAX + 1];
	const char *name;

	if (stored.size == 0 || stored.size > BACKUP_NAME_SIZE_MAX ||
		bytes_find(stored, 0) < stored.size) {
		return false;
	}
	memcpy(text, stored.at, stored.size);
	text[stored.size] = '\0';
	return backup_name_parts(text, folder, &name);
}

static enum status
list_add(struct backup_file **list, size_t *count, const struct backup_file *file)
{
	if (*count % GROW_COUNT == 0) {
		struct backup_file *larger =
			reallocarray(*list, *count + GROW_COUNT, sizeof(*larger));

		if (larger == NULL) {
			return STATUS_NO_MEMORY;
		}
		*list = larger;
	}
	(*list)[(*count)++] = *file;
	return STATUS_OK;
}

enum status
backup_manifest_add_segment(struct backup_manifest *manifest, const struct backup_file *file)
{
	return list_add(&manifest->segments, &manifest->segment_count, file);
}

void
backup_segment_name(uint64_t base, int64_t pruned_ms, char ret_name[BACKUP_SEGMENT_NAME_SIZE_MAX])
{
	enum { BASE_SIZE = 16 };

	journal_file_name(base, ret_name);
	if (pruned_ms != 0) {
		ret_name[BASE_SIZE] = '-';
		journal_file_name((uint64_t)pruned_ms, ret_name + BASE_SIZE + 1);
	}
}

enum status
backup_manifest_add_node_file(
	struct backup_manifest *manifest, const char *name, struct bytes octets)
{
	struct backup_file file = {.size = octets.size};
	struct bytes text = bytes_from_string(name);
	if (!stored_name_is_fit(text) || octets.size > BACKUP_NODE_FILE_SIZE_MAX ||
		manifest->node_file_count == BACKUP_NODE_FILE_COUNT_MAX) {
		return STATUS_TOO_LARGE;
	}
	memcpy(file.name, text.at, text.size);
	crypto_digest(CRYPTO_SHA256, octets, file.sha256);
	return list_add(&manifest->node_files, &manifest->node_file_count, &file);
}

void
backup_manifest_free(struct backup_manifest *manifest)
{
	free(manifest->segments);
	free(manifest->node_files);
	*manifest = (struct backup_manifest){0};
}

static void
write_number(struct json_writer *json, const char *name, uint64_t number)
{
	json_write_name(json, name);
	json_write_u64(json, number);
}

static uint64_t
version_of(const struct backup_manifest *manifest)
{
	for (size_t i = 0; i < manifest->segment_count; i++) {
		if (manifest->segments[i].pruned_ms != 0) {
			return BACKUP_VERSION_PRUNED;
		}
	}
	return BACKUP_VERSION;
}

static void
write_header(struct backup_writer *lines, const struct backup_manifest *manifest)
{
	char text[BACKUP_MANIFEST_LINE_SIZE_MAX];
	struct json_writer json = json_writer_over(text, sizeof(text));

	json_write_object(&json);
	json_write_name(&json, "houji");
	json_write_string(&json, TEXT("backup"));
	write_number(&json, "version", version_of(manifest));
	json_write_name(&json, "created_ms");
	json_write_i64(&json, manifest->created_ms);
	write_number(&json, "segment_size", manifest->segment_size);
	write_number(&json, "place", manifest->end.place);
	write_number(&json, "last", manifest->end.last);
	write_number(&json, "sequence", manifest->end.sequence);
	json_write_name(&json, "time_ms");
	json_write_i64(&json, manifest->end.time_ms);
	json_write_name(&json, "head");
	json_write_hex(&json, bytes_over(manifest->end.head, JOURNAL_DIGEST_SIZE));
	json_write_object_end(&json);
	backup_write_line(lines, json_written(&json));
}

/* "ledger/0000000000000000.seg" or "node/houji.yaml". */
static struct bytes
file_path(const struct backup_manifest *manifest, const struct backup_file *file, size_t number,
	char ret_path[BACKUP_NAME_SIZE_MAX + 8])
{
	struct text_writer writer = text_writer_over(ret_path, BACKUP_NAME_SIZE_MAX + 8);
	char name[BACKUP_SEGMENT_NAME_SIZE_MAX];

	if (file->name[0] != '\0') {
		text_write_string(&writer, "node/");
		text_write_string(&writer, file->name);
	} else {
		backup_segment_name(number * manifest->segment_size, file->pruned_ms, name);
		text_write_string(&writer, "ledger/");
		text_write_string(&writer, name);
	}
	return text_written(&writer);
}

static void
write_file(struct backup_writer *lines, const struct backup_manifest *manifest,
	const struct backup_file *file, size_t number)
{
	char text[BACKUP_MANIFEST_LINE_SIZE_MAX], path[BACKUP_NAME_SIZE_MAX + 8];
	struct json_writer json = json_writer_over(text, sizeof(text));

	json_write_object(&json);
	json_write_name(&json, "file");
	json_write_string(&json, file_path(manifest, file, number, path));
	write_number(&json, "size", file->size);
	json_write_name(&json, "sha256");
	json_write_hex(&json, bytes_over(file->sha256, sizeof(file->sha256)));
	if (file->pruned_ms != 0) {
		json_write_name(&json, "pruned_ms");
		json_write_i64(&json, file->pruned_ms);
	}
	json_write_object_end(&json);
	backup_write_line(lines, json_written(&json));
}

static enum status
write_lines(int fd, const struct backup_manifest *manifest)
{
	struct backup_writer lines;
	enum status status = backup_writer_begin(&lines, fd);

	if (status != STATUS_OK) {
		errno = ENOMEM;
		return status;
	}
	write_header(&lines, manifest);
	for (size_t i = 0; i < manifest->segment_count; i++) {
		write_file(&lines, manifest, &manifest->segments[i], i);
	}
	for (size_t i = 0; i < manifest->node_file_count; i++) {
		write_file(&lines, manifest, &manifest->node_files[i], i);
	}
	return backup_writer_end(&lines);
}

enum status
backup_manifest_write(
	int directory_fd, const struct backup_manifest *manifest, struct problem *problem)
{
	int fd = openat(directory_fd, NEW_NAME,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum status status;

	if (fd < 0) {
		return problem_system(problem, "cannot make the backup's manifest");
	}
	status = write_lines(fd, manifest);
	if (status != STATUS_OK || fsync(fd) != 0 ||
		renameat(directory_fd, NEW_NAME, directory_fd, BACKUP_MANIFEST_NAME) != 0 ||
		fsync(directory_fd) != 0) {
		status = problem_system(problem, "cannot write the backup's manifest");
		(void)unlinkat(directory_fd, NEW_NAME, 0);
	}
	close(fd);
	return status;
}

/* What a line may hold; a member met sets its bit. */
enum member {
	MEMBER_KIND = 1 << 0,
	MEMBER_VERSION = 1 << 1,
	MEMBER_CREATED = 1 << 2,
	MEMBER_SEGMENT_SIZE = 1 << 3,
	MEMBER_PLACE = 1 << 4,
	MEMBER_LAST = 1 << 5,
	MEMBER_SEQUENCE = 1 << 6,
	MEMBER_TIME = 1 << 7,
	MEMBER_HEAD = 1 << 8,
	MEMBERS_OF_HEADER = (1 << 9) - 1,
	MEMBER_FILE = 1 << 9,
	MEMBER_SIZE = 1 << 10,
	MEMBER_SHA256 = 1 << 11,
	MEMBERS_OF_FILE = MEMBER_FILE | MEMBER_SIZE | MEMBER_SHA256,
};

static void
read_digest(struct json_reader *json, uint8_t ret_digest[32])
{
	struct bytes hash = json_read_hex(json);

	if (json_reader_ok(json) && hash.size == 32) {
		memcpy(ret_digest, hash.at, hash.size);
	} else {
		json_reader_fail(json, STATUS_INVALID);
	}
}

static unsigned
read_header_member(struct json_reader *json, struct bytes name, struct backup_manifest *manifest)
{
	if (bytes_equal(name, TEXT("houji"))) {
		if (!bytes_equal(json_read_string(json), TEXT("backup"))) {
			json_reader_fail(json, STATUS_INVALID);
		}
		return MEMBER_KIND;
	}
	if (bytes_equal(name, TEXT("version"))) {
		manifest->version = json_read_u64(json, UINT32_MAX);
		return MEMBER_VERSION;
	}
	if (bytes_equal(name, TEXT("created_ms"))) {
		manifest->created_ms = json_read_i64(json);
		return MEMBER_CREATED;
	}
	if (bytes_equal(name, TEXT("segment_size"))) {
		manifest->segment_size = json_read_u64(json, JOURNAL_SEGMENT_SIZE);
		return MEMBER_SEGMENT_SIZE;
	}
	if (bytes_equal(name, TEXT("place"))) {
		manifest->end.place = json_read_u64(json, UINT64_C(1) << 39);
		return MEMBER_PLACE;
	}
	if (bytes_equal(name, TEXT("last"))) {
		manifest->end.last = json_read_u64(json, UINT64_C(1) << 39);
		return MEMBER_LAST;
	}
	if (bytes_equal(name, TEXT("sequence"))) {
		manifest->end.sequence = json_read_u64(json, UINT64_MAX);
		return MEMBER_SEQUENCE;
	}
	if (bytes_equal(name, TEXT("time_ms"))) {
		manifest->end.time_ms = json_read_i64(json);
		return MEMBER_TIME;
	}
	if (bytes_equal(name, TEXT("head"))) {
		read_digest(json, manifest->end.head);
		return MEMBER_HEAD;
	}
	json_reader_fail(json, STATUS_INVALID);
	return 0;
}

static bool
header_makes_sense(const struct backup_manifest *manifest)
{
	uint64_t size = manifest->segment_size;

	return size >= JOURNAL_SEGMENT_SIZE_MIN && (size & (size - 1)) == 0 &&
		manifest->end.place >= JOURNAL_SEGMENT_SIZE_MIN / 2 &&
		manifest->end.last < manifest->end.place;
}

static enum status
read_header(struct bytes line, struct arena *arena, struct backup_manifest *manifest,
	struct problem *problem)
{
	struct json_reader json = json_reader_over(line, arena);
	unsigned met = 0;
	struct bytes name;

	json_read_object(&json);
	while (json_next_member(&json, &name)) {
		met |= read_header_member(&json, name, manifest);
	}
	if ((met & MEMBER_VERSION) != 0 && manifest->version != BACKUP_VERSION &&
		manifest->version != BACKUP_VERSION_PRUNED) {
		return problem_set(problem, STATUS_UNKNOWN_VERSION,
			"the backup has format %llu, but this program knows %d and %d only; use "
			"the program that wrote it",
			(unsigned long long)manifest->version, BACKUP_VERSION,
			BACKUP_VERSION_PRUNED);
	}
	if (json_reader_end(&json) != STATUS_OK || met != MEMBERS_OF_HEADER ||
		!header_makes_sense(manifest)) {
		return problem_set(problem, STATUS_CORRUPT,
			"the backup's manifest does not begin like one of houji backup");
	}
	return STATUS_OK;
}

/* What segment `number` must be for the places of the header. */
static uint64_t
segment_size_expected(const struct backup_manifest *manifest, size_t number)
{
	uint64_t base = number * manifest->segment_size;
	uint64_t left = manifest->end.place > base ? manifest->end.place - base : 0;

	return left < manifest->segment_size ? left : manifest->segment_size;
}

/* One that was pruned is whole, and something stands behind it. */
static bool
segment_is_fit(const struct backup_manifest *manifest, const struct backup_file *file)
{
	uint64_t size = segment_size_expected(manifest, manifest->segment_count);

	return file->pruned_ms == 0 ? file->size > 0 && file->size == size
				    : size == manifest->segment_size && file->size > size &&
			file->size - size <= manifest->segment_size;
}

static enum status
file_take(struct backup_manifest *manifest, struct bytes path, struct backup_file *file)
{
	char expected[BACKUP_NAME_SIZE_MAX + 8];
	struct bytes name = {NULL, 0}; /* gcc does not see that it is always set. */

	if (bytes_start_with(path, TEXT("ledger/"))) {
		if (manifest->node_file_count > 0 || !segment_is_fit(manifest, file) ||
			!bytes_equal(path,
				file_path(manifest, file, manifest->segment_count, expected))) {
			return STATUS_CORRUPT;
		}
		return list_add(&manifest->segments, &manifest->segment_count, file);
	}
	name = bytes_slice(path, 5, path.size);
	if (!bytes_start_with(path, TEXT("node/")) || file->pruned_ms != 0 ||
		!stored_name_is_fit(name) || file->size > BACKUP_NODE_FILE_SIZE_MAX ||
		manifest->node_file_count == BACKUP_NODE_FILE_COUNT_MAX) {
		return STATUS_CORRUPT;
	}
	memcpy(file->name, name.at, name.size);
	for (size_t i = 0; i < manifest->node_file_count; i++) {
		if (strcmp(manifest->node_files[i].name, file->name) == 0) {
			return STATUS_CORRUPT;
		}
	}
	return list_add(&manifest->node_files, &manifest->node_file_count, file);
}

static enum status
read_file(struct bytes line, struct arena *arena, struct backup_manifest *manifest)
{
	struct json_reader json = json_reader_over(line, arena);
	struct backup_file file = {0};
	struct bytes name, path = {NULL, 0};
	unsigned met = 0;

	json_read_object(&json);
	while (json_next_member(&json, &name)) {
		if (bytes_equal(name, TEXT("file"))) {
			path = json_read_string(&json);
			met |= MEMBER_FILE;
		} else if (bytes_equal(name, TEXT("size"))) {
			file.size = json_read_u64(&json, 2 * (uint64_t)JOURNAL_SEGMENT_SIZE);
			met |= MEMBER_SIZE;
		} else if (bytes_equal(name, TEXT("sha256"))) {
			read_digest(&json, file.sha256);
			met |= MEMBER_SHA256;
		} else if (bytes_equal(name, TEXT("pruned_ms"))) {
			file.pruned_ms = (int64_t)json_read_u64(&json, INT64_MAX);
		} else {
			json_reader_fail(&json, STATUS_INVALID);
		}
	}
	if (json_reader_end(&json) != STATUS_OK || met != MEMBERS_OF_FILE) {
		return STATUS_CORRUPT;
	}
	return file_take(manifest, path, &file);
}

static enum status
read_lines(struct backup_reader *lines, struct arena *arena, struct backup_manifest *manifest,
	struct problem *problem)
{
	enum status status = STATUS_OK;
	struct bytes line;

	if (!backup_read_line(lines, &line)) {
		return lines->status != STATUS_OK
			? lines->status
			: problem_set(problem, STATUS_CORRUPT, "the backup's manifest is empty");
	}
	status = read_header(line, arena, manifest, problem);
	while (status == STATUS_OK && backup_read_line(lines, &line)) {
		arena_reset(arena);
		status = read_file(line, arena, manifest);
		if (status != STATUS_OK) {
			(void)problem_set(problem, status,
				"line %llu of the backup's manifest names no file that a backup "
				"can have there",
				(unsigned long long)lines->line_count);
		}
	}
	if (status == STATUS_OK && lines->status == STATUS_OK &&
		manifest->version != version_of(manifest)) {
		status = problem_set(problem, STATUS_CORRUPT,
			"the backup's manifest has format %llu, but its files are of another",
			(unsigned long long)manifest->version);
	}
	if (status == STATUS_OK && lines->status == STATUS_OK &&
		segment_size_expected(manifest, manifest->segment_count) != 0) {
		status = problem_set(problem, STATUS_CORRUPT,
			"the backup's manifest names fewer files than its position needs");
	}
	return status;
}

enum status
backup_manifest_read(
	int directory_fd, struct backup_manifest *ret_manifest, struct problem *problem)
{
	struct backup_manifest manifest = {0};
	struct arena *arena = arena_new(ARENA_BLOCK_SIZE, ARENA_LIMIT);
	struct backup_reader lines;
	enum status status, seal;
	int fd = openat(
		directory_fd, BACKUP_MANIFEST_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || arena == NULL) {
		status = fd < 0 && errno == ENOENT
			? problem_set(problem, STATUS_NOT_FOUND, "there is no backup's manifest")
			: problem_system(problem, "cannot open the backup's manifest");
		goto done;
	}
	status = backup_reader_begin(&lines, fd, BACKUP_MANIFEST_LINE_SIZE_MAX, problem);
	if (status != STATUS_OK) {
		goto done;
	}
	status = read_lines(&lines, arena, &manifest, problem);
	if (status != STATUS_OK) {
		lines.problem = NULL; /* What is wrong has been said. */
	}
	seal = backup_reader_end(&lines);
	status = status == STATUS_OK ? seal : status;
	if (status == STATUS_OK) {
		*ret_manifest = manifest;
		manifest = (struct backup_manifest){0};
	}
done:
	backup_manifest_free(&manifest);
	arena_free(arena);
	if (fd >= 0) {
		close(fd);
	}
	return status;
}
