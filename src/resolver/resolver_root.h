/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "base/problem.h"
#include "resolver/resolver_service.h"

/*
 * Where every walk begins: the service that answers for prefixes, as the node was configured.
 *
 * Either addresses - one site of one server each, both transports on the same port, no key - or
 * a bootstrap file, in the form that Handle.net's software has it:
 *
 *     {"lastUpdate":..., "handles":{"0.NA/0.NA":{"handle":"0.NA/0.NA","values":[...]}, ...}}
 *
 * whose record 0.NA/0.NA has the sites (HS_SITE) and names further services (HS_SERV), whose
 * records are there, too. A bare record {"handle":"0.NA/0.NA","values":[...]}, as `houji resolve
 * --json` prints it, is taken as well.
 *
 * A root never changes; who wants another one makes it and lets the resolvers turn to it. Its record
 * as a root tells it itself makes another one:
 *
 *     status = resolver_root_renew(root, &values, &next);
 *     for (i < resolver_root_service(next)->further_count) ... resolver_root_renew_more() ...
 *
 * whoever does that has proof of where the values come from.
 */
struct resolver_root;

/* NULL: see the problem. */
struct resolver_root *resolver_root_new(
	const struct address *addresses, size_t count, struct problem *problem);
/* `name` stands for the file in messages: it tells what is wrong where. */
enum status resolver_root_parse(struct bytes text, const char *name,
	struct resolver_root **ret_root, struct problem *problem) MUST_CHECK;
enum status resolver_root_read(
	const char *path, struct resolver_root **ret_root, struct problem *problem) MUST_CHECK;
/* It has one owner when it is made; the last to leave frees it. Any thread. */
struct resolver_root *resolver_root_enter(struct resolver_root *root);
void resolver_root_leave(struct resolver_root *root); /* NULL is fine. */

/* True if all servers of it have keys with which they can prove what they say. */
bool resolver_root_can_prove(const struct resolver_root *root);
/* The root with these values of 0.NA/0.NA. CONFLICT: a site of it is older than that of `root`;
 * NOT_FOUND: it names neither site nor service; NO_MEMORY. */
enum status resolver_root_renew(const struct resolver_root *root,
	const struct handle_value_list *values, struct resolver_root **ret_next) MUST_CHECK;
/* The record of a service that `next` names. CONFLICT, NO_MEMORY. */
enum status resolver_root_renew_more(const struct resolver_root *root, struct resolver_root *next,
	struct bytes name, const struct handle_value_list *values) MUST_CHECK;

/* True if a server of it has an address of a private network. */
bool resolver_root_is_private(const struct resolver_root *root);

/* A site of one server that is asked at this address over UDP and TCP, without a key: believed
 * because the operator named it. */
enum status resolver_service_add_address(struct resolver_service *service,
	const struct address *address, struct arena *arena) MUST_CHECK;

/* The sites; further services of theirs are handles to be looked for. */
const struct resolver_service *resolver_root_service(const struct resolver_root *root);
