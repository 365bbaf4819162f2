/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_private.h"

#include "base/clock.h"
#include "base/limits.h"

/*
 * One walk for one record, state by state. A state is a function that ends in one wait, or in the
 * end of the walk:
 *
 *     begin            is it known? A global name: the root is asked. Else:
 *     service_heard    the record of the prefix came; its sites are collected
 *     collect          a service named by HS_SERV is looked for, and the next, until all are there
 *     ask              the servers are asked
 *     answered         values, or nothing, or a referral: collect and ask again
 *     above_heard      a prefix that the root does not know: the site of the prefix above is asked
 */
static void walk_ask(struct walk *walk);
static void walk_collect(struct walk *walk);

static int64_t
walk_now_ms(const struct walk *walk)
{
	return loop_now_ms(walk->resolver->loop);
}

static void
walk_note(struct walk *walk, struct bytes text)
{
	struct resolver_trace *trace = walk->budget->trace;

	if (trace != NULL) {
		const struct resolver_step step = {.kind = RESOLVER_STEP_NOTE,
			.at_ms = (uint32_t)(walk_now_ms(walk) - trace->begun_ms),
			.name = walk->goal.name,
			.text = text};

		resolver_trace_add(trace, walk->budget->arena, &step);
	}
}

static void
walk_end(struct walk *walk, enum status status, struct bytes text)
{
	walk->status = status;
	walk->text = text;
	resolver_store_put(walk->resolver, walk);
	resolver_walk_over(walk);
}

/* What was found on the way may not be believed for longer than this. */
static void
walk_limit(struct walk *walk, int64_t expires_ms)
{
	if (expires_ms < walk->expires_ms) {
		walk->expires_ms = expires_ms;
	}
}

/* Nobody could tell: what is known from before is better than nothing (RFC 8767). */
static void
walk_fail(struct walk *walk, enum status status, struct bytes text)
{
	struct resolver_record record;

	if (!walk->goal.is_authoritative &&
		resolver_store_find(walk->resolver, &walk->goal, &record) == RESOLVER_KNOWN_STALE) {
		walk->values = record.values;
		walk->values.octets = arena_copy(walk->budget->arena, record.values.octets);
		if (walk->values.octets.at != NULL) {
			walk->is_stale = true;
			walk->is_certified = record.is_certified;
			walk_limit(walk, record.expires_ms);
			walk->status = status;
			resolver_store_put(walk->resolver, walk);
			walk_note(walk, text);
			walk->status = record.status;
			resolver_walk_over(walk);
			return;
		}
		walk->values = (struct handle_value_list){0, {NULL, 0}};
	}
	walk_end(walk, status, text);
}

/* When the first of these values has had its time. */
static int64_t
values_expire_ms(const struct handle_value_list *values, int64_t now_ms)
{
	struct wire_reader reader = handle_value_list_walk(values);
	struct handle_value value;
	int64_t expires_ms = INT64_MAX;
	int64_t wall_s = clock_wall_ms() / 1000;

	while (handle_value_next(&reader, &value)) {
		int64_t left_s = value.ttl_kind == HANDLE_TTL_ABSOLUTE ? (int64_t)value.ttl - wall_s
								       : (int64_t)value.ttl;
		int64_t at_ms = now_ms + (left_s < 0 ? 0 : left_s) * 1000;

		expires_ms = at_ms < expires_ms ? at_ms : expires_ms;
	}
	return expires_ms;
}

static bool
walk_is_for_prefix(const struct walk *walk)
{
	return handle_name_is_prefix_handle(walk->goal.name);
}

/* 0.NA/0.NA is the root. */
static bool
name_is_root(struct bytes name)
{
	return handle_name_equal(name, TEXT("0.NA/0.NA"));
}

