/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/lab_topology.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOP "nodes:\n- {name: top, role: top, address: 127.88.0.1, prefixes: [88]}\n"

static struct problem problem;

static enum status
parse(const char *text, struct lab_topology **ret_topology)
{
	problem.text[0] = '\0';
	return lab_topology_parse(text, strlen(text), "lab.yaml", ret_topology, &problem);
}

static void
refused(const char *text, const char *line, const char *why)
{
	struct lab_topology *topology = NULL;

	if (parse(text, &topology) == STATUS_OK) {
		lab_topology_free(topology);
		fail_msg("taken: %s", text);
	}
	if (strncmp(problem.text, line, strlen(line)) != 0 || strstr(problem.text, why) == NULL) {
		fail_msg("said '%s', wanted '%s ... %s'", problem.text, line, why);
	}
	assert_null(topology);
}

static void
a_hierarchy_is_read_as_it_is_written(void **state)
{
	struct lab_topology *topology;
	const struct lab_node *node;

	(void)state;
	assert_int_equal(parse(TOP "- name: s980\n"
				   "  hosts: [88.980.7-9, 88.980.42]\n"
				   "  role: secondary\n"
				   "  address: 127.88.1.0\n"
				   "  port: 3641\n"
				   "  http: 8000\n"
				   "  parent: top\n"
				   "  connected: false\n"
				   "  prefixes: [88.980, 88.999]\n"
				   "- {name: m, role: mirror, address: 127.88.0.2, of: s980}\n"
				   "- {name: r, role: recursive, address: 127.88.0.53}\n",
				 &topology),
		STATUS_OK);
	assert_int_equal(topology->node_count, 4);
	node = &topology->nodes[1];
	assert_string_equal(node->name, "s980");
	assert_int_equal(node->role, LAB_SECONDARY);
	assert_string_equal(node->address, "127.88.1.0");
	assert_int_equal(node->port, 3641);
	assert_int_equal(node->http_port, 8000);
	assert_int_equal(node->parent, 0);
	assert_int_equal(node->of, LAB_NONE);
	assert_false(node->is_connected);
	assert_int_equal(node->prefix_count, 2);
	assert_int_equal(node->host_count, 4);
	assert_string_equal(topology->prefixes[node->first_prefix], "88.980");
	assert_string_equal(topology->prefixes[node->first_prefix + 4], "88.980.9");
	assert_string_equal(topology->prefixes[node->first_prefix + 5], "88.980.42");
	assert_int_equal(topology->nodes[0].port, 2641);
	assert_true(topology->nodes[0].is_connected);
	assert_int_equal(topology->nodes[2].of, 1);
	assert_int_equal(lab_topology_holder(topology, "88.980.8", 8), 1);
	assert_int_equal(lab_topology_holder(topology, "88", 2), 0);
	assert_int_equal(lab_topology_holder(topology, "88.980.80", 9), LAB_NONE);
	assert_int_equal(lab_topology_find(topology, "r"), 3);
	assert_int_equal(lab_topology_find(topology, "nobody"), LAB_NONE);
	lab_topology_free(topology);
}

static void
what_is_wrong_is_told_with_its_line(void **state)
{
	(void)state;
	refused("", "lab.yaml:", "nodes");
	refused("nodes: 7\n", "lab.yaml:1:", "list");
	refused("nodes: []\n", "lab.yaml:1:", "top node");
	refused("nodes: [\n", "lab.yaml:2:", "not YAML");
	refused("knots: []\n", "lab.yaml:1:", "only `nodes:`");
	refused(TOP "nodes: []\n", "lab.yaml:3:", "once");
	refused(TOP "- 7\n", "lab.yaml:3:", "members");
	refused(TOP "- {name: Top, role: top}\n", "lab.yaml:3:", "letters");
	refused(TOP "- {name: -x}\n", "lab.yaml:3:", "letters");
	refused(TOP "- {name: a, colour: red}\n", "lab.yaml:3:", "no member 'colour'");
	refused(TOP "- {name: a, role: king}\n", "lab.yaml:3:", "a role is");
	refused(TOP "- {name: a, address: 10.0.0.1}\n", "lab.yaml:3:", "loopback");
	refused(TOP "- {name: a, address: '127.88.1.256'}\n", "lab.yaml:3:", "loopback");
	refused(TOP "- {name: a, port: 0}\n", "lab.yaml:3:", "a port from 1");
	refused(TOP "- {name: a, port: 65536}\n", "lab.yaml:3:", "a port from 1");
	refused(TOP "- {name: a, port: -1}\n", "lab.yaml:3:", "a port from 1");
	refused(TOP "- {name: a, connected: maybe}\n", "lab.yaml:3:", "true or false");
	refused(TOP "- {name: a, parent: b}\n", "lab.yaml:3:", "no node 'b'");
	refused(TOP "- {name: top, role: top}\n", "lab.yaml:3:", "two nodes are called top");
}

