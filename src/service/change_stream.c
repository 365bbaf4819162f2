/* SPDX-License-Identifier: Apache-2.0 */
#include "service/change_stream.h"

#include "access/access_scope.h"
#include "authority/authority_change.h"
#include "ledger/ledger.h"
#include "message/change_line.h"
#include "service/service_private.h"

#include <assert.h>
#include <stdlib.h>

enum {
	ARENA_BLOCK_SIZE = 262144,
	ORDER_BLOCK_SIZE = 4096,
	/* A group is closed at CHANGE_STREAM_OCTETS_MAX; the last may be as large as a record. The
	 * room for changed records is doubled as it grows, up to twice what two records have. */
	ARENA_LIMIT = 4 * CHANGE_STREAM_OCTETS_MAX,
	RETRY_MS = 10, /* The queue of the ledger was full. */
};

struct item {
	struct request request;
	struct authority_change *change; /* NULL: refused before it was one. */
	struct group *group;
	uint64_t number;
	enum status status;
	uint64_t version;
	struct bytes text;
};

struct group {
	struct change_stream *stream;
	struct arena *arena;
	struct authority_room room; /* In it: the committer's. */
	struct item *items; /* CHANGE_STREAM_GROUP_SIZE, in memory of its own. */
	size_t count;
	size_t taken; /* Results that were told. */
	size_t octets;
	atomic_size_t left; /* Changes that the ledger still has. */
	bool is_done;
	struct loop_post post;
};

/* Groups in a ring: told - under way - filled. */
struct change_stream {
	struct change_stream_order order;
	struct arena *arena; /* What the order points to. */
	struct service_face *face;
	struct group groups[CHANGE_STREAM_GROUP_COUNT_MAX];
	uint64_t first; /* Whose results are told next. */
	uint64_t unsent; /* The first that the ledger has not got. */
	uint64_t filling;
	size_t under_way; /* Groups that the ledger has. */
	struct loop_timer retry;
	bool is_closed;
};

static struct group *
group_at(struct change_stream *stream, uint64_t number)
{
	return &stream->groups[number % CHANGE_STREAM_GROUP_COUNT_MAX];
}

static void
stream_free(struct change_stream *stream)
{
	loop_timer_clear(stream->order.service->loop, &stream->retry);
	for (size_t i = 0; i < CHANGE_STREAM_GROUP_COUNT_MAX; i++) {
		arena_free(stream->groups[i].arena);
		free(stream->groups[i].items);
	}
	service_face_leave(stream->face);
	stream->order.service->stream_count--;
	arena_free(stream->arena);
	free(stream);
}

static bool
order_copy(struct change_stream *stream, const struct change_stream_order *order)
{
	stream->arena = arena_new(ORDER_BLOCK_SIZE, REQUEST_MEMORY_MAX);
	if (stream->arena == NULL) {
		return false;
	}
	stream->order = *order;
	stream->order.identity.name = arena_copy(stream->arena, order->identity.name);
	stream->order.scope =
		order->scope == NULL ? NULL : access_scope_copy(stream->arena, order->scope);
	return stream->order.identity.name.at != NULL &&
		(order->scope == NULL || stream->order.scope != NULL);
}

enum status
change_stream_new(const struct change_stream_order *order, struct change_stream **ret_stream)
{
	struct service *service = order->service;
	struct change_stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL || !order_copy(stream, order)) {
		arena_free(stream == NULL ? NULL : stream->arena);
		free(stream);
		return STATUS_NO_MEMORY;
	}
	stream->face = service->face;
	service_face_enter(stream->face);
	service->stream_count++;
	for (size_t i = 0; i < CHANGE_STREAM_GROUP_COUNT_MAX; i++) {
		stream->groups[i].stream = stream;
	}
	*ret_stream = stream;
	return STATUS_OK;
}

void
change_stream_close(struct change_stream *stream)
{
	if (stream != NULL && stream->under_way == 0) {
		stream_free(stream);
	} else if (stream != NULL) {
		stream->is_closed = true;
	}
}

static bool
group_is_full(const struct group *group)
{
	return group->count == CHANGE_STREAM_GROUP_SIZE ||
		group->octets >= CHANGE_STREAM_OCTETS_MAX;
}

/* The group that takes the next change; made when it is first needed. NULL: none has room. */
static struct group *
group_to_fill(struct change_stream *stream)
{
	struct group *group = group_at(stream, stream->filling);

	if (stream->filling - stream->first == CHANGE_STREAM_GROUP_COUNT_MAX) {
		return NULL;
	}
	if (group->arena == NULL) {
		group->arena = arena_new(ARENA_BLOCK_SIZE, ARENA_LIMIT);
		group->items = malloc(CHANGE_STREAM_GROUP_SIZE * sizeof(group->items[0]));
	}
	return group->arena == NULL || group->items == NULL ? NULL : group;
}

