/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_change.h"

#include "authority/authority_list.h"
#include "handle/handle_admin.h"
#include "unit/access/asked.h"
#include "unit/ledger/ledger_scene.h"

#include <pthread.h>

/*
 * Changes as the front makes them: precheck on the snapshot, the identity's right, then the
 * decision within the commit of a real ledger.
 */
enum { NOW = 1800000000, BEFORE = 1700000000 };

struct rig {
	struct ledger_scene *scene;
	struct ledger *ledger;
	struct authority *authority;
	struct arena *arena;
	struct access_policy policy;
	struct access_identity server_admin;
	struct authority_share share;
	struct asked asked;
	uint8_t values[4096];
	struct wire_writer writer; /* Over `values`. */
	uint32_t value_count;
	/* Of the last change. */
	struct authority_answer answer;
	struct authority_outcome outcome;
};

static const struct access_identity LI = {{(const uint8_t *)"88.1/li", 7}, 300};
static const struct access_identity WANG = {{(const uint8_t *)"88.1/wang", 9}, 300};
static const struct access_identity NOBODY = {{NULL, 0}, 0};

static struct request
request_of(uint32_t opcode, const char *name, uint32_t flags)
{
	struct request request = {
		.message = {
			.envelope = {.version = {2, 11}, .suggested = {2, 11}, .request_id = 1},
			.header = {.opcode = opcode, .flags = flags, .site_serial = 0xffff},
		}};

	request.name.name = bytes_from_string(name);
	return request;
}

static void
value_add(struct rig *rig, uint32_t index, const char *type, uint8_t permissions, struct bytes data)
{
	struct handle_value value = {.index = index,
		.timestamp = 1,
		.ttl = 86400,
		.permissions = permissions,
		.type = bytes_from_string(type),
		.data = data};

	handle_value_write(&rig->writer, &value);
	rig->value_count++;
}

static void
values_begin(struct rig *rig)
{
	rig->writer = wire_writer_over(rig->values, sizeof(rig->values));
	rig->value_count = 0;
}

static void
url_add(struct rig *rig, uint32_t index, const char *data)
{
	value_add(rig, index, "URL", HANDLE_PERMISSION_DEFAULT, bytes_from_string(data));
}

static void
admin_add(struct rig *rig, uint32_t index, uint16_t rights, struct access_identity who)
{
	uint8_t octets[64];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_admin admin = {.rights = rights, .name = who.name, .index = who.index};

	handle_admin_write(&writer, &admin);
	value_add(rig, index, "HS_ADMIN", HANDLE_PERMISSION_DEFAULT, wire_written(&writer));
}

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_done;
	enum status status;
};

static void
committed(void *context, struct ledger_change *entry, enum status status, uint64_t sequence)
{
	struct waiting *waiting = context;

	(void)entry;
	(void)sequence;
	pthread_mutex_lock(&waiting->lock);
	waiting->status = status;
	waiting->is_done = true;
	pthread_cond_signal(&waiting->changed);
	pthread_mutex_unlock(&waiting->lock);
}

static enum status
submit_and_wait(struct ledger *ledger, struct ledger_change *entry)
{
	struct waiting waiting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};

	entry->committed = committed;
	entry->context = &waiting;
	assert_int_equal(ledger_submit(ledger, entry), STATUS_OK);
	pthread_mutex_lock(&waiting.lock);
	while (!waiting.is_done) {
		pthread_cond_wait(&waiting.changed, &waiting.lock);
	}
	pthread_mutex_unlock(&waiting.lock);
	return waiting.status;
}

/* Carries out what `rig->asked` asks, whatever the precheck said. */
static enum status
commit(struct rig *rig, struct access_identity who)
{
	struct authority_order order = {.request = &rig->asked.request,
		.identity = who,
		.policy = &rig->policy,
		.share = rig->share,
		.now_s = NOW};
	struct authority_change *change = NULL;
	enum status status;

	status = authority_change_new(rig->arena, &order, &change);
	if (status != STATUS_OK) {
		return status;
	}
	status = submit_and_wait(rig->ledger, authority_change_entry(change));
	return authority_change_outcome(change, status, &rig->outcome);
}

static enum status
precheck(struct rig *rig)
{
	enum status status;

	authority_enter(rig->authority);
	status = authority_precheck(
		rig->authority, &rig->asked.request, &rig->policy, rig->arena, &rig->answer);
	authority_leave(rig->authority);
	return status;
}

