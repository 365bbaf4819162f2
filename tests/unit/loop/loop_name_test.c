/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_name.h"

#include "loop/loop_help.h"
#include "wire/wire_reader.h"
#include "wire/wire_writer.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
	DNS_A = 1,
	DNS_AAAA = 28,
	DNS_IS_ANSWER = 0x8180,
	DNS_IS_CUT = 0x0200,
	DNS_NO_NAME = 3,
	DNS_REFUSED = 5,
	MESSAGE_SIZE_MAX_OURS = 1500,
};

/* A DNS server on the loop that asks it, and what it says. */
static struct loop *loop;
static struct loop_udp *server;
static struct loop_listener *listener;
static struct loop_names *names;
static struct address here;
static const char *v4[8], *v6[8];
static uint16_t code, cut;
static uint32_t ttl_s;
static bool is_deaf;
static size_t asked_count, stream_count;
static char asked_name[256];

/* What was told. */
static size_t told_count;
static struct loop_name told;

static void
answers_write(struct wire_writer *writer, uint16_t type, const char *const *texts)
{
	uint8_t octets[16];

	for (size_t i = 0; texts[i] != NULL; i++) {
		assert_int_equal(
			inet_pton(type == DNS_A ? AF_INET : AF_INET6, texts[i], octets), 1);
		wire_write_u8(writer, 0xc0); /* The name of the question. */
		wire_write_u8(writer, 12);
		wire_write_u8(writer, 0);
		wire_write_u8(writer, (uint8_t)type);
		wire_write_u16(writer, 1);
		wire_write_u32(writer, ttl_s + (uint32_t)i);
		wire_write_u16(writer, type == DNS_A ? 4 : 16);
		wire_write_bytes(writer, bytes_over(octets, type == DNS_A ? 4 : 16));
	}
}

/* The name of the question, with dots. */
static void
name_read(struct bytes question)
{
	struct wire_reader reader = wire_reader_over(question);
	size_t at = 0;

	for (uint8_t size = wire_read_u8(&reader); size > 0; size = wire_read_u8(&reader)) {
		struct bytes label = wire_read_bytes(&reader, size);

		assert_true(wire_reader_ok(&reader));
		memcpy(asked_name + at, label.at, label.size);
		at += label.size;
		asked_name[at++] = '.';
	}
	asked_name[at] = 0;
}

/* Returns 0 for no answer. */
static size_t
answer_make(struct bytes asked, uint16_t flags, uint8_t *octets)
{
	struct wire_writer writer = wire_writer_over(octets, MESSAGE_SIZE_MAX_OURS);
	uint16_t type = (uint16_t)(asked.at[asked.size - 4] << 8 | asked.at[asked.size - 3]);
	const char *const *texts = type == DNS_A ? v4 : v6;
	uint16_t count = 0;

	asked_count++;
	name_read(bytes_slice(asked, 12, SIZE_MAX));
	if (is_deaf) {
		return 0;
	}
	while (texts[count] != NULL && (flags & DNS_IS_CUT) == 0) {
		count++;
	}
	wire_write_bytes(&writer, bytes_slice(asked, 0, 2));
	wire_write_u16(&writer, (uint16_t)(DNS_IS_ANSWER | flags | code));
	wire_write_u16(&writer, 1);
	wire_write_u16(&writer, count);
	wire_write_u32(&writer, 0);
	wire_write_bytes(&writer, bytes_slice(asked, 12, SIZE_MAX));
	if (count > 0) {
		answers_write(&writer, type, texts);
	}
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return wire_writer_size(&writer);
}

static void
datagrams_came(void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count)
{
	(void)context;
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = loop_udp_reserve(udp, &batch[i].peer);

		loop_udp_commit(udp, answer_make(batch[i].octets, cut, at));
	}
}

