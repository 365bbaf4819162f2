/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_scene.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>

static enum status
get_text(struct ledger *ledger, const char *name, char *ret_data, struct record *ret_record)
{
	struct records_reader *reader = records_reader_new(ledger_records(ledger));
	struct handle_value value = {0};
	struct wire_reader walk;
	enum status status;

	assert_non_null(reader);
	records_enter(reader);
	status = records_get(reader, bytes_from_string(name), ret_record);
	if (status == STATUS_OK) {
		walk = handle_value_list_walk(&ret_record->values);
		assert_true(handle_value_next(&walk, &value));
		memcpy(ret_data, value.data.at, value.data.size);
		ret_data[value.data.size] = '\0';
	}
	records_leave(reader);
	records_reader_free(reader);
	return status;
}

static void
expect_text(struct ledger *ledger, const char *name, const char *data)
{
	char met[512];
	struct record record;

	assert_int_equal(get_text(ledger, name, met, &record), STATUS_OK);
	assert_string_equal(met, data);
}

static void
expect_nothing(struct ledger *ledger, const char *name)
{
	char met[512];
	struct record record;

	assert_int_equal(get_text(ledger, name, met, &record), STATUS_NOT_FOUND);
}

static void
what_was_committed_is_seen_at_once_and_after_reopening(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);

	assert_int_equal(put_text(ledger, "88.100/one", "https://one"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.100/two", "https://two"), STATUS_OK);
	expect_text(ledger, "88.100/one", "https://one");
	expect_text(ledger, "88.100/TWO", "https://two");
	expect_nothing(ledger, "88.100/three");
	ledger_scene_close(ledger);
	ledger = ledger_scene_open(*state, LEDGER_WRITE);
	expect_text(ledger, "88.100/one", "https://one");
	ledger_scene_close(ledger);
	ledger = ledger_scene_open(*state, LEDGER_READ);
	expect_text(ledger, "88.100/two", "https://two");
	assert_int_equal(put_text(ledger, "88.100/x", "x"), STATUS_READ_ONLY);
	ledger_scene_close(ledger);
}

static void
the_name_stays_as_first_written(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct record record;
	char data[512];

	assert_int_equal(put_text(ledger, "88.100/MixedCase", "1"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.100/mixedcase", "2"), STATUS_OK);
	assert_int_equal(get_text(ledger, "88.100/MIXEDCASE", data, &record), STATUS_OK);
	assert_string_equal(data, "2");
	assert_true(bytes_equal(record.name, TEXT("88.100/MixedCase")));
	assert_int_equal(change_text(ledger, JOURNAL_DELETE, "88.100/mixedCASE"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.100/mixedcase", "3"), STATUS_OK);
	assert_int_equal(get_text(ledger, "88.100/MIXEDCASE", data, &record), STATUS_OK);
	assert_true(bytes_equal(record.name, TEXT("88.100/mixedcase")));
	ledger_scene_close(ledger);
}

static void
a_deleted_handle_is_gone_everywhere(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct ledger_report report;

	assert_int_equal(put_text(ledger, "88.100/one", "1"), STATUS_OK);
	assert_int_equal(change_text(ledger, JOURNAL_DELETE, "88.100/none"), STATUS_NOT_FOUND);
	assert_int_equal(change_text(ledger, JOURNAL_DELETE, "88.100/ONE"), STATUS_OK);
	expect_nothing(ledger, "88.100/one");
	assert_int_equal(change_text(ledger, JOURNAL_DELETE, "88.100/one"), STATUS_NOT_FOUND);
	verify_well(ledger, &report);
	assert_int_equal(report.entry_count, 2);
	assert_int_equal(report.handle_count, 0);
	assert_int_equal(report.deleted_count, 1);
	ledger_scene_close(ledger);
}

static bool
is_homed(struct ledger *ledger, const char *prefix)
{
	struct records_reader *reader = records_reader_new(ledger_records(ledger));
	bool answer;

	records_enter(reader);
	answer = records_prefix_is_homed(reader, bytes_from_string(prefix));
	records_leave(reader);
	records_reader_free(reader);
	return answer;
}

static void
prefixes_are_homed_and_given_up(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct ledger_report report;
	char name[32];

	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.na/88.100"), STATUS_OK);
	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.NA/88.100"), STATUS_EXISTS);
	assert_int_equal(change_text(ledger, JOURNAL_UNHOME, "0.NA/88.1"), STATUS_NOT_FOUND);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "0.NA/20.%u", i);
		assert_int_equal(change_text(ledger, JOURNAL_HOME, name), STATUS_OK);
	}
	assert_int_equal(change_text(ledger, JOURNAL_UNHOME, "0.NA/20.7"), STATUS_OK);
	assert_false(is_homed(ledger, "0.NA/20.7"));
	assert_int_equal(change_text(ledger, JOURNAL_UNHOME, "0.NA/20.7"), STATUS_NOT_FOUND);
	/* A record of the same name is another thing. */
	assert_int_equal(put_text(ledger, "0.NA/88.100", "site"), STATUS_OK);
	expect_nothing(ledger, "0.NA/20.8");
	ledger_scene_close(ledger);
	ledger = ledger_scene_open(*state, LEDGER_WRITE);
	assert_true(is_homed(ledger, "0.NA/88.100"));
	assert_true(is_homed(ledger, "0.NA/20.199"));
	assert_false(is_homed(ledger, "0.NA/20.7"));
	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.NA/20.7"), STATUS_OK);
	assert_true(is_homed(ledger, "0.NA/20.7"));
	verify_well(ledger, &report);
	assert_int_equal(report.prefix_count, 201);
	ledger_scene_close(ledger);
}

static enum status
only_if_new(void *context, struct ledger_state *state, struct ledger_change *change,
	const struct record *before)
{
	(void)context;
	(void)state;
	(void)change;
	return before == NULL ? STATUS_OK : STATUS_EXISTS;
}

struct counted {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned done, ok, refused;
	uint64_t last_sequence;
	bool is_out_of_order;
};

static void
count(void *context, struct ledger_change *change, enum status status, uint64_t sequence)
{
	struct counted *counted = context;

	(void)change;
	pthread_mutex_lock(&counted->lock);
	counted->done++;
	counted->ok += status == STATUS_OK;
	counted->refused += status != STATUS_OK;
	if (status == STATUS_OK) {
		counted->is_out_of_order |= sequence <= counted->last_sequence;
		counted->last_sequence = sequence;
	}
	pthread_cond_signal(&counted->changed);
	pthread_mutex_unlock(&counted->lock);
}

static void
wait_for(struct counted *counted, unsigned done)
{
	pthread_mutex_lock(&counted->lock);
	while (counted->done < done) {
		pthread_cond_wait(&counted->changed, &counted->lock);
	}
	pthread_mutex_unlock(&counted->lock);
}

/* Each handle twice in one chain: the second is judged on what the first left. */
static void
changes_of_one_chain_are_judged_in_order(void **state)
{
	enum { COUNT = 1000 };
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	static struct ledger_change changes[COUNT];
	static char names[COUNT][32];
	struct counted counted = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	struct ledger_report report;
	uint8_t octets[512];
	struct handle_value_list values = one_value("x", HANDLE_PERMISSION_DEFAULT, octets);

	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "88.100/%u", i / 2);
		changes[i] = (struct ledger_change){
			.next = i + 1 < COUNT ? &changes[i + 1] : NULL,
			.kind = JOURNAL_PUT,
			.name = bytes_from_string(names[i]),
			.values = values,
			.judge = only_if_new,
			.committed = count,
			.context = &counted,
		};
	}
	assert_int_equal(ledger_submit(ledger, changes), STATUS_OK);
	wait_for(&counted, COUNT);
	assert_int_equal(counted.ok, COUNT / 2);
	assert_int_equal(counted.refused, COUNT / 2);
	assert_false(counted.is_out_of_order);
	assert_int_equal(counted.last_sequence, COUNT / 2);
	for (unsigned i = 0; i < COUNT; i++) {
		assert_int_equal(changes[i].status, i % 2 == 0 ? STATUS_OK : STATUS_EXISTS);
	}
	verify_well(ledger, &report);
	assert_int_equal(report.handle_count, COUNT / 2);
	ledger_scene_close(ledger);
}

static void
changes_that_cannot_be_are_refused(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	uint8_t octets[512], name[HANDLE_NAME_SIZE_MAX + 1];
	struct ledger_change change = {
		.kind = JOURNAL_PUT,
		.name = TEXT("88.100/x"),
		.values = one_value("x", HANDLE_PERMISSION_DEFAULT, octets),
	};

	change.values.count = 2;
	assert_int_not_equal(ledger_commit(ledger, &change), STATUS_OK);
	change.values.count = 1;
	change.kind = JOURNAL_PAD;
	assert_int_equal(ledger_commit(ledger, &change), STATUS_INVALID);
	change.kind = JOURNAL_PUT;
	change.name = TEXT("");
	assert_int_equal(ledger_commit(ledger, &change), STATUS_INVALID);
	memset(name, 'n', sizeof(name));
	name[3] = '/';
	change.name = bytes_over(name, sizeof(name));
	assert_int_equal(ledger_commit(ledger, &change), STATUS_INVALID);
	change.name = bytes_over(name, sizeof(name) - 1);
	assert_int_equal(ledger_commit(ledger, &change), STATUS_OK);
	ledger_scene_close(ledger);
}

static void
a_queue_takes_as_many_as_it_promises(void **state)
{
	enum { COUNT = LEDGER_QUEUE_COUNT_MAX + 1 };
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct ledger_change *changes = calloc(COUNT, sizeof(*changes));
	struct counted counted = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

	for (unsigned i = 0; i < COUNT; i++) {
		changes[i] = (struct ledger_change){
			.next = i + 1 < COUNT ? &changes[i + 1] : NULL,
			.kind = JOURNAL_DELETE,
			.name = TEXT("88.100/none"),
			.committed = count,
			.context = &counted,
		};
	}
	assert_int_equal(ledger_submit(ledger, changes), STATUS_BUSY);
	assert_int_equal(ledger_submit(ledger, changes + 1), STATUS_OK);
	wait_for(&counted, COUNT - 1);
	assert_int_equal(counted.refused, COUNT - 1);
	free(changes);
	ledger_scene_close(ledger);
}

static void
a_second_opening_is_refused_and_told_by_whom(void **state)
{
	struct ledger_scene *scene = *state;
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_CREATE), *second;
	struct problem problem;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	assert_int_equal(
		ledger_open(scene->directory, LEDGER_WRITE, &second, &problem), STATUS_IN_USE);
	assert_non_null(strstr(problem.text, pid));
	assert_non_null(strstr(problem.text, "ledger_ledger"));
	assert_int_equal(
		ledger_open(scene->directory, LEDGER_READ, &second, &problem), STATUS_IN_USE);
	assert_int_equal(
		ledger_open(scene->directory, LEDGER_CREATE, &second, &problem), STATUS_EXISTS);
	ledger_scene_close(ledger);
	ledger = ledger_scene_open(scene, LEDGER_READ);
	ledger_scene_close(ledger_scene_open(scene, LEDGER_READ));
	ledger_scene_close(ledger);
}

