/* SPDX-License-Identifier: Apache-2.0 */
#include "service/operation.h"

#include "client/client_session.h"
#include "loop/loop_pool.h"
#include "support/cmocka_all.h"
#include "support/free_watch.h"
#include "unit/native/scratch.h"

#include <stdlib.h>

/* The bounds of what may be answered later; conversations are in tests/replay/service_*.rpl. */
static const struct access_challenge_limits challenge_limits = {
	.count = 16, .count_per_source = 8, .octets = 1 << 20, .life_ms = 1000};
static const struct access_session_limits session_limits = {
	.count = 16, .count_per_source = 8, .idle_s = 60, .life_s = 60};

struct rig {
	char directory[SCRATCH_PATH_SIZE_MAX];
	struct ledger *ledger;
	struct loop *loop;
	struct loop_pool *pool;
	struct monitor *monitor;
	struct service_access access;
	struct service_face face;
	struct service *service;
	size_t answered_count;
	size_t unused_count;
};

static struct rig rig;

static void
face_unused(struct service_face *face)
{
	assert_ptr_equal(face, &rig.face);
	rig.unused_count++;
}

static int
set_up(void **state)
{
	struct problem problem = {.text = ""};

	(void)state;
	rig = (struct rig){.answered_count = 0};
	scratch_make(rig.directory);
	assert_int_equal(
		ledger_open(rig.directory, LEDGER_CREATE, &rig.ledger, &problem), STATUS_OK);
	rig.loop = loop_new(&problem);
	rig.pool = loop_pool_new(1, POOL_QUEUE_COUNT_MAX);
	rig.monitor = monitor_new(1);
	assert_int_equal(
		service_access_make(&challenge_limits, &session_limits, &rig.access), STATUS_OK);
	rig.face.site = (struct service_site){TEXT("site"), 1, true, {HANDLE_HASH_BY_ALL, 1, 0}};
	rig.face.unused = face_unused;
	service_face_enter(&rig.face);
	rig.service = service_new(&(struct service_parts){.loop = rig.loop,
		.ledger = rig.ledger,
		.pool = rig.pool,
		.monitor = rig.monitor,
		.row = monitor_row(rig.monitor, 0),
		.access = &rig.access,
		.face = &rig.face});
	assert_non_null(rig.service);
	service_enter(rig.service);
	return 0;
}

static int
tear_down(void **state)
{
	struct problem problem;

	(void)state;
	service_leave(rig.service);
	service_free(rig.service);
	service_access_free(&rig.access);
	monitor_free(rig.monitor);
	loop_pool_free(rig.pool);
	loop_free(rig.loop);
	assert_int_equal(ledger_close(rig.ledger, &problem), STATUS_OK);
	scratch_remove(rig.directory);
	return 0;
}

static void
answered(void *context, bool is_last)
{
	assert_ptr_equal(context, &rig);
	assert_true(is_last);
	rig.answered_count++;
}

static enum status
make_with(const struct envelope *envelope, struct bytes message, struct operation **ret_operation)
{
	struct operation_order order = {
		.envelope = *envelope,
		.message = message,
		.request_size = SIZE_MAX,
		.answered = answered,
		.context = &rig,
	};

	return operation_new(rig.service, &order, ret_operation);
}

static struct envelope
envelope_of(uint32_t session_id, struct bytes message)
{
	return (struct envelope){.version = VERSION_OURS,
		.suggested = VERSION_OURS,
		.session_id = session_id,
		.request_id = 7,
		.message_size = (uint32_t)message.size};
}

static enum status
make_in_session(uint32_t session_id, struct bytes message, struct operation **ret_operation)
{
	struct envelope envelope = envelope_of(session_id, message);

	return make_with(&envelope, message, ret_operation);
}

static enum status
make(struct bytes message, struct operation **ret_operation)
{
	return make_in_session(0, message, ret_operation);
}

static struct bytes
site_request(uint8_t *octets, size_t capacity)
{
	struct wire_writer writer = wire_writer_over(octets, capacity);
	struct request request = {.message.header = {.opcode = OPCODE_GET_SITE_INFO}};

	request.name.name = TEXT("/");
	request_write(&writer, &request);
	return wire_written(&writer);
}

static void
operations_of_a_worker_are_bounded_in_number(void **state)
{
	static struct operation *operations[OPERATION_COUNT_MAX + 1];
	uint8_t octets[256];
	struct bytes message = site_request(octets, sizeof(octets));

	(void)state;
	for (size_t i = 0; i < OPERATION_COUNT_MAX; i++) {
		assert_int_equal(make(message, &operations[i]), STATUS_OK);
	}
	assert_int_equal(make(message, &operations[OPERATION_COUNT_MAX]), STATUS_BUSY);
	operation_free(operations[0]);
	assert_int_equal(make(message, &operations[0]), STATUS_OK);
	for (size_t i = 0; i < OPERATION_COUNT_MAX; i++) {
		operation_free(operations[i]);
	}
	assert_int_equal(monitor_read(rig.monitor, METRIC_OPERATIONS_BUSY), 1);
}

