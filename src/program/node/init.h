/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto.h"
#include "handle/handle_name.h"
#include "ledger/ledger.h"
#include "node/node_settings.h"

/*
 * The parts of `houji init` beside settings and identity: who may administer the new node, and
 * what clients need to reach it.
 *
 * Each prefix P gets its record 0.NA/P with the site (1), two HS_ADMIN values with every right
 * (100: the key, 101: the secret), the administrator's public key (300) and secret (301, not
 * public). So 300:0.NA/P and 301:0.NA/P are identities at once, and with a root the node needs
 * nobody else: 0.NA/0.NA and 0.0/0.0 are like that, too. All of them share one key and one
 * secret, which lie in DIR/client/. An administrator who has a key already (--admin-key) gets no
 * secret, and no private key lies in the node's folder.
 */
enum { INIT_PREFIX_COUNT_MAX = 1024, INIT_SECRET_SIZE = 32 };

struct init_plan {
	const char *directory;
	struct settings settings;
	const char *prefixes[INIT_PREFIX_COUNT_MAX + 2];
	size_t prefix_count;
	uint8_t address[16];
	bool has_address;
	bool is_root;
	bool is_json; /* What was made is told in JSON. */
	enum crypto_key_kind key;
	const char *administrator_key; /* File of a public key; NULL: one is made. */
	uint64_t segment_size; /* Of the journal, octets. */
};

struct init_administrator {
	uint32_t made_s; /* Since 1970: one time for the records and the client's files. */
	struct crypto_key *key; /* The public half alone, if it is somebody's who has the other. */
	char secret[INIT_SECRET_SIZE + 1]; /* Empty then. */
};

/* A fresh key (RSA, which every Handle.net client can use) and secret; or the plan's key alone. */
enum status init_administrator_make(const struct init_plan *plan,
	struct init_administrator *ret_administrator, struct problem *problem) MUST_CHECK;
void init_administrator_free(struct init_administrator *administrator);

/* The 0.NA handle of a prefix that may be written with or without "0.NA/"; false when too long. */
enum { INIT_NAME_SIZE_MAX = HANDLE_NAME_SIZE_MAX + 8 };
bool init_prefix_handle(const char *prefix, char ret_name[INIT_NAME_SIZE_MAX]);

/* Names the administrator in the settings: of the node, and for mirrors. */
enum status init_settings_name(struct init_plan *plan, struct problem *problem) MUST_CHECK;

/* Homes the prefixes and commits their records; `site` is the data of HS_SITE. */
enum status init_records_commit(struct ledger *ledger, const struct init_plan *plan,
	const struct init_administrator *administrator, struct bytes site,
	struct problem *problem) MUST_CHECK;

/* Writes one of those records in the JSON of bootstrap_handles: public values only. */
struct json_writer;
void init_record_write_json(struct json_writer *writer, const char *name,
	const struct init_administrator *administrator, struct bytes site);

/* DIR/client/: keys, secret, and for a root the files of Handle.net's own clients. */
enum status init_client_write(const struct init_plan *plan,
	const struct init_administrator *administrator, struct bytes site,
	struct problem *problem) MUST_CHECK;
