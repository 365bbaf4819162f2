/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/lab_topology.h"

#include "base/file.h"
#include "base/text_writer.h"
#include "handle/handle_site.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { FILE_SIZE_MAX = 1048576 };

static const char *const role_names[] = {"top", "secondary", "enterprise", "recursive", "mirror"};
enum { ROLE_COUNT = sizeof(role_names) / sizeof(role_names[0]) };

/* One reading. Faults name the line of the YAML node that is at fault. */
struct reading {
	const char *name;
	yaml_document_t *document;
	struct lab_topology *topology;
	struct problem *problem;
};

/* Puts file and line in front of what was just said. */
static enum status
at_line(struct reading *reading, const yaml_node_t *at, enum status status)
{
	struct problem why;

	if (reading->problem != NULL) {
		why = *reading->problem;
		problem_set(reading->problem, status, "%s:%zu: %.900s", reading->name,
			at->start_mark.line + 1, why.text);
	}
	return status;
}

#define fail(reading, at, ...) \
	at_line(reading, at, problem_set((reading)->problem, STATUS_INVALID, __VA_ARGS__))

static const char *
scalar(const yaml_node_t *node)
{
	bool is_whole = node->type == YAML_SCALAR_NODE &&
		strlen((const char *)node->data.scalar.value) == node->data.scalar.length;

	return is_whole ? (const char *)node->data.scalar.value : NULL;
}

