/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "code/code_private.h"

/* Checks `name`, a handle or a prefix, against the grammar of its root, and makes it the
 * candidate's normal form, in the scheme of handles. Also for other codes that stand for one. */
void code_handle_put(struct code_candidate *candidate, struct bytes name);
