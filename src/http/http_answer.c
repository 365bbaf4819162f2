/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_answer.h"
#include "http/http_condition.h"
#include "http/http_gzip.h"
#include "http/identity/http_identity.h"

#include "http/http_v1.h"

#include "base/base64.h"
#include "base/checksum.h"
#include "base/clock.h"
#include "base/text_writer.h"
#include "markup/markup_url.h"

enum {
	HEADER_TEXT_SIZE_MAX = 512,
	NUMBER_TEXT_SIZE_MAX = 64, /* Of headers that hold a time or a number. */
	ETAG_SIZE = 2 + 16 + 1,
	OK = 200,
	NOT_MODIFIED = 304,
	UNAUTHORIZED = 401,
};

static const char json_type[] = "application/json;charset=utf-8";
static const char script_type[] = "application/javascript;charset=utf-8";

static const char page_policy[] = "default-src 'none'; style-src 'self'; font-src 'self'; "
				  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
				  "img-src 'self'";
static const char file_policy[] = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

#define EACH_OCTET(octet) (0x0101010101010101ull * (octet))

/* Eight octets at once: taking 1 from an octet that is 0 sets its top bit, and taking 0x20 that of
 * a control; what is beyond ASCII is masked out. Octets above a find may be taken for one, too. */
static inline bool
octets_have_control(uint64_t octets)
{
	uint64_t del = octets ^ EACH_OCTET(0x7f);
	uint64_t found = ((octets - EACH_OCTET(0x20)) & ~octets) | ((del - EACH_OCTET(1)) & ~del);

	return (found & EACH_OCTET(0x80)) != 0;
}

/* UTF-8 without controls, those beyond ASCII with them. */
static bool
text_is_harmless(struct bytes rest)
{
	while (rest.size > 0) {
		uint32_t character = 0;
		size_t size = bytes_utf8_first(rest, &character);

		if (size == 0 || character < 0x20 || (character >= 0x7f && character < 0xa0)) {
			return false;
		}
		rest = bytes_slice(rest, size, rest.size);
	}
	return true;
}

/* Printable ASCII and UTF-8: nothing that ends a line or hides what follows. */
static bool
header_is_harmless(const char *value)
{
	size_t left = strlen(value);
	uint64_t octets;

	for (; left >= sizeof(octets); left -= sizeof(octets), value += sizeof(octets)) {
		memcpy(&octets, value, sizeof(octets));
		if ((octets & EACH_OCTET(0x80)) != 0) {
			break;
		}
		if (octets_have_control(octets)) {
			return false;
		}
	}
	for (; left > 0 && (uint8_t)*value < 0x80; left--, value++) {
		if ((uint8_t)*value < 0x20 || *value == 0x7f) {
			return false;
		}
	}
	return text_is_harmless(bytes_over(value, left));
}

/* Of the program's own words: nothing that somebody else wrote is in it. */
static void
header_add_own(struct MHD_Response *response, const char *name, const char *value)
{
	if (MHD_add_response_header(response, name, value) != MHD_YES) {
		/* Memory is short: the answer goes without it. */
	}
}

static void
header_add(struct MHD_Response *response, const char *name, const char *value)
{
	if (value != NULL && header_is_harmless(value)) {
		header_add_own(response, name, value);
	}
}

/* And loads one picture from elsewhere: of its host. */
static void
policy_add_with_picture(struct MHD_Response *response, const struct http_answer *answer)
{
	char text[sizeof(page_policy) + HEADER_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text) - 1);
	char room[MARKUP_HOST_SIZE_MAX];
	struct bytes host = markup_url_host_written(answer->picture, room);

	text_write_string(&writer, page_policy);
	if (host.size < HEADER_TEXT_SIZE_MAX / 2) {
		text_write_char(&writer, ' ');
		text_write(&writer,
			bytes_slice(answer->picture, 0,
				(size_t)(markup_url_host(answer->picture).at -
					answer->picture.at)));
		text_write(&writer, host);
	}
	*writer.next = '\0';
	header_add(response, "Content-Security-Policy", text);
}

