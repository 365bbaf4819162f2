/* SPDX-License-Identifier: Apache-2.0 */
#include "crash_image.h"
#include "fault_rig.h"
#include "record.h"

#include "base/clock.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Every state that a power cut may leave, one by one: a process makes a ledger and changes it
 * while record.c writes down what it does to the disk; then, at each event, the folder is made
 * as it may be found - of what was not synced none, all, the last write torn, any part - and
 * opened by a process of its own. It must open, prove itself, and have every change that had
 * been acknowledged by then, whole. One such process judges the states of one event, so that
 * starting it costs less than what it does; what it dies of is a verdict, too.
 *
 * The same with segments that lose old records meanwhile: there only the states while a pruning
 * runs, and until the next change behind it, are made.
 *
 * Self-check: the whole log replayed is what lies on the disk. Negative control: the same with
 * syncs left out must be found out.
 *
 * HOUJI_CRASH_STATES: how many states at least (100,000 by default); HOUJI_FAULT_SEED.
 */
static const char *scenario, *recorder, *parent;
static uint64_t seed;

enum {
	WORKER_COUNT = 2,
	STATE_COUNT_DEFAULT = 100000,
	STATE_COUNT_CONTROL = 4000,
	SEEN_SLOT_COUNT = 1 << 20,
	RANDOM_COUNT_MAX = 400,
	PRUNE_RANDOM_COUNT = 60,
	PRUNE_STATE_COUNT_MIN = 1000,
	FIXED_RULE_COUNT = 5,
};

struct log {
	uint8_t *octets;
	size_t size;
	char folder[FAULT_PATH_SIZE]; /* As the process left it. */
};

/* What had been answered when the lights went out. */
struct acknowledged {
	bool is_done[FAULT_CRASH_CHANGE_COUNT];
	unsigned count;
};

enum verdict {
	VERDICT_WELL,
	VERDICT_REFUSED, /* Nothing had been acknowledged, and opening said why it would not. */
	VERDICT_REPAIRED, /* It would not open, but the journal gave all when asked to. */
	VERDICT_BAD,
	VERDICT_COUNT,
};

struct tally {
	uint64_t states, verdicts[VERDICT_COUNT], points;
	char fault[512];
};

static void
log_record_as(char *word, const char *drops, struct log *ret_log)
{
	static struct fault_run run;
	char texts[4][FAULT_PATH_SIZE + 32], path[FAULT_PATH_SIZE + 8], program[FAULT_PATH_SIZE];
	char *arguments[] = {program, word, ret_log->folder, NULL};
	char *environment[] = {texts[0], texts[1], texts[2], drops == NULL ? NULL : texts[3], NULL};
	struct stat file;
	pid_t pid;
	int pipe, fd;

	snprintf(ret_log->folder, sizeof(ret_log->folder), "%s/houji-crash.XXXXXX", parent);
	assert_non_null(mkdtemp(ret_log->folder));
	snprintf(path, sizeof(path), "%s.log", ret_log->folder);
	snprintf(program, sizeof(program), "%s", scenario);
	snprintf(texts[0], sizeof(texts[0]), "LD_PRELOAD=%s", recorder);
	snprintf(texts[1], sizeof(texts[1]), "FAULT_RECORD=%s", path);
	snprintf(texts[2], sizeof(texts[2]), "FAULT_RECORD_ROOT=%s", ret_log->folder);
	snprintf(texts[3], sizeof(texts[3]), "FAULT_RECORD_DROPS=1");
	run.said_size = 0;
	pipe = fault_start(arguments, environment, &pid);
	fault_wait(pipe, pid, &run);
	assert_int_equal(fault_exit_code(&run, "recording"), FAULT_EXIT_WELL);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &file), 0);
	ret_log->size = (size_t)file.st_size;
	ret_log->octets = mmap(NULL, ret_log->size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(ret_log->octets != MAP_FAILED);
	close(fd);
	assert_int_equal(unlink(path), 0);
}

static void
log_record(const char *drops, struct log *ret_log)
{
	static char word[] = "record";

	log_record_as(word, drops, ret_log);
}

static void
log_forget(struct log *log)
{
	munmap(log->octets, log->size);
	fault_directory_remove(log->folder);
}

static bool
is_value_of(const struct record *record, unsigned long number)
{
	uint8_t octets[FAULT_VALUE_SIZE];
	struct handle_value_list values = fault_values(number, octets);

	return bytes_equal(record->values.octets, values.octets);
}

