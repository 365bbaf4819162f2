/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/client_link.h"
#include "client/client_session.h"

/* One request on its way. `run` is its header and body as sent, so that a challenge can be
 * compared with it and the request be sent again in a new session. */
struct client_call {
	struct client_call *next;
	client_link_answered *answered;
	void *context;
	uint32_t opcode;
	uint32_t request_id; /* Of the last message sent for it. */
	uint64_t number; /* In the order in which requests were handed in. */
	int64_t begun_ms; /* When it was sent first, or a session asked for it. */
	int64_t sent_ms;
	uint8_t challenge_count;
	uint8_t busy_count; /* How often the server was too busy for it. */
	bool is_begun;
	bool is_retried; /* In a session that was opened anew. */
	bool is_private; /* Has values that not everybody may read. */
	bool is_setup; /* The link's own: opens the session. */
	size_t run_size;
	uint8_t run[];
};

struct client_call_list {
	struct client_call *first, *last;
	size_t count;
};

struct client_link {
	struct loop *loop;
	struct client_link_settings settings;
	struct client_carrier *carrier;
	struct client_call_list waiting; /* Not sent. */
	struct client_call_list sent; /* In the order in which answers are due. */
	struct client_session session;
	struct client_link_facts facts;
	struct loop_timer deadline;
	struct loop_timer pause;
	bool is_paused; /* The server is busy: nothing is sent. */
	uint64_t call_count; /* Handed in so far. */
	bool is_answered; /* This connection has brought an answer. */
	bool is_taking; /* Inside client_link_take(). */
	uint8_t *octets; /* Room for one message in the making. */
	uint8_t *plain; /* Room for one message decrypted. */
};

enum { CLIENT_LINK_ROOM = ENVELOPE_SIZE + MESSAGE_SIZE_MAX + 2 * SESSION_OVERHEAD_SIZE_MAX };

void client_call_append(struct client_call_list *list, struct client_call *call);
struct client_call *client_call_take(struct client_call_list *list, struct client_call *call);

/* client_link.c */
/* Tells and forgets: `answer` is NULL unless OK. */
void client_link_tell(struct client_link *link, struct client_call *call, enum status status,
	const struct client_answer *answer);
/* Makes a connection if there is none; false if that is impossible. */
bool client_link_connect(struct client_link *link);
void client_link_drop_carrier(struct client_link *link);
/* Sends what may be sent now. */
void client_link_pump(struct client_link *link);
/* Sends `call` - its run, or for an answer to a challenge another one - as the next message. */
enum status client_link_write(struct client_link *link, struct client_call *call, struct bytes run,
	uint32_t session_id) MUST_CHECK;

/* client_link_pause.c */
/* The server was too busy for `call`, which is in no list: takes it to be sent again later.
 * False if its deadline comes first. */
bool client_link_try_again(struct client_link *link, struct client_call *call);
/* The same for the first of those that wait, for which a session was to be opened. */
bool client_link_pause(struct client_link *link, struct client_call *call);

/* client_link_answer.c: one whole message has come. Not OK: the connection cannot go on. */
enum status client_link_take(
	struct client_link *link, const struct envelope *envelope, struct bytes octets) MUST_CHECK;
