/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Ordered keys and values in LMDB: snapshots to read, transactions to write. The only
 * folder that knows LMDB.
 *
 * A file is never opened on trust: its length against the meta pages, then every page
 * reachable from them (store_check.c), because LMDB itself meets damage with a signal.
 *
 * The map grows by itself, between transactions: store_transaction_begin() sees to it that
 * there is room for all a transaction may put, and doubles the map when there is not. It
 * then waits until no snapshot is open, so a thread must not begin a transaction while it
 * holds a snapshot itself.
 *
 * Every commit is synced (never WRITEMAP, NOSYNC or NOMETASYNC). A new file is made under
 * another name and renamed when it is whole. Who may open it is the caller's care: the
 * ledger holds the lock of the directory. Any number of threads may hold snapshots; one
 * holds a transaction. Tables are named once, in store_table.
 */
enum store_table {
	STORE_META, /* Layout version, ledger position, settings of the node. */
	STORE_HANDLES, /* Folded handle -> place. */
	STORE_PREFIXES, /* 0.NA handle -> place of its home entry. */
	STORE_TABLE_COUNT,
};

enum {
	STORE_KEY_SIZE_MAX = 511,
	STORE_TRANSACTION_CHANGE_COUNT_MAX = 65536,
	STORE_VALUE_SIZE_MAX = 1024,
};

struct store;
struct store_snapshot;
struct store_transaction;
struct store_cursor;

/* Opens the file after store_check(); makes it if it is missing and `is_writable`. CORRUPT
 * with what and where; UNKNOWN_VERSION is for the caller's own meta record. */
enum status store_open(const char *path, bool is_writable, struct store **ret_store,
	struct problem *problem) MUST_CHECK;

/* The same with another room for a transaction, in octets: tests make maps grow with it. */
enum status store_open_with_room(const char *path, bool is_writable, size_t room,
	struct store **ret_store, struct problem *problem) MUST_CHECK;
const char *store_table_name(enum store_table table);
void store_close(struct store *store);

/* Runs inside a store file without opening it: every page, every node. */
enum status store_check(const char *path, struct problem *problem) MUST_CHECK;

enum status store_snapshot_begin(
	struct store *store, struct store_snapshot **ret_snapshot) MUST_CHECK;
void store_snapshot_end(struct store_snapshot *snapshot);
/* The run lives until the snapshot ends. */
enum status store_get(struct store_snapshot *snapshot, enum store_table table, struct bytes key,
	struct bytes *ret_value) MUST_CHECK;

/* In key order from the first key >= `from`; false at the end. */
enum status store_cursor_open(struct store_snapshot *snapshot, enum store_table table,
	struct bytes from, struct store_cursor **ret_cursor) MUST_CHECK;
bool store_cursor_next(struct store_cursor *cursor, struct bytes *ret_key, struct bytes *ret_value);
enum status store_cursor_status(const struct store_cursor *cursor) MUST_CHECK;
void store_cursor_close(struct store_cursor *cursor);

/* One transaction at a time. More than STORE_TRANSACTION_CHANGE_COUNT_MAX changes, longer keys
 * and values than the limits: TOO_LARGE. After any failure the transaction can only be ended;
 * its commit then fails with that status. Puts in key order are the fastest. */
enum status store_transaction_begin(
	struct store *store, struct store_transaction **ret_transaction) MUST_CHECK;
enum status store_put(struct store_transaction *transaction, enum store_table table,
	struct bytes key, struct bytes value) MUST_CHECK;
/* OK also when there is no such key. */
enum status store_remove(
	struct store_transaction *transaction, enum store_table table, struct bytes key) MUST_CHECK;
/* Durable when it returned OK, nothing changed otherwise. Frees the transaction in every
 * case. */
enum status store_transaction_commit(
	struct store_transaction *transaction, struct problem *problem) MUST_CHECK;
void store_transaction_abort(struct store_transaction *transaction);
