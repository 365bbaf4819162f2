/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_scene.h"

#include "base/limits.h"
#include "journal/journal_format.h"
#include "ledger/ledger_private.h"
#include "support/disk_fault.h"

#include <errno.h>
#include <pthread.h>

/* What is handed in together, when that is more than there is room for, or cannot be written. */
struct handed {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t left, ok;
	struct ledger_change *changes;
	uint8_t octets[512];
};

static void
committed(void *context, struct ledger_change *change, enum status status, uint64_t sequence)
{
	struct handed *handed = context;

	(void)sequence;
	pthread_mutex_lock(&handed->lock);
	change->status = status;
	handed->ok += status == STATUS_OK;
	handed->left--;
	pthread_cond_signal(&handed->changed);
	pthread_mutex_unlock(&handed->lock);
}

/* Puts of one small value; the caller names them. */
static struct handed *
handed_new(size_t count)
{
	struct handed *handed = calloc(1, sizeof(*handed));
	struct handle_value_list values;

	assert_non_null(handed);
	pthread_mutex_init(&handed->lock, NULL);
	pthread_cond_init(&handed->changed, NULL);
	handed->left = count;
	handed->changes = calloc(count, sizeof(*handed->changes));
	assert_non_null(handed->changes);
	values = one_value("x", HANDLE_PERMISSION_DEFAULT, handed->octets);
	for (size_t i = 0; i < count; i++) {
		handed->changes[i] = (struct ledger_change){
			.next = i + 1 < count ? &handed->changes[i + 1] : NULL,
			.kind = JOURNAL_PUT,
			.values = values,
			.committed = committed,
			.context = handed,
		};
	}
	return handed;
}

static void
handed_commit(struct ledger *ledger, struct handed *handed)
{
	assert_int_equal(ledger_submit(ledger, handed->changes), STATUS_OK);
	pthread_mutex_lock(&handed->lock);
	while (handed->left > 0) {
		pthread_cond_wait(&handed->changed, &handed->lock);
	}
	pthread_mutex_unlock(&handed->lock);
}

static void
handed_free(struct handed *handed)
{
	free(handed->changes);
	free(handed);
}

/* Entries of prefixes are the smallest: the count is what fills a batch, not its octets. */
static void
more_small_changes_than_a_batch_has_room_for_are_all_made(void **state)
{
	enum { COUNT = LEDGER_QUEUE_COUNT_MAX, NAME_SIZE = 16 };
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct handed *handed = handed_new(COUNT);
	char(*names)[NAME_SIZE] = calloc(COUNT, NAME_SIZE);
	struct ledger_report report;
	struct problem problem;

	assert_non_null(names);
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(names[i], NAME_SIZE, "0.NA/%x", i);
		handed->changes[i].kind = JOURNAL_HOME;
		handed->changes[i].name = bytes_from_string(names[i]);
	}
	handed_commit(ledger, handed);
	assert_int_equal(handed->ok, COUNT);
	assert_int_equal(ledger_settle(ledger, &problem), STATUS_OK);
	assert_int_equal(journal_last_sequence(ledger_journal(ledger)), COUNT);
	assert_int_equal(ledger_verify(ledger, NULL, NULL, &report, &problem), STATUS_OK);
	free(names);
	handed_free(handed);
	ledger_scene_close(ledger);
}

/* Names of the largest size fill the room for keys of the ordered table long before its count:
 * whoever hands them over, faster than a journal could, waits until the applier has taken some. */
static void
more_names_than_the_applier_has_room_for_wait_for_it(void **state)
{
	enum { COUNT = LEDGER_VIEW_KEYS_SIZE / HANDLE_NAME_SIZE_MAX * 2 / 3, ROUND_COUNT = 4 };
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct records_change *changes = calloc(COUNT, sizeof(*changes));
	uint8_t(*names)[HANDLE_NAME_SIZE_MAX] = calloc(COUNT, HANDLE_NAME_SIZE_MAX);
	uint64_t end = journal_end(ledger_journal(ledger));
	struct problem problem;

	assert_non_null(changes);
	assert_non_null(names);
	for (uint32_t round = 0; round < ROUND_COUNT; round++) {
		for (uint32_t i = 0; i < COUNT; i++) {
			memset(names[i], 'n', sizeof(names[i]));
			memcpy(names[i], "0.NA/", 5);
			snprintf((char *)names[i] + 5, 16, "%u.%u", round, i);
			changes[i] = (struct records_change){JOURNAL_HOME,
				bytes_over(names[i], sizeof(names[i])), JOURNAL_HEADER_SIZE};
		}
		ledger_view_append(ledger, changes, COUNT, end);
	}
	assert_int_equal(ledger_settle(ledger, &problem), STATUS_OK);
	free(names);
	free(changes);
	ledger_scene_close(ledger);
}

