/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <stddef.h>

static const struct {
	const char *name;
	const char *text;
} statuses[] = {
#define X(name, text) {#name, text},
	STATUS_TABLE(X)
#undef X
};

const char *
status_name(enum status status)
{
	size_t at = (size_t)status;

	return at < sizeof(statuses) / sizeof(statuses[0]) ? statuses[at].name : "?";
}

const char *
status_text(enum status status)
{
	size_t at = (size_t)status;

	return at < sizeof(statuses) / sizeof(statuses[0]) ? statuses[at].text : "?";
}