static enum status
may(struct rig *rig, struct access_identity who)
{
	struct access_budget budget = access_budget_full();
	enum status status;

	authority_enter(rig->authority);
	status = authority_may(rig->authority, &rig->asked.request, &who, &rig->policy, &budget);
	authority_leave(rig->authority);
	return status;
}

/* The whole way of a front: refused early, or refused by the identity, or decided. */
static enum status
go(struct rig *rig, struct access_identity who)
{
	enum status status;

	arena_reset(rig->arena);
	rig->outcome = (struct authority_outcome){.text = {NULL, 0}};
	status = precheck(rig);
	if (status == STATUS_UNAUTHENTICATED && access_identity_is_known(&who)) {
		status = may(rig, who);
	}
	if (status == STATUS_OK) {
		return commit(rig, who);
	}
	rig->outcome.text = rig->answer.text;
	/* What is refused early is refused within the commit as well. */
	if (status == STATUS_NOT_ADMIN || status == STATUS_UNAUTHENTICATED) {
		assert_int_equal(commit(rig, who), status);
	}
	return status;
}

static enum status
put(struct rig *rig, uint32_t opcode, const char *name, uint32_t flags, struct access_identity who)
{
	struct request request = request_of(opcode, name, flags);

	request.values.values =
		(struct handle_value_list){rig->value_count, wire_written(&rig->writer)};
	asked_make(&rig->asked, &request);
	return go(rig, who);
}

static enum status
name_only(struct rig *rig, uint32_t opcode, const char *name, struct access_identity who)
{
	struct request request = request_of(opcode, name, 0);

	asked_make(&rig->asked, &request);
	return go(rig, who);
}

static enum status
remove_values(struct rig *rig, const char *name, struct bytes indexes, struct access_identity who)
{
	struct request request = request_of(OPCODE_REMOVE_VALUE, name, 0);

	request.indexes.index_count = (uint32_t)(indexes.size / 4);
	request.indexes.indexes = indexes;
	asked_make(&rig->asked, &request);
	return go(rig, who);
}

/* "1=a@1800000000 100=admin@..." of all values, in their order. */
static const char *
record_text(struct rig *rig, const char *name)
{
	static char text[512];
	struct records_reader *reader = records_reader_new(ledger_records(rig->ledger));
	struct record record;
	struct wire_reader walk;
	struct handle_value value;
	int size = 0;

	assert_non_null(reader);
	records_enter(reader);
	text[0] = '\0';
	if (records_get(reader, bytes_from_string(name), &record) == STATUS_OK) {
		walk = handle_value_list_walk(&record.values);
		while (handle_value_next(&walk, &value)) {
			bool is_url = bytes_equal(value.type, TEXT("URL"));

			size += snprintf(text + size, sizeof(text) - (size_t)size, "%s%u=%.*s%s",
				size == 0 ? "" : " ", value.index,
				is_url ? (int)value.data.size : 5,
				is_url ? (const char *)value.data.at : "ADMIN",
				value.timestamp == NOW ? "" : "(old)");
		}
	} else {
		snprintf(text, sizeof(text), "none");
	}
	records_leave(reader);
	records_reader_free(reader);
	return text;
}

static int
begin(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	ledger_scene_begin((void **)&rig->scene);
	rig->ledger = ledger_scene_open(rig->scene, LEDGER_CREATE);
	rig->authority = authority_new(ledger_records(rig->ledger));
	rig->arena = arena_new(65536, REQUEST_MEMORY_MAX);
	assert_true(rig->authority != NULL && rig->arena != NULL);
	rig->share = (struct authority_share){HANDLE_HASH_BY_ALL, 1, 0};
	rig->server_admin = (struct access_identity){TEXT("0.NA/88"), 300};
	rig->policy = (struct access_policy){.server_admins = {&rig->server_admin, 1},
		.prefix_admins_may_create = true,
		.lists_handles = true};
	assert_int_equal(change_text(rig->ledger, JOURNAL_HOME, "0.NA/88.1"), STATUS_OK);
	assert_int_equal(change_text(rig->ledger, JOURNAL_HOME, "0.NA/0.NA"), STATUS_OK);

	/* The prefix lets Li create. */
	struct ledger_change change = {.kind = JOURNAL_PUT, .name = TEXT("0.NA/88.1")};

	values_begin(rig);
	admin_add(rig, 100, HANDLE_RIGHT_ADD_HANDLE | HANDLE_RIGHT_LIST_HANDLES, LI);
	change.values = (struct handle_value_list){1, wire_written(&rig->writer)};
	assert_int_equal(ledger_commit(rig->ledger, &change), STATUS_OK);
	*state = rig;
	return 0;
}

