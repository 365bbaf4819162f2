/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_scenario.h"

#include "base/clock.h"
#include "ledger/ledger_prune.h"
#include "records/records_order.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A process that changes a ledger while its disk or memory fails, or until it is killed.
 *
 *     fault_scenario run DIR          fifty changes in chains of ten, then reads, then closes
 *     fault_scenario storm DIR ROUND  chains without end, of all lengths
 *     fault_scenario prune DIR        takes out of a ledger what was replaced
 *     fault_scenario record DIR       makes a ledger and changes few handles often, while
 *                                     record.c writes down what reaches the disk
 *     fault_scenario record-prune DIR the same, with prunings beside the writer
 *
 * Each acknowledged change is said on stdout as one line with its number, by one system call
 * that nothing can make fail. Exit codes are those of enum fault_exit.
 */
extern void fault_arm(void) __attribute__((weak));
extern void fault_disarm(void) __attribute__((weak));
extern long fault_hits(void) __attribute__((weak));
extern void fault_record_begin(void) __attribute__((weak));
extern void fault_acknowledged(unsigned long number) __attribute__((weak));

static struct round {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned waiting;
	enum status failure;
	bool is_acknowledged[FAULT_CHANGE_COUNT];
} rounds = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct named_change {
	struct ledger_change change;
	unsigned long number;
	char name[FAULT_NAME_SIZE];
	uint8_t octets[FAULT_VALUE_SIZE];
};

static void
say(const char *word, unsigned long number)
{
	char line[64];
	int size = snprintf(line, sizeof(line), "%s %lu\n", word, number);

	(void)syscall(SYS_write, STDOUT_FILENO, line, (size_t)size);
}

static void
committed(void *context, struct ledger_change *change, enum status status, uint64_t sequence)
{
	struct named_change *named = context;

	(void)change;
	(void)sequence;
	if (status == STATUS_OK) {
		say("ok", named->number);
		if (fault_acknowledged != NULL) {
			fault_acknowledged(named->number);
		}
	}
	pthread_mutex_lock(&rounds.lock);
	if (status == STATUS_OK && named->number < FAULT_CHANGE_COUNT) {
		rounds.is_acknowledged[named->number] = true;
	}
	if (status != STATUS_OK && rounds.failure == STATUS_OK) {
		rounds.failure = status;
	}
	rounds.waiting--;
	pthread_cond_signal(&rounds.changed);
	pthread_mutex_unlock(&rounds.lock);
}

static enum status
commit_chain(struct ledger *ledger, struct named_change *changes, unsigned count)
{
	enum status status;

	for (unsigned i = 0; i < count; i++) {
		changes[i].change.next = i + 1 < count ? &changes[i + 1].change : NULL;
		changes[i].change.committed = committed;
		changes[i].change.context = &changes[i];
	}
	rounds.waiting = count;
	status = ledger_submit(ledger, &changes[0].change);
	if (status != STATUS_OK) {
		return status;
	}
	pthread_mutex_lock(&rounds.lock);
	while (rounds.waiting > 0) {
		pthread_cond_wait(&rounds.changed, &rounds.lock);
	}
	status = rounds.failure;
	pthread_mutex_unlock(&rounds.lock);
	return status;
}

static bool
acknowledged_can_be_read(struct ledger *ledger)
{
	struct records_reader *reader = records_reader_new(ledger_records(ledger));
	bool is_well = reader != NULL;
	struct record record;

	for (unsigned i = 0; i < FAULT_CHANGE_COUNT && is_well; i++) {
		char name[FAULT_NAME_SIZE];

		if (rounds.is_acknowledged[i] && fault_kind(i) == JOURNAL_PUT) {
			records_enter(reader);
			is_well = records_get(reader, fault_name(i, name), &record) == STATUS_OK;
			records_leave(reader);
		}
	}
	records_reader_free(reader);
	return is_well;
}

/* With the fault gone: what settles is complete, and what failed stays read-only. */
static int
after_fault(struct ledger *ledger)
{
	struct ledger_change change = {.kind = JOURNAL_HOME, .name = TEXT("0.NA/99")};

	if (!acknowledged_can_be_read(ledger)) {
		return FAULT_EXIT_UNREADABLE;
	}
	if (ledger_settle(ledger, NULL) == STATUS_OK) {
		return records_order_position(ledger_records(ledger)) ==
				journal_end(ledger_journal(ledger))
			? FAULT_EXIT_WELL
			: FAULT_EXIT_UNSETTLED;
	}
	return ledger_commit(ledger, &change) == STATUS_READ_ONLY ? FAULT_EXIT_WELL
								  : FAULT_EXIT_WRITABLE;
}

