/* SPDX-License-Identifier: Apache-2.0 */
#include "program/ledger/evidence_tool.h"

#include "base/text_writer.h"
#include "node/node.h"
#include "node/node_identity.h"

enum status
evidence_tool_key(const char *directory, struct crypto_key **ret_key, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	struct settings settings;
	enum status status = node_path(directory, "houji.yaml", path, problem);

	if (status == STATUS_OK) {
		status = settings_read(path, &settings, problem);
	}
	return status == STATUS_OK ? node_identity_key(directory, &settings, ret_key, problem)
				   : status;
}

const char *
evidence_tool_time(int64_t time_ms, char text[EVIDENCE_TIME_SIZE_MAX])
{
	struct text_writer writer = text_writer_over(text, EVIDENCE_TIME_SIZE_MAX);

	text_write_time(&writer, time_ms / 1000);
	text_write_char(&writer, '\0');
	return text_writer_end(&writer) == STATUS_OK ? text : "?";
}
