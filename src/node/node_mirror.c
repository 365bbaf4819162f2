/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_mirror.h"

#include "base/text_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 1024 };

struct node_mirror {
	node_news *news;
	void *context;
	struct loop *loop;
	pthread_t thread;
	bool is_running;
	struct loop_post start_post, stop_post;
	struct replication_follower *follower;
	struct client_identity identity;
	uint8_t identity_name[HANDLE_NAME_SIZE_MAX];
	struct crypto_key *key;
	struct crypto_key *server_key;
	char server_text[ADDRESS_TEXT_SIZE_MAX];
	char position_path[NODE_PATH_SIZE_MAX];
	/* Of the follower's thread: */
	struct monitor_row *row;
	bool was_current;
	struct problem fault;
};

static void
tell(const struct node_mirror *mirror, const char *what, const char *why)
{
	char line[LINE_SIZE];
	struct text_writer writer = text_writer_over(line, sizeof(line) - 1);

	if (mirror->news == NULL) {
		return;
	}
	text_write_string(&writer, "mirror of ");
	text_write_string(&writer, mirror->server_text);
	text_write_string(&writer, ": ");
	text_write_string(&writer, what);
	text_write_escaped(&writer, bytes_from_string(why));
	line[text_written(&writer).size] = '\0';
	mirror->news(mirror->context, line);
}

static void
told(void *context, const struct replication_report *report)
{
	struct node_mirror *mirror = context;

	monitor_set(mirror->row, METRIC_MIRROR_TRANSACTION, report->last_id);
	monitor_set(mirror->row, METRIC_MIRROR_CURRENT_S, report->last_date / 1000);
	monitor_set(mirror->row, METRIC_MIRROR_FAULTS, report->fault_count);
	if (report->phase == REPLICATION_STOPPED) {
		loop_stop(mirror->loop);
		return;
	}
	if (report->phase == REPLICATION_CURRENT && !mirror->was_current) {
		mirror->was_current = true;
		mirror->fault.text[0] = '\0';
		tell(mirror, "has all that the primary has", "");
	}
	if (report->fault_count > 0 && strcmp(report->fault.text, mirror->fault.text) != 0) {
		mirror->was_current = false;
		mirror->fault = report->fault;
		tell(mirror, "", report->fault.text);
	}
}

static void *
mirror_run(void *context)
{
	struct node_mirror *mirror = context;

	if (loop_run(mirror->loop) != STATUS_OK) {
		tell(mirror, "cannot wait for the primary any more", "");
	}
	return NULL;
}

static void
mirror_free(struct node_mirror *mirror)
{
	replication_follower_free(mirror->follower);
	loop_free(mirror->loop);
	crypto_key_free(mirror->key);
	crypto_key_free(mirror->server_key);
	free(mirror);
}

static enum status
key_read(const char *directory, const struct settings_path *name, struct crypto_key **ret_key,
	struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_path(directory, name->text, path, problem);

	return status == STATUS_OK ? crypto_key_read_pem(path, ret_key, problem) : status;
}

static enum status
identity_read(struct node_mirror *mirror, const char *directory, const struct settings *settings,
	struct problem *problem)
{
	const struct settings_identities *users = &settings->mirror_user;
	struct bytes name;
	enum status status;

	if (users->count != 1) {
		return problem_set(problem, STATUS_INVALID,
			"houji.yaml: mirror.from needs mirror.user, like [\"300:0.NA/88.999\"]: "
			"who "
			"asks the primary");
	}
	name = settings_identity_name(users, 0);
	memcpy(mirror->identity_name, name.at, name.size);
	status = key_read(directory, &settings->mirror_key, &mirror->key, problem);
	if (status == STATUS_OK) {
		status = key_read(
			directory, &settings->mirror_server_key, &mirror->server_key, problem);
	}
	if (status == STATUS_OK && !crypto_key_is_private(mirror->key)) {
		status = problem_set(problem, STATUS_INVALID, "%s: holds no private key",
			settings->mirror_key.text);
	}
	mirror->identity =
		(struct client_identity){.handle = bytes_over(mirror->identity_name, name.size),
			.index = users->items[0].index,
			.key = mirror->key};
	return status;
}

static enum status
follower_make(
	struct node_mirror *mirror, const struct node_mirror_parts *parts, struct problem *problem)
{
	const struct settings *settings = parts->settings;
	struct replication_follower_settings follower = {.server = settings->mirror_from.items[0],
		.server_text = mirror->server_text,
		.identity = &mirror->identity,
		.server_key = mirror->server_key,
		.position_path = mirror->position_path,
		.hash_option = (uint8_t)parts->site->share.option,
		.server_count = parts->site->share.count,
		.server_number = parts->site->share.number,
		.poll_ms = settings->mirror_poll_s * 1000,
		.is_signed_allowed = settings->mirror_allow_signed,
		.told = told,
		.context = mirror};

