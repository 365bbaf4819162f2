/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * A disk and a memory that fail when told to, for a whole process with all its libraries:
 * loaded in front of them by LD_PRELOAD.
 *
 *     FAULT_CALL   which calls count: write (pwrite, pwritev, writev, write), sync (fdatasync,
 *                  fsync, msync), room (fallocate, posix_fallocate, ftruncate), memory (malloc,
 *                  calloc, realloc), map (mmap)
 *     FAULT_AT     the n-th of them fails (from 1 on)
 *     FAULT_ERRNO  with this error; 0: the process is killed instead, with that call not made
*     FAULT_STAYS  if set, and so do all later ones
 *
 * Nothing counts before the program calls fault_arm(); writes to the first three descriptors
 * never do: what is said there is the test's own. Nor does memory that OpenSSL asks for: it
 * does not survive being refused while it makes itself ready.
 *
 * Compiled without _FILE_OFFSET_BITS, which would make one name of pwrite and pwrite64.
 */
enum call { CALL_WRITE, CALL_SYNC, CALL_ROOM, CALL_MEMORY, CALL_MAP, CALL_COUNT };

static const char *const call_names[CALL_COUNT] = {"write", "sync", "room", "memory", "map"};

static atomic_bool is_armed;
static atomic_long count, hits;
static long at;
static int number, chosen = -1;
static bool stays;
static uintptr_t openssl_from, openssl_to;

void fault_arm(void);
void fault_disarm(void);
long fault_hits(void);

static int
find_openssl(struct dl_phdr_info *library, size_t size, void *context)
{
	(void)size;
	(void)context;
	if (strstr(library->dlpi_name, "libcrypto") == NULL) {
		return 0;
	}
	for (int i = 0; i < library->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &library->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
			openssl_from = library->dlpi_addr + part->p_vaddr;
			openssl_to = openssl_from + part->p_memsz;
		}
	}
	return 1;
}

void
fault_arm(void)
{
	const char *call = getenv("FAULT_CALL"), *nth = getenv("FAULT_AT");
	const char *error = getenv("FAULT_ERRNO");

	if (call == NULL || nth == NULL || error == NULL) {
		return;
	}
	for (int i = 0; i < CALL_COUNT; i++) {
		if (strcmp(call, call_names[i]) == 0) {
			chosen = i;
		}
	}
	dl_iterate_phdr(find_openssl, NULL);
	at = strtol(nth, NULL, 10);
	number = (int)strtol(error, NULL, 10);
	stays = getenv("FAULT_STAYS") != NULL;
	atomic_store(&is_armed, true);
}

void
fault_disarm(void)
{
	atomic_store(&is_armed, false);
}

long
fault_hits(void)
{
	return atomic_load(&hits);
}

static bool
fails(enum call call)
{
	long now;

	if (!atomic_load(&is_armed) || (int)call != chosen) {
		return false;
	}
	now = atomic_fetch_add(&count, 1) + 1;
	if (now == at || (stays && now > at)) {
		if (number == 0) {
			(void)kill(getpid(), SIGKILL);
		}
		atomic_fetch_add(&hits, 1);
		errno = number;
		return true;
	}
	return false;
}

static bool
memory_fails(const void *caller)
{
	uintptr_t from = (uintptr_t)caller;

	return (from < openssl_from || from >= openssl_to) && fails(CALL_MEMORY);
}