/* Who was refused for a reason of its own is told that, not that the disk failed. */
static void
a_batch_that_cannot_be_written_is_refused_each_for_its_reason(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct handed *handed = handed_new(4);

	assert_int_equal(put_text(ledger, "88.100/there", "x"), STATUS_OK);
	handed->changes[0].name = TEXT("88.100/new");
	handed->changes[1].name = TEXT("88.100/none");
	handed->changes[1].kind = JOURNAL_DELETE;
	handed->changes[2].name = TEXT("88.100/there");
	handed->changes[2].expected = LEDGER_EXPECT_NONE;
	handed->changes[3].name = TEXT("");
	disk_fault_arm_call(DISK_SYNC, 1, EIO);
	handed_commit(ledger, handed);
	assert_true(disk_fault_has_struck());
	disk_fault_disarm();
	assert_int_equal(handed->ok, 0);
	assert_int_equal(handed->changes[0].status, STATUS_SYSTEM);
	assert_int_equal(handed->changes[1].status, STATUS_NOT_FOUND);
	assert_int_equal(handed->changes[2].status, STATUS_CONFLICT);
	assert_int_equal(handed->changes[3].status, STATUS_INVALID);
	assert_int_equal(put_text(ledger, "88.100/later", "x"), STATUS_READ_ONLY);
	handed_free(handed);
	assert_int_equal(ledger_close(ledger, NULL), STATUS_SYSTEM);
	/* The next start takes changes again. */
	ledger = ledger_scene_open(*state, LEDGER_WRITE);
	assert_int_equal(put_text(ledger, "88.100/later", "x"), STATUS_OK);
	ledger_scene_close(ledger);
}

static void
grown(void *context)
{
	++*(unsigned *)context;
}

static void
loop_ends(void *context)
{
	loop_stop(context);
}

/* All that was posted before this. */
static void
loop_drain(struct loop *loop)
{
	struct loop_post post = {.posted = loop_ends, .context = loop};

	loop_post(loop, &post);
	assert_int_equal(loop_run(loop), STATUS_OK);
}

static void
a_watcher_hears_once_of_all_that_came_since_it_asked(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct loop *loop = loop_new(NULL);
	unsigned grown_count = 0;
	struct ledger_watch watch = {.loop = loop, .grown = grown, .context = &grown_count};

	assert_non_null(loop);
	ledger_watch_begin(ledger, &watch);
	for (unsigned round = 0; round < 3; round++) {
		ledger_watch_arm(&watch);
		for (unsigned i = 0; i < 5; i++) {
			assert_int_equal(
				put_text(ledger, "88.100/x", i % 2 == 0 ? "a" : "b"), STATUS_OK);
		}
		/* It is told behind the answers. */
		assert_int_equal(ledger_settle(ledger, NULL), STATUS_OK);
		loop_drain(loop);
		assert_int_equal(grown_count, round + 1);
	}
	assert_int_equal(put_text(ledger, "88.100/x", "c"), STATUS_OK);
	assert_int_equal(ledger_settle(ledger, NULL), STATUS_OK);
	loop_drain(loop);
	assert_int_equal(grown_count, 3);
	ledger_watch_end(ledger, &watch);
	ledger_scene_close(ledger);
	loop_free(loop);
}

#define LEDGER_TEST(name) \
	cmocka_unit_test_setup_teardown(name, ledger_scene_begin, ledger_scene_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(more_small_changes_than_a_batch_has_room_for_are_all_made),
		LEDGER_TEST(more_names_than_the_applier_has_room_for_wait_for_it),
		LEDGER_TEST(a_watcher_hears_once_of_all_that_came_since_it_asked),
		LEDGER_TEST(a_batch_that_cannot_be_written_is_refused_each_for_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
