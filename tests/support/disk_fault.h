/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A disk that fails when told to. A test program that links disk_fault.c has its pwrite,
 * fdatasync, fsync, posix_fallocate, msync, rename and renameat go through here.
 *
 *     for (uint64_t n = 1; !is_over; n++) {
 *             disk_fault_arm(n, EIO);
 *             ... the scenario ...
 *             is_over = !disk_fault_has_struck();
 *     }
 */
enum disk_call {
	DISK_WRITE, /* pwrite: half is written, then the error. */
	DISK_SYNC, /* fdatasync, fsync, msync. */
	DISK_ROOM, /* posix_fallocate. */
	DISK_RENAME,
	DISK_CALL_COUNT,
};

/* The n-th call from now on fails with `error`, and so does every later one of its kind. */
void disk_fault_arm(uint64_t nth, int error);
/* The same, but only calls of this kind count. */
void disk_fault_arm_call(enum disk_call call, uint64_t nth, int error);
void disk_fault_disarm(void);
bool disk_fault_has_struck(void);

/* Calls since arming or disarming. */
uint64_t disk_fault_count(enum disk_call call);
uint64_t disk_fault_written(void); /* Octets. */

/* Every other pwrite is interrupted, and no pwrite does more than `size_max` (0: no limit). */
void disk_fault_shorten(uint64_t size_max);
