/* SPDX-License-Identifier: Apache-2.0 */
#include "records/records_search.h"

#include "base/limits.h"
#include "unit/records/records_rig.h"

#include <string.h>

enum {
	FOUND_COUNT_MAX = 64,
	NAME_SIZE_MAX = 32,
	/* What the index keeps of a prefix and of a value. */
	PREFIX_KEPT_SIZE = 128,
	VALUE_KEPT_SIZE = 320,
	EVERYBODY = HANDLE_PERMISSION_DEFAULT,
	ADMINISTRATORS = HANDLE_ADMIN_READ | HANDLE_ADMIN_WRITE,
	LOOK_AT_ALL = 100000,
};

/* An index over a journal and records of its own. */
struct scene {
	struct records_rig rig;
	struct records_search *search;
	/* What the last question found. */
	size_t count, count_max;
	char names[FOUND_COUNT_MAX][HANDLE_NAME_SIZE_MAX + 1];
	uint32_t indexes[FOUND_COUNT_MAX];
	struct records_search_key next;
};

static const struct records_search_types TYPES = {
	2, {{(const uint8_t *)"URL", 3}, {(const uint8_t *)"EMAIL", 5}}};

static enum status
index_open(struct scene *scene, const struct records_search_types *types)
{
	struct problem problem;
	char path[96];

	snprintf(path, sizeof(path), "%s/search.mdb", scene->rig.directory);
	return records_search_open(path, scene->rig.journal, types, &scene->search, &problem);
}

static void
index_open_again(struct scene *scene, const struct records_search_types *types)
{
	records_search_close(scene->search);
	assert_int_equal(index_open(scene, types), STATUS_OK);
}

static void
scene_open(struct scene *scene)
{
	records_rig_open(&scene->rig);
	assert_int_equal(index_open(scene, &TYPES), STATUS_OK);
}

static void
scene_close(struct scene *scene)
{
	records_search_close(scene->search);
	records_rig_close(&scene->rig);
}

static int
scene_begin(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	records_rig_begin(&scene->rig);
	assert_int_equal(index_open(scene, &TYPES), STATUS_OK);
	*state = scene;
	return 0;
}

static int
scene_end(void **state)
{
	struct scene *scene = *state;

	records_search_close(scene->search);
	records_rig_end(&scene->rig);
	free(scene);
	return 0;
}

/* A record in the making: its values, one behind the other. */
struct making {
	uint8_t octets[65536];
	struct wire_writer writer;
	uint32_t count;
};

static struct making *
making_new(void)
{
	struct making *making = malloc(sizeof(*making));

	assert_non_null(making);
	making->writer = wire_writer_over(making->octets, sizeof(making->octets));
	making->count = 0;
	return making;
}

static void
add_value(struct making *making, uint32_t index, const char *type, struct bytes data,
	uint8_t permissions)
{
	handle_value_write(&making->writer,
		&(struct handle_value){.index = index,
			.ttl = HANDLE_TTL_DEFAULT,
			.permissions = permissions,
			.type = bytes_from_string(type),
			.data = data});
	making->count++;
}

/* Writes one entry, durable and seen; frees `making`, which is NULL for a delete. */
static void
put(struct scene *scene, struct bytes name, struct making *making)
{
	static uint8_t record[70000];
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(record, sizeof(record));
	struct journal_change change = {.kind = making == NULL ? JOURNAL_DELETE : JOURNAL_PUT,
		.key = bytes_over(key, handle_name_key(name, key))};
	struct records_change shown = {.kind = change.kind, .key = change.key};
	struct records_newest newest;
	struct problem problem;

	if (records_find(scene->rig.records, change.key, &newest) == STATUS_OK) {
		change.previous = newest.place;
	}
	if (making != NULL) {
		struct handle_value_list values = {making->count, wire_written(&making->writer)};

		assert_int_equal(wire_writer_end(&making->writer), STATUS_OK);
		record_write(&writer, name, &values);
		change.record = wire_written(&writer);
		assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	}
	assert_int_equal(journal_add(scene->rig.journal, &change, &shown.place), STATUS_OK);
	assert_int_equal(journal_flush(scene->rig.journal, &problem), STATUS_OK);
	assert_int_equal(records_apply(scene->rig.records, &shown), STATUS_OK);
	free(making);
}

