/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "handle/handle_key.h"
#include "message/challenge_crypto.h"
#include "message/response.h"
#include "records/records_order.h"
#include "replication/replication.h"
#include "replication/replication_follower.h"
#include "unit/ledger/ledger_scene.h"
#include "unit/loop/loop_help.h"

/*
 * A primary and its mirror, each with a ledger, on one loop; between them a proxy that may cut
 * a connection after any number of octets, or turn one of them over. The primary asks for proof
 * as a server does and closes behind its challenge, as Handle.net does.
 */
enum { PROXY_COUNT_MAX = 16, NO_CUT = 1 << 30 };

static struct loop *loop;
static struct loop_pool *pool;
static struct ledger *primary, *mirror;
static struct ledger_scene primary_scene, mirror_scene;
static struct crypto_key *server_key, *admin_key, *other_key;
static struct replication_identity *identity;
static struct replication_source *source;
static struct loop_listener *primary_listener, *proxy_listener;
static struct replication_follower *follower;
static struct replication_follower_settings settings;
static struct client_identity admin;
static char position_path[128];

/* What the primary is like. */
static bool keeps_streams;
static bool speaks_old; /* Answers in 2.7: signed blocks. */
static bool hides_operation; /* Its answers say success, but not to what. */
static size_t challenge_count, order_count, dump_count;

/* ---- the primary ---- */

static uint8_t asked_octets[4096];
static struct request asked;

static void
primary_send(struct loop_stream *stream, struct response *response)
{
	uint8_t octets[4096];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct envelope *envelope = &response->message.envelope;

	envelope_write(&writer, envelope);
	response_write(&writer, response);
	envelope->message_size = (uint32_t)(wire_writer_size(&writer) - ENVELOPE_SIZE);
	struct bytes all = wire_written(&writer);
	writer = wire_writer_over(octets, ENVELOPE_SIZE);
	envelope_write(&writer, envelope);
	assert_int_equal(loop_stream_write(stream, all), STATUS_OK);
}

static void
primary_challenge(struct loop_stream *stream, const struct request *request, struct bytes run)
{
	static const uint8_t nonce[16] = {1, 2, 3};
	uint8_t digest[REQUEST_DIGEST_SIZE_MAX];
	struct response response;

	memcpy(asked_octets, run.at, run.size);
	struct message again;
	assert_int_equal(message_decode(&request->message.envelope,
				 bytes_over(asked_octets, run.size), &again),
		STATUS_OK);
	assert_int_equal(request_decode(&again, &asked), STATUS_OK);
	response_begin(request, RESPONSE_AUTHENTICATION_NEEDED, 1, true, 0, &response);
	response.message.envelope.session_id = 77;
	response.nonce = bytes_over(nonce, sizeof(nonce));
	response_digest(request, true, digest, &response);
	primary_send(stream, &response);
	challenge_count++;
	loop_stream_finish(stream);
}

static void
primary_serve(struct loop_stream *stream, const struct request *proof)
{
	struct request *request = &asked;
	struct replication_order order;
	struct response response;
	struct version version = {2, speaks_old ? 7 : 11};

	assert_true(bytes_equal(proof->challenge_response.name, admin.handle));
	assert_int_equal(proof->message.envelope.session_id, 77);
	if (!keeps_streams) {
		request->message.header.flags &= ~MESSAGE_FLAG_KEEP_ALIVE;
	}
	assert_int_equal(replication_order_read(source, request, version, &order), STATUS_OK);
	order_count++;
	dump_count += order.stream == REPLICATION_DUMP;
	request->message.envelope.request_id = proof->message.envelope.request_id;
	response_begin(request, RESPONSE_SUCCESS, 1, true, 0, &response);
	response.message.header.flags |= keeps_streams ? MESSAGE_FLAG_KEEP_ALIVE : 0;
	response.stream_flags = replication_order_flags(&order);
	if (hides_operation) {
		response.message.header.opcode = OPCODE_RESERVED;
	}
	primary_send(stream, &response);
	assert_int_equal(replication_feed_start(source, stream, &order), STATUS_OK);
}

