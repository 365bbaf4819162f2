/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_rights.h"

#include "message/message.h"
#include "unit/access/scene.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * Every operation, every right, every kind of identity. The table below says in the words of
 * the specification (Handle.net 9, 18.5) what each operation needs; the tests then ask for each
 * grant whether it suffices, and compare with what the table says.
 */
enum {
	READ = HANDLE_RIGHT_READ_VALUE,
	DELETE = HANDLE_RIGHT_DELETE_HANDLE,
	CREATE = HANDLE_RIGHT_ADD_HANDLE,
	DERIVE = HANDLE_RIGHT_ADD_DERIVED_PREFIX,
	ADD = HANDLE_RIGHT_ADD_VALUE,
	ADD_ADMIN = HANDLE_RIGHT_ADD_ADMIN,
	REMOVE = HANDLE_RIGHT_REMOVE_VALUE,
	REMOVE_ADMIN = HANDLE_RIGHT_REMOVE_ADMIN,
	MODIFY = HANDLE_RIGHT_MODIFY_VALUE,
	MODIFY_ADMIN = HANDLE_RIGHT_MODIFY_ADMIN,
	ALL_RIGHTS = 0x1fff,
};

enum server_list { NO_LIST, HOME, REPLICATION, BACKUP, STATUS_LIST, LIST_COUNT };

struct row {
	const char *what;
	uint32_t opcode;
	uint32_t effects;
	const char *name;
	bool replaces;
	/* Needed: rights in the record; or these in the record and those in the prefix (parent). */
	bool is_open;
	uint16_t record[3]; /* Up to three ways; 0xffff: no such way. */
	uint16_t above[3]; /* With it, in the record above. */
	bool is_above_the_parent;
	enum server_list list;
};

#define NONE 0xffff
#define OWN(rights)                  \
	{                            \
		(rights), NONE, NONE \
	}
#define NO_WAY                   \
	{                        \
		NONE, NONE, NONE \
	}

#define NAME	"88.1/x"
#define PREFIX	"0.NA/88.1"
#define DERIVED "0.NA/88.1.2"

