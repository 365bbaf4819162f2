/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_kept.h"

#include <stdlib.h>

/* One connection; NULL carrier: the place is free. */
struct kept_line {
	struct client_carrier *carrier;
	struct address address;
	int64_t until_ms;
};

/* Few enough to look at each: it is done once for a connection that is made or spared. */
struct client_kept {
	struct loop *loop;
	struct loop_timer timer; /* For the oldest, or one that was taken since. */
	struct kept_line lines[CLIENT_KEPT_COUNT_MAX];
};

static void
line_close(struct kept_line *line)
{
	struct client_carrier *carrier = line->carrier;

	line->carrier = NULL;
	client_carrier_close(carrier);
}

/* Nothing was asked. */
static size_t
line_received(void *context, struct bytes octets)
{
	line_close(context);
	return octets.size;
}

static void
line_closed(void *context, enum status status)
{
	(void)status;
	line_close(context);
}

static const struct client_carrier_calls line_calls = {line_received, line_closed};

struct client_kept *
client_kept_new(struct loop *loop)
{
	struct client_kept *kept = calloc(1, sizeof(*kept));

	if (kept != NULL) {
		kept->loop = loop;
	}
	return kept;
}

void
client_kept_free(struct client_kept *kept)
{
	if (kept == NULL) {
		return;
	}
	loop_timer_clear(kept->loop, &kept->timer);
	for (size_t i = 0; i < CLIENT_KEPT_COUNT_MAX; i++) {
		line_close(&kept->lines[i]);
	}
	free(kept);
}

/* A free place, else that of the oldest. */
static struct kept_line *
kept_place(struct client_kept *kept)
{
	struct kept_line *oldest = &kept->lines[0];

	for (size_t i = 0; i < CLIENT_KEPT_COUNT_MAX; i++) {
		struct kept_line *line = &kept->lines[i];

		if (line->carrier == NULL) {
			return line;
		}
		oldest = line->until_ms < oldest->until_ms ? line : oldest;
	}
	return oldest;
}

static void
kept_due(void *context)
{
	struct client_kept *kept = context;
	int64_t now_ms = loop_now_ms(kept->loop);
	int64_t next_ms = INT64_MAX;

	for (size_t i = 0; i < CLIENT_KEPT_COUNT_MAX; i++) {
		struct kept_line *line = &kept->lines[i];

		if (line->carrier != NULL && line->until_ms <= now_ms) {
			line_close(line);
		} else if (line->carrier != NULL && line->until_ms < next_ms) {
			next_ms = line->until_ms;
		}
	}
	if (next_ms != INT64_MAX) {
		loop_timer_set(kept->loop, &kept->timer, next_ms, kept_due, kept);
	}
}

struct client_carrier *
client_kept_take(struct client_kept *kept, const struct address *address)
{
	for (size_t i = 0; i < CLIENT_KEPT_COUNT_MAX; i++) {
		struct kept_line *line = &kept->lines[i];
		struct client_carrier *carrier = line->carrier;

		if (carrier != NULL && address_equal(&line->address, address)) {
			line->carrier = NULL;
			return carrier;
		}
	}
	return NULL;
}

void
client_kept_give(
	struct client_kept *kept, const struct address *address, struct client_carrier *carrier)
{
	struct kept_line *line = kept_place(kept);

	line_close(line);
	line->carrier = carrier;
	line->address = *address;
	line->until_ms = loop_now_ms(kept->loop) + CLIENT_KEPT_MS;
	client_carrier_own(carrier, &line_calls, line);
	if (!kept->timer.is_set) {
		loop_timer_set(kept->loop, &kept->timer, line->until_ms, kept_due, kept);
	}
}
