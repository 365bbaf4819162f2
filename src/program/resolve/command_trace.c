/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include "base/clock.h"
#include "crypto/crypto.h"
#include "handle/handle_json.h"
#include "handle/handle_name.h"
#include "message/message.h"
#include "program/resolve/walk_origin.h"
#include "program/terminal/value_print.h"
#include "resolver/resolver.h"
#include "resolver/resolver_trust.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	OPTION_DIR = 1,
	OPTION_CERTIFY,
	OPTION_TRUST_KEY,
	OPTION_TRUST_ROOT,
	OPTION_JSON,
	OPTION_TIMEOUT,
};

enum {
	TEXT_SIZE_MAX = 4 * MESSAGE_SIZE_MAX,
	TIMEOUT_DEFAULT_MS = 10000,
	TRUST_BLOCK_SIZE = 65536,
	TRUST_MEMORY_MAX = 16 << 20,
	IDLE_CHECK_MS = 5
};

static const struct option_row rows[] = {
	WALK_ORIGIN_ROWS({"begin at this server; repeatable (default 127.0.0.1:2641)",
		"由此服务器开始；可多次给出（默认 127.0.0.1:2641）"}),
	{OPTION_DIR, "dir", 'd', "DIR",
		{"begin where the recursive node in DIR does, and do as it does",
			"与 DIR 中的递归节点同样开始、同样处理"}},
	{OPTION_CERTIFY, "certify", 0, NULL,
		{"every answer must be signed by a key that is known by then",
			"每个应答都须由此前已知的密钥签名"}},
	{OPTION_TRUST_KEY, "trust-key", 0, "FILE",
		{"check who signed the values, up to the root with this public key (PEM)",
			"核验值的签名链，直至以此公钥（PEM）为根"}},
	{OPTION_TRUST_ROOT, "trust-root", 0, "INDEX:HANDLE",
		{"whose key that is (default 300:0.0/0.0)", "该公钥的所有者（默认 300:0.0/0.0）"}},
	{OPTION_JSON, "json", 'j', NULL, {"print it as one JSON object", "以一个 JSON 对象输出"}},
	{OPTION_TIMEOUT, "timeout", 0, "MS",
		{"give up after this long (default 10000)", "超时毫秒数（默认 10000）"}},
	{0},
};

const struct command_manual command_trace_manual = {
	.name = "trace",
	.usage = "HANDLE [--root HOST:PORT]... [--json]\nHANDLE --bootstrap FILE [--json]\n"
		 "HANDLE --dir DIR [--json]",
	.about = {"Walks from the root to whoever answers for HANDLE, as a recursive node does, "
		  "and\n"
		  "prints every step: server, what was asked for, what was answered and how long "
		  "it\n"
		  "took; `signed` where the answer was proven by the key of the server's site\n"
		  "record. Then the values, or why there are none. Nothing is remembered.\n\n"
		  "If the root has an address of a private network, site records may name such\n"
		  "addresses, too; otherwise they are not asked.",
		"如同递归节点，从根逐级查找负责 HANDLE "
		"的服务器，并打印每一步：服务器、所问、所答与\n"
		"耗时；应答经站点记录中的密钥证明者标 "
		"signed。最后打印值，或说明为何没有。不使用缓存。\n\n"
		"若根位于专用网络，则站点记录亦可指向此类地址；否则不予询问。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji trace 88.980.1/pump-7 --root 127.88.0.1:2641\n"
		   "  houji trace 88.980.1/pump-7 --dir node --json\n\n"
		   "Exit codes: 0 found, and trusted if that was asked; 1 not so; 2 wrong use.",
		"示例：\n"
		"  houji trace 88.980.1/pump-7 --root 127.88.0.1:2641\n"
		"  houji trace 88.980.1/pump-7 --dir node --json\n\n"
		"退出码：0 找到（要求核验时且可信）；1 否则；2 用法错误。"},
};

struct tracing {
	struct bytes handle;
	bool is_certified;
	bool is_json;
	unsigned long timeout_ms;
	struct walk_origin origin;
	const char *trust_path;
	struct crypto_key *trust_key; /* NULL: signatures of values are not looked at. */
	struct resolver_trust_root root;
	struct resolver_trust_case trust;
	enum resolver_trust verdict;
	struct arena *arena; /* The answer, while certificates are fetched. */
	struct resolver_answer answer;
	struct loop *loop;
	struct resolver *resolver;
	struct loop_timer idle;
	int exit_code;
};

