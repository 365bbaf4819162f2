/* SPDX-License-Identifier: Apache-2.0 */
#include "program/bench/bench.h"

#include "base/limits.h"
#include "ledger/ledger.h"
#include "program/terminal/language.h"
#include "program/terminal/progress.h"
#include "records/records_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The three ways take turns of a fraction of a second, ROUND_COUNT each, so that whatever
 * else the machine does falls on all of them. A figure is the median of a way's rounds.
 */
enum {
	SAMPLE_COUNT_MAX = 1 << 20,
	WARM_SECONDS_SHARE = 4, /* A quarter of the time goes by before anything counts. */
	ROUND_COUNT = 5,
	BATCH = UDP_BATCH_MAX,
	CLOCK_EVERY = 1024, /* Look-ups between two looks at the clock; a multiple of BATCH. */
};
_Static_assert(CLOCK_EVERY % BATCH == 0, "turns end between batches");

enum way { WAY_SINGLE, WAY_BATCH, WAY_ORDERED, WAY_COUNT };
static const char *const way_names[WAY_COUNT] = {"single", "batch", "ordered"};

struct seeker {
	struct ledger *ledger;
	struct records_reader *reader;
	struct store_snapshot *snapshot;
	struct bench_handles names;
	uint64_t handle_count; /* In the store. */
	size_t next; /* Name to be looked up next. */
	uint64_t found, missed;
	uint64_t lookups[WAY_COUNT];
	double ns[WAY_COUNT][ROUND_COUNT];
	struct progress progress;
	struct records_lookup batch[BATCH];
};

/* Octets of the record, so that no way gets along without reading it. */
static volatile uint64_t seen;

static struct bytes
next_name(struct seeker *seeker)
{
	struct bytes name = bench_handle_at(&seeker->names, seeker->next);

	seeker->next = seeker->next + 1 < seeker->names.count ? seeker->next + 1 : 0;
	return name;
}

static void
note(struct seeker *seeker, enum status status, const struct record *record)
{
	if (status != STATUS_OK) {
		seeker->missed++;
		return;
	}
	seeker->found++;
	seen = record->values.count;
}

static void
seek_single(struct seeker *seeker)
{
	for (size_t i = 0; i < CLOCK_EVERY; i++) {
		struct record record;
		enum status status = records_get(seeker->reader, next_name(seeker), &record);

		note(seeker, status, &record);
	}
}

static void
seek_batch(struct seeker *seeker)
{
	struct records_lookup *lookups[BATCH];

	for (size_t done = 0; done < CLOCK_EVERY; done += BATCH) {
		size_t count = 0;

		for (size_t i = 0; i < BATCH; i++) {
			lookups[count] = &seeker->batch[count];
			if (records_lookup_begin(seeker->reader, next_name(seeker),
				    lookups[count]) == STATUS_OK) {
				count++;
			} else {
				seeker->missed++;
			}
		}
		records_look_ahead(seeker->reader, lookups, count);
		for (size_t i = 0; i < count; i++) {
			struct record record;
			enum status status =
				records_lookup_end(seeker->reader, lookups[i], &record);

			note(seeker, status, &record);
		}
	}
}

/* What resolving would be if the ordered table were the only one. */
static enum status
ordered_get(struct seeker *seeker, struct bytes name, struct record *ret_record)
{
	uint8_t key_octets[HANDLE_KEY_SIZE_MAX], short_octets[STORE_KEY_SIZE_MAX];
	struct bytes key = bytes_over(key_octets, handle_name_key(name, key_octets));
	struct bytes value, entry_key, run;
	enum journal_kind kind;
	uint64_t place;
	enum status status = store_get(
		seeker->snapshot, STORE_HANDLES, records_order_key(key, short_octets), &value);

	if (status != STATUS_OK || value.size != sizeof(place)) {
		return status == STATUS_OK ? STATUS_CORRUPT : status;
	}
	memcpy(&place, value.at, sizeof(place));
	status = journal_peek(ledger_journal(seeker->ledger), place, &entry_key, &run, &kind);
	if (status != STATUS_OK || !bytes_equal(key, entry_key)) {
		return STATUS_CORRUPT;
	}
	return record_read(run, ret_record);
}

