/* SPDX-License-Identifier: Apache-2.0 */
#include "replication/replication_follower_private.h"

#include "base/text_writer.h"

#include <stdlib.h>
#include <string.h>

const char *
replication_phase_name(enum replication_phase phase)
{
	static const char *const names[] = {
		[REPLICATION_CONNECTING] = "connecting",
		[REPLICATION_DUMPING] = "dumping",
		[REPLICATION_CLEANING] = "cleaning",
		[REPLICATION_CATCHING_UP] = "catching up",
		[REPLICATION_CURRENT] = "current",
		[REPLICATION_WAITING] = "waiting",
		[REPLICATION_STOPPED] = "stopped",
	};

	return names[phase];
}

void
follower_tell(struct replication_follower *follower, enum replication_phase phase)
{
	follower->report.phase = phase;
	if (follower->settings.told != NULL) {
		follower->settings.told(follower->settings.context, &follower->report);
	}
}

struct replication_report
replication_follower_report(const struct replication_follower *follower)
{
	return follower->report;
}

void
follower_fail(struct replication_follower *follower, enum status status)
{
	if (follower->is_rejected) {
		return;
	}
	follower->report.fault = follower->fault;
	follower->report.fault.status = status;
	follower->report.fault_count++;
	follower->is_rejected = true;
	follower_stream_ended(follower);
}

static void
silence_fired(void *context)
{
	struct replication_follower *follower = context;

	if (follower->channel == NULL) {
		return;
	}
	if (replication_batch_is_busy(follower->batch) || follower->is_cleaning) {
		loop_timer_set(follower->loop, &follower->silence,
			loop_now_ms(follower->loop) + REPLICATION_SILENCE_MS, silence_fired,
			follower);
		return;
	}
	follower_fail(
		follower, problem_set(&follower->fault, STATUS_TIMED_OUT, "the primary is silent"));
}

static void
silence_watch(struct replication_follower *follower)
{
	loop_timer_set(follower->loop, &follower->silence,
		loop_now_ms(follower->loop) + REPLICATION_SILENCE_MS, silence_fired, follower);
}

static size_t
channel_received(void *context, struct loop_channel *channel, struct bytes octets)
{
	struct replication_follower *follower = context;
	size_t taken = 0;

	(void)channel;
	silence_watch(follower);
	while (taken < octets.size && !follower->is_rejected && follower->channel != NULL) {
		struct bytes rest = bytes_slice(octets, taken, SIZE_MAX);
		bool is_stream = follower->talk == TALK_STREAM;
		bool is_clear = is_stream && follower->decoder.step == REPLICATION_AT_PROTECTION;
		size_t step = is_stream ? follower_stream_received(follower, rest)
					: follower_talk_received(follower, rest);

		taken += step;
		/* Behind the marker comes TLS, which is not ours to read. */
		if (step == 0 || (is_clear && !follower->decoder.is_signed) ||
			follower->talk == TALK_PROVING) {
			break;
		}
	}
	return follower->is_rejected ? octets.size : taken;
}

/* The connection went, and nobody here had ended it. */
static bool
is_early(const struct replication_follower *follower)
{
	bool is_complete = follower->decoder.is_ended && !follower->is_kept;

	return !follower->is_rejected && !follower->is_stopping && !follower->is_cleaning &&
		follower->talk != TALK_PROVING && !is_complete && !follower->is_over;
}

static void
channel_closed(void *context, enum status status)
{
	struct replication_follower *follower = context;

	follower->channel = NULL;
	loop_timer_clear(follower->loop, &follower->silence);
	if (status == STATUS_DENIED) {
		follower_fail(follower,
			problem_set(&follower->fault, status,
				"the primary shows another key in TLS than the one that was "
				"pinned"));
		return;
	}
	if (is_early(follower)) {
		/* What came whole is taken all the same. */
		follower->is_cut = true;
		follower->report.fault_count++;
		(void)problem_set(&follower->report.fault, status,
			"the connection to the primary ended early");
	}
	follower_stream_ended(follower);
}

static const struct loop_channel_calls channel_calls = {
	.received = channel_received, .closed = channel_closed};
static const struct loop_stream_calls no_calls = {0};

static void
follower_connect(void *context)
{
	struct replication_follower *follower = context;
	struct problem problem;
	struct loop_stream *stream;
	bool is_proving = follower->talk == TALK_PROVING && !follower->is_rejected;

	follower->is_rejected = false;
	follower->is_cut = false;
	follower->is_over = false;
	follower->is_kept = false;
	follower->must_dump = false;
	replication_batch_clear(follower->batch);
	follower->gathered_transaction_count = follower->gathered_record_count = 0;
	follower->in_size = 0;
	follower->decoder.is_ended = false;
	if (!is_proving) {
		follower->talk = TALK_NONE;
		follower->is_dump = follower->position.is_dumping;
		follower->prefix_count = 0;
		follower_tell(follower, REPLICATION_CONNECTING);
	}
	stream =
		loop_connect(follower->loop, &follower->settings.server, &no_calls, NULL, &problem);
	follower->channel = stream == NULL
		? NULL
		: loop_channel_new(follower->loop, stream, &channel_calls, follower);
	if (follower->channel == NULL) {
		follower_fail(follower,
			problem_set(&follower->fault, STATUS_SYSTEM, "%s",
				stream == NULL ? problem.text
					       : problem_reason("no memory for a connection")));
		return;
	}
	follower->report.connection_count++;
	silence_watch(follower);
	(void)follower_ask(follower);
}

