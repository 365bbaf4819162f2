/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service.h"

#include "access/access_rights.h"
#include "base/clock.h"
#include "ledger/ledger_evidence.h"
#include "service/service_private.h"

#include <assert.h>
#include <stdlib.h>

void
service_face_enter(struct service_face *face)
{
	atomic_fetch_add(&face->user_count, 1);
}

void
service_face_leave(struct service_face *face)
{
	if (atomic_fetch_sub(&face->user_count, 1) == 1 && face->unused != NULL) {
		face->unused(face);
	}
}

struct service *
service_new(const struct service_parts *parts)
{
	struct service *service = calloc(1, sizeof(*service));

	if (service == NULL) {
		return NULL;
	}
	service->loop = parts->loop;
	service->ledger = parts->ledger;
	service->pool = parts->pool;
	service->monitor = parts->monitor;
	service->row = parts->row;
	service->audit = parts->audit;
	service->access = parts->access;
	service->tokens = parts->tokens;
	service->results = parts->results;
	service->mirrors = parts->mirrors;
	service->resolver = parts->resolver;
	service->policy = parts->policy;
	service->query_log = parts->query_log;
	service->authority = authority_new(ledger_records(parts->ledger));
	service->out = malloc(SERVICE_OUT_SIZE);
	if (service->authority == NULL || service->out == NULL) {
		service_free(service);
		return NULL;
	}
	service->now_s = clock_wall_ms() / 1000;
	service_use(service, parts->face);
	return service;
}

void
service_free(struct service *service)
{
	if (service != NULL) {
		assert(service->operation_count == 0 && service->stream_count == 0);
		authority_free(service->authority);
		free(service->out);
		free(service);
	}
}

void
service_use(struct service *service, struct service_face *face)
{
	service->face = face;
	if (service->mirrors != NULL && face->stream_identity != NULL) {
		replication_source_use(service->mirrors, face->stream_identity);
	}
	if (service->resolver != NULL && face->recursion != NULL) {
		resolver_use(service->resolver, face->recursion);
		policy_use(service->policy, face->recursion_policy);
	}
	authority_set_share(service->authority, &face->site.share);
	authority_set_templates(service->authority, &face->templates);
}

const struct service_site *
service_site(const struct service *service)
{
	return &service->face->site;
}

struct ledger *
service_ledger(const struct service *service)
{
	return service->ledger;
}

struct token_table *
service_tokens(const struct service *service)
{
	return service->tokens;
}

struct result_files *
service_results(const struct service *service)
{
	return service->results;
}

size_t
service_stream_count(const struct service *service)
{
	return service->stream_count;
}

void
service_enter(struct service *service)
{
	service->now_s = clock_wall_ms() / 1000;
	authority_enter(service->authority);
}

void
service_leave(struct service *service)
{
	authority_leave(service->authority);
}

int64_t
service_now_s(const struct service *service)
{
	return service->now_s;
}

static bool
request_is_resolution(const struct request *request)
{
	return request->message.header.opcode == OPCODE_RESOLUTION;
}

bool
service_begin(
	struct service *service, const struct request *request, struct service_query *ret_query)
{
	if (!request_is_resolution(request)) {
		return false;
	}
	authority_query_begin(service->authority, request->resolution.name, &ret_query->resolution);
	ret_query->recalled = service_recurses(service, request) ? request->resolution.name
								 : (struct bytes){NULL, 0};
	return true;
}

/* What is not held here may be remembered of others. */
static void
recall_look_ahead(struct service *service, struct service_query *const *queries, size_t count)
{
	struct bytes names[UDP_BATCH_MAX];
	size_t name_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (queries[i]->recalled.size > 0 &&
			!authority_query_may_be_held(&queries[i]->resolution)) {
			names[name_count++] = queries[i]->recalled;
		}
	}
	if (name_count > 1) {
		resolver_look_ahead(service->resolver, names, name_count);
	}
}

void
service_look_ahead(struct service *service, struct service_query *const *queries, size_t count)
{
	struct authority_query *resolutions[UDP_BATCH_MAX];

	assert(count <= UDP_BATCH_MAX);
	if (count == 0) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		resolutions[i] = &queries[i]->resolution;
	}
	authority_look_ahead(service->authority, resolutions, count);
	recall_look_ahead(service, queries, count);
}

