/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void
fault_directory_make(const char *parent, char ret_path[FAULT_PATH_SIZE])
{
	struct ledger *ledger;
	struct problem problem;

	snprintf(ret_path, FAULT_PATH_SIZE, "%s/houji-fault.XXXXXX", parent);
	assert_non_null(mkdtemp(ret_path));
	if (ledger_create_sized(ret_path, FAULT_SEGMENT_SIZE, &ledger, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	assert_int_equal(ledger_close(ledger, NULL), STATUS_OK);
}

void
fault_directory_remove(const char *path)
{
	char command[FAULT_PATH_SIZE + 16];

	snprintf(command, sizeof(command), "rm -rf %s", path);
	assert_int_equal(system(command), 0);
}

int
fault_start(char *const arguments[], char *const environment[], pid_t *ret_pid)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*ret_pid = fork();
	assert_true(*ret_pid >= 0);
	if (*ret_pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		for (unsigned i = 0; environment[i] != NULL; i++) {
			putenv(environment[i]);
		}
		alarm(60);
		execv(arguments[0], arguments);
		_exit(127);
	}
	close(ends[1]);
	return ends[0];
}

void
fault_read(int pipe, struct fault_run *run)
{
	ssize_t size;

	do {
		size = read(
			pipe, run->said + run->said_size, sizeof(run->said) - 1 - run->said_size);
		run->said_size += size > 0 ? (size_t)size : 0;
	} while (size > 0);
	run->said[run->said_size] = '\0';
	assert_true(run->said_size < sizeof(run->said) - 1);
}

void
fault_wait(int pipe, pid_t pid, struct fault_run *ret_run)
{
	fcntl(pipe, F_SETFL, 0);
	fault_read(pipe, ret_run);
	close(pipe);
	assert_int_equal(waitpid(pid, &ret_run->wait_status, 0), pid);
}

int
fault_exit_code(const struct fault_run *run, const char *what)
{
	if (!WIFEXITED(run->wait_status)) {
		fail_msg("%s: ended by signal %d", what, WTERMSIG(run->wait_status));
	}
	return WEXITSTATUS(run->wait_status);
}
