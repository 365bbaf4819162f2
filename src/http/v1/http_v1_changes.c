/* SPDX-License-Identifier: Apache-2.0 */
#include "http/v1/http_v1_changes.h"

#include "http/http_answer.h"
#include "http/http_operation.h"
#include "http/http_route.h"
#include "http/http_v1.h"
#include "http/identity/http_identity.h"

#include "base/text_writer.h"
#include "ledger/ledger.h"
#include "ledger/ledger_tree.h"

#include <stdlib.h>
#include <sys/mman.h>

/*
 * GET /v1/changes: what the ledger got after an entry, as lines of JSON or as server-sent events
 * (HTML, 9.2), and from then on as it comes.
 *
 * The journal is the queue: a stream is a place in it. A reader that does not read costs its
 * connection and nothing else, and one that comes back says how far it was.
 *
 * Names of handles are what lists tell, so the right is the same: to list the handles of the prefix,
 * or, without one, to follow the ledger as a mirror does. Where the settings let everybody watch,
 * records of which nothing is public are left out.
 */
enum {
	HEARTBEAT_MS = 15000,
	LIFE_MS = 3600000, /* Then the rights are asked for anew: the client comes back. */
	TICK_MS = 1000,
	SCAN_COUNT_MAX = 4096, /* Entries passed over before others have their turn. */
	EVENT_SIZE_MAX = 8 * HANDLE_NAME_SIZE_MAX + 1024,
	BLOCK_SIZE = 1024,
};

struct watcher {
	struct watcher *previous, *next; /* Of all that wait, or of all that do not. */
	struct http_request *request;
	struct journal *journal;
	uint64_t place; /* Where to read on. */
	uint64_t sequence; /* The last that was told or passed over. */
	uint64_t left; /* How many may still be told. */
	int64_t told_ms, until_ms;
	bool is_sse;
	bool is_following;
	bool is_public; /* For everybody: only records that are public. */
	bool is_waiting;
	bool is_over;
	uint8_t *rest; /* Of an event that was larger than the room for it. */
	size_t rest_at, rest_size;
	size_t prefix_size;
	uint8_t prefix[]; /* Folded, with its slash; empty: everything. */
};

struct http_changes {
	struct http *http;
	struct ledger_watch watch;
	struct watcher *waiting;
	uint64_t place; /* Up to which all that wait were told. */
	struct loop_timer tick;
	struct loop_post again;
	bool is_posted;
	bool is_stopping;
};

static void
waiting_leave(struct watcher *watcher)
{
	struct http_changes *changes = watcher->request->http->changes;

	if (!watcher->is_waiting) {
		return;
	}
	watcher->is_waiting = false;
	if (watcher->previous != NULL) {
		watcher->previous->next = watcher->next;
	} else {
		changes->waiting = watcher->next;
	}
	if (watcher->next != NULL) {
		watcher->next->previous = watcher->previous;
	}
}

static void
watcher_wake(struct watcher *watcher)
{
	struct http_request *request = watcher->request;

	if (watcher->is_waiting) {
		waiting_leave(watcher);
		request->is_suspended = false;
		MHD_resume_connection(request->transport);
		http_face_wake(request->connection->face);
	}
}

static void
watcher_free(void *own)
{
	struct watcher *watcher = own;

	waiting_leave(watcher);
	monitor_subtract(watcher->request->http->row, METRIC_HTTP_WATCHERS, 1);
	free(watcher->rest);
	free(watcher);
}

static bool
key_is_under(const struct watcher *watcher, const struct journal_entry *entry)
{
	struct bytes prefix = bytes_over(watcher->prefix, watcher->prefix_size);
	struct bytes own = bytes_slice(prefix, 0, prefix.size - (prefix.size > 0));

	return prefix.size == 0 || bytes_start_with(entry->key, prefix) ||
		/* The prefix itself: its record, that it is homed. */
		(entry->key.size == own.size + 5 && bytes_start_with(entry->key, TEXT("0.NA/")) &&
			bytes_equal(bytes_slice(entry->key, 5, own.size), own));
}

