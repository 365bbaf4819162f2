/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

#include <stdint.h>

/*
 * In which country an address is, by a database in MaxMind's format (GeoLite2-Country and those
 * with the same fields). The file is mapped; reading it changes nothing, so that all workers share
 * it.
 */
struct http_countries;

/* NOT_FOUND: there is no such file. */
enum status http_countries_open(const char *path, struct http_countries **ret_countries,
	struct problem *problem) MUST_CHECK;
void http_countries_close(struct http_countries *countries); /* NULL is fine. */

/* Two letters, or empty. */
struct bytes http_countries_find(const struct http_countries *countries, const uint8_t octets[16]);
