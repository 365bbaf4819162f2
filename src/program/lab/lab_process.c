/* SPDX-License-Identifier: Apache-2.0 */
#include "program/lab/lab.h"

#include "program/terminal/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	START_TIMEOUT_MS = 60000,
	STOP_TIMEOUT_MS = 30000,
	LOOK_AGAIN_MS = 5,
	TAIL_SIZE_MAX = 2048,
};

void
lab_path(const struct lab *lab, const struct lab_node *node, const char *below,
	char ret_path[LAB_PATH_SIZE_MAX])
{
	int size = snprintf(ret_path, LAB_PATH_SIZE_MAX, "%s%s%s%s%s", lab->directory,
		node == NULL ? "" : "/", node == NULL ? "" : node->name,
		below[0] == '.' || below[0] == '\0' ? "" : "/", below);

	if (size >= LAB_PATH_SIZE_MAX) {
		ret_path[0] = '\0'; /* No file is called so. */
	}
}

static void
pause_ms(long ms)
{
	struct timespec span = {.tv_nsec = ms * 1000000};

	nanosleep(&span, NULL);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The lock of a node's folder is the kernel's, and lasts as long as who holds it; its text says
 * who that is. */
pid_t
lab_process_find(const struct lab *lab, const struct lab_node *node)
{
	char path[LAB_PATH_SIZE_MAX];
	char text[16] = "";
	pid_t pid = 0;
	int fd;

	lab_path(lab, node, "lock", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return 0;
	}
	if (flock(fd, LOCK_SH | LOCK_NB) != 0 && pread(fd, text, sizeof(text) - 1, 0) > 0) {
		pid = (pid_t)strtol(text, NULL, 10);
	}
	close(fd);
	return pid;
}

/* In a session of its own, so that a signal from the terminal leaves the nodes alone. */
pid_t
lab_process_run(const char *const *arguments, const char *log)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	char *const *strings;
	pid_t pid = -1;

	/* Not changed, whatever its type says. */
	memcpy(&strings, &arguments, sizeof(strings));
	if (posix_spawn_file_actions_init(&files) != 0 || posix_spawnattr_init(&attributes) != 0) {
		return -1;
	}
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(
		&files, 1, log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&files, 1, 2);
	if (posix_spawn(&pid, "/proc/self/exe", &files, &attributes, strings, environ) != 0) {
		pid = -1;
	}
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return pid;
}

/* The last line of a log, for people. */
static void
log_tail(const char *log, char ret_text[TAIL_SIZE_MAX])
{
	struct stat about;
	ssize_t size = 0;
	char *line;
	int fd = open(log, O_RDONLY | O_CLOEXEC);

	ret_text[0] = '\0';
	if (fd < 0) {
		return;
	}
	if (fstat(fd, &about) == 0) {
		off_t from = about.st_size < TAIL_SIZE_MAX ? 0 : about.st_size - TAIL_SIZE_MAX + 1;

		size = pread(fd, ret_text, TAIL_SIZE_MAX - 1, from);
	}
	close(fd);
	while (size > 0 && ret_text[size - 1] == '\n') {
		size--;
	}
	ret_text[size < 0 ? 0 : size] = '\0';
	line = strrchr(ret_text, '\n');
	if (line != NULL) {
		memmove(ret_text, line + 1, strlen(line + 1) + 1);
	}
}

enum status
lab_process_wait(pid_t pid, const char *log, struct problem *problem)
{
	char text[TAIL_SIZE_MAX];
	int result = 0;

	if (pid < 0) {
		return problem_set(problem, STATUS_SYSTEM, "cannot start a process; see %s", log);
	}
	while (waitpid(pid, &result, 0) < 0) {
		if (errno != EINTR) {
			return problem_system(problem, "cannot wait for process %d", (int)pid);
		}
	}
	if (WIFEXITED(result) && WEXITSTATUS(result) == 0) {
		return STATUS_OK;
	}
	log_tail(log, text);
	return problem_set(problem, STATUS_SYSTEM, "%s", text[0] == '\0' ? log : text);
}

/* A node says so when it listens; a warning may come before that, and a fault instead of it. */
static bool
node_listens(const char *log)
{
	char text[TAIL_SIZE_MAX];
	ssize_t size = 0;
	int fd = open(log, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		size = pread(fd, text, sizeof(text) - 1, 0);
		close(fd);
	}
	text[size < 0 ? 0 : size] = '\0';
	return strstr(text, SAY("houji: listening on ", "后稷：正在监听 ")) != NULL;
}