static bool
record_is_public(struct bytes run)
{
	struct record record;
	struct wire_reader walk;
	struct handle_value value;

	if (record_read(run, &record) != STATUS_OK) {
		return false;
	}
	if (record.is_all_public) {
		return record.values.count > 0;
	}
	walk = handle_value_list_walk(&record.values);
	while (handle_value_next(&walk, &value)) {
		if ((value.permissions & HANDLE_PUBLIC_READ) != 0 &&
			!handle_type_is(value.type, TEXT("HS_SECKEY"))) {
			return true;
		}
	}
	return false;
}

/* Was the record public before or after? What retention took is not told to everybody. */
static bool
entry_is_public(const struct watcher *watcher, const struct journal_entry *entry)
{
	struct bytes key, run;
	enum journal_kind kind;

	if (entry->kind == JOURNAL_HOME || entry->kind == JOURNAL_UNHOME) {
		return true;
	}
	if (entry->kind == JOURNAL_PUT && !entry->is_pruned && record_is_public(entry->record)) {
		return true;
	}
	return entry->previous != 0 &&
		journal_peek(watcher->journal, entry->previous, &key, &run, &kind) == STATUS_OK &&
		kind == JOURNAL_PUT && run.size > 0 && record_is_public(run);
}

static bool
entry_is_told(const struct watcher *watcher, const struct journal_entry *entry)
{
	return key_is_under(watcher, entry) &&
		(!watcher->is_public || entry_is_public(watcher, entry));
}

static const char *
action_of(const struct journal_entry *entry)
{
	if (entry->kind != JOURNAL_PUT) {
		return journal_kind_name(entry->kind);
	}
	for (size_t i = 0; i < entry->before.size; i++) {
		if (entry->before.at[i] != 0) {
			return "modify";
		}
	}
	return "create";
}

/* As first written, where that is known. */
static struct bytes
name_of(const struct journal_entry *entry)
{
	struct record record;

	return entry->kind == JOURNAL_PUT && !entry->is_pruned &&
			record_read(entry->record, &record) == STATUS_OK
		? record.name
		: entry->key;
}

static void
entry_write(struct json_writer *writer, const struct journal_entry *entry)
{
	char time[32];
	struct text_writer text = text_writer_over(time, sizeof(time));

	text_write_time(&text, entry->time_ms / 1000);
	json_write_object(writer);
	json_write_name(writer, "version");
	json_write_u64(writer, entry->sequence);
	json_write_name(writer, "action");
	json_write_string(writer, bytes_from_string(action_of(entry)));
	json_write_name(writer, "handle");
	json_write_string(writer, name_of(entry));
	json_write_name(writer, "time");
	json_write_string(writer, text_written(&text));
	json_write_name(writer, "timeMs");
	json_write_i64(writer, entry->time_ms);
	json_write_object_end(writer);
}

/* One event, in the worker's room. A heartbeat for NULL: how far the stream is. */
static struct bytes
event_write(const struct watcher *watcher, const struct journal_entry *entry)
{
	char *out = watcher->request->http->out;
	struct text_writer text = text_writer_over(out, EVENT_SIZE_MAX);
	struct json_writer json;
	size_t front;

	if (watcher->is_sse) {
		text_write_string(&text, "id: ");
		text_write_u64(&text, watcher->sequence);
		text_write_string(&text, entry == NULL ? "\n: heartbeat\n\n" : "\ndata: ");
	}
	front = text_written(&text).size;
	if (watcher->is_sse && entry == NULL) {
		return text_written(&text);
	}
	json = json_writer_over(out + front, EVENT_SIZE_MAX - front - 2);
	if (entry != NULL) {
		entry_write(&json, entry);
	} else {
		json_write_object(&json);
		json_write_name(&json, "heartbeat");
		json_write_u64(&json, watcher->sequence);
		json_write_object_end(&json);
	}
	front += json_written(&json).size;
	memcpy(out + front, "\n\n", 2);
	return bytes_over(out, front + (watcher->is_sse ? 2 : 1));
}

