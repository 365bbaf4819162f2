/* SPDX-License-Identifier: Apache-2.0 */
#include "program/wire/capture_flow.h"

#include "base/limits.h"
#include "message/message.h"

#include <stdlib.h>

enum { BUFFER_SIZE = ENVELOPE_SIZE + MESSAGE_SIZE_MAX };

/* Datagrams of one message: each as it came, behind its size in four octets. */
struct join {
	struct capture_message about;
	uint32_t request_id;
	uint32_t message_size;
	uint8_t *octets; /* NULL: free. */
	size_t capacity;
	size_t size;
	uint64_t used_at;
};

/* A segment that came before those in front of it. */
struct early {
	uint32_t sequence;
	uint8_t *octets;
	size_t size;
};

/* One direction of a connection. */
struct stream {
	struct capture_message about;
	uint8_t *octets; /* BUFFER_SIZE; NULL: free. */
	size_t size;
	uint32_t next_sequence;
	bool is_lost; /* What follows is no message any more. */
	struct early early[CAPTURE_SEGMENT_COUNT_MAX];
	size_t early_count;
	size_t early_size; /* Octets of all. */
	uint64_t used_at;
};

struct capture_flows {
	capture_found *found;
	void *context;
	uint64_t now;
	struct join joins[CAPTURE_FLOW_COUNT_MAX];
	struct stream streams[CAPTURE_FLOW_COUNT_MAX];
	uint8_t joined[BUFFER_SIZE];
};

struct capture_flows *
capture_flows_new(capture_found *found, void *context)
{
	struct capture_flows *flows = calloc(1, sizeof(*flows));

	if (flows != NULL) {
		flows->found = found;
		flows->context = context;
	}
	return flows;
}

static void
deliver(struct capture_flows *flows, const struct capture_message *about, struct bytes octets)
{
	struct capture_message message = *about;

	message.octets = octets;
	flows->found(flows->context, &message);
}

static bool
is_same_way(const struct capture_message *one, const struct capture_message *other)
{
	return address_equal(&one->source, &other->source) &&
		address_equal(&one->destination, &other->destination);
}

/* The next datagram that was kept, and its envelope; false at the end. */
static bool
join_next(const struct join *join, size_t *at, struct envelope *ret_envelope,
	struct bytes *ret_datagram)
{
	struct wire_reader reader;

	if (*at >= join->size) {
		return false;
	}
	reader = wire_reader_over(bytes_over(join->octets + *at, join->size - *at));
	*ret_datagram = wire_read_blob(&reader, join->size);
	*at += 4 + ret_datagram->size;
	reader = wire_reader_over(*ret_datagram);
	envelope_read(&reader, ret_envelope);
	return true;
}

static void
join_free(struct join *join)
{
	free(join->octets);
	*join = (struct join){0};
}

/* Delivers each datagram as it is: the others never came. */
static void
join_give_up(struct capture_flows *flows, struct join *join)
{
	struct envelope envelope;
	struct bytes datagram;

	for (size_t at = 0; join_next(join, &at, &envelope, &datagram);) {
		struct capture_message about = join->about;

		about.fragment_count = 1;
		deliver(flows, &about, datagram);
	}
	join_free(join);
}

static struct join *
join_find(struct capture_flows *flows, const struct capture_message *about,
	const struct envelope *envelope)
{
	struct join *oldest = &flows->joins[0];

	for (size_t i = 0; i < CAPTURE_FLOW_COUNT_MAX; i++) {
		struct join *join = &flows->joins[i];

		if (join->octets != NULL && join->request_id == envelope->request_id &&
			join->message_size == envelope->message_size &&
			is_same_way(&join->about, about)) {
			return join;
		}
		if (join->used_at < oldest->used_at) {
			oldest = join;
		}
	}
	if (oldest->octets != NULL) {
		join_give_up(flows, oldest);
	}
	oldest->capacity = (size_t)envelope->message_size +
		message_fragment_count(envelope->message_size) * (4 + ENVELOPE_SIZE);
	oldest->octets = malloc(oldest->capacity);
	oldest->request_id = envelope->request_id;
	oldest->message_size = envelope->message_size;
	return oldest;
}