static void
put_one(struct scene *scene, struct bytes name, const char *type, struct bytes data)
{
	struct making *making = making_new();

	add_value(making, 1, type, data, EVERYBODY);
	put(scene, name, making);
}

static void
follow(struct scene *scene)
{
	struct problem problem;
	bool is_complete = false;

	while (!is_complete) {
		assert_int_equal(records_search_step(scene->search, 1000, &is_complete, &problem),
			STATUS_OK);
	}
	assert_int_equal(
		records_search_sequence(scene->search), journal_last_sequence(scene->rig.journal));
}

static bool
note(void *context, const struct record *record, const struct handle_value *value, struct bytes key)
{
	struct scene *scene = context;

	assert_true(key.size > 0 && key.size <= SEARCH_KEY_SIZE_MAX);
	if (scene->count == scene->count_max) {
		return false;
	}
	assert_true(record->name.size <= HANDLE_NAME_SIZE_MAX);
	memcpy(scene->names[scene->count], record->name.at, record->name.size);
	scene->names[scene->count][record->name.size] = '\0';
	scene->indexes[scene->count++] = value->index;
	return true;
}

/* How many records the question finds. */
static size_t
ask(struct scene *scene, const struct records_search_question *question, size_t count_max)
{
	struct records_reader *reader = records_reader_new(scene->rig.records);

	assert_true(count_max <= FOUND_COUNT_MAX);
	scene->count = 0;
	scene->count_max = count_max;
	records_enter(reader);
	assert_int_equal(
		records_search_find(scene->search, reader, question, note, scene, &scene->next),
		STATUS_OK);
	records_leave(reader);
	records_reader_free(reader);
	return scene->count;
}

static struct records_search_question
question_of(struct bytes prefix, const char *type, struct bytes value)
{
	return (struct records_search_question){.prefix = prefix,
		.type = bytes_from_string(type),
		.value = value,
		.has_value = true,
		.look_max = LOOK_AT_ALL};
}

static size_t
find(struct scene *scene, struct bytes prefix, const char *type, struct bytes value)
{
	struct records_search_question question = question_of(prefix, type, value);

	return ask(scene, &question, FOUND_COUNT_MAX);
}

static void
a_value_is_found_under_its_prefix_and_type_only(void **state)
{
	struct scene *scene = *state;

	put_one(scene, TEXT("88.100/a"), "URL", TEXT("https://example.org/"));
	put_one(scene, TEXT("88.10/b"), "URL", TEXT("https://example.org/b"));
	follow(scene);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("https://example.org/")), 1);
	assert_string_equal(scene->names[0], "88.100/a");
	assert_int_equal(scene->next.size, 0);
	assert_int_equal(find(scene, TEXT("88.10"), "URL", TEXT("https://example.org/")), 0);
	assert_int_equal(find(scene, TEXT("88.1000"), "URL", TEXT("https://example.org/")), 0);
	assert_int_equal(find(scene, TEXT("88.100"), "EMAIL", TEXT("https://example.org/")), 0);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("https://example.org")), 0);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("https://example.org/x")), 0);
}

static void
prefixes_are_asked_for_without_case_and_prefix_records_are_theirs(void **state)
{
	struct scene *scene = *state;

	put_one(scene, TEXT("88.Seed/a"), "URL", TEXT("x"));
	put_one(scene, TEXT("0.NA/88.Seed"), "URL", TEXT("y"));
	follow(scene);
	assert_int_equal(find(scene, TEXT("88.seed"), "URL", TEXT("x")), 1);
	assert_int_equal(find(scene, TEXT("88.SEED"), "URL", TEXT("y")), 1);
	assert_string_equal(scene->names[0], "0.NA/88.Seed");
	assert_int_equal(find(scene, TEXT("0.NA"), "URL", TEXT("y")), 0);
}

