/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/problem.h"
#include "message/message.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

/*
 * A whole message as one JSON object, and back to the same octets.
 *
 *     {"envelope":{"version":"2.11","suggested":"2.11",...,"message_size":57},
 *      "header":{"opcode":1,"operation":"RESOLUTION",...,"flags":["RECURSIVE"],...},
 *      "body":{"handle":"20.500.99999/DEMO","indexes":[],"types":[]},
 *      "credential":null}
 *
 * Members are named as the fields of struct envelope, header, request, response and
 * credential; values of handles have the form of handle/handle_json.h. What cannot be shown
 * that way is shown as hex, never left out, so that every run of octets comes back as it was:
 *
 *     name_hex        instead of `name`: text that is not UTF-8 or holds control characters
 *     body_hex        instead of `body`: an operation or a body that does not decode
 *     credential_hex  instead of `credential`, which is null when its size is 0 and "none" when
 *                     not even the size is there
 *     payload_hex     instead of all three: encrypted messages, fragments, lying sizes
 *     octets_hex      instead of everything: not even an envelope
 *
 * Reading is more lenient than writing, because people write messages too: an absent member is zero
 * or empty, versions are 2.11, the site serial is 65535, flags are RECURSIVE, CACHE_CERTIFY and
 * PUBLIC_ONLY as clients send them, the credential is null, `opcode` and `response_code` may be
 * names. body_size and (except with payload_hex) message_size are counted, not believed.
 * `operation`, `response`, `undecoded` and `about` inform; they are not read. Any other member is
 * an error.
 */

/* The members of one object that the caller has opened and closes. `octets` begins with the
 * envelope and holds one message (or what there is of it). Returns why something had to be
 * written as hex (UNSUPPORTED: encrypted, or an operation nobody knows), or OK. */
enum status message_write_json(struct json_writer *writer, struct bytes octets);

/* Writes envelope and message behind `writer`. `problem` says which member is wrong, and at
 * which octet of the JSON text. Takes less than MESSAGE_JSON_MEMORY_MAX of `arena`. */
enum { MESSAGE_JSON_MEMORY_MAX = 8 * JSON_TEXT_SIZE_MAX };
enum status message_read_json(struct json_reader *reader, struct arena *arena,
	struct wire_writer *writer, struct problem *problem) MUST_CHECK;
