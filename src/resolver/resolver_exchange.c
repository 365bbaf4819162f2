/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_exchange.h"

#include "base/clock.h"
#include "client/client_ask.h"
#include "client/client_signature.h"
#include "handle/handle_key.h"
#include "resolver/resolver_private.h"

#include <stdlib.h>

enum {
	UDP_TRY_COUNT = 2,
	TCP_PATIENCE_COUNT = 2, /* There and back twice: a connection is made first. */
	JITTER_US = 8192, /* So that servers of the same speed share the work. */
	WAY_REMEMBERED_MS = 600000,
	EXPIRATION_S = 43200, /* Of the request, as Handle.net's clients say. */
};

/* One server of the exchange that is being asked, or is in line for it. */
struct resolver_attempt {
	struct resolver_exchange *exchange;
	const struct resolver_server *server;
	struct resolver_host *host;
	struct client_ask *ask;
	struct resolver_attempt *next_waiting;
	bool is_waiting;
};

struct rank {
	const struct resolver_server *server;
	uint64_t cost;
};

struct resolver_exchange {
	struct resolver *resolver;
	struct resolver_budget *budget;
	struct bytes name;
	bool is_sites;
	const struct request_verify_challenge *proof;
	uint32_t flags;
	uint8_t recursion_count;
	int64_t deadline_ms;
	resolver_replied *replied;
	void *context;
	struct loop_timer timer; /* When to ask the next one, or to give up. */
	struct rank ranks[RESOLVER_SERVER_COUNT_MAX];
	size_t rank_count;
	size_t next; /* Of the ranks. */
	struct resolver_attempt attempts[RESOLVER_TRY_COUNT_MAX];
	size_t attempt_count; /* Made so far. */
	size_t open_count; /* Of them, not over. */
	enum status worst; /* What it comes to if nobody answers. */
	bool is_over;
	bool is_forgotten; /* Given up while a helper thread still verifies. */

	/* The answer that is being verified. */
	struct loop_job job;
	struct crypto_key *key;
	enum status verdict;
	const struct resolver_server *answering;
	struct envelope envelope;
	struct resolver_reply reply;
};

static void exchange_go_on(struct resolver_exchange *exchange);
static void exchange_due(void *context);
static bool attempt_start(struct resolver_attempt *attempt);

static int64_t
exchange_now_ms(const struct resolver_exchange *exchange)
{
	return loop_now_ms(exchange->resolver->loop);
}

static void
exchange_free(struct resolver_exchange *exchange)
{
	crypto_key_free(exchange->key);
	resolver_budget_leave(exchange->budget);
	free(exchange);
}

/* Soon, from the loop. */
static void
exchange_hurry(struct resolver_exchange *exchange)
{
	loop_timer_set_soon(exchange->resolver->loop, &exchange->timer, exchange_due, exchange);
}

/* Those in line for the same server may go. */
static void
host_release(struct resolver_host *host)
{
	host->active_count--;
	host->busy_count--;
	while (host->first_waiting != NULL && host->active_count < RESOLVER_PER_HOST_MAX) {
		struct resolver_attempt *attempt = host->first_waiting;

		host->first_waiting = attempt->next_waiting;
		if (host->first_waiting == NULL) {
			host->last_waiting = NULL;
		}
		attempt->is_waiting = false;
		if (!attempt_start(attempt)) {
			exchange_hurry(attempt->exchange);
		}
	}
}

static void
host_leave_line(struct resolver_attempt *attempt)
{
	struct resolver_host *host = attempt->host;
	struct resolver_attempt *before = NULL;

	for (struct resolver_attempt *at = host->first_waiting; at != NULL;
		before = at, at = at->next_waiting) {
		if (at != attempt) {
			continue;
		}
		*(before == NULL ? &host->first_waiting : &before->next_waiting) = at->next_waiting;
		if (host->last_waiting == at) {
			host->last_waiting = before;
		}
		break;
	}
	host->busy_count--;
	attempt->is_waiting = false;
}

static void
attempt_end(struct resolver_attempt *attempt)
{
	struct resolver_host *host = attempt->host;

	if (attempt->is_waiting) {
		host_leave_line(attempt);
	} else if (attempt->ask != NULL) {
		client_ask_cancel(attempt->ask);
		attempt->ask = NULL;
		host_release(host);
	} else {
		return;
	}
	attempt->exchange->open_count--;
}