static void
what_was_replaced_or_deleted_is_found_no_more(void **state)
{
	struct scene *scene = *state;

	put_one(scene, TEXT("88.100/a"), "URL", TEXT("old"));
	put_one(scene, TEXT("88.100/b"), "URL", TEXT("old"));
	follow(scene);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("old")), 2);
	put_one(scene, TEXT("88.100/a"), "URL", TEXT("new"));
	put(scene, TEXT("88.100/b"), NULL);
	/* Not even before the index has followed. */
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("old")), 0);
	follow(scene);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("old")), 0);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("new")), 1);
	/* Nor are their rows looked at: the only row of the type is the new one. */
	assert_int_equal(
		ask(scene,
			&(struct records_search_question){
				.prefix = TEXT("88.100"), .type = TEXT("URL"), .look_max = 1},
			FOUND_COUNT_MAX),
		1);
	assert_int_equal(scene->next.size, 0);
}

static void
values_that_not_everybody_may_read_are_in_no_index(void **state)
{
	static const struct records_search_types secrets = {
		2, {{(const uint8_t *)"HS_SECKEY", 9}, {(const uint8_t *)"URL", 3}}};
	struct scene *scene = *state;
	struct making *making = making_new();

	index_open_again(scene, &secrets);
	add_value(making, 1, "URL", TEXT("hidden"), ADMINISTRATORS);
	add_value(making, 2, "HS_SECKEY", TEXT("secret"), EVERYBODY);
	add_value(making, 3, "URL", TEXT("shown"), EVERYBODY);
	add_value(making, 4, "NOTE", TEXT("shown"), EVERYBODY);
	put(scene, TEXT("88.100/a"), making);
	follow(scene);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("hidden")), 0);
	assert_int_equal(find(scene, TEXT("88.100"), "HS_SECKEY", TEXT("secret")), 0);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("shown")), 1);
	assert_int_equal(scene->indexes[0], 3);
	/* One row only: nothing else of the record is in the file. */
	assert_int_equal(ask(scene,
				 &(struct records_search_question){.prefix = TEXT("88.100"),
					 .type = TEXT("HS_SECKEY"),
					 .look_max = LOOK_AT_ALL},
				 FOUND_COUNT_MAX),
		0);
}

static void
a_type_that_is_not_in_the_index_is_not_found(void **state)
{
	struct scene *scene = *state;
	struct records_reader *reader = records_reader_new(scene->rig.records);
	struct records_search_question question = question_of(TEXT("88.100"), "NOTE", TEXT("x"));

	records_enter(reader);
	assert_int_equal(
		records_search_find(scene->search, reader, &question, note, scene, &scene->next),
		STATUS_NOT_FOUND);
	records_leave(reader);
	records_reader_free(reader);
}

static void
what_a_value_begins_with_finds_it_and_nothing_else_does(void **state)
{
	struct scene *scene = *state;
	struct records_search_question question =
		question_of(TEXT("88.100"), "URL", TEXT("https://a"));

	question.is_beginning = true;
	put_one(scene, TEXT("88.100/1"), "URL", TEXT("https://a"));
	put_one(scene, TEXT("88.100/2"), "URL", TEXT("https://ab"));
	put_one(scene, TEXT("88.100/3"), "URL", TEXT("https://b"));
	put_one(scene, TEXT("88.100/4"), "URL", TEXT("https://"));
	follow(scene);
	assert_int_equal(ask(scene, &question, FOUND_COUNT_MAX), 2);
	assert_string_equal(scene->names[0], "88.100/1");
	assert_string_equal(scene->names[1], "88.100/2");
}

/* Values that are alike as far as the index keeps them, and around that size. */
static void
values_are_told_apart_behind_what_is_kept_of_them(void **state)
{
	struct scene *scene = *state;
	char value[VALUE_KEPT_SIZE + 2];
	char name[NAME_SIZE_MAX];

	memset(value, 'v', sizeof(value));
	for (size_t size = VALUE_KEPT_SIZE - 1; size <= VALUE_KEPT_SIZE + 2; size++) {
		size_t length = (size_t)snprintf(name, sizeof(name), "88.100/%zu", size);

		put_one(scene, bytes_over(name, length), "URL", bytes_over(value, size));
	}
	follow(scene);
	for (size_t size = VALUE_KEPT_SIZE - 1; size <= VALUE_KEPT_SIZE + 2; size++) {
		snprintf(name, sizeof(name), "88.100/%zu", size);
		assert_int_equal(find(scene, TEXT("88.100"), "URL", bytes_over(value, size)), 1);
		assert_string_equal(scene->names[0], name);
	}
	assert_int_equal(
		find(scene, TEXT("88.100"), "URL", bytes_over(value, VALUE_KEPT_SIZE - 2)), 0);
}

