/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A folder as it may be found after a power cut, made from the log of record.c.
 *
 * The image keeps two things of every file: the octets that a sync made durable, and the
 * writes since, which may have reached the disk in any combination, each whole or torn. Names
 * (made, renamed, removed) are kept in order by the file system's own journal: of those since
 * the folder's last sync some first ones hold and the rest do not.
 *
 *     image = crash_image_new(log, log_size);
 *     while (crash_image_step(image, &acknowledged)) {      one event further
 *             crash_image_choose(image, choice, &state);
 *             hash = crash_state_hash(&state);
 *             crash_state_write(&state, folder_fd);
 *     }
 */
enum {
	CRASH_FILE_COUNT_MAX = 256,
	CRASH_NAME_SIZE_MAX = 64,
	CRASH_PENDING_COUNT_MAX = 65536,
};

struct crash_image;

struct crash_image *crash_image_new(const uint8_t *log, size_t size);
void crash_image_free(struct crash_image *image);

/* Takes the next event; false at the end. `ret_acknowledged` is the change's number if the
 * event is its acknowledgement, else -1. */
bool crash_image_step(struct crash_image *image, long *ret_acknowledged);
size_t crash_image_pending(const struct crash_image *image); /* Writes and names not durable. */

/* What became of the pending ones. */
struct crash_choice {
	enum crash_rule {
		CRASH_NONE,
		CRASH_ALL,
		CRASH_ALL_BUT_LAST,
		CRASH_LAST_TORN, /* All before it. */
		CRASH_LAST_TORN_ALONE, /* None before it. */
		CRASH_RANDOM,
	} rule;
	uint64_t seed; /* Where a write is torn, which ones hold. */
};

struct crash_state {
	struct crash_state_file {
		char name[CRASH_NAME_SIZE_MAX];
		bool is_folder;
		const uint8_t *octets;
		size_t size;
	} files[CRASH_FILE_COUNT_MAX];
	size_t count;
};

/* The octets live until the next step or choice. */
void crash_image_choose(struct crash_image *image, const struct crash_choice *choice,
	struct crash_state *ret_state);
uint64_t crash_state_hash(const struct crash_state *state);

/* Makes the folder hold exactly this. */
void crash_state_write(const struct crash_state *state, int folder_fd);

/* Compares with the files that are there; the name of the first that differs, or NULL. */
const char *crash_state_compare(const struct crash_state *state, int folder_fd);
