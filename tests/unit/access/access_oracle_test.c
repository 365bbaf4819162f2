/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_rights.h"

#include "message/message.h"
#include "unit/access/scene.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * A million random questions, put to the code and to an oracle that shares nothing with it: it
 * keeps who is in which group as sets, and says what is needed in the order in which the
 * specification says it. Records are remembered as they were drawn, not read back.
 */
enum { CASE_COUNT = 1000000, CASES_OF_A_WORLD = 40 };
enum { PERSON_COUNT = 5, GROUP_COUNT = 5, ADMIN_COUNT_MAX = 4, CHANGE_COUNT_MAX = 3 };
enum { REFERENCE_COUNT = PERSON_COUNT + GROUP_COUNT };

/* Persons are values 300 and on of p/1; the last one is all of them: index 0. */
static const char *const references[REFERENCE_COUNT] = {"300:p/1", "301:p/1", "302:p/1", "303:p/1",
	"0:p/1", "200:g/1", "200:g/2", "200:g/3", "201:g/3", "0:g/1"};

enum place { RECORD, PREFIX, ROOT, PLACE_COUNT };

struct admin {
	uint16_t rights;
	size_t reference;
	bool counts; /* The type is HS_ADMIN and the data is whole. */
};

struct world {
	size_t admin_counts[PLACE_COUNT];
	struct admin admins[PLACE_COUNT][ADMIN_COUNT_MAX];
	bool exists[PLACE_COUNT];
	bool members[GROUP_COUNT][REFERENCE_COUNT]; /* Directly. */
	bool within[GROUP_COUNT][REFERENCE_COUNT]; /* At any depth. */
	bool in_list[5][REFERENCE_COUNT]; /* Server, home, replication, backup, status. */
	struct access_identity items[5][REFERENCE_COUNT];
	struct access_policy policy;
};

static const char *const names[PLACE_COUNT] = {"0.NA/88.1", "0.NA/88", "0.NA/0.NA"};

struct change {
	bool has_before, has_after;
	bool is_admin_before, is_admin_after;
	bool is_open;
};

static unsigned seed = 20260101;

static size_t
draw(size_t limit)
{
	return (size_t)rand_r(&seed) % limit;
}

static void
draw_admins(struct scene *scene, struct world *world, enum place place)
{
	world->exists[place] = draw(8) != 0;
	world->admin_counts[place] = world->exists[place] ? draw(ADMIN_COUNT_MAX + 1) : 0;
	if (world->exists[place]) {
		scene_value(scene, names[place], 1, "URL", TEXT("x"));
	}
	for (size_t i = 0; i < world->admin_counts[place]; i++) {
		struct admin *admin = &world->admins[place][i];

		*admin = (struct admin){(uint16_t)(draw(0x2000) | draw(0x2000) | draw(0x2000)),
			draw(REFERENCE_COUNT), draw(8) != 0};
		if (admin->counts) {
			scene_admin(scene, names[place], 100 + (uint32_t)i, admin->rights,
				references[admin->reference]);
		} else {
			scene_value(scene, names[place], 100 + (uint32_t)i, "HS_ADMIN",
				TEXT("\xff\xff\0\0\0\3p/1\0\0\1\x2c\0"));
		}
	}
}

static struct references drawn;

static void
draw_groups(struct scene *scene, struct world *world)
{
	const char *const *groups = references + PERSON_COUNT;

	memset(world->members, 0, sizeof(world->members));
	for (size_t group = 0; group < GROUP_COUNT - 1; group++) {
		struct access_identity group_of = identity_of(groups[group]);

		drawn.size = 0;
		drawn.text[0] = '\0';
		for (size_t i = 0; i < REFERENCE_COUNT; i++) {
			world->members[group][i] = draw(4) == 0;
			if (world->members[group][i]) {
				references_add(&drawn, identity_of(references[i]).index,
					strchr(references[i], ':') + 1);
			}
		}
		scene_group(scene, strchr(groups[group], ':') + 1, group_of.index, drawn.text);
	}
	/* "0:g/1" names no value, so nobody is in it. */
	memcpy(world->within, world->members, sizeof(world->within));
	for (size_t round = 0; round < GROUP_COUNT; round++) {
		for (size_t group = 0; group < GROUP_COUNT; group++) {
			for (size_t inner = 0; inner < GROUP_COUNT; inner++) {
				for (size_t i = 0; world->within[group][PERSON_COUNT + inner] &&
					i < REFERENCE_COUNT;
					i++) {
					world->within[group][i] |= world->within[inner][i];
				}
			}
		}
	}
}

