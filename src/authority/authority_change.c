/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_change.h"

#include "authority/authority_private.h"
#include "base/text_writer.h"
#include "crypto/crypto.h"
#include "markup/markup_check.h"

struct authority_change {
	struct ledger_change entry; /* The first member: judges are handed it. */
	struct authority_order order;
	struct arena *arena;
	struct bytes key; /* Folded name. */
	struct access_result result;
	struct authority_room own_room; /* For the values after the change. */
	struct authority_verdict verdict;
	enum status markup_status; /* Of values that are more than data. */
	struct bytes markup_text;
	bool is_budget_spent;
};

static uint32_t
opcode_of(const struct authority_change *change)
{
	return change->order.request->message.header.opcode;
}

static enum status
refuse(struct authority_change *change, enum status status, struct bytes text)
{
	change->entry.text = text;
	return status;
}

/* Homed within the state: its prefix, or for a derived prefix handle one above. */
static enum status
key_is_homed(struct ledger_state *state, struct bytes key, bool *ret_is_homed)
{
	uint8_t octets[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));
	struct bytes prefix = bytes_over(octets, handle_name_prefix_handle(key, octets));
	enum status status = ledger_state_prefix_is_homed(state, prefix, ret_is_homed);

	if (!handle_name_is_derived_prefix(key)) {
		return status;
	}
	for (struct bytes above = handle_name_parent_prefix(key);
		status == STATUS_OK && !*ret_is_homed && above.size > 0;
		above = handle_name_parent_prefix(above)) {
		status = ledger_state_prefix_is_homed(state, above, ret_is_homed);
	}
	return status;
}

/* What a decision within the commit can reach. */
struct change_reach {
	struct ledger_state *state;
	const struct access_remote *remote;
};

static enum status
remote_lookup(void *context, struct bytes name, struct record *ret_record)
{
	const struct change_reach *reach = context;

	return access_remote_find(reach->remote, name, ret_record);
}

/* What the deciding file asks of the state. What is stored counts, wherever it may be homed;
 * what is not stored lives elsewhere unless its prefix is homed. */
static enum status
state_lookup(void *context, struct bytes name, struct record *ret_record)
{
	struct ledger_state *state = ((const struct change_reach *)context)->state;
	uint8_t octets[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));
	enum status status = ledger_state_find(state, name, ret_record);
	bool is_homed = false;

	if (status == STATUS_INVALID) {
		return STATUS_NOT_FOUND;
	}
	if (status != STATUS_NOT_FOUND) {
		return status;
	}
	status = key_is_homed(state, bytes_over(octets, handle_name_key(name, octets)), &is_homed);
	if (status != STATUS_OK) {
		return status;
	}
	return is_homed ? STATUS_NOT_FOUND : STATUS_NOT_RESPONSIBLE;
}

static enum status
change_decide(struct authority_change *change, struct ledger_state *state,
	const struct record *before, const struct authority_verdict *verdict)
{
	struct access_target target = {
		change->key, verdict->replaces && opcode_of(change) == OPCODE_CREATE_HANDLE};
	struct access_budget budget = access_budget_full();
	struct access_demand demand;
	struct change_reach reach = {state, change->order.remote};
	struct access_question question = {
		.policy = change->order.policy,
		.demand = &demand,
		.identity = &change->order.identity,
		.name = change->key,
		.before = before,
		.reach = {state_lookup, reach.remote == NULL ? NULL : remote_lookup, &reach},
	};
	enum status status =
		access_demand_make(opcode_of(change), verdict->effects, &target, &demand);

	if (status == STATUS_OK) {
		status = access_decide(&question, &budget);
	}
	change->is_budget_spent = budget.is_spent;
	return status;
}

