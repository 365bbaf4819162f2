/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger.h"
#include "service/service_private.h"

/*
 * Lists: handles and derived prefixes of a prefix, prefixes homed here (Handle.net 9, 4 and 5).
 *
 * A page is read on a helper thread and handed over; the next one is read when the owner asks
 * for it, because the last has left. So a reader that does not read costs one page, however
 * long the list.
 */
enum { PAGE_BLOCK_SIZE = 16384 };

static void
page_read(struct operation *operation)
{
	operation->status =
		authority_list_next(operation->list, operation->page_arena, &operation->page);
}

/* Before the first page: what was changed before the question shows in the list. */
static void
first_page_read(struct operation *operation)
{
	struct problem problem;

	operation->status = ledger_settle(operation->service->ledger, &problem);
	if (operation->status == STATUS_OK) {
		page_read(operation);
	}
}

static void
page_done(struct operation *operation)
{
	struct response *response = &operation->response;

	if (operation->status != STATUS_OK) {
		operation_refuse(operation, operation->status, (struct bytes){NULL, 0});
		return;
	}
	operation_response(operation, STATUS_OK, &(struct service_answer){.text = {NULL, 0}});
	response->names.count = operation->page.count;
	response->names.blobs = operation->page.blobs;
	if (!operation->page.is_last) {
		response->message.header.flags |= MESSAGE_FLAG_CONTINUOUS;
	}
	operation_seal(operation);
}

void
operation_list(struct operation *operation)
{
	struct access_result result = {.status = STATUS_OK};
	enum status status = authority_list_new(
		ledger_records(operation->service->ledger), &operation->request, &operation->list);

	operation_settle(operation, &result);
	if (status == STATUS_OK) {
		operation->page_arena = arena_new(PAGE_BLOCK_SIZE, REQUEST_MEMORY_MAX);
		status = operation->page_arena == NULL
			? STATUS_NO_MEMORY
			: operation_run(operation, first_page_read, page_done);
	}
	if (status != STATUS_OK) {
		operation_refuse(operation, status, (struct bytes){NULL, 0});
	}
}

void
operation_list_go_on(struct operation *operation)
{
	enum status status;

	arena_reset(operation->page_arena);
	status = operation_run(operation, page_read, page_done);
	if (status != STATUS_OK) {
		operation_refuse(operation, status, (struct bytes){NULL, 0});
	}
}
