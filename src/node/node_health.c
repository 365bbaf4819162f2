/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_health.h"

#include "base/text_writer.h"
#include "ledger/ledger_evidence.h"

enum { LINE_SIZE = 1024 };

static void
say(const struct node_health_parts *parts, const char *what, const char *why, const char *advice)
{
	char line[LINE_SIZE];
	struct text_writer writer = text_writer_over(line, sizeof(line) - 1);

	if (parts->news == NULL) {
		return;
	}
	text_write_string(&writer, what);
	text_write_escaped(&writer, bytes_from_string(why));
	text_write_string(&writer, "; ");
	text_write_string(&writer, advice);
	text_write_string(&writer, parts->directory);
	line[text_written(&writer).size] = '\0';
	parts->news(parts->context, line);
}

void
node_health_look(struct node_health *health, const struct node_health_parts *parts)
{
	struct problem problem = {.text = ""};

	if (!health->has_ledger_fault && ledger_fault(parts->ledger, &problem) != STATUS_OK) {
		health->has_ledger_fault = true;
		say(parts, "writing has stopped, questions are answered as before: ", problem.text,
			"mend the cause, then start the node again: houji serve ");
	}
	if (!health->has_evidence_fault &&
		ledger_evidence_fault(parts->ledger, &problem) != STATUS_OK) {
		health->has_evidence_fault = true;
		say(parts, "heads of the ledger are not signed any more: ", problem.text,
			"mend the cause, then: houji checkpoint ");
	}
	if (!health->has_damage && monitor_read(parts->monitor, METRIC_RECORDS_DAMAGED) > 0) {
		health->has_damage = true;
		say(parts, "a record that was asked for cannot be read", "",
			"see what is damaged with: houji verify ");
	}
}
