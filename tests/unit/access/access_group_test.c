/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_group.h"

#include "handle/handle_name.h"
#include "unit/access/scene.h"

#include <stdio.h>
#include <stdlib.h>

static const char LI[] = "300:88.1/li";

static int
begin(void **state)
{
	*state = scene_new();
	return 0;
}

static int
end(void **state)
{
	scene_free(*state);
	return 0;
}

static enum status
holds_within(struct scene *scene, const char *group, const char *who, struct access_budget *budget)
{
	struct access_identity item = identity_of(group);
	struct access_identity identity = identity_of(who);
	struct access_list groups = {&item, 1};

	return access_group_holds(&groups, &identity, &scene->reach, budget);
}

static enum status
holds(struct scene *scene, const char *group, const char *who)
{
	struct access_budget budget = access_budget_full();

	return holds_within(scene, group, who, &budget);
}

static void
members_are_found_directly_and_in_groups_of_groups(void **state)
{
	struct scene *scene = *state;

	scene_group(scene, "88.1/all", 200, "300:88.1/zhao 200:88.1/inner 0:88.1/any");
	scene_group(scene, "88.1/inner", 200, "301:88.1/li 300:88.1/li");
	assert_int_equal(holds(scene, "200:88.1/all", "300:88.1/zhao"), STATUS_OK);
	assert_int_equal(holds(scene, "200:88.1/all", LI), STATUS_OK);
	assert_int_equal(holds(scene, "200:88.1/all", "7:88.1/any"), STATUS_OK);
	assert_int_equal(holds(scene, "200:88.1/all", "0:88.1/li"), STATUS_OK);
	assert_int_equal(holds(scene, "200:88.1/all", "302:88.1/li"), STATUS_NOT_ADMIN);
	assert_int_equal(holds(scene, "200:88.1/all", "300:88.1/LI"), STATUS_NOT_ADMIN);
	assert_int_equal(holds(scene, "200:88.1/all", "300:88.1/wang"), STATUS_NOT_ADMIN);
}

static void
only_the_value_named_is_the_group(void **state)
{
	struct scene *scene = *state;

	scene_group(scene, "88.1/all", 201, LI);
	scene_value(scene, "88.1/all", 202, "URL",
		TEXT("\0\0\0\1\0\0\0\7"
		     "88.1/li\0\0\1\54"));
	scene_value(scene, "88.1/all", 203, "HS_VLIST",
		TEXT("\0\0\0\1\0\0\0\7"
		     "88.1/li\0\0"));
	scene_value(scene, "88.1/all", 204, "hs_vlist",
		TEXT("\0\0\0\1\0\0\0\7"
		     "88.1/li\0\0\1\54"));
	assert_int_equal(holds(scene, "200:88.1/all", LI), STATUS_NOT_ADMIN);
	assert_int_equal(holds(scene, "201:88.1/all", LI), STATUS_OK);
	assert_int_equal(holds(scene, "202:88.1/all", LI), STATUS_NOT_ADMIN);
	assert_int_equal(holds(scene, "203:88.1/all", LI), STATUS_NOT_ADMIN);
	assert_int_equal(holds(scene, "204:88.1/all", LI), STATUS_OK);
	assert_int_equal(holds(scene, "0:88.1/all", LI), STATUS_NOT_ADMIN);
	assert_int_equal(holds(scene, "200:88.1/none", LI), STATUS_NOT_ADMIN);
}

static void
loops_end_and_each_list_is_read_once(void **state)
{
	struct scene *scene = *state;

	scene_group(scene, "88.1/a", 200, "200:88.1/b 200:88.1/A 200:88.1/a");
	scene_group(scene, "88.1/b", 200, "200:88.1/a 200:88.1/c 200:88.1/b");
	scene_group(scene, "88.1/c", 200, "200:88.1/a 200:88.1/b 200:88.1/a");
	scene->lookup_count = 0;
	assert_int_equal(holds(scene, "200:88.1/a", LI), STATUS_NOT_ADMIN);
	/* "A" is a handle of its own to the rule of references, and the same to the look-up. */
	assert_int_equal(scene->lookup_count, 4);
}

