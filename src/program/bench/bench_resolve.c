/* SPDX-License-Identifier: Apache-2.0 */
#include "program/bench/bench.h"

#include "base/limits.h"
#include "loop/loop.h"
#include "message/request.h"
#include "message/response.h"
#include "program/server/server_name.h"
#include "program/terminal/language.h"
#include "program/terminal/progress.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A line is a UDP socket or a TCP connection with up to `depth` questions under way. The
 * low bits of a request id say which of them an answer is for, the others make it hard to
 * take an old answer for a new one.
 */
enum {
	LOST_MS = 1000,
	TICK_MS = 20,
	RATE_TICK_MS = 1,
	SLOT_MASK = BENCH_DEPTH_MAX - 1,
	CODE_COUNT_MAX = 32,
	FRAGMENT_COUNT_MAX = 64,
	/* Envelope, header, name, two empty filters, no credential. */
	QUESTION_FRAME_SIZE = ENVELOPE_SIZE + HEADER_SIZE + 4 + 8 + 4,
	QUESTION_SIZE_MAX = QUESTION_FRAME_SIZE + HANDLE_NAME_SIZE_MAX,
};
_Static_assert((BENCH_DEPTH_MAX & SLOT_MASK) == 0, "the slot is the low bits of the id");

struct question {
	uint64_t sent_ns;
	uint64_t fragments; /* Bit n: fragment n of the answer has come. */
	uint32_t id;
	uint32_t handle;
	uint32_t code; /* From the first fragment. */
	bool is_waiting;
};

struct line {
	struct asker *asker;
	struct loop_udp *udp;
	struct loop_stream *stream;
	unsigned free_count;
	uint8_t free_slots[BENCH_DEPTH_MAX];
	struct question questions[BENCH_DEPTH_MAX];
};

struct asker {
	const struct bench_options *options;
	struct address server;
	struct bench_handles handles;
	struct loop *loop;
	struct line *lines;
	size_t next_line; /* With a rate: who asks next. */
	struct loop_timer tick, rate_tick;
	struct progress progress;
	bool is_asking;
	uint64_t begin_ns, end_ns, last_answer_ns;
	uint64_t seed;
	uint64_t waiting;

	uint64_t sent, answered, lost, wrong, strays, held, due, closed;
	struct bench_times times;
	struct {
		uint32_t code;
		uint64_t count;
	} codes[CODE_COUNT_MAX];
	size_t code_count;
	uint64_t other_codes;
};

static struct loop *loop_to_stop;

static void
stop(int number)
{
	(void)number;
	loop_stop(loop_to_stop);
}

static size_t
question_write(const struct asker *asker, const struct question *question, uint8_t *at, size_t room)
{
	struct envelope envelope = {
		.version = VERSION_OURS,
		.suggested = VERSION_OURS,
		.request_id = question->id,
	};
	struct request request = {
		.message.header = {
			.opcode = OPCODE_RESOLUTION,
			.flags = MESSAGE_FLAG_RECURSIVE | MESSAGE_FLAG_CACHE_CERTIFY |
				MESSAGE_FLAG_PUBLIC_ONLY |
				(asker->options->is_tcp ? MESSAGE_FLAG_KEEP_ALIVE : 0),
			.site_serial = UINT16_MAX,
		}};
	struct wire_writer writer = wire_writer_over(at + ENVELOPE_SIZE, room - ENVELOPE_SIZE);
	struct wire_writer front = wire_writer_over(at, ENVELOPE_SIZE);

	request.message.envelope = envelope;
	request.resolution.name = bench_handle_at(&asker->handles, question->handle);
	request_write(&writer, &request);
	envelope.message_size = (uint32_t)wire_writer_size(&writer);
	envelope_write(&front, &envelope);
	return ENVELOPE_SIZE + wire_writer_size(&writer);
}