/* The next entry that is told, at most `count_max` entries on. NOT_FOUND at the end of the journal,
 * BUSY when it is further on. */
static enum status
entry_find(struct watcher *watcher, uint64_t count_max, struct journal_entry *ret_entry)
{
	enum status status = STATUS_BUSY;

	for (uint64_t i = 0; i < count_max; i++) {
		status = journal_read(watcher->journal, watcher->place, ret_entry);
		if (status != STATUS_OK) {
			return status;
		}
		watcher->place = ret_entry->next;
		watcher->sequence = ret_entry->sequence;
		if (entry_is_told(watcher, ret_entry)) {
			return STATUS_OK;
		}
	}
	return STATUS_BUSY;
}

/* What is left of an event for which there was no room. */
static size_t
rest_take(struct watcher *watcher, char *room, size_t size_max)
{
	size_t left = watcher->rest_size - watcher->rest_at;
	size_t size = left < size_max ? left : size_max;

	memcpy(room, watcher->rest + watcher->rest_at, size);
	watcher->rest_at += size;
	if (watcher->rest_at == watcher->rest_size) {
		free(watcher->rest);
		watcher->rest = NULL;
	}
	return size;
}

/* False without memory. */
static bool
rest_keep(struct watcher *watcher, struct bytes event)
{
	watcher->rest = malloc(event.size);
	watcher->rest_at = 0;
	watcher->rest_size = event.size;
	if (watcher->rest != NULL) {
		memcpy(watcher->rest, event.at, event.size);
	}
	return watcher->rest != NULL;
}

/* Into `room`, as much of what is to be told as fits. */
static size_t
events_take(struct watcher *watcher, char *room, size_t size_max)
{
	struct journal_entry entry;
	enum status status = STATUS_OK;
	size_t size = 0;

	while (status == STATUS_OK && watcher->rest == NULL && !watcher->is_over) {
		struct bytes event;

		if (watcher->left == 0) {
			watcher->is_over = true;
			break;
		}
		status = entry_find(watcher, SCAN_COUNT_MAX, &entry);
		if (status == STATUS_CORRUPT) {
			watcher->is_over = true; /* It will be told by houji verify. */
		}
		if (status != STATUS_OK) {
			break;
		}
		watcher->left--;
		monitor_add(watcher->request->http->row, METRIC_HTTP_CHANGES_TOLD, 1);
		event = event_write(watcher, &entry);
		if (event.size <= size_max - size) {
			memcpy(room + size, event.at, event.size);
			size += event.size;
		} else if (!rest_keep(watcher, event)) {
			watcher->is_over = true;
		}
	}
	if (watcher->rest != NULL && size < size_max) {
		size += rest_take(watcher, room + size, size_max - size);
	}
	/* Much was passed over: said, so that a client that comes back need not pass it again. */
	if (size == 0 && status == STATUS_BUSY) {
		struct bytes event = event_write(watcher, NULL);

		memcpy(room, event.at, event.size);
		size = event.size;
	}
	return size;
}

/* The room for the next event lies in memory of the transport, and some of it was used: while nobody
 * knows when the next comes, the pages are given back. What they held has left. */
static void
room_forget(char *room, size_t size)
{
	static const uintptr_t PAGE_MASK = 4095;
	uintptr_t from = ((uintptr_t)room + PAGE_MASK) & ~PAGE_MASK;
	uintptr_t to = ((uintptr_t)room + size) & ~PAGE_MASK;

	if (to > from) {
		(void)madvise(room + (from - (uintptr_t)room), to - from, MADV_DONTNEED);
	}
}

