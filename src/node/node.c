/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node.h"

#include "base/text_writer.h"
#include "http/identity/http_sessions.h"
#include "ledger/ledger_evidence.h"
#include "node/node_control.h"
#include "node/node_health.h"
#include "node/node_mirror.h"
#include "node/node_restart.h"
#include "node/node_worker.h"
#include "records/records_search.h"
#include "service/result_files.h"
#include "service/token.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STOP_GRACE_MS = 10000, SWEEP_MS = 1000 };

/* Rows of the monitor behind those of the workers. */
enum { COMMITTER_ROW, MIRROR_ROW, OTHER_ROW_COUNT };

struct node {
	char directory[NODE_PATH_SIZE_MAX];
	struct ledger *ledger;
	struct crypto_key *evidence_key; /* Signs heads of the ledger. */
	struct node_face *face;
	struct monitor *monitor;
	struct native_census *census;
	struct http_sessions *sessions; /* NULL: no web clients are served. */
	struct loop_pool *pool;
	struct audit *audit;
	struct result_files *results;
	struct token_table *tokens;
	struct audit *query_log; /* NULL: none is kept. */
	struct node_control *control;
	struct service_access access;
	struct loop_timer sweep; /* On the first worker's loop. */
	struct node_health health; /* Of that thread. */
	uint32_t bound_count;
	struct address bound[SETTINGS_LIST_MAX];
	uint32_t http_count;
	struct address http[SETTINGS_LIST_MAX]; /* Where web clients are served. */
	uint32_t certified_count;
	struct address certified[SETTINGS_LIST_MAX]; /* Where they are asked for a certificate. */
	struct node_mirror *mirror; /* NULL: no primary is followed. */
	struct settings started; /* With which. */
	node_news *news;
	void *news_context;
	size_t worker_count;
	struct node_worker workers[WORKER_COUNT_MAX];
};

enum status
node_path(const char *directory, const char *name, char ret_path[NODE_PATH_SIZE_MAX],
	struct problem *problem)
{
	struct text_writer writer = text_writer_over(ret_path, NODE_PATH_SIZE_MAX - 1);

	text_write_string(&writer, directory);
	text_write_char(&writer, '/');
	text_write_string(&writer, name);
	if (text_writer_end(&writer) != STATUS_OK) {
		return problem_set(problem, STATUS_TOO_LARGE, "the path %.100s.../%s is too long",
			directory, name);
	}
	ret_path[text_written(&writer).size] = '\0';
	return STATUS_OK;
}

/* As many as there are processors, unless the settings say. */
static size_t
worker_count_of(const struct settings *settings)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = settings->workers;

	if (count == 0) {
		count = processors < 1 ? 1 : (size_t)processors;
	}
	return count < WORKER_COUNT_MAX ? count : WORKER_COUNT_MAX;
}

static enum status
settings_of(const char *directory, struct settings *ret_settings, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_path(directory, "houji.yaml", path, problem);

	return status == STATUS_OK ? settings_read(path, ret_settings, problem) : status;
}

static enum status
node_face_renew(struct node *node, struct node_face **ret_face, struct problem *problem)
{
	struct node_face_parts parts = {node->directory, node->worker_count, node->pool};

	return node_face_read(&parts, ret_face, problem);
}

static enum status
index_make(struct node *node, const struct settings *settings, struct problem *problem)
{
	struct records_search_types types = {.count = settings->search_index.count};

	for (size_t i = 0; i < types.count; i++) {
		types.items[i] = bytes_from_string(settings->search_index.items[i]);
	}
	return ledger_index(node->ledger, &types, problem);
}

static enum status
node_ledger_open(struct node *node, const struct settings *settings, struct problem *problem)
{
	enum status status =
		node_identity_key(node->directory, settings, &node->evidence_key, problem);

	if (status == STATUS_OK) {
		status = ledger_open(node->directory, LEDGER_WRITE, &node->ledger, problem);
	}
	if (status == STATUS_OK) {
		ledger_count_in(node->ledger,
			monitor_row(node->monitor, node->worker_count + COMMITTER_ROW));
		ledger_evidence_sign(
			node->ledger, node->evidence_key, settings->evidence_interval_s * 1000);
		status = index_make(node, settings, problem);
	}
	return status;
}

static enum status
access_make(struct node *node, const struct settings *settings, struct problem *problem)
{
	const struct access_challenge_limits challenges = {
		.count = settings->challenge_count,
		.count_per_source = settings->challenge_count_per_source,
		.octets = settings->challenge_memory,
		.life_ms = settings->challenge_lifetime_ms,
	};
	const struct access_session_limits sessions = {
		.count = settings->session_count,
		.count_per_source = settings->session_count_per_source,
		.idle_s = settings->session_idle_s,
		.life_s = settings->session_lifetime_s,
	};

	return service_access_make(&challenges, &sessions, &node->access) == STATUS_OK
		? STATUS_OK
		: problem_set(problem, STATUS_NO_MEMORY,
			  "no memory for the challenges and sessions that houji.yaml allows");
}