static void
collection_begin(struct walk *walk, enum resolver_serves serves, void (*then)(struct walk *walk))
{
	walk->collection.service.site_count = 0;
	walk->collection.service.further_count = 0;
	walk->collection.service.is_cut = false;
	walk->collection.next = 0;
	walk->collection.serves = serves;
	walk->collection.then = then;
}

static bool
collection_is_empty(const struct walk *walk)
{
	return walk->collection.service.site_count == 0 &&
		walk->collection.service.further_count == 0;
}

/* The values named, or if they are none of that kind, `other`. False if memory is short. */
static bool
collection_take(struct walk *walk, const struct handle_value_list *values,
	enum resolver_serves serves, enum resolver_serves other)
{
	struct walk_collection *collection = &walk->collection;
	struct arena *arena = walk->budget->arena;
	enum status status = resolver_service_add(&collection->service, values, serves, arena);

	collection->serves = serves;
	if (status == STATUS_OK && collection_is_empty(walk) && other != serves) {
		collection->serves = other;
		status = resolver_service_add(&collection->service, values, other, arena);
	}
	if (status != STATUS_OK) {
		walk->budget->is_spent = true;
	}
	return status == STATUS_OK;
}

static void
collection_take_root(struct walk *walk)
{
	const struct resolver_service *root = resolver_root_service(walk->budget->root);
	struct resolver_service *service = &walk->collection.service;

	for (size_t i = 0; i < root->site_count && service->site_count < RESOLVER_SITE_COUNT_MAX;
		i++) {
		service->sites[service->site_count++] = root->sites[i];
	}
}

static void
collected_heard(struct walk *walk)
{
	if (walk->heard == STATUS_OK) {
		walk->is_certified = walk->is_certified && walk->heard_certified;
		walk_limit(walk, walk->heard_expires_ms);
		if (resolver_service_add(&walk->collection.service, &walk->heard_values,
			    RESOLVER_SERVES_HANDLES, walk->budget->arena) != STATUS_OK) {
			walk->budget->is_spent = true;
		}
	}
	walk_collect(walk);
}

/* Services that were named are looked for, one after the other; one that leads back to this
 * walk, or cannot be found, is left out. */
static void
walk_collect(struct walk *walk)
{
	struct walk_collection *collection = &walk->collection;

	while (collection->next < collection->service.further_count) {
		struct walk_goal goal = {.name = collection->service.further[collection->next++],
			.is_certified = walk->goal.is_certified,
			.owner = walk->goal.owner};
		enum status status;

		if (name_is_root(goal.name)) {
			collection_take_root(walk);
			continue;
		}
		status = resolver_walk_await(walk, &goal, collected_heard);
		if (status == STATUS_OK) {
			return;
		}
		if (status == STATUS_CONFLICT) {
			monitor_add(walk->resolver->row, METRIC_RESOLVER_CYCLES, 1);
			walk_note(walk,
				RESOLVER_TEXT(walk->budget, TEXT("the service "), goal.name,
					TEXT(" leads back here")));
		}
	}
	collection->then(walk);
}

/* The prefix above this one, whose service may know it. */
static struct bytes
walk_prefix_above(const struct walk *walk)
{
	return handle_name_is_derived_prefix(walk->goal.name)
		? handle_name_parent_prefix(walk->goal.name)
		: (struct bytes){NULL, 0};
}

/* Whoever was asked has the prefix above, too, so that asking again would bring nothing. */
static bool
servers_are_same(const struct walk *walk, const struct resolver_server *servers, size_t count)
{
	if (count != walk->server_count) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!address_equal(&servers[i].address, &walk->servers[i].address)) {
			return false;
		}
	}
	return true;
}

static void
walk_end_not_found(struct walk *walk)
{
	if (walk_is_for_prefix(walk)) {
		walk_end(walk, STATUS_NOT_FOUND,
			RESOLVER_TEXT(walk->budget, TEXT("the prefix "),
				bytes_slice(walk->goal.name, 5, SIZE_MAX),
				TEXT(" is not registered with "), walk->service_name));
	} else {
		walk_end(walk, STATUS_NOT_FOUND, (struct bytes){NULL, 0});
	}
}

