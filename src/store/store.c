/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include "base/text_writer.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * LMDB can change the size of its map only while no transaction is open. Snapshots are
 * counted for that; store_grow() waits until none is left and keeps new ones out.
 *
 * The room kept free is what one transaction may take at the worst: each change may copy a
 * leaf and split it, and the pages it frees are listed, too. Only addresses are taken, no
 * memory and no disk.
 */
static const size_t ROOM_DEFAULT = (size_t)1 << 30;

enum { FILE_MODE = 0600, PATH_ROOM = 4096 };

struct store {
	MDB_env *environment;
	MDB_dbi tables[STORE_TABLE_COUNT];
	size_t map_size;
	size_t page_size;
	size_t room;
	bool is_broken; /* Lost its map: nothing can be read or written any more. */
	pthread_mutex_t lock; /* Guards what follows. */
	pthread_cond_t changed;
	size_t snapshot_count;
	bool is_growing;
	char path[];
};

struct store_snapshot {
	struct store *store;
	MDB_txn *transaction;
};

struct store_cursor {
	MDB_cursor *cursor;
	MDB_cursor_op next;
	struct bytes from;
	enum status status;
	uint8_t from_octets[STORE_KEY_SIZE_MAX];
};

struct store_transaction {
	struct store *store;
	MDB_txn *transaction;
	MDB_cursor *cursors[STORE_TABLE_COUNT];
	size_t change_count;
	enum status status;
};

static enum status
status_of_lmdb(int code)
{
	switch (code) {
	case MDB_SUCCESS:
		return STATUS_OK;
	case MDB_NOTFOUND:
		return STATUS_NOT_FOUND;
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
		return STATUS_NO_SPACE;
	case MDB_TXN_FULL:
		return STATUS_TOO_LARGE;
	case ENOMEM:
		return STATUS_NO_MEMORY;
	case EROFS:
	case MDB_PANIC:
		return STATUS_READ_ONLY;
	case MDB_READERS_FULL:
		return STATUS_BUSY;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
		return STATUS_CORRUPT;
	default:
		return STATUS_SYSTEM;
	}
}

static enum status
problem_lmdb(struct problem *problem, int code, const char *what, const char *path)
{
	return problem_set(
		problem, status_of_lmdb(code), "cannot %s %s: %s", what, path, mdb_strerror(code));
}

static MDB_val
value_of(struct bytes run)
{
	MDB_val value = {.mv_size = run.size};

	/* LMDB takes keys and values as not const, and leaves them alone. */
	memcpy(&value.mv_data, &run.at, sizeof(run.at));
	return value;
}

static struct bytes
bytes_of(MDB_val value)
{
	return bytes_over(value.mv_data, value.mv_size);
}

static struct store *
store_new(const char *path, size_t room)
{
	size_t size = strlen(path) + 1;
	struct store *store = calloc(1, sizeof(*store) + size);

	if (store == NULL) {
		return NULL;
	}
	memcpy(store->path, path, size);
	store->room = room;
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->changed, NULL);
	return store;
}

static int
store_open_tables(struct store *store, bool is_new)
{
	MDB_txn *transaction;
	int code;

	code = mdb_txn_begin(
		store->environment, NULL, is_new ? 0 : (unsigned)MDB_RDONLY, &transaction);
	if (code != MDB_SUCCESS) {
		return code;
	}
	for (unsigned i = 0; i < STORE_TABLE_COUNT && code == MDB_SUCCESS; i++) {
		code = mdb_dbi_open(transaction, store_table_name((enum store_table)i),
			is_new ? (unsigned)MDB_CREATE : 0, &store->tables[i]);
	}
	if (code != MDB_SUCCESS) {
		mdb_txn_abort(transaction);
		return code;
	}
	return mdb_txn_commit(transaction);
}

