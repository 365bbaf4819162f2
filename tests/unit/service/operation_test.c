/* SPDX-License-Identifier: Apache-2.0 */
#include "service/operation.h"

#include "loop/loop_pool.h"
#include "support/cmocka_all.h"
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
make(struct bytes message, struct operation **ret_operation)
{
	struct operation_order order = {
		.envelope = {.version = VERSION_OURS,
			.suggested = VERSION_OURS,
			.request_id = 7,
			.message_size = (uint32_t)message.size},
		.message = message,
		.request_size = SIZE_MAX,
		.answered = answered,
		.context = &rig,
	};

	return operation_new(rig.service, &order, ret_operation);
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
	};

	return cmocka_run_group_tests_name("operation", tests, NULL, NULL);
}
