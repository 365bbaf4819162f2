/* SPDX-License-Identifier: Apache-2.0 */
#include "service/result_files.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "wire/wire_reader.h"
#include "wire/wire_writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 *     RESULTS/0123...ef          128 hex digits that say of what request, then the results
 *     RESULTS/0123...ef.part     the same of a request that broke off
 *     RESULTS/0123...ef.new      being written
 */
enum {
	NAME_SIZE = 2 * RESULT_KEY_SIZE,
	NAME_ROOM = NAME_SIZE + 8,
	FRONT_SIZE = RESULT_FILE_OFFSET / 2,
	BUFFER_SIZE = 65536,
	SWEEP_MS = 60000,
};

static const char unfinished[] = ".new";
static const char suspended[] = ".part";
static const char front_mark[] = "result 2"; /* Which layout the file has. */

struct result_files {
	int directory_fd;
	pthread_mutex_t lock; /* Guards what follows. */
	struct result_file *writing; /* Those with a key. */
	int64_t swept_ms;
};

struct result_file {
	struct result_files *files;
	struct result_file *next; /* Of those with a key that are being written. */
	uint8_t key[RESULT_KEY_SIZE];
	bool has_key;
	bool is_writing;
	int fd;
	enum status status;
	uint64_t size; /* On disk, behind the digest. */
	size_t buffered;
	uint8_t buffer[BUFFER_SIZE];
};

static void
name_write(const uint8_t key[RESULT_KEY_SIZE], const char *ending, char ret_name[NAME_ROOM])
{
	struct text_writer writer = text_writer_over(ret_name, NAME_ROOM - 1);

	text_write_hex(&writer, bytes_over(key, RESULT_KEY_SIZE));
	text_write_string(&writer, ending);
	ret_name[text_written(&writer).size] = '\0';
}

static bool
name_ends_with(const char *name, const char *ending)
{
	return strlen(name) == NAME_SIZE + strlen(ending) && strcmp(name + NAME_SIZE, ending) == 0;
}

static bool
name_is_of_kept(const char *name)
{
	return name_ends_with(name, "") || name_ends_with(name, suspended);
}

/* What the folder holds. */
struct survey {
	uint64_t size;
	time_t oldest_s;
	char oldest[NAME_ROOM];
};

