/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_rig.h"
#include "linear.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Several threads create, modify, replace, delete and read few handles through the ledger, and
 * the process is killed in between; what they were answered, and what is there after the next
 * start, must be a story of things that happened one after another (linear.h).
 *
 * HOUJI_FAULT_SEED repeats the choices; HOUJI_LINEAR_ROUNDS sets how many processes.
 */
static const char *parent;

enum {
	THREAD_COUNT = 4,
	HANDLE_COUNT = 3,
	ROUND_COUNT_DEFAULT = 40,
	OPERATION_COUNT = LINEAR_OPERATION_COUNT_MAX - 1, /* The last reads what is there. */
	LIFE_MS_MAX = 60,
};

/* Survives the process that fills it. */
struct history {
	_Atomic uint64_t time;
	struct {
		_Atomic size_t count;
		struct linear_operation operations[LINEAR_OPERATION_COUNT_MAX];
	} handles[HANDLE_COUNT];
};

struct actor {
	struct history *history;
	struct ledger *ledger;
	uint64_t seed;
	struct {
		uint64_t value, version; /* As this thread last wrote it. */
	} known[HANDLE_COUNT];
};

static uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

static struct bytes
handle_name(unsigned handle, char ret_name[32])
{
	return bytes_over(ret_name, (size_t)snprintf(ret_name, 32, "88.400/%u", handle));
}

static uint64_t
value_read(struct records_reader *reader, unsigned handle)
{
	char name[32];
	struct handle_value value;
	struct wire_reader walk;
	struct record record;
	uint64_t number = 0;

	records_enter(reader);
	if (records_get(reader, handle_name(handle, name), &record) == STATUS_OK) {
		walk = handle_value_list_walk(&record.values);
		assert_true(handle_value_next(&walk, &value));
		assert_int_equal(value.data.size, sizeof(number));
		memcpy(&number, value.data.at, sizeof(number));
	}
	records_leave(reader);
	return number;
}

struct answer {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_done;
	enum status status;
	uint64_t sequence;
};

static void
answered(void *context, struct ledger_change *change, enum status status, uint64_t sequence)
{
	struct answer *answer = context;

	(void)change;
	pthread_mutex_lock(&answer->lock);
	answer->is_done = true;
	answer->status = status;
	answer->sequence = sequence;
	pthread_cond_signal(&answer->changed);
	pthread_mutex_unlock(&answer->lock);
}

/* Through ledger_submit(); the sequence it was given is the record's version. */
static enum status
submit(struct ledger *ledger, struct ledger_change *change, uint64_t *ret_sequence)
{
	struct answer answer = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

	change->committed = answered;
	change->context = &answer;
	while (ledger_submit(ledger, change) == STATUS_BUSY) {
		usleep(100);
	}
	pthread_mutex_lock(&answer.lock);
	while (!answer.is_done) {
		pthread_cond_wait(&answer.changed, &answer.lock);
	}
	pthread_mutex_unlock(&answer.lock);
	*ret_sequence = answer.sequence;
	return answer.status;
}

/* One change as the operation says. */
static void
change_make(struct actor *actor, unsigned handle, struct linear_operation *operation)
{
	uint8_t octets[128];
	char name[32];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_value value = {.index = 1,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("N"),
		.data = bytes_over(&operation->value, sizeof(operation->value))};
	struct ledger_change change = {.kind = JOURNAL_PUT, .name = handle_name(handle, name)};
	uint64_t sequence;
	enum status status;

	handle_value_write(&writer, &value);
	change.values = (struct handle_value_list){1, wire_written(&writer)};
	change.expected = operation->kind == LINEAR_CREATE ? LEDGER_EXPECT_NONE
		: operation->kind == LINEAR_MODIFY	   ? actor->known[handle].version
							   : LEDGER_EXPECT_ANY;
	if (operation->kind == LINEAR_DELETE) {
		change.kind = JOURNAL_DELETE;
		change.values = (struct handle_value_list){0, {NULL, 0}};
	}
	status = submit(actor->ledger, &change, &sequence);
	assert_true(status == STATUS_OK || status == STATUS_CONFLICT || status == STATUS_NOT_FOUND);
	operation->is_refused = status != STATUS_OK;
	if (status == STATUS_OK && operation->kind != LINEAR_DELETE) {
		actor->known[handle].value = operation->value;
		actor->known[handle].version = sequence;
	}
}

