/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * Writes down what a process does to a folder: loaded in front of its libraries by LD_PRELOAD.
 *
 *     FAULT_RECORD_ROOT   the folder
 *     FAULT_RECORD        the file for the log (record.h)
 *     FAULT_RECORD_DROPS  if set, fdatasync says that it succeeded and does nothing: the
 *                         mistake that the crash test must find
 *
 * One lock is held around each call and its event, so that the log has the order in which the
 * calls were made. What is written through a shared mapping is found by comparing it with what
 * it held before, at every event.
 *
 * Compiled without _FILE_OFFSET_BITS, which would make one name of pwrite and pwrite64.
 */
void fault_record_begin(void);
void fault_acknowledged(unsigned long number);

enum { MAPPING_COUNT_MAX = 8 };

static struct mapping {
	uint8_t *at, *before;
	size_t size;
	uint64_t inode;
} mappings[MAPPING_COUNT_MAX];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static bool drops;
static char root[PATH_MAX];

static void
log_put(const void *octets, size_t size)
{
	if (syscall(SYS_write, log_fd, octets, size) != (long)size) {
		abort();
	}
}

static void
event(enum record_kind kind, uint64_t inode, uint64_t offset, const void *octets, size_t size)
{
	struct record_event head = {(uint32_t)kind, (uint32_t)size, inode, offset};

	log_put(&head, sizeof(head));
	log_put(octets, size);
}

/* What changed in mappings since the last event. */
static void
slots_note(void)
{
	for (unsigned i = 0; i < MAPPING_COUNT_MAX; i++) {
		struct mapping *mapping = &mappings[i];

		for (size_t at = 0; mapping->at != NULL && at < mapping->size; at += 8) {
			if (memcmp(mapping->at + at, mapping->before + at, 8) != 0) {
				memcpy(mapping->before + at, mapping->at + at, 8);
				event(RECORD_SLOT, mapping->inode, at, mapping->before + at, 8);
			}
		}
	}
}

static bool
is_recording(void)
{
	return log_fd >= 0;
}

/* Zero if the descriptor is not below the root. */
static uint64_t
inode_of(int fd, bool *ret_is_folder)
{
	char link[64], path[PATH_MAX];
	struct stat file;
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof(path) - 1);
	if (size <= 0 || (size_t)size < strlen(root) || memcmp(path, root, strlen(root)) != 0 ||
		fstat(fd, &file) != 0) {
		return 0;
	}
	*ret_is_folder = S_ISDIR(file.st_mode);
	return file.st_ino;
}

/* A name below the root, or false. */
static bool
name_of(int folder_fd, const char *path, char ret_name[PATH_MAX])
{
	char link[64], whole[2 * PATH_MAX], folder[PATH_MAX] = "";
	size_t size = strlen(root);

	if (path[0] != '/') {
		snprintf(link, sizeof(link),
			folder_fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder_fd);
		if (readlink(link, folder, sizeof(folder) - 1) < 0) {
			return false;
		}
	}
	snprintf(whole, sizeof(whole), "%s%s%s", folder, path[0] == '/' ? "" : "/", path);
	if (strncmp(whole, root, size) != 0 || (whole[size] != '/' && whole[size] != '\0')) {
		return false;
	}
	snprintf(ret_name, PATH_MAX, "%s", whole + size + (whole[size] == '/'));
	return true;
}

