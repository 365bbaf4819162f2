/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include "replay/replay.h"
#include "replay/replay_message.h"

#include "client/client_ask.h"

#include <stdlib.h>

/*
 * The asking side, one question at a time; the script is the server.
 *
 *     ASK ADDRESS [TCP] [BUSY] [deadline TIME] MESSAGE    as after SEND; BUSY is an answer
 *     CANCEL                                        client_ask_cancel()
 *     RESULT none                                   not told yet
 *     RESULT OUTCOME [PROPERTY]...                  told once since the last ASK: ok, timed_out,
 *                                                   closed, malformed, system
 *
 * Properties of ok: transport udp|tcp · tries N · pauses N · elapsed TIME, then those of an answer.
 */
struct subject_client {
	struct loop *loop;
	struct client_ask *ask;
	struct loop_post wake;
	size_t told_count;
	enum status status;
	struct client_reply reply;
	uint8_t octets[MESSAGE_SIZE_MAX]; /* The reply's, which are gone after its call. */
};

static void *
client_open(struct loop *loop, const struct address *address, const struct bytes *options,
	size_t option_count, struct problem *problem)
{
	struct subject_client *client = calloc(1, sizeof(*client));

	(void)address;
	(void)options;
	if (client == NULL || option_count > 0) {
		problem_set(problem, STATUS_INVALID, "client takes no option");
		free(client);
		return NULL;
	}
	client->loop = loop;
	return client;
}

static void
client_close(void *subject)
{
	struct subject_client *client = subject;

	client_ask_cancel(client->ask);
	free(client);
}

static void
subject_answered(void *context, enum status status, const struct client_reply *reply)
{
	struct subject_client *client = context;

	client->ask = NULL;
	client->told_count++;
	client->status = status;
	if (reply != NULL) {
		client->reply = *reply;
		memcpy(client->octets, reply->octets.at, reply->octets.size);
		client->reply.octets = bytes_over(client->octets, reply->octets.size);
	}
}

static void
client_woken(void *context)
{
	(void)context;
}

static void
do_ask(struct subject_client *client, struct words *words)
{
	struct client_question question = {.server = words_next_address(words)};
	struct problem problem = {.text = ""};
	struct sending sending;
	struct message message;
	struct request request;
	uint32_t request_id = 0;

	question.is_tcp_only = words_take(words, "TCP");
	question.is_busy_an_answer = words_take(words, "BUSY");
	if (words_take(words, "deadline")) {
		question.deadline_ms = (uint32_t)words_next_ms(words);
	}
	sending_read(words, &request_id, &sending);
	if (!words_ok(words) || client->ask != NULL) {
		words_fail(words, "one question at a time");
		return;
	}
	if (message_decode(&sending.envelope, sending.message, &message) != STATUS_OK ||
		request_decode(&message, &request) != STATUS_OK) {
		words_fail(words, "this is no request");
		return;
	}
	question.request = &request;
	/* Questions are asked on a loop that is awake: only then it knows the time. */
	client->wake.posted = client_woken;
	loop_post(client->loop, &client->wake);
	fake_run();
	client->told_count = 0;
	client->ask = client_ask(client->loop, &question, subject_answered, client, &problem);
	if (client->ask == NULL) {
		words_fail(words, "not asked: %s", problem.text);
	}
}

static void
expect_reply(const struct subject_client *client, struct words *words)
{
	const struct client_reply *reply = &client->reply;
	struct answer answer = {
		.envelope = reply->envelope, .message = reply->octets, .fragment_count = 1};
	bool is_udp = reply->transport == CLIENT_TRANSPORT_UDP;

	if (words_take(words, "transport") && !words_take(words, is_udp ? "udp" : "tcp")) {
		words_fail(words, "it came over %s", is_udp ? "udp" : "tcp");
	}
	if (words_take(words, "tries") &&
		words_next_number(words, UINT32_MAX, "a number") != reply->tries) {
		words_fail(words, "it took %u tries", reply->tries);
	}
	if (words_take(words, "pauses") &&
		words_next_number(words, UINT32_MAX, "a number") != reply->pauses) {
		words_fail(words, "the server was busy %u times", reply->pauses);
	}
	if (words_take(words, "elapsed") && words_next_ms(words) != reply->elapsed_ms) {
		words_fail(words, "it took %u ms", reply->elapsed_ms);
	}
	if (words_are_left(words)) {
		answer_check(words, &answer);
	}
}

static void
do_result(const struct subject_client *client, struct words *words)
{
	static const struct {
		const char *name;
		enum status status;
	} outcomes[] = {{"ok", STATUS_OK}, {"timed_out", STATUS_TIMED_OUT},
		{"closed", STATUS_CLOSED}, {"malformed", STATUS_MALFORMED},
		{"system", STATUS_SYSTEM}};
	size_t wanted = words_take(words, "none") ? 0 : 1;

	if (client->told_count != wanted) {
		words_fail(words, "the outcome was told %zu times", client->told_count);
	}
	for (size_t i = 0; wanted == 1 && i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		if (outcomes[i].status != client->status) {
			continue;
		}
		if (!words_take(words, outcomes[i].name)) {
			words_fail(words, "the outcome is %s", outcomes[i].name);
		}
		if (client->status == STATUS_OK) {
			expect_reply(client, words);
		}
	}
}

static bool
client_line(void *subject, struct words *words)
{
	struct subject_client *client = subject;

	if (words_take(words, "ASK")) {
		do_ask(client, words);
	} else if (words_take(words, "CANCEL")) {
		client_ask_cancel(client->ask);
		client->ask = NULL;
	} else if (words_take(words, "RESULT")) {
		do_result(client, words);
	} else {
		return false;
	}
	return true;
}

const struct replay_subject subject_client = {
	.name = "client", .open = client_open, .close = client_close, .line = client_line};
