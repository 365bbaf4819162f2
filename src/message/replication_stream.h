/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"
#include "message/message.h"

/*
 * What a server sends to a mirror behind its answer to 1001 (retrieve the transaction log) and
 * 1002 (dump handles), on the same connection (Handle.net 9, 19):
 *
 *     u32 protection    signed, plain, or TLS, which then begins at once
 *     blob digest name  "SHA1"; only when signed
 *     head              u32 format; for 1001 also u32 status
 *     records           u8 kind and its fields, until the one that ends the stream
 *
 * Head and records are blocks: when the stream is signed, a blob with the signature of the
 * server's key over the block's octets follows each, but for the last octet of a dump.
 *
 * The decoder takes one block a call off octets that may end anywhere: TRUNCATED means that
 * more are needed, and nothing has moved. Runs are views into these octets.
 *
 *     struct replication_decoder decoder = replication_decoder_new(REPLICATION_DUMP);
 *     while (replication_decode(&decoder, octets, &block) == STATUS_OK) {
 *             octets = bytes_slice(octets, block.size, SIZE_MAX);
 *             ... verify block.octets against block.signature, then use it ...
 *     }
 *
 * After a REPLICATION_BLOCK_PROTECTION block whose protection is TLS the rest comes inside
 * TLS, without signatures; the same decoder goes on with what is decrypted.
 */
enum replication_protection {
	REPLICATION_SIGNED = 0,
	REPLICATION_TLS = 0x544C5300, /* "TLS", NUL */
	REPLICATION_PLAIN = -1, /* On the wire all ones; only inside HTTPS. */
};

enum replication_stream {
	REPLICATION_TRANSACTIONS, /* 1001 */
	REPLICATION_DUMP, /* 1002 */
};

enum replication_format {
	REPLICATION_FORMAT_ONE_SOURCE = 1, /* 1001, kind 0. */
	REPLICATION_FORMAT_ALL_SOURCES = 2, /* 1001, kind 1. */
	REPLICATION_FORMAT_DUMP_OLD = 1, /* Ends with the server's position. */
	REPLICATION_FORMAT_DUMP = 2, /* Begins with it. */
};

enum replication_status {
	REPLICATION_MUST_DUMP = 1,
	REPLICATION_SENDING = 2,
};

enum replication_action {
	REPLICATION_PLACEHOLDER = 0,
	REPLICATION_CREATE = 1,
	REPLICATION_DELETE = 2,
	REPLICATION_UPDATE = 3,
	REPLICATION_HOME = 4,
	REPLICATION_UNHOME = 5,
	REPLICATION_DELETE_ALL = 6,
};

enum replication_block_kind {
	REPLICATION_BLOCK_PROTECTION, /* protection, name: the digest's */
	REPLICATION_BLOCK_HEAD, /* format, status (1001) */
	/* 1001 */
	REPLICATION_BLOCK_END, /* date (format 1): where to ask from next time */
	REPLICATION_BLOCK_TRANSACTION, /* id, name, action, date, values (create, update) */
	REPLICATION_BLOCK_QUEUE, /* name */
	REPLICATION_BLOCK_QUEUE_END, /* date */
	/* 1002 */
	REPLICATION_BLOCK_POSITION, /* date, id */
	REPLICATION_BLOCK_RECORD, /* name, values */
	REPLICATION_BLOCK_PREFIX, /* name */
	REPLICATION_BLOCK_HANDLE_DATE, /* name, date, priority */
	REPLICATION_BLOCK_PREFIX_DATE, /* the same */
	REPLICATION_BLOCK_SOURCES, /* name: a text about other servers */
	REPLICATION_BLOCK_DUMP_END,
};

/* As in the stream each value has its length in front: walk with replication_value_next(). */
struct replication_values {
	uint32_t count;
	struct bytes octets;
};

struct replication_block {
	enum replication_block_kind kind;
	enum replication_protection protection;
	uint32_t format;
	uint32_t status;
	uint64_t id; /* Of a transaction. */
	uint64_t date; /* ms since 1970. */
	struct bytes name;
	enum replication_action action;
	uint32_t priority;
	struct replication_values values;
	/* Set by the decoder: */
	struct bytes octets; /* What is signed. */
	struct bytes signature; /* Empty when the stream is not signed. */
	size_t size; /* With the signature. */
};

enum replication_step {
	REPLICATION_AT_PROTECTION,
	REPLICATION_AT_HEAD,
	REPLICATION_AT_RECORDS,
};

struct replication_decoder {
	enum replication_stream stream;
	bool is_signed;
	bool is_ended; /* Behind the last block; after a REPLICATION_BLOCK_END more may follow. */
	uint32_t format;
	enum replication_step step;
};

static inline struct replication_decoder
replication_decoder_new(enum replication_stream stream)
{
	return (struct replication_decoder){.stream = stream};
}

/* TRUNCATED: give more. MALFORMED, UNSUPPORTED, TOO_LARGE: the stream is of no use any more. */
enum status replication_decode(struct replication_decoder *decoder, struct bytes octets,
	struct replication_block *ret_block) MUST_CHECK;

/* One block without a signature. For a record of a handle `values` may be left empty and
 * `list` given instead, as a record has it. */
void replication_block_write(struct wire_writer *writer, enum replication_stream stream,
	const struct replication_block *block, const struct handle_value_list *list);

/* The walk starts at wire_reader_over(values->octets). */
bool replication_value_next(struct wire_reader *walk, struct bytes *ret_value);

/* The same values as a record keeps them, into `writer`. */
struct handle_value_list replication_values_list(
	const struct replication_values *values, struct wire_writer *writer);
