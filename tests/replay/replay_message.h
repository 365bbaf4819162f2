/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "message/message.h"
#include "replay/replay_script.h"

/*
 * Messages in the words of scripts.
 *
 *     resolve HANDLE [index N]... [type T]... [option...]
 *     site [HANDLE]                            operation 2
 *     operation N [name HANDLE]                any other whose body is a name
 *
 *     answer [value INDEX TYPE DATA]... [filler N]   to the last request seen; operation 1,
 *                                              code 1 and its request id unless options say else
 *
 * Options: flags A,B,... (names of flags.def) · version M.m · suggested M.m · session N ·
 * request N (else a count from 1) · recursion N · code N (a response, sent as a request) ·
 * announce N (message size in the envelope) · cut N (only the first N octets are sent) ·
 * skip N (not the first N octets) · fragment N (only that datagram of several) · filler N
 * (resolve only: a type of N octets, to make the request longer).
 */
struct sending {
	struct envelope envelope;
	struct bytes message; /* Header, body, credential; valid until the next one is read. */
	size_t cut_size; /* SIZE_MAX: everything. */
	size_t skip_size;
	size_t fragment; /* SIZE_MAX: all. */
};

/* What is sent of a whole datagram or frame. */
struct bytes sending_part(const struct sending *sending, struct bytes whole);

/* True if the words left begin a message. */
bool sending_is_next(const struct words *words);
/* `request_id` is the last one made, or of the last request seen. */
void sending_read(struct words *words, uint32_t *request_id, struct sending *ret_sending);

/*
 * What an answer must be: pairs of words, each of which must hold.
 *
 *     code N|NAME · operation N · request N · version M.m · flag NAME · size N (octets with
 *     one envelope) · name HANDLE · values N · value INDEX TYPE DATA · text TEXT · fragments N
 */
struct answer {
	struct envelope envelope; /* Of the first datagram or of the frame. */
	struct bytes message;
	size_t fragment_count;
};

/* Checks the answer against all words left; says in their problem what differs. */
void answer_check(struct words *words, const struct answer *answer);

/* The next word names a flag that is set, or is not. */
void message_flag_expect(struct words *words, uint32_t found, bool is_set);

/* True if it is a request: its properties are operation N · name HANDLE · fragments N. */
bool answer_is_request(const struct answer *answer);