/* It was granted, but nobody says yet where it is. */
static void
walk_end_unconnected(struct walk *walk)
{
	walk_end(walk, STATUS_NOT_FOUND,
		RESOLVER_TEXT(walk->budget, TEXT("the prefix "),
			bytes_slice(walk->above, 5, SIZE_MAX),
			TEXT(" is registered, but its record names no site: it is not connected")));
}

static void
above_heard(struct walk *walk)
{
	if (walk->heard == STATUS_NOT_FOUND && handle_name_is_derived_prefix(walk->above)) {
		walk_end(walk, STATUS_NOT_FOUND, walk->heard_text);
		return;
	}
	if (walk->heard == STATUS_NOT_FOUND || walk->heard == STATUS_VALUE_NOT_FOUND) {
		walk_end_not_found(walk);
		return;
	}
	if (walk->heard != STATUS_OK) {
		walk_fail(walk, walk->heard, walk->heard_text);
		return;
	}
	walk->is_certified = walk->is_certified && walk->heard_certified;
	walk_limit(walk, walk->heard_expires_ms);
	walk->service_name = bytes_slice(walk->above, 5, SIZE_MAX);
	collection_begin(walk, RESOLVER_SERVES_PREFIXES, walk_ask);
	if (!collection_take(
		    walk, &walk->heard_values, RESOLVER_SERVES_PREFIXES, RESOLVER_SERVES_HANDLES)) {
		walk_fail(walk, STATUS_NO_MEMORY, (struct bytes){NULL, 0});
		return;
	}
	if (collection_is_empty(walk)) {
		walk_end_unconnected(walk);
		return;
	}
	walk_collect(walk);
}

/* Who was asked does not have it. A derived prefix may be known to the service of the prefix above
 * it, unless that one has just been asked. */
static void
walk_look_above(struct walk *walk)
{
	struct walk_goal goal = {.name = walk_prefix_above(walk),
		.is_authoritative = walk->goal.is_authoritative,
		.is_certified = walk->goal.is_certified,
		.owner = walk->goal.owner};
	enum status status;

	if (goal.name.size == 0 || walk->above.size > 0 || walk->is_referred) {
		walk_end_not_found(walk);
		return;
	}
	walk->above = goal.name;
	status = resolver_walk_await(walk, &goal, above_heard);
	if (status != STATUS_OK) {
		walk_fail(walk, status, (struct bytes){NULL, 0});
	}
}

static void
walk_refused(struct walk *walk, enum status status)
{
	struct bytes whose = walk->service_name;
	struct bytes text;

	if (status == STATUS_NOT_RESPONSIBLE && handle_name_is_derived_prefix(walk->goal.name)) {
		walk_look_above(walk);
		return;
	}
	if (walk->budget->is_spent) {
		text = TEXT("to answer this would cost too much");
	} else if (status == STATUS_NOT_RESPONSIBLE) {
		text = RESOLVER_TEXT(walk->budget, TEXT("the servers of "), whose,
			TEXT(" say that "), walk->goal.name, TEXT(" is not theirs"));
		status = STATUS_CLOSED;
	} else if (status == STATUS_TIMED_OUT) {
		text = RESOLVER_TEXT(
			walk->budget, TEXT("the servers of "), whose, TEXT(" do not answer"));
	} else {
		text = RESOLVER_TEXT(
			walk->budget, TEXT("the servers of "), whose, TEXT(" cannot answer now"));
	}
	walk_fail(walk, status, text);
}

/* Only what everybody may read is kept, and no secret whatever its permissions say. */
static bool
value_is_kept(const struct handle_value *value)
{
	return (value->permissions & HANDLE_PUBLIC_READ) != 0 &&
		!handle_type_is(value->type, TEXT("HS_SECKEY"));
}

