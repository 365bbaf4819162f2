/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>
#include <stdio.h>

/*
 * The made-up records of all benchmarks: number i has a handle of 30 octets and values of
 * about 220, so that an answer has about 300. Sorted numbering gives handles in key order;
 * scattered numbering gives the same number of handles in no order. They are under 88.999.1, or
 * another digit in its place.
 */
enum { BENCH_NAME_SIZE = 30, BENCH_TEXT_SIZE = 512, BENCH_PREFIX = 1 };

struct bench_names {
	unsigned prefix; /* The last part of the prefix, one digit. */
	int is_scattered;
};

static inline uint64_t
bench_scatter(uint64_t number)
{
	number += 0x9e3779b97f4a7c15u;
	number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
	number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
	return number ^ (number >> 31);
}

static inline void
bench_name(char ret_name[BENCH_NAME_SIZE + 1], uint64_t number, const struct bench_names *names)
{
	snprintf(ret_name, BENCH_NAME_SIZE + 1, "88.999.%u/ITEM-%016llX", names->prefix % 10,
		(unsigned long long)(names->is_scattered ? bench_scatter(number) : number));
}

/* One line of NDJSON, with its line end; returns its size. */
static inline int
bench_record(char ret_text[BENCH_TEXT_SIZE], uint64_t number, const struct bench_names *names)
{
	char name[BENCH_NAME_SIZE + 1];

	bench_name(name, number, names);
	return snprintf(ret_text, BENCH_TEXT_SIZE,
		"{\"handle\":\"%s\",\"values\":[{\"index\":1,\"type\":\"URL\",\"data\":"
		"\"https://example.org/items/%016llx?batch=%08llx&line=07\"},{\"index\":2,\"type\":"
		"\"DESC\",\"data\":\"synthetic item of a benchmark, number "
		"%012llu\"},{\"index\":100,"
		"\"type\":\"HS_ADMIN\",\"data\":{\"format\":\"admin\",\"value\":{\"handle\":"
		"\"0.NA/88.999.%u\",\"index\":300,\"permissions\":\"011111110011\"}}}]}\n",
		name, (unsigned long long)bench_scatter(number),
		(unsigned long long)(number % 4096), (unsigned long long)number,
		names->prefix % 10);
}