static enum status
store_open_environment(struct store *store, bool is_writable, bool is_new, struct problem *problem)
{
	unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
	struct stat file = {0};
	MDB_stat facts;
	int code;

	if (!is_writable) {
		/* Nobody writes while the caller holds the directory: no lock file is needed,
		 * and none can be made on a read-only disk. */
		flags |= MDB_RDONLY | MDB_NOLOCK;
	}
	if (!is_new && stat(store->path, &file) != 0) {
		return problem_system(problem, "cannot examine %s", store->path);
	}
	store->map_size = (size_t)file.st_size + 2 * store->room;
	store->map_size -= store->map_size % ((size_t)1 << 20);
	code = mdb_env_create(&store->environment);
	if (code != MDB_SUCCESS) {
		store->environment = NULL;
		return problem_lmdb(problem, code, "open", store->path);
	}
	code = mdb_env_set_maxdbs(store->environment, STORE_TABLE_COUNT);
	if (code == MDB_SUCCESS) {
		code = mdb_env_set_mapsize(store->environment, store->map_size);
	}
	if (code == MDB_SUCCESS) {
		code = mdb_env_open(store->environment, store->path, flags, FILE_MODE);
	}
	if (code == MDB_SUCCESS) {
		code = store_open_tables(store, is_new);
	}
	if (code == MDB_SUCCESS) {
		code = mdb_env_stat(store->environment, &facts);
	}
	if (code != MDB_SUCCESS) {
		return problem_lmdb(problem, code, is_new ? "make" : "open", store->path);
	}
	store->page_size = facts.ms_psize;
	return STATUS_OK;
}

static enum status
path_write(const char *path, const char *ending, char ret_path[PATH_ROOM])
{
	struct text_writer writer = text_writer_over(ret_path, PATH_ROOM);

	text_write_string(&writer, path);
	text_write_string(&writer, ending);
	text_write_char(&writer, '\0');
	return text_writer_end(&writer);
}

/* The lock file only serves threads of this process; it means nothing after it. */
static void
lock_file_remove(const char *path)
{
	char lock_path[PATH_ROOM];

	if (path_write(path, "-lock", lock_path) == STATUS_OK) {
		(void)unlink(lock_path);
	}
}

/* Whole before it has its name: a file cut while it was being made is never met. */
static enum status
store_make(const char *path, struct problem *problem)
{
	char new_path[PATH_ROOM];
	struct store *store;
	enum status status;

	if (path_write(path, ".new", new_path) != STATUS_OK) {
		return problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long", path);
	}
	if (unlink(new_path) != 0 && errno != ENOENT) {
		return problem_system(problem, "cannot replace %s", new_path);
	}
	lock_file_remove(new_path);
	store = store_new(new_path, ROOM_DEFAULT);
	if (store == NULL) {
		return problem_set(
			problem, STATUS_NO_MEMORY, "%s: %s", path, status_text(STATUS_NO_MEMORY));
	}
	status = store_open_environment(store, true, true, problem);
	store_close(store);
	lock_file_remove(new_path);
	if (status == STATUS_OK && rename(new_path, path) != 0) {
		status = problem_system(problem, "cannot rename %s", new_path);
	}
	if (status != STATUS_OK) {
		(void)unlink(new_path);
	}
	return status;
}

enum status
store_open(const char *path, bool is_writable, struct store **ret_store, struct problem *problem)
{
	return store_open_with_room(path, is_writable, ROOM_DEFAULT, ret_store, problem);
}

enum status
store_open_with_room(const char *path, bool is_writable, size_t room, struct store **ret_store,
	struct problem *problem)
{
	struct store *store;
	enum status status;

	if (is_writable && access(path, F_OK) != 0 && errno == ENOENT) {
		status = store_make(path, problem);
		if (status != STATUS_OK) {
			return status;
		}
	}
	status = store_check(path, problem);
	if (status != STATUS_OK) {
		return status;
	}
	store = store_new(path, room);
	if (store == NULL) {
		return problem_set(
			problem, STATUS_NO_MEMORY, "%s: %s", path, status_text(STATUS_NO_MEMORY));
	}
	if (is_writable) {
		lock_file_remove(path);
	}
	status = store_open_environment(store, is_writable, false, problem);
	if (status != STATUS_OK) {
		store_close(store);
		return status;
	}
	*ret_store = store;
	return STATUS_OK;
}

void
store_close(struct store *store)
{
	if (store == NULL) {
		return;
	}
	if (store->environment != NULL) {
		mdb_env_close(store->environment);
	}
	pthread_cond_destroy(&store->changed);
	pthread_mutex_destroy(&store->lock);
	free(store);
}

