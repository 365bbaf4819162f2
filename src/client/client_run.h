/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/client_link.h"

/*
 * One request and its answer for programs that have nothing else to do meanwhile: runs the
 * loop of the link until the answer is complete. `answered` is called for each part, with
 * OK only; the failures of client_link_answered are returned.
 */
enum status client_run(struct loop *loop, struct client_link *link, const struct request *request,
	client_link_answered *answered, void *context) MUST_CHECK;
