/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_run.h"

struct run {
	struct loop *loop;
	client_link_answered *answered;
	void *context;
	enum status status;
};

static void
run_answered(void *context, enum status status, const struct client_answer *answer)
{
	struct run *run = context;

	run->status = status;
	if (status == STATUS_OK) {
		run->answered(run->context, status, answer);
	}
	if (status != STATUS_OK || answer->is_last) {
		loop_stop(run->loop);
	}
}

enum status
client_run(struct loop *loop, struct client_link *link, const struct request *request,
	client_link_answered *answered, void *context)
{
	struct run run = {loop, answered, context, STATUS_CLOSED};
	enum status status = client_link_send(link, request, run_answered, &run);

	if (status == STATUS_OK) {
		status = loop_run(loop);
	}
	return status == STATUS_OK ? run.status : status;
}