static pid_t
node_start(const struct lab *lab, const struct lab_node *node, char ret_log[LAB_PATH_SIZE_MAX])
{
	char directory[LAB_PATH_SIZE_MAX];
	const char *arguments[] = {"houji", "serve", directory, NULL};

	lab_path(lab, node, "", directory);
	lab_path(lab, node, ".log", ret_log);
	unlink(ret_log);
	return lab_process_run(arguments, ret_log);
}

/* Still to be waited for, or an error that ends everything. */
static enum status
start_look(const struct lab *lab, const struct lab_node *node, pid_t *pid, struct problem *problem)
{
	char log[LAB_PATH_SIZE_MAX];
	char text[TAIL_SIZE_MAX];
	int result;
	bool is_gone = *pid < 0 || waitpid(*pid, &result, WNOHANG) == *pid;

	lab_path(lab, node, ".log", log);
	if (is_gone) {
		log_tail(log, text);
		return problem_set(problem, STATUS_SYSTEM, "node %s did not start: %s", node->name,
			text[0] == '\0' ? log : text);
	}
	if (node_listens(log)) {
		*pid = 0;
	}
	return STATUS_OK;
}

enum status
lab_processes_start(const struct lab *lab, const bool *is_wanted, struct problem *problem)
{
	struct progress progress = progress_begin("lab", "nodes", lab->is_quiet);
	pid_t pids[LAB_NODE_COUNT_MAX] = {0};
	char log[LAB_PATH_SIZE_MAX];
	int64_t until_ms = now_ms() + START_TIMEOUT_MS;
	size_t waiting = 0, count = 0;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < lab->topology->node_count; i++) {
		const struct lab_node *node = &lab->topology->nodes[i];

		if (is_wanted[i] && lab_process_find(lab, node) == 0) {
			pids[i] = node_start(lab, node, log);
			count++;
		}
	}
	do {
		waiting = 0;
		for (size_t i = 0; i < lab->topology->node_count && status == STATUS_OK; i++) {
			if (pids[i] != 0) {
				status = start_look(
					lab, &lab->topology->nodes[i], &pids[i], problem);
				waiting += pids[i] != 0;
			}
		}
		progress_show(&progress, count - waiting, count, count - waiting);
		if (waiting > 0) {
			pause_ms(LOOK_AGAIN_MS);
		}
	} while (waiting > 0 && status == STATUS_OK && now_ms() < until_ms);
	progress_end(&progress);
	if (status == STATUS_OK && waiting > 0) {
		status = problem_set(problem, STATUS_TIMED_OUT,
			"%zu nodes do not listen after %d s; their logs are in %s", waiting,
			START_TIMEOUT_MS / 1000, lab->directory);
	}
	return status;
}

enum status
lab_processes_stop(
	const struct lab *lab, const bool *is_wanted, int signal_number, struct problem *problem)
{
	int64_t until_ms = now_ms() + STOP_TIMEOUT_MS;
	const struct lab_node *left = NULL;

	for (size_t i = 0; i < lab->topology->node_count; i++) {
		pid_t pid = is_wanted[i] ? lab_process_find(lab, &lab->topology->nodes[i]) : 0;

		if (pid > 0 && kill(pid, signal_number) != 0 && errno != ESRCH) {
			return problem_system(problem, "cannot stop node %s (process %d)",
				lab->topology->nodes[i].name, (int)pid);
		}
	}
	do {
		left = NULL;
		for (size_t i = 0; i < lab->topology->node_count; i++) {
			if (is_wanted[i] && lab_process_find(lab, &lab->topology->nodes[i]) > 0) {
				left = &lab->topology->nodes[i];
			}
		}
		if (left != NULL) {
			pause_ms(LOOK_AGAIN_MS);
		}
	} while (left != NULL && now_ms() < until_ms);
	return left == NULL ? STATUS_OK
			    : problem_set(problem, STATUS_TIMED_OUT,
				      "node %s (process %d) has not ended after %d s", left->name,
				      (int)lab_process_find(lab, left), STOP_TIMEOUT_MS / 1000);
}
