/* SPDX-License-Identifier: Apache-2.0 */
#include "program/lab/lab.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Faults are settings of the nodes (rehearsal.cut, rehearsal.delay_ms), read again by those that
 * run: so a node that is stopped and started has them still, until they are healed.
 */

static int
settings_change(const struct lab *lab, const struct lab_node *node,
	enum status (*change)(struct settings *settings, struct bytes text), struct bytes text)
{
	static struct settings settings;
	struct problem problem = {.text = ""};
	char path[LAB_PATH_SIZE_MAX];
	pid_t pid = lab_process_find(lab, node);
	enum status status;

	lab_path(lab, node, "houji.yaml", path);
	status = settings_read(path, &settings, &problem);
	if (status == STATUS_OK) {
		status = change(&settings, text);
		if (status != STATUS_OK) {
			problem_set(&problem, status, "%s: %s", path, status_text(status));
		}
	}
	if (status == STATUS_OK) {
		status = settings_replace(path, &settings, language_is_chinese(), &problem);
	}
	if (status == STATUS_OK && pid > 0 && kill(pid, SIGHUP) != 0 && errno != ESRCH) {
		status = problem_system(&problem, "cannot tell node %s", node->name);
	}
	return status == STATUS_OK ? EXIT_CODE_OK
				   : command_failure(lab->manual, "%s", problem.text);
}

static enum status
add_cut(struct settings *settings, struct bytes text)
{
	return settings_put(settings, "rehearsal.cut", text);
}

static enum status
put_delay(struct settings *settings, struct bytes text)
{
	return settings_put(settings, "rehearsal.delay_ms", text);
}

static enum status
clear_all(struct settings *settings, struct bytes text)
{
	settings_clear(settings, "rehearsal.cut");
	return settings_put(settings, "rehearsal.delay_ms", text);
}

/* Each end no longer reaches the other. */
int
lab_cut(const struct lab *lab, const struct lab_node *one, const struct lab_node *other)
{
	int exit_code = settings_change(lab, one, add_cut, bytes_from_string(other->address));

	return exit_code == EXIT_CODE_OK
		? settings_change(lab, other, add_cut, bytes_from_string(one->address))
		: exit_code;
}

int
lab_slow(const struct lab *lab, const struct lab_node *node, unsigned long delay_ms)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", delay_ms);
	return settings_change(lab, node, put_delay, bytes_from_string(text));
}

int
lab_heal(const struct lab *lab, const struct lab_node *node)
{
	return settings_change(lab, node, clear_all, TEXT("0"));
}

static void
host_name(const struct lab *lab, const struct address *host, char ret_name[ADDRESS_TEXT_SIZE_MAX])
{
	for (size_t i = 0; i < lab->topology->node_count; i++) {
		const struct lab_node *node = &lab->topology->nodes[i];
		struct address address;

		if (address_parse(bytes_from_string(node->address), node->port, &address) ==
				STATUS_OK &&
			address_is_same_host(&address, host)) {
			snprintf(ret_name, ADDRESS_TEXT_SIZE_MAX, "%s", node->name);
			return;
		}
	}
	(void)address_format(host, ret_name);
}

void
lab_faults_find(const struct lab *lab, const struct lab_node *node, struct lab_faults *ret_faults)
{
	static struct settings settings;
	struct problem problem = {.text = ""};
	char path[LAB_PATH_SIZE_MAX];

	*ret_faults = (struct lab_faults){0};
	lab_path(lab, node, "houji.yaml", path);
	if (settings_read(path, &settings, &problem) != STATUS_OK) {
		return;
	}
	ret_faults->delay_ms = settings.rehearsal_delay_ms;
	for (uint32_t i = 0; i < settings.rehearsal_cut.count; i++) {
		host_name(lab, &settings.rehearsal_cut.items[i],
			ret_faults->cut[ret_faults->cut_count++]);
	}
}