/* One more question; false when the line can take none now. */
static bool
line_ask(struct line *line, uint64_t now_ns)
{
	struct asker *asker = line->asker;
	uint8_t octets[QUESTION_SIZE_MAX];
	uint64_t random = bench_draw(&asker->seed);
	struct question *question;
	unsigned slot;

	if (line->free_count == 0 || (line->udp == NULL && line->stream == NULL)) {
		return false;
	}
	slot = line->free_slots[line->free_count - 1];
	question = &line->questions[slot];
	*question = (struct question){
		.sent_ns = now_ns,
		.id = ((uint32_t)random & ~(uint32_t)SLOT_MASK) | slot,
		.handle = (uint32_t)(bench_draw(&asker->seed) % asker->handles.count),
	};
	if (line->udp != NULL) {
		uint8_t *at = loop_udp_reserve(line->udp, &asker->server);

		loop_udp_commit(line->udp, question_write(asker, question, at, DATAGRAM_SIZE_MAX));
	} else {
		size_t size = question_write(asker, question, octets, sizeof(octets));

		if (loop_stream_write(line->stream, bytes_over(octets, size)) != STATUS_OK) {
			return false;
		}
	}
	question->is_waiting = true;
	line->free_count--;
	asker->waiting++;
	asker->sent++;
	return true;
}

static void
line_fill(struct line *line, uint64_t now_ns)
{
	if (!line->asker->is_asking || line->asker->options->rate > 0) {
		return;
	}
	while (line_ask(line, now_ns)) {
	}
}

static void
question_free(struct line *line, struct question *question)
{
	struct asker *asker = line->asker;

	question->is_waiting = false;
	line->free_slots[line->free_count++] = (uint8_t)(question - line->questions);
	asker->waiting--;
	if (!asker->is_asking && asker->waiting == 0) {
		loop_stop(asker->loop);
	}
}

static void
code_note(struct asker *asker, uint32_t code)
{
	for (size_t i = 0; i < asker->code_count; i++) {
		if (asker->codes[i].code == code) {
			asker->codes[i].count++;
			return;
		}
	}
	if (asker->code_count == CODE_COUNT_MAX) {
		asker->other_codes++;
		return;
	}
	asker->codes[asker->code_count].code = code;
	asker->codes[asker->code_count++].count = 1;
}

/* A piece of an answer: true when it was the last one missing. */
static bool
fragment_take(struct question *question, const struct envelope *envelope, struct bytes octets)
{
	size_t count = message_fragment_count(envelope->message_size);
	struct wire_reader reader = wire_reader_over(octets);
	struct header header;

	if (envelope->sequence >= count || count > FRAGMENT_COUNT_MAX) {
		return false;
	}
	if (envelope->sequence == 0) {
		header_read(&reader, &header);
		question->code = header.response_code;
	}
	question->fragments |= UINT64_C(1) << envelope->sequence;
	return (size_t)__builtin_popcountll(question->fragments) == count;
}

/* The code of a whole answer; false if it is none to this question. */
static bool
answer_check(const struct asker *asker, const struct question *question,
	const struct envelope *envelope, struct bytes octets, uint32_t *ret_code)
{
	struct message message;
	struct response response;

	if (message_decode(envelope, octets, &message) != STATUS_OK ||
		response_decode(&message, &response) != STATUS_OK ||
		message.header.opcode != OPCODE_RESOLUTION) {
		return false;
	}
	*ret_code = response.message.header.response_code;
	return *ret_code != RESPONSE_SUCCESS ||
		bytes_equal_fold(
			response.values.name, bench_handle_at(&asker->handles, question->handle));
}

static void
line_answered(
	struct line *line, const struct envelope *envelope, struct bytes octets, uint64_t now_ns)
{
	struct asker *asker = line->asker;
	struct question *question = &line->questions[envelope->request_id & SLOT_MASK];
	uint32_t code;

	if (!question->is_waiting || question->id != envelope->request_id) {
		asker->strays++;
		return;
	}
	/* Not every server marks the pieces of an answer; sizes tell in any case. */
	if (envelope->message_size > octets.size) {
		if (!fragment_take(question, envelope, octets)) {
			return;
		}
		code = question->code;
	} else if (!answer_check(asker, question, envelope, octets, &code)) {
		asker->wrong++;
		question_free(line, question);
		return;
	}
	asker->answered++;
	asker->last_answer_ns = now_ns;
	code_note(asker, code);
	bench_times_note(&asker->times, now_ns - question->sent_ns);
	question_free(line, question);
}

static void
datagrams_received(
	void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count)
{
	struct line *line = context;
	uint64_t now_ns = bench_now_ns();

	(void)udp;
	for (size_t i = 0; i < count; i++) {
		struct wire_reader reader = wire_reader_over(batch[i].octets);
		struct envelope envelope;

		envelope_read(&reader, &envelope);
		if (!wire_reader_ok(&reader) ||
			!address_equal(&batch[i].peer, &line->asker->server)) {
			line->asker->strays++;
			continue;
		}
		line_answered(line, &envelope,
			bytes_slice(batch[i].octets, ENVELOPE_SIZE, batch[i].octets.size), now_ns);
	}
	line_fill(line, now_ns);
}

