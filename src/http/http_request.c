/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_answer.h"
#include "http/http_elsewhere.h"
#include "http/http_list.h"
#include "http/http_operation.h"
#include "http/http_proxy.h"
#include "http/http_v1.h"
#include "http/identity/http_login.h"

#include "base/text_writer.h"

#include <stdlib.h>

/*
 * A request as libmicrohttpd tells it: the request line, the head, the body in pieces, the end of
 * the body, and that it is over. Between the end of the body and the answer a connection may be
 * suspended; then the last step comes once more.
 */
static struct http_connection *
connection_of(struct MHD_Connection *transport)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(transport, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

/* A target may name the server, too (RFC 9112, 3.2.2); which one does not matter. */
static struct bytes
target_without_server(struct bytes target)
{
	struct bytes scheme = TEXT("http://");

	if (!bytes_start_with_fold(target, scheme)) {
		scheme = TEXT("https://");
	}
	if (!bytes_start_with_fold(target, scheme)) {
		return target;
	}
	target = bytes_slice(target, scheme.size, target.size);
	return bytes_slice(target, bytes_find(target, '/'), target.size);
}

/* The query is hidden from the transport, which would allocate for each parameter before anybody
 * could refuse them: the octet behind the question mark becomes the end of the text. It is kept,
 * and the rest stays where it is as long as the request. */
void *
http_request_line(void *context, const char *target, struct MHD_Connection *transport)
{
	struct http_face *face = context;
	struct http_connection *connection = connection_of(transport);
	struct bytes text = target_without_server(bytes_from_string(target));
	size_t at = bytes_find(text, '?');
	struct http_request *request;

	if (connection == NULL) {
		return NULL;
	}
	request = &connection->request;
	*request = (struct http_request){
		.http = face->http,
		.connection = connection,
		.transport = transport,
		.asker = &connection->peer,
		.is_tls = face->is_tls,
		.path = bytes_slice(text, 0, at),
		.query = bytes_slice(text, at + 1, text.size),
	};
	if (request->query.size > 0) {
		char *first = (char *)(uintptr_t)request->query.at;

		request->query_first = (uint8_t)*first;
		*first = '\0';
	}
	http_connection_expire(connection, face->http->settings->head_deadline_ms);
	return request;
}

static enum http_method
method_of(const char *name)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = {{"GET", HTTP_GET}, {"HEAD", HTTP_HEAD}, {"POST", HTTP_POST},
		{"PUT", HTTP_PUT}, {"DELETE", HTTP_DELETE}, {"OPTIONS", HTTP_OPTIONS},
		{"PATCH", HTTP_PATCH}};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].name, name) == 0) {
			return methods[i].method;
		}
	}
	return HTTP_OTHER;
}

const char *
http_request_header(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->transport, MHD_HEADER_KIND, name);
}

/* What is announced decides before an octet of it is taken. */
static bool
body_is_announced_too_large(const struct http_request *request)
{
	const char *text = http_request_header(request, "Content-Length");
	uint64_t size = 0;

	/* A number that is none, or too long for one, is left to the transport to refuse. */
	return text != NULL &&
		text_read_u64(bytes_from_string(text), UINT64_MAX, &size) == STATUS_OK &&
		size > HTTP_BODY_SIZE_MAX;
}

static void
body_refuse(struct http_request *request)
{
	http_answer_code(request, 413, RESPONSE_PROTOCOL_ERROR, TEXT("The body is too large"),
		(struct bytes){NULL, 0});
}

static enum MHD_Result
size_count(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	size_t *count = context;

	(void)kind;
	(void)value;
	*count += bytes_equal_fold(bytes_from_string(name), TEXT("Content-Length")) ||
		bytes_equal_fold(bytes_from_string(name), TEXT("Transfer-Encoding"));
	return MHD_YES;
}

/* Who says twice where a body ends may mean the second answer for somebody else: a server in
 * between that reads it the other way (RFC 9112, 11.2). */
