/* SPDX-License-Identifier: Apache-2.0 */
#include "program/lab/lab.h"

#include "program/administer/delegation.h"
#include "program/terminal/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDENTITY_SIZE_MAX = LAB_PREFIX_SIZE_MAX + 16, SERVER_SIZE_MAX = 32 };

/* What one parent is told, over one session. */
struct connecting {
	const struct lab *lab;
	const struct lab_node *parent;
	struct administer administer;
	char user[IDENTITY_SIZE_MAX], server[SERVER_SIZE_MAX], key[LAB_PATH_SIZE_MAX];
	struct site_data sites[2];
	struct progress progress;
	size_t done, total;
};

/* As administrator of `prefix`, one of the parent's own. */
static int
parent_open(struct connecting *connecting, const struct lab_node *parent, const char *prefix)
{
	const struct lab *lab = connecting->lab;

	snprintf(connecting->user, sizeof(connecting->user), "300:0.NA/%s", prefix);
	snprintf(connecting->server, sizeof(connecting->server), "%s:%u", parent->address,
		parent->port);
	lab_path(lab, &lab->topology->nodes[0], "client/admpriv.bin", connecting->key);
	administer_begin(&connecting->administer, lab->manual);
	connecting->administer.user = connecting->user;
	connecting->administer.server = connecting->server;
	connecting->administer.key_file = connecting->key;
	connecting->administer.is_session = true;
	connecting->administer.is_quiet = true;
	return administer_open(&connecting->administer);
}

static enum status
site_of(const struct lab *lab, const struct lab_node *node, struct site_data *ret_site,
	struct problem *problem)
{
	char path[LAB_PATH_SIZE_MAX];

	lab_path(lab, node, "site.json", path);
	return site_file_read(path, ret_site, problem);
}

static int
prefix_connect(
	struct connecting *connecting, const char *prefix, size_t site_count, bool has_derived)
{
	char name[IDENTITY_SIZE_MAX];
	struct delegation delegation = {.site_count = site_count, .has_derived = has_derived};

	snprintf(name, sizeof(name), "0.NA/%s", prefix);
	delegation.prefix = bytes_from_string(name);
	for (size_t i = 0; i < site_count; i++) {
		delegation.sites[i] = site_octets(&connecting->sites[i]);
	}
	connecting->done++;
	progress_show(&connecting->progress, connecting->done, connecting->total, connecting->done);
	return delegation_carry_out(&connecting->administer, &delegation);
}

static bool
prefix_is_below(const char *prefix, const char *above)
{
	size_t size = strlen(above);

	return strncmp(prefix, above, size) == 0 && prefix[size] == '.' &&
		strchr(prefix + size + 1, '.') == NULL;
}

/* Those prefixes of a child, or of what the parent hosts, that stand below `above`. */
static int
prefixes_connect(struct connecting *connecting, const struct lab_node *node, const char *above,
	struct problem *problem)
{
	const struct lab_topology *topology = connecting->lab->topology;
	size_t first = node == connecting->parent ? node->prefix_count : 0;
	size_t count = node == connecting->parent ? node->host_count : node->prefix_count;
	int exit_code = EXIT_CODE_OK;

	if (site_of(connecting->lab, node, &connecting->sites[0], problem) != STATUS_OK) {
		return command_failure(connecting->lab->manual, "%s", problem->text);
	}
	for (size_t i = 0; i < count && exit_code == EXIT_CODE_OK; i++) {
		const char *prefix = topology->prefixes[node->first_prefix + first + i];

		if (prefix_is_below(prefix, above)) {
			exit_code = prefix_connect(
				connecting, prefix, 1, node->role == LAB_SECONDARY && first == 0);
		}
	}
	return exit_code;
}