static int
run(const char *directory)
{
	static struct named_change changes[FAULT_CHANGE_COUNT];
	struct problem problem = {STATUS_OK, ""}, closing = {STATUS_OK, ""};
	struct ledger *ledger;
	enum status status, end;
	int after;

	for (unsigned i = 0; i < FAULT_CHANGE_COUNT; i++) {
		changes[i].number = i;
		fault_change(i, &changes[i].change, changes[i].name, changes[i].octets);
	}
	fault_arm();
	status = ledger_open(directory, LEDGER_WRITE, &ledger, &problem);
	if (status != STATUS_OK) {
		fault_disarm();
		fprintf(stderr, "open: %s\n", problem.text);
		return problem.text[0] == '\0' ? FAULT_EXIT_SILENT : FAULT_EXIT_ERROR;
	}
	for (unsigned i = 0; i < FAULT_CHANGE_COUNT && status == STATUS_OK; i += FAULT_CHAIN) {
		status = commit_chain(ledger, changes + i, FAULT_CHAIN);
		if (status == STATUS_OK && i == 2 * FAULT_CHAIN) {
			status = ledger_settle(ledger, &problem);
		}
	}
	if (status != STATUS_OK && ledger_fault(ledger, &problem) == STATUS_OK) {
		problem_set(&problem, status, "%s", status_text(status));
	}
	fault_disarm();
	after = after_fault(ledger);
	fault_arm();
	end = ledger_close(ledger, &closing);
	fault_disarm();
	if (after != FAULT_EXIT_WELL) {
		return after;
	}
	if (status == STATUS_OK && end == STATUS_OK) {
		return fault_hits() > 0 ? FAULT_EXIT_UNHARMED : FAULT_EXIT_WELL;
	}
	fprintf(stderr, "%s\n%s\n", problem.text, closing.text);
	return (status != STATUS_OK ? problem : closing).text[0] == '\0' ? FAULT_EXIT_SILENT
									 : FAULT_EXIT_ERROR;
}

static int
prune(const char *directory)
{
	struct ledger_prune_order order = {.before_ms = INT64_MAX};
	struct problem problem = {STATUS_OK, ""};
	struct ledger_pruned pruned;
	struct ledger *ledger;
	enum status status;

	fault_arm();
	status = ledger_open(directory, LEDGER_LOOK, &ledger, &problem);
	if (status == STATUS_OK) {
		status = ledger_prune(ledger, &order, &pruned, &problem);
		fault_disarm();
		(void)ledger_close(ledger, NULL);
	}
	fault_disarm();
	if (status != STATUS_OK) {
		fprintf(stderr, "%s\n", problem.text);
		return problem.text[0] == '\0' ? FAULT_EXIT_SILENT : FAULT_EXIT_ERROR;
	}
	say("removed", pruned.removed_count);
	return fault_hits() > 0 ? FAULT_EXIT_UNHARMED : FAULT_EXIT_WELL;
}

static int
storm(const char *directory, unsigned long round)
{
	static struct named_change changes[FAULT_STORM_CHAIN_MAX];
	struct problem problem;
	struct ledger *ledger;
	unsigned long number = 0;
	uint64_t length = round * 2654435761u;

	if (ledger_open(directory, LEDGER_WRITE, &ledger, &problem) != STATUS_OK) {
		fprintf(stderr, "open: %s\n", problem.text);
		return FAULT_EXIT_ERROR;
	}
	say("open", round);
	while (true) {
		unsigned count;

		length = length * 6364136223846793005u + 1442695040888963407u;
		count = 1 + (unsigned)(length >> 33) % FAULT_STORM_CHAIN_MAX;
		for (unsigned i = 0; i < count; i++) {
			changes[i].number = FAULT_CHANGE_COUNT + number++;
			fault_storm_change(round, changes[i].number, &changes[i].change,
				changes[i].name, changes[i].octets);
		}
		if (commit_chain(ledger, changes, count) != STATUS_OK) {
			return FAULT_EXIT_ERROR;
		}
	}
}

/* Deletes may be answered that there is nothing; all else must be done. */
static bool
record_chain(
	struct ledger *ledger, struct named_change *changes, unsigned long first, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		changes[i].number = first + i;
		fault_crash_change(
			first + i, &changes[i].change, changes[i].name, changes[i].octets);
	}
	rounds.failure = STATUS_OK;
	return commit_chain(ledger, changes, count) == STATUS_OK ||
		rounds.failure == STATUS_NOT_FOUND;
}

static int
record(const char *directory)
{
	static struct named_change changes[FAULT_CRASH_CHAIN_MAX];
	struct problem problem;
	struct ledger *ledger;
	unsigned long number = 0;

