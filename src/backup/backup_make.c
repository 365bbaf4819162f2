/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup.h"

#include "backup/backup_files.h"
#include "base/clock.h"
#include "base/text_writer.h"
#include "crypto/crypto.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct make {
	const struct backup_options *options;
	const char *to;
	int from_fd, from_ledger_fd; /* DIR, DIR/ledger */
	int to_fd, to_ledger_fd, to_node_fd;
	struct backup_manifest before, now;
	struct journal_point end; /* Of the journal, as this backup takes it. */
	uint64_t segment_size;
	/* Room for a segment and as much behind it, or for a node file and one octet. */
	uint8_t *octets, *earlier;
	uint64_t copied_size;
	struct problem *problem;
};

/* The earlier backup must be a beginning of this journal: its last entry must be there. */
static enum status
history_check(struct make *make, struct journal *journal)
{
	const struct journal_point *point = &make->before.end;
	uint8_t head[JOURNAL_DIGEST_SIZE];
	struct journal_entry entry;

	if (point->sequence == 0) {
		return STATUS_OK;
	}
	if (journal_read(journal, point->last, &entry) == STATUS_OK && entry.place == point->last &&
		entry.next == point->place && entry.sequence == point->sequence &&
		entry.time_ms == point->time_ms) {
		journal_entry_hash(&entry, head);
		if (memcmp(head, point->head, sizeof(head)) == 0) {
			return STATUS_OK;
		}
	}
	return problem_set(make->problem, STATUS_CONFLICT,
		"%s holds a backup of another history: its entry %llu is not in this ledger; make "
		"the backup in another folder",
		make->to, (unsigned long long)point->sequence);
}

/* Opens the journal beside its writer and finds where its sound entries end now, which is not
 * before what is known to have been durable. */
static enum status
end_find(struct make *make, const char *directory)
{
	/* Looked up first: the journal then has at least that. */
	const struct journal_opening opening = {
		.known_place = make->before.end.sequence == 0 ? 0 : make->before.end.place,
		.reached_place = ledger_reached_place(directory),
		.reached_count = ledger_reached_count(directory),
		.segment_size = JOURNAL_SEGMENT_SIZE,
	};
	struct journal *journal;
	enum status status = journal_open_as(directory, &opening, &journal, make->problem);

	if (status != STATUS_OK) {
		return status;
	}
	status = history_check(make, journal);
	make->end = (struct journal_point){
		.place = journal_end(journal),
		.sequence = journal_last_sequence(journal),
	};
	journal_head(journal, make->end.head);
	journal_close(journal);
	return status;
}

static void
progress_tell(struct make *make, uint64_t done)
{
	if (make->options->progress != NULL) {
		make->options->progress(make->options->context, done, make->end.place);
	}
}

/* What an earlier backup has of this segment must be the same octets, there and here. */
static enum status
earlier_check(struct make *make, const char *name, const struct backup_file *file)
{
	uint8_t hash[CRYPTO_DIGEST_SIZE_MAX];
	uint64_t size;
	enum status status = backup_file_read(make->to_ledger_fd, name,
		&(struct backup_room){make->earlier, file->size, 0}, &size, make->problem);

	if (status != STATUS_OK) {
		return status;
	}
	crypto_digest(CRYPTO_SHA256, bytes_over(make->octets, file->size), hash);
	if (size != file->size || memcmp(hash, file->sha256, sizeof(hash)) != 0 ||
		memcmp(make->octets, make->earlier, size) != 0) {
		return problem_set(make->problem, STATUS_CORRUPT,
			"%s/ledger/%s is not what was copied there; the backup is damaged: make "
			"another in a new folder",
			make->to, name);
	}
	return STATUS_OK;
}

/* The segment's octets up to the end that this backup takes. First they are made durable: the
 * copy must not know what a power cut could still undo here. */
static enum status
segment_read(
	struct make *make, const struct journal_walk *walk, const char *name, uint64_t *ret_size)
{
	uint64_t left = make->end.place - journal_walk_base(walk);
	uint64_t limit = left < make->segment_size ? left : make->segment_size;
	struct journal_file file;
	enum status status = backup_file_sync(make->from_ledger_fd, name, make->problem);