static size_t
stream_came(void *context, struct loop_stream *stream, struct bytes octets)
{
	uint8_t answer[MESSAGE_SIZE_MAX_OURS + 2];
	size_t used = 0;

	(void)context;
	while (octets.size - used >= 2) {
		size_t size = (size_t)(octets.at[used] << 8 | octets.at[used + 1]);
		size_t answer_size;

		if (octets.size - used - 2 < size) {
			break;
		}
		answer_size = answer_make(bytes_slice(octets, used + 2, size), 0, answer + 2);
		answer[0] = (uint8_t)(answer_size >> 8);
		answer[1] = (uint8_t)answer_size;
		assert_int_equal(
			loop_stream_write(stream, bytes_over(answer, answer_size + 2)), STATUS_OK);
		used += size + 2;
	}
	return used;
}

static const struct loop_stream_calls stream_calls = {.received = stream_came};

static void
accepted(void *context, struct loop_stream *stream, const struct address *peer)
{
	(void)context;
	(void)peer;
	stream_count++;
	loop_stream_own(stream, &stream_calls, NULL);
}

static int
begin(void **state)
{
	struct problem problem;

	(void)state;
	loop = loop_new(&problem);
	assert_non_null(loop);
	here = loopback_v4(0);
	assert_int_equal(loop_address_choose(&here, &problem), STATUS_OK);
	server = loop_udp_open(loop, &here, datagrams_came, NULL, &problem);
	listener = loop_listen(loop, &here, accepted, NULL, &problem);
	assert_true(server != NULL && listener != NULL);
	names = loop_names_new(loop, &here, 1);
	assert_non_null(names);
	memset(v4, 0, sizeof(v4));
	memset(v6, 0, sizeof(v6));
	code = cut = 0;
	ttl_s = 60;
	is_deaf = false;
	asked_count = stream_count = told_count = 0;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	loop_names_free(names);
	loop_udp_close(server);
	loop_listener_close(listener);
	loop_free(loop);
	return 0;
}

static void
found(void *context, const struct loop_name *name)
{
	assert_ptr_equal(context, &told);
	told_count++;
	told = *name;
}

static bool
is_told(void *context)
{
	return told_count == *(size_t *)context;
}

static void
await_told(size_t count)
{
	run_until(loop, is_told, &count);
}

static void
find(const char *host)
{
	size_t before = told_count;

	assert_int_equal(loop_names_find(names, host, found, &told), STATUS_OK);
	assert_int_equal(told_count, before); /* Never before it returns. */
}

static void
expect_addresses(const char *const *texts, size_t count)
{
	assert_int_equal(told.status, STATUS_OK);
	assert_int_equal(told.count, count);
	for (size_t i = 0; i < count; i++) {
		struct address wanted;
		size_t at = 0;

		assert_int_equal(address_parse(bytes_from_string(texts[i]), 0, &wanted), STATUS_OK);
		while (at < told.count && !address_equal(&told.addresses[at], &wanted)) {
			at++;
		}
		assert_true(at < told.count);
	}
}

static void
addresses_of_both_families_are_found(void **state)
{
	const char *wanted[] = {"203.0.113.1", "2001:db8::1"};

	(void)state;
	v4[0] = wanted[0];
	v6[0] = wanted[1];
	find("hdl.example.org");
	await_told(1);
	expect_addresses(wanted, 2);
	assert_int_equal(told.ttl_s, 60);
	assert_int_equal(asked_count, 2);
	assert_string_equal(asked_name, "hdl.example.org.");
}

static void
neither_family_pushes_the_other_out(void **state)
{
	const char *first[] = {"203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2"};
	const char *rest[] = {"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		v4[i] = rest[i];
	}
	v4[4] = "203.0.113.5";
	find("many.example.org");
	await_told(1);
	expect_addresses(rest, 4);
	v6[0] = "2001:db8::1";
	v6[1] = "2001:db8::2";
	v6[2] = "2001:db8::3";
	find("more.example.org");
	await_told(2);
	expect_addresses(first, 4);
	v6[1] = NULL;
	find("less.example.org");
	await_told(3);
	assert_int_equal(told.count, 4);
}

