/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_session.h"

#include "handle/handle_key.h"
#include "unit/access/asked.h"
#include "vectors/vectors.h"

#include <stdlib.h>

static const uint8_t here[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};

enum { COUNT = 4, PER_SOURCE = 4, IDLE_S = 600, LIFE_S = 3600 };

static struct asked asked;
static const struct access_policy policy = {.requires_sessions = false};

static int
begin(void **state)
{
	const struct access_session_limits limits = {COUNT, PER_SOURCE, IDLE_S, LIFE_S};

	*state = access_sessions_new(&limits);
	assert_non_null(*state);
	return 0;
}

static int
end(void **state)
{
	access_sessions_free(*state);
	return 0;
}

/* The set-up that Handle.net's client sent, with changes. */
static struct request
recorded_setup(const char *name)
{
	struct vector vector = vector_named(name);
	struct wire_reader reader = wire_reader_over(vector.octets);
	struct envelope envelope;
	struct message message;
	struct request request;

	envelope_read(&reader, &envelope);
	assert_int_equal(message_decode(&envelope,
				 wire_read_bytes(&reader, wire_reader_left(&reader)), &message),
		STATUS_OK);
	assert_int_equal(request_decode(&message, &request), STATUS_OK);
	return request;
}

static struct access_session_offer *
offered(const struct request *request)
{
	struct access_session_offer *offer = NULL;
	struct bytes text = {NULL, 0};

	assert_int_equal(
		access_session_offer_new(request, &policy, here, &offer, &text), STATUS_OK);
	assert_int_equal(access_session_offer_run(offer), STATUS_OK);
	return offer;
}

static uint32_t
opened_for(struct access_sessions *sessions, const char *identity, uint32_t index,
	uint32_t timeout_s, int64_t now_ms)
{
	struct request request = recorded_setup("session-1-setup-dh");
	struct access_session_offer *offer;
	uint32_t id = 0;

	request.session_setup.identity_name = bytes_from_string(identity);
	request.session_setup.identity_index = index;
	request.session_setup.timeout_s = timeout_s;
	offer = offered(&request);
	assert_int_equal(access_session_open(sessions, offer, now_ms, &id), STATUS_OK);
	access_session_offer_free(offer);
	return id;
}

static uint32_t
opened(struct access_sessions *sessions, int64_t now_ms)
{
	return opened_for(sessions, "88.1/li", 300, 0, now_ms);
}

static struct access_session
found(struct access_sessions *sessions, uint32_t id, int64_t now_ms)
{
	struct access_session session;

	assert_int_equal(access_session_find(sessions, id, now_ms, &session), STATUS_OK);
	return session;
}

/* Signs `asked` as a client of the session would. */
static uint8_t credential_octets[256];

static void
sign(const struct access_session *session, uint32_t counter)
{
	struct message *message = &asked.request.message;
	struct session_signed what = {&message->envelope, counter, message->signed_run};
	struct wire_writer writer = wire_writer_over(credential_octets, sizeof(credential_octets));
	struct session_mac mac;
	struct credential credential = {.session_counter = counter, .type = TEXT("HS_MAC")};

	access_session_sign(session, &what, &mac);
	credential.digest_name = mac.digest_name;
	credential.signature = bytes_over(mac.octets, mac.size);
	credential_write(&writer, &credential);
	message->credential = wire_written(&writer);
}

static enum status
check(struct access_sessions *sessions, uint32_t id, uint32_t counter, int64_t now_ms)
{
	struct access_session session = found(sessions, id, now_ms);

	asked_delete(&asked, "88.1/x", id, counter);
	sign(&session, counter);
	return access_session_check(sessions, &session, &asked.request.message, now_ms);
}

