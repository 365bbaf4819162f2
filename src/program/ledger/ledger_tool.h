/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger.h"

/* Opens DIR to be read. After a crash the view lags behind, and only a writer may bring it up
 * to date: then that is done first, as the next start of the node would have done. */
enum status ledger_tool_open(
	const char *directory, struct ledger **ret_ledger, struct problem *problem) MUST_CHECK;
