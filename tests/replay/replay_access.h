/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "replay/replay_message.h"

#include "message/request.h"
#include "message/response.h"

/*
 * Administrators in the words of scripts: keys and secrets by name, changes, answers to
 * challenges, sessions. README.md has the words.
 */

/* KEY NAME ed25519|rsa|sm2 · KEY NAME secret TEXT: false if the line is neither. */
bool access_line(struct words *words);
/* The key of that name; NULL if there is none. */
struct crypto_key *access_key_find(struct bytes name);
void access_clear(void); /* At the end of a script. */

/* Data of a value: admin RIGHTS INDEX:HANDLE · group INDEX:HANDLE,... · key NAME · secret NAME.
 * False, with no word taken, for anything else. The octets live until the next script line. */
bool access_data_read(struct words *words, struct bytes *ret_data);
/* INDEX:HANDLE */
void access_identity_read(struct words *words, struct bytes *ret_name, uint32_t *ret_index);

/* create modify add remove delete home unhome list homed prove verify setup terminate follow
 * dump. */
bool access_message_is_next(const struct words *words);
void access_message_read(struct words *words, struct request *request, struct sending *sending);

/* in SESSION · counter N · mac none|wrong · encrypted. */
bool access_option_read(struct words *words);
/* Applies them to the message, whose credential is still empty: its octets are in `octets`. */
struct bytes access_message_seal(struct words *words, struct envelope *envelope, uint8_t *octets,
	size_t size, size_t capacity);

/* An answer came: a challenge is kept for `prove`. An encrypted one is decrypted first, by the
 * session whose id it has. */
struct bytes access_answer_open(
	struct words *words, struct envelope *envelope, struct bytes message);
void access_answer_seen(const struct answer *answer, const struct response *response);

/* opens SESSION · by SESSION (carries its HS_MAC) · created HANDLE · names N · listed HANDLE ·
 * verdict N: false for any other word. */
bool access_property_check(struct words *words, const struct response *response);