static size_t
primary_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct wire_reader reader = wire_reader_over(octets);
	struct envelope envelope;
	struct message message;
	struct request request;
	struct bytes run;

	(void)context;
	envelope_read(&reader, &envelope);
	run = wire_read_bytes(&reader, envelope.message_size);
	if (!wire_reader_ok(&reader)) {
		return 0;
	}
	assert_int_equal(message_decode(&envelope, run, &message), STATUS_OK);
	assert_int_equal(request_decode(&message, &request), STATUS_OK);
	if (message.header.opcode == OPCODE_CHALLENGE_RESPONSE) {
		primary_serve(stream, &request);
	} else {
		primary_challenge(stream, &request, run);
	}
	return ENVELOPE_SIZE + run.size;
}

static const struct loop_stream_calls primary_calls = {.received = primary_received};

static void
primary_accepted(void *context, struct loop_stream *stream, const struct address *peer)
{
	(void)context;
	(void)peer;
	loop_stream_own(stream, &primary_calls, NULL);
}

/* ---- the proxy ---- */

struct proxy {
	struct loop_stream *near; /* The mirror's. */
	struct loop_stream *far; /* The primary's. */
	size_t left; /* Octets from the primary until it cuts. */
	size_t alter_at; /* Which of them is turned over; NO_CUT: none. */
	size_t passed;
};

static struct proxy proxies[4096];
static size_t proxy_count;
static size_t cut_after; /* 0: never; else about so many octets. */
static size_t alter_after;
static unsigned seed;

static size_t
near_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct proxy *proxy = context;

	(void)stream;
	if (proxy->far != NULL) {
		(void)!loop_stream_write(proxy->far, octets);
	}
	return octets.size;
}

static void
proxy_pass(struct proxy *proxy, struct bytes octets)
{
	uint8_t copy[65536];
	size_t size = octets.size < sizeof(copy) ? octets.size : sizeof(copy);

	while (octets.size > 0 && proxy->near != NULL) {
		size = octets.size < sizeof(copy) ? octets.size : sizeof(copy);
		memcpy(copy, octets.at, size);
		if (proxy->alter_at >= proxy->passed && proxy->alter_at < proxy->passed + size) {
			copy[proxy->alter_at - proxy->passed] ^= 1;
		}
		(void)!loop_stream_write(proxy->near, bytes_over(copy, size));
		proxy->passed += size;
		octets = bytes_slice(octets, size, SIZE_MAX);
	}
}

static size_t
far_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct proxy *proxy = context;
	size_t size = octets.size < proxy->left ? octets.size : proxy->left;

	proxy->left -= size;
	proxy_pass(proxy, bytes_slice(octets, 0, size));
	if (proxy->left == 0) {
		loop_stream_close(stream);
		if (proxy->near != NULL) {
			loop_stream_finish(proxy->near);
		}
	}
	return octets.size;
}

static void
near_closed(void *context, struct loop_stream *stream, enum status status)
{
	struct proxy *proxy = context;

	(void)stream;
	(void)status;
	proxy->near = NULL;
	if (proxy->far != NULL) {
		loop_stream_close(proxy->far);
	}
}

static void
far_closed(void *context, struct loop_stream *stream, enum status status)
{
	struct proxy *proxy = context;

	(void)stream;
	(void)status;
	proxy->far = NULL;
	if (proxy->near != NULL) {
		loop_stream_finish(proxy->near);
	}
}

static const struct loop_stream_calls near_calls = {
	.received = near_received, .closed = near_closed};
static const struct loop_stream_calls far_calls = {.received = far_received, .closed = far_closed};

static void
proxy_accepted(void *context, struct loop_stream *stream, const struct address *peer)
{
	struct proxy *proxy = &proxies[proxy_count++];
	struct address address;
	struct problem problem;

	(void)context;
	(void)peer;
	assert_true(proxy_count < sizeof(proxies) / sizeof(proxies[0]));
	*proxy = (struct proxy){.near = stream,
		.left = cut_after == 0 ? NO_CUT : 1 + (size_t)rand_r(&seed) % (2 * cut_after),
		.alter_at = alter_after == 0 ? NO_CUT : alter_after};
	loop_listener_address(primary_listener, &address);
	loop_stream_own(stream, &near_calls, proxy);
	proxy->far = loop_connect(loop, &address, &far_calls, proxy, &problem);
	assert_non_null(proxy->far);
}

