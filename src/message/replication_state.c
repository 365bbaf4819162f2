/* SPDX-License-Identifier: Apache-2.0 */
#include "message/replication_state.h"

#include "json/json_reader.h"

static uint64_t
number_read(struct json_reader *reader)
{
	int64_t number = json_read_i64(reader);

	return number < 0 ? 0 : (uint64_t)number;
}

static void
source_read(struct json_reader *reader, struct replication_source_state *state)
{
	struct bytes name;

	*state = (struct replication_source_state){.is_known = true};
	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		if (bytes_equal(name, TEXT("lastTxnId"))) {
			state->last_id = number_read(reader);
		} else if (bytes_equal(name, TEXT("lastTimestamp"))) {
			state->last_date = number_read(reader);
		} else {
			json_skip(reader);
		}
	}
}

static void
sources_read(
	struct json_reader *reader, struct bytes source, struct replication_source_state *state)
{
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		if (!state->is_known && (source.size == 0 || bytes_equal_fold(name, source))) {
			source_read(reader, state);
		} else {
			json_skip(reader);
		}
	}
}

enum status
replication_state_find(struct bytes text, struct bytes source, struct arena *arena,
	struct replication_source_state *ret_state)
{
	struct json_reader reader = json_reader_over(text, arena);
	struct replication_source_state state = {0};
	enum status status;
	struct bytes name;

	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		if (bytes_equal(name, TEXT("replicationServerStates"))) {
			sources_read(&reader, source, &state);
		} else {
			json_skip(&reader);
		}
	}
	status = json_reader_end(&reader);
	if (status == STATUS_OK) {
		*ret_state = state;
	}
	return status;
}
