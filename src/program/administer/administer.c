/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer.h"

#include "base/text_writer.h"
#include "client/client_run.h"
#include "program/server/answer_print.h"
#include "program/server/server_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MAX_MS = 3600000, LINE_SIZE_MAX = 8 * HANDLE_NAME_SIZE_MAX };

void
administer_begin(struct administer *administer, const struct command_manual *manual)
{
	memset(administer, 0, sizeof(*administer));
	administer->manual = manual;
	administer->server = SERVER_NAME_DEFAULT;
	administer->timeout_ms = CLIENT_LINK_DEADLINE_DEFAULT_MS;
	administer->secret_source =
		(struct passphrase_source){.option = "--secret-file", .variable = "HOUJI_SECRET"};
	administer->passphrase_source = (struct passphrase_source){
		.option = "--passphrase-file", .variable = "HOUJI_PASSPHRASE"};
}

bool
administer_option(struct administer *administer, const struct option_walk *walk)
{
	switch (walk->key) {
	case ADMINISTER_SERVER:
		administer->server = walk->argument;
		return true;
	case ADMINISTER_USER:
		administer->user = walk->argument;
		return true;
	case ADMINISTER_KEY:
		administer->key_file = walk->argument;
		return true;
	case ADMINISTER_SECRET_FILE:
		administer->secret_source.file = walk->argument;
		return true;
	case ADMINISTER_PASSPHRASE_FILE:
		administer->passphrase_source.file = walk->argument;
		return true;
	case ADMINISTER_SESSION:
		return administer->is_session = true;
	case ADMINISTER_ENCRYPT:
		return administer->is_session = administer->is_encrypted = true;
	case ADMINISTER_JSON:
		return administer->is_json = true;
	case ADMINISTER_QUIET:
		return administer->is_quiet = true;
	case ADMINISTER_TIMEOUT:
		return option_number(walk->argument, TIMEOUT_MAX_MS, &administer->timeout_ms) &&
			administer->timeout_ms > 0;
	default:
		return false;
	}
}

/* A bare handle that begins like an index, with something else than the colon behind it: a slip
 * of the keyboard, and no administrator. */
static bool
index_is_miswritten(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && text[digits] != '.' && text[digits] != '/' && text[digits] != '\0';
}

bool
administer_identity_parse(const char *text, struct client_identity *ret_identity)
{
	const char *colon = strchr(text, ':');
	char digits[12];
	unsigned long index = 0;

	if (colon != NULL && colon > text && (size_t)(colon - text) < sizeof(digits) &&
		strspn(text, "0123456789") == (size_t)(colon - text)) {
		memcpy(digits, text, (size_t)(colon - text));
		digits[colon - text] = '\0';
		if (!option_number(digits, INT32_MAX, &index)) {
			return false;
		}
		text = colon + 1;
	} else if (index_is_miswritten(text)) {
		return false;
	}
	if (strchr(text, '/') == NULL || strlen(text) > HANDLE_NAME_SIZE_MAX) {
		return false;
	}
	ret_identity->handle = bytes_from_string(text);
	ret_identity->index = (uint32_t)index;
	return true;
}

static enum status
identity_read(struct administer *administer, struct problem *problem)
{
	enum status status = STATUS_OK;

	if (administer->key_file != NULL) {
		status = key_load(administer->manual->name, administer->key_file,
			&administer->passphrase_source, &administer->key, problem);
		if (status == STATUS_OK && !administer->key.about.is_private) {
			status = problem_set(problem, STATUS_INVALID,
				"%s: is a public key; the private one proves who asks",
				administer->key_file);
		}
		administer->identity.key = administer->key.key;
	} else if (passphrase_is_given(&administer->secret_source)) {
		status = passphrase_get(
			&administer->secret_source, administer->user, &administer->secret, problem);
		administer->identity.secret = passphrase_bytes(&administer->secret);
	} else {
		status = problem_set(problem, STATUS_UNAUTHENTICATED,
			"--user %s needs --key FILE or --secret-file FILE to prove it",
			administer->user);
	}
	return status;
}

struct client_link_settings
administer_link_settings(const struct administer *administer)
{
	return (struct client_link_settings){
		.server = administer->place.place,
		.identity = administer->user == NULL ? NULL : &administer->identity,
		.is_session = administer->is_session,
		.is_encrypted = administer->is_encrypted,
		.deadline_ms = (uint32_t)administer->timeout_ms,
	};
}

int
administer_identify(struct administer *administer)
{
	if (administer->user != NULL &&
		!administer_identity_parse(administer->user, &administer->identity)) {
		return command_usage_error(administer->manual,
			SAY("--user takes INDEX:HANDLE, like 300:0.NA/88.999, not '%s'",
				"--user 须为 INDEX:HANDLE，例如 300:0.NA/88.999，而不是 '%s'"),
			administer->user);
	}
	if (administer->user == NULL && administer->key_file != NULL) {
		return command_usage_error(administer->manual, "%s",
			SAY("--key needs --user INDEX:HANDLE: whose key it is",
				"--key 需要 --user INDEX:HANDLE 说明是谁的密钥"));
	}
	return EXIT_CODE_OK;
}