static size_t
stream_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct line *line = context;
	uint64_t now_ns = bench_now_ns();
	size_t at = 0;

	while (octets.size - at >= ENVELOPE_SIZE) {
		struct bytes rest = bytes_slice(octets, at, octets.size);
		struct wire_reader reader = wire_reader_over(rest);
		struct envelope envelope;

		envelope_read(&reader, &envelope);
		if (!wire_reader_ok(&reader)) {
			line->asker->wrong++;
			loop_stream_close(stream);
			return octets.size;
		}
		if (rest.size - ENVELOPE_SIZE < envelope.message_size) {
			break;
		}
		line_answered(line, &envelope,
			bytes_slice(rest, ENVELOPE_SIZE, envelope.message_size), now_ns);
		at += ENVELOPE_SIZE + envelope.message_size;
	}
	line_fill(line, now_ns);
	return at;
}

/* What was asked there is lost; the next tick connects anew. */
static void
stream_closed(void *context, struct loop_stream *stream, enum status status)
{
	struct line *line = context;

	(void)stream;
	(void)status;
	line->stream = NULL;
	if (!line->asker->is_asking && line->asker->waiting == 0) {
		return;
	}
	line->asker->closed++;
	for (unsigned i = 0; i < line->asker->options->depth; i++) {
		if (line->questions[i].is_waiting) {
			line->asker->lost++;
			question_free(line, &line->questions[i]);
		}
	}
}

static bool
line_open(struct line *line, struct problem *problem)
{
	static const struct loop_stream_calls calls = {
		.received = stream_received, .closed = stream_closed};
	struct asker *asker = line->asker;
	struct address any = address_any(&asker->server);

	if (asker->options->is_tcp) {
		line->stream = loop_connect(asker->loop, &asker->server, &calls, line, problem);
		return line->stream != NULL;
	}
	line->udp = loop_udp_open(asker->loop, &any, datagrams_received, line, problem);
	return line->udp != NULL;
}

static void
line_tick(struct line *line, uint64_t now_ns)
{
	struct asker *asker = line->asker;

	if (asker->options->is_tcp && line->stream == NULL && asker->is_asking) {
		(void)line_open(line, NULL);
	}
	for (unsigned i = 0; i < asker->options->depth; i++) {
		struct question *question = &line->questions[i];

		if (question->is_waiting &&
			now_ns - question->sent_ns > (uint64_t)LOST_MS * 1000000) {
			asker->lost++;
			question_free(line, question);
		}
	}
	line_fill(line, now_ns);
}

static void
ticked(void *context)
{
	struct asker *asker = context;
	uint64_t now_ns = bench_now_ns();

	loop_timer_set(
		asker->loop, &asker->tick, loop_now_ms(asker->loop) + TICK_MS, ticked, asker);
	if (now_ns >= asker->end_ns && asker->is_asking) {
		asker->is_asking = false;
		if (asker->waiting == 0) {
			loop_stop(asker->loop);
		}
	}
	for (size_t i = 0; i < asker->options->connections; i++) {
		line_tick(&asker->lines[i], now_ns);
	}
	progress_show(&asker->progress, (now_ns - asker->begin_ns) / 1000,
		(asker->end_ns - asker->begin_ns) / 1000, asker->answered);
}

/* With a rate: what became due since the last tick is asked by one line after the other.
 * When all lines have as many under way as they may, it is given up and counted. */
static void
rate_ticked(void *context)
{
	struct asker *asker = context;
	uint64_t now_ns = bench_now_ns();
	uint64_t until_ns = now_ns < asker->end_ns ? now_ns : asker->end_ns;
	double seconds = (double)(until_ns - asker->begin_ns) / 1e9;
	uint64_t due = (uint64_t)(seconds * (double)asker->options->rate);
	size_t refused = 0;

	if (!asker->is_asking) {
		return;
	}
	while (asker->due < due && refused < asker->options->connections) {
		struct line *line = &asker->lines[asker->next_line];

		asker->next_line = (asker->next_line + 1) % asker->options->connections;
		if (line_ask(line, now_ns)) {
			asker->due++;
			refused = 0;
		} else {
			refused++;
		}
	}
	asker->held += due > asker->due ? due - asker->due : 0;
	asker->due = due > asker->due ? due : asker->due;
	loop_timer_set(asker->loop, &asker->rate_tick, loop_now_ms(asker->loop) + RATE_TICK_MS,
		rate_ticked, asker);
}