static void
a_directory_without_ledger_is_told_apart(void **state)
{
	struct ledger_scene *scene = *state;
	struct ledger *ledger;
	struct problem problem;

	assert_int_equal(
		ledger_open(scene->directory, LEDGER_WRITE, &ledger, &problem), STATUS_NOT_FOUND);
	assert_non_null(strstr(problem.text, "houji init"));
	assert_int_equal(
		ledger_open("/nonexistent/x/y", LEDGER_CREATE, &ledger, &problem), STATUS_SYSTEM);
}

/* A process that ends without closing: the view is behind, the journal is not. */
static void
what_a_crash_left_behind_is_replayed(void **state)
{
	struct ledger_scene *scene = *state;
	struct ledger *ledger;
	struct ledger_report report;
	struct problem problem;
	char name[32];
	int how;
	pid_t pid;

	ledger_scene_close(ledger_scene_open(scene, LEDGER_CREATE));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		ledger = ledger_scene_open(scene, LEDGER_WRITE);
		for (unsigned i = 0; i < 300; i++) {
			snprintf(name, sizeof(name), "88.100/%u", i % 250);
			if (put_text(ledger, name, "https://x") != STATUS_OK) {
				_exit(1);
			}
		}
		(void)change_text(ledger, JOURNAL_HOME, "0.NA/88.100");
		(void)change_text(ledger, JOURNAL_DELETE, "88.100/9");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
	assert_int_equal(
		ledger_open(scene->directory, LEDGER_READ, &ledger, &problem), STATUS_READ_ONLY);
	ledger = ledger_scene_open(scene, LEDGER_WRITE);
	expect_text(ledger, "88.100/249", "https://x");
	expect_nothing(ledger, "88.100/9");
	assert_true(is_homed(ledger, "0.NA/88.100"));
	verify_well(ledger, &report);
	assert_int_equal(report.entry_count, 302);
	assert_int_equal(report.handle_count, 249);
	ledger_scene_close(ledger);
	ledger_scene_close(ledger_scene_open(scene, LEDGER_READ));
}

