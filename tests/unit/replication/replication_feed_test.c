/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "replication/replication.h"
#include "unit/ledger/ledger_scene.h"
#include "unit/loop/loop_help.h"

/*
 * A ledger, its source on a loop, and a mirror on the same loop that takes streams apart and
 * notes what came.
 */
enum { BLOCK_COUNT_MAX = 4096, NAME_ROOM = 64, FAR_MS = 5000 };

struct noted {
	struct replication_block block; /* Its runs are gone, but for the name. */
	char name[NAME_ROOM];
	char first[NAME_ROOM]; /* Data of the first value. */
};

static struct ledger_scene *scene;
static struct ledger *ledger;
static struct loop *loop;
static struct loop_pool *pool;
static struct crypto_key *key;
static struct replication_identity *identity;
static struct replication_source *source;
static struct loop_listener *listener;
static struct replication_order order;

static struct loop_channel *mirror;
static struct crypto_tls_role *mirror_role;
static struct replication_decoder decoder;
static uint8_t in[1 << 20];
static size_t in_size;
static struct noted noted[BLOCK_COUNT_MAX];
static size_t noted_count;
static size_t end_count;
static bool is_closed;
static enum status closed_status;
static bool is_slow;
static size_t signature_count;

static void
note(const struct replication_block *block)
{
	struct noted *one = &noted[noted_count++];
	struct wire_reader walk = wire_reader_over(block->values.octets);
	struct handle_value value = {0};
	struct bytes run;

	assert_true(noted_count < BLOCK_COUNT_MAX);
	memset(one, 0, sizeof(*one));
	one->block = *block;
	snprintf(one->name, NAME_ROOM, "%.*s", (int)block->name.size, (const char *)block->name.at);
	if (replication_value_next(&walk, &run)) {
		struct wire_reader inner = wire_reader_over(run);

		handle_value_read(&inner, &value);
		snprintf(one->first, NAME_ROOM, "%.*s", (int)value.data.size,
			(const char *)value.data.at);
	}
	if (block->signature.size > 0) {
		signature_count++;
		assert_int_equal(
			crypto_verify(key, order.digest, &block->octets, 1, block->signature),
			STATUS_OK);
	}
	end_count += block->kind == REPLICATION_BLOCK_END;
}

static void
mirror_decode(void)
{
	struct replication_block block;
	size_t used = 0;

	while (replication_decode(&decoder, bytes_over(in + used, in_size - used), &block) ==
		STATUS_OK) {
		note(&block);
		used += block.size;
		if (block.kind == REPLICATION_BLOCK_PROTECTION &&
			block.protection == REPLICATION_TLS) {
			assert_int_equal(loop_channel_secure(mirror, crypto_tls_new(mirror_role)),
				STATUS_OK);
			break;
		}
	}
	memmove(in, in + used, in_size - used);
	in_size -= used;
}

static size_t
mirror_received(void *context, struct loop_channel *channel, struct bytes octets)
{
	(void)context;
	assert_true(in_size + octets.size <= sizeof(in));
	memcpy(in + in_size, octets.at, octets.size);
	in_size += octets.size;
	mirror_decode();
	if (is_slow) {
		loop_channel_pause(channel, true);
	}
	return octets.size;
}

static void
mirror_closed(void *context, enum status status)
{
	(void)context;
	mirror = NULL;
	is_closed = true;
	closed_status = status;
}

static const struct loop_channel_calls mirror_calls = {
	.received = mirror_received, .closed = mirror_closed};
static const struct loop_stream_calls no_calls = {0};

static void
accepted(void *context, struct loop_stream *stream, const struct address *peer)
{
	(void)context;
	(void)peer;
	assert_int_equal(replication_feed_start(source, stream, &order), STATUS_OK);
}

static int
scene_begin(void **state)
{
	struct address address = loopback_v4(0);
	struct problem problem;

	ledger_scene_begin(state);
	scene = *state;
	ledger = ledger_scene_open(scene, LEDGER_CREATE);
	loop = loop_new(&problem);
	pool = loop_pool_new(2, 16);
	assert_int_equal(crypto_key_new(CRYPTO_KEY_RSA, &key), STATUS_OK);
	identity = replication_identity_new(key, TEXT("0:300:0.NA/88.1"), true);
	assert_non_null(identity);
	assert_int_equal(crypto_tls_client(key, &mirror_role), STATUS_OK);
	struct replication_parts parts = {loop, pool, ledger, identity};
	source = replication_source_new(&parts);
	assert_non_null(source);
	listener = loop_listen(loop, &address, accepted, NULL, &problem);
	assert_non_null(listener);
	order = (struct replication_order){.is_tls = true, .format = 1, .server_count = 1};
	is_slow = false;
	return 0;
}