/* ---- the scene ---- */

static struct ledger *
scene_ledger(struct ledger_scene *scene)
{
	snprintf(scene->directory, sizeof(scene->directory), "/dev/shm/mirror_test.XXXXXX");
	assert_non_null(mkdtemp(scene->directory));
	return ledger_scene_open(scene, LEDGER_CREATE);
}

static int
scene_begin(void **state)
{
	struct address address = loopback_v4(0);
	struct problem problem;

	(void)state;
	primary = scene_ledger(&primary_scene);
	mirror = scene_ledger(&mirror_scene);
	snprintf(position_path, sizeof(position_path), "%s/mirror.json", mirror_scene.directory);
	loop = loop_new(&problem);
	pool = loop_pool_new(2, 16);
	assert_int_equal(crypto_key_new(CRYPTO_KEY_RSA, &server_key), STATUS_OK);
	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &admin_key), STATUS_OK);
	assert_int_equal(crypto_key_new(CRYPTO_KEY_RSA, &other_key), STATUS_OK);
	identity = replication_identity_new(server_key, TEXT("0:300:0.NA/88.1"), true);
	struct replication_parts parts = {loop, pool, primary, identity};
	source = replication_source_new(&parts);
	primary_listener = loop_listen(loop, &address, primary_accepted, NULL, &problem);
	proxy_listener = loop_listen(loop, &address, proxy_accepted, NULL, &problem);
	assert_non_null(source);
	assert_non_null(primary_listener);
	assert_non_null(proxy_listener);
	loop_listener_address(proxy_listener, &address);
	admin = (struct client_identity){
		.handle = TEXT("0.NA/88.1"), .index = 300, .key = admin_key};
	settings = (struct replication_follower_settings){.server = address,
		.server_text = "the primary",
		.identity = &admin,
		.server_key = server_key,
		.position_path = position_path,
		.hash_option = HANDLE_HASH_BY_ALL,
		.server_count = 1,
		.poll_ms = 50};
	keeps_streams = true;
	hides_operation = false;
	speaks_old = false;
	challenge_count = order_count = dump_count = 0;
	proxy_count = cut_after = alter_after = 0;
	seed = 7;
	follower = NULL;
	return 0;
}

