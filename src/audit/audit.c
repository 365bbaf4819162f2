/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit.h"

#include "base/address.h"
#include "base/text_writer.h"
#include "json/json_writer.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NAME_SIZE_MAX = 256, /* Octets of a name that are kept, before escaping. */
	NAME_TEXT_SIZE_MAX = NAME_SIZE_MAX * 8 + 32,
};

struct audit {
	pthread_mutex_t lock;
	char *path;
	char *old_path;
	int fd; /* -1: it could not be opened again. */
	uint64_t size;
	int64_t second; /* In which `count` lines were written. */
	uint32_t count;
	uint64_t dropped;
};

static bool
file_open(struct audit *audit)
{
	struct stat about;

	audit->fd = open(audit->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (audit->fd < 0 || fstat(audit->fd, &about) != 0) {
		return false;
	}
	audit->size = (uint64_t)about.st_size;
	return true;
}

/* A copy of the path with that ending; NULL if memory is short. */
static char *
path_keep(const char *path, const char *ending)
{
	size_t capacity = strlen(path) + strlen(ending) + 1;
	char *copy = calloc(1, capacity);
	struct text_writer writer = text_writer_over(copy, copy == NULL ? 0 : capacity - 1);

	text_write_string(&writer, path);
	text_write_string(&writer, ending);
	return copy;
}

struct audit *
audit_open_later(const char *path, struct problem *problem)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (audit == NULL) {
		problem_system(problem, "cannot hold the audit log");
		return NULL;
	}
	audit->fd = -1;
	pthread_mutex_init(&audit->lock, NULL);
	audit->path = path_keep(path, "");
	audit->old_path = path_keep(path, ".1");
	if (audit->path == NULL || audit->old_path == NULL) {
		problem_system(problem, "cannot hold the audit log");
		audit_close(audit);
		return NULL;
	}
	return audit;
}

struct audit *
audit_open(const char *path, struct problem *problem)
{
	struct audit *audit = audit_open_later(path, problem);

	if (audit != NULL && !file_open(audit)) {
		problem_system(problem, "cannot write the audit log %s", path);
		audit_close(audit);
		return NULL;
	}
	return audit;
}

void
audit_close(struct audit *audit)
{
	if (audit == NULL) {
		return;
	}
	if (audit->fd >= 0) {
		close(audit->fd);
	}
	pthread_mutex_destroy(&audit->lock);
	free(audit->path);
	free(audit->old_path);
	free(audit);
}

/* A name as one line of text, cut behind a whole character. */
static void
name_write(struct text_writer *writer, struct bytes name)
{
	struct bytes cut = bytes_slice(name, 0, NAME_SIZE_MAX);

	while (cut.size > 0 && cut.size < name.size && (name.at[cut.size] & 0xc0) == 0x80) {
		cut.size--;
	}
	text_write_escaped(writer, cut);
	if (cut.size < name.size) {
		text_write_string(writer, "...");
	}
}

static void
member_write(struct json_writer *json, const char *name, struct bytes text)
{
	char octets[NAME_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(octets, sizeof(octets));

	name_write(&writer, text);
	json_write_name(json, name);
	json_write_string(json, text_written(&writer));
}

static void
identity_write(struct json_writer *json, const struct audit_refusal *refusal)
{
	char octets[NAME_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(octets, sizeof(octets));

	if (refusal->identity_name.size == 0) {
		return;
	}
	text_write_u64(&writer, refusal->identity_index);
	text_write_char(&writer, ':');
	name_write(&writer, refusal->identity_name);
	json_write_name(json, "identity");
	json_write_string(json, text_written(&writer));
}

static void
source_write(struct json_writer *json, const uint8_t source[16])
{
	char text[NETWORK_TEXT_SIZE_MAX];
	struct network network = {.bits = 128};
	struct bytes address;

	memcpy(network.octets, source, sizeof(network.octets));
	address = bytes_from_string(network_format(&network, text));
	json_write_name(json, "source");
	json_write_string(json, bytes_slice(address, 0, bytes_find(address, '/')));
}

static void
line_write(struct json_writer *json, const struct audit_refusal *refusal, uint64_t dropped)
{
	char octets[32];
	struct text_writer time = text_writer_over(octets, sizeof(octets));

	text_write_time(&time, refusal->now_s);
	json_write_object(json);
	json_write_name(json, "time");
	json_write_string(json, text_written(&time));
	source_write(json, refusal->source);
	identity_write(json, refusal);
	if (refusal->token.size > 0) {
		json_write_name(json, "token");
		json_write_string(json, refusal->token);
	}
	json_write_name(json, "operation");
	json_write_string(json, bytes_from_string(refusal->operation));
	member_write(json, "handle", refusal->handle);
	json_write_name(json, "code");
	json_write_u64(json, refusal->code);
	member_write(json, "why", refusal->why);
	if (dropped > 0) {
		json_write_name(json, "dropped");
		json_write_u64(json, dropped);
	}
	json_write_object_end(json);
}

/* What does not come to be opened again is tried at the next line. */
static bool
file_rotate(struct audit *audit)
{
	if (audit->fd >= 0) {
		close(audit->fd);
		audit->fd = -1;
		if (rename(audit->path, audit->old_path) != 0) {
			return false;
		}
	}
	return file_open(audit);
}

static bool
line_append(struct audit *audit, struct bytes line)
{
	ssize_t written;

	if ((audit->fd < 0 || audit->size + line.size > AUDIT_SIZE_MAX) && !file_rotate(audit)) {
		return false;
	}
	written = write(audit->fd, line.at, line.size);
	if (written > 0) {
		audit->size += (uint64_t)written;
	}
	return written == (ssize_t)line.size;
}

static bool
rate_allows(struct audit *audit, int64_t now_s)
{
	if (audit->second != now_s) {
		audit->second = now_s;
		audit->count = 0;
	}
	return audit->count++ < AUDIT_PER_SECOND_MAX;
}

static bool
note_locked(struct audit *audit, const struct audit_refusal *refusal)
{
	char octets[AUDIT_LINE_SIZE_MAX];
	struct json_writer json = json_writer_over(octets, sizeof(octets) - 1);
	struct bytes line;

	if (!rate_allows(audit, refusal->now_s)) {
		return false;
	}
	line_write(&json, refusal, audit->dropped);
	if (json_writer_end(&json) != STATUS_OK) {
		return false;
	}
	line = json_written(&json);
	octets[line.size++] = '\n';
	return line_append(audit, line);
}

bool
audit_note(struct audit *audit, const struct audit_refusal *refusal)
{
	bool is_written;

	pthread_mutex_lock(&audit->lock);
	is_written = note_locked(audit, refusal);
	audit->dropped = is_written ? 0 : audit->dropped + 1;
	pthread_mutex_unlock(&audit->lock);
	return is_written;
}
