/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"

#include <stdbool.h>

/*
 * What houji export and houji import share: the form of the file (backup/backup_lines.h has
 * the seal), and what is a secret.
 */
enum { EXPORT_VERSION = 1 };

bool export_is_secret(const struct handle_value *value);

/* Makes `list` one without secrets; the values that stay are copied to `octets`, which holds as
 * many as the list. Returns how many were left out; with none the list stays as it is. */
uint32_t export_leave_out_secrets(struct handle_value_list *list, uint8_t *octets);

/* Reads the records of an export into the node in DIR: the command `houji import DIR FILE`. */
struct import_records_call {
	const char *directory;
	const char *path; /* "-": stdin. */
	bool is_dry_run, is_restarting, is_json, is_quiet;
	unsigned long errors_max;
};
int import_records(const struct import_records_call *call); /* Returns an enum exit_code. */
