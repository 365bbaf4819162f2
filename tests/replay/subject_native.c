/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay.h"
#include "replay/replay_access.h"

#include "fake/fake.h"
#include "ledger/ledger.h"
#include "native/native.h"
#include "unit/native/scratch.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * The front for Handle clients over a small ledger of its own. Everything but the sockets is
 * what a node runs: service, authority, records, journal on disk.
 *
 *     RECORD HANDLE (INDEX TYPE DATA|octets N [permissions P])...   homes its prefix too
 *     DELETE HANDLE · HOME 0.NA/P · UNHOME 0.NA/P
 *     SETTING NAME NUMBER                      a number of struct native_settings
 *     EXEMPT NETWORK                           no limits by source
 *     SIGNER ed25519|rsa                       with a fresh key; without it nothing is signed
 *     METRIC NAME N                            what the front has counted
 *     BUSY N                                   connections and signatures left
 *     STOP · ABANDON                           native_stop(), native_abandon()
 */
enum { ADMIN_LIST_COUNT = 5, ADMIN_COUNT_MAX = 8, ADMIN_NAME_SIZE_MAX = 64 };

enum { CENSUS_SIZE = 64, DATA_SIZE_MAX = 131072, VALUES_SIZE_MAX = 260000 };

struct subject_native {
	char directory[SCRATCH_PATH_SIZE_MAX];
	struct ledger *ledger;
	struct service_face face;
	struct access_identity admins[ADMIN_LIST_COUNT][ADMIN_COUNT_MAX];
	uint8_t admin_names[ADMIN_LIST_COUNT][ADMIN_COUNT_MAX][ADMIN_NAME_SIZE_MAX];
	struct service *service;
	struct monitor *monitor;
	struct native_census *census;
	struct loop_pool *pool;
	struct crypto_key *stream_key; /* Proves streams to mirrors. */
	struct replication_source *mirrors;
	struct service_access access;
	struct native_settings settings;
	struct native *native;
	size_t busy_wanted;
	bool is_stopped;
};

static const struct access_challenge_limits challenge_limits = {
	.count = 16, .count_per_source = 8, .octets = 1 << 20, .life_ms = 60000};
static const struct access_session_limits session_limits = {
	.count = 16, .count_per_source = 8, .idle_s = 3600, .life_s = 86400};

static bool
busy_is_wanted(void *context)
{
	const struct subject_native *front = context;

	return native_busy_count(front->native) == front->busy_wanted;
}

static void
native_close(void *subject)
{
	struct subject_native *front = subject;
	struct problem problem;

	if (front->native != NULL) {
		if (!front->is_stopped) {
			native_stop(front->native);
		}
		native_abandon(front->native);
		if (front->mirrors != NULL) {
			replication_source_stop(front->mirrors);
		}
		fake_jobs_hold(false);
		front->busy_wanted = 0;
		(void)fake_await(busy_is_wanted, front);
	}
	native_free(front->native);
	replication_source_free(front->mirrors);
	replication_identity_unref(front->face.stream_identity);
	crypto_key_free(front->stream_key);
	signer_free(front->face.signer);
	loop_pool_free(front->pool);
	service_free(front->service);
	service_access_free(&front->access);
	native_census_free(front->census);
	monitor_free(front->monitor);
	if (front->ledger != NULL) {
		(void)ledger_close(front->ledger, &problem);
	}
	scratch_remove(front->directory);
	free(front);
}

