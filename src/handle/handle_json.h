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
 * base64) and falls back to the plainer one when data does not decode, or would not come
 * back as the same octets. Whatever was written is read back to the same octets.
 *
 * Reading takes members in any order, passes over those it does not know, and is as
 * liberal as Handle.net: "hex" and bare strings as data, formats in any case, no ttl
 * (86400), permissions or timestamp. Index, type and data must be there. Every digit of
 * the permissions means its bit (Handle.net never clears the first of four).
 *
 * What the form of Handle.net cannot say is said by a few members of our own, only where
 * needed: a type or handle that is no text is {"format":"base64","value":...}; permissions
 * beyond four bits are eight digits; a ttl of a kind beyond two has "ttlType" behind it;
 * rights beyond twelve bits have more digits.
 *
 * A writer that hides secrets (json_writer.h) gets {"format":"masked","value":""} for the data
 * of HS_SECKEY. That is never read back: reading refuses it and says why.
 *
 * Reading is sticky like its reader and stores into the reader's arena; strings without
 * escapes stay in the text. A failure is in the reader's status too, and a problem names
 * the octet and the member at fault.
 */
void handle_value_write_json(struct json_writer *writer, const struct handle_value *value);
void handle_value_list_write_json(struct json_writer *writer, const struct handle_value_list *list);
enum status handle_value_read_json(struct json_reader *reader, struct handle_value *ret_value,
	struct problem *problem) MUST_CHECK;

/* Keys of a site that have no JWK are base64. Old files are read too: members in any case,
 * "serverList" and "interfaceList", bare hex for a key, attributes as one object. */
void handle_site_write_json(struct json_writer *writer, const struct handle_site *site);
enum status handle_site_read_json(struct json_reader *reader, struct handle_site *ret_site,
	struct problem *problem) MUST_CHECK;

/* JWK members (RFC 7517) for RSA, DSA, Ed25519 (RFC 8037; a private one without "x", which
 * Handle encoding does not keep). Others fail the writer with UNSUPPORTED. */
void handle_key_write_json(struct json_writer *writer, const struct handle_key *key);
enum status handle_key_read_json(
	struct json_reader *reader, struct handle_key *ret_key, struct problem *problem) MUST_CHECK;

/* One record a line: {"handle":"...","values":[...]}. What is read is within the sizes and
 * counts of a record; whether it may be one, handle_value_list_check() says. */
void handle_record_write_json(
	struct json_writer *writer, struct bytes name, const struct handle_value_list *list);
enum status handle_record_read_json(struct json_reader *reader, struct bytes *ret_name,
	struct handle_value_list *ret_list, struct problem *problem) MUST_CHECK;
