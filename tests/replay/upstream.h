/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "crypto/crypto.h"
#include "handle/handle_value.h"
#include "loop/loop.h"
#include "message/request.h"

/*
 * Servers that a resolver asks: each at an address of its own, over UDP, TCP and HTTP (whoever
 * connects and says POST means that), on a loop of their own, with what it holds and how it behaves
 * as a test says. They run with everything else in fake_run(); what they are asked is counted.
 *
 *     world = upstream_world_new();
 *     server = upstream_get(world, &address);
 *     upstream_set(server, &(struct upstream_rule){.name = ..., .values = ...});
 */
struct upstream_world;
struct upstream;

struct upstream_world *upstream_world_new(void);
void upstream_world_free(struct upstream_world *world);

/* Made when it is named for the first time. NULL: too many. */
struct upstream *upstream_get(struct upstream_world *world, const struct address *address);

/* What it says about a handle; copied. A second rule for the same name takes the place of the
 * first. The name "*" stands for every other. */
struct upstream_rule {
	struct bytes name;
	uint32_t code;
	struct bytes referred; /* 302 303: a handle, or empty. */
	struct bytes told; /* The answer speaks about this handle; empty: the one asked for. */
	struct handle_value_list values;
};
void upstream_set(struct upstream *server, const struct upstream_rule *rule);
void upstream_forget(struct upstream *server, struct bytes name);

/* How it behaves; a test writes here. */
struct upstream_manner {
	bool is_deaf_udp;
	bool is_deaf_tcp;
	bool is_closing_tcp; /* Connections are closed at once. */
	bool is_keeping; /* Connections stay open for whoever wants that. */
	bool is_talking; /* A kept connection is told the answer twice. */
	uint32_t hang_count; /* So many questions over TCP are not seen: the connection ends. */
	bool is_page; /* Over HTTP it has pages for people, and takes no messages. */
	bool is_unsigned; /* Signs nothing although it should. */
	bool is_forger; /* Signs something else. */
	bool is_twice; /* Each answer comes twice. */
	bool is_verifier; /* Says of answers to challenges (201) that they are right if they are "right". */
	bool is_digestless; /* Without saying of which question. */
	bool is_elsewhere; /* With the digest of another question. */
	uint16_t serial; /* Of its site, as it tells it; 0: 1. */
	uint32_t slow_ms;
	uint32_t lose_count; /* So many requests are not seen. */
	uint32_t forge_count; /* So many datagrams with another request id go before each answer. */
	struct crypto_key *key; /* NULL: certified answers are errors. The test's. */
};
struct upstream_manner *upstream_manner(struct upstream *server);

/* What came. */
struct upstream_seen {
	size_t count; /* Requests since the last look. */
	size_t tcp_count;
	size_t web_count;
	size_t connection_count; /* Since the last look. */
	char head[1024]; /* Of the last one over HTTP. */
	size_t head_size;
	struct header header; /* Of the last one. */
	struct address peer; /* Who sent it, over UDP. */
	struct version version;
	uint8_t name_octets[64];
	size_t name_size;
	uint32_t type_count;
};
struct upstream_seen *upstream_seen(struct upstream *server);