enum status
store_snapshot_begin(struct store *store, struct store_snapshot **ret_snapshot)
{
	struct store_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	int code = MDB_PANIC;

	if (snapshot == NULL) {
		return STATUS_NO_MEMORY;
	}
	snapshot->store = store;
	pthread_mutex_lock(&store->lock);
	while (store->is_growing) {
		pthread_cond_wait(&store->changed, &store->lock);
	}
	if (!store->is_broken) {
		code = mdb_txn_begin(store->environment, NULL, MDB_RDONLY, &snapshot->transaction);
	}
	if (code == MDB_SUCCESS) {
		store->snapshot_count++;
	}
	pthread_mutex_unlock(&store->lock);
	if (code != MDB_SUCCESS) {
		free(snapshot);
		return status_of_lmdb(code);
	}
	*ret_snapshot = snapshot;
	return STATUS_OK;
}

void
store_snapshot_end(struct store_snapshot *snapshot)
{
	struct store *store;

	if (snapshot == NULL) {
		return;
	}
	store = snapshot->store;
	mdb_txn_abort(snapshot->transaction);
	pthread_mutex_lock(&store->lock);
	store->snapshot_count--;
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
	free(snapshot);
}

enum status
store_get(struct store_snapshot *snapshot, enum store_table table, struct bytes key,
	struct bytes *ret_value)
{
	MDB_val name = value_of(key), value;
	int code;

	if (key.size == 0 || key.size > STORE_KEY_SIZE_MAX) {
		return STATUS_NOT_FOUND;
	}
	code = mdb_get(snapshot->transaction, snapshot->store->tables[table], &name, &value);
	if (code == MDB_SUCCESS) {
		*ret_value = bytes_of(value);
	}
	return status_of_lmdb(code);
}

enum status
store_cursor_open(struct store_snapshot *snapshot, enum store_table table, struct bytes from,
	struct store_cursor **ret_cursor)
{
	struct store_cursor *cursor;
	int code;

	if (from.size > STORE_KEY_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	cursor = calloc(1, sizeof(*cursor));
	if (cursor == NULL) {
		return STATUS_NO_MEMORY;
	}
	cursor->next = from.size == 0 ? MDB_FIRST : MDB_SET_RANGE;
	cursor->from = bytes_over(cursor->from_octets, from.size);
	if (from.size > 0) {
		memcpy(cursor->from_octets, from.at, from.size);
	}
	code = mdb_cursor_open(
		snapshot->transaction, snapshot->store->tables[table], &cursor->cursor);
	if (code != MDB_SUCCESS) {
		free(cursor);
		return status_of_lmdb(code);
	}
	*ret_cursor = cursor;
	return STATUS_OK;
}

bool
store_cursor_next(struct store_cursor *cursor, struct bytes *ret_key, struct bytes *ret_value)
{
	MDB_val key = value_of(cursor->from), value;
	int code;

	if (cursor->status != STATUS_OK) {
		return false;
	}
	code = mdb_cursor_get(cursor->cursor, &key, &value, cursor->next);
	cursor->next = MDB_NEXT;
	if (code != MDB_SUCCESS) {
		cursor->status = status_of_lmdb(code);
		return false;
	}
	*ret_key = bytes_of(key);
	*ret_value = bytes_of(value);
	return true;
}

enum status
store_cursor_status(const struct store_cursor *cursor)
{
	return cursor->status == STATUS_NOT_FOUND ? STATUS_OK : cursor->status;
}

void
store_cursor_close(struct store_cursor *cursor)
{
	if (cursor != NULL) {
		mdb_cursor_close(cursor->cursor);
		free(cursor);
	}
}

/* Doubles the map when less than `room` is left in it. */
static int
store_grow(struct store *store)
{
	MDB_envinfo facts;
	size_t used;
	int code = MDB_SUCCESS;

	(void)mdb_env_info(store->environment, &facts);
	used = (facts.me_last_pgno + 1) * store->page_size;
	if (store->map_size > used && store->map_size - used >= store->room) {
		return MDB_SUCCESS;
	}
	pthread_mutex_lock(&store->lock);
	store->is_growing = true;
	while (store->snapshot_count > 0) {
		pthread_cond_wait(&store->changed, &store->lock);
	}
	code = mdb_env_set_mapsize(store->environment, 2 * store->map_size + store->room);
	if (code == MDB_SUCCESS) {
		store->map_size = 2 * store->map_size + store->room;
	} else {
		/* LMDB lets go of the old map before it asks for the new one. */
		store->is_broken = true;
	}
	store->is_growing = false;
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
	return code;
}

enum status
store_transaction_begin(struct store *store, struct store_transaction **ret_transaction)
{
	struct store_transaction *transaction;
	int code;

	if (store->is_broken) {
		return STATUS_READ_ONLY;
	}
	code = store_grow(store);
	if (code != MDB_SUCCESS) {
		return status_of_lmdb(code);
	}
	transaction = calloc(1, sizeof(*transaction));
	if (transaction == NULL) {
		return STATUS_NO_MEMORY;
	}
	transaction->store = store;
	code = mdb_txn_begin(store->environment, NULL, 0, &transaction->transaction);
	if (code != MDB_SUCCESS) {
		free(transaction);
		return status_of_lmdb(code);
	}
	*ret_transaction = transaction;
	return STATUS_OK;
}

/* The table's cursor: it remembers the page of the last key, so that a run of keys in
 * order does not start from the root each time. */
static enum status
transaction_change(
	struct store_transaction *transaction, enum store_table table, size_t key_size, size_t size)
{
	int code;