static void
chains_are_followed_to_their_depth(void **state)
{
	struct scene *scene = *state;
	char name[32];
	char next[32];

	for (int i = 1; i <= GROUP_DEPTH_MAX + 1; i++) {
		snprintf(name, sizeof(name), "88.1/%d", i);
		snprintf(next, sizeof(next), "200:88.1/%d 300:88.1/in%d", i + 1, i);
		scene_group(scene, name, 200, next);
	}
	for (int i = 1; i <= GROUP_DEPTH_MAX + 1; i++) {
		struct access_budget budget = access_budget_full();

		snprintf(name, sizeof(name), "300:88.1/in%d", i);
		assert_int_equal(holds_within(scene, "200:88.1/1", name, &budget),
			i <= GROUP_DEPTH_MAX ? STATUS_OK : STATUS_NOT_ADMIN);
		/* The eighth list names a ninth. */
		assert_int_equal(budget.is_spent, i >= GROUP_DEPTH_MAX);
	}
}

static struct references references;

/* Five octets, so that ten thousand fit into one value. */
static const char *
short_name(int number)
{
	static char name[] = "a/xxx";

	for (int i = 4; i >= 2; i--, number /= 32) {
		name[i] = "abcdefghijklmnopqrstuvwxyz012345"[number % 32];
	}
	return name;
}

/* What many people in few lists cost: comparing them; and of what could be lists, too, the
 * first 256 are looked at. */
static void
a_group_of_ten_thousand_works_within_the_budget(void **state)
{
	struct scene *scene = *state;
	struct access_budget budget = access_budget_full();

	references.size = 0;
	for (int i = 0; i < 10000; i++) {
		references_add(&references, 1, short_name(i));
	}
	scene_group(scene, "88.1/one", 200, references.text);
	assert_true(
		scene_record(scene, "88.1/one")->values.octets.size < HANDLE_VALUE_DATA_SIZE_MAX);
	assert_int_equal(holds(scene, "200:88.1/one", "1:a/jyp"), STATUS_OK);
	scene->lookup_count = 0;
	assert_int_equal(holds_within(scene, "200:88.1/one", "1:a/jyq", &budget), STATUS_NOT_ADMIN);
	assert_int_equal(scene->lookup_count, GROUP_REFERENCE_COUNT_MAX);
	assert_true(budget.is_spent);

	/* The same in four lists, with names of people. */
	scene_group(scene, "88.1/all", 200, "201:88.1/all 202:88.1/all 203:88.1/all 204:88.1/all");
	for (uint32_t i = 0; i < 4; i++) {
		char name[32];

		references.size = 0;
		for (uint32_t k = 0; k < 2499; k++) {
			snprintf(name, sizeof(name), "88.1/m%u", i * 2500 + k);
			references_add(&references, 300, name);
		}
		references_add(&references, 300, i == 3 ? "88.1/li" : "88.1/x");
		scene_group(scene, "88.1/all", 201 + i, references.text);
	}
	assert_int_equal(holds(scene, "200:88.1/all", LI), STATUS_OK);
	assert_int_equal(holds(scene, "200:88.1/all", "300:88.1/m0"), STATUS_OK);
	assert_int_equal(holds(scene, "200:88.1/all", "300:88.1/m9998"), STATUS_OK);
	assert_int_equal(holds(scene, "200:88.1/all", "300:88.1/m9999"), STATUS_NOT_ADMIN);
}

