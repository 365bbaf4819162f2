/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup.h"

#include "backup/backup_files.h"
#include "backup/backup_source.h"
#include "base/text_writer.h"
#include "crypto/crypto.h"
#include "ledger/ledger_head.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * The journal is made in DIR/restore.unfinished and renamed to DIR/ledger when it is whole.
 *
 * A segment is the backup's octets, then, where a ledger is given, that ledger's octets behind
 * them: the walk proves that they go on from each other. Entries are taken until the point
 * asked for. The last segment is cut behind the last entry taken, and its pad with it: a pad
 * promises a segment behind it.
 */
#define UNFINISHED "restore.unfinished"

struct restore {
	const struct backup_restore_options *options;
	const char *directory;
	struct backup_source source;
	int later_fd; /* LEDGER/ledger, or -1. */
	int directory_fd, ledger_fd;
	struct journal_walk walk;
	struct journal_point end; /* Of what was taken. */
	uint64_t stopped_at;
	int64_t cutoff_ms; /* Of the segments taken: states replaced by then may be gone. */
	bool has_pruned_last; /* The last segment written was pruned. */
	bool is_complete; /* The point asked for was reached. */
	struct problem *problem;
};

/* A file of the node, or the folder of one. */
static bool
is_node_name(const struct backup_manifest *manifest, const char *name)
{
	for (size_t i = 0; i < manifest->node_file_count; i++) {
		char folder[BACKUP_NAME_SIZE_MAX + 1];
		const char *file;

		if (backup_name_parts(manifest->node_files[i].name, folder, &file) &&
			strcmp(folder[0] != '\0' ? folder : file, name) == 0) {
			return true;
		}
	}
	return false;
}

/* An earlier restore that was interrupted may have left something. */
static enum status
stranger_refuse(void *context, const char *name)
{
	const struct restore *restore = context;

	return strcmp(name, UNFINISHED) == 0 || is_node_name(&restore->source.manifest, name)
		? STATUS_OK
		: STATUS_EXISTS;
}

static enum status
directory_prepare(struct restore *restore)
{
	struct problem *problem = restore->problem;
	enum status status = backup_folder_open(
		AT_FDCWD, restore->directory, true, &restore->directory_fd, problem);

	if (status == STATUS_OK) {
		status = backup_folder_visit(
			restore->directory_fd, stranger_refuse, restore, problem);
	}
	if (status == STATUS_EXISTS) {
		return problem_set(problem, status,
			"%s is not empty, and a restore overwrites nothing; name a new folder",
			restore->directory);
	}
	if (status != STATUS_OK) {
		return status;
	}
	backup_folder_remove(restore->directory_fd, UNFINISHED);
	return backup_folder_open(
		restore->directory_fd, UNFINISHED, true, &restore->ledger_fd, problem);
}

static enum status
later_open(struct restore *restore)
{
	enum status status;
	int fd;

	if (restore->options->ledger == NULL) {
		return STATUS_OK;
	}
	status = backup_folder_open(
		AT_FDCWD, restore->options->ledger, false, &fd, restore->problem);
	if (status == STATUS_OK) {
		status = backup_folder_open(
			fd, "ledger", false, &restore->later_fd, restore->problem);
		close(fd);
	}
	return status;
}

/* What the ledger has behind the backup's octets of a segment; all of it when it was pruned
 * since, for then the beginning is no longer the same. */
