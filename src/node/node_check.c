/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node.h"

#include "node/node_face.h"
#include "node/node_mirror.h"

#include <unistd.h>

/* A ledger that is served is in order, or its node would not run. One whose view lags behind is
 * mended by the start. */
static enum status
ledger_check(const char *directory, bool *ret_is_served, struct problem *problem)
{
	struct ledger *ledger = NULL;
	enum status status = ledger_open(directory, LEDGER_READ, &ledger, problem);

	*ret_is_served = status == STATUS_IN_USE;
	if (status == STATUS_IN_USE || status == STATUS_READ_ONLY) {
		status = ledger_open(directory, LEDGER_LOOK, &ledger, problem);
	}
	return status == STATUS_OK ? ledger_close(ledger, problem) : status;
}

/* The sockets of a node that runs are its own. */
static enum status
addresses_check(const struct settings_addresses *list, bool is_served, struct problem *problem)
{
	enum status status = STATUS_OK;

	for (uint32_t i = 0; i < list->count && status == STATUS_OK; i++) {
		status = loop_address_check(&list->items[i], problem);
		if (status == STATUS_IN_USE && is_served) {
			status = STATUS_OK;
		}
	}
	return status;
}

/* A ledger is written as soon as it is served: by what the start leaves in order, too. */
static enum status
folder_check(const char *directory, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_path(directory, "lock", path, problem);

	if (status == STATUS_OK && access(directory, W_OK | X_OK) != 0) {
		status = problem_system(problem, "cannot open %s", path);
	}
	return status;
}

static enum status
face_check(const char *directory, const struct node_face *face, struct problem *problem)
{
	bool is_served = false;
	enum status status = folder_check(directory, problem);

	if (status == STATUS_OK) {
		status = ledger_check(directory, &is_served, problem);
	}
	if (status == STATUS_OK) {
		status = addresses_check(&face->settings.listen, is_served, problem);
	}
	if (status == STATUS_OK) {
		status = addresses_check(&face->settings.http, is_served, problem);
	}
	if (status == STATUS_OK) {
		status = addresses_check(
			&face->settings.http_client_certificates, is_served, problem);
	}
	return status == STATUS_OK
		? node_mirror_check(directory, &face->settings, &face->service.site, problem)
		: status;
}

enum status
node_check(const char *directory, struct problem *problem)
{
	struct node_face_parts parts = {.directory = directory, .worker_count = 1};
	struct node_face *face = NULL;
	enum status status = node_face_read(&parts, &face, problem);

	if (status == STATUS_OK) {
		status = face_check(directory, face, problem);
	}
	node_face_free(face);
	return status;
}
