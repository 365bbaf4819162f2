/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup_lines.h"

#include "json/json_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum status
backup_writer_begin(struct backup_writer *writer, int fd)
{
	*writer = (struct backup_writer){
		.fd = fd,
		.digest = crypto_stream_new(CRYPTO_SHA256),
		.buffer = malloc(BACKUP_LINES_BUFFER_SIZE),
	};
	if (writer->digest == NULL || writer->buffer == NULL) {
		backup_writer_abandon(writer);
		return STATUS_NO_MEMORY;
	}
	return STATUS_OK;
}

static void
write_out(struct backup_writer *writer, struct bytes run)
{
	while (run.size > 0 && writer->error == 0) {
		ssize_t size = write(writer->fd, run.at, run.size);

		if (size > 0) {
			run = bytes_slice(run, (size_t)size, run.size);
		} else if (size == 0 || errno != EINTR) {
			writer->error = size == 0 ? EIO : errno;
		}
	}
}

static void
buffer_flush(struct backup_writer *writer)
{
	write_out(writer, bytes_over(writer->buffer, writer->used));
	writer->used = 0;
}

static void
put(struct backup_writer *writer, struct bytes run)
{
	if (run.size > BACKUP_LINES_BUFFER_SIZE - writer->used) {
		buffer_flush(writer);
	}
	if (run.size > BACKUP_LINES_BUFFER_SIZE) {
		write_out(writer, run);
		return;
	}
	memcpy(writer->buffer + writer->used, run.at, run.size);
	writer->used += run.size;
}

void
backup_write_line(struct backup_writer *writer, struct bytes line)
{
	crypto_stream_add(writer->digest, line);
	crypto_stream_add(writer->digest, TEXT("\n"));
	put(writer, line);
	put(writer, TEXT("\n"));
	writer->line_count++;
}

static struct bytes
seal_write(const struct crypto_stream *digest, uint64_t line_count,
	char ret_text[BACKUP_SEAL_SIZE_MAX])
{
	struct json_writer json = json_writer_over(ret_text, BACKUP_SEAL_SIZE_MAX);
	uint8_t hash[CRYPTO_DIGEST_SIZE_MAX];

	crypto_stream_digest(digest, hash);
	json_write_object(&json);
	json_write_name(&json, "lines");
	json_write_u64(&json, line_count);
	json_write_name(&json, "sha256");
	json_write_hex(&json, bytes_over(hash, sizeof(hash)));
	json_write_object_end(&json);
	return json_written(&json);
}

enum status
backup_writer_end(struct backup_writer *writer)
{
	char text[BACKUP_SEAL_SIZE_MAX];
	int error;

	put(writer, seal_write(writer->digest, writer->line_count, text));
	put(writer, TEXT("\n"));
	buffer_flush(writer);
	error = writer->error;
	backup_writer_abandon(writer);
	errno = error;
	return error == 0 ? STATUS_OK : STATUS_SYSTEM;
}

void
backup_writer_abandon(struct backup_writer *writer)
{
	crypto_stream_free(writer->digest);
	free(writer->buffer);
	*writer = (struct backup_writer){.fd = -1};
}

enum status
backup_reader_begin(
	struct backup_reader *reader, int fd, size_t line_size_max, struct problem *problem)
{
	*reader = (struct backup_reader){
		.fd = fd,
		.digest = crypto_stream_new(CRYPTO_SHA256),
		.capacity = line_size_max + 1,
		.problem = problem,
	};
	reader->buffer = malloc(reader->capacity);
	if (reader->digest == NULL || reader->buffer == NULL) {
		crypto_stream_free(reader->digest);
		free(reader->buffer);
		return problem_set(problem, STATUS_NO_MEMORY, "no memory to read lines");
	}
	return STATUS_OK;
}

static bool
fail(struct backup_reader *reader, enum status status, const char *what)
{
	reader->status = problem_set(reader->problem, status, "line %llu: %s",
		(unsigned long long)(reader->line_count + 1), problem_reason(what));
	return false;
}

/* More octets behind those not given out yet. */
static void
fill(struct backup_reader *reader)
{
	memmove(reader->buffer, reader->buffer + reader->from, reader->filled - reader->from);
	reader->filled -= reader->from;
	reader->from = 0;
	while (reader->filled < reader->capacity && !reader->is_at_end) {
		ssize_t size = read(reader->fd, reader->buffer + reader->filled,
			reader->capacity - reader->filled);

		if (size < 0 && errno == EINTR) {
			continue;
		}
		if (size < 0) {
			reader->status = problem_system(reader->problem, "cannot read");
			return;
		}
		reader->is_at_end = size == 0;
		reader->filled += (size_t)size;
	}
}

/* The next line's octets with the newline; empty at the end of the file. */
static bool
line_find(struct backup_reader *reader, struct bytes *ret_line)
{
	for (bool is_filled = false;; is_filled = true) {
		struct bytes left =
			bytes_over(reader->buffer + reader->from, reader->filled - reader->from);
		size_t size = bytes_find(left, '\n');

		if (size < left.size) {
			*ret_line = bytes_slice(left, 0, size + 1);
			return true;
		}
		if (is_filled) {
			return left.size == reader->capacity
				? fail(reader, STATUS_TOO_LARGE, "the line is too long")
				: fail(reader, STATUS_TRUNCATED,
					  "the file was cut: it ends without its seal");
		}
		fill(reader);
		if (reader->status != STATUS_OK) {
			return false;
		}
	}
}

static bool
seal_check(struct backup_reader *reader, struct bytes line)
{
	char text[BACKUP_SEAL_SIZE_MAX];
	struct bytes expected = seal_write(reader->digest, reader->line_count, text);

	if (!bytes_equal(line, expected)) {
		return fail(reader, STATUS_CORRUPT,
			"the seal is not that of the lines before it: the file was changed");
	}
	fill(reader);
	if (reader->status == STATUS_OK && reader->filled > 0) {
		return fail(reader, STATUS_CORRUPT, "something follows the seal");
	}
	reader->is_sealed = reader->status == STATUS_OK;
	return false;
}

bool
backup_read_line(struct backup_reader *reader, struct bytes *ret_line)
{
	struct bytes line;

	if (reader->status != STATUS_OK || reader->is_sealed || !line_find(reader, &line)) {
		return false;
	}
	reader->from += line.size;
	if (bytes_start_with(line, TEXT("{\"lines\":"))) {
		return seal_check(reader, bytes_slice(line, 0, line.size - 1));
	}
	crypto_stream_add(reader->digest, line);
	reader->line_count++;
	reader->offset += line.size;
	*ret_line = bytes_slice(line, 0, line.size - 1);
	return true;
}

enum status
backup_reader_end(struct backup_reader *reader)
{
	enum status status = reader->status;

	if (status == STATUS_OK && !reader->is_sealed) {
		status = problem_set(reader->problem, STATUS_TRUNCATED, "not read to its seal");
	}
	crypto_stream_free(reader->digest);
	free(reader->buffer);
	reader->buffer = NULL;
	reader->digest = NULL;
	return status;
}