/* What only the node writes: refused changes, results that are kept. */
static enum status
files_make(struct node *node, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_path(node->directory, "audit.log", path, problem);

	if (status == STATUS_OK) {
		node->audit = audit_open(path, problem);
		status = node->audit == NULL ? STATUS_SYSTEM : STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = node_path(node->directory, "results", path, problem);
	}
	if (status == STATUS_OK) {
		node->results = result_files_open(path, problem);
		status = node->results == NULL ? STATUS_SYSTEM : STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = node_path(node->directory, "tokens.ndjson", path, problem);
	}
	if (status == STATUS_OK) {
		node->tokens = token_table_new(path);
		status = node->tokens == NULL ? problem_system(problem, "cannot make a node")
					      : token_table_refresh(node->tokens, problem);
	}
	return status;
}

/* Always there, so that a reload may begin it; the file is only made when it is. */
static enum status
query_log_make(struct node *node, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_path(node->directory, "query.log", path, problem);

	if (status == STATUS_OK) {
		node->query_log = audit_open_later(path, problem);
		status = node->query_log == NULL ? STATUS_SYSTEM : STATUS_OK;
	}
	return status;
}

static enum status
node_make(struct node *node, const struct settings *settings, struct problem *problem)
{
	enum status status;

	node->worker_count = worker_count_of(settings);
	node->pool = loop_pool_new(settings->signer_threads, POOL_QUEUE_COUNT_MAX);
	node->monitor = monitor_new(node->worker_count + OTHER_ROW_COUNT);
	if (node->pool == NULL || node->monitor == NULL) {
		return problem_system(problem, "cannot make a node");
	}
	status = node_face_renew(node, &node->face, problem);
	if (status == STATUS_OK) {
		status = access_make(node, settings, problem);
	}
	if (status == STATUS_OK) {
		node->census = native_census_new(
			node->face->native.connection_count_max * node->worker_count);
		node->sessions = settings_serve_web(settings) ? http_sessions_new() : NULL;
		if (node->census == NULL ||
			(settings_serve_web(settings) && node->sessions == NULL)) {
			status = problem_system(problem, "cannot make a node");
		}
	}
	if (status == STATUS_OK) {
		status = node_ledger_open(node, settings, problem);
	}
	/* Last: only who has the ledger's lock writes beside it. */
	if (status == STATUS_OK) {
		status = files_make(node, problem);
	}
	return status == STATUS_OK ? query_log_make(node, problem) : status;
}

enum status
node_open(const char *directory, struct node **ret_node, struct problem *problem)
{
	struct node *node = calloc(1, sizeof(*node));
	struct settings settings;
	enum status status;

	if (node == NULL) {
		return problem_system(problem, "cannot make a node");
	}
	status = node_path(directory, "", node->directory, problem);
	if (status == STATUS_OK) {
		node->directory[strlen(node->directory) - 1] = '\0';
		status = settings_of(directory, &settings, problem);
	}
	if (status == STATUS_OK) {
		status = node_make(node, &settings, problem);
	}
	if (status != STATUS_OK) {
		struct problem later;

		if (node_close(node, &later) != STATUS_OK) {
			/* The first problem is the one to tell. */
		}
		return status;
	}
	*ret_node = node;
	return STATUS_OK;
}

static enum status
worker_bind(struct node *node, size_t number, struct problem *problem)
{
	const struct settings_addresses *listen = &node->face->settings.listen;
	struct native *native = node->workers[number].native;

	for (uint32_t i = 0; i < listen->count; i++) {
		enum status status = STATUS_OK;

		if (number == 0) {
			/* UDP and TCP share the port, also when it is 0. */
			node->bound[i] = listen->items[i];
			status = loop_address_choose(&node->bound[i], problem);
		}
		if (number == 0 && status == STATUS_OK) {
			status = loop_address_check(&node->bound[i], problem);
		}
		if (status == STATUS_OK) {
			status = native_open_udp(native, &node->bound[i], NULL, problem);
		}
		if (status == STATUS_OK) {
			status = native_open_tcp(native, &node->bound[i], NULL, problem);
		}
		if (status != STATUS_OK) {
			return status;
		}
	}
	return STATUS_OK;
}

struct web_bind {
	struct http *http; /* Of one worker. */
	bool is_first; /* It finds the port when it is 0. */
	enum http_address_kind kind;
	const struct settings_addresses *listen;
	struct address *bound;
};

