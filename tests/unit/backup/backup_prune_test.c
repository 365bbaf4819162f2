/* SPDX-License-Identifier: Apache-2.0 */
#include "backup_scene.h"

#include "base/clock.h"
#include "crypto/crypto.h"
#include "ledger/ledger_evidence.h"
#include "ledger/ledger_prune.h"

#include <signal.h>
#include <sys/wait.h>

/* Backups of a ledger that retention prunes, before and after; and signed heads, which are in
 * every backup. */

enum { PRUNED_SEGMENT_SIZE = 64 << 10, HANDLES = 20 };

/* The scene's ledger again, with segments that can lose blocks. */
static int
pruned_scene_begin(void **state)
{
	struct scene *scene;
	struct problem problem;

	if (scene_begin(state) != 0) {
		return -1;
	}
	scene = *state;
	assert_int_equal(ledger_close(scene->ledger, NULL), STATUS_OK);
	remove_all(scene->node);
	assert_int_equal(mkdir(scene->node, 0700), 0);
	if (ledger_create_sized(scene->node, PRUNED_SEGMENT_SIZE, &scene->ledger, &problem) !=
		STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	return 0;
}

static void
change_in_turn(struct ledger *ledger, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		put(ledger, i % HANDLES, i);
	}
}

static uint64_t
prune(const struct scene *scene, int64_t before_ms)
{
	struct ledger_prune_order order = {.before_ms = before_ms};
	struct ledger_pruned pruned = {0};
	struct problem problem = {0};
	struct ledger *ledger;

	if (ledger_open(scene->node, LEDGER_LOOK, &ledger, &problem) != STATUS_OK ||
		ledger_prune(ledger, &order, &pruned, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	assert_int_equal(ledger_close(ledger, NULL), STATUS_OK);
	return pruned.removed_count;
}

static struct ledger_report
verified(const char *directory)
{
	struct ledger_report report = {0};
	struct problem problem = {0};
	struct ledger *ledger;

	if (ledger_open(directory, LEDGER_READ, &ledger, &problem) != STATUS_OK ||
		ledger_verify(ledger, NULL, NULL, &report, &problem) != STATUS_OK) {
		fail_msg("%s: %s", directory, problem.text);
	}
	assert_int_equal(ledger_close(ledger, NULL), STATUS_OK);
	return report;
}

static unsigned
segments_in(const char *folder)
{
	char command[2 * SCENE_PATH_SIZE], text[16] = "";
	FILE *pipe;

	snprintf(command, sizeof(command), "ls %s/ledger | wc -l", folder);
	pipe = popen(command, "r"); /* NOLINT: a fixed command. */
	assert_non_null(pipe);
	assert_non_null(fgets(text, sizeof(text), pipe));
	pclose(pipe);
	return (unsigned)strtoul(text, NULL, 10);
}

static void
a_pruned_ledger_is_restored_as_it_is(void **state)
{
	struct scene *scene = *state;
	uint64_t removed, count;

	change_in_turn(scene->ledger, 1200);
	removed = prune(scene, clock_wall_ms());
	assert_true(removed > 500);
	back_up(scene->node, scene->to);
	check_well(scene->to);
	restore_well(scene->to, scene->restored, &all_of_it);
	expect_same_records(scene->ledger, scene->restored, &count);
	assert_int_equal(count, HANDLES);
	assert_int_equal(verified(scene->restored).pruned_count, removed);
}

/* The next backup lets go of what was pruned, as a whole or not at all. */
static void
a_backup_follows_what_was_pruned_since(void **state)
{
	struct scene *scene = *state;
	uint64_t removed, count;

	change_in_turn(scene->ledger, 1210);
	back_up(scene->node, scene->to);
	removed = prune(scene, clock_wall_ms());
	assert_true(back_up(scene->node, scene->to).is_incremental);
	check_well(scene->to);
	assert_int_equal(segments_in(scene->to), segments_in(scene->node));
	assert_int_equal(back_up(scene->node, scene->to).copied_size, 0);
	/* Segments that the backup had in part are pruned, too. */
	change_in_turn(scene->ledger, 700);
	assert_true(back_up(scene->node, scene->to).copied_size > 0);
	change_in_turn(scene->ledger, 700);
	removed += prune(scene, clock_wall_ms());
	change_in_turn(scene->ledger, 5);
	back_up(scene->node, scene->to);
	check_well(scene->to);
	assert_int_equal(segments_in(scene->to), segments_in(scene->node));
	restore_well(scene->to, scene->restored, &all_of_it);
	expect_same_records(scene->ledger, scene->restored, &count);
	assert_int_equal(verified(scene->restored).pruned_count, removed);
}

static bool
end_at(void *context, uint64_t done, uint64_t total)
{
	unsigned *left = context;

	(void)done;
	(void)total;
	if (--*left == 0) {
		kill(getpid(), SIGKILL);
	}
	return true;
}

static bool
killed_at(const struct scene *scene, unsigned nth)
{
	struct backup_options options = {.progress = end_at, .context = &nth};
	struct backup_report report;
	int wait_status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		_exit(backup_make(scene->node, scene->to, &options, &report, NULL) == STATUS_OK
				? 0
				: 1);
	}
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_true(WIFSIGNALED(wait_status) || WEXITSTATUS(wait_status) == 0);
	return WIFSIGNALED(wait_status);
}

static void
a_backup_of_prunings_killed_at_any_step_leaves_the_earlier_one(void **state)
{
	struct scene *scene = *state;
	unsigned steps = 0;
	uint64_t first, removed;

	change_in_turn(scene->ledger, 1200);
	first = back_up(scene->node, scene->to).end.sequence;
	change_in_turn(scene->ledger, 100);
	removed = prune(scene, clock_wall_ms());
	while (killed_at(scene, steps + 1)) {
		assert_int_equal(check_well(scene->to).end.sequence, first);
		steps++;
	}
	assert_true(steps > 3);
	assert_int_equal(check_well(scene->to).end.sequence, first + 100);
	restore_well(scene->to, scene->restored, &all_of_it);
	assert_int_equal(verified(scene->restored).pruned_count, removed);
}

/* The backup has a segment in part, which in the ledger is full and pruned by now. */
static void
a_pruned_ledger_goes_on_where_the_backup_ends(void **state)
{
	struct scene *scene = *state;
	struct backup_restore_options options = {.ledger = scene->node};
	uint64_t count;

	change_in_turn(scene->ledger, 700);
	back_up(scene->node, scene->to);
	change_in_turn(scene->ledger, 700);
	assert_true(prune(scene, clock_wall_ms()) > 500);
	assert_int_equal(restore_well(scene->to, scene->restored, &options).from_ledger_count, 700);
	expect_same_records(scene->ledger, scene->restored, &count);
	verified(scene->restored);
}

static void
a_past_with_gaps_is_not_restored(void **state)
{
	struct scene *scene = *state;
	struct backup_restore_options options = {.has_sequence = true};
	struct backup_report report;
	struct problem problem = {0};
	int64_t cutoff, until;

	change_in_turn(scene->ledger, 1200);
	cutoff = clock_wall_ms();
	until = cutoff + 3;
	while (clock_wall_ms() < until) {
		usleep(500);
	}
	change_in_turn(scene->ledger, 500);
	assert_true(prune(scene, cutoff) > 500);
	back_up(scene->node, scene->to);
	for (uint64_t sequence = 100; sequence < 1200; sequence += 183) {
		options.sequence = sequence;
		assert_int_equal(
			backup_restore(scene->to, scene->restored, &options, &report, &problem),
			STATUS_NOT_FOUND);
		assert_non_null(strstr(problem.text, "retention"));
		remove_all(scene->restored);
	}
	for (uint64_t sequence = 1200; sequence < 1700; sequence += 61) {
		options.sequence = sequence;
		restore_well(scene->to, scene->restored, &options);
		verified(scene->restored);
		remove_all(scene->restored);
	}
}

/* Without keys, too: they are evidence, and no secret. */
static void
signed_heads_are_in_every_backup(void **state)
{
	struct scene *scene = *state;
	struct crypto_key *key = NULL;
	struct ledger_head head;
	struct problem problem = {0};
	uint8_t octets[4096], octets_too[4096];
	struct bytes heads;

	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &key), STATUS_OK);
	change_in_turn(scene->ledger, 100);
	assert_int_equal(
		ledger_evidence_checkpoint(scene->ledger, key, &head, &problem), STATUS_OK);
	write_file(scene->node, "houji.yaml", TEXT("settings"));
	assert_int_equal(back_up(scene->node, scene->to).node_file_count, 1);
	change_in_turn(scene->ledger, 100);
	assert_int_equal(
		ledger_evidence_checkpoint(scene->ledger, key, &head, &problem), STATUS_OK);
	assert_int_equal(back_up(scene->node, scene->to).node_file_count, 1);
	restore_well(scene->to, scene->restored, &all_of_it);
	heads = read_file(scene->node, "heads.ndjson", octets, sizeof(octets));
	assert_true(heads.size > 0);
	assert_true(bytes_equal(
		heads, read_file(scene->restored, "heads.ndjson", octets_too, sizeof(octets_too))));
	assert_int_equal(verified(scene->restored).signed_size, 200);
	assert_int_equal(verified(scene->restored).unknown_count, 2);
	crypto_key_free(key);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, pruned_scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		CASE(a_pruned_ledger_is_restored_as_it_is),
		CASE(a_backup_follows_what_was_pruned_since),
		CASE(a_backup_of_prunings_killed_at_any_step_leaves_the_earlier_one),
		CASE(a_pruned_ledger_goes_on_where_the_backup_ends),
		CASE(a_past_with_gaps_is_not_restored),
		CASE(signed_heads_are_in_every_backup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