static void
a_role_has_what_it_needs_and_nothing_else(void **state)
{
	(void)state;
	refused(TOP "- {name: t2, role: top, address: 127.88.0.2, prefixes: [86]}\n",
		"lab.yaml:3:", "two top nodes");
	refused(TOP "- {name: s, role: secondary, address: 127.88.0.2, prefixes: [88.1]}\n",
		"lab.yaml:3:", "no parent");
	refused(TOP "- {name: s, role: secondary, address: 127.88.0.2, parent: top}\n",
		"lab.yaml:3:", "no prefixes");
	refused(TOP "- {name: r, role: recursive, address: 127.88.0.2, parent: top}\n",
		"lab.yaml:3:", "has no parent");
	refused(TOP "- {name: r, role: recursive, address: 127.88.0.2, prefixes: [88.1]}\n",
		"lab.yaml:3:", "only top, secondary");
	refused(TOP "- {name: m, role: mirror, address: 127.88.0.2}\n", "lab.yaml:3:", "`of`");
	refused(TOP "- {name: r, role: recursive, address: 127.88.0.2, of: top}\n",
		"lab.yaml:3:", "`of`");
	refused(TOP "- {name: r, role: recursive, address: 127.88.0.1}\n",
		"lab.yaml:3:", "same address");
	refused(TOP "- {name: r, role: recursive}\n", "lab.yaml:3:", "an address");
	refused("nodes:\n- {name: r, role: recursive, address: 127.88.0.2}\n",
		"lab.yaml:2:", "first node is the top node");
}

static void
prefixes_are_checked_one_by_one(void **state)
{
	static const char *const wrong[] = {"''", "88..1", ".88", "'88.'", "88.a", "'88/1'",
		"88.x-9", "88-9", "88.1-", "88.1-2-3", "88.100000000-100000001",
		"88.1234567890123456789012345678901234567890123456789012345678901.2"};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text),
			TOP "- {name: s, role: secondary, address: 127.88.0.2, parent: top,\n"
			    "   prefixes: [%s]}\n",
			wrong[i]);
		refused(text, "lab.yaml:4:", "is no");
	}
	refused(TOP "- {name: s, role: secondary, address: 127.88.0.2, parent: top, prefixes: "
		    "[88.5-4]}\n",
		"lab.yaml:3:", "ends before it begins");
	refused(TOP
		"- {name: s, role: secondary, address: 127.88.0.2, parent: top, prefixes: [88]}\n",
		"lab.yaml:3:", "given twice");
	refused(TOP
		"- {name: s, role: secondary, address: 127.88.0.2, parent: top, prefixes: 88.1}\n",
		"lab.yaml:3:", "a list of prefixes");
}

static void
prefixes_and_nodes_end_at_their_limits(void **state)
{
	struct lab_topology *topology;
	char text[256];
	enum { SIZE = LAB_NODE_COUNT_MAX * 128 + 256 };
	char *many = malloc(SIZE);
	size_t size;

	(void)state;
	snprintf(text, sizeof(text),
		TOP "- {name: s, role: secondary, address: 127.88.0.2, parent: top,\n"
		    "   prefixes: [88.1-%d]}\n",
		LAB_PREFIX_COUNT_MAX - 1);
	assert_int_equal(parse(text, &topology), STATUS_OK);
	assert_int_equal(topology->prefix_count, LAB_PREFIX_COUNT_MAX);
	lab_topology_free(topology);
	snprintf(text, sizeof(text),
		TOP "- {name: s, role: secondary, address: 127.88.0.2, parent: top,\n"
		    "   prefixes: [88.1-%d]}\n",
		LAB_PREFIX_COUNT_MAX);
	refused(text, "lab.yaml:4:", "more than 4096 prefixes");

	size = (size_t)snprintf(many, SIZE, TOP);
	for (int i = 1; i < LAB_NODE_COUNT_MAX; i++) {
		size += (size_t)snprintf(many + size, SIZE - size,
			"- {name: r%d, role: recursive, address: 127.88.%d.%d}\n", i, 1 + i / 250,
			i % 250);
	}
	assert_int_equal(parse(many, &topology), STATUS_OK);
	assert_int_equal(topology->node_count, LAB_NODE_COUNT_MAX);
	lab_topology_free(topology);
	snprintf(
		many + size, SIZE - size, "- {name: last, role: recursive, address: 127.88.9.1}\n");
	refused(many, "lab.yaml:258:", "more than 256 nodes");
	free(many);
}