static bool
all_are_gone(void *context)
{
	(void)context;
	return replication_feed_count(source) == 0 && mirror == NULL;
}

static int
scene_end(void **state)
{
	replication_source_stop(source);
	if (mirror != NULL) {
		loop_channel_close(mirror, STATUS_OK);
	}
	run_until(loop, all_are_gone, NULL);
	loop_listener_close(listener);
	loop_pool_free(pool);
	run_for_ms(loop, 1);
	replication_source_free(source);
	replication_identity_unref(identity);
	loop_free(loop);
	crypto_tls_role_free(mirror_role);
	crypto_key_free(key);
	ledger_scene_close(ledger);
	return ledger_scene_end(state);
}

static void
mirror_connect(void)
{
	struct problem problem;
	struct address address;

	noted_count = in_size = end_count = signature_count = 0;
	is_closed = false;
	decoder = replication_decoder_new(order.stream);
	loop_listener_address(listener, &address);
	mirror = loop_channel_new(
		loop, loop_connect(loop, &address, &no_calls, NULL, &problem), &mirror_calls, NULL);
	assert_non_null(mirror);
}

static bool
is_true(void *context)
{
	return *(bool *)context;
}

static void
mirror_take_all(void)
{
	mirror_connect();
	run_until(loop, is_true, &is_closed);
	assert_true(decoder.is_ended);
	assert_int_equal(in_size, 0);
}

static void
expect_transaction(
	size_t at, uint64_t id, enum replication_action action, const char *name, const char *first)
{
	assert_int_equal(noted[at].block.kind, REPLICATION_BLOCK_TRANSACTION);
	assert_int_equal(noted[at].block.id, id);
	assert_int_equal(noted[at].block.action, action);
	assert_string_equal(noted[at].name, name);
	assert_string_equal(noted[at].first, first);
	assert_true(noted[at].block.date > 1600000000000);
}

