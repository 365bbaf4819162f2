/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"
#include "program/commands.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What the three benches of `houji bench` share: options, a clock, and a picture of how long
 * things took.
 */
struct bench_options {
	const char *server;
	unsigned long connections;
	unsigned long depth;
	unsigned long rate; /* Requests a second; 0: a new one for each that was answered. */
	double seconds; /* 0: the bench chooses. */
	bool is_tcp;
	bool is_scratch;
	bool is_json;
	/* What is left of the command line. */
	int argument_count;
	char **arguments;
};

/* bench_resolve.c, bench_lookup.c, bench_commit.c: each returns an enum exit_code. */
int bench_resolve(const struct bench_options *options);
int bench_lookup(const struct bench_options *options);
int bench_commit(const struct bench_options *options);

/* Monotonic; benches alone need nanoseconds. */
uint64_t bench_now_ns(void);

/* xorshift64*: which handle comes next must be cheap, and need not be secret. */
uint64_t bench_draw(uint64_t *seed);

/*
 * Times, counted in buckets that are 1/64 of their time wide: any number of them in 20 KiB,
 * and each figure is right within 1.6 %. The largest is kept as it was.
 */
enum { BENCH_TIMES_STEPS = 64, BENCH_TIMES_BUCKET_COUNT = BENCH_TIMES_STEPS * 40 };
struct bench_times {
	uint64_t count;
	uint64_t max_ns;
	uint64_t buckets[BENCH_TIMES_BUCKET_COUNT];
};
void bench_times_note(struct bench_times *times, uint64_t ns);
/* The time that `share` (0 to 1) of all were not longer than; 0 if there are none. */
double bench_times_at(const struct bench_times *times, double share);

/* Handles to ask for (bench_handles.c), at most BENCH_HANDLE_COUNT_MAX in
 * BENCH_HANDLES_SIZE_MAX octets; what goes beyond, and names longer than `name_size_max`,
 * is only counted. */
struct bench_handles {
	uint8_t *octets;
	size_t size, capacity;
	uint32_t *ends; /* Of each name in `octets`. */
	size_t count, ends_capacity;
	size_t name_size_max;
	uint64_t left_out;
};

/* "-", and words that are the name of a file, are read: one handle a line, or an NDJSON object
 * with a member "handle". Any other word is a handle itself. */
enum status bench_handles_take(
	struct bench_handles *handles, const char *word, struct problem *problem) MUST_CHECK;
enum status bench_handles_add(struct bench_handles *handles, struct bytes name) MUST_CHECK;
struct bytes bench_handle_at(const struct bench_handles *handles, size_t index);
void bench_handles_free(struct bench_handles *handles);
