/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * The log that record.c writes and crash_image.c reads: each call that changes the folder
 * FAULT_RECORD_ROOT, in the order in which it was made, and what was acknowledged in between.
 *
 * An event is this head and `size` octets: what was written, or names below the root, each
 * with a NUL.
 */
enum record_kind {
	RECORD_MAKE = 1, /* A file: name. */
	RECORD_FOLDER, /* A folder: name. */
	RECORD_WRITE, /* Octets at `offset`. */
	RECORD_WRITE_DURABLE, /* The same through a descriptor with O_DSYNC. */
	RECORD_SLOT, /* Eight octets changed through a shared mapping. */
	RECORD_SIZE, /* The file is cut or grown to `offset` octets. */
	RECORD_ROOM, /* The file has at least `offset` octets from now on. */
	RECORD_SYNC, /* The file's octets and size are durable. */
	RECORD_FOLDER_SYNC, /* A folder's names are durable: its name ("" is the root). */
	RECORD_RENAME, /* From, to. */
	RECORD_REMOVE, /* Name. */
	RECORD_ACKNOWLEDGED, /* Change `offset` was answered. */
};

struct record_event {
	uint32_t kind;
	uint32_t size;
	uint64_t inode;
	uint64_t offset;
};
