/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"

#include <stdio.h>

/*
 * Values for people, on standard output, safe for a terminal: index, type, time to live,
 * permissions, data. Text is written as it is, structured types as JSON, the rest as base64.
 */
void value_print(const struct handle_value *value); /* One line, without its end. */
void value_print_list(const struct handle_value_list *list);
void value_print_escaped(struct bytes run);
void value_print_escaped_to(FILE *file, struct bytes run);

/* Secret keys are shown to nobody, not even to who may read the file they are in. */
bool value_is_secret(const struct handle_value *value);
/* The value, with other data if it is secret: what may be written as JSON. */
struct handle_value value_veiled(const struct handle_value *value);
