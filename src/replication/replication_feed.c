/* SPDX-License-Identifier: Apache-2.0 */
#include "replication/replication_private.h"

#include "base/clock.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * One stream to one mirror. feed_step() is the one place that goes on: it fills a chunk, sends
 * it - through a helper thread, if each block needs its signature - and comes again when the
 * kernel has taken all of it. So a mirror is sent one chunk a wake-up at the most, and one that
 * does not read costs its chunk.
 */
enum { POOL_REST_MS = 50 }; /* When too many signatures wait. */

struct replication_identity *
replication_identity_new(const struct crypto_key *key, struct bytes name, bool is_sha1_allowed)
{
	struct replication_identity *identity = calloc(1, sizeof(*identity));
	enum status status = STATUS_NO_MEMORY;

	if (identity == NULL) {
		return NULL;
	}
	assert(name.size <= sizeof(identity->name));
	if (name.size > 0) {
		memcpy(identity->name, name.at, name.size);
	}
	identity->name_size = name.size;
	atomic_init(&identity->user_count, 1);
	identity->is_sha1_allowed = is_sha1_allowed;
	status = crypto_key_share(key, &identity->key);
	if (status == STATUS_OK) {
		status = crypto_tls_server(key, &identity->tls);
	}
	if (status != STATUS_OK && status != STATUS_UNSUPPORTED) {
		replication_identity_unref(identity);
		return NULL;
	}
	return identity;
}

static struct replication_identity *
identity_ref(struct replication_identity *identity)
{
	atomic_fetch_add(&identity->user_count, 1);
	return identity;
}

void
replication_identity_unref(struct replication_identity *identity)
{
	if (identity != NULL && atomic_fetch_sub(&identity->user_count, 1) == 1) {
		crypto_tls_role_free(identity->tls);
		crypto_key_free(identity->key);
		free(identity);
	}
}

static void
feed_free(struct replication_feed *feed)
{
	struct replication_feed **at = &feed->source->feeds;

	while (*at != feed) {
		at = &(*at)->next;
	}
	*at = feed->next;
	feed->source->feed_count--;
	replication_identity_unref(feed->identity);
	free(feed->signed_octets);
	free(feed);
}

static void
feed_break(struct replication_feed *feed, enum status status)
{
	if (feed->channel != NULL) {
		loop_channel_close(feed->channel, status);
	}
}

static void feed_step(struct replication_feed *feed);

static void
feed_timer_fired(void *context)
{
	struct replication_feed *feed = context;

	if (feed->is_sending || feed->state == FEED_HANDSHAKE) {
		feed_break(feed, STATUS_TIMED_OUT);
		return;
	}
	feed_step(feed);
}

static void
feed_set_timer(struct replication_feed *feed, int64_t delay_ms)
{
	struct loop *loop = feed->source->parts.loop;

	loop_timer_set(loop, &feed->timer, loop_now_ms(loop) + delay_ms, feed_timer_fired, feed);
}

/* The kernel gets it as the mirror reads; then `drained` goes on. */
static void
feed_send(struct replication_feed *feed, struct bytes octets)
{
	enum status status = loop_channel_write(feed->channel, octets);

	if (status != STATUS_OK) {
		feed_break(feed, status);
		return;
	}
	feed->is_sending = true;
	feed_set_timer(feed, REPLICATION_STALL_MS);
	loop_channel_await_drained(feed->channel);
}

static void
sign_run(struct loop_job *job)
{
	struct replication_feed *feed =
		(struct replication_feed *)((char *)job - offsetof(struct replication_feed, job));
	size_t begin = 0;

	feed->sign_status = STATUS_OK;
	for (size_t i = 0; i < feed->block_count && feed->sign_status == STATUS_OK; i++) {
		struct bytes block =
			bytes_slice(wire_written(&feed->chunk), begin, feed->block_ends[i] - begin);
		uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
		size_t size;

		feed->sign_status = crypto_sign(
			feed->identity->key, feed->order.digest, &block, 1, signature, &size);
		if (feed->sign_status == STATUS_OK) {
			wire_write_bytes(&feed->signed_chunk, block);
			wire_write_blob(&feed->signed_chunk, bytes_over(signature, size));
		}
		begin = feed->block_ends[i];
	}
	wire_write_bytes(
		&feed->signed_chunk, bytes_slice(wire_written(&feed->chunk), begin, SIZE_MAX));
	if (feed->sign_status == STATUS_OK) {
		feed->sign_status = wire_writer_end(&feed->signed_chunk);
	}
}