static enum status
mirrors_make(struct subject_native *front, struct loop *loop)
{
	enum status status = crypto_key_new(CRYPTO_KEY_ED25519, &front->stream_key);

	if (status != STATUS_OK) {
		return status;
	}
	front->face.stream_identity =
		replication_identity_new(front->stream_key, TEXT("0:300:site"), false);
	if (front->face.stream_identity == NULL) {
		return STATUS_NO_MEMORY;
	}
	front->mirrors = replication_source_new(&(struct replication_parts){
		loop, front->pool, front->ledger, front->face.stream_identity});
	return front->mirrors == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status
native_make(struct subject_native *front, struct loop *loop, const struct address *address,
	struct problem *problem)
{
	struct native_parts parts;
	enum status status = ledger_open(front->directory, LEDGER_CREATE, &front->ledger, problem);

	if (status != STATUS_OK) {
		return status;
	}
	front->face.site = (struct service_site){TEXT("site"), 1, true, {HANDLE_HASH_BY_ALL, 1, 0}};
	front->face.policy.prefix_admins_may_create = true;
	front->face.policy.lists_handles = true;
	front->face.has_status_handle = true;
	front->settings = native_settings_default();
	front->pool = loop_pool_new(1, POOL_QUEUE_COUNT_MAX);
	front->monitor = monitor_new(1);
	if (service_access_make(&challenge_limits, &session_limits, &front->access) != STATUS_OK) {
		return STATUS_NO_MEMORY;
	}
	status = mirrors_make(front, loop);
	if (status != STATUS_OK) {
		return status;
	}
	front->service = service_new(&(struct service_parts){.loop = loop,
		.ledger = front->ledger,
		.pool = front->pool,
		.monitor = front->monitor,
		.row = monitor_row(front->monitor, 0),
		.access = &front->access,
		.mirrors = front->mirrors,
		.face = &front->face});
	front->census = native_census_new(CENSUS_SIZE);
	parts = (struct native_parts){loop, front->service, monitor_row(front->monitor, 0),
		front->census, &front->settings};
	front->native = native_new(&parts, problem);
	if (front->native == NULL) {
		return STATUS_NO_MEMORY;
	}
	status = native_open_udp(front->native, address, NULL, problem);
	return status == STATUS_OK ? native_open_tcp(front->native, address, NULL, problem)
				   : status;
}

static void *
native_open(struct loop *loop, const struct address *address, const struct bytes *options,
	size_t option_count, struct problem *problem)
{
	struct subject_native *front;

	if (option_count > 0) {
		problem_set(problem, STATUS_INVALID, "native takes no option, not \"%.*s\"",
			(int)options[0].size, (const char *)options[0].at);
		return NULL;
	}
	front = calloc(1, sizeof(*front));
	if (front == NULL) {
		problem_system(problem, "cannot make a front");
		return NULL;
	}
	/* In memory: what these scripts ask of the ledger is not that it outlives the machine. */
	snprintf(front->directory, sizeof(front->directory), "/dev/shm/replay_XXXXXX");
	if (mkdtemp(front->directory) == NULL) {
		problem_system(problem, "cannot make a folder in /dev/shm");
		free(front);
		return NULL;
	}
	if (native_make(front, loop, address, problem) != STATUS_OK) {
		native_close(front);
		return NULL;
	}
	return front;
}

static void
commit(struct subject_native *front, struct words *words, struct ledger_change change)
{
	enum status status;

	if (!words_ok(words)) {
		return;
	}
	change.actor = TEXT("replay");
	status = ledger_commit(front->ledger, &change);
	if (status != STATUS_OK) {
		words_fail(words, "the ledger says of this change: %s", status_text(status));
	}
}

static void
change_name(struct subject_native *front, struct words *words, enum journal_kind kind)
{
	struct bytes name = words_next(words, "a handle");

	commit(front, words, (struct ledger_change){.kind = kind, .name = name});
}

static void
home_prefix_of(struct subject_native *front, struct words *words, struct bytes name)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	size_t size = handle_name_prefix_handle(name, key);
	struct ledger_change change = {
		.kind = JOURNAL_HOME, .name = bytes_over(key, size), .actor = TEXT("replay")};
	enum status status = ledger_commit(front->ledger, &change);

	if (status != STATUS_OK && status != STATUS_EXISTS) {
		words_fail(words, "the prefix is not homed: %s", status_text(status));
	}
}

static struct bytes
next_data(struct words *words)
{
	static uint8_t octets[DATA_SIZE_MAX];
	struct bytes data;

	if (words_take(words, "octets")) {
		memset(octets, 'x', sizeof(octets));
		return bytes_over(
			octets, (size_t)words_next_number(words, sizeof(octets), "a size"));
	}
	if (access_data_read(words, &data)) {
		return data;
	}
	return words_next(words, "data");
}

