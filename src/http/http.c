/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_gzip.h"
#include "http/http_limit.h"
#include "http/identity/http_identity.h"
#include "http/v1/http_v1_changes.h"

#include <stdlib.h>

enum {
	ARENA_BLOCK_SIZE = 65536,
	ROUND_COUNT_MAX = 8, /* Of a daemon, before others on the loop have their turn. */
};

/* TLS 1.2 and 1.3 with forward secrecy and AEAD only. */
static const char tls_priorities[] =
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-CIPHER-ALL:+AES-256-GCM:"
	"+AES-128-GCM:+CHACHA20-POLY1305:%SERVER_PRECEDENCE:%NO_TICKETS";

struct http_settings
http_settings_default(void)
{
	return (struct http_settings){
		.connection_count_max = TCP_CONNECTION_COUNT_MAX,
		.connection_per_source_max = TCP_CONNECTION_PER_SOURCE_MAX,
		.head_deadline_ms = HTTP_HEAD_DEADLINE_MS,
		.body_deadline_ms = HTTP_BODY_DEADLINE_MS,
		.idle_ms = HTTP_IDLE_MS,
		.answer_deadline_ms = HTTP_ANSWER_DEADLINE_MS,
		.handshake_rate = HTTP_HANDSHAKE_RATE_MAX,
		.handshake_rate_per_source = HTTP_HANDSHAKE_RATE_PER_SOURCE_MAX,
	};
}

static void face_check(struct http_face *face);

static void
face_again(void *context)
{
	struct http_face *face = context;

	face->is_posted = false;
	http_face_run(face);
	face_check(face);
}

/* In a wake-up of its own: whoever calls may be inside the daemon. */
void
http_face_wake(struct http_face *face)
{
	if (!face->is_posted) {
		face->is_posted = true;
		face->again = (struct loop_post){.posted = face_again, .context = face};
		loop_post(face->http->loop, &face->again);
	}
}

void
http_face_run(struct http_face *face)
{
	MHD_UNSIGNED_LONG_LONG left_ms;
	int rounds = 0;

	do {
		if (MHD_run(face->daemon) != MHD_YES) {
			return;
		}
	} while (++rounds < ROUND_COUNT_MAX && MHD_get_timeout(face->daemon, &left_ms) == MHD_YES &&
		left_ms == 0);
	if (rounds == ROUND_COUNT_MAX) {
		http_face_wake(face);
	}
}

static void
face_ready(void *context)
{
	http_face_run(context);
}

/* The transport decodes nothing: the target is read by http_target.c. */
static size_t
leave_escaped(void *context, struct MHD_Connection *transport, char *text)
{
	(void)context;
	(void)transport;
	return strlen(text);
}

static struct MHD_Daemon *
daemon_start(struct http *http, const struct http_settings *settings, struct http_face *face)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)settings->certificate_pem},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)settings->key_pem},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)tls_priorities},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};

	return MHD_start_daemon(flags | (face->is_tls ? MHD_USE_TLS : MHD_USE_TURBO), 0, NULL, NULL,
		http_request_step, face,
		/* Counted by ourselves; the default is what select() can hold. */
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)TCP_CONNECTION_COUNT_MAX * 256,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_MEMORY_MAX,
		MHD_OPTION_NOTIFY_CONNECTION, http_connection_notified, http,
		MHD_OPTION_NOTIFY_COMPLETED, http_request_ended, face, MHD_OPTION_URI_LOG_CALLBACK,
		http_request_line, face, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, face->is_tls ? tls : plain,
		MHD_OPTION_END);
}

static void
face_close(struct http_face *face)
{
	if (face->daemon != NULL) {
		loop_watch_close(face->watch);
		MHD_stop_daemon(face->daemon);
		face->daemon = NULL;
		face->watch = NULL;
	}
}