/* 256 messages of the largest size are just as much as may be kept; not one octet more. */
static void
their_messages_are_bounded_in_octets(void **state)
{
	enum { COUNT = OPERATION_SIZE_MAX / MESSAGE_SIZE_MAX };
	static struct operation *operations[COUNT + 1];
	static uint8_t octets[MESSAGE_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT - 1; i++) {
		assert_int_equal(
			make(bytes_over(octets, MESSAGE_SIZE_MAX), &operations[i]), STATUS_OK);
	}
	assert_int_equal(
		make(bytes_over(octets, MESSAGE_SIZE_MAX - 1), &operations[COUNT - 1]), STATUS_OK);
	assert_int_equal(make(bytes_over(octets, 2), &operations[COUNT]), STATUS_BUSY);
	assert_int_equal(make(bytes_over(octets, 1), &operations[COUNT]), STATUS_OK);
	for (size_t i = 0; i <= COUNT; i++) {
		operation_free(operations[i]);
	}
}

static void
an_operation_owns_its_message_and_answers_once(void **state)
{
	uint8_t *octets = malloc(256);
	struct bytes message = site_request(octets, 256);
	struct operation *operation;
	struct wire_reader reader;
	struct envelope envelope;
	struct bytes answer;

	(void)state;
	assert_int_equal(make(message, &operation), STATUS_OK);
	free(octets);
	assert_int_equal(rig.answered_count, 0);
	operation_start(operation);
	assert_int_equal(rig.answered_count, 1);
	answer = operation_octets(operation);
	reader = wire_reader_over(answer);
	envelope_read(&reader, &envelope);
	assert_int_equal(envelope.request_id, 7);
	assert_int_equal(envelope.message_size, answer.size - ENVELOPE_SIZE);
	operation_free(operation);
	operation_free(NULL);
}

static void
a_face_lives_until_its_last_operation(void **state)
{
	uint8_t octets[256];
	struct bytes message = site_request(octets, sizeof(octets));
	struct service_face next = {.site = rig.face.site};
	struct operation *operation;

	(void)state;
	assert_int_equal(make(message, &operation), STATUS_OK);
	service_use(rig.service, &next);
	service_face_leave(&rig.face);
	assert_int_equal(rig.unused_count, 0);
	operation_free(operation);
	assert_int_equal(rig.unused_count, 1);
}

static void
what_cannot_be_read_is_refused(void **state)
{
	uint8_t octets[HEADER_SIZE] = {0};
	struct operation *operation;
	struct wire_reader reader;
	struct envelope envelope;
	struct header header;

	(void)state;
	assert_int_equal(make(bytes_over(octets, sizeof(octets)), &operation), STATUS_OK);
	operation_start(operation);
	reader = wire_reader_over(operation_octets(operation));
	envelope_read(&reader, &envelope);
	header_read(&reader, &header);
	assert_int_equal(header.response_code, RESPONSE_PROTOCOL_ERROR);
	operation_free(operation);
}

/* A session of somebody proven, both halves. */
static void
session_begin(struct client_session *session)
{
	static const uint8_t source[16];
	struct client_identity somebody = {.handle = TEXT("0.NA/88.1"), .index = 300};
	struct access_identity claimed = {somebody.handle, somebody.index};
	struct access_policy policy = {.allows_old_ciphers = false};
	struct access_session_offer *offer;
	struct request request = {
		.message.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS}};
	struct response response = {.message.envelope.version = VERSION_OURS};
	struct bytes text;

	assert_int_equal(
		client_session_ask(session, &somebody, 0, &request.session_setup), STATUS_OK);
	assert_int_equal(
		access_session_offer_new(&request, &policy, source, &offer, &text), STATUS_OK);
	assert_int_equal(access_session_offer_run(offer), STATUS_OK);
	assert_int_equal(access_session_open(rig.access.sessions, offer, loop_now_ms(rig.loop),
				 &response.message.envelope.session_id),
		STATUS_OK);
	response.session.mode = SESSION_MODE_DH;
	response.session.data = access_session_offer_data(offer);
	assert_int_equal(client_session_open(session, &response), STATUS_OK);
	assert_true(access_session_prove(rig.access.sessions, session->id, &claimed, 300));
	access_session_offer_free(offer);
}

/* 88.1/x is there: what asks for it to be created is refused early. */
static void
record_store(void)
{
	struct ledger_change home = {
		.kind = JOURNAL_HOME, .name = TEXT("0.NA/88.1"), .actor = TEXT("test")};
	struct ledger_change put = {
		.kind = JOURNAL_PUT, .name = TEXT("88.1/x"), .actor = TEXT("test")};

	assert_int_equal(ledger_commit(rig.ledger, &home), STATUS_OK);
	assert_int_equal(ledger_commit(rig.ledger, &put), STATUS_OK);
	service_leave(rig.service);
	service_enter(rig.service);
}