	if (status == STATUS_OK) {
		status = backup_file_read(make->from_ledger_fd, name,
			&(struct backup_room){make->octets, limit, 0}, ret_size, make->problem);
	}
	if (status != STATUS_OK || *ret_size < JOURNAL_FILE_HEADER_SIZE) {
		return status;
	}
	journal_file_read(make->octets, &file);
	/* Pruned: what stands behind the segment belongs to it. */
	return file.pruned_ms == 0
		? STATUS_OK
		: backup_file_read(make->from_ledger_fd, name,
			  &(struct backup_room){make->octets, 2 * make->segment_size, 0}, ret_size,
			  make->problem);
}

/* Proves the segment's entries from where the walk stands. */
static enum status
segment_walk(struct make *make, struct journal_walk *walk, uint64_t size)
{
	struct journal_entry entry;
	enum status status = journal_walk_take(walk, bytes_over(make->octets, size), make->problem);

	while (status == STATUS_OK) {
		status = journal_walk_next(walk, &entry, make->problem);
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
segment_copy(struct make *make, struct journal_walk *walk)
{
	uint64_t base = journal_walk_base(walk), size, had = 0;
	size_t number = base / make->segment_size;
	char name[BACKUP_SEGMENT_NAME_SIZE_MAX];
	uint8_t hash[CRYPTO_DIGEST_SIZE_MAX];
	struct backup_file file;
	enum status status;

	journal_file_name(base, name);
	status = segment_read(make, walk, name, &size);
	if (status == STATUS_OK) {
		status = segment_walk(make, walk, size);
	}
	if (status != STATUS_OK) {
		return status;
	}
	backup_segment_name(base, walk->pruned_ms, name);
	if (number < make->before.segment_count &&
		make->before.segments[number].pruned_ms == walk->pruned_ms) {
		had = make->before.segments[number].size;
		status = earlier_check(make, name, &make->before.segments[number]);
	}
	if (status != STATUS_OK) {
		return status;
	}
	crypto_digest(CRYPTO_SHA256, bytes_over(make->octets, size), hash);
	file = (struct backup_file){.size = size, .pruned_ms = walk->pruned_ms};
	memcpy(file.sha256, hash, sizeof(file.sha256));
	make->copied_size += size - had;
	progress_tell(make, base + size);
	status = backup_file_write(make->to_ledger_fd, name,
		&(struct backup_run){
			make->octets + had, size - had, had, 0, had == 0 && walk->pruned_ms != 0},
		make->problem);
	return status == STATUS_OK ? backup_manifest_add_segment(&make->now, &file) : status;
}

/* Segments before `base` stay as an earlier backup has them. */
static enum status
segments_keep(struct make *make, uint64_t base)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < make->before.segment_count && status == STATUS_OK; i++) {
		const struct backup_file *file = &make->before.segments[i];

		if (i * make->before.segment_size >= base) {
			break;
		}
		status = backup_manifest_add_segment(&make->now, file);
	}
	return status;
}

/* Whether what the earlier backup has of a segment was pruned since. */
static enum status
prunings_look(struct make *make, bool *ret_is_pruned)
{
	enum status status = STATUS_OK;

	*ret_is_pruned = false;
	for (size_t i = 0; i < make->before.segment_count && !*ret_is_pruned; i++) {
		uint8_t header[JOURNAL_FILE_HEADER_SIZE] = {0};
		char name[JOURNAL_FILE_NAME_SIZE + 1];
		struct journal_file file;
		uint64_t size;

		journal_file_name(i * make->segment_size, name);
		status = backup_file_read(make->from_ledger_fd, name,
			&(struct backup_room){header, sizeof(header), 0}, &size, make->problem);
		if (status != STATUS_OK) {
			return status;
		}
		journal_file_read(header, &file);
		*ret_is_pruned = file.pruned_ms != make->before.segments[i].pruned_ms;
	}
	return STATUS_OK;
}