static void *
act(void *context)
{
	static const enum linear_kind kinds[] = {
		LINEAR_READ, LINEAR_PUT, LINEAR_CREATE, LINEAR_MODIFY, LINEAR_DELETE};
	struct actor *actor = context;
	struct history *history = actor->history;
	struct records_reader *reader = records_reader_new(ledger_records(actor->ledger));

	while (true) {
		unsigned handle = (unsigned)(random_next(&actor->seed) % HANDLE_COUNT);
		size_t number = atomic_fetch_add(&history->handles[handle].count, 1);
		struct linear_operation *operation;

		if (number >= OPERATION_COUNT) {
			break;
		}
		operation = &history->handles[handle].operations[number];
		operation->kind = kinds[random_next(&actor->seed) % 5];
		if (operation->kind == LINEAR_MODIFY && actor->known[handle].version == 0) {
			operation->kind = LINEAR_PUT;
		}
		operation->expected = actor->known[handle].value;
		operation->asked = atomic_fetch_add(&history->time, 1) + 1;
		if (operation->kind == LINEAR_READ) {
			operation->value = value_read(reader, handle);
		} else {
			/* The time is given once, so the value is, too. */
			operation->value = operation->asked;
			change_make(actor, handle, operation);
		}
		operation->answered = atomic_fetch_add(&history->time, 1) + 1;
		atomic_thread_fence(memory_order_release);
		operation->is_answered = true;
	}
	records_reader_free(reader);
	return NULL;
}

/* The child: until it is killed, or the history is full. */
static void
act_all(const char *directory, struct history *history, uint64_t seed)
{
	static struct actor actors[THREAD_COUNT];
	pthread_t threads[THREAD_COUNT];
	struct problem problem;
	struct ledger *ledger;

	if (ledger_open(directory, LEDGER_WRITE, &ledger, &problem) != STATUS_OK) {
		_exit(1);
	}
	for (unsigned i = 0; i < THREAD_COUNT; i++) {
		actors[i] = (struct actor){
			.history = history, .ledger = ledger, .seed = seed * 31 + i + 1};
		if (pthread_create(&threads[i], NULL, act, &actors[i]) != 0) {
			_exit(1);
		}
	}
	for (unsigned i = 0; i < THREAD_COUNT; i++) {
		pthread_join(threads[i], NULL);
	}
	_exit(ledger_close(ledger, &problem) == STATUS_OK ? 0 : 1);
}

