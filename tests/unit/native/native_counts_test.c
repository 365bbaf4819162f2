/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a resolution may cost, counted: after a warm-up, not one allocation, not one lock,
 * and no system call but waiting, one receive and one send for a batch. The last is not
 * counted but enforced: the worker's thread is put under a filter that kills the process at
 * any other call.
 */
#include "ledger/ledger.h"
#include "native/native.h"
#include "scratch.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { RECORDS = 500, REQUESTS = 20000, WARM_UP = 2000 };

static _Thread_local bool is_counted;
static atomic_int allocation_count;
static atomic_int lock_count;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);

void *
__wrap_malloc(size_t size)
{
	allocation_count += is_counted;
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	allocation_count += is_counted;
	return __real_calloc(count, size);
}

void *
__wrap_realloc(void *at, size_t size)
{
	allocation_count += is_counted;
	return __real_realloc(at, size);
}

int
__wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
	lock_count += is_counted;
	return __real_pthread_mutex_lock(mutex);
}

/* A node's worker over a store of its own, and a client's socket. */
struct rig {
	char directory[SCRATCH_PATH_SIZE_MAX];
	struct ledger *ledger;
	struct loop *loop;
	struct service_face face;
	struct service *service;
	struct monitor *monitor;
	struct native_census *census;
	struct native_settings settings;
	struct native *native;
	struct address address;
	pthread_t thread;
	atomic_int is_filtered;
};

static void
record_name(char ret_name[32], unsigned number)
{
	snprintf(ret_name, 32, "88.999.1/ITEM-%06u", number);
}

static void
fill(struct ledger *ledger)
{
	struct ledger_change home = {
		.kind = JOURNAL_HOME, .name = TEXT("0.NA/88.999.1"), .actor = TEXT("test")};

	assert_int_equal(ledger_commit(ledger, &home), STATUS_OK);
	for (unsigned i = 0; i < RECORDS; i++) {
		char name[32];
		uint8_t octets[256];
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct handle_value value = {.index = 1,
			.ttl = HANDLE_TTL_DEFAULT,
			.permissions = HANDLE_PERMISSION_DEFAULT,
			.type = TEXT("URL"),
			.data = TEXT(
				"https://example.org/items/of/this/test?and=some&more=octets")};
		struct ledger_change change = {.kind = JOURNAL_PUT, .actor = TEXT("test")};

		record_name(name, i);
		handle_value_write(&writer, &value);
		change.name = bytes_from_string(name);
		change.values = (struct handle_value_list){1, wire_written(&writer)};
		assert_int_equal(ledger_commit(ledger, &change), STATUS_OK);
	}
}