static void
join_finish(struct capture_flows *flows, struct join *join)
{
	struct wire_writer writer = wire_writer_over(flows->joined, ENVELOPE_SIZE);
	struct capture_message about = join->about;
	struct envelope envelope;
	struct bytes datagram;

	for (size_t at = 0; join_next(join, &at, &envelope, &datagram);) {
		struct bytes data = bytes_slice(datagram, ENVELOPE_SIZE, datagram.size);

		memcpy(flows->joined + ENVELOPE_SIZE +
				(size_t)envelope.sequence * FRAGMENT_DATA_SIZE_MAX,
			data.at, data.size);
		if (envelope.sequence == 0) {
			envelope_write(&writer, &envelope);
		}
	}
	about.fragment_count = message_fragment_count(join->message_size);
	deliver(flows, &about, bytes_over(flows->joined, ENVELOPE_SIZE + join->message_size));
	join_free(join);
}

/* True if the datagram is exactly its part of the message. */
static bool
is_fragment(const struct envelope *envelope, struct bytes data)
{
	size_t start = (size_t)envelope->sequence * FRAGMENT_DATA_SIZE_MAX;
	size_t left = envelope->message_size > start ? envelope->message_size - start : 0;

	return left > 0 && data.size < envelope->message_size &&
		data.size == (left < FRAGMENT_DATA_SIZE_MAX ? left : FRAGMENT_DATA_SIZE_MAX);
}

void
capture_flows_datagram(struct capture_flows *flows, const struct capture_segment *segment)
{
	struct wire_reader reader = wire_reader_over(segment->data);
	struct capture_message about = segment->about;
	struct wire_writer writer;
	struct envelope envelope;
	struct envelope other;
	struct bytes datagram;
	struct join *join;

	about.fragment_count = 1;
	envelope_read(&reader, &envelope);
	if (!wire_reader_ok(&reader) || !is_fragment(&envelope, wire_read_rest(&reader))) {
		deliver(flows, &about, segment->data);
		return;
	}
	join = join_find(flows, &about, &envelope);
	if (join->octets == NULL) {
		deliver(flows, &about, segment->data); /* No memory: better apart than lost. */
		return;
	}
	join->about = about;
	join->used_at = ++flows->now;
	for (size_t at = 0; join_next(join, &at, &other, &datagram);) {
		if (other.sequence == envelope.sequence) {
			return; /* Sent again. */
		}
	}
	writer = wire_writer_over(join->octets + join->size, join->capacity - join->size);
	wire_write_blob(&writer, segment->data);
	join->size += wire_writer_size(&writer);
	if (join->size == join->capacity) {
		join_finish(flows, join);
	}
}

/* How many octets of what is held make the next delivery: a whole message; all of it when it
 * is none or, at the end, when it is cut; 0 to wait for more. */
static size_t
stream_part(struct stream *stream, struct bytes held, bool is_end)
{
	struct wire_reader reader = wire_reader_over(held);
	struct envelope envelope;
	size_t size = held.size + 1;

	envelope_read(&reader, &envelope);
	if (wire_reader_ok(&reader)) {
		size = ENVELOPE_SIZE + (size_t)envelope.message_size;
	}
	stream->is_lost = stream->is_lost || reader.status == STATUS_TOO_LARGE;
	if (!stream->is_lost && size <= held.size) {
		return size;
	}
	return is_end || held.size == BUFFER_SIZE ? held.size : 0;
}

static void
stream_deliver(struct capture_flows *flows, struct stream *stream, bool is_end)
{
	struct bytes held = bytes_over(stream->octets, stream->size);

	while (held.size > 0) {
		size_t size = stream_part(stream, held, is_end);

		if (size == 0) {
			break;
		}
		deliver(flows, &stream->about, bytes_slice(held, 0, size));
		held = bytes_slice(held, size, held.size);
	}
	if (held.size > 0) {
		memmove(stream->octets, held.at, held.size);
	}
	stream->size = held.size;
}

static void
stream_append(struct capture_flows *flows, struct stream *stream, struct bytes data)
{
	stream->next_sequence += (uint32_t)data.size;
	while (data.size > 0) {
		struct bytes part = bytes_slice(data, 0, BUFFER_SIZE - stream->size);

		memcpy(stream->octets + stream->size, part.at, part.size);
		stream->size += part.size;
		data = bytes_slice(data, part.size, data.size);
		stream_deliver(flows, stream, false);
	}
}

/* Appends what continues the stream; false if something is missing in front of it. */
static bool
stream_continue(
	struct capture_flows *flows, struct stream *stream, uint32_t sequence, struct bytes data)
{
	uint32_t repeated = stream->next_sequence - sequence;

