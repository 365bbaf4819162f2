/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The site record in a node's directory, as far as commands change it: whether the node is a
 * primary. The file is named by houji.yaml; NOT_FOUND when DIR holds no node but a ledger alone.
 */
enum status node_site_is_primary(
	const char *directory, bool *ret_is_primary, struct problem *problem) MUST_CHECK;
enum status node_site_serial(
	const char *directory, uint16_t *ret_serial, struct problem *problem) MUST_CHECK;

/* Replaces the file as a whole; the serial grows, and 65535 is followed by 1. */
enum status node_site_set_primary(
	const char *directory, bool is_primary, struct problem *problem) MUST_CHECK;
