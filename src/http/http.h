/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "http/redirect/http_destination.h"
#include "loop/loop.h"
#include "monitor/monitor.h"
#include "service/service.h"

/*
 * The front for web clients of one worker: requests over HTTP and HTTPS in, answers out, on the
 * same port. The first octet of a connection says which it is: 0x16 begins a TLS handshake.
 *
 * It is a sibling of native: it makes the same `struct request`, asks the same service, and only
 * writes the answer another way. Who may do what is not decided here.
 *
 *     http = http_new(&parts, &problem);
 *     http_open(http, HTTP_BOTH, &address, &bound, &problem);
 *     ... loop_run(loop) ...
 *     http_stop(http);     stop accepting; what is under way is answered
 *     http_free(http);     when http_busy_count() is 0
 *
 * HTTP itself (RFC 9112) is read by libmicrohttpd and TLS, below it, by GnuTLS: two daemons, one
 * plain and one TLS, that run on the worker's loop and have no thread. Nothing of either shows
 * outside this folder. A request that waits for the ledger or a helper thread suspends its
 * connection; nothing here waits.
 *
 * Whoever owns the loop's wake-up enters the service before sockets are served (native does).
 */
struct http;
struct http_countries;
struct http_themes;
struct http_sessions;

enum { HTTP_EXEMPT_COUNT_MAX = 64, HTTP_PROXY_COUNT_MAX = 64 };

/* Shared by all workers, replaced as a whole by http_use(). */
struct http_settings {
	uint32_t connection_count_max; /* Per worker. */
	uint32_t connection_per_source_max; /* Per worker; an address or an IPv6 /56. */
	uint32_t exempt_count;
	struct network exempt[HTTP_EXEMPT_COUNT_MAX]; /* No limit by source for these. */
	bool has_public_changes; /* Everybody may watch them. */
	/* Servers of the operator in between, which are believed to say who asks. */
	uint32_t proxy_count;
	struct network proxies[HTTP_PROXY_COUNT_MAX];
	bool takes_proxy_protocol; /* Their connections begin with it, all of them. */
	uint32_t head_deadline_ms; /* The head of the first request. */
	uint32_t body_deadline_ms; /* A body, from the end of its head. */
	uint32_t idle_ms; /* From an answer to the next head. */
	uint32_t answer_deadline_ms; /* An answer that the peer reads slowly. */
	uint32_t handshake_rate; /* TLS handshakes a second, of this worker. */
	uint32_t handshake_rate_per_source; /* An IPv4 /24 or IPv6 /56. */
	bool copies_quirks; /* What Handle.net's interface does by mistake is done, too. */
	uint32_t hsts_s; /* How long browsers shall come over HTTPS alone; 0: not said. */
	const char *certificate_pem; /* A chain, the node's own first. NULL: no TLS. */
	const char *key_pem;
	struct bytes
		base_url; /* As others reach the node, without a slash at its end; may be empty. */
	struct bytes
		codes_prefix; /* Of the records that map foreign codes; empty: there are none. */
	struct http_destinations destinations;
	bool has_leaving_page; /* In front of other hosts than those; without it they are refused. */
	const struct http_themes *themes; /* Pages. */
	const struct http_countries *countries; /* NULL: no address has a country. */
};

struct http_settings http_settings_default(void);

struct http_parts {
	struct loop *loop;
	struct service *service;
	const struct monitor *monitor;
	struct monitor_row *row;
	const struct http_settings *settings; /* Outlives the next http_use(). */
	struct http_sessions *sessions; /* Shared by the workers. */
};

struct http *http_new(const struct http_parts *parts, struct problem *problem);
/* A new certificate is shown to connections that begin from now on; those that are there are not
 * disturbed. False: it cannot be used, and the earlier one stays. */
bool http_use(struct http *http, const struct http_settings *settings);

/* The address really bound (port 0 picks one) goes to `ret_bound`, which may be NULL. With
 * HTTP_ASKS_CERTIFICATE it takes TLS alone, and asks clients for a certificate. */
enum http_address_kind { HTTP_BOTH, HTTP_ASKS_CERTIFICATE };
enum status http_open(struct http *http, enum http_address_kind kind, const struct address *address,
	struct address *ret_bound, struct problem *problem) MUST_CHECK;

/* No new connections; each closes behind its last answer. */
void http_stop(struct http *http);
void http_abandon(
	struct http *http); /* Closes what is open; operations go on until the count is 0. */
size_t http_busy_count(const struct http *http); /* Connections left, and changes without theirs. */
void http_free(struct http *http); /* NULL is fine. */