/* Our half, as a client reads it: cipher, then a key in its own group. */
static void
both_sides_agree_on_a_key(void **state)
{
	struct request request = recorded_setup("session-1-setup-dh");
	struct vector vector = vector_named("session-1-setup-dh");
	struct access_session_offer *offer = offered(&request);
	struct wire_reader reader = wire_reader_over(access_session_offer_data(offer));
	uint8_t shared[DH_BITS_MAX / 8];
	size_t shared_size = 0;
	struct handle_key ours, theirs;
	struct session_key key;
	struct access_session session;
	uint32_t id = 0;

	assert_int_equal(wire_read_u32(&reader), SESSION_CIPHER_AES);
	assert_int_equal(
		handle_key_decode(wire_read_bytes(&reader, wire_reader_left(&reader)), &ours),
		STATUS_OK);
	assert_int_equal(handle_key_decode(request.session_setup.public_key, &theirs), STATUS_OK);
	assert_int_equal(ours.kind, HANDLE_KEY_DH_PUBLIC);
	assert_true(bytes_equal(ours.parts[1], theirs.parts[1]));
	assert_true(bytes_equal(ours.parts[2], theirs.parts[2]));
	assert_int_equal(crypto_dh_shared(theirs.parts[1], vector_octets(&vector, "clientDhX"),
				 ours.parts[0], shared, &shared_size),
		STATUS_OK);
	assert_int_equal(
		session_key_derive(SESSION_CIPHER_AES, bytes_over(shared, shared_size), &key),
		STATUS_OK);
	assert_int_equal(access_session_open(*state, offer, 0, &id), STATUS_OK);
	access_session_offer_free(offer);
	session = found(*state, id, 0);
	assert_memory_equal(session.key.octets, key.octets, key.size);
	assert_int_equal(id & 1, 0);
	assert_true(id > 0 && id <= INT32_MAX);
	assert_int_equal(version_compare(session.version, (struct version){2, 11}), 0);
	access_session_forget(&session);
	assert_memory_not_equal(session.key.octets, key.octets, key.size);
}

static enum status
refused(const struct request *request, const struct access_policy *with)
{
	struct access_session_offer *offer = NULL;
	struct bytes text = {NULL, 0};
	enum status status = access_session_offer_new(request, with, here, &offer, &text);

	assert_true(status == STATUS_OK || text.size > 0);
	if (status == STATUS_OK) {
		status = access_session_offer_run(offer);
	}
	access_session_offer_free(offer);
	return status;
}

static void
only_diffie_hellman_in_a_sound_group_opens_a_session(void **state)
{
	static const char *const modes[] = {"session-setup-mode2-server-key",
		"session-setup-mode1-client-key", "session-setup-mode3-hdl-key"};
	struct request request = recorded_setup("session-1-setup-dh");
	struct bytes recorded = request.session_setup.public_key;
	struct handle_key key;
	uint8_t octets[2048];
	static uint8_t number[DH_BITS_MAX / 8 + 1];
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		struct request other = recorded_setup(modes[i]);

		assert_int_equal(refused(&other, &policy), STATUS_SESSION_FAILED);
	}
	assert_int_equal(refused(&request, &policy), STATUS_OK);
	assert_int_equal(handle_key_decode(recorded, &key), STATUS_OK);

	const struct bytes good[3] = {key.parts[0], key.parts[1], key.parts[2]};
	/* y, p, g: too small, too large, not odd, without meaning. */
	memset(number, 0xff, sizeof(number));

	const struct {
		size_t part;
		struct bytes number;
	} bad[] = {
		{0, BYTES(1)},
		{0, BYTES(0)},
		{0, good[1]},
		{2, BYTES(1)},
		{2, BYTES(0)},
		{1, bytes_over(number, 127)},
		{1, bytes_over(number, sizeof(number))},
		{1, BYTES(0)},
		{1, {NULL, 0}},
		{0, {NULL, 0}},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));

		memcpy(key.parts, good, sizeof(good));
		key.parts[bad[i].part] = bad[i].number;
		handle_key_write(&writer, &key);
		request.session_setup.public_key = wire_written(&writer);
		assert_int_equal(refused(&request, &policy), STATUS_SESSION_FAILED);
	}
	for (size_t size = 0; size < recorded.size; size += 7) {
		request.session_setup.public_key = bytes_slice(recorded, 0, size);
		assert_int_equal(refused(&request, &policy), STATUS_SESSION_FAILED);
	}
}

