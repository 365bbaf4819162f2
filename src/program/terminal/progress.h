/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * How far a long command has come, on stderr: a bar that is drawn over itself when stderr is
 * a terminal, else a plain line every few seconds. Nothing when quiet.
 *
 *     struct progress progress = progress_begin("load", "records", is_quiet);
 *     progress_show(&progress, done, total, count);      as often as one likes
 *     progress_end(&progress);
 */
struct progress {
	const char *name; /* The command. */
	const char *unit; /* What `count` counts. */
	bool is_quiet;
	bool is_terminal;
	bool is_drawn; /* A bar stands on the terminal's last line. */
	int64_t begun_ms;
	int64_t shown_ms;
};

struct progress progress_begin(const char *name, const char *unit, bool is_quiet);

/* `done` of `total` octets or entries (total 0: not known), and how many units that was. */
void progress_show(struct progress *progress, uint64_t done, uint64_t total, uint64_t count);

/* For work that tells of octets and may be asked to stop, which this never does: counts MiB. */
bool progress_show_octets(void *progress, uint64_t done, uint64_t total);

/* Takes the bar away, so that other lines may follow. */
void progress_clear(struct progress *progress);
#define progress_end progress_clear

double progress_seconds(const struct progress *progress);
