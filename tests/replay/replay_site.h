/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "replay/replay.h"
#include "wire/wire_writer.h"

/*
 * Site records of scripts, behind the word `site`:
 *
 *     ADDRESS[,ADDRESS]... [serial N] [version MINOR] [hash prefix|suffix|all] [key NAME]
 *     [udp|tcp|web] [tcp_port PORT] [http PORT] [https PORT] [mirror] [other ADDRESS]
 *     [attribute NAME VALUE]...
 *
 * A server at each address, with UDP and TCP at the same port unless said otherwise; `web`: neither.
 */
void replay_site_write(struct words *words, struct wire_writer *writer);