static void
long_prefixes_are_told_apart(void **state)
{
	struct scene *scene = *state;
	uint8_t name[HANDLE_NAME_SIZE_MAX];
	static const size_t sizes[] = {PREFIX_KEPT_SIZE - 1, PREFIX_KEPT_SIZE, PREFIX_KEPT_SIZE + 1,
		PREFIX_KEPT_SIZE + 2, HANDLE_NAME_SIZE_MAX - 2};

	memset(name, '8', sizeof(name));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memcpy(name + sizes[i], "/x", 2);
		put_one(scene, bytes_over(name, sizes[i] + 2), "URL", TEXT("same"));
		memcpy(name + sizes[i], "88", 2);
	}
	follow(scene);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(find(scene, bytes_over(name, sizes[i]), "URL", TEXT("same")), 1);
		assert_int_equal(strlen(scene->names[0]), sizes[i] + 2);
	}
	assert_int_equal(
		find(scene, bytes_over(name, PREFIX_KEPT_SIZE + 3), "URL", TEXT("same")), 0);
}

/* Whatever octets are in a value. */
static void
zeros_in_values_lead_nobody_astray(void **state)
{
	struct scene *scene = *state;

	put_one(scene, TEXT("88.100/short"), "URL", TEXT("a"));
	put_one(scene, TEXT("88.100/zero"), "URL", bytes_over("a\0b", 3));
	put_one(scene, TEXT("88.100/empty"), "URL", TEXT(""));
	follow(scene);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("a")), 1);
	assert_string_equal(scene->names[0], "88.100/short");
	assert_int_equal(find(scene, TEXT("88.100"), "URL", bytes_over("a\0b", 3)), 1);
	assert_string_equal(scene->names[0], "88.100/zero");
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("")), 1);
	assert_string_equal(scene->names[0], "88.100/empty");
}

static void
pages_have_each_record_once_whatever_their_size(void **state)
{
	enum { COUNT = 12 };
	struct scene *scene = *state;
	char name[NAME_SIZE_MAX], data[NAME_SIZE_MAX];

	for (unsigned i = 0; i < COUNT; i++) {
		put_one(scene,
			bytes_over(name, (size_t)snprintf(name, sizeof(name), "88.100/%u", i)),
			"URL",
			bytes_over(data,
				(size_t)snprintf(data, sizeof(data), "u%02u", COUNT - 1 - i)));
	}
	follow(scene);
	for (size_t page = 1; page <= COUNT + 1; page++) {
		struct records_search_question question = {
			.prefix = TEXT("88.100"), .type = TEXT("URL"), .look_max = LOOK_AT_ALL};
		struct records_search_key behind = {.size = 0};
		unsigned met = 0;

		do {
			question.behind = bytes_over(behind.octets, behind.size);
			assert_true(ask(scene, &question, page) <= page);
			for (size_t i = 0; i < scene->count; i++, met++) {
				snprintf(name, sizeof(name), "88.100/%u", COUNT - 1 - met);
				assert_string_equal(scene->names[i], name);
			}
			behind = scene->next;
		} while (behind.size > 0);
		assert_int_equal(met, COUNT);
	}
}

static void
as_many_rows_are_looked_at_as_asked_for_and_no_more(void **state)
{
	struct scene *scene = *state;
	struct records_search_question question = {
		.prefix = TEXT("88.100"), .type = TEXT("URL"), .look_max = 2};
	struct records_search_key behind;

	put_one(scene, TEXT("88.100/1"), "URL", TEXT("1"));
	put_one(scene, TEXT("88.100/2"), "URL", TEXT("2"));
	put_one(scene, TEXT("88.100/3"), "URL", TEXT("3"));
	follow(scene);
	/* Rows of what is gone count, too: the index has not followed yet. */
	put(scene, TEXT("88.100/1"), NULL);
	assert_int_equal(ask(scene, &question, FOUND_COUNT_MAX), 1);
	assert_string_equal(scene->names[0], "88.100/2");
	assert_true(scene->next.size > 0);
	behind = scene->next;
	question.behind = bytes_over(behind.octets, behind.size);
	assert_int_equal(ask(scene, &question, FOUND_COUNT_MAX), 1);
	assert_string_equal(scene->names[0], "88.100/3");
	assert_int_equal(scene->next.size, 0);
}

