/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

/*
 * True for addresses that somebody may be sent to (T-10): only http, https and ftp, with a host that
 * is a name of letters, digits, `-` and `_` with points between, or an address as it is written in
 * full (192.0.2.1, [2001:db8::1]), and a port: no user in front of it that could pass for the host,
 * no backslash, nothing that a browser would mend into another address, as it does 0x7f.1.
 *
 * Or with a name beyond ASCII that is one of IDNA as it stands (RFC 5891, 5): in normal form, in small
 * letters, without anything that would first be mapped, and with a port at the most. It is written as
 * its A-labels, `xn--...`, which is also what people are shown of it: letters that look like others do
 * not there.
 */
bool markup_url_is_safe(struct bytes url);
bool markup_url_is_plain(struct bytes url); /* Safe, and its host is ASCII. */

/* Where the host of a safe address begins and ends: with its port. */
struct bytes markup_url_host(struct bytes url);

/* The same as it is written into an address: the run itself, or in `room`. */
enum { MARKUP_HOST_SIZE_MAX = 264 }; /* A name of 253 octets, and a port. */
struct bytes markup_url_host_written(struct bytes url, char room[MARKUP_HOST_SIZE_MAX]);

/* Of a host as it is written: without its port, and without the point that may end a name. */
struct bytes markup_url_name(struct bytes host);
