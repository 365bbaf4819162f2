/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "ledger/ledger.h"
#include "node/node_settings.h"

/*
 * A node: one directory with settings, keys, ledger and view, and the workers that serve it.
 *
 *     DIR/houji.yaml  DIR/site.json  DIR/keys/server.pem  DIR/ledger/  DIR/view/
 *
 *     status = node_open(directory, &node, &problem);
 *     status = node_start(node, &problem);       binds, starts the workers
 *     ... node_describe(node, text, size) ...
 *     node_reload(node, &problem);               on SIGHUP; a bad file changes nothing; what
 *                                                only a restart takes up is told as news
 *     node_stop(node);                           what is under way is answered first
 *     node_close(node);
 *
 * All of it is called from one thread, the program's.
 */
struct node;

enum { NODE_PATH_SIZE_MAX = 4096, NODE_TEXT_SIZE_MAX = 2048 };

enum status node_open(
	const char *directory, struct node **ret_node, struct problem *problem) MUST_CHECK;
/* Whether node_open() and node_start() would do, without changing anything: settings, keys, site
 * record, ledger, addresses, whom a mirror follows. Also beside the process that serves it. */
enum status node_check(const char *directory, struct problem *problem) MUST_CHECK;

/* Before node_start(): who is told, in one line, what an operator should know of what happens
 * later (a mirror and its primary). From any thread. */
typedef void node_news(void *context, const char *line);
void node_on_news(struct node *node, node_news *news, void *context);
enum status node_start(struct node *node, struct problem *problem) MUST_CHECK;
enum status node_reload(struct node *node, struct problem *problem) MUST_CHECK;
void node_stop(struct node *node);
enum status node_close(struct node *node, struct problem *problem);

/* One line: where it listens. */
void node_describe(const struct node *node, char *ret_text, size_t capacity);

struct node_counts {
	size_t workers;
	uint64_t prefixes;
	uint64_t entries; /* Of the ledger. */
};
struct node_counts node_counts(const struct node *node);
const struct settings *node_settings(const struct node *node);

/* DIR/NAME into `ret_path`; TOO_LARGE past NODE_PATH_SIZE_MAX. */
enum status node_path(const char *directory, const char *name, char ret_path[NODE_PATH_SIZE_MAX],
	struct problem *problem) MUST_CHECK;