static int
end(void **state)
{
	struct rig *rig = *state;

	authority_free(rig->authority);
	ledger_scene_close(rig->ledger);
	ledger_scene_end((void **)&rig->scene);
	arena_free(rig->arena);
	free(rig);
	return 0;
}

/* 88.1/x of Li's, with values 1 and 3 and an old time. */
static void
record_begin(struct rig *rig, uint16_t rights)
{
	struct ledger_change change = {.kind = JOURNAL_PUT, .name = TEXT("88.1/x")};

	values_begin(rig);
	url_add(rig, 3, "three");
	url_add(rig, 1, "one");
	admin_add(rig, 100, rights, LI);
	change.values = (struct handle_value_list){3, wire_written(&rig->writer)};
	assert_int_equal(ledger_commit(rig->ledger, &change), STATUS_OK);
	values_begin(rig);
}

static void
assert_said(const struct rig *rig, const char *text)
{
	assert_int_equal(rig->outcome.text.size, strlen(text));
	assert_memory_equal(rig->outcome.text.at, text, strlen(text));
}

static void
creating_keeps_the_order_and_sets_the_time(void **state)
{
	struct rig *rig = *state;

	values_begin(rig);
	url_add(rig, 7, "seven");
	url_add(rig, 2, "two");
	assert_int_equal(
		put(rig, OPCODE_CREATE_HANDLE, "88.1/x", 0, NOBODY), STATUS_UNAUTHENTICATED);
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/x", 0, WANG), STATUS_NOT_ADMIN);
	assert_string_equal(record_text(rig, "88.1/x"), "none");
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/x", 0, LI), STATUS_OK);
	assert_true(bytes_equal(rig->outcome.name, TEXT("88.1/x")));
	assert_false(rig->outcome.result.has_overwritten);
	assert_string_equal(record_text(rig, "88.1/x"), "7=seven 2=two");
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/X", 0, LI), STATUS_EXISTS);
}

static void
what_cannot_be_created_is_refused_with_the_words_of_handle_net(void **state)
{
	struct rig *rig = *state;

	values_begin(rig);
	url_add(rig, 1, "one");
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "99.1/x", 0, LI), STATUS_NOT_RESPONSIBLE);
	assert_said(rig, "That prefix doesn't live here");
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/\xff", 0, LI), STATUS_INVALID);
	assert_said(rig, "Invalid UTF8 encoding");
	url_add(rig, 1, "one again");
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/x", 0, LI), STATUS_VALUE_EXISTS);
	assert_said(rig, "Index conflict for 1");
	values_begin(rig);
	url_add(rig, 0, "zero");
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/x", 0, LI), STATUS_INVALID_VALUE);
	assert_said(rig, "Value indexes must be positive");
	values_begin(rig);
	url_add(rig, 0x80000000u, "negative in Java");
	assert_int_equal(put(rig, OPCODE_ADD_VALUE, "88.1/x", 0, LI), STATUS_INVALID_VALUE);
	values_begin(rig);
	assert_int_equal(put(rig, OPCODE_ADD_VALUE, "88.1/x", 0, LI), STATUS_INVALID_VALUE);
	assert_said(rig, "Value list was empty");
}