/* `count` lists side by side; the identity is in the last. */
static enum status
holds_in_the_last_of(struct scene *scene, uint32_t count, struct access_budget *budget)
{
	char name[32];

	references.size = 0;
	scene_clear(scene);
	for (uint32_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "88.1/g%u", i);
		scene_group(scene, name, 200, i + 1 == count ? LI : "300:88.1/x");
		references_add(&references, 200, name);
	}
	scene_group(scene, "88.1/all", 200, references.text);
	return holds_within(scene, "200:88.1/all", LI, budget);
}

/* One reference leads to the list of all, the others to one list each. */
static void
as_many_references_are_followed_as_the_budget_says(void **state)
{
	struct scene *scene = *state;

	for (uint32_t count = GROUP_REFERENCE_COUNT_MAX - 3; count <= GROUP_REFERENCE_COUNT_MAX;
		count++) {
		struct access_budget budget = access_budget_full();

		assert_int_equal(holds_in_the_last_of(scene, count, &budget),
			count < GROUP_REFERENCE_COUNT_MAX ? STATUS_OK : STATUS_NOT_ADMIN);
		/* The other person could be a list, too, and takes the last place. */
		assert_int_equal(budget.is_spent, count >= GROUP_REFERENCE_COUNT_MAX - 2);
	}
	for (uint32_t left = 0; left < 6; left++) {
		struct access_budget budget = access_budget_full();

		budget.references = left;
		assert_int_equal(holds_in_the_last_of(scene, 4, &budget),
			left < 5 ? STATUS_NOT_ADMIN : STATUS_OK);
		assert_int_equal(budget.references, 0);
	}
}

static void
octets_of_lists_are_paid_for(void **state)
{
	struct scene *scene = *state;
	struct access_budget budget = access_budget_full();
	size_t paid;

	scene_value(scene, "88.1/all", 1, "URL", TEXT("https://example.org"));
	scene_group(scene, "88.1/all", 200, LI);
	assert_int_equal(holds_within(scene, "200:88.1/all", LI, &budget), STATUS_OK);
	paid = GROUP_SCAN_SIZE_MAX - budget.scan_size;
	/* Two values were stepped over; the list holds a count and one reference. */
	assert_int_equal(paid, 2 * HANDLE_VALUE_SIZE_MIN + 4 + 8 + 7);
	for (size_t size = 0; size <= paid; size++) {
		budget = access_budget_full();
		budget.scan_size = size;
		assert_int_equal(holds_within(scene, "200:88.1/all", LI, &budget),
			size < paid ? STATUS_NOT_ADMIN : STATUS_OK);
		assert_int_equal(budget.is_spent, size < paid);
	}
}

static enum status
remote_answer(void *context, struct bytes name, struct record *ret_record)
{
	struct scene *scene = context;

	(void)name;
	*ret_record = *scene_record(scene, "88.1/kept");
	return STATUS_OK;
}

static void
groups_elsewhere_hold_nobody_unless_they_are_known(void **state)
{
	struct scene *scene = *state;
	struct access_budget budget = access_budget_full();

	scene_group(scene, "88.1/kept", 200, LI);
	scene->absent = "99.1/far";
	scene->answer = STATUS_NOT_RESPONSIBLE;
	assert_int_equal(holds(scene, "200:99.1/far", LI), STATUS_NOT_ADMIN);
	scene->reach.remote = remote_answer;
	assert_int_equal(holds_within(scene, "200:99.1/far", LI, &budget), STATUS_OK);
	assert_int_equal(budget.remotes, GROUP_REMOTE_COUNT_MAX - 1);
	assert_int_equal(holds(scene, "200:88.1/none", LI), STATUS_NOT_ADMIN);
	budget.remotes = 0;
	assert_int_equal(holds_within(scene, "200:99.1/far", LI, &budget), STATUS_NOT_ADMIN);
	assert_true(budget.is_spent);
}