	if (transaction->status != STATUS_OK) {
		return transaction->status;
	}
	if (key_size == 0 || key_size > STORE_KEY_SIZE_MAX || size > STORE_VALUE_SIZE_MAX ||
		transaction->change_count >= STORE_TRANSACTION_CHANGE_COUNT_MAX) {
		return transaction->status = STATUS_TOO_LARGE;
	}
	transaction->change_count++;
	if (transaction->cursors[table] == NULL) {
		code = mdb_cursor_open(transaction->transaction, transaction->store->tables[table],
			&transaction->cursors[table]);
		transaction->status = status_of_lmdb(code);
	}
	return transaction->status;
}

enum status
store_put(struct store_transaction *transaction, enum store_table table, struct bytes key,
	struct bytes value)
{
	MDB_val name = value_of(key), content = value_of(value);
	enum status status = transaction_change(transaction, table, key.size, value.size);

	if (status != STATUS_OK) {
		return status;
	}
	transaction->status =
		status_of_lmdb(mdb_cursor_put(transaction->cursors[table], &name, &content, 0));
	return transaction->status;
}

enum status
store_remove(struct store_transaction *transaction, enum store_table table, struct bytes key)
{
	MDB_val name = value_of(key), content;
	enum status status = transaction_change(transaction, table, key.size, 0);
	int code;

	if (status != STATUS_OK) {
		return status;
	}
	code = mdb_cursor_get(transaction->cursors[table], &name, &content, MDB_SET);
	if (code == MDB_NOTFOUND) {
		return STATUS_OK;
	}
	if (code == MDB_SUCCESS) {
		code = mdb_cursor_del(transaction->cursors[table], 0);
	}
	transaction->status = status_of_lmdb(code);
	return transaction->status;
}

static void
transaction_close_cursors(struct store_transaction *transaction)
{
	for (unsigned i = 0; i < STORE_TABLE_COUNT; i++) {
		if (transaction->cursors[i] != NULL) {
			mdb_cursor_close(transaction->cursors[i]);
			transaction->cursors[i] = NULL;
		}
	}
}

enum status
store_transaction_commit(struct store_transaction *transaction, struct problem *problem)
{
	enum status status = transaction->status;
	const char *path = transaction->store->path;
	int code;

	if (status != STATUS_OK) {
		store_transaction_abort(transaction);
		return problem_set(
			problem, status, "cannot change %s: %s", path, status_text(status));
	}
	/* The cursors must be gone before their transaction is. */
	transaction_close_cursors(transaction);
	code = mdb_txn_commit(transaction->transaction);
	free(transaction);
	return code == MDB_SUCCESS ? STATUS_OK : problem_lmdb(problem, code, "write", path);
}

void
store_transaction_abort(struct store_transaction *transaction)
{
	if (transaction != NULL) {
		transaction_close_cursors(transaction);
		mdb_txn_abort(transaction->transaction);
		free(transaction);
	}
}