/* Creates 88.1/x with these values, with the next counter and HS_MAC of the session. */
static struct bytes
create_request_with(struct client_session *session, const struct handle_value_list *values,
	uint8_t *octets, size_t capacity)
{
	struct wire_writer writer = wire_writer_over(octets, capacity);
	struct envelope envelope = {.version = VERSION_OURS,
		.suggested = VERSION_OURS,
		.session_id = session->id,
		.request_id = 7};
	struct request request = {.message.header = {.opcode = OPCODE_CREATE_HANDLE}};
	struct bytes run;

	request.values.name = TEXT("88.1/x");
	request.values.values = *values;
	request_write(&writer, &request);
	wire_writer_rewind(&writer, wire_writer_size(&writer) - sizeof(uint32_t));
	run = wire_written(&writer);
	client_session_seal(session, &envelope, run, &writer);
	return wire_written(&writer);
}

static struct bytes
create_request(struct client_session *session, uint8_t *octets, size_t capacity)
{
	struct handle_value_list none = {0, {NULL, 0}};

	return create_request_with(session, &none, octets, capacity);
}

static uint32_t
answer_code(struct bytes message, uint32_t session_id)
{
	struct operation *operation;
	struct wire_reader reader;
	struct envelope envelope;
	struct header header;

	assert_int_equal(make_in_session(session_id, message, &operation), STATUS_OK);
	operation_start(operation);
	reader = wire_reader_over(operation_octets(operation));
	envelope_read(&reader, &envelope);
	header_read(&reader, &header);
	assert_true(wire_reader_ok(&reader));
	operation_free(operation);
	return header.response_code;
}

/* Sent again while it is being made: that its handle is there by now is its own doing. */
static void
a_change_under_way_is_not_refused_for_what_it_did(void **state)
{
	static struct client_session session;
	uint8_t octets[1024];
	struct bytes first;
	struct envelope envelope = {.version = VERSION_OURS, .request_id = 7};
	struct access_result result = {.status = STATUS_OK};
	struct message message;

	(void)state;
	record_store();
	session_begin(&session);
	first = create_request(&session, octets, sizeof(octets));
	assert_int_equal(message_decode(&envelope, first, &message), STATUS_OK);
	assert_int_equal(access_session_recall(rig.access.sessions, session.id, &message, &result),
		STATUS_OK);
	assert_int_equal(answer_code(first, session.id), RESPONSE_SERVER_TOO_BUSY);
	result.status = STATUS_OK;
	access_session_settle(rig.access.sessions, session.id, &message, &result);
	assert_int_equal(answer_code(create_request(&session, octets, sizeof(octets)), session.id),
		RESPONSE_SUCCESS);
	client_session_forget(&session);
}

/* A secret key comes as a value; encrypted on its way it lies in the clear here, once it is
 * read. Refused or not begun at all, nothing of it is left. */
static void
a_secret_is_not_left_in_memory_that_is_given_back(void **state)
{
	static struct client_session session;
	struct bytes secret = TEXT("the seed of 88.1/x");
	struct handle_value value = {
		.index = 301, .type = TEXT("HS_SECKEY"), .data = secret, .permissions = 12};
	uint8_t values[128], plain[1024], encrypted[1024];
	struct wire_writer writer = wire_writer_over(values, sizeof(values));
	struct handle_value_list list;

	(void)state;
	record_store();
	session_begin(&session);
	handle_value_write(&writer, &value);
	list = (struct handle_value_list){1, wire_written(&writer)};
	for (int kind = 0; kind < 4; kind++) {
		bool is_encrypted = kind % 2 == 1, is_started = kind / 2 == 1;
		struct bytes message = create_request_with(&session, &list, plain, sizeof(plain));
		struct operation *operation;
		struct envelope envelope;
		size_t size;

		if (is_encrypted) {
			assert_int_equal(session_encrypt(&session.key, session.version, message,
						 encrypted, &size),
				STATUS_OK);
			message = bytes_over(encrypted, size);
		}
		envelope = envelope_of(session.id, message);
		envelope.is_encrypted = is_encrypted;
		assert_int_equal(make_with(&envelope, message, &operation), STATUS_OK);
		free_watch_begin(secret);
		if (is_started) {
			operation_start(operation);
		}
		assert_int_equal(rig.answered_count, is_started ? kind - 1 : 0);
		operation_free(operation);
		assert_int_equal(free_watch_end(), 0);
	}
	client_session_forget(&session);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			operations_of_a_worker_are_bounded_in_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			their_messages_are_bounded_in_octets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_operation_owns_its_message_and_answers_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_face_lives_until_its_last_operation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_change_under_way_is_not_refused_for_what_it_did, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_secret_is_not_left_in_memory_that_is_given_back, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("operation", tests, NULL, NULL);
}
