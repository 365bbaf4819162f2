/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a lab is made of: the nodes of a whole hierarchy on one machine, read from a YAML file.
 *
 *     nodes:
 *       - name: top
 *         role: top                     # top secondary enterprise recursive mirror
 *         address: 127.88.0.1           # loopback; `port` 2641 unless given
 *         prefixes: [88]
 *       - name: s980
 *         role: secondary
 *         address: 127.88.1.1
 *         prefixes: [88.980, 88.999]
 *         hosts: [88.999.10009-10640]   # 托管: prefixes below that it answers for itself
 *         parent: top
 *         connected: false              # built, but its parent does not delegate to it yet
 *       - name: top-mirror
 *         role: mirror
 *         address: 127.88.0.2
 *         of: top
 *
 * The file says everything; nothing is guessed from names. Nodes stand in an order in which each
 * comes after its parent, or what it mirrors.
 */
enum lab_role {
	LAB_TOP, /* 国家顶级节点: the root of the lab. Exactly one. */
	LAB_SECONDARY, /* 二级节点 */
	LAB_ENTERPRISE, /* 企业节点 */
	LAB_RECURSIVE, /* 递归节点: holds nothing, asks the others. */
	LAB_MIRROR,
};

enum {
	LAB_NAME_SIZE_MAX = 32,
	LAB_ADDRESS_SIZE_MAX = 16,
	LAB_NONE = -1, /* Of parent and of: nobody. */
};

struct lab_node {
	char name[LAB_NAME_SIZE_MAX + 1]; /* Lower-case letters, digits and dashes. */
	enum lab_role role;
	char address[LAB_ADDRESS_SIZE_MAX]; /* IPv4 within 127.0.0.0/8, as written. */
	uint16_t port;
	uint16_t http_port; /* 0: no web face. */
	int parent, of; /* Numbers of nodes, or LAB_NONE. */
	bool is_connected;
	size_t first_prefix, prefix_count; /* In the topology's list: its own, ... */
	size_t host_count; /* ... followed by those that it hosts. */
};

struct lab_topology {
	struct lab_node nodes[LAB_NODE_COUNT_MAX];
	size_t node_count;
	char (*prefixes)[LAB_PREFIX_SIZE_MAX + 1]; /* Without 0.NA/. */
	size_t prefix_count;
};

/* INVALID names file, line and what is wrong; freed by lab_topology_free(). */
enum status lab_topology_read(
	const char *path, struct lab_topology **ret_topology, struct problem *problem) MUST_CHECK;
enum status lab_topology_parse(const char *text, size_t size, const char *name,
	struct lab_topology **ret_topology, struct problem *problem) MUST_CHECK;
void lab_topology_free(struct lab_topology *topology); /* NULL is fine. */

const char *lab_role_name(enum lab_role role);
/* LAB_NONE if there is no such node. */
int lab_topology_find(const struct lab_topology *topology, const char *name);
/* The node that answers for PREFIX/..., or LAB_NONE. */
int lab_topology_holder(const struct lab_topology *topology, const char *prefix, size_t size);