/* A group whose modulus is an odd number of so many bits; that it is no prime is the client's harm. */
static enum status
group_of_bits(size_t bits)
{
	struct request request = recorded_setup("session-1-setup-dh");
	uint8_t number[DH_BITS_MAX / 8 + 1] = {0}, octets[2048];
	size_t size = (bits + 7) / 8;
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_key key;

	number[0] = (uint8_t)(1 << (bits - 1) % 8);
	number[size - 1] |= 1;
	assert_int_equal(handle_key_decode(request.session_setup.public_key, &key), STATUS_OK);
	key.parts[0] = BYTES(4);
	key.parts[1] = bytes_over(number, size);
	key.parts[2] = BYTES(2);
	handle_key_write(&writer, &key);
	request.session_setup.public_key = wire_written(&writer);
	return refused(&request, &policy);
}

static void
groups_have_so_many_bits_and_no_more(void **state)
{
	(void)state;
	assert_int_equal(group_of_bits(DH_BITS_MIN - 1), STATUS_SESSION_FAILED);
	assert_int_equal(group_of_bits(DH_BITS_MIN), STATUS_OK);
	assert_int_equal(group_of_bits(DH_BITS_MIN + 1), STATUS_OK);
	assert_int_equal(group_of_bits(DH_BITS_MAX - 1), STATUS_OK);
	assert_int_equal(group_of_bits(DH_BITS_MAX), STATUS_OK);
	assert_int_equal(group_of_bits(DH_BITS_MAX + 1), STATUS_SESSION_FAILED);
}

static void
old_protocols_need_the_policys_leave(void **state)
{
	const struct access_policy old = {.allows_old_ciphers = true};
	struct request request = recorded_setup("session-setup-dh-2.3-des");
	struct access_session_offer *offer = NULL;
	struct bytes text;
	struct handle_key key;
	(void)state;

	request.message.envelope.suggested = (struct version){2, 3};
	assert_int_equal(refused(&request, &policy), STATUS_SESSION_FAILED);
	assert_int_equal(access_session_offer_new(&request, &old, here, &offer, &text), STATUS_OK);
	assert_int_equal(access_session_offer_run(offer), STATUS_OK);
	/* Below 2.4 no word says which cipher: it is DES. */
	assert_int_equal(handle_key_decode(access_session_offer_data(offer), &key), STATUS_OK);
	access_session_offer_free(offer);
	request.message.envelope.suggested = (struct version){2, 6};
	assert_int_equal(refused(&request, &policy), STATUS_SESSION_FAILED);
	assert_int_equal(refused(&request, &old), STATUS_OK);
	request.message.envelope.suggested = (struct version){2, 7};
	assert_int_equal(refused(&request, &policy), STATUS_OK);
}

static void
messages_count_once_and_only_with_their_mac(void **state)
{
	uint32_t id = opened(*state, 0);
	struct access_session session = found(*state, id, 0);

	asked_delete(&asked, "88.1/x", id, 1);
	assert_int_equal(
		access_session_check(*state, &session, &asked.request.message, 0), STATUS_NO_PROOF);
	sign(&session, 1);
	/* Flipped anywhere, it is no longer by the session - and costs no counter. */
	for (size_t i = asked.request.message.credential.size - 32;
		i < asked.request.message.credential.size; i++) {
		credential_octets[i] ^= 1;
		assert_int_equal(access_session_check(*state, &session, &asked.request.message, 0),
			STATUS_WRONG_MAC);
		credential_octets[i] ^= 1;
	}
	asked.octets[30] ^= 1;
	assert_int_equal(access_session_check(*state, &session, &asked.request.message, 0),
		STATUS_WRONG_MAC);
	asked.octets[30] ^= 1;
	assert_int_equal(
		access_session_check(*state, &session, &asked.request.message, 0), STATUS_OK);
	assert_int_equal(
		access_session_check(*state, &session, &asked.request.message, 0), STATUS_REPLAYED);
	/* Under another request id it is another message. */
	asked.request.message.envelope.request_id++;
	assert_int_equal(access_session_check(*state, &session, &asked.request.message, 0),
		STATUS_WRONG_MAC);
	assert_int_equal(check(*state, id, 0, 0), STATUS_REPLAYED);
	assert_int_equal(check(*state, id, 2, 0), STATUS_OK);
}

