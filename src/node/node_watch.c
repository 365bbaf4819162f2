/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_watch.h"

#include "base/text_writer.h"
#include "client/client_http.h"
#include "handle/handle_name.h"
#include "json/json_reader.h"

#include <stdlib.h>

enum {
	LINE_SIZE_MAX = 16384, /* A name in which every octet is escaped, and the rest. */
	ARENA_BLOCK_SIZE = 4096,
	ARENA_SIZE_MAX = 65536,
	REQUEST_SIZE_MAX = 512,
	AGAIN_COUNT = 64, /* Names that are forgotten once more. */
};

/* A name that changed, to be forgotten once more. */
struct again {
	int64_t at_ms;
	size_t size;
	uint8_t name[HANDLE_NAME_SIZE_MAX];
};

struct node_watch {
	struct node_watch_parts parts;
	struct loop_stream *stream; /* NULL: a pause. */
	struct client_http http;
	struct arena *arena;
	struct loop_timer retry; /* The end of the pause, or of patience. */
	uint32_t pause_ms;
	uint64_t version;
	bool has_version;
	bool has_gap; /* Something may have been missed. */
	bool is_closed;
	size_t line_size;
	uint8_t line[LINE_SIZE_MAX];
	struct loop_timer again_timer;
	size_t again_first, again_count;
	struct again again[AGAIN_COUNT];
};

static void watch_connect(void *context);

enum status
node_watch_read(struct bytes line, struct arena *arena, struct node_watch_event *ret_event)
{
	struct json_reader reader = json_reader_over(line, arena);
	struct node_watch_event event = {.version = 0};
	bool has_version = false;
	struct bytes name, action = {NULL, 0};
	enum status status;

	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		if (bytes_equal(name, TEXT("version")) || bytes_equal(name, TEXT("heartbeat"))) {
			event.version = json_read_u64(&reader, INT64_MAX);
			has_version = true;
		} else if (bytes_equal(name, TEXT("handle"))) {
			event.handle = json_read_string(&reader);
		} else if (bytes_equal(name, TEXT("action"))) {
			action = json_read_string(&reader);
		} else {
			json_skip(&reader);
		}
	}
	status = json_reader_end(&reader);
	if (status != STATUS_OK) {
		return status;
	}
	if (!has_version || event.handle.size > HANDLE_NAME_SIZE_MAX) {
		return STATUS_INVALID;
	}
	event.is_prefix = event.handle.size > 0 && handle_name_is_prefix_handle(event.handle) &&
		(bytes_equal(action, TEXT("home")) || bytes_equal(action, TEXT("unhome")));
	*ret_event = event;
	return STATUS_OK;
}

static int64_t
watch_now_ms(const struct node_watch *watch)
{
	return loop_now_ms(watch->parts.loop);
}

static void
again_due(void *context)
{
	struct node_watch *watch = context;

	while (watch->again_count > 0) {
		struct again *again = &watch->again[watch->again_first];

		if (again->at_ms > watch_now_ms(watch)) {
			loop_timer_set(watch->parts.loop, &watch->again_timer, again->at_ms,
				again_due, watch);
			return;
		}
		(void)node_cache_drop(watch->parts.cache, bytes_over(again->name, again->size));
		watch->again_first = (watch->again_first + 1) % AGAIN_COUNT;
		watch->again_count--;
	}
}

/* When too many wait, the oldest is forgotten early: it was for nearly long enough. */
static void
again_add(struct node_watch *watch, struct bytes name)
{
	struct again *again;

	if (watch->again_count == AGAIN_COUNT) {
		watch->again[watch->again_first].at_ms = 0;
		again_due(watch);
	}
	again = &watch->again[(watch->again_first + watch->again_count++) % AGAIN_COUNT];
	again->at_ms = watch_now_ms(watch) + RESOLVER_DEADLINE_MS;
	again->size = name.size;
	memcpy(again->name, name.at, name.size);
	if (!watch->again_timer.is_set) {
		loop_timer_set(
			watch->parts.loop, &watch->again_timer, again->at_ms, again_due, watch);
	}
}

static void
event_take(struct node_watch *watch, const struct node_watch_event *event)
{
	watch->version = event->version;
	watch->has_version = true;
	if (event->handle.size == 0) {
		return;
	}
	monitor_add(watch->parts.row, METRIC_CACHE_WATCH_CHANGES, 1);
	(void)node_cache_drop(watch->parts.cache, event->handle);
	again_add(watch, event->handle);
	if (event->is_prefix) {
		node_cache_drop_prefix(watch->parts.cache, bytes_slice(event->handle, 5, SIZE_MAX));
	}
}

/* The stream has begun. What was missed before is not known: nothing that is remembered is sure. */
static void
watch_begin(struct node_watch *watch)
{
	watch->pause_ms = NODE_WATCH_PAUSE_MIN_MS;
	if (watch->has_gap && !watch->has_version) {
		(void)node_cache_drop_all(watch->parts.cache);
	}
	watch->has_gap = false;
}

static void
watch_be_patient(struct node_watch *watch)
{
	loop_timer_set(watch->parts.loop, &watch->retry,
		watch_now_ms(watch) + NODE_WATCH_SILENCE_MS, watch_connect, watch);
}