/* What came of one step, in a few words. */
static void
print_outcome(const struct resolver_step *step)
{
	if (step->status != STATUS_OK) {
		value_print_escaped(step->text);
	} else {
		printf("%u %s", step->response_code,
			text_say(response_code_text(step->response_code)));
		if (step->value_count > 0) {
			printf(step->value_count == 1 ? SAY(", 1 value", "，%u 个值")
						      : SAY(", %u values", "，%u 个值"),
				step->value_count);
		}
		if (step->text.size > 0) {
			printf(", ");
			value_print_escaped(step->text);
		}
	}
}

static const char *
trust_name(enum resolver_trust trust)
{
	if (trust == RESOLVER_TRUST_UNKNOWN) {
		return "unknown";
	}
	return trust == RESOLVER_TRUST_YES ? "trusted" : "not trusted";
}

static void
print_trust(const struct tracing *tracing)
{
	if (tracing->trust_key != NULL) {
		printf(SAY("; %s: %s\n", "; %s：%s\n"), trust_name(tracing->verdict),
			tracing->trust.reason);
	}
}

static void
print_step(size_t number, const struct resolver_step *step)
{
	char address[ADDRESS_TEXT_SIZE_MAX];

	printf("; %2zu %6u ms  ", number, step->at_ms);
	if (step->kind == RESOLVER_STEP_EXCHANGE) {
		printf("%-22s %s %4u ms  ", address_format(&step->server, address),
			client_transport_name(step->transport), step->elapsed_ms);
	}
	value_print_escaped(step->name);
	printf(": ");
	if (step->kind == RESOLVER_STEP_EXCHANGE) {
		print_outcome(step);
	} else {
		value_print_escaped(step->text);
	}
	putchar('\n');
}

static void
print_answer(const struct tracing *tracing, const struct resolver_answer *answer)
{
	const struct resolver_trace *trace = answer->trace;

	for (size_t i = 0; trace != NULL && i < trace->count; i++) {
		print_step(i + 1, &trace->steps[i]);
	}
	printf("; ");
	value_print_escaped(tracing->handle);
	if (answer->status == STATUS_OK) {
		printf(": %s\n",
			answer->is_certified
				? SAY("found, signed all the way", "已找到，全程有签名")
				: SAY("found", "已找到"));
		print_trust(tracing);
		value_print_list(&answer->values);
		return;
	}
	printf(": %s\n", text_say(status_text(answer->status)));
	if (answer->text.size > 0) {
		printf("; ");
		value_print_escaped(answer->text);
		putchar('\n');
	}
}

static void
write_step(struct json_writer *writer, const struct resolver_step *step)
{
	char address[ADDRESS_TEXT_SIZE_MAX];

	json_write_object(writer);
	json_write_name(writer, "at");
	json_write_u64(writer, step->at_ms);
	json_write_name(writer, "handle");
	json_write_string(writer, step->name);
	if (step->kind == RESOLVER_STEP_EXCHANGE) {
		json_write_name(writer, "server");
		json_write_string(
			writer, bytes_from_string(address_format(&step->server, address)));
		json_write_name(writer, "transport");
		json_write_string(
			writer, bytes_from_string(client_transport_name(step->transport)));
		json_write_name(writer, "elapsed");
		json_write_u64(writer, step->elapsed_ms);
		json_write_name(writer, "outcome");
		json_write_string(writer, bytes_from_string(status_name(step->status)));
	}
	if (step->kind == RESOLVER_STEP_EXCHANGE && step->status == STATUS_OK) {
		json_write_name(writer, "responseCode");
		json_write_u64(writer, step->response_code);
		json_write_name(writer, "values");
		json_write_u64(writer, step->value_count);
		json_write_name(writer, "signed");
		json_write_bool(writer, step->is_certified);
	}
	if (step->text.size > 0) {
		json_write_name(writer, "text");
		json_write_string(writer, step->text);
	}
	json_write_object_end(writer);
}

