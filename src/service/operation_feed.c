/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service_private.h"

/*
 * Mirrors: the transaction log (1001) and a dump (1002). The answer says that a stream follows; it
 * follows on the same connection and belongs to the module replication (Handle.net 9, 19).
 */
bool
opcode_is_feed(uint32_t opcode)
{
	return opcode == OPCODE_RETRIEVE_TRANSACTION_LOG || opcode == OPCODE_DUMP_HANDLES;
}

static void
feed_refuse(struct operation *operation, enum status status)
{
	struct bytes text = {NULL, 0};

	if (status == STATUS_BUSY) {
		text = TEXT("too many mirrors are served");
	} else if (status == STATUS_UNSUPPORTED) {
		text = TEXT("this server cannot prove a stream to your protocol version");
	} else if (status == STATUS_INVALID) {
		/* In the words of the protocol, INVALID speaks of a handle. */
		status = STATUS_MALFORMED;
		text = TEXT("there is no such share of the handles");
	}
	operation_refuse(operation, status, text);
}

void
operation_feed(struct operation *operation)
{
	struct replication_source *mirrors = operation->service->mirrors;
	struct replication_order *order = arena_alloc(operation->arena, sizeof(*order));
	struct access_result result = {.status = STATUS_OK};
	struct response *response = &operation->response;
	enum status status = order == NULL ? STATUS_NO_MEMORY : STATUS_UNSUPPORTED;

	operation_settle(operation, &result);
	operation_response(operation, STATUS_OK, &(struct service_answer){.text = {NULL, 0}});
	if (order != NULL && mirrors != NULL) {
		status = replication_order_read(
			mirrors, &operation->request, response->message.envelope.version, order);
	}
	if (status != STATUS_OK) {
		feed_refuse(operation, status);
		return;
	}
	response->stream_flags = replication_order_flags(order);
	if (order->is_kept) {
		response->message.header.flags |= MESSAGE_FLAG_KEEP_ALIVE;
	}
	operation->feed = order;
	operation_seal(operation);
}

bool
operation_takes_stream(const struct operation *operation)
{
	return operation->feed != NULL;
}

enum status
operation_take_stream(struct operation *operation, struct loop_stream *stream)
{
	enum status status =
		replication_feed_start(operation->service->mirrors, stream, operation->feed);

	if (status == STATUS_OK) {
		monitor_add(operation->service->row, METRIC_MIRRORS_SERVED, 1);
	}
	return status;
}
