/* SPDX-License-Identifier: Apache-2.0 */
#include "program/ledger/ledger_tool.h"

enum status
ledger_tool_open(const char *directory, struct ledger **ret_ledger, struct problem *problem)
{
	struct ledger *ledger;
	enum status status = ledger_open(directory, LEDGER_READ, ret_ledger, problem);

	if (status != STATUS_READ_ONLY && status != STATUS_NOT_FOUND) {
		return status;
	}
	status = ledger_open(directory, LEDGER_WRITE, &ledger, problem);
	if (status == STATUS_OK) {
		status = ledger_close(ledger, problem);
	}
	return status == STATUS_OK ? ledger_open(directory, LEDGER_READ, ret_ledger, problem)
				   : status;
}