/* Writes the record as it will be. The room is kept for the next time the judge is asked. */
static enum status
change_write(struct authority_change *change, const struct authority_difference *difference)
{
	struct authority_room *room =
		change->order.room == NULL ? &change->own_room : change->order.room;
	size_t size = difference->before == NULL ? 0 : difference->before->values.octets.size;
	struct wire_writer writer;

	if (opcode_of(change) != OPCODE_REMOVE_VALUE) {
		size += difference->request->values.values.octets.size;
	}
	if (room->octets == NULL || room->size < size) {
		size_t more = change->order.room == NULL ? size : 2 * size;

		room->octets = arena_alloc(change->arena, more + 1);
		room->size = more;
	}
	if (room->octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	writer = wire_writer_over(room->octets, size);
	if (authority_difference_write(difference, &writer, &change->entry.values) != STATUS_OK) {
		return refuse(change, STATUS_INVALID_VALUE,
			TEXT("The values are too many or too large for one record"));
	}
	return STATUS_OK;
}

static bool
has_admin(const struct handle_value_list *list)
{
	struct wire_reader walk = handle_value_list_walk(list);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (access_value_is_admin(&value)) {
			return true;
		}
	}
	return false;
}

/* A record without HS_ADMIN belongs to nobody: where the settings say so, none is made of one
 * that has an administrator. Judged on what was written, however it came about. */
static enum status
change_keeps_admin(struct authority_change *change)
{
	uint32_t losing = ACCESS_REMOVES_ADMIN | ACCESS_ADMIN_TO_VALUE;

	if (!change->order.policy->keeps_last_admin || (change->verdict.effects & losing) == 0 ||
		has_admin(&change->entry.values)) {
		return STATUS_OK;
	}
	return refuse(
		change, STATUS_DENIED, TEXT("The last HS_ADMIN value of a record is kept here"));
}

static enum status
judge_record(
	struct authority_change *change, struct ledger_state *state, const struct record *before)
{
	struct authority_difference difference = {
		change->order.request, before, change->order.now_s};
	bool is_homed = true;
	enum status status = STATUS_OK;