static void
print_json(const struct tracing *tracing, const struct resolver_answer *answer)
{
	char *text = malloc(TEXT_SIZE_MAX);
	struct json_writer writer = json_writer_over(text, text == NULL ? 0 : TEXT_SIZE_MAX);
	struct wire_reader walk = handle_value_list_walk(&answer->values);
	struct handle_value value;

	json_write_object(&writer);
	json_write_name(&writer, "handle");
	json_write_string(&writer, tracing->handle);
	json_write_name(&writer, "outcome");
	json_write_string(&writer, bytes_from_string(status_name(answer->status)));
	if (answer->text.size > 0) {
		json_write_name(&writer, "message");
		json_write_string(&writer, answer->text);
	}
	json_write_name(&writer, "signed");
	json_write_bool(&writer, answer->status == STATUS_OK && answer->is_certified);
	if (tracing->trust_key != NULL && answer->status == STATUS_OK) {
		json_write_name(&writer, "trust");
		json_write_string(&writer, bytes_from_string(trust_name(tracing->verdict)));
		json_write_name(&writer, "trustReason");
		json_write_string(&writer, bytes_from_string(tracing->trust.reason));
	}
	json_write_name(&writer, "steps");
	json_write_array(&writer);
	for (size_t i = 0; answer->trace != NULL && i < answer->trace->count; i++) {
		write_step(&writer, &answer->trace->steps[i]);
	}
	json_write_array_end(&writer);
	json_write_name(&writer, "values");
	json_write_array(&writer);
	while (answer->status == STATUS_OK && handle_value_next(&walk, &value)) {
		handle_value_write_json(&writer, &value);
	}
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	if (json_writer_end(&writer) == STATUS_OK) {
		printf("%.*s\n", (int)json_written(&writer).size, text);
	} else {
		command_failure(&command_trace_manual,
			SAY("the steps and values do not fit into one JSON object",
				"步骤与值超出一个 JSON 对象的容量"));
	}
	free(text);
}

/* What is still under way ends by itself, within the timeout. */
static void
idle_check(void *context)
{
	struct tracing *tracing = context;

	if (resolver_busy_count(tracing->resolver) == 0) {
		loop_stop(tracing->loop);
		return;
	}
	loop_timer_set(tracing->loop, &tracing->idle, loop_now_ms(tracing->loop) + IDLE_CHECK_MS,
		idle_check, tracing);
}

static void
tracing_end(struct tracing *tracing, const struct resolver_answer *answer)
{
	bool is_good = answer->status == STATUS_OK &&
		(tracing->trust_key == NULL || tracing->verdict == RESOLVER_TRUST_YES);

	(tracing->is_json ? print_json : print_answer)(tracing, answer);
	tracing->exit_code = is_good ? EXIT_CODE_OK : EXIT_CODE_FAILED;
	idle_check(tracing);
}

static void trust_go_on(struct tracing *tracing);

/* A certificate's record came, or cannot be had. */
static void
certificate_answered(void *context, const struct resolver_answer *answer)
{
	struct tracing *tracing = context;
	struct handle_value_list list = answer->values;

	list.octets = arena_copy(tracing->arena, answer->values.octets);
	(void)resolver_trust_add(&tracing->trust, tracing->trust.missing,
		answer->status == STATUS_OK && list.octets.at != NULL ? &list : NULL);
	trust_go_on(tracing);
}

/* Judges; what is missing for it is looked for like any handle. */
static void
trust_go_on(struct tracing *tracing)
{
	struct resolver_trust_case *trust = &tracing->trust;
	struct resolver_question question = {.deadline_ms = (uint32_t)tracing->timeout_ms};

	tracing->verdict = resolver_trust_judge(trust);
	question.name = trust->missing;
	if (trust->missing.size > 0 && trust->record_count < SIGNATURE_CHECK_COUNT_MAX &&
		resolver_ask(tracing->resolver, &question, certificate_answered, tracing) != NULL) {
		return;
	}
	tracing_end(tracing, &tracing->answer);
}

/* The answer, for as long as certificates are fetched. */
static bool
answer_keep(struct tracing *tracing, const struct resolver_answer *answer)
{
	struct resolver_trace *trace = arena_alloc(tracing->arena, sizeof(*trace));

	tracing->answer = *answer;
	tracing->answer.values.octets = arena_copy(tracing->arena, answer->values.octets);
	if (trace == NULL || tracing->answer.values.octets.at == NULL) {
		return false;
	}
	for (size_t i = 0; answer->trace != NULL && i < answer->trace->count; i++) {
		resolver_trace_add(trace, tracing->arena, &answer->trace->steps[i]);
	}
	tracing->answer.trace = trace;
	return true;
}

