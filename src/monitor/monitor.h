/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the node counts, for its operators.
 *
 * Each thread has a row of counters that it alone writes, on cache lines of its own, so
 * that counting costs one addition and no lock. Any thread may read at any time: it gets
 * the sum of the rows, in which each counter is a little older or newer than the next.
 *
 *     monitor_add(worker->row, METRIC_UDP_RECEIVED, count);
 *     ...
 *     total = monitor_read(monitor, METRIC_UDP_RECEIVED);
 *
 * The metrics are rows of metrics.def; metrics pages and documentation are made from it.
 */
enum metric {
#define X(metric, name, kind, help) METRIC_##metric,
#include "monitor/metrics.def"
#undef X
	METRIC_COUNT
};

enum metric_kind {
	METRIC_KIND_COUNTER, /* Only grows; what matters is its rate. */
	METRIC_KIND_GAUGE, /* How many there are now. */
};

/* Two lines: processors fetch lines in pairs. */
enum { MONITOR_ROW_ALIGNMENT = 128 };

struct monitor_row {
	_Alignas(MONITOR_ROW_ALIGNMENT) _Atomic uint64_t counters[METRIC_COUNT];
};

struct monitor;

struct monitor *monitor_new(size_t row_count); /* All zero. NULL if memory is short. */
void monitor_free(struct monitor *monitor); /* NULL is fine. */

/* The row that thread `number`, counted from 0, alone may write; it lives with the monitor. */
struct monitor_row *monitor_row(struct monitor *monitor, size_t number);

/* Only the row's owner calls these. A gauge may sink in another row than it rose in: rows
 * are summed modulo 2^64. */
static inline void
monitor_add(struct monitor_row *row, enum metric metric, uint64_t count)
{
	/* One writer: load and store need not be one step, as an atomic addition would be. */
	uint64_t before = atomic_load_explicit(&row->counters[metric], memory_order_relaxed);

	atomic_store_explicit(&row->counters[metric], before + count, memory_order_relaxed);
}

static inline void
monitor_subtract(struct monitor_row *row, enum metric metric, uint64_t count)
{
	monitor_add(row, metric, 0 - count);
}

/* A gauge that one row alone has. */
static inline void
monitor_set(struct monitor_row *row, enum metric metric, uint64_t number)
{
	atomic_store_explicit(&row->counters[metric], number, memory_order_relaxed);
}

/* The sum over all rows; any thread. */
uint64_t monitor_read(const struct monitor *monitor, enum metric metric);

const char *monitor_metric_name(enum metric metric); /* "udp_received" */
const char *monitor_metric_help(enum metric metric); /* "datagrams received" */
enum metric_kind monitor_metric_kind(enum metric metric);
