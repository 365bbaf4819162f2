/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include "replay/replay.h"
#include "replay/replay_access.h"
#include "replay/replay_message.h"

#include <stdio.h>
#include <stdlib.h>

enum { PEER_COUNT_MAX = 64, SCRIPT_SIZE_MAX = 1048576 };

struct named_peer {
	struct bytes name;
	struct fake_peer *peer;
};

struct replay {
	const struct replay_subject *subject;
	void *instance;
	struct loop *loop;
	struct address address; /* Of the subject. */
	uint64_t seed;
	uint32_t request_id; /* Of the last request made. */
	bool is_holding; /* Nothing runs before RUN. */
	struct named_peer peers[PEER_COUNT_MAX];
	size_t peer_count;
};

static void
replay_go(struct replay *replay)
{
	if (!replay->is_holding) {
		fake_run();
	}
}

static void
hex_of(struct bytes octets, char ret_text[129])
{
	for (size_t i = 0; i < octets.size && i < 64; i++) {
		snprintf(ret_text + 2 * i, 3, "%02x", octets.at[i]);
	}
	ret_text[2 * (octets.size < 64 ? octets.size : 64)] = 0;
}

/* SUBJECT echo [options]: what the script is played against. */
static void
do_subject(struct replay *replay, struct words *words)
{
	struct bytes name = words_next(words, "a subject");
	const struct replay_subject *subject = replay_subject_find(name);
	struct problem problem = {.text = "no reason given"};

	if (subject == NULL) {
		words_fail(words, "no subject is called \"%.*s\"", (int)name.size,
			(const char *)name.at);
		return;
	}
	if (replay->subject != NULL) {
		words_fail(words, "there is a subject already");
		return;
	}
	fake_begin(replay->seed);
	replay->loop = loop_new(&problem);
	replay->instance = subject->open(replay->loop, &replay->address, words->all + words->next,
		words->count - words->next, &problem);
	words->next = words->count;
	replay->subject = subject;
	if (replay->instance == NULL) {
		words_fail(words, "the subject does not open: %s", problem.text);
		return;
	}
	fake_run();
}

static void
do_act(struct replay *replay, struct words *words)
{
	struct problem problem = {.text = "the subject has nothing to act on"};

	if (replay->subject->act == NULL ||
		replay->subject->act(replay->instance, words->all + words->next,
			words->count - words->next, &problem) != STATUS_OK) {
		words_fail(words, "%s", problem.text);
	}
	words->next = words->count;
	replay_go(replay);
}

static void
send_fragments(const struct sending *sending, const struct address *from, const struct address *to)
{
	size_t count = message_fragment_count(sending->message.size);

	for (size_t i = 0; i < count; i++) {
		uint8_t octets[DATAGRAM_SIZE_MAX];
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct envelope envelope = sending->envelope;

		envelope.is_truncated = count > 1;
		envelope.sequence = (uint32_t)i;
		envelope_write(&writer, &envelope);
		wire_write_bytes(&writer, message_fragment_data(sending->message, i));
		if (sending->fragment == SIZE_MAX || sending->fragment == i) {
			fake_datagram(from, to, sending_part(sending, wire_written(&writer)));
		}
	}
}

/* FROM address UDP SEND octets or message */
static void
do_from(struct replay *replay, struct words *words)
{
	struct address from = words_next_address(words);

	if (!words_take(words, "UDP") || !words_take(words, "SEND")) {
		words_fail(words, "UDP SEND is wanted behind the address");
		return;
	}
	if (sending_is_next(words)) {
		struct sending sending;

		sending_read(words, &replay->request_id, &sending);
		if (words_ok(words)) {
			send_fragments(&sending, &from, &replay->address);
		}
	} else {
		struct bytes octets = words_rest_hex(words);

		if (words_ok(words)) {
			fake_datagram(&from, &replay->address, octets);
		}
	}
	replay_go(replay);
}

/* CONNECT name FROM address [REFUSED] */
static void
do_connect(struct replay *replay, struct words *words)
{
	struct bytes name = words_next(words, "a name");
	struct address from;
	struct fake_peer *peer;

	if (!words_take(words, "FROM")) {
		words_fail(words, "FROM is wanted behind the name");
		return;
	}
	from = words_next_address(words);
	if (replay->peer_count == PEER_COUNT_MAX) {
		words_fail(words, "more than %d streams", PEER_COUNT_MAX);
	}
	if (!words_ok(words)) {
		return;
	}
	peer = fake_connect(&from, &replay->address);
	if (words_take(words, "REFUSED") != (peer == NULL)) {
		words_fail(words,
			peer == NULL ? "the connection is refused"
				     : "the connection is not refused");
		return;
	}
	if (peer != NULL) {
		replay->peers[replay->peer_count++] = (struct named_peer){name, peer};
	}
	replay_go(replay);
}