static uint64_t
values_read(const char *directory, uint64_t ret_values[HANDLE_COUNT])
{
	struct records_reader *reader;
	struct ledger_report report;
	struct problem problem;
	struct ledger *ledger;

	if (ledger_open(directory, LEDGER_WRITE, &ledger, &problem) != STATUS_OK ||
		ledger_verify(ledger, NULL, NULL, &report, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	reader = records_reader_new(ledger_records(ledger));
	for (unsigned i = 0; i < HANDLE_COUNT; i++) {
		ret_values[i] = value_read(reader, i);
	}
	records_reader_free(reader);
	assert_int_equal(ledger_close(ledger, NULL), STATUS_OK);
	return report.entry_count;
}

/* The operations of a handle, and one more that read what was there in the end. */
static size_t
history_end(struct history *history, unsigned handle, uint64_t value)
{
	struct linear_operation *operations = history->handles[handle].operations;
	size_t count = atomic_load(&history->handles[handle].count), kept = 0;

	count = count < OPERATION_COUNT ? count : OPERATION_COUNT;
	for (size_t i = 0; i < count; i++) {
		bool is_begun = operations[i].asked != 0;
		bool is_read = operations[i].kind == LINEAR_READ && !operations[i].is_answered;

		/* A change whose value had not been noted was not asked yet. */
		if (is_begun && !is_read &&
			(operations[i].is_answered || operations[i].value != 0)) {
			operations[kept++] = operations[i];
		}
	}
	operations[kept++] = (struct linear_operation){
		.kind = LINEAR_READ,
		.value = value,
		.is_answered = true,
		.asked = atomic_load(&history->time) + 1,
		.answered = atomic_load(&history->time) + 2,
	};
	return kept;
}

static size_t
round_run(const char *directory, uint64_t seed, uint64_t values[HANDLE_COUNT], bool *ret_was_killed)
{
	struct history *history = mmap(
		NULL, sizeof(*history), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t before[HANDLE_COUNT];
	size_t total = 0;
	int wait_status;
	pid_t pid;

	assert_true(history != MAP_FAILED);
	/* Values stay unique from round to round. */
	atomic_store(&history->time, seed << 20);
	memcpy(before, values, sizeof(before));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		act_all(directory, history, seed);
	}
	usleep((useconds_t)(1000 + seed * 7919 % LIFE_MS_MAX * 1000));
	kill(pid, SIGKILL);
	assert_true(waitpid(pid, &wait_status, 0) == pid);
	*ret_was_killed = WIFSIGNALED(wait_status);
	assert_true(*ret_was_killed || WEXITSTATUS(wait_status) == 0);
	(void)values_read(directory, values);
	for (unsigned i = 0; i < HANDLE_COUNT; i++) {
		size_t count = history_end(history, i, values[i]);

		total += count;
		if (!linear_check(history->handles[i].operations, count, before[i])) {
			fail_msg("seed %llu, handle %u: no order explains what was answered",
				(unsigned long long)seed, i);
		}
	}
	munmap(history, sizeof(*history));
	return total;
}

static void
what_was_answered_can_be_told_in_one_order(void **state)
{
	const char *given = getenv("HOUJI_FAULT_SEED"), *wanted = getenv("HOUJI_LINEAR_ROUNDS");
	uint64_t seed =
		given != NULL ? strtoull(given, NULL, 10) : (uint64_t)clock_wall_ms() & 0xffffff;
	unsigned long rounds = wanted != NULL ? strtoul(wanted, NULL, 10) : ROUND_COUNT_DEFAULT;
	uint64_t values[HANDLE_COUNT] = {0};
	char directory[FAULT_PATH_SIZE];
	size_t total = 0, kills = 0;

	(void)state;
	print_message("# seed %llu\n", (unsigned long long)seed);
	fault_directory_make(parent, directory);
	for (unsigned long i = 0; i < rounds; i++) {
		bool was_killed;

		total += round_run(directory, seed + i, values, &was_killed);
		kills += was_killed;
	}
	print_message("# %lu rounds, %zu kills, %zu operations\n", rounds, kills, total);
	assert_true(total > 10 * rounds);
	fault_directory_remove(directory);
}

#define ANSWERED(what, number, from, to)                                                          \
	{                                                                                         \
		.kind = what, .value = number, .is_answered = true, .asked = from, .answered = to \
	}

static void
planted_violations_are_found(void **state)
{
	(void)state;
	/* A read of what was replaced before it was asked. */
	struct linear_operation stale[] = {ANSWERED(LINEAR_PUT, 1, 1, 2),
		ANSWERED(LINEAR_PUT, 2, 3, 4), ANSWERED(LINEAR_READ, 1, 5, 6)};
	/* Two creates of one handle, both well. */
	struct linear_operation twice[] = {
		ANSWERED(LINEAR_CREATE, 1, 1, 4), ANSWERED(LINEAR_CREATE, 2, 2, 3)};
	/* An acknowledged change that is gone after a kill. */
	struct linear_operation lost[] = {
		ANSWERED(LINEAR_PUT, 1, 1, 2), ANSWERED(LINEAR_READ, 0, 3, 4)};
	/* Two reads that saw two changes in different order. */
	struct linear_operation order[] = {ANSWERED(LINEAR_PUT, 1, 1, 10),
		ANSWERED(LINEAR_PUT, 2, 2, 9), ANSWERED(LINEAR_READ, 1, 3, 4),
		ANSWERED(LINEAR_READ, 2, 5, 6), ANSWERED(LINEAR_READ, 1, 7, 8)};
	/* Both of two that expected the same version. */
	struct linear_operation update[] = {ANSWERED(LINEAR_PUT, 1, 1, 2),
		ANSWERED(LINEAR_MODIFY, 2, 3, 6), ANSWERED(LINEAR_MODIFY, 3, 4, 5)};
	/* A refusal without a reason. */
	struct linear_operation refused[] = {ANSWERED(LINEAR_CREATE, 1, 1, 2)};
	/* A change of what is not there. */
	struct linear_operation nothing[] = {ANSWERED(LINEAR_REPLACE, 1, 1, 2)};

	update[1].expected = 1;
	update[2].expected = 1;
	refused[0].is_refused = true;
	assert_false(linear_check(stale, 3, 0));
	assert_false(linear_check(twice, 2, 0));
	assert_false(linear_check(lost, 2, 0));
	assert_false(linear_check(order, 5, 0));
	assert_false(linear_check(update, 3, 0));
	assert_false(linear_check(refused, 1, 0));
	assert_true(linear_check(refused, 1, 7));
	assert_false(linear_check(nothing, 1, 0));
	assert_true(linear_check(nothing, 1, 7));
}

static void
what_could_have_happened_is_not_complained_of(void **state)
{
	(void)state;
	/* Side by side: either order will do. */
	struct linear_operation beside[] = {ANSWERED(LINEAR_PUT, 1, 1, 6),
		ANSWERED(LINEAR_PUT, 2, 2, 5), ANSWERED(LINEAR_READ, 2, 3, 4),
		ANSWERED(LINEAR_READ, 1, 7, 8)};
	/* The answer of the first was lost with the process: it may have been made, or not. */
	struct linear_operation pending[] = {
		{.kind = LINEAR_PUT, .value = 1, .asked = 1}, ANSWERED(LINEAR_READ, 1, 2, 3)};
	struct linear_operation never[] = {
		{.kind = LINEAR_PUT, .value = 1, .asked = 1}, ANSWERED(LINEAR_READ, 0, 2, 3)};
	struct linear_operation too_late[] = {
		ANSWERED(LINEAR_READ, 1, 1, 2), {.kind = LINEAR_PUT, .value = 1, .asked = 3}};

	assert_true(linear_check(beside, 4, 0));
	assert_true(linear_check(pending, 2, 0));
	assert_true(linear_check(never, 2, 0));
	assert_false(linear_check(too_late, 2, 0));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(planted_violations_are_found),
		cmocka_unit_test(what_could_have_happened_is_not_complained_of),
		cmocka_unit_test(what_was_answered_can_be_told_in_one_order),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIR\n", argv[0]);
		return 2;
	}
	parent = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
