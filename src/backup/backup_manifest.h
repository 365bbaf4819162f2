/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "journal/journal_walk.h"

/*
 * What a backup holds, in TO/manifest: lines under a seal (backup/backup_lines.h).
 *
 *     {"houji":"backup","version":1,"created":T,"segment_size":N,"place":N,"last":N,
 *      "sequence":N,"time_ms":N,"head":HEX}
 *     {"file":"ledger/0000000000000000.seg","size":N,"sha256":HEX}     each segment, in order
 *     {"file":"node/<hash>-houji.yaml","size":N,"sha256":HEX}          with keys only
 *     {"file":"node/<hash>-keys+server.pem","size":N,"sha256":HEX}     of a folder in DIR
 *     {"lines":N,"sha256":HEX}
 *
 * A segment that was pruned (journal_prune.h) has its line with "pruned_ms":T and is a file of
 * its own, <base>-<T>.seg with T in hex, so that an earlier backup's stays what it was.
 *
 * It is written last and renamed into place, so that a backup is whole or not there. Of a file
 * only the first `size` octets count: what lies behind them is of a later backup that was not
 * finished.
 *
 * A manifest may come from anybody. Names of segments are not read but expected, other names are
 * one plain word, or two with a plus between; sizes agree with the places they stand for; counts
 * are bounded.
 */
enum {
	BACKUP_VERSION = 1,
	BACKUP_VERSION_PRUNED = 2, /* With segments that retention has pruned. */
	BACKUP_NAME_SIZE_MAX = 127,
	/* Of a file's digest, in front of its name: copies of other content stay apart. */
	BACKUP_NODE_HASH_SIZE = 8,
	BACKUP_NODE_PREFIX_SIZE = 2 * BACKUP_NODE_HASH_SIZE + 1,
	BACKUP_NODE_FILE_COUNT_MAX = 64,
	BACKUP_NODE_FILE_SIZE_MAX = 64 << 20, /* heads.ndjson grows with the years. */
	BACKUP_MANIFEST_LINE_SIZE_MAX = 1024,
};

#define BACKUP_MANIFEST_NAME "manifest"

struct backup_file {
	char name[BACKUP_NAME_SIZE_MAX + 1]; /* Of a file in TO/node; empty for segments. */
	uint64_t size;
	uint8_t sha256[32];
	int64_t pruned_ms; /* Of a segment: when it was pruned; 0: never. */
};

struct backup_manifest {
	uint64_t version; /* As it was read. */
	int64_t created_ms;
	uint64_t segment_size;
	struct journal_point end;
	struct backup_file *segments; /* From the first on, without a gap. */
	size_t segment_count;
	struct backup_file *node_files;
	size_t node_file_count;
};

/* NOT_FOUND when there is none; CORRUPT, TRUNCATED, TOO_LARGE, UNKNOWN_VERSION. */
enum status backup_manifest_read(
	int directory_fd, struct backup_manifest *ret_manifest, struct problem *problem) MUST_CHECK;

/* Whole and durable under its name, or not at all. */
enum status backup_manifest_write(int directory_fd, const struct backup_manifest *manifest,
	struct problem *problem) MUST_CHECK;
void backup_manifest_free(struct backup_manifest *manifest);

/* One more row with this size and digest. NO_MEMORY. */
enum status backup_manifest_add_segment(
	struct backup_manifest *manifest, const struct backup_file *file) MUST_CHECK;
enum status backup_manifest_add_node_file(
	struct backup_manifest *manifest, const char *name, struct bytes octets) MUST_CHECK;

/* What a segment's file in TO/ledger is called. */
enum { BACKUP_SEGMENT_NAME_SIZE_MAX = 40 };
void backup_segment_name(
	uint64_t base, int64_t pruned_ms, char ret_name[BACKUP_SEGMENT_NAME_SIZE_MAX]);

/* A name that a file of TO/node may have: letters, digits, '.', '_' and '-', no dot first. */
bool backup_name_is_plain(struct bytes name);

/* What a stored name "<hash>-keys+server.pem" stands for; `ret_folder` is empty for a file of
 * DIR itself. False if it stands for nothing. */
bool backup_name_parts(
	const char *stored, char ret_folder[BACKUP_NAME_SIZE_MAX + 1], const char **ret_name);