/* Until the journal grows, or a heartbeat is due. */
static void
watcher_wait(struct watcher *watcher)
{
	struct http_request *request = watcher->request;
	struct http_changes *changes = request->http->changes;

	if (changes->waiting == NULL) {
		changes->place = watcher->place;
	} else if (watcher->place < changes->place) {
		changes->place = watcher->place;
	}
	watcher->is_waiting = true;
	watcher->previous = NULL;
	watcher->next = changes->waiting;
	if (watcher->next != NULL) {
		watcher->next->previous = watcher;
	}
	changes->waiting = watcher;
	request->is_suspended = true;
	MHD_suspend_connection(request->transport);
}

static bool
life_is_over(const struct watcher *watcher)
{
	const struct http_changes *changes = watcher->request->http->changes;

	return watcher->is_over || changes->is_stopping ||
		loop_now_ms(watcher->request->http->loop) >= watcher->until_ms;
}

/* What MHD asks for more. */
static ssize_t
watcher_read(void *context, uint64_t position, char *room, size_t size_max)
{
	struct watcher *watcher = context;
	struct http_request *request = watcher->request;
	struct http *http = request->http;
	int64_t now_ms = loop_now_ms(http->loop);
	size_t size;

	(void)position;
	http_connection_expire(request->connection, http->settings->answer_deadline_ms);
	if (watcher->rest == NULL && life_is_over(watcher)) {
		return MHD_CONTENT_READER_END_OF_STREAM;
	}
	/* First asked to be told, then looked: nothing is missed in between. */
	ledger_watch_arm(&http->changes->watch);
	size = events_take(watcher, room, size_max);
	if (size == 0 && !watcher->is_over && watcher->is_following &&
		now_ms - watcher->told_ms >= HEARTBEAT_MS) {
		struct bytes event = event_write(watcher, NULL);

		size = event.size <= size_max ? event.size : 0;
		if (size > 0) {
			memcpy(room, event.at, size);
		}
	}
	if (size > 0) {
		watcher->told_ms = now_ms;
		return (ssize_t)size;
	}
	if (watcher->is_over || !watcher->is_following) {
		return MHD_CONTENT_READER_END_OF_STREAM;
	}
	room_forget(room, size_max);
	watcher_wait(watcher);
	return 0;
}

/* Wakes those that an entry is told to; `place` moves on for the others. */
static void
entry_show(struct http_changes *changes, const struct journal_entry *entry)
{
	for (struct watcher *watcher = changes->waiting; watcher != NULL;) {
		struct watcher *next = watcher->next;

		if (entry->place >= watcher->place) {
			if (entry_is_told(watcher, entry)) {
				watcher_wake(watcher);
			} else {
				watcher->place = entry->next;
				watcher->sequence = entry->sequence;
			}
		}
		watcher = next;
	}
}

/* On the loop: the journal has grown. */
static void
changes_grown(void *context)
{
	struct http_changes *changes = context;
	struct journal *journal = ledger_journal(service_ledger(changes->http->service));
	struct journal_entry entry;
	uint64_t count = 0;

	changes->is_posted = false;
	if (changes->waiting == NULL) {
		return;
	}
	ledger_watch_arm(&changes->watch);
	while (changes->waiting != NULL && count++ < SCAN_COUNT_MAX) {
		if (journal_read(journal, changes->place, &entry) != STATUS_OK) {
			return;
		}
		entry_show(changes, &entry);
		changes->place = entry.next;
	}
	if (changes->waiting != NULL && !changes->is_posted) {
		changes->is_posted = true;
		changes->again = (struct loop_post){.posted = changes_grown, .context = changes};
		loop_post(changes->http->loop, &changes->again);
	}
}

