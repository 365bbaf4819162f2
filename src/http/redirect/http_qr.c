/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_accept.h"
#include "http/http_answer.h"
#include "http/http_elsewhere.h"
#include "http/http_route.h"
#include "http/http_url.h"
#include "http/redirect/http_gs1.h"
#include "http/redirect/http_linkset.h"
#include "qr/qr.h"

/*
 * GET /qr/HANDLE: a QR code with the address of an identifier at this node. Only of identifiers that
 * are found, and of GS1 codes that are right: what was printed cannot be taken back.
 */
enum { QR_AGE_S = 86400 };

struct asked {
	struct qr_look look;
	enum qr_level level;
	bool is_png;
};

/* A number of `name` up to `maximum`; false: answered. */
static bool
number_take(struct http_request *request, const char *name, size_t maximum, size_t *number)
{
	struct bytes text;
	uint64_t read = 0;

	if (!http_parameter_find(&request->parameters, bytes_from_string(name), &text)) {
		return true;
	}
	if (text_read_u64(text, maximum, &read) != STATUS_OK) {
		char why[64];
		struct text_writer writer = text_writer_over(why, sizeof(why) - 1);

		text_write_string(&writer, "is no number from 0 to ");
		text_write_u64(&writer, maximum);
		*writer.next = '\0';
		http_answer_wrong(request, name, text, why);
		return false;
	}
	*number = (size_t)read;
	return true;
}

/* False: answered. */
static bool
format_take(struct http_request *request, struct asked *asked)
{
	const char *accepted = http_request_header(request, "Accept");
	struct bytes format;

	if (!http_parameter_find(&request->parameters, TEXT("format"), &format)) {
		asked->is_png = http_accept_type(accepted, TEXT("image/png")) >
			http_accept_type(accepted, TEXT("image/svg+xml"));
		return true;
	}
	asked->is_png = bytes_equal_fold(format, TEXT("png"));
	if (!asked->is_png && !bytes_equal_fold(format, TEXT("svg"))) {
		http_answer_wrong(request, "format", format, "is neither svg nor png");
		return false;
	}
	return true;
}

/* False: answered. */
static bool
asked_take(struct http_request *request, struct asked *ret_asked)
{
	struct bytes level;

	*ret_asked = (struct asked){.look = {.margin = QR_MARGIN_DEFAULT}, .level = QR_LEVEL_M};
	if (http_parameter_find(&request->parameters, TEXT("level"), &level) &&
		!qr_level_read(level, &ret_asked->level)) {
		http_answer_wrong(request, "level", level, "is none of L, M, Q and H");
		return false;
	}
	return number_take(request, "size", QR_SIZE_MAX, &ret_asked->look.size) &&
		number_take(request, "margin", QR_MARGIN_MAX, &ret_asked->look.margin) &&
		format_take(request, ret_asked);
}

/* Whether the identifier is one that is found, whatever of it everybody may see; false: answered. */
static bool
is_found(struct http_request *request, const struct request *question)
{
	struct http_resolved resolved;

	unsigned int status;

	http_find_asked(request, question, &resolved);
	if (http_elsewhere_fetch(request)) {
		return false;
	}
	if (resolved.code == RESPONSE_SUCCESS || resolved.code == RESPONSE_VALUES_NOT_FOUND) {
		return true;
	}
	if (http_resolved_is_unknown(&resolved)) {
		http_answer_code(request,
			http_status_of(resolved.code, HTTP_OUTCOME_RESOLVED, request->is_tls),
			resolved.code, resolved.text, resolved.name);
		return false;
	}
	status = resolved.code == RESPONSE_INVALID_HANDLE ? 400 : 404;
	http_answer_code(request, status, resolved.code, TEXT("There is no such identifier here"),
		resolved.name);
	return false;
}

/* The address of a GS1 code, or of a handle; empty: answered. */
static struct bytes
address_take(struct http_request *request)
{
	struct bytes path = bytes_slice(request->path, 3, request->path.size); /* Behind "/qr". */
	struct code_result *result = arena_alloc(request->http->arena, sizeof(*result));
	char *room = arena_alloc(request->http->arena, CODE_SIZE_MAX);
	const struct code_candidate *candidate;
	struct request question;

	if (request->http->settings->codes_prefix.size > 0 && http_gs1_is_path(path) &&
		result != NULL && room != NULL) {
		candidate = http_gs1_read(path, room, result);
		if (candidate == NULL || !candidate->is_valid) {
			http_gs1_refuse(request, candidate);
			return (struct bytes){NULL, 0};
		}
		return http_address_write(request, "/", candidate->normal);
	}
	if (!http_resolution_take(request, &question)) {
		return (struct bytes){NULL, 0};
	}
	question.message.header.flags |= MESSAGE_FLAG_PUBLIC_ONLY;
	return is_found(request, &question) ? http_handle_address(request, question.resolution.name)
					    : (struct bytes){NULL, 0};
}

static void
image_answer(struct http_request *request, const struct qr *qr, const struct asked *asked)
{
	char *out = request->http->out;
	struct text_writer writer = text_writer_over(out, HTTP_ANSWER_SIZE_MAX);
	enum status status = STATUS_OK;
	size_t size = 0;

	if (asked->is_png) {
		status =
			qr_write_png(qr, &asked->look, (uint8_t *)out, HTTP_ANSWER_SIZE_MAX, &size);
	} else {
		qr_write_svg(&writer, qr, &asked->look);
		status = text_writer_end(&writer);
		size = text_written(&writer).size;
	}
	if (status != STATUS_OK) {
		http_answer_code(request, 500, RESPONSE_ERROR, TEXT("The image cannot be made"),
			(struct bytes){NULL, 0});
		return;
	}
	http_answer(request,
		&(struct http_answer){.status = 200,
			.type = asked->is_png ? "image/png" : "image/svg+xml",
			.is_shared = true,
			.is_chosen_by_accept = true,
			.max_age_s = QR_AGE_S},
		bytes_over(out, size));
}

void
http_qr_get(struct http_request *request)
{
	struct qr *qr = arena_alloc(request->http->arena, sizeof(*qr));
	struct asked asked;
	struct bytes address;

	if (request->http->settings->base_url.size == 0) {
		http_answer_code(request, 404, RESPONSE_OPERATION_NOT_SUPPORTED,
			TEXT("web.base_url is not set: this node does not know its address"),
			(struct bytes){NULL, 0});
		return;
	}
	if (!asked_take(request, &asked)) {
		return;
	}
	address = address_take(request);
	if (address.size == 0) {
		return;
	}
	if (qr == NULL || qr_encode(address, asked.level, qr) != STATUS_OK) {
		http_answer_wrong(request, "The address", address, "is too long for a QR code");
	} else if (qr_scale(qr, &asked.look) == 0) {
		http_answer_wrong(request, "size", (struct bytes){NULL, 0},
			"is less than one pixel for each module: ask for more, or a lower level");
	} else {
		image_answer(request, qr, &asked);
	}
}