static double
asker_seconds(const struct asker *asker)
{
	return asker->last_answer_ns > asker->begin_ns
		? (double)(asker->last_answer_ns - asker->begin_ns) / 1e9
		: 0;
}

static double
asker_rate(const struct asker *asker)
{
	return asker_seconds(asker) > 0 ? (double)asker->answered / asker_seconds(asker) : 0;
}

static void
print_json(const struct asker *asker, const char *server)
{
	const struct bench_options *options = asker->options;

	printf("{\"server\":\"%s\",\"transport\":\"%s\",\"connections\":%lu,\"depth\":%lu,"
	       "\"handles\":%zu,\"handles_left_out\":%llu,\"seconds\":%.3f,\"sent\":%llu,"
	       "\"answered\":%llu,\"rate\":%.0f,\"lost\":%llu,\"wrong\":%llu,\"stray\":%llu,"
	       "\"held\":%llu,\"closed\":%llu,",
		server, options->is_tcp ? "tcp" : "udp", options->connections, options->depth,
		asker->handles.count, (unsigned long long)asker->handles.left_out,
		asker_seconds(asker), (unsigned long long)asker->sent,
		(unsigned long long)asker->answered, asker_rate(asker),
		(unsigned long long)asker->lost, (unsigned long long)asker->wrong,
		(unsigned long long)asker->strays, (unsigned long long)asker->held,
		(unsigned long long)asker->closed);
	printf("\"latency_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f},\"codes\":{",
		bench_times_at(&asker->times, 0.5) / 1e3, bench_times_at(&asker->times, 0.9) / 1e3,
		bench_times_at(&asker->times, 0.99) / 1e3, (double)asker->times.max_ns / 1e3);
	for (size_t i = 0; i < asker->code_count; i++) {
		printf("%s\"%u\":%llu", i > 0 ? "," : "", asker->codes[i].code,
			(unsigned long long)asker->codes[i].count);
	}
	printf("}}\n");
}

static void
print_text(const struct asker *asker, const char *server)
{
	const struct bench_options *options = asker->options;

	printf(SAY("%s over %s, %lu x %lu under way, %zu handles, %.1f s\n",
		       "%s，%s，%lu x %lu 在途，%zu 个标识，%.1f 秒\n"),
		server, options->is_tcp ? "TCP" : "UDP", options->connections, options->depth,
		asker->handles.count, asker_seconds(asker));
	printf(SAY("  answers  %llu, %.0f/s\n", "  应答     %llu，每秒 %.0f\n"),
		(unsigned long long)asker->answered, asker_rate(asker));
	printf(SAY("  latency  p50 %.0f, p90 %.0f, p99 %.0f, max %.0f us\n",
		       "  时延     p50 %.0f，p90 %.0f，p99 %.0f，最大 %.0f 微秒\n"),
		bench_times_at(&asker->times, 0.5) / 1e3, bench_times_at(&asker->times, 0.9) / 1e3,
		bench_times_at(&asker->times, 0.99) / 1e3, (double)asker->times.max_ns / 1e3);
	printf(SAY("  lost     %llu, wrong %llu, stray %llu, not asked in time %llu, connections "
		   "closed %llu\n",
		       "  丢失     %llu，有误 %llu，多余 %llu，未能按时发出 %llu，连接断开 %llu\n"),
		(unsigned long long)asker->lost, (unsigned long long)asker->wrong,
		(unsigned long long)asker->strays, (unsigned long long)asker->held,
		(unsigned long long)asker->closed);
	for (size_t i = 0; i < asker->code_count; i++) {
		const char *name = response_code_name(asker->codes[i].code);

		printf("  %-8u %llu  %s\n", asker->codes[i].code,
			(unsigned long long)asker->codes[i].count, name == NULL ? "" : name);
	}
	if (asker->other_codes > 0) {
		printf(SAY("  others   %llu\n", "  其他     %llu\n"),
			(unsigned long long)asker->other_codes);
	}
}

