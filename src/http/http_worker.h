/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http.h"
#include "http/http_target.h"
#include "http/identity/http_sessions.h"
#include "loop/loop_watch.h"

#include <microhttpd.h>

/*
 * What the files of this folder and of those in it share: the state of one worker's front. Private.
 *
 *     http.c             daemons, listeners, the loop
 *     http_connection.c  from accept to close: limits, the first octet, deadlines
 *     http_request.c     from the head to the answer, as libmicrohttpd tells it
 *     http_elsewhere.c   records of other nodes that an answer needs
 *     http_answer.c      status, headers and body
 *     http_route.c       which function answers (routes.def)
 *     http_tunnel.c      Handle messages in bodies
 *     http_operation.c   what waits for an identity, the ledger or another server
 *     http_handles.c     /api/handles; what every answer about a record shares
 *     identity/          who asks: headers, sessions, certificates, proofs
 *     page/              pages for people, and the theme of the operator
 *     redirect/          where an identifier leads: places, links, GS1 Digital Link, QR codes
 *     v1/                /v1 and its description
 */
enum { HTTP_LISTENER_COUNT_MAX = 32, HTTP_BUCKET_COUNT = 1024, HTTP_ROUTE_START_COUNT = 256 };

/* In the order of the bits of a route. */
enum http_method {
	HTTP_GET = 1,
	HTTP_HEAD = 2,
	HTTP_POST = 4,
	HTTP_PUT = 8,
	HTTP_DELETE = 16,
	HTTP_OPTIONS = 32,
	HTTP_PATCH = 64,
	HTTP_OTHER = 128,
	HTTP_FIELDS = 256, /* Of a route: the body may hold parameters. */
};

/* A daemon and what tells the loop that it has work. */
struct http_face {
	struct http *http;
	struct MHD_Daemon *daemon; /* NULL: no TLS. */
	struct loop_watch *watch;
	struct loop_post again; /* It did not finish its work in one go. */
	bool is_posted;
	bool is_tls;
	/* It shows an earlier certificate: it is closed behind its last connection. */
	bool is_retired;
	struct http_face *next; /* Of those. */
	size_t connection_count;
};

struct http_certificate;
struct http_connection;
struct http_elsewhere;
struct http_front;
struct http_gzip;
struct http_known;
struct http_limit;
struct http_list;
struct http_login;
struct operation;
struct response;

/* One at a time on a connection; of zeros between two. */
struct http_request {
	struct http *http;
	struct http_connection *connection;
	struct MHD_Connection *transport;
	const struct address *asker; /* The client, as far as trusted servers in between say it. */
	int64_t begun_ms;
	enum http_method method;
	const char *method_name; /* As it came, in memory of the transport. */
	bool is_tls; /* Or it was, up to a trusted server in between. */
	bool is_old; /* HTTP/1.0. */
	bool is_begun; /* Its head was seen. */
	bool is_body_too_large;
	bool is_chosen; /* The answer is for this asker, and may be another for the next. */
	bool is_suspended;
	const char *link; /* Header of the answer, in the arena; NULL: none. */
	/* The target as it came, in memory of the transport. */
	struct bytes path;
	struct bytes query;
	uint8_t query_first; /* The octet that hides the query from the transport. */
	struct bytes rest; /* Of the path, behind the route's. */
	struct http_parameters parameters;
	struct bytes body;
	size_t body_capacity;
	struct operation *operation; /* What it waits for, or waited. */
	void (*answered)(
		struct http_request *request, const struct response *response, bool is_last);
	struct http_list *list; /* Parts that came so far. */
	/* What else an answer in the making keeps, and how it is let go. */
	/* Takes the body as it comes, and says how much of it; for less than all of it the
	 * connection was suspended. NULL: the body is kept. */
	size_t (*take)(struct http_request *request, struct bytes octets);
	void *own;
	void (*own_free)(void *own);
	bool is_answered;
	bool has_claim;
	bool is_head_pending; /* It waits between its head and its body. */
	bool is_asking; /* The operation only says whether somebody may. */
	/* Who asks (http_identity.h). */
	bool takes_fields; /* The body may hold parameters. */
	bool takes_proof; /* Parameters may prove an identity. */
	bool tells_proof; /* A wrong proof is told by who answers. */
	bool is_new_session;
	char session_id[HTTP_SESSION_ID_SIZE + 1]; /* Empty: none. */
	const char *fault; /* Of what it says of itself; NULL: none. */
	struct http_login *login;
	struct http_elsewhere *elsewhere; /* NULL: all that was needed is here. */
	/* Of an answer in several messages (http_tunnel.c): what of the present one is to leave. */
	struct bytes part;
	bool is_last_part;
	bool is_streaming;
	struct MHD_Response *response; /* Made, and not yet queued. */
	unsigned int status; /* Its. */
};