static void
messages_of_older_protocols_do_not_pass_in_a_session_of_today(void **state)
{
	uint32_t id = opened(*state, 0);
	struct access_session session = found(*state, id, 0);

	asked_delete(&asked, "88.1/x", id, 1);
	asked.request.message.envelope.version = (struct version){2, 4};
	sign(&session, 1);
	assert_int_equal(access_session_check(*state, &session, &asked.request.message, 0),
		STATUS_WRONG_MAC);
}

/* The last 200, wherever they lie: those are the ones that are known to be new or old. */
static void
the_window_keeps_200_counters(void **state)
{
	uint32_t id = opened(*state, 0);

	for (uint32_t i = 1; i <= SESSION_WINDOW_COUNT; i++) {
		assert_int_equal(check(*state, id, 2 * i, 0), STATUS_OK);
	}
	for (uint32_t i = 1; i <= SESSION_WINDOW_COUNT; i++) {
		assert_int_equal(check(*state, id, 2 * i, 0), STATUS_REPLAYED);
	}
	assert_int_equal(check(*state, id, 1, 0), STATUS_REPLAYED); /* Before all of them. */
	assert_int_equal(check(*state, id, 3, 0), STATUS_OK); /* 2 gives way. */
	assert_int_equal(check(*state, id, 3, 0), STATUS_REPLAYED);
	assert_int_equal(check(*state, id, 2, 0), STATUS_REPLAYED);
	assert_int_equal(check(*state, id, 399, 0), STATUS_OK); /* 3 gives way. */
	assert_int_equal(check(*state, id, 5, 0), STATUS_OK);
	assert_int_equal(check(*state, id, UINT32_MAX, 0), STATUS_OK);
	assert_int_equal(check(*state, id, UINT32_MAX, 0), STATUS_REPLAYED);
}

/* Against a list of all counters ever taken. */
static void
the_window_is_that_of_the_200_largest(void **state)
{
	static bool taken[2000];
	uint32_t id = opened(*state, 0);
	unsigned random = 7;

	for (int i = 0; i < 3000; i++) {
		uint32_t counter = 1 + (uint32_t)rand_r(&random) % 400 + (uint32_t)i / 3;
		uint32_t oldest = 0;
		unsigned kept = 0;

		for (uint32_t k = 1999; k > 0 && kept < SESSION_WINDOW_COUNT; k--) {
			kept += taken[k];
			oldest = taken[k] ? k : oldest;
		}

		bool is_new = !taken[counter] && (kept < SESSION_WINDOW_COUNT || counter > oldest);

		assert_int_equal(
			check(*state, id, counter, 0), is_new ? STATUS_OK : STATUS_REPLAYED);
		taken[counter] = taken[counter] || is_new;
	}
}

static void
the_identity_of_the_setup_proves_the_session(void **state)
{
	static const struct {
		uint32_t setup_index;
		const char *claimed;
		uint32_t claimed_index;
		uint32_t index;
		bool is_proven;
	} rows[] = {
		{300, "88.1/li", 300, 300, true},
		{300, "88.1/li", 0, 300, true}, /* It turned out to be that key. */
		{300, "88.1/li", 0, 301, false},
		{300, "88.1/li", 301, 301, false},
		{0, "88.1/li", 301, 301, true},
		{0, "88.1/li", 0, 302, true},
		{300, "88.1/LI", 300, 300, false}, /* Octet by octet. */
		{300, "88.1/wang", 300, 300, false},
	};
	struct access_sessions *sessions = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t id = opened_for(sessions, "88.1/li", rows[i].setup_index, 0, 0);
		struct access_identity claimed = {
			bytes_from_string(rows[i].claimed), rows[i].claimed_index};
		struct access_session session = found(sessions, id, 0);
		struct access_identity identity = access_session_identity(&session);

		assert_false(access_identity_is_known(&identity));
		assert_int_equal(access_session_prove(sessions, id, &claimed, rows[i].index),
			rows[i].is_proven);
		session = found(sessions, id, 0);
		identity = access_session_identity(&session);
		assert_int_equal(access_identity_is_known(&identity), rows[i].is_proven);
		if (rows[i].is_proven) {
			assert_int_equal(identity.index, rows[i].index);
			assert_true(bytes_equal(identity.name, TEXT("88.1/li")));
		}
		access_session_end(sessions, id);
	}
	/* A session for nobody stays nobody's. */
	uint32_t id = opened_for(sessions, "", UINT32_MAX, 0, 0);
	const struct access_identity nobody = {{NULL, 0}, UINT32_MAX};

	assert_false(access_session_prove(sessions, id, &nobody, 300));
	assert_false(access_session_prove(sessions, id + 2, &nobody, 300));
}

