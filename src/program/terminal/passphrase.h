/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "base/problem.h"

#include <stdint.h>

/*
 * A passphrase or secret, asked for only when it is needed, from the first of these that there
 * is: a file (its first line), an environment variable, the terminal (without echo). It never
 * stands in the command line, where everybody on the machine can read it.
 *
 *     struct passphrase phrase;
 *     struct passphrase_source source = {.file = path, .variable = "HOUJI_PASSPHRASE"};
 *
 *     status = passphrase_get(&source, "key.bin", &phrase, &problem);
 *     ... passphrase_bytes(&phrase) ...
 *     passphrase_forget(&phrase);
 */
struct passphrase {
	uint8_t octets[SECRET_SIZE_MAX +
		3]; /* And a line end with one octet to see it is too long. */
	size_t size;
};

struct passphrase_source {
	const char *file; /* NULL: none was named. */
	const char *option; /* The option that names it, for messages. */
	const char *variable; /* Forgotten by the environment once it was read. */
	bool is_new; /* The terminal asks twice, and both must agree. */
};

/* Whether file or variable would be asked before the terminal. */
bool passphrase_is_given(const struct passphrase_source *source);

/* `subject` is what it opens, as the prompt names it. UNAUTHENTICATED when there is no source
 * at all, INVALID when it is empty, TOO_LARGE past SECRET_SIZE_MAX, SYSTEM. */
enum status passphrase_get(const struct passphrase_source *source, const char *subject,
	struct passphrase *ret_passphrase, struct problem *problem) MUST_CHECK;

static inline struct bytes
passphrase_bytes(const struct passphrase *passphrase)
{
	return bytes_over(passphrase->octets, passphrase->size);
}

void passphrase_forget(struct passphrase *passphrase);