static void
exchange_end_attempts(struct resolver_exchange *exchange)
{
	loop_timer_clear(exchange->resolver->loop, &exchange->timer);
	for (size_t i = 0; i < exchange->attempt_count; i++) {
		attempt_end(&exchange->attempts[i]);
	}
}

static void
exchange_tell(struct resolver_exchange *exchange, enum status status)
{
	exchange_end_attempts(exchange);
	exchange->is_over = true;
	exchange->replied(exchange->context, status, status == STATUS_OK ? &exchange->reply : NULL);
	exchange_free(exchange);
}

void
resolver_exchange_cancel(struct resolver_exchange *exchange)
{
	if (exchange == NULL) {
		return;
	}
	exchange_end_attempts(exchange);
	exchange->is_over = true;
	if (exchange->key != NULL) {
		exchange->is_forgotten = true; /* The job frees it. */
		return;
	}
	exchange_free(exchange);
}

/* What may be told of an attempt. */
struct outcome {
	enum status status;
	const struct client_reply *reply; /* NULL: none. */
	struct bytes text;
	bool is_certified;
};

static void
exchange_trace(struct resolver_exchange *exchange, const struct resolver_server *server,
	const struct outcome *outcome)
{
	const struct client_reply *reply = outcome->reply;
	int64_t now_ms = exchange_now_ms(exchange);
	struct resolver_step step = {
		.kind = RESOLVER_STEP_EXCHANGE,
		.server = server->address,
		.name = exchange->name,
		.status = outcome->status,
		.text = outcome->text,
		.is_certified = outcome->is_certified,
	};

	if (exchange->budget->trace == NULL) {
		return;
	}
	step.at_ms = (uint32_t)(now_ms - exchange->budget->trace->begun_ms);
	if (reply != NULL) {
		const struct header *header = &reply->response.message.header;

		step.elapsed_ms = reply->elapsed_ms;
		step.tries = reply->tries;
		step.transport = reply->transport;
		step.response_code = header->response_code;
		if (response_shape(header->opcode, header->response_code) == RESPONSE_VALUES) {
			step.value_count = reply->response.values.list.count;
		} else if (response_shape(header->opcode, header->response_code) ==
			RESPONSE_REFERRAL) {
			step.value_count = reply->response.referral.list.count;
		}
	}
	resolver_trace_add(exchange->budget->trace, exchange->budget->arena, &step);
}

/* Fails so far; the next server is asked, or it was the last. */
static void
exchange_pass_over(struct resolver_exchange *exchange, enum status status)
{
	/* Somebody who says that it is not theirs weighs more than somebody who is silent. */
	if (exchange->worst == STATUS_TIMED_OUT || status == STATUS_NOT_RESPONSIBLE) {
		exchange->worst = status;
	}
	exchange_go_on(exchange);
}

/* Codes that say something about the handle, as opposed to the server. */
static bool
code_is_answer(uint32_t code)
{
	return code == RESPONSE_SUCCESS || code == RESPONSE_HANDLE_NOT_FOUND ||
		code == RESPONSE_VALUES_NOT_FOUND || code == RESPONSE_SERVICE_REFERRAL ||
		code == RESPONSE_PREFIX_REFERRAL;
}

/* The values of an answer are those of the handle that was asked for, as it was spelt or not. */
static bool
reply_is_ours(const struct resolver_exchange *exchange, const struct response *response)
{
	uint8_t asked[HANDLE_KEY_SIZE_MAX], told[HANDLE_KEY_SIZE_MAX];
	const struct header *header = &response->message.header;
	size_t size;

	if (response_shape(header->opcode, header->response_code) != RESPONSE_VALUES) {
		return true;
	}
	size = handle_name_key(exchange->name, asked);
	return size > 0 && handle_name_key(response->values.name, told) == size &&
		memcmp(asked, told, size) == 0;
}