static enum status
status_at(struct access_sessions *sessions, uint32_t id, int64_t now_ms)
{
	struct access_session session;

	return access_session_find(sessions, id, now_ms, &session);
}

static void
silent_sessions_end_and_old_ones_too(void **state)
{
	static const struct {
		uint32_t asked_s;
		int64_t idle_ms;
	} rows[] = {{0, 600000}, {59, 60000}, {60, 60000}, {61, 61000}, {599, 599000},
		{600, 600000}, {601, 600000}, {UINT32_MAX, 600000}};
	uint32_t id;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		id = opened_for(*state, "88.1/li", 300, rows[i].asked_s, 1000);
		assert_int_equal(status_at(*state, id, 1000 + rows[i].idle_ms - 1), STATUS_OK);
		assert_int_equal(status_at(*state, id, 1000 + rows[i].idle_ms), STATUS_NO_SESSION);
		assert_int_equal(status_at(*state, id, 1000), STATUS_NO_SESSION);
	}
	/* A message keeps it alive, until its life is over. */
	id = opened(*state, 0);
	for (int64_t now = 500000; now < LIFE_S * 1000; now += 500000) {
		assert_int_equal(check(*state, id, (uint32_t)now, now), STATUS_OK);
	}
	assert_int_equal(status_at(*state, id, LIFE_S * 1000 - 1), STATUS_OK);
	assert_int_equal(status_at(*state, id, LIFE_S * 1000), STATUS_NO_SESSION);
}

static void
the_sweep_ends_what_nobody_asks_for(void **state)
{
	struct access_session_counts counts;

	for (int i = 0; i < COUNT; i++) {
		(void)opened(*state, 0);
	}
	access_sessions_sweep(*state, IDLE_S * 1000 - 1);
	access_sessions_count(*state, &counts);
	assert_int_equal(counts.open, COUNT);
	for (int i = 0; i < COUNT; i++) {
		access_sessions_sweep(*state, IDLE_S * 1000);
	}
	access_sessions_count(*state, &counts);
	assert_int_equal(counts.open, 0);
	assert_int_equal(counts.expired, COUNT);
}

static void
a_full_table_gives_up_who_proved_nothing(void **state)
{
	const struct access_session_limits limits = {3, 100, IDLE_S, LIFE_S};
	const struct access_identity li = {TEXT("88.1/li"), 300};
	struct access_sessions *sessions = access_sessions_new(&limits);
	struct request request = recorded_setup("session-1-setup-dh");
	struct access_session_offer *offer = offered(&request);
	uint32_t ids[3];
	uint32_t id = 0;
	(void)state;

	for (int i = 0; i < 3; i++) {
		ids[i] = opened(sessions, i);
	}
	assert_true(access_session_prove(sessions, ids[0], &li, 300));
	/* The second has been silent for longer than the third. */
	id = opened(sessions, 10);
	assert_int_equal(status_at(sessions, ids[1], 10), STATUS_NO_SESSION);
	assert_int_equal(status_at(sessions, ids[2], 10), STATUS_OK);
	assert_true(access_session_prove(sessions, ids[2], &li, 300));
	assert_true(access_session_prove(sessions, id, &li, 300));
	assert_int_equal(access_session_open(sessions, offer, 20, &id), STATUS_BUSY);
	assert_int_equal(status_at(sessions, ids[0], 20), STATUS_OK);
	/* What has expired gives way whoever it was. */
	assert_int_equal(access_session_open(sessions, offer, IDLE_S * 1000 + 5, &id), STATUS_OK);
	access_session_offer_free(offer);
	access_sessions_free(sessions);
}