static void
minted_names_are_drawn_once_and_can_be_told_again(void **state)
{
	struct rig *rig = *state;
	struct authority_outcome again;
	char name[64];

	values_begin(rig);
	url_add(rig, 1, "one");
	assert_int_equal(
		put(rig, OPCODE_CREATE_HANDLE, "88.1/a-", MESSAGE_FLAG_MINT, LI), STATUS_OK);
	assert_int_equal(rig->outcome.name.size, 7 + ACCESS_MINT_SIZE);
	snprintf(name, sizeof(name), "%.*s", (int)rig->outcome.name.size,
		(const char *)rig->outcome.name.at);
	assert_int_equal(name[7 + 14], '4');
	assert_non_null(strchr("89ab", name[7 + 19]));
	for (size_t i = 7; name[i] != '\0'; i++) {
		assert_non_null(strchr("0123456789abcdef-", name[i]));
	}
	assert_string_equal(record_text(rig, name), "1=one");
	authority_change_repeat(&rig->asked.request, &rig->outcome.result, rig->arena, &again);
	assert_true(bytes_equal(again.name, bytes_from_string(name)));
	assert_int_equal(
		put(rig, OPCODE_CREATE_HANDLE, "88.1/a-", MESSAGE_FLAG_MINT, LI), STATUS_OK);
	assert_false(bytes_equal(rig->outcome.name, bytes_from_string(name)));
	/* One of three servers mints what it holds itself. */
	rig->share = (struct authority_share){HANDLE_HASH_BY_ALL, 3, 1};
	assert_int_equal(
		put(rig, OPCODE_CREATE_HANDLE, "88.1/a-", MESSAGE_FLAG_MINT, LI), STATUS_OK);
	assert_int_equal(handle_name_hash(rig->outcome.name, HANDLE_HASH_BY_ALL) % 3, 1);
}

static void
overwriting_keeps_the_time_of_what_stays(void **state)
{
	struct rig *rig = *state;

	record_begin(rig, HANDLE_RIGHT_ADD_VALUE | HANDLE_RIGHT_MODIFY_VALUE);
	value_add(rig, 1, "URL", HANDLE_PERMISSION_DEFAULT, TEXT("one"));
	value_add(rig, 3, "URL", HANDLE_PERMISSION_DEFAULT, TEXT("drei"));
	admin_add(rig, 100, HANDLE_RIGHT_ADD_VALUE | HANDLE_RIGHT_MODIFY_VALUE, LI);
	url_add(rig, 9, "nine");
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/x", 0, LI), STATUS_EXISTS);
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/x", MESSAGE_FLAG_OVERWRITE, WANG),
		STATUS_NOT_ADMIN);
	assert_int_equal(
		put(rig, OPCODE_CREATE_HANDLE, "88.1/x", MESSAGE_FLAG_OVERWRITE, LI), STATUS_OK);
	assert_true(rig->outcome.result.has_overwritten);
	assert_string_equal(record_text(rig, "88.1/x"), "1=one(old) 3=drei 100=ADMIN(old) 9=nine");
	/* To leave a value out is to remove it, which Li may not. */
	values_begin(rig);
	url_add(rig, 1, "one");
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/x", MESSAGE_FLAG_OVERWRITE, LI),
		STATUS_NOT_ADMIN);
	/* Overwriting what is not there is creating. */
	assert_int_equal(
		put(rig, OPCODE_CREATE_HANDLE, "88.1/y", MESSAGE_FLAG_OVERWRITE, LI), STATUS_OK);
	assert_false(rig->outcome.result.has_overwritten);
}

static void
added_values_stand_in_the_order_of_indexes(void **state)
{
	struct rig *rig = *state;

	record_begin(rig, HANDLE_RIGHT_ADD_VALUE);
	url_add(rig, 4, "four");
	url_add(rig, 2, "two");
	assert_int_equal(put(rig, OPCODE_ADD_VALUE, "88.1/none", 0, LI), STATUS_NOT_FOUND);
	assert_int_equal(put(rig, OPCODE_ADD_VALUE, "88.1/x", 0, WANG), STATUS_NOT_ADMIN);
	assert_int_equal(put(rig, OPCODE_ADD_VALUE, "88.1/x", 0, LI), STATUS_OK);
	assert_string_equal(
		record_text(rig, "88.1/x"), "1=one(old) 2=two 3=three(old) 4=four 100=ADMIN(old)");
	assert_int_equal(put(rig, OPCODE_ADD_VALUE, "88.1/x", 0, LI), STATUS_VALUE_EXISTS);
	assert_said(rig, "Index conflict for 4");
	/* Over what is there the right to modify is needed, too. */
	assert_int_equal(
		put(rig, OPCODE_ADD_VALUE, "88.1/x", MESSAGE_FLAG_OVERWRITE, LI), STATUS_NOT_ADMIN);
	record_begin(rig, HANDLE_RIGHT_ADD_VALUE | HANDLE_RIGHT_MODIFY_VALUE);
	url_add(rig, 3, "drei");
	url_add(rig, 1, "one");
	assert_int_equal(
		put(rig, OPCODE_ADD_VALUE, "88.1/x", MESSAGE_FLAG_OVERWRITE, LI), STATUS_OK);
	assert_true(rig->outcome.result.has_overwritten);
	assert_string_equal(record_text(rig, "88.1/x"), "1=one(old) 3=drei 100=ADMIN(old)");
	/* An administrator is another right. */
	values_begin(rig);
	admin_add(rig, 101, 0, WANG);
	assert_int_equal(put(rig, OPCODE_ADD_VALUE, "88.1/x", 0, LI), STATUS_NOT_ADMIN);
}