/* The answer, on its own: what was received goes when the callback returns. */
static enum status
reply_keep(struct resolver_exchange *exchange, const struct client_reply *reply)
{
	struct bytes octets = arena_copy(exchange->budget->arena, reply->octets);
	struct message message;
	enum status status;

	if (octets.at == NULL) {
		exchange->budget->is_spent = true;
		return STATUS_NO_MEMORY;
	}
	exchange->envelope = reply->envelope;
	exchange->reply.is_about_it = reply->is_about_it;
	status = message_decode(&reply->envelope, octets, &message);
	return status == STATUS_OK ? response_decode(&message, &exchange->reply.response) : status;
}

static struct resolver_exchange *
exchange_of_job(struct loop_job *job)
{
	return (struct resolver_exchange *)((char *)job - offsetof(struct resolver_exchange, job));
}

static void
signature_verify(struct loop_job *job)
{
	struct resolver_exchange *exchange = exchange_of_job(job);

	exchange->verdict = client_signature_verify(
		&exchange->envelope, &exchange->reply.response.message, exchange->key);
}

static void
signature_verified(struct loop_job *job)
{
	struct resolver_exchange *exchange = exchange_of_job(job);
	const struct resolver_server *server = exchange->answering;

	exchange->resolver->job_count--;
	crypto_key_free(exchange->key);
	exchange->key = NULL;
	if (exchange->is_forgotten) {
		exchange_free(exchange);
		return;
	}
	exchange->answering = NULL;
	if (exchange->verdict == STATUS_OK) {
		monitor_add(exchange->resolver->row, METRIC_RESOLVER_SIGNATURES_RIGHT, 1);
		exchange->reply.is_certified = true;
		exchange_tell(exchange, STATUS_OK);
		return;
	}
	monitor_add(exchange->resolver->row, METRIC_RESOLVER_SIGNATURES_WRONG, 1);
	exchange_trace(exchange, server,
		&(struct outcome){.status = exchange->verdict,
			.text = TEXT("the signature is missing or wrong")});
	exchange_pass_over(exchange, STATUS_CLOSED);
}

/* True if its answers can be signed, and we can tell; in which version it must be asked then:
 * servers with an Ed25519 key sign for clients that show that they know more than 2.11. */
static bool
server_can_sign(const struct resolver_server *server, struct version *ret_suggested)
{
	struct handle_key key;

	*ret_suggested = VERSION_OURS;
	if (server->key.size == 0 || handle_key_decode(server->key, &key) != STATUS_OK) {
		return false;
	}
	if (key.kind == HANDLE_KEY_ED25519_PUBLIC) {
		*ret_suggested = (struct version){3, 0};
	}
	return key.kind == HANDLE_KEY_RSA_PUBLIC || key.kind == HANDLE_KEY_DSA_PUBLIC ||
		key.kind == HANDLE_KEY_ED25519_PUBLIC;
}

/* False if it cannot be verified now. */
static bool
signature_begin(struct resolver_exchange *exchange, const struct resolver_server *server)
{
	struct handle_key parts;

	if (!resolver_budget_take(exchange->budget, &exchange->budget->signatures) ||
		handle_key_decode(server->key, &parts) != STATUS_OK ||
		handle_key_to_crypto(&parts, &exchange->key) != STATUS_OK) {
		return false;
	}
	exchange->job = (struct loop_job){.loop = exchange->resolver->loop,
		.run = signature_verify,
		.done = signature_verified};
	exchange->answering = server;
	if (loop_pool_submit(exchange->resolver->pool, &exchange->job) != STATUS_OK) {
		crypto_key_free(exchange->key);
		exchange->key = NULL;
		exchange->answering = NULL;
		return false;
	}
	exchange->resolver->job_count++;
	return true;
}