static const struct row rows[] = {
	{"read what is not public", OPCODE_RESOLUTION, 0, NAME, false, false, OWN(READ), {0}, false,
		0},
	{"read the status", OPCODE_RESOLUTION, 0, "0.site/STATUS", false, false, NO_WAY, {0}, false,
		STATUS_LIST},
	{"site", OPCODE_GET_SITE_INFO, 0, "/", false, true, NO_WAY, {0}, false, 0},
	{"create", OPCODE_CREATE_HANDLE, 0, NAME, false, false, OWN(0), {CREATE}, false, 0},
	{"create a prefix handle", OPCODE_CREATE_HANDLE, 0, "0.NA/99", false, false, OWN(0),
		{CREATE}, false, 0},
	{"create a derived prefix handle", OPCODE_CREATE_HANDLE, 0, DERIVED, false, false, OWN(0),
		{DERIVE}, true, 0},
	{"overwrite: add", OPCODE_CREATE_HANDLE, ACCESS_ADDS_VALUE, NAME, true, false,
		{ADD, ADD_ADMIN, DELETE}, {0, 0, CREATE}, false, 0},
	{"overwrite: all kinds", OPCODE_CREATE_HANDLE,
		ACCESS_ADDS_VALUE | ACCESS_REMOVES_VALUE | ACCESS_MODIFIES_VALUE, NAME, true, false,
		{ADD | REMOVE | MODIFY, ADD_ADMIN, DELETE}, {0, 0, CREATE}, false, 0},
	{"overwrite: nothing", OPCODE_CREATE_HANDLE, 0, NAME, true, false, {0, ADD_ADMIN, DELETE},
		{0, 0, CREATE}, false, 0},
	{"overwrite: what all may write", OPCODE_CREATE_HANDLE, ACCESS_MODIFIES_OPEN, NAME, true,
		false, {0, ADD_ADMIN, DELETE}, {0, 0, CREATE}, false, 0},
	{"overwrite a derived prefix handle", OPCODE_CREATE_HANDLE, ACCESS_REMOVES_ADMIN, DERIVED,
		true, false, {REMOVE_ADMIN, ADD_ADMIN, DELETE}, {0, 0, DERIVE}, true, 0},
	{"delete", OPCODE_DELETE_HANDLE, 0, NAME, false, false, OWN(DELETE), {0}, false, 0},
	{"add a value", OPCODE_ADD_VALUE, ACCESS_ADDS_VALUE, NAME, false, false, OWN(ADD), {0},
		false, 0},
	{"add an administrator", OPCODE_ADD_VALUE, ACCESS_ADDS_ADMIN, NAME, false, false,
		OWN(ADD_ADMIN), {0}, false, 0},
	{"add both", OPCODE_ADD_VALUE, ACCESS_ADDS_VALUE | ACCESS_ADDS_ADMIN, NAME, false, false,
		OWN(ADD | ADD_ADMIN), {0}, false, 0},
	{"add over a value", OPCODE_ADD_VALUE, ACCESS_ADDS_VALUE | ACCESS_MODIFIES_VALUE, NAME,
		false, false, OWN(ADD | MODIFY), {0}, false, 0},
	{"add over what all may write", OPCODE_ADD_VALUE, ACCESS_ADDS_VALUE | ACCESS_MODIFIES_OPEN,
		NAME, false, false, OWN(ADD), {0}, false, 0},
	{"remove a value", OPCODE_REMOVE_VALUE, ACCESS_REMOVES_VALUE, NAME, false, false,
		OWN(REMOVE), {0}, false, 0},
	{"remove an administrator", OPCODE_REMOVE_VALUE, ACCESS_REMOVES_ADMIN, NAME, false, false,
		OWN(REMOVE_ADMIN), {0}, false, 0},
	{"remove both", OPCODE_REMOVE_VALUE, ACCESS_REMOVES_VALUE | ACCESS_REMOVES_ADMIN, NAME,
		false, false, OWN(REMOVE | REMOVE_ADMIN), {0}, false, 0},
	{"remove nothing", OPCODE_REMOVE_VALUE, 0, NAME, false, false, OWN(0), {0}, false, 0},
	{"modify a value", OPCODE_MODIFY_VALUE, ACCESS_MODIFIES_VALUE, NAME, false, false,
		OWN(MODIFY), {0}, false, 0},
	{"modify an administrator", OPCODE_MODIFY_VALUE, ACCESS_MODIFIES_ADMIN, NAME, false, false,
		OWN(MODIFY_ADMIN), {0}, false, 0},
	{"administrator to value", OPCODE_MODIFY_VALUE, ACCESS_ADMIN_TO_VALUE, NAME, false, false,
		OWN(REMOVE_ADMIN | MODIFY), {0}, false, 0},
	{"value to administrator", OPCODE_MODIFY_VALUE, ACCESS_VALUE_TO_ADMIN, NAME, false, false,
		OWN(ADD_ADMIN | MODIFY), {0}, false, 0},
	{"modify what all may write", OPCODE_MODIFY_VALUE, ACCESS_MODIFIES_OPEN, NAME, false, true,
		NO_WAY, {0}, false, 0},
	{"modify that and more", OPCODE_MODIFY_VALUE, ACCESS_MODIFIES_OPEN | ACCESS_MODIFIES_ADMIN,
		NAME, false, false, OWN(MODIFY_ADMIN), {0}, false, 0},
	{"list handles", OPCODE_LIST_HANDLES, 0, PREFIX, false, false,
		OWN(HANDLE_RIGHT_LIST_HANDLES), {0}, false, 0},
	{"list derived prefixes", OPCODE_LIST_DERIVED_PREFIXES, 0, PREFIX, false, false,
		OWN(HANDLE_RIGHT_LIST_DERIVED_PREFIXES), {0}, false, 0},
	{"answer", OPCODE_CHALLENGE_RESPONSE, 0, "/", false, true, NO_WAY, {0}, false, 0},
	{"verify", OPCODE_VERIFY_CHALLENGE, 0, "/", false, true, NO_WAY, {0}, false, 0},
	{"home", OPCODE_HOME_PREFIX, 0, PREFIX, false, false, NO_WAY, {0}, false, HOME},
	{"unhome", OPCODE_UNHOME_PREFIX, 0, PREFIX, false, false, NO_WAY, {0}, false, HOME},
	{"list homed", OPCODE_LIST_HOMED_PREFIXES, 0, "/", false, false, NO_WAY, {0}, false, HOME},
	{"set up a session", OPCODE_SESSION_SETUP, 0, "/", false, true, NO_WAY, {0}, false, 0},
	{"end a session", OPCODE_SESSION_TERMINATE, 0, "/", false, true, NO_WAY, {0}, false, 0},
	{"exchange a key", OPCODE_SESSION_EXCHANGE_KEY, 0, "/", false, true, NO_WAY, {0}, false, 0},
	{"transactions", OPCODE_RETRIEVE_TRANSACTION_LOG, 0, "/", false, false, NO_WAY, {0}, false,
		REPLICATION},
	{"dump", OPCODE_DUMP_HANDLES, 0, "/", false, false, NO_WAY, {0}, false, REPLICATION},
	{"back up", OPCODE_BACKUP_SERVER, 0, "/", false, false, NO_WAY, {0}, false, BACKUP},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

/* The kinds of identity, and whether HS_ADMIN 300:88.1/li means them. */
static const struct {
	const char *identity;
	const char *reference; /* In HS_ADMIN and in the lists. */
	bool is_meant;
} kinds[] = {
	{"", "300:88.1/li", false},
	{"300:88.1/li", "300:88.1/li", true},
	{"300:88.1/li", "0:88.1/li", true},
	{"0:88.1/li", "300:88.1/li", true}, /* Its key is not known yet. */
	{"301:88.1/li", "300:88.1/li", false},
	{"300:88.1/LI", "300:88.1/li", false},
	{"300:0.na/88.1", "300:0.NA/88.1", true},
	{"300:88.1/li", "200:88.1/group", true},
	{"300:88.1/li", "200:88.1/outer", true},
	{"300:88.1/li", "0:88.1/group", false}, /* Any value of it, but none is a list then. */
	{"300:88.1/wang", "200:88.1/group", false},
	{"300:88.1/li", "300:88.1/wang", false},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

struct rig {
	struct scene *scene;
	struct access_policy policy;
	struct access_identity items[LIST_COUNT];
};

static int
begin(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->scene = scene_new();
	rig->policy.prefix_admins_may_create = true;
	*state = rig;
	return 0;
}

static int
end(void **state)
{
	struct rig *rig = *state;

	scene_free(rig->scene);
	free(rig);
	return 0;
}

static void
add_groups(struct scene *scene)
{
	scene_group(scene, "88.1/group", 200, "300:88.1/zhao 300:88.1/li");
	scene_group(scene, "88.1/outer", 200, "300:88.1/zhao 200:88.1/group");
}

static enum status
decide(struct rig *rig, const struct row *row, const char *who)
{
	struct access_target target = {bytes_from_string(row->name), row->replaces};
	struct access_identity identity = identity_of(who);
	struct access_budget budget = access_budget_full();
	struct access_demand demand;
	struct access_question question = {
		.policy = &rig->policy,
		.demand = &demand,
		.identity = &identity,
		.name = target.name,
		.before = scene_record(rig->scene, row->name),
		.reach = rig->scene->reach,
	};

	assert_int_equal(
		access_demand_make(row->opcode, row->effects, &target, &demand), STATUS_OK);
	return access_decide(&question, &budget);
}

/* The record above: 0.NA/88.1, or what is above that. */
static const char *
name_above(const struct row *row)
{
	return strcmp(row->name, NAME) == 0 || row->is_above_the_parent ? PREFIX : "0.NA/0.NA";
}

/* What the table says of somebody who has these rights in one value here, and these above. */
static bool
row_allows(const struct row *row, uint16_t own, uint16_t above)
{
	for (size_t i = 0; i < 3; i++) {
		bool is_above_enough =
			row->above[i] == 0 || (above & row->above[i]) == row->above[i];

		if (row->record[i] == NONE) {
			continue;
		}
		/* Rights of 0 still mean an administrator of that record; 0xffff is nobody. */
		if (row->above[0] != 0 && row->above[i] != 0 && row->record[i] == 0) {
			if (above != NONE && is_above_enough) {
				return true;
			}
			continue;
		}
		if (own != NONE && (own & row->record[i]) == row->record[i] &&
			(row->above[i] == 0 || (above != NONE && is_above_enough))) {
			return true;
		}
	}
	return row->is_open;
}

static void
grant(struct rig *rig, const struct row *row, uint16_t own, uint16_t above, const char *reference)
{
	scene_clear(rig->scene);
	if (own != NONE) {
		scene_value(rig->scene, row->name, 1, "URL", TEXT("https://example.org"));
		scene_admin(rig->scene, row->name, 100, own, reference);
		scene_admin(rig->scene, row->name, 101, ALL_RIGHTS, "300:88.1/nobody");
	}
	if (above != NONE) {
		scene_admin(rig->scene, name_above(row), 100, above, reference);
	}
	add_groups(rig->scene);
}

static void
assert_decided(struct rig *rig, const struct row *row, size_t kind, bool is_allowed)
{
	enum status expected = STATUS_NOT_ADMIN;

	if (row->is_open || (is_allowed && kinds[kind].is_meant)) {
		expected = STATUS_OK;
	} else if (kinds[kind].identity[0] == '\0') {
		expected = STATUS_UNAUTHENTICATED;
	}
	if (decide(rig, row, kinds[kind].identity) != expected) {
		fail_msg("%s by \"%s\" for \"%s\"", row->what, kinds[kind].identity,
			kinds[kind].reference);
	}
}

/* Each operation x each single right, all but one, all and none - in the record, above it, and
 * in both - x each kind of identity. */
static void
each_operation_needs_its_rights_and_no_others(void **state)
{
	struct rig *rig = *state;
	uint16_t sets[2 * 13 + 3];
	size_t count = 0;

	for (int bit = 0; bit < 13; bit++) {
		sets[count++] = (uint16_t)(1 << bit);
		sets[count++] = (uint16_t)(ALL_RIGHTS & ~(1 << bit));
	}
	sets[count++] = ALL_RIGHTS;
	sets[count++] = 0;
	sets[count++] = NONE;
	for (size_t row = 0; row < ROW_COUNT; row++) {
		for (size_t kind = 0; kind < KIND_COUNT; kind++) {
			for (size_t own = 0; own < count; own++) {
				uint16_t above = sets[(own * 7 + row + kind) % count];

				grant(rig, &rows[row], sets[own], above, kinds[kind].reference);
				assert_decided(rig, &rows[row], kind,
					row_allows(&rows[row], sets[own], above));
				grant(rig, &rows[row], sets[own], NONE, kinds[kind].reference);
				assert_decided(rig, &rows[row], kind,
					row_allows(&rows[row], sets[own], NONE));
				grant(rig, &rows[row], NONE, sets[own], kinds[kind].reference);
				assert_decided(rig, &rows[row], kind,
					row_allows(&rows[row], NONE, sets[own]));
			}
		}
	}
}

/* The rights of one row, and each of them left out. */
static void
needed_rights_suffice_only_together_and_in_one_value(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		uint16_t rights = rows[i].record[0];

		if (rights == NONE || __builtin_popcount(rights) < 2) {
			continue;
		}
		grant(rig, &rows[i], rights, NONE, "300:88.1/li");
		assert_int_equal(decide(rig, &rows[i], "300:88.1/li"), STATUS_OK);
		for (int bit = 0; bit < 13; bit++) {
			uint16_t one = (uint16_t)(1 << bit);

			if ((rights & one) == 0) {
				continue;
			}
			/* ADD_ADMIN alone suffices to overwrite. */
			bool is_enough = rows[i].replaces && ((rights & ~one) & ADD_ADMIN) != 0;

			grant(rig, &rows[i], (uint16_t)(rights & ~one), NONE, "300:88.1/li");
			scene_admin(rig->scene, rows[i].name, 102, one, "300:88.1/li");
			assert_int_equal(decide(rig, &rows[i], "300:88.1/li"),
				is_enough ? STATUS_OK : STATUS_NOT_ADMIN);
		}
	}
}

static void
put_in_list(struct rig *rig, enum server_list list, const char *reference)
{
	struct access_list *const lists[LIST_COUNT] = {&rig->policy.server_admins,
		&rig->policy.home_only_admins, &rig->policy.replication_admins,
		&rig->policy.backup_admins, &rig->policy.status_admins};

	for (size_t i = 0; i < LIST_COUNT; i++) {
		*lists[i] = (struct access_list){&rig->items[i], 0};
	}
	rig->items[list] = identity_of(reference);
	lists[list]->count = 1;
}

/* NO_LIST stands for server_admins, who are in every list but change no record. */
static void
lists_of_the_settings_open_what_they_are_for(void **state)
{
	struct rig *rig = *state;

	scene_clear(rig->scene);
	add_groups(rig->scene);
	for (size_t row = 0; row < ROW_COUNT; row++) {
		for (size_t kind = 0; kind < KIND_COUNT; kind++) {
			for (enum server_list list = NO_LIST; list < LIST_COUNT; list++) {
				put_in_list(rig, list, kinds[kind].reference);
				assert_decided(rig, &rows[row], kind,
					rows[row].list != NO_LIST &&
						(list == NO_LIST || list == rows[row].list));
			}
		}
	}
}

static void
full_access_is_for_server_administrators_only_and_off_by_default(void **state)
{
	struct rig *rig = *state;

	scene_clear(rig->scene);
	add_groups(rig->scene);
	rig->policy.has_full_access = true;
	for (size_t row = 0; row < ROW_COUNT; row++) {
		for (size_t kind = 0; kind < KIND_COUNT; kind++) {
			put_in_list(rig, NO_LIST, kinds[kind].reference);
			assert_decided(rig, &rows[row], kind, true);
			put_in_list(rig, BACKUP, kinds[kind].reference);
			assert_decided(rig, &rows[row], kind, rows[row].list == BACKUP);
		}
	}
}

static void
prefix_administrators_create_only_where_they_may(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].opcode != OPCODE_CREATE_HANDLE) {
			continue;
		}
		rig->policy.prefix_admins_may_create = false;
		grant(rig, &rows[i], NONE, ALL_RIGHTS, "300:88.1/li");
		assert_int_equal(decide(rig, &rows[i], "300:88.1/li"), STATUS_NOT_ADMIN);
		/* The record's own administrators are not meant. */
		grant(rig, &rows[i], ALL_RIGHTS, NONE, "300:88.1/li");
		assert_int_equal(decide(rig, &rows[i], "300:88.1/li"),
			rows[i].replaces ? STATUS_OK : STATUS_NOT_ADMIN);
	}
}

