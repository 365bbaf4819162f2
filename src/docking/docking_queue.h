/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "docking/docking.h"

/*
 * Requests to dock that wait for the operator: files below DIR/docking/, one for each pair of
 * prefix and site key, DOCKING_COUNT_MAX of them. A request that comes again replaces the earlier
 * one of the same key only, so that nobody can push aside what somebody else has sent.
 *
 * Files are made whole or not at all. They may be read and removed while a node puts more there.
 */
enum { DOCKING_ID_SIZE = 16 };

struct docking_entry {
	char id[DOCKING_ID_SIZE + 1]; /* What the operator calls it by. */
	int64_t received_ms; /* Since 1970. */
	uint8_t source[16]; /* address_octets() of who sent it. */
	struct docking docking; /* Views into `octets`. */
	uint8_t *octets;
};

/* `docking` was read by docking_read(). BUSY: too many wait. */
enum status docking_queue_put(const char *directory, const struct docking *docking,
	const uint8_t source[16], int64_t now_ms, struct problem *problem) MUST_CHECK;

/* In the order of their ids; each that is there and sound. `taken` must not keep the entry. */
typedef void docking_taken(void *context, const struct docking_entry *entry);
enum status docking_queue_walk(const char *directory, docking_taken *taken, void *context,
	struct problem *problem) MUST_CHECK;

/* NOT_FOUND; CORRUPT. The entry is freed by docking_entry_free(). */
enum status docking_queue_read(const char *directory, const char *id,
	struct docking_entry *ret_entry, struct problem *problem) MUST_CHECK;
void docking_entry_free(struct docking_entry *entry);
enum status docking_queue_remove(
	const char *directory, const char *id, struct problem *problem) MUST_CHECK;

/* What one file holds: for tests of damage. Views into `octets`. */
enum status docking_entry_decode(struct bytes octets, struct docking_entry *ret_entry) MUST_CHECK;