void
fault_record_begin(void)
{
	const char *path = getenv("FAULT_RECORD"), *folder = getenv("FAULT_RECORD_ROOT");

	if (path == NULL || folder == NULL || realpath(folder, root) == NULL) {
		return;
	}
	drops = getenv("FAULT_RECORD_DROPS") != NULL;
	log_fd = (int)syscall(
		SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

void
fault_acknowledged(unsigned long number)
{
	if (is_recording()) {
		pthread_mutex_lock(&lock);
		slots_note();
		event(RECORD_ACKNOWLEDGED, 0, number, NULL, 0);
		pthread_mutex_unlock(&lock);
	}
}

/* The function behind ours. POSIX gives functions as object pointers; C wants them copied. */
#define REAL(name)                                     \
	static __typeof__(name) *real;                 \
	if (real == NULL) {                            \
		void *found = dlsym(RTLD_NEXT, #name); \
		memcpy(&real, &found, sizeof(real));   \
	}

/* Around a call: `expression` is made under the lock, then `noted` if it did not fail. */
#define RECORDED(type, expression, noted)            \
	do {                                         \
		type result;                         \
		int error;                           \
		pthread_mutex_lock(&lock);           \
		if (is_recording()) {                \
			slots_note();                \
		}                                    \
		result = (expression);               \
		error = errno;                       \
		if (is_recording() && result >= 0) { \
			noted;                       \
		}                                    \
		pthread_mutex_unlock(&lock);         \
		errno = error;                       \
		return result;                       \
	} while (0)

static void
write_note(int fd, const void *octets, ssize_t size, int64_t offset)
{
	bool is_folder;
	uint64_t inode = inode_of(fd, &is_folder);

	if (inode != 0 && size > 0) {
		bool is_durable = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;

		event(is_durable ? RECORD_WRITE_DURABLE : RECORD_WRITE, inode, (uint64_t)offset,
			octets, (size_t)size);
	}
}

static void
runs_note(int fd, const struct iovec *runs, int count, ssize_t size, int64_t offset)
{
	for (int i = 0; i < count && size > 0; i++) {
		ssize_t part = (ssize_t)runs[i].iov_len < size ? (ssize_t)runs[i].iov_len : size;

		write_note(fd, runs[i].iov_base, part, offset);
		offset += part;
		size -= part;
	}
}

#define PWRITE(name, off)                                              \
	ssize_t name(int fd, const void *run, size_t size, off offset) \
	{                                                              \
		REAL(name)                                             \
		RECORDED(ssize_t, real(fd, run, size, offset),         \
			write_note(fd, run, result, offset));          \
	}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define PWRITEV(name, off)                                                    \
	ssize_t name(int fd, const struct iovec *runs, int count, off offset) \
	{                                                                     \
		REAL(name)                                                    \
		RECORDED(ssize_t, real(fd, runs, count, offset),              \
			runs_note(fd, runs, count, result, offset));          \
	}
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

ssize_t
write(int fd, const void *run, size_t size)
{
	REAL(write)
	RECORDED(ssize_t, real(fd, run, size),
		write_note(fd, run, result, lseek(fd, 0, SEEK_CUR) - result));
}

ssize_t
writev(int fd, const struct iovec *runs, int count)
{
	REAL(writev)
	RECORDED(ssize_t, real(fd, runs, count),
		runs_note(fd, runs, count, result, lseek(fd, 0, SEEK_CUR) - result));
}

static void
sync_note(int fd)
{
	char link[64], path[PATH_MAX], name[PATH_MAX];
	bool is_folder;
	uint64_t inode = inode_of(fd, &is_folder);
	ssize_t size;

	if (inode == 0) {
		return;
	}
	if (!is_folder) {
		event(RECORD_SYNC, inode, 0, NULL, 0);
		return;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof(path) - 1);
	path[size < 0 ? 0 : size] = '\0';
	if (name_of(AT_FDCWD, path, name)) {
		event(RECORD_FOLDER_SYNC, inode, 0, name, strlen(name) + 1);
	}
}

int
fdatasync(int fd)
{
	REAL(fdatasync)
	RECORDED(int, drops ? 0 : real(fd), drops ? (void)0 : sync_note(fd));
}

int
fsync(int fd)
{
	REAL(fsync)
	RECORDED(int, real(fd), sync_note(fd));
}

static void
msync_note(const void *at)
{
	for (unsigned i = 0; i < MAPPING_COUNT_MAX; i++) {
		if (mappings[i].at != NULL && mappings[i].at == at) {
			event(RECORD_SYNC, mappings[i].inode, 0, NULL, 0);
		}
	}
}

int
msync(void *at, size_t size, int flags)
{
	REAL(msync)
	RECORDED(int, real(at, size, flags), msync_note(at));
}

static void
size_note(int fd, enum record_kind kind, int64_t size)
{
	bool is_folder;
	uint64_t inode = inode_of(fd, &is_folder);

	if (inode != 0) {
		event(kind, inode, (uint64_t)size, NULL, 0);
	}
}

#define FTRUNCATE(name, off)                                                     \
	int name(int fd, off size)                                               \
	{                                                                        \
		REAL(name)                                                       \
		RECORDED(int, real(fd, size), size_note(fd, RECORD_SIZE, size)); \
	}
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

/* posix_fallocate() answers with an error instead of setting it. */
static int fallocate_negative(int fd, off64_t from, off64_t size);

int
posix_fallocate(int fd, off_t from, off_t size)
{
	return -fallocate_negative(fd, from, size);
}

int
posix_fallocate64(int fd, off64_t from, off64_t size)
{
	return -fallocate_negative(fd, from, size);
}

static int
fallocate_negative(int fd, off64_t from, off64_t size)
{
	RECORDED(int, syscall(SYS_fallocate, fd, 0, from, size) == 0 ? 0 : -errno,
		size_note(fd, RECORD_ROOM, from + size));
}

static bool
exists(int folder_fd, const char *path)
{
	struct stat file;

	return fstatat(folder_fd, path, &file, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
open_note(int fd, int folder_fd, const char *path, int flags, bool was_there)
{
	char name[PATH_MAX];
	bool is_folder;
	uint64_t inode = inode_of(fd, &is_folder);

	if (inode == 0 || is_folder || !name_of(folder_fd, path, name)) {
		return;
	}
	if (!was_there) {
		event(RECORD_MAKE, inode, 0, name, strlen(name) + 1);
	} else if ((flags & O_TRUNC) != 0) {
		event(RECORD_SIZE, inode, 0, NULL, 0);
	}
}

static int
open_any(int folder_fd, const char *path, int flags, mode_t mode)
{
	bool was_there = true;

	RECORDED(int,
		(was_there = (flags & O_CREAT) == 0 || exists(folder_fd, path),
			(int)syscall(SYS_openat, folder_fd, path, flags, mode)),
		open_note(result, folder_fd, path, flags, was_there));
}

#define OPEN(name, parameters, folder)                      \
	int name parameters                                 \
	{                                                   \
		mode_t mode = 0;                            \
		if ((flags & O_CREAT) != 0) {               \
			va_list more;                       \
			va_start(more, flags);              \
			mode = va_arg(more, mode_t);        \
			va_end(more);                       \
		}                                           \
		return open_any(folder, path, flags, mode); \
	}
OPEN(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD)
OPEN(openat, (int folder_fd, const char *path, int flags, ...), folder_fd)
OPEN(openat64, (int folder_fd, const char *path, int flags, ...), folder_fd)

static void
name_note(enum record_kind kind, int folder_fd, const char *path)
{
	char name[PATH_MAX];

	if (name_of(folder_fd, path, name)) {
		event(kind, 0, 0, name, strlen(name) + 1);
	}
}

int
mkdirat(int folder_fd, const char *path, mode_t mode)
{
	RECORDED(int, (int)syscall(SYS_mkdirat, folder_fd, path, mode),
		name_note(RECORD_FOLDER, folder_fd, path));
}

int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

int
unlinkat(int folder_fd, const char *path, int flags)
{
	RECORDED(int, (int)syscall(SYS_unlinkat, folder_fd, path, flags),
		name_note(RECORD_REMOVE, folder_fd, path));
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

static void
rename_note(int from_fd, const char *from, int to_fd, const char *to)
{
	char names[2 * PATH_MAX], name[PATH_MAX];
	size_t size;

	if (name_of(from_fd, from, names) && name_of(to_fd, to, name)) {
		size = strlen(names) + 1;
		memcpy(names + size, name, strlen(name) + 1);
		event(RECORD_RENAME, 0, 0, names, size + strlen(name) + 1);
	}
}

int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	RECORDED(int, (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0),
		rename_note(from_fd, from, to_fd, to));
}

int
rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* A file that is written through a mapping: from now on it is compared with what it was. */
static void
map_note(uint8_t *at, size_t size, int protection, int flags, int fd)
{
	char link[64], path[PATH_MAX];
	bool is_folder;
	uint64_t inode = fd < 0 ? 0 : inode_of(fd, &is_folder);
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	/* LMDB's table of readers means nothing after a crash, and it makes it anew. */
	if (inode == 0 || (flags & MAP_SHARED) == 0 || (protection & PROT_WRITE) == 0 ||
		(length > 5 && memcmp(path + length - 5, "-lock", 5) == 0)) {
		return;
	}
	for (unsigned i = 0; i < MAPPING_COUNT_MAX; i++) {
		struct mapping *mapping = &mappings[i];
		uint8_t *copy;

		if (mapping->at != NULL) {
			continue;
		}
		copy = malloc(size);
		if (copy == NULL) {
			abort();
		}
		memcpy(copy, at, size);
		*mapping = (struct mapping){at, copy, size, inode};
		return;
	}
	abort();
}

static void *
map_any(void *at, size_t size, int protection, int flags, int fd, int64_t offset)
{
	void *result = (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);

	if (is_recording() && result != MAP_FAILED && fd >= 0) {
		int error = errno;

		pthread_mutex_lock(&lock);
		map_note(result, size, protection, flags, fd);
		pthread_mutex_unlock(&lock);
		errno = error;
	}
	return result;
}

void *
mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return map_any(at, size, protection, flags, fd, offset);
}

void *
mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset)
{
	return map_any(at, size, protection, flags, fd, offset);
}

int
munmap(void *at, size_t size)
{
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < MAPPING_COUNT_MAX; i++) {
		if (mappings[i].at != NULL && mappings[i].at == at) {
			if (is_recording()) {
				slots_note();
			}
			free(mappings[i].before);
			mappings[i] = (struct mapping){0};
		}
	}
	pthread_mutex_unlock(&lock);
	return (int)syscall(SYS_munmap, at, size);
}