static void
do_record(struct subject_native *front, struct words *words)
{
	static uint8_t octets[VALUES_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct ledger_change change = {.kind = JOURNAL_PUT};

	change.name = words_next(words, "a handle");
	while (words_are_left(words)) {
		struct handle_value value = {
			.ttl = HANDLE_TTL_DEFAULT, .permissions = HANDLE_PERMISSION_DEFAULT};

		value.index = (uint32_t)words_next_number(words, INT32_MAX, "an index");
		value.type = words_next(words, "a type");
		value.data = next_data(words);
		if (words_take(words, "permissions")) {
			value.permissions =
				(uint8_t)words_next_number(words, UINT8_MAX, "permissions");
		}
		handle_value_write(&writer, &value);
		change.values.count++;
	}
	change.values.octets = wire_written(&writer);
	if (words_ok(words) && wire_writer_end(&writer) != STATUS_OK) {
		words_fail(words, "the record is too large");
	}
	if (words_ok(words)) {
		home_prefix_of(front, words, change.name);
	}
	commit(front, words, change);
}

static void
do_setting(struct subject_native *front, struct words *words)
{
	struct native_settings *settings = &front->settings;
	const struct {
		const char *name;
		uint32_t *number;
	} rows[] = {
		{"udp_byte_rate", &settings->udp_byte_rate},
		{"udp_byte_burst", &settings->udp_byte_burst},
		{"udp_fragment_count_max", &settings->udp_fragment_count_max},
		{"udp_answer_rate", &settings->udp_answer_rate},
		{"udp_answer_slip", &settings->udp_answer_slip},
		{"connection_count_max", &settings->connection_count_max},
		{"connection_per_source_max", &settings->connection_per_source_max},
		{"request_deadline_ms", &settings->request_deadline_ms},
		{"idle_ms", &settings->idle_ms},
		{"write_stall_ms", &settings->write_stall_ms},
	};

	if (words_take(words, "is_sha1_allowed")) {
		front->face.is_sha1_allowed = words_next_number(words, 1, "0 or 1") == 1;
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (words_take(words, rows[i].name)) {
			*rows[i].number =
				(uint32_t)words_next_number(words, UINT32_MAX, "a number");
			return;
		}
	}
	words_fail(words, "the front has no such setting");
}

/* ADMIN LIST INDEX:HANDLE: a list of the settings. */
static void
do_admin(struct subject_native *front, struct words *words)
{
	struct access_policy *policy = &front->face.policy;
	const struct {
		const char *name;
		struct access_list *list;
	} rows[ADMIN_LIST_COUNT] = {
		{"server", &policy->server_admins},
		{"home", &policy->home_only_admins},
		{"replication", &policy->replication_admins},
		{"backup", &policy->backup_admins},
		{"status", &policy->status_admins},
	};

	for (size_t i = 0; i < ADMIN_LIST_COUNT; i++) {
		if (words_take(words, rows[i].name) && rows[i].list->count < ADMIN_COUNT_MAX) {
			struct access_identity *identity = &front->admins[i][rows[i].list->count++];
			struct bytes name;

			access_identity_read(words, &name, &identity->index);
			memcpy(front->admin_names[i][rows[i].list->count - 1], name.at,
				name.size < ADMIN_NAME_SIZE_MAX ? name.size : ADMIN_NAME_SIZE_MAX);
			identity->name = bytes_over(
				front->admin_names[i][rows[i].list->count - 1], name.size);
			rows[i].list->items = front->admins[i];
			return;
		}
	}
	words_fail(words, "server, home, replication, backup or status is wanted");
}

/* POLICY NAME 0|1 */
static void
do_policy(struct subject_native *front, struct words *words)
{
	struct access_policy *policy = &front->face.policy;
	const struct {
		const char *name;
		bool *truth;
	} rows[] = {
		{"has_full_access", &policy->has_full_access},
		{"prefix_admins_may_create", &policy->prefix_admins_may_create},
		{"lists_handles", &policy->lists_handles},
		{"requires_sessions", &policy->requires_sessions},
		{"allows_sha1", &policy->allows_sha1},
		{"allows_old_ciphers", &policy->allows_old_ciphers},
		{"has_status_handle", &front->face.has_status_handle},
		{"is_primary", &front->face.site.is_primary},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (words_take(words, rows[i].name)) {
			*rows[i].truth = words_next_number(words, 1, "0 or 1") == 1;
			return;
		}
	}
	words_fail(words, "the policy has no such switch");
}

static void
do_exempt(struct subject_native *front, struct words *words)
{
	struct native_settings *settings = &front->settings;
	struct bytes network = words_next(words, "a network");

	if (words_ok(words) &&
		(settings->exempt_count == NATIVE_EXEMPT_COUNT_MAX ||
			network_parse(network, &settings->exempt[settings->exempt_count++]) !=
				STATUS_OK)) {
		words_fail(words, "a network such as 192.0.2.0/24 is wanted");
	}
}

static void
do_signer(struct subject_native *front, struct words *words)
{
	enum crypto_key_kind kind = words_take(words, "rsa") ? CRYPTO_KEY_RSA : CRYPTO_KEY_ED25519;
	struct crypto_key *key;

	if (kind == CRYPTO_KEY_ED25519 && !words_take(words, "ed25519")) {
		words_fail(words, "ed25519 or rsa is wanted");
	}
	if (words_ok(words) && front->face.signer == NULL &&
		crypto_key_new(kind, &key) == STATUS_OK) {
		front->face.signer = signer_new(key, front->pool);
	}
	if (front->face.signer == NULL) {
		words_fail(words, "there is no signer");
	}
}

static void
do_metric(struct subject_native *front, struct words *words)
{
	struct bytes name = words_next(words, "a metric");
	uint64_t wanted = words_next_number(words, UINT64_MAX, "a count");

	for (int metric = 0; metric < METRIC_COUNT && words_ok(words); metric++) {
		const char *text = monitor_metric_name((enum metric)metric);
		uint64_t found = monitor_read(front->monitor, (enum metric)metric);

		if (!bytes_equal(name, bytes_from_string(text))) {
			continue;
		}
		if (found != wanted) {
			words_fail(words, "%s is %llu, not %llu", text, (unsigned long long)found,
				(unsigned long long)wanted);
		}
		return;
	}
	words_fail(words, "no metric is called \"%.*s\"", (int)name.size, (const char *)name.at);
}

static bool
native_line(void *subject, struct words *words)
{
	struct subject_native *front = subject;

	if (words_take(words, "RECORD")) {
		do_record(front, words);
	} else if (words_take(words, "DELETE")) {
		change_name(front, words, JOURNAL_DELETE);
	} else if (words_take(words, "HOME")) {
		change_name(front, words, JOURNAL_HOME);
	} else if (words_take(words, "UNHOME")) {
		change_name(front, words, JOURNAL_UNHOME);
	} else if (words_take(words, "SETTING")) {
		do_setting(front, words);
	} else if (words_take(words, "ADMIN")) {
		do_admin(front, words);
	} else if (words_take(words, "POLICY")) {
		do_policy(front, words);
	} else if (words_take(words, "EXEMPT")) {
		do_exempt(front, words);
	} else if (words_take(words, "SIGNER")) {
		do_signer(front, words);
	} else if (words_take(words, "METRIC")) {
		do_metric(front, words);
	} else if (words_take(words, "BUSY")) {
		front->busy_wanted = (size_t)words_next_number(words, UINT32_MAX, "a count");
		/* The ledger has a thread of its own. */
		if (!fake_await(busy_is_wanted, front)) {
			words_fail(words, "%zu are left, not %zu", native_busy_count(front->native),
				front->busy_wanted);
		}
	} else if (words_take(words, "STOP")) {
		front->is_stopped = true;
		native_stop(front->native);
	} else if (words_take(words, "ABANDON")) {
		native_abandon(front->native);
	} else {
		return false;
	}
	return true;
}

const struct replay_subject subject_native = {
	.name = "native", .open = native_open, .close = native_close, .line = native_line};
