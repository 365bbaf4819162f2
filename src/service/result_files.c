/* SPDX-License-Identifier: Apache-2.0 */
#include "service/result_files.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text_writer.h"

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
 *     RESULTS/0123...ef          64 octets of the request's digest in hex, then the results
 *     RESULTS/0123...ef.new      being written
 */
enum { NAME_SIZE = 2 * RESULT_KEY_SIZE, BUFFER_SIZE = 65536, SWEEP_MS = 60000 };

static const char unfinished[] = ".new";

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
name_write(const uint8_t key[RESULT_KEY_SIZE], const char *ending, char ret_name[NAME_SIZE + 8])
{
	struct text_writer writer = text_writer_over(ret_name, NAME_SIZE + 7);

	text_write_hex(&writer, bytes_over(key, RESULT_KEY_SIZE));
	text_write_string(&writer, ending);
	ret_name[text_written(&writer).size] = '\0';
}

static bool
name_is_unfinished(const char *name)
{
	size_t size = strlen(name);

	return size == NAME_SIZE + sizeof(unfinished) - 1 &&
		strcmp(name + NAME_SIZE, unfinished) == 0;
}

/* What the folder holds. */
struct survey {
	uint64_t size;
	time_t oldest_s;
	char oldest[NAME_SIZE + 1];
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
		if (strlen(entry->d_name) != NAME_SIZE ||
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
			memcpy(ret_survey->oldest, entry->d_name, NAME_SIZE + 1);
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
		if (name_is_unfinished(entry->d_name)) {
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

/* Finished results under the key of `file`. */
static enum status
kept_open(struct result_file *file, uint8_t ret_digest[RESULT_KEY_SIZE])
{
	char name[NAME_SIZE + 8];
	uint8_t digits[RESULT_FILE_OFFSET];
	struct stat state;

	name_write(file->key, "", name);
	file->fd = openat(file->files->directory_fd, name, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0) {
		return STATUS_NOT_FOUND;
	}
	if (fstat(file->fd, &state) != 0 || state.st_size < RESULT_FILE_OFFSET ||
		pread(file->fd, digits, sizeof(digits), 0) != RESULT_FILE_OFFSET ||
		text_read_hex(bytes_over(digits, sizeof(digits)), ret_digest) != STATUS_OK) {
		close(file->fd);
		file->fd = -1;
		return STATUS_NOT_FOUND;
	}
	file->size = (uint64_t)state.st_size - RESULT_FILE_OFFSET;
	return STATUS_EXISTS;
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

/* With the lock held. */
static enum status
keyed_begin(struct result_file *file, uint8_t ret_digest[RESULT_KEY_SIZE])
{
	struct result_files *files = file->files;
	char name[NAME_SIZE + 8];
	enum status status;

	folder_sweep(files);
	if (key_is_being_written(files, file->key)) {
		return STATUS_BUSY;
	}
	status = kept_open(file, ret_digest);
	if (status == STATUS_EXISTS) {
		return status;
	}
	name_write(file->key, unfinished, name);
	file->fd = openat(files->directory_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file->fd < 0) {
		return STATUS_SYSTEM;
	}
	file->is_writing = true;
	file->next = files->writing;
	files->writing = file;
	return STATUS_OK;
}

enum status
result_file_begin(struct result_files *files, const uint8_t *key, struct result_file **ret_file,
	uint8_t ret_digest[RESULT_KEY_SIZE])
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
	} else {
		memcpy(file->key, key, RESULT_KEY_SIZE);
		pthread_mutex_lock(&files->lock);
		status = keyed_begin(file, ret_digest);
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
result_file_finish(struct result_file *file, const uint8_t digest[RESULT_KEY_SIZE])
{
	char digits[RESULT_FILE_OFFSET];
	struct text_writer writer = text_writer_over(digits, sizeof(digits));
	char from[NAME_SIZE + 8], to[NAME_SIZE + 8];

	text_write_hex(&writer, bytes_over(digest, RESULT_KEY_SIZE));
	buffer_write(file);
	if (file->status == STATUS_OK && !file_write_at(file->fd, text_written(&writer), 0)) {
		file->status = errno == ENOSPC ? STATUS_NO_SPACE : STATUS_SYSTEM;
	}
	if (file->has_key && file->status == STATUS_OK) {
		name_write(file->key, unfinished, from);
		name_write(file->key, "", to);
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
	char name[NAME_SIZE + 8];

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