static void
seek_ordered(struct seeker *seeker)
{
	for (size_t i = 0; i < CLOCK_EVERY; i++) {
		struct record record;
		enum status status = ordered_get(seeker, next_name(seeker), &record);

		note(seeker, status, &record);
	}
}

/* ns for one look-up. */
static double
turn(struct seeker *seeker, enum way way, double seconds)
{
	static void (*const seeks[WAY_COUNT])(struct seeker * seeker) = {
		seek_single, seek_batch, seek_ordered};
	uint64_t begin_ns = bench_now_ns(), now_ns, count = 0;

	records_enter(seeker->reader);
	do {
		seeks[way](seeker);
		count += CLOCK_EVERY;
		now_ns = bench_now_ns();
	} while (now_ns - begin_ns < (uint64_t)(seconds * 1e9));
	records_leave(seeker->reader);
	seeker->lookups[way] += count;
	return (double)(now_ns - begin_ns) / (double)count;
}

/* Walks the ordered table once; of all handles each is as likely to be drawn. */
static enum status
sample_places(struct seeker *seeker, uint64_t *places, size_t *ret_count)
{
	struct store_cursor *cursor;
	struct bytes key, value;
	uint64_t seed = bench_now_ns() | 1;
	size_t count = 0;
	enum status status = store_cursor_open(seeker->snapshot, STORE_HANDLES, TEXT(""), &cursor);

	if (status != STATUS_OK) {
		return status;
	}
	while (store_cursor_next(cursor, &key, &value)) {
		uint64_t at = seeker->handle_count;

		seeker->handle_count++;
		if (count < SAMPLE_COUNT_MAX) {
			count++;
		} else {
			at = bench_draw(&seed) % seeker->handle_count;
		}
		if (at < SAMPLE_COUNT_MAX && value.size == sizeof(*places)) {
			memcpy(&places[at], value.at, sizeof(*places));
		}
		progress_show(&seeker->progress, 0, 0, seeker->handle_count);
	}
	status = store_cursor_status(cursor);
	store_cursor_close(cursor);
	for (size_t i = count; i > 1; i--) {
		size_t other = (size_t)(bench_draw(&seed) % i);
		uint64_t place = places[i - 1];

		places[i - 1] = places[other];
		places[other] = place;
	}
	*ret_count = count;
	return status;
}

static enum status
sample_take(struct seeker *seeker, struct problem *problem)
{
	uint64_t *places = calloc(SAMPLE_COUNT_MAX, sizeof(*places));
	size_t count = 0;
	enum status status =
		places == NULL ? STATUS_NO_MEMORY : sample_places(seeker, places, &count);

	seeker->names.name_size_max = HANDLE_KEY_SIZE_MAX;
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		struct bytes key, run;
		enum journal_kind kind;
		struct record record;

		status = journal_peek(ledger_journal(seeker->ledger), places[i], &key, &run, &kind);
		if (status == STATUS_OK) {
			status = record_read(run, &record);
		}
		if (status == STATUS_OK) {
			status = bench_handles_add(&seeker->names, record.name);
		}
	}
	free(places);
	if (status == STATUS_OK && count == 0) {
		return problem_set(problem, STATUS_NOT_FOUND, "%s",
			SAY("there is no handle in it", "其中没有标识"));
	}
	return status == STATUS_OK
		? status
		: problem_set(problem, status, "the sample: %s", status_text(status));
}

static enum status
seeker_open(struct seeker *seeker, const char *directory, struct problem *problem)
{
	enum status status = ledger_open(directory, LEDGER_READ, &seeker->ledger, problem);

	if (status != STATUS_OK) {
		return status;
	}
	seeker->reader = records_reader_new(ledger_records(seeker->ledger));
	if (seeker->reader == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for a reader");
	}
	status = store_snapshot_begin(ledger_store(seeker->ledger), &seeker->snapshot);
	return status == STATUS_OK
		? status
		: problem_set(problem, status, "the ordered table: %s", status_text(status));
}