static void
only_whole_values_of_the_exact_type_make_administrators(void **state)
{
	static const struct {
		const char *type;
		const char *data; /* ADD_VALUE, for 300:88.1/li, when not NULL. */
		size_t size;
		bool counts;
	} values[] = {
		{"HS_ADMIN",
			"\0\x40\0\0\0\7"
			"88.1/li\0\0\1\x2c",
			17, true},
		{"hs_admin",
			"\0\x40\0\0\0\7"
			"88.1/li\0\0\1\x2c",
			17, true},
		{"HS_ADMIN",
			"\0\x40\0\0\0\7"
			"88.1/li\0\0\1\x2c\0\0",
			19, true}, /* Old writers. */
		{"HS_ADMIN",
			"\0\x40\0\0\0\7"
			"88.1/li\0\0\1\x2c\0",
			18, false},
		{"HS_ADMIN",
			"\0\x40\0\0\0\7"
			"88.1/li\0\0\1",
			16, false},
		{"HS_ADMIN.X",
			"\0\x40\0\0\0\7"
			"88.1/li\0\0\1\x2c",
			17, false},
		{"HS_ADMI",
			"\0\x40\0\0\0\7"
			"88.1/li\0\0\1\x2c",
			17, false},
		{"URL",
			"\0\x40\0\0\0\7"
			"88.1/li\0\0\1\x2c",
			17, false},
	};
	struct rig *rig = *state;
	static const struct row add = {"add", OPCODE_ADD_VALUE, ACCESS_ADDS_VALUE, "88.1/x", false,
		false, OWN(ADD), {0}, false, 0};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		scene_clear(rig->scene);
		scene_value(rig->scene, add.name, 100, values[i].type,
			bytes_over(values[i].data, values[i].size));
		assert_int_equal(decide(rig, &add, "300:88.1/li"),
			values[i].counts ? STATUS_OK : STATUS_NOT_ADMIN);
	}
}

