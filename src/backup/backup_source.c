/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup_source.h"

#include "backup/backup_files.h"
#include "crypto/crypto.h"

#include <fcntl.h>
#include <stdlib.h>

enum status
backup_source_open(struct backup_source *source, const char *path, struct problem *problem)
{
	struct problem inner = {STATUS_OK, ""};
	enum status status;
	uint64_t size;
	*source = (struct backup_source){
		.path = path,
		.folder_fd = -1,
		.ledger_fd = -1,
		.node_fd = -1,
		.problem = problem,
	};
	status = backup_folder_open(AT_FDCWD, path, false, &source->folder_fd, problem);
	if (status != STATUS_OK) {
		return status;
	}
	status = backup_manifest_read(source->folder_fd, &source->manifest, &inner);
	if (status != STATUS_OK) {
		return problem_set(problem, status, "%s: %s", path,
			status == STATUS_NOT_FOUND
				? problem_reason("holds no backup, or one that was not finished")
				: inner.text);
	}
	size = source->manifest.segment_size;
	source->octets =
		malloc(2 * size > BACKUP_NODE_FILE_SIZE_MAX ? 2 * size : BACKUP_NODE_FILE_SIZE_MAX);
	if (source->octets == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for a segment");
	}
	status =
		backup_folder_open(source->folder_fd, "ledger", false, &source->ledger_fd, problem);
	if (status == STATUS_OK && source->manifest.node_file_count > 0) {
		status = backup_folder_open(
			source->folder_fd, "node", false, &source->node_fd, problem);
	}
	return status;
}

void
backup_source_close(struct backup_source *source)
{
	backup_manifest_free(&source->manifest);
	free(source->octets);
	backup_close(source->folder_fd);
	backup_close(source->ledger_fd);
	backup_close(source->node_fd);
}

static enum status
file_read(struct backup_source *source, int folder_fd, const char *name,
	const struct backup_file *file, uint64_t *ret_size)
{
	uint8_t hash[CRYPTO_DIGEST_SIZE_MAX];
	enum status status = backup_file_read(folder_fd, name,
		&(struct backup_room){source->octets, file->size, 0}, ret_size, source->problem);

	if (status == STATUS_NOT_FOUND) {
		return problem_set(source->problem, STATUS_CORRUPT,
			"%s: %s is missing, but the manifest names it", source->path, name);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (*ret_size != file->size) {
		return problem_set(source->problem, STATUS_CORRUPT,
			"%s: %s was cut: %llu octets, but the manifest says %llu", source->path,
			name, (unsigned long long)*ret_size, (unsigned long long)file->size);
	}
	crypto_digest(CRYPTO_SHA256, bytes_over(source->octets, file->size), hash);
	if (memcmp(hash, file->sha256, sizeof(hash)) != 0) {
		return problem_set(source->problem, STATUS_CORRUPT,
			"%s: %s is damaged: its SHA-256 is not the one in the manifest",
			source->path, name);
	}
	return STATUS_OK;
}

enum status
backup_source_segment(struct backup_source *source, size_t number, uint64_t *ret_size)
{
	const struct backup_file *file = &source->manifest.segments[number];
	char name[BACKUP_SEGMENT_NAME_SIZE_MAX];

	backup_segment_name(number * source->manifest.segment_size, file->pruned_ms, name);
	return file_read(source, source->ledger_fd, name, file, ret_size);
}

enum status
backup_source_node_file(struct backup_source *source, size_t number, uint64_t *ret_size)
{
	const struct backup_file *file = &source->manifest.node_files[number];

	return file_read(source, source->node_fd, file->name, file, ret_size);
}