static enum status
web_bind(const struct web_bind *bind, struct problem *problem)
{
	enum status status = STATUS_OK;

	for (uint32_t i = 0; i < bind->listen->count && status == STATUS_OK; i++) {
		const struct address *address =
			bind->is_first ? &bind->listen->items[i] : &bind->bound[i];

		if (bind->is_first) {
			status = loop_address_check(address, problem);
		}
		if (status == STATUS_OK) {
			status = http_open(
				bind->http, bind->kind, address, &bind->bound[i], problem);
		}
	}
	return status;
}

static enum status
worker_bind_http(struct node *node, size_t number, struct problem *problem)
{
	const struct settings *settings = &node->face->settings;
	struct web_bind bind = {.http = node->workers[number].http,
		.is_first = number == 0,
		.kind = HTTP_BOTH,
		.listen = &settings->http,
		.bound = node->http};
	enum status status = web_bind(&bind, problem);

	if (status == STATUS_OK) {
		bind.kind = HTTP_ASKS_CERTIFICATE;
		bind.listen = &settings->http_client_certificates;
		bind.bound = node->certified;
		status = web_bind(&bind, problem);
	}
	return status;
}

/* Changes come from the primary only; the workers show what it has. */
static enum status
follow(struct node *node, struct problem *problem)
{
	struct node_mirror_parts parts = {.directory = node->directory,
		.settings = &node->face->settings,
		.ledger = node->ledger,
		.site = &node->face->service.site,
		.impairment = &node->face->impairment,
		.row = monitor_row(node->monitor, node->worker_count + MIRROR_ROW),
		.news = node->news,
		.context = node->news_context};

	return node_mirror_start(&parts, &node->mirror, problem);
}

void
node_on_news(struct node *node, node_news *news, void *context)
{
	node->news = news;
	node->news_context = context;
}

static void
sweep_due(void *context)
{
	struct node *node = context;
	struct loop *loop = node->workers[0].loop;
	struct problem problem;

	const struct node_health_parts health = {.directory = node->directory,
		.ledger = node->ledger,
		.monitor = node->monitor,
		.row = monitor_row(node->monitor, 0),
		.news = node->news,
		.context = node->news_context};

	service_access_sweep(&node->access, loop_now_ms(loop));
	if (token_table_refresh(node->tokens, &problem) != STATUS_OK && node->news != NULL) {
		node->news(node->news_context, problem.text);
	}
	node_health_look(&node->health, &health);
	loop_timer_set(loop, &node->sweep, loop_now_ms(loop) + SWEEP_MS, sweep_due, node);
}

static enum status
worker_open(struct node *node, size_t number, struct problem *problem)
{
	const struct node_worker_parts parts = {
		.face = node->face,
		.directory = node->directory,
		.number = number,
		.count = node->worker_count,
		.census = node->census,
		.sessions = node->sessions,
		.service = {.ledger = node->ledger,
			.pool = node->pool,
			.monitor = node->monitor,
			.row = monitor_row(node->monitor, number),
			.audit = node->audit,
			.results = node->results,
			.tokens = node->tokens,
			.query_log = node->query_log,
			.access = &node->access},
	};
	enum status status = node_worker_open(&node->workers[number], &parts, problem);

	if (status == STATUS_OK) {
		status = worker_bind(node, number, problem);
	}
	return status == STATUS_OK ? worker_bind_http(node, number, problem) : status;
}

struct control_call {
	struct node *node;
	struct problem *problem;
	enum status status;
};

static void
control_open(void *context)
{
	struct control_call *call = context;
	const struct node_control_parts parts = {.directory = call->node->directory,
		.workers = call->node->workers,
		.worker_count = call->node->worker_count};

	call->status = node_control_open(&parts, &call->node->control, call->problem);
}

/* On the first worker's thread, whose loop has the socket. */
static enum status
listen_to_operator(struct node *node, struct problem *problem)
{
	struct control_call call = {.node = node, .problem = problem};

	node_worker_call(&node->workers[0], control_open, &call);
	return call.status;
}

enum status
node_start(struct node *node, struct problem *problem)
{
	enum status status = STATUS_OK;

	node->started = node->face->settings;
	node->bound_count = node->face->settings.listen.count;
	node->http_count = node->face->settings.http.count;
	node->certified_count = node->face->settings.http_client_certificates.count;
	for (size_t i = 0; i < node->worker_count && status == STATUS_OK; i++) {
		status = worker_open(node, i, problem);
	}
	if (status == STATUS_OK) {
		sweep_due(node);
	}
	for (size_t i = 0; i < node->worker_count && status == STATUS_OK; i++) {
		status = node_worker_start(&node->workers[i], problem);
	}
	if (status == STATUS_OK) {
		status = listen_to_operator(node, problem);
	}
	return status == STATUS_OK ? follow(node, problem) : status;
}