/* A page runs nothing and loads what the node serves. */
static void
policy_add(struct MHD_Response *response, const struct http_answer *answer)
{
	if (answer->is_static) {
		header_add_own(response, "Content-Security-Policy", file_policy);
	}
	if (answer->is_page && answer->picture.size > 0) {
		policy_add_with_picture(response, answer);
	} else if (answer->is_page) {
		header_add_own(response, "Content-Security-Policy", page_policy);
	}
}

static void
time_add(struct MHD_Response *response, const char *name, int64_t at_s)
{
	char text[NUMBER_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text) - 1);

	text_write_http_time(&writer, at_s);
	if (text_writer_end(&writer) == STATUS_OK) {
		*writer.next = '\0';
		header_add_own(response, name, text);
	}
}

static void
cache_add(struct MHD_Response *response, const struct http_answer *answer)
{
	char text[NUMBER_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text) - 1);

	if (!answer->is_shared) {
		header_add_own(response, "Cache-Control", "no-store");
		return;
	}
	text_write_string(&writer, "public, max-age=");
	text_write_u64(&writer, answer->max_age_s);
	text[text_written(&writer).size] = '\0';
	header_add_own(response, "Cache-Control", text);
	if (answer->changed_s > 0) {
		time_add(response, "Last-Modified", answer->changed_s);
	}
	if (answer->location != NULL) {
		/* Handle.net tells it of redirects. */
		time_add(response, "Expires", clock_wall_ms() / 1000 + answer->max_age_s);
	}
}

/* Any page may read answers, without credentials of its user: there are no cookies, and so
 * nothing that it could do in the user's name (http-api, 11). */
static void
cors_add(const struct http_request *request, struct MHD_Response *response,
	const struct http_answer *answer)
{
	bool has_etag = MHD_get_response_header(response, "ETag") != NULL;
	const char *origin = http_request_header(request, "Origin");

	header_add_own(response, "Vary",
		request->link != NULL || answer->is_chosen_by_accept
			? "Accept-Encoding, Origin, Accept, Accept-Language"
			: answer->is_page	   ? "Accept-Encoding, Origin, Accept-Language"
			: answer->depends_on_asker ? "Accept-Encoding, Origin, Authorization"
						   : "Accept-Encoding, Origin");
	if (origin == NULL) {
		return;
	}
	header_add(response, "Access-Control-Allow-Origin", origin);
	header_add_own(response, "Access-Control-Expose-Headers",
		answer->location != NULL ? request->link != NULL ? "Content-Length,Location,Link"
								 : "Content-Length,Location"
			: has_etag
			? request->link != NULL ? "Content-Length,ETag,Link" : "Content-Length,ETag"
			: request->link != NULL ? "Content-Length,Link"
						: "Content-Length");
	if (answer->is_preflight) {
		header_add(response, "Access-Control-Allow-Methods",
			http_is_v1(request) ? "GET,POST,HEAD,PUT,PATCH,DELETE"
					    : "GET,POST,HEAD,PUT,DELETE");
		header_add(response, "Access-Control-Allow-Headers",
			http_is_v1(request)
				? "Authorization,Accept,Content-Type,If-Match,If-None-Match,"
				  "Idempotency-Key,Last-Event-ID"
				: "X-Requested-With,Authorization,Origin,Accept,Content-Type");
		header_add(response, "Access-Control-Max-Age", "86400");
	}
}

/* A nonce to be answered, in the session that was named or in a new one. */
static void
challenge_add_handle(const struct http_request *request, struct MHD_Response *response)
{
	struct http *http = request->http;
	char text[HEADER_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text) - 1);
	char nonce[HTTP_SESSION_NONCE_SIZE * 2];
	struct bytes octets;
	struct http_session session;

	if (!http_identity_session(request, &session)) {
		uint8_t source[16];

		address_octets(request->asker, source);
		http_sessions_begin(http->sessions, source, loop_now_ms(http->loop), &session);
	}
	octets = bytes_over(session.nonce, sizeof(session.nonce));
	base64_encode(octets, BASE64_STANDARD, nonce);
	text_write_string(&writer, "Handle sessionId=\"");
	text_write_string(&writer, session.id);
	text_write_string(&writer, "\", nonce=\"");
	text_write(&writer, bytes_over(nonce, base64_encoded_size(octets.size, BASE64_STANDARD)));
	if (request->fault != NULL) {
		text_write_string(&writer, "\", error=\"");
		text_write_string(&writer, request->fault);
	}
	text_write_char(&writer, '"');
	text[text_written(&writer).size] = '\0';
	header_add(response, "WWW-Authenticate", text);
}

