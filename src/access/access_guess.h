/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access.h"

/*
 * How often somebody may be wrong about a secret key: the defence of secret keys against guessing,
 * and of the processor against PBKDF2 by order of strangers.
 *
 * Answers to our own challenges (operation 200) by a secret key count when they are wrong
 * (nobody guesses a signature: who calls decides what is counted); requests to verify a
 * secret key's answer (operation 201), which anybody may send, are told right or wrong and so
 * count for the key, too. Each has GUESS_PER_MINUTE_MAX tries a minute: for the network it comes
 * from (IPv4 /24, IPv6 /48), and for the key - from that network only where the answer is to our
 * own challenge, so that strangers cannot lock an administrator out. On top of it a network may
 * have VERIFY_PER_MINUTE_MAX answers of any kind verified by operation 201.
 *
 * A try is taken before the work and given back when it proved right; so tries under way count.
 * Who goes on being wrong waits longer: each wrong try beyond the first GUESS_PER_MINUTE_MAX
 * doubles the time in which the next is earned, GUESS_DOUBLING_COUNT_MAX times (12 s become
 * 192 s, so that a network that shares an address is never locked out for long). A bucket that
 * filled up in silence starts again.
 *
 * One table of fixed size for all threads, under a lock. Sets of four; the entry not touched for
 * the longest gives way.
 */
struct access_guesses;

struct access_guesses *access_guesses_new(void); /* NULL if memory is short. */
void access_guesses_free(struct access_guesses *guesses);

enum access_guess_kind {
	ACCESS_GUESS_ANSWER, /* Operation 200. */
	ACCESS_GUESS_VERIFY, /* Operation 201. */
};

struct access_guess {
	enum access_guess_kind kind;
	struct bytes name; /* Of the key's handle. */
	uint8_t source[16];
	int64_t now_ms;
};

/* False: too many; refuse with BUSY, without verifying. */
bool access_guess_begin(struct access_guesses *guesses, const struct access_guess *guess);
/* It was right: the try is given back. */
void access_guess_right(struct access_guesses *guesses, const struct access_guess *guess);
