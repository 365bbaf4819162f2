/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_rig.h"
#include "linear.h"

#include "base/clock.h"
#include "client/client_run.h"
#include "handle/handle_admin.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A serving node, and clients that create, replace, modify, delete and read few handles in
 * sessions over TCP. The node is killed at any moment, or at a named step of a commit
 * (steps.c), or its disk fails. What the clients were answered, before and after the next
 * start, must be a story of things that happened one after another (linear.h).
 *
 * HOUJI_FAULT_SEED repeats the choices; HOUJI_LINEAR_ROUNDS sets how many nodes are killed.
 */
static const char *houji, *parent;

enum {
	THREAD_COUNT = 4,
	HANDLE_COUNT = 3,
	OPERATION_COUNT = 40, /* Of a thread in one life of the node. */
	KILL_OPERATION_COUNT = 120,
	ROUND_COUNT_DEFAULT = 8,
	START_MS_MAX = 30000,
	LIFE_MS_MIN = 60,
	LIFE_MS_MAX = 300,
	STEP_MS_MAX = 400, /* The applier waits 50 ms for a pause, the head 20 ms. */
	END_MS_MAX = 20000,
	ANSWER_MS_MAX = 20000,
	ADMINISTRATOR_INDEX = 301,
	NOT_SENT = 0,
	STATUS_SIZE_MAX = 16384,
};

static struct scene {
	char directory[FAULT_PATH_SIZE];
	char node[FAULT_PATH_SIZE + 8];
	char secret[128];
	uint64_t values[HANDLE_COUNT]; /* What the handles held when the node last ended. */
	uint64_t time;
} scene;

struct server {
	pid_t pid;
	int pipe;
	struct address address;
};

struct told {
	uint32_t code;
	uint64_t value; /* Of the value with index 1, eight octets. */
	char text[STATUS_SIZE_MAX]; /* The same as text, or that of an error. */
};

struct story {
	const struct server *server;
	unsigned long operation_count;
	uint64_t seed;
	_Atomic uint64_t time;
	pthread_mutex_t lock; /* Guards the next three. */
	unsigned long unclear; /* Answers that say neither yes nor no. */
	struct told unclear_told; /* One of them. */
	enum linear_kind unclear_kind;
	struct {
		_Atomic size_t count;
		struct linear_operation operations[LINEAR_OPERATION_COUNT_MAX];
	} handles[HANDLE_COUNT];
};

struct client {
	struct story *story;
	uint64_t seed;
	struct client_identity identity;
	struct loop *loop;
	struct client_link *link;
	uint64_t seen[HANDLE_COUNT];
	pthread_t thread;
};

static uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

/* Waits until it has ended, or not; returns whether it has. */
static bool
has_ended(pid_t pid, int64_t ms, int *ret_wait_status)
{
	int64_t end = clock_monotonic_ms() + ms;
	pid_t found;

	while ((found = waitpid(pid, ret_wait_status, WNOHANG)) == 0 &&
		clock_monotonic_ms() < end) {
		usleep(2000);
	}
	return found == pid;
}

/* `step` as HOUJI_STEP has it, or NULL. */
static void
server_start(const char *step, struct server *ret_server)
{
	static struct fault_run run;
	static char word[] = "serve";
	char program[FAULT_PATH_SIZE], node[sizeof(scene.node)], setting[128];
	char *arguments[] = {program, word, node, NULL};
	char *environment[] = {setting, NULL};
	int64_t end = clock_monotonic_ms() + START_MS_MAX;
	char *address, *line_end;
	int wait_status = 0;
	bool is_over;

	snprintf(program, sizeof(program), "%s", houji);
	snprintf(node, sizeof(node), "%s", scene.node);
	snprintf(setting, sizeof(setting), "HOUJI_STEP=%s", step == NULL ? "" : step);
	run.said_size = 0;
	ret_server->pipe = fault_start(arguments, environment, &ret_server->pid);
	do {
		is_over =
			has_ended(ret_server->pid, 2, &wait_status) || clock_monotonic_ms() >= end;
		fault_read(ret_server->pipe, &run);
		address = strstr(run.said, "127.0.0.1:");
	} while ((address == NULL || strchr(address, '\n') == NULL) && !is_over);
	if (is_over) {
		fail_msg("%s: the node does not start (%x): %s", setting, (unsigned)wait_status,
			run.said);
	}
	line_end = address + strspn(address, "0123456789.:");
	assert_int_equal(address_parse(bytes_over(address, (size_t)(line_end - address)), 0,
				 &ret_server->address),
		STATUS_OK);
}