/* How long until the next connection. */
static uint32_t
pause_ms(struct replication_follower *follower)
{
	uint32_t pause = follower->retry_ms;

	if (!follower->is_rejected && !follower->is_cut) {
		/* A dump that is due or just done goes on at once. */
		return follower->is_dump || follower->must_dump ? 0 : follower->settings.poll_ms;
	}
	follower->retry_ms =
		pause * 2 > REPLICATION_RETRY_MS_MAX ? REPLICATION_RETRY_MS_MAX : pause * 2;
	return pause;
}

void
follower_stream_ended(struct replication_follower *follower)
{
	uint32_t pause;

	if (follower->channel != NULL) {
		follower->is_over = true;
		loop_channel_close(follower->channel, STATUS_OK);
		return;
	}
	if (replication_batch_is_busy(follower->batch) || follower->timer.is_set ||
		follower->report.phase == REPLICATION_STOPPED) {
		return;
	}
	if (follower->is_stopping) {
		follower_save(follower);
		follower_tell(follower, REPLICATION_STOPPED);
		return;
	}
	if (follower->is_cleaning) {
		return;
	}
	pause = follower->talk == TALK_PROVING && !follower->is_rejected ? 0 : pause_ms(follower);
	loop_timer_set(follower->loop, &follower->timer, loop_now_ms(follower->loop) + pause,
		follower_connect, follower);
	if (pause > 0) {
		follower_tell(follower, REPLICATION_WAITING);
	}
}

/* What the ledger and the file say together. */
static enum status
position_begin(struct replication_follower *follower, struct problem *problem)
{
	struct replication_position *position = &follower->position;
	uint64_t sequence = journal_last_sequence(ledger_journal(follower->ledger));
	char key[sizeof(position->server_key)];
	enum status status =
		replication_position_read(follower->settings.position_path, position, problem);
	bool is_usable = status == STATUS_OK;

	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		return status;
	}
	replication_key_digest(follower->settings.server_key, key);
	is_usable = is_usable && strcmp(key, position->server_key) == 0 &&
		position->ledger_sequence <= sequence;
	if (!is_usable) {
		/* Of another primary, of a ledger that was put back, or the first time. */
		*position = (struct replication_position){.is_dumping = sequence > 0};
		memcpy(position->server_key, key, sizeof(key));
	}
	follower->next = *position;
	follower->report.last_id = position->last_id;
	follower->report.last_date = position->last_date;
	return STATUS_OK;
}

static enum status
tls_begin(struct replication_follower *follower, struct problem *problem)
{
	enum status status = crypto_tls_client(follower->settings.server_key, &follower->tls);

	return status == STATUS_OK || status == STATUS_UNSUPPORTED
		? STATUS_OK
		: problem_set(problem, status, "cannot prepare TLS: %s", status_text(status));
}

/* A name that is too long is cut. */
static struct bytes
actor_write(struct replication_follower *follower)
{
	struct text_writer writer = text_writer_over(follower->actor, sizeof(follower->actor));
	struct bytes name = bytes_from_string(follower->settings.server_text);

	text_write_string(&writer, "mirror of ");
	text_write(&writer, bytes_slice(name, 0, FOLLOWER_ACTOR_SIZE - sizeof("mirror of ")));
	return text_written(&writer);
}

enum status
replication_follower_new(struct loop *loop, struct ledger *ledger,
	const struct replication_follower_settings *settings,
	struct replication_follower **ret_follower, struct problem *problem)
{
	struct replication_follower *follower = calloc(1, sizeof(*follower));
	enum status status;

	if (follower == NULL) {
		return problem_system(problem, "cannot follow");
	}
	*follower = (struct replication_follower){.loop = loop,
		.ledger = ledger,
		.settings = *settings,
		.in = malloc(FOLLOWER_IN_SIZE)};
	if (settings->retry_ms == 0) {
		follower->settings.retry_ms = REPLICATION_RETRY_MS_MIN;
	}
	follower->retry_ms = follower->settings.retry_ms;
	follower->batch = replication_batch_new(loop, ledger, follower_batch_done, follower);
	status = follower->in == NULL || follower->batch == NULL
		? problem_system(problem, "cannot follow")
		: tls_begin(follower, problem);
	if (status == STATUS_OK) {
		status = position_begin(follower, problem);
	}
	if (status != STATUS_OK) {
		replication_follower_free(follower);
		return status;
	}
	replication_batch_set_actor(follower->batch, actor_write(follower));
	*ret_follower = follower;
	return STATUS_OK;
}

void
replication_follower_start(struct replication_follower *follower)
{
	loop_timer_set(follower->loop, &follower->timer, loop_now_ms(follower->loop),
		follower_connect, follower);
}

void
replication_follower_stop(struct replication_follower *follower)
{
	follower->is_stopping = true;
	loop_timer_clear(follower->loop, &follower->timer);
	follower_stream_ended(follower);
}

void
replication_follower_free(struct replication_follower *follower)
{
	if (follower == NULL) {
		return;
	}
	replication_batch_free(follower->batch);
	crypto_tls_role_free(follower->tls);
	free(follower->prefixes);
	free(follower->in);
	free(follower);
}