	fault_record_begin();
	if (ledger_create_sized(directory, FAULT_CRASH_SEGMENT_SIZE, &ledger, &problem) !=
		STATUS_OK) {
		return FAULT_EXIT_ERROR;
	}
	for (unsigned chain = 0; number < FAULT_CRASH_CHANGE_COUNT; chain++) {
		unsigned long left = FAULT_CRASH_CHANGE_COUNT - number;
		unsigned count = 1 + chain * 5 % FAULT_CRASH_CHAIN_MAX;

		count = count < left ? count : (unsigned)left;
		if (!record_chain(ledger, changes, number, count)) {
			return FAULT_EXIT_ERROR;
		}
		number += count;
		if (chain % 8 == 7 && ledger_settle(ledger, &problem) != STATUS_OK) {
			return FAULT_EXIT_ERROR;
		}
		/* Now and then an orderly stop and a start. */
		if (chain % 20 == 19 &&
			(ledger_close(ledger, &problem) != STATUS_OK ||
				ledger_open(directory, LEDGER_WRITE, &ledger, &problem) !=
					STATUS_OK)) {
			return FAULT_EXIT_ERROR;
		}
	}
	return ledger_close(ledger, &problem) == STATUS_OK ? FAULT_EXIT_WELL : FAULT_EXIT_ERROR;
}

/* Beside the writer, as `houji prune` does it. */
static bool
record_prune(const char *directory, int64_t before_ms)
{
	struct ledger_prune_order order = {.before_ms = before_ms};
	struct ledger_pruned pruned = {0};
	struct problem problem;
	struct ledger *ledger;
	bool is_well;

	if (ledger_open(directory, LEDGER_LOOK, &ledger, &problem) != STATUS_OK) {
		return false;
	}
	fault_acknowledged(FAULT_PRUNE_BEGUN);
	is_well = ledger_prune(ledger, &order, &pruned, &problem) == STATUS_OK;
	fault_acknowledged(FAULT_PRUNE_ENDED);
	say("removed", pruned.removed_count);
	(void)ledger_close(ledger, NULL);
	return is_well && pruned.removed_count > 0;
}

/* All that was written before is older than what it returns, and all that follows younger. */
static int64_t
moment_between(void)
{
	int64_t now_ms;

	usleep(2000);
	now_ms = clock_wall_ms();
	usleep(2000);
	return now_ms;
}

/* What is freed comes in blocks: the changes that are judged are too small, and prefixes that
 * stay stand between them. */
static bool
fill(struct ledger *ledger)
{
	static uint8_t data[12000], octets[sizeof(data) + 64];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_value value = {.index = 1,
		.ttl = HANDLE_TTL_DEFAULT,
		.type = TEXT("DESC"),
		.data = bytes_over(data, sizeof(data))};
	struct ledger_change change = {.kind = JOURNAL_PUT, .name = TEXT("88.300/filler")};

	memset(data, 'x', sizeof(data));
	handle_value_write(&writer, &value);
	change.values = (struct handle_value_list){1, wire_written(&writer)};
	return ledger_commit(ledger, &change) == STATUS_OK;
}

static int
record_pruned(const char *directory)
{
	static struct named_change changes[FAULT_CRASH_CHAIN_MAX];
	struct problem problem;
	struct ledger *ledger;
	int64_t cutoff_ms = 0;
	bool is_well = true, is_pruned = false;

	fault_record_begin();
	if (ledger_create_sized(directory, FAULT_PRUNE_SEGMENT_SIZE, &ledger, &problem) !=
		STATUS_OK) {
		return FAULT_EXIT_ERROR;
	}
	for (unsigned long number = 0; is_well && number < FAULT_CRASH_CHANGE_COUNT; number += 10) {
		is_well = fill(ledger) && record_chain(ledger, changes, number, 10);
		if (cutoff_ms != 0 && !is_pruned) {
			/* The last batch is never touched: one more stands behind the segment. */
			is_pruned = is_well = is_well && record_prune(directory, cutoff_ms);
		}
		if (cutoff_ms == 0 &&
			journal_end(ledger_journal(ledger)) > FAULT_PRUNE_SEGMENT_SIZE) {
			cutoff_ms = moment_between();
		}
	}
	is_well = is_well && ledger_settle(ledger, &problem) == STATUS_OK &&
		record_prune(directory, moment_between());
	return ledger_close(ledger, &problem) == STATUS_OK && is_well ? FAULT_EXIT_WELL
								      : FAULT_EXIT_ERROR;
}

int
main(int argc, char **argv)
{
	signal(SIGXFSZ, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "run") == 0 && fault_arm != NULL) {
		return run(argv[2]);
	}
	if (argc == 3 && strcmp(argv[1], "prune") == 0 && fault_arm != NULL) {
		return prune(argv[2]);
	}
	if (argc == 3 && strcmp(argv[1], "record") == 0 && fault_record_begin != NULL) {
		return record(argv[2]);
	}
	if (argc == 3 && strcmp(argv[1], "record-prune") == 0 && fault_record_begin != NULL) {
		return record_pruned(argv[2]);
	}
	if (argc == 4 && strcmp(argv[1], "storm") == 0) {
		return storm(argv[2], strtoul(argv[3], NULL, 10));
	}
	return FAULT_EXIT_SILENT;
}