static void
a_key_of_another_question_begins_at_the_first(void **state)
{
	struct scene *scene = *state;
	struct records_search_question question = question_of(TEXT("88.100"), "URL", TEXT("b"));
	struct records_search_key behind;

	put_one(scene, TEXT("88.100/1"), "URL", TEXT("b"));
	put_one(scene, TEXT("88.100/2"), "URL", TEXT("b"));
	put_one(scene, TEXT("88.100/3"), "EMAIL", TEXT("c"));
	put_one(scene, TEXT("88.100/4"), "EMAIL", TEXT("d"));
	follow(scene);
	assert_int_equal(ask(scene,
				 &(struct records_search_question){.prefix = TEXT("88.100"),
					 .type = TEXT("EMAIL"),
					 .look_max = LOOK_AT_ALL},
				 1),
		1);
	behind = scene->next;
	assert_true(behind.size > 0);
	question.behind = bytes_over(behind.octets, behind.size);
	assert_int_equal(ask(scene, &question, FOUND_COUNT_MAX), 2);
	question.behind = TEXT("no key at all");
	assert_int_equal(ask(scene, &question, FOUND_COUNT_MAX), 2);
}

static void
of_equal_values_of_a_record_one_is_found(void **state)
{
	struct scene *scene = *state;
	struct making *making = making_new();

	add_value(making, 1, "URL", TEXT("other"), EVERYBODY);
	add_value(making, 2, "URL", TEXT("same"), EVERYBODY);
	add_value(making, 3, "URL", TEXT("same"), EVERYBODY);
	put(scene, TEXT("88.100/a"), making);
	follow(scene);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("same")), 1);
	assert_int_equal(scene->indexes[0], 2);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("other")), 1);
	put(scene, TEXT("88.100/a"), NULL);
	follow(scene);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("same")), 0);
}

static void
the_index_goes_on_where_it_stood(void **state)
{
	struct scene *scene = *state;
	struct problem problem;
	bool is_complete = true;

	put_one(scene, TEXT("88.100/1"), "URL", TEXT("x"));
	put_one(scene, TEXT("88.100/2"), "URL", TEXT("x"));
	put_one(scene, TEXT("88.100/3"), "URL", TEXT("x"));
	assert_int_equal(records_search_step(scene->search, 2, &is_complete, &problem), STATUS_OK);
	assert_false(is_complete);
	assert_int_equal(records_search_sequence(scene->search), 2);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("x")), 2);
	index_open_again(scene, &TYPES);
	assert_int_equal(records_search_sequence(scene->search), 2);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("x")), 2);
	assert_int_equal(records_search_step(scene->search, 2, &is_complete, &problem), STATUS_OK);
	assert_true(is_complete);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("x")), 3);
}

static void
with_other_types_it_is_made_anew(void **state)
{
	static const struct records_search_types turned = {
		2, {{(const uint8_t *)"EMAIL", 5}, {(const uint8_t *)"URL", 3}}};
	struct scene *scene = *state;

	put_one(scene, TEXT("88.100/1"), "URL", TEXT("x"));
	put_one(scene, TEXT("88.100/2"), "EMAIL", TEXT("x"));
	follow(scene);
	index_open_again(scene, &turned);
	assert_int_equal(records_search_sequence(scene->search), 0);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("x")), 0);
	follow(scene);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("x")), 1);
	assert_string_equal(scene->names[0], "88.100/1");
	assert_int_equal(find(scene, TEXT("88.100"), "EMAIL", TEXT("x")), 1);
	assert_string_equal(scene->names[0], "88.100/2");
}

