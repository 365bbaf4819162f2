/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "service/service_private.h"

/*
 * A child asks to be delegated a prefix (docking/docking.h). Anybody may ask, if the node takes such
 * requests at all: nothing is changed by it, room is bounded, and the operator decides. The
 * signature is verified, and the file written, on a helper thread.
 */
static void
request_keep(struct operation *operation)
{
	operation->status = docking_read(operation->request.values.name,
		&operation->request.values.values, &operation->docking);
	if (operation->status == STATUS_OK) {
		operation->status = docking_queue_put(operation->face->docking_directory,
			&operation->docking, operation->order.source, clock_wall_ms(), NULL);
	}
}

static void
request_kept(struct operation *operation)
{
	struct bytes text = {NULL, 0};

	if (operation->status == STATUS_INVALID) {
		text = TEXT("not a request to dock: a site, its key and a signature are wanted");
	} else if (operation->status == STATUS_DENIED) {
		text = TEXT("not signed by the key of the site it names");
	} else if (operation->status == STATUS_BUSY) {
		text = TEXT("too many requests wait for the operator");
	}
	if (operation->status == STATUS_OK) {
		monitor_add(operation->service->row, METRIC_DOCKING_REQUESTS, 1);
		operation_respond(
			operation, STATUS_OK, &(struct service_answer){.text = {NULL, 0}});
	} else {
		operation_refuse(operation, operation->status, text);
	}
}

void
operation_dock(struct operation *operation)
{
	struct bytes prefix = operation->request.values.name;
	enum status status;

	if (operation->face->docking_directory == NULL) {
		operation_refuse(operation, STATUS_DENIED,
			TEXT("this node takes no requests to dock: ask its operator"));
		return;
	}
	status = handle_name_is_prefix_handle(prefix) &&
			authority_holds(operation->service->authority, prefix)
		? STATUS_OK
		: STATUS_NOT_RESPONSIBLE;
	if (status == STATUS_OK) {
		status = operation_run(operation, request_keep, request_kept);
	}
	if (status != STATUS_OK) {
		operation_refuse(operation, status, (struct bytes){NULL, 0});
	}
}