static void
write_some(void)
{
	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.NA/88.1"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.1/a", "one"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.1/B", "two"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.1/a", "three"), STATUS_OK);
	assert_int_equal(change_text(ledger, JOURNAL_DELETE, "88.1/b"), STATUS_OK);
	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.NA/88.2"), STATUS_OK);
	assert_int_equal(change_text(ledger, JOURNAL_UNHOME, "0.NA/88.2"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.1/c", "four"), STATUS_OK);
	assert_int_equal(change_text(ledger, JOURNAL_DELETE, "88.1/c"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.1/c", "five"), STATUS_OK);
}

static void
expect_all_of_some(size_t at)
{
	expect_transaction(at++, 1, REPLICATION_HOME, "0.NA/88.1", "");
	expect_transaction(at++, 2, REPLICATION_CREATE, "88.1/a", "three");
	expect_transaction(at++, 4, REPLICATION_UPDATE, "88.1/a", "three");
	expect_transaction(at++, 5, REPLICATION_DELETE, "88.1/B", "");
	expect_transaction(at++, 6, REPLICATION_HOME, "0.NA/88.2", "");
	expect_transaction(at++, 7, REPLICATION_UNHOME, "0.NA/88.2", "");
	expect_transaction(at++, 8, REPLICATION_CREATE, "88.1/c", "five");
	expect_transaction(at++, 10, REPLICATION_CREATE, "88.1/c", "five");
	assert_int_equal(noted[at].block.kind, REPLICATION_BLOCK_END);
	assert_true(noted[at].block.date + FAR_MS > (uint64_t)clock_wall_ms());
	assert_int_equal(noted_count, at + 1);
}

static void
transactions_carry_current_records_inside_tls(void **state)
{
	(void)state;
	write_some();
	mirror_take_all();
	assert_int_equal(noted[0].block.protection, REPLICATION_TLS);
	assert_int_equal(noted[1].block.format, 1);
	assert_int_equal(noted[1].block.status, REPLICATION_SENDING);
	expect_all_of_some(2);
	assert_int_equal(signature_count, 0);
	assert_int_equal(closed_status, STATUS_OK);
}

static void
each_block_is_signed_for_those_without_tls(void **state)
{
	(void)state;
	write_some();
	order.is_tls = false;
	order.digest = CRYPTO_SHA1;
	mirror_take_all();
	assert_int_equal(noted[0].block.protection, REPLICATION_SIGNED);
	assert_string_equal(noted[0].name, "SHA1");
	expect_all_of_some(2);
	assert_int_equal(signature_count, noted_count - 1);
}

static void
a_mirror_goes_on_behind_what_it_has(void **state)
{
	(void)state;
	write_some();
	order.last_id = 8;
	order.last_date = (uint64_t)clock_wall_ms();
	mirror_take_all();
	expect_transaction(2, 10, REPLICATION_CREATE, "88.1/c", "five");
	assert_int_equal(noted_count, 4);
}

static void
a_mirror_that_is_too_far_behind_is_told_to_dump(void **state)
{
	(void)state;
	write_some();
	order.last_id = 5;
	order.last_date = 77;
	mirror_take_all();
	assert_int_equal(noted[1].block.status, REPLICATION_MUST_DUMP);
	assert_int_equal(noted[2].block.kind, REPLICATION_BLOCK_END);
	assert_int_equal(noted[2].block.date, 77);
	assert_int_equal(noted_count, 3);
}

static void
queues_have_names_for_mirrors_of_many(void **state)
{
	(void)state;
	write_some();
	order.format = REPLICATION_FORMAT_ALL_SOURCES;
	order.last_id = 8;
	order.last_date = (uint64_t)clock_wall_ms();
	mirror_take_all();
	assert_int_equal(noted[2].block.kind, REPLICATION_BLOCK_QUEUE);
	assert_string_equal(noted[2].name, "0:300:0.NA/88.1");
	assert_int_equal(noted[3].block.id, 10);
	assert_int_equal(noted[4].block.kind, REPLICATION_BLOCK_QUEUE_END);
	assert_int_equal(noted[5].block.kind, REPLICATION_BLOCK_END);
	assert_int_equal(noted_count, 6);
}

static void
write_many(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[32];

		snprintf(name, sizeof(name), "88.1/many-%05zu", i);
		assert_int_equal(put_text(ledger, name, name), STATUS_OK);
	}
}

static void
shares_of_servers_are_the_whole_and_do_not_overlap(void **state)
{
	size_t total = 0;

	(void)state;
	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.NA/88.1"), STATUS_OK);
	write_many(100);
	order.server_count = 3;
	order.hash_option = HANDLE_HASH_BY_ALL;
	for (order.server_number = 0; order.server_number < 3; order.server_number++) {
		mirror_take_all();
		expect_transaction(2, 1, REPLICATION_HOME, "0.NA/88.1", "");
		for (size_t i = 3; i + 1 < noted_count; i++) {
			assert_int_equal(handle_name_hash(bytes_from_string(noted[i].name),
						 HANDLE_HASH_BY_ALL) %
					3,
				order.server_number);
			total++;
		}
	}
	assert_int_equal(total, 100);
}

static void
settle(void)
{
	struct problem problem;

	assert_int_equal(ledger_settle(ledger, &problem), STATUS_OK);
}

static void
take_dump(size_t first, size_t expected_count)
{
	size_t at = 3;

	mirror_take_all();
	assert_int_equal(noted[1].block.format, REPLICATION_FORMAT_DUMP);
	assert_int_equal(noted[2].block.kind, REPLICATION_BLOCK_POSITION);
	for (size_t i = first; i < expected_count; i++, at++) {
		char name[32];

		snprintf(name, sizeof(name), "88.1/many-%05zu", i);
		assert_int_equal(noted[at].block.kind, REPLICATION_BLOCK_RECORD);
		assert_string_equal(noted[at].name, name);
		assert_string_equal(noted[at].first, name);
	}
	assert_int_equal(noted[at].block.kind, REPLICATION_BLOCK_PREFIX);
	assert_string_equal(noted[at].name, "0.NA/88.1");
	assert_int_equal(noted[at + 1].block.kind, REPLICATION_BLOCK_DUMP_END);
	assert_int_equal(noted_count, at + 2);
}

static void
a_dump_is_the_table_in_order_from_any_start(void **state)
{
	(void)state;
	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.NA/88.1"), STATUS_OK);
	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.NA/88.2"), STATUS_OK);
	assert_int_equal(change_text(ledger, JOURNAL_UNHOME, "0.NA/88.2"), STATUS_OK);
	write_many(2500);
	settle();
	order.stream = REPLICATION_DUMP;
	order.format = REPLICATION_FORMAT_DUMP;
	take_dump(0, 2500);
	assert_int_equal(noted[2].block.id, 2503);
	order.start_size = handle_name_key(TEXT("88.1/many-02000"), order.start);
	take_dump(2001, 2500);
	order.start_size = 0;
	order.is_after_handles = true;
	take_dump(0, 0);
}

static void
a_signed_dump_is_verified_block_by_block(void **state)
{
	(void)state;
	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.NA/88.1"), STATUS_OK);
	write_many(100);
	settle();
	order.stream = REPLICATION_DUMP;
	order.format = REPLICATION_FORMAT_DUMP;
	order.is_tls = false;
	order.digest = CRYPTO_SHA256;
	take_dump(0, 100);
	/* The marker in front and the octet behind are not signed. */
	assert_int_equal(signature_count, noted_count - 2);
}

static bool
end_has_come(void *context)
{
	return end_count >= *(size_t *)context;
}

static void
a_stream_that_is_kept_brings_changes_as_they_happen(void **state)
{
	size_t wanted = 1;
	int64_t begun_ms;

	(void)state;
	write_some();
	order.is_kept = true;
	mirror_connect();
	run_until(loop, end_has_come, &wanted);
	assert_false(is_closed);
	for (size_t i = 0; i < 20; i++) {
		size_t before = noted_count;

		run_for_ms(loop, 5);
		begun_ms = clock_monotonic_ms();
		assert_int_equal(put_text(ledger, "88.1/live", "x"), STATUS_OK);
		wanted = end_count + 1;
		run_until(loop, end_has_come, &wanted);
		assert_true(clock_monotonic_ms() - begun_ms < 1000);
		assert_string_equal(noted[before].name, "88.1/live");
		assert_int_equal(noted[before].block.id, 11 + i);
	}
	assert_false(is_closed);
}

static bool
is_served(void *context)
{
	(void)context;
	return replication_feed_count(source) == 1;
}

static void
a_mirror_that_does_not_read_holds_nobody_up(void **state)
{
	(void)state;
	is_slow = true;
	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.NA/88.1"), STATUS_OK);
	write_many(300);
	order.is_kept = true;
	mirror_connect();
	run_until(loop, is_served, NULL);
	run_for_ms(loop, 50);
	/* Changes go through, the ordered table too, whatever the mirror does. */
	write_many(300);
	settle();
	assert_int_equal(replication_feed_count(source), 1);
}

static void
all_servers_have_a_place(void **state)
{
	uint8_t hash = 2;
	struct request request = {.message.header.opcode = OPCODE_RETRIEVE_TRANSACTION_LOG};
	struct replication_order found;
	struct version version = {2, 11};

	(void)state;
	request.transactions = (struct request_transactions){
		.last_id = UINT64_MAX, .hash_kind = hash, .server_count = 1};
	assert_int_equal(replication_order_read(source, &request, version, &found), STATUS_OK);
	assert_int_equal(found.last_id, 0);
	assert_true(found.is_tls);
	assert_false(found.is_kept);
	assert_int_equal(replication_order_flags(&found), 0);
	request.message.header.flags = MESSAGE_FLAG_KEEP_ALIVE;
	assert_int_equal(replication_order_read(source, &request, version, &found), STATUS_OK);
	assert_int_equal(replication_order_flags(&found), REPLICATION_FLAG_KEPT);
	request.transactions.server_number = 1;
	assert_int_equal(replication_order_read(source, &request, version, &found), STATUS_INVALID);
	request.transactions.server_number = 0;
	request.transactions.server_count = 0;
	assert_int_equal(replication_order_read(source, &request, version, &found), STATUS_INVALID);
	request.transactions.server_count = SITE_SERVER_COUNT_MAX + 1;
	assert_int_equal(replication_order_read(source, &request, version, &found), STATUS_INVALID);
	request.transactions.server_count = SITE_SERVER_COUNT_MAX;
	request.transactions.hash_kind = 3;
	assert_int_equal(replication_order_read(source, &request, version, &found), STATUS_INVALID);
	request.transactions.hash_kind = 0;
	version = (struct version){2, 7};
	assert_int_equal(replication_order_read(source, &request, version, &found), STATUS_OK);
	assert_false(found.is_tls);
	assert_int_equal(found.digest, CRYPTO_SHA1);
}

static void
sha1_is_for_those_who_allow_it(void **state)
{
	struct replication_identity *strict = replication_identity_new(key, TEXT(""), false);
	struct request request = {
		.message.header.opcode = OPCODE_DUMP_HANDLES, .dump = {.server_count = 1}};
	struct replication_order found;

	(void)state;
	replication_source_use(source, strict);
	assert_int_equal(replication_order_read(source, &request, (struct version){2, 7}, &found),
		STATUS_UNSUPPORTED);
	assert_int_equal(replication_order_read(source, &request, (struct version){2, 8}, &found),
		STATUS_OK);
	replication_identity_unref(strict);
}

static void
the_state_of_a_mirror_of_many_is_found_by_our_name(void **state)
{
	struct request request = {.message.header.opcode = OPCODE_RETRIEVE_TRANSACTION_LOG};
	struct replication_order found;

	(void)state;
	request.message.header.flags = MESSAGE_FLAG_KEEP_ALIVE;
	request.transactions = (struct request_transactions){.kind = 1,
		.server_count = 1,
		.state = TEXT("{\"replicationServerStates\":{\"1:x\":{\"lastTxnId\":3},"
			      "\"0:300:0.na/88.1\":{\"lastTxnId\":9,\"lastTimestamp\":10}}}")};
	assert_int_equal(replication_order_read(source, &request, (struct version){2, 11}, &found),
		STATUS_OK);
	assert_int_equal(found.last_id, 9);
	assert_int_equal(found.last_date, 10);
	assert_int_equal(found.format, REPLICATION_FORMAT_ALL_SOURCES);
	assert_false(found.is_kept);
	request.transactions.state = TEXT("{");
	assert_int_equal(replication_order_read(source, &request, (struct version){2, 11}, &found),
		STATUS_TRUNCATED);
}

static void
a_mirror_is_told_to_dump_by_the_rule(void **state)
{
	enum { DAY = 86400000 };
	static const struct {
		struct replication_log_facts log;
		uint64_t id, date;
		bool must_dump;
	} cases[] = {
		{{0, 0, 0, 50}, 0, 0, false}, /* Nothing was ever changed. */
		{{0, 0, 0, 50}, 9, 0, false},
		{{1, 100, 5, 200}, 6, 150, true}, /* The mirror is ahead. */
		{{1, 100, 5, 200}, 5, 150, false},
		{{0, 0, 5, 200}, 4, 150, true}, /* The log was thrown away. */
		{{0, 0, 5, 200}, 5, 150, false},
		{{3, 100, 5, 200}, 1, 100, false}, /* The log begins before the mirror stands. */
		{{3, 100, 5, 200}, 1, 99, true},
		{{1, 100, 5, 200}, 0, 0, false}, /* A new mirror of a young log. */
		{{1, 20ULL * DAY, 5, 29ULL * DAY}, 0, 0, false},
		{{1, 20ULL * DAY, 5, 30ULL * DAY}, 0, 0, true},
		{{1, 20ULL * DAY, 5, 30ULL * DAY}, 0, 19ULL * DAY, false},
		{{2, 100, 5, 200}, 0, 0, true}, /* Not from 1 on. */
		{{3, 20ULL * DAY, 5, 30ULL * DAY}, 2, 19ULL * DAY, false}, /* The next one. */
		{{3, 20ULL * DAY, 5, 30ULL * DAY}, 2, 19ULL * DAY - 1, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (replication_must_dump(&cases[i].log, cases[i].id, cases[i].date) !=
			cases[i].must_dump) {
			fail_msg("case %zu", i);
		}
	}
}

int
main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		SCENE(transactions_carry_current_records_inside_tls),
		SCENE(each_block_is_signed_for_those_without_tls),
		SCENE(a_mirror_goes_on_behind_what_it_has),
		SCENE(a_mirror_that_is_too_far_behind_is_told_to_dump),
		SCENE(queues_have_names_for_mirrors_of_many),
		SCENE(shares_of_servers_are_the_whole_and_do_not_overlap),
		SCENE(a_dump_is_the_table_in_order_from_any_start),
		SCENE(a_signed_dump_is_verified_block_by_block),
		SCENE(a_stream_that_is_kept_brings_changes_as_they_happen),
		SCENE(a_mirror_that_does_not_read_holds_nobody_up),
		SCENE(all_servers_have_a_place),
		SCENE(sha1_is_for_those_who_allow_it),
		SCENE(the_state_of_a_mirror_of_many_is_found_by_our_name),
		cmocka_unit_test(a_mirror_is_told_to_dump_by_the_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