/* As the administrator of one of the parent's prefixes. */
static int
above_connect(struct connecting *connecting, const char *above, struct problem *problem)
{
	const struct lab_topology *topology = connecting->lab->topology;
	const struct lab_node *parent = connecting->parent;
	int exit_code = parent_open(connecting, parent, above);

	for (size_t i = 0; i < topology->node_count && exit_code == EXIT_CODE_OK; i++) {
		const struct lab_node *node = &topology->nodes[i];
		bool is_child = node->parent != LAB_NONE &&
			&topology->nodes[node->parent] == parent && node->is_connected;

		if (is_child || (node == parent && node->host_count > 0)) {
			exit_code = prefixes_connect(connecting, node, above, problem);
		}
	}
	administer_close(&connecting->administer);
	return exit_code;
}

static int
parent_connect(struct connecting *connecting, int number, struct problem *problem)
{
	const struct lab_topology *topology = connecting->lab->topology;
	const struct lab_node *parent = &topology->nodes[number];
	int exit_code = EXIT_CODE_OK;

	connecting->parent = parent;
	for (size_t i = 0; i < parent->prefix_count && exit_code == EXIT_CODE_OK; i++) {
		exit_code = above_connect(
			connecting, topology->prefixes[parent->first_prefix + i], problem);
	}
	return exit_code;
}

static size_t
connection_count(const struct lab_topology *topology)
{
	size_t count = 0;

	for (size_t i = 0; i < topology->node_count; i++) {
		const struct lab_node *node = &topology->nodes[i];

		count += node->host_count;
		count += node->parent != LAB_NONE && node->is_connected ? node->prefix_count : 0;
	}
	return count;
}

static bool
has_dependants(const struct lab_topology *topology, int number)
{
	for (size_t i = 0; i < topology->node_count; i++) {
		if (topology->nodes[i].parent == number) {
			return true;
		}
	}
	return topology->nodes[number].host_count > 0;
}

enum status
lab_connect_all(const struct lab *lab, struct problem *problem)
{
	struct connecting *connecting = calloc(1, sizeof(*connecting));
	int exit_code = EXIT_CODE_OK;

	if (connecting == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory to connect the nodes");
	}
	connecting->lab = lab;
	connecting->progress = progress_begin("lab", "prefixes", lab->is_quiet);
	connecting->total = connection_count(lab->topology);
	for (size_t i = 0; i < lab->topology->node_count && exit_code == EXIT_CODE_OK; i++) {
		if (has_dependants(lab->topology, (int)i)) {
			exit_code = parent_connect(connecting, (int)i, problem);
		}
	}
	progress_end(&connecting->progress);
	free(connecting);
	return exit_code == EXIT_CODE_OK
		? STATUS_OK
		: problem_set(problem, STATUS_DENIED, "not every prefix could be delegated");
}

/* One run of the program; what it says lies in the log of the node. */
static enum status
run(const struct lab *lab, const struct lab_node *node, const char *const *arguments,
	struct problem *problem)
{
	char log[LAB_PATH_SIZE_MAX];

	lab_path(lab, node, ".log", log);
	return lab_process_wait(lab_process_run(arguments, log), log, problem);
}

/* Its key, the primary's public key, and all that the primary has. */
static enum status
mirror_fill(const struct lab *lab, const struct lab_node *mirror, const struct lab_node *of,
	struct problem *problem)
{
	char directory[LAB_PATH_SIZE_MAX], own[LAB_PATH_SIZE_MAX], primary[LAB_PATH_SIZE_MAX];
	char key[LAB_PATH_SIZE_MAX], server_key[LAB_PATH_SIZE_MAX], from[SERVER_SIZE_MAX];
	char user[IDENTITY_SIZE_MAX];
	const char *own_line[] = {"houji", "key", "convert", "--encrypt", "none", key, own, NULL};
	const char *primary_line[] = {
		"houji", "key", "convert", "--public", server_key, primary, NULL};
	const char *mirror_line[] = {"houji", "mirror", directory, "--from", from, "--user", user,
		"--key", own, "--server-key", primary, "--demote", "--once", "--quiet", NULL};
	enum status status;

