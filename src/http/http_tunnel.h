/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"

/*
 * Handle messages in the bodies of POST (handle-protocol, 15): what the port of the Handle
 * protocol answers over TCP, this one answers to the same octets. Challenges and sessions belong
 * to the node and not to connections, so each message may come over a connection of its own.
 *
 *     POST /20.500.99999%2FDEMO HTTP/1.1
 *     Content-Type: application/x-hdl-message
 *     Accept: application/x-hdl-message
 *
 * The answer is 200 with envelope and message and a Content-Length. An answer in several messages
 * ends with its connection instead: native clients know no chunks.
 */

/* Both headers name messages; the path is then of no concern. */
bool http_tunnel_is_asked(const struct http_request *request);
void http_tunnel_answer(struct http_request *request);