static void
rig_open(struct rig *rig)
{
	struct problem problem = {.text = ""};
	struct native_parts parts;

	memset(rig, 0, sizeof(*rig));
	scratch_make(rig->directory);
	if (ledger_open(rig->directory, LEDGER_CREATE, &rig->ledger, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	fill(rig->ledger);
	rig->face.site = (struct service_site){TEXT("site"), 1, true, {HANDLE_HASH_BY_ALL, 1, 0}};
	rig->settings = native_settings_default();
	assert_int_equal(network_parse(TEXT("127.0.0.0/8"), &rig->settings.exempt[0]), STATUS_OK);
	rig->settings.exempt_count = 1;
	rig->loop = loop_new(&problem);
	rig->monitor = monitor_new(1);
	rig->service = service_new(&(struct service_parts){.loop = rig->loop,
		.ledger = rig->ledger,
		.monitor = rig->monitor,
		.row = monitor_row(rig->monitor, 0),
		.face = &rig->face});
	rig->census = native_census_new(16);
	parts = (struct native_parts){
		rig->loop, rig->service, monitor_row(rig->monitor, 0), rig->census, &rig->settings};
	rig->native = native_new(&parts, &problem);
	assert_non_null(rig->native);
	assert_int_equal(address_parse(TEXT("127.0.0.1:0"), 0, &rig->address), STATUS_OK);
	assert_int_equal(
		native_open_udp(rig->native, &rig->address, &rig->address, &problem), STATUS_OK);
}

static void *
rig_run(void *context)
{
	struct rig *rig = context;

	return loop_run(rig->loop) == STATUS_OK ? NULL : rig;
}

static void
rig_close(struct rig *rig)
{
	struct problem problem;

	native_stop(rig->native);
	native_free(rig->native);
	service_free(rig->service);
	loop_free(rig->loop);
	native_census_free(rig->census);
	monitor_free(rig->monitor);
	assert_int_equal(ledger_close(rig->ledger, &problem), STATUS_OK);
	scratch_remove(rig->directory);
}

/* Sends in bursts of up to 32 and takes what comes; returns answers with code 1 or 100. */
static size_t
ask_many(const struct rig *rig, size_t count)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct timeval wait = {2, 0};
	size_t answered = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	assert_int_equal(connect(fd, &rig->address.any, rig->address.size), 0);
	for (size_t sent = 0; sent < count;) {
		size_t burst = 1 + sent % 32;

		for (size_t i = 0; i < burst; i++, sent++) {
			uint8_t octets[DATAGRAM_SIZE_MAX];
			struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
			struct request request = {.message.header = {.opcode = OPCODE_RESOLUTION,
							  .flags = MESSAGE_FLAG_PUBLIC_ONLY}};
			struct envelope envelope = {.version = VERSION_OURS,
				.suggested = VERSION_OURS,
				.request_id = 1};
			char name[32];
			size_t size;

			record_name(name, (unsigned)(sent * 7919 % (RECORDS + 50)));
			request.resolution.name = bytes_from_string(name);
			wire_writer_take(&writer, ENVELOPE_SIZE);
			request_write(&writer, &request);
			size = wire_writer_size(&writer);
			envelope.message_size = (uint32_t)size - ENVELOPE_SIZE;
			writer = wire_writer_over(octets, ENVELOPE_SIZE);
			envelope_write(&writer, &envelope);
			assert_int_equal(send(fd, octets, size, 0), (ssize_t)size);
		}
		for (size_t i = 0; i < burst; i++) {
			uint8_t octets[DATAGRAM_SIZE_MAX];
			ssize_t size = recv(fd, octets, sizeof(octets), 0);

			answered += size >= 44 && (octets[27] == 1 || octets[27] == 100);
		}
	}
	close(fd);
	return answered;
}

static void
count_from_now(void *context)
{
	(void)context;
	is_counted = true;
}

static void
a_resolution_allocates_nothing_and_takes_no_lock(void **state)
{
	static struct rig rig;
	struct loop_post post = {.posted = count_from_now};

	(void)state;
	rig_open(&rig);
	pthread_create(&rig.thread, NULL, rig_run, &rig);
	assert_int_equal(ask_many(&rig, WARM_UP), ask_many(&rig, WARM_UP));
	loop_post(rig.loop, &post);
	assert_true(ask_many(&rig, REQUESTS) >= REQUESTS);
	assert_int_equal(allocation_count, 0);
	assert_int_equal(lock_count, 0);
	loop_stop(rig.loop);
	pthread_join(rig.thread, NULL);
	rig_close(&rig);
}

/* From here on this thread may wait, receive a batch and send a batch; anything else kills. */
static void
filter_from_now(void *context)
{
	static const long allowed[] = {SYS_epoll_wait, SYS_epoll_pwait, SYS_recvmmsg, SYS_sendmmsg};
	enum { ALLOWED = sizeof(allowed) / sizeof(allowed[0]) };
	struct sock_filter filter[ALLOWED * 2 + 2];
	struct sock_fprog program = {.len = ALLOWED * 2 + 2, .filter = filter};
	struct rig *rig = context;
	size_t at = 0;

	filter[at++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ALLOWED; i++) {
		filter[at++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed[i], 0, 1);
		filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	filter[at] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	rig->is_filtered = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0
		? 1
		: -1;
}

static void
a_resolution_makes_no_system_call_but_wait_receive_and_send(void **state)
{
	pid_t child = fork();
	int ending;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		static struct rig rig;
		struct loop_post post = {.posted = filter_from_now, .context = &rig};

		rig_open(&rig);
		pthread_create(&rig.thread, NULL, rig_run, &rig);
		ask_many(&rig, WARM_UP);
		loop_post(rig.loop, &post);
		while (rig.is_filtered == 0) {
			usleep(1000);
		}
		if (rig.is_filtered < 0) {
			_exit(77); /* This kernel lets nobody filter. */
		}
		scratch_remove(rig.directory);
		/* The clock is read without entering the kernel, so it is not in the list. */
		_exit(ask_many(&rig, REQUESTS) >= REQUESTS ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &ending, 0), child);
	if (WIFEXITED(ending) && WEXITSTATUS(ending) == 77) {
		skip();
	}
	assert_false(WIFSIGNALED(ending));
	assert_int_equal(WEXITSTATUS(ending), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_resolution_makes_no_system_call_but_wait_receive_and_send),
		cmocka_unit_test(a_resolution_allocates_nothing_and_takes_no_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