static bool
name_is_good(const char *text)
{
	size_t size = strlen(text);

	return size > 0 && size <= LAB_NAME_SIZE_MAX && text[0] != '-' &&
		strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

static bool
prefix_is_good(const char *text)
{
	size_t size = strlen(text);

	return size > 0 && size <= LAB_PREFIX_SIZE_MAX && text[0] != '.' && text[size - 1] != '.' &&
		strstr(text, "..") == NULL && strspn(text, "0123456789.") == size;
}

static enum status
prefix_add(struct reading *reading, const yaml_node_t *at, const char *prefix)
{
	struct lab_topology *topology = reading->topology;

	if (!prefix_is_good(prefix)) {
		return fail(reading, at, "'%.80s' is no prefix like 88.980", prefix);
	}
	if (lab_topology_holder(topology, prefix, strlen(prefix)) != LAB_NONE) {
		return fail(reading, at, "prefix %s is given twice", prefix);
	}
	if (topology->prefix_count == LAB_PREFIX_COUNT_MAX) {
		return fail(reading, at, "more than %d prefixes", LAB_PREFIX_COUNT_MAX);
	}
	memcpy(topology->prefixes[topology->prefix_count++], prefix, strlen(prefix) + 1);
	return STATUS_OK;
}

/* 88.999.10009-10640: the last part counts up. */
static enum status
range_add(struct reading *reading, const yaml_node_t *at, const char *text)
{
	const char *dash = strchr(text, '-');
	const char *dot = strrchr(text, '.');
	char prefix[2 * LAB_PREFIX_SIZE_MAX];
	unsigned long from, to;
	enum status status = STATUS_OK;

	if (dash == NULL) {
		return prefix_add(reading, at, text);
	}
	if (dot == NULL || dot > dash || dot - text > LAB_PREFIX_SIZE_MAX ||
		strspn(dot + 1, "0123456789") != (size_t)(dash - dot - 1) ||
		strspn(dash + 1, "0123456789") != strlen(dash + 1) || dash - dot > 9 ||
		dash[1] == '\0' || strlen(dash + 1) > 8) {
		return fail(reading, at, "'%.80s' is no range like 88.999.10009-10640", text);
	}
	from = strtoul(dot + 1, NULL, 10);
	to = strtoul(dash + 1, NULL, 10);
	if (to < from) {
		return fail(reading, at, "'%.80s': the range ends before it begins", text);
	}
	for (unsigned long i = from; i <= to && status == STATUS_OK; i++) {
		struct text_writer writer = text_writer_over(prefix, sizeof(prefix) - 1);

		text_write(&writer, bytes_over(text, (size_t)(dot - text) + 1));
		text_write_u64(&writer, i);
		prefix[text_written(&writer).size] = '\0';
		status = prefix_add(reading, at, prefix);
	}
	return status;
}

static enum status
prefixes_read(struct reading *reading, const yaml_node_t *list, size_t *ret_count)
{
	size_t before = reading->topology->prefix_count;

	if (list->type != YAML_SEQUENCE_NODE) {
		return fail(reading, list, "a list of prefixes is wanted, like [88.980]");
	}
	for (const yaml_node_item_t *item = list->data.sequence.items.start;
		item < list->data.sequence.items.top; item++) {
		const yaml_node_t *node = yaml_document_get_node(reading->document, *item);
		const char *text = scalar(node);
		enum status status = text == NULL ? fail(reading, node, "a prefix is wanted")
						  : range_add(reading, node, text);

		if (status != STATUS_OK) {
			return status;
		}
	}
	*ret_count = reading->topology->prefix_count - before;
	return STATUS_OK;
}

static enum status
port_read(struct reading *reading, const yaml_node_t *at, uint16_t *ret_port)
{
	const char *text = scalar(at);
	unsigned long port = text == NULL ? 0 : strtoul(text, NULL, 10);

	if (text == NULL || strspn(text, "0123456789") != strlen(text) || port == 0 ||
		port > UINT16_MAX) {
		return fail(reading, at, "a port from 1 to 65535 is wanted");
	}
	*ret_port = (uint16_t)port;
	return STATUS_OK;
}

static enum status
address_read(struct reading *reading, const yaml_node_t *at, struct lab_node *node)
{
	const char *text = scalar(at);
	struct in_addr address;

	if (text == NULL || inet_pton(AF_INET, text, &address) != 1 ||
		ntohl(address.s_addr) >> 24 != 127) {
		return fail(reading, at, "an address of loopback is wanted, like 127.88.0.1");
	}
	memcpy(node->address, text, strlen(text) + 1);
	return STATUS_OK;
}

static enum status
role_read(struct reading *reading, const yaml_node_t *at, struct lab_node *node)
{
	const char *text = scalar(at);

	for (size_t i = 0; text != NULL && i < ROLE_COUNT; i++) {
		if (strcmp(text, role_names[i]) == 0) {
			node->role = (enum lab_role)i;
			return STATUS_OK;
		}
	}
	return fail(reading, at, "a role is top, secondary, enterprise, recursive or mirror");
}

static enum status
other_read(struct reading *reading, const yaml_node_t *at, int *ret_number)
{
	const char *text = scalar(at);

	*ret_number = text == NULL ? LAB_NONE : lab_topology_find(reading->topology, text);
	return *ret_number != LAB_NONE ? STATUS_OK
				       : fail(reading, at, "no node '%.40s' stands before this one",
						 text == NULL ? "" : text);
}

static enum status
member_read(struct reading *reading, const yaml_node_t *key, const yaml_node_t *value,
	struct lab_node *node)
{
	const char *name = scalar(key);
	const char *text = scalar(value);

	if (name == NULL) {
		return fail(reading, key, "the name of a member is wanted");
	}
	if (strcmp(name, "name") == 0) {
		if (text == NULL || !name_is_good(text)) {
			return fail(reading, value,
				"a name has letters a-z, digits and dashes, at most %d",
				LAB_NAME_SIZE_MAX);
		}
		if (lab_topology_find(reading->topology, text) != LAB_NONE) {
			return fail(reading, value, "two nodes are called %s", text);
		}
		memcpy(node->name, text, strlen(text) + 1);
		return STATUS_OK;
	}
	if (strcmp(name, "role") == 0) {
		return role_read(reading, value, node);
	}
	if (strcmp(name, "address") == 0) {
		return address_read(reading, value, node);
	}
	if (strcmp(name, "port") == 0) {
		return port_read(reading, value, &node->port);
	}
	if (strcmp(name, "http") == 0) {
		return port_read(reading, value, &node->http_port);
	}
	if (strcmp(name, "parent") == 0) {
		return other_read(reading, value, &node->parent);
	}
	if (strcmp(name, "of") == 0) {
		return other_read(reading, value, &node->of);
	}
	if (strcmp(name, "connected") == 0) {
		if (text == NULL || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)) {
			return fail(reading, value, "connected is true or false");
		}
		node->is_connected = text[0] == 't';
		return STATUS_OK;
	}
	return fail(reading, key,
		"no member '%.40s': name, role, address, port, http, prefixes, hosts, parent, "
		"connected, of",
		name);
}