	if ((int32_t)repeated < 0) {
		return false;
	}
	/* What was sent before is skipped: senders repeat octets, not change them. */
	stream_append(flows, stream, bytes_slice(data, repeated, data.size));
	return true;
}

static void
early_remove(struct stream *stream, size_t number)
{
	struct early *early = &stream->early[number];

	stream->early_size -= early->size;
	free(early->octets);
	*early = stream->early[--stream->early_count];
}

static void
early_use(struct capture_flows *flows, struct stream *stream)
{
	for (size_t i = 0; i < stream->early_count;) {
		struct early *early = &stream->early[i];

		if (stream_continue(flows, stream, early->sequence,
			    bytes_over(early->octets, early->size))) {
			early_remove(stream, i);
			i = 0;
		} else {
			i++;
		}
	}
}

/* What is missing will not come: delivers what stands before it and goes on behind it. */
static void
stream_skip(struct capture_flows *flows, struct stream *stream)
{
	stream_deliver(flows, stream, true);
	while (stream->early_count > 0) {
		uint32_t nearest = stream->early[0].sequence;

		for (size_t i = 1; i < stream->early_count; i++) {
			if ((int32_t)(stream->early[i].sequence - nearest) < 0) {
				nearest = stream->early[i].sequence;
			}
		}
		stream->next_sequence = nearest;
		early_use(flows, stream);
		stream_deliver(flows, stream, true);
	}
	stream->is_lost = false;
}

static void
early_keep(
	struct capture_flows *flows, struct stream *stream, const struct capture_segment *segment)
{
	uint8_t *copy = malloc(segment->data.size);

	if (copy == NULL) {
		return;
	}
	memcpy(copy, segment->data.at, segment->data.size);
	stream->early[stream->early_count++] =
		(struct early){segment->sequence, copy, segment->data.size};
	stream->early_size += segment->data.size;
	if (stream->early_count == CAPTURE_SEGMENT_COUNT_MAX ||
		stream->early_size > MESSAGE_SIZE_MAX) {
		stream_skip(flows, stream);
	}
}

static void
stream_end(struct capture_flows *flows, struct stream *stream)
{
	stream_skip(flows, stream);
	free(stream->octets);
	*stream = (struct stream){0};
}

static struct stream *
stream_find(struct capture_flows *flows, const struct capture_segment *segment)
{
	struct stream *oldest = &flows->streams[0];

	for (size_t i = 0; i < CAPTURE_FLOW_COUNT_MAX; i++) {
		struct stream *stream = &flows->streams[i];

		if (stream->octets != NULL && is_same_way(&stream->about, &segment->about)) {
			return stream;
		}
		if (stream->used_at < oldest->used_at) {
			oldest = stream;
		}
	}
	if (oldest->octets != NULL) {
		stream_end(flows, oldest);
	}
	oldest->octets = malloc(BUFFER_SIZE);
	oldest->about = segment->about;
	oldest->next_sequence = segment->sequence;
	return oldest;
}

void
capture_flows_segment(struct capture_flows *flows, const struct capture_segment *segment)
{
	struct stream *stream;
	uint32_t sequence = segment->sequence + (segment->is_start ? 1 : 0);

	if (segment->data.size == 0 && !segment->is_start && !segment->is_end) {
		return;
	}
	stream = stream_find(flows, segment);
	if (stream->octets == NULL) {
		return; /* No memory: this direction is not shown. */
	}
	stream->about = segment->about;
	stream->used_at = ++flows->now;
	if (segment->is_start) {
		stream_skip(flows, stream); /* The same ports again: another connection. */
		stream->next_sequence = sequence;
	}
	if (stream_continue(flows, stream, sequence, segment->data)) {
		early_use(flows, stream);
	} else if (segment->data.size > 0) {
		early_keep(flows, stream, segment);
	}
	if (segment->is_end && stream->early_count == 0) {
		stream_end(flows, stream);
	}
}

void
capture_flows_end(struct capture_flows *flows)
{
	for (size_t i = 0; i < CAPTURE_FLOW_COUNT_MAX; i++) {
		if (flows->joins[i].octets != NULL) {
			join_give_up(flows, &flows->joins[i]);
		}
		if (flows->streams[i].octets != NULL) {
			stream_end(flows, &flows->streams[i]);
		}
	}
	free(flows);
}