static void
do_stream_send(struct replay *replay, struct words *words, struct fake_peer *peer)
{
	if (fake_peer_is_reset(peer)) {
		words_fail(words, "the stream was reset");
		return;
	}
	if (sending_is_next(words)) {
		static uint8_t octets[MESSAGE_SIZE_MAX + ENVELOPE_SIZE];
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct sending sending;

		sending_read(words, &replay->request_id, &sending);
		envelope_write(&writer, &sending.envelope);
		wire_write_bytes(&writer, sending.message);
		if (words_ok(words)) {
			fake_peer_send(peer, sending_part(&sending, wire_written(&writer)));
		}
	} else {
		struct bytes octets = words_rest_hex(words);

		if (words_ok(words)) {
			fake_peer_send(peer, octets);
		}
	}
	replay_go(replay);
}

static void
expect_octets(struct words *words, struct bytes found)
{
	struct bytes wanted = words_rest_hex(words);
	char text[129];

	if (words_ok(words) && !bytes_equal(found, wanted)) {
		hex_of(found, text);
		words_fail(words, "%zu octets came: %s%s", found.size, text,
			found.size > 64 ? "..." : "");
	}
}

/* The next `answer` is one to this request. */
static void
note_request(struct replay *replay, const struct answer *answer)
{
	if (answer_is_request(answer)) {
		replay->request_id = answer->envelope.request_id;
	}
}

static void
expect_stream_answer(struct replay *replay, struct words *words, struct fake_peer *peer)
{
	struct bytes received = fake_peer_received(peer);
	struct wire_reader reader = wire_reader_over(received);
	struct answer answer = {.fragment_count = 1};

	envelope_read(&reader, &answer.envelope);
	answer.message = wire_read_bytes(&reader, answer.envelope.message_size);
	if (!wire_reader_ok(&reader)) {
		words_fail(words, "no whole answer came, only %zu octets", received.size);
		return;
	}
	answer_check(words, &answer);
	note_request(replay, &answer);
	fake_peer_consume(peer, ENVELOPE_SIZE + answer.message.size);
}

static void
do_stream_expect(struct replay *replay, struct words *words, struct fake_peer *peer)
{
	struct bytes received = fake_peer_received(peer);

	if (words_take(words, "NOTHING")) {
		if (received.size > 0) {
			words_fail(words, "%zu octets came", received.size);
		}
	} else if (words_take(words, "CLOSED")) {
		if (!fake_peer_is_closed(peer) || fake_peer_is_reset(peer)) {
			words_fail(words, "the stream is %s",
				fake_peer_is_reset(peer) ? "reset" : "not closed");
		}
	} else if (words_take(words, "RESET")) {
		if (!fake_peer_is_reset(peer)) {
			words_fail(words, "the stream is not reset");
		}
	} else if (words_take(words, "ENDED")) {
		if (!fake_peer_has_ended(peer)) {
			words_fail(words, "the other side may still send");
		}
	} else if (words_take(words, "OPEN")) {
		if (fake_peer_has_ended(peer) || fake_peer_is_closed(peer)) {
			words_fail(words, "the stream has ended");
		}
	} else if (words_next_is_hex(words)) {
		expect_octets(words, received);
		fake_peer_consume(peer, received.size);
	} else {
		expect_stream_answer(replay, words, peer);
	}
}

/* ACCEPT name AT address: the connection that the subject opened to there. */
static void
do_accept(struct replay *replay, struct words *words)
{
	struct bytes name = words_next(words, "a name");
	struct address wanted = {0};
	struct address to;
	struct fake_peer *peer;

	if (!words_take(words, "AT")) {
		words_fail(words, "AT is wanted behind the name");
	}
	wanted = words_next_address(words);
	if (!words_ok(words) || replay->peer_count == PEER_COUNT_MAX) {
		words_fail(words, "more than %d streams", PEER_COUNT_MAX);
		return;
	}
	peer = fake_accept(&to);
	if (peer == NULL || !address_equal(&to, &wanted)) {
		words_fail(words, "nobody connects to there");
		return;
	}
	replay->peers[replay->peer_count++] = (struct named_peer){name, peer};
	replay_go(replay);
}