static void
server_kill(struct server *server)
{
	int wait_status;

	kill(server->pid, SIGKILL);
	assert_int_equal(waitpid(server->pid, &wait_status, 0), server->pid);
	close(server->pipe);
}

static void
client_open(struct client *client, const struct server *server)
{
	struct client_link_settings settings = {.server.address = server->address,
		.identity = &client->identity,
		.is_session = true,
		.deadline_ms = ANSWER_MS_MAX};
	struct problem problem;

	client->identity = (struct client_identity){.handle = TEXT("0.NA/88.999"),
		.index = ADMINISTRATOR_INDEX,
		.secret = bytes_from_string(scene.secret)};
	client->loop = loop_new(&problem);
	assert_non_null(client->loop);
	client->link = client_link_new(client->loop, &settings);
	assert_non_null(client->link);
}

static void
client_close(struct client *client)
{
	client_link_free(client->link);
	loop_free(client->loop);
}

static void
text_keep(struct told *told, struct bytes text)
{
	size_t size = text.size < sizeof(told->text) - 1 ? text.size : sizeof(told->text) - 1;

	memcpy(told->text, text.at, size);
	told->text[size] = '\0';
}

static void
was_answered(void *context, enum status status, const struct client_answer *answer)
{
	const struct response *response = &answer->response;
	struct told *told = context;
	struct handle_value value;
	struct wire_reader walk;
	enum response_shape shape;

	(void)status;
	told->code = response->message.header.response_code;
	shape = response_shape(response->message.header.opcode, told->code);
	if (shape == RESPONSE_MESSAGE && response->error.text.size > 0) {
		text_keep(told, response->error.text);
	}
	if (shape != RESPONSE_VALUES) {
		return;
	}
	walk = handle_value_list_walk(&response->values.list);
	while (handle_value_next(&walk, &value)) {
		if (value.index == 1 && value.data.size == sizeof(told->value)) {
			memcpy(&told->value, value.data.at, sizeof(told->value));
		} else if (value.index == 1 && value.data.size > 0) {
			text_keep(told, value.data);
		}
	}
}

static struct handle_value
value_of(const uint64_t *number)
{
	return (struct handle_value){.index = 1,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("N"),
		.data = bytes_over(number, sizeof(*number))};
}

static void
admin_write(struct wire_writer *writer)
{
	uint8_t octets[64];
	struct wire_writer data = wire_writer_over(octets, sizeof(octets));
	struct handle_admin admin = {
		.rights = 0x07f3, .name = TEXT("0.NA/88.999"), .index = ADMINISTRATOR_INDEX};
	struct handle_value value = {.index = 100,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("HS_ADMIN")};

	handle_admin_write(&data, &admin);
	value.data = wire_written(&data);
	handle_value_write(writer, &value);
}

/* Asks as the operation says. False when no answer came. */
static bool
ask(struct client *client, struct bytes name, const struct linear_operation *operation,
	struct told *ret_told)
{
	static const uint32_t opcodes[] = {
		[LINEAR_READ] = OPCODE_RESOLUTION,
		[LINEAR_PUT] = OPCODE_CREATE_HANDLE,
		[LINEAR_CREATE] = OPCODE_CREATE_HANDLE,
		[LINEAR_REPLACE] = OPCODE_MODIFY_VALUE,
		[LINEAR_DELETE] = OPCODE_DELETE_HANDLE,
	};
	uint8_t octets[512];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_value value = value_of(&operation->value);
	struct request request = {.message.header = {.opcode = opcodes[operation->kind],
					  .flags = MESSAGE_FLAG_AUTHORITATIVE,
					  .site_serial = UINT16_MAX}};

	*ret_told = (struct told){.code = NOT_SENT};
	if (operation->kind == LINEAR_READ) {
		request.resolution.name = name;
	} else if (operation->kind == LINEAR_DELETE) {
		request.name.name = name;
	} else {
		handle_value_write(&writer, &value);
		if (operation->kind != LINEAR_REPLACE) {
			admin_write(&writer);
		}
		request.values.name = name;
		request.values.values = (struct handle_value_list){
			operation->kind == LINEAR_REPLACE ? 1 : 2, wire_written(&writer)};
	}
	if (operation->kind == LINEAR_PUT) {
		request.message.header.flags |= MESSAGE_FLAG_OVERWRITE;
	}
	return client_run(client->loop, client->link, &request, was_answered, ret_told) ==
		STATUS_OK;
}

