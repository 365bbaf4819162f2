/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup.h"

#include "backup/backup_source.h"

static enum status
segments_check(struct backup_source *source, const struct backup_options *options)
{
	const struct backup_manifest *manifest = &source->manifest;
	struct journal_entry entry;
	struct journal_walk walk;
	enum status status = STATUS_OK;

	journal_walk_begin(&walk, NULL, manifest->segment_size);
	for (size_t i = 0; i < manifest->segment_count && status == STATUS_OK; i++) {
		uint64_t size;

		status = backup_source_segment(source, i, &size);
		if (status == STATUS_OK) {
			status = journal_walk_take(
				&walk, bytes_over(source->octets, size), source->problem);
		}
		while (status == STATUS_OK) {
			status = journal_walk_next(&walk, &entry, source->problem);
		}
		status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
		if (status == STATUS_OK && i + 1 < manifest->segment_count &&
			!walk.is_segment_over) {
			break;
		}
		if (options->progress != NULL) {
			options->progress(options->context, walk.at.place, manifest->end.place);
		}
	}
	if (status == STATUS_OK &&
		(walk.at.place != manifest->end.place || walk.at.last != manifest->end.last ||
			walk.at.sequence != manifest->end.sequence ||
			walk.at.time_ms != manifest->end.time_ms ||
			memcmp(walk.at.head, manifest->end.head, JOURNAL_DIGEST_SIZE) != 0)) {
		status = problem_set(source->problem, STATUS_CORRUPT,
			"%s: the journal in it ends with entry %llu at place %llu, which is not "
			"what the manifest says",
			source->path, (unsigned long long)walk.at.sequence,
			(unsigned long long)walk.at.place);
	}
	return status;
}

enum status
backup_check(const char *to, const struct backup_options *options, struct backup_report *ret_report,
	struct problem *problem)
{
	struct backup_source source;
	enum status status = backup_source_open(&source, to, problem);

	if (status == STATUS_OK) {
		status = segments_check(&source, options);
	}
	for (size_t i = 0; status == STATUS_OK && i < source.manifest.node_file_count; i++) {
		uint64_t size;

		status = backup_source_node_file(&source, i, &size);
	}
	if (status == STATUS_OK) {
		*ret_report = (struct backup_report){
			.end = source.manifest.end,
			.copied_size = source.manifest.end.place,
			.total_size = source.manifest.end.place,
			.node_file_count = source.manifest.node_file_count,
		};
	}
	backup_source_close(&source);
	return status;
}
