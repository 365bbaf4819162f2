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

/* It may be over by itself: a disk has room again. */
static void
evidence_look(struct node_health *health, const struct node_health_parts *parts)
{
	struct problem problem = {.text = ""};
	bool has_fault = ledger_evidence_fault(parts->ledger, &problem) != STATUS_OK;

	if (has_fault == health->has_evidence_fault) {
		return;
	}
	health->has_evidence_fault = has_fault;
	if (has_fault) {
		monitor_add(parts->row, METRIC_EVIDENCE_FAULT, 1);
		say(parts, "heads of the ledger are not signed any more: ", problem.text,
			"mend the cause, then: houji checkpoint ");
	} else {
		monitor_subtract(parts->row, METRIC_EVIDENCE_FAULT, 1);
		say(parts, "heads of the ledger are signed again", "",
			"see them with: houji verify ");
	}
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
	evidence_look(health, parts);
	if (!health->has_damage && monitor_read(parts->monitor, METRIC_RECORDS_DAMAGED) > 0) {
		health->has_damage = true;
		say(parts, "a record that was asked for cannot be read", "",
			"see what is damaged with: houji verify ");
	}
}
