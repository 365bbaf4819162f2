/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_tunnel.h"

#include "http/http_answer.h"
#include "http/http_operation.h"
#include "service/exchange.h"

enum { PART_SIZE = 16384 };

static const char message_type[] = "application/x-hdl-message";

static bool
header_names_messages(const struct http_request *request, const char *name)
{
	const char *value = http_request_header(request, name);

	return value != NULL && strcasestr(value, message_type) != NULL;
}

bool
http_tunnel_is_asked(const struct http_request *request)
{
	return request->method == HTTP_POST && header_names_messages(request, "Content-Type") &&
		header_names_messages(request, "Accept");
}

static const struct http_answer message_answer = {
	.status = 200, .type = message_type, .is_binary = true};

static void
exchange_put(struct http_request *request, struct exchange *exchange)
{
	struct service *service = request->http->service;
	struct wire_writer out =
		wire_writer_over((uint8_t *)request->http->out, HTTP_ANSWER_SIZE_MAX);
	const struct envelope *envelope = &exchange->request.message.envelope;

	if ((exchange->request.message.header.flags & MESSAGE_FLAG_KEEP_ALIVE) != 0 ||
		envelope->is_encrypted) {
		exchange->response.message.header.flags |= MESSAGE_FLAG_KEEP_ALIVE;
	}
	service_count_answer(service, &exchange->response);
	service_write(&out, &exchange->response);
	http_answer(request, &message_answer, wire_written(&out));
}

static void
put_refusal(struct http_request *request, struct exchange *exchange, enum status status,
	struct bytes text)
{
	exchange_refuse(request->http->service, exchange, status, text);
	exchange_put(request, exchange);
}

/* Handle.net's clients send a line end too many in front of the message. */
static struct bytes
message_of(struct bytes body)
{
	while (body.size > 0 && (body.at[0] == '\r' || body.at[0] == '\n')) {
		body = bytes_slice(body, 1, body.size);
	}
	return body;
}

/* One message, and nothing behind it. */
static enum status
exchange_take(struct http_request *request, struct exchange *ret_exchange)
{
	struct wire_reader reader = wire_reader_over(message_of(request->body));
	struct envelope envelope;
	struct bytes message;
	enum status status;

	envelope_read(&reader, &envelope);
	message = wire_read_bytes(&reader, envelope.message_size);
	status = wire_reader_end(&reader);
	if (status == STATUS_OK) {
		status = exchange_decode(&envelope, message, ret_exchange);
	} else {
		*ret_exchange = (struct exchange){.request.message.envelope = envelope};
	}
	return status;
}

static struct bytes
refusal_text(enum status status)
{
	return status == STATUS_UNSUPPORTED  ? TEXT("unknown operation")
		: status == STATUS_TOO_LARGE ? TEXT("message is too large")
					     : TEXT("Invalid message");
}

/* Says so in a message: what the mirror wants to read is a stream, and there is none here. */
static void
refuse_stream(struct http_request *request)
{
	struct exchange exchange;

	if (exchange_take(request, &exchange) == STATUS_OK) {
		put_refusal(request, &exchange, STATUS_UNSUPPORTED,
			TEXT("mirrors are served over TCP"));
	}
}

static ssize_t
part_copy(struct http_request *request, char *room, size_t capacity)
{
	size_t size = request->part.size < capacity ? request->part.size : capacity;

	memcpy(room, request->part.at, size);
	request->part = bytes_slice(request->part, size, request->part.size);
	return (ssize_t)size;
}

/* The transport has room for more of an answer that comes in several messages. */
static ssize_t
part_read(void *context, uint64_t at, char *room, size_t capacity)
{
	struct http_request *request = context;
	struct http *http = request->http;

	(void)at;
	if (request->part.size == 0 && !request->is_last_part) {
		request->is_answered = false;
		operation_go_on(request->operation);
		if (!request->is_answered) {
			http_operation_wait(request);
			return 0;
		}
	}
	if (request->part.size == 0) {
		return MHD_CONTENT_READER_END_OF_STREAM;
	}
	http_connection_expire(request->connection, http->settings->answer_deadline_ms);
	return part_copy(request, room, capacity);
}

static void
begin_stream(struct http_request *request)
{
	request->response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, PART_SIZE, part_read, request, NULL);
	request->status = 200;
	if (request->response == NULL ||
		MHD_set_response_options(request->response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
			MHD_RO_END) != MHD_YES ||
		MHD_add_response_header(request->response, "Content-Type", message_type) !=
			MHD_YES) {
		loop_socket_break(request->connection->fd);
	}
}

static void
part_answered(void *context, bool is_last)
{
	struct http_request *request = context;
	struct bytes octets = operation_octets(request->operation);

	request->is_last_part = is_last || octets.size == 0;
	if (request->response != NULL || request->is_streaming) {
		request->part = octets;
	} else if (octets.size == 0) {
		/* No answer is better than an unsigned one. */
		http_answer(request, &(struct http_answer){.status = 500}, octets);
	} else if (operation_takes_stream(request->operation)) {
		refuse_stream(request);
	} else if (is_last) {
		http_answer(request, &message_answer, octets);
	} else {
		request->part = octets;
		request->is_streaming = true;
		begin_stream(request);
	}
	http_operation_answered_now(request);
}

static void
operation_begin(struct http_request *request, struct exchange *exchange)
{
	const struct envelope *envelope = &exchange->request.message.envelope;
	struct operation_order order = {
		.envelope = *envelope,
		.message = exchange->octets,
		.is_kept_alive = envelope->is_encrypted ||
			(exchange->request.message.header.flags & MESSAGE_FLAG_KEEP_ALIVE) != 0,
		.request_size = SIZE_MAX,
		.answered = part_answered,
		.context = request,
	};
	enum status status;

	address_octets(request->asker, order.source);
	status = operation_new(request->http->service, &order, &request->operation);
	if (status != STATUS_OK) {
		put_refusal(request, exchange, status, TEXT("too many operations are under way"));
		return;
	}
	operation_start(request->operation);
	if (!request->is_answered) {
		http_operation_wait(request);
	}
}

void
http_tunnel_answer(struct http_request *request)
{
	struct service *service = request->http->service;
	struct look_ahead ahead = {.count = 0};
	struct exchange exchange;
	enum status status = exchange_take(request, &exchange);
	uint8_t source[16];

	monitor_add(request->http->row, METRIC_HTTP_MESSAGES, 1);
	if (status != STATUS_OK) {
		put_refusal(request, &exchange,
			status == STATUS_UNSUPPORTED || status == STATUS_TOO_LARGE
				? status
				: STATUS_MALFORMED,
			refusal_text(status));
		return;
	}
	address_octets(&request->connection->peer, source);
	exchange_begin(service, &exchange, source, &ahead);
	service_look_ahead(service, ahead.queries, ahead.count);
	if (exchange_answer(service, &exchange, request->http->arena)) {
		exchange_put(request, &exchange);
	} else {
		operation_begin(request, &exchange);
	}
}
