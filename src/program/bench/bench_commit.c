/* SPDX-License-Identifier: Apache-2.0 */
#include "program/bench/bench.h"

#include "base/file.h"
#include "base/limits.h"
#include "ledger/ledger.h"
#include "program/terminal/language.h"
#include "program/terminal/progress.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Three ways to make the same records durable, in groups of four sizes, one after the other
 * in each round: the ledger; as many octets as the ledger writes, by pwrite and fdatasync
 * over blocks that were written before, which is the least that any disk write costs; and
 * one LMDB transaction through src/store. A figure is the median of a cell's times.
 */
enum { GROUP_COUNT = 4, GROUP_SIZE_MAX = 1000, ROUND_COUNT_MIN = 3, PLAIN_SIZE = 8 << 20 };
static const unsigned group_sizes[GROUP_COUNT] = {1, 10, 100, GROUP_SIZE_MAX};

enum way { WAY_LEDGER, WAY_PLAIN, WAY_STORE, WAY_COUNT };
static const char *const way_names[WAY_COUNT] = {"ledger", "plain", "lmdb"};

enum { NAME_SIZE = 32, VALUES_SIZE_MAX = 512 };

struct committer {
	char directory[PATH_MAX];
	bool is_made; /* The directory is ours to remove. */
	struct ledger *ledger;
	struct store *store;
	int plain_fd;
	size_t plain_offset;
	uint8_t *zeros; /* PLAIN_SIZE */
	uint8_t values[VALUES_SIZE_MAX];
	struct handle_value_list list;
	uint64_t name_count; /* Names used so far, each once. */
	uint64_t written; /* Octets by all ways, about. */
	size_t group_octets[GROUP_COUNT]; /* What the ledger wrote for such a group. */
	struct bench_times times[WAY_COUNT][GROUP_COUNT];

	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned waiting;
	enum status fault; /* Of a change. */
	char names[GROUP_SIZE_MAX][NAME_SIZE];
	struct ledger_change changes[GROUP_SIZE_MAX];
};

/* Three values of about 220 octets, as a record of goods has them. */
static void
make_values(struct committer *committer)
{
	struct wire_writer writer = wire_writer_over(committer->values, sizeof(committer->values));
	struct handle_value value = {
		.index = 1,
		.timestamp = 1700000000,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("URL"),
		.data = TEXT("https://example.org/items/4f6c21d87f0a93be?batch=00000042&line=07"),
	};

	handle_value_write(&writer, &value);
	value.index = 2;
	value.type = TEXT("DESC");
	value.data = TEXT("synthetic item of a benchmark, number 000000000042");
	handle_value_write(&writer, &value);
	value.index = 3;
	value.type = TEXT("EMAIL");
	value.data = TEXT("somebody@example.org");
	handle_value_write(&writer, &value);
	committer->list = (struct handle_value_list){3, wire_written(&writer)};
}

static void
change_committed(void *context, struct ledger_change *change, enum status status, uint64_t sequence)
{
	struct committer *committer = context;

	(void)change;
	(void)sequence;
	pthread_mutex_lock(&committer->lock);
	if (status != STATUS_OK) {
		committer->fault = status;
	}
	committer->waiting--;
	if (committer->waiting == 0) {
		pthread_cond_signal(&committer->changed);
	}
	pthread_mutex_unlock(&committer->lock);
}

static void
names_make(struct committer *committer, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		snprintf(committer->names[i], NAME_SIZE, "99.BENCH/ITEM-%016llX",
			(unsigned long long)(++committer->name_count *
				UINT64_C(0x9e3779b97f4a7c15)));
	}
}

