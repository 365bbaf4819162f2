/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service.h"

#include <assert.h>
#include <stdlib.h>

struct service {
	struct authority *authority;
	const struct service_site *site;
};

struct service *
service_new(struct records *records, const struct service_site *site)
{
	struct service *service = calloc(1, sizeof(*service));

	if (service == NULL) {
		return NULL;
	}
	service->authority = authority_new(records);
	if (service->authority == NULL) {
		free(service);
		return NULL;
	}
	service_use(service, site);
	return service;
}

void
service_free(struct service *service)
{
	if (service != NULL) {
		authority_free(service->authority);
		free(service);
	}
}

void
service_use(struct service *service, const struct service_site *site)
{
	service->site = site;
	authority_set_share(service->authority, &site->share);
}

const struct service_site *
service_site(const struct service *service)
{
	return service->site;
}

void
service_enter(struct service *service)
{
	authority_enter(service->authority);
}

void
service_leave(struct service *service)
{
	authority_leave(service->authority);
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
	return true;
}

void
service_look_ahead(struct service *service, struct service_query *const *queries, size_t count)
{
	struct authority_query *resolutions[UDP_BATCH_MAX];

	assert(count <= UDP_BATCH_MAX);
	for (size_t i = 0; i < count; i++) {
		resolutions[i] = &queries[i]->resolution;
	}
	authority_look_ahead(service->authority, resolutions, count);
}

static enum status
resolve(struct service *service, const struct request *request, struct service_query *query,
	struct arena *arena, struct service_answer *answer)
{
	uint32_t flags = request->message.header.flags;
	struct authority_question question = {
		.resolution = &request->resolution,
		.is_public_only = (flags & MESSAGE_FLAG_PUBLIC_ONLY) != 0,
		.is_not_to_refer = (flags & MESSAGE_FLAG_DO_NOT_REFER) != 0,
	};
	struct authority_answer found;
	enum status status =
		authority_resolve(service->authority, &question, &query->resolution, arena, &found);

	answer->name = request->resolution.name;
	answer->values = found.values;
	answer->text = found.text;
	if (status == STATUS_UNAUTHENTICATED) {
		/* No identity can be proven to this node yet, so no challenge is sent. */
		answer->text = TEXT("reading restricted values is not supported yet");
		status = STATUS_UNSUPPORTED;
	}
	return status;
}

enum status
service_answer(struct service *service, const struct request *request, struct service_query *query,
	struct arena *arena, struct service_answer *ret_answer)
{
	struct service_answer *answer = ret_answer;

	*answer = (struct service_answer){{NULL, 0}, {NULL, 0}, {0, {NULL, 0}}, {NULL, 0}};
	if (request->message.envelope.session_id != 0) {
		answer->text = TEXT("Invalid session id or session time out. Please try again.");
		return STATUS_NO_SESSION;
	}
	if (request_is_resolution(request)) {
		return resolve(service, request, query, arena, answer);
	}
	if (request->message.header.opcode == OPCODE_GET_SITE_INFO) {
		answer->site = service->site->octets;
		return STATUS_OK;
	}
	answer->text = TEXT("operation not supported yet");
	return STATUS_UNSUPPORTED;
}