/* A browser would ask its user for a password: not for a script, and not when something else than
 * a password was tried (Handle.net 9). */
static void
challenge_add(const struct http_request *request, struct MHD_Response *response)
{
	const char *by = http_request_header(request, "X-Requested-With");
	const char *tried = http_request_header(request, "Authorization");

	if ((by == NULL || strcmp(by, "XMLHttpRequest") != 0) &&
		(tried == NULL ||
			bytes_start_with_fold(bytes_from_string(tried), TEXT("Basic ")))) {
		header_add(response, "WWW-Authenticate", "Basic realm=\"handle\"");
	}
	challenge_add_handle(request, response);
}

/* What it is for: "the same octets as before". */
static void
etag_write(struct bytes body, char ret_text[ETAG_SIZE])
{
	uint64_t sum = checksum_over(body, 0);

	ret_text[0] = '"';
	for (int i = 0; i < 16; i++) {
		ret_text[1 + i] = "0123456789abcdef"[sum >> 60];
		sum <<= 4;
	}
	ret_text[17] = '"';
	ret_text[18] = '\0';
}

static bool
method_only_reads(enum http_method method)
{
	return method == HTTP_GET || method == HTTP_HEAD;
}

/* Compressed it is the same in meaning, and not in octets: a weak tag. */
static void
etag_add(struct MHD_Response *response, const char *etag, bool is_compressed)
{
	char weak[2 + ETAG_SIZE] = "W/";

	if (is_compressed) {
		memcpy(weak + 2, etag, ETAG_SIZE);
	}
	header_add(response, "ETag", is_compressed ? weak : etag);
}

/* From now on browsers come over HTTPS alone (RFC 6797). */
static void
hsts_add(struct MHD_Response *response, uint32_t age_s)
{
	char text[HEADER_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text) - 1);

	text_write_string(&writer, "max-age=");
	text_write_u64(&writer, age_s);
	text[text_written(&writer).size] = '\0';
	header_add(response, "Strict-Transport-Security", text);
}

/* Octets that are no text are not made much smaller, and native clients know no encoding. What goes
 * to somebody who said who they are may hold a secret, which its size beside somebody else's words
 * would give away (BREACH, CVE-2013-3587). */
static bool
body_compress(struct http_request *request, const struct http_answer *answer, struct bytes *body)
{
	struct http *http = request->http;

	if (body->size < HTTP_GZIP_SIZE_MIN || answer->is_binary || answer->etag != NULL ||
		http_request_header(request, "Authorization") != NULL ||
		!http_gzip_is_accepted(http_request_header(request, "Accept-Encoding")) ||
		http_gzip_compress(http->gzip, *body, body) != STATUS_OK) {
		return false;
	}
	monitor_add(http->row, METRIC_HTTP_ANSWERS_COMPRESSED, 1);
	return true;
}

static struct MHD_Response *
response_of(struct bytes body)
{
	/* Copied, because it leaves later than the next answer is written; never changed. */
	return MHD_create_response_from_buffer(
		body.size, (void *)(uintptr_t)body.at, MHD_RESPMEM_MUST_COPY);
}

