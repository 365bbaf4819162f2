/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer_values.h"

#include "base/file.h"
#include "handle/handle_admin.h"
#include "handle/handle_json.h"
#include "program/administer/administer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ARENA_SIZE = 65536,
	ARENA_LIMIT = 8 * JSON_TEXT_SIZE_MAX,
};

bool
administer_values_begin(
	struct administer_values *values, const struct command_manual *manual, bool is_indexed)
{
	*values = (struct administer_values){
		.manual = manual,
		.arena = arena_new(ARENA_SIZE, ARENA_LIMIT),
		.octets = malloc(MESSAGE_SIZE_MAX),
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.is_indexed = is_indexed,
	};
	values->writer = wire_writer_over(values->octets, MESSAGE_SIZE_MAX);
	return values->arena != NULL && values->octets != NULL;
}

void
administer_values_end(struct administer_values *values)
{
	arena_free(values->arena);
	if (values->octets != NULL) {
		crypto_forget(values->octets, MESSAGE_SIZE_MAX); /* A secret key may be there. */
	}
	free(values->octets);
}

static bool
permissions_parse(const char *text, uint8_t *ret_permissions)
{
	unsigned permissions = 0;

	if (strlen(text) != 4 || strspn(text, "01") != 4) {
		return false;
	}
	for (; *text != '\0'; text++) {
		permissions = permissions << 1 | (*text == '1');
	}
	*ret_permissions = (uint8_t)permissions;
	return true;
}

bool
administer_values_option(struct administer_values *values, const struct option_walk *walk)
{
	unsigned long number;

	switch (walk->key) {
	case VALUES_FILE:
		values->file = walk->argument;
		return true;
	case VALUES_ADMIN:
		values->admin = walk->argument;
		return true;
	case VALUES_TTL:
		if (!option_number(walk->argument, INT32_MAX, &number)) {
			return false;
		}
		values->ttl = (uint32_t)number;
		return true;
	case VALUES_PERMISSIONS:
		return permissions_parse(walk->argument, &values->permissions);
	default:
		return false;
	}
}

struct handle_value_list
administer_values_list(const struct administer_values *values)
{
	return (struct handle_value_list){values->count, wire_written(&values->writer)};
}

static bool
index_is_taken(const struct administer_values *values, uint32_t index)
{
	struct handle_value_list list = administer_values_list(values);
	struct wire_reader walk = handle_value_list_walk(&list);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (value.index == index) {
			return true;
		}
	}
	return false;
}

static uint32_t
index_free(const struct administer_values *values, uint32_t from)
{
	while (index_is_taken(values, from)) {
		from++;
	}
	return from;
}

static enum status
value_add(struct administer_values *values, const struct handle_value *value)
{
	handle_value_write(&values->writer, value);
	values->count++;
	values->has_admin |= handle_type_is(value->type, TEXT("HS_ADMIN"));
	return wire_writer_end(&values->writer);
}

enum status
administer_values_add_admin(struct administer_values *values, struct bytes handle, uint32_t index)
{
	uint8_t room[ADMIN_VALUE_SIZE_MAX];
	struct handle_value value = admin_value_make(handle, index, room);

	value.index = index_free(values, ADMIN_VALUE_INDEX);
	return value_add(values, &value);
}

/* [INDEX:]TYPE=DATA */
static bool
text_value_parse(struct administer_values *values, const char *text, struct handle_value *ret_value)
{
	const char *equals = strchr(text, '=');
	size_t digits = strspn(text, "0123456789");
	unsigned long index = 0;
	char number[12];

	if (equals == NULL || equals == text) {
		return false;
	}
	if (digits > 0 && digits < sizeof(number) && text[digits] == ':') {
		memcpy(number, text, digits);
		number[digits] = '\0';
		if (!option_number(number, INT32_MAX, &index) || index == 0) {
			return false;
		}
		text += digits + 1;
	}
	if (equals <= text || (index == 0 && values->is_indexed)) {
		return false;
	}
	*ret_value = (struct handle_value){
		.index = index != 0 ? (uint32_t)index : index_free(values, 1),
		.ttl = values->ttl,
		.permissions = values->permissions,
		.type = bytes_over((const uint8_t *)text, (size_t)(equals - text)),
		.data = bytes_from_string(equals + 1),
	};
	return true;
}

static enum status
json_value_take(
	struct administer_values *values, struct json_reader *reader, struct problem *problem)
{
	struct handle_value value;
	enum status status = handle_value_read_json(reader, &value, problem);

	return status == STATUS_OK ? value_add(values, &value) : status;
}

/* A record, a list of values, or one value. */
static enum status
json_take(struct administer_values *values, struct bytes text, struct problem *problem)
{
	struct json_reader reader = json_reader_over(text, values->arena);
	struct handle_value_list list;
	enum status status = STATUS_OK;

	if (json_peek(&reader) == JSON_ARRAY) {
		json_read_array(&reader);
		while (status == STATUS_OK && json_next_element(&reader)) {
			status = json_value_take(values, &reader, problem);
		}
	} else if (handle_record_read_json(&reader, &values->name, &list, NULL) == STATUS_OK) {
		struct wire_reader walk = handle_value_list_walk(&list);
		struct handle_value value;

		while (status == STATUS_OK && handle_value_next(&walk, &value)) {
			status = value_add(values, &value);
		}
	} else {
		reader = json_reader_over(text, values->arena);
		status = json_value_take(values, &reader, problem);
	}
	if (status == STATUS_OK && json_reader_end(&reader) != STATUS_OK) {
		status = problem_set(problem, STATUS_MALFORMED, "octet %zu: %s",
			json_reader_at(&reader), status_text(STATUS_MALFORMED));
	}
	return status;
}

