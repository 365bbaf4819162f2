/* SPDX-License-Identifier: Apache-2.0 */
#include "program/copy/mirror.h"

#include "client/client_run.h"
#include "handle/handle_key.h"
#include "handle/handle_site.h"

#include <inttypes.h>
#include <stdio.h>

enum { TRIES_DEFAULT = 5, TRIES_MAX = 1000000, POLL_S_DEFAULT = 60 };

void
mirror_begin(struct mirror *mirror, const struct command_manual *manual)
{
	*mirror = (struct mirror){.tries = TRIES_DEFAULT, .poll_s = POLL_S_DEFAULT};
	administer_begin(&mirror->administer, manual);
}

bool
mirror_option(struct mirror *mirror, const struct option_walk *walk)
{
	switch (walk->key) {
	case MIRROR_SERVER_KEY:
		mirror->server_key_file = walk->argument;
		return true;
	case MIRROR_ALLOW_SIGNED:
		return mirror->is_signed_allowed = true;
	case MIRROR_TRIES:
		return option_number(walk->argument, TRIES_MAX, &mirror->tries);
	default:
		return administer_option(&mirror->administer, walk);
	}
}

static enum status
key_from(struct bytes octets, struct crypto_key **ret_key)
{
	struct handle_key key;
	enum status status = handle_key_decode(octets, &key);

	return status == STATUS_OK ? handle_key_to_crypto(&key, ret_key) : status;
}

struct site_answer {
	enum status status;
	struct crypto_key *key;
};

/* The key of a site with one server; of several, which one this is cannot be told. */
static void
site_answered(void *context, enum status status, const struct client_answer *answer)
{
	struct site_answer *found = context;
	struct handle_site site;
	struct handle_server server;
	struct wire_reader walk;

	(void)status;
	found->status = STATUS_UNSUPPORTED;
	if (answer->response.message.header.response_code != RESPONSE_SUCCESS ||
		handle_site_decode(answer->response.site, &site) != STATUS_OK ||
		site.server_count != 1) {
		return;
	}
	walk = wire_reader_over(site.servers);
	if (handle_server_next(&walk, &server)) {
		found->status = key_from(server.public_key, &found->key);
	}
}

static int
key_ask_server(struct mirror *mirror)
{
	struct administer *administer = &mirror->administer;
	struct request request = administer_request(OPCODE_GET_SITE_INFO);
	struct site_answer found = {.status = STATUS_TIMED_OUT};
	enum status status;

	request.name.name = TEXT("/");
	status = client_run(administer->loop, administer->link, &request, site_answered, &found);
	if (status != STATUS_OK) {
		return command_failure(administer->manual, "%s: %s", administer->server,
			administer_failure_text(status));
	}
	if (found.status != STATUS_OK) {
		return command_failure(administer->manual,
			SAY("%s does not tell its one key; give it with --server-key FILE",
				"%s 未告知其唯一公钥；请以 --server-key FILE 给出"),
			administer->server);
	}
	mirror->server_key = found.key;
	return EXIT_CODE_OK;
}

static int
key_read(struct mirror *mirror)
{
	struct administer *administer = &mirror->administer;
	struct passphrase none = {0};
	struct key_loaded loaded;
	struct problem problem;

	if (key_load_with(administer->manual->name, mirror->server_key_file, &none, &loaded,
		    &problem) != STATUS_OK) {
		return command_problem(administer->manual, &problem);
	}
	mirror->server_key = loaded.key;
	return EXIT_CODE_OK;
}

int
mirror_open(struct mirror *mirror)
{
	struct administer *administer = &mirror->administer;
	int exit_code;

	if (administer->user == NULL) {
		return command_usage_error(administer->manual, "%s",
			SAY("who asks? give --user INDEX:HANDLE and --key FILE",
				"请给出 --user INDEX:HANDLE 与 --key FILE"));
	}
	exit_code = administer_open(administer);
	if (exit_code == EXIT_CODE_OK &&
		administer->place.place.transport != CLIENT_TRANSPORT_TCP) {
		exit_code = command_usage_error(administer->manual, "%s",
			SAY("a primary is followed over TCP: give --server HOST:PORT",
				"跟随主节点须使用 TCP：请给出 --server HOST:PORT"));
	}
	if (exit_code == EXIT_CODE_OK) {
		exit_code =
			mirror->server_key_file != NULL ? key_read(mirror) : key_ask_server(mirror);
	}
	if (exit_code == EXIT_CODE_OK) {
		replication_key_digest(mirror->server_key, mirror->server_key_digest);
	}
	if (exit_code == EXIT_CODE_OK && mirror->server_key_file == NULL && !administer->is_quiet) {
		fprintf(stderr,
			SAY("houji %s: %s has the key %s (SHA-256)\n",
				"houji %s：%s 的公钥为 %s（SHA-256）\n"),
			administer->manual->name, administer->server, mirror->server_key_digest);
	}
	return exit_code;
}