static void
a_source_has_its_share_of_sessions(void **state)
{
	const struct access_session_limits limits = {100, 2, IDLE_S, LIFE_S};
	struct access_sessions *sessions = access_sessions_new(&limits);
	struct request request = recorded_setup("session-1-setup-dh");
	struct access_session_offer *offer = offered(&request);
	uint32_t id = 0;
	(void)state;

	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(access_session_open(sessions, offer, 0, &id),
			i <= limits.count_per_source ? STATUS_OK : STATUS_BUSY);
	}
	access_session_end(sessions, id);
	assert_int_equal(access_session_open(sessions, offer, 0, &id), STATUS_OK);
	access_session_offer_free(offer);
	access_sessions_free(sessions);
}

static void
a_change_that_is_sent_again_is_not_made_again(void **state)
{
	const struct access_result done = {.status = STATUS_OK, .mint = "0123"};
	struct access_result result = {.status = STATUS_BUSY};
	uint32_t id = opened(*state, 0);
	struct message *message = &asked.request.message;

	asked_delete(&asked, "88.1/x", id, 1);
	assert_int_equal(access_session_recall(*state, id, message, &result), STATUS_OK);
	assert_int_equal(access_session_recall(*state, id, message, &result), STATUS_BUSY);
	access_session_settle(*state, id, message, &done);
	assert_int_equal(access_session_recall(*state, id, message, &result), STATUS_EXISTS);
	assert_int_equal(result.status, STATUS_OK);
	assert_memory_equal(result.mint, done.mint, sizeof(done.mint));
	/* Another id, or another request under this id, is another change. */
	asked_delete(&asked, "88.1/x", id, 2);
	assert_int_equal(access_session_recall(*state, id, message, &result), STATUS_OK);
	asked_delete(&asked, "88.1/y", id, 1);
	assert_int_equal(access_session_recall(*state, id, message, &result), STATUS_OK);
	access_session_end(*state, id);
	assert_int_equal(access_session_recall(*state, id, message, &result), STATUS_NO_SESSION);
	access_session_settle(*state, id, message, &done);
}

static void
as_many_results_are_kept_as_the_limit_says(void **state)
{
	const struct access_result done = {.status = STATUS_OK};
	struct access_result result;
	uint32_t id = opened(*state, 0);
	struct message *message = &asked.request.message;

	for (uint32_t i = 1; i <= SESSION_RESULT_COUNT; i++) {
		asked_delete(&asked, "88.1/x", id, i);
		assert_int_equal(access_session_recall(*state, id, message, &result), STATUS_OK);
	}
	asked_delete(&asked, "88.1/x", id, SESSION_RESULT_COUNT + 1);
	assert_int_equal(access_session_recall(*state, id, message, &result), STATUS_BUSY);
	asked_delete(&asked, "88.1/x", id, 2);
	access_session_settle(*state, id, message, &done);
	/* The one that is known gives way, no other. */
	asked_delete(&asked, "88.1/x", id, SESSION_RESULT_COUNT + 1);
	assert_int_equal(access_session_recall(*state, id, message, &result), STATUS_OK);
	asked_delete(&asked, "88.1/x", id, 1);
	assert_int_equal(access_session_recall(*state, id, message, &result), STATUS_BUSY);
}

static void
answers_have_counters_of_their_own(void **state)
{
	uint32_t id = opened(*state, 0);
	uint32_t other = opened(*state, 0);

	assert_int_not_equal(id, other);
	assert_int_equal(access_session_next_counter(*state, id), 1);
	assert_int_equal(access_session_next_counter(*state, id), 2);
	assert_int_equal(access_session_next_counter(*state, other), 1);
	assert_int_equal(check(*state, id, 1, 0), STATUS_OK);
	access_session_end(*state, id);
	assert_int_equal(access_session_next_counter(*state, id), 0);
}

