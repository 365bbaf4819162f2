/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_worker.h"

#include <stdlib.h>

static void
task_answered(void *context, bool is_last)
{
	struct native_task *task = context;

	task->answered(task, is_last);
}

enum status
native_task_new(struct native *native, const struct exchange *exchange,
	struct operation_order *order, native_answered *answered, struct native_task **ret_task)
{
	struct native_task *task = calloc(1, sizeof(*task));
	enum status status;

	if (task == NULL) {
		return STATUS_NO_MEMORY;
	}
	task->native = native;
	task->answered = answered;
	task->is_kept_alive = order->is_kept_alive;
	order->envelope = exchange->request.message.envelope;
	order->message = exchange->octets;
	order->answered = task_answered;
	order->context = task;
	status = operation_new(native->service, order, &task->operation);
	if (status != STATUS_OK) {
		free(task);
		return status;
	}
	native->task_count++;
	*ret_task = task;
	return STATUS_OK;
}

void
native_task_free(struct native_task *task)
{
	task->native->task_count--;
	operation_free(task->operation);
	free(task);
}
