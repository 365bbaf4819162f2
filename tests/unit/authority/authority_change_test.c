/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/authority/change_rig.h"

#include "handle/handle_admin.h"

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
	/* A record of the very name that is asked for stands in nobody's way. */
	values_begin(rig);
	url_add(rig, 1, "v");
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/a-", 0, LI), STATUS_OK);
	values_begin(rig);
	url_add(rig, 1, "v");
	assert_int_equal(
		put(rig, OPCODE_CREATE_HANDLE, "88.1/a-", MESSAGE_FLAG_MINT, LI), STATUS_OK);
	assert_int_equal(rig->outcome.name.size, 7 + ACCESS_MINT_SIZE);
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

/* By removing it, by writing something else in its place, or by writing the record anew. */
static void
the_last_administrator_stays_where_the_settings_say_so(void **state)
{
	static const char said[] = "The last HS_ADMIN value of a record is kept here";
	struct rig *rig = *state;

	record_begin(rig, 0xfff);
	rig->policy.keeps_last_admin = true;
	assert_int_equal(remove_values(rig, "88.1/x", BYTES(0, 0, 0, 100), LI), STATUS_DENIED);
	assert_said(rig, said);
	values_begin(rig);
	url_add(rig, 100, "gone");
	assert_int_equal(put(rig, OPCODE_MODIFY_VALUE, "88.1/x", 0, LI), STATUS_DENIED);
	assert_int_equal(
		put(rig, OPCODE_ADD_VALUE, "88.1/x", MESSAGE_FLAG_OVERWRITE, LI), STATUS_DENIED);
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/x", MESSAGE_FLAG_OVERWRITE, LI),
		STATUS_DENIED);
	assert_said(rig, said);
	assert_string_equal(record_text(rig, "88.1/x"), "3=three(old) 1=one(old) 100=ADMIN(old)");
	/* Who may not change it at all is not told about the rule. */
	assert_int_equal(remove_values(rig, "88.1/x", BYTES(0, 0, 0, 100), WANG), STATUS_NOT_ADMIN);
	/* Another may take its place, one of two may go, and the whole record may. */
	values_begin(rig);
	admin_add(rig, 101, 0xfff, LI);
	assert_int_equal(put(rig, OPCODE_ADD_VALUE, "88.1/x", 0, LI), STATUS_OK);
	assert_int_equal(remove_values(rig, "88.1/x", BYTES(0, 0, 0, 100), LI), STATUS_OK);
	assert_int_equal(remove_values(rig, "88.1/x", BYTES(0, 0, 0, 101), LI), STATUS_DENIED);
	assert_int_equal(remove_values(rig, "88.1/x", BYTES(0, 0, 0, 1), LI), STATUS_OK);
	assert_int_equal(name_only(rig, OPCODE_DELETE_HANDLE, "88.1/x", LI), STATUS_OK);
	/* A record that never had one is nobody's to keep. */
	values_begin(rig);
	url_add(rig, 1, "bare");
	assert_int_equal(put(rig, OPCODE_CREATE_HANDLE, "88.1/bare", 0, LI), STATUS_OK);
}

