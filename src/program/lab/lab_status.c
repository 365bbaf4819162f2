/* SPDX-License-Identifier: Apache-2.0 */
#include "program/lab/lab.h"

#include "client/client_run.h"
#include "program/server/server_name.h"
#include "json/json_writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE_MAX = 262144, ASK_DEADLINE_MS = 1000, ROLLUP_SIZE_MAX = 4096 };

/* What is known of one node now. */
struct standing {
	pid_t pid; /* 0: it does not run. */
	unsigned long memory_kib; /* Its share of what it uses (PSS). */
	int delegated; /* 1: its parent names its site; 0: it does not; -1: not known. */
	struct lab_faults faults;
};

static unsigned long
memory_of(pid_t pid)
{
	char path[64], text[ROLLUP_SIZE_MAX];
	const char *line;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0) {
		close(fd);
	}
	text[size < 0 ? 0 : size] = '\0';
	line = strstr(text, "\nPss:");
	return line == NULL ? 0 : strtoul(line + 5, NULL, 10);
}

static void
site_seen(void *context, enum status status, const struct client_answer *answer)
{
	int *delegated = context;
	const struct response *response = &answer->response;
	uint32_t code = response->message.header.response_code;

	if (status == STATUS_OK &&
		(code == RESPONSE_SUCCESS || code == RESPONSE_VALUES_NOT_FOUND ||
			code == RESPONSE_HANDLE_NOT_FOUND)) {
		*delegated = code == RESPONSE_SUCCESS;
	}
}

/* Asks the parent whether it says where the node is. */
static int
delegated_ask(const struct lab *lab, struct loop *loop, const struct lab_node *node)
{
	const struct lab_node *parent = &lab->topology->nodes[node->parent];
	struct client_link_settings settings = {.depth = 1, .deadline_ms = ASK_DEADLINE_MS};
	struct request request = {
		.message.header = {.opcode = OPCODE_RESOLUTION,
			.flags = MESSAGE_FLAG_PUBLIC_ONLY | MESSAGE_FLAG_DO_NOT_REFER,
			.site_serial = UINT16_MAX}};
	char name[LAB_PREFIX_SIZE_MAX + 8], server[32];
	uint8_t types[16];
	struct wire_writer writer = wire_writer_over(types, sizeof(types));
	struct client_link *link;
	int delegated = -1;

	snprintf(name, sizeof(name), "0.NA/%s", lab->topology->prefixes[node->first_prefix]);
	snprintf(server, sizeof(server), "%s:%u", parent->address, parent->port);
	wire_write_blob(&writer, TEXT("HS_SITE"));
	request.resolution = (struct request_resolution){
		.name = bytes_from_string(name), .type_count = 1, .types = wire_written(&writer)};
	if (!server_name_find(server, &settings.server.address)) {
		return -1;
	}
	link = client_link_new(loop, &settings);
	if (link != NULL && client_run(loop, link, &request, site_seen, &delegated) != STATUS_OK) {
		delegated = -1;
	}
	client_link_free(link);
	return delegated;
}

static void
standing_find(const struct lab *lab, struct loop *loop, size_t number, struct standing *ret)
{
	const struct lab_node *node = &lab->topology->nodes[number];

	*ret = (struct standing){.pid = lab_process_find(lab, node), .delegated = -1};
	lab_faults_find(lab, node, &ret->faults);
	if (ret->pid > 0) {
		ret->memory_kib = memory_of(ret->pid);
	}
	if (node->parent != LAB_NONE &&
		lab_process_find(lab, &lab->topology->nodes[node->parent]) > 0) {
		ret->delegated = delegated_ask(lab, loop, node);
	}
}