void
mirror_close(struct mirror *mirror)
{
	administer_close(&mirror->administer);
	crypto_key_free(mirror->server_key);
	mirror->server_key = NULL;
}

/* One run of a follower. */
struct following {
	struct mirror *mirror;
	struct replication_follower *follower;
	struct loop *loop;
	struct loop_timer stop_timer;
	bool is_once;
	bool is_done;
	bool has_failed;
	enum replication_phase phase;
	uint64_t fault_count;
	uint64_t fault_count_before; /* When something was last taken. */
	uint64_t taken;
	struct progress progress;
};

static void
following_stop(void *context)
{
	struct following *following = context;

	replication_follower_stop(following->follower);
}

/* Not from inside the follower's own call. */
static void
stop_soon(struct following *following)
{
	if (!following->is_done) {
		following->is_done = true;
		loop_timer_set(following->loop, &following->stop_timer,
			loop_now_ms(following->loop), following_stop, following);
	}
}

static void
tell_fault(struct following *following, const struct replication_report *report)
{
	if (report->fault_count == following->fault_count) {
		return;
	}
	following->fault_count = report->fault_count;
	progress_clear(&following->progress);
	fprintf(stderr, "houji %s: %s\n", following->mirror->administer.manual->name,
		report->fault.text);
	if (following->mirror->tries > 0 &&
		report->fault_count - following->fault_count_before >= following->mirror->tries) {
		following->has_failed = true;
		stop_soon(following);
	}
}

static void
tell_phase(struct following *following, const struct replication_report *report)
{
	bool is_news = report->phase != following->phase;

	following->phase = report->phase;
	if (!is_news || following->mirror->administer.is_quiet || following->is_done) {
		return;
	}
	progress_clear(&following->progress);
	fprintf(stderr, "houji %s: %s, %" PRIu64 " %s, %" PRIu64 " %s\n",
		following->mirror->administer.manual->name, replication_phase_name(report->phase),
		report->record_count, SAY("records", "条记录"), report->transaction_count,
		SAY("transactions", "项事务"));
}

static void
told(void *context, const struct replication_report *report)
{
	struct following *following = context;
	uint64_t taken = report->record_count + report->transaction_count;

	if (report->phase == REPLICATION_STOPPED) {
		loop_stop(following->loop);
		return;
	}
	if (taken != following->taken || report->phase == REPLICATION_CURRENT) {
		following->taken = taken;
		following->fault_count_before = report->fault_count;
	}
	tell_phase(following, report);
	tell_fault(following, report);
	if (following->is_once && report->is_current && report->phase == REPLICATION_CURRENT) {
		stop_soon(following);
	}
}

int
mirror_follow(struct mirror *mirror, struct ledger *ledger, const char *position_path, bool is_once,
	struct replication_report *ret_report)
{
	struct administer *administer = &mirror->administer;
	struct following following = {.mirror = mirror,
		.loop = administer->loop,
		.is_once = is_once,
		.phase = REPLICATION_STOPPED,
		.progress = progress_begin(
			administer->manual->name, SAY("records", "条记录"), administer->is_quiet)};
	struct replication_follower_settings settings = {.server = administer->place.place.address,
		.server_text = administer->server,
		.identity = &administer->identity,
		.server_key = mirror->server_key,
		.position_path = position_path,
		.hash_option = HANDLE_HASH_BY_ALL,
		.server_count = 1,
		.poll_ms = (uint32_t)mirror->poll_s * 1000,
		.is_signed_allowed = mirror->is_signed_allowed,
		.told = told,
		.context = &following};
	struct problem problem = {.text = ""};

	if (replication_follower_new(following.loop, ledger, &settings, &following.follower,
		    &problem) != STATUS_OK) {
		return command_problem(administer->manual, &problem);
	}
	replication_follower_start(following.follower);
	if (loop_run(following.loop) != STATUS_OK) {
		following.has_failed = true;
	}
	*ret_report = replication_follower_report(following.follower);
	replication_follower_free(following.follower);
	return following.has_failed ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}