static int
by_number(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

static void
seeker_run(struct seeker *seeker, double seconds)
{
	double share = seconds / WARM_SECONDS_SHARE / WAY_COUNT;

	for (size_t way = 0; way < WAY_COUNT; way++) {
		(void)turn(seeker, (enum way)way, share);
		seeker->lookups[way] = 0;
	}
	seeker->found = seeker->missed = 0;
	share = seconds * (WARM_SECONDS_SHARE - 1) / WARM_SECONDS_SHARE / WAY_COUNT / ROUND_COUNT;
	for (size_t round = 0; round < ROUND_COUNT; round++) {
		for (size_t way = 0; way < WAY_COUNT; way++) {
			seeker->ns[way][round] = turn(seeker, (enum way)way, share);
			progress_show(&seeker->progress, round * WAY_COUNT + way,
				(uint64_t)ROUND_COUNT * WAY_COUNT, seeker->found);
		}
	}
	for (size_t way = 0; way < WAY_COUNT; way++) {
		qsort(seeker->ns[way], ROUND_COUNT, sizeof(double), by_number);
	}
}

static void
print_result(const struct seeker *seeker, bool is_json)
{
	static const struct words titles[WAY_COUNT] = {{"one at a time", "逐个"},
		{"in batches of 64", "每批 64 个"}, {"ordered table", "有序表"}};

	printf(is_json ? "{\"handles\":%llu,\"sample\":%zu,\"found\":%llu,\"missed\":%llu"
		       : SAY("%llu handles, %zu drawn; found %llu, missed %llu\n",
				 "%llu 个标识，抽取 %zu 个；找到 %llu，未找到 %llu\n"),
		(unsigned long long)seeker->handle_count, seeker->names.count,
		(unsigned long long)seeker->found, (unsigned long long)seeker->missed);
	for (size_t way = 0; way < WAY_COUNT; way++) {
		const double *ns = seeker->ns[way];
		double median = ns[ROUND_COUNT / 2];

		if (is_json) {
			printf(",\"%s\":{\"lookups\":%llu,\"ns\":%.1f,\"ns_min\":%.1f,"
			       "\"ns_max\":%.1f,\"rate\":%.0f}",
				way_names[way], (unsigned long long)seeker->lookups[way], median,
				ns[0], ns[ROUND_COUNT - 1], 1e9 / median);
		} else {
			printf(SAY("  %-18s %7.0f ns each (%.0f-%.0f), %.0f/s, %.2f x\n",
				       "  %s  每次 %.0f 纳秒（%.0f-%.0f），每秒 %.0f，%.2f 倍\n"),
				words_say(titles[way]), median, ns[0], ns[ROUND_COUNT - 1],
				1e9 / median, median / seeker->ns[WAY_BATCH][ROUND_COUNT / 2]);
		}
	}
	if (is_json) {
		printf("}\n");
	}
}

int
bench_lookup(const struct bench_options *options)
{
	struct problem problem = {.text = ""};
	struct seeker *seeker;
	enum status status;
	bool is_complete;

	if (options->argument_count != 1) {
		return command_directory_error(&command_bench_manual);
	}
	seeker = calloc(1, sizeof(*seeker));
	if (seeker == NULL) {
		return command_no_memory(&command_bench_manual);
	}
	seeker->progress =
		progress_begin("bench", SAY("handles", "个标识"), isatty(STDERR_FILENO) != 1);
	status = seeker_open(seeker, options->arguments[0], &problem);
	if (status == STATUS_OK) {
		status = sample_take(seeker, &problem);
	}
	if (status == STATUS_OK) {
		seeker_run(seeker, options->seconds > 0 ? options->seconds : 6);
	}
	progress_end(&seeker->progress);
	if (status == STATUS_OK) {
		print_result(seeker, options->is_json);
	}
	is_complete = seeker->missed == 0;
	if (seeker->snapshot != NULL) {
		store_snapshot_end(seeker->snapshot);
	}
	records_reader_free(seeker->reader);
	if (seeker->ledger != NULL) {
		(void)ledger_close(seeker->ledger, NULL);
	}
	bench_handles_free(&seeker->names);
	free(seeker);
	if (status != STATUS_OK) {
		return command_problem(&command_bench_manual, &problem);
	}
	return is_complete ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}