/* The handle stands as its last acknowledged change left it, or as a later one would. */
static bool
handle_is_well(struct records_reader *reader, const struct acknowledged *acknowledged,
	unsigned long handle)
{
	char name[FAULT_NAME_SIZE];
	struct record record;
	bool exists, may_be_absent = true;
	long last = -1;

	snprintf(name, sizeof(name), "88.300/%lu", handle);
	exists = records_get(reader, bytes_from_string(name), &record) == STATUS_OK;
	for (long i = FAULT_CRASH_CHANGE_COUNT - 1; i >= 0 && last < 0; i--) {
		unsigned long number = (unsigned long)i;

		if (fault_crash_kind(number) != JOURNAL_HOME &&
			fault_crash_handle(number) == handle && acknowledged->is_done[i]) {
			last = i;
			may_be_absent = fault_crash_kind(number) == JOURNAL_DELETE;
		}
	}
	for (long i = last < 0 ? 0 : last; i < FAULT_CRASH_CHANGE_COUNT; i++) {
		unsigned long number = (unsigned long)i;

		if (fault_crash_kind(number) == JOURNAL_HOME ||
			fault_crash_handle(number) != handle) {
			continue;
		}
		may_be_absent = may_be_absent || fault_crash_kind(number) == JOURNAL_DELETE;
		if (exists && fault_crash_kind(number) == JOURNAL_PUT &&
			is_value_of(&record, number)) {
			return true;
		}
	}
	return !exists && may_be_absent;
}

static bool
all_is_there(struct ledger *ledger, const struct acknowledged *acknowledged, char fault[512])
{
	struct records_reader *reader = records_reader_new(ledger_records(ledger));
	char name[FAULT_NAME_SIZE];
	bool is_well = true;

	records_enter(reader);
	for (unsigned long handle = 0; is_well && handle < FAULT_CRASH_HANDLE_COUNT; handle++) {
		is_well = handle_is_well(reader, acknowledged, handle);
		if (!is_well) {
			snprintf(fault, 512, "handle %lu is not as acknowledged", handle);
		}
	}
	for (unsigned long i = 0; is_well && i < FAULT_CRASH_CHANGE_COUNT; i++) {
		if (acknowledged->is_done[i] && fault_crash_kind(i) == JOURNAL_HOME &&
			!records_prefix_is_homed(reader, fault_crash_name(i, name))) {
			snprintf(fault, 512, "acknowledged prefix %lu is missing", i);
			is_well = false;
		}
	}
	records_leave(reader);
	records_reader_free(reader);
	return is_well;
}

/* It also takes changes again, and they last. */
static bool
goes_on(struct ledger **ledger, const char *folder, const struct acknowledged *acknowledged,
	char fault[512])
{
	struct ledger_change change = {.kind = JOURNAL_HOME, .name = TEXT("0.NA/99")};
	struct ledger_report report;
	struct problem problem = {STATUS_OK, ""};
	enum status status = ledger_commit(*ledger, &change);

	if (status == STATUS_OK) {
		status = ledger_close(*ledger, &problem);
		*ledger = NULL;
	}
	if (status == STATUS_OK) {
		status = ledger_open(folder, LEDGER_WRITE, ledger, &problem);
	}
	if (status == STATUS_OK) {
		status = ledger_verify(*ledger, NULL, NULL, &report, &problem);
	}
	if (status != STATUS_OK) {
		snprintf(fault, 512, "after one more change: %s %.400s", status_name(status),
			problem.text);
		return false;
	}
	return all_is_there(*ledger, acknowledged, fault);
}