static void
sign_done(struct loop_job *job)
{
	struct replication_feed *feed =
		(struct replication_feed *)((char *)job - offsetof(struct replication_feed, job));

	feed->is_signing = false;
	if (feed->channel == NULL) {
		feed_free(feed);
	} else if (feed->sign_status != STATUS_OK) {
		feed_break(feed, feed->sign_status);
	} else {
		feed_send(feed, wire_written(&feed->signed_chunk));
	}
}

static void
feed_sign(struct replication_feed *feed)
{
	feed->signed_chunk = wire_writer_over(feed->signed_octets, SIGNED_CAPACITY);
	feed->job = (struct loop_job){
		.loop = feed->source->parts.loop, .run = sign_run, .done = sign_done};
	feed->is_signing = true;
	if (loop_pool_submit(feed->source->parts.pool, &feed->job) != STATUS_OK) {
		feed->is_signing = false;
		feed->has_chunk = true;
		feed_set_timer(feed, POOL_REST_MS);
	}
}

static bool
is_waiting(const struct replication_feed *feed)
{
	struct journal_entry entry;

	if (feed->state != FEED_WAITING) {
		return false;
	}
	/* Armed first: what comes between is then either seen here or told. */
	ledger_watch_arm(&feed->source->watch);
	return journal_read(ledger_journal(feed->source->parts.ledger), feed->place, &entry) ==
		STATUS_NOT_FOUND;
}

/* Puts the next chunk together. False: it is empty. */
static bool
feed_make_chunk(struct replication_feed *feed)
{
	enum status status;

	feed->chunk = wire_writer_over(feed->chunk_octets, sizeof(feed->chunk_octets));
	feed->block_count = 0;
	status = feed_fill(feed);
	if (status == STATUS_OK) {
		status = wire_writer_end(&feed->chunk);
	}
	if (status != STATUS_OK) {
		feed_break(feed, status);
		return false;
	}
	return wire_writer_size(&feed->chunk) > 0;
}

static void
feed_step(struct replication_feed *feed)
{
	if (feed->channel == NULL || feed->is_sending || feed->is_signing) {
		return;
	}
	if (feed->state == FEED_DONE && !feed->has_chunk) {
		loop_channel_finish(feed->channel);
		feed->is_sending = true;
		feed_set_timer(feed, REPLICATION_STALL_MS);
		return;
	}
	if (!feed->has_chunk && !feed_make_chunk(feed)) {
		/* Nothing was of the mirror's share so far: others have their turn first. */
		feed_set_timer(feed, 0);
		return;
	}
	feed->has_chunk = false;
	if (feed->order.is_tls) {
		feed_send(feed, wire_written(&feed->chunk));
	} else {
		feed_sign(feed);
	}
}

/* A beat shows that both sides are there when nothing changes. */
static void
feed_go_on(struct replication_feed *feed)
{
	if (is_waiting(feed)) {
		feed_set_timer(feed, REPLICATION_BEAT_MS);
	} else {
		feed_step(feed);
	}
}

static void
source_grown(void *context)
{
	struct replication_source *source = context;

	for (struct replication_feed *feed = source->feeds; feed != NULL; feed = feed->next) {
		if (feed->state == FEED_WAITING && !feed->is_sending && !feed->is_signing) {
			feed_go_on(feed);
		}
	}
}

/* A mirror has nothing more to say. */
static size_t
feed_received(void *context, struct loop_channel *channel, struct bytes octets)
{
	struct replication_feed *feed = context;

	(void)channel;
	if (octets.size > 0 && feed->state != FEED_HANDSHAKE) {
		feed_break(feed, STATUS_MALFORMED);
	}
	return octets.size;
}

static void
feed_begin(struct replication_feed *feed)
{
	feed->state = FEED_HEAD;
	feed_step(feed);
}

static void
feed_drained(void *context, struct loop_channel *channel)
{
	struct replication_feed *feed = context;

	(void)channel;
	if (!feed->is_sending || feed->state == FEED_DONE) {
		feed->is_sending = false;
		feed_step(feed);
		return;
	}
	feed->is_sending = false;
	if (feed->state == FEED_PROTECTION) {
		feed_begin(feed);
	} else {
		feed_go_on(feed);
	}
}

static void
feed_secured(void *context, struct loop_channel *channel)
{
	(void)channel;
	feed_begin(context);
}

