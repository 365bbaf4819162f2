/* SPDX-License-Identifier: Apache-2.0 */
#include "support/disk_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The test's thread arms; any thread of what it tests calls. */
static struct {
	_Atomic uint64_t left; /* Calls until the fault; 0: none will come. */
	_Atomic int error;
	atomic_bool is_one_kind;
	_Atomic enum disk_call kind;
	atomic_bool has_struck;
	_Atomic uint64_t counts[DISK_CALL_COUNT];
	_Atomic uint64_t written;
	_Atomic uint64_t size_max;
	atomic_bool was_interrupted;
} disk;

static void
arm(uint64_t nth, int error)
{
	disk.left = nth;
	disk.error = error;
	disk.is_one_kind = false;
	disk.has_struck = false;
	disk.written = 0;
	for (int i = 0; i < DISK_CALL_COUNT; i++) {
		disk.counts[i] = 0;
	}
}

void
disk_fault_arm(uint64_t nth, int error)
{
	arm(nth, error);
}

void
disk_fault_arm_call(enum disk_call call, uint64_t nth, int error)
{
	arm(nth, error);
	disk.is_one_kind = true;
	disk.kind = call;
}

void
disk_fault_disarm(void)
{
	arm(0, 0);
}

bool
disk_fault_has_struck(void)
{
	return disk.has_struck;
}

uint64_t
disk_fault_count(enum disk_call call)
{
	return disk.counts[call];
}

uint64_t
disk_fault_written(void)
{
	return disk.written;
}

void
disk_fault_shorten(uint64_t size_max)
{
	disk.size_max = size_max;
	disk.was_interrupted = false;
}

static bool
fails(enum disk_call call)
{
	disk.counts[call]++;
	if (disk.has_struck) {
		return call == disk.kind;
	}
	if (disk.left == 0 || (disk.is_one_kind && disk.kind != call)) {
		return false;
	}
	disk.left--;
	if (disk.left == 0) {
		disk.has_struck = true;
		disk.kind = call;
	}
	return disk.has_struck;
}

ssize_t
pwrite(int fd, const void *octets, size_t size, off_t offset)
{
	bool is_bad = fails(DISK_WRITE);
	ssize_t done;

	if (disk.size_max > 0) {
		disk.was_interrupted = !disk.was_interrupted;
		if (disk.was_interrupted) {
			errno = EINTR;
			return -1;
		}
		size = size < disk.size_max ? size : disk.size_max;
	}
	done = syscall(SYS_pwrite64, fd, octets, is_bad ? size / 2 : size, offset);
	if (is_bad) {
		errno = disk.error;
		return -1;
	}
	disk.written += done > 0 ? (uint64_t)done : 0;
	return done;
}

static int
answer(enum disk_call call, long done)
{
	if (fails(call)) {
		errno = disk.error;
		return -1;
	}
	return (int)done;
}

int
fdatasync(int fd)
{
	return answer(DISK_SYNC, syscall(SYS_fdatasync, fd));
}

int
fsync(int fd)
{
	return answer(DISK_SYNC, syscall(SYS_fsync, fd));
}

int
msync(void *at, size_t size, int flags)
{
	return answer(DISK_SYNC, syscall(SYS_msync, at, size, flags));
}

int
posix_fallocate(int fd, off_t offset, off_t size)
{
	if (fails(DISK_ROOM)) {
		return disk.error;
	}
	return syscall(SYS_fallocate, fd, 0, offset, size) == 0 ? 0 : errno;
}

int
rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	if (fails(DISK_RENAME)) {
		errno = disk.error;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}