/* The changes enter together, so that they share one batch. */
static enum status
by_ledger(struct committer *committer, unsigned count, struct problem *problem)
{
	enum status status;

	for (unsigned i = 0; i < count; i++) {
		committer->changes[i] = (struct ledger_change){
			.next = i + 1 < count ? &committer->changes[i + 1] : NULL,
			.kind = JOURNAL_PUT,
			.name = bytes_from_string(committer->names[i]),
			.values = committer->list,
			.actor = TEXT("bench"),
			.committed = change_committed,
			.context = committer,
		};
	}
	committer->waiting = count;
	status = ledger_submit(committer->ledger, committer->changes);
	if (status == STATUS_OK) {
		pthread_mutex_lock(&committer->lock);
		while (committer->waiting > 0) {
			pthread_cond_wait(&committer->changed, &committer->lock);
		}
		status = committer->fault;
		pthread_mutex_unlock(&committer->lock);
	}
	return status == STATUS_OK
		? status
		: problem_set(problem, status, "the ledger: %s", status_text(status));
}

static enum status
by_plain(struct committer *committer, size_t size, struct problem *problem)
{
	if (committer->plain_offset + size > PLAIN_SIZE) {
		committer->plain_offset = 0;
	}
	if (pwrite(committer->plain_fd, committer->zeros, size, (off_t)committer->plain_offset) !=
			(ssize_t)size ||
		fdatasync(committer->plain_fd) != 0) {
		return problem_system(problem, "cannot write");
	}
	committer->plain_offset += size;
	return STATUS_OK;
}

static enum status
by_store(struct committer *committer, unsigned count, struct problem *problem)
{
	struct store_transaction *transaction;
	enum status status = store_transaction_begin(committer->store, &transaction);

	if (status != STATUS_OK) {
		return problem_set(problem, status, "LMDB: %s", status_text(status));
	}
	for (unsigned i = 0; i < count; i++) {
		/* A failure is what the commit then says. */
		if (store_put(transaction, STORE_HANDLES, bytes_from_string(committer->names[i]),
			    committer->list.octets) != STATUS_OK) {
			break;
		}
	}
	return store_transaction_commit(transaction, problem);
}

static enum status
cell(struct committer *committer, enum way way, size_t group, struct problem *problem)
{
	unsigned count = group_sizes[group];
	uint64_t before = journal_end(ledger_journal(committer->ledger));
	uint64_t begin_ns;
	enum status status = STATUS_OK;

	names_make(committer, count);
	begin_ns = bench_now_ns();
	switch (way) {
	case WAY_LEDGER:
		status = by_ledger(committer, count, problem);
		break;
	case WAY_PLAIN:
		status = by_plain(committer, committer->group_octets[group], problem);
		break;
	case WAY_STORE:
		status = by_store(committer, count, problem);
		break;
	case WAY_COUNT:
		break;
	}
	if (status != STATUS_OK) {
		return status;
	}
	bench_times_note(&committer->times[way][group], bench_now_ns() - begin_ns);
	if (way == WAY_LEDGER) {
		committer->group_octets[group] =
			(size_t)(journal_end(ledger_journal(committer->ledger)) - before);
		/* One with the end of a segment in it is larger; none is larger than this. */
		if (committer->group_octets[group] > PLAIN_SIZE) {
			committer->group_octets[group] = PLAIN_SIZE;
		}
	}
	committer->written += committer->group_octets[group];
	/* The ordered table follows behind; not while another way is measured. */
	return way == WAY_LEDGER ? ledger_settle(committer->ledger, problem) : STATUS_OK;
}

static enum status
run_rounds(struct committer *committer, double seconds, struct problem *problem)
{
	struct progress progress =
		progress_begin("bench", SAY("changes", "项更改"), isatty(STDERR_FILENO) != 1);
	uint64_t begin_ns = bench_now_ns(), now_ns = begin_ns;
	uint64_t end_ns = begin_ns + (uint64_t)(seconds * 1e9);
	enum status status = STATUS_OK;

	for (size_t round = 0; status == STATUS_OK &&
		(round < ROUND_COUNT_MIN ||
			(now_ns < end_ns && committer->written < BENCH_COMMIT_SIZE_MAX));
		round++) {
		for (size_t i = 0; status == STATUS_OK && i < (size_t)GROUP_COUNT * WAY_COUNT;
			i++) {
			/* Each way comes behind each other one, but the first time round the
			 * ledger comes first and says how many octets a group has. */
			enum way way = (enum way)((i + round) % WAY_COUNT);

			status = cell(committer, way, i / WAY_COUNT, problem);
		}
		now_ns = bench_now_ns();
		progress_show(&progress, (now_ns - begin_ns) / 1000, (end_ns - begin_ns) / 1000,
			committer->name_count);
	}
	progress_end(&progress);
	return status;
}