static enum status
asker_run(struct asker *asker, struct problem *problem)
{
	enum status status = STATUS_OK;

	asker->begin_ns = bench_now_ns();
	asker->seed = asker->begin_ns | 1;
	asker->end_ns = asker->begin_ns + (uint64_t)(asker->options->seconds * 1e9);
	asker->is_asking = true;
	for (size_t i = 0; i < asker->options->connections; i++) {
		struct line *line = &asker->lines[i];

		line->asker = asker;
		for (unsigned slot = 0; slot < asker->options->depth; slot++) {
			line->free_slots[line->free_count++] = (uint8_t)slot;
		}
		if (!line_open(line, problem)) {
			status = problem->status;
			break;
		}
	}
	if (status == STATUS_OK) {
		loop_timer_set(asker->loop, &asker->tick, 0, ticked, asker);
		if (asker->options->rate > 0) {
			loop_timer_set(asker->loop, &asker->rate_tick, 0, rate_ticked, asker);
		}
		status = loop_run(asker->loop);
		if (status != STATUS_OK) {
			(void)problem_set(problem, status, "%s", text_say(status_text(status)));
		}
	}
	asker->is_asking = false;
	asker->waiting = 0;
	for (size_t i = 0; i < asker->options->connections; i++) {
		if (asker->lines[i].udp != NULL) {
			loop_udp_close(asker->lines[i].udp);
		}
		if (asker->lines[i].stream != NULL) {
			loop_stream_close(asker->lines[i].stream);
		}
	}
	return status;
}

static enum status
handles_take(struct asker *asker, struct problem *problem)
{
	enum status status = STATUS_OK;

	asker->handles.name_size_max = asker->options->is_tcp
		? HANDLE_NAME_SIZE_MAX
		: DATAGRAM_SIZE_MAX - QUESTION_FRAME_SIZE;
	for (int i = 0; status == STATUS_OK && i < asker->options->argument_count; i++) {
		status = bench_handles_take(&asker->handles, asker->options->arguments[i], problem);
	}
	if (status == STATUS_OK && asker->handles.count == 0) {
		status = problem_set(problem, STATUS_NOT_FOUND, "%s",
			SAY("there is no handle to ask for", "没有可查询的标识"));
	}
	return status;
}

static int
asker_begin(struct asker *asker)
{
	struct problem problem = {.text = ""};
	char server[ADDRESS_TEXT_SIZE_MAX];
	enum status status = handles_take(asker, &problem);

	if (status == STATUS_OK) {
		asker->loop = loop_new(&problem);
		status = asker->loop == NULL ? problem.status : STATUS_OK;
	}
	if (status != STATUS_OK) {
		return command_problem(&command_bench_manual, &problem);
	}
	loop_to_stop = asker->loop;
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	asker->progress =
		progress_begin("bench", SAY("answers", "个应答"), isatty(STDERR_FILENO) != 1);
	status = asker_run(asker, &problem);
	progress_end(&asker->progress);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	loop_free(asker->loop);
	if (status != STATUS_OK) {
		return command_problem(&command_bench_manual, &problem);
	}
	address_format(&asker->server, server);
	(asker->options->is_json ? print_json : print_text)(asker, server);
	return asker->answered > 0 && asker->wrong == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int
bench_resolve(const struct bench_options *options)
{
	struct bench_options chosen = *options;
	struct asker *asker;
	int exit_code;

	chosen.seconds = options->seconds > 0 ? options->seconds : 5;
	if (options->argument_count == 0) {
		return command_usage_error(&command_bench_manual, "%s",
			SAY("which FILE or HANDLE?", "请给出 FILE 或 HANDLE"));
	}
	asker = calloc(1, sizeof(*asker));
	if (asker == NULL) {
		return command_no_memory(&command_bench_manual);
	}
	asker->options = &chosen;
	asker->lines = calloc(chosen.connections, sizeof(*asker->lines));
	if (!server_name_find(chosen.server, &asker->server)) {
		exit_code = command_failure(&command_bench_manual,
			SAY("no such server: %s", "没有这个服务器：%s"), chosen.server);
	} else if (asker->lines == NULL) {
		exit_code = command_no_memory(&command_bench_manual);
	} else {
		exit_code = asker_begin(asker);
	}
	bench_handles_free(&asker->handles);
	free(asker->lines);
	free(asker);
	return exit_code;
}