static void
draw_lists(struct world *world)
{
	struct access_list *lists[5] = {&world->policy.server_admins,
		&world->policy.home_only_admins, &world->policy.replication_admins,
		&world->policy.backup_admins, &world->policy.status_admins};

	for (size_t list = 0; list < 5; list++) {
		*lists[list] = (struct access_list){world->items[list], 0};
		for (size_t i = 0; i < REFERENCE_COUNT; i++) {
			world->in_list[list][i] = draw(8) == 0;
			if (world->in_list[list][i]) {
				world->items[list][lists[list]->count++] =
					identity_of(references[i]);
			}
		}
	}
	world->policy.has_full_access = draw(8) == 0;
	world->policy.prefix_admins_may_create = draw(8) != 0;
}

/* The oracle. `who` is a person; the last one claims index 0, which is each of them. */
static bool
is_meant(const struct world *world, size_t reference, size_t who)
{
	enum { ANY = PERSON_COUNT - 1 };

	if (reference >= PERSON_COUNT) {
		const bool *within = world->within[reference - PERSON_COUNT];

		for (size_t i = 0; i < PERSON_COUNT; i++) {
			if (within[i] && (i == who || i == ANY || who == ANY)) {
				return true;
			}
		}
		return false;
	}
	return reference == who || reference == ANY || who == ANY;
}

static bool
list_has(const struct world *world, size_t list, size_t who)
{
	for (size_t i = 0; i < REFERENCE_COUNT; i++) {
		if (world->in_list[list][i] && is_meant(world, i, who)) {
			return true;
		}
	}
	return false;
}

static bool
admin_has(const struct world *world, enum place place, uint16_t rights, size_t who)
{
	for (size_t i = 0; i < world->admin_counts[place]; i++) {
		const struct admin *admin = &world->admins[place][i];

		if (admin->counts && (admin->rights & rights) == rights &&
			is_meant(world, admin->reference, who)) {
			return true;
		}
	}
	return false;
}

static uint16_t
rights_of(const struct change *change, bool is_add)
{
	uint16_t rights = 0;

	if (change->has_after && (!change->has_before || is_add)) {
		rights |= change->is_admin_after ? 0x0200 : 0x0040;
	}
	if (change->has_before && !change->has_after) {
		rights |= change->is_admin_before ? 0x0100 : 0x0020;
	}
	if (change->has_before && change->has_after) {
		if (change->is_admin_before && change->is_admin_after) {
			rights |= 0x0080;
		} else if (change->is_admin_before) {
			rights |= 0x0100 | 0x0010;
		} else if (change->is_admin_after) {
			rights |= 0x0010 | 0x0200;
		} else if (!change->is_open) {
			rights |= 0x0010;
		}
	}
	return rights;
}

struct question {
	uint32_t opcode;
	bool replaces;
	size_t change_count;
	struct change changes[CHANGE_COUNT_MAX];
	bool is_status;
};

static bool
may_create(const struct world *world, size_t who)
{
	return world->policy.prefix_admins_may_create && admin_has(world, PREFIX, 0x0004, who);
}

static bool
may_change(const struct world *world, const struct question *question, size_t who)
{
	uint16_t rights = 0;

	for (size_t i = 0; i < question->change_count; i++) {
		rights |= rights_of(&question->changes[i], question->opcode == 102);
	}
	if (question->opcode != 100) {
		return admin_has(world, RECORD, rights, who);
	}
	return admin_has(world, RECORD, rights, who) || admin_has(world, RECORD, 0x0200, who) ||
		(admin_has(world, RECORD, 0x0002, who) && may_create(world, who));
}

static bool
oracle(const struct world *world, const struct question *question, size_t who)
{
	if (world->policy.has_full_access && list_has(world, 0, who)) {
		return true;
	}
	switch (question->opcode) {
	case 1:
		return question->is_status ? list_has(world, 0, who) || list_has(world, 4, who)
					   : admin_has(world, RECORD, 0x0400, who);
	case 100:
		return question->replaces ? may_change(world, question, who)
					  : may_create(world, who);
	case 101:
		return admin_has(world, RECORD, 0x0002, who);
	case 102:
	case 103:
	case 104:
		return may_change(world, question, who);
	case 105:
		return admin_has(world, RECORD, 0x0800, who);
	case 106:
		return admin_has(world, RECORD, 0x1000, who);
	case 300:
	case 301:
	case 302:
		return list_has(world, 0, who) || list_has(world, 1, who);
	case 1001:
	case 1002:
		return list_has(world, 0, who) || list_has(world, 2, who);
	default:
		return list_has(world, 0, who) || list_has(world, 3, who);
	}
}

