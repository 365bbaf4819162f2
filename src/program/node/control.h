/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "json/json_writer.h"

/*
 * Asks a node that runs, over the control socket in its folder (node/node_control.h), and prints
 * its answer: as it came, or as an outline. A problem says when no node runs there. What the node
 * could not do, and an answer that tells of nothing, is NOT_FOUND.
 */
enum status control_ask(const char *directory, struct bytes line, bool is_outline,
	struct problem *problem) MUST_CHECK;