/* What a role needs, and what it cannot have. */
static enum status
node_check(struct reading *reading, const yaml_node_t *at, const struct lab_node *node)
{
	bool is_child = node->role == LAB_SECONDARY || node->role == LAB_ENTERPRISE;

	if (node->name[0] == '\0' || node->address[0] == '\0') {
		return fail(reading, at, "a node has a name, a role and an address");
	}
	if ((is_child || node->role == LAB_TOP) != (node->prefix_count > 0)) {
		return fail(reading, at, "node %s: %s", node->name,
			problem_reason(node->prefix_count > 0
					? "only top, secondary and enterprise nodes have prefixes"
					: "it has no prefixes"));
	}
	if (is_child != (node->parent != LAB_NONE)) {
		return fail(reading, at, "node %s: %s", node->name,
			problem_reason(is_child ? "it has no parent" : "its role has no parent"));
	}
	if ((node->role == LAB_MIRROR) != (node->of != LAB_NONE)) {
		return fail(
			reading, at, "node %s: `of` belongs to mirrors, which need it", node->name);
	}
	for (size_t i = 0; i < reading->topology->node_count; i++) {
		const struct lab_node *other = &reading->topology->nodes[i];

		if (node->role == LAB_TOP && other->role == LAB_TOP) {
			return fail(
				reading, at, "two top nodes: %s and %s", other->name, node->name);
		}
		if (strcmp(node->address, other->address) == 0) {
			return fail(reading, at, "%s and %s have the same address", other->name,
				node->name);
		}
	}
	return STATUS_OK;
}

/* The list `name` of the node, wherever it stands in it. */
static enum status
list_read(struct reading *reading, const yaml_node_t *map, const char *name, size_t *ret_count)
{
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
		pair < map->data.mapping.pairs.top; pair++) {
		const char *text = scalar(yaml_document_get_node(reading->document, pair->key));

		if (text != NULL && strcmp(text, name) == 0) {
			return prefixes_read(reading,
				yaml_document_get_node(reading->document, pair->value), ret_count);
		}
	}
	return STATUS_OK;
}

static enum status
node_read(struct reading *reading, const yaml_node_t *map)
{
	struct lab_topology *topology = reading->topology;
	struct lab_node node = {
		.port = HANDLE_PORT, .parent = LAB_NONE, .of = LAB_NONE, .is_connected = true};
	enum status status = STATUS_OK;

	if (map->type != YAML_MAPPING_NODE) {
		return fail(reading, map, "a node is written as its members, like {name: top}");
	}
	if (topology->node_count == LAB_NODE_COUNT_MAX) {
		return fail(reading, map, "more than %d nodes", LAB_NODE_COUNT_MAX);
	}
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
		pair < map->data.mapping.pairs.top && status == STATUS_OK; pair++) {
		const yaml_node_t *key = yaml_document_get_node(reading->document, pair->key);
		const char *name = scalar(key);

		if (name != NULL && (strcmp(name, "prefixes") == 0 || strcmp(name, "hosts") == 0)) {
			continue; /* In a certain order: below. */
		}
		status = member_read(reading, key,
			yaml_document_get_node(reading->document, pair->value), &node);
	}
	node.first_prefix = topology->prefix_count;
	if (status == STATUS_OK) {
		status = list_read(reading, map, "prefixes", &node.prefix_count);
	}
	if (status == STATUS_OK) {
		status = list_read(reading, map, "hosts", &node.host_count);
	}
	if (status == STATUS_OK) {
		status = node_check(reading, map, &node);
	}
	if (status == STATUS_OK) {
		topology->nodes[topology->node_count++] = node;
	}
	return status;
}