/* One address. */
struct http_listener {
	struct http *http;
	struct loop_listener *listener;
	bool asks_certificate; /* HTTPS alone, and clients are asked for their certificate. */
};

struct http_connection {
	struct http *http;
	struct http_face *face; /* NULL: it has not said anything yet. */
	struct http_connection *previous, *next; /* All of the worker. */
	struct http_connection *bucket_previous, *bucket_next;
	uint32_t bucket;
	int fd;
	bool asks_certificate; /* Of its client, in the handshake. */
	struct http_certificate *certificate; /* NULL: nobody has looked at it. */
	struct address peer;
	uint8_t source[16];
	struct http_front *front; /* What a proxy says, not whole yet; NULL: nothing is awaited. */
	struct address forwarded; /* Of the request. */
	struct loop_watch *watch; /* Until the first octet has come. */
	struct loop_timer timer;
	int64_t deadline_ms;
	struct http_request request;
};

struct http {
	struct loop *loop;
	struct service *service;
	const struct monitor *monitor;
	struct monitor_row *row;
	const struct http_settings *settings;
	struct http_sessions *sessions; /* Of the node. */
	bool is_stopping;
	struct http_face plain;
	struct http_face *tls; /* NULL: there is no certificate. */
	struct http_face *retired;
	struct http_limit *limit; /* Handshakes. */
	size_t listener_count;
	struct http_listener listeners[HTTP_LISTENER_COUNT_MAX];
	size_t connection_count;
	struct http_connection *connections;
	struct http_connection *buckets[HTTP_BUCKET_COUNT];
	struct http_connection *adding; /* The one that a daemon is being given. */
	struct arena *arena; /* Of the request that is being answered. */
	size_t bulk_count; /* Of /v1/bulk under way. */
	struct http_changes *changes;
	struct http_known *known; /* Proofs that were right (http_identity.h). */
	struct http_gzip *gzip;
	char *out; /* HTTP_ANSWER_SIZE_MAX: bodies are written here. */
	uint8_t route_starts[HTTP_ROUTE_START_COUNT];
};

/* http.c */
void http_face_run(struct http_face *face); /* Lets a daemon do what it can. */
void http_face_wake(struct http_face *face); /* Soon. */

/* http_connection.c */
void http_accepted(void *context, int fd, const struct address *peer);
void http_connection_free(struct http_connection *connection);
void http_connection_expire(struct http_connection *connection, uint32_t after_ms);
/* The daemon took it, or lets it go. */
void http_connection_notified(void *context, struct MHD_Connection *transport, void **place,
	enum MHD_ConnectionNotificationCode code);

/* http_request.c: what the daemons call. */
void *http_request_line(void *context, const char *target, struct MHD_Connection *transport);
enum MHD_Result http_request_step(void *context, struct MHD_Connection *transport, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **place);
void http_request_ended(void *context, struct MHD_Connection *transport, void **place,
	enum MHD_RequestTerminationCode code);
/* NULL: no such header. */
const char *http_request_header(const struct http_request *request, const char *name);

/* http_route.c: for each octet behind the first slash of a path, the first row of the table that
 * may fit. */
void http_route_starts_make(uint8_t ret_starts[HTTP_ROUTE_START_COUNT]);
/* Makes the answer, or suspends the request. */
void http_route(struct http_request *request);