/* It has only its asking behind it; a stream that stays open ends with its mirror. */
static void
feed_ended(void *context, struct loop_channel *channel)
{
	struct replication_feed *feed = context;

	(void)channel;
	if (feed->order.is_kept) {
		feed_break(feed, STATUS_CLOSED);
	}
}

static void
feed_closed(void *context, enum status status)
{
	struct replication_feed *feed = context;

	(void)status;
	feed->channel = NULL;
	loop_timer_clear(feed->source->parts.loop, &feed->timer);
	if (!feed->is_signing) {
		feed_free(feed);
	}
}

static const struct loop_channel_calls feed_calls = {
	.received = feed_received,
	.drained = feed_drained,
	.secured = feed_secured,
	.ended = feed_ended,
	.closed = feed_closed,
};

static struct bytes
digest_name(enum crypto_digest digest)
{
	return digest == CRYPTO_SHA1 ? TEXT("SHA1") : TEXT("SHA-256");
}

/* Says how the stream is protected, in the clear. */
static void
feed_protect(struct replication_feed *feed)
{
	struct replication_block block = {
		.kind = REPLICATION_BLOCK_PROTECTION,
		.protection = feed->order.is_tls ? REPLICATION_TLS : REPLICATION_SIGNED,
		.name = digest_name(feed->order.digest),
	};

	feed->chunk = wire_writer_over(feed->chunk_octets, sizeof(feed->chunk_octets));
	feed_put(feed, &block, NULL);
	if (!feed->order.is_tls) {
		feed_send(feed, wire_written(&feed->chunk));
		return;
	}
	feed->state = FEED_HANDSHAKE;
	feed_set_timer(feed, REPLICATION_STALL_MS);
	if (loop_channel_write(feed->channel, wire_written(&feed->chunk)) != STATUS_OK ||
		loop_channel_secure(feed->channel, crypto_tls_new(feed->identity->tls)) !=
			STATUS_OK) {
		feed_break(feed, STATUS_NO_MEMORY);
	}
}

enum status
replication_feed_start(struct replication_source *source, struct loop_stream *stream,
	const struct replication_order *order)
{
	struct replication_feed *feed = calloc(1, sizeof(*feed));
	bool is_made = feed != NULL;

	if (is_made && !order->is_tls) {
		feed->signed_octets = malloc(SIGNED_CAPACITY);
		is_made = feed->signed_octets != NULL;
	}
	if (is_made) {
		feed->channel = loop_channel_new(source->parts.loop, stream, &feed_calls, feed);
	} else {
		loop_stream_close(stream);
	}
	if (!is_made || feed->channel == NULL) {
		free(feed != NULL ? feed->signed_octets : NULL);
		free(feed);
		return STATUS_NO_MEMORY;
	}
	feed->source = source;
	feed->identity = identity_ref(source->parts.identity);
	feed->order = *order;
	feed->next = source->feeds;
	source->feeds = feed;
	source->feed_count++;
	loop_channel_pause(feed->channel, false);
	feed_protect(feed);
	return STATUS_OK;
}

struct replication_source *
replication_source_new(const struct replication_parts *parts)
{
	struct replication_source *source = calloc(1, sizeof(*source));

	if (source == NULL) {
		return NULL;
	}
	source->parts = *parts;
	identity_ref(parts->identity);
	source->reader = records_reader_new(ledger_records(parts->ledger));
	if (source->reader == NULL) {
		replication_identity_unref(parts->identity);
		free(source);
		return NULL;
	}
	source->watch = (struct ledger_watch){
		.loop = parts->loop, .grown = source_grown, .context = source};
	ledger_watch_begin(parts->ledger, &source->watch);
	return source;
}

void
replication_source_use(struct replication_source *source, struct replication_identity *identity)
{
	identity_ref(identity);
	replication_identity_unref(source->parts.identity);
	source->parts.identity = identity;
}

size_t
replication_feed_count(const struct replication_source *source)
{
	return source->feed_count;
}

void
replication_source_stop(struct replication_source *source)
{
	for (struct replication_feed *feed = source->feeds; feed != NULL; feed = feed->next) {
		feed_break(feed, STATUS_CLOSED);
	}
}

void
replication_source_free(struct replication_source *source)
{
	if (source == NULL) {
		return;
	}
	ledger_watch_end(source->parts.ledger, &source->watch);
	records_reader_free(source->reader);
	replication_identity_unref(source->parts.identity);
	free(source);
}