static void
removing_needs_every_index_and_the_right_to_each(void **state)
{
	struct rig *rig = *state;

	record_begin(rig, HANDLE_RIGHT_REMOVE_VALUE);
	assert_int_equal(remove_values(rig, "88.1/none", BYTES(0, 0, 0, 1), LI), STATUS_NOT_FOUND);
	assert_int_equal(remove_values(rig, "88.1/x", BYTES(0, 0, 0, 1, 0, 0, 0, 2), LI),
		STATUS_VALUE_NOT_FOUND);
	assert_int_equal(remove_values(rig, "88.1/x", BYTES(0, 0, 0, 1), WANG), STATUS_NOT_ADMIN);
	assert_int_equal(remove_values(rig, "88.1/x", BYTES(0, 0, 0, 100, 0, 0, 0, 1), LI),
		STATUS_NOT_ADMIN);
	assert_int_equal(
		remove_values(rig, "88.1/x", BYTES(0, 0, 0, 1, 0, 0, 0, 1), LI), STATUS_OK);
	assert_string_equal(record_text(rig, "88.1/x"), "3=three(old) 100=ADMIN(old)");
}

static void
modifying_keeps_places_and_obeys_the_values_permissions(void **state)
{
	struct rig *rig = *state;
	struct ledger_change change = {.kind = JOURNAL_PUT, .name = TEXT("88.1/p")};

	record_begin(rig, HANDLE_RIGHT_MODIFY_VALUE);
	url_add(rig, 1, "eins");
	assert_int_equal(put(rig, OPCODE_MODIFY_VALUE, "88.1/none", 0, LI), STATUS_NOT_FOUND);
	assert_int_equal(
		put(rig, OPCODE_MODIFY_VALUE, "88.1/x", 0, NOBODY), STATUS_UNAUTHENTICATED);
	assert_int_equal(put(rig, OPCODE_MODIFY_VALUE, "88.1/x", 0, WANG), STATUS_NOT_ADMIN);
	assert_int_equal(put(rig, OPCODE_MODIFY_VALUE, "88.1/x", 0, LI), STATUS_OK);
	assert_string_equal(record_text(rig, "88.1/x"), "3=three(old) 1=eins 100=ADMIN(old)");
	url_add(rig, 2, "two");
	assert_int_equal(put(rig, OPCODE_MODIFY_VALUE, "88.1/x", 0, LI), STATUS_VALUE_NOT_FOUND);
	/* Into an administrator, and an administrator into something else, need more. */
	values_begin(rig);
	admin_add(rig, 1, 0xfff, LI);
	assert_int_equal(put(rig, OPCODE_MODIFY_VALUE, "88.1/x", 0, LI), STATUS_NOT_ADMIN);
	values_begin(rig);
	url_add(rig, 100, "gone");
	assert_int_equal(put(rig, OPCODE_MODIFY_VALUE, "88.1/x", 0, LI), STATUS_NOT_ADMIN);

	values_begin(rig);
	value_add(rig, 1, "URL", 0x0f, TEXT("open"));
	value_add(rig, 2, "URL", 0x0a, TEXT("closed"));
	change.values = (struct handle_value_list){2, wire_written(&rig->writer)};
	assert_int_equal(ledger_commit(rig->ledger, &change), STATUS_OK);
	values_begin(rig);
	url_add(rig, 1, "by anybody");
	assert_int_equal(put(rig, OPCODE_MODIFY_VALUE, "88.1/p", 0, NOBODY), STATUS_OK);
	assert_string_equal(record_text(rig, "88.1/p"), "1=by anybody 2=closed(old)");
	values_begin(rig);
	url_add(rig, 2, "opened");
	assert_int_equal(put(rig, OPCODE_MODIFY_VALUE, "88.1/p", 0, LI), STATUS_DENIED);
	assert_said(rig, "Value is read-only");
}

