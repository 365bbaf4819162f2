/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "http/http.h"
#include "loop/loop_impair.h"
#include "native/native.h"
#include "node/node_identity.h"
#include "node/node_recursion.h"

/*
 * What a node shows of itself, made from its settings, key and site record.
 *
 * All workers share it and a reload replaces it as a whole; it goes when its owner has freed it and
 * the last operation that began under it is done.
 */
struct node_face {
	struct settings settings;
	struct access_identity admins[5][SETTINGS_LIST_MAX]; /* What the policy points to. */
	struct node_identity identity;
	struct native_settings native;
	struct loop_impairment impairment; /* Of rehearsals; normally of nothing. */
	struct http_settings http;
	struct node_certificate *certificate; /* What `http` points to; NULL: no HTTPS. */
	struct node_recursion recursion; /* What the service's points to. */
	struct arena *arena; /* What templates of the configuration lie in; NULL: there are none. */
	struct http_themes *themes; /* The same. */
	struct http_countries *countries; /* The same; NULL: there is no such file. */
	struct service_face service;
};

/* What a face needs of its node: how many workers share its limits, and the helper threads, NULL
 * for a face that is only to be checked. */
struct node_face_parts {
	const char *directory; /* Outlives the face. */
	size_t worker_count;
	struct loop_pool *pool;
};
enum status node_face_read(const struct node_face_parts *parts, struct node_face **ret_face,
	struct problem *problem) MUST_CHECK;
void node_face_free(struct node_face *face);
