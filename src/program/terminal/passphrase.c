/* SPDX-License-Identifier: Apache-2.0 */
#include "program/terminal/passphrase.h"

#include "base/file.h"
#include "crypto/crypto.h"
#include "program/terminal/language.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_SIZE_MAX = SECRET_SIZE_MAX + 2 };

bool
passphrase_is_given(const struct passphrase_source *source)
{
	return source->file != NULL || getenv(source->variable) != NULL;
}

void
passphrase_forget(struct passphrase *passphrase)
{
	crypto_forget(passphrase, sizeof(*passphrase));
}

/* The first line, without its end: editors and echo(1) add one. */
static void
line_cut(struct passphrase *passphrase)
{
	struct bytes all = passphrase_bytes(passphrase);
	size_t size = bytes_find(all, '\n');

	if (size < all.size && size > 0 && all.at[size - 1] == '\r') {
		size--;
	}
	passphrase->size = size;
}

static enum status
size_check(const struct passphrase *passphrase, const char *from, struct problem *problem)
{
	if (passphrase->size == 0) {
		return problem_set(problem, STATUS_INVALID, "%s: the passphrase is empty", from);
	}
	if (passphrase->size > SECRET_SIZE_MAX) {
		return problem_set(problem, STATUS_TOO_LARGE,
			"%s: the passphrase is longer than %d octets", from, SECRET_SIZE_MAX);
	}
	return STATUS_OK;
}

static enum status
file_get(const char *path, struct passphrase *passphrase, struct problem *problem)
{
	enum status status =
		file_read(path, LINE_SIZE_MAX, passphrase->octets, &passphrase->size, problem);

	if (status != STATUS_OK) {
		return status;
	}
	line_cut(passphrase);
	return size_check(passphrase, path, problem);
}

static enum status
variable_get(const char *name, struct passphrase *passphrase, struct problem *problem)
{
	const char *value = getenv(name);
	size_t size = strlen(value);

	passphrase->size = size < LINE_SIZE_MAX ? size : LINE_SIZE_MAX;
	memcpy(passphrase->octets, value, passphrase->size);
	unsetenv(name);
	return size_check(passphrase, name, problem);
}

/* The terminal. A signal that ends the program must not leave it silent. */
static volatile sig_atomic_t caught_signal;

static void
signal_caught(int number)
{
	caught_signal = number;
}

static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { STOP_COUNT = sizeof(stops) / sizeof(stops[0]) };

static void
signals_catch(struct sigaction before[STOP_COUNT])
{
	/* Without SA_RESTART: the read must come back. */
	struct sigaction action = {.sa_handler = signal_caught};

	caught_signal = 0;
	for (size_t i = 0; i < STOP_COUNT; i++) {
		sigaction(stops[i], &action, &before[i]);
	}
}

static void
signals_release(const struct sigaction before[STOP_COUNT])
{
	for (size_t i = 0; i < STOP_COUNT; i++) {
		sigaction(stops[i], &before[i], NULL);
	}
	if (caught_signal != 0) {
		raise(caught_signal);
	}
}

static enum status
line_read(int fd, struct passphrase *passphrase, struct problem *problem)
{
	uint8_t octet;
	ssize_t got;

	passphrase->size = 0;
	while ((got = read(fd, &octet, 1)) == 1 && octet != '\n') {
		if (passphrase->size < LINE_SIZE_MAX) {
			passphrase->octets[passphrase->size++] = octet;
		}
	}
	if (got < 0) {
		return problem_system(problem, "cannot read the terminal");
	}
	return STATUS_OK;
}

static enum status
terminal_ask(int fd, const char *prompt, struct passphrase *passphrase, struct problem *problem)
{
	struct sigaction before[STOP_COUNT];
	struct termios usual, silent;
	enum status status;

	if (tcgetattr(fd, &usual) != 0) {
		return problem_system(problem, "cannot silence the terminal");
	}
	silent = usual;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	silent.c_lflag |= ICANON;
	signals_catch(before);
	if (tcsetattr(fd, TCSAFLUSH, &silent) != 0) {
		status = problem_system(problem, "cannot silence the terminal");
	} else {
		dprintf(fd, "%s", prompt);
		status = line_read(fd, passphrase, problem);
		tcsetattr(fd, TCSAFLUSH, &usual);
		dprintf(fd, "\n");
	}
	signals_release(before);
	return status == STATUS_OK ? size_check(passphrase, SAY("terminal", "终端"), problem)
				   : status;
}

static enum status
terminal_get(int fd, const struct passphrase_source *source, const char *subject,
	struct passphrase *passphrase, struct problem *problem)
{
	struct passphrase again;
	char prompt[512];
	enum status status;

	snprintf(prompt, sizeof(prompt),
		source->is_new ? SAY("New passphrase for %s: ", "为 %s 设置新密码短语：")
			       : SAY("Passphrase of %s: ", "%s 的密码短语："),
		subject);
	status = terminal_ask(fd, prompt, passphrase, problem);
	if (status != STATUS_OK || !source->is_new) {
		return status;
	}
	status = terminal_ask(fd, SAY("The same once more: ", "请再次输入："), &again, problem);
	if (status == STATUS_OK &&
		!crypto_equal(passphrase_bytes(passphrase), passphrase_bytes(&again))) {
		status = problem_set(problem, STATUS_INVALID, "the two passphrases differ");
	}
	passphrase_forget(&again);
	return status;
}

enum status
passphrase_get(const struct passphrase_source *source, const char *subject,
	struct passphrase *ret_passphrase, struct problem *problem)
{
	struct passphrase passphrase = {.size = 0};
	enum status status;

	if (source->file != NULL) {
		status = file_get(source->file, &passphrase, problem);
	} else if (getenv(source->variable) != NULL) {
		status = variable_get(source->variable, &passphrase, problem);
	} else {
		int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

		if (fd < 0) {
			return problem_set(problem, STATUS_UNAUTHENTICATED,
				"%s: a passphrase is needed, and there is no terminal to ask on; "
				"put it into a file (%s FILE) or into %s",
				subject, source->option, source->variable);
		}
		status = terminal_get(fd, source, subject, &passphrase, problem);
		close(fd);
	}
	if (status == STATUS_OK) {
		*ret_passphrase = passphrase;
	}
	passphrase_forget(&passphrase);
	return status;
}
