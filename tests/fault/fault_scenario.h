/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger.h"
#include "wire/wire_writer.h"

#include <stdio.h>

/*
 * What the scenario writes and the driver expects, by number.
 *
 * Change i of a run puts handle i; from FAULT_SECOND on handle i - FAULT_SECOND once more, with
 * another value; every tenth homes a prefix instead.
 */
enum {
	FAULT_CHANGE_COUNT = 50,
	FAULT_CHAIN = 10,
	FAULT_SECOND = 30,
	FAULT_STORM_CHAIN_MAX = 64,
	FAULT_NAME_SIZE = 48,
	FAULT_VALUE_SIZE = 512,
	FAULT_SEGMENT_SIZE = 16384,
};

/*
 * What is recorded for the enumeration of crashes: change i concerns one of a few handles, or
 * homes a prefix of its own.
 */
enum {
	FAULT_CRASH_CHANGE_COUNT = 360,
	FAULT_CRASH_HANDLE_COUNT = 24,
	FAULT_CRASH_CHAIN_MAX = 16,
	FAULT_CRASH_SEGMENT_SIZE = 8192,
};

/*
 * The same changes in larger segments, pruned on the way: first what was replaced when the
 * first segment was full, which leaves records in it beside those that it takes, then all that
 * can go. Acknowledgements of these numbers say where a pruning begins and ends.
 */
enum {
	FAULT_PRUNE_SEGMENT_SIZE = 65536,
	FAULT_PRUNE_BEGUN = FAULT_CRASH_CHANGE_COUNT,
	FAULT_PRUNE_ENDED,
};

static inline enum journal_kind
fault_crash_kind(unsigned long number)
{
	return number % 13 == 12 ? JOURNAL_HOME : number % 7 == 6 ? JOURNAL_DELETE : JOURNAL_PUT;
}

static inline unsigned long
fault_crash_handle(unsigned long number)
{
	return number * 31 % FAULT_CRASH_HANDLE_COUNT;
}

enum fault_exit {
	FAULT_EXIT_WELL = 0, /* All done, nothing failed. */
	FAULT_EXIT_UNHARMED = 10, /* Something failed, and all was done. */
	FAULT_EXIT_ERROR = 11, /* It did not work, and was said why. */
	FAULT_EXIT_SILENT = 12, /* It did not work, and nobody said why. */
	FAULT_EXIT_UNREADABLE = 13, /* Reading acknowledged records failed. */
	FAULT_EXIT_UNSETTLED = 14, /* Settled, but the ordered table is behind. */
	FAULT_EXIT_WRITABLE = 15, /* A change was taken after a failure. */
};

static inline enum journal_kind
fault_kind(unsigned long number)
{
	return number % 10 == 9 ? JOURNAL_HOME : JOURNAL_PUT;
}

static inline struct bytes
fault_name(unsigned long number, char ret_name[FAULT_NAME_SIZE])
{
	unsigned long handle = number >= FAULT_SECOND ? number - FAULT_SECOND : number;
	int size = fault_kind(number) == JOURNAL_HOME
		? snprintf(ret_name, FAULT_NAME_SIZE, "0.NA/88.%lu", number)
		: snprintf(ret_name, FAULT_NAME_SIZE, "88.100/Thing-%lu", handle);

	return bytes_over(ret_name, (size_t)size);
}

static inline struct handle_value_list
fault_values(unsigned long number, uint8_t ret_octets[FAULT_VALUE_SIZE])
{
	struct wire_writer writer = wire_writer_over(ret_octets, FAULT_VALUE_SIZE);
	char data[FAULT_VALUE_SIZE / 2];
	int size = snprintf(data, sizeof(data), "value %lu of %0200lu", number, number);
	struct handle_value value = {
		.index = 1,
		.timestamp = 1700000000,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("DESC"),
		.data = bytes_over(data, (size_t)size),
	};

	handle_value_write(&writer, &value);
	return (struct handle_value_list){1, wire_written(&writer)};
}

static inline void
fault_change(unsigned long number, struct ledger_change *ret_change, char ret_name[FAULT_NAME_SIZE],
	uint8_t ret_octets[FAULT_VALUE_SIZE])
{
	*ret_change = (struct ledger_change){
		.kind = fault_kind(number),
		.name = fault_name(number, ret_name),
		.actor = TEXT("300:0.NA/88.100"),
	};
	if (ret_change->kind == JOURNAL_PUT) {
		ret_change->values = fault_values(number, ret_octets);
	}
}

static inline struct bytes
fault_storm_name(unsigned long round, unsigned long number, char ret_name[FAULT_NAME_SIZE])
{
	int size = snprintf(ret_name, FAULT_NAME_SIZE, "88.200/%lu.%lu", round, number);

	return bytes_over(ret_name, (size_t)size);
}

static inline struct bytes
fault_crash_name(unsigned long number, char ret_name[FAULT_NAME_SIZE])
{
	int size = fault_crash_kind(number) == JOURNAL_HOME
		? snprintf(ret_name, FAULT_NAME_SIZE, "0.NA/88.%lu", number)
		: snprintf(ret_name, FAULT_NAME_SIZE, "88.300/%lu", fault_crash_handle(number));

	return bytes_over(ret_name, (size_t)size);
}

static inline void
fault_crash_change(unsigned long number, struct ledger_change *ret_change,
	char ret_name[FAULT_NAME_SIZE], uint8_t ret_octets[FAULT_VALUE_SIZE])
{
	*ret_change = (struct ledger_change){
		.kind = fault_crash_kind(number),
		.name = fault_crash_name(number, ret_name),
	};
	if (ret_change->kind == JOURNAL_PUT) {
		ret_change->values = fault_values(number, ret_octets);
	}
}

static inline void
fault_storm_change(unsigned long round, unsigned long number, struct ledger_change *ret_change,
	char ret_name[FAULT_NAME_SIZE], uint8_t ret_octets[FAULT_VALUE_SIZE])
{
	*ret_change = (struct ledger_change){
		.kind = JOURNAL_PUT,
		.name = fault_storm_name(round, number, ret_name),
		.values = fault_values(number, ret_octets),
	};
}
