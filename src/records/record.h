/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "handle/handle_value.h"
#include "wire/wire_writer.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One record, as the journal keeps it in the `record` run of a JOURNAL_PUT entry:
 *
 *     u8 form      1
 *     u8 flags     RECORD_ALL_PUBLIC
 *     u16 n        and the n octets of the name as first written
 *     u32 count    of values, then the values, as an answer carries them
 *
 * Integers are in network order. The values stand at the end and in the encoding of
 * handle/handle_value.h, so that an answer with all of them is one copy; RECORD_ALL_PUBLIC
 * says that each may be read by anybody and none is a secret key, so that no value must be
 * looked at for it.
 */
enum { RECORD_FORM = 1, RECORD_HEAD_SIZE = 4 };

enum record_flags {
	RECORD_ALL_PUBLIC = 0x01,
};

struct record {
	uint64_t sequence_place; /* Journal place: the record's version, for compare-and-set. */
	struct bytes name; /* As first written. */
	bool is_all_public; /* All may read all of it: the answer is a copy. */
	struct handle_value_list values;
};

/* Octets that record_write() writes. */
size_t record_size(struct bytes name, const struct handle_value_list *values);
void record_write(
	struct wire_writer *writer, struct bytes name, const struct handle_value_list *values);

/* CORRUPT when the head does not fit. The values are not walked: what the journal holds was
 * checked when it was written, and its checksum proves that it is still that. Leaves
 * `sequence_place` alone. */
enum status record_read(struct bytes run, struct record *ret_record) MUST_CHECK;

/* The whole record, value by value: CORRUPT unless record_write() could have written it. */
enum status record_check(struct bytes run) MUST_CHECK;
