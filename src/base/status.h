/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One vocabulary of outcomes for the whole node.
 *
 * A status says what happened, never who must be told: each front translates it to
 * its own codes, in one switch without a default, so that adding a row here fails
 * the build until every front has decided.
 *
 * Broken invariants of our own are not statuses. Those assert.
 */
#define STATUS_TABLE(X)                                                   \
	X(OK, "success")                                                  \
	/* What the other side sent. */                                   \
	X(TRUNCATED, "ends before the field it announces")                \
	X(MALFORMED, "breaks the format")                                 \
	X(TOO_LARGE, "exceeds its limit")                                 \
	X(INVALID, "is well formed but not allowed here")                 \
	X(UNSUPPORTED, "is not supported")                                \
	/* What the records say. */                                       \
	X(NOT_FOUND, "no such handle")                                    \
	X(VALUE_NOT_FOUND, "the handle has no such value")                \
	X(EXISTS, "handle already exists")                                \
	X(VALUE_EXISTS, "value already exists")                           \
	X(CONFLICT, "record changed since it was read")                   \
	X(DENIED, "the identity may not do this")                         \
	X(UNAUTHENTICATED, "an identity must be proven first")            \
	X(NO_SESSION, "no such session, or it has expired")               \
	X(NOT_RESPONSIBLE, "the prefix is not homed here")                \
	X(REFERRED, "another service answers for this prefix")            \
	X(ELSEWHERE, "another node must be asked first")                  \
	X(TOO_DEEP, "was passed on too often")                            \
	X(INVALID_VALUE, "value is not allowed here")                     \
	/* Who asks. */                                                   \
	X(NOT_ADMIN, "the identity is no administrator here")             \
	X(WRONG_PROOF, "the proof of identity is wrong")                  \
	X(NO_PROOF, "the proof is missing or of no known kind")           \
	X(CHALLENGE_GONE, "no such challenge, or it is too late")         \
	X(UNPROVABLE, "the identity cannot be verified now")              \
	X(SESSION_FAILED, "the session could not be set up")              \
	X(WRONG_MAC, "the message is not by its session")                 \
	X(REPLAYED, "the message was seen before")                        \
	/* What the world did. */                                         \
	X(NO_SPACE, "output buffer or disk is full")                      \
	X(NO_MEMORY, "memory limit reached")                              \
	X(TIMED_OUT, "peer did not answer in time")                       \
	X(BUSY, "too much work queued")                                   \
	X(IN_USE, "another process holds it")                             \
	X(READ_ONLY, "writing has stopped")                               \
	X(CORRUPT, "stored data fails its check")                         \
	X(UNKNOWN_VERSION, "layout version is not known to this program") \
	X(CLOSED, "closed by the other side")                             \
	X(SYSTEM, "operating system refused; errno holds why")

enum status {
#define X(name, text) STATUS_##name,
	STATUS_TABLE(X)
#undef X
};

#define MUST_CHECK __attribute__((warn_unused_result))

const char *status_name(enum status status); /* "NOT_FOUND": for metrics and logs. */
const char *status_text(enum status status); /* A clause: for people. */