static enum status
path_in(const struct committer *committer, const char *name, char path[PATH_MAX],
	struct problem *problem)
{
	int size = snprintf(path, PATH_MAX, "%s/%s", committer->directory, name);

	return size > 0 && size < PATH_MAX
		? STATUS_OK
		: problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long",
			  committer->directory);
}

static enum status
open_plain(struct committer *committer, struct problem *problem)
{
	char path[PATH_MAX];
	enum status status = path_in(committer, "plain", path, problem);

	if (status != STATUS_OK) {
		return status;
	}
	committer->plain_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	committer->zeros = calloc(1, PLAIN_SIZE);
	if (committer->plain_fd < 0 || committer->zeros == NULL ||
		pwrite(committer->plain_fd, committer->zeros, PLAIN_SIZE, 0) != PLAIN_SIZE ||
		fsync(committer->plain_fd) != 0) {
		return problem_system(problem, "cannot write %s", path);
	}
	return STATUS_OK;
}

static enum status
open_all(struct committer *committer, struct problem *problem)
{
	struct ledger_change home = {
		.kind = JOURNAL_HOME, .name = TEXT("0.NA/99.BENCH"), .actor = TEXT("bench")};
	char path[PATH_MAX];
	enum status status = path_in(committer, "node", path, problem);

	if (status == STATUS_OK && mkdir(path, 0700) != 0) {
		status = problem_system(problem, "cannot make %s", path);
	}
	if (status == STATUS_OK) {
		status = ledger_open(path, LEDGER_CREATE, &committer->ledger, problem);
	}
	if (status == STATUS_OK) {
		status = ledger_commit(committer->ledger, &home);
		if (status != STATUS_OK) {
			(void)problem_set(
				problem, status, "cannot home a prefix: %s", status_text(status));
		}
	}
	if (status == STATUS_OK) {
		status = path_in(committer, "store.mdb", path, problem);
	}
	if (status == STATUS_OK) {
		status = store_open(path, true, &committer->store, problem);
	}
	return status == STATUS_OK ? open_plain(committer, problem) : status;
}

static bool
directory_is_empty(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool is_empty = directory != NULL;

	while (is_empty && (entry = readdir(directory)) != NULL) {
		is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	}
	if (directory != NULL) {
		closedir(directory);
	}
	return is_empty;
}

static enum status
directory_take(
	struct committer *committer, const struct bench_options *options, struct problem *problem)
{
	if (options->is_scratch) {
		snprintf(committer->directory, sizeof(committer->directory), "houji-bench-XXXXXX");
		committer->is_made = mkdtemp(committer->directory) != NULL;
		return committer->is_made
			? STATUS_OK
			: problem_system(problem, "cannot make %s", committer->directory);
	}
	if (snprintf(committer->directory, sizeof(committer->directory), "%s",
		    options->arguments[0]) >= (int)sizeof(committer->directory)) {
		return problem_set(problem, STATUS_TOO_LARGE, "the path is too long");
	}
	committer->is_made = mkdir(committer->directory, 0700) == 0;
	if (!committer->is_made && errno != EEXIST) {
		return problem_system(problem, "cannot make %s", committer->directory);
	}
	if (!committer->is_made && !directory_is_empty(committer->directory)) {
		return problem_set(problem, STATUS_EXISTS,
			SAY("%s is not an empty folder", "%s 不是空目录"), committer->directory);
	}
	return STATUS_OK;
}

/* Only what open_all() made. */
static enum status
remove_all(const struct committer *committer, struct problem *problem)
{
	static const char *const names[] = {"node", "store.mdb", "store.mdb-lock", "plain"};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		enum status status = path_in(committer, names[i], path, problem);

		if (status == STATUS_OK) {
			status = file_remove_all(path, problem);
		}
		if (status != STATUS_OK) {
			return status;
		}
	}
	if (committer->is_made && rmdir(committer->directory) != 0) {
		return problem_system(problem, "cannot remove %s", committer->directory);
	}
	return STATUS_OK;
}