/* The journal was put back to an earlier state: what the index knows was never. */
static void
an_index_ahead_of_its_journal_is_made_anew(void **state)
{
	struct scene *scene = *state;
	char command[256];

	put_one(scene, TEXT("88.100/1"), "URL", TEXT("x"));
	follow(scene);
	snprintf(command, sizeof(command),
		"cd %s && mv search.mdb ahead && rm -rf ledger places ordered.mdb",
		scene->rig.directory);
	scene_close(scene);
	assert_int_equal(system(command), 0);
	scene_open(scene);
	records_search_close(scene->search);
	snprintf(command, sizeof(command), "cd %s && mv ahead search.mdb", scene->rig.directory);
	assert_int_equal(system(command), 0);
	assert_int_equal(index_open(scene, &TYPES), STATUS_OK);
	assert_int_equal(journal_last_sequence(scene->rig.journal), 0);
	assert_int_equal(records_search_sequence(scene->search), 0);
	put_one(scene, TEXT("88.100/2"), "URL", TEXT("x"));
	follow(scene);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("x")), 1);
	assert_string_equal(scene->names[0], "88.100/2");
}

static void
a_damaged_index_is_made_anew(void **state)
{
	struct scene *scene = *state;
	char path[96];
	FILE *file;

	put_one(scene, TEXT("88.100/1"), "URL", TEXT("x"));
	follow(scene);
	records_search_close(scene->search);
	snprintf(path, sizeof(path), "%s/search.mdb", scene->rig.directory);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs("this is no index", file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(index_open(scene, &TYPES), STATUS_OK);
	assert_int_equal(records_search_sequence(scene->search), 0);
	follow(scene);
	assert_int_equal(find(scene, TEXT("88.100"), "URL", TEXT("x")), 1);
}

/* More rows than one transaction takes: the step ends early, and nothing is lost. */
static void
a_step_takes_no_more_than_a_transaction_holds(void **state)
{
	enum { RECORD_COUNT = STORE_TRANSACTION_CHANGE_COUNT_MAX / 1024 + 4 };
	struct scene *scene = *state;
	struct problem problem;
	char text[NAME_SIZE_MAX];
	bool is_complete = false;
	unsigned steps = 0;

	for (unsigned i = 0; i < RECORD_COUNT; i++) {
		struct making *making = making_new();

		for (uint32_t j = 1; j <= 1024; j++) {
			add_value(making, j, "URL",
				bytes_over(
					text, (size_t)snprintf(text, sizeof(text), "%u-%u", i, j)),
				EVERYBODY);
		}
		put(scene, bytes_over(text, (size_t)snprintf(text, sizeof(text), "88.100/%u", i)),
			making);
	}
	while (!is_complete) {
		assert_int_equal(records_search_step(scene->search, 100000, &is_complete, &problem),
			STATUS_OK);
		steps++;
	}
	assert_true(steps > 1);
	for (unsigned i = 0; i < RECORD_COUNT; i++) {
		assert_int_equal(
			find(scene, TEXT("88.100"), "URL",
				bytes_over(
					text, (size_t)snprintf(text, sizeof(text), "%u-1024", i))),
			1);
	}
}

int
main(void)
{
#define IN_SCENE(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		IN_SCENE(a_value_is_found_under_its_prefix_and_type_only),
		IN_SCENE(prefixes_are_asked_for_without_case_and_prefix_records_are_theirs),
		IN_SCENE(what_was_replaced_or_deleted_is_found_no_more),
		IN_SCENE(values_that_not_everybody_may_read_are_in_no_index),
		IN_SCENE(a_type_that_is_not_in_the_index_is_not_found),
		IN_SCENE(what_a_value_begins_with_finds_it_and_nothing_else_does),
		IN_SCENE(values_are_told_apart_behind_what_is_kept_of_them),
		IN_SCENE(long_prefixes_are_told_apart),
		IN_SCENE(zeros_in_values_lead_nobody_astray),
		IN_SCENE(pages_have_each_record_once_whatever_their_size),
		IN_SCENE(as_many_rows_are_looked_at_as_asked_for_and_no_more),
		IN_SCENE(a_key_of_another_question_begins_at_the_first),
		IN_SCENE(of_equal_values_of_a_record_one_is_found),
		IN_SCENE(the_index_goes_on_where_it_stood),
		IN_SCENE(with_other_types_it_is_made_anew),
		IN_SCENE(an_index_ahead_of_its_journal_is_made_anew),
		IN_SCENE(a_damaged_index_is_made_anew),
		IN_SCENE(a_step_takes_no_more_than_a_transaction_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
