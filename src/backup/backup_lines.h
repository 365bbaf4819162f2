/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "crypto/crypto.h"

/*
 * Lines under a seal: a file of JSON lines whose last line vouches for all before it.
 *
 *     {"houji":"backup","version":1,...}       what kind of file, which form
 *     ...
 *     {"lines":3,"sha256":"..."}               count of the lines before, SHA-256 of their octets
 *
 * So one knows a file that was cut, changed or sewn together before believing any of it, and
 * `head -n -1 FILE | sha256sum` shows the same. Backups' manifests and exports are such files.
 * It is a checksum, not a signature: who can write the file can seal it anew.
 */
enum {
	BACKUP_LINES_BUFFER_SIZE = 65536,
	BACKUP_SEAL_SIZE_MAX = 128,
};

struct backup_writer {
	int fd; /* The caller's. */
	struct crypto_stream *digest;
	uint8_t *buffer;
	size_t used;
	uint64_t line_count;
	int error; /* The first errno of a write that failed; what follows is dropped. */
};

enum status backup_writer_begin(struct backup_writer *writer, int fd) MUST_CHECK;
/* One line without its end; it has no newline in it. */
void backup_write_line(struct backup_writer *writer, struct bytes line);
/* Writes the seal and what is buffered; frees. SYSTEM with errno if any write failed. */
enum status backup_writer_end(struct backup_writer *writer) MUST_CHECK;
void backup_writer_abandon(struct backup_writer *writer);

struct backup_reader {
	int fd; /* The caller's. */
	struct crypto_stream *digest;
	uint8_t *buffer;
	size_t capacity, from, filled;
	uint64_t line_count; /* Given out so far. */
	uint64_t offset; /* Of the file, behind the last line given out. */
	bool is_at_end;
	bool is_sealed; /* The seal was met and is right. */
	enum status status;
	struct problem *problem;
};

/* Lines of more than `line_size_max` octets are TOO_LARGE. */
enum status backup_reader_begin(struct backup_reader *reader, int fd, size_t line_size_max,
	struct problem *problem) MUST_CHECK;
/* False at the seal and at a fault; a line lives until the next call. */
bool backup_read_line(struct backup_reader *reader, struct bytes *ret_line);
/* Frees. OK only if the seal was met, is right, and nothing follows it. TRUNCATED for a file
 * that was cut, CORRUPT for one that was changed. */
enum status backup_reader_end(struct backup_reader *reader) MUST_CHECK;