/* Behind the earlier backup; from the start when something of it was pruned. */
static enum status
segments_copy(struct make *make)
{
	bool is_first = make->before.segment_count == 0, is_pruned;
	struct journal_walk walk;
	enum status status = prunings_look(make, &is_pruned);

	if (status != STATUS_OK) {
		return status;
	}
	is_first = is_first || is_pruned;
	journal_walk_begin(&walk,
		is_first || make->before.end.sequence == 0 ? NULL : &make->before.end,
		make->before.segment_size);
	if (!is_first && make->before.end.place == make->end.place) {
		make->now.end = make->before.end;
		make->now.segment_size = make->before.segment_size;
		return segments_keep(make, UINT64_MAX);
	}
	status = segments_keep(make, is_first ? 0 : journal_walk_base(&walk));
	do {
		if (status == STATUS_OK) {
			status = segment_copy(make, &walk);
		}
	} while (status == STATUS_OK && walk.is_segment_over && walk.at.place < make->end.place);
	if (status == STATUS_OK &&
		(walk.at.place != make->end.place ||
			memcmp(walk.at.head, make->end.head, sizeof(walk.at.head)) != 0)) {
		status = problem_set(make->problem, STATUS_CORRUPT,
			"the journal ends at place %llu when it is copied, but at %llu when it "
			"was opened: its files are being changed by something else than a node",
			(unsigned long long)walk.at.place, (unsigned long long)make->end.place);
	}
	make->now.end = walk.at;
	make->now.segment_size = walk.segment_size;
	return status;
}

/* A folder of the node's files that is copied. */
struct node_folder {
	struct make *make;
	int fd;
	const char *name; /* NULL: DIR itself. */
};

/* What a node or a load makes again: where it stands, or what it remembers. A mirror's position is
 * right for the ledger of its moment only, and a cache may be larger than any backup. */
static bool
is_made_again(struct bytes name)
{
	return bytes_equal(name, TEXT("lock")) || bytes_equal(name, TEXT("ledger")) ||
		bytes_equal(name, TEXT("view")) || bytes_equal(name, TEXT("mirror.json")) ||
		bytes_start_with(name, TEXT("load.state")) ||
		bytes_start_with(name, TEXT("cache.")) || bytes_start_with(name, TEXT("query.log"));
}

/* houji.yaml, keys, whatever an operator put beside them. */
static bool
is_node_file(const struct make *make, const char *name)
{
	struct bytes text = bytes_from_string(name);

	if (!make->options->with_keys) {
		/* Signed heads are evidence, and no secret: they go with the journal. */
		return bytes_equal(text, TEXT("heads.ndjson")) ||
			bytes_equal(text, TEXT("heads.before-restore.ndjson"));
	}
	return backup_name_is_plain(text) && !is_made_again(text);
}

/* "<hash>-keys+server.pem": under the digest of its octets, so that an earlier backup's stays
 * what it was. */
static enum status
stored_name(const struct node_folder *folder, const char *name, struct bytes octets,
	char ret_stored[BACKUP_NAME_SIZE_MAX + 1])
{
	struct text_writer writer = text_writer_over(ret_stored, BACKUP_NAME_SIZE_MAX + 1);
	uint8_t hash[CRYPTO_DIGEST_SIZE_MAX];

	crypto_digest(CRYPTO_SHA256, octets, hash);
	text_write_hex(&writer, bytes_over(hash, BACKUP_NODE_HASH_SIZE));
	text_write_char(&writer, '-');
	if (folder->name != NULL) {
		text_write_string(&writer, folder->name);
		text_write_char(&writer, '+');
	}
	text_write_string(&writer, name);
	text_write_char(&writer, '\0');
	return text_writer_end(&writer);
}

static enum status
node_file_copy(const struct node_folder *folder, const char *name)
{
	struct make *make = folder->make;
	char stored[BACKUP_NAME_SIZE_MAX + 1];
	struct bytes octets;
	enum status status;
	uint64_t size;

	status = backup_file_read(folder->fd, name,
		&(struct backup_room){make->octets, BACKUP_NODE_FILE_SIZE_MAX + 1, 0}, &size,
		make->problem);
	if (status != STATUS_OK) {
		return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* Gone meanwhile. */
	}
	octets = bytes_over(make->octets, size);
	if (stored_name(folder, name, octets, stored) != STATUS_OK ||
		size > BACKUP_NODE_FILE_SIZE_MAX) {
		return problem_set(make->problem, STATUS_TOO_LARGE,
			"%s: no file of a node is so large, or has so long a name; move it away",
			name);
	}
	status = backup_file_write(make->to_node_fd, stored,
		&(struct backup_run){make->octets, size, 0, 0, false}, make->problem);
	if (status == STATUS_OK) {
		status = backup_manifest_add_node_file(&make->now, stored, octets);
		if (status != STATUS_OK) {
			(void)problem_set(make->problem, status,
				"more than %d files lie beside the ledger; move away those that "
				"are not the node's",
				BACKUP_NODE_FILE_COUNT_MAX);
		}
	}
	crypto_forget(make->octets, size);
	return status;
}

