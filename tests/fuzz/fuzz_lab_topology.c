/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "lab/lab_topology.h"

#include <string.h>

/* A topology is taken whole, and then makes sense, or refused with a place in it. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct lab_topology *topology = NULL;
	struct problem problem = {.text = ""};

	if (lab_topology_parse((const char *)octets, size, "lab.yaml", &topology, &problem) !=
		STATUS_OK) {
		FUZZ_CHECK(topology == NULL);
		FUZZ_CHECK(strncmp(problem.text, "lab.yaml:", 9) == 0);
		return 0;
	}
	FUZZ_CHECK(topology->node_count > 0 && topology->nodes[0].role == LAB_TOP);
	for (size_t i = 0; i < topology->node_count; i++) {
		const struct lab_node *node = &topology->nodes[i];

		FUZZ_CHECK(lab_topology_find(topology, node->name) == (int)i);
		FUZZ_CHECK(node->parent < (int)i && node->of < (int)i);
		FUZZ_CHECK(node->first_prefix + node->prefix_count + node->host_count <=
			topology->prefix_count);
	}
	lab_topology_free(topology);
	return 0;
}
