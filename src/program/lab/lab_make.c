/* SPDX-License-Identifier: Apache-2.0 */
#include "program/lab/lab.h"

#include "base/file.h"
#include "program/terminal/progress.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ARGUMENT_COUNT_MAX = 2 * LAB_PREFIX_COUNT_MAX + 64,
	TOPOLOGY_SIZE_MAX = 1048576,
	MAKING_AT_ONCE = 4, /* Keys are made meanwhile: as many as processors would do. */
};

/* Small, so that dozens of nodes find room; and open to each other. */
static const char *const settings_of_all[] = {
	"workers=1", "session.count=256", "docking.accept=true", "challenge.count=256"};
static const char *const settings_of_recursive[] = {
	"recursion.allow=127.0.0.0/8", "recursion.allow_private=true", "cache.negative_s=1"};

/* A command line in the making; what is composed lives in `text`. */
struct command_line {
	const char *arguments[ARGUMENT_COUNT_MAX];
	size_t count;
	char text[8 * LAB_PATH_SIZE_MAX];
	size_t size;
};

static void
add(struct command_line *line, const char *argument)
{
	if (line->count < ARGUMENT_COUNT_MAX - 1) {
		line->arguments[line->count++] = argument;
		line->arguments[line->count] = NULL;
	}
}

static void __attribute__((format(printf, 2, 3)))
add_text(struct command_line *line, const char *format, ...)
{
	char *at = line->text + line->size;
	va_list list;
	int size;

	va_start(list, format);
	size = vsnprintf(at, sizeof(line->text) - line->size, format, list);
	va_end(list);
	if (size >= 0 && (size_t)size < sizeof(line->text) - line->size) {
		line->size += (size_t)size + 1;
		add(line, at);
	}
}

static void
add_settings(struct command_line *line, const char *const *settings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		add(line, "--set");
		add(line, settings[i]);
	}
}

/* The key of the lab's administrator. */
static void
admin_key_path(const struct lab *lab, const char *name, char ret_path[LAB_PATH_SIZE_MAX])
{
	char below[64];

	snprintf(below, sizeof(below), "client/%s", name);
	lab_path(lab, &lab->topology->nodes[0], below, ret_path);
}

/* Streams to mirrors are proven as Handle.net does it, by RSA; the other keys are made faster. */
static bool
node_is_mirrored(const struct lab *lab, const struct lab_node *node)
{
	for (size_t i = 0; i < lab->topology->node_count; i++) {
		if (lab->topology->nodes[i].of >= 0 &&
			&lab->topology->nodes[lab->topology->nodes[i].of] == node) {
			return true;
		}
	}
	return false;
}

static void
init_line(const struct lab *lab, const struct lab_node *node, struct command_line *line)
{
	const struct lab_node *top = &lab->topology->nodes[0];
	char path[LAB_PATH_SIZE_MAX];

	line->count = line->size = 0;
	add(line, "houji");
	add(line, "init");
	lab_path(lab, node, "", path);
	add_text(line, "%s", path);
	add(line, "--listen");
	add_text(line, "%s:%u", node->address, node->port);
	add(line, "--segment-size");
	add(line, "1M");
	add(line, "--key");
	add(line, node_is_mirrored(lab, node) ? "rsa" : "ed25519");
	if (node->http_port != 0) {
		add(line, "--http");
		add_text(line, "%s:%u", node->address, node->http_port);
	}
	if (node == top) {
		add(line, "--root");
	} else {
		admin_key_path(lab, "admpub.bin", path);
		add(line, "--admin-key");
		add_text(line, "%s", path);
	}
	for (size_t i = 0; i < node->prefix_count + node->host_count; i++) {
		add(line, "--prefix");
		add(line, lab->topology->prefixes[node->first_prefix + i]);
	}
	add_settings(line, settings_of_all, sizeof(settings_of_all) / sizeof(*settings_of_all));
	if (node->role == LAB_RECURSIVE) {
		add_settings(line, settings_of_recursive,
			sizeof(settings_of_recursive) / sizeof(*settings_of_recursive));
		add(line, "--set");
		add_text(line, "recursion.root=%s:%u", top->address, top->port);
	}
}

/* Mirrors of the top node are servers of the root, too. */
static void
init_line_roots(const struct lab *lab, const struct lab_node *node, struct command_line *line)
{
	for (size_t i = 0; i < lab->topology->node_count; i++) {
		const struct lab_node *mirror = &lab->topology->nodes[i];

		if (node->role == LAB_RECURSIVE && mirror->role == LAB_MIRROR && mirror->of == 0) {
			add(line, "--set");
			add_text(line, "recursion.root=%s:%u", mirror->address, mirror->port);
		}
	}
	if (node->role == LAB_MIRROR) {
		const struct lab_node *of = &lab->topology->nodes[node->of];
		const char *prefix = lab->topology->prefixes[of->first_prefix];

		add(line, "--set");
		add_text(line, "mirror.from=%s:%u", of->address, of->port);
		add(line, "--set");
		add_text(line, "mirror.user=300:0.NA/%s", prefix);
	}
}

/* One run of the program, begun; `ret_log` is where it speaks. */
static pid_t
init_begin(const struct lab *lab, const struct lab_node *node, char ret_log[LAB_PATH_SIZE_MAX])
{
	static struct command_line line;

	lab_path(lab, node, ".log", ret_log);
	init_line(lab, node, &line);
	init_line_roots(lab, node, &line);
	return lab_process_run(line.arguments, ret_log);
}

