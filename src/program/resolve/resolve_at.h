/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>

/*
 * houji resolve HANDLE --dir DIR [--at WHEN]: the record as it was, read from the ledger in DIR
 * without asking a server; also beside the node that serves it. `when` NULL is now. Returns an
 * exit code.
 */
int resolve_at(const char *directory, struct bytes handle, const char *when, bool is_json);