	lab_path(lab, mirror, "", directory);
	lab_path(lab, mirror, "keys/mirror.pem", own);
	lab_path(lab, mirror, "keys/primary.pem", primary);
	lab_path(lab, of, "keys/server.pem", server_key);
	lab_path(lab, &lab->topology->nodes[0], "client/admpriv.bin", key);
	snprintf(from, sizeof(from), "%s:%u", of->address, of->port);
	snprintf(user, sizeof(user), "300:0.NA/%s", lab->topology->prefixes[of->first_prefix]);
	status = run(lab, mirror, own_line, problem);
	if (status == STATUS_OK) {
		status = run(lab, mirror, primary_line, problem);
	}
	return status == STATUS_OK ? run(lab, mirror, mirror_line, problem) : status;
}

/* One record that names both sites, changed by `administrator`. */
static int
mirror_name(struct connecting *connecting, const struct lab_node *teller, const char *administrator,
	const char *prefix, bool has_derived)
{
	int exit_code = parent_open(connecting, teller, administrator);

	if (exit_code == EXIT_CODE_OK) {
		exit_code = prefix_connect(connecting, prefix, 2, has_derived);
	}
	administer_close(&connecting->administer);
	return exit_code;
}

/* Whoever looks for the prefixes of `of` learns of both; of the top node, for the root as well. */
static int
mirror_names(struct connecting *connecting, const struct lab_node *of)
{
	const struct lab_topology *topology = connecting->lab->topology;
	const struct lab_node *teller = &topology->nodes[of->parent == LAB_NONE ? 0 : of->parent];
	int exit_code = EXIT_CODE_OK;

	for (size_t i = 0; i < of->prefix_count && exit_code == EXIT_CODE_OK; i++) {
		const char *prefix = topology->prefixes[of->first_prefix + i];
		const char *administrator = prefix;

		for (size_t p = 0; p < teller->prefix_count; p++) {
			const char *above = topology->prefixes[teller->first_prefix + p];

			administrator = prefix_is_below(prefix, above) ? above : administrator;
		}
		exit_code = mirror_name(
			connecting, teller, administrator, prefix, of->role == LAB_SECONDARY);
	}
	if (exit_code == EXIT_CODE_OK && of->role == LAB_TOP) {
		exit_code = mirror_name(connecting, teller, "0.NA", "0.NA", false);
	}
	return exit_code;
}

static enum status
mirror_tell(const struct lab *lab, const struct lab_node *mirror, const struct lab_node *of,
	struct problem *problem)
{
	struct connecting *connecting = calloc(1, sizeof(*connecting));
	int exit_code;

	if (connecting == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory to name the mirror");
	}
	connecting->lab = lab;
	connecting->progress = progress_begin("lab", "prefixes", true);
	exit_code = site_of(lab, of, &connecting->sites[0], problem) == STATUS_OK &&
			site_of(lab, mirror, &connecting->sites[1], problem) == STATUS_OK
		? mirror_names(connecting, of)
		: command_failure(lab->manual, "%s", problem->text);
	free(connecting);
	return exit_code == EXIT_CODE_OK
		? STATUS_OK
		: problem_set(
			  problem, STATUS_DENIED, "the mirror %s could not be named", mirror->name);
}

enum status
lab_mirrors_fill(const struct lab *lab, struct problem *problem)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < lab->topology->node_count && status == STATUS_OK; i++) {
		const struct lab_node *mirror = &lab->topology->nodes[i];

		if (mirror->role != LAB_MIRROR) {
			continue;
		}
		status = mirror_fill(lab, mirror, &lab->topology->nodes[mirror->of], problem);
		if (status == STATUS_OK) {
			status = mirror_tell(
				lab, mirror, &lab->topology->nodes[mirror->of], problem);
		}
	}
	return status;
}
