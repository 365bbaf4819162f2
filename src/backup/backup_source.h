/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "backup/backup_manifest.h"

/*
 * A backup that is read: its manifest, then file by file what the manifest counts of each,
 * with size and digest compared before anybody looks at the octets.
 */
struct backup_source {
	const char *path; /* The caller's. */
	int folder_fd, ledger_fd, node_fd;
	struct backup_manifest manifest;
	uint8_t *octets; /* Room for a segment or a node file: what was read last. */
	struct problem *problem;
};

enum status backup_source_open(
	struct backup_source *source, const char *path, struct problem *problem) MUST_CHECK;
void backup_source_close(struct backup_source *source); /* Also after a failed opening. */

/* Into `octets`. CORRUPT. */
enum status backup_source_segment(
	struct backup_source *source, size_t number, uint64_t *ret_size) MUST_CHECK;
enum status backup_source_node_file(
	struct backup_source *source, size_t number, uint64_t *ret_size) MUST_CHECK;