static enum status
document_read(struct reading *reading)
{
	static const yaml_node_t nowhere;
	const yaml_node_t *root = yaml_document_get_root_node(reading->document);
	const yaml_node_t *list = NULL;
	enum status status = STATUS_OK;

	if (root == NULL || root->type != YAML_MAPPING_NODE) {
		return fail(
			reading, root == NULL ? &nowhere : root, "`nodes:` and a list is wanted");
	}
	for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
		pair < root->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(reading->document, pair->key);
		const char *name = scalar(key);

		if (name == NULL || strcmp(name, "nodes") != 0 || list != NULL) {
			return fail(reading, key, "only `nodes:` stands here, once");
		}
		list = yaml_document_get_node(reading->document, pair->value);
	}
	if (list == NULL || list->type != YAML_SEQUENCE_NODE) {
		return fail(reading, root, "`nodes:` and a list is wanted");
	}
	for (const yaml_node_item_t *item = list->data.sequence.items.start;
		item < list->data.sequence.items.top && status == STATUS_OK; item++) {
		status = node_read(reading, yaml_document_get_node(reading->document, *item));
	}
	if (status == STATUS_OK &&
		(reading->topology->node_count == 0 ||
			reading->topology->nodes[0].role != LAB_TOP)) {
		status = fail(
			reading, list, "the first node is the top node, and there must be one");
	}
	return status;
}

static struct lab_topology *
topology_new(void)
{
	struct lab_topology *topology = calloc(1, sizeof(*topology));

	if (topology != NULL) {
		topology->prefixes = calloc(LAB_PREFIX_COUNT_MAX, sizeof(topology->prefixes[0]));
	}
	if (topology == NULL || topology->prefixes == NULL) {
		free(topology);
		return NULL;
	}
	return topology;
}

enum status
lab_topology_parse(const char *text, size_t size, const char *name,
	struct lab_topology **ret_topology, struct problem *problem)
{
	yaml_parser_t parser;
	yaml_document_t document;
	struct reading reading = {.name = name,
		.document = &document,
		.topology = topology_new(),
		.problem = problem};
	enum status status;

	if (reading.topology == NULL || !yaml_parser_initialize(&parser)) {
		lab_topology_free(reading.topology);
		return problem_set(problem, STATUS_NO_MEMORY, "no memory to read %s", name);
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	if (!yaml_parser_load(&parser, &document)) {
		status = problem_set(problem, STATUS_INVALID, "%s:%zu: not YAML: %s", name,
			parser.problem_mark.line + 1,
			parser.problem == NULL ? problem_reason("it cannot be read")
					       : parser.problem);
	} else {
		status = document_read(&reading);
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
	if (status != STATUS_OK) {
		lab_topology_free(reading.topology);
		return status;
	}
	*ret_topology = reading.topology;
	return STATUS_OK;
}

enum status
lab_topology_read(const char *path, struct lab_topology **ret_topology, struct problem *problem)
{
	uint8_t *text = malloc(FILE_SIZE_MAX + 1);
	size_t size = 0;
	enum status status = text == NULL
		? problem_set(problem, STATUS_NO_MEMORY, "no memory to read %s", path)
		: file_read(path, FILE_SIZE_MAX, text, &size, problem);

	if (status == STATUS_OK) {
		status = lab_topology_parse((const char *)text, size, path, ret_topology, problem);
	}
	free(text);
	return status;
}

void
lab_topology_free(struct lab_topology *topology)
{
	if (topology != NULL) {
		free(topology->prefixes);
		free(topology);
	}
}

const char *
lab_role_name(enum lab_role role)
{
	return role_names[role];
}

int
lab_topology_find(const struct lab_topology *topology, const char *name)
{
	for (size_t i = 0; i < topology->node_count; i++) {
		if (strcmp(topology->nodes[i].name, name) == 0) {
			return (int)i;
		}
	}
	return LAB_NONE;
}

/* Prefixes of a node stand together, and nodes in their order; one that is being read comes last
 * and counts as a holder, too. */
int
lab_topology_holder(const struct lab_topology *topology, const char *prefix, size_t size)
{
	for (size_t i = 0; i < topology->prefix_count; i++) {
		if (strlen(topology->prefixes[i]) != size ||
			memcmp(topology->prefixes[i], prefix, size) != 0) {
			continue;
		}
		for (size_t node = 0; node < topology->node_count; node++) {
			const struct lab_node *one = &topology->nodes[node];

			if (i - one->first_prefix < one->prefix_count + one->host_count) {
				return (int)node;
			}
		}
		return (int)topology->node_count;
	}
	return LAB_NONE;
}