static void
what_stops_the_look_up_stops_the_decision(void **state)
{
	struct scene *scene = *state;

	scene_group(scene, "88.1/all", 200, "200:88.1/inner");
	scene->absent = "88.1/inner";
	scene->answer = STATUS_BUSY;
	assert_int_equal(holds(scene, "200:88.1/all", LI), STATUS_BUSY);
	scene->answer = STATUS_CORRUPT;
	assert_int_equal(holds(scene, "200:88.1/all", LI), STATUS_CORRUPT);
	scene->answer = STATUS_INVALID;
	assert_int_equal(holds(scene, "200:88.1/all", LI), STATUS_NOT_ADMIN);
}

/* Random graphs against a set that grows until it stays the same. */
enum { NODE_COUNT = 12, GRAPH_COUNT = 100000, MEMBER_COUNT_MAX = 4 };

struct graph {
	size_t counts[NODE_COUNT];
	size_t members[NODE_COUNT][MEMBER_COUNT_MAX]; /* NODE_COUNT: the identity. */
};

static bool
graph_leads(const struct graph *graph, size_t from)
{
	bool reached[NODE_COUNT + 1] = {false};

	reached[from] = true;
	/* Depth is counted, too: one round for each level. */
	for (int round = 0; round < GROUP_DEPTH_MAX; round++) {
		bool before[NODE_COUNT + 1];

		memcpy(before, reached, sizeof(before));
		for (size_t i = 0; i < NODE_COUNT; i++) {
			for (size_t k = 0; before[i] && k < graph->counts[i]; k++) {
				reached[graph->members[i][k]] = true;
			}
		}
	}
	return reached[NODE_COUNT];
}

static void
random_graphs_are_walked_as_a_set_says(void **state)
{
	struct scene *scene = *state;
	unsigned random = 1;
	size_t found = 0;
	char names[NODE_COUNT][16];

	for (size_t i = 0; i < NODE_COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "88.1/n%zu", i);
	}
	for (int round = 0; round < GRAPH_COUNT; round++) {
		struct graph graph = {0};

		scene_clear(scene);
		for (size_t i = 0; i < NODE_COUNT; i++) {
			references.size = 0;
			references.text[0] = '\0';
			graph.counts[i] = (size_t)rand_r(&random) % MEMBER_COUNT_MAX;
			for (size_t k = 0; k < graph.counts[i]; k++) {
				size_t to = (size_t)rand_r(&random) % NODE_COUNT;

				to = rand_r(&random) % 24 == 0 ? NODE_COUNT : to;
				graph.members[i][k] = to;
				references_add(&references, to == NODE_COUNT ? 300 : 200,
					to == NODE_COUNT ? "88.1/li" : names[to]);
			}
			scene_group(scene, names[i], 200, references.text);
		}

		bool is_held = holds(scene, "200:88.1/n0", LI) == STATUS_OK;

		assert_int_equal(is_held, graph_leads(&graph, 0));
		found += is_held;
	}
	/* Both happen often enough to mean something. */
	assert_in_range(found, GRAPH_COUNT / 10, GRAPH_COUNT * 9 / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			members_are_found_directly_and_in_groups_of_groups, begin, end),
		cmocka_unit_test_setup_teardown(only_the_value_named_is_the_group, begin, end),
		cmocka_unit_test_setup_teardown(loops_end_and_each_list_is_read_once, begin, end),
		cmocka_unit_test_setup_teardown(chains_are_followed_to_their_depth, begin, end),
		cmocka_unit_test_setup_teardown(
			a_group_of_ten_thousand_works_within_the_budget, begin, end),
		cmocka_unit_test_setup_teardown(
			as_many_references_are_followed_as_the_budget_says, begin, end),
		cmocka_unit_test_setup_teardown(octets_of_lists_are_paid_for, begin, end),
		cmocka_unit_test_setup_teardown(
			groups_elsewhere_hold_nobody_unless_they_are_known, begin, end),
		cmocka_unit_test_setup_teardown(
			what_stops_the_look_up_stops_the_decision, begin, end),
		cmocka_unit_test_setup_teardown(random_graphs_are_walked_as_a_set_says, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