static void
exchange_take(struct resolver_exchange *exchange, const struct resolver_server *server,
	const struct client_reply *reply)
{
	struct outcome outcome = {.status = STATUS_OK, .reply = reply};
	uint32_t code = reply->response.message.header.response_code;
	struct version unused;
	enum status status;

	resolver_renewal_heard(exchange->resolver, server, &reply->response.message.header);
	if (!code_is_answer(code)) {
		exchange_trace(exchange, server, &outcome);
		exchange_pass_over(exchange,
			code == RESPONSE_SERVER_NOT_RESPONSIBLE ? STATUS_NOT_RESPONSIBLE
								: STATUS_CLOSED);
		return;
	}
	if (!reply_is_ours(exchange, &reply->response)) {
		outcome.status = STATUS_MALFORMED;
		outcome.text = TEXT("the answer is about another handle");
		monitor_add(exchange->resolver->row, METRIC_RESOLVER_REFUSED, 1);
		exchange_trace(exchange, server, &outcome);
		exchange_pass_over(exchange, STATUS_CLOSED);
		return;
	}
	if (exchange->answering != NULL) {
		return; /* Another one came first and is being verified. */
	}
	status = reply_keep(exchange, reply);
	if (status != STATUS_OK) {
		exchange_tell(exchange, STATUS_NO_MEMORY);
		return;
	}
	exchange->reply.server = server;
	if ((exchange->flags & MESSAGE_FLAG_CERTIFY) == 0 || !server_can_sign(server, &unused)) {
		exchange_trace(exchange, server, &outcome);
		exchange_tell(exchange, STATUS_OK);
		return;
	}
	outcome.is_certified = true;
	if (signature_begin(exchange, server)) {
		outcome.text = TEXT("signed");
		exchange_trace(exchange, server, &outcome);
		return;
	}
	outcome.text = TEXT("its signature cannot be verified");
	exchange_trace(exchange, server, &outcome);
	exchange_pass_over(exchange, STATUS_CLOSED);
}

/* What did not get through this time is not tried for a while. */
static void
way_remember(struct resolver_host *host, const struct resolver_server *server,
	enum client_transport transport, int64_t now_ms)
{
	bool is_web = transport == CLIENT_TRANSPORT_HTTP || transport == CLIENT_TRANSPORT_HTTPS;

	if (transport == CLIENT_TRANSPORT_TCP && server->has_udp) {
		host->tcp_until_ms = now_ms + WAY_REMEMBERED_MS;
	} else if (is_web && (server->has_udp || server->has_tcp) && host->web_until_ms <= now_ms) {
		host->web_until_ms = now_ms + WAY_REMEMBERED_MS;
	}
}

static void
attempt_answered(void *context, enum status status, const struct client_reply *reply)
{
	struct resolver_attempt *attempt = context;
	struct resolver_exchange *exchange = attempt->exchange;
	const struct resolver_server *server = attempt->server;
	struct resolver_host *host = attempt->host;
	int64_t now_ms = exchange_now_ms(exchange);

	attempt->ask = NULL;
	exchange->open_count--;
	if (status == STATUS_OK) {
		resolver_host_answered(host, reply->elapsed_ms * 1000);
		way_remember(host, server, reply->transport, now_ms);
	} else {
		host->tcp_until_ms = 0; /* Next time every way is tried again. */
		host->web_until_ms = 0;
		monitor_add(exchange->resolver->row, METRIC_RESOLVER_SILENT, 1);
		resolver_host_silent(host, now_ms);
	}
	host_release(host);
	if (status == STATUS_OK) {
		exchange_take(exchange, server, reply);
		return;
	}
	exchange_trace(exchange, server,
		&(struct outcome){
			.status = status, .text = bytes_from_string(status_text(status))});
	exchange_pass_over(exchange, STATUS_TIMED_OUT);
}

/* A list of one type, as it is sent. */
static const uint8_t sites_types[] = {0, 0, 0, 7, 'H', 'S', '_', 'S', 'I', 'T', 'E'};

/* What is asked: public values only, and no recursion by whoever is asked. */
static void
request_make(const struct resolver_exchange *exchange, const struct resolver_server *server,
	struct request *ret_request)
{
	uint32_t flags = exchange->flags;
	struct version version = server->version;
	struct version suggested;

