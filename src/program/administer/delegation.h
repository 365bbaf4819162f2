/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "program/administer/administer.h"
#include "program/server/site_file.h"

/*
 * Who answers for a prefix, as the node above it says: values of the prefix's 0.NA record.
 *
 *     HS_SITE         the site with the handles PREFIX/...           (handle protocol, 18.2, 20)
 *     HS_SITE.PREFIX  the site with the prefixes below, PREFIX.N
 *
 * A record that is there keeps everything else it has; one that is not is made, administered by who
 * makes it, and by the child's key if it is given: so the child may change its own sites later.
 * What is already as it shall be is not touched. New values are there before old ones go, so that
 * nobody asks in between and finds no site.
 */
enum { DELEGATION_SITE_COUNT_MAX = 8 };

struct delegation {
	struct bytes prefix; /* 0.NA/PREFIX. */
	struct bytes sites[DELEGATION_SITE_COUNT_MAX]; /* Data of HS_SITE; none: undelegate. */
	size_t site_count;
	bool has_derived; /* The sites answer for the prefixes below, too. */
	struct bytes key; /* Of the child's administrator, as HS_PUBKEY has it; or empty. */
};

/* Asks the server of `administer`, which is open; tells on stdout and stderr as commands do. */
int delegation_carry_out(struct administer *administer, const struct delegation *delegation);