static void
tick_due(void *context)
{
	struct http_changes *changes = context;
	int64_t now_ms = loop_now_ms(changes->http->loop);

	for (struct watcher *watcher = changes->waiting; watcher != NULL;) {
		struct watcher *next = watcher->next;

		if (now_ms - watcher->told_ms >= HEARTBEAT_MS || life_is_over(watcher)) {
			watcher_wake(watcher);
		}
		watcher = next;
	}
	loop_timer_set(changes->http->loop, &changes->tick, now_ms + TICK_MS, tick_due, changes);
}

struct http_changes *
http_changes_new(struct http *http)
{
	struct http_changes *changes = calloc(1, sizeof(*changes));

	if (changes != NULL) {
		changes->http = http;
		changes->watch.loop = http->loop;
		changes->watch.grown = changes_grown;
		changes->watch.context = changes;
		ledger_watch_begin(service_ledger(http->service), &changes->watch);
		loop_timer_set(http->loop, &changes->tick, loop_now_ms(http->loop) + TICK_MS,
			tick_due, changes);
	}
	return changes;
}

void
http_changes_stop(struct http_changes *changes)
{
	changes->is_stopping = true;
	while (changes->waiting != NULL) {
		watcher_wake(changes->waiting);
	}
}

void
http_changes_free(struct http_changes *changes)
{
	if (changes != NULL) {
		loop_timer_clear(changes->http->loop, &changes->tick);
		ledger_watch_end(service_ledger(changes->http->service), &changes->watch);
		free(changes);
	}
}

static void
stream_answer(struct http_request *request)
{
	struct watcher *watcher = request->own;
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK_SIZE, watcher_read, watcher, NULL);

	if (response == NULL) {
		http_v1_refuse(request, STATUS_NO_MEMORY, (struct bytes){NULL, 0},
			(struct bytes){NULL, 0});
		return;
	}
	http_answer_with(request, response,
		&(struct http_answer){.status = 200,
			.type = watcher->is_sse ? "text/event-stream;charset=utf-8"
						: "application/x-ndjson;charset=utf-8"});
}

static void
watching_may(struct http_request *request, const struct response *response, bool is_last)
{
	enum status status = operation_outcome(request->operation);

	(void)is_last;
	if (status == STATUS_OK) {
		stream_answer(request);
	} else {
		http_v1_refuse(
			request, status, http_response_text(response), (struct bytes){NULL, 0});
	}
}

/* Behind the entry `after`, or behind the last. */
static bool
place_take(struct http_request *request, struct watcher *watcher, bool has_after, uint64_t after)
{
	struct ledger *ledger = service_ledger(request->http->service);
	uint64_t last = journal_last_sequence(watcher->journal);

	if (!has_after) {
		after = watcher->is_following ? last : 0;
	}
	if (after > last) {
		http_answer_wrong(request, "after", (struct bytes){NULL, 0},
			"is beyond the newest entry: the ledger was restored to an earlier state, "
			"or it is "
			"another one");
		return false;
	}
	watcher->sequence = after;
	if (after == 0) {
		watcher->place = journal_first(watcher->journal);
	} else if (ledger_tree_place(ledger_tree(ledger), after + 1, &watcher->place) !=
		STATUS_OK) {
		struct journal_entry entry;

		/* Nothing is behind it yet. */
		if (ledger_tree_place(ledger_tree(ledger), after, &watcher->place) != STATUS_OK ||
			journal_read(watcher->journal, watcher->place, &entry) != STATUS_OK) {
			http_v1_refuse(request, STATUS_CORRUPT, (struct bytes){NULL, 0},
				(struct bytes){NULL, 0});
			return false;
		}
		watcher->place = entry.next;
	}
	return true;
}

