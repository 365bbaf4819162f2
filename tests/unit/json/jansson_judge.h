/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

/*
 * A second opinion on JSON from jansson, which shares no line with our reader. It stands
 * apart because both call their kinds JSON_OBJECT and so on.
 */
enum jansson_verdict {
	JANSSON_TAKES,
	JANSSON_REFUSES,
	JANSSON_CANNOT_SAY, /* A number beyond double: JSON has no such limit. */
};

enum jansson_verdict jansson_judge(struct bytes text);

/* Both are JSON and say the same, in whatever order of members. */
bool jansson_equal(struct bytes one, struct bytes other);