static bool
face_open(struct http *http, struct http_face *face)
{
	const union MHD_DaemonInfo *info;

	face->daemon = daemon_start(http, http->settings, face);
	if (face->daemon == NULL) {
		return false;
	}
	info = MHD_get_daemon_info(face->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	face->watch =
		info == NULL ? NULL : loop_watch_open(http->loop, info->epoll_fd, face_ready, face);
	if (face->watch == NULL) {
		MHD_stop_daemon(face->daemon);
		face->daemon = NULL;
		return false;
	}
	return true;
}

static struct http_face *
face_new(struct http *http)
{
	struct http_face *face = calloc(1, sizeof(*face));

	if (face != NULL) {
		*face = (struct http_face){.http = http, .is_tls = true};
		if (!face_open(http, face)) {
			free(face);
			return NULL;
		}
	}
	return face;
}

/* A retired face that nobody uses any more goes. */
static void
face_check(struct http_face *face)
{
	struct http_face **place = &face->http->retired;

	if (!face->is_retired || face->connection_count > 0 || face->is_posted) {
		return;
	}
	while (*place != face) {
		place = &(*place)->next;
	}
	*place = face->next;
	face_close(face);
	free(face);
}

static void
face_retire(struct http_face *face)
{
	face->is_retired = true;
	face->next = face->http->retired;
	face->http->retired = face;
	face_check(face);
}

static bool
http_make(struct http *http)
{
	http_route_starts_make(http->route_starts);
	http->arena = arena_new(ARENA_BLOCK_SIZE, REQUEST_MEMORY_MAX);
	http->out = malloc(HTTP_ANSWER_SIZE_MAX);
	http->known = malloc(sizeof(*http->known));
	http->limit = http_limit_new();
	http->gzip = http_gzip_new();
	if (http->known != NULL) {
		http_known_make(http->known);
	}
	http->changes = http_changes_new(http);
	return http->arena != NULL && http->out != NULL && http->known != NULL &&
		http->changes != NULL && http->limit != NULL && http->gzip != NULL &&
		face_open(http, &http->plain);
}

struct http *
http_new(const struct http_parts *parts, struct problem *problem)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL) {
		problem_system(problem, "cannot make a web front");
		return NULL;
	}
	http->loop = parts->loop;
	http->service = parts->service;
	http->monitor = parts->monitor;
	http->row = parts->row;
	http->settings = parts->settings;
	http->sessions = parts->sessions;
	http->plain = (struct http_face){.http = http};
	if (!http_make(http)) {
		problem_system(problem, "cannot make a web front");
		http_free(http);
		return NULL;
	}
	http->tls = http->settings->certificate_pem == NULL ? NULL : face_new(http);
	if (http->settings->certificate_pem != NULL && http->tls == NULL) {
		problem_set(problem, STATUS_INVALID,
			"HTTPS cannot be served: certificate and key do not belong together, or "
			"are of no kind that TLS knows");
		http_free(http);
		return NULL;
	}
	return http;
}

bool
http_use(struct http *http, const struct http_settings *settings)
{
	const struct http_settings *before = http->settings;
	struct http_face *face;

	http->settings = settings;
	if (settings->certificate_pem == NULL ||
		(http->tls != NULL &&
			strcmp(settings->certificate_pem, before->certificate_pem) == 0 &&
			strcmp(settings->key_pem, before->key_pem) == 0)) {
		return true;
	}
	face = face_new(http);
	if (face == NULL) {
		return false;
	}
	if (http->tls != NULL) {
		face_retire(http->tls);
	}
	http->tls = face;
	return true;
}

enum status
http_open(struct http *http, enum http_address_kind kind, const struct address *address,
	struct address *ret_bound, struct problem *problem)
{
	struct http_listener *listener = &http->listeners[http->listener_count];

	if (http->listener_count == HTTP_LISTENER_COUNT_MAX) {
		return problem_set(problem, STATUS_TOO_LARGE, "more than %d listening addresses",
			HTTP_LISTENER_COUNT_MAX);
	}
	*listener = (struct http_listener){
		.http = http, .asks_certificate = kind == HTTP_ASKS_CERTIFICATE};
	listener->listener =
		loop_listen_sockets(http->loop, address, http_accepted, listener, problem);
	if (listener->listener == NULL) {
		return problem == NULL ? STATUS_SYSTEM : problem->status;
	}
	http->listener_count++;
	if (ret_bound != NULL) {
		loop_listener_address(listener->listener, ret_bound);
	}
	return STATUS_OK;
}

/* Those that wait for a request end here; the others when they were answered. */
void
http_stop(struct http *http)
{
	http->is_stopping = true;
	http_changes_stop(http->changes);
	for (; http->listener_count > 0; http->listener_count--) {
		loop_listener_close(http->listeners[http->listener_count - 1].listener);
	}
	for (struct http_connection *one = http->connections; one != NULL;) {
		struct http_connection *next = one->next;

		if (!one->request.is_begun) {
			http_connection_expire(one, 0);
		}
		one = next;
	}
}

void
http_abandon(struct http *http)
{
	for (struct http_connection *one = http->connections; one != NULL; one = one->next) {
		if (!one->request.is_suspended) {
			http_connection_expire(one, 0);
		}
	}
}

size_t
http_busy_count(const struct http *http)
{
	return http->connection_count + http->bulk_count;
}

static void
faces_free(struct http_face *face)
{
	while (face != NULL) {
		struct http_face *next = face->next;

		face->is_retired = false; /* What closes with it calls nobody. */
		face_close(face);
		free(face);
		face = next;
	}
}

void
http_free(struct http *http)
{
	if (http == NULL) {
		return;
	}
	while (http->connections != NULL && http->connections->watch != NULL) {
		http_connection_free(http->connections);
	}
	faces_free(http->retired);
	faces_free(http->tls);
	face_close(&http->plain);
	http_limit_free(http->limit);
	http_gzip_free(http->gzip);
	http_changes_free(http->changes);
	arena_free(http->arena);
	free(http->out);
	free(http->known);
	free(http);
}
