/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_queue.h"

#include "support/cmocka_all.h"

enum { COUNT = 5 };

static struct access_link links[COUNT];

/* The queue holds these numbers in this order, read from either end. */
static void
assert_queue(const struct access_queue *queue, const uint32_t *numbers, uint32_t count)
{
	uint32_t forward = queue->first, backward = queue->last;

	assert_int_equal(queue->count, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(forward, numbers[i]);
		assert_int_equal(backward, numbers[count - 1 - i]);
		forward = links[forward].after;
		backward = links[backward].before;
	}
	assert_int_equal(forward, ACCESS_QUEUE_END);
	assert_int_equal(backward, ACCESS_QUEUE_END);
}

static void
the_order_is_that_of_adding_whatever_is_taken_out(void **state)
{
	struct access_queue queue = access_queue_empty(), other = access_queue_empty();

	(void)state;
	assert_queue(&queue, NULL, 0);
	for (uint32_t i = 0; i < COUNT; i++) {
		access_queue_add(&queue, links, i);
	}
	assert_queue(&queue, (const uint32_t[]){0, 1, 2, 3, 4}, 5);
	access_queue_remove(&queue, links, 2);
	access_queue_add(&other, links, 2);
	assert_queue(&queue, (const uint32_t[]){0, 1, 3, 4}, 4);
	access_queue_remove(&queue, links, 4);
	access_queue_remove(&queue, links, 0);
	assert_queue(&queue, (const uint32_t[]){1, 3}, 2);
	access_queue_add(&other, links, 0);
	assert_queue(&other, (const uint32_t[]){2, 0}, 2);
	access_queue_remove(&queue, links, 1);
	access_queue_remove(&queue, links, 3);
	assert_queue(&queue, NULL, 0);
	access_queue_add(&queue, links, 4);
	assert_queue(&queue, (const uint32_t[]){4}, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_is_that_of_adding_whatever_is_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