static void
changes_of_values_have_their_effects(void **state)
{
	static const struct {
		const char *before;
		uint8_t permissions;
		const char *after;
		enum access_effect effect;
	} changes[] = {
		{"URL", 0x0e, "EMAIL", ACCESS_MODIFIES_VALUE},
		{"URL", 0x0f, "EMAIL", ACCESS_MODIFIES_OPEN},
		{"URL", 0x01, "EMAIL", ACCESS_MODIFIES_OPEN},
		{"HS_ADMIN", 0x0e, "HS_ADMIN", ACCESS_MODIFIES_ADMIN},
		{"HS_ADMIN.X", 0x0f, "hs_admin.y", ACCESS_MODIFIES_ADMIN},
		{"HS_ADMIN", 0x0f, "URL", ACCESS_ADMIN_TO_VALUE},
		{"URL", 0x0f, "HS_ADMIN.X", ACCESS_VALUE_TO_ADMIN},
		{"HS_ADMINX", 0x0e, "URL", ACCESS_MODIFIES_VALUE},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct handle_value before = {.type = bytes_from_string(changes[i].before),
			.permissions = changes[i].permissions};
		struct handle_value after = {.type = bytes_from_string(changes[i].after)};

		assert_int_equal(access_effect_modify(&before, &after), changes[i].effect);
		assert_int_equal(access_effect_add(&after),
			access_value_is_admin(&after) ? ACCESS_ADDS_ADMIN : ACCESS_ADDS_VALUE);
		assert_int_equal(access_effect_remove(&before),
			access_value_is_admin(&before) ? ACCESS_REMOVES_ADMIN
						       : ACCESS_REMOVES_VALUE);
	}
}