static void
follow(void)
{
	struct problem problem;

	if (replication_follower_new(loop, mirror, &settings, &follower, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	replication_follower_start(follower);
}

static bool
is_stopped(void *context)
{
	(void)context;
	return replication_follower_report(follower).phase == REPLICATION_STOPPED;
}

static void
stop(void)
{
	if (follower != NULL) {
		replication_follower_stop(follower);
		run_until(loop, is_stopped, NULL);
		replication_follower_free(follower);
		follower = NULL;
	}
}

static bool
is_quiet(void *context)
{
	(void)context;
	for (size_t i = 0; i < proxy_count; i++) {
		if (proxies[i].near != NULL || proxies[i].far != NULL) {
			return false;
		}
	}
	return replication_feed_count(source) == 0;
}

static int
scene_end(void **state)
{
	char command[256];

	(void)state;
	stop();
	replication_source_stop(source);
	run_until(loop, is_quiet, NULL);
	loop_listener_close(primary_listener);
	loop_listener_close(proxy_listener);
	loop_pool_free(pool);
	run_for_ms(loop, 1);
	replication_source_free(source);
	replication_identity_unref(identity);
	loop_free(loop);
	crypto_key_free(server_key);
	crypto_key_free(admin_key);
	crypto_key_free(other_key);
	ledger_scene_close(primary);
	ledger_scene_close(mirror);
	snprintf(command, sizeof(command), "rm -rf %s %s", primary_scene.directory,
		mirror_scene.directory);
	return system(command);
}

/* ---- what must hold ---- */

static bool
has_all(void *context)
{
	struct replication_report report = replication_follower_report(follower);

	(void)context;
	return report.is_current && report.phase != REPLICATION_CATCHING_UP &&
		report.last_id == journal_last_sequence(ledger_journal(primary));
}

static void
settle(struct ledger *ledger)
{
	struct problem problem;

	assert_int_equal(ledger_settle(ledger, &problem), STATUS_OK);
}

static void
expect_same_prefix(const char *name)
{
	bool is_homed, is_mirrored;

	(void)records_prefix_find(ledger_records(primary), bytes_from_string(name), &is_homed);
	(void)records_prefix_find(ledger_records(mirror), bytes_from_string(name), &is_mirrored);
	assert_int_equal(is_homed, is_mirrored);
}

/* Every record, octet by octet, and the prefixes that the tests use. */
static size_t
expect_equal(void)
{
	struct records_cursor *one, *other;
	struct record record, mirrored;
	struct bytes key, mirrored_key;
	size_t count = 0;

	settle(primary);
	settle(mirror);
	assert_int_equal(records_cursor_open(ledger_records(primary), TEXT(""), &one), STATUS_OK);
	assert_int_equal(records_cursor_open(ledger_records(mirror), TEXT(""), &other), STATUS_OK);
	while (records_cursor_next(one, &key, &record)) {
		assert_true(records_cursor_next(other, &mirrored_key, &mirrored));
		assert_true(bytes_equal(key, mirrored_key));
		assert_true(bytes_equal(record.name, mirrored.name));
		assert_int_equal(record.values.count, mirrored.values.count);
		assert_true(bytes_equal(record.values.octets, mirrored.values.octets));
		count++;
	}
	assert_false(records_cursor_next(other, &mirrored_key, &mirrored));
	records_cursor_close(one);
	records_cursor_close(other);
	expect_same_prefix("0.NA/88.1");
	expect_same_prefix("0.NA/88.2");
	expect_same_prefix("0.NA/88.3");
	return count;
}

static void
put_number(struct ledger *ledger, size_t number, size_t version)
{
	char name[48], data[48];

	/* The same handle in two spellings. */
	snprintf(name, sizeof(name), version % 3 == 0 ? "88.1/n%zu" : "88.1/N%zu", number);
	snprintf(data, sizeof(data), "%zu of %zu", version, number);
	assert_int_equal(put_text(ledger, name, data), STATUS_OK);
}

static void
write_some(size_t count)
{
	assert_int_equal(change_text(primary, JOURNAL_HOME, "0.NA/88.1"), STATUS_OK);
	assert_int_equal(change_text(primary, JOURNAL_HOME, "0.NA/88.2"), STATUS_OK);
	for (size_t i = 0; i < count; i++) {
		put_number(primary, i, i);
	}
	assert_int_equal(change_text(primary, JOURNAL_UNHOME, "0.NA/88.2"), STATUS_OK);
	assert_int_equal(change_text(primary, JOURNAL_DELETE, "88.1/n1"), STATUS_OK);
}

static void
a_new_mirror_takes_all_and_then_each_change_at_once(void **state)
{
	(void)state;
	write_some(100);
	follow();
	run_until(loop, has_all, NULL);
	assert_int_equal(expect_equal(), 99);
	assert_true(replication_follower_report(follower).is_kept);
	for (size_t i = 0; i < 20; i++) {
		int64_t begun_ms = clock_monotonic_ms();

		put_number(primary, i, 1000 + i);
		run_until(loop, has_all, NULL);
		assert_true(clock_monotonic_ms() - begun_ms < 1000);
	}
	expect_equal();
	assert_int_equal(replication_follower_report(follower).connection_count, 2);
	assert_int_equal(order_count, 1);
	assert_int_equal(dump_count, 0);
}

static void
a_primary_that_closes_is_asked_again(void **state)
{
	(void)state;
	keeps_streams = false;
	write_some(10);
	follow();
	run_until(loop, has_all, NULL);
	put_number(primary, 3, 77);
	run_until(loop, has_all, NULL);
	expect_equal();
	assert_false(replication_follower_report(follower).is_kept);
	assert_true(order_count >= 2);
	assert_int_equal(replication_follower_report(follower).fault_count, 0);
}

/* An entry written twice would be another sequence. */
static void
what_is_taken_twice_is_written_once(void **state)
{
	uint64_t sequence;

	(void)state;
	write_some(30);
	follow();
	run_until(loop, has_all, NULL);
	stop();
	sequence = journal_last_sequence(ledger_journal(mirror));
	/* The file says nothing of the last changes, as after a crash. */
	struct replication_position position;
	struct problem problem;
	assert_int_equal(replication_position_read(position_path, &position, &problem), STATUS_OK);
	assert_int_equal(position.last_id, journal_last_sequence(ledger_journal(primary)));
	position.last_id = 5;
	assert_int_equal(replication_position_write(position_path, &position, &problem), STATUS_OK);
	follow();
	run_until(loop, has_all, NULL);
	assert_int_equal(journal_last_sequence(ledger_journal(mirror)), sequence);
	expect_equal();
}

static void
a_ledger_with_other_contents_becomes_the_same_by_a_dump(void **state)
{
	(void)state;
	write_some(50);
	assert_int_equal(change_text(mirror, JOURNAL_HOME, "0.NA/88.3"), STATUS_OK);
	for (size_t i = 40; i < 90; i++) {
		put_number(mirror, i, i + 1);
	}
	put_number(mirror, 2, 2);
	follow();
	run_until(loop, has_all, NULL);
	assert_int_equal(dump_count, 1);
	assert_int_equal(expect_equal(), 49);
	put_number(primary, 1, 5);
	run_until(loop, has_all, NULL);
	expect_equal();
	assert_int_equal(dump_count, 1);
}

static void
a_ledger_that_was_put_back_is_filled_again(void **state)
{
	struct replication_position position;
	struct problem problem;

	(void)state;
	write_some(10);
	follow();
	run_until(loop, has_all, NULL);
	stop();
	assert_int_equal(replication_position_read(position_path, &position, &problem), STATUS_OK);
	position.ledger_sequence = journal_last_sequence(ledger_journal(mirror)) + 1;
	assert_int_equal(replication_position_write(position_path, &position, &problem), STATUS_OK);
	assert_int_equal(change_text(mirror, JOURNAL_DELETE, "88.1/n3"), STATUS_OK);
	position.ledger_sequence += 2;
	assert_int_equal(replication_position_write(position_path, &position, &problem), STATUS_OK);
	follow();
	run_until(loop, has_all, NULL);
	assert_int_equal(dump_count, 1);
	expect_equal();
}

static void
an_old_primary_signs_each_block(void **state)
{
	(void)state;
	speaks_old = true;
	keeps_streams = false;
	settings.is_signed_allowed = true;
	write_some(20);
	put_number(mirror, 500, 1); /* So that it dumps. */
	follow();
	run_until(loop, has_all, NULL);
	assert_int_equal(dump_count, 1);
	expect_equal();
}

static bool
has_fault(void *context)
{
	(void)context;
	return replication_follower_report(follower).fault_count > 0;
}

static void
expect_fault(const char *part)
{
	struct replication_report report;

	run_until(loop, has_fault, NULL);
	report = replication_follower_report(follower);
	if (strstr(report.fault.text, part) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", report.fault.text, part);
	}
}

static void
signatures_without_tls_are_taken_from_those_who_are_allowed(void **state)
{
	(void)state;
	speaks_old = true;
	write_some(3);
	follow();
	expect_fault("signatures without TLS");
	assert_int_equal(journal_last_sequence(ledger_journal(mirror)), 0);
}

static void
a_primary_with_another_key_is_not_followed(void **state)
{
	(void)state;
	settings.server_key = other_key;
	write_some(3);
	follow();
	expect_fault("another key");
	assert_int_equal(journal_last_sequence(ledger_journal(mirror)), 0);
}

static void
a_success_without_its_operation_begins_no_stream(void **state)
{
	(void)state;
	hides_operation = true;
	write_some(3);
	follow();
	expect_fault("the answer breaks the format");
	assert_int_equal(journal_last_sequence(ledger_journal(mirror)), 0);
}

static void
a_signature_by_another_key_is_not_taken(void **state)
{
	(void)state;
	settings.server_key = other_key;
	settings.is_signed_allowed = true;
	speaks_old = true;
	write_some(3);
	follow();
	expect_fault("altered");
	assert_int_equal(journal_last_sequence(ledger_journal(mirror)), 0);
}

/* Each octet of a signed stream in turn, as far as a small one goes. */
static void
an_octet_turned_over_on_the_way_is_noticed(void **state)
{
	(void)state;
	speaks_old = true;
	keeps_streams = false;
	settings.is_signed_allowed = true;
	write_some(3);
	for (alter_after = 400; alter_after < 2200; alter_after += 97) {
		follow();
		while (!has_fault(NULL) && !has_all(NULL)) {
			run_for_ms(loop, 5);
		}
		alter_after += has_all(NULL) ? 10000 : 0;
		stop();
	}
	alter_after = 0;
	follow();
	run_until(loop, has_all, NULL);
	expect_equal();
}

/* Writing goes on while connections are cut after some octets, from a few to many. */
static void
converge_under_cuts(size_t octets, bool is_dumped)
{
	write_some(400);
	if (is_dumped) {
		put_number(mirror, 900, 1);
	}
	cut_after = octets;
	settings.retry_ms = 2;
	follow();
	for (size_t i = 0; i < 200; i++) {
		put_number(primary, i % 37, 2000 + i);
		if (i % 50 == 49) {
			assert_int_equal(
				change_text(primary, JOURNAL_DELETE, "88.1/n9"), STATUS_OK);
		}
		run_for_ms(loop, 2);
		if (i % 40 == 39) {
			/* The mirror ends and begins again where it stood. */
			stop();
			follow();
		}
	}
	assert_true(proxy_count > 10);
	cut_after = 0;
	run_until(loop, has_all, NULL);
	/* 400, but for n9. */
	assert_int_equal(expect_equal(), 399);
}

static void
cuts_anywhere_end_in_the_same_records(void **state)
{
	(void)state;
	converge_under_cuts(4000, false);
}

static void
cuts_during_a_dump_end_in_the_same_records(void **state)
{
	(void)state;
	converge_under_cuts(30000, true);
	assert_true(dump_count >= 1);
}

static bool
has_dumped_some(void *context)
{
	(void)context;
	return replication_follower_report(follower).record_count > 0;
}

/* What changes between two parts of a dump, in front of where it stands, comes afterwards: the
 * mirror follows from where the first part began. */
static void
a_change_behind_the_back_of_a_dump_is_taken(void **state)
{
	struct replication_position position;

	(void)state;
	write_some(2000);
	settle(primary);
	put_number(mirror, 900, 1);
	/* A dump takes several connections. */
	cut_after = 30000;
	settings.retry_ms = 2;
	follow();
	run_until(loop, has_dumped_some, NULL);
	stop();
	assert_int_equal(replication_position_read(position_path, &position, NULL), STATUS_OK);
	assert_true(position.is_dumping && position.dump_name_size > 0);
	put_number(primary, 0, 6000);
	assert_int_equal(change_text(primary, JOURNAL_DELETE, "88.1/n10"), STATUS_OK);
	settle(primary);
	cut_after = 0;
	follow();
	run_until(loop, has_all, NULL);
	assert_true(dump_count > 1);
	assert_int_equal(expect_equal(), 1998);
}

int
main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		SCENE(a_new_mirror_takes_all_and_then_each_change_at_once),
		SCENE(a_primary_that_closes_is_asked_again),
		SCENE(what_is_taken_twice_is_written_once),
		SCENE(a_ledger_with_other_contents_becomes_the_same_by_a_dump),
		SCENE(a_ledger_that_was_put_back_is_filled_again),
		SCENE(an_old_primary_signs_each_block),
		SCENE(signatures_without_tls_are_taken_from_those_who_are_allowed),
		SCENE(a_primary_with_another_key_is_not_followed),
		SCENE(a_success_without_its_operation_begins_no_stream),
		SCENE(a_signature_by_another_key_is_not_taken),
		SCENE(an_octet_turned_over_on_the_way_is_noticed),
		SCENE(cuts_anywhere_end_in_the_same_records),
		SCENE(cuts_during_a_dump_end_in_the_same_records),
		SCENE(a_change_behind_the_back_of_a_dump_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