static void
a_session_that_ended_checks_nothing(void **state)
{
	uint32_t id = opened(*state, 0);
	struct access_session session = found(*state, id, 0);

	asked_delete(&asked, "88.1/x", id, 1);
	sign(&session, 1);
	access_session_end(*state, id);
	access_session_end(*state, id);
	assert_int_equal(access_session_check(*state, &session, &asked.request.message, 0),
		STATUS_NO_SESSION);
}

/* What Handle.net's client sent in a recorded session passes as it passed there. */
static void
recorded_messages_of_sessions_are_by_their_key(void **state)
{
	static const char *const names[] = {"session-2-create-challenged",
		"session-4-add-value-no-challenge", "session-5-replay-same-counter",
		"session-7-terminate", "session2-2-modify-challenged",
		"session2-10-resolve-certified-mac"};
	size_t seen = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct vector vector = vector_named(names[i]);
		uint32_t id = opened(*state, 0);
		struct access_session session = found(*state, id, 0);
		struct bytes key = vector_octets(&vector, "sessionKey");
		struct wire_reader reader = wire_reader_over(vector.octets);
		struct envelope envelope;
		struct message message;
		enum status status;

		envelope_read(&reader, &envelope);
		if (envelope.is_encrypted) {
			access_session_end(*state, id);
			continue;
		}
		status = message_decode(
			&envelope, wire_read_bytes(&reader, wire_reader_left(&reader)), &message);
		assert_int_equal(status, STATUS_OK);
		session.key.size = (uint8_t)key.size;
		memcpy(session.key.octets, key.at, key.size);
		if (message.credential.size > 0) {
			assert_int_equal(
				access_session_check(*state, &session, &message, 0), STATUS_OK);
			assert_int_equal(access_session_check(*state, &session, &message, 0),
				STATUS_REPLAYED);
			seen++;
		}
		access_session_end(*state, id);
	}
	assert_true(seen >= 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_sides_agree_on_a_key, begin, end),
		cmocka_unit_test_setup_teardown(
			only_diffie_hellman_in_a_sound_group_opens_a_session, begin, end),
		cmocka_unit_test_setup_teardown(groups_have_so_many_bits_and_no_more, begin, end),
		cmocka_unit_test_setup_teardown(old_protocols_need_the_policys_leave, begin, end),
		cmocka_unit_test_setup_teardown(
			messages_count_once_and_only_with_their_mac, begin, end),
		cmocka_unit_test_setup_teardown(
			messages_of_older_protocols_do_not_pass_in_a_session_of_today, begin, end),
		cmocka_unit_test_setup_teardown(the_window_keeps_200_counters, begin, end),
		cmocka_unit_test_setup_teardown(the_window_is_that_of_the_200_largest, begin, end),
		cmocka_unit_test_setup_teardown(
			the_identity_of_the_setup_proves_the_session, begin, end),
		cmocka_unit_test_setup_teardown(silent_sessions_end_and_old_ones_too, begin, end),
		cmocka_unit_test_setup_teardown(the_sweep_ends_what_nobody_asks_for, begin, end),
		cmocka_unit_test_setup_teardown(
			a_full_table_gives_up_who_proved_nothing, begin, end),
		cmocka_unit_test_setup_teardown(a_source_has_its_share_of_sessions, begin, end),
		cmocka_unit_test_setup_teardown(
			a_change_that_is_sent_again_is_not_made_again, begin, end),
		cmocka_unit_test_setup_teardown(
			as_many_results_are_kept_as_the_limit_says, begin, end),
		cmocka_unit_test_setup_teardown(answers_have_counters_of_their_own, begin, end),
		cmocka_unit_test_setup_teardown(a_session_that_ended_checks_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
			recorded_messages_of_sessions_are_by_their_key, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
