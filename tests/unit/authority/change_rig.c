/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/authority/change_rig.h"

#include "handle/handle_admin.h"

#include <pthread.h>

struct request
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

void
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

void
values_begin(struct rig *rig)
{
	rig->writer = wire_writer_over(rig->values, sizeof(rig->values));
	rig->value_count = 0;
}

void
url_add(struct rig *rig, uint32_t index, const char *data)
{
	value_add(rig, index, "URL", HANDLE_PERMISSION_DEFAULT, bytes_from_string(data));
}

void
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
enum status
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

enum status
precheck(struct rig *rig)
{
	enum status status;

	authority_enter(rig->authority);
	status = authority_precheck(
		rig->authority, &rig->asked.request, &rig->policy, rig->arena, &rig->answer);
	authority_leave(rig->authority);
	return status;
}

enum status
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

enum status
put(struct rig *rig, uint32_t opcode, const char *name, uint32_t flags, struct access_identity who)
{
	struct request request = request_of(opcode, name, flags);

	request.values.values =
		(struct handle_value_list){rig->value_count, wire_written(&rig->writer)};
	asked_make(&rig->asked, &request);
	return go(rig, who);
}

enum status
name_only(struct rig *rig, uint32_t opcode, const char *name, struct access_identity who)
{
	struct request request = request_of(opcode, name, 0);

	asked_make(&rig->asked, &request);
	return go(rig, who);
}

enum status
remove_values(struct rig *rig, const char *name, struct bytes indexes, struct access_identity who)
{
	struct request request = request_of(OPCODE_REMOVE_VALUE, name, 0);

	request.indexes.index_count = (uint32_t)(indexes.size / 4);
	request.indexes.indexes = indexes;
	asked_make(&rig->asked, &request);
	return go(rig, who);
}

/* "1=a@1800000000 100=admin@..." of all values, in their order. */
const char *
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

int
rig_begin(void **state)
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

int
rig_end(void **state)
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
void
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

void
assert_said(const struct rig *rig, const char *text)
{
	assert_int_equal(rig->outcome.text.size, strlen(text));
	assert_memory_equal(rig->outcome.text.at, text, strlen(text));
}