/* name SEND|EXPECT|END|CLOSE|RESET|TAKE ...: true if the line begins with a stream's name. */
static bool
do_stream(struct replay *replay, struct words *words)
{
	struct fake_peer *peer = NULL;

	/* The last of a name: a script may use it again. */
	for (size_t i = 0; i < replay->peer_count; i++) {
		if (bytes_equal(replay->peers[i].name, words->all[words->next])) {
			peer = replay->peers[i].peer;
		}
	}
	if (peer == NULL) {
		return false;
	}
	words->next++;
	if (words_take(words, "SEND")) {
		do_stream_send(replay, words, peer);
	} else if (words_take(words, "EXPECT")) {
		do_stream_expect(replay, words, peer);
	} else if (words_take(words, "END")) {
		fake_peer_end(peer);
		replay_go(replay);
	} else if (words_take(words, "CLOSE")) {
		fake_peer_close(peer);
		replay_go(replay);
	} else if (words_take(words, "RESET")) {
		fake_peer_reset(peer);
		replay_go(replay);
	} else if (words_take(words, "TAKE")) {
		fake_peer_take(peer,
			words_take(words, "all")
				? SIZE_MAX
				: (size_t)words_next_number(words, UINT32_MAX, "a size"));
		replay_go(replay);
	} else {
		words_fail(words, "SEND, EXPECT, END, CLOSE, RESET or TAKE is wanted");
	}
	return true;
}

static void
expect_nothing(struct replay *replay, struct words *words)
{
	struct fake_sent sent;
	char text[ADDRESS_TEXT_SIZE_MAX];

	if (fake_sent_take(&sent)) {
		words_fail(words, "a datagram of %zu octets went to %s", sent.octets.size,
			address_format(&sent.to, text));
	}
	for (size_t i = 0; i < replay->peer_count; i++) {
		size_t size = fake_peer_received(replay->peers[i].peer).size;

		if (size > 0) {
			words_fail(words, "%zu octets came to stream %.*s", size,
				(int)replay->peers[i].name.size,
				(const char *)replay->peers[i].name.at);
		}
	}
}