static enum status node_folder_visit(void *context, const char *name);

/* keys/ and client/: one level, no further. */
static enum status
node_folder_copy(const struct node_folder *parent, const char *name)
{
	struct node_folder folder = {parent->make, -1, name};
	enum status status =
		backup_folder_open(parent->fd, name, false, &folder.fd, parent->make->problem);

	if (status == STATUS_OK) {
		status = backup_folder_visit(
			folder.fd, node_folder_visit, &folder, parent->make->problem);
	}
	backup_close(folder.fd);
	return status;
}

static enum status
node_folder_visit(void *context, const char *name)
{
	const struct node_folder *folder = context;
	struct stat file;

	if (!is_node_file(folder->make, name) ||
		fstatat(folder->fd, name, &file, AT_SYMLINK_NOFOLLOW) != 0) {
		return STATUS_OK;
	}
	if (S_ISDIR(file.st_mode)) {
		return folder->name == NULL ? node_folder_copy(folder, name) : STATUS_OK;
	}
	return S_ISREG(file.st_mode) ? node_file_copy(folder, name) : STATUS_OK;
}

static enum status
node_files_copy(struct make *make)
{
	enum status status;

	status = backup_folder_open(make->to_fd, "node", true, &make->to_node_fd, make->problem);
	if (status == STATUS_OK) {
		struct node_folder folder = {make, make->from_fd, NULL};

		status = backup_folder_visit(
			make->from_fd, node_folder_visit, &folder, make->problem);
	}
	if (status == STATUS_OK && fsync(make->to_node_fd) != 0) {
		status = problem_system(make->problem, "cannot write %s/node", make->to);
	}
	return status;
}

/* What an unfinished first backup may have left in TO, and nothing else. */
static enum status
stranger_refuse(void *context, const char *name)
{
	struct bytes text = bytes_from_string(name);

	(void)context;
	return bytes_equal(text, TEXT("ledger")) || bytes_equal(text, TEXT("node")) ||
			bytes_equal(text, TEXT("manifest.new"))
		? STATUS_OK
		: STATUS_EXISTS;
}

static enum status
to_open(struct make *make)
{
	enum status status =
		backup_folder_open(AT_FDCWD, make->to, true, &make->to_fd, make->problem);

	if (status != STATUS_OK) {
		return status;
	}
	if (flock(make->to_fd, LOCK_EX | LOCK_NB) != 0) {
		return problem_set(make->problem, STATUS_IN_USE,
			"another backup into %s is running", make->to);
	}
	status = backup_manifest_read(make->to_fd, &make->before, make->problem);
	if (status != STATUS_NOT_FOUND) {
		return status;
	}
	status = backup_folder_visit(make->to_fd, stranger_refuse, NULL, make->problem);
	return status == STATUS_EXISTS
		? problem_set(make->problem, status,
			  "%s is not empty and holds no backup; name a new folder", make->to)
		: status;
}

/* A segment is as large as the first one says. */
static enum status
room_make(struct make *make)
{
	uint8_t header[JOURNAL_FILE_HEADER_SIZE] = {0};
	char name[JOURNAL_FILE_NAME_SIZE + 1];
	struct journal_file file;
	uint64_t size, room;
	enum status status;

	journal_file_name(0, name);
	status = backup_file_read(make->from_ledger_fd, name,
		&(struct backup_room){header, sizeof(header), 0}, &size, make->problem);
	if (status != STATUS_OK) {
		return status;
	}
	journal_file_read(header, &file);
	if (file.segment_size == 0 || file.segment_size > JOURNAL_SEGMENT_SIZE) {
		return problem_set(make->problem, STATUS_CORRUPT,
			"ledger/%s: its header is not that of a segment of this program", name);
	}
	if (make->before.segment_count > 0 && make->before.segment_size != file.segment_size) {
		return problem_set(make->problem, STATUS_CONFLICT,
			"%s holds a backup of another ledger, with segments of %llu octets; make "
			"the backup in another folder",
			make->to, (unsigned long long)make->before.segment_size);
	}
	make->segment_size = file.segment_size;
	room = 2 * file.segment_size > BACKUP_NODE_FILE_SIZE_MAX ? 2 * file.segment_size
								 : BACKUP_NODE_FILE_SIZE_MAX + 1;
	make->octets = malloc(room);
	make->earlier = malloc(room);
	return make->octets == NULL || make->earlier == NULL
		? problem_set(make->problem, STATUS_NO_MEMORY, "no memory for a segment")
		: STATUS_OK;
}