static enum status
file_take(struct administer_values *values, struct problem *problem)
{
	uint8_t *text = arena_alloc(values->arena, JSON_TEXT_SIZE_MAX + 1);
	struct problem inner = {.text = ""};
	size_t size = 0;
	enum status status = STATUS_OK;

	if (text == NULL) {
		return problem_system(problem, "cannot read %s", values->file);
	}
	if (strcmp(values->file, "-") == 0) {
		size = fread(text, 1, JSON_TEXT_SIZE_MAX + 1, stdin);
	} else {
		status = file_read(values->file, JSON_TEXT_SIZE_MAX, text, &size, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (size > JSON_TEXT_SIZE_MAX) {
		return problem_set(problem, STATUS_TOO_LARGE, "%s: more than %d octets",
			values->file, JSON_TEXT_SIZE_MAX);
	}
	status = json_take(values, bytes_over(text, size), &inner);
	return status == STATUS_OK
		? status
		: problem_set(problem, status, "%s: %s", values->file,
			  inner.text[0] == '\0' ? status_text(status) : inner.text);
}

static enum status
argument_take(struct administer_values *values, const char *argument, struct problem *problem)
{
	struct handle_value value;

	if (argument[0] == '{' || argument[0] == '[') {
		return json_take(values, bytes_from_string(argument), problem);
	}
	if (!text_value_parse(values, argument, &value)) {
		return problem_set(problem, STATUS_INVALID, "'%.200s' is no value: write %s",
			argument,
			values->is_indexed ? "INDEX:TYPE=DATA, or JSON"
					   : "TYPE=DATA, INDEX:TYPE=DATA, or JSON");
	}
	return value_add(values, &value);
}

static enum status
all_take(struct administer_values *values, char **arguments, size_t count, struct problem *problem)
{
	struct client_identity admin;
	struct handle_value_list list;
	enum status status = STATUS_OK;

	if (values->file != NULL) {
		status = file_take(values, problem);
	}
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		status = argument_take(values, arguments[i], problem);
	}
	if (status == STATUS_OK && values->admin != NULL) {
		status = administer_identity_parse(values->admin, &admin)
			? administer_values_add_admin(values, admin.handle, admin.index)
			: problem_set(problem, STATUS_INVALID,
				  "--admin takes INDEX:HANDLE, not '%.200s'", values->admin);
	}
	list = administer_values_list(values);
	if (status == STATUS_OK) {
		status = handle_value_list_explain(&list, problem);
	}
	return status;
}

int
administer_values_take(struct administer_values *values, char **arguments, size_t count)
{
	struct problem problem = {.text = ""};
	enum status status = all_take(values, arguments, count, &problem);

	if (status == STATUS_OK) {
		return EXIT_CODE_OK;
	}
	if (status == STATUS_SYSTEM || status == STATUS_NOT_FOUND) {
		return command_problem(values->manual, &problem); /* Of --file. */
	}
	return command_usage_error(
		values->manual, "%s", problem.text[0] == '\0' ? status_text(status) : problem.text);
}

/* What is left of the command line, as a request that is sent. */
static int
change_run(struct administer *administer, struct administer_values *values,
	const struct option_walk *walk, struct request *request, struct words done)
{
	int exit_code = EXIT_CODE_USAGE;

	if (!administer_take_handle(walk, walk->argc, walk->argv, &request->values.name)) {
		return exit_code;
	}
	exit_code = administer_values_take(
		values, walk->argv + walk->index + 1, (size_t)(walk->argc - walk->index - 1));
	request->values.values = administer_values_list(values);
	if (exit_code == EXIT_CODE_OK && request->values.values.count == 0) {
		return command_usage_error(values->manual, "%s",
			SAY("give a value: INDEX:TYPE=DATA, or --file FILE",
				"请给出值：INDEX:TYPE=DATA，或 --file FILE"));
	}
	if (exit_code == EXIT_CODE_OK) {
		exit_code = administer_open(administer);
	}
	return exit_code == EXIT_CODE_OK ? administer_ask(administer, request, done) : exit_code;
}

int
administer_values_change(const struct command_manual *manual, int argc, char **argv,
	uint32_t opcode, struct words done)
{
	struct option_walk walk = option_walk_over(manual, argc, argv);
	struct request request = administer_request(opcode);
	static struct administer administer;
	static struct administer_values values;
	int exit_code;

	administer_begin(&administer, manual);
	if (!administer_values_begin(&values, manual, true)) {
		return command_no_memory(manual);
	}
	while (option_next(&walk)) {
		if (walk.key == VALUES_OVERWRITE) {
			request.message.header.flags |= MESSAGE_FLAG_OVERWRITE;
		} else if (!administer_values_option(&values, &walk) &&
			!administer_option(&administer, &walk)) {
			return option_argument_error(&walk);
		}
	}
	exit_code = walk.is_done ? walk.exit_code
				 : change_run(&administer, &values, &walk, &request, done);
	administer_close(&administer);
	administer_values_end(&values);
	return exit_code;
}