bool
service_namespace(struct service *service, struct bytes handle, struct handle_value *ret_value)
{
	return authority_namespace(service->authority, handle, ret_value);
}

const struct authority_templates *
service_templates(const struct service *service)
{
	return &service->face->templates;
}

uint64_t
service_signed_size(const struct service *service)
{
	return ledger_evidence_size(service->ledger);
}

/* 0.SITE/status: lives nowhere, is read by administrators (Handle.net 9, 18.3). */
static enum status
resolve_status(struct service *service, const struct request *request,
	const struct service_reader *reader, struct arena *arena, struct service_answer *answer)
{
	enum status status;

	answer->text = (struct bytes){NULL, 0};
	if (!service->face->has_status_handle) {
		return STATUS_NOT_FOUND;
	}
	if ((request->message.header.flags & MESSAGE_FLAG_PUBLIC_ONLY) != 0) {
		return STATUS_VALUE_NOT_FOUND;
	}
	if (reader->identity == NULL) {
		return STATUS_UNAUTHENTICATED;
	}
	status = authority_may(service->authority, request, reader->identity,
		&service->face->policy, reader->budget);
	return status == STATUS_OK ? service_status_values(service, arena, &answer->values)
				   : status;
}

static enum status
resolve(struct service *service, const struct request *request, struct service_query *query,
	const struct service_reader *reader, struct arena *arena, struct service_answer *answer)
{
	uint32_t flags = request->message.header.flags;
	struct authority_question question = {
		.resolution = &request->resolution,
		.is_public_only = (flags & MESSAGE_FLAG_PUBLIC_ONLY) != 0,
		.is_not_to_refer = (flags & MESSAGE_FLAG_DO_NOT_REFER) != 0,
		.is_in_session = reader->is_in_session,
		.identity = reader->identity,
		.policy = &service->face->policy,
	};
	struct authority_answer found;
	enum status status =
		authority_resolve(service->authority, &question, &query->resolution, arena, &found);

	if (status == STATUS_CORRUPT) {
		monitor_add(service->row, METRIC_RECORDS_DAMAGED, 1);
	}
	answer->name = request->resolution.name;
	answer->values = found.values;
	answer->text = found.text;
	answer->place = found.place;
	answer->version = found.place == 0
		? 0
		: journal_sequence_at(ledger_journal(service->ledger), found.place);
	answer->is_computed = found.is_computed;
	answer->is_verified = status == STATUS_OK;
	if (found.is_computed) {
		monitor_add(service->row, METRIC_RECORDS_COMPUTED, 1);
	}
	if (status != STATUS_NOT_RESPONSIBLE) {
		return status;
	}
	if (access_name_is_status(request->resolution.name)) {
		return resolve_status(service, request, reader, arena, answer);
	}
	return service_recurses(service, request)
		? service_recall(service, request, query, arena, answer)
		: status;
}

int64_t
service_changed_ms(const struct service *service, const struct service_answer *answer)
{
	return answer->place == 0 || answer->is_computed
		? 0
		: journal_time_ms_at(ledger_journal(service->ledger), answer->place);
}

enum status
service_answer_to(struct service *service, const struct request *request,
	struct service_query *query, const struct service_reader *reader, struct arena *arena,
	struct service_answer *ret_answer)
{
	struct service_answer *answer = ret_answer;

	*answer = (struct service_answer){.text = {NULL, 0}};
	if (request_is_resolution(request)) {
		return resolve(service, request, query, reader, arena, answer);
	}
	answer->site = service->face->site.octets;
	return STATUS_OK;
}

enum status
service_answer(struct service *service, const struct request *request, struct service_query *query,
	struct arena *arena, struct service_answer *ret_answer)
{
	static const struct service_reader nobody = {NULL, NULL, false};

	return service_answer_to(service, request, query, &nobody, arena, ret_answer);
}

enum status
service_sign(struct service *service, struct signer_job *job)
{
	return service->face->signer == NULL ? STATUS_UNSUPPORTED
					     : signer_submit(service->face->signer, job);
}

enum crypto_key_kind
service_signer_kind(const struct service *service)
{
	return service->face->signer == NULL ? CRYPTO_KEY_RSA
					     : signer_key_kind(service->face->signer);
}

enum status
service_ledger_fault(const struct service *service, struct problem *problem)
{
	return ledger_fault(service->ledger, problem);
}