/* Puts what was answered into the operation. False: it says neither yes nor no. */
static bool
answer_take(struct linear_operation *operation, const struct told *told)
{
	bool is_refused = told->code == RESPONSE_HANDLE_NOT_FOUND ||
		told->code == RESPONSE_HANDLE_ALREADY_EXISTS;

	if (told->code != RESPONSE_SUCCESS && !is_refused) {
		return false;
	}
	operation->is_refused = is_refused;
	if (operation->kind == LINEAR_READ) {
		operation->value = told->value;
	}
	return true;
}

static struct bytes
handle_name(unsigned handle, char ret_name[32])
{
	return bytes_over(ret_name, (size_t)snprintf(ret_name, 32, "88.999/L%u", handle));
}

/* One operation on any handle. False when there is nobody to ask any more, or the answer was
 * neither yes nor no. */
static bool
act_once(struct client *client)
{
	static const enum linear_kind kinds[] = {
		LINEAR_READ, LINEAR_PUT, LINEAR_CREATE, LINEAR_REPLACE, LINEAR_DELETE};
	struct story *story = client->story;
	unsigned handle = (unsigned)(random_next(&client->seed) % HANDLE_COUNT);
	size_t number = atomic_fetch_add(&story->handles[handle].count, 1);
	struct linear_operation *operation;
	struct told told;
	char name[32];
	bool is_answered, is_clear;

	if (number >= LINEAR_OPERATION_COUNT_MAX - 1) {
		return false;
	}
	operation = &story->handles[handle].operations[number];
	operation->kind = kinds[random_next(&client->seed) % 5];
	operation->asked = atomic_fetch_add(&story->time, 1) + 1;
	operation->value = operation->kind == LINEAR_READ ? 0 : operation->asked;
	is_answered = ask(client, handle_name(handle, name), operation, &told);
	is_clear = is_answered && answer_take(operation, &told);
	if (is_clear) {
		operation->answered = atomic_fetch_add(&story->time, 1) + 1;
		operation->is_answered = true;
	} else if (is_answered) {
		pthread_mutex_lock(&story->lock);
		story->unclear++;
		story->unclear_told = told;
		story->unclear_kind = operation->kind;
		pthread_mutex_unlock(&story->lock);
	}
	return is_clear;
}

static void *
act(void *context)
{
	struct client *client = context;
	unsigned long count = 0;

	client_open(client, client->story->server);
	while (count < client->story->operation_count && act_once(client)) {
		count++;
	}
	client_close(client);
	return NULL;
}

static struct story *
story_begin(const struct server *server, struct client clients[THREAD_COUNT], uint64_t seed,
	unsigned long operation_count)
{
	struct story *story = calloc(1, sizeof(*story));

	assert_non_null(story);
	pthread_mutex_init(&story->lock, NULL);
	story->server = server;
	story->operation_count = operation_count;
	/* Values stay unique from story to story. */
	atomic_store(&story->time, scene.time);
	for (unsigned i = 0; i < THREAD_COUNT; i++) {
		clients[i] =
			(struct client){.story = story, .seed = (seed * 31 + i + 1) * 2654435761u};
		assert_int_equal(pthread_create(&clients[i].thread, NULL, act, &clients[i]), 0);
	}
	return story;
}

static void
story_join(struct client clients[THREAD_COUNT])
{
	for (unsigned i = 0; i < THREAD_COUNT; i++) {
		pthread_join(clients[i].thread, NULL);
	}
}

static uint64_t
value_read(struct client *client, unsigned handle)
{
	struct linear_operation read = {.kind = LINEAR_READ};
	struct told told;
	char name[32];

	if (!ask(client, handle_name(handle, name), &read, &told) || !answer_take(&read, &told)) {
		fail_msg("%s cannot be read: answer %u", name, told.code);
	}
	return read.value;
}

/* Starts the node again, reads what is there, and judges the story; ends with it killed. */
static size_t
story_end(struct story *story, const char *what)
{
	size_t total = 0;
	struct client client = {0};
	struct server server;

	server_start(NULL, &server);
	client_open(&client, &server);
	for (unsigned i = 0; i < HANDLE_COUNT; i++) {
		struct linear_operation *operations = story->handles[i].operations;
		size_t count = atomic_load(&story->handles[i].count), kept = 0;
		uint64_t value = value_read(&client, i);

		count = count < LINEAR_OPERATION_COUNT_MAX - 1 ? count
							       : LINEAR_OPERATION_COUNT_MAX - 1;
		for (size_t j = 0; j < count; j++) {
			if (operations[j].is_answered || operations[j].kind != LINEAR_READ) {
				operations[kept++] = operations[j];
			}
		}
		scene.time = atomic_load(&story->time) + 2;
		operations[kept++] = (struct linear_operation){.kind = LINEAR_READ,
			.value = value,
			.is_answered = true,
			.asked = scene.time - 1,
			.answered = scene.time};
		if (!linear_check(operations, kept, scene.values[i])) {
			fail_msg("%s, handle %u: no order explains what was answered", what, i);
		}
		scene.values[i] = value;
		total += kept;
	}
	client_close(&client);
	server_kill(&server);
	free(story);
	return total;
}