static void
other_operations_are_not_supported(void **state)
{
	struct access_target target = {bytes_from_string(NAME), false};
	struct access_demand demand = {.way_count = 7};
	(void)state;

	for (uint32_t opcode = 0; opcode < 3000; opcode++) {
		bool is_known = false;

		for (size_t i = 0; i < ROW_COUNT; i++) {
			is_known = is_known || rows[i].opcode == opcode;
		}
		if (!is_known) {
			assert_int_equal(access_demand_make(opcode, 0, &target, &demand),
				STATUS_UNSUPPORTED);
			assert_int_equal(demand.way_count, 7);
		}
	}
}

static void
a_look_up_that_stops_stops_the_decision(void **state)
{
	static const enum status stops[] = {STATUS_BUSY, STATUS_CORRUPT};
	static const struct row home = {
		"home", OPCODE_HOME_PREFIX, 0, PREFIX, false, false, NO_WAY, {0}, false, HOME};
	struct rig *rig = *state;

	for (size_t i = 0; i < 2; i++) {
		rig->scene->answer = stops[i];
		for (size_t row = 0; row < ROW_COUNT; row++) {
			if (rows[row].opcode != OPCODE_CREATE_HANDLE || rows[row].replaces) {
				continue;
			}
			grant(rig, &rows[row], NONE, ALL_RIGHTS, "200:88.1/group");
			rig->scene->absent = name_above(&rows[row]);
			assert_int_equal(decide(rig, &rows[row], "300:88.1/li"), stops[i]);
			rig->scene->absent = "88.1/group";
			assert_int_equal(decide(rig, &rows[row], "300:88.1/li"), stops[i]);
		}
		put_in_list(rig, HOME, "200:88.1/group");
		assert_int_equal(decide(rig, &home, "300:88.1/li"), stops[i]);
	}
	/* A prefix that is not known here has no administrators here. */
	rig->scene->answer = STATUS_NOT_RESPONSIBLE;
	rig->scene->absent = PREFIX;
	assert_int_equal(decide(rig, &rows[3], "300:88.1/li"), STATUS_NOT_ADMIN);
}