static void
deleting_is_for_the_records_own_administrators(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(name_only(rig, OPCODE_DELETE_HANDLE, "88.1/x", LI), STATUS_NOT_FOUND);
	record_begin(rig, 0x0fff & ~HANDLE_RIGHT_DELETE_HANDLE);
	assert_int_equal(name_only(rig, OPCODE_DELETE_HANDLE, "88.1/x", LI), STATUS_NOT_ADMIN);
	record_begin(rig, HANDLE_RIGHT_DELETE_HANDLE);
	assert_int_equal(
		name_only(rig, OPCODE_DELETE_HANDLE, "88.1/x", NOBODY), STATUS_UNAUTHENTICATED);
	/* Also when its prefix has moved away. */
	assert_int_equal(change_text(rig->ledger, JOURNAL_UNHOME, "0.NA/88.1"), STATUS_OK);
	assert_int_equal(name_only(rig, OPCODE_DELETE_HANDLE, "88.1/x", LI), STATUS_OK);
	assert_string_equal(record_text(rig, "88.1/x"), "none");
}

static void
homing_is_for_administrators_of_the_node_and_may_be_repeated(void **state)
{
	struct rig *rig = *state;
	struct access_identity admin = rig->server_admin;

	assert_int_equal(name_only(rig, OPCODE_HOME_PREFIX, "88.1/x", admin), STATUS_INVALID);
	assert_said(rig, "Handle is not a prefix handle");
	assert_int_equal(name_only(rig, OPCODE_HOME_PREFIX, "0.NA/99", LI), STATUS_NOT_ADMIN);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(name_only(rig, OPCODE_HOME_PREFIX, "0.na/99", admin), STATUS_OK);
		assert_int_equal(records_prefix_count(ledger_records(rig->ledger)), 3);
	}
	for (int i = 0; i < 2; i++) {
		/* A name without a slash is a prefix. */
		assert_int_equal(name_only(rig, OPCODE_UNHOME_PREFIX, "99", admin), STATUS_OK);
		assert_int_equal(records_prefix_count(ledger_records(rig->ledger)), 2);
	}
}

/* The right is asked of the state that the change changes, not of the one it was sent in. */
static void
rights_that_are_taken_away_meanwhile_count_no_more(void **state)
{
	struct rig *rig = *state;

	record_begin(rig, HANDLE_RIGHT_ADD_VALUE);
	url_add(rig, 2, "two");

	struct request request = request_of(OPCODE_ADD_VALUE, "88.1/x", 0);

	request.values.values = (struct handle_value_list){1, wire_written(&rig->writer)};
	asked_make(&rig->asked, &request);
	assert_int_equal(precheck(rig), STATUS_UNAUTHENTICATED);
	assert_int_equal(may(rig, LI), STATUS_OK);
	record_begin(rig, HANDLE_RIGHT_READ_VALUE);
	assert_int_equal(commit(rig, LI), STATUS_NOT_ADMIN);
	/* So are records that are gone, and prefixes that are. */
	record_begin(rig, HANDLE_RIGHT_ADD_VALUE);
	assert_int_equal(change_text(rig->ledger, JOURNAL_DELETE, "88.1/x"), STATUS_OK);
	assert_int_equal(commit(rig, LI), STATUS_NOT_FOUND);
	record_begin(rig, HANDLE_RIGHT_ADD_VALUE);
	assert_int_equal(change_text(rig->ledger, JOURNAL_UNHOME, "0.NA/88.1"), STATUS_OK);
	assert_int_equal(commit(rig, LI), STATUS_NOT_RESPONSIBLE);
	assert_said(rig, "That prefix doesn't live here");
}

static void
records_keep_their_limits_when_values_are_added(void **state)
{
	struct rig *rig = *state;
	static uint8_t octets[HANDLE_VALUE_COUNT_MAX * 64];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct ledger_change change = {.kind = JOURNAL_PUT, .name = TEXT("88.1/full")};
	struct handle_value value = {.ttl = 86400, .permissions = 0x0e, .type = TEXT("URL")};

	values_begin(rig);
	admin_add(rig, 1, HANDLE_RIGHT_ADD_VALUE, LI);
	wire_write_bytes(&writer, wire_written(&rig->writer));
	for (value.index = 2; value.index < HANDLE_VALUE_COUNT_MAX; value.index++) {
		handle_value_write(&writer, &value);
	}
	change.values =
		(struct handle_value_list){HANDLE_VALUE_COUNT_MAX - 1, wire_written(&writer)};
	assert_int_equal(ledger_commit(rig->ledger, &change), STATUS_OK);
	values_begin(rig);
	url_add(rig, 5000, "x");
	url_add(rig, 5001, "y");
	assert_int_equal(put(rig, OPCODE_ADD_VALUE, "88.1/full", 0, LI), STATUS_INVALID_VALUE);
	values_begin(rig);
	url_add(rig, 5000, "x");
	assert_int_equal(put(rig, OPCODE_ADD_VALUE, "88.1/full", 0, LI), STATUS_OK);
	values_begin(rig);
	url_add(rig, 5001, "x");
	assert_int_equal(put(rig, OPCODE_ADD_VALUE, "88.1/full", 0, LI), STATUS_INVALID_VALUE);
}