static enum verdict
folder_judge(const char *folder, const struct acknowledged *acknowledged, bool with_more,
	char fault[512])
{
	struct problem problem = {STATUS_OK, ""};
	enum verdict verdict = VERDICT_WELL;
	struct ledger_report report;
	struct ledger *ledger;
	enum status status = ledger_open(folder, LEDGER_WRITE, &ledger, &problem);

	if (status != STATUS_OK && problem.text[0] == '\0') {
		snprintf(fault, 512, "refused without a word: %s", status_name(status));
		return VERDICT_BAD;
	}
	if (status != STATUS_OK && acknowledged->count == 0) {
		return VERDICT_REFUSED;
	}
	if (status != STATUS_OK) {
		verdict = VERDICT_REPAIRED;
		snprintf(fault, 512, "%s: %.400s", status_name(status), problem.text);
		status = ledger_rebuild(folder, NULL, NULL, &ledger, &problem);
	}
	if (status == STATUS_OK) {
		status = ledger_verify(ledger, NULL, NULL, &report, &problem);
	}
	if (status != STATUS_OK) {
		snprintf(fault, 512, "%s: %.400s", status_name(status), problem.text);
		return VERDICT_BAD;
	}
	if (!all_is_there(ledger, acknowledged, fault) ||
		(with_more && !goes_on(&ledger, folder, acknowledged, fault))) {
		return VERDICT_BAD;
	}
	if (ledger_close(ledger, &problem) != STATUS_OK) {
		snprintf(fault, 512, "closing: %.400s", problem.text);
		return VERDICT_BAD;
	}
	return verdict;
}

/* Shared with the processes that judge. */
struct results {
	struct tally tally;
	unsigned choice; /* The one that is looked at. */
	uint64_t seen[SEEN_SLOT_COUNT];
};

struct worker {
	unsigned number;
	const struct log *log;
	unsigned random_count; /* States of that rule at each point. */
	bool is_of_pruning; /* Only while one runs. */
	char folder[FAULT_PATH_SIZE];
	int folder_fd;
	struct results *results;
	struct acknowledged acknowledged;
};

/* True if such a state has been judged with the same acknowledgements. */
static bool
was_seen(struct worker *worker, uint64_t hash)
{
	uint64_t *seen = worker->results->seen;
	uint64_t slot;

	hash = (hash ^ worker->acknowledged.count * 0x9e3779b97f4a7c15u) | 1;
	for (slot = hash >> 20; seen[slot % SEEN_SLOT_COUNT] != 0; slot++) {
		if (seen[slot % SEEN_SLOT_COUNT] == hash) {
			return true;
		}
	}
	seen[slot % SEEN_SLOT_COUNT] = hash;
	return false;
}

/* All choices at this event, until one is bad. */
static void
point_judge(struct worker *worker, struct crash_image *image, uint64_t point)
{
	static struct crash_state state;
	struct tally *tally = &worker->results->tally;
	unsigned count =
		crash_image_pending(image) == 0 ? 1 : FIXED_RULE_COUNT + worker->random_count;

	for (unsigned i = 0; i < count && tally->verdicts[VERDICT_BAD] == 0; i++) {
		struct crash_choice choice = {
			.rule = i < FIXED_RULE_COUNT ? (enum crash_rule)i : CRASH_RANDOM,
			.seed = seed + point * 4096 + i,
		};

		worker->results->choice = i;
		crash_image_choose(image, &choice, &state);
		if (was_seen(worker, crash_state_hash(&state))) {
			continue;
		}
		crash_state_write(&state, worker->folder_fd);
		tally->states++;
		tally->verdicts[folder_judge(worker->folder, &worker->acknowledged,
			tally->states % 16 == 0, tally->fault)]++;
	}
}

/* In a process of its own. False when a state was bad, or ended the process. */
static bool
point_fork(struct worker *worker, struct crash_image *image, uint64_t point)
{
	struct tally *tally = &worker->results->tally;
	char fault[400];
	int wait_status;
	pid_t pid;

	tally->points++;
	pid = fork();
	if (pid == 0) {
		alarm(120);
		point_judge(worker, image, point);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &wait_status, 0) != pid) {
		abort();
	}
	if (wait_status != 0) {
		tally->verdicts[VERDICT_BAD]++;
		snprintf(tally->fault, sizeof(tally->fault), "the process ended with status 0x%x",
			(unsigned)wait_status);
	}
	if (tally->verdicts[VERDICT_BAD] == 0) {
		return true;
	}
	snprintf(fault, sizeof(fault), "%.399s", tally->fault);
	snprintf(tally->fault, sizeof(tally->fault), "event %llu, choice %u, seed %llu: %s",
		(unsigned long long)point, worker->results->choice, (unsigned long long)seed,
		fault);
	return false;
}