static bool
body_end_is_ambiguous(const struct http_request *request)
{
	size_t count = 0;

	if (http_request_header(request, "Content-Length") != NULL ||
		http_request_header(request, "Transfer-Encoding") != NULL) {
		MHD_get_connection_values(request->transport, MHD_HEADER_KIND, size_count, &count);
	}
	return count > 1;
}

/* A body has its time as a whole, and a rate that it must keep after a while (T-04). */
static void
body_watch(struct http_request *request)
{
	uint64_t rate_ms = HTTP_BODY_GRACE_MS + request->body.size * 1000 / HTTP_BODY_RATE_MIN;
	uint32_t whole_ms = request->http->settings->body_deadline_ms;
	int64_t left_ms = request->begun_ms + (int64_t)(rate_ms < whole_ms ? rate_ms : whole_ms) -
		loop_now_ms(request->http->loop);

	http_connection_expire(request->connection, left_ms > 0 ? (uint32_t)left_ms : 0);
}

struct last_value {
	const char *name;
	const char *value; /* NULL: none. */
};

static enum MHD_Result
last_value_take(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct last_value *last = context;

	(void)kind;
	if (bytes_equal_fold(bytes_from_string(name), bytes_from_string(last->name))) {
		last->value = value;
	}
	return MHD_YES;
}

/* Servers add what they say behind what their client said: the last line is theirs. */
static struct bytes
last_header(const struct http_request *request, const char *name)
{
	struct last_value last = {name, NULL};

	MHD_get_connection_values(request->transport, MHD_HEADER_KIND, last_value_take, &last);
	return last.value == NULL ? (struct bytes){NULL, 0} : bytes_from_string(last.value);
}

/* Of the scheme that the client used, what the nearest server says. */
static bool
scheme_is_https(const struct http_request *request)
{
	struct bytes text = last_header(request, "X-Forwarded-Proto");
	struct bytes word = text;

	while (word.size > 0) {
		size_t at = bytes_find(word, ',');

		text = bytes_slice(word, 0, at);
		word = bytes_slice(word, at + 1, word.size);
	}
	while (text.size > 0 && text.at[0] == ' ') {
		text = bytes_slice(text, 1, text.size);
	}
	return bytes_equal_fold(text, TEXT("https"));
}

/* Who asks behind a server of the operator. */
static void
asker_find(struct http_request *request)
{
	struct http_connection *connection = request->connection;
	const struct http_settings *settings = request->http->settings;
	struct http_networks proxies = {settings->proxies, settings->proxy_count};
	struct http_forwarded found = {.has_address = false};
	struct bytes header;

	if (proxies.count == 0 || !http_networks_hold(&proxies, &connection->peer)) {
		return;
	}
	header = last_header(request, "Forwarded");
	if (header.size > 0) {
		http_forwarded_read(header, false, &proxies, &found);
	} else {
		http_forwarded_read(
			last_header(request, "X-Forwarded-For"), true, &proxies, &found);
		found.is_tls = scheme_is_https(request);
	}
	if (found.has_address) {
		connection->forwarded = found.address;
		request->asker = &connection->forwarded;
	}
	request->is_tls = request->is_tls || found.is_tls;
}

static void
request_begin(struct http_request *request, const char *method)
{
	request->is_begun = true;
	request->begun_ms = loop_now_ms(request->http->loop);
	asker_find(request);
	request->method = method_of(method);
	request->method_name = method;
	if (request->query.size > 0) {
		*(uint8_t *)(uintptr_t)request->query.at = request->query_first;
	}
	monitor_add(request->http->row, METRIC_HTTP_REQUESTS, 1);
	body_watch(request);
	/* An answer before the body closes the connection behind it. */
	if (body_end_is_ambiguous(request)) {
		http_answer_code(request, 400, RESPONSE_PROTOCOL_ERROR,
			TEXT("Content-Length and Transfer-Encoding: only one, once"),
			(struct bytes){NULL, 0});
	} else if (request->method == HTTP_POST && bytes_equal(request->path, TEXT("/v1/bulk"))) {
		http_v1_bulk_begin(request);
		arena_reset(request->http->arena);
	} else if (body_is_announced_too_large(request)) {
		body_refuse(request);
	}
}

