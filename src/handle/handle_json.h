/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/problem.h"
#include "handle/handle_admin.h"
#include "handle/handle_key.h"
#include "handle/handle_site.h"
#include "handle/handle_value.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

/*
 * Values in the JSON form of the HTTP interface:
 *
 *     {"index":1,"type":"URL","data":{"format":"string","value":"https://..."},
 *      "permissions":"1110","ttl":86400,"timestamp":"2023-11-14T22:13:20Z"}
 *
 * Writing chooses the format by type and content (admin, vlist, site, key, string,
 * base64) and falls back to the plainer one when data does not decode. Reading takes all
 * those and "hex", bare strings, and absent ttl, permissions and timestamp. Whatever was
 * written is read back to the same octets.
 *
 * Reading stores into `arena`; a problem names the member at fault.
 */
void handle_value_write_json(struct json_writer *writer, const struct handle_value *value);
enum status handle_value_read_json(struct json_reader *reader, struct arena *arena,
	struct handle_value *ret_value, struct problem *problem) MUST_CHECK;

void handle_site_write_json(struct json_writer *writer, const struct handle_site *site);
enum status handle_site_read_json(struct json_reader *reader, struct arena *arena,
	struct handle_site *ret_site, struct problem *problem) MUST_CHECK;

/* JWK members (RFC 7517) for RSA, DSA, Ed25519 (RFC 8037). */
void handle_key_write_json(struct json_writer *writer, const struct handle_key *key);
enum status handle_key_read_json(struct json_reader *reader, struct arena *arena,
	struct handle_key *ret_key, struct problem *problem) MUST_CHECK;

/* One record a line: {"handle":"...","values":[...]}. `ret_list` is in `arena`. */
void handle_record_write_json(
	struct json_writer *writer, struct bytes name, const struct handle_value_list *list);
enum status handle_record_read_json(struct json_reader *reader, struct arena *arena,
	struct bytes *ret_name, struct handle_value_list *ret_list,
	struct problem *problem) MUST_CHECK;