int
administer_open(struct administer *administer)
{
	struct client_link_settings settings;
	struct problem problem = {.text = ""};
	int exit_code = administer_identify(administer);

	if (exit_code != EXIT_CODE_OK) {
		return exit_code;
	}
	if (!server_name_read(administer->server, &administer->place)) {
		return command_failure(administer->manual,
			SAY("no such server: %s", "没有这个服务器：%s"), administer->server);
	}
	if (administer->user != NULL && identity_read(administer, &problem) != STATUS_OK) {
		return command_problem(administer->manual, &problem);
	}
	administer->loop = loop_new(&problem);
	if (administer->loop == NULL) {
		return command_problem(administer->manual, &problem);
	}
	settings = administer_link_settings(administer);
	administer->link = client_link_new(administer->loop, &settings);
	if (administer->link == NULL) {
		return command_no_memory(administer->manual);
	}
	return EXIT_CODE_OK;
}

void
administer_close(struct administer *administer)
{
	client_link_free(administer->link);
	loop_free(administer->loop);
	crypto_key_free(administer->key.key);
	passphrase_forget(&administer->secret);
	administer->link = NULL;
	administer->loop = NULL;
	administer->key.key = NULL;
}

struct request
administer_request(uint32_t opcode)
{
	struct request request = {
		.message.header = {
			.opcode = opcode,
			.flags = MESSAGE_FLAG_AUTHORITATIVE | MESSAGE_FLAG_CACHE_CERTIFY,
			.site_serial = UINT16_MAX,
		}};

	return request;
}