static enum status
folders_open(struct make *make, const char *directory)
{
	enum status status =
		backup_folder_open(AT_FDCWD, directory, false, &make->from_fd, make->problem);

	if (status == STATUS_OK) {
		status = backup_folder_open(
			make->from_fd, "ledger", false, &make->from_ledger_fd, make->problem);
	}
	if (status == STATUS_NOT_FOUND) {
		return problem_set(make->problem, status, "%s holds no ledger", directory);
	}
	if (status == STATUS_OK) {
		status = to_open(make);
	}
	if (status == STATUS_OK) {
		status = backup_folder_open(
			make->to_fd, "ledger", true, &make->to_ledger_fd, make->problem);
	}
	return status == STATUS_OK ? room_make(make) : status;
}

/* A copy of a file that no longer counts. */
static enum status
node_file_forget(void *context, const char *name)
{
	struct make *make = context;

	for (size_t i = 0; i < make->now.node_file_count; i++) {
		if (strcmp(make->now.node_files[i].name, name) == 0) {
			return STATUS_OK;
		}
	}
	(void)unlinkat(make->to_node_fd, name, 0);
	return STATUS_OK;
}

/* The same for a segment that was pruned since. */
static enum status
segment_forget(void *context, const char *name)
{
	struct make *make = context;
	char there[BACKUP_SEGMENT_NAME_SIZE_MAX];

	for (size_t i = 0; i < make->now.segment_count; i++) {
		backup_segment_name(i * make->segment_size, make->now.segments[i].pruned_ms, there);
		if (strcmp(there, name) == 0) {
			return STATUS_OK;
		}
	}
	(void)unlinkat(make->to_ledger_fd, name, 0);
	return STATUS_OK;
}

static enum status
make_steps(struct make *make, const char *directory)
{
	enum status status = folders_open(make, directory);

	if (status == STATUS_OK) {
		status = end_find(make, directory);
	}
	if (status == STATUS_OK) {
		status = segments_copy(make);
	}
	if (status == STATUS_OK) {
		status = node_files_copy(make);
	}
	if (status == STATUS_OK && fsync(make->to_ledger_fd) != 0) {
		status = problem_system(make->problem, "cannot write %s/ledger", make->to);
	}
	if (status != STATUS_OK) {
		return status;
	}
	make->now.created_ms = clock_wall_ms();
	status = backup_manifest_write(make->to_fd, &make->now, make->problem);
	if (status == STATUS_OK && make->to_node_fd >= 0) {
		(void)backup_folder_visit(make->to_node_fd, node_file_forget, make, NULL);
	}
	if (status == STATUS_OK) {
		(void)backup_folder_visit(make->to_ledger_fd, segment_forget, make, NULL);
	}
	return status;
}

enum status
backup_make(const char *directory, const char *to, const struct backup_options *options,
	struct backup_report *ret_report, struct problem *problem)
{
	struct make make = {
		.options = options,
		.to = to,
		.from_fd = -1,
		.from_ledger_fd = -1,
		.to_fd = -1,
		.to_ledger_fd = -1,
		.to_node_fd = -1,
		.problem = problem,
	};
	enum status status = make_steps(&make, directory);

	if (status == STATUS_OK) {
		*ret_report = (struct backup_report){
			.end = make.now.end,
			.copied_size = make.copied_size,
			.total_size = make.now.end.place,
			.node_file_count = make.now.node_file_count,
			.is_incremental = make.before.segment_count > 0,
		};
	}
	free(make.octets);
	free(make.earlier);
	backup_manifest_free(&make.before);
	backup_manifest_free(&make.now);
	backup_close(make.from_fd);
	backup_close(make.from_ledger_fd);
	backup_close(make.to_fd);
	backup_close(make.to_ledger_fd);
	backup_close(make.to_node_fd);
	return status;
}
