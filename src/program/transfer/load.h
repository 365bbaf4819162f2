/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "ledger/ledger.h"
#include "program/terminal/progress.h"
#include "records/records_homed.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

/*
 * Reading many records into a ledger, as a line of buffers:
 *
 *     load_read.c    the file, cut into chunks of whole lines          main thread
 *     load_parse.c   lines into changes, in any order of chunks        LOAD_PARSER_COUNT
 *     load.c         changes to the ledger, in the order of the file   main thread
 *                    judge, sync, answer                               the ledger's
 *     load.c         counts, complaints, where to go on                main thread
 *
 * A chunk goes round: free, read, parsing, parsed, submitted, done, free. All it holds lives
 * in its own buffers, which are reused: there is no allocation for a record.
 */
enum {
	LOAD_CHUNK_COUNT = 6,
	LOAD_CHUNK_TEXT_SIZE = 2 * 1048576, /* A line of JSON_TEXT_SIZE_MAX fits. */
	LOAD_CHUNK_LINE_COUNT_MAX = 8192,
	LOAD_PARSER_COUNT = 2,
	LOAD_STATE_EVERY_MS = 100,
};

enum load_chunk_state {
	LOAD_FREE,
	LOAD_READ,
	LOAD_PARSING,
	LOAD_PARSED,
	LOAD_SUBMITTED,
	LOAD_DONE,
};

/* One line that could not be loaded. */
struct load_complaint {
	struct load_complaint *next;
	uint64_t line;
	const char *text;
};

struct load_change {
	struct ledger_change change; /* First: the ledger hands this back. */
	struct load_chunk *chunk;
	uint64_t line;
	bool is_replacing;
	struct bytes missing; /* The 0.NA handle to be homed first; empty if none. */
};

struct load_chunk {
	struct load *load;
	enum load_chunk_state state; /* Guarded by load->lock. */
	uint8_t *text;
	size_t size; /* Of whole lines in `text`. */
	size_t filled; /* What was read: the rest belongs to the next chunk. */
	uint64_t first_line; /* Counted from 1. */
	uint64_t line_count;
	uint64_t end_offset; /* In the file, behind the last line. */

	struct arena *arena; /* Values, escaped names, complaints. */
	struct load_change *changes;
	struct ledger_change *homes; /* LOAD_CHUNK_LINE_COUNT_MAX of each. */
	size_t change_count, home_count;
	struct load_complaint *complaints, **complaints_end;

	/* The committer's, until the chunk is done. */
	size_t answered;
	uint64_t created, replaced, unchanged, home_ok;
	enum status fault; /* The first that is no line's own. */
};

struct load_options {
	const char *directory;
	const char *path; /* "-": stdin. */
	bool is_dry_run, is_homing, is_restarting, is_quiet, is_json;
	unsigned long errors_max; /* 0: any number. */
	/* Of an import: a file that is open already (`path` is how it is called), the part of it
	 * with records, and whether secrets were left out of them: then those here stay. */
	bool is_import, keeps_secrets;
	int fd;
	uint64_t from, from_line, to; /* `to` > 0: only [from, to). */
};

struct load_counts {
	uint64_t lines, created, replaced, unchanged, failed, homed;
};

struct load {
	const struct load_options *options;
	struct ledger *ledger;
	struct progress progress;
	struct load_counts counts;
	char name[PATH_MAX]; /* Of the file, as complaints say it. */

	/* load_read.c */
	int fd;
	struct stat file;
	bool is_resumable; /* A regular file: it has offsets. */
	bool is_at_end;
	bool is_skipping; /* Within a line that is too long. */
	uint64_t offset, line; /* Where the next chunk begins. */
	uint64_t left; /* Octets to be read. */
	const uint8_t *rest; /* What the last chunk had read beyond its own lines. */
	size_t rest_size;
	int64_t state_ms; /* When the state was last saved. */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_closing;
	struct load_chunk chunks[LOAD_CHUNK_COUNT];
	uint64_t read_count, parse_count, submit_count, done_count; /* Chunks so far. */
	pthread_t parsers[LOAD_PARSER_COUNT];
	unsigned parser_count;
	struct records_homed *requested; /* Prefixes that this load has asked to home. */
	struct load_seen *seen; /* Of a dry run; else NULL. */
};

/* Runs the load; the counts are right in every case. OK also when lines failed; CLOSED when
 * it was stopped by a signal or by too many errors. */
enum status load_run(struct load *load, struct problem *problem) MUST_CHECK;
extern volatile sig_atomic_t load_is_stopped; /* Set by a signal's handler. */

/* load_read.c */
enum status load_source_open(struct load *load, struct problem *problem) MUST_CHECK;
void load_source_close(struct load *load);
/* Fills a free chunk with whole lines; none left over means the end. */
enum status load_chunk_read(
	struct load *load, struct load_chunk *chunk, struct problem *problem) MUST_CHECK;

/* load_parse.c */
void load_chunk_parse(
	struct load_chunk *chunk, struct records_reader *reader, struct arena *scratch);
void load_complain(struct load_chunk *chunk, uint64_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* load_state.c: DIR/load.state says how far a file has been loaded. */
void load_state_find(struct load *load); /* Sets offset and line, if this file is known. */
void load_state_save(struct load *load, uint64_t offset, uint64_t line);
void load_state_remove(const struct load *load);
