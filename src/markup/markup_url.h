/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

/*
 * True for addresses that somebody may be sent to (T-10): only http, https and ftp, with a host of
 * letters, digits, `.`, `-`, `_`, `:`, `[` and `]`: no user in front of it that could pass for the
 * host, no backslash, nothing that a browser would mend into another address.
 */
bool markup_url_is_safe(struct bytes url);

/* Where the host of a safe address begins and ends: with its port. */
struct bytes markup_url_host(struct bytes url);