bool
change_stream_has_room(const struct change_stream *stream)
{
	return stream->filling - stream->first < CHANGE_STREAM_GROUP_COUNT_MAX;
}

/* On the loop: the ledger has answered all of a group. */
static void
group_done(void *context)
{
	struct group *group = context;
	struct change_stream *stream = group->stream;

	group->is_done = true;
	stream->under_way--;
	/* What was changed shows to whoever asks after this, in the same wake-up too. */
	authority_leave(stream->order.service->authority);
	authority_enter(stream->order.service->authority);
	if (!stream->is_closed) {
		stream->order.progressed(stream->order.context);
	} else if (stream->under_way == 0) {
		stream_free(stream);
	}
}

static void
group_answered(struct group *group, size_t count)
{
	if (atomic_fetch_sub(&group->left, count) == count) {
		group->post = (struct loop_post){.posted = group_done, .context = group};
		loop_post(group->stream->order.service->loop, &group->post);
	}
}

/* On the committer's thread. */
static void
item_committed(void *context, struct ledger_change *entry, enum status status, uint64_t sequence)
{
	struct item *item = context;

	(void)entry;
	item->status = status;
	item->version = sequence;
	group_answered(item->group, 1);
}

/* Chains what was let through; BUSY leaves the group as it is. */
static enum status
group_submit(struct group *group)
{
	struct ledger_change *first = NULL;
	struct ledger_change **at = &first;
	size_t count = 0;
	enum status status;

	for (size_t i = 0; i < group->count; i++) {
		struct item *item = &group->items[i];

		if (item->change != NULL) {
			struct ledger_change *entry = authority_change_entry(item->change);

			entry->committed = item_committed;
			entry->context = item;
			entry->next = NULL;
			*at = entry;
			at = &entry->next;
			count++;
		}
	}
	/* One more, so that the group is not done before all of it was handed over. */
	atomic_store(&group->left, count + 1);
	status = ledger_submit(group->stream->order.service->ledger, first);
	if (status == STATUS_BUSY) {
		return status;
	}
	for (size_t i = 0; status != STATUS_OK && i < group->count; i++) {
		if (group->items[i].change != NULL) {
			group->items[i].status = status;
		}
	}
	group->stream->under_way++;
	group_answered(group, status == STATUS_OK ? 1 : count + 1);
	return STATUS_OK;
}

static void
retry_due(void *context)
{
	change_stream_send(context);
}

void
change_stream_send(struct change_stream *stream)
{
	struct loop *loop = stream->order.service->loop;

	if (stream->filling - stream->first < CHANGE_STREAM_GROUP_COUNT_MAX &&
		group_at(stream, stream->filling)->count > 0) {
		stream->filling++;
	}
	while (stream->unsent < stream->filling) {
		if (group_submit(group_at(stream, stream->unsent)) != STATUS_OK) {
			loop_timer_set(loop, &stream->retry, loop_now_ms(loop) + RETRY_MS,
				retry_due, stream);
			return;
		}
		stream->unsent++;
	}
}

static struct item *
item_new(struct change_stream *stream, uint64_t number, struct group **ret_group)
{
	struct group *group = group_to_fill(stream);
	struct item *item;

	*ret_group = group;
	if (group == NULL) {
		return NULL;
	}
	item = &group->items[group->count++];
	memset(item, 0, sizeof(*item));
	item->group = group;
	item->number = number;
	return item;
}

static void
group_close_if_full(struct change_stream *stream, struct group *group)
{
	if (group_is_full(group)) {
		change_stream_send(stream);
	}
}

static void
request_of_line(const struct change_line *line, struct request *ret_request)
{
	struct header *header = &ret_request->message.header;

	*ret_request = (struct request){
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS}}};
	header->opcode = line->opcode;
	header->flags = (line->is_overwriting ? MESSAGE_FLAG_OVERWRITE : 0) |
		(line->is_minting ? MESSAGE_FLAG_MINT : 0);
	if (request_shape(line->opcode) == REQUEST_VALUES) {
		ret_request->values.name = line->handle;
		ret_request->values.values = line->values;
	} else if (request_shape(line->opcode) == REQUEST_INDEXES) {
		ret_request->indexes =
			(struct request_indexes){line->handle, line->index_count, line->indexes};
	} else {
		ret_request->name.name = line->handle;
	}
}

static struct bytes
stream_token(const struct change_stream *stream)
{
	return stream->order.scope == NULL ? (struct bytes){NULL, 0} : stream->order.scope->token;
}

