/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"
#include "json/json_writer.h"

/*
 * The JSON of nearly every value, written in one go: words of printable ASCII that need no escape,
 * the permissions that a value has by default, a time to live in seconds, no references; and, in
 * the same case, an administrator. Every answer over HTTP has some.
 *
 * The octets are those that handle_value_write_json() writes field by field. False, with nothing
 * written: this is another value, or the text is to be pretty, or there is no room.
 */
bool handle_json_write_plain(struct json_writer *writer, const struct handle_value *value);