/* Puts the answer together that begins with `sent`. */
static void
collect_fragments(struct words *words, struct fake_sent sent, struct answer *ret_answer)
{
	static uint8_t octets[MESSAGE_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct address to = sent.to;
	struct answer answer = {.fragment_count = 0};
	struct envelope envelope;

	do {
		struct wire_reader reader = wire_reader_over(sent.octets);

		envelope_read(&reader, &envelope);
		wire_write_bytes(&writer, wire_read_bytes(&reader, wire_reader_left(&reader)));
		if (!wire_reader_ok(&reader) || !address_equal(&sent.to, &to) ||
			(envelope.is_truncated && envelope.sequence != answer.fragment_count)) {
			words_fail(words, "fragment %zu of the answer is not what follows",
				answer.fragment_count);
			return;
		}
		answer.envelope = answer.fragment_count == 0 ? envelope : answer.envelope;
		answer.fragment_count++;
	} while (wire_writer_size(&writer) < envelope.message_size && fake_sent_take(&sent));
	answer.message = wire_written(&writer);
	if (answer.message.size != envelope.message_size) {
		words_fail(words, "%zu octets of an answer of %u came", answer.message.size,
			envelope.message_size);
	}
	*ret_answer = answer;
}

/* EXPECT UDP TO address [FROM address] octets or properties */
static void
expect_udp(struct replay *replay, struct words *words)
{
	struct address to;
	struct fake_sent sent;
	char text[ADDRESS_TEXT_SIZE_MAX];

	if (!words_take(words, "TO")) {
		words_fail(words, "TO is wanted behind UDP");
		return;
	}
	to = words_next_address(words);
	if (!words_ok(words)) {
		return;
	}
	if (!fake_sent_take(&sent)) {
		words_fail(words, "no datagram was sent");
		return;
	}
	if (!address_equal(&sent.to, &to)) {
		words_fail(words, "the next datagram went to %s", address_format(&sent.to, text));
		return;
	}
	if (words_take(words, "FROM")) {
		struct address from = words_next_address(words);

		if (!address_equal(&sent.from, &from)) {
			words_fail(words, "it came from %s", address_format(&sent.from, text));
		}
	}
	if (words_next_is_hex(words)) {
		expect_octets(words, sent.octets);
	} else if (words_are_left(words)) {
		struct answer answer = {0};
		struct address asker = sent.from;

		collect_fragments(words, sent, &answer);
		if (words_ok(words)) {
			answer_check(words, &answer);
			note_request(replay, &answer);
		}
		/* A subject that asks does so from ports of its own choice. */
		replay->address = answer_is_request(&answer) ? asker : replay->address;
	}
}

/* EXPECT COUNT what number: what the node holds. */
static void
expect_count(struct words *words)
{
	struct fake_counts counts = fake_counts();
	const struct {
		const char *name;
		size_t count;
	} rows[] = {
		{"streams", counts.stream_count},
		{"timers", counts.timer_count},
		{"memory", counts.stream_memory},
		{"sockets", counts.udp_count},
		{"listeners", counts.listener_count},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (words_take(words, rows[i].name)) {
			uint64_t wanted = words_next_number(words, UINT32_MAX, "a number");

			if (wanted != rows[i].count) {
				words_fail(words, "%zu %s, not %llu", rows[i].count, rows[i].name,
					(unsigned long long)wanted);
			}
			return;
		}
	}
	words_fail(words, "streams, timers, memory, sockets or listeners is wanted");
}

static void
do_expect(struct replay *replay, struct words *words)
{
	if (words_take(words, "NOTHING")) {
		expect_nothing(replay, words);
	} else if (words_take(words, "UDP")) {
		expect_udp(replay, words);
	} else if (words_take(words, "COUNT")) {
		expect_count(words);
	} else {
		words_fail(words, "UDP, COUNT or NOTHING is wanted behind EXPECT");
	}
}

static bool
has_output(void *context)
{
	const struct replay *replay = context;

	if (fake_sent_count() > 0) {
		return true;
	}
	for (size_t i = 0; i < replay->peer_count; i++) {
		if (fake_peer_received(replay->peers[i].peer).size > 0) {
			return true;
		}
	}
	return false;
}

static uint64_t
next_count(struct words *words)
{
	return words_next_number(words, UINT32_MAX, "a count");
}

/* What comes before SUBJECT; true if the line is such. */
static bool
do_setting(struct replay *replay, struct words *words)
{
	if (words_take(words, "SEED")) {
		replay->seed = words_next_number(words, UINT64_MAX, "a seed");
	} else if (words_take(words, "LISTEN")) {
		replay->address = words_next_address(words);
	} else if (words_take(words, "SUBJECT")) {
		do_subject(replay, words);
	} else {
		return false;
	}
	return true;
}

static void
do_world(struct replay *replay, struct words *words)
{
	if (words_take(words, "ADVANCE")) {
		fake_advance(words_next_ms(words));
	} else if (words_take(words, "WALL")) {
		fake_wall_shift(
			words_take(words, "BACK") ? -words_next_ms(words) : words_next_ms(words));
	} else if (words_take(words, "HOLD")) {
		replay->is_holding = true;
	} else if (words_take(words, "RUN")) {
		replay->is_holding = false;
		fake_run();
	} else if (words_take(words, "AWAIT")) {
		if (!fake_await(has_output, replay)) {
			words_fail(words, "nothing came within 5 s");
		}
	} else if (words_take(words, "JOBS")) {
		bool is_held = words_take(words, "HOLD");

		if (!is_held && !words_take(words, "RUN")) {
			words_fail(words, "HOLD or RUN is wanted behind JOBS");
		}
		fake_jobs_hold(is_held);
		replay_go(replay);
	} else if (words_take(words, "FILL")) {
		fake_udp_fill((size_t)next_count(words));
	} else if (words_take(words, "REFUSE")) {
		fake_udp_refuse((size_t)next_count(words));
	} else if (words_take(words, "EXHAUST")) {
		fake_accept_refuse((size_t)next_count(words));
	} else if (access_line(words)) {
		return;
	} else if (words_take(words, "ACT")) {
		do_act(replay, words);
	} else {
		struct bytes word = words_next(words, "a command");

		words_fail(words, "\"%.*s\" is no command and no stream", (int)word.size,
			(const char *)word.at);
	}
}

static void
do_line(struct replay *replay, struct words *words)
{
	if (do_setting(replay, words)) {
		return;
	}
	if (replay->subject == NULL) {
		words_fail(words, "SUBJECT must come first");
		return;
	}
	if (words_take(words, "AT")) {
		int64_t wait_ms = words_next_ms(words) - fake_now_ms();

		if (wait_ms < 0) {
			words_fail(words, "it is %lld ms already", (long long)fake_now_ms());
			return;
		}
		fake_advance(wait_ms);
	}
	if (words_are_left(words) && replay->subject->line != NULL &&
		replay->subject->line(replay->instance, words)) {
		replay_go(replay);
	} else if (words_take(words, "FROM")) {
		do_from(replay, words);
	} else if (words_take(words, "CONNECT")) {
		do_connect(replay, words);
	} else if (words_take(words, "ACCEPT")) {
		do_accept(replay, words);
	} else if (words_take(words, "EXPECT")) {
		do_expect(replay, words);
	} else if (words_are_left(words) && !do_stream(replay, words)) {
		do_world(replay, words);
	}
}

/* The subject goes; nothing of it may stay. */
static void
replay_close(struct replay *replay, struct words *words)
{
	if (replay->subject == NULL) {
		words_fail(words, "the script has no SUBJECT");
		return;
	}
	if (words_ok(words)) {
		expect_nothing(replay, words);
	}
	for (size_t i = 0; i < replay->peer_count; i++) {
		fake_peer_reset(replay->peers[i].peer);
	}
	fake_run();
	if (replay->instance != NULL) {
		replay->subject->close(replay->instance);
		fake_run();
	}
	if (fake_counts().stream_count + fake_counts().udp_count > 0) {
		words_fail(words, "the subject leaves sockets open");
	}
	loop_free(replay->loop);
	fake_end();
}

/* Plays a script; the number of the line that failed, or 0. */
static size_t
replay_script(struct bytes script, struct problem *ret_problem)
{
	struct replay replay = {.seed = 1};
	static struct words words;
	uint8_t *text = malloc(script.size + 1);
	size_t number = 0;
	size_t at = 0;

	if (text == NULL ||
		address_parse(TEXT("192.0.2.1:2641"), 0, &replay.address) != STATUS_OK) {
		abort();
	}
	memcpy(text, script.at, script.size);
	words = (struct words){0};
	while (at < script.size && words_ok(&words)) {
		size_t size = bytes_find(bytes_slice(script, at, script.size), '\n');

		number++;
		words_split(&words, text + at, size);
		at += size + 1;
		if (words_are_left(&words)) {
			do_line(&replay, &words);
		}
		if (words_are_left(&words)) {
			words_fail(&words, "\"%.*s\" is too much", (int)words.all[words.next].size,
				(const char *)words.all[words.next].at);
		}
	}
	replay_close(&replay, &words);
	access_clear();
	*ret_problem = words.problem;
	free(text);
	return words.problem.status == STATUS_OK ? 0 : number;
}

static struct bytes
read_script(const char *path)
{
	static uint8_t octets[SCRIPT_SIZE_MAX];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	size = fread(octets, 1, sizeof(octets), file);
	fclose(file);
	return bytes_over(octets, size);
}

/* A script that must fail says so in its first line: "# FAILS 7: part of the problem". */
static bool
failure_is_wanted(struct bytes script, size_t number, const struct problem *problem)
{
	struct bytes line = bytes_slice(script, 0, bytes_find(script, '\n'));
	char wanted[256];
	char found[PROBLEM_TEXT_SIZE_MAX + 32];

	if (!bytes_start_with(line, TEXT("# FAILS ")) || line.size >= sizeof(wanted)) {
		return false;
	}
	memcpy(wanted, line.at, line.size);
	wanted[line.size] = 0;
	snprintf(found, sizeof(found), "%zu: %s", number, problem->text);
	if (strncmp(found, wanted + strlen("# FAILS "), strlen(wanted + strlen("# FAILS "))) == 0) {
		return true;
	}
	fprintf(stderr, "wanted: %s\n", wanted + 2);
	return false;
}

int
main(int argument_count, char **arguments)
{
	struct problem problem = {.text = ""};
	struct bytes script;
	size_t number;
	bool is_wanted;

	if (argument_count != 2) {
		fprintf(stderr, "usage: %s SCRIPT.rpl\n", arguments[0]);
		return 2;
	}
	script = read_script(arguments[1]);
	number = replay_script(script, &problem);
	is_wanted = bytes_start_with(script, TEXT("# FAILS "));
	if (number == 0) {
		if (is_wanted) {
			fprintf(stderr, "%s: was to fail\n", arguments[1]);
		}
		return is_wanted ? 1 : 0;
	}
	if (is_wanted && failure_is_wanted(script, number, &problem)) {
		return 0;
	}
	fprintf(stderr, "%s:%zu: %s\n", arguments[1], number, problem.text);
	return 1;
}
