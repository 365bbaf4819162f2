/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"

/* HOST, HOST:PORT, ADDR, ADDR:PORT or [ADDR]:PORT; 2641 without a port. False if there is no
 * such server. */
bool server_name_find(const char *name, struct address *ret_address);