static void
remove_file(const struct ledger_scene *scene, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", scene->directory, name);
	assert_int_equal(unlink(path), 0);
}

static void
scribble_file(const struct ledger_scene *scene, const char *name, long at, const char *octets)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", scene->directory, name);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, octets, strlen(octets), at), strlen(octets));
	close(fd);
}

static void
fill(struct ledger *ledger)
{
	char name[32];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "88.100/%u", i);
		assert_int_equal(put_text(ledger, name, "https://before"), STATUS_OK);
	}
	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.NA/88.100"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.100/7", "https://after"), STATUS_OK);
}

static void
a_lost_view_is_made_again(void **state)
{
	struct ledger_scene *scene = *state;
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_CREATE);
	struct ledger_report report;

	fill(ledger);
	ledger_scene_close(ledger);
	remove_file(scene, "view/places");
	remove_file(scene, "view/ordered.mdb");
	ledger = ledger_scene_open(scene, LEDGER_WRITE);
	expect_text(ledger, "88.100/7", "https://after");
	assert_true(is_homed(ledger, "0.NA/88.100"));
	verify_well(ledger, &report);
	assert_int_equal(report.handle_count, 100);
	ledger_scene_close(ledger);
}

static void
a_damaged_ordered_view_is_refused_until_it_is_rebuilt(void **state)
{
	struct ledger_scene *scene = *state;
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_CREATE);
	struct ledger_report report;
	struct problem problem;

	fill(ledger);
	ledger_scene_close(ledger);
	scribble_file(scene, "view/ordered.mdb", 2 * 4096 + 4, "damage");
	scribble_file(scene, "view/ordered.mdb", 3 * 4096 + 4, "damage");
	scribble_file(scene, "view/ordered.mdb", 4 * 4096 + 4, "damage");
	scribble_file(scene, "view/ordered.mdb", 5 * 4096 + 4, "damage");
	scribble_file(scene, "view/ordered.mdb", 6 * 4096 + 4, "damage");
	assert_int_equal(
		ledger_open(scene->directory, LEDGER_WRITE, &ledger, &problem), STATUS_CORRUPT);
	assert_non_null(strstr(problem.text, "houji repair"));
	assert_non_null(strstr(problem.text, scene->directory));
	assert_int_equal(
		ledger_rebuild(scene->directory, NULL, NULL, &ledger, &problem), STATUS_OK);
	expect_text(ledger, "88.100/7", "https://after");
	verify_well(ledger, &report);
	assert_int_equal(report.handle_count, 100);
	assert_int_equal(report.prefix_count, 1);
	ledger_scene_close(ledger);
}

