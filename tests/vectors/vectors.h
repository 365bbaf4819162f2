/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "vectors/vector.h"

#include <jansson.h>

/* Vectors for tests that walk fields with jansson themselves: see vector.h. */