	if (!server_can_sign(server, &suggested)) {
		flags &= ~MESSAGE_FLAG_CERTIFY;
	}
	if (version.major == 0 || version_compare(version, VERSION_OURS) > 0) {
		version = VERSION_OURS;
	}
	*ret_request = (struct request){
		.message = {.envelope = {.version = version, .suggested = suggested},
			.header = {.opcode = OPCODE_RESOLUTION,
				.flags = flags,
				.site_serial = server->serial == 0 ? UINT16_MAX : server->serial,
				.recursion_count = exchange->recursion_count,
				.expiration = (uint32_t)(clock_wall_ms() / 1000 + EXPIRATION_S)}},
		.resolution = {.name = exchange->name},
	};
	if (exchange->proof != NULL) {
		ret_request->message.header.opcode = OPCODE_VERIFY_CHALLENGE;
		ret_request->verify_challenge = *exchange->proof;
	} else if (exchange->is_sites) {
		ret_request->resolution.type_count = 1;
		ret_request->resolution.types = bytes_over(sites_types, sizeof(sites_types));
	}
}

/* False if there is no socket, or no way there: as good as silent. */
static bool
attempt_start(struct resolver_attempt *attempt)
{
	struct resolver_exchange *exchange = attempt->exchange;
	const struct resolver_server *server = attempt->server;
	struct resolver_host *host = attempt->host;
	int64_t now_ms = exchange_now_ms(exchange);
	int64_t left_ms = exchange->deadline_ms - now_ms;
	struct request request;
	struct client_question question = {
		.request = &request,
		.server = server->address,
		.tcp_port = server->has_tcp ? server->tcp_port : 0,
		.is_tcp_only = !server->has_udp || (server->has_tcp && host->tcp_until_ms > now_ms),
		.is_without_tcp = !server->has_tcp,
		.web = server->has_web ? &server->web : NULL,
		.is_web_only = server->has_web &&
			(host->web_until_ms > now_ms || !(server->has_udp || server->has_tcp)),
		.is_busy_an_answer = true,
		.kept = (exchange->flags & MESSAGE_FLAG_KEEP_ALIVE) != 0 ? exchange->resolver->kept
									 : NULL,
		.deadline_ms = left_ms < 1 ? 1 : (uint32_t)left_ms,
		.udp_wait_ms = resolver_host_patience_ms(host),
		.udp_try_count = UDP_TRY_COUNT,
		.tcp_wait_ms = TCP_PATIENCE_COUNT * resolver_host_patience_ms(host),
	};

	request_make(exchange, server, &request);
	if (question.is_tcp_only && server->has_tcp) {
		address_set_port(&question.server, server->tcp_port);
	}
	host->active_count++;
	monitor_add(exchange->resolver->row, METRIC_RESOLVER_EXCHANGES, 1);
	attempt->ask =
		client_ask(exchange->resolver->loop, &question, attempt_answered, attempt, NULL);
	if (attempt->ask != NULL) {
		return true;
	}
	exchange->open_count--;
	host->active_count--;
	host->busy_count--;
	resolver_host_silent(host, now_ms);
	exchange_trace(exchange, server,
		&(struct outcome){.status = STATUS_SYSTEM, .text = TEXT("there is no way to it")});
	return false;
}

static void
attempt_wait(struct resolver_attempt *attempt)
{
	struct resolver_host *host = attempt->host;

	attempt->is_waiting = true;
	*(host->last_waiting == NULL ? &host->first_waiting : &host->last_waiting->next_waiting) =
		attempt;
	host->last_waiting = attempt;
}

/* A server is to be asked, at once or when those before it are done. False: not that one. */
static bool
exchange_ask(struct resolver_exchange *exchange, const struct resolver_server *server)
{
	struct resolver_attempt *attempt = &exchange->attempts[exchange->attempt_count];
	struct resolver_host *host = resolver_hosts_get(
		exchange->resolver->hosts, &server->address, exchange_now_ms(exchange));

	if (host == NULL) {
		return false;
	}
	*attempt = (struct resolver_attempt){.exchange = exchange, .server = server, .host = host};
	host->busy_count++;
	exchange->attempt_count++;
	exchange->open_count++;
	if (host->active_count < RESOLVER_PER_HOST_MAX) {
		return attempt_start(attempt);
	}
	attempt_wait(attempt);
	return true;
}

/* The next server joins in. False if there is none, or nothing left to pay it with. */
static bool
exchange_ask_next(struct resolver_exchange *exchange)
{
	while (exchange->next < exchange->rank_count &&
		exchange->attempt_count < RESOLVER_TRY_COUNT_MAX &&
		resolver_budget_take(exchange->budget, &exchange->budget->exchanges)) {
		if (exchange_ask(exchange, exchange->ranks[exchange->next++].server)) {
			return true;
		}
	}
	return false;
}