static void
draw_change(uint32_t opcode, struct change *ret_change)
{
	*ret_change = (struct change){.is_admin_before = draw(2),
		.is_admin_after = draw(2),
		.is_open = draw(2),
		.has_before = opcode == 103 || opcode == 104 || draw(2),
		.has_after = opcode != 103};
	if (opcode == 100 && draw(3) == 0) {
		ret_change->has_before = true;
		ret_change->has_after = draw(2);
	}
}

static void
draw_question(struct question *ret_question)
{
	static const uint32_t opcodes[] = {1, 100, 100, 100, 101, 102, 102, 103, 104, 104, 105, 106,
		300, 301, 302, 1001, 1002, 1003};

	*ret_question = (struct question){
		.opcode = opcodes[draw(sizeof(opcodes) / sizeof(opcodes[0]))],
		.replaces = draw(2),
		.change_count = draw(CHANGE_COUNT_MAX + 1),
		.is_status = draw(4) == 0,
	};
	for (size_t i = 0; i < ret_question->change_count; i++) {
		draw_change(ret_question->opcode, &ret_question->changes[i]);
	}
}

/* The question as the code wants it. */
static uint32_t
effects_of(const struct question *question)
{
	uint32_t effects = 0;

	for (size_t i = 0; i < question->change_count; i++) {
		const struct change *change = &question->changes[i];
		struct handle_value before = {
			.type = change->is_admin_before ? TEXT("hs_admin.old") : TEXT("URL"),
			.permissions = change->is_open ? 0x0f : 0x0e};
		struct handle_value after = {.type = change->is_admin_after
				? TEXT("HS_ADMIN")
				: TEXT("HS_ADMINISTRATOR")};

		if (change->has_after && (!change->has_before || question->opcode == 102)) {
			effects |= access_effect_add(&after);
		}
		if (change->has_before && change->has_after) {
			effects |= access_effect_modify(&before, &after);
		} else if (change->has_before) {
			effects |= access_effect_remove(&before);
		}
	}
	return effects;
}

static bool
is_for_all(const struct question *question)
{
	bool is_all = question->opcode == 104 && question->change_count > 0;

	for (size_t i = 0; i < question->change_count; i++) {
		const struct change *change = &question->changes[i];

		is_all = is_all && change->is_open && !change->is_admin_before &&
			!change->is_admin_after;
	}
	return is_all;
}

static enum status
decide(struct scene *scene, const struct world *world, const struct question *question,
	const char *who)
{
	struct access_identity identity = identity_of(who);
	struct access_target target = {
		bytes_from_string(question->is_status && question->opcode == 1 ? "0.SITE/status"
									       : names[RECORD]),
		question->replaces};
	struct access_budget budget = access_budget_full();
	struct access_demand demand;
	struct access_question asked = {&world->policy, &demand, &identity, target.name,
		scene_record(scene, names[RECORD]), scene->reach};

	assert_int_equal(
		access_demand_make(question->opcode, effects_of(question), &target, &demand),
		STATUS_OK);
	return access_decide(&asked, &budget);
}

static void
a_million_decisions_are_those_of_the_oracle(void **state)
{
	struct scene *scene = scene_new();
	struct world world;
	struct question question;
	size_t allowed = 0;
	(void)state;

	for (size_t i = 0; i < CASE_COUNT; i++) {
		size_t who = draw(PERSON_COUNT);

		if (i % CASES_OF_A_WORLD == 0) {
			memset(&world, 0, sizeof(world));
			scene_clear(scene);
			for (enum place place = RECORD; place < PLACE_COUNT; place++) {
				draw_admins(scene, &world, place);
			}
			draw_groups(scene, &world);
			draw_lists(&world);
		}
		draw_question(&question);

		bool is_right = is_for_all(&question) || oracle(&world, &question, who);
		enum status status = decide(scene, &world, &question, references[who]);

		if (status != (is_right ? STATUS_OK : STATUS_NOT_ADMIN)) {
			fail_msg("case %zu: opcode %u by %s: %s", i, question.opcode,
				references[who], status_name(status));
		}
		allowed += is_right;
		if (i % 4 == 0) {
			assert_int_equal(decide(scene, &world, &question, ""),
				is_for_all(&question) ? STATUS_OK : STATUS_UNAUTHENTICATED);
		}
	}
	/* Both verdicts are common, or the comparison would mean little. */
	assert_in_range(allowed, CASE_COUNT / 4, CASE_COUNT * 3 / 4);
	scene_free(scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_decisions_are_those_of_the_oracle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