static void
the_last_administrator_may_go_by_default(void **state)
{
	struct rig *rig = *state;

	record_begin(rig, 0xfff);
	assert_int_equal(remove_values(rig, "88.1/x", BYTES(0, 0, 0, 100), LI), STATUS_OK);
	assert_string_equal(record_text(rig, "88.1/x"), "3=three(old) 1=one(old)");
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
	values_begin(rig);
	url_add(rig, 1, "eins");
	url_add(rig, 1, "uno");
	assert_int_equal(put(rig, OPCODE_MODIFY_VALUE, "88.1/x", 0, LI), STATUS_VALUE_EXISTS);
	assert_said(rig, "Index conflict for 1");
	/* To modify is to touch, also into what was there. */
	values_begin(rig);
	url_add(rig, 3, "three");
	assert_int_equal(put(rig, OPCODE_MODIFY_VALUE, "88.1/x", 0, LI), STATUS_OK);
	assert_string_equal(record_text(rig, "88.1/x"), "3=three 1=eins 100=ADMIN(old)");
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

/* Found, then deleted, then asked for by name: it is gone, whoever asks. */
static void
a_record_that_is_gone_meanwhile_is_read_by_nobody_in_particular(void **state)
{
	struct rig *rig = *state;
	struct request request = {.message.header.opcode = OPCODE_RESOLUTION};

	request.resolution.name = TEXT("88.1/x");
	asked_make(&rig->asked, &request);
	record_begin(rig, HANDLE_RIGHT_READ_VALUE);
	assert_int_equal(may(rig, LI), STATUS_OK);
	assert_int_equal(may(rig, WANG), STATUS_NOT_ADMIN);
	assert_int_equal(change_text(rig->ledger, JOURNAL_DELETE, "88.1/x"), STATUS_OK);
	assert_int_equal(may(rig, LI), STATUS_OK);
	assert_int_equal(may(rig, WANG), STATUS_OK);
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

/* 0.NA/88 says who answers for the prefixes below it. */
static void
changes_of_delegated_prefixes_are_referred_to_who_knows_them(void **state)
{
	struct rig *rig = *state;
	struct ledger_change change = {.kind = JOURNAL_PUT, .name = TEXT("0.NA/88")};
	struct request request;

	values_begin(rig);
	value_add(rig, 1, "HS_SITE.PREFIX", HANDLE_PERMISSION_DEFAULT, TEXT("site"));
	value_add(rig, 2, "HS_SERV.PREFIX", HANDLE_ADMIN_READ, TEXT("not for everybody"));
	change.values = (struct handle_value_list){2, wire_written(&rig->writer)};
	assert_int_equal(ledger_commit(rig->ledger, &change), STATUS_OK);
	assert_int_equal(change_text(rig->ledger, JOURNAL_HOME, "0.NA/88"), STATUS_OK);
	request = request_of(OPCODE_ADD_VALUE, "0.NA/88.5", 0);
	values_begin(rig);
	url_add(rig, 1, "one");
	request.values.values = (struct handle_value_list){1, wire_written(&rig->writer)};
	asked_make(&rig->asked, &request);
	assert_int_equal(precheck(rig), STATUS_REFERRED);
	assert_int_equal(rig->answer.values.count, 1);
	/* Not for clients that would not understand, or do not want to, or of what is here. */
	rig->asked.request.message.envelope.suggested = (struct version){2, 9};
	assert_int_equal(precheck(rig), STATUS_UNAUTHENTICATED);
	rig->asked.request.message.envelope.suggested = (struct version){2, 10};
	assert_int_equal(precheck(rig), STATUS_REFERRED);
	rig->asked.request.message.header.flags |= MESSAGE_FLAG_DO_NOT_REFER;
	assert_int_equal(precheck(rig), STATUS_UNAUTHENTICATED);
	asked_make(&rig->asked, &request);
	assert_int_equal(put_text(rig->ledger, "0.NA/88.5", "x"), STATUS_OK);
	assert_int_equal(precheck(rig), STATUS_UNAUTHENTICATED);
}

/* What an identity reads that was proven: all it asked for, but no secret. */
static enum status
read_by(struct rig *rig, const char *name, const struct access_identity *who, uint32_t flags,
	bool is_in_session, uint32_t *ret_count)
{
	struct request_resolution asked = {.name = bytes_from_string(name)};
	struct authority_question question = {.resolution = &asked,
		.is_public_only = (flags & MESSAGE_FLAG_PUBLIC_ONLY) != 0,
		.is_in_session = is_in_session,
		.identity = who,
		.policy = &rig->policy};
	struct authority_answer answer;
	struct authority_query query;
	struct authority_query *const only = &query;
	enum status status;

	authority_enter(rig->authority);
	authority_query_begin(rig->authority, asked.name, &query);
	authority_look_ahead(rig->authority, &only, 1);
	status = authority_resolve(rig->authority, &question, &query, rig->arena, &answer);
	*ret_count = answer.values.count;
	authority_leave(rig->authority);
	return status;
}

static void
a_proven_identity_reads_what_it_may_and_never_a_secret(void **state)
{
	struct rig *rig = *state;
	struct ledger_change change = {.kind = JOURNAL_PUT, .name = TEXT("88.1/r")};
	uint32_t count = 0;

	values_begin(rig);
	url_add(rig, 1, "public");
	value_add(rig, 2, "URL", HANDLE_ADMIN_READ, TEXT("private"));
	value_add(rig, 3, "URL", 0, TEXT("nobody's"));
	value_add(rig, 301, "HS_SECKEY", HANDLE_ADMIN_READ, TEXT("secret"));
	admin_add(rig, 100, HANDLE_RIGHT_READ_VALUE, LI);
	change.values = (struct handle_value_list){5, wire_written(&rig->writer)};
	assert_int_equal(ledger_commit(rig->ledger, &change), STATUS_OK);
	assert_int_equal(read_by(rig, "88.1/r", NULL, 0, false, &count), STATUS_UNAUTHENTICATED);
	assert_int_equal(read_by(rig, "88.1/r", &NOBODY, 0, false, &count), STATUS_UNAUTHENTICATED);
	assert_int_equal(read_by(rig, "88.1/r", &WANG, 0, false, &count), STATUS_NOT_ADMIN);
	assert_int_equal(read_by(rig, "88.1/r", &LI, 0, false, &count), STATUS_OK);
	assert_int_equal(count, 4);
	assert_int_equal(
		read_by(rig, "88.1/r", &LI, MESSAGE_FLAG_PUBLIC_ONLY, true, &count), STATUS_OK);
	assert_int_equal(count, 2);
	/* Within a session also what all may read needs an identity, unless only that is asked. */
	assert_int_equal(put_text(rig->ledger, "88.1/p", "public"), STATUS_OK);
	assert_int_equal(read_by(rig, "88.1/p", NULL, 0, false, &count), STATUS_OK);
	assert_int_equal(read_by(rig, "88.1/p", NULL, 0, true, &count), STATUS_UNAUTHENTICATED);
	assert_int_equal(
		read_by(rig, "88.1/p", NULL, MESSAGE_FLAG_PUBLIC_ONLY, true, &count), STATUS_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_begin, rig_end)
		TEST(creating_keeps_the_order_and_sets_the_time),
		TEST(what_cannot_be_created_is_refused_with_the_words_of_handle_net),
		TEST(minted_names_are_drawn_once_and_can_be_told_again),
		TEST(overwriting_keeps_the_time_of_what_stays),
		TEST(added_values_stand_in_the_order_of_indexes),
		TEST(removing_needs_every_index_and_the_right_to_each),
		TEST(the_last_administrator_stays_where_the_settings_say_so),
		TEST(the_last_administrator_may_go_by_default),
		TEST(modifying_keeps_places_and_obeys_the_values_permissions),
		TEST(deleting_is_for_the_records_own_administrators),
		TEST(homing_is_for_administrators_of_the_node_and_may_be_repeated),
		TEST(rights_that_are_taken_away_meanwhile_count_no_more),
		TEST(a_record_that_is_gone_meanwhile_is_read_by_nobody_in_particular),
		TEST(records_keep_their_limits_when_values_are_added),
		TEST(other_servers_of_the_site_are_not_spoken_for),
		TEST(changes_of_delegated_prefixes_are_referred_to_who_knows_them),
		TEST(a_proven_identity_reads_what_it_may_and_never_a_secret),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
