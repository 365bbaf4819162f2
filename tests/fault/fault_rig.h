/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "fault_scenario.h"
#include "support/cmocka_all.h"

#include <stdbool.h>
#include <sys/types.h>

/* Directories, scenario processes and what must hold after them. */
enum { FAULT_PATH_SIZE = 256, FAULT_SAID_SIZE = 1 << 20 };

struct fault_run {
	int wait_status;
	char said[FAULT_SAID_SIZE]; /* Its stdout, with a NUL. */
	size_t said_size;
};

/* A new directory with an empty ledger of small segments in it. */
void fault_directory_make(const char *parent, char ret_path[FAULT_PATH_SIZE]);
void fault_directory_remove(const char *path);

/* Starts the scenario; `environment` are NAME=VALUE, ended by NULL. Returns the pipe. */
int fault_start(char *const arguments[], char *const environment[], pid_t *ret_pid);

/* Reads what it says until it ends. */
void fault_wait(int pipe, pid_t pid, struct fault_run *ret_run);
void fault_read(int pipe, struct fault_run *run); /* What is there now; does not block. */

/* The exit code, or fails the test if the process ended by a signal. */
int fault_exit_code(const struct fault_run *run, const char *what);