/* Removes what is too old. */
static void
folder_survey(struct result_files *files, time_t now_s, struct survey *ret_survey)
{
	int fd = openat(files->directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat state;

	*ret_survey = (struct survey){.oldest_s = 0};
	if (folder == NULL) {
		if (fd >= 0) {
			close(fd);
		}
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (!name_is_of_kept(entry->d_name) ||
			fstatat(files->directory_fd, entry->d_name, &state, 0) != 0) {
			continue;
		}
		if (state.st_mtime + RESULT_FILE_LIFE_S < now_s) {
			unlinkat(files->directory_fd, entry->d_name, 0);
			continue;
		}
		ret_survey->size += (uint64_t)state.st_size;
		if (ret_survey->oldest_s == 0 || state.st_mtime < ret_survey->oldest_s) {
			ret_survey->oldest_s = state.st_mtime;
			memcpy(ret_survey->oldest, entry->d_name, strlen(entry->d_name) + 1);
		}
	}
	closedir(folder);
}

/* With the lock held; once a minute, and so long as there is too much. */
static void
folder_sweep(struct result_files *files)
{
	int64_t now_ms = clock_wall_ms();
	struct survey survey;

	if (files->swept_ms != 0 && now_ms - files->swept_ms < SWEEP_MS &&
		now_ms >= files->swept_ms) {
		return;
	}
	files->swept_ms = now_ms;
	for (;;) {
		folder_survey(files, (time_t)(now_ms / 1000), &survey);
		if (survey.size <= RESULT_FILES_SIZE_MAX || survey.oldest_s == 0 ||
			unlinkat(files->directory_fd, survey.oldest, 0) != 0) {
			return;
		}
	}
}

static void
unfinished_remove(struct result_files *files)
{
	int fd = openat(files->directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (folder == NULL) {
		if (fd >= 0) {
			close(fd);
		}
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (name_ends_with(entry->d_name, unfinished)) {
			unlinkat(files->directory_fd, entry->d_name, 0);
		}
	}
	closedir(folder);
}

struct result_files *
result_files_open(const char *path, struct problem *problem)
{
	struct result_files *files = calloc(1, sizeof(*files));

	if (files == NULL || (mkdir(path, 0700) != 0 && errno != EEXIST)) {
		problem_system(problem, "cannot make the folder %s", path);
		free(files);
		return NULL;
	}
	files->directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->directory_fd < 0) {
		problem_system(problem, "cannot open the folder %s", path);
		free(files);
		return NULL;
	}
	pthread_mutex_init(&files->lock, NULL);
	unfinished_remove(files);
	return files;
}

void
result_files_close(struct result_files *files)
{
	if (files != NULL) {
		close(files->directory_fd);
		pthread_mutex_destroy(&files->lock);
		free(files);
	}
}

/* What stands in front of the results. */
static bool
front_write(struct result_file *file, const struct result_progress *progress)
{
	uint8_t octets[FRONT_SIZE];
	char digits[RESULT_FILE_OFFSET];
	struct wire_writer front = wire_writer_over(octets, sizeof(octets));
	struct text_writer writer = text_writer_over(digits, sizeof(digits));

	wire_write_bytes(&front, bytes_over(progress->digest, RESULT_KEY_SIZE));
	wire_write_u64(&front, progress->lines);
	wire_write_u64(&front, progress->done);
	wire_write_u64(&front, progress->refused);
	wire_write_bytes(&front, bytes_from_string(front_mark));
	text_write_hex(&writer, wire_written(&front));
	return wire_writer_end(&front) == STATUS_OK &&
		file_write_at(file->fd, text_written(&writer), 0);
}

static bool
front_read(struct result_file *file, struct result_progress *ret_progress)
{
	uint8_t digits[RESULT_FILE_OFFSET], octets[FRONT_SIZE] = {0};
	struct wire_reader front = wire_reader_over(bytes_over(octets, sizeof(octets)));
	struct bytes digest;
	struct stat state;

	if (fstat(file->fd, &state) != 0 || state.st_size < RESULT_FILE_OFFSET ||
		pread(file->fd, digits, sizeof(digits), 0) != RESULT_FILE_OFFSET ||
		text_read_hex(bytes_over(digits, sizeof(digits)), octets) != STATUS_OK) {
		return false;
	}
	digest = wire_read_bytes(&front, RESULT_KEY_SIZE);
	memcpy(ret_progress->digest, digest.at, RESULT_KEY_SIZE);
	ret_progress->lines = wire_read_u64(&front);
	ret_progress->done = wire_read_u64(&front);
	ret_progress->refused = wire_read_u64(&front);
	file->size = (uint64_t)state.st_size - RESULT_FILE_OFFSET;
	return bytes_equal(wire_read_rest(&front), bytes_from_string(front_mark));
}

/* Results under the key of `file` that are there already; false: there are none. */
static bool
kept_open(
	struct result_file *file, const char *name, int flags, struct result_progress *ret_progress)
{
	file->fd = openat(file->files->directory_fd, name, flags | O_CLOEXEC);
	if (file->fd >= 0 && !front_read(file, ret_progress)) {
		close(file->fd);
		file->fd = -1;
		file->size = 0;
	}
	return file->fd >= 0;
}

static bool
key_is_being_written(const struct result_files *files, const uint8_t *key)
{
	for (const struct result_file *file = files->writing; file != NULL; file = file->next) {
		if (memcmp(file->key, key, RESULT_KEY_SIZE) == 0) {
			return true;
		}
	}
	return false;
}

/* Behind what is there of a request that broke off, or anew. */
static enum status
writing_begin(struct result_file *file, struct result_progress *ret_progress)
{
	struct result_files *files = file->files;
	char from[NAME_ROOM], to[NAME_ROOM];

	name_write(file->key, suspended, from);
	name_write(file->key, unfinished, to);
	if (kept_open(file, from, O_RDWR, ret_progress) &&
		renameat(files->directory_fd, from, files->directory_fd, to) != 0) {
		close(file->fd);
		return STATUS_SYSTEM;
	}
	if (file->fd < 0) {
		*ret_progress = (struct result_progress){.lines = 0};
		file->fd = openat(
			files->directory_fd, to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	}
	return file->fd < 0 ? STATUS_SYSTEM : STATUS_OK;
}

/* With the lock held. */
static enum status
keyed_begin(struct result_file *file, struct result_progress *ret_progress)
{
	struct result_files *files = file->files;
	char name[NAME_ROOM];
	enum status status;

	folder_sweep(files);
	if (key_is_being_written(files, file->key)) {
		return STATUS_BUSY;
	}
	name_write(file->key, "", name);
	if (kept_open(file, name, O_RDONLY, ret_progress)) {
		return STATUS_EXISTS;
	}
	status = writing_begin(file, ret_progress);
	if (status == STATUS_OK) {
		file->is_writing = true;
		file->next = files->writing;
		files->writing = file;
	}
	return status;
}

enum status
result_file_begin(struct result_files *files, const uint8_t *key, struct result_file **ret_file,
	struct result_progress *ret_progress)
{
	struct result_file *file = malloc(sizeof(*file));
	enum status status;

	if (file == NULL) {
		return STATUS_NO_MEMORY;
	}
	file->files = files;
	file->fd = -1;
	file->status = STATUS_OK;
	file->size = 0;
	file->buffered = 0;
	file->has_key = key != NULL;
	file->is_writing = false;
	if (key == NULL) {
		file->fd = openat(files->directory_fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
		status = file->fd < 0 ? STATUS_SYSTEM : STATUS_OK;
		*ret_progress = (struct result_progress){.lines = 0};
	} else {
		memcpy(file->key, key, RESULT_KEY_SIZE);
		pthread_mutex_lock(&files->lock);
		status = keyed_begin(file, ret_progress);
		pthread_mutex_unlock(&files->lock);
	}
	if (status != STATUS_OK && status != STATUS_EXISTS) {
		free(file);
		return status;
	}
	*ret_file = file;
	return status;
}

static void
buffer_write(struct result_file *file)
{
	if (file->status == STATUS_OK && file->size + file->buffered > RESULT_FILES_SIZE_MAX) {
		file->status = STATUS_NO_SPACE;
	}
	if (file->status == STATUS_OK && file->buffered > 0 &&
		!file_write_at(file->fd, bytes_over(file->buffer, file->buffered),
			RESULT_FILE_OFFSET + file->size)) {
		file->status = errno == ENOSPC ? STATUS_NO_SPACE : STATUS_SYSTEM;
	}
	file->size += file->buffered;
	file->buffered = 0;
}

void
result_file_write(struct result_file *file, struct bytes octets)
{
	while (octets.size > 0) {
		size_t room = BUFFER_SIZE - file->buffered;
		size_t size = octets.size < room ? octets.size : room;

		memcpy(file->buffer + file->buffered, octets.at, size);
		file->buffered += size;
		octets = bytes_slice(octets, size, octets.size);
		if (file->buffered == BUFFER_SIZE) {
			buffer_write(file);
		}
	}
}

/* Another thread may begin with the key from now on. */
static void
writing_end(struct result_file *file)
{
	struct result_file **at = &file->files->writing;

	while (*at != file) {
		at = &(*at)->next;
	}
	*at = file->next;
	file->is_writing = false;
}

enum status
result_file_status(const struct result_file *file)
{
	return file->status;
}

/* All of it is in the file, and the file has its name. */
static enum status
file_settle(struct result_file *file, const struct result_progress *progress, const char *ending)
{
	char from[NAME_ROOM], to[NAME_ROOM];

	buffer_write(file);
	if (file->status == STATUS_OK && !front_write(file, progress)) {
		file->status = errno == ENOSPC ? STATUS_NO_SPACE : STATUS_SYSTEM;
	}
	if (file->has_key && file->status == STATUS_OK) {
		name_write(file->key, unfinished, from);
		name_write(file->key, ending, to);
		pthread_mutex_lock(&file->files->lock);
		if (renameat(file->files->directory_fd, from, file->files->directory_fd, to) != 0) {
			file->status = STATUS_SYSTEM;
		} else {
			writing_end(file);
		}
		pthread_mutex_unlock(&file->files->lock);
	}
	return file->status;
}

enum status
result_file_finish(struct result_file *file, const struct result_progress *progress)
{
	return file_settle(file, progress, "");
}

void
result_file_suspend(struct result_file *file, const struct result_progress *progress)
{
	if (file->has_key && file->is_writing) {
		/* If it cannot be kept, the request is a new one the next time. */
		(void)file_settle(file, progress, suspended);
	}
}

uint64_t
result_file_size(const struct result_file *file)
{
	return file->size;
}

int
result_file_descriptor(struct result_file *file)
{
	int fd = file->fd;

	file->fd = -1;
	return fd;
}

void
result_file_end(struct result_file *file)
{
	char name[NAME_ROOM];

	if (file == NULL) {
		return;
	}
	if (file->is_writing) {
		name_write(file->key, unfinished, name);
		pthread_mutex_lock(&file->files->lock);
		unlinkat(file->files->directory_fd, name, 0);
		writing_end(file);
		pthread_mutex_unlock(&file->files->lock);
	}
	if (file->fd >= 0) {
		close(file->fd);
	}
	free(file);
}