static void
expect_verified(const char *what)
{
	char command[3 * FAULT_PATH_SIZE];

	snprintf(command, sizeof(command), "%s verify -q %s >/dev/null", houji, scene.node);
	if (system(command) != 0) {
		fail_msg("%s: houji verify refuses what is left", what);
	}
}

static void
what_clients_were_answered_can_be_told_in_one_order(void **state)
{
	const char *given = getenv("HOUJI_FAULT_SEED"), *wanted = getenv("HOUJI_LINEAR_ROUNDS");
	uint64_t seed =
		given != NULL ? strtoull(given, NULL, 10) : (uint64_t)clock_wall_ms() & 0xffffff;
	unsigned long rounds = wanted != NULL ? strtoul(wanted, NULL, 10) : ROUND_COUNT_DEFAULT;
	struct client clients[THREAD_COUNT];
	size_t total = 0;

	(void)state;
	print_message("# seed %llu\n", (unsigned long long)seed);
	for (unsigned long i = 0; i < rounds; i++) {
		struct server server;
		struct story *story;

		server_start(NULL, &server);
		story = story_begin(&server, clients, seed + i, KILL_OPERATION_COUNT);
		usleep((useconds_t)(LIFE_MS_MIN + (seed + i) * 7919 % LIFE_MS_MAX) * 1000);
		server_kill(&server);
		story_join(clients);
		if (story->unclear > 0) {
			fail_msg("seed %llu: a sound node answered kind %d with %u: %s",
				(unsigned long long)(seed + i), (int)story->unclear_kind,
				story->unclear_told.code, story->unclear_told.text);
		}
		total += story_end(story, "killed");
	}
	expect_verified("killed");
	print_message("# %lu kills, %zu operations\n", rounds, total);
	assert_true(total > rounds * HANDLE_COUNT);
}

/* Where a node can end between a question and all that comes of it. */
static const char *const steps[] = {
	"ledger_submit@1", "ledger_submit@9", /* Handed in by a worker, not queued. */
	"ledger_change_judge@1", "ledger_change_judge+@5", /* Taken from the queue; judged. */
	"journal_add@3", "journal_add+@3", /* In the batch. */
	"places_reserve+@4", /* Room for all that is to be shown. */
	"journal_flush@2", "pwrite@1", "pwrite+@6", /* Written. */
	"fdatasync@1", "fdatasync+@1", "fdatasync@8", "fdatasync+@8", /* Durable. */
	"journal_flush+@2", "records_apply@1", "records_apply+@7", /* Shown. */
	"ledger_watches_tell@1", "ledger_watches_tell@9", /* Answered. */
	"ledger_view_append@3", "ledger_view_append+@3", /* Handed to the ordered table. */
	"journal_segment_make@1", "fallocate+@1", "renameat@1", "renameat+@1",
	"journal_segment_make+@1", /* The next segment. */
	"records_order_apply@1", "store_transaction_commit@1", "store_transaction_commit+@1",
	"records_order_apply+@1", /* The ordered table. */
	"ledger_tree_extend@1", "ledger_tree_extend+@1", /* Rows of the tree. */
	"ledger_heads_append@1", "ledger_heads_append+@1", /* A signed head. */
	"places_checkpoint@1", "places_checkpoint+@1", /* An ordinary end. */
};

static void
a_node_that_ends_at_any_step_has_lost_nothing(void **state)
{
	struct client clients[THREAD_COUNT];

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct server server;
		struct story *story;
		int wait_status = 0;

		server_start(steps[i], &server);
		story = story_begin(&server, clients, i + 1, OPERATION_COUNT);
		story_join(clients);
		if (!has_ended(server.pid, STEP_MS_MAX, &wait_status)) {
			kill(server.pid, SIGTERM);
			assert_true(has_ended(server.pid, END_MS_MAX, &wait_status));
		}
		close(server.pipe);
		if (!WIFSIGNALED(wait_status) || WTERMSIG(wait_status) != SIGKILL) {
			fail_msg("%s: the step did not come; ended with %d", steps[i], wait_status);
		}
		(void)story_end(story, steps[i]);
		if (i % 4 == 0) {
			expect_verified(steps[i]);
		}
	}
	expect_verified("all steps");
}