/* The top node first, whose key the others need; then a few at once. */
static enum status
nodes_init(const struct lab *lab, struct problem *problem)
{
	struct progress progress = progress_begin("lab", "nodes", lab->is_quiet);
	size_t count = lab->topology->node_count;
	char logs[MAKING_AT_ONCE][LAB_PATH_SIZE_MAX];
	pid_t pids[MAKING_AT_ONCE];
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK;) {
		size_t batch = i == 0 ? 1 : MAKING_AT_ONCE;

		batch = batch < count - i ? batch : count - i;
		for (size_t j = 0; j < batch; j++) {
			pids[j] = init_begin(lab, &lab->topology->nodes[i + j], logs[j]);
		}
		for (size_t j = 0; j < batch; j++) {
			struct problem later;
			enum status one = lab_process_wait(
				pids[j], logs[j], status == STATUS_OK ? problem : &later);

			status = status == STATUS_OK ? one : status;
		}
		i += batch;
		progress_show(&progress, i, count, i);
	}
	progress_end(&progress);
	return status;
}

static enum status
records_load(const struct lab *lab, const struct lab_node *node, struct problem *problem)
{
	static struct command_line line;
	char file[LAB_PATH_SIZE_MAX], log[LAB_PATH_SIZE_MAX], directory[LAB_PATH_SIZE_MAX];

	lab_path(lab, node, ".ndjson", file);
	if (access(file, F_OK) != 0) {
		return STATUS_OK; /* There are none for it. */
	}
	lab_path(lab, node, ".log", log);
	lab_path(lab, node, "", directory);
	line.count = line.size = 0;
	add(&line, "houji");
	add(&line, "load");
	add(&line, "--quiet");
	add(&line, directory);
	add(&line, file);
	return lab_process_wait(lab_process_run(line.arguments, log), log, problem);
}

/* What a making that was broken off has left. */
static enum status
leftovers_remove(const struct lab *lab, struct problem *problem)
{
	char path[LAB_PATH_SIZE_MAX];

	for (size_t i = 0; i < lab->topology->node_count; i++) {
		enum status status;

		lab_path(lab, &lab->topology->nodes[i], "", path);
		status = file_remove_all(path, problem);
		if (status != STATUS_OK) {
			return status;
		}
		lab_path(lab, &lab->topology->nodes[i], ".ndjson", path);
		unlink(path);
	}
	return STATUS_OK;
}

static enum status
file_copy(const char *from, const char *to, unsigned mode, struct problem *problem)
{
	uint8_t *octets = malloc(TOPOLOGY_SIZE_MAX + 1);
	size_t size = 0;
	enum status status = octets == NULL
		? problem_set(problem, STATUS_NO_MEMORY, "cannot copy %s", from)
		: file_read(from, TOPOLOGY_SIZE_MAX, octets, &size, problem);

	if (status == STATUS_OK) {
		status = file_write_new(to, mode, bytes_over(octets, size), problem);
	}
	free(octets);
	return status;
}

bool
lab_is_made(const struct lab *lab)
{
	char topology[LAB_PATH_SIZE_MAX], making[LAB_PATH_SIZE_MAX];

	lab_path(lab, NULL, "lab.yaml", topology);
	lab_path(lab, NULL, "making", making);
	return access(topology, F_OK) == 0 && access(making, F_OK) != 0;
}

/* DIR is empty, or holds a making that was broken off. */
static enum status
folder_take(const struct lab *lab, struct problem *problem)
{
	char making[LAB_PATH_SIZE_MAX], topology[LAB_PATH_SIZE_MAX];

	if (mkdir(lab->directory, 0700) != 0 && errno != EEXIST) {
		return problem_system(problem, "cannot make %s", lab->directory);
	}
	lab_path(lab, NULL, "making", making);
	lab_path(lab, NULL, "lab.yaml", topology);
	if (access(making, F_OK) == 0) {
		unlink(topology);
		return leftovers_remove(lab, problem);
	}
	if (rmdir(lab->directory) != 0 || mkdir(lab->directory, 0700) != 0) {
		return problem_set(problem, STATUS_EXISTS,
			"%s is not empty and holds no lab: choose another folder", lab->directory);
	}
	return file_write_new(making, 0600, TEXT("houji lab\n"), problem);
}

enum status
lab_make(const struct lab *lab, struct problem *problem)
{
	char topology[LAB_PATH_SIZE_MAX];
	enum status status = folder_take(lab, problem);

	if (status == STATUS_OK) {
		lab_path(lab, NULL, "lab.yaml", topology);
		status = file_copy(lab->topology_path, topology, 0600, problem);
	}
	if (status == STATUS_OK) {
		status = lab_records_split(lab, problem);
	}
	if (status == STATUS_OK) {
		status = nodes_init(lab, problem);
	}
	for (size_t i = 0; i < lab->topology->node_count && status == STATUS_OK; i++) {
		status = records_load(lab, &lab->topology->nodes[i], problem);
	}
	return status;
}

enum status
lab_make_end(const struct lab *lab, struct problem *problem)
{
	char path[LAB_PATH_SIZE_MAX];

	for (size_t i = 0; i < lab->topology->node_count; i++) {
		lab_path(lab, &lab->topology->nodes[i], ".ndjson", path);
		unlink(path); /* The ledgers have it now. */
	}
	lab_path(lab, NULL, "making", path);
	return unlink(path) == 0 ? STATUS_OK : problem_system(problem, "cannot remove %s", path);
}