static void
names_and_ranges_end_at_their_limits(void **state)
{
	static const struct {
		const char *range;
		bool is_good;
	} ranges[] = {{"88.99999998-99999999", true}, {"88.100000000-100000001", false},
		{"88.99999999-100000000", false}, {"88.099999999-99999999", false}};
	struct lab_topology *topology;
	char text[512], word[LAB_PREFIX_SIZE_MAX + 2];

	(void)state;
	memset(word, '8', sizeof(word));
	for (size_t size = LAB_PREFIX_SIZE_MAX - 1; size <= LAB_PREFIX_SIZE_MAX + 1; size++) {
		snprintf(text, sizeof(text),
			TOP "- {name: s, role: secondary, address: 127.88.0.2, parent: top,\n"
			    "   prefixes: ['%.*s']}\n",
			(int)size, word);
		if (size > LAB_PREFIX_SIZE_MAX) {
			refused(text, "lab.yaml:4:", "is no prefix");
			continue;
		}
		assert_int_equal(parse(text, &topology), STATUS_OK);
		assert_int_equal(lab_topology_holder(topology, word, size), 1);
		lab_topology_free(topology);
	}
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		snprintf(text, sizeof(text),
			TOP "- {name: s, role: secondary, address: 127.88.0.2, parent: top,\n"
			    "   prefixes: [%s]}\n",
			ranges[i].range);
		if (!ranges[i].is_good) {
			refused(text, "lab.yaml:4:", "is no range");
			continue;
		}
		assert_int_equal(parse(text, &topology), STATUS_OK);
		assert_int_equal(lab_topology_holder(topology, "88.99999999", 11), 1);
		lab_topology_free(topology);
	}
	memset(word, 'a', sizeof(word));
	for (int size = LAB_NAME_SIZE_MAX - 1; size <= LAB_NAME_SIZE_MAX + 1; size++) {
		snprintf(text, sizeof(text),
			TOP "- {name: %.*s, role: recursive, address: 127.100.100.100}\n", size,
			word);
		if (size > LAB_NAME_SIZE_MAX) {
			refused(text, "lab.yaml:3:", "at most 32");
			continue;
		}
		assert_int_equal(parse(text, &topology), STATUS_OK);
		assert_int_equal(strlen(topology->nodes[1].name), size);
		assert_string_equal(topology->nodes[1].address, "127.100.100.100");
		lab_topology_free(topology);
	}
}

/* A comment up to the limit, behind a good topology. */
static void
a_file_is_read_up_to_its_limit(void **state)
{
	enum { FILE_SIZE_MAX = 1048576 };
	char path[] = "/tmp/houji-topology-XXXXXX";
	char *text = malloc(FILE_SIZE_MAX + 1);
	int fd = mkstemp(path);

	(void)state;
	assert_true(text != NULL && fd >= 0);
	memset(text, '#', FILE_SIZE_MAX + 1);
	memcpy(text, TOP, strlen(TOP));
	for (size_t size = FILE_SIZE_MAX - 1; size <= FILE_SIZE_MAX + 1; size++) {
		struct lab_topology *topology = NULL;

		assert_int_equal(pwrite(fd, text, size, 0), size);
		problem.text[0] = '\0';
		assert_int_equal(lab_topology_read(path, &topology, &problem),
			size <= FILE_SIZE_MAX ? STATUS_OK : STATUS_TOO_LARGE);
		assert_int_equal(topology != NULL, size <= FILE_SIZE_MAX);
		lab_topology_free(topology);
	}
	close(fd);
	unlink(path);
	free(text);
	assert_int_not_equal(
		lab_topology_read(path, &(struct lab_topology *){NULL}, &problem), STATUS_OK);
	assert_non_null(strstr(problem.text, path));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hierarchy_is_read_as_it_is_written),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(a_role_has_what_it_needs_and_nothing_else),
		cmocka_unit_test(prefixes_are_checked_one_by_one),
		cmocka_unit_test(prefixes_and_nodes_end_at_their_limits),
		cmocka_unit_test(names_and_ranges_end_at_their_limits),
		cmocka_unit_test(a_file_is_read_up_to_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