static void
answered(void *context, const struct resolver_answer *answer)
{
	struct tracing *tracing = context;

	if (tracing->trust_key == NULL || answer->status != STATUS_OK ||
		!answer_keep(tracing, answer)) {
		tracing_end(tracing, answer);
		return;
	}
	tracing->trust = (struct resolver_trust_case){.name = tracing->handle,
		.values = tracing->answer.values,
		.now_s = clock_wall_ms() / 1000,
		.root = &tracing->root,
		.arena = tracing->arena};
	trust_go_on(tracing);
}

static enum status
tracing_run(struct tracing *tracing, struct loop_pool *pool, struct monitor *monitor)
{
	const struct resolver_parts parts = {.loop = tracing->loop,
		.pool = pool,
		.row = monitor_row(monitor, 0),
		.settings = &tracing->origin.recursion.resolver};
	const struct resolver_question question = {.name = tracing->handle,
		.is_certified = tracing->is_certified,
		.deadline_ms = (uint32_t)tracing->timeout_ms,
		.is_traced = true};
	enum status status = STATUS_NO_MEMORY;

	tracing->resolver = resolver_new(&parts);
	if (tracing->resolver != NULL &&
		resolver_ask(tracing->resolver, &question, answered, tracing) != NULL) {
		status = loop_run(tracing->loop);
	}
	resolver_free(tracing->resolver);
	return status;
}

static int
trace(struct tracing *tracing)
{
	struct problem problem = {.text = ""};
	struct monitor *monitor = monitor_new(1);
	struct loop_pool *pool = loop_pool_new(1, POOL_QUEUE_COUNT_MAX);
	enum status status = walk_origin_open(&tracing->origin, &problem);

	tracing->arena = arena_new(TRUST_BLOCK_SIZE, TRUST_MEMORY_MAX);
	if (status == STATUS_OK && tracing->trust_path != NULL) {
		status = crypto_key_read_pem(tracing->trust_path, &tracing->trust_key, &problem);
		tracing->root.key = tracing->trust_key;
	}
	if (status == STATUS_OK) {
		tracing->loop = loop_new(&problem);
		status = tracing->loop == NULL ? problem.status : STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = monitor == NULL || pool == NULL || tracing->arena == NULL
			? STATUS_NO_MEMORY
			: tracing_run(tracing, pool, monitor);
	}
	if (status != STATUS_OK) {
		tracing->exit_code = command_failure(&command_trace_manual, "%s",
			problem.text[0] == '\0' ? status_text(status) : problem.text);
	}
	loop_pool_free(pool);
	loop_free(tracing->loop);
	monitor_free(monitor);
	walk_origin_close(&tracing->origin);
	crypto_key_free(tracing->trust_key);
	arena_free(tracing->arena);
	return tracing->exit_code;
}

static bool
take_option(struct option_walk *walk, struct tracing *tracing)
{
	switch (walk->key) {
	case OPTION_DIR:
		tracing->origin.directory = walk->argument;
		return true;
	case OPTION_CERTIFY:
		return tracing->is_certified = true;
	case OPTION_TRUST_KEY:
		tracing->trust_path = walk->argument;
		return true;
	case OPTION_TRUST_ROOT:
		return handle_reference_parse(bytes_from_string(walk->argument),
			       &tracing->root.index, &tracing->root.name) == STATUS_OK;
	case OPTION_JSON:
		return tracing->is_json = true;
	case OPTION_TIMEOUT:
		return option_number(walk->argument, 3600000, &tracing->timeout_ms) &&
			tracing->timeout_ms > 0;
	default:
		return walk_origin_option(&tracing->origin, walk);
	}
}

int
command_trace(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_trace_manual, argc, argv);
	struct tracing tracing = {.timeout_ms = TIMEOUT_DEFAULT_MS,
		.root = {.name = TEXT("0.0/0.0"), .index = 300},
		.exit_code = EXIT_CODE_FAILED};

	while (option_next(&walk)) {
		if (!take_option(&walk, &tracing)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 1) {
		return command_usage_error(
			&command_trace_manual, SAY("one HANDLE is wanted", "需要一个 HANDLE"));
	}
	if (walk_origin_count(&tracing.origin) > 1) {
		return command_usage_error(&command_trace_manual,
			SAY("--root, --bootstrap and --dir exclude each other",
				"--root、--bootstrap 与 --dir 不能同时使用"));
	}
	tracing.handle = bytes_from_string(argv[walk.index]);
	return trace(&tracing);
}
