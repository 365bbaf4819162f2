/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"

/* What a request about a session keeps while its answer is signed. */
struct http_login;
void http_login_free(struct http_login *login); /* NULL is fine. */
