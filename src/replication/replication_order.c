/* SPDX-License-Identifier: Apache-2.0 */
#include "message/replication_state.h"
#include "replication/replication_private.h"

enum {
	STATE_MEMORY_MAX = 4 << 20,
	START_HANDLE = 2,
	START_PREFIX = 3,
	DAY_MS = 24 * 60 * 60 * 1000,
	KEPT_DAY_COUNT = 10,
};

static bool
share_is_possible(uint32_t server_count, uint32_t server_number)
{
	return server_count > 0 && server_count <= SITE_SERVER_COUNT_MAX &&
		server_number < server_count;
}

static enum status
share_read(struct replication_order *order, uint8_t hash_kind, uint32_t server_count,
	uint32_t server_number)
{
	if (!share_is_possible(server_count, server_number) || hash_kind > HANDLE_HASH_BY_ALL) {
		return STATUS_INVALID;
	}
	order->hash_option = (enum handle_hash_option)hash_kind;
	order->server_count = server_count;
	order->server_number = server_number;
	return STATUS_OK;
}

static enum status
state_read(
	const struct replication_source *source, struct bytes text, struct replication_order *order)
{
	struct arena *arena = arena_new(4096, STATE_MEMORY_MAX);
	struct replication_source_state state;
	enum status status = arena == NULL
		? STATUS_NO_MEMORY
		: replication_state_find(
			  text, identity_name(source->parts.identity), arena, &state);

	arena_free(arena);
	if (status == STATUS_OK) {
		order->last_id = state.last_id;
		order->last_date = state.last_date;
	}
	return status;
}

static enum status
transactions_order(const struct replication_source *source, const struct request *request,
	struct replication_order *order)
{
	const struct request_transactions *asked = &request->transactions;

	order->stream = REPLICATION_TRANSACTIONS;
	order->format = REPLICATION_FORMAT_ONE_SOURCE;
	/* Numbers below 0 say that nothing was taken yet. */
	order->last_id = asked->last_id > INT64_MAX ? 0 : asked->last_id;
	order->last_date = asked->last_date > INT64_MAX ? 0 : asked->last_date;
	order->is_kept =
		asked->kind == 0 && (request->message.header.flags & MESSAGE_FLAG_KEEP_ALIVE) != 0;
	if (asked->kind != 0) {
		enum status status = state_read(source, asked->state, order);

		order->format = REPLICATION_FORMAT_ALL_SOURCES;
		if (status != STATUS_OK) {
			return status;
		}
	}
	return share_read(order, asked->hash_kind, asked->server_count, asked->server_number);
}

static enum status
dump_order(const struct request *request, struct replication_order *order)
{
	const struct request_dump *asked = &request->dump;

	order->stream = REPLICATION_DUMP;
	order->format = REPLICATION_FORMAT_DUMP;
	if (asked->has_start && asked->start_kind == START_HANDLE) {
		order->start_size = handle_name_key(asked->start, order->start);
	} else if (asked->has_start && asked->start_kind == START_PREFIX) {
		order->is_after_handles = true;
		order->start_size = handle_name_key(asked->start, order->start);
	}
	return share_read(order, asked->hash_kind, asked->server_count, asked->server_number);
}

/* TLS where both sides can; else signatures, with SHA-1 where the peer knows no better. */
static enum status
protection_choose(const struct replication_identity *identity, struct version version,
	struct replication_order *order)
{
	bool is_old = !version_at_least(version, 2, 8) ||
		crypto_key_kind(identity->key) == CRYPTO_KEY_DSA;

	order->is_tls = version_at_least(version, 2, 8) && identity->tls != NULL;
	order->digest = is_old ? CRYPTO_SHA1 : CRYPTO_SHA256;
	if (!order->is_tls && is_old && !identity->is_sha1_allowed) {
		return STATUS_UNSUPPORTED;
	}
	return STATUS_OK;
}

enum status
replication_order_read(struct replication_source *source, const struct request *request,
	struct version version, struct replication_order *ret_order)
{
	struct replication_order order = {.last_id = 0};
	enum status status;

	if (source->feed_count >= REPLICATION_FEED_COUNT_MAX) {
		return STATUS_BUSY;
	}
	status = request->message.header.opcode == OPCODE_DUMP_HANDLES
		? dump_order(request, &order)
		: transactions_order(source, request, &order);
	if (status == STATUS_OK) {
		status = protection_choose(source->parts.identity, version, &order);
	}
	if (status == STATUS_OK) {
		*ret_order = order;
	}
	return status;
}

uint8_t
replication_order_flags(const struct replication_order *order)
{
	return order->is_kept ? REPLICATION_FLAG_KEPT : 0;
}

/* True if the two are not further apart than a day. */
static bool
is_within_a_day(uint64_t one, uint64_t other)
{
	return (one > other ? one - other : other - one) <= DAY_MS;
}

bool
replication_must_dump(
	const struct replication_log_facts *log, uint64_t client_id, uint64_t client_date)
{
	if (log->last_id == 0) {
		return false;
	}
	/* Ours: a mirror that is ahead has followed a ledger that is no more. */
	if (client_id > log->last_id) {
		return true;
	}
	if (log->first_id == 0) {
		return log->last_id > client_id;
	}
	if (log->first_date <= client_date) {
		return false;
	}
	if (client_id == 0 && log->first_id == 1 &&
		(log->now_ms <= log->first_date ||
			log->now_ms - log->first_date < (uint64_t)KEPT_DAY_COUNT * DAY_MS ||
			is_within_a_day(log->first_date, client_date))) {
		return false;
	}
	return !(log->first_id == client_id + 1 && is_within_a_day(log->first_date, client_date));
}