static void
print_result(const struct committer *committer, bool is_json)
{
	static const struct words titles[WAY_COUNT] = {
		{"ledger", "账本"}, {"pwrite+fdatasync", "pwrite+fdatasync"}, {"LMDB", "LMDB"}};
	const char *between = "";

	if (is_json) {
		printf("{\"changes\":%llu,\"groups\":[", (unsigned long long)committer->name_count);
	}
	for (size_t group = 0; group < GROUP_COUNT; group++) {
		double plain = bench_times_at(&committer->times[WAY_PLAIN][group], 0.5);

		printf(is_json ? "%s{\"size\":%u,\"octets\":%zu"
			       : SAY("%sgroups of %u (%zu octets)\n", "%s每组 %u 项（%zu 字节）\n"),
			between, group_sizes[group], committer->group_octets[group]);
		for (size_t way = 0; way < WAY_COUNT; way++) {
			const struct bench_times *times = &committer->times[way][group];
			double median = bench_times_at(times, 0.5);
			double ratio = plain > 0 ? median / plain : 0;

			if (is_json) {
				printf(",\"%s\":{\"commits\":%llu,\"p50_us\":%.1f,\"p99_us\":%.1f,"
				       "\"ratio\":%.3f}",
					way_names[way], (unsigned long long)times->count,
					median / 1e3, bench_times_at(times, 0.99) / 1e3, ratio);
			} else {
				printf(SAY("  %-16s  p50 %7.0f us, p99 %7.0f us, %6.1f us a "
					   "record, "
					   "%.2f x (%llu times)\n",
					       "  %-16s  p50 %7.0f 微秒，p99 %7.0f 微秒，每条 "
					       "%6.1f "
					       "微秒，%.2f 倍（%llu 次）\n"),
					words_say(titles[way]), median / 1e3,
					bench_times_at(times, 0.99) / 1e3,
					median / 1e3 / group_sizes[group], ratio,
					(unsigned long long)times->count);
			}
		}
		between = is_json ? "}," : "";
	}
	if (is_json) {
		printf("}]}\n");
	}
}

static enum status
committer_run(struct committer *committer, double seconds, struct problem *problem)
{
	struct problem later;
	enum status status = open_all(committer, problem);

	if (status == STATUS_OK) {
		status = run_rounds(committer, seconds, problem);
	}
	if (committer->ledger != NULL && ledger_close(committer->ledger, &later) != STATUS_OK &&
		status == STATUS_OK) {
		status = later.status;
		*problem = later;
	}
	if (committer->store != NULL) {
		store_close(committer->store);
	}
	if (committer->plain_fd >= 0) {
		close(committer->plain_fd);
	}
	if (remove_all(committer, &later) != STATUS_OK && status == STATUS_OK) {
		status = later.status;
		*problem = later;
	}
	return status;
}

int
bench_commit(const struct bench_options *options)
{
	struct problem problem = {.text = ""};
	struct committer *committer;
	enum status status;

	if (options->argument_count != (options->is_scratch ? 0 : 1)) {
		return command_usage_error(&command_bench_manual, "%s",
			SAY("either an empty DIR or --scratch",
				"请给出一个空的 DIR，或 --scratch"));
	}
	committer = calloc(1, sizeof(*committer));
	if (committer == NULL) {
		return command_no_memory(&command_bench_manual);
	}
	committer->plain_fd = -1;
	pthread_mutex_init(&committer->lock, NULL);
	pthread_cond_init(&committer->changed, NULL);
	make_values(committer);
	status = directory_take(committer, options, &problem);
	if (status == STATUS_OK) {
		status = committer_run(
			committer, options->seconds > 0 ? options->seconds : 5, &problem);
	}
	if (status == STATUS_OK) {
		print_result(committer, options->is_json);
	}
	free(committer->zeros);
	pthread_cond_destroy(&committer->changed);
	pthread_mutex_destroy(&committer->lock);
	free(committer);
	return status == STATUS_OK ? EXIT_CODE_OK
				   : command_problem(&command_bench_manual, &problem);
}