static void
exchange_timer_set(struct resolver_exchange *exchange)
{
	int64_t at_ms = exchange->deadline_ms;

	if (exchange->next < exchange->rank_count && exchange->attempt_count > 0 &&
		exchange->attempt_count < RESOLVER_TRY_COUNT_MAX &&
		exchange->budget->exchanges > 0) {
		const struct resolver_attempt *last =
			&exchange->attempts[exchange->attempt_count - 1];
		int64_t patience_ms =
			exchange_now_ms(exchange) + resolver_host_patience_ms(last->host);

		at_ms = patience_ms < at_ms ? patience_ms : at_ms;
	}
	loop_timer_set(exchange->resolver->loop, &exchange->timer, at_ms, exchange_due, exchange);
}

/* Asks the next one, or waits for those who were asked, or gives up. */
static void
exchange_go_on(struct resolver_exchange *exchange)
{
	bool is_asked;

	if (exchange->answering != NULL) {
		return; /* A signature is being verified. */
	}
	if (exchange_now_ms(exchange) >= exchange->deadline_ms) {
		exchange_tell(exchange, exchange->worst);
		return;
	}
	is_asked = exchange_ask_next(exchange);
	if (!is_asked && exchange->open_count == 0) {
		exchange_tell(exchange, exchange->worst);
	} else if (is_asked || !exchange->timer.is_set) {
		exchange_timer_set(exchange);
	}
}

static void
exchange_due(void *context)
{
	exchange_go_on(context);
}

/* Dearer for a server that is held down; a little by chance. */
static void
exchange_rank(struct resolver_exchange *exchange, const struct resolver_exchange_order *order)
{
	int64_t now_ms = exchange_now_ms(exchange);
	uint16_t chances[RESOLVER_SERVER_COUNT_MAX] = {0};

	if (order->server_count > 1) {
		crypto_random(chances, order->server_count * sizeof(chances[0]));
	}
	for (size_t i = 0; i < order->server_count; i++) {
		const struct resolver_server *server = &order->servers[i];
		struct resolver_host *host =
			resolver_hosts_get(exchange->resolver->hosts, &server->address, now_ms);
		struct rank rank = {server, chances[i] % JITTER_US};
		size_t place = exchange->rank_count++;

		if (host != NULL) {
			rank.cost += resolver_host_cost_us(host);
			/* Those held down for longer come later. */
			rank.cost += resolver_host_is_held(host, now_ms)
				? (uint64_t)(host->held_until_ms - now_ms + 60000) * 1000
				: 0;
		}
		rank.cost += server->address.any.sa_family == AF_INET6 ? 0 : JITTER_US;
		for (; place > 0 && exchange->ranks[place - 1].cost > rank.cost; place--) {
			exchange->ranks[place] = exchange->ranks[place - 1];
		}
		exchange->ranks[place] = rank;
	}
}

struct resolver_exchange *
resolver_exchange_new(const struct resolver_exchange_order *order)
{
	struct resolver_exchange *exchange = calloc(1, sizeof(*exchange));

	if (exchange == NULL) {
		return NULL;
	}
	exchange->resolver = order->resolver;
	exchange->budget = order->budget;
	exchange->name = order->name;
	exchange->is_sites = order->is_sites;
	exchange->proof = order->proof;
	exchange->flags = order->flags;
	exchange->recursion_count = order->recursion_count;
	exchange->deadline_ms = order->budget->deadline_ms;
	if (order->patience_ms > 0 &&
		exchange_now_ms(exchange) + order->patience_ms < exchange->deadline_ms) {
		exchange->deadline_ms = exchange_now_ms(exchange) + order->patience_ms;
	}
	exchange->replied = order->replied;
	exchange->context = order->context;
	exchange->worst = STATUS_TIMED_OUT;
	resolver_budget_enter(exchange->budget);
	exchange_rank(exchange, order);
	if (exchange_ask_next(exchange)) {
		exchange_timer_set(exchange);
	} else {
		exchange_hurry(exchange); /* Told from the loop, as everything else. */
	}
	return exchange;
}