static struct told
status_read(struct client *client)
{
	struct linear_operation read = {.kind = LINEAR_READ};
	struct told told;

	assert_true(ask(client, TEXT("0.SITE/status"), &read, &told));
	assert_int_equal(told.code, RESPONSE_SUCCESS);
	return told;
}

static unsigned long
number_in(const struct told *told, const char *name)
{
	char wanted[64];
	const char *at;

	snprintf(wanted, sizeof(wanted), "\"%s\":", name);
	at = strstr(told->text, wanted);
	if (at == NULL) {
		fail_msg("the status has no %s: %s", name, told->text);
		return 0;
	}
	return strtoul(at + strlen(wanted), NULL, 10);
}

/* The disk has failed: changes are refused, and counted; reads and the status go on. */
static void
expect_read_only(const struct server *server, const char *step)
{
	struct linear_operation create = {.kind = LINEAR_CREATE, .value = 1};
	struct client client = {0};
	struct told told, before;

	client_open(&client, server);
	for (unsigned i = 0; i < HANDLE_COUNT; i++) {
		(void)value_read(&client, i);
	}
	before = status_read(&client);
	assert_true(ask(&client, TEXT("88.999/refused"), &create, &told));
	if (told.code != RESPONSE_SERVER_BACKUP) {
		fail_msg("%s: a change was answered %u", step, told.code);
	}
	told = status_read(&client);
	if (strstr(told.text, "\"writable\":false") == NULL ||
		strstr(told.text, "\"fault\":\"") == NULL) {
		fail_msg("%s: the status hides it: %s", step, told.text);
	}
	assert_int_equal(
		number_in(&told, "changes_refused"), number_in(&before, "changes_refused") + 1);
	assert_int_equal(number_in(&told, "ledger_entries"), number_in(&before, "ledger_entries"));
	client_close(&client);
}

static void
a_node_whose_disk_fails_goes_on_reading(void **state)
{
	static const struct {
		const char *step;
		int error;
	} faults[] = {
		{"pwrite@1", EIO},
		{"pwrite@7", ENOSPC},
		{"fdatasync@1", EIO},
		{"fdatasync@5", ENOSPC},
		{"fallocate@1", ENOSPC},
		{"fallocate@1", EIO},
	};
	struct client clients[THREAD_COUNT];

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct server server;
		struct story *story;
		int wait_status;
		char step[64];

		snprintf(step, sizeof(step), "%s:%d", faults[i].step, faults[i].error);
		server_start(step, &server);
		story = story_begin(&server, clients, i + 100, KILL_OPERATION_COUNT);
		story_join(clients);
		expect_read_only(&server, step);
		kill(server.pid, SIGTERM);
		assert_true(has_ended(server.pid, END_MS_MAX, &wait_status));
		close(server.pipe);
		if (!WIFEXITED(wait_status)) {
			fail_msg("%s: ended by signal %d", step, WTERMSIG(wait_status));
		}
		(void)story_end(story, step);
		expect_verified(step);
	}
}

static int
scene_make(void **state)
{
	char command[4 * FAULT_PATH_SIZE], path[2 * FAULT_PATH_SIZE];
	FILE *file;

	(void)state;
	/* Each test has its own: what one that failed has left says nothing about the next. */
	scene = (struct scene){.time = scene.time};
	snprintf(scene.directory, sizeof(scene.directory), "%s/houji-serve.XXXXXX", parent);
	assert_non_null(mkdtemp(scene.directory));
	snprintf(scene.node, sizeof(scene.node), "%s/node", scene.directory);
	snprintf(command, sizeof(command),
		"%s init %s --listen 127.0.0.1:0 --root --prefix 88.999 >/dev/null", houji,
		scene.node);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/client/admin.secret", scene.node);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(scene.secret, sizeof(scene.secret), file));
	scene.secret[strcspn(scene.secret, "\n")] = '\0';
	fclose(file);
	return 0;
}

static int
scene_remove(void **state)
{
	(void)state;
	fault_directory_remove(scene.directory);
	return 0;
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_make, scene_remove)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(what_clients_were_answered_can_be_told_in_one_order),
		SCENE_TEST(a_node_that_ends_at_any_step_has_lost_nothing),
		SCENE_TEST(a_node_whose_disk_fails_goes_on_reading),
	};

	if (argc != 3) {
		fprintf(stderr, "usage: %s HOUJI DIR\n", argv[0]);
		return 2;
	}
	houji = argv[1];
	parent = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