static void
worker_run(struct worker *worker)
{
	struct crash_image *image = crash_image_new(worker->log->octets, worker->log->size);
	bool is_wanted = !worker->is_of_pruning;
	long number;

	for (uint64_t point = 0; crash_image_step(image, &number); point++) {
		if (number >= 0 && number < FAULT_CRASH_CHANGE_COUNT) {
			worker->acknowledged.is_done[number] = true;
			worker->acknowledged.count++;
			is_wanted = !worker->is_of_pruning;
		}
		is_wanted = is_wanted || number == FAULT_PRUNE_BEGUN;
		if (is_wanted && point % WORKER_COUNT == worker->number &&
			!point_fork(worker, image, point)) {
			break;
		}
	}
	crash_image_free(image);
}

static pid_t
worker_start(struct worker *worker, int result)
{
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];
	struct tally *tally;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0) {
		return pid;
	}
	/* Once for all that come: making OpenSSL ready takes longer than judging a state. */
	crypto_digest(CRYPTO_SHA256, TEXT(""), digest);
	snprintf(worker->folder, sizeof(worker->folder), "%s/houji-state.XXXXXX", parent);
	worker->results = mmap(NULL, sizeof(*worker->results), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mkdtemp(worker->folder) == NULL || worker->results == MAP_FAILED) {
		abort();
	}
	tally = &worker->results->tally;
	worker->folder_fd = open(worker->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	worker_run(worker);
	fault_directory_remove(worker->folder);
	_exit(write(result, tally, sizeof(*tally)) == sizeof(*tally) ? 0 : 1);
}

static void
enumerate_of(
	const struct log *log, unsigned random_count, bool is_of_pruning, struct tally *ret_tally)
{
	static struct worker worker;
	int ends[2];
	pid_t pids[WORKER_COUNT];

	*ret_tally = (struct tally){0};
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	for (unsigned i = 0; i < WORKER_COUNT; i++) {
		worker = (struct worker){.number = i,
			.log = log,
			.random_count = random_count,
			.is_of_pruning = is_of_pruning};
		pids[i] = worker_start(&worker, ends[1]);
	}
	for (unsigned i = 0; i < WORKER_COUNT; i++) {
		struct tally tally;
		int wait_status;

		assert_int_equal(read(ends[0], &tally, sizeof(tally)), sizeof(tally));
		ret_tally->states += tally.states;
		ret_tally->points += tally.points;
		for (unsigned j = 0; j < VERDICT_COUNT; j++) {
			ret_tally->verdicts[j] += tally.verdicts[j];
		}
		if (tally.verdicts[VERDICT_BAD] > 0 || ret_tally->fault[0] == '\0') {
			memcpy(ret_tally->fault, tally.fault, sizeof(tally.fault));
		}
		assert_true(waitpid(pids[i], &wait_status, 0) == pids[i]);
	}
	close(ends[0]);
	close(ends[1]);
}

static void
enumerate(const struct log *log, unsigned random_count, struct tally *ret_tally)
{
	enumerate_of(log, random_count, false, ret_tally);
}

static uint64_t
event_count(const struct log *log)
{
	struct crash_image *image = crash_image_new(log->octets, log->size);
	uint64_t count = 0;
	long number;

	while (crash_image_step(image, &number)) {
		count++;
	}
	crash_image_free(image);
	return count;
}