static void
an_unknown_layout_is_refused_with_what_to_do(void **state)
{
	struct ledger_scene *scene = *state;
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_CREATE);
	struct store_transaction *transaction;
	struct store *store;
	struct problem problem;
	uint64_t version = 2;
	char path[128];

	fill(ledger);
	ledger_scene_close(ledger);
	snprintf(path, sizeof(path), "%s/view/ordered.mdb", scene->directory);
	assert_int_equal(store_open(path, true, &store, NULL), STATUS_OK);
	assert_int_equal(store_transaction_begin(store, &transaction), STATUS_OK);
	assert_int_equal(store_put(transaction, STORE_META, TEXT("layout"),
				 bytes_over(&version, sizeof(version))),
		STATUS_OK);
	assert_int_equal(store_transaction_commit(transaction, NULL), STATUS_OK);
	store_close(store);
	assert_int_equal(ledger_open(scene->directory, LEDGER_WRITE, &ledger, &problem),
		STATUS_UNKNOWN_VERSION);
	assert_non_null(strstr(problem.text, "houji repair"));
}

/* The journal's own file is found by name, so that the test need not know it. */
static void
first_segment(const struct ledger_scene *scene, char *ret_path, size_t capacity)
{
	char command[160];
	FILE *list;

	snprintf(command, sizeof(command), "ls %s/ledger/* | head -1", scene->directory);
	list = popen(command, "r");
	assert_non_null(list);
	assert_non_null(fgets(ret_path, (int)capacity, list));
	ret_path[strcspn(ret_path, "\n")] = '\0';
	pclose(list);
}

