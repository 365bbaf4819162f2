/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "base/bytes.h"
#include "base/problem.h"
#include "loop/loop.h"
#include "replay/replay_script.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Replays: whole conversations with a node, written down as packets and time, played on the
 * loop and the clock of tests/fake. A script is a *.rpl file; README.md lists its commands.
 *
 * What is played against is a subject: anything that opens sockets on a loop. To add one,
 * write subject_<name>.c, put its struct into replay_subjects.c and the file into
 * meson.build; scripts then begin with `SUBJECT <name> ...`.
 */
struct replay_subject {
	const char *name;
	/* Listens at `address` for datagrams and streams. `options` are the other words of the
	 * SUBJECT line. NULL: see the problem. */
	void *(*open)(struct loop *loop, const struct address *address, const struct bytes *options,
		size_t option_count, struct problem *problem);
	/* Closes its sockets; the loop then runs a last time and is freed. */
	void (*close)(void *subject);
	/* `ACT words`: what a script does to the subject by hand. NULL: nothing. */
	enum status (*act)(void *subject, const struct bytes *words, size_t word_count,
		struct problem *problem);
	/* Commands of its own, tried before the runner's: false, with no word taken, if the line
	 * begins none. NULL: it has none. */
	bool (*line)(void *subject, struct words *words);
};

/* NULL if there is none. */
const struct replay_subject *replay_subject_find(struct bytes name);

extern const struct replay_subject subject_echo;
extern const struct replay_subject subject_client;
extern const struct replay_subject subject_native;
extern const struct replay_subject subject_resolver;
