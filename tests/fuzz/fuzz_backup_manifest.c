/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup_lines.h"
#include "backup/backup_manifest.h"
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The input is a backup's manifest; nobody can guess a seal, so the first octet may ask for the
 * rest's lines to be sealed. What is read keeps to the limits that its users rely on, and
 * written again it is read as the same.
 */
enum { FLAG_SEAL = 1 };

static char folder[40];

static void
manifest_put(const char *path, struct bytes input, bool is_sealed)
{
	struct backup_writer writer;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	FUZZ_CHECK(fd >= 0);
	if (!is_sealed) {
		FUZZ_CHECK(write(fd, input.at, input.size) == (ssize_t)input.size);
	} else {
		FUZZ_CHECK(backup_writer_begin(&writer, fd) == STATUS_OK);
		while (input.size > 0) {
			size_t size = bytes_find(input, '\n');

			backup_write_line(&writer, bytes_slice(input, 0, size));
			input = bytes_slice(input, size + 1, SIZE_MAX);
		}
		FUZZ_CHECK(backup_writer_end(&writer) == STATUS_OK);
	}
	close(fd);
}

/* Rooms and counts that copying and restoring do not look at again. */
static void
limits_check(const struct backup_manifest *manifest)
{
	uint64_t size = manifest->segment_size, end = manifest->end.place;

	FUZZ_CHECK(size >= JOURNAL_SEGMENT_SIZE_MIN && size <= JOURNAL_SEGMENT_SIZE);
	FUZZ_CHECK((size & (size - 1)) == 0);
	FUZZ_CHECK(manifest->segment_count == (end + size - 1) / size);
	FUZZ_CHECK(manifest->node_file_count <= BACKUP_NODE_FILE_COUNT_MAX);
	for (size_t i = 0; i < manifest->segment_count; i++) {
		const struct backup_file *file = &manifest->segments[i];

		FUZZ_CHECK(file->name[0] == '\0' && file->size > 0 && file->size <= 2 * size);
		FUZZ_CHECK(file->pruned_ms != 0 || file->size <= size);
	}
	for (size_t i = 0; i < manifest->node_file_count; i++) {
		char parent[BACKUP_NAME_SIZE_MAX + 1];
		const char *name;

		FUZZ_CHECK(backup_name_parts(manifest->node_files[i].name, parent, &name));
		FUZZ_CHECK(strchr(name, '/') == NULL && strchr(parent, '/') == NULL);
		FUZZ_CHECK(name[0] != '.' && parent[0] != '.');
	}
}

static void
again_check(int fd, const struct backup_manifest *manifest)
{
	struct problem problem = {.text = ""};
	struct backup_manifest again;

	FUZZ_CHECK(backup_manifest_write(fd, manifest, &problem) == STATUS_OK);
	FUZZ_CHECK(backup_manifest_read(fd, &again, &problem) == STATUS_OK);
	FUZZ_CHECK(again.version == manifest->version &&
		again.segment_count == manifest->segment_count &&
		again.node_file_count == manifest->node_file_count &&
		again.end.place == manifest->end.place &&
		again.end.sequence == manifest->end.sequence);
	for (size_t i = 0; i < again.segment_count; i++) {
		FUZZ_CHECK(again.segments[i].size == manifest->segments[i].size &&
			again.segments[i].pruned_ms == manifest->segments[i].pruned_ms);
	}
	backup_manifest_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes input = bytes_over(octets, size);
	uint8_t flags = fuzz_take_octet(&input);
	struct problem problem = {.text = ""};
	struct backup_manifest manifest;
	char path[64];
	int fd;

	snprintf(folder, sizeof(folder), "%s/houji-fuzz-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FUZZ_CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/" BACKUP_MANIFEST_NAME, folder);
	manifest_put(path, input, (flags & FLAG_SEAL) != 0);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(fd >= 0);
	if (backup_manifest_read(fd, &manifest, &problem) == STATUS_OK) {
		limits_check(&manifest);
		again_check(fd, &manifest);
		backup_manifest_free(&manifest);
	} else {
		FUZZ_CHECK(problem.text[0] != '\0');
	}
	close(fd);
	unlink(path);
	rmdir(folder);
	return 0;
}