/* One group in each HS_ADMIN value: the last of those that fit into a decision, and one more. */
static void
as_many_groups_of_a_record_are_looked_at_as_the_budget_says(void **state)
{
	struct rig *rig = *state;
	static const struct row add = {"add", OPCODE_ADD_VALUE, ACCESS_ADDS_VALUE, "88.1/x", false,
		false, OWN(ADD), {0}, false, 0};

	for (uint32_t count = GROUP_REFERENCE_COUNT_MAX - 1; count <= GROUP_REFERENCE_COUNT_MAX + 1;
		count++) {
		scene_clear(rig->scene);
		for (uint32_t i = 1; i < count; i++) {
			char reference[32];

			snprintf(reference, sizeof(reference), "%u:88.1/none", i);
			scene_admin(rig->scene, add.name, i, ADD, reference);
		}
		scene_admin(rig->scene, add.name, count, ADD, "200:88.1/group");
		add_groups(rig->scene);
		assert_int_equal(decide(rig, &add, "300:88.1/li"),
			count <= GROUP_REFERENCE_COUNT_MAX ? STATUS_OK : STATUS_NOT_ADMIN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_operation_needs_its_rights_and_no_others, begin, end),
		cmocka_unit_test_setup_teardown(
			needed_rights_suffice_only_together_and_in_one_value, begin, end),
		cmocka_unit_test_setup_teardown(
			lists_of_the_settings_open_what_they_are_for, begin, end),
		cmocka_unit_test_setup_teardown(
			full_access_is_for_server_administrators_only_and_off_by_default, begin,
			end),
		cmocka_unit_test_setup_teardown(
			prefix_administrators_create_only_where_they_may, begin, end),
		cmocka_unit_test_setup_teardown(
			only_whole_values_of_the_exact_type_make_administrators, begin, end),
		cmocka_unit_test_setup_teardown(changes_of_values_have_their_effects, begin, end),
		cmocka_unit_test_setup_teardown(other_operations_are_not_supported, begin, end),
		cmocka_unit_test_setup_teardown(
			a_look_up_that_stops_stops_the_decision, begin, end),
		cmocka_unit_test_setup_teardown(
			as_many_groups_of_a_record_are_looked_at_as_the_budget_says, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