/* The values that are kept, in place: the list lies in the arena, and is ours. */
static void
values_strip(struct handle_value_list *list)
{
	uint8_t *to = (uint8_t *)(uintptr_t)list->octets.at;
	const uint8_t *start = to;
	struct wire_reader reader = handle_value_list_walk(list);
	struct handle_value value;
	uint32_t count = 0;

	for (const uint8_t *from = reader.next; handle_value_next(&reader, &value);
		from = reader.next) {
		size_t size = (size_t)(reader.next - from);

		if (value_is_kept(&value)) {
			memmove(to, from, size);
			to += size;
			count++;
		}
	}
	list->count = count;
	list->octets.size = (size_t)(to - start);
}

static bool
walk_is_taken_back(struct walk *walk)
{
	struct resolver_record record;

	/* That of the root is judged by what the root was before (resolver_renewal.c). */
	return walk_is_for_prefix(walk) && !name_is_root(walk->goal.name) &&
		resolver_store_find(walk->resolver, &walk->goal, &record) !=
		RESOLVER_KNOWN_NOTHING &&
		record.status == STATUS_OK && resolver_sites_go_back(&record.values, &walk->values);
}

static void
walk_found(struct walk *walk, const struct handle_value_list *list)
{
	walk->values = *list;
	values_strip(&walk->values);
	if (walk_is_taken_back(walk)) {
		monitor_add(walk->resolver->row, METRIC_RESOLVER_REFUSED, 1);
		walk->values = (struct handle_value_list){0, {NULL, 0}};
		walk_fail(walk, STATUS_CLOSED,
			RESOLVER_TEXT(walk->budget, TEXT("the site record of "), walk->goal.name,
				TEXT(" is older than one that is known")));
		return;
	}
	walk_limit(walk, values_expire_ms(&walk->values, walk_now_ms(walk)));
	walk_end(walk, walk->values.count > 0 ? STATUS_OK : STATUS_VALUE_NOT_FOUND,
		(struct bytes){NULL, 0});
}

/* A referral is believed about the handle that was asked for, because whoever answers for it said
 * so; nothing of it is kept. */
static void
walk_referred(struct walk *walk, const struct response *response, bool is_prefix)
{
	enum resolver_serves serves =
		is_prefix ? RESOLVER_SERVES_PREFIXES : RESOLVER_SERVES_HANDLES;
	bool is_taken = true;

	if (is_prefix && !walk_is_for_prefix(walk)) {
		walk_refused(walk, STATUS_CLOSED);
		return;
	}
	if (!resolver_budget_take(walk->budget, &walk->budget->referrals)) {
		walk_fail(
			walk, STATUS_CLOSED, TEXT("was referred from server to server too often"));
		return;
	}
	monitor_add(walk->resolver->row, METRIC_RESOLVER_REFERRALS, 1);
	walk->is_referred = true;
	walk->is_forwarded = false;
	walk->referrer = walk->referrer.size > 0 ? walk->referrer : walk->service_name;
	collection_begin(walk, serves, walk_ask);
	if (response->referral.has_values) {
		walk_limit(walk, values_expire_ms(&response->referral.list, walk_now_ms(walk)));
		is_taken = collection_take(
			walk, &response->referral.list, serves, RESOLVER_SERVES_HANDLES);
	}
	if (is_taken && collection_is_empty(walk)) {
		is_taken = resolver_service_add_further(&walk->collection.service,
				   response->referral.name, walk->budget->arena) == STATUS_OK;
	}
	if (!is_taken) {
		walk_fail(walk, STATUS_NO_MEMORY, (struct bytes){NULL, 0});
		return;
	}
	walk_collect(walk);
}