/* Changed in the file, but not here: whoever changed it waits for it. */
static void
tell_restart(const struct node *node)
{
	char names[NODE_TEXT_SIZE_MAX], line[NODE_TEXT_SIZE_MAX + 128];
	struct text_writer writer = text_writer_over(line, sizeof(line) - 1);
	size_t count =
		node_restart_names(&node->started, &node->face->settings, names, sizeof(names));

	if (count == 0 || node->news == NULL) {
		return;
	}
	text_write_string(&writer, names);
	text_write_string(&writer, count == 1 ? " is" : " are");
	text_write_string(&writer, " changed in houji.yaml and wait");
	text_write_string(&writer, count == 1 ? "s" : "");
	text_write_string(&writer, " for a restart: until then what was is served");
	line[text_written(&writer).size] = '\0';
	node->news(node->news_context, line);
}

enum status
node_reload(struct node *node, struct problem *problem)
{
	struct node_face *old = node->face;
	struct crypto_key *old_key = node->evidence_key, *key = NULL;
	struct node_face *face;
	bool is_used = true;
	enum status status = node_face_renew(node, &face, problem);

	if (status != STATUS_OK) {
		return status;
	}
	status = node_identity_key(node->directory, &face->settings, &key, problem);
	if (status != STATUS_OK) {
		node_face_free(face);
		return status;
	}
	ledger_evidence_sign(node->ledger, key, face->settings.evidence_interval_s * 1000);
	node->evidence_key = key;
	crypto_key_free(old_key);
	for (size_t i = 0; i < node->worker_count; i++) {
		is_used = node_worker_use(&node->workers[i], face) && is_used;
	}
	node_mirror_impair(node->mirror, &face->impairment);
	node->face = face;
	/* Every worker has turned to the new one. */
	node_face_free(old);
	tell_restart(node);
	return is_used ? STATUS_OK
		       : problem_set(problem, STATUS_INVALID,
				 "the new certificate is of no kind that HTTPS knows: the earlier "
				 "one is shown on; all else is as the files say now");
}

void
node_stop(struct node *node)
{
	node_mirror_stop(node->mirror);
	node->mirror = NULL;
	for (size_t i = 0; i < node->worker_count; i++) {
		node_worker_stop(&node->workers[i], STOP_GRACE_MS);
	}
	if (node->workers[0].loop != NULL) {
		loop_timer_clear(node->workers[0].loop, &node->sweep);
	}
	node_control_close(node->control);
	node->control = NULL;
}

enum status
node_close(struct node *node, struct problem *problem)
{
	enum status status = STATUS_OK;

	loop_pool_free(node->pool);
	for (size_t i = 0; i < node->worker_count; i++) {
		node_worker_close(&node->workers[i]);
	}
	service_access_free(&node->access);
	audit_close(node->audit);
	result_files_close(node->results);
	token_table_free(node->tokens);
	audit_close(node->query_log);
	if (node->ledger != NULL) {
		status = ledger_close(node->ledger, problem);
	}
	crypto_key_free(node->evidence_key);
	node_face_free(node->face);
	native_census_free(node->census);
	http_sessions_free(node->sessions);
	monitor_free(node->monitor);
	free(node);
	return status;
}

static void
addresses_write(struct text_writer *writer, const struct address *addresses, uint32_t count,
	const char *protocols)
{
	char address[ADDRESS_TEXT_SIZE_MAX];

	for (uint32_t i = 0; i < count; i++) {
		text_write_string(writer, i > 0 ? ", " : "");
		text_write_string(writer, address_format(&addresses[i], address));
	}
	text_write_string(writer, count > 0 ? protocols : "");
}

void
node_describe(const struct node *node, char *ret_text, size_t capacity)
{
	struct text_writer writer = text_writer_over(ret_text, capacity - 1);

	addresses_write(&writer, node->bound, node->bound_count, " (udp, tcp)");
	text_write_string(&writer, node->http_count > 0 ? ", " : "");
	addresses_write(&writer, node->http, node->http_count, " (http, https)");
	text_write_string(&writer, node->certified_count > 0 ? ", " : "");
	addresses_write(
		&writer, node->certified, node->certified_count, " (https, client certificates)");
	ret_text[text_written(&writer).size] = '\0';
}

struct node_counts
node_counts(const struct node *node)
{
	return (struct node_counts){
		.workers = node->worker_count,
		.prefixes = records_prefix_count(ledger_records(node->ledger)),
		.entries = journal_last_sequence(ledger_journal(node->ledger)),
	};
}

const struct settings *
node_settings(const struct node *node)
{
	return &node->face->settings;
}
