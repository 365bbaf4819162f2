/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_reassembly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t message[UDP_REASSEMBLY_SIZE_MAX + 1];

static struct address
peer(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(bytes_from_string(text), 0, &address), STATUS_OK);
	return address;
}

static struct bytes
fragment(size_t size, uint32_t sequence)
{
	return message_fragment_data(bytes_over(message, size), sequence);
}

/* What the last add() made whole. */
static struct reassembly_slot *slot;
static struct bytes whole;

static enum reassembly_verdict
add(struct reassembly *table, const char *from, uint32_t id, size_t size, uint32_t sequence,
	struct bytes octets)
{
	struct address address = peer(from);
	struct envelope envelope = {.is_truncated = true,
		.request_id = id,
		.sequence = sequence,
		.message_size = (uint32_t)size};
	const struct reassembly_fragment part = {&address, &envelope, octets, 1000};

	return reassembly_add(table, &part, &slot, &whole);
}

static void
fragments_in_any_order_make_the_message(void **state)
{
	static const uint32_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {2, 0, 1}};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct reassembly *table = reassembly_new();
		enum reassembly_verdict verdict = REASSEMBLY_REFUSED;

		for (size_t n = 0; n < 3; n++) {
			uint32_t number = orders[i][n];

			assert_int_equal(reassembly_count(table), n > 0);
			verdict = add(
				table, "192.0.2.1:999", 7, 1100, number, fragment(1100, number));
			assert_int_equal(verdict, n < 2 ? REASSEMBLY_WAITING : REASSEMBLY_WHOLE);
		}
		assert_true(bytes_equal(whole, bytes_over(message, 1100)));
		reassembly_release(table, slot);
		assert_int_equal(reassembly_count(table), 0);
		reassembly_free(table);
	}
}

static void
a_repeated_fragment_changes_nothing(void **state)
{
	struct reassembly *table = reassembly_new();

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(add(table, "192.0.2.1:999", 7, 900, 0, fragment(900, 0)),
			REASSEMBLY_WAITING);
	}
	assert_int_equal(
		add(table, "192.0.2.1:999", 7, 900, 1, fragment(900, 1)), REASSEMBLY_WHOLE);
	reassembly_free(table);
}

static void
fragments_of_others_do_not_mix(void **state)
{
	struct reassembly *table = reassembly_new();

	(void)state;
	assert_int_equal(
		add(table, "192.0.2.1:999", 7, 900, 0, fragment(900, 0)), REASSEMBLY_WAITING);
	assert_int_equal(
		add(table, "192.0.2.1:998", 7, 900, 1, fragment(900, 1)), REASSEMBLY_WAITING);
	assert_int_equal(
		add(table, "192.0.2.2:999", 7, 900, 1, fragment(900, 1)), REASSEMBLY_WAITING);
	assert_int_equal(reassembly_count(table), 3);
	reassembly_free(table);
}

static void
impossible_fragments_are_refused(void **state)
{
	struct reassembly *table = reassembly_new();
	const char *from = "192.0.2.1:999";
	size_t limit = UDP_REASSEMBLY_SIZE_MAX;

	(void)state;
	/* A number past the end, also one that would be an index out of the table. */
	assert_int_equal(add(table, from, 1, 900, 2, fragment(900, 1)), REASSEMBLY_REFUSED);
	assert_int_equal(
		add(table, from, 1, 900, UINT32_MAX, fragment(900, 1)), REASSEMBLY_REFUSED);
	/* Too long and too short for their place. */
	assert_int_equal(add(table, from, 1, 900, 1, bytes_over(message, 492)), REASSEMBLY_REFUSED);
	assert_int_equal(add(table, from, 1, 900, 0, bytes_over(message, 491)), REASSEMBLY_REFUSED);
	assert_int_equal(add(table, from, 1, 900, 1, bytes_over(message, 407)), REASSEMBLY_REFUSED);
	assert_int_equal(add(table, from, 1, 0, 0, bytes_over(message, 0)), REASSEMBLY_REFUSED);
	/* The limit, and one octet more. */
	assert_int_equal(
		add(table, from, 1, limit + 1, 0, fragment(limit + 1, 0)), REASSEMBLY_REFUSED);
	assert_int_equal(reassembly_count(table), 0);
	assert_int_equal(add(table, from, 1, limit, 0, fragment(limit, 0)), REASSEMBLY_WAITING);
	/* The same message with another size is another message: not this one. */
	assert_int_equal(
		add(table, from, 1, limit - 492, 1, fragment(limit, 1)), REASSEMBLY_REFUSED);
	reassembly_free(table);
}

static void
a_source_and_the_table_have_their_limits(void **state)
{
	struct reassembly *table = reassembly_new();
	char from[32];

	(void)state;
	for (uint32_t i = 0; i < UDP_REASSEMBLY_PER_SOURCE_MAX + 1; i++) {
		snprintf(from, sizeof(from), "198.51.100.1:%u", 1000 + i);
		assert_int_equal(add(table, from, i, 900, 0, fragment(900, 0)),
			i < UDP_REASSEMBLY_PER_SOURCE_MAX ? REASSEMBLY_WAITING
							  : REASSEMBLY_REFUSED);
	}
	for (uint32_t i = UDP_REASSEMBLY_PER_SOURCE_MAX; i < UDP_REASSEMBLY_SLOT_COUNT + 1; i++) {
		snprintf(from, sizeof(from), "10.1.%u.%u:1000", i / 250, i % 250);
		assert_int_equal(add(table, from, i, 900, 0, fragment(900, 0)),
			i < UDP_REASSEMBLY_SLOT_COUNT ? REASSEMBLY_WAITING : REASSEMBLY_REFUSED);
	}
	/* A life later everything is free again. */
	assert_int_equal(reassembly_expire(table, 1000 + UDP_REASSEMBLY_LIFE_MS - 1), 0);
	assert_int_equal(
		reassembly_expire(table, 1000 + UDP_REASSEMBLY_LIFE_MS), UDP_REASSEMBLY_SLOT_COUNT);
	assert_int_equal(reassembly_count(table), 0);
	assert_int_equal(
		add(table, "198.51.100.1:5", 9, 900, 0, fragment(900, 0)), REASSEMBLY_WAITING);
	reassembly_free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_in_any_order_make_the_message),
		cmocka_unit_test(a_repeated_fragment_changes_nothing),
		cmocka_unit_test(fragments_of_others_do_not_mix),
		cmocka_unit_test(impossible_fragments_are_refused),
		cmocka_unit_test(a_source_and_the_table_have_their_limits),
	};

	for (size_t i = 0; i < sizeof(message); i++) {
		message[i] = (uint8_t)(i * 7 + i / 256);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
