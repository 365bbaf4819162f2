/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_private.h"

#include "base/limits.h"

/*
 * The root, fetched again: its record 0.NA/0.NA and those of the services that it names, each signed
 * by a server whose key is known from the record before (Handle.net 9, 20). A root without keys, one
 * that is given by addresses, stays as it is: nobody could prove a change of it.
 *
 * It is time when the node has begun, when the record's own time is over, and when a server of the
 * root tells a larger serial number than its site record has, or that ours is out of date (300).
 * Who says so need not be the root: so it is not done oftener than each RESOLVER_ROOT_MIN_MS.
 * Nothing happens while nobody asks anything. What goes wrong leaves the root as it was: a record
 * that is not signed, a site with a lower serial number than before, a service that is not found.
 */
static void renewal_go_on(struct resolver *resolver);

static int64_t
renewal_now_ms(const struct resolver *resolver)
{
	return loop_now_ms(resolver->loop);
}

void
resolver_renewal_begin(struct resolver *resolver)
{
	resolver->renewal =
		(struct resolver_renewal){.root = resolver_root_enter(resolver->settings.root),
			.configured = resolver_root_enter(resolver->settings.root)};
}

void
resolver_renewal_end(struct resolver *resolver)
{
	resolver_root_leave(resolver->renewal.next);
	resolver_root_leave(resolver->renewal.root);
	resolver_root_leave(resolver->renewal.configured);
}

void
resolver_renewal_use(struct resolver *resolver)
{
	struct resolver_renewal *renewal = &resolver->renewal;

	if (renewal->configured != resolver->settings.root) {
		resolver_root_leave(renewal->root);
		resolver_root_leave(renewal->configured);
		renewal->root = resolver_root_enter(resolver->settings.root);
		renewal->configured = resolver_root_enter(resolver->settings.root);
		renewal->is_void = renewal->is_under_way;
		renewal->due_ms = renewal->earliest_ms = 0;
	}
}

/* Over, for better or worse; `pause_ms` until the next. */
static void
renewal_stop(struct resolver *resolver, int64_t pause_ms)
{
	struct resolver_renewal *renewal = &resolver->renewal;

	resolver_root_leave(renewal->next);
	renewal->next = NULL;
	renewal->is_under_way = renewal->is_wanted = false;
	if (renewal->is_void) {
		renewal->is_void = false;
		return; /* It is time for the other one. */
	}
	renewal->due_ms = renewal_now_ms(resolver) + pause_ms;
	renewal->earliest_ms = renewal_now_ms(resolver) + RESOLVER_ROOT_MIN_MS;
}

static void
renewal_fail(struct resolver *resolver, enum status status)
{
	if (status == STATUS_CONFLICT) {
		monitor_add(resolver->row, METRIC_RESOLVER_REFUSED, 1);
	}
	renewal_stop(resolver, RESOLVER_ROOT_RETRY_MS);
}

static void
renewal_finish(struct resolver *resolver)
{
	struct resolver_renewal *renewal = &resolver->renewal;

	if (resolver_root_service(renewal->next)->site_count == 0) {
		renewal_fail(resolver, STATUS_NOT_FOUND);
		return;
	}
	resolver_root_leave(renewal->root);
	renewal->root = renewal->next;
	renewal->next = NULL;
	monitor_add(resolver->row, METRIC_RESOLVER_ROOTS, 1);
	renewal_stop(resolver, renewal->lifetime_ms);
}

/* How long the values may be believed, within what makes sense for a root. */
static int64_t
lifetime_ms(const struct handle_value_list *values)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	int64_t ms = RESOLVER_ROOT_MAX_MS;

	while (handle_value_next(&walk, &value)) {
		if (value.ttl_kind == HANDLE_TTL_RELATIVE && (int64_t)value.ttl * 1000 < ms) {
			ms = (int64_t)value.ttl * 1000;
		}
	}
	return ms < RESOLVER_ROOT_MIN_MS ? RESOLVER_ROOT_MIN_MS : ms;
}

static bool
answer_is_proof(const struct resolver *resolver, const struct resolver_answer *answer)
{
	return answer->status == STATUS_OK && answer->is_certified && !answer->is_stale &&
		!resolver->renewal.is_void;
}

static void
service_answered(void *context, const struct resolver_answer *answer)
{
	struct resolver *resolver = context;
	struct resolver_renewal *renewal = &resolver->renewal;
	const struct resolver_service *service = resolver_root_service(renewal->next);
	enum status status = STATUS_CLOSED;

	if (answer_is_proof(resolver, answer)) {
		status = resolver_root_renew_more(renewal->root, renewal->next,
			service->further[renewal->next_further - 1], &answer->values);
	}
	if (status == STATUS_OK) {
		renewal_go_on(resolver);
	} else {
		renewal_fail(resolver, status);
	}
}

static void
root_answered(void *context, const struct resolver_answer *answer)
{
	struct resolver *resolver = context;
	struct resolver_renewal *renewal = &resolver->renewal;
	enum status status = STATUS_CLOSED;

	if (answer_is_proof(resolver, answer)) {
		status = resolver_root_renew(renewal->root, &answer->values, &renewal->next);
	}
	if (status != STATUS_OK) {
		renewal_fail(resolver, status);
		return;
	}
	renewal->lifetime_ms = lifetime_ms(&answer->values);
	renewal->next_further = 0;
	renewal_go_on(resolver);
}

static void
renewal_ask(struct resolver *resolver, struct bytes name, resolver_answered *answered)
{
	const struct resolver_question question = {
		.name = name, .is_authoritative = true, .is_certified = true};

	if (resolver_ask(resolver, &question, answered, resolver) == NULL) {
		renewal_fail(resolver, STATUS_NO_MEMORY);
	}
}

/* The next service that the root names, but for itself. */
static void
renewal_go_on(struct resolver *resolver)
{
	struct resolver_renewal *renewal = &resolver->renewal;
	const struct resolver_service *service = resolver_root_service(renewal->next);

	while (renewal->next_further < service->further_count) {
		struct bytes name = service->further[renewal->next_further++];

		if (!handle_name_equal(name, TEXT("0.NA/0.NA"))) {
			renewal_ask(resolver, name, service_answered);
			return;
		}
	}
	renewal_finish(resolver);
}

void
resolver_renewal_check(struct resolver *resolver)
{
	struct resolver_renewal *renewal = &resolver->renewal;
	int64_t now_ms = renewal_now_ms(resolver);
	bool is_due =
		now_ms >= renewal->due_ms || (renewal->is_wanted && now_ms >= renewal->earliest_ms);

	if (!is_due || renewal->is_under_way || !resolver->settings.is_renewing_root ||
		!resolver_root_can_prove(renewal->root)) {
		return;
	}
	renewal->is_under_way = true; /* First: to ask leads here again. */
	renewal_ask(resolver, TEXT("0.NA/0.NA"), root_answered);
}

void
resolver_renewal_heard(struct resolver *resolver, const struct resolver_server *server,
	const struct header *header)
{
	bool is_newer = header->site_serial != server->serial && server->serial != 0 &&
		header->site_serial != UINT16_MAX &&
		(uint16_t)(header->site_serial - server->serial) <= INT16_MAX;

	if (server->is_of_root &&
		(is_newer || header->response_code == RESPONSE_OUT_OF_DATE_SITE_INFO)) {
		resolver->renewal.is_wanted = true;
	}
}