/* The headers that every answer has. */
static void
answer_complete(struct http_request *request, struct MHD_Response *response,
	const struct http_answer *answer, unsigned int status)
{
	cache_add(response, answer);
	cors_add(request, response, answer);
	header_add_own(response, "X-Content-Type-Options", "nosniff");
	if (request->is_tls && request->http->settings->hsts_s > 0) {
		hsts_add(response, request->http->settings->hsts_s);
	}
	policy_add(response, answer);
	header_add(response, "Allow", answer->allow);
	header_add(response, "Location", answer->location);
	header_add(response, "Link", request->link);
	for (size_t i = 0; i < answer->line_count; i++) {
		header_add(response, answer->lines[i].name, answer->lines[i].value);
	}
	if (status == UNAUTHORIZED && request->is_tls) {
		challenge_add(request, response);
	}
	if (request->http->is_stopping) {
		header_add(response, "Connection", "close");
	}
	request->response = response;
	request->status = status;
}

/* What is there is not what the request is about. */
static void
condition_answer(struct http_request *request)
{
	http_answer_code(request, 412, service_response_code(STATUS_CONFLICT),
		TEXT("There is another version than the request is for"), (struct bytes){NULL, 0});
}

void
http_answer(struct http_request *request, const struct http_answer *answer, struct bytes body)
{
	bool has_etag = answer->etag != NULL || (answer->is_shared && answer->status == OK);
	unsigned int status = answer->status;
	struct MHD_Response *response;
	char octets_tag[ETAG_SIZE];
	const char *etag = answer->etag;
	bool is_compressed;

	if (has_etag && etag == NULL) {
		etag_write(body, octets_tag);
		etag = octets_tag;
	}
	if (has_etag && answer->status == OK && method_only_reads(request->method)) {
		switch (http_condition_judge(request, etag, answer->changed_s)) {
		case HTTP_CONDITION_FAILED:
			condition_answer(request);
			return;
		case HTTP_NOT_MODIFIED:
			status = NOT_MODIFIED;
			body.size = 0;
			break;
		case HTTP_PROCEED:
			break;
		}
	}
	is_compressed = body_compress(request, answer, &body);
	response = response_of(body);
	if (response == NULL) {
		/* The transport ends a request that is neither answered nor suspended. */
		loop_socket_break(request->connection->fd);
		return;
	}
	if (status != NOT_MODIFIED && body.size > 0) {
		header_add(
			response, "Content-Type", answer->type == NULL ? json_type : answer->type);
	}
	if (is_compressed) {
		header_add(response, "Content-Encoding", "gzip");
	}
	if (has_etag) {
		etag_add(response, etag, is_compressed);
	}
	answer_complete(request, response, answer, status);
}

void
http_answer_with(struct http_request *request, struct MHD_Response *response,
	const struct http_answer *answer)
{
	header_add(response, "Content-Type", answer->type == NULL ? json_type : answer->type);
	if (answer->is_replayed) {
		header_add(response, "Idempotency-Replayed", "true");
	}
	answer_complete(request, response, answer, answer->status);
}

struct json_writer *
http_json_begin(struct http_request *request, struct http_json *ret_json)
{
	char *out = request->http->out;
	struct bytes name;

	ret_json->front_size = 0;
	ret_json->has_callback =
		http_parameter_find(&request->parameters, TEXT("callback"), &name) && name.size > 0;
	if (ret_json->has_callback) {
		ret_json->front_size = http_callback_clean(name, (uint8_t *)out);
		out[ret_json->front_size++] = '(';
	}
	/* Room for what closes the call. */
	ret_json->writer = json_writer_over(
		out + ret_json->front_size, HTTP_ANSWER_SIZE_MAX - ret_json->front_size - 2);
	ret_json->writer.is_pretty = http_parameter_is_true(&request->parameters, TEXT("pretty"));
	ret_json->writer.hides_secrets = true;
	return &ret_json->writer;
}

void
http_json_answer(
	struct http_request *request, struct http_json *json, const struct http_answer *answer)
{
	struct http_answer with_type = *answer;
	size_t size = json->front_size + json_written(&json->writer).size;

	if (json_writer_end(&json->writer) != STATUS_OK) {
		static const char sorry[] =
			"{\"responseCode\":2,\"message\":\"The answer is too large\"}";

		http_answer(
			request, &(struct http_answer){.status = 500}, bytes_from_string(sorry));
		return;
	}
	if (json->has_callback) {
		with_type.type = script_type;
		memcpy(request->http->out + size, ");", 2);
		size += 2;
	}
	http_answer(request, &with_type, bytes_over(request->http->out, size));
}