static void
walk_answered(struct walk *walk, const struct resolver_reply *reply)
{
	const struct response *response = &reply->response;

	walk->is_certified = walk->is_certified && reply->is_certified;
	switch (response->message.header.response_code) {
	case RESPONSE_SUCCESS:
		if (walk->goal.proof != NULL) {
			walk->is_proven = (response->verdict & 1) != 0 && reply->is_about_it;
			walk_end(walk, STATUS_OK, (struct bytes){NULL, 0});
			return;
		}
		walk_found(walk, &response->values.list);
		return;
	case RESPONSE_VALUES_NOT_FOUND:
		walk_end(walk, STATUS_VALUE_NOT_FOUND, (struct bytes){NULL, 0});
		return;
	case RESPONSE_SERVICE_REFERRAL:
		walk_referred(walk, response, false);
		return;
	case RESPONSE_PREFIX_REFERRAL:
		walk_referred(walk, response, true);
		return;
	default: /* The exchange lets nothing else through but RESPONSE_HANDLE_NOT_FOUND. */
		walk_look_above(walk);
		return;
	}
}

static void
walk_replied(void *context, enum status status, const struct resolver_reply *reply)
{
	struct walk *walk = context;

	walk->exchange = NULL;
	if (status == STATUS_OK) {
		walk_answered(walk, reply);
	} else {
		walk_refused(walk, status);
	}
}

/* Whether whoever is asked must sign: always for who answers for a prefix, if the settings say so
 * and its key is known. */
static uint32_t
walk_flags(const struct walk *walk)
{
	const struct resolver_settings *settings = &walk->resolver->settings;
	bool is_certified = walk->goal.is_certified || settings->is_certifying ||
		(settings->is_certifying_services && handle_name_is_global(walk->goal.name));

	return MESSAGE_FLAG_PUBLIC_ONLY | (walk->is_forwarded ? MESSAGE_FLAG_RECURSIVE : 0) |
		(walk->goal.is_authoritative ? MESSAGE_FLAG_AUTHORITATIVE : 0) |
		(is_certified ? MESSAGE_FLAG_CERTIFY | MESSAGE_FLAG_CACHE_CERTIFY : 0) |
		(walk->goal.proof != NULL ? MESSAGE_FLAG_REQUEST_DIGEST : 0) |
		(settings->is_teleinfo ? MESSAGE_FLAG_KEEP_ALIVE : 0);
}

static void
walk_exchange(struct walk *walk)
{
	const struct resolver_settings *settings = &walk->resolver->settings;
	struct resolver_exchange_order order = {
		.resolver = walk->resolver,
		.budget = walk->budget,
		.name = walk->goal.name,
		.is_sites = walk->goal.is_sites,
		.proof = walk->goal.proof,
		.flags = walk_flags(walk),
		.recursion_count = (uint8_t)(walk->recursion_count + 1),
		.patience_ms = walk->is_stale_known ? RESOLVER_STALE_PATIENCE_MS : 0,
		.servers = walk->servers,
		.server_count = walk->server_count,
		.replied = walk_replied,
		.context = walk,
	};

	/* 0.NA/88.980 and 88.980 are the same; the national tree knows the second form best. */
	if (settings->is_teleinfo && walk_is_for_prefix(walk)) {
		order.name = bytes_slice(walk->goal.name, 5, SIZE_MAX);
	}
	walk->exchange = resolver_exchange_new(&order);
	if (walk->exchange == NULL) {
		walk_fail(walk, STATUS_NO_MEMORY, (struct bytes){NULL, 0});
	}
}

/* Whom the referral was to, so that whoever reads of it can go there. */
static void
walk_name_referral(struct walk *walk)
{
	char address[ADDRESS_TEXT_SIZE_MAX];

	walk->service_name = RESOLVER_TEXT(walk->budget,
		bytes_from_string(address_format(&walk->servers[0].address, address)),
		TEXT(" (to which "), walk->referrer, TEXT(" refers)"));
}