static void
watch_pause(struct node_watch *watch)
{
	loop_timer_set(watch->parts.loop, &watch->retry, watch_now_ms(watch) + watch->pause_ms,
		watch_connect, watch);
	watch->has_gap = watch->has_gap || !watch->has_version;
	watch->pause_ms = watch->pause_ms * 2 < NODE_WATCH_PAUSE_MAX_MS ? watch->pause_ms * 2
									: NODE_WATCH_PAUSE_MAX_MS;
}

static bool
line_take(struct node_watch *watch)
{
	struct node_watch_event event;
	enum status status;

	arena_reset(watch->arena);
	status = node_watch_read(bytes_over(watch->line, watch->line_size), watch->arena, &event);
	watch->line_size = 0;
	if (status == STATUS_OK) {
		event_take(watch, &event);
	}
	return status == STATUS_OK;
}

/* False: this is no stream of changes. */
static bool
body_take(struct node_watch *watch, struct bytes body)
{
	bool is_good = true;

	for (size_t i = 0; is_good && i < body.size; i++) {
		if (body.at[i] == '\n') {
			is_good = line_take(watch);
		} else if (watch->line_size == LINE_SIZE_MAX) {
			is_good = false;
		} else {
			watch->line[watch->line_size++] = body.at[i];
		}
	}
	return is_good;
}

static size_t
stream_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct node_watch *watch = context;
	size_t taken = 0, size;
	enum status status = STATUS_OK;
	struct bytes body;

	while (!watch->is_closed) {
		bool is_head = watch->http.step == CLIENT_HTTP_HEAD;

		status = client_http_take(
			&watch->http, bytes_slice(octets, taken, octets.size), &size, &body);
		if (status != STATUS_OK) {
			break;
		}
		taken += size;
		if (is_head && watch->http.step != CLIENT_HTTP_HEAD) {
			watch_begin(watch);
		}
		if (!body_take(watch, body)) {
			status = STATUS_MALFORMED;
			break;
		}
	}
	if (status == STATUS_TRUNCATED) {
		watch_be_patient(watch);
		return taken;
	}
	if (status == STATUS_UNSUPPORTED) {
		watch->has_version = false; /* It cannot go on from there. */
	}
	loop_stream_close(stream);
	return octets.size;
}

static void
stream_closed(void *context, struct loop_stream *stream, enum status status)
{
	struct node_watch *watch = context;

	(void)stream;
	(void)status;
	if (watch->is_closed) {
		arena_free(watch->arena);
		free(watch);
		return;
	}
	watch->stream = NULL;
	monitor_add(watch->parts.row, METRIC_CACHE_WATCH_BREAKS, 1);
	watch_pause(watch);
}

static const struct loop_stream_calls stream_calls = {
	.received = stream_received, .closed = stream_closed};

static bool
request_write(struct node_watch *watch)
{
	char room[REQUEST_SIZE_MAX], address[ADDRESS_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(room, sizeof(room));

	text_write_string(&writer, "GET /v1/changes?follow");
	if (watch->has_version) {
		text_write_string(&writer, "&after=");
		text_write_u64(&writer, watch->version);
	}
	text_write_string(&writer, " HTTP/1.1\r\nHost: ");
	text_write_string(&writer, address_format(&watch->parts.address, address));
	text_write_string(&writer, "\r\nAccept: " NODE_WATCH_TYPE "\r\n\r\n");
	return text_writer_end(&writer) == STATUS_OK &&
		loop_stream_write(watch->stream, text_written(&writer)) == STATUS_OK;
}

/* A pause is over, or patience is. */
static void
watch_connect(void *context)
{
	struct node_watch *watch = context;

	if (watch->stream != NULL) {
		loop_stream_close(watch->stream);
		return; /* Goes on when that is done. */
	}
	watch->line_size = 0;
	client_http_begin_type(&watch->http, NODE_WATCH_TYPE);
	watch->stream =
		loop_connect(watch->parts.loop, &watch->parts.address, &stream_calls, watch, NULL);
	if (watch->stream == NULL) {
		watch_pause(watch);
	} else if (request_write(watch)) {
		watch_be_patient(watch);
	} else {
		loop_stream_close(watch->stream);
	}
}

struct node_watch *
node_watch_open(const struct node_watch_parts *parts)
{
	struct node_watch *watch = calloc(1, sizeof(*watch));
	struct cache_stats stats;

	if (watch == NULL) {
		return NULL;
	}
	watch->parts = *parts;
	/* What a file brought is from before: nobody told what changed since. */
	cache_stats(node_cache_get(parts->cache), &stats);
	watch->has_gap = stats.entry_count > 0;
	watch->pause_ms = NODE_WATCH_PAUSE_MIN_MS;
	watch->arena = arena_new(ARENA_BLOCK_SIZE, ARENA_SIZE_MAX);
	if (watch->arena == NULL) {
		free(watch);
		return NULL;
	}
	watch_connect(watch);
	return watch;
}

void
node_watch_close(struct node_watch *watch)
{
	if (watch == NULL) {
		return;
	}
	watch->is_closed = true;
	loop_timer_clear(watch->parts.loop, &watch->retry);
	loop_timer_clear(watch->parts.loop, &watch->again_timer);
	if (watch->stream != NULL) {
		loop_stream_close(watch->stream); /* Goes with it. */
		return;
	}
	arena_free(watch->arena);
	free(watch);
}