	address_format(&settings->mirror_from.items[0], mirror->server_text);
	mirror->loop = loop_new(problem);
	if (mirror->loop != NULL) {
		loop_impair(mirror->loop, parts->impairment);
	}
	return mirror->loop == NULL ? STATUS_SYSTEM
				    : replication_follower_new(mirror->loop, parts->ledger,
					      &follower, &mirror->follower, problem);
}

static void
start_posted(void *context)
{
	struct node_mirror *mirror = context;

	replication_follower_start(mirror->follower);
}

static enum status
role_check(const struct service_site *site, struct problem *problem)
{
	return site->is_primary
		? problem_set(problem, STATUS_CONFLICT,
			  "houji.yaml names a primary to follow, but the site record says that "
			  "this is one; take mirror.from away, or see `houji mirror --demote`")
		: STATUS_OK;
}

enum status
node_mirror_check(const char *directory, const struct settings *settings,
	const struct service_site *site, struct problem *problem)
{
	struct node_mirror *mirror;
	enum status status;

	if (settings->mirror_from.count == 0) {
		return STATUS_OK;
	}
	mirror = calloc(1, sizeof(*mirror));
	if (mirror == NULL) {
		return problem_system(problem, "cannot follow");
	}
	status = role_check(site, problem);
	if (status == STATUS_OK) {
		status = identity_read(mirror, directory, settings, problem);
	}
	mirror_free(mirror);
	return status;
}

enum status
node_mirror_start(const struct node_mirror_parts *parts, struct node_mirror **ret_mirror,
	struct problem *problem)
{
	struct node_mirror *mirror;
	enum status status;

	*ret_mirror = NULL;
	if (parts->settings->mirror_from.count == 0) {
		return STATUS_OK;
	}
	status = role_check(parts->site, problem);
	if (status != STATUS_OK) {
		return status;
	}
	mirror = calloc(1, sizeof(*mirror));
	if (mirror == NULL) {
		return problem_system(problem, "cannot follow");
	}
	mirror->row = parts->row;
	mirror->news = parts->news;
	mirror->context = parts->context;
	status = node_path(parts->directory, "mirror.json", mirror->position_path, problem);
	if (status == STATUS_OK) {
		status = identity_read(mirror, parts->directory, parts->settings, problem);
	}
	if (status == STATUS_OK) {
		status = follower_make(mirror, parts, problem);
	}
	if (status == STATUS_OK) {
		/* On its own thread, so that nothing is begun if there is none. */
		mirror->start_post = (struct loop_post){.posted = start_posted, .context = mirror};
		loop_post(mirror->loop, &mirror->start_post);
		errno = pthread_create(&mirror->thread, NULL, mirror_run, mirror);
		mirror->is_running = errno == 0;
		status = mirror->is_running ? STATUS_OK
					    : problem_system(problem, "cannot start a thread");
	}
	if (status != STATUS_OK) {
		mirror_free(mirror);
		return status;
	}
	*ret_mirror = mirror;
	return STATUS_OK;
}

struct impair {
	struct node_mirror *mirror;
	const struct loop_impairment *impairment;
	sem_t done;
};

static void
impair_posted(void *context)
{
	struct impair *impair = context;

	loop_impair(impair->mirror->loop, impair->impairment);
	sem_post(&impair->done);
}

void
node_mirror_impair(struct node_mirror *mirror, const struct loop_impairment *impairment)
{
	struct impair impair = {.mirror = mirror, .impairment = impairment};
	struct loop_post post = {.posted = impair_posted, .context = &impair};

	if (mirror == NULL) {
		return;
	}
	sem_init(&impair.done, 0, 0);
	loop_post(mirror->loop, &post);
	while (sem_wait(&impair.done) != 0) {
	}
	sem_destroy(&impair.done);
}

static void
stop_posted(void *context)
{
	struct node_mirror *mirror = context;

	replication_follower_stop(mirror->follower);
}

void
node_mirror_stop(struct node_mirror *mirror)
{
	if (mirror == NULL) {
		return;
	}
	mirror->stop_post = (struct loop_post){.posted = stop_posted, .context = mirror};
	loop_post(mirror->loop, &mirror->stop_post);
	pthread_join(mirror->thread, NULL);
	mirror_free(mirror);
}