/* No more of the arena than there are. False if memory is short. */
static bool
walk_keep_servers(struct walk *walk, const struct resolver_server *servers, size_t count)
{
	struct resolver_server *kept = arena_alloc_array(walk->budget->arena, count, sizeof(*kept));

	if (kept == NULL) {
		walk->budget->is_spent = true;
		return false;
	}
	memcpy(kept, servers, count * sizeof(*kept));
	walk->servers = kept;
	walk->server_count = count;
	return true;
}

/* Nobody can be asked. */
static void
walk_fail_unserved(struct walk *walk, const struct resolver_walk_names *naming, size_t refused)
{
	if (naming->missed.size > 0) {
		walk_fail(walk, naming->why == STATUS_TIMED_OUT ? STATUS_TIMED_OUT : STATUS_CLOSED,
			resolver_walk_names_text(naming));
		return;
	}
	walk_fail(walk, STATUS_CLOSED,
		RESOLVER_TEXT(walk->budget, TEXT("of "), walk->service_name,
			refused > 0 ? TEXT(" only addresses are known that must not be asked")
				    : TEXT(" no server is known")));
}

static void
walk_ask(struct walk *walk)
{
	struct resolver_walk_names naming = {.walk = walk};
	struct resolver_selection selection = {.name = walk->goal.name,
		.is_primary_only = walk->goal.is_authoritative,
		.is_private_allowed = walk->resolver->settings.is_private_allowed,
		.addresses = resolver_walk_names_addresses,
		.addresses_context = &naming,
		.arena = walk->budget->arena};
	struct resolver_server servers[RESOLVER_SERVER_COUNT_MAX] __attribute__((uninitialized));
	size_t refused = 0;
	size_t count =
		resolver_service_servers(&walk->collection.service, &selection, servers, &refused);

	if (refused > 0) {
		monitor_add(walk->resolver->row, METRIC_RESOLVER_REFUSED, refused);
	}
	if (count == 0 && resolver_walk_names_await(&naming, walk_ask)) {
		return;
	}
	if (count == 0) {
		walk_fail_unserved(walk, &naming, refused);
		return;
	}
	if (walk->above.size > 0 && !walk->is_referred && servers_are_same(walk, servers, count)) {
		walk_end_not_found(walk);
		return;
	}
	if (!walk_keep_servers(walk, servers, count)) {
		walk_fail(walk, STATUS_NO_MEMORY, (struct bytes){NULL, 0});
		return;
	}
	if (walk->referrer.size > 0) {
		walk_name_referral(walk);
	}
	walk_exchange(walk);
}

/* The sites of the prefix are there, or there are none (Handle.net 9, 20, step 5). */
static void service_heard(struct walk *walk);

static void
service_collected(struct walk *walk)
{
	uint8_t octets[HANDLE_KEY_SIZE_MAX];
	struct walk_goal goal = {.is_authoritative = true,
		.is_certified = walk->goal.is_certified,
		.owner = walk->goal.owner};

	if (walk->collection.service.site_count > 0) {
		walk_ask(walk);
		return;
	}
	if (walk->is_retried) {
		resolver_bare_note(walk);
	} else if (!resolver_bare_is_known(walk)) {
		walk->is_retried = true;
		goal.name = bytes_over(octets, handle_name_prefix_handle(walk->goal.name, octets));
		if (resolver_walk_await(walk, &goal, service_heard) == STATUS_OK) {
			return;
		}
	}
	walk_fail(walk, STATUS_NOT_FOUND,
		RESOLVER_TEXT(walk->budget, TEXT("the prefix "),
			handle_name_prefix(walk->goal.name), TEXT(" names no service")));
}