static void
the_log_replayed_is_what_lies_on_the_disk(void **state)
{
	static struct crash_state all;
	struct log log;
	struct crash_image *image;
	const char *different;
	unsigned acknowledged = 0;
	long number;
	int fd;

	(void)state;
	log_record(NULL, &log);
	image = crash_image_new(log.octets, log.size);
	while (crash_image_step(image, &number)) {
		acknowledged += number >= 0;
	}
	crash_image_choose(image, &(struct crash_choice){.rule = CRASH_ALL}, &all);
	fd = open(log.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	different = crash_state_compare(&all, fd);
	if (different != NULL) {
		fail_msg("%s is not what the log makes of it", different);
	}
	close(fd);
	assert_true(all.count > 10 && acknowledged > FAULT_CRASH_CHANGE_COUNT / 2);
	crash_image_free(image);
	log_forget(&log);
}

static void
every_state_after_a_power_cut_has_all_that_was_acknowledged(void **state)
{
	const char *wanted = getenv("HOUJI_CRASH_STATES");
	uint64_t target = wanted != NULL ? strtoull(wanted, NULL, 10) : STATE_COUNT_DEFAULT;
	int64_t begun = clock_monotonic_ms();
	struct tally tally;
	struct log log;
	uint64_t events;
	unsigned random_count;

	(void)state;
	log_record(NULL, &log);
	events = event_count(&log);
	/* Some choices come to the same state, and count once. */
	random_count = (unsigned)(target * 6 / 5 / events + 1);
	enumerate(&log, random_count < RANDOM_COUNT_MAX ? random_count : RANDOM_COUNT_MAX, &tally);
	print_message("# %llu events, %llu states in %.1f s: %llu well, %llu refused before "
		      "anything was acknowledged, %llu repaired\n",
		(unsigned long long)events, (unsigned long long)tally.states,
		(double)(clock_monotonic_ms() - begun) / 1000,
		(unsigned long long)tally.verdicts[VERDICT_WELL],
		(unsigned long long)tally.verdicts[VERDICT_REFUSED],
		(unsigned long long)tally.verdicts[VERDICT_REPAIRED]);
	if (tally.verdicts[VERDICT_BAD] > 0) {
		fail_msg("%s", tally.fault);
	}
	if (tally.verdicts[VERDICT_REPAIRED] > 0) {
		print_message("# repaired, for example: %s\n", tally.fault);
	}
	assert_true(tally.states >= target);
	log_forget(&log);
}

/* How often a segment was put in place of what it was. */
static unsigned
replaced_count(const struct log *log, const char *segment)
{
	unsigned count = 0;

	for (size_t at = 0; at < log->size;) {
		const char *names;
		struct record_event head;

		memcpy(&head, log->octets + at, sizeof(head));
		names = (const char *)log->octets + at + sizeof(head);
		count += head.kind == RECORD_RENAME && strcmp(names, "ledger/prune.tmp") == 0 &&
			strcmp(names + strlen(names) + 1, segment) == 0;
		at += sizeof(head) + head.size;
	}
	return count;
}

static void
every_state_of_a_pruning_cut_short_has_all_that_was_acknowledged(void **state)
{
	static char word[] = "record-prune";
	struct ledger_report report;
	struct problem problem;
	struct ledger *ledger;
	struct tally tally;
	struct log log;

	(void)state;
	log_record_as(word, NULL, &log);
	assert_int_equal(ledger_open(log.folder, LEDGER_READ, &ledger, &problem), STATUS_OK);
	assert_int_equal(ledger_verify(ledger, NULL, NULL, &report, &problem), STATUS_OK);
	assert_true(report.pruned_count > FAULT_CRASH_CHANGE_COUNT / 3);
	assert_int_equal(ledger_close(ledger, &problem), STATUS_OK);
	assert_true(replaced_count(&log, "ledger/0000000000000000.seg") == 2);
	enumerate_of(&log, PRUNE_RANDOM_COUNT, true, &tally);
	print_message("# %llu events of prunings, %llu states, %llu repaired\n",
		(unsigned long long)tally.points, (unsigned long long)tally.states,
		(unsigned long long)tally.verdicts[VERDICT_REPAIRED]);
	if (tally.verdicts[VERDICT_BAD] > 0) {
		fail_msg("%s", tally.fault);
	}
	assert_int_equal(tally.verdicts[VERDICT_REFUSED], 0);
	assert_true(tally.states >= PRUNE_STATE_COUNT_MIN);
	log_forget(&log);
}

static void
a_node_that_does_not_sync_is_found_out(void **state)
{
	struct tally tally;
	struct log log;

	(void)state;
	log_record("drops", &log);
	enumerate(&log, 2, &tally);
	print_message(
		"# found after %llu states: %s\n", (unsigned long long)tally.states, tally.fault);
	assert_true(tally.verdicts[VERDICT_BAD] > 0);
	assert_true(tally.states < STATE_COUNT_CONTROL);
	log_forget(&log);
}

int
main(int argc, char **argv)
{
	const char *given = getenv("HOUJI_FAULT_SEED");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_log_replayed_is_what_lies_on_the_disk),
		cmocka_unit_test(a_node_that_does_not_sync_is_found_out),
		cmocka_unit_test(every_state_of_a_pruning_cut_short_has_all_that_was_acknowledged),
		cmocka_unit_test(every_state_after_a_power_cut_has_all_that_was_acknowledged),
	};

	if (argc != 4) {
		fprintf(stderr, "usage: %s SCENARIO RECORDER DIR\n", argv[0]);
		return 2;
	}
	scenario = argv[1];
	recorder = argv[2];
	parent = argv[3];
	seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)clock_wall_ms() & 0xffffff;
	print_message("# seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