static void
json_put(struct json_writer *writer, const struct lab *lab, const struct lab_node *node,
	const struct standing *standing)
{
	json_write_object(writer);
	json_write_name(writer, "name");
	json_write_string(writer, bytes_from_string(node->name));
	json_write_name(writer, "role");
	json_write_string(writer, bytes_from_string(lab_role_name(node->role)));
	json_write_name(writer, "address");
	json_write_string(writer, bytes_from_string(node->address));
	json_write_name(writer, "port");
	json_write_u64(writer, node->port);
	if (node->prefix_count > 0) {
		json_write_name(writer, "prefixes");
		json_write_array(writer);
		for (size_t i = 0; i < node->prefix_count; i++) {
			json_write_string(writer,
				bytes_from_string(lab->topology->prefixes[node->first_prefix + i]));
		}
		json_write_array_end(writer);
	}
	if (node->host_count > 0) {
		json_write_name(writer, "hosted");
		json_write_u64(writer, node->host_count);
	}
	if (standing->pid > 0) {
		json_write_name(writer, "pid");
		json_write_u64(writer, (uint64_t)standing->pid);
		json_write_name(writer, "memoryKiB");
		json_write_u64(writer, standing->memory_kib);
	}
	if (standing->delegated >= 0) {
		json_write_name(writer, "connected");
		json_write_bool(writer, standing->delegated == 1);
	}
	if (standing->faults.cut_count > 0) {
		json_write_name(writer, "cut");
		json_write_array(writer);
		for (uint32_t i = 0; i < standing->faults.cut_count; i++) {
			json_write_string(writer, bytes_from_string(standing->faults.cut[i]));
		}
		json_write_array_end(writer);
	}
	if (standing->faults.delay_ms > 0) {
		json_write_name(writer, "delayMs");
		json_write_u64(writer, standing->faults.delay_ms);
	}
	json_write_object_end(writer);
}

/* A fault that is rehearsed and forgotten looks like a real one. */
static void
faults_print(const struct lab_faults *faults)
{
	for (uint32_t i = 0; i < faults->cut_count; i++) {
		printf("%s%s", i == 0 ? SAY("  cut off from ", "  已切断：") : SAY(", ", "、"),
			faults->cut[i]);
	}
	if (faults->delay_ms > 0) {
		printf(SAY("%s%u ms late", "%s延迟 %u 毫秒"),
			faults->cut_count > 0 ? SAY("; ", "；") : "  ", faults->delay_ms);
	}
	if (faults->cut_count > 0 || faults->delay_ms > 0) {
		putchar('\n');
	}
}

static void
line_print(const struct lab *lab, const struct lab_node *node, const struct standing *standing)
{
	char state[32] = "";

	if (standing->pid > 0) {
		snprintf(state, sizeof(state), "%lu KiB", standing->memory_kib);
	}
	printf("%-16s %-11s %-15s %-9s %11s  %-13s %s%s\n", node->name, lab_role_name(node->role),
		node->address, standing->pid > 0 ? SAY("runs", "运行") : SAY("stopped", "停止"),
		state,
		standing->delegated < 0		   ? ""
			: standing->delegated == 1 ? SAY("connected", "已连接")
						   : SAY("not connected", "未连接"),
		node->prefix_count > 0 ? lab->topology->prefixes[node->first_prefix] : "",
		node->prefix_count > 1 ? " ..." : "");
	faults_print(&standing->faults);
}

static int
print_all(const struct lab *lab, struct loop *loop)
{
	static char text[TEXT_SIZE_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	size_t running = 0;
	unsigned long memory_kib = 0;

	json_write_object(&writer);
	json_write_name(&writer, "nodes");
	json_write_array(&writer);
	for (size_t i = 0; i < lab->topology->node_count; i++) {
		struct standing standing;

		standing_find(lab, loop, i, &standing);
		running += standing.pid > 0;
		memory_kib += standing.memory_kib;
		if (lab->is_json) {
			json_put(&writer, lab, &lab->topology->nodes[i], &standing);
		} else {
			line_print(lab, &lab->topology->nodes[i], &standing);
		}
	}
	json_write_array_end(&writer);
	json_write_name(&writer, "running");
	json_write_u64(&writer, running);
	json_write_name(&writer, "memoryKiB");
	json_write_u64(&writer, memory_kib);
	json_write_object_end(&writer);
	if (!lab->is_json) {
		printf(SAY("%zu of %zu nodes run, with %lu MiB together\n",
			       "%zu / %zu 个节点运行，共占用 %lu MiB\n"),
			running, lab->topology->node_count, memory_kib / 1024);
	} else if (json_writer_end(&writer) == STATUS_OK) {
		printf("%.*s\n", (int)json_written(&writer).size, text);
	} else {
		return command_failure(lab->manual, "%s", status_text(STATUS_TOO_LARGE));
	}
	return running == lab->topology->node_count ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int
lab_status_print(const struct lab *lab)
{
	struct problem problem = {.text = ""};
	struct loop *loop = loop_new(&problem);
	int exit_code;

	if (loop == NULL) {
		return command_failure(lab->manual, "%s", problem.text);
	}
	exit_code = print_all(lab, loop);
	loop_free(loop);
	return exit_code;
}