/* The change, all it points to in the group's arena. */
static enum status
item_make(struct item *item, const struct change_line *line)
{
	struct change_stream *stream = item->group->stream;
	struct arena *arena = item->group->arena;
	struct change_line copy = *line;
	struct authority_order order = {
		.request = &item->request,
		.identity = stream->order.identity,
		.token = stream_token(stream),
		.room = &item->group->room,
		.policy = &stream->face->policy,
		.share = stream->face->site.share,
		.now_s = (uint32_t)stream->order.service->now_s,
	};

	copy.handle = arena_copy(arena, line->handle);
	copy.values.octets = arena_copy(arena, line->values.octets);
	copy.indexes = arena_copy(arena, line->indexes);
	if (copy.handle.at == NULL || copy.values.octets.at == NULL || copy.indexes.at == NULL) {
		return STATUS_NO_MEMORY;
	}
	request_of_line(&copy, &item->request);
	item->group->octets += line->handle.size + line->values.octets.size + line->indexes.size;
	if (!stream->face->site.is_primary) {
		item->text = TEXT("Not a primary server");
		return STATUS_NOT_RESPONSIBLE;
	}
	if (stream->order.scope != NULL &&
		!access_scope_allows(stream->order.scope, copy.opcode, copy.handle)) {
		item->text = TEXT("The token may not do this");
		return STATUS_DENIED;
	}
	return authority_change_new(arena, &order, &item->change);
}

void
change_stream_add(struct change_stream *stream, const struct change_line *line, uint64_t number)
{
	struct group *group;
	struct item *item = item_new(stream, number, &group);

	if (item != NULL) {
		item->status = item_make(item, line);
		if (item->status != STATUS_OK) {
			item->change = NULL;
		}
		group_close_if_full(stream, group);
	}
}

void
change_stream_refuse(
	struct change_stream *stream, uint64_t number, enum status status, struct bytes text)
{
	struct group *group;
	struct item *item = item_new(stream, number, &group);

	if (item != NULL) {
		item->status = status;
		item->text = arena_copy(group->arena, text);
		group_close_if_full(stream, group);
	}
}

bool
change_stream_is_done(const struct change_stream *stream)
{
	return stream->first == stream->filling &&
		stream->groups[stream->filling % CHANGE_STREAM_GROUP_COUNT_MAX].count == 0;
}

/* A refused change is noted, as over the Handle protocol. */
static void
refusal_note(const struct change_stream *stream, const struct change_stream_result *result)
{
	struct service *service = stream->order.service;
	const struct audit_refusal refusal = {
		.now_s = service->now_s,
		.source = stream->order.source,
		.identity_name = stream->order.identity.name,
		.identity_index = stream->order.identity.index,
		.token = stream_token(stream),
		.operation = opcode_name(result->opcode),
		.handle = result->handle,
		.code = result->code,
		.why = result->text,
	};

	monitor_add(service->row, METRIC_CHANGES_REFUSED, 1);
	if (service->audit != NULL && !audit_note(service->audit, &refusal)) {
		monitor_add(service->row, METRIC_AUDIT_DROPPED, 1);
	}
}

static void
result_make(const struct change_stream *stream, struct item *item,
	struct change_stream_result *ret_result)
{
	struct authority_outcome outcome = {.text = item->text};
	enum status status = item->status;

	*ret_result = (struct change_stream_result){
		.number = item->number, .opcode = item->request.message.header.opcode};
	if (item->change != NULL) {
		status = authority_change_outcome(item->change, item->status, &outcome);
		ret_result->handle = outcome.name;
	} else if (ret_result->opcode != 0) {
		ret_result->handle = request_handle(&item->request);
	}
	ret_result->status = status;
	ret_result->code = service_response_code(status);
	ret_result->text = outcome.text;
	ret_result->version = status == STATUS_OK ? item->version : 0;
	if (status == STATUS_OK) {
		monitor_add(stream->order.service->row, METRIC_CHANGES_MADE, 1);
	} else if (ret_result->opcode != 0) {
		refusal_note(stream, ret_result);
	}
}

static void
group_clear(struct group *group)
{
	arena_reset(group->arena);
	group->room = (struct authority_room){NULL, 0};
	group->count = 0;
	group->taken = 0;
	group->octets = 0;
	group->is_done = false;
}

bool
change_stream_next(struct change_stream *stream, struct change_stream_result *ret_result)
{
	while (stream->first < stream->unsent) {
		struct group *group = group_at(stream, stream->first);

		if (!group->is_done) {
			return false;
		}
		if (group->taken < group->count) {
			result_make(stream, &group->items[group->taken++], ret_result);
			return true;
		}
		group_clear(group);
		stream->first++;
	}
	return false;
}