static void
print_line(FILE *file, struct words words, struct bytes name)
{
	char text[LINE_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_escaped(&writer, name);
	fprintf(file, "%s %.*s\n", words_say(words), (int)text_written(&writer).size, text);
}

/* Also says what stands in the way of saying it; `refusal`, if not NULL, is what stderr says. */
static int
print_json(const struct administer *administer, const struct response *response, struct bytes name,
	const char *refusal)
{
	struct answer_shown shown = answer_shown_of(response, name);
	enum status status;

	shown.refusal = refusal;
	status = answer_print_json(stdout, &shown);

	return status == STATUS_OK
		? EXIT_CODE_OK
		: command_failure(administer->manual,
			  SAY("the answer cannot be printed: %s", "无法输出应答：%s"),
			  status_text(status));
}

/* "who refused what, with which code", on stderr or as JSON; returns EXIT_CODE_FAILED. */
static int
administer_refused(const struct administer *administer, const struct request *request,
	const struct response *response)
{
	uint32_t code = response->message.header.response_code;
	enum response_shape shape = response_shape(response->message.header.opcode, code);
	struct bytes why = shape == RESPONSE_MESSAGE ? response->error.text : TEXT("");
	char text[LINE_SIZE_MAX], refusal[LINE_SIZE_MAX + 512];
	struct text_writer writer = text_writer_over(text, sizeof(text) - 1);

	text_write_escaped(&writer, request_handle(request));
	if (why.size > 0) {
		text_write_string(&writer, ": ");
		text_write_escaped(&writer, why);
	}
	text[text_written(&writer).size] = '\0';
	if (code == RESPONSE_AUTHENTICATION_NEEDED) {
		snprintf(refusal, sizeof(refusal),
			SAY("%s asks who you are: give --user and --key or --secret-file (%s)",
				"%s 要求证明身份：请给出 --user 以及 --key 或 --secret-file（%s）"),
			administer->server, text);
	} else {
		snprintf(refusal, sizeof(refusal),
			SAY("%s refused: %u %s: %s", "%s 拒绝：%u %s：%s"), administer->server,
			code, text_say(response_code_text(code)), text);
	}
	if (administer->is_json) {
		(void)print_json(administer, response, request_handle(request), refusal);
	}
	return command_refusal(administer->manual, "%s", refusal);
}

struct ask {
	struct administer *administer;
	const struct request *request;
	struct words done;
	client_link_answered *answered;
	void *context;
	int exit_code;
};

static void
ask_answered(void *context, enum status status, const struct client_answer *answer)
{
	struct ask *ask = context;
	const struct response *response = &answer->response;

	if (response->message.header.response_code != RESPONSE_SUCCESS) {
		ask->exit_code = administer_refused(ask->administer, ask->request, response);
		return;
	}
	ask->exit_code = EXIT_CODE_OK;
	if (ask->answered != NULL) {
		ask->answered(ask->context, status, answer);
		return;
	}
	struct bytes name = answer_shown_of(response, request_handle(ask->request)).handle;

	if (ask->administer->is_json) {
		ask->exit_code = print_json(ask->administer, response, name, NULL);
	} else if (!ask->administer->is_quiet) {
		print_line(stdout, ask->done, name);
	}
}

const char *
administer_failure_text(enum status status)
{
	if (status == STATUS_SYSTEM) {
		return SAY("no connection: nothing listens there, or no way leads there",
			"无法连接：没有服务在监听，或网络不通");
	}
	if (status == STATUS_CLOSED || status == STATUS_TIMED_OUT) {
		return SAY("no answer; whether it was done is not known: look before you try again",
			"没有应答；是否已执行不得而知，重试前请先查看");
	}
	if (status == STATUS_UNAUTHENTICATED) {
		return SAY("asks for proof again and again, or of what was not asked",
			"反复要求证明，或要求证明并未提出的请求");
	}
	if (status == STATUS_DENIED) {
		return SAY("the answer is not sealed by this session", "应答未通过会话校验");
	}
	return text_say(status_text(status));
}

static int
ask_run(struct ask *ask)
{
	struct administer *administer = ask->administer;
	enum status status =
		client_run(administer->loop, administer->link, ask->request, ask_answered, ask);

	return status == STATUS_OK ? ask->exit_code
				   : command_failure(administer->manual, SAY("%s: %s", "%s：%s"),
					     administer->server, administer_failure_text(status));
}

int
administer_ask(struct administer *administer, const struct request *request, struct words done)
{
	struct ask ask = {administer, request, done, NULL, NULL, EXIT_CODE_FAILED};

	return ask_run(&ask);
}

int
administer_ask_parts(struct administer *administer, const struct request *request,
	client_link_answered *answered, void *context)
{
	struct ask ask = {administer, request, {NULL, NULL}, answered, context, EXIT_CODE_FAILED};

	return ask_run(&ask);
}

bool
administer_take_handle(
	const struct option_walk *walk, int argc, char **argv, struct bytes *ret_handle)
{
	if (walk->index >= argc || argv[walk->index][0] == '\0' ||
		strlen(argv[walk->index]) > HANDLE_NAME_SIZE_MAX) {
		(void)command_usage_error(walk->manual,
			SAY("give a handle of at most %d octets", "请给出一个不超过 %d 字节的标识"),
			HANDLE_NAME_SIZE_MAX);
		return false;
	}
	*ret_handle = bytes_from_string(argv[walk->index]);
	return true;
}

bool
administer_take_prefix(const struct option_walk *walk, int argc, char **argv, uint8_t *ret_octets,
	struct bytes *ret_handle)
{
	struct wire_writer writer = wire_writer_over(ret_octets, HANDLE_NAME_SIZE_MAX + 8);

	if (!administer_take_handle(walk, argc, argv, ret_handle)) {
		return false;
	}
	if (memchr(ret_handle->at, '/', ret_handle->size) == NULL) {
		wire_write_bytes(&writer, TEXT("0.NA/"));
		wire_write_bytes(&writer, *ret_handle);
		*ret_handle = wire_written(&writer);
	}
	return true;
}

/* One name after the other over the same link. */
static int
names_ask(
	struct administer *administer, struct option_walk *walk, uint32_t opcode, struct words done)
{
	bool is_prefix = opcode != OPCODE_DELETE_HANDLE;
	uint8_t octets[HANDLE_NAME_SIZE_MAX + 8];
	int worst = EXIT_CODE_OK;

	for (; walk->index < walk->argc; walk->index++) {
		struct request request = administer_request(opcode);
		bool is_taken = is_prefix
			? administer_take_prefix(
				  walk, walk->argc, walk->argv, octets, &request.name.name)
			: administer_take_handle(walk, walk->argc, walk->argv, &request.name.name);
		int exit_code =
			is_taken ? administer_ask(administer, &request, done) : EXIT_CODE_USAGE;

		worst = exit_code > worst ? exit_code : worst;
	}
	return worst;
}

int
administer_names(const struct command_manual *manual, int argc, char **argv, uint32_t opcode,
	struct words done)
{
	struct option_walk walk = option_walk_over(manual, argc, argv);
	static struct administer administer;
	int exit_code;

	administer_begin(&administer, manual);
	while (option_next(&walk)) {
		if (!administer_option(&administer, &walk)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (walk.index == argc) {
		return command_usage_error(manual, "%s",
			opcode == OPCODE_DELETE_HANDLE ? SAY("give a handle", "请给出标识")
						       : SAY("give a prefix", "请给出前缀"));
	}
	exit_code = administer_open(&administer);
	if (exit_code == EXIT_CODE_OK) {
		exit_code = names_ask(&administer, &walk, opcode, done);
	}
	administer_close(&administer);
	return exit_code;
}