static void
verify_finds_changed_octets_of_the_journal(void **state)
{
	struct ledger_scene *scene = *state;
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_CREATE);
	struct ledger_report report;
	struct problem problem;
	char path[160];
	uint64_t first, end;
	unsigned missed = 0;
	int fd;

	assert_int_equal(put_text(ledger, "88.100/a", "1"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.100/b", "2"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.100/a", "3"), STATUS_OK);
	first = journal_first(ledger_journal(ledger));
	end = journal_end(ledger_journal(ledger));
	ledger_scene_close(ledger);
	first_segment(scene, path, sizeof(path));
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	for (uint64_t at = first; at < end; at += 5) {
		uint8_t octet, changed;

		assert_int_equal(pread(fd, &octet, 1, (off_t)at), 1);
		changed = octet ^ 0x10;
		assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
		if (ledger_open(scene->directory, LEDGER_READ, &ledger, &problem) == STATUS_OK) {
			missed += ledger_verify(ledger, NULL, NULL, &report, &problem) == STATUS_OK;
			ledger_close(ledger, NULL);
		}
		assert_int_equal(pwrite(fd, &octet, 1, (off_t)at), 1);
	}
	close(fd);
	assert_int_equal(missed, 0);
}

static void
verify_finds_a_view_that_disagrees(void **state)
{
	struct ledger_scene *scene = *state;
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_CREATE);
	struct store_transaction *transaction;
	struct ledger_report report;
	struct problem problem;
	struct store *store;
	char path[128];

	fill(ledger);
	ledger_scene_close(ledger);
	snprintf(path, sizeof(path), "%s/view/ordered.mdb", scene->directory);
	assert_int_equal(store_open(path, true, &store, NULL), STATUS_OK);
	assert_int_equal(store_transaction_begin(store, &transaction), STATUS_OK);
	assert_int_equal(store_remove(transaction, STORE_HANDLES, TEXT("88.100/50")), STATUS_OK);
	assert_int_equal(store_transaction_commit(transaction, NULL), STATUS_OK);
	store_close(store);
	ledger = ledger_scene_open(scene, LEDGER_READ);
	assert_int_equal(ledger_verify(ledger, NULL, NULL, &report, &problem), STATUS_CORRUPT);
	assert_non_null(strstr(problem.text, "99"));
	ledger_scene_close(ledger);
}

static bool
stop_at_once(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	return done > total;
}

static void
verify_stops_when_it_is_told(void **state)
{
	enum { COUNT = 65536 };
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct ledger_change *changes = calloc(COUNT, sizeof(*changes));
	char(*names)[16] = calloc(COUNT, sizeof(*names));
	struct counted counted = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	struct ledger_report report;
	struct problem problem;
	uint8_t octets[512];
	struct handle_value_list values = one_value("x", HANDLE_PERMISSION_DEFAULT, octets);

	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "88.1/%u", i * 2654435761u);
		changes[i] = (struct ledger_change){
			.next = i + 1 < COUNT ? &changes[i + 1] : NULL,
			.kind = JOURNAL_PUT,
			.name = bytes_from_string(names[i]),
			.values = values,
			.committed = count,
			.context = &counted,
		};
	}
	assert_int_equal(ledger_submit(ledger, changes), STATUS_OK);
	wait_for(&counted, COUNT);
	assert_int_equal(counted.ok, COUNT);
	assert_int_equal(
		ledger_verify(ledger, stop_at_once, NULL, &report, &problem), STATUS_CLOSED);
	verify_well(ledger, &report);
	assert_int_equal(report.handle_count, COUNT);
	free(names);
	free(changes);
	ledger_scene_close(ledger);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, ledger_scene_begin, ledger_scene_end)
		T(what_was_committed_is_seen_at_once_and_after_reopening),
		T(the_name_stays_as_first_written),
		T(a_deleted_handle_is_gone_everywhere),
		T(prefixes_are_homed_and_given_up),
		T(changes_of_one_chain_are_judged_in_order),
		T(changes_that_cannot_be_are_refused),
		T(a_queue_takes_as_many_as_it_promises),
		T(a_second_opening_is_refused_and_told_by_whom),
		T(a_directory_without_ledger_is_told_apart),
		T(what_a_crash_left_behind_is_replayed),
		T(a_lost_view_is_made_again),
		T(a_damaged_ordered_view_is_refused_until_it_is_rebuilt),
		T(an_unknown_layout_is_refused_with_what_to_do),
		T(verify_finds_changed_octets_of_the_journal),
		T(verify_finds_a_view_that_disagrees),
		T(verify_stops_when_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