static void
an_address_that_is_told_twice_counts_once(void **state)
{
	const char *wanted[] = {"203.0.113.1"};

	(void)state;
	v4[0] = v4[1] = wanted[0];
	v6[0] = "::ffff:203.0.113.1";
	find("twice.example.org");
	await_told(1);
	expect_addresses(wanted, 1);
}

static void
a_name_without_addresses_is_not_found(void **state)
{
	(void)state;
	find("nothing.example.org");
	await_told(1);
	assert_int_equal(told.status, STATUS_NOT_FOUND);
	code = DNS_NO_NAME;
	find("nobody.example.org");
	await_told(2);
	assert_int_equal(told.status, STATUS_NOT_FOUND);
	assert_int_equal(told.count, 0);
}

/* No domain is searched: nothing else was asked for. */
static void
a_name_is_what_it_is(void **state)
{
	(void)state;
	code = DNS_NO_NAME;
	find("inner");
	await_told(1);
	assert_int_equal(told.status, STATUS_NOT_FOUND);
	assert_string_equal(asked_name, "inner.");
	assert_int_equal(asked_count, 2);
}

static void
what_is_no_name_is_told_from_the_loop_too(void **state)
{
	char label[80];

	(void)state;
	memset(label, 'x', 70);
	label[70] = 0;
	find(label);
	find("a..b");
	await_told(2);
	assert_true(told.status != STATUS_OK);
	assert_int_equal(asked_count, 0);
}

static void
a_server_that_refuses_is_no_answer(void **state)
{
	(void)state;
	code = DNS_REFUSED;
	find("hdl.example.org");
	await_told(1);
	assert_true(told.status == STATUS_SYSTEM || told.status == STATUS_TIMED_OUT);
}

static void
a_silent_server_is_asked_twice_and_given_up(void **state)
{
	(void)state;
	is_deaf = true;
	find("hdl.example.org");
	await_told(1);
	assert_int_equal(told.status, STATUS_TIMED_OUT);
	assert_int_equal(asked_count, 4);
}

static void
what_is_too_long_for_udp_comes_over_tcp(void **state)
{
	const char *wanted[] = {"203.0.113.1"};

	(void)state;
	v4[0] = wanted[0];
	cut = DNS_IS_CUT;
	find("long.example.org");
	await_told(1);
	expect_addresses(wanted, 1);
	assert_true(stream_count > 0);
}

static void
many_are_looked_up_side_by_side(void **state)
{
	enum { COUNT = 200 };

	(void)state;
	v4[0] = "203.0.113.1";
	for (size_t i = 0; i < COUNT; i++) {
		find("hdl.example.org");
	}
	await_told(COUNT);
	assert_int_equal(told.status, STATUS_OK);
}

static void
nothing_is_told_when_it_is_freed(void **state)
{
	(void)state;
	is_deaf = true;
	find("hdl.example.org");
	run_for_ms(loop, 20);
	find("a..b"); /* Waits to be told. */
	loop_names_free(names);
	run_for_ms(loop, 20);
	assert_int_equal(told_count, 0);
	loop_names_free(NULL);
	names = loop_names_new(loop, NULL, 0); /* Those of the system. */
	assert_non_null(names);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_of_both_families_are_found),
		TEST(neither_family_pushes_the_other_out),
		TEST(an_address_that_is_told_twice_counts_once),
		TEST(a_name_without_addresses_is_not_found),
		TEST(a_name_is_what_it_is),
		TEST(what_is_no_name_is_told_from_the_loop_too),
		TEST(a_server_that_refuses_is_no_answer),
		TEST(a_silent_server_is_asked_twice_and_given_up),
		TEST(what_is_too_long_for_udp_comes_over_tcp),
		TEST(many_are_looked_up_side_by_side),
		TEST(nothing_is_told_when_it_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