/* Of unknown size it grows by doubling, up to its limit; what is beyond is dropped. */
static void
body_take(struct http_request *request, struct bytes octets)
{
	size_t size = request->body.size + octets.size;
	uint8_t *body = (uint8_t *)(uintptr_t)request->body.at;

	if (request->is_body_too_large || size > HTTP_BODY_SIZE_MAX) {
		request->is_body_too_large = true;
		return;
	}
	if (size > request->body_capacity) {
		size_t capacity = size * 2 < HTTP_BODY_SIZE_MAX ? size * 2 : HTTP_BODY_SIZE_MAX;

		body = realloc(body, capacity);
		if (body == NULL) {
			request->is_body_too_large = true;
			return;
		}
		request->body_capacity = capacity;
	}
	memcpy(body + request->body.size, octets.at, octets.size);
	request->body = bytes_over(body, size);
}

static enum metric
metric_of(unsigned int status)
{
	switch (status / 100) {
	case 2:
		return METRIC_HTTP_ANSWERS_DONE;
	case 3:
		return METRIC_HTTP_ANSWERS_ELSEWHERE;
	case 4:
		return METRIC_HTTP_ANSWERS_REFUSED;
	default:
		return METRIC_HTTP_ANSWERS_FAILED;
	}
}

static enum MHD_Result
response_queue(struct http_request *request)
{
	enum MHD_Result result =
		MHD_queue_response(request->transport, request->status, request->response);

	monitor_add(request->http->row, metric_of(request->status), 1);
	MHD_destroy_response(request->response);
	request->response = NULL;
	http_connection_expire(request->connection, request->http->settings->answer_deadline_ms);
	return result;
}

enum MHD_Result
http_request_step(void *context, struct MHD_Connection *transport, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **place)
{
	struct http_request *request = *place;

	(void)context;
	(void)transport;
	(void)url;
	if (request == NULL) {
		return MHD_NO;
	}
	if (!request->is_begun) {
		request->is_old = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
		request_begin(request, method);
	} else if (request->is_head_pending && *upload_size == 0) {
		/* Its head once more: the body may come now, or the answer stands already. */
		request->is_head_pending = false;
	} else if (*upload_size > 0 && request->take != NULL) {
		*upload_size -= request->take(request, bytes_over(upload, *upload_size));
		return MHD_YES;
	} else if (*upload_size > 0) {
		body_take(request, bytes_over(upload, *upload_size));
		body_watch(request);
		*upload_size = 0;
		return MHD_YES;
	} else if (request->is_body_too_large) {
		body_refuse(request);
	} else if (request->response == NULL) {
		http_route(request);
		arena_reset(request->http->arena);
	}
	/* No answer yet: the body is to come, or the request is suspended. */
	return request->response == NULL ? MHD_YES : response_queue(request);
}

void
http_request_ended(void *context, struct MHD_Connection *transport, void **place,
	enum MHD_RequestTerminationCode code)
{
	struct http_request *request = *place;
	struct http_connection *connection;

	(void)context;
	(void)transport;
	(void)code;
	if (request == NULL) {
		return;
	}
	connection = request->connection;
	http_operation_end(request);
	http_list_free(request->list);
	if (request->own != NULL) {
		request->own_free(request->own);
	}
	http_login_free(request->login);
	http_elsewhere_free(request->elsewhere);
	if (request->response != NULL) {
		MHD_destroy_response(request->response);
	}
	free((void *)(uintptr_t)request->body.at);
	*request = (struct http_request){.http = NULL};
	*place = NULL;
	http_connection_expire(connection, connection->http->settings->idle_ms);
}
