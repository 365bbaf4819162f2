/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "lab/lab_topology.h"
#include "node/node_settings.h"
#include "program/terminal/options.h"

#include <sys/types.h>

/*
 * A whole hierarchy on one machine: real nodes, each a process of its own with a folder below
 * DIR, on addresses of loopback with the standard ports.
 *
 *     DIR/lab.yaml      the topology, as it was when the lab was made
 *     DIR/NAME/         the folder of a node; DIR/NAME.log is what it said last
 *     DIR/making        only while the lab is being made: what was broken off is made anew
 *
 * One key administers everything: that of the top node (DIR/TOP/client/admpriv.bin). All a lab
 * does, it does by the program's own commands, so whatever works here works with nodes apart.
 *
 *     lab_make.c      folders, records                lab_process.c   start, find, stop, run
 *     lab_connect.c   who delegates what to whom      lab_fault.c     cut and slow
 *     lab_status.c    what is there
 */
enum { LAB_PATH_SIZE_MAX = 4096, LAB_RECORD_FILE_COUNT_MAX = 16 };

struct lab {
	const struct command_manual *manual;
	const char *directory;
	const char *topology_path; /* NULL: DIR/lab.yaml must be there. */
	const char *records[LAB_RECORD_FILE_COUNT_MAX];
	size_t record_file_count;
	struct lab_topology *topology;
	bool is_quiet, is_json;
};

/* lab_process.c */

/* DIR/NAME/BELOW, or DIR/BELOW without a node. */
void lab_path(const struct lab *lab, const struct lab_node *node, const char *below,
	char ret_path[LAB_PATH_SIZE_MAX]);
/* Who holds the node's folder: 0 if nobody. */
pid_t lab_process_find(const struct lab *lab, const struct lab_node *node);
/* Runs the program with `arguments` (NULL ends them); what it says goes to `log`. */
pid_t lab_process_run(const char *const *arguments, const char *log);
/* Waits for it. FAILED with what it said last. */
enum status lab_process_wait(pid_t pid, const char *log, struct problem *problem) MUST_CHECK;
/* Starts those nodes that do not run, all at once, and waits until each listens. */
enum status lab_processes_start(
	const struct lab *lab, const bool *is_wanted, struct problem *problem) MUST_CHECK;
/* TERM, or KILL, and waits until they are gone. */
enum status lab_processes_stop(const struct lab *lab, const bool *is_wanted, int signal_number,
	struct problem *problem) MUST_CHECK;

/* lab_make.c */
/* Whatever is wrong with the records is told before the first node is made. */
enum status lab_make(const struct lab *lab, struct problem *problem) MUST_CHECK;
/* True if DIR holds a lab that was made to its end. */
bool lab_is_made(const struct lab *lab);
/* What the making ends with, once the nodes run. */
enum status lab_make_end(const struct lab *lab, struct problem *problem) MUST_CHECK;

/* lab_records.c: the records of each node, cut out of files for all of them, into DIR/NAME.ndjson. */
enum status lab_records_split(const struct lab *lab, struct problem *problem) MUST_CHECK;

/* lab_connect.c */

/* Each parent delegates to its connected children, over the protocol. */
enum status lab_connect_all(const struct lab *lab, struct problem *problem) MUST_CHECK;
/* What mirrors hold, before they run. */
enum status lab_mirrors_fill(const struct lab *lab, struct problem *problem) MUST_CHECK;

/* lab_fault.c */
int lab_cut(const struct lab *lab, const struct lab_node *one, const struct lab_node *other);
int lab_slow(const struct lab *lab, const struct lab_node *node, unsigned long delay_ms);
int lab_heal(const struct lab *lab, const struct lab_node *node);

/* What is rehearsed at a node. Nothing, if its settings cannot be read: status goes on. */
struct lab_faults {
	uint32_t delay_ms;
	uint32_t cut_count;
	char cut[SETTINGS_LIST_MAX][ADDRESS_TEXT_SIZE_MAX]; /* Names of nodes; else addresses. */
};
void lab_faults_find(
	const struct lab *lab, const struct lab_node *node, struct lab_faults *ret_faults);

/* lab_status.c */
int lab_status_print(const struct lab *lab);