static enum status
later_read(struct restore *restore, uint64_t base, uint64_t *size, uint64_t *ret_more)
{
	uint64_t segment_size = restore->source.manifest.segment_size, got = 0;
	uint8_t header[JOURNAL_FILE_HEADER_SIZE] = {0};
	char name[JOURNAL_FILE_NAME_SIZE + 1];
	struct journal_file file;
	struct backup_room room = {header, sizeof(header), 0};
	enum status status;

	journal_file_name(base, name);
	status = backup_file_read(restore->later_fd, name, &room, &got, restore->problem);
	journal_file_read(header, &file);
	if (status == STATUS_OK && file.pruned_ms != 0) {
		*size = 0;
		segment_size = 2 * segment_size;
	}
	if (status == STATUS_OK) {
		room = (struct backup_room){
			restore->source.octets + *size, segment_size - *size, *size};
		status = backup_file_read(
			restore->later_fd, name, &room, ret_more, restore->problem);
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The octets of a segment from both sources; `ret_size` 0: there is no such segment. */
static enum status
segment_read(struct restore *restore, uint64_t base, uint64_t *ret_size)
{
	const struct backup_manifest *manifest = &restore->source.manifest;
	uint64_t number = base / manifest->segment_size, size = 0, more = 0;
	enum status status = STATUS_OK;

	if (number < manifest->segment_count) {
		status = backup_source_segment(&restore->source, number, &size);
	}
	if (status == STATUS_OK && restore->later_fd >= 0 && size < manifest->segment_size) {
		status = later_read(restore, base, &size, &more);
	}
	*ret_size = size + more;
	return status;
}

static bool
is_wanted(const struct restore *restore, const struct journal_entry *entry)
{
	const struct backup_restore_options *options = restore->options;

	return (!options->has_sequence || entry->sequence <= options->sequence) &&
		(!options->has_time || entry->time_ms <= options->time_ms);
}

/* A state of the past that retention has gaps in is none. */
static enum status
removed_refuse(struct restore *restore, const struct journal_entry *next)
{
	char text[32];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	if (restore->cutoff_ms == 0 || next->time_ms > restore->cutoff_ms) {
		return STATUS_OK;
	}
	text_write_time(&writer, restore->cutoff_ms / 1000);
	return problem_set(restore->problem, STATUS_NOT_FOUND,
		"what the records were then was removed by retention; the earliest time that can "
		"be restored is %.*s",
		(int)text_written(&writer).size, text);
}

/* Takes entries up to the segment's end or the point asked for. What is wrong with octets that
 * came from the ledger ends the journal there; it may be a batch cut by a crash. */
static enum status
segment_take(struct restore *restore, uint64_t size, bool *ret_has_taken)
{
	struct journal_walk *walk = &restore->walk;
	struct journal_entry entry;
	enum status status =
		journal_walk_take(walk, bytes_over(restore->source.octets, size), restore->problem);

	*ret_has_taken = false;
	if (status == STATUS_OK && walk->cutoff_ms > restore->cutoff_ms) {
		restore->cutoff_ms = walk->cutoff_ms;
	}
	while (status == STATUS_OK) {
		status = journal_walk_next(walk, &entry, restore->problem);
		if (status == STATUS_OK && !is_wanted(restore, &entry)) {
			restore->is_complete = true;
			return removed_refuse(restore, &entry);
		}
		if (status == STATUS_OK) {
			restore->end = walk->at;
			*ret_has_taken = true;
		}
	}
	if (status == STATUS_CORRUPT && restore->later_fd >= 0 &&
		restore->end.place >= restore->source.manifest.end.place) {
		restore->stopped_at = restore->end.place;
		return STATUS_OK;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Whole while the journal goes on behind it, else up to the last entry taken. */
static enum status
segment_write(struct restore *restore, uint64_t base, uint64_t size)
{
	bool goes_on = restore->walk.is_segment_over && !restore->is_complete;
	bool is_pruned = restore->walk.pruned_ms != 0;
	uint64_t used = goes_on ? size : restore->end.place - base;
	char name[JOURNAL_FILE_NAME_SIZE + 1];

	journal_file_name(base, name);
	if (is_pruned && !goes_on) {
		return problem_set(restore->problem, STATUS_CORRUPT,
			"ledger/%s was pruned, but the journal does not go on behind it", name);
	}
	return backup_file_write(restore->ledger_fd, name,
		&(struct backup_run){restore->source.octets, used, 0,
			is_pruned ? 0 : restore->source.manifest.segment_size, is_pruned},
		restore->problem);
}

/* The journal did not go on behind the segment with the last entry. */
static enum status
pad_remove(struct restore *restore)
{
	uint64_t size = restore->source.manifest.segment_size;
	uint64_t base = (restore->end.place - 1) & ~(size - 1);
	char name[JOURNAL_FILE_NAME_SIZE + 1];

	journal_file_name(base, name);
	if (restore->has_pruned_last) {
		return problem_set(restore->problem, STATUS_CORRUPT,
			"ledger/%s was pruned, but the journal does not go on behind it", name);
	}
	return backup_file_write(restore->ledger_fd, name,
		&(struct backup_run){
			restore->source.octets, 0, restore->end.place - base, size, false},
		restore->problem);
}

static enum status
journal_make(struct restore *restore)
{
	struct journal_walk *walk = &restore->walk;
	enum status status = STATUS_OK;
	bool has_taken = false;

	journal_walk_begin(walk, NULL, restore->source.manifest.segment_size);
	restore->end = walk->at;
	do {
		uint64_t base = journal_walk_base(walk), size;

		status = segment_read(restore, base, &size);
		if (status != STATUS_OK || size == 0) {
			has_taken = false;
			break;
		}
		status = segment_take(restore, size, &has_taken);
		if (status == STATUS_OK && (has_taken || base == 0)) {
			status = segment_write(restore, base, size);
			restore->has_pruned_last = walk->pruned_ms != 0;
		}
		if (restore->options->progress != NULL) {
			restore->options->progress(restore->options->context, restore->end.place,
				restore->source.manifest.end.place);
		}
	} while (status == STATUS_OK && walk->is_segment_over && !restore->is_complete &&
		restore->stopped_at == 0);
	if (status == STATUS_OK && !has_taken && restore->end.last != 0) {
		status = pad_remove(restore);
	}
	return status;
}

/* Everything that the manifest promises was there, up to the point asked for. */
static enum status
end_check(struct restore *restore)
{
	const struct backup_restore_options *options = restore->options;
	const struct journal_point *end = &restore->end, *promised = &restore->source.manifest.end;

	if (!restore->is_complete && end->sequence < promised->sequence) {
		return problem_set(restore->problem, STATUS_CORRUPT,
			"%s: the journal in it ends with entry %llu, but the manifest says %llu",
			restore->source.path, (unsigned long long)end->sequence,
			(unsigned long long)promised->sequence);
	}
	if (end->sequence == promised->sequence &&
		(end->place != promised->place || end->last != promised->last ||
			end->time_ms != promised->time_ms ||
			memcmp(end->head, promised->head, sizeof(end->head)) != 0)) {
		return problem_set(restore->problem, STATUS_CORRUPT,
			"%s: the last entry in it is not the one that the manifest names",
			restore->source.path);
	}
	if (options->has_time && end->sequence == 0 && promised->sequence > 0) {
		return problem_set(restore->problem, STATUS_NOT_FOUND,
			"nothing was there yet at that time: the first entry is younger");
	}
	if (options->has_sequence && end->sequence < options->sequence) {
		return problem_set(restore->problem, STATUS_NOT_FOUND,
			"there is no entry %llu: the last one there is %llu",
			(unsigned long long)options->sequence, (unsigned long long)end->sequence);
	}
	return STATUS_OK;
}

/* A file that an interrupted restore put there already is the same; another is left alone. */
static bool
is_there_already(struct restore *restore, int folder_fd, const char *name, uint64_t size)
{
	uint8_t *there = malloc(size + 1);
	uint64_t there_size;
	bool is_same = there != NULL &&
		backup_file_read(folder_fd, name, &(struct backup_room){there, size + 1, 0},
			&there_size, NULL) == STATUS_OK &&
		bytes_equal(
			bytes_over(there, there_size), bytes_over(restore->source.octets, size));

	if (there != NULL) {
		crypto_forget(there, size + 1);
	}
	free(there);
	return is_same;
}

/* Under its name a file is whole from the start. */
static enum status
node_file_place(struct restore *restore, int folder_fd, const char *name, uint64_t size)
{
	static const char unfinished[] = "node.tmp";
	enum status status = backup_file_write(restore->ledger_fd, unfinished,
		&(struct backup_run){restore->source.octets, size, 0, 0, false}, restore->problem);

	if (status != STATUS_OK) {
		return status;
	}
	if (renameat2(restore->ledger_fd, unfinished, folder_fd, name, RENAME_NOREPLACE) == 0) {
		return fsync(folder_fd) == 0
			? STATUS_OK
			: problem_system(restore->problem, "cannot make %s", name);
	}
	if (errno != EEXIST) {
		return problem_system(
			restore->problem, "cannot make %s/%s", restore->directory, name);
	}
	(void)unlinkat(restore->ledger_fd, unfinished, 0);
	return is_there_already(restore, folder_fd, name, size)
		? STATUS_OK
		: problem_set(restore->problem, STATUS_EXISTS,
			  "%s/%s is there already and another; a restore overwrites nothing: name "
			  "a new folder",
			  restore->directory, name);
}

/* What the ledger itself will need. */
static bool
is_taken(const char *name)
{
	static const char *const taken[] = {"ledger", "view", "lock", UNFINISHED};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (strcmp(name, taken[i]) == 0) {
			return true;
		}
	}
	return false;
}

static enum status
node_file_restore(struct restore *restore, size_t number)
{
	const char *stored = restore->source.manifest.node_files[number].name, *name;
	char folder[BACKUP_NAME_SIZE_MAX + 1];
	int folder_fd = restore->directory_fd;
	uint64_t size;
	enum status status;

	if (!backup_name_parts(stored, folder, &name) || is_taken(folder) ||
		(folder[0] == '\0' && is_taken(name))) {
		return problem_set(restore->problem, STATUS_CORRUPT,
			"%s: no file of a node is called node/%s", restore->source.path, stored);
	}
	if (folder[0] != '\0') {
		status = backup_folder_open(
			restore->directory_fd, folder, true, &folder_fd, restore->problem);
		if (status != STATUS_OK) {
			return status;
		}
	}
	status = backup_source_node_file(&restore->source, number, &size);
	if (status == STATUS_OK) {
		status = node_file_place(restore, folder_fd, name, size);
		crypto_forget(restore->source.octets, size);
	}
	if (folder_fd != restore->directory_fd) {
		close(folder_fd);
	}
	return status;
}

static enum status
journal_publish(struct restore *restore)
{
	if (fsync(restore->ledger_fd) != 0 ||
		renameat(restore->directory_fd, UNFINISHED, restore->directory_fd, "ledger") != 0 ||
		fsync(restore->directory_fd) != 0) {
		return problem_system(restore->problem, "cannot finish %s", restore->directory);
	}
	return STATUS_OK;
}

static enum status
restore_steps(struct restore *restore, const char *to)
{
	enum status status = backup_source_open(&restore->source, to, restore->problem);

	if (status == STATUS_OK) {
		status = later_open(restore);
	}
	if (status == STATUS_OK) {
		status = directory_prepare(restore);
	}
	if (status == STATUS_OK) {
		status = journal_make(restore);
	}
	if (status == STATUS_OK) {
		status = end_check(restore);
	}
	for (size_t i = 0; status == STATUS_OK && i < restore->source.manifest.node_file_count;
		i++) {
		status = node_file_restore(restore, i);
	}
	return status == STATUS_OK ? journal_publish(restore) : status;
}

/* The view, and the proof of both. */
static enum status
view_make(struct restore *restore)
{
	struct ledger_report report;
	struct problem closing;
	struct ledger *ledger;
	enum status end, status;

	/* Heads were copied after the journal, or cover what was not to be restored: opening would
	 * miss what they cover. */
	status = ledger_heads_cut(restore->directory, restore->end.sequence, restore->problem);
	if (status == STATUS_OK) {
		status = ledger_rebuild(restore->directory, NULL, NULL, &ledger, restore->problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = ledger_verify(ledger, NULL, NULL, &report, restore->problem);
	if (status == STATUS_OK && report.entry_count != restore->end.sequence) {
		status = problem_set(restore->problem, STATUS_CORRUPT,
			"%llu entries were restored, but %llu can be read",
			(unsigned long long)restore->end.sequence,
			(unsigned long long)report.entry_count);
	}
	end = ledger_close(ledger, &closing);
	return status == STATUS_OK && end != STATUS_OK
		? problem_set(restore->problem, end, "%s", closing.text)
		: status;
}

enum status
backup_restore(const char *to, const char *directory, const struct backup_restore_options *options,
	struct backup_report *ret_report, struct problem *problem)
{
	struct restore restore = {
		.options = options,
		.directory = directory,
		.later_fd = -1,
		.directory_fd = -1,
		.ledger_fd = -1,
		.problem = problem,
	};
	enum status status = restore_steps(&restore, to);
	uint64_t promised = restore.source.manifest.end.sequence;

	if (status != STATUS_OK && restore.ledger_fd >= 0) {
		backup_folder_remove(restore.directory_fd, UNFINISHED);
	}
	if (status == STATUS_OK) {
		status = view_make(&restore);
	}
	if (status == STATUS_OK) {
		*ret_report = (struct backup_report){
			.end = restore.end,
			.copied_size = restore.end.place,
			.total_size = restore.end.place,
			.node_file_count = restore.source.manifest.node_file_count,
			.from_ledger_count = restore.end.sequence > promised
				? restore.end.sequence - promised
				: 0,
			.stopped_at = restore.stopped_at,
		};
	}
	backup_source_close(&restore.source);
	backup_close(restore.later_fd);
	backup_close(restore.directory_fd);
	backup_close(restore.ledger_fd);
	return status;
}