void
http_answer_code(struct http_request *request, unsigned int status, enum response_code code,
	struct bytes message, struct bytes handle)
{
	struct http_json json;
	struct json_writer *writer;

	if (http_is_v1(request)) {
		http_problem(request, &(struct http_problem){status, code, message, handle, NULL});
		return;
	}
	writer = http_json_begin(request, &json);
	json_write_object(writer);
	json_write_name(writer, "responseCode");
	json_write_u64(writer, code);
	if (message.size > 0) {
		json_write_name(writer, "message");
		json_write_string(writer, message);
	}
	if (handle.size > 0) {
		json_write_name(writer, "handle");
		json_write_string(writer, handle);
	}
	json_write_object_end(writer);
	http_json_answer(request, &json, &(struct http_answer){.status = status});
}

void
http_answer_wrong(
	struct http_request *request, const char *what, struct bytes found, const char *why)
{
	char text[HEADER_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_string(&writer, what);
	if (found.at != NULL) {
		text_write_string(&writer, " \"");
		text_write_escaped(&writer, bytes_slice(found, 0, 64));
		text_write_string(&writer, found.size > 64 ? "...\"" : "\"");
	}
	text_write_char(&writer, ' ');
	text_write_string(&writer, why);
	http_answer_code(request, 400, RESPONSE_PROTOCOL_ERROR, text_written(&writer),
		(struct bytes){NULL, 0});
}

static unsigned int
status_of_success(enum http_outcome outcome)
{
	return outcome == HTTP_OUTCOME_CREATED ? 201 : 200;
}

unsigned int
http_status_of(enum response_code code, enum http_outcome outcome, bool is_tls)
{
	switch (code) {
	case RESPONSE_SUCCESS:
		return status_of_success(outcome);
	case RESPONSE_VALUES_NOT_FOUND:
		return outcome == HTTP_OUTCOME_RESOLVED ? 200 : 400;
	case RESPONSE_HANDLE_NOT_FOUND:
		return 404;
	case RESPONSE_PROTOCOL_ERROR:
	case RESPONSE_INVALID_HANDLE:
	case RESPONSE_INVALID_VALUE:
	case RESPONSE_SERVER_NOT_RESPONSIBLE:
		return 400;
	case RESPONSE_INVALID_ADMIN:
	case RESPONSE_INSUFFICIENT_PERMISSIONS:
	case RESPONSE_AUTHENTICATION_FAILED:
	case RESPONSE_INVALID_CREDENTIAL:
		return 403;
	case RESPONSE_HANDLE_ALREADY_EXISTS:
	case RESPONSE_VALUE_ALREADY_EXISTS:
		return 409;
	case RESPONSE_SERVICE_REFERRAL:
	case RESPONSE_PREFIX_REFERRAL:
		return 300;
	case RESPONSE_OPERATION_NOT_SUPPORTED:
		return 501;
	case RESPONSE_SERVER_TOO_BUSY:
	case RESPONSE_SERVER_BACKUP:
		return 503;
	case RESPONSE_AUTHENTICATION_NEEDED:
		return is_tls ? 401 : 403;
	case RESPONSE_RESERVED:
	case RESPONSE_ERROR:
	case RESPONSE_RECURSION_COUNT_TOO_HIGH:
	case RESPONSE_OUT_OF_DATE_SITE_INFO:
	case RESPONSE_AUTHENTICATION_TIMEOUT:
	case RESPONSE_AUTHENTICATION_ERROR:
	case RESPONSE_SESSION_TIMEOUT:
	case RESPONSE_SESSION_FAILED:
	case RESPONSE_INVALID_SESSION_KEY:
	case RESPONSE_NEED_RSA_KEY_FOR_SESSION_EXCHANGE:
	case RESPONSE_INVALID_SESSION_SETUP_REQUEST:
	case RESPONSE_SESSION_MESSAGE_REJECTED:
		break;
	}
	return 500;
}