/* The function behind ours. POSIX gives functions as object pointers; C wants them copied. */
#define REAL(name)                                     \
	static __typeof__(name) *real;                 \
	if (real == NULL) {                            \
		void *found = dlsym(RTLD_NEXT, #name); \
		memcpy(&real, &found, sizeof(real));   \
	}

#define FORWARD(call, failure, result, name, parameters, arguments) \
	result name parameters                                      \
	{                                                           \
		REAL(name)                                          \
		if (fails(call)) {                                  \
			return failure;                             \
		}                                                   \
		return real arguments;                              \
	}

FORWARD(CALL_WRITE, -1, ssize_t, pwrite, (int fd, const void *run, size_t size, off_t from),
	(fd, run, size, from))
FORWARD(CALL_WRITE, -1, ssize_t, pwrite64, (int fd, const void *run, size_t size, off64_t from),
	(fd, run, size, from))
FORWARD(CALL_WRITE, -1, ssize_t, pwritev, (int fd, const struct iovec *runs, int n, off_t from),
	(fd, runs, n, from))
FORWARD(CALL_WRITE, -1, ssize_t, pwritev64, (int fd, const struct iovec *runs, int n, off64_t from),
	(fd, runs, n, from))
FORWARD(CALL_WRITE, -1, ssize_t, writev, (int fd, const struct iovec *runs, int n), (fd, runs, n))
FORWARD(CALL_SYNC, -1, int, fdatasync, (int fd), (fd))
FORWARD(CALL_SYNC, -1, int, fsync, (int fd), (fd))
FORWARD(CALL_SYNC, -1, int, msync, (void *run, size_t size, int flags), (run, size, flags))
FORWARD(CALL_ROOM, -1, int, fallocate, (int fd, int mode, off_t from, off_t size),
	(fd, mode, from, size))
FORWARD(CALL_ROOM, -1, int, fallocate64, (int fd, int mode, off64_t from, off64_t size),
	(fd, mode, from, size))
FORWARD(CALL_ROOM, number, int, posix_fallocate, (int fd, off_t from, off_t size), (fd, from, size))
FORWARD(CALL_ROOM, number, int, posix_fallocate64, (int fd, off64_t from, off64_t size),
	(fd, from, size))
FORWARD(CALL_ROOM, -1, int, ftruncate, (int fd, off_t size), (fd, size))
FORWARD(CALL_ROOM, -1, int, ftruncate64, (int fd, off64_t size), (fd, size))
FORWARD(CALL_MAP, MAP_FAILED, void *, mmap,
	(void *run, size_t size, int protection, int flags, int fd, off_t from),
	(run, size, protection, flags, fd, from))
FORWARD(CALL_MAP, MAP_FAILED, void *, mmap64,
	(void *run, size_t size, int protection, int flags, int fd, off64_t from),
	(run, size, protection, flags, fd, from))

/* Not the first descriptors: they are the test's own. */
ssize_t
write(int fd, const void *run, size_t size)
{
	REAL(write)
	if (fd > STDERR_FILENO && fails(CALL_WRITE)) {
		return -1;
	}
	return real(fd, run, size);
}

/* dlsym() may ask for memory before it has found where memory comes from, and within a
 * look-up of its own it finds nothing. */
static uint8_t early[1 << 20] __attribute__((aligned(16)));
static atomic_size_t early_used;
static _Thread_local bool is_finding;

static void *
early_memory(size_t size)
{
	size_t from = atomic_fetch_add(&early_used, (size + 15) & ~(size_t)15);

	if (size > sizeof(early) || from > sizeof(early) - size) {
		abort();
	}
	return early + from;
}

#define REAL_MEMORY(name, size)                                       \
	static __typeof__(name) *real;                                \
	if (real == NULL) {                                           \
		bool was_finding = is_finding;                        \
		void *found;                                          \
		is_finding = true;                                    \
		found = was_finding ? NULL : dlsym(RTLD_NEXT, #name); \
		is_finding = was_finding;                             \
		if (found == NULL) {                                  \
			return early_memory(size);                    \
		}                                                     \
		memcpy(&real, &found, sizeof(real));                  \
	}

void *
malloc(size_t size)
{
	REAL_MEMORY(malloc, size)
	return memory_fails(__builtin_return_address(0)) ? NULL : real(size);
}

void *
calloc(size_t items, size_t size)
{
	REAL_MEMORY(calloc, items * size)
	return memory_fails(__builtin_return_address(0)) ? NULL : real(items, size);
}

void *
realloc(void *memory, size_t size)
{
	REAL_MEMORY(realloc, size)
	if ((uint8_t *)memory >= early && (uint8_t *)memory < early + sizeof(early)) {
		abort();
	}
	return memory_fails(__builtin_return_address(0)) ? NULL : real(memory, size);
}

void
free(void *memory)
{
	REAL(free)
	if ((uint8_t *)memory < early || (uint8_t *)memory >= early + sizeof(early)) {
		real(memory);
	}
}