/* Where to begin: a client of events that comes back says so in a header. */
static bool
after_take(struct http_request *request, struct watcher *watcher)
{
	const char *last = http_request_header(request, "Last-Event-ID");
	struct bytes text;
	uint64_t after = 0;
	bool has_after = true;

	if (last != NULL && last[0] != '\0') {
		text = bytes_from_string(last);
	} else {
		has_after = http_parameter_find(&request->parameters, TEXT("after"), &text);
	}
	if (has_after && text_read_u64(text, INT64_MAX, &after) != STATUS_OK) {
		http_answer_wrong(request,
			last != NULL && last[0] != '\0' ? "Last-Event-ID" : "after", text,
			"is no version");
		return false;
	}
	return place_take(request, watcher, has_after, after);
}

static struct watcher *
watcher_new(struct http_request *request, struct bytes prefix)
{
	struct http *http = request->http;
	const char *accept = http_request_header(request, "Accept");
	struct watcher *watcher = calloc(1, sizeof(*watcher) + prefix.size + 1);

	if (watcher == NULL) {
		http_v1_refuse(request, STATUS_NO_MEMORY, (struct bytes){NULL, 0}, prefix);
		return NULL;
	}
	request->own = watcher;
	request->own_free = watcher_free;
	monitor_add(http->row, METRIC_HTTP_WATCHERS, 1);
	watcher->request = request;
	watcher->journal = ledger_journal(service_ledger(http->service));
	watcher->is_sse = accept != NULL && strstr(accept, "text/event-stream") != NULL;
	watcher->is_following =
		watcher->is_sse || http_parameter_is_true(&request->parameters, TEXT("follow"));
	watcher->left = UINT64_MAX;
	watcher->told_ms = loop_now_ms(http->loop);
	watcher->until_ms = watcher->told_ms + LIFE_MS;
	if (prefix.size > 0) {
		for (size_t i = 0; i < prefix.size; i++) {
			watcher->prefix[watcher->prefix_size++] = ascii_upper(prefix.at[i]);
		}
		watcher->prefix[watcher->prefix_size++] = '/';
	}
	return watcher;
}

/* Which right is asked for: to list the prefix, or to follow the whole ledger. */
static void
right_ask(struct http_request *request, struct bytes prefix, const struct operation_claim *claim)
{
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS}}};
	struct http_operation_order order = {
		.question = &question, .claim = claim, .answered = watching_may, .is_asking = true};
	uint8_t *octets = arena_alloc(request->http->arena, prefix.size + 5);

	if (octets == NULL) {
		http_v1_refuse(request, STATUS_NO_MEMORY, (struct bytes){NULL, 0}, prefix);
		return;
	}
	if (prefix.size == 0) {
		question.message.header.opcode = OPCODE_DUMP_HANDLES;
	} else {
		question.message.header.opcode = OPCODE_LIST_HANDLES;
		memcpy(octets, "0.NA/", 5);
		memcpy(octets + 5, prefix.at, prefix.size);
		question.name.name = bytes_over(octets, prefix.size + 5);
	}
	http_operation_begin(request, &order);
}

void
http_v1_changes(struct http_request *request)
{
	const struct operation_claim *claim;
	struct bytes prefix = {NULL, 0};
	struct watcher *watcher;

	(void)http_parameter_find(&request->parameters, TEXT("prefix"), &prefix);
	if (bytes_start_with_fold(prefix, TEXT("0.NA/"))) {
		prefix = bytes_slice(prefix, 5, prefix.size);
	}
	if (prefix.size > HANDLE_NAME_SIZE_MAX - 5 || bytes_find(prefix, '/') < prefix.size) {
		http_answer_wrong(
			request, "prefix", prefix, prefix.size == 0 ? "is missing" : "is none");
		return;
	}
	watcher = watcher_new(request, prefix);
	if (watcher == NULL || !after_take(request, watcher) ||
		!http_v1_number(request, "limit", INT64_MAX, &watcher->left) ||
		!http_identity_take(request, &claim)) {
		return;
	}
	if (claim == NULL && request->http->settings->has_public_changes) {
		watcher->is_public = true;
		stream_answer(request);
	} else {
		right_ask(request, prefix, claim);
	}
}
