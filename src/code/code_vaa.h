/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "code/code_private.h"

/* A field behind its data identifier 15N and agency VAA: "088100" and what follows. */
void code_vaa_field(struct code_result *result, struct bytes field);