static void
other_servers_of_the_site_are_not_spoken_for(void **state)
{
	struct rig *rig = *state;
	uint32_t number = handle_name_hash(TEXT("88.1/x"), HANDLE_HASH_BY_ALL) % 2;

	values_begin(rig);
	url_add(rig, 1, "one");
	rig->share = (struct authority_share){HANDLE_HASH_BY_ALL, 2, 1 - number};
	authority_set_share(rig->authority, &rig->share);
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/x", 0, LI), STATUS_NOT_RESPONSIBLE);
	assert_said(rig, "Request was hashed incorrectly");
	assert_int_equal(commit(rig, LI), STATUS_NOT_RESPONSIBLE);
	rig->share.number = number;
	authority_set_share(rig->authority, &rig->share);
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/x", 0, LI), STATUS_OK);
}

/* All names of a list, page by page, and how many pages. */
static size_t
listed(struct rig *rig, uint32_t opcode, const char *name, char text[], size_t capacity)
{
	struct request request = request_of(opcode, name, 0);
	struct authority_list *list = NULL;
	struct authority_page page = {.is_last = false};
	struct problem problem;
	size_t pages = 0;
	size_t size = 0;

	text[0] = '\0';
	asked_make(&rig->asked, &request);
	assert_int_equal(ledger_settle(rig->ledger, &problem), STATUS_OK);
	assert_int_equal(
		authority_list_new(ledger_records(rig->ledger), &rig->asked.request, &list),
		STATUS_OK);
	for (; !page.is_last; pages++) {
		struct wire_reader reader;

		arena_reset(rig->arena);
		assert_int_equal(authority_list_next(list, rig->arena, &page), STATUS_OK);
		assert_true(page.count <= LIST_HANDLE_COUNT_MAX);
		reader = wire_reader_over(page.blobs);
		for (uint32_t i = 0; i < page.count; i++) {
			struct bytes blob = wire_read_blob(&reader, HANDLE_KEY_SIZE_MAX);
			int added = snprintf(text + size, capacity - size, "%.*s ", (int)blob.size,
				(const char *)blob.at);

			assert_true(added > 0 && (size_t)added < capacity - size);
			size += (size_t)added;
		}
		assert_int_equal(wire_reader_end(&reader), STATUS_OK);
	}
	authority_list_free(list);
	return pages;
}

static void
lists_hold_the_handles_of_their_prefix_in_order(void **state)
{
	static const char *const names[] = {"88.1/b", "88.1/A", "88.1.2/x", "88.10/x",
		"0.NA/88.1.2", "0.NA/88.1.2.3", "0.NA/88.10", "88/x"};
	struct rig *rig = *state;
	static char text[65536];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(put_text(rig->ledger, names[i], "x"), STATUS_OK);
	}
	assert_int_equal(listed(rig, OPCODE_LIST_HANDLES, "0.NA/88.1", text, sizeof(text)), 1);
	assert_string_equal(text, "88.1/A 88.1/b ");
	(void)listed(rig, OPCODE_LIST_HANDLES, "88.1", text, sizeof(text));
	assert_string_equal(text, "88.1/A 88.1/b ");
	(void)listed(rig, OPCODE_LIST_HANDLES, "0.NA/0.NA/88.1", text, sizeof(text));
	assert_string_equal(text, "0.NA/88.1.2 0.NA/88.1.2.3 ");
	(void)listed(rig, OPCODE_LIST_DERIVED_PREFIXES, "0.NA/88.1", text, sizeof(text));
	assert_string_equal(text, "0.NA/88.1.2 0.NA/88.1.2.3 ");
	(void)listed(rig, OPCODE_LIST_HANDLES, "0.NA/77", text, sizeof(text));
	assert_string_equal(text, "");
	(void)listed(rig, OPCODE_LIST_HOMED_PREFIXES, "/", text, sizeof(text));
	assert_string_equal(text, "0.NA/0.NA 0.NA/88.1 ");
	assert_int_equal(change_text(rig->ledger, JOURNAL_UNHOME, "0.NA/0.NA"), STATUS_OK);
	(void)listed(rig, OPCODE_LIST_HOMED_PREFIXES, "/", text, sizeof(text));
	assert_string_equal(text, "0.NA/88.1 ");
}

