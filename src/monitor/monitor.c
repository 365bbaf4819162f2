/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/monitor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct monitor {
	size_t row_count;
	struct monitor_row *rows;
};

static const struct {
	const char *name;
	const char *help;
	enum metric_kind kind;
} metrics[METRIC_COUNT] = {
#define X(metric, name, kind, help) {name, help, METRIC_KIND_##kind},
#include "monitor/metrics.def"
#undef X
};

struct monitor *
monitor_new(size_t row_count)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));
	size_t size;

	if (monitor == NULL) {
		return NULL;
	}
	if (!__builtin_mul_overflow(row_count, sizeof(*monitor->rows), &size)) {
		monitor->rows = aligned_alloc(MONITOR_ROW_ALIGNMENT, size);
	}
	if (monitor->rows == NULL) {
		free(monitor);
		return NULL;
	}
	memset(monitor->rows, 0, size);
	monitor->row_count = row_count;
	return monitor;
}

void
monitor_free(struct monitor *monitor)
{
	if (monitor != NULL) {
		free(monitor->rows);
		free(monitor);
	}
}

struct monitor_row *
monitor_row(struct monitor *monitor, size_t number)
{
	assert(number < monitor->row_count);
	return &monitor->rows[number];
}

uint64_t
monitor_read(const struct monitor *monitor, enum metric metric)
{
	uint64_t sum = 0;

	assert(metric < METRIC_COUNT);
	for (size_t i = 0; i < monitor->row_count; i++) {
		sum += atomic_load_explicit(
			&monitor->rows[i].counters[metric], memory_order_relaxed);
	}
	return sum;
}

const char *
monitor_metric_name(enum metric metric)
{
	return metric < METRIC_COUNT ? metrics[metric].name : "?";
}

const char *
monitor_metric_help(enum metric metric)
{
	return metric < METRIC_COUNT ? metrics[metric].help : "?";
}

enum metric_kind
monitor_metric_kind(enum metric metric)
{
	assert(metric < METRIC_COUNT);
	return metrics[metric].kind;
}