	/* A record that was left behind by a prefix that moved can still be deleted. */
	if (opcode_of(change) != OPCODE_DELETE_HANDLE) {
		status = key_is_homed(state, change->key, &is_homed);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (!is_homed) {
		return refuse(
			change, STATUS_NOT_RESPONSIBLE, TEXT("That prefix doesn't live here"));
	}
	status = authority_difference_judge(&difference, &change->verdict);
	if (status != STATUS_OK) {
		return refuse(change, status, change->verdict.text);
	}
	status = change_decide(change, state, before, &change->verdict);
	if (status == STATUS_OK && change->markup_status != STATUS_OK) {
		return refuse(change, change->markup_status, change->markup_text);
	}
	if (status == STATUS_OK && opcode_of(change) != OPCODE_DELETE_HANDLE) {
		status = change_write(change, &difference);
		status = status == STATUS_OK ? change_keeps_admin(change) : status;
	}
	change->result.has_overwritten = status == STATUS_OK && change->verdict.replaces;
	return status;
}

static enum status
judge_change(void *context, struct ledger_state *state, struct ledger_change *entry,
	const struct record *before)
{
	struct authority_change *change = (struct authority_change *)entry;
	(void)context;

	entry->text = (struct bytes){NULL, 0};
	if (entry->kind == JOURNAL_HOME || entry->kind == JOURNAL_UNHOME) {
		change->verdict.effects = 0;
		change->verdict.replaces = false;
		return change_decide(change, state, NULL, &change->verdict);
	}
	return judge_record(change, state, before);
}

/* A random UUID, version 4 (RFC 9562, 5.4), in small letters. */
static void
uuid_draw(uint8_t ret_text[ACCESS_MINT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t octets[16];
	size_t at = 0;

	crypto_random(octets, sizeof(octets));
	octets[6] = (uint8_t)((octets[6] & 0x0f) | 0x40);
	octets[8] = (uint8_t)((octets[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(octets); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10) {
			ret_text[at++] = '-';
		}
		ret_text[at++] = (uint8_t)digits[octets[i] >> 4];
		ret_text[at++] = (uint8_t)digits[octets[i] & 0x0f];
	}
}

/* The handle with what MINT appends; empty without memory. */
static struct bytes
name_minted(struct arena *arena, struct bytes name, const uint8_t mint[ACCESS_MINT_SIZE])
{
	uint8_t *octets = arena_alloc(arena, name.size + ACCESS_MINT_SIZE);

	if (octets == NULL) {
		return (struct bytes){NULL, 0};
	}
	memcpy(octets, name.at, name.size);
	memcpy(octets + name.size, mint, ACCESS_MINT_SIZE);
	return bytes_over(octets, name.size + ACCESS_MINT_SIZE);
}

/* Of several servers of a site, the one that mints holds the name: so it draws until it does. */
static enum status
change_mint(struct authority_change *change)
{
	struct bytes name = change->order.request->values.name;

	if (name.size > HANDLE_NAME_SIZE_MAX - ACCESS_MINT_SIZE) {
		return STATUS_INVALID;
	}
	uuid_draw(change->result.mint);
	name = name_minted(change->arena, name, change->result.mint);
	if (name.at == NULL) {
		return STATUS_NO_MEMORY;
	}
	for (size_t i = 0;
		i < MINT_DRAW_COUNT_MAX && !authority_share_holds(&change->order.share, name);
		i++) {
		uuid_draw(change->result.mint);
		memcpy((uint8_t *)(uintptr_t)name.at + name.size - ACCESS_MINT_SIZE,
			change->result.mint, ACCESS_MINT_SIZE);
	}
	change->entry.name = name;
	return STATUS_OK;
}

static struct bytes
actor_of(struct arena *arena, const struct access_identity *identity, struct bytes token)
{
	size_t size_max = identity->name.size + sizeof("4294967295: token ") + token.size;
	char *text = arena_alloc(arena, size_max);
	struct text_writer writer;

	if (text == NULL || identity->name.size == 0 || size_max > LEDGER_ACTOR_SIZE_MAX) {
		return (struct bytes){NULL, 0};
	}
	writer = text_writer_over(text, size_max);
	text_write_u64(&writer, identity->index);
	text_write_char(&writer, ':');
	text_write(&writer, identity->name);
	if (token.size > 0) {
		text_write_string(&writer, " token ");
		text_write(&writer, token);
	}
	return text_written(&writer);
}

static bool
kind_of(uint32_t opcode, enum journal_kind *ret_kind)
{
	switch (opcode) {
	case OPCODE_CREATE_HANDLE:
	case OPCODE_ADD_VALUE:
	case OPCODE_REMOVE_VALUE:
	case OPCODE_MODIFY_VALUE:
		*ret_kind = JOURNAL_PUT;
		return true;
	case OPCODE_DELETE_HANDLE:
		*ret_kind = JOURNAL_DELETE;
		return true;
	case OPCODE_HOME_PREFIX:
		*ret_kind = JOURNAL_HOME;
		return true;
	case OPCODE_UNHOME_PREFIX:
		*ret_kind = JOURNAL_UNHOME;
		return true;
	default:
		return false;
	}
}

/* Key and name; for prefixes the name is the key, as the ledger wants it. */
static enum status
change_name(struct authority_change *change)
{
	struct ledger_change *entry = &change->entry;
	bool is_prefix = entry->kind == JOURNAL_HOME || entry->kind == JOURNAL_UNHOME;
	uint8_t octets[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));

	if (entry->name.size == 0 || entry->name.size > HANDLE_NAME_SIZE_MAX) {
		return STATUS_INVALID;
	}
	change->key =
		arena_copy(change->arena, bytes_over(octets, handle_name_key(entry->name, octets)));
	if (change->key.at == NULL) {
		return STATUS_NO_MEMORY;
	}
	if (is_prefix) {
		entry->name = change->key;
		return handle_name_is_prefix_handle(change->key) ? STATUS_OK : STATUS_INVALID;
	}
	return authority_share_holds(&change->order.share, entry->name) ? STATUS_OK
									: STATUS_NOT_RESPONSIBLE;
}

/* Looked at here, on the worker's thread, because it may take a while; refused where the change is
 * judged, after who may make it. */
static void
change_check_markup(struct authority_change *change)
{
	uint32_t opcode = opcode_of(change);
	struct problem problem = {.status = STATUS_OK};

	if (opcode != OPCODE_CREATE_HANDLE && opcode != OPCODE_ADD_VALUE &&
		opcode != OPCODE_MODIFY_VALUE) {
		return;
	}
	change->markup_status =
		markup_values_check(&change->order.request->values.values, &problem);
	if (change->markup_status != STATUS_OK) {
		change->markup_text = arena_copy(change->arena, bytes_from_string(problem.text));
	}
}

enum status
authority_change_new(struct arena *arena, const struct authority_order *order,
	struct authority_change **ret_change)
{
	uint32_t opcode = order->request->message.header.opcode;
	struct authority_change *change;
	enum journal_kind kind;
	enum status status = STATUS_OK;

	if (!kind_of(opcode, &kind)) {
		return STATUS_UNSUPPORTED;
	}
	change = arena_alloc(arena, sizeof(*change));
	if (change == NULL) {
		return STATUS_NO_MEMORY;
	}
	change->order = *order;
	change->arena = arena;
	change->entry.kind = kind;
	change->entry.judge = judge_change;
	change->entry.actor = actor_of(arena, &order->identity, order->token);
	change->entry.name = request_handle(order->request);
	if (opcode == OPCODE_CREATE_HANDLE &&
		authority_is_asked(order->request, MESSAGE_FLAG_MINT)) {
		status = change_mint(change);
	}
	if (status == STATUS_OK && (opcode == OPCODE_CREATE_HANDLE || opcode == OPCODE_ADD_VALUE)) {
		status = authority_values_check(&order->request->values.values, &change->verdict);
	}
	if (status == STATUS_OK) {
		status = change_name(change);
	}
	if (status == STATUS_OK) {
		change_check_markup(change);
		*ret_change = change;
	}
	return status;
}

struct ledger_change *
authority_change_entry(struct authority_change *change)
{
	return &change->entry;
}

/* Homing is a wish for a state, not for a step. */
static enum status
status_told(enum journal_kind kind, enum status status)
{
	if ((kind == JOURNAL_HOME && status == STATUS_EXISTS) ||
		(kind == JOURNAL_UNHOME && status == STATUS_NOT_FOUND)) {
		return STATUS_OK;
	}
	return status == STATUS_TOO_LARGE ? STATUS_INVALID_VALUE : status;
}

enum status
authority_change_outcome(
	struct authority_change *change, enum status status, struct authority_outcome *ret_outcome)
{
	status = status_told(change->entry.kind, status);
	change->result.status = status;
	change->result.has_overwritten = change->result.has_overwritten && status == STATUS_OK;
	*ret_outcome = (struct authority_outcome){
		.text = status == STATUS_OK ? (struct bytes){NULL, 0} : change->entry.text,
		.name = change->entry.name,
		.result = change->result,
		.is_budget_spent = change->is_budget_spent,
	};
	return status;
}

void
authority_change_repeat(const struct request *request, const struct access_result *result,
	struct arena *arena, struct authority_outcome *ret_outcome)
{
	bool is_minted = result->status == STATUS_OK &&
		request->message.header.opcode == OPCODE_CREATE_HANDLE &&
		authority_is_asked(request, MESSAGE_FLAG_MINT);
	struct bytes name = request_handle(request);

	*ret_outcome = (struct authority_outcome){
		.name = is_minted ? name_minted(arena, name, result->mint) : name,
		.result = *result,
	};
}