static void
pages_hold_fifty_and_say_which_is_the_last(void **state)
{
	struct rig *rig = *state;
	static char text[65536];
	char name[32];

	for (unsigned i = 0; i < 2 * LIST_HANDLE_COUNT_MAX + 1; i++) {
		size_t count = 0;

		snprintf(name, sizeof(name), "88.1/%03u", i);
		assert_int_equal(put_text(rig->ledger, name, "x"), STATUS_OK);
		if ((i + 2) % LIST_HANDLE_COUNT_MAX > 2) {
			continue;
		}
		assert_int_equal(listed(rig, OPCODE_LIST_HANDLES, "0.NA/88.1", text, sizeof(text)),
			i / LIST_HANDLE_COUNT_MAX + 1);
		for (const char *at = text; (at = strchr(at, ' ')) != NULL; at++) {
			count++;
		}
		assert_int_equal(count, i + 1);
	}
}

/* Keys beyond the table's size stand in another order; each is listed once all the same. */
static void
long_names_are_listed_once_each(void **state)
{
	struct rig *rig = *state;
	static char text[262144];
	static char names[120][640];
	static char word[648];
	size_t found = 0;

	for (unsigned i = 0; i < 120; i++) {
		memset(names[i], 'L', 600);
		memcpy(names[i], "88.1/", 5);
		snprintf(names[i] + 600, 32, "%u", i);
		assert_int_equal(put_text(rig->ledger, names[i], "x"), STATUS_OK);
	}
	assert_int_equal(listed(rig, OPCODE_LIST_HANDLES, "0.NA/88.1", text, sizeof(text)), 3);
	for (unsigned i = 0; i < 120; i++) {
		snprintf(word, sizeof(word), "%s ", names[i]);
		found += strstr(text, word) != NULL;
	}
	assert_int_equal(found, 120);
}

static void
lists_are_refused_where_nothing_is_to_be_listed(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(
		name_only(rig, OPCODE_LIST_HANDLES, "0.NA/99", NOBODY), STATUS_NOT_RESPONSIBLE);
	assert_int_equal(
		name_only(rig, OPCODE_LIST_HANDLES, "88.1/x", NOBODY), STATUS_NOT_RESPONSIBLE);

	struct request request = request_of(OPCODE_LIST_HANDLES, "0.NA/88.1", 0);

	asked_make(&rig->asked, &request);
	assert_int_equal(precheck(rig), STATUS_UNAUTHENTICATED);
	assert_int_equal(may(rig, LI), STATUS_OK);
	assert_int_equal(may(rig, WANG), STATUS_NOT_ADMIN);
	rig->policy.lists_handles = false;
	assert_int_equal(precheck(rig), STATUS_UNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(creating_keeps_the_order_and_sets_the_time),
		TEST(what_cannot_be_created_is_refused_with_the_words_of_handle_net),
		TEST(minted_names_are_drawn_once_and_can_be_told_again),
		TEST(overwriting_keeps_the_time_of_what_stays),
		TEST(added_values_stand_in_the_order_of_indexes),
		TEST(removing_needs_every_index_and_the_right_to_each),
		TEST(modifying_keeps_places_and_obeys_the_values_permissions),
		TEST(deleting_is_for_the_records_own_administrators),
		TEST(homing_is_for_administrators_of_the_node_and_may_be_repeated),
		TEST(rights_that_are_taken_away_meanwhile_count_no_more),
		TEST(records_keep_their_limits_when_values_are_added),
		TEST(other_servers_of_the_site_are_not_spoken_for),
		TEST(lists_hold_the_handles_of_their_prefix_in_order),
		TEST(pages_hold_fifty_and_say_which_is_the_last),
		TEST(long_names_are_listed_once_each),
		TEST(lists_are_refused_where_nothing_is_to_be_listed),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