static void
service_heard(struct walk *walk)
{
	walk->service_name = handle_name_prefix(walk->goal.name);
	if (walk->heard == STATUS_NOT_FOUND) {
		walk_end(walk, STATUS_NOT_FOUND, walk->heard_text);
		return;
	}
	if (walk->heard != STATUS_OK && walk->heard != STATUS_VALUE_NOT_FOUND) {
		walk_fail(walk, walk->heard, walk->heard_text);
		return;
	}
	walk->is_certified = walk->is_certified && walk->heard_certified;
	walk_limit(walk, walk->heard_expires_ms);
	collection_begin(walk, RESOLVER_SERVES_HANDLES, service_collected);
	if (!collection_take(
		    walk, &walk->heard_values, RESOLVER_SERVES_HANDLES, RESOLVER_SERVES_HANDLES)) {
		walk_fail(walk, STATUS_NO_MEMORY, (struct bytes){NULL, 0});
		return;
	}
	walk_collect(walk);
}

/* True if the walk is over: it was known. */
static bool
walk_is_known(struct walk *walk)
{
	struct resolver_record record;
	enum resolver_known known = walk->goal.is_authoritative || walk->is_refresh
		? RESOLVER_KNOWN_NOTHING
		: resolver_store_find(walk->resolver, &walk->goal, &record);

	walk->is_stale_known = known == RESOLVER_KNOWN_STALE;
	if (known != RESOLVER_KNOWN_FRESH && (known != RESOLVER_KNOWN_STALE || !record.is_held)) {
		return false;
	}
	walk->values = record.values;
	walk->values.octets = arena_copy(walk->budget->arena, record.values.octets);
	if (walk->values.octets.at == NULL) {
		walk->budget->is_spent = true;
		return false;
	}
	walk->status = record.status;
	walk->is_certified = record.is_certified;
	walk->is_stale = known == RESOLVER_KNOWN_STALE;
	walk_limit(walk, record.expires_ms);
	if (walk->values.count == 0) {
		walk->text = walk->values.octets;
	}
	resolver_walk_over(walk);
	return true;
}

/* True if a rule says who is asked for this handle in place of everybody from the root on. */
static bool
walk_forward(struct walk *walk)
{
	const struct policy_rule *rule =
		policy_rules_find(walk->resolver->settings.rules, walk->goal.name);

	if (rule == NULL || rule->act != POLICY_FORWARD) {
		return false;
	}
	/* What they do not have, nobody has who is above them. */
	walk->is_forwarded = walk->is_referred = true;
	walk->service_name = TEXT("the forwarder");
	collection_begin(walk, RESOLVER_SERVES_HANDLES, walk_ask);
	for (uint32_t i = 0; i < rule->address_count; i++) {
		if (resolver_service_add_address(&walk->collection.service, &rule->addresses[i],
			    walk->budget->arena) != STATUS_OK) {
			walk->budget->is_spent = true;
		}
	}
	walk_ask(walk);
	return true;
}

void
resolver_walk_begin(struct walk *walk)
{
	uint8_t octets[HANDLE_KEY_SIZE_MAX];
	/* In the national tree a prefix has sites, and nothing else that leads on. */
	struct walk_goal goal = {.is_certified = walk->goal.is_certified,
		.is_sites = walk->resolver->settings.is_teleinfo,
		.owner = walk->goal.owner};
	enum status status;

	if (walk_is_known(walk)) {
		return;
	}
	if (walk_forward(walk)) {
		return;
	}
	if (handle_name_is_global(walk->goal.name)) {
		walk->service_name = TEXT("the root");
		collection_begin(walk, RESOLVER_SERVES_HANDLES, walk_ask);
		collection_take_root(walk);
		walk_ask(walk);
		return;
	}
	goal.name = bytes_over(octets, handle_name_prefix_handle(walk->goal.name, octets));
	status = resolver_walk_await(walk, &goal, service_heard);
	if (status != STATUS_OK) {
		walk_fail(walk, status,
			status == STATUS_CONFLICT
				? RESOLVER_TEXT(walk->budget, TEXT("the service of "),
					  handle_name_prefix(walk->goal.name),
					  TEXT(" leads back to itself"))
				: (struct bytes){NULL, 0});
	}
}
