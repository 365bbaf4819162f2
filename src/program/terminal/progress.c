/* SPDX-License-Identifier: Apache-2.0 */
#include "program/terminal/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR_WIDTH = 30, TERMINAL_EVERY_MS = 100, LINE_EVERY_MS = 5000 };

struct progress
progress_begin(const char *name, const char *unit, bool is_quiet)
{
	return (struct progress){
		.name = name,
		.unit = unit,
		.is_quiet = is_quiet,
		.is_terminal = isatty(STDERR_FILENO) == 1,
		.begun_ms = clock_monotonic_ms(),
		.shown_ms = clock_monotonic_ms(),
	};
}

double
progress_seconds(const struct progress *progress)
{
	return (double)(clock_monotonic_ms() - progress->begun_ms) / 1000;
}

static void
draw_bar(uint64_t done, uint64_t total)
{
	char bar[BAR_WIDTH + 1];
	size_t full = (size_t)((double)done / (double)total * BAR_WIDTH);

	full = full > BAR_WIDTH ? BAR_WIDTH : full;
	memset(bar, ' ', BAR_WIDTH);
	memset(bar, '=', full);
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, " [%s] %3.0f %%", bar, 100 * (double)done / (double)total);
}

void
progress_show(struct progress *progress, uint64_t done, uint64_t total, uint64_t count)
{
	int64_t now = clock_monotonic_ms();
	double seconds = progress_seconds(progress);

	if (progress->is_quiet ||
		now - progress->shown_ms <
			(progress->is_terminal ? TERMINAL_EVERY_MS : LINE_EVERY_MS)) {
		return;
	}
	progress->shown_ms = now;
	fprintf(stderr, progress->is_terminal ? "\r%s" : "houji %s:", progress->name);
	if (total > 0 && progress->is_terminal) {
		draw_bar(done, total);
	} else if (total > 0) {
		fprintf(stderr, " %.0f %%", 100 * (double)done / (double)total);
	}
	fprintf(stderr, "  %llu %s  %.0f/s", (unsigned long long)count, progress->unit,
		seconds > 0 ? (double)count / seconds : 0);
	fputs(progress->is_terminal ? "\033[K" : "\n", stderr);
	progress->is_drawn = progress->is_terminal;
}

bool
progress_show_octets(void *progress, uint64_t done, uint64_t total)
{
	progress_show(progress, done, total, done >> 20);
	return true;
}

void
progress_clear(struct progress *progress)
{
	if (progress->is_drawn) {
		fputs("\r\033[K", stderr);
		progress->is_drawn = false;
	}
}
