/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_private.h"
#include "ledger/ledger_evidence.h"
#include "ledger/ledger_private.h"
#include "places/places.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Named steps of a commit at which a serving node ends or its disk fails. The linker leads the
 * calls between files through here (--wrap), so that the program itself has nothing of it.
 *
 *     HOUJI_STEP   name of a step, @n, :errno   "journal_flush+@3:0", "fdatasync@1:5"
 *
 * A step is the name of a function: the moment before it runs, with a + the moment after. At
 * the n-th of them the process is killed (errno 0); or the call of the C library fails with
 * this errno, and so does each one after it. Nothing counts before the first change is handed
 * in. Segments are small and heads signed often, so that these steps come.
 */
enum { STEP_SEGMENT_SIZE = 16384, STEP_HEAD_INTERVAL_MS = 20 };

static atomic_bool is_armed;
static atomic_ulong met;

/* True when the step is to fail, with errno set. */
static bool
step_fails(const char *name, const char *ending)
{
	const char *wanted = getenv("HOUJI_STEP");
	size_t size = strlen(name), ending_size = strlen(ending);
	unsigned long at, now;
	char *rest;

	if (wanted == NULL || !atomic_load(&is_armed) || strncmp(wanted, name, size) != 0 ||
		strncmp(wanted + size, ending, ending_size) != 0 ||
		wanted[size + ending_size] != '@') {
		return false;
	}
	at = strtoul(wanted + size + ending_size + 1, &rest, 10);
	now = atomic_fetch_add(&met, 1) + 1;
	errno = *rest == ':' ? (int)strtol(rest + 1, NULL, 10) : 0;
	if (now == at && errno == 0) {
		(void)kill(getpid(), SIGKILL);
	}
	return now >= at && errno != 0;
}

/* A function of the node: it can only be where the process ends. */
#define STEP(result, name, parameters, arguments) \
	result __real_##name parameters;          \
	result __wrap_##name parameters;          \
	result __wrap_##name parameters           \
	{                                         \
		result answer;                    \
                                                  \
		(void)step_fails(#name, "");      \
		answer = __real_##name arguments; \
		(void)step_fails(#name, "+");     \
		return answer;                    \
	}

#define STEP_SILENT(name, parameters, arguments) \
	void __real_##name parameters;           \
	void __wrap_##name parameters;           \
	void __wrap_##name parameters            \
	{                                        \
		(void)step_fails(#name, "");     \
		__real_##name arguments;         \
		(void)step_fails(#name, "+");    \
	}

/* A call of the C library: it can fail, too. `symbol` is what the linker knows it by. */
#define STEP_CALL(result, name, symbol, failure, parameters, arguments) \
	result __real_##symbol parameters;                              \
	result __wrap_##symbol parameters;                              \
	result __wrap_##symbol parameters                               \
	{                                                               \
		result answer;                                          \
                                                                        \
		if (step_fails(name, "")) {                             \
			return failure;                                 \
		}                                                       \
		answer = __real_##symbol arguments;                     \
		(void)step_fails(name, "+");                            \
		return answer;                                          \
	}

STEP(enum status, ledger_change_judge,
	(struct ledger * ledger, struct ledger_change *change, struct journal_change *entry),
	(ledger, change, entry))
STEP(enum status, journal_add,
	(struct journal * journal, const struct journal_change *change, uint64_t *ret_place),
	(journal, change, ret_place))
STEP(enum status, places_reserve, (struct places * places, uint64_t count), (places, count))
STEP(enum status, journal_flush, (struct journal * journal, struct problem *problem),
	(journal, problem))
STEP(enum status, journal_segment_make,
	(struct journal * journal, uint64_t base, const uint8_t header[JOURNAL_HEADER_SIZE],
		struct problem *problem),
	(journal, base, header, problem))
STEP(enum status, records_apply, (struct records * records, const struct records_change *change),
	(records, change))
STEP_SILENT(ledger_watches_tell, (struct ledger * ledger), (ledger))
STEP_SILENT(ledger_view_append,
	(struct ledger * ledger, const struct records_change *changes, size_t count,
		uint64_t position),
	(ledger, changes, count, position))
STEP(enum status, records_order_apply,
	(struct records * records, const struct records_change *changes, size_t count,
		uint64_t position, struct problem *problem),
	(records, changes, count, position, problem))
STEP(enum status, store_transaction_commit,
	(struct store_transaction * transaction, struct problem *problem), (transaction, problem))
STEP(enum status, ledger_tree_extend,
	(struct ledger_tree * tree, uint64_t count_max, bool *ret_is_complete,
		struct problem *problem),
	(tree, count_max, ret_is_complete, problem))
STEP(enum status, ledger_heads_append,
	(const char *directory, const struct ledger_head *head, struct problem *problem),
	(directory, head, problem))
STEP(enum status, places_checkpoint,
	(struct places * places, uint64_t position, struct problem *problem),
	(places, position, problem))
STEP_CALL(ssize_t, "pwrite", pwrite64, -1, (int fd, const void *run, size_t size, off_t from),
	(fd, run, size, from))
STEP_CALL(int, "fdatasync", fdatasync, -1, (int fd), (fd))
STEP_CALL(int, "fallocate", posix_fallocate64, errno, (int fd, off_t from, off_t size),
	(fd, from, size))
STEP_CALL(int, "renameat", renameat, -1, (int from_fd, const char *from, int to_fd, const char *to),
	(from_fd, from, to_fd, to))

enum status __real_ledger_submit(struct ledger *ledger, struct ledger_change *first);
enum status __wrap_ledger_submit(struct ledger *ledger, struct ledger_change *first);

enum status
__wrap_ledger_submit(struct ledger *ledger, struct ledger_change *first)
{
	atomic_store(&is_armed, true);
	(void)step_fails("ledger_submit", "");
	return __real_ledger_submit(ledger, first);
}

enum status __real_journal_open_as(const char *directory, const struct journal_opening *opening,
	struct journal **ret_journal, struct problem *problem);
enum status __wrap_journal_open_as(const char *directory, const struct journal_opening *opening,
	struct journal **ret_journal, struct problem *problem);

enum status
__wrap_journal_open_as(const char *directory, const struct journal_opening *opening,
	struct journal **ret_journal, struct problem *problem)
{
	struct journal_opening small = *opening;

	small.segment_size = STEP_SEGMENT_SIZE;
	return __real_journal_open_as(directory, &small, ret_journal, problem);
}

void __real_ledger_evidence_sign(
	struct ledger *ledger, const struct crypto_key *key, uint32_t interval_ms);
void __wrap_ledger_evidence_sign(
	struct ledger *ledger, const struct crypto_key *key, uint32_t interval_ms);

void
__wrap_ledger_evidence_sign(
	struct ledger *ledger, const struct crypto_key *key, uint32_t interval_ms)
{
	interval_ms = interval_ms < STEP_HEAD_INTERVAL_MS ? interval_ms : STEP_HEAD_INTERVAL_MS;
	__real_ledger_evidence_sign(ledger, key, interval_ms);
}
