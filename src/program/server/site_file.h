/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "handle/handle_site.h"

/*
 * A site record from wherever a person may have it: a file (JSON as `houji site` and Handle.net
 * write it, or the octets of HS_SITE), the folder of a node, or a server that is asked for its own.
 *
 *     struct site_data site;
 *     status = site_find("192.0.2.1:2641", &site, &problem);
 *     ... site_octets(&site) is the data of an HS_SITE value ...
 */
enum { SITE_DATA_SIZE_MAX = 65536 };

struct site_data {
	uint8_t octets[SITE_DATA_SIZE_MAX];
	size_t size;
};

/* INVALID for what is no site record; a problem names the place. */
enum status site_file_read(
	const char *path, struct site_data *ret_site, struct problem *problem) MUST_CHECK;

/* The folder of a node, a file, or else HOST:PORT. */
enum status site_find(
	const char *place, struct site_data *ret_site, struct problem *problem) MUST_CHECK;

static inline struct bytes
site_octets(const struct site_data *site)
{
	return bytes_over(site->octets, site->size);
}
