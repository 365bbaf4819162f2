/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger_head.h"

/* The node's private key, as DIR/houji.yaml names it. The caller frees it. */
enum status evidence_tool_key(
	const char *directory, struct crypto_key **ret_key, struct problem *problem) MUST_CHECK;

/* "2026-11-27T08:00:00Z" for a head or an entry; "?" beyond the years of text_write_time(). */
enum { EVIDENCE_TIME_SIZE_MAX = 32 };
const char *evidence_tool_time(int64_t time_ms, char text[EVIDENCE_TIME_SIZE_MAX]);
